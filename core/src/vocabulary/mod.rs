//! Token bytes and stop tokens of a tokenizer. Knows nothing of grammars.

pub mod file;
pub mod interior;
pub mod literals;
pub mod risky;
pub mod token_set;
pub mod trie;

use std::sync::OnceLock;

use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use interior::Interiors;
use risky::Risky;
use trie::Trie;

/// Longest token that is kept, in bytes.
pub const MAX_TOKEN_BYTES: usize = 65_535;
/// Widest mask, in bits.
pub const MAX_VOCAB_SIZE: usize = 1 << 26;

#[derive(Debug)]
pub struct Vocabulary {
    /// Bytes of each token; None for special and unused ids.
    pub tokens: Vec<Option<Box<[u8]>>>,
    /// Sorted, distinct.
    pub eos_token_ids: Vec<u32>,
    /// Width of masks in bits.
    pub vocab_size: usize,
    pub sha256: [u8; 32],
    pub trie: Trie,
    /// Shared by all grammars over this vocabulary.
    pub interiors: Interiors,
    risky: OnceLock<Risky>,
}

impl Vocabulary {
    /// Tokens past `vocab_size` are dropped; ids past the tokens are never allowed.
    pub fn new(mut tokens: Vec<Option<Box<[u8]>>>, eos_token_ids: &[u32], vocab_size: Option<usize>) -> Result<Self> {
        let vocab_size = vocab_size.unwrap_or(tokens.len());
        if vocab_size > MAX_VOCAB_SIZE {
            return Err(Error::Vocabulary(format!(
                "vocab_size {vocab_size} is more than {MAX_VOCAB_SIZE}"
            )));
        }
        tokens.truncate(vocab_size);
        // ids past the tokens mean the same as ids without bytes, so they hash the same
        while tokens.last().is_some_and(Option::is_none) {
            tokens.pop();
        }
        let mut eos_token_ids = eos_token_ids.to_vec();
        eos_token_ids.sort_unstable();
        eos_token_ids.dedup();
        if let Some(id) = eos_token_ids.iter().find(|&&id| id as usize >= vocab_size) {
            return Err(Error::Vocabulary(format!(
                "stop token {id} lies past the vocabulary's {vocab_size} ids"
            )));
        }
        for (id, token) in tokens.iter().enumerate() {
            let length = token.as_ref().map_or(0, |bytes| bytes.len());
            if length > MAX_TOKEN_BYTES {
                return Err(Error::Vocabulary(format!(
                    "token {id} has {length} bytes, more than {MAX_TOKEN_BYTES}"
                )));
            }
        }
        // stop tokens and empty tokens add no text
        let text = tokens.iter().enumerate().filter_map(|(id, token)| {
            let bytes = token.as_deref()?;
            let id = id as u32;
            (!bytes.is_empty() && eos_token_ids.binary_search(&id).is_err()).then_some((bytes, id))
        });
        let trie = Trie::new(text.collect());
        let sha256 = fingerprint(&tokens, &eos_token_ids, vocab_size);
        Ok(Vocabulary {
            tokens,
            eos_token_ids,
            vocab_size,
            sha256,
            trie,
            interiors: Interiors::default(),
            risky: OnceLock::new(),
        })
    }

    /// Mask width in 32-bit words.
    pub fn words(&self) -> usize {
        self.vocab_size.div_ceil(32)
    }

    pub fn token(&self, id: u32) -> Option<&[u8]> {
        self.tokens.get(id as usize)?.as_deref()
    }

    /// Tokens in which a JSON text may repeat something; found when first needed.
    pub fn risky(&self) -> &Risky {
        self.risky.get_or_init(|| {
            let texts = (0..)
                .zip(&self.tokens)
                .filter_map(|(id, token)| Some((id, token.as_deref()?)));
            Risky::new(texts.filter(|&(id, _)| !self.is_eos(id)))
        })
    }

    pub fn is_eos(&self, id: u32) -> bool {
        self.eos_token_ids.binary_search(&id).is_ok()
    }
}

fn fingerprint(tokens: &[Option<Box<[u8]>>], eos: &[u32], vocab_size: usize) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"constrain vocabulary 1\0");
    hash.update((vocab_size as u64).to_le_bytes());
    hash.update((eos.len() as u64).to_le_bytes());
    for id in eos {
        hash.update(id.to_le_bytes());
    }
    for token in tokens {
        match token {
            Some(bytes) => {
                hash.update((bytes.len() as u32 + 1).to_le_bytes());
                hash.update(bytes);
            }
            None => hash.update(0u32.to_le_bytes()),
        }
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stop_tokens_and_empty_tokens_are_not_text() {
        let tokens = vec![
            Some(b"a"[..].into()),
            Some(b""[..].into()),
            None,
            Some(b"</s>"[..].into()),
        ];
        let vocabulary = Vocabulary::new(tokens, &[3], Some(10)).unwrap();
        assert_eq!(vocabulary.trie.len(), 1);
        assert_eq!(vocabulary.words(), 1);
        assert!(vocabulary.is_eos(3) && !vocabulary.is_eos(0));
    }

    #[test]
    fn a_stop_token_past_the_end_is_an_error() {
        assert!(matches!(
            Vocabulary::new(vec![None], &[1], None),
            Err(Error::Vocabulary(_))
        ));
    }

    #[test]
    fn the_fingerprint_sees_every_part() {
        let make = |token: &[u8], eos: &[u32], size| {
            Vocabulary::new(vec![Some(token.into()), None], eos, Some(size))
                .unwrap()
                .sha256
        };
        let base = make(b"a", &[1], 2);
        assert_eq!(base, make(b"a", &[1], 2));
        assert_ne!(base, make(b"b", &[1], 2));
        assert_ne!(base, make(b"a", &[], 2));
        assert_ne!(base, make(b"a", &[1], 3));
        let short = Vocabulary::new(vec![Some(b"a"[..].into())], &[1], Some(2)).unwrap();
        assert_eq!(base, short.sha256);
    }
}
