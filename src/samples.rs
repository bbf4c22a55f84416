//! The summary of repeated measurements.

/// So many of the latest samples are kept for the quantiles: half a mebibyte.
const KEPT: usize = 1 << 16;

/// Measurements of one thing, in nanoseconds.
#[derive(Clone, Debug, Default)]
pub struct Samples {
    /// A ring once it is full.
    kept: Vec<u64>,
    count: u64,
    min: u64,
    max: u64,
    mean: f64,
    /// The sum of the squares of the distances from the mean.
    squares: f64,
}

/// What is said about them. All are nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Spread {
    /// The shortest.
    pub min_ns: u64,
    /// The arithmetic mean.
    pub avg_ns: u64,
    /// A measured value that half of the samples do not exceed; of the latest 65,536.
    pub median_ns: u64,
    /// The same for 95 of 100.
    pub p95_ns: u64,
    /// The longest.
    pub max_ns: u64,
    /// The standard deviation of these samples (not an estimate for others).
    pub stddev_ns: u64,
}

impl Samples {
    /// Takes one in.
    pub fn add(&mut self, nanos: u64) {
        self.min = if self.count == 0 { nanos } else { self.min.min(nanos) };
        self.max = self.max.max(nanos);
        if self.kept.len() < KEPT {
            self.kept.push(nanos);
        } else {
            let oldest = usize::try_from(self.count % KEPT as u64).unwrap_or_default();
            self.kept[oldest] = nanos;
        }
        self.count += 1;
        // Welford: no difference of two large sums, which would lose what it is to tell.
        let from_mean = float(nanos) - self.mean;
        self.mean += from_mean / float(self.count);
        self.squares += from_mean * (float(nanos) - self.mean);
    }

    /// The summary; `None` without samples.
    #[must_use]
    pub fn spread(&self) -> Option<Spread> {
        let mut sorted = self.kept.clone();
        sorted.sort_unstable();
        Some(Spread {
            min_ns: self.min,
            avg_ns: whole(self.mean),
            median_ns: quantile(&sorted, 50)?,
            p95_ns: quantile(&sorted, 95)?,
            max_ns: self.max,
            stddev_ns: whole((self.squares / float(self.count)).sqrt()),
        })
    }
}

/// The nearest rank: the smallest value that so many percent of all do not exceed. Always one that was measured.
pub(crate) fn quantile(sorted: &[u64], percent: usize) -> Option<u64> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.checked_sub(1)?).copied()
}

#[expect(clippy::cast_precision_loss, reason = "2^53 ns are a hundred days")]
fn float(nanos: u64) -> f64 {
    nanos as f64
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the samples, which are u64")]
fn whole(nanos: f64) -> u64 {
    nanos.round() as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spread(samples: &[u64]) -> Option<Spread> {
        let mut all = Samples::default();
        for &nanos in samples {
            all.add(nanos);
        }
        all.spread()
    }

    #[test]
    fn known_samples() {
        assert_eq!(spread(&[]), None);
        let one = Spread { min_ns: 7, avg_ns: 7, median_ns: 7, p95_ns: 7, max_ns: 7, stddev_ns: 0 };
        assert_eq!(spread(&[7]), Some(one));
        let eight = Spread { min_ns: 2, avg_ns: 5, median_ns: 4, p95_ns: 9, max_ns: 9, stddev_ns: 2 };
        assert_eq!(spread(&[2, 4, 4, 4, 5, 5, 7, 9]), Some(eight));
        let hundred: Vec<u64> = (1..=100).rev().collect();
        let hundred = spread(&hundred).expect("samples");
        assert_eq!((hundred.median_ns, hundred.p95_ns, hundred.avg_ns), (50, 95, 51));
    }

    #[test]
    fn memory_is_bounded_and_the_quantiles_are_of_the_latest() {
        let mut samples = Samples::default();
        for nanos in 0..KEPT as u64 * 2 {
            samples.add(nanos);
        }
        assert_eq!(samples.kept.len(), KEPT);
        let spread = samples.spread().expect("samples");
        assert_eq!((spread.min_ns, spread.max_ns), (0, KEPT as u64 * 2 - 1));
        assert_eq!(spread.median_ns, KEPT as u64 * 3 / 2 - 1);
    }

    proptest! {
        #[test]
        fn a_summary_lies_within_its_samples(samples in prop::collection::vec(0..u64::from(u32::MAX), 1..200)) {
            let spread = spread(&samples).expect("samples");
            let mut sorted = samples.clone();
            sorted.sort_unstable();
            prop_assert_eq!((spread.min_ns, spread.max_ns), (sorted[0], sorted[sorted.len() - 1]));
            for (percent, value) in [(50, spread.median_ns), (95, spread.p95_ns)] {
                prop_assert!(sorted.contains(&value));
                let below = sorted.iter().filter(|&&sample| sample <= value).count();
                prop_assert!(below * 100 >= sorted.len() * percent);
                let under = sorted.iter().filter(|&&sample| sample < value).count();
                prop_assert!(under * 100 < sorted.len() * percent);
            }
            prop_assert!((spread.min_ns..=spread.max_ns).contains(&spread.avg_ns));
            // The variance by its definition.
            let mean = samples.iter().map(|&nanos| float(nanos)).sum::<f64>() / float(samples.len() as u64);
            let variance = samples.iter().map(|&nanos| (float(nanos) - mean).powi(2)).sum::<f64>();
            let stddev = (variance / float(samples.len() as u64)).sqrt();
            prop_assert!((stddev - float(spread.stddev_ns)).abs() < 1.0);
        }
    }
}
