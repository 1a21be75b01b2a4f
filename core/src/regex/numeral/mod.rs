//! JSON's numerals of the numbers that meet some conditions: an automaton whose states are made as a text reaches them.
//!
//! A number is spelled `-12.50e+3`, in any of infinitely many ways. What matters of the digits read is small: how they
//! compare with the digits of the ends, where the point stands, and what remainder they leave. With the digits done, the
//! exponents that make a number of the wanted ones form an interval, but for single numbers that are left out. So
//! whether a text can still become such a number is computed, never searched for.
//!
//! The states are without number, since `0.001e3` is 1 with any number of zeros. So a numeral is not to be intersected
//! with anything, nor complemented: all conditions go into its `Spec`.

pub mod division;
mod exponents;
mod mantissa;
mod shortest;
pub mod spec;

use std::sync::Arc;

use exponents::{Digits, Ranges};
use mantissa::{Mantissa, Shifts};
use spec::{Side, Spec};

use crate::form::SpellingForm;

/// What is left of a numeral: a state of the automaton. Each can be completed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Numeral {
    spec: Arc<Spec>,
    negative: bool,
    phase: Phase,
}

/// Where in the numeral.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Phase {
    Start,
    /// After the sign.
    Minus,
    /// After a leading zero, which no digit may follow.
    Zero,
    /// After the point behind it, where a digit must follow.
    ZeroPoint,
    /// After so many zeros behind that; 0 where nothing asks for their number.
    ZeroFraction(i64),
    /// After a digit of the whole part.
    Whole(Mantissa),
    /// After the point, where a digit must follow.
    Point(Mantissa),
    /// After a digit of the fraction.
    Fraction(Mantissa),
    /// After the `e`, with the exponents that are allowed.
    Exponent(Ranges),
    /// After the exponent's sign, where a digit must follow.
    ExponentSign(Digits),
    ExponentDigits(Digits),
}

use Phase::{
    Exponent, ExponentDigits, ExponentSign, Fraction, Minus, Point, Start, Whole, Zero, ZeroFraction, ZeroPoint,
};

impl Numeral {
    pub fn new(spec: Spec) -> Self {
        Numeral {
            spec: Arc::new(spec),
            negative: false,
            phase: Start,
        }
    }

    /// What is left after a byte; None when nothing can follow it.
    pub fn after(&self, byte: u8) -> Option<Self> {
        let phase = match byte {
            b'0'..=b'9' => self.after_digit(byte - b'0')?,
            b'.' if self.spec.spelling != SpellingForm::Whole => self.after_point()?,
            b'e' | b'E' if self.spec.spelling.has_exponent() => self.after_mantissa()?,
            b'+' | b'-' => self.after_sign(byte == b'-')?,
            _ => return None,
        };
        let negative = match phase {
            Minus => true,
            // the sign has done its part
            Exponent(_) | ExponentSign(_) | ExponentDigits(_) => false,
            _ => self.negative && !self.spec.symmetric,
        };
        let spec = self.spec.clone();
        let after = Numeral { spec, negative, phase };
        after.is_live().then_some(after)
    }

    fn side(&self) -> Option<&Side> {
        self.spec.side(self.negative)
    }

    fn after_digit(&self, digit: u8) -> Option<Phase> {
        let in_fraction = matches!(self.phase, ZeroPoint | ZeroFraction(_) | Point(_) | Fraction(_));
        Some(match &self.phase {
            Start | Minus if digit == 0 => match (&self.phase, self.spec.spelling) {
                (Minus, SpellingForm::Whole) => return None,
                _ => Zero,
            },
            Start | Minus => Whole(Mantissa::new(digit, None, self.side()?, &self.spec)),
            ZeroPoint | ZeroFraction(_) => {
                let zeros = if let ZeroFraction(zeros) = self.phase { zeros } else { 0 };
                let counts = |side: &Side| side.has_marks() || self.spec.division.is_some();
                match digit {
                    0 if self.side().is_some_and(counts) => ZeroFraction(zeros + 1),
                    0 => ZeroFraction(0),
                    _ => Fraction(Mantissa::new(digit, Some(zeros), self.side()?, &self.spec)),
                }
            }
            Whole(mantissa) | Point(mantissa) | Fraction(mantissa) => {
                let longer = mantissa.after(digit, in_fraction, self.side()?, &self.spec);
                if in_fraction { Fraction(longer) } else { Whole(longer) }
            }
            Exponent(allowed) => ExponentDigits(Digits::new(exponents::amounts(allowed, false)).after(digit)?),
            ExponentSign(digits) | ExponentDigits(digits) => ExponentDigits(digits.after(digit)?),
            Zero => return None,
        })
    }

    fn after_point(&self) -> Option<Phase> {
        match self.phase {
            Zero => Some(ZeroPoint),
            Whole(mantissa) => Some(Point(mantissa)),
            _ => None,
        }
    }

    fn after_mantissa(&self) -> Option<Phase> {
        self.exponents().filter(|allowed| !allowed.is_empty()).map(Exponent)
    }

    /// The exponents that may follow the digits as they stand.
    fn exponents(&self) -> Option<Ranges> {
        match &self.phase {
            Zero | ZeroFraction(_) if self.spec.zero => Some(exponents::all()),
            Whole(mantissa) | Fraction(mantissa) => Some(mantissa.exponents(self.side()?, &self.spec)),
            _ => None,
        }
    }

    fn after_sign(&self, minus: bool) -> Option<Phase> {
        match &self.phase {
            Start if minus => Some(Minus),
            Exponent(allowed) => {
                let amounts = exponents::amounts(allowed, minus);
                (!amounts.is_empty()).then(|| ExponentSign(Digits::new(amounts)))
            }
            _ => None,
        }
    }

    /// Can it be completed?
    fn is_live(&self) -> bool {
        let spec = &self.spec;
        let signed_zero = spec.zero && spec.spelling != SpellingForm::Whole;
        match &self.phase {
            Start | Exponent(_) | ExponentSign(_) | ExponentDigits(_) => true,
            Minus => signed_zero || self.side().is_some(),
            Zero | ZeroPoint => spec.zero || self.has_small(0),
            ZeroFraction(zeros) => spec.zero || self.has_small(*zeros),
            Whole(mantissa) | Point(mantissa) | Fraction(mantissa) => self
                .side()
                .is_some_and(|side| mantissa.is_live(side, spec, self.shifts())),
        }
    }

    /// How the point may still be moved.
    fn shifts(&self) -> Shifts {
        mantissa::shifts(self.spec.spelling, matches!(self.phase, Point(_) | Fraction(_)))
    }

    /// Can a numeral that begins with so many zeros after the point be of a number that is not zero?
    fn has_small(&self, zeros: i64) -> bool {
        let small = |side: &Side| side.least.is_none_or(|scale| scale <= -zeros);
        match self.spec.spelling {
            SpellingForm::Any | SpellingForm::Broken => self.side().is_some(),
            SpellingForm::Plain => self.side().is_some_and(small),
            SpellingForm::Whole => false,
        }
    }

    /// Is the numeral complete?
    pub fn nullable(&self) -> bool {
        match &self.phase {
            ExponentDigits(digits) => digits.nullable(),
            Zero | Whole(_) if self.spec.spelling == SpellingForm::Broken => false,
            _ => self.exponents().is_some_and(|allowed| exponents::contains(&allowed, 0)),
        }
    }

    /// The bytes that may come next, with what is left after them.
    pub fn arms(&self) -> impl Iterator<Item = (u8, Self)> {
        b"+-.0123456789Ee"
            .iter()
            .filter_map(|&byte| Some((byte, self.after(byte)?)))
    }

    /// The state in words of a name: the conditions, then different numbers for different states.
    pub fn name(&self) -> (u128, Vec<u32>) {
        let mut numbers = vec![u32::from(self.negative)];
        let add = |numbers: &mut Vec<u32>, number: i64| numbers.extend([number as u32, (number >> 32) as u32]);
        let phase = match &self.phase {
            Start => 0,
            Minus => 1,
            Zero => 2,
            ZeroPoint => 3,
            ZeroFraction(_) => 4,
            Whole(_) => 5,
            Point(_) => 6,
            Fraction(_) => 7,
            Exponent(_) => 8,
            ExponentSign(_) => 9,
            ExponentDigits(_) => 10,
        };
        numbers.push(phase);
        match &self.phase {
            ZeroFraction(zeros) => add(&mut numbers, *zeros),
            Whole(mantissa) | Point(mantissa) | Fraction(mantissa) => {
                mantissa.numbers().iter().for_each(|&number| add(&mut numbers, number));
            }
            Exponent(allowed) => allowed
                .iter()
                .flat_map(|&(a, b)| [a, b])
                .for_each(|n| add(&mut numbers, n)),
            ExponentSign(digits) | ExponentDigits(digits) => digits.numbers().for_each(|n| add(&mut numbers, n)),
            Start | Minus | Zero | ZeroPoint => {}
        }
        (self.spec.name(), numbers)
    }
}

#[cfg(test)]
mod tests;
