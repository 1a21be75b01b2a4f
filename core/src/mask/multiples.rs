//! Walks within numerals whose states are numbers: those serve as they are, so none of the lexer's is made for each of
//! the thousand tokens of digits.

use super::interior::Ends;
use crate::engine::Engine;
use crate::error::Result;
use crate::lexer::{Lexeme, LexerState};
use crate::regex::expression::{ANY, Expression, ExpressionId};
use crate::regex::multiple::Multiple;
use crate::regex::numeral;
use crate::vocabulary::interior::Edge;
use crate::vocabulary::token_set::set_bit;
use crate::vocabulary::trie::Trie;

/// A numeral in progress.
#[derive(Clone)]
pub(super) struct Numeral {
    lexeme: Lexeme,
    left: Left,
}

/// What is left of it.
#[derive(Clone)]
enum Left {
    /// `multiple & rest`: the rest has its bounds, if any.
    Multiple(Multiple, ExpressionId),
    Other(numeral::Numeral),
}

impl Engine {
    /// The numeral that a state of one lexeme is in.
    pub(super) fn numeral(&mut self, state: LexerState) -> Result<Option<Numeral>> {
        let Some((lexeme, expression)) = self.lexer.only_lexeme(state) else {
            return Ok(None);
        };
        if let Expression::Numeral(state) = self.lexer.derivatives.expressions.node(expression) {
            let left = Left::Other((**state).clone());
            return Ok(Some(Numeral { lexeme, left }));
        }
        let found = self.lexer.derivatives.as_multiple(expression)?;
        Ok(found.map(|(multiple, rest)| {
            let left = Left::Multiple(multiple, rest);
            Numeral { lexeme, left }
        }))
    }

    fn may_end(&self, left: &Left) -> bool {
        match left {
            Left::Multiple(multiple, rest) => multiple.nullable() && self.lexer.derivatives.expressions.nullable(*rest),
            Left::Other(state) => state.nullable(),
        }
    }

    fn after(&mut self, left: &Left, byte: u8) -> Result<Option<Left>> {
        let (multiple, rest) = match left {
            Left::Multiple(multiple, rest) => (multiple.after(byte), *rest),
            Left::Other(state) => return Ok(state.after(byte).map(Left::Other)),
        };
        let Some(multiple) = multiple else {
            return Ok(None);
        };
        if rest == ANY {
            return Ok(Some(Left::Multiple(multiple, rest)));
        }
        let derivatives = &mut self.lexer.derivatives;
        let arms = derivatives.arms(rest)?;
        let Some(arm) = arms.iter().find(|arm| arm.low <= byte && byte <= arm.high) else {
            return Ok(None);
        };
        let live = derivatives.multiple_is_live(multiple, arm.to)?;
        Ok(live.then_some(Left::Multiple(multiple, arm.to)))
    }

    /// The tokens below a trie node at which the numeral has come to `start`; `ended`: does its end there count?
    pub(super) fn walk_numeral(
        &mut self,
        below: Option<u32>,
        start: Numeral,
        ended: bool,
        trie: &Trie,
        words: &mut [u32],
        ends: &mut Ends,
    ) -> Result<()> {
        let set = self.lexer.singleton(start.lexeme);
        let (mut at, end) = trie.span(below);
        let base = below.map_or(0, |index| usize::from(trie.node(index as usize).depth) + 1);
        // what is left after d bytes of the path to the current node, and whether the numeral may end there
        let mut stack = vec![(start.left, ended); trie.max_depth() + 1 - base];
        let mut visited = 0;
        while at < end {
            visited += 1;
            let node = *trie.node(at);
            let depth = usize::from(node.depth) - base;
            let (ref left, ended) = stack[depth];
            let Some(after) = self.after(left, node.byte)? else {
                if ended {
                    let edge = Edge {
                        node: at as u32,
                        level: 0,
                    };
                    ends.leave(set, edge);
                }
                at = node.end as usize;
                continue;
            };
            if ended {
                ends.stay(set, node.byte);
            }
            trie.tokens_at(at).iter().for_each(|&id| set_bit(words, id));
            let may_end = self.may_end(&after);
            stack[depth + 1] = (after, may_end);
            at += 1;
        }
        self.spend(visited)
    }
}
