//! What the end of a symbol completes among the rules that began at the same place.
//!
//! In a grammar of expressions, a name is a primary, and that a product, and that a sum, all from one place on. What so
//! follows depends on the prediction at that place alone, whatever node it is: it is found once and then copied.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::for_each_place;
use super::frames::Frames;
use super::predict::{PredictionId, Predictions};
use crate::error::Result;
use crate::grammar::{Dot, Grammar, Next};

/// The outcome of a symbol's end, among items that were predicted where it began.
#[derive(Debug, Default)]
pub struct Chain {
    /// Items that began there, moved on.
    pub items: Vec<(Next, Dot)>,
    /// The symbol, and the rules that are complete with it.
    pub symbols: Vec<Next>,
}

#[derive(Debug, Default)]
pub struct Chains(FxHashMap<(PredictionId, Next), Arc<Chain>>);

impl Chains {
    pub fn of(
        &mut self,
        id: PredictionId,
        symbol: Next,
        predictions: &Predictions,
        grammar: &Grammar,
        frames: &mut Frames,
    ) -> Result<Arc<Chain>> {
        if let Some(known) = self.0.get(&(id, symbol)) {
            return Ok(known.clone());
        }
        let prediction = predictions.get(id);
        let mut made = Chain {
            items: Vec::new(),
            symbols: vec![symbol],
        };
        let mut done = 0;
        while let Some(&symbol) = made.symbols.get(done) {
            done += 1;
            let mut dots: Vec<Dot> = prediction.waiting_for(symbol).iter().map(|&(_, dot)| dot + 1).collect();
            for &(frame, option) in grammar.options_of.get(&symbol).into_iter().flatten() {
                for &(_, dot) in prediction.waiting_for(Next::Member(frame)) {
                    dots.extend(frames.moved_over(dot, option, grammar));
                }
            }
            if let Next::Terminal(lexeme) = symbol {
                for &(frame, option, after) in grammar.after_key.get(&lexeme).into_iter().flatten() {
                    let mut waiting = prediction.waiting_for(Next::Member(frame)).iter();
                    if waiting.any(|&(_, dot)| frames.allows(dot, option, grammar)) {
                        dots.push(after);
                    }
                }
            }
            let Chain { items, symbols } = &mut made;
            for dot in dots {
                for_each_place(
                    grammar,
                    frames,
                    dot,
                    |next, dot| items.push((next, dot)),
                    |rule| {
                        let rule = Next::Rule(rule);
                        if !symbols.contains(&rule) {
                            symbols.push(rule);
                        }
                    },
                )?;
            }
        }
        made.items.sort_unstable();
        made.items.dedup();
        let made = Arc::new(made);
        self.0.insert((id, symbol), made.clone());
        Ok(made)
    }
}
