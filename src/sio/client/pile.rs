//! What waits to be said, in its order, and how much it is.

use std::collections::VecDeque;

/// What one costs beside its bytes: many small ones are large too.
const OVERHEAD: usize = 128;

pub(super) trait Weight {
    /// Its bytes.
    fn weight(&self) -> usize;
}

#[derive(Debug)]
pub(super) struct Pile<T> {
    all: VecDeque<T>,
    bytes: usize,
}

impl<T> Default for Pile<T> {
    fn default() -> Self {
        Self { all: VecDeque::new(), bytes: 0 }
    }
}

impl<T: Weight> Pile<T> {
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.all.iter()
    }

    /// What it costs must stay as it is.
    pub(super) fn first_mut(&mut self) -> Option<&mut T> {
        self.all.front_mut()
    }

    pub(super) fn push(&mut self, one: T) {
        self.bytes += cost(&one);
        self.all.push_back(one);
    }

    pub(super) fn pop(&mut self) -> Option<T> {
        let one = self.all.pop_front()?;
        self.bytes -= cost(&one);
        Some(one)
    }

    pub(super) fn take(&mut self) -> VecDeque<T> {
        std::mem::take(self).all
    }

    pub(super) fn retain(&mut self, is_kept: impl FnMut(&T) -> bool) {
        self.all.retain(is_kept);
        self.bytes = self.all.iter().map(cost).sum();
    }
}

fn cost<T: Weight>(one: &T) -> usize {
    one.weight() + OVERHEAD
}
