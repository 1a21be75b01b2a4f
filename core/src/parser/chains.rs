//! What the end of a symbol completes among the rules that began at the same place.
//!
//! In a grammar of expressions, a name is a primary, and that a product, and that a sum, all from one place on. What so
//! follows depends on the prediction at that place alone, whatever node it is: it is found once and then copied.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::frames::Frames;
use super::predict::{PredictionId, Predictions};
use super::{check_found, for_each_place};
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
    /// Of at most half as many items as the budget says. What was found again on the way is added to `repeated`.
    pub fn of(
        &mut self,
        (id, symbol): (PredictionId, Next),
        predictions: &Predictions,
        grammar: &Grammar,
        frames: &mut Frames,
        repeated: &mut usize,
        budget: usize,
    ) -> Result<Arc<Chain>> {
        if let Some(known) = self.0.get(&(id, symbol)) {
            return Ok(known.clone());
        }
        let prediction = predictions.get(id);
        let mut made = Chain {
            items: Vec::new(),
            symbols: vec![symbol],
        };
        let mut known = FxHashSet::from_iter([symbol]);
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
                        if known.insert(rule) {
                            symbols.push(rule);
                        } else {
                            *repeated += 1;
                        }
                    },
                )?;
                check_found(items, repeated, budget)?;
            }
        }
        let found = made.items.len() + made.symbols.len();
        made.items.sort_unstable();
        made.items.dedup();
        *repeated += found - made.items.len();
        let made = Arc::new(made);
        self.0.insert((id, symbol), made.clone());
        Ok(made)
    }
}
