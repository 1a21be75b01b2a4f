//! Token masks: which tokens keep a completion possible.
//!
//! Threads don't influence each other, so the mask of a configuration is the union of its threads' masks. The mask of
//! one thread has two parts. The *interior* are the tokens that stay inside the lexemes in progress: it depends on the
//! lexer's state alone. The *exits* are the places in the trie where a lexeme can end; below each, the walk goes on
//! with what the parser allows next.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::engine::{Engine, Thread, Threads};
use crate::error::{Error, Result};
use crate::lexer::{DEAD, LexerState, MatchSet, NO_MATCH};
use crate::parser::NodeId;
use crate::vocabulary::Vocabulary;
use crate::vocabulary::trie::Trie;

/// Kept masks and interiors may take this many bytes each; then they are dropped and made again as needed.
const CACHE_BYTES: usize = 64 << 20;

/// A set of tokens: a list while it is short, else a bit mask.
#[derive(Debug)]
pub enum TokenSet {
    Few(Box<[u32]>),
    Many(Box<[u32]>),
}

impl TokenSet {
    fn new(words: Vec<u32>) -> Self {
        let count: usize = words.iter().map(|word| word.count_ones() as usize).sum();
        if count * 2 >= words.len() {
            return TokenSet::Many(words.into());
        }
        let mut ids = Vec::with_capacity(count);
        for (index, &word) in words.iter().enumerate() {
            let mut rest = word;
            while rest != 0 {
                ids.push(index as u32 * 32 + rest.trailing_zeros());
                rest &= rest - 1;
            }
        }
        TokenSet::Few(ids.into())
    }

    pub fn add_to(&self, words: &mut [u32]) {
        match self {
            TokenSet::Few(ids) => ids.iter().for_each(|&id| set_bit(words, id)),
            TokenSet::Many(set) => words.iter_mut().zip(set).for_each(|(word, &add)| *word |= add),
        }
    }

    fn memory(&self) -> usize {
        64 + match self {
            TokenSet::Few(ids) | TokenSet::Many(ids) => ids.len() * 4,
        }
    }
}

#[inline]
fn set_bit(words: &mut [u32], id: u32) {
    words[(id >> 5) as usize] |= 1 << (id & 31);
}

/// The tokens that stay inside the lexemes of a lexer state, and where in the trie lexemes can end.
#[derive(Debug)]
struct Interior {
    tokens: TokenSet,
    exits: Box<[(u32, MatchSet)]>,
}

#[derive(Default)]
pub struct Masks {
    interiors: FxHashMap<LexerState, Arc<Interior>>,
    interior_bytes: usize,
    threads: FxHashMap<Thread, Arc<TokenSet>>,
    thread_bytes: usize,
    pub hits: u64,
    pub misses: u64,
}

impl Masks {
    pub fn memory(&self) -> usize {
        self.interior_bytes + self.thread_bytes
    }

    fn keep_interior(&mut self, state: LexerState, interior: Arc<Interior>) {
        self.interior_bytes += interior.tokens.memory() + interior.exits.len() * 8;
        if self.interior_bytes > CACHE_BYTES {
            self.interiors.clear();
            self.interior_bytes = 0;
        }
        self.interiors.insert(state, interior);
    }

    fn keep_thread(&mut self, thread: Thread, mask: Arc<TokenSet>) {
        self.thread_bytes += mask.memory();
        if self.thread_bytes > CACHE_BYTES {
            self.threads.clear();
            self.thread_bytes = 0;
        }
        self.threads.insert(thread, mask);
    }
}

impl Engine {
    /// Overwrites `words` with the tokens allowed after `threads`; `stop` adds the stop tokens.
    pub fn fill_mask(
        &mut self,
        threads: &[Thread],
        stop: bool,
        vocabulary: &Vocabulary,
        words: &mut [u32],
    ) -> Result<()> {
        words.fill(0);
        for &thread in threads {
            self.thread_mask(thread, vocabulary)?.add_to(words);
        }
        if stop {
            vocabulary.eos_token_ids.iter().for_each(|&id| set_bit(words, id));
        }
        Ok(())
    }

    fn thread_mask(&mut self, thread: Thread, vocabulary: &Vocabulary) -> Result<Arc<TokenSet>> {
        if let Some(known) = self.masks.threads.get(&thread) {
            self.masks.hits += 1;
            return Ok(known.clone());
        }
        self.masks.misses += 1;
        let interior = self.interior(thread.state, vocabulary)?;
        let mut words = vec![0; vocabulary.words()];
        interior.tokens.add_to(&mut words);
        let mut fuel = self.max_mask_steps;
        for &(index, set) in interior.exits.iter() {
            self.walk_exit(
                thread.node,
                index as usize,
                set,
                &vocabulary.trie,
                &mut words,
                &mut fuel,
            )?;
        }
        let mask = Arc::new(TokenSet::new(words));
        self.masks.keep_thread(thread, mask.clone());
        Ok(mask)
    }

    /// Tokens below an exit: a lexeme begun at `node` ends at the trie node, and what follows it reads on.
    fn walk_exit(
        &mut self,
        node: NodeId,
        index: usize,
        set: MatchSet,
        trie: &Trie,
        words: &mut [u32],
        fuel: &mut usize,
    ) -> Result<()> {
        let end = trie.node(index).end as usize;
        if end == index + 1 {
            return Ok(());
        }
        let next = self.parser.advance(node, set, &self.grammar, &mut self.lexer)?;
        let state = self.parser.lexer_start(next);
        if state == DEAD {
            return Ok(());
        }
        let base = usize::from(trie.node(index).depth) + 1;
        let mut stack: Vec<Threads> = vec![Threads::from_slice(&[Thread { state, node: next }])];
        let mut at = index + 1;
        while at < end {
            let trie_node = *trie.node(at);
            let depth = usize::from(trie_node.depth) - base;
            stack.truncate(depth + 1);
            let mut threads = Threads::new();
            let landed = self.step_threads(&stack[depth], trie_node.byte, &mut threads)?;
            *fuel = fuel.checked_sub(stack[depth].len()).ok_or(Error::Limit {
                budget: "max_mask_steps",
                value: self.max_mask_steps,
            })?;
            if threads.is_empty() && landed.is_none() {
                at = trie_node.end as usize;
                continue;
            }
            trie.tokens_at(at).iter().for_each(|&id| set_bit(words, id));
            stack.push(threads);
            at += 1;
        }
        Ok(())
    }

    fn interior(&mut self, state: LexerState, vocabulary: &Vocabulary) -> Result<Arc<Interior>> {
        if let Some(known) = self.masks.interiors.get(&state) {
            return Ok(known.clone());
        }
        let trie = &vocabulary.trie;
        let mut words = vec![0; vocabulary.words()];
        let mut exits = Vec::new();
        // stack[d] is the lexer's state after d bytes of the path to the current node
        let mut stack = vec![DEAD; trie.max_depth() + 1];
        stack[0] = state;
        let mut at = 0;
        while at < trie.len() {
            let node = *trie.node(at);
            let depth = usize::from(node.depth);
            let next = self.lexer.step(stack[depth], node.byte)?;
            if next == DEAD {
                at = node.end as usize;
                continue;
            }
            trie.tokens_at(at).iter().for_each(|&id| set_bit(&mut words, id));
            let set = self.lexer.matches(next);
            if set != NO_MATCH {
                exits.push((at as u32, set));
            }
            stack[depth + 1] = next;
            at += 1;
        }
        let interior = Arc::new(Interior {
            tokens: TokenSet::new(words),
            exits: exits.into(),
        });
        self.masks.keep_interior(state, interior.clone());
        Ok(interior)
    }
}
