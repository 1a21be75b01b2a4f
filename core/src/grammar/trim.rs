//! Removes what cannot take part in a derivation, so that every parser item is viable: no dead ends.

use super::build::{Body, Draft, Part};
use crate::lexer::Lexeme;

/// Only productive, reachable rules; start included.
pub struct Trimmed {
    pub rules: Vec<Vec<Body>>,
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
    let mut rules: Vec<Vec<Body>> = rules
        .into_iter()
        .map(|bodies| {
            let mut kept: Vec<Body> = Vec::with_capacity(bodies.len());
            kept.extend(bodies.into_iter().filter(|body| body.iter().all(lives)));
            kept
        })
        .collect();
    let target = unit_targets(&rules);
    let resolve = |part: Part| match part {
        Part::Rule(rule) => target[rule],
        lexeme => lexeme,
    };
    for body in rules.iter_mut().flatten() {
        for part in body.iter_mut() {
            *part = resolve(*part);
        }
    }
    Some(reachable(&rules, resolve(start)))
}

/// Which rules derive a string of allowed lexemes. With all of them allowed: the productive rules; with those that
/// match the empty string: the nullable ones. For each body the number of parts it still waits for is counted down,
/// which is linear in the grammar's size.
pub fn derivable(rules: &[Vec<Body>], allowed: impl Fn(Lexeme) -> bool) -> Vec<bool> {
    let mut used_in: Vec<Vec<(usize, usize)>> = vec![Vec::new(); rules.len()];
    let mut waiting: Vec<Vec<usize>> = Vec::with_capacity(rules.len());
    let mut productive = vec![false; rules.len()];
    let mut ready = Vec::new();
    for (rule, bodies) in rules.iter().enumerate() {
        let mut counts = Vec::with_capacity(bodies.len());
        for (index, body) in bodies.iter().enumerate() {
            let mut count = 0;
            for part in body {
                match part {
                    Part::Rule(other) => {
                        used_in[*other].push((rule, index));
                        count += 1;
                    }
                    // a part that never comes
                    Part::Lexeme(lexeme) => count += usize::from(!allowed(*lexeme)),
                }
            }
            counts.push(count);
            if count == 0 && !productive[rule] {
                productive[rule] = true;
                ready.push(rule);
            }
        }
        waiting.push(counts);
    }
    while let Some(rule) = ready.pop() {
        for &(user, index) in &used_in[rule] {
            waiting[user][index] -= 1;
            if waiting[user][index] == 0 && !productive[user] {
                productive[user] = true;
                ready.push(user);
            }
        }
    }
    productive
}

/// A rule whose only production is one symbol stands for that symbol.
fn unit_targets(rules: &[Vec<Body>]) -> Vec<Part> {
    let only = |rule: usize| match rules[rule].as_slice() {
        [body] if body.len() == 1 => Some(body[0]),
        _ => None,
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

fn reachable(rules: &[Vec<Body>], start: Part) -> Trimmed {
    let mut renamed: Vec<Option<usize>> = vec![None; rules.len()];
    let mut order = Vec::new();
    if let Part::Rule(rule) = start {
        renamed[rule] = Some(0);
        order.push(rule);
    }
    let mut done = 0;
    while done < order.len() {
        for part in rules[order[done]].iter().flatten() {
            if let Part::Rule(rule) = *part
                && renamed[rule].is_none()
            {
                renamed[rule] = Some(order.len());
                order.push(rule);
            }
        }
        done += 1;
    }
    let rename = |part: Part| match part {
        Part::Rule(rule) => Part::Rule(renamed[rule].unwrap_or(0)),
        lexeme => lexeme,
    };
    Trimmed {
        rules: order
            .iter()
            .map(|&rule| {
                let mut bodies: Vec<Body> = rules[rule]
                    .iter()
                    .map(|body| body.iter().map(|&part| rename(part)).collect())
                    .collect();
                let mut seen = rustc_hash::FxHashSet::default();
                bodies.retain(|body| seen.insert(body.clone()));
                bodies
            })
            .collect(),
        start: rename(start),
    }
}
