//! Can a text with gaps be completed? Decided without a model, by a search through states of bytes: a gap takes any bytes, or
//! a number of tokens between two bounds; the text between gaps is bytes, however they are cut into tokens.
//!
//! The search is breadth first, so that what it finds is short. It ends when it is found, when all is looked through, or when
//! the budget of states runs out, which only a language with endlessly many states can bring about.

use rustc_hash::FxHashSet;

use super::states::{NOWHERE, State, States};
use crate::error::{Error, Result};
use crate::matcher::Compiled;
use crate::vocabulary::Vocabulary;

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    Text(Vec<u8>),
    /// So many tokens; without `most`, so many and then any bytes.
    Gap {
        least: usize,
        most: Option<usize>,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// What stands in each gap.
    Possible(Vec<Vec<u8>>),
    /// The part that can't be passed, the bytes of it that can (none of a gap), and the bytes that could come there.
    Blocked {
        part: usize,
        offset: usize,
        expected: Vec<u8>,
    },
}

/// A place in the parts: how many bytes of a text, or tokens of a gap, are behind.
type At = (usize, usize, State);

struct Step {
    at: At,
    before: usize,
    added: Box<[u8]>,
}

struct Search<'a> {
    parts: &'a [Part],
    vocabulary: &'a Vocabulary,
    states: States,
    known: FxHashSet<At>,
    steps: Vec<Step>,
}

/// Errors: `Limit` when more than `max_states` states were not enough.
pub fn decide(compiled: &Compiled, parts: &[Part], max_states: usize, distinct: bool) -> Result<Decision> {
    let limit = Error::Search {
        budget: "max_states",
        value: max_states,
    };
    let mut states = States::new(compiled.fresh_engine()?, max_states, limit);
    let start = states.start(distinct)?;
    let mut search = Search {
        parts,
        vocabulary: &compiled.vocabulary,
        states,
        known: FxHashSet::default(),
        steps: Vec::new(),
    };
    search.add((0, 0, start), 0, &[]);
    let mut done = 0;
    while done < search.steps.len() {
        let (part, _, state) = search.steps[done].at;
        if part == parts.len() && search.states.accepting(state) {
            return Ok(Decision::Possible(search.fillings(done)));
        }
        search.follow(done)?;
        done += 1;
    }
    search.blocked()
}

impl Search<'_> {
    /// What is behind a part is the place before the next.
    fn add(&mut self, (part, done, state): At, before: usize, added: &[u8]) {
        let behind = match self.parts.get(part) {
            Some(Part::Text(text)) => done == text.len(),
            _ => false,
        };
        let at = if behind {
            (part + 1, 0, state)
        } else {
            (part, done, state)
        };
        if behind && matches!(self.parts.get(part + 1), Some(Part::Text(text)) if text.is_empty()) {
            return self.add(at, before, added);
        }
        if state != NOWHERE && self.known.insert(at) {
            self.steps.push(Step {
                at,
                before,
                added: added.into(),
            });
        }
    }

    fn follow(&mut self, index: usize) -> Result<()> {
        let (part, done, state) = self.steps[index].at;
        match self.parts.get(part) {
            None => {}
            Some(Part::Text(text)) => {
                let byte = text[done];
                let to = self.states.step(state, byte)?;
                self.add((part, done + 1, to), index, &[]);
            }
            Some(&Part::Gap { least, most }) => {
                if done >= least {
                    self.add_behind(part, state, index);
                }
                if most.is_none() && done >= least {
                    for byte in 0..=255u8 {
                        let to = self.states.step(state, byte)?;
                        self.add((part, done, to), index, &[byte]);
                    }
                } else if most.is_none_or(|most| done < most) {
                    self.add_tokens(part, done + 1, state, index)?;
                }
            }
        }
        Ok(())
    }

    fn add_behind(&mut self, part: usize, state: State, index: usize) {
        let next = (part + 1, 0, state);
        match self.parts.get(part + 1) {
            Some(Part::Text(text)) if text.is_empty() => self.add_behind(part + 1, state, index),
            _ => self.add(next, index, &[]),
        }
    }

    /// All states that one more token leads to.
    fn add_tokens(&mut self, part: usize, done: usize, from: State, index: usize) -> Result<()> {
        let trie = &self.vocabulary.trie;
        let mut stack = vec![from; trie.max_depth() + 1];
        let mut path: Vec<u8> = Vec::new();
        let mut at = 0;
        while at < trie.len() {
            let node = trie.node(at);
            let depth = usize::from(node.depth);
            let next = self.states.step(stack[depth], node.byte)?;
            if next == NOWHERE {
                at = node.end as usize;
                continue;
            }
            path.truncate(depth);
            path.push(node.byte);
            if !trie.range_at(at).is_empty() {
                self.add((part, done, next), index, &path);
            }
            stack[depth + 1] = next;
            at += 1;
        }
        Ok(())
    }

    /// What was put into each gap on the way to a step.
    fn fillings(&self, found: usize) -> Vec<Vec<u8>> {
        let gaps = self.parts.iter().filter(|part| matches!(part, Part::Gap { .. }));
        let mut fillings: Vec<Vec<&[u8]>> = vec![Vec::new(); gaps.count()];
        let gap_of = |part: usize| {
            let before = self.parts[..part].iter();
            before.filter(|part| matches!(part, Part::Gap { .. })).count()
        };
        let mut index = found;
        while index != 0 {
            let step = &self.steps[index];
            if !step.added.is_empty() {
                fillings[gap_of(step.at.0)].push(&step.added);
            }
            index = step.before;
        }
        let joined = fillings
            .into_iter()
            .map(|pieces| pieces.into_iter().rev().flatten().copied().collect());
        joined.collect()
    }

    /// Nothing was found: the furthest place, and what could come there.
    fn blocked(mut self) -> Result<Decision> {
        let order = |&(part, done, _): &At| match self.parts.get(part) {
            Some(Part::Text(_)) => (part, done),
            _ => (part, 0),
        };
        let furthest = self.steps.iter().map(|step| order(&step.at)).max().unwrap_or_default();
        let there: Vec<State> = self
            .steps
            .iter()
            .filter(|step| order(&step.at) == furthest)
            .map(|step| step.at.2)
            .collect();
        let mut expected = [false; 256];
        for state in there {
            for byte in 0..=255u8 {
                expected[usize::from(byte)] |= self.states.step(state, byte)? != NOWHERE;
            }
        }
        Ok(Decision::Blocked {
            part: furthest.0,
            offset: furthest.1,
            expected: (0..=255u8).filter(|&byte| expected[usize::from(byte)]).collect(),
        })
    }
}
