//! Tokens that lead into repetitions.
//!
//! A mask that was made without regard to repetitions is right but for two sorts of tokens. Some go on with what is in
//! progress as an earlier key or item does: they are found on a walk through the vocabulary's trie that leaves a path as
//! soon as nothing agrees with it. Others end what is in progress and begin something else, which may be a repetition:
//! such tokens are known for each vocabulary (`vocabulary::risky`), and few. Each of these is tried.

use super::tracker::Tracker;
use crate::engine::{Configuration, Engine};
use crate::error::{Error, Result};
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
        (&risky.containers, tracker.scope().scarce),
    ];
    let lists = lists.into_iter().filter(|&(_, counts)| counts);
    lists.flat_map(move |(places, _)| if in_text { &places.after_quote } else { &places.all }.iter().copied())
}

/// Is the mask after a text another than without regard to repetitions? True also where it isn't known without work.
pub fn changes_mask(at: &Configuration, vocabulary: &Vocabulary) -> bool {
    at.tracker.as_ref().is_some_and(|tracker| {
        let mut risky = near(vocabulary.risky(), tracker);
        tracker.needs_care() || risky.any(|id| may_repeat(tracker, vocabulary.token(id).unwrap_or_default()))
    })
}

/// Is a repetition possible after the bytes, or in them? As if each container were watched.
fn may_repeat(tracker: &Tracker, bytes: &[u8]) -> bool {
    let mut at = tracker.clone();
    for &byte in bytes {
        match at.read(byte) {
            Ok(true) => {
                at.watch(at.scope().scarce);
                if at.has_repeated() {
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
        let mut suspects = Vec::new();
        if tracker.is_scarce() {
            suspects.extend((0..vocabulary.vocab_size as u32).filter(|&id| has_bit(words, id)));
        } else {
            let near = near(vocabulary.risky(), tracker).filter(|&id| has_bit(words, id));
            suspects.extend(near.filter(|&id| may_repeat(tracker, vocabulary.token(id).unwrap_or_default())));
            if tracker.is_at_risk() {
                follow(tracker, &vocabulary.trie, |ids| {
                    suspects.extend(ids.iter().filter(|&&id| has_bit(words, id)));
                })?;
            }
        }
        let before = self.searched;
        for id in suspects {
            let bytes = vocabulary.token(id).unwrap_or_default();
            if has_bit(words, id) && self.after_token(at, bytes)?.is_none() {
                clear_bit(words, id);
            }
            self.searched += bytes.len();
            if self.searched - before > self.max_mask_steps {
                return Err(Error::Limit {
                    budget: "max_mask_steps",
                    value: self.max_mask_steps,
                });
            }
        }
        Ok(())
    }
}

/// Finds the tokens that agree with something that the text must not repeat, as far as they go or as it goes.
fn follow(tracker: &Tracker, trie: &Trie, mut found: impl FnMut(&[u32])) -> Result<()> {
    let mut trackers = vec![tracker.clone()];
    let mut at = 0;
    while at < trie.len() {
        let node = *trie.node(at);
        let depth = usize::from(node.depth);
        trackers.truncate(depth + 1);
        if trackers[depth].parts_at(node.byte) {
            at = node.end as usize;
            continue;
        }
        let next = trackers[depth].step(node.byte)?;
        match next {
            Some(next) if next.has_repeated() => found(trie.tokens_below(at)),
            Some(next) if next.is_at_risk() => {
                found(trie.tokens_at(at));
                trackers.push(next);
                at += 1;
                continue;
            }
            _ => {}
        }
        at = node.end as usize;
    }
    Ok(())
}
