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

/// A set of byte classes: one bit for each class of ASCII bytes and these two for the others.
pub type ClassSet = u64;

/// Bytes above 0x7F that make up valid UTF-8, though the last character may still lack bytes.
pub const CHARACTERS: ClassSet = 1 << 62;
/// Any other bytes above 0x7F.
pub const STRAY_BYTES: ClassSet = 1 << 63;

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
    fn classes_fit_beside_the_two_bits() {
        let all = classes_where(|_| true);
        assert_eq!(all & (CHARACTERS | STRAY_BYTES), 0);
        assert!(all.count_ones() > 32 && class_of(b'"') != class_of(b'\\'));
        assert_eq!(classes_where(|byte| byte.is_ascii_digit()).count_ones(), 2);
        assert_eq!(classes_where(|byte| byte == b'a'), 0);
    }
}
