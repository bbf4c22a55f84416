//! What a stretch means, in a sentence.

use jiff::Timestamp;

use super::{Field, Part};
use crate::eio;
use crate::sio::packet::{Form, Kind};

impl Part {
    /// What it means.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Separator => "ends a packet of the polling body: the next begins".to_owned(),
            Self::Length(units) => {
                format!("the length of the next packet: {units} UTF-16 code units, as JavaScript counts (Engine.IO 3)")
            }
            Self::Engine(kind) => format!("Engine.IO {}: {}", kind.name(), engine(*kind)),
            Self::Probe => "the probe of an upgrade: does the WebSocket carry packets both ways?".to_owned(),
            Self::Ignored => "carries no meaning after this type".to_owned(),
            Self::Bare => {
                "Engine.IO's digit is missing: on the wire a 4 (message) stands before this packet".to_owned()
            }
            Self::Handshake => "the handshake: how this session goes on".to_owned(),
            Self::Field(field) => field.words(),
            Self::Base64(count) => {
                format!("{} of a binary message, as base64 because a polling body is text", bytes(*count as u64))
            }
            Self::Bytes(count) => format!("a binary message of {}", bytes(*count as u64)),
            Self::Type(kind, form) => format!("Socket.IO {}: {}", kind.name(*form), socket(*kind, *form)),
            Self::Attachments(1) => "one attachment follows, a binary message of its own".to_owned(),
            Self::Attachments(count) => format!("{count} attachments follow, each a binary message of its own"),
            Self::Namespace => "the namespace; without one it is the main namespace, /".to_owned(),
            Self::Id(Kind::Event, id) => format!("asks for an acknowledgement, which repeats this number, {id}"),
            Self::Id(Kind::Ack, id) => format!("answers the event that had this number, {id}"),
            Self::Id(_, id) => format!("a number, {id}, which means nothing in this type"),
            Self::Data(Kind::Connect) => "what is said with it: a client's auth, or the server's answer".to_owned(),
            Self::Data(Kind::ConnectError) => "why".to_owned(),
            Self::Data(Kind::Event) => "the event: its name, then its arguments".to_owned(),
            Self::Data(Kind::Ack) => "the arguments of the answer".to_owned(),
            Self::Data(Kind::Disconnect) => "data, which this type does not have".to_owned(),
            Self::Name => "the name of the event".to_owned(),
            Self::Argument(number) => format!("argument {number}"),
            Self::Offset(millis) => format!(
                "probably not the application's: the offset of connection state recovery, made at {}",
                time(*millis)
            ),
            Self::Placeholder(Some(number)) => format!("attachment {number} (counted from 0) belongs here"),
            Self::Placeholder(None) => "an attachment belongs here, and which one is not said".to_owned(),
            Self::Wrong(why) => why.clone(),
        }
    }

    /// A name for programs.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Separator => "separator",
            Self::Length(_) => "length",
            Self::Engine(_) => "engine-type",
            Self::Probe => "probe",
            Self::Ignored => "ignored",
            Self::Bare => "engine-type-missing",
            Self::Handshake => "handshake",
            Self::Field(_) => "field",
            Self::Base64(_) | Self::Bytes(_) => "binary",
            Self::Type(..) => "socket-type",
            Self::Attachments(_) => "attachments",
            Self::Namespace => "namespace",
            Self::Id(..) => "id",
            Self::Data(_) => "data",
            Self::Name => "event",
            Self::Argument(_) => "argument",
            Self::Offset(_) => "offset",
            Self::Placeholder(_) => "placeholder",
            Self::Wrong(_) => "wrong",
        }
    }
}

impl Field {
    fn words(&self) -> String {
        match self {
            Self::Sid(Some(sequence)) => format!(
                "the session's id; made by the official server, its last four characters count: its process had made {sequence} before"
            ),
            Self::Sid(None) => "the session's id".to_owned(),
            Self::Upgrades => "what the client may move to".to_owned(),
            Self::PingInterval(millis) => format!("{millis} ms from one heart-beat to the next"),
            Self::PingTimeout(millis) => format!("{millis} ms are given to its answer; then the connection is lost"),
            Self::MaxPayload(count) => format!("no body and no frame may be larger than {}", bytes(*count)),
            Self::Pid => "a secret name, with which a lost connection is recovered".to_owned(),
            Self::Offset => "the last event that was seen: what came after it is asked for".to_owned(),
            Self::Message => "the error's text".to_owned(),
            Self::Details => "what the server adds to it".to_owned(),
        }
    }
}

fn engine(kind: eio::Kind) -> &'static str {
    match kind {
        eio::Kind::Open => "the server's first packet",
        eio::Kind::Close => "the session ends",
        eio::Kind::Ping => "are you there? In version 4 servers ask, in version 3 clients",
        eio::Kind::Pong => "yes",
        eio::Kind::Message => "what follows is Socket.IO's",
        eio::Kind::Upgrade => "the client moves to this WebSocket; polling is over",
        eio::Kind::Noop => "nothing, so that a poll that waits can end",
    }
}

fn socket(kind: Kind, form: Form) -> &'static str {
    match (kind, form) {
        (Kind::Connect, _) => "a client enters a namespace, or is let in",
        (Kind::Disconnect, _) => "a namespace is left; the connection stays",
        (Kind::Event, Form::Plain) => "something happens, with a name and arguments",
        (Kind::Event, Form::Binary) => "an event with bytes in its arguments",
        (Kind::Ack, Form::Plain) => "the answer to an event that asked for one",
        (Kind::Ack, Form::Binary) => "an answer with bytes in it",
        (Kind::ConnectError, _) => "the client is not let in",
    }
}

fn bytes(count: u64) -> String {
    match count {
        1 => "1 byte".to_owned(),
        count => format!("{count} bytes"),
    }
}

fn time(millis: u64) -> String {
    let time = i64::try_from(millis).ok().and_then(|millis| Timestamp::from_millisecond(millis).ok());
    time.map_or_else(|| format!("{millis} ms after 1970"), |time| time.to_string())
}
