//! Exponents that are allowed after a mantissa: ranges of whole numbers, and what is left of them as digits are read.

use smallvec::{SmallVec, smallvec};

/// Stands for an exponent beyond all that matter. A text whose mantissa moves the point so far has as many bytes.
pub const ENDLESS: i64 = 1_000_000_000_000_000_000;

/// Sorted, disjoint; `-ENDLESS` and `ENDLESS` have no end.
pub type Ranges = SmallVec<[(i64, i64); 1]>;

/// Every exponent.
pub fn all() -> Ranges {
    smallvec![(-ENDLESS, ENDLESS)]
}

pub fn contains(ranges: &[(i64, i64)], value: i64) -> bool {
    ranges.iter().any(|&(low, high)| low <= value && value <= high)
}

/// What of some ranges lies between two bounds.
pub fn within(ranges: &[(i64, i64)], low: i64, high: i64) -> Ranges {
    let cut = ranges.iter().map(|&(a, b)| (a.max(low), b.min(high)));
    cut.filter(|(a, b)| a <= b).collect()
}

/// The ranges without a value.
pub fn without(ranges: &[(i64, i64)], value: i64) -> Ranges {
    let mut below = within(ranges, -ENDLESS, value - 1);
    below.extend(within(ranges, value + 1, ENDLESS));
    below
}

/// Amounts of the exponents of one sign.
pub fn amounts(ranges: &[(i64, i64)], negative: bool) -> Ranges {
    if !negative {
        return within(ranges, 0, ENDLESS);
    }
    let opposite: Ranges = ranges.iter().rev().map(|&(low, high)| (-high, -low)).collect();
    within(&opposite, 0, ENDLESS)
}

/// What is left of an amount's digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Digits {
    allowed: Ranges,
    /// Of the digits so far.
    value: i64,
}

impl Digits {
    pub fn new(allowed: Ranges) -> Self {
        Digits { allowed, value: 0 }
    }

    /// Different for different ones.
    pub fn numbers(&self) -> impl Iterator<Item = i64> {
        let ranges = self.allowed.iter().flat_map(|&(low, high)| [low, high]);
        ranges.chain([self.value])
    }

    /// None when no digits can follow.
    pub fn after(&self, digit: u8) -> Option<Self> {
        let value = self
            .value
            .saturating_mul(10)
            .saturating_add(i64::from(digit))
            .min(ENDLESS);
        let mut allowed = within(&self.allowed, value, ENDLESS);
        if value == 0 {
            allowed.clone_from(&self.allowed);
        }
        if let [(low, ENDLESS)] = allowed[..]
            && low <= value
        {
            // whatever follows: the digits read don't matter any more
            return Some(Digits::new(smallvec![(0, ENDLESS)]));
        }
        let after = Digits { allowed, value };
        after.shortest().is_some().then_some(after)
    }

    /// Is the amount allowed as it stands? A digit must have come.
    pub fn nullable(&self) -> bool {
        contains(&self.allowed, self.value)
    }

    /// The fewest digits that complete it; none at all may be too few before the first.
    pub fn shortest(&self) -> Option<Vec<u8>> {
        if self.value == 0 {
            let &(least, _) = self.allowed.first()?;
            return Some(match least {
                0 => Vec::new(),
                _ => least.to_string().into_bytes(),
            });
        }
        let (mut low, mut high, mut digits) = (self.value, self.value, 0);
        loop {
            if let Some(&(least, _)) = within(&self.allowed, low, high).first() {
                let end = (least - low).to_string();
                let zeros = if digits == 0 { 0 } else { digits - end.len() };
                let end = if digits == 0 { String::new() } else { end };
                return Some([vec![b'0'; zeros], end.into_bytes()].concat());
            }
            if low == ENDLESS {
                return None;
            }
            low = low.saturating_mul(10).min(ENDLESS);
            high = high.saturating_mul(10).saturating_add(9).min(ENDLESS);
            digits += 1;
        }
    }
}

/// The shortest way to write one of the exponents, with its `e` unless it is zero; None when there are none.
pub fn shortest(ranges: &[(i64, i64)]) -> Option<Vec<u8>> {
    if contains(ranges, 0) {
        return Some(Vec::new());
    }
    let written = |negative: bool, sign: &str| {
        let &(least, _) = amounts(ranges, negative).first()?;
        Some(format!("e{sign}{least}").into_bytes())
    };
    [written(false, ""), written(true, "-")]
        .into_iter()
        .flatten()
        .min_by_key(Vec::len)
}
