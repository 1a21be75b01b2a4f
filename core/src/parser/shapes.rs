//! What nodes are like, whatever the nodes in which their items began.

use rustc_hash::FxHashMap;

use super::frames::Frames;
use super::levels::Block;
use super::nodes::{Item, NodeId};
use crate::grammar::Dot;
use crate::lexing::Side;

/// Equal for nodes whose items differ in nothing but the nodes where they began, and in counts that no token tells apart.
pub type ShapeId = u32;

/// A node whose shape wasn't asked for.
const UNKNOWN: ShapeId = ShapeId::MAX;
/// Slots are looked through one by one, up to so many.
const MAX_SCANNED: usize = 16;

#[derive(Debug, Clone, Copy)]
struct Entry {
    shape: ShapeId,
    /// Its slots are `slots[from..to]`.
    from: u32,
    to: u32,
}

const EMPTY: Entry = Entry {
    shape: UNKNOWN,
    from: 0,
    to: 0,
};

#[derive(Debug, Default)]
pub struct Shapes {
    /// By node.
    entries: Vec<Entry>,
    slots: Vec<NodeId>,
    /// By the items' dots, each with the slot of its origin; then what is open, and the context of the lexer.
    ids: FxHashMap<Box<[(Dot, u32)]>, ShapeId>,
    /// Kept so that a shape allocates only what stays.
    items: Vec<(Dot, u32)>,
}

impl Shapes {
    pub fn get(&self, id: NodeId) -> Option<ShapeId> {
        let entry = self.entries.get(id as usize)?;
        (entry.shape != UNKNOWN).then_some(entry.shape)
    }

    /// The distinct nodes in which the items of a node began, in the order of their appearance; none before its shape was
    /// made.
    pub fn slots(&self, id: NodeId) -> &[NodeId] {
        let entry = self.entries.get(id as usize).unwrap_or(&EMPTY);
        &self.slots[entry.from as usize..entry.to as usize]
    }

    pub fn make(&mut self, id: NodeId, kernel: &[Item], side: Side, blocks: &[Block], frames: &Frames) -> ShapeId {
        let from = self.slots.len();
        let mut numbers = FxHashMap::default();
        self.items.clear();
        for item in kernel {
            let slots = &self.slots[from..];
            let known = match slots.len() {
                ..=MAX_SCANNED => slots.iter().position(|&slot| slot == item.origin),
                count => {
                    let last = numbers.len();
                    numbers.extend((last..count).map(|index| (slots[index], index)));
                    numbers.get(&item.origin).copied()
                }
            };
            let number = known.unwrap_or(slots.len());
            if known.is_none() {
                self.slots.push(item.origin);
            }
            self.items.push((frames.alike(item.dot), number as u32));
        }
        for &(dot, origin, lexeme) in blocks {
            let slot = self.slots[from..].iter().position(|&slot| slot == origin);
            self.items
                .push((frames.alike(dot), slot.map_or(u32::MAX, |slot| slot as u32)));
            self.items.push((Dot::MAX, lexeme));
        }
        self.items.push((side.layout, side.context));
        let next = self.ids.len() as ShapeId;
        let shape = match self.ids.get(self.items.as_slice()) {
            Some(&shape) => shape,
            None => *self.ids.entry(self.items.as_slice().into()).or_insert(next),
        };
        let index = id as usize;
        if self.entries.len() <= index {
            self.entries.resize(index + 1, EMPTY);
        }
        self.entries[index] = Entry {
            shape,
            from: from as u32,
            to: self.slots.len() as u32,
        };
        shape
    }
}
