//! Distinct keys and items: what no context-free grammar says of JSON texts.
//!
//! Some lexemes of a grammar are *guarded*: the brackets, separators and keys of containers whose keys or items must
//! differ. A guarded lexeme may end only where the container that it belongs to, the innermost open one or the one that
//! it closes, holds no repetition so far. Keys are compared as decoded, items as JSON values (RFC 8259): the order of
//! members, escapes, blanks and the spelling of numbers don't count.
//!
//! The parser and the masks know nothing of this. They stand for the grammar without guards, whose language is larger,
//! and are kept and shared as ever. Beside the threads, a configuration has a `tracker`, which scans the text and knows
//! what it repeats; each byte's lexemes pass a gate (`guard`). That alone would leave dead ends, where nothing is left
//! that would be distinct. So a byte is allowed only if there is a way out (`alive`): a text after which nothing that is
//! in progress can become a repetition. From there on, there always is something else to write (`room`), but in *scarce*
//! containers, which are followed to their end, the values of their members left out (`shelter`). From masks, those tokens are taken that have no way out (`tokens`).

mod alive;
mod chain;
pub mod guard;
pub mod room;
mod scalar;
mod set;
pub mod shelter;
mod text;
mod tokens;
pub mod tracker;
mod value;

pub use tokens::changes_mask;

use crate::engine::Engine;
use crate::error::Result;
use crate::form::{GrammarForm, SymbolForm};
use crate::limits::Limits;
use room::Alternative;

/// The grammar without those of its scarce containers that cannot hold enough; None if each can.
///
/// Errors: `Limit`: it takes too long to find out.
pub fn satisfiable(form: &GrammarForm, scarce: &[Alternative], limits: &Limits) -> Result<Option<GrammarForm>> {
    let mut empty = Vec::new();
    for &(rule, number) in scarce {
        let mut alone = form.clone();
        let SymbolForm::Rule { name, alternatives } = &form.symbols[rule] else {
            continue;
        };
        alone.start = alone.symbols.len();
        alone.symbols.push(SymbolForm::Rule {
            name: name.clone(),
            alternatives: vec![alternatives[number].clone()],
        });
        let mut engine = Engine::new(&alone, limits, 1)?;
        let start = engine.start()?;
        if engine.way_to_end(&start)?.is_none() {
            empty.push((rule, number));
        }
    }
    if empty.is_empty() {
        return Ok(None);
    }
    let mut left = form.clone();
    for (rule, number) in empty.into_iter().rev() {
        if let SymbolForm::Rule { alternatives, .. } = &mut left.symbols[rule] {
            alternatives.remove(number);
        }
    }
    Ok(Some(left))
}
