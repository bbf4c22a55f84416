//! How fast what we say is said. Takes the time and returns what to wait; sleeps nowhere.

use std::collections::VecDeque;
use std::num::NonZeroU64;
use std::time::{Duration, Instant};

use crate::event::Message;

/// Ahead of the rate by so much, nobody waits yet: a wait for each small message would be longer than meant.
pub const AHEAD: Duration = Duration::from_millis(5);
/// Behind the rate by so much, the time is made up for: waits end late. What is lost beyond it, because the peer took
/// nothing, is not.
pub const BEHIND: Duration = Duration::from_millis(50);

/// What was asked for: `--rate`, `--delay`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Bytes in a second.
    pub rate: Option<NonZeroU64>,
    /// Between two messages.
    pub delay: Duration,
}

impl Limits {
    /// Whether there is anything to wait for.
    #[must_use]
    pub fn any(self) -> bool {
        self != Self::default()
    }

    /// A read of so many bytes, cut to what may be said at once.
    #[must_use]
    pub fn read(self, most: usize) -> usize {
        let Some(rate) = self.rate else { return most };
        let at_once = u128::from(rate.get()) * AHEAD.as_millis() / 1000;
        usize::try_from(at_once).unwrap_or(usize::MAX).clamp(1, most)
    }

    /// Starts the clock: the first message may be said now.
    #[must_use]
    pub fn start(self, now: Instant) -> Pace {
        Pace { limits: self, due: now, not_before: now }
    }
}

/// A pace being kept. Over any span of time no more is said than the rate allows for it and for [`AHEAD`] and
/// [`BEHIND`], but for one message, which is never cut.
#[derive(Debug)]
pub struct Pace {
    limits: Limits,
    /// When everything said so far would have been said at exactly this rate.
    due: Instant,
    /// The end of the delay.
    not_before: Instant,
}

impl Pace {
    /// How long the next message has to wait; zero if it may be said.
    #[must_use]
    pub fn wait(&self, now: Instant) -> Duration {
        let ahead = self.due.saturating_duration_since(now);
        let rate = if ahead > AHEAD { ahead } else { Duration::ZERO };
        rate.max(self.not_before.saturating_duration_since(now))
    }

    /// Takes out of the front what may be said now.
    pub fn due(&mut self, waiting: &mut VecDeque<Message>, now: Instant) -> Vec<Message> {
        if !self.limits.any() {
            return std::mem::take(waiting).into();
        }
        let mut due = Vec::new();
        while self.wait(now).is_zero()
            && let Some(message) = waiting.pop_front()
        {
            self.said(message.data.len(), now);
            due.push(message);
        }
        due
    }

    /// A message of so many bytes was said.
    pub fn said(&mut self, bytes: usize, now: Instant) {
        self.not_before = after(now, self.limits.delay);
        if let Some(rate) = self.limits.rate {
            let nanos = bytes as u128 * 1_000_000_000 / u128::from(rate.get());
            let takes = Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
            self.due = after(self.due.max(now.checked_sub(BEHIND).unwrap_or(now)), takes);
        }
    }
}

/// A wait that no clock can hold is as good as for ever.
fn after(now: Instant, wait: Duration) -> Instant {
    const FOR_EVER: Duration = Duration::from_secs(30 * 365 * 24 * 3600);
    now.checked_add(wait).unwrap_or(now + FOR_EVER)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MILLISECOND: Duration = Duration::from_millis(1);

    fn limits(rate: u64, delay: Duration) -> Limits {
        Limits { rate: NonZeroU64::new(rate), delay }
    }

    /// Says messages of these sizes as soon as it may, waking late by so much each time, and tells when.
    fn said(limits: Limits, sizes: &[usize], late: Duration) -> Vec<(Duration, usize)> {
        let start = Instant::now();
        let mut now = start;
        let mut pace = limits.start(now);
        let say = |&bytes: &usize| {
            let wait = pace.wait(now);
            if !wait.is_zero() {
                now += wait + late;
            }
            pace.said(bytes, now);
            (now - start, bytes)
        };
        sizes.iter().map(say).collect()
    }

    #[test]
    fn without_limits_nothing_waits() {
        assert!(!Limits::default().any());
        assert_eq!(Limits::default().read(65_536), 65_536);
        let all = said(Limits::default(), &[1 << 30; 100], MILLISECOND);
        assert!(all.iter().all(|(at, _)| at.is_zero()));
    }

    #[test]
    fn a_delay_comes_between_messages_and_not_before_the_first() {
        let at: Vec<_> =
            said(limits(0, 20 * MILLISECOND), &[1; 4], MILLISECOND).into_iter().map(|(at, _)| at).collect();
        assert_eq!(at, [Duration::ZERO, 21 * MILLISECOND, 42 * MILLISECOND, 63 * MILLISECOND]);
    }

    #[test]
    fn a_delay_may_be_longer_than_any_clock() {
        let now = Instant::now();
        let mut pace = limits(1, Duration::MAX).start(now);
        pace.said(usize::MAX, now);
        assert!(pace.wait(now) > Duration::from_secs(1 << 29));
    }

    #[test]
    fn messages_that_take_longer_than_a_tick_come_one_by_one() {
        let at: Vec<_> =
            said(limits(5000, Duration::ZERO), &[100; 4], Duration::ZERO).iter().map(|(at, _)| *at).collect();
        assert_eq!(at, [Duration::ZERO, 20 * MILLISECOND, 40 * MILLISECOND, 60 * MILLISECOND]);
    }

    #[test]
    fn waking_late_costs_no_throughput() {
        for late in [Duration::ZERO, MILLISECOND, 20 * MILLISECOND] {
            let (last, _) = said(limits(1_000_000, Duration::ZERO), &[1000; 2000], late)[1999];
            assert!((1990..=2020).contains(&last.as_millis()), "{late:?}: {last:?}");
        }
    }

    #[test]
    fn a_peer_that_took_nothing_for_a_while_gets_no_flood() {
        let mut now = Instant::now();
        let mut pace = limits(1000, Duration::ZERO).start(now);
        now += Duration::from_secs(60);
        let mut flood = 0;
        while pace.wait(now).is_zero() {
            pace.said(1, now);
            flood += 1;
        }
        assert!((50..=60).contains(&flood), "{flood}");
    }

    #[test]
    fn what_may_be_said_at_once_is_one_batch() {
        let now = Instant::now();
        let batches = |limits: Limits| {
            let mut waiting: VecDeque<_> = (0..4).map(|_| Message::binary(vec![0; 500])).collect();
            let (mut pace, mut now) = (limits.start(now), now);
            let mut batches = Vec::new();
            while !waiting.is_empty() {
                batches.push(pace.due(&mut waiting, now).len());
                now += pace.wait(now);
            }
            batches
        };
        assert_eq!(batches(Limits::default()), [4]);
        assert_eq!(batches(limits(0, MILLISECOND)), [1, 1, 1, 1]);
        // 500 bytes take 4 ms: ahead by 8 it waits for all of them.
        assert_eq!(batches(limits(125_000, Duration::ZERO)), [2, 2]);
    }

    #[test]
    fn a_read_is_no_more_than_may_be_said_at_once() {
        assert_eq!(limits(1, Duration::ZERO).read(65_536), 1);
        assert_eq!(limits(1_000_000, Duration::ZERO).read(65_536), 5000);
        assert_eq!(limits(u64::MAX, Duration::ZERO).read(65_536), 65_536);
    }

    proptest! {
        #[test]
        fn no_span_has_more_than_the_rate_allows(
            rate in 1_u64..10_000_000,
            sizes in prop::collection::vec(1_usize..20_000, 1..60),
            late in 0_u64..30_000,
        ) {
            let all = said(limits(rate, Duration::ZERO), &sizes, Duration::from_micros(late));
            #[expect(clippy::cast_precision_loss, reason = "a bound")]
            for (from, (begin, _)) in all.iter().enumerate() {
                let mut bytes = 0;
                for (end, size) in &all[from..] {
                    let allowed = rate as f64 * (end.saturating_sub(*begin) + AHEAD + BEHIND).as_secs_f64();
                    prop_assert!(bytes as f64 <= allowed + 1.0 + *sizes.iter().max().expect("one") as f64);
                    bytes += size;
                }
            }
        }
    }
}
