//! The states that whole tokens lead to, breadth first from the start, and which tokens no state tells apart.

use rustc_hash::FxHashMap;

use super::inside::{self, Inside, Place};
use super::partition::Partition;
use super::states::{NOWHERE, State, States};
use crate::error::{Error, Result};
use crate::vocabulary::trie::Trie;

/// What was found.
pub struct Explored {
    pub states: States,
    /// States that whole tokens lead to, each before those that take more tokens.
    pub reached: Vec<State>,
    /// In the order of `reached`: the fewest tokens that lead there.
    pub depths: Vec<usize>,
    /// Tokens that no state tells apart, by where they stand among all.
    pub classes: Partition,
}

struct Exploration<'a> {
    trie: &'a Trie,
    found: Explored,
    /// By state: is it among those reached?
    known: Vec<bool>,
    insides: FxHashMap<Place, Option<Inside>>,
    most: usize,
    limit: Error,
}

/// All states that at most `length` tokens lead to from the start. What leads on from those at that depth is not looked at.
///
/// Errors: `limit` when they are more than `most`.
pub fn explore(
    mut states: States,
    trie: &Trie,
    distinct: bool,
    length: usize,
    most: usize,
    limit: Error,
) -> Result<Explored> {
    let start = states.start(distinct)?;
    let mut exploration = Exploration {
        trie,
        found: Explored {
            states,
            reached: Vec::new(),
            depths: Vec::new(),
            classes: Partition::new(trie.range_all().len()),
        },
        known: Vec::new(),
        insides: FxHashMap::default(),
        most,
        limit,
    };
    exploration.reach(start, 0)?;
    let mut done = 0;
    while let Some(&state) = exploration.found.reached.get(done) {
        let depth = exploration.found.depths[done];
        done += 1;
        if depth < length {
            exploration.follow(state, depth + 1)?;
        }
    }
    Ok(exploration.found)
}

impl Exploration<'_> {
    fn reach(&mut self, state: State, depth: usize) -> Result<()> {
        let index = state as usize;
        if self.known.len() <= index {
            self.known.resize(self.found.states.len().max(index + 1), false);
        }
        if state == NOWHERE || self.known[index] {
            return Ok(());
        }
        if self.found.reached.len() >= self.most {
            return Err(self.limit.clone());
        }
        self.known[index] = true;
        self.found.reached.push(state);
        self.found.depths.push(depth);
        Ok(())
    }

    /// Reaches what tokens lead to from a state, and tells tokens apart by that.
    fn follow(&mut self, state: State, depth: usize) -> Result<()> {
        let Some((_, place)) = inside::place(state, &self.found.states) else {
            self.found.classes.begin();
            return self.walk(state, self.trie.span(None), 0, depth);
        };
        if !self.insides.contains_key(&place) {
            let made = inside::walk(place, self.found.states.engine(), self.trie)?;
            if let Some(inside) = &made {
                self.found.classes.begin();
                for (key, stay) in (0..).zip(&inside.stays) {
                    for tokens in &stay.tokens {
                        self.found.classes.put(tokens.start as usize..tokens.end as usize, key);
                    }
                }
            }
            self.insides.insert(place, made);
        }
        // taken out while the rest of the exploration is in use
        let Some(Some(inside)) = self.insides.get_mut(&place).map(Option::take) else {
            self.found.classes.begin();
            return self.walk(state, self.trie.span(None), 0, depth);
        };
        let done = self.follow_inside(state, &inside, depth);
        self.insides.insert(place, Some(inside));
        done
    }

    fn follow_inside(&mut self, state: State, inside: &Inside, depth: usize) -> Result<()> {
        for stay in &inside.stays {
            let to = self.found.states.after(state, &stay.path)?;
            self.reach(to, depth)?;
        }
        self.found.classes.begin();
        for exit in &inside.exits {
            let to = self.found.states.after(state, &exit.path)?;
            if to == NOWHERE {
                continue;
            }
            for &node in &exit.nodes {
                let (from, base) = (node as usize, usize::from(self.trie.node(node as usize).depth) + 1);
                self.take(self.trie.range_at(from), to, depth)?;
                if !self.trie.is_leaf(from) {
                    self.walk(to, self.trie.span(Some(node)), base, depth)?;
                }
            }
        }
        Ok(())
    }

    fn take(&mut self, tokens: std::ops::Range<u32>, to: State, depth: usize) -> Result<()> {
        if !tokens.is_empty() {
            self.reach(to, depth)?;
            self.found.classes.put(tokens.start as usize..tokens.end as usize, to);
        }
        Ok(())
    }

    /// Reads the texts below a node, from the byte after it on.
    fn walk(&mut self, state: State, (from, end): (usize, usize), base: usize, depth: usize) -> Result<()> {
        let mut stack = vec![state; self.trie.max_depth() + 1 - base];
        let mut at = from;
        while at < end {
            let node = *self.trie.node(at);
            let length = usize::from(node.depth) - base;
            let next = self.found.states.step(stack[length], node.byte)?;
            if next == NOWHERE {
                at = node.end as usize;
                continue;
            }
            self.take(self.trie.range_at(at), next, depth)?;
            stack[length + 1] = next;
            at += 1;
        }
        Ok(())
    }
}
