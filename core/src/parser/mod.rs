//! Earley's algorithm on hash-consed nodes (Earley 1970; Aycock and Horspool 2002 for nullable symbols; Leo 1991 for
//! right recursion).
//!
//! A node is an item set whose items point at the *nodes* where they began, not at text positions. Equal situations
//! therefore have equal ids, a node is never changed once made, and forking or rolling back a sequence copies ids.
//! Nodes exist only where a lexeme ended; between them the lexer runs alone.

mod ahead;
mod chains;
mod frames;
mod levels;
mod nodes;
mod predict;
mod shapes;

use std::ops::Range;

use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use chains::Chains;
use frames::Frames;
use levels::Blocks;
use nodes::Nodes;
pub use nodes::{Item, Node, NodeId};
use predict::{Expected, expected};
pub use predict::{Prediction, PredictionId, Predictions};
pub use shapes::ShapeId;
use shapes::Shapes;

use crate::error::{Error, Result};
use crate::grammar::{Dot, Grammar, Next, Rule};
use crate::lexer::variants::Variant;
use crate::lexer::{Lexeme, Lexer, LexerState, MatchSet};
use crate::lexing::layout::{Change, Layouts};
use crate::lexing::{BlocksId, Lexing, Side};
use crate::limits::Limits;

/// Where every sequence starts.
pub const ROOT: NodeId = 0;

/// Dots after a symbol, each with the node where its production began.
pub type Moved = SmallVec<[(Dot, NodeId); 4]>;

/// Stands for nodes that were read but not noted down, being too many.
pub const UNTOLD: NodeId = NodeId::MAX;
/// So often, on average, an item may be found again.
const MAX_REPEATED: usize = 128;
/// So many steps of a reduction path are noted down, and no path after so many nodes.
const MAX_TOLD: usize = 64;
/// A node of so many items weighs as much as two.
const ITEMS_PER_WEIGHT: usize = 16;

/// The node after some lexemes, and where the other nodes that were read for it are in `Parser::reads`.
type Advance = (NodeId, Range<u32>);

/// A finished rule and the node where it began.
type Completion = (Rule, NodeId);

pub struct Parser {
    nodes: Nodes,
    predictions: Predictions,
    chains: Chains,
    /// Kept so that a node allocates only what stays.
    gathering: Gathering,
    pub frames: Frames,
    pub layouts: Layouts,
    blocks: Blocks,
    /// Nodes between the terminals of one lexeme; None where the terminal is not waited for.
    tried: FxHashMap<(NodeId, Lexeme), Option<NodeId>>,
    /// Lexer states at nodes, by what they depend on.
    begun: FxHashMap<ahead::Asked, LexerState>,
    /// By node and the lexemes that end.
    advanced: FxHashMap<(NodeId, MatchSet), Advance>,
    reads: Vec<NodeId>,
    merged: FxHashMap<(NodeId, NodeId), NodeId>,
    /// Leo's deterministic reduction paths, compressed: completing the key does nothing but complete the value.
    shortcuts: FxHashMap<Completion, Completion>,
    /// The first steps of these paths.
    hops: FxHashMap<Completion, Completion>,
    shapes: Shapes,
    /// What the budget counts: nodes, wide ones for more than one.
    weight: usize,
    max_nodes: usize,
    /// See `work`.
    work: usize,
}

impl Parser {
    pub fn new(grammar: &Grammar, lexer: &mut Lexer, limits: &Limits, longest_token: usize) -> Result<Self> {
        let mut parser = Parser {
            nodes: Nodes::default(),
            predictions: Predictions::default(),
            chains: Chains::default(),
            gathering: Gathering::new(limits.max_items),
            frames: Frames::new(grammar, longest_token as u32, limits.max_items),
            layouts: Layouts::default(),
            blocks: Blocks::default(),
            tried: FxHashMap::default(),
            begun: FxHashMap::default(),
            advanced: FxHashMap::default(),
            reads: Vec::new(),
            merged: FxHashMap::default(),
            shortcuts: FxHashMap::default(),
            hops: FxHashMap::default(),
            shapes: Shapes::default(),
            weight: 0,
            max_nodes: limits.max_parser_nodes,
            work: 0,
        };
        parser
            .gathering
            .add(grammar, &mut parser.frames, grammar.start_dot, ROOT)?;
        let context = grammar.lexing.as_ref().map_or(0, Lexing::start);
        parser.intern(grammar, lexer, Side { context, ..Side::NONE })?;
        Ok(parser)
    }

    pub fn nodes(&self) -> usize {
        self.nodes.len()
    }

    /// What of the budget of nodes is used, and the budget.
    pub fn used(&self) -> (usize, usize) {
        (self.weight, self.max_nodes)
    }

    /// Items that nodes were made of so far, each as often as it was found.
    pub fn work(&self) -> usize {
        self.work
    }

    pub fn node(&self, id: NodeId) -> Node<'_> {
        self.nodes.get(id)
    }

    pub fn prediction(&self, id: NodeId) -> &Prediction {
        self.predictions.get(self.node(id).prediction)
    }

    /// The lexer state in which the lexemes that may follow a node begin.
    pub fn lexer_start(&self, id: NodeId) -> LexerState {
        self.node(id).lexer_start
    }

    /// Items of `node` waiting for `symbol`, moved over it: (dot after the symbol, origin).
    pub fn moved_over(&mut self, node: NodeId, symbol: Next, grammar: &Grammar) -> Moved {
        let Parser {
            nodes,
            predictions,
            frames,
            ..
        } = self;
        let kernel = nodes.get(node);
        let prediction = predictions.get(kernel.prediction);
        let waiting = |symbol: Next| {
            let predicted = prediction.waiting_for(symbol).iter();
            kernel
                .waiting_for(symbol)
                .iter()
                .map(|item| (item.dot, item.origin))
                .chain(predicted.map(|&(_, dot)| (dot, kernel.origin)))
        };
        let mut moved: Moved = waiting(symbol).map(|(dot, origin)| (dot + 1, origin)).collect();
        for &(frame, option) in grammar.options_of.get(&symbol).into_iter().flatten() {
            for (dot, origin) in waiting(Next::Member(frame)) {
                moved.extend(frames.moved_over(dot, option, grammar).map(|dot| (dot, origin)));
            }
        }
        if let Next::Terminal(lexeme) = symbol {
            for &(frame, option, after) in grammar.after_key.get(&lexeme).into_iter().flatten() {
                if waiting(Next::Member(frame)).any(|(dot, _)| frames.allows(dot, option, grammar)) {
                    moved.push((after, node));
                }
            }
        }
        moved
    }

    /// The node after the lexemes of `set`, begun at `node`, have ended here. Adds the other nodes whose items were read
    /// to `reads`.
    pub fn advance(
        &mut self,
        node: NodeId,
        set: MatchSet,
        grammar: &Grammar,
        lexer: &mut Lexer,
        reads: &mut Vec<NodeId>,
    ) -> Result<NodeId> {
        if let Some((known, read)) = self.advanced.get(&(node, set)) {
            reads.extend_from_slice(&self.reads[read.start as usize..read.end as usize]);
            return Ok(*known);
        }
        let before = reads.len();
        self.gathering.clear();
        for &lexeme in lexer.match_set(set) {
            self.gather_after(node, Next::Terminal(lexeme), grammar)?;
        }
        self.complete(grammar, before, reads)?;
        let next = self.intern(grammar, lexer, Side::NONE)?;
        let from = self.reads.len() as u32;
        self.reads.extend_from_slice(&reads[before..]);
        self.advanced.insert((node, set), (next, from..self.reads.len() as u32));
        Ok(next)
    }

    /// As `advance`, where not every split counts: the node after one lexeme, a variant.
    pub fn advance_by(
        &mut self,
        node: NodeId,
        lexeme: Lexeme,
        grammar: &Grammar,
        lexing: &Lexing,
        lexer: &mut Lexer,
        reads: &mut Vec<NodeId>,
    ) -> Result<NodeId> {
        let set = lexer.singleton(lexeme);
        if let Some((known, read)) = self.advanced.get(&(node, set)) {
            reads.extend_from_slice(&self.reads[read.start as usize..read.end as usize]);
            return Ok(*known);
        }
        let before = reads.len();
        self.gathering.clear();
        let forbidden = lexer.forbidden_after(lexeme)?;
        let Variant { base, change, .. } = lexer.variants.get(lexeme);
        let Side {
            mut layout, mut blocks, ..
        } = self.nodes.get(node).side;
        let newline = lexing.indenter.as_ref().map(|indenter| indenter.newline);
        let context = if lexing.ignored.contains(&base) || Some(base) == newline && change == Change::None {
            let node = self.nodes.get(node);
            self.gathering.items.extend_from_slice(node.kernel);
            self.gathering.accepting = node.complete;
            node.side.context
        } else {
            let (mut from, mut last) = (self.unblocked(node, base, grammar, lexer)?, base);
            if let Some(indenter) = &lexing.indenter {
                layout = self.layouts.changed(layout, change);
                layout = self.layouts.after(layout, base, indenter);
                for mark in indenter.marks(change) {
                    let within = self.within(from, last, grammar, lexer, reads)?;
                    from = within.ok_or_else(|| Error::Malformed("a block that can't be".into()))?;
                    last = mark;
                }
            }
            let symbol = Next::Terminal(last);
            let context = lexing.context_after(&self.dots_after(from, symbol))?;
            blocks = self.gather_all(from, symbol, before, grammar, reads)?;
            context
        };
        let side = Side {
            context,
            forbidden,
            blocks,
            layout,
        };
        let next = self.intern(grammar, lexer, side)?;
        let from = self.reads.len() as u32;
        self.reads.extend_from_slice(&reads[before..]);
        self.advanced.insert((node, set), (next, from..self.reads.len() as u32));
        Ok(next)
    }

    /// The node after a terminal of a lexeme that is several terminals; None where it is not waited for.
    fn within(
        &mut self,
        node: NodeId,
        terminal: Lexeme,
        grammar: &Grammar,
        lexer: &mut Lexer,
        reads: &mut Vec<NodeId>,
    ) -> Result<Option<NodeId>> {
        let symbol = Next::Terminal(terminal);
        let node = self.unblocked(node, terminal, grammar, lexer)?;
        if self.dots_after(node, symbol).is_empty() {
            return Ok(None);
        }
        let before = reads.len();
        let blocks = self.gather_all(node, symbol, before, grammar, reads)?;
        self.intern(grammar, lexer, Side { blocks, ..Side::WITHIN }).map(Some)
    }

    /// Gathers what is behind a symbol, with what it completes. What some terminals can't go on with.
    fn gather_all(
        &mut self,
        node: NodeId,
        symbol: Next,
        before: usize,
        grammar: &Grammar,
        reads: &mut Vec<NodeId>,
    ) -> Result<BlocksId> {
        self.gathering.clear();
        if let Some(lexing) = grammar.lexing.as_ref().filter(|lexing| lexing.has_resolved()) {
            return self.gather_by_levels(node, symbol, before, grammar, lexing, reads);
        }
        self.gather_after(node, symbol, grammar)?;
        self.complete(grammar, before, reads)?;
        Ok(0)
    }

    /// The dots behind a symbol that is waited for, sorted and distinct.
    fn dots_after(&self, node: NodeId, symbol: Next) -> Vec<Dot> {
        let kernel = self.nodes.get(node);
        let predicted = self.predictions.get(kernel.prediction).waiting_for(symbol);
        let waiting = kernel.waiting_for(symbol).iter().map(|item| item.dot);
        let mut dots: Vec<Dot> = waiting.chain(predicted.iter().map(|&(_, dot)| dot)).collect();
        dots.iter_mut().for_each(|dot| *dot += 1);
        dots.sort_unstable();
        dots.dedup();
        dots
    }

    /// The symbols that the items of a node wait for, but for members of frames.
    pub fn awaited(&self, node: NodeId) -> SmallVec<[Next; 4]> {
        let mut symbols: SmallVec<[Next; 4]> = SmallVec::new();
        for item in self.node(node).kernel {
            if matches!(item.next, Next::Terminal(_) | Next::Rule(_)) && !symbols.contains(&item.next) {
                symbols.push(item.next);
            }
        }
        symbols
    }

    /// The node after a symbol that an item of `node` waits for, whatever text it has.
    pub fn skip(&mut self, node: NodeId, symbol: Next, grammar: &Grammar, lexer: &mut Lexer) -> Result<NodeId> {
        self.gathering.clear();
        self.gather_after(node, symbol, grammar)?;
        self.complete(grammar, 0, &mut Vec::new())?;
        self.intern(grammar, lexer, Side::NONE)
    }

    /// Goes on from what was gathered to what that completes.
    fn complete(&mut self, grammar: &Grammar, before: usize, reads: &mut Vec<NodeId>) -> Result<()> {
        while let Some(completion) = self.gathering.completions.pop() {
            let end = self.follow_shortcuts(completion, grammar);
            self.note_path(completion, end, before, reads);
            let (rule, origin) = end;
            if rule == grammar.start_rule {
                self.gathering.accepting = true;
            } else if end == completion || self.gathering.complete.insert(end) {
                self.gather_after(origin, Next::Rule(rule), grammar)?;
            }
        }
        Ok(())
    }

    /// Moves what waits for the symbol at a node over it: with what else that completes of what began at the node.
    fn gather_after(&mut self, node: NodeId, symbol: Next, grammar: &Grammar) -> Result<()> {
        let Parser {
            nodes,
            predictions,
            chains,
            frames,
            gathering,
            ..
        } = self;
        let waiting = nodes.get(node);
        let key = (waiting.prediction, symbol);
        let (repeated, budget) = (&mut gathering.repeated, gathering.budget);
        let chain = chains.of(key, predictions, grammar, frames, repeated, budget)?;
        gathering.items.extend(chain.items.iter().map(|&(next, dot)| {
            let origin = match waiting.tail {
                Some((rule, origin)) if grammar.rule_of.get(dot as usize) == Some(&rule) => origin,
                _ => waiting.origin,
            };
            Item { next, dot, origin }
        }));
        gathering.check()?;
        for &symbol in chain.symbols.iter() {
            for item in waiting.waiting_for(symbol) {
                gathering.add(grammar, frames, item.dot + 1, item.origin)?;
            }
            for &(frame, option) in grammar.options_of.get(&symbol).into_iter().flatten() {
                for item in waiting.waiting_for(Next::Member(frame)) {
                    if let Some(dot) = frames.moved_over(item.dot, option, grammar) {
                        gathering.add(grammar, frames, dot, item.origin)?;
                    }
                }
            }
        }
        if let Next::Terminal(lexeme) = symbol {
            for &(frame, option, after) in grammar.after_key.get(&lexeme).into_iter().flatten() {
                let mut items = waiting.waiting_for(Next::Member(frame)).iter();
                if items.any(|item| frames.allows(item.dot, option, grammar)) {
                    gathering.add(grammar, frames, after, node)?;
                }
            }
        }
        Ok(())
    }

    /// Adds the nodes whose items a reduction path goes through, each once from `before` on.
    fn note_path(&self, from: Completion, to: Completion, before: usize, read: &mut Vec<NodeId>) {
        if read.len() - before >= MAX_TOLD {
            if read.last() != Some(&UNTOLD) {
                read.push(UNTOLD);
            }
            return;
        }
        let mut current = from;
        for _ in 0..MAX_TOLD {
            if !read[before..].contains(&current.1) {
                read.push(current.1);
            }
            if current == to {
                return;
            }
            match self.hops.get(&current) {
                Some(&next) => current = next,
                None => break,
            }
        }
        read.push(UNTOLD);
    }

    /// What the node is like, whatever the nodes in which its items began.
    pub fn shape(&mut self, id: NodeId) -> ShapeId {
        match self.shapes.get(id) {
            Some(shape) => shape,
            None => {
                let node = self.nodes.get(id);
                let blocks = self.blocks.get(node.side.blocks);
                self.shapes.make(id, node.kernel, node.side, blocks, &self.frames)
            }
        }
    }

    /// The nodes in which the items of a node began; empty before its shape was asked for.
    pub fn slots(&self, id: NodeId) -> &[NodeId] {
        self.shapes.slots(id)
    }

    /// One node for two ways to have come to the same place in the text. Their sides must be equal.
    pub fn merge(&mut self, a: NodeId, b: NodeId, grammar: &Grammar, lexer: &mut Lexer) -> Result<NodeId> {
        if a == b {
            return Ok(a);
        }
        let key = (a.min(b), a.max(b));
        if let Some(&known) = self.merged.get(&key) {
            return Ok(known);
        }
        self.gathering.clear();
        for id in [a, b] {
            let node = self.nodes.get(id);
            self.gathering.items.extend_from_slice(node.kernel);
            self.gathering.accepting |= node.complete;
        }
        let side = self.nodes.get(a).side;
        let merged = self.intern(grammar, lexer, side)?;
        self.merged.insert(key, merged);
        Ok(merged)
    }

    /// While exactly one item waits for the completed rule and that item is thereby complete, go on to its rule.
    fn follow_shortcuts(&mut self, from: Completion, grammar: &Grammar) -> Completion {
        let mut path = Vec::new();
        let mut current = from;
        loop {
            if let Some(&known) = self.shortcuts.get(&current) {
                current = known;
                break;
            }
            if current.0 == grammar.start_rule {
                break;
            }
            let &[(dot, origin)] = &self.moved_over(current.1, Next::Rule(current.0), grammar)[..] else {
                break;
            };
            let Some(Next::End(rule)) = (if self.frames.owns(dot) {
                self.frames.only_ends(dot, grammar)
            } else {
                Some(grammar.next(dot))
            }) else {
                break;
            };
            self.shortcuts.insert(current, current); // ends the walk, should unit rules form a cycle
            path.push(current);
            self.hops.insert(current, (rule, origin));
            current = (rule, origin);
        }
        for step in path {
            self.shortcuts.insert(step, current);
        }
        current
    }

    /// The node of what was gathered.
    fn intern(&mut self, grammar: &Grammar, lexer: &mut Lexer, side: Side) -> Result<NodeId> {
        let Gathering {
            items,
            accepting,
            complete,
            repeated,
            ..
        } = &mut self.gathering;
        self.work += items.len() + complete.len() + *repeated;
        items.sort_unstable();
        items.dedup();
        let vacant = match self.nodes.find(items, *accepting, side) {
            Ok(known) => return Ok(known),
            Err(vacant) => vacant,
        };
        self.weight += 1 + items.len() / ITEMS_PER_WEIGHT;
        if self.weight > self.max_nodes {
            return Err(Error::Limit {
                budget: "max_parser_nodes",
                value: self.max_nodes,
            });
        }
        let mut symbols: SmallVec<[Expected; 16]> = items.iter().map(|item| expected(item.next, item.dot)).collect();
        symbols.dedup();
        let prediction = self.predictions.of(&symbols, grammar, &mut self.frames, lexer)?;
        let predicted = self.predictions.get(prediction);
        let origin = match grammar.lexing {
            Some(_) => self.nodes.first_alike(items),
            None => self.nodes.len() as NodeId,
        };
        let node = Node {
            kernel: items,
            prediction,
            complete: *accepting,
            accepting: *accepting,
            tail: nodes::tail(items, predicted, grammar),
            origin,
            side,
            lexer_start: predicted.lexer_start,
        };
        let id = self.nodes.add(vacant, node);
        if let Some(lexing) = &grammar.lexing {
            self.look_ahead(id, lexing, grammar, lexer)?;
        }
        Ok(id)
    }
}

/// The items of a node in the making.
struct Gathering {
    /// In any order, some of them several times.
    items: Vec<Item>,
    /// What is complete, and what of it is still to be followed.
    complete: FxHashSet<Completion>,
    completions: Vec<Completion>,
    accepting: bool,
    /// How often something was found again and left out.
    repeated: usize,
    budget: usize,
}

impl Gathering {
    fn new(budget: usize) -> Self {
        Gathering {
            items: Vec::new(),
            complete: FxHashSet::default(),
            completions: Vec::new(),
            accepting: false,
            repeated: 0,
            budget,
        }
    }

    fn clear(&mut self) {
        self.items.clear();
        self.complete.clear();
        self.completions.clear();
        self.accepting = false;
        self.repeated = 0;
    }

    /// An item, and the same with the dot moved over symbols that can be empty.
    fn add(&mut self, grammar: &Grammar, frames: &mut Frames, dot: Dot, origin: NodeId) -> Result<()> {
        let Gathering {
            items,
            complete,
            completions,
            accepting,
            repeated,
            ..
        } = self;
        for_each_place(
            grammar,
            frames,
            dot,
            |next, dot| items.push(Item { next, dot, origin }),
            |rule| {
                if rule == grammar.start_rule {
                    *accepting = true;
                } else if complete.insert((rule, origin)) {
                    completions.push((rule, origin));
                } else {
                    *repeated += 1;
                }
            },
        )?;
        self.check()
    }

    fn check(&mut self) -> Result<()> {
        check_found(&mut self.items, &mut self.repeated, self.budget)
    }
}

/// What is there several times counts once, but not any number of times. Items are told apart when they are many.
fn check_found<T: Ord>(items: &mut Vec<T>, repeated: &mut usize, budget: usize) -> Result<()> {
    let found = items.len();
    let mut distinct = 0;
    if found > budget {
        items.sort_unstable();
        items.dedup();
        distinct = items.len();
        *repeated += found - distinct;
    }
    if distinct > budget / 2 || *repeated / MAX_REPEATED > budget {
        return Err(Error::Limit {
            budget: "max_items",
            value: budget,
        });
    }
    Ok(())
}

/// Calls back with the symbols that can come next at a dot, some after others that can be empty, and with the rule that
/// may be complete.
fn for_each_place(
    grammar: &Grammar,
    frames: &mut Frames,
    dot: Dot,
    mut item: impl FnMut(Next, Dot),
    mut complete: impl FnMut(Rule),
) -> Result<()> {
    if frames.owns(dot) {
        let expansion = frames.expand(dot, grammar)?;
        expansion.items.iter().for_each(|&(next, dot)| item(next, dot));
        if expansion.ends {
            complete(frames.rule(dot, grammar));
        }
        return Ok(());
    }
    for dot in dot.. {
        let next = grammar.next(dot);
        if let Next::End(rule) = next {
            complete(rule);
            break;
        }
        item(next, dot);
        if !grammar.skippable(next) {
            break;
        }
    }
    Ok(())
}
