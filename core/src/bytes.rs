//! Sets of bytes, and the classes of bytes that trie nodes summarise what lies below them by.

use std::ops::BitOrAssign;

/// A set of byte values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ByteSet([u64; 4]);

impl ByteSet {
    #[inline]
    pub fn insert(&mut self, byte: u8) {
        self.0[usize::from(byte >> 6)] |= 1 << (byte & 63);
    }

    pub fn remove(&mut self, byte: u8) {
        self.0[usize::from(byte >> 6)] &= !(1 << (byte & 63));
    }

    #[inline]
    pub fn contains(&self, byte: u8) -> bool {
        self.0[usize::from(byte >> 6)] >> (byte & 63) & 1 == 1
    }

    pub fn intersects(&self, other: &ByteSet) -> bool {
        self.0.iter().zip(&other.0).any(|(a, b)| a & b != 0)
    }

    pub fn is_empty(&self) -> bool {
        self.0 == [0; 4]
    }
}

impl BitOrAssign for ByteSet {
    fn bitor_assign(&mut self, other: Self) {
        self.0.iter_mut().zip(other.0).for_each(|(a, b)| *a |= b);
    }
}

impl FromIterator<u8> for ByteSet {
    fn from_iter<I: IntoIterator<Item = u8>>(bytes: I) -> Self {
        let mut set = ByteSet::default();
        bytes.into_iter().for_each(|byte| set.insert(byte));
        set
    }
}

/// A set of byte classes: one bit for each class of ASCII bytes, for each of characters beyond, and these two.
pub type ClassSet = u64;

/// Bytes that make up no valid UTF-8.
pub const STRAY_BYTES: ClassSet = 1 << 63;
/// A place inside a character: classes are known from the character's first byte on.
pub const UNFINISHED: ClassSet = 1 << 62;

/// The lowest bit of classes of characters beyond ASCII.
const FIRST_CHARACTERS: u32 = 52;
/// All classes of characters beyond ASCII.
pub const CHARACTERS: ClassSet = ((1 << 10) - 1) << FIRST_CHARACTERS;

/// The class of the characters that begin with two bytes: blocks of letters, and apart from them those that hold spaces,
/// as patterns tell spaces from other characters, and `.` tells U+2028.
const fn character_class(lead: u8, second: u8) -> ClassSet {
    let index = match (lead, second) {
        (..=0xC2, _) => 0,
        (0xC3, _) => 1,
        (0xC4..=0xDF, _) => 2,
        (0xE0..=0xE1, _) => 3,
        (0xE2, ..=0x81) => 4,
        (0xE2, _) => 5,
        (0xE3, ..=0x80) => 6,
        (0xE3..=0xED, _) => 7,
        (0xEE..=0xEF, _) => 8,
        _ => 9,
    };
    1 << (FIRST_CHARACTERS + index)
}

/// The characters of one class that begin with a byte: bytes `low..=high` come next, `count` bytes follow in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beginning {
    pub class: ClassSet,
    pub low: u8,
    pub high: u8,
    pub count: u8,
}

/// The characters that begin with a byte, by their class; none for bytes that begin no character of several bytes.
pub fn beginnings(lead: u8) -> impl Iterator<Item = Beginning> {
    let parts = match (lead, continuation(lead)) {
        (0xE2, Some((low, high, count))) => [Some((low, 0x81, count)), Some((0x82, high, count))],
        (0xE3, Some((low, high, count))) => [Some((low, 0x80, count)), Some((0x81, high, count))],
        (_, whole) => [whole, None],
    };
    parts.into_iter().flatten().map(move |(low, high, count)| Beginning {
        class: character_class(lead, low),
        low,
        high,
        count,
    })
}

/// Class of each ASCII byte: bytes that constraints rarely tell apart share one.
const CLASSES: [u8; 128] = classes();

const fn classes() -> [u8; 128] {
    let mut table = [0u8; 128];
    let mut next = 1;
    let mut byte = 0;
    while byte < 128 {
        table[byte] = match byte as u8 {
            0..=8 | 11 | 12 | 14..=31 => 0,
            b'1'..=b'9' => 1,
            b'a'..=b'f' => 2,
            b'g'..=b'z' => 3,
            b'A'..=b'F' => 4,
            b'G'..=b'Z' => 5,
            _ => {
                next += 1;
                next + 4
            }
        };
        byte += 1;
    }
    table
}

/// The class of an ASCII byte, as a set.
#[inline]
pub fn class_of(byte: u8) -> ClassSet {
    debug_assert!(byte < 128);
    1 << CLASSES[usize::from(byte & 127)]
}

/// Classes whose bytes all fulfil the condition.
pub fn classes_where(mut condition: impl FnMut(u8) -> bool) -> ClassSet {
    let (mut some, mut missing) = (0, 0);
    for byte in 0..128 {
        if condition(byte) {
            some |= class_of(byte);
        } else {
            missing |= class_of(byte);
        }
    }
    some & !missing
}

/// What may follow a lead byte of UTF-8 (RFC 3629): the range of the next byte and how many bytes follow in all.
pub fn continuation(lead: u8) -> Option<(u8, u8, u8)> {
    match lead {
        0xC2..=0xDF => Some((0x80, 0xBF, 1)),
        0xE0 => Some((0xA0, 0xBF, 2)),
        0xED => Some((0x80, 0x9F, 2)),
        0xE1..=0xEF => Some((0x80, 0xBF, 2)),
        0xF0 => Some((0x90, 0xBF, 3)),
        0xF4 => Some((0x80, 0x8F, 3)),
        0xF1..=0xF3 => Some((0x80, 0xBF, 3)),
        _ => None,
    }
}

/// Does the byte begin a character? Bytes that no character has count as beginnings.
#[inline]
pub fn begins_character(byte: u8) -> bool {
    byte & 0xC0 != 0x80
}

/// Appends what `text` holds from `start` on so many times more.
pub fn repeat_tail(text: &mut Vec<u8>, start: usize, times: u32) {
    let length = text.len() + (text.len() - start) * times as usize;
    while text.len() < length {
        // all of it repeats the tail, so that twice as much can be copied each time
        let end = text.len().min(start + length - text.len());
        text.extend_from_within(start..end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_fit_beside_the_others() {
        let all = classes_where(|_| true);
        assert_eq!(all & (CHARACTERS | STRAY_BYTES | UNFINISHED), 0);
        assert!(all.count_ones() > 32 && class_of(b'"') != class_of(b'\\'));
        assert_eq!(classes_where(|byte| byte.is_ascii_digit()).count_ones(), 2);
        assert_eq!(classes_where(|byte| byte == b'a'), 0);
    }

    #[test]
    fn each_character_has_one_class() {
        let mut found: ClassSet = 0;
        for character in '\u{80}'..=char::MAX {
            let mut buffer = [0; 4];
            let bytes = character.encode_utf8(&mut buffer).as_bytes();
            let mut mine = beginnings(bytes[0]).filter(|b| b.low <= bytes[1] && bytes[1] <= b.high);
            let beginning = mine.next().unwrap();
            assert_eq!(mine.next(), None, "{character}");
            assert_eq!(usize::from(beginning.count), bytes.len() - 1);
            assert_eq!(beginning.class, character_class(bytes[0], bytes[1]), "{character}");
            found |= beginning.class;
        }
        assert_eq!(found, CHARACTERS);
        assert!((0..=0xFF).all(|byte| begins_character(byte) || beginnings(byte).next().is_none()));
    }
}
