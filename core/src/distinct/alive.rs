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
    /// The place before it and the byte between them, but for the first one.
    before: Option<(usize, u8)>,
    /// How long a completion is, as far as is known, after the best of the bytes that are still to be tried.
    length: usize,
    /// The bytes that are still to be tried, the best last, and where they lead if that is known. None: all of them.
    left: Option<Vec<(u8, Option<Configuration>)>>,
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
    lengths: FxHashMap<Threads, usize>,
    entries: usize,
}

impl Search {
    fn is_over(&self, at: &Configuration) -> bool {
        match self.goal {
            Goal::Safety => !at.tracker.as_ref().is_some_and(|tracker| tracker.needs_care()),
            Goal::End => at.accepting,
        }
    }

    fn enter(&mut self, index: usize) {
        self.entries += 1;
        let entry = (Reverse(self.places[index].length), self.entries, index);
        self.open.push(entry);
    }

    /// The bytes to a place, and one more.
    fn path(&self, to: usize, last: u8) -> Vec<u8> {
        let mut path = vec![last];
        let mut place = &self.places[to];
        while let Some((index, byte)) = place.before {
            path.push(byte);
            place = &self.places[index];
        }
        path.reverse();
        path
    }
}

impl Engine {
    pub(crate) fn is_alive(&mut self, at: &Configuration) -> Result<bool> {
        match &at.tracker {
            Some(tracker) if tracker.needs_care() => {
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
            lengths: FxHashMap::default(),
            entries: 0,
        };
        search.places.push(Place {
            at: from.clone(),
            before: None,
            length: 0,
            left: None,
        });
        search.enter(0);
        while let Some((_, _, index)) = search.open.pop() {
            if let Some(path) = self.go_on(&mut search, index)? {
                return Ok(Some(path));
            }
        }
        Ok(None)
    }

    /// Tries a byte after a place. The way to the goal, if that is reached.
    fn go_on(&mut self, search: &mut Search, index: usize) -> Result<Option<Vec<u8>>> {
        if search.places[index].left.is_none() {
            let mut left = self.bytes_after(&search.places[index].at, search)?;
            if search.looks_around {
                for (byte, after) in left.iter_mut().rev() {
                    self.pay_for_search()?;
                    *after = self.advance(&search.places[index].at, *byte)?;
                    if after.as_ref().is_some_and(|after| search.is_over(after)) {
                        return Ok(Some(search.path(index, *byte)));
                    }
                }
                left.retain(|(_, after)| after.is_some());
            }
            search.places[index].left = Some(left);
        }
        let place = &mut search.places[index];
        let Some((byte, known)) = place.left.as_mut().and_then(Vec::pop) else {
            return Ok(None);
        };
        let after = match known {
            Some(after) => Some(after),
            None => {
                self.pay_for_search()?;
                self.advance(&place.at, byte)?
            }
        };
        let mut reached = None;
        if let Some(at) = after {
            if search.is_over(&at) {
                return Ok(Some(search.path(index, byte)));
            }
            let essence = self.place_of(&at);
            if search.seen.insert(essence.clone()) {
                match self.leads_on(&at, &essence)? {
                    Some(true) => return Ok(Some(search.path(index, byte))),
                    Some(false) => {
                        search.enter(index);
                        return Ok(None);
                    }
                    None => {}
                }
                let (threads, _) = essence;
                let length = match search.lengths.get(&threads) {
                    Some(&known) => known,
                    None if search.lengths.len() < GUIDED => {
                        let length = self.shortest_possible(&at)?.len();
                        search.lengths.insert(threads, length);
                        length
                    }
                    None => search.places[index].length,
                };
                // what its other bytes lead to is likely to be the like
                search.places[index].length = search.places[index].length.max(length);
                reached = Some(search.places.len());
                search.places.push(Place {
                    at,
                    before: Some((index, byte)),
                    length,
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

    /// The bytes that may come next, the best last.
    fn bytes_after(&mut self, at: &Configuration, search: &Search) -> Result<Vec<(u8, Option<Configuration>)>> {
        let scalar = at.tracker.as_ref().and_then(|tracker| tracker.scalar());
        let in_text = scalar.is_some_and(|scalar| scalar.is_text());
        let possible = self.possible_bytes(at)?;
        let order: &[u8; 256] = if in_text { &IN_TEXT } else { &OUTSIDE };
        let possible = order.iter().rev().copied().filter(|&byte| possible.contains(byte));
        let mut left: Vec<_> = possible.map(|byte| (byte, None)).collect();
        if !search.looks_around && search.lengths.len() < GUIDED {
            let best = self.shortest_possible(at)?.first().copied();
            if let Some(index) = left.iter().position(|&(byte, _)| Some(byte) == best) {
                let best = left.remove(index);
                left.push(best);
            }
        }
        Ok(left)
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
