//! Short numerals, all of them, against arithmetic with whole numbers.

use super::spec::Spec;
use super::*;
use crate::form::{DecimalForm, EndForm, NumeralForm, SideForm};

/// More than the digits and the exponents of the texts here need.
const UNIT: i32 = 12;

/// A number in units of `10^-UNIT`.
fn units(digits: &str, exponent: i32) -> Option<i128> {
    let digits: i128 = digits.parse().ok()?;
    let exponent = exponent + UNIT;
    match exponent {
        0.. => digits.checked_mul(10i128.checked_pow(exponent as u32)?),
        _ => {
            let power = 10i128.checked_pow(-exponent as u32)?;
            (digits % power == 0).then(|| digits / power)
        }
    }
}

/// What a JSON numeral spells; None for other texts, and for numbers that have no name in units.
fn value(text: &str, spelling: SpellingForm) -> Option<i128> {
    let (negative, amount) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (mantissa, exponent) = match amount.split_once(['e', 'E']) {
        Some((mantissa, exponent)) if spelling == SpellingForm::Any => {
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            if !is_digits(digits) {
                return None;
            }
            (mantissa, exponent.parse().ok()?)
        }
        Some(_) => return None,
        None => (amount, 0),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) if is_digits(fraction) && spelling != SpellingForm::Whole => (whole, fraction),
        Some(_) => return None,
        None => (mantissa, ""),
    };
    if !is_digits(whole) || (whole.len() > 1 && whole.starts_with('0')) {
        return None;
    }
    if spelling == SpellingForm::Whole && text == "-0" {
        return None;
    }
    let amount = units(&format!("{whole}{fraction}"), exponent - fraction.len() as i32)?;
    Some(if negative { -amount } else { amount })
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Conditions in plain words: ends, `n / 10^places` as divisors, numbers by their spelling.
#[derive(Debug, Clone)]
struct Case {
    spelling: SpellingForm,
    low: Option<(&'static str, bool)>,
    high: Option<(&'static str, bool)>,
    divisor: Option<u64>,
    avoided: Vec<u64>,
    places: u8,
    listed: Vec<&'static str>,
    only_listed: bool,
}

fn plain(text: &str) -> i128 {
    value(text, SpellingForm::Any).unwrap()
}

fn decimal(text: &str) -> DecimalForm {
    amount(plain(text))
}

fn amount(value: i128) -> DecimalForm {
    let amount = value.unsigned_abs().to_string();
    DecimalForm {
        digits: amount.trim_end_matches('0').into(),
        scale: amount.len() as i32 - UNIT,
    }
}

impl Case {
    fn admits(&self, value: i128) -> bool {
        if self.only_listed {
            return self.listed.iter().any(|listed| plain(listed) == value);
        }
        let divides =
            |number: u64| value % (i128::from(number) * 10i128.pow(UNIT as u32 - u32::from(self.places))) == 0;
        let above = |&(low, strict): &(&str, bool)| value > plain(low) || (value == plain(low) && !strict);
        let below = |&(high, strict): &(&str, bool)| value < plain(high) || (value == plain(high) && !strict);
        self.low.as_ref().is_none_or(above)
            && self.high.as_ref().is_none_or(below)
            && self.divisor.is_none_or(divides)
            && !self.avoided.iter().any(|&avoided| divides(avoided))
            && !self.listed.iter().any(|listed| plain(listed) == value)
    }

    fn form(&self) -> NumeralForm {
        let side = |negative: bool| {
            let of_sign = |text: &&&str| text.starts_with('-') == negative && plain(text) != 0;
            let (near, far) = if negative {
                (self.high, self.low)
            } else {
                (self.low, self.high)
            };
            let listed: Vec<DecimalForm> = self.listed.iter().filter(of_sign).map(|text| decimal(text)).collect();
            if self.only_listed {
                return (!listed.is_empty()).then_some(SideForm {
                    low: None,
                    high: None,
                    listed,
                    only_listed: true,
                });
            }
            let end = |(text, strict)| EndForm {
                number: decimal(text),
                strict,
            };
            let far = match far {
                Some((text, _)) if text.starts_with('-') != negative || plain(text) == 0 => return None,
                far => far.map(end),
            };
            let near = near.filter(|(text, _)| text.starts_with('-') == negative && plain(text) != 0);
            let least = self
                .divisor
                .filter(|_| near.is_none() && (far.is_some() || !listed.is_empty()));
            let least = least.map(|divisor| {
                let step = i128::from(divisor) * 10i128.pow(UNIT as u32 - u32::from(self.places));
                let step = if negative { -step } else { step };
                (1..1_000).map(|factor| factor * step).find(|&value| self.admits(value))
            });
            let low = match least {
                Some(None) => return None,
                Some(Some(least)) => Some(EndForm {
                    number: amount(least),
                    strict: false,
                }),
                None => near.map(end),
            };
            Some(SideForm {
                low,
                high: far,
                listed,
                only_listed: false,
            })
        };
        NumeralForm {
            spelling: self.spelling,
            zero: self.admits(0),
            positive: side(false),
            negative: side(true),
            divisor: self.divisor,
            avoided: self.avoided.clone(),
            places: self.places,
        }
    }

    fn numeral(&self) -> Numeral {
        Numeral::new(Spec::new(&self.form()).unwrap_or_else(|| panic!("{self:?}")))
    }

    fn has(&self, text: &str) -> bool {
        value(text, self.spelling).is_some_and(|value| self.admits(value))
    }
}

fn cases() -> Vec<Case> {
    use SpellingForm::{Any, Plain, Whole};
    let free = |spelling| Case {
        spelling,
        low: None,
        high: None,
        divisor: (spelling == Whole).then_some(1),
        avoided: Vec::new(),
        places: 0,
        listed: Vec::new(),
        only_listed: false,
    };
    let mut found = Vec::new();
    for spelling in [Any, Plain, Whole] {
        let free = free(spelling);
        found.push(free.clone());
        for (low, high) in [("1", "1"), ("-5", "10"), ("9", "12"), ("1", "1000"), ("-200", "-19")] {
            for (divisor, avoided) in [(1, vec![]), (1, vec![10]), (1, vec![2, 5])] {
                let case = Case {
                    divisor: Some(divisor),
                    avoided,
                    ..free.clone()
                };
                let inside = |text: &str| case.admits(plain(text));
                if inside(low) && inside(high) {
                    found.push(Case {
                        low: Some((low, false)),
                        high: Some((high, false)),
                        ..case.clone()
                    });
                }
            }
        }
        let unbounded = |divisor, avoided: &[u64]| Case {
            divisor: Some(divisor),
            avoided: avoided.into(),
            ..free.clone()
        };
        found.extend([
            unbounded(1, &[]),
            unbounded(7, &[]),
            unbounded(20, &[100]),
            unbounded(1, &[2, 10]),
        ]);
        found.push(Case {
            low: Some(("1", false)),
            high: Some(("12", false)),
            divisor: Some(1),
            listed: vec!["10", "2", "5"],
            ..free.clone()
        });
        if spelling == Whole {
            continue;
        }
        for (low, high) in [
            ("0.5", "2"),
            ("-1.5", "0.02"),
            ("1.2", "1.25"),
            ("99", "101.5"),
            ("0.09", "0.11"),
        ] {
            for strict in [false, true] {
                for (listed, avoided) in [(vec![], vec![]), (vec!["1", "0.1", "100"], vec![]), (vec![], vec![4])] {
                    let mut case = Case {
                        avoided,
                        listed,
                        ..free.clone()
                    };
                    let end = |text| (text, strict || !case.admits(plain(text)));
                    (case.low, case.high) = (Some(end(low)), Some(end(high)));
                    found.push(case);
                }
            }
        }
        found.extend([
            Case {
                low: Some(("0.05", true)),
                ..free.clone()
            },
            Case {
                high: Some(("-20", true)),
                ..free.clone()
            },
            Case {
                low: Some(("0", true)),
                avoided: vec![25],
                places: 1,
                ..free.clone()
            },
            Case {
                avoided: vec![1],
                ..free.clone()
            },
            Case {
                avoided: vec![1],
                low: Some(("0.5", false)),
                high: Some(("1.5", false)),
                ..free.clone()
            },
            Case {
                divisor: Some(25),
                places: 2,
                ..free.clone()
            },
            Case {
                divisor: Some(25),
                places: 2,
                avoided: vec![100],
                ..free.clone()
            },
            Case {
                divisor: Some(3),
                places: 1,
                low: Some(("0.3", false)),
                high: Some(("1.2", false)),
                ..free.clone()
            },
            Case {
                divisor: Some(1),
                places: 2,
                avoided: vec![10],
                low: Some(("-0.03", false)),
                high: Some(("0.11", false)),
                listed: vec!["0.02", "-0.01"],
                ..free.clone()
            },
        ]);
    }
    found.push(Case {
        listed: vec!["1", "10", "12", "-0.5", "1.25", "0"],
        only_listed: true,
        ..free(Any)
    });
    found
}

/// The texts after which more may come, up to a length, of few digits: by what a numeral is, not by its number.
fn beginnings(length: usize) -> Vec<String> {
    let mut found = vec![String::new()];
    let mut first = 0;
    for _ in 0..length {
        let last = found.len();
        for index in first..last {
            for c in "01259.e-+".chars() {
                let text = format!("{}{c}", found[index]);
                let ends = ["", "0", "1"];
                if ends
                    .iter()
                    .any(|end| value(&format!("{text}{end}"), SpellingForm::Any).is_some())
                {
                    found.push(text);
                }
            }
        }
        first = last;
    }
    found
}

fn read(numeral: &Numeral, text: &str) -> Option<Numeral> {
    text.bytes().try_fold(numeral.clone(), |state, byte| state.after(byte))
}

#[test]
fn every_short_numeral_is_judged_by_arithmetic() {
    let texts = beginnings(6);
    let mut accepted = 0;
    for case in cases() {
        let numeral = case.numeral();
        for text in &texts {
            let found = read(&numeral, text).is_some_and(|state| state.nullable());
            assert_eq!(found, case.has(text), "{text} under {case:?}");
            accepted += usize::from(found);
        }
    }
    assert!(accepted > 10_000, "{accepted}");
}

#[test]
fn every_text_of_three_signs_is_judged_by_arithmetic() {
    let signs: Vec<String> = "-0123456789.eE+".chars().map(String::from).collect();
    let pairs: Vec<String> = signs
        .iter()
        .flat_map(|a| signs.iter().map(move |b| format!("{a}{b}")))
        .collect();
    let threes = pairs
        .iter()
        .flat_map(|pair| signs.iter().map(move |sign| format!("{pair}{sign}")));
    let texts: Vec<String> = threes
        .chain(pairs.iter().cloned())
        .chain(signs.iter().cloned())
        .collect();
    for case in cases() {
        let numeral = case.numeral();
        for text in &texts {
            let found = read(&numeral, text).is_some_and(|state| state.nullable());
            assert_eq!(found, case.has(text), "{text} under {case:?}");
        }
    }
}

#[test]
fn what_is_no_numeral_is_refused() {
    for case in cases() {
        let numeral = case.numeral();
        for text in [
            "+1", "01", "1.", ".5", "1e", "1e+", "--1", "1.e1", "1ee1", "1e1.5", "0x1", "-", "1 ", "1E-",
        ] {
            assert!(!read(&numeral, text).is_some_and(|state| state.nullable()), "{text}");
        }
    }
}

#[test]
fn what_is_left_has_a_shortest_end() {
    let texts = beginnings(3);
    let ends: Vec<&String> = texts.iter().collect();
    // ends of what has begun are not numerals
    let mut ends: Vec<String> = ends.into_iter().cloned().collect();
    for end in [
        ".5", ".25", ".1", ".2", "00", "e0", "e1", "e2", "e-1", "e-2", "0e1", "5e1", "7", "3", "4", "6", "8",
    ] {
        ends.push(end.into());
    }
    for case in cases() {
        let numeral = case.numeral();
        for text in &texts {
            let shortest = read(&numeral, text).map(|state| String::from_utf8(state.shortest()).unwrap());
            let known = ends
                .iter()
                .filter(|end| case.has(&format!("{text}{end}")))
                .min_by_key(|end| end.len());
            match (&shortest, known) {
                (None, Some(end)) => panic!("{text}{end} under {case:?}"),
                (Some(end), _) if !case.has(&format!("{text}{end}")) => panic!("{text}|{end} under {case:?}"),
                (Some(end), Some(known)) if known.len() < end.len() => {
                    panic!("{text}|{end}, not {known}, under {case:?}")
                }
                _ => {}
            }
        }
    }
}

/// Every end of up to some bytes is tried, where that is enough to find one.
#[test]
fn shortest_ends_are_those_of_a_search() {
    for case in cases() {
        for text in beginnings(2) {
            let Some(state) = read(&case.numeral(), &text) else {
                continue;
            };
            let mut states = vec![state.clone()];
            let found = (0..4).find(|_| {
                let done = states.iter().any(Numeral::nullable);
                if !done {
                    states = states
                        .iter()
                        .flat_map(|state| state.arms().map(|(_, after)| after))
                        .collect();
                }
                done
            });
            let shortest = state.shortest().len();
            assert!(
                found.map_or(shortest >= 4, |found| shortest == found),
                "{text}: {shortest} under {case:?}"
            );
        }
    }
}

#[test]
fn no_beginning_leads_nowhere() {
    let mut seed = 11u64;
    let mut below = |bound: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) as usize % bound
    };
    for case in cases() {
        for _ in 0..30 {
            let mut state = case.numeral();
            let mut text = String::new();
            for _ in 0..below(14) {
                let arms: Vec<(u8, Numeral)> = state.arms().collect();
                if arms.is_empty() {
                    break;
                }
                let (byte, after) = arms[below(arms.len())].clone();
                text.push(byte as char);
                state = after;
            }
            let whole = format!("{text}{}", String::from_utf8(state.shortest()).unwrap());
            let end = read(&case.numeral(), &whole).unwrap_or_else(|| panic!("{text}|{whole} under {case:?}"));
            assert!(end.nullable(), "{whole} under {case:?}");
            // where the text is short enough to be judged
            if let Some(value) = value(&whole, case.spelling) {
                assert!(case.admits(value), "{whole} under {case:?}");
            }
        }
    }
}

#[test]
fn malformed_conditions_are_refused() {
    let sound = &cases()[1].form();
    assert!(Spec::new(sound).is_some());
    let end = |digits: &str, strict| {
        let number = DecimalForm {
            digits: digits.into(),
            scale: 1,
        };
        Some(EndForm { number, strict })
    };
    let side = |low: Option<EndForm>, high: Option<EndForm>| {
        let side = SideForm {
            low,
            high,
            listed: Vec::new(),
            only_listed: false,
        };
        NumeralForm {
            positive: Some(side),
            ..sound.clone()
        }
    };
    assert!(Spec::new(&side(end("2", false), end("3", false))).is_some());
    for (low, high) in [
        (end("3", false), end("2", false)),
        (end("2", true), end("3", false)),
        (end("25", false), end("3", false)),
        (end("20", false), None),
        (end("0", false), None),
        (end("", false), None),
        (end("2x", false), None),
        (None, end("3", false)),
    ] {
        assert!(Spec::new(&side(low, high)).is_none());
    }
    assert!(
        Spec::new(&NumeralForm {
            divisor: Some(0),
            ..sound.clone()
        })
        .is_none()
    );
    assert!(
        Spec::new(&NumeralForm {
            divisor: None,
            avoided: vec![3, 0],
            ..sound.clone()
        })
        .is_none()
    );
    assert!(
        Spec::new(&NumeralForm {
            avoided: vec![1],
            ..sound.clone()
        })
        .is_none()
    );
    assert!(
        Spec::new(&NumeralForm {
            places: 19,
            ..sound.clone()
        })
        .is_none()
    );
    let nothing = NumeralForm {
        zero: false,
        positive: None,
        negative: None,
        ..sound.clone()
    };
    assert!(Spec::new(&nothing).is_none());
}
