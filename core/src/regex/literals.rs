//! Finite sets of strings and classes of characters, as tries of deterministic branches.

use regex_syntax::utf8::{Utf8Range, Utf8Sequences};

use super::expression::{Arm, EPSILON, ExpressionId, Expressions};
use crate::error::Result;

/// Any of the texts, which must be sorted and distinct. Equal suffixes share nodes, as all equal expressions do.
pub fn literals(expressions: &mut Expressions, texts: &[Vec<u8>]) -> Result<ExpressionId> {
    #[derive(Default)]
    struct Open {
        accept: bool,
        arms: Vec<Arm>,
    }
    // path[d] is the node reached by the first d bytes of `previous`; closed bottom-up once no text can extend it, and
    // then used again
    let mut path: Vec<Open> = vec![Open::default()];
    let mut previous: &[u8] = &[];
    fn close_to(expressions: &mut Expressions, path: &mut [Open], previous: &[u8], depth: usize) -> Result<()> {
        for end in (depth + 1..=previous.len()).rev() {
            let node = &mut path[end];
            let to = expressions.branch_from(node.accept, &mut node.arms)?;
            node.accept = false;
            node.arms.clear();
            let byte = previous[end - 1];
            path[end - 1].arms.push(Arm {
                low: byte,
                high: byte,
                to,
            });
        }
        Ok(())
    }
    for text in texts {
        let shared = previous.iter().zip(text).take_while(|(a, b)| a == b).count();
        close_to(expressions, &mut path, previous, shared)?;
        while path.len() <= text.len() {
            path.push(Open::default());
        }
        path[text.len()].accept = true;
        previous = text;
    }
    close_to(expressions, &mut path, previous, 0)?;
    let root = &mut path[0];
    expressions.branch_from(root.accept, &mut root.arms)
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
