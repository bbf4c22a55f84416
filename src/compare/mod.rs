//! The styles of telling news, side by side: the same events for all, each over a real server and a real client, measured
//! and held against the theory.
//!
//! ```text
//! schedule ─▶ server ══ line ══ client          a lane a style; each of the three is a thread
//!               │         │        │
//!             said     bytes,    heard ─▶ ledger ─▶ report
//!                     requests
//! ```
//!
//! The bytes are counted where they cross, and not by those who speak ([`wire`]). One clock times both ends.

pub mod advice;
pub mod delay;
mod lane;
pub mod ledger;
mod run;
pub mod schedule;
pub mod style;
pub mod theory;
pub mod web;
pub mod wire;

use std::time::Duration;

use serde::Serialize;

pub use run::Comparison;

use crate::http::Target;
use delay::Crossed;
use ledger::{Counts, Latency};
use style::Style;
use theory::Theory;
use wire::Exchange;

/// What is compared, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// The styles, in the order in which they are shown.
    pub styles: Vec<Style>,
    /// Somebody else's server, and not ours: it has these styles, and no messages go the other way.
    pub target: Option<Target>,
    /// So many events.
    pub events: usize,
    /// So many of them a second, on average.
    pub rate: f64,
    /// Of each, in bytes.
    pub payload: usize,
    /// How long a round trip takes.
    pub rtt: Duration,
    /// How long nothing happens at the end.
    pub idle: Duration,
    /// So many events at once.
    pub burst: usize,
    /// So many messages the other way.
    pub upward: usize,
    /// Decides the gaps.
    pub seed: u64,
}

/// What comparing tells.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum What {
    /// How far it is.
    Progress(Progress),
    /// What came of it.
    Report(Box<Report>),
}

/// How far it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// What is measured now.
    pub phase: Phase,
    /// Each style, in the order in which they are shown.
    pub lanes: Vec<LaneProgress>,
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Phase {
    Opening,
    Events,
    Burst,
    Upward,
    Idle,
}

impl Phase {
    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Opening => "opening",
            Self::Events => "events, one by one",
            Self::Burst => "a burst",
            Self::Upward => "the other way",
            Self::Idle => "nothing happens",
        }
    }
}

/// How far a style is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LaneProgress {
    /// Which.
    pub style: Style,
    /// Events until now.
    pub counts: Counts,
    /// Of the last event, in nanoseconds.
    pub last_ns: Option<u64>,
    /// What has crossed.
    pub crossed: Crossed,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// A round trip.
    pub rtt_ns: u64,
    /// Events a second that were asked for.
    pub rate: f64,
    /// Of an event, in bytes.
    pub payload: usize,
    /// How long the events took.
    pub events_ns: u64,
    /// How long nothing happened.
    pub idle_ns: u64,
    /// Each style.
    pub lanes: Vec<LaneReport>,
}

/// What came of a style.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LaneReport {
    /// Which.
    pub style: Style,
    /// What became of the events.
    #[serde(flatten)]
    pub counts: Counts,
    /// How late they were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency: Option<Latency>,
    /// From the client's start until it heard an event that was already there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_ns: Option<u64>,
    /// What crossed until then: handshakes and the first answer.
    pub opening: Crossed,
    /// What crossed while the events came.
    pub crossed: Crossed,
    /// Of that, what the events are.
    pub payload_bytes: u64,
    /// What an event cost beyond its payload, in bytes, both ways together.
    pub overhead_per_event: f64,
    /// The part of what crossed that is payload, from 0 to 1.
    pub efficiency: f64,
    /// The processor's time of the client for an event, in nanoseconds.
    pub client_cpu_ns: u64,
    /// The same of the server.
    pub server_cpu_ns: u64,
    /// Many events at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub burst: Option<Burst>,
    /// The other way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upward: Option<Upward>,
    /// While nothing happened, in a minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle: Option<Idle>,
    /// What it should be.
    pub theory: Theory,
    /// When to use it.
    pub when: &'static str,
    /// How late each event was, in nanoseconds, in the order in which they were said.
    pub latencies_ns: Vec<u64>,
    /// The requests, the first few thousand.
    pub exchanges: Vec<Exchange>,
}

/// Many events at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Burst {
    /// What became of them.
    #[serde(flatten)]
    pub counts: Counts,
    /// Until all were heard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub took_ns: Option<u64>,
    /// What crossed.
    pub crossed: Crossed,
}

/// Messages from the client to the server.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Upward {
    /// What became of them.
    #[serde(flatten)]
    pub counts: Counts,
    /// How late they were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency: Option<Latency>,
    /// What a message cost beyond its payload, in bytes that the client sent.
    pub overhead_per_message: f64,
    /// Connections that were opened for them.
    pub connections: u64,
}

/// What nothing costs, in a minute.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Idle {
    pub up_bytes: f64,
    pub down_bytes: f64,
    pub requests: f64,
}
