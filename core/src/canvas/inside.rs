//! What tokens do to one lexeme in progress, whatever the parser waits for and however often something was repeated.
//!
//! All strings of a schema read most tokens alike: they stay inside. So the trie is walked once per lexer state. Tokens that
//! lead to the same lexer state after as many repetitions are a *stay*: what one of them leads to, all do, wherever the
//! lexeme began and whatever is left of its bounds. Where the parser comes in, or what follows the repetitions, is an
//! *exit*: from there on each state is walked by itself.

use std::ops::Range;

use rustc_hash::FxHashMap;

use super::states::{State, States};
use crate::bytes::ClassSet;
use crate::engine::Engine;
use crate::error::Result;
use crate::lexer::{CounterId, DEAD, LexerState, NO_COUNTER, NO_MATCH, Progress};
use crate::vocabulary::trie::Trie;

/// A lexer state and its counter.
pub type Place = (LexerState, CounterId);

/// Tokens with one outcome, and the bytes of one of them.
#[derive(Debug)]
pub struct Stay {
    pub path: Box<[u8]>,
    /// Where the tokens stand among all.
    pub tokens: Vec<Range<u32>>,
}

/// Trie nodes with one outcome, and the bytes to one of them.
#[derive(Debug)]
pub struct Exit {
    pub path: Box<[u8]>,
    pub nodes: Vec<u32>,
}

#[derive(Debug, Default)]
pub struct Inside {
    pub stays: Vec<Stay>,
    pub exits: Vec<Exit>,
}

/// The place of a state in which one lexeme is in progress and nothing else counts.
pub fn place(state: State, states: &States) -> Option<(Progress, Place)> {
    let at = states.configuration(state);
    match at.threads[..] {
        [thread] if at.tracker.is_none() => {
            let Progress { state, counter, .. } = thread.lexer;
            Some((thread.lexer, (state, counter)))
        }
        _ => None,
    }
}

/// The walk for a place; None where more than bounds tells what a text lacks.
pub fn walk((start, counter): Place, engine: &mut Engine, trie: &Trie) -> Result<Option<Inside>> {
    if !engine.lexer.lacks_nothing_else(counter) {
        return Ok(None);
    }
    let mut inside = Inside::default();
    let mut stays: FxHashMap<(LexerState, u32), usize> = FxHashMap::default();
    let mut exits: FxHashMap<(LexerState, u32, u8), usize> = FxHashMap::default();
    let mut silent: FxHashMap<LexerState, ClassSet> = FxHashMap::default();
    let mut path: Vec<u8> = Vec::new();
    // after d bytes of the path: the state, and how many repetitions have begun
    let mut stack = vec![(start, 0u32); trie.max_depth() + 1];
    let mut at = 0;
    while at < trie.len() {
        let node = *trie.node(at);
        let depth = usize::from(node.depth);
        let (from, level) = stack[depth];
        path.truncate(depth);
        path.push(node.byte);
        let whole = match counter {
            NO_COUNTER if !trie.is_leaf(at) => trie.whole_characters(at),
            _ => None,
        };
        // characters that all lead back to where they begin
        let loops = match whole {
            Some(classes) => classes & !silent_classes(&mut silent, from, engine)? == 0,
            None => false,
        };
        let step = match loops {
            true => Some((from, level)),
            false => inner_step((from, counter), level, node.byte, engine)?,
        };
        let Some((next, level_after)) = step else {
            if engine.lexer.step(from, node.byte)? != DEAD {
                let index = *exits.entry((from, level, node.byte)).or_insert_with(|| {
                    inside.exits.push(Exit {
                        path: path.as_slice().into(),
                        nodes: Vec::new(),
                    });
                    inside.exits.len() - 1
                });
                inside.exits[index].nodes.push(at as u32);
            }
            at = node.end as usize;
            continue;
        };
        let tokens = if loops { trie.range_below(at) } else { trie.range_at(at) };
        if !tokens.is_empty() {
            let index = match stays.get(&(next, level_after)) {
                Some(&known) => known,
                None => {
                    inside.stays.push(Stay {
                        path: path_to(at, &path, &tokens, trie),
                        tokens: Vec::new(),
                    });
                    stays.insert((next, level_after), inside.stays.len() - 1);
                    inside.stays.len() - 1
                }
            };
            match inside.stays[index].tokens.last_mut() {
                Some(last) if last.end == tokens.start => last.end = tokens.end,
                _ => inside.stays[index].tokens.push(tokens),
            }
        }
        if loops {
            at = node.end as usize;
        } else {
            stack[depth + 1] = (next, level_after);
            at += 1;
        }
    }
    Ok(Some(inside))
}

/// The bytes of the first of some tokens, which ends at a node or below it.
fn path_to(node: usize, path: &[u8], tokens: &Range<u32>, trie: &Trie) -> Box<[u8]> {
    let mut at = node;
    let mut bytes = path.to_vec();
    // tokens end in the order of their nodes, so that the first one is down the leftmost way
    while !trie.range_at(at).contains(&tokens.start) {
        at += 1;
        bytes.push(trie.node(at).byte);
    }
    bytes.into()
}

/// Of one walk, `Lexer::silent_classes` by state.
fn silent_classes(
    known: &mut FxHashMap<LexerState, ClassSet>,
    state: LexerState,
    engine: &mut Engine,
) -> Result<ClassSet> {
    if let Some(&known) = known.get(&state) {
        return Ok(known);
    }
    let made = engine.lexer.silent_classes(state)?;
    known.insert(state, made);
    Ok(made)
}

/// The state and the repetitions begun after a byte that is read inside whatever the bounds; None where none is.
fn inner_step((from, counter): Place, level: u32, byte: u8, engine: &mut Engine) -> Result<Option<(LexerState, u32)>> {
    let lexer = &mut engine.lexer;
    let next = lexer.step(from, byte)?;
    if next == DEAD || lexer.matches(next) != NO_MATCH {
        return Ok(None);
    }
    if counter == NO_COUNTER {
        // a count that begins here is its state's own
        let plain = lexer.settle(next)? == Progress::uncounted(next);
        return Ok(plain.then_some((next, level)));
    }
    if !lexer.need(counter, from).between {
        return Ok(Some((next, level)));
    }
    let begins = lexer.counter(counter).first.contains(byte);
    Ok(begins.then_some((next, level + 1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canvas::testing::{matcher_of, states_of, vocabulary};

    /// Where a token leads is what all of its stay lead to, from every state of the place.
    #[test]
    fn tokens_of_a_stay_lead_to_one_state() {
        let pieces: Vec<String> = ('a'..='e').map(String::from).collect();
        let mut texts = pieces.clone();
        for a in &pieces {
            texts.extend(pieces.iter().map(|b| format!("{a}{b}")));
            texts.extend(["\"", "é", "\",", "\"]", "é\""].iter().map(|b| format!("{a}{b}")));
        }
        let mut words: Vec<&[u8]> = texts.iter().map(String::as_bytes).collect();
        // some end inside a character, or begin there
        words.extend([
            &b"\xC3"[..],
            b"a\xC3",
            b"aa\xC3",
            b"d\xC3",
            b"\xA9",
            b"\xA9a",
            b"\xC3\xA9\xC3",
            b"\xE9",
        ]);
        let vocabulary = vocabulary(&words);
        for (low, high) in [(0, 2), (2, 5), (3, 3), (0, u32::MAX)] {
            let compiled = matcher_of(low, high, vocabulary.clone());
            let mut states = states_of(&compiled);
            let start = states.start(true).unwrap();
            let mut seen = vec![start];
            let mut done = 0;
            let mut shared = 0;
            while let Some(&state) = seen.get(done) {
                done += 1;
                for byte in 0..=255u8 {
                    let next = states.step(state, byte).unwrap();
                    if next != crate::canvas::states::NOWHERE && !seen.contains(&next) {
                        seen.push(next);
                    }
                }
                let Some((_, place)) = place(state, &states) else {
                    continue;
                };
                let Some(inside) = walk(place, states.engine(), &vocabulary.trie).unwrap() else {
                    continue;
                };
                let trie = &vocabulary.trie;
                let mut covered = vec![false; trie.all().len() * 32];
                for stay in &inside.stays {
                    let to = states.after(state, &stay.path).unwrap();
                    for id in stay.tokens.iter().flat_map(|range| trie.tokens(range)) {
                        let bytes = vocabulary.token(*id).unwrap();
                        assert_eq!(states.after(state, bytes).unwrap(), to, "{bytes:?} after {done}");
                        covered[*id as usize] = true;
                        shared += 1;
                    }
                }
                for exit in &inside.exits {
                    let to = states.after(state, &exit.path).unwrap();
                    for &node in &exit.nodes {
                        for id in trie.tokens_below(node as usize) {
                            let bytes = vocabulary.token(*id).unwrap();
                            let rest = &bytes[usize::from(trie.node(node as usize).depth) + 1..];
                            let expected = states.after(state, bytes).unwrap();
                            assert_eq!(states.after(to, rest).unwrap(), expected);
                            covered[*id as usize] = true;
                        }
                    }
                }
                for (id, _) in covered.iter().enumerate().filter(|(_, covered)| !**covered) {
                    if let Some(bytes) = vocabulary.token(id as u32).filter(|bytes| !bytes.is_empty()) {
                        assert_eq!(states.after(state, bytes).unwrap(), crate::canvas::states::NOWHERE);
                    }
                }
            }
            assert!(shared > 50, "{shared}");
        }
    }
}
