//! Characters of a corpus as escapes of JSON strings (RFC 8259, section 7).

use super::corpus::Corpus;
use super::{Cursor, Spelling};

/// What was read of an escape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Escape {
    /// The backslash.
    Begun,
    /// `\u` and so many digits, which spell this number.
    Digits(u8, u16),
    /// The first half of a surrogate pair.
    Half(u16),
    /// And the second backslash.
    HalfBegun(u16),
    /// And `u` with so many digits, which spell this number.
    HalfDigits(u16, u8, u16),
}

use Escape::{Begun, Digits, Half, HalfBegun, HalfDigits};

/// Characters that have a short escape and must be escaped, in the order of the letters.
const SHORT: [(u8, char); 7] = [
    (b'"', '"'),
    (b'\\', '\\'),
    (b'b', '\u{8}'),
    (b'f', '\u{c}'),
    (b'n', '\n'),
    (b'r', '\r'),
    (b't', '\t'),
];
/// Controls that have no short escape.
const LONG: [(u32, u32); 3] = [(0, 7), (0xB, 0xB), (0xE, 0x1F)];

impl Escape {
    /// Different for different ones, and not zero.
    pub(super) fn numbers(self) -> [u32; 2] {
        match self {
            Begun => [1, 0],
            Digits(count, value) => [2, u32::from(value) << 8 | u32::from(count)],
            Half(high) => [3, u32::from(high)],
            HalfBegun(high) => [4, u32::from(high)],
            HalfDigits(high, count, value) => [5 | u32::from(high) << 8, u32::from(value) << 8 | u32::from(count)],
        }
    }
}

/// The length of a character's shortest spelling.
pub(super) fn spelled_length(spelling: Spelling, byte: u8) -> u64 {
    match byte {
        0..b' ' | b'"' | b'\\' if spelling != Spelling::Plain => {
            let long = LONG.iter().any(|&(low, high)| (low..=high).contains(&u32::from(byte)));
            if long { 6 } else { 2 }
        }
        _ => 1,
    }
}

/// Appends a byte of the corpus in its shortest spelling.
pub(super) fn spell(spelling: Spelling, byte: u8, out: &mut Vec<u8>) {
    if spelled_length(spelling, byte) == 1 {
        out.push(byte);
    } else if let Some(&(letter, _)) = SHORT.iter().find(|(_, meant)| u32::from(*meant) == u32::from(byte)) {
        out.extend([b'\\', letter]);
    } else {
        out.extend(format!("\\u{byte:04x}").into_bytes());
    }
}

impl Cursor {
    fn at(self, escape: Escape) -> Option<Self> {
        let escape = Some(escape);
        Some(Cursor { escape, ..self })
    }

    /// After the backslash, if a character follows that may be escaped.
    pub(super) fn escaped(self, corpus: &Corpus) -> Option<Self> {
        let texts = self.texts;
        let any = match self.spelling {
            Spelling::Plain => false,
            Spelling::Any => texts.between_characters(corpus) && texts.has_character(corpus, 0, 0x10_FFFF),
            Spelling::Minimal => {
                texts.between_characters(corpus)
                    && [(0, 0x1F), (0x22, 0x22), (0x5C, 0x5C)]
                        .iter()
                        .any(|&(low, high)| texts.has_character(corpus, low, high))
            }
        };
        any.then(|| self.at(Begun))?
    }

    /// The next byte of an escape.
    pub(super) fn within(self, corpus: &Corpus, escape: Escape, byte: u8) -> Option<Self> {
        match escape {
            Begun if byte == b'u' => {
                let some = match self.spelling {
                    Spelling::Any => true,
                    _ => LONG
                        .iter()
                        .any(|&(low, high)| self.texts.has_character(corpus, low, high)),
                };
                some.then(|| self.at(Digits(0, 0)))?
            }
            Begun if byte == b'/' && self.spelling == Spelling::Any => self.character(corpus, '/'),
            Begun => {
                let &(_, meant) = SHORT.iter().find(|&&(letter, _)| letter == byte)?;
                self.character(corpus, meant)
            }
            Digits(count, value) => {
                let (count, value) = (count + 1, value << 4 | digit(byte)?);
                if !self.is_open(corpus, count, value) {
                    return None;
                }
                match (count, value) {
                    (4, 0xD800..0xDC00) => self.at(Half(value)),
                    (4, _) => self.character(corpus, char::from_u32(u32::from(value))?),
                    _ => self.at(Digits(count, value)),
                }
            }
            Half(high) => (byte == b'\\').then(|| self.at(HalfBegun(high)))?,
            HalfBegun(high) => (byte == b'u').then(|| self.at(HalfDigits(high, 0, 0)))?,
            HalfDigits(high, count, value) => {
                let (count, value) = (count + 1, value << 4 | digit(byte)?);
                let (low, last) = units(count, value);
                let (low, last) = (low.max(0xDC00), last.min(0xDFFF));
                let pair = |low: u32| 0x1_0000 + ((u32::from(high) - 0xD800) << 10) + (low - 0xDC00);
                if low > last || !self.texts.has_character(corpus, pair(low), pair(last)) {
                    return None;
                }
                match count {
                    4 => self.character(corpus, char::from_u32(pair(low))?),
                    _ => self.at(HalfDigits(high, count, value)),
                }
            }
        }
    }

    fn character(self, corpus: &Corpus, character: char) -> Option<Self> {
        Some(Cursor {
            texts: self.texts.after_character(corpus, character)?,
            escape: None,
            ..self
        })
    }

    /// Does a character follow whose escape may begin with these digits?
    fn is_open(self, corpus: &Corpus, count: u8, value: u16) -> bool {
        let (low, high) = units(count, value);
        let has = |low: u32, high: u32| low <= high && self.texts.has_character(corpus, low, high);
        if self.spelling != Spelling::Any {
            return LONG.iter().any(|&(least, most)| has(low.max(least), high.min(most)));
        }
        let (first, last) = (low.max(0xD800), high.min(0xDBFF));
        has(low, high.min(0xD7FF))
            || has(low.max(0xE000), high)
            || first <= last && has(0x1_0000 + ((first - 0xD800) << 10), 0x1_03FF + ((last - 0xD800) << 10))
    }
}

/// The UTF-16 units whose four hexadecimal digits begin with these.
fn units(count: u8, value: u16) -> (u32, u32) {
    let open = 4 * (4 - u32::from(count));
    let low = u32::from(value) << open;
    (low, low + (1 << open) - 1)
}

fn digit(byte: u8) -> Option<u16> {
    char::from(byte).to_digit(16).map(|digit| digit as u16)
}
