//! Bytes that keep lexemes alive whatever their order: a walk over tokens takes whole subtrees of them.

use super::{DEAD, Lexer, LexerState, NO_MATCH};
use crate::bytes::{CHARACTERS, ClassSet, class_of, classes_where, continuation};
use crate::error::Result;

/// More states are not looked through for what is safe in all of them.
const MAX_SAFE_STATES: usize = 12;

impl Lexer {
    /// Does every character beyond ASCII lead from the state back to it?
    pub fn keeps_characters(&mut self, state: LexerState) -> Result<bool> {
        if let Some(&known) = self.keeps_characters.get(&state) {
            return Ok(known);
        }
        let row = self.reached(state)?;
        let keeps = self.after_characters(&row)?.is_some_and(|after| after == [state]);
        self.keeps_characters.insert(state, keeps);
        Ok(keeps)
    }

    /// Classes of bytes, and `CHARACTERS`, that keep lexemes alive without a match however many follow: in a string that
    /// must contain a word, these are the bytes of any string.
    pub fn safe_classes(&mut self, state: LexerState) -> Result<ClassSet> {
        if let Some(&known) = self.safe_classes.get(&state) {
            return Ok(known);
        }
        if let Some((_, expression)) = self.only_lexeme(state) {
            let kept = self.derivatives.kept_classes(expression)?;
            if kept != 0 {
                self.safe_classes.insert(state, kept);
                return Ok(kept);
            }
        }
        let mut classes = classes_where(|_| true) | CHARACTERS;
        let mut reached = vec![state];
        let mut done = 0;
        while let Some(&at) = reached.get(done) {
            if self.matches(at) != NO_MATCH || reached.len() > MAX_SAFE_STATES {
                classes = 0;
                break;
            }
            let row = self.reached(at)?;
            let live = classes_where(|byte| row[usize::from(byte)] != DEAD) | CHARACTERS;
            let after = if classes & CHARACTERS == 0 {
                Some(Vec::new())
            } else {
                self.after_characters(&row)?
            };
            let smaller = match &after {
                Some(_) => classes & live,
                None => classes & live & !CHARACTERS,
            };
            if smaller != classes {
                // fewer bytes reach fewer states
                classes = smaller;
                reached.truncate(1);
                done = 0;
                continue;
            }
            let ascii = (0..128u8).filter(|&byte| class_of(byte) & classes != 0);
            for next in ascii
                .map(|byte| row[usize::from(byte)])
                .chain(after.unwrap_or_default())
            {
                if !reached.contains(&next) {
                    reached.push(next);
                }
            }
            done += 1;
        }
        // what is safe here is so in all states that it leads to
        let alike = if classes == 0 { vec![state] } else { reached };
        for at in alike {
            self.safe_classes.entry(at).or_insert(classes);
        }
        Ok(classes)
    }

    /// The states after the characters beyond ASCII; None if one of them leads nowhere.
    fn after_characters(&mut self, row: &[LexerState; 256]) -> Result<Option<Vec<LexerState>>> {
        // (state inside a character, range of the next byte, bytes that follow it)
        let mut inside: Vec<(LexerState, u8, u8, u8)> = Vec::new();
        for lead in 0xC2..=0xF4u8 {
            if let Some((low, high, count)) = continuation(lead) {
                inside.push((row[usize::from(lead)], low, high, count));
            }
        }
        inside.dedup();
        let mut after = Vec::new();
        while let Some((state, low, high, count)) = inside.pop() {
            let row = self.reached(state)?;
            let mut next = row[usize::from(low)..=usize::from(high)].to_vec();
            next.dedup();
            if next.contains(&DEAD) {
                return Ok(None);
            }
            if count == 1 {
                after.extend(next);
                after.sort_unstable();
                after.dedup();
            } else {
                inside.extend(next.into_iter().map(|state| (state, 0x80, 0xBF, count - 1)));
            }
        }
        Ok(Some(after))
    }
}
