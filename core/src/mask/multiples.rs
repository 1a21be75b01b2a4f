//! Walks within numerals of multiples: remainders serve as states, so none of the lexer's is made for each of the
//! thousand tokens of digits.

use super::interior::Ends;
use crate::engine::Engine;
use crate::error::Result;
use crate::lexer::{Lexeme, LexerState};
use crate::regex::expression::{ANY, ExpressionId};
use crate::regex::multiple::Multiple;
use crate::vocabulary::interior::Edge;
use crate::vocabulary::token_set::set_bit;
use crate::vocabulary::trie::Trie;

/// A multiple in progress, `multiple & rest`: the rest has its bounds, if any.
#[derive(Clone, Copy)]
pub(super) struct Numeral {
    lexeme: Lexeme,
    multiple: Multiple,
    rest: ExpressionId,
}

impl Engine {
    /// The multiple that a state of one lexeme is in.
    pub(super) fn numeral(&mut self, state: LexerState) -> Result<Option<Numeral>> {
        let Some((lexeme, expression)) = self.lexer.only_lexeme(state) else {
            return Ok(None);
        };
        let found = self.lexer.derivatives.as_multiple(expression)?;
        Ok(found.map(|(multiple, rest)| Numeral { lexeme, multiple, rest }))
    }

    fn may_end(&self, numeral: &Numeral) -> bool {
        numeral.multiple.nullable() && self.lexer.derivatives.expressions.nullable(numeral.rest)
    }

    fn after(&mut self, numeral: Numeral, byte: u8) -> Result<Option<Numeral>> {
        let Some(multiple) = numeral.multiple.after(byte) else {
            return Ok(None);
        };
        if numeral.rest == ANY {
            return Ok(Some(Numeral { multiple, ..numeral }));
        }
        let derivatives = &mut self.lexer.derivatives;
        let arms = derivatives.arms(numeral.rest)?;
        let Some(arm) = arms.iter().find(|arm| arm.low <= byte && byte <= arm.high) else {
            return Ok(None);
        };
        let live = derivatives.multiple_is_live(multiple, arm.to)?;
        let rest = arm.to;
        Ok(live.then_some(Numeral {
            multiple,
            rest,
            ..numeral
        }))
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
        let mut stack = vec![(start, ended); trie.max_depth() + 1 - base];
        let mut visited = 0;
        while at < end {
            visited += 1;
            let node = *trie.node(at);
            let depth = usize::from(node.depth) - base;
            let (numeral, ended) = stack[depth];
            let Some(after) = self.after(numeral, node.byte)? else {
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
            stack[depth + 1] = (after, self.may_end(&after));
            at += 1;
        }
        self.spend(visited)
    }
}
