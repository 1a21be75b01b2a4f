//! All tokens as one flat trie in depth-first order: a walk reads it front to back and skips a subtree with one jump.

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
    max_depth: usize,
}

impl Trie {
    /// Tokens must not be empty.
    pub fn new(mut tokens: Vec<(&[u8], u32)>) -> Self {
        tokens.sort_unstable();
        let mut nodes: Vec<TrieNode> = Vec::with_capacity(tokens.len() * 2);
        let mut ids = Vec::with_capacity(tokens.len());
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
        Trie { nodes, ids, max_depth }
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

    /// Tokens that end in the subtree of the node.
    pub fn tokens_below(&self, index: usize) -> &[u32] {
        let node = &self.nodes[index];
        let to = self.nodes[node.end as usize].first_token as usize;
        &self.ids[node.first_token as usize..to]
    }

    /// Tokens whose bytes end at the node.
    #[inline]
    pub fn tokens_at(&self, index: usize) -> &[u32] {
        let from = self.nodes[index].first_token as usize;
        let to = self.nodes[index + 1].first_token as usize;
        &self.ids[from..to]
    }
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
    fn no_tokens_is_an_empty_trie() {
        assert!(Trie::new(Vec::new()).is_empty());
    }
}
