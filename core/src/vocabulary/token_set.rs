//! Sets of token ids, and what is remembered of walks through the trie.

use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;

/// A set of tokens: a list while it is short, else a bit mask.
#[derive(Debug)]
pub enum TokenSet {
    Few(Box<[u32]>),
    Many(Box<[u32]>),
}

impl TokenSet {
    /// From a bit mask.
    pub fn new(words: Vec<u32>) -> Self {
        let count: usize = words.iter().map(|word| word.count_ones() as usize).sum();
        if count * 2 >= words.len() {
            return TokenSet::Many(words.into());
        }
        let mut ids = Vec::with_capacity(count);
        for (index, &word) in words.iter().enumerate() {
            let mut rest = word;
            while rest != 0 {
                ids.push(index as u32 * 32 + rest.trailing_zeros());
                rest &= rest - 1;
            }
        }
        TokenSet::Few(ids.into())
    }

    pub fn add_to(&self, words: &mut [u32]) {
        match self {
            TokenSet::Few(ids) => ids.iter().for_each(|&id| set_bit(words, id)),
            TokenSet::Many(set) => words.iter_mut().zip(set).for_each(|(word, &add)| *word |= add),
        }
    }

    pub fn memory(&self) -> usize {
        64 + match self {
            TokenSet::Few(ids) | TokenSet::Many(ids) => ids.len() * 4,
        }
    }
}

#[inline]
pub fn set_bit(words: &mut [u32], id: u32) {
    words[(id >> 5) as usize] |= 1 << (id & 31);
}

#[inline]
pub fn clear_bit(words: &mut [u32], id: u32) {
    words[(id >> 5) as usize] &= !(1 << (id & 31));
}

/// What a lexeme state alone says about the tokens: those that stay inside the lexeme, and the trie nodes at which the
/// lexeme can end while tokens go on.
#[derive(Debug)]
pub struct Interior {
    pub tokens: TokenSet,
    pub exits: Box<[u32]>,
}

impl Interior {
    pub fn memory(&self) -> usize {
        self.tokens.memory() + self.exits.len() * 4
    }
}

/// Identity of a lexeme state whatever grammar it came from.
pub type Digest = [u8; 32];

/// Interiors of one vocabulary, shared by all grammars. Dropped as a whole when they take more than `CACHE_BYTES`.
#[derive(Debug, Default)]
pub struct Interiors(Mutex<(FxHashMap<Digest, Arc<Interior>>, usize)>);

const CACHE_BYTES: usize = 128 << 20;

impl Interiors {
    pub fn get(&self, key: &Digest) -> Option<Arc<Interior>> {
        let cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        cache.0.get(key).cloned()
    }

    pub fn keep(&self, key: Digest, interior: Arc<Interior>) {
        let mut cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        cache.1 += interior.memory();
        if cache.1 > CACHE_BYTES {
            cache.0.clear();
            cache.1 = interior.memory();
        }
        cache.0.insert(key, interior);
    }

    /// Number of interiors kept and their size in bytes.
    pub fn size(&self) -> (usize, usize) {
        let cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (cache.0.len(), cache.1)
    }
}
