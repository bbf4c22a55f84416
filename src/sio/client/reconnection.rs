//! How long a client waits before it opens again: the official formula (socket.io-client's `backo2`).

use std::time::Duration;

/// When a lost connection is opened again; the defaults are the official client's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reconnection {
    /// The first wait, before luck.
    pub delay: Duration,
    /// No wait is longer.
    pub longest: Duration,
    /// How far luck takes a wait, from 0 to 1 of it.
    pub jitter: f64,
    /// So many failed attempts in a row are the end.
    pub attempts: Option<u32>,
}

impl Default for Reconnection {
    fn default() -> Self {
        Self { delay: Duration::from_secs(1), longest: Duration::from_secs(5), jitter: 0.5, attempts: None }
    }
}

impl Reconnection {
    /// The wait before an attempt, counted from 0. `luck`, from 0 to 1, decides by how much it is off, and its first
    /// decimal in which direction: one draw makes both.
    #[must_use]
    pub fn wait(&self, attempt: u32, luck: f64) -> Duration {
        let whole = self.delay.as_secs_f64() * 1000.0 * 2f64.powi(i32::try_from(attempt).unwrap_or(i32::MAX).min(1000));
        let off = (luck * self.jitter * whole).floor();
        let is_less = (luck * 10.0).floor() % 2.0 == 0.0;
        let millis = if is_less { whole - off } else { whole + off };
        let millis = millis.min(self.longest.as_secs_f64() * 1000.0).floor().max(0.0);
        Duration::try_from_secs_f64(millis / 1000.0).unwrap_or(self.longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_lie_in_the_official_bands() {
        let ms = |attempt, luck| Reconnection::default().wait(attempt, luck).as_millis();
        // The same draw makes size and sign, so the first waits lie in bands.
        for (luck, wait) in
            [(0.0, 1000), (0.099, 951), (0.1, 1050), (0.199, 1099), (0.2, 900), (0.299, 851), (0.999, 1499)]
        {
            assert_eq!(ms(0, luck), wait, "{luck}");
        }
        assert_eq!((ms(1, 0.899), ms(1, 0.999)), (1101, 2999));
        assert_eq!((ms(2, 0.899), ms(2, 0.999)), (2202, 5000));
        assert_eq!((ms(3, 0.899), ms(9, 0.5)), (4404, 5000));
        assert_eq!(ms(u32::MAX, 0.5), 5000);
        let steady = Reconnection { jitter: 0.0, ..Reconnection::default() };
        assert_eq!([0, 1, 2, 3].map(|attempt| steady.wait(attempt, 0.7).as_millis()), [1000, 2000, 4000, 5000]);
    }
}
