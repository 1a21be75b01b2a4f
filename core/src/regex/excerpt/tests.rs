//! Against the obvious: all substrings, and what begins with what.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::corpus::{Corpus, END, Unit, units};
use super::{Excerpt, Spelling};
use crate::regex::derivative::Derivatives;
use crate::regex::expression::{EMPTY, ExpressionId, UNBOUNDED};
use crate::regex::literals::{any_text, char_class, literals};

const TEXTS: [&[&str]; 7] = [
    &["banana"],
    &["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"],
    &["ab ab. ab", "b a", ""],
    &["é€𝄞é", "\u{0}"],
    &[" x  y. Z! ", "x y"],
    &[""],
    &["abracadabra abracadabra"],
];

fn corpus(parts: &[&str], unit: Unit) -> Arc<Corpus> {
    let mut parts = parts.to_vec();
    if unit == Unit::Choice {
        parts.sort_unstable_by_key(|part| [part.as_bytes(), &[END]].concat());
        parts.dedup();
    }
    let text = parts.iter().flat_map(|part| [part.as_bytes(), &[END]].concat());
    Arc::new(Corpus::new(&Arc::new(text.collect()), unit))
}

/// All that may be taken from some parts.
fn taken(parts: &[&str], unit: Unit) -> BTreeSet<Vec<u8>> {
    let of_part = |part: &&str| {
        let found = units(part, unit);
        let spans = found.iter().enumerate().flat_map(|(at, &(start, _))| {
            let ends = found[at..].iter().map(move |&(_, end)| (start as usize, end as usize));
            ends.collect::<Vec<_>>()
        });
        spans
            .map(|(start, end)| part.as_bytes()[start..end].to_vec())
            .collect::<Vec<_>>()
    };
    parts.iter().flat_map(of_part).collect()
}

/// Every string of a finite language.
fn strings(derivatives: &mut Derivatives, id: ExpressionId) -> BTreeSet<Vec<u8>> {
    let mut found = BTreeSet::new();
    let mut pending = vec![(id, Vec::new())];
    while let Some((id, text)) = pending.pop() {
        // every state that is reached can be completed
        assert!(derivatives.is_live(id).unwrap());
        let shortest = derivatives.shortest_string(id).unwrap().unwrap();
        assert_eq!(derivatives.shortest_length(id).unwrap(), shortest.len() as u64);
        if derivatives.expressions.nullable(id) {
            assert!(shortest.is_empty());
            found.insert(text.clone());
        }
        for arm in derivatives.live_arms(id).unwrap().iter() {
            for byte in arm.low..=arm.high {
                pending.push((arm.to, [&text[..], &[byte]].concat()));
            }
        }
    }
    found
}

#[test]
fn what_is_taken_is_what_stands_there() {
    for parts in TEXTS {
        for unit in Unit::ALL {
            let mut derivatives = Derivatives::new(1 << 20);
            let expected = taken(parts, unit);
            let Some(excerpt) = Excerpt::new(corpus(parts, unit), Spelling::Plain) else {
                assert!(expected.is_empty());
                continue;
            };
            let id = derivatives.expressions.excerpt(excerpt).unwrap();
            assert_eq!(strings(&mut derivatives, id), expected, "{parts:?} {unit:?}");
        }
    }
}

#[test]
fn beside_other_conditions() {
    for parts in TEXTS {
        for unit in [Unit::Choice, Unit::Character, Unit::Word] {
            for spelling in Spelling::ALL {
                let Some(excerpt) = Excerpt::new(corpus(parts, unit), spelling) else {
                    continue;
                };
                let mut derivatives = Derivatives::new(1 << 20);
                let id = derivatives.expressions.excerpt(excerpt).unwrap();
                let expressions = &mut derivatives.expressions;
                let (text, b) = (
                    any_text(expressions).unwrap(),
                    literals(expressions, &[b"b".to_vec()]).unwrap(),
                );
                let ascii = char_class(expressions, &[(0x20, 0x7F)]).unwrap();
                let tail = expressions.concat(b, text).unwrap();
                let with_b = expressions.concat(text, tail).unwrap();
                let counted = expressions.repeat(ascii, 3, 5).unwrap();
                let long = expressions.repeat(ascii, 18, UNBOUNDED).unwrap();
                for rest in [with_b, counted, long] {
                    let both = derivatives.expressions.intersection(&[id, rest]).unwrap();
                    if spelling == Spelling::Any {
                        // too many strings: only whether there is one
                        let found = derivatives.is_live(both).unwrap();
                        assert_eq!(found, derivatives.shortest_string(both).unwrap().is_some());
                        continue;
                    }
                    let expected: BTreeSet<Vec<u8>> = match derivatives.is_live(both).unwrap() {
                        true => strings(&mut derivatives, both),
                        false => BTreeSet::new(),
                    };
                    let all = strings(&mut derivatives, id);
                    let held = all.into_iter().filter(|text| matches(&mut derivatives, rest, text));
                    assert_eq!(
                        held.collect::<BTreeSet<_>>(),
                        expected,
                        "{parts:?} {unit:?} {spelling:?}"
                    );
                }
            }
        }
    }
}

fn matches(derivatives: &mut Derivatives, mut id: ExpressionId, text: &[u8]) -> bool {
    for &byte in text {
        let arms = derivatives.arms(id).unwrap();
        id = arms
            .iter()
            .find(|arm| arm.low <= byte && byte <= arm.high)
            .map_or(EMPTY, |arm| arm.to);
    }
    derivatives.expressions.nullable(id)
}

#[test]
fn a_large_table_is_indexed() {
    let text: String = (0..5_000u32)
        .filter_map(|n| char::from_u32(0x61 + n * n % 26))
        .collect();
    let whole = corpus(&[&text], Unit::Character);
    let all = whole.all().unwrap();
    for first in b'a'..=b'z' {
        for second in b'a'..=b'z' {
            let narrowed = whole
                .after(all, first)
                .and_then(|interval| whole.after(interval, second));
            let count = text
                .as_bytes()
                .windows(2)
                .filter(|pair| *pair == [first, second])
                .count();
            assert_eq!(
                narrowed.map_or(0, |interval| interval.high - interval.low),
                count as u32
            );
        }
    }
}
