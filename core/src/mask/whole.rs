//! Masks of configurations, put together from those of their threads' lexemes.
//!
//! A thread's mask is often known where the thread is not: at another node, alike as far as was read (`memo`). Then
//! nothing is made but the list of what was found. The same lists come again at whatever depth; those that take longer
//! to write than one set does are kept as one set from the second time on.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use rustc_hash::FxHashMap;
use smallvec::{SmallVec, smallvec};

use super::{Masks, ThreadMask, write};
use crate::bounds::Bounds;
use crate::engine::{Engine, Thread};
use crate::error::Result;
use crate::lexer::Progress;
use crate::vocabulary::Vocabulary;
use crate::vocabulary::token_set::TokenSet;

/// Masks whose union is meant.
pub type Parts = SmallVec<[Arc<ThreadMask>; 4]>;
/// Where parts are in memory. Nothing else is there while they are kept.
type Addresses = SmallVec<[usize; 4]>;

/// To set a bit takes as long as to copy so many words.
const BIT_WORDS: usize = 32;
/// About what an entry takes.
const ENTRY_BYTES: usize = 128;

#[derive(Default)]
pub(super) struct Whole {
    /// By thread.
    parts: FxHashMap<Thread, Parts>,
    /// Lists of parts that were asked for, and the unions of those that were asked for again.
    unions: FxHashMap<Addresses, (Parts, Option<Arc<ThreadMask>>)>,
}

impl Masks {
    /// Their union in place of the parts, if it is kept.
    fn united(&self, parts: Parts) -> Parts {
        match self.whole.unions.get(&addresses(&parts)) {
            Some((_, Some(union))) => smallvec![union.clone()],
            _ => parts,
        }
    }

    /// As `united`; the second time the union is made.
    fn unite(&mut self, parts: Parts, vocabulary: &Vocabulary) -> Parts {
        if is_quick(&parts, vocabulary.words()) {
            return parts;
        }
        let Some((_, union)) = self.whole.unions.get_mut(&addresses(&parts)) else {
            self.whole.unions.insert(addresses(&parts), (parts.clone(), None));
            self.bytes += ENTRY_BYTES;
            return parts;
        };
        let union = union.get_or_insert_with(|| {
            let mut words = vec![0; vocabulary.words()];
            write(&parts, &mut words);
            let union = ThreadMask {
                pieces: Vec::new(),
                tokens: TokenSet::Many(words.into()),
            };
            self.bytes += union.memory();
            Arc::new(union)
        });
        smallvec![union.clone()]
    }
}

fn addresses(parts: &Parts) -> Addresses {
    parts.iter().map(|part| Arc::as_ptr(part) as usize).collect()
}

/// Are the parts written as quickly as their union?
fn is_quick(parts: &Parts, words: usize) -> bool {
    let (mut sets, mut listed) = (0, 0);
    for part in parts {
        for (interior, bounds) in &part.pieces {
            let whole = *bounds == Bounds::NONE && interior.counted.all().is_none();
            sets += if whole { 1 } else { 2 };
        }
        match &part.tokens {
            TokenSet::Few(ids) => listed += ids.len(),
            TokenSet::Many(_) => sets += 1,
        }
    }
    sets <= 1 && listed * BIT_WORDS <= words
}

impl Engine {
    /// What the mask of these threads is put together from, if they were met before.
    pub fn known_parts(&self, threads: &[Thread], vocabulary: &Vocabulary) -> Option<Parts> {
        let mut parts = Parts::new();
        for &thread in threads {
            let known = self.masks.whole.parts.get(&self.clamped(thread, vocabulary))?;
            parts.extend(known.iter().cloned());
        }
        self.masks
            .counts
            .hits
            .fetch_add(threads.len() as u64, Ordering::Relaxed);
        Some(self.masks.united(parts))
    }

    /// As `known_parts`, also if the masks are known from other nodes. It makes no mask and takes about a microsecond.
    pub fn recalled_parts(&mut self, threads: &[Thread], vocabulary: &Vocabulary) -> Option<Parts> {
        self.parts_by(threads, vocabulary, |engine, part| Ok(engine.recalled_part(part)))
            .ok()
            .flatten()
    }

    /// The parts of each thread, as they are known or as `find` finds them.
    pub(super) fn parts_by(
        &mut self,
        threads: &[Thread],
        vocabulary: &Vocabulary,
        mut find: impl FnMut(&mut Self, Thread) -> Result<Option<Arc<ThreadMask>>>,
    ) -> Result<Option<Parts>> {
        self.masks.make_room();
        let mut parts = Parts::new();
        for &thread in threads {
            let thread = self.clamped(thread, vocabulary);
            if let Some(known) = self.masks.whole.parts.get(&thread) {
                self.masks.counts.hits.fetch_add(1, Ordering::Relaxed);
                parts.extend(known.iter().cloned());
                continue;
            }
            let mut found = Parts::new();
            for alone in self.one_by_one(thread)? {
                let alone = self.clamped(alone, vocabulary);
                match find(self, alone)? {
                    Some(part) => found.push(part),
                    None => return Ok(None),
                }
            }
            parts.extend(found.iter().cloned());
            self.masks.bytes += ENTRY_BYTES;
            self.masks.whole.parts.insert(thread, found);
        }
        Ok(Some(self.masks.unite(parts, vocabulary)))
    }

    /// The mask of a clamped thread whose lexemes are walked together.
    fn recalled_part(&mut self, thread: Thread) -> Option<Arc<ThreadMask>> {
        let Progress { state, counter, bounds } = thread.lexer;
        let recalled = self
            .masks
            .walk_ids
            .get(&(None, state, counter))
            .map(|&walk| self.masks.walks[walk as usize].0.highest)
            .and_then(|highest| {
                let bounds = bounds.clamped(highest);
                self.recall(
                    (None, Progress { bounds, ..thread.lexer }),
                    thread.node,
                    &mut SmallVec::<[_; 8]>::new(),
                )
            });
        match recalled {
            Some(mask) => {
                self.masks.counts.shape_hits.fetch_add(1, Ordering::Relaxed);
                Some(mask)
            }
            None => self.masks.threads.get(&(None, thread)).map(|found| found.mask.clone()),
        }
    }
}
