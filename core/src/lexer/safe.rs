//! Bytes that keep lexemes alive whatever their order: a walk over tokens takes whole subtrees of them.

use super::{CounterId, DEAD, Lexer, LexerState, NO_COUNTER, NO_MATCH};
use crate::bytes::{Beginning, CHARACTERS, ClassSet, beginnings, class_of, classes_where};
use crate::error::Result;
use crate::regex::needs::Need;

/// More states are not looked through for what is safe in all of them.
const MAX_SAFE_STATES: usize = 12;

impl Lexer {
    /// Classes of characters beyond ASCII that all lead from the state back to it.
    pub fn own_characters(&mut self, state: LexerState) -> Result<ClassSet> {
        if let Some(&known) = self.own_characters.get(&state) {
            return Ok(known);
        }
        let row = self.reached(state)?;
        let mut own = CHARACTERS;
        self.for_each_character(&row, CHARACTERS, |_, class, after| {
            if after != state {
                own &= !class;
            }
        })?;
        self.own_characters.insert(state, own);
        Ok(own)
    }

    /// Classes of bytes that keep lexemes alive without a match however many follow: in a string that must contain a word,
    /// these are the bytes of any string.
    pub fn safe_classes(&mut self, state: LexerState) -> Result<ClassSet> {
        let place = (NO_COUNTER, state);
        if let Some(&known) = self.safe_classes.get(&place) {
            return Ok(known);
        }
        if let Some((_, expression)) = self.only_lexeme(state) {
            let kept = self.derivatives.kept_classes(expression)?;
            if kept != 0 {
                self.safe_classes.insert(place, kept);
                return Ok(kept);
            }
        }
        self.closed_classes(NO_COUNTER, state)
    }

    /// As `safe_classes`, for characters that are counted: however many follow, texts lack as much of what the counter
    /// needs as they did before.
    pub fn safe_counted_classes(&mut self, counter: CounterId, state: LexerState) -> Result<ClassSet> {
        match self.safe_classes.get(&(counter, state)) {
            Some(&known) => Ok(known),
            None => self.closed_classes(counter, state),
        }
    }

    fn closed_classes(&mut self, counter: CounterId, state: LexerState) -> Result<ClassSet> {
        let need = |lexer: &Lexer, state| match counter {
            NO_COUNTER => Need::default(),
            _ => lexer.need(counter, state),
        };
        let here = need(self, state);
        let alike = |lexer: &Lexer, next| next != DEAD && lexer.matches(next) == NO_MATCH && need(lexer, next) == here;
        let mut classes = if alike(self, state) {
            classes_where(|_| true) | CHARACTERS
        } else {
            0
        };
        let mut reached = vec![state];
        let mut done = 0;
        while let Some(&at) = reached.get(done) {
            if reached.len() > MAX_SAFE_STATES {
                classes = 0;
                break;
            }
            let row = self.reached(at)?;
            let mut after: Vec<LexerState> = Vec::new();
            let mut safe = classes_where(|byte| alike(self, row[usize::from(byte)])) | CHARACTERS;
            self.for_each_character(&row, classes, |lexer, class, next| {
                if !alike(lexer, next) {
                    safe &= !class;
                } else if !after.contains(&next) {
                    after.push(next);
                }
            })?;
            if classes & safe != classes {
                // fewer bytes reach fewer states
                classes &= safe;
                reached.truncate(1);
                done = 0;
                continue;
            }
            let ascii = (0..128u8).filter(|&byte| class_of(byte) & classes != 0);
            for next in ascii.map(|byte| row[usize::from(byte)]).chain(after) {
                if !reached.contains(&next) {
                    reached.push(next);
                }
            }
            done += 1;
        }
        // what is safe here is so in all states that it leads to
        let alike = if classes == 0 { vec![state] } else { reached };
        for at in alike {
            self.safe_classes.entry((counter, at)).or_insert(classes);
        }
        Ok(classes)
    }

    /// Calls `visit` with the states after the characters beyond ASCII of some classes, `DEAD` among them, by class.
    /// States may come more than once.
    fn for_each_character(
        &mut self,
        row: &[LexerState; 256],
        classes: ClassSet,
        mut visit: impl FnMut(&Lexer, ClassSet, LexerState),
    ) -> Result<()> {
        // the state after the first byte, and the rest of the characters
        let mut inside: Vec<(LexerState, Beginning)> = Vec::new();
        for lead in 0xC2..=0xF4u8 {
            let wanted = beginnings(lead).filter(|beginning| beginning.class & classes != 0);
            inside.extend(wanted.map(|beginning| (row[usize::from(lead)], beginning)));
        }
        inside.dedup();
        while let Some((state, rest)) = inside.pop() {
            if state == DEAD {
                visit(self, rest.class, DEAD);
                continue;
            }
            let row = self.reached(state)?;
            let mut next = row[usize::from(rest.low)..=usize::from(rest.high)].to_vec();
            next.dedup();
            for state in next {
                if rest.count == 1 {
                    visit(self, rest.class, state);
                } else {
                    let rest = Beginning {
                        low: 0x80,
                        high: 0xBF,
                        count: rest.count - 1,
                        ..rest
                    };
                    inside.push((state, rest));
                }
            }
        }
        Ok(())
    }
}
