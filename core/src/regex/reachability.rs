//! Powers of a relation by repeated squaring: what is reached in exactly n steps, for n up to 2^32, in log n products.

/// A set of places, as bits.
type Places = Box<[u64]>;

/// A relation on places `0..count` as one bit row for each, and its powers R^(2^i), made when first needed.
#[derive(Debug)]
pub struct Relation {
    count: usize,
    squares: Vec<Box<[Places]>>,
    /// Operations on words so far.
    pub work: u64,
}

impl Relation {
    /// From pairs (place, place it leads to).
    pub fn new(count: usize, pairs: impl Iterator<Item = (usize, usize)>) -> Self {
        let mut rows: Box<[Places]> = (0..count).map(|_| none(count)).collect();
        for (from, to) in pairs {
            insert(&mut rows[from], to);
        }
        Relation {
            count,
            squares: vec![rows],
            work: 0,
        }
    }

    /// Places from which a place in `goal` is reached in exactly `steps`.
    pub fn before(&mut self, goal: Places, steps: u32) -> Places {
        let mut places = goal;
        for exponent in (0..32).filter(|exponent| steps >> exponent & 1 == 1) {
            while self.squares.len() <= exponent {
                let square = self.square_of(&self.squares[self.squares.len() - 1]);
                self.work += (self.count * self.count * self.count.div_ceil(64)) as u64;
                self.squares.push(square);
            }
            self.work += (self.count * self.count.div_ceil(64)) as u64;
            let mut earlier = none(self.count);
            for (from, row) in self.squares[exponent].iter().enumerate() {
                if row.iter().zip(&places).any(|(a, b)| a & b != 0) {
                    insert(&mut earlier, from);
                }
            }
            places = earlier;
        }
        places
    }

    fn square_of(&self, rows: &[Places]) -> Box<[Places]> {
        rows.iter()
            .map(|row| {
                let mut product = none(self.count);
                for middle in (0..self.count).filter(|&place| contains(row, place)) {
                    product.iter_mut().zip(&rows[middle]).for_each(|(a, b)| *a |= b);
                }
                product
            })
            .collect()
    }
}

pub fn none(count: usize) -> Places {
    vec![0; count.div_ceil(64)].into_boxed_slice()
}

pub fn insert(places: &mut [u64], place: usize) {
    places[place / 64] |= 1 << (place % 64);
}

pub fn contains(places: &[u64], place: usize) -> bool {
    places[place / 64] >> (place % 64) & 1 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_around_two_circles() {
        // a circle of 3 (0 1 2) and one of 64 (3..67), entered from 0 by a step to 3
        let circle = |first: usize, length: usize| (0..length).map(move |i| (first + i, first + (i + 1) % length));
        let mut relation = Relation::new(67, circle(0, 3).chain(circle(3, 64)).chain([(0, 3)]));
        for steps in [0u32, 1, 2, 63, 64, 1_000_000, 4_000_000_001] {
            let mut goal = none(67);
            insert(&mut goal, 3);
            let before = relation.before(goal, steps);
            let at = |place: usize| contains(&before, place);
            assert_eq!(at(3), steps % 64 == 0, "{steps}");
            assert_eq!(at(4), steps % 64 == 63, "{steps}");
            // s steps from 0: 3k around, one over, then a multiple of 64; some k always fits once s is large
            let expected = (0..=steps.min(1_000)).any(|k| 3 * k < steps && (steps - 1 - 3 * k) % 64 == 0);
            assert_eq!(at(0), expected, "{steps}");
        }
    }
}
