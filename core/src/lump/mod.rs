//! Lumps: configurations from which a text goes on alike, roughly, as one.
//!
//! To foretell how likely a text is to end well, what a model did at a place must be found again at another. Equal
//! configurations are met too rarely for that: an array at depth three and at depth four differ, and so do a string's
//! hundredth and hundred-and-first character. A lump keeps the lexemes in progress, the productions that are open on the
//! innermost levels, and of counts only how near they are to their bounds. So a language with any depth of nesting and
//! with bounds of any size has few of them. Nothing sound may depend on a lump: what it stands for differs in what is
//! further out.
//!
//! Its key is made of names (see `names`), not of numbers: it stays the same when tables are dropped and made anew.

mod steps;

use rustc_hash::FxHashMap;

use crate::engine::{Configuration, Engine};
use crate::error::Result;
use crate::lexer::NO_COUNTER;
use crate::matcher::{Matcher, write};
use crate::parser::NodeId;
use crate::regex::digest::{Content, Digest};
pub use steps::Steps;

/// So many levels of what is open are told apart: that of the lexeme, and those around it.
const LEVELS: usize = 3;
/// Counts from here on are all alike.
const PLENTY: u32 = 64;
/// So many tokens are looked up before others may use the tables.
const TOKENS_AT_ONCE: usize = 1 << 12;

/// Stands for no lump: the token is not accepted.
pub const NO_LUMP: u64 = 0;

/// How well counts are told apart.
#[derive(Debug, Clone, Copy)]
pub enum Detail {
    /// Where the text stands: small ones well, as what has to come takes as many steps.
    Fine,
    /// Further out: whether there are any, and more than one.
    Coarse,
}

impl Detail {
    /// The same for counts that are not told apart.
    pub fn of(self, count: u32) -> u32 {
        match (self, count) {
            (Detail::Coarse, _) => count.min(2),
            (Detail::Fine, 0..=16) => count,
            (Detail::Fine, 17..=31) => 17,
            (Detail::Fine, 32..PLENTY) => 18,
            (Detail::Fine, _) => 19,
        }
    }
}

/// Names of what is open at nodes, by node and how many levels of it count.
pub type Open = FxHashMap<(NodeId, usize), Digest>;

impl Engine {
    /// The key of a configuration; never `NO_LUMP`.
    fn lump_key(&mut self, at: &Configuration) -> Result<u64> {
        let mut threads = Vec::with_capacity(at.threads.len());
        for thread in &at.threads {
            let progress = thread.lexer;
            let counts = match progress.counter {
                NO_COUNTER => [0, 0],
                _ => {
                    let bounds = progress.bounds;
                    [bounds.min, bounds.max - bounds.min.min(bounds.max)].map(|count| Detail::Fine.of(count))
                }
            };
            threads.push((self.place_name(progress), counts, self.open_name(thread.node, LEVELS)));
        }
        threads.sort_unstable();
        threads.dedup();
        let mut content = Content::of(b"lump");
        content.number(u32::from(at.accepting) + 2 * u32::from(at.terminated));
        for (place, counts, open) in threads {
            content.digest(place).digest(open);
            counts.into_iter().for_each(|count| {
                content.number(count);
            });
        }
        Ok((content.name() as u64).max(NO_LUMP + 1))
    }

    /// The name of what is open at a node, so many levels of it.
    fn open_name(&mut self, node: NodeId, levels: usize) -> Digest {
        if levels == 0 {
            return 0;
        }
        if let Some(&known) = self.lumps.open.get(&(node, levels)) {
            return known;
        }
        let detail = match levels {
            LEVELS => Detail::Fine,
            _ => Detail::Coarse,
        };
        let mut items = Vec::new();
        for index in 0..self.parser.node(node).kernel.len() {
            let item = self.parser.node(node).kernel[index];
            let mut dot = Vec::new();
            self.parser.frames.rough(item.dot, detail, &self.grammar, &mut dot);
            // an item begins at its own node only at the start of the text
            let around = match item.origin {
                origin if origin == node => 0,
                origin => self.open_name(origin, levels - 1),
            };
            items.push((dot, around));
        }
        items.sort_unstable();
        items.dedup();
        let mut content = Content::of(b"open");
        for (dot, around) in items {
            content.number(dot.len() as u32);
            dot.into_iter().for_each(|part| {
                content.number(part);
            });
            content.digest(around);
        }
        let name = content.name();
        self.lumps.open.insert((node, levels), name);
        name
    }
}

impl Matcher {
    /// The lump in which the sequence stands.
    pub fn lump(&self) -> Result<u64> {
        let mut engine = write(&self.engine);
        let place = engine.first_step(self.current(), self.compiled.vocabulary.trie.max_depth());
        engine.lump_of(place)
    }

    /// The lump after each of the tokens; `NO_LUMP` for those that are not accepted.
    pub fn lumps_after(&self, ids: &[i64]) -> Result<Vec<u64>> {
        let (at, vocabulary) = (self.current(), &self.compiled.vocabulary);
        let mut found = Vec::with_capacity(ids.len());
        if at.terminated {
            found.resize(ids.len(), NO_LUMP);
            return Ok(found);
        }
        for ids in ids.chunks(TOKENS_AT_ONCE) {
            let mut engine = write(&self.engine);
            let place = engine.first_step(at, vocabulary.trie.max_depth());
            for &id in ids {
                let id = u32::try_from(id).ok();
                found.push(match id.and_then(|id| vocabulary.token(id)) {
                    Some(bytes) if !bytes.is_empty() => engine.lump_after(place, bytes)?,
                    _ if at.accepting && id.is_some_and(|id| vocabulary.is_eos(id)) => {
                        engine.lump_key(&Configuration::ended())?
                    }
                    _ => NO_LUMP,
                });
            }
        }
        if at.tracker.is_some() {
            self.without_repetitions(ids, &mut found)?;
        }
        Ok(found)
    }

    /// Tokens that would repeat what must differ have no lump.
    fn without_repetitions(&self, ids: &[i64], found: &mut [u64]) -> Result<()> {
        let mut allowed = vec![0u32; self.compiled.vocabulary.words()];
        self.fill_mask(&mut allowed)?;
        for (lump, &id) in found.iter_mut().zip(ids) {
            let word = usize::try_from(id >> 5).ok().and_then(|word| allowed.get(word));
            if word.is_none_or(|word| word >> (id & 31) & 1 == 0) {
                *lump = NO_LUMP;
            }
        }
        Ok(())
    }
}
