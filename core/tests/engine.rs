//! The layers together, without Python: grammars as plain data, texts, masks.

use std::sync::Arc;

use constrain_core::error::Error;
use constrain_core::form::{ExpressionForm, GrammarForm, SymbolForm};
use constrain_core::limits::Limits;
use constrain_core::matcher::{Compiled, Matcher};
use constrain_core::vocabulary::Vocabulary;

const EOS: u32 = 256;

fn byte_vocabulary(extra: &[&[u8]]) -> Arc<Vocabulary> {
    let mut tokens: Vec<Option<Box<[u8]>>> = (0..=255u8).map(|byte| Some([byte][..].into())).collect();
    tokens.push(None);
    tokens.extend(extra.iter().map(|&token| Some(token.into())));
    Arc::new(Vocabulary::new(tokens, &[EOS], None).unwrap())
}

/// Terminals are literals; rules refer to terminals (0..) and then to rules, in order.
fn form(literals: &[&str], rules: &[&[&[usize]]]) -> GrammarForm {
    let expressions = literals
        .iter()
        .map(|text| ExpressionForm::Literal(text.as_bytes().to_vec()))
        .collect();
    let terminals = literals
        .iter()
        .enumerate()
        .map(|(expression, text)| SymbolForm::Terminal {
            name: (*text).into(),
            expression,
        });
    let rules = rules.iter().enumerate().map(|(index, alternatives)| SymbolForm::Rule {
        name: format!("rule{index}"),
        alternatives: alternatives.iter().map(|body| body.to_vec()).collect(),
    });
    GrammarForm {
        expressions,
        symbols: terminals.chain(rules).collect(),
        start: literals.len(),
    }
}

fn matcher(form: GrammarForm) -> Matcher {
    let compiled = Compiled::new(form, byte_vocabulary(&[]), Limits::default()).unwrap();
    Arc::new(compiled).matcher().unwrap()
}

fn accepts(form: &GrammarForm, text: &str) -> bool {
    let mut matcher = matcher(form.clone());
    matcher.accept_bytes(text.as_bytes()).unwrap() && matcher.current().accepting
}

#[test]
fn left_right_and_hidden_left_recursion() {
    // a: 0, b: 1
    let left = form(&["a"], &[&[&[1, 0], &[0]]]);
    let right = form(&["a"], &[&[&[0, 1], &[0]]]);
    // S -> E S b | b ; E -> "" | a
    let hidden = form(&["a", "b"], &[&[&[3, 2, 1], &[1]], &[&[], &[0]]]);
    for text in ["a", "aaaa"] {
        assert!(accepts(&left, text) && accepts(&right, text));
    }
    assert!(!accepts(&left, "") && !accepts(&right, "ab"));
    for (text, expected) in [
        ("b", true),
        ("bb", true),
        ("abb", true),
        ("aabbb", true),
        ("ab", false),
        ("abbb", true),
    ] {
        assert_eq!(accepts(&hidden, text), expected, "{text}");
    }
}

#[test]
fn cyclic_and_ambiguous_rules_end() {
    // S -> S | T | S S ; T -> S | a | ""
    let cyclic = form(&["a"], &[&[&[1], &[2], &[1, 1]], &[&[1], &[0], &[]]]);
    for count in 0..8 {
        assert!(accepts(&cyclic, &"a".repeat(count)));
    }
    assert!(!accepts(&cyclic, "b"));
}

#[test]
fn overlapping_terminals_are_all_kept() {
    // S -> X Y ; X -> foo | foobar ; Y -> bar | ""
    let grammar = form(&["foo", "foobar", "bar"], &[&[&[4, 5]], &[&[0], &[1]], &[&[2], &[]]]);
    for text in ["foo", "foobar", "foobarbar"] {
        assert!(accepts(&grammar, text), "{text}");
    }
}

#[test]
fn dead_branches_are_never_offered() {
    // S -> a | b U ; U -> c U: U derives nothing
    let grammar = form(&["a", "b", "c"], &[&[&[0], &[1, 4]], &[&[2, 4]]]);
    assert_eq!(matcher(grammar).next_bytes().unwrap(), b"a");
    let nothing = form(&["c"], &[&[&[0, 1]]]);
    let error = Compiled::new(nothing, byte_vocabulary(&[]), Limits::default()).err();
    assert!(matches!(error, Some(Error::Unsatisfiable(_))));
}

#[test]
fn a_mask_agrees_with_accept_token() {
    // S -> ( S ) S | ""
    let grammar = form(&["(", ")"], &[&[&[0, 2, 1, 2], &[]]]);
    let extra: [&[u8]; 6] = [b"()", b"))", b"(((", b")(", b"())", b"(x"];
    let vocabulary = byte_vocabulary(&extra);
    let compiled = Arc::new(Compiled::new(grammar, vocabulary.clone(), Limits::default()).unwrap());
    for prefix in ["", "(", "()", "(()", "((", "(())"] {
        let mut at = compiled.matcher().unwrap();
        assert!(at.accept_bytes(prefix.as_bytes()).unwrap());
        let mut words = vec![0; vocabulary.words()];
        at.fill_mask(&mut words).unwrap();
        for id in 0..vocabulary.vocab_size as u32 {
            let allowed = words[id as usize / 32] >> (id % 32) & 1 == 1;
            assert_eq!(
                at.clone().accept_token(id).unwrap(),
                allowed,
                "{prefix:?} then token {id}"
            );
        }
        let rest = at.shortest_completion().unwrap();
        assert!(at.accept_bytes(&rest).unwrap() && at.current().accepting);
    }
}

#[test]
fn counted_repetition_of_symbols() {
    for (minimum, maximum) in [
        (0, Some(0)),
        (0, Some(3)),
        (2, Some(5)),
        (9, Some(30)),
        (0, Some(100)),
        (3, None),
        (20, None),
    ] {
        let mut grammar = form(&["a", ","], &[]);
        grammar.symbols.push(SymbolForm::Repeat {
            name: "list".into(),
            symbol: 0,
            minimum,
            maximum,
            separator: Some(1),
        });
        for count in 0..120u32 {
            let text = vec!["a"; count as usize].join(",");
            let expected = count >= minimum && maximum.is_none_or(|most| count <= most);
            assert_eq!(accepts(&grammar, &text), expected, "{minimum}..{maximum:?}: {count}");
        }
    }
}

#[test]
fn a_bound_of_a_million_is_small() {
    let mut grammar = form(&["a"], &[]);
    grammar.symbols.push(SymbolForm::Repeat {
        name: "list".into(),
        symbol: 0,
        minimum: 2,
        maximum: Some(1_000_000),
        separator: None,
    });
    let mut list = matcher(grammar);
    assert!(list.accept_bytes(&b"a".repeat(5_000)).unwrap());
    assert!(list.current().accepting);
}

#[test]
fn right_recursion_is_linear() {
    let right = form(&["a"], &[&[&[0, 1], &[0]]]);
    let limits = Limits {
        max_items: 50,
        ..Limits::default()
    };
    let compiled = Arc::new(Compiled::new(right, byte_vocabulary(&[]), limits).unwrap());
    assert!(compiled.matcher().unwrap().accept_bytes(&b"a".repeat(20_000)).unwrap());
}

#[test]
fn rollback_and_stop() {
    let grammar = form(&["ab"], &[&[&[0]]]);
    let mut at = matcher(grammar);
    assert!(!at.accept_token(EOS).unwrap());
    assert!(at.accept_token(u32::from(b'a')).unwrap());
    assert!(!at.accept_token(u32::from(b'a')).unwrap());
    assert!(at.accept_token(u32::from(b'b')).unwrap());
    assert!(at.accept_token(EOS).unwrap() && at.current().terminated);
    let mut words = vec![u32::MAX; 9];
    at.fill_mask(&mut words).unwrap();
    assert_eq!(words, [0; 9]);
    assert!(at.rollback(2) && !at.rollback(2));
    assert_eq!(at.forced_bytes().unwrap(), b"b");
    assert_eq!(at.forced_tokens().unwrap(), [u32::from(b'b')]);
}
