//! Grammars and the sequences under them.

use std::sync::{Arc, OnceLock};

use constrain_core::error::Error;
use constrain_core::form::GrammarForm;
use constrain_core::limits::Limits;
use constrain_core::matcher::{Compiled, Matcher};
use constrain_core::vocabulary::Vocabulary;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

use crate::forms::{regular_form, sound_form, wild_form};
use crate::harness::fuzz;

pub const EOS: u32 = 256;

/// Single bytes, and tokens that are as long as small counts and end in other lexemes.
pub fn vocabulary() -> Arc<Vocabulary> {
    static VOCABULARY: OnceLock<Arc<Vocabulary>> = OnceLock::new();
    VOCABULARY
        .get_or_init(|| {
            let mut tokens: Vec<Option<Box<[u8]>>> = (0..=255u8).map(|byte| Some([byte][..].into())).collect();
            tokens.extend([None, Some(b""[..].into())]);
            let runs = ["a", "b", "ab", "é", ",", "\"]", "\",\"", "0", "15"]
                .map(|unit| (2..9).map(move |count| unit.repeat(count)));
            tokens.extend(runs.into_iter().flatten().map(|text| Some(text.as_bytes().into())));
            for text in [
                "aab,",
                "abz\"",
                "a\"",
                "b]",
                "\u{7ff}\u{800}",
                "zé",
                "bbbbb\",",
                "a,b,a,b",
                "-1",
                "2.5",
                "0.",
                "00,",
                "12\"",
            ] {
                tokens.push(Some(text.as_bytes().into()));
            }
            tokens.push(Some(b"a\xc3"[..].into()));
            tokens.push(Some(b"\xa9b"[..].into()));
            Arc::new(Vocabulary::new(tokens, &[EOS], None).unwrap())
        })
        .clone()
}

/// Small budgets, so that what runs away is stopped soon.
pub fn limits() -> Limits {
    Limits {
        max_lexer_states: 5_000,
        max_expressions: 50_000,
        max_items: 2_000,
        max_parser_nodes: 5_000,
        max_mask_steps: 200_000,
    }
}

/// These, or others that nearly everything goes beyond.
fn any_limits() -> impl Strategy<Value = Limits> {
    let tight =
        [1..100usize, 1..1_000, 1..100, 1..100, 1..10_000].prop_map(|[states, expressions, items, nodes, steps]| {
            Limits {
                max_lexer_states: states,
                max_expressions: expressions,
                max_items: items,
                max_parser_nodes: nodes,
                max_mask_steps: steps,
            }
        });
    prop_oneof![7 => Just(limits()), 1 => tight]
}

/// Some value; None where a budget or a fixed limit stopped it; any other error fails.
pub fn within_budget<T>(result: Result<T, Error>) -> Result<Option<T>, TestCaseError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(Error::Limit { .. } | Error::TooLarge { .. }) => Ok(None),
        Err(error) => Err(TestCaseError::fail(format!("{error:?}"))),
    }
}

pub fn mask_of(matcher: &Matcher) -> Result<Option<Vec<u32>>, TestCaseError> {
    // what a mask leaves in its buffer must not depend on what was there
    let mut words = vec![u32::MAX; vocabulary().words()];
    Ok(within_budget(matcher.fill_mask(&mut words))?.map(|()| words))
}

pub fn ids_of(mask: &[u32]) -> Vec<u32> {
    let size = vocabulary().vocab_size as u32;
    (0..size).filter(|&id| is_set(mask, id)).collect()
}

fn is_set(words: &[u32], id: u32) -> bool {
    words[id as usize / 32] >> (id % 32) & 1 == 1
}

/// Takes allowed tokens, `choices` says which, and asks on the way what else a matcher promises.
fn walk(compiled: &Arc<Compiled>, choices: &[u16]) -> TestCaseResult {
    let Some(mut matcher) = within_budget(compiled.matcher())? else {
        return Ok(());
    };
    for &choice in choices {
        let Some(mask) = mask_of(&matcher)? else {
            return Ok(());
        };
        let ids = ids_of(&mask);
        prop_assert!(!ids.is_empty(), "a dead end");
        prop_assert_eq!(is_set(&mask, EOS), matcher.current().accepting);
        let id = ids[choice as usize % ids.len()];
        let size = vocabulary().vocab_size as u32;
        let other = u32::from(choice) % (size + 2);
        let steps = matcher.steps();
        if let Some(count) = within_budget(matcher.validate_tokens(&[other]))? {
            prop_assert_eq!(count == 1, other < size && is_set(&mask, other), "token {}", other);
        }
        match within_budget(matcher.accept_token(id))? {
            Some(accepted) => prop_assert!(accepted, "token {} is allowed, and refused", id),
            None => {
                prop_assert_eq!(matcher.steps(), steps);
                return Ok(());
            }
        }
        if choice % 3 == 0 {
            prop_assert!(matcher.rollback(1));
            prop_assert!(mask_of(&matcher)?.is_none_or(|again| again == mask));
            prop_assert!(within_budget(matcher.accept_token(id))?.is_none_or(|accepted| accepted));
        }
        if matcher.current().terminated {
            prop_assert_eq!(mask_of(&matcher)?, Some(vec![0; vocabulary().words()]));
            return Ok(());
        }
    }
    forced(&matcher)?;
    let Some(rest) = within_budget(matcher.shortest_completion())? else {
        return Ok(());
    };
    if rest.len() < 2_000
        && let Some(accepted) = within_budget(matcher.accept_bytes(&rest))?
    {
        prop_assert!(accepted && matcher.current().accepting);
    }
    Ok(())
}

/// What is forced can be taken, in each of its forms, and nothing else can in its place.
fn forced(matcher: &Matcher) -> TestCaseResult {
    let Some(bytes) = within_budget(matcher.forced_bytes())? else {
        return Ok(());
    };
    prop_assert!(within_budget(matcher.clone().accept_bytes(&bytes))?.is_none_or(|accepted| accepted));
    if let Some(viable) = within_budget(matcher.viable_prefix(&[&bytes[..], b"\xff"].concat()))? {
        prop_assert!(viable >= bytes.len());
    }
    if let Some(ids) = within_budget(matcher.forced_tokens())? {
        prop_assert!(within_budget(matcher.validate_tokens(&ids))?.is_none_or(|count| count == ids.len()));
        let texts = ids.iter().filter_map(|&id| vocabulary().token(id).map(<[u8]>::to_vec));
        let text = texts.collect::<Vec<_>>().concat();
        prop_assert!(text.starts_with(&bytes) || bytes.starts_with(&text));
    }
    if let Some(run) = within_budget(matcher.forced_run())? {
        // a tokenizer of single bytes
        let encode = |text: &str| Ok::<_, TestCaseError>(text.bytes().map(u32::from).collect());
        let spelt: Vec<u8> = run
            .canonical(&vocabulary(), encode)?
            .iter()
            .map(|&id| id as u8)
            .collect();
        prop_assert!(bytes.starts_with(&spelt));
    }
    Ok(())
}

fn compile(form: GrammarForm, limits: Limits) -> Result<Option<Arc<Compiled>>, TestCaseError> {
    match Compiled::new(form, vocabulary(), limits) {
        Ok(compiled) => Ok(Some(Arc::new(compiled))),
        Err(Error::Limit { .. } | Error::TooLarge { .. } | Error::Unsatisfiable(_)) => Ok(None),
        // whether a symbol can be empty shows only then
        Err(Error::Malformed(reason)) if reason.starts_with("members with demands") => Ok(None),
        Err(error) => Err(TestCaseError::fail(format!("{error:?}"))),
    }
}

fn holds(form: GrammarForm, limits: Limits, choices: &[u16]) -> TestCaseResult {
    match compile(form, limits)? {
        Some(compiled) => walk(&compiled, choices),
        None => Ok(()),
    }
}

#[test]
fn regular_expressions() {
    let inputs = (regular_form(), any_limits(), vec(any::<u16>(), 0..12));
    fuzz(300, inputs, |(form, limits, choices)| holds(form, limits, &choices));
}

#[test]
fn grammars() {
    let inputs = (sound_form(), any_limits(), vec(any::<u16>(), 0..12));
    fuzz(300, inputs, |(form, limits, choices)| holds(form, limits, &choices));
}

#[test]
fn malformed_grammars() {
    fuzz(500, wild_form(), |form| {
        match Compiled::new(form, vocabulary(), limits()) {
            Err(Error::Vocabulary(_) | Error::Artifact(_)) => Err(TestCaseError::fail("an error of another kind")),
            _ => Ok(()),
        }
    });
}
