//! Does every text that is read so far have a way on? What a terminal forbids might leave none of those that the parser
//! waits for. Whether it does is found out once, when the grammar is built.
//!
//! After every terminal, the terminals that the parser could then take are looked for: each must be found behind every
//! text of the first that can't go on, at once or after something that is ignored. If all are, there is a way on. If
//! some are not, they are taken to be barred there, and the rules must lead to the end without them (`adjacent`). That is
//! more than is needed: a parser may never wait for a terminal in the state that takes it. Where no way is shown, the
//! grammar is refused, rather than to find a way out in each mask anew.
//! What terminals forbid goes from one to the next, but only to those that the parser may take there: what is forbidden
//! after a division, the rest of a comment, would go with all that follows a star, and in SQL no star follows a division.
//!
//! What is ignored may well stand in the way: blanks before a line's end belong to it where a line's end takes them. So it
//! begins only where one of the terminals that the parser waits for may follow it (`followers`).

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::adjacent::Adjacency;
use super::layout::byte_class;
use super::lost::{Begins, Kept, Lost, lost_of};
use super::{Beginning, ContextId, Lexing, START, Side, conflict_error, restricted};
use crate::error::{Error, Result};
use crate::grammar::Grammar;
use crate::lexer::{DEAD, Lexeme, Lexer, LexerState};
use crate::regex::expression::{EMPTY, ExpressionId, UNBOUNDED};

/// What may be forbidden after a terminal. From each place in its texts, the ends of one of the sets can be reached.
#[derive(Default)]
pub(super) struct After {
    /// Wherever the terminal is found.
    terminals: FxHashMap<Lexeme, BTreeSet<Ends>>,
    /// Of what is ignored, by what is known where it begins.
    pub ignored: BTreeMap<(ContextId, ExpressionId, Lexeme), BTreeSet<Ends>>,
}

/// What is forbidden at the ends that can be reached from some place, sorted.
pub(super) type Ends = Rc<[ExpressionId]>;

/// Sets of what is forbidden, all terminals together, are no more than this.
const MAX_FORBIDDEN: usize = 10_000;

/// Texts that are kept though they are forbidden are no more than this: they make new sets, and those more such texts.
const MAX_KEPT: usize = 12;

/// The lexer, and which beginnings have a text where something is forbidden: many contexts share them.
pub(super) struct Asked<'a> {
    pub lexer: &'a mut Lexer,
    known: FxHashMap<(Beginning, ExpressionId, ContextId), bool>,
}

impl Asked<'_> {
    fn has_text(&mut self, beginning: Beginning, side: Side, kept: &Kept) -> Result<bool> {
        // what is kept is known by the context, too
        let key = (
            beginning,
            side.forbidden,
            if kept.is_empty() { 0 } else { side.context },
        );
        if let Some(&known) = self.known.get(&key) {
            return Ok(known);
        }
        let texts = restricted(beginning, side, kept, self.lexer)?.texts;
        let live = self.lexer.derivatives.is_live(texts)?;
        self.known.insert(key, live);
        Ok(live)
    }
}

impl Lexing {
    /// Errors: `Unsupported` where no way on is shown.
    ///
    /// Args: does any scanner look at the text that follows its own? And what is looked at.
    pub(super) fn check_safety(
        &mut self,
        looks_ahead: bool,
        grammar: &Grammar,
        lexer: &mut Lexer,
        names: &[String],
    ) -> Result<()> {
        let places = Places::new(self);
        let (after, kept) = self.forbidden_after_terminals(looks_ahead, &places, lexer, names)?;
        self.kept = kept;
        self.check_ends(&after, lexer, names)?;
        let lexer = &mut Asked {
            lexer,
            known: FxHashMap::default(),
        };
        self.follows_ignored = self.find_followers(&self.ignored, &after, lexer, names)?;
        if let Some(indenter) = &self.indenter {
            let ignored = [self.ignored.as_slice(), &[indenter.newline]].concat();
            self.follows_in_brackets = self.find_followers(&ignored, &after, lexer, names)?;
        }
        let barred = self.barred(&after, lexer)?;
        if barred.is_empty() && self.tables.resolved.is_empty() {
            return Ok(());
        }
        let lengths = (0..names.len() as Lexeme)
            .map(|lexeme| {
                let expression = lexer.lexer.expression(lexeme);
                lexer.lexer.derivatives.shortest_length(expression)
            })
            .collect::<Result<Vec<u64>>>()?;
        let refused = |state: Option<u32>| {
            let first = barred.iter().min_by_key(|(other, _)| (Some(**other) != state, **other));
            match first {
                Some((&state, terminals)) => {
                    let before = self.read_before(state);
                    let ends = before.and_then(|before| after.terminals.get(&before));
                    let mut ends = ends.into_iter().flatten().flat_map(|reached| reached.iter());
                    let restricted = ends.any(|&end| end != EMPTY);
                    no_way_on(before, terminals[0], restricted, names)
                }
                None => conflict_error(self.tables.resolved[0].conflict(), names),
            }
        };
        let Ok(adjacency) = Adjacency::new(grammar, &self.tables, &barred, lengths) else {
            return Err(refused(None));
        };
        if let Some(state) = adjacency.unsafe_state(grammar, &self.tables) {
            return Err(refused(Some(state)));
        }
        self.adjacency = Some(adjacency);
        Ok(())
    }

    /// Errors: `Unsupported` where the text may end behind a terminal, but not behind some of its texts, from which it may
    /// be no more than read on to others.
    fn check_ends(&self, after: &After, lexer: &Lexer, names: &[String]) -> Result<()> {
        let terminals = after.terminals.iter().map(|(&lexeme, sets)| (None, lexeme, sets));
        let ignored = after.ignored.iter();
        let ignored = ignored.map(|(&(context, _, lexeme), sets)| (Some(context), lexeme, sets));
        let mut all = terminals.chain(ignored);
        match all.find(|&(context, lexeme, sets)| self.may_be_stuck(context, lexeme, sets, lexer)) {
            Some((_, lexeme, _)) => Err(Error::Unsupported(format!(
                "some texts of {} are found only where others come after them, and the text may end there; that is not \
                 implemented",
                names[lexeme as usize]
            ))),
            None => Ok(()),
        }
    }

    /// May the text end behind a terminal, or what is ignored in a context, but not behind some of its texts?
    fn may_be_stuck(&self, context: Option<ContextId>, lexeme: Lexeme, sets: &BTreeSet<Ends>, lexer: &Lexer) -> bool {
        let may_end = |reached: &Ends| reached.iter().any(|&end| !lexer.derivatives.expressions.nullable(end));
        let is_behind = |state: u32| match context {
            Some(context) => self.context_of[state as usize] == context,
            None => self.read_before(state) == Some(lexeme),
        };
        let mut states = (0..).zip(&self.tables.ends).filter(|(_, ends)| **ends);
        !sets.iter().all(may_end) && states.any(|(state, _)| is_behind(state))
    }

    /// The terminal whose text was read before a state.
    fn read_before(&self, state: u32) -> Option<Lexeme> {
        match (self.tables.entered_by[state as usize], &self.indenter) {
            (Some(lexeme), Some(indenter)) if indenter.is_mark(lexeme) => Some(indenter.newline),
            (entered_by, _) => entered_by,
        }
    }

    /// By state, the terminals that may not be found there, though the parser takes them.
    fn barred(&self, after: &After, lexer: &mut Asked) -> Result<FxHashMap<u32, Vec<Lexeme>>> {
        let none = BTreeSet::from([Ends::from([EMPTY])]);
        let mut barred: FxHashMap<u32, Vec<Lexeme>> = FxHashMap::default();
        let mut checked: FxHashMap<(ContextId, Option<Lexeme>, Lexeme), bool> = FxHashMap::default();
        for (state, accepts) in (0..).zip(&self.tables.accepts) {
            let read_before = self.read_before(state);
            let ends = match read_before {
                Some(lexeme) => after.terminals.get(&lexeme),
                None if state == START => Some(&none),
                None => continue, // a rule led here: the next terminal was looked for before
            };
            let context = self.context_of[state as usize];
            let is_mark = |lexeme: Lexeme| self.indenter.as_ref().is_some_and(|it| it.is_mark(lexeme));
            for &lexeme in accepts {
                if self.ignored.contains(&lexeme) || is_mark(lexeme) {
                    continue;
                }
                let key = (context, read_before, lexeme);
                let found = match checked.get(&key) {
                    Some(&known) => known,
                    None => {
                        let found = self.follows(context, ends.into_iter().flatten(), lexeme, lexer)?;
                        checked.insert(key, found);
                        found
                    }
                };
                if !found {
                    barred.entry(state).or_default().push(lexeme);
                }
            }
        }
        Ok(barred)
    }

    /// May a terminal follow, from each place in the text before: at once, or after something that is ignored?
    fn follows<'a>(
        &self,
        context: ContextId,
        ends: impl Iterator<Item = &'a Ends>,
        lexeme: Lexeme,
        lexer: &mut Asked,
    ) -> Result<bool> {
        for reached in ends {
            let mut any = false;
            for &forbidden in reached.iter() {
                any = any || self.may_follow(side_with(context, forbidden), lexeme, lexer)?;
            }
            if !any {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// May a terminal follow, at once or after something that is ignored?
    fn may_follow(&self, side: Side, lexeme: Lexeme, lexer: &mut Asked) -> Result<bool> {
        if self.may_follow_at_once(side, lexeme, lexer)? {
            return Ok(true);
        }
        for &ignored in &self.ignored {
            let then = self.follows_ignored.after(side, ignored)?;
            if then.contains(lexeme) && self.has_text(side, ignored, lexer)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// May a terminal that the parser takes come next?
    pub(super) fn may_follow_at_once(&self, side: Side, lexeme: Lexeme, lexer: &mut Asked) -> Result<bool> {
        match &self.indenter {
            Some(indenter) if indenter.newline == lexeme => self.may_end_line(side, lexeme, lexer.lexer),
            _ => self.has_text(side, lexeme, lexer),
        }
    }

    pub(super) fn has_text(&self, side: Side, lexeme: Lexeme, lexer: &mut Asked) -> Result<bool> {
        for &beginning in self.beginnings(side.context, lexeme) {
            if lexer.has_text(beginning, side, &self.kept)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// May a line end, with any number of blanks behind it?
    fn may_end_line(&self, side: Side, newline: Lexeme, lexer: &mut Lexer) -> Result<bool> {
        let mut texts = Vec::new();
        for &beginning in self.beginnings(side.context, newline) {
            texts.push(restricted(beginning, side, &self.kept, lexer)?.texts);
        }
        let expressions = &mut lexer.derivatives.expressions;
        let texts = expressions.union(&texts)?;
        let feed = byte_class(&[(b'\n', b'\n')], expressions)?;
        let blanks = byte_class(&[(b' ', b' ')], expressions)?;
        let blanks = expressions.repeat(blanks, 0, UNBOUNDED)?;
        let all = expressions.concat(feed, blanks)?;
        let others = expressions.not(texts)?;
        let missing = expressions.intersection(&[all, others])?;
        Ok(!lexer.derivatives.is_live(missing)?)
    }

    /// What may be forbidden after each terminal, from the start on, and what is kept for that.
    fn forbidden_after_terminals(
        &self,
        looks_ahead: bool,
        places: &Places,
        lexer: &mut Lexer,
        names: &[String],
    ) -> Result<(After, Kept)> {
        let (mut kept, mut known) = (Kept::default(), Begins::default());
        let mut lost: FxHashMap<Beginning, Option<Lost>> = FxHashMap::default();
        let mut after = After::default();
        let mut asked: FxHashSet<(ContextId, Lexeme, ExpressionId)> = FxHashSet::default();
        let mut all: FxHashSet<ExpressionId> = FxHashSet::from_iter([EMPTY]);
        let mut ends_of: FxHashMap<Beginning, BTreeSet<Ends>> = FxHashMap::default();
        let mut met: FxHashSet<(usize, ExpressionId)> = FxHashSet::from_iter([(0, EMPTY)]);
        let mut pending = vec![(0, EMPTY)];
        while let Some((place, forbidden)) = pending.pop() {
            let (context, accepts) = places.all[place];
            let newline = self.indenter.as_ref().map(|indenter| indenter.newline);
            for &lexeme in self.looked_for(accepts) {
                if !asked.insert((context, lexeme, forbidden)) {
                    continue;
                }
                // a line's end is ignored in brackets
                let ignored = self.ignored.contains(&lexeme) || Some(lexeme) == newline;
                let mut as_ignored = ignored.then(|| after.ignored.entry((context, forbidden, lexeme)).or_default());
                let mut as_taken =
                    (!self.ignored.contains(&lexeme)).then(|| after.terminals.entry(lexeme).or_default());
                let places_then = [
                    places.of_context.get(&context).filter(|_| as_ignored.is_some()),
                    places.after.get(&lexeme).filter(|_| as_taken.is_some()),
                ];
                for &beginning in self.beginnings(context, lexeme) {
                    let side = side_with(context, forbidden);
                    let mut begun = restricted(beginning, side, &kept, lexer)?;
                    if looks_ahead && begun != beginning {
                        let whole = Beginning {
                            texts: beginning.texts,
                            ..begun
                        };
                        let found = found_once(&mut lost, whole, || lost_of(whole, lexer))?;
                        if let Some(found) = found
                            && self.may_follow_lost(context, lexeme, found, places, &mut known, lexer)?
                        {
                            if kept.len() == MAX_KEPT {
                                return Err(too_many_kept(lexeme, names));
                            }
                            kept.insert((context, beginning, forbidden), found.beginning.texts);
                            begun = restricted(beginning, side, &kept, lexer)?;
                        }
                    }
                    if !lexer.derivatives.is_live(begun.texts)? {
                        continue;
                    }
                    let found = found_once(&mut ends_of, begun, || ends(begun, lexer))?;
                    for sets in as_ignored.iter_mut().chain(&mut as_taken) {
                        sets.extend(found.iter().cloned());
                    }
                    for &end in found.iter().flat_map(|reached| reached.iter()) {
                        all.insert(end);
                        let next = places_then.into_iter().flatten().flatten().map(|&place| (place, end));
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
        Ok((after, kept))
    }
}

/// Where terminals are looked for: states with the same terminals are one place.
pub(super) struct Places<'a> {
    /// The context, and the terminals that the parser takes. The first is that of the start.
    pub all: Vec<(ContextId, &'a [Lexeme])>,
    /// By the terminal that leads there.
    pub after: FxHashMap<Lexeme, BTreeSet<usize>>,
    pub of_context: FxHashMap<ContextId, BTreeSet<usize>>,
}

impl<'a> Places<'a> {
    pub fn new(lexing: &'a Lexing) -> Self {
        let mut places = Places {
            all: Vec::new(),
            after: FxHashMap::default(),
            of_context: FxHashMap::default(),
        };
        let mut numbers: FxHashMap<(ContextId, &[Lexeme]), usize> = FxHashMap::default();
        for (state, accepts) in lexing.tables.accepts.iter().enumerate() {
            let entered_by = lexing.read_before(state as u32);
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

/// What is known of a beginning, or is found now.
fn found_once<T>(
    known: &mut FxHashMap<Beginning, T>,
    beginning: Beginning,
    find: impl FnOnce() -> Result<T>,
) -> Result<&T> {
    Ok(match known.entry(beginning) {
        Entry::Occupied(entry) => entry.into_mut(),
        Entry::Vacant(entry) => entry.insert(find()?),
    })
}

/// What may be forbidden where a lexeme ends, from each place in its texts.
fn ends(beginning: Beginning, lexer: &mut Lexer) -> Result<BTreeSet<Ends>> {
    let variant = lexer.variant(beginning.variant)?;
    let start = lexer.state_of(variant, beginning.texts)?;
    let mut numbers: FxHashMap<LexerState, usize> = FxHashMap::from_iter([(start, 0)]);
    let mut states = vec![start];
    // by state, those that lead to it; by what is forbidden, the states at which it is
    let mut before: Vec<Vec<usize>> = vec![Vec::new()];
    let mut ending: FxHashMap<ExpressionId, Vec<usize>> = FxHashMap::default();
    let mut done = 0;
    while let Some(&state) = states.get(done) {
        if let Some((settled, _)) = lexer.only_lexeme(state) {
            ending.entry(lexer.forbidden_after(settled)?).or_default().push(done);
        } else {
            let mut reached = lexer.reached(state)?.to_vec();
            reached.dedup();
            reached.sort_unstable();
            reached.dedup();
            for next in reached.into_iter().filter(|&next| next != DEAD) {
                let number = *numbers.entry(next).or_insert_with(|| {
                    states.push(next);
                    before.push(Vec::new());
                    states.len() - 1
                });
                before[number].push(done);
            }
        }
        for lexeme in lexer.match_set(lexer.matches(state)).to_vec() {
            ending.entry(lexer.forbidden_after(lexeme)?).or_default().push(done);
        }
        done += 1;
    }
    let mut ends: Vec<(ExpressionId, Vec<usize>)> = ending.into_iter().collect();
    ends.sort_unstable();
    let mut reached: Vec<Vec<ExpressionId>> = vec![Vec::new(); states.len()];
    for (forbidden, mut pending) in ends {
        while let Some(number) = pending.pop() {
            if reached[number].last() != Some(&forbidden) {
                reached[number].push(forbidden);
                pending.extend(&before[number]);
            }
        }
    }
    Ok(reached.into_iter().map(Ends::from).collect())
}

pub(super) fn side_with(context: ContextId, forbidden: ExpressionId) -> Side {
    Side {
        context,
        forbidden,
        ..Side::NONE
    }
}

fn too_many_kept(lexeme: Lexeme, names: &[String]) -> Error {
    Error::Unsupported(format!(
        "texts of {} are taken by others unless something follows that makes those give them back, as in a name that must \
         not stand before a bracket; this happens in more than {MAX_KEPT} ways, which is a fixed limit",
        names[lexeme as usize]
    ))
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
