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
use crate::error::Result;
use crate::parser::NodeId;

/// Values of members after members that are tried.
const MAX_DEPTH: usize = 200;
/// So many answers are kept.
const MAX_KEPT: usize = 1 << 14;

/// What was found out.
#[derive(Default)]
pub struct Shelters {
    known: FxHashMap<Essence, Option<bool>>,
    /// Has a place a completion?
    alive: FxHashMap<Essence, bool>,
    /// Places before values that the search under way has come to.
    visited: FxHashSet<Essence>,
    depth: usize,
}

impl Shelters {
    fn note<'a>(&mut self, places: impl IntoIterator<Item = &'a Essence>, alive: bool) {
        if self.alive.len() >= MAX_KEPT {
            self.alive.clear();
        }
        self.alive
            .extend(places.into_iter().map(|place| (place.clone(), alive)));
    }
}

/// Of a place, what matters.
pub type Essence = (Threads, Option<Arc<Tracker>>);

impl Engine {
    /// Before a value: is there a completion after each symbol that may come next? None if only after some.
    pub(crate) fn shelter(&mut self, at: &Configuration) -> Result<Option<bool>> {
        let Some(tracker) = &at.tracker else {
            return Ok(None);
        };
        let key = (sorted(&at.threads), Some(tracker.clone()));
        if let Some(&known) = self.shelters.known.get(&key) {
            return Ok(known);
        }
        if self.shelters.depth == MAX_DEPTH {
            return Err(self.too_much());
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
        let (mut some, mut all) = (false, true);
        let nodes = self.nodes_before(at)?;
        for landed in self.after_values(&nodes, &after)? {
            self.shelters.visited.clear();
            let alive = self.is_alive(&landed)?;
            some |= alive;
            all &= alive;
        }
        Ok((some == all).then_some(some))
    }

    /// Has a place in a scarce container a completion? It is remembered of all places in which the same matters.
    pub(super) fn is_scarce_alive(&mut self, at: &Configuration) -> Result<bool> {
        if self.shelters.depth > 0 {
            return Ok(self.way_out(at)?.is_some());
        }
        self.shelters.visited.clear();
        self.shelters.depth = 1;
        let essence = self.place_of(at);
        let found = match self.shelters.alive.get(&essence) {
            Some(&known) => Ok(known),
            None => self.way_out(at).map(|way| way.is_some()),
        };
        self.shelters.depth = 0;
        if let Ok(false) = found {
            self.shelters.note([&essence], false);
        }
        found
    }

    /// Remembers places of which it was found out that they have a completion.
    pub(super) fn note_alive<'a>(&mut self, places: impl Iterator<Item = &'a Essence>) {
        if self.shelters.depth > 0 {
            self.shelters.note(places, true);
        }
    }

    /// What tells a place on a search from others. Where a shelter is sought, much makes no difference.
    pub(super) fn place_of(&self, at: &Configuration) -> Essence {
        let less = match self.shelters.depth {
            0 => None,
            _ => self.essence(at),
        };
        less.unwrap_or_else(|| (sorted(&at.threads), at.tracker.clone()))
    }

    /// What it depends on whether a scarce object can be completed; None elsewhere.
    fn essence(&self, at: &Configuration) -> Option<Essence> {
        let mut lexers = at.threads.iter().map(|thread| thread.lexer.state);
        let spends = lexers.any(|state| self.guards.spends(state, &self.lexer));
        let essence = at.tracker.as_ref()?.essence(spends)?;
        Some((sorted(&at.threads), Some(Arc::new(essence))))
    }

    /// Where a shelter is sought: has a place a completion, if that is known, or it is one before a value? Of those it is
    /// found out by what there is after the symbols that may come next, or being found out.
    pub(super) fn leads_on(&mut self, at: &Configuration, essence: &Essence) -> Result<Option<bool>> {
        if self.shelters.depth == 0 {
            return Ok(None);
        }
        if let Some(&known) = self.shelters.alive.get(essence) {
            return Ok(Some(known));
        }
        let after = match &at.tracker {
            Some(tracker) if tracker.needs_shelter() => Arc::new(tracker.after_value()),
            _ => return Ok(None),
        };
        let nodes = self.nodes_before(at)?;
        if nodes.is_empty() {
            // blanks that the layout has after the colon are still to come
            return Ok(None);
        }
        if !self.shelters.visited.insert(essence.clone()) {
            return Ok(Some(false));
        }
        if self.shelters.depth == MAX_DEPTH {
            return Err(self.too_much());
        }
        let mut landed = Vec::new();
        for after in self.after_values(&nodes, &after)? {
            landed.push((self.shortest_possible(&after)?.len(), after));
        }
        landed.sort_by_key(|&(length, _)| length);
        self.shelters.depth += 1;
        let mut tried = landed.iter().map(|(_, after)| self.is_alive(after));
        let found = tried.find(|alive| !matches!(alive, Ok(false)));
        self.shelters.depth -= 1;
        found.unwrap_or(Ok(false)).map(Some)
    }

    /// The nodes whose lexemes have not begun.
    fn nodes_before(&mut self, at: &Configuration) -> Result<SmallVec<[NodeId; 4]>> {
        let mut nodes: SmallVec<[NodeId; 4]> = SmallVec::new();
        for thread in &at.threads {
            if self.begun_at(thread.node)? == Some(*thread) {
                nodes.push(thread.node);
            }
        }
        nodes.sort_unstable();
        nodes.dedup();
        Ok(nodes)
    }

    /// After each of the symbols that may come next.
    fn after_values(&mut self, nodes: &[NodeId], after: &Arc<Tracker>) -> Result<Vec<Configuration>> {
        let mut landed = Vec::new();
        let mut seen = FxHashSet::default();
        for &node in nodes {
            for symbol in self.parser.awaited(node) {
                let next = self.parser.skip(node, symbol, &self.grammar, &mut self.lexer)?;
                if seen.insert(next) {
                    landed.push(Configuration {
                        threads: self.begun_at(next)?.into_iter().collect(),
                        accepting: self.parser.node(next).accepting,
                        terminated: false,
                        tracker: Some(after.clone()),
                    });
                }
            }
        }
        Ok(landed)
    }
}

fn sorted(threads: &Threads) -> Threads {
    let mut threads = threads.clone();
    threads.sort_unstable();
    threads
}
