//! What is remembered of a walk through the trie with lexemes in progress: the tokens that stay inside them, and the
//! texts with which tokens leave them.
//!
//! Where a lexeme counts characters (`[a-z]{0,50}"`), one walk serves every count: the walk is that of the uncounted
//! lexeme (`[a-z]*"`), and each token is filed under the number of repetitions that begin in it, its *level*.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rustc_hash::FxHashMap;

use super::token_set::{TokenSet, clear_bit};
use super::trie::Trie;
use crate::bounds::Bounds;
use crate::bytes::ByteSet;
use crate::regex::digest::Digest;

/// Tokens filed by level.
#[derive(Debug, Default)]
pub struct Levels {
    /// `sets[n]` are the tokens of level n; empty when everything is in `all`, as level 0.
    sets: Vec<TokenSet>,
    /// Tokens of every level.
    all: Option<TokenSet>,
}

impl Levels {
    /// Everything on level 0.
    pub fn flat(words: &[u32]) -> Self {
        Levels::of_all(TokenSet::new(words))
    }

    pub fn new(by_level: Vec<Vec<u32>>, words: usize) -> Self {
        if by_level.len() <= 1 {
            let all = by_level.into_iter().next().map(|ids| TokenSet::from_ids(ids, words));
            return Levels { sets: Vec::new(), all };
        }
        Levels::of_sets(
            by_level.into_iter().map(|ids| TokenSet::from_ids(ids, words)).collect(),
            words,
        )
    }

    /// All on level 0.
    pub fn of_all(all: TokenSet) -> Self {
        Levels {
            sets: Vec::new(),
            all: Some(all),
        }
    }

    /// One set a level. No set may be wider than `words`.
    pub fn of_sets(sets: Vec<TokenSet>, words: usize) -> Self {
        let mut all = vec![0; words];
        sets.iter().for_each(|set| set.add_to(&mut all));
        Levels {
            sets,
            all: Some(TokenSet::new(&all)),
        }
    }

    /// The highest level that has tokens.
    pub fn highest(&self) -> u32 {
        self.sets.len().saturating_sub(1) as u32
    }

    /// One set a level; none where everything is on level 0.
    pub fn sets(&self) -> &[TokenSet] {
        &self.sets
    }

    pub fn all(&self) -> Option<&TokenSet> {
        self.all.as_ref()
    }

    /// Adds the tokens whose level lies within the bounds. `words` need not be empty.
    pub fn add_to(&self, bounds: Bounds, words: &mut [u32]) {
        let Some(all) = &self.all else {
            return;
        };
        if bounds.min == 0 && bounds.max >= self.highest() {
            all.add_to(words);
        } else if !self.sets.is_empty() {
            let from = (bounds.min as usize).min(self.sets.len());
            let to = (bounds.max as usize).saturating_add(1).clamp(from, self.sets.len());
            self.sets[from..to].iter().for_each(|set| set.add_to(words));
        }
    }

    /// Overwrites `words` with the tokens whose level is at most `max`.
    pub fn write_to(&self, max: u32, words: &mut [u32]) {
        let from = (max as usize).saturating_add(1).min(self.sets.len());
        let missing = &self.sets[from..];
        // where few are missing, all are copied and the few taken away
        if missing.iter().all(|set| matches!(set, TokenSet::Few(_)))
            && let Some(all) = &self.all
        {
            all.write_to(words);
            for set in missing {
                if let TokenSet::Few(ids) = set {
                    ids.iter().for_each(|&id| clear_bit(words, id));
                }
            }
            return;
        }
        words.fill(0);
        self.add_to(Bounds { min: 0, max }, words);
    }

    /// The tokens whose level lies within the bounds, if they are listed.
    fn listed(&self, bounds: Bounds, ids: &mut Vec<u32>) -> bool {
        let whole = bounds.min == 0 && bounds.max >= self.highest();
        let from = (bounds.min as usize).min(self.sets.len());
        let to = (bounds.max as usize).saturating_add(1).clamp(from, self.sets.len());
        let sets = if whole {
            self.all.as_slice()
        } else {
            &self.sets[from..to]
        };
        sets.iter().all(|set| match set {
            TokenSet::Few(few) => {
                ids.extend_from_slice(few);
                true
            }
            TokenSet::Many(_) => false,
        })
    }

    fn memory(&self) -> usize {
        self.sets.iter().chain(&self.all).map(TokenSet::memory).sum()
    }
}

/// A place where the text of a token leaves the lexeme: the trie node of the first byte outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    pub node: u32,
    pub level: u16,
}

/// The texts after the lexeme's end, merged: tokens that leave at different places with the same text share a node.
#[derive(Debug, Default)]
pub struct Suffixes {
    /// Depth-first.
    pub nodes: Vec<Suffix>,
    /// (token, level) in the order of the nodes.
    pub tokens: Vec<(u32, u16)>,
}

#[derive(Debug, Clone, Copy)]
pub struct Suffix {
    pub byte: u8,
    /// Number of bytes before this node's.
    pub depth: u8,
    /// Level of `link`'s tokens.
    pub level: u16,
    /// Index of the first node after this subtree.
    pub end: u32,
    /// Tokens of the text so far: `tokens[from..to]`.
    pub from: u32,
    pub to: u32,
    /// Only one place has texts that begin like this: they are those of the trie node and of what lies below it.
    pub link: u32,
}

/// `Suffix::link` of a merged node.
pub const NO_LINK: u32 = u32::MAX;

/// Below a trie node with at least this many nodes, threads have masks of their own, which are kept.
pub const OWN_MASK_NODES: usize = 1024;

/// Most of what is below a large trie node is below a few of its children.
const LARGE_SHARE: usize = 64;

/// Texts are merged up to this many bytes; it bounds a recursion.
const MERGED_BYTES: u8 = 16;

/// Where a trie node lies.
enum Part {
    /// At an edge or below it: all its texts have left.
    Outside,
    /// On the way to an edge.
    Before,
    /// All its texts stay.
    Inside,
}

impl Suffixes {
    /// Of edges, in the order of the trie.
    pub fn new(edges: &[Edge], trie: &Trie) -> Self {
        let mut made = Suffixes::default();
        made.merge(edges.to_vec(), 0, trie, &|_| Part::Outside);
        made
    }

    /// From some trie nodes on, of texts that lead to `edges` (both in the order of the trie). All on level 0.
    pub fn leading_to(edges: &[u32], starts: &[u32], trie: &Trie) -> Self {
        let part = |node: usize| {
            let next = edges.partition_point(|&edge| (edge as usize) <= node);
            let before = next.checked_sub(1).map(|last| edges[last] as usize);
            if before.is_some_and(|edge| node < trie.node(edge).end as usize) {
                Part::Outside
            } else if edges.get(next).is_some_and(|&edge| edge < trie.node(node).end) {
                Part::Before
            } else {
                Part::Inside
            }
        };
        let mut made = Suffixes::default();
        let starts = starts.iter().map(|&node| Edge { node, level: 0 });
        made.merge(starts.collect(), 0, trie, &part);
        made
    }

    /// Adds a node for each first byte of the trie nodes.
    fn merge(&mut self, mut edges: Vec<Edge>, depth: u8, trie: &Trie, part: &impl Fn(usize) -> Part) {
        // equal bytes together; the order among them is that of the trie, which makes the result deterministic
        edges.sort_by_key(|edge| trie.node(edge.node as usize).byte);
        for group in edges.chunk_by(|a, b| trie.node(a.node as usize).byte == trie.node(b.node as usize).byte) {
            let byte = trie.node(group[0].node as usize).byte;
            let outside = |edge: &Edge| matches!(part(edge.node as usize), Part::Outside);
            let alone = group.len() == 1 && outside(&group[0]);
            if alone || depth >= MERGED_BYTES {
                for edge in group {
                    self.push(byte, depth, edge.level, edge.node);
                }
                continue;
            }
            let index = self.push(byte, depth, 0, NO_LINK);
            let mut below = Vec::new();
            for edge in group {
                let node = edge.node as usize;
                if outside(edge) {
                    let tokens = trie.tokens_at(node).iter();
                    self.tokens.extend(tokens.map(|&id| (id, edge.level)));
                }
                let children = trie
                    .children(node)
                    .filter(|&child| !matches!(part(child), Part::Inside));
                below.extend(children.map(|child| Edge {
                    node: child as u32,
                    level: edge.level,
                }));
            }
            self.nodes[index].to = self.tokens.len() as u32;
            self.merge(below, depth + 1, trie, part);
            self.nodes[index].end = self.nodes.len() as u32;
        }
    }

    /// Size in bytes.
    pub fn memory(&self) -> usize {
        self.nodes.len() * 24 + self.tokens.len() * 8
    }

    fn push(&mut self, byte: u8, depth: u8, level: u16, link: u32) -> usize {
        let index = self.nodes.len();
        let tokens = self.tokens.len() as u32;
        self.nodes.push(Suffix {
            byte,
            depth,
            level,
            end: index as u32 + 1,
            from: tokens,
            to: tokens,
            link,
        });
        index
    }
}

/// What can follow an end at any place inside a token, of texts with which tokens leave later.
#[derive(Debug)]
pub struct Everywhere {
    /// Trie nodes at which the end may be, with so much below them that it isn't merged.
    pub large: Vec<u32>,
    /// The texts after all other places.
    pub suffixes: Suffixes,
}

impl Everywhere {
    /// Size in bytes.
    pub fn memory(&self) -> usize {
        self.large.len() * 4 + self.suffixes.memory()
    }
}

/// The ends of one lexeme, or of several that end together.
#[derive(Debug, Default)]
pub struct Exits {
    /// In the order of the trie.
    pub edges: Vec<Edge>,
    /// Trie nodes at which the end is, with so much below them that it isn't merged: nearly every token follows a space.
    pub large: Vec<Edge>,
    /// The texts after all other places.
    pub suffixes: Suffixes,
    /// The texts from every place on where the end may be; made when first needed.
    pub everywhere: OnceLock<Everywhere>,
    /// Bytes that follow an end inside a token and also go on with the lexeme. What reads such a byte *after* the end
    /// is not among the suffixes.
    pub stay: ByteSet,
}

impl Exits {
    pub fn new(edges: Vec<Edge>, stay: ByteSet, trie: &Trie) -> Self {
        let large = large_places(&edges, trie);
        let suffixes = match large.is_empty() {
            true => Suffixes::new(&edges, trie),
            false => {
                let other = |edge: &&Edge| !large.iter().any(|place| is_child(edge, place.node, trie));
                let others: Vec<Edge> = edges.iter().filter(other).copied().collect();
                Suffixes::new(&others, trie)
            }
        };
        Exits {
            suffixes,
            everywhere: OnceLock::new(),
            edges,
            large,
            stay,
        }
    }

    fn memory(&self) -> usize {
        (self.edges.len() + self.large.len()) * 8 + self.suffixes.memory() + 64
    }
}

/// Is the edge right below the trie node?
fn is_child(edge: &Edge, node: u32, trie: &Trie) -> bool {
    let parent = trie.node(node as usize);
    (node + 1..parent.end).contains(&edge.node) && trie.node(edge.node as usize).depth == parent.depth + 1
}

/// The trie nodes right below which there are edges to at least `OWN_MASK_NODES` nodes.
fn large_places(edges: &[Edge], trie: &Trie) -> Vec<Edge> {
    let size = |edge: &Edge| trie.node(edge.node as usize).end as usize - edge.node as usize;
    let mut found: Vec<Edge> = Vec::new();
    let mut last = None;
    for edge in edges.iter().filter(|edge| size(edge) >= OWN_MASK_NODES / LARGE_SHARE) {
        let known = last.is_some_and(|node| is_child(edge, node, trie));
        if known || found.iter().any(|place| is_child(edge, place.node, trie)) {
            continue;
        }
        last = trie.parent(edge.node as usize).map(|parent| parent as u32);
        let Some(node) = last else {
            continue;
        };
        let from = edges.partition_point(|edge| edge.node <= node);
        let to = edges.partition_point(|edge| edge.node < trie.node(node as usize).end);
        let below = edges[from..to].iter().filter(|edge| is_child(edge, node, trie));
        if below.map(size).sum::<usize>() >= OWN_MASK_NODES {
            // all that end there came as far by then
            found.push(Edge { node, ..*edge });
        }
    }
    found
}

/// A walk through the trie, or through the part below one node, with lexemes in progress.
#[derive(Debug)]
pub struct Interior {
    /// Tokens that end within the counted repetitions, or anywhere in lexemes without a counter.
    pub counting: Levels,
    /// Tokens that end in what comes after the counted repetitions: enough of them must have begun.
    pub counted: Levels,
    /// By the set of lexemes that end; a single lexeme's has no name here, as grammars name it differently.
    pub exits: Vec<(u32, Exits)>,
    /// The highest level in it, or on the way to what it leaves out: higher bounds make no difference.
    pub highest: u32,
}

impl Interior {
    /// Overwrites `words` with the tokens that stay inside.
    pub fn write_to(&self, bounds: Bounds, words: &mut [u32]) {
        self.counting.write_to(bounds.max, words);
        self.counted.add_to(bounds, words);
    }

    pub fn add_to(&self, bounds: Bounds, words: &mut [u32]) {
        let within = Bounds { min: 0, ..bounds };
        self.counting.add_to(within, words);
        self.counted.add_to(bounds, words);
    }

    /// The tokens that stay inside, if they are few.
    pub fn few(&self, bounds: Bounds) -> Option<Vec<u32>> {
        let within = Bounds { min: 0, ..bounds };
        let mut ids = Vec::new();
        (self.counting.listed(within, &mut ids) && self.counted.listed(bounds, &mut ids)).then_some(ids)
    }

    /// Size in bytes.
    pub fn memory(&self) -> usize {
        let exits: usize = self.exits.iter().map(|(_, exits)| exits.memory()).sum();
        64 + self.counting.memory() + self.counted.memory() + exits
    }
}

/// Names a walk, whatever the grammar: the lexeme's expression, and the trie node below which it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WalkName {
    pub lexeme: Digest,
    /// Where repetitions were counted: the lexeme between two of them, and what is repeated.
    pub counter: Option<[Digest; 2]>,
    pub below: Option<u32>,
}

/// Interiors of one vocabulary, shared by all grammars. Dropped as a whole when they take more than `CACHE_BYTES`.
#[derive(Debug, Default)]
pub struct Interiors(Mutex<(FxHashMap<WalkName, Arc<Interior>>, usize)>);

pub const CACHE_BYTES: usize = 256 << 20;

impl Interiors {
    pub fn get(&self, name: &WalkName) -> Option<Arc<Interior>> {
        let cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        cache.0.get(name).cloned()
    }

    pub fn keep(&self, name: WalkName, interior: Arc<Interior>) {
        let mut cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        cache.1 += interior.memory();
        if cache.1 > CACHE_BYTES {
            cache.0.clear();
            cache.1 = interior.memory();
        }
        cache.0.insert(name, interior);
    }

    /// One that is kept has grown.
    pub fn grow(&self, bytes: usize) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1 += bytes;
    }

    /// Number of interiors kept and their size in bytes.
    pub fn size(&self) -> (usize, usize) {
        let cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (cache.0.len(), cache.1)
    }
}
