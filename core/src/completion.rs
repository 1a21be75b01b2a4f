//! A short completion of a text: Dijkstra over the rules that are open, from the lexemes in progress to the start rule.

mod adjacent;
mod lexed;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::bytes::repeat_tail;
use crate::engine::{Configuration, Engine};
use crate::error::{Error, Result};
use crate::grammar::frame::{Ending, Frame, Role, Tally, roles};
use crate::grammar::{Dot, Grammar, Next, Rule};
use crate::lexer::{KEYS, Lexeme, Progress};
use crate::lexing::layout::Change;
use crate::parser::NodeId;
use crate::regex::expression::{Expression, ExpressionId};

/// A longer completion is refused.
const MAX_COMPLETION_BYTES: u64 = 1 << 24;
/// Bytes that are only written take so much less than those that are tried.
const WRITTEN_PER_STEP: usize = 64;

/// Least numbers of bytes, and how they are come by.
#[derive(Debug)]
pub struct ShortestRest {
    /// Per dot, to complete its production, which is the rule's.
    rest: Vec<(Rule, u64)>,
    /// Per rule, and with what it is written.
    yields: Vec<u64>,
    derivation: Vec<Option<Piece>>,
    lexemes: Vec<u64>,
}

/// How a finished rule was come to: the lexeme that starts the completion, or another finished rule; then the dot
/// from which a production was completed.
#[derive(Clone, Copy)]
enum From {
    /// Index of a beginning.
    Lexeme(usize, Dot),
    Rule(Finished, Dot),
}

/// The rest of a lexeme in progress: bytes, and a shortest string of an expression.
struct Beginning {
    lexeme: Lexeme,
    bytes: Vec<u8>,
    then: ExpressionId,
}

/// What is still to be written.
#[derive(Debug, Clone)]
enum Piece {
    Rest(Dot),
    Symbol(Next),
    Members(Ending),
    /// What was written from the start on, so many times more.
    Again {
        start: usize,
        times: u32,
    },
}

/// A text in the making. What was written once is copied when it comes again, so that the time is linear in the size
/// of the text and of the grammar.
struct Writing {
    text: Vec<u8>,
    /// Where a symbol's text begins.
    written: FxHashMap<Next, usize>,
}

/// A completion in the making, that is tried byte by byte.
struct Trial {
    here: Configuration,
    text: Vec<u8>,
    /// Of open arrays that must hold a repetition: how deep they are, and where the last item begins.
    items: Vec<(usize, usize)>,
    /// Steps that may still be taken.
    left: usize,
}

impl Trial {
    fn spend(&mut self, steps: usize, engine: &Engine) -> Result<()> {
        self.left = self.left.checked_sub(steps).ok_or_else(|| engine.too_much())?;
        Ok(())
    }
}

type Finished = (Rule, NodeId);
type Best = FxHashMap<Finished, (u64, From)>;

/// A way to the end: the lexeme in progress that it begins with, then what completes one rule after the other.
struct Found {
    length: u64,
    /// Where the lexeme began.
    node: NodeId,
    beginning: Beginning,
    dots: Vec<Dot>,
}

impl Found {
    fn new(length: u64, goal: Finished, best: &Best, mut beginnings: Vec<(NodeId, Beginning)>) -> Self {
        let mut dots = Vec::new();
        let mut key = goal;
        let index = loop {
            match best[&key].1 {
                From::Lexeme(index, dot) => {
                    dots.push(dot);
                    break index;
                }
                From::Rule(previous, dot) => {
                    dots.push(dot);
                    key = previous;
                }
            }
        };
        dots.reverse();
        let (node, beginning) = beginnings.swap_remove(index);
        Found {
            length,
            node,
            beginning,
            dots,
        }
    }
}

fn too_long() -> Error {
    Error::TooLarge {
        what: "the bytes of the shortest completion",
        value: MAX_COMPLETION_BYTES as usize,
    }
}

/// Notes a way to finish a rule, if it is the shortest so far.
fn offer(best: &mut Best, queue: &mut BinaryHeap<Reverse<(u64, Finished)>>, key: Finished, cost: u64, from: From) {
    let slot = best.entry(key).or_insert((u64::MAX, from));
    if cost < slot.0 {
        *slot = (cost, from);
        queue.push(Reverse((cost, key)));
    }
}

impl Engine {
    /// Bytes that complete the text: none shorter exists, but where some of it must be distinct, or repeated; then as many
    /// bytes may be tried as a mask may take steps. Empty when the text is complete.
    pub fn shortest_completion(&mut self, at: &Configuration) -> Result<Vec<u8>> {
        if at.tracker.is_none() {
            return self.shortest_possible(at);
        }
        let mut trial = Trial {
            here: at.clone(),
            text: Vec::new(),
            items: Vec::new(),
            left: self.max_mask_steps,
        };
        while !trial.here.accepting {
            let rest = self.shortest_possible(&trial.here)?;
            trial.spend(1 + rest.len() / WRITTEN_PER_STEP, self)?;
            let Some(&refused) = rest.get(self.try_bytes(&mut trial, &rest)?) else {
                continue;
            };
            if self.lacks_repetition(&trial.here, refused)? {
                self.repeat_item(&mut trial)?;
                continue;
            }
            // it would be a repetition: first something else, then what is shortest
            let Some(other) = self.way_out(&trial.here)? else {
                return Err(too_long());
            };
            for &byte in &other {
                if let Some(next) = self.advance(&trial.here, byte)? {
                    trial.here = next;
                }
            }
            trial.text.extend(other);
        }
        Ok(trial.text)
    }

    /// Appends bytes as long as there is a completion. How many that were.
    fn try_bytes(&mut self, trial: &mut Trial, bytes: &[u8]) -> Result<usize> {
        for (count, &byte) in bytes.iter().enumerate() {
            trial.spend(self.steps_of_a_byte(&trial.here), self)?;
            match self.step(&trial.here, byte)? {
                Some(next) => trial.here = next,
                None => return Ok(count),
            }
            trial.text.push(byte);
        }
        Ok(bytes.len())
    }

    /// Does an array that a byte would close have to hold a repetition, and doesn't?
    fn lacks_repetition(&mut self, at: &Configuration, byte: u8) -> Result<bool> {
        let Some(tracker) = &at.tracker else {
            return Ok(false);
        };
        let closed = tracker.step(byte)?;
        Ok(closed.is_some_and(|closed| closed.lacks_repetition(byte)) && self.advance(at, byte)?.is_none())
    }

    /// Writes the last item of an array again, or one more. From some item on, any number of them may follow.
    fn repeat_item(&mut self, trial: &mut Trial) -> Result<()> {
        let depth = trial.here.tracker.as_ref().map_or(0, |tracker| tracker.depth());
        trial.items.retain(|&(inside, _)| inside <= depth);
        if let Some(&(inside, start)) = trial.items.last()
            && inside == depth
        {
            let again = [b",", &trial.text[start..]].concat();
            let before = (trial.here.clone(), trial.text.len());
            if self.try_bytes(trial, &again)? == again.len() {
                return Ok(());
            }
            trial.here = before.0;
            trial.text.truncate(before.1);
            trial.items.pop();
        }
        if self.try_bytes(trial, b",")? == 0 {
            return Err(too_long());
        }
        trial.items.push((depth, trial.text.len()));
        Ok(())
    }

    /// What it costs to try a byte: where a scalar differs from all earlier ones is looked for from its beginning on.
    fn steps_of_a_byte(&self, at: &Configuration) -> usize {
        let scalar = at.tracker.as_ref().and_then(|tracker| tracker.scalar());
        1 + scalar.map_or(0, |scalar| scalar.len() / WRITTEN_PER_STEP)
    }

    /// A shortest completion, repetitions or not. Where not every split counts, a short one.
    pub(crate) fn shortest_possible(&mut self, at: &Configuration) -> Result<Vec<u8>> {
        if at.accepting {
            return Ok(Vec::new());
        }
        if self.grammar.lexing.is_some() {
            return self.lexed_completion(at);
        }
        let shortest = self.shortest_rest()?;
        let Some(found) = self.find_completion(&shortest, at)? else {
            // there always is one; what is as long as no number tells was not offered
            return Err(too_long());
        };
        self.write_completion(&shortest, found)
    }

    /// The shortest way from lexemes in progress to the end; None where they all are ignored.
    fn find_completion(&mut self, shortest: &ShortestRest, at: &Configuration) -> Result<Option<Found>> {
        let mut best = Best::default();
        let mut queue = BinaryHeap::new();
        let mut beginnings = Vec::new();
        for thread in &at.threads {
            for beginning in self.beginnings(thread.lexer)? {
                if self.lexer.variants.get(beginning.lexeme).change != Change::None {
                    continue; // several terminals: see `lexed`
                }
                let after = self.lexer.derivatives.shortest_length(beginning.then)?;
                let length = after.saturating_add(beginning.bytes.len() as u64);
                let symbol = Next::Terminal(self.lexer.base(beginning.lexeme));
                for (dot, origin) in self.parser.moved_over(thread.node, symbol, &self.grammar) {
                    let (rule, rest) = self.rest_of(shortest, dot);
                    let cost = length.saturating_add(rest);
                    let from = From::Lexeme(beginnings.len(), dot);
                    offer(&mut best, &mut queue, (rule, origin), cost, from);
                }
                beginnings.push((thread.node, beginning));
            }
        }
        while let Some(Reverse((cost, key))) = queue.pop() {
            if key.0 == self.grammar.start_rule {
                return Ok(Some(Found::new(cost, key, &best, beginnings)));
            }
            if best.get(&key).is_none_or(|slot| slot.0 < cost) {
                continue;
            }
            for (dot, origin) in self.parser.moved_over(key.1, Next::Rule(key.0), &self.grammar) {
                let (rule, rest) = self.rest_of(shortest, dot);
                let total = cost.saturating_add(rest);
                offer(&mut best, &mut queue, (rule, origin), total, From::Rule(key, dot));
            }
        }
        Ok(None)
    }

    /// The lexemes in progress at a state, those in a trie of keys one by one.
    fn beginnings(&mut self, at: Progress) -> Result<Vec<Beginning>> {
        let mut found = Vec::new();
        let mut tries = Vec::new();
        for (lexeme, then) in self.lexer.left(at)? {
            if lexeme == KEYS {
                tries.push((Vec::new(), then));
            } else {
                let bytes = Vec::new();
                found.push(Beginning { lexeme, bytes, then });
            }
        }
        while let Some((bytes, trie)) = tries.pop() {
            let Expression::Branch { arms, .. } = self.lexer.derivatives.expressions.node(trie) else {
                continue;
            };
            for arm in arms {
                let mut bytes = bytes.clone();
                bytes.push(arm.low);
                self.lexer.derivatives.split_keys(arm.to, |lexeme, then| match lexeme {
                    Some(lexeme) => found.push(Beginning {
                        lexeme,
                        bytes: bytes.clone(),
                        then,
                    }),
                    None => tries.push((bytes.clone(), then)),
                });
            }
        }
        Ok(found)
    }

    /// The rule of the production a dot stands in, and the least number of bytes that complete it.
    fn rest_of(&self, shortest: &ShortestRest, dot: Dot) -> (Rule, u64) {
        if let Some(ending) = self.parser.frames.cheapest_end(dot, &self.grammar, |s| shortest.of(s)) {
            let frame = &self.grammar.frames[ending.frame as usize];
            return (frame.rule, shortest.of_ending(frame, &ending));
        }
        shortest.rest[dot as usize]
    }

    fn write_completion(&mut self, shortest: &ShortestRest, found: Found) -> Result<Vec<u8>> {
        if found.length > MAX_COMPLETION_BYTES {
            return Err(too_long());
        }
        let mut text = found.beginning.bytes;
        text.extend(self.shortest_text(found.beginning.then)?);
        let written = FxHashMap::default();
        let mut writing = Writing { text, written };
        for dot in found.dots {
            self.write_rest(shortest, dot, &mut writing)?;
        }
        Ok(writing.text)
    }

    /// Appends a shortest completion of the production from the dot.
    fn write_rest(&mut self, shortest: &ShortestRest, dot: Dot, writing: &mut Writing) -> Result<()> {
        let Writing { text, written } = writing;
        let open = self.parser.frames.cheapest_end(dot, &self.grammar, |s| shortest.of(s));
        let mut stack = vec![open.map_or(Piece::Rest(dot), Piece::Members)];
        while let Some(piece) = stack.pop() {
            match piece {
                Piece::Rest(dot) => match self.grammar.next(dot) {
                    Next::End(_) => {}
                    symbol => stack.extend([Piece::Rest(dot + 1), Piece::Symbol(symbol)]),
                },
                Piece::Symbol(symbol) if shortest.of(symbol) == 0 => {}
                Piece::Symbol(symbol) => {
                    if let Some(start) = written.insert(symbol, text.len()) {
                        text.extend_from_within(start..start + shortest.of(symbol) as usize);
                        continue;
                    }
                    match symbol {
                        Next::Terminal(lexeme) => {
                            let expression = self.lexer.expression(lexeme);
                            text.extend(self.shortest_text(expression)?);
                        }
                        Next::Rule(rule) => stack.extend(shortest.derivation[rule as usize].clone()),
                        Next::Member(_) | Next::End(_) => {}
                    }
                }
                Piece::Members(mut ending) => {
                    let Some((option, count)) = ending.members.pop() else {
                        continue;
                    };
                    let frame = &self.grammar.frames[ending.frame as usize];
                    let member = Piece::Symbol(frame.options[option as usize].symbol);
                    let separator = frame.separator.map(Piece::Symbol);
                    if separator.is_some() && !ending.separated {
                        ending.separated = true;
                        ending.members.extend((count > 1).then_some((option, count - 1)));
                        stack.extend([Piece::Members(ending), member]);
                        continue;
                    }
                    let (start, times) = (text.len(), count - 1);
                    stack.extend([Piece::Members(ending), Piece::Again { start, times }, member]);
                    stack.extend(separator);
                }
                Piece::Again { start, times } => repeat_tail(text, start, times),
            }
        }
        Ok(())
    }

    fn shortest_text(&mut self, expression: ExpressionId) -> Result<Vec<u8>> {
        self.lexer
            .derivatives
            .shortest_string(expression)?
            .ok_or_else(|| Error::Malformed("a lexeme in progress is empty".into()))
    }

    pub(crate) fn shortest_rest(&mut self) -> Result<Arc<ShortestRest>> {
        if let Some(known) = &self.shortest_rest {
            return Ok(known.clone());
        }
        let lengths = (0..self.grammar.nullable_lexemes.len())
            .map(|lexeme| {
                let expression = self.lexer.expression(lexeme as Lexeme);
                self.lexer.derivatives.shortest_length(expression)
            })
            .collect::<Result<Vec<u64>>>()?;
        let made = Arc::new(ShortestRest::new(&self.grammar, lengths));
        self.shortest_rest = Some(made.clone());
        Ok(made)
    }
}

/// What is settled next: a rule, by a production unless it is a frame; or a lexeme as a part of the frame that a rule
/// is.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Rule(Rule, Option<Dot>),
    PartOf(Rule, Role),
}

/// Where a rule is used: in a production, or in a frame.
enum Use {
    Production(Rule, Dot),
    PartOf(Rule, Role),
}

impl ShortestRest {
    /// Knuth's generalisation of Dijkstra's algorithm (1977): rules are settled in the order of their shortest yield,
    /// so the chosen productions never go in a circle.
    fn new(grammar: &Grammar, lexemes: Vec<u64>) -> Self {
        let rules = grammar.rules();
        let mut shortest = ShortestRest {
            rest: vec![(0, 0); grammar.next.len()],
            yields: vec![u64::MAX; rules],
            derivation: vec![None; rules],
            lexemes,
        };
        let mut settled = vec![false; rules];
        // per production: rules not settled yet, and the bytes known so far
        let mut open: FxHashMap<Dot, (usize, u64)> = FxHashMap::default();
        let mut tallies: Vec<Option<Tally>> = vec![None; rules];
        let mut used_in: Vec<Vec<Use>> = Vec::new();
        used_in.resize_with(rules, Vec::new);
        let mut queue = BinaryHeap::new();
        for (rule, dots) in grammar.productions.iter().enumerate() {
            for &first in dots {
                let (mut waiting, mut length) = (0, 0u64);
                for dot in first.. {
                    match grammar.next(dot) {
                        Next::Terminal(_) => length = length.saturating_add(shortest.of(grammar.next(dot))),
                        Next::Rule(other) => {
                            waiting += 1;
                            used_in[other as usize].push(Use::Production(rule as Rule, first));
                        }
                        Next::Member(_) | Next::End(_) => break,
                    }
                }
                if waiting == 0 {
                    queue.push(Reverse((length, Event::Rule(rule as Rule, Some(first)))));
                } else {
                    open.insert(first, (waiting, length));
                }
            }
        }
        for frame in &grammar.frames {
            let tally = frame.tally();
            if tally.is_enough() {
                queue.push(Reverse((0, Event::Rule(frame.rule, None))));
            }
            tallies[frame.rule as usize] = Some(tally);
            for (part, role) in roles(&frame.options, frame.separator) {
                match part {
                    Next::Rule(other) => used_in[other as usize].push(Use::PartOf(frame.rule, role)),
                    lexeme => queue.push(Reverse((shortest.of(lexeme), Event::PartOf(frame.rule, role)))),
                }
            }
        }
        while let Some(Reverse((length, event))) = queue.pop() {
            let mut parts = Vec::new();
            match event {
                Event::PartOf(user, role) => parts.push((user, role)),
                Event::Rule(rule, first) if !settled[rule as usize] => {
                    settled[rule as usize] = true;
                    if let Some(first) = first {
                        shortest.derivation[rule as usize] = Some(Piece::Rest(first));
                    }
                    shortest.yields[rule as usize] = length;
                    for place in &used_in[rule as usize] {
                        match *place {
                            Use::PartOf(user, role) => parts.push((user, role)),
                            Use::Production(user, first) => {
                                if let Some(slot) = open.get_mut(&first) {
                                    slot.0 -= 1;
                                    slot.1 = slot.1.saturating_add(length);
                                    if slot.0 == 0 {
                                        queue.push(Reverse((slot.1, Event::Rule(user, Some(first)))));
                                    }
                                }
                            }
                        }
                    }
                }
                Event::Rule(..) => {}
            }
            for (user, role) in parts {
                let (Some(tally), Some(id)) = (&mut tallies[user as usize], grammar.frame_of[user as usize]) else {
                    continue;
                };
                if tally.is_enough() {
                    continue;
                }
                tally.add(role);
                if tally.is_enough() {
                    // what settles later is no shorter, and may hold the frame itself
                    let frame = &grammar.frames[id as usize];
                    let ending = frame.cheapest_end(|s| shortest.of(s));
                    queue.push(Reverse((shortest.of_ending(frame, &ending), Event::Rule(user, None))));
                    shortest.derivation[user as usize] = Some(Piece::Members(ending));
                }
            }
        }
        for dot in (0..grammar.next.len()).rev() {
            shortest.rest[dot] = match grammar.next[dot] {
                Next::End(rule) => (rule, 0),
                symbol => {
                    let (rule, rest) = shortest.rest[dot + 1];
                    (rule, rest.saturating_add(shortest.of(symbol)))
                }
            };
        }
        shortest
    }

    /// Bytes that complete a production after the symbol at a dot.
    pub fn after(&self, dot: Dot) -> u64 {
        match self.rest.get(dot as usize + 1) {
            Some(&(_, rest)) => rest,
            None => 0,
        }
    }

    /// Bytes of a symbol; `u64::MAX` while it is not settled.
    pub fn of(&self, symbol: Next) -> u64 {
        match symbol {
            Next::Terminal(lexeme) => self.lexemes[lexeme as usize],
            Next::Rule(rule) => self.yields[rule as usize],
            Next::Member(_) | Next::End(_) => 0,
        }
    }

    /// Bytes of some members.
    fn of_ending(&self, frame: &Frame, ending: &Ending) -> u64 {
        let (mut count, mut length) = (0u64, 0u64);
        for &(option, times) in &ending.members {
            let member = self.of(frame.options[option as usize].symbol);
            length = length.saturating_add(member.saturating_mul(u64::from(times)));
            count += u64::from(times);
        }
        let separators = if ending.separated {
            count
        } else {
            count.saturating_sub(1)
        };
        let separator = frame.separator.map_or(0, |separator| self.of(separator));
        if separators == 0 {
            return length;
        }
        length.saturating_add(separator.saturating_mul(separators))
    }
}
