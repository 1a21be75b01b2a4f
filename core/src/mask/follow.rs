//! Tokens that leave the lexemes in progress: what the parser allows after their end reads the rest of them.

use super::{Below, Search, Walk};
use crate::bounds::Bounds;
use crate::engine::{Engine, Thread, Threads};
use crate::error::Result;
use crate::lexer::{DEAD, LexerState, MatchSet, NO_COUNTER, NO_MATCH};
use crate::parser::NodeId;
use crate::vocabulary::Vocabulary;
use crate::vocabulary::interior::{Everywhere, Exits, NO_LINK, Suffixes};
use crate::vocabulary::trie::Trie;

/// Below a trie node with at least this many nodes, threads have masks of their own, which are kept.
const OWN_MASK_NODES: usize = 1024;
/// Masks within masks; deeper, threads are walked one by one.
const MAX_DEPTH: usize = 32;

impl Engine {
    /// Adds the tokens that leave the walk's lexemes, which began at the thread's node.
    pub(super) fn follow(&mut self, below: Below, thread: Thread, walk: &Walk, search: &mut Search) -> Result<()> {
        let interior = walk.interior.clone();
        for (named, exits) in &interior.exits {
            let set = self.exit_set(walk.id, *named);
            let Some(begun) = self.begun_after(thread.node, set, &mut search.reads)? else {
                continue;
            };
            let live = self.lexer.next_bytes(begun.lexer)?;
            if !exits.stay.intersects(&live) {
                self.follow_suffixes(&exits.suffixes, begun, thread.lexer.bounds, search)?;
            } else if thread.lexer.counter == NO_COUNTER {
                let places = self.everywhere(below, thread.lexer.state, set, exits, search.vocabulary)?;
                for &node in &places.large {
                    self.subtree(node, &[begun], search)?;
                }
                self.follow_suffixes(&places.suffixes, begun, thread.lexer.bounds, search)?;
            } else {
                self.follow_everywhere(below, thread, set, begun, search)?;
            }
        }
        Ok(())
    }

    fn begun_after(&mut self, node: NodeId, set: MatchSet, reads: &mut Vec<NodeId>) -> Result<Option<Thread>> {
        let next = self.parser.advance(node, set, &self.grammar, &mut self.lexer, reads)?;
        self.begun_at(next)
    }

    /// Adds the tokens with suffixes that go on with the thread. The bounds are those of the walk's counter.
    fn follow_suffixes(
        &mut self,
        suffixes: &Suffixes,
        thread: Thread,
        bounds: Bounds,
        search: &mut Search,
    ) -> Result<()> {
        let trie = &search.vocabulary.trie;
        let mut at = 0;
        let mut stack: Vec<Threads> = vec![Threads::from_slice(&[thread])];
        while let Some(&suffix) = suffixes.nodes.get(at) {
            let length = usize::from(suffix.depth);
            // most texts fail at their first byte: that shows in one look, without a stack
            if length == 0 && self.lexer.step(thread.lexer.state, suffix.byte)? == DEAD {
                at = suffix.end as usize;
                continue;
            }
            stack.truncate(length + 1);
            let leaf = match suffix.link {
                NO_LINK => suffix.end as usize == at + 1,
                link => trie.span(Some(link)).0 == trie.span(Some(link)).1,
            };
            if leaf {
                self.spend(stack[length].len())?;
                if self.any_goes_on(&stack[length], suffix.byte)? {
                    if suffix.link == NO_LINK {
                        let tokens = suffixes.tokens[suffix.from as usize..suffix.to as usize].iter();
                        let allowed = tokens.filter(|&&(_, level)| bounds.contain(level)).map(|&(id, _)| id);
                        search.found.tokens.extend(allowed);
                    } else if bounds.contain(suffix.level) {
                        search
                            .found
                            .tokens
                            .extend_from_slice(trie.tokens_at(suffix.link as usize));
                    }
                }
                at += 1;
                continue;
            }
            let mut threads = Threads::new();
            let landed = self.step_threads(&stack[length], suffix.byte, &mut threads, &mut search.reads)?;
            self.spend(stack[length].len())?;
            if threads.is_empty() && landed.is_none() {
                at = suffix.end as usize;
                continue;
            }
            if suffix.link != NO_LINK {
                if bounds.contain(suffix.level) {
                    search
                        .found
                        .tokens
                        .extend_from_slice(trie.tokens_at(suffix.link as usize));
                    self.subtree(suffix.link, &threads, search)?;
                }
                at += 1;
                continue;
            }
            let tokens = suffixes.tokens[suffix.from as usize..suffix.to as usize].iter();
            let allowed = tokens.filter(|&&(_, level)| bounds.contain(level)).map(|&(id, _)| id);
            search.found.tokens.extend(allowed);
            stack.push(threads);
            at += 1;
        }
        Ok(())
    }

    /// Adds the tokens below a trie node that go on with any of the threads.
    fn subtree(&mut self, index: u32, threads: &[Thread], search: &mut Search) -> Result<()> {
        let trie = &search.vocabulary.trie;
        if self.any_keeps_all(threads, trie, index as usize)? {
            search.found.tokens.extend_from_slice(trie.tokens_below(index as usize));
            return Ok(());
        }
        let (mut at, end) = trie.span(Some(index));
        if end - at >= OWN_MASK_NODES && search.depth < MAX_DEPTH {
            for &thread in threads {
                let mask = self.thread_mask(Some(index), thread, search)?;
                search.found.add(&mask);
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
            if node.end as usize == at + 1 {
                self.spend(stack[length].len())?;
                if self.any_goes_on(&stack[length], node.byte)? {
                    search.found.tokens.extend_from_slice(trie.tokens_at(at));
                }
                at += 1;
                continue;
            }
            let mut next = Threads::new();
            let landed = self.step_threads(&stack[length], node.byte, &mut next, &mut search.reads)?;
            self.spend(stack[length].len())?;
            if next.is_empty() && landed.is_none() {
                at = node.end as usize;
                continue;
            }
            if self.any_keeps_all(&next, trie, at)? {
                search.found.tokens.extend_from_slice(trie.tokens_below(at));
                at = node.end as usize;
                continue;
            }
            search.found.tokens.extend_from_slice(trie.tokens_at(at));
            stack.push(next);
            at += 1;
        }
        Ok(())
    }

    /// Does a byte go on with any of the threads, or end its lexeme? Each end is one that the parser waits for.
    fn any_goes_on(&mut self, threads: &[Thread], byte: u8) -> Result<bool> {
        for thread in threads {
            let (next, ended) = self.lexer.advance(thread.lexer, byte)?;
            if next.is_some() || ended != NO_MATCH {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Does a thread stay in its state whatever text below the trie node follows?
    fn any_keeps_all(&mut self, threads: &[Thread], trie: &Trie, at: usize) -> Result<bool> {
        for thread in threads {
            if thread.lexer.counter == NO_COUNTER && self.keeps_all(thread.lexer.state, trie, at)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The texts with which tokens leave the lexemes, from every place on where `set` may end before: what follows can
    /// read bytes that also go on with the lexeme. Made when they are first asked for.
    fn everywhere<'e>(
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
        self.masks.interiors(vocabulary).grow(suffixes.memory());
        let made = Everywhere { large, suffixes };
        Ok(exits.everywhere.get_or_init(|| made))
    }

    /// What follows can read bytes that also go on with the lexeme, so every end within a token counts, not only those
    /// where the lexeme can't go on. A bound can cut off tokens that would stay inside, so all are read.
    fn follow_everywhere(
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
