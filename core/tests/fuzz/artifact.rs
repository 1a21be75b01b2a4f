//! Files of compiled grammars.

use std::sync::Arc;

use constrain_core::artifact::LoadOptions;
use constrain_core::error::Error;
use constrain_core::matcher::Compiled;
use proptest::collection::btree_map;
use proptest::prelude::*;

use crate::damage::{Edit, damage, edits};
use crate::forms::sound_form;
use crate::grammar::{ids_of, limits, mask_of, vocabulary, within_budget};
use crate::harness::fuzz;

/// Bytes of masks that are made ahead.
const PRECOMPUTED: usize = 100_000;
/// Tokens of a text along which masks are compared.
const TOKENS: usize = 4;

/// Masks along a text of a grammar, as far as its tables are right and budgets last.
fn masks(compiled: Compiled) -> Result<Vec<Vec<u32>>, TestCaseError> {
    let mut masks = Vec::new();
    let Some(mut matcher) = within_budget(Arc::new(compiled).matcher())? else {
        return Ok(masks);
    };
    for _ in 0..TOKENS {
        let Some(mask) = mask_of(&matcher)? else {
            break;
        };
        let ids = ids_of(&mask);
        let taken = ids.get(ids.len() / 2).map(|&id| matcher.accept_token(id));
        masks.push(mask);
        if !matches!(taken, Some(Ok(true))) {
            break;
        }
    }
    Ok(masks)
}

#[test]
fn artifacts() {
    let options = LoadOptions {
        limits: limits(),
        rebind: false,
    };
    let load = |data: &[u8]| Compiled::from_bytes(data, vocabulary(), &options);
    let description = btree_map(".{0,9}", ".{0,9}", 0..3);
    let inputs = (sound_form(), description, any::<bool>(), edits());
    fuzz(300, inputs, |(form, description, warm, edits)| {
        let Ok(compiled) = Compiled::new(form.clone(), vocabulary(), limits()) else {
            return Ok(());
        };
        let compiled = compiled.with_description(description.clone());
        if warm {
            within_budget(compiled.precompute(PRECOMPUTED))?;
        }
        let good = compiled.to_bytes();
        let again = load(&good).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(again.to_bytes(), good.clone());
        prop_assert_eq!(&again.description, &description);
        let fresh = Compiled::new(form, vocabulary(), limits()).unwrap();
        prop_assert!(
            masks(again)?
                .iter()
                .zip(masks(fresh)?)
                .all(|(loaded, made)| *loaded == made)
        );
        match load(&damage(&good, &edits)) {
            Ok(other) => {
                // only what was signed can be another grammar; it is one, and says so in the same bytes again
                prop_assert!(matches!(edits.last(), Some(Edit::Sign)) || other.to_bytes() == good);
                masks(other).map(|_| ())
            }
            Err(Error::Artifact(_)) => Ok(()),
            Err(error) => Err(TestCaseError::fail(format!("{error:?}"))),
        }
    });
}
