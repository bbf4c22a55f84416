//! What each character of a packet's text means: the text, cut into stretches, each with its meaning. What is wrong is a
//! stretch too, so that everything before it can still be told.

mod cut;
#[cfg(test)]
mod tests;
mod words;

use std::ops::Range;

pub use cut::{explain, explain_binary, explain_payload, explain_socket};

use super::packet::{Form, Kind};
use crate::eio;

/// A stretch of a text, and what it is. Stretches of depth 0 follow each other without a gap; deeper ones are within the
/// one before them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// In bytes, between characters.
    pub range: Range<usize>,
    /// How deep within others.
    pub depth: u8,
    /// What it is.
    pub part: Part,
}

/// What a stretch is. [`Part::words`] says it in a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// U+001E between packets of a payload.
    Separator,
    /// The length of the next packet in UTF-16 code units, and its colon (version 3).
    Length(usize),
    /// The type of an Engine.IO packet.
    Engine(eio::Kind),
    /// What follows a heart-beat's type in an upgrade.
    Probe,
    /// What follows a type and means nothing to it.
    Ignored,
    /// Looks as Socket.IO's packet without Engine.IO's digit before it.
    Bare,
    /// The data of the handshake.
    Handshake,
    /// A field of an object that has a meaning.
    Field(Field),
    /// A message of bytes as a payload carries it; so many bytes.
    Base64(usize),
    /// A binary message; so many bytes.
    Bytes(usize),
    /// The type of a Socket.IO packet.
    Type(Kind, Form),
    /// The number of attachments and its dash.
    Attachments(u64),
    /// The namespace and its comma.
    Namespace,
    /// The number of an event, or the one that an acknowledgement answers.
    Id(Kind, u64),
    /// All of the JSON.
    Data(Kind),
    /// The name of an event.
    Name,
    /// An argument of an event, or of an acknowledgement, from 1.
    Argument(usize),
    /// The last argument of an event, which looks like the offset of connection state recovery; milliseconds since 1970.
    Offset(u64),
    /// Where an attachment belongs.
    Placeholder(Option<usize>),
    /// What cannot be read, and why.
    Wrong(String),
}

/// Fields that have a meaning of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    /// The name of a session; as the official server makes them, it is the so-many-th of its process, from 0.
    Sid(Option<u32>),
    /// What can be moved to.
    Upgrades,
    /// From ping to ping, in milliseconds.
    PingInterval(u64),
    /// How long an answer may take, in milliseconds.
    PingTimeout(u64),
    /// In bytes.
    MaxPayload(u64),
    /// The name under which a lost connection is recovered.
    Pid,
    /// The last offset that a client saw.
    Offset,
    /// Why a client is not let in.
    Message,
    /// What the server adds to that.
    Details,
}
