//! What happens inside a WebSocket, in the order of a connection's life.

use serde::{Deserialize, Serialize};

use crate::ws::frame::Header;

/// A step of WebSocket. Times are nanoseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ws", rename_all = "kebab-case")]
pub enum Ws {
    /// The request to upgrade: we sent it, or the peer did.
    Request {
        /// Which.
        way: Way,
        /// Its lines, without the empty one at the end. What is secret is hidden.
        head: Vec<String>,
    },
    /// The answer to it.
    Answer {
        /// Whose.
        way: Way,
        /// 101 is the only one that upgrades.
        status: u16,
        /// Its lines, without the empty one at the end.
        head: Vec<String>,
        /// From the request; nothing when we answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        took_ns: Option<u64>,
    },
    /// The server showed that it understood: `accept` is the hash of `key` (RFC 6455 §4.2.2).
    Accept {
        /// `Sec-WebSocket-Key`, 16 random bytes in base64.
        key: String,
        /// `Sec-WebSocket-Accept`
        accept: String,
    },
    /// HTTP is over; from now on there are frames.
    Upgraded {
        /// The subprotocol that was agreed upon.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        subprotocol: Option<String>,
        /// What was agreed upon of permessage-deflate: `permessage-deflate; server_no_context_takeover`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        deflate: Option<String>,
    },
    /// The server sends us elsewhere, and we go there (`--location`).
    Redirected {
        /// 301, 302, 303, 307 or 308.
        status: u16,
        /// Where to.
        to: String,
    },
    /// One frame.
    Frame {
        /// Whose.
        way: Way,
        /// Its header.
        #[serde(flatten)]
        header: Header,
        /// Header and payload, in bytes on the wire.
        wire: u64,
        /// The payload without compression, in bytes, if this frame had it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        inflated: Option<u64>,
    },
    /// What came is no WebSocket, or breaks a rule of it; the conversation ends.
    Refused {
        /// Why, in words.
        why: String,
    },
    /// A pong came that answers a ping of ours.
    RoundTrip {
        /// From our ping.
        took_ns: u64,
    },
}

/// Whose doing something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// Ours.
    Said,
    /// The peer's.
    Heard,
}
