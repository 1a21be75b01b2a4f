//! A list that grows at its end and shares what it has with the lists it was made from.

use std::sync::Arc;

#[derive(Debug)]
pub struct Chain<T>(Option<Arc<Link<T>>>);

#[derive(Debug)]
struct Link<T> {
    value: T,
    earlier: Chain<T>,
}

impl<T> Chain<T> {
    pub fn with(&self, value: T) -> Self {
        let earlier = self.clone();
        Chain(Some(Arc::new(Link { value, earlier })))
    }

    pub fn last(&self) -> Option<&T> {
        self.0.as_ref().map(|link| &link.value)
    }

    /// Without the last.
    pub fn earlier(&self) -> Self {
        self.0.as_ref().map(|link| link.earlier.clone()).unwrap_or_default()
    }

    /// The last one first.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        let links = std::iter::successors(self.0.as_ref(), |link| link.earlier.0.as_ref());
        links.map(|link| &link.value)
    }
}

impl<T> Default for Chain<T> {
    fn default() -> Self {
        Chain(None)
    }
}

impl<T> Clone for Chain<T> {
    fn clone(&self) -> Self {
        Chain(self.0.clone())
    }
}

impl<T: Eq> PartialEq for Chain<T> {
    fn eq(&self, other: &Self) -> bool {
        let (mut a, mut b) = (&self.0, &other.0);
        loop {
            match (a, b) {
                (None, None) => return true,
                (Some(left), Some(right)) if Arc::ptr_eq(left, right) => return true,
                (Some(left), Some(right)) if left.value == right.value => {
                    a = &left.earlier.0;
                    b = &right.earlier.0;
                }
                _ => return false,
            }
        }
    }
}

impl<T: Eq> Eq for Chain<T> {}

impl<T> Drop for Link<T> {
    /// A long list is freed in a loop.
    fn drop(&mut self) {
        let mut next = self.earlier.0.take();
        while let Some(mut link) = next.and_then(Arc::into_inner) {
            next = link.earlier.0.take();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_stays_as_it_was() {
        let one = Chain::default().with(1);
        let two = one.with(2);
        assert!(one != two && two.earlier() == one && two == one.with(2));
        assert_eq!(two.iter().collect::<Vec<_>>(), [&2, &1]);
        assert_eq!((two.last(), Chain::<i32>::default().last()), (Some(&2), None));
    }

    #[test]
    fn long_lists_are_freed() {
        let long = (0..2_000_000).fold(Chain::default(), |chain, number| chain.with(number));
        assert_eq!(long.iter().count(), 2_000_000);
    }
}
