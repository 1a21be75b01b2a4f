//! The digits of a number that is not zero, as far as they still matter: where they stand among the digits of the
//! ends, where the point is, and what remainder they leave.
//!
//! A mantissa stands for all numbers that begin with its digits, at any place of the point that can still be reached.
//! Whether one of them is wanted is decided by the first digit's place in the number: at most places all of the numbers
//! lie between the ends, or none, and with the digits of an end they have that end among them.

use std::cmp::Ordering;

use smallvec::SmallVec;

use super::division::{ALWAYS, Division};
use super::exponents::{ENDLESS, Ranges, within, without};
use super::spec::{End, Side, Spec};
use crate::form::SpellingForm;

/// Numbers that a shift of the point may be: from the point as it stands, upwards.
pub type Shifts = (i64, i64);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Mantissa {
    /// The marks that begin with the digits; those before are less, those after are more.
    from: u32,
    to: u32,
    /// The number is `0.d1d2d3... * 10^scale`. 0 where nothing asks for it.
    scale: i64,
    /// Digits after the point. 0 where nothing asks for it.
    pub(super) fraction: i64,
    /// The digits without zeros at their end, as a remainder, and the power of ten they are to be multiplied with, in the
    /// division's units.
    unit: u64,
    power: i64,
    /// All of the digits, as a remainder.
    pub(super) remainder: u64,
}

impl Mantissa {
    /// One digit, not zero: `zeros` after the point stand before it, or None in the whole part.
    pub fn new(digit: u8, zeros: Option<i64>, side: &Side, spec: &Spec) -> Self {
        let start = Mantissa {
            from: 0,
            to: side.marks.len() as u32,
            scale: zeros.map_or(0, |zeros| -zeros),
            fraction: zeros.unwrap_or(0),
            unit: 0,
            power: 0,
            remainder: 0,
        };
        start.after(digit, zeros.is_some(), side, spec)
    }

    /// With one more digit.
    pub fn after(mut self, digit: u8, in_fraction: bool, side: &Side, spec: &Spec) -> Self {
        if self.from < self.to {
            let length = self.length();
            let digit_of = |mark: &[u8]| mark.get(length).map_or(0, |digit| digit - b'0');
            let marks = &side.marks[self.from as usize..self.to as usize];
            let below = marks.partition_point(|mark| digit_of(mark) < digit);
            let among = marks.partition_point(|mark| digit_of(mark) <= digit);
            (self.from, self.to) = (self.from + below as u32, self.from + among as u32);
        }
        if in_fraction {
            self.fraction += 1;
        } else if side.has_marks() {
            self.scale += 1;
        }
        match &spec.division {
            Some(division) => {
                let longer = u128::from(self.remainder) * 10 + u128::from(digit);
                self.remainder = (longer % u128::from(division.modulus)) as u64;
                if digit != 0 {
                    self.unit = self.remainder;
                    self.power = i64::from(division.places) - self.fraction;
                } else if !in_fraction {
                    self.power += 1;
                }
            }
            None if self.from == self.to => self.fraction = 0,
            None => {}
        }
        if !side.has_marks() {
            self.scale = 0;
        }
        self
    }

    /// Number of digits, where marks begin with them.
    fn length(&self) -> usize {
        (self.scale + self.fraction) as usize
    }

    fn begins(&self, mark: u32) -> bool {
        self.from <= mark && mark < self.to
    }

    /// Different for different ones.
    pub fn numbers(&self) -> [i64; 7] {
        let [from, to] = [self.from, self.to].map(i64::from);
        let [unit, remainder] = [self.unit, self.remainder].map(|number| number as i64);
        [from, to, self.scale, self.fraction, unit, self.power, remainder]
    }

    /// Does nothing ask for more digits than their number?
    pub fn is_clear(&self) -> bool {
        self.from == self.to
    }

    /// The digits beside a mark's, all of them.
    fn order(&self, mark: u32, side: &Side) -> Ordering {
        if mark < self.from {
            Ordering::Greater
        } else if mark >= self.to || side.marks[mark as usize].len() > self.length() {
            Ordering::Less
        } else {
            Ordering::Equal
        }
    }

    /// The exponents that make it a number that is wanted.
    pub fn exponents(&self, side: &Side, spec: &Spec) -> Ranges {
        // of the marks that begin with the digits, the first is the one that has no more of them
        let equal = match !self.is_clear() && self.order(self.from, side) == Ordering::Equal {
            true => side.listed_of(self.from, self.from + 1),
            false => &[],
        };
        let equal = equal.iter().map(|&(_, scale)| scale - self.scale);
        if side.only_listed {
            return equal.map(|shift| (shift, shift)).collect();
        }
        let (mut low, mut high) = (-ENDLESS, ENDLESS);
        if let Some(end) = side.low {
            let order = self.order(end.mark, side);
            let below = order == Ordering::Less || (order == Ordering::Equal && end.strict);
            low = self.shift(end) + i64::from(below);
        }
        if let Some(end) = side.high {
            let order = self.order(end.mark, side);
            let above = order == Ordering::Greater || (order == Ordering::Equal && end.strict);
            high = self.shift(end) - i64::from(above);
        }
        if let Some(division) = &spec.division {
            let (least, most) = division.exponents(self.unit);
            low = low.max(least.saturating_sub(self.power));
            high = high.min(most.saturating_sub(self.power));
        }
        let allowed = within(&[(low, high)], -ENDLESS, ENDLESS);
        equal.fold(allowed, |allowed, shift| without(&allowed, shift))
    }

    /// The shift of the point that brings the digits to an end's place.
    fn shift(&self, end: End) -> i64 {
        end.scale - self.scale
    }

    /// The shifts with which all numbers that begin with the digits lie between the ends.
    pub fn shifts_between(&self, side: &Side) -> Shifts {
        let low = side
            .low
            .map_or(-ENDLESS, |end| self.shift(end) + i64::from(end.mark >= self.from));
        let high = side
            .high
            .map_or(ENDLESS, |end| self.shift(end) - i64::from(end.mark < self.to));
        (low, high)
    }

    /// Is one of the numbers that begin with the digits wanted, at one of some shifts?
    pub fn is_live(&self, side: &Side, spec: &Spec, shifts: Shifts) -> bool {
        if side.only_listed {
            return self.from < self.to;
        }
        match &spec.division {
            Some(division) if division.divisor.is_some() => self.has_multiple(side, spec, division, shifts),
            _ => self.has_decimal(side, shifts),
        }
    }

    /// Any interval has a decimal that is wanted, and an end that isn't strict is one.
    fn has_decimal(&self, side: &Side, (least, most): Shifts) -> bool {
        let low = side
            .low
            .map_or(-ENDLESS, |end| self.shift(end) + i64::from(end.mark >= self.to));
        let high = side.high.map_or(ENDLESS, |end| {
            let order = self.order(end.mark, side);
            let below = order == Ordering::Less || (order == Ordering::Equal && !end.strict);
            self.shift(end) - i64::from(!below)
        });
        low.max(least) <= high.min(most)
    }

    fn has_multiple(&self, side: &Side, spec: &Spec, division: &Division, (least, most): Shifts) -> bool {
        // ends are multiples
        let is_end = |end: &End| self.begins(end.mark) && (least..=most).contains(&self.shift(*end));
        if [side.low, side.high].iter().flatten().any(is_end) {
            return true;
        }
        if !within(&self.exponents(side, spec), least, most).is_empty() {
            return true;
        }
        let between = self.shifts_between(side);
        let (first, last) = (between.0.max(least), between.1.min(most));
        // with a shift by s, so many digits follow that count
        let point = i64::from(division.places) - self.fraction;
        if first > last || last + point >= ALWAYS {
            return first <= last;
        }
        let listed = side.listed_of(self.from, self.to);
        ((first + point).max(1)..=last + point).rev().any(|digits| {
            if division.has_more_than(listed.len(), digits as u32) {
                return true;
            }
            let scale = digits - point + self.scale;
            let taken = listed.iter().filter(|&&(_, other)| other == scale);
            let taken: SmallVec<[u128; 8]> = taken.filter_map(|&(mark, _)| self.end(mark, digits, side)).collect();
            division.is_met_within(self.remainder, digits as u32, &taken)
        })
    }

    /// What so many digits after these spell in a mark; None when it has more of them.
    fn end(&self, mark: u32, digits: i64, side: &Side) -> Option<u128> {
        let more = side.marks[mark as usize].get(self.length()..).unwrap_or_default();
        let zeros = usize::try_from(digits).ok()?.checked_sub(more.len())?;
        let value = more
            .iter()
            .fold(0, |value, digit| value * 10 + u128::from(digit - b'0'));
        Some(value * 10u128.pow(zeros as u32))
    }
}

/// How the point may still be moved in the whole part, or after the point.
pub fn shifts(spelling: SpellingForm, after_point: bool) -> Shifts {
    match (spelling, after_point) {
        (SpellingForm::Any | SpellingForm::Broken, _) => (-ENDLESS, ENDLESS),
        (_, false) => (0, ENDLESS),
        (_, true) => (0, 0),
    }
}
