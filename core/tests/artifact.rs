//! Saved grammars: what comes back is what was saved, and no corruption of a file does harm.

use std::sync::Arc;

use constrain_core::artifact::LoadOptions;
use constrain_core::error::Error;
use constrain_core::form::{DemandForm, ExpressionForm, GrammarForm, GuardForm, OptionForm, SymbolForm};
use constrain_core::limits::Limits;
use constrain_core::matcher::Compiled;
use constrain_core::vocabulary::Vocabulary;

const CHECKSUM: usize = 4;

/// A file's bytes with the right checksum.
fn sealed(mut content: Vec<u8>) -> Vec<u8> {
    content.extend(crc32fast::hash(&content).to_le_bytes());
    content
}

fn vocabulary(eos: u32) -> Arc<Vocabulary> {
    let mut tokens: Vec<Option<Box<[u8]>>> = (0..=255u8).map(|byte| Some([byte][..].into())).collect();
    tokens.extend([None, Some(b"ab"[..].into()), Some(b"a,".as_slice().into())]);
    Arc::new(Vocabulary::new(tokens, &[eos], None).unwrap())
}

/// Every kind of expression and of symbol.
fn form() -> GrammarForm {
    use ExpressionForm::*;
    GrammarForm {
        expressions: vec![
            Literal(b",".to_vec()),
            Literals(vec![b"".to_vec(), b"ab".to_vec(), b"b".to_vec()]),
            CharClass(vec![(0x61, 0x7a), (0xe0, 0xd7ff), (0xe000, 0x10ffff)]),
            Repeat(2, 1, Some(9)),
            Concat(vec![1, 3]),
            Complement(0),
            Intersection(vec![4, 5]),
            Union(vec![1, 6]),
            Repeat(2, 0, None),
        ],
        symbols: vec![
            SymbolForm::Terminal {
                name: "WORD".into(),
                expression: 7,
                guard: GuardForm::Anywhere,
            },
            SymbolForm::Terminal {
                name: "COMMA".into(),
                expression: 0,
                guard: GuardForm::Anywhere,
            },
            SymbolForm::Repeat {
                name: "words".into(),
                symbol: 0,
                minimum: 1,
                maximum: Some(300),
                separator: Some(1),
            },
            SymbolForm::Repeat {
                name: "commas".into(),
                symbol: 1,
                minimum: 2,
                maximum: None,
                separator: None,
            },
            SymbolForm::Rule {
                name: "start".into(),
                alternatives: vec![vec![2], vec![2, 3, 4], vec![5, 1], vec![]],
            },
            SymbolForm::Members {
                name: "members".into(),
                options: vec![
                    OptionForm {
                        symbol: 1,
                        required: true,
                        unique: true,
                        group: Some(7),
                        sets: vec![0, 70],
                    },
                    OptionForm {
                        symbol: 6,
                        required: false,
                        unique: false,
                        group: None,
                        sets: vec![],
                    },
                ],
                separator: Some(1),
                ordered: false,
                minimum: 1,
                maximum: Some(3),
                choices: vec![vec![
                    DemandForm {
                        needs: vec![70],
                        bars: vec![1],
                        minimum: 1,
                        maximum: Some(2),
                    },
                    DemandForm {
                        needs: vec![],
                        bars: vec![],
                        minimum: 2,
                        maximum: None,
                    },
                ]],
            },
            SymbolForm::Terminal {
                name: "LETTERS".into(),
                expression: 3,
                guard: GuardForm::Anywhere,
            },
        ],
        start: 4,
        lexing: None,
    }
}

fn compiled() -> Compiled {
    let description = [("kind", "test"), ("constrain", "1")].map(|(name, value)| (name.into(), value.into()));
    Compiled::new(form(), vocabulary(256), Limits::default())
        .unwrap()
        .with_description(description.into())
}

/// With masks that were made ahead.
fn warm() -> Compiled {
    let compiled = compiled();
    let coverage = compiled.precompute(100_000).unwrap();
    assert!(coverage.bytes > 0 && coverage.covered > 0);
    compiled
}

/// As `warm`, and the largest part of the file are bit masks, as over a real vocabulary.
fn wide() -> (Vec<u8>, Arc<Vocabulary>) {
    let letters =
        (0..300u32).map(|number| Some(char::from_u32(0xe0 + number).unwrap().to_string().into_bytes().into()));
    let bytes = (0..=255u8).map(|byte| Some([byte][..].into()));
    let tokens = bytes.chain([None]).chain(letters).collect();
    let vocabulary = Arc::new(Vocabulary::new(tokens, &[256], None).unwrap());
    let compiled = Compiled::new(form(), vocabulary.clone(), Limits::default()).unwrap();
    compiled.precompute(100_000).unwrap();
    (compiled.to_bytes(), vocabulary)
}

fn count(compiled: &Compiled, name: &str) -> u64 {
    let statistics = compiled.statistics();
    statistics.iter().find(|(known, _)| *known == name).unwrap().1
}

fn load(data: &[u8]) -> Result<Compiled, Error> {
    Compiled::from_bytes(data, vocabulary(256), &LoadOptions::default())
}

/// Masks along a text, as long as it is accepted.
fn masks(compiled: Compiled) -> Vec<Vec<u32>> {
    let compiled = Arc::new(compiled);
    let mut words = vec![0; compiled.vocabulary.words()];
    let mut matcher = compiled.matcher().unwrap();
    let mut masks = Vec::new();
    for byte in *b"ab,aba,\xc3\xa9,,,b" {
        matcher.fill_mask(&mut words).unwrap();
        masks.push(words.clone());
        if !matcher.accept_bytes(&[byte]).unwrap() {
            break;
        }
    }
    masks
}

#[test]
fn a_round_trip_keeps_masks_and_bytes() {
    let data = compiled().to_bytes();
    let again = load(&data).unwrap();
    assert_eq!(again.to_bytes(), data);
    assert_eq!(again.description["kind"], "test");
    assert_eq!(masks(again), masks(compiled()));
}

#[test]
fn stored_masks_are_those_that_are_made() {
    let data = warm().to_bytes();
    assert_eq!(data, warm().to_bytes());
    let again = Arc::new(load(&data).unwrap());
    assert_eq!(again.to_bytes(), data);
    let mut words = vec![0; again.vocabulary.words()];
    again.matcher().unwrap().fill_mask(&mut words).unwrap();
    assert_eq!((count(&again, "mask_misses"), count(&again, "trie_walks")), (0, 0));
    assert!(count(&again, "mask_loaded") > 0);
    assert_eq!(masks(load(&data).unwrap()), masks(compiled()));
}

#[test]
fn stored_masks_are_left_where_they_are_not_for_this_grammar() {
    let data = warm().to_bytes();
    let options = LoadOptions {
        rebind: true,
        ..LoadOptions::default()
    };
    let rebound = Compiled::from_bytes(&data, vocabulary(7), &options).unwrap();
    assert_eq!(count(&rebound, "stored_bytes"), 0);
    // as another version would number it
    let mut other = data[..data.len() - CHECKSUM].to_vec();
    let index = other.windows(4).position(|tag| tag == b"INDX").unwrap();
    other[index + 16] ^= 1;
    let loaded = load(&sealed(other)).unwrap();
    assert_eq!(count(&loaded, "stored_bytes"), 0);
    assert_eq!(masks(loaded), masks(compiled()));
}

#[test]
fn another_vocabulary_is_refused_unless_asked_for() {
    let data = compiled().to_bytes();
    let other = vocabulary(7);
    let refused = Compiled::from_bytes(&data, other.clone(), &LoadOptions::default());
    let Err(Error::Artifact(text)) = refused else {
        panic!("loaded for another vocabulary");
    };
    for sha256 in [vocabulary(256).sha256, other.sha256] {
        assert!(text.contains(&constrain_core::artifact::hexadecimal(&sha256)));
    }
    let options = LoadOptions {
        rebind: true,
        ..LoadOptions::default()
    };
    let rebound = Compiled::from_bytes(&data, other.clone(), &options).unwrap();
    let fresh = Compiled::new(form(), other, Limits::default()).unwrap();
    assert_eq!(masks(rebound), masks(fresh));
}

#[test]
fn a_file_cannot_raise_limits() {
    let limits = Limits {
        max_items: 1_000_000,
        ..Limits::default()
    };
    let data = Compiled::new(form(), vocabulary(256), limits.clone())
        .unwrap()
        .to_bytes();
    let error = load(&data).err().unwrap();
    assert!(error.to_string().contains("Limits(max_items=1000000)"));
    let options = LoadOptions { limits, rebind: false };
    assert!(Compiled::from_bytes(&data, vocabulary(256), &options).is_ok());
}

/// Steele and Vigna's splitmix64: the same corruptions on every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }
}

/// A flipped bit, a new byte, a cut, a part repeated, removed or put elsewhere.
fn corrupt(data: &mut Vec<u8>, random: &mut Random) {
    let (a, b) = (random.below(data.len()), random.below(data.len()));
    let (from, to) = (a.min(b), a.max(b));
    match random.below(6) {
        0 => data[a] ^= 1 << random.below(8),
        1 => data[a] = [0, 1, 0x7f, 0x80, 0xff, random.next() as u8][random.below(6)],
        2 => data.truncate(a.max(1)),
        3 => {
            let part = data[from..to].to_vec();
            data.splice(to..to, part);
        }
        4 => {
            data.drain(from..to);
        }
        _ => {
            let part: Vec<u8> = data.drain(from..to).collect();
            let at = random.below(data.len());
            data.splice(at..at, part);
        }
    }
}

#[test]
fn ten_thousand_corrupted_files() {
    let mut random = Random(4);
    let files = [compiled().to_bytes(), warm().to_bytes()];
    for round in 0..10_000 {
        let good = &files[round % files.len()];
        let mut bad = good.clone();
        for _ in 0..=random.below(3) {
            corrupt(&mut bad, &mut random);
        }
        if bad != *good {
            assert!(matches!(load(&bad), Err(Error::Artifact(_))), "round {round}");
        }
    }
}

/// With the checksum made right, the checks behind it decide: an error, or a grammar that works.
#[test]
fn ten_thousand_corrupted_files_with_a_right_checksum() {
    let good = compiled().to_bytes();
    let mut random = Random(5);
    let mut loaded = 0;
    for round in 0..10_000 {
        let mut bad = good[..good.len() - CHECKSUM].to_vec();
        for _ in 0..=random.below(2) {
            corrupt(&mut bad, &mut random);
        }
        match load(&sealed(bad)) {
            Ok(compiled) => {
                loaded += 1;
                assert_eq!(load(&compiled.to_bytes()).unwrap().to_bytes(), compiled.to_bytes());
                masks(compiled);
            }
            Err(Error::Artifact(_)) => {}
            Err(other) => panic!("round {round}: {other:?}"),
        }
    }
    // changed names, letters and bounds are a grammar still; the rest must be refused
    assert!((100..5_000).contains(&loaded), "{loaded}");
}

/// A forged table may say anything, but nothing that is read from it crashes, hangs or lies outside of it.
#[test]
fn ten_thousand_forged_tables() {
    let (good, vocabulary) = wide();
    let mut random = Random(6);
    let index = good.windows(4).position(|tag| tag == b"INDX").unwrap() + 32;
    let mut loaded = 0;
    for _ in 0..10_000 {
        let mut bad = good[..good.len() - CHECKSUM].to_vec();
        for _ in 0..=random.below(8) {
            let at = index + random.below(bad.len() - index);
            let values = [0, 1, 0x3f, 0x40, 0x7f, 0x80, 0xff, random.next() as u8];
            bad[at] = values[random.below(values.len())];
        }
        if let Ok(compiled) = Compiled::from_bytes(&sealed(bad), vocabulary.clone(), &LoadOptions::default()) {
            loaded += u64::from(count(&compiled, "stored_bytes") > 0);
            masks(compiled);
        }
    }
    assert!(loaded > 5_000, "{loaded}");
}

#[test]
fn every_bit_of_a_file_counts() {
    let good = compiled().to_bytes();
    for bit in 0..good.len() * 8 {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        assert!(matches!(load(&bad), Err(Error::Artifact(_))), "bit {bit}");
    }
    for length in 0..good.len() {
        assert!(
            matches!(load(&good[..length]), Err(Error::Artifact(_))),
            "length {length}"
        );
    }
}
