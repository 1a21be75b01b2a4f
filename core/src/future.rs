//! How likely texts are to end, by the states of a chain: the sweeps of expected-future weights.
//!
//! With M the chance to go from one state to another by one token, and e the chance to stop, the chance to have ended
//! after at most b more tokens is W_0 = e, W_b = e + M W_{b-1}. Rows of M are short and there are as many products as
//! tokens left, so this runs over plain arrays, several rows at a time.

use rayon::prelude::*;

/// Fewer products than this aren't worth another thread.
const MIN_PRODUCTS: usize = 1 << 15;
/// So much more than 1 may the chances of a state come to.
const ROUNDING: f64 = 1e-6;
/// Sums that are made side by side: an addition waits for the one before it.
const SUMS: usize = 4;

/// A chain: for each state, where it goes on to, how likely, and how likely it stops.
#[derive(Debug)]
pub struct Chain {
    /// Row q is `starts[q]..starts[q + 1]`.
    starts: Vec<usize>,
    to: Vec<u32>,
    chances: Vec<f64>,
    ends: Vec<f64>,
}

impl Chain {
    /// Errors: what is wrong with the arrays.
    pub fn new(starts: &[i64], to: &[i64], chances: Vec<f64>, ends: Vec<f64>) -> Result<Self, String> {
        let states = ends.len();
        if starts.len() != states + 1 {
            return Err(format!("indptr must have {} numbers, not {}", states + 1, starts.len()));
        }
        if to.len() != chances.len() {
            let (to, chances) = (to.len(), chances.len());
            return Err(format!("indices and values must be as many: {to} and {chances}"));
        }
        let rises = starts.windows(2).all(|pair| pair[0] <= pair[1]);
        if starts[0] != 0 || starts[states] != to.len() as i64 || !rises {
            return Err(format!("indptr must rise from 0 to {}", to.len()));
        }
        let to: Option<Vec<u32>> = to
            .iter()
            .map(|&to| u32::try_from(to).ok().filter(|&to| (to as usize) < states))
            .collect();
        let to = to.ok_or_else(|| format!("indices must be from 0 to {}", states as i64 - 1))?;
        let valid = |numbers: &[f64]| numbers.iter().all(|number| (0.0..=f64::MAX).contains(number));
        if !valid(&chances) || !valid(&ends) {
            return Err("values and ends must be finite and not negative".into());
        }
        let starts: Vec<usize> = starts.iter().map(|&start| start as usize).collect();
        for (state, end) in ends.iter().enumerate() {
            let all = end + chances[starts[state]..starts[state + 1]].iter().sum::<f64>();
            if all > 1.0 + ROUNDING {
                return Err(format!("the chances of state {state} come to {all}, more than 1"));
            }
        }
        Ok(Chain {
            starts,
            to,
            chances,
            ends,
        })
    }

    pub fn states(&self) -> usize {
        self.ends.len()
    }

    /// Rows of W, from `first` on: `rows` of them, each of as many numbers as there are states. `first` is a row that is
    /// known; without it, the first one is W_0.
    pub fn sweep(&self, first: Option<Vec<f64>>, rows: usize) -> Vec<f64> {
        let states = self.states();
        let mut swept = first.unwrap_or_else(|| self.ends.clone());
        // most chains have settled long before the last row; from then on all rows are one
        let mut settled = false;
        swept.reserve(states * rows.saturating_sub(1));
        for row in 1..rows {
            let from = (row - 1) * states;
            swept.extend_from_within(from..from + states);
            if settled || states == 0 {
                continue;
            }
            let (before, after) = swept.split_at_mut(row * states);
            let before = &before[from..];
            self.step(before, after);
            settled = before == after;
        }
        swept
    }

    /// One row after another.
    fn step(&self, before: &[f64], after: &mut [f64]) {
        let rows = |(first, after): (usize, &mut [f64])| {
            for (state, slot) in (first..).zip(after) {
                let row = self.starts[state]..self.starts[state + 1];
                // rounding must not lead beyond what is certain
                *slot = (self.ends[state] + goes_on(&self.to[row.clone()], &self.chances[row], before)).min(1.0);
            }
        };
        let at_once = (MIN_PRODUCTS * self.states() / self.to.len().max(1)).max(1);
        if at_once >= self.states() {
            rows((0, after));
            return;
        }
        let parts = after.par_chunks_mut(at_once).enumerate();
        parts.for_each(|(index, part)| rows((index * at_once, part)));
    }
}

/// The chance to get from a state to where chances are known, and from there to an end.
fn goes_on(to: &[u32], chances: &[f64], known: &[f64]) -> f64 {
    let mut sums = [0.0; SUMS];
    let (some, chunks) = (to.chunks_exact(SUMS), chances.chunks_exact(SUMS));
    let rest = some.remainder().iter().zip(chunks.remainder());
    let rest: f64 = rest.map(|(&to, chance)| known[to as usize] * chance).sum();
    for (to, chances) in some.zip(chunks) {
        for index in 0..SUMS {
            sums[index] += known[to[index] as usize] * chances[index];
        }
    }
    sums.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_ends_after_as_many_tokens_as_it_lacks() {
        // two letters, then an end that is taken half of the time, or a third letter after which nothing else is left
        let chain = Chain::new(
            &[0, 1, 2, 3, 3],
            &[1, 2, 3],
            vec![0.5, 1.0, 0.5],
            vec![0.0, 0.0, 0.5, 1.0],
        )
        .unwrap();
        let swept = chain.sweep(None, 5);
        let row = |index: usize| &swept[index * 4..index * 4 + 4];
        assert_eq!(row(0), [0.0, 0.0, 0.5, 1.0]);
        assert_eq!(row(1), [0.0, 0.5, 1.0, 1.0]);
        assert_eq!(row(2), [0.25, 1.0, 1.0, 1.0]);
        assert_eq!(row(3), [0.5, 1.0, 1.0, 1.0]);
        assert_eq!(row(4), row(3));
        assert_eq!(chain.sweep(Some(row(2).to_vec()), 3), swept[8..]);
    }

    #[test]
    fn arrays_that_make_no_chain_are_refused() {
        let chain = |starts: &[i64], to: &[i64], chances: &[f64], ends: &[f64]| {
            Chain::new(starts, to, chances.to_vec(), ends.to_vec())
                .map(|_| ())
                .unwrap_err()
        };
        assert!(chain(&[0], &[], &[], &[0.0]).contains("indptr must have 2"));
        assert!(chain(&[0, 1], &[0], &[], &[0.0]).contains("as many: 1 and 0"));
        for starts in [[1, 1], [0, 2], [0, -1]] {
            assert!(chain(&starts, &[0], &[0.5], &[0.0]).contains("rise from 0 to 1"));
        }
        assert!(chain(&[0, 2, 1, 2], &[0, 0], &[0.5, 0.5], &[0.0; 3]).contains("rise"));
        for to in [-1, 1, 1 << 32] {
            assert!(chain(&[0, 1], &[to], &[0.5], &[0.0]).contains("from 0 to 0"));
        }
        for bad in [f64::NAN, f64::INFINITY, -0.1] {
            assert!(chain(&[0, 1], &[0], &[bad], &[0.0]).contains("finite"));
            assert!(chain(&[0, 1], &[0], &[0.5], &[bad]).contains("finite"));
        }
        assert!(chain(&[0, 1], &[0], &[0.5], &[0.6]).contains("more than 1"));
        assert!(Chain::new(&[0], &[], vec![], vec![]).is_ok_and(|empty| empty.sweep(None, 3).is_empty()));
    }
}
