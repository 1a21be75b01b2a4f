//! What an item set predicts. It depends only on the symbols after the dots of its kernel, so it is computed once per
//! set of such symbols and shared by all nodes.

use rustc_hash::{FxHashMap, FxHashSet};

use super::frames::Frames;
use crate::error::Result;
use crate::grammar::{Dot, Grammar, Next, Rule};
use crate::lexer::{DEAD, Lexeme, Lexer, LexerState};
use crate::regex::expression::EMPTY;

pub type PredictionId = u32;

/// Items that begin at the node itself, and the lexemes that may come next.
#[derive(Debug)]
pub struct Prediction {
    /// Predicted items, sorted by the symbol after the dot; none is complete.
    pub items: Vec<(Next, Dot)>,
    /// The lexemes that may come next, sorted, but for keys.
    pub lexemes: Box<[Lexeme]>,
    /// The lexer state in which every possible lexeme may begin; `DEAD` when there is none. Where not every split counts,
    /// it is the node that tells.
    pub lexer_start: LexerState,
}

impl Prediction {
    /// Predicted items waiting for a symbol.
    pub fn waiting_for(&self, symbol: Next) -> &[(Next, Dot)] {
        let from = self.items.partition_point(|&(next, _)| next < symbol);
        let to = self.items.partition_point(|&(next, _)| next <= symbol);
        &self.items[from..to]
    }
}

/// A symbol after a dot; and of a member, the dot, since it depends on it what the member may be.
pub type Expected = (Next, Option<Dot>);

pub fn expected(symbol: Next, dot: Dot) -> Expected {
    (symbol, matches!(symbol, Next::Member(_)).then_some(dot))
}

#[derive(Default)]
pub struct Predictions {
    table: Vec<Prediction>,
    ids: FxHashMap<Box<[Expected]>, PredictionId>,
}

impl Predictions {
    pub fn get(&self, id: PredictionId) -> &Prediction {
        &self.table[id as usize]
    }

    /// The prediction after kernel items whose dots stand before `symbols` (sorted, distinct).
    pub fn of(
        &mut self,
        symbols: &[Expected],
        grammar: &Grammar,
        frames: &mut Frames,
        lexer: &mut Lexer,
    ) -> Result<PredictionId> {
        if let Some(&id) = self.ids.get(symbols) {
            return Ok(id);
        }
        let mut lexemes: Vec<Lexeme> = Vec::new();
        let mut seen: FxHashSet<Rule> = FxHashSet::default();
        let mut pending: Vec<Rule> = Vec::new();
        let mut items: Vec<(Next, Dot)> = Vec::new();
        let mut keys = EMPTY;
        let mut unvisited = symbols.to_vec();
        loop {
            while let Some((symbol, state)) = unvisited.pop() {
                match symbol {
                    Next::Terminal(lexeme) => lexemes.push(lexeme),
                    Next::Rule(rule) if seen.insert(rule) => pending.push(rule),
                    Next::Rule(_) | Next::Member(_) | Next::End(_) => {}
                }
                if let Some(dot) = state {
                    let expressions = &mut lexer.derivatives.expressions;
                    let (symbols, more) = frames.predict(dot, grammar, expressions)?;
                    unvisited.extend(symbols.into_iter().map(|symbol| (symbol, None)));
                    keys = expressions.union(&[keys, more])?;
                }
            }
            let Some(rule) = pending.pop() else {
                break;
            };
            if let Some(frame) = grammar.frame_of[rule as usize] {
                let start = frames.start(frame, grammar);
                let begun = &frames.expand(start, grammar)?.items;
                unvisited.extend(begun.iter().map(|&(symbol, dot)| expected(symbol, dot)));
                items.extend(begun);
            }
            for &first in &grammar.productions[rule as usize] {
                let mut dot = first;
                loop {
                    let symbol = grammar.next(dot);
                    if !matches!(symbol, Next::End(_)) {
                        items.push((symbol, dot));
                        unvisited.push((symbol, None));
                    }
                    if !grammar.skippable(symbol) {
                        break;
                    }
                    dot += 1;
                }
            }
        }
        items.sort_unstable();
        items.dedup();
        lexemes.sort_unstable();
        lexemes.dedup();
        let id = self.table.len() as PredictionId;
        self.table.push(Prediction {
            items,
            lexer_start: match grammar.lexing {
                None => lexer.start(&lexemes, keys)?,
                Some(_) => DEAD,
            },
            lexemes: lexemes.into(),
        });
        self.ids.insert(symbols.into(), id);
        Ok(id)
    }
}
