//! Terminals that may not stand side by side, though the rules allow it: where the lexer would read them as something
//! else. Is there a way to the end all the same, from every place? And which is the shortest?
//!
//! The texts of a rule are told apart by what may not come after them: their last terminal's *class*, and what a
//! shift/reduce conflict at the rule's end decides otherwise. So there is a least
//! length of a rule for each class of what stands before it and each class that it ends with.

use rustc_hash::{FxHashMap, FxHashSet};

use super::lalr::{START, Tables};
use crate::error::{Error, Result};
use crate::grammar::{Dot, Grammar, Next, Rule};
use crate::lexer::Lexeme;

/// Index of a set of terminals that may not come next.
pub type Class = u8;

/// There is no such text.
const NEVER: u64 = u64::MAX;
const MAX_CLASSES: usize = 24;

/// See above.
#[derive(Debug)]
pub struct Adjacency {
    /// By class, the terminals that may not come next.
    barred: Vec<Vec<Lexeme>>,
    class_of: Vec<Class>,
    at_start: Class,
    /// By the end of a production before which some terminals can't come, and class: the class behind it.
    ending: FxHashMap<Dot, Vec<Class>>,
    lengths: Vec<u64>,
    /// By dot, the rule whose production it stands in.
    rule_of: Vec<Rule>,
    /// By dot, class before and class behind: least length from the dot to the end of its production.
    rests: Vec<u64>,
    /// By rule, class before and class behind.
    rules: Vec<u64>,
}

impl Adjacency {
    /// Args: by state that a terminal leads to (or the start), the terminals that may not come there; lexemes' lengths.
    ///
    /// Errors: `TooLarge` where there are too many classes.
    pub fn new(
        grammar: &Grammar,
        tables: &Tables,
        barred_at: &FxHashMap<u32, Vec<Lexeme>>,
        lengths: Vec<u64>,
    ) -> Result<Self> {
        let mut by_lexeme: FxHashMap<Option<Lexeme>, Vec<Lexeme>> = FxHashMap::default();
        for (&state, barred) in barred_at {
            let entered_by = tables.entered_by[state as usize];
            by_lexeme.entry(entered_by).or_default().extend(barred);
        }
        let mut classes = Classes {
            barred: vec![Vec::new()],
        };
        let mut class =
            |entered_by: Option<Lexeme>| classes.class(by_lexeme.get(&entered_by).cloned().unwrap_or_default());
        let at_start = class(None)?;
        let class_of = (0..lengths.len() as Lexeme)
            .map(|lexeme| class(Some(lexeme)))
            .collect::<Result<_>>()?;
        let mut ending: FxHashMap<Dot, Vec<Class>> = FxHashMap::default();
        let mut blocked: FxHashMap<Dot, Vec<Lexeme>> = FxHashMap::default();
        for each in &tables.resolved {
            blocked.entry(each.end).or_default().push(each.terminal);
        }
        let mut done = 0;
        while done < classes.barred.len() {
            for (&end, blocked) in &blocked {
                let behind = classes.class([classes.barred[done].as_slice(), blocked].concat())?;
                ending.entry(end).or_default().push(behind);
            }
            done += 1;
        }
        let count = classes.barred.len();
        let mut made = Adjacency {
            barred: classes.barred,
            class_of,
            at_start,
            ending,
            lengths,
            rule_of: rules_of_dots(grammar),
            rests: vec![NEVER; grammar.next.len() * count * count],
            rules: vec![NEVER; grammar.productions.len() * count * count],
        };
        made.find_lengths(grammar);
        Ok(made)
    }

    fn classes(&self) -> std::ops::Range<Class> {
        0..self.barred.len() as Class
    }

    fn index(&self, number: u32, before: Class, behind: Class) -> usize {
        let count = self.barred.len();
        (number as usize * count + usize::from(before)) * count + usize::from(behind)
    }

    /// The class of a terminal.
    pub fn class_of(&self, lexeme: Lexeme) -> Class {
        self.class_of[lexeme as usize]
    }

    /// The rule whose production a dot stands in.
    pub fn rule_of(&self, dot: Dot) -> Rule {
        self.rule_of[dot as usize]
    }

    /// Least lengths from a dot to the end of its production, by class behind it.
    pub fn rests(&self, dot: Dot, before: Class) -> impl Iterator<Item = (Class, u64)> + '_ {
        let all = self
            .classes()
            .map(move |behind| (behind, self.rests[self.index(dot, before, behind)]));
        all.filter(|&(_, length)| length != NEVER)
    }

    /// Least length of a symbol.
    fn symbol(&self, symbol: Next, before: Class, behind: Class) -> u64 {
        match symbol {
            Next::Terminal(lexeme) if self.barred[usize::from(before)].contains(&lexeme) => NEVER,
            Next::Terminal(lexeme) if self.class_of(lexeme) == behind => self.lengths[lexeme as usize],
            Next::Rule(rule) => self.rules[self.index(rule, before, behind)],
            Next::Terminal(_) | Next::Member(_) | Next::End(_) => NEVER,
        }
    }

    fn rest(&self, grammar: &Grammar, dot: Dot, before: Class, behind: Class) -> u64 {
        let symbol = grammar.next(dot);
        if let Next::End(_) = symbol {
            let ended = self
                .ending
                .get(&dot)
                .map_or(before, |classes| classes[usize::from(before)]);
            return if ended == behind { 0 } else { NEVER };
        }
        let through = |between| {
            let first = self.symbol(symbol, before, between);
            first.saturating_add(self.rests[self.index(dot + 1, between, behind)])
        };
        self.classes().map(through).min().unwrap_or(NEVER)
    }

    /// Shorter ones are looked for until there are none.
    fn find_lengths(&mut self, grammar: &Grammar) {
        let mut shortened = true;
        while std::mem::take(&mut shortened) {
            // what a rule consists of stands behind it, mostly
            for (rule, productions) in grammar.productions.iter().enumerate().rev() {
                for &first in productions {
                    let ends = (first..).find(|&dot| matches!(grammar.next(dot), Next::End(_)));
                    for dot in (first..=ends.unwrap_or(first)).rev() {
                        for (before, behind) in self.pairs() {
                            let length = self.rest(grammar, dot, before, behind);
                            let index = self.index(dot, before, behind);
                            shortened |= length < self.rests[index];
                            self.rests[index] = length.min(self.rests[index]);
                        }
                    }
                    for (before, behind) in self.pairs() {
                        let length = self.rests[self.index(first, before, behind)];
                        let index = self.index(rule as Rule, before, behind);
                        shortened |= length < self.rules[index];
                        self.rules[index] = length.min(self.rules[index]);
                    }
                }
            }
        }
    }

    fn pairs(&self) -> impl Iterator<Item = (Class, Class)> + use<> {
        let classes = self.classes();
        classes
            .clone()
            .flat_map(move |before| classes.clone().map(move |behind| (before, behind)))
    }

    /// The terminals of a shortest text from a dot to the end of its production.
    pub fn terminals(&self, grammar: &Grammar, dot: Dot, before: Class, behind: Class) -> Vec<Lexeme> {
        let mut found = Vec::new();
        let mut stack = vec![(Next::End(0), dot, before, behind)];
        while let Some((symbol, dot, before, behind)) = stack.pop() {
            match symbol {
                Next::Terminal(lexeme) => found.push(lexeme),
                Next::Rule(rule) => {
                    let length = self.rules[self.index(rule, before, behind)];
                    let shortest = |first: &&Dot| self.rests[self.index(**first, before, behind)] == length;
                    if let Some(&first) = grammar.productions[rule as usize].iter().find(shortest) {
                        stack.push((Next::End(rule), first, before, behind));
                    }
                }
                // stands for the rest of the production
                Next::End(_) | Next::Member(_) => {
                    let symbol = grammar.next(dot);
                    let length = self.rests[self.index(dot, before, behind)];
                    let through = |&between: &Class| {
                        let first = self.symbol(symbol, before, between);
                        first.saturating_add(self.rests[self.index(dot + 1, between, behind)]) == length
                    };
                    if !matches!(symbol, Next::End(_))
                        && let Some(between) = self.classes().find(through)
                    {
                        stack.push((Next::End(0), dot + 1, between, behind));
                        stack.push((symbol, 0, before, between));
                    }
                }
            }
        }
        found
    }

    /// The first state, entered by a terminal or the start, from which no way to the end is shown.
    pub fn unsafe_state(&self, grammar: &Grammar, tables: &Tables) -> Option<u32> {
        let safe = self.safe(grammar, tables);
        (0..safe.len() as u32).find(|&state| {
            let class = match tables.entered_by[state as usize] {
                Some(lexeme) => self.class_of(lexeme),
                None if state == START => self.at_start,
                None => return false,
            };
            safe[state as usize] & (1 << class) == 0
        })
    }

    /// By state, the classes before it from which there is a way to the end: one of the productions under way can be
    /// completed, wherever it began, with a class from which there is a way on.
    fn safe(&self, grammar: &Grammar, tables: &Tables) -> Vec<u32> {
        let mut ways: Vec<Vec<Completed>> = Vec::new();
        ways.resize_with(tables.steps.len(), Vec::new);
        let led_from = tables.led_from();
        for (state, kernel) in tables.kernels() {
            let blocked = |dot| {
                tables
                    .resolved
                    .iter()
                    .filter(move |each| each.state == state && each.end == dot)
            };
            for &dot in kernel {
                let ends = self.classes().map(|class| match grammar.next(dot) {
                    Next::End(_) => match blocked(dot).next() {
                        // elsewhere the production may be completed before any terminal
                        None => 1 << class,
                        Some(_) => 1 << self.ending[&dot][usize::from(class)],
                    },
                    _ => self.rests(dot, class).map(|(behind, _)| 1 << behind).sum(),
                });
                let rule = self.rule_of(dot);
                let first = grammar.productions[rule as usize]
                    .iter()
                    .filter(|&&first| first <= dot)
                    .max();
                let read = dot - first.copied().unwrap_or(dot);
                let mut began: FxHashSet<u32> = FxHashSet::from_iter([state]);
                for _ in 0..read {
                    began = began
                        .iter()
                        .flat_map(|&at| led_from[at as usize].iter().copied())
                        .collect();
                }
                let then = began
                    .iter()
                    .filter_map(|&from| tables.steps[from as usize].get(&Next::Rule(rule)).copied());
                ways[state as usize].push(Completed {
                    ends: ends.collect(),
                    then: then.collect(),
                    pops: read > 1,
                });
            }
        }
        // The stack of a parser only shrinks on these ways, so that those on which it does come to an end by themselves.
        // As long as it doesn't, as in left recursion, the end must be reached in so many steps.
        let mut safe = vec![u32::MAX; ways.len()];
        loop {
            let mut reached = vec![0; ways.len()];
            let mut grown = true;
            while std::mem::take(&mut grown) {
                for (state, ways) in ways.iter().enumerate() {
                    let goes_on = |class: Class| {
                        ways.iter().any(|way| {
                            let ends = way.ends[usize::from(class)];
                            let known = if way.pops { &safe } else { &reached };
                            ends != 0 && way.then.iter().all(|&next| known[next as usize] & ends != 0)
                        })
                    };
                    let now: u32 = self
                        .classes()
                        .filter(|&class| goes_on(class))
                        .map(|class| 1 << class)
                        .sum();
                    grown |= now != reached[state];
                    reached[state] = now;
                }
            }
            if reached == safe {
                return safe;
            }
            safe = reached;
        }
    }
}

/// How a production under way can be completed in a state.
struct Completed {
    /// By class before, the classes behind.
    ends: Vec<u32>,
    /// The states that follow, one for each place where it may have begun.
    then: FxHashSet<u32>,
    /// Are fewer symbols on the parser's stack then?
    pops: bool,
}

/// By dot, the rule whose production it stands in.
fn rules_of_dots(grammar: &Grammar) -> Vec<Rule> {
    let mut rules = vec![0; grammar.next.len()];
    for (rule, productions) in grammar.productions.iter().enumerate() {
        for &first in productions {
            let end = (first..).find(|&dot| matches!(grammar.next(dot), Next::End(_)));
            rules[first as usize..=end.unwrap_or(first) as usize].fill(rule as Rule);
        }
    }
    rules
}

struct Classes {
    barred: Vec<Vec<Lexeme>>,
}

impl Classes {
    fn class(&mut self, mut barred: Vec<Lexeme>) -> Result<Class> {
        barred.sort_unstable();
        barred.dedup();
        let known = self.barred.iter().position(|other| *other == barred);
        let class = known.unwrap_or(self.barred.len());
        if known.is_none() {
            self.barred.push(barred);
        }
        if class >= MAX_CLASSES {
            return Err(Error::TooLarge {
                what: "the kinds of terminals that cannot stand before others",
                value: MAX_CLASSES,
            });
        }
        Ok(class as Class)
    }
}
