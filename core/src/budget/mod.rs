//! How many tokens are needed to complete a text, and masks of the tokens after which so many are left.
//!
//! What is needed is the number of tokens of a text at hand, so that it can be written if need be. To find it, a shortest
//! completion is spelled with as few tokens as possible. Fewer tokens may spell a longer one: where it matters, a search
//! by breadth, over places and the groups of tokens that lead from one to another, looks for these until it has found
//! them, or has shown that there are none, or has taken too long.
//!
//! Places know nothing of what must not be repeated. So a completion found for a place is tried where it is to be
//! written, and if it fails there, another one is spelled.

pub mod places;
mod spelling;

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::engine::{Configuration, Engine};
use crate::error::Result;
use crate::grammar::Next;
use crate::vocabulary::Vocabulary;
use places::{Need, Place};
use spelling::fewest_to_spell;

/// So many nodes of the trie are visited to look for fewer tokens, in a language that is one terminal's, and in others.
const SEARCH_STEPS: [usize; 2] = [1 << 22, 1 << 17];

/// Tokens that complete a text.
#[derive(Debug, Clone)]
pub struct Fewest {
    /// Stop tokens aside.
    pub tokens: Arc<[u32]>,
    /// Is it known that no fewer complete it?
    pub exact: bool,
}

impl Engine {
    /// Few tokens that complete the text, in as many as `enough` if fewer take long to find; None where the vocabulary
    /// can't spell any that is at hand.
    pub fn fewest_tokens(
        &mut self,
        at: &Configuration,
        enough: usize,
        vocabulary: &Vocabulary,
    ) -> Result<Option<Fewest>> {
        let place = self.places.of(at);
        let need = self.needed(place, enough, vocabulary)?;
        let exact = need.exact;
        let Some(tokens) = need.tokens else {
            return Ok(None);
        };
        if at.tracker.is_none() || self.leads_to_end(at, &tokens, vocabulary)? {
            return Ok(Some(Fewest { tokens, exact }));
        }
        let text = self.shortest_completion(at)?;
        let tokens = fewest_to_spell(&text, &vocabulary.trie);
        Ok(tokens.map(|tokens| Fewest {
            tokens: tokens.into(),
            exact: false,
        }))
    }

    /// Takes the tokens from the mask after which more than `left` would be needed, but for what is repeated. Were there
    /// any?
    pub fn keep_completable(
        &mut self,
        at: &Configuration,
        left: usize,
        vocabulary: &Vocabulary,
        words: &mut [u32],
    ) -> Result<bool> {
        let place = self.places.of(at);
        let mut removed = false;
        for group in self.groups(place, vocabulary)?.all.iter() {
            let need = self.needed(group.to, left, vocabulary)?;
            if need.tokens.is_none_or(|tokens| tokens.len() > left) {
                for &token in &group.tokens {
                    let (word, bit) = (token as usize / 32, 1 << (token % 32));
                    removed |= words[word] & bit != 0;
                    words[word] &= !bit;
                }
            }
        }
        Ok(removed)
    }

    /// What is needed at a place; fewer tokens than at hand are looked for if these are not enough.
    fn needed(&mut self, place: Place, enough: usize, vocabulary: &Vocabulary) -> Result<Need> {
        let need = match self.places.needs.get(&place) {
            Some(known) => known.clone(),
            None => {
                let at = self.places.configuration(place).clone();
                let text = self.shortest_completion(&at)?;
                let tokens = fewest_to_spell(&text, &vocabulary.trie);
                let exact = tokens.as_ref().is_some_and(|tokens| tokens.len() <= 1);
                Need {
                    tokens: tokens.map(Arc::from),
                    searched: exact,
                    exact,
                }
            }
        };
        let at_hand = need.tokens.as_ref().map_or(usize::MAX, |tokens| tokens.len());
        let need = match at_hand <= enough || need.searched {
            true => need,
            false => {
                let (fewer, exact) = self.fewer_tokens(place, at_hand, vocabulary)?;
                Need {
                    tokens: fewer.map(Arc::from).or(need.tokens),
                    searched: true,
                    exact,
                }
            }
        };
        self.places.needs.insert(place, need.clone());
        Ok(need)
    }

    /// Fewer tokens than `most` that complete the text at a place, if there are; and whether all ways were looked at.
    fn fewer_tokens(
        &mut self,
        start: Place,
        most: usize,
        vocabulary: &Vocabulary,
    ) -> Result<(Option<Vec<u32>>, bool)> {
        let mut left = SEARCH_STEPS[usize::from(!self.is_one_terminal())];
        // by place, the one before and the token between them
        let mut before: FxHashMap<Place, (Place, u32)> = FxHashMap::default();
        let mut layer = vec![start];
        let mut count = 1;
        while count < most && !layer.is_empty() {
            let mut next = Vec::new();
            for place in layer {
                let groups = self.groups(place, vocabulary)?;
                for group in groups.all.iter() {
                    if group.to == start || before.contains_key(&group.to) {
                        continue;
                    }
                    before.insert(group.to, (place, group.tokens[0]));
                    if self.places.configuration(group.to).accepting {
                        return Ok((Some(way(start, group.to, &before)), true));
                    }
                    next.push(group.to);
                }
                match left.checked_sub(groups.cost) {
                    Some(rest) => left = rest,
                    None => return Ok((None, false)),
                }
            }
            layer = next;
            count += 1;
        }
        Ok((None, true))
    }

    /// Is the whole language that of one terminal?
    fn is_one_terminal(&self) -> bool {
        let productions = &self.grammar.productions[self.grammar.start_rule as usize];
        productions.iter().all(|&first| {
            matches!(self.grammar.next(first), Next::Terminal(_))
                && matches!(self.grammar.next(first + 1), Next::End(_))
        })
    }

    /// Do the tokens complete the text, repetitions and all?
    fn leads_to_end(&mut self, from: &Configuration, tokens: &[u32], vocabulary: &Vocabulary) -> Result<bool> {
        let mut at = from.clone();
        for &token in tokens {
            for &byte in vocabulary.token(token).unwrap_or_default() {
                match self.step(&at, byte)? {
                    Some(next) => at = next,
                    None => return Ok(false),
                }
            }
        }
        Ok(at.accepting)
    }
}

/// The tokens on the way to a place.
fn way(start: Place, end: Place, before: &FxHashMap<Place, (Place, u32)>) -> Vec<u32> {
    let (mut at, mut tokens) = (end, Vec::new());
    while at != start {
        let (previous, token) = before[&at];
        tokens.push(token);
        at = previous;
    }
    tokens.reverse();
    tokens
}
