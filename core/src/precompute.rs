//! Masks ahead of time: breadth first through the configurations that texts reach, until a budget is spent.

use std::collections::VecDeque;
use std::hash::BuildHasher;

use rustc_hash::{FxBuildHasher, FxHashSet};

use crate::engine::{Configuration, Engine, Threads};
use crate::error::{Error, Result};
use crate::matcher::{Compiled, write};

/// What was computed ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coverage {
    /// Configurations that were seen.
    pub reached: usize,
    /// Those of them whose masks are there.
    pub covered: usize,
    /// Masks that differ among those.
    pub distinct_masks: usize,
    /// What the tables grew by.
    pub bytes: usize,
}

impl Compiled {
    /// Fills masks, those of the shortest texts first. A recursive grammar has no end of configurations, and a budget of
    /// `Limits` may run out before this one does; either way, what there is then stays.
    pub fn precompute(&self, budget_bytes: usize) -> Result<Coverage> {
        let shared = self.shared();
        let mut words = vec![0u32; self.vocabulary.words()];
        // a count for people: that two hashes of 64 bits agree by chance does no harm
        let mut masks: FxHashSet<u64> = FxHashSet::default();
        let start = write(&shared).start()?;
        let before = write(&shared).memory();
        let mut seen: FxHashSet<Threads> = FxHashSet::from_iter([key(&start)]);
        let mut queue = VecDeque::from([start]);
        let (mut covered, mut bytes) = (0, 0);
        while let Some(at) = queue.pop_front() {
            // sequences under way get their turn between any two masks
            let mut engine = write(&shared);
            let followed = engine
                .fill_mask(&at.threads, false, &self.vocabulary, &mut words)
                .and_then(|()| successors(&mut engine, &at));
            if followed.is_ok() {
                covered += 1;
                masks.insert(FxBuildHasher.hash_one((&words, at.accepting)));
            }
            bytes = engine.memory().saturating_sub(before);
            match followed {
                Ok(next) => queue.extend(next.into_iter().filter(|next| seen.insert(key(next)))),
                Err(Error::Limit { .. }) => break,
                Err(other) => return Err(other),
            }
            if bytes >= budget_bytes {
                break;
            }
        }
        Ok(Coverage {
            reached: seen.len(),
            covered,
            distinct_masks: masks.len(),
            bytes,
        })
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
