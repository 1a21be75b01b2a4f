//! Frames: members chosen from options, counted and told apart by a register instead of by rules.
//!
//! Object members in schema order, members in any order and counted repetition are one form. What has been read of a
//! frame is a small value, the register; from it follows which options may come next, so that a frame of any size and
//! any bound is one rule. Nothing is offered after which the frame could not be finished.

mod rough;

use std::ops::Range;
use std::sync::Arc;

use super::demands::{Demands, Facts, GroupId, Standing};
use super::{Next, Rule};
use crate::regex::keys::Key;

pub type FrameId = u32;
/// Index into `Frame::options`.
pub type OptionId = u32;

/// Stands for no upper bound.
pub const UNBOUNDED: u32 = u32::MAX;

/// Stands for the length of a separator that may hold the frame itself; more of which are longer yet.
const NOT_KNOWN_YET: u64 = 1 << 40;

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
    /// In order: all groups of options before this one are behind.
    position: u32,
    /// In any order: a bit for each group that was taken from; trailing zero words are left out.
    seen: Vec<u64>,
    /// What the members have come to, where something is demanded of that.
    facts: Facts,
}

impl Register {
    /// Equal for equal registers only.
    pub fn as_numbers(&self) -> impl Iterator<Item = u32> + '_ {
        let seen = self.seen.iter().flat_map(|&word| [word as u32, (word >> 32) as u32]);
        let facts = self
            .facts
            .words()
            .iter()
            .flat_map(|&word| [word as u32, (word >> 32) as u32]);
        [self.count, self.position, self.seen.len() as u32]
            .into_iter()
            .chain(seen)
            .chain(facts)
    }

    fn saw(&self, group: GroupId) -> bool {
        let word = self.seen.get(group as usize / 64).copied().unwrap_or(0);
        word >> (group % 64) & 1 == 1
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
    /// With demands: what they are, and which options are there.
    demands: Option<(Arc<Demands>, Vec<bool>)>,
}

/// What a symbol is in a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    Option { id: OptionId, required: bool, unique: bool },
    Separator,
}

impl Tally {
    /// Nothing is there yet.
    pub fn new<S>(
        options: &[Choice<S>],
        separator: Option<S>,
        (minimum, maximum): (u32, u32),
        demands: Option<&Arc<Demands>>,
    ) -> Self {
        let required = options.iter().filter(|option| option.required).count() as u32;
        Tally {
            required,
            missing: required,
            unique: 0,
            repeatable: false,
            separator: separator.is_none(),
            minimum,
            maximum,
            demands: demands.map(|demands| (demands.clone(), vec![false; options.len()])),
        }
    }

    /// One more part is there.
    pub fn add(&mut self, role: Role) {
        match role {
            Role::Option { id, required, unique } => {
                self.missing -= u32::from(required);
                self.unique += 1;
                self.repeatable |= !unique;
                if let Some((_, present)) = &mut self.demands {
                    present[id as usize] = true;
                }
            }
            Role::Separator => self.separator = true,
        }
    }

    /// Are there demands, so that [`Tally::is_enough`] is a question to be asked seldom?
    pub fn has_demands(&self) -> bool {
        self.demands.is_some()
    }

    /// Did that question take so long that a no is not to be relied on?
    pub fn is_exhausted(&self) -> bool {
        self.demands.as_ref().is_some_and(|(demands, _)| demands.is_exhausted())
    }

    pub fn is_enough(&self) -> bool {
        let most = if self.separator {
            self.maximum
        } else {
            self.maximum.min(1)
        };
        if let Some((demands, present)) = &self.demands {
            if !present.contains(&true) {
                return self.minimum == 0 && self.missing == 0 && demands.hold(&Facts::default(), 0);
            }
            let standing = Standing {
                facts: &Facts::default(),
                count: 0,
                minimum: self.minimum,
                maximum: most,
                open: &|group| (true, demands.groups[group as usize].required),
            };
            let cost = |option: OptionId| if present[option as usize] { 0 } else { u64::MAX };
            return demands.plan(&standing, 0, Some(&cost)).is_some();
        }
        let least = self.required.max(self.minimum);
        self.missing == 0 && least <= most && (self.repeatable || self.unique >= self.minimum)
    }
}

/// The parts of a frame, and what each is in it.
pub fn roles<'a, S: Copy>(
    options: &'a [Choice<S>],
    separator: Option<S>,
) -> impl Iterator<Item = (S, Role)> + 'a + use<'a, S> {
    let options = (0..).zip(options).map(
        |(
            id,
            &Choice {
                symbol,
                required,
                unique,
            },
        )| (symbol, Role::Option { id, required, unique }),
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
    /// The first required group from an index on, or the number of groups.
    next_required: Vec<u32>,
    /// Required groups from an index on.
    required_from: Vec<u32>,
    /// A bit for each required group.
    required_bits: Vec<u64>,
    /// One more than the last group that may be repeated.
    repeatable_before: u32,
    /// What is demanded of the members. Without demands, each option is a group of its own.
    demands: Option<Arc<Demands>>,
    /// Members past this many need no counting.
    counted: u32,
}

impl Frame {
    pub fn new(
        (id, rule): (FrameId, Rule),
        mut options: Vec<Choice<Next>>,
        separator: Option<Next>,
        ordered: bool,
        (mut minimum, mut maximum): (u32, u32),
        demands: Option<Arc<Demands>>,
        can_be_empty: impl Fn(Next) -> bool,
    ) -> Self {
        let separator_skippable = separator.is_none_or(&can_be_empty);
        let indices = 0..options.len() as OptionId;
        let mut skippable: Vec<OptionId> = indices.filter(|&i| can_be_empty(options[i as usize].symbol)).collect();
        // with demands, what can be empty is refused (`demands_nothing_empty`)
        let repeatable = demands.is_none() && skippable.iter().any(|&i| !options[i as usize].unique);
        let padded = separator_skippable && repeatable;
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
        let groups: Vec<(bool, bool)> = match &demands {
            Some(demands) => demands
                .groups
                .iter()
                .map(|group| (group.required, group.unique))
                .collect(),
            None => options.iter().map(|option| (option.required, option.unique)).collect(),
        };
        let count = groups.len();
        let mut next_required = vec![count as u32; count + 1];
        let mut required_from = vec![0; count + 1];
        let mut required_bits = vec![0; count.div_ceil(64)];
        for (index, &(required, _)) in groups.iter().enumerate().rev() {
            next_required[index] = if required {
                index as u32
            } else {
                next_required[index + 1]
            };
            required_from[index] = required_from[index + 1] + u32::from(required);
            required_bits[index / 64] |= u64::from(required) << (index % 64);
        }
        let repeatable = groups.iter().rposition(|(_, unique)| !unique);
        let repeatable_before = repeatable.map_or(0, |i| i as u32 + 1);
        // bounds that hold anyway need no counting
        if repeatable_before == 0 && maximum as usize >= count {
            maximum = UNBOUNDED;
        }
        if minimum <= required_from[0] {
            minimum = 0;
        }
        let counted = demands.as_ref().map_or(0, |demands| demands.counted()).max(minimum);
        Frame {
            id,
            rule,
            keys: vec![None; options.len()],
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
            demands,
            counted,
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

    pub fn has_demands(&self) -> bool {
        self.demands.is_some()
    }

    /// Nothing of the frame is there yet.
    pub fn tally(&self) -> Tally {
        let bounds = (self.minimum, self.maximum);
        Tally::new(&self.options, self.separator, bounds, self.demands.as_ref())
    }

    fn groups(&self) -> u32 {
        self.next_required.len() as u32 - 1
    }

    fn group_of(&self, option: OptionId) -> GroupId {
        self.demands.as_ref().map_or(option, |demands| demands.group_of(option))
    }

    fn options_of(&self, groups: Range<GroupId>) -> Range<OptionId> {
        match &self.demands {
            None => groups,
            Some(_) if groups.is_empty() => 0..0,
            Some(demands) => {
                let first = demands.groups[groups.start as usize].options.start;
                first..demands.groups[groups.end as usize - 1].options.end
            }
        }
    }

    fn is_unique(&self, group: GroupId) -> bool {
        match &self.demands {
            Some(demands) => demands.groups[group as usize].unique,
            None => self.options[group as usize].unique,
        }
    }

    fn is_required(&self, group: GroupId) -> bool {
        let word = self.required_bits.get(group as usize / 64).copied().unwrap_or(0);
        word >> (group % 64) & 1 == 1
    }

    /// May a member of the group come, and must one, as far as the other groups don't matter?
    fn open(&self, register: &Register, group: GroupId) -> (bool, bool) {
        let again = !self.is_unique(group);
        let behind = group < register.position || register.saw(group);
        let may = if self.ordered {
            !behind || (again && group + 1 == register.position)
        } else {
            !behind || again
        };
        (may, may && !behind && self.is_required(group))
    }

    /// Are there demands, but members or separators that can be empty? Then a member may come without any text.
    pub fn demands_nothing_empty(&self) -> bool {
        let empty = !self.skippable.is_empty() || (self.separator.is_some() && self.separator_skippable);
        self.demands.is_some() && empty
    }

    /// Did a question about the demands take so long that the answer is not to be relied on?
    pub fn is_exhausted(&self) -> bool {
        self.demands.as_ref().is_some_and(|demands| demands.is_exhausted())
    }

    /// Can what is demanded still be had?
    fn can_end(&self, register: &Register) -> bool {
        self.demands.as_ref().is_none_or(|demands| {
            let open = |group| self.open(register, group);
            demands.plan(&self.standing(register, &open), 0, None).is_some()
        })
    }

    fn standing<'a>(&self, register: &'a Register, open: &'a dyn Fn(GroupId) -> (bool, bool)) -> Standing<'a> {
        Standing {
            facts: &register.facts,
            count: register.count,
            minimum: self.minimum,
            maximum: self.maximum,
            open,
        }
    }

    fn choice(&self, option: OptionId) -> &Choice<Next> {
        &self.options[option as usize]
    }

    /// Is the option required, and still to come?
    pub fn lacks(&self, register: &Register, option: OptionId) -> bool {
        let group = self.group_of(option);
        let behind = group < register.position || register.saw(group);
        self.is_required(group) && !behind
    }

    /// Could the options that may come next not come before the last member, which was required?
    pub fn made_way(&self, register: &Register) -> bool {
        let last = register.position.checked_sub(1);
        self.ordered && last.is_some_and(|last| self.is_required(last))
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
        let held = |demands: &Arc<Demands>| demands.hold(&register.facts, register.count);
        register.count >= self.minimum && self.needed(register) == 0 && self.demands.as_ref().is_none_or(held)
    }

    /// In order: the groups from the position on that may come next.
    fn window(&self, register: &Register, slack: u32) -> Range<u32> {
        let count = self.groups();
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

    /// In order: the group just taken from, where that may be done again.
    fn again(&self, register: &Register, slack: u32) -> Option<GroupId> {
        let last = register.position.checked_sub(1)?;
        (slack > 0 && !self.is_unique(last)).then_some(last)
    }

    /// In any order: may a member of the group come next?
    fn is_left(&self, register: &Register, slack: u32, group: GroupId) -> bool {
        if register.saw(group) {
            !self.is_unique(group) && slack > 0
        } else {
            self.is_required(group) || slack > 0
        }
    }

    /// May the option come next?
    pub fn allows(&self, register: &Register, option: OptionId) -> bool {
        let slack = self.slack(register);
        let group = self.group_of(option);
        let possible = if self.ordered {
            self.again(register, slack) == Some(group) || self.window(register, slack).contains(&group)
        } else {
            self.is_left(register, slack, group)
        };
        possible && (self.demands.is_none() || self.can_end(&self.after(register, option)))
    }

    /// May any option come next?
    pub fn goes_on(&self, register: &Register) -> bool {
        if self.demands.is_some() {
            return !self.possible(register).is_empty();
        }
        let slack = self.slack(register);
        if self.ordered {
            return self.again(register, slack).is_some() || !self.window(register, slack).is_empty();
        }
        let taken: u32 = register.seen.iter().map(|word| word.count_ones()).sum();
        let left = self.repeatable_before > 0 || taken < self.groups();
        self.needed(register) > 0 || (slack > 0 && left)
    }

    /// The options that may come next, ascending.
    pub fn possible(&self, register: &Register) -> Vec<OptionId> {
        let slack = self.slack(register);
        let mut options: Vec<OptionId> = if self.ordered {
            let again = self.again(register, slack).map_or(0..0, |group| group..group + 1);
            let window = self.window(register, slack);
            self.options_of(again).chain(self.options_of(window)).collect()
        } else {
            let groups = (0..self.groups()).filter(|&group| self.is_left(register, slack, group));
            groups.flat_map(|group| self.options_of(group..group + 1)).collect()
        };
        if self.demands.is_some() {
            options.retain(|&option| self.can_end(&self.after(register, option)));
        }
        options
    }

    /// A register that no text of so many bytes tells from this one, if it isn't the same: one with a smaller count,
    /// where both are far from the bounds.
    pub fn clamped(&self, register: &Register, bytes: u32) -> Option<Register> {
        if self.demands.is_some() {
            return None;
        }
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
            counted.min(self.counted)
        } else {
            counted
        };
        let group = self.group_of(option);
        let mut seen = register.seen.clone();
        let mut position = 0;
        if self.ordered {
            position = group + 1;
        } else {
            let word = group as usize / 64;
            if seen.len() <= word {
                seen.resize(word + 1, 0);
            }
            seen[word] |= 1 << (group % 64);
        }
        let facts = register.facts.clone();
        let mut after = Register {
            count,
            position,
            seen,
            facts,
        };
        if let Some(demands) = &self.demands {
            let open = |group| self.open(&after, group);
            after.facts = demands.after(&self.standing(&after, &open), option);
        }
        after
    }

    /// A whole frame at the least cost.
    pub fn cheapest_end(&self, cost: impl Fn(Next) -> u64) -> Ending {
        let mut ending = self.cheapest_end_from(&Register::default(), false, cost);
        ending.separated = false;
        ending
    }

    /// The end of the frame at the least cost; with `before_a_member` there is one.
    pub fn cheapest_end_from(&self, register: &Register, before_a_member: bool, cost: impl Fn(Next) -> u64) -> Ending {
        if let Some(demands) = &self.demands {
            let open = |group| self.open(register, group);
            // fewer members need fewer separators; one needs none, even if it isn't known yet how long they are
            let between = self.separator.map_or(0, &cost).min(NOT_KNOWN_YET);
            let cost = |option: OptionId| cost(self.choice(option).symbol).saturating_add(between);
            let standing = self.standing(register, &open);
            let plan = demands.plan(&standing, u32::from(before_a_member), Some(&cost));
            let mut members = plan.unwrap_or_default();
            members.sort_unstable_by(|a, b| b.cmp(a));
            return Ending {
                frame: self.id,
                members,
                separated: !before_a_member,
            };
        }
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
