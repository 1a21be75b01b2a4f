//! Bytes after which an expression is still possible beside whatever else has become so.
//!
//! In a search, `.*x.*`, every character leaves the search itself among the alternatives. So the text stays alive
//! whichever of the characters follow, and however many, without a look at the alternatives.

use super::derivative::Derivatives;
use super::expression::{Expression, ExpressionId};
use crate::bytes::{CHARACTERS, ClassSet, classes_where, continuation};
use crate::error::Result;

impl Derivatives {
    /// Classes of bytes that keep the expression possible without a match, however many follow, as far as one of its
    /// alternatives shows it.
    pub fn kept_classes(&mut self, id: ExpressionId) -> Result<ClassSet> {
        if self.expressions.opaque(id) {
            return Ok(0);
        }
        let mut begins = [false; 256];
        let mut most: ClassSet = 0;
        for part in self.alternatives(id) {
            // a match ends with the last part, so bytes that don't begin it never match
            let last = self.last(part);
            if self.expressions.nullable(last) {
                return Ok(0);
            }
            for arm in self.arms(last)?.iter() {
                begins[usize::from(arm.low)..=usize::from(arm.high)].fill(true);
            }
            let heads = match *self.expressions.node(part) {
                Expression::Concat(head, _) => self.alternatives(head),
                _ => Vec::new(),
            };
            for candidate in heads.into_iter().chain([part]) {
                let kept = self.kept_by(candidate)?;
                if kept.count_ones() > most.count_ones() {
                    most = kept;
                }
            }
        }
        let characters = if begins[128..].contains(&true) { 0 } else { CHARACTERS };
        Ok(most & (classes_where(|byte| !begins[usize::from(byte)]) | characters))
    }

    fn alternatives(&self, id: ExpressionId) -> Vec<ExpressionId> {
        match self.expressions.node(id) {
            Expression::Union(parts) => parts.to_vec(),
            _ => vec![id],
        }
    }

    /// The last part of a concatenation.
    fn last(&self, id: ExpressionId) -> ExpressionId {
        let mut last = id;
        while let Expression::Concat(_, tail) = *self.expressions.node(last) {
            last = tail;
        }
        last
    }

    fn kept_by(&mut self, part: ExpressionId) -> Result<ClassSet> {
        let arms = self.arms(part)?;
        let mut keeps = [false; 256];
        for arm in arms.iter() {
            if self.offers(arm.to, part) {
                keeps[usize::from(arm.low)..=usize::from(arm.high)].fill(true);
            }
        }
        let classes = classes_where(|byte| keeps[usize::from(byte)]);
        if classes == 0 {
            return Ok(0);
        }
        for lead in 0xC2..=0xF4u8 {
            let Some((low, high, count)) = continuation(lead) else {
                continue;
            };
            let to = arms
                .iter()
                .find(|arm| arm.low <= lead && lead <= arm.high)
                .map(|arm| arm.to);
            let returns = match to {
                Some(to) => self.returns_to(part, to, low, high, count)?,
                None => false,
            };
            if !returns {
                return Ok(classes);
            }
        }
        Ok(classes | CHARACTERS)
    }

    /// Is the part the expression, or one of its alternatives?
    fn offers(&self, id: ExpressionId, part: ExpressionId) -> bool {
        id == part
            || match self.expressions.node(id) {
                Expression::Union(parts) => parts.contains(&part),
                _ => false,
            }
    }

    /// Do all ends of a character, of `count` bytes and the first within the range, offer the part again?
    fn returns_to(&mut self, part: ExpressionId, at: ExpressionId, low: u8, high: u8, count: u8) -> Result<bool> {
        let arms = self.arms(at)?;
        let mut next = u16::from(low);
        for arm in arms.iter().filter(|arm| arm.high >= low && arm.low <= high) {
            if u16::from(arm.low) > next {
                return Ok(false);
            }
            let returns = match count {
                1 => self.offers(arm.to, part),
                _ => self.returns_to(part, arm.to, 0x80, 0xBF, count - 1)?,
            };
            if !returns {
                return Ok(false);
            }
            next = u16::from(arm.high) + 1;
        }
        Ok(next > u16::from(high))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::class_of;
    use crate::regex::expression::UNBOUNDED;
    use crate::regex::literals::{char_class, literals};

    #[test]
    fn a_search_keeps_every_character_but_those_that_end_it() {
        let mut derivatives = Derivatives::new(10_000);
        let e = &mut derivatives.expressions;
        let any = char_class(e, &[(0x20, 0x21), (0x23, 0xD7FF), (0xE000, 0x10FFFF)]).unwrap();
        let any = e.repeat(any, 0, UNBOUNDED).unwrap();
        let word = literals(e, &[b"abra".to_vec()]).unwrap();
        let rest = e.concat(word, any).unwrap();
        let search = e.concat(any, rest).unwrap();
        let quote = literals(e, &[b"\"".to_vec()]).unwrap();
        let string = e.concat(search, quote).unwrap();
        let begun = e.concat(rest, quote).unwrap();
        let either = e.union(&[string, begun]).unwrap();
        assert_eq!(derivatives.kept_classes(either), derivatives.kept_classes(string));
        let kept = derivatives.kept_classes(string).unwrap();
        assert_ne!(kept & class_of(b'a'), 0);
        assert_ne!(kept & CHARACTERS, 0);
        assert_eq!(kept & class_of(b'"'), 0);
        assert_eq!(kept & class_of(b'\n'), 0);
        // a word keeps nothing, and what may match at once is not asked
        assert_eq!(derivatives.kept_classes(begun).unwrap(), 0);
        assert_eq!(derivatives.kept_classes(search).unwrap(), 0);
    }
}
