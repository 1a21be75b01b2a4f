//! A canvas: cells, the states that can be reached before each, and those from which the rest can be completed.

use std::sync::Arc;

use super::automaton::{Automaton, ClassId, NO_CLASS, START};
use super::sets::{Cell, SetId, Sets};

pub struct Board {
    pub automaton: Arc<Automaton>,
    pub cells: Vec<Cell>,
    pub sets: Sets,
    /// By position, and behind the last: the states that the cells before lead to.
    pub reached: Vec<SetId>,
    /// By position, and behind the last: the states from which the cells there lead to the end.
    pub completable: Vec<SetId>,
}

impl Board {
    /// At most as many cells as the automaton is exact for.
    pub fn new(automaton: Arc<Automaton>, cells: Vec<Cell>) -> Self {
        let mut sets = Sets::new(&automaton);
        let start = sets.of([START]);
        let accepting = (0..).zip(&automaton.accepting).filter(|(_, accepting)| **accepting);
        let end = sets.of(accepting.map(|(place, _)| place));
        let count = cells.len();
        let mut board = Board {
            automaton,
            cells,
            sets,
            reached: vec![start; count + 1],
            completable: vec![end; count + 1],
        };
        for position in 0..count {
            board.reached[position + 1] = board.after(position);
        }
        for position in (0..count).rev() {
            board.completable[position] = board.before(position);
        }
        board
    }

    /// What a token is as a cell.
    pub fn cell_of(automaton: &Automaton, token: u32) -> Cell {
        match automaton.class_of.get(token as usize) {
            Some(&class) if class != NO_CLASS => Cell::Decided(class),
            _ => Cell::Impossible,
        }
    }

    fn after(&mut self, position: usize) -> SetId {
        self.sets
            .after(self.reached[position], self.cells[position], &self.automaton)
    }

    fn before(&mut self, position: usize) -> SetId {
        self.sets
            .before(self.completable[position + 1], self.cells[position], &self.automaton)
    }

    /// Can it be completed?
    pub fn is_possible(&self) -> bool {
        self.sets.contains(self.completable[0], START)
    }

    /// Changes cells. Sets are found anew to the right of the first and to the left of the last, up to where they are what
    /// they were.
    pub fn change(&mut self, changes: &[(usize, Cell)]) {
        let changed = changes.iter().filter(|&&(position, cell)| self.cells[position] != cell);
        let positions: Vec<usize> = changed.map(|&(position, _)| position).collect();
        for &(position, cell) in changes {
            self.cells[position] = cell;
        }
        let (Some(&first), Some(&last)) = (positions.iter().min(), positions.iter().max()) else {
            return;
        };
        for position in first..self.cells.len() {
            let after = self.after(position);
            if std::mem::replace(&mut self.reached[position + 1], after) == after && position >= last {
                break;
            }
        }
        for position in (0..=last).rev() {
            let before = self.before(position);
            if std::mem::replace(&mut self.completable[position], before) == before && position <= first {
                break;
            }
        }
    }

    /// The classes of which a token at a position leaves the canvas completable, as a set.
    pub fn allowed(&mut self, position: usize) -> Vec<u64> {
        let empty = || vec![0; self.automaton.classes().div_ceil(64)];
        let (from, to) = (self.reached[position], self.completable[position + 1]);
        match self.cells[position] {
            Cell::Open | Cell::Optional => self.sets.between(from, to, &self.automaton).to_vec(),
            Cell::Decided(class) if self.leads(position, class) => {
                let mut one = empty();
                super::sets::insert(&mut one, class);
                one
            }
            _ => empty(),
        }
    }

    fn leads(&self, position: usize, class: ClassId) -> bool {
        let (from, to) = (self.reached[position], self.completable[position + 1]);
        let mut after = self.sets.members(from).iter();
        after.any(|&place| {
            let next = self.automaton.after(place, class);
            next.is_some_and(|next| self.sets.contains(to, next))
        })
    }

    /// May a position be left out?
    pub fn may_delete(&self, position: usize) -> bool {
        matches!(self.cells[position], Cell::Optional | Cell::Deleted)
            && self.sets.meet(self.reached[position], self.completable[position + 1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canvas::testing::{automaton_of, matcher_of, nested, vocabulary};

    /// A few numbers that look random, always the same.
    fn numbers() -> impl FnMut(usize) -> usize {
        let mut state = 88_172_645_463_325_252_u64;
        move |below| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state % below as u64) as usize
        }
    }

    #[test]
    fn changed_boards_are_what_new_ones_are() {
        let words: [&[u8]; 8] = [b"a", b"\"", b"[", b"]", b",", b"\"a", b"\",\"", b"a\"]"];
        let vocabulary = vocabulary(&words);
        let compiled = matcher_of(0, 3, vocabulary);
        let automaton = Arc::new(automaton_of(&compiled, 8));
        let mut random = numbers();
        let mut board = Board::new(automaton.clone(), vec![Cell::Open; 8]);
        assert!(board.is_possible());
        for _ in 0..300 {
            let changes: Vec<(usize, Cell)> = (0..=random(3))
                .map(|_| {
                    let cell = match random(6) {
                        0 => Cell::Optional,
                        1 => Cell::Deleted,
                        2 => Board::cell_of(&automaton, random(10) as u32),
                        _ => Cell::Open,
                    };
                    (random(8), cell)
                })
                .collect();
            board.change(&changes);
            let mut anew = Board::new(automaton.clone(), board.cells.clone());
            for position in 0..=8 {
                let sets = |board: &Board| {
                    let (reached, completable) = (board.reached[position], board.completable[position]);
                    let words = |id| board.sets.words(id).to_vec();
                    (words(reached), words(completable))
                };
                assert_eq!(sets(&board), sets(&anew), "{:?} at {position}", board.cells);
            }
            for position in 0..8 {
                assert_eq!(board.allowed(position), anew.allowed(position));
                assert_eq!(board.may_delete(position), anew.may_delete(position));
            }
        }
    }

    #[test]
    fn nesting_is_unrolled_as_deep_as_the_canvas_is_long() {
        let words: [&[u8]; 3] = [b"a", b"(", b")"];
        let compiled = nested(vocabulary(&words));
        let automaton = Arc::new(automaton_of(&compiled, 5));
        // of depth 0 to 2, three states at the lowest, and the end
        let possible = |cells: Vec<Cell>| Board::new(automaton.clone(), cells).is_possible();
        let open = Board::cell_of(&automaton, 1);
        assert!(possible(vec![open, open, Cell::Open, Cell::Open, Cell::Open]));
        assert!(!possible(vec![open, open, open, Cell::Open, Cell::Open]));
        assert!(possible(vec![Cell::Open]) && possible(vec![Cell::Optional; 5]));
        assert!(!possible(vec![open, Cell::Open]));
        // the token that stops stands behind all
        assert!(possible(vec![open, Cell::Open, Cell::Open, Cell::Open, Cell::Open]));
    }
}
