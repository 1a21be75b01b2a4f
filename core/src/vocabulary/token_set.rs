//! Sets of token ids.

/// A list of fewer ids than this part of a mask's words is quicker to write than a mask.
const LIST_SHARE: usize = 8;

/// Words of a mask that are looked at together.
const BLOCK: usize = 16;

/// A set of tokens: a list while it is short, else a bit mask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenSet {
    Few(Box<[u32]>),
    Many(Box<[u32]>),
}

impl TokenSet {
    /// From a bit mask.
    pub fn new(words: &[u32]) -> Self {
        let mut ids = Vec::new();
        for (index, block) in words.chunks(BLOCK).enumerate() {
            // most are empty where there are few, and where there are many, that shows soon
            if block.iter().fold(0, |all, word| all | word) == 0 {
                continue;
            }
            for (word, at) in block.iter().zip(index * BLOCK..) {
                let mut rest = *word;
                while rest != 0 {
                    ids.push(at as u32 * 32 + rest.trailing_zeros());
                    rest &= rest - 1;
                }
            }
            if ids.len() * LIST_SHARE >= words.len() {
                return TokenSet::Many(words.into());
            }
        }
        TokenSet::Few(ids.into())
    }

    /// From a list in any order; `words` is the width of masks.
    pub fn from_ids(mut ids: Vec<u32>, words: usize) -> Self {
        if ids.len() * LIST_SHARE >= words {
            let mut mask = vec![0; words];
            ids.iter().for_each(|&id| set_bit(&mut mask, id));
            return TokenSet::new(&mask);
        }
        ids.sort_unstable();
        ids.dedup();
        TokenSet::Few(ids.into())
    }

    pub fn is_empty(&self) -> bool {
        matches!(self, TokenSet::Few(ids) if ids.is_empty())
    }

    pub fn add_to(&self, words: &mut [u32]) {
        match self {
            TokenSet::Few(ids) => ids.iter().for_each(|&id| set_bit(words, id)),
            TokenSet::Many(set) => words.iter_mut().zip(set).for_each(|(word, &add)| *word |= add),
        }
    }

    /// Overwrites `words` with the set.
    pub fn write_to(&self, words: &mut [u32]) {
        match self {
            TokenSet::Few(_) => {
                words.fill(0);
                self.add_to(words);
            }
            TokenSet::Many(set) => words.copy_from_slice(set),
        }
    }

    /// Size in bytes.
    pub fn memory(&self) -> usize {
        match self {
            TokenSet::Few(ids) | TokenSet::Many(ids) => 24 + ids.len() * 4,
        }
    }
}

#[inline]
pub fn has_bit(words: &[u32], id: u32) -> bool {
    words[(id >> 5) as usize] >> (id & 31) & 1 == 1
}

#[inline]
pub fn set_bit(words: &mut [u32], id: u32) {
    words[(id >> 5) as usize] |= 1 << (id & 31);
}

#[inline]
pub fn clear_bit(words: &mut [u32], id: u32) {
    words[(id >> 5) as usize] &= !(1 << (id & 31));
}
