//! Tokens that leave the lexemes in progress: what the parser allows after their end reads the rest of them.

use super::{Below, Collected, Walk};
use crate::bounds::Bounds;
use crate::engine::{Engine, Thread, Threads};
use crate::error::Result;
use crate::lexer::{DEAD, MatchSet, Progress};
use crate::parser::NodeId;
use crate::vocabulary::Vocabulary;
use crate::vocabulary::interior::{NO_LINK, Suffixes};

/// Below a trie node with at least this many nodes, threads have masks of their own, which are kept.
const OWN_MASK_NODES: usize = 256;
/// Masks within masks; deeper, threads are walked one by one.
const MAX_DEPTH: usize = 32;

impl Engine {
    /// Adds the tokens that leave the walk's lexemes, which began at the thread's node.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn follow(
        &mut self,
        below: Below,
        thread: Thread,
        walk: &Walk,
        bounds: Bounds,
        vocabulary: &Vocabulary,
        into: &mut Collected,
        reads: &mut Vec<NodeId>,
        depth: usize,
    ) -> Result<()> {
        let interior = walk.interior.clone();
        for (named, exits) in &interior.exits {
            let set = self.exit_set(walk.id, *named);
            let node = self
                .parser
                .advance(thread.node, set, &self.grammar, &mut self.lexer, reads)?;
            let Some(begun) = self.begun_at(node)? else {
                continue;
            };
            let live = self.lexer.next_bytes(begun.lexer)?;
            if exits.stay.intersects(&live) {
                self.follow_everywhere(below, thread.lexer, set, begun, vocabulary, into, reads, depth)?;
            } else {
                self.follow_suffixes(begun, &exits.suffixes, bounds, vocabulary, into, reads, depth)?;
            }
        }
        Ok(())
    }

    #[allow(clippy::too_many_arguments)]
    fn follow_suffixes(
        &mut self,
        begun: Thread,
        suffixes: &Suffixes,
        bounds: Bounds,
        vocabulary: &Vocabulary,
        into: &mut Collected,
        reads: &mut Vec<NodeId>,
        depth: usize,
    ) -> Result<()> {
        let trie = &vocabulary.trie;
        let mut stack: Vec<Threads> = vec![Threads::from_slice(&[begun])];
        let mut at = 0;
        while let Some(&suffix) = suffixes.nodes.get(at) {
            let length = usize::from(suffix.depth);
            // most texts fail at their first byte: that shows in one look, without a stack
            if length == 0 && self.lexer.step(begun.lexer.state, suffix.byte)? == DEAD {
                at = suffix.end as usize;
                continue;
            }
            stack.truncate(length + 1);
            let mut threads = Threads::new();
            let landed = self.step_threads(&stack[length], suffix.byte, &mut threads, reads)?;
            self.spend(stack[length].len())?;
            if threads.is_empty() && landed.is_none() {
                at = suffix.end as usize;
                continue;
            }
            if suffix.link == NO_LINK {
                let tokens = &suffixes.tokens[suffix.from as usize..suffix.to as usize];
                into.tokens.extend(
                    tokens
                        .iter()
                        .filter(|&&(_, level)| bounds.contain(level))
                        .map(|&(id, _)| id),
                );
            } else if bounds.contain(suffix.level) {
                into.tokens.extend_from_slice(trie.tokens_at(suffix.link as usize));
                self.subtree(suffix.link, &threads, vocabulary, into, reads, depth)?;
            }
            stack.push(threads);
            at += 1;
        }
        Ok(())
    }

    /// Adds the tokens below a trie node that go on with any of the threads.
    fn subtree(
        &mut self,
        index: u32,
        threads: &[Thread],
        vocabulary: &Vocabulary,
        into: &mut Collected,
        reads: &mut Vec<NodeId>,
        depth: usize,
    ) -> Result<()> {
        let trie = &vocabulary.trie;
        let (mut at, end) = trie.span(Some(index));
        if end - at >= OWN_MASK_NODES && depth < MAX_DEPTH {
            for &thread in threads {
                let mask = self.thread_mask(Some(index), thread, vocabulary, reads, depth + 1)?;
                into.add(&mask);
            }
            return Ok(());
        }
        if at == end || threads.is_empty() {
            return Ok(());
        }
        let base = usize::from(trie.node(at).depth);
        let mut stack: Vec<Threads> = vec![Threads::from_slice(threads)];
        while at < end {
            let node = *trie.node(at);
            let length = usize::from(node.depth) - base;
            stack.truncate(length + 1);
            let mut next = Threads::new();
            let landed = self.step_threads(&stack[length], node.byte, &mut next, reads)?;
            self.spend(stack[length].len())?;
            if next.is_empty() && landed.is_none() {
                at = node.end as usize;
                continue;
            }
            into.tokens.extend_from_slice(trie.tokens_at(at));
            stack.push(next);
            at += 1;
        }
        Ok(())
    }

    /// What follows can read bytes that also go on with the lexeme, so every end within a token counts, not only those
    /// where the lexeme can't go on.
    #[allow(clippy::too_many_arguments)]
    fn follow_everywhere(
        &mut self,
        below: Below,
        start: Progress,
        set: MatchSet,
        begun: Thread,
        vocabulary: &Vocabulary,
        into: &mut Collected,
        reads: &mut Vec<NodeId>,
        depth: usize,
    ) -> Result<()> {
        let trie = &vocabulary.trie;
        let (mut at, end) = trie.span(below);
        let base = below.map_or(0, |index| usize::from(trie.node(index as usize).depth) + 1);
        let mut stack = vec![start; trie.max_depth() + 1 - base];
        let mut visited = 0;
        while at < end {
            visited += 1;
            let node = *trie.node(at);
            let length = usize::from(node.depth) - base;
            let (next, matched) = self.lexer.advance(stack[length], node.byte)?;
            if matched == set && node.end as usize > at + 1 {
                self.subtree(at as u32, &[begun], vocabulary, into, reads, depth)?;
            }
            at = match next {
                Some(next) => {
                    stack[length + 1] = next;
                    at + 1
                }
                None => node.end as usize,
            };
        }
        self.spend(visited)
    }
}
