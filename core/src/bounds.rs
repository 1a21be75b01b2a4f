//! Bounds of a counted repetition.

/// How many repetitions must yet begin, and how many may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Bounds {
    pub min: u32,
    pub max: u32,
}

impl Bounds {
    pub const NONE: Bounds = Bounds { min: 0, max: u32::MAX };

    #[inline]
    pub fn contain(self, count: u16) -> bool {
        self.min <= u32::from(count) && u32::from(count) <= self.max
    }
}
