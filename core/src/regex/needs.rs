//! Counters beside other conditions: `[a-z]{3,64}` that must also match `.*x.*`.
//!
//! Here the bounds say more than how many characters may begin: with two left, a text that still lacks three is dead.
//! What a text lacks is known from the walk without bounds, if from every place the missing strings may have any length
//! from the least one on. They do if from each place some character leads to one that lacks no more, as in a search for
//! a pattern: what is lacking there has every length but one more, and so on. Other cases are left to the lexer's states.

use rustc_hash::FxHashMap;

use super::counted::{Counted, RepeatedParts};
use super::derivative::{Derivatives, for_each_interval};
use super::expression::{EPSILON, Expression, ExpressionId, UNBOUNDED};
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
    places: FxHashMap<ExpressionId, Need>,
    /// What is repeated, without bounds.
    repeated: ExpressionId,
    pub most: u32,
}

impl Needs {
    pub fn of(&self, id: ExpressionId) -> Option<Need> {
        self.places.get(&id).copied()
    }

    /// The expression of which `id` has lost the bounds.
    pub fn bounded(&self, id: ExpressionId, bounds: Bounds, derivatives: &mut Derivatives) -> Result<ExpressionId> {
        let expressions = &mut derivatives.expressions;
        let Expression::Repeat(part, ..) = *expressions.node(self.repeated) else {
            return Ok(id);
        };
        match expressions.node(id).clone() {
            _ if id == self.repeated => expressions.repeat(part, bounds.min, bounds.max),
            Expression::Intersection(parts) => {
                // one of them counts: another that ends alike is the same at every place
                let counting = |part: &&ExpressionId| self.counts(**part, derivatives);
                let Some(&counting) = parts.iter().find(counting) else {
                    return Ok(id);
                };
                let bounded = self.bounded(counting, bounds, derivatives)?;
                let others = parts.iter().copied().filter(|&part| part != counting);
                let all: Vec<ExpressionId> = others.chain([bounded]).collect();
                derivatives.expressions.intersection(&all)
            }
            Expression::Concat(head, tail) if self.counts(head, derivatives) => {
                let head = self.bounded(head, bounds, derivatives)?;
                derivatives.expressions.concat(head, tail)
            }
            Expression::Concat(head, tail) => {
                let tail = self.bounded(tail, bounds, derivatives)?;
                derivatives.expressions.concat(head, tail)
            }
            _ => Ok(id),
        }
    }

    /// Is it the repetition, or does it end with it, alone or among others?
    fn counts(&self, id: ExpressionId, derivatives: &Derivatives) -> bool {
        id == self.repeated
            || match derivatives.expressions.node(id) {
                Expression::Concat(_, tail) => self.counts(*tail, derivatives),
                Expression::Intersection(parts) => parts.iter().any(|&part| self.counts(part, derivatives)),
                _ => false,
            }
    }
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
    let Some(places) = explore(unbounded, part, derivatives)? else {
        return Ok(None);
    };
    let most = places.values().map(|need| need.least).max().unwrap_or(0);
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
    Ok(Some((counted, Needs { places, repeated, most })))
}

/// A place while the automaton is explored.
struct Place {
    /// What is left of the repetition under way.
    rest: ExpressionId,
    between: bool,
    /// May the repetitions end here?
    ends: bool,
    /// Places that a byte leads to.
    next: Vec<ExpressionId>,
}

fn explore(
    start: ExpressionId,
    part: ExpressionId,
    derivatives: &mut Derivatives,
) -> Result<Option<FxHashMap<ExpressionId, Need>>> {
    let mut places: FxHashMap<ExpressionId, Place> = FxHashMap::default();
    let mut pending = vec![(start, part)];
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
        let between = rest == part;
        let mut place = Place {
            rest,
            between,
            ends: between && derivatives.expressions.nullable(id),
            next: Vec::new(),
        };
        let lists = [derivatives.live_arms(id)?, derivatives.arms(rest)?];
        for_each_interval(&lists, |_, _, hits| {
            match *hits {
                [(0, to), (1, left)] => {
                    place.next.push(to);
                    pending.push((to, if left == EPSILON { part } else { left }));
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
            between: place.between,
            least: least[&id],
        };
        (id, need)
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
            let further = further.map(|&least| least + u32::from(place.between));
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

    #[test]
    fn a_search_needs_what_is_missing_of_the_word() {
        let mut derivatives = Derivatives::new(10_000);
        let id = search(&mut derivatives, "xyz", 2, 9);
        let (counted, needs) = counted_beside(id, &mut RepeatedParts::default(), &mut derivatives)
            .unwrap()
            .unwrap();
        assert_eq!(counted.bounds, Bounds { min: 2, max: 9 });
        let mut at = counted.unbounded;
        let mut found = Vec::new();
        for byte in "axéxyz!".bytes() {
            found.push(needs.of(at).map(|need| (need.between, need.least)).unwrap());
            let arms = derivatives.arms(at).unwrap();
            at = arms.iter().find(|arm| arm.low <= byte && byte <= arm.high).unwrap().to;
        }
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
