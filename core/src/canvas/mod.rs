//! Canvases: rows of token positions, some decided and some open, as models fill them in that write in any order.
//!
//! The language must hold for the finished canvas, wherever writing begins. So a grammar becomes an automaton over tokens
//! that is exact for canvases of bounded length (`automaton`), from the states that bytes lead to (`states`) along whole
//! tokens (`explore`, `inside`), with tokens that nothing tells apart as one letter (`partition`). A canvas (`board`) knows
//! for each position which states can be reached and which can be completed (`sets`); what gaps need at least (`shortest`);
//! and, under a model's weights (`logits`), how likely its completions are, and which is best (`chart`, `scaled`).
//!
//! Gaps in a text of any length need no model, and no tokens (`decide`).

pub mod automaton;
pub mod board;
pub mod chart;
pub mod decide;
mod explore;
mod inside;
pub mod logits;
mod partition;
mod scaled;
pub mod sets;
pub mod shortest;
pub mod states;
#[cfg(test)]
mod testing;
