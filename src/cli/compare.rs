//! The styles of telling news, side by side.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};

use super::{Color, CompareOutput, INPUT_OUTPUT};
use crate::compare::style::Asked;
use crate::quantity::{parse_duration, parse_size};

/// Polling, long polling, streaming, SSE, WebSocket and Socket.IO, side by side
///
/// Starts a real server and a real client for each style in this process, sends the same events over all of them at
/// random moments, and reports how late they came, what they cost, and what theory says. Socket.IO is spoken over a
/// WebSocket from the start.
#[derive(Debug, Args)]
#[command(next_help_heading = "Comparing")]
pub struct Compare {
    /// Compare these: polling, long-polling, streaming, sse, websocket, socketio, tcp, udp
    #[arg(long, value_name = "STYLE,…", value_delimiter = ',', hide_possible_values = true, hide_default_value = true,
          default_values = Asked::ALL.map(Asked::name),
          value_parser = PossibleValuesParser::new(Asked::ALL.map(Asked::name)).try_map(|name| name.parse::<Asked>()))]
    pub styles: Vec<Asked>,
    /// Compare at this server, which has the paths of `http listen`: /poll, /long-poll, /stream, /sse, /ws, /publish
    ///
    /// Events are posted to /publish, and how late they are counts from then; what they cost the server is not known.
    #[arg(long, value_name = "URL", conflicts_with = "upward")]
    pub url: Option<String>,
    /// Poll this often; may be repeated, and each is a style of its own
    #[arg(long, value_name = "DURATION", value_parser = parse_interval, default_values = ["100ms", "1s"])]
    pub interval: Vec<Duration>,
    /// So many events
    #[arg(long, value_name = "N", default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub events: u32,
    /// So many events a second, on average; the gaps are random
    #[arg(long, value_name = "RATE", default_value = "4", value_parser = parse_rate)]
    pub rate: f64,
    /// As many events as come in this time, instead
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, conflicts_with = "events")]
    pub duration: Option<Duration>,
    /// The size of an event
    #[arg(long, value_name = "SIZE", value_parser = parse_size, default_value = "40")]
    pub payload: usize,
    /// Let a round trip take this long: on loopback all styles that push look alike
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "0s")]
    pub rtt: Duration,
    /// Measure this long what nothing costs
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "3s")]
    pub idle: Duration,
    /// So many events at once
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(0..=5000))]
    pub burst: u32,
    /// So many messages from the client to the server
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(0..=10_000))]
    pub upward: u32,
    /// Decides the gaps; the same number gives the same
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Write the report as a page with drawings to this file
    #[arg(long, value_name = "FILE.html")]
    pub report: Option<PathBuf>,
    /// Serve a page instead, whose browser is the client of all styles [default: a free port, for this machine alone]
    #[arg(long, value_name = "[ADDR:]PORT", num_args = 0..=1, default_missing_value = "0",
          conflicts_with_all = ["styles", "interval", "events", "duration", "rtt", "idle", "burst", "upward", "seed", "report",
                                "output"])]
    pub web: Option<String>,
    /// The form of the report
    #[arg(long, short, value_name = "VIEW", value_enum, default_value_t = CompareOutput::Human, help_heading = INPUT_OUTPUT)]
    pub output: CompareOutput,
    /// When to use colour
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = Color::Auto, help_heading = INPUT_OUTPUT)]
    pub color: Color,
    /// Do not show how far it is
    #[arg(long, short, help_heading = INPUT_OUTPUT)]
    pub quiet: bool,
}

fn parse_interval(text: &str) -> Result<Duration, String> {
    match parse_duration(text)? {
        Duration::ZERO => Err("an interval of nothing is no interval; 10ms is a short one".to_owned()),
        interval => Ok(interval),
    }
}

fn parse_rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if (0.01..=10_000.0).contains(&rate) => Ok(rate),
        _ => Err("expected events a second, from 0.01 to 10000, such as 4 or 0.5".to_owned()),
    }
}
