//! Tokens that hold the end of one thing and the beginning of another, in a JSON text.

/// Tokens by what they could begin after something else, wherever that stands in them.
#[derive(Debug, Default)]
pub struct Risky {
    pub keys: Places,
    pub items: Places,
    /// Containers, with something in them.
    pub containers: Places,
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
            for (places, holds) in [
                (&mut risky.keys, holds_key as fn(u8, &[u8]) -> bool),
                (&mut risky.items, holds_item),
                (&mut risky.containers, holds_content),
            ] {
                let mut found = (0..bytes.len()).filter(|&place| holds(bytes[place], &bytes[place + 1..]));
                let quote = bytes.iter().position(|&byte| byte == b'"');
                if let Some(first) = found.next() {
                    places.all.push(id);
                    let last = found.last().unwrap_or(first);
                    places
                        .after_quote
                        .extend(quote.filter(|&quote| quote < last).map(|_| id));
                }
            }
        }
        risky
    }
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
            [b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n' | b'[' | b'{', ..]
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
        let texts: [&[u8]; 10] = [
            b"a",
            b",",
            b"\",\"",
            b",\"a",
            b"\", \"a\":",
            b", 1",
            b"[1",
            b"{ ",
            b"\"[\"",
            b"x,y",
        ];
        let risky = Risky::new((0..).zip(texts));
        assert_eq!(risky.keys.all, [3, 4]);
        assert_eq!(risky.keys.after_quote, [4]);
        assert_eq!(risky.items.all, [2, 3, 4, 5]);
        assert_eq!(risky.items.after_quote, [2, 4]);
        assert_eq!(risky.containers.all, [6, 8]);
        assert_eq!(risky.containers.after_quote, [8]);
    }
}
