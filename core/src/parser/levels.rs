//! Where a terminal could be taken or complete a rule, and the LALR(1) parser takes it: what completing the rule leads to
//! can't go on with that terminal.
//!
//! What a text completes is therefore followed one rule after the other, in the states of the LALR(1) automaton, and the
//! items that are found behind a rule are blocked for the terminals that its end was left out for. A node whose items are
//! not all blocked for a terminal goes on with the others, which are a node of their own then: so what is completed later
//! finds no others.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::{Moved, NodeId, Parser, for_each_place};
use crate::error::Result;
use crate::grammar::{Dot, Grammar, Next};
use crate::lexer::{Lexeme, Lexer};
use crate::lexing::{BlocksId, Lexing, Side};
use crate::parser::Item;

/// An item, and a terminal that it can't go on with.
pub type Block = (Dot, NodeId, Lexeme);

/// All sets of them that were met; the first is empty.
#[derive(Debug)]
pub struct Blocks {
    table: Vec<Box<[Block]>>,
    ids: FxHashMap<Box<[Block]>, BlocksId>,
}

impl Default for Blocks {
    fn default() -> Self {
        let none: Box<[Block]> = Box::new([]);
        Blocks {
            table: vec![none.clone()],
            ids: FxHashMap::from_iter([(none, 0)]),
        }
    }
}

impl Blocks {
    pub fn get(&self, id: BlocksId) -> &[Block] {
        &self.table[id as usize]
    }

    fn id(&mut self, blocks: Box<[Block]>) -> BlocksId {
        let next = self.table.len() as BlocksId;
        *self.ids.entry(blocks).or_insert_with_key(|blocks| {
            self.table.push(blocks.clone());
            next
        })
    }
}

type Lexemes = SmallVec<[Lexeme; 4]>;

impl Parser {
    /// What a node is blocked for: items and terminals.
    pub fn blocks(&self, id: NodeId) -> &[Block] {
        self.blocks.get(self.node(id).side.blocks)
    }

    /// The node, or its items that a terminal can go on with.
    pub fn unblocked(
        &mut self,
        node: NodeId,
        terminal: Lexeme,
        grammar: &Grammar,
        lexer: &mut Lexer,
    ) -> Result<NodeId> {
        let blocks = self.blocks(node).iter().filter(|(_, _, blocked)| *blocked == terminal);
        let blocked: SmallVec<[(Dot, NodeId); 4]> = blocks.map(|&(dot, origin, _)| (dot, origin)).collect();
        if blocked.is_empty() {
            return Ok(node);
        }
        self.gathering.clear();
        let kernel = self.nodes.get(node).kernel.iter();
        let left = kernel.filter(|item| !blocked.contains(&(item.dot, item.origin)));
        self.gathering.items.extend(left.copied());
        self.intern(grammar, lexer, Side::WITHIN)
    }

    /// As `gather_after` and `complete`; what is found is blocked for some terminals, which is returned.
    pub(super) fn gather_by_levels(
        &mut self,
        node: NodeId,
        symbol: Next,
        before: usize,
        grammar: &Grammar,
        lexing: &Lexing,
        reads: &mut Vec<NodeId>,
    ) -> Result<BlocksId> {
        let mut blocked_items: FxHashMap<(Dot, NodeId), Lexemes> = FxHashMap::default();
        let mut pending: Vec<(Moved, Lexemes)> = vec![(self.moved_over(node, symbol, grammar), Lexemes::new())];
        let mut seen: Vec<(super::Completion, Lexemes)> = Vec::new();
        while let Some((moved, blocked)) = pending.pop() {
            let mut dots: Vec<Dot> = moved.iter().map(|&(dot, _)| dot).collect();
            dots.sort_unstable();
            dots.dedup();
            for &(first, origin) in &moved {
                let mut completed = None;
                let items = &mut self.gathering.items;
                for_each_place(
                    grammar,
                    &mut self.frames,
                    first,
                    |next, dot| {
                        items.push(Item { next, dot, origin });
                        let known = blocked_items.entry((dot, origin)).or_insert_with(|| blocked.clone());
                        known.retain(|lexeme| blocked.contains(lexeme));
                    },
                    |rule| completed = Some(rule),
                )?;
                let Some(rule) = completed else { continue };
                if rule == grammar.start_rule {
                    self.gathering.accepting = true;
                    continue;
                }
                let mut blocked = blocked.clone();
                if let Next::End(_) = grammar.next(first) {
                    blocked.extend_from_slice(lexing.blocked(&dots, first)?);
                    blocked.sort_unstable();
                    blocked.dedup();
                }
                let completion = ((rule, origin), blocked);
                if !seen.contains(&completion) {
                    seen.push(completion.clone());
                    if !reads[before..].contains(&origin) {
                        reads.push(origin);
                    }
                    let moved = self.moved_over(origin, Next::Rule(rule), grammar);
                    pending.push((moved, completion.1));
                }
            }
        }
        let blocks = blocked_items.into_iter().flat_map(|((dot, origin), lexemes)| {
            let blocks = lexemes.into_iter().map(move |lexeme| (dot, origin, lexeme));
            blocks.collect::<Vec<Block>>()
        });
        let mut blocks: Vec<Block> = blocks.collect();
        blocks.sort_unstable();
        Ok(self.blocks.id(blocks.into()))
    }
}
