//! What we hear: messages become packets, and attachments find their packet. It takes what the official parser
//! (socket.io-parser 4.2.7) takes, to its oddities: a space counts as the digit 0, the comma after a namespace may be
//! missing at the end, nothing at all is a CONNECT.

use bytes::Bytes;

use super::fault::Fault;
use super::json::{Json, Shape};
use super::msgpack;
use super::packet::{Form, Kind, MAIN, Packet};
use crate::eio::{Data, Text, Version};

/// The version of Socket.IO's protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// Of Socket.IO 1 and 2, in Engine.IO 3.
    V4,
    /// Of Socket.IO 3 and 4, in Engine.IO 4.
    #[default]
    V5,
}

impl From<Version> for Protocol {
    fn from(version: Version) -> Self {
        match version {
            Version::V3 => Self::V4,
            Version::V4 => Self::V5,
        }
    }
}

/// How packets are written. Nothing on the wire announces it: both ends must have chosen the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parser {
    /// The default.
    Json(Protocol),
    /// `socket.io-msgpack-parser`: each packet one binary message.
    Msgpack,
}

impl Default for Parser {
    fn default() -> Self {
        Self::Json(Protocol::default())
    }
}

impl Parser {
    /// The messages that say a packet: the first, and its attachments. The msgpack parser cannot say a number that JSON has
    /// and no machine, nor more than 128 arrays within each other.
    pub fn encode(self, packet: &Packet) -> Result<Vec<Data>, Fault> {
        match self {
            Self::Json(_) => {
                let attachments = packet.attachments.iter().cloned().map(Data::Binary);
                Ok(std::iter::once(Data::Text(packet.to_text())).chain(attachments).collect())
            }
            Self::Msgpack => Ok(vec![Data::Binary(msgpack::encode(packet)?)]),
        }
    }
}

/// What a packet may have at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Attachments of one packet.
    pub attachments: usize,
    /// All of them together, in bytes.
    pub bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { attachments: 10, bytes: 64 << 20 }
    }
}

/// Hears packets. After a fault it is of no more use, as the connection is.
#[derive(Debug)]
pub struct Decoder {
    parser: Parser,
    limits: Limits,
    /// A packet whose attachments have not all come.
    waiting: Option<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    packet: Packet,
    count: usize,
    bytes: usize,
}

impl Decoder {
    /// Hears what this parser makes.
    #[must_use]
    pub fn new(parser: Parser, limits: Limits) -> Self {
        Self { parser, limits, waiting: None }
    }

    /// Attachments are awaited.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.waiting.is_some()
    }

    /// The packet that this message completes, if it does.
    pub fn hear(&mut self, message: &Data) -> Result<Option<Packet>, Fault> {
        match (self.parser, message) {
            (Parser::Msgpack, Data::Binary(bytes)) => msgpack::decode(bytes).map(Some),
            (Parser::Msgpack, Data::Text(_)) => Err(Fault::TextForMsgpack),
            (Parser::Json(_), Data::Text(_)) if self.waiting.is_some() => Err(Fault::TextForAttachment),
            (Parser::Json(protocol), Data::Text(text)) => self.begin(protocol, text),
            (Parser::Json(_), Data::Binary(bytes)) => self.attach(bytes),
        }
    }

    fn begin(&mut self, protocol: Protocol, text: &Text) -> Result<Option<Packet>, Fault> {
        let (packet, count) = parse(protocol, text, self.limits.attachments)?;
        if count == 0 {
            return Ok(Some(packet));
        }
        self.waiting = Some(Waiting { packet, count, bytes: 0 });
        Ok(None)
    }

    fn attach(&mut self, attachment: &Bytes) -> Result<Option<Packet>, Fault> {
        let waiting = self.waiting.as_mut().ok_or(Fault::StrayAttachment)?;
        waiting.bytes = waiting.bytes.saturating_add(attachment.len());
        if waiting.bytes > self.limits.bytes {
            return Err(Fault::TooLarge(self.limits.bytes));
        }
        waiting.packet.attachments.push(attachment.clone());
        if waiting.packet.attachments.len() < waiting.count {
            return Ok(None);
        }
        self.waiting.take().map(|waiting| reassembled(waiting.packet)).transpose()
    }
}

/// Whether each placeholder names an attachment that is there.
fn reassembled(packet: Packet) -> Result<Packet, Fault> {
    if packet.data.as_ref().is_none_or(|data| are_there(data, packet.attachments.len())) {
        Ok(packet)
    } else {
        Err(Fault::Attachments)
    }
}

/// The same of so many attachments.
pub(super) fn are_there(data: &Json, attachments: usize) -> bool {
    let is_there = |number: Option<usize>| number.is_some_and(|number| number < attachments);
    data.placeholders().iter().all(|placeholder| is_there(placeholder.number))
}

/// A text, and how many attachments it announces.
fn parse(protocol: Protocol, text: &Text, most: usize) -> Result<(Packet, usize), Fault> {
    let Parts { kind, count, namespace, id, data, .. } = parts(text)?;
    if count > most as u64 {
        return Err(Fault::TooMany { count, limit: most });
    }
    let data = match data.as_str() {
        "" => None,
        _ => Some(Json::parse(data).filter(|data| fits(protocol, kind, data)).ok_or(Fault::Payload)?),
    };
    let namespace = if namespace.is_empty() { Text::from_static(MAIN) } else { namespace };
    #[expect(clippy::cast_possible_truncation, reason = "it is at most `most`")]
    Ok((Packet { kind, namespace, id, data, attachments: Vec::new() }, count as usize))
}

/// A text cut where its parts end. Nothing but the cuts is judged.
pub(super) struct Parts {
    pub(super) kind: Kind,
    pub(super) form: Form,
    /// Attachments announced.
    pub(super) count: u64,
    /// Empty if it is not named.
    pub(super) namespace: Text,
    /// How much follows the namespace and its comma, in bytes.
    pub(super) after_namespace: usize,
    pub(super) id: Option<u64>,
    pub(super) data: Text,
}

pub(super) fn parts(text: &Text) -> Result<Parts, Fault> {
    let first = text.chars().next();
    // JavaScript's Number("") and Number(" ") are 0.
    let (kind, form) = first
        .map_or(Some(0), digit)
        .and_then(Kind::of_digit)
        .ok_or_else(|| Fault::Type(first.into_iter().collect()))?;
    let mut rest = text.after(first.map_or(0, char::len_utf8));
    let mut count = 0;
    if form == Form::Binary {
        let dash = rest.find('-').ok_or(Fault::Attachments)?;
        let digits = &rest.as_str()[..dash];
        let all_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
        count = digits.parse().ok().filter(|count| all_digits && *count > 0).ok_or(Fault::Attachments)?;
        rest = rest.after(dash + 1);
    }
    let mut namespace = Text::default();
    if rest.starts_with('/') {
        let comma = rest.find(',');
        let end = comma.unwrap_or(rest.len());
        namespace = rest.part(0..end).unwrap_or_default();
        rest = rest.after(end + usize::from(comma.is_some()));
    }
    let after_namespace = rest.len();
    let digits = rest.find(|c| digit(c).is_none()).unwrap_or(rest.len());
    let id = match &rest.as_str()[..digits] {
        "" => None,
        digits => Some(number(digits).ok_or(Fault::Id)?),
    };
    Ok(Parts { kind, form, count, namespace, after_namespace, id, data: rest.after(digits) })
}

/// What JavaScript's `Number` makes of one character: a digit, or space, which is 0.
fn digit(c: char) -> Option<u8> {
    match c {
        '0'..='9' => Some(c as u8 - b'0'),
        '\u{feff}' => Some(0),
        '\u{85}' => None,
        c if c.is_whitespace() => Some(0),
        _ => None,
    }
}

/// What it makes of several: space around digits is nothing, and alone it is 0.
fn number(digits: &str) -> Option<u64> {
    match digits.trim_matches(|c: char| !c.is_ascii_digit()) {
        "" => Some(0),
        digits => digits.parse().ok(),
    }
}

/// Names of events that libraries make by themselves, so that none may come from the peer.
const RESERVED: [&str; 6] =
    ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"];

/// The shape that each type has.
pub(super) fn fits(protocol: Protocol, kind: Kind, data: &Json) -> bool {
    match (protocol, kind, data.shape()) {
        (Protocol::V4, Kind::ConnectError, _) => true,
        (Protocol::V5, Kind::Connect, shape) => shape == Shape::Object,
        (Protocol::V5, Kind::Disconnect, _) => false,
        (Protocol::V5, Kind::ConnectError, shape) => matches!(shape, Shape::Object | Shape::String),
        (Protocol::V5, Kind::Event, shape) => {
            shape == Shape::Array && data.name().is_some_and(|name| !is_reserved(&name))
        }
        (Protocol::V4, _, shape) | (Protocol::V5, Kind::Ack, shape) => shape == Shape::Array,
    }
}

/// Whether an event may not have this name.
pub(super) fn is_reserved(name: &Json) -> bool {
    name.as_string().is_some_and(|name| RESERVED.contains(&name.as_str()))
}
