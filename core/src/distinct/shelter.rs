//! Values of members of scarce objects.
//!
//! Whether such an object can be completed may depend on the keys to come, and not on what a member's value is. So
//! before a value, it is tried what there is after it: the parser goes on as if one of the symbols that it waits for were
//! complete. If the object can be completed after each of them, nothing in the value needs care. If after none, there
//! is no such value.

use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;
use std::sync::Arc;

use super::tracker::Tracker;
use crate::engine::{Configuration, Engine, Threads};
use crate::error::{Error, Result};
use crate::parser::NodeId;

/// Values of members after members that are tried.
const MAX_DEPTH: usize = 200;
/// So many answers are kept.
const MAX_KEPT: usize = 1 << 14;

/// What was found out.
#[derive(Default)]
pub struct Shelters {
    known: FxHashMap<(Threads, Arc<Tracker>), Option<bool>>,
    depth: usize,
}

impl Engine {
    /// Before a value: is there a completion after each symbol that may come next? None if only after some.
    pub(crate) fn shelter(&mut self, at: &Configuration) -> Result<Option<bool>> {
        let Some(tracker) = &at.tracker else {
            return Ok(None);
        };
        let mut threads = at.threads.clone();
        threads.sort_unstable();
        let key = (threads, tracker.clone());
        if let Some(&known) = self.shelters.known.get(&key) {
            return Ok(known);
        }
        if self.shelters.depth == MAX_DEPTH {
            return Err(Error::Limit {
                budget: "max_mask_steps",
                value: self.max_mask_steps,
            });
        }
        self.shelters.depth += 1;
        let found = self.find_shelter(at, Arc::new(tracker.after_value()));
        self.shelters.depth -= 1;
        let found = found?;
        if self.shelters.known.len() == MAX_KEPT {
            self.shelters.known.clear();
        }
        self.shelters.known.insert(key, found);
        Ok(found)
    }

    fn find_shelter(&mut self, at: &Configuration, after: Arc<Tracker>) -> Result<Option<bool>> {
        let mut nodes: SmallVec<[NodeId; 4]> = SmallVec::new();
        for thread in &at.threads {
            if self.begun_at(thread.node)? == Some(*thread) {
                nodes.push(thread.node);
            }
        }
        nodes.sort_unstable();
        nodes.dedup();
        let (mut some, mut all) = (false, true);
        let mut seen = FxHashSet::default();
        for node in nodes {
            for symbol in self.parser.awaited(node) {
                let next = self.parser.skip(node, symbol, &self.grammar, &mut self.lexer)?;
                if seen.insert(next) {
                    let landed = Configuration {
                        threads: self.begun_at(next)?.into_iter().collect(),
                        accepting: self.parser.node(next).accepting,
                        terminated: false,
                        tracker: Some(after.clone()),
                    };
                    let alive = self.is_alive(&landed)?;
                    some |= alive;
                    all &= alive;
                }
            }
        }
        Ok((some == all).then_some(some))
    }
}
