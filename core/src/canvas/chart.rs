//! How likely completions of a canvas are: sums over all ways forward from the start and backward from the end, under the
//! weights of classes at each position.
//!
//! A canvas is a row of tokens, with a mark where an optional position is left out. Its weight is the product of those of
//! its open positions; decided ones count as 1. The automaton is deterministic, so each canvas has one way, and sums over
//! ways are sums over canvases.

use super::automaton::{Automaton, ClassId, START};
use super::board::Board;
use super::scaled::Scaled;
use super::sets::{Cell, has};

/// Where a path leaves a position out.
pub const LEFT_OUT: ClassId = ClassId::MAX;

/// Weights of classes at the positions of a canvas, with sums over ways as far as they are known.
#[derive(Debug, Default)]
pub struct Chart {
    /// Logarithms, `[positions, classes]`.
    weights: Vec<f64>,
    /// Logarithms of weights of positions that are left out.
    deletions: Vec<f64>,
    /// By position, for the states that are reached there, in their order.
    forward: Vec<Vec<Scaled>>,
    /// By position, for the states from which the rest can be completed.
    backward: Vec<Vec<Scaled>>,
    /// `forward[..=known_forward]` and `backward[known_backward..]` are up to date.
    known_forward: usize,
    known_backward: usize,
}

/// Chances of classes, and of leaving a position out.
#[derive(Debug, Clone, PartialEq)]
pub struct Posterior {
    /// `[positions, classes]`.
    pub classes: Vec<f64>,
    pub deletions: Vec<f64>,
}

impl Chart {
    /// Nothing is summed up yet. Weights are logarithms; none is NaN or plus infinity.
    pub fn new(board: &Board, weights: Vec<f64>, deletions: Vec<f64>) -> Self {
        let count = board.cells.len();
        let mut chart = Chart {
            weights,
            deletions,
            forward: vec![Vec::new(); count + 1],
            backward: vec![Vec::new(); count + 1],
            known_forward: 0,
            known_backward: count,
        };
        chart.forward[0] = vec![Scaled::ONE];
        chart.backward[count] = vec![Scaled::ONE; board.sets.members(board.completable[count]).len()];
        chart
    }

    /// Logarithms, `[positions, classes]`.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// Cells from `first` to `last` have changed.
    pub fn forget(&mut self, first: usize, last: usize) {
        self.known_forward = self.known_forward.min(first);
        self.known_backward = self.known_backward.max(last + 1);
    }

    fn row(&self, position: usize, classes: usize) -> &[f64] {
        &self.weights[position * classes..(position + 1) * classes]
    }

    /// Weights of all groups at a position.
    fn groups(&self, position: usize, automaton: &Automaton) -> Vec<Scaled> {
        let row: Vec<Scaled> = self
            .row(position, automaton.classes())
            .iter()
            .map(|&log| Scaled::from_log(log))
            .collect();
        let sum = |group: usize| {
            let mut sum = Scaled::ZERO;
            let classes = automaton.groups.get(group).iter();
            classes.for_each(|&class| sum.add(row[class as usize]));
            sum.normal()
        };
        (0..automaton.groups.len()).map(sum).collect()
    }

    fn complete_forward(&mut self, board: &Board) {
        let (automaton, sets) = (&board.automaton, &board.sets);
        let mut sums = vec![Scaled::ZERO; automaton.states()];
        for position in self.known_forward..board.cells.len() {
            let from = sets.members(board.reached[position]);
            let to = sets.members(board.reached[position + 1]);
            let cell = board.cells[position];
            let groups = match cell.is_open() {
                true => self.groups(position, automaton),
                false => Vec::new(),
            };
            let left_out = self.left_out(position, cell);
            for (&place, &value) in from.iter().zip(&self.forward[position]) {
                if value.is_zero() {
                    continue;
                }
                if cell.is_open() {
                    for edge in automaton.edges.get(place as usize) {
                        sums[edge.to as usize].add_product(value, groups[edge.group as usize]);
                    }
                } else if let Cell::Decided(class) = cell
                    && let Some(to) = automaton.after(place, class)
                {
                    sums[to as usize].add(value);
                }
                sums[place as usize].add_product(value, left_out);
            }
            let take = |&place: &u32| std::mem::replace(&mut sums[place as usize], Scaled::ZERO).normal();
            self.forward[position + 1] = to.iter().map(take).collect();
        }
        self.known_forward = board.cells.len();
    }

    fn complete_backward(&mut self, board: &Board) {
        let (automaton, sets) = (&board.automaton, &board.sets);
        let mut behind = vec![Scaled::ZERO; automaton.states()];
        for position in (0..self.known_backward).rev() {
            let from = sets.members(board.completable[position]);
            let to = sets.members(board.completable[position + 1]);
            for (&place, &value) in to.iter().zip(&self.backward[position + 1]) {
                behind[place as usize] = value;
            }
            let cell = board.cells[position];
            let groups = match cell.is_open() {
                true => self.groups(position, automaton),
                false => Vec::new(),
            };
            let left_out = self.left_out(position, cell);
            let sum = |&place: &u32| {
                let mut sum = Scaled::ZERO;
                if cell.is_open() {
                    for edge in automaton.edges.get(place as usize) {
                        sum.add_product(groups[edge.group as usize], behind[edge.to as usize]);
                    }
                } else if let Cell::Decided(class) = cell
                    && let Some(to) = automaton.after(place, class)
                {
                    sum.add(behind[to as usize]);
                }
                sum.add_product(left_out, behind[place as usize]);
                sum.normal()
            };
            self.backward[position] = from.iter().map(sum).collect();
            to.iter().for_each(|&place| behind[place as usize] = Scaled::ZERO);
        }
        self.known_backward = 0;
    }

    /// The weight of leaving a position out.
    fn left_out(&self, position: usize, cell: Cell) -> Scaled {
        match cell {
            Cell::Optional => Scaled::from_log(self.deletions[position]),
            Cell::Deleted => Scaled::ONE,
            _ => Scaled::ZERO,
        }
    }

    fn total(&mut self, board: &Board) -> Scaled {
        self.complete_backward(board);
        let members = board.sets.members(board.completable[0]);
        members
            .binary_search(&START)
            .map_or(Scaled::ZERO, |index| self.backward[0][index])
    }

    /// Logarithm of the sum of the weights of all completions.
    pub fn log_total(&mut self, board: &Board) -> f64 {
        self.total(board).ln()
    }

    /// What share of all weight goes through each class at each position; None where there is none at all.
    pub fn posterior(&mut self, board: &Board) -> Option<Posterior> {
        let total = self.total(board);
        if total.is_zero() {
            return None;
        }
        self.complete_forward(board);
        let (automaton, sets) = (&board.automaton, &board.sets);
        let classes = automaton.classes();
        let mut posterior = Posterior {
            classes: vec![0.0; board.cells.len() * classes],
            deletions: vec![0.0; board.cells.len()],
        };
        let mut behind = vec![Scaled::ZERO; automaton.states()];
        let mut by_group = vec![Scaled::ZERO; automaton.groups.len()];
        let mut by_class = vec![Scaled::ZERO; classes];
        for (position, &cell) in board.cells.iter().enumerate() {
            let row = position * classes..(position + 1) * classes;
            let shares = &mut posterior.classes[row];
            match cell {
                Cell::Decided(class) => shares[class as usize] = 1.0,
                Cell::Deleted => posterior.deletions[position] = 1.0,
                Cell::Impossible => {}
                Cell::Open | Cell::Optional => {
                    let from = sets.members(board.reached[position]);
                    let to = sets.members(board.completable[position + 1]);
                    for (&place, &value) in to.iter().zip(&self.backward[position + 1]) {
                        behind[place as usize] = value;
                    }
                    let mut stays = Scaled::ZERO;
                    for (&place, &value) in from.iter().zip(&self.forward[position]) {
                        if value.is_zero() {
                            continue;
                        }
                        for edge in automaton.edges.get(place as usize) {
                            by_group[edge.group as usize].add_product(value, behind[edge.to as usize]);
                        }
                        stays.add_product(value, behind[place as usize]);
                    }
                    for (group, sum) in by_group.iter_mut().enumerate() {
                        let sum = std::mem::replace(sum, Scaled::ZERO);
                        if !sum.is_zero() {
                            let members = automaton.groups.get(group).iter();
                            members.for_each(|&class| by_class[class as usize].add(sum));
                        }
                    }
                    let weights = &self.weights[position * classes..(position + 1) * classes];
                    for ((share, sum), &log) in shares.iter_mut().zip(&mut by_class).zip(weights) {
                        let sum = std::mem::replace(sum, Scaled::ZERO).normal();
                        if !sum.is_zero() {
                            *share = sum.times(Scaled::from_log(log)).share_of(total);
                        }
                    }
                    let left_out = self.left_out(position, cell);
                    posterior.deletions[position] = stays.normal().times(left_out).share_of(total);
                    to.iter().for_each(|&place| behind[place as usize] = Scaled::ZERO);
                }
            }
        }
        Some(posterior)
    }

    /// A completion drawn by its share of all weight, with a number from 0 up to 1 for each position: classes, and `LEFT_OUT`.
    /// None where there is no weight at all.
    pub fn sample(&mut self, board: &Board, numbers: &[f64]) -> Option<Vec<ClassId>> {
        if self.total(board).is_zero() {
            return None;
        }
        let (automaton, sets) = (&board.automaton, &board.sets);
        let mut at = START;
        let mut path = Vec::with_capacity(board.cells.len());
        for (position, &cell) in board.cells.iter().enumerate() {
            let to = board.completable[position + 1];
            let behind = |place: u32| match sets.members(to).binary_search(&place) {
                Ok(index) => self.backward[position + 1][index],
                Err(_) => Scaled::ZERO,
            };
            let (class, next) = match cell {
                Cell::Decided(class) => (class, automaton.after(at, class)?),
                Cell::Deleted => (LEFT_OUT, at),
                Cell::Impossible => return None,
                Cell::Open | Cell::Optional => {
                    let row = self.row(position, automaton.classes());
                    let mut ways = Vec::new();
                    for edge in automaton.edges.get(at as usize) {
                        let behind = behind(edge.to);
                        if !behind.is_zero() {
                            let classes = automaton.groups.get(edge.group as usize).iter();
                            ways.extend(classes.map(|&class| {
                                let weight = Scaled::from_log(row[class as usize]).times(behind);
                                (class, edge.to, weight)
                            }));
                        }
                    }
                    ways.push((LEFT_OUT, at, self.left_out(position, cell).times(behind(at))));
                    drawn(&ways, numbers[position])?
                }
            };
            path.push(class);
            at = next;
        }
        Some(path)
    }
}

/// One of some ways, by weight.
fn drawn(ways: &[(ClassId, u32, Scaled)], number: f64) -> Option<(ClassId, u32)> {
    let mut total = Scaled::ZERO;
    ways.iter().for_each(|&(_, _, weight)| total.add(weight));
    let total = total.normal();
    let mut left = number;
    let mut chosen = None;
    for &(class, to, weight) in ways.iter().filter(|(_, _, weight)| !weight.is_zero()) {
        chosen = Some((class, to));
        left -= weight.share_of(total);
        if left < 0.0 {
            break;
        }
    }
    // rounding may leave a little behind the last
    chosen
}

/// The completion of the highest weight, where classes weigh as much as their best tokens: classes, and `LEFT_OUT`, with the
/// logarithm of its weight. None where none has any weight. `best` and `deletions` are logarithms.
pub fn best_path(board: &Board, best: &[f64], deletions: &[f64]) -> Option<(Vec<ClassId>, f64)> {
    let (automaton, sets) = (&board.automaton, &board.sets);
    let classes = automaton.classes();
    let count = board.cells.len();
    let mut scores = vec![f64::NEG_INFINITY; automaton.states()];
    scores[START as usize] = 0.0;
    let mut next = vec![f64::NEG_INFINITY; automaton.states()];
    // how the states behind each position are come by
    let mut trail: Vec<Vec<(u32, ClassId)>> = Vec::with_capacity(count);
    let mut from: Vec<u32> = vec![START];
    let mut ways = vec![(START, LEFT_OUT); automaton.states()];
    for (position, &cell) in board.cells.iter().enumerate() {
        let target = sets.words(board.completable[position + 1]);
        let to = sets.members(board.reached[position + 1]);
        let row = &best[position * classes..(position + 1) * classes];
        let groups: Vec<(f64, ClassId)> = match cell.is_open() {
            true => (0..automaton.groups.len())
                .map(|group| heaviest(automaton.groups.get(group), row))
                .collect(),
            false => Vec::new(),
        };
        let left_out = match cell {
            Cell::Optional => deletions[position],
            Cell::Deleted => 0.0,
            _ => f64::NEG_INFINITY,
        };
        let mut offer = |score: f64, to: u32, way: (u32, ClassId)| {
            if has(target, to) && score > next[to as usize] {
                next[to as usize] = score;
                ways[to as usize] = way;
            }
        };
        for &place in &from {
            let score = scores[place as usize];
            if score == f64::NEG_INFINITY {
                continue;
            }
            if cell.is_open() {
                for edge in automaton.edges.get(place as usize) {
                    let (weight, class) = groups[edge.group as usize];
                    offer(score + weight, edge.to, (place, class));
                }
            } else if let Cell::Decided(class) = cell
                && let Some(to) = automaton.after(place, class)
            {
                offer(score, to, (place, class));
            }
            offer(score + left_out, place, (place, LEFT_OUT));
        }
        from.iter()
            .for_each(|&place| scores[place as usize] = f64::NEG_INFINITY);
        trail.push(to.iter().map(|&place| ways[place as usize]).collect());
        for &place in to {
            scores[place as usize] = std::mem::replace(&mut next[place as usize], f64::NEG_INFINITY);
        }
        from = to.to_vec();
    }
    let ends = from.iter().filter(|&&place| automaton.accepting[place as usize]);
    let (mut at, score) =
        ends.map(|&place| (place, scores[place as usize]))
            .fold(
                (START, f64::NEG_INFINITY),
                |best, other| if other.1 > best.1 { other } else { best },
            );
    if score == f64::NEG_INFINITY {
        return None;
    }
    let mut path = Vec::with_capacity(count);
    for (position, ways) in trail.iter().enumerate().rev() {
        let index = sets.members(board.reached[position + 1]).binary_search(&at).ok()?;
        let (before, class) = ways[index];
        path.push(class);
        at = before;
    }
    path.reverse();
    Some((path, score))
}

fn heaviest(classes: &[ClassId], row: &[f64]) -> (f64, ClassId) {
    let weighed = classes.iter().map(|&class| (row[class as usize], class));
    weighed.fold((f64::NEG_INFINITY, LEFT_OUT), |best, other| {
        if other.0 > best.0 { other } else { best }
    })
}
