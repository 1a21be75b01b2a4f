//! A partition of numbered things that gets finer: in each round some of them get a key, and what has the same class and
//! key, or none, stays together.

use std::ops::Range;

use rustc_hash::FxHashMap;

pub struct Partition {
    of: Vec<u32>,
    sizes: Vec<usize>,
    free: Vec<u32>,
    /// By class: in which round it was last split, by which key, and into which class.
    last: Vec<(u32, u32, u32)>,
    /// The other splits of this round.
    splits: FxHashMap<(u32, u32), u32>,
    round: u32,
}

impl Partition {
    /// One class of so many things.
    pub fn new(count: usize) -> Self {
        Partition {
            of: vec![0; count],
            sizes: vec![count],
            free: Vec::new(),
            last: vec![(0, 0, 0)],
            splits: FxHashMap::default(),
            round: 0,
        }
    }

    /// Begins a round.
    pub fn begin(&mut self) {
        self.round += 1;
        self.splits.clear();
    }

    /// Gives things a key; in one round, each at most one.
    pub fn put(&mut self, things: Range<usize>, key: u32) {
        for thing in things {
            let class = self.of[thing];
            let (round, known, to) = self.last[class as usize];
            let to = match round == self.round && known == key {
                true => to,
                false => self.split(class, key),
            };
            self.of[thing] = to;
            self.sizes[to as usize] += 1;
            self.sizes[class as usize] -= 1;
            if self.sizes[class as usize] == 0 {
                self.free.push(class);
            }
        }
    }

    fn split(&mut self, class: u32, key: u32) -> u32 {
        let to = match self.splits.get(&(class, key)) {
            Some(&known) => known,
            None => {
                // what lost all its things in this round may have splits under its number, but nothing asks for them
                let to = self.free.pop().unwrap_or_else(|| {
                    self.sizes.push(0);
                    self.last.push((0, 0, 0));
                    self.sizes.len() as u32 - 1
                });
                self.splits.insert((class, key), to);
                to
            }
        };
        self.last[class as usize] = (self.round, key, to);
        to
    }

    /// The class of each thing, and how many there are: numbered in the order of their first things.
    pub fn numbered(&self) -> (Vec<u32>, usize) {
        let mut numbers = vec![u32::MAX; self.sizes.len()];
        let mut count = 0;
        let numbered = self.of.iter().map(|&class| {
            let number = &mut numbers[class as usize];
            if *number == u32::MAX {
                *number = count;
                count += 1;
            }
            *number
        });
        let numbered = numbered.collect();
        (numbered, count as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_in_a_key_is_told_apart() {
        let mut partition = Partition::new(6);
        partition.begin();
        partition.put(0..4, 7);
        partition.begin();
        partition.put(1..2, 1);
        partition.put(2..3, 2);
        partition.put(5..6, 1);
        assert_eq!(partition.numbered(), (vec![0, 1, 2, 0, 3, 4], 5));
    }

    #[test]
    fn one_key_for_all_of_a_class_splits_nothing() {
        let mut partition = Partition::new(4);
        for key in 0..3 {
            partition.begin();
            partition.put(2..4, key);
            partition.put(0..2, key);
        }
        assert_eq!(partition.numbered(), (vec![0; 4], 1));
    }

    #[test]
    fn a_round_uses_numbers_again_without_mixing_things_up() {
        let mut partition = Partition::new(4);
        for (first, second) in [(0, 1), (1, 0), (5, 5)] {
            partition.begin();
            partition.put(0..1, first);
            partition.put(1..2, second);
            partition.put(2..4, 9);
        }
        assert_eq!(partition.numbered(), (vec![0, 1, 2, 2], 3));
    }
}
