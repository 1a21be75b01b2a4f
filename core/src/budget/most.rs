//! The most that any beginning of a text still needs to be complete: a bound that tells when a budget need not be looked
//! at.
//!
//! Wherever a text stands, a lexeme is in progress, within a production, within another, up to the start rule. What is
//! needed is at most what the lexeme needs, wherever in it the text stands, and what is shortest to complete one
//! production after the other. So the bound is the longest path through a graph of the rules, an edge of which weighs
//! what comes after a rule in the production around it.
//!
//! Where the path may go round in a circle that weighs something, nesting has no bound, and neither has this. Of circles
//! at the very beginning of productions (left recursion) a path needs none: the rule around the circle began at the same
//! place and may be completed there.

use rustc_hash::FxHashMap;

use super::components::components;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::grammar::frame::Frame;
use crate::grammar::{Next, Rule};
use crate::regex::derivative::Derivatives;
use crate::regex::expression::{Expression, ExpressionId};
use crate::vocabulary::Vocabulary;

/// Longer is as good as no bound.
const MOST: u64 = 1 << 24;
/// States of expressions whose parts say nothing of their lengths are looked at one by one, so many in all.
const MAX_STATES: usize = 1 << 10;

/// Where a rule is within another.
struct Edge {
    to: Rule,
    /// Bytes that complete the production after it.
    weight: u64,
    /// Does the production begin with it?
    first: bool,
}

impl Engine {
    /// No beginning of a text needs more bytes than this to be completed, what must be distinct or repeated aside; and no
    /// more tokens. None where there is no such bound, or none is known.
    pub fn most_needed(&mut self, vocabulary: &Vocabulary) -> Result<Option<usize>> {
        if let Some(known) = self.places.most {
            return Ok(known);
        }
        let found = match self.grammar.lexing {
            None if spells_all_bytes(vocabulary) => self.longest_path(),
            _ => Ok(u64::MAX),
        };
        let found = match found {
            Err(Error::Limit { .. } | Error::TooLarge { .. }) => u64::MAX,
            found => found?,
        };
        let most = (found <= MOST).then_some(found as usize);
        self.places.most = Some(most);
        Ok(most)
    }

    fn longest_path(&mut self) -> Result<u64> {
        let shortest = self.shortest_rest()?;
        let mut lexemes = Vec::new();
        let mut lengths = Lengths::default();
        for lexeme in 0..self.grammar.nullable_lexemes.len() {
            let expression = self.lexer.expression(lexeme as u32);
            lexemes.push(lengths.most_within(expression, &mut self.lexer.derivatives)?);
        }
        let rules = self.grammar.rules();
        // by rule: what is needed within it where no other rule is begun, and the rules in it
        let mut own = vec![0u64; rules];
        let mut edges: Vec<Vec<Edge>> = Vec::new();
        edges.resize_with(rules, Vec::new);
        for (rule, dots) in self.grammar.productions.iter().enumerate() {
            for &start in dots {
                for dot in start.. {
                    let weight = shortest.after(dot);
                    if dot > start {
                        own[rule] = own[rule].max(weight.saturating_add(shortest.of(self.grammar.next(dot))));
                    }
                    match self.grammar.next(dot) {
                        Next::Terminal(lexeme) => {
                            own[rule] = own[rule].max(lexemes[lexeme as usize].saturating_add(weight));
                        }
                        Next::Rule(to) => edges[rule].push(Edge {
                            to,
                            weight,
                            first: dot == start,
                        }),
                        Next::Member(_) | Next::End(_) => break,
                    }
                }
            }
        }
        for frame in &self.grammar.frames {
            let weight = most_members(frame, |symbol| shortest.of(symbol));
            let rule = frame.rule as usize;
            own[rule] = own[rule].max(weight);
            for symbol in frame.options.iter().map(|option| option.symbol).chain(frame.separator) {
                match symbol {
                    Next::Terminal(lexeme) => {
                        own[rule] = own[rule].max(lexemes[lexeme as usize].saturating_add(weight));
                    }
                    Next::Rule(to) => edges[rule].push(Edge {
                        to,
                        weight,
                        first: false,
                    }),
                    Next::Member(_) | Next::End(_) => {}
                }
            }
        }
        let start = self.grammar.start_rule;
        Ok(longest(&own, &edges)[start as usize].max(shortest.of(Next::Rule(start))))
    }
}

/// By rule, the most that a path from it weighs.
fn longest(own: &[u64], edges: &[Vec<Edge>]) -> Vec<u64> {
    let (component_of, components) = components(edges.len(), |rule| edges[rule].iter().map(|edge| edge.to as usize));
    let mut most = vec![0u64; edges.len()];
    // those that others lead to come first
    for (number, rules) in components.iter().enumerate() {
        let within = |edge: &&Edge| component_of[edge.to as usize] == number;
        let mut longest = 0u64;
        let (mut all_first, mut around, mut lightest) = (true, 0u64, u64::MAX);
        for &rule in rules {
            longest = longest.max(own[rule]);
            for edge in edges[rule].iter().filter(|edge| !within(edge)) {
                longest = longest.max(most[edge.to as usize].saturating_add(edge.weight));
            }
            all_first &= edges[rule].iter().filter(within).all(|edge| edge.first);
            let heaviest = edges[rule].iter().filter(within).map(|edge| edge.weight).max();
            around = around.saturating_add(heaviest.unwrap_or(0));
            lightest = lightest.min(heaviest.unwrap_or(0));
        }
        let around = match around {
            0 => 0,
            // each rule once, where nothing but beginnings go round
            _ if all_first => around - lightest,
            _ => u64::MAX,
        };
        for &rule in rules {
            most[rule] = longest.saturating_add(around);
        }
    }
    most
}

/// At most so many bytes complete a frame after any member or separator.
fn most_members(frame: &Frame, of: impl Fn(Next) -> u64) -> u64 {
    let separator = frame.separator.map_or(0, &of);
    let with_separator = |symbol: Next| of(symbol).saturating_add(separator);
    let longest = frame.options.iter().map(|option| with_separator(option.symbol)).max();
    let due = frame
        .options
        .iter()
        .filter(|option| option.required || frame.has_demands());
    let due = due.fold(0u64, |sum, option| sum.saturating_add(with_separator(option.symbol)));
    // one was read, and after a separator there is one more
    let others = u64::from(frame.minimum.saturating_sub(1)).max(u64::from(frame.separator.is_some()));
    due.max(longest.unwrap_or(0).saturating_mul(others))
}

/// Can every byte of a text in UTF-8 be written by a token of its own?
fn spells_all_bytes(vocabulary: &Vocabulary) -> bool {
    let is_token = |byte| {
        vocabulary
            .trie
            .child(None, byte)
            .is_some_and(|node| !vocabulary.trie.tokens_at(node).is_empty())
    };
    (0..=0xF4).filter(|byte| !matches!(byte, 0xC0 | 0xC1)).all(is_token)
}

/// By expression, the most bytes that are needed from any state that it leads to.
#[derive(Default)]
struct Lengths {
    within: FxHashMap<ExpressionId, u64>,
    states: usize,
}

impl Lengths {
    fn most_within(&mut self, id: ExpressionId, derivatives: &mut Derivatives) -> Result<u64> {
        let mut stack = vec![id];
        while let Some(&top) = stack.last() {
            if self.within.contains_key(&top) {
                stack.pop();
                continue;
            }
            let node = derivatives.expressions.node(top).clone();
            let mut parts: Vec<ExpressionId> = node.parts().collect();
            if let Expression::Automaton(number, _) = node {
                parts.extend(derivatives.expressions.automaton(number).labels());
            }
            let before = stack.len();
            if !is_opaque(&node) {
                stack.extend(parts.iter().filter(|part| !self.within.contains_key(part)));
            }
            if stack.len() > before {
                continue;
            }
            let of = |part: ExpressionId| self.within[&part];
            let length = match node {
                Expression::Concat(a, b) => of(a).saturating_add(derivatives.shortest_length(b)?).max(of(b)),
                Expression::Branch { .. } => {
                    let mut longest = 0;
                    for &part in &parts {
                        longest = longest.max(of(part)).max(derivatives.shortest_length(part)?);
                    }
                    longest
                }
                Expression::Repeat(part, minimum, _) => {
                    let others = u64::from(minimum.saturating_sub(1));
                    of(part).saturating_add(derivatives.shortest_length(part)?.saturating_mul(others))
                }
                Expression::Automaton(number, _) => {
                    let label = parts.iter().map(|&part| of(part)).max().unwrap_or(0);
                    derivatives
                        .expressions
                        .automaton(number)
                        .longest()
                        .saturating_add(label)
                }
                node if is_opaque(&node) => self.by_states(top, derivatives)?,
                _ => parts.iter().map(|&part| of(part)).max().unwrap_or(0),
            };
            self.within.insert(top, length);
        }
        Ok(self.within[&id])
    }

    /// All states, and how far each is from an end; `u64::MAX` where there are too many.
    fn by_states(&mut self, id: ExpressionId, derivatives: &mut Derivatives) -> Result<u64> {
        let mut numbers: FxHashMap<ExpressionId, usize> = FxHashMap::default();
        numbers.insert(id, 0);
        let mut states = vec![id];
        let mut before: Vec<Vec<usize>> = vec![Vec::new()];
        let mut at = 0;
        while let Some(&state) = states.get(at) {
            self.states += 1;
            if self.states > MAX_STATES {
                return Ok(u64::MAX);
            }
            for arm in derivatives.live_arms(state)?.iter() {
                let number = *numbers.entry(arm.to).or_insert(states.len());
                if number == states.len() {
                    states.push(arm.to);
                    before.push(Vec::new());
                }
                before[number].push(at);
            }
            at += 1;
        }
        let mut layer: Vec<usize> = (0..states.len())
            .filter(|&number| derivatives.expressions.nullable(states[number]))
            .collect();
        let mut seen = vec![false; states.len()];
        layer.iter().for_each(|&number| seen[number] = true);
        let mut length = 0;
        loop {
            let mut next = Vec::new();
            for number in layer {
                for &from in &before[number] {
                    if !std::mem::replace(&mut seen[from], true) {
                        next.push(from);
                    }
                }
            }
            if next.is_empty() {
                return Ok(length);
            }
            length += 1;
            layer = next;
        }
    }
}

/// Do its parts say nothing of its length?
fn is_opaque(node: &Expression) -> bool {
    matches!(
        node,
        Expression::Intersection(_)
            | Expression::Not(_)
            | Expression::Multiple(_)
            | Expression::Numeral(_)
            | Expression::Excerpt(_)
    )
}
