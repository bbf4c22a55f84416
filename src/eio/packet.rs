//! One packet, and the WebSocket message that carries it: a digit that says what it is, and what follows. Version 4 says
//! nothing of binary data, which is always a message; version 3 puts the type before it, as a byte. Who forces base64 sends
//! bytes as text there too, as a payload has them.

use bytes::{BufMut as _, Bytes, BytesMut};

use super::Version;
use super::payload::{Binary, of_base64_packet, to_base64};
use super::text::{Data, Text};

/// What a packet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The server's handshake.
    Open,
    /// The end of the session.
    Close,
    /// A heart-beat, or the probe of an upgrade.
    Ping,
    /// Its answer.
    Pong,
    /// What the session is for.
    Message,
    /// The client moves to the WebSocket that it probed.
    Upgrade,
    /// Nothing: ends a poll that waits.
    Noop,
}

impl Kind {
    /// All of them, in the order of their digits.
    pub const ALL: [Self; 7] =
        [Self::Open, Self::Close, Self::Ping, Self::Pong, Self::Message, Self::Upgrade, Self::Noop];

    /// As it is on the wire.
    #[must_use]
    pub const fn digit(self) -> char {
        (b'0' + self as u8) as char
    }

    /// What a digit means.
    #[must_use]
    pub fn of_digit(digit: char) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.digit() == digit)
    }

    /// Its name in the protocol.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Close => "close",
            Self::Ping => "ping",
            Self::Pong => "pong",
            Self::Message => "message",
            Self::Upgrade => "upgrade",
            Self::Noop => "noop",
        }
    }
}

/// A packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packet {
    /// A type and what follows it, often nothing.
    Text(Kind, Text),
    /// A message of bytes.
    Binary(Bytes),
}

/// Why something is no packet. The official parsers call all of it "parser error".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Not even a type is there.
    #[error("a packet is empty")]
    Empty,
    /// The first character is no type.
    #[error("a packet begins with {0:?}, and types are 0 to 6")]
    Type(char),
    /// The first byte of binary data is not a message's (version 3).
    #[error("binary data begins with the type {0}, and only messages (4) are binary")]
    BinaryType(u8),
    /// What is before a packet is no length (version 3).
    #[error("a payload's length is wrong: {0:?}")]
    Length(String),
    /// A payload ends before its packet does (version 3).
    #[error("a payload ends {missing} short of the {length} that it announces")]
    Short {
        /// As announced, in UTF-16 code units or bytes.
        length: usize,
        /// So many are not there.
        missing: usize,
    },
    /// A string packet in a binary payload (version 3).
    #[error("a text packet is not UTF-8")]
    Utf8,
    /// The first byte of a packet in a binary payload (version 3).
    #[error("a binary payload's packet begins with {0:#04x}, which is neither text (00) nor binary (01)")]
    Marker(u8),
    /// The data of an open packet.
    #[error("the handshake is wrong: {0}")]
    Handshake(String),
    /// A payload of bytes in version 4.
    #[error("a payload is binary, which version 4 does not know")]
    BinaryPayload,
}

impl Packet {
    /// A packet without anything after its type.
    #[must_use]
    pub fn bare(kind: Kind) -> Self {
        Self::Text(kind, Text::default())
    }

    /// A ping or pong of an upgrade.
    #[must_use]
    pub fn probe(kind: Kind) -> Self {
        Self::Text(kind, Text::from_static(PROBE))
    }

    /// A message.
    #[must_use]
    pub fn message(data: Data) -> Self {
        match data {
            Data::Text(text) => Self::Text(Kind::Message, text),
            Data::Binary(bytes) => Self::Binary(bytes),
        }
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Text(kind, _) => *kind,
            Self::Binary(_) => Kind::Message,
        }
    }

    /// The probe of an upgrade, or its answer.
    #[must_use]
    pub fn is_probe(&self, kind: Kind) -> bool {
        matches!(self, Self::Text(own, text) if *own == kind && text == PROBE)
    }

    /// The WebSocket message that carries it.
    #[must_use]
    pub fn to_frame(&self, version: Version, binary: Binary) -> Data {
        match self {
            Self::Text(kind, text) => {
                let digit = kind.digit();
                Data::Text(text.with_before(digit).unwrap_or_else(|| format!("{digit}{text}").into()))
            }
            Self::Binary(bytes) => match (binary, version) {
                (Binary::Base64, version) => {
                    let mut text = String::new();
                    to_base64(version, bytes, &mut text);
                    Data::Text(text.into())
                }
                (Binary::Raw, Version::V4) => Data::Binary(bytes.clone()),
                (Binary::Raw, Version::V3) => {
                    let mut typed = BytesMut::with_capacity(1 + bytes.len());
                    typed.put_u8(Kind::Message as u8);
                    typed.put_slice(bytes);
                    Data::Binary(typed.freeze())
                }
            },
        }
    }

    /// What a WebSocket message carries.
    pub fn of_frame(version: Version, frame: &Data) -> Result<Self, Fault> {
        match frame {
            Data::Text(text) => match text.strip_prefix('b') {
                Some(base64) => of_base64_packet(version, base64),
                None => of_text(text),
            },
            Data::Binary(bytes) if version == Version::V4 => Ok(Self::Binary(bytes.clone())),
            Data::Binary(bytes) => of_typed(bytes),
        }
    }
}

/// What the pings and pongs of an upgrade carry.
pub const PROBE: &str = "probe";

/// A digit and the rest.
pub(super) fn of_text(text: &Text) -> Result<Packet, Fault> {
    let first = text.chars().next().ok_or(Fault::Empty)?;
    let kind = Kind::of_digit(first).ok_or(Fault::Type(first))?;
    Ok(Packet::Text(kind, text.after(1)))
}

/// Bytes with their type before them, as version 3 has them.
pub(super) fn of_typed(bytes: &Bytes) -> Result<Packet, Fault> {
    match bytes.first() {
        None => Err(Fault::Empty),
        Some(4) => Ok(Packet::Binary(bytes.slice(1..))),
        Some(other) => Err(Fault::BinaryType(*other)),
    }
}
