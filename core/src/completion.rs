//! A short completion of a text: Dijkstra over the rules that are open, from the lexemes in progress to the start rule.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::engine::{Configuration, Engine};
use crate::error::{Error, Result};
use crate::grammar::{Dot, Grammar, Next, Rule};
use crate::lexer::Lexeme;
use crate::parser::NodeId;
use crate::regex::expression::ExpressionId;

/// A longer completion is refused.
const MAX_COMPLETION_BYTES: u64 = 1 << 24;

/// Per dot, the least number of bytes that complete its production; per rule, its shortest production.
#[derive(Debug)]
pub struct ShortestRest {
    rest: Vec<u64>,
    production: Vec<Option<Dot>>,
}

/// How a finished rule was come to: the lexeme that starts the completion, or another finished rule; then the dot
/// from which a production was completed.
#[derive(Clone, Copy)]
enum From {
    Lexeme(ExpressionId, Dot),
    Rule(Finished, Dot),
}

type Finished = (Rule, NodeId);
type Best = FxHashMap<Finished, (u64, From)>;

/// Notes a way to finish a rule, if it is the shortest so far.
fn offer(best: &mut Best, queue: &mut BinaryHeap<Reverse<(u64, Finished)>>, key: Finished, cost: u64, from: From) {
    let slot = best.entry(key).or_insert((u64::MAX, from));
    if cost < slot.0 {
        *slot = (cost, from);
        queue.push(Reverse((cost, key)));
    }
}

impl Engine {
    /// Bytes that complete the text: none shorter exists. Empty when the text is complete.
    pub fn shortest_completion(&mut self, at: &Configuration) -> Result<Vec<u8>> {
        if at.accepting {
            return Ok(Vec::new());
        }
        let shortest = self.shortest_rest()?;
        let mut best = Best::default();
        let mut queue = BinaryHeap::new();
        for thread in &at.threads {
            for (lexeme, expression) in self.lexer.left(thread.lexer)? {
                let length = self.lexer.derivatives.shortest_length(expression)?;
                for (dot, origin) in self.parser.moved_over(thread.node, Next::Terminal(lexeme)) {
                    let (rule, rest) = self.rest_of(&shortest, dot);
                    let cost = length.saturating_add(rest);
                    offer(
                        &mut best,
                        &mut queue,
                        (rule, origin),
                        cost,
                        From::Lexeme(expression, dot),
                    );
                }
            }
        }
        while let Some(Reverse((cost, key))) = queue.pop() {
            if key.0 == self.grammar.start_rule {
                return self.write_completion(&shortest, &best, key);
            }
            if best.get(&key).is_none_or(|slot| slot.0 < cost) {
                continue;
            }
            for (dot, origin) in self.parser.moved_over(key.1, Next::Rule(key.0)) {
                let (rule, rest) = self.rest_of(&shortest, dot);
                let total = cost.saturating_add(rest);
                offer(&mut best, &mut queue, (rule, origin), total, From::Rule(key, dot));
            }
        }
        Err(Error::Malformed("the text has no completion".into()))
    }

    /// The rule of the production a dot stands in, and the least number of bytes that complete it.
    fn rest_of(&self, shortest: &ShortestRest, dot: Dot) -> (Rule, u64) {
        let mut end = dot;
        loop {
            match self.grammar.next(end) {
                Next::End(rule) => return (rule, shortest.rest[dot as usize]),
                _ => end += 1,
            }
        }
    }

    fn write_completion(&mut self, shortest: &ShortestRest, best: &Best, goal: Finished) -> Result<Vec<u8>> {
        let length = best[&goal].0;
        if length > MAX_COMPLETION_BYTES {
            return Err(Error::TooLarge {
                what: "the bytes of the shortest completion",
                value: MAX_COMPLETION_BYTES as usize,
            });
        }
        let mut dots = Vec::new();
        let mut key = goal;
        let lexeme = loop {
            match best[&key].1 {
                From::Lexeme(expression, dot) => {
                    dots.push(dot);
                    break expression;
                }
                From::Rule(previous, dot) => {
                    dots.push(dot);
                    key = previous;
                }
            }
        };
        let mut text = self.shortest_text(lexeme)?;
        for dot in dots.into_iter().rev() {
            self.write_rest(shortest, dot, &mut text)?;
        }
        Ok(text)
    }

    /// Appends a shortest completion of the production from the dot.
    fn write_rest(&mut self, shortest: &ShortestRest, dot: Dot, text: &mut Vec<u8>) -> Result<()> {
        let mut stack = vec![dot];
        while let Some(dot) = stack.pop() {
            match self.grammar.next(dot) {
                Next::End(_) => {}
                Next::Terminal(lexeme) => {
                    stack.push(dot + 1);
                    if !self.grammar.nullable_lexemes[lexeme as usize] {
                        let expression = self.lexer.expression(lexeme);
                        text.extend(self.shortest_text(expression)?);
                    }
                }
                Next::Rule(rule) => {
                    stack.push(dot + 1);
                    stack.extend(shortest.production[rule as usize]);
                }
            }
        }
        Ok(())
    }

    fn shortest_text(&mut self, expression: ExpressionId) -> Result<Vec<u8>> {
        self.lexer
            .derivatives
            .shortest_string(expression)?
            .ok_or_else(|| Error::Malformed("a lexeme in progress is empty".into()))
    }

    fn shortest_rest(&mut self) -> Result<Arc<ShortestRest>> {
        if let Some(known) = &self.shortest_rest {
            return Ok(known.clone());
        }
        let lengths = (0..self.grammar.nullable_lexemes.len())
            .map(|lexeme| {
                let expression = self.lexer.expression(lexeme as Lexeme);
                self.lexer.derivatives.shortest_length(expression)
            })
            .collect::<Result<Vec<u64>>>()?;
        let made = Arc::new(ShortestRest::new(&self.grammar, &lengths));
        self.shortest_rest = Some(made.clone());
        Ok(made)
    }
}

impl ShortestRest {
    /// Knuth's generalisation of Dijkstra's algorithm (1977): rules are settled in the order of their shortest yield,
    /// so the chosen productions never go in a circle.
    fn new(grammar: &Grammar, lexeme_lengths: &[u64]) -> Self {
        let rules = grammar.rules();
        let mut yields = vec![u64::MAX; rules];
        let mut production: Vec<Option<Dot>> = vec![None; rules];
        // per production: rules not settled yet, and the bytes known so far
        let mut open: FxHashMap<Dot, (usize, u64)> = FxHashMap::default();
        let mut used_in: Vec<Vec<(Rule, Dot)>> = vec![Vec::new(); rules];
        let mut queue = BinaryHeap::new();
        for (rule, dots) in grammar.productions.iter().enumerate() {
            for &first in dots {
                let (mut waiting, mut length) = (0, 0u64);
                for dot in first.. {
                    match grammar.next(dot) {
                        Next::End(_) => break,
                        Next::Terminal(lexeme) => {
                            length = length.saturating_add(lexeme_lengths[lexeme as usize]);
                        }
                        Next::Rule(other) => {
                            waiting += 1;
                            used_in[other as usize].push((rule as Rule, first));
                        }
                    }
                }
                if waiting == 0 {
                    queue.push(Reverse((length, rule as Rule, first)));
                } else {
                    open.insert(first, (waiting, length));
                }
            }
        }
        while let Some(Reverse((length, rule, first))) = queue.pop() {
            if production[rule as usize].is_some() {
                continue;
            }
            production[rule as usize] = Some(first);
            yields[rule as usize] = length;
            for &(user, first) in &used_in[rule as usize] {
                if let Some(slot) = open.get_mut(&first) {
                    slot.0 -= 1;
                    slot.1 = slot.1.saturating_add(length);
                    if slot.0 == 0 {
                        queue.push(Reverse((slot.1, user, first)));
                    }
                }
            }
        }
        let mut rest = vec![0u64; grammar.next.len()];
        for dot in (0..grammar.next.len()).rev() {
            rest[dot] = match grammar.next[dot] {
                Next::End(_) => 0,
                Next::Terminal(lexeme) => rest[dot + 1].saturating_add(lexeme_lengths[lexeme as usize]),
                Next::Rule(rule) => rest[dot + 1].saturating_add(yields[rule as usize]),
            };
        }
        ShortestRest { rest, production }
    }
}
