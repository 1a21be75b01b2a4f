//! Expressions that count characters: `[a-z]{2,50}"`, also from within a character.
//!
//! If no string of the repeated part begins another, and what follows begins with other bytes, then a text is read in
//! one way only, and how many repetitions begin in it can be counted without knowing the bounds.

use std::collections::hash_map::Entry;

use rustc_hash::{FxHashMap, FxHashSet};

use super::derivative::Derivatives;
use super::expression::{EPSILON, Expression, ExpressionId, UNBOUNDED};
use crate::bounds::Bounds;
use crate::bytes::ByteSet;
use crate::error::{Error, Result};

/// A repeated part may have this many derivatives.
const MAX_DERIVATIVES: usize = 64;

/// `rest of a repetition, more of them between the bounds, what follows`.
#[derive(Debug, Clone, Copy)]
pub struct Counted {
    /// The same with any number of repetitions.
    pub unbounded: ExpressionId,
    /// `unbounded` where a repetition may begin.
    pub between: ExpressionId,
    /// What is repeated.
    pub part: ExpressionId,
    /// What follows the repetitions.
    pub after: ExpressionId,
    /// Bytes that begin a repetition.
    pub first: ByteSet,
    pub bounds: Bounds,
}

/// A part of which no string begins another.
#[derive(Debug)]
struct Part {
    first: ByteSet,
    /// What can be left of it, itself included.
    rests: FxHashSet<ExpressionId>,
}

/// What was found out about repeated parts.
#[derive(Debug, Default)]
pub struct RepeatedParts(FxHashMap<ExpressionId, Option<Part>>);

impl RepeatedParts {
    /// None when the expression has no counter, or can be read in several ways.
    pub fn counted(&mut self, id: ExpressionId, derivatives: &mut Derivatives) -> Result<Option<Counted>> {
        let Some((rest, (part, minimum, maximum), after)) = split(id, derivatives) else {
            return Ok(None);
        };
        let Some(first) = self.first_bytes(part, after, derivatives)? else {
            return Ok(None);
        };
        let rests = self.part(part, derivatives)?.map(|part| &part.rests);
        if rest.is_some_and(|rest| rests.is_none_or(|rests| !rests.contains(&rest))) {
            return Ok(None);
        }
        let expressions = &mut derivatives.expressions;
        let repeated = expressions.repeat(part, 0, UNBOUNDED)?;
        let between = expressions.concat(repeated, after)?;
        Ok(Some(Counted {
            unbounded: match rest {
                Some(rest) => expressions.concat(rest, between)?,
                None => between,
            },
            between,
            part,
            after,
            first,
            bounds: Bounds {
                min: minimum,
                max: maximum,
            },
        }))
    }

    /// The bytes that begin a repeated part; None when its repetitions can't be counted from the text alone.
    pub fn first_bytes(
        &mut self,
        part: ExpressionId,
        after: ExpressionId,
        derivatives: &mut Derivatives,
    ) -> Result<Option<ByteSet>> {
        let Some(first) = self.part(part, derivatives)?.map(|part| part.first) else {
            return Ok(None);
        };
        let begins_alike = |low: u8, high: u8| (low..=high).any(|byte| first.contains(byte));
        let arms = derivatives.arms(after)?;
        let alike = arms.iter().any(|arm| begins_alike(arm.low, arm.high));
        Ok((!alike).then_some(first))
    }

    /// The expression of which `id` has lost the bounds, where `between` is what it is between two repetitions.
    pub fn bounded(
        &self,
        id: ExpressionId,
        between: ExpressionId,
        bounds: Bounds,
        derivatives: &mut Derivatives,
    ) -> Result<ExpressionId> {
        let Some((None, (part, _, _), after)) = split(between, derivatives) else {
            return Ok(id);
        };
        let expressions = &mut derivatives.expressions;
        let repeated = expressions.repeat(part, bounds.min, bounds.max)?;
        let whole = expressions.concat(repeated, after)?;
        with_tail(id, between, whole, 0, derivatives)
    }

    fn part(&mut self, id: ExpressionId, derivatives: &mut Derivatives) -> Result<Option<&Part>> {
        Ok(match self.0.entry(id) {
            Entry::Occupied(known) => known.into_mut().as_ref(),
            Entry::Vacant(place) => place.insert(explore(id, derivatives)?).as_ref(),
        })
    }
}

/// Unions within sequences within unions, and so on.
const MAX_NESTING: usize = 200;

/// `id` with another tail: the rest of a repetition, if any, stands before what is left between two of them, and the
/// rests of several readings of one stand beside each other.
fn with_tail(
    id: ExpressionId,
    tail: ExpressionId,
    other: ExpressionId,
    nesting: usize,
    derivatives: &mut Derivatives,
) -> Result<ExpressionId> {
    if nesting > MAX_NESTING {
        return Err(Error::TooLarge {
            what: "the nesting of what is left of a repetition",
            value: MAX_NESTING,
        });
    }
    let mut heads = Vec::new();
    let mut at = id;
    let mut result = loop {
        if at == tail {
            break other;
        }
        match derivatives.expressions.node(at) {
            &Expression::Concat(head, next) => {
                heads.push(head);
                at = next;
            }
            Expression::Union(parts) => {
                let mut changed = Vec::with_capacity(parts.len());
                for part in parts.clone() {
                    changed.push(with_tail(part, tail, other, nesting + 1, derivatives)?);
                }
                break derivatives.expressions.union(&changed)?;
            }
            _ => return Ok(id), // what follows the repetitions
        }
    };
    for head in heads.into_iter().rev() {
        result = derivatives.expressions.concat(head, result)?;
    }
    Ok(result)
}

type Repetition = (ExpressionId, u32, u32);

/// `[rest .] part{minimum,maximum} [. after]`.
fn split(id: ExpressionId, derivatives: &Derivatives) -> Option<(Option<ExpressionId>, Repetition, ExpressionId)> {
    let repetition = |id: ExpressionId| match *derivatives.expressions.node(id) {
        Expression::Repeat(part, minimum, maximum) => Some((part, minimum, maximum)),
        _ => None,
    };
    if let Some(found) = repetition(id) {
        return Some((None, found, EPSILON));
    }
    let Expression::Concat(head, tail) = *derivatives.expressions.node(id) else {
        return None;
    };
    if let Some(found) = repetition(head) {
        return Some((None, found, tail));
    }
    if let Some(found) = repetition(tail) {
        return Some((Some(head), found, EPSILON));
    }
    match *derivatives.expressions.node(tail) {
        Expression::Concat(second, after) => Some((Some(head), repetition(second)?, after)),
        _ => None,
    }
}

fn explore(id: ExpressionId, derivatives: &mut Derivatives) -> Result<Option<Part>> {
    if derivatives.expressions.opaque(id) {
        return Ok(None);
    }
    let mut part = Part {
        first: ByteSet::default(),
        rests: FxHashSet::default(),
    };
    let mut pending = vec![id];
    while let Some(rest) = pending.pop() {
        if rest == EPSILON || !part.rests.insert(rest) {
            continue;
        }
        if derivatives.expressions.nullable(rest) || part.rests.len() > MAX_DERIVATIVES {
            return Ok(None);
        }
        for arm in derivatives.arms(rest)?.iter() {
            if rest == id {
                (arm.low..=arm.high).for_each(|byte| part.first.insert(byte));
            }
            pending.push(arm.to);
        }
    }
    Ok(Some(part))
}
