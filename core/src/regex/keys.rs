//! Sets of lexemes as one expression: a trie of the literals that they begin with, whose leaves are tagged with the
//! lexeme that they are the rest of.
//!
//! A lexeme is a leaf as soon as no other shares what was read. A set with one lexeme less shares all of the trie but
//! the path to that lexeme.

use super::derivative::Derivatives;
use super::expression::{Arm, EMPTY, EPSILON, Expression, ExpressionId, Expressions};
use crate::error::Result;

/// A lexeme that begins with a literal.
#[derive(Debug, Clone)]
pub struct Key {
    pub lexeme: u32,
    pub expression: ExpressionId,
    pub literal: Box<[u8]>,
}

impl Key {
    pub fn new(lexeme: u32, expression: ExpressionId, expressions: &Expressions) -> Self {
        let mut literal = Vec::new();
        let (mut head, _) = parts(expression, expressions);
        while let Some(arm) = only_byte(head, expressions) {
            literal.push(arm.low);
            head = arm.to;
        }
        Key {
            lexeme,
            expression,
            literal: literal.into(),
        }
    }

    /// What is left of the lexeme after some bytes of its literal, tagged with it.
    fn rest(&self, read: usize, expressions: &mut Expressions) -> Result<ExpressionId> {
        let (mut head, tail) = parts(self.expression, expressions);
        for _ in 0..read {
            head = only_byte(head, expressions).map_or(head, |arm| arm.to);
        }
        let rest = expressions.concat(head, tail)?;
        expressions.tagged(rest, self.lexeme)
    }
}

/// The first part of a sequence, and the others.
fn parts(expression: ExpressionId, expressions: &Expressions) -> (ExpressionId, ExpressionId) {
    match *expressions.node(expression) {
        Expression::Concat(head, tail) => (head, tail),
        _ => (expression, EPSILON),
    }
}

/// The arm of a branch that reads one byte.
fn only_byte(id: ExpressionId, expressions: &Expressions) -> Option<Arm> {
    match expressions.node(id) {
        Expression::Branch { accept: false, arms } => match arms[..] {
            [arm] if arm.low == arm.high => Some(arm),
            _ => None,
        },
        _ => None,
    }
}

/// A node of the trie in the making.
#[derive(Default)]
struct Open {
    /// Lexemes that are told apart here by nothing but what follows their literals.
    leaves: Vec<ExpressionId>,
    arms: Vec<Arm>,
}

fn shared(a: &Key, b: &Key) -> usize {
    a.literal.iter().zip(&b.literal).take_while(|(a, b)| a == b).count()
}

impl Expressions {
    /// Any of the keys, which are sorted by their literals.
    pub fn trie(&mut self, keys: &[&Key]) -> Result<ExpressionId> {
        let mut path = vec![Open::default()];
        let mut with_last = 0;
        for (index, key) in keys.iter().enumerate() {
            let with_next = keys.get(index + 1).map_or(0, |next| shared(key, next));
            // path[d] is the node after the d bytes that this key shares with the last
            while path.len() > with_last + 1 {
                self.close(&mut path, keys[index - 1])?;
            }
            while path.len() < with_next.max(with_last) + 1 {
                path.push(Open::default());
            }
            let depth = path.len() - 1;
            if let Some(node) = path.last_mut() {
                match key.literal.get(depth) {
                    Some(&byte) => node.arms.push(Arm {
                        low: byte,
                        high: byte,
                        to: key.rest(depth + 1, self)?,
                    }),
                    None => node.leaves.push(key.rest(depth, self)?),
                }
            }
            with_last = with_next;
        }
        while let (Some(last), true) = (keys.last(), path.len() > 1) {
            self.close(&mut path, last)?;
        }
        match path.pop() {
            Some(root) => self.node_of(root),
            None => Ok(EMPTY),
        }
    }

    /// Puts the last node of a path below the one before it.
    fn close(&mut self, path: &mut Vec<Open>, key: &Key) -> Result<()> {
        let Some(node) = path.pop() else {
            return Ok(());
        };
        let to = self.node_of(node)?;
        let byte = key.literal[path.len() - 1];
        if let Some(parent) = path.last_mut() {
            parent.arms.push(Arm {
                low: byte,
                high: byte,
                to,
            });
        }
        Ok(())
    }

    fn node_of(&mut self, node: Open) -> Result<ExpressionId> {
        let below = self.branch(false, node.arms)?;
        let mut parts = node.leaves;
        parts.push(below);
        self.union(&parts)
    }

    /// A trie that holds the key, without it.
    pub fn without_key(&mut self, trie: ExpressionId, key: &Key) -> Result<ExpressionId> {
        let is_leaf = |id: ExpressionId, expressions: &Expressions| matches!(expressions.node(id), &Expression::Tagged(_, lexeme) if lexeme == key.lexeme);
        // nodes passed: the leaves beside the branch, its arms, and which of them was taken
        let mut path: Vec<(Vec<ExpressionId>, Vec<Arm>, usize)> = Vec::new();
        let mut at = trie;
        let mut left = loop {
            let mut leaves = match self.node(at) {
                Expression::Union(parts) => parts.to_vec(),
                _ => vec![at],
            };
            if let Some(index) = leaves.iter().position(|&part| is_leaf(part, self)) {
                leaves.swap_remove(index);
                break self.union(&leaves)?;
            }
            let byte = key.literal.get(path.len());
            let found = leaves
                .iter()
                .enumerate()
                .find_map(|(place, &part)| match self.node(part) {
                    Expression::Branch { arms, .. } => {
                        let index = arms.iter().position(|arm| Some(&arm.low) == byte)?;
                        Some((place, arms.to_vec(), index))
                    }
                    _ => None,
                });
            let Some((place, arms, index)) = found else {
                return Ok(trie);
            };
            leaves.swap_remove(place);
            at = arms[index].to;
            path.push((leaves, arms, index));
        };
        for (mut parts, mut arms, index) in path.into_iter().rev() {
            arms[index].to = left;
            parts.push(self.branch(false, arms)?);
            left = self.union(&parts)?;
        }
        Ok(left)
    }
}

impl Derivatives {
    /// The lexemes of a trie that are told apart by now, with what is left of each; and, without a lexeme, the tries in
    /// which they aren't.
    pub fn split_keys(&self, trie: ExpressionId, mut visit: impl FnMut(Option<u32>, ExpressionId)) {
        let mut pending = vec![trie];
        while let Some(part) = pending.pop() {
            match self.expressions.node(part) {
                Expression::Empty => {}
                Expression::Tagged(rest, lexeme) => visit(Some(*lexeme), *rest),
                Expression::Union(parts) => pending.extend_from_slice(parts),
                _ => visit(None, part),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::regex::literals::literals;

    const WORDS: [&str; 7] = ["a", "abc", "abd", "abdomen", "b", "bed", "cab"];

    /// Every word of a trie, with its lexeme.
    fn read(trie: ExpressionId, derivatives: &mut Derivatives) -> Vec<(Vec<u8>, u32)> {
        let mut found = Vec::new();
        let mut pending = vec![(Vec::new(), trie)];
        while let Some((text, node)) = pending.pop() {
            let mut open = Vec::new();
            derivatives.split_keys(node, |lexeme, rest| open.push((lexeme, rest)));
            for (lexeme, rest) in open {
                if let Some(lexeme) = lexeme {
                    let tail = derivatives.shortest_string(rest).unwrap().unwrap();
                    found.push(([&text[..], &tail].concat(), lexeme));
                    continue;
                }
                for arm in derivatives.arms(rest).unwrap().iter() {
                    pending.push(([&text[..], &[arm.low]].concat(), arm.to));
                }
            }
        }
        found.sort();
        found
    }

    #[test]
    fn every_set_of_words() {
        let mut derivatives = Derivatives::new(100_000);
        let mut keys = Vec::new();
        for (word, lexeme) in WORDS.iter().zip(0..) {
            let expressions = &mut derivatives.expressions;
            let expression = literals(expressions, &[word.as_bytes().to_vec()]).unwrap();
            keys.push(Key::new(lexeme, expression, expressions));
        }
        let all: Vec<&Key> = keys.iter().collect();
        let whole = derivatives.expressions.trie(&all).unwrap();
        for set in 0..1 << WORDS.len() {
            let (left, gone): (Vec<&Key>, Vec<&Key>) = all.iter().partition(|key| set >> key.lexeme & 1 == 1);
            let direct = derivatives.expressions.trie(&left).unwrap();
            let mut less = whole;
            for key in gone {
                less = derivatives.expressions.without_key(less, key).unwrap();
            }
            let words: Vec<(Vec<u8>, u32)> = left
                .iter()
                .map(|key| (WORDS[key.lexeme as usize].into(), key.lexeme))
                .collect();
            assert_eq!(read(direct, &mut derivatives), words);
            assert_eq!(read(less, &mut derivatives), words);
        }
    }
}
