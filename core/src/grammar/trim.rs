//! Removes what cannot take part in a derivation, so that every parser item is viable: no dead ends.

use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};

use super::demands::Demands;
use super::draft::{Draft, FrameDraft, Part};
use super::frame::{Role, Tally, roles};
use crate::error::Result;
use crate::lexer::Lexeme;

/// Only productive, reachable rules; start included.
pub struct Trimmed {
    pub draft: Draft,
    pub start: Part,
}

/// None when the start derives nothing. `merge`: what only stands for another symbol is replaced by it.
pub fn trim(draft: Draft, start: Part, merge: bool) -> Result<Option<Trimmed>> {
    let productive = derivable(&draft, |_| true)?;
    let lives = |part: &Part| match part {
        Part::Lexeme(_) => true,
        Part::Rule(rule) => productive[*rule as usize],
    };
    if !lives(&start) {
        return Ok(None);
    }
    let kept: Vec<bool> = (0..draft.bodies())
        .map(|body| draft.body(body as u32).iter().all(lives))
        .collect();
    let target = if merge { unit_targets(&draft, &kept) } else { Vec::new() };
    let resolve = |part: Part| match part {
        Part::Rule(rule) => target.get(rule as usize).copied().unwrap_or(part),
        lexeme => lexeme,
    };
    Ok(Some(reachable(&draft, &kept, &productive, resolve, resolve(start))))
}

/// A frame that derives something, without what takes no part in it; None when only the empty string is left.
fn trim_frame(
    frame: &FrameDraft,
    lives: impl Fn(Part) -> bool,
    mut rename: impl FnMut(Part) -> Part,
) -> Option<FrameDraft> {
    let mut frame = frame.clone();
    frame.retain(|option| lives(option.symbol));
    if frame.separator.is_some_and(|part| !lives(part)) {
        frame.separator = None;
        frame.maximum = frame.maximum.min(1);
    }
    if frame.options.is_empty() || frame.maximum == 0 {
        return None;
    }
    for option in &mut frame.options {
        option.symbol = rename(option.symbol);
    }
    frame.separator = frame.separator.map(rename);
    Some(frame)
}

/// Where rules are used: in bodies, by their numbers, and then in frames.
struct Uses {
    /// Uses of rule r: places[first[r]..first[r + 1]].
    first: Vec<u32>,
    places: Vec<u32>,
}

impl Uses {
    fn new(rules: usize, uses: impl Iterator<Item = (u32, u32)> + Clone) -> Self {
        let mut first = vec![0u32; rules + 2];
        for (rule, _) in uses.clone() {
            first[rule as usize + 2] += 1;
        }
        for rule in 2..first.len() {
            first[rule] += first[rule - 1];
        }
        let mut places = vec![0u32; first[rules + 1] as usize];
        for (rule, place) in uses {
            let next = &mut first[rule as usize + 1];
            places[*next as usize] = place;
            *next += 1;
        }
        Uses { first, places }
    }

    fn of(&self, rule: u32) -> &[u32] {
        &self.places[self.first[rule as usize] as usize..self.first[rule as usize + 1] as usize]
    }
}

/// Which rules derive a string of allowed lexemes. With all of them allowed: the productive rules; with those that
/// match the empty string: the nullable ones. For each body the number of parts it still waits for is counted down,
/// and a frame keeps a tally, which is linear in the grammar's size. Frames with demands are asked last, and again only
/// when there is more of them.
pub fn derivable(draft: &Draft, allowed: impl Fn(Lexeme) -> bool) -> Result<Vec<bool>> {
    let bodies = draft.bodies() as u32;
    let mut owner = vec![0u32; draft.bodies()];
    let mut waiting = vec![0u32; draft.bodies()];
    for rule in 0..draft.len() as u32 {
        for body in draft.bodies_of(rule) {
            owner[body as usize] = rule;
            let waits = |part: &&Part| match part {
                Part::Rule(_) => true,
                // a part that never comes
                Part::Lexeme(lexeme) => !allowed(*lexeme),
            };
            waiting[body as usize] = draft.body(body).iter().filter(waits).count() as u32;
        }
    }
    // parts of frames: the rule that the frame is, what is a part of it, and as what
    let mut tallies: FxHashMap<u32, Tally> = FxHashMap::default();
    let mut frame_parts: Vec<(u32, Part, Role)> = Vec::new();
    for (rule, frame) in draft.frames() {
        tallies.insert(
            rule,
            Tally::new(
                &frame.options,
                frame.separator,
                (frame.minimum, frame.maximum),
                frame.demands().as_ref(),
            ),
        );
        frame_parts.extend(roles(&frame.options, frame.separator).map(|(part, role)| (rule, part, role)));
    }
    let in_bodies = (0..bodies).flat_map(|body| draft.body(body).iter().map(move |&part| (part, body)));
    let in_frames = (bodies..).zip(&frame_parts).map(|(place, &(_, part, _))| (part, place));
    let of_rules = |(part, place)| match part {
        Part::Rule(rule) => Some((rule, place)),
        Part::Lexeme(_) => None,
    };
    let uses = Uses::new(draft.len(), in_bodies.chain(in_frames).filter_map(of_rules));
    let mut productive = vec![false; draft.len()];
    let mut ready = Vec::new();
    let settle = |rule: u32, productive: &mut [bool], ready: &mut Vec<u32>| {
        if !std::mem::replace(&mut productive[rule as usize], true) {
            ready.push(rule);
        }
    };
    for body in (0..waiting.len()).filter(|&body| waiting[body] == 0) {
        settle(owner[body], &mut productive, &mut ready);
    }
    for &(rule, part, role) in &frame_parts {
        if let (Part::Lexeme(lexeme), Some(tally)) = (part, tallies.get_mut(&rule))
            && allowed(lexeme)
        {
            tally.add(role);
        }
    }
    let mut unsettled: BTreeSet<u32> = BTreeSet::new();
    for (&rule, tally) in &tallies {
        if tally.has_demands() {
            unsettled.insert(rule);
        } else if tally.is_enough() {
            settle(rule, &mut productive, &mut ready);
        }
    }
    loop {
        let Some(rule) = ready.pop() else {
            let Some(frame) = unsettled.pop_first() else { break };
            let tally = &tallies[&frame];
            if tally.is_enough() {
                settle(frame, &mut productive, &mut ready);
            } else if tally.is_exhausted() {
                return Err(Demands::exhausted());
            }
            continue;
        };
        for &place in uses.of(rule) {
            if place < bodies {
                waiting[place as usize] -= 1;
                if waiting[place as usize] == 0 {
                    settle(owner[place as usize], &mut productive, &mut ready);
                }
                continue;
            }
            let (user, _, role) = frame_parts[(place - bodies) as usize];
            if let Some(tally) = tallies.get_mut(&user) {
                tally.add(role);
                if tally.has_demands() {
                    if !productive[user as usize] {
                        unsettled.insert(user);
                    }
                } else if tally.is_enough() {
                    settle(user, &mut productive, &mut ready);
                }
            }
        }
    }
    Ok(productive)
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
fn reachable(
    draft: &Draft,
    kept: &[bool],
    productive: &[bool],
    resolve: impl Fn(Part) -> Part,
    start: Part,
) -> Trimmed {
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
        if let Some(frame) = draft.frame(order[done]) {
            let lives = |part: Part| !matches!(part, Part::Rule(rule) if !productive[rule as usize]);
            let frame = trim_frame(frame, lives, |part| rename(part, &mut order, &mut trimmed));
            match frame {
                Some(frame) => trimmed.define_frame(Part::Rule(done as u32), frame),
                None => trimmed.define(Part::Rule(done as u32), [[]]),
            }
            done += 1;
            continue;
        }
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
