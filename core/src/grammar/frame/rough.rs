//! Where a frame stands, roughly: enough to foretell how long it goes on, and few enough to learn about each.
//!
//! Of what was taken in any order only the number counts, and of demands nothing: a subset of fifty options, or the
//! facts of what came, would never be met twice.

use super::{Frame, Register};
use crate::lump::Detail;

impl Frame {
    /// Equal for registers from which the frame goes on alike, roughly.
    pub fn rough(&self, register: &Register, detail: Detail) -> [u32; 5] {
        let taken: u32 = register.seen.iter().map(|word| word.count_ones()).sum();
        [
            register.position,
            detail.of(taken),
            detail.of(self.needed(register)),
            detail.of(self.minimum.saturating_sub(register.count)),
            detail.of(self.slack(register)),
        ]
    }
}
