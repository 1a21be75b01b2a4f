//! Containers that may run out of distinct things to hold.
//!
//! Where there always is another item or key, or the number of them is bounded by how many there are, a text that the
//! grammar without guards can complete can be completed with distinct ones. Of other containers that isn't known before
//! it is tried: they are *scarce*. All that is said here errs on that side.

use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use crate::error::Result;
use crate::form::{GrammarForm, GuardForm, OptionForm, SymbolForm};
use crate::regex::derivative::Derivatives;
use crate::regex::expression::ExpressionId;

/// So many values are more than any text of a model holds.
const PLENTY: u64 = 1 << 16;
/// Steps of counting a lexeme's values.
const MAX_STEPS: usize = 20_000;
/// Characters of a text that are followed in a quick look.
const LOOK_AHEAD: usize = 4;
/// Blanks before a sign.
const MAX_BLANKS: usize = 1_000;
/// Symbols inside symbols that are looked into.
const MAX_DEPTH: usize = 200;

/// A rule, and the number of one of its alternatives.
pub type Alternative = (usize, usize);

/// The alternatives that are scarce containers: those that begin with a guarded opening bracket and are not known to
/// have enough to hold.
pub fn scarce(
    form: &GrammarForm,
    expressions: &[ExpressionId],
    derivatives: &mut Derivatives,
) -> Result<Vec<Alternative>> {
    let mut found = Vec::new();
    let used = used(form);
    let guarded = |symbol: usize| guard_of(form, symbol) == GuardForm::Distinct;
    if !(0..used.len()).any(|symbol| used[symbol] && guarded(symbol)) {
        return Ok(found);
    }
    let mut room = Room::new(form, expressions, derivatives)?;
    for (index, symbol) in form.symbols.iter().enumerate() {
        if !used[index] {
            continue;
        }
        let SymbolForm::Rule { alternatives, .. } = symbol else {
            continue;
        };
        for (number, body) in alternatives.iter().enumerate() {
            let opening = body.iter().find_map(|&part| room.opening(part));
            if let Some(opening) = opening
                && !repeats(form, body)
                && room.derives_text(body)
                && !room.has_enough(body, opening)?
            {
                found.push((index, number));
            }
        }
    }
    Ok(found)
}

/// A byte that a text of the expression may begin with, blanks left out.
pub fn first_sign(expression: ExpressionId, derivatives: &mut Derivatives) -> Result<Option<u8>> {
    let mut rest = expression;
    for _ in 0..MAX_BLANKS {
        let arms = derivatives.live_arms(rest)?;
        let mut bytes = arms.iter().flat_map(|arm| arm.low..=arm.high);
        if let Some(sign) = bytes.find(|byte| !byte.is_ascii_whitespace()) {
            return Ok(Some(sign));
        }
        match arms.first() {
            Some(arm) => rest = arm.to,
            None => break,
        }
    }
    Ok(None)
}

/// Are there more keys than a text holds?
pub fn has_plenty(key: ExpressionId, derivatives: &mut Derivatives) -> Result<bool> {
    Ok(plain_values(key, derivatives)? >= PLENTY)
}

/// Which symbols the start refers to, at some remove.
fn used(form: &GrammarForm) -> Vec<bool> {
    let mut used = vec![false; form.symbols.len()];
    let mut open = vec![form.start];
    while let Some(symbol) = open.pop() {
        if std::mem::replace(&mut used[symbol], true) {
            continue;
        }
        match &form.symbols[symbol] {
            SymbolForm::Terminal { .. } => {}
            SymbolForm::Rule { alternatives, .. } => open.extend(alternatives.iter().flatten()),
            SymbolForm::Repeat { symbol, separator, .. } => open.extend([symbol].into_iter().chain(separator)),
            SymbolForm::Members { options, separator, .. } => {
                open.extend(options.iter().map(|option| option.symbol).chain(*separator));
            }
        }
    }
    used
}

fn guard_of(form: &GrammarForm, symbol: usize) -> GuardForm {
    match form.symbols[symbol] {
        SymbolForm::Terminal { guard, .. } => guard,
        _ => GuardForm::Anywhere,
    }
}

/// Is it an array that repeats an item? Two more can always follow, so any number of them can.
fn repeats(form: &GrammarForm, body: &[usize]) -> bool {
    body.last()
        .is_some_and(|&symbol| guard_of(form, symbol) == GuardForm::Repeated)
}

struct Room<'a> {
    form: &'a GrammarForm,
    expressions: &'a [ExpressionId],
    derivatives: &'a mut Derivatives,
    /// First bytes of guarded terminals, blanks left out.
    signs: FxHashMap<usize, u8>,
    productive: Vec<bool>,
    /// Are there places of the container itself in the symbol, guarded separators or keys, and not only values?
    places: Vec<bool>,
    /// See `capacity`.
    capacities: FxHashMap<usize, u64>,
    /// Symbols that are being looked into, and how many questions are open.
    open: FxHashSet<usize>,
    depth: usize,
}

impl<'a> Room<'a> {
    fn new(form: &'a GrammarForm, expressions: &'a [ExpressionId], derivatives: &'a mut Derivatives) -> Result<Self> {
        let mut signs = FxHashMap::default();
        let mut productive = vec![false; form.symbols.len()];
        for (index, symbol) in form.symbols.iter().enumerate() {
            let SymbolForm::Terminal { expression, guard, .. } = symbol else {
                continue;
            };
            let expression = expressions[*expression];
            productive[index] = derivatives.is_live(expression)?;
            if *guard == GuardForm::Distinct
                && let Some(sign) = first_sign(expression, derivatives)?
            {
                signs.insert(index, sign);
            }
        }
        let mut room = Room {
            form,
            expressions,
            derivatives,
            signs,
            productive,
            places: vec![false; form.symbols.len()],
            capacities: FxHashMap::default(),
            open: FxHashSet::default(),
            depth: 0,
        };
        while room.find_productive() {}
        while room.find_places() {}
        Ok(room)
    }

    /// One round; is there more to find?
    fn find_productive(&mut self) -> bool {
        let mut changed = false;
        for index in (0..self.form.symbols.len()).rev() {
            if self.productive[index] {
                continue;
            }
            let lives = |symbol: &usize| self.productive[*symbol];
            let now = match &self.form.symbols[index] {
                SymbolForm::Terminal { .. } => false,
                SymbolForm::Rule { alternatives, .. } => alternatives.iter().any(|body| body.iter().all(lives)),
                SymbolForm::Repeat { symbol, minimum, .. } => *minimum == 0 || lives(symbol),
                SymbolForm::Members { options, minimum, .. } => {
                    let needed = options.iter().filter(|option| option.required);
                    let some = *minimum == 0 || options.iter().any(|option| lives(&option.symbol));
                    some && needed.map(|option| &option.symbol).all(lives)
                }
            };
            self.productive[index] = now;
            changed |= now;
        }
        changed
    }

    fn derives_text(&self, body: &[usize]) -> bool {
        body.iter().all(|&part| self.productive[part])
    }

    /// The bracket, if the symbol is a guarded opening one.
    fn opening(&self, symbol: usize) -> Option<u8> {
        self.signs
            .get(&symbol)
            .copied()
            .filter(|sign| matches!(sign, b'[' | b'{'))
    }

    /// One round; is there more to find?
    fn find_places(&mut self) -> bool {
        let mut changed = false;
        for index in (0..self.form.symbols.len()).rev() {
            if self.places[index] {
                continue;
            }
            let has = |part: &usize| self.places[*part];
            let now = match &self.form.symbols[index] {
                SymbolForm::Terminal { .. } => self.signs.contains_key(&index) && self.opening(index).is_none(),
                SymbolForm::Rule { alternatives, .. } => alternatives.iter().any(|body| {
                    let closed = body.iter().any(|&part| self.opening(part).is_some());
                    !closed && body.iter().any(has)
                }),
                SymbolForm::Repeat { symbol, separator, .. } => has(symbol) || separator.as_ref().is_some_and(has),
                SymbolForm::Members { options, separator, .. } => {
                    options.iter().any(|option| has(&option.symbol)) || separator.as_ref().is_some_and(has)
                }
            };
            self.places[index] = now;
            changed |= now;
        }
        changed
    }

    /// Is there always something to hold in a container with this body?
    fn has_enough(&mut self, body: &[usize], opening: u8) -> Result<bool> {
        let mut count = Some(0);
        for &part in body {
            if let Some(before) = count
                && self.opening(part).is_none()
            {
                count = self.after(part, before, opening == b'[')?;
            }
        }
        Ok(count.is_some())
    }

    /// The most things held after the symbol, if there are `before` it; None if there may be too few for it.
    fn after(&mut self, symbol: usize, before: u64, in_array: bool) -> Result<Option<u64>> {
        if let Some(&sign) = self.signs.get(&symbol) {
            return match sign {
                b'"' => self.fits(symbol, before, 1),
                _ => Ok(Some(before)),
            };
        }
        if !self.places[symbol] {
            return if in_array {
                self.fits(symbol, before, 1)
            } else {
                Ok(Some(before))
            };
        }
        if self.depth > MAX_DEPTH || !self.open.insert(symbol) {
            return Ok(None);
        }
        self.depth += 1;
        let form = self.form;
        let after = match &form.symbols[symbol] {
            SymbolForm::Terminal { .. } => Some(before),
            SymbolForm::Rule { alternatives, .. } => self.after_any(alternatives, before, in_array)?,
            SymbolForm::Repeat { symbol, maximum, .. } => {
                let most = maximum.map_or(PLENTY, u64::from);
                self.all_of(*symbol, before, most, in_array)?
            }
            SymbolForm::Members {
                options,
                ordered,
                maximum,
                ..
            } => self.after_members(options, *ordered, maximum.map(u64::from), before, in_array)?,
        };
        self.depth -= 1;
        self.open.remove(&symbol);
        Ok(after)
    }

    /// As `after`, for a rule. Before a key, there is the choice between all keys.
    fn after_any(&mut self, alternatives: &[Vec<usize>], before: u64, in_array: bool) -> Result<Option<u64>> {
        let mut most = before;
        let mut keys = Vec::new();
        for body in alternatives {
            if !self.derives_text(body) {
                continue;
            }
            if let Some(first) = body.first()
                && self.signs.get(first) == Some(&b'"')
            {
                keys.push(*first);
                continue;
            }
            let mut count = before;
            for &part in body {
                match self.after(part, count, in_array)? {
                    Some(after) => count = after,
                    None => return Ok(None),
                }
            }
            most = most.max(count);
        }
        if keys.is_empty() {
            return Ok(Some(most));
        }
        for key in keys {
            if let Some(after) = self.fits(key, before, 1)? {
                return Ok(Some(most.max(after)));
            }
        }
        Ok(None)
    }

    fn after_members(
        &mut self,
        options: &[OptionForm],
        ordered: bool,
        maximum: Option<u64>,
        before: u64,
        in_array: bool,
    ) -> Result<Option<u64>> {
        let unique = options.iter().all(|option| option.unique);
        let bound = if unique { options.len() as u64 } else { PLENTY };
        let most = maximum.unwrap_or(PLENTY).min(bound);
        let mut in_order = ordered;
        for (index, option) in options.iter().enumerate() {
            if !self.productive[option.symbol] {
                continue;
            }
            in_order &= option.unique;
            let count = if in_order { (index as u64 + 1).min(most) } else { most };
            if self.all_of(option.symbol, before, count, in_array)?.is_none() {
                return Ok(None);
            }
        }
        Ok(Some(before.saturating_add(most)))
    }

    /// As `after`, where the symbol is so often at most.
    fn all_of(&mut self, symbol: usize, before: u64, most: u64, in_array: bool) -> Result<Option<u64>> {
        if self.places[symbol] {
            if in_array && most > 1 {
                return Ok(None);
            }
            let last = before.saturating_add(most.saturating_sub(1));
            return self.after(symbol, last, in_array);
        }
        if in_array {
            self.fits(symbol, before, most)
        } else {
            Ok(Some(before))
        }
    }

    /// Are there enough values of the symbol for so many more?
    fn fits(&mut self, symbol: usize, before: u64, more: u64) -> Result<Option<u64>> {
        let after = before.saturating_add(more);
        let capacity = self.capacity(symbol)?;
        Ok((capacity >= PLENTY || capacity >= after).then_some(after))
    }

    /// Can there be any number of items like the symbol, so that arrays differ in their length? Guarded keys run out.
    fn can_go_on(&mut self, symbol: usize, separator: Option<usize>) -> bool {
        separator.is_none_or(|part| self.productive[part]) && !self.places[symbol]
    }

    /// Of how many values or keys it is known that the symbol has them: one, or as many as its parts have.
    fn capacity(&mut self, symbol: usize) -> Result<u64> {
        if let Some(&known) = self.capacities.get(&symbol) {
            return Ok(known);
        }
        if self.depth > MAX_DEPTH {
            return Ok(1);
        }
        self.capacities.insert(symbol, 1); // ends recursion
        self.depth += 1;
        let capacity = self.find_capacity(symbol)?;
        self.depth -= 1;
        self.capacities.insert(symbol, capacity);
        Ok(capacity)
    }

    fn find_capacity(&mut self, symbol: usize) -> Result<u64> {
        let form = self.form;
        Ok(match &form.symbols[symbol] {
            SymbolForm::Terminal { expression, .. } => plain_values(self.expressions[*expression], self.derivatives)?,
            SymbolForm::Rule { alternatives, .. } => {
                let mut most = 1;
                for body in alternatives {
                    if repeats(form, body) && self.derives_text(body) {
                        return Ok(PLENTY);
                    }
                    let opening = body.iter().find_map(|&part| self.opening(part));
                    let counts = self.derives_text(body)
                        && match opening {
                            Some(opening) => self.has_enough(body, opening)?,
                            None => true,
                        };
                    for &part in body.iter().filter(|_| counts) {
                        most = most.max(self.capacity(part)?);
                    }
                }
                most
            }
            SymbolForm::Repeat {
                symbol,
                maximum,
                separator,
                ..
            } => match maximum {
                Some(0) => 1,
                _ if !self.productive[*symbol] => 1,
                None if self.can_go_on(*symbol, *separator) => PLENTY,
                _ => self.capacity(*symbol)?,
            },
            SymbolForm::Members {
                options,
                maximum,
                separator,
                ..
            } => {
                for option in options.iter().filter(|option| maximum.is_none() && !option.unique) {
                    if self.productive[option.symbol] && self.can_go_on(option.symbol, *separator) {
                        return Ok(PLENTY);
                    }
                }
                let required = options.iter().filter(|option| option.required).count();
                let full = maximum.is_some_and(|maximum| required as u64 >= u64::from(maximum));
                let mut most = 1;
                for option in options.iter().filter(|option| option.required || !full) {
                    if self.productive[option.symbol] {
                        most = most.max(self.capacity(option.symbol)?);
                    }
                }
                most
            }
        })
    }
}

/// Where a plain scalar or key is at a byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum At {
    Start,
    Text,
    Negative,
    Whole,
    Fraction,
    Word,
}

/// What follows plain bytes, and whether something ended with them. Texts of these bytes mean something else each:
/// without escapes, exponents, and zeros in a fraction.
fn follow(at: At, byte: u8) -> Option<At> {
    Some(match (at, byte) {
        (At::Start, b'"') => At::Text,
        (At::Start, b'-') => At::Negative,
        (At::Start | At::Whole, b'0'..=b'9') | (At::Negative, b'1'..=b'9') => At::Whole,
        (At::Start | At::Word, b'a'..=b'z') => At::Word,
        (At::Whole, b'.') => At::Fraction,
        (At::Fraction, b'1'..=b'9') => At::Fraction,
        _ => return None,
    })
}

/// A quick first look: does a path of plain texts soon come to where they can be as long as one likes?
fn goes_on_at_will(expression: ExpressionId, derivatives: &mut Derivatives) -> Result<bool> {
    let arms = derivatives.live_arms(expression)?;
    let Some(opening) = arms.iter().find(|arm| (arm.low..=arm.high).contains(&b'"')) else {
        return Ok(false);
    };
    let mut at = opening.to;
    for _ in 0..LOOK_AHEAD {
        let arms = derivatives.live_arms(at)?;
        let plain = |low: u8, high: u8| {
            (low.max(0x20)..=high)
                .filter(|&byte| byte != b'"' && byte != b'\\')
                .count()
        };
        if arms.iter().any(|arm| arm.to == at && plain(arm.low, arm.high) > 0) {
            return Ok(true);
        }
        let Some(widest) = arms.iter().max_by_key(|arm| plain(arm.low, arm.high.min(0x7F))) else {
            return Ok(false);
        };
        if plain(widest.low, widest.high) == 0 {
            return Ok(false);
        }
        at = widest.to;
    }
    Ok(false)
}

/// Of how many plain scalars or keys it is known that the expression matches them; at least 1. Beginnings of one length
/// are counted, which are all live, and what ended before.
fn plain_values(expression: ExpressionId, derivatives: &mut Derivatives) -> Result<u64> {
    if goes_on_at_will(expression, derivatives)? {
        return Ok(PLENTY);
    }
    let mut layer: FxHashMap<(ExpressionId, At), u64> = FxHashMap::from_iter([((expression, At::Start), 1)]);
    let mut seen = FxHashSet::default();
    let (mut ended, mut most, mut length, mut steps) = (0u64, 1u64, 0, 0);
    while !layer.is_empty() && steps < MAX_STEPS {
        let mut next: FxHashMap<(ExpressionId, At), u64> = FxHashMap::default();
        for ((expression, at), count) in layer {
            steps += 1;
            seen.insert((expression, at));
            for arm in derivatives.live_arms(expression)?.iter() {
                let mut bytes: SmallVec<[(At, u64); 4]> = SmallVec::new();
                if at == At::Text {
                    let (low, high) = (u64::from(arm.low.max(0x20)), u64::from(arm.high));
                    let holds = |byte: u8| u64::from((arm.low..=arm.high).contains(&byte));
                    ended = ended.saturating_add(count * holds(b'"'));
                    let plain = (high + 1).saturating_sub(low) - holds(b'"') - holds(b'\\');
                    if plain > 0 {
                        bytes.push((At::Text, plain));
                    }
                } else {
                    for after in (arm.low..=arm.high).filter_map(|byte| follow(at, byte)) {
                        match bytes.iter_mut().find(|(other, _)| *other == after) {
                            Some((_, width)) => *width += 1,
                            None => bytes.push((after, 1)),
                        }
                    }
                }
                for (after, width) in bytes {
                    let ends = !matches!(after, At::Text | At::Negative) && derivatives.expressions.nullable(arm.to);
                    let more = count.saturating_mul(width);
                    if ends {
                        ended = ended.saturating_add(more);
                    }
                    let slot = next.entry((arm.to, after)).or_default();
                    *slot = slot.saturating_add(more);
                }
            }
        }
        // what ends with a digit may also go on: it is counted once
        let open = next.iter().filter(|((expression, at), _)| {
            matches!(at, At::Text | At::Negative) || !derivatives.expressions.nullable(*expression)
        });
        let open = open.fold(0u64, |sum, (_, &count)| sum.saturating_add(count));
        most = most.max(ended.saturating_add(open));
        layer = next;
        length += 1;
        // longer than there are places: some place comes again, and can do so as often as one likes
        if most >= PLENTY || length > seen.len() && !layer.is_empty() {
            return Ok(PLENTY);
        }
    }
    Ok(most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::regex::expression::{Expressions, UNBOUNDED};
    use crate::regex::literals::{char_class, literals};

    fn class(expressions: &mut Expressions, low: char, high: char) -> ExpressionId {
        char_class(expressions, &[(low.into(), high.into())]).unwrap()
    }

    fn count(make: impl FnOnce(&mut Expressions) -> ExpressionId) -> u64 {
        let mut derivatives = Derivatives::new(100_000);
        let expression = make(&mut derivatives.expressions);
        plain_values(expression, &mut derivatives).unwrap()
    }

    #[test]
    fn plain_scalars_are_counted() {
        let words = |texts: &[&str]| {
            let texts: Vec<Vec<u8>> = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
            count(|expressions| literals(expressions, &texts).unwrap())
        };
        assert_eq!(words(&["false", "null", "true"]), 3);
        assert_eq!(words(&["1", "10", "100", "1e2", "2.0"]), 3);
        assert_eq!(words(&["\"\"", "\"\\n\"", "\"a\"", "\"ab\""]), 3);
        assert_eq!(words(&[",", "["]), 1);
        assert_eq!(words(&["\"a\":", "\"b\":"]), 2);
    }

    #[test]
    fn there_are_plenty_of_what_repeats() {
        let digits = |maximum| {
            count(|expressions| {
                let digit = class(expressions, '1', '9');
                expressions.repeat(digit, 1, maximum).unwrap()
            })
        };
        assert_eq!(digits(3), 9 + 81 + 729);
        assert_eq!(digits(UNBOUNDED), PLENTY);
        let zeros = count(|expressions| {
            let one = literals(expressions, &[b"1.".to_vec()]).unwrap();
            let zero = literals(expressions, &[b"0".to_vec()]).unwrap();
            let zeros = expressions.repeat(zero, 1, UNBOUNDED).unwrap();
            expressions.concat(one, zeros).unwrap()
        });
        assert_eq!(zeros, 1);
    }
}
