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
use crate::regex::expression::ExpressionId;
use crate::vocabulary::Vocabulary;
use crate::vocabulary::token_set::{Interior, TokenSet, set_bit};
use crate::vocabulary::trie::Trie;

/// Kept masks may take this many bytes; then they are dropped and made again as needed.
const CACHE_BYTES: usize = 64 << 20;

/// Masks of threads, and how often they served.
#[derive(Default)]
pub struct Masks {
    threads: FxHashMap<Thread, Arc<TokenSet>>,
    bytes: usize,
    pub hits: u64,
    pub misses: u64,
}

impl Masks {
    pub fn memory(&self) -> usize {
        self.bytes
    }

    fn keep(&mut self, thread: Thread, mask: Arc<TokenSet>) {
        self.bytes += mask.memory();
        if self.bytes > CACHE_BYTES {
            self.threads.clear();
            self.bytes = mask.memory();
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
        let mut words = vec![0; vocabulary.words()];
        if let &[(lexeme, expression)] = self.lexer.in_progress(thread.state) {
            let interior = self.shared_interior(thread.state, expression, vocabulary)?;
            let set = self.lexer.singleton(lexeme);
            interior.tokens.add_to(&mut words);
            let exits = interior.exits.iter().map(|&index| (index, set));
            self.walk_exits(thread.node, exits, &vocabulary.trie, &mut words)?;
        } else {
            let exits = self.walk_interior(thread.state, &vocabulary.trie, &mut words)?;
            self.walk_exits(thread.node, exits.into_iter(), &vocabulary.trie, &mut words)?;
        }
        let mask = Arc::new(TokenSet::new(words));
        self.masks.keep(thread, mask.clone());
        Ok(mask)
    }

    /// One lexeme in progress means the same in every grammar.
    fn shared_interior(
        &mut self,
        state: LexerState,
        expression: ExpressionId,
        vocabulary: &Vocabulary,
    ) -> Result<Arc<Interior>> {
        let key = self.lexer.digest(expression);
        if let Some(known) = vocabulary.interiors.get(&key) {
            return Ok(known);
        }
        let mut words = vec![0; vocabulary.words()];
        let exits = self.walk_interior(state, &vocabulary.trie, &mut words)?;
        let interior = Arc::new(Interior {
            tokens: TokenSet::new(words),
            exits: exits.into_iter().map(|(index, _)| index).collect(),
        });
        vocabulary.interiors.keep(key, interior.clone());
        Ok(interior)
    }

    /// Adds the tokens that stay inside the lexemes of `state`; returns the trie nodes where lexemes can
    /// end and tokens go on.
    fn walk_interior(&mut self, state: LexerState, trie: &Trie, words: &mut [u32]) -> Result<Vec<(u32, MatchSet)>> {
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
            trie.tokens_at(at).iter().for_each(|&id| set_bit(words, id));
            let set = self.lexer.matches(next);
            if set != NO_MATCH && node.end as usize > at + 1 {
                exits.push((at as u32, set));
            }
            stack[depth + 1] = next;
            at += 1;
        }
        Ok(exits)
    }

    /// Adds the tokens below the exits: a lexeme begun at `node` ends at the trie node, and what follows it reads on.
    fn walk_exits(
        &mut self,
        node: NodeId,
        exits: impl Iterator<Item = (u32, MatchSet)>,
        trie: &Trie,
        words: &mut [u32],
    ) -> Result<()> {
        let mut fuel = self.max_mask_steps;
        let mut begun: Option<(MatchSet, Thread)> = None;
        let mut stack: Vec<Threads> = Vec::new();
        for (index, set) in exits {
            let first = match begun {
                Some((known, thread)) if known == set => thread,
                _ => {
                    let next = self.parser.advance(node, set, &self.grammar, &mut self.lexer)?;
                    let state = self.parser.lexer_start(next);
                    let thread = Thread { state, node: next };
                    begun = Some((set, thread));
                    thread
                }
            };
            if first.state == DEAD {
                continue;
            }
            let exit = *trie.node(index as usize);
            let base = usize::from(exit.depth) + 1;
            let end = exit.end as usize;
            let mut at = index as usize + 1;
            stack.clear();
            stack.push(Threads::from_slice(&[first]));
            while at < end {
                let trie_node = *trie.node(at);
                let depth = usize::from(trie_node.depth) - base;
                // most exits have nothing below them that fits: that shows in one look, without a stack
                if depth == 0 && self.lexer.step(first.state, trie_node.byte)? == DEAD {
                    at = trie_node.end as usize;
                    continue;
                }
                stack.truncate(depth + 1);
                let mut threads = Threads::new();
                let landed = self.step_threads(&stack[depth], trie_node.byte, &mut threads)?;
                fuel = fuel.checked_sub(stack[depth].len()).ok_or(Error::Limit {
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
        }
        Ok(())
    }
}
