//! Texts in which a language is looked up: a list of choices, or documents whose spans are meant.
//!
//! All that may be written is kept in one sorted table of places in the text. The texts that go on from what was read so
//! far are then an interval of the table (Manber and Myers 1993), and a byte narrows it, so that a million choices or
//! megabytes of documents are an automaton that is never built.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use unicode_segmentation::UnicodeSegmentation;

use crate::regex::digest::{Content, Digest};

/// Stands behind each choice and each document. No UTF-8 text holds this byte, and it comes after all others.
pub const END: u8 = 0xFF;
/// Larger texts have no table: places in it are numbered as the suffix sorting does, with 31 bits.
pub const MAX_BYTES: usize = i32::MAX as usize - 1;
/// Smaller tables are searched at once.
const MIN_INDEXED: usize = 4_096;

/// What of a text may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    /// One of the parts, whole.
    Choice,
    /// From any character of a part to any other.
    Character,
    /// From the start of a word to the end of one.
    Word,
    /// From the start of a sentence to the end of one.
    Sentence,
}

impl Unit {
    pub const ALL: [Unit; 4] = [Unit::Choice, Unit::Character, Unit::Word, Unit::Sentence];

    /// Bytes of memory for a byte of text, at most: itself, its place, whether something ends there, and the last two
    /// once more while they are sorted.
    fn memory(self) -> usize {
        match self {
            Unit::Choice => 2,
            Unit::Character | Unit::Word | Unit::Sentence => 10,
        }
    }
}

/// Texts and their sorted table.
#[derive(Debug)]
pub struct Corpus {
    /// Tells corpora apart, in every process.
    pub name: Digest,
    pub unit: Unit,
    /// Parts, each with `END` behind it.
    text: Arc<Vec<u8>>,
    /// Where a text may begin, in the order of what follows there.
    starts: Vec<u32>,
    /// Per byte of the text, one bit: may something end before it? Empty where the bytes themselves tell.
    ends: Vec<u64>,
    /// Where in `starts` the texts begin whose first two bytes are at least these; empty for few.
    index: Vec<u32>,
}

impl PartialEq for Corpus {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Corpus {}

impl Hash for Corpus {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

/// Part of the table: what may follow some bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Interval {
    pub low: u32,
    pub high: u32,
    /// How many bytes were read.
    pub depth: u32,
}

/// Is this what a corpus is made of: UTF-8 texts, each with `END` behind it; choices in order, each once?
pub fn is_sound(text: &[u8], unit: Unit) -> bool {
    let Some((&last, _)) = text.split_last() else {
        return true;
    };
    let utf8 = |part: &[u8]| std::str::from_utf8(&part[..part.len() - 1]).is_ok();
    let mut parts = text.split_inclusive(|&byte| byte == END);
    last == END
        && text.len() <= MAX_BYTES
        && match unit {
            Unit::Choice => parts.clone().is_sorted_by(|a, b| a < b) && parts.all(utf8),
            _ => parts.all(utf8),
        }
}

/// Is the last of some parts empty?
pub fn is_last_part_empty(text: &[u8]) -> bool {
    matches!(text, [END] | [.., END, END])
}

/// Bytes of memory that a corpus takes, at most.
pub fn memory(length: usize, unit: Unit) -> usize {
    length.saturating_mul(unit.memory())
}

/// Where the units of a text begin and end, in bytes, ascending. Neither is within white space.
///
/// Words and sentences are those of Unicode Standard Annex #29; a sign that is no part of a word is one of its own.
pub fn units(text: &str, unit: Unit) -> Vec<(u32, u32)> {
    let trimmed = |(at, piece): (usize, &str)| {
        let start = at + piece.len() - piece.trim_start().len();
        let end = at + piece.trim_end().len();
        (start < end).then_some((start as u32, end as u32))
    };
    match unit {
        Unit::Choice => vec![(0, text.len() as u32)],
        Unit::Character => text
            .char_indices()
            .map(|(at, character)| (at as u32, (at + character.len_utf8()) as u32))
            .collect(),
        Unit::Word => text.split_word_bound_indices().filter_map(trimmed).collect(),
        Unit::Sentence => text.split_sentence_bound_indices().filter_map(trimmed).collect(),
    }
}

impl Corpus {
    /// The table of a text that is sound.
    pub fn new(source: &Arc<Vec<u8>>, unit: Unit) -> Self {
        let (text, starts, ends) = match unit {
            Unit::Choice => {
                let ends = source.iter().enumerate().filter(|&(_, &byte)| byte == END);
                let after: Vec<u32> = ends.map(|(at, _)| at as u32 + 1).collect();
                let starts = [0]
                    .into_iter()
                    .chain(after)
                    .take_while(|&at| (at as usize) < source.len());
                (source.clone(), starts.collect(), Vec::new())
            }
            Unit::Character => {
                let begins = |at: usize| source[at] & 0xC0 != 0x80 && source[at] != END;
                (source.clone(), sorted(source, begins), Vec::new())
            }
            Unit::Word | Unit::Sentence => {
                let (text, starts, ends) = cut(source, unit);
                let begins = |at: usize| contains(&starts, at);
                let starts = sorted(&text, begins);
                (Arc::new(text), starts, ends)
            }
        };
        let mut content = Content::of(b"corp");
        content.number(unit as u32).bytes(source);
        let index = if starts.len() < MIN_INDEXED {
            Vec::new()
        } else {
            indexed(&text, &starts)
        };
        Corpus {
            name: content.name(),
            unit,
            text,
            starts,
            ends,
            index,
        }
    }

    /// Everything that may be written; None when that is nothing.
    pub fn all(&self) -> Option<Interval> {
        (!self.starts.is_empty()).then_some(Interval {
            low: 0,
            high: self.starts.len() as u32,
            depth: 0,
        })
    }

    /// The byte at a place; `END` behind the last one.
    #[inline]
    pub fn byte(&self, at: u32) -> u8 {
        self.text.get(at as usize).copied().unwrap_or(END)
    }

    /// The character that begins at a place; None at an end, or within a character.
    pub fn character(&self, at: u32) -> Option<char> {
        let length = match self.byte(at) {
            0..0x80 => 1,
            0xC2..0xE0 => 2,
            0xE0..0xF0 => 3,
            0xF0..0xF5 => 4,
            _ => return None,
        };
        let bytes = self.text.get(at as usize..at as usize + length)?;
        std::str::from_utf8(bytes).ok()?.chars().next()
    }

    /// The bytes from a place up to a later one.
    pub fn between(&self, from: u32, to: u32) -> &[u8] {
        self.text.get(from as usize..to as usize).unwrap_or_default()
    }

    /// The place that the n-th of an interval's texts has come to.
    #[inline]
    pub fn place(&self, interval: Interval, index: u32) -> u32 {
        let start = self
            .starts
            .get(index as usize)
            .copied()
            .unwrap_or(u32::MAX - interval.depth);
        start + interval.depth
    }

    /// May what was read end at this place? Something must have been read, unless it is a choice.
    #[inline]
    pub fn ends_at(&self, at: u32) -> bool {
        match self.unit {
            Unit::Choice => self.byte(at) == END,
            Unit::Character => self.byte(at) & 0xC0 != 0x80,
            Unit::Word | Unit::Sentence => contains(&self.ends, at as usize),
        }
    }

    /// May what was read end here?
    pub fn ends_in(&self, interval: Interval) -> bool {
        let Interval { low, high, depth } = interval;
        match self.unit {
            // an end comes after everything else
            Unit::Choice => self.byte(self.place(interval, high - 1)) == END,
            // those of an interval are all within a character, or none is
            Unit::Character => depth > 0 && self.ends_at(self.place(interval, low)),
            Unit::Word | Unit::Sentence => {
                depth > 0 && (low..high).any(|index| self.ends_at(self.place(interval, index)))
            }
        }
    }

    /// The first place from this one on at which something may end.
    pub fn next_end(&self, at: u32) -> u32 {
        match self.unit {
            Unit::Choice | Unit::Character => {
                let rest = self.text.get(at as usize..).unwrap_or_default();
                at + rest
                    .iter()
                    .take_while(|&&byte| match self.unit {
                        Unit::Choice => byte != END,
                        _ => byte & 0xC0 == 0x80,
                    })
                    .count() as u32
            }
            Unit::Word | Unit::Sentence => {
                let mut word = at as usize / 64;
                let mut bits = self.ends.get(word).copied().unwrap_or(0) & (!0 << (at % 64));
                while bits == 0 && word + 1 < self.ends.len() {
                    word += 1;
                    bits = self.ends[word];
                }
                word as u32 * 64 + bits.trailing_zeros()
            }
        }
    }

    /// The texts of an interval that go on with a byte; None when there are none.
    #[inline]
    pub fn after(&self, interval: Interval, byte: u8) -> Option<Interval> {
        if byte == END {
            return None;
        }
        let Interval { low, high, depth } = interval;
        let at = |first: u8, second: u8| self.index[usize::from(first) << 8 | usize::from(second)];
        let (low, high) = match depth {
            0 if !self.index.is_empty() && (high - low) as usize == self.starts.len() => (at(byte, 0), at(byte + 1, 0)),
            1 if !self.index.is_empty() => {
                let first = self.byte(self.place(interval, low) - 1);
                let (from, to) = (at(first, byte), at(first, byte + 1));
                (from.max(low), to.min(high))
            }
            _ => self.equal_range(interval, byte),
        };
        let depth = depth + 1;
        (low < high).then_some(Interval { low, high, depth })
    }

    #[inline]
    fn equal_range(&self, interval: Interval, byte: u8) -> (u32, u32) {
        let from = self.partition(interval, |at| self.byte(at) < byte);
        let rest = Interval { low: from, ..interval };
        if from == interval.high || self.byte(self.place(interval, from)) != byte {
            return (from, from);
        }
        // few of many go on with one byte: look near first
        let mut reach = 1;
        while from + reach < interval.high && self.byte(self.place(interval, from + reach)) == byte {
            reach *= 2;
        }
        let near = Interval {
            low: from + reach / 2,
            high: rest.high.min(from.saturating_add(reach)),
            ..rest
        };
        (from, self.partition(near, |at| self.byte(at) <= byte))
    }

    /// The first of an interval's texts of which something does not hold that holds for those before it.
    #[inline]
    fn partition(&self, interval: Interval, holds: impl Fn(u32) -> bool) -> u32 {
        let Interval { mut low, mut high, .. } = interval;
        while low < high {
            let middle = low + (high - low) / 2;
            if holds(self.place(interval, middle)) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// The different bytes with which an interval's texts go on, each with those that do.
    pub fn arms(&self, interval: Interval) -> impl Iterator<Item = (u8, Interval)> + '_ {
        let mut rest = interval;
        std::iter::from_fn(move || {
            if rest.low >= rest.high {
                return None;
            }
            let byte = self.byte(self.place(rest, rest.low));
            if byte == END {
                return None;
            }
            let (low, high) = self.equal_range(rest, byte);
            rest.low = high;
            let depth = interval.depth + 1;
            Some((byte, Interval { low, high, depth }))
        })
    }

    /// The first of an interval's texts, all between two characters, that goes on with one from `low` to `high`.
    pub fn with_character(&self, interval: Interval, low: u32, high: u32) -> Option<u32> {
        // surrogates are no characters
        let low = if (0xD800..0xE000).contains(&low) { 0xE000 } else { low };
        let low = char::from_u32(low)?;
        let mut buffer = [0; 4];
        let least = low.encode_utf8(&mut buffer).as_bytes();
        let before = |at: u32| self.text.get(at as usize..).unwrap_or_default() < least;
        let first = self.partition(interval, before);
        let found = (first < interval.high).then(|| self.character(self.place(interval, first)))??;
        (u32::from(found) <= high).then_some(first)
    }
}

fn contains(bits: &[u64], at: usize) -> bool {
    bits.get(at / 64).is_some_and(|word| word >> (at % 64) & 1 == 1)
}

fn insert(bits: &mut [u64], at: usize) {
    bits[at / 64] |= 1 << (at % 64);
}

/// The text without what no unit reaches into, and where units begin and end in it.
fn cut(source: &[u8], unit: Unit) -> (Vec<u8>, Vec<u64>, Vec<u64>) {
    let mut text = Vec::with_capacity(source.len());
    let mut starts = vec![0; source.len() / 64 + 1];
    let mut ends = vec![0; source.len() / 64 + 1];
    for part in source.split_inclusive(|&byte| byte == END) {
        let part = std::str::from_utf8(&part[..part.len() - 1]).unwrap_or_default();
        let found = units(part, unit);
        let Some(&(_, last)) = found.last() else {
            continue;
        };
        for (start, end) in found {
            insert(&mut starts, text.len() + start as usize);
            insert(&mut ends, text.len() + end as usize);
        }
        text.extend_from_slice(&part.as_bytes()[..last as usize]);
        text.push(END);
    }
    (text, starts, ends)
}

/// The places where something begins, in the order of what follows there.
fn sorted(text: &[u8], begins: impl Fn(usize) -> bool) -> Vec<u32> {
    let mut suffixes = vec![0; text.len()];
    divsufsort::sort_in_place(text, &mut suffixes);
    let places = suffixes.into_iter().filter(|&at| begins(at as usize));
    places.map(|at| at as u32).collect()
}

fn indexed(text: &[u8], starts: &[u32]) -> Vec<u32> {
    let pair = |&at: &u32| {
        let second = text.get(at as usize + 1).copied().unwrap_or(0);
        usize::from(text[at as usize]) << 8 | usize::from(second)
    };
    let mut index = vec![0u32; (1 << 16) + 1];
    starts.iter().for_each(|start| index[pair(start) + 1] += 1);
    for place in 1..index.len() {
        index[place] += index[place - 1];
    }
    index
}
