//! Counters beside other conditions: `[a-z]{3,64}` that must also match `.*x.*`.
//!
//! Here the bounds say more than how many characters may begin: with two left, a text that still lacks three is dead.
//! What a text lacks is known from the walk without bounds, if from every place the missing strings may have any length
//! from the least one on. They do if from each place some character leads to one that lacks no more, as in a search for
//! a pattern: what is lacking there has every length but one more, and so on. Other cases are left to the lexer's states.

use rustc_hash::FxHashMap;

use super::counted::{Counted, RepeatedParts};
use super::derivative::{Derivatives, for_each_interval};
use super::expression::{EPSILON, Expression, ExpressionId, Expressions, UNBOUNDED};
use crate::bounds::Bounds;
use crate::error::Result;

/// Larger automata are not explored.
const MAX_PLACES: usize = 256;

/// A place in the walk without bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Need {
    /// May a repetition begin here?
    pub between: bool,
    /// The least number of repetitions that must yet begin.
    pub least: u32,
}

/// What texts lack, by what is left of the expression without bounds.
#[derive(Debug, Default)]
pub struct Needs {
    /// Each with what is left of the repetition under way.
    places: FxHashMap<ExpressionId, (Need, ExpressionId)>,
    /// What is repeated.
    part: ExpressionId,
    /// What follows the repetitions.
    after: ExpressionId,
    pub most: u32,
}

impl Needs {
    pub fn of(&self, id: ExpressionId) -> Option<Need> {
        self.places.get(&id).map(|&(need, _)| need)
    }

    /// The expression of which `id` has lost the bounds.
    pub fn bounded(&self, id: ExpressionId, bounds: Bounds, derivatives: &mut Derivatives) -> Result<ExpressionId> {
        let Some(&(_, rest)) = self.places.get(&id) else {
            return Ok(id); // what follows the repetitions
        };
        let expressions = &mut derivatives.expressions;
        let counting = counting(rest, self.part, expressions)?;
        let Some(others) = beside(id, counting, self.after, expressions)? else {
            return Ok(id);
        };
        let repeated = expressions.repeat(self.part, bounds.min, bounds.max)?;
        let bounded = expressions.concat(rest, repeated)?;
        let all: Vec<ExpressionId> = others.into_iter().chain([bounded]).collect();
        let inner = expressions.intersection(&all)?;
        expressions.concat(inner, self.after)
    }
}

/// The part that counts, without bounds: the rest of a repetition, then any number of them.
fn counting(rest: ExpressionId, part: ExpressionId, expressions: &mut Expressions) -> Result<ExpressionId> {
    let repeated = expressions.repeat(part, 0, UNBOUNDED)?;
    expressions.concat(rest, repeated)
}

/// The conditions beside the part that counts; None where it is not to be seen. It is told by its whole content, since
/// another part may end with the same repetitions, as a search for a character among such characters does.
fn beside(
    id: ExpressionId,
    counting: ExpressionId,
    after: ExpressionId,
    expressions: &mut Expressions,
) -> Result<Option<Vec<ExpressionId>>> {
    if id == expressions.concat(counting, after)? {
        return Ok(Some(Vec::new()));
    }
    let inner = match *expressions.node(id) {
        Expression::Concat(head, tail) if tail == after => head,
        _ => id,
    };
    let Expression::Intersection(parts) = expressions.node(inner) else {
        return Ok(None);
    };
    let others: Vec<ExpressionId> = parts.iter().copied().filter(|&part| part != counting).collect();
    Ok((others.len() < parts.len()).then_some(others))
}

/// The counter in an intersection, before its first repetition; None where there is none, or where bounds can't be told
/// from the walk without them.
pub fn counted_beside(
    id: ExpressionId,
    repeated_parts: &mut RepeatedParts,
    derivatives: &mut Derivatives,
) -> Result<Option<(Counted, Needs)>> {
    let expressions = &mut derivatives.expressions;
    let (inner, after) = match *expressions.node(id) {
        Expression::Concat(head, tail) => (head, tail),
        _ => (id, EPSILON),
    };
    let Expression::Intersection(parts) = expressions.node(inner).clone() else {
        return Ok(None);
    };
    // no place of a text leads to one that lacks as much, and there are too many to find that out
    if parts
        .iter()
        .any(|&part| matches!(expressions.node(part), Expression::Excerpt(_)))
    {
        return Ok(None);
    }
    let bounded = |&part: &ExpressionId| match *expressions.node(part) {
        Expression::Repeat(part, minimum, maximum) if (minimum, maximum) != (0, UNBOUNDED) => {
            Some((part, minimum, maximum))
        }
        _ => None,
    };
    let Some((index, (part, minimum, maximum))) =
        parts.iter().map(bounded).enumerate().find_map(|(i, b)| Some((i, b?)))
    else {
        return Ok(None);
    };
    let repeated = expressions.repeat(part, 0, UNBOUNDED)?;
    let mut unbounded = parts.to_vec();
    unbounded[index] = repeated;
    let unbounded = expressions.intersection(&unbounded)?;
    let unbounded = expressions.concat(unbounded, after)?;
    let Some(first) = repeated_parts.first_bytes(part, after, derivatives)? else {
        return Ok(None);
    };
    let Some(places) = explore(unbounded, part, after, derivatives)? else {
        return Ok(None);
    };
    let most = places.values().map(|(need, _)| need.least).max().unwrap_or(0);
    let counted = Counted {
        unbounded,
        between: unbounded,
        part,
        after,
        first,
        bounds: Bounds {
            min: minimum,
            max: maximum,
        },
    };
    let needs = Needs {
        places,
        part,
        after,
        most,
    };
    Ok(Some((counted, needs)))
}

/// A place while the automaton is explored.
struct Place {
    /// What is left of the repetition under way: `EPSILON` between two of them.
    rest: ExpressionId,
    /// May the repetitions end here?
    ends: bool,
    /// Places that a byte leads to.
    next: Vec<ExpressionId>,
}

impl Place {
    /// A part may have itself left, as `a*b` has after an `a`: only where nothing is left another may begin.
    fn between(&self) -> bool {
        self.rest == EPSILON
    }
}

fn explore(
    start: ExpressionId,
    part: ExpressionId,
    after: ExpressionId,
    derivatives: &mut Derivatives,
) -> Result<Option<FxHashMap<ExpressionId, (Need, ExpressionId)>>> {
    let mut places: FxHashMap<ExpressionId, Place> = FxHashMap::default();
    let mut pending = vec![(start, EPSILON)];
    while let Some((id, rest)) = pending.pop() {
        if let Some(known) = places.get(&id) {
            if known.rest != rest {
                return Ok(None);
            }
            continue;
        }
        if places.len() >= MAX_PLACES {
            return Ok(None);
        }
        let expressions = &mut derivatives.expressions;
        let counting = counting(rest, part, expressions)?;
        if beside(id, counting, after, expressions)?.is_none() {
            return Ok(None);
        }
        let mut place = Place {
            rest,
            ends: false,
            next: Vec::new(),
        };
        let between = place.between();
        place.ends = between && expressions.nullable(id);
        let lists = [
            derivatives.live_arms(id)?,
            derivatives.arms(if between { part } else { rest })?,
        ];
        for_each_interval(&lists, |_, _, hits| {
            match *hits {
                [(0, to), (1, left)] => {
                    place.next.push(to);
                    pending.push((to, left));
                }
                // a byte of what follows the repetitions
                [(0, _)] => place.ends |= between,
                _ => {}
            }
            Ok(())
        })?;
        places.insert(id, place);
    }
    let least = least_needs(&places);
    // repetitions that begin here count from here on
    let lacks_no_more = |id: &ExpressionId, place: &Place| match least.get(id) {
        Some(here) => place
            .next
            .iter()
            .any(|to| least.get(to).is_some_and(|there| there <= here)),
        None => false,
    };
    if !places.iter().all(|(id, place)| lacks_no_more(id, place)) {
        return Ok(None);
    }
    let need = |(id, place): (ExpressionId, Place)| {
        let need = Need {
            between: place.between(),
            least: least[&id],
        };
        (id, (need, place.rest))
    };
    Ok(Some(places.into_iter().map(need).collect()))
}

/// The least number of repetitions that must yet begin, for each place from which the end can be reached.
fn least_needs(places: &FxHashMap<ExpressionId, Place>) -> FxHashMap<ExpressionId, u32> {
    let mut least: FxHashMap<ExpressionId, u32> = FxHashMap::default();
    let mut changed = true;
    while changed {
        changed = false;
        for (id, place) in places {
            let further = place.next.iter().filter_map(|to| least.get(to)).min();
            let further = further.map(|&least| least + u32::from(place.between()));
            let here = if place.ends { Some(0) } else { further };
            if let Some(here) = here
                && least.get(id).is_none_or(|&known| here < known)
            {
                least.insert(*id, here);
                changed = true;
            }
        }
    }
    least
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::regex::literals::{char_class, literals};

    fn letters(derivatives: &mut Derivatives) -> ExpressionId {
        char_class(&mut derivatives.expressions, &[(0x20, 0x7E), (0xA0, 0x2FF)]).unwrap()
    }

    /// `letter{minimum,maximum} & (letter* word letter*)`
    fn search(derivatives: &mut Derivatives, word: &str, minimum: u32, maximum: u32) -> ExpressionId {
        let letter = letters(derivatives);
        let e = &mut derivatives.expressions;
        let any = e.repeat(letter, 0, UNBOUNDED).unwrap();
        let word = literals(e, &[word.into()]).unwrap();
        let tail = e.concat(word, any).unwrap();
        let pattern = e.concat(any, tail).unwrap();
        let counted = e.repeat(letter, minimum, maximum).unwrap();
        e.intersection(&[pattern, counted]).unwrap()
    }

    /// Before each byte of a text: may a repetition begin, and how many must?
    fn needs_along(needs: &Needs, mut at: ExpressionId, text: &str, derivatives: &mut Derivatives) -> Vec<(bool, u32)> {
        let mut found = Vec::new();
        for byte in text.bytes() {
            found.push(needs.of(at).map(|need| (need.between, need.least)).unwrap());
            let arms = derivatives.arms(at).unwrap();
            at = arms.iter().find(|arm| arm.low <= byte && byte <= arm.high).unwrap().to;
        }
        found
    }

    #[test]
    fn a_search_needs_what_is_missing_of_the_word() {
        let mut derivatives = Derivatives::new(10_000);
        let id = search(&mut derivatives, "xyz", 2, 9);
        let (counted, needs) = counted_beside(id, &mut RepeatedParts::default(), &mut derivatives)
            .unwrap()
            .unwrap();
        assert_eq!(counted.bounds, Bounds { min: 2, max: 9 });
        let found = needs_along(&needs, counted.unbounded, "axéxyz!", &mut derivatives);
        assert_eq!(
            found,
            [
                (true, 3),
                (true, 3),
                (true, 2),
                (false, 3),
                (true, 3),
                (true, 2),
                (true, 1),
                (true, 0)
            ]
        );
    }

    #[test]
    fn the_bounds_come_back() {
        let mut derivatives = Derivatives::new(10_000);
        let id = search(&mut derivatives, "x", 2, 9);
        let (counted, needs) = counted_beside(id, &mut RepeatedParts::default(), &mut derivatives)
            .unwrap()
            .unwrap();
        assert_eq!(
            needs
                .bounded(counted.unbounded, counted.bounds, &mut derivatives)
                .unwrap(),
            id
        );
    }

    #[test]
    fn a_part_that_begins_with_itself_is_one_repetition() {
        let mut derivatives = Derivatives::new(10_000);
        let e = &mut derivatives.expressions;
        let [a, b] = ["a", "b"].map(|text| literals(e, &[text.into()]).unwrap());
        let many = e.repeat(a, 0, UNBOUNDED).unwrap();
        let part = e.concat(many, b).unwrap();
        let any = e.repeat(part, 0, UNBOUNDED).unwrap();
        let word = e.concat(b, any).unwrap();
        let search = e.concat(any, word).unwrap();
        let counted = e.repeat(part, 2, 3).unwrap();
        let id = e.intersection(&[search, counted]).unwrap();
        let (counted, needs) = counted_beside(id, &mut RepeatedParts::default(), &mut derivatives)
            .unwrap()
            .unwrap();
        let found = needs_along(&needs, counted.unbounded, "aaba", &mut derivatives);
        assert_eq!(found, [(true, 1), (false, 1), (false, 1), (true, 1)]);
    }

    #[test]
    fn fixed_lengths_are_left_alone() {
        let mut derivatives = Derivatives::new(10_000);
        let letter = letters(&mut derivatives);
        let e = &mut derivatives.expressions;
        let pairs = e.repeat(letter, 2, 2).unwrap();
        let even = e.repeat(pairs, 0, UNBOUNDED).unwrap();
        let counted = e.repeat(letter, 1, 9).unwrap();
        let id = e.intersection(&[even, counted]).unwrap();
        assert!(
            counted_beside(id, &mut RepeatedParts::default(), &mut derivatives)
                .unwrap()
                .is_none()
        );
    }
}
