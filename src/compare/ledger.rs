//! What became of the events: heard, lost, doubled, out of order, and how late.

use crate::quantity::nanos;
use crate::samples::quantile;
use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

/// Events that were said and heard, by their numbers. Times are from the start of the run.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    said: BTreeMap<u64, Duration>,
    /// The first time that each was heard.
    heard: BTreeMap<u64, Duration>,
    /// So many were both: asked for all the time, and by thousands too many to count each time.
    both: u64,
    doubled: u64,
    reordered: u64,
    highest: Option<u64>,
}

/// What became of them, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Said.
    pub said: u64,
    /// Of these, heard.
    pub heard: u64,
    /// Of these, never heard.
    pub lost: u64,
    /// Heard again.
    pub doubled: u64,
    /// Heard after one that was said later.
    pub reordered: u64,
}

/// How late they were, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Latency {
    pub mean_ns: u64,
    pub stddev_ns: u64,
    pub p50_ns: u64,
    pub p90_ns: u64,
    pub p95_ns: u64,
    pub p99_ns: u64,
    pub max_ns: u64,
}

impl Ledger {
    /// An event is said.
    pub fn say(&mut self, number: u64, at: Duration) {
        let is_new = self.said.insert(number, at).is_none();
        self.both += u64::from(is_new && self.heard.contains_key(&number));
    }

    /// An event is heard.
    pub fn hear(&mut self, number: u64, at: Duration) {
        if self.heard.contains_key(&number) {
            self.doubled += 1;
            return;
        }
        self.heard.insert(number, at);
        self.both += u64::from(self.said.contains_key(&number));
        match self.highest {
            Some(highest) if number < highest => self.reordered += 1,
            _ => self.highest = Some(number),
        }
    }

    /// When an event was heard, if it was.
    #[must_use]
    pub fn heard_at(&self, number: u64) -> Option<Duration> {
        self.heard.get(&number).copied()
    }

    /// Everything that was said was heard.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.both == self.said.len() as u64
    }

    /// What became of them.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let (said, heard) = (self.said.len() as u64, self.both);
        Counts { said, heard, lost: said - heard, doubled: self.doubled, reordered: self.reordered }
    }

    /// How late each was, in nanoseconds, in the order in which they were said.
    #[must_use]
    pub fn latencies(&self) -> Vec<u64> {
        self.late().collect()
    }

    /// The same of the last that was heard.
    #[must_use]
    pub fn last_latency(&self) -> Option<u64> {
        self.late().next_back()
    }

    fn late(&self) -> impl DoubleEndedIterator<Item = u64> {
        self.said.iter().filter_map(|(number, said)| Some(nanos(self.heard.get(number)?.saturating_sub(*said))))
    }

    /// From the first that was said to the last that was heard.
    #[must_use]
    pub fn span(&self) -> Option<Duration> {
        let heard = self.said.keys().filter_map(|number| self.heard.get(number)).max()?;
        Some(heard.saturating_sub(*self.said.values().min()?))
    }
}

impl Latency {
    /// Of these; `None` of none.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "2^53 ns are a hundred days")]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a mean of such")]
    pub fn of(latencies: &[u64]) -> Option<Self> {
        let mut sorted = latencies.to_vec();
        sorted.sort_unstable();
        let count = sorted.len() as f64;
        let mean = sorted.iter().map(|ns| *ns as f64).sum::<f64>() / count;
        let variance = sorted.iter().map(|ns| (*ns as f64 - mean).powi(2)).sum::<f64>() / count;
        let rank = |percent| quantile(&sorted, percent);
        Some(Self {
            mean_ns: mean as u64,
            stddev_ns: variance.sqrt() as u64,
            p50_ns: rank(50)?,
            p90_ns: rank(90)?,
            p95_ns: rank(95)?,
            p99_ns: rank(99)?,
            max_ns: *sorted.last()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_became_of_events() {
        let mut ledger = Ledger::default();
        for number in 1..=5 {
            ledger.say(number, Duration::from_nanos(number * 10));
        }
        for (number, at) in [(1, 11), (3, 35), (2, 36), (3, 40), (4, 44), (9, 50)] {
            ledger.hear(number, Duration::from_nanos(at));
        }
        assert_eq!(ledger.counts(), Counts { said: 5, heard: 4, lost: 1, doubled: 1, reordered: 1 });
        assert_eq!(ledger.latencies(), [1, 16, 5, 4]);
        assert_eq!(ledger.span(), Some(Duration::from_nanos(34)));
        assert!(!ledger.is_complete());
        ledger.hear(5, Duration::from_nanos(60));
        assert!(ledger.is_complete());
    }

    #[test]
    fn latencies_in_numbers() {
        assert_eq!(Latency::of(&[]), None);
        let all: Vec<u64> = (1..=100).collect();
        let found = Latency::of(&all).expect("there are some");
        assert_eq!((found.mean_ns, found.stddev_ns), (50, 28));
        assert_eq!((found.p50_ns, found.p90_ns, found.p95_ns, found.p99_ns, found.max_ns), (50, 90, 95, 99, 100));
        let one = Latency::of(&[7]).expect("there is one");
        assert_eq!((one.mean_ns, one.p99_ns, one.stddev_ns), (7, 7, 0));
    }
}
