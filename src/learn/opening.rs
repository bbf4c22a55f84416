//! How the two sides of a play over TCP find each other, as the lesson `tcp` shows step by step.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::task::JoinHandle;

use super::Side;
use super::director::{Director, Watched};
use super::moves::{address, defect};
use crate::endpoint::{HostPort, ListenOn};
use crate::exit::Failure;
use crate::step::{Stage, Step};
use crate::transport::binding::Place;
use crate::transport::kernel::Connection;
use crate::transport::listener::Backlog;
use crate::transport::{Bind, Dial, Listener, Network, On, Opened, To, tcp};

/// A free port of this machine.
pub(super) fn bind() -> Bind {
    bind_to(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
}

/// This address.
pub(super) fn bind_to(at: SocketAddr) -> Bind {
    let place = Place::from(ListenOn::Address(at));
    Bind::from(On::Tcp(tcp::Bind { place, backlog: Backlog(16) }))
}

/// The way to an address of this machine.
pub(super) fn dial(at: SocketAddr) -> Dial {
    let target = HostPort { host: at.ip().to_string(), port: at.port() };
    Dial::from(To::Tcp(tcp::Dial { target, network: Network::default() }))
}

/// The server listens; where.
pub(super) async fn listens(play: &mut Director, bind: Bind) -> Result<(Listener, SocketAddr), Failure> {
    let journal = play.server.journal.clone();
    let listening = tokio::spawn(async move { bind.listen(&journal).await });
    for stage in [Stage::Socket, Stage::Bind, Stage::Listen] {
        play.pass(Side::Server, stage).await?;
    }
    let bound = |step: &Step| match step {
        Step::Listen { local, .. } => Some(local.clone()),
        _ => None,
    };
    let local = play.until(Side::Server, "listen", |what| super::moves::of_step(what, bound)).await?;
    let at = local.split_once("://").and_then(|(_, at)| at.parse().ok()).ok_or_else(defect)?;
    Ok((listening.await.map_err(|_| defect())??, at))
}

/// A conversation that is being opened.
pub(super) type Opening = JoinHandle<Result<Opened, Failure>>;

/// Two ends of a connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ends {
    near: Connection,
    far: Connection,
}

impl Ends {
    fn new(client: SocketAddr, server: SocketAddr) -> Self {
        let near = Connection { local: client, remote: server };
        Self { near, far: Connection { local: server, remote: client } }
    }

    /// Both, in these states.
    pub(super) fn are(self, client: &'static str, server: &'static str) -> [Watched; 2] {
        [Watched::tcp(Side::Client, self.near, client), Watched::tcp(Side::Server, self.far, server)]
    }

    /// The client's.
    pub(super) fn near(self) -> Connection {
        self.near
    }
}

/// The client connects, up to what comes after TCP.
pub(super) async fn connects(play: &mut Director, dial: Dial, at: SocketAddr) -> Result<(Opening, Ends), Failure> {
    let (opening, from) = dials(play, dial).await?;
    Ok((opening, Ends::new(from, at)))
}

/// A client has a socket and connects it; its address.
pub(super) async fn dials(play: &mut Director, dial: Dial) -> Result<(Opening, SocketAddr), Failure> {
    let report = play.client.journal.open();
    let opening = tokio::spawn(async move { dial.connect(report).await });
    for stage in [Stage::Socket, Stage::Connect] {
        play.pass(Side::Client, stage).await?;
    }
    let from = play
        .until(Side::Client, "connect", |what| {
            address(what, |step| match step {
                Step::Connected { local, .. } => Some(local),
                _ => None,
            })
        })
        .await?;
    Ok((opening, from))
}

/// The server takes the connection that has come.
pub(super) async fn accepts(play: &mut Director) -> Result<(), Failure> {
    play.pass(Side::Server, Stage::Accept).await?;
    let accepted = |what: &_| super::moves::is_step(what, |step| matches!(step, Step::Accepted { .. }));
    play.until(Side::Server, "accept", accepted).await
}
