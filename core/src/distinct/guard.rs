//! Which lexemes may end only where nothing was repeated, or something was.

use crate::lexer::{Lexeme, Lexer, LexerState, MatchSet, NO_MATCH};

/// What the end of a lexeme asks of the container it opens, lies in or closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Guard {
    #[default]
    None,
    /// Nothing, but a JSON text of its own may begin after it.
    Begins,
    /// It is closed, and holds a repetition.
    Repeated,
    /// It holds no repetition. If it is opened, it is watched from now on.
    Distinct,
    /// As `Distinct`, and there may be too few things for it to hold.
    Scarce,
}

impl Guard {
    /// Is there a place where such a lexeme may not end?
    pub fn holds_back(self) -> bool {
        self > Guard::Begins
    }
}

/// The guards of a grammar's lexemes.
#[derive(Debug, Default)]
pub struct Guards {
    /// Empty if there are none.
    of: Vec<Guard>,
    /// The guarded keys of which there are few.
    few: Vec<Lexeme>,
    parted: Vec<Option<Parted>>,
}

/// What there is to know of a set of lexemes.
#[derive(Debug, Clone, Copy)]
struct Parted {
    /// Those that may end where nothing was repeated, and where something was.
    distinct: MatchSet,
    repeated: MatchSet,
    strictest: Guard,
    /// Is there one among them that has few keys?
    few: bool,
    /// Is there one among them after which a JSON text begins?
    begins: bool,
}

/// What lexemes pass at a byte.
pub struct Gate {
    /// Was something repeated in the container?
    pub repeated: bool,
    /// Is it closed for good to those in progress?
    pub sealed: bool,
    /// Must some arrays hold a repetition, and that in which the byte is holds none?
    pub lacking: bool,
    /// The strictest guard of those that came.
    pub seen: Guard,
    /// Did one come that has few keys?
    pub few: bool,
    /// Did one come after which a JSON text begins?
    pub begins: bool,
}

impl Guards {
    /// Those of some lexemes, and the guarded keys of which there are few.
    pub fn new(of: Vec<Guard>, few: Vec<Lexeme>) -> Self {
        let none = of.iter().all(|guard| !guard.holds_back());
        Guards {
            of: if none { Vec::new() } else { of },
            few,
            parted: Vec::new(),
        }
    }

    /// Is no lexeme held back anywhere? Then it does not matter either where JSON texts begin.
    pub fn is_empty(&self) -> bool {
        self.of.is_empty()
    }

    pub fn of(&self, lexeme: Lexeme) -> Guard {
        self.of.get(lexeme as usize).copied().unwrap_or_default()
    }

    /// Has each lexeme in progress a guard?
    pub fn hold_all(&self, state: LexerState, lexer: &Lexer) -> bool {
        let mut lexemes = lexer.in_progress(state).iter();
        lexemes.all(|&(lexeme, _)| self.of(lexeme).holds_back())
    }

    /// Are no lexemes in progress but those that close an array which holds a repetition?
    pub fn only_close(&self, state: LexerState, lexer: &Lexer) -> bool {
        let mut lexemes = lexer.in_progress(state).iter();
        lexemes.all(|&(lexeme, _)| self.of(lexeme) == Guard::Repeated)
    }

    /// Is a lexeme in progress that has few keys?
    pub fn spends(&self, state: LexerState, lexer: &Lexer) -> bool {
        let mut lexemes = lexer.in_progress(state).iter();
        !self.few.is_empty() && lexemes.any(|(lexeme, _)| self.few.contains(lexeme))
    }

    /// Those of the lexemes that pass.
    #[inline]
    pub fn pass(&mut self, set: MatchSet, gate: &mut Gate, lexer: &mut Lexer) -> MatchSet {
        if set == NO_MATCH {
            return set;
        }
        let parted = match self.parted.get(set as usize) {
            Some(&Some(known)) => known,
            _ => self.part(set, lexer),
        };
        gate.seen = gate.seen.max(parted.strictest);
        gate.few |= parted.few;
        gate.begins |= parted.begins;
        match gate.repeated {
            true => parted.repeated,
            false => parted.distinct,
        }
    }

    fn part(&mut self, set: MatchSet, lexer: &mut Lexer) -> Parted {
        let lexemes = lexer.match_set(set);
        let those = |passes: fn(Guard) -> bool| -> Box<[Lexeme]> {
            let passing = lexemes.iter().copied().filter(|&lexeme| passes(self.of(lexeme)));
            passing.collect()
        };
        let distinct = those(|guard| guard != Guard::Repeated);
        let repeated = those(|guard| guard <= Guard::Repeated);
        let parted = Parted {
            strictest: lexemes.iter().map(|&lexeme| self.of(lexeme)).max().unwrap_or_default(),
            few: lexemes.iter().any(|lexeme| self.few.contains(lexeme)),
            begins: lexemes.iter().any(|&lexeme| self.of(lexeme) == Guard::Begins),
            distinct: lexer.set_of(distinct),
            repeated: lexer.set_of(repeated),
        };
        if self.parted.len() <= set as usize {
            self.parted.resize(set as usize + 1, None);
        }
        self.parted[set as usize] = Some(parted);
        parted
    }
}
