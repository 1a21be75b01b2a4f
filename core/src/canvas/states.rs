//! States of a text as numbers: where a sequence stands after bytes, each such place once, and where bytes lead from it.
//!
//! Two texts are in one state where their configurations are equal, the order of threads aside. Equal means equal: hashes
//! only find the place to look.

use std::collections::hash_map::Entry;
use std::hash::{Hash, Hasher};

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::engine::{Configuration, Engine};
use crate::error::{Error, Result};
use crate::lexer::{MatchSet, Progress};

/// Index of a state.
pub type State = u32;

/// No text of the language leads there.
pub const NOWHERE: State = 0;
/// Not looked at yet.
const UNREAD: State = State::MAX;

/// A configuration as a key. What was repeated so far is compared, but not hashed.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Key(Configuration);

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.threads.hash(state);
        self.0.accepting.hash(state);
    }
}

/// What a byte does to the lexemes in progress. Where bytes do the same, they lead to one state.
type Moves = SmallVec<[(Option<Progress>, MatchSet); 2]>;

/// States that were met, with their rows of bytes as far as they were asked for.
pub struct States {
    engine: Engine,
    known: FxHashMap<Key, State>,
    configurations: Vec<Configuration>,
    rows: Vec<Option<Box<[State; 256]>>>,
    most: usize,
    /// Said when there are too many.
    limit: Error,
}

impl States {
    /// None but `NOWHERE`, and at most so many others.
    pub fn new(engine: Engine, most: usize, limit: Error) -> Self {
        States {
            engine,
            known: FxHashMap::default(),
            configurations: vec![Configuration::ended()],
            rows: vec![Some(Box::new([NOWHERE; 256]))],
            most,
            limit,
        }
    }

    pub fn len(&self) -> usize {
        self.configurations.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() <= 1
    }

    /// May the text end there?
    pub fn accepting(&self, state: State) -> bool {
        state != NOWHERE && self.configurations[state as usize].accepting
    }

    pub fn configuration(&self, state: State) -> &Configuration {
        &self.configurations[state as usize]
    }

    pub fn engine(&mut self) -> &mut Engine {
        &mut self.engine
    }

    /// The state of the empty text. Without `distinct`, keys and items may repeat.
    pub fn start(&mut self, distinct: bool) -> Result<State> {
        let mut start = self.engine.start()?;
        if !distinct {
            start.tracker = None;
        }
        self.of(start)
    }

    fn of(&mut self, mut at: Configuration) -> Result<State> {
        at.threads.sort_unstable();
        at.threads.dedup();
        let next = self.configurations.len();
        match self.known.entry(Key(at)) {
            Entry::Occupied(known) => Ok(*known.get()),
            Entry::Vacant(place) => {
                if next > self.most {
                    return Err(self.limit.clone());
                }
                self.configurations.push(place.key().0.clone());
                self.rows.push(None);
                Ok(*place.insert(next as State))
            }
        }
    }

    /// The state after a byte.
    #[inline]
    pub fn step(&mut self, from: State, byte: u8) -> Result<State> {
        match &self.rows[from as usize] {
            Some(row) if row[usize::from(byte)] != UNREAD => Ok(row[usize::from(byte)]),
            _ => self.find(from, byte),
        }
    }

    /// The state after bytes.
    pub fn after(&mut self, from: State, bytes: &[u8]) -> Result<State> {
        let mut state = from;
        for &byte in bytes {
            state = self.step(state, byte)?;
        }
        Ok(state)
    }

    fn find(&mut self, from: State, byte: u8) -> Result<State> {
        if self.configurations[from as usize].tracker.is_some() {
            let next = self.engine.step(&self.configurations[from as usize], byte)?;
            let to = next.map_or(Ok(NOWHERE), |next| self.of(next))?;
            let row = self.rows[from as usize].get_or_insert_with(|| Box::new([UNREAD; 256]));
            row[usize::from(byte)] = to;
            return Ok(to);
        }
        let row = self.row(from)?;
        let to = row[usize::from(byte)];
        self.rows[from as usize] = Some(row);
        Ok(to)
    }

    /// All bytes at once, as most behave alike.
    fn row(&mut self, from: State) -> Result<Box<[State; 256]>> {
        let mut row = Box::new([NOWHERE; 256]);
        let mut seen: SmallVec<[(Moves, State); 8]> = SmallVec::new();
        for byte in 0..=255u8 {
            let at = &self.configurations[from as usize];
            let mut moves = Moves::new();
            for thread in &at.threads {
                moves.push(self.engine.lexer.advance(thread.lexer, byte)?);
            }
            if moves
                .iter()
                .all(|(next, set)| next.is_none() && *set == crate::lexer::NO_MATCH)
            {
                continue;
            }
            let known = seen.iter().rev().find(|(other, _)| *other == moves);
            row[usize::from(byte)] = match known {
                Some(&(_, to)) => to,
                None => {
                    let next = self.engine.step(&at.clone(), byte)?;
                    let to = next.map_or(Ok(NOWHERE), |next| self.of(next))?;
                    seen.push((moves, to));
                    to
                }
            };
        }
        Ok(row)
    }
}
