//! All tokens as one flat trie in depth-first order: a walk reads it front to back and skips a subtree with one jump.

use std::ops::Range;

use super::token_set::{TokenSet, set_bit};
use crate::bytes::{ClassSet, STRAY_BYTES, UNFINISHED, beginnings, begins_character, class_of, continuation};

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
    /// Per node, what the bytes below it are, if its own ends a character. If its own begins one of several bytes, what
    /// the bytes are from there on, and `UNFINISHED`.
    below: Vec<ClassSet>,
    /// Per node, does a token that ends in its subtree end inside a character?
    cut: Vec<bool>,
    /// By byte, the node of all tokens that begin with it; past the last node where there are none.
    first: Box<[u32; 256]>,
    /// In the order of `ids`: characters that begin in the token.
    characters: Vec<u16>,
    /// Tokens by the number of characters that begin in them.
    by_characters: Vec<TokenSet>,
    /// A mask of all tokens.
    all: Box<[u32]>,
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
        let cut = cut(&nodes);
        let mut first = Box::new([end; 256]);
        let mut next = 0;
        while next < end {
            let node = &nodes[next as usize];
            first[usize::from(node.byte)] = next;
            next = node.end;
        }
        let mut all = vec![0; ids.iter().max().map_or(0, |&id| id as usize / 32 + 1)];
        ids.iter().for_each(|&id| set_bit(&mut all, id));
        let by_characters = by_characters(&ids, &characters, all.len());
        Trie {
            nodes,
            ids,
            below,
            cut,
            first,
            characters,
            by_characters,
            all: all.into(),
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

    /// Is there nothing below the node?
    #[inline]
    pub fn is_leaf(&self, index: usize) -> bool {
        self.nodes[index].end as usize == index + 1
    }

    /// What the bytes below the node are, if its own ends a character; else not only known classes.
    #[inline]
    pub fn below(&self, index: usize) -> ClassSet {
        self.below[index]
    }

    /// What the bytes from the node's own on are, if it begins a character of several bytes.
    #[inline]
    pub fn from_character(&self, index: usize) -> Option<ClassSet> {
        let classes = self.below[index];
        (classes & UNFINISHED != 0).then_some(classes & !UNFINISHED)
    }

    /// What the bytes from the node's own on are, where it begins a character and no token of its subtree ends inside one.
    #[inline]
    pub fn whole_characters(&self, index: usize) -> Option<ClassSet> {
        let byte = self.nodes[index].byte;
        match byte {
            _ if self.cut[index] => None,
            0..0x80 => Some(class_of(byte) | self.below[index]),
            _ => self.from_character(index),
        }
    }

    /// Where the tokens that end in the subtree of the node stand among all.
    #[inline]
    pub fn range_below(&self, index: usize) -> Range<u32> {
        let node = &self.nodes[index];
        node.first_token..self.nodes[node.end as usize].first_token
    }

    /// Where all tokens stand.
    pub fn range_all(&self) -> Range<u32> {
        0..self.ids.len() as u32
    }

    /// Where the tokens that end at the node stand among all.
    #[inline]
    pub fn range_at(&self, index: usize) -> Range<u32> {
        self.nodes[index].first_token..self.nodes[index + 1].first_token
    }

    /// Tokens by where they stand among all.
    #[inline]
    pub fn tokens(&self, range: &Range<u32>) -> &[u32] {
        &self.ids[range.start as usize..range.end as usize]
    }

    /// Tokens that end in the subtree of the node.
    pub fn tokens_below(&self, index: usize) -> &[u32] {
        self.tokens(&self.range_below(index))
    }

    /// Numbers of characters that begin in each of `tokens_below`.
    pub fn characters_below(&self, index: usize) -> &[u16] {
        let range = self.range_below(index);
        &self.characters[range.start as usize..range.end as usize]
    }

    /// Sets of tokens by the number of characters that begin in them.
    pub fn by_characters(&self) -> &[TokenSet] {
        &self.by_characters
    }

    /// A mask of all tokens, no wider than they need.
    pub fn all(&self) -> &[u32] {
        &self.all
    }

    /// Nodes one byte further.
    pub fn children(&self, index: usize) -> impl Iterator<Item = usize> + '_ {
        children(&self.nodes, index)
    }

    /// The node one byte further by this byte, from the beginning for None.
    pub fn child(&self, index: Option<u32>, byte: u8) -> Option<usize> {
        let Some(index) = index else {
            return Some(self.first[usize::from(byte)] as usize).filter(|&node| node < self.len());
        };
        // siblings ascend
        self.children(index as usize)
            .find(|&child| self.nodes[child].byte >= byte)
            .filter(|&child| self.nodes[child].byte == byte)
    }

    /// The node one byte before; None at the first byte.
    pub fn parent(&self, index: usize) -> Option<usize> {
        let (mut at, mut parent) = (0, None);
        while at != index {
            let end = self.nodes[at].end as usize;
            if end <= index {
                at = end;
            } else {
                parent = Some(at);
                at += 1;
            }
        }
        parent
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
        self.tokens(&self.range_at(index))
    }
}

fn by_characters(ids: &[u32], characters: &[u16], words: usize) -> Vec<TokenSet> {
    let most = characters.iter().max().map_or(0, |&most| usize::from(most) + 1);
    let mut lists = vec![Vec::new(); most];
    for (&id, &count) in ids.iter().zip(characters) {
        lists[usize::from(count)].push(id);
    }
    lists.into_iter().map(|ids| TokenSet::from_ids(ids, words)).collect()
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

/// `Trie::cut` of all nodes.
fn cut(nodes: &[TrieNode]) -> Vec<bool> {
    // by node, how many bytes its character lacks
    let mut lacks = vec![0u8; nodes.len()];
    for index in 0..nodes.len() - 1 {
        if let Some((_, _, count)) = continuation(nodes[index].byte) {
            lacks[index] = count;
        }
        let after = lacks[index].saturating_sub(1);
        children(nodes, index).for_each(|child| lacks[child] = after);
    }
    let mut cut = vec![false; nodes.len()];
    for index in (0..nodes.len() - 1).rev() {
        let ends_here = nodes[index].first_token != nodes[index + 1].first_token;
        cut[index] = ends_here && lacks[index] > 0 || children(nodes, index).any(|child| cut[child]);
    }
    cut
}

/// `Trie::below` of all nodes, the closing one included, from the leaves up.
fn summaries(nodes: &[TrieNode]) -> Vec<ClassSet> {
    let mut below = vec![0; nodes.len()];
    for index in (0..nodes.len() - 1).rev() {
        let byte = nodes[index].byte;
        below[index] = if beginnings(byte).next().is_some() {
            UNFINISHED | from_character(nodes, &below, index)
        } else {
            children(nodes, index)
                .map(|child| match nodes[child].byte {
                    byte if byte < 0x80 => class_of(byte) | below[child],
                    _ if below[child] & UNFINISHED != 0 => below[child] & !UNFINISHED,
                    _ => STRAY_BYTES,
                })
                .fold(0, |all, part| all | part)
        };
    }
    below
}

/// What the texts of a node that begins a character are from there on. Where one of them ends before the class is known,
/// it counts as all that it can be.
fn from_character(nodes: &[TrieNode], below: &[ClassSet], index: usize) -> ClassSet {
    let ends_here = nodes[index].first_token != nodes[index + 1].first_token;
    let possible = beginnings(nodes[index].byte).filter(|_| ends_here);
    let ended = possible.fold(0, |all, beginning| all | beginning.class);
    children(nodes, index)
        .map(|child| {
            let second = nodes[child].byte;
            let mut beginnings = beginnings(nodes[index].byte);
            match beginnings.find(|beginning| beginning.low <= second && second <= beginning.high) {
                None => STRAY_BYTES,
                Some(beginning) => beginning.class | rest_of_character(nodes, below, child, beginning.count - 1),
            }
        })
        .fold(ended, |all, part| all | part)
}

/// What lies below a node inside a character that lacks `count` bytes. At most three levels deep.
fn rest_of_character(nodes: &[TrieNode], below: &[ClassSet], index: usize, count: u8) -> ClassSet {
    if count == 0 {
        return below[index];
    }
    children(nodes, index)
        .map(|child| match nodes[child].byte {
            0x80..=0xBF => rest_of_character(nodes, below, child, count - 1),
            _ => STRAY_BYTES,
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
        let trie = |tokens: &[&[u8]]| Trie::new(tokens.iter().map(|&token| (token, 0)).collect());
        let below = |tokens: &[&[u8]]| trie(tokens).below(0);
        let class = |character: &str| trie(&[character.as_bytes()]).from_character(0).unwrap();
        assert_eq!(below(&[b"a", b"a1z"]), class_of(b'1') | class_of(b'z'));
        assert_eq!(below(&["aé!".as_bytes()]), class("é") | class_of(b'!'));
        assert_eq!(below(&[b"a\xE2\x82"]), class("€"));
        // the class of what a text ends within may be any that can follow
        assert_eq!(below(&[b"a\xE2"]), class("€") | class("\u{2028}"));
        assert_ne!(class("€"), class("\u{2028}"));
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
        // seen from within a character, its rest is none
        assert_ne!(trie(&["é".as_bytes()]).below(0) & UNFINISHED, 0);
        assert_eq!(trie(&["éa".as_bytes()]).from_character(1), None);
    }

    #[test]
    fn characters_are_counted_by_their_beginnings() {
        let trie = Trie::new(vec![("aé€".as_bytes(), 0), (b"a", 1), (b"a\xC3", 2)]);
        assert_eq!(trie.tokens_below(0), [1, 2, 0]);
        assert_eq!(trie.characters_below(0), [1, 2, 3]);
        let by_characters = trie.by_characters();
        assert_eq!(by_characters.len(), 4);
        assert_eq!(by_characters[2], TokenSet::from_ids(vec![2], 1));
    }

    #[test]
    fn no_tokens_is_an_empty_trie() {
        assert!(Trie::new(Vec::new()).is_empty());
    }
}
