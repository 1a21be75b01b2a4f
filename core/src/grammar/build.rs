//! From the front end's form to a trimmed grammar and its lexemes.

use rustc_hash::{FxHashMap, FxHashSet};

use super::demands::{Demand, Facts};
use super::draft::{Draft, FrameDraft, Part};
use super::frame::{Choice, Frame, FrameId, OptionId, UNBOUNDED as NO_MAXIMUM};
use super::{Dot, Grammar, Next, Rule, trim};
use crate::distinct::guard::Guard;
use crate::distinct::room::{Alternative, scarce};
use crate::error::{Error, Result};
use crate::form::{DemandForm, ExpressionForm, GrammarForm, GuardForm, OptionForm, SymbolForm};
use crate::lexer::Lexeme;
use crate::lexing::Scanners;
use crate::regex::automaton::{self, Step};
use crate::regex::derivative::Derivatives;
use crate::regex::excerpt::{Excerpt, corpus};
use crate::regex::expression::{EMPTY, EPSILON, ExpressionId, Expressions, UNBOUNDED};
use crate::regex::keys::Key;
use crate::regex::literals::{any_text, char_class, literals};
use crate::regex::multiple::Multiple;
use crate::regex::numeral::{Numeral, spec::Spec};

/// So many bytes of a corpus weigh as much as an expression.
const BYTES_PER_EXPRESSION: usize = 128;

/// A grammar and the expression of each of its lexemes.
pub struct Built {
    pub grammar: Grammar,
    pub lexemes: Vec<ExpressionId>,
    pub guards: Vec<Guard>,
    pub scarce: Vec<Alternative>,
    pub scanners: Option<Scanners>,
}

/// Lexemes while they are collected: what they match, with their guard.
#[derive(Default)]
struct Lexemes {
    /// By expression and guard; and, where terminals are told apart, by symbol.
    ids: FxHashMap<(ExpressionId, Guard, Option<usize>), Lexeme>,
    expressions: Vec<ExpressionId>,
    guards: Vec<Guard>,
}

impl Lexemes {
    fn part(&mut self, expression: ExpressionId, guard: Guard, symbol: Option<usize>) -> Part {
        let id = *self.ids.entry((expression, guard, symbol)).or_insert_with(|| {
            self.expressions.push(expression);
            self.guards.push(guard);
            self.expressions.len() as Lexeme - 1
        });
        Part::Lexeme(id)
    }

    /// Puts the lexeme that opens scarce containers in the place of the one that opens others: the first with a guard.
    fn mark_scarce(&mut self, body: &mut [Part]) {
        for part in body {
            if let Part::Lexeme(id) = *part
                && self.guards[id as usize] == Guard::Distinct
            {
                *part = self.part(self.expressions[id as usize], Guard::Scarce, None);
                return;
            }
        }
    }
}

/// Builds and trims. `Unsatisfiable` when nothing can be derived from the start.
pub fn build(form: &GrammarForm, derivatives: &mut Derivatives) -> Result<Built> {
    let expressions = lower_expressions(form, derivatives)?;
    let mut draft = Draft::default();
    let mut lexemes = Lexemes::default();
    let scarce = scarce(form, &expressions, derivatives)?;
    let parts = form
        .symbols
        .iter()
        .enumerate()
        .map(|(index, symbol)| match symbol {
            SymbolForm::Terminal { expression, guard, .. } => {
                let expression = *get(&expressions, *expression)?;
                if !derivatives.is_live(expression)? {
                    return Ok(draft.reserve());
                }
                if expression == EPSILON {
                    return Ok(draft.rule(vec![vec![]]));
                }
                let guard = match guard {
                    GuardForm::Anywhere => Guard::None,
                    GuardForm::Distinct => Guard::Distinct,
                    GuardForm::Repeated => Guard::Repeated,
                    GuardForm::Begins => Guard::Begins,
                };
                Ok(lexemes.part(expression, guard, form.lexing.as_ref().map(|_| index)))
            }
            _ => Ok(draft.reserve()),
        })
        .collect::<Result<Vec<Part>>>()?;
    for (index, (symbol, &part)) in form.symbols.iter().zip(&parts).enumerate() {
        match symbol {
            SymbolForm::Terminal { .. } => {}
            SymbolForm::Rule { alternatives, .. } => {
                for &symbol in alternatives.iter().flatten() {
                    get(&parts, symbol)?;
                }
                let bodies = alternatives.iter().map(|body| body.iter().map(|&symbol| parts[symbol]));
                let first = scarce.partition_point(|&(rule, _)| rule < index);
                let marked = scarce[first..].iter().take_while(|&&(rule, _)| rule == index);
                if marked.clone().next().is_none() {
                    draft.define(part, bodies);
                } else {
                    let mut bodies: Vec<Vec<Part>> = bodies.map(Iterator::collect).collect();
                    marked.for_each(|&(_, number)| lexemes.mark_scarce(&mut bodies[number]));
                    draft.define(part, bodies);
                }
            }
            SymbolForm::Repeat {
                symbol,
                minimum,
                maximum,
                separator,
                ..
            } => {
                let symbol = *get(&parts, *symbol)?;
                let separator = separator.map(|s| get(&parts, s).copied()).transpose()?;
                let bounds = (*minimum, maximum.unwrap_or(NO_MAXIMUM));
                define_repeat(&mut draft, part, symbol, separator, bounds);
            }
            SymbolForm::Members {
                options,
                separator,
                ordered,
                minimum,
                maximum,
                choices,
                ..
            } => {
                let kinds = if choices.is_empty() { Vec::new() } else { kinds(options) };
                let options = options.iter().map(|option| {
                    Ok(Choice {
                        symbol: *get(&parts, option.symbol)?,
                        required: option.required,
                        unique: option.unique,
                    })
                });
                let frame = FrameDraft {
                    options: options.collect::<Result<_>>()?,
                    separator: separator.map(|s| get(&parts, s).copied()).transpose()?,
                    ordered: *ordered,
                    minimum: *minimum,
                    maximum: maximum.unwrap_or(NO_MAXIMUM),
                    kinds,
                    choices: choices
                        .iter()
                        .map(|choice| choice.iter().map(demand).collect())
                        .collect(),
                };
                draft.define_frame(part, frame);
            }
        }
    }
    let start = *get(&parts, form.start)?;
    let trimmed = trim::trim(draft, start, form.lexing.is_none())?.ok_or_else(|| {
        Error::Unsatisfiable(format!(
            "no output satisfies the constraint: nothing can be derived from {:?}",
            form.symbols[form.start].name()
        ))
    })?;
    let nullable_lexemes = lexemes
        .expressions
        .iter()
        .map(|&expression| derivatives.expressions.nullable(expression))
        .collect();
    let mut grammar = flatten(&trimmed, nullable_lexemes)?;
    let scanners = form.lexing.as_ref().map(|lexing| {
        let lexeme_of = |symbol: usize| match parts[symbol] {
            Part::Lexeme(lexeme) => Some(lexeme),
            Part::Rule(_) => None,
        };
        let mut names = vec![String::new(); lexemes.expressions.len()];
        for (symbol, part) in form.symbols.iter().zip(&parts) {
            if let Part::Lexeme(lexeme) = *part {
                names[lexeme as usize] = symbol.name().into();
            }
        }
        Scanners::new(lexing, &expressions, lexeme_of, names)
    });
    if scanners.is_some() && (!grammar.frames.is_empty() || grammar.nullable_lexemes.contains(&true)) {
        return Err(Error::Malformed(
            "a lexer needs rules of terminals that are not empty".into(),
        ));
    }
    if grammar.frames.iter().any(|frame| frame.demands_nothing_empty()) {
        return Err(Error::Malformed("members with demands can be empty".into()));
    }
    find_keys(&mut grammar, &lexemes.expressions, &derivatives.expressions);
    Ok(Built {
        guards: guards_in_use(lexemes.guards, &grammar),
        grammar,
        lexemes: lexemes.expressions,
        scarce,
        scanners,
    })
}

/// Those of lexemes that no text has are left out.
fn guards_in_use(guards: Vec<Guard>, grammar: &Grammar) -> Vec<Guard> {
    let mut used = vec![Guard::None; guards.len()];
    let frames = grammar.frames.iter();
    let in_frames = frames.flat_map(|frame| frame.options.iter().map(|option| option.symbol).chain(frame.separator));
    for symbol in grammar.next.iter().copied().chain(in_frames) {
        if let Next::Terminal(lexeme) = symbol {
            used[lexeme as usize] = guards[lexeme as usize];
        }
    }
    used
}

/// The group of each option, and the facts it sets.
fn kinds(options: &[OptionForm]) -> Vec<(u32, Facts)> {
    let mut group = 0;
    let mut before: Option<&OptionForm> = None;
    let mut found = Vec::with_capacity(options.len());
    for option in options {
        if before.is_some_and(|before| option.group.is_none() || option.group != before.group) {
            group += 1;
        }
        before = Some(option);
        found.push((group, option.sets.iter().copied().collect()));
    }
    found
}

fn demand(form: &DemandForm) -> Demand {
    Demand {
        needs: form.needs.iter().copied().collect(),
        bars: form.bars.iter().copied().collect(),
        minimum: form.minimum,
        maximum: form.maximum.unwrap_or(NO_MAXIMUM),
    }
}

/// A repetition is a frame with a single option, unless it counts no further than one.
fn define_repeat(draft: &mut Draft, rule: Part, symbol: Part, separator: Option<Part>, (minimum, maximum): (u32, u32)) {
    let bodies: &[&[Part]] = match (minimum, maximum) {
        (_, 0) => &[&[]],
        (1, 1) => &[&[symbol]],
        (0, 1) => &[&[], &[symbol]],
        _ => {
            let option = Choice {
                symbol,
                required: false,
                unique: false,
            };
            let frame = FrameDraft {
                options: vec![option],
                separator,
                ordered: true,
                minimum,
                maximum,
                kinds: Vec::new(),
                choices: Vec::new(),
            };
            return draft.define_frame(rule, frame);
        }
    };
    draft.define(rule, bodies.iter().map(|body| body.iter().copied()));
}

fn get<T>(items: &[T], index: usize) -> Result<&T> {
    items
        .get(index)
        .ok_or_else(|| Error::Malformed(format!("index {index} is out of range")))
}

fn lower_expressions(form: &GrammarForm, derivatives: &mut Derivatives) -> Result<Vec<ExpressionId>> {
    let mut lowered: Vec<ExpressionId> = Vec::with_capacity(form.expressions.len());
    for node in &form.expressions {
        let expressions = &mut derivatives.expressions;
        let parts = |indices: &[usize]| -> Result<Vec<ExpressionId>> {
            indices.iter().map(|&i| get(&lowered, i).copied()).collect()
        };
        let id = match node {
            ExpressionForm::Literal(text) => literals(expressions, std::slice::from_ref(text))?,
            ExpressionForm::Literals(texts) => literals(expressions, texts)?,
            ExpressionForm::CharClass(ranges) => char_class(expressions, ranges)?,
            ExpressionForm::Concat(indices) => {
                let mut result = EPSILON;
                for part in parts(indices)?.into_iter().rev() {
                    result = expressions.concat(part, result)?;
                }
                result
            }
            ExpressionForm::Union(indices) => expressions.union(&parts(indices)?)?,
            ExpressionForm::Intersection(indices) => expressions.intersection(&parts(indices)?)?,
            ExpressionForm::Complement(index) => {
                let part = *get(&lowered, *index)?;
                let text = any_text(expressions)?;
                let not = expressions.not(part)?;
                expressions.intersection(&[text, not])?
            }
            ExpressionForm::Repeat(index, minimum, maximum) => {
                let part = *get(&lowered, *index)?;
                expressions.repeat(part, *minimum, maximum.unwrap_or(UNBOUNDED))?
            }
            ExpressionForm::Multiple { divisor, places } => {
                expressions.multiple(Multiple::numerals(*divisor, *places))?
            }
            ExpressionForm::Numeral(form) => {
                let spec = Spec::new(form).ok_or_else(|| Error::Malformed("a numeral is malformed".into()))?;
                expressions.numeral(Numeral::new(spec))?
            }
            ExpressionForm::Automaton(states) => {
                let mut drafts = Vec::with_capacity(states.len());
                for state in states {
                    let step = |&(label, to): &(usize, u32)| {
                        let label = *get(&lowered, label)?;
                        Ok(Step { label, to })
                    };
                    drafts.push(automaton::Draft {
                        accepting: state.accepting,
                        steps: state.steps.iter().map(step).collect::<Result<_>>()?,
                    });
                }
                derivatives.automaton(drafts)?
            }
            ExpressionForm::Excerpt(form) => {
                // before it is made
                expressions.charge(corpus::memory(form.text.len(), form.unit) / BYTES_PER_EXPRESSION)?;
                match Excerpt::new(form.corpus(), form.spelling) {
                    Some(excerpt) => expressions.excerpt(excerpt)?,
                    None => EMPTY,
                }
            }
        };
        // an empty language in disguise would only cost time later, so that a long search for one gains nothing
        let id = if derivatives.is_soon_empty(id)? { EMPTY } else { id };
        lowered.push(id);
    }
    Ok(lowered)
}

fn flatten(trimmed: &trim::Trimmed, nullable_lexemes: Vec<bool>) -> Result<Grammar> {
    let trim::Trimmed { draft, start } = trimmed;
    let mut next = Vec::new();
    let mut productions: Vec<Vec<Dot>> = Vec::with_capacity(draft.len() + 1);
    let to_next = |part: &Part| match *part {
        Part::Lexeme(lexeme) => Next::Terminal(lexeme),
        Part::Rule(rule) => Next::Rule(rule),
    };
    let mut nullable_rules = trim::derivable(draft, |l| nullable_lexemes[l as usize])?;
    let can_be_empty = |symbol| match symbol {
        Next::Terminal(lexeme) => nullable_lexemes[lexeme as usize],
        Next::Rule(rule) => nullable_rules[rule as usize],
        Next::Member(_) | Next::End(_) => false,
    };
    let mut frames = Vec::new();
    let mut frame_of = vec![None; draft.len() + 1];
    for rule in 0..draft.len() as Rule {
        if let Some(frame) = draft.frame(rule) {
            let id = frames.len() as FrameId;
            frame_of[rule as usize] = Some(id);
            let options = frame.options.iter().map(|option| Choice {
                symbol: to_next(&option.symbol),
                required: option.required,
                unique: option.unique,
            });
            frames.push(Frame::new(
                (id, rule),
                options.collect(),
                frame.separator.as_ref().map(to_next),
                frame.ordered,
                (frame.minimum, frame.maximum),
                frame.demands(),
                can_be_empty,
            ));
        }
        let bodies = draft.bodies_of(rule);
        let mut dots = Vec::with_capacity(bodies.len());
        for body in bodies {
            dots.push(next.len() as Dot);
            next.extend(draft.body(body).iter().map(to_next));
            next.push(Next::End(rule));
        }
        productions.push(dots);
    }
    let start_rule = productions.len() as Rule;
    let start_dot = next.len() as Dot;
    next.push(to_next(start));
    next.push(Next::End(start_rule));
    productions.push(vec![start_dot]);
    nullable_rules.push(match *start {
        Part::Lexeme(lexeme) => nullable_lexemes[lexeme as usize],
        Part::Rule(rule) => nullable_rules[rule as usize],
    });
    let mut rule_of = vec![start_rule; next.len()];
    for (dot, symbol) in next.iter().enumerate().rev() {
        rule_of[dot] = match symbol {
            Next::End(rule) => *rule,
            _ => rule_of[dot + 1],
        };
    }
    Ok(Grammar {
        next,
        rule_of,
        nullable_rules,
        productions,
        frames,
        frame_of,
        options_of: FxHashMap::default(),
        after_key: FxHashMap::default(),
        nullable_lexemes,
        start_dot,
        start_rule,
        lexing: None,
    })
}

/// Finds the options that begin with a literal which no other option of the frame begins with: instead of being
/// predicted, they are looked up by it.
fn find_keys(grammar: &mut Grammar, lexemes: &[ExpressionId], expressions: &Expressions) {
    let mut frames = std::mem::take(&mut grammar.frames);
    for (id, frame) in frames.iter_mut().enumerate() {
        let mut taken: FxHashSet<Lexeme> = FxHashSet::default();
        let mut keys = vec![None; frame.options.len()];
        for (option, choice) in frame.options.iter().enumerate() {
            let (first, after) = match choice.symbol {
                Next::Rule(rule) => match grammar.productions[rule as usize][..] {
                    [dot] => (grammar.next(dot), Some(dot + 1)),
                    _ => continue,
                },
                symbol => (symbol, None),
            };
            let Next::Terminal(lexeme) = first else {
                continue;
            };
            let expression = lexemes[lexeme as usize];
            if expressions.nullable(expression) || expressions.opaque(expression) {
                continue;
            }
            let key = Key::new(lexeme, expression, expressions);
            if key.literal.is_empty() || !taken.insert(lexeme) {
                continue;
            }
            keys[option] = Some(key);
            if let Some(dot) = after {
                let place = (id as FrameId, option as OptionId, dot);
                grammar.after_key.entry(lexeme).or_default().push(place);
            }
        }
        frame.set_keys(keys);
        for (option, choice) in frame.options.iter().enumerate() {
            let place = (id as FrameId, option as OptionId);
            grammar.options_of.entry(choice.symbol).or_default().push(place);
        }
    }
    grammar.frames = frames;
}
