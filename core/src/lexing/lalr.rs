//! LALR(1) tables, as far as a lexer asks for them: which terminals a parser would take in which state.
//!
//! States are those of the LR(0) automaton; what may follow a rule is found by DeRemer and Pennello's relations
//! ("Efficient Computation of LALR(1) Look-Ahead Sets", TOPLAS 1982). The parser itself is Earley's: after a terminal, the
//! dots behind it tell the state, since a grammar without conflicts is read in one way.

use rustc_hash::FxHashMap;

use crate::error::{Error, Result};
use crate::grammar::{Dot, Grammar, Next, Rule};
use crate::lexer::Lexeme;

pub type State = u32;

/// The start state.
pub const START: State = 0;
/// Items of all states together.
const MAX_ITEMS: usize = 4_000_000;

/// Where two ways to go on collide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conflict {
    /// A terminal could be taken, or complete a rule. It is taken, which leaves no way to the end.
    Shift(Lexeme, Rule),
    /// The same, where the rule can be empty, or follows one that can be: that is not implemented.
    ShiftOrEmpty(Lexeme, Rule),
    /// A terminal could complete two rules.
    Reduce(Lexeme, Rule, Rule),
}

/// A terminal that could be taken, or complete a rule, is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resolved {
    pub state: State,
    /// The end of the production that is not completed.
    pub end: Dot,
    pub rule: Rule,
    pub terminal: Lexeme,
}

impl Resolved {
    pub fn conflict(self) -> Conflict {
        Conflict::Shift(self.terminal, self.rule)
    }
}

/// States by the dots behind the symbol that led to them, and what they accept.
#[derive(Debug)]
pub struct Tables {
    states: FxHashMap<Box<[Dot]>, State>,
    /// By state, sorted.
    pub accepts: Vec<Vec<Lexeme>>,
    /// By state, may the text end there?
    pub ends: Vec<bool>,
    /// The terminal that leads to a state, if one does.
    pub entered_by: Vec<Option<Lexeme>>,
    pub conflict: Option<Conflict>,
    /// Conflicts that are decided.
    pub resolved: Vec<Resolved>,
    /// By state, where its symbols lead.
    pub steps: Vec<FxHashMap<Next, State>>,
}

impl Tables {
    /// Each state with its dots.
    pub fn kernels(&self) -> impl Iterator<Item = (State, &[Dot])> {
        self.states.iter().map(|(kernel, &state)| (state, &**kernel))
    }

    /// By state, those that lead to it.
    pub fn led_from(&self) -> Vec<Vec<State>> {
        let mut from = vec![Vec::new(); self.steps.len()];
        for (state, steps) in (0..).zip(&self.steps) {
            for &next in steps.values() {
                from[next as usize].push(state);
            }
        }
        from
    }

    pub fn state(&self, dots: &[Dot]) -> Option<State> {
        self.states.get(dots).copied()
    }
}

/// A set of terminals.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Terminals(Vec<u64>);

impl Terminals {
    pub fn new(count: usize) -> Self {
        Terminals(vec![0; count.div_ceil(64)])
    }

    pub fn insert(&mut self, lexeme: Lexeme) {
        self.0[lexeme as usize / 64] |= 1 << (lexeme % 64);
    }

    /// Did that add any?
    pub fn add(&mut self, others: &Terminals) -> bool {
        let mut grown = false;
        for (mine, other) in self.0.iter_mut().zip(&others.0) {
            grown |= other & !*mine != 0;
            *mine |= other;
        }
        grown
    }

    /// The first that only one of them holds.
    pub fn first_difference(&self, others: &Terminals) -> Option<Lexeme> {
        let differ = |&lexeme: &Lexeme| self.contains(lexeme) != others.contains(lexeme);
        (0..self.0.len() as Lexeme * 64).find(differ)
    }

    pub fn contains(&self, lexeme: Lexeme) -> bool {
        self.0[lexeme as usize / 64] & (1 << (lexeme % 64)) != 0
    }

    pub fn iter(&self) -> impl Iterator<Item = Lexeme> + '_ {
        (0..self.0.len() as Lexeme * 64).filter(|&lexeme| self.contains(lexeme))
    }

    fn first_common(&self, others: &Terminals) -> Option<Lexeme> {
        self.iter().find(|&lexeme| others.contains(lexeme))
    }
}

struct Automaton {
    kernels: Vec<Box<[Dot]>>,
    ids: FxHashMap<Box<[Dot]>, State>,
    steps: Vec<FxHashMap<Next, State>>,
    entered_by: Vec<Option<Lexeme>>,
}

/// A state and a rule that it goes on with.
type Transition = usize;

/// The tables of a grammar without frames.
pub fn tables(grammar: &Grammar) -> Result<Tables> {
    let automaton = automaton(grammar)?;
    let lookaheads = lookaheads(grammar, &automaton);
    let count = grammar.nullable_lexemes.len();
    let mut conflict = None;
    let mut resolved = Vec::new();
    let mut accepts = Vec::with_capacity(automaton.kernels.len());
    let mut ends = Vec::with_capacity(automaton.kernels.len());
    for (state, steps) in automaton.steps.iter().enumerate() {
        let mut taken = Terminals::new(count + 1);
        for symbol in steps.keys() {
            if let Next::Terminal(lexeme) = *symbol {
                taken.insert(lexeme);
            }
        }
        let mut all = taken.clone();
        let mut completing = Terminals::new(count + 1);
        let mut may_end = automaton.kernels[state].contains(&(grammar.start_dot + 1));
        let mut rules: Vec<(Rule, &Terminals)> = Vec::new();
        for (&(_, dot), follow) in lookaheads.range((state as State, 0)..(state as State + 1, 0)) {
            let Next::End(rule) = grammar.next(dot) else { continue };
            for terminal in taken.iter().filter(|&lexeme| follow.contains(lexeme)) {
                if empty_before(dot, grammar) {
                    conflict.get_or_insert(Conflict::ShiftOrEmpty(terminal, rule));
                }
                resolved.push(Resolved {
                    state: state as State,
                    end: dot,
                    rule,
                    terminal,
                });
            }
            may_end |= follow.contains(count as Lexeme);
            if let Some(lexeme) = completing
                .first_common(follow)
                .filter(|&lexeme| lexeme < count as Lexeme)
            {
                let other = rules.iter().find(|(_, terminals)| terminals.contains(lexeme));
                conflict.get_or_insert(Conflict::Reduce(lexeme, other.map_or(rule, |&(other, _)| other), rule));
            }
            completing.add(follow);
            all.add(follow);
            rules.push((rule, follow));
        }
        accepts.push(all.iter().take_while(|&lexeme| lexeme < count as Lexeme).collect());
        ends.push(may_end);
    }
    Ok(Tables {
        states: automaton.ids,
        accepts,
        ends,
        entered_by: automaton.entered_by,
        conflict,
        resolved,
        steps: automaton.steps,
    })
}

/// Is there nothing before the end of a production, or what can be empty?
fn empty_before(end: Dot, grammar: &Grammar) -> bool {
    let is_first = |rule: &Vec<Dot>| rule.contains(&end);
    let Next::End(rule) = grammar.next(end) else {
        return true;
    };
    is_first(&grammar.productions[rule as usize]) || grammar.skippable(grammar.next(end - 1))
}

/// All items of a state.
fn closure(kernel: &[Dot], grammar: &Grammar) -> Vec<Dot> {
    let mut items = kernel.to_vec();
    let mut predicted = rustc_hash::FxHashSet::default();
    let mut done = 0;
    while let Some(&dot) = items.get(done) {
        done += 1;
        if let Next::Rule(rule) = grammar.next(dot)
            && predicted.insert(rule)
        {
            items.extend(&grammar.productions[rule as usize]);
        }
    }
    items
}

fn automaton(grammar: &Grammar) -> Result<Automaton> {
    let start: Box<[Dot]> = Box::new([grammar.start_dot]);
    let mut made = Automaton {
        ids: FxHashMap::from_iter([(start.clone(), START)]),
        kernels: vec![start],
        steps: Vec::new(),
        entered_by: vec![None],
    };
    let mut size = 0;
    while let Some(kernel) = made.kernels.get(made.steps.len()) {
        let items = closure(kernel, grammar);
        size += items.len();
        if size > MAX_ITEMS {
            return Err(Error::TooLarge {
                what: "the items of the grammar's LALR(1) states",
                value: MAX_ITEMS,
            });
        }
        let mut moved: Vec<(Next, Dot)> = items.iter().map(|&dot| (grammar.next(dot), dot + 1)).collect();
        moved.retain(|(symbol, _)| !matches!(symbol, Next::End(_)));
        moved.sort_unstable();
        let mut steps = FxHashMap::default();
        for group in moved.chunk_by(|a, b| a.0 == b.0) {
            let symbol = group[0].0;
            let kernel: Box<[Dot]> = group.iter().map(|&(_, dot)| dot).collect();
            let next = made.kernels.len() as State;
            let state = *made.ids.entry(kernel).or_insert_with_key(|kernel| {
                made.kernels.push(kernel.clone());
                made.entered_by.push(match symbol {
                    Next::Terminal(lexeme) => Some(lexeme),
                    _ => None,
                });
                next
            });
            steps.insert(symbol, state);
        }
        made.steps.push(steps);
    }
    Ok(made)
}

/// By state and the dot at the end of a production: the terminals before which it is complete; the number after theirs
/// stands for the end of the text.
fn lookaheads(grammar: &Grammar, automaton: &Automaton) -> std::collections::BTreeMap<(State, Dot), Terminals> {
    let mut transitions: Vec<(State, Rule)> = Vec::new();
    let mut numbers: FxHashMap<(State, Rule), Transition> = FxHashMap::default();
    for (state, steps) in automaton.steps.iter().enumerate() {
        let mut rules: Vec<Rule> = steps
            .keys()
            .filter_map(|symbol| match symbol {
                Next::Rule(rule) => Some(*rule),
                _ => None,
            })
            .collect();
        rules.sort_unstable();
        for rule in rules {
            numbers.insert((state as State, rule), transitions.len());
            transitions.push((state as State, rule));
        }
    }
    let count = grammar.nullable_lexemes.len() + 1;
    let goes_to = |state: State, symbol: Next| automaton.steps[state as usize][&symbol];
    // what can be read right after a transition, in rules that go on there; then through rules that can be empty
    let mut sets = vec![Terminals::new(count); transitions.len()];
    let mut reads: Vec<Vec<Transition>> = vec![Vec::new(); transitions.len()];
    for (number, &(state, rule)) in transitions.iter().enumerate() {
        let after = goes_to(state, Next::Rule(rule));
        for symbol in automaton.steps[after as usize].keys() {
            match *symbol {
                Next::Terminal(lexeme) => sets[number].insert(lexeme),
                Next::Rule(next) if grammar.nullable_rules[next as usize] => {
                    reads[numbers[&(after, next)]].push(number)
                }
                _ => {}
            }
        }
    }
    if let Next::Rule(whole) = grammar.next(grammar.start_dot) {
        sets[numbers[&(START, whole)]].insert(count as Lexeme - 1);
    }
    spread(&mut sets, &reads);
    // and what can follow the rule that a transition's rule ends
    let mut includes: Vec<Vec<Transition>> = vec![Vec::new(); transitions.len()];
    let mut lookback: Vec<((State, Dot), Transition)> = Vec::new();
    for (number, &(from, rule)) in transitions.iter().enumerate() {
        for &first in &grammar.productions[rule as usize] {
            let (mut state, mut dot) = (from, first);
            loop {
                let symbol = grammar.next(dot);
                if let Next::End(_) = symbol {
                    lookback.push(((state, dot), number));
                    break;
                }
                if let Next::Rule(inner) = symbol
                    && rest_can_be_empty(grammar, dot + 1)
                {
                    includes[number].push(numbers[&(state, inner)]);
                }
                state = goes_to(state, symbol);
                dot += 1;
            }
        }
    }
    spread(&mut sets, &includes);
    let mut found = std::collections::BTreeMap::new();
    for (place, number) in lookback {
        found
            .entry(place)
            .or_insert_with(|| Terminals::new(count))
            .add(&sets[number]);
    }
    found
}

fn rest_can_be_empty(grammar: &Grammar, from: Dot) -> bool {
    (from..)
        .map(|dot| grammar.next(dot))
        .take_while(|symbol| !matches!(symbol, Next::End(_)))
        .all(|symbol| grammar.skippable(symbol))
}

/// Each set is added to those that `to` lists for it, until nothing changes.
fn spread(sets: &mut [Terminals], to: &[Vec<Transition>]) {
    let mut pending: Vec<Transition> = (0..sets.len()).collect();
    let mut waits = vec![true; sets.len()];
    while let Some(number) = pending.pop() {
        waits[number] = false;
        if to[number].is_empty() {
            continue;
        }
        let set = sets[number].clone();
        for &target in &to[number] {
            if sets[target].add(&set) && !std::mem::replace(&mut waits[target], true) {
                pending.push(target);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A grammar from rules' productions: numbers from 100 on are terminals; rule 0 is the start.
    fn grammar(rules: &[&[&[u32]]]) -> Grammar {
        let mut next = Vec::new();
        let mut productions = Vec::new();
        let symbol = |number: u32| match number {
            100.. => Next::Terminal(number - 100),
            rule => Next::Rule(rule),
        };
        for (rule, bodies) in rules.iter().enumerate() {
            let mut dots = Vec::new();
            for body in *bodies {
                dots.push(next.len() as Dot);
                next.extend(body.iter().map(|&number| symbol(number)));
                next.push(Next::End(rule as Rule));
            }
            productions.push(dots);
        }
        let start_rule = rules.len() as Rule;
        let start_dot = next.len() as Dot;
        next.extend([Next::Rule(0), Next::End(start_rule)]);
        productions.push(vec![start_dot]);
        let mut nullable_rules = vec![false; rules.len() + 1];
        for _ in 0..rules.len() {
            for (rule, bodies) in rules.iter().enumerate() {
                let empty = |body: &&[u32]| body.iter().all(|&part| part < 100 && nullable_rules[part as usize]);
                nullable_rules[rule] = bodies.iter().any(empty);
            }
        }
        Grammar {
            rule_of: Vec::new(),
            next,
            productions,
            frames: Vec::new(),
            frame_of: Vec::new(),
            options_of: FxHashMap::default(),
            after_key: FxHashMap::default(),
            nullable_rules,
            nullable_lexemes: vec![false; 8],
            start_dot,
            start_rule,
            lexing: None,
        }
    }

    #[test]
    fn an_lalr_grammar_that_is_no_slr_grammar_has_no_conflict() {
        // S: L "=" R | R;  L: "*" R | "id";  R: L  (Aho, Sethi, Ullman, example 4.39)
        let (equals, star, id) = (100, 101, 102);
        let made = tables(&grammar(&[&[&[1, equals, 2], &[2]], &[&[star, 2], &[id]], &[&[1]]])).unwrap();
        assert_eq!(made.conflict, None);
        assert_eq!(made.accepts[START as usize], [1, 2]);
        // after "id" only "=" may come
        let after_id = made.entered_by.iter().position(|&by| by == Some(2)).unwrap();
        assert_eq!(made.accepts[after_id], [0]);
    }

    #[test]
    fn conflicts_are_told() {
        // S: S "+" S | "n"
        let made = tables(&grammar(&[&[&[0, 100, 0], &[101]]])).unwrap();
        assert_eq!(made.conflict, None);
        assert_eq!(made.resolved.len(), 1);
        assert_eq!(made.resolved[0].conflict(), Conflict::Shift(0, 0));
        // S: A "x" | B "x";  A: "n";  B: "n"
        let made = tables(&grammar(&[&[&[1, 100], &[2, 100]], &[&[101]], &[&[101]]])).unwrap();
        assert!(matches!(made.conflict, Some(Conflict::Reduce(0, 1, 2))));
    }

    #[test]
    fn lookaheads_pass_through_empty_rules() {
        // S: A B "z";  A: "a";  B: "b" | (nothing)
        let made = tables(&grammar(&[&[&[1, 2, 102]], &[&[100]], &[&[101], &[]]])).unwrap();
        let after_a = made.entered_by.iter().position(|&by| by == Some(0)).unwrap();
        assert_eq!(made.accepts[after_a], [1, 2]);
    }
}
