//! What all sequences of a grammar share: lexer and parser tables that grow as text reaches new states.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::error::Result;
use crate::form::GrammarForm;
use crate::grammar::{Grammar, build::build};
use crate::lexer::{DEAD, Lexer, LexerState, NO_MATCH};
use crate::limits::Limits;
use crate::mask::Masks;
use crate::parser::{NodeId, Parser, ROOT};
use crate::regex::derivative::Derivatives;

/// A lexeme in progress: the lexer's state and the node where the lexeme began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Thread {
    pub state: LexerState,
    pub node: NodeId,
}

pub type Threads = SmallVec<[Thread; 2]>;

/// Where a sequence stands: every way in which its text can be read so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configuration {
    pub threads: Threads,
    /// Is the text complete?
    pub accepting: bool,
    /// Was a stop token taken?
    pub terminated: bool,
}

pub struct Engine {
    pub grammar: Grammar,
    pub lexer: Lexer,
    pub parser: Parser,
    pub masks: Masks,
    pub max_mask_steps: usize,
    /// Least number of bytes that complete a production from a dot; made when first needed.
    pub(crate) shortest_rest: Option<Arc<crate::completion::ShortestRest>>,
}

impl Engine {
    pub fn new(form: &GrammarForm, limits: &Limits) -> Result<Self> {
        let mut derivatives = Derivatives::new(limits.max_expressions);
        let built = build(form, &mut derivatives)?;
        let mut lexer = Lexer::new(derivatives, built.lexemes, limits.max_lexer_states);
        let parser = Parser::new(&built.grammar, &mut lexer, limits)?;
        Ok(Engine {
            grammar: built.grammar,
            lexer,
            parser,
            masks: Masks::default(),
            max_mask_steps: limits.max_mask_steps,
            shortest_rest: None,
        })
    }

    pub fn start(&self) -> Configuration {
        let mut threads = Threads::new();
        self.begin_lexemes(ROOT, &mut threads);
        Configuration {
            threads,
            accepting: self.parser.node(ROOT).accepting,
            terminated: false,
        }
    }

    /// The configuration after a byte; None when no completion exists.
    pub fn step(&mut self, from: &Configuration, byte: u8) -> Result<Option<Configuration>> {
        let mut threads = Threads::new();
        let landed = self.step_threads(&from.threads, byte, &mut threads, &mut Vec::new())?;
        if threads.is_empty() && landed.is_none() {
            return Ok(None);
        }
        Ok(Some(Configuration {
            threads,
            accepting: landed.is_some_and(|node| self.parser.node(node).accepting),
            terminated: false,
        }))
    }

    /// Moves every thread by a byte. Lexemes that match are also ended here, all into one node, which is returned;
    /// what may follow it begins as a thread of its own. Adds the parser nodes that were read to `reads`.
    #[inline]
    pub fn step_threads(
        &mut self,
        from: &[Thread],
        byte: u8,
        to: &mut Threads,
        reads: &mut Vec<NodeId>,
    ) -> Result<Option<NodeId>> {
        let mut landed: Option<NodeId> = None;
        for thread in from {
            let state = self.lexer.step(thread.state, byte)?;
            if state == DEAD {
                continue;
            }
            if self.lexer.goes_on(state) {
                let moved = Thread {
                    state,
                    node: thread.node,
                };
                if !to.contains(&moved) {
                    to.push(moved);
                }
            }
            let set = self.lexer.matches(state);
            if set != NO_MATCH {
                let node = self
                    .parser
                    .advance(thread.node, set, &self.grammar, &mut self.lexer, reads)?;
                landed = Some(match landed {
                    None => node,
                    Some(other) => self.parser.merge(other, node, &self.grammar, &mut self.lexer)?,
                });
            }
        }
        if let Some(node) = landed {
            self.begin_lexemes(node, to);
        }
        Ok(landed)
    }

    fn begin_lexemes(&self, node: NodeId, to: &mut Threads) {
        let state = self.parser.lexer_start(node);
        let begun = Thread { state, node };
        if state != DEAD && !to.contains(&begun) {
            to.push(begun);
        }
    }

    /// The bytes that may come next, ascending.
    pub fn next_bytes(&mut self, from: &Configuration) -> Result<Vec<u8>> {
        let mut possible = [false; 256];
        for thread in &from.threads {
            for (flag, &state) in possible.iter_mut().zip(self.lexer.row(thread.state)?) {
                *flag |= state != DEAD;
            }
        }
        Ok((0..=255u8).filter(|&byte| possible[usize::from(byte)]).collect())
    }

    /// Rough size in bytes of the tables that grow.
    pub fn memory(&self) -> usize {
        self.lexer.states() * 1_200
            + self.lexer.derivatives.expressions.len() * 200
            + self.parser.nodes() * 400
            + self.masks.memory()
    }
}
