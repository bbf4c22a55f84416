//! What was measured: of one conversation, or of all of them. [`crate::meter`] makes it.

use serde::{Deserialize, Serialize};

use crate::step::Stage;

/// The measurements of a conversation at one moment; of the program (conversation 0), the sum of all.
///
/// Times are nanoseconds, rates bytes in a second.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stats {
    /// The peer, or who is to become it; a sum has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote: Option<String>,
    /// What the conversation is doing: opening, `talk`, or `close` when it is over; a sum has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<Stage>,
    /// What is summed up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversations: Option<Conversations>,
    /// Since the conversation is open; until it is, since its opening began.
    pub elapsed_ns: u64,
    /// What we sent.
    pub sent: Flow,
    /// What we received.
    pub received: Flow,
    /// How long each stage of opening took.
    #[serde(flatten)]
    pub took: Took,
    /// What the kernel measured, where it is TCP and the kernel could be asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tcp: Option<Tcp>,
}

/// How many conversations a sum is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversations {
    /// Still going on.
    pub open: u64,
    /// Over.
    pub closed: u64,
}

/// One direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flow {
    /// Payload, with what frames it.
    pub bytes: u64,
    /// Where bytes are made into messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub messages: Option<u64>,
    /// On average, over the whole time.
    pub rate: u64,
    /// On average since the report before this one, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recent_rate: Option<u64>,
}

/// How long the stages of opening took, those that there were; waiting for Enter is not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Took {
    /// Looking the name up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolve_ns: Option<u64>,
    /// Connecting, with the attempts that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connect_ns: Option<u64>,
    /// The exchanges with proxies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy_ns: Option<u64>,
    /// The TLS handshakes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_ns: Option<u64>,
    /// WebSocket's handshake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upgrade_ns: Option<u64>,
    /// From the end of opening until the first byte was heard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_byte_ns: Option<u64>,
}

/// A TCP connection as the kernel sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tcp {
    /// RFC 9293's name: `ESTABLISHED`.
    pub state: String,
    /// Payload that the peer's kernel acknowledged, in bytes; under TLS or a proxy, with what these add.
    pub acknowledged: u64,
    /// Bytes that arrived and that we have not read.
    pub unread: u64,
    /// What the kernel measured.
    #[serde(flatten)]
    pub info: TcpInfo,
}

/// What the kernel measured on a TCP connection: `struct tcp_info`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TcpInfo {
    /// The smoothed round-trip time.
    pub rtt_ns: u64,
    /// How much it varies.
    pub rtt_var_ns: u64,
    /// The shortest that was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_rtt_ns: Option<u64>,
    /// Segments sent again, since the connection opened.
    pub retransmissions: u32,
    /// Payload bytes sent again.
    pub bytes_retransmitted: u64,
    /// Segments that are thought to be lost now.
    pub lost: u32,
    /// The congestion window, in segments.
    pub congestion_window: u32,
    /// The largest segment that is sent, in bytes.
    pub segment_size: u32,
    /// The latest rate at which data reached the peer, in bytes in a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery_rate: Option<u64>,
    /// Payload bytes sent, again or for the first time.
    pub bytes_sent: u64,
    /// Sequence numbers acknowledged: the payload, and the SYN of the opener and the FIN once they are.
    pub bytes_acked: u64,
    /// Sequence numbers received, the FIN among them.
    pub bytes_received: u64,
    /// For how long something was on its way.
    pub busy_ns: u64,
    /// For how long of that the peer's window was full: it read too slowly.
    pub peer_limited_ns: u64,
    /// For how long of that our send buffer was too small.
    pub buffer_limited_ns: u64,
}
