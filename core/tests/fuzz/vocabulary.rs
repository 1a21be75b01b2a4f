//! Vocabularies, from tokens and from files.

use constrain_core::error::Error;
use constrain_core::vocabulary::file::{from_bytes, to_bytes};
use constrain_core::vocabulary::{MAX_TOKEN_BYTES, Vocabulary};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use crate::damage::{Edit, damage, edits};
use crate::harness::fuzz;

fn token() -> impl Strategy<Value = Option<Box<[u8]>>> {
    let bytes = prop_oneof![
        8 => vec(any::<u8>(), 0..6),
        4 => "[a-cé]{0,9}".prop_map(String::into_bytes),
        1 => (any::<u8>(), prop_oneof![Just(MAX_TOKEN_BYTES), Just(MAX_TOKEN_BYTES + 1), 0..300usize])
            .prop_map(|(byte, count)| vec![byte; count]),
    ];
    option::weighted(0.9, bytes.prop_map(Vec::into_boxed_slice))
}

type Parts = (Vec<Option<Box<[u8]>>>, Vec<u32>, Option<usize>);

fn parts() -> impl Strategy<Value = Parts> {
    let id = prop_oneof![9 => 0..40u32, 1 => any::<u32>()];
    let size = prop_oneof![9 => 0..80usize, 1 => any::<usize>()];
    (vec(token(), 0..40), vec(id, 0..4), option::of(size))
}

fn make((tokens, eos, size): Parts) -> Result<Vocabulary, Error> {
    Vocabulary::new(tokens, &eos, size)
}

#[test]
fn vocabularies() {
    fuzz(500, parts(), |parts| match make(parts.clone()) {
        Ok(vocabulary) => {
            for (id, bytes) in parts.0.iter().enumerate().take(vocabulary.vocab_size) {
                prop_assert_eq!(vocabulary.token(id as u32), bytes.as_deref());
            }
            let data = to_bytes(&vocabulary);
            let again = from_bytes(&data).map_err(|error| TestCaseError::fail(error.to_string()))?;
            prop_assert_eq!(again.sha256, vocabulary.sha256);
            prop_assert_eq!(to_bytes(&again), data);
            Ok(())
        }
        Err(Error::Vocabulary(_)) => Ok(()),
        Err(error) => Err(TestCaseError::fail(format!("{error:?}"))),
    });
}

#[test]
fn vocabulary_files() {
    let small = (vec(option::of(vec(any::<u8>(), 0..4)), 1..9), 0..9u32).prop_map(|(tokens, eos)| {
        let tokens: Vec<_> = tokens
            .into_iter()
            .map(|token| token.map(Vec::into_boxed_slice))
            .collect();
        Vocabulary::new(tokens, &[eos], Some(9)).unwrap()
    });
    fuzz(500, (small, edits()), |(vocabulary, edits): (Vocabulary, Vec<Edit>)| {
        let good = to_bytes(&vocabulary);
        match from_bytes(&damage(&good, &edits)) {
            // a file may be changed into one that says something else, if its checksum is made right
            Ok(other) => {
                prop_assert_eq!(
                    from_bytes(&to_bytes(&other)).map(|again| again.sha256),
                    Ok(other.sha256)
                );
                Ok(())
            }
            Err(Error::Artifact(_)) => Ok(()),
            Err(error) => Err(TestCaseError::fail(format!("{error:?}"))),
        }
    });
}
