//! What an item set predicts. It depends only on the symbols after the dots of its kernel, so it is computed once per
//! set of such symbols and shared by all nodes.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::error::Result;
use crate::grammar::{Dot, Grammar, Next, Rule};
use crate::lexer::{Lexeme, Lexer, LexerState};

pub type PredictionId = u32;

/// Items that begin at the node itself, and the lexemes that may come next.
#[derive(Debug)]
pub struct Prediction {
    /// Predicted items, sorted by the symbol after the dot; none is complete.
    pub items: Vec<(Next, Dot)>,
    /// The lexer state in which every possible lexeme may begin; `DEAD` when there is none.
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

#[derive(Default)]
pub struct Predictions {
    table: Vec<Prediction>,
    ids: FxHashMap<Box<[Next]>, PredictionId>,
}

impl Predictions {
    pub fn get(&self, id: PredictionId) -> &Prediction {
        &self.table[id as usize]
    }

    /// The prediction after kernel items whose dots stand before `symbols` (sorted, distinct).
    pub fn of(&mut self, symbols: Vec<Next>, grammar: &Grammar, lexer: &mut Lexer) -> Result<PredictionId> {
        let symbols = symbols.into_boxed_slice();
        if let Some(&id) = self.ids.get(&symbols) {
            return Ok(id);
        }
        let mut lexemes: Vec<Lexeme> = Vec::new();
        let mut seen: FxHashSet<Rule> = FxHashSet::default();
        let mut pending: Vec<Rule> = Vec::new();
        let mut items: Vec<(Next, Dot)> = Vec::new();
        let mut visit = |symbol: Next, pending: &mut Vec<Rule>| match symbol {
            Next::Terminal(lexeme) => lexemes.push(lexeme),
            Next::Rule(rule) if seen.insert(rule) => pending.push(rule),
            Next::Rule(_) | Next::End(_) => {}
        };
        for &symbol in &symbols {
            visit(symbol, &mut pending);
        }
        while let Some(rule) = pending.pop() {
            for &first in &grammar.productions[rule as usize] {
                let mut dot = first;
                loop {
                    let symbol = grammar.next(dot);
                    if !matches!(symbol, Next::End(_)) {
                        items.push((symbol, dot));
                        visit(symbol, &mut pending);
                    }
                    if !grammar.skippable(dot) {
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
            lexer_start: lexer.start(&lexemes)?,
        });
        self.ids.insert(symbols, id);
        Ok(id)
    }
}
