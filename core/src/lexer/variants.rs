//! Lexemes with what must be remembered of the text beside them: where not every split of a text counts, the end of a
//! lexeme says something of the text after it.
//!
//! A keyword may not be followed by a letter, since a name would be found there; an integer not by a point and a digit.
//! So a lexeme in progress is accompanied by *what else could be found here*, an expression that is derived along with it.
//! A lexeme with a different rest of that is a lexeme of its own: a variant, with a number of its own.

use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::{SmallVec, smallvec};

use super::{KEYS, Lexeme};
use crate::error::Result;
use crate::lexing::layout::Change;
use crate::regex::derivative::Derivatives;
use crate::regex::expression::{ANY, EMPTY, EPSILON, ExpressionId};

/// Expressions with more derivatives are not looked through for what is left at their ends.
const MAX_PLACES: usize = 64;

/// A lexeme, and what else could be found from where it began, as far as it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Variant {
    pub base: Lexeme,
    /// What is left of all that the lexeme's own scanner matches: it must not match any more of the text. `EMPTY` if it
    /// may.
    pub own: ExpressionId,
    /// Texts that must not come, each to the end of all: what is left of other scanners' texts, and of what earlier
    /// lexemes forbid.
    pub others: ExpressionId,
    /// What no text after the lexeme may begin with; none of these is empty.
    pub follow: ExpressionId,
    /// Does a longer match not count where that comes after it?
    pub unless_followed: bool,
    /// Of a line's end, what it does to the blocks that are open.
    pub change: Change,
}

impl Variant {
    pub fn plain(base: Lexeme) -> Self {
        Variant {
            base,
            own: EMPTY,
            others: EMPTY,
            follow: EMPTY,
            unless_followed: false,
            change: Change::None,
        }
    }

    /// Does what is remembered change with each byte?
    pub fn moves(&self) -> bool {
        self.own != EMPTY || self.others != EMPTY || self.change.counts()
    }
}

/// All variants that were met.
#[derive(Debug, Default)]
pub struct Variants {
    /// Number of the lexemes themselves; variants have the numbers after them.
    bases: Lexeme,
    table: Vec<Variant>,
    /// What each is wherever it ends, if that is always the same.
    settled: Vec<Option<Lexeme>>,
    ids: FxHashMap<Variant, Lexeme>,
    forbidden: FxHashMap<Lexeme, ExpressionId>,
}

impl Variants {
    pub fn new(bases: usize) -> Self {
        Variants {
            bases: bases as Lexeme,
            ..Variants::default()
        }
    }

    pub fn get(&self, lexeme: Lexeme) -> Variant {
        match lexeme.checked_sub(self.bases) {
            Some(index) if lexeme != KEYS => self.table[index as usize],
            _ => Variant::plain(lexeme),
        }
    }

    /// The number of a variant.
    pub fn id(&mut self, mut variant: Variant, derivatives: &mut Derivatives) -> Result<Lexeme> {
        if variant.own == EPSILON {
            variant.own = EMPTY;
        }
        if variant == Variant::plain(variant.base) {
            return Ok(variant.base);
        }
        if let Some(&known) = self.ids.get(&variant) {
            return Ok(known);
        }
        derivatives.expressions.charge(1)?;
        let id = self.bases + self.table.len() as Lexeme;
        self.table.push(variant);
        self.settled.push(None);
        self.ids.insert(variant, id);
        if variant.others == EMPTY
            && !variant.change.counts()
            && let Some(own) = own_at_ends(variant.own, derivatives)?
        {
            self.settled[(id - self.bases) as usize] = Some(self.id(Variant { own, ..variant }, derivatives)?);
        }
        Ok(id)
    }

    /// What a lexeme in progress is wherever it ends after some more bytes; None where that depends on the bytes.
    pub fn settled(&self, lexeme: Lexeme) -> Option<Lexeme> {
        match lexeme.checked_sub(self.bases) {
            Some(index) if lexeme != KEYS => self.settled[index as usize],
            _ => Some(lexeme),
        }
    }

    /// What no text after the lexeme's end may begin with, together with all that may follow it.
    pub fn forbidden_after(&mut self, lexeme: Lexeme, derivatives: &mut Derivatives) -> Result<ExpressionId> {
        let variant = self.get(lexeme);
        if variant == Variant::plain(variant.base) {
            return Ok(EMPTY);
        }
        if let Some(&known) = self.forbidden.get(&lexeme) {
            return Ok(known);
        }
        // the empty text is no more of a match
        let arms = derivatives.arms(variant.own)?.to_vec();
        let expressions = &mut derivatives.expressions;
        let more = expressions.branch(false, arms)?;
        let follow = expressions.concat(variant.follow, ANY)?;
        let then = if variant.unless_followed {
            expressions.not(follow)?
        } else {
            ANY
        };
        let longer = expressions.concat(more, then)?;
        // what one of them says needs no other: so that lexemes with the same consequences have the same set
        let mut parts: SmallVec<[ExpressionId; 3]> = SmallVec::new();
        for part in [follow, longer, variant.others] {
            let mut is_said = part == EMPTY;
            for &other in &parts {
                let outside = derivatives.expressions.not(other)?;
                let more = derivatives.expressions.intersection(&[part, outside])?;
                is_said = is_said || !derivatives.is_live(more)?;
            }
            if !is_said {
                parts.push(part);
            }
        }
        let forbidden = derivatives.expressions.union(&parts)?;
        self.forbidden.insert(lexeme, forbidden);
        Ok(forbidden)
    }
}

/// What is left of an expression wherever it has matched after some bytes, if that is always the same.
fn own_at_ends(own: ExpressionId, derivatives: &mut Derivatives) -> Result<Option<ExpressionId>> {
    let mut left = None;
    let mut reached: SmallVec<[ExpressionId; 8]> = smallvec![own];
    let mut seen = FxHashSet::from_iter([own]);
    let mut done = 0;
    while let Some(&at) = reached.get(done) {
        done += 1;
        for arm in derivatives.arms(at)?.iter() {
            if derivatives.expressions.nullable(arm.to) && left.replace(arm.to).is_some_and(|other| other != arm.to) {
                return Ok(None);
            }
            if seen.insert(arm.to) {
                reached.push(arm.to);
            }
        }
        if reached.len() > MAX_PLACES {
            return Ok(None);
        }
    }
    Ok(left.or((own == EMPTY).then_some(EMPTY)))
}
