//! Sets of states, each once, and what cells of a canvas make of them: most positions of a canvas have the same sets.

use rustc_hash::FxHashMap;

use super::automaton::{Automaton, ClassId, Place};

pub type SetId = u32;

/// What stands at a position of a canvas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cell {
    /// Any token.
    Open,
    /// Any token, or none: the position may be left out.
    Optional,
    /// A token of a class.
    Decided(ClassId),
    /// It is left out.
    Deleted,
    /// A token that no text has.
    Impossible,
}

impl Cell {
    pub fn is_open(self) -> bool {
        matches!(self, Cell::Open | Cell::Optional)
    }
}

/// A set of states, as bits and as a list.
type Set = (Box<[u64]>, Box<[Place]>);

#[derive(Debug, Default)]
pub struct Sets {
    words: usize,
    table: Vec<Set>,
    ids: FxHashMap<Box<[u64]>, SetId>,
    forward: FxHashMap<(SetId, Cell), SetId>,
    backward: FxHashMap<(SetId, Cell), SetId>,
    between: FxHashMap<(SetId, SetId), Box<[u64]>>,
}

#[inline]
pub fn has(words: &[u64], index: u32) -> bool {
    words[index as usize / 64] >> (index % 64) & 1 == 1
}

#[inline]
pub fn insert(words: &mut [u64], index: u32) {
    words[index as usize / 64] |= 1 << (index % 64);
}

/// The members of a set.
pub fn members(words: &[u64]) -> impl Iterator<Item = u32> + '_ {
    words.iter().enumerate().flat_map(|(index, &word)| {
        let mut rest = word;
        std::iter::from_fn(move || {
            let bit = rest.trailing_zeros();
            (rest != 0).then(|| {
                rest &= rest - 1;
                index as u32 * 64 + bit
            })
        })
    })
}

impl Sets {
    pub fn new(automaton: &Automaton) -> Self {
        Sets {
            words: automaton.states().div_ceil(64),
            ..Sets::default()
        }
    }

    pub fn id(&mut self, words: Box<[u64]>) -> SetId {
        let next = self.table.len() as SetId;
        *self.ids.entry(words).or_insert_with_key(|words| {
            self.table.push((words.clone(), members(words).collect()));
            next
        })
    }

    pub fn of(&mut self, places: impl IntoIterator<Item = Place>) -> SetId {
        let mut words = vec![0; self.words].into_boxed_slice();
        places.into_iter().for_each(|place| insert(&mut words, place));
        self.id(words)
    }

    #[inline]
    pub fn words(&self, id: SetId) -> &[u64] {
        &self.table[id as usize].0
    }

    /// Ascending.
    #[inline]
    pub fn members(&self, id: SetId) -> &[Place] {
        &self.table[id as usize].1
    }

    pub fn contains(&self, id: SetId, place: Place) -> bool {
        has(self.words(id), place)
    }

    pub fn meet(&self, a: SetId, b: SetId) -> bool {
        self.words(a).iter().zip(self.words(b)).any(|(a, b)| a & b != 0)
    }

    /// The states behind a cell.
    pub fn after(&mut self, from: SetId, cell: Cell, automaton: &Automaton) -> SetId {
        if let Some(&known) = self.forward.get(&(from, cell)) {
            return known;
        }
        let mut found = vec![0; self.words].into_boxed_slice();
        if matches!(cell, Cell::Optional | Cell::Deleted) {
            found.copy_from_slice(self.words(from));
        }
        for &place in self.members(from) {
            match cell {
                Cell::Open | Cell::Optional => {
                    let edges = automaton.edges.get(place as usize);
                    edges.iter().for_each(|edge| insert(&mut found, edge.to));
                }
                Cell::Decided(class) => {
                    if let Some(to) = automaton.after(place, class) {
                        insert(&mut found, to);
                    }
                }
                Cell::Deleted | Cell::Impossible => {}
            }
        }
        let found = self.id(found);
        self.forward.insert((from, cell), found);
        found
    }

    /// The states before a cell from which it leads to one of the set.
    pub fn before(&mut self, to: SetId, cell: Cell, automaton: &Automaton) -> SetId {
        if let Some(&known) = self.backward.get(&(to, cell)) {
            return known;
        }
        let target = self.words(to);
        let mut found = vec![0; self.words].into_boxed_slice();
        if matches!(cell, Cell::Optional | Cell::Deleted) {
            found.copy_from_slice(target);
        }
        for place in 0..automaton.states() as Place {
            let leads = match cell {
                Cell::Open | Cell::Optional => {
                    let edges = automaton.edges.get(place as usize);
                    edges.iter().any(|edge| has(target, edge.to))
                }
                Cell::Decided(class) => automaton.after(place, class).is_some_and(|to| has(target, to)),
                Cell::Deleted | Cell::Impossible => false,
            };
            if leads {
                insert(&mut found, place);
            }
        }
        let found = self.id(found);
        self.backward.insert((to, cell), found);
        found
    }

    /// The classes that lead from one set into the other, as a set.
    pub fn between(&mut self, from: SetId, to: SetId, automaton: &Automaton) -> &[u64] {
        let key = (from, to);
        if !self.between.contains_key(&key) {
            let target = self.words(to);
            let mut groups = vec![0u64; automaton.groups.len().div_ceil(64)];
            for &place in self.members(from) {
                for edge in automaton.edges.get(place as usize) {
                    if has(target, edge.to) {
                        insert(&mut groups, edge.group);
                    }
                }
            }
            let mut classes = vec![0u64; automaton.classes().div_ceil(64)].into_boxed_slice();
            for group in members(&groups) {
                let group = automaton.groups.get(group as usize);
                group.iter().for_each(|&class| insert(&mut classes, class));
            }
            self.between.insert(key, classes);
        }
        &self.between[&key]
    }
}
