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
//! containers, which are followed to their end, the values of their members left out (`shelter`). From masks, those
//! tokens are taken that have no way out (`tokens`).
//!
//! A grammar may be of texts that are JSON in parts, such as the arguments of calls in free text. Lexemes after which such
//! a part begins say so, and the tracker begins anew there. It is the business of whoever writes such a grammar that, of
//! all ways to read a text, at most one beginning of a part is in progress at a time.
//!
//! Arrays that must *repeat* an item are guarded at their closing bracket alone. Two more equal items can always follow
//! in them, so that no search is needed: only the bracket is held back.

mod alive;
mod chain;
pub mod guard;
mod level;
pub mod room;
mod scalar;
mod set;
pub mod shelter;
mod text;
mod tokens;
pub mod tracker;
mod value;

pub use tokens::changes_mask;

use crate::engine::{Configuration, Engine};
use crate::error::{Error, Result};
use crate::form::{ExpressionForm, GrammarForm, GuardForm, SymbolForm};
use crate::limits::Limits;
use room::Alternative;

/// The grammar without those of its scarce containers that cannot hold enough; None if each can.
///
/// Errors: `Limit`: it takes too long to find out.
pub fn satisfiable(form: &GrammarForm, scarce: &[Alternative], limits: &Limits) -> Result<Option<GrammarForm>> {
    if scarce.is_empty() {
        return Ok(None);
    }
    let mut engine = match Engine::new(&one_by_one(form, scarce), limits, 1) {
        // repetitions or not
        Err(Error::Unsatisfiable(_)) => None,
        made => Some(made?),
    };
    let mut empty = Vec::new();
    for (index, &place) in scarce.iter().enumerate() {
        let way = match &mut engine {
            Some(engine) => way_through(index, engine)?,
            None => None,
        };
        if way.is_none() {
            empty.push(place);
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

/// A text of an alternative that `one_by_one` has a number for.
fn way_through(index: usize, engine: &mut Engine) -> Result<Option<Vec<u8>>> {
    let start = engine.start()?;
    let tracker = start.tracker.clone();
    let mut at = Configuration { tracker: None, ..start };
    for byte in number_of(index) {
        if !engine.move_by(&mut at, byte)? {
            return Ok(None);
        }
    }
    at.tracker = tracker;
    engine.way_to_end(&at)
}

/// A grammar of some alternatives, each after its number.
fn one_by_one(form: &GrammarForm, alternatives: &[Alternative]) -> GrammarForm {
    let mut form = form.clone();
    let mut bodies = Vec::new();
    for (index, &(rule, number)) in alternatives.iter().enumerate() {
        let SymbolForm::Rule { alternatives, .. } = &form.symbols[rule] else {
            continue;
        };
        let mut body = vec![form.symbols.len()];
        body.extend(&alternatives[number]);
        bodies.push(body);
        form.symbols.push(SymbolForm::Terminal {
            name: "number".into(),
            expression: form.expressions.len(),
            guard: GuardForm::Anywhere,
        });
        form.expressions.push(ExpressionForm::Literal(number_of(index)));
    }
    form.start = form.symbols.len();
    form.symbols.push(SymbolForm::Rule {
        name: "start".into(),
        alternatives: bodies,
    });
    form
}

fn number_of(index: usize) -> Vec<u8> {
    format!("#{index};").into_bytes()
}
