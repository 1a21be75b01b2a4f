//! Removes what cannot take part in a derivation, so that every parser item is viable: no dead ends.

use rustc_hash::FxHashSet;

use super::draft::{Draft, Part};
use crate::lexer::Lexeme;

/// Only productive, reachable rules; start included.
pub struct Trimmed {
    pub draft: Draft,
    pub start: Part,
}

/// None when the start derives nothing.
pub fn trim(draft: Draft, start: Part) -> Option<Trimmed> {
    let productive = derivable(&draft, |_| true);
    let lives = |part: &Part| match part {
        Part::Lexeme(_) => true,
        Part::Rule(rule) => productive[*rule as usize],
    };
    if !lives(&start) {
        return None;
    }
    let kept: Vec<bool> = (0..draft.bodies())
        .map(|body| draft.body(body as u32).iter().all(lives))
        .collect();
    drop(productive);
    let target = unit_targets(&draft, &kept);
    let resolve = |part: Part| match part {
        Part::Rule(rule) => target[rule as usize],
        lexeme => lexeme,
    };
    Some(reachable(&draft, &kept, resolve, resolve(start)))
}

/// Which rules derive a string of allowed lexemes. With all of them allowed: the productive rules; with those that
/// match the empty string: the nullable ones. For each body the number of parts it still waits for is counted down,
/// which is linear in the grammar's size.
pub fn derivable(draft: &Draft, allowed: impl Fn(Lexeme) -> bool) -> Vec<bool> {
    let rules = draft.len();
    let mut owner = vec![0u32; draft.bodies()];
    let mut waiting = vec![0u32; draft.bodies()];
    // uses of rule r, as numbers of bodies: used_in[first_use[r]..first_use[r + 1]]
    let mut first_use = vec![0u32; rules + 2];
    for rule in 0..rules as u32 {
        for body in draft.bodies_of(rule) {
            owner[body as usize] = rule;
            for part in draft.body(body) {
                match part {
                    Part::Rule(other) => {
                        first_use[*other as usize + 2] += 1;
                        waiting[body as usize] += 1;
                    }
                    // a part that never comes
                    Part::Lexeme(lexeme) => waiting[body as usize] += u32::from(!allowed(*lexeme)),
                }
            }
        }
    }
    for rule in 2..first_use.len() {
        first_use[rule] += first_use[rule - 1];
    }
    let mut used_in = vec![0u32; first_use[rules + 1] as usize];
    for body in 0..draft.bodies() as u32 {
        for part in draft.body(body) {
            if let Part::Rule(other) = part {
                let place = &mut first_use[*other as usize + 1];
                used_in[*place as usize] = body;
                *place += 1;
            }
        }
    }
    let mut productive = vec![false; rules];
    let mut ready = Vec::new();
    let settle = |body: usize, productive: &mut [bool], ready: &mut Vec<u32>| {
        let rule = owner[body];
        if !std::mem::replace(&mut productive[rule as usize], true) {
            ready.push(rule);
        }
    };
    for body in (0..waiting.len()).filter(|&body| waiting[body] == 0) {
        settle(body, &mut productive, &mut ready);
    }
    while let Some(rule) = ready.pop() {
        let uses = first_use[rule as usize] as usize..first_use[rule as usize + 1] as usize;
        for &body in &used_in[uses] {
            waiting[body as usize] -= 1;
            if waiting[body as usize] == 0 {
                settle(body as usize, &mut productive, &mut ready);
            }
        }
    }
    productive
}

/// A rule whose only production is one symbol stands for that symbol.
fn unit_targets(draft: &Draft, kept: &[bool]) -> Vec<Part> {
    let only = |rule: u32| {
        let mut bodies = draft.bodies_of(rule).filter(|&body| kept[body as usize]);
        match (bodies.next().map(|body| draft.body(body)), bodies.next()) {
            (Some(&[part]), None) => Some(part),
            _ => None,
        }
    };
    let mut target: Vec<Option<Part>> = vec![None; draft.len()];
    let mut path = Vec::new();
    for first in 0..draft.len() as u32 {
        let mut current = Part::Rule(first);
        while let Part::Rule(rule) = current {
            if let Some(known) = target[rule as usize] {
                current = known;
                break;
            }
            target[rule as usize] = Some(current); // ends the walk, should unit rules form a cycle
            match only(rule) {
                Some(next) => {
                    path.push(rule);
                    current = next;
                }
                None => break,
            }
        }
        for rule in path.drain(..) {
            target[rule as usize] = Some(current);
        }
    }
    (0..)
        .zip(target)
        .map(|(rule, part)| part.unwrap_or(Part::Rule(rule)))
        .collect()
}

/// What the start reaches, in the order in which it does; alternatives that are the same by now become one.
fn reachable(draft: &Draft, kept: &[bool], resolve: impl Fn(Part) -> Part, start: Part) -> Trimmed {
    let mut renamed: Vec<Option<Part>> = vec![None; draft.len()];
    let mut order = Vec::new();
    let mut trimmed = Draft::default();
    let mut rename = |part: Part, order: &mut Vec<u32>, trimmed: &mut Draft| match resolve(part) {
        Part::Rule(rule) => *renamed[rule as usize].get_or_insert_with(|| {
            order.push(rule);
            trimmed.reserve()
        }),
        lexeme => lexeme,
    };
    let start = rename(start, &mut order, &mut trimmed);
    let mut done = 0;
    while done < order.len() {
        let bodies = draft.bodies_of(order[done]).filter(|&body| kept[body as usize]);
        let mut alternatives: Vec<Vec<Part>> = Vec::with_capacity(bodies.size_hint().1.unwrap_or(0));
        for body in bodies {
            let parts = draft.body(body).iter();
            alternatives.push(parts.map(|&part| rename(part, &mut order, &mut trimmed)).collect());
        }
        let mut seen = FxHashSet::default();
        let distinct = alternatives.iter().filter(|body| seen.insert(body.as_slice()));
        trimmed.define(Part::Rule(done as u32), distinct.map(|body| body.iter().copied()));
        done += 1;
    }
    Trimmed { draft: trimmed, start }
}
