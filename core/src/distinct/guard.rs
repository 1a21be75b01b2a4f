//! Which lexemes may end only where nothing was repeated.

use crate::lexer::{Lexeme, Lexer, MatchSet, NO_MATCH};

/// What the end of a lexeme asks of the container it opens, lies in or closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Guard {
    #[default]
    None,
    /// It holds no repetition. If it is opened, it is watched from now on.
    Distinct,
    /// As `Distinct`, and there may be too few things for it to hold.
    Scarce,
}

/// The guards of a grammar's lexemes.
#[derive(Debug, Default)]
pub struct Guards {
    /// Empty if there are none.
    of: Vec<Guard>,
    /// By set of lexemes: those that have no guard, and the strictest guard.
    parted: Vec<Option<(MatchSet, Guard)>>,
}

/// What lexemes pass at a byte.
pub struct Gate {
    /// Is it closed to lexemes with a guard?
    pub shut: bool,
    /// The strictest guard of those that came.
    pub seen: Guard,
}

impl Guards {
    pub fn new(of: Vec<Guard>) -> Self {
        let none = of.iter().all(|&guard| guard == Guard::None);
        Guards {
            of: if none { Vec::new() } else { of },
            parted: Vec::new(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.of.is_empty()
    }

    pub fn of(&self, lexeme: Lexeme) -> Guard {
        self.of.get(lexeme as usize).copied().unwrap_or_default()
    }

    /// Those of the lexemes that pass.
    #[inline]
    pub fn pass(&mut self, set: MatchSet, gate: &mut Gate, lexer: &mut Lexer) -> MatchSet {
        if set == NO_MATCH {
            return set;
        }
        let (free, guard) = match self.parted.get(set as usize) {
            Some(&Some(known)) => known,
            _ => self.part(set, lexer),
        };
        gate.seen = gate.seen.max(guard);
        if gate.shut { free } else { set }
    }

    fn part(&mut self, set: MatchSet, lexer: &mut Lexer) -> (MatchSet, Guard) {
        let lexemes = lexer.match_set(set);
        let free = lexemes.iter().copied().filter(|&lexeme| self.of(lexeme) == Guard::None);
        let free: Box<[Lexeme]> = free.collect();
        let guard = lexemes.iter().map(|&lexeme| self.of(lexeme)).max().unwrap_or_default();
        let parted = (lexer.set_of(free), guard);
        if self.parted.len() <= set as usize {
            self.parted.resize(set as usize + 1, None);
        }
        self.parted[set as usize] = Some(parted);
        parted
    }
}
