//! What the members of a frame must come to, beyond how many there are of which: a conjunction of choices.
//!
//! Each option sets some *facts*. Each choice is a list of *demands*, one of which must hold at the end: facts that must
//! be set, facts that must not be, and how many members there may be. So alternatives that overlap run in lockstep
//! in one frame, instead of being multiplied out: "b only with a" is one choice of two demands.
//!
//! Whether a frame can still be finished is a small satisfiability problem: a demand of each choice is tried, those
//! first that need nothing more, then members that set the missing facts.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use smallvec::SmallVec;

use super::frame::{OptionId, UNBOUNDED};
use crate::error::Error;

/// Index of a group of options; in any frame, an option without a group of its own is one.
pub type GroupId = u32;

/// Steps that one question may take.
const MAX_STEPS: u32 = 300_000;

/// A set of facts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Facts(SmallVec<[u64; 2]>);

impl Facts {
    pub fn words(&self) -> &[u64] {
        &self.0
    }

    fn insert(&mut self, fact: u32) {
        let word = fact as usize / 64;
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (fact % 64);
    }

    fn contains(&self, fact: u32) -> bool {
        self.0
            .get(fact as usize / 64)
            .is_some_and(|word| word >> (fact % 64) & 1 == 1)
    }

    fn contains_all(&self, other: &Facts) -> bool {
        let missing = |(index, &word): (usize, &u64)| word & !self.0.get(index).copied().unwrap_or(0) != 0;
        !other.0.iter().enumerate().any(missing)
    }

    fn intersects(&self, other: &Facts) -> bool {
        self.0.iter().zip(&other.0).any(|(a, b)| a & b != 0)
    }

    fn add(&mut self, other: &Facts) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        self.0.iter_mut().zip(&other.0).for_each(|(a, b)| *a |= b);
    }

    /// Only what is in the other, too; equal sets are equal afterwards.
    fn keep(&mut self, other: &Facts) {
        self.0.truncate(other.0.len());
        self.0.iter_mut().zip(&other.0).for_each(|(a, b)| *a &= b);
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
    }

    fn without(&self, other: &Facts) -> Facts {
        let mut rest = self.clone();
        rest.0.iter_mut().zip(&other.0).for_each(|(a, b)| *a &= !b);
        rest
    }

    fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter().enumerate().flat_map(|(index, &word)| {
            let mut rest = word;
            std::iter::from_fn(move || {
                let bit = rest.trailing_zeros();
                (rest != 0).then(|| {
                    rest &= rest - 1;
                    index as u32 * 64 + bit
                })
            })
        })
    }
}

impl FromIterator<u32> for Facts {
    fn from_iter<T: IntoIterator<Item = u32>>(facts: T) -> Self {
        let mut set = Facts::default();
        facts.into_iter().for_each(|fact| set.insert(fact));
        set
    }
}

/// One way to do a choice justice.
#[derive(Debug, Clone)]
pub struct Demand {
    /// Facts that must be set at the end.
    pub needs: Facts,
    /// Facts that must not be.
    pub bars: Facts,
    /// Fewest members.
    pub minimum: u32,
    /// Most members, or `UNBOUNDED`.
    pub maximum: u32,
}

impl Demand {
    fn holds(&self, facts: &Facts, count: u32) -> bool {
        facts.contains_all(&self.needs)
            && !facts.intersects(&self.bars)
            && self.minimum <= count
            && count <= self.maximum
    }
}

/// Options of which a text has at most one, or at least one, or both.
#[derive(Debug, Clone)]
pub struct Group {
    pub options: Range<OptionId>,
    pub required: bool,
    pub unique: bool,
}

/// The choices of a frame, and what its options are to them.
#[derive(Debug)]
pub struct Demands {
    pub groups: Vec<Group>,
    /// By option.
    pub sets: Vec<Facts>,
    pub choices: Vec<Vec<Demand>>,
    /// By fact, the options that set it.
    providers: Vec<Vec<OptionId>>,
    /// By fact, those that each of these options sets.
    implied: Vec<Facts>,
    /// By option.
    group_of: Vec<GroupId>,
    /// The fact that stands for a choice which is settled, for the first of them.
    first_settled: u32,
    /// Did a question take too long?
    exhausted: AtomicBool,
}

/// Where a frame stands, as its demands see it.
pub struct Standing<'a> {
    pub facts: &'a Facts,
    pub count: u32,
    /// Bounds of the frame itself.
    pub minimum: u32,
    pub maximum: u32,
    /// May a member of the group come, and must one?
    pub open: &'a dyn Fn(GroupId) -> (bool, bool),
}

/// Options, and how often.
pub type Picks = Vec<(OptionId, u32)>;

impl Demands {
    pub fn new(groups: Vec<Group>, sets: Vec<Facts>, choices: Vec<Vec<Demand>>) -> Self {
        let all = choices
            .iter()
            .flatten()
            .flat_map(|demand| [&demand.needs, &demand.bars]);
        let facts = all
            .chain(&sets)
            .flat_map(|facts| facts.iter())
            .max()
            .map_or(0, |last| last + 1);
        let mut providers = vec![Vec::new(); facts as usize];
        let mut group_of = vec![0; sets.len()];
        for (id, group) in (0..).zip(&groups) {
            group.options.clone().for_each(|option| group_of[option as usize] = id);
        }
        for (option, set) in (0..).zip(&sets) {
            set.iter().for_each(|fact| providers[fact as usize].push(option));
        }
        let in_common = |options: &Vec<OptionId>| {
            let mut sets = options.iter().map(|&option| &sets[option as usize]);
            let mut common = sets.next().cloned().unwrap_or_default();
            sets.for_each(|set| common.keep(set));
            common
        };
        let implied = providers.iter().map(in_common).collect();
        Demands {
            implied,
            groups,
            sets,
            choices,
            providers,
            group_of,
            first_settled: facts,
            exhausted: AtomicBool::new(false),
        }
    }

    /// Did a question take so long that its answer is not to be relied on?
    pub fn is_exhausted(&self) -> bool {
        self.exhausted.load(Ordering::Relaxed)
    }

    /// The error for such a question.
    pub fn exhausted() -> Error {
        Error::TooLarge {
            what: "the steps to find out whether an object's alternatives can all be met",
            value: MAX_STEPS as usize,
        }
    }

    /// What comes with some facts, if each of them is set.
    fn implied(&self, facts: &Facts) -> Facts {
        let mut implied = Facts::default();
        facts.iter().for_each(|fact| implied.add(&self.implied[fact as usize]));
        implied
    }

    /// Members past this many need no counting, as far as the choices go.
    pub fn counted(&self) -> u32 {
        let bounds = |demand: &Demand| {
            let above = if demand.maximum == UNBOUNDED {
                0
            } else {
                demand.maximum + 1
            };
            demand.minimum.max(above)
        };
        self.choices.iter().flatten().map(bounds).max().unwrap_or(0)
    }

    pub fn group_of(&self, option: OptionId) -> GroupId {
        self.group_of[option as usize]
    }

    fn is_settled(&self, choice: usize, facts: &Facts) -> bool {
        facts.contains(self.first_settled + choice as u32)
    }

    /// May the frame end, as far as the choices go?
    pub fn hold(&self, facts: &Facts, count: u32) -> bool {
        let mut choices = self.choices.iter().enumerate();
        choices.all(|(index, choice)| {
            self.is_settled(index, facts) || choice.iter().any(|demand| demand.holds(facts, count))
        })
    }

    /// The facts after one more member, without those that make no difference any more.
    pub fn after(&self, at: &Standing, option: OptionId) -> Facts {
        let mut facts = at.facts.clone();
        facts.add(&self.sets[option as usize]);
        let comes = |fact: u32| {
            let mut providers = self.providers[fact as usize].iter();
            providers.any(|&option| (at.open)(self.group_of[option as usize]).0)
        };
        let mut relevant = Facts::default();
        for (index, choice) in self.choices.iter().enumerate() {
            let settled = self.first_settled + index as u32;
            let lasts = |demand: &Demand| {
                demand.maximum == UNBOUNDED && demand.holds(&facts, at.count) && !demand.bars.iter().any(comes)
            };
            if facts.contains(settled) || choice.iter().any(lasts) {
                facts.insert(settled);
                relevant.insert(settled);
                continue;
            }
            for demand in choice.iter().filter(|demand| !facts.intersects(&demand.bars)) {
                relevant.add(&demand.needs);
                relevant.add(&demand.bars);
            }
            // one barred fact is enough to know that a demand is out
            for demand in choice.iter().filter(|demand| facts.intersects(&demand.bars)) {
                relevant.add(&demand.bars);
            }
        }
        facts.keep(&relevant);
        facts
    }

    /// Further members with which the frame can end, at the least cost, `u64::MAX` for what cannot come; or just any, if
    /// there is no telling the cost. None when there are none.
    pub fn plan(&self, at: &Standing, least: u32, cost: Option<&dyn Fn(OptionId) -> u64>) -> Option<Picks> {
        let mut search = Search {
            demands: self,
            at,
            cost,
            least,
            picked: Vec::new(),
            best: None,
            hurries: true,
            steps: 0,
        };
        let wanted = Wanted {
            needs: Facts::default(),
            implied: Facts::default(),
            bars: Facts::default(),
            minimum: at.minimum.max(at.count.saturating_add(least)),
            maximum: at.maximum,
        };
        let open = (0..self.choices.len()).filter(|&choice| !self.is_settled(choice, at.facts));
        let open: Vec<usize> = open.collect();
        // nearly always there is an end that can be had without a search
        search.choose(open.clone(), wanted.clone());
        if search.best.as_ref().is_none_or(|(best, _)| cost.is_some() && *best > 0) {
            search.hurries = false;
            search.choose(open, wanted);
        }
        // what was found is an end in any case, if perhaps not the least
        if search.steps >= MAX_STEPS && search.best.is_none() {
            self.exhausted.store(true, Ordering::Relaxed);
        }
        search.best.map(|(_, picks)| picks)
    }
}

/// What the demands chosen so far come to.
#[derive(Clone)]
struct Wanted {
    needs: Facts,
    /// What comes with the facts that are missing.
    implied: Facts,
    bars: Facts,
    minimum: u32,
    maximum: u32,
}

impl Wanted {
    fn and(&self, demand: &Demand, at: &Facts, demands: &Demands) -> Wanted {
        let mut both = self.clone();
        both.needs.add(&demand.needs);
        both.implied.add(&demands.implied(&demand.needs.without(at)));
        both.bars.add(&demand.bars);
        both.minimum = both.minimum.max(demand.minimum);
        both.maximum = both.maximum.min(demand.maximum);
        both
    }

    /// Does a demand ask for nothing more?
    fn implies(&self, demand: &Demand, facts: &Facts) -> bool {
        let has = |fact: u32| facts.contains(fact) || self.needs.contains(fact);
        demand.needs.iter().all(has)
            && self.bars.contains_all(&demand.bars)
            && self.minimum >= demand.minimum
            && self.maximum <= demand.maximum
    }
}

struct Search<'a> {
    demands: &'a Demands,
    at: &'a Standing<'a>,
    cost: Option<&'a dyn Fn(OptionId) -> u64>,
    /// Fewest members to come.
    least: u32,
    /// Members that set missing facts.
    picked: Vec<OptionId>,
    best: Option<(u64, Picks)>,
    /// Is it about any end, not the least?
    hurries: bool,
    steps: u32,
}

impl Search<'_> {
    /// Is there nothing more to find for what is wanted, or no more time?
    fn is_over(&mut self, facts: &Facts, wanted: &Wanted) -> bool {
        self.steps += 1;
        let Some((best, _)) = self.best else {
            return self.steps >= MAX_STEPS;
        };
        let missing = wanted.needs.iter().filter(|&fact| !facts.contains(fact));
        let least = missing.map(|fact| {
            let providers = self.demands.providers[fact as usize].iter();
            providers.map(|&option| self.cost(option)).min().unwrap_or(u64::MAX)
        });
        self.hurries || self.cost.is_none() || self.steps >= MAX_STEPS || best <= least.max().unwrap_or(0)
    }

    fn cost(&self, option: OptionId) -> u64 {
        self.cost.map_or(1, |cost| cost(option))
    }

    fn may_come(&self, option: OptionId, bars: &Facts) -> bool {
        let group = self.demands.group_of[option as usize];
        (self.at.open)(group).0 && !self.demands.sets[option as usize].intersects(bars) && self.cost(option) < u64::MAX
    }

    /// Can a demand be met beside what is wanted already, as far as can be told without picking members?
    fn is_viable(&self, demand: &Demand, wanted: &Wanted) -> bool {
        let facts = self.at.facts;
        let clash = facts.intersects(&demand.bars)
            || wanted.needs.intersects(&demand.bars)
            || wanted.implied.intersects(&demand.bars)
            || wanted.bars.intersects(&demand.needs)
            || wanted.minimum.max(demand.minimum) > wanted.maximum.min(demand.maximum);
        let provided = |fact: u32| {
            let mut providers = self.demands.providers[fact as usize].iter();
            facts.contains(fact) || providers.any(|&option| self.may_come(option, &wanted.bars))
        };
        !clash && demand.needs.iter().all(provided)
    }

    /// Chooses a demand for each of some choices: first where there is least to choose from.
    fn choose(&mut self, mut open: Vec<usize>, mut wanted: Wanted) {
        if self.is_over(self.at.facts, &wanted) {
            return;
        }
        let demands = self.demands;
        let mut left: Vec<(usize, Vec<&Demand>)> = Vec::new();
        // what there is only one demand for is wanted at once, and may leave one demand elsewhere
        let mut is_forced = true;
        while std::mem::take(&mut is_forced) {
            left.clear();
            for choice in open {
                self.steps += 1;
                let all = demands.choices[choice].iter();
                let viable: Vec<&Demand> = all.filter(|demand| self.is_viable(demand, &wanted)).collect();
                if viable.iter().any(|demand| wanted.implies(demand, self.at.facts)) {
                    continue;
                }
                match viable[..] {
                    [] => return,
                    [only] => {
                        wanted = wanted.and(only, self.at.facts, demands);
                        is_forced = true;
                    }
                    _ => left.push((choice, viable)),
                }
            }
            if self.steps >= MAX_STEPS {
                return;
            }
            open = left.iter().map(|(choice, _)| *choice).collect();
        }
        if self.hurries || wanted.minimum <= self.at.count {
            self.take_pure(&mut left, &mut wanted);
        }
        let Some(index) = (0..left.len()).min_by_key(|&index| left[index].1.len()) else {
            return self.provide(self.at.facts.clone(), &wanted);
        };
        let (_, mut viable) = left.swap_remove(index);
        viable.sort_by_key(|demand| {
            demand
                .needs
                .iter()
                .filter(|&fact| !self.at.facts.contains(fact))
                .count()
        });
        for demand in viable {
            self.choose(
                left.iter().map(|(choice, _)| *choice).collect(),
                wanted.and(demand, self.at.facts, demands),
            );
        }
    }

    /// Takes demands that can do no harm: they need nothing more, and nobody needs what they bar. Without a lower bound
    /// on members, fewer possible ones are no loss.
    fn take_pure(&self, left: &mut Vec<(usize, Vec<&Demand>)>, wanted: &mut Wanted) {
        let mut needed = wanted.needs.clone();
        // in a hurry, what might be needed elsewhere is tried only if it is the only way
        if !self.hurries {
            left.iter()
                .flat_map(|(_, viable)| viable)
                .for_each(|demand| needed.add(&demand.needs));
        }
        // with a fact that is needed come others
        let mut useful = Facts::default();
        for fact in needed.iter() {
            let providers = self.demands.providers[fact as usize].iter();
            providers.for_each(|&option| useful.add(&self.demands.sets[option as usize]));
        }
        for (id, group) in (0..).zip(&self.demands.groups) {
            if (self.at.open)(id).1 {
                group
                    .options
                    .clone()
                    .for_each(|option| useful.add(&self.demands.sets[option as usize]));
            }
        }
        left.retain(|(_, viable)| {
            let pure = viable.iter().find(|demand| {
                let free = demand.minimum <= wanted.minimum && demand.maximum >= wanted.maximum;
                free && self.at.facts.contains_all(&demand.needs) && !demand.bars.intersects(&useful)
            });
            if let Some(demand) = pure {
                *wanted = wanted.and(demand, self.at.facts, self.demands);
            }
            pure.is_none()
        });
    }

    /// Picks members that set the missing facts, one after the other.
    fn provide(&mut self, facts: Facts, wanted: &Wanted) {
        if self.is_over(&facts, wanted) || self.at.count.saturating_add(self.picked.len() as u32) > wanted.maximum {
            return;
        }
        let Some(missing) = wanted.needs.without(&facts).iter().next() else {
            return self.fill(wanted);
        };
        let demands = self.demands;
        for &option in &demands.providers[missing as usize] {
            let group = demands.group_of[option as usize];
            let taken = |&picked: &OptionId| demands.group_of[picked as usize] == group;
            if !self.may_come(option, &wanted.bars)
                || (demands.groups[group as usize].unique && self.picked.iter().any(taken))
            {
                continue;
            }
            let mut facts = facts.clone();
            facts.add(&demands.sets[option as usize]);
            self.picked.push(option);
            self.provide(facts, wanted);
            self.picked.pop();
        }
    }

    /// Adds what else is required, and as many members as there must be.
    fn fill(&mut self, wanted: &Wanted) {
        let demands = self.demands;
        let mut picks: Picks = Vec::new();
        for &option in &self.picked {
            match picks.iter_mut().find(|(known, _)| *known == option) {
                Some((_, times)) => *times += 1,
                None => picks.push((option, 1)),
            }
        }
        let mut count = self.at.count.saturating_add(self.picked.len() as u32);
        // the cheapest of each group, and how often
        let mut others: Vec<(u64, OptionId, u32)> = Vec::new();
        for (id, group) in (0..).zip(&demands.groups) {
            let (may, must) = (self.at.open)(id);
            if !may {
                continue;
            }
            let taken = self.picked.iter().any(|option| group.options.contains(option));
            let possible = group
                .options
                .clone()
                .filter(|&option| self.may_come(option, &wanted.bars));
            let cheapest = possible.min_by_key(|&option| self.cost(option));
            match cheapest {
                Some(option) if must && !taken => {
                    picks.push((option, 1));
                    count = count.saturating_add(1);
                    if !group.unique {
                        others.push((self.cost(option), option, u32::MAX));
                    }
                }
                Some(option) if !group.unique => others.push((self.cost(option), option, u32::MAX)),
                Some(option) if !taken => others.push((self.cost(option), option, 1)),
                None if must && !taken => return,
                _ => {}
            }
        }
        others.sort_unstable();
        let mut lacking = wanted.minimum.saturating_sub(count);
        let come = count - self.at.count;
        lacking = lacking.max(self.least.saturating_sub(come));
        for (_, option, most) in others {
            let times = most.min(lacking);
            if times > 0 {
                match picks.iter_mut().find(|(known, _)| *known == option) {
                    Some((_, known)) => *known = known.saturating_add(times),
                    None => picks.push((option, times)),
                }
                count = count.saturating_add(times);
                lacking -= times;
            }
        }
        if lacking > 0 || count > wanted.maximum {
            return;
        }
        let total = |cost: u64, &(option, times): &(OptionId, u32)| {
            cost.saturating_add(self.cost(option).saturating_mul(u64::from(times)))
        };
        let cost = picks.iter().fold(0, total);
        if self.best.as_ref().is_none_or(|(known, _)| cost < *known) {
            self.best = Some((cost, picks));
        }
    }
}
