//! When the events happen, and what they are.
//!
//! The gaps are random: a period that is a multiple of the poll interval would make every event wait equally long, and a
//! mean of that says nothing.

use std::time::Duration;

use bytes::Bytes;
use fastrand::Rng;

/// When each event happens, from the start; in order. Gaps are exponential around `1 / rate` seconds: a Poisson process.
#[must_use]
pub fn times(count: usize, rate: f64, seed: u64) -> Vec<Duration> {
    let mut luck = Rng::with_seed(seed);
    let mut at = Duration::ZERO;
    (0..count)
        .map(|_| {
            at += gap(&mut luck, rate);
            at
        })
        .collect()
}

/// From an event to the next.
#[must_use]
pub fn gap(luck: &mut Rng, rate: f64) -> Duration {
    Duration::from_secs_f64(-(1.0 - luck.f64()).ln() / rate.max(1e-6))
}

/// An event's payload: its number, and letters up to the size.
#[must_use]
pub fn payload(number: u64, size: usize) -> Bytes {
    filled(format!("{number} "), size).into()
}

/// With letters behind it, up to the size.
pub(super) fn filled(mut text: String, size: usize) -> String {
    let missing = size.saturating_sub(text.len());
    text.extend(('a'..='z').cycle().take(missing));
    text
}

/// The number of an event: the digits that it begins with.
#[must_use]
pub fn number(payload: &[u8]) -> Option<u64> {
    let digits = payload.iter().take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(&payload[..digits]).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_have_the_rate_and_are_never_alike() {
        let times = times(2000, 4.0, 7);
        let mean = times[times.len() - 1].as_secs_f64() / 2000.0;
        assert!((0.23..0.27).contains(&mean), "{mean}");
        let gaps: std::collections::BTreeSet<_> =
            times.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).collect();
        assert!(gaps.len() > 1900, "{}", gaps.len());
        assert_eq!(times, super::times(2000, 4.0, 7), "the same seed is the same schedule");
        assert_ne!(times, super::times(2000, 4.0, 8));
    }

    #[test]
    fn a_payload_has_its_size_and_its_number() {
        for (id, size) in [(1, 40), (123, 40), (5, 0), (99_999, 3)] {
            let payload = payload(id, size);
            assert_eq!(number(&payload), Some(id));
            assert_eq!(payload.len(), size.max(format!("{id} ").len()));
        }
        assert_eq!(number(b"x1"), None);
    }
}
