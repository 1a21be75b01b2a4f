//! Emptiness of `C{m,n} & P`, where C is one character: decided by counting instead of by searching.
//!
//! A search through derivatives counts characters one by one: with m a million, and each of them times the states of P,
//! it runs out of any budget. But the question is only whether P has a text of between m and n characters. So P's
//! derivatives are taken a character at a time, without the counter; they are the places of a graph, and whether its
//! end is reached in some number of steps between m and n takes log n products of a matrix of bits.
//!
//! C must be a prefix code (no match of C continues another one): then it is certain where each character ends.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use std::collections::VecDeque;

use super::derivative::{Derivatives, for_each_interval};
use super::expression::{EPSILON, Expression, ExpressionId, UNBOUNDED};
use super::reachability::{Relation, contains, insert, none};
use crate::error::{Error, Result};

/// Larger graphs are not made: the search has to do.
const MAX_PLACES: usize = 512;
const MAX_PAIRS: usize = 8_192;
const MAX_STEPS: usize = 65_536;
/// Word operations that weigh as much as an expression.
const WORDS_PER_EXPRESSION: u64 = 1_024;
/// Work on one shortest text, in characters times edges of the graph.
const MAX_SHORTEST_STEPS: u64 = 1 << 26;

/// An intersection taken apart: `pending character{minimum,maximum} & rest`.
#[derive(Debug, Clone, Copy)]
struct Counted {
    /// What is left of the character under way; `EPSILON` between characters.
    pending: ExpressionId,
    character: ExpressionId,
    minimum: u32,
    maximum: u32,
    rest: ExpressionId,
}

/// A character's end: the place, and a shortest spelling up to there.
type Step = (usize, SmallVec<[u8; 8]>);

/// `rest` and all its derivatives by whole characters.
#[derive(Debug)]
struct Graph {
    /// From each (pending, rest): where the character under way, or the next one, can end.
    steps: FxHashMap<(ExpressionId, ExpressionId), Box<[Step]>>,
    /// The rest at each place.
    places: Vec<ExpressionId>,
    numbers: FxHashMap<ExpressionId, usize>,
    one: Relation,
    /// One step or none.
    at_most_one: Relation,
}

/// The graphs made so far, by character and any rest in them; None where there would be too many places.
#[derive(Debug, Default)]
pub struct Counting {
    graphs: Vec<Graph>,
    made: FxHashMap<(ExpressionId, ExpressionId, ExpressionId), Option<usize>>,
}

impl Derivatives {
    /// Is the intersection not empty? None when it can't be counted; with `known`, also when there's no graph yet.
    pub(super) fn is_live_by_counting(&mut self, id: ExpressionId, known: bool) -> Result<Option<bool>> {
        let Some((counted, graph)) = self.counted_graph(id, known)? else {
            return Ok(None);
        };
        let graph = &mut self.counting.graphs[graph];
        let before = graph.work();
        let goal = graph.nullable(|id| self.expressions.nullable(id));
        let slack = counted.slack().min(graph.places.len() as u32);
        let loose = graph.at_most_one.before(goal, slack);
        let places = graph.one.before(loose, counted.minimum);
        self.expressions
            .charge(((graph.work() - before) / WORDS_PER_EXPRESSION) as usize)?;
        Ok(Some(graph.starts(&counted).any(|place| contains(&places, place))))
    }

    /// A shortest string of the intersection; None when it can't be counted. It must not be empty.
    pub(super) fn shortest_by_counting(&mut self, id: ExpressionId) -> Result<Option<Vec<u8>>> {
        let Some((counted, graph)) = self.counted_graph(id, false)? else {
            return Ok(None);
        };
        let graph = &self.counting.graphs[graph];
        graph.shortest(&counted, |id| self.expressions.nullable(id)).map(Some)
    }

    fn counted_graph(&mut self, id: ExpressionId, known: bool) -> Result<Option<(Counted, usize)>> {
        let Some(counted) = self.take_apart(id)? else {
            return Ok(None);
        };
        let key = |pending, rest| (counted.character, pending, rest);
        let graph = match self.counting.made.get(&key(counted.pending, counted.rest)) {
            Some(&graph) => graph,
            None if known => None,
            None => {
                let made = self.make_graph(&counted)?;
                let number = made.is_some().then_some(self.counting.graphs.len());
                self.counting.made.insert(key(counted.pending, counted.rest), number);
                if let Some(graph) = made {
                    let keys = graph.steps.keys().map(|&(pending, rest)| (key(pending, rest), number));
                    self.counting.made.extend(keys);
                    self.counting.graphs.push(graph);
                }
                number
            }
        };
        Ok(graph.map(|graph| (counted, graph)))
    }

    /// The part with the largest counter, and the others. None when there is no counter.
    fn take_apart(&mut self, id: ExpressionId) -> Result<Option<Counted>> {
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
        Ok(Some(Counted {
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

    /// Every place that characters lead to; None when there are too many, or the characters are no prefix code.
    fn make_graph(&mut self, start: &Counted) -> Result<Option<Graph>> {
        if self.expressions.nullable(start.character) {
            return Ok(None);
        }
        let first = (start.pending, start.rest);
        let mut order = vec![first];
        let mut numbers = FxHashMap::from_iter([(first, 0)]);
        // by each pair's number: a byte, and the pair that it leads to
        let mut edges: Vec<Vec<(u8, usize)>> = Vec::new();
        while let Some(&(pending, rest)) = order.get(edges.len()) {
            let reading = if pending == EPSILON { start.character } else { pending };
            let lists = [self.arms(reading)?, self.arms(rest)?];
            if pending != EPSILON && self.expressions.nullable(pending) {
                return Ok(None);
            }
            let mut row = Vec::new();
            for_each_interval(&lists, |low, _, hits| {
                if let &[(_, pending), (_, rest)] = hits {
                    let number = *numbers.entry((pending, rest)).or_insert_with(|| {
                        order.push((pending, rest));
                        order.len() - 1
                    });
                    row.push((low, number));
                }
                Ok(())
            })?;
            edges.push(row);
            if order.len() > MAX_PAIRS {
                return Ok(None);
            }
        }
        let between: Vec<ExpressionId> = order
            .iter()
            .filter(|&&(pending, _)| pending == EPSILON)
            .map(|&(_, rest)| rest)
            .collect();
        if between.len() > MAX_PLACES {
            return Ok(None);
        }
        let numbers = between.iter().enumerate().map(|(i, &rest)| (rest, i)).collect();
        let mut steps = FxHashMap::default();
        let mut count = 0;
        for (from, &pair) in order.iter().enumerate() {
            let row = ends(from, &order, &edges, &numbers);
            count += row.len();
            if count > MAX_STEPS {
                return Ok(None);
            }
            steps.insert(pair, row);
        }
        self.expressions.charge(order.len() + count)?;
        Ok(Some(Graph::new(between, numbers, steps)))
    }
}

impl Counted {
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
        steps: FxHashMap<(ExpressionId, ExpressionId), Box<[Step]>>,
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
    fn starts(&self, counted: &Counted) -> Box<dyn Iterator<Item = usize> + '_> {
        if counted.pending == EPSILON {
            return Box::new(self.numbers.get(&counted.rest).copied().into_iter());
        }
        Box::new(self.steps[&(counted.pending, counted.rest)].iter().map(|step| step.0))
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
    fn shortest(&self, counted: &Counted, nullable: impl Fn(ExpressionId) -> bool) -> Result<Vec<u8>> {
        let count = self.places.len();
        let steps: Vec<&[Step]> = (0..count)
            .map(|place| &*self.steps[&(EPSILON, self.places[place])])
            .collect();
        let edges: u64 = steps.iter().map(|row| row.len() as u64 + 1).sum();
        let rounds = counted.slack().min(count as u32) as usize;
        if (u64::from(counted.minimum) + rounds as u64).saturating_mul(edges) > MAX_SHORTEST_STEPS {
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
        for round in 0..rounds + counted.minimum as usize {
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
        let mut place = if counted.pending == EPSILON {
            self.numbers[&counted.rest]
        } else {
            let ends = self.steps[&(counted.pending, counted.rest)].iter();
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

/// Where the character that pair `from` begins, or is within, can end: breadth first, so with shortest spellings.
fn ends(
    from: usize,
    order: &[(ExpressionId, ExpressionId)],
    edges: &[Vec<(u8, usize)>],
    numbers: &FxHashMap<ExpressionId, usize>,
) -> Box<[Step]> {
    let mut found: Vec<Step> = Vec::new();
    let mut seen = rustc_hash::FxHashSet::default();
    let mut queue = VecDeque::from([(from, SmallVec::<[u8; 8]>::new())]);
    while let Some((pair, text)) = queue.pop_front() {
        for &(byte, to) in &edges[pair] {
            if seen.insert(to) {
                let mut longer = text.clone();
                longer.push(byte);
                let (pending, rest) = order[to];
                if pending == EPSILON {
                    found.push((numbers[&rest], longer));
                } else {
                    queue.push_back((to, longer));
                }
            }
        }
    }
    found.into_boxed_slice()
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
            (1_000_000, UNBOUNDED),
            (1_000_000, 1_000_000),
            (1_000_001, 1_000_001),
            (601, 601),
            (301, 302),
            (250, 254),
            (604, 1_000_000),
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

    #[test]
    fn a_text_under_way_is_counted_on() {
        let mut d = Derivatives::new(100_000);
        let mut state = intersection(&mut d, (1_000_001, 1_000_001), (0, UNBOUNDED));
        for byte in "ab\u{20ac}\u{e9}bcdeab".bytes() {
            let arms = d.live_arms(state).unwrap();
            state = arms.iter().find(|arm| arm.low <= byte && byte <= arm.high).unwrap().to;
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
