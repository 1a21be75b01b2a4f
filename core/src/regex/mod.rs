//! The regular layer: expressions over bytes and their derivatives. Knows nothing of tokens or grammars.

pub mod automaton;
pub mod counted;
pub mod derivative;
pub mod digest;
pub mod excerpt;
pub mod expression;
mod kept;
pub mod keys;
mod lengths;
pub mod literals;
pub mod multiple;
mod multiple_ranges;
pub mod needs;
pub mod numeral;
mod reachability;
