//! WebSocket over a byte stream, in both roles: the handshake, then the conversation.

mod client;
mod conversation;
mod desk;
mod ledger;
mod listen;
mod pulse;
mod server;
mod speak;

use std::sync::Arc;
use std::time::Duration;

pub use conversation::{Answers, Manners, Pings};

use bytes::Bytes;

use super::{ByteStream, Channel, Dial, Opened};
use crate::event::Peer;
use crate::exit::{Exit, Failure};
use crate::http::Protocol;
use crate::link::Reporter;
use crate::step::Step;
use crate::step::ws::Ws;
use crate::ws::Role;
use crate::ws::handshake::{Agreed, Ask, Rules};
use client::Stopped;
use conversation::Conversation;

/// A stream that HTTP has left.
pub(super) struct Upgraded {
    pub(super) stream: ByteStream,
    /// What came behind the head.
    pub(super) early: Bytes,
    pub(super) agreed: Agreed,
}

/// WebSocket towards a server.
#[derive(Clone)]
pub struct Client {
    /// For a redirection from ws:// to wss://.
    pub tls: Option<crate::tls::Client>,
    /// What is asked for.
    pub ask: Ask,
    /// How we behave then.
    pub manners: Manners,
    /// How long the handshake may take.
    pub limit: Duration,
}

/// WebSocket towards clients.
#[derive(Clone)]
pub struct Server {
    /// Who may have what.
    pub rules: Arc<Rules>,
    /// How we behave then.
    pub manners: Manners,
    /// How long a handshake may take.
    pub limit: Duration,
}

/// Opens the stream that carries it, and asks the server to speak WebSocket; elsewhere, if the server says so.
pub(super) async fn connect(dial: &Dial, client: &Client, report: Reporter) -> Result<Opened, Failure> {
    let mut elsewhere: Option<Dial> = None;
    let mut client = client.clone();
    loop {
        let opened = elsewhere.as_ref().unwrap_or(dial).carrier(report.clone()).await?;
        let (status, to, headers) = match upgrade(&client, opened).await {
            Ok(opened) => return Ok(opened),
            Err(Stopped::Failed(failure)) => return Err(failure),
            Err(Stopped::Redirected { status, to, headers }) => (status, to, headers),
        };
        client.ask.asking.remember(&headers);
        let from = client.ask.asking.target.to_string();
        let fail = |why| Failure::new(Exit::Protocol, format!("connect to {from}: redirected, but {why}"));
        client.ask.asking = client.ask.asking.redirected(&to).map_err(fail)?;
        report.step(|| Step::Ws(Ws::Redirected { status, to: client.ask.asking.target.to_string() }));
        let next = dial.elsewhere(&client.ask.asking.target.carrier, client.tls.as_ref());
        elsewhere = Some(next.map_err(|why| fail(why.to_owned()))?);
    }
}

/// Asks the server at the other end of a byte stream to speak WebSocket.
async fn upgrade(client: &Client, opened: Opened) -> Result<Opened, Stopped> {
    let Opened { channel: Channel::Bytes(stream, peer), report } = opened else { return Ok(opened) };
    let remote = client.ask.asking.target.to_string();
    let peer = Peer { remote, local: Protocol::WebSocket.over(&peer.local, stream.is_secure()) };
    let upgraded = client::upgrade(&client.ask, stream, &peer.remote, client.limit, &report).await?;
    Ok(conversation(upgraded, Role::Client, peer, client.manners.clone(), report))
}

impl Server {
    /// Where a listener of byte streams listens for WebSocket connections.
    pub(super) fn endpoint(&self, endpoint: &str) -> String {
        let path = self.rules.path.as_deref().unwrap_or_default();
        format!("{}{path}", Protocol::WebSocket.over(endpoint, endpoint.starts_with("tls://")))
    }
}

/// Lets a client upgrade; `None` if nothing came of it, which has been said.
pub(super) async fn accept(server: &Server, opened: Opened) -> Option<Opened> {
    let Opened { channel: Channel::Bytes(stream, peer), report } = opened else { return Some(opened) };
    let named = |endpoint: &str| Protocol::WebSocket.over(endpoint, stream.is_secure());
    let peer = Peer { remote: named(&peer.remote), local: named(&peer.local) };
    let upgraded = server::accept(&server.rules, stream, &peer, server.limit, &report).await?;
    Some(conversation(upgraded, Role::Server, peer, server.manners.clone(), report))
}

/// What follows on such a stream.
pub(super) fn conversation(upgraded: Upgraded, role: Role, peer: Peer, manners: Manners, report: Reporter) -> Opened {
    let Upgraded { stream, early, agreed } = upgraded;
    let conversation = Conversation { stream, early, peer, role, agreed, manners };
    Opened { channel: Channel::Messages(Box::new(conversation)), report }
}
