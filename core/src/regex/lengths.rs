//! Emptiness of `C{m,n} & P`, where C is one character: decided by lengths instead of by searching.
//!
//! A search through derivatives counts characters one by one: with m a million, and each of them times the states of P,
//! it runs out of any budget. But the question is only whether P has a text of between m and n characters. So P's
//! derivatives are taken a character at a time, without the counter; they are the places of a graph, and whether its
//! end is reached in some number of steps between m and n takes log n products of a matrix of bits.
//!
//! C must be a prefix code (no match of C continues another one): then it is certain where each character ends.

use std::collections::VecDeque;

use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use super::derivative::{Derivatives, for_each_interval};
use super::expression::{EPSILON, Expression, ExpressionId, UNBOUNDED};
use super::reachability::{Relation, contains, insert, none};
use crate::error::{Error, Result};

/// Larger graphs are not made: the search has to do.
const MAX_PLACES: usize = 512;
const MAX_PAIRS: usize = 8_192;
const MAX_STEPS: usize = 262_144;
/// Word operations that weigh as much as an expression.
const WORDS_PER_EXPRESSION: u64 = 1_024;
/// Work on one shortest text, in characters times edges of the graph.
const MAX_SHORTEST_STEPS: u64 = 1 << 26;

/// An intersection taken apart: `pending character{minimum,maximum} & rest`.
#[derive(Debug, Clone, Copy)]
struct Counter {
    /// What is left of the character under way; `EPSILON` between characters.
    pending: ExpressionId,
    character: ExpressionId,
    minimum: u32,
    maximum: u32,
    rest: ExpressionId,
}

/// (what is left of a character, rest)
type Pair = (ExpressionId, ExpressionId);

/// A character's end: the place, and a shortest spelling up to there.
type Step = (usize, SmallVec<[u8; 8]>);

/// `rest` and all its derivatives by whole characters.
#[derive(Debug)]
struct Graph {
    /// From each pair, where the character under way, or the next one, can end.
    steps: FxHashMap<Pair, Box<[Step]>>,
    /// The rest at each place.
    places: Vec<ExpressionId>,
    numbers: FxHashMap<ExpressionId, usize>,
    one: Relation,
    /// One step or none.
    at_most_one: Relation,
}

/// The graphs made so far, and where they are: by character and any pair in them. None where one would be too large.
#[derive(Debug, Default)]
pub struct Lengths {
    graphs: Vec<Graph>,
    made: FxHashMap<(ExpressionId, Pair), Option<usize>>,
}

impl Derivatives {
    /// Is the intersection not empty? None when its lengths can't tell; with `known`, also when there's no graph yet.
    pub(super) fn is_live_by_lengths(&mut self, id: ExpressionId, known: bool) -> Result<Option<bool>> {
        let Some((counter, graph)) = self.graph_for(id, known)? else {
            return Ok(None);
        };
        let graph = &mut self.lengths.graphs[graph];
        let before = graph.work();
        let goal = graph.nullable(|id| self.expressions.nullable(id));
        let slack = counter.slack().min(graph.places.len() as u32);
        let loose = graph.at_most_one.before(goal, slack);
        let places = graph.one.before(loose, counter.minimum);
        self.expressions
            .charge(((graph.work() - before) / WORDS_PER_EXPRESSION) as usize)?;
        Ok(Some(graph.starts(&counter).any(|place| contains(&places, place))))
    }

    /// A shortest string of the intersection; None when its lengths can't tell. It must not be empty.
    pub(super) fn shortest_by_lengths(&mut self, id: ExpressionId) -> Result<Option<Vec<u8>>> {
        let Some((counter, graph)) = self.graph_for(id, false)? else {
            return Ok(None);
        };
        let graph = &self.lengths.graphs[graph];
        graph.shortest(&counter, |id| self.expressions.nullable(id)).map(Some)
    }

    fn graph_for(&mut self, id: ExpressionId, known: bool) -> Result<Option<(Counter, usize)>> {
        let Some(counter) = self.take_apart(id)? else {
            return Ok(None);
        };
        let start = (counter.pending, counter.rest);
        let graph = match self.lengths.made.get(&(counter.character, start)) {
            Some(&graph) => graph,
            None if known => None,
            None => {
                let mut pairs = vec![start];
                let made = self.make_graph(counter.character, &mut pairs)?;
                let number = made.is_some().then_some(self.lengths.graphs.len());
                self.lengths.graphs.extend(made);
                // what follows what is too large is taken to be so as well, and not looked at again
                let keys = pairs.into_iter().map(|pair| ((counter.character, pair), number));
                self.lengths.made.extend(keys);
                number
            }
        };
        Ok(graph.map(|graph| (counter, graph)))
    }

    /// The part with the largest counter, and the others. None when there is no counter.
    fn take_apart(&mut self, id: ExpressionId) -> Result<Option<Counter>> {
        let Expression::Intersection(parts) = self.expressions.node(id) else {
            return Ok(None);
        };
        let size = |part: ExpressionId| match *self.expressions.node(self.last_of(part)) {
            Expression::Repeat(_, minimum, UNBOUNDED) => minimum,
            Expression::Repeat(_, _, maximum) => maximum,
            _ => 0,
        };
        let Some(largest) = parts
            .iter()
            .copied()
            .max_by_key(|&part| size(part))
            .filter(|&part| size(part) > 0)
        else {
            return Ok(None);
        };
        let others: Vec<ExpressionId> = parts.iter().copied().filter(|&part| part != largest).collect();
        let rest = self.expressions.intersection(&others)?;
        let mut before = Vec::new();
        let mut counter = largest;
        while let Expression::Concat(first, then) = *self.expressions.node(counter) {
            before.push(first);
            counter = then;
        }
        let mut pending = EPSILON;
        for part in before.into_iter().rev() {
            pending = self.expressions.concat(part, pending)?;
        }
        let Expression::Repeat(character, minimum, maximum) = *self.expressions.node(counter) else {
            return Ok(None);
        };
        Ok(Some(Counter {
            pending,
            character,
            minimum,
            maximum,
            rest,
        }))
    }

    /// The last part of a concatenation.
    fn last_of(&self, mut id: ExpressionId) -> ExpressionId {
        while let Expression::Concat(_, then) = *self.expressions.node(id) {
            id = then;
        }
        id
    }

    /// The graph from the only pair in `pairs`, to which all others are added; None when there are too many, or the
    /// characters are no prefix code.
    fn make_graph(&mut self, character: ExpressionId, pairs: &mut Vec<Pair>) -> Result<Option<Graph>> {
        if self.expressions.nullable(character) {
            return Ok(None);
        }
        let mut numbers: FxHashMap<Pair, usize> = pairs.iter().map(|&pair| (pair, 0)).collect();
        // by each pair's number: a byte, and the pair that it leads to
        let mut edges: Vec<Vec<(u8, usize)>> = Vec::new();
        while let Some(&(pending, rest)) = pairs.get(edges.len()) {
            if pending != EPSILON && self.expressions.nullable(pending) {
                return Ok(None);
            }
            self.expressions.charge(1)?;
            let lists = [
                self.arms(if pending == EPSILON { character } else { pending })?,
                self.arms(rest)?,
            ];
            let mut row = Vec::new();
            for_each_interval(&lists, |low, _, hits| {
                if let &[(_, pending), (_, rest)] = hits {
                    let number = *numbers.entry((pending, rest)).or_insert_with(|| {
                        pairs.push((pending, rest));
                        pairs.len() - 1
                    });
                    row.push((low, number));
                }
                Ok(())
            })?;
            edges.push(row);
            if pairs.len() > MAX_PAIRS {
                return Ok(None);
            }
        }
        let places: Vec<ExpressionId> = pairs
            .iter()
            .filter(|&&(pending, _)| pending == EPSILON)
            .map(|&(_, rest)| rest)
            .collect();
        if places.len() > MAX_PLACES {
            return Ok(None);
        }
        let numbers = places.iter().enumerate().map(|(i, &rest)| (rest, i)).collect();
        let mut steps = FxHashMap::default();
        let mut fuel = MAX_STEPS;
        for (from, &pair) in pairs.iter().enumerate() {
            let Some(row) = ends(from, pairs, &edges, &numbers, &mut fuel) else {
                return Ok(None);
            };
            steps.insert(pair, row);
        }
        self.expressions.charge((MAX_STEPS - fuel) / 4)?;
        Ok(Some(Graph::new(places, numbers, steps)))
    }
}

impl Counter {
    fn slack(&self) -> u32 {
        match self.maximum {
            UNBOUNDED => u32::MAX,
            maximum => maximum - self.minimum,
        }
    }
}

impl Graph {
    fn new(
        places: Vec<ExpressionId>,
        numbers: FxHashMap<ExpressionId, usize>,
        steps: FxHashMap<Pair, Box<[Step]>>,
    ) -> Self {
        let pairs = || {
            let of = |place: usize| steps[&(EPSILON, places[place])].iter().map(move |step| (place, step.0));
            (0..places.len()).flat_map(of)
        };
        Graph {
            one: Relation::new(places.len(), pairs()),
            at_most_one: Relation::new(
                places.len(),
                pairs().chain((0..places.len()).map(|place| (place, place))),
            ),
            steps,
            places,
            numbers,
        }
    }

    /// Word operations spent so far.
    fn work(&self) -> u64 {
        self.one.work + self.at_most_one.work
    }

    /// Places where the counter is about to count.
    fn starts(&self, counter: &Counter) -> Box<dyn Iterator<Item = usize> + '_> {
        if counter.pending == EPSILON {
            return Box::new(self.numbers.get(&counter.rest).copied().into_iter());
        }
        Box::new(self.steps[&(counter.pending, counter.rest)].iter().map(|step| step.0))
    }

    fn nullable(&self, nullable: impl Fn(ExpressionId) -> bool) -> Box<[u64]> {
        let mut places = none(self.places.len());
        for (place, _) in self.places.iter().enumerate().filter(|&(_, &rest)| nullable(rest)) {
            insert(&mut places, place);
        }
        places
    }

    /// The least number of bytes from each place to an end, by the characters still to be counted; then a walk along
    /// the least.
    fn shortest(&self, counter: &Counter, nullable: impl Fn(ExpressionId) -> bool) -> Result<Vec<u8>> {
        let count = self.places.len();
        let steps: Vec<&[Step]> = (0..count)
            .map(|place| &*self.steps[&(EPSILON, self.places[place])])
            .collect();
        let edges: u64 = steps.iter().map(|row| row.len() as u64 + 1).sum();
        let rounds = counter.slack().min(count as u32) as usize;
        if (u64::from(counter.minimum) + rounds as u64).saturating_mul(edges) > MAX_SHORTEST_STEPS {
            return Err(Error::TooLarge {
                what: "the work on the shortest completion, in steps,",
                value: MAX_SHORTEST_STEPS as usize,
            });
        }
        const STOP: u16 = u16::MAX;
        let mut length: Vec<u64> = (0..count)
            .map(|place| if nullable(self.places[place]) { 0 } else { u64::MAX })
            .collect();
        // for each round and place the index of the step to take
        let mut choices: Vec<Vec<u16>> = Vec::new();
        for round in 0..rounds + counter.minimum as usize {
            let may_stay = round < rounds;
            let mut choice = vec![STOP; count];
            let next = (0..count)
                .map(|place| {
                    let mut least = if may_stay { length[place] } else { u64::MAX };
                    for (index, (to, text)) in steps[place].iter().enumerate() {
                        let through = length[*to].saturating_add(text.len() as u64);
                        if through < least {
                            (least, choice[place]) = (through, index as u16);
                        }
                    }
                    least
                })
                .collect();
            length = next;
            choices.push(choice);
        }
        let mut text = Vec::new();
        let mut place = if counter.pending == EPSILON {
            self.numbers[&counter.rest]
        } else {
            let ends = self.steps[&(counter.pending, counter.rest)].iter();
            let Some((place, spelling)) =
                ends.min_by_key(|(place, text)| length[*place].saturating_add(text.len() as u64))
            else {
                return Ok(text);
            };
            text.extend(spelling);
            *place
        };
        for choice in choices.iter().rev() {
            if choice[place] != STOP {
                let (to, spelling) = &steps[place][choice[place] as usize];
                text.extend(spelling);
                place = *to;
            }
        }
        Ok(text)
    }
}

/// Where the character that pair `from` begins, or is within, can end: breadth first, so with shortest spellings. None
/// when the fuel runs out: a unit for each byte of the spellings on the way.
fn ends(
    from: usize,
    pairs: &[Pair],
    edges: &[Vec<(u8, usize)>],
    numbers: &FxHashMap<ExpressionId, usize>,
    fuel: &mut usize,
) -> Option<Box<[Step]>> {
    let mut found: Vec<Step> = Vec::new();
    let mut seen = FxHashSet::default();
    let mut queue = VecDeque::from([(from, SmallVec::<[u8; 8]>::new())]);
    while let Some((pair, text)) = queue.pop_front() {
        for &(byte, to) in &edges[pair] {
            if seen.insert(to) {
                let mut longer = text.clone();
                longer.push(byte);
                *fuel = fuel.checked_sub(longer.len())?;
                let (pending, rest) = pairs[to];
                if pending == EPSILON {
                    found.push((numbers[&rest], longer));
                } else {
                    queue.push_back((to, longer));
                }
            }
        }
    }
    Some(found.into_boxed_slice())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::regex::literals::{char_class, literals};

    /// `.{minimum,maximum}` and so many words out of two: of 3 characters in 5 bytes, and of 5 characters in 6 bytes.
    fn intersection(d: &mut Derivatives, (minimum, maximum): (u32, u32), counts: (u32, u32)) -> ExpressionId {
        let character = char_class(&mut d.expressions, &[(0x20, 0x7E), (0xE9, 0xE9), (0x20AC, 0x20AC)]).unwrap();
        let counter = d.expressions.repeat(character, minimum, maximum).unwrap();
        let words = ["ab\u{20ac}", "\u{e9}bcde"].map(|word| word.as_bytes().to_vec());
        let word = literals(&mut d.expressions, &words).unwrap();
        let other = d.expressions.repeat(word, counts.0, counts.1).unwrap();
        d.expressions.intersection(&[counter, other]).unwrap()
    }

    /// Bytes of a shortest text, by trying how many words there may be of each kind.
    fn expected((minimum, maximum): (u32, u32), counts: (u32, u32)) -> Option<u32> {
        let mut least = None;
        for long in 0..=minimum.div_ceil(5) + 1 {
            let short = minimum
                .saturating_sub(5 * long)
                .div_ceil(3)
                .max(counts.0.saturating_sub(long));
            for short in short..short + 2 {
                if 5 * long + 3 * short <= maximum && (counts.0..=counts.1).contains(&(long + short)) {
                    let bytes = 6 * long + 5 * short;
                    least = Some(least.map_or(bytes, |least: u32| least.min(bytes)));
                }
            }
        }
        least
    }

    #[test]
    fn lengths_are_counted_in_characters() {
        for bounds in [
            (100_000, UNBOUNDED),
            (100_000, 100_000),
            (100_001, 100_001),
            (601, 601),
            (301, 302),
            (250, 254),
            (604, 100_000),
            (7, 7),
        ] {
            for counts in [(0, UNBOUNDED), (10, 50), (3, 60), (59, 60)] {
                let mut d = Derivatives::new(100_000);
                let id = intersection(&mut d, bounds, counts);
                let (case, expected) = (format!("{bounds:?} {counts:?}"), expected(bounds, counts));
                assert_eq!(d.is_live(id).unwrap(), expected.is_some(), "{case}");
                assert_eq!(
                    d.shortest_length(id).unwrap(),
                    expected.map_or(u64::MAX, u64::from),
                    "{case}"
                );
                let text = d.shortest_string(id).unwrap();
                assert_eq!(text.as_ref().map(|text| text.len() as u32), expected, "{case}");
                let characters = text.map(|text| String::from_utf8(text).unwrap().chars().count() as u32);
                assert!(
                    characters.is_none_or(|count| bounds.0 <= count && count <= bounds.1),
                    "{case}"
                );
            }
        }
    }

    /// Expressions over a, b, \u{e9} and their bytes, drawn by a generator of pseudo-random numbers.
    struct Draw(u64);

    impl Draw {
        fn below(&mut self, bound: u64) -> u64 {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) % bound
        }

        fn expression(&mut self, d: &mut Derivatives, depth: u64) -> ExpressionId {
            let e = &mut d.expressions;
            if depth == 0 || self.below(5) == 0 {
                let texts = ["a", "b", "\u{e9}", "ab", "b\u{e9}a", ""];
                let text = texts[self.below(texts.len() as u64) as usize];
                return literals(e, &[text.into()]).unwrap();
            }
            let a = self.expression(d, depth - 1);
            let kind = self.below(8);
            if kind < 2 {
                let (minimum, more) = (self.below(3) as u32, self.below(3) as u32);
                let maximum = if more == 2 { UNBOUNDED } else { minimum + more };
                return d.expressions.repeat(a, minimum, maximum).unwrap();
            }
            if kind == 2 {
                return d.expressions.not(a).unwrap();
            }
            let b = self.expression(d, depth - 1);
            match kind {
                3 | 4 => d.expressions.union(&[a, b]).unwrap(),
                5 => d.expressions.intersection(&[a, b]).unwrap(),
                _ => d.expressions.concat(a, b).unwrap(),
            }
        }
    }

    #[test]
    fn lengths_agree_with_the_search() {
        let mut draw = Draw(5);
        let (mut live, mut dead) = (0, 0);
        for _ in 0..3_000 {
            let mut d = Derivatives::new(100_000);
            let character = char_class(&mut d.expressions, &[(0x61, 0x62), (0xE9, 0xE9)]).unwrap();
            let minimum = draw.below(7) as u32;
            let maximum = [UNBOUNDED, minimum, minimum + 2][draw.below(3) as usize];
            let counter = d.expressions.repeat(character, minimum, maximum).unwrap();
            let other = draw.expression(&mut d, 4);
            let mut id = d.expressions.intersection(&[counter, other]).unwrap();
            for byte in ["a", "\u{e9}b", "\u{e9}"][draw.below(3) as usize].bytes() {
                let nullable = d.expressions.nullable(id);
                if let Some(found) = d.is_live_by_lengths(id, false).unwrap().filter(|_| !nullable) {
                    assert_eq!(Some(found), d.is_live_by_search(id, usize::MAX).unwrap());
                    if found {
                        let shortest = d.shortest_by_lengths(id).unwrap().unwrap();
                        assert_eq!(shortest.len(), d.shortest_by_search(id).unwrap().unwrap().len());
                        assert!(
                            shortest
                                .iter()
                                .try_fold(id, |at, &byte| after(&mut d, at, byte))
                                .is_some()
                        );
                        live += 1;
                    }
                    dead += usize::from(!found);
                }
                match after(&mut d, id, byte) {
                    Some(next) => id = next,
                    None => break,
                }
            }
        }
        assert!(live > 500 && dead > 500, "{live} {dead}");
    }

    fn after(d: &mut Derivatives, id: ExpressionId, byte: u8) -> Option<ExpressionId> {
        let arms = d.arms(id).unwrap();
        arms.iter()
            .find(|arm| arm.low <= byte && byte <= arm.high)
            .map(|arm| arm.to)
    }

    #[test]
    fn a_text_under_way_is_counted_on() {
        let mut d = Derivatives::new(100_000);
        let mut state = intersection(&mut d, (100_001, 100_001), (0, UNBOUNDED));
        for byte in "ab\u{20ac}\u{e9}bcdeab".bytes() {
            state = after(&mut d, state, byte).unwrap();
            assert!(d.is_live(state).unwrap());
        }
        assert!(d.expressions.len() < 1_000);
    }

    #[test]
    fn characters_that_continue_each_other_are_searched() {
        let mut d = Derivatives::new(100_000);
        let character = literals(&mut d.expressions, &[b"a".to_vec(), b"aa".to_vec()]).unwrap();
        let counter = d.expressions.repeat(character, 400, 400).unwrap();
        let pairs = literals(&mut d.expressions, &[b"aaa".to_vec()]).unwrap();
        let other = d.expressions.repeat(pairs, 0, UNBOUNDED).unwrap();
        let id = d.expressions.intersection(&[counter, other]).unwrap();
        assert!(d.is_live(id).unwrap());
        assert_eq!(d.shortest_length(id).unwrap(), 402);
    }
}
