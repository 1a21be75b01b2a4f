//! Texts of a terminal that are lost, though something might come after them.
//!
//! Where an earlier scanner matches, a later one finds nothing. An earlier one that looks ahead, such as `/if(?!\w)/`,
//! matches at `if` followed by some texts and not by others. The text `if` of a later one is not found at all, which is
//! right where nothing may come after it but what the earlier one looks for: a name takes the letters behind it. Where
//! something else may, the grammar is refused.

use rustc_hash::FxHashSet;

use super::safety::Places;
use super::{Beginning, ContextId, Lexing};
use crate::error::{Error, Result};
use crate::lexer::variants::Variant;
use crate::lexer::{Lexeme, Lexer};
use crate::regex::derivative::for_each_interval;
use crate::regex::expression::{ANY, EMPTY, ExpressionId, UNBOUNDED};
use crate::regex::literals::char_class;

/// What is forbidden after the texts of a beginning that are themselves forbidden by what else could be found, where
/// that leaves something that might come.
///
/// Args: a beginning with all of its texts, also those that others are found instead of.
pub(super) fn forbidden_after_lost(whole: Beginning, lexer: &mut Lexer) -> Result<Vec<ExpressionId>> {
    let start = (whole.texts, whole.variant.own, whole.variant.others);
    let mut seen = FxHashSet::from_iter([start]);
    let mut pending = vec![start];
    let mut found = Vec::new();
    while let Some((texts, own, others)) = pending.pop() {
        let expressions = &lexer.derivatives.expressions;
        if expressions.nullable(texts) && expressions.nullable(others) {
            let lexeme = lexer.variant(Variant {
                own,
                others,
                ..whole.variant
            })?;
            let forbidden = lexer.forbidden_after(lexeme)?;
            let left = lexer.derivatives.expressions.not(forbidden)?;
            if lexer.derivatives.is_live(left)? {
                found.push(forbidden);
            }
        }
        let lists = [
            lexer.derivatives.live_arms(texts)?,
            lexer.derivatives.live_arms(others)?,
            lexer.derivatives.arms(own)?,
        ];
        for_each_interval(&lists, |_, _, hits| {
            let to = |list: usize| hits.iter().find(|hit| hit.0 == list).map_or(EMPTY, |hit| hit.1);
            let next = (to(0), to(2), to(1));
            // of all that follows everything is forbidden, or nothing
            let settled = next.0 == EMPTY || matches!(next.2, EMPTY | ANY);
            if !settled && seen.insert(next) {
                pending.push(next);
            }
            Ok(())
        })?;
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

impl Lexing {
    /// Errors: `Unsupported` where something may come after a text of a terminal that is lost.
    pub(super) fn check_lost(&self, places: &Places, lexer: &mut Lexer, names: &[String]) -> Result<()> {
        let newline = self.indenter.as_ref().map(|indenter| indenter.newline);
        let mut checked: FxHashSet<(ContextId, Lexeme)> = FxHashSet::default();
        for &(context, accepts) in &places.all {
            for &lexeme in accepts.iter().chain(&self.ignored).chain(&newline) {
                let lost = self.lost[context as usize].get(&lexeme);
                let Some(lost) = lost.filter(|lost| !lost.is_empty() && checked.insert((context, lexeme))) else {
                    continue;
                };
                let ignored = self.ignored.contains(&lexeme) || Some(lexeme) == newline;
                let after_ignored = places.of_context.get(&context).filter(|_| ignored);
                for &place in after_ignored.into_iter().chain(places.after.get(&lexeme)).flatten() {
                    self.check_behind(lexeme, lost, places.all[place], lexer, names)?;
                }
            }
        }
        Ok(())
    }

    /// Errors: `Unsupported` where something may come at a place behind a text of a terminal that is lost.
    fn check_behind(
        &self,
        lexeme: Lexeme,
        forbidden: &[ExpressionId],
        (context, accepts): (ContextId, &[Lexeme]),
        lexer: &mut Lexer,
        names: &[String],
    ) -> Result<()> {
        let newline = self.indenter.as_ref().map(|indenter| indenter.newline);
        for &next in accepts.iter().chain(&self.ignored).chain(&newline) {
            if self.may_begin(context, next, forbidden, lexer)? {
                return Err(Error::Unsupported(format!(
                    "where {} might end before {}, it depends on the text behind that which terminals are found; that is \
                     not implemented",
                    names[lexeme as usize], names[next as usize]
                )));
            }
        }
        Ok(())
    }

    /// May any text begin with a terminal, where some are forbidden?
    fn may_begin(
        &self,
        context: ContextId,
        next: Lexeme,
        forbidden: &[ExpressionId],
        lexer: &mut Lexer,
    ) -> Result<bool> {
        for beginning in self.beginnings(context, next) {
            let expressions = &mut lexer.derivatives.expressions;
            let character = char_class(expressions, &[(0, 0x10_FFFF)])?;
            let characters = expressions.repeat(character, 0, UNBOUNDED)?;
            let follow = expressions.concat(beginning.variant.follow, ANY)?;
            let without = expressions.not(follow)?;
            let more = expressions.intersection(&[characters, without])?;
            let whole = expressions.concat(beginning.texts, more)?;
            for &each in forbidden {
                let allowed = lexer.derivatives.expressions.not(each)?;
                let left = lexer.derivatives.expressions.intersection(&[whole, allowed])?;
                if lexer.derivatives.is_live(left)? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}
