//! A scalar or a key in progress, and which earlier ones it can still equal.

use std::cmp::Ordering;
use std::hash::Hash;
use std::sync::Arc;

use smallvec::SmallVec;

use super::set::Set;
use super::text::Text;
use super::value::{Bytes, NUMBER, Numeral, TEXT, WORD};

/// What a scalar may turn out to equal: members of a set, and of a sorted list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    pub own: Set,
    pub listed: Arc<[Bytes]>,
}

impl Options {
    fn find(&self, beginning: &[u8]) -> Option<Bytes> {
        let own = self.own.find(|value| value.beside(beginning));
        if let Some(bytes) = own.and_then(|value| value.scalar()) {
            return Some(bytes.clone());
        }
        let place = self.listed.partition_point(|bytes| &bytes[..] < beginning);
        self.listed
            .get(place)
            .filter(|bytes| bytes.starts_with(beginning))
            .cloned()
    }

    /// Is there one from `low` to what begins with `high`?
    fn reach_into(&self, low: &[u8], high: &[u8]) -> bool {
        let place = |bytes: &[u8]| match bytes < low {
            true => Ordering::Less,
            false if bytes <= high || bytes.starts_with(high) => Ordering::Equal,
            false => Ordering::Greater,
        };
        let own = self
            .own
            .find(|value| value.scalar().map_or(Ordering::Greater, |bytes| place(bytes)));
        let first = self.listed.partition_point(|bytes| &bytes[..] < low);
        own.is_some()
            || self
                .listed
                .get(first)
                .is_some_and(|bytes| place(bytes) == Ordering::Equal)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Escape {
    None,
    Begun,
    /// Digits read of four, and what they mean.
    Code(u8, u16),
}

/// Those of JSON, and of Python: arguments of calls may be written in its words. No grammar has both.
const WORDS: [&[u8]; 6] = [b"true", b"false", b"null", b"True", b"False", b"None"];

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scalar {
    tag: u8,
    pub is_key: bool,
    /// Is it of interest what it is?
    needed: bool,
    /// Decoded; of a number, as it is written.
    text: Text,
    escape: Escape,
    /// The first half of a character that is written as two escapes.
    half: Option<u16>,
    options: Option<Options>,
    /// One of the options with which it agrees so far, and how far; None if there is none.
    agreed: Option<(Bytes, usize)>,
}

/// What a byte is to a scalar.
pub enum Read {
    Inside,
    /// The scalar ends with it.
    Last,
    /// The scalar ended before it.
    After,
    Wrong,
}

impl Scalar {
    /// One that begins with a byte, if one does.
    pub fn begun_by(byte: u8, is_key: bool, needed: bool, options: Option<Options>) -> Option<Self> {
        let tag = match byte {
            b'"' => TEXT,
            b'-' | b'0'..=b'9' => NUMBER,
            b't' | b'f' | b'n' | b'T' | b'F' | b'N' => WORD,
            _ => return None,
        };
        let agreed = options.as_ref().and_then(|options| Some((options.find(&[tag])?, 1)));
        let mut scalar = Scalar {
            tag,
            is_key,
            needed,
            text: Text::default(),
            escape: Escape::None,
            half: None,
            options: options.filter(|_| agreed.is_some()),
            agreed,
        };
        if tag != TEXT {
            scalar.read(byte);
        }
        Some(scalar)
    }

    /// Can it still equal an option?
    pub fn is_open(&self) -> bool {
        self.agreed.is_some()
    }

    /// Is it a text, and not inside an escape?
    pub fn is_plain_text(&self) -> bool {
        self.tag == TEXT && self.escape == Escape::None && self.half.is_none()
    }

    /// Is it a plain text that need not be known?
    pub fn is_any_text(&self) -> bool {
        self.is_plain_text() && !self.needed
    }

    pub fn is_text(&self) -> bool {
        self.tag == TEXT
    }

    /// Bytes that were read and kept.
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// Is it a number whose digits are not over?
    pub fn is_plain_number(&self) -> bool {
        self.tag == NUMBER && !self.text.tail().iter().any(|byte| matches!(byte, b'e' | b'E'))
    }

    /// Something that tells scalars apart, mostly.
    pub fn gist(&self) -> impl Hash {
        (self.text.len(), self.text.tail())
    }

    /// What it is; nothing if that isn't needed.
    pub fn value(&self) -> Option<Bytes> {
        self.needed.then(|| match self.tag {
            NUMBER => Numeral::new(&self.text.after(&[])).canonical(),
            tag => self.text.after(&[tag]).into(),
        })
    }

    /// Is it plain that after a byte, which does not end it, it can equal none of the options?
    pub fn parts_at(&self, byte: u8) -> bool {
        let (Some((option, length)), Some(options)) = (&self.agreed, &self.options) else {
            return false;
        };
        let plain = self.is_plain_text() && byte >= 0x20 && !matches!(byte, b'"' | b'\\');
        if !plain || option.get(*length) == Some(&byte) {
            return false;
        }
        let mut beginning: SmallVec<[u8; 64]> = SmallVec::from_slice(&option[..*length]);
        beginning.push(byte);
        options.find(&beginning).is_none()
    }

    pub fn read(&mut self, byte: u8) -> Read {
        match self.tag {
            TEXT => self.read_text(byte),
            NUMBER => self.read_number(byte),
            _ => self.read_word(byte),
        }
    }

    fn read_number(&mut self, byte: u8) -> Read {
        if !matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E') {
            return Read::After;
        }
        if !self.needed {
            return Read::Inside;
        }
        self.text.extend(&[byte]);
        if let (Some(options), Some(_)) = (&self.options, &self.agreed) {
            let possible = Numeral::new(&self.text.after(&[])).possible();
            let found = possible.iter().find_map(|beginning| options.find(beginning));
            self.agreed = found.map(|option| (option, 0));
        }
        Read::Inside
    }

    fn read_word(&mut self, byte: u8) -> Read {
        let mut so_far = self.text.after(&[]);
        so_far.push(byte);
        let word = WORDS.into_iter().find(|word| word.starts_with(&so_far));
        let Some(word) = word else {
            return Read::Wrong;
        };
        self.text.extend(&[byte]);
        self.narrow(&[byte]);
        if word.len() == so_far.len() {
            Read::Last
        } else {
            Read::Inside
        }
    }

    fn read_text(&mut self, byte: u8) -> Read {
        if !self.needed && self.escape == Escape::None && byte >= 0x20 && !matches!(byte, b'"' | b'\\') {
            return Read::Inside;
        }
        match (self.escape, byte) {
            (Escape::None, b'"') => {
                self.end_half();
                return Read::Last;
            }
            (Escape::None, b'\\') => self.escape = Escape::Begun,
            (Escape::None, ..0x20) => return Read::Wrong,
            (Escape::None, _) => {
                self.end_half();
                self.add(&[byte]);
            }
            (Escape::Begun, b'u') => self.escape = Escape::Code(0, 0),
            (Escape::Begun, _) => {
                let character = match byte {
                    b'"' | b'\\' | b'/' => byte,
                    b'b' => 8,
                    b'f' => 12,
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    _ => return Read::Wrong,
                };
                self.escape = Escape::None;
                self.end_half();
                self.add(&[character]);
            }
            (Escape::Code(digits, code), _) => {
                let Some(digit) = char::from(byte).to_digit(16) else {
                    return Read::Wrong;
                };
                let code = code << 4 | digit as u16;
                self.escape = Escape::Code(digits + 1, code);
                if digits == 3 {
                    self.escape = Escape::None;
                    self.add_unit(code);
                } else {
                    self.narrow_to_units(digits + 1, code);
                }
            }
        }
        Read::Inside
    }

    /// Adds a unit of UTF-16.
    fn add_unit(&mut self, unit: u16) {
        match (self.half, unit) {
            (Some(high), 0xDC00..=0xDFFF) => {
                self.half = None;
                let code = 0x10000 + ((u32::from(high) - 0xD800) << 10) + (u32::from(unit) - 0xDC00);
                self.add_code(code);
            }
            (_, 0xD800..=0xDBFF) => {
                self.end_half();
                self.half = Some(unit);
            }
            _ => {
                self.end_half();
                self.add_code(unit.into());
            }
        }
    }

    /// A half of a character without the other one is text, too, though no UTF-8.
    fn end_half(&mut self) {
        if let Some(half) = self.half.take() {
            self.add_code(half.into());
        }
    }

    fn add_code(&mut self, code: u32) {
        self.add(&bytes_of(code));
    }

    fn add(&mut self, bytes: &[u8]) {
        if self.needed {
            self.text.extend(bytes);
            self.narrow(bytes);
        }
    }

    /// The first digits of a unit of UTF-16 are known.
    fn narrow_to_units(&mut self, digits: u8, code: u16) {
        let open = 16 - 4 * u32::from(digits);
        let (low, high) = (u32::from(code) << open, (u32::from(code) << open) + (1 << open) - 1);
        let (Some((option, length)), Some(options), None) = (&self.agreed, &self.options, self.half) else {
            return;
        };
        // one that may be the first half of a character stands for all that are written as two
        let last = if high < 0xD800 || low > 0xDBFF { high } else { 0x10_FFFF };
        let beginning = &option[..*length];
        let [from, to] = [low, last].map(|code| [beginning, &bytes_of(code)].concat());
        if !options.reach_into(&from, &to) {
            self.agreed = None;
            self.options = None;
        }
    }

    fn narrow(&mut self, added: &[u8]) {
        let (Some((option, length)), Some(options)) = (&mut self.agreed, &self.options) else {
            return;
        };
        if option[*length..].starts_with(added) {
            *length += added.len();
            return;
        }
        let beginning = [&option[..*length], added].concat();
        self.agreed = options.find(&beginning).map(|option| (option, beginning.len()));
        if self.agreed.is_none() {
            self.options = None;
        }
    }
}

/// A character or half of one, as UTF-8 or as if it were.
fn bytes_of(code: u32) -> SmallVec<[u8; 4]> {
    match char::from_u32(code) {
        Some(character) => SmallVec::from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        None => SmallVec::from_slice(&[
            0xE0 | (code >> 12) as u8,
            0x80 | (code >> 6 & 0x3F) as u8,
            0x80 | (code & 0x3F) as u8,
        ]),
    }
}
