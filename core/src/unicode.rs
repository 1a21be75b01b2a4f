//! Unicode properties by name, and letter case, from the tables of `regex-syntax`.

use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, HirKind};

/// Inclusive code-point ranges of `\p{query}`; None when there is no such property.
pub fn property(query: &str) -> Option<Vec<(u32, u32)>> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '=' || c == '-' || c == ' ';
    if query.is_empty() || !query.chars().all(plain) {
        return None;
    }
    let hir = regex_syntax::parse(&format!(r"\p{{{query}}}")).ok()?;
    match hir.into_kind() {
        HirKind::Class(Class::Unicode(class)) => Some(pairs(&class)),
        // a property with one member
        HirKind::Literal(literal) => {
            let text = std::str::from_utf8(&literal.0).ok()?;
            text.chars().next().map(|c| vec![(c as u32, c as u32)])
        }
        _ => None,
    }
}

/// The characters of inclusive ranges, and all that simple case folding makes equal to one of them; surrogates have no
/// case, and are left out.
pub fn in_any_case(ranges: &[(u32, u32)]) -> Vec<(u32, u32)> {
    let split = ranges
        .iter()
        .flat_map(|&(low, high)| [(low, high.min(0xD7FF)), (low.max(0xE000), high.min(0x10_FFFF))])
        .filter(|(low, high)| low <= high)
        .filter_map(|(low, high)| Some(ClassUnicodeRange::new(char::from_u32(low)?, char::from_u32(high)?)));
    let mut class = ClassUnicode::new(split);
    class.case_fold_simple();
    pairs(&class)
}

fn pairs(class: &ClassUnicode) -> Vec<(u32, u32)> {
    let pair = |range: &ClassUnicodeRange| (range.start() as u32, range.end() as u32);
    class.ranges().iter().map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::{in_any_case, property};

    #[test]
    fn letters_in_any_case() {
        assert_eq!(
            in_any_case(&[(0x6B, 0x6B)]),
            [(0x4B, 0x4B), (0x6B, 0x6B), (0x212A, 0x212A)]
        );
        assert_eq!(in_any_case(&[(0x30, 0x39), (0xD800, 0xDFFF)]), [(0x30, 0x39)]);
        assert_eq!(in_any_case(&[(0x1E9E, 0x1E9E)]), [(0xDF, 0xDF), (0x1E9E, 0x1E9E)]);
        assert_eq!(in_any_case(&[(0, u32::MAX)]), [(0, 0xD7FF), (0xE000, 0x10_FFFF)]);
    }

    #[test]
    fn properties_by_name() {
        assert_eq!(property("Lu").unwrap()[0], (0x41, 0x5A));
        assert!(property("Script=Greek").is_some());
        assert!(property("NoSuchThing").is_none());
        assert!(property("L}|x{").is_none());
    }
}
