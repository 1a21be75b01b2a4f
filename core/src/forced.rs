//! Forced text, and its spelling by the tokenizer.
//!
//! Where the grammar leaves no choice, a model need not be asked. What is reported at once is bounded: in length, and in
//! what it takes to find, where a text can be read in ever more ways the longer it gets. The same place gives the same
//! run each time; who takes it may ask for the next.
//!
//! But masks keep every spelling of a text, and models were trained on one: that of their tokenizer. So forced bytes are
//! given to the tokenizer's encoder, and those of its tokens count that it would choose whatever follows.
//!
//! The last ones may change as the text goes on: a token may begin inside the forced bytes and reach past their end.
//! Say it begins at a place p. The tokens before it then spell the bytes up to p, and they are those that the encoder
//! chooses for these bytes alone, since neither byte-pair merges nor a best segmentation looks across a boundary. The
//! mask at p tells whether such a token exists and fits the grammar. What splits a text into words does look across, but
//! not far (blanks before a letter are split otherwise than blanks before a digit), so the text is also tried with one
//! more character of each sort that may follow. The tokens that all these encodings begin with are certain.
//!
//! On the left, the encoder is shown how the text so far ends, since the way it splits words may depend on it; and
//! where one of its tokens lies across the present place, nothing can be said.

use std::collections::VecDeque;

use crate::engine::{Configuration, Engine, Thread};
use crate::error::Result;
use crate::history::Added;
use crate::matcher::{Matcher, write};
use crate::vocabulary::Vocabulary;

/// So many bytes of the text so far are shown to the encoder.
pub const CONTEXT: usize = 64;
/// Longest run that is reported at once, in bytes or tokens.
const MAX_RUN: usize = 4_096;
/// No step follows work of this much, see `work_at`.
const MAX_WORK: usize = 1 << 18;

/// Bytes that every completion begins with, and what it takes to spell them.
pub struct ForcedRun {
    /// The end of the text so far, and the forced bytes.
    text: Vec<u8>,
    /// Where the forced bytes begin.
    start: usize,
    /// Where a token may begin that is not among the forced bytes alone, ascending: places before the end, and the end.
    openings: Vec<usize>,
    /// Characters that may come next, one of each sort.
    followers: Vec<Vec<u8>>,
}

impl Matcher {
    /// Bytes that every completion begins with: all of them, where they are few and no text can be read in many ways.
    pub fn forced_bytes(&self) -> Result<Vec<u8>> {
        let mut forced = Vec::new();
        follow(&mut write(&self.engine), self.current(), |byte, _| forced.push(byte))?;
        Ok(forced)
    }

    /// Tokens that come next since masks have no other: as many of them as `forced_bytes` would take steps.
    pub fn forced_tokens(&self) -> Result<Vec<u32>> {
        let vocabulary = &self.compiled.vocabulary;
        let mut engine = write(&self.engine);
        let mut at = self.current().clone();
        let mut words = vec![0; vocabulary.words()];
        let mut forced = Vec::new();
        let mut work = 0;
        while !at.accepting && !at.terminated && forced.len() < MAX_RUN && work < MAX_WORK {
            engine.fill_mask(&at, vocabulary, &mut words)?;
            let Some(id) = only_bit(&words) else {
                break;
            };
            match self.after_token(&mut engine, &at, id)? {
                Some(next) => at = next,
                None => break,
            }
            forced.push(id);
            work += work_at(&engine, &at);
        }
        Ok(forced)
    }

    pub fn forced_run(&self) -> Result<ForcedRun> {
        let vocabulary = &self.compiled.vocabulary;
        let longest = vocabulary.trie.max_depth();
        let mut engine = write(&self.engine);
        let mut text = self.end_of_text();
        let start = text.len();
        // where the sequence stood before each of the last forced bytes
        let mut path = VecDeque::new();
        let at = follow(&mut engine, self.current(), |byte, before| {
            text.push(byte);
            path.push_back(before);
            if path.len() > longest {
                path.pop_front();
            }
        })?;
        let mut openings = Vec::new();
        let mut words = vec![0; vocabulary.words()];
        for (index, before) in path.iter().enumerate() {
            let left = path.len() - index;
            engine.fill_mask(before, vocabulary, &mut words)?;
            if allowed(&words).any(|id| vocabulary.token(id).is_some_and(|token| token.len() > left)) {
                openings.push(text.len() - left);
            }
        }
        openings.push(text.len());
        let followers = followers(&mut engine, &at, &text)?;
        Ok(ForcedRun {
            text,
            start,
            openings,
            followers,
        })
    }

    /// At least `CONTEXT` bytes of the text so far, where there are so many, from the beginning of a step and of a
    /// character.
    fn end_of_text(&self) -> Vec<u8> {
        let mut pieces: Vec<&[u8]> = Vec::new();
        let mut length = 0;
        for added in self.history.added() {
            let piece = match added {
                Added::Nothing => &[],
                Added::Token(id) => self.compiled.vocabulary.token(*id).unwrap_or_default(),
                Added::Bytes(bytes) => bytes,
            };
            pieces.push(piece);
            length += piece.len();
            if length >= CONTEXT {
                break;
            }
        }
        let text: Vec<u8> = pieces.into_iter().rev().flatten().copied().collect();
        // special tokens, whose bytes are in no text, part what encoders read
        let special = text.iter().rposition(|&byte| byte == 0xff).map_or(0, |place| place + 1);
        let text = &text[special..];
        let continued = text.iter().take_while(|&&byte| byte & 0xc0 == 0x80).count();
        text[continued..].to_vec()
    }
}

impl ForcedRun {
    /// The tokens with which the encoder spells the run, whatever follows it. None of them, where it does not keep the
    /// text, or where one of its tokens lies across the beginning of the run.
    pub fn canonical<E>(
        &self,
        vocabulary: &Vocabulary,
        mut encode: impl FnMut(&str) -> std::result::Result<Vec<u32>, E>,
    ) -> std::result::Result<Vec<u32>, E> {
        let mut certain: Option<Vec<u32>> = None;
        for text in self.beginnings() {
            let ids = encode(&text)?;
            let spelling = self.after_start(&text, &ids, vocabulary);
            let shared = match &certain {
                None => spelling.len(),
                Some(known) => known.iter().zip(spelling).take_while(|(a, b)| a == b).count(),
            };
            if shared == 0 {
                return Ok(Vec::new());
            }
            certain = Some(spelling[..shared].to_vec());
        }
        Ok(certain.unwrap_or_default())
    }

    /// The text up to each opening, and with each follower. An encoder reads whole characters: one that an opening
    /// divides is left out once, and left in once.
    fn beginnings(&self) -> Vec<String> {
        let whole = valid_prefix(&self.text);
        let mut ends: Vec<usize> = Vec::new();
        for &opening in &self.openings {
            ends.extend((0..=opening.min(whole.len())).rfind(|&end| whole.is_char_boundary(end)));
            ends.extend((opening..=whole.len()).find(|&end| whole.is_char_boundary(end)));
        }
        ends.sort_unstable();
        ends.dedup();
        let followed = self
            .followers
            .iter()
            .map(|follower| [&self.text[..], follower].concat());
        ends.into_iter()
            .map(|end| whole[..end].to_owned())
            .chain(followed.map(|text| valid_prefix(&text).to_owned()))
            .collect()
    }

    /// The ids from the run's beginning on; none when they don't spell the text, or not with a token that begins there.
    fn after_start<'a>(&self, text: &str, ids: &'a [u32], vocabulary: &Vocabulary) -> &'a [u32] {
        let (mut at, mut from) = (0, None);
        for (index, &id) in ids.iter().enumerate() {
            if at == self.start {
                from = Some(index);
            }
            let token = vocabulary
                .token(id)
                .filter(|_| !vocabulary.is_eos(id))
                .unwrap_or_default();
            if token.is_empty() || !text.as_bytes()[at..].starts_with(token) {
                return &[];
            }
            at += token.len();
        }
        match from {
            Some(from) if at == text.len() => &ids[from..],
            _ => &[],
        }
    }
}

/// Goes through the bytes that every completion begins with, to where they end. Calls back with each, and with the place
/// before it.
fn follow(engine: &mut Engine, from: &Configuration, mut each: impl FnMut(u8, Configuration)) -> Result<Configuration> {
    let mut at = from.clone();
    let (mut steps, mut work) = (0, 0);
    while !at.accepting && steps < MAX_RUN && work < MAX_WORK {
        let [byte] = engine.next_bytes(&at)?[..] else {
            break;
        };
        let Some(next) = engine.step(&at, byte)? else {
            break;
        };
        steps += 1;
        work += work_at(engine, &next);
        each(byte, std::mem::replace(&mut at, next));
    }
    Ok(at)
}

/// What a step from a place takes at most: each thread is moved, and each item of a parser's node may complete each. This
/// is known from the place alone, however much of it is in tables, so that the same run ends at the same place.
fn work_at(engine: &Engine, at: &Configuration) -> usize {
    let items = |thread: &Thread| engine.parser.node(thread.node).kernel.len();
    let widest = at.threads.iter().map(items).max().unwrap_or(0);
    at.threads.len() + widest * widest
}

/// Characters that may come next, one of each sort that tokenizers are known to tell apart.
fn followers(engine: &mut Engine, at: &Configuration, text: &[u8]) -> Result<Vec<Vec<u8>>> {
    let mut sorts = Vec::new();
    let mut found = Vec::new();
    for byte in engine.next_bytes(at)? {
        let sort = sort_of(byte);
        if sorts.contains(&sort) {
            continue;
        }
        sorts.push(sort);
        let mut follower = Vec::new();
        let mut now = engine.step(at, byte)?;
        let mut last = Some(byte);
        while let (Some(reached), Some(byte)) = (&now, last) {
            follower.push(byte);
            // a character has four bytes at most
            if follower.len() == 4 || std::str::from_utf8(&[text, &follower].concat()).is_ok() {
                break;
            }
            last = engine.next_bytes(reached)?.first().copied();
            now = match last {
                Some(byte) => engine.step(reached, byte)?,
                None => None,
            };
        }
        found.push(follower);
    }
    Ok(found)
}

fn sort_of(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' => b'0',
        b'A'..=b'Z' => b'A',
        b'a'..=b'z' => b'a',
        b'\r' | b'\n' => b'\n',
        b' ' | b'\t' | 0x0b | 0x0c => b' ',
        b'\'' => b'\'',
        0x80.. => 0x80,
        _ => b'.',
    }
}

fn valid_prefix(text: &[u8]) -> &str {
    let valid = match std::str::from_utf8(text) {
        Ok(text) => text.len(),
        Err(error) => error.valid_up_to(),
    };
    std::str::from_utf8(&text[..valid]).unwrap_or_default()
}

/// The ids of a mask.
fn allowed(words: &[u32]) -> impl Iterator<Item = u32> + '_ {
    words
        .iter()
        .enumerate()
        .filter(|&(_, &word)| word != 0)
        .flat_map(|(index, &word)| {
            (0..32)
                .filter(move |bit| word >> bit & 1 == 1)
                .map(move |bit| index as u32 * 32 + bit)
        })
}

fn only_bit(words: &[u32]) -> Option<u32> {
    let mut set = words.iter().enumerate().filter(|&(_, &word)| word != 0);
    let (index, word) = set.next()?;
    (set.next().is_none() && word.is_power_of_two()).then(|| index as u32 * 32 + word.trailing_zeros())
}
