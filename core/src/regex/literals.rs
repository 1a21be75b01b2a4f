//! Finite sets of strings and classes of characters, as tries of deterministic branches.

use regex_syntax::utf8::{Utf8Range, Utf8Sequences};

use super::expression::{Arm, EMPTY, EPSILON, ExpressionId, Expressions};
use crate::error::Result;

/// Any of the texts, which must be sorted and distinct. Equal suffixes share nodes, as all equal expressions do.
pub fn literals(expressions: &mut Expressions, texts: &[Vec<u8>]) -> Result<ExpressionId> {
    struct Open {
        accept: bool,
        arms: Vec<Arm>,
    }
    let open = || Open {
        accept: false,
        arms: Vec::new(),
    };
    // path[d] is the node reached by the first d bytes of `previous`; closed bottom-up once no text can extend it
    let mut path = vec![open()];
    let mut previous: &[u8] = &[];
    fn close_to(expressions: &mut Expressions, path: &mut Vec<Open>, previous: &[u8], depth: usize) -> Result<()> {
        while path.len() > depth + 1 {
            let Some(node) = path.pop() else { break };
            let to = expressions.branch(node.accept, node.arms)?;
            let byte = previous[path.len() - 1];
            if let Some(parent) = path.last_mut() {
                parent.arms.push(Arm {
                    low: byte,
                    high: byte,
                    to,
                });
            }
        }
        Ok(())
    }
    for text in texts {
        let shared = previous.iter().zip(text).take_while(|(a, b)| a == b).count();
        close_to(expressions, &mut path, previous, shared)?;
        while path.len() <= text.len() {
            path.push(open());
        }
        path[text.len()].accept = true;
        previous = text;
    }
    close_to(expressions, &mut path, previous, 0)?;
    match path.pop() {
        Some(root) => expressions.branch(root.accept, root.arms),
        None => Ok(EMPTY),
    }
}

/// One character of any of the inclusive code-point ranges (sorted, disjoint, without surrogates), as UTF-8.
pub fn char_class(expressions: &mut Expressions, ranges: &[(u32, u32)]) -> Result<ExpressionId> {
    let mut sequences: Vec<Vec<Utf8Range>> = Vec::new();
    for &(low, high) in ranges {
        let (Some(low), Some(high)) = (char::from_u32(low), char::from_u32(high)) else {
            continue;
        };
        sequences.extend(Utf8Sequences::new(low, high).map(|s| s.as_slice().to_vec()));
    }
    let slices: Vec<&[Utf8Range]> = sequences.iter().map(Vec::as_slice).collect();
    byte_tree(expressions, &slices)
}

/// First ranges of the sequences are equal or disjoint, and ascending: UTF-8 keeps code-point order, and a lead byte
/// that is covered in part stands alone. At most four levels deep.
fn byte_tree(expressions: &mut Expressions, sequences: &[&[Utf8Range]]) -> Result<ExpressionId> {
    let mut arms = Vec::new();
    let mut rest = sequences;
    while let Some(first) = rest.first() {
        let Some(&head) = first.first() else {
            return Ok(EPSILON);
        };
        let count = rest.iter().take_while(|s| s.first() == Some(&head)).count();
        let tails: Vec<&[Utf8Range]> = rest[..count].iter().map(|s| &s[1..]).collect();
        let to = byte_tree(expressions, &tails)?;
        arms.push(Arm {
            low: head.start,
            high: head.end,
            to,
        });
        rest = &rest[count..];
    }
    expressions.branch(false, arms)
}

/// Every valid UTF-8 string.
pub fn any_text(expressions: &mut Expressions) -> Result<ExpressionId> {
    let any_char = char_class(expressions, &[(0, 0xD7FF), (0xE000, 0x10FFFF)])?;
    expressions.repeat(any_char, 0, super::expression::UNBOUNDED)
}
