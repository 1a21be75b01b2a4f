//! Files of this crate as bytes: magic, version, content, and the CRC-32 of all that, as in zip and PNG. Little-endian.
//!
//! A reader trusts nothing, not even after the checksum, which protects against accidents only: every length is held
//! against what is left before anything is allocated, every index against its bound. A cryptographic hash would promise
//! no more, as whoever changes a file can make it anew, and takes thirty times as long: most of a large file's loading.

use std::ops::Range;

use crate::error::{Error, Result};

const CHECKSUM: usize = size_of::<u32>();
/// Sections begin at multiples of this, so that tables of words can be read in place from a mapped file.
const ALIGNMENT: usize = 8;

pub type Magic = [u8; 8];
/// Four letters that say what a section holds.
pub type Tag = [u8; 4];

/// Collects the bytes of one file.
#[derive(Default)]
pub struct Writer(Vec<u8>);

impl Writer {
    pub fn new(magic: &Magic, version: u32) -> Self {
        let mut writer = Writer(magic.to_vec());
        writer.word(version);
        writer
    }

    pub fn word(&mut self, value: u32) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    /// Seven bits a byte, lowest first, the top bit set on all but the last (LEB128).
    pub fn number(&mut self, value: impl TryInto<u64>) {
        let mut rest = value.try_into().unwrap_or(u64::MAX);
        while rest >= 0x80 {
            self.0.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        self.0.push(rest as u8);
    }

    /// Bytes without their length.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    pub fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.raw(bytes);
    }

    /// A count, and each of the items.
    pub fn list<T>(&mut self, items: impl ExactSizeIterator<Item = T>, mut write: impl FnMut(&mut Self, T)) {
        self.number(items.len() as u64);
        items.for_each(|item| write(self, item));
    }

    /// A section: tag, four zero bytes, length, content, zero bytes up to the next multiple of eight.
    pub fn section(&mut self, tag: &Tag, content: impl FnOnce(&mut Self)) {
        self.pad();
        self.raw(tag);
        self.word(0);
        let length_at = self.0.len();
        self.raw(&0u64.to_le_bytes());
        let start = self.0.len();
        content(self);
        let length = (self.0.len() - start) as u64;
        self.0[length_at..start].copy_from_slice(&length.to_le_bytes());
        self.pad();
    }

    fn pad(&mut self) {
        self.0.resize(self.0.len().next_multiple_of(ALIGNMENT), 0);
    }

    /// What was written so far.
    pub fn content(&self) -> &[u8] {
        &self.0
    }

    /// The whole file, with its checksum.
    pub fn finish(mut self) -> Vec<u8> {
        self.word(crc32fast::hash(&self.0));
        self.0
    }
}

/// Reads what a `Writer` wrote, or finds out that it did not.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    rest: &'a [u8],
    /// How messages call the file.
    what: &'static str,
}

impl<'a> Reader<'a> {
    /// Checks magic, version and checksum; reads the content between.
    ///
    /// Errors: `Artifact`, as from every method here.
    pub fn open(data: &'a [u8], magic: &Magic, version: u32, what: &'static str) -> Result<Self> {
        let mut reader = Reader { rest: data, what };
        if data.get(..magic.len()) != Some(magic) {
            return Err(reader.corrupt("it does not start with the magic bytes"));
        }
        reader.rest = &data[magic.len()..];
        let found = reader.word()?;
        if found != version {
            return Err(reader.corrupt(&format!("it has version {found}, not {version}")));
        }
        let Some((content, checksum)) = reader.rest.split_last_chunk::<CHECKSUM>() else {
            return Err(reader.corrupt("it is too short"));
        };
        if crc32fast::hash(&data[..data.len() - CHECKSUM]) != u32::from_le_bytes(*checksum) {
            return Err(reader.corrupt("its checksum is wrong"));
        }
        reader.rest = content;
        Ok(reader)
    }

    /// The error about this file.
    pub fn corrupt(&self, reason: &str) -> Error {
        Error::Artifact(format!("not a usable {}: {reason}", self.what))
    }

    /// Where in the file what is left of this lies.
    pub fn range_in(&self, data: &[u8]) -> Range<usize> {
        let start = self.rest.as_ptr().addr().wrapping_sub(data.as_ptr().addr());
        start..start.wrapping_add(self.rest.len())
    }

    pub fn raw(&mut self, length: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self
            .rest
            .split_at_checked(length)
            .ok_or_else(|| self.corrupt("it ends early"))?;
        self.rest = rest;
        Ok(taken)
    }

    pub fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (taken, rest) = self
            .rest
            .split_first_chunk::<N>()
            .ok_or_else(|| self.corrupt("it ends early"))?;
        self.rest = rest;
        Ok(*taken)
    }

    pub fn byte(&mut self) -> Result<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub fn word(&mut self) -> Result<u32> {
        self.array().map(u32::from_le_bytes)
    }

    /// A number of at most `most`.
    pub fn number(&mut self, most: u64) -> Result<u64> {
        let mut value = 0u64;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if bits << shift >> shift != bits {
                break;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                if value > most {
                    break;
                }
                return Ok(value);
            }
        }
        Err(self.corrupt("a number is out of range"))
    }

    /// A number below `bound`.
    pub fn index(&mut self, bound: usize) -> Result<usize> {
        match bound.checked_sub(1) {
            Some(most) => Ok(self.number(most as u64)? as usize),
            None => Err(self.corrupt("an index is out of range")),
        }
    }

    pub fn bytes(&mut self) -> Result<&'a [u8]> {
        let length = self.number(self.rest.len() as u64)?;
        self.raw(length as usize)
    }

    pub fn text(&mut self) -> Result<&'a str> {
        std::str::from_utf8(self.bytes()?).map_err(|_| self.corrupt("a text is not UTF-8"))
    }

    /// A list. Each item takes a byte at least, so a count beyond what is left cannot be meant.
    pub fn list<T>(&mut self, mut read: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        let count = self.number(self.rest.len() as u64)?;
        let mut items = Vec::new();
        for _ in 0..count {
            items.push(read(self)?);
        }
        Ok(items)
    }

    /// All sections up to the end, each with its tag, which must be one of `known` and stand once.
    pub fn sections(mut self, known: &[Tag]) -> Result<Sections<'a>> {
        let mut found: Vec<(Tag, Reader<'a>)> = Vec::new();
        // the checksum's place is fixed, so the padding before the first section is that of magic and version
        self.padding(size_of::<Magic>() + size_of::<u32>())?;
        while !self.rest.is_empty() {
            let tag: Tag = self.array()?;
            if !known.contains(&tag) || found.iter().any(|&(other, _)| other == tag) {
                return Err(self.corrupt("it holds a section that does not belong"));
            }
            if self.word()? != 0 {
                return Err(self.corrupt("a section is malformed"));
            }
            let length = usize::try_from(u64::from_le_bytes(self.array()?)).unwrap_or(usize::MAX);
            let content = Reader {
                rest: self.raw(length)?,
                what: self.what,
            };
            self.padding(length)?;
            found.push((tag, content));
        }
        Ok(Sections { found, reader: self })
    }

    fn padding(&mut self, length: usize) -> Result<()> {
        let zeros = self.raw(length.next_multiple_of(ALIGNMENT) - length)?;
        if zeros.iter().any(|&byte| byte != 0) {
            return Err(self.corrupt("its padding is not zero"));
        }
        Ok(())
    }

    /// Nothing may be left.
    pub fn end(&self) -> Result<()> {
        if self.rest.is_empty() {
            return Ok(());
        }
        Err(self.corrupt("it holds more than it declares"))
    }
}

/// The sections of one file.
pub struct Sections<'a> {
    found: Vec<(Tag, Reader<'a>)>,
    reader: Reader<'a>,
}

impl<'a> Sections<'a> {
    pub fn get(&self, tag: &Tag) -> Option<Reader<'a>> {
        let (_, content) = self.found.iter().find(|(other, _)| other == tag)?;
        Some(*content)
    }

    /// What `read` makes of all of a section that must be there.
    pub fn read<T>(&self, tag: &Tag, read: impl FnOnce(&mut Reader<'a>) -> Result<T>) -> Result<T> {
        let mut content = self
            .get(tag)
            .ok_or_else(|| self.reader.corrupt("a section is missing"))?;
        let value = read(&mut content)?;
        content.end()?;
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAGIC: &Magic = b"TESTTEST";

    fn open(data: &[u8]) -> Result<Reader<'_>> {
        Reader::open(data, MAGIC, 1, "test file")
    }

    #[test]
    fn what_is_written_is_read() {
        let mut writer = Writer::new(MAGIC, 1);
        let numbers = [0, 1, 127, 128, 16_383, 16_384, u64::from(u32::MAX), u64::MAX];
        writer.list(numbers.into_iter(), |w, number| w.number(number));
        writer.bytes("é".as_bytes());
        let data = writer.finish();
        let mut reader = open(&data).unwrap();
        assert_eq!(reader.list(|r| r.number(u64::MAX)).unwrap(), numbers);
        assert_eq!(reader.text().unwrap(), "é");
        reader.end().unwrap();
        assert!(reader.byte().is_err());
    }

    #[test]
    fn numbers_have_bounds() {
        let read = |bytes: &[u8], most| Reader { rest: bytes, what: "" }.number(most).ok();
        assert_eq!(read(&[0x80, 0x01], 128), Some(128));
        assert_eq!(read(&[0x80, 0x01], 127), None);
        assert_eq!(read(&[0x80], 127), None);
        assert_eq!(read(&[0xff; 10], u64::MAX), None);
        let mut longest = [0xff; 10];
        longest[9] = 0x01;
        assert_eq!(read(&longest, u64::MAX), Some(u64::MAX));
        longest[9] = 0x02;
        assert_eq!(read(&longest, u64::MAX), None);
        assert!(Reader { rest: &[0], what: "" }.index(0).is_err());
    }

    #[test]
    fn sections_are_aligned_and_stand_once() {
        let write = |tags: &[Tag]| {
            let mut writer = Writer::new(MAGIC, 1);
            tags.iter().for_each(|tag| writer.section(tag, |w| w.raw(b"abc")));
            writer.finish()
        };
        let good = write(&[*b"ONE ", *b"TWO "]);
        let sections = open(&good).unwrap().sections(&[*b"ONE ", *b"TWO "]).unwrap();
        let content = sections.get(b"TWO ").unwrap().rest;
        assert_eq!(content, b"abc");
        assert_eq!((content.as_ptr() as usize - good.as_ptr() as usize) % ALIGNMENT, 0);
        assert!(sections.read(b"ONE ", |r| r.raw(3)).is_ok());
        assert!(sections.read(b"ONE ", |r| r.raw(2)).is_err());
        assert!(sections.read(b"SIX ", |_| Ok(())).is_err());
        for tags in [&[*b"ONE ", *b"ONE "], &[*b"ONE ", *b"SIX "]] {
            let bad = write(tags);
            assert!(open(&bad).unwrap().sections(&[*b"ONE ", *b"TWO "]).is_err());
        }
    }

    #[test]
    fn another_version_is_named() {
        let data = Writer::new(MAGIC, 7).finish();
        let error = open(&data).unwrap_err();
        assert!(error.to_string().contains("version 7, not 1"));
    }
}
