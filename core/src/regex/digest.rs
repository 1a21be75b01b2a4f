//! Names of expressions that hold beyond their arena: SHA-256 over the structure.

use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};

use super::expression::{Expression, ExpressionId, Expressions};

/// Digests made so far, over one arena.
#[derive(Debug, Default)]
pub struct Digests(FxHashMap<ExpressionId, [u8; 32]>);

impl Digests {
    /// Equal languages may differ in it, different languages never agree.
    pub fn of(&mut self, id: ExpressionId, expressions: &Expressions) -> [u8; 32] {
        let mut stack = vec![id];
        while let Some(&top) = stack.last() {
            if self.0.contains_key(&top) {
                stack.pop();
                continue;
            }
            let node = expressions.node(top);
            let before = stack.len();
            stack.extend(node.parts().filter(|part| !self.0.contains_key(part)));
            if stack.len() == before {
                let digest = self.hash(node);
                self.0.insert(top, digest);
                stack.pop();
            }
        }
        self.0[&id]
    }

    fn hash(&self, node: &Expression) -> [u8; 32] {
        let mut hash = Sha256::new();
        match node {
            Expression::Empty => hash.update([0]),
            Expression::Epsilon => hash.update([1]),
            Expression::Branch { accept, arms } => {
                hash.update([2, u8::from(*accept)]);
                arms.iter().for_each(|arm| hash.update([arm.low, arm.high]));
            }
            Expression::Concat(..) => hash.update([3]),
            Expression::Union(_) => hash.update([4]),
            Expression::Intersection(_) => hash.update([5]),
            Expression::Not(_) => hash.update([6]),
            Expression::Repeat(_, minimum, maximum) => {
                hash.update([7]);
                hash.update(minimum.to_le_bytes());
                hash.update(maximum.to_le_bytes());
            }
            Expression::Tagged(_, lexeme) => {
                hash.update([8]);
                hash.update(lexeme.to_le_bytes());
            }
        }
        // the order of a union's parts depends on the arena: sorted by digest they name the same set everywhere
        let mut parts: Vec<_> = node.parts().map(|part| self.0[&part]).collect();
        if matches!(node, Expression::Union(_) | Expression::Intersection(_)) {
            parts.sort_unstable();
        }
        parts.iter().for_each(|part| hash.update(part));
        hash.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::regex::literals::literals;

    #[test]
    fn digests_do_not_depend_on_the_arena() {
        let name = |first: &str, second: &str| {
            let mut expressions = Expressions::new(1000);
            let a = literals(&mut expressions, &[first.into()]).unwrap();
            let b = literals(&mut expressions, &[second.into()]).unwrap();
            let union = expressions.union(&[a, b]).unwrap();
            Digests::default().of(union, &expressions)
        };
        assert_eq!(name("cat", "horse"), name("horse", "cat"));
        assert_ne!(name("cat", "horse"), name("cat", "house"));
    }
}
