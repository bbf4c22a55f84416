//! The vocabulary: what either side of a conversation can do, and the records of what happened.
//!
//! The words are the same in both directions, so echo, relay and broadcast need no translation. Every view
//! reads [`Record`]s and nothing else; their serde form is the JSON schema that `man sockeye-replay` documents.

use std::fmt;
use std::time::Instant;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::tls::Fingerprint;
use crate::traffic::digest::Digests;

/// Numbers the conversations of one run, from 1 in the order they opened. 0 is the program itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ConnId(pub u32);

impl ConnId {
    /// What happens before there is a conversation (resolving, listening) belongs to this one.
    pub const PROGRAM: Self = Self(0);
}

impl fmt::Display for ConnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// Whether a protocol calls a message text or binary. Streams and datagrams do not say: theirs is `Binary`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Promised to be UTF-8.
    Text,
    /// Any bytes.
    #[default]
    Binary,
}

/// How much of a message its bytes are. A message is never cut silently: a view shows everything but `Whole`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Extent {
    /// All of it.
    #[default]
    Whole,
    /// Its terminator has not been seen: the rest follows as the next message, or the peer stopped here.
    Piece,
    /// The kernel cut it to the size of the buffer; the rest is lost.
    Truncated,
}

/// One message and what its protocol says about it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Text or binary, where the protocol says so.
    #[serde(default)]
    pub kind: Kind,
    /// Whole, or a piece.
    #[serde(default, skip_serializing_if = "is_whole")]
    pub extent: Extent,
    /// What the protocol says of it beside that.
    #[serde(flatten, with = "about")]
    pub about: Option<Box<About>>,
    /// The payload, without the terminator or length prefix that framed it.
    #[serde(flatten, with = "payload")]
    pub data: Bytes,
}

/// What some protocols say of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// Who said it, as an endpoint, in a conversation with many: the members of a group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Box<str>>,
    /// Its name: of a server-sent event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Box<str>>,
    /// Its number or name in the stream: of a server-sent event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Box<str>>,
    /// Where it belongs: a namespace of Socket.IO, if it is not the main one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<Box<str>>,
    /// It is to be acknowledged, and the acknowledgement names this number. What is to be said has any; a transport counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asks: Option<u64>,
    /// It acknowledges what had this number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<u64>,
    /// Whether it waits for a connection.
    #[serde(default, skip_serializing_if = "is_kept")]
    pub delivery: Delivery,
    /// Bytes that belong into it, in the order of their placeholders.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "attachments")]
    pub attachments: Vec<Bytes>,
}

/// Whether a message waits until it can be sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Delivery {
    /// It does.
    #[default]
    Kept,
    /// It does not: what cannot be sent now is dropped.
    Volatile,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
fn is_kept(delivery: &Delivery) -> bool {
    *delivery == Delivery::Kept
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
fn is_whole(extent: &Extent) -> bool {
    *extent == Extent::Whole
}

impl Message {
    /// A whole message of bytes.
    pub fn binary(data: impl Into<Bytes>) -> Self {
        Self { data: data.into(), ..Self::default() }
    }

    /// A whole message: text if it is UTF-8, binary otherwise.
    pub fn seen(data: impl Into<Bytes>) -> Self {
        Self::binary(data).told()
    }

    /// Text if it is UTF-8, binary otherwise.
    #[must_use]
    pub fn told(self) -> Self {
        let kind = if std::str::from_utf8(&self.data).is_ok() { Kind::Text } else { Kind::Binary };
        Self { kind, ..self }
    }

    /// Says who said it.
    #[must_use]
    pub fn from(mut self, from: &str) -> Self {
        self.about.get_or_insert_default().from = Some(from.into());
        self
    }

    /// A whole message of text.
    pub fn text(text: impl Into<String>) -> Self {
        Self { kind: Kind::Text, data: Bytes::from(text.into()), ..Self::default() }
    }
}

/// Why a conversation is closed, in a protocol that says why (WebSocket's code and reason).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CloseReason {
    /// The protocol's number for it.
    pub code: u16,
    /// The peer's words.
    pub reason: String,
}

impl CloseReason {
    /// The peer does not read what it is told: WebSocket's 1008.
    #[must_use]
    pub fn too_slow() -> Self {
        Self { code: crate::ws::close::POLICY, reason: "too slow".to_owned() }
    }

    /// There is no room for another: WebSocket's 1013.
    #[must_use]
    pub fn full() -> Self {
        Self { code: crate::ws::close::TRY_AGAIN, reason: "no room for another".to_owned() }
    }

    /// We leave, and nothing is wrong: WebSocket's 1001.
    #[must_use]
    pub fn going_away() -> Self {
        Self { code: crate::ws::close::GOING_AWAY, reason: String::new() }
    }
}

/// One thing that either side of a conversation may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// A message.
    Message(Message),
    /// "Are you there?"
    Ping(Message),
    /// "I am."
    Pong(Message),
    /// Bytes that go out as they are, whatever the protocol says of them: frames that are wrong on purpose.
    Wire(Message),
    /// What only Socket.IO has; it is carried out, and never recorded.
    #[serde(skip)]
    Order(Box<crate::sio::Order>),
    /// Nothing more comes in this direction; the other may go on. TCP's FIN, TLS's `close_notify`.
    Finish,
    /// Both directions are over.
    Close {
        /// In a protocol that says why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<CloseReason>,
    },
}

/// The two ends of a conversation, as endpoints that can be typed: `tcp://127.0.0.1:80`, `unix:/run/x`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peer {
    /// The other end.
    pub remote: String,
    /// Our end.
    pub local: String,
}

/// How a conversation ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// In good order or not.
    #[serde(flatten)]
    pub end: End,
    /// Payload bytes handed to the kernel, with what framed them.
    pub sent: u64,
    /// Payload bytes read from the kernel, with what framed them.
    pub received: u64,
    /// After a failure: how many of `sent` the peer's kernel acknowledged, if ours still knew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<u64>,
    /// Of the bytes counted as sent and as received, if it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digests>,
}

/// The ways a conversation can end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "end", rename_all = "kebab-case")]
pub enum End {
    /// Both directions finished, or one side closed politely.
    #[default]
    Complete,
    /// The peer, or its machine, threw the connection away.
    Reset,
    /// The peer closed before it took everything we sent.
    Partial,
    /// The peer's direction stopped without TLS's `close_notify`: what came may not be all (RFC 8446 §6.1).
    Truncated,
    /// The peer closed and said that something is wrong (RFC 6455 §7.4).
    Dismissed {
        /// What it said.
        #[serde(flatten)]
        why: CloseReason,
    },
    /// The connection ended without the protocol's close: WebSocket's 1006.
    Unclosed,
    /// What carried the conversation was lost, and is not opened again.
    Lost {
        /// Why, in the protocol's words: Socket.IO's "transport close".
        why: String,
    },
    /// The peer's machine answered that nothing listens there: ICMP port unreachable, or RST to a SYN with data.
    Refused,
    /// An answer stopped before its end: what came is not all.
    Unfinished {
        /// What stopped, in words.
        #[serde(rename = "why")]
        what: String,
    },
    /// A time limit ended it.
    Timeout {
        /// Which limit, in words: "idle for 5s".
        #[serde(rename = "why")]
        limit: String,
    },
    /// The peer broke the protocol or one of our limits.
    Violation {
        /// What it did, in words.
        #[serde(rename = "why")]
        what: String,
        /// What can be done about it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hint: Option<String>,
    },
    /// Any other failure of input or output.
    Failed {
        /// The operation and the system's words for it.
        #[serde(rename = "why")]
        error: String,
    },
}

/// One thing that happened; small, because there is one for each message. The order of records is the order of events within a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// When, to the nanosecond; never runs backwards within a run.
    #[serde(serialize_with = "nanoseconds")]
    pub time: Timestamp,
    /// In which conversation.
    pub conn: ConnId,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What a command tells that holds no conversation: a scan, a ping.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Timed<T> {
    /// When, as in a [`Record`].
    #[serde(serialize_with = "nanoseconds")]
    pub time: Timestamp,
    /// What.
    #[serde(flatten)]
    pub what: T,
}

/// A clock that never runs backwards: the wall clock at the start, and the monotonic time since.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: (Instant, Timestamp),
}

impl Clock {
    /// Starts now.
    #[must_use]
    pub fn start() -> Self {
        Self { start: (Instant::now(), Timestamp::now()) }
    }

    /// How long after the start a time of this clock is; nothing before it.
    #[must_use]
    pub fn since_start(&self, time: Timestamp) -> std::time::Duration {
        let (_, wall) = self.start;
        std::time::Duration::try_from(time.duration_since(wall)).unwrap_or_default()
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let (instant, wall) = self.start;
        let since = SignedDuration::try_from(instant.elapsed()).unwrap_or(SignedDuration::MAX);
        wall.checked_add(since).unwrap_or(Timestamp::MAX)
    }
}

/// Always nine decimals, so that times sort as text.
fn nanoseconds<S: serde::Serializer>(time: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(&format_args!("{time:.9}"))
}

/// The kinds of record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum What {
    /// A listener is ready at these endpoints.
    Listening {
        /// Where, with the real port: `tcp://127.0.0.1:9000`.
        endpoints: Vec<String>,
        /// Who can reach it.
        reach: Reach,
        /// The SHA-256 of the certificate that we made for this run, which nobody can know otherwise.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        certificate: Option<Fingerprint>,
    },
    /// A conversation began.
    Opened(Peer),
    /// The peer did this.
    Heard(Event),
    /// We did this.
    Said(Event),
    /// Something happened below the messages; recorded only when someone watches.
    Step(Box<crate::step::Step>),
    /// Something a person should know, whatever the verbosity: a dropped message, a pause in accepting.
    Notice {
        /// One line. It may quote a peer, and so a line end in it ends none of ours.
        #[serde(rename = "notice")]
        text: String,
    },
    /// The same in several lines: a list that was asked for, an answer that is shown whole.
    List {
        /// Each of them, without its end.
        lines: Vec<String>,
    },
    /// What was measured until now, because it was asked for.
    Stats(Box<crate::stats::Stats>),
    /// A conversation ended.
    Closed(Box<Outcome>),
}

/// Who can reach a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    /// Only this machine.
    Loopback,
    /// Whoever can reach the address that was asked for.
    Address,
    /// Every interface.
    Everyone,
}

/// What is said about a message stands beside its payload.
mod about {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::About;

    #[expect(clippy::ref_option, reason = "the signature is serde's")]
    pub(super) fn serialize<S: Serializer>(about: &Option<Box<About>>, to: S) -> Result<S::Ok, S::Error> {
        about.as_deref().unwrap_or(&About::default()).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Box<About>>, D::Error> {
        let about = About::deserialize(from)?;
        Ok((about != About::default()).then(|| Box::new(about)))
    }
}

/// Attachments as a list of base64.
mod attachments {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use bytes::Bytes;
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(attachments: &[Bytes], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(attachments.iter().map(|bytes| STANDARD.encode(bytes)))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Bytes>, D::Error> {
        let codes = Vec::<String>::deserialize(from)?;
        codes.iter().map(|code| STANDARD.decode(code).map(Bytes::from).map_err(D::Error::custom)).collect()
    }
}

/// The JSON form of a payload: `"text"` when it is UTF-8, `"base64"` otherwise.
pub(crate) mod payload {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use bytes::Bytes;
    use serde::de::Error as _;
    use serde::ser::SerializeMap as _;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(data: &Bytes, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(1))?;
        match std::str::from_utf8(data) {
            Ok(text) => map.serialize_entry("text", text)?,
            Err(_) => map.serialize_entry("base64", &STANDARD.encode(data))?,
        }
        map.end()
    }

    #[derive(Deserialize)]
    struct Either {
        text: Option<String>,
        base64: Option<String>,
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Bytes, D::Error> {
        match Either::deserialize(from)? {
            Either { text: Some(text), base64: None } => Ok(text.into()),
            Either { base64: Some(code), text: None } => {
                STANDARD.decode(code).map(Bytes::from).map_err(D::Error::custom)
            }
            _ => Err(D::Error::custom("expected exactly one of \"text\" and \"base64\"")),
        }
    }
}
