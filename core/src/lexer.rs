//! The forking lexer: a state is a set of lexemes in progress, each with its own expression.
//!
//! Nothing is thrown away on a match, so lexemes that overlap or that are prefixes of each other all stay possible.
//! States are interned and their rows of 256 transitions are made when first asked for.

use rustc_hash::FxHashMap;

use crate::error::{Error, Result};
use crate::regex::derivative::{Derivatives, for_each_interval};
use crate::regex::digest::Digests;
use crate::regex::expression::{EPSILON, ExpressionId};

pub type LexerState = u32;
pub type Lexeme = u32;
/// Index of an interned set of lexemes that match at a state.
pub type MatchSet = u32;

/// In a state, stands for lexemes that share what was read so far: their expression is a trie (see `regex::keys`).
pub const KEYS: Lexeme = Lexeme::MAX;

/// No lexeme can be completed any more.
pub const DEAD: LexerState = 0;
/// The set without lexemes.
pub const NO_MATCH: MatchSet = 0;

type Row = Box<[LexerState; 256]>;

pub struct Lexer {
    pub derivatives: Derivatives,
    digests: Digests,
    /// Expression of each lexeme.
    lexemes: Vec<ExpressionId>,
    /// Sorted (lexeme, expression) pairs.
    states: Vec<Box<[(Lexeme, ExpressionId)]>>,
    state_ids: FxHashMap<Box<[(Lexeme, ExpressionId)]>, LexerState>,
    rows: Vec<Option<Row>>,
    matches: Vec<MatchSet>,
    goes_on: Vec<bool>,
    match_sets: Vec<Box<[Lexeme]>>,
    match_set_ids: FxHashMap<Box<[Lexeme]>, MatchSet>,
    budget: usize,
}

impl Lexer {
    pub fn new(derivatives: Derivatives, lexemes: Vec<ExpressionId>, budget: usize) -> Self {
        let nothing: Box<[Lexeme]> = Box::new([]);
        let dead: Box<[(Lexeme, ExpressionId)]> = Box::new([]);
        Lexer {
            derivatives,
            digests: Digests::default(),
            lexemes,
            states: vec![dead.clone()],
            state_ids: FxHashMap::from_iter([(dead, DEAD)]),
            rows: vec![Some(Box::new([DEAD; 256]))],
            matches: vec![NO_MATCH],
            goes_on: vec![false],
            match_sets: vec![nothing.clone()],
            match_set_ids: FxHashMap::from_iter([(nothing, NO_MATCH)]),
            budget,
        }
    }

    pub fn states(&self) -> usize {
        self.states.len()
    }

    /// The whole expression of a lexeme.
    pub fn expression(&self, lexeme: Lexeme) -> ExpressionId {
        self.lexemes[lexeme as usize]
    }

    /// The lexemes in progress at a state, each with what is left of it.
    pub fn in_progress(&self, state: LexerState) -> &[(Lexeme, ExpressionId)] {
        &self.states[state as usize]
    }

    /// Lexemes that match at this state (they may go on, too).
    #[inline]
    pub fn matches(&self, state: LexerState) -> MatchSet {
        self.matches[state as usize]
    }

    /// May a lexeme take another byte? Without it the state only ends lexemes.
    #[inline]
    pub fn goes_on(&self, state: LexerState) -> bool {
        self.goes_on[state as usize]
    }

    pub fn match_set(&self, set: MatchSet) -> &[Lexeme] {
        &self.match_sets[set as usize]
    }

    /// The set of one lexeme.
    pub fn singleton(&mut self, lexeme: Lexeme) -> MatchSet {
        self.intern_set(Box::new([lexeme]))
    }

    /// Name of an expression that other grammars share.
    pub fn digest(&mut self, expression: ExpressionId) -> [u8; 32] {
        self.digests.of(expression, &self.derivatives.expressions)
    }

    fn intern_set(&mut self, lexemes: Box<[Lexeme]>) -> MatchSet {
        let next = self.match_sets.len() as MatchSet;
        *self.match_set_ids.entry(lexemes).or_insert_with_key(|key| {
            self.match_sets.push(key.clone());
            next
        })
    }

    /// The state in which any of the lexemes (sorted, distinct) and of those in a trie of keys may begin.
    pub fn start(&mut self, lexemes: &[Lexeme], keys: ExpressionId) -> Result<LexerState> {
        let whole = lexemes.iter().map(|&lexeme| (lexeme, self.lexemes[lexeme as usize]));
        let parts = whole.chain([(KEYS, keys)]).collect();
        let parts = self.told_apart(parts);
        self.intern(parts)
    }

    /// Lexemes leave a trie of keys when nothing is shared with others any more.
    fn told_apart(&self, mut parts: Vec<(Lexeme, ExpressionId)>) -> Vec<(Lexeme, ExpressionId)> {
        let tries = parts.partition_point(|&(lexeme, _)| lexeme < KEYS);
        for (_, trie) in parts.split_off(tries) {
            self.derivatives
                .split_keys(trie, |lexeme, rest| parts.push((lexeme.unwrap_or(KEYS), rest)));
        }
        if parts.len() > tries {
            parts.sort_unstable();
            parts.dedup();
        }
        parts
    }

    /// The state after a byte; `DEAD` when no lexeme can be completed.
    #[inline]
    pub fn step(&mut self, state: LexerState, byte: u8) -> Result<LexerState> {
        if let Some(row) = &self.rows[state as usize] {
            return Ok(row[usize::from(byte)]);
        }
        Ok(self.row(state)?[usize::from(byte)])
    }

    /// All 256 transitions of a state.
    pub fn row(&mut self, state: LexerState) -> Result<&[LexerState; 256]> {
        let row = match self.rows[state as usize].take() {
            Some(row) => row,
            None => self.make_row(state)?,
        };
        Ok(self.rows[state as usize].insert(row))
    }

    fn make_row(&mut self, state: LexerState) -> Result<Row> {
        let parts = self.states[state as usize].clone();
        let mut lists = Vec::with_capacity(parts.len());
        for &(_, expression) in parts.iter() {
            lists.push(self.derivatives.live_arms(expression)?);
        }
        let mut row = Box::new([DEAD; 256]);
        for_each_interval(&lists, |low, high, hits| {
            let next = hits.iter().map(|&(index, to)| (parts[index].0, to)).collect();
            let next = self.told_apart(next);
            row[usize::from(low)..=usize::from(high)].fill(self.intern(next)?);
            Ok(())
        })?;
        Ok(row)
    }

    fn intern(&mut self, parts: Vec<(Lexeme, ExpressionId)>) -> Result<LexerState> {
        let parts = parts.into_boxed_slice();
        if let Some(&state) = self.state_ids.get(&parts) {
            return Ok(state);
        }
        if self.states.len() >= self.budget {
            return Err(Error::Limit {
                budget: "max_lexer_states",
                value: self.budget,
            });
        }
        let matched: Box<[Lexeme]> = parts
            .iter()
            .filter(|&&(_, expression)| self.derivatives.expressions.nullable(expression))
            .map(|&(lexeme, _)| lexeme)
            .collect();
        let goes_on = parts.iter().any(|&(_, expression)| expression != EPSILON);
        let set = self.intern_set(matched);
        let state = self.states.len() as LexerState;
        self.states.push(parts.clone());
        self.state_ids.insert(parts, state);
        self.rows.push(None);
        self.matches.push(set);
        self.goes_on.push(goes_on);
        Ok(state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::regex::expression::EMPTY;
    use crate::regex::literals::literals;

    fn lexer(words: &[&str]) -> Lexer {
        let mut derivatives = Derivatives::new(10_000);
        let lexemes = words
            .iter()
            .map(|word| literals(&mut derivatives.expressions, &[word.as_bytes().to_vec()]).unwrap())
            .collect();
        Lexer::new(derivatives, lexemes, 1_000)
    }

    #[test]
    fn a_match_does_not_end_longer_lexemes() {
        let mut lexer = lexer(&["foo", "foobar", "fob"]);
        let mut state = lexer.start(&[0, 1, 2], EMPTY).unwrap();
        for byte in *b"foo" {
            state = lexer.step(state, byte).unwrap();
        }
        assert_eq!(lexer.match_set(lexer.matches(state)), [0]);
        assert!(lexer.goes_on(state));
        let next = lexer.step(state, b'b').unwrap();
        assert_eq!(lexer.matches(next), NO_MATCH);
        assert_eq!(lexer.step(state, b'x').unwrap(), DEAD);
    }

    #[test]
    fn states_are_interned_and_budgeted() {
        let mut lexer = lexer(&["ab", "cb"]);
        let start = lexer.start(&[0, 1], EMPTY).unwrap();
        assert_eq!(start, lexer.start(&[0, 1], EMPTY).unwrap());
        lexer.budget = lexer.states();
        assert!(matches!(
            lexer.step(start, b'a'),
            Err(Error::Limit {
                budget: "max_lexer_states",
                ..
            })
        ));
    }
}
