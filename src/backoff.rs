//! Waiting longer each time, and never in step with others.

use std::time::Duration;

/// Waits between attempts: each up to twice as long as the one before it, up to a longest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    next: Duration,
}

impl Backoff {
    /// From `first` up to `longest`.
    #[must_use]
    pub fn new(first: Duration, longest: Duration) -> Self {
        let longest = longest.max(first);
        Self { first, longest, next: first }
    }

    /// The next wait. `luck`, from 0 to 1, chooses between half of it and all of it, so that many who lost the same
    /// server do not come back at the same moment.
    pub fn wait(&mut self, luck: f64) -> Duration {
        let whole = self.next;
        self.next = whole.saturating_mul(2).min(self.longest);
        whole / 2 + (whole / 2).mul_f64(luck.clamp(0.0, 1.0))
    }

    /// The next wait at its longest.
    #[must_use]
    pub fn next(&self) -> Duration {
        self.next
    }

    /// Begins again with the first wait.
    pub fn reset(&mut self) {
        self.next = self.first;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    #[test]
    fn it_doubles_up_to_the_longest_and_begins_again() {
        let mut backoff = Backoff::new(ms(500), ms(3000));
        let waits: Vec<_> = (0..5).map(|_| backoff.wait(1.0)).collect();
        assert_eq!(waits, [ms(500), ms(1000), ms(2000), ms(3000), ms(3000)]);
        backoff.reset();
        assert_eq!(backoff.wait(1.0), ms(500));
    }

    #[test]
    fn luck_takes_up_to_half_of_it_away() {
        for (luck, wait) in [(0.0, 250), (0.5, 375), (1.0, 500), (7.0, 500), (-1.0, 250)] {
            assert_eq!(Backoff::new(ms(500), ms(3000)).wait(luck), ms(wait), "{luck}");
        }
    }

    #[test]
    fn the_longest_is_never_shorter_than_the_first() {
        let mut backoff = Backoff::new(ms(500), ms(1));
        assert_eq!((backoff.wait(1.0), backoff.wait(1.0)), (ms(500), ms(500)));
    }
}
