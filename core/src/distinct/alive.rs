//! Is there a completion without a repetition?
//!
//! A search through the bytes that may come next, at the most promising place first: where the shortest completion,
//! repetitions or not, is shortest. It ends where nothing is at risk: mostly at once, since nearly every text has a
//! continuation that no earlier one has.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rustc_hash::{FxHashMap, FxHashSet};

use super::shelter::Essence;
use super::tracker::Tracker;
use crate::bytes::class_of;
use crate::engine::{Configuration, Engine, Threads};
use crate::error::Result;
use crate::lexer::{LexerState, NO_COUNTER};

/// One step of a search takes as long as so many of a mask.
const STEPS: usize = 64;

/// For so many places, the shortest completion is found; others are as promising as those before them.
const GUIDED: usize = 2_000;

/// Where a search ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Goal {
    /// Nothing is at risk.
    Safety,
    /// The text is complete.
    End,
}

/// A place that was reached.
struct Place {
    at: Configuration,
    essence: Essence,
    /// The place before it and the byte between them, but for the first one.
    before: Option<(usize, u8)>,
    /// How long a completion is, as far as is known, after the best of the bytes that are still to be tried.
    length: usize,
    /// The first byte of a shortest completion, if that is known.
    best: Option<u8>,
    /// The bytes that are still to be tried, the best last, and where they lead if that is known. None: all of them.
    left: Option<Vec<(u8, Option<Box<Configuration>>)>>,
}

/// What a search has seen.
struct Search {
    goal: Goal,
    /// Where one byte is enough, it is soon found among all; on a long way, that would take time at each place.
    looks_around: bool,
    places: Vec<Place>,
    /// Places by promise; of equal ones, the latest first.
    open: BinaryHeap<(Reverse<usize>, usize, usize)>,
    seen: FxHashSet<Essence>,
    /// How long shortest completions are, and their first bytes.
    shortest: FxHashMap<Threads, (usize, Option<u8>)>,
    entries: usize,
}

impl Search {
    fn is_over(&self, at: &Configuration) -> bool {
        match self.goal {
            Goal::Safety => !at.tracker.as_ref().is_some_and(|tracker| tracker.needs_care()),
            Goal::End => at.accepting,
        }
    }

    fn is_guided(&self) -> bool {
        !self.looks_around && self.shortest.len() < GUIDED
    }

    fn enter(&mut self, index: usize) {
        self.entries += 1;
        let entry = (Reverse(self.places[index].length), self.entries, index);
        self.open.push(entry);
    }

    /// The places from one to the first.
    fn way_to(&self, place: usize) -> impl Iterator<Item = &Place> {
        let before = |place: &&Place| place.before.map(|(index, _)| &self.places[index]);
        std::iter::successors(Some(&self.places[place]), before)
    }
}

impl Engine {
    pub(crate) fn is_alive(&mut self, at: &Configuration) -> Result<bool> {
        match &at.tracker {
            Some(tracker) if tracker.needs_care() && !tracker.has_room() => {
                if tracker.is_scarce() {
                    return self.is_scarce_alive(at);
                }
                let tracker = tracker.clone();
                Ok(self.goes_on_at_will(at, &tracker)?.is_some() || self.way_out(at)?.is_some())
            }
            _ => Ok(true),
        }
    }

    /// The configuration after a token's bytes; None when no completion exists.
    pub(crate) fn after_token(&mut self, from: &Configuration, bytes: &[u8]) -> Result<Option<Configuration>> {
        let mut at = from.clone();
        for &byte in bytes {
            if !self.move_by(&mut at, byte)? {
                return Ok(None);
            }
        }
        Ok(self.is_alive(&at)?.then_some(at))
    }

    /// Bytes after which nothing is at risk.
    pub(crate) fn way_out(&mut self, from: &Configuration) -> Result<Option<Vec<u8>>> {
        self.search(from, Goal::Safety)
    }

    /// Bytes that complete the text.
    pub(crate) fn way_to_end(&mut self, from: &Configuration) -> Result<Option<Vec<u8>>> {
        self.search(from, Goal::End)
    }

    /// Can letters follow in a text, or digits in a number, as often as one likes? Then it can be told from others. The
    /// state that they keep.
    pub(super) fn goes_on_at_will(&mut self, at: &Configuration, tracker: &Tracker) -> Result<Option<LexerState>> {
        let classes = match tracker.scalar() {
            _ if tracker.is_scarce() => return Ok(None),
            Some(scalar) if scalar.is_plain_text() => class_of(b'a') | class_of(b'g') | class_of(b'A') | class_of(b'G'),
            Some(scalar) if scalar.is_plain_number() => class_of(b'1'),
            _ => return Ok(None),
        };
        for thread in &at.threads {
            if thread.lexer.counter == NO_COUNTER && self.lexer.own_classes(thread.lexer.state)? & classes != 0 {
                return Ok(Some(thread.lexer.state));
            }
        }
        Ok(None)
    }

    /// A search and those that it asks for are paid for together.
    fn search(&mut self, from: &Configuration, goal: Goal) -> Result<Option<Vec<u8>>> {
        if self.search_end.is_some() {
            return self.find_way(from, goal);
        }
        self.search_end = Some(self.searched + (self.max_mask_steps / STEPS).max(1));
        let found = self.find_way(from, goal);
        self.search_end = None;
        found
    }

    fn find_way(&mut self, from: &Configuration, goal: Goal) -> Result<Option<Vec<u8>>> {
        let scarce = from.tracker.as_ref().is_some_and(|tracker| tracker.is_scarce());
        let mut search = Search {
            goal,
            looks_around: goal == Goal::Safety && !scarce,
            places: Vec::new(),
            open: BinaryHeap::new(),
            seen: FxHashSet::default(),
            shortest: FxHashMap::default(),
            entries: 0,
        };
        search.places.push(Place {
            at: from.clone(),
            essence: self.place_of(from),
            before: None,
            length: 0,
            best: None,
            left: None,
        });
        search.enter(0);
        while let Some((_, _, index)) = search.open.pop() {
            if let Some((place, last)) = self.go_on(&mut search, index)? {
                self.note_alive(search.way_to(place).map(|place| &place.essence));
                let mut path: Vec<u8> = search
                    .way_to(place)
                    .filter_map(|place| place.before)
                    .map(|(_, byte)| byte)
                    .collect();
                path.reverse();
                path.push(last);
                return Ok(Some(path));
            }
        }
        Ok(None)
    }

    /// Tries a byte after a place. The place and the byte, if that leads to the goal.
    fn go_on(&mut self, search: &mut Search, index: usize) -> Result<Option<(usize, u8)>> {
        if search.places[index].left.is_none() {
            let order = self.bytes_after(&search.places[index])?;
            let mut left = Vec::new();
            if search.looks_around {
                for byte in order {
                    self.pay_for_search()?;
                    if let Some(after) = self.advance(&search.places[index].at, byte)? {
                        if search.is_over(&after) {
                            return Ok(Some((index, byte)));
                        }
                        left.push((byte, Some(Box::new(after))));
                    }
                }
            } else {
                left.extend(order.into_iter().map(|byte| (byte, None)));
            }
            left.reverse();
            search.places[index].left = Some(left);
        }
        let place = &mut search.places[index];
        let Some((byte, known)) = place.left.as_mut().and_then(Vec::pop) else {
            return Ok(None);
        };
        let after = match known {
            Some(after) => Some(*after),
            None => {
                self.pay_for_search()?;
                self.advance(&place.at, byte)?
            }
        };
        let mut reached = None;
        if let Some(at) = after {
            if search.is_over(&at) {
                return Ok(Some((index, byte)));
            }
            let essence = self.place_of(&at);
            if search.seen.insert(essence.clone()) {
                match self.leads_on(&at, &essence)? {
                    Some(true) => return Ok(Some((index, byte))),
                    Some(false) => {
                        search.enter(index);
                        return Ok(None);
                    }
                    None => {}
                }
                let (length, best) = match search.shortest.get(&essence.0) {
                    Some(&known) => known,
                    None if search.is_guided() => {
                        let rest = self.shortest_possible(&at)?;
                        let found = (rest.len(), rest.first().copied());
                        search.shortest.insert(essence.0.clone(), found);
                        found
                    }
                    None => (search.places[index].length, None),
                };
                // what its other bytes lead to is likely to be the like
                search.places[index].length = search.places[index].length.max(length);
                reached = Some(search.places.len());
                search.places.push(Place {
                    at,
                    essence,
                    before: Some((index, byte)),
                    length,
                    best,
                    left: None,
                });
            }
        }
        search.enter(index);
        reached.into_iter().for_each(|place| search.enter(place));
        Ok(None)
    }

    fn pay_for_search(&mut self) -> Result<()> {
        self.searched += 1;
        if self.search_end.is_some_and(|end| self.searched > end) {
            return Err(self.too_much());
        }
        Ok(())
    }

    /// The bytes that may come next, the best first.
    fn bytes_after(&mut self, place: &Place) -> Result<Vec<u8>> {
        let scalar = place.at.tracker.as_ref().and_then(|tracker| tracker.scalar());
        let in_text = scalar.is_some_and(|scalar| scalar.is_text());
        let possible = self.possible_bytes(&place.at)?;
        let order: &[u8; 256] = if in_text { &IN_TEXT } else { &OUTSIDE };
        let mut order: Vec<u8> = order.iter().copied().filter(|&byte| possible.contains(byte)).collect();
        if let Some(index) = order.iter().position(|&byte| Some(byte) == place.best) {
            order[..=index].rotate_right(1);
        }
        Ok(order)
    }
}

const IN_TEXT: [u8; 256] = by_rank(true);
const OUTSIDE: [u8; 256] = by_rank(false);

/// All bytes: first those that end something, then plain ones.
const fn by_rank(in_text: bool) -> [u8; 256] {
    let mut order = [0; 256];
    let (mut next, mut wanted) = (0, 0);
    while wanted < 8 {
        let mut byte = 0;
        while byte < 256 {
            if rank(byte as u8, in_text) == wanted {
                order[next] = byte as u8;
                next += 1;
            }
            byte += 1;
        }
        wanted += 1;
    }
    order
}

const fn rank(byte: u8, in_text: bool) -> u8 {
    match (in_text, byte) {
        (true, b'"') | (false, b']' | b'}') => 0,
        (true, b'a'..=b'z') | (false, b',' | b':') => 1,
        (true, b'0'..=b'9') | (false, b'"') => 2,
        // zeros go on without end, and may change nothing
        (true, b'A'..=b'Z') | (false, b'1'..=b'9') => 3,
        (true, b'\\') => 6,
        (true, 0x20..0x80) | (false, b'0' | b'a'..=b'z' | b'-' | b'.') => 4,
        (false, b'[' | b'{') | (true, 0x80..) => 5,
        (false, b' ' | b'\t' | b'\r' | b'\n') => 7,
        _ => 6,
    }
}
