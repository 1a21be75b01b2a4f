//! What may follow an end that isn't the last place of a lexeme within a token: it can read bytes that also go on with the
//! lexeme (`NAME` after `NAME`, a division where a comment may begin).

use super::{Below, Search};
use crate::engine::{Engine, Thread};
use crate::error::Result;
use crate::lexer::{DEAD, LexerState, MatchSet, NO_COUNTER};
use crate::vocabulary::Vocabulary;
use crate::vocabulary::interior::{Everywhere, Exits, OWN_MASK_NODES, Suffixes};

impl Engine {
    /// The texts with which tokens leave the lexemes, from every place on where `set` may end before: what follows can
    /// read bytes that also go on with the lexeme. Made when they are first asked for.
    pub(super) fn everywhere<'e>(
        &mut self,
        below: Below,
        start: LexerState,
        set: MatchSet,
        exits: &'e Exits,
        vocabulary: &Vocabulary,
    ) -> Result<&'e Everywhere> {
        if let Some(known) = exits.everywhere.get() {
            return Ok(known);
        }
        let trie = &vocabulary.trie;
        let (mut at, end) = trie.span(below);
        let base = below.map_or(0, |index| usize::from(trie.node(index as usize).depth) + 1);
        // after d bytes of the path to the current node: the state, whether `set` may have ended before, and whether what
        // is below is large
        let mut stack = vec![(start, false, false); trie.max_depth() + 1 - base];
        // the nodes after such places on the path, as long as no token below is known to leave
        let mut open: Vec<usize> = Vec::new();
        let (mut starts, mut edges, mut large): (Vec<u32>, Vec<u32>, Vec<u32>) = Default::default();
        let mut visited = 0;
        while at < end {
            visited += 1;
            let node = *trie.node(at);
            let depth = usize::from(node.depth) - base;
            while open.last().is_some_and(|&start| trie.node(start).end as usize <= at) {
                open.pop();
            }
            let (state, mut passed, apart) = stack[depth];
            if depth > 0 && self.lexer.matches(state) == set {
                passed = true;
                if !apart {
                    open.push(at);
                }
            }
            let next = self.lexer.step(state, node.byte)?;
            if next == DEAD {
                if passed {
                    edges.push(at as u32);
                    starts.extend(open.drain(..).map(|node| node as u32));
                }
                at = node.end as usize;
                continue;
            }
            if self.keeps_all(next, trie, at)? {
                at = node.end as usize;
                continue;
            }
            let apart = self.lexer.matches(next) == set && node.end as usize - at > OWN_MASK_NODES;
            if apart {
                large.push(at as u32);
            }
            stack[depth + 1] = (next, passed, apart);
            at += 1;
        }
        self.spend(visited)?;
        starts.sort_unstable();
        let suffixes = Suffixes::leading_to(&edges, &starts, trie);
        self.spend(suffixes.nodes.len())?;
        let made = Everywhere { large, suffixes };
        self.masks.bytes += made.memory();
        if self.lexer.only_lexeme(start).is_some() {
            self.masks.interiors(vocabulary).grow(made.memory());
        }
        Ok(exits.everywhere.get_or_init(|| made))
    }

    /// What follows can read bytes that also go on with the lexeme, so every end within a token counts, not only those
    /// where the lexeme can't go on. A bound can cut off tokens that would stay inside, so all are read.
    pub(super) fn follow_everywhere(
        &mut self,
        below: Below,
        thread: Thread,
        set: MatchSet,
        begun: Thread,
        search: &mut Search,
    ) -> Result<()> {
        let trie = &search.vocabulary.trie;
        let (mut at, end) = trie.span(below);
        let base = below.map_or(0, |index| usize::from(trie.node(index as usize).depth) + 1);
        let mut stack = vec![thread.lexer; trie.max_depth() + 1 - base];
        let mut visited = 0;
        while at < end {
            let node = *trie.node(at);
            visited += 1;
            let length = usize::from(node.depth) - base;
            let (next, matched) = self.lexer.advance(stack[length], node.byte)?;
            if let Some(next) = next
                && next.counter == NO_COUNTER
                && self.keeps_all(next.state, trie, at)?
            {
                // all of them stay inside, so they are allowed already
                at = node.end as usize;
                continue;
            }
            if matched == set && node.end as usize > at + 1 {
                self.subtree(at as u32, &[begun], search)?;
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
