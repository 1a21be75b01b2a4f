//! A vocabulary as bytes: magic, version, counts, lengths, token bytes, SHA-256 of all that. Little-endian.

use sha2::{Digest, Sha256};

use super::{MAX_VOCAB_SIZE, Vocabulary};
use crate::error::{Error, Result};

const MAGIC: &[u8; 8] = b"CSTRNVOC";
const VERSION: u32 = 1;
const DIGEST: usize = 32;

pub fn to_bytes(vocabulary: &Vocabulary) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&VERSION.to_le_bytes());
    for count in [
        vocabulary.vocab_size,
        vocabulary.tokens.len(),
        vocabulary.eos_token_ids.len(),
    ] {
        out.extend_from_slice(&(count as u32).to_le_bytes());
    }
    for id in &vocabulary.eos_token_ids {
        out.extend_from_slice(&id.to_le_bytes());
    }
    for token in &vocabulary.tokens {
        let length = token.as_ref().map_or(0, |bytes| bytes.len() as u32 + 1);
        out.extend_from_slice(&length.to_le_bytes());
    }
    for token in vocabulary.tokens.iter().flatten() {
        out.extend_from_slice(token);
    }
    let digest = Sha256::digest(&out);
    out.extend_from_slice(&digest);
    out
}

pub fn from_bytes(data: &[u8]) -> Result<Vocabulary> {
    let corrupt = |what: &str| Error::Artifact(format!("not a usable vocabulary file: {what}"));
    if !data.starts_with(MAGIC) {
        return Err(corrupt("it does not start with the magic bytes"));
    }
    let (body, digest) = data
        .split_last_chunk::<DIGEST>()
        .ok_or_else(|| corrupt("it is too short"))?;
    if Sha256::digest(body).as_slice() != digest {
        return Err(corrupt("its checksum is wrong"));
    }
    let mut at = MAGIC.len();
    let mut word = || {
        let bytes = body.get(at..at + 4).ok_or_else(|| corrupt("it ends early"))?;
        at += 4;
        Ok(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    };
    let version = word()?;
    if version != VERSION {
        return Err(corrupt(&format!("it has version {version}, not {VERSION}")));
    }
    let (vocab_size, token_count, eos_count) = (word()? as usize, word()? as usize, word()? as usize);
    if vocab_size > MAX_VOCAB_SIZE || token_count > vocab_size || eos_count > vocab_size {
        return Err(corrupt("its counts are out of range"));
    }
    let eos = (0..eos_count).map(|_| word()).collect::<Result<Vec<u32>>>()?;
    let lengths = (0..token_count).map(|_| word()).collect::<Result<Vec<u32>>>()?;
    let mut rest = &body[at..];
    let mut tokens = Vec::with_capacity(token_count);
    for length in lengths {
        tokens.push(match length.checked_sub(1) {
            None => None,
            Some(length) => {
                let (token, tail) = rest
                    .split_at_checked(length as usize)
                    .ok_or_else(|| corrupt("it ends early"))?;
                rest = tail;
                Some(token.into())
            }
        });
    }
    if !rest.is_empty() {
        return Err(corrupt("it holds more than it declares"));
    }
    Vocabulary::new(tokens, &eos, Some(vocab_size))
}

#[cfg(test)]
mod tests {
    use super::*;

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
