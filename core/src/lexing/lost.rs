//! Texts of a terminal that would be lost, though something might come after them.
//!
//! Where an earlier scanner matches, a later one finds nothing. An earlier one that looks ahead, such as `/if(?!\w)/`,
//! matches at `if` followed by some texts and not by others. For a later one, the text `if` is out of question where
//! nothing may come after it but what the earlier one looks for: a name takes the letters behind it. So texts that are
//! themselves forbidden are left out, whatever follows. Where something else may come behind some of them, these are
//! kept; what may not follow them is told by what is forbidden after them, the end of all text included.

use rustc_hash::{FxHashMap, FxHashSet};

use super::safety::Places;
use super::{Beginning, ContextId, Lexing};
use crate::error::Result;
use crate::lexer::variants::Variant;
use crate::lexer::{Lexeme, Lexer};
use crate::regex::automaton::{Draft, Step};
use crate::regex::derivative::for_each_interval;
use crate::regex::expression::{ANY, Arm, EMPTY, EPSILON, ExpressionId, UNBOUNDED};
use crate::regex::literals::char_class;

/// Texts that a beginning would lose.
#[derive(Debug, Clone)]
pub(super) struct Lost {
    /// The beginning with these texts.
    pub beginning: Beginning,
    /// What is forbidden after them.
    forbidden: Vec<ExpressionId>,
}

/// By terminal, what its beginnings would lose.
pub(super) type AllLost = FxHashMap<Lexeme, Vec<Lost>>;

/// By context, beginning and what is forbidden where it begins: the texts that are kept, though they are forbidden.
pub(super) type Kept = FxHashMap<(ContextId, Beginning, ExpressionId), ExpressionId>;

/// What a beginning would lose, if anything.
///
/// Args: a beginning with all of its texts, also those that are forbidden.
pub(super) fn lost_of(whole: Beginning, lexer: &mut Lexer) -> Result<Option<Lost>> {
    let start = (whole.texts, whole.variant.own, whole.variant.others);
    let mut numbers = FxHashMap::from_iter([(start, 0u32)]);
    let mut places = vec![start];
    let mut states: Vec<Draft> = Vec::new();
    let mut forbidden = Vec::new();
    let characters = characters(lexer)?;
    while let Some(&(texts, own, others)) = places.get(states.len()) {
        let mut state = Draft::default();
        let expressions = &lexer.derivatives.expressions;
        if expressions.nullable(texts) && expressions.nullable(others) {
            let lexeme = lexer.variant(Variant {
                own,
                others,
                ..whole.variant
            })?;
            let after = lexer.forbidden_after(lexeme)?;
            let allowed = lexer.derivatives.expressions.not(after)?;
            let left = lexer.derivatives.expressions.intersection(&[characters, allowed])?;
            if lexer.derivatives.is_live(left)? {
                state.accepting = true;
                forbidden.push(after);
            }
        }
        let lists = [
            lexer.derivatives.live_arms(texts)?,
            lexer.derivatives.live_arms(others)?,
            lexer.derivatives.arms(own)?,
        ];
        let mut steps = Vec::new();
        for_each_interval(&lists, |low, high, hits| {
            let to = |list: usize| hits.iter().find(|hit| hit.0 == list).map_or(EMPTY, |hit| hit.1);
            let next = (to(0), to(2), to(1));
            // of all that follows everything is forbidden, or nothing
            if next.0 != EMPTY && !matches!(next.2, EMPTY | ANY) {
                steps.push((low, high, next));
            }
            Ok(())
        })?;
        for (low, high, next) in steps {
            let to = *numbers.entry(next).or_insert_with(|| {
                places.push(next);
                places.len() as u32 - 1
            });
            let arms = vec![Arm { low, high, to: EPSILON }];
            let label = lexer.derivatives.expressions.branch(false, arms)?;
            state.steps.push(Step { label, to });
        }
        states.push(state);
    }
    forbidden.sort_unstable();
    forbidden.dedup();
    let texts = lexer.derivatives.automaton(states)?;
    let beginning = Beginning { texts, ..whole };
    Ok((texts != EMPTY).then_some(Lost { beginning, forbidden }))
}

/// Any characters.
fn characters(lexer: &mut Lexer) -> Result<ExpressionId> {
    let expressions = &mut lexer.derivatives.expressions;
    let character = char_class(expressions, &[(0, 0x10_FFFF)])?;
    expressions.repeat(character, 0, UNBOUNDED)
}

/// By texts, what may not follow them, and what is forbidden: may one of them come?
pub(super) type Begins = FxHashMap<(ExpressionId, ExpressionId, ExpressionId), bool>;

/// May one of some texts come, and then what may follow it, where some are forbidden?
fn may_come(texts: ExpressionId, follow: ExpressionId, forbidden: ExpressionId, lexer: &mut Lexer) -> Result<bool> {
    let characters = characters(lexer)?;
    let expressions = &mut lexer.derivatives.expressions;
    let follow = expressions.concat(follow, ANY)?;
    let without = expressions.not(follow)?;
    let more = expressions.intersection(&[characters, without])?;
    let whole = expressions.concat(texts, more)?;
    let allowed = expressions.not(forbidden)?;
    let left = expressions.intersection(&[whole, allowed])?;
    lexer.derivatives.is_live(left)
}

impl Lexing {
    /// Gives terminals the texts that they would lose in some context, where something may come after them.
    ///
    /// Args: by context, what terminals would lose there.
    pub(super) fn keep_lost(&mut self, mut lost: Vec<AllLost>, lexer: &mut Lexer) -> Result<()> {
        if lost.iter().all(AllLost::is_empty) {
            return Ok(());
        }
        let mut known = Begins::default();
        loop {
            let places = Places::new(self);
            let mut kept: Vec<(ContextId, Lexeme, Beginning)> = Vec::new();
            let mut asked: FxHashSet<(ContextId, Lexeme)> = FxHashSet::default();
            for &(context, accepts) in &places.all {
                for &lexeme in self.looked_for(accepts) {
                    let all = lost[context as usize].get(&lexeme);
                    let Some(all) = all.filter(|_| asked.insert((context, lexeme))) else {
                        continue;
                    };
                    for each in all {
                        if self.may_follow_lost(context, lexeme, each, &places, &mut known, lexer)? {
                            kept.push((context, lexeme, each.beginning));
                        }
                    }
                }
            }
            if kept.is_empty() {
                return Ok(());
            }
            for (context, lexeme, beginning) in kept {
                let left = lost[context as usize].entry(lexeme).or_default();
                left.retain(|each| each.beginning != beginning);
                let begun = self.contexts[context as usize].entry(lexeme).or_default();
                match begun.iter_mut().find(|known| known.variant == beginning.variant) {
                    Some(known) => {
                        let texts = [known.texts, beginning.texts];
                        known.texts = lexer.derivatives.expressions.union(&texts)?;
                    }
                    None => begun.push(beginning),
                }
            }
        }
    }

    /// All that is looked for where the parser takes some terminals.
    pub(super) fn looked_for<'a>(&'a self, accepts: &'a [Lexeme]) -> impl Iterator<Item = &'a Lexeme> {
        let newline = self.indenter.as_ref().map(|indenter| &indenter.newline);
        accepts.iter().chain(&self.ignored).chain(newline)
    }

    /// May anything come after texts of a terminal that would be lost?
    pub(super) fn may_follow_lost(
        &self,
        context: ContextId,
        lexeme: Lexeme,
        lost: &Lost,
        places: &Places,
        known: &mut Begins,
        lexer: &mut Lexer,
    ) -> Result<bool> {
        let is_newline = self
            .indenter
            .as_ref()
            .is_some_and(|indenter| indenter.newline == lexeme);
        let ignored = is_newline || self.ignored.contains(&lexeme);
        let after_ignored = places.of_context.get(&context).filter(|_| ignored);
        for &place in after_ignored.into_iter().chain(places.after.get(&lexeme)).flatten() {
            let (behind, accepts) = places.all[place];
            for &next in self.looked_for(accepts) {
                if self.may_begin(behind, next, &lost.forbidden, known, lexer)? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// May any text begin with a terminal, where some are forbidden?
    fn may_begin(
        &self,
        context: ContextId,
        next: Lexeme,
        forbidden: &[ExpressionId],
        known: &mut Begins,
        lexer: &mut Lexer,
    ) -> Result<bool> {
        for &Beginning { texts, variant } in self.beginnings(context, next) {
            for &each in forbidden {
                let key = (texts, variant.follow, each);
                let begins = match known.get(&key) {
                    Some(&known) => known,
                    None => {
                        let begins = may_come(texts, variant.follow, each, lexer)?;
                        known.insert(key, begins);
                        begins
                    }
                };
                if begins {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}
