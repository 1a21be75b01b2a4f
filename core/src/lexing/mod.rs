//! How text is split into terminals, where not every split counts.
//!
//! Every terminal is found by a scanner, at the place where the one before it ended. In a *contextual* lexer, that of
//! lark, the scanners of all terminals that the parser waits for are tried in order, and the first that matches decides;
//! what the parser waits for is told by its LALR(1) table (`lalr`). So a text is a terminal's only if no earlier scanner
//! matches there, and, where the scanner takes as much as it can, if no more of the text belongs to it. Both speak of
//! text that is yet to come: what they forbid goes with the lexeme (`lexer::variants`), then with the parser's node, and
//! then with the next lexeme.
//!
//! Everything that is forbidden is a set of texts, each to the end of all: the text that comes must be none of them. A node
//! knows what is forbidden after it, and in which context the next lexeme is looked for.

pub mod adjacent;
mod followers;
pub mod lalr;
pub mod layout;
mod lost;
mod safety;

use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use crate::error::{Error, Result};
use crate::form::{LexingForm, LongerForm};
use crate::grammar::{Dot, Grammar};
use crate::lexer::variants::Variant;
use crate::lexer::{Lexeme, Lexer, LexerState, Parts};
use crate::regex::expression::{ANY, EMPTY, ExpressionId};
use adjacent::Adjacency;
use followers::Follows;
use lalr::{Conflict, START, Tables};
use layout::{Change, FLAT, Indenter, LayoutId};
use lost::{AllLost, Kept, lost_of};

/// Index of the terminals that are looked for together.
pub type ContextId = u32;

/// Index of a set of items, each with terminals.
pub type BlocksId = u32;

/// What is known at a node of the text that follows: terminals of which context, and what they may not be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Side {
    pub context: ContextId,
    pub forbidden: ExpressionId,
    /// Items that can't go on with some terminals, since another production takes them.
    pub blocks: BlocksId,
    /// The blocks and brackets that are open, where that matters.
    pub layout: LayoutId,
}

impl Side {
    /// Of nodes where all splits count.
    pub const NONE: Side = Side {
        context: 0,
        forbidden: EMPTY,
        blocks: 0,
        layout: FLAT,
    };
    /// Of nodes that stand between the terminals of one lexeme: no text begins there.
    pub const WITHIN: Side = Side {
        context: ContextId::MAX,
        ..Side::NONE
    };
}

/// What a line's end may be at a node.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum LineEnds {
    /// Something that is ignored.
    Ignored,
    /// A terminal, which changes what is open; each with its texts.
    Changes(SmallVec<[(Change, ExpressionId); 4]>),
}

/// A way to find a terminal: its texts, if nothing is forbidden, and what goes with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Beginning {
    texts: ExpressionId,
    variant: Variant,
}

#[derive(Debug, Clone)]
struct Outcome {
    texts: ExpressionId,
    longer: LongerForm,
    follow: ExpressionId,
}

#[derive(Debug, Clone)]
struct Reserved {
    texts: ExpressionId,
    terminal: Lexeme,
    embedded: bool,
}

#[derive(Debug, Clone)]
struct Scanner {
    terminal: Lexeme,
    matches: ExpressionId,
    /// All that is left of a text, where it matches.
    covers: Option<ExpressionId>,
    outcomes: Vec<Outcome>,
    reserved: Vec<Reserved>,
}

impl Scanner {
    /// Does it look at the text that follows its own, other than to take as much as it can?
    fn looks_ahead(&self) -> bool {
        let unless_followed = |outcome: &Outcome| outcome.longer == LongerForm::NoneUnlessFollowed;
        self.covers.is_some() || self.outcomes.iter().any(unless_followed)
    }

    /// What goes with a text of an outcome, where others could be found.
    fn variant(&self, outcome: &Outcome, base: Lexeme, others: ExpressionId) -> Variant {
        Variant {
            base,
            own: match outcome.longer {
                LongerForm::Any => EMPTY,
                LongerForm::None | LongerForm::NoneUnlessFollowed => self.matches,
            },
            others,
            follow: outcome.follow,
            unless_followed: outcome.longer == LongerForm::NoneUnlessFollowed,
            change: Change::None,
        }
    }
}

/// The scanners as the grammar numbers things.
#[derive(Debug, Default)]
pub struct Scanners {
    contextual: bool,
    scanners: Vec<Scanner>,
    ignored: Vec<Lexeme>,
    indenter: Option<Indenter>,
    /// By lexeme, for messages.
    names: Vec<String>,
}

impl Scanners {
    /// Args: the form, the expressions of the grammar, and the lexeme that a terminal's symbol is; None where it has no
    /// text.
    pub fn new(
        form: &LexingForm,
        expressions: &[ExpressionId],
        lexeme_of: impl Fn(usize) -> Option<Lexeme> + Copy,
        names: Vec<String>,
    ) -> Self {
        let scanners = form.scanners.iter().filter_map(|scanner| {
            let reserved = scanner.reserved.iter().filter_map(|reserved| {
                Some(Reserved {
                    texts: expressions[reserved.texts],
                    terminal: lexeme_of(reserved.terminal)?,
                    embedded: reserved.embedded,
                })
            });
            let outcomes = scanner.outcomes.iter().map(|outcome| Outcome {
                texts: expressions[outcome.texts],
                longer: outcome.longer,
                follow: outcome.follow.map_or(EMPTY, |follow| expressions[follow]),
            });
            Some(Scanner {
                terminal: lexeme_of(scanner.terminal)?,
                matches: expressions[scanner.matches],
                covers: scanner.covers.map(|covers| expressions[covers]),
                outcomes: outcomes.collect(),
                reserved: reserved.collect(),
            })
        });
        Scanners {
            contextual: form.contextual,
            scanners: scanners.collect(),
            ignored: form.ignored.iter().filter_map(|&symbol| lexeme_of(symbol)).collect(),
            indenter: form.indenter.as_ref().and_then(|form| Indenter::new(form, lexeme_of)),
            names,
        }
    }
}

/// What may begin in each context.
#[derive(Debug)]
pub struct Lexing {
    pub ignored: Vec<Lexeme>,
    pub indenter: Option<Indenter>,
    tables: Tables,
    /// By state of the tables. Where the lexer is not contextual, there is one context.
    context_of: Vec<ContextId>,
    contexts: Vec<Begun>,
    /// What is kept where something is forbidden.
    kept: Kept,
    follows_ignored: Follows,
    /// The same inside brackets, where line ends are ignored.
    follows_in_brackets: Follows,
    /// Where some terminals can't follow others, though the rules allow it.
    pub adjacency: Option<Adjacency>,
    /// By state and the end of a production, terminals that are taken rather than to complete it.
    resolved: FxHashMap<(u32, Dot), Vec<Lexeme>>,
}

impl Lexing {
    /// Errors: `Unsupported` where the grammar has a conflict, or where what a terminal forbids may leave no way on.
    pub fn new(scanners: &Scanners, grammar: &Grammar, lexer: &mut Lexer) -> Result<Self> {
        let tables = lalr::tables(grammar)?;
        if let Some(conflict) = tables.conflict.filter(|_| scanners.contextual) {
            return Err(conflict_error(conflict, &scanners.names));
        }
        let mut made = Lexing {
            ignored: scanners.ignored.clone(),
            indenter: scanners.indenter.clone(),
            context_of: Vec::new(),
            contexts: Vec::new(),
            kept: Kept::default(),
            follows_ignored: Follows::default(),
            follows_in_brackets: Follows::default(),
            adjacency: None,
            resolved: FxHashMap::default(),
            tables,
        };
        for each in &made.tables.resolved {
            made.resolved
                .entry((each.state, each.end))
                .or_default()
                .push(each.terminal);
        }
        let (mut meetings, mut lost) = (Meetings::default(), Vec::new());
        let mut known: FxHashMap<&[Lexeme], ContextId> = FxHashMap::default();
        let all: Vec<Lexeme> = scanners.scanners.iter().map(|scanner| scanner.terminal).collect();
        for accepts in &made.tables.accepts {
            let accepts = if scanners.contextual { accepts } else { &all };
            let next = made.contexts.len() as ContextId;
            let context = *known.entry(accepts).or_insert(next);
            if context == next {
                // a line's end is looked for even where no rule asks for it
                let newline = scanners.indenter.as_ref().map(|indenter| indenter.newline);
                let others = scanners.ignored.iter().chain(&newline);
                let accepted: FxHashSet<Lexeme> = accepts.iter().chain(others).copied().collect();
                let (begun, lost_here) = beginnings(scanners, &accepted, &mut meetings, lexer)?;
                made.contexts.push(begun);
                lost.push(lost_here);
            }
            made.context_of.push(context);
        }
        made.keep_lost(lost, lexer)?;
        let looks_ahead = scanners.scanners.iter().any(Scanner::looks_ahead);
        made.check_safety(looks_ahead, grammar, lexer, &scanners.names)?;
        made.tables.steps = Vec::new(); // they are needed no more
        Ok(made)
    }

    /// The context at the start.
    pub fn start(&self) -> ContextId {
        self.context_of[START as usize]
    }

    fn beginnings(&self, context: ContextId, lexeme: Lexeme) -> &[Beginning] {
        self.contexts[context as usize].get(&lexeme).map_or(&[], Vec::as_slice)
    }

    /// The context after a terminal that moved items to these dots.
    pub fn context_after(&self, dots: &[Dot]) -> Result<ContextId> {
        if self.contexts.len() == 1 {
            return Ok(0);
        }
        let state = self.tables.state(dots);
        let state = state.ok_or_else(|| Error::Malformed("the parser is in a state that the table lacks".into()))?;
        Ok(self.context_of[state as usize])
    }

    /// Was a conflict decided anywhere?
    pub fn has_resolved(&self) -> bool {
        !self.resolved.is_empty()
    }

    /// The terminals before which a production isn't completed in the state with these dots.
    pub fn blocked(&self, dots: &[Dot], end: Dot) -> Result<&[Lexeme]> {
        let state = self.tables.state(dots);
        let state = state.ok_or_else(|| Error::Malformed("the parser is in a state that the table lacks".into()))?;
        Ok(self.resolved.get(&(state, end)).map_or(&[], Vec::as_slice))
    }

    /// The state in which the lexemes that may follow a node begin: those that the parser waits for, and what is ignored,
    /// where one of them, or the end, may come after it.
    pub fn begin(
        &self,
        side: Side,
        lexemes: &[Lexeme],
        accepting: bool,
        line_ends: &LineEnds,
        lexer: &mut Lexer,
    ) -> Result<LexerState> {
        let mut parts = Parts::new();
        let newline = self.indenter.as_ref().map(|indenter| indenter.newline);
        let (changes, in_brackets) = match line_ends {
            LineEnds::Ignored => (&[][..], true),
            LineEnds::Changes(changes) => (changes.as_slice(), false),
        };
        let (follows, ignored_here) = match in_brackets {
            true => (&self.follows_in_brackets, newline),
            false => (&self.follows_ignored, None),
        };
        let mut ignored: SmallVec<[Lexeme; 4]> = SmallVec::new();
        for &each in self.ignored.iter().chain(&ignored_here) {
            let then = follows.after(side, each)?;
            if accepting || lexemes.iter().any(|&lexeme| then.contains(lexeme)) {
                ignored.push(each);
            }
        }
        for &(change, within) in changes {
            for &beginning in newline
                .iter()
                .flat_map(|&newline| self.beginnings(side.context, newline))
            {
                let Beginning { texts, variant } = restricted(beginning, side, &self.kept, lexer)?;
                let texts = lexer.derivatives.expressions.intersection(&[texts, within])?;
                if lexer.derivatives.is_live(texts)? {
                    parts.push((lexer.variant(Variant { change, ..variant })?, texts));
                }
            }
        }
        let terminals = lexemes.iter().filter(|&&lexeme| Some(lexeme) != newline);
        for &lexeme in terminals.chain(&ignored) {
            for &beginning in self.beginnings(side.context, lexeme) {
                let Beginning { texts, variant } = restricted(beginning, side, &self.kept, lexer)?;
                if lexer.derivatives.is_live(texts)? {
                    parts.push((lexer.variant(variant)?, texts));
                }
            }
        }
        parts.sort_unstable();
        parts.dedup();
        lexer.state_of_parts(parts)
    }
}

/// A beginning where some texts must not come.
fn restricted(beginning: Beginning, side: Side, kept: &Kept, lexer: &mut Lexer) -> Result<Beginning> {
    let forbidden = side.forbidden;
    if forbidden == EMPTY || !lexer.derivatives.share_a_beginning(beginning.texts, forbidden)? {
        return Ok(beginning);
    }
    let expressions = &mut lexer.derivatives.expressions;
    let allowed = expressions.not(forbidden)?;
    let texts = expressions.intersection(&[beginning.texts, allowed])?;
    let kept = kept.get(&(side.context, beginning, forbidden)).copied();
    Ok(Beginning {
        texts: expressions.union(&[texts, kept.unwrap_or(EMPTY)])?,
        variant: Variant {
            others: expressions.union(&[beginning.variant.others, forbidden])?,
            ..beginning.variant
        },
    })
}

/// Which scanners may match at one place.
#[derive(Debug, Default)]
struct Meetings {
    met: FxHashMap<(usize, usize), bool>,
    taking: FxHashMap<(usize, usize), bool>,
}

impl Meetings {
    /// Is there a text at which both scanners match?
    fn meet(&mut self, scanners: &Scanners, (a, b): (usize, usize), lexer: &mut Lexer) -> Result<bool> {
        let key = (a, b);
        if let Some(&known) = self.met.get(&key) {
            return Ok(known);
        }
        let other = covered(&scanners.scanners[a], lexer)?;
        let met = lexer
            .derivatives
            .share_a_beginning(scanners.scanners[b].matches, other)?;
        self.met.insert(key, met);
        Ok(met)
    }

    /// Does the first scanner, tried before the second, take texts from it that something might come after?
    fn takes(&mut self, scanners: &Scanners, (a, b): (usize, usize), lexer: &mut Lexer) -> Result<bool> {
        let Some(covers) = scanners.scanners[a].covers else {
            return Ok(false);
        };
        if let Some(&known) = self.taking.get(&(a, b)) {
            return Ok(known);
        }
        let scanner = &scanners.scanners[b];
        let mut takes = false;
        for outcome in &scanner.outcomes {
            let variant = scanner.variant(outcome, scanner.terminal, covers);
            let texts = outcome.texts;
            takes = takes || lost_of(Beginning { texts, variant }, lexer)?.is_some();
        }
        self.taking.insert((a, b), takes);
        Ok(takes)
    }
}

/// What is left of a text where a scanner matches.
fn covered(scanner: &Scanner, lexer: &mut Lexer) -> Result<ExpressionId> {
    match scanner.covers {
        Some(covers) => Ok(covers),
        None => lexer.derivatives.expressions.concat(scanner.matches, ANY),
    }
}

/// By terminal, how it may begin.
type Begun = FxHashMap<Lexeme, Vec<Beginning>>;

/// How each of the accepted terminals may begin, and where several scanners match, which of them decides.
fn beginnings(
    scanners: &Scanners,
    accepted: &FxHashSet<Lexeme>,
    meetings: &mut Meetings,
    lexer: &mut Lexer,
) -> Result<(Begun, AllLost)> {
    let active: Vec<usize> = (0..scanners.scanners.len())
        .filter(|&index| accepted.contains(&scanners.scanners[index].terminal))
        .collect();
    let reserved = active.iter().flat_map(|&index| &scanners.scanners[index].reserved);
    let embedded: FxHashSet<Lexeme> = reserved
        .filter(|reserved| reserved.embedded)
        .map(|reserved| reserved.terminal)
        .collect();
    let tried: Vec<usize> = active
        .into_iter()
        .filter(|&index| !embedded.contains(&scanners.scanners[index].terminal))
        .collect();
    let (mut begun, mut lost) = (Begun::default(), AllLost::default());
    for (place, &index) in tried.iter().enumerate() {
        let scanner = &scanners.scanners[index];
        let mut others: SmallVec<[ExpressionId; 4]> = SmallVec::new();
        let mut open = false;
        for &earlier in tried[..place].iter().filter(|_| scanners.contextual) {
            if meetings.meet(scanners, (earlier, index), lexer)? {
                others.push(covered(&scanners.scanners[earlier], lexer)?);
                open |= meetings.takes(scanners, (earlier, index), lexer)?;
            }
        }
        let expressions = &mut lexer.derivatives.expressions;
        let others = expressions.union(&others)?;
        let allowed = expressions.not(others)?;
        for outcome in &scanner.outcomes {
            let (mut left, mut parts) = (vec![outcome.texts], Vec::new());
            for reserved in scanner
                .reserved
                .iter()
                .filter(|reserved| accepted.contains(&reserved.terminal))
            {
                let expressions = &mut lexer.derivatives.expressions;
                let texts = expressions.intersection(&[left.as_slice(), &[reserved.texts]].concat())?;
                left.push(expressions.not(reserved.texts)?);
                parts.push((texts, reserved.terminal));
            }
            parts.push((lexer.derivatives.expressions.intersection(&left)?, scanner.terminal));
            for (whole, terminal) in parts {
                let texts = lexer.derivatives.expressions.intersection(&[whole, allowed])?;
                let variant = scanner.variant(outcome, terminal, others);
                if lexer.derivatives.is_live(texts)? {
                    begun.entry(terminal).or_default().push(Beginning { texts, variant });
                }
                if open {
                    let found = lost_of(Beginning { texts: whole, variant }, lexer)?;
                    lost.entry(terminal).or_default().extend(found);
                }
            }
        }
    }
    Ok((begun, lost))
}

fn conflict_error(conflict: Conflict, names: &[String]) -> Error {
    let name = |lexeme: Lexeme| names[lexeme as usize].as_str();
    Error::Unsupported(match conflict {
        Conflict::Shift(lexeme, _) => format!(
            "the grammar is not LALR(1): before {} there is a shift/reduce conflict, and lark always shifts, which may \
             leave no way to the end",
            name(lexeme)
        ),
        Conflict::ShiftOrEmpty(lexeme, _) => format!(
            "the grammar is not LALR(1): before {} there is a shift/reduce conflict, at the end of a rule that can be empty",
            name(lexeme)
        ),
        Conflict::Reduce(lexeme, _, _) => format!(
            "the grammar is not LALR(1): before {} there is a reduce/reduce conflict",
            name(lexeme)
        ),
    })
}
