//! Bytes after which an expression is still possible beside whatever else has become so.
//!
//! In a search, `.*x.*`, every character leaves the search itself among the alternatives. So the text stays alive
//! whichever of the characters follow, and however many, without a look at the alternatives.

use super::derivative::Derivatives;
use super::expression::{Expression, ExpressionId};
use crate::bytes::{Beginning, CHARACTERS, ClassSet, beginnings, classes_where};
use crate::error::Result;

impl Derivatives {
    /// Classes of bytes that keep the expression possible without a match, however many follow, as far as one of its
    /// alternatives shows it.
    pub fn kept_classes(&mut self, id: ExpressionId) -> Result<ClassSet> {
        if self.expressions.opaque(id) {
            return Ok(0);
        }
        let alternatives = self.union_parts(id);
        let mut kept: ClassSet = 0;
        for &part in &alternatives {
            let heads = match *self.expressions.node(part) {
                Expression::Concat(head, _) => self.union_parts(head),
                _ => Vec::new(),
            };
            for candidate in heads.into_iter().chain([part]) {
                let classes = self.kept_by(candidate)?;
                if classes.count_ones() > kept.count_ones() {
                    kept = classes;
                }
            }
        }
        for part in alternatives {
            kept &= self.without_match(part, kept)?;
        }
        Ok(kept)
    }

    /// Most of the classes without whose other bytes the expression can't match: each match has a byte that begins one of
    /// its parts, whichever part that can't be empty.
    fn without_match(&mut self, id: ExpressionId, among: ClassSet) -> Result<ClassSet> {
        let mut most: ClassSet = 0;
        let mut rest = Some(id);
        while let Some(here) = rest {
            let (part, next) = match *self.expressions.node(here) {
                Expression::Concat(head, tail) => (head, Some(tail)),
                _ => (here, None),
            };
            rest = next;
            if self.expressions.nullable(part) {
                continue;
            }
            let mut begins = [false; 256];
            for arm in self.arms(part)?.iter() {
                begins[usize::from(arm.low)..=usize::from(arm.high)].fill(true);
            }
            let characters = if begins[128..].contains(&true) { 0 } else { CHARACTERS };
            let others = among & (classes_where(|byte| !begins[usize::from(byte)]) | characters);
            if others.count_ones() > most.count_ones() {
                most = others;
            }
        }
        Ok(most)
    }

    fn union_parts(&self, id: ExpressionId) -> Vec<ExpressionId> {
        match self.expressions.node(id) {
            Expression::Union(parts) => parts.to_vec(),
            _ => vec![id],
        }
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
        let mut characters = CHARACTERS;
        for lead in 0xC2..=0xF4u8 {
            let to = arms
                .iter()
                .find(|arm| arm.low <= lead && lead <= arm.high)
                .map(|arm| arm.to);
            for Beginning {
                class,
                low,
                high,
                count,
            } in beginnings(lead)
            {
                let returns = match to {
                    Some(to) if characters & class != 0 => self.returns_to(part, to, low, high, count)?,
                    _ => false,
                };
                if !returns {
                    characters &= !class;
                }
            }
        }
        Ok(classes | characters)
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
        // a word keeps nothing, and without it the search alone does not match
        assert_eq!(derivatives.kept_classes(begun).unwrap(), 0);
        let kept = derivatives.kept_classes(search).unwrap();
        assert_eq!(kept & class_of(b'a'), 0);
        assert_ne!(kept & class_of(b'z'), 0);
    }
}
