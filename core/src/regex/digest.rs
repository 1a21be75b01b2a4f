//! Names of expressions that hold beyond their arena: a hash of the structure.
//!
//! 128 bits of SipHash under keys drawn by the process: whoever writes constraints cannot make two of them collide.

use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::sync::LazyLock;

use super::expression::{Expression, ExpressionId, Expressions};

/// Equal languages may differ in it, different languages don't agree. Holds within the process.
pub type Digest = u128;

static KEYS: LazyLock<[RandomState; 2]> = LazyLock::new(|| [RandomState::new(), RandomState::new()]);

/// Digests made so far, over one arena, by expression; 0 for those to be made.
#[derive(Debug, Default)]
pub struct Digests(Vec<Digest>);

impl Digests {
    pub fn of(&mut self, id: ExpressionId, expressions: &Expressions) -> Digest {
        if self.0.len() <= id as usize {
            self.0.resize(expressions.len(), 0);
        }
        let mut stack = vec![id];
        while let Some(&top) = stack.last() {
            if self.known(top) {
                stack.pop();
                continue;
            }
            let node = expressions.node(top);
            let before = stack.len();
            stack.extend(node.parts().filter(|&part| !self.known(part)));
            if stack.len() == before {
                // zero has a meaning of its own
                self.0[top as usize] = self.hash(node).max(1);
                stack.pop();
            }
        }
        self.0[id as usize]
    }

    fn known(&self, id: ExpressionId) -> bool {
        self.0[id as usize] != 0
    }

    fn hash(&self, node: &Expression) -> Digest {
        // the order of a union's parts depends on the arena: sorted by digest they name the same set everywhere
        let mut parts: Vec<Digest> = node.parts().map(|part| self.0[part as usize]).collect();
        if matches!(node, Expression::Union(_) | Expression::Intersection(_)) {
            parts.sort_unstable();
        }
        let half = |keys: &RandomState| {
            let mut hasher = keys.build_hasher();
            std::mem::discriminant(node).hash(&mut hasher);
            match node {
                Expression::Branch { accept, arms } => {
                    accept.hash(&mut hasher);
                    arms.iter().for_each(|arm| (arm.low, arm.high).hash(&mut hasher));
                }
                Expression::Repeat(_, minimum, maximum) => (minimum, maximum).hash(&mut hasher),
                Expression::Tagged(_, lexeme) => lexeme.hash(&mut hasher),
                Expression::Multiple(state) => state.hash(&mut hasher),
                _ => {}
            }
            parts.hash(&mut hasher);
            u128::from(hasher.finish())
        };
        half(&KEYS[0]) << 64 | half(&KEYS[1])
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
