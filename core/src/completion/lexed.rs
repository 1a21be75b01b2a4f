//! Completions where not every split of the text counts: what completes the rules is found as elsewhere, then each of its
//! lexemes is given a text that may stand where it comes to stand, with something that is ignored in front if it must be.

use super::{Found, MAX_COMPLETION_BYTES, Piece, ShortestRest, too_long};
use crate::engine::{Configuration, Engine, Threads};
use crate::error::{Error, Result};
use crate::grammar::{Dot, Next};
use crate::lexer::variants::Variant;
use crate::lexer::{Lexeme, Parts};
use crate::lexing::layout::Change;
use crate::parser::NodeId;

impl Engine {
    pub(super) fn lexed_completion(&mut self, at: &Configuration) -> Result<Vec<u8>> {
        let shortest = self.shortest_rest()?;
        let mut text = Vec::new();
        let mut here = at.clone();
        loop {
            let found = self.find_completion(&shortest, &here)?;
            let length = found.as_ref().map_or(u64::MAX, |found| found.length);
            if let Some(line) = self.line_completion(&shortest, &here, length)? {
                text.extend(line);
                return Ok(text);
            }
            if let Some(found) = found {
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
            let node = self.write_lexeme(thread.node, &parts, Wanted::plain(base), &mut text)?;
            let node = node.ok_or_else(impossible)?;
            here.threads = self.begun_at(node)?.into_iter().collect::<Threads>();
            if self.parser.node(node).accepting {
                return Ok(text);
            }
        }
    }

    /// The shortest way that begins with a line's end and changes what is open, if it is shorter than another.
    fn line_completion(&mut self, shortest: &ShortestRest, at: &Configuration, than: u64) -> Result<Option<Vec<u8>>> {
        let mut best: Option<(u64, Vec<u8>, Option<Found>)> = None;
        for thread in &at.threads {
            for part in self.lexer.left(thread.lexer)? {
                let Variant { base, change, .. } = self.lexer.variants.get(part.0);
                if change == Change::None {
                    continue;
                }
                let mut text = Vec::new();
                let parts: Parts = [part].into_iter().collect();
                let node = self.write_lexeme(thread.node, &parts, Wanted { base, change }, &mut text)?;
                let node = node.ok_or_else(impossible)?;
                let mut rest = None;
                if !self.parser.node(node).accepting {
                    let here = Configuration {
                        threads: self.begun_at(node)?.into_iter().collect(),
                        ..at.clone()
                    };
                    rest = self.find_completion(shortest, &here)?;
                    if rest.is_none() {
                        continue;
                    }
                }
                let length = rest.as_ref().map_or(0, |found| found.length) + text.len() as u64;
                if length < best.as_ref().map_or(than, |(least, _, _)| *least) {
                    best = Some((length, text, rest));
                }
            }
        }
        let Some((_, mut text, rest)) = best else {
            return Ok(None);
        };
        if let Some(found) = rest {
            self.write_lexemes(shortest, found, &mut text)?;
        }
        Ok(Some(text))
    }

    fn write_lexemes(&mut self, shortest: &ShortestRest, found: Found, text: &mut Vec<u8>) -> Result<()> {
        if found.length > MAX_COMPLETION_BYTES {
            return Err(too_long());
        }
        let begun: Parts = [(found.beginning.lexeme, found.beginning.then)].into_iter().collect();
        let first = self.lexer.base(found.beginning.lexeme);
        let mut node = self
            .write_lexeme(found.node, &begun, Wanted::plain(first), text)?
            .ok_or_else(impossible)?;
        for lexeme in self.wanted(&self.lexemes_of(shortest, &found.dots)) {
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

    /// Terminals as the lexemes that they are: a line's end goes together with the blocks that it opens and closes.
    fn wanted(&self, terminals: &[Lexeme]) -> Vec<Wanted> {
        let indenter = self.grammar.lexing.as_ref().and_then(|lexing| lexing.indenter.as_ref());
        let Some(indenter) = indenter else {
            return terminals.iter().copied().map(Wanted::plain).collect();
        };
        let mut wanted = Vec::new();
        for (place, &base) in terminals
            .iter()
            .enumerate()
            .filter(|(_, base)| !indenter.is_mark(**base))
        {
            let marks = terminals[place + 1..]
                .iter()
                .take_while(|&&next| indenter.is_mark(next));
            let change = match (marks.clone().count(), marks.clone().next()) {
                _ if base != indenter.newline => Change::None,
                (0, _) => Change::Same,
                (_, Some(&mark)) if mark == indenter.indent => Change::In(0),
                (count, _) => Change::Out(count as u32),
            };
            wanted.push(Wanted { base, change });
        }
        wanted
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
        wanted: Wanted,
        text: &mut Vec<u8>,
    ) -> Result<Option<NodeId>> {
        let mut best: Option<(u64, (Lexeme, u32))> = None;
        for &(lexeme, rest) in parts {
            if wanted.is(self.lexer.variants.get(lexeme)) {
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
    fn write_after_ignored(&mut self, node: NodeId, lexeme: Wanted, text: &mut Vec<u8>) -> Result<Option<NodeId>> {
        let Some(lexing) = &self.grammar.lexing else {
            return Ok(None);
        };
        let in_brackets = self.parser.layouts.in_brackets(self.parser.node(node).side.layout);
        let newline = lexing.indenter.as_ref().map(|indenter| indenter.newline);
        let ignored = lexing.ignored.iter().copied().chain(newline.filter(|_| in_brackets));
        let ignored: Vec<Wanted> = ignored.map(Wanted::plain).collect();
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

/// A lexeme that is to be written.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    base: Lexeme,
    change: Change,
}

impl Wanted {
    fn plain(base: Lexeme) -> Self {
        let change = Change::None;
        Wanted { base, change }
    }

    fn is(self, variant: Variant) -> bool {
        let same = match self.change {
            Change::In(_) => variant.change.counts(),
            change => variant.change == change,
        };
        variant.base == self.base && same
    }
}

fn impossible() -> Error {
    Error::Malformed("a lexeme that must be found can't be".into())
}
