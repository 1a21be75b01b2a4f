//! Places that texts lead to, and the tokens that lead from one to another.
//!
//! A place is a configuration of which only matters what may follow. Of repetitions with an upper bound, a place allows no
//! more than a token may have, and what completes the text after it has use for: so most counts are one place, and what
//! completes the text from there does so wherever else it stands for.
//!
//! The tokens of a place fall into groups that lead to the same place: few of them, since within free text all places are
//! alike. Bytes are read once from each place, so that a walk over tokens mostly looks up numbers; and where all that a
//! subtree of them holds is free text, the subtree is taken whole.

use std::ops::Range;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::Room;
use crate::bytes::{ClassSet, class_of};
use crate::engine::{Configuration, Engine, Threads};
use crate::error::Result;
use crate::lexer::NO_COUNTER;
use crate::vocabulary::Vocabulary;
use crate::vocabulary::trie::Trie;

/// Index of a place.
pub type Place = u32;

/// No text leads there.
const NOWHERE: Place = 0;
/// Not read yet.
const UNREAD: Place = Place::MAX;
/// Completions hardly have a use for more repetitions than these and those that must be: only a token that begins with
/// more of them, where any would do.
const REACH: u32 = 16;
/// What is kept may take this many bytes; then it is dropped, and made again as needed.
const KEPT_BYTES: usize = 64 << 20;

/// Bytes and characters that lead from a place back to it, or from a count to the next.
#[derive(Debug, Clone, Copy)]
struct FreeText {
    classes: ClassSet,
    /// After so many repetitions the text can still be completed: `u32::MAX` for any number.
    room: u32,
}

impl FreeText {
    /// Is all of it free text that begins with this node's byte?
    fn holds(self, index: usize, trie: &Trie) -> bool {
        let classes = if self.classes == 0 {
            None
        } else {
            trie.whole_characters(index)
        };
        classes.is_some_and(|classes| classes & !self.classes == 0)
    }
}

/// Tokens that lead from one place to another.
#[derive(Debug)]
pub struct Group {
    pub to: Place,
    /// Where they stand among the tokens of the trie.
    pub tokens: Box<[Range<u32>]>,
}

/// The groups of a place, and what it takes to find them, known or not: nodes of the trie that are visited.
#[derive(Debug, Clone)]
pub struct Groups {
    pub all: Arc<[Group]>,
    pub cost: usize,
}

#[derive(Debug, Default)]
pub struct Places {
    known: FxHashMap<(Threads, bool), Place>,
    configurations: Vec<Configuration>,
    steps: Vec<Option<Box<[Place; 256]>>>,
    /// By place, all groups, and those that a search goes on with.
    groups: Vec<[Option<Groups>; 2]>,
    /// See `place_within_reach`.
    within_reach: Vec<Place>,
    /// See `free_text`.
    free_text: Vec<Option<FreeText>>,
    after_free_text: FxHashMap<(Place, u32), Place>,
    /// Bytes of the longest token.
    longest: u32,
    /// So many repetitions are of use in what completes the text, and those that must be.
    reach: u32,
    /// What completes the text from a place, so far as is known.
    pub(super) needs: FxHashMap<Place, Need>,
    /// The most that is needed from anywhere, once that is known: see `most`.
    pub(super) most: Option<Option<usize>>,
    bytes: usize,
}

/// What completes the text from a place.
#[derive(Debug, Clone)]
pub(super) struct Need {
    /// A shortest completion; None where the vocabulary can't spell it.
    pub spelled: Option<Arc<[u32]>>,
    /// Its length.
    pub bytes: usize,
    /// Fewer tokens, perhaps of more bytes: the fewest.
    pub fewer: Option<Arc<[u32]>>,
    /// So many steps were not enough to find them.
    pub tried: usize,
    /// No fewer than so many complete the text.
    pub least: usize,
}

impl Need {
    /// The fewest tokens at hand.
    pub fn at_hand(&self) -> Option<&Arc<[u32]>> {
        self.fewer.as_ref().or(self.spelled.as_ref())
    }

    /// How many tokens are at hand.
    pub fn count(&self) -> usize {
        self.at_hand().map_or(usize::MAX, |tokens| tokens.len())
    }

    /// Is it known that there are no fewer than at hand?
    pub fn is_exact(&self) -> bool {
        self.at_hand().is_some() && self.least >= self.count()
    }

    /// Is there room for what is at hand?
    pub fn fits(&self, room: Room) -> bool {
        self.tokens(room).is_some_and(|tokens| tokens.len() <= room.tokens)
    }

    pub fn tokens(&self, room: Room) -> Option<&Arc<[u32]>> {
        match &self.fewer {
            Some(fewer) if !room.is_short_of_bytes() => Some(fewer),
            _ => self.spelled.as_ref(),
        }
    }
}

impl Places {
    /// The place of a configuration, without what it repeats.
    fn of(&mut self, at: Configuration) -> Place {
        if self.configurations.is_empty() {
            self.add(Configuration::ended());
        }
        let next = self.configurations.len() as Place;
        let place = *self.known.entry((at.threads.clone(), at.accepting)).or_insert(next);
        if place == next {
            self.add(at);
        }
        place
    }

    fn add(&mut self, at: Configuration) {
        // its row of steps, mostly
        self.bytes += 1_400 + 2 * size_of_val(at.threads.as_slice());
        self.configurations.push(at);
        self.steps.push(None);
        self.groups.push([None, None]);
        self.within_reach.push(UNREAD);
        self.free_text.push(None);
    }

    pub fn configuration(&self, place: Place) -> &Configuration {
        &self.configurations[place as usize]
    }

    fn forget_if_full(&mut self) {
        if self.bytes > KEPT_BYTES {
            *self = Places {
                most: self.most,
                longest: self.longest,
                reach: self.reach,
                ..Places::default()
            };
        }
    }
}

impl Engine {
    /// The place of a configuration to begin with: the others may be forgotten.
    pub fn first_place(&mut self, at: &Configuration, vocabulary: &Vocabulary) -> Place {
        let longest = vocabulary.trie.max_depth() as u32;
        self.places.longest = longest;
        self.places.reach = if self.is_one_terminal() {
            longest
        } else {
            longest.min(REACH)
        };
        self.places.forget_if_full();
        self.place_of_token(at)
    }

    /// The place of a configuration, with no more repetitions than are of use in a token and after it.
    fn place_of_token(&mut self, at: &Configuration) -> Place {
        self.place_with(at, self.places.longest + self.places.reach)
    }

    /// The place of a configuration, with no more repetitions than these and those that must be.
    fn place_with(&mut self, at: &Configuration, repetitions: u32) -> Place {
        let mut threads = at.threads.clone();
        for progress in threads.iter_mut().map(|thread| &mut thread.lexer) {
            let bounds = &mut progress.bounds;
            // a place must allow the same tokens as all that it stands for
            if bounds.max != u32::MAX && self.lexer.most_needed(progress.counter) <= self.places.reach {
                bounds.max = bounds.max.min(bounds.min + repetitions);
            }
        }
        // in whichever order they were come by
        threads.sort_unstable();
        self.places.of(Configuration {
            threads,
            accepting: at.accepting,
            terminated: false,
            tracker: None,
        })
    }

    /// The place with no more repetitions than are of use in what completes the text.
    fn place_within_reach(&mut self, place: Place) -> Place {
        let known = self.places.within_reach[place as usize];
        if known != UNREAD {
            return known;
        }
        let at = self.places.configuration(place).clone();
        let found = self.place_with(&at, self.places.reach);
        self.places.within_reach[place as usize] = found;
        found
    }

    /// The place after a byte.
    fn place_after(&mut self, place: Place, byte: u8) -> Result<Place> {
        let row = self.places.steps[place as usize].get_or_insert_with(|| Box::new([UNREAD; 256]));
        let known = row[usize::from(byte)];
        if known != UNREAD {
            return Ok(known);
        }
        let mut next = self.places.configuration(place).clone();
        let to = match self.move_by(&mut next, byte)? {
            true => self.place_of_token(&next),
            false => NOWHERE,
        };
        if let Some(row) = &mut self.places.steps[place as usize] {
            row[usize::from(byte)] = to;
        }
        Ok(to)
    }

    /// Tokens that begin with bytes, after which they go on as the text may: what can stand for a token of a prompt.
    pub fn tokens_from(&mut self, place: Place, beginning: &[u8], vocabulary: &Vocabulary) -> Result<Vec<u32>> {
        let trie = &vocabulary.trie;
        let mut root = None;
        for &byte in beginning {
            match trie.child(root, byte) {
                Some(child) => root = Some(child as u32),
                None => return Ok(Vec::new()),
            }
        }
        let Some(root) = root.map(|root| root as usize) else {
            return Ok(Vec::new());
        };
        let mut found = trie.tokens_at(root).to_vec();
        let mut path = vec![place; trie.max_depth() + 1];
        let mut index = root + 1;
        while index < trie.node(root).end as usize {
            let node = trie.node(index);
            let depth = usize::from(node.depth);
            let to = self.place_after(path[depth - 1], node.byte)?;
            if to == NOWHERE {
                index = node.end as usize;
                continue;
            }
            path[depth] = to;
            found.extend_from_slice(trie.tokens_at(index));
            index += 1;
        }
        Ok(found)
    }

    /// Text that goes on at a place as it likes.
    fn free_text(&mut self, place: Place) -> Result<FreeText> {
        if let Some(known) = self.places.free_text[place as usize] {
            return Ok(known);
        }
        let mut after = self.places.configuration(place).clone();
        let mut classes = if after.threads.is_empty() { 0 } else { ClassSet::MAX };
        let mut room = u32::MAX;
        for progress in after.threads.iter_mut().map(|thread| &mut thread.lexer) {
            classes &= self.lexer.own_classes(progress.state)? | self.lexer.own_characters(progress.state)?;
            if progress.counter != NO_COUNTER {
                classes &= match progress.bounds.min {
                    0 => self.lexer.counted_classes(progress.counter)?,
                    _ => 0,
                };
                let lacks = self.lexer.most_needed(progress.counter);
                room = room.min(progress.bounds.max.saturating_sub(lacks));
                progress.bounds.max = progress.bounds.max.saturating_sub(1);
            }
        }
        // all of them match the same, so that one tells whether something else begins after them
        let sample = (0..128u8).find(|&byte| class_of(byte) & classes != 0);
        match sample {
            Some(byte) if self.place_after(place, byte)? == self.places.of(after) => {}
            _ => classes = 0,
        }
        let found = FreeText { classes, room };
        self.places.free_text[place as usize] = Some(found);
        Ok(found)
    }

    /// Where free text of so many bytes leads: what completes the text there does so after any that is shorter.
    fn after_free_text(&mut self, place: Place, bytes: u32) -> Place {
        if let Some(&known) = self.places.after_free_text.get(&(place, bytes)) {
            return known;
        }
        let mut after = self.places.configuration(place).clone();
        for progress in after.threads.iter_mut().map(|thread| &mut thread.lexer) {
            if progress.counter != NO_COUNTER {
                progress.bounds.max -= bytes;
            }
        }
        let found = self.place_with(&after, self.places.reach);
        self.places.after_free_text.insert((place, bytes), found);
        found
    }

    /// The tokens that may come next, by the places that they lead to, in the order of their first tokens.
    pub fn groups(&mut self, place: Place, vocabulary: &Vocabulary) -> Result<Groups> {
        self.find_groups(place, false, vocabulary)
    }

    /// The same without tokens of free text at the place: whatever completes the text after them does so at the place.
    pub fn ways_on(&mut self, place: Place, vocabulary: &Vocabulary) -> Result<Groups> {
        self.find_groups(place, true, vocabulary)
    }

    fn find_groups(&mut self, place: Place, moves_on: bool, vocabulary: &Vocabulary) -> Result<Groups> {
        if let Some(known) = &self.places.groups[place as usize][usize::from(moves_on)] {
            return Ok(known.clone());
        }
        let trie = &vocabulary.trie;
        let mut found = Found::default();
        let own = self.free_text(place)?;
        // by length, the places on the way, their free text, and whether all was free text at the place
        let mut path = vec![(place, own, moves_on && own.classes != 0); trie.max_depth() + 1];
        let (mut index, mut cost) = (0, 1);
        while index < trie.len() {
            let node = trie.node(index);
            let depth = usize::from(node.depth);
            cost += 1;
            let (from, free, stays) = path[depth];
            if stays && own.holds(index, trie) {
                index = node.end as usize;
                continue;
            }
            let rest = self.places.longest - u32::from(node.depth);
            if free.room >= rest && free.holds(index, trie) {
                found.add(self.after_free_text(from, rest), trie.range_below(index));
                index = node.end as usize;
                continue;
            }
            let to = self.place_after(from, node.byte)?;
            if to == NOWHERE {
                index = node.end as usize;
                continue;
            }
            let stays = stays && node.byte < 128 && class_of(node.byte) & own.classes != 0;
            if !trie.is_leaf(index) {
                path[depth + 1] = (to, self.free_text(to)?, stays);
            }
            let tokens = trie.range_at(index);
            if !stays && !tokens.is_empty() {
                found.add(self.place_within_reach(to), tokens);
            }
            index += 1;
        }
        let all = found.groups.into_iter().map(|(to, tokens)| Group {
            to,
            tokens: tokens.into(),
        });
        let groups = Groups {
            all: all.collect(),
            cost,
        };
        let sizes = groups.all.iter().map(|group| 64 + size_of_val(&*group.tokens));
        self.places.bytes += sizes.sum::<usize>();
        self.places.groups[place as usize][usize::from(moves_on)] = Some(groups.clone());
        Ok(groups)
    }
}

/// Tokens that were found, by the places that they lead to.
#[derive(Default)]
struct Found {
    numbers: FxHashMap<Place, usize>,
    groups: Vec<(Place, Vec<Range<u32>>)>,
}

impl Found {
    fn add(&mut self, to: Place, tokens: Range<u32>) {
        if tokens.is_empty() {
            return;
        }
        let number = *self.numbers.entry(to).or_insert_with(|| {
            self.groups.push((to, Vec::new()));
            self.groups.len() - 1
        });
        let ranges = &mut self.groups[number].1;
        match ranges.last_mut() {
            Some(last) if last.end == tokens.start => last.end = tokens.end,
            _ => ranges.push(tokens),
        }
    }
}
