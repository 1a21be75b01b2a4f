//! States of frames, as dots that are made when text reaches them.
//!
//! A state is a frame and its register. It has two dots, as a rule's separator has one before and one after it: at
//! the first a member has just ended, at the next one a member may begin.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::error::{Error, Result};
use crate::grammar::demands::Demands;
use crate::grammar::frame::{Ending, Frame, FrameId, OptionId, Register};
use crate::grammar::{Dot, Grammar, Next, Rule};
use crate::lump::Detail;
use crate::regex::expression::{ExpressionId, Expressions};
use crate::regex::keys::Key;

#[derive(Debug)]
struct State {
    frame: FrameId,
    register: Register,
    /// A state that no token tells from this one.
    alike: Dot,
    /// A state from which one member leads here.
    came_from: Option<Dot>,
    /// The keys that may come next, once they were asked for.
    keys: Option<ExpressionId>,
    /// What may come next at each of the two dots, once it was asked for.
    expansions: [Option<Arc<Expansion>>; 2],
}

/// What may come next at a dot, steps over empty symbols included.
#[derive(Debug, Default)]
pub struct Expansion {
    /// Symbols, each with the dot before it.
    pub items: Vec<(Next, Dot)>,
    /// May the frame end here?
    pub ends: bool,
}

#[derive(Debug)]
pub struct Frames {
    /// Dots from here on are of states.
    first: Dot,
    /// Bytes of the longest token.
    longest_token: u32,
    /// One dot may expand to this many.
    max_items: usize,
    states: Vec<State>,
    ids: FxHashMap<(FrameId, Register), Dot>,
    /// The dot after a member, where the option may come.
    moves: FxHashMap<(Dot, OptionId), Option<Dot>>,
}

impl Frames {
    pub fn new(grammar: &Grammar, longest_token: u32, max_items: usize) -> Self {
        Frames {
            first: grammar.next.len() as Dot,
            longest_token,
            max_items,
            states: Vec::new(),
            ids: FxHashMap::default(),
            moves: FxHashMap::default(),
        }
    }

    /// Is it the dot of a state?
    #[inline]
    pub fn owns(&self, dot: Dot) -> bool {
        dot >= self.first
    }

    fn state(&self, dot: Dot) -> &State {
        &self.states[(dot - self.first) as usize / 2]
    }

    fn frame<'g>(&self, dot: Dot, grammar: &'g Grammar) -> &'g Frame {
        &grammar.frames[self.state(dot).frame as usize]
    }

    fn before_a_member(&self, dot: Dot) -> bool {
        (dot - self.first) % 2 == 1
    }

    fn intern(&mut self, id: FrameId, register: Register, came_from: Option<Dot>, grammar: &Grammar) -> Dot {
        if let Some(&known) = self.ids.get(&(id, register.clone())) {
            return known;
        }
        let clamped = grammar.frames[id as usize].clamped(&register, self.longest_token);
        let alike = clamped.map(|register| self.intern(id, register, None, grammar));
        let dot = self.first + 2 * self.states.len() as Dot;
        self.ids.insert((id, register.clone()), dot);
        self.states.push(State {
            frame: id,
            register,
            alike: alike.unwrap_or(dot),
            came_from,
            keys: None,
            expansions: [None, None],
        });
        dot
    }

    /// A dot of which no token tells this one: counts that are far from their bounds are all alike.
    pub fn alike(&self, dot: Dot) -> Dot {
        if !self.owns(dot) {
            return dot;
        }
        self.state(dot).alike + Dot::from(self.before_a_member(dot))
    }

    /// Adds what a dot stands for whatever the states' numbers are.
    pub fn describe(&self, dot: Dot, content: &mut Vec<u32>) {
        if !self.owns(dot) {
            content.push(dot);
            return;
        }
        let State { frame, register, .. } = self.state(dot);
        content.extend([self.first + Dot::from(self.before_a_member(dot)), *frame]);
        content.extend(register.as_numbers());
    }

    /// As `describe`, with what has been read of a frame told roughly.
    pub fn rough(&self, dot: Dot, detail: Detail, grammar: &Grammar, content: &mut Vec<u32>) {
        if !self.owns(dot) {
            content.push(dot);
            return;
        }
        let State { frame, register, .. } = self.state(dot);
        content.extend([self.first + Dot::from(self.before_a_member(dot)), *frame]);
        content.extend(self.frame(dot, grammar).rough(register, detail));
    }

    /// The dot at which the frame begins: before its first member.
    pub fn start(&mut self, frame: FrameId, grammar: &Grammar) -> Dot {
        self.intern(frame, Register::default(), None, grammar) + 1
    }

    pub fn expand(&mut self, dot: Dot, grammar: &Grammar) -> Result<Arc<Expansion>> {
        let phase = usize::from(self.before_a_member(dot));
        if let Some(known) = &self.state(dot).expansions[phase] {
            return Ok(known.clone());
        }
        let made = Arc::new(self.make_expansion(dot, grammar)?);
        self.states[(dot - self.first) as usize / 2].expansions[phase] = Some(made.clone());
        Ok(made)
    }

    fn make_expansion(&mut self, dot: Dot, grammar: &Grammar) -> Result<Expansion> {
        let mut made = Expansion::default();
        let mut seen = FxHashSet::from_iter([dot]);
        let mut pending = vec![dot];
        while let Some(at) = pending.pop() {
            let frame = self.frame(at, grammar);
            // past the first step, only what is required is worth an empty member, and what comes after it
            let all = at == dot || !frame.padded;
            let mut reached = Vec::new();
            if self.before_a_member(at) {
                made.items.push((Next::Member(self.state(at).frame), at));
                for &option in &frame.skippable {
                    if all || frame.lacks(&self.state(at).register, option) {
                        reached.extend(self.moved_over(at, option, grammar));
                    }
                }
            } else {
                let register = &self.state(at).register;
                made.ends |= frame.done(register);
                if frame.goes_on(register) {
                    made.items.extend(frame.separator.map(|separator| (separator, at)));
                    let worth = all || frame.needed(register) > 0 || frame.made_way(register);
                    reached.extend((frame.separator_skippable && worth).then_some(at + 1));
                }
            }
            pending.extend(reached.into_iter().filter(|&dot| seen.insert(dot)));
            if self.frame(dot, grammar).is_exhausted() {
                return Err(Demands::exhausted());
            }
            if seen.len() > self.max_items {
                return Err(Error::Limit {
                    budget: "max_items",
                    value: self.max_items,
                });
            }
        }
        Ok(made)
    }

    /// The rule that a frame is.
    pub fn rule(&self, dot: Dot, grammar: &Grammar) -> Rule {
        self.frame(dot, grammar).rule
    }

    /// The rule that is complete at a dot, if nothing else is possible there.
    pub fn only_ends(&self, dot: Dot, grammar: &Grammar) -> Option<Next> {
        let (frame, register) = (self.frame(dot, grammar), &self.state(dot).register);
        let ends = !self.before_a_member(dot) && frame.done(register) && !frame.goes_on(register);
        ends.then_some(Next::End(frame.rule))
    }

    /// At the dot of a state: the end of the frame at the least cost. None at other dots.
    pub fn cheapest_end(&self, dot: Dot, grammar: &Grammar, cost: impl Fn(Next) -> u64) -> Option<Ending> {
        if !self.owns(dot) {
            return None;
        }
        let (frame, register) = (self.frame(dot, grammar), &self.state(dot).register);
        Some(frame.cheapest_end_from(register, self.before_a_member(dot), cost))
    }

    /// The dot after a member, if it may come at a dot.
    pub fn moved_over(&mut self, dot: Dot, option: OptionId, grammar: &Grammar) -> Option<Dot> {
        if let Some(&known) = self.moves.get(&(dot, option)) {
            return known;
        }
        let State {
            frame: id, register, ..
        } = self.state(dot);
        let (id, frame) = (*id, &grammar.frames[*id as usize]);
        let register = frame.allows(register, option).then(|| frame.after(register, option));
        let after = register.map(|register| self.intern(id, register, Some(dot), grammar));
        self.moves.insert((dot, option), after);
        after
    }

    /// May the option be the member at a dot?
    pub fn allows(&self, dot: Dot, option: OptionId, grammar: &Grammar) -> bool {
        self.frame(dot, grammar).allows(&self.state(dot).register, option)
    }

    /// The members that may begin at a dot: symbols, and keys as one expression.
    pub fn predict(
        &mut self,
        dot: Dot,
        grammar: &Grammar,
        expressions: &mut Expressions,
    ) -> Result<(Vec<Next>, ExpressionId)> {
        let mut symbols = Vec::new();
        let frame = self.frame(dot, grammar);
        let mut possible = frame.possible(&self.state(dot).register);
        possible.retain(|&option| {
            let keyed = frame.keys[option as usize].is_some();
            if !keyed {
                symbols.push(frame.options[option as usize].symbol);
            }
            keyed
        });
        if let Some(known) = self.state(dot).keys {
            return Ok((symbols, known));
        }
        let keys = match self.fewer(dot, &possible, grammar, expressions)? {
            Some(keys) => keys,
            None => {
                let sorted = frame
                    .sorted_keys
                    .iter()
                    .filter(|option| possible.binary_search(option).is_ok());
                let keys: Vec<&Key> = sorted
                    .filter_map(|&option| frame.keys[option as usize].as_ref())
                    .collect();
                expressions.trie(&keys)?
            }
        };
        self.states[(dot - self.first) as usize / 2].keys = Some(keys);
        Ok((symbols, keys))
    }

    /// The keys of some options, as those that were possible before the last member without some, should that be less
    /// work than to begin anew.
    fn fewer(
        &self,
        dot: Dot,
        options: &[OptionId],
        grammar: &Grammar,
        expressions: &mut Expressions,
    ) -> Result<Option<ExpressionId>> {
        let Some(before) = self.state(dot).came_from.map(|before| self.state(before)) else {
            return Ok(None);
        };
        let Some(mut keys) = before.keys else {
            return Ok(None);
        };
        let frame = self.frame(dot, grammar);
        let mut gone = Vec::new();
        let mut kept = 0;
        for option in frame.possible(&before.register) {
            if options.get(kept) == Some(&option) {
                kept += 1;
            } else {
                gone.extend(&frame.keys[option as usize]);
            }
        }
        if kept < options.len() || gone.len() > options.len() {
            return Ok(None);
        }
        for key in gone {
            keys = expressions.without_key(keys, key)?;
        }
        Ok(Some(keys))
    }
}
