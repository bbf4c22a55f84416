//! A listener: peers come, are let in or turned away, and wait to be served.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use socket2::Socket;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

use super::{Channel, Door, Opened, http, sio, tls, ws};
use crate::event::{Reach, What};
use crate::exit::{Failure, words};
use crate::http::Protocol;
use crate::link::Reporter;
use crate::step::{Stage, Step};
use crate::tls::{Fingerprint, Server};

/// Peers that have connected and finished their handshakes.
pub struct Listener {
    /// Where it listens, as endpoints that can be typed.
    pub endpoints: Vec<String>,
    /// Who can reach it.
    pub reach: Reach,
    /// The certificate that was made for it, if one was.
    certificate: Option<Fingerprint>,
    /// Who may come, and those who were turned away.
    pub door: Door,
    incoming: mpsc::Receiver<Result<Opened, Failure>>,
    /// The accepting tasks; they end when the listener is dropped.
    tasks: JoinSet<()>,
    /// What must go when the listener goes: a Unix socket's file.
    kept: Vec<Box<dyn Send>>,
}

/// The end of a listener that its accepting tasks hand peers to.
#[derive(Clone)]
pub(crate) struct Incoming {
    opened: mpsc::Sender<Result<Opened, Failure>>,
    door: Door,
    upgrades: Upgrades,
    handshakes: Arc<Semaphore>,
}

/// Peers that may have been accepted and not yet been served.
const ACCEPTED: usize = 64;
/// Peers that may be in the middle of their handshakes.
const HANDSHAKES: usize = 1024;

/// What is layered on each connection.
#[derive(Clone, Default)]
pub(super) struct Upgrades {
    pub(super) tls: Option<Server>,
    pub(super) ws: Option<ws::Server>,
    pub(super) http: Option<Arc<http::Host>>,
    pub(super) sio: Option<Arc<sio::listen::Host>>,
}

impl Upgrades {
    fn is_none(&self) -> bool {
        self.tls.is_none() && self.ws.is_none() && self.http.is_none() && self.sio.is_none()
    }

    /// The handshakes; `None` if one failed, which has been said.
    async fn accept(&self, opened: Opened) -> Option<Opened> {
        let opened = match &self.tls {
            Some(server) => tls::accept(server, opened).await?,
            None => opened,
        };
        match (&self.ws, &self.http, &self.sio) {
            (Some(server), ..) => return ws::accept(server, opened).await,
            (None, Some(host), _) => host.serve(opened),
            (None, None, Some(host)) => host.serve(opened),
            (None, None, None) => return Some(opened),
        }
        None
    }
}

impl Incoming {
    /// Who is asked whether a peer may come, before anything is done for it.
    pub(super) fn door(&self) -> &Door {
        &self.door
    }

    /// Hands a peer on, after its handshakes if there are any. Fails when the listener is gone.
    pub(crate) async fn admit(&self, opened: Opened) -> Result<(), Gone> {
        if self.upgrades.is_none() {
            return self.opened.send(Ok(opened)).await.map_err(|_| Gone);
        }
        let upgrades = self.upgrades.clone();
        if let Channel::Bytes(_, peer) = &opened.channel {
            opened.report.meter().toward(peer.remote.clone());
        }
        let Ok(place) = self.handshakes.clone().acquire_owned().await else { return Err(Gone) };
        let incoming = self.opened.clone();
        // One peer that stalls must not keep the others waiting.
        tokio::spawn(async move {
            let handshake = async {
                if let Some(opened) = upgrades.accept(opened).await {
                    let _ = incoming.send(Ok(opened)).await;
                }
            };
            tokio::select! {
                () = handshake => {}
                () = incoming.closed() => {}
            }
            drop(place);
        });
        if self.is_closed() { Err(Gone) } else { Ok(()) }
    }

    /// Whether the listener is gone.
    pub(crate) fn is_closed(&self) -> bool {
        self.opened.is_closed()
    }
}

/// The listener is gone.
pub(crate) struct Gone;

impl Listener {
    /// A listener that listens nowhere yet, and the end that its accepting tasks hand peers to.
    pub(super) fn new(door: Door, upgrades: Upgrades) -> Result<(Self, Incoming), Failure> {
        let (sender, incoming) = mpsc::channel(ACCEPTED);
        let mut listener = Self {
            endpoints: Vec::new(),
            reach: Reach::Loopback,
            certificate: None,
            door: door.clone(),
            incoming,
            tasks: JoinSet::new(),
            kept: Vec::new(),
        };
        listener.spawn(door.clone().tell());
        if let Some((hangups, file)) = door.hangups()? {
            listener.spawn(door.clone().read_again(hangups, file));
        }
        let handshakes = Arc::new(Semaphore::new(HANDSHAKES));
        Ok((listener, Incoming { opened: sender, door, upgrades, handshakes }))
    }

    /// Its endpoints are TLS's. `certificate`: the one that was made for it, if one was.
    pub(super) fn secured(mut self, certificate: Option<Fingerprint>) -> Self {
        self.endpoints = self.endpoints.iter().map(|endpoint| tls::endpoint(endpoint)).collect();
        self.certificate = certificate;
        self
    }

    /// Its endpoints are WebSocket's.
    pub(super) fn upgraded(mut self, server: &ws::Server) -> Self {
        self.endpoints = self.endpoints.iter().map(|endpoint| server.endpoint(endpoint)).collect();
        self
    }

    /// Its endpoints are HTTP's, and what is said and heard there is one conversation.
    pub(super) async fn gathering(mut self, open: impl FnOnce(&str) -> Opened, incoming: Incoming) -> Self {
        let named = |endpoint: &String| Protocol::Http.over(endpoint, endpoint.starts_with("tls://"));
        self.endpoints = self.endpoints.iter().map(named).collect();
        let endpoint = self.endpoints.first().cloned().unwrap_or_default();
        // There is room: it is the first.
        let _ = incoming.opened.send(Ok(open(&endpoint))).await;
        self
    }

    /// Where it listens, to be told.
    #[must_use]
    pub fn announcement(&self) -> What {
        What::Listening { endpoints: self.endpoints.clone(), reach: self.reach, certificate: self.certificate }
    }

    /// Runs an accepting task for as long as the listener lives.
    pub(crate) fn spawn(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(task);
    }

    /// Keeps something for as long as the listener lives.
    pub(crate) fn keep(&mut self, kept: impl Send + 'static) {
        self.kept.push(Box::new(kept));
    }

    /// The next peer; `None` when the listener cannot go on. Cancel-safe.
    pub async fn accept(&mut self) -> Option<Result<Opened, Failure>> {
        self.incoming.recv().await
    }
}

/// How many connections may wait for `accept()`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backlog(pub u32);

impl Default for Backlog {
    fn default() -> Self {
        Self(4096)
    }
}

impl Backlog {
    /// From now on the kernel takes connections. A socket that was handed over may have been listening before.
    pub(super) async fn listen(self, socket: &Socket, local: &str, report: &Reporter) -> io::Result<()> {
        if socket.is_listener().unwrap_or_default() {
            return Ok(());
        }
        let Self(asked) = self;
        report.gate(Stage::Listen).await;
        socket.listen(i32::try_from(asked).unwrap_or(i32::MAX))?;
        report.step(|| {
            // The kernel says nothing when it makes it less.
            let most = std::fs::read_to_string("/proc/sys/net/core/somaxconn");
            let most = most.ok().and_then(|most| most.trim().parse().ok()).unwrap_or(u32::MAX);
            Step::Listen { local: local.to_owned(), backlog: asked.min(most), asked: (asked > most).then_some(asked) }
        });
        Ok(())
    }
}

/// Waits out a failure of `accept()` that is about us and not about one peer, such as no more file descriptors.
///
/// The connection stays in the backlog, so trying again at once would spin.
pub(crate) struct Pause {
    report: Reporter,
    next: Duration,
}

impl Pause {
    const FIRST: Duration = Duration::from_millis(50);
    const LONGEST: Duration = Duration::from_secs(1);

    pub(crate) fn new(report: Reporter) -> Self {
        Self { report, next: Self::FIRST }
    }

    /// Says once that accepting pauses, then waits a little longer each time.
    pub(crate) async fn after(&mut self, operation: &str, error: &io::Error) {
        if self.next == Self::FIRST {
            let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
            let limit =
                limit.map_or_else(String::new, |limit| format!("; this process may have {limit} (`ulimit -n`)"));
            let text = format!("{operation} pauses: {}{limit}. Peers wait in the backlog", words(error));
            self.report.tell(What::Notice { text }).await;
        }
        tokio::time::sleep(self.next).await;
        self.next = (self.next * 2).min(Self::LONGEST);
    }

    /// Says once that it goes on.
    pub(crate) async fn over(&mut self) {
        if self.next != Self::FIRST {
            self.next = Self::FIRST;
            self.report.tell(What::Notice { text: "accepting again".to_owned() }).await;
        }
    }

    /// Whether the error is about us: the peer's own (aborted before it was accepted) are no reason to wait.
    pub(crate) fn needed(error: &io::Error) -> bool {
        !matches!(
            error.kind(),
            io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::Interrupted
        )
    }
}
