//! From the memo to `tables`: the same answers, by name instead of by number.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::ThreadMask;
use super::memo::{Answer as Told, Answers, Entry};
use super::tables::{FOUND, MANY, NEAR, Tables, answered_name, bounded_name, known_name};
use crate::engine::{Engine, Thread};
use crate::error::Result;
use crate::lexer::Progress;
use crate::names::{ShapeName, fingerprint};
use crate::parser::{NodeId, ShapeId};
use crate::regex::digest::Digest;
use crate::vocabulary::Vocabulary;
use crate::vocabulary::interior::{Interior, Levels};
use crate::vocabulary::token_set::TokenSet;

/// What lies under a name.
enum Answer<'a> {
    Highest(u32),
    Question { of: u32, slot: u32 },
    Mask(&'a Arc<ThreadMask>),
}

type Found<'a> = BTreeMap<Digest, Answer<'a>>;

impl Engine {
    /// All masks of whole tokens that are kept by what they were read from. They depend on the texts that were met, but
    /// not on the order of numbers.
    pub fn store(&mut self, vocabulary: &Vocabulary) -> Result<Tables> {
        // a shape is named by any of its nodes
        let mut names: FxHashMap<ShapeId, ShapeName> = FxHashMap::default();
        for node in 0..self.parser.nodes() as NodeId {
            let shape = self.parser.shape(node);
            let name = self.shape_name(node);
            names.entry(shape).or_insert(name);
        }
        let places: Vec<Progress> = self.masks.memo.places().collect();
        let mut found = Found::new();
        let mut starts: Vec<(Progress, Digest)> = Vec::new();
        for at in places {
            let place = self.place_name(at);
            let highest = self.walk(None, at, vocabulary)?.interior.highest;
            found.insert(place, Answer::Highest(highest));
            starts.push((at, bounded_name(place, at.bounds)));
        }
        let naming = Naming { names: &names };
        for (at, start) in starts {
            if let Some(answers) = self.masks.memo.answers(at) {
                naming.collect(start, (0, 0), answers, &mut Vec::new(), &mut found);
            }
        }
        Ok(write(fingerprint(&self.grammar), &found))
    }

    /// Are the masks of all the threads in the tables?
    pub fn is_stored(&mut self, tables: &Tables, threads: &[Thread], vocabulary: &Vocabulary) -> Result<bool> {
        for &thread in threads {
            let thread = self.clamped(thread, vocabulary);
            for part in self.split(thread)? {
                let part = self.clamped(part, vocabulary);
                if self.find_stored(tables, part).is_none() {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }
}

struct Naming<'a> {
    names: &'a FxHashMap<ShapeId, ShapeName>,
}

impl Naming<'_> {
    /// The answers to a question, each under its name. `path` are the shapes of the nodes known by then. The memo bounds
    /// how deep questions nest.
    fn collect<'m>(
        &self,
        question: Digest,
        (of, slot): (u32, u32),
        answers: &'m Answers,
        path: &mut Vec<ShapeId>,
        found: &mut Found<'m>,
    ) {
        for (told, entry) in answers {
            let known = path.len();
            let told = match told {
                Told::Known(index) => known_name(*index),
                Told::New(shape) => {
                    let Some(name) = self.names.get(shape) else {
                        continue;
                    };
                    path.push(*shape);
                    name.digest
                }
            };
            let name = answered_name(question, of, slot, told);
            match entry {
                Entry::Known(mask) => {
                    found.insert(name, Answer::Mask(mask));
                }
                Entry::Question { of, slot, answers } => {
                    let slots = self.names.get(&path[*of]).map(|name| &name.slots);
                    let order = slots.and_then(|slots| slots.iter().position(|&known| known as usize == *slot));
                    if let Some(order) = order {
                        let (of, slot) = (*of as u32, order as u32);
                        found.insert(name, Answer::Question { of, slot });
                        self.collect(name, (of, slot), answers, path, found);
                    }
                }
            }
            path.truncate(known);
        }
    }
}

/// So many sets are tried as one that another is like.
const MAX_MODELS: usize = 16;
/// A list of tokens is written in place of a bit mask if it has fewer than this part of its words.
const LIST_SHARE: usize = 2;

/// The pool's words, and where in it what was written before is.
#[derive(Default)]
struct Pool<'m> {
    words: Vec<u32>,
    interiors: FxHashMap<*const Interior, u32>,
    known: FxHashMap<Vec<u32>, u32>,
    /// Bit masks in the pool: the interiors of one grammar's lexemes are often nearly the same.
    models: Vec<(u32, &'m [u32])>,
}

impl<'m> Pool<'m> {
    /// Where the words are; they are added if they are nowhere.
    fn place(&mut self, record: Vec<u32>) -> u32 {
        let next = self.words.len() as u32;
        let words = &mut self.words;
        *self.known.entry(record).or_insert_with_key(|record| {
            words.extend_from_slice(record);
            next
        })
    }

    fn mask(&mut self, mask: &'m ThreadMask) -> u32 {
        let mut record = vec![mask.pieces.len() as u32];
        for (interior, bounds) in &mask.pieces {
            record.extend([self.interior(interior), bounds.min, bounds.max]);
        }
        self.write_set(&mut record, &mask.tokens);
        self.place(record)
    }

    fn interior(&mut self, interior: &'m Arc<Interior>) -> u32 {
        if let Some(&known) = self.interiors.get(&Arc::as_ptr(interior)) {
            return known;
        }
        let mut record = Vec::new();
        self.write_levels(&mut record, &interior.counting);
        self.write_levels(&mut record, &interior.counted);
        let at = self.place(record);
        self.interiors.insert(Arc::as_ptr(interior), at);
        at
    }

    fn write_levels(&mut self, record: &mut Vec<u32>, levels: &'m Levels) {
        record.push(levels.sets().len() as u32);
        if levels.sets().is_empty() {
            match levels.all() {
                Some(all) => self.write_set(record, all),
                None => record.push(0),
            }
        }
        for set in levels.sets() {
            self.write_set(record, set);
        }
    }

    fn write_set(&mut self, record: &mut Vec<u32>, set: &'m TokenSet) {
        match set {
            TokenSet::Few(ids) => {
                record.push(ids.len() as u32);
                record.extend_from_slice(ids);
            }
            TokenSet::Many(words) => match self.nearest(words) {
                Some((model, ids)) => {
                    record.extend([ids.len() as u32 | NEAR, model]);
                    record.extend(ids);
                }
                None => {
                    let ids = differing(words, &vec![0; words.len()]);
                    record.push(ids.len() as u32);
                    record.extend(ids);
                }
            },
        }
    }

    /// A bit mask in the pool, which may be that of the words themselves, and the tokens in which they differ from it.
    /// None where the set is better listed.
    fn nearest(&mut self, words: &'m [u32]) -> Option<(u32, Vec<u32>)> {
        let size = words.iter().map(|word| word.count_ones() as usize).sum();
        let models = self.models.iter().take(MAX_MODELS);
        let nearest = models.min_by_key(|(_, model)| difference(words, model));
        if let Some(&(at, model)) = nearest {
            let differing_in = difference(words, model);
            if differing_in < size && differing_in * LIST_SHARE < words.len() {
                return Some((at, differing(words, model)));
            }
        }
        if size * LIST_SHARE < words.len() {
            return None;
        }
        let mut record = vec![words.len() as u32 | MANY];
        record.extend_from_slice(words);
        let at = self.place(record);
        self.models.push((at, words));
        Some((at, Vec::new()))
    }
}

fn difference(words: &[u32], model: &[u32]) -> usize {
    let pairs = words.iter().zip(model);
    pairs.map(|(a, b)| (a ^ b).count_ones() as usize).sum()
}

fn differing(words: &[u32], model: &[u32]) -> Vec<u32> {
    let changed = words.iter().zip(model).zip(0u32..).filter(|((a, b), _)| a != b);
    changed
        .flat_map(|((a, b), word)| {
            let bits = a ^ b;
            (0..32)
                .filter(move |bit| bits >> bit & 1 == 1)
                .map(move |bit| word * 32 + bit)
        })
        .collect()
}

fn write(fingerprint: Digest, found: &Found) -> Tables {
    let mut pool = Pool::default();
    let mut bytes = Vec::new();
    for (name, answer) in found {
        let numbers = match answer {
            Answer::Highest(highest) => [*highest, 0],
            Answer::Question { of, slot } => [*of, *slot],
            Answer::Mask(mask) => [FOUND, pool.mask(mask)],
        };
        bytes.extend_from_slice(&name.to_le_bytes());
        numbers
            .iter()
            .for_each(|number| bytes.extend_from_slice(&number.to_le_bytes()));
    }
    let split = bytes.len();
    pool.words
        .iter()
        .for_each(|word| bytes.extend_from_slice(&word.to_le_bytes()));
    Tables::in_memory(fingerprint, bytes, split)
}
