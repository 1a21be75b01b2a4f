//! Bytes that keep lexemes alive whatever their order: a walk over tokens takes whole subtrees of them.

use super::{CounterId, DEAD, Lexer, LexerState, NO_COUNTER, NO_MATCH};
use crate::bytes::{Beginning, CHARACTERS, ClassSet, beginnings, class_of, classes_where};
use crate::error::Result;
use crate::regex::needs::Need;

/// More states are not looked through for what is safe in all of them.
const MAX_SAFE_STATES: usize = 12;

/// What is known of the classes of bytes that keep lexemes alive.
#[derive(Debug, Clone, Copy)]
pub(super) enum Safe {
    AtMost(ClassSet),
    Exactly(ClassSet),
}

impl Lexer {
    /// Classes of characters beyond ASCII that all lead from the state back to it.
    pub fn own_characters(&mut self, state: LexerState) -> Result<ClassSet> {
        if let Some(&known) = self.own_characters.get(&state) {
            return Ok(known);
        }
        let row = self.reached(state)?;
        let mut own = CHARACTERS;
        self.for_each_character(&row, CHARACTERS, |_, class, after, whole| {
            if whole && after != state {
                own &= !class;
            }
        })?;
        self.own_characters.insert(state, own);
        Ok(own)
    }

    /// Classes of bytes and characters that all lead from the state back to it, without a match there or on the way.
    pub fn silent_classes(&mut self, state: LexerState) -> Result<ClassSet> {
        if self.matches(state) != NO_MATCH {
            return Ok(0);
        }
        let row = self.reached(state)?;
        let mut characters = CHARACTERS;
        self.for_each_character(&row, CHARACTERS, |lexer, class, after, whole| {
            let silent = match whole {
                true => after == state,
                false => lexer.matches(after) == NO_MATCH,
            };
            if !silent {
                characters &= !class;
            }
        })?;
        Ok(self.own_classes(state)? | characters)
    }

    /// Do bytes of the classes keep lexemes alive without a match, however many follow? In a string that must contain a
    /// word, the bytes of any string do. With a counter, which must be between two repetitions, texts must also lack as
    /// much as before.
    pub fn stays_inside(&mut self, counter: CounterId, state: LexerState, classes: ClassSet) -> Result<bool> {
        let place = (counter, state);
        let known = match self.safe_classes.get(&place) {
            Some(&known) => known,
            None => {
                // most are told by the first byte
                let row = self.reached(state)?;
                let live = classes_where(|byte| row[usize::from(byte)] != DEAD) | CHARACTERS;
                self.safe_classes.insert(place, Safe::AtMost(live));
                Safe::AtMost(live)
            }
        };
        match known {
            Safe::AtMost(most) if classes & !most != 0 => Ok(false),
            Safe::AtMost(_) => Ok(classes & !self.safe_classes(counter, state)? == 0),
            Safe::Exactly(safe) => Ok(classes & !safe == 0),
        }
    }

    fn safe_classes(&mut self, counter: CounterId, state: LexerState) -> Result<ClassSet> {
        if counter == NO_COUNTER
            && let Some((_, expression)) = self.only_lexeme(state)
        {
            let kept = self.derivatives.kept_classes(expression)?;
            if kept != 0 {
                self.safe_classes.insert((counter, state), Safe::Exactly(kept));
                return Ok(kept);
            }
        }
        let lacks = |lexer: &Lexer, state| match counter {
            NO_COUNTER => Need::default(),
            _ => lexer.need(counter, state),
        };
        let here = lacks(self, state);
        let is_safe = |lexer: &Lexer, next| next != DEAD && lacks(lexer, next) == here;
        let mut classes = match counter {
            NO_COUNTER => classes_where(|_| true) | CHARACTERS,
            counter => self.counted_classes(counter)?,
        };
        let mut reached = vec![state];
        let mut done = 0;
        while let Some(&at) = reached.get(done) {
            if self.matches(at) != NO_MATCH || reached.len() > MAX_SAFE_STATES {
                classes = 0;
                break;
            }
            let row = self.reached(at)?;
            let mut safe = classes_where(|byte| is_safe(self, row[usize::from(byte)])) | CHARACTERS;
            let mut after: Vec<LexerState> = Vec::new();
            if classes & !safe == 0 {
                self.for_each_character(&row, classes, |lexer, class, next, whole| {
                    if !whole {
                        return;
                    }
                    if !is_safe(lexer, next) {
                        safe &= !class;
                    } else if !after.contains(&next) {
                        after.push(next);
                    }
                })?;
            }
            if classes & !safe != 0 {
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
            let known = self.safe_classes.entry((counter, at)).or_insert(Safe::Exactly(classes));
            if let Safe::AtMost(_) = known {
                *known = Safe::Exactly(classes);
            }
        }
        Ok(classes)
    }

    /// Calls `visit` with the states after the characters beyond ASCII of some classes, by class, and with those inside
    /// them: the last argument tells whether nothing of the character is left to read. Where it is `DEAD`, nothing is.
    /// States may come more than once.
    pub(super) fn for_each_character(
        &mut self,
        row: &[LexerState; 256],
        classes: ClassSet,
        mut visit: impl FnMut(&Lexer, ClassSet, LexerState, bool),
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
                visit(self, rest.class, DEAD, true);
                continue;
            }
            visit(self, rest.class, state, false);
            let row = self.reached(state)?;
            let mut next = row[usize::from(rest.low)..=usize::from(rest.high)].to_vec();
            next.dedup();
            for state in next {
                if rest.count == 1 {
                    visit(self, rest.class, state, true);
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
