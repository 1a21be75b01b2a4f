//! Does every text that is read so far have a way on? What a terminal forbids might leave none of those that the parser
//! waits for. Whether it does is found out once, when the grammar is built.
//!
//! After every terminal, whatever it forbids, every terminal that the parser could then take must have a text: at once,
//! or after something that is ignored. That is more than is needed: a parser may never wait for a terminal in the state
//! that takes it. Where this is not shown, the grammar is refused, rather than to find a way out in each mask anew.
//!
//! What is ignored may well stand in the way: blanks before a line's end belong to it where a line's end takes them. So it
//! begins only where one of the terminals that the parser waits for may follow it.

use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};

use super::{Beginning, ContextId, Lexing, START, Side, restricted};
use crate::error::{Error, Result};
use crate::lexer::{DEAD, Lexeme, Lexer, LexerState};
use crate::regex::expression::{EMPTY, ExpressionId};

/// What may be forbidden after a terminal: of one that is ignored, in a context; of others, wherever they are found.
type After = FxHashMap<(Option<ContextId>, Lexeme), BTreeSet<ExpressionId>>;

/// A context, something that is ignored, and a terminal that may follow it whatever it forbids.
pub(super) type Follows = FxHashSet<(ContextId, Lexeme, Lexeme)>;

/// Sets of what is forbidden, all terminals together, are no more than this.
const MAX_FORBIDDEN: usize = 10_000;

/// The lexer, and which beginnings have a text where something is forbidden: many contexts share them.
struct Asked<'a> {
    lexer: &'a mut Lexer,
    known: FxHashMap<(Beginning, ExpressionId), bool>,
}

impl Asked<'_> {
    fn has_text(&mut self, beginning: Beginning, forbidden: ExpressionId) -> Result<bool> {
        if let Some(&known) = self.known.get(&(beginning, forbidden)) {
            return Ok(known);
        }
        let texts = restricted(beginning, forbidden, self.lexer)?.texts;
        let live = self.lexer.derivatives.is_live(texts)?;
        self.known.insert((beginning, forbidden), live);
        Ok(live)
    }
}

impl Lexing {
    pub(super) fn check_safety(&mut self, lexer: &mut Lexer, names: &[String]) -> Result<()> {
        let after = self.forbidden_after_terminals(lexer)?;
        let lexer = &mut Asked {
            lexer,
            known: FxHashMap::default(),
        };
        self.follows_ignored = self.find_followers(&self.ignored, &after, lexer, names)?;
        if let Some(indenter) = &self.indenter {
            let ignored = [self.ignored.as_slice(), &[indenter.newline]].concat();
            self.follows_in_brackets = self.find_followers(&ignored, &after, lexer, names)?;
        }
        let none = BTreeSet::from([EMPTY]);
        let mut checked: FxHashSet<(Side, Lexeme)> = FxHashSet::default();
        for (state, accepts) in self.tables.accepts.iter().enumerate() {
            let entered_by = self.tables.entered_by[state];
            let read_before = match (entered_by, &self.indenter) {
                (Some(lexeme), Some(indenter)) if indenter.is_mark(lexeme) => Some(indenter.newline),
                _ => entered_by,
            };
            let forbidden_here = match read_before {
                Some(lexeme) => after.get(&(None, lexeme)),
                None if state as u32 == START => Some(&none),
                None => continue, // a rule led here: the next terminal was looked for before
            };
            let context = self.context_of[state];
            for &forbidden in forbidden_here.into_iter().flatten() {
                let side = Side {
                    context,
                    forbidden,
                    ..Side::NONE
                };
                let is_mark = |&lexeme: &Lexeme| {
                    let indenter = self.indenter.as_ref();
                    indenter.is_some_and(|indenter| indenter.is_mark(lexeme))
                };
                let asked = accepts.iter().copied();
                for lexeme in asked.filter(|lexeme| !self.ignored.contains(lexeme) && !is_mark(lexeme)) {
                    if checked.insert((side, lexeme)) && !self.may_follow(side, lexeme, lexer)? {
                        return Err(no_way_on(read_before, lexeme, forbidden != EMPTY, names));
                    }
                }
            }
        }
        Ok(())
    }

    /// May a terminal follow, at once or after something that is ignored?
    fn may_follow(&self, side: Side, lexeme: Lexeme, lexer: &mut Asked) -> Result<bool> {
        if self.may_follow_at_once(side, lexeme, lexer)? {
            return Ok(true);
        }
        for &ignored in &self.ignored {
            if self.follows_ignored.contains(&(side.context, ignored, lexeme))
                && self.may_follow_at_once(side, ignored, lexer)?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn may_follow_at_once(&self, side: Side, lexeme: Lexeme, lexer: &mut Asked) -> Result<bool> {
        for &beginning in self.beginnings(side.context, lexeme) {
            if lexer.has_text(beginning, side.forbidden)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Which terminals may follow what is ignored, at once or after more of what is ignored.
    fn find_followers(
        &self,
        ignored_here: &[Lexeme],
        after: &After,
        lexer: &mut Asked,
        names: &[String],
    ) -> Result<Follows> {
        let mut found = Follows::default();
        let mut grown = true;
        while std::mem::take(&mut grown) {
            for (context, accepted) in (0..).zip(&self.contexts) {
                for &ignored in ignored_here {
                    let ends = after.get(&(Some(context), ignored)).into_iter().flatten();
                    let sides: Vec<Side> = ends.map(side_with(context)).collect();
                    for &lexeme in accepted.keys().filter(|lexeme| !ignored_here.contains(lexeme)) {
                        let pair = (context, ignored, lexeme);
                        if !found.contains(&pair)
                            && self.follows_all(&sides, lexeme, ignored_here, &found, lexer)? == Some(true)
                        {
                            grown |= found.insert(pair);
                        }
                    }
                }
            }
        }
        for (context, accepted) in (0..).zip(&self.contexts) {
            for &ignored in ignored_here {
                let ends = after.get(&(Some(context), ignored)).into_iter().flatten();
                let sides: Vec<Side> = ends.map(side_with(context)).collect();
                for &lexeme in accepted.keys().filter(|lexeme| !ignored_here.contains(lexeme)) {
                    if self.follows_all(&sides, lexeme, ignored_here, &found, lexer)?.is_none() {
                        return Err(Error::Unsupported(format!(
                            "{} may follow {}, which is ignored, after some of its texts only",
                            names[lexeme as usize], names[ignored as usize]
                        )));
                    }
                }
            }
        }
        Ok(found)
    }

    /// May a terminal follow at all of these sides, or at none? None if at some. After more of what is ignored it may
    /// follow as far as `follows` says.
    fn follows_all(
        &self,
        sides: &[Side],
        lexeme: Lexeme,
        ignored_here: &[Lexeme],
        follows: &Follows,
        lexer: &mut Asked,
    ) -> Result<Option<bool>> {
        let mut count = 0;
        for &side in sides {
            let mut may = self.may_follow_at_once(side, lexeme, lexer)?;
            for &ignored in ignored_here {
                may = may
                    || follows.contains(&(side.context, ignored, lexeme))
                        && self.may_follow_at_once(side, ignored, lexer)?;
            }
            count += usize::from(may);
        }
        Ok(match count {
            0 => Some(false),
            _ if count == sides.len() => Some(true),
            _ => None,
        })
    }

    /// What may be forbidden after each terminal.
    fn forbidden_after_terminals(&self, lexer: &mut Lexer) -> Result<After> {
        let mut after = After::default();
        let mut all: BTreeSet<ExpressionId> = BTreeSet::from([EMPTY]);
        let mut pending = vec![EMPTY];
        let mut beginnings: FxHashSet<(Option<ContextId>, Lexeme, Beginning)> = FxHashSet::default();
        for (context, begun) in (0..).zip(&self.contexts) {
            for (&lexeme, ways) in begun {
                let is_newline = self.indenter.as_ref().is_some_and(|it| it.newline == lexeme);
                let context = Some(context).filter(|_| is_newline || self.ignored.contains(&lexeme));
                beginnings.extend(ways.iter().map(|&beginning| (context, lexeme, beginning)));
                if is_newline {
                    beginnings.extend(ways.iter().map(|&beginning| (None, lexeme, beginning)));
                }
            }
        }
        // most texts have nothing in common with what is forbidden
        let mut by_texts: FxHashMap<ExpressionId, Vec<(Option<ContextId>, Lexeme, Beginning)>> = FxHashMap::default();
        for &found in &beginnings {
            by_texts.entry(found.2.texts).or_default().push(found);
        }
        let mut ends_of: FxHashMap<Beginning, BTreeSet<ExpressionId>> = FxHashMap::default();
        while let Some(forbidden) = pending.pop() {
            for (&texts, begun) in &by_texts {
                if forbidden != EMPTY && !lexer.derivatives.share_a_beginning(texts, forbidden)? {
                    continue;
                }
                for &(context, lexeme, beginning) in begun {
                    let begun = restricted(beginning, forbidden, lexer)?;
                    if !lexer.derivatives.is_live(begun.texts)? {
                        continue;
                    }
                    let found = match ends_of.get(&begun) {
                        Some(known) => known,
                        None => {
                            let found = ends(begun, lexer)?;
                            ends_of.entry(begun).or_insert(found)
                        }
                    };
                    after.entry((context, lexeme)).or_default().extend(found);
                    pending.extend(found.iter().filter(|&&end| all.insert(end)));
                }
                if all.len() > MAX_FORBIDDEN {
                    return Err(Error::TooLarge {
                        what: "the number of ways in which terminals restrict what follows them",
                        value: MAX_FORBIDDEN,
                    });
                }
            }
        }
        Ok(after)
    }
}

/// What may be forbidden where a lexeme ends.
fn ends(beginning: Beginning, lexer: &mut Lexer) -> Result<BTreeSet<ExpressionId>> {
    let variant = lexer.variant(beginning.variant)?;
    let start = lexer.state_of(variant, beginning.texts)?;
    let mut found = BTreeSet::new();
    let mut seen: FxHashSet<LexerState> = FxHashSet::from_iter([start]);
    let mut pending = vec![start];
    while let Some(state) = pending.pop() {
        if let Some((settled, _)) = lexer.only_lexeme(state) {
            found.insert(lexer.forbidden_after(settled)?);
        } else {
            for next in lexer.reached(state)? {
                if next != DEAD && seen.insert(next) {
                    pending.push(next);
                }
            }
        }
        for lexeme in lexer.match_set(lexer.matches(state)).to_vec() {
            found.insert(lexer.forbidden_after(lexeme)?);
        }
    }
    Ok(found)
}

fn side_with(context: ContextId) -> impl Fn(&ExpressionId) -> Side {
    move |&forbidden| Side {
        context,
        forbidden,
        ..Side::NONE
    }
}

fn no_way_on(before: Option<Lexeme>, lexeme: Lexeme, restricted: bool, names: &[String]) -> Error {
    let name = |lexeme: Lexeme| names[lexeme as usize].as_str();
    let lexeme = name(lexeme);
    Error::Unsupported(match before {
        Some(before) if restricted => format!(
            "the lexer can't find {lexeme} right after {}, where the grammar may ask for it: the two would be read as \
             something else, and nothing that is ignored can stand between them",
            name(before)
        ),
        Some(before) => format!(
            "the lexer never finds {lexeme} after {}, where the grammar may ask for it: other terminals come first",
            name(before)
        ),
        None => format!("the lexer never finds {lexeme} at the start: other terminals come first"),
    })
}
