//! Random grammar forms: wild ones, with indices and bounds that may be anything, and sound ones made from them.

use constrain_core::form::{
    DecimalForm, DemandForm, EndForm, ExcerptForm, ExpressionForm, GrammarForm, GuardForm, NumeralForm, OptionForm,
    SideForm, SpellingForm, StateForm, SymbolForm,
};
use constrain_core::regex::excerpt::Spelling;
use constrain_core::regex::excerpt::corpus::{self, END, Unit};
use constrain_core::regex::multiple::{MAX_DIVISOR, MAX_PLACES};
use constrain_core::regex::numeral::spec::Spec;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::{bool, option};

/// Bounds of repetitions: about as long as tokens are, and as large as they can be.
fn bound() -> impl Strategy<Value = u32> {
    prop_oneof![
        8 => 0..4u32,
        4 => 0..14u32,
        1 => 14..300u32,
        1 => Just(1_000_000),
        1 => Just(u32::MAX - 1),
        1 => any::<u32>(),
    ]
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => "[ab,\"\\]é]{0,3}".prop_map(String::into_bytes),
        1 => "-?[0-2]{0,2}[.]?[05]{0,2}".prop_map(String::into_bytes),
        1 => ".{0,6}".prop_map(String::into_bytes),
        1 => vec(any::<u8>(), 0..6),
    ]
}

fn range() -> impl Strategy<Value = (u32, u32)> {
    prop_oneof![
        4 => (0x61..0x64u32, 0x61..0x7bu32),
        1 => (0x2d..0x32u32, 0x30..0x3au32),
        1 => (0..0x80u32, 0..0x100u32),
        1 => (0x80..0x900u32, 0x80..0x11_0000u32),
        1 => (any::<u32>(), any::<u32>()),
    ]
}

fn multiple() -> impl Strategy<Value = ExpressionForm> {
    let divisor = prop_oneof![
        4 => 1..30u64,
        2 => 1..1_000_000u64,
        1 => MAX_DIVISOR - 1..=MAX_DIVISOR,
        1 => any::<u64>(),
    ];
    let places = prop_oneof![4 => 0..4u8, 1 => Just(MAX_PLACES), 1 => any::<u8>()];
    (divisor, option::of(places)).prop_map(|(divisor, places)| ExpressionForm::Multiple { divisor, places })
}

fn decimal() -> impl Strategy<Value = DecimalForm> {
    let scale = prop_oneof![8 => -2..4i32, 1 => any::<i32>()];
    ("[1-9]|[125][0-9]?[125]|.{0,3}", scale).prop_map(|(digits, scale)| DecimalForm {
        digits: digits.into_bytes(),
        scale,
    })
}

fn side() -> impl Strategy<Value = SideForm> {
    let end = || option::of((decimal(), any::<bool>()).prop_map(|(number, strict)| EndForm { number, strict }));
    (end(), end(), vec(decimal(), 0..3), option::weighted(0.2, Just(()))).prop_map(|(low, high, listed, only)| {
        SideForm {
            low: low.filter(|_| only.is_none()),
            high: high.filter(|_| only.is_none()),
            listed,
            only_listed: only.is_some(),
        }
    })
}

fn numeral() -> impl Strategy<Value = ExpressionForm> {
    use SpellingForm::{Any, Plain, Whole};
    let divisor = || prop_oneof![4 => 1..30u64, 1 => any::<u64>()];
    let spelling = prop_oneof![Just(Any), Just(Plain), Just(Whole)];
    let places = prop_oneof![4 => 0..3u8, 1 => any::<u8>()];
    let sides = (option::of(side()), option::of(side()));
    let divisors = (option::of(divisor()), vec(divisor(), 0..3));
    (spelling, any::<bool>(), sides, divisors, places).prop_map(|(spelling, zero, sides, divisors, places)| {
        ExpressionForm::Numeral(Box::new(NumeralForm {
            spelling,
            zero,
            positive: sides.0,
            negative: sides.1,
            divisor: divisors.0,
            avoided: divisors.1,
            places,
        }))
    })
}

fn automaton() -> impl Strategy<Value = ExpressionForm> {
    let step = (any::<usize>(), prop_oneof![8 => 0..5u32, 1 => any::<u32>()]);
    let state = (any::<bool>(), vec(step, 0..4)).prop_map(|(accepting, steps)| StateForm { accepting, steps });
    vec(state, 0..5).prop_map(ExpressionForm::Automaton)
}

fn excerpt() -> impl Strategy<Value = ExpressionForm> {
    let parts = prop_oneof![
        8 => vec(prop_oneof![4 => "[ab. ]{0,6}", 1 => "[\"\\\\/\n\u{b}é𝄞]{0,4}"], 0..4).prop_map(|parts| {
            parts.into_iter().flat_map(|part| [part.into_bytes(), vec![END]].concat()).collect()
        }),
        1 => vec(any::<u8>(), 0..8),
    ];
    let (unit, spelling) = (select(&Unit::ALL[..]), select(&Spelling::ALL[..]));
    (parts, unit, spelling)
        .prop_map(|(text, unit, spelling)| ExpressionForm::Excerpt(ExcerptForm::new(text, unit, spelling)))
}

fn expression() -> impl Strategy<Value = ExpressionForm> {
    use ExpressionForm::*;
    let part = any::<usize>;
    prop_oneof![
        2 => text().prop_map(Literal),
        1 => vec(text(), 0..5).prop_map(Literals),
        4 => vec(range(), 0..4).prop_map(CharClass),
        3 => vec(part(), 0..4).prop_map(Concat),
        2 => vec(part(), 0..4).prop_map(Union),
        1 => vec(part(), 1..4).prop_map(Intersection),
        1 => part().prop_map(Complement),
        1 => multiple(),
        1 => numeral(),
        2 => automaton(),
        2 => excerpt(),
        4 => (part(), bound(), option::weighted(0.8, bound())).prop_map(|(part, low, high)| Repeat(part, low, high)),
    ]
}

fn symbol() -> impl Strategy<Value = SymbolForm> {
    let part = any::<usize>;
    prop_oneof![
        3 => (part(), bool::weighted(0.2)).prop_map(|(expression, distinct)| SymbolForm::Terminal {
            name: "T".into(),
            expression,
            guard: if distinct { GuardForm::Distinct } else { GuardForm::Anywhere },
        }),
        4 => vec(vec(part(), 0..4), 0..4)
            .prop_map(|alternatives| SymbolForm::Rule { name: "rule".into(), alternatives }),
        2 => (part(), bound(), option::weighted(0.8, bound()), option::of(part())).prop_map(
            |(symbol, minimum, maximum, separator)| SymbolForm::Repeat {
                name: "many".into(),
                symbol,
                minimum,
                maximum,
                separator,
            }
        ),
        2 => (vec(member(), 0..5), option::of(part()), any::<bool>(), bound(), option::weighted(0.5, bound()),
            choices())
            .prop_map(|(options, separator, ordered, minimum, maximum, choices)| SymbolForm::Members {
                name: "members".into(),
                options,
                separator,
                ordered,
                minimum,
                maximum,
                choices,
            }),
    ]
}

fn facts() -> impl Strategy<Value = Vec<u32>> {
    vec(prop_oneof![8 => 0..5u32, 1 => any::<u32>()], 0..3)
}

fn member() -> impl Strategy<Value = OptionForm> {
    let group = option::weighted(0.3, 0..3u32);
    (any::<usize>(), any::<bool>(), any::<bool>(), group, facts()).prop_map(
        |(symbol, required, unique, group, sets)| OptionForm {
            symbol,
            required,
            unique,
            group,
            sets,
        },
    )
}

fn choices() -> impl Strategy<Value = Vec<Vec<DemandForm>>> {
    let demand =
        (facts(), facts(), bound(), option::weighted(0.5, bound())).prop_map(|(needs, bars, minimum, maximum)| {
            DemandForm {
                needs,
                bars,
                minimum,
                maximum,
            }
        });
    prop_oneof![2 => Just(Vec::new()), 1 => vec(vec(demand, 0..3), 0..3)]
}

/// Anything that has the type of a grammar form.
pub fn wild_form() -> impl Strategy<Value = GrammarForm> {
    (vec(expression(), 0..12), vec(symbol(), 0..8), any::<usize>()).prop_map(|(expressions, symbols, start)| {
        GrammarForm {
            expressions,
            symbols,
            start,
            lexing: None,
        }
    })
}

/// One terminal: the last of the expressions.
pub fn regular_form() -> impl Strategy<Value = GrammarForm> {
    vec(expression(), 1..14).prop_map(|expressions| {
        let expression = expressions.len() - 1;
        sound(GrammarForm {
            expressions,
            symbols: vec![SymbolForm::Terminal {
                name: "T".into(),
                expression,
                guard: GuardForm::Distinct,
            }],
            start: 0,
            lexing: None,
        })
    })
}

/// What a front end may produce.
pub fn sound_form() -> impl Strategy<Value = GrammarForm> {
    (vec(expression(), 1..10), vec(symbol(), 1..9), any::<usize>()).prop_map(|(expressions, symbols, start)| {
        sound(GrammarForm {
            expressions,
            symbols,
            start,
            lexing: None,
        })
    })
}

/// The nearest form that is what its documentation says.
fn sound(mut form: GrammarForm) -> GrammarForm {
    // expressions that may be labels of automata: those of which this is plain to see
    let mut labels = Vec::new();
    for index in 0..form.expressions.len() {
        let earlier = |part: &mut usize| *part %= index.max(1);
        let replaced = match &mut form.expressions[index] {
            ExpressionForm::Literal(_) => None,
            ExpressionForm::Multiple { divisor, places } => {
                *divisor = (*divisor).clamp(1, MAX_DIVISOR);
                *places = places.map(|places| places.min(MAX_PLACES));
                None
            }
            ExpressionForm::Numeral(numeral) if Spec::new(numeral).is_none() => {
                // without what is hard to have right
                (numeral.divisor, numeral.avoided, numeral.places) = (Some(1), Vec::new(), 0);
                (numeral.zero, numeral.positive, numeral.negative) = (true, None, None);
                None
            }
            ExpressionForm::Numeral(_) => None,
            ExpressionForm::Excerpt(form) if !corpus::is_sound(&form.text, form.unit) => {
                let text = String::from_utf8_lossy(&form.text).replace('\u{fffd}', "").into_bytes();
                let text = [text, vec![END]].concat();
                Some(ExpressionForm::Excerpt(ExcerptForm::new(
                    text,
                    form.unit,
                    form.spelling,
                )))
            }
            ExpressionForm::Excerpt(_) => None,
            ExpressionForm::Automaton(states) => {
                states.push(StateForm {
                    accepting: true,
                    steps: Vec::new(),
                });
                let count = states.len();
                for state in states {
                    for (label, to) in &mut state.steps {
                        *label = labels.get(*label % labels.len().max(1)).copied().unwrap_or(0);
                        *to %= count as u32;
                    }
                    if labels.is_empty() {
                        state.steps.clear();
                    }
                }
                None
            }
            ExpressionForm::Literals(texts) => {
                texts.sort();
                texts.dedup();
                None
            }
            ExpressionForm::CharClass(ranges) => {
                *ranges = scalar_ranges(ranges);
                None
            }
            _ if index == 0 => Some(ExpressionForm::CharClass(vec![(0x61, 0x7a)])),
            ExpressionForm::Concat(parts) | ExpressionForm::Union(parts) | ExpressionForm::Intersection(parts) => {
                parts.iter_mut().for_each(earlier);
                None
            }
            ExpressionForm::Complement(part) => {
                earlier(part);
                None
            }
            ExpressionForm::Repeat(part, minimum, maximum) => {
                earlier(part);
                order(minimum, maximum);
                None
            }
        };
        if let Some(node) = replaced {
            form.expressions[index] = node;
        }
        match &form.expressions[index] {
            ExpressionForm::Literal(text) if text.is_empty() => {}
            ExpressionForm::Literal(_) | ExpressionForm::CharClass(_) | ExpressionForm::Multiple { .. } => {
                labels.push(index);
            }
            ExpressionForm::Concat(parts) if !parts.is_empty() && parts.iter().all(|part| labels.contains(part)) => {
                labels.push(index);
            }
            _ => {}
        }
    }
    let (expressions, symbols) = (form.expressions.len(), form.symbols.len());
    for node in &mut form.symbols {
        match node {
            SymbolForm::Terminal { expression, .. } => *expression %= expressions,
            SymbolForm::Rule { alternatives, .. } => {
                alternatives.iter_mut().flatten().for_each(|part| *part %= symbols);
            }
            SymbolForm::Repeat {
                symbol,
                minimum,
                maximum,
                separator,
                ..
            } => {
                *symbol %= symbols;
                separator.iter_mut().for_each(|part| *part %= symbols);
                order(minimum, maximum);
            }
            SymbolForm::Members {
                options,
                separator,
                minimum,
                maximum,
                choices,
                ..
            } => {
                options.iter_mut().for_each(|option| {
                    option.symbol %= symbols;
                    option.sets.iter_mut().for_each(|fact| *fact %= 5);
                });
                for index in 1..options.len() {
                    let before = options[index - 1].clone();
                    if options[..index - 1]
                        .iter()
                        .any(|other| other.group == options[index].group)
                    {
                        options[index].group = None;
                    }
                    if options[index].group.is_some() && options[index].group == before.group {
                        (options[index].required, options[index].unique) = (before.required, before.unique);
                    }
                }
                for demand in choices.iter_mut().flatten() {
                    demand
                        .needs
                        .iter_mut()
                        .chain(&mut demand.bars)
                        .for_each(|fact| *fact %= 5);
                    order(&mut demand.minimum, &mut demand.maximum);
                }
                separator.iter_mut().for_each(|part| *part %= symbols);
                order(minimum, maximum);
            }
        }
    }
    form.start %= symbols;
    form
}

fn order(minimum: &mut u32, maximum: &mut Option<u32>) {
    *minimum = (*minimum).min(u32::MAX - 1);
    if let Some(maximum) = maximum {
        *maximum = (*maximum).clamp(*minimum, u32::MAX - 1);
    }
}

/// Ranges in order, of characters alone, none in two.
fn scalar_ranges(ranges: &[(u32, u32)]) -> Vec<(u32, u32)> {
    let mut cut: Vec<_> = ranges
        .iter()
        .map(|&(a, b)| (a.min(b).min(0x10_ffff), a.max(b).min(0x10_ffff)))
        .flat_map(|(low, high)| [(low, high.min(0xd7ff)), (low.max(0xe000), high)])
        .filter(|(low, high)| low <= high)
        .collect();
    cut.sort_unstable();
    let mut apart: Vec<(u32, u32)> = Vec::new();
    for (low, high) in cut {
        if apart.last().is_none_or(|last| last.1 < low) {
            apart.push((low, high));
        }
    }
    apart
}
