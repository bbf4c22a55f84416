//! Transports: opening endpoints, and speaking and listening through them. Nothing here knows how it is shown.

pub mod binding;
pub mod demux;
pub mod door;
pub mod framed;
pub mod goodbye;
pub mod handed;
pub mod http;
pub mod kernel;
pub mod listener;
pub mod multicast;
pub mod packet_socket;
pub mod packets;
mod proxy;
mod relay;
pub mod resolve;
mod retry;
pub mod sio;
pub mod sockets;
pub mod stream;
pub mod tcp;
pub mod tls;
pub mod udp;
pub mod unix;
pub mod vsock;
pub mod ws;

use std::fmt;
use std::time::Duration;

pub use door::Door;
use framed::{Framed, Frames};
pub use handed::Handed;
pub use listener::Listener;
pub use stream::ByteStream;

use crate::access::Policy;
use crate::cli::{Family, UnixType};
use crate::endpoint::{BindAddress, UnixName};
use crate::event::Peer;
use crate::exit::Failure;
use crate::http::Carrier;
use crate::link::{Journal, Reporter, Transport};
use crate::proxy::Route;
use crate::step::Stage;

/// How to reach an address: what every protocol over IP has.
#[derive(Clone, Default)]
pub struct Network {
    /// Which addresses may be used.
    pub family: Family,
    /// Our own end.
    pub bind: Option<BindAddress>,
    /// For the lookup, all addresses together, and the proxies.
    pub timeout: Duration,
    /// Options of the socket.
    pub options: sockets::Options,
    /// Names that need no lookup.
    pub names: resolve::Overrides,
    /// The proxies on the way.
    pub route: Route,
}

/// What to connect to, and what is layered on it.
#[derive(Clone)]
pub struct Dial {
    /// The endpoint.
    pub to: To,
    /// TLS over the byte stream.
    pub tls: Option<crate::tls::Client>,
    /// WebSocket over that.
    pub ws: Option<Box<ws::Client>>,
    /// HTTP instead.
    pub http: Option<Box<http::Client>>,
    /// Socket.IO over either.
    pub sio: Option<Box<sio::connect::Client>>,
    /// Try again for so long until it opens.
    pub retry: Option<Duration>,
}

/// An endpoint. [`Dial::connect`] and [`Bind::listen`] are the only two matches on the protocol.
#[derive(Clone)]
pub enum To {
    /// `tcp connect`
    Tcp(tcp::Dial),
    /// `udp connect`
    Udp(udp::Dial),
    /// `unix connect`
    Unix(unix::Dial),
    /// `vsock connect`
    Vsock(vsock::Dial),
}

impl To {
    /// The name or address of the machine, if it is another.
    fn host(&self) -> Option<&str> {
        match self {
            Self::Tcp(dial) => Some(&dial.target.host),
            Self::Udp(dial) => Some(&dial.target.host),
            Self::Unix(_) | Self::Vsock(_) => None,
        }
    }
}

/// As it can be typed.
impl fmt::Display for To {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(dial) => write!(f, "tcp://{}", dial.target),
            Self::Udp(dial) => write!(f, "udp://{}", dial.target),
            Self::Unix(dial) => write!(f, "{}", dial.target),
            Self::Vsock(dial) => write!(f, "{}", dial.target),
        }
    }
}

impl From<To> for Dial {
    fn from(to: To) -> Self {
        Self { to, tls: None, ws: None, http: None, sio: None, retry: None }
    }
}

impl Dial {
    /// Reads the files of TLS, and asks for a password if one is needed. To be done before anything else has the
    /// terminal.
    pub fn prepare(&self) -> Result<(), Failure> {
        self.tls.as_ref().map_or(Ok(()), crate::tls::Client::prepare)
    }

    /// Opens a conversation, stage by stage.
    pub async fn connect(&self, report: Reporter) -> Result<Opened, Failure> {
        report.meter().toward(self.to.to_string());
        match self.retry {
            Some(limit) => retry::connect(self, limit, report).await,
            None => self.attempt(report).await,
        }
    }

    async fn attempt(&self, report: Reporter) -> Result<Opened, Failure> {
        let opened = match (&self.ws, &self.http, &self.sio) {
            (Some(client), _, _) => ws::connect(self, client, report).await,
            (None, Some(client), _) => http::connect(self, client, report).await,
            (None, None, Some(client)) => sio::connect::connect(self, client, report).await,
            (None, None, None) => self.carrier(report).await,
        }?;
        opened.report.gate(Stage::Talk).await;
        Ok(opened)
    }

    /// How the stream is opened that leads somewhere else, the same way. `tls` is spoken where it has to be.
    fn elsewhere(&self, to: &Carrier, tls: Option<&crate::tls::Client>) -> Result<Self, &'static str> {
        let (target, tls) = match to {
            Carrier::Host(at) => (at.clone(), None),
            Carrier::Secure(at) => (at.clone(), Some(tls.cloned().ok_or("no TLS was prepared")?)),
            Carrier::Unix(_) => return Ok(self.clone()), // it is the only one
        };
        let To::Tcp(tcp::Dial { network, .. }) = &self.to else { return Err("a Unix socket leads nowhere else") };
        Ok(Self { tls, ..To::Tcp(tcp::Dial { target, network: network.clone() }).into() })
    }

    /// The byte stream, or what is no stream.
    async fn carrier(&self, report: Reporter) -> Result<Opened, Failure> {
        let opened = match &self.to {
            To::Tcp(dial) => dial.connect(report).await,
            To::Udp(dial) => dial.connect(report).await,
            To::Unix(dial) => dial.connect(report).await,
            To::Vsock(dial) => dial.connect(report).await,
        }?;
        match &self.tls {
            Some(client) => tls::connect(client, self.to.host(), opened).await,
            None => Ok(opened),
        }
    }
}

/// Where to listen, who may come, and what is layered on it.
pub struct Bind {
    /// The endpoint.
    pub on: On,
    /// Where the service manager hears how far we are.
    pub manager: Option<UnixName>,
    /// Who may come, and how many.
    pub access: Policy,
    /// TLS over the byte streams.
    pub tls: Option<crate::tls::Server>,
    /// WebSocket over that.
    pub ws: Option<ws::Server>,
    /// HTTP instead.
    pub http: Option<Box<http::Server>>,
    /// Socket.IO instead.
    pub sio: Option<Box<sio::listen::Server>>,
}

/// A listener's endpoint.
pub enum On {
    /// `tcp listen`
    Tcp(tcp::Bind),
    /// `udp listen`
    Udp(udp::Bind),
    /// `unix listen`
    Unix(unix::Bind),
    /// `vsock listen`
    Vsock(vsock::Bind),
}

impl On {
    /// What comes.
    fn noun(&self) -> &'static str {
        match self {
            Self::Udp(_) | Self::Unix(unix::Bind { kind: UnixType::Datagram, .. }) => "datagrams",
            Self::Tcp(_) | Self::Unix(_) | Self::Vsock(_) => "connections",
        }
    }
}

impl From<On> for Bind {
    fn from(on: On) -> Self {
        Self { on, manager: None, access: Policy::default(), tls: None, ws: None, http: None, sio: None }
    }
}

impl Bind {
    /// Opens a listener, stage by stage.
    pub async fn listen(&self, journal: &Journal) -> Result<Listener, Failure> {
        // What is wrong with a certificate is said before anybody can come.
        let certificate = self.tls.as_ref().map(crate::tls::Server::made).transpose()?;
        let door = Door::open(&self.access, self.on.noun(), journal.program())?;
        let (host, gathering) = self.http.as_ref().map(|server| http::Host::new((**server).clone())).unzip();
        let sio = self.sio.as_ref().map(|server| sio::listen::Host::new((**server).clone(), journal));
        let (sio, sockets) = sio.unzip();
        let upgrades = listener::Upgrades { tls: self.tls.clone(), ws: self.ws.clone(), http: host, sio };
        let (listener, incoming) = Listener::new(door, upgrades)?;
        let gatherings = incoming.clone();
        let listener = match &self.on {
            On::Tcp(bind) => bind.listen(journal, listener, incoming).await,
            On::Udp(bind) => bind.listen(journal, listener, incoming).await,
            On::Unix(bind) => bind.listen(journal, listener, incoming).await,
            On::Vsock(bind) => bind.listen(journal, listener, incoming).await,
        }?;
        let listener = match certificate {
            Some(certificate) => listener.secured(certificate),
            None => listener,
        };
        let listener = match &self.ws {
            Some(server) => listener.upgraded(server),
            None => listener,
        };
        Ok(match (gathering, sockets) {
            (Some(gathering), _) => listener.gathering(|endpoint| gathering.open(endpoint, journal), gatherings).await,
            (None, Some(sockets)) => listener.gathering(|endpoint| sockets.open(endpoint, journal), gatherings).await,
            (None, None) => listener,
        })
    }

    /// Reads the files of TLS, and asks for a password if one is needed.
    pub fn prepare(&self) -> Result<(), Failure> {
        self.tls.as_ref().map_or(Ok(()), crate::tls::Server::prepare)
    }
}

/// A conversation that is open.
pub struct Opened {
    /// Bytes or messages.
    pub channel: Channel,
    /// Its pen.
    pub report: Reporter,
}

/// What opening an endpoint yields.
pub enum Channel {
    /// Bytes without boundaries: TCP, Unix streams. A framing makes messages of them.
    Bytes(ByteStream, Peer),
    /// Whole messages: datagrams, seqpacket.
    Messages(Box<dyn Transport>),
}

impl Channel {
    /// Messages in any case: a framing makes them of bytes.
    #[must_use]
    pub fn framed(self, frames: Frames) -> Box<dyn Transport> {
        match self {
            Self::Bytes(stream, peer) => Box::new(Framed::new(stream, peer, frames)),
            Self::Messages(transport) => transport,
        }
    }
}
