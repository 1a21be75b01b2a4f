//! Shortest ends of numerals: through the digits of the marks, and past them by arithmetic.
//!
//! An end is: some digits, a move of the point, perhaps an exponent. Where the digits begin no mark any more, of each
//! number of further digits only the least that leave the right remainder are looked at.

use std::collections::VecDeque;
use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::exponents::{self, Digits, ENDLESS, within};
use super::mantissa::{Mantissa, Shifts};
use super::spec::Side;
use super::{Exponent, ExponentDigits, ExponentSign, Fraction, Minus, Numeral, Point, Start, Whole, Zero};
use crate::form::SpellingForm;

/// More digits than these are never needed for a remainder.
const MOST_DIGITS: u32 = 36;
/// With more zeros behind it a number has no other divisors among those there are.
const MOST_ZEROS: i64 = 61;

impl Numeral {
    /// A shortest string.
    pub fn shortest(&self) -> Vec<u8> {
        if self.spec.spelling != SpellingForm::Broken {
            return self.shortest_end();
        }
        // as if any spelling would do; without a fraction or an exponent it gets one that changes nothing
        let spec = Arc::new(self.spec.respelled(SpellingForm::Any));
        let mut text = Numeral { spec, ..self.clone() }.shortest_end();
        let whole = matches!(self.phase, Start | Minus | Zero | Whole(_));
        if whole && !text.iter().any(|byte| b".eE".contains(byte)) {
            text.extend(b"e0");
        }
        text
    }

    fn shortest_end(&self) -> Vec<u8> {
        let mut best: Option<Vec<u8>> = None;
        let mut seen = FxHashSet::from_iter([self.clone()]);
        let mut queue = VecDeque::from([(self.clone(), Vec::new())]);
        while let Some((state, text)) = queue.pop_front() {
            if best.as_ref().is_some_and(|best| best.len() <= text.len()) {
                break;
            }
            if state.nullable() {
                best = Some(text);
                break;
            }
            if let Some(end) = state.end() {
                let whole = [&text[..], &end].concat();
                best = [best, Some(whole)].into_iter().flatten().min_by_key(Vec::len);
                continue;
            }
            for (byte, after) in state.arms() {
                if seen.insert(after.clone()) {
                    queue.push_back((after, [&text[..], &[byte]].concat()));
                }
            }
        }
        // every state can be completed
        best.unwrap_or_default()
    }

    /// A shortest end, where something other than zeros has been read.
    fn end(&self) -> Option<Vec<u8>> {
        match &self.phase {
            Whole(mantissa) | Point(mantissa) | Fraction(mantissa) => self.end_of(mantissa, self.side()?),
            Exponent(allowed) => exponents::shortest(allowed).map(|text| match text.strip_prefix(b"e") {
                Some(rest) => rest.to_vec(),
                None => b"0".to_vec(),
            }),
            ExponentSign(digits) => at_least_one(digits),
            ExponentDigits(digits) => digits.shortest(),
            _ => None,
        }
    }

    /// Breadth first through digits, as if the point came after all of them or had come before: `written` moves it.
    fn end_of(&self, start: &Mantissa, side: &Side) -> Option<Vec<u8>> {
        let in_fraction = !matches!(self.phase, Whole(_));
        let mut best: Option<Vec<u8>> = None;
        let mut queue = VecDeque::from([(*start, Vec::new())]);
        while let Some((mantissa, digits)) = queue.pop_front() {
            if best.as_ref().is_some_and(|best| best.len() <= digits.len()) {
                break;
            }
            let mut known = best.as_ref().map_or(usize::MAX, Vec::len);
            let passed = if in_fraction { 0 } else { digits.len() as i64 };
            let mut offer = |more: &[u8], (low, high): Shifts| {
                let text = self.written(&[&digits, more].concat(), (low + passed, high + passed));
                best = [best.take(), text].into_iter().flatten().min_by_key(Vec::len);
                best.as_ref().map_or(usize::MAX, Vec::len)
            };
            for &shifts in &mantissa.exponents(side, &self.spec) {
                known = offer(&[], shifts);
            }
            if mantissa.is_clear() {
                self.offer_remainders(&mantissa, side, digits.len(), known, offer);
                continue;
            }
            for digit in 0..10 {
                let after = mantissa.after(digit, in_fraction, side, &self.spec);
                if after.is_live(side, &self.spec, (-ENDLESS, ENDLESS)) {
                    queue.push_back((after, [&digits[..], &[b'0' + digit]].concat()));
                }
            }
        }
        best
    }

    /// Offers digits after which divisors are content, with the shifts that go with them, as long as that can be of use:
    /// `offer` tells the length of what is best so far, as `best` does, and there are digits `before` these.
    fn offer_remainders(
        &self,
        mantissa: &Mantissa,
        side: &Side,
        before: usize,
        mut best: usize,
        mut offer: impl FnMut(&[u8], Shifts) -> usize,
    ) {
        let Some(division) = &self.spec.division else {
            return;
        };
        let (first, last) = mantissa.shifts_between(side);
        for digits in 1..=MOST_DIGITS {
            if best <= before + digits as usize {
                break;
            }
            // the shift that puts the last of the digits just before where a division's units begin
            let unit = i64::from(digits) - i64::from(division.places) + mantissa.fraction;
            let mut offer_end = |end: Option<u128>, low: i64, high: i64| {
                let shifts = (low.max(first), high.min(last));
                if let Some(end) = end
                    && shifts.0 <= shifts.1
                {
                    best = offer(format!("{end:0>width$}", width = digits as usize).as_bytes(), shifts);
                }
            };
            let least = |zeros: i64| division.least_end(mantissa.remainder, digits, zeros as u32);
            if division.divisor.is_none() {
                // finer than all that is to be avoided
                offer_end(Some(1), -ENDLESS, unit - 1);
            }
            for zeros in 0..MOST_ZEROS {
                if first <= unit + zeros && unit + zeros <= last {
                    offer_end(least(zeros), unit + zeros, unit + zeros);
                }
            }
            offer_end(least(MOST_ZEROS), unit + MOST_ZEROS, ENDLESS);
        }
    }

    /// The shortest text that adds some digits and moves the point by one of some shifts, as seen from before the digits.
    fn written(&self, digits: &[u8], (low, high): Shifts) -> Option<Vec<u8>> {
        let count = digits.len() as i64;
        if !matches!(self.phase, Whole(_)) {
            let needed = matches!(self.phase, Point(_)) && digits.is_empty();
            let digits = if needed { &b"0"[..] } else { digits };
            return self.with_exponent(digits, (low, high));
        }
        // from here on as seen from after the digits
        let (low, high) = ((low - count).max(-ENDLESS), (high - count).min(ENDLESS));
        let with_exponent = self.with_exponent(digits, (low, high));
        let moved = match (low, high) {
            (1.., _) if low <= MOST_ZEROS || !self.spec.spelling.has_exponent() => {
                Some([digits, &vec![b'0'; low as usize]].concat())
            }
            (_, ..=-1) if -high <= count && self.spec.spelling != SpellingForm::Whole => {
                let (whole, fraction) = digits.split_at((count + high) as usize);
                Some([whole, b".", fraction].concat())
            }
            _ => None,
        };
        [with_exponent, moved].into_iter().flatten().min_by_key(Vec::len)
    }

    fn with_exponent(&self, digits: &[u8], (low, high): Shifts) -> Option<Vec<u8>> {
        let allowed = match self.spec.spelling {
            SpellingForm::Any | SpellingForm::Broken => within(&[(low, high)], -ENDLESS, ENDLESS),
            _ => within(&[(low, high)], 0, 0),
        };
        Some([digits, &exponents::shortest(&allowed)?].concat())
    }
}

fn at_least_one(digits: &Digits) -> Option<Vec<u8>> {
    digits
        .shortest()
        .map(|text| if text.is_empty() { b"0".to_vec() } else { text })
}
