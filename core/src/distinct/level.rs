//! An open container: what it holds so far, and which earlier values it can still equal.

use std::cmp::Ordering;
use std::sync::{Arc, OnceLock};

use super::chain::Chain;
use super::scalar::Options;
use super::set::Set;
use super::value::{Bytes, Kind, Value};
use crate::engine::Threads;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Level {
    pub kind: Kind,
    pub place: Place,
    /// Values that are complete.
    pub count: usize,
    pub watched: bool,
    /// May what it can hold be too little?
    pub scarce: bool,
    /// Can it be completed whatever the value in progress turns out to be?
    pub sheltered: bool,
    /// Is it inside a scarce container that isn't sheltered?
    pub exposed: bool,
    /// Does it hold a repetition? Once that had its consequences, it is not watched any more.
    pub repeated: bool,
    /// Distance to the outermost watched array around it; 0 if there is none, and its value is of no interest.
    pub depth: u32,
    /// Keys or items, if it is watched.
    pub known: Set,
    /// Those of its keys of which there are few, if it is scarce.
    pub spent: Set,
    /// What it holds, if its value is of interest.
    pub content: Chain<(Option<Bytes>, Value)>,
    /// Of the member in progress.
    pub key: Option<Bytes>,
    /// Is it still to be told whether another member may have that key as far as the grammar goes?
    pub key_waits: bool,
    pub rivals: Rivals,
    /// With which threads it is known that no token which ends a text here is a repetition.
    pub quiet: Memo<Threads>,
    /// See `options`.
    pub options: Memo<Option<Options>>,
}

/// What was found out about a level, and is forgotten when it is copied to be changed.
#[derive(Debug)]
pub struct Memo<T>(pub OnceLock<T>);

impl<T> Default for Memo<T> {
    fn default() -> Self {
        Memo(OnceLock::new())
    }
}

impl<T> Clone for Memo<T> {
    fn clone(&self) -> Self {
        Memo::default()
    }
}

impl<T> PartialEq for Memo<T> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl<T> Eq for Memo<T> {}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// After the opening bracket.
    Start,
    /// After a comma.
    Next,
    /// After a key.
    Colon,
    /// Before a member's value.
    Value,
    /// After a value.
    End,
}

/// Values that a container can still equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rivals {
    None,
    /// All of a kind in a set.
    Known(Set, Kind),
    Listed(Arc<[Value]>),
}

impl Rivals {
    pub fn is_empty(&self) -> bool {
        *self == Rivals::None
    }

    fn for_each<'a>(&'a self, mut visit: impl FnMut(&'a Value)) {
        match self {
            Rivals::None => {}
            Rivals::Known(set, kind) => set.iter().filter(|value| value.is(*kind)).for_each(visit),
            Rivals::Listed(values) => values.iter().for_each(&mut visit),
        }
    }

    fn of(values: Vec<Value>) -> Self {
        if values.is_empty() {
            Rivals::None
        } else {
            Rivals::Listed(values.into())
        }
    }

    fn retain(&mut self, keep: impl Fn(&Value) -> bool) {
        let (mut kept, mut all) = (Vec::new(), true);
        self.for_each(|value| {
            if keep(value) {
                kept.push(value.clone());
            } else {
                all = false;
            }
        });
        if !all {
            *self = Rivals::of(kept);
        }
    }
}

impl Level {
    pub fn new(kind: Kind) -> Self {
        Level {
            kind,
            place: Place::Start,
            count: 0,
            watched: false,
            scarce: false,
            sheltered: false,
            exposed: false,
            repeated: false,
            depth: 0,
            known: Set::default(),
            spent: Set::default(),
            content: Chain::default(),
            key: None,
            key_waits: false,
            rivals: Rivals::None,
            quiet: Memo::default(),
            options: Memo::default(),
        }
    }

    pub fn is_exposed(&self) -> bool {
        self.exposed || self.scarce && !self.sheltered
    }

    pub fn keeps_items(&self) -> bool {
        self.depth > 0 || self.watched && self.kind == Kind::Array
    }

    pub fn awaits_key(&self) -> bool {
        self.kind == Kind::Object && matches!(self.place, Place::Start | Place::Next)
    }

    pub fn awaits_value(&self) -> bool {
        match self.kind {
            Kind::Array => matches!(self.place, Place::Start | Place::Next),
            Kind::Object => self.place == Place::Value,
        }
    }

    /// The earlier keys or items that what comes next must not equal.
    pub fn opponents(&self) -> Option<&Set> {
        let compared = self.watched && matches!(self.place, Place::Start | Place::Next);
        (compared && !self.known.is_empty()).then_some(&self.known)
    }

    /// What stands in the place of the next value in a rival.
    fn inside<'a>(&self, rival: &'a Value) -> Option<&'a Value> {
        match self.kind {
            Kind::Array => rival.item(self.count),
            Kind::Object => rival.member(self.key.as_deref()?),
        }
    }

    /// What a scalar that begins here may turn out to equal.
    pub fn options(&self) -> Option<Options> {
        self.options.0.get_or_init(|| self.find_options()).clone()
    }

    fn find_options(&self) -> Option<Options> {
        let own = self.opponents();
        if own.is_none() && self.rivals.is_empty() {
            return None;
        }
        let mut listed: Vec<Bytes> = Vec::new();
        let is_key = self.awaits_key();
        self.rivals.for_each(|rival| {
            if is_key {
                listed.extend(rival.members().iter().map(|(key, _)| key.clone()));
            } else {
                listed.extend(self.inside(rival).and_then(Value::scalar).cloned());
            }
        });
        listed.sort_unstable();
        listed.dedup();
        Some(Options {
            own: own.cloned().unwrap_or_default(),
            listed: listed.into(),
        })
    }

    /// The values that a container which begins here may turn out to equal.
    pub fn rivals_inside(&self, kind: Kind) -> Rivals {
        let is_kind = |value: &&Value| value.is(kind);
        let own = self.opponents().filter(|set| {
            let first = set.find(|value| match value {
                Value::Scalar(_) => Ordering::Less,
                value if value.is(kind) => Ordering::Equal,
                Value::Array(_) => Ordering::Less,
                Value::Object(_) => Ordering::Greater,
            });
            first.is_some()
        });
        let mut listed: Vec<Value> = Vec::new();
        self.rivals
            .for_each(|rival| listed.extend(self.inside(rival).filter(is_kind).cloned()));
        match own {
            Some(set) if listed.is_empty() => Rivals::Known(set.clone(), kind),
            Some(set) => {
                listed.extend(set.iter().filter(is_kind).cloned());
                Rivals::of(listed)
            }
            None => Rivals::of(listed),
        }
    }

    /// A key or value begins: what a repetition ends has ended.
    pub fn begin(&mut self) {
        if self.repeated && self.watched {
            self.watched = false;
            self.known = Set::default();
        }
    }

    fn note(&mut self, value: Value) {
        if self.known.contains(&value) {
            self.repeated = true;
        } else {
            self.known = self.known.with(value);
        }
    }

    pub fn end_key(&mut self, key: Option<Bytes>) {
        self.place = Place::Colon;
        self.key = key;
        let Some(key) = &self.key else {
            return;
        };
        self.rivals.retain(|rival| rival.member(key).is_some());
        if self.watched {
            self.repeated |= self.known.contains(&Value::Scalar(key.clone()));
            self.key_waits = !self.repeated;
        }
    }

    /// The key was that of a guarded lexeme, so nothing but its being known keeps it from coming again.
    pub fn keep_key(&mut self, few: bool) {
        if let Some(key) = &self.key {
            self.known = self.known.with(Value::Scalar(key.clone()));
            if few && self.scarce {
                self.spent = self.spent.with(Value::Scalar(key.clone()));
            }
        }
        self.key_waits = false;
    }

    pub fn end_value(&mut self, value: Option<Value>) {
        if let Some(value) = value {
            let mut rivals = std::mem::replace(&mut self.rivals, Rivals::None);
            rivals.retain(|rival| self.inside(rival) == Some(&value));
            self.rivals = rivals;
            if self.depth > 0 {
                self.content = self.content.with((self.key.clone(), value.clone()));
            }
            if self.watched && self.kind == Kind::Array {
                self.note(value);
            }
        }
        self.key_waits = false;
        self.place = Place::End;
        self.count += 1;
    }

    /// What it is, now that it is complete.
    pub fn value(&self) -> Option<Value> {
        if self.depth == 0 {
            return None;
        }
        let content = self.content.iter();
        Some(match self.kind {
            Kind::Array => {
                let mut items: Vec<Value> = content.map(|(_, value)| value.clone()).collect();
                items.reverse();
                Value::Array(items.into())
            }
            Kind::Object => {
                let members = content.filter_map(|(key, value)| Some((key.clone()?, value.clone())));
                let mut members: Vec<(Bytes, Value)> = members.collect();
                members.sort();
                Value::Object(members.into())
            }
        })
    }
}
