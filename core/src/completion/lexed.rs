//! Completions where not every split of the text counts: what completes the rules is found as elsewhere, then each of its
//! lexemes is given a text that may stand where it comes to stand, with something that is ignored in front if it must be.

use std::collections::VecDeque;

use rustc_hash::FxHashSet;

use super::{MAX_COMPLETION_BYTES, Piece, ShortestRest, too_long};
use crate::engine::{Configuration, Engine, Threads};
use crate::error::{Error, Result};
use crate::grammar::{Dot, Next};
use crate::lexer::variants::Variant;
use crate::lexer::{DEAD, Lexeme, LexerState, Parts};
use crate::lexing::layout::Change;
use crate::parser::NodeId;
use crate::regex::expression::ExpressionId;

impl Engine {
    pub(super) fn lexed_completion(&mut self, at: &Configuration) -> Result<Vec<u8>> {
        let mut text = Vec::new();
        let mut here = at.clone();
        for _ in 0..MAX_IGNORED {
            let way = self.way_of_terminals(&here)?;
            let length = way.as_ref().map_or(u64::MAX, |way| way.length);
            if let Some(line) = self.line_completion(&here, length)? {
                text.extend(line);
                return Ok(text);
            }
            if let Some(way) = way {
                self.write_way(way, &mut text)?;
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
            let wanted = Wanted::plain(self.lexer.base(lexeme));
            let ended = self.write_before_more(thread.node, &parts, wanted)?;
            let Ended { written, node } = ended.ok_or_else(impossible)?;
            text.extend(written);
            here.threads = self.begun_at(node)?.into_iter().collect::<Threads>();
            if self.parser.node(node).accepting {
                return Ok(text);
            }
        }
        Err(impossible())
    }

    /// The shortest way from lexemes in progress to the end, in terminals; None where they all are ignored.
    fn way_of_terminals(&mut self, at: &Configuration) -> Result<Option<Way>> {
        if self
            .grammar
            .lexing
            .as_ref()
            .is_some_and(|lexing| lexing.adjacency.is_some())
        {
            return self.way_between(at);
        }
        let shortest = self.shortest_rest()?;
        let found = self.find_completion(&shortest, at)?;
        Ok(found.map(|found| Way {
            length: found.length,
            node: found.node,
            lexeme: found.beginning.lexeme,
            then: found.beginning.then,
            terminals: self.lexemes_of(&shortest, &found.dots),
        }))
    }

    /// The shortest way that begins with a line's end and changes what is open, if it is shorter than another.
    fn line_completion(&mut self, at: &Configuration, than: u64) -> Result<Option<Vec<u8>>> {
        let mut best: Option<(u64, Vec<u8>, Option<Way>)> = None;
        for thread in &at.threads {
            for part in self.lexer.left(thread.lexer)? {
                let Variant { base, change, .. } = self.lexer.variants.get(part.0);
                if change == Change::None {
                    continue;
                }
                let parts: Parts = [part].into_iter().collect();
                let wanted = Wanted { base, change };
                let ended = self.write_before_more(thread.node, &parts, wanted)?;
                let Some(Ended { written: text, node }) = ended else {
                    continue;
                };
                let mut rest = None;
                if !self.parser.node(node).accepting {
                    let here = Configuration {
                        threads: self.begun_at(node)?.into_iter().collect(),
                        ..at.clone()
                    };
                    rest = self.way_of_terminals(&here)?;
                    if rest.is_none() {
                        continue;
                    }
                }
                let length = rest.as_ref().map_or(0, |way| way.length) + text.len() as u64;
                if length < best.as_ref().map_or(than, |(least, _, _)| *least) {
                    best = Some((length, text, rest));
                }
            }
        }
        let Some((_, mut text, rest)) = best else {
            return Ok(None);
        };
        if let Some(way) = rest {
            self.write_way(way, &mut text)?;
        }
        Ok(Some(text))
    }

    fn write_way(&mut self, way: Way, text: &mut Vec<u8>) -> Result<()> {
        if way.length > MAX_COMPLETION_BYTES {
            return Err(too_long());
        }
        let mut parts: Parts = [(way.lexeme, way.then)].into_iter().collect();
        let mut from = way.node;
        let mut wanted = Wanted::plain(self.lexer.base(way.lexeme));
        let mut last = self.write_lexeme(from, &parts, wanted)?.ok_or_else(impossible)?;
        for next in self.wanted(&way.terminals) {
            let mut found = self.write_next(last.node, next)?;
            if found.is_none() {
                // where the lexeme before ends like this, the next one can't begin: it ends later
                for ended in self.endings(from, &parts, wanted)? {
                    found = self.write_next(ended.node, next)?;
                    if found.is_some() {
                        last = ended;
                        break;
                    }
                }
            }
            let (ignored, begun, ended) = found.ok_or_else(impossible)?;
            text.extend(last.written);
            text.extend(ignored);
            parts = self.parts_at(begun);
            (from, wanted, last) = (begun, next, ended);
        }
        if !self.parser.node(last.node).accepting {
            // what it is forbidden to stop at forbids the end, too
            let mut ends = self.endings(from, &parts, wanted)?.into_iter();
            let ended = ends.find(|ended| self.parser.node(ended.node).accepting);
            last = ended.ok_or_else(impossible)?;
        }
        text.extend(last.written);
        Ok(())
    }

    /// A text of a lexeme, where it ends so that the text may end or go on there.
    fn write_before_more(&mut self, node: NodeId, parts: &Parts, wanted: Wanted) -> Result<Option<Ended>> {
        let shortest = self.write_lexeme(node, parts, wanted)?;
        if shortest.as_ref().is_some_and(|ended| self.goes_on(ended.node)) {
            return Ok(shortest);
        }
        let all = self.endings(node, parts, wanted)?;
        Ok(all.into_iter().find(|ended| self.goes_on(ended.node)))
    }

    /// May the text end at a node, or anything begin there?
    fn goes_on(&self, node: NodeId) -> bool {
        self.parser.node(node).accepting || self.parser.lexer_start(node) != DEAD
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

    /// A shortest text of a lexeme that is among the parts.
    fn write_lexeme(&mut self, node: NodeId, parts: &Parts, wanted: Wanted) -> Result<Option<Ended>> {
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
        let set = self.lexer.matches(state);
        let Some(&ended) = self.lexer.match_set(set).first() else {
            return Err(impossible());
        };
        let node = self.node_after(node, ended, &mut Vec::new())?;
        Ok(Some(Ended { written, node }))
    }

    /// All nodes where a lexeme among the parts may end, each with a shortest text up to there, shorter ones first.
    fn endings(&mut self, node: NodeId, parts: &Parts, wanted: Wanted) -> Result<Vec<Ended>> {
        let mut found: Vec<Ended> = Vec::new();
        let mut begun = Parts::new();
        for &part in parts.iter().filter(|part| wanted.is(self.lexer.variants.get(part.0))) {
            begun.push(part);
        }
        let start = self.lexer.state_of_parts(begun)?;
        let mut seen: FxHashSet<LexerState> = FxHashSet::from_iter([start]);
        let mut pending = VecDeque::from([(start, Vec::new())]);
        while let Some((state, written)) = pending.pop_front() {
            let set = self.lexer.matches(state);
            for lexeme in self.lexer.match_set(set).to_vec() {
                let after = self.node_after(node, lexeme, &mut Vec::new())?;
                if found.iter().all(|ended| ended.node != after) {
                    let written = written.clone();
                    found.push(Ended { written, node: after });
                }
            }
            if seen.len() > MAX_SEARCHED {
                break;
            }
            let reached = self.lexer.reached(state)?;
            for (byte, next) in (0..=u8::MAX).zip(reached) {
                if next != DEAD && seen.insert(next) {
                    pending.push_back((next, [&written[..], &[byte]].concat()));
                }
            }
        }
        Ok(found)
    }

    /// A lexeme behind a node, with as little as possible of what is ignored in front: that, where the lexeme begins, and
    /// it.
    fn write_next(&mut self, node: NodeId, lexeme: Wanted) -> Result<Option<(Vec<u8>, NodeId, Ended)>> {
        let parts = self.parts_at(node);
        if let Some(ended) = self.write_lexeme(node, &parts, lexeme)? {
            return Ok(Some((Vec::new(), node, ended)));
        }
        let Some(lexing) = &self.grammar.lexing else {
            return Ok(None);
        };
        let in_brackets = self.parser.layouts.in_brackets(self.parser.node(node).side.layout);
        let newline = lexing.indenter.as_ref().map(|indenter| indenter.newline);
        let ignored = lexing.ignored.iter().copied().chain(newline.filter(|_| in_brackets));
        let ignored: Vec<Wanted> = ignored.map(Wanted::plain).collect();
        let mut reached = vec![(node, Vec::new())];
        let mut done = 0;
        while let Some((at, before)) = reached.get(done).cloned() {
            done += 1;
            let parts = self.parts_at(at);
            for &between in &ignored {
                for after in self.endings(at, &parts, between)? {
                    if reached.iter().any(|&(known, _)| known == after.node) {
                        continue;
                    }
                    let written = [before.as_slice(), &after.written].concat();
                    let parts = self.parts_at(after.node);
                    if let Some(ended) = self.write_lexeme(after.node, &parts, lexeme)? {
                        return Ok(Some((written, after.node, ended)));
                    }
                    reached.push((after.node, written));
                }
            }
        }
        Ok(None)
    }
}

/// So many pieces of ignored text may come before something that isn't.
const MAX_IGNORED: usize = 100;

/// So many lexer states are looked through for other ends of a lexeme.
const MAX_SEARCHED: usize = 10_000;

/// A way to the end: a lexeme in progress and what is left of it, then terminals.
pub(super) struct Way {
    pub length: u64,
    pub node: NodeId,
    pub lexeme: Lexeme,
    pub then: ExpressionId,
    pub terminals: Vec<Lexeme>,
}

/// A text of a lexeme, and the node where it ends.
struct Ended {
    written: Vec<u8>,
    node: NodeId,
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
