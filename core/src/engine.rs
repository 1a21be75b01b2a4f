//! What all sequences of a grammar share: lexer and parser tables that grow as text reaches new states.

use std::sync::Arc;

use smallvec::{SmallVec, smallvec};

use crate::budget::places::Places;
use crate::bytes::ByteSet;
use crate::distinct::guard::{Gate, Guard, Guards};
use crate::distinct::room::{Alternative, first_sign, has_plenty};
use crate::distinct::shelter::Shelters;
use crate::distinct::tracker::{Scope, Tracker};
use crate::error::{Error, Result};
use crate::form::GrammarForm;
use crate::grammar::{Grammar, build::build};
use crate::lexer::{DEAD, Lexeme, Lexer, MatchSet, NO_MATCH, Progress};
use crate::lexing::Lexing;
use crate::limits::Limits;
use crate::lump::Steps;
use crate::mask::Masks;
use crate::mask::tables::Tables;
use crate::names::Names;
use crate::parser::{NodeId, Parser, ROOT};
use crate::regex::derivative::Derivatives;

/// Lexemes in progress and the node where they began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Thread {
    pub lexer: Progress,
    pub node: NodeId,
}

pub type Threads = SmallVec<[Thread; 2]>;

/// Nodes in which lexemes ended: one, but where not every split counts; then one for each side.
pub type Landed = SmallVec<[NodeId; 1]>;

/// So many threads are compared with each other to find those that are alike; more of them are sorted.
const MAX_COMPARED: usize = 32;

/// Where a sequence stands: every way in which its text can be read so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configuration {
    pub threads: Threads,
    /// Is the text complete?
    pub accepting: bool,
    /// Was a stop token taken?
    pub terminated: bool,
    /// What was repeated so far, where that matters.
    pub tracker: Option<Arc<Tracker>>,
}

impl Configuration {
    /// After a stop token.
    pub fn ended() -> Self {
        Configuration {
            threads: Threads::new(),
            accepting: true,
            terminated: true,
            tracker: None,
        }
    }
}

pub struct Engine {
    pub grammar: Grammar,
    pub lexer: Lexer,
    pub parser: Parser,
    pub masks: Masks,
    /// Masks that were made ahead.
    pub tables: Option<Arc<Tables>>,
    pub names: Names,
    pub guards: Guards,
    /// Containers that may run out of distinct things to hold.
    pub scarce: Vec<Alternative>,
    scope: Scope,
    /// Steps of searches for completions without a repetition.
    pub(crate) searched: usize,
    /// How many of them the mask in the making may get to.
    pub(crate) masks_care: usize,
    /// How many there may be when the search under way ends.
    pub(crate) search_end: Option<usize>,
    pub(crate) shelters: Shelters,
    pub max_mask_steps: usize,
    /// What of its budgets the grammar itself uses.
    built: [(usize, usize); 3],
    /// Least number of bytes that complete a production from a dot; made when first needed.
    pub(crate) shortest_rest: Option<Arc<crate::completion::ShortestRest>>,
    pub(crate) places: Places,
    pub(crate) lumps: Steps,
}

impl Engine {
    /// `longest_token` is the most bytes that a mask looks ahead.
    pub fn new(form: &GrammarForm, limits: &Limits, longest_token: usize) -> Result<Self> {
        let mut derivatives = Derivatives::new(limits.max_expressions);
        let mut built = build(form, &mut derivatives)?;
        let mut lexer = Lexer::new(derivatives, built.lexemes, limits.max_lexer_states);
        if let Some(scanners) = &built.scanners {
            built.grammar.lexing = Some(Lexing::new(scanners, &built.grammar, &mut lexer)?);
        }
        let parser = Parser::new(&built.grammar, &mut lexer, limits, longest_token)?;
        let scope = Scope {
            items: !guarded(&built.guards, b'[', &mut lexer)?.is_empty(),
            scarce: !built.scarce.is_empty(),
            repeated: built.guards.contains(&Guard::Repeated),
            parts: built.guards.contains(&Guard::Begins),
        };
        let few = match scope.scarce {
            true => few_keys(&built.guards, &mut lexer)?,
            false => Vec::new(),
        };
        let mut engine = Engine {
            grammar: built.grammar,
            lexer,
            parser,
            masks: Masks::default(),
            tables: None,
            names: Names::default(),
            scope,
            scarce: built.scarce,
            searched: 0,
            masks_care: 0,
            search_end: None,
            shelters: Shelters::default(),
            guards: Guards::new(built.guards, few),
            max_mask_steps: limits.max_mask_steps,
            built: [(0, 0); 3],
            shortest_rest: None,
            places: Places::default(),
            lumps: Steps::default(),
        };
        engine.built = engine.used();
        Ok(engine)
    }

    /// What is used of the budgets of tables that grow with every text, and the budgets.
    fn used(&self) -> [(usize, usize); 3] {
        let expressions = &self.lexer.derivatives.expressions;
        [self.lexer.used(), expressions.used(), self.parser.used()]
    }

    /// Is so little of a budget left that a sequence which needs little could run out of it? After it ran out, this
    /// is so.
    pub fn is_spent(&self) -> bool {
        let spent = |((used, budget), (built, _)): ((usize, usize), (usize, usize))| {
            used.saturating_sub(built) > budget.saturating_sub(built) / 4 * 3
        };
        self.used().into_iter().zip(self.built).any(spent)
    }

    /// What was done so far to make what is in the tables, in steps that each take some ten to a hundred nanoseconds.
    pub fn work(&self) -> usize {
        self.parser.work() + self.lexer.used().0 + self.lexer.derivatives.expressions.used().0
    }

    pub fn start(&mut self) -> Result<Configuration> {
        let mut threads = Threads::new();
        self.begin_lexemes(ROOT, &mut threads)?;
        Ok(Configuration {
            threads,
            accepting: self.parser.node(ROOT).accepting,
            terminated: false,
            tracker: (!self.guards.is_empty()).then(|| Arc::new(Tracker::new(self.scope))),
        })
    }

    /// The configuration after a byte; None when no completion exists.
    pub fn step(&mut self, from: &Configuration, byte: u8) -> Result<Option<Configuration>> {
        match self.advance(from, byte)? {
            Some(next) if self.is_alive(&next)? => Ok(Some(next)),
            _ => Ok(None),
        }
    }

    /// As `step`, but there may be no completion without a repetition.
    pub fn advance(&mut self, from: &Configuration, byte: u8) -> Result<Option<Configuration>> {
        let mut next = from.clone();
        Ok(self.move_by(&mut next, byte)?.then_some(next))
    }

    /// As `advance`, in place; where it is false, the configuration is of no use any more.
    pub fn move_by(&mut self, at: &mut Configuration, byte: u8) -> Result<bool> {
        let mut threads = Threads::new();
        let sheltered = match &at.tracker {
            Some(tracker) if tracker.needs_shelter() && !byte.is_ascii_whitespace() => self.shelter(at)?,
            _ => None,
        };
        if sheltered == Some(false) {
            return Ok(false);
        }
        let reads = &mut Vec::new();
        let landed = match &mut at.tracker {
            None => self.step_threads(&at.threads, byte, &mut threads, reads, None)?,
            Some(shared) => {
                let tracker = Arc::make_mut(shared);
                if sheltered == Some(true) {
                    tracker.shelter();
                }
                let key_repeated = tracker.has_repeated_key();
                let is_json = tracker.read(byte)?;
                let repeated = is_json && tracker.has_repeated();
                let mut gate = Gate {
                    repeated,
                    lacking: is_json && tracker.scope().repeated && !repeated,
                    sealed: is_json && (key_repeated || tracker.has_repeated_key()),
                    seen: Guard::None,
                    few: false,
                    begins: false,
                };
                let landed = self.step_threads(&at.threads, byte, &mut threads, reads, Some(&mut gate))?;
                if gate.begins {
                    *tracker = Tracker::new(self.scope);
                } else if !is_json && self.scope.parts {
                    tracker.leave();
                } else if !is_json {
                    // whoever guards lexemes of other texts has them unguarded
                    at.tracker = None;
                } else if gate.seen.holds_back() {
                    tracker.watch(gate.seen == Guard::Scarce);
                    tracker.keep_key(gate.few);
                }
                landed
            }
        };
        at.threads = threads;
        at.accepting = landed.iter().any(|&node| self.parser.node(node).accepting);
        Ok(!at.threads.is_empty() || !landed.is_empty())
    }

    /// Moves every thread by a byte. Lexemes that match are also ended here, in one node if they can, which is returned;
    /// what may follow it begins as a thread of its own. Adds the parser nodes that were read to `reads`. Lexemes that the
    /// gate holds back don't end, and go on only if they may end later.
    #[inline]
    pub fn step_threads(
        &mut self,
        from: &[Thread],
        byte: u8,
        to: &mut Threads,
        reads: &mut Vec<NodeId>,
        mut gate: Option<&mut Gate>,
    ) -> Result<Landed> {
        let mut landed = Landed::new();
        let few = from.len() <= MAX_COMPARED;
        for thread in from {
            let (lexer, set) = self.lexer.advance(thread.lexer, byte)?;
            let (sealed, lacking) = gate.as_ref().map_or((false, false), |gate| (gate.sealed, gate.lacking));
            if let Some(lexer) = lexer
                && !(sealed && self.guards.hold_all(lexer.state, &self.lexer))
                && !(lacking && self.guards.only_close(lexer.state, &self.lexer))
            {
                let moved = Thread { lexer, ..*thread };
                if !few || !to.contains(&moved) {
                    to.push(moved);
                }
            }
            let set = match &mut gate {
                Some(gate) => self.guards.pass(set, gate, &mut self.lexer),
                None => set,
            };
            if set != NO_MATCH {
                self.land(thread.node, set, &mut landed, reads)?;
            }
        }
        for &node in &landed {
            self.begin_lexemes(node, to)?;
        }
        if !few {
            to.sort_unstable();
            to.dedup();
        }
        Ok(landed)
    }

    /// Ends the lexemes of `set`, begun at `node`: in a node of their own, or together with others that have ended here.
    pub fn land(&mut self, node: NodeId, set: MatchSet, landed: &mut Landed, reads: &mut Vec<NodeId>) -> Result<()> {
        let Engine {
            grammar, lexer, parser, ..
        } = self;
        let Some(lexing) = &grammar.lexing else {
            let mut next = parser.advance(node, set, grammar, lexer, reads)?;
            if let Some(&other) = landed.first() {
                next = parser.merge(other, next, grammar, lexer)?;
            }
            *landed = smallvec![next];
            return Ok(());
        };
        for lexeme in lexer.match_set(set).to_vec() {
            let next = parser.advance_by(node, lexeme, grammar, lexing, lexer, reads)?;
            let side = parser.node(next).side;
            match landed.iter_mut().find(|other| parser.node(**other).side == side) {
                Some(other) => *other = parser.merge(*other, next, grammar, lexer)?,
                None => landed.push(next),
            }
        }
        Ok(())
    }

    /// The node after one lexeme, where not every split counts.
    pub(crate) fn node_after(&mut self, node: NodeId, lexeme: Lexeme, reads: &mut Vec<NodeId>) -> Result<NodeId> {
        let mut landed = Landed::new();
        let set = self.lexer.singleton(lexeme);
        self.land(node, set, &mut landed, reads)?;
        Ok(landed[0])
    }

    /// The thread of the lexemes that may begin at a node; None when there are none.
    pub fn begun_at(&mut self, node: NodeId) -> Result<Option<Thread>> {
        let state = self.parser.lexer_start(node);
        if state == DEAD {
            return Ok(None);
        }
        let lexer = self.lexer.settle(state)?;
        Ok(Some(Thread { lexer, node }))
    }

    fn begin_lexemes(&mut self, node: NodeId, to: &mut Threads) -> Result<()> {
        if let Some(begun) = self.begun_at(node)?
            && !to.contains(&begun)
        {
            to.push(begun);
        }
        Ok(())
    }

    /// The bytes that may come next, ascending.
    pub fn next_bytes(&mut self, from: &Configuration) -> Result<Vec<u8>> {
        let mut possible = self.possible_bytes(from)?;
        if from.tracker.as_ref().is_some_and(|tracker| tracker.may_change_bytes()) {
            for byte in 0..=255u8 {
                if possible.contains(byte) && self.step(from, byte)?.is_none() {
                    possible.remove(byte);
                }
            }
        }
        Ok((0..=255u8).filter(|&byte| possible.contains(byte)).collect())
    }

    /// As `next_bytes`, repetitions or not.
    pub fn possible_bytes(&mut self, from: &Configuration) -> Result<ByteSet> {
        let mut possible = ByteSet::default();
        for thread in &from.threads {
            possible |= self.lexer.next_bytes(thread.lexer)?;
        }
        Ok(possible)
    }

    /// The steps of a mask ran out.
    pub(crate) fn too_much(&self) -> Error {
        Error::Limit {
            budget: "max_mask_steps",
            value: self.max_mask_steps,
        }
    }

    /// Rough size in bytes of the tables that grow.
    pub fn memory(&self) -> usize {
        self.lexer.memory()
            + self.lexer.derivatives.expressions.len() * 200
            + self.parser.used().0 * 400
            + self.masks.memory()
    }
}

/// The guarded keys of which there are few.
fn few_keys(guards: &[Guard], lexer: &mut Lexer) -> Result<Vec<Lexeme>> {
    let mut few = Vec::new();
    for lexeme in guarded(guards, b'"', lexer)? {
        if !has_plenty(lexer.expression(lexeme), &mut lexer.derivatives)? {
            few.push(lexeme);
        }
    }
    Ok(few)
}

/// The guarded lexemes that begin with a sign, blanks left out.
fn guarded(guards: &[Guard], sign: u8, lexer: &mut Lexer) -> Result<Vec<Lexeme>> {
    let mut found = Vec::new();
    for (lexeme, _) in (0..).zip(guards).filter(|(_, guard)| guard.holds_back()) {
        let expression = lexer.expression(lexeme);
        if first_sign(expression, &mut lexer.derivatives)? == Some(sign) {
            found.push(lexeme);
        }
    }
    Ok(found)
}
