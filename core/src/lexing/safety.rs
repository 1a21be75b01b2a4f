//! Does every text that is read so far have a way on? What a terminal forbids might leave none of those that the parser
//! waits for. Whether it does is found out once, when the grammar is built.
//!
//! After every terminal, whatever it forbids where the parser takes it, every terminal that the parser could then take must
//! have a text: at once, or after something that is ignored. That is more than is needed: a parser may never wait for a
//! terminal in the state that takes it. Where this is not shown, the grammar is refused, rather than to find a way out in
//! each mask anew.
//!
//! What terminals forbid goes from one to the next, but only to those that the parser may take there: what is forbidden
//! after a division, the rest of a comment, would go with all that follows a star, and in SQL no star follows a division.
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
        self.follows_ignored = self.find_followers(&after, lexer, names)?;
        let none = BTreeSet::from([EMPTY]);
        let mut checked: FxHashSet<(Side, Lexeme)> = FxHashSet::default();
        for (state, accepts) in self.tables.accepts.iter().enumerate() {
            let entered_by = self.tables.entered_by[state];
            let forbidden_here = match entered_by {
                Some(lexeme) => after.get(&(None, lexeme)),
                None if state as u32 == START => Some(&none),
                None => continue, // a rule led here: the next terminal was looked for before
            };
            let context = self.context_of[state];
            for &forbidden in forbidden_here.into_iter().flatten() {
                let side = Side { context, forbidden };
                for &lexeme in accepts.iter().filter(|lexeme| !self.ignored.contains(lexeme)) {
                    if checked.insert((side, lexeme)) && !self.may_follow(side, lexeme, lexer)? {
                        return Err(no_way_on(entered_by, lexeme, forbidden != EMPTY, names));
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
    fn find_followers(&self, after: &After, lexer: &mut Asked, names: &[String]) -> Result<Follows> {
        let mut found = Follows::default();
        let mut grown = true;
        while std::mem::take(&mut grown) {
            for (context, accepted) in (0..).zip(&self.contexts) {
                for &ignored in &self.ignored {
                    let ends = after.get(&(Some(context), ignored)).into_iter().flatten();
                    let sides: Vec<Side> = ends.map(|&forbidden| Side { context, forbidden }).collect();
                    for &lexeme in accepted.keys().filter(|lexeme| !self.ignored.contains(lexeme)) {
                        let pair = (context, ignored, lexeme);
                        if !found.contains(&pair) && self.follows_all(&sides, lexeme, &found, lexer)? == Some(true) {
                            grown |= found.insert(pair);
                        }
                    }
                }
            }
        }
        for (context, accepted) in (0..).zip(&self.contexts) {
            for &ignored in &self.ignored {
                let ends = after.get(&(Some(context), ignored)).into_iter().flatten();
                let sides: Vec<Side> = ends.map(|&forbidden| Side { context, forbidden }).collect();
                for &lexeme in accepted.keys().filter(|lexeme| !self.ignored.contains(lexeme)) {
                    if self.follows_all(&sides, lexeme, &found, lexer)?.is_none() {
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
        follows: &Follows,
        lexer: &mut Asked,
    ) -> Result<Option<bool>> {
        let mut count = 0;
        for &side in sides {
            let mut may = self.may_follow_at_once(side, lexeme, lexer)?;
            for &ignored in &self.ignored {
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

    /// What may be forbidden after each terminal, from the start on.
    fn forbidden_after_terminals(&self, lexer: &mut Lexer) -> Result<After> {
        let places = Places::new(self);
        let mut after = After::default();
        let mut asked: FxHashSet<(ContextId, Lexeme, ExpressionId)> = FxHashSet::default();
        let mut all: FxHashSet<ExpressionId> = FxHashSet::from_iter([EMPTY]);
        let mut ends_of: FxHashMap<Beginning, BTreeSet<ExpressionId>> = FxHashMap::default();
        let mut met: FxHashSet<(usize, ExpressionId)> = FxHashSet::from_iter([(0, EMPTY)]);
        let mut pending = vec![(0, EMPTY)];
        while let Some((place, forbidden)) = pending.pop() {
            let (context, accepts) = places.all[place];
            for &lexeme in accepts.iter().chain(&self.ignored) {
                if !asked.insert((context, lexeme, forbidden)) {
                    continue;
                }
                let of_context = self.ignored.contains(&lexeme).then_some(context);
                let next = match of_context {
                    Some(context) => places.of_context.get(&context),
                    None => places.after.get(&lexeme),
                };
                for &beginning in self.beginnings(context, lexeme) {
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
                    let known = after.entry((of_context, lexeme)).or_default();
                    for &end in found.iter().filter(|&&end| known.insert(end)) {
                        all.insert(end);
                        let next = next.into_iter().flatten().map(|&place| (place, end));
                        pending.extend(next.filter(|&pair| met.insert(pair)));
                    }
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

/// Where terminals are looked for: states with the same terminals are one place.
struct Places<'a> {
    /// The context, and the terminals that the parser takes. The first is that of the start.
    all: Vec<(ContextId, &'a [Lexeme])>,
    /// By the terminal that leads there.
    after: FxHashMap<Lexeme, BTreeSet<usize>>,
    of_context: FxHashMap<ContextId, BTreeSet<usize>>,
}

impl<'a> Places<'a> {
    fn new(lexing: &'a Lexing) -> Self {
        let mut places = Places {
            all: Vec::new(),
            after: FxHashMap::default(),
            of_context: FxHashMap::default(),
        };
        let mut numbers: FxHashMap<(ContextId, &[Lexeme]), usize> = FxHashMap::default();
        for (state, accepts) in lexing.tables.accepts.iter().enumerate() {
            let entered_by = lexing.tables.entered_by[state];
            if entered_by.is_none() && state as u32 != START {
                continue; // a rule led here: the next terminal was looked for before
            }
            let context = lexing.context_of[state];
            let number = *numbers.entry((context, accepts)).or_insert(places.all.len());
            if number == places.all.len() {
                places.all.push((context, accepts));
                places.of_context.entry(context).or_default().insert(number);
            }
            if let Some(lexeme) = entered_by {
                places.after.entry(lexeme).or_default().insert(number);
            }
        }
        places
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
            let mut last = DEAD;
            for next in lexer.reached(state)? {
                if next != last && next != DEAD && seen.insert(next) {
                    pending.push(next);
                }
                last = next;
            }
        }
        for lexeme in lexer.match_set(lexer.matches(state)).to_vec() {
            found.insert(lexer.forbidden_after(lexeme)?);
        }
    }
    Ok(found)
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
