//! Names of what an engine numbers: numbers follow the order in which texts were met, names what the thing is, so that
//! they mean the same in another engine for the same grammar form, whichever texts it has read.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::engine::Engine;
use crate::grammar::{Grammar, Next};
use crate::lexer::variants::Variant;
use crate::lexer::{CounterId, KEYS, LexerState, NO_COUNTER, Progress};
use crate::lexing::layout::{Change, FLAT};
use crate::parser::{NodeId, ShapeId};
use crate::regex::digest::{Content, Digest};

/// Counts up when the same name comes to mean something else.
const VERSION: u32 = 3;

/// Names made so far.
#[derive(Default)]
pub struct Names {
    places: FxHashMap<(LexerState, CounterId), Digest>,
    shapes: FxHashMap<ShapeId, ShapeName>,
}

/// The name of a shape.
#[derive(Debug, Clone)]
pub struct ShapeName {
    pub digest: Digest,
    /// The shape's slots in the order of the name, which does not depend on the numbers of nodes and dots.
    pub slots: Arc<[u32]>,
}

impl Engine {
    /// The name of lexemes in progress, whatever is left of the repetitions that are counted.
    pub fn place_name(&mut self, at: Progress) -> Digest {
        let key = (at.state, at.counter);
        if let Some(&known) = self.names.places.get(&key) {
            return known;
        }
        let mut content = Content::of(b"plac");
        content.digest(self.state_name(at.state));
        if at.counter != NO_COUNTER {
            let counter = self.lexer.counter(at.counter);
            content.digest(self.state_name(counter.between));
            content.digest(self.lexer.digest(counter.part));
            content.number(self.lexer.most_needed(at.counter));
        }
        let name = content.name();
        self.names.places.insert(key, name);
        name
    }

    fn state_name(&mut self, state: LexerState) -> Digest {
        let mut parts = Vec::new();
        for (lexeme, expression) in self.lexer.in_progress(state).to_vec() {
            let variant = self.lexer.variants.get(lexeme);
            let plain = variant == Variant::plain(lexeme);
            let whole = plain && lexeme != KEYS && self.lexer.expression(lexeme) == expression;
            // to name what has only begun, its number is enough
            let rest = if whole { 0 } else { self.lexer.digest(expression) };
            let beside = match plain {
                true => None,
                false => Some([variant.own, variant.others, variant.follow].map(|beside| self.lexer.digest(beside))),
            };
            parts.push((variant.base, rest, beside, variant.unless_followed, variant.change));
        }
        parts.sort_unstable();
        let mut content = Content::of(b"lexe");
        for (lexeme, rest, beside, unless_followed, change) in parts {
            content.number(lexeme).digest(rest);
            let changes = change != Change::None;
            content.number(u32::from(beside.is_some()) + u32::from(unless_followed) + 3 * u32::from(changes));
            beside.into_iter().flatten().for_each(|digest| {
                content.digest(digest);
            });
            content.number(match change {
                Change::None => continue,
                Change::Same => 0,
                Change::Out(count) => 2 * count,
                Change::In(columns) => 2 * columns + 1,
            });
        }
        content.name()
    }

    /// The name of a node's shape.
    pub fn shape_name(&mut self, node: NodeId) -> ShapeName {
        let shape = self.parser.shape(node);
        if let Some(known) = self.names.shapes.get(&shape) {
            return known.clone();
        }
        let slots = self.parser.slots(node).iter().zip(0..);
        let numbers: FxHashMap<NodeId, u32> = slots.map(|(&origin, slot)| (origin, slot)).collect();
        let frames = &self.parser.frames;
        let mut items: Vec<(Vec<u32>, u32)> = Vec::new();
        for item in self.parser.node(node).kernel {
            let mut dot = Vec::new();
            frames.describe(frames.alike(item.dot), &mut dot);
            items.push((dot, numbers[&item.origin]));
        }
        items.sort_unstable();
        let mut order: Vec<u32> = Vec::new();
        let mut places: FxHashMap<u32, u32> = FxHashMap::default();
        let mut content = Content::of(b"shap");
        for (dot, slot) in items {
            let number = *places.entry(slot).or_insert_with(|| {
                order.push(slot);
                order.len() as u32 - 1
            });
            content.number(dot.len() as u32);
            dot.into_iter().for_each(|part| {
                content.number(part);
            });
            content.number(number);
        }
        let frames = &self.parser.frames;
        let mut blocks = Vec::new();
        for &(dot, origin, lexeme) in self.parser.blocks(node) {
            let mut block = vec![places[&numbers[&origin]], lexeme];
            frames.describe(frames.alike(dot), &mut block);
            blocks.push(block);
        }
        blocks.sort_unstable();
        blocks.concat().into_iter().for_each(|part| {
            content.number(part);
        });
        let side = self.parser.node(node).side;
        content.number(side.context);
        if side.layout != FLAT {
            self.parser.layouts.describe(side.layout).into_iter().for_each(|part| {
                content.number(part);
            });
        }
        let name = ShapeName {
            digest: content.name(),
            slots: order.into(),
        };
        self.names.shapes.insert(shape, name.clone());
        name
    }
}

/// Differs where the same grammar form was numbered in another way, as another version of this crate might.
pub fn fingerprint(grammar: &Grammar) -> Digest {
    let mut content = Content::of(b"gram");
    content.number(VERSION);
    env!("CARGO_PKG_VERSION").bytes().for_each(|byte| {
        content.number(u32::from(byte));
    });
    let frames = grammar.frames.iter();
    let parts = frames.flat_map(|frame| frame.options.iter().map(|option| option.symbol).chain(frame.separator));
    for next in grammar.next.iter().copied().chain(parts) {
        let (kind, number) = match next {
            Next::Terminal(lexeme) => (0, lexeme),
            Next::Rule(rule) => (1, rule),
            Next::Member(frame) => (2, frame),
            Next::End(rule) => (3, rule),
        };
        content.number(kind).number(number);
    }
    content.name()
}
