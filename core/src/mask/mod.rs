//! Token masks: which tokens keep a completion possible.
//!
//! Threads don't influence each other, so the mask of a configuration is the union of its threads' masks. The mask of
//! one thread has two parts. The *interior* are the tokens that stay inside the lexemes in progress: it depends on the
//! lexer's state alone (`interior`, `difference`, `filing`). The other tokens leave a lexeme where it can end, and what
//! the parser allows next reads on (`follow`). What was found is kept by what it was found from (`memo`), and can be
//! taken to another process (`store`, `tables`).

mod difference;
mod everywhere;
mod excerpts;
mod filing;
mod follow;
mod interior;
mod literals;
mod memo;
mod multiples;
mod store;
pub mod tables;
mod whole;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rustc_hash::{FxHashMap, FxHashSet};

use crate::bounds::Bounds;
use crate::engine::{Configuration, Engine, Thread};
use crate::error::Result;
use crate::lexer::{CounterId, LexerState, MatchSet, NO_MATCH, Progress};
use crate::parser::NodeId;
use crate::vocabulary::Vocabulary;
use crate::vocabulary::interior::{Interior, Interiors};
use crate::vocabulary::token_set::{TokenSet, set_bit};
use memo::Memo;
use tables::Tables;
pub use whole::Parts;
use whole::Whole;

/// Kept masks may take this many bytes; then they are dropped and made again as needed.
pub const CACHE_BYTES: usize = 128 << 20;
/// A mask of more interiors than this is written out as one set.
const MAX_PIECES: usize = 2;

/// So many of the parser's items are made in the time that a step of an automaton may take.
const ITEMS_PER_STEP: usize = 8;

/// Trie node below which the tokens' texts are read; None for whole tokens.
type Below = Option<u32>;

/// What a mask is being collected from, and into.
struct Search<'a> {
    vocabulary: &'a Vocabulary,
    found: Collected,
    /// The parser's nodes that were read.
    reads: Vec<NodeId>,
    /// Masks within masks.
    depth: usize,
}

impl<'a> Search<'a> {
    fn new(vocabulary: &'a Vocabulary, depth: usize) -> Self {
        Search {
            vocabulary,
            found: Collected::default(),
            reads: Vec::new(),
            depth,
        }
    }
}

/// The walk for lexemes in progress, as this grammar names it.
#[derive(Debug, Clone)]
struct Walk {
    /// Index into `Masks::walks`.
    id: u32,
    interior: Arc<Interior>,
}

/// Tokens of a thread: interiors, and tokens that leave them.
#[derive(Debug)]
pub struct ThreadMask {
    pieces: Vec<(Arc<Interior>, Bounds)>,
    tokens: TokenSet,
}

impl ThreadMask {
    fn memory(&self) -> usize {
        96 + self.pieces.len() * 16 + self.tokens.memory()
    }
}

/// A mask, and the parser's nodes that it was read from.
struct Found {
    mask: Arc<ThreadMask>,
    /// In the order of reading; the thread's own node is not among them.
    reads: Arc<[NodeId]>,
}

/// Masks of threads, and how often they served.
#[derive(Default)]
pub struct Masks {
    threads: FxHashMap<(Below, Thread), Found>,
    memo: Memo,
    whole: Whole,
    walks: Vec<(Arc<Interior>, Option<MatchSet>)>,
    walk_ids: FxHashMap<(Below, LexerState, CounterId), u32>,
    /// What was read from tables, by its place there.
    stored_masks: FxHashMap<u32, Arc<ThreadMask>>,
    stored_interiors: FxHashMap<u32, Arc<Interior>>,
    /// In place of the vocabulary's, whose content depends on what else the process does.
    own_interiors: Option<Interiors>,
    bytes: usize,
    /// Steps left for the mask being filled.
    fuel: usize,
    /// The parser's work that is paid for.
    paid: usize,
    pub counts: Counts,
}

/// How masks were come by.
#[derive(Default)]
pub struct Counts {
    /// Threads' masks that were known for the same parser node.
    pub hits: AtomicU64,
    /// Threads' masks that were known for another node, alike as far as was read.
    pub shape_hits: AtomicU64,
    /// Threads' masks that were taken from tables.
    pub loaded: AtomicU64,
    /// Threads' masks that were made.
    pub misses: AtomicU64,
    /// Walks through the whole trie.
    pub walks: AtomicU64,
}

impl Masks {
    pub fn memory(&self) -> usize {
        self.bytes
    }

    /// Threads' masks that were made so far.
    pub fn made(&self) -> u64 {
        self.counts.misses.load(Ordering::Relaxed)
    }

    /// Share no walks with other grammars.
    pub fn keep_to_itself(&mut self) {
        self.own_interiors = Some(Interiors::default());
    }

    fn interiors<'a>(&'a self, vocabulary: &'a Vocabulary) -> &'a Interiors {
        self.own_interiors.as_ref().unwrap_or(&vocabulary.interiors)
    }

    fn keep(&mut self, key: (Below, Thread), found: Found) {
        self.bytes += 64 + found.reads.len() * 4;
        self.threads.insert(key, found);
    }

    fn add_walk(&mut self, interior: Arc<Interior>, single: Option<MatchSet>) -> u32 {
        self.bytes += interior.memory();
        self.walks.push((interior, single));
        self.walks.len() as u32 - 1
    }

    fn is_full(&self) -> bool {
        self.bytes > CACHE_BYTES
    }

    fn make_room(&mut self) {
        if self.is_full() {
            *self = Masks {
                counts: std::mem::take(&mut self.counts),
                own_interiors: self.own_interiors.take(),
                ..Masks::default()
            };
        }
    }
}

/// What a thread's mask is put together from.
#[derive(Default)]
struct Collected {
    pieces: Vec<(Arc<Interior>, Bounds)>,
    tokens: Vec<u32>,
    /// Sets too large to list.
    sets: Vec<Arc<ThreadMask>>,
}

impl Collected {
    fn add(&mut self, mask: &Arc<ThreadMask>) {
        for (interior, bounds) in &mask.pieces {
            if !self
                .pieces
                .iter()
                .any(|(known, at)| Arc::ptr_eq(known, interior) && at == bounds)
            {
                self.pieces.push((interior.clone(), *bounds));
            }
        }
        match &mask.tokens {
            TokenSet::Few(ids) => self.tokens.extend_from_slice(ids),
            TokenSet::Many(_) => self.sets.push(mask.clone()),
        }
    }

    fn finish(mut self, words: usize) -> ThreadMask {
        // short lists become one, which is quicker to write
        self.pieces.retain(|(interior, bounds)| match interior.few(*bounds) {
            Some(ids) => {
                self.tokens.extend(ids);
                false
            }
            None => true,
        });
        if self.pieces.len() <= MAX_PIECES && self.sets.is_empty() {
            return ThreadMask {
                pieces: self.pieces,
                tokens: TokenSet::from_ids(self.tokens, words),
            };
        }
        let mut mask = vec![0; words];
        self.pieces
            .iter()
            .for_each(|(interior, bounds)| interior.add_to(*bounds, &mut mask));
        self.sets.iter().for_each(|set| set.tokens.add_to(&mut mask));
        self.tokens.iter().for_each(|&id| set_bit(&mut mask, id));
        ThreadMask {
            pieces: Vec::new(),
            tokens: TokenSet::new(&mask),
        }
    }
}

/// Overwrites `words` with the union of the masks.
pub fn write(masks: &[Arc<ThreadMask>], words: &mut [u32]) {
    let mut written = false;
    for mask in masks {
        for (interior, bounds) in &mask.pieces {
            if written {
                interior.add_to(*bounds, words);
            } else {
                interior.write_to(*bounds, words);
                written = true;
            }
        }
        if written {
            mask.tokens.add_to(words);
        } else {
            mask.tokens.write_to(words);
            written = true;
        }
    }
    if !written {
        words.fill(0);
    }
}

impl Engine {
    /// Takes masks from these tables from now on. What was read from others stays, but no place in them does.
    pub fn use_tables(&mut self, tables: Option<Arc<Tables>>) {
        self.masks.stored_masks.clear();
        self.masks.stored_interiors.clear();
        self.tables = tables;
    }

    /// Equal for threads that no token tells apart. One whose bounds no token comes near is like one without, so that a
    /// string of a thousand characters and one of any number share their masks.
    fn clamped(&self, thread: Thread, vocabulary: &Vocabulary) -> Thread {
        let most = vocabulary.trie.max_depth() as u32 + self.lexer.most_needed(thread.lexer.counter);
        let lexer = match thread.lexer.bounds.clamped(most) {
            Bounds::NONE => Progress::uncounted(thread.lexer.state),
            bounds => Progress { bounds, ..thread.lexer },
        };
        Thread { lexer, ..thread }
    }

    /// Overwrites `words` with the tokens that are allowed, stop tokens aside.
    pub fn fill_mask(&mut self, at: &Configuration, vocabulary: &Vocabulary, words: &mut [u32]) -> Result<()> {
        write(&self.made_parts(&at.threads, vocabulary)?, words);
        self.remove_repetitions(at, vocabulary, words)
    }

    /// Pays for steps, and for what the parser did since the last time.
    fn spend(&mut self, steps: usize) -> Result<()> {
        let work = self.parser.work();
        let cost = steps + (work - self.masks.paid) / ITEMS_PER_STEP;
        self.masks.paid = work;
        let left = self.masks.fuel.checked_sub(cost);
        self.masks.fuel = left.ok_or_else(|| self.too_much())?;
        Ok(())
    }

    /// The mask of a thread for texts below a trie node; the search learns the parser nodes it was read from.
    fn thread_mask(&mut self, below: Below, thread: Thread, outer: &mut Search) -> Result<Arc<ThreadMask>> {
        let thread = self.clamped(thread, outer.vocabulary);
        if let Some(known) = self.masks.threads.get(&(below, thread)) {
            self.masks.counts.hits.fetch_add(1, Ordering::Relaxed);
            outer.reads.extend_from_slice(&known.reads);
            return Ok(known.mask.clone());
        }
        let mut search = Search::new(outer.vocabulary, outer.depth + 1);
        let lexemes = self.split(thread)?;
        let mask = if lexemes.len() == 1 {
            self.walked_mask(below, thread, &mut search)?
        } else {
            for alone in lexemes {
                let mask = self.thread_mask(below, alone, &mut search)?;
                search.found.add(&mask);
            }
            self.finish(&mut search)
        };
        outer.reads.extend_from_slice(&search.reads);
        let found = Found {
            mask: mask.clone(),
            reads: search.reads.into(),
        };
        self.masks.keep((below, thread), found);
        Ok(mask)
    }

    fn walked_mask(&mut self, below: Below, mut thread: Thread, search: &mut Search) -> Result<Arc<ThreadMask>> {
        if below.is_none()
            && let Some(mask) = self.stored_mask(thread, search.vocabulary, &mut search.reads)
        {
            self.masks.counts.loaded.fetch_add(1, Ordering::Relaxed);
            return Ok(mask);
        }
        let walk = self.walk(below, thread.lexer, search.vocabulary)?;
        thread.lexer.bounds = thread.lexer.bounds.clamped(walk.interior.highest);
        let place = (below, thread.lexer);
        if let Some(mask) = self.recall(place, thread.node, &mut search.reads) {
            self.masks.counts.shape_hits.fetch_add(1, Ordering::Relaxed);
            return Ok(mask);
        }
        self.masks.counts.misses.fetch_add(1, Ordering::Relaxed);
        search.found.pieces.push((walk.interior.clone(), thread.lexer.bounds));
        self.follow(below, thread, &walk, search)?;
        let mask = self.finish(search);
        let mut seen = FxHashSet::default();
        search.reads.retain(|&node| node != thread.node && seen.insert(node));
        let questions = self.remember(place, thread.node, &search.reads, mask.clone());
        self.masks.bytes += questions * 128;
        Ok(mask)
    }

    fn finish(&mut self, search: &mut Search) -> Arc<ThreadMask> {
        let found = std::mem::take(&mut search.found);
        let mask = Arc::new(found.finish(search.vocabulary.words()));
        self.masks.bytes += mask.memory();
        mask
    }

    /// The set of lexemes that an exit of a walk ends.
    fn exit_set(&self, walk: u32, named: MatchSet) -> MatchSet {
        match self.masks.walks[walk as usize].1 {
            Some(single) if named == NO_MATCH => single,
            _ => named,
        }
    }
}
