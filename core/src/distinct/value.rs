//! JSON values as far as equality goes: the order of members, escapes and the spelling of numbers don't count.

use std::cmp::Ordering;
use std::sync::Arc;

/// What a scalar is, so that equal scalars have equal bytes: a tag, and then the decoded text of a string, the sign, the
/// significant digits and the exponent of a number, or a word.
pub type Bytes = Arc<[u8]>;

pub const TEXT: u8 = b'"';
pub const NUMBER: u8 = b'0';
pub const WORD: u8 = b'w';

/// Ordered so that scalars that begin alike are neighbours.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    Scalar(Bytes),
    Array(Arc<[Value]>),
    /// In the order of the keys, which are texts.
    Object(Arc<[(Bytes, Value)]>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Array,
    Object,
}

impl Value {
    /// Is it a container of a kind?
    pub fn is(&self, kind: Kind) -> bool {
        match self {
            Value::Scalar(_) => false,
            Value::Array(_) => kind == Kind::Array,
            Value::Object(_) => kind == Kind::Object,
        }
    }

    pub fn scalar(&self) -> Option<&Bytes> {
        match self {
            Value::Scalar(bytes) => Some(bytes),
            _ => None,
        }
    }

    pub fn item(&self, index: usize) -> Option<&Value> {
        match self {
            Value::Array(items) => items.get(index),
            _ => None,
        }
    }

    pub fn members(&self) -> &[(Bytes, Value)] {
        match self {
            Value::Object(members) => members,
            _ => &[],
        }
    }

    pub fn member(&self, key: &[u8]) -> Option<&Value> {
        let members = self.members();
        let place = members.binary_search_by(|(name, _)| (**name).cmp(key)).ok()?;
        Some(&members[place].1)
    }

    /// Where it stands beside scalars that begin with some bytes: equal if it does so, too.
    pub fn beside(&self, beginning: &[u8]) -> Ordering {
        match self {
            Value::Scalar(bytes) => bytes[..bytes.len().min(beginning.len())].cmp(beginning),
            _ => Ordering::Greater,
        }
    }
}

/// A numeral taken apart, complete or not.
pub struct Numeral<'a> {
    negative: bool,
    /// Of the whole part and of the fraction, without zeros in front.
    digits: Vec<u8>,
    places: usize,
    /// With its sign.
    exponent: Option<&'a [u8]>,
}

impl<'a> Numeral<'a> {
    pub fn new(text: &'a [u8]) -> Self {
        let (negative, text) = match text.strip_prefix(b"-") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = match text.iter().position(|byte| matches!(byte, b'e' | b'E')) {
            Some(place) => (&text[..place], Some(&text[place + 1..])),
            None => (text, None),
        };
        let places = match mantissa.iter().position(|&byte| byte == b'.') {
            Some(point) => mantissa.len() - point - 1,
            None => 0,
        };
        let digits = mantissa.iter().copied().filter(u8::is_ascii_digit);
        Numeral {
            negative,
            digits: digits.skip_while(|&digit| digit == b'0').collect(),
            places,
            exponent,
        }
    }

    fn tagged(&self, digits: &[u8]) -> Vec<u8> {
        let sign = if self.negative { b'-' } else { b'+' };
        [&[NUMBER, sign], digits].concat()
    }

    /// Without zeros at the end.
    fn significant(&self) -> &[u8] {
        let end = self.digits.iter().rposition(|&digit| digit != b'0');
        &self.digits[..end.map_or(0, |end| end + 1)]
    }

    /// The number that the complete numeral means.
    pub fn canonical(&self) -> Bytes {
        let significant = self.significant();
        if significant.is_empty() {
            return zero();
        }
        let mut bytes = self.tagged(significant);
        bytes.push(b'e');
        let zeros = (self.digits.len() - significant.len()) as i128;
        bytes.extend(sum(self.exponent.unwrap_or(b"0"), zeros - self.places as i128));
        bytes.into()
    }

    /// Beginnings of numbers that it could still become: no others can, but some of these may not.
    pub fn possible(&self) -> Vec<Vec<u8>> {
        let significant = self.significant();
        if significant.is_empty() {
            return match self.exponent {
                Some(_) => vec![zero().to_vec()],
                None => vec![self.tagged(b""), zero().to_vec()],
            };
        }
        let mut whole = self.tagged(significant);
        whole.push(b'e');
        match self.exponent {
            Some(_) => vec![whole],
            None => vec![whole, self.tagged(&self.digits)],
        }
    }
}

fn zero() -> Bytes {
    [NUMBER, b'+', b'e'][..].into()
}

/// A decimal integer of any length (a sign, digits) and a small number, added.
fn sum(text: &[u8], add: i128) -> Vec<u8> {
    const LOW: usize = 30;
    let negative = text.first() == Some(&b'-');
    let digits: Vec<u8> = text.iter().copied().filter(u8::is_ascii_digit).collect();
    let start = digits.iter().position(|&digit| digit != b'0').unwrap_or(digits.len());
    let (high, low) = digits[start..].split_at((digits.len() - start).saturating_sub(LOW));
    let value = low
        .iter()
        .fold(0i128, |value, digit| value * 10 + i128::from(digit - b'0'));
    if high.is_empty() {
        return (if negative { add - value } else { add + value })
            .to_string()
            .into_bytes();
    }
    // the low digits change by far less than the high ones are worth: at most one is carried
    let unit = 10i128.pow(LOW as u32);
    let mut value = if negative { value - add } else { value + add };
    let mut high = high.to_vec();
    if value < 0 {
        value += unit;
        carry(&mut high, b'0', b'9', |digit| digit - 1);
    } else if value >= unit {
        value -= unit;
        carry(&mut high, b'9', b'0', |digit| digit + 1);
        if high.iter().all(|&digit| digit == b'0') {
            high.insert(0, b'1');
        }
    }
    let magnitude = [&high[..], format!("{value:0LOW$}").as_bytes()].concat();
    let kept = magnitude.iter().position(|&digit| digit != b'0').unwrap_or(0);
    let sign: &[u8] = if negative { b"-" } else { b"" };
    [sign, &magnitude[kept..]].concat()
}

fn carry(digits: &mut [u8], full: u8, empty: u8, step: impl Fn(u8) -> u8) {
    for digit in digits.iter_mut().rev() {
        if *digit != full {
            *digit = step(*digit);
            return;
        }
        *digit = empty;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Bytes {
        Numeral::new(text.as_bytes()).canonical()
    }

    #[test]
    fn numerals_of_one_number_are_equal() {
        let groups: &[&[&str]] = &[
            &["1", "1.0", "10e-1", "0.1e1", "1E+0", "100e-2", "1.00e0", "1e-0"],
            &["-1", "-1.0", "-10e-1"],
            &[
                "0",
                "-0",
                "0.00",
                "0e5",
                "-0e-99999999999999999999999999999999999999999",
            ],
            &["10", "1e1", "10.0", "0.001e4"],
            &["1.5", "15e-1", "1.50"],
            &["12345678901234567890123", "1.2345678901234567890123e22"],
            &[
                "1e100000000000000000000000000000000000000000",
                "10e99999999999999999999999999999999999999999",
            ],
            &[
                "1e-99999999999999999999999999999999999999999",
                "0.1e-99999999999999999999999999999999999999998",
            ],
            &[
                "0.1e-99999999999999999999999999999999999999999",
                "1e-100000000000000000000000000000000000000000",
            ],
            &["1e1000000000000000000000000000000", "10e999999999999999999999999999999"],
        ];
        for (index, group) in groups.iter().enumerate() {
            for text in *group {
                for (other, texts) in groups.iter().enumerate() {
                    assert_eq!(number(text) == number(texts[0]), index == other, "{text} {}", texts[0]);
                }
            }
        }
    }

    #[test]
    fn beginnings_of_a_numeral_may_become_its_number() {
        for text in ["0", "-0.0", "10", "1.50", "100e-2", "-0.00120E+7", "7e-10", "120.0e0"] {
            let number = Value::Scalar(number(text));
            for end in 1..=text.len() {
                let possible = Numeral::new(&text.as_bytes()[..end]).possible();
                let fits = possible
                    .iter()
                    .any(|beginning| number.beside(beginning) == Ordering::Equal);
                assert!(fits, "{}", &text[..end]);
            }
        }
        let excluded = |text: &str, other: &str| {
            let other = Value::Scalar(number(other));
            let possible = Numeral::new(text.as_bytes()).possible();
            possible
                .iter()
                .all(|beginning| other.beside(beginning) != Ordering::Equal)
        };
        assert!(excluded("13", "12") && excluded("-1", "1") && excluded("1e", "15") && excluded("0e", "3"));
        assert!(!excluded("1", "15") && !excluded("100", "1") && !excluded("0.0", "5"));
    }

    #[test]
    fn containers_are_looked_into() {
        let scalar = |text: &str| Value::Scalar([&[TEXT], text.as_bytes()].concat().into());
        let object = Value::Object(vec![(scalar("a").scalar().unwrap().clone(), scalar("x"))].into());
        assert_eq!(object.member(b"\"a"), Some(&scalar("x")));
        assert_eq!(object.member(b"\"b"), None);
        assert!(object.is(Kind::Object) && object > scalar("z") && object.item(0).is_none());
    }
}
