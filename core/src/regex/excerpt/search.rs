//! Excerpts beside other conditions, and shortest ones: found by reading on in the corpus.
//!
//! A search through derivatives would make a state for each piece of text that comes more than once. But all that matters
//! of an excerpt that has come to a place is the place. So the texts of an interval are read on one after the other, each
//! against what is left of the conditions, until one may end; where another has failed before, this one will.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::corpus::{Corpus, END, Interval, Unit};
use super::escapes::{spell, spelled_length};
use super::{Cursor, Excerpt, Spelling, Texts};
use crate::error::Result;
use crate::regex::derivative::Derivatives;
use crate::regex::digest::Digest;
use crate::regex::expression::{ANY, EMPTY, Expression, ExpressionId};

/// Of the places that a text is read along, only every so many are remembered, where there is one way to read it.
const SPARSE: u32 = 16;
/// Steps along a text that weigh as much as an expression, where there is one way to read it.
const STEPS_PER_EXPRESSION: usize = 64;
/// What one text weighs besides what is remembered of it, where there are several.
const WEIGHT_OF_A_TEXT: usize = 2;
/// Steps on a shortest text after which the shortest that was found has to do.
const MAX_SHORTEST_STEPS: usize = 1 << 16;

/// A place in the corpus, and a condition.
type Beside = (u32, ExpressionId);
/// By corpus and spelling: whether the text that has come to a place can end well beside a condition.
pub type Searched = FxHashMap<(Digest, Spelling), FxHashMap<Beside, bool>>;

impl Cursor {
    /// One of an interval's texts.
    fn only(self, corpus: &Corpus, interval: Interval, index: u32) -> Self {
        let texts = match interval.depth {
            0 => Texts::Among(Interval {
                low: index,
                high: index + 1,
                depth: 0,
            }),
            _ => Texts::At(corpus.place(interval, index)),
        };
        Cursor { texts, ..self }
    }

    /// The texts that go on from here, one by one.
    fn each(self, corpus: &Corpus) -> impl Iterator<Item = Self> + '_ {
        let interval = match self.texts {
            Texts::At(_) => None,
            Texts::Among(interval) => Some(interval),
        };
        let one = interval.is_none().then_some(self);
        let many = interval.map(|interval| (interval.low..interval.high).map(move |i| self.only(corpus, interval, i)));
        one.into_iter().chain(many.into_iter().flatten())
    }

    /// Where this is told by a place in the corpus between two characters: the place.
    fn remembered(self, corpus: &Corpus) -> Option<u32> {
        match (self.texts, self.escape) {
            (Texts::At(at), None) => (corpus.byte(at) & 0xC0 != 0x80).then_some(at),
            _ => None,
        }
    }
}

impl Excerpt {
    /// Length of a shortest string; where an escape has begun, of one after it.
    pub fn shortest_length(&self) -> u64 {
        let (begun, from, to) = self.shortest_parts();
        begun.len() as u64 + self.length_of(from, to)
    }

    /// A string of that length.
    pub fn shortest(&self) -> Vec<u8> {
        let (mut text, from, to) = self.shortest_parts();
        let bytes = self.corpus.between(from, to);
        bytes
            .iter()
            .for_each(|&byte| spell(self.cursor.spelling, byte, &mut text));
        text
    }

    fn length_of(&self, from: u32, to: u32) -> u64 {
        match self.cursor.spelling {
            Spelling::Plain => u64::from(to - from),
            spelling => {
                let bytes = self.corpus.between(from, to).iter();
                bytes.map(|&byte| spelled_length(spelling, byte)).sum()
            }
        }
    }

    /// The rest of an escape that has begun, and the places in the corpus between which the text goes on.
    fn shortest_parts(&self) -> (Vec<u8>, u32, u32) {
        let corpus = &*self.corpus;
        let mut cursor = self.cursor;
        let mut begun = Vec::new();
        while cursor.escape.is_some()
            && let Some(&(byte, after)) = cursor.arms(corpus).first()
        {
            begun.push(byte);
            cursor = after;
        }
        let stretch = |from: u32, depth: u32| match depth {
            0 if corpus.unit != Unit::Choice => (from, corpus.next_end(from + 1)),
            _ => (from, corpus.next_end(from)),
        };
        let (from, to) = match cursor.texts {
            Texts::At(at) => stretch(at, 1),
            // the bytes that come next tell all there is to know
            Texts::Among(interval) if corpus.unit == Unit::Character => {
                let first = |(_, after): (u8, Interval)| stretch(corpus.place(interval, after.low), interval.depth);
                let all = corpus.arms(interval).map(first);
                let least = all.min_by_key(|&(from, to)| self.length_of(from, to));
                match cursor.nullable(corpus) {
                    false => least.unwrap_or_default(),
                    true => (0, 0),
                }
            }
            Texts::Among(interval) => {
                let all = (interval.low..interval.high).map(|i| stretch(corpus.place(interval, i), interval.depth));
                all.min_by_key(|&(from, to)| self.length_of(from, to))
                    .unwrap_or_default()
            }
        };
        (begun, from, to)
    }
}

impl Derivatives {
    /// The expression as `excerpt & rest`.
    pub fn as_excerpt(&mut self, id: ExpressionId) -> Result<Option<(Excerpt, ExpressionId)>> {
        let parts = match self.expressions.node(id) {
            Expression::Excerpt(state) => return Ok(Some(((**state).clone(), ANY))),
            Expression::Intersection(parts) => parts,
            _ => return Ok(None),
        };
        let found = parts.iter().find_map(|&part| match self.expressions.node(part) {
            Expression::Excerpt(state) => Some((part, (**state).clone())),
            _ => None,
        });
        let Some((excerpt, state)) = found else {
            return Ok(None);
        };
        let others: Vec<ExpressionId> = parts.iter().copied().filter(|&part| part != excerpt).collect();
        let rest = self.expressions.intersection(&others)?;
        Ok(Some((state, rest)))
    }

    /// Is `excerpt & rest` not empty? None when the expression is nothing of the kind.
    pub(in crate::regex) fn is_live_by_excerpts(&mut self, id: ExpressionId) -> Result<Option<bool>> {
        match self.as_excerpt(id)? {
            Some((excerpt, rest)) => self.excerpt_is_live(&excerpt.corpus, excerpt.cursor, rest).map(Some),
            None => Ok(None),
        }
    }

    /// Is `excerpt & rest` not empty?
    pub fn excerpt_is_live(&mut self, corpus: &Corpus, cursor: Cursor, rest: ExpressionId) -> Result<bool> {
        if rest == ANY || cursor.nullable(corpus) && self.expressions.nullable(rest) {
            return Ok(true);
        }
        if rest == EMPTY {
            return Ok(false);
        }
        let name = (corpus.name, cursor.spelling);
        let mut known = self.searched.remove(&name).unwrap_or_default();
        let live = self.any_reads_on(corpus, cursor, rest, &mut known);
        self.searched.insert(name, known);
        live
    }

    fn any_reads_on(
        &mut self,
        corpus: &Corpus,
        cursor: Cursor,
        rest: ExpressionId,
        known: &mut FxHashMap<Beside, bool>,
    ) -> Result<bool> {
        let mut steps = 0;
        for one in cursor.each(corpus) {
            let live = match cursor.spelling {
                Spelling::Plain => self.reads_on_plainly(corpus, one, rest, known, &mut steps)?,
                _ => {
                    self.expressions.charge(WEIGHT_OF_A_TEXT)?;
                    self.reads_on(corpus, one, rest, known)?
                }
            };
            if live {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Can a text end well that can be read in one way only?
    fn reads_on_plainly(
        &mut self,
        corpus: &Corpus,
        start: Cursor,
        mut rest: ExpressionId,
        known: &mut FxHashMap<Beside, bool>,
        steps: &mut usize,
    ) -> Result<bool> {
        let mut at = start.texts.first(corpus);
        let mut may_end = start.nullable(corpus);
        // before the first byte, a place is not what it is for a text that has come there
        let mut was_read = matches!(start.texts, Texts::At(_));
        // a pattern mostly stays in the state that it is in
        let (mut arms, mut arms_of) = (self.arms(rest)?, rest);
        let mut passed: SmallVec<[Beside; 8]> = SmallVec::new();
        let live = loop {
            if may_end && self.expressions.nullable(rest) {
                break true;
            }
            if at.is_multiple_of(SPARSE) && was_read {
                if let Some(&found) = known.get(&(at, rest)) {
                    break found;
                }
                self.expressions.charge(1)?;
                passed.push((at, rest));
            }
            *steps += 1;
            if steps.is_multiple_of(STEPS_PER_EXPRESSION) {
                self.expressions.charge(1)?;
            }
            if arms_of != rest {
                (arms, arms_of) = (self.arms(rest)?, rest);
            }
            let byte = corpus.byte(at);
            let index = arms.partition_point(|arm| arm.high < byte);
            match arms.get(index) {
                Some(arm) if arm.low <= byte && byte != END && arm.to != EMPTY => rest = arm.to,
                _ => break false,
            }
            at += 1;
            was_read = true;
            may_end = corpus.ends_at(at);
        };
        known.extend(passed.into_iter().map(|place| (place, live)));
        Ok(live)
    }

    /// Can a text end well? Depth first: characters have several spellings.
    fn reads_on(
        &mut self,
        corpus: &Corpus,
        start: Cursor,
        rest: ExpressionId,
        known: &mut FxHashMap<Beside, bool>,
    ) -> Result<bool> {
        // what was passed, each with what was passed before it on the way there
        let mut passed: Vec<(Beside, usize)> = Vec::new();
        let mut stack = vec![(start, rest, usize::MAX)];
        let mut way = usize::MAX;
        let mut found = false;
        while let Some((cursor, rest, before)) = stack.pop() {
            way = before;
            if cursor.nullable(corpus) && self.expressions.nullable(rest) {
                found = true;
                break;
            }
            if let Some(at) = cursor.remembered(corpus) {
                match known.get(&(at, rest)) {
                    Some(true) => {
                        found = true;
                        break;
                    }
                    Some(false) => continue,
                    None => {}
                }
                self.expressions.charge(1)?;
                // until it is known better: no text comes back to where it was
                known.insert((at, rest), false);
                passed.push(((at, rest), before));
                way = passed.len() - 1;
            }
            let arms = self.arms(rest)?;
            for (byte, after) in cursor.arms(corpus).into_iter().rev() {
                let index = arms.partition_point(|arm| arm.high < byte);
                if let Some(arm) = arms.get(index).filter(|arm| arm.low <= byte && arm.to != EMPTY) {
                    stack.push((after, arm.to, way));
                }
            }
        }
        while found && let Some(&(beside, before)) = passed.get(way) {
            known.insert(beside, true);
            way = before;
        }
        Ok(found)
    }

    /// A short string of `excerpt & rest`, which must not be empty: the shortest, where that is found soon. None when the
    /// expression is nothing of the kind, or has no such string without needless escapes.
    pub(in crate::regex) fn short_by_excerpts(&mut self, id: ExpressionId) -> Result<Option<Vec<u8>>> {
        let Some((Excerpt { corpus, mut cursor }, mut rest)) = self.as_excerpt(id)? else {
            return Ok(None);
        };
        let corpus = &*corpus;
        let mut begun = Vec::new();
        while cursor.escape.is_some() {
            let arms = self.arms(rest)?;
            let mut next = None;
            for (byte, after) in cursor.arms(corpus) {
                let arm = arms.iter().find(|arm| arm.low <= byte && byte <= arm.high);
                if let Some(arm) = arm
                    && self.excerpt_is_live(corpus, after, arm.to)?
                {
                    next = Some((byte, after, arm.to));
                    break;
                }
            }
            let Some((byte, after, to)) = next else {
                return Ok(None);
            };
            begun.push(byte);
            (cursor, rest) = (after, to);
        }
        let mut best: Option<Vec<u8>> = None;
        let mut steps = 0;
        for one in cursor.each(corpus) {
            steps += 1;
            if best.is_some() && steps > MAX_SHORTEST_STEPS {
                break;
            }
            if self.excerpt_is_live(corpus, one, rest)? {
                let length = best.as_ref().map_or(usize::MAX, Vec::len);
                if let Some(shorter) = self.first_end(corpus, one, rest, length, &mut steps)? {
                    best = Some(shorter);
                }
            }
        }
        Ok(best.map(|text| [begun, text].concat()))
    }

    /// What is read of one text, in its shortest spelling, until it may end; None where that is no shorter than `length`.
    fn first_end(
        &mut self,
        corpus: &Corpus,
        one: Cursor,
        mut rest: ExpressionId,
        length: usize,
        steps: &mut usize,
    ) -> Result<Option<Vec<u8>>> {
        let mut text = Vec::new();
        if one.nullable(corpus) && self.expressions.nullable(rest) {
            return Ok((length > 0).then_some(text));
        }
        for at in one.texts.first(corpus).. {
            let written = text.len();
            match corpus.byte(at) {
                END => break,
                byte => spell(one.spelling, byte, &mut text),
            }
            for &byte in &text[written..] {
                *steps += 1;
                let arms = self.arms(rest)?;
                let arm = arms.iter().find(|arm| arm.low <= byte && byte <= arm.high);
                rest = arm.map_or(EMPTY, |arm| arm.to);
            }
            if rest == EMPTY || text.len() >= length {
                break;
            }
            if corpus.ends_at(at + 1) && self.expressions.nullable(rest) {
                return Ok(Some(text));
            }
        }
        Ok(None)
    }
}
