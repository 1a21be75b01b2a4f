//! Finite automata given as tables: states with steps, each labelled with what is read on the way.
//!
//! What a boolean expression of derivatives would find one state at a time (a pattern full of assertions, the spans of a
//! text), a front end may know as a whole. A label is an expression that holds no empty string, such as a character of
//! a class in whatever encoding, so that a table of characters needs no states within them. Steps may overlap.
//!
//! States that lead to no end are left out when a table is made: what is left of an automaton is never empty.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rustc_hash::FxHashMap;

use super::derivative::Derivatives;
use super::digest::{Content, Digest, Digests};
use super::expression::{EMPTY, ExpressionId};
use crate::error::{Error, Result};

/// States that weigh as much as an expression.
const STATES_PER_EXPRESSION: usize = 4;

/// A table of states, the first of which is where it begins.
#[derive(Debug)]
pub struct Automaton {
    states: Box<[State]>,
    /// Of all states, one after the other.
    steps: Box<[Step]>,
    /// Of the table's content.
    pub name: Digest,
}

#[derive(Debug, Clone, Copy)]
struct State {
    accepting: bool,
    /// Where its steps end; they begin where those of the state before end.
    end: u32,
    /// Length of a shortest string from here on, and the step that it begins with.
    shortest: u64,
    first: u32,
}

/// What is read on the way to a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    pub label: ExpressionId,
    pub to: u32,
}

impl Automaton {
    pub fn accepts(&self, state: u32) -> bool {
        self.states[state as usize].accepting
    }

    pub fn steps(&self, state: u32) -> &[Step] {
        let start = match state {
            0 => 0,
            _ => self.states[state as usize - 1].end,
        };
        &self.steps[start as usize..self.states[state as usize].end as usize]
    }

    /// Length of a shortest string from a state on.
    pub fn shortest(&self, state: u32) -> u64 {
        self.states[state as usize].shortest
    }

    /// Length of the longest of these.
    pub fn longest(&self) -> u64 {
        self.states.iter().map(|state| state.shortest).max().unwrap_or(0)
    }

    /// What is read on steps.
    pub fn labels(&self) -> impl Iterator<Item = ExpressionId> + '_ {
        self.steps.iter().map(|step| step.label)
    }

    /// The step that a shortest string begins with, from a state that does not accept.
    pub fn first_step(&self, state: u32) -> Step {
        self.steps[self.states[state as usize].first as usize]
    }
}

/// A state of a table as it is given.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    pub accepting: bool,
    pub steps: Vec<Step>,
}

impl Derivatives {
    /// The language of a table, from its first state on. Labels must not hold the empty string, nor have an intersection
    /// or complement in them.
    pub fn automaton(&mut self, mut states: Vec<Draft>) -> Result<ExpressionId> {
        let steps: usize = states.iter().map(|state| state.steps.len()).sum();
        self.expressions
            .charge((states.len() + steps) / STATES_PER_EXPRESSION)?;
        let mut lengths: FxHashMap<ExpressionId, u64> = FxHashMap::default();
        for step in states.iter().flat_map(|state| &state.steps) {
            if lengths.contains_key(&step.label) {
                continue;
            }
            if self.expressions.nullable(step.label) || self.expressions.opaque(step.label) {
                return Err(Error::Malformed("a step of an automaton is malformed".into()));
            }
            lengths.insert(step.label, self.shortest_length(step.label)?);
        }
        let distances = distances(&states, &lengths);
        for state in &mut states {
            state
                .steps
                .retain(|step| step.label != EMPTY && distances[step.to as usize] != u64::MAX);
        }
        if distances.first().is_none_or(|&distance| distance == u64::MAX) {
            return Ok(EMPTY);
        }
        let automaton = self.table(&states, &distances, &lengths);
        let number = self.expressions.add_automaton(automaton);
        self.expressions.automaton_state(number, 0)
    }

    /// The states that are reached, in the order in which they are.
    fn table(&self, states: &[Draft], distances: &[u64], lengths: &FxHashMap<ExpressionId, u64>) -> Automaton {
        let mut numbers = vec![u32::MAX; states.len()];
        numbers[0] = 0;
        let mut order = vec![0usize];
        let (mut rows, mut steps) = (Vec::new(), Vec::<Step>::new());
        let mut digests = Digests::default();
        let mut content = Content::of(b"tabl");
        while let Some(&at) = order.get(rows.len()) {
            let state = &states[at];
            let mut first = 0;
            content
                .number(u32::from(state.accepting))
                .number(state.steps.len() as u32);
            for step in &state.steps {
                let to = step.to as usize;
                if numbers[to] == u32::MAX {
                    numbers[to] = order.len() as u32;
                    order.push(to);
                }
                if lengths[&step.label].saturating_add(distances[to]) == distances[at] {
                    first = steps.len() as u32;
                }
                steps.push(Step {
                    label: step.label,
                    to: numbers[to],
                });
                content
                    .digest(digests.of(step.label, &self.expressions))
                    .number(numbers[to]);
            }
            rows.push(State {
                accepting: state.accepting,
                end: steps.len() as u32,
                shortest: distances[at],
                first,
            });
        }
        Automaton {
            states: rows.into(),
            steps: steps.into(),
            name: content.name(),
        }
    }
}

/// Length of a shortest string from each state on, by Dijkstra's algorithm from the ends; `u64::MAX` where there is none.
fn distances(states: &[Draft], lengths: &FxHashMap<ExpressionId, u64>) -> Vec<u64> {
    let mut before: Vec<Vec<(u32, u64)>> = vec![Vec::new(); states.len()];
    for (from, state) in states.iter().enumerate() {
        for step in state.steps.iter().filter(|step| step.label != EMPTY) {
            before[step.to as usize].push((from as u32, lengths[&step.label]));
        }
    }
    let mut distances = vec![u64::MAX; states.len()];
    let mut queue = BinaryHeap::new();
    for (state, _) in states.iter().enumerate().filter(|(_, state)| state.accepting) {
        distances[state] = 0;
        queue.push(Reverse((0u64, state as u32)));
    }
    while let Some(Reverse((distance, state))) = queue.pop() {
        if distance > distances[state as usize] {
            continue;
        }
        for &(from, length) in &before[state as usize] {
            // one less than what stands for "never"
            let longer = distance.saturating_add(length).min(u64::MAX - 1);
            if longer < distances[from as usize] {
                distances[from as usize] = longer;
                queue.push(Reverse((longer, from)));
            }
        }
    }
    distances
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::regex::literals::{char_class, literals};

    fn accepts(d: &mut Derivatives, id: ExpressionId, text: &str) -> bool {
        let mut state = id;
        for &byte in text.as_bytes() {
            let arms = d.arms(state).unwrap();
            match arms.iter().find(|arm| arm.low <= byte && byte <= arm.high) {
                Some(arm) => state = arm.to,
                None => return false,
            }
        }
        d.expressions.nullable(state)
    }

    fn draft(accepting: bool, steps: &[(ExpressionId, u32)]) -> Draft {
        Draft {
            accepting,
            steps: steps.iter().map(|&(label, to)| Step { label, to }).collect(),
        }
    }

    #[test]
    fn a_table_reads_characters_and_words() {
        let mut d = Derivatives::new(10_000);
        let greek = char_class(&mut d.expressions, &[(0x391, 0x3c9)]).unwrap();
        let word = literals(&mut d.expressions, &[b"ab".to_vec()]).unwrap();
        let a = literals(&mut d.expressions, &[b"a".to_vec()]).unwrap();
        // (greek | ab)* a, where "a" begins another label; the third state leads nowhere
        let states = vec![
            draft(false, &[(greek, 0), (word, 0), (a, 1), (a, 2)]),
            draft(true, &[]),
            draft(false, &[(greek, 2)]),
        ];
        let id = d.automaton(states).unwrap();
        for (text, expected) in [
            ("a", true),
            ("aba", true),
            ("\u{3b1}aba", true),
            ("ab", false),
            ("", false),
            ("aa", false),
            ("\u{3ca}a", false),
        ] {
            assert_eq!(accepts(&mut d, id, text), expected, "{text}");
        }
        assert!(!d.expressions.opaque(id) && d.is_live(id).unwrap());
        assert_eq!(d.shortest_string(id).unwrap(), Some(b"a".to_vec()));
        let twice = d.expressions.concat(id, id).unwrap();
        assert_eq!(d.shortest_string(twice).unwrap(), Some(b"aa".to_vec()));
    }

    #[test]
    fn a_table_that_leads_nowhere_is_the_empty_language() {
        let mut d = Derivatives::new(10_000);
        let a = literals(&mut d.expressions, &[b"a".to_vec()]).unwrap();
        assert_eq!(d.automaton(vec![draft(false, &[(a, 0)])]).unwrap(), EMPTY);
        assert_eq!(
            d.automaton(vec![draft(false, &[(EMPTY, 1)]), draft(true, &[])])
                .unwrap(),
            EMPTY
        );
        assert_eq!(d.automaton(Vec::new()).unwrap(), EMPTY);
        let any = crate::regex::expression::ANY;
        assert!(d.automaton(vec![draft(true, &[(any, 0)])]).is_err());
    }

    #[test]
    fn equal_tables_are_one_expression() {
        let mut d = Derivatives::new(10_000);
        let a = literals(&mut d.expressions, &[b"a".to_vec()]).unwrap();
        let one = d
            .automaton(vec![draft(false, &[(a, 1)]), draft(true, &[(a, 0)])])
            .unwrap();
        let more = vec![
            draft(false, &[(a, 2)]),
            draft(false, &[(a, 1)]),
            draft(true, &[(a, 0), (a, 1)]),
        ];
        assert_eq!(d.automaton(more).unwrap(), one);
        let other = d
            .automaton(vec![draft(true, &[(a, 1)]), draft(false, &[(a, 0)])])
            .unwrap();
        assert_ne!(other, one);
        // the state after a byte is another expression, with a name of its own
        let after = d.arms(one).unwrap()[0].to;
        let names = [one, other, after].map(|id| Digests::default().of(id, &d.expressions));
        assert!(names[0] != names[1] && names[0] != names[2] && names[1] != names[2]);
    }

    #[test]
    fn a_shortest_string_goes_by_the_lengths_of_labels() {
        let mut d = Derivatives::new(10_000);
        let a = literals(&mut d.expressions, &[b"a".to_vec()]).unwrap();
        let long = literals(&mut d.expressions, &[b"bbbb".to_vec()]).unwrap();
        let states = vec![
            draft(false, &[(long, 3), (a, 1)]),
            draft(false, &[(a, 2)]),
            draft(false, &[(a, 3)]),
            draft(true, &[]),
        ];
        let id = d.automaton(states).unwrap();
        assert_eq!(d.shortest_length(id).unwrap(), 3);
        assert_eq!(d.shortest_string(id).unwrap(), Some(b"aaa".to_vec()));
    }
}
