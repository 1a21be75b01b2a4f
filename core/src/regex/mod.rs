//! The regular layer: expressions over bytes and their derivatives. Knows nothing of tokens or grammars.

pub mod derivative;
pub mod digest;
pub mod expression;
mod lengths;
pub mod literals;
mod reachability;
