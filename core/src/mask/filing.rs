//! Tokens found on a walk. Where a lexeme counts characters, they are filed by level.

use crate::vocabulary::interior::Levels;
use crate::vocabulary::token_set::{TokenSet, clear_bit, has_bit, set_bit};
use crate::vocabulary::trie::Trie;

pub(super) enum Tokens<'a> {
    Flat(Flat<'a>),
    Counted(Filed),
}

/// A mask of tokens.
pub(super) struct Flat<'a> {
    words: &'a mut [u32],
    /// All tokens were in it at first: only those that are left out cost anything.
    from_all: bool,
}

/// Tokens by level.
pub(super) struct Filed {
    /// Width of masks.
    words: usize,
    /// Masks of tokens whose level is so much more than the number of characters that begin in them. Whole subtrees are
    /// filed here, and come by their levels afterwards, all tokens of a level at once.
    by_characters: Vec<Vec<u32>>,
    /// The mask that all tokens were in at first.
    from_all: Option<usize>,
    /// Other tokens that end within the repetitions.
    counting: Vec<Vec<u32>>,
    /// Tokens that end after the repetitions.
    counted: Vec<Vec<u32>>,
}

impl Tokens<'_> {
    /// The tokens are not allowed.
    pub(super) fn leave_out(&mut self, ids: &[u32]) {
        match self {
            Tokens::Flat(flat) => flat.leave_out(ids),
            Tokens::Counted(filed) => filed.leave_out(ids),
        }
    }
}

impl<'a> Flat<'a> {
    pub(super) fn new(words: &'a mut [u32]) -> Self {
        Flat { words, from_all: false }
    }

    /// All tokens, as far as none of them is left out.
    pub(super) fn from_all(words: &'a mut [u32], trie: &Trie) -> Self {
        words[..trie.all().len()].copy_from_slice(trie.all());
        Flat { words, from_all: true }
    }

    pub(super) fn take(&mut self, ids: &[u32]) {
        if !self.from_all {
            ids.iter().for_each(|&id| set_bit(self.words, id));
        }
    }

    fn leave_out(&mut self, ids: &[u32]) {
        if self.from_all {
            ids.iter().for_each(|&id| clear_bit(self.words, id));
        }
    }

    /// The mask without the tokens, to which some of them may be added.
    pub(super) fn without(&mut self, ids: &[u32]) -> &mut [u32] {
        self.leave_out(ids);
        self.words
    }
}

fn at<T: Default>(levels: &mut Vec<T>, level: usize) -> &mut T {
    if levels.len() <= level {
        levels.resize_with(level + 1, T::default);
    }
    &mut levels[level]
}

impl Filed {
    pub(super) fn new(words: usize) -> Self {
        Filed {
            words,
            by_characters: Vec::new(),
            from_all: None,
            counting: Vec::new(),
            counted: Vec::new(),
        }
    }

    /// All tokens, as far as none of them is left out, on levels by so much more than the number of their characters.
    pub(super) fn from_all(words: usize, more: u16, trie: &Trie) -> Self {
        let mut filed = Filed::new(words);
        let mask = at(&mut filed.by_characters, usize::from(more));
        mask.extend_from_slice(trie.all());
        mask.resize(words, 0);
        filed.from_all = Some(usize::from(more));
        filed
    }

    fn leave_out(&mut self, ids: &[u32]) {
        if let Some(more) = self.from_all {
            let mask = &mut self.by_characters[more];
            ids.iter().for_each(|&id| clear_bit(mask, id));
        }
    }

    /// Tokens in which so many characters begin.
    pub(super) fn within(&mut self, level: u16, characters: u16, ids: &[u32]) {
        let more = level.checked_sub(characters).map(usize::from);
        if ids.is_empty() || (more.is_some() && more == self.from_all) {
            return;
        }
        self.leave_out(ids);
        at(&mut self.counting, usize::from(level)).extend_from_slice(ids);
    }

    pub(super) fn after(&mut self, level: u16, ids: &[u32]) {
        if !ids.is_empty() {
            self.leave_out(ids);
            at(&mut self.counted, usize::from(level)).extend_from_slice(ids);
        }
    }

    /// All tokens below a trie node, on one level.
    pub(super) fn all_within(&mut self, level: u16, ids: &[u32]) {
        self.leave_out(ids);
        at(&mut self.counting, usize::from(level)).extend_from_slice(ids);
    }

    /// All tokens below a trie node: each character that begins after the first `characters` adds one to the level.
    pub(super) fn characters_below(&mut self, level: u16, characters: u16, trie: &Trie, index: usize) {
        let ids = trie.tokens_below(index);
        match level.checked_sub(characters).map(usize::from) {
            more if more.is_some() && more == self.from_all => {}
            Some(more) => {
                self.leave_out(ids);
                let mask = at(&mut self.by_characters, more);
                mask.resize(self.words, 0);
                ids.iter().for_each(|&id| set_bit(mask, id));
            }
            None => {
                for (&id, &count) in ids.iter().zip(trie.characters_below(index)) {
                    self.within(level + (count - characters), count, &[id]);
                }
            }
        }
    }

    /// Levels within the repetitions, and after them.
    pub(super) fn finish(mut self, trie: &Trie) -> (Levels, Levels) {
        let counted = Levels::new(std::mem::take(&mut self.counted), self.words);
        let mut sets = self.within_by_level(trie);
        while sets.last().is_some_and(TokenSet::is_empty) {
            sets.pop();
        }
        let counting = match sets.len() {
            0 => Levels::default(),
            1 => Levels::of_all(sets.remove(0)),
            _ => Levels::of_sets(sets, self.words),
        };
        (counting, counted)
    }

    fn within_by_level(&mut self, trie: &Trie) -> Vec<TokenSet> {
        let counts = trie.by_characters();
        let mut masks: Vec<(usize, &[u32])> = Vec::new();
        for (more, mask) in self.by_characters.iter().enumerate() {
            if !mask.is_empty() {
                masks.push((more, mask));
            }
        }
        let highest = masks.last().map_or(0, |(more, _)| more + counts.len());
        let mut listed = std::mem::take(&mut self.counting);
        listed.resize_with(listed.len().max(highest), Vec::new);
        let mut words = vec![0; self.words];
        let mut sets = Vec::with_capacity(listed.len());
        for (level, mut ids) in listed.into_iter().enumerate() {
            let mut many_more = false;
            for &(more, mask) in &masks {
                match level.checked_sub(more).and_then(|characters| counts.get(characters)) {
                    Some(TokenSet::Few(few)) => ids.extend(few.iter().filter(|&&id| has_bit(mask, id))),
                    Some(TokenSet::Many(many)) => {
                        many_more = true;
                        let both = many.iter().zip(mask).map(|(a, b)| a & b);
                        words.iter_mut().zip(both).for_each(|(word, add)| *word |= add);
                    }
                    None => {}
                }
            }
            if many_more {
                ids.iter().for_each(|&id| set_bit(&mut words, id));
                sets.push(TokenSet::new(&words));
                words.fill(0);
            } else {
                sets.push(TokenSet::from_ids(ids, self.words));
            }
        }
        sets
    }
}
