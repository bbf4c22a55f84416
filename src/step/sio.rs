//! What happens in Socket.IO and in the Engine.IO below it.

use serde::{Deserialize, Serialize};

use super::ws::Way;

/// A step of Socket.IO. Times are nanoseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "sio", rename_all = "kebab-case")]
pub enum Sio {
    /// A packet of Engine.IO, in a poll's body or in a frame.
    Engine {
        /// Whose.
        way: Way,
        /// `polling` or `websocket`.
        carrier: String,
        /// Its type's name: `open`, `message`.
        packet: String,
        /// The packet, as far as it is shown; of bytes only how many.
        text: String,
    },
    /// A packet of Socket.IO, in a message of Engine.IO.
    Packet {
        /// Whose.
        way: Way,
        /// Its type's name: `EVENT`, `BINARY_ACK`.
        packet: String,
        /// Its namespace.
        namespace: String,
        /// The number of an acknowledgement, wanted or given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<u64>,
        /// How many attachments follow it.
        attachments: u64,
        /// Its JSON, as far as it is shown.
        data: String,
    },
    /// A session of Engine.IO is open.
    Open {
        /// Its id.
        sid: String,
        /// What it may move to.
        upgrades: Vec<String>,
        /// From one ping to the next, in milliseconds.
        ping_interval_ms: u64,
        /// So long an answer may take, in milliseconds.
        ping_timeout_ms: u64,
        /// The largest body that the server takes, in bytes, if it says so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max_payload: Option<u64>,
    },
    /// The session is carried by a WebSocket from now on.
    Upgraded,
    /// The WebSocket cannot carry it: polling goes on.
    NotUpgraded,
    /// The heart has beaten: a ping was answered.
    Beat,
    /// A namespace was entered.
    Entered {
        /// Which.
        namespace: String,
        /// Who has, there. Protocol 4 does not say it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sid: Option<String>,
        /// It is the connection that was lost, and what was missed has come.
        recovered: bool,
    },
    /// A namespace was not entered.
    Refused {
        /// Which.
        namespace: String,
        /// What was said of it.
        why: String,
    },
    /// A namespace was left.
    Left {
        /// Which.
        namespace: String,
        /// Who, there, if it is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sid: Option<String>,
        /// In the official words.
        reason: String,
    },
    /// The session is over.
    Closed {
        /// In the official words.
        reason: String,
    },
    /// The connection will be opened again.
    Reconnecting {
        /// Counted from 1.
        attempt: u32,
        /// After so long.
        wait_ns: u64,
    },
    /// A volatile event was not said, because there was no way for it.
    Dropped {
        /// Where it belonged.
        namespace: String,
    },
    /// An acknowledgement that was waited for will not come.
    Unanswered {
        /// The number of the event.
        id: u64,
        /// In the official words.
        why: String,
    },
    /// What came breaks a rule; the connection ends.
    Wrong {
        /// Which, in words.
        why: String,
    },
}
