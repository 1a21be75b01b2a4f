//! The fewest tokens that spell a text.

use crate::vocabulary::trie::Trie;

/// Not reached.
const NEVER: u32 = u32::MAX;

/// The fewest tokens that spell the bytes, in order; None where the vocabulary can't. Dynamic programming over the places
/// in the text: time is its length times that of the longest token.
pub fn fewest_to_spell(text: &[u8], trie: &Trie) -> Option<Vec<u32>> {
    // by place in the text: how many tokens lead there, and the last of them with its length
    let mut best: Vec<(u32, u32, usize)> = vec![(NEVER, 0, 0); text.len() + 1];
    best[0].0 = 0;
    for from in 0..text.len() {
        let count = best[from].0;
        if count == NEVER {
            continue;
        }
        let mut below = None;
        for (length, &byte) in (1..).zip(&text[from..]) {
            let Some(node) = trie.child(below, byte) else {
                break;
            };
            if let Some(&token) = trie.tokens_at(node).first()
                && count + 1 < best[from + length].0
            {
                best[from + length] = (count + 1, token, length);
            }
            below = Some(node as u32);
        }
    }
    if best[text.len()].0 == NEVER {
        return None;
    }
    let mut tokens = Vec::new();
    let mut at = text.len();
    while at > 0 {
        let (_, token, length) = best[at];
        tokens.push(token);
        at -= length;
    }
    tokens.reverse();
    Some(tokens)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewest_are_found_where_the_longest_first_is_worse() {
        let tokens: Vec<(&[u8], u32)> = vec![(b"a", 0), (b"b", 1), (b"abc", 2), (b"bcd", 3), (b"de", 4), (b"c", 5)];
        let trie = Trie::new(tokens);
        assert_eq!(fewest_to_spell(b"abcde", &trie), Some(vec![2, 4]));
        assert_eq!(fewest_to_spell(b"abcd", &trie), Some(vec![0, 3]));
        assert_eq!(fewest_to_spell(b"", &trie), Some(vec![]));
        assert_eq!(fewest_to_spell(b"abx", &trie), None);
    }
}
