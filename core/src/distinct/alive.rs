//! Is there a completion without a repetition?
//!
//! A search through the bytes that may come next, in depth, those first that lead out of what is in progress. It ends
//! where nothing is at risk: mostly at once, since nearly every text has a continuation that no earlier one has.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::tracker::Tracker;
use crate::bytes::class_of;
use crate::engine::{Configuration, Engine, Threads};
use crate::error::{Error, Result};
use crate::lexer::{LexerState, NO_COUNTER};

/// One step of a search takes as long as so many of a mask.
const STEPS: usize = 64;

/// At so many places of a long way, the shortest completion shows the way.
const GUIDED: usize = 2_000;

/// Where a search ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Goal {
    /// Nothing is at risk.
    Safety,
    /// The text is complete.
    End,
}

/// A place on the way, with the bytes that are still to be tried, the best last, and where they lead if that is known.
struct Place {
    at: Configuration,
    left: Vec<(u8, Option<Configuration>)>,
}

impl Place {
    fn new(at: Configuration, order: impl DoubleEndedIterator<Item = u8>) -> Self {
        let left = order.rev().map(|byte| (byte, None)).collect();
        Place { at, left }
    }

    fn try_first(&mut self, byte: Option<&u8>) {
        if let Some(index) = self.left.iter().position(|(other, _)| Some(other) == byte) {
            let best = self.left.remove(index);
            self.left.push(best);
        }
    }
}

impl Engine {
    pub(crate) fn is_alive(&mut self, at: &Configuration) -> Result<bool> {
        match &at.tracker {
            Some(tracker) if tracker.needs_care() => {
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

    // what is noted of a tracker on the way is no part of what it equals
    #[expect(clippy::mutable_key_type)]
    fn search(&mut self, from: &Configuration, goal: Goal) -> Result<Option<Vec<u8>>> {
        let most = (self.max_mask_steps / STEPS).max(1);
        let mut steps = 0;
        let mut seen: FxHashSet<(Threads, Option<Arc<Tracker>>)> = FxHashSet::default();
        let mut path = Vec::new();
        // where one byte is enough, it is soon found among all; on a long way, that would take time at each place
        let look_around = goal == Goal::Safety && !from.tracker.as_ref().is_some_and(|tracker| tracker.is_scarce());
        let mut places = Vec::new();
        let mut next = Some(from.clone());
        loop {
            if let Some(at) = next.take() {
                let mut order = self.order(&at)?;
                let mut place = Place::new(at, order.clone().filter(|_| !look_around));
                if !look_around && seen.len() < GUIDED {
                    place.try_first(self.shortest_possible(&place.at)?.first());
                }
                if look_around {
                    for byte in order.by_ref() {
                        steps += 1;
                        if let Some(after) = self.advance(&place.at, byte)? {
                            if is_reached(&after, goal) {
                                path.push(byte);
                                self.searched += steps;
                                return Ok(Some(path));
                            }
                            place.left.push((byte, Some(after)));
                        }
                    }
                    place.left.reverse();
                }
                places.push(place);
            }
            let Some(place) = places.last_mut() else {
                self.searched += steps;
                return Ok(None);
            };
            let Some((byte, known)) = place.left.pop() else {
                places.pop();
                path.pop();
                continue;
            };
            let after = match known {
                Some(after) => Some(after),
                None => {
                    steps += 1;
                    self.advance(&place.at, byte)?
                }
            };
            if steps > most {
                return Err(Error::Limit {
                    budget: "max_mask_steps",
                    value: self.max_mask_steps,
                });
            }
            let Some(after) = after else {
                continue;
            };
            path.push(byte);
            if is_reached(&after, goal) {
                self.searched += steps;
                return Ok(Some(path));
            }
            let mut threads = after.threads.clone();
            threads.sort_unstable();
            if seen.insert((threads, after.tracker.clone())) {
                next = Some(after);
            } else {
                path.pop();
            }
        }
    }

    /// The bytes that may come next, the best first.
    fn order(&mut self, at: &Configuration) -> Result<impl DoubleEndedIterator<Item = u8> + Clone + use<>> {
        let scalar = at.tracker.as_ref().and_then(|tracker| tracker.scalar());
        let in_text = scalar.is_some_and(|scalar| scalar.is_text());
        let possible = self.possible_bytes(at)?;
        let order: &[u8; 256] = if in_text { &IN_TEXT } else { &OUTSIDE };
        Ok(order.iter().copied().filter(move |&byte| possible.contains(byte)))
    }
}

fn is_reached(at: &Configuration, goal: Goal) -> bool {
    match goal {
        Goal::Safety => !at.tracker.as_ref().is_some_and(|tracker| tracker.needs_care()),
        Goal::End => at.accepting,
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
        (true, b'A'..=b'Z') | (false, b'0'..=b'9') => 3,
        (true, b'\\') => 6,
        (true, 0x20..0x80) | (false, b'a'..=b'z' | b'-' | b'.') => 4,
        (false, b'[' | b'{') | (true, 0x80..) => 5,
        (false, b' ' | b'\t' | b'\r' | b'\n') => 7,
        _ => 6,
    }
}
