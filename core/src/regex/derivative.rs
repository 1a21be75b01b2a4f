//! Derivatives of an expression by all 256 bytes at once, as sorted arms; and which expressions are not empty.
//!
//! Everything here works from an explicit stack: expressions come from input and may nest deeply.

use std::collections::VecDeque;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::excerpt::Searched;
use super::expression::{ANY, Arm, EMPTY, Expression, ExpressionId, Expressions, UNBOUNDED, merge_neighbours};
use super::lengths::Lengths;
use super::multiple_ranges::Shapes;
use crate::bytes::repeat_tail;
use crate::error::Result;

type Arms = Arc<[Arm]>;

/// Expressions with memoised derivatives, emptiness and shortest lengths.
pub struct Derivatives {
    pub expressions: Expressions,
    arms: Vec<Option<Arms>>,
    live: FxHashMap<ExpressionId, bool>,
    shortest: FxHashMap<ExpressionId, u64>,
    pub(super) lengths: Lengths,
    pub(super) shapes: Option<Shapes>,
    pub(super) searched: Searched,
}

/// What is still to be written of a shortest string.
enum Piece {
    Whole(ExpressionId),
    /// What was written from the start on, so many times more.
    Again {
        start: usize,
        times: u32,
    },
}

/// Derivatives looked at before emptiness is decided by lengths: most languages show a string at once.
const SEARCH_BEFORE_LENGTHS: usize = 256;

/// Derivatives looked at to find an empty language while a grammar is built, where finding none does no harm.
const SEARCH_WHILE_BUILDING: usize = 64;

impl Derivatives {
    pub fn new(budget: usize) -> Self {
        Derivatives {
            expressions: Expressions::new(budget),
            arms: Vec::new(),
            live: FxHashMap::default(),
            shortest: FxHashMap::default(),
            lengths: Lengths::default(),
            shapes: None,
            searched: Searched::default(),
        }
    }

    /// Derivatives by every byte; bytes without an arm lead to the empty language. Targets may be empty languages in
    /// disguise (see `is_live`).
    pub fn arms(&mut self, id: ExpressionId) -> Result<Arms> {
        if let Some(arms) = self.known(id) {
            return Ok(arms);
        }
        let mut stack = vec![id];
        while let Some(&top) = stack.last() {
            if self.known(top).is_some() {
                stack.pop();
                continue;
            }
            let before = stack.len();
            for part in self.parts_to_derive(top) {
                if self.known(part).is_none() {
                    stack.push(part);
                }
            }
            if stack.len() == before {
                let arms: Arms = self.derive(top)?.into();
                self.expressions.charge(arms.len() / 16)?;
                let index = top as usize;
                if self.arms.len() <= index {
                    self.arms.resize(self.expressions.len().max(index + 1), None);
                }
                self.arms[index] = Some(arms);
                stack.pop();
            }
        }
        Ok(self.known(id).unwrap_or_else(|| Arc::from([])))
    }

    fn known(&self, id: ExpressionId) -> Option<Arms> {
        self.arms.get(id as usize).cloned().flatten()
    }

    /// The parts whose derivatives the derivative of `id` is made of.
    fn parts_to_derive(&self, id: ExpressionId) -> Vec<ExpressionId> {
        match self.expressions.node(id) {
            Expression::Empty
            | Expression::Epsilon
            | Expression::Branch { .. }
            | Expression::Multiple(_)
            | Expression::Numeral(_)
            | Expression::Excerpt(_) => Vec::new(),
            Expression::Automaton(automaton, state) => {
                let steps = self.expressions.automaton(*automaton).steps(*state);
                steps.iter().map(|step| step.label).collect()
            }
            Expression::Concat(a, b) if self.expressions.nullable(*a) => vec![*a, *b],
            Expression::Concat(a, _) | Expression::Not(a) | Expression::Repeat(a, _, _) | Expression::Tagged(a, _) => {
                vec![*a]
            }
            Expression::Union(parts) | Expression::Intersection(parts) => parts.to_vec(),
        }
    }

    fn derive(&mut self, id: ExpressionId) -> Result<Vec<Arm>> {
        let node = self.expressions.node(id).clone();
        match node {
            Expression::Empty | Expression::Epsilon => Ok(Vec::new()),
            Expression::Branch { arms, .. } => Ok(arms.into_vec()),
            Expression::Concat(a, b) => {
                let first = self.map_arms(a, |e, to| e.concat(to, b))?;
                if !self.expressions.nullable(a) {
                    return Ok(first);
                }
                let second = self.arms(b)?;
                self.overlay(&[first.into(), second], |e, targets| e.union(targets))
            }
            Expression::Union(parts) => {
                let lists = self.arms_of(&parts)?;
                self.overlay(&lists, |e, targets| e.union(targets))
            }
            Expression::Intersection(parts) => {
                let lists = self.arms_of(&parts)?;
                let count = lists.len();
                self.overlay(&lists, |e, targets| {
                    if targets.len() == count {
                        e.intersection(targets)
                    } else {
                        Ok(EMPTY)
                    }
                })
            }
            Expression::Not(part) => {
                let arms = self.arms(part)?;
                let mut result = Vec::with_capacity(arms.len() * 2 + 1);
                let mut next = 0u16;
                for arm in arms.iter() {
                    if next < u16::from(arm.low) {
                        result.push(Arm {
                            low: next as u8,
                            high: arm.low - 1,
                            to: ANY,
                        });
                    }
                    result.push(Arm {
                        to: self.expressions.not(arm.to)?,
                        ..*arm
                    });
                    next = u16::from(arm.high) + 1;
                }
                if next <= 255 {
                    result.push(Arm {
                        low: next as u8,
                        high: 255,
                        to: ANY,
                    });
                }
                merge_neighbours(&mut result);
                Ok(result)
            }
            Expression::Repeat(part, minimum, maximum) => {
                let less = if maximum == UNBOUNDED { UNBOUNDED } else { maximum - 1 };
                let rest = self.expressions.repeat(part, minimum.saturating_sub(1), less)?;
                self.map_arms(part, |e, to| e.concat(to, rest))
            }
            Expression::Tagged(part, lexeme) => self.map_arms(part, |e, to| e.tagged(to, lexeme)),
            Expression::Multiple(state) => {
                let mut arms = Vec::with_capacity(11);
                for (byte, after) in state.arms() {
                    arms.push(Arm {
                        low: byte,
                        high: byte,
                        to: self.expressions.multiple(after)?,
                    });
                }
                merge_neighbours(&mut arms);
                Ok(arms)
            }
            Expression::Numeral(state) => {
                let mut arms = Vec::with_capacity(14);
                for (byte, after) in state.arms() {
                    arms.push(Arm {
                        low: byte,
                        high: byte,
                        to: self.expressions.numeral(after)?,
                    });
                }
                merge_neighbours(&mut arms);
                Ok(arms)
            }
            Expression::Automaton(automaton, state) => {
                let steps = self.expressions.automaton(automaton).steps(state).to_vec();
                let mut lists: Vec<Arms> = Vec::with_capacity(steps.len());
                for step in steps {
                    let after = self.expressions.automaton_state(automaton, step.to)?;
                    lists.push(self.map_arms(step.label, |e, to| e.concat(to, after))?.into());
                }
                self.overlay(&lists, |e, targets| e.union(targets))
            }
            Expression::Excerpt(state) => {
                let mut arms = Vec::new();
                for (byte, after) in state.cursor.arms(&state.corpus) {
                    arms.push(Arm {
                        low: byte,
                        high: byte,
                        to: self.expressions.excerpt(state.with(after))?,
                    });
                }
                merge_neighbours(&mut arms);
                Ok(arms)
            }
        }
    }

    fn arms_of(&mut self, parts: &[ExpressionId]) -> Result<Vec<Arms>> {
        parts.iter().map(|&part| self.arms(part)).collect()
    }

    fn map_arms(
        &mut self,
        id: ExpressionId,
        mut change: impl FnMut(&mut Expressions, ExpressionId) -> Result<ExpressionId>,
    ) -> Result<Vec<Arm>> {
        let arms = self.arms(id)?;
        let mut result = Vec::with_capacity(arms.len());
        for arm in arms.iter() {
            result.push(Arm {
                to: change(&mut self.expressions, arm.to)?,
                ..*arm
            });
        }
        merge_neighbours(&mut result);
        Ok(result)
    }

    fn overlay(
        &mut self,
        lists: &[Arms],
        mut combine: impl FnMut(&mut Expressions, &[ExpressionId]) -> Result<ExpressionId>,
    ) -> Result<Vec<Arm>> {
        let mut result = Vec::new();
        let mut targets = Vec::with_capacity(lists.len());
        for_each_interval(lists, |low, high, hits| {
            targets.clear();
            targets.extend(hits.iter().map(|&(_, to)| to));
            self.expressions.charge(targets.len() / 16)?;
            let to = combine(&mut self.expressions, &targets)?;
            result.push(Arm { low, high, to });
            Ok(())
        })?;
        merge_neighbours(&mut result);
        Ok(result)
    }

    /// Is the language not empty? The syntax shows it, except for intersections and complements.
    pub fn is_live(&mut self, id: ExpressionId) -> Result<bool> {
        if let Some(known) = self.known_live(id) {
            return Ok(known);
        }
        let mut stack = vec![(id, 0)];
        while let Some((top, at)) = stack.last_mut() {
            let id = *top;
            let node = self.expressions.node(id);
            let needs_all = matches!(node, Expression::Concat(..));
            let live = if let Some(known) = self.known_live(id) {
                known
            } else if let Expression::Intersection(_) | Expression::Not(_) = node {
                self.is_live_by_derivatives(id)?
            } else if !needs_all && *at == 0 && node.parts().any(|part| self.known_live(part) == Some(true)) {
                true // without a search through the parts before the one that decides
            } else {
                match node.part(*at).map(|part| (part, self.known_live(part))) {
                    None => needs_all,
                    Some((_, Some(live))) if live != needs_all => live,
                    Some((_, Some(_))) => {
                        *at += 1;
                        continue;
                    }
                    Some((part, None)) => {
                        stack.push((part, 0));
                        continue;
                    }
                }
            };
            self.live.insert(id, live);
            stack.pop();
        }
        Ok(self.known_live(id) == Some(true))
    }

    /// Is the language empty, as far as a short search tells? If not, it may be all the same.
    pub fn is_soon_empty(&mut self, id: ExpressionId) -> Result<bool> {
        if let Some(live) = self.known_live(id) {
            return Ok(!live);
        }
        match self.expressions.node(id) {
            Expression::Intersection(_) | Expression::Not(_) => {
                if let Some(live) = self.is_live_by_excerpts(id)? {
                    return Ok(!live);
                }
                Ok(self.is_live_by_search(id, SEARCH_WHILE_BUILDING)? == Some(false))
            }
            // its parts were looked at before
            _ => Ok(false),
        }
    }

    fn is_live_by_derivatives(&mut self, id: ExpressionId) -> Result<bool> {
        if let Some(live) = self.is_live_by_excerpts(id)? {
            return Ok(live);
        }
        if let Some(live) = self.is_live_by_remainders(id)? {
            return Ok(live);
        }
        if let Some(live) = self.is_live_by_lengths(id, true)? {
            return Ok(live);
        }
        if let Some(live) = self.is_live_by_search(id, SEARCH_BEFORE_LENGTHS)? {
            return Ok(live);
        }
        if let Some(live) = self.is_live_by_lengths(id, false)? {
            return Ok(live);
        }
        Ok(self.is_live_by_search(id, usize::MAX)? == Some(true))
    }

    /// Breadth first through at most so many derivatives; None when that doesn't decide.
    pub(super) fn is_live_by_search(&mut self, id: ExpressionId, at_most: usize) -> Result<Option<bool>> {
        let mut reached_from: FxHashMap<ExpressionId, ExpressionId> = FxHashMap::default();
        reached_from.insert(id, id);
        let mut queue = VecDeque::from([id]);
        while let Some(current) = queue.pop_front() {
            for arm in self.arms(current)?.iter() {
                if reached_from.contains_key(&arm.to) {
                    continue;
                }
                match self.known_live(arm.to) {
                    Some(false) => {}
                    Some(true) => {
                        let mut back = current;
                        while self.live.insert(back, true).is_none() && back != id {
                            back = reached_from[&back];
                        }
                        return Ok(Some(true));
                    }
                    None => {
                        reached_from.insert(arm.to, current);
                        queue.push_back(arm.to);
                    }
                }
            }
            if reached_from.len() > at_most {
                return Ok(None);
            }
        }
        for &dead in reached_from.keys() {
            self.live.insert(dead, false);
        }
        Ok(Some(false))
    }

    fn known_live(&self, id: ExpressionId) -> Option<bool> {
        if self.expressions.nullable(id) {
            Some(true)
        } else if !self.expressions.opaque(id) {
            Some(id != EMPTY)
        } else {
            self.live.get(&id).copied()
        }
    }

    /// Derivatives with the empty languages left out: every arm can be completed.
    pub fn live_arms(&mut self, id: ExpressionId) -> Result<Arms> {
        let arms = self.arms(id)?;
        if !self.expressions.opaque(id) {
            return Ok(arms);
        }
        let mut kept = Vec::with_capacity(arms.len());
        for &arm in arms.iter() {
            if self.is_live(arm.to)? {
                kept.push(arm);
            }
        }
        Ok(kept.into())
    }

    /// Does some text of the one, gone on with in some way, belong to the other?
    pub fn share_a_beginning(&mut self, texts: ExpressionId, gone_on_with: ExpressionId) -> Result<bool> {
        let common = self.expressions.nullable(texts)
            || self.expressions.nullable(gone_on_with)
            || have_common_byte(&self.arms(texts)?, &self.arms(gone_on_with)?);
        if !common {
            return Ok(false);
        }
        let all = self.expressions.concat(texts, ANY)?;
        let both = self.expressions.intersection(&[all, gone_on_with])?;
        self.is_live(both)
    }

    /// Length of a shortest string of the language; `u64::MAX` when it is empty.
    pub fn shortest_length(&mut self, id: ExpressionId) -> Result<u64> {
        let mut stack = vec![id];
        while let Some(&top) = stack.last() {
            if self.shortest.contains_key(&top) {
                stack.pop();
                continue;
            }
            let node = self.expressions.node(top);
            let length = if self.expressions.nullable(top) {
                0
            } else if let Expression::Intersection(_) | Expression::Not(_) = node {
                self.shortest_of_derivatives(top)?
                    .map_or(u64::MAX, |text| text.len() as u64)
            } else {
                let before = stack.len();
                stack.extend(node.parts().filter(|part| !self.shortest.contains_key(part)));
                if stack.len() > before {
                    continue;
                }
                let of = |part: &ExpressionId| self.shortest[part];
                let least = || node.parts().map(|part| of(&part)).min().unwrap_or(u64::MAX);
                match node {
                    Expression::Branch { .. } => least().saturating_add(1),
                    Expression::Concat(a, b) => of(a).saturating_add(of(b)),
                    Expression::Repeat(part, minimum, _) => of(part).saturating_mul(u64::from(*minimum)),
                    Expression::Multiple(state) => state.shortest().len() as u64,
                    Expression::Numeral(state) => state.shortest().len() as u64,
                    Expression::Automaton(automaton, state) => self.expressions.automaton(*automaton).shortest(*state),
                    Expression::Excerpt(state) => state.shortest_length(),
                    _ => least(),
                }
            };
            self.shortest.insert(top, length);
            stack.pop();
        }
        Ok(self.shortest[&id])
    }

    /// A shortest string of the language, or None when it is empty. What comes again is copied, so that the time is
    /// linear in the string's length and the expression's nodes.
    pub fn shortest_string(&mut self, id: ExpressionId) -> Result<Option<Vec<u8>>> {
        if self.shortest_length(id)? == u64::MAX {
            return Ok(None);
        }
        let mut text = Vec::new();
        // what is still to be written, the last first
        let mut stack = vec![Piece::Whole(id)];
        // where the string of an expression begins that was written already
        let mut written: FxHashMap<ExpressionId, usize> = FxHashMap::default();
        while let Some(piece) = stack.pop() {
            let top = match piece {
                Piece::Again { start, times } => {
                    repeat_tail(&mut text, start, times);
                    continue;
                }
                Piece::Whole(top) if self.expressions.nullable(top) => continue,
                Piece::Whole(top) => top,
            };
            match written.entry(top) {
                Entry::Occupied(start) => {
                    let length = self.shortest_length(top)? as usize;
                    text.extend_from_within(*start.get()..start.get() + length);
                    continue;
                }
                Entry::Vacant(place) => place.insert(text.len()),
            };
            let least = |part: &ExpressionId| self.shortest[part];
            match self.expressions.node(top) {
                Expression::Empty | Expression::Epsilon => {}
                Expression::Branch { arms, .. } => {
                    if let Some(arm) = arms.iter().min_by_key(|arm| least(&arm.to)) {
                        text.push(arm.low);
                        stack.push(Piece::Whole(arm.to));
                    }
                }
                Expression::Concat(a, b) => stack.extend([Piece::Whole(*b), Piece::Whole(*a)]),
                Expression::Union(parts) => {
                    stack.extend(
                        parts
                            .iter()
                            .min_by_key(|part| least(part))
                            .map(|&part| Piece::Whole(part)),
                    );
                }
                Expression::Repeat(part, minimum, _) => {
                    let (start, times) = (text.len(), minimum.saturating_sub(1));
                    stack.extend([Piece::Again { start, times }, Piece::Whole(*part)]);
                }
                Expression::Tagged(part, _) => stack.push(Piece::Whole(*part)),
                Expression::Multiple(state) => text.extend(state.shortest()),
                Expression::Numeral(state) => text.extend(state.shortest()),
                &Expression::Automaton(automaton, state) => {
                    let step = self.expressions.automaton(automaton).first_step(state);
                    let after = self.expressions.automaton_state(automaton, step.to)?;
                    self.shortest_length(after)?;
                    stack.extend([Piece::Whole(after), Piece::Whole(step.label)]);
                }
                Expression::Excerpt(state) => text.extend(state.shortest()),
                Expression::Intersection(_) | Expression::Not(_) => {
                    text.extend(self.shortest_of_derivatives(top)?.unwrap_or_default());
                }
            }
        }
        Ok(Some(text))
    }

    fn shortest_of_derivatives(&mut self, id: ExpressionId) -> Result<Option<Vec<u8>>> {
        if !self.is_live(id)? {
            return Ok(None);
        }
        if let Some(found) = self.shortest_by_remainders(id)? {
            return Ok(found);
        }
        if let Some(found) = self.short_by_excerpts(id)? {
            return Ok(Some(found));
        }
        match self.shortest_by_lengths(id)? {
            Some(text) => Ok(Some(text)),
            None => self.shortest_by_search(id),
        }
    }

    /// Breadth first through derivatives.
    pub(super) fn shortest_by_search(&mut self, id: ExpressionId) -> Result<Option<Vec<u8>>> {
        let mut reached_from: FxHashMap<ExpressionId, (ExpressionId, u8)> = FxHashMap::default();
        reached_from.insert(id, (id, 0));
        let mut queue = VecDeque::from([id]);
        while let Some(current) = queue.pop_front() {
            if self.expressions.nullable(current) {
                let mut text = Vec::new();
                let mut back = current;
                while back != id {
                    let (previous, byte) = reached_from[&back];
                    text.push(byte);
                    back = previous;
                }
                text.reverse();
                return Ok(Some(text));
            }
            for arm in self.live_arms(current)?.iter() {
                reached_from.entry(arm.to).or_insert_with(|| {
                    queue.push_back(arm.to);
                    (current, arm.low)
                });
            }
        }
        Ok(None)
    }
}

/// Does a byte have arms in both lists?
fn have_common_byte(a: &[Arm], b: &[Arm]) -> bool {
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    while let (Some(one), Some(other)) = (a.peek(), b.peek()) {
        if one.high < other.low {
            a.next();
        } else if other.high < one.low {
            b.next();
        } else {
            return true;
        }
    }
    false
}

/// Calls `visit(low, high, hits)` for each maximal byte interval on which every list is constant and at least one has
/// an arm; a hit is (index of the list, target).
pub fn for_each_interval<L: AsRef<[Arm]>>(
    lists: &[L],
    mut visit: impl FnMut(u8, u8, &[(usize, ExpressionId)]) -> Result<()>,
) -> Result<()> {
    let mut cuts = [false; 257];
    for list in lists {
        for arm in list.as_ref() {
            cuts[usize::from(arm.low)] = true;
            cuts[usize::from(arm.high) + 1] = true;
        }
    }
    let mut at = vec![0usize; lists.len()];
    let mut hits = Vec::with_capacity(lists.len());
    let mut low = 0usize;
    while low < 256 {
        let high = (low + 1..256).find(|&byte| cuts[byte]).unwrap_or(256) - 1;
        hits.clear();
        for (index, list) in lists.iter().enumerate() {
            let arms = list.as_ref();
            while at[index] < arms.len() && usize::from(arms[at[index]].high) < low {
                at[index] += 1;
            }
            if let Some(arm) = arms.get(at[index])
                && usize::from(arm.low) <= low
            {
                hits.push((index, arm.to));
            }
        }
        if !hits.is_empty() {
            visit(low as u8, high as u8, &hits)?;
        }
        low = high + 1;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::regex::literals::{any_text, char_class, literals};

    fn accepts(d: &mut Derivatives, id: ExpressionId, text: &[u8]) -> bool {
        let mut state = id;
        for &byte in text {
            let arms = d.arms(state).unwrap();
            match arms.iter().find(|arm| arm.low <= byte && byte <= arm.high) {
                Some(arm) => state = arm.to,
                None => return false,
            }
        }
        d.expressions.nullable(state)
    }

    fn literal(d: &mut Derivatives, text: &str) -> ExpressionId {
        literals(&mut d.expressions, &[text.as_bytes().to_vec()]).unwrap()
    }

    #[test]
    fn counted_repetition_counts() {
        let mut d = Derivatives::new(100_000);
        let a = literal(&mut d, "ab");
        let r = d.expressions.repeat(a, 2, 3).unwrap();
        for (text, expected) in [
            ("ab", false),
            ("abab", true),
            ("ababab", true),
            ("abababab", false),
            ("aba", false),
        ] {
            assert_eq!(accepts(&mut d, r, text.as_bytes()), expected, "{text}");
        }
        assert_eq!(d.shortest_length(r).unwrap(), 4);
    }

    #[test]
    fn huge_bounds_cost_nothing_up_front() {
        let mut d = Derivatives::new(1_000);
        let any = char_class(&mut d.expressions, &[(0x20, 0xD7FF)]).unwrap();
        let r = d.expressions.repeat(any, 0, 1_000_000).unwrap();
        assert!(accepts(&mut d, r, "h\u{e4}llo".as_bytes()));
    }

    #[test]
    fn a_short_search_gives_up_and_the_empty_string_needs_none() {
        let mut d = Derivatives::new(100_000);
        let digit = char_class(&mut d.expressions, &[(0x30, 0x39)]).unwrap();
        let [even, odd] = [200, 201].map(|count| d.expressions.repeat(digit, count, count).unwrap());
        let neither = d.expressions.intersection(&[even, odd]).unwrap();
        assert!(!d.is_soon_empty(neither).unwrap());
        assert!(!d.is_live(neither).unwrap());
        let any = d.expressions.repeat(digit, 0, UNBOUNDED).unwrap();
        let not_any = d.expressions.not(any).unwrap();
        let maybe = d
            .expressions
            .union(&[not_any, crate::regex::expression::EPSILON])
            .unwrap();
        let nothing = d.expressions.intersection(&[any, maybe]).unwrap();
        assert!(!d.is_soon_empty(nothing).unwrap());
        assert!(accepts(&mut d, nothing, b""));
    }

    #[test]
    fn boolean_operations_are_exact() {
        let mut d = Derivatives::new(100_000);
        let words = literals(
            &mut d.expressions,
            &[b"bar".to_vec(), b"foo".to_vec(), b"foobar".to_vec()],
        )
        .unwrap();
        let foo = literal(&mut d, "foo");
        let not_foo = d.expressions.not(foo).unwrap();
        let rest = d.expressions.intersection(&[words, not_foo]).unwrap();
        for (text, expected) in [("foo", false), ("foobar", true), ("bar", true), ("fo", false)] {
            assert_eq!(accepts(&mut d, rest, text.as_bytes()), expected, "{text}");
        }
        assert!(d.is_live(rest).unwrap());
        let not_words = d.expressions.not(words).unwrap();
        let none = d.expressions.intersection(&[rest, not_words]).unwrap();
        assert!(d.is_soon_empty(none).unwrap());
        assert!(!d.is_live(none).unwrap());
        assert_eq!(d.shortest_string(none).unwrap(), None);
        assert_eq!(d.shortest_string(rest).unwrap(), Some(b"bar".to_vec()));
    }

    #[test]
    fn text_is_valid_utf8() {
        let mut d = Derivatives::new(100_000);
        let text = any_text(&mut d.expressions).unwrap();
        assert!(accepts(&mut d, text, "\u{10ffff}\u{e000}\u{7f}".as_bytes()));
        for bad in [
            &[0xC0u8, 0x80][..],
            &[0xED, 0xA0, 0x80],
            &[0x80],
            &[0xF4, 0x90, 0x80, 0x80],
        ] {
            assert!(!accepts(&mut d, text, bad));
        }
    }
}
