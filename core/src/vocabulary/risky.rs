//! Tokens that hold the end of one thing and the beginning of another, in a JSON text.

/// Tokens by what they could begin after something else, wherever that stands in them.
#[derive(Debug, Default)]
pub struct Risky {
    pub keys: Places,
    pub items: Places,
    /// What is after a comma, or nothing.
    pub separators: Places,
    /// Containers, with something in them.
    pub containers: Places,
    /// The end of an array, or a line's, with which it may begin.
    pub endings: Places,
    /// Tokens that begin with blanks, and then a text of which they hold something.
    pub indented_texts: Vec<u32>,
    /// Tokens in which a JSON text may begin, anywhere, and hold such things.
    pub begun: Begun,
}

/// Tokens in which a JSON text may begin and hold something.
#[derive(Debug, Default)]
pub struct Begun {
    /// A second key or item, or a comma before it.
    pub seconds: Vec<u32>,
    /// The end of an array, or a line's, with which it may begin.
    pub endings: Vec<u32>,
    /// Anything.
    pub contents: Vec<u32>,
}

/// Tokens with a sign in them, and those where it comes after a quotation mark.
#[derive(Debug, Default)]
pub struct Places {
    pub all: Vec<u32>,
    pub after_quote: Vec<u32>,
}

impl Risky {
    pub fn new<'a>(tokens: impl Iterator<Item = (u32, &'a [u8])>) -> Self {
        let mut risky = Risky::default();
        for (id, bytes) in tokens {
            let signs = after_blanks(bytes);
            if signs.len() < bytes.len() && signs.len() > 1 && signs[0] == b'"' {
                risky.indented_texts.push(id);
            }
            let begun = &mut risky.begun;
            begun.seconds.extend(begins(bytes, |byte| byte == b',').then_some(id));
            begun
                .endings
                .extend(begins(bytes, |byte| matches!(byte, b']' | b'\n')).then_some(id));
            begun
                .contents
                .extend(begins(bytes, |byte| !byte.is_ascii_whitespace()).then_some(id));
            if !bytes
                .iter()
                .any(|byte| matches!(byte, b',' | b'[' | b'{' | b']' | b'\n'))
            {
                continue;
            }
            for (places, holds) in [
                (&mut risky.keys, holds_key as fn(u8, &[u8]) -> bool),
                (&mut risky.items, holds_item),
                (&mut risky.separators, |byte, _| byte == b','),
                (&mut risky.containers, holds_content),
                (&mut risky.endings, |byte, _| matches!(byte, b']' | b'\n')),
            ] {
                let mut found = (0..bytes.len()).filter(|&place| holds(bytes[place], &bytes[place + 1..]));
                let quote = bytes.iter().position(|&byte| byte == b'"');
                if let Some(first) = found.next() {
                    places.all.extend(may_follow(Place::Any, bytes).then_some(id));
                    let last = found.next_back().unwrap_or(first);
                    let ends_text = quote.is_some_and(|quote| quote < last) && may_follow(Place::Text, bytes);
                    places.after_quote.extend(ends_text.then_some(id));
                }
            }
        }
        risky
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Outside texts.
    Any,
    Text,
    Escape,
    /// Before a value or key.
    Next,
    /// Inside a number or word.
    Word,
    /// After a value or key.
    End,
}

/// Can a JSON text go on with the bytes at a place? Which containers are open is not looked at.
fn may_follow(from: Place, bytes: &[u8]) -> bool {
    followed(from, bytes) == bytes.len()
}

/// How many of the bytes a JSON text can go on with.
fn followed(from: Place, bytes: &[u8]) -> usize {
    let mut at = from;
    for (index, &byte) in bytes.iter().enumerate() {
        let is_blank = matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        at = match (at, byte) {
            (Place::Text, b'\\') => Place::Escape,
            (Place::Text, b'"') => Place::End,
            (Place::Text, ..0x20) => return index,
            (Place::Text | Place::Escape, _) => Place::Text,
            (Place::Word, _) if is_blank => Place::End,
            (_, _) if is_blank => at,
            (Place::Word | Place::End | Place::Any, b',' | b':') => Place::Next,
            (_, b']' | b'}') => Place::End,
            (Place::Next | Place::Any, b'"') => Place::Text,
            (Place::Next | Place::Any, b'[' | b'{') => Place::Next,
            (Place::Next | Place::Word | Place::Any, b'0'..=b'9' | b'-' | b'a'..=b'z' | b'T' | b'F' | b'N') => {
                Place::Word
            }
            (Place::Word | Place::Any, b'+' | b'.' | b'E') => Place::Word,
            _ => return index,
        };
    }
    bytes.len()
}

/// Can a container begin in the bytes and go on up to such a byte?
fn begins(bytes: &[u8], is_such: fn(u8) -> bool) -> bool {
    let opening = |place: &usize| matches!(bytes[*place], b'[' | b'{');
    (0..bytes.len()).filter(opening).any(|place| {
        let text = &bytes[place..];
        text[1..followed(Place::Next, text)].iter().any(|&byte| is_such(byte))
    })
}

fn after_blanks(bytes: &[u8]) -> &[u8] {
    let blanks = bytes.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    &bytes[blanks..]
}

/// A second key, with something of its name: before that, there is a choice.
fn holds_key(byte: u8, rest: &[u8]) -> bool {
    byte == b',' && matches!(after_blanks(rest), [b'"', _, ..])
}

/// A second item.
fn holds_item(byte: u8, rest: &[u8]) -> bool {
    byte == b','
        && matches!(
            after_blanks(rest),
            [
                b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n' | b'T' | b'F' | b'N' | b'[' | b'{',
                ..
            ]
        )
}

fn holds_content(byte: u8, rest: &[u8]) -> bool {
    matches!(byte, b'[' | b'{') && !after_blanks(rest).is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn risky_tokens_are_known() {
        let texts: [&[u8]; 12] = [
            b"a",
            b",",
            b"\",\"",
            b",\"a",
            b"\", \"a\":",
            b", 1",
            b"[1",
            b"{ ",
            b"\":[\"",
            b"x,y",
            b"\");\",\"a",
            "é\",1".as_bytes(),
        ];
        let risky = Risky::new((0..).zip(texts));
        assert_eq!(risky.keys.all, [3, 10]);
        assert_eq!(risky.keys.after_quote, [4]);
        assert_eq!(risky.items.all, [2, 3, 5, 10]);
        assert_eq!(risky.items.after_quote, [2, 4, 11]);
        assert_eq!(risky.containers.all, [6, 8]);
        assert_eq!(risky.containers.after_quote, [8]);
        let parts: [&[u8]; 5] = [b"x [1,", b"](x,", b"f{}", b"<{\"a\":[\n", b"[x>,"];
        let begun = Risky::new((0..).zip(parts)).begun;
        assert_eq!(begun.seconds, [0]);
        assert_eq!(begun.endings, [3]);
        assert_eq!(begun.contents, [0, 2, 3, 4]);
    }
}
