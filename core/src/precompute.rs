//! Masks ahead of time: breadth first through the configurations that texts reach, those first that lead on from a mask
//! that was new, until a budget is spent.

use std::collections::VecDeque;
use std::hash::BuildHasher;

use rustc_hash::{FxBuildHasher, FxHashSet};

use crate::engine::{Configuration, Engine, Threads};
use crate::error::{Error, Result};
use crate::mask::CACHE_BYTES;
use crate::matcher::{Compiled, Pause, SLICE, go_on};

/// No more bytes may be given: masks that are dropped to make room could not be stored.
pub const MAX_BUDGET: usize = CACHE_BYTES;
/// About what is remembered of a configuration that was seen.
const CONFIGURATION_BYTES: usize = 200;
/// What a mask that is made counts for beside `Engine::work`: about a millisecond, under a large vocabulary.
const MASK_COST: usize = 1 << 12;
/// So many masks are looked for between two pauses.
const STORED_BETWEEN_PAUSES: usize = 1024;

/// What was computed ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coverage {
    /// Configurations that were seen.
    pub reached: usize,
    /// Those of them whose masks are in the tables.
    pub covered: usize,
    /// Masks that differ, of those that were looked at.
    pub distinct_masks: usize,
    /// Size of the tables.
    pub bytes: usize,
}

impl Compiled {
    /// Makes tables of masks, those of the shortest texts first; they take the place of earlier ones. A recursive grammar
    /// has no end of configurations, and a budget of `Limits` may run out before this one does; either way, what there
    /// is then stays.
    ///
    /// It runs on an engine of its own, which knows nothing at first, so that the same grammar has the same tables
    /// whatever was done with it, and no sequence has to wait.
    pub fn precompute(&self, budget_bytes: usize) -> Result<Coverage> {
        self.precompute_with_pauses(budget_bytes, &mut go_on)
    }

    /// What was there before stays if a pause ends it.
    pub fn precompute_with_pauses(&self, budget_bytes: usize, pause: Pause) -> Result<Coverage> {
        let budget = budget_bytes.min(MAX_BUDGET);
        let mut engine = self.fresh_engine()?;
        engine.masks.keep_to_itself();
        let mut words = vec![0u32; self.vocabulary.words()];
        // a count for people: that two hashes of 64 bits agree by chance does no harm
        let mut masks: FxHashSet<u64> = FxHashSet::default();
        // masks are kept without regard to repetitions
        let start = Configuration {
            tracker: None,
            ..engine.start()?
        };
        let before = engine.memory();
        let mut seen: FxHashSet<Threads> = FxHashSet::from_iter([key(&start)]);
        // where nothing is new, as between the 20th and the 30th letter of a string, the next letter can wait
        let (mut likely, mut unlikely) = (VecDeque::from([start]), VecDeque::new());
        let mut cost = 0;
        while let Some(at) = likely.pop_front().or_else(|| unlikely.pop_front()) {
            if cost >= SLICE {
                pause()?;
                cost = 0;
            }
            let (made, worked) = (engine.masks.made(), engine.work());
            let followed = engine
                .fill_mask(&at, &self.vocabulary, &mut words)
                .and_then(|()| successors(&mut engine, &at));
            match followed {
                Ok(next) => {
                    cost += (at.threads.len() + 1) * (next.len() + 1) + engine.work() - worked;
                    cost += (engine.masks.made() - made) as usize * MASK_COST;
                    let queue = if engine.masks.made() > made {
                        &mut likely
                    } else {
                        &mut unlikely
                    };
                    queue.extend(next.into_iter().filter(|next| seen.insert(key(next))));
                }
                Err(Error::Limit { .. }) => break,
                Err(other) => return Err(other),
            }
            masks.insert(FxBuildHasher.hash_one((&words, at.accepting)));
            if engine.memory() - before + seen.len() * CONFIGURATION_BYTES >= budget {
                break;
            }
        }
        pause()?;
        let tables = engine.store(&self.vocabulary)?;
        let mut covered = 0;
        for (index, threads) in seen.iter().enumerate() {
            if index % STORED_BETWEEN_PAUSES == 0 {
                pause()?;
            }
            // a budget of `Limits` may be spent
            covered += usize::from(engine.is_stored(&tables, threads, &self.vocabulary).unwrap_or(false));
        }
        let coverage = Coverage {
            reached: seen.len(),
            covered,
            distinct_masks: masks.len(),
            bytes: tables.memory(),
        };
        self.set_tables(tables);
        Ok(coverage)
    }
}

fn successors(engine: &mut Engine, at: &Configuration) -> Result<Vec<Configuration>> {
    let mut found = Vec::new();
    for byte in engine.next_bytes(at)? {
        found.extend(engine.step(at, byte)?);
    }
    Ok(found)
}

/// Threads in one order, whichever way they came to be.
fn key(configuration: &Configuration) -> Threads {
    let mut threads = configuration.threads.clone();
    threads.sort_unstable();
    threads
}
