//! What a JSON text has repeated so far: a scanner that keeps, for each open container, the keys or items that it holds.
//!
//! All of it is a function of the text, and of which containers are *watched*. A value in progress inside a watched array
//! is compared with the earlier items while it is read: its *rivals* are those that it can still equal. A container's
//! rivals are the values that stand in its place in them.

use std::hash::{Hash, Hasher};
use std::sync::OnceLock;

use super::chain::Chain;
use super::level::{Level, Place};
use super::scalar::{Read, Scalar};
use super::value::{Kind, Value};
use crate::engine::Threads;
use crate::error::{Error, Result};

/// Containers inside the items of a watched array may nest so deep.
const MAX_DEPTH: u32 = 500;
/// Characters of a number that is compared with earlier ones, for which each of them takes time for all.
const MAX_NUMBER: usize = 1 << 14;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tracker {
    /// The open containers.
    levels: Chain<Level>,
    /// The scalar or key in progress.
    scalar: Option<Scalar>,
    /// If the last byte closed a container: did that hold a repetition?
    closed: Option<bool>,
    /// Has the whole text's value begun?
    begun: bool,
    /// Is no JSON text in progress? Nothing else is known then.
    outside: bool,
    scope: Scope,
}

/// What there is in a grammar, beside objects with distinct keys.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Scope {
    /// Arrays of distinct items.
    pub items: bool,
    /// Scarce containers.
    pub scarce: bool,
    /// Arrays that must repeat an item.
    pub repeated: bool,
    /// Texts of which JSON texts are parts.
    pub parts: bool,
}

impl Tracker {
    pub fn new(scope: Scope) -> Self {
        Tracker {
            scope,
            ..Tracker::default()
        }
    }

    /// Where a text is in progress that isn't JSON, until the next part that is.
    pub fn leave(&mut self) {
        *self = Tracker {
            outside: true,
            ..Tracker::new(self.scope)
        };
    }

    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// After a byte; None where no JSON text goes on like that.
    pub fn step(&self, byte: u8) -> Result<Option<Tracker>> {
        let mut next = self.clone();
        Ok(next.read(byte)?.then_some(next))
    }

    /// Goes on by a byte; false, and it is of no use any more, where no JSON text does.
    pub fn read(&mut self, byte: u8) -> Result<bool> {
        if self.outside {
            return Ok(false);
        }
        self.closed = None;
        if let Some(scalar) = &mut self.scalar {
            if !scalar.is_text() && scalar.is_open() && scalar.len() > MAX_NUMBER {
                return Err(Error::TooLarge {
                    what: "the length of a number that must differ from others",
                    value: MAX_NUMBER,
                });
            }
            match scalar.read(byte) {
                Read::Inside => return Ok(true),
                Read::Wrong => return Ok(false),
                Read::Last => {
                    self.end_scalar();
                    return Ok(true);
                }
                Read::After => self.end_scalar(),
            }
        }
        let place = self.levels.last().map(|level| (level.kind, level.place));
        match (byte, place) {
            (b' ' | b'\t' | b'\n' | b'\r', _) => Ok(true),
            (b',', Some((_, Place::End))) => {
                self.change(|level| {
                    level.place = Place::Next;
                    level.sheltered = false;
                });
                Ok(true)
            }
            (b':', Some((_, Place::Colon))) => {
                self.change(|level| level.place = Place::Value);
                Ok(true)
            }
            (b']', Some((Kind::Array, Place::Start | Place::End)))
            | (b'}', Some((Kind::Object, Place::Start | Place::End))) => {
                self.close();
                Ok(true)
            }
            (b'[', _) => self.open(Kind::Array),
            (b'{', _) => self.open(Kind::Object),
            _ => Ok(self.begin_scalar(byte)),
        }
    }

    fn change(&mut self, change: impl FnOnce(&mut Level)) {
        if let Some(level) = self.levels.last() {
            let mut level = level.clone();
            change(&mut level);
            self.levels = self.levels.earlier().with(level);
        }
    }

    /// Notes that a value begins, if one may.
    fn begin(&mut self) -> bool {
        match self.levels.last() {
            Some(level) if !level.awaits_value() => return false,
            Some(level) if level.repeated && level.watched => self.change(Level::begin),
            Some(_) => {}
            None if self.begun => return false,
            None => self.begun = true,
        }
        true
    }

    fn begin_scalar(&mut self, byte: u8) -> bool {
        let is_key = byte == b'"' && self.levels.last().is_some_and(Level::awaits_key);
        if is_key {
            self.change(Level::begin);
        } else if !self.begin() {
            return false;
        }
        let (needed, options) = match self.levels.last() {
            Some(level) => {
                let needed = level.keeps_items() || is_key && level.watched;
                (needed, level.options())
            }
            None => (false, None),
        };
        self.scalar = Scalar::begun_by(byte, is_key, needed, options);
        self.scalar.is_some()
    }

    fn end_scalar(&mut self) {
        if let Some(scalar) = self.scalar.take() {
            let value = scalar.value();
            self.change(|level| match scalar.is_key {
                true => level.end_key(value),
                false => level.end_value(value.map(Value::Scalar)),
            });
        }
    }

    fn open(&mut self, kind: Kind) -> Result<bool> {
        if !self.begin() {
            return Ok(false);
        }
        let mut inner = Level::new(kind);
        if let Some(level) = self.levels.last() {
            inner.exposed = level.is_exposed();
            inner.depth = if level.keeps_items() { level.depth + 1 } else { 0 };
            inner.rivals = level.rivals_inside(kind);
        }
        if inner.depth > MAX_DEPTH {
            return Err(Error::TooLarge {
                what: "the nesting inside an array of distinct items",
                value: MAX_DEPTH as usize,
            });
        }
        self.levels = self.levels.with(inner);
        Ok(true)
    }

    fn close(&mut self) {
        if let Some(level) = self.levels.last() {
            let value = level.value();
            self.closed = Some(level.repeated);
            self.levels = self.levels.earlier();
            self.change(|level| level.end_value(value));
        }
    }

    /// Watches the container in which nothing has begun yet.
    pub fn watch(&mut self, scarce: bool) {
        let at_start = self.levels.last().is_some_and(|level| level.place == Place::Start);
        if at_start && self.scalar.is_none() && self.closed.is_none() {
            self.change(|level| {
                level.watched = true;
                level.scarce |= scarce;
            });
        }
    }

    /// A guarded lexeme has ended: if it was that of a key, no other may be equal to it. All other keys are kept apart by
    /// the grammar itself.
    pub fn keep_key(&mut self, few: bool) {
        let waits = |level: &Level| level.place == Place::Value && level.key_waits;
        if self.levels.last().is_some_and(waits) {
            self.change(|level| level.keep_key(few));
        }
    }

    /// Does the container that is open, or was closed by the last byte, hold a repetition?
    pub fn has_repeated(&self) -> bool {
        let open = || self.levels.last().is_some_and(|level| level.repeated);
        self.closed.unwrap_or_else(open)
    }

    /// Where some arrays must hold a repetition: did the last byte close one that holds none, or may it have begun to?
    pub fn lacks_repetition(&self, last: u8) -> bool {
        let ends = |level: &Level| last == b'\n' && level.place == Place::End && !level.repeated;
        let begins = || self.scalar.is_none() && self.levels.last().is_some_and(ends);
        self.scope.repeated && (self.closed == Some(false) || begins())
    }

    /// Has a key just been repeated? Then the lexeme of a guarded key that is in progress has no end.
    pub fn has_repeated_key(&self) -> bool {
        let repeats = |level: &Level| level.repeated && level.watched && level.place == Place::Colon;
        self.scalar.is_none() && self.levels.last().is_some_and(repeats)
    }

    /// Can what comes next, or is in progress, be a repetition? Or can it have consequences that there was one?
    pub fn is_at_risk(&self) -> bool {
        let Some(level) = self.levels.last() else {
            return false;
        };
        if level.repeated && level.watched {
            return true;
        }
        match &self.scalar {
            Some(scalar) => scalar.is_open(),
            None => !level.rivals.is_empty() || level.opponents().is_some(),
        }
    }

    /// Before a key or item, in a container that never runs out of them?
    pub fn has_room(&self) -> bool {
        let before = |level: &Level| {
            let next = matches!(level.place, Place::Start | Place::Next);
            next && level.depth == 0 && !level.repeated && level.rivals.is_empty()
        };
        self.scalar.is_none() && !self.is_scarce() && self.levels.last().is_some_and(before)
    }

    /// Is a key next, if anything?
    pub fn awaits_key(&self) -> bool {
        self.scalar.is_none() && self.levels.last().is_some_and(Level::awaits_key)
    }

    /// Is a container open of which it isn't certain that it can be completed?
    pub fn is_scarce(&self) -> bool {
        self.levels.last().is_some_and(Level::is_exposed)
    }

    /// Before the value of a member of a scarce object that nothing else depends on?
    pub fn needs_shelter(&self) -> bool {
        self.scalar.is_none()
            && self.levels.last().is_some_and(|level| {
                let scarce = level.scarce && !level.exposed;
                scarce && level.depth == 0 && level.place == Place::Value
            })
    }

    /// In a scarce object, the values of its members left out, what it depends on whether that can be completed: of keys
    /// of which there are plenty, another one can always be found. None elsewhere.
    pub fn essence(&self, spends: bool) -> Option<Tracker> {
        let level = self.levels.last()?;
        if level.kind != Kind::Object || !level.scarce || level.exposed || level.depth > 0 {
            return None;
        }
        let mut essence = Level::new(Kind::Object);
        essence.place = level.place;
        essence.repeated = level.repeated;
        essence.known = level.spent.clone();
        if spends && matches!(level.place, Place::Colon | Place::Value) {
            essence.key = level.key.clone();
        }
        let matters = |scalar: &&Scalar| spends || scalar.is_open();
        Some(Tracker {
            levels: Chain::default().with(essence),
            scalar: self.scalar.as_ref().filter(matters).cloned(),
            closed: self.closed,
            begun: self.begun,
            outside: false,
            scope: self.scope,
        })
    }

    /// How many containers are open?
    pub fn depth(&self) -> usize {
        self.levels.iter().count()
    }

    /// Notes that the innermost container can be completed whatever the next value is.
    pub fn shelter(&mut self) {
        self.change(|level| level.sheltered = true);
    }

    /// After the next value, whatever it is.
    pub fn after_value(&self) -> Tracker {
        let mut after = self.clone();
        after.closed = None;
        after.change(|level| level.end_value(None));
        after
    }

    /// Where a text is in progress of which nothing matters but where it ends: what is known of it.
    fn quiet(&self) -> Option<&OnceLock<Threads>> {
        let scalar = self.scalar.as_ref()?;
        self.levels
            .last()
            .filter(|_| scalar.is_any_text())
            .map(|level| &level.quiet.0)
    }

    /// Is it known that with these threads, no token leads into a repetition?
    pub fn is_quiet(&self, threads: &Threads) -> bool {
        self.quiet().and_then(OnceLock::get) == Some(threads)
    }

    /// With these threads, no token leads into a repetition.
    pub fn note_quiet(&self, threads: &Threads) {
        if let Some(quiet) = self.quiet() {
            // another might have noted others, which is as well
            let _ = quiet.set(threads.clone());
        }
    }

    /// May a byte have no completion that has one in the grammar without guards?
    pub fn may_change_bytes(&self) -> bool {
        self.needs_care() || self.scope.repeated || self.levels.last().is_some_and(|level| level.scarce)
    }

    /// Is it plain that nothing is at risk after a byte?
    pub fn parts_at(&self, byte: u8) -> bool {
        self.scalar.as_ref().is_some_and(|scalar| scalar.parts_at(byte))
    }

    /// Is more needed to know what may come next than the grammar without guards?
    pub fn needs_care(&self) -> bool {
        self.is_scarce() || self.is_at_risk()
    }

    pub fn scalar(&self) -> Option<&Scalar> {
        self.scalar.as_ref()
    }
}

impl Hash for Tracker {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for level in self.levels.iter().take(4) {
            (level.place, level.count, level.repeated, level.known.digest()).hash(state);
            level.key.hash(state);
            level.content.iter().take(2).for_each(|(_, value)| value.hash(state));
        }
        if let Some(scalar) = &self.scalar {
            scalar.gist().hash(state);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Small numbers that look random.
    struct Dice(u64);

    impl Dice {
        fn below(&mut self, bound: u64) -> usize {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            ((self.0 >> 33) % bound) as usize
        }

        fn of<T: Copy>(&mut self, choices: &[T]) -> T {
            choices[self.below(choices.len() as u64)]
        }
    }

    /// A value as one would compare it, with a spelling.
    #[derive(Clone, PartialEq)]
    enum Json {
        Word(&'static str),
        /// In hundredths.
        Number(i64),
        Text(&'static str),
        Array(Vec<Json>),
        /// In the order of names.
        Object(Vec<(&'static str, Json)>),
    }

    fn any(dice: &mut Dice, depth: u64) -> Json {
        match dice.below(if depth == 0 { 5 } else { 9 }) {
            0 => Json::Word(dice.of(&["true", "false", "null"])),
            1 | 2 => Json::Number(dice.of(&[0, 100, 150, 1000, -100, 1])),
            3 | 4 => Json::Text(dice.of(&["", "a", "ab", "é", "😀", "\"", "1"])),
            5 | 6 => Json::Array((0..dice.below(3)).map(|_| any(dice, depth - 1)).collect()),
            _ => {
                let names = ["", "a", "ab"]
                    .into_iter()
                    .filter(|_| dice.below(2) == 0)
                    .collect::<Vec<_>>();
                Json::Object(names.into_iter().map(|name| (name, any(dice, depth - 1))).collect())
            }
        }
    }

    fn blank(dice: &mut Dice, out: &mut String) {
        out.push_str(dice.of(&["", "", " ", "\n\t"]));
    }

    fn write_text(text: &str, dice: &mut Dice, out: &mut String) {
        out.push('"');
        for character in text.chars() {
            match dice.below(3) {
                0 if character == '"' => out.push_str("\\\""),
                0 => out.push(character),
                _ => {
                    let mut units = [0; 2];
                    for unit in character.encode_utf16(&mut units) {
                        out.push_str(&format!("\\u{unit:04X}"));
                    }
                }
            }
        }
        out.push('"');
    }

    fn write(value: &Json, dice: &mut Dice, out: &mut String) {
        blank(dice, out);
        match value {
            Json::Word(word) => out.push_str(word),
            Json::Number(hundredths) => {
                let (sign, size) = (if *hundredths < 0 { "-" } else { "" }, hundredths.abs());
                let spelled = match dice.below(4) {
                    0 => format!("{sign}{size}e-2"),
                    1 => format!("{sign}{}.{:02}", size / 100, size % 100),
                    2 => format!("{sign}{}.{:02}00E+0", size / 100, size % 100),
                    _ => format!("{sign}{size}0.0e-3"),
                };
                out.push_str(&spelled);
            }
            Json::Text(text) => write_text(text, dice, out),
            Json::Array(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    out.push_str(if index > 0 { "," } else { "" });
                    write(item, dice, out);
                }
                blank(dice, out);
                out.push(']');
            }
            Json::Object(members) => {
                let mut members = members.clone();
                if dice.below(2) == 0 {
                    members.reverse();
                }
                out.push('{');
                for (index, (name, value)) in members.iter().enumerate() {
                    out.push_str(if index > 0 { "," } else { "" });
                    blank(dice, out);
                    write_text(name, dice, out);
                    blank(dice, out);
                    out.push(':');
                    write(value, dice, out);
                }
                blank(dice, out);
                out.push('}');
            }
        }
        blank(dice, out);
    }

    /// The tracker after a text, in which all containers are watched, or the outermost only.
    fn after(text: &str, all: bool) -> Tracker {
        let mut tracker = Tracker::default();
        for (place, &byte) in text.as_bytes().iter().enumerate() {
            tracker = tracker
                .step(byte)
                .unwrap()
                .unwrap_or_else(|| panic!("{text} at {place}"));
            if all || place == 0 {
                tracker.watch(false);
            }
            tracker.keep_key(false);
        }
        tracker
    }

    #[test]
    fn equal_items_are_found() {
        let mut dice = Dice(1);
        let mut equal = 0;
        for _ in 0..20_000 {
            let mut items: Vec<Json> = (0..2 + dice.below(2)).map(|_| any(&mut dice, 2)).collect();
            if dice.below(2) == 0 {
                let again = items[dice.below(items.len() as u64)].clone();
                items.push(again);
            }
            let repeated = items
                .iter()
                .enumerate()
                .any(|(index, item)| items[..index].contains(item));
            equal += usize::from(repeated);
            let mut text = String::new();
            write(&Json::Array(items), &mut dice, &mut text);
            let text = text.trim();
            assert_eq!(after(text, false).has_repeated(), repeated, "{text}");
        }
        assert!((8_000..16_000).contains(&equal));
    }

    #[test]
    fn a_repetition_is_at_risk_before_it_happens() {
        let mut dice = Dice(2);
        for _ in 0..2_000 {
            let (first, second) = (any(&mut dice, 2), any(&mut dice, 2));
            let mut text = "[".to_owned();
            write(&first, &mut dice, &mut text);
            text.push(',');
            let start = text.len();
            write(&first, &mut dice, &mut text);
            for end in start..text.trim_end().len() {
                if let Some(beginning) = text.get(..end) {
                    assert!(after(beginning, false).is_at_risk(), "{beginning}");
                }
            }
            text.truncate(start);
            write(&second, &mut dice, &mut text);
            text.push(',');
            if first != second {
                assert!(!after(&text, false).has_repeated(), "{text}");
            }
        }
    }

    #[test]
    fn equal_keys_are_found() {
        for (text, repeated) in [
            (r#"{"a":1,"a""#, true),
            (r#"{"a":1,"\u0061""#, true),
            (r#"{"\ud83d\ude00":1,"😀""#, true),
            (r#"{"a":{"a":1},"b""#, false),
            (r#"{"a":{"b":1},"b":{"a""#, false),
            (r#"[{"a":1},{"a""#, false),
            (r#"{"a\"":1,"a""#, false),
            (r#"{"":1,"""#, true),
        ] {
            assert_eq!(after(text, true).has_repeated(), repeated, "{text}");
        }
    }

    #[test]
    fn what_agrees_with_nothing_is_not_at_risk() {
        for (text, at_risk) in [
            ("[1,", true),
            ("[1,1", true),
            ("[12,1", true),
            ("[1,2", false),
            ("[1,-", false),
            (r#"["ab",1"#, false),
            (r#"["ab","a"#, true),
            (r#"["ab","b"#, false),
            (r#"["ab","\u00"#, true),
            (r#"["ab","\u0062"#, false),
            ("[[1,2],[1", true),
            ("[[1,2],[2", false),
            ("[[1,2],[1,2", true),
            ("[[1,2],[1,3,[", false),
            (r#"[{"a":1,"b":2},{"b":"#, true),
            (r#"[{"a":1,"b":2},{"b":2"#, true),
            (r#"[{"a":1,"b":2},{"b":1"#, false),
            (r#"[{"a":1,"b":2},{"c"#, false),
            ("[true,t", true),
            ("[true,f", false),
        ] {
            assert_eq!(after(text, false).is_at_risk(), at_risk, "{text}");
        }
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for text in [
            "[1,,",
            "{1",
            "[}",
            r#"{"a",""#,
            "tx",
            "[1 2",
            r#"{"a":1,}"#,
            "1[",
            "\"\n",
        ] {
            let mut tracker = Tracker::default();
            assert!(!text.bytes().all(|byte| tracker.read(byte).unwrap()), "{text}");
        }
    }

    #[test]
    fn nesting_inside_distinct_items_is_bounded() {
        let mut tracker = after("[", true);
        let error = std::iter::repeat_n(b'[', 1_000).find_map(|byte| tracker.read(byte).err());
        assert!(matches!(error, Some(Error::TooLarge { .. })));
        let mut tracker = Tracker::default();
        assert!(std::iter::repeat_n(b'[', 1_000_000).all(|byte| tracker.read(byte).unwrap()));
    }
}
