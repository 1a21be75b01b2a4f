//! Unicode properties by name, from the tables of `regex-syntax`.

use regex_syntax::hir::{Class, HirKind};

/// Inclusive code-point ranges of `\p{query}`; None when there is no such property.
pub fn property(query: &str) -> Option<Vec<(u32, u32)>> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '=' || c == '-' || c == ' ';
    if query.is_empty() || !query.chars().all(plain) {
        return None;
    }
    let hir = regex_syntax::parse(&format!(r"\p{{{query}}}")).ok()?;
    match hir.into_kind() {
        HirKind::Class(Class::Unicode(class)) => Some(
            class
                .ranges()
                .iter()
                .map(|range| (range.start() as u32, range.end() as u32))
                .collect(),
        ),
        // a property with one member
        HirKind::Literal(literal) => {
            let text = std::str::from_utf8(&literal.0).ok()?;
            text.chars().next().map(|c| vec![(c as u32, c as u32)])
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::property;

    #[test]
    fn properties_by_name() {
        assert_eq!(property("Lu").unwrap()[0], (0x41, 0x5A));
        assert!(property("Script=Greek").is_some());
        assert!(property("NoSuchThing").is_none());
        assert!(property("L}|x{").is_none());
    }
}
