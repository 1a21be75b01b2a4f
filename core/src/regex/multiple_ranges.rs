//! Emptiness of multiples between bounds: decided by arithmetic instead of by searching.
//!
//! A search through derivatives of `multiples & P` looks at up to as many states as the divisor has remainders. But P,
//! an interval of numbers, soon is "any digits, so many of them": then the question is whether there is a multiple
//! among the consecutive numbers that they spell. Up to there P has few states, and only those are walked.

use std::collections::VecDeque;

use rustc_hash::FxHashSet;

use super::derivative::Derivatives;
use super::expression::{ANY, Arm, EPSILON, Expression, ExpressionId, UNBOUNDED};
use super::multiple::Multiple;
use crate::error::Result;

/// States looked at before this is given up.
const MAX_STATES: usize = 4_096;
/// More digits than this are not counted one by one.
const MAX_DIGITS: u32 = 4_096;

/// What P may be for a multiple in it to be looked up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shapes {
    digit: ExpressionId,
    /// `(\.[0-9]+)?`
    fraction: ExpressionId,
}

impl Derivatives {
    /// Is the intersection not empty? None when it is no interval of multiples.
    pub(super) fn is_live_by_remainders(&mut self, id: ExpressionId) -> Result<Option<bool>> {
        let found = self.multiple_within(id, true)?;
        Ok(found.map(|text| text.is_some()))
    }

    /// A shortest string of the intersection, if it has any. None when it is no interval of multiples.
    pub(super) fn shortest_by_remainders(&mut self, id: ExpressionId) -> Result<Option<Option<Vec<u8>>>> {
        self.multiple_within(id, false)
    }

    /// The expression as `multiple & rest`.
    pub fn as_multiple(&mut self, id: ExpressionId) -> Result<Option<(Multiple, ExpressionId)>> {
        let parts = match self.expressions.node(id) {
            Expression::Multiple(state) => return Ok(Some((*state, ANY))),
            Expression::Intersection(parts) => parts,
            _ => return Ok(None),
        };
        let state = parts.iter().find_map(|&part| match *self.expressions.node(part) {
            Expression::Multiple(state) => Some((part, state)),
            _ => None,
        });
        let Some((multiple, state)) = state else {
            return Ok(None);
        };
        let others: Vec<ExpressionId> = parts.iter().copied().filter(|&part| part != multiple).collect();
        let rest = self.expressions.intersection(&others)?;
        Ok(Some((state, rest)))
    }

    /// Is `multiple & rest` not empty?
    pub fn multiple_is_live(&mut self, state: Multiple, rest: ExpressionId) -> Result<bool> {
        if state.nullable() && self.expressions.nullable(rest) {
            return Ok(true);
        }
        let shapes = self.shapes()?;
        if let Some((minimum, maximum)) = self.digits_allowed(state, rest, &shapes) {
            return Ok(state.exists_within(minimum, maximum));
        }
        for part in self.alternatives(rest)?.unwrap_or_default() {
            let digits = self.digits_allowed(state, part, &shapes);
            if digits.is_some_and(|(minimum, maximum)| state.exists_within(minimum, maximum)) {
                return Ok(true);
            }
        }
        let multiple = self.expressions.multiple(state)?;
        let both = self.expressions.intersection(&[multiple, rest])?;
        self.is_live(both)
    }

    /// Breadth first, up to where multiples can be looked up.
    fn multiple_within(&mut self, id: ExpressionId, any: bool) -> Result<Option<Option<Vec<u8>>>> {
        let Some((state, rest)) = self.as_multiple(id)? else {
            return Ok(None);
        };
        let shapes = self.shapes()?;
        let mut best: Option<Vec<u8>> = None;
        let mut seen = FxHashSet::from_iter([(state, rest)]);
        let mut queue = VecDeque::from([(state, rest, Vec::new())]);
        while let Some((state, rest, text)) = queue.pop_front() {
            if best.as_ref().is_some_and(|best| any || best.len() <= text.len()) {
                break;
            }
            if state.nullable() && self.expressions.nullable(rest) {
                best = Some(text);
                continue;
            }
            if let Some((minimum, maximum)) = self.digits_allowed(state, rest, &shapes) {
                let end = state.shortest_within(minimum, maximum);
                let whole = end.map(|end| [&text[..], &end].concat());
                best = [best, whole].into_iter().flatten().min_by_key(Vec::len);
                continue;
            }
            if let Some(parts) = self.alternatives(rest)? {
                for part in parts {
                    if seen.insert((state, part)) {
                        queue.push_front((state, part, text.clone()));
                    }
                }
                continue;
            }
            self.expressions.charge(1)?;
            for arm in self.arms(rest)?.iter() {
                for (byte, after) in state.arms().filter(|&(byte, _)| arm.low <= byte && byte <= arm.high) {
                    if seen.insert((after, arm.to)) {
                        queue.push_back((after, arm.to, [&text[..], &[byte]].concat()));
                    }
                }
            }
            if seen.len() > MAX_STATES {
                return Ok(None);
            }
        }
        Ok(Some(best))
    }

    /// The parts of a union, also of one with something after it.
    fn alternatives(&mut self, id: ExpressionId) -> Result<Option<Vec<ExpressionId>>> {
        let (head, tail) = match *self.expressions.node(id) {
            Expression::Concat(head, tail) => (head, tail),
            _ => (id, EPSILON),
        };
        let Expression::Union(parts) = self.expressions.node(head) else {
            return Ok(None);
        };
        let parts = parts.clone();
        let joined = parts.iter().map(|&part| self.expressions.concat(part, tail));
        joined.collect::<Result<_>>().map(Some)
    }

    /// Between how many digits of the whole part the rest allows, if it asks for nothing else.
    fn digits_allowed(&self, state: Multiple, rest: ExpressionId, shapes: &Shapes) -> Option<(u32, u32)> {
        if rest == ANY {
            return Some((0, UNBOUNDED));
        }
        let (digits, tail) = match *self.expressions.node(rest) {
            Expression::Concat(digits, tail) => (digits, tail),
            _ if rest == shapes.fraction => (EPSILON, rest),
            _ => (rest, EPSILON),
        };
        let (minimum, maximum) = match *self.expressions.node(digits) {
            Expression::Repeat(digit, minimum, maximum) if digit == shapes.digit => (minimum, maximum),
            _ if digits == shapes.digit => (1, 1),
            _ if digits == EPSILON => (0, 0),
            _ => return None,
        };
        if state.is_whole() {
            let fits = tail == shapes.fraction || (tail == EPSILON && !state.may_have_point());
            return (fits && minimum <= MAX_DIGITS).then_some((minimum, maximum));
        }
        // in the fraction the multiple itself says how many digits there are; after the point it's at least one
        let any_digits = tail == EPSILON && maximum == UNBOUNDED && minimum <= u32::from(!state.is_fraction());
        any_digits.then_some((0, UNBOUNDED))
    }

    fn shapes(&mut self) -> Result<Shapes> {
        if let Some(shapes) = self.shapes {
            return Ok(shapes);
        }
        let expressions = &mut self.expressions;
        let mut byte = |low, high| {
            let arm = Arm { low, high, to: EPSILON };
            expressions.branch(false, vec![arm])
        };
        let (digit, point) = (byte(b'0', b'9')?, byte(b'.', b'.')?);
        let digits = expressions.repeat(digit, 1, UNBOUNDED)?;
        let fraction = expressions.concat(point, digits)?;
        let shapes = Shapes {
            digit,
            fraction: expressions.repeat(fraction, 0, 1)?,
        };
        self.shapes = Some(shapes);
        Ok(shapes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::regex::literals::literals;

    /// Numbers with given first digits and so many more, perhaps with a fraction.
    fn interval(d: &mut Derivatives, first: &str, counts: (u32, u32), fraction: bool) -> ExpressionId {
        let shapes = d.shapes().unwrap();
        let first = literals(&mut d.expressions, &[first.into()]).unwrap();
        let digits = d.expressions.repeat(shapes.digit, counts.0, counts.1).unwrap();
        let tail = if fraction { shapes.fraction } else { EPSILON };
        let rest = d.expressions.concat(digits, tail).unwrap();
        d.expressions.concat(first, rest).unwrap()
    }

    #[test]
    fn arithmetic_agrees_with_the_search() {
        let mut seed = 7u64;
        let mut below = |bound: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) % bound
        };
        let (mut live, mut dead) = (0, 0);
        for _ in 0..1_000 {
            let mut d = Derivatives::new(1_000_000);
            let fraction = below(2) == 0;
            let places = fraction.then(|| below(3) as u8);
            let state = Multiple::numerals(1 + below(500), places);
            let multiples = d.expressions.multiple(state).unwrap();
            let parts: Vec<ExpressionId> = (0..1 + below(3))
                .map(|_| {
                    let first = (1 + below(999)).to_string();
                    let minimum = below(3) as u32;
                    let maximum = [UNBOUNDED, minimum, minimum + 1][below(3) as usize];
                    interval(&mut d, &first, (minimum, maximum), fraction)
                })
                .collect();
            let within = d.expressions.union(&parts).unwrap();
            let id = d.expressions.intersection(&[multiples, within]).unwrap();
            let found = d.is_live_by_remainders(id).unwrap();
            assert_eq!(found, d.is_live_by_search(id, usize::MAX).unwrap());
            let shortest = d.shortest_by_remainders(id).unwrap().unwrap();
            let searched = d.shortest_by_search(id).unwrap();
            assert_eq!(
                shortest.as_ref().map(Vec::len),
                searched.as_ref().map(Vec::len),
                "{shortest:?} {searched:?}"
            );
            if found == Some(true) { live += 1 } else { dead += 1 }
        }
        assert!(live > 100 && dead > 100, "{live} {dead}");
    }

    #[test]
    fn large_divisors_need_no_search() {
        let mut d = Derivatives::new(2_000);
        let state = Multiple::numerals(999_999_999_999_999_989, None);
        let multiples = d.expressions.multiple(state).unwrap();
        for (count, expected) in [(16, false), (17, true), (400, true)] {
            let within = interval(&mut d, "9", (count, count), false);
            let id = d.expressions.intersection(&[multiples, within]).unwrap();
            assert_eq!(d.is_live(id).unwrap(), expected, "{count}");
        }
    }
}
