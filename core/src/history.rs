//! The steps of a sequence as a shared linked list: forking copies a pointer, rolling back follows pointers.
//!
//! A step remembers what it added to the text, for those who want to know how the text ends.

use std::sync::Arc;

use crate::engine::Configuration;

#[derive(Clone)]
pub struct History(Arc<Step>);

/// What a step added to the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Added {
    Nothing,
    Token(u32),
    Bytes(Box<[u8]>),
}

struct Step {
    after: Configuration,
    added: Added,
    /// Steps before this one.
    count: usize,
    previous: Option<Arc<Step>>,
}

impl History {
    pub fn new(start: Configuration) -> Self {
        History(Arc::new(Step {
            after: start,
            added: Added::Nothing,
            count: 0,
            previous: None,
        }))
    }

    pub fn current(&self) -> &Configuration {
        &self.0.after
    }

    /// Steps taken since the start.
    pub fn len(&self) -> usize {
        self.0.count
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What the steps added, the last one first.
    pub fn added(&self) -> impl Iterator<Item = &Added> {
        std::iter::successors(Some(&*self.0), |step| step.previous.as_deref()).map(|step| &step.added)
    }

    pub fn push(&mut self, after: Configuration, added: Added) {
        self.0 = Arc::new(Step {
            after,
            added,
            count: self.0.count + 1,
            previous: Some(self.0.clone()),
        });
    }

    /// Takes back the last steps; false, and nothing changes, when there are fewer.
    pub fn rollback(&mut self, steps: usize) -> bool {
        if steps > self.len() {
            return false;
        }
        for _ in 0..steps {
            if let Some(previous) = self.0.previous.clone() {
                self.0 = previous;
            }
        }
        true
    }
}

impl Drop for Step {
    /// Frees a long list in a loop: dropping it link by link would recurse once per step.
    fn drop(&mut self) {
        let mut next = self.previous.take();
        while let Some(step) = next {
            match Arc::try_unwrap(step) {
                Ok(mut step) => next = step.previous.take(),
                Err(_) => break,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Threads;

    #[test]
    fn forks_share_and_long_lists_are_freed() {
        let at = |accepting| Configuration {
            threads: Threads::new(),
            accepting,
            terminated: false,
            tracker: None,
        };
        let mut long = History::new(at(false));
        (0..1_000_000).for_each(|_| long.push(at(true), Added::Token(7)));
        let fork = long.clone();
        assert!(long.rollback(1_000_000) && !long.rollback(1));
        assert!(!long.current().accepting && fork.current().accepting);
        assert_eq!((long.len(), fork.len()), (0, 1_000_000));
        assert_eq!(fork.added().next(), Some(&Added::Token(7)));
        assert_eq!(long.added().collect::<Vec<_>>(), [&Added::Nothing]);
    }
}
