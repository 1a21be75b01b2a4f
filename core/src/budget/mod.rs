//! How many tokens are needed to complete a text, and masks of the tokens after which so many are left.
//!
//! What is needed is the number of tokens of a text at hand, so that it can be written if need be. To find it, a shortest
//! completion is spelled with as few tokens as possible. Fewer tokens may spell a longer one: where it matters, a search
//! by breadth, over places and the groups of tokens that lead from one to another, looks for these until it has found
//! them, or has shown that there are none, or has taken too long.
//!
//! Where bytes are scarce as well, it is always a shortest completion that is spelled.
//!
//! Places know nothing of what must not be repeated. So a completion found for a place is tried where it is to be
//! written, and if it fails there, another one is spelled.

mod components;
mod most;
pub mod places;
mod spelling;

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::engine::{Configuration, Engine};
use crate::error::Result;
use crate::grammar::Next;
use crate::vocabulary::Vocabulary;
use crate::vocabulary::token_set::set_bit;
use places::{Need, Place};
use spelling::fewest_to_spell;

/// So many nodes of the trie are visited to look for fewer tokens, in a language that is one terminal's, and in others.
const SEARCH_STEPS: [usize; 2] = [1 << 22, 1 << 17];

/// What may still be written.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    pub tokens: usize,
    /// Of all of them together; `usize::MAX` for any number.
    pub bytes: usize,
}

impl Room {
    fn is_short_of_bytes(&self) -> bool {
        self.bytes != usize::MAX
    }
}

/// Tokens that complete a text.
#[derive(Debug, Clone)]
pub struct Fewest {
    /// Stop tokens aside.
    pub tokens: Arc<[u32]>,
    /// Is it known that no fewer complete it?
    pub exact: bool,
}

impl Engine {
    /// Few tokens that complete the text: fewer than there is room for are not looked for. None where the vocabulary can't
    /// spell any that is at hand.
    pub fn fewest_tokens(&mut self, at: &Configuration, room: Room, vocabulary: &Vocabulary) -> Result<Option<Fewest>> {
        self.places.forget_if_full();
        let place = self.places.of(at);
        let need = self.needed(place, room, vocabulary)?;
        let Some(tokens) = need.tokens(room) else {
            return Ok(None);
        };
        if at.tracker.is_none() || self.leads_to_end(at, tokens, vocabulary)? {
            return Ok(Some(Fewest {
                tokens: tokens.clone(),
                exact: need.exact,
            }));
        }
        let text = self.shortest_completion(at)?;
        let tokens = fewest_to_spell(&text, &vocabulary.trie);
        Ok(tokens.map(|tokens| Fewest {
            tokens: tokens.into(),
            exact: false,
        }))
    }

    /// Takes the tokens from the mask that leave no room for what is needed after them, but for what is repeated. Were
    /// there any?
    pub fn keep_completable(
        &mut self,
        at: &Configuration,
        left: Room,
        vocabulary: &Vocabulary,
        words: &mut [u32],
    ) -> Result<bool> {
        let longest = vocabulary.trie.max_depth();
        let most = self.most_needed(vocabulary)?;
        if most.is_some_and(|most| most < left.tokens && most.saturating_add(longest) <= left.bytes) {
            return Ok(false);
        }
        let Some(further) = left.tokens.checked_sub(1) else {
            return Ok(keep_stops(vocabulary, words));
        };
        let after = Room {
            tokens: further,
            ..left
        };
        self.places.forget_if_full();
        let place = self.places.of(at);
        let mut removed = false;
        for group in self.groups(place, vocabulary)?.all.iter() {
            let need = self.needed(group.to, after, vocabulary)?;
            let fits = need.tokens(after).is_some_and(|tokens| tokens.len() <= further);
            for &token in &group.tokens {
                let length = match left.is_short_of_bytes() {
                    true => need.bytes + vocabulary.token(token).map_or(0, <[u8]>::len),
                    false => 0,
                };
                if !fits || length > left.bytes {
                    let (word, bit) = (token as usize / 32, 1 << (token % 32));
                    removed |= words[word] & bit != 0;
                    words[word] &= !bit;
                }
            }
        }
        Ok(removed)
    }

    /// What is needed at a place; fewer tokens than at hand are looked for if there is no room for these.
    fn needed(&mut self, place: Place, room: Room, vocabulary: &Vocabulary) -> Result<Need> {
        let mut need = match self.places.needs.get(&place) {
            Some(known) => known.clone(),
            None => {
                let at = self.places.configuration(place).clone();
                let text = self.shortest_completion(&at)?;
                let tokens = fewest_to_spell(&text, &vocabulary.trie);
                let exact = tokens.as_ref().is_some_and(|tokens| tokens.len() <= 1);
                let need = Need {
                    spelled: tokens.map(Arc::from),
                    bytes: text.len(),
                    fewer: None,
                    searched: exact,
                    exact,
                };
                self.places.needs.insert(place, need.clone());
                need
            }
        };
        let at_hand = need.spelled.as_ref().map_or(usize::MAX, |tokens| tokens.len());
        if at_hand > room.tokens && !need.searched && !room.is_short_of_bytes() {
            let (fewer, exact) = self.fewer_tokens(place, at_hand, vocabulary)?;
            need = Need {
                fewer: fewer.map(Arc::from),
                searched: true,
                exact,
                ..need
            };
            self.places.needs.insert(place, need.clone());
        }
        Ok(need)
    }

    /// Fewer tokens than `most` that complete the text at a place, if there are; and whether all ways were looked at.
    fn fewer_tokens(&mut self, start: Place, most: usize, vocabulary: &Vocabulary) -> Result<(Option<Vec<u32>>, bool)> {
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

/// Takes all but stop tokens from a mask; were there any?
fn keep_stops(vocabulary: &Vocabulary, words: &mut [u32]) -> bool {
    let mut stops = vec![0; words.len()];
    vocabulary.eos_token_ids.iter().for_each(|&id| set_bit(&mut stops, id));
    let mut removed = false;
    for (word, stop) in words.iter_mut().zip(stops) {
        removed |= *word & !stop != 0;
        *word &= stop;
    }
    removed
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
