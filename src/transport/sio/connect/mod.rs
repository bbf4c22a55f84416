//! A Socket.IO client: two machines without I/O, and what carries them.
//!
//! ```text
//! events ─▶ sio::client::Client ─▶ eio::client::Client ─▶ Wires: GET, POST, WebSocket
//! ```

mod drive;
mod opening;
mod watch;
mod wires;

use std::time::Duration;

use super::super::{Channel, Dial, Opened};
use crate::eio::admission::Carrier;
use crate::eio::client::Upgrade;
use crate::eio::{Text, Version};
use crate::exit::Failure;
use crate::http::{Asking, Target};
use crate::link::Reporter;
use crate::sio::client::{Reconnection, Retries};
use crate::sio::packet::MAIN;
use crate::sio::{Json, Parser, Protocol};
use opening::Trouble;

/// How long opening may take.
pub const LIMIT: Duration = Duration::from_secs(10);

/// A conversation with a Socket.IO server.
#[derive(Clone)]
pub struct Client {
    /// Who asks, and where; the query is sent with every request.
    pub asking: Asking,
    /// Where Engine.IO is, with both slashes.
    pub path: String,
    /// What is spoken.
    pub versions: Versions,
    /// What a session begins with.
    pub carrier: Carrier,
    /// Whether a polling session moves to a WebSocket.
    pub upgrade: Upgrade,
    /// Whether packets are in msgpack.
    pub format: Format,
    /// What is entered; the first is where events go.
    pub namespaces: Vec<Text>,
    /// Where the first came from.
    pub named_by: NamedBy,
    /// What is said at each.
    pub auth: Option<Json>,
    /// Whether a lost connection is opened again.
    pub reconnection: Option<Reconnection>,
    /// Whether events are said again until they are acknowledged.
    pub retries: Option<Retries>,
    /// How long an acknowledgement may take.
    pub patience: Option<Duration>,
    /// Events that are acknowledged at once, and with what.
    pub acks: Vec<(String, Json)>,
    /// How long opening may take, and the head of an answer.
    pub limit: Duration,
    /// The largest message heard, in bytes.
    pub largest: usize,
}

impl Client {
    /// For a target's main namespace, by whatever the server has.
    #[must_use]
    pub fn new(target: Target) -> Self {
        Self {
            asking: Asking::new(target),
            path: "/socket.io/".to_owned(),
            versions: Versions::Auto,
            carrier: Carrier::Polling,
            upgrade: Upgrade::Wanted,
            format: Format::Json,
            namespaces: vec![Text::from_static(MAIN)],
            named_by: NamedBy::Option,
            auth: None,
            reconnection: Some(Reconnection::default()),
            retries: None,
            patience: None,
            acks: Vec::new(),
            limit: LIMIT,
            largest: 64 << 20,
        }
    }
}

/// The versions of Engine.IO that are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Versions {
    /// 4, and 3 where that is not understood.
    Auto,
    /// This one.
    Only(Version),
}

/// How packets are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// As the version has it.
    Json,
    /// `socket.io-msgpack-parser`.
    Msgpack,
}

impl Format {
    /// What reads and writes them.
    #[must_use]
    pub fn parser(self, version: Version) -> Parser {
        match self {
            Self::Json => Parser::Json(Protocol::from(version)),
            Self::Msgpack => Parser::Msgpack,
        }
    }
}

/// Who named the first namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamedBy {
    /// An option, or nobody.
    Option,
    /// The URL's path, as the official client does it.
    Url,
}

/// Opens a session and enters the first namespace.
pub(in crate::transport) async fn connect(dial: &Dial, client: &Client, report: Reporter) -> Result<Opened, Failure> {
    let carrier = Dial { sio: None, retry: None, ..dial.clone() };
    let first = match client.versions {
        Versions::Auto => Version::V4,
        Versions::Only(version) => version,
    };
    let conversation = match opening::open(&carrier, client, first, report.clone()).await {
        Err(Trouble::Old(_)) if client.versions == Versions::Auto => {
            opening::open(&carrier, client, Version::V3, report.clone()).await
        }
        opened => opened,
    };
    let conversation = conversation.map_err(Trouble::into_failure)?;
    Ok(Opened { channel: Channel::Messages(Box::new(conversation)), report })
}
