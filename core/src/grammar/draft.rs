//! Productions while a grammar is drafted: flat arrays, since front ends may hand in a million rules.

use std::ops::Range;

use rustc_hash::FxHashMap;

use super::frame::Choice;
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
