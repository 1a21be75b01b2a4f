//! The context-free layer: productions over lexemes, trimmed to what can take part in a derivation.

pub mod build;
pub mod check;
mod draft;
mod repeat;
mod trim;

/// A dotted production: index into `Grammar::next`; one more is the dot one symbol further.
pub type Dot = u32;
pub type Rule = u32;

use crate::lexer::Lexeme;

/// What stands after a dot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Next {
    Terminal(Lexeme),
    Rule(Rule),
    /// The production is complete: its left-hand side.
    End(Rule),
}

/// Immutable after it is built. Every rule is productive and reachable.
#[derive(Debug)]
pub struct Grammar {
    /// All productions end to end, each closed by `Next::End`.
    pub next: Vec<Next>,
    /// First dots of a rule's productions.
    pub productions: Vec<Vec<Dot>>,
    /// Can the rule derive the empty string?
    pub nullable_rules: Vec<bool>,
    /// Does the lexeme match the empty string?
    pub nullable_lexemes: Vec<bool>,
    /// The only production of the added start rule: `start -> • grammar`.
    pub start_dot: Dot,
    pub start_rule: Rule,
}

impl Grammar {
    #[inline]
    pub fn next(&self, dot: Dot) -> Next {
        self.next[dot as usize]
    }

    /// May the symbol after the dot be skipped?
    #[inline]
    pub fn skippable(&self, dot: Dot) -> bool {
        match self.next(dot) {
            Next::Terminal(lexeme) => self.nullable_lexemes[lexeme as usize],
            Next::Rule(rule) => self.nullable_rules[rule as usize],
            Next::End(_) => false,
        }
    }

    pub fn rules(&self) -> usize {
        self.productions.len()
    }
}
