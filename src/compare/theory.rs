//! What each style should cost, by formula. I: the interval, R: the round trip, d = R/2, λ: events a second, T: how long,
//! H: the bytes of a request's and an answer's head.

use std::time::Duration;

use serde::Serialize;

use super::style::Style;

/// What was set up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Setting {
    /// R.
    pub rtt: Duration,
    /// λ, in events a second.
    pub rate: f64,
}

/// What should be measured, and why.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Theory {
    /// The mean latency, in nanoseconds.
    pub mean_ns: u64,
    /// How that is computed.
    pub mean_formula: &'static str,
    /// The largest latency, in nanoseconds.
    pub max_ns: u64,
    /// How that is computed.
    pub max_formula: &'static str,
    /// Requests a second.
    pub requests_per_s: f64,
    /// How that is computed.
    pub requests_formula: &'static str,
    /// The part of the requests that are in vain, from 0 to 1.
    pub empty_part: f64,
    /// From the start until an event that is already there is heard, in nanoseconds.
    pub first_ns: u64,
    /// How that is computed.
    pub first_formula: &'static str,
    /// What an event costs beyond its payload.
    pub overhead_formula: &'static str,
}

/// What a style should cost.
#[must_use]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "nanoseconds of days")]
pub fn of(style: Style, setting: Setting) -> Theory {
    let rtt = setting.rtt.as_secs_f64();
    let way = rtt / 2.0;
    let ns = |seconds: f64| (seconds * 1e9).round() as u64;
    let pushed = |overhead_formula| Theory {
        mean_ns: ns(way),
        mean_formula: "d",
        max_ns: ns(way),
        max_formula: "d",
        requests_per_s: 0.0,
        requests_formula: "1 in all",
        empty_part: 0.0,
        first_ns: ns(2.0 * rtt),
        first_formula: "2R",
        overhead_formula,
    };
    match style {
        Style::Polling(interval) => {
            let interval = interval.as_secs_f64();
            // A poll that takes longer than its interval is followed at once by the next.
            let period = interval.max(rtt);
            Theory {
                mean_ns: ns(period / 2.0 + way),
                mean_formula: "I/2 + d",
                max_ns: ns(period + way),
                max_formula: "I + d",
                requests_per_s: 1.0 / period,
                requests_formula: "T/I",
                empty_part: (-setting.rate * period).exp(),
                first_ns: ns(2.0 * rtt),
                first_formula: "2R",
                overhead_formula: "H / (λI) if λI < 1",
            }
        }
        Style::LongPolling => {
            // After an answer the next request takes a round trip to come. What happens meanwhile, λR events on average,
            // waits for half of it; if nothing did (e^-λR), the request waits for one event, which is told at once.
            let gap = setting.rate * rtt;
            let told = gap + (-gap).exp();
            Theory {
                mean_ns: ns(way + gap / told * way),
                mean_formula: "d + λR/(λR + e^-λR) · R/2",
                max_ns: ns(3.0 * way),
                max_formula: "3d",
                requests_per_s: setting.rate / told,
                requests_formula: "λT/(λR + e^-λR)",
                empty_part: 0.0,
                first_ns: ns(2.0 * rtt),
                first_formula: "2R",
                overhead_formula: "H",
            }
        }
        Style::Streaming => pushed("chunk size and line ends, {\"id\":…}"),
        Style::Sse => pushed("chunk size and line ends, data:, id:"),
        Style::WebSocket => Theory { requests_formula: "1 upgrade", ..pushed("2, 4 or 10 down; 4 more up") },
        // The WebSocket, CONNECT and its answer, and an event of the client: nothing is kept for who is not there.
        Style::SocketIo => Theory {
            requests_formula: "1 upgrade",
            first_ns: ns(4.0 * rtt),
            first_formula: "4R",
            ..pushed("frame head, 42[\"name\",…]")
        },
        Style::Tcp => Theory {
            requests_formula: "none",
            first_ns: ns(1.5 * rtt),
            first_formula: "1.5R",
            ..pushed("1, a line end")
        },
        Style::Udp => Theory { requests_formula: "none", first_ns: ns(rtt), first_formula: "R", ..pushed("none") },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_by_numbers() {
        let setting = Setting { rtt: Duration::from_millis(50), rate: 4.0 };
        let ms = |ns: u64| ns / 1_000_000;
        for (style, mean, max, first) in [
            (Style::Polling(Duration::from_secs(1)), 525, 1025, 100),
            (Style::Polling(Duration::from_millis(100)), 75, 125, 100),
            (Style::Polling(Duration::from_millis(10)), 50, 75, 100),
            (Style::LongPolling, 29, 75, 100),
            (Style::Streaming, 25, 25, 100),
            (Style::Sse, 25, 25, 100),
            (Style::WebSocket, 25, 25, 100),
            (Style::SocketIo, 25, 25, 200),
            (Style::Tcp, 25, 25, 75),
            (Style::Udp, 25, 25, 50),
        ] {
            let theory = of(style, setting);
            assert_eq!((ms(theory.mean_ns), ms(theory.max_ns), ms(theory.first_ns)), (mean, max, first), "{style}");
        }
        let polling = of(Style::Polling(Duration::from_millis(250)), setting);
        assert!((polling.empty_part - 0.3679).abs() < 0.001 && (polling.requests_per_s - 4.0).abs() < 1e-9);
    }
}
