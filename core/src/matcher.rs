//! A compiled grammar and the sequences that run under it.

use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use rayon::prelude::*;
use rustc_hash::FxBuildHasher;

use crate::artifact::Description;
use crate::budget::{Fewest, Room};
use crate::distinct;
use crate::engine::{Configuration, Engine};
use crate::error::Result;
use crate::forced::CONTEXT;
use crate::form::GrammarForm;
use crate::grammar::check::check;
use crate::history::{Added, History};
use crate::limits::Limits;
use crate::mask::{self, Parts, tables::Tables};
use crate::names::fingerprint;
use crate::vocabulary::Vocabulary;
use crate::vocabulary::token_set::set_bit;

/// When the shared tables have grown past this many bytes, or to near a budget, new sequences start on fresh ones; the
/// old ones are freed with the last sequence that uses them.
const ENGINE_BYTES: usize = 512 << 20;
/// Work after which what takes long gives way to others, see `Engine::work`: some milliseconds.
pub(crate) const SLICE: usize = 1 << 17;
/// Fewer masks than this aren't worth another thread.
const MIN_JOBS: usize = 4;

pub(crate) type SharedEngine = Arc<RwLock<Engine>>;

/// Asked while no lock is held, whenever work has taken some milliseconds; an error ends it.
pub type Pause<'a> = &'a mut dyn FnMut() -> Result<()>;

/// The pause of those who never stop.
pub(crate) fn go_on() -> Result<()> {
    Ok(())
}

/// A grammar for one vocabulary. What it means never changes; its tables grow behind a lock, which whatever is known
/// already is read under together.
#[derive(Clone)]
pub struct Compiled {
    pub(crate) form: Arc<GrammarForm>,
    /// As `form`, without containers that cannot hold enough distinct things; None if it has none.
    satisfiable: Option<Arc<GrammarForm>>,
    pub(crate) limits: Limits,
    pub description: Description,
    pub vocabulary: Arc<Vocabulary>,
    engine: Arc<Mutex<SharedEngine>>,
    /// Masks that were made ahead.
    tables: Arc<Mutex<Option<Arc<Tables>>>>,
    /// Expected-future weights, as whoever made them wrote them.
    pub weights: Option<Arc<[u8]>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn read(engine: &RwLock<Engine>) -> RwLockReadGuard<'_, Engine> {
    engine.read().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn write(engine: &RwLock<Engine>) -> RwLockWriteGuard<'_, Engine> {
    engine.write().unwrap_or_else(PoisonError::into_inner)
}

impl Compiled {
    pub fn new(form: GrammarForm, vocabulary: Arc<Vocabulary>, limits: Limits) -> Result<Self> {
        check(&form)?;
        let longest = vocabulary.trie.max_depth();
        let mut engine = Engine::new(&form, &limits, longest)?;
        let mut satisfiable = None;
        // what is taken away may leave too little in others
        while let Some(left) = distinct::satisfiable(satisfiable.as_ref().unwrap_or(&form), &engine.scarce, &limits)? {
            engine = Engine::new(&left, &limits, longest)?;
            satisfiable = Some(left);
        }
        Ok(Compiled {
            form: Arc::new(form),
            satisfiable: satisfiable.map(Arc::new),
            limits,
            description: Description::new(),
            vocabulary,
            engine: Arc::new(Mutex::new(Arc::new(RwLock::new(engine)))),
            tables: Arc::new(Mutex::new(None)),
            weights: None,
        })
    }

    pub fn with_description(self, description: Description) -> Self {
        Compiled { description, ..self }
    }

    pub fn with_weights(self, weights: Option<Vec<u8>>) -> Self {
        Compiled {
            weights: weights.map(Arc::from),
            ..self
        }
    }

    pub fn matcher(self: &Arc<Self>) -> Result<Matcher> {
        let mut current = lock(&self.engine);
        let outgrown = |engine: &Engine| engine.memory() > ENGINE_BYTES || engine.is_spent();
        if outgrown(&read(&current)) {
            let mut engine = self.fresh_engine()?;
            engine.tables = self.tables();
            *current = Arc::new(RwLock::new(engine));
        }
        let engine = current.clone();
        drop(current);
        let start = write(&engine).start()?;
        Ok(Matcher {
            compiled: self.clone(),
            engine,
            history: History::new(start),
        })
    }

    /// An engine that has read nothing.
    pub(crate) fn fresh_engine(&self) -> Result<Engine> {
        let form = self.satisfiable.as_ref().unwrap_or(&self.form);
        Engine::new(form, &self.limits, self.vocabulary.trie.max_depth())
    }

    /// The tables that new sequences share.
    fn shared(&self) -> SharedEngine {
        lock(&self.engine).clone()
    }

    /// Masks that were made ahead, if any were.
    pub(crate) fn tables(&self) -> Option<Arc<Tables>> {
        lock(&self.tables).clone()
    }

    /// Takes masks that were made ahead, if they are for a grammar that is numbered as this one is.
    pub(crate) fn set_tables(&self, tables: Tables) {
        let shared = self.shared();
        let mut engine = write(&shared);
        if tables.fingerprint == fingerprint(&engine.grammar) {
            let tables = Some(Arc::new(tables));
            engine.use_tables(tables.clone());
            *lock(&self.tables) = tables;
        }
    }

    /// Sizes of tables, by name.
    pub fn statistics(&self) -> Vec<(&'static str, u64)> {
        let shared = self.shared();
        let engine = read(&shared);
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        vec![
            ("rules", engine.grammar.rules() as u64),
            ("dotted_rules", engine.grammar.next.len() as u64),
            ("terminals", engine.grammar.nullable_lexemes.len() as u64),
            ("expressions", engine.lexer.derivatives.expressions.len() as u64),
            ("lexer_states", engine.lexer.states() as u64),
            ("parser_nodes", engine.parser.nodes() as u64),
            ("mask_hits", count(&engine.masks.counts.hits)),
            ("mask_shape_hits", count(&engine.masks.counts.shape_hits)),
            ("mask_loaded", count(&engine.masks.counts.loaded)),
            ("mask_misses", count(&engine.masks.counts.misses)),
            ("trie_walks", count(&engine.masks.counts.walks)),
            ("mask_bytes", engine.masks.memory() as u64),
            ("stored_bytes", self.tables().map_or(0, |tables| tables.memory()) as u64),
            ("shared_interiors", self.vocabulary.interiors.size().0 as u64),
            ("table_bytes", engine.memory() as u64),
            ("vocabulary_size", self.vocabulary.vocab_size as u64),
            ("trie_nodes", self.vocabulary.trie.len() as u64),
        ]
    }
}

/// One sequence: where it stands, and how it came there.
#[derive(Clone)]
pub struct Matcher {
    pub compiled: Arc<Compiled>,
    pub(crate) engine: SharedEngine,
    pub(crate) history: History,
}

impl Matcher {
    pub fn current(&self) -> &Configuration {
        self.history.current()
    }

    pub fn steps(&self) -> usize {
        self.history.len()
    }

    /// The tokens accepted so far; None where bytes were, too.
    pub fn accepted_tokens(&self) -> Option<Vec<u32>> {
        let tokens = self.history.added().filter(|added| **added != Added::Nothing);
        let mut tokens: Vec<u32> = tokens
            .map(|added| match added {
                Added::Token(id) => Some(*id),
                _ => None,
            })
            .collect::<Option<_>>()?;
        tokens.reverse();
        Some(tokens)
    }

    /// A new sequence, on fresh tables where a new matcher would have them.
    pub fn reset(&mut self) -> Result<()> {
        *self = self.compiled.matcher()?;
        Ok(())
    }

    /// False when there are fewer steps.
    pub fn rollback(&mut self, steps: usize) -> bool {
        self.history.rollback(steps)
    }

    /// Overwrites `words` with the tokens that may come next, if that takes no work and nobody is at work; false, and
    /// nothing is written, elsewhere.
    pub fn fill_known_mask(&self, words: &mut [u32]) -> bool {
        let (at, vocabulary) = (self.current(), &self.compiled.vocabulary);
        let parts = match self.engine.try_write() {
            Ok(_) if distinct::changes_mask(at, vocabulary) => None,
            Ok(mut engine) => engine.recalled_parts(&at.threads, vocabulary),
            Err(_) => None,
        };
        parts.map(|parts| self.write_mask(&parts, words)).is_some()
    }

    /// Overwrites `words` with the tokens that may come next.
    pub fn fill_mask(&self, words: &mut [u32]) -> Result<()> {
        let (at, vocabulary) = (self.current(), &self.compiled.vocabulary);
        let known = read(&self.engine).known_parts(&at.threads, vocabulary);
        let parts = match known {
            Some(parts) => parts,
            None => write(&self.engine).made_parts(&at.threads, vocabulary)?,
        };
        if distinct::changes_mask(at, vocabulary) {
            let mut allowed = vec![0; vocabulary.words()];
            mask::write(&parts, &mut allowed);
            write(&self.engine).remove_repetitions(at, vocabulary, &mut allowed)?;
            words[..allowed.len()].copy_from_slice(&allowed);
            self.allow_stop(words);
            return Ok(());
        }
        self.write_mask(&parts, words);
        Ok(())
    }

    fn write_mask(&self, parts: &Parts, words: &mut [u32]) {
        mask::write(parts, words);
        self.allow_stop(words);
    }

    fn allow_stop(&self, words: &mut [u32]) {
        let at = self.current();
        if at.accepting && !at.terminated {
            self.compiled
                .vocabulary
                .eos_token_ids
                .iter()
                .for_each(|&id| set_bit(words, id));
        }
    }

    pub fn accept_token(&mut self, id: u32) -> Result<bool> {
        let next = self.after_token(&mut write(&self.engine), self.current(), id)?;
        Ok(self.push(next, || Added::Token(id)))
    }

    pub fn accept_bytes(&mut self, data: &[u8]) -> Result<bool> {
        self.accept_bytes_in_slices(data, &mut go_on)
    }

    /// Nothing has changed if a pause ends it.
    pub fn accept_bytes_in_slices(&mut self, data: &[u8], pause: Pause) -> Result<bool> {
        if self.current().terminated {
            return Ok(false);
        }
        let (viable, at) = self.read(data, pause)?;
        let next = (viable == data.len()).then_some(at);
        Ok(self.push(next, || Added::Bytes(data[data.len().saturating_sub(CONTEXT)..].into())))
    }

    /// How many of the bytes are viable, and the configuration after them if all are.
    fn read(&self, data: &[u8], pause: Pause) -> Result<(usize, Configuration)> {
        let mut at = self.current().clone();
        let viable = in_slices(&self.engine, data.len(), pause, |engine, index| {
            let goes_on = engine.move_by(&mut at, data[index])? && engine.is_alive(&at)?;
            Ok(goes_on.then(|| cost_of(&at)))
        })?;
        Ok((viable, at))
    }

    fn push(&mut self, next: Option<Configuration>, added: impl FnOnce() -> Added) -> bool {
        match next {
            Some(configuration) => {
                self.history.push(configuration, added());
                true
            }
            None => false,
        }
    }

    pub(crate) fn after_token(
        &self,
        engine: &mut Engine,
        at: &Configuration,
        id: u32,
    ) -> Result<Option<Configuration>> {
        if at.terminated {
            return Ok(None);
        }
        if self.compiled.vocabulary.is_eos(id) {
            return Ok(at.accepting.then(Configuration::ended));
        }
        match self.compiled.vocabulary.token(id) {
            Some(bytes) if !bytes.is_empty() => engine.after_token(at, bytes),
            _ => Ok(None),
        }
    }

    /// How many of the bytes keep a completion possible.
    pub fn viable_prefix(&self, data: &[u8]) -> Result<usize> {
        self.viable_prefix_in_slices(data, &mut go_on)
    }

    pub fn viable_prefix_in_slices(&self, data: &[u8], pause: Pause) -> Result<usize> {
        if self.current().terminated {
            return Ok(0);
        }
        Ok(self.read(data, pause)?.0)
    }

    /// How many of the tokens could be accepted one after the other.
    pub fn validate_tokens(&self, ids: &[u32]) -> Result<usize> {
        self.validate_tokens_in_slices(ids, &mut go_on)
    }

    pub fn validate_tokens_in_slices(&self, ids: &[u32], pause: Pause) -> Result<usize> {
        let mut at = self.current().clone();
        in_slices(&self.engine, ids.len(), pause, |engine, index| {
            let next = self.after_token(engine, &at, ids[index])?;
            Ok(next.map(|next| {
                at = next;
                cost_of(&at)
            }))
        })
    }

    pub fn next_bytes(&self) -> Result<Vec<u8>> {
        write(&self.engine).next_bytes(self.current())
    }

    /// Few tokens that complete the text: see `Engine::fewest_tokens`.
    pub fn fewest_tokens(&self, room: Room) -> Result<Option<Fewest>> {
        write(&self.engine).fewest_tokens(self.current(), room, &self.compiled.vocabulary)
    }

    /// Takes the tokens from a mask that leave no room for what is needed after them; were there any?
    pub fn keep_completable(&self, left: Room, words: &mut [u32]) -> Result<bool> {
        write(&self.engine).keep_completable(self.current(), left, &self.compiled.vocabulary, words)
    }

    /// Tokens that begin with bytes and go on as the text may: see `Engine::tokens_from`.
    pub fn tokens_from(&self, beginning: &[u8]) -> Result<Vec<u32>> {
        let mut engine = write(&self.engine);
        let place = engine.first_place(self.current(), &self.compiled.vocabulary);
        engine.tokens_from(place, beginning, &self.compiled.vocabulary)
    }

    /// A bound on what any text needs to be completed: see `Engine::most_needed`.
    pub fn most_needed(&self) -> Result<Option<usize>> {
        write(&self.engine).most_needed(&self.compiled.vocabulary)
    }

    /// A number for what may follow: the same where the same may, repetitions aside, as long as the engine lasts.
    pub fn state_hash(&self) -> u64 {
        let at = self.current();
        let mut threads = at.threads.clone();
        threads.sort_unstable();
        FxBuildHasher.hash_one((&threads[..], at.accepting))
    }

    /// Are repetitions told apart in the text so far?
    pub fn is_tracked(&self) -> bool {
        self.current().tracker.is_some()
    }

    pub fn shortest_completion(&self) -> Result<Vec<u8>> {
        write(&self.engine).shortest_completion(self.current())
    }
}

/// Fills a mask for each matcher, over threads. The first error is reported; the other masks are filled nevertheless.
pub fn fill_masks(jobs: Vec<(Matcher, &mut [u32])>) -> Result<()> {
    let fill = |(matcher, words): (Matcher, &mut [u32])| matcher.fill_mask(words);
    if jobs.len() < MIN_JOBS {
        return jobs.into_iter().map(fill).fold(Ok(()), Result::and);
    }
    jobs.into_par_iter()
        .with_min_len(MIN_JOBS)
        .map(fill)
        .reduce(|| Ok(()), Result::and)
}

/// Takes steps until one fails, at most `count`, and tells how many. A step has the engine and its index, and says what
/// it cost beside `Engine::work`. After each slice of work the engine is free, and the pause may end it all.
fn in_slices(
    engine: &SharedEngine,
    count: usize,
    pause: Pause,
    mut step: impl FnMut(&mut Engine, usize) -> Result<Option<usize>>,
) -> Result<usize> {
    let mut done = 0;
    loop {
        let mut engine = write(engine);
        let before = engine.work();
        let mut cost = 0;
        while done < count && engine.work() - before + cost < SLICE {
            match step(&mut engine, done)? {
                Some(taken) => cost += taken,
                None => return Ok(done),
            }
            done += 1;
        }
        drop(engine);
        if done == count {
            return Ok(done);
        }
        pause()?;
    }
}

/// What it cost to come there: each thread is moved at each byte.
fn cost_of(at: &Configuration) -> usize {
    1 + at.threads.len()
}
