//! Tokens that lead into repetitions.
//!
//! A mask that was made without regard to repetitions is right but for two sorts of tokens. Some go on with what is in
//! progress as an earlier key or item does: they are found on a walk through the vocabulary's trie that leaves a path as
//! soon as nothing agrees with it. Others end what is in progress and begin something else, which may be a repetition:
//! such tokens are known for each vocabulary (`vocabulary::risky`), and few. Each of these is tried.

use super::tracker::Tracker;
use crate::engine::{Configuration, Engine};
use crate::error::Result;
use crate::lexer::{LexerState, NO_MATCH};
use crate::vocabulary::Vocabulary;
use crate::vocabulary::risky::Risky;
use crate::vocabulary::token_set::{clear_bit, has_bit};
use crate::vocabulary::trie::Trie;

/// Tokens of these kinds that may matter to a text.
fn near<'a>(risky: &'a Risky, tracker: &Tracker) -> impl Iterator<Item = u32> + 'a {
    let in_text = tracker.scalar().is_some_and(|scalar| scalar.is_text());
    let lists = [
        (&risky.keys, true),
        (&risky.items, tracker.scope().items),
        (&risky.separators, tracker.scope().scarce),
        (&risky.containers, tracker.scope().scarce),
        (&risky.endings, tracker.scope().repeated),
    ];
    let lists = lists.into_iter().filter(|&(_, counts)| counts);
    lists.flat_map(move |(places, _)| if in_text { &places.after_quote } else { &places.all }.iter().copied())
}

/// Tokens in which a part that is JSON may begin, and may repeat something. There are few.
fn begun<'a>(risky: &'a Risky, tracker: &Tracker) -> impl Iterator<Item = u32> + 'a {
    let scope = tracker.scope();
    let lists = [
        (&risky.begun.seconds, true),
        (&risky.begun.endings, scope.repeated),
        (&risky.begun.contents, scope.scarce),
    ];
    let lists = lists.into_iter().filter(move |&(_, counts)| counts && scope.parts);
    lists.flat_map(|(ids, _)| ids.iter().copied())
}

/// Is the mask after a text another than without regard to repetitions? True also where it isn't known without work.
pub fn changes_mask(at: &Configuration, vocabulary: &Vocabulary) -> bool {
    at.tracker.as_ref().is_some_and(|tracker| {
        let mut risky = near(vocabulary.risky(), tracker);
        tracker.needs_care()
            || begun(vocabulary.risky(), tracker).next().is_some()
            || !tracker.is_quiet(&at.threads)
                && risky.any(|id| may_repeat(tracker, vocabulary.token(id).unwrap_or_default()))
    })
}

/// Is a repetition possible after the bytes, or in them, or missing? As if each container were watched.
fn may_repeat(tracker: &Tracker, bytes: &[u8]) -> bool {
    let mut at = tracker.clone();
    for &byte in bytes {
        match at.read(byte) {
            Ok(true) => {
                at.watch(at.scope().scarce);
                at.keep_key(false);
                if at.has_repeated() || at.lacks_repetition(byte) {
                    return true;
                }
            }
            Ok(false) => return false,
            // an error is reported by those who try it
            Err(_) => return true,
        }
    }
    at.needs_care()
}

impl Engine {
    /// Takes the tokens from a mask that have no completion without a repetition.
    pub(crate) fn remove_repetitions(
        &mut self,
        at: &Configuration,
        vocabulary: &Vocabulary,
        words: &mut [u32],
    ) -> Result<()> {
        let Some(tracker) = &at.tracker else {
            return Ok(());
        };
        self.masks_care = self.searched + self.max_mask_steps;
        let mut suspects = Vec::new();
        if tracker.is_scarce() {
            suspects.extend((0..vocabulary.vocab_size as u32).filter(|&id| has_bit(words, id)));
        } else {
            let near = near(vocabulary.risky(), tracker).filter(|&id| has_bit(words, id));
            suspects.extend(near.filter(|&id| may_repeat(tracker, vocabulary.token(id).unwrap_or_default())));
            suspects.extend(begun(vocabulary.risky(), tracker));
        }
        let removed = self.try_tokens(at, &suspects, vocabulary, words)?;
        if tracker.is_at_risk() && !tracker.is_scarce() {
            self.remove_agreeing(at, vocabulary, words)?;
        } else if !removed {
            tracker.note_quiet(&at.threads);
        }
        Ok(())
    }

    /// Takes those of some tokens from a mask that have no completion; are there any?
    fn try_tokens(
        &mut self,
        at: &Configuration,
        ids: &[u32],
        vocabulary: &Vocabulary,
        words: &mut [u32],
    ) -> Result<bool> {
        let mut removed = false;
        for &id in ids {
            if !has_bit(words, id) {
                continue;
            }
            let bytes = vocabulary.token(id).unwrap_or_default();
            if self.after_token(at, bytes)?.is_none() {
                clear_bit(words, id);
                removed = true;
            }
            self.pay_for(bytes.len())?;
        }
        Ok(removed)
    }

    fn pay_for(&mut self, steps: usize) -> Result<()> {
        self.searched += steps;
        if self.searched > self.masks_care {
            return Err(self.too_much());
        }
        Ok(())
    }

    /// Takes the tokens from a mask that agree with something which the text must not repeat, and cannot leave it.
    fn remove_agreeing(&mut self, from: &Configuration, vocabulary: &Vocabulary, words: &mut [u32]) -> Result<()> {
        let trie = &vocabulary.trie;
        // blanks before a key change nothing: only what follows them in a token does
        let tracker = from.tracker.as_ref();
        let tracker = tracker.filter(|tracker| tracker.has_room() && tracker.awaits_key());
        if let Some(tracker) = tracker {
            let texts = vocabulary.risky().indented_texts.iter().copied();
            let texts: Vec<u32> = texts
                .filter(|&id| has_bit(words, id) && may_repeat(tracker, vocabulary.token(id).unwrap_or_default()))
                .collect();
            self.try_tokens(from, &texts, vocabulary, words)?;
        }
        let mut path = vec![self.standing(from.clone())?];
        let mut at = 0;
        while at < trie.len() {
            let node = *trie.node(at);
            let here = &path[usize::from(node.depth)];
            let skipped = tracker.is_some() && node.depth == 0 && node.byte.is_ascii_whitespace();
            // what is impossible, repetitions or not, is in no mask
            if skipped || !self.lexemes_go_on(&here.at, node.byte)? {
                at = node.end as usize;
                continue;
            }
            path.truncate(usize::from(node.depth) + 1);
            let (tokens, end) = (trie.tokens_below(at), node.end as usize);
            let here = &path[usize::from(node.depth)];
            if here.is_safe_after(node.byte, self, trie, at)? {
                at = end;
                continue;
            }
            self.pay_for(1)?;
            let Some(next) = self.advance(&here.at, node.byte)? else {
                tokens.iter().for_each(|&id| clear_bit(words, id));
                at = end;
                continue;
            };
            let risk = next
                .tracker
                .as_ref()
                .map(|tracker| (tracker.is_at_risk(), tracker.has_repeated()));
            match risk {
                Some((true, _)) => {
                    let ends_here = trie.tokens_at(at).iter().any(|&id| has_bit(words, id));
                    if ends_here && !self.is_alive(&next)? {
                        tokens.iter().for_each(|&id| clear_bit(words, id));
                        at = end;
                    } else {
                        path.push(self.standing(next)?);
                        at += 1;
                    }
                }
                // some lexemes don't mind
                Some((_, true)) => {
                    self.try_tokens(from, tokens, vocabulary, words)?;
                    at = end;
                }
                _ => at = end,
            }
        }
        Ok(())
    }

    fn lexemes_go_on(&mut self, at: &Configuration, byte: u8) -> Result<bool> {
        for thread in &at.threads {
            let (after, ended) = self.lexer.advance(thread.lexer, byte)?;
            if after.is_some() || ended != NO_MATCH {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn standing(&mut self, at: Configuration) -> Result<Standing> {
        let kept = match &at.tracker {
            Some(tracker) => self.goes_on_at_will(&at, &tracker.clone())?,
            None => None,
        };
        Ok(Standing { at, kept })
    }
}

/// A place on a path through the trie, and the state that letters or digits keep, as many as one likes.
struct Standing {
    at: Configuration,
    kept: Option<LexerState>,
}

impl Standing {
    /// Has a byte a completion, whatever follows it below a trie node?
    fn is_safe_after(&self, byte: u8, engine: &mut Engine, trie: &Trie, node: usize) -> Result<bool> {
        if self.at.tracker.as_ref().is_some_and(|tracker| tracker.parts_at(byte)) {
            return Ok(true);
        }
        match self.kept {
            Some(state) if byte < 0x80 => {
                Ok(engine.lexer.step(state, byte)? == state && engine.keeps_all(state, trie, node)?)
            }
            _ => Ok(false),
        }
    }
}
