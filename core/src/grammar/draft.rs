//! Productions while a grammar is drafted: flat arrays, since front ends may hand in a million rules.

use std::ops::Range;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::demands::{Demand, Demands, Facts, Group};
use super::frame::{Choice, OptionId};
use crate::lexer::Lexeme;

/// A symbol of a production.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    Lexeme(Lexeme),
    Rule(u32),
}

pub type Body = Vec<Part>;

/// A frame while the grammar is drafted.
#[derive(Debug, Clone)]
pub struct FrameDraft {
    pub options: Vec<Choice<Part>>,
    pub separator: Option<Part>,
    pub ordered: bool,
    pub minimum: u32,
    pub maximum: u32,
    /// With demands: the group of each option, and the facts it sets.
    pub kinds: Vec<(u32, Facts)>,
    pub choices: Vec<Vec<Demand>>,
}

impl FrameDraft {
    /// What is demanded of the members, if anything is.
    pub fn demands(&self) -> Option<Arc<Demands>> {
        if self.choices.is_empty() {
            return None;
        }
        let mut groups: Vec<Group> = Vec::new();
        for (index, option) in self.options.iter().enumerate() {
            let id = index as OptionId;
            let alike = index > 0 && self.kinds[index].0 == self.kinds[index - 1].0;
            match groups.last_mut() {
                Some(group) if alike => group.options.end = id + 1,
                _ => groups.push(Group {
                    options: id..id + 1,
                    required: option.required,
                    unique: option.unique,
                }),
            }
        }
        let sets = self.kinds.iter().map(|(_, sets)| sets.clone()).collect();
        Some(Arc::new(Demands::new(groups, sets, self.choices.clone())))
    }

    /// Only the options for which something holds.
    pub fn retain(&mut self, mut keep: impl FnMut(&Choice<Part>) -> bool) {
        let kept: Vec<bool> = self.options.iter().map(&mut keep).collect();
        let mut index = 0..;
        self.options.retain(|_| index.next().is_some_and(|i: usize| kept[i]));
        let mut index = 0..;
        self.kinds.retain(|_| index.next().is_some_and(|i: usize| kept[i]));
    }
}

/// Rules, each with alternatives, or a frame; without any it is the empty language.
#[derive(Debug, Default)]
pub struct Draft {
    /// Bodies of each rule.
    rules: Vec<Range<u32>>,
    /// Where each body ends in `parts`; it begins where the one before ends.
    ends: Vec<u32>,
    parts: Vec<Part>,
    /// By rule.
    frames: FxHashMap<u32, FrameDraft>,
}

impl Draft {
    pub fn reserve(&mut self) -> Part {
        self.rules.push(0..0);
        Part::Rule(self.rules.len() as u32 - 1)
    }

    pub fn define(&mut self, rule: Part, alternatives: impl IntoIterator<Item: IntoIterator<Item = Part>>) {
        let Part::Rule(rule) = rule else {
            return;
        };
        let first = self.ends.len() as u32;
        for body in alternatives {
            self.parts.extend(body);
            self.ends.push(self.parts.len() as u32);
        }
        self.rules[rule as usize] = first..self.ends.len() as u32;
    }

    pub fn rule(&mut self, alternatives: Vec<Body>) -> Part {
        let rule = self.reserve();
        self.define(rule, alternatives);
        rule
    }

    pub fn define_frame(&mut self, rule: Part, frame: FrameDraft) {
        if let Part::Rule(rule) = rule {
            self.frames.insert(rule, frame);
        }
    }

    pub fn frames(&self) -> impl Iterator<Item = (u32, &FrameDraft)> {
        self.frames.iter().map(|(&rule, frame)| (rule, frame))
    }

    /// The frame that a rule is.
    pub fn frame(&self, rule: u32) -> Option<&FrameDraft> {
        self.frames.get(&rule)
    }

    /// Number of rules.
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Number of bodies; a body's number is its place among them.
    pub fn bodies(&self) -> usize {
        self.ends.len()
    }

    /// Numbers of a rule's bodies.
    pub fn bodies_of(&self, rule: u32) -> Range<u32> {
        self.rules[rule as usize].clone()
    }

    pub fn body(&self, body: u32) -> &[Part] {
        let start = if body == 0 { 0 } else { self.ends[body as usize - 1] };
        &self.parts[start as usize..self.ends[body as usize] as usize]
    }
}
