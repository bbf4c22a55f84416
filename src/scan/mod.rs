//! Which ports of a host answer: one TCP connect each, many at a time, at a bounded rate.

mod attempt;
mod pace;
mod ports;
mod probe;
mod services;
mod summary;
mod sweep;

use std::net::IpAddr;

use bytes::Bytes;
use serde::Serialize;

pub use ports::Ports;
pub use services::{FILE as SERVICES, Services};
pub use summary::{End, Summary};
pub use sweep::{AGAIN, Rules, Sweep};

use crate::event::payload;

/// Why a port is filtered of which nothing was heard.
const NO_ANSWER: &str = "no answer";

/// What a scan tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum What {
    /// It begins.
    Scanning {
        /// As it was typed.
        host: String,
        /// The addresses that are scanned.
        addresses: Vec<IpAddr>,
        /// How many ports were asked for.
        ports: usize,
    },
    /// The state of a port is known.
    Port(Finding),
    /// It is not open, and will be tried again (`--retry`). Told when its state changes, too.
    Waiting(Finding),
    /// Something a person should know.
    Notice {
        /// One line.
        notice: String,
    },
    /// Told now and then when it takes long.
    Progress {
        /// Ports whose state is known.
        known: usize,
        /// Of so many.
        asked: usize,
    },
    /// It is over.
    Summary(Summary),
}

/// The state of one port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The port.
    pub port: u16,
    /// What usually listens there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The address that is spoken of.
    pub address: IpAddr,
    /// How it answered.
    #[serde(flatten)]
    pub state: State,
    /// From `connect()` to the answer, or to the end of patience.
    pub took_ns: u64,
    /// Connects so far, to all addresses.
    pub probes: u32,
}

/// How a port answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum State {
    /// The handshake was completed.
    Open {
        /// What the server said first, if that was waited for and came.
        #[serde(skip_serializing_if = "Option::is_none", serialize_with = "serialize_banner")]
        banner: Option<Bytes>,
    },
    /// It was refused: RST.
    Closed,
    /// Nothing came, or an ICMP message that says it cannot be reached.
    Filtered {
        /// Which of the two.
        why: String,
    },
}

#[expect(clippy::ref_option, reason = "as serde calls it")]
fn serialize_banner<S: serde::Serializer>(banner: &Option<Bytes>, to: S) -> Result<S::Ok, S::Error> {
    match banner {
        Some(bytes) => payload::serialize(bytes, to),
        None => to.serialize_none(),
    }
}

impl State {
    /// One word: `open`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Open { .. } => "open",
            Self::Closed => "closed",
            Self::Filtered { .. } => "filtered",
        }
    }

    /// Whether it accepts connections.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Open { .. })
    }
}
