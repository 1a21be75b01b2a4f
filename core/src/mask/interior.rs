//! Interiors: walks through the trie with lexemes in progress, without the parser.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use rustc_hash::FxHashMap;

use super::filing::{Filed, Flat, Tokens};
use super::{Below, Walk};
use crate::bounds::Bounds;
use crate::bytes::{ByteSet, CHARACTERS, ClassSet, begins_character, class_of};
use crate::engine::Engine;
use crate::error::Result;
use crate::lexer::{CounterId, DEAD, LexerState, MatchSet, NO_COUNTER, NO_MATCH, Progress};
use crate::regex::expression::ExpressionId;
use crate::regex::needs::Need;
use crate::vocabulary::Vocabulary;
use crate::vocabulary::interior::{Edge, Exits, Interior, Levels, WalkName};
use crate::vocabulary::trie::Trie;

/// Only larger subtrees are worth to find out what is safe in a state.
const WORTH_A_LOOK: usize = 16;

/// Where the path to a trie node stands.
#[derive(Clone, Copy)]
pub(super) struct Place {
    state: LexerState,
    /// Lexemes that may end here.
    ended: MatchSet,
    /// Repetitions begun.
    level: u16,
    /// Characters begun.
    characters: u16,
    /// Has the path come past the repetitions?
    after: bool,
    /// What is still missing of them.
    need: Need,
}

impl Place {
    /// Before the first byte, where no end counts.
    pub(super) fn new(state: LexerState) -> Self {
        Place {
            state,
            ended: NO_MATCH,
            level: 0,
            characters: 0,
            after: false,
            need: Need::default(),
        }
    }

    /// Level of the tokens that end here: what is still missing must begin, too.
    fn reached(&self) -> u16 {
        self.level + self.need.least as u16
    }
}

/// What a walk counts.
#[derive(Clone, Copy)]
struct Counting {
    counter: CounterId,
    /// See `Lexer::counted_classes`.
    classes: ClassSet,
}

/// Ends of lexemes by what ends; see `Exits`.
#[derive(Default)]
pub(super) struct Ends {
    sets: FxHashMap<MatchSet, (Vec<Edge>, ByteSet)>,
    /// The state whose own bytes were added last.
    own: Option<LexerState>,
    /// The most repetitions that begin in a token, also in one that leads nowhere.
    highest: u16,
}

impl Ends {
    pub(super) fn leave(&mut self, set: MatchSet, edge: Edge) {
        self.sets.entry(set).or_default().0.push(edge);
    }

    pub(super) fn stay(&mut self, set: MatchSet, byte: u8) {
        self.sets.entry(set).or_default().1.insert(byte);
    }

    pub(super) fn stay_with(&mut self, set: MatchSet, bytes: &ByteSet) {
        self.sets.entry(set).or_default().1 |= *bytes;
    }

    /// `single` ends have no name of their own.
    pub(super) fn finish(self, single: bool, trie: &Trie) -> Vec<(MatchSet, Exits)> {
        let mut sets: Vec<_> = self.sets.into_iter().collect();
        sets.sort_unstable_by_key(|&(set, _)| set);
        sets.into_iter()
            .map(|(set, (edges, stay))| (if single { NO_MATCH } else { set }, Exits::new(edges, stay, trie)))
            .collect()
    }
}

impl Engine {
    /// The walk for lexemes in progress: a single one means the same in every grammar, and then the walk is shared.
    pub(super) fn walk(&mut self, below: Below, at: Progress, vocabulary: &Vocabulary) -> Result<Walk> {
        self.walk_with(below, at, true, vocabulary)
    }

    /// `walk` through the whole trie, whatever other walks are known.
    pub(super) fn walk_alone(&mut self, at: Progress, vocabulary: &Vocabulary) -> Result<Walk> {
        self.walk_with(None, at, false, vocabulary)
    }

    fn walk_with(&mut self, below: Below, at: Progress, compare: bool, vocabulary: &Vocabulary) -> Result<Walk> {
        if let Some(walk) = self.named_walk(below, at) {
            return Ok(walk);
        }
        let Some((lexeme, expression)) = self.lexer.only_lexeme(at.state) else {
            let interior = Arc::new(self.walk_trie(below, at, compare, vocabulary)?);
            return Ok(self.name_walk(below, at, interior, None));
        };
        let single = self.lexer.singleton(lexeme);
        if self.lexer.is_large(expression) {
            let interior = Arc::new(self.walk_trie(below, at, compare, vocabulary)?);
            return Ok(self.name_walk(below, at, interior, Some(single)));
        }
        let counter = match at.counter {
            NO_COUNTER => self.endless_counter(at.state, expression)?,
            counter => counter,
        };
        let mut form = Progress { counter, ..at };
        // levels aren't needed without bounds, but serve as well where they are known
        if at.counter == NO_COUNTER && counter != NO_COUNTER {
            if let Some(walk) = self.named_walk(below, form) {
                self.masks.walk_ids.insert((below, at.state, at.counter), walk.id);
                return Ok(walk);
            }
            let name = self.walk_name(below, form, expression);
            if self.masks.interiors(vocabulary).get(&name).is_none() {
                form = at;
            }
        }
        let name = self.walk_name(below, form, expression);
        let interior = match self.masks.interiors(vocabulary).get(&name) {
            Some(shared) => shared,
            None => {
                let made = Arc::new(self.walk_trie(below, form, compare, vocabulary)?);
                self.masks.interiors(vocabulary).keep(name, made.clone());
                made
            }
        };
        let walk = self.name_walk(below, form, interior, Some(single));
        self.masks.walk_ids.insert((below, at.state, at.counter), walk.id);
        Ok(walk)
    }

    fn named_walk(&self, below: Below, at: Progress) -> Option<Walk> {
        let &id = self.masks.walk_ids.get(&(below, at.state, at.counter))?;
        let interior = self.masks.walks[id as usize].0.clone();
        Some(Walk { id, interior })
    }

    fn name_walk(&mut self, below: Below, at: Progress, interior: Arc<Interior>, single: Option<MatchSet>) -> Walk {
        let id = self.masks.add_walk(interior.clone(), single);
        self.masks.walk_ids.insert((below, at.state, at.counter), id);
        Walk { id, interior }
    }

    fn walk_name(&mut self, below: Below, at: Progress, expression: ExpressionId) -> WalkName {
        let counter = (at.counter != NO_COUNTER).then(|| {
            let counter = self.lexer.counter(at.counter);
            let between = self.lexer.in_progress(counter.between)[0].1;
            [between, counter.part].map(|expression| self.lexer.digest(expression))
        });
        WalkName {
            lexeme: self.lexer.digest(expression),
            counter,
            below,
        }
    }

    /// The counter with which others have counted a repetition that has no bounds here.
    fn endless_counter(&mut self, state: LexerState, expression: ExpressionId) -> Result<CounterId> {
        match self.lexer.counted(expression)? {
            Some(counted) if counted.bounds == Bounds::NONE => self.lexer.counter_for(state, &counted, None),
            _ => Ok(NO_COUNTER),
        }
    }

    fn walk_trie(&mut self, below: Below, at: Progress, compare: bool, vocabulary: &Vocabulary) -> Result<Interior> {
        if below.is_none() {
            self.masks.counts.walks.fetch_add(1, Ordering::Relaxed);
        }
        let trie = &vocabulary.trie;
        let single = self.lexer.only_lexeme(at.state).is_some();
        let counter = at.counter;
        let literals = self
            .literals(at.state)
            .filter(|_| counter == NO_COUNTER && below.is_none());
        let other = compare && counter == NO_COUNTER && below.is_none() && literals.is_none();
        if other
            && self.looked_up(at.state)?.is_none()
            && let Some(interior) = self.walk_difference(at.state, single, vocabulary)?
        {
            return Ok(interior);
        }
        let mut ends = Ends::default();
        let words = vocabulary.words();
        let (counting, counted) = match counter {
            NO_COUNTER => {
                let mut mask = vec![0; words];
                match literals {
                    Some(literals) => self.walk_literals(literals, trie, &mut mask, &mut ends)?,
                    None => {
                        let flat = match self.looked_up(at.state)?.is_none() && self.keeps_most(below, at.state)? {
                            true => Flat::from_all(&mut mask, trie),
                            false => Flat::new(&mut mask),
                        };
                        self.walk_below(below, at.state, NO_COUNTER, trie, &mut Tokens::Flat(flat), &mut ends)?;
                    }
                }
                (Levels::flat(&mask), Levels::default())
            }
            counter => {
                let need = self.lexer.need(counter, at.state);
                let mut tokens = Tokens::Counted(match need.between && self.keeps_most(below, at.state)? {
                    true => Filed::from_all(words, need.least as u16, trie),
                    false => Filed::new(words),
                });
                self.walk_below(below, at.state, counter, trie, &mut tokens, &mut ends)?;
                match tokens {
                    Tokens::Counted(filed) => filed.finish(trie),
                    Tokens::Flat(_) => Default::default(),
                }
            }
        };
        let begun = u32::from(ends.highest);
        let exits = ends.finish(single, trie);
        let exit_levels = exits
            .iter()
            .flat_map(|(_, exits)| exits.edges.iter().map(|edge| u32::from(edge.level)));
        let highest = exit_levels
            .fold(begun, u32::max)
            .max(counting.highest())
            .max(counted.highest());
        Ok(Interior {
            highest,
            counting,
            counted,
            exits,
        })
    }

    /// Are most tokens likely to stay inside?
    fn keeps_most(&mut self, below: Below, state: LexerState) -> Result<bool> {
        let letters = class_of(b'a') | class_of(b'z');
        Ok(below.is_none() && letters & !self.lexer.own_classes(state)? == 0)
    }

    fn walk_below(
        &mut self,
        below: Below,
        state: LexerState,
        counter: CounterId,
        trie: &Trie,
        tokens: &mut Tokens,
        ends: &mut Ends,
    ) -> Result<()> {
        // what ends before the first byte is a thread of its own
        let start = Place {
            characters: below.map_or(0, |index| trie.characters_to(index as usize)),
            need: self.need(counter, state),
            ..Place::new(state)
        };
        self.walk_everything(below, start, counter, trie, tokens, ends)
    }

    /// The tokens below a trie node that a walk has come to.
    pub(super) fn walk_subtree(
        &mut self,
        index: usize,
        state: LexerState,
        trie: &Trie,
        words: &mut [u32],
        ends: &mut Ends,
    ) -> Result<()> {
        let start = Place {
            ended: self.lexer.matches(state),
            ..Place::new(state)
        };
        let mut tokens = Tokens::Flat(Flat::new(words));
        self.walk_everything(Some(index as u32), start, NO_COUNTER, trie, &mut tokens, ends)
    }

    fn need(&self, counter: CounterId, state: LexerState) -> Need {
        match counter {
            NO_COUNTER => Need::default(),
            _ => self.lexer.need(counter, state),
        }
    }

    /// Every token below a trie node against a place; where all bytes of a subtree lead back to a state, the subtree is
    /// taken as a whole.
    fn walk_everything(
        &mut self,
        below: Below,
        start: Place,
        counter: CounterId,
        trie: &Trie,
        tokens: &mut Tokens,
        ends: &mut Ends,
    ) -> Result<()> {
        if let Tokens::Flat(flat) = tokens
            && let Some(numeral) = self.numeral(start.state)?
        {
            // no letter follows a numeral, so there are no tokens to take back
            let words = flat.without(&[]);
            return self.walk_numeral(below, numeral, start.ended != NO_MATCH, trie, words, ends);
        }
        if let Tokens::Flat(flat) = tokens
            && let Some(looked_up) = self.looked_up(start.state)?
        {
            // no letter leads back to where it was, so there are no tokens to take back
            let words = flat.without(&[]);
            return self.walk_looked_up(below, looked_up, start.ended != NO_MATCH, trie, words, ends);
        }
        let classes = match counter {
            NO_COUNTER => 0,
            counter => self.lexer.counted_classes(counter)?,
        };
        let counting = Counting { counter, classes };
        let (mut at, end) = trie.span(below);
        let base = below.map_or(0, |index| usize::from(trie.node(index as usize).depth) + 1);
        // stack[d] is the place after d bytes of the path to the current node
        let mut stack = vec![start; trie.max_depth() + 1 - base];
        let mut visited = 0;
        while at < end {
            visited += 1;
            let node = *trie.node(at);
            let depth = usize::from(node.depth) - base;
            let from = stack[depth];
            let next = self.lexer.step(from.state, node.byte)?;
            if next == DEAD {
                if from.ended != NO_MATCH {
                    let edge = Edge {
                        node: at as u32,
                        level: from.level,
                    };
                    ends.leave(from.ended, edge);
                }
                tokens.leave_out(trie.tokens_below(at));
                at = node.end as usize;
                continue;
            }
            if from.ended != NO_MATCH {
                ends.stay(from.ended, node.byte);
            }
            if let Some(classes) = trie.from_character(at)
                && self.is_whole(&from, counting, classes, node.end as usize - at)?
            {
                self.take_whole(&from, at, trie, tokens, ends)?;
                at = node.end as usize;
                continue;
            }
            let mut place = Place {
                state: next,
                ended: self.lexer.matches(next),
                characters: from.characters + u16::from(begins_character(node.byte)),
                ..from
            };
            if counter != NO_COUNTER && !from.after {
                if from.need.between && !self.lexer.counter(counter).first.contains(node.byte) {
                    place.after = true;
                    place.need = Need::default();
                } else {
                    place.level += u16::from(from.need.between);
                    ends.highest = ends.highest.max(place.level);
                    if next != from.state {
                        place.need = self.lexer.need(counter, next);
                    }
                }
            }
            let nodes = node.end as usize - at;
            if nodes > 1 && self.is_whole(&place, counting, trie.below(at), nodes)? {
                self.take_whole(&place, at, trie, tokens, ends)?;
                at = node.end as usize;
                continue;
            }
            let ids = trie.tokens_at(at);
            match tokens {
                Tokens::Flat(flat) => flat.take(ids),
                Tokens::Counted(filed) if place.after => filed.after(place.level, ids),
                Tokens::Counted(filed) => filed.within(place.reached(), place.characters, ids),
            }
            // within a numeral a digit came before
            if node.byte.is_ascii_digit()
                && let Tokens::Flat(flat) = tokens
                && let Some(numeral) = self.numeral(next)?
            {
                // its own tokens, the first of those below, were taken
                let words = flat.without(&trie.tokens_below(at)[ids.len()..]);
                self.walk_numeral(Some(at as u32), numeral, place.ended != NO_MATCH, trie, words, ends)?;
                at = node.end as usize;
                continue;
            }
            stack[depth + 1] = place;
            at += 1;
        }
        self.spend(visited)
    }

    /// Can the tokens of so many nodes be taken as a whole, if their bytes are of the classes?
    #[inline]
    fn is_whole(&mut self, place: &Place, counting: Counting, classes: ClassSet, nodes: usize) -> Result<bool> {
        let counts = place.need.between;
        // a byte that leads back to the state may also begin what follows the repetitions
        if counts && classes & !counting.classes != 0 {
            return Ok(false);
        }
        if self.keeps(place.state, classes)? {
            return Ok(true);
        }
        let may_stay = counts || counting.counter == NO_COUNTER;
        Ok(may_stay && nodes > WORTH_A_LOOK && self.lexer.stays_inside(counting.counter, place.state, classes)?)
    }

    /// Takes all tokens below a trie node, whose bytes lead from the place's state back to it, or stay inside.
    fn take_whole(
        &mut self,
        place: &Place,
        index: usize,
        trie: &Trie,
        tokens: &mut Tokens,
        ends: &mut Ends,
    ) -> Result<()> {
        let set = self.lexer.matches(place.state);
        if set != NO_MATCH && ends.own.replace(place.state) != Some(place.state) {
            let row = self.lexer.reached(place.state)?;
            (0..=255u8)
                .filter(|&byte| row[usize::from(byte)] == place.state)
                .for_each(|byte| ends.stay(set, byte));
            if self.lexer.own_characters(place.state)? != 0 {
                (0x80..=0xFFu8).for_each(|byte| ends.stay(set, byte));
            }
        }
        let ids = trie.tokens_below(index);
        match tokens {
            Tokens::Flat(flat) => flat.take(ids),
            Tokens::Counted(filed) if place.after => filed.after(place.level, ids),
            Tokens::Counted(filed) if place.need.between => {
                filed.characters_below(place.reached(), place.characters, trie, index);
            }
            Tokens::Counted(filed) => filed.all_within(place.reached(), ids),
        }
        Ok(())
    }

    /// Do all bytes below the trie node lead from the state back to it?
    #[inline]
    pub(crate) fn keeps_all(&mut self, state: LexerState, trie: &Trie, at: usize) -> Result<bool> {
        self.keeps(state, trie.below(at))
    }

    /// Do all bytes of the classes lead from the state back to it?
    #[inline]
    fn keeps(&mut self, state: LexerState, classes: ClassSet) -> Result<bool> {
        let others = classes & !self.lexer.own_classes(state)?;
        Ok(others == 0 || (others & !CHARACTERS == 0 && others & !self.lexer.own_characters(state)? == 0))
    }
}
