//! Texts of which one has to be spelled next and then end: what a monitor's suggestions take from a mask.
//!
//! After a text that ends in a word character (an identifier) comes something else than a word character, or the end of
//! all; after any other text (`<iri>`) whatever may. An empty text ends a word that is there already. What comes then is
//! no longer the texts' matter. Texts are a sorted list, and a place in all of them at once is a range of it: those that
//! begin with what was read.

use super::Vocabulary;
use super::token_set::set_bit;

#[derive(Debug)]
pub struct Literals {
    /// Sorted, distinct.
    texts: Vec<Box<[u8]>>,
    /// By text: does it end in a word character, or is it empty?
    ends_in_word: Vec<bool>,
    /// Code points of word characters: inclusive ranges, ascending, apart.
    word: Vec<(u32, u32)>,
}

/// What was read so far: the beginning of some texts, or one of them and the beginning of a character, or both.
#[derive(Debug, Clone, Copy)]
struct Place {
    /// The texts that begin so.
    from: usize,
    to: usize,
    depth: usize,
    /// After a text: the bytes of a character that is not whole yet.
    begun: [u8; 4],
    begun_len: usize,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    On(Place),
    /// A text was spelled and ended; with the last byte read, so many of those after it were read.
    Left(usize),
    Nowhere,
}

impl Literals {
    /// `word` are inclusive ranges of code points in any order.
    pub fn new(texts: &[String], word: &[(u32, u32)]) -> Self {
        let mut sorted: Vec<&str> = texts.iter().map(String::as_str).collect();
        sorted.sort_unstable();
        sorted.dedup();
        let word = merged(word);
        let ends_in_word = sorted
            .iter()
            .map(|text| text.chars().last().is_none_or(|last| holds(&word, last as u32)))
            .collect();
        Literals {
            texts: sorted.into_iter().map(|text| text.as_bytes().into()).collect(),
            ends_in_word,
            word,
        }
    }

    /// May what comes begin with these bytes?
    pub fn allows(&self, bytes: &[u8]) -> bool {
        !matches!(self.walk(bytes).0, Step::Nowhere)
    }

    /// Are these bytes one of the texts, no more and no less?
    pub fn is_whole(&self, bytes: &[u8]) -> bool {
        self.texts.binary_search_by(|text| (**text).cmp(bytes)).is_ok()
    }

    /// Length of the text that these bytes begin with, if it ended in them.
    pub fn left_after(&self, bytes: &[u8]) -> Option<usize> {
        match self.walk(bytes) {
            (Step::Left(after), read) => Some(read - after),
            _ => None,
        }
    }

    /// Takes the tokens from a mask that cannot come after `begun`, which was read since the texts were suggested.
    pub fn keep_allowed(&self, vocabulary: &Vocabulary, begun: &[u8], words: &mut [u32]) {
        let place = match self.walk(begun).0 {
            Step::Left(_) => return,
            Step::Nowhere => return words.fill(0),
            Step::On(place) => place,
        };
        let mut allowed = vec![0; words.len()];
        if self.ended(&place) {
            vocabulary
                .eos_token_ids
                .iter()
                .for_each(|&id| set_bit(&mut allowed, id));
        }
        let trie = &vocabulary.trie;
        let (first, end) = trie.span(None);
        let mut pending = vec![(first, end, place)];
        while let Some((mut at, end, place)) = pending.pop() {
            while at < end {
                let node = trie.node(at);
                let next = node.end as usize;
                match self.step(place, node.byte) {
                    Step::Left(_) => trie.tokens_below(at).iter().for_each(|&id| set_bit(&mut allowed, id)),
                    Step::On(further) => {
                        trie.tokens_at(at).iter().for_each(|&id| set_bit(&mut allowed, id));
                        pending.push((at + 1, next, further));
                    }
                    Step::Nowhere => {}
                }
                at = next;
            }
        }
        words.iter_mut().zip(allowed).for_each(|(word, keep)| *word &= keep);
    }

    /// From the beginning, until a text ended or nothing fits; and how many bytes were read.
    fn walk(&self, bytes: &[u8]) -> (Step, usize) {
        let mut place = Place {
            from: 0,
            to: self.texts.len(),
            depth: 0,
            begun: [0; 4],
            begun_len: 0,
        };
        for (read, &byte) in (1..).zip(bytes) {
            match self.step(place, byte) {
                Step::On(further) => place = further,
                other => return (other, read),
            }
        }
        (Step::On(place), bytes.len())
    }

    /// Is what was read one of the texts?
    fn ended(&self, place: &Place) -> bool {
        place.from < place.to && self.texts[place.from].len() == place.depth
    }

    fn step(&self, place: Place, byte: u8) -> Step {
        let mut next = self.narrowed(&place, byte);
        if self.ended(&next) && !self.ends_in_word[next.from] {
            return Step::Left(0);
        }
        if place.begun_len > 0 || self.ended(&place) {
            next.begun = place.begun;
            next.begun[place.begun_len] = byte;
            next.begun_len = place.begun_len + 1;
            match self.after_a_text(&next.begun[..next.begun_len]) {
                Step::Nowhere => next.begun_len = 0,
                Step::Left(after) => return Step::Left(after),
                Step::On(_) => {}
            }
        }
        match next.from < next.to || next.begun_len > 0 {
            true => Step::On(next),
            false => Step::Nowhere,
        }
    }

    /// The texts that go on with this byte.
    fn narrowed(&self, place: &Place, byte: u8) -> Place {
        let texts = &self.texts[place.from..place.to];
        let at = |text: &[u8]| text.get(place.depth).copied();
        let skipped = texts.partition_point(|text| at(text) < Some(byte));
        let count = texts[skipped..].partition_point(|text| at(text) == Some(byte));
        Place {
            from: place.from + skipped,
            to: place.from + skipped + count,
            depth: place.depth + 1,
            begun: [0; 4],
            begun_len: 0,
        }
    }

    /// Do these bytes after an identifier end it? `On` where the next byte decides.
    fn after_a_text(&self, bytes: &[u8]) -> Step {
        match std::str::from_utf8(bytes) {
            Ok(text) if text.chars().any(|one| holds(&self.word, one as u32)) => Step::Nowhere,
            Ok(_) => Step::Left(bytes.len()),
            Err(error) if error.error_len().is_some() => Step::Nowhere,
            Err(_) => match self.may_end_a_word(bytes) {
                true => Step::On(Place {
                    from: 0,
                    to: 0,
                    depth: 0,
                    begun: [0; 4],
                    begun_len: 0,
                }),
                false => Step::Nowhere,
            },
        }
    }

    /// Is one of the characters that begin with these bytes no word character?
    fn may_end_a_word(&self, bytes: &[u8]) -> bool {
        let (length, least, bits) = match bytes[0] {
            ..0xE0 => (2, 0x80, 0x1F),
            0xE0..0xF0 => (3, 0x800, 0x0F),
            _ => (4, 0x1_0000, 0x07),
        };
        let known = bytes[1..].iter().fold(u32::from(bytes[0]) & bits, |value, &byte| {
            value << 6 | u32::from(byte) & 0x3F
        });
        let missing = 6 * (length - bytes.len());
        let low = (known << missing).max(least);
        let mut high = ((known + 1) << missing) - 1;
        if (0xD800..=0xDFFF).contains(&high) {
            high = 0xD7FF; // surrogates are no characters
        }
        let high = high.min(0x10_FFFF);
        !self.word.iter().any(|&(from, to)| from <= low && high <= to)
    }
}

fn holds(ranges: &[(u32, u32)], point: u32) -> bool {
    let after = ranges.partition_point(|&(from, _)| from <= point);
    after > 0 && point <= ranges[after - 1].1
}

/// The same code points in ascending ranges that lie apart; surrogates, which no text holds, fill no gap.
fn merged(ranges: &[(u32, u32)]) -> Vec<(u32, u32)> {
    let mut sorted = ranges.to_vec();
    sorted.sort_unstable();
    let mut merged: Vec<(u32, u32)> = Vec::new();
    for (from, to) in sorted {
        match merged.last_mut() {
            Some((_, end)) if from <= end.saturating_add(1) => *end = to.max(*end),
            _ => merged.push((from, to)),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASCII_WORD: [(u32, u32); 4] = [(0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)];

    fn literals(texts: &[&str]) -> Literals {
        let texts: Vec<String> = texts.iter().map(|&text| text.into()).collect();
        Literals::new(&texts, &ASCII_WORD)
    }

    #[test]
    fn an_identifier_ends_at_a_boundary() {
        let one = literals(&["name", "names", "é"]);
        for good in ["", "n", "name", "names", "name.", "names = x", "name é", "é", "éa"] {
            assert!(one.allows(good.as_bytes()), "{good}");
        }
        for bad in ["x", "name1", "nam ", "namesx", "no"] {
            assert!(!one.allows(bad.as_bytes()), "{bad}");
        }
        assert_eq!(one.left_after(b"name"), None);
        assert_eq!(one.left_after(b"name.x"), Some(4));
        assert_eq!(one.left_after("name\u{2026}".as_bytes()), Some(4));
        assert_eq!(one.left_after(&"name\u{2026}".as_bytes()[..5]), None);
        assert!(one.allows(&"name\u{2026}".as_bytes()[..5]));
        assert!(one.is_whole(b"name") && one.is_whole(b"names") && !one.is_whole(b"nam"));
    }

    #[test]
    fn any_other_text_ends_where_it_ends() {
        let one = literals(&["<a>", "<a>b"]);
        assert_eq!(one.left_after(b"<a>x"), Some(3));
        assert_eq!(one.left_after(b"<a>"), Some(3));
        assert!(!one.allows(b"<b"));
    }

    #[test]
    fn a_character_that_can_only_be_a_word_character_does_not_begin_after_an_identifier() {
        let texts = ["a".to_string()];
        let mut word = ASCII_WORD.to_vec();
        word.push((0xC0, 0xFF));
        let one = Literals::new(&texts, &word);
        assert!(!one.allows(b"a\xC3")); // U+00C0 to U+00FF
        assert!(one.allows(b"a\xC2"));
        assert!(!one.allows(b"a\x80"));
        let all_above = Literals::new(&texts, &[(0x61, 0x61), (0xD000, 0xD7FF)]);
        assert!(!all_above.allows(b"a\xED"));
        assert!(all_above.allows(b"a\xEE"));
    }

    #[test]
    fn masks_keep_what_the_definition_allows() {
        let pieces: &[&[u8]] = &[
            b"n",
            b"na",
            b"name",
            b"names",
            b"name.",
            b"name(",
            b"name1",
            b"name.na",
            b"me",
            b"s",
            b"es",
            b"x",
            b".",
            b"\xE2",
            b"\xE2\x80\xA6",
            b"1",
            b" ",
            b"name\xE2\x80",
        ];
        let stop = pieces.len() as u32;
        let tokens: Vec<Option<Box<[u8]>>> = pieces.iter().map(|&piece| Some(piece.into())).collect();
        let vocabulary = Vocabulary::new(tokens, &[stop], Some(pieces.len() + 1)).unwrap();
        let one = literals(&["name", "names", "other"]);
        for begun in [
            &b""[..],
            b"na",
            b"name",
            b"names",
            b"name\xE2",
            b"oth",
            b"bad",
            b"name.",
        ] {
            let mut words = vec![u32::MAX; vocabulary.words()];
            one.keep_allowed(&vocabulary, begun, &mut words);
            for (id, piece) in (0..).zip(pieces) {
                let whole = [begun, piece].concat();
                assert_eq!(words[0] >> id & 1 == 1, one.allows(&whole), "{begun:?} {piece:?}");
            }
            let stops = one.is_whole(begun) || one.left_after(begun).is_some();
            assert_eq!(words[0] >> stop & 1 == 1, stops, "{begun:?}");
        }
    }

    #[test]
    fn an_empty_text_ends_what_was_there_before() {
        let one = literals(&["", "ame"]);
        assert!(one.is_whole(b"") && one.allows(b".x") && one.allows(b"ame ") && !one.allows(b"b"));
        assert_eq!(one.left_after(b".x"), Some(0));
    }

    #[test]
    fn no_texts_allow_nothing_but_to_begin() {
        let none = literals(&[]);
        assert!(none.allows(b"") && !none.allows(b"a") && !none.is_whole(b""));
    }
}
