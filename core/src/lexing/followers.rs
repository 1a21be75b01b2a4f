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

/// What may come next at a place in one context.
struct Next {
    terminals: Terminals,
    ignored: Vec<Lexeme>,
}

/// One context.
#[derive(Default)]
struct Here {
    /// By what is forbidden.
    next: FxHashMap<ExpressionId, Next>,
    /// By what is forbidden where it begins, and what is ignored: what may follow, as far as it was found.
    follow: FxHashMap<(ExpressionId, Lexeme), Terminals>,
}

impl Here {
    /// What may follow at one of these ends.
    fn at_any(&self, reached: &Ends, nothing: &Terminals) -> Terminals {
        let mut found = nothing.clone();
        for end in reached.iter() {
            let next = &self.next[end];
            found.add(&next.terminals);
            for &ignored in &next.ignored {
                found.add(&self.follow[&(*end, ignored)]);
            }
        }
        found
    }
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
            let mut here = Here::default();
            for &(&(context, forbidden, ignored), ends) in begun {
                here.follow.insert((forbidden, ignored), nothing.clone());
                for &end in ends.iter().flat_map(|reached| reached.iter()) {
                    if let Entry::Vacant(vacant) = here.next.entry(end) {
                        vacant.insert(self.next(side_with(context, end), ignored_here, &nothing, lexer)?);
                    }
                }
            }
            let mut grown = true;
            while std::mem::take(&mut grown) {
                for &(&(_, forbidden, ignored), ends) in begun {
                    let mut anywhere = ends.iter().map(|reached| here.at_any(reached, &nothing));
                    let Some(mut everywhere) = anywhere.next() else {
                        continue;
                    };
                    anywhere.for_each(|found| everywhere.keep(&found));
                    let follow = here.follow.get_mut(&(forbidden, ignored));
                    grown |= follow.is_some_and(|follow| follow.add(&everywhere));
                }
            }
            for &(&key, ends) in begun {
                let follow = &here.follow[&(key.1, key.2)];
                for reached in ends {
                    let mut found = here.at_any(reached, &nothing);
                    found.remove(follow);
                    if let Some(lexeme) = found.iter().next() {
                        return Err(Error::Unsupported(format!(
                            "{} may follow {}, which is ignored, after some of its texts only",
                            names[lexeme as usize], names[key.2 as usize]
                        )));
                    }
                }
                let id = *known.entry(follow.clone()).or_insert_with(|| {
                    follows.sets.push(follow.clone());
                    follows.sets.len() - 1
                });
                follows.ids.insert(key, id);
            }
        }
        Ok(follows)
    }

    fn next(&self, side: Side, ignored_here: &[Lexeme], nothing: &Terminals, lexer: &mut Asked) -> Result<Next> {
        let mut terminals = nothing.clone();
        let mut ignored = Vec::new();
        for &lexeme in self.contexts[side.context as usize].keys() {
            if ignored_here.contains(&lexeme) {
                if self.has_text(side, lexeme, lexer)? {
                    ignored.push(lexeme);
                }
            } else if self.may_follow_at_once(side, lexeme, lexer)? {
                terminals.insert(lexeme);
            }
        }
        Ok(Next { terminals, ignored })
    }
}
