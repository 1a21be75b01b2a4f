//! All tokens as one flat trie in depth-first order: a walk reads it front to back and skips a subtree with one jump.

use crate::bytes::{CHARACTERS, ClassSet, STRAY_BYTES, begins_character, class_of, continuation};

/// A node stands for the bytes on the path to it.
#[derive(Debug, Clone, Copy)]
pub struct TrieNode {
    /// Index of the first node after this subtree.
    pub end: u32,
    /// Index into `Trie::ids` of the first token that ends here; the tokens end where the next node's begin.
    pub first_token: u32,
    /// Number of bytes before this node's.
    pub depth: u16,
    pub byte: u8,
}

#[derive(Debug)]
pub struct Trie {
    /// Depth-first, with a closing node so that `nodes[i + 1].first_token` always exists.
    nodes: Vec<TrieNode>,
    /// Token ids in the order of the nodes; tokens with the same bytes share a node.
    ids: Vec<u32>,
    /// Per node, what the bytes below it are, if its own ends a character.
    below: Vec<ClassSet>,
    /// In the order of `ids`: characters that begin in the token.
    characters: Vec<u16>,
    max_depth: usize,
}

impl Trie {
    /// Tokens must not be empty.
    pub fn new(mut tokens: Vec<(&[u8], u32)>) -> Self {
        tokens.sort_unstable();
        let mut nodes: Vec<TrieNode> = Vec::with_capacity(tokens.len() * 2);
        let mut ids = Vec::with_capacity(tokens.len());
        let mut characters = Vec::with_capacity(tokens.len());
        let mut path: Vec<usize> = Vec::new();
        let mut max_depth = 0;
        let mut previous: &[u8] = &[];
        for (bytes, id) in tokens {
            let shared = previous.iter().zip(bytes).take_while(|(a, b)| a == b).count();
            for node in path.drain(shared..) {
                let end = nodes.len() as u32;
                nodes[node].end = end;
            }
            for (depth, &byte) in bytes.iter().enumerate().skip(shared) {
                path.push(nodes.len());
                nodes.push(TrieNode {
                    end: 0,
                    first_token: ids.len() as u32,
                    depth: depth as u16,
                    byte,
                });
            }
            ids.push(id);
            characters.push(bytes.iter().filter(|&&byte| begins_character(byte)).count() as u16);
            max_depth = max_depth.max(bytes.len());
            previous = bytes;
        }
        let end = nodes.len() as u32;
        for node in path {
            nodes[node].end = end;
        }
        nodes.push(TrieNode {
            end: end + 1,
            first_token: ids.len() as u32,
            depth: 0,
            byte: 0,
        });
        let below = summaries(&nodes);
        Trie {
            nodes,
            ids,
            below,
            characters,
            max_depth,
        }
    }

    /// Number of nodes.
    pub fn len(&self) -> usize {
        self.nodes.len() - 1
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Length of the longest token in bytes.
    pub fn max_depth(&self) -> usize {
        self.max_depth
    }

    #[inline]
    pub fn node(&self, index: usize) -> &TrieNode {
        &self.nodes[index]
    }

    /// What the bytes below the node are, if its own ends a character.
    #[inline]
    pub fn below(&self, index: usize) -> ClassSet {
        self.below[index]
    }

    /// Tokens that end in the subtree of the node.
    pub fn tokens_below(&self, index: usize) -> &[u32] {
        let node = &self.nodes[index];
        let to = self.nodes[node.end as usize].first_token as usize;
        &self.ids[node.first_token as usize..to]
    }

    /// Numbers of characters that begin in each of `tokens_below`.
    pub fn characters_below(&self, index: usize) -> &[u16] {
        let node = &self.nodes[index];
        let to = self.nodes[node.end as usize].first_token as usize;
        &self.characters[node.first_token as usize..to]
    }

    /// Nodes one byte further.
    pub fn children(&self, index: usize) -> impl Iterator<Item = usize> + '_ {
        children(&self.nodes, index)
    }

    /// Number of characters that begin in the text of a node.
    pub fn characters_to(&self, index: usize) -> u16 {
        let (mut at, mut count) = (0, 0);
        loop {
            let node = &self.nodes[at];
            if node.end as usize <= index {
                at = node.end as usize;
                continue;
            }
            count += u16::from(begins_character(node.byte));
            if at == index {
                return count;
            }
            at += 1;
        }
    }

    /// Index of the first node below `index` and of the first one after its subtree; the whole trie for None.
    pub fn span(&self, index: Option<u32>) -> (usize, usize) {
        match index {
            None => (0, self.len()),
            Some(index) => (index as usize + 1, self.nodes[index as usize].end as usize),
        }
    }

    /// Tokens whose bytes end at the node.
    #[inline]
    pub fn tokens_at(&self, index: usize) -> &[u32] {
        let from = self.nodes[index].first_token as usize;
        let to = self.nodes[index + 1].first_token as usize;
        &self.ids[from..to]
    }
}

/// Children of a node: each begins where the subtree of the one before it ends.
fn children(nodes: &[TrieNode], index: usize) -> impl Iterator<Item = usize> + '_ {
    let end = nodes[index].end as usize;
    let mut next = index + 1;
    std::iter::from_fn(move || {
        let child = next;
        (child < end).then(|| {
            next = nodes[child].end as usize;
            child
        })
    })
}

/// `Trie::below` of all nodes, the closing one included, from the leaves up.
fn summaries(nodes: &[TrieNode]) -> Vec<ClassSet> {
    let mut below = vec![0; nodes.len()];
    for index in (0..nodes.len() - 1).rev() {
        below[index] = children(nodes, index)
            .map(|child| match nodes[child].byte {
                byte if byte < 0x80 => class_of(byte) | below[child],
                byte => match continuation(byte) {
                    Some((low, high, count)) => CHARACTERS | rest_of_character(nodes, &below, child, low, high, count),
                    None => STRAY_BYTES,
                },
            })
            .fold(0, |all, part| all | part);
    }
    below
}

/// What lies below a node inside a character that lacks `count` bytes. At most three levels deep.
fn rest_of_character(nodes: &[TrieNode], below: &[ClassSet], index: usize, low: u8, high: u8, count: u8) -> ClassSet {
    children(nodes, index)
        .map(|child| match nodes[child].byte {
            byte if byte < low || byte > high => STRAY_BYTES,
            _ if count == 1 => below[child],
            _ => rest_of_character(nodes, below, child, 0x80, 0xBF, count - 1),
        })
        .fold(0, |all, part| all | part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_are_depth_first_and_tokens_are_found() {
        let tokens: Vec<(&[u8], u32)> = vec![(b"b", 0), (b"ab", 1), (b"a", 2), (b"abc", 3), (b"ab", 4)];
        let trie = Trie::new(tokens);
        let rows: Vec<(u8, u16, u32, &[u32])> = (0..trie.len())
            .map(|i| {
                (
                    trie.node(i).byte,
                    trie.node(i).depth,
                    trie.node(i).end,
                    trie.tokens_at(i),
                )
            })
            .collect();
        assert_eq!(
            rows,
            [
                (b'a', 0, 3, &[2][..]),
                (b'b', 1, 3, &[1, 4]),
                (b'c', 2, 3, &[3]),
                (b'b', 0, 4, &[0]),
            ]
        );
        assert_eq!(trie.max_depth(), 3);
    }

    #[test]
    fn summaries_tell_characters_from_stray_bytes() {
        let below = |tokens: &[&[u8]]| {
            let trie = Trie::new(tokens.iter().map(|&token| (token, 0)).collect());
            trie.below(0)
        };
        assert_eq!(below(&[b"a", b"a1z"]), class_of(b'1') | class_of(b'z'));
        assert_eq!(below(&["aé!".as_bytes(), b"a\xE2\x82"]), CHARACTERS | class_of(b'!'));
        assert_eq!(below(&[b"a\x80"]), STRAY_BYTES);
        // overlong forms, surrogates and broken characters
        for token in [
            &b"a\xC0\x80"[..],
            b"a\xE0\x80",
            b"a\xED\xA0",
            b"a\xF4\x90",
            b"a\xE2\x82b",
        ] {
            assert_ne!(below(&[token]) & STRAY_BYTES, 0, "{token:?}");
        }
    }

    #[test]
    fn characters_are_counted_by_their_beginnings() {
        let trie = Trie::new(vec![("aé€".as_bytes(), 0), (b"a", 1), (b"a\xC3", 2)]);
        assert_eq!(trie.tokens_below(0), [1, 2, 0]);
        assert_eq!(trie.characters_below(0), [1, 2, 3]);
    }

    #[test]
    fn no_tokens_is_an_empty_trie() {
        assert!(Trie::new(Vec::new()).is_empty());
    }
}
