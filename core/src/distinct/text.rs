//! Bytes that grow at their end, and are cheap to keep as they were.

use smallvec::SmallVec;

use super::chain::Chain;

/// So many bytes are copied with the text.
const PIECE: usize = 32;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text {
    tail: SmallVec<[u8; PIECE]>,
    earlier: Chain<[u8; PIECE]>,
    length: usize,
}

impl Text {
    pub fn extend(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            if let Ok(piece) = <[u8; PIECE]>::try_from(&self.tail[..]) {
                self.earlier = self.earlier.with(piece);
                self.tail.clear();
            }
            self.tail.push(byte);
        }
        self.length += bytes.len();
    }

    /// The bytes after some others.
    pub fn after(&self, first: &[u8]) -> Vec<u8> {
        let mut pieces: Vec<&[u8]> = vec![&self.tail];
        pieces.extend(self.earlier.iter().map(|piece| &piece[..]));
        pieces.push(first);
        pieces.into_iter().rev().flatten().copied().collect()
    }

    pub fn len(&self) -> usize {
        self.length
    }

    /// The last bytes.
    pub fn tail(&self) -> &[u8] {
        &self.tail
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_stays_as_it_was() {
        let mut text = Text::default();
        let mut copies = Vec::new();
        for number in 0..200u8 {
            copies.push(text.clone());
            text.extend(&[number]);
        }
        for (length, copy) in copies.iter().enumerate() {
            let expected: Vec<u8> = [255].into_iter().chain(0..length as u8).collect();
            assert_eq!(copy.after(&[255]), expected);
            assert!(*copy != text && copy == copy);
        }
    }
}
