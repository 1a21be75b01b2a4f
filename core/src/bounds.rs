//! Bounds of a counted repetition.

/// How many repetitions must yet begin, and how many may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Bounds {
    pub min: u32,
    pub max: u32,
}

impl Bounds {
    pub const NONE: Bounds = Bounds { min: 0, max: u32::MAX };

    /// Bounds after one more repetition has begun.
    #[inline]
    pub fn less_one(self) -> Self {
        Bounds {
            min: self.min.saturating_sub(1),
            max: if self.max == u32::MAX { u32::MAX } else { self.max - 1 },
        }
    }

    /// Equal for bounds that no text of up to `most` repetitions can tell apart.
    #[inline]
    pub fn clamped(self, most: u32) -> Self {
        Bounds {
            min: self.min.min(most + 1),
            max: if self.max >= most { u32::MAX } else { self.max },
        }
    }

    #[inline]
    pub fn contain(self, count: u16) -> bool {
        self.min <= u32::from(count) && u32::from(count) <= self.max
    }
}
