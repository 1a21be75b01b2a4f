//! Parser nodes: hash-consed sets of items, all in one array.

use std::hash::BuildHasher;

use rustc_hash::{FxBuildHasher, FxHashMap};

use super::predict::{Prediction, PredictionId};
use crate::grammar::{Dot, Grammar, Next, Rule};
use crate::lexer::LexerState;
use crate::lexing::Side;

pub type NodeId = u32;

/// A dotted production and the node where it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Item {
    pub next: Next,
    pub dot: Dot,
    pub origin: NodeId,
}

/// A node as it is read.
#[derive(Debug, Clone, Copy)]
pub struct Node<'a> {
    /// Items that began before this node, none of them complete, sorted by the symbol after the dot.
    pub kernel: &'a [Item],
    pub prediction: PredictionId,
    /// Is the text up to here, as terminals, a sentence?
    pub complete: bool,
    /// May the text end here? Its end also closes blocks.
    pub accepting: bool,
    /// See `tail`.
    pub tail: Option<(Rule, NodeId)>,
    /// The node where what is predicted here is said to begin: see `Nodes::first_alike`.
    pub origin: NodeId,
    /// What is known of the text that follows.
    pub side: Side,
    /// The lexer state in which the lexemes that may follow begin.
    pub lexer_start: LexerState,
}

/// If nothing waits for a rule but one item, at the end of a production of that rule: the rule, and where that item began.
/// What begins here may then as well begin there, since nothing else happens when it is complete. So right recursion to any
/// depth makes one node: it is Leo's shortcut, taken beforehand.
pub fn tail(kernel: &[Item], prediction: &Prediction, grammar: &Grammar) -> Option<(Rule, NodeId)> {
    kernel.iter().enumerate().find_map(|(index, item)| {
        let Next::Rule(rule) = item.next else {
            return None;
        };
        let ends = grammar.next.get(item.dot as usize + 1) == Some(&Next::End(rule));
        // they are sorted by what they wait for
        let beside = [index.wrapping_sub(1), index + 1];
        let alone = ends
            && beside
                .iter()
                .all(|&other| kernel.get(other).is_none_or(|other| other.next != item.next))
            && prediction.waiting_for(item.next).is_empty()
            && !grammar.options_of.contains_key(&item.next);
        alone.then_some((rule, item.origin))
    })
}

impl<'a> Node<'a> {
    pub fn waiting_for(self, symbol: Next) -> &'a [Item] {
        let from = self.kernel.partition_point(|item| item.next < symbol);
        let count = self.kernel[from..].partition_point(|item| item.next == symbol);
        &self.kernel[from..from + count]
    }
}

#[derive(Debug)]
struct Entry {
    /// Where its items end; they begin where those of the node before end.
    end: u32,
    prediction: PredictionId,
    complete: bool,
    accepting: bool,
    tail: Option<(Rule, NodeId)>,
    origin: NodeId,
    side: Side,
    lexer_start: LexerState,
}

#[derive(Debug, Default)]
pub struct Nodes {
    items: Vec<Item>,
    entries: Vec<Entry>,
    /// By the hash of items, completeness and side; where that is taken by another node, by the next number that is free.
    ids: FxHashMap<u64, NodeId>,
    /// The same by the hash of the items alone, of the first node that has them.
    first: FxHashMap<u64, NodeId>,
}

/// The place of a node that isn't there yet.
pub struct Vacant(u64);

impl Nodes {
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn get(&self, id: NodeId) -> Node<'_> {
        let index = id as usize;
        let from = index.checked_sub(1).map_or(0, |before| self.entries[before].end);
        let entry = &self.entries[index];
        Node {
            kernel: &self.items[from as usize..entry.end as usize],
            prediction: entry.prediction,
            complete: entry.complete,
            accepting: entry.accepting,
            tail: entry.tail,
            origin: entry.origin,
            side: entry.side,
            lexer_start: entry.lexer_start,
        }
    }

    /// The node of these items (sorted, distinct), or the place for it.
    pub fn find(&self, items: &[Item], complete: bool, side: Side) -> Result<NodeId, Vacant> {
        let mut key = FxBuildHasher.hash_one((items, complete, side));
        while let Some(&id) = self.ids.get(&key) {
            let node = self.get(id);
            if node.kernel == items && node.complete == complete && node.side == side {
                return Ok(id);
            }
            key = key.wrapping_add(1);
        }
        Err(Vacant(key))
    }

    /// The first node with the items of the node that is added next. When something is complete, only the items of the node
    /// where it began are asked, not what that knew of the text: so what begins before and after a blank is the same.
    pub fn first_alike(&mut self, items: &[Item]) -> NodeId {
        let mut key = FxBuildHasher.hash_one(items);
        while let Some(&id) = self.first.get(&key) {
            if self.get(id).kernel == items {
                return id;
            }
            key = key.wrapping_add(1);
        }
        let next = self.len() as NodeId;
        self.first.insert(key, next);
        next
    }

    /// What is found out about a node once it is there.
    pub fn set(&mut self, id: NodeId, accepting: bool, lexer_start: LexerState) {
        let entry = &mut self.entries[id as usize];
        entry.accepting = accepting;
        entry.lexer_start = lexer_start;
    }

    pub fn add(&mut self, Vacant(key): Vacant, node: Node) -> NodeId {
        let id = self.entries.len() as NodeId;
        self.items.extend_from_slice(node.kernel);
        self.entries.push(Entry {
            end: self.items.len() as u32,
            prediction: node.prediction,
            complete: node.complete,
            accepting: node.accepting,
            tail: node.tail,
            origin: node.origin,
            side: node.side,
            lexer_start: node.lexer_start,
        });
        self.ids.insert(key, id);
        id
    }
}
