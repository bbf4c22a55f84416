//! One packet as the wire has it: type, attachments, namespace, number, JSON.

use std::fmt::Write as _;

use bytes::Bytes;

use super::json::Json;
use crate::eio::{self, Text};

/// What a packet is. That it has attachments shows in its digit, and is no kind of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A client asks for a namespace, or the server lets it in.
    Connect,
    /// Either leaves a namespace.
    Disconnect,
    /// A name and arguments.
    Event,
    /// The answer to an event that had a number.
    Ack,
    /// The server does not let the client in. Protocol 4 calls it an error.
    ConnectError,
}

impl Kind {
    /// All of them, in the order of their digits.
    pub const ALL: [Self; 5] = [Self::Connect, Self::Disconnect, Self::Event, Self::Ack, Self::ConnectError];

    /// As it is on the wire.
    #[must_use]
    pub const fn digit(self, form: Form) -> u8 {
        match (self, form) {
            (Self::Event, Form::Binary) => 5,
            (Self::Ack, Form::Binary) => 6,
            (kind, _) => kind as u8,
        }
    }

    /// What a digit means.
    #[must_use]
    pub fn of_digit(digit: u8) -> Option<(Self, Form)> {
        match digit {
            5 => Some((Self::Event, Form::Binary)),
            6 => Some((Self::Ack, Form::Binary)),
            digit => Self::ALL.get(usize::from(digit)).map(|kind| (*kind, Form::Plain)),
        }
    }

    /// Its name in the protocol.
    #[must_use]
    pub const fn name(self, form: Form) -> &'static str {
        match (self, form) {
            (Self::Connect, _) => "CONNECT",
            (Self::Disconnect, _) => "DISCONNECT",
            (Self::Event, Form::Plain) => "EVENT",
            (Self::Event, Form::Binary) => "BINARY_EVENT",
            (Self::Ack, Form::Plain) => "ACK",
            (Self::Ack, Form::Binary) => "BINARY_ACK",
            (Self::ConnectError, _) => "CONNECT_ERROR",
        }
    }
}

/// Whether attachments follow a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// None do.
    Plain,
    /// So many binary messages as it says.
    Binary,
}

/// The namespace that needs no name.
pub const MAIN: &str = "/";

/// A namespace as it was typed, whose slash need not be.
#[must_use]
pub fn namespace(name: &str) -> Text {
    if name.starts_with('/') { name.into() } else { format!("/{name}").into() }
}

/// A packet. What the official parsers accept can be said with it, also what makes little sense (an event without a
/// name, a CONNECT with a number); who reads it judges that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// What it is.
    pub kind: Kind,
    /// Where, with its slash.
    pub namespace: Text,
    /// What an acknowledgement will repeat, or repeats.
    pub id: Option<u64>,
    /// The rest, with placeholders where attachments belong.
    pub data: Option<Json>,
    /// What the placeholders stand for.
    pub attachments: Vec<Bytes>,
}

impl Packet {
    /// A packet without number, data and attachments.
    #[must_use]
    pub fn new(kind: Kind, namespace: Text) -> Self {
        Self { kind, namespace, id: None, data: None, attachments: Vec::new() }
    }

    /// The same with data.
    #[must_use]
    pub fn with(self, data: impl Into<Option<Json>>) -> Self {
        Self { data: data.into(), ..self }
    }

    /// Whether attachments follow it, as they can an event and an acknowledgement.
    #[must_use]
    pub fn form(&self) -> Form {
        match self.kind {
            Kind::Event | Kind::Ack if !self.attachments.is_empty() => Form::Binary,
            _ => Form::Plain,
        }
    }

    /// The name of the event, as it was written: a JSON string or number.
    #[must_use]
    pub fn event(&self) -> Option<Json> {
        self.data.as_ref().and_then(Json::name)
    }

    /// An event's name and arguments, or an acknowledgement's arguments, each as it was written.
    #[must_use]
    pub fn arguments(&self) -> Vec<Json> {
        self.data.as_ref().map(Json::elements).unwrap_or_default()
    }

    /// The text of it; its attachments follow as binary messages.
    #[must_use]
    pub fn to_text(&self) -> Text {
        let size = self.data.as_ref().map_or(0, |data| data.text().len());
        let mut text = String::with_capacity(size + self.namespace.len() + 32);
        // Engine.IO's own digit, so that it need not copy all this to put it there.
        text.push(eio::Kind::Message.digit());
        // A String takes whatever is written to it.
        let _ = write!(text, "{}", self.kind.digit(self.form()));
        if self.form() == Form::Binary {
            let _ = write!(text, "{}-", self.attachments.len());
        }
        if self.namespace != MAIN && !self.namespace.is_empty() {
            let _ = write!(text, "{},", self.namespace);
        }
        if let Some(id) = self.id {
            let _ = write!(text, "{id}");
        }
        if let Some(data) = &self.data {
            text.push_str(data.text());
        }
        Text::from(text).after(1)
    }
}
