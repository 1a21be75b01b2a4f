//! The context-free layer: productions over lexemes, trimmed to what can take part in a derivation.

pub mod build;
pub mod check;
pub mod demands;
mod draft;
pub mod frame;
mod trim;

/// A dotted production: index into `Grammar::next`; one more is the dot one symbol further.
pub type Dot = u32;
pub type Rule = u32;

use rustc_hash::FxHashMap;

use crate::lexer::Lexeme;
use crate::lexing::Lexing;
use frame::{Frame, FrameId, OptionId};

/// What stands after a dot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Next {
    Terminal(Lexeme),
    Rule(Rule),
    /// A member of a frame; the dot tells in which state the frame is.
    Member(FrameId),
    /// The production is complete: its left-hand side.
    End(Rule),
}

/// Immutable after it is built. Every rule is productive and reachable.
#[derive(Debug)]
pub struct Grammar {
    /// All productions end to end, each closed by `Next::End`.
    pub next: Vec<Next>,
    /// Left-hand side of the production that a dot is in.
    pub rule_of: Vec<Rule>,
    /// First dots of a rule's productions; none for a frame.
    pub productions: Vec<Vec<Dot>>,
    pub frames: Vec<Frame>,
    /// The frame that a rule is.
    pub frame_of: Vec<Option<FrameId>>,
    /// The options that a symbol is.
    pub options_of: FxHashMap<Next, Vec<(FrameId, OptionId)>>,
    /// The options that begin with a key and go on, each with the dot after it.
    pub after_key: FxHashMap<Lexeme, Vec<(FrameId, OptionId, Dot)>>,
    /// Can the rule derive the empty string?
    pub nullable_rules: Vec<bool>,
    /// Does the lexeme match the empty string?
    pub nullable_lexemes: Vec<bool>,
    /// The only production of the added start rule: `start -> • grammar`.
    pub start_dot: Dot,
    pub start_rule: Rule,
    /// Without it, every split of the text into lexemes counts.
    pub lexing: Option<Lexing>,
}

impl Grammar {
    #[inline]
    pub fn next(&self, dot: Dot) -> Next {
        self.next[dot as usize]
    }

    /// May the symbol be skipped?
    #[inline]
    pub fn skippable(&self, symbol: Next) -> bool {
        match symbol {
            Next::Terminal(lexeme) => self.nullable_lexemes[lexeme as usize],
            Next::Rule(rule) => self.nullable_rules[rule as usize],
            Next::Member(_) | Next::End(_) => false,
        }
    }

    pub fn rules(&self) -> usize {
        self.productions.len()
    }
}
