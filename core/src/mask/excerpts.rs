//! Walks within texts that are looked up: places in their sorted table serve as states, so that the lexer makes none for
//! texts that no sequence may ever come to.

use std::sync::Arc;

use super::interior::Ends;
use crate::engine::Engine;
use crate::error::Result;
use crate::lexer::{Lexeme, LexerState};
use crate::regex::excerpt::corpus::Corpus;
use crate::regex::excerpt::{Cursor, Excerpt};
use crate::regex::expression::{ANY, EPSILON, Expression, ExpressionId};
use crate::vocabulary::interior::Edge;
use crate::vocabulary::token_set::set_bit;
use crate::vocabulary::trie::Trie;

/// `(excerpt & rest) then`, in progress.
#[derive(Clone)]
pub(super) struct Looked {
    lexeme: Lexeme,
    corpus: Arc<Corpus>,
    cursor: Cursor,
    /// Other conditions.
    rest: ExpressionId,
    /// What follows.
    then: ExpressionId,
}

/// What is left of a text on the path to a trie node.
#[derive(Clone, Copy)]
struct Left {
    cursor: Cursor,
    rest: ExpressionId,
    /// May the text end there?
    may_end: bool,
}

impl Engine {
    /// The excerpt that a state of one lexeme is in.
    pub(super) fn looked_up(&mut self, state: LexerState) -> Result<Option<Looked>> {
        let Some((lexeme, expression)) = self.lexer.only_lexeme(state) else {
            return Ok(None);
        };
        let derivatives = &mut self.lexer.derivatives;
        let (head, then) = match *derivatives.expressions.node(expression) {
            Expression::Concat(head, tail) => (head, tail),
            _ => (expression, EPSILON),
        };
        let found = derivatives.as_excerpt(head)?;
        Ok(found.map(|(Excerpt { corpus, cursor }, rest)| Looked {
            lexeme,
            corpus,
            cursor,
            rest,
            then,
        }))
    }

    fn left(&mut self, corpus: &Corpus, cursor: Cursor, rest: ExpressionId) -> Left {
        let may_end = cursor.nullable(corpus) && self.lexer.derivatives.expressions.nullable(rest);
        Left { cursor, rest, may_end }
    }

    fn text_after(&mut self, corpus: &Corpus, left: Left, byte: u8) -> Result<Option<Left>> {
        let Some(cursor) = left.cursor.after(corpus, byte) else {
            return Ok(None);
        };
        if left.rest == ANY {
            return Ok(Some(self.left(corpus, cursor, ANY)));
        }
        let derivatives = &mut self.lexer.derivatives;
        let arms = derivatives.arms(left.rest)?;
        let Some(arm) = arms.iter().find(|arm| arm.low <= byte && byte <= arm.high) else {
            return Ok(None);
        };
        let live = derivatives.excerpt_is_live(corpus, cursor, arm.to)?;
        Ok(live.then(|| self.left(corpus, cursor, arm.to)))
    }

    /// What follows the text, after a byte; None when it cannot begin so.
    fn then_after(&mut self, then: ExpressionId, byte: u8) -> Result<Option<ExpressionId>> {
        let arms = self.lexer.derivatives.live_arms(then)?;
        let arm = arms.iter().find(|arm| arm.low <= byte && byte <= arm.high);
        Ok(arm.map(|arm| arm.to))
    }

    /// The tokens below a trie node at which the text has come to `start`; `ended`: does its end there count?
    pub(super) fn walk_looked_up(
        &mut self,
        below: Option<u32>,
        start: Looked,
        ended: bool,
        trie: &Trie,
        words: &mut [u32],
        ends: &mut Ends,
    ) -> Result<()> {
        let Looked {
            lexeme, corpus, then, ..
        } = start;
        let set = self.lexer.singleton(lexeme);
        let then_may_end = self.lexer.derivatives.expressions.nullable(then);
        let (mut at, end) = trie.span(below);
        let base = below.map_or(0, |index| usize::from(trie.node(index as usize).depth) + 1);
        let first = self.left(&corpus, start.cursor, start.rest);
        let mut stack = vec![first; trie.max_depth() + 1 - base];
        let mut visited = 0;
        while at < end {
            visited += 1;
            let node = *trie.node(at);
            let depth = usize::from(node.depth) - base;
            let left = stack[depth];
            let after = self.text_after(&corpus, left, node.byte)?;
            let beyond = match left.may_end && then != EPSILON {
                true => self.then_after(then, node.byte)?,
                false => None,
            };
            let matches = left.may_end && then_may_end && (depth > 0 || ended);
            if after.is_none() && beyond.is_none() {
                if matches {
                    let edge = Edge {
                        node: at as u32,
                        level: 0,
                    };
                    ends.leave(set, edge);
                }
                at = node.end as usize;
                continue;
            }
            if matches {
                ends.stay(set, node.byte);
            }
            trie.tokens_at(at).iter().for_each(|&id| set_bit(words, id));
            if let (Some(after), None) = (after, beyond) {
                stack[depth + 1] = after;
                at += 1;
                continue;
            }
            if node.end as usize > at + 1 {
                let state = self.text_state(lexeme, &corpus, after, beyond, then)?;
                self.walk_subtree(at, state, trie, words, ends)?;
            }
            at = node.end as usize;
        }
        self.spend(visited)
    }

    /// The state in which a text goes on, or what follows it has begun, or either.
    fn text_state(
        &mut self,
        lexeme: Lexeme,
        corpus: &Arc<Corpus>,
        after: Option<Left>,
        beyond: Option<ExpressionId>,
        then: ExpressionId,
    ) -> Result<LexerState> {
        let expressions = &mut self.lexer.derivatives.expressions;
        let mut parts = Vec::from_iter(beyond);
        if let Some(Left { cursor, rest, .. }) = after {
            let excerpt = expressions.excerpt(Excerpt {
                corpus: corpus.clone(),
                cursor,
            })?;
            let inner = expressions.intersection(&[excerpt, rest])?;
            parts.push(expressions.concat(inner, then)?);
        }
        let either = expressions.union(&parts)?;
        self.lexer.state_of(lexeme, either)
    }
}
