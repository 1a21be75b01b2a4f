//! Regular expressions over bytes, hash-consed: equal expressions have equal ids.
//!
//! An id is also an automaton state: its derivative by a byte is another id (Brzozowski 1964; Owens, Reppy and
//! Turon 2009 for the practice). Intersection and complement are therefore first class, a counted repetition costs
//! one node whatever its bound, and nothing is determinised before it is reached.

use std::hash::BuildHasher;

use rustc_hash::{FxBuildHasher, FxHashMap};

use super::automaton::Automaton;
use super::digest::Digest;
use super::excerpt::Excerpt;
use super::multiple::Multiple;
use super::numeral::Numeral;
use crate::error::{Error, Result};

pub type ExpressionId = u32;

/// The empty language.
pub const EMPTY: ExpressionId = 0;
/// The empty string.
pub const EPSILON: ExpressionId = 1;
/// Every byte string.
pub const ANY: ExpressionId = 2;
/// Upper bound of an unbounded repetition.
pub const UNBOUNDED: u32 = u32::MAX;

/// Bytes `low..=high` lead to `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Arm {
    pub low: u8,
    pub high: u8,
    pub to: ExpressionId,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Expression {
    Empty,
    Epsilon,
    /// A deterministic branch: sorted, disjoint arms. Tries of literals and of UTF-8 classes are made of these.
    Branch {
        accept: bool,
        arms: Box<[Arm]>,
    },
    /// Right-nested: the left side is no concatenation.
    Concat(ExpressionId, ExpressionId),
    Union(Box<[ExpressionId]>),
    Intersection(Box<[ExpressionId]>),
    Not(ExpressionId),
    /// The part is repeated between the bounds; `UNBOUNDED` for no upper one.
    Repeat(ExpressionId, u32, u32),
    /// The part, as what is left of this lexeme: in a union of lexemes it tells which of them it came from.
    Tagged(ExpressionId, u32),
    /// What is left of a numeral of a multiple. Never empty: `Multiple` has no states that can't be completed.
    Multiple(Multiple),
    /// What is left of another numeral. Never empty either.
    Numeral(Box<Numeral>),
    /// What is left of an automaton, by its number, from a state on. Never empty either.
    Automaton(u32, u32),
    /// What is left of a text that is looked up in a corpus. Never empty either.
    Excerpt(Box<Excerpt>),
}

impl Expression {
    /// The expressions that it is made of, by number.
    pub fn part(&self, index: usize) -> Option<ExpressionId> {
        match self {
            Expression::Empty
            | Expression::Epsilon
            | Expression::Multiple(_)
            | Expression::Numeral(_)
            | Expression::Automaton(..)
            | Expression::Excerpt(_) => None,
            Expression::Branch { arms, .. } => arms.get(index).map(|arm| arm.to),
            Expression::Concat(a, b) => [*a, *b].get(index).copied(),
            Expression::Union(parts) | Expression::Intersection(parts) => parts.get(index).copied(),
            Expression::Not(part) | Expression::Repeat(part, _, _) | Expression::Tagged(part, _) => {
                (index == 0).then_some(*part)
            }
        }
    }

    pub fn parts(&self) -> impl Iterator<Item = ExpressionId> + '_ {
        (0..).map_while(|index| self.part(index))
    }
}

#[derive(Debug, Clone, Copy)]
struct Facts {
    nullable: bool,
    /// Holds an intersection or complement, so that emptiness isn't visible from the syntax.
    opaque: bool,
    /// Number of nodes, shared ones counted each time, up to `u32::MAX`.
    size: u32,
}

/// All expressions of one engine.
#[derive(Debug)]
pub struct Expressions {
    nodes: Vec<Expression>,
    facts: Vec<Facts>,
    automata: Vec<Automaton>,
    /// Numbers of the automata, by their names.
    automaton_numbers: FxHashMap<Digest, u32>,
    /// By the hash of the node; where that is taken by another node, by the next number that is free.
    ids: FxHashMap<u64, ExpressionId>,
    /// What the budget counts: nodes, wide ones for more than one, and work.
    weight: usize,
    budget: usize,
}

impl Expressions {
    pub fn new(budget: usize) -> Self {
        let mut expressions = Expressions {
            nodes: Vec::new(),
            facts: Vec::new(),
            automata: Vec::new(),
            automaton_numbers: FxHashMap::default(),
            ids: FxHashMap::default(),
            weight: 0,
            budget: budget.max(3),
        };
        for node in [Expression::Empty, Expression::Epsilon, Expression::Not(EMPTY)] {
            let hash = FxBuildHasher.hash_one(&node);
            expressions.insert(node, hash);
        }
        expressions
    }

    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    pub fn node(&self, id: ExpressionId) -> &Expression {
        &self.nodes[id as usize]
    }

    /// Does the language hold the empty string?
    pub fn nullable(&self, id: ExpressionId) -> bool {
        self.facts[id as usize].nullable
    }

    /// Number of nodes, shared ones counted each time, up to `u32::MAX`.
    pub fn size(&self, id: ExpressionId) -> u32 {
        self.facts[id as usize].size
    }

    /// May the language be empty although the node isn't `EMPTY`?
    pub fn opaque(&self, id: ExpressionId) -> bool {
        self.facts[id as usize].opaque
    }

    fn intern(&mut self, node: Expression) -> Result<ExpressionId> {
        let mut hash = FxBuildHasher.hash_one(&node);
        while let Some(&id) = self.ids.get(&hash) {
            if *self.node(id) == node {
                return Ok(id);
            }
            hash = hash.wrapping_add(1);
        }
        self.charge(match &node {
            Expression::Union(parts) | Expression::Intersection(parts) => 1 + parts.len() / 4,
            Expression::Branch { arms, .. } => 1 + arms.len() / 16,
            _ => 1,
        })?;
        Ok(self.insert(node, hash))
    }

    /// What of the budget is used, and the budget.
    pub fn used(&self) -> (usize, usize) {
        (self.weight, self.budget)
    }

    /// Work or memory that weighs as much as so many expressions.
    pub fn charge(&mut self, weight: usize) -> Result<()> {
        self.weight = self.weight.saturating_add(weight);
        if self.weight > self.budget {
            return Err(Error::Limit {
                budget: "max_expressions",
                value: self.budget,
            });
        }
        Ok(())
    }

    fn insert(&mut self, node: Expression, hash: u64) -> ExpressionId {
        let facts = self.facts_of(&node);
        let id = self.nodes.len() as ExpressionId;
        self.ids.insert(hash, id);
        self.nodes.push(node);
        self.facts.push(facts);
        id
    }

    fn facts_of(&self, node: &Expression) -> Facts {
        let nullable = |id: &ExpressionId| self.nullable(*id);
        let opaque = |id: &ExpressionId| self.opaque(*id);
        let mut size = 1u32;
        // "every byte string" is plainly not empty, and it isn't built yet when it is inserted
        let every_string = matches!(node, Expression::Not(part) if *part == EMPTY);
        if !every_string {
            size = node.parts().fold(size, |sum, part| sum.saturating_add(self.size(part)));
        }
        let (nullable, opaque) = match node {
            Expression::Empty => (false, false),
            Expression::Epsilon => (true, false),
            Expression::Branch { accept, arms } => (*accept, arms.iter().any(|arm| self.opaque(arm.to))),
            Expression::Concat(a, b) => (nullable(a) && nullable(b), opaque(a) || opaque(b)),
            Expression::Union(parts) => (parts.iter().any(nullable), parts.iter().any(opaque)),
            Expression::Intersection(parts) => (parts.iter().all(nullable), true),
            Expression::Not(_) if every_string => (true, false),
            Expression::Not(part) => (!nullable(part), true),
            Expression::Repeat(part, minimum, _) => (*minimum == 0 || nullable(part), opaque(part)),
            Expression::Tagged(part, _) => (nullable(part), opaque(part)),
            Expression::Multiple(state) => (state.nullable(), false),
            Expression::Numeral(state) => (state.nullable(), false),
            Expression::Automaton(automaton, state) => (self.automaton(*automaton).accepts(*state), false),
            Expression::Excerpt(state) => (state.cursor.nullable(&state.corpus), false),
        };
        Facts { nullable, opaque, size }
    }

    // -- constructors ----------------------------------------------------------------------------------------------

    /// A deterministic branch; arms must be sorted and disjoint.
    pub fn branch(&mut self, accept: bool, mut arms: Vec<Arm>) -> Result<ExpressionId> {
        self.branch_from(accept, &mut arms)
    }

    /// As `branch`, from a vector that can be used again.
    pub fn branch_from(&mut self, accept: bool, arms: &mut Vec<Arm>) -> Result<ExpressionId> {
        merge_neighbours(arms);
        if arms.is_empty() {
            return Ok(if accept { EPSILON } else { EMPTY });
        }
        self.intern(Expression::Branch {
            accept,
            arms: arms.as_slice().into(),
        })
    }

    pub fn concat(&mut self, a: ExpressionId, b: ExpressionId) -> Result<ExpressionId> {
        if a == EMPTY || b == EMPTY {
            return Ok(EMPTY);
        }
        if a == EPSILON {
            return Ok(b);
        }
        if b == EPSILON {
            return Ok(a);
        }
        let mut spine = Vec::new();
        let mut head = a;
        while let Expression::Concat(left, right) = *self.node(head) {
            spine.push(left);
            head = right;
        }
        let mut result = self.intern(Expression::Concat(head, b))?;
        for left in spine.into_iter().rev() {
            result = self.intern(Expression::Concat(left, result))?;
        }
        Ok(result)
    }

    pub fn union(&mut self, parts: &[ExpressionId]) -> Result<ExpressionId> {
        let mut flat = Vec::with_capacity(parts.len());
        for &part in parts {
            match self.node(part) {
                Expression::Empty => {}
                Expression::Union(inner) => flat.extend_from_slice(inner),
                _ => flat.push(part),
            }
        }
        flat.sort_unstable();
        flat.dedup();
        if flat.contains(&ANY) {
            return Ok(ANY);
        }
        if flat.first() == Some(&EPSILON) && flat[1..].iter().any(|&part| self.nullable(part)) {
            flat.remove(0);
        }
        match flat.len() {
            0 => Ok(EMPTY),
            1 => Ok(flat[0]),
            _ => self.intern(Expression::Union(flat.into_boxed_slice())),
        }
    }

    pub fn intersection(&mut self, parts: &[ExpressionId]) -> Result<ExpressionId> {
        let mut flat = Vec::with_capacity(parts.len());
        for &part in parts {
            match self.node(part) {
                Expression::Empty => return Ok(EMPTY),
                Expression::Intersection(inner) => flat.extend_from_slice(inner),
                _ => flat.push(part),
            }
        }
        flat.sort_unstable();
        flat.dedup();
        flat.retain(|&part| part != ANY);
        if flat.contains(&EPSILON) {
            let nullable = flat.iter().all(|&part| self.nullable(part));
            return Ok(if nullable { EPSILON } else { EMPTY });
        }
        match flat.len() {
            0 => Ok(ANY),
            1 => Ok(flat[0]),
            _ => self.intern(Expression::Intersection(flat.into_boxed_slice())),
        }
    }

    /// Complement among all byte strings.
    pub fn not(&mut self, part: ExpressionId) -> Result<ExpressionId> {
        if let Expression::Not(inner) = *self.node(part) {
            return Ok(inner);
        }
        self.intern(Expression::Not(part))
    }

    pub fn repeat(&mut self, part: ExpressionId, minimum: u32, maximum: u32) -> Result<ExpressionId> {
        if maximum == 0 || part == EPSILON {
            return Ok(EPSILON);
        }
        if part == EMPTY {
            return Ok(if minimum == 0 { EPSILON } else { EMPTY });
        }
        if (minimum, maximum) == (1, 1) {
            return Ok(part);
        }
        let minimum = if self.nullable(part) { 0 } else { minimum };
        if let Expression::Repeat(_, 0, UNBOUNDED) = *self.node(part) {
            return Ok(part);
        }
        self.intern(Expression::Repeat(part, minimum, maximum))
    }

    pub fn tagged(&mut self, part: ExpressionId, lexeme: u32) -> Result<ExpressionId> {
        if part == EMPTY {
            return Ok(EMPTY);
        }
        self.intern(Expression::Tagged(part, lexeme))
    }

    pub fn multiple(&mut self, state: Multiple) -> Result<ExpressionId> {
        self.intern(Expression::Multiple(state))
    }

    pub fn numeral(&mut self, state: Numeral) -> Result<ExpressionId> {
        self.intern(Expression::Numeral(Box::new(state)))
    }

    pub fn automaton(&self, number: u32) -> &Automaton {
        &self.automata[number as usize]
    }

    /// The number of an automaton: equal ones have one.
    pub fn add_automaton(&mut self, automaton: Automaton) -> u32 {
        let next = self.automata.len() as u32;
        *self.automaton_numbers.entry(automaton.name).or_insert_with(|| {
            self.automata.push(automaton);
            next
        })
    }

    /// What is left of an automaton from a state on.
    pub fn automaton_state(&mut self, number: u32, state: u32) -> Result<ExpressionId> {
        if self.automaton(number).steps(state).is_empty() {
            return Ok(EPSILON); // a state without a way on is an end
        }
        self.intern(Expression::Automaton(number, state))
    }

    pub fn excerpt(&mut self, state: Excerpt) -> Result<ExpressionId> {
        self.intern(Expression::Excerpt(Box::new(state)))
    }
}

/// Joins adjacent arms with one target and drops arms to nowhere.
pub fn merge_neighbours(arms: &mut Vec<Arm>) {
    arms.retain(|arm| arm.to != EMPTY);
    arms.dedup_by(|next, last| {
        let joined = last.to == next.to && last.high.checked_add(1) == Some(next.low);
        if joined {
            last.high = next.high;
        }
        joined
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn byte(expressions: &mut Expressions, value: u8) -> ExpressionId {
        let arm = Arm {
            low: value,
            high: value,
            to: EPSILON,
        };
        expressions.branch(false, vec![arm]).unwrap()
    }

    #[test]
    fn equal_expressions_have_equal_ids() {
        let mut e = Expressions::new(1000);
        let (a, b) = (byte(&mut e, b'a'), byte(&mut e, b'b'));
        let left = e.concat(a, b).unwrap();
        let ab_a = e.concat(left, a).unwrap();
        let right = e.concat(b, a).unwrap();
        assert_eq!(e.concat(a, right).unwrap(), ab_a);
        assert_eq!(e.union(&[a, b]).unwrap(), e.union(&[b, a, b]).unwrap());
    }

    #[test]
    fn trivial_languages_are_recognised() {
        let mut e = Expressions::new(1000);
        let a = byte(&mut e, b'a');
        assert_eq!(e.concat(a, EMPTY).unwrap(), EMPTY);
        assert_eq!(e.intersection(&[a, EPSILON]).unwrap(), EMPTY);
        assert_eq!(e.repeat(a, 0, 0).unwrap(), EPSILON);
        let not = e.not(a).unwrap();
        assert_eq!(e.not(not).unwrap(), a);
    }

    #[test]
    fn the_budget_is_kept() {
        let mut e = Expressions::new(3);
        let a = byte(&mut e, b'a');
        let limit = Error::Limit {
            budget: "max_expressions",
            value: 3,
        };
        let results: Vec<_> = (5..8).map(|maximum| e.repeat(a, 0, maximum)).collect();
        assert_eq!(results, [Ok(4), Ok(5), Err(limit)]);
    }
}
