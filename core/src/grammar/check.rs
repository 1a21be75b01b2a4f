//! Is a grammar form what its documentation says? What reads it may then rely on that, wherever it came from.

use rustc_hash::FxHashSet;

use crate::error::{Error, Result};
use crate::form::{
    DemandForm, ExpressionForm, GrammarForm, GuardForm, IndenterForm, LexingForm, OptionForm, SymbolForm,
};
use crate::regex::excerpt::corpus::{self, Unit, is_last_part_empty};
use crate::regex::expression::UNBOUNDED;
use crate::regex::multiple::{MAX_DIVISOR, MAX_PLACES};
use crate::regex::numeral::spec::Spec;

/// Refuses indices out of range, expressions that don't refer to smaller ones only, literals or ranges out of order,
/// repetitions with impossible bounds, and conditions on numerals that no number meets.
///
/// Errors: `Malformed`.
pub fn check(form: &GrammarForm) -> Result<()> {
    // of each expression, may it be read on the way from one state of an automaton to another?
    let mut labels: Vec<Label> = Vec::with_capacity(form.expressions.len());
    for (index, node) in form.expressions.iter().enumerate() {
        if !expression_is_sound(node, index) || !steps_are_sound(node, &labels) {
            return Err(Error::Malformed(format!("expression {index} is malformed")));
        }
        labels.push(Label::of(node, &labels));
    }
    for (index, node) in form.symbols.iter().enumerate() {
        if !symbol_is_sound(node, form) {
            return Err(Error::Malformed(format!("symbol {index} is malformed")));
        }
    }
    if form.start >= form.symbols.len() {
        return Err(Error::Malformed("the start symbol is out of range".into()));
    }
    if form
        .lexing
        .as_ref()
        .is_some_and(|lexing| !lexing_is_sound(lexing, form))
    {
        return Err(Error::Malformed("the lexing is malformed".into()));
    }
    Ok(())
}

/// What the labels of an automaton are asked for.
#[derive(Clone, Copy)]
struct Label {
    /// Holds no intersection and no complement.
    plain: bool,
    /// Holds the empty string; without a meaning where it isn't plain.
    nullable: bool,
}

impl Label {
    /// Of a sound expression whose parts are among `known`.
    fn of(node: &ExpressionForm, known: &[Label]) -> Self {
        let all = |parts: &[usize]| parts.iter().all(|&part| known[part].plain);
        let (plain, nullable) = match node {
            ExpressionForm::Literal(text) => (true, text.is_empty()),
            ExpressionForm::Literals(texts) => (true, texts.first().is_some_and(Vec::is_empty)),
            ExpressionForm::CharClass(_) | ExpressionForm::Multiple { .. } | ExpressionForm::Numeral(_) => {
                (true, false)
            }
            ExpressionForm::Concat(parts) => (all(parts), parts.iter().all(|&part| known[part].nullable)),
            ExpressionForm::Union(parts) => (all(parts), parts.iter().any(|&part| known[part].nullable)),
            ExpressionForm::Intersection(_) | ExpressionForm::Complement(_) => (false, true),
            ExpressionForm::Repeat(part, minimum, _) => (known[*part].plain, *minimum == 0 || known[*part].nullable),
            ExpressionForm::Automaton(states) => (true, states.first().is_some_and(|state| state.accepting)),
            // the empty choice comes after all others
            ExpressionForm::Excerpt(form) => (true, form.unit == Unit::Choice && is_last_part_empty(&form.text)),
        };
        Label { plain, nullable }
    }
}

fn steps_are_sound(node: &ExpressionForm, known: &[Label]) -> bool {
    let ExpressionForm::Automaton(states) = node else {
        return true;
    };
    states.iter().flat_map(|state| &state.steps).all(|&(label, _)| {
        let Label { plain, nullable } = known[label];
        plain && !nullable
    })
}

/// Scanners and what is ignored are terminals without guards, all of them; what is contextual has rules only.
fn lexing_is_sound(lexing: &LexingForm, form: &GrammarForm) -> bool {
    let is_terminal = |&symbol: &usize| matches!(form.symbols.get(symbol), Some(SymbolForm::Terminal { .. }));
    let is_expression = |&expression: &usize| expression < form.expressions.len();
    let symbol_fits = |symbol: &SymbolForm| match symbol {
        SymbolForm::Terminal { guard, .. } => *guard == GuardForm::Anywhere,
        SymbolForm::Rule { .. } => true,
        SymbolForm::Repeat { .. } | SymbolForm::Members { .. } => !lexing.contextual,
    };
    let indenter_fits = |indenter: &IndenterForm| {
        let brackets = indenter.opening.iter().chain(&indenter.closing);
        let marks = [&indenter.newline, &indenter.indent, &indenter.dedent];
        brackets.chain(marks).all(is_terminal)
    };
    lexing.ignored.iter().all(is_terminal)
        && lexing.indenter.as_ref().is_none_or(indenter_fits)
        && form.symbols.iter().all(symbol_fits)
        && lexing.scanners.iter().all(|scanner| {
            is_terminal(&scanner.terminal)
                && is_expression(&scanner.matches)
                && scanner.covers.as_ref().is_none_or(is_expression)
                && scanner
                    .outcomes
                    .iter()
                    .all(|outcome| is_expression(&outcome.texts) && outcome.follow.as_ref().is_none_or(is_expression))
                && scanner
                    .reserved
                    .iter()
                    .all(|reserved| is_expression(&reserved.texts) && is_terminal(&reserved.terminal))
        })
}

fn expression_is_sound(node: &ExpressionForm, bound: usize) -> bool {
    let earlier = |parts: &[usize]| parts.iter().all(|&part| part < bound);
    match node {
        ExpressionForm::Literal(_) => true,
        ExpressionForm::Literals(texts) => texts.is_sorted_by(|a, b| a < b),
        ExpressionForm::CharClass(ranges) => {
            ranges.iter().all(|&(low, high)| is_scalar_range(low, high)) && ranges.is_sorted_by(|a, b| a.1 < b.0)
        }
        ExpressionForm::Concat(parts) | ExpressionForm::Union(parts) => earlier(parts),
        ExpressionForm::Intersection(parts) => !parts.is_empty() && earlier(parts),
        ExpressionForm::Complement(part) => *part < bound,
        ExpressionForm::Repeat(part, minimum, maximum) => *part < bound && are_bounds(*minimum, *maximum),
        ExpressionForm::Multiple { divisor, places } => {
            (1..=MAX_DIVISOR).contains(divisor) && places.is_none_or(|places| places <= MAX_PLACES)
        }
        ExpressionForm::Numeral(form) => Spec::new(form).is_some(),
        ExpressionForm::Automaton(states) => {
            let sound = |&(label, to): &(usize, u32)| label < bound && (to as usize) < states.len();
            !states.is_empty() && states.iter().flat_map(|state| &state.steps).all(sound)
        }
        ExpressionForm::Excerpt(form) => corpus::is_sound(&form.text, form.unit),
    }
}

fn symbol_is_sound(node: &SymbolForm, form: &GrammarForm) -> bool {
    let known = |symbol: &usize| *symbol < form.symbols.len();
    match node {
        SymbolForm::Terminal { expression, .. } => *expression < form.expressions.len(),
        SymbolForm::Rule { alternatives, .. } => alternatives.iter().flatten().all(known),
        SymbolForm::Repeat {
            symbol,
            minimum,
            maximum,
            separator,
            ..
        } => known(symbol) && separator.as_ref().is_none_or(known) && are_bounds(*minimum, *maximum),
        SymbolForm::Members {
            options,
            separator,
            minimum,
            maximum,
            choices,
            ..
        } => {
            options
                .iter()
                .all(|option| known(&option.symbol) && are_facts(&option.sets))
                && groups_are_sound(options)
                && choices.iter().flatten().all(is_sound_demand)
                && separator.as_ref().is_none_or(known)
                && are_bounds(*minimum, *maximum)
        }
    }
}

/// Facts are bits of small sets.
const MAX_FACTS: u32 = 1 << 12;

fn are_facts(facts: &[u32]) -> bool {
    facts.iter().all(|&fact| fact < MAX_FACTS)
}

fn is_sound_demand(demand: &DemandForm) -> bool {
    are_facts(&demand.needs) && are_facts(&demand.bars) && are_bounds(demand.minimum, demand.maximum)
}

/// Options of one group stand together and agree.
fn groups_are_sound(options: &[OptionForm]) -> bool {
    let mut seen = FxHashSet::default();
    options.iter().enumerate().all(|(index, option)| {
        let Some(group) = option.group else {
            return true;
        };
        match index.checked_sub(1).map(|before| &options[before]) {
            Some(before) if before.group == Some(group) => {
                (before.required, before.unique) == (option.required, option.unique)
            }
            _ => seen.insert(group),
        }
    })
}

/// Both ends are characters, in order, and on one side of the surrogates.
fn is_scalar_range(low: u32, high: u32) -> bool {
    let scalar = |code| char::from_u32(code).is_some();
    low <= high && scalar(low) && scalar(high) && (high < 0xD800 || low > 0xDFFF)
}

fn are_bounds(minimum: u32, maximum: Option<u32>) -> bool {
    minimum < UNBOUNDED && maximum.is_none_or(|maximum| minimum <= maximum && maximum < UNBOUNDED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::{GuardForm, StateForm};

    fn form(expressions: Vec<ExpressionForm>) -> GrammarForm {
        GrammarForm {
            symbols: vec![SymbolForm::Terminal {
                name: String::new(),
                expression: expressions.len() - 1,
                guard: GuardForm::Anywhere,
            }],
            expressions,
            start: 0,
            lexing: None,
        }
    }

    #[test]
    fn expressions_out_of_order_are_refused() {
        use ExpressionForm::*;
        let sound = |node| check(&form(vec![Literal(b"a".to_vec()), node])).is_ok();
        assert!(sound(Concat(vec![0, 0])) && !sound(Concat(vec![0, 1])));
        assert!(sound(Union(vec![])) && !sound(Intersection(vec![])));
        assert!(!sound(Complement(1)) && !sound(Repeat(1, 0, None)));
        assert!(sound(Repeat(0, 2, Some(2))) && !sound(Repeat(0, 2, Some(1))));
        let multiple = |divisor, places| Multiple { divisor, places };
        assert!(sound(multiple(MAX_DIVISOR, None)) && sound(multiple(1, Some(MAX_PLACES))));
        assert!(!sound(multiple(0, None)) && !sound(multiple(MAX_DIVISOR + 1, None)));
        assert!(!sound(multiple(1, Some(MAX_PLACES + 1))));
        assert!(!sound(Repeat(0, 2, Some(UNBOUNDED))) && !sound(Repeat(0, UNBOUNDED, None)));
        assert!(sound(Literals(vec![vec![], vec![1]])));
        assert!(!sound(Literals(vec![vec![1], vec![1]])) && !sound(Literals(vec![vec![2], vec![1]])));
        assert!(sound(CharClass(vec![(0, 0xD7FF), (0xE000, 0x10FFFF)])));
        for ranges in [
            vec![(2, 1)],
            vec![(0, 0x110000)],
            vec![(0xD700, 0xE000)],
            vec![(0xD800, 0xDFFF)],
            vec![(5, 9), (9, 12)],
            vec![(5, 9), (1, 2)],
        ] {
            assert!(!sound(CharClass(ranges)));
        }
    }

    #[test]
    fn automata_with_wrong_steps_are_refused() {
        use ExpressionForm::*;
        let first = || {
            vec![
                Literal(b"a".to_vec()),
                Complement(0),
                Repeat(0, 0, None),
                Concat(vec![0, 2]),
            ]
        };
        let sound = |steps: Vec<(usize, u32)>| {
            let mut expressions = first();
            let state = |steps| StateForm { accepting: true, steps };
            expressions.push(Automaton(vec![state(steps), state(Vec::new())]));
            check(&form(expressions)).is_ok()
        };
        assert!(sound(vec![]) && sound(vec![(0, 0), (3, 1), (0, 1)]));
        // the empty string, a complement, what comes later, a state that isn't there
        for step in [(2, 0), (1, 0), (4, 0), (5, 0), (0, 2)] {
            assert!(!sound(vec![step]));
        }
        assert!(check(&form(vec![Automaton(Vec::new())])).is_err());
    }

    #[test]
    fn symbols_out_of_range_are_refused() {
        let good = form(vec![ExpressionForm::Literal(vec![])]);
        let with = |symbol| {
            let mut form = good.clone();
            form.symbols.push(symbol);
            check(&form).is_ok()
        };
        let rule = |body: Vec<usize>| SymbolForm::Rule {
            name: String::new(),
            alternatives: vec![body],
        };
        let repeat = |symbol, separator| SymbolForm::Repeat {
            name: String::new(),
            symbol,
            minimum: 0,
            maximum: None,
            separator,
        };
        let members = |symbol, separator, maximum| SymbolForm::Members {
            name: String::new(),
            options: vec![OptionForm {
                symbol,
                required: true,
                unique: true,
                group: None,
                sets: Vec::new(),
            }],
            separator,
            ordered: true,
            minimum: 1,
            maximum,
            choices: Vec::new(),
        };
        assert!(with(members(1, Some(0), Some(1))) && !with(members(1, None, Some(0))));
        assert!(!with(members(2, None, None)) && !with(members(0, Some(2), None)));
        assert!(with(rule(vec![0, 1])) && !with(rule(vec![2])));
        assert!(with(repeat(1, Some(0))) && !with(repeat(2, None)) && !with(repeat(0, Some(2))));
        assert!(!with(SymbolForm::Terminal {
            name: String::new(),
            expression: 1,
            guard: GuardForm::Anywhere,
        }));
        assert!(check(&GrammarForm { start: 1, ..good }).is_err());
    }
}
