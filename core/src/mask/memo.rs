//! Masks by what they were read from.
//!
//! A mask depends on the parser only as far as its tokens' texts reach: on the items of the thread's node, and on those
//! of the few nodes in which rules began that the texts can finish. A node's *shape* is its items with the nodes where
//! they began numbered in the order of their appearance (its *slots*). Two nodes are alike for a mask if they have one
//! shape, and so do the nodes in those slots that were read, and the same slots hold the same nodes. The memo therefore is
//! a tree of questions: the shape of the thread's node, then which node is in one of the slots known by then, and so on to
//! the mask. Masks so carry over from one depth of nesting to another.

use std::collections::hash_map::Entry as MapEntry;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use smallvec::{SmallVec, smallvec};

use super::{Below, ThreadMask};
use crate::engine::Engine;
use crate::lexer::Progress;
use crate::parser::{NodeId, Parser, ShapeId, UNTOLD};

/// Masks that were read from more nodes are kept by their own node only.
const MAX_QUESTIONS: usize = 24;

#[derive(Debug)]
pub(super) enum Entry {
    Known(Arc<ThreadMask>),
    /// Which node is in a slot of the `of`th node?
    Question {
        of: usize,
        slot: usize,
        answers: Answers,
    },
}

/// What is found in a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Answer {
    /// The node known as the nth.
    Known(usize),
    /// A node not met before.
    New(ShapeId),
}

pub(super) type Answers = FxHashMap<Answer, Entry>;

/// A slot of the `of`th known node.
type Place = (usize, usize);

/// Masks by trie node, lexemes in progress and the shapes of nodes.
#[derive(Debug, Default)]
pub(super) struct Memo(FxHashMap<(Below, Progress), Answers>);

impl Memo {
    /// Lexemes in progress of which masks of whole tokens are kept.
    pub fn places(&self) -> impl Iterator<Item = Progress> {
        self.0.keys().filter(|(below, _)| below.is_none()).map(|&(_, at)| at)
    }

    pub fn answers(&self, at: Progress) -> Option<&Answers> {
        self.0.get(&(None, at))
    }
}

impl Engine {
    /// The mask of lexemes in progress from a node, if one is kept for what the node is like; `read` receives the nodes it was
    /// looked up by.
    pub(super) fn recall(
        &mut self,
        place: (Below, Progress),
        node: NodeId,
        read: &mut impl Extend<NodeId>,
    ) -> Option<Arc<ThreadMask>> {
        let mut answers = self.masks.memo.0.get(&place)?;
        let mut nodes: SmallVec<[NodeId; 8]> = smallvec![];
        let mut asked = node;
        loop {
            match answers.get(&answer(&mut self.parser, &mut nodes, asked))? {
                Entry::Known(mask) => {
                    read.extend(nodes[1..].iter().copied());
                    return Some(mask.clone());
                }
                Entry::Question {
                    of,
                    slot,
                    answers: next,
                } => {
                    asked = self.parser.slots(nodes[*of])[*slot];
                    answers = next;
                }
            }
        }
    }

    /// Keeps a mask by the nodes that it was read from; returns how many questions that added. Nodes that were made on
    /// the way need none: what they are follows from the others.
    pub(super) fn remember(
        &mut self,
        place: (Below, Progress),
        node: NodeId,
        read: &[NodeId],
        mask: Arc<ThreadMask>,
    ) -> usize {
        if read.len() > MAX_QUESTIONS || read.contains(&UNTOLD) {
            return 0;
        }
        let parser = &mut self.parser;
        let mut answers = self.masks.memo.0.entry(place).or_default();
        let mut nodes: SmallVec<[NodeId; 8]> = smallvec![];
        let mut places: Vec<Place> = Vec::new();
        let mut asked = node;
        loop {
            match answers.entry(answer(parser, &mut nodes, asked)) {
                MapEntry::Vacant(vacant) => {
                    let before = places.len();
                    let entry = chain(parser, &mut nodes, &mut places, read, mask);
                    vacant.insert(entry);
                    return places.len() - before + 1;
                }
                MapEntry::Occupied(known) => match known.into_mut() {
                    Entry::Question {
                        of,
                        slot,
                        answers: next,
                    } => {
                        asked = parser.slots(nodes[*of])[*slot];
                        places.push((*of, *slot));
                        answers = next;
                    }
                    Entry::Known(_) => return 0,
                },
            }
        }
    }
}

/// What a slot's node is; a new one is known from then on.
fn answer(parser: &mut Parser, nodes: &mut SmallVec<[NodeId; 8]>, asked: NodeId) -> Answer {
    match nodes.iter().position(|&known| known == asked) {
        Some(index) => Answer::Known(index),
        None => {
            nodes.push(asked);
            Answer::New(parser.shape(asked))
        }
    }
}

/// The questions that are left about the nodes that were read: about each slot that holds one. Then the mask.
fn chain(
    parser: &mut Parser,
    nodes: &mut SmallVec<[NodeId; 8]>,
    places: &mut Vec<Place>,
    read: &[NodeId],
    mask: Arc<ThreadMask>,
) -> Entry {
    let mut questions = Vec::new();
    while let Some((place, asked)) = question(parser, nodes, places, read) {
        places.push(place);
        questions.push((place, answer(parser, nodes, asked)));
    }
    questions
        .into_iter()
        .rev()
        .fold(Entry::Known(mask), |entry, ((of, slot), answer)| Entry::Question {
            of,
            slot,
            answers: FxHashMap::from_iter([(answer, entry)]),
        })
}

fn question(parser: &Parser, nodes: &[NodeId], places: &[Place], read: &[NodeId]) -> Option<(Place, NodeId)> {
    nodes.iter().enumerate().find_map(|(of, &node)| {
        let slots = parser.slots(node).iter().enumerate();
        slots
            .map(|(slot, &next)| ((of, slot), next))
            .find(|(place, next)| (read.contains(next) || nodes.contains(next)) && !places.contains(place))
    })
}
