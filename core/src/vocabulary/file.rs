//! A vocabulary as bytes: counts, stop tokens, lengths of tokens, bytes of tokens.

use super::{MAX_VOCAB_SIZE, Vocabulary};
use crate::error::Result;
use crate::wire::{Magic, Reader, Writer};

const MAGIC: &Magic = b"CSTRNVOC";
const VERSION: u32 = 2;

pub fn to_bytes(vocabulary: &Vocabulary) -> Vec<u8> {
    let mut out = Writer::new(MAGIC, VERSION);
    for count in [
        vocabulary.vocab_size,
        vocabulary.tokens.len(),
        vocabulary.eos_token_ids.len(),
    ] {
        out.word(count as u32);
    }
    vocabulary.eos_token_ids.iter().for_each(|&id| out.word(id));
    for token in &vocabulary.tokens {
        out.word(token.as_ref().map_or(0, |bytes| bytes.len() as u32 + 1));
    }
    vocabulary.tokens.iter().flatten().for_each(|token| out.raw(token));
    out.finish()
}

pub fn from_bytes(data: &[u8]) -> Result<Vocabulary> {
    let mut reader = Reader::open(data, MAGIC, VERSION, "vocabulary file")?;
    let [vocab_size, token_count, eos_count] = [reader.word()?, reader.word()?, reader.word()?].map(|n| n as usize);
    if vocab_size > MAX_VOCAB_SIZE || token_count > vocab_size || eos_count > vocab_size {
        return Err(reader.corrupt("its counts are out of range"));
    }
    let eos = (0..eos_count).map(|_| reader.word()).collect::<Result<Vec<u32>>>()?;
    let lengths = (0..token_count).map(|_| reader.word()).collect::<Result<Vec<u32>>>()?;
    let tokens = lengths
        .into_iter()
        .map(|length| {
            let Some(length) = length.checked_sub(1) else {
                return Ok(None);
            };
            Ok(Some(reader.raw(length as usize)?.into()))
        })
        .collect::<Result<Vec<_>>>()?;
    reader.end()?;
    Vocabulary::new(tokens, &eos, Some(vocab_size)).map_err(|error| reader.corrupt(&error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    fn sample() -> Vocabulary {
        let tokens = vec![
            Some(b"a"[..].into()),
            None,
            Some(b""[..].into()),
            Some(b"\xff\x00"[..].into()),
        ];
        Vocabulary::new(tokens, &[1], Some(7)).unwrap()
    }

    #[test]
    fn round_trip() {
        let vocabulary = sample();
        let again = from_bytes(&to_bytes(&vocabulary)).unwrap();
        assert_eq!(again.tokens, vocabulary.tokens);
        assert_eq!(again.sha256, vocabulary.sha256);
        assert_eq!(to_bytes(&again), to_bytes(&vocabulary));
    }

    #[test]
    fn every_corruption_is_noticed() {
        let good = to_bytes(&sample());
        for index in 0..good.len() {
            let mut bad = good.clone();
            bad[index] ^= 0x41;
            assert!(matches!(from_bytes(&bad), Err(Error::Artifact(_))), "byte {index}");
            assert!(from_bytes(&good[..index]).is_err());
        }
    }
}
