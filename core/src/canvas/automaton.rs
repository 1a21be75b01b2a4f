//! The token automaton of a grammar, exact for canvases of up to so many tokens.
//!
//! Its letters are *classes* of tokens: those that lead to the same states from every state. Its edges carry *groups*, the
//! classes that lead from one state to another, and the same group serves many edges: inside of all strings the same
//! classes stay inside. So what weighs tokens is summed up once per class, then once per group, and only then by states.
//!
//! Stop tokens are one class, the last. They lead from states where the text may end to one that they never leave.

use rustc_hash::FxHashMap;

use super::explore::{Explored, explore};
use super::partition::Partition;
use super::states::{NOWHERE, State, States};
use crate::error::{Error, Result};
use crate::matcher::Compiled;
use crate::vocabulary::Vocabulary;
use crate::vocabulary::trie::Trie;

pub type ClassId = u32;
pub type GroupId = u32;
/// Index of a state of the automaton.
pub type Place = u32;

/// Of tokens that are nowhere allowed.
pub const NO_CLASS: ClassId = ClassId::MAX;
/// The state at which canvases begin.
pub const START: Place = 0;
/// Stands for a canvas that can't be completed.
pub const NEVER: usize = usize::MAX;
/// So many states inside tokens may come to one between tokens, on average.
const INNER_STATES: usize = 8;
/// More are allowed however few states there may be.
const MIN_INNER_STATES: usize = 4_096;

/// What automaton to make.
#[derive(Debug, Clone)]
pub struct Options {
    /// The most tokens that a canvas may have.
    pub length: usize,
    /// States between tokens.
    pub max_states: usize,
    /// Edges, a group each.
    pub max_edges: usize,
    /// Must keys and items differ where the grammar says so?
    pub distinct: bool,
    /// Tokens beside the vocabulary's own that may stand behind the text.
    pub pads: Vec<u32>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            length: 256,
            max_states: 5_000,
            max_edges: 2_000_000,
            distinct: true,
            pads: Vec::new(),
        }
    }
}

/// An edge to a state by any class of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    pub group: GroupId,
    pub to: Place,
}

/// Lists of numbers, one behind the other.
#[derive(Debug, Clone, Default)]
pub struct Lists<T> {
    starts: Vec<u32>,
    items: Vec<T>,
}

impl<T> Lists<T> {
    fn new() -> Self {
        Lists {
            starts: vec![0],
            items: Vec::new(),
        }
    }

    fn close(&mut self) {
        self.starts.push(self.items.len() as u32);
    }

    pub fn len(&self) -> usize {
        self.starts.len() - 1
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[inline]
    pub fn get(&self, index: usize) -> &[T] {
        &self.items[self.starts[index] as usize..self.starts[index + 1] as usize]
    }

    pub fn items(&self) -> &[T] {
        &self.items
    }

    /// Where a list begins among all items.
    #[inline]
    pub fn start(&self, index: usize) -> usize {
        self.starts[index] as usize
    }
}

pub struct Automaton {
    /// The most tokens of a canvas for which it is exact.
    pub length: usize,
    /// Does the language demand that things differ, and is that not looked at here?
    pub relaxed: bool,
    /// By token.
    pub class_of: Vec<ClassId>,
    /// The tokens of each class, ascending.
    pub tokens: Lists<u32>,
    /// The classes of each group, ascending.
    pub groups: Lists<ClassId>,
    /// By state, sorted by where they lead.
    pub edges: Lists<Edge>,
    pub accepting: Vec<bool>,
    /// Fewest tokens from a state to the end; `NEVER` if that is more than there may be.
    pub fewest: Vec<usize>,
}

impl Automaton {
    /// Errors: `Canvas` when a budget runs out, `Vocabulary` for tokens to fill up with that are text.
    pub fn new(compiled: &Compiled, options: &Options) -> Result<Self> {
        let vocabulary = &compiled.vocabulary;
        let stops = stop_tokens(vocabulary, &options.pads)?;
        let limit = |budget, value| Error::Canvas {
            budget,
            value,
            length: options.length,
        };
        let too_many = limit("max_states", options.max_states);
        let inner = MIN_INNER_STATES.max(options.max_states.saturating_mul(INNER_STATES));
        let mut states = States::new(compiled.fresh_engine()?, inner, too_many.clone());
        let tracked = states.engine().start()?.tracker.is_some();
        let mut explored = explore(
            states,
            &vocabulary.trie,
            options.distinct,
            options.length,
            options.max_states,
            too_many,
        )?;
        let draft = Draft::new(&mut explored, &vocabulary.trie, options.length)?;
        let (classes, count) = draft.merged_classes();
        let stop = count as ClassId;
        let mut class_of = vec![NO_CLASS; vocabulary.vocab_size];
        for (position, &id) in (0..).zip(vocabulary.trie.tokens(&vocabulary.trie.range_all())) {
            class_of[id as usize] = classes[draft.classes[position] as usize];
        }
        stops.iter().for_each(|&id| class_of[id as usize] = stop);
        let tokens = listed(&class_of, count + 1);
        let mut automaton = Automaton {
            length: options.length,
            relaxed: tracked && !options.distinct,
            class_of,
            tokens,
            groups: Lists::new(),
            edges: Lists::new(),
            accepting: Vec::new(),
            fewest: Vec::new(),
        };
        automaton.connect(&draft, &classes, stop);
        if automaton.edges.items.len() > options.max_edges {
            return Err(limit("max_edges", options.max_edges));
        }
        Ok(automaton)
    }

    pub fn states(&self) -> usize {
        self.accepting.len()
    }

    /// Classes of tokens, that of stop tokens included.
    pub fn classes(&self) -> usize {
        self.tokens.len()
    }

    pub fn stop_class(&self) -> ClassId {
        self.classes() as ClassId - 1
    }

    /// The state after which only stop tokens come.
    pub fn end(&self) -> Place {
        self.states() as Place - 1
    }

    /// The state after a token of a class; None where there is none.
    pub fn after(&self, from: Place, class: ClassId) -> Option<Place> {
        let edges = self.edges.get(from as usize).iter();
        let mut found = edges.filter(|edge| self.groups.get(edge.group as usize).binary_search(&class).is_ok());
        found.next().map(|edge| edge.to)
    }

    /// States, groups and edges of those states that lie on a way from the start to the end.
    fn connect(&mut self, draft: &Draft, classes: &[ClassId], stop: ClassId) {
        let mut known: FxHashMap<Vec<ClassId>, GroupId> = FxHashMap::default();
        let end = draft.live.len() as Place;
        for &index in &draft.live {
            // one class of the exploration may stand for several, so that each comes once
            let mut row: Vec<(Place, ClassId)> = draft.rows[index]
                .iter()
                .filter(|&&(class, _)| classes[class as usize] != NO_CLASS)
                .filter_map(|&(class, to)| Some((draft.places[to as usize]?, classes[class as usize])))
                .collect();
            let accepting = draft.accepting[index];
            if accepting {
                row.push((end, stop));
            }
            row.sort_unstable();
            row.dedup();
            for part in row.chunk_by(|a, b| a.0 == b.0) {
                let group = part.iter().map(|&(_, class)| class).collect();
                self.add_edge(&mut known, group, part[0].0);
            }
            self.edges.close();
            self.accepting.push(accepting);
            self.fewest.push(draft.fewest[index]);
        }
        self.add_edge(&mut known, vec![stop], end);
        self.edges.close();
        self.accepting.push(true);
        self.fewest.push(0);
    }

    fn add_edge(&mut self, known: &mut FxHashMap<Vec<ClassId>, GroupId>, classes: Vec<ClassId>, to: Place) {
        let next = self.groups.len() as GroupId;
        let groups = &mut self.groups;
        let group = *known.entry(classes).or_insert_with_key(|classes| {
            groups.items.extend_from_slice(classes);
            groups.close();
            next
        });
        self.edges.items.push(Edge { group, to });
    }
}

/// The tokens that may stand behind the text.
fn stop_tokens(vocabulary: &Vocabulary, pads: &[u32]) -> Result<Vec<u32>> {
    let mut stops = vocabulary.eos_token_ids.clone();
    for &id in pads {
        let known = (id as usize) < vocabulary.vocab_size;
        let is_text = vocabulary.token(id).is_some_and(|bytes| !bytes.is_empty()) && !vocabulary.is_eos(id);
        if !known || is_text {
            let what = if known { "is text" } else { "is not in the vocabulary" };
            return Err(Error::Vocabulary(format!("the padding token {id} {what}")));
        }
        stops.push(id);
    }
    Ok(stops)
}

/// Tokens by class.
fn listed(class_of: &[ClassId], classes: usize) -> Lists<u32> {
    let mut starts = vec![0u32; classes + 1];
    let of_classes = class_of.iter().filter(|&&class| class != NO_CLASS);
    of_classes.for_each(|&class| starts[class as usize + 1] += 1);
    for class in 0..classes {
        starts[class + 1] += starts[class];
    }
    let mut next = starts.clone();
    let mut items = vec![0; starts[classes] as usize];
    for (id, &class) in (0..).zip(class_of) {
        if class != NO_CLASS {
            items[next[class as usize] as usize] = id;
            next[class as usize] += 1;
        }
    }
    Lists { starts, items }
}

/// Rows of all states that were explored, and which of these lie on a way from the start to the end.
struct Draft {
    /// Of the exploration, by where a token stands.
    classes: Vec<u32>,
    count: usize,
    /// By state: classes, and the states that their tokens lead to.
    rows: Vec<Vec<(u32, u32)>>,
    accepting: Vec<bool>,
    fewest: Vec<usize>,
    live: Vec<usize>,
    places: Vec<Option<Place>>,
}

impl Draft {
    fn new(explored: &mut Explored, trie: &Trie, length: usize) -> Result<Self> {
        let (classes, count) = explored.classes.numbered();
        let (reached, states) = (&explored.reached, &mut explored.states);
        let index_of: FxHashMap<State, u32> = reached.iter().copied().zip(0..).collect();
        let examples = examples(&classes, count, trie);
        let mut rows = Vec::with_capacity(reached.len());
        for (&state, &depth) in reached.iter().zip(&explored.depths) {
            let mut row = Vec::new();
            if depth < length {
                walk(states, state, &examples, |class, to| row.push((class, index_of[&to])))?;
            }
            rows.push(row);
        }
        let accepting: Vec<bool> = reached.iter().map(|&state| states.accepting(state)).collect();
        let fewest = fewest(&rows, &accepting);
        let lies_on_a_way = |&index: &usize| fewest[index].saturating_add(explored.depths[index]) <= length;
        let mut live: Vec<usize> = (0..reached.len()).filter(lies_on_a_way).collect();
        if live.first() != Some(&0) {
            // there is none; the start is there all the same
            live = vec![0];
        }
        let mut places = vec![None; reached.len()];
        for (place, &index) in (0..).zip(&live) {
            places[index] = Some(place);
        }
        Ok(Draft {
            classes,
            count,
            rows,
            accepting,
            fewest,
            live,
            places,
        })
    }

    /// Classes of tokens that no state on a way tells apart, by class of the exploration, and how many there are.
    fn merged_classes(&self) -> (Vec<ClassId>, usize) {
        let mut merged = Partition::new(self.count);
        let mut alive = vec![false; self.count];
        for &index in &self.live {
            merged.begin();
            for &(class, to) in &self.rows[index] {
                if let Some(place) = self.places[to as usize] {
                    merged.put(class as usize..class as usize + 1, place);
                    alive[class as usize] = true;
                }
            }
        }
        let (numbers, _) = merged.numbered();
        // those that lead nowhere are none
        let mut names = vec![NO_CLASS; self.count];
        let mut count = 0;
        let mut given: FxHashMap<u32, ClassId> = FxHashMap::default();
        for class in (0..self.count).filter(|&class| alive[class]) {
            let next = count;
            names[class] = *given.entry(numbers[class]).or_insert_with(|| {
                count += 1;
                next
            });
        }
        (names, count as usize)
    }
}

/// A trie of one token of each class, whose number is the class.
fn examples(classes: &[u32], count: usize, trie: &Trie) -> Trie {
    let mut wanted = vec![true; count];
    let mut path: Vec<u8> = Vec::new();
    let mut found: Vec<(Vec<u8>, u32)> = Vec::new();
    for at in 0..trie.len() {
        let node = trie.node(at);
        path.truncate(usize::from(node.depth));
        path.push(node.byte);
        for position in trie.range_at(at) {
            let class = classes[position as usize];
            if std::mem::take(&mut wanted[class as usize]) {
                found.push((path.clone(), class));
            }
        }
    }
    Trie::new(found.iter().map(|(bytes, class)| (bytes.as_slice(), *class)).collect())
}

/// Where the tokens of a trie lead from a state.
fn walk(states: &mut States, from: State, trie: &Trie, mut visit: impl FnMut(u32, State)) -> Result<()> {
    let mut stack = vec![from; trie.max_depth() + 1];
    let mut at = 0;
    while at < trie.len() {
        let node = trie.node(at);
        let depth = usize::from(node.depth);
        let next = states.step(stack[depth], node.byte)?;
        if next == NOWHERE {
            at = node.end as usize;
            continue;
        }
        trie.tokens_at(at).iter().for_each(|&class| visit(class, next));
        stack[depth + 1] = next;
        at += 1;
    }
    Ok(())
}

/// Fewest tokens from each state to one where the text may end.
fn fewest(rows: &[Vec<(u32, u32)>], accepting: &[bool]) -> Vec<usize> {
    let mut before: Vec<Vec<u32>> = vec![Vec::new(); rows.len()];
    for (from, row) in (0..).zip(rows) {
        let mut targets: Vec<u32> = row.iter().map(|&(_, to)| to).collect();
        targets.sort_unstable();
        targets.dedup();
        targets.iter().for_each(|&to| before[to as usize].push(from));
    }
    let mut fewest = vec![NEVER; rows.len()];
    let mut queue: Vec<usize> = (0..rows.len()).filter(|&state| accepting[state]).collect();
    queue.iter().for_each(|&state| fewest[state] = 0);
    let mut done = 0;
    while let Some(&state) = queue.get(done) {
        done += 1;
        for &from in &before[state] {
            if fewest[from as usize] == NEVER {
                fewest[from as usize] = fewest[state] + 1;
                queue.push(from as usize);
            }
        }
    }
    fewest
}
