//! Masks of configurations, put together from those of their threads' lexemes.
//!
//! A thread's mask is often known where the thread is not: at another node, alike as far as was read (`memo`). Then
//! nothing is made but the list of what was found. The same lists come again at whatever depth; those that take longer
//! to write than one set does are kept as one set from the second time on.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use rustc_hash::FxHashMap;
use smallvec::{SmallVec, smallvec};

use super::{Masks, Search, ThreadMask, write};
use crate::bounds::Bounds;
use crate::engine::{Engine, Thread};
use crate::error::Result;
use crate::lexer::{LexerState, NO_COUNTER, Progress};
use crate::vocabulary::Vocabulary;
use crate::vocabulary::token_set::TokenSet;

/// Masks whose union is meant.
pub type Parts = SmallVec<[Arc<ThreadMask>; 4]>;
/// Where parts are in memory. Nothing else is there while they are kept.
type Addresses = SmallVec<[usize; 4]>;

/// To set a bit takes as long as to copy so many words.
const BIT_WORDS: usize = 32;
/// About what a list of parts takes, beside the parts.
const LIST_BYTES: usize = 128;
/// About what the list of a state's lexemes takes, beside them.
const SPLIT_BYTES: usize = 96;
/// So many lexemes in progress are taken apart.
const MAX_PARTS: usize = 64;
/// So many threads are remembered with their parts: as many as a large batch has, in a table that stays in a cache.
const MAX_RECENT: usize = 800;

/// Threads for the lexemes of one.
type Split = SmallVec<[Thread; 8]>;

#[derive(Default)]
pub(super) struct Whole {
    /// The lexemes in progress at a state, each by itself.
    splits: FxHashMap<LexerState, SmallVec<[Progress; 8]>>,
    /// The parts of threads that were met of late.
    recent: FxHashMap<Thread, Parts>,
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
            self.bytes += LIST_BYTES + parts.len() * 16;
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
            let whole = *bounds == Bounds::NONE && interior.counted.all().is_none_or(TokenSet::is_empty);
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
    /// What the mask of these threads is put together from, if they were met of late.
    pub fn known_parts(&self, threads: &[Thread], vocabulary: &Vocabulary) -> Option<Parts> {
        let mut parts = Parts::new();
        for &thread in threads {
            let known = self.masks.whole.recent.get(&self.clamped(thread, vocabulary))?;
            parts.extend(known.iter().cloned());
        }
        self.masks
            .counts
            .hits
            .fetch_add(threads.len() as u64, Ordering::Relaxed);
        Some(self.masks.united(parts))
    }

    /// As `known_parts`, also if the masks are known from other nodes. It makes neither masks of threads nor states, and
    /// takes some microseconds at most.
    pub fn recalled_parts(&mut self, threads: &[Thread], vocabulary: &Vocabulary) -> Option<Parts> {
        if self.masks.is_full() {
            return None;
        }
        let recall = |engine: &mut Self, thread| {
            let alone = engine.known_split(thread);
            Ok(alone.and_then(|alone| {
                alone
                    .into_iter()
                    .map(|alone| engine.recalled_part(engine.clamped(alone, vocabulary)))
                    .collect()
            }))
        };
        self.parts_by(threads, vocabulary, recall).ok().flatten()
    }

    /// What the mask of these threads is put together from; what isn't known is made.
    pub fn made_parts(&mut self, threads: &[Thread], vocabulary: &Vocabulary) -> Result<Parts> {
        self.masks.make_room();
        self.masks.fuel = self.max_mask_steps;
        self.masks.paid = self.parser.work();
        let mut search = Search::new(vocabulary, 0);
        let make = |engine: &mut Self, thread| {
            let alone = engine.split(thread)?.into_iter();
            let parts: Result<Parts> = alone
                .map(|alone| engine.thread_mask(None, alone, &mut search))
                .collect();
            parts.map(Some)
        };
        Ok(self.parts_by(threads, vocabulary, make)?.unwrap_or_default())
    }

    /// The parts of all threads, as they are remembered or as `find` finds them for a clamped thread.
    fn parts_by(
        &mut self,
        threads: &[Thread],
        vocabulary: &Vocabulary,
        mut find: impl FnMut(&mut Self, Thread) -> Result<Option<Parts>>,
    ) -> Result<Option<Parts>> {
        let mut parts = Parts::new();
        let mut hits = 0;
        for &thread in threads {
            let thread = self.clamped(thread, vocabulary);
            if let Some(known) = self.masks.whole.recent.get(&thread) {
                hits += 1;
                parts.extend(known.iter().cloned());
                continue;
            }
            let Some(found) = find(self, thread)? else {
                return Ok(None);
            };
            parts.extend(found.iter().cloned());
            let recent = &mut self.masks.whole.recent;
            if recent.len() == MAX_RECENT {
                recent.clear();
            }
            recent.insert(thread, found);
        }
        self.masks.counts.hits.fetch_add(hits, Ordering::Relaxed);
        Ok(Some(self.masks.unite(parts, vocabulary)))
    }

    /// A thread for each lexeme in progress: alone, each means the same in every grammar, and the parser is read no deeper
    /// than it has to be. They stay together where they are many.
    pub(super) fn split(&mut self, thread: Thread) -> Result<Split> {
        if let Some(known) = self.known_split(thread) {
            return Ok(known);
        }
        let state = thread.lexer.state;
        let mut alone = SmallVec::new();
        for (lexeme, expression) in self.lexer.in_progress(state).to_vec() {
            let state = self.lexer.state_of(lexeme, expression)?;
            alone.push(self.lexer.settle(state)?);
        }
        self.masks.bytes += SPLIT_BYTES + alone.len() * 16;
        self.masks.whole.splits.insert(state, alone);
        Ok(self.known_split(thread).unwrap_or_default())
    }

    /// As `split`, if that takes no new state.
    fn known_split(&self, thread: Thread) -> Option<Split> {
        let state = thread.lexer.state;
        if !(2..=MAX_PARTS).contains(&self.lexer.in_progress(state).len()) {
            return Some(smallvec![thread]);
        }
        let alone = self.masks.whole.splits.get(&state)?.iter();
        Some(alone.map(|&lexer| Thread { lexer, ..thread }).collect())
    }

    /// The mask of a clamped thread whose lexemes are walked together.
    fn recalled_part(&mut self, thread: Thread) -> Option<Arc<ThreadMask>> {
        let recalled = self.clamped_to_walk(thread.lexer).and_then(|at| {
            let mut read = SmallVec::<[_; 8]>::new();
            self.recall((None, at), thread.node, &mut read)
        });
        match recalled {
            Some(mask) => {
                self.masks.counts.shape_hits.fetch_add(1, Ordering::Relaxed);
                Some(mask)
            }
            None => self.masks.threads.get(&(None, thread)).map(|found| found.mask.clone()),
        }
    }

    /// Lexemes in progress as masks are kept for them; None where no walk is known.
    fn clamped_to_walk(&self, at: Progress) -> Option<Progress> {
        if at.counter == NO_COUNTER {
            return Some(at);
        }
        let &walk = self.masks.walk_ids.get(&(None, at.state, at.counter))?;
        let bounds = at.bounds.clamped(self.masks.walks[walk as usize].0.highest);
        Some(Progress { bounds, ..at })
    }
}
