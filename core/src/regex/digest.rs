//! Names of expressions that hold beyond their arena, and beyond the process: a hash of the structure.
//!
//! 128 bits of SHA-256: whoever writes constraints cannot make two of them collide.

use sha2::Sha256;

use super::expression::{Expression, ExpressionId, Expressions};

/// Equal languages may differ in it, different languages don't agree.
pub type Digest = u128;

/// What a name stands for, as it is put together.
#[derive(Default)]
pub struct Content(Vec<u8>);

impl Content {
    /// What things of a kind stand for differs from that of every other kind.
    pub fn of(kind: &[u8; 4]) -> Self {
        Content(kind.to_vec())
    }

    pub fn number(&mut self, number: u32) -> &mut Self {
        self.0.extend_from_slice(&number.to_le_bytes());
        self
    }

    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    pub fn digest(&mut self, digest: Digest) -> &mut Self {
        self.0.extend_from_slice(&digest.to_le_bytes());
        self
    }

    pub fn name(&self) -> Digest {
        let hash: [u8; 32] = <Sha256 as sha2::Digest>::digest(&self.0).into();
        hash.first_chunk().copied().map_or(0, Digest::from_le_bytes)
    }
}

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
                self.0[top as usize] = self.hash(node, expressions).max(1);
                stack.pop();
            }
        }
        self.0[id as usize]
    }

    fn known(&self, id: ExpressionId) -> bool {
        self.0[id as usize] != 0
    }

    fn hash(&self, node: &Expression, expressions: &Expressions) -> Digest {
        // the order of a union's parts depends on the arena: sorted by digest they name the same set everywhere
        let mut parts: Vec<Digest> = node.parts().map(|part| self.0[part as usize]).collect();
        if matches!(node, Expression::Union(_) | Expression::Intersection(_)) {
            parts.sort_unstable();
        }
        let mut content = match node {
            Expression::Empty => Content::of(b"none"),
            Expression::Epsilon => Content::of(b"epsi"),
            Expression::Branch { accept, arms } => {
                let mut content = Content::of(b"bran");
                content.number(u32::from(*accept));
                arms.iter().for_each(|arm| {
                    content.number(u32::from_le_bytes([arm.low, arm.high, 0, 0]));
                });
                content
            }
            Expression::Concat(..) => Content::of(b"conc"),
            Expression::Union(_) => Content::of(b"unio"),
            Expression::Intersection(_) => Content::of(b"inte"),
            Expression::Not(_) => Content::of(b"comp"),
            Expression::Repeat(_, minimum, maximum) => {
                let mut content = Content::of(b"repe");
                content.number(*minimum).number(*maximum);
                content
            }
            Expression::Tagged(_, lexeme) => {
                let mut content = Content::of(b"tagg");
                content.number(*lexeme);
                content
            }
            Expression::Multiple(state) => {
                let mut content = Content::of(b"mult");
                state.numbers().into_iter().for_each(|number| {
                    content.number(number);
                });
                content
            }
            Expression::Numeral(state) => {
                let (conditions, numbers) = state.name();
                let mut content = Content::of(b"nume");
                content.digest(conditions);
                numbers.into_iter().for_each(|number| {
                    content.number(number);
                });
                content
            }
            Expression::Automaton(automaton, state) => {
                let mut content = Content::of(b"auto");
                content.digest(expressions.automaton(*automaton).name).number(*state);
                content
            }
            Expression::Excerpt(state) => {
                let mut content = Content::of(b"exce");
                content.digest(state.corpus.name);
                state.cursor.numbers().into_iter().for_each(|number| {
                    content.number(number);
                });
                content
            }
        };
        parts.into_iter().for_each(|part| {
            content.digest(part);
        });
        content.name()
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
