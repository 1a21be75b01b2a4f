//! Which terminals may follow what is ignored, at once or after more that is ignored.
//!
//! That depends on what is forbidden where the ignored text begins, since some of it still is where it ends: behind
//! `/a\/`, which a later slash would make longer, no blanks lead to another `/b/`. Where it depends on the ignored text
//! itself, too, the grammar is refused.

use std::collections::BTreeSet;
use std::collections::hash_map::Entry;

use rustc_hash::FxHashMap;

use super::lalr::Terminals;
use super::safety::{After, Asked, Ends, side_with};
use super::{ContextId, Lexing, Side};
use crate::error::{Error, Result};
use crate::lexer::Lexeme;
use crate::regex::expression::ExpressionId;

/// Something that is ignored, and what is known where it begins.
type Begun = (ContextId, ExpressionId, Lexeme);

/// What may follow what is ignored, whichever of its texts that is.
#[derive(Debug, Default)]
pub(super) struct Follows {
    ids: FxHashMap<Begun, usize>,
    sets: Vec<Terminals>,
}

impl Follows {
    pub fn after(&self, side: Side, ignored: Lexeme) -> Result<&Terminals> {
        let id = self.ids.get(&(side.context, side.forbidden, ignored));
        let id = id.ok_or_else(|| Error::Malformed("terminals forbid what was not foreseen".into()))?;
        Ok(&self.sets[*id])
    }
}

/// In one context, by what is forbidden: what may come next, at once, and as far as it was found, after more that is
/// ignored.
type Places = FxHashMap<ExpressionId, Terminals>;

/// What may come next at one of these ends.
fn at_any(reached: &Ends, places: &Places, nothing: &Terminals) -> Terminals {
    let mut found = nothing.clone();
    reached.iter().for_each(|end| {
        found.add(&places[end]);
    });
    found
}

impl Lexing {
    /// Errors: `Unsupported` where what may follow depends on the text that is ignored.
    pub(super) fn find_followers(
        &self,
        ignored_here: &[Lexeme],
        after: &After,
        lexer: &mut Asked,
        names: &[String],
    ) -> Result<Follows> {
        let nothing = Terminals::new(names.len());
        let all = after.ignored.iter().filter(|((_, _, it), _)| ignored_here.contains(it));
        let all: Vec<(&Begun, &BTreeSet<Ends>)> = all.collect();
        let mut follows = Follows::default();
        let mut known: FxHashMap<Terminals, usize> = FxHashMap::default();
        for begun in all.chunk_by(|((a, _, _), _), ((b, _, _), _)| a == b) {
            let mut places = Places::default();
            for &(&(context, ..), ends) in begun {
                for &end in ends.iter().flat_map(|reached| reached.iter()) {
                    if let Entry::Vacant(vacant) = places.entry(end) {
                        vacant.insert(self.at_once(side_with(context, end), ignored_here, &nothing, lexer)?);
                    }
                }
            }
            let mut grown = true;
            while std::mem::take(&mut grown) {
                for &(&(_, forbidden, _), ends) in begun {
                    for reached in ends {
                        let found = at_any(reached, &places, &nothing);
                        grown |= places.get_mut(&forbidden).is_some_and(|next| next.add(&found));
                    }
                }
            }
            for &(&key, ends) in begun {
                let mut follow: Option<Terminals> = None;
                for reached in ends {
                    let found = at_any(reached, &places, &nothing);
                    let follow = follow.get_or_insert_with(|| found.clone());
                    if let Some(lexeme) = follow.first_difference(&found) {
                        return Err(Error::Unsupported(format!(
                            "{} may follow {}, which is ignored, after some of its texts only",
                            names[lexeme as usize], names[key.2 as usize]
                        )));
                    }
                }
                let follow = follow.unwrap_or_else(|| nothing.clone());
                let id = *known.entry(follow.clone()).or_insert_with(|| {
                    follows.sets.push(follow);
                    follows.sets.len() - 1
                });
                follows.ids.insert(key, id);
            }
        }
        Ok(follows)
    }

    fn at_once(
        &self,
        side: Side,
        ignored_here: &[Lexeme],
        nothing: &Terminals,
        lexer: &mut Asked,
    ) -> Result<Terminals> {
        let mut next = nothing.clone();
        for &lexeme in self.contexts[side.context as usize].keys() {
            if !ignored_here.contains(&lexeme) && self.may_follow_at_once(side, lexeme, lexer)? {
                next.insert(lexeme);
            }
        }
        Ok(next)
    }
}
