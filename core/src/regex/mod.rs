//! The regular layer: expressions over bytes and their derivatives. Knows nothing of tokens or grammars.

pub mod counted;
mod counting;
pub mod derivative;
pub mod digest;
pub mod expression;
pub mod keys;
pub mod literals;
mod reachability;
