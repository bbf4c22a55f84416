//! Opening a session and entering the first namespace, and what is said when that fails.

use bytes::Bytes;
use hyper::{HeaderMap, StatusCode};
use serde::Deserialize;

use super::super::super::Dial;
use super::drive::Drive;
use super::{Client, Format, NamedBy};
use crate::eio::admission::Carrier;
use crate::eio::{Text, Version};
use crate::event::End;
use crate::exit::{Exit, Failure};
use crate::http::refusal;
use crate::link::Reporter;
use crate::sio::Json;
use crate::ws::close;

const OTHER_TRANSPORT: &str = "it does not offer this transport: --transport websocket, or polling";
const STICKY: &str = "another server behind the same address knows the session: sticky sessions are needed";

/// Why there is no session.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The other end speaks version 3.
    Old(Failure),
    /// It broke the protocol.
    Broken(Failure),
    /// Anything else.
    Other(Failure),
}

impl Trouble {
    pub(super) fn into_failure(self) -> Failure {
        match self {
            Self::Old(failure) | Self::Broken(failure) | Self::Other(failure) => failure,
        }
    }

    pub(super) fn words(&self) -> String {
        let (Self::Old(failure) | Self::Broken(failure) | Self::Other(failure)) = self;
        failure.to_string()
    }

    /// A WebSocket did not open.
    pub(super) fn of_upgrade(failure: Failure, client: &Client) -> Self {
        let hint = format!(
            "Socket.IO may be at another path than {} (--path), speak another version (--eio 3, --eio 4), or want \
             --transport polling; -v shows what was asked",
            client.path
        );
        Self::Other(if failure.exit == Exit::Protocol { failure.hint(hint) } else { failure })
    }

    /// A WebSocket ended.
    pub(super) fn of_end(end: &End, client: &Client) -> Option<Self> {
        match end {
            // After its 101 the official server says in plain text that it does not speak our version.
            End::Violation { what, .. } => Some(Self::Old(
                failed(client, &format!("the WebSocket broke: {what}"))
                    .hint("a server that does not speak our version of Engine.IO ends so: try --eio 3, or --eio 4"),
            )),
            End::Failed { error } => Some(Self::Other(failed(client, &format!("the WebSocket broke: {error}")))),
            End::Dismissed { why } => {
                let failure = failed(client, &format!("the server closed the WebSocket with {}", close::words(why)));
                Some(Self::Other(Failure { hint: close::hint(why.code).map(str::to_owned), ..failure }))
            }
            _ => None,
        }
    }

    /// The namespace was not entered.
    pub(super) fn refused(client: &Client, namespace: &Text, data: Option<&Json>) -> Self {
        let message = message(data);
        let failure = failed(client, &format!("the server does not let us into {namespace}: {message}"));
        Self::Other(if message == "Invalid namespace" && client.named_by == NamedBy::Url {
            let text = "a URL's path names a namespace, as the official client has it; --path says where Socket.IO is";
            failure.hint(text)
        } else if message == "Invalid namespace" {
            failure.hint("the server has no such namespace; / is there always")
        } else {
            failure.hint("--auth JSON, -H or --cookie may say who we are")
        })
    }

    /// Nothing came in time.
    pub(super) fn silent(client: &Client) -> Self {
        let what = format!("connect to {}: nothing of Socket.IO came within {:?}", place(client), client.limit);
        let failure = Failure::new(Exit::Timeout, what);
        Self::Other(match client.carrier {
            Carrier::Polling => failure.hint("is Socket.IO spoken there? --handshake-timeout waits longer"),
            Carrier::WebSocket => failure.hint(
                "a WebSocket server that is no Socket.IO server waits so: a Socket.IO client cannot talk to it, and \
                 `sockeye ws connect` can; --handshake-timeout waits longer",
            ),
        })
    }

    /// There is a session, and nothing in it lets us in.
    pub(super) fn engine_alone(client: &Client, what: &str) -> Failure {
        let other = match client.format {
            Format::Json => "--parser msgpack",
            Format::Msgpack => "--parser json",
        };
        failed(client, &format!("the server speaks Engine.IO, and no Socket.IO: {what}")).hint(format!(
            "an application that uses Engine.IO alone has messages of its own, which no Socket.IO client can say; a \
             server whose packets are written otherwise may need {other}"
        ))
    }

    /// What answers is no Engine.IO packet.
    pub(super) fn plain_websocket(client: &Client) -> Self {
        Self::Other(
            failed(client, "this is a WebSocket server, and no Socket.IO server")
                .hint("a Socket.IO client cannot talk to a WebSocket server: it says packets of its own there; `sockeye ws connect` can"),
        )
    }
}

/// What a server says of a refusal.
pub(super) fn message(data: Option<&Json>) -> String {
    let Some(data) = data else { return "it does not say why".to_owned() };
    let message = data.field("message").and_then(|message| message.as_string()).or_else(|| data.as_string());
    message.unwrap_or_else(|| data.text().to_string())
}

pub(super) fn failed(client: &Client, what: &str) -> Failure {
    Failure::new(Exit::Protocol, format!("connect to {}: {what}", place(client)))
}

/// Where Socket.IO is asked for.
pub(super) fn place(client: &Client) -> String {
    let mut target = client.asking.target.clone();
    target.resource.clone_from(&client.path);
    target.to_string()
}

/// The body of an official refusal.
#[derive(Deserialize)]
struct Refusal {
    code: u8,
    message: String,
}

/// What is wrong with an answer, if anything is. The first has the handshake.
pub(super) fn of_answer(
    client: &Client,
    version: Version,
    status: StatusCode,
    body: &Bytes,
    is_first: bool,
) -> Option<Trouble> {
    let text = String::from_utf8_lossy(&body[..body.len().min(4096)]);
    if status.is_success() {
        let counted = text.trim_start_matches(|c: char| c.is_ascii_digit()).starts_with(":0{");
        let (is_v4, is_v3) = (text.starts_with("0{"), counted || body.first() == Some(&0));
        return match version {
            _ if !is_first => None,
            Version::V4 if is_v4 => None,
            Version::V3 if is_v3 => None,
            Version::V4 if is_v3 => Some(Trouble::Old(
                failed(client, "the server speaks Engine.IO 3, as Socket.IO 1 and 2 do").hint("--eio 3 does"),
            )),
            Version::V3 if is_v4 => Some(Trouble::Other(
                failed(client, "the server speaks Engine.IO 4, as Socket.IO 3 and 4 do").hint("--eio 4 does"),
            )),
            _ => Some(stranger(client, status, &text)),
        };
    }
    if let Ok(Refusal { code, message }) = serde_json::from_slice(body) {
        let failure = failed(client, &format!("the server answered {status}: {message} (code {code})"));
        return Some(match code {
            5 => Trouble::Old(
                failure.hint("it speaks only Engine.IO 3, as Socket.IO 1 and 2 do, or only 4: --eio 3, --eio 4"),
            ),
            0 => Trouble::Other(failure.hint(OTHER_TRANSPORT)),
            1 => Trouble::Other(failure.hint(STICKY)),
            4 => Trouble::Other(failure.hint("-H, --cookie or a query in the URL may say who we are")),
            _ => Trouble::Other(failure),
        });
    }
    // python-socketio says it so.
    if let Ok(why) = serde_json::from_slice::<String>(body) {
        let failure = failed(client, &format!("the server answered {status}: {why}"));
        return Some(match why.as_str() {
            why if why.contains("unsupported version") => Trouble::Old(failure.hint("--eio 3, or --eio 4")),
            "Invalid transport" => Trouble::Other(failure.hint(OTHER_TRANSPORT)),
            why if why.starts_with("Invalid session") => Trouble::Other(failure.hint(STICKY)),
            _ => Trouble::Other(failure),
        });
    }
    if !is_first {
        return Some(Trouble::Other(refused(client, status, &text)));
    }
    Some(stranger(client, status, &text))
}

/// It is no Engine.IO.
fn stranger(client: &Client, status: StatusCode, body: &str) -> Trouble {
    if status == StatusCode::UPGRADE_REQUIRED || body.to_ascii_lowercase().contains("websocket") {
        return Trouble::plain_websocket(client);
    }
    Trouble::Other(match status.as_u16() {
        300..=399 | 401 | 403 | 407 | 429 | 500..=599 => refused(client, status, body),
        _ => failed(client, &format!("no Socket.IO there: the server answered {status}")).hint(
            "--path says where Socket.IO is; if it is a WebSocket server, a Socket.IO client cannot talk to it, and \
             `sockeye ws connect` can",
        ),
    })
}

/// The server, or a proxy before it, does not take what we ask.
fn refused(client: &Client, status: StatusCode, body: &str) -> Failure {
    let failure = failed(client, &format!("the server answered {status}"));
    let says = body.lines().next().unwrap_or_default().trim();
    let hint = match status.as_u16() {
        500 if says.is_empty() => Some("the server failed, and does not say why".to_owned()),
        500 => Some(format!("the server failed; it says: {}", says.chars().take(200).collect::<String>())),
        _ => refusal::of_status(status, &HeaderMap::new(), &client.asking.target).hint,
    };
    Failure { hint, ..failure }
}

/// Opens, and waits until the first namespace lets us in.
pub(super) async fn open(dial: &Dial, client: &Client, version: Version, report: Reporter) -> Result<Drive, Trouble> {
    let mut drive = Drive::new(dial, client, version, report.clone());
    let entering = drive.enter();
    if report.stepping() {
        entering.await?;
    } else {
        let entered = tokio::time::timeout(client.limit, entering).await;
        entered.unwrap_or_else(|_| Err(drive.silent()))?;
    }
    Ok(drive)
}
