//! Damage to files.

use proptest::collection::vec;
use proptest::prelude::*;

const CHECKSUM: usize = 4;

/// A change to a file; places are taken modulo its length.
#[derive(Debug, Clone)]
pub enum Edit {
    Set(usize, u8),
    Flip(usize, u8),
    Cut(usize),
    Remove(usize, usize),
    Insert(usize, Vec<u8>),
    Repeat(usize, usize),
    /// The checksum is made right, so that what is behind it has to notice.
    Sign,
}

pub fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let place = any::<usize>;
    let edit = prop_oneof![
        3 => (place(), prop_oneof![Just(0), Just(1), Just(0x7f), Just(0x80), Just(0xff), any::<u8>()])
            .prop_map(|(place, byte)| Edit::Set(place, byte)),
        3 => (place(), 0..8u8).prop_map(|(place, bit)| Edit::Flip(place, 1 << bit)),
        1 => place().prop_map(Edit::Cut),
        1 => (place(), 1..40usize).prop_map(|(place, count)| Edit::Remove(place, count)),
        1 => (place(), vec(any::<u8>(), 1..9)).prop_map(|(place, bytes)| Edit::Insert(place, bytes)),
        1 => (place(), 1..40usize).prop_map(|(place, count)| Edit::Repeat(place, count)),
    ];
    (vec(edit, 1..4), any::<bool>()).prop_map(|(mut edits, sign)| {
        edits.extend(sign.then_some(Edit::Sign));
        edits
    })
}

pub fn damage(good: &[u8], edits: &[Edit]) -> Vec<u8> {
    let mut data = good.to_vec();
    for edit in edits {
        let size = data.len();
        let inside = |place: &usize| place % size.max(1);
        match edit {
            Edit::Sign => {
                data.truncate(size.saturating_sub(CHECKSUM));
                let checksum = crc32fast::hash(&data);
                data.extend_from_slice(&checksum.to_le_bytes());
            }
            _ if data.is_empty() => {}
            Edit::Set(place, byte) => data[inside(place)] = *byte,
            Edit::Flip(place, bit) => data[inside(place)] ^= bit,
            Edit::Cut(place) => data.truncate(inside(place)),
            Edit::Remove(place, count) => {
                let from = inside(place);
                data.drain(from..(from + count).min(size));
            }
            Edit::Insert(place, bytes) => {
                let at = inside(place);
                data.splice(at..at, bytes.iter().copied());
            }
            Edit::Repeat(place, count) => {
                let from = inside(place);
                data.extend_from_within(from..(from + count).min(size));
            }
        }
    }
    data
}
