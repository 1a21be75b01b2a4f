//! Walks within literals: in an enumeration of many texts, or a declared key. The nodes of the literals' own trie serve
//! as states, so none of the lexer's is made for a byte that no sequence may ever come to.

use super::interior::Ends;
use crate::engine::Engine;
use crate::error::Result;
use crate::lexer::{Lexeme, LexerState, MatchSet};
use crate::regex::expression::{EPSILON, Expression, ExpressionId};
use crate::vocabulary::interior::Edge;
use crate::vocabulary::token_set::set_bit;
use crate::vocabulary::trie::Trie;

/// Literals in progress, and what follows them.
#[derive(Clone, Copy)]
pub(super) struct Literals {
    lexeme: Lexeme,
    trie: ExpressionId,
    after: ExpressionId,
}

impl Engine {
    /// The literals that a state of one lexeme begins with.
    pub(super) fn literals(&self, state: LexerState) -> Option<Literals> {
        let &[(lexeme, expression)] = self.lexer.in_progress(state) else {
            return None;
        };
        if self.lexer.variants.get(lexeme).moves() {
            return None;
        }
        let expressions = &self.lexer.derivatives.expressions;
        let (trie, after) = match *expressions.node(expression) {
            Expression::Concat(head, tail) => (head, tail),
            _ => (expression, EPSILON),
        };
        let is_branch = |id: ExpressionId| matches!(expressions.node(id), Expression::Branch { .. });
        let literals = Literals { lexeme, trie, after };
        match expressions.node(trie) {
            Expression::Branch { arms, .. } if arms.iter().any(|arm| is_branch(arm.to)) => {
                self.is_inside(trie, literals).then_some(literals)
            }
            _ => None,
        }
    }

    /// Is the expression a node of the literals' trie from which they go on? What follows them may begin at none.
    fn is_inside(&self, id: ExpressionId, literals: Literals) -> bool {
        let expressions = &self.lexer.derivatives.expressions;
        match expressions.node(id) {
            Expression::Branch { accept, .. } => !expressions.opaque(id) && (!accept || literals.after == EPSILON),
            _ => false,
        }
    }

    pub(super) fn walk_literals(
        &mut self,
        literals: Literals,
        trie: &Trie,
        words: &mut [u32],
        ends: &mut Ends,
    ) -> Result<()> {
        let Literals { lexeme, after, .. } = literals;
        let set: MatchSet = self.lexer.singleton(lexeme);
        let mut stack = vec![literals.trie; trie.max_depth() + 1];
        let (mut at, mut visited) = (0, 0);
        while at < trie.len() {
            visited += 1;
            let node = *trie.node(at);
            let depth = usize::from(node.depth);
            let expressions = &self.lexer.derivatives.expressions;
            let to = match expressions.node(stack[depth]) {
                Expression::Branch { arms, .. } => {
                    let index = arms.partition_point(|arm| arm.high < node.byte);
                    arms.get(index).filter(|arm| arm.low <= node.byte).map(|arm| arm.to)
                }
                _ => None,
            };
            let ended = depth > 0 && expressions.nullable(stack[depth]);
            let Some(to) = to else {
                if ended {
                    ends.leave(
                        set,
                        Edge {
                            node: at as u32,
                            level: 0,
                        },
                    );
                }
                at = node.end as usize;
                continue;
            };
            if ended {
                ends.stay(set, node.byte);
            }
            trie.tokens_at(at).iter().for_each(|&id| set_bit(words, id));
            if self.is_inside(to, literals) {
                stack[depth + 1] = to;
                at += 1;
                continue;
            }
            if node.end as usize > at + 1 {
                let rest = self.lexer.derivatives.expressions.concat(to, after)?;
                let state = self.lexer.state_of(lexeme, rest)?;
                self.walk_subtree(at, state, trie, words, ends)?;
            }
            at = node.end as usize;
        }
        self.spend(visited)
    }
}
