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
use crate::lexer::NO_COUNTER;

/// One step of a search takes as long as so many of a mask.
const STEPS: usize = 64;

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

impl Engine {
    pub(crate) fn is_alive(&mut self, at: &Configuration) -> Result<bool> {
        match &at.tracker {
            Some(tracker) if tracker.needs_care() => {
                let tracker = tracker.clone();
                Ok(self.goes_on_at_will(at, &tracker)? || self.way_out(at)?.is_some())
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

    /// Can letters follow in a text, or digits in a number, as often as one likes? Then it can be told from others.
    fn goes_on_at_will(&mut self, at: &Configuration, tracker: &Tracker) -> Result<bool> {
        let classes = match tracker.scalar() {
            _ if tracker.is_scarce() => return Ok(false),
            Some(scalar) if scalar.is_plain_text() => class_of(b'a') | class_of(b'g') | class_of(b'A') | class_of(b'G'),
            Some(scalar) if scalar.is_plain_number() => class_of(b'1'),
            _ => return Ok(false),
        };
        for thread in &at.threads {
            if thread.lexer.counter == NO_COUNTER && self.lexer.own_classes(thread.lexer.state)? & classes != 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn search(&mut self, from: &Configuration, goal: Goal) -> Result<Option<Vec<u8>>> {
        let most = (self.max_mask_steps / STEPS).max(1);
        let mut steps = 0;
        let mut seen: FxHashSet<(Threads, Option<Arc<Tracker>>)> = FxHashSet::default();
        let mut path = Vec::new();
        let first = Place {
            left: self.order(from)?,
            at: from.clone(),
        };
        let mut places = vec![first];
        let scarce = |at: &Configuration| at.tracker.as_ref().is_some_and(|tracker| tracker.is_scarce());
        // where one byte is enough, it is soon found among all; on a long way, that would take time at each place
        let look_around = goal == Goal::Safety && !scarce(from);
        let mut is_new = true;
        while let Some(place) = places.last_mut() {
            if look_around && is_new {
                let mut open = Vec::with_capacity(place.left.len());
                for (byte, _) in std::mem::take(&mut place.left).into_iter().rev() {
                    steps += 1;
                    if let Some(next) = self.advance(&place.at, byte)? {
                        if is_reached(&next, goal) {
                            path.push(byte);
                            self.searched += steps;
                            return Ok(Some(path));
                        }
                        open.push((byte, Some(next)));
                    }
                }
                open.reverse();
                place.left = open;
            }
            is_new = false;
            let Some((byte, known)) = place.left.pop() else {
                places.pop();
                path.pop();
                continue;
            };
            let next = match known {
                Some(next) => Some(next),
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
            let Some(next) = next else {
                continue;
            };
            if is_reached(&next, goal) {
                path.push(byte);
                self.searched += steps;
                return Ok(Some(path));
            }
            let mut threads = next.threads.clone();
            threads.sort_unstable();
            if seen.insert((threads, next.tracker.clone())) {
                path.push(byte);
                places.push(Place {
                    left: self.order(&next)?,
                    at: next,
                });
                is_new = true;
            }
        }
        self.searched += steps;
        Ok(None)
    }

    /// The bytes that may come next, the best last.
    fn order(&mut self, at: &Configuration) -> Result<Vec<(u8, Option<Configuration>)>> {
        let in_text = at
            .tracker
            .as_ref()
            .and_then(|tracker| tracker.scalar())
            .is_some_and(|s| s.is_text());
        let possible = self.possible_bytes(at)?;
        let mut bytes: Vec<u8> = (0..=255u8).filter(|&byte| possible.contains(byte)).collect();
        bytes.sort_by_key(|&byte| std::cmp::Reverse(rank(byte, in_text)));
        Ok(bytes.into_iter().map(|byte| (byte, None)).collect())
    }
}

fn is_reached(at: &Configuration, goal: Goal) -> bool {
    match goal {
        Goal::Safety => !at.tracker.as_ref().is_some_and(|tracker| tracker.needs_care()),
        Goal::End => at.accepting,
    }
}

/// Less for bytes that end something, then for plain ones.
fn rank(byte: u8, in_text: bool) -> u8 {
    match (in_text, byte) {
        (true, b'"') | (false, b']' | b'}') => 0,
        (true, b'a'..=b'z') | (false, b',' | b':') => 1,
        (true, b'0'..=b'9') | (false, b'"') => 2,
        (true, b'A'..=b'Z') | (false, b'0'..=b'9') => 3,
        (true, 0x20..0x80) if byte != b'\\' => 4,
        (false, b'a'..=b'z' | b'-' | b'.') => 4,
        (false, b'[' | b'{') => 5,
        (true, 0x80..) => 5,
        (false, b' ' | b'\t' | b'\r' | b'\n') => 7,
        _ => 6,
    }
}
