//! Numerals of the multiples of a number: an automaton whose states are values, made as a text reaches them.
//!
//! After some digits of a numeral, all that matters of the number they spell is its remainder. A divisor of a million
//! has a million remainders, and none is looked at that isn't reached. A divisor with a fraction, `p / 10^k`, divides
//! the numbers whose digits, k of the fraction's included and without the point, spell a multiple of p.

/// Divisors are no larger: the product of a remainder and `10^MAX_PLACES` must fit into 128 bits.
pub const MAX_DIVISOR: u64 = 1_000_000_000_000_000_000;
/// Digits that a divisor may have after the point.
pub const MAX_PLACES: u8 = 18;

/// What is left of a numeral: a state of the automaton.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Multiple {
    /// p: positive.
    divisor: u64,
    /// Of the number that the digits so far spell, by p.
    remainder: u64,
    place: Place,
}

/// Where in the numeral. A number is k, or how many of the k digits are still to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Place {
    /// Before the sign; None for integers, which have no fraction and no negative zero.
    Start(Option<u8>),
    /// After the sign.
    Negative(Option<u8>),
    /// After a leading zero, which no digit may follow.
    Zero(Option<u8>),
    /// After a digit of the whole part.
    Whole(Option<u8>),
    /// After the point, where a digit must follow.
    Point(u8),
    /// After a digit of the fraction. When no more count, the others must be zeros.
    Fraction(u8),
}

use Place::{Fraction, Negative, Point, Start, Whole, Zero};

impl Multiple {
    /// The state as plain numbers, different for different ones.
    pub fn numbers(&self) -> [u32; 6] {
        let (tag, count) = match self.place {
            Start(count) => (0, count),
            Negative(count) => (1, count),
            Zero(count) => (2, count),
            Whole(count) => (3, count),
            Point(count) => (4, Some(count)),
            Fraction(count) => (5, Some(count)),
        };
        let halves = |number: u64| [number as u32, (number >> 32) as u32];
        let ([a, b], [c, d]) = (halves(self.divisor), halves(self.remainder));
        [a, b, c, d, tag, count.map_or(u32::MAX, u32::from)]
    }

    /// JSON's numerals of the multiples of `divisor / 10^places`: no exponent, any zeros at the end of the fraction;
    /// without `places`, no fraction and no negative zero either.
    ///
    /// The divisor must be within `1..=MAX_DIVISOR`, the places within `0..=MAX_PLACES`.
    pub fn numerals(divisor: u64, places: Option<u8>) -> Self {
        Multiple {
            divisor,
            remainder: 0,
            place: Start(places),
        }
    }

    /// What is left after a byte; None when nothing can follow it.
    ///
    /// The language is never empty: n digits after those of a whole part spell 10^n consecutive numbers, of which one
    /// is a multiple once 10^n has come up to the divisor. In the fraction it is looked up.
    pub fn after(self, byte: u8) -> Option<Self> {
        let digit = match byte {
            b'0'..=b'9' => u64::from(byte - b'0'),
            b'.' => {
                let (Zero(Some(places)) | Whole(Some(places))) = self.place else {
                    return None;
                };
                return Multiple {
                    place: Point(places),
                    ..self
                }
                .completable();
            }
            b'-' => {
                let Start(places) = self.place else {
                    return None;
                };
                return Some(Multiple {
                    place: Negative(places),
                    ..self
                });
            }
            _ => return None,
        };
        let place = match self.place {
            Negative(None) if digit == 0 => return None,
            Start(places) | Negative(places) if digit == 0 => Zero(places),
            Start(places) | Negative(places) | Whole(places) => Whole(places),
            Zero(_) => return None,
            Point(0) | Fraction(0) if digit == 0 => Fraction(0),
            Point(0) | Fraction(0) => return None,
            Point(left) | Fraction(left) => Fraction(left - 1),
        };
        let remainder = match self.place {
            Point(0) | Fraction(0) => self.remainder,
            // below 10^19, which is below 2^64
            _ => (self.remainder * 10 + digit) % self.divisor,
        };
        Multiple {
            remainder,
            place,
            ..self
        }
        .completable()
    }

    fn completable(self) -> Option<Self> {
        match self.place {
            Point(left) | Fraction(left) => self.least(left, 0).map(|_| self),
            _ => Some(self),
        }
    }

    /// Is the numeral complete?
    pub fn nullable(self) -> bool {
        match self.place {
            Start(_) | Negative(_) | Point(_) => false,
            Zero(_) => true,
            Whole(None) => self.remainder == 0,
            Whole(Some(left)) | Fraction(left) => self.least(0, left).is_some(),
        }
    }

    /// The bytes that may come next, with what is left after them.
    pub fn arms(self) -> impl Iterator<Item = (u8, Self)> {
        (b'-'..=b'9').filter_map(move |byte| Some((byte, self.after(byte)?)))
    }

    /// A shortest string.
    pub fn shortest(self) -> Vec<u8> {
        // without bounds there is always one
        self.shortest_within(0, u32::MAX).unwrap_or_default()
    }

    /// Is there a string of which between so many digits belong to the whole part?
    pub fn exists_within(self, minimum: u32, maximum: u32) -> bool {
        match self.place {
            // where few digits do, more do as well: with zeros at the end
            Whole(places) if minimum <= maximum => {
                let digits = maximum.saturating_add(u32::from(places.unwrap_or(0)));
                digits >= u32::from(MAX_PLACES) || self.least(digits as u8, 0).is_some()
            }
            Point(_) | Fraction(_) => true,
            _ => self.shortest_within(minimum, maximum).is_some(),
        }
    }

    /// A shortest string of which between so many digits belong to the whole part; in the fraction it's as if there
    /// were no bounds. None when there is none.
    pub fn shortest_within(self, minimum: u32, maximum: u32) -> Option<Vec<u8>> {
        match self.place {
            Start(_) | Negative(Some(_)) if minimum <= 1 && maximum >= 1 => Some(b"0".to_vec()),
            Start(_) | Negative(_) => (b'1'..=b'9')
                .filter_map(|first| {
                    let rest = self.after(first)?;
                    let rest = rest.shortest_within(minimum.saturating_sub(1), maximum.checked_sub(1)?)?;
                    Some([&[first], &rest[..]].concat())
                })
                .min_by_key(Vec::len),
            Zero(_) => (minimum == 0).then(Vec::new),
            Whole(_) if minimum > u32::from(MAX_PLACES) => {
                // that many digits are enough for anything
                let zeros = minimum - u32::from(MAX_PLACES);
                let after = (0..zeros).try_fold(self, |state, _| state.after(b'0'))?;
                let rest = after.shortest_within(u32::from(MAX_PLACES), maximum - zeros)?;
                Some([&vec![b'0'; zeros as usize][..], &rest[..]].concat())
            }
            Whole(places) => {
                let counted = places.unwrap_or(0);
                let maximum = maximum.min(u32::from(MAX_PLACES)) as u8;
                let mut best: Option<Vec<u8>> = None;
                for whole in minimum as u8..=maximum {
                    for fraction in 0..=counted {
                        let length = usize::from(whole) + usize::from(fraction) + usize::from(fraction > 0);
                        if best.as_ref().is_some_and(|best| best.len() <= length) {
                            break;
                        }
                        // more digits than any divisor needs are worse than fewer
                        let digits = whole + fraction;
                        if digits > MAX_PLACES {
                            break;
                        }
                        if let Some(value) = self.least(digits, counted - fraction) {
                            let mut text = spelled(value, digits);
                            if fraction > 0 {
                                text.insert(usize::from(whole), b'.');
                            }
                            best = Some(text);
                        }
                    }
                }
                best
            }
            Point(0) => Some(b"0".to_vec()),
            Point(left) => (1..=left).find_map(|digits| self.ending(digits, left)),
            Fraction(left) => (0..=left).find_map(|digits| self.ending(digits, left)),
        }
    }

    /// The least end of so many digits, of those left.
    fn ending(self, digits: u8, left: u8) -> Option<Vec<u8>> {
        Some(spelled(self.least(digits, left - digits)?, digits))
    }

    /// Is the point still to come, if any?
    pub fn is_whole(self) -> bool {
        matches!(self.place, Start(_) | Negative(_) | Zero(_) | Whole(_))
    }

    /// May a fraction follow?
    pub fn may_have_point(self) -> bool {
        matches!(
            self.place,
            Start(Some(_)) | Negative(Some(_)) | Zero(Some(_)) | Whole(Some(_))
        )
    }

    /// Has a digit come since the point?
    pub fn is_fraction(self) -> bool {
        matches!(self.place, Fraction(_))
    }

    /// The least w of so many digits that makes `(remainder * 10^digits + w) * 10^zeros` a multiple of the divisor.
    fn least(self, digits: u8, zeros: u8) -> Option<u64> {
        let divisor = u128::from(self.divisor);
        let divisor = divisor / common_divisor(power_of_ten(zeros), divisor);
        let size = power_of_ten(digits);
        let above = u128::from(self.remainder) * size % divisor;
        let value = if above == 0 { 0 } else { divisor - above };
        (value < size).then_some(value as u64)
    }
}

/// With so many digits.
fn spelled(value: u64, digits: u8) -> Vec<u8> {
    match digits {
        0 => Vec::new(),
        digits => format!("{value:0>width$}", width = usize::from(digits)).into_bytes(),
    }
}

fn power_of_ten(exponent: u8) -> u128 {
    10u128.pow(u32::from(exponent))
}

fn common_divisor(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every text of digits, points and signs, up to a length.
    fn texts(length: usize) -> Vec<String> {
        let mut found = vec![String::new()];
        let mut first = 0;
        for _ in 0..length {
            let last = found.len();
            for index in first..last {
                let longer: Vec<String> = "0123456789.-".chars().map(|c| format!("{}{c}", found[index])).collect();
                found.extend(longer);
            }
            first = last;
        }
        found
    }

    /// By the definition, in units of 10^-10.
    fn is_multiple(text: &str, divisor: u64, places: Option<u8>) -> bool {
        if let Some(text) = text.strip_prefix('-') {
            return !text.starts_with('-') && (text != "0" || places.is_some()) && is_multiple(text, divisor, places);
        }
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let is_numeral = !whole.is_empty()
            && !fraction.is_empty()
            && !fraction.contains('.')
            && !text.contains('-')
            && (whole == "0" || !whole.starts_with('0'))
            && (places.is_some() || !text.contains('.'));
        let units = || format!("{whole}{fraction:0<10}").parse::<u128>().unwrap();
        let unit = power_of_ten(10 - places.unwrap_or(0)) * u128::from(divisor);
        is_numeral && units() % unit == 0
    }

    const CASES: [(u64, Option<u8>); 14] = [
        (1, None),
        (3, None),
        (8, None),
        (97, None),
        (999, None),
        (1, Some(0)),
        (7, Some(0)),
        (1, Some(1)),
        (5, Some(1)),
        (25, Some(2)),
        (15, Some(1)),
        (123, Some(2)),
        (375, Some(3)),
        (2_000, Some(2)),
    ];

    fn read(divisor: u64, places: Option<u8>, text: &str) -> Option<Multiple> {
        let start = Multiple::numerals(divisor, places);
        text.bytes().try_fold(start, |state, byte| state.after(byte))
    }

    #[test]
    fn every_short_numeral_is_judged_by_arithmetic() {
        let texts = texts(4);
        for (divisor, places) in CASES {
            for text in &texts {
                let found = read(divisor, places, text).is_some_and(|state| state.nullable());
                assert_eq!(
                    found,
                    is_multiple(text, divisor, places),
                    "{text} by {divisor}, {places:?}"
                );
            }
        }
    }

    #[test]
    fn what_is_left_has_a_shortest_end() {
        let texts = texts(3);
        for (divisor, places) in CASES {
            for text in &texts {
                let Some(state) = read(divisor, places, text) else {
                    // no end of up to two bytes makes up for it
                    let ends = texts.iter().take(157);
                    assert!(
                        ends.into_iter()
                            .all(|end| !is_multiple(&format!("{text}{end}"), divisor, places))
                    );
                    continue;
                };
                let end = String::from_utf8(state.shortest()).unwrap();
                assert!(is_multiple(&format!("{text}{end}"), divisor, places), "{text}{end}");
                let mut shorter = texts.iter().filter(|other| other.len() < end.len());
                assert!(shorter.all(|other| !is_multiple(&format!("{text}{other}"), divisor, places)));
            }
        }
    }

    #[test]
    fn the_largest_divisors_fit() {
        for divisor in [MAX_DIVISOR, MAX_DIVISOR - 1] {
            let text = (3 * u128::from(divisor)).to_string();
            assert!(read(divisor, None, &text).is_some_and(Multiple::nullable));
            assert!(!read(divisor, None, &format!("{text}1")).is_some_and(Multiple::nullable));
            for places in [None, Some(0), Some(MAX_PLACES)] {
                let state = read(divisor, places, "987654321987654321").unwrap();
                let end = String::from_utf8(state.shortest()).unwrap();
                assert!(read(divisor, places, &format!("987654321987654321{end}")).is_some_and(Multiple::nullable));
            }
        }
    }
}
