//! How long it takes to connect, again and again.

mod run;
mod stages;

use std::fmt;
use std::net::IpAddr;

use serde::Serialize;

pub use run::{Pinger, Rules};
pub use stages::{Stages, TlsTime};

use crate::event::Record;
use crate::samples::{Samples, Spread};

/// What pinging tells.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum What {
    /// The name was looked up, once for all pings.
    Resolved {
        /// The name.
        host: String,
        /// Its addresses, in the order in which they are tried.
        addresses: Vec<IpAddr>,
        /// How long it took.
        took_ns: u64,
    },
    /// It connected.
    Reply(Reply),
    /// It did not connect.
    Lost(Lost),
    /// A step below, or a notice.
    #[serde(skip)]
    Record(Record),
    /// It is over.
    Summary(Summary),
}

/// A connection that opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reply {
    /// From 1.
    pub seq: u64,
    /// The other end.
    pub remote: String,
    /// Our end.
    pub local: String,
    /// How long each stage took.
    #[serde(flatten)]
    pub stages: Stages,
    /// From the start to when it could be used: all stages, and what lies between them.
    pub total_ns: u64,
}

/// A connection that did not open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lost {
    /// From 1.
    pub seq: u64,
    /// The operation, the address, and the reason.
    pub error: String,
    /// How long it took to fail.
    pub took_ns: u64,
}

/// All of it in a few numbers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// What was pinged.
    pub endpoint: String,
    /// Begun and not interrupted.
    pub sent: u64,
    /// Of these.
    pub connected: u64,
    /// Of these.
    pub failed: u64,
    /// TCP's handshake: one round trip.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connect: Option<Spread>,
    /// The proxies' part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy: Option<Spread>,
    /// TLS' handshake.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<Spread>,
}

impl Summary {
    /// Failures in a hundred.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a percentage")]
    pub fn failed_percent(&self) -> f64 {
        self.failed as f64 * 100.0 / self.sent.max(1) as f64
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { endpoint, sent, connected, failed, .. } = self;
        let pings = if *sent == 1 { "ping" } else { "pings" };
        write!(f, "{sent} {pings} of {endpoint}: {connected} connected, {failed} failed")?;
        if *failed > 0 {
            write!(f, " ({:.1} %)", self.failed_percent())?;
        }
        Ok(())
    }
}

/// What becomes the summary.
#[derive(Debug, Default)]
struct Tally {
    connected: u64,
    failed: u64,
    connect: Samples,
    proxy: Samples,
    tls: Samples,
}

impl Tally {
    fn connected(&mut self, stages: &Stages) {
        self.connected += 1;
        self.connect.add(stages.connect_ns);
        if let Some(took_ns) = stages.proxy_ns {
            self.proxy.add(took_ns);
        }
        if let Some(tls) = &stages.tls {
            self.tls.add(tls.took_ns);
        }
    }

    fn summary(&self, endpoint: &str) -> Summary {
        Summary {
            endpoint: endpoint.to_owned(),
            sent: self.connected + self.failed,
            connected: self.connected,
            failed: self.failed,
            connect: self.connect.spread(),
            proxy: self.proxy.spread(),
            tls: self.tls.spread(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_counts_and_has_a_spread_of_each_stage_there_was() {
        let mut tally = Tally::default();
        let plain = Stages { connect_ns: 5, ..Stages::default() };
        tally.connected(&plain);
        tally.connected(&Stages { connect_ns: 7, proxy_ns: Some(3), ..plain });
        tally.failed += 1;
        let summary = tally.summary("tcp://h:1");
        assert_eq!(summary.to_string(), "3 pings of tcp://h:1: 2 connected, 1 failed (33.3 %)");
        assert_eq!(summary.connect.map(|spread| (spread.min_ns, spread.max_ns)), Some((5, 7)));
        assert_eq!(summary.proxy.map(|spread| spread.avg_ns), Some(3));
        assert_eq!(summary.tls, None);
        let nothing = Tally::default().summary("tcp://h:1");
        assert_eq!(nothing.to_string(), "0 pings of tcp://h:1: 0 connected, 0 failed");
    }
}
