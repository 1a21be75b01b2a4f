//! What is left of a text that is looked up in a corpus: an automaton whose states are places in a sorted table.
//!
//! A state is an interval of the table, or, when only one of its texts goes on like what was read, the place that it has
//! come to. Every state can be completed: behind each byte of the corpus, something may still end.

pub mod corpus;
mod escapes;
mod search;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use corpus::{Corpus, END, Interval};
use escapes::Escape;
pub use search::Searched;

/// How the characters of the corpus are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Spelling {
    /// As they are.
    Plain,
    /// As in a JSON string, with the escapes that it must have.
    Minimal,
    /// As in a JSON string, in every way there is.
    Any,
}

impl Spelling {
    pub const ALL: [Spelling; 3] = [Spelling::Plain, Spelling::Minimal, Spelling::Any];
}

/// What is left of an excerpt: a state of the automaton.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Excerpt {
    pub corpus: Arc<Corpus>,
    pub cursor: Cursor,
}

/// A state without its corpus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cursor {
    pub spelling: Spelling,
    pub texts: Texts,
    /// Of the next character, an escape that has begun.
    escape: Option<Escape>,
}

/// The texts that go on from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Texts {
    Among(Interval),
    /// One, which has come to this place; something was read.
    At(u32),
}

impl Excerpt {
    /// All that may be taken from a corpus; None when that is nothing.
    pub fn new(corpus: Arc<Corpus>, spelling: Spelling) -> Option<Self> {
        let texts = Texts::Among(corpus.all()?);
        let cursor = Cursor {
            spelling,
            texts,
            escape: None,
        };
        Some(Excerpt { corpus, cursor })
    }

    pub fn with(&self, cursor: Cursor) -> Self {
        let corpus = self.corpus.clone();
        Excerpt { corpus, cursor }
    }
}

impl Texts {
    /// After a byte of the corpus; None when none goes on with it.
    #[inline]
    fn after(self, corpus: &Corpus, byte: u8) -> Option<Self> {
        match self {
            Texts::At(at) => (corpus.byte(at) == byte && byte != END).then_some(Texts::At(at + 1)),
            Texts::Among(interval) => Some(Texts::narrowed(corpus, corpus.after(interval, byte)?)),
        }
    }

    fn narrowed(corpus: &Corpus, interval: Interval) -> Self {
        match interval.high - interval.low {
            1 if interval.depth > 0 => Texts::At(corpus.place(interval, interval.low)),
            _ => Texts::Among(interval),
        }
    }

    fn after_character(self, corpus: &Corpus, character: char) -> Option<Self> {
        let mut buffer = [0; 4];
        let bytes = character.encode_utf8(&mut buffer).as_bytes();
        bytes.iter().try_fold(self, |texts, &byte| texts.after(corpus, byte))
    }

    /// The place of the first one.
    fn first(self, corpus: &Corpus) -> u32 {
        match self {
            Texts::At(at) => at,
            Texts::Among(interval) => corpus.place(interval, interval.low),
        }
    }

    /// Do all of them stand between two characters?
    fn between_characters(self, corpus: &Corpus) -> bool {
        corpus.byte(self.first(corpus)) & 0xC0 != 0x80
    }

    /// Does one of them, between two characters, go on with a character from `low` to `high`?
    fn has_character(self, corpus: &Corpus, low: u32, high: u32) -> bool {
        match self {
            Texts::At(at) => corpus
                .character(at)
                .is_some_and(|found| (low..=high).contains(&u32::from(found))),
            Texts::Among(interval) => corpus.with_character(interval, low, high).is_some(),
        }
    }
}

impl Cursor {
    /// The state as plain numbers, different for different ones.
    pub fn numbers(&self) -> [u32; 6] {
        let [a, b, c] = match self.texts {
            Texts::Among(Interval { low, high, depth }) => [low, high, depth],
            // an interval is never empty
            Texts::At(at) => [at, 0, 0],
        };
        let [d, e] = self.escape.map_or([0, 0], Escape::numbers);
        [self.spelling as u32, a, b, c, d, e]
    }

    /// May the text end here?
    pub fn nullable(&self, corpus: &Corpus) -> bool {
        self.escape.is_none()
            && match self.texts {
                Texts::At(at) => corpus.ends_at(at),
                Texts::Among(interval) => corpus.ends_in(interval),
            }
    }

    /// What is left after a byte; None when nothing can follow it.
    #[inline]
    pub fn after(self, corpus: &Corpus, byte: u8) -> Option<Self> {
        match (self.spelling, self.escape) {
            (Spelling::Plain, _) => self.raw(corpus, byte),
            (_, Some(escape)) => self.within(corpus, escape, byte),
            (_, None) if byte == b'\\' => self.escaped(corpus),
            (_, None) if byte < b' ' || byte == b'"' => None,
            (_, None) => self.raw(corpus, byte),
        }
    }

    #[inline]
    fn raw(self, corpus: &Corpus, byte: u8) -> Option<Self> {
        let texts = self.texts.after(corpus, byte)?;
        Some(Cursor { texts, ..self })
    }

    /// The bytes that may come next, ascending, with what is left after them.
    pub fn arms(self, corpus: &Corpus) -> Vec<(u8, Self)> {
        let one_of = |bytes: &[u8]| -> Vec<(u8, Self)> {
            let after = |&byte: &u8| Some((byte, self.after(corpus, byte)?));
            bytes.iter().filter_map(after).collect()
        };
        if self.escape.is_some() {
            return one_of(b"\"/0123456789ABCDEF\\abcdefnrtu");
        }
        let interval = match self.texts {
            Texts::At(at) => {
                let byte = corpus.byte(at);
                let mut bytes = vec![byte];
                if self.spelling != Spelling::Plain && byte != b'\\' {
                    bytes.push(b'\\');
                    bytes.sort_unstable();
                }
                return one_of(&bytes);
            }
            Texts::Among(interval) => interval,
        };
        let mut found: Vec<(u8, Self)> = corpus
            .arms(interval)
            .map(|(byte, after)| {
                let texts = Texts::narrowed(corpus, after);
                (byte, Cursor { texts, ..self })
            })
            .collect();
        if self.spelling != Spelling::Plain {
            found.retain(|&(byte, _)| byte >= b' ' && byte != b'"' && byte != b'\\');
            let place = found.partition_point(|&(byte, _)| byte < b'\\');
            if let Some(escaped) = self.escaped(corpus) {
                found.insert(place, (b'\\', escaped));
            }
        }
        found
    }
}
