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
use crate::vocabulary::token_set::{clear_bit, has_bit, set_bit};
use places::{Group, Need, Place};
use spelling::fewest_to_spell;

/// So many nodes of the trie are visited to look for fewer tokens, in a language that is one terminal's, and in others.
const SEARCH_STEPS: [usize; 2] = [1 << 22, 1 << 17];
/// And so many for each place that a token of a mask may lead to, and for all of them, outside a language of one terminal.
const MASK_STEPS: [usize; 2] = [1 << 15, 1 << 19];

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

/// How far fewer tokens than at hand are looked for.
struct Effort {
    /// Only so many are of use.
    most_tokens: usize,
    /// Nodes of the trie that are visited from one place at most, and from all.
    once: usize,
    left: usize,
}

impl Effort {
    fn for_place(in_one_terminal: bool) -> Self {
        let steps = SEARCH_STEPS[usize::from(!in_one_terminal)];
        Effort {
            most_tokens: usize::MAX,
            once: steps,
            left: steps,
        }
    }

    fn for_mask(in_one_terminal: bool, most_tokens: usize) -> Self {
        let [once, left] = if in_one_terminal {
            [SEARCH_STEPS[0], usize::MAX]
        } else {
            MASK_STEPS
        };
        Effort {
            most_tokens,
            once,
            left,
        }
    }
}

/// What came of looking for them.
enum Fewer {
    Found(Vec<u32>),
    /// None that are fewer than so many.
    AtLeast(usize),
    Unknown,
}

impl Engine {
    /// Few tokens that complete the text: fewer than there is room for are not looked for. None where the vocabulary can't
    /// spell any that is at hand.
    pub fn fewest_tokens(&mut self, at: &Configuration, room: Room, vocabulary: &Vocabulary) -> Result<Option<Fewest>> {
        let place = self.first_place(at, vocabulary);
        let mut effort = Effort::for_place(self.is_one_terminal());
        let need = self.needed(place, room, &mut effort, vocabulary)?;
        let Some(tokens) = need.tokens(room) else {
            return Ok(None);
        };
        if at.tracker.is_none() || self.leads_to_end(at, tokens, vocabulary)? {
            return Ok(Some(Fewest {
                tokens: tokens.clone(),
                exact: need.least >= tokens.len(),
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
        let place = self.first_place(at, vocabulary);
        let groups = self.groups(place, vocabulary)?;
        let mut removed = false;
        let mut misfits = Vec::new();
        for group in groups.all.iter() {
            let need = self.spelled(group.to, vocabulary)?;
            if left.is_short_of_bytes() {
                removed |= remove_long(group, left.bytes.checked_sub(need.bytes), vocabulary, words);
            }
            if !need.fits(after) {
                misfits.push(group);
            }
        }
        let mut effort = Effort::for_mask(self.is_one_terminal(), further);
        // a quick look everywhere before a thorough one
        for once in [effort.once >> 4, effort.once] {
            effort.once = once;
            let mut rest = Vec::new();
            for group in misfits {
                if !self.needed(group.to, after, &mut effort, vocabulary)?.fits(after) {
                    rest.push(group);
                }
            }
            misfits = rest;
        }
        for group in misfits {
            removed |= remove_long(group, None, vocabulary, words);
        }
        Ok(removed)
    }

    /// What is at hand at a place.
    fn spelled(&mut self, place: Place, vocabulary: &Vocabulary) -> Result<Need> {
        if let Some(known) = self.places.needs.get(&place) {
            return Ok(known.clone());
        }
        let at = self.places.configuration(place).clone();
        let text = self.shortest_completion(&at)?;
        let need = Need {
            spelled: fewest_to_spell(&text, &vocabulary.trie).map(Arc::from),
            bytes: text.len(),
            fewer: None,
            tried: 0,
            least: text.len().min(1),
        };
        self.places.needs.insert(place, need.clone());
        Ok(need)
    }

    /// What is needed at a place; fewer tokens than at hand are looked for if there is no room for these.
    fn needed(&mut self, place: Place, room: Room, effort: &mut Effort, vocabulary: &Vocabulary) -> Result<Need> {
        let mut need = self.spelled(place, vocabulary)?;
        let most = effort.most_tokens.min(need.count().saturating_sub(1));
        let is_of_use = need.count() > room.tokens && need.least <= most && !room.is_short_of_bytes();
        if is_of_use && need.tried < effort.once && effort.left > 0 {
            let steps = effort.once.min(effort.left);
            let (found, rest) = self.fewer_tokens(place, most, steps, vocabulary)?;
            effort.left = effort.left.saturating_sub(steps - rest);
            match found {
                Fewer::Found(tokens) => {
                    need.least = tokens.len();
                    need.fewer = Some(tokens.into());
                }
                Fewer::AtLeast(tokens) => need.least = tokens.min(need.count()),
                Fewer::Unknown => need.tried = steps,
            }
            self.places.needs.insert(place, need.clone());
        }
        Ok(need)
    }

    /// The fewest tokens that complete the text at a place, if they are at most so many; and what is left of the steps.
    fn fewer_tokens(
        &mut self,
        start: Place,
        most: usize,
        mut steps: usize,
        vocabulary: &Vocabulary,
    ) -> Result<(Fewer, usize)> {
        // by place, the one before and the token between them
        let mut before: FxHashMap<Place, (Place, u32)> = FxHashMap::default();
        let mut layer = vec![start];
        // the fewest so far, and the place from which they are known
        let mut best: Option<(usize, Place)> = None;
        for count in 1..=most {
            if let Some((tokens, place)) = best
                && tokens <= count
            {
                let rest = self.places.needs[&place].at_hand();
                let mut found = way(start, place, &before);
                found.extend(rest.iter().flat_map(|tokens| tokens.iter()));
                return Ok((Fewer::Found(found), steps));
            }
            if layer.is_empty() && best.is_none() {
                break;
            }
            let mut next = Vec::new();
            for place in layer {
                let groups = self.ways_on(place, vocabulary)?;
                for group in groups.all.iter() {
                    if group.to == start || before.contains_key(&group.to) {
                        continue;
                    }
                    before.insert(group.to, (place, vocabulary.trie.tokens(&group.tokens[0])[0]));
                    if self.places.configuration(group.to).accepting {
                        return Ok((Fewer::Found(way(start, group.to, &before)), steps));
                    }
                    match self.places.needs.get(&group.to) {
                        Some(need) if count + need.least > most => {}
                        Some(need) if need.is_exact() => {
                            let tokens = count + need.count();
                            if best.is_none_or(|(fewest, _)| tokens < fewest) {
                                best = Some((tokens, group.to));
                            }
                        }
                        _ => next.push(group.to),
                    }
                }
                match steps.checked_sub(groups.cost) {
                    Some(rest) => steps = rest,
                    None => return Ok((Fewer::Unknown, 0)),
                }
            }
            layer = next;
        }
        Ok((Fewer::AtLeast(most + 1), steps))
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

/// Takes the tokens of a group that are longer than this from a mask, all of them for None; were there any?
fn remove_long(group: &Group, most_bytes: Option<usize>, vocabulary: &Vocabulary, words: &mut [u32]) -> bool {
    let mut removed = false;
    for &token in group.tokens.iter().flat_map(|range| vocabulary.trie.tokens(range)) {
        let length = vocabulary.token(token).map_or(0, <[u8]>::len);
        if most_bytes.is_none_or(|most| length > most) {
            removed |= has_bit(words, token);
            clear_bit(words, token);
        }
    }
    removed
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
