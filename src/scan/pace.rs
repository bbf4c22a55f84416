//! A bounded rate: when the next probe may start. Reads no clock.

use std::time::Duration;

use tokio::time::Instant;

/// A timer wakes us late by up to a millisecond or so; what was missed meanwhile may be made up for, up to so much.
const SLACK: Duration = Duration::from_millis(10);

/// Lets things start evenly: in any span of time never more than the span and [`SLACK`] have intervals, and one.
#[derive(Clone, Debug)]
pub(super) struct Pace {
    interval: Duration,
    due: Option<Instant>,
}

impl Pace {
    /// One after each interval; `None` for no limit.
    pub(super) fn new(interval: Option<Duration>) -> Self {
        Self { interval: interval.unwrap_or_default(), due: None }
    }

    /// When the next may start: at once if this is in the past.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// One starts now. Call it when it is due, not before.
    pub(super) fn start(&mut self, now: Instant) {
        let earliest = now.checked_sub(SLACK).unwrap_or(now);
        let from = self.due.map_or(now, |due| due.max(earliest));
        self.due = Some(from.checked_add(self.interval).unwrap_or(from));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MILLI: Option<Duration> = Some(Duration::from_millis(1));

    /// When each of so many starts, if the clock is read this late each time.
    fn starts(interval: Option<Duration>, late: &[u64]) -> Vec<Duration> {
        let zero = Instant::now();
        let mut pace = Pace::new(interval);
        let mut now = zero;
        late.iter()
            .map(|&micros| {
                now = pace.due().map_or(now, |due| due.max(now)) + Duration::from_micros(micros);
                pace.start(now);
                now - zero
            })
            .collect()
    }

    #[test]
    fn a_thousand_a_second_are_a_millisecond_apart() {
        let expected: Vec<_> = (0..5).map(Duration::from_millis).collect();
        assert_eq!(starts(MILLI, &[0; 5]), expected);
        assert_eq!(starts(None, &[0; 5]), [Duration::ZERO; 5]);
    }

    #[test]
    fn what_a_late_timer_missed_is_made_up_for_but_not_what_a_long_pause_missed() {
        // 5 ms late at a rate of one a millisecond: five are due at once.
        let made_up = starts(MILLI, &[0, 5_000, 0, 0, 0, 0, 0]);
        assert_eq!(made_up.iter().filter(|at| at.as_millis() == 6).count(), 6);
        let after_pause = starts(MILLI, &[0, 1_000_000, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(after_pause.iter().filter(|at| at.as_millis() == 1001).count(), 11);
    }

    #[tokio::test(start_paused = true)]
    async fn with_a_timer_the_rate_is_kept_to_the_end() {
        let zero = Instant::now();
        let mut pace = Pace::new(Some(Duration::from_millis(2)));
        for _ in 0..5_001 {
            if let Some(due) = pace.due() {
                tokio::time::sleep_until(due).await;
            }
            pace.start(Instant::now());
        }
        let took = zero.elapsed();
        assert!((Duration::from_secs(10)..Duration::from_millis(10_010)).contains(&took), "{took:?}");
    }

    proptest! {
        #[test]
        fn no_span_of_time_has_more_than_the_rate(
            micros in 50..1_000_000_u64,
            late in prop::collection::vec(0..30_000_u64, 2..60),
        ) {
            let interval = Duration::from_micros(micros);
            let starts = starts(Some(interval), &late);
            for (index, from) in starts.iter().enumerate() {
                for (further, to) in starts[index..].iter().enumerate() {
                    let span = to.saturating_sub(*from);
                    let most = (span + SLACK).as_nanos() / interval.as_nanos() + 1;
                    let many = further as u128 + 1;
                    prop_assert!(many <= most, "{many} within {span:?}");
                }
            }
        }
    }
}
