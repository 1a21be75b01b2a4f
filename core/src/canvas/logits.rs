//! Logits of a whole vocabulary as weights of classes: per class, the logarithm of the sum of exponentials, and the highest.
//!
//! This is most of what a step of a canvas costs, since it alone looks at each token of each position. The tokens of a class
//! are gathered into a short buffer, block by block, in which both are found before the next block is read. The buffer's
//! maximum is the reference of the exponentials, so that none overflows and no class is too unlikely to be weighed.

use rayon::prelude::*;

use super::automaton::Automaton;
use super::sets::members;

/// Numbers that are summed up at once: they stay in the nearest cache.
const BLOCK: usize = 1024;
const LANES: usize = 16;

/// Logits of one position as they come from a model.
#[derive(Debug, Clone, Copy)]
pub enum Row<'a> {
    Single(&'a [f32]),
    /// IEEE half precision, as bits.
    Half(&'a [u16]),
    /// The upper half of a single, as bits.
    Brain(&'a [u16]),
}

impl<'a> Row<'a> {
    fn single(self, index: usize) -> f32 {
        match self {
            Row::Single(row) => row[index],
            Row::Half(row) => half(row[index]),
            Row::Brain(row) => f32::from_bits(u32::from(row[index]) << 16),
        }
    }

    /// As single precision; `buffer` holds what had to be made.
    fn singles<'b>(self, buffer: &'b mut Vec<f32>) -> &'b [f32]
    where
        'a: 'b,
    {
        match self {
            Row::Single(row) => return row,
            Row::Half(row) => {
                buffer.clear();
                buffer.extend(row.iter().map(|&bits| half(bits)));
            }
            Row::Brain(row) => {
                buffer.clear();
                buffer.extend(row.iter().map(|&bits| f32::from_bits(u32::from(bits) << 16)));
            }
        }
        buffer
    }
}

/// A half as a single: exact.
#[inline]
pub fn half(bits: u16) -> f32 {
    // the exponent's bias grows by 112, for which small numbers need no exception
    let size = f32::from_bits(u32::from(bits & 0x7FFF) << 13) * f32::from_bits(0x7780_0000);
    let size = match bits & 0x7C00 {
        0x7C00 => f32::from_bits(u32::from(bits & 0x7FFF) << 13 | 0x7F80_0000),
        _ => size,
    };
    if bits & 0x8000 == 0 { size } else { -size }
}

/// What classes weigh at positions, `[positions, classes]` each.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassWeights {
    /// Logarithms of sums; minus infinity for classes that weren't asked for.
    pub sums: Vec<f64>,
    /// The highest logits.
    pub best: Vec<f64>,
    /// In which block of its class's tokens each of these is.
    pub blocks: Vec<u32>,
}

/// Weighs those classes at each row that are in its set. Logits are multiplied by `scale`, which is above zero.
///
/// Errors: the row in which a logit is NaN or plus infinity.
pub fn class_weights(
    automaton: &Automaton,
    rows: &[Row],
    asked: &[Vec<u64>],
    scale: f32,
) -> Result<ClassWeights, usize> {
    let classes = automaton.classes();
    let mut weights = ClassWeights {
        sums: vec![f64::NEG_INFINITY; rows.len() * classes],
        best: vec![f64::NEG_INFINITY; rows.len() * classes],
        blocks: vec![0; rows.len() * classes],
    };
    let sums = weights.sums.par_chunks_mut(classes);
    let best = weights.best.par_chunks_mut(classes);
    let all = sums.zip(best.zip(weights.blocks.par_chunks_mut(classes)));
    let failed = all
        .zip(rows.par_iter().zip(asked))
        .enumerate()
        .map_init(Vec::new, |buffer, (index, ((sums, (best, blocks)), (row, asked)))| {
            if asked.iter().all(|&word| word == 0) {
                return None;
            }
            let row = row.singles(buffer);
            for class in members(asked) {
                let class = class as usize;
                let found = log_sum(row, automaton.tokens.get(class), scale);
                if found.sum.is_nan() {
                    return Some(index);
                }
                sums[class] = found.sum;
                best[class] = found.high;
                blocks[class] = found.block;
            }
            None
        })
        .flatten()
        .min();
    match failed {
        Some(row) => Err(row),
        None => Ok(weights),
    }
}

/// Of the logits of some tokens.
#[derive(Debug, Clone, Copy)]
struct LogSum {
    /// The logarithm of the sum of exponentials; NaN where one is NaN or plus infinity.
    sum: f64,
    high: f64,
    /// The first block of tokens that has the highest.
    block: u32,
}

impl LogSum {
    fn new(sum: f64, high: f64, block: u32) -> Self {
        LogSum { sum, high, block }
    }
}

fn log_sum(row: &[f32], tokens: &[u32], scale: f32) -> LogSum {
    if let &[token] = tokens {
        let logit = row[token as usize] * scale;
        let logit = if logit < f32::INFINITY {
            f64::from(logit)
        } else {
            f64::NAN
        };
        return LogSum::new(logit, logit, 0);
    }
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        // SAFETY: the processor has the features that the function was compiled for (checked above).
        #[allow(unsafe_code)]
        return unsafe { log_sum_wide(row, tokens, scale) };
    }
    log_sum_of::<false>(row, tokens, scale)
}

/// As `log_sum_of`, compiled for vectors of eight numbers.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn log_sum_wide(row: &[f32], tokens: &[u32], scale: f32) -> LogSum {
    log_sum_of::<true>(row, tokens, scale)
}

#[inline(always)]
fn log_sum_of<const FUSED: bool>(row: &[f32], tokens: &[u32], scale: f32) -> LogSum {
    let mut buffer = [0.0; BLOCK];
    let (mut high, mut sum, mut best) = (f32::NEG_INFINITY, 0.0, 0);
    for (index, block) in (0..).zip(tokens.chunks(BLOCK)) {
        let filled = gather(row, block, scale, &mut buffer);
        let (highest, valid) = highest(filled);
        if !valid {
            return LogSum::new(f64::NAN, f64::NAN, index);
        }
        if highest > high {
            sum *= f64::from(high - highest).exp();
            high = highest;
            best = index;
        }
        if high > f32::NEG_INFINITY {
            sum += sum_of_exponentials::<FUSED>(filled, high);
        }
    }
    LogSum::new(f64::from(high) + sum.ln(), f64::from(high), best)
}

#[inline(always)]
fn gather<'b>(row: &[f32], tokens: &[u32], scale: f32, buffer: &'b mut [f32; BLOCK]) -> &'b [f32] {
    let filled = &mut buffer[..tokens.len()];
    let logits = tokens.iter().map(|&token| row[token as usize] * scale);
    filled.iter_mut().zip(logits).for_each(|(place, logit)| *place = logit);
    filled
}

/// The highest number, and whether none is NaN or plus infinity.
#[inline(always)]
fn highest(numbers: &[f32]) -> (f32, bool) {
    let mut highs = [f32::NEG_INFINITY; LANES];
    let mut valid = [1u32; LANES];
    let (blocks, rest) = numbers.as_chunks::<LANES>();
    for block in blocks {
        for lane in 0..LANES {
            highs[lane] = if block[lane] > highs[lane] {
                block[lane]
            } else {
                highs[lane]
            };
            valid[lane] &= u32::from(block[lane] < f32::INFINITY);
        }
    }
    let all = rest.iter().copied().chain(highs);
    let high = all.fold(f32::NEG_INFINITY, f32::max);
    let valid = valid.iter().all(|&valid| valid == 1) && rest.iter().all(|&number| number < f32::INFINITY);
    (high, valid)
}

/// Of numbers up to `high`, the sum of `e^(number - high)`, to seven digits.
#[inline(always)]
fn sum_of_exponentials<const FUSED: bool>(numbers: &[f32], high: f32) -> f64 {
    let mut sums = [0.0; LANES];
    let (blocks, rest) = numbers.as_chunks::<LANES>();
    for block in blocks {
        for lane in 0..LANES {
            sums[lane] += exponential::<FUSED>(block[lane] - high);
        }
    }
    let rest = rest
        .iter()
        .map(|&number| f64::from(exponential::<FUSED>(number - high)));
    rest.chain(sums.map(f64::from)).sum()
}

/// `e^x` for x up to 0, to seven digits (the polynomial is that of Cephes' expf). What is less than e^-87 is that.
#[inline(always)]
fn exponential<const FUSED: bool>(x: f32) -> f32 {
    const LOWEST: f32 = -87.0;
    /// Added to a number of this size, what is behind the point is rounded away.
    const ROUND: f32 = 12_582_912.0;
    let fused = |a: f32, b: f32, c: f32| if FUSED { a.mul_add(b, c) } else { a * b + c };
    let x = if x < LOWEST { LOWEST } else { x };
    let shifted = fused(x, std::f32::consts::LOG2_E, ROUND);
    let whole = shifted - ROUND;
    let rest = fused(whole, -0.693_359_4, x);
    let rest = fused(whole, 2.121_944_4e-4, rest);
    let mut sum = 1.987_569_1e-4;
    for factor in [1.398_2e-3, 8.333_452e-3, 4.166_58e-2, 1.666_666_5e-1, 5.0e-1, 1.0, 1.0] {
        sum = fused(sum, rest, factor);
    }
    let exponent = shifted.to_bits().wrapping_sub(ROUND.to_bits()).wrapping_add(127);
    sum * f32::from_bits(exponent << 23)
}

/// Logarithms of the sums of exponentials of the first `width` logits of some rows; 0 for the others.
///
/// Errors: the row in which a logit is NaN or plus infinity.
pub fn log_sums(rows: &[Row], asked: &[bool], width: usize, scale: f32) -> Result<Vec<f64>, usize> {
    let all: Vec<u32> = (0..width as u32).collect();
    let sum = |buffer: &mut Vec<f32>, (index, (row, asked)): (usize, (&Row, &bool))| {
        if !asked {
            return Ok(0.0);
        }
        let LogSum { sum, .. } = log_sum(row.singles(buffer), &all, scale);
        if sum.is_nan() { Err(index) } else { Ok(sum) }
    };
    rows.par_iter().zip(asked).enumerate().map_init(Vec::new, sum).collect()
}

/// The tokens of a block.
pub fn block(tokens: &[u32], index: u32) -> &[u32] {
    tokens.chunks(BLOCK).nth(index as usize).unwrap_or(&[])
}

/// Of some tokens, the first with the highest logit; None where none has a chance.
pub fn best_token(row: Row, tokens: &[u32]) -> Option<u32> {
    let mut best = None;
    let mut high = f32::NEG_INFINITY;
    for &token in tokens {
        let logit = row.single(token as usize);
        if logit > high {
            high = logit;
            best = Some(token);
        }
    }
    best
}

/// Of the tokens of a class, one drawn in proportion to its exponential, by a number from 0 up to 1. None where none has a
/// chance, or a logit is NaN or plus infinity.
pub fn drawn_token(row: Row, tokens: &[u32], number: f64, scale: f32) -> Option<u32> {
    let mut buffer = Vec::new();
    let row = row.singles(&mut buffer);
    let LogSum { sum: log_sum, high, .. } = log_sum(row, tokens, scale);
    if log_sum.is_nan() || high == f64::NEG_INFINITY {
        return None;
    }
    let mut left = number * (log_sum - high).exp();
    let mut drawn = None;
    let mut block_buffer = [0.0; BLOCK];
    for block in tokens.chunks(BLOCK) {
        let filled = gather(row, block, scale, &mut block_buffer);
        let sum = sum_of_exponentials::<false>(filled, high as f32);
        let before = left;
        left -= sum;
        if left >= 0.0 && !std::ptr::eq(block.as_ptr_range().end, tokens.as_ptr_range().end) {
            continue;
        }
        let mut left = before;
        for (&token, &logit) in block.iter().zip(filled) {
            if logit > f32::NEG_INFINITY {
                drawn = Some(token);
                left -= (f64::from(logit) - high).exp();
                if left < 0.0 {
                    return drawn;
                }
            }
        }
    }
    // rounding may leave a little behind the last
    drawn.or_else(|| best_token(Row::Single(row), tokens))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Logits that look random, some of them far off.
    fn logits(count: usize) -> Vec<f32> {
        let mut state = 12_345_u32;
        let next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 24) as f32
        };
        let mut next = next;
        (0..count)
            .map(|index| next() * 30.0 - 15.0 - if index % 7 == 0 { 300.0 } else { 0.0 })
            .collect()
    }

    #[test]
    fn sums_are_those_of_the_plain_way() {
        let row = logits(5_000);
        for (from, count) in [(0, 1), (3, 2), (7, 15), (0, 16), (1, 1023), (2, 1025), (0, 5_000)] {
            for step in [1, 7] {
                let tokens: Vec<u32> = (from..from + count).step_by(step).map(|id| id as u32).collect();
                for scale in [1.0, 0.3, 20.0] {
                    let scaled: Vec<f64> = tokens.iter().map(|&id| f64::from(row[id as usize] * scale)).collect();
                    let high = scaled.iter().copied().fold(f64::MIN, f64::max);
                    let expected = high + scaled.iter().map(|logit| (logit - high).exp()).sum::<f64>().ln();
                    for found in [log_sum(&row, &tokens, scale), log_sum_of::<false>(&row, &tokens, scale)] {
                        assert!((found.sum - expected).abs() < 2e-6, "{found:?} {expected}");
                        assert_eq!(found.high, high);
                        let of_block = best_token(Row::Single(&row), block(&tokens, found.block));
                        assert_eq!(of_block, best_token(Row::Single(&row), &tokens));
                    }
                }
            }
        }
    }

    #[test]
    fn exponentials_have_seven_digits() {
        for step in 0..87_000 {
            let x = -(step as f32) / 1000.0;
            let expected = f64::from(x).exp();
            for found in [exponential::<false>(x), exponential::<true>(x)] {
                assert!(
                    (f64::from(found) - expected).abs() <= 3e-7 * expected,
                    "{x} {found} {expected}"
                );
            }
        }
    }

    #[test]
    fn numbers_that_are_none_are_found_and_none_at_all_is_no_weight() {
        for bad in [f32::NAN, f32::INFINITY] {
            for place in [0, 15, 16, 1023, 1024, 1999] {
                let mut row = logits(2_000);
                row[place] = bad;
                let tokens: Vec<u32> = (0..2_000).collect();
                assert!(log_sum(&row, &tokens, 1.0).sum.is_nan());
                assert!(log_sum(&row, &[place as u32], 1.0).sum.is_nan());
                assert_eq!(drawn_token(Row::Single(&row), &tokens, 0.5, 1.0), None);
            }
        }
        let row = vec![f32::NEG_INFINITY; 3_000];
        let tokens: Vec<u32> = (0..3_000).collect();
        assert_eq!(log_sum(&row, &tokens, 1.0).sum, f64::NEG_INFINITY);
        assert_eq!(drawn_token(Row::Single(&row), &tokens, 0.5, 1.0), None);
        assert_eq!(best_token(Row::Single(&row), &tokens), None);
    }

    #[test]
    fn halves_are_exact() {
        assert_eq!(half(0x3C00), 1.0);
        assert_eq!(half(0xC000), -2.0);
        assert_eq!(half(0x7BFF), 65_504.0);
        assert_eq!(half(0x0001), 2f32.powi(-24));
        assert_eq!(half(0x0400), 2f32.powi(-14));
        assert_eq!((half(0x7C00), half(0xFC00)), (f32::INFINITY, f32::NEG_INFINITY));
        assert!(half(0x7E00).is_nan());
        let mut buffer = Vec::new();
        assert_eq!(Row::Brain(&[0x3F80, 0xC000]).singles(&mut buffer), [1.0, -2.0]);
    }

    #[test]
    fn tokens_are_drawn_in_proportion() {
        let mut row = vec![f32::NEG_INFINITY; 4_000];
        let chances = [(5, 0.1), (1_030, 0.2), (2_500, 0.3), (3_999, 0.4)];
        for (token, chance) in chances {
            row[token] = f32::ln(chance);
        }
        let tokens: Vec<u32> = (0..4_000).collect();
        let drawn = |number| drawn_token(Row::Single(&row), &tokens, number, 1.0);
        let mut behind = 0.0;
        for (token, chance) in chances {
            for part in [0.01, 0.5, 0.99] {
                assert_eq!(drawn(behind + part * f64::from(chance)), Some(token as u32));
            }
            behind += f64::from(chance);
        }
        assert_eq!(drawn(1.0 - 1e-16), Some(3_999));
        assert_eq!(best_token(Row::Single(&row), &tokens), Some(3_999));
    }
}
