//! Removes what cannot take part in a derivation, so that every parser item is viable: no dead ends.

use rustc_hash::FxHashSet;

use super::build::{Body, Definition, Draft, FrameDraft, Part};
use super::frame::{Role, Tally, roles};
use crate::lexer::Lexeme;

/// Only productive, reachable rules; start included.
pub struct Trimmed {
    pub rules: Vec<Definition>,
    pub start: Part,
}

/// None when the start derives nothing.
pub fn trim(draft: Draft, start: Part) -> Option<Trimmed> {
    let rules = draft.rules;
    let productive = derivable(&rules, |_| true);
    let lives = |part: &Part| match part {
        Part::Lexeme(_) => true,
        Part::Rule(rule) => productive[*rule],
    };
    if !lives(&start) {
        return None;
    }
    let mut rules: Vec<Definition> = rules
        .into_iter()
        .zip(&productive)
        .map(|(definition, &lives_itself)| match definition {
            Definition::Bodies(mut bodies) => {
                bodies.retain(|body| body.iter().all(lives));
                Definition::Bodies(bodies)
            }
            Definition::Frame(_) if !lives_itself => Definition::Bodies(vec![]),
            Definition::Frame(frame) => trim_frame(frame, lives),
        })
        .collect();
    let target = unit_targets(&rules);
    let resolve = |part: Part| match part {
        Part::Rule(rule) => target[rule],
        lexeme => lexeme,
    };
    for definition in &mut rules {
        for_each_part_mut(definition, |part| *part = resolve(*part));
    }
    Some(reachable(rules, resolve(start)))
}

/// A frame that derives something, without what takes no part in it.
fn trim_frame(mut frame: FrameDraft, lives: impl Fn(&Part) -> bool) -> Definition {
    frame.options.retain(|option| lives(&option.symbol));
    if frame.separator.as_ref().is_some_and(|part| !lives(part)) {
        frame.separator = None;
        frame.maximum = frame.maximum.min(1);
    }
    if frame.options.is_empty() || frame.maximum == 0 {
        return Definition::Bodies(vec![vec![]]);
    }
    Definition::Frame(frame)
}

fn for_each_part_mut(definition: &mut Definition, mut visit: impl FnMut(&mut Part)) {
    match definition {
        Definition::Bodies(bodies) => bodies.iter_mut().flatten().for_each(visit),
        Definition::Frame(frame) => {
            frame.options.iter_mut().for_each(|option| visit(&mut option.symbol));
            frame.separator.iter_mut().for_each(visit);
        }
    }
}

/// How a part is used: in a body, or in a frame.
#[derive(Clone, Copy)]
enum Use {
    Body(usize),
    Part(Role),
}

/// Which rules derive a string of allowed lexemes. With all of them allowed: the productive rules; with those that
/// match the empty string: the nullable ones. For each body the number of parts it still waits for is counted down,
/// which is linear in the grammar's size.
pub fn derivable(rules: &[Definition], allowed: impl Fn(Lexeme) -> bool) -> Vec<bool> {
    let mut used_in: Vec<Vec<(usize, Use)>> = vec![Vec::new(); rules.len()];
    let mut waiting: Vec<Waiting> = Vec::with_capacity(rules.len());
    let mut productive = vec![false; rules.len()];
    let mut ready = Vec::new();
    for (rule, definition) in rules.iter().enumerate() {
        let state = match definition {
            Definition::Bodies(bodies) => {
                let mut counts = Vec::with_capacity(bodies.len());
                for (index, body) in bodies.iter().enumerate() {
                    let mut count = 0;
                    for part in body {
                        match part {
                            Part::Rule(other) => {
                                used_in[*other].push((rule, Use::Body(index)));
                                count += 1;
                            }
                            // a part that never comes
                            Part::Lexeme(lexeme) => count += usize::from(!allowed(*lexeme)),
                        }
                    }
                    counts.push(count);
                }
                Waiting::Bodies(counts)
            }
            Definition::Frame(frame) => {
                let required = frame.options.iter().filter(|option| option.required).count();
                let separated = frame.separator.is_some();
                let mut waiting = Waiting::Frame(Tally::new(required as u32, separated, frame.minimum, frame.maximum));
                for (part, role) in roles(&frame.options, frame.separator) {
                    let role = Use::Part(role);
                    match part {
                        Part::Rule(other) => used_in[other].push((rule, role)),
                        Part::Lexeme(lexeme) => {
                            if allowed(lexeme) {
                                waiting.add(role);
                            }
                        }
                    }
                }
                waiting
            }
        };
        if state.is_over() {
            productive[rule] = true;
            ready.push(rule);
        }
        waiting.push(state);
    }
    while let Some(rule) = ready.pop() {
        for &(user, role) in &used_in[rule] {
            if waiting[user].add(role) && !productive[user] {
                productive[user] = true;
                ready.push(user);
            }
        }
    }
    productive
}

/// What a rule waits for.
enum Waiting {
    /// Per body, the parts that are missing.
    Bodies(Vec<usize>),
    Frame(Tally),
}

impl Waiting {
    /// One of the parts is there now: are they enough?
    fn add(&mut self, role: Use) -> bool {
        match (self, role) {
            (Waiting::Bodies(counts), Use::Body(index)) => {
                counts[index] -= 1;
                counts[index] == 0
            }
            (Waiting::Frame(tally), Use::Part(role)) => {
                tally.add(role);
                tally.is_enough()
            }
            (Waiting::Bodies(_), _) | (Waiting::Frame(_), Use::Body(_)) => false,
        }
    }

    fn is_over(&self) -> bool {
        match self {
            Waiting::Bodies(counts) => counts.contains(&0),
            Waiting::Frame(tally) => tally.is_enough(),
        }
    }
}

/// A rule whose only production is one symbol stands for that symbol.
fn unit_targets(rules: &[Definition]) -> Vec<Part> {
    let only = |rule: usize| match &rules[rule] {
        Definition::Bodies(bodies) => match bodies.as_slice() {
            [body] if body.len() == 1 => Some(body[0]),
            _ => None,
        },
        Definition::Frame(_) => None,
    };
    let mut target: Vec<Option<Part>> = vec![None; rules.len()];
    for first in 0..rules.len() {
        let mut path = Vec::new();
        let mut current = Part::Rule(first);
        while let Part::Rule(rule) = current {
            if let Some(known) = target[rule] {
                current = known;
                break;
            }
            target[rule] = Some(current); // ends the walk, should unit rules form a cycle
            match only(rule) {
                Some(next) => {
                    path.push(rule);
                    current = next;
                }
                None => break,
            }
        }
        for rule in path {
            target[rule] = Some(current);
        }
    }
    target
        .into_iter()
        .enumerate()
        .map(|(rule, part)| part.unwrap_or(Part::Rule(rule)))
        .collect()
}

fn reachable(rules: Vec<Definition>, start: Part) -> Trimmed {
    let mut rules: Vec<Option<Definition>> = rules.into_iter().map(Some).collect();
    let mut renamed: Vec<Option<usize>> = vec![None; rules.len()];
    let mut order = Vec::new();
    let mut name = |part: &mut Part, order: &mut Vec<usize>| {
        if let Part::Rule(rule) = part {
            *rule = *renamed[*rule].get_or_insert_with(|| {
                order.push(*rule);
                order.len() - 1
            });
        }
    };
    let mut start = start;
    name(&mut start, &mut order);
    let mut kept = Vec::new();
    while kept.len() < order.len() {
        let Some(mut definition) = rules[order[kept.len()]].take() else {
            break;
        };
        for_each_part_mut(&mut definition, |part| name(part, &mut order));
        if let Definition::Bodies(bodies) = &mut definition {
            let mut seen: FxHashSet<Body> = FxHashSet::default();
            bodies.retain(|body| seen.insert(body.clone()));
        }
        kept.push(definition);
    }
    Trimmed { rules: kept, start }
}
