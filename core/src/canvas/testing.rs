//! Small grammars and vocabularies for the tests beside the code.

use std::sync::Arc;

use super::automaton::{Automaton, Options};
use super::states::States;
use crate::error::Error;
use crate::form::{ExpressionForm, GrammarForm, GuardForm, SymbolForm};
use crate::limits::Limits;
use crate::matcher::Compiled;
use crate::vocabulary::Vocabulary;

/// Tokens in their order; behind them, one that stops.
pub fn vocabulary(words: &[&[u8]]) -> Arc<Vocabulary> {
    let mut tokens: Vec<Option<Box<[u8]>>> = words.iter().map(|&word| Some(word.into())).collect();
    tokens.push(None);
    let stop = words.len() as u32;
    Arc::new(Vocabulary::new(tokens, &[stop], None).unwrap())
}

fn terminal(expression: usize) -> SymbolForm {
    SymbolForm::Terminal {
        name: format!("t{expression}"),
        expression,
        guard: GuardForm::Anywhere,
    }
}

fn compiled(expressions: Vec<ExpressionForm>, symbols: Vec<SymbolForm>, vocabulary: Arc<Vocabulary>) -> Arc<Compiled> {
    let form = GrammarForm {
        expressions,
        start: symbols.len() - 1,
        symbols,
        lexing: None,
    };
    Arc::new(Compiled::new(form, vocabulary, Limits::default()).unwrap())
}

/// `[` and then strings of some of a to d and é, apart by commas, and `]`.
pub fn matcher_of(low: u32, high: u32, vocabulary: Arc<Vocabulary>) -> Arc<Compiled> {
    let expressions = vec![
        ExpressionForm::Literal(b"\"".to_vec()),
        ExpressionForm::CharClass(vec![(0x61, 0x64), (0xE9, 0xE9)]),
        ExpressionForm::Repeat(1, low, (high != u32::MAX).then_some(high)),
        ExpressionForm::Concat(vec![0, 2, 0]),
        ExpressionForm::Literal(b",".to_vec()),
        ExpressionForm::Literal(b"]".to_vec()),
        ExpressionForm::Literal(b"[".to_vec()),
    ];
    let symbols = vec![
        terminal(3),
        terminal(4),
        terminal(5),
        terminal(6),
        SymbolForm::Repeat {
            name: "strings".into(),
            symbol: 0,
            minimum: 1,
            maximum: Some(3),
            separator: Some(1),
        },
        SymbolForm::Rule {
            name: "start".into(),
            alternatives: vec![vec![3, 4, 2]],
        },
    ];
    compiled(expressions, symbols, vocabulary)
}

/// `value: "a" | "(" value ")"`.
pub fn nested(vocabulary: Arc<Vocabulary>) -> Arc<Compiled> {
    let literal = |text: &[u8]| ExpressionForm::Literal(text.to_vec());
    let expressions = vec![literal(b"a"), literal(b"("), literal(b")")];
    let symbols = vec![
        terminal(0),
        terminal(1),
        terminal(2),
        SymbolForm::Rule {
            name: "value".into(),
            alternatives: vec![vec![0], vec![1, 3, 2]],
        },
    ];
    compiled(expressions, symbols, vocabulary)
}

pub fn states_of(compiled: &Compiled) -> States {
    let limit = Error::Canvas {
        budget: "max_states",
        value: 10_000,
        length: 0,
    };
    States::new(compiled.fresh_engine().unwrap(), 10_000, limit)
}

pub fn automaton_of(compiled: &Compiled, length: usize) -> Automaton {
    let options = Options {
        length,
        ..Options::default()
    };
    Automaton::new(compiled, &options).unwrap()
}
