//! A set of values that shares what it has with the sets it was made from: a treap (Seidel and Aragon 1996) whose
//! priorities are hashes, so that equal sets have one shape.

use std::cmp::Ordering;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use super::value::Value;

#[derive(Debug, Clone, Default)]
pub struct Set(Option<Arc<Node>>);

#[derive(Debug)]
struct Node {
    value: Value,
    priority: u64,
    /// Of the priorities in this subtree.
    sum: u64,
    left: Set,
    right: Set,
}

impl Set {
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Equal for equal sets.
    pub fn digest(&self) -> u64 {
        self.0.as_ref().map_or(0, |node| node.sum)
    }

    pub fn contains(&self, value: &Value) -> bool {
        self.find(|other| other.cmp(value)).is_some()
    }

    /// Some value that compares as equal, where the comparison is monotonous.
    pub fn find(&self, compare: impl Fn(&Value) -> Ordering) -> Option<&Value> {
        let mut at = self;
        while let Some(node) = &at.0 {
            at = match compare(&node.value) {
                Ordering::Equal => return Some(&node.value),
                Ordering::Less => &node.right,
                Ordering::Greater => &node.left,
            };
        }
        None
    }

    /// The values, ascending.
    pub fn iter(&self) -> impl Iterator<Item = &Value> {
        let mut stack = Vec::new();
        let mut at = self;
        std::iter::from_fn(move || {
            while let Some(node) = &at.0 {
                stack.push(node);
                at = &node.left;
            }
            let node = stack.pop()?;
            at = &node.right;
            Some(&node.value)
        })
    }

    /// The set with a value more, which it does not hold yet.
    pub fn with(&self, value: Value) -> Set {
        let mut hash = DefaultHasher::new();
        value.hash(&mut hash);
        self.insert(value, hash.finish())
    }

    fn insert(&self, value: Value, priority: u64) -> Set {
        match &self.0 {
            Some(node) if node.priority >= priority => {
                let (mut left, mut right) = (node.left.clone(), node.right.clone());
                if value < node.value {
                    left = left.insert(value, priority);
                } else {
                    right = right.insert(value, priority);
                }
                Set::node(node.value.clone(), node.priority, left, right)
            }
            _ => {
                let (left, right) = self.split(&value);
                Set::node(value, priority, left, right)
            }
        }
    }

    /// The values below another, and the others.
    fn split(&self, value: &Value) -> (Set, Set) {
        let Some(node) = &self.0 else {
            return (Set(None), Set(None));
        };
        let whole = |left, right| Set::node(node.value.clone(), node.priority, left, right);
        if node.value < *value {
            let (middle, right) = node.right.split(value);
            (whole(node.left.clone(), middle), right)
        } else {
            let (left, middle) = node.left.split(value);
            (left, whole(middle, node.right.clone()))
        }
    }

    fn node(value: Value, priority: u64, left: Set, right: Set) -> Set {
        let sum = priority.wrapping_add(left.digest()).wrapping_add(right.digest());
        Set(Some(Arc::new(Node {
            value,
            priority,
            sum,
            left,
            right,
        })))
    }
}

impl PartialEq for Set {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (None, None) => true,
            (Some(a), Some(b)) => Arc::ptr_eq(a, b) || a.sum == b.sum && self.iter().eq(other.iter()),
            _ => false,
        }
    }
}

impl Eq for Set {}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(number: u32) -> Value {
        Value::Scalar(format!("w{number}").into_bytes().into())
    }

    #[test]
    fn sets_share_and_stay_as_they_were() {
        let mut sets = vec![Set::default()];
        let numbers: Vec<u32> = (0..500u32).map(|n| n * 7919 % 1000).collect();
        for &number in &numbers {
            let set = sets.last().unwrap();
            assert!(!set.contains(&word(number)));
            sets.push(set.with(word(number)));
        }
        for (count, set) in sets.iter().enumerate() {
            let mut expected: Vec<Value> = numbers[..count].iter().map(|&n| word(n)).collect();
            expected.sort();
            assert!(set.iter().eq(&expected));
            assert!(
                numbers
                    .iter()
                    .enumerate()
                    .all(|(i, &n)| set.contains(&word(n)) == (i < count))
            );
        }
    }

    #[test]
    fn the_order_of_insertion_does_not_count() {
        let make = |numbers: &mut dyn Iterator<Item = u32>| numbers.fold(Set::default(), |set, n| set.with(word(n)));
        let (up, down) = (make(&mut (0..100)), make(&mut (0..100).rev()));
        assert!(up == down && up.digest() == down.digest());
        assert!(up != make(&mut (0..99)));
    }

    #[test]
    fn beginnings_are_found() {
        let set = (100..200).fold(Set::default(), |set, n| set.with(word(n)));
        let found = |text: &[u8]| set.find(|value| value.beside(text)).is_some();
        assert!(found(b"w1") && found(b"w19") && found(b"w150") && found(b""));
        assert!(!found(b"w2") && !found(b"w1500") && !found(b"x"));
    }
}
