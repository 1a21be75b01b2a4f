//! Files of compiled grammars.

use std::sync::Arc;

use constrain_core::artifact::LoadOptions;
use constrain_core::error::Error;
use constrain_core::matcher::Compiled;
use proptest::prelude::*;

use crate::damage::{Edit, damage, edits};
use crate::forms::sound_form;
use crate::grammar::{limits, vocabulary};
use crate::harness::fuzz;

#[test]
fn artifacts() {
    let options = LoadOptions {
        limits: limits(),
        rebind: false,
    };
    let load = |data: &[u8]| Compiled::from_bytes(data, vocabulary(), &options);
    fuzz(300, (sound_form(), edits()), |(form, edits)| {
        let Ok(compiled) = Compiled::new(form, vocabulary(), limits()) else {
            return Ok(());
        };
        let good = compiled.to_bytes();
        let again = load(&good).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(again.to_bytes(), good.clone());
        match load(&damage(&good, &edits)) {
            Ok(other) => {
                // only what was signed can be another grammar; it is one, and says so in the same bytes again
                prop_assert!(matches!(edits.last(), Some(Edit::Sign)) || other.to_bytes() == good);
                let mut words = vec![0; vocabulary().words()];
                let masked = Arc::new(other)
                    .matcher()
                    .and_then(|matcher| matcher.fill_mask(&mut words));
                match masked {
                    Ok(()) | Err(Error::Limit { .. }) => Ok(()),
                    Err(error) => Err(TestCaseError::fail(format!("{error:?}"))),
                }
            }
            Err(Error::Artifact(_)) => Ok(()),
            Err(error) => Err(TestCaseError::fail(format!("{error:?}"))),
        }
    });
}
