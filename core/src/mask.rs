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
use crate::lexer::{DEAD, KEYS, LexerState, MatchSet, NO_MATCH};
use crate::parser::NodeId;
use crate::regex::expression::ExpressionId;
use crate::vocabulary::Vocabulary;
use crate::vocabulary::token_set::{Interior, TokenSet, clear_bit, set_bit};
use crate::vocabulary::trie::Trie;

/// Kept masks may take this many bytes; then they are dropped and made again as needed.
const CACHE_BYTES: usize = 64 << 20;

/// Trie nodes where lexemes can end while tokens go on, with the lexemes.
type Exits = Vec<(u32, MatchSet)>;

/// Masks of threads, and how often they served.
#[derive(Default)]
pub struct Masks {
    threads: FxHashMap<Thread, Arc<TokenSet>>,
    bytes: usize,
    pub hits: u64,
    pub misses: u64,
    /// Steps left for the mask being filled.
    fuel: usize,
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
        self.masks.fuel = self.max_mask_steps;
        for &thread in threads {
            self.thread_mask(thread, vocabulary)?.add_to(words);
        }
        if stop {
            vocabulary.eos_token_ids.iter().for_each(|&id| set_bit(words, id));
        }
        Ok(())
    }

    fn spend(&mut self, steps: usize) -> Result<()> {
        self.masks.fuel = self.masks.fuel.checked_sub(steps).ok_or(Error::Limit {
            budget: "max_mask_steps",
            value: self.max_mask_steps,
        })?;
        Ok(())
    }

    fn thread_mask(&mut self, thread: Thread, vocabulary: &Vocabulary) -> Result<Arc<TokenSet>> {
        if let Some(known) = self.masks.threads.get(&thread) {
            self.masks.hits += 1;
            return Ok(known.clone());
        }
        self.masks.misses += 1;
        let mut words = vec![0; vocabulary.words()];
        if let &[(lexeme, expression)] = self.lexer.in_progress(thread.state)
            && lexeme != KEYS
        {
            let interior = self.shared_interior(thread.state, expression, false, vocabulary)?;
            let set = self.lexer.singleton(lexeme);
            interior.tokens.add_to(&mut words);
            let exits = interior.exits.iter().map(|&index| (index, set));
            self.walk_exits(thread.node, exits, &vocabulary.trie, &mut words)?;
        } else {
            let exits = self.interior(thread.state, vocabulary, &mut words)?;
            self.walk_exits(thread.node, exits.into_iter(), &vocabulary.trie, &mut words)?;
        }
        let mask = Arc::new(TokenSet::new(words));
        self.masks.keep(thread, mask.clone());
        Ok(mask)
    }

    /// One lexeme in progress means the same in every grammar. A `model` is a state that others are compared with; it
    /// is compared with none itself, so that this ends.
    fn shared_interior(
        &mut self,
        state: LexerState,
        expression: ExpressionId,
        model: bool,
        vocabulary: &Vocabulary,
    ) -> Result<Arc<Interior>> {
        let key = self.lexer.digest(expression);
        if let Some(known) = vocabulary.interiors.get(&key) {
            return Ok(known);
        }
        let mut words = vec![0; vocabulary.words()];
        let exits = if model {
            self.walk_everything(state, &vocabulary.trie, &mut words)?
        } else {
            self.interior(state, vocabulary, &mut words)?
        };
        let interior = Arc::new(Interior {
            tokens: TokenSet::new(words),
            exits: exits.into_iter().map(|(index, _)| index).collect(),
        });
        vocabulary.interiors.keep(key, interior.clone());
        Ok(interior)
    }

    /// Writes the tokens that stay inside the lexemes of `state` into `words`, which is empty; returns the trie nodes where lexemes can end and
    /// tokens go on, in their order.
    fn interior(&mut self, state: LexerState, vocabulary: &Vocabulary, words: &mut [u32]) -> Result<Exits> {
        if let Some((model, expression)) = self.self_looping_neighbour(state)? {
            let set = self.lexer.singleton(self.lexer.in_progress(model)[0].0);
            let like = self.shared_interior(model, expression, true, vocabulary)?;
            return self.walk_difference(state, model, set, &like, &vocabulary.trie, words);
        }
        self.walk_everything(state, &vocabulary.trie, words)
    }

    /// `interior` from nothing.
    fn walk_everything(&mut self, state: LexerState, trie: &Trie, words: &mut [u32]) -> Result<Exits> {
        let mut exits = Exits::new();
        // stack[d] is the lexer's state after d bytes of the path to the current node
        let mut stack = vec![DEAD; trie.max_depth() + 1];
        stack[0] = state;
        let (mut at, mut visited) = (0, 0);
        while at < trie.len() {
            visited += 1;
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
        self.spend(visited)?;
        Ok(exits)
    }

    /// A state of one lexeme to which most bytes lead from `state`, and from it back to itself: inside a key that must
    /// differ from the declared ones, it is the state of any string. Its interior is nearly that of `state`.
    fn self_looping_neighbour(&mut self, state: LexerState) -> Result<Option<(LexerState, ExpressionId)>> {
        const ENOUGH_BYTES: usize = 48;
        let row = *self.lexer.row(state)?;
        // the letter that a state tells apart is rarely the same as all of these
        for probe in *b"qZ7~" {
            let model = row[usize::from(probe)];
            if model == DEAD || model == state {
                continue;
            }
            let expression = match self.lexer.in_progress(model) {
                &[(lexeme, expression)] if lexeme != KEYS => expression,
                _ => continue,
            };
            let model_row = self.lexer.row(model)?;
            let agreeing = (0..256).filter(|&byte| row[byte] == model && model_row[byte] == model);
            if agreeing.count() >= ENOUGH_BYTES {
                return Ok(Some((model, expression)));
            }
        }
        Ok(None)
    }

    /// As `interior`, told by how `state` differs from `model`, whose interior is known: where both lexers are in one
    /// state, everything below agrees.
    fn walk_difference(
        &mut self,
        state: LexerState,
        model: LexerState,
        model_set: MatchSet,
        like: &Interior,
        trie: &Trie,
        words: &mut [u32],
    ) -> Result<Exits> {
        like.tokens.add_to(words);
        let mut exits = Exits::new();
        let mut model_exits = like.exits.iter().copied().peekable();
        let mut stack = vec![(DEAD, DEAD); trie.max_depth() + 1];
        stack[0] = (state, model);
        let (mut at, mut visited) = (0, 0);
        while at < trie.len() {
            visited += 1;
            let node = *trie.node(at);
            let depth = usize::from(node.depth);
            let (from, model_from) = stack[depth];
            let next = self.lexer.step(from, node.byte)?;
            let model_next = self.lexer.step(model_from, node.byte)?;
            if next == model_next {
                at = node.end as usize;
                continue;
            }
            // the model's exits before this node stand; its own, and those below, are decided anew
            while let Some(exit) = model_exits.next_if(|&exit| (exit as usize) < at) {
                exits.push((exit, model_set));
            }
            let end = if next == DEAD { node.end as usize } else { at + 1 };
            while model_exits.next_if(|&exit| (exit as usize) < end).is_some() {}
            if next == DEAD {
                trie.tokens_below(at).iter().for_each(|&id| clear_bit(words, id));
            } else {
                trie.tokens_at(at).iter().for_each(|&id| set_bit(words, id));
                let set = self.lexer.matches(next);
                if set != NO_MATCH && node.end as usize > at + 1 {
                    exits.push((at as u32, set));
                }
                stack[depth + 1] = (next, model_next);
            }
            at = end;
        }
        self.spend(visited)?;
        exits.extend(model_exits.map(|exit| (exit, model_set)));
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
                self.spend(stack[depth].len())?;
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
