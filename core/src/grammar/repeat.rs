//! Repetition of symbols as productions: of a size logarithmic in the bounds, and with one derivation per count.

use super::draft::{Body, Draft, Part};

/// Up to this many repetitions are counted one by one, which gives the parser the least to do.
const COUNTED_SINGLY: u32 = 8;

/// The rule for `symbol` between the bounds, with `separator` between neighbours.
pub fn repeat(draft: &mut Draft, symbol: Part, minimum: u32, maximum: Option<u32>, separator: Option<Part>) -> Part {
    if maximum == Some(0) {
        return draft.rule(vec![vec![]]);
    }
    let more: Body = separator.into_iter().chain([symbol]).collect();
    let Some(maximum) = maximum else {
        let head = counted(draft, symbol, &more, minimum.max(1), minimum.max(1));
        // left recursion: constant parser state however long the list grows
        let list = draft.reserve();
        draft.define(list, vec![vec![head], [&[list][..], &more].concat()]);
        return if minimum == 0 {
            draft.rule(vec![vec![], vec![list]])
        } else {
            list
        };
    };
    let some = counted(draft, symbol, &more, minimum.max(1), maximum);
    if minimum == 0 {
        draft.rule(vec![vec![], vec![some]])
    } else {
        some
    }
}

/// `symbol more{minimum-1,maximum-1}` for 1 <= minimum <= maximum.
fn counted(draft: &mut Draft, symbol: Part, more: &Body, minimum: u32, maximum: u32) -> Part {
    if maximum <= COUNTED_SINGLY {
        let mut exact = draft.rule(vec![vec![symbol]]);
        let mut alternatives = Vec::new();
        for count in 1..=maximum {
            if count > 1 {
                exact = draft.rule(vec![[&[exact][..], more].concat()]);
            }
            if count >= minimum {
                alternatives.push(vec![exact]);
            }
        }
        return draft.rule(alternatives);
    }
    let unit = draft.rule(vec![more.clone()]);
    let mut blocks = Blocks(vec![unit]);
    let mut body = vec![symbol];
    for level in (0..32).rev().filter(|level| (minimum - 1) >> level & 1 == 1) {
        body.push(blocks.get(draft, level));
    }
    let rest = up_to(draft, &mut blocks, maximum - minimum);
    body.extend(rest);
    draft.rule(vec![body])
}

/// `blocks[level]` derives exactly 2^level units.
struct Blocks(Vec<Part>);

impl Blocks {
    fn get(&mut self, draft: &mut Draft, level: usize) -> Part {
        while self.0.len() <= level {
            let half = self.0[self.0.len() - 1];
            self.0.push(draft.rule(vec![vec![half, half]]));
        }
        self.0[level]
    }
}

/// At most `count` units. Counts below 2^j are written in binary, the others are 2^j and a remainder, so that every
/// count has one derivation.
fn up_to(draft: &mut Draft, blocks: &mut Blocks, count: u32) -> Option<Part> {
    if count == 0 {
        return None;
    }
    let bits = (u64::from(count) + 1).ilog2() as usize;
    let binary: Body = (0..bits)
        .rev()
        .map(|level| {
            let block = blocks.get(draft, level);
            draft.rule(vec![vec![], vec![block]])
        })
        .collect();
    let remainder = u64::from(count) + 1 - (1u64 << bits);
    if remainder == 0 {
        return Some(draft.rule(vec![binary]));
    }
    let full = blocks.get(draft, bits);
    let rest = up_to(draft, blocks, (remainder - 1) as u32);
    let beyond = [full].into_iter().chain(rest).collect();
    Some(draft.rule(vec![binary, beyond]))
}
