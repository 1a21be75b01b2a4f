//! The shortest way to the end where some terminals can't follow others, though the rules allow it: Dijkstra's algorithm
//! over what is open, as elsewhere, and the class of the last terminal (see `lexing::adjacent`).

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rustc_hash::FxHashMap;

use super::lexed::Way;
use crate::engine::{Configuration, Engine};
use crate::error::Result;
use crate::grammar::{Dot, Grammar, Next, Rule};
use crate::lexer::Lexeme;
use crate::lexing::adjacent::{Adjacency, Class};
use crate::lexing::layout::Change;
use crate::parser::{Moved, NodeId};
use crate::regex::expression::ExpressionId;

/// A finished rule, the node where it began, and the class of its last terminal.
type Finished = (Rule, NodeId, Class);

/// What finished a rule: another one or a lexeme in progress; then its production, from a dot, between two classes.
#[derive(Clone, Copy)]
struct Step {
    from: Option<Finished>,
    begun: usize,
    rest: (Dot, Class, Class),
}

struct Begun {
    length: u64,
    node: NodeId,
    lexeme: Lexeme,
    then: ExpressionId,
}

struct Search<'a> {
    adjacency: &'a Adjacency,
    best: FxHashMap<Finished, (u64, Step)>,
    queue: BinaryHeap<Reverse<(u64, Finished)>>,
}

impl Search<'_> {
    /// Productions that went on behind a text of some length and class.
    fn offer(&mut self, length: u64, class: Class, from: Option<Finished>, begun: usize, moved: Moved) {
        for (dot, origin) in moved {
            for (behind, rest) in self.adjacency.rests(dot, class) {
                let key = (self.adjacency.rule_of(dot), origin, behind);
                let length = length.saturating_add(rest);
                if self.best.get(&key).is_none_or(|&(known, _)| length < known) {
                    let rest = (dot, class, behind);
                    self.best.insert(key, (length, Step { from, begun, rest }));
                    self.queue.push(Reverse((length, key)));
                }
            }
        }
    }

    /// The lexeme that a way begins with, and its terminals.
    fn way(&self, goal: Finished, grammar: &Grammar) -> (usize, Vec<Lexeme>) {
        let mut steps = vec![self.best[&goal].1];
        while let Some(from) = steps[steps.len() - 1].from {
            steps.push(self.best[&from].1);
        }
        let mut terminals = Vec::new();
        for &Step { rest, .. } in steps.iter().rev() {
            let (dot, before, behind) = rest;
            terminals.extend(self.adjacency.terminals(grammar, dot, before, behind));
        }
        (steps[0].begun, terminals)
    }
}

impl Engine {
    /// The shortest way from lexemes in progress to the end; None where they all are ignored, or are line ends.
    pub(super) fn way_between(&mut self, at: &Configuration) -> Result<Option<Way>> {
        let mut begun = Vec::new();
        for thread in &at.threads {
            for (lexeme, then) in self.lexer.left(thread.lexer)? {
                if self.lexer.variants.get(lexeme).change == Change::None {
                    let length = self.lexer.derivatives.shortest_length(then)?;
                    let node = thread.node;
                    begun.push(Begun {
                        length,
                        node,
                        lexeme,
                        then,
                    });
                }
            }
        }
        let Engine {
            grammar, parser, lexer, ..
        } = self;
        let Some(adjacency) = grammar.lexing.as_ref().and_then(|lexing| lexing.adjacency.as_ref()) else {
            return Ok(None);
        };
        let mut search = Search {
            adjacency,
            best: FxHashMap::default(),
            queue: BinaryHeap::new(),
        };
        for (
            index,
            &Begun {
                length, node, lexeme, ..
            },
        ) in begun.iter().enumerate()
        {
            let base = lexer.base(lexeme);
            let node = parser.unblocked(node, base, grammar, lexer)?;
            let moved = parser.moved_over(node, Next::Terminal(base), grammar);
            search.offer(length, adjacency.class_of(base), None, index, moved);
        }
        while let Some(Reverse((length, key))) = search.queue.pop() {
            let (known, step) = search.best[&key];
            if known < length {
                continue;
            }
            let (rule, origin, class) = key;
            if rule == grammar.start_rule {
                let (index, terminals) = search.way(key, grammar);
                let Begun { node, lexeme, then, .. } = begun[index];
                return Ok(Some(Way {
                    length,
                    node,
                    lexeme,
                    then,
                    terminals,
                }));
            }
            let moved = parser.moved_over(origin, Next::Rule(rule), grammar);
            search.offer(length, class, Some(key), step.begun, moved);
        }
        Ok(None)
    }
}
