//! Tokens that leave the lexemes in progress: what the parser allows after their end reads the rest of them.

use super::{Below, Search, Walk};
use crate::bounds::Bounds;
use crate::engine::{Engine, Landed, Thread, Threads};
use crate::error::Result;
use crate::lexer::{DEAD, LexerState, MatchSet, NO_COUNTER, NO_MATCH, Progress};
use crate::parser::NodeId;
use crate::vocabulary::interior::{Exits, NO_LINK, OWN_MASK_NODES, Suffixes};
use crate::vocabulary::trie::Trie;

/// Masks within masks; deeper, threads are walked one by one.
const MAX_DEPTH: usize = 32;

impl Engine {
    /// Adds the tokens that leave the walk's lexemes, which began at the thread's node.
    pub(super) fn follow(&mut self, below: Below, thread: Thread, walk: &Walk, search: &mut Search) -> Result<()> {
        let interior = walk.interior.clone();
        for (named, exits) in &interior.exits {
            let set = self.exit_set(walk.id, *named);
            for begun in self.begun_after(thread.node, set, &mut search.reads)? {
                let live = self.lexer.next_bytes(begun.lexer)?;
                if !exits.stay.intersects(&live) {
                    // nothing that stays goes on with the thread: below a place, only what leaves there does
                    let bounds = thread.lexer.bounds;
                    for place in exits.large.iter().filter(|place| bounds.contain(place.level)) {
                        self.subtree(place.node, &[begun], search)?;
                    }
                    self.follow_suffixes(&exits.suffixes, begun, thread.lexer.bounds, search)?;
                } else if thread.lexer.counter == NO_COUNTER {
                    self.follow_places(below, thread.lexer.state, set, exits, begun, search)?;
                } else if let Some(state) = self.lexer.without_counter(thread.lexer)? {
                    let plain = self.walk(below, Progress::uncounted(state), search.vocabulary)?;
                    for (named, exits) in &plain.interior.exits {
                        if self.exit_set(plain.id, *named) == set {
                            self.follow_places(below, state, set, exits, begun, search)?;
                        }
                    }
                } else {
                    self.follow_everywhere(below, thread, set, begun, search)?;
                }
            }
        }
        Ok(())
    }

    /// Adds the tokens that go on with the thread after an end anywhere within them, of lexemes that count nothing.
    fn follow_places(
        &mut self,
        below: Below,
        state: LexerState,
        set: MatchSet,
        exits: &Exits,
        begun: Thread,
        search: &mut Search,
    ) -> Result<()> {
        let places = self.everywhere(below, state, set, exits, search.vocabulary)?;
        for &node in &places.large {
            self.subtree(node, &[begun], search)?;
        }
        self.follow_suffixes(&places.suffixes, begun, Bounds::NONE, search)
    }

    /// Threads of what may begin after lexemes that end.
    fn begun_after(&mut self, node: NodeId, set: MatchSet, reads: &mut Vec<NodeId>) -> Result<Threads> {
        let mut landed = Landed::new();
        self.land(node, set, &mut landed, reads)?;
        let mut threads = Threads::new();
        for node in landed {
            threads.extend(self.begun_at(node)?);
        }
        Ok(threads)
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
                link => trie.is_leaf(link as usize),
            };
            let Some(threads) = self.step_in_search(&stack[length], suffix.byte, leaf, search)? else {
                at = suffix.end as usize;
                continue;
            };
            if suffix.link == NO_LINK {
                let tokens = suffixes.tokens[suffix.from as usize..suffix.to as usize].iter();
                let allowed = tokens.filter(|&&(_, level)| bounds.contain(level)).map(|&(id, _)| id);
                search.found.tokens.extend(allowed);
                stack.push(threads);
            } else if bounds.contain(suffix.level) {
                let link = suffix.link as usize;
                search.found.tokens.extend_from_slice(trie.tokens_at(link));
                if !leaf {
                    self.subtree(suffix.link, &threads, search)?;
                }
            }
            at += 1;
        }
        Ok(())
    }

    /// The threads after a byte; None if it goes on with none of them and ends no lexeme. Where no text follows, none are
    /// made: each end is one that the parser waits for, so that there is one is enough.
    fn step_in_search(
        &mut self,
        threads: &[Thread],
        byte: u8,
        leaf: bool,
        search: &mut Search,
    ) -> Result<Option<Threads>> {
        self.spend(threads.len())?;
        let mut next = Threads::new();
        if !leaf {
            let landed = self.step_threads(threads, byte, &mut next, &mut search.reads, None)?;
            return Ok((!landed.is_empty() || !next.is_empty()).then_some(next));
        }
        for thread in threads {
            let (goes_on, ended) = self.lexer.advance(thread.lexer, byte)?;
            if goes_on.is_some() || ended != NO_MATCH {
                return Ok(Some(next));
            }
        }
        Ok(None)
    }

    /// Adds the tokens below a trie node that go on with any of the threads.
    pub(super) fn subtree(&mut self, index: u32, threads: &[Thread], search: &mut Search) -> Result<()> {
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
            let step = self.step_in_search(&stack[length], node.byte, trie.is_leaf(at), search)?;
            let Some(next) = step else {
                at = node.end as usize;
                continue;
            };
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

    /// Does a thread stay in its state whatever text below the trie node follows?
    fn any_keeps_all(&mut self, threads: &[Thread], trie: &Trie, at: usize) -> Result<bool> {
        for thread in threads {
            if thread.lexer.counter == NO_COUNTER && self.keeps_all(thread.lexer.state, trie, at)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
