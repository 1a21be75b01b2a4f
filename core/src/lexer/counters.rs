//! Counted repetitions: what is left of their bounds is a number beside the state, so that a bound of a million makes as
//! many states as a bound of ten.

use super::{DEAD, Lexeme, Lexer, LexerState, MatchSet, NO_MATCH};
use crate::bounds::Bounds;
use crate::bytes::{ByteSet, CHARACTERS, ClassSet, classes_where};
use crate::error::Result;
use crate::regex::counted::Counted;
use crate::regex::expression::ExpressionId;
use crate::regex::needs::{Need, Needs, counted_beside};

/// Index of an interned counter.
pub type CounterId = u32;

/// So few repetitions may be states of their own.
const MAX_UNCOUNTED: u32 = 1;

/// No repetitions are counted.
pub const NO_COUNTER: CounterId = 0;

/// A counted repetition in a lexeme. The states of its texts are those of the lexeme without bounds; what the bounds
/// say is known from how many repetitions have begun.
#[derive(Debug, Clone, Copy)]
pub struct Counter {
    /// The state between two repetitions.
    pub between: LexerState,
    /// What is repeated: in `a* & b*`, either may be.
    pub part: ExpressionId,
    /// The state when no more may begin.
    pub after: LexerState,
    /// Bytes that begin a repetition.
    pub first: ByteSet,
}

/// A lexeme in progress apart from where it began: its state, and what is left of a counted repetition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Progress {
    pub state: LexerState,
    pub counter: CounterId,
    /// `NONE` without a counter.
    pub bounds: Bounds,
}

impl Progress {
    pub fn uncounted(state: LexerState) -> Self {
        Progress {
            state,
            counter: NO_COUNTER,
            bounds: Bounds::NONE,
        }
    }
}

impl Lexer {
    /// What is known of an expression's repetitions, if they can be counted.
    pub fn counted(&mut self, expression: ExpressionId) -> Result<Option<Counted>> {
        self.repeated.counted(expression, &mut self.derivatives)
    }

    pub fn counter(&self, id: CounterId) -> Counter {
        self.counters[id as usize]
    }

    /// The form of a state in which a bounded repetition is counted, if it is one lexeme that can be read so.
    #[inline]
    pub fn settle(&mut self, state: LexerState) -> Result<Progress> {
        if let Some(&Some(known)) = self.counted_forms.get(state as usize) {
            return Ok(known);
        }
        let form = self.make_counted_form(state)?;
        if self.counted_forms.len() <= state as usize {
            self.counted_forms.resize(self.states.len(), None);
        }
        self.counted_forms[state as usize] = Some(form);
        Ok(form)
    }

    fn make_counted_form(&mut self, state: LexerState) -> Result<Progress> {
        let plain = Progress::uncounted(state);
        let Some((lexeme, expression)) = self.only_lexeme(state) else {
            return Ok(plain);
        };
        if self.variants.get(self.in_progress(state)[0].0).moves() {
            return Ok(plain);
        }
        let (counted, needs) = match self.counted(expression)? {
            Some(counted) => (counted, None),
            None => match counted_beside(expression, &mut self.repeated, &mut self.derivatives)? {
                Some((counted, needs)) => (counted, Some(needs)),
                None => return Ok(plain),
            },
        };
        if counted.bounds == Bounds::NONE {
            return Ok(plain);
        }
        let counter = self.counter_for(state, &counted, needs)?;
        Ok(Progress {
            state: self.state_of(lexeme, counted.unbounded)?,
            counter,
            bounds: counted.bounds,
        })
    }

    /// The counter of a state of one lexeme.
    pub fn counter_for(&mut self, state: LexerState, counted: &Counted, needs: Option<Needs>) -> Result<CounterId> {
        let lexeme = self.in_progress(state)[0].0;
        let between = self.state_of(lexeme, counted.between)?;
        if let Some(&known) = self.counter_ids.get(&(between, counted.part)) {
            return Ok(known);
        }
        let after = self.state_of(lexeme, counted.after)?;
        self.counters.push(Counter {
            between,
            part: counted.part,
            after,
            first: counted.first,
        });
        self.needs.push(needs);
        let id = self.counters.len() as CounterId - 1;
        self.counter_ids.insert((between, counted.part), id);
        Ok(id)
    }

    /// Classes of bytes that each begin a repetition, and of characters that do so with their first byte only.
    pub fn counted_classes(&mut self, id: CounterId) -> Result<ClassSet> {
        if let Some(&known) = self.counted_classes.get(&id) {
            return Ok(known);
        }
        let counter = self.counters[id as usize];
        let mut row = self.reached(counter.between)?;
        (0..=255u8)
            .filter(|&byte| !counter.first.contains(byte))
            .for_each(|byte| row[usize::from(byte)] = DEAD);
        let mut characters = CHARACTERS;
        self.for_each_character(&row, CHARACTERS, |lexer, class, state, whole| {
            if state == DEAD || !whole && lexer.need(id, state).between {
                characters &= !class;
            }
        })?;
        let classes = classes_where(|byte| counter.first.contains(byte)) | characters;
        self.counted_classes.insert(id, classes);
        Ok(classes)
    }

    /// What texts lack at a state of a counted lexeme, before what follows the repetitions.
    #[inline]
    pub fn need(&self, counter: CounterId, state: LexerState) -> Need {
        match &self.needs[counter as usize] {
            None => Need {
                between: state == self.counters[counter as usize].between,
                least: 0,
            },
            Some(needs) => {
                let place = self.states[state as usize].first();
                place.and_then(|&(_, rest)| needs.of(rest)).unwrap_or_default()
            }
        }
    }

    /// Do the bounds tell all that texts lack?
    pub fn lacks_nothing_else(&self, counter: CounterId) -> bool {
        self.needs[counter as usize].is_none()
    }

    /// The most that texts lack at any state of a counted lexeme.
    pub fn most_needed(&self, counter: CounterId) -> u32 {
        self.needs[counter as usize].as_ref().map_or(0, |needs| needs.most)
    }

    /// After a byte: the lexemes that go on, if any do, and those that match.
    #[inline]
    pub fn advance(&mut self, from: Progress, byte: u8) -> Result<(Option<Progress>, MatchSet)> {
        let next = self.step(from.state, byte)?;
        if next == DEAD {
            return Ok((None, NO_MATCH));
        }
        if from.counter == NO_COUNTER {
            return self.arrive(next);
        }
        let counter = self.counters[from.counter as usize];
        let mut bounds = from.bounds;
        if self.need(from.counter, from.state).between {
            if !counter.first.contains(byte) {
                return if bounds.min > 0 {
                    Ok((None, NO_MATCH))
                } else {
                    self.arrive(next)
                };
            }
            bounds = bounds.less_one();
        }
        let need = self.need(from.counter, next);
        if need.least > bounds.max {
            return Ok((None, NO_MATCH));
        }
        if need.between && bounds.max == 0 {
            return self.arrive(counter.after);
        }
        let matched = if bounds.min == 0 { self.matches(next) } else { NO_MATCH };
        let moved = if bounds == Bounds::NONE {
            Progress::uncounted(next)
        } else {
            Progress {
                state: next,
                bounds,
                ..from
            }
        };
        Ok((Some(moved), matched))
    }

    fn arrive(&mut self, state: LexerState) -> Result<(Option<Progress>, MatchSet)> {
        let matched = self.matches(state);
        let moved = if self.goes_on(state) {
            Some(self.settle(state)?)
        } else {
            None
        };
        Ok((moved, matched))
    }

    /// The bytes that can come next.
    pub fn next_bytes(&mut self, at: Progress) -> Result<ByteSet> {
        let row = self.reached(at.state)?;
        let counter = self.counters[at.counter as usize];
        let mut possible: ByteSet = (0..=255u8).filter(|&byte| row[usize::from(byte)] != DEAD).collect();
        if at.counter != NO_COUNTER {
            let need = self.need(at.counter, at.state);
            for byte in (0..=255u8).filter(|&byte| row[usize::from(byte)] != DEAD) {
                let begins = need.between && counter.first.contains(byte);
                let bounds = if begins { at.bounds.less_one() } else { at.bounds };
                // more must begin: what follows the repetitions has to wait
                let waits = need.between && !begins && at.bounds.min > 0;
                let inside = !need.between || begins;
                let lacks = inside && self.need(at.counter, row[usize::from(byte)]).least > bounds.max;
                if waits || lacks {
                    possible.remove(byte);
                }
            }
        }
        Ok(possible)
    }

    /// The state in which a lexeme's few repetitions aren't counted; None where they are more.
    pub fn without_counter(&mut self, at: Progress) -> Result<Option<LexerState>> {
        if at.counter == NO_COUNTER || at.bounds.max > MAX_UNCOUNTED {
            return Ok(None);
        }
        match self.left(at)?[..] {
            [(lexeme, expression)] => Ok(Some(self.state_of(lexeme, expression)?)),
            _ => Ok(None),
        }
    }

    /// The lexemes in progress, each with all that is left of it.
    pub fn left(&mut self, at: Progress) -> Result<Vec<(Lexeme, ExpressionId)>> {
        let parts = self.in_progress(at.state).to_vec();
        if at.counter == NO_COUNTER {
            return Ok(parts);
        }
        let between = self.in_progress(self.counters[at.counter as usize].between)[0].1;
        let whole = |&(lexeme, expression): &(Lexeme, ExpressionId)| {
            let bounded = match &self.needs[at.counter as usize] {
                Some(needs) => needs.bounded(expression, at.bounds, &mut self.derivatives)?,
                None => self
                    .repeated
                    .bounded(expression, between, at.bounds, &mut self.derivatives)?,
            };
            Ok((lexeme, bounded))
        };
        parts.iter().map(whole).collect()
    }
}
