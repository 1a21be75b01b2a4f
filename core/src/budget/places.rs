//! Places that texts lead to, and the tokens that lead from one to another.
//!
//! A place is a configuration of which only matters what may follow. Its tokens fall into groups that lead to the same
//! place: few of them, since within free text all places are alike. Bytes are read once from each place, so that a walk
//! over all tokens mostly looks up numbers.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::Room;
use crate::engine::{Configuration, Engine, Threads};
use crate::error::Result;
use crate::vocabulary::Vocabulary;

/// Index of a place.
pub type Place = u32;

/// No text leads there.
const NOWHERE: Place = 0;
/// Not read yet.
const UNREAD: Place = Place::MAX;
/// What is kept may take this many bytes; then it is dropped, and made again as needed.
const KEPT_BYTES: usize = 64 << 20;

/// Tokens that lead from one place to another.
#[derive(Debug)]
pub struct Group {
    pub to: Place,
    pub tokens: Box<[u32]>,
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
    groups: Vec<Option<Groups>>,
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
    /// Fewer tokens, perhaps of more bytes.
    pub fewer: Option<Arc<[u32]>>,
    /// Were fewer looked for?
    pub searched: bool,
    /// Is it known that there are no fewer?
    pub exact: bool,
}

impl Need {
    pub fn tokens(&self, room: Room) -> Option<&Arc<[u32]>> {
        match &self.fewer {
            Some(fewer) if !room.is_short_of_bytes() => Some(fewer),
            _ => self.spelled.as_ref(),
        }
    }
}

impl Places {
    /// The place of a configuration, without what it repeats.
    pub fn of(&mut self, at: &Configuration) -> Place {
        if self.configurations.is_empty() {
            self.configurations.push(Configuration::ended());
            self.steps.push(None);
            self.groups.push(None);
        }
        // in whichever order they were come by
        let mut threads = at.threads.clone();
        threads.sort_unstable();
        let next = self.configurations.len() as Place;
        let place = *self.known.entry((threads.clone(), at.accepting)).or_insert(next);
        if place == next {
            // its row of steps, mostly
            self.bytes += 1_400 + 2 * size_of_val(threads.as_slice());
            self.configurations.push(Configuration {
                threads,
                accepting: at.accepting,
                terminated: false,
                tracker: None,
            });
            self.steps.push(None);
            self.groups.push(None);
        }
        place
    }

    pub fn configuration(&self, place: Place) -> &Configuration {
        &self.configurations[place as usize]
    }

    pub fn forget_if_full(&mut self) {
        if self.bytes > KEPT_BYTES {
            *self = Places {
                most: self.most,
                ..Places::default()
            };
        }
    }
}

impl Engine {
    /// The place after a byte.
    fn place_after(&mut self, place: Place, byte: u8) -> Result<Place> {
        let row = self.places.steps[place as usize].get_or_insert_with(|| Box::new([UNREAD; 256]));
        let known = row[usize::from(byte)];
        if known != UNREAD {
            return Ok(known);
        }
        let mut next = self.places.configuration(place).clone();
        let to = match self.move_by(&mut next, byte)? {
            true => self.places.of(&next),
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

    /// The tokens that may come next, by the places that they lead to, in the order of their first tokens.
    pub fn groups(&mut self, place: Place, vocabulary: &Vocabulary) -> Result<Groups> {
        if let Some(known) = &self.places.groups[place as usize] {
            return Ok(known.clone());
        }
        let trie = &vocabulary.trie;
        let mut numbers: FxHashMap<Place, usize> = FxHashMap::default();
        let mut found: Vec<(Place, Vec<u32>)> = Vec::new();
        let mut path = vec![place; trie.max_depth() + 1];
        let (mut index, mut cost) = (0, 1);
        while index < trie.len() {
            let node = trie.node(index);
            let depth = usize::from(node.depth);
            cost += 1;
            let to = self.place_after(path[depth], node.byte)?;
            if to == NOWHERE {
                index = node.end as usize;
                continue;
            }
            path[depth + 1] = to;
            let tokens = trie.tokens_at(index);
            if !tokens.is_empty() {
                let number = *numbers.entry(to).or_insert_with(|| {
                    found.push((to, Vec::new()));
                    found.len() - 1
                });
                found[number].1.extend_from_slice(tokens);
            }
            index += 1;
        }
        let all = found.into_iter().map(|(to, tokens)| Group {
            to,
            tokens: tokens.into(),
        });
        let groups = Groups {
            all: all.collect(),
            cost,
        };
        self.places.bytes += groups
            .all
            .iter()
            .map(|group| 64 + group.tokens.len() * 4)
            .sum::<usize>();
        self.places.groups[place as usize] = Some(groups.clone());
        Ok(groups)
    }
}
