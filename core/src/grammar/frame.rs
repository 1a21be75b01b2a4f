//! Frames: members chosen from options, counted and told apart by a register instead of by rules.
//!
//! Object members in schema order, members in any order and counted repetition are one form. What has been read of a
//! frame is a small value, the register; from it follows which options may come next, so that a frame of any size and
//! any bound is one rule. Nothing is offered after which the frame could not be finished.

use std::ops::Range;

use super::{Next, Rule};
use crate::regex::keys::Key;

pub type FrameId = u32;
/// Index into `Frame::options`.
pub type OptionId = u32;

/// Stands for no upper bound.
pub const UNBOUNDED: u32 = u32::MAX;

/// What a member may be.
#[derive(Debug, Clone)]
pub struct Choice<S> {
    pub symbol: S,
    /// At least once.
    pub required: bool,
    /// At most once.
    pub unique: bool,
}

/// What has been read of a frame.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Register {
    /// Members; where the frame has no upper bound, not counted past the lower one.
    count: u32,
    /// In order: all options before this one are behind.
    position: u32,
    /// In any order: a bit for each option that was taken; trailing zero words are left out.
    seen: Vec<u64>,
}

impl Register {
    /// Equal for equal registers only.
    pub fn as_numbers(&self) -> impl Iterator<Item = u32> + '_ {
        let seen = self.seen.iter().flat_map(|&word| [word as u32, (word >> 32) as u32]);
        [self.count, self.position].into_iter().chain(seen)
    }

    fn saw(&self, option: OptionId) -> bool {
        let word = self.seen.get(option as usize / 64).copied().unwrap_or(0);
        word >> (option % 64) & 1 == 1
    }
}

/// Which parts of a frame are there, to tell whether they are enough for it.
#[derive(Debug, Clone)]
pub struct Tally {
    required: u32,
    missing: u32,
    unique: u32,
    repeatable: bool,
    separator: bool,
    minimum: u32,
    maximum: u32,
}

/// What a symbol is in a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    Option { required: bool, unique: bool },
    Separator,
}

impl Tally {
    /// Nothing is there yet.
    pub fn new<S>(options: &[Choice<S>], separator: Option<S>, minimum: u32, maximum: u32) -> Self {
        let required = options.iter().filter(|option| option.required).count() as u32;
        Tally {
            required,
            missing: required,
            unique: 0,
            repeatable: false,
            separator: separator.is_none(),
            minimum,
            maximum,
        }
    }

    /// One more part is there.
    pub fn add(&mut self, role: Role) {
        match role {
            Role::Option { required, unique } => {
                self.missing -= u32::from(required);
                self.unique += 1;
                self.repeatable |= !unique;
            }
            Role::Separator => self.separator = true,
        }
    }

    pub fn is_enough(&self) -> bool {
        let most = if self.separator {
            self.maximum
        } else {
            self.maximum.min(1)
        };
        let least = self.required.max(self.minimum);
        self.missing == 0 && least <= most && (self.repeatable || self.unique >= self.minimum)
    }
}

/// The parts of a frame, and what each is in it.
pub fn roles<'a, S: Copy>(
    options: &'a [Choice<S>],
    separator: Option<S>,
) -> impl Iterator<Item = (S, Role)> + 'a + use<'a, S> {
    let options = options.iter().map(
        |&Choice {
             symbol,
             required,
             unique,
         }| {
            let role = Role::Option { required, unique };
            (symbol, role)
        },
    );
    options.chain(separator.map(|symbol| (symbol, Role::Separator)))
}

/// The members with which a frame ends.
#[derive(Debug, Clone)]
pub struct Ending {
    pub frame: FrameId,
    /// Options, and how often; the next one is last.
    pub members: Vec<(OptionId, u32)>,
    /// Is a separator due before the first?
    pub separated: bool,
}

/// Built once per grammar; symbols are `Next::Terminal` or `Next::Rule`.
#[derive(Debug)]
pub struct Frame {
    id: FrameId,
    pub rule: Rule,
    pub options: Vec<Choice<Next>>,
    pub separator: Option<Next>,
    /// May the separator be left out, since there is none or it can be empty?
    pub separator_skippable: bool,
    /// May any number of members be empty, and the separators between them? Then the minimum holds anyway, and an empty
    /// member beside an empty separator changes nothing unless it was required.
    pub padded: bool,
    pub ordered: bool,
    pub minimum: u32,
    pub maximum: u32,
    /// Options that can be empty and have to be stepped over.
    pub skippable: Vec<OptionId>,
    /// Per option, the lexeme that it begins with: only where that begins with a literal, and no other option with it.
    pub keys: Vec<Option<Key>>,
    /// Options with a key, sorted by its literal.
    pub sorted_keys: Vec<OptionId>,
    /// The first required option from an index on, or the number of options.
    next_required: Vec<u32>,
    /// Required options from an index on.
    required_from: Vec<u32>,
    /// A bit for each required option.
    required_bits: Vec<u64>,
    /// One more than the last option that may be repeated.
    repeatable_before: u32,
}

impl Frame {
    pub fn new(
        (id, rule): (FrameId, Rule),
        mut options: Vec<Choice<Next>>,
        separator: Option<Next>,
        ordered: bool,
        (mut minimum, mut maximum): (u32, u32),
        can_be_empty: impl Fn(Next) -> bool,
    ) -> Self {
        let count = options.len();
        let separator_skippable = separator.is_none_or(&can_be_empty);
        let indices = 0..count as OptionId;
        let mut skippable: Vec<OptionId> = indices.filter(|&i| can_be_empty(options[i as usize].symbol)).collect();
        let padded = separator_skippable && skippable.iter().any(|&i| !options[i as usize].unique);
        if padded {
            // a text with too few members has as many as one likes, since any number of them may be empty
            minimum = 0;
            if let [only] = &mut options[..] {
                only.required = false;
                if separator.is_none() {
                    skippable.clear();
                }
            }
        }
        let mut next_required = vec![count as u32; count + 1];
        let mut required_from = vec![0; count + 1];
        for (index, option) in options.iter().enumerate().rev() {
            let required = option.required;
            next_required[index] = if required {
                index as u32
            } else {
                next_required[index + 1]
            };
            required_from[index] = required_from[index + 1] + u32::from(required);
        }
        let mut required_bits = vec![0; count.div_ceil(64)];
        for (index, option) in options.iter().enumerate() {
            required_bits[index / 64] |= u64::from(option.required) << (index % 64);
        }
        let repeatable_before = options
            .iter()
            .rposition(|option| !option.unique)
            .map_or(0, |i| i as u32 + 1);
        // bounds that hold anyway need no counting
        if repeatable_before == 0 && maximum as usize >= count {
            maximum = UNBOUNDED;
        }
        if minimum <= required_from[0] {
            minimum = 0;
        }
        Frame {
            id,
            rule,
            keys: vec![None; count],
            sorted_keys: Vec::new(),
            skippable,
            separator_skippable,
            padded,
            options,
            separator,
            ordered,
            minimum,
            maximum,
            next_required,
            required_from,
            required_bits,
            repeatable_before,
        }
    }

    /// Gives options their keys.
    pub fn set_keys(&mut self, keys: Vec<Option<Key>>) {
        self.keys = keys;
        let literal = |option: &OptionId| self.keys[*option as usize].as_ref().map(|key| &key.literal);
        let all = 0..self.options.len() as OptionId;
        self.sorted_keys = all.filter(|option| literal(option).is_some()).collect();
        self.sorted_keys.sort_by(|a, b| literal(a).cmp(&literal(b)));
    }

    /// Nothing of the frame is there yet.
    pub fn tally(&self) -> Tally {
        Tally::new(&self.options, self.separator, self.minimum, self.maximum)
    }

    fn choice(&self, option: OptionId) -> &Choice<Next> {
        &self.options[option as usize]
    }

    /// Is the option required, and still to come?
    pub fn lacks(&self, register: &Register, option: OptionId) -> bool {
        let behind = option < register.position || register.saw(option);
        self.choice(option).required && !behind
    }

    /// Could the options that may come next not come before the last member, which was required?
    pub fn made_way(&self, register: &Register) -> bool {
        let last = register.position.checked_sub(1);
        self.ordered && last.is_some_and(|last| self.choice(last).required)
    }

    /// Required options still to come.
    pub fn needed(&self, register: &Register) -> u32 {
        if self.ordered {
            return self.required_from[register.position as usize];
        }
        let both = register.seen.iter().zip(&self.required_bits);
        let taken: u32 = both.map(|(seen, required)| (seen & required).count_ones()).sum();
        self.required_from[0] - taken
    }

    /// Members that may come beside the required ones.
    fn slack(&self, register: &Register) -> u32 {
        match self.maximum {
            UNBOUNDED => UNBOUNDED,
            maximum => maximum
                .saturating_sub(register.count)
                .saturating_sub(self.needed(register)),
        }
    }

    /// May the frame end here?
    pub fn done(&self, register: &Register) -> bool {
        register.count >= self.minimum && self.needed(register) == 0
    }

    /// In order: the options from the position on that may come next.
    fn window(&self, register: &Register, slack: u32) -> Range<u32> {
        let count = self.options.len() as u32;
        let required = self.next_required[register.position as usize];
        let first = if slack == 0 { required } else { register.position };
        let mut end = (required + 1).min(count);
        if self.minimum > register.count {
            // what is skipped can't be counted any more
            let enough = (count + register.count + 1).saturating_sub(self.minimum);
            end = end.min(enough.max(self.repeatable_before));
        }
        first..end.max(first)
    }

    /// In order: the option just taken, where it may be taken again.
    fn again(&self, register: &Register, slack: u32) -> Option<OptionId> {
        let last = register.position.checked_sub(1)?;
        (slack > 0 && !self.choice(last).unique).then_some(last)
    }

    /// In any order: may the option come next?
    fn is_left(&self, register: &Register, slack: u32, option: OptionId) -> bool {
        let choice = self.choice(option);
        if register.saw(option) {
            !choice.unique && slack > 0
        } else {
            choice.required || slack > 0
        }
    }

    /// May the option come next?
    pub fn allows(&self, register: &Register, option: OptionId) -> bool {
        let slack = self.slack(register);
        if self.ordered {
            self.again(register, slack) == Some(option) || self.window(register, slack).contains(&option)
        } else {
            self.is_left(register, slack, option)
        }
    }

    /// May any option come next?
    pub fn goes_on(&self, register: &Register) -> bool {
        let slack = self.slack(register);
        if self.ordered {
            return self.again(register, slack).is_some() || !self.window(register, slack).is_empty();
        }
        let taken: u32 = register.seen.iter().map(|word| word.count_ones()).sum();
        let left = self.repeatable_before > 0 || (taken as usize) < self.options.len();
        self.needed(register) > 0 || (slack > 0 && left)
    }

    /// The options that may come next, ascending.
    pub fn possible(&self, register: &Register) -> Vec<OptionId> {
        let slack = self.slack(register);
        if self.ordered {
            let again = self.again(register, slack).into_iter();
            return again.chain(self.window(register, slack)).collect();
        }
        let options = 0..self.options.len() as OptionId;
        options
            .filter(|&option| self.is_left(register, slack, option))
            .collect()
    }

    /// A register that no text of so many bytes tells from this one, if it isn't the same: one with a smaller count,
    /// where both are far from the bounds.
    pub fn clamped(&self, register: &Register, bytes: u32) -> Option<Register> {
        let member = u32::from(self.skippable.is_empty()) + u32::from(!self.separator_skippable);
        let members = bytes.checked_div(member)?.saturating_add(2);
        let lacking = self.minimum.saturating_sub(register.count);
        let always_enough = self.repeatable_before as usize == self.options.len();
        let count = match lacking {
            0 => self.minimum,
            _ if lacking > members && always_enough => 0,
            _ => return None,
        };
        (self.slack(register) > members && count < register.count).then(|| Register {
            count,
            ..register.clone()
        })
    }

    /// The register after one more member.
    pub fn after(&self, register: &Register, option: OptionId) -> Register {
        let counted = register.count.saturating_add(1);
        let count = if self.maximum == UNBOUNDED {
            counted.min(self.minimum)
        } else {
            counted
        };
        let mut seen = register.seen.clone();
        let mut position = 0;
        if self.ordered {
            position = option + 1;
        } else {
            let word = option as usize / 64;
            if seen.len() <= word {
                seen.resize(word + 1, 0);
            }
            seen[word] |= 1 << (option % 64);
        }
        Register { count, position, seen }
    }

    /// A whole frame at the least cost.
    pub fn cheapest_end(&self, cost: impl Fn(Next) -> u64) -> Ending {
        let mut ending = self.cheapest_end_from(&Register::default(), false, cost);
        ending.separated = false;
        ending
    }

    /// The end of the frame at the least cost; with `before_a_member` there is one.
    pub fn cheapest_end_from(&self, register: &Register, before_a_member: bool, cost: impl Fn(Next) -> u64) -> Ending {
        let lacking = self
            .minimum
            .saturating_sub(register.count.saturating_add(self.needed(register)));
        let first = if self.ordered {
            register.position.saturating_sub(1)
        } else {
            0
        };
        let mut members = Vec::new();
        let mut others = Vec::new();
        for option in first..self.options.len() as OptionId {
            let choice = self.choice(option);
            let behind = option < register.position || register.saw(option);
            if choice.required && !behind {
                members.push((option, 1));
            }
            if !choice.unique {
                others.push((cost(choice.symbol), option, u32::MAX));
            } else if !choice.required && !behind {
                others.push((cost(choice.symbol), option, 1));
            }
        }
        others.sort_unstable();
        let one_more = before_a_member && members.is_empty();
        let mut lacking = if one_more { lacking.max(1) } else { lacking };
        for (_, option, most) in others {
            if lacking == 0 {
                break;
            }
            members.push((option, most.min(lacking)));
            lacking -= most.min(lacking);
        }
        members.sort_unstable_by(|a, b| b.cmp(a));
        Ending {
            frame: self.id,
            members,
            separated: !before_a_member,
        }
    }
}
