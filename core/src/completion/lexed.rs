//! Completions where not every split of the text counts: what completes the rules is found as elsewhere, then each of its
//! lexemes is given a text that may stand where it comes to stand, with something that is ignored in front if it must be.

use super::{Found, MAX_COMPLETION_BYTES, Piece, ShortestRest, too_long};
use crate::engine::{Configuration, Engine, Threads};
use crate::error::{Error, Result};
use crate::grammar::{Dot, Next};
use crate::lexer::{Lexeme, Parts};
use crate::parser::NodeId;

impl Engine {
    pub(super) fn lexed_completion(&mut self, at: &Configuration) -> Result<Vec<u8>> {
        let shortest = self.shortest_rest()?;
        let mut text = Vec::new();
        let mut here = at.clone();
        loop {
            if let Some(found) = self.find_completion(&shortest, &here)? {
                self.write_lexemes(&shortest, found, &mut text)?;
                return Ok(text);
            }
            // something that is ignored is in progress: it ends first
            let Some(thread) = here.threads.first().copied() else {
                return Err(impossible());
            };
            let parts: Parts = self.lexer.left(thread.lexer)?.into_iter().collect();
            let Some(&(lexeme, _)) = parts.first() else {
                return Err(impossible());
            };
            let base = self.lexer.base(lexeme);
            let node = self.write_lexeme(thread.node, &parts, base, &mut text)?;
            let node = node.ok_or_else(impossible)?;
            here.threads = self.begun_at(node)?.into_iter().collect::<Threads>();
            if self.parser.node(node).accepting {
                return Ok(text);
            }
        }
    }

    fn write_lexemes(&mut self, shortest: &ShortestRest, found: Found, text: &mut Vec<u8>) -> Result<()> {
        if found.length > MAX_COMPLETION_BYTES {
            return Err(too_long());
        }
        let begun: Parts = [(found.beginning.lexeme, found.beginning.then)].into_iter().collect();
        let first = self.lexer.base(found.beginning.lexeme);
        let mut node = self
            .write_lexeme(found.node, &begun, first, text)?
            .ok_or_else(impossible)?;
        for lexeme in self.lexemes_of(shortest, &found.dots) {
            let parts = self.parts_at(node);
            if let Some(next) = self.write_lexeme(node, &parts, lexeme, text)? {
                node = next;
                continue;
            }
            node = self.write_after_ignored(node, lexeme, text)?.ok_or_else(impossible)?;
        }
        Ok(())
    }

    /// The lexemes of a shortest completion of productions from the dots.
    fn lexemes_of(&self, shortest: &ShortestRest, dots: &[Dot]) -> Vec<Lexeme> {
        let mut lexemes = Vec::new();
        let mut stack: Vec<Piece> = dots.iter().rev().map(|&dot| Piece::Rest(dot)).collect();
        while let Some(piece) = stack.pop() {
            match piece {
                Piece::Rest(dot) => match self.grammar.next(dot) {
                    Next::End(_) => {}
                    symbol => stack.extend([Piece::Rest(dot + 1), Piece::Symbol(symbol)]),
                },
                Piece::Symbol(symbol) if shortest.of(symbol) == 0 => {}
                Piece::Symbol(Next::Terminal(lexeme)) => lexemes.push(lexeme),
                Piece::Symbol(Next::Rule(rule)) => stack.extend(shortest.derivation[rule as usize].clone()),
                Piece::Symbol(_) | Piece::Members(_) | Piece::Again { .. } => {} // there are no frames
            }
        }
        lexemes
    }

    /// What may begin at a node.
    fn parts_at(&self, node: NodeId) -> Parts {
        let state = self.parser.lexer_start(node);
        self.lexer.in_progress(state).iter().copied().collect()
    }

    /// Writes a shortest text of a lexeme that is among the parts; the node after it.
    fn write_lexeme(
        &mut self,
        node: NodeId,
        parts: &Parts,
        base: Lexeme,
        text: &mut Vec<u8>,
    ) -> Result<Option<NodeId>> {
        let mut best: Option<(u64, (Lexeme, u32))> = None;
        for &(lexeme, rest) in parts {
            if self.lexer.base(lexeme) == base {
                let length = self.lexer.derivatives.shortest_length(rest)?;
                if best.is_none_or(|(least, _)| length < least) {
                    best = Some((length, (lexeme, rest)));
                }
            }
        }
        let Some((_, (lexeme, rest))) = best else {
            return Ok(None);
        };
        let written = self.shortest_text(rest)?;
        let mut state = self.lexer.state_of(lexeme, rest)?;
        for &byte in &written {
            state = self.lexer.step(state, byte)?;
        }
        text.extend(written);
        let set = self.lexer.matches(state);
        let Some(&ended) = self.lexer.match_set(set).first() else {
            return Err(impossible());
        };
        self.node_after(node, ended, &mut Vec::new()).map(Some)
    }

    /// As `write_lexeme`, with as little as possible of what is ignored in front.
    fn write_after_ignored(&mut self, node: NodeId, lexeme: Lexeme, text: &mut Vec<u8>) -> Result<Option<NodeId>> {
        let ignored = self
            .grammar
            .lexing
            .as_ref()
            .map_or(Vec::new(), |lexing| lexing.ignored.clone());
        let mut reached = vec![(node, text.clone())];
        let mut done = 0;
        while let Some((at, before)) = reached.get(done).cloned() {
            done += 1;
            let parts = self.parts_at(at);
            for &between in &ignored {
                let mut written = before.clone();
                let Some(after) = self.write_lexeme(at, &parts, between, &mut written)? else {
                    continue;
                };
                if reached.iter().any(|&(known, _)| known == after) {
                    continue;
                }
                reached.push((after, written.clone()));
                let parts = self.parts_at(after);
                if let Some(next) = self.write_lexeme(after, &parts, lexeme, &mut written)? {
                    *text = written;
                    return Ok(Some(next));
                }
            }
        }
        Ok(None)
    }
}

fn impossible() -> Error {
    Error::Malformed("a lexeme that must be found can't be".into())
}
