//! How many tokens the gaps of a canvas need at least, where each may have as many as it likes.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::automaton::{NEVER, Place, START};
use super::board::Board;
use super::sets::Cell;

/// A run of open cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    pub start: usize,
    pub end: usize,
    /// Tokens of it in a shortest completion.
    pub needed: usize,
}

/// How a state is come by with the fewest tokens in gaps.
#[derive(Debug, Clone, Copy)]
struct Way {
    tokens: usize,
    /// The state before the last cell or gap.
    before: Place,
}

const NO_WAY: Way = Way {
    tokens: NEVER,
    before: 0,
};

impl Board {
    /// The gaps, with how many tokens each has where all together have as few as can be; None where no number within the
    /// automaton's length is enough.
    pub fn fewest_in_gaps(&self) -> Option<Vec<Gap>> {
        let automaton = &self.automaton;
        let states = automaton.states();
        let mut ways = vec![NO_WAY; states];
        ways[START as usize] = Way { tokens: 0, before: 0 };
        // behind each run of cells of one kind
        let mut trail: Vec<(usize, usize, Vec<Way>)> = Vec::new();
        let mut position = 0;
        while position < self.cells.len() {
            let start = position;
            let next = if self.cells[start].is_open() {
                let run = self.cells[start..].iter().take_while(|cell| cell.is_open());
                position += run.count();
                self.through_gap(&ways)
            } else {
                position += 1;
                self.through_cell(&ways, self.cells[start])
            };
            ways = next;
            trail.push((start, position, ways.clone()));
        }
        let accepting = (0..states).filter(|&place| automaton.accepting[place]);
        let mut at = accepting.min_by_key(|&place| ways[place].tokens)?;
        let tokens = ways[at].tokens;
        let fixed = self
            .cells
            .iter()
            .filter(|cell| matches!(cell, Cell::Decided(_)))
            .count();
        if tokens == NEVER || tokens + fixed > automaton.length {
            return None;
        }
        let mut gaps = Vec::new();
        for (index, (start, end, ways)) in trail.iter().enumerate().rev() {
            let Way { tokens, before } = ways[at];
            at = before as usize;
            if self.cells[*start].is_open() {
                let earlier = index.checked_sub(1).map_or(0, |index| trail[index].2[at].tokens);
                gaps.push(Gap {
                    start: *start,
                    end: *end,
                    needed: tokens - earlier,
                });
            }
        }
        gaps.reverse();
        Some(gaps)
    }

    fn through_cell(&self, ways: &[Way], cell: Cell) -> Vec<Way> {
        let mut next = vec![NO_WAY; ways.len()];
        for (from, way) in (0..).zip(ways).filter(|(_, way)| way.tokens != NEVER) {
            let to = match cell {
                Cell::Decided(class) => self.automaton.after(from, class),
                Cell::Deleted => Some(from),
                _ => None,
            };
            if let Some(to) = to
                && way.tokens < next[to as usize].tokens
            {
                next[to as usize] = Way {
                    tokens: way.tokens,
                    before: from,
                };
            }
        }
        next
    }

    /// The fewest tokens to each state, from states that are some tokens apart (Dijkstra).
    fn through_gap(&self, ways: &[Way]) -> Vec<Way> {
        let begun = (0..).zip(ways).map(|(before, way)| Way { before, ..*way });
        let mut next: Vec<Way> = begun.collect();
        let begun = (0..).zip(ways).filter(|(_, way)| way.tokens != NEVER);
        let mut waiting: BinaryHeap<Reverse<(usize, Place)>> =
            begun.map(|(place, way)| Reverse((way.tokens, place))).collect();
        while let Some(Reverse((tokens, from))) = waiting.pop() {
            if tokens > next[from as usize].tokens {
                continue;
            }
            let before = next[from as usize].before;
            for edge in self.automaton.edges.get(from as usize) {
                let way = &mut next[edge.to as usize];
                if tokens + 1 < way.tokens {
                    *way = Way {
                        tokens: tokens + 1,
                        before,
                    };
                    waiting.push(Reverse((tokens + 1, edge.to)));
                }
            }
        }
        next
    }
}
