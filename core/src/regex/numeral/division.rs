//! Which decimals are multiples of one number and of none of some others: remainders, without a look at any state.

/// Divisors, and their least common multiple, are no larger: remainders times it must fit into 128 bits.
pub const MAX_MODULUS: u64 = 1_000_000_000_000_000_000;
/// Digits that divisors may have after the point.
pub const MAX_PLACES: u8 = 18;
/// Among the numbers of so many further digits, each condition is met by more than any list excludes.
pub const ALWAYS: i64 = 36;

/// Conditions on a number, in units of `10^-places`. In these units what is asked of are whole numbers.
#[derive(Debug, Clone)]
pub struct Division {
    /// Divides it, if given. Without one, any decimal is possible.
    pub divisor: Option<u64>,
    /// None of these divides it.
    pub avoided: Box<[u64]>,
    pub places: u8,
    /// A multiple of all of them.
    pub modulus: u64,
}

impl Division {
    /// None when no decimal but zero can meet the conditions, or the numbers are out of bounds.
    pub fn new(divisor: Option<u64>, avoided: &[u64], places: u8) -> Option<Self> {
        let fits = |number: u64| (1..=MAX_MODULUS).contains(&number);
        let mut modulus = 1;
        for &number in divisor.iter().chain(avoided) {
            modulus = Some(number)
                .filter(|&n| fits(n))
                .and_then(|n| least_common(modulus, n))?;
        }
        let met = divisor.is_none_or(|divisor| avoided.iter().all(|avoided| divisor % avoided != 0));
        (met && places <= MAX_PLACES).then(|| Division {
            divisor,
            avoided: avoided.into(),
            places,
            modulus,
        })
    }

    /// The exponents e with which `unit * 10^e` meets the conditions: an interval, since what divides a number divides
    /// ten times the number. The unit is not a multiple of ten.
    pub fn exponents(&self, unit: u64) -> (i64, i64) {
        let mut low = i64::MIN;
        let mut high = i64::MAX;
        if let Some(divisor) = self.divisor {
            low = zeros_to_divide(unit, divisor).unwrap_or(i64::MAX);
        }
        for &avoided in &self.avoided {
            if let Some(zeros) = zeros_to_divide(unit, avoided) {
                high = high.min(zeros - 1);
            }
        }
        (low, high)
    }

    /// Are there surely more multiples than some number among those with so many further digits?
    pub fn has_more_than(&self, count: usize, digits: u32) -> bool {
        let multiples = 10u128.pow(digits) / u128::from(self.divisor.unwrap_or(1));
        self.avoided.is_empty() && multiples > count as u128
    }

    /// Does one of the numbers `value * 10^digits + w`, with w of so many digits, meet the conditions? Some w are taken.
    ///
    /// `digits` is below `ALWAYS`, and the value is known by its remainder.
    pub fn is_met_within(&self, value: u64, digits: u32, taken: &[u128]) -> bool {
        let Some(divisor) = self.divisor.map(u128::from) else {
            return true;
        };
        let (size, base) = self.shifted(value, digits);
        let mut end = (divisor - base % divisor) % divisor;
        while end < size {
            if self.avoids(base + end, &self.avoided) && !taken.contains(&end) {
                return true;
            }
            end += divisor;
        }
        false
    }

    /// The least w of so many digits, more than zero, with which `(value * 10^digits + w) * 10^zeros` meets the conditions.
    pub fn least_end(&self, value: u64, digits: u32, zeros: u32) -> Option<u128> {
        let divisor = self.divisor.map_or(1, |divisor| without_tens(divisor, zeros));
        let avoided: Vec<u64> = self.avoided.iter().map(|&a| without_tens(a, zeros)).collect();
        if avoided.iter().any(|a| divisor.is_multiple_of(*a)) {
            return None;
        }
        let divisor = u128::from(divisor);
        let (size, base) = self.shifted(value, digits);
        let mut end = divisor - base % divisor;
        while end < size {
            if self.avoids(base + end, &avoided) {
                return Some(end);
            }
            end += divisor;
        }
        None
    }

    /// `10^digits`, and the remainder of so many times the value.
    fn shifted(&self, value: u64, digits: u32) -> (u128, u128) {
        let (size, modulus) = (10u128.pow(digits), u128::from(self.modulus));
        (size, u128::from(value) * (size % modulus) % modulus)
    }

    fn avoids(&self, number: u128, avoided: &[u64]) -> bool {
        let remainder = (number % u128::from(self.modulus)) as u64;
        avoided.iter().all(|avoided| !remainder.is_multiple_of(*avoided))
    }
}

/// How many zeros make `value` a multiple when they are put after it; None when no number of them does.
fn zeros_to_divide(value: u64, divisor: u64) -> Option<i64> {
    let mut lacking = divisor / common_divisor(value, divisor);
    let twos = lacking.trailing_zeros();
    lacking >>= twos;
    let mut fives = 0;
    while lacking.is_multiple_of(5) {
        lacking /= 5;
        fives += 1;
    }
    (lacking == 1).then_some(i64::from(twos.max(fives)))
}

/// What must divide a number for `number` to divide it with so many zeros after it.
fn without_tens(mut number: u64, zeros: u32) -> u64 {
    for prime in [2, 5] {
        for _ in 0..zeros {
            if !number.is_multiple_of(prime) {
                break;
            }
            number /= prime;
        }
    }
    number
}

fn common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// None when it is out of bounds.
fn least_common(a: u64, b: u64) -> Option<u64> {
    (a / common_divisor(a, b)).checked_mul(b).filter(|&c| c <= MAX_MODULUS)
}
