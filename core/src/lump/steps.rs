//! Configurations that were walked through to find the lumps after tokens, with where each byte leads.
//!
//! A model's tokens are looked up thousands at a time, most of them from places like those before, so that each byte
//! should cost a look into a table. Counts far from their bounds are therefore one configuration here, as far as neither
//! a token nor what a lump tells of them makes a difference.

use rustc_hash::FxHashMap;

use super::{NO_LUMP, Open, PLENTY};
use crate::engine::{Configuration, Engine, Threads};
use crate::error::Result;

/// Index of a configuration.
type Step = u32;

/// No text leads there.
const NOWHERE: Step = 0;
/// Not read yet.
const UNREAD: Step = Step::MAX;
/// What is kept may take this many bytes; then it is dropped, and made again as needed.
const KEPT_BYTES: usize = 64 << 20;
/// Of a configuration: its row, mostly.
const STEP_BYTES: usize = 1_200;

#[derive(Debug, Default)]
pub struct Steps {
    known: FxHashMap<(Threads, bool), Step>,
    configurations: Vec<Configuration>,
    rows: Vec<Option<Box<[Step; 256]>>>,
    /// Keys of lumps, once they were asked for.
    keys: Vec<u64>,
    pub(super) open: Open,
    /// Bytes of the longest token.
    longest: u32,
    bytes: usize,
}

impl Steps {
    fn add(&mut self, at: Configuration) {
        self.bytes += STEP_BYTES + 2 * size_of_val(at.threads.as_slice());
        self.configurations.push(at);
        self.rows.push(None);
        self.keys.push(NO_LUMP);
    }

    fn of(&mut self, at: Configuration) -> Step {
        if self.configurations.is_empty() {
            self.add(Configuration::ended());
        }
        let next = self.configurations.len() as Step;
        let step = *self.known.entry((at.threads.clone(), at.accepting)).or_insert(next);
        if step == next {
            self.add(at);
        }
        step
    }
}

impl Engine {
    /// The step of a configuration to begin with, which has not ended: the others may be forgotten.
    pub(super) fn first_step(&mut self, at: &Configuration, longest_token: usize) -> Step {
        if self.lumps.bytes + 48 * self.lumps.open.len() > KEPT_BYTES {
            self.lumps = Steps::default();
        }
        self.lumps.longest = longest_token as u32;
        match at.terminated {
            true => {
                self.lumps.of(at.clone());
                NOWHERE
            }
            false => self.step_of(at),
        }
    }

    fn step_of(&mut self, at: &Configuration) -> Step {
        let mut threads = at.threads.clone();
        let most = self.lumps.longest + PLENTY;
        for progress in threads.iter_mut().map(|thread| &mut thread.lexer) {
            // the same tokens must be accepted
            if self.lexer.most_needed(progress.counter) <= PLENTY {
                let bounds = &mut progress.bounds;
                let slack = bounds.max.saturating_sub(bounds.min);
                let min = bounds.min.min(most);
                if bounds.max != u32::MAX {
                    bounds.max = min + slack.min(most);
                }
                bounds.min = min;
            }
        }
        // in whichever order they were come by
        threads.sort_unstable();
        self.lumps.of(Configuration {
            threads,
            accepting: at.accepting,
            terminated: false,
            tracker: None,
        })
    }

    fn step_after(&mut self, step: Step, byte: u8) -> Result<Step> {
        let known = match &self.lumps.rows[step as usize] {
            Some(row) => row[usize::from(byte)],
            None => UNREAD,
        };
        if known != UNREAD {
            return Ok(known);
        }
        let mut next = self.lumps.configurations[step as usize].clone();
        let to = match self.move_by(&mut next, byte)? {
            true => self.step_of(&next),
            false => NOWHERE,
        };
        let row = self.lumps.rows[step as usize].get_or_insert_with(|| Box::new([UNREAD; 256]));
        row[usize::from(byte)] = to;
        Ok(to)
    }

    /// The key of the lump that a step belongs to.
    pub(super) fn lump_of(&mut self, step: Step) -> Result<u64> {
        let known = self.lumps.keys[step as usize];
        if known != NO_LUMP {
            return Ok(known);
        }
        let at = self.lumps.configurations[step as usize].clone();
        let key = self.lump_key(&at)?;
        self.lumps.keys[step as usize] = key;
        Ok(key)
    }

    /// The key after a text; `NO_LUMP` where it is not accepted.
    pub(super) fn lump_after(&mut self, from: Step, text: &[u8]) -> Result<u64> {
        let mut step = from;
        for &byte in text {
            step = self.step_after(step, byte)?;
            if step == NOWHERE {
                return Ok(NO_LUMP);
            }
        }
        self.lump_of(step)
    }
}
