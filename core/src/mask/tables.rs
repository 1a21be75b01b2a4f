//! Masks by name, in a form that lies in a file as it lies in memory: an index and a pool of words.
//!
//! The index says, under the name of lexemes in progress, how far their bounds matter (`Interior::highest`); and under
//! a name that is made of that, the bounds and the shape of the parser's node (see `memo`), where in the pool the mask
//! is, or which node to look at next, whose name is added to the name: its shape's, or its number if it is known. So a name holds all that the mask
//! depends on, and is looked up, whatever else the engine has met.
//!
//! Nothing here is parsed before it is asked for, and nothing is believed: what does not lie within the pool, or names
//! tokens that the vocabulary does not have, is as if it were not there. A file whose author forged its checksum can
//! give wrong masks for the grammar that it holds, as it can hold another grammar, and nothing else.

use std::cmp::Ordering;
use std::ops::Range;
use std::sync::Arc;

use super::{MAX_PIECES, ThreadMask};
use crate::bounds::Bounds;
use crate::engine::{Engine, Thread};
use crate::parser::NodeId;
use crate::regex::digest::{Content, Digest};
use crate::vocabulary::Vocabulary;
use crate::vocabulary::interior::{Interior, Levels};
use crate::vocabulary::token_set::TokenSet;

/// A name and two numbers, little-endian.
const ENTRY: usize = size_of::<Digest>() + 2 * WORD;
const WORD: usize = size_of::<u32>();
/// In place of a node's index: the mask is found.
pub(super) const FOUND: u32 = u32::MAX;
/// Of a set's size: it is a bit mask, not a list.
pub(super) const MANY: u32 = 1 << 31;
/// So many levels can have a bit mask of their own: it has tokens for an eighth of its words at least.
const MAX_MANY: usize = 8 * 32;
/// Of a set's size: it is a list of tokens that are added to, or taken from, the bit mask at the place that follows.
pub(super) const NEAR: u32 = 1 << 30;

/// What holds the bytes: a mapped file, or memory.
pub type Source = Arc<dyn AsRef<[u8]> + Send + Sync>;

pub struct Tables {
    /// For which numbering of the grammar the names are.
    pub fingerprint: Digest,
    source: Source,
    index: Range<usize>,
    pool: Range<usize>,
}

impl Tables {
    /// An index, and a pool that begins at `split`.
    pub(super) fn in_memory(fingerprint: Digest, bytes: Vec<u8>, split: usize) -> Self {
        Tables {
            fingerprint,
            index: 0..split,
            pool: split..bytes.len(),
            source: Arc::new(bytes),
        }
    }

    /// The ranges must lie within the source; None where they don't.
    pub fn new(fingerprint: Digest, source: Source, index: Range<usize>, pool: Range<usize>) -> Option<Self> {
        let bytes = (*source).as_ref();
        bytes.get(index.clone()).and(bytes.get(pool.clone()))?;
        Some(Tables {
            fingerprint,
            source,
            index,
            pool,
        })
    }

    pub fn index(&self) -> &[u8] {
        &(*self.source).as_ref()[self.index.clone()]
    }

    pub fn pool(&self) -> &[u8] {
        &(*self.source).as_ref()[self.pool.clone()]
    }

    /// Size in bytes.
    pub fn memory(&self) -> usize {
        self.index.len() + self.pool.len()
    }

    /// The numbers under a name. The names ascend; where they don't, some are not found.
    fn find(&self, name: Digest) -> Option<[u32; 2]> {
        let index = self.index();
        let (mut low, mut high) = (0, index.len() / ENTRY);
        while low < high {
            let middle = low + (high - low) / 2;
            let (key, numbers) = index[middle * ENTRY..].split_first_chunk()?;
            match Digest::from_le_bytes(*key).cmp(&name) {
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
                Ordering::Equal => {
                    let mut numbers = Words(numbers);
                    return Some([numbers.number()?, numbers.number()?]);
                }
            }
        }
        None
    }

    /// The pool from a word on.
    fn words(&self, at: u32) -> Option<Words<'_>> {
        Some(Words(self.pool().get(at as usize * WORD..)?))
    }
}

/// Under which the answer lies for lexemes within bounds.
pub(super) fn bounded_name(place: Digest, bounds: Bounds) -> Digest {
    let mut content = Content::of(b"boun");
    content.digest(place).number(bounds.min).number(bounds.max).name()
}

/// Under which the answer lies once it is known what is in a slot of the `of`th node: what `told` names.
pub(super) fn answered_name(question: Digest, of: u32, slot: u32, told: Digest) -> Digest {
    let mut content = Content::of(b"answ");
    content.digest(question).number(of).number(slot).digest(told).name()
}

/// In place of a shape: the node known as the nth.
pub(super) fn known_name(index: usize) -> Digest {
    Content::of(b"know").number(index as u32).name()
}

impl Engine {
    /// The mask of a thread from the tables, if they have it; `read` receives the nodes it was looked up by.
    pub(super) fn stored_mask(
        &mut self,
        thread: Thread,
        vocabulary: &Vocabulary,
        read: &mut Vec<NodeId>,
    ) -> Option<Arc<ThreadMask>> {
        let tables = self.tables.clone()?;
        let (at, nodes) = self.find_stored(&tables, thread)?;
        let mask = match self.masks.stored_masks.get(&at) {
            Some(known) => known.clone(),
            None => {
                let mask = Arc::new(self.read_mask(&tables, at, vocabulary)?);
                self.masks.bytes += mask.memory();
                self.masks.stored_masks.insert(at, mask.clone());
                mask
            }
        };
        read.extend_from_slice(&nodes[1..]);
        Some(mask)
    }

    /// Where in the pool the mask of a thread is, and the nodes that it depends on, the thread's own first.
    pub(super) fn find_stored(&mut self, tables: &Tables, thread: Thread) -> Option<(u32, Vec<NodeId>)> {
        let place = self.place_name(thread.lexer);
        let [highest, _] = tables.find(place)?;
        let bounds = thread.lexer.bounds.clamped(highest.min(u32::from(u16::MAX)));
        let mut nodes = vec![thread.node];
        let mut name = answered_name(bounded_name(place, bounds), 0, 0, self.shape_name(thread.node).digest);
        // each round asks for another name, so there are no more rounds than entries
        loop {
            let [of, slot] = tables.find(name)?;
            if of == FOUND {
                return Some((slot, nodes));
            }
            let asked = *nodes.get(of as usize)?;
            let slots = self.shape_name(asked).slots;
            let next = *self.parser.slots(asked).get(*slots.get(slot as usize)? as usize)?;
            let told = match nodes.iter().position(|&known| known == next) {
                Some(index) => known_name(index),
                None => {
                    nodes.push(next);
                    self.shape_name(next).digest
                }
            };
            name = answered_name(name, of, slot, told);
        }
    }

    fn read_mask(&mut self, tables: &Tables, at: u32, vocabulary: &Vocabulary) -> Option<ThreadMask> {
        let mut words = tables.words(at)?;
        let count = words.number()? as usize;
        let mut pieces = Vec::new();
        for _ in 0..(count <= MAX_PIECES).then_some(count)? {
            let interior = words.number()?;
            let bounds = Bounds {
                min: words.number()?,
                max: words.number()?,
            };
            pieces.push((self.read_interior(tables, interior, vocabulary)?, bounds));
        }
        let tokens = words.set(tables, vocabulary)?;
        Some(ThreadMask { pieces, tokens })
    }

    fn read_interior(&mut self, tables: &Tables, at: u32, vocabulary: &Vocabulary) -> Option<Arc<Interior>> {
        if let Some(known) = self.masks.stored_interiors.get(&at) {
            return Some(known.clone());
        }
        let mut words = tables.words(at)?;
        let interior = Arc::new(Interior {
            counting: words.levels(tables, vocabulary)?,
            counted: words.levels(tables, vocabulary)?,
            exits: Vec::new(),
            highest: 0,
        });
        self.masks.bytes += interior.memory();
        self.masks.stored_interiors.insert(at, interior.clone());
        Some(interior)
    }
}

/// Words of the pool from some place on. None when they end early, or can't be meant.
struct Words<'a>(&'a [u8]);

impl Words<'_> {
    fn number(&mut self) -> Option<u32> {
        let (first, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_le_bytes(*first))
    }

    /// The words of a list, or of a bit mask.
    fn list(&mut self, size: u32) -> Option<Vec<u32>> {
        let (taken, rest) = self.0.split_at_checked(size as usize * WORD)?;
        self.0 = rest;
        let words = taken.chunks_exact(WORD);
        Some(
            words
                .map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]))
                .collect(),
        )
    }

    fn set(&mut self, tables: &Tables, vocabulary: &Vocabulary) -> Option<TokenSet> {
        let size = self.number()?;
        let width = vocabulary.words();
        if size & NEAR == 0 {
            let ids = self.list(size)?;
            let fit = ids.iter().all(|&id| (id as usize) < vocabulary.vocab_size);
            return fit.then(|| TokenSet::from_ids(ids, width));
        }
        let mut model = tables.words(self.number()?)?;
        if model.number()? != width as u32 | MANY {
            return None;
        }
        let mut words = model.list(width as u32)?;
        for id in self.list(size & !NEAR)? {
            *words.get_mut(id as usize / 32)? ^= 1 << (id % 32);
        }
        let unused = width * 32 - vocabulary.vocab_size;
        let fit = words.last().is_none_or(|last| last.leading_zeros() as usize >= unused);
        fit.then(|| TokenSet::Many(words.into()))
    }

    fn levels(&mut self, tables: &Tables, vocabulary: &Vocabulary) -> Option<Levels> {
        let count = self.number()? as usize;
        if count == 0 {
            return Some(Levels::of_all(self.set(tables, vocabulary)?));
        }
        // each token is on one level, so that few levels have many; what is written near another takes little room here
        let (mut sets, mut many) = (Vec::new(), 0);
        for _ in 0..count {
            let set = self.set(tables, vocabulary)?;
            many += usize::from(matches!(set, TokenSet::Many(_)));
            if many > MAX_MANY {
                return None;
            }
            sets.push(set);
        }
        Some(Levels::of_sets(sets, vocabulary.words()))
    }
}
