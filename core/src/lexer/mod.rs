//! The forking lexer: a state is a set of lexemes in progress, each with its own expression.
//!
//! Nothing is thrown away on a match, so lexemes that overlap or that are prefixes of each other all stay possible.
//! States are interned and their rows of 256 transitions are made when first asked for.

mod counters;
mod safe;
pub mod variants;

use std::hash::BuildHasher;
use std::sync::Arc;

use rustc_hash::{FxBuildHasher, FxHashMap};
use smallvec::{SmallVec, smallvec};

use crate::bytes::{ByteSet, ClassSet, classes_where};
use crate::error::{Error, Result};
use crate::lexing::layout::COUNTED;
use crate::regex::counted::RepeatedParts;
use crate::regex::derivative::{Derivatives, for_each_interval};
use crate::regex::digest::{Digest, Digests};
use crate::regex::expression::{Arm, EMPTY, EPSILON, Expression, ExpressionId};
use crate::regex::needs::Needs;
pub use counters::{Counter, CounterId, NO_COUNTER, Progress};
use safe::Safe;
use variants::{Variant, Variants};

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

/// The lexemes in progress at a state, sorted, each with what is left of it.
pub type Parts = SmallVec<[(Lexeme, ExpressionId); 2]>;

/// The transitions of a state.
#[derive(Debug)]
enum Row {
    Unmade,
    /// Few ranges of bytes: inside a literal there is one.
    Sparse {
        steps: Box<[Step]>,
        own: ClassSet,
    },
    Dense(Box<DenseRow>),
}

/// Bytes `low..=high` lead to `to`.
#[derive(Debug, Clone, Copy)]
struct Step {
    low: u8,
    high: u8,
    to: LexerState,
}

#[derive(Debug)]
struct DenseRow {
    next: [LexerState; 256],
    /// Classes of bytes that lead back to the state.
    own: ClassSet,
}

/// Larger expressions are not named.
const MAX_NAMED_SIZE: u32 = 4_096;
/// Rows with more ranges are dense.
const MAX_STEPS: usize = 4;
/// So many lexemes in progress weigh as much as a state.
const PARTS_PER_WEIGHT: usize = 32;

pub struct Lexer {
    pub derivatives: Derivatives,
    digests: Digests,
    /// Expression of each lexeme.
    lexemes: Vec<ExpressionId>,
    pub variants: Variants,
    states: Vec<Parts>,
    /// By the hash of the parts; where that is taken by another state, by the next number that is free.
    state_ids: FxHashMap<u64, LexerState>,
    /// What the budget counts: states, wide ones for more than one.
    weight: usize,
    rows: Vec<Row>,
    dense_rows: usize,
    /// See `own_characters`.
    own_characters: FxHashMap<LexerState, ClassSet>,
    /// See `stays_inside`.
    safe_classes: FxHashMap<(CounterId, LexerState), Safe>,
    repeated: RepeatedParts,
    /// Per state, what takes its place where repetitions are counted.
    counted_forms: Vec<Option<Progress>>,
    counters: Vec<Counter>,
    /// By counter: what texts lack, where that is more than the bounds tell.
    needs: Vec<Option<Needs>>,
    /// By the state between two repetitions and what is repeated.
    counter_ids: FxHashMap<(LexerState, ExpressionId), CounterId>,
    counted_classes: FxHashMap<CounterId, ClassSet>,
    matches: Vec<MatchSet>,
    goes_on: Vec<bool>,
    match_sets: Vec<Box<[Lexeme]>>,
    match_set_ids: FxHashMap<Box<[Lexeme]>, MatchSet>,
    budget: usize,
}

impl Lexer {
    pub fn new(derivatives: Derivatives, lexemes: Vec<ExpressionId>, budget: usize) -> Self {
        let nothing: Box<[Lexeme]> = Box::new([]);
        let dead = Parts::new();
        Lexer {
            derivatives,
            digests: Digests::default(),
            variants: Variants::new(lexemes.len()),
            lexemes,
            state_ids: FxHashMap::from_iter([(FxBuildHasher.hash_one(&dead), DEAD)]),
            states: vec![dead],
            weight: 1,
            rows: vec![Row::Unmade],
            dense_rows: 0,
            own_characters: FxHashMap::default(),
            safe_classes: FxHashMap::default(),
            repeated: RepeatedParts::default(),
            counted_forms: vec![Some(Progress::uncounted(DEAD))],
            counters: vec![Counter {
                between: DEAD,
                part: EPSILON,
                after: DEAD,
                first: ByteSet::default(),
            }],
            needs: vec![None],
            counter_ids: FxHashMap::default(),
            counted_classes: FxHashMap::default(),
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

    /// What of the budget is used, and the budget.
    pub fn used(&self) -> (usize, usize) {
        (self.weight, self.budget)
    }

    /// Rough size in bytes.
    pub fn memory(&self) -> usize {
        let wide = (self.weight - self.states.len()) * PARTS_PER_WEIGHT * size_of::<(Lexeme, ExpressionId)>();
        self.states.len() * 160 + wide + self.dense_rows * 1_100
    }

    /// The whole expression of a lexeme that is no variant.
    pub fn expression(&self, lexeme: Lexeme) -> ExpressionId {
        self.lexemes[lexeme as usize]
    }

    /// The lexeme that a variant is one of.
    pub fn base(&self, lexeme: Lexeme) -> Lexeme {
        self.variants.get(lexeme).base
    }

    /// The number of a variant.
    pub fn variant(&mut self, variant: Variant) -> Result<Lexeme> {
        self.variants.id(variant, &mut self.derivatives)
    }

    /// See `Variants::forbidden_after`.
    pub fn forbidden_after(&mut self, lexeme: Lexeme) -> Result<ExpressionId> {
        self.variants.forbidden_after(lexeme, &mut self.derivatives)
    }

    /// The lexemes in progress at a state, each with what is left of it.
    pub fn in_progress(&self, state: LexerState) -> &[(Lexeme, ExpressionId)] {
        &self.states[state as usize]
    }

    /// The lexeme in progress at a state, as it ends, if there is one and it is known which.
    pub fn only_lexeme(&self, state: LexerState) -> Option<(Lexeme, ExpressionId)> {
        match self.in_progress(state) {
            &[(lexeme, expression)] if lexeme != KEYS => Some((self.variants.settled(lexeme)?, expression)),
            _ => None,
        }
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

    /// The set of some lexemes, which are sorted.
    pub fn set_of(&mut self, lexemes: Box<[Lexeme]>) -> MatchSet {
        self.intern_set(lexemes)
    }

    /// Is the expression so large that to name it takes longer than others would gain?
    pub fn is_large(&self, expression: ExpressionId) -> bool {
        self.derivatives.expressions.size(expression) > MAX_NAMED_SIZE
    }

    /// Name of an expression that other grammars share.
    pub fn digest(&mut self, expression: ExpressionId) -> Digest {
        self.digests.of(expression, &self.derivatives.expressions)
    }

    fn intern_set(&mut self, lexemes: Box<[Lexeme]>) -> MatchSet {
        if lexemes.is_empty() {
            return NO_MATCH;
        }
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
        self.intern(parts)
    }

    /// The state after a byte; `DEAD` when no lexeme can be completed.
    #[inline]
    pub fn step(&mut self, state: LexerState, byte: u8) -> Result<LexerState> {
        Ok(match self.row(state)? {
            Row::Dense(row) => row.next[usize::from(byte)],
            Row::Sparse { steps, .. } => find(steps, byte),
            Row::Unmade => DEAD,
        })
    }

    /// All 256 transitions of a state.
    pub fn reached(&mut self, state: LexerState) -> Result<[LexerState; 256]> {
        Ok(match self.row(state)? {
            Row::Dense(row) => row.next,
            Row::Sparse { steps, .. } => {
                let mut next = [DEAD; 256];
                for step in steps {
                    next[usize::from(step.low)..=usize::from(step.high)].fill(step.to);
                }
                next
            }
            Row::Unmade => [DEAD; 256],
        })
    }

    #[inline]
    fn row(&mut self, state: LexerState) -> Result<&Row> {
        if let Row::Unmade = self.rows[state as usize] {
            self.rows[state as usize] = self.make_row(state)?;
        }
        Ok(&self.rows[state as usize])
    }

    /// Classes of ASCII bytes that all lead from the state back to it.
    #[inline]
    pub fn own_classes(&mut self, state: LexerState) -> Result<ClassSet> {
        Ok(match self.row(state)? {
            Row::Dense(row) => row.own,
            Row::Sparse { own, .. } => *own,
            Row::Unmade => 0,
        })
    }

    /// The state of one lexeme in progress.
    pub fn state_of(&mut self, lexeme: Lexeme, expression: ExpressionId) -> Result<LexerState> {
        self.intern(smallvec![(lexeme, expression)])
    }

    /// The state of some lexemes in progress.
    pub fn state_of_parts(&mut self, parts: Parts) -> Result<LexerState> {
        self.intern(parts)
    }

    fn make_row(&mut self, state: LexerState) -> Result<Row> {
        let parts = self.states[state as usize].clone();
        let mut steps: Vec<Step> = Vec::new();
        if parts.iter().any(|&(lexeme, _)| self.variants.get(lexeme).moves()) {
            self.variant_steps(&parts, &mut steps)?;
        } else if let [(lexeme, expression)] = parts[..] {
            let expressions = &self.derivatives.expressions;
            // what a branch leads to needs no derivation
            let arms: SmallVec<[Arm; 4]> = match expressions.node(expression) {
                Expression::Branch { arms, .. } if !expressions.opaque(expression) => SmallVec::from_slice(arms),
                _ => SmallVec::from_slice(&self.derivatives.live_arms(expression)?),
            };
            for arm in arms {
                steps.push(Step {
                    low: arm.low,
                    high: arm.high,
                    to: self.state_of(lexeme, arm.to)?,
                });
            }
        } else {
            let mut lists = Vec::with_capacity(parts.len());
            for &(_, expression) in &parts {
                lists.push(self.derivatives.live_arms(expression)?);
            }
            for_each_interval(&lists, |low, high, hits| {
                let next = hits.iter().map(|&(index, to)| (parts[index].0, to)).collect();
                let to = self.intern(next)?;
                steps.push(Step { low, high, to });
                Ok(())
            })?;
        }
        let own = if steps.iter().any(|step| step.to == state) {
            classes_where(|byte| find(&steps, byte) == state)
        } else {
            0
        };
        if steps.len() <= MAX_STEPS {
            let steps = steps.into_boxed_slice();
            return Ok(Row::Sparse { steps, own });
        }
        let mut next = [DEAD; 256];
        for step in steps {
            next[usize::from(step.low)..=usize::from(step.high)].fill(step.to);
        }
        self.dense_rows += 1;
        Ok(Row::Dense(Box::new(DenseRow { next, own })))
    }

    /// Steps of lexemes that are accompanied by what else could be found.
    fn variant_steps(&mut self, parts: &Parts, steps: &mut Vec<Step>) -> Result<()> {
        let (counted, none): (Arc<[Arm]>, Arc<[Arm]>) = (Arc::new(COUNTED), Arc::new([]));
        let mut lists = Vec::with_capacity(parts.len() * 4);
        for &(lexeme, expression) in parts {
            let variant = self.variants.get(lexeme);
            lists.push(self.derivatives.live_arms(expression)?);
            lists.push(self.derivatives.arms(variant.own)?);
            lists.push(self.derivatives.arms(variant.others)?);
            lists.push(if variant.change.counts() {
                counted.clone()
            } else {
                none.clone()
            });
        }
        for_each_interval(&lists, |low, high, hits| {
            let mut next = Parts::new();
            for (place, &(list, to)) in hits.iter().enumerate().filter(|(_, (list, _))| list % 4 == 0) {
                // what is beside it stands right behind it
                let beside = |kind: usize| {
                    let mut near = hits[place + 1..].iter().take(2);
                    near.find(|(other, _)| *other == list + kind)
                        .map_or(EMPTY, |&(_, to)| to)
                };
                let variant = self.variants.get(parts[list / 4].0);
                let moved = Variant {
                    own: beside(1),
                    others: beside(2),
                    change: variant.change.after(low),
                    ..variant
                };
                next.push((self.variant(moved)?, to));
            }
            next.sort_unstable();
            next.dedup();
            let to = self.intern(next)?;
            if to != DEAD {
                steps.push(Step { low, high, to });
            }
            Ok(())
        })
    }

    /// Lexemes leave a trie of keys when nothing is shared with others any more.
    fn tell_apart(&self, parts: &mut Parts) {
        let mut tries = SmallVec::<[ExpressionId; 2]>::new();
        while let Some(&(KEYS, trie)) = parts.last() {
            tries.push(trie);
            parts.pop();
        }
        for trie in tries {
            let put = |lexeme: Option<Lexeme>, rest| parts.push((lexeme.unwrap_or(KEYS), rest));
            self.derivatives.split_keys(trie, put);
        }
        parts.sort_unstable();
        parts.dedup();
    }

    fn intern(&mut self, mut parts: Parts) -> Result<LexerState> {
        if parts.last().is_some_and(|&(lexeme, _)| lexeme == KEYS) {
            self.tell_apart(&mut parts);
        }
        let mut hash = FxBuildHasher.hash_one(&parts);
        while let Some(&state) = self.state_ids.get(&hash) {
            if self.states[state as usize] == parts {
                return Ok(state);
            }
            hash = hash.wrapping_add(1);
        }
        self.weight += 1 + parts.len() / PARTS_PER_WEIGHT;
        if self.weight > self.budget {
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
        self.states.push(parts);
        self.state_ids.insert(hash, state);
        self.rows.push(Row::Unmade);
        self.matches.push(set);
        self.goes_on.push(goes_on);
        Ok(state)
    }
}

#[inline]
fn find(steps: &[Step], byte: u8) -> LexerState {
    steps
        .iter()
        .find(|step| step.low <= byte && byte <= step.high)
        .map_or(DEAD, |step| step.to)
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

    #[test]
    fn wide_states_weigh_more() {
        let words: Vec<String> = (0..100).map(|number| format!("word{number}")).collect();
        let mut lexer = lexer(&words.iter().map(String::as_str).collect::<Vec<_>>());
        let all: Vec<Lexeme> = (0..100).collect();
        let (before, _) = lexer.used();
        lexer.start(&all, EMPTY).unwrap();
        assert_eq!(lexer.used().0 - before, 4);
        lexer.start(&all[..30], EMPTY).unwrap();
        assert_eq!(lexer.used().0 - before, 5);
    }
}
