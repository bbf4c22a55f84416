//! The transports, and what their protocols promise.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sockeye::cli::{Family, UnixType};
use sockeye::endpoint::{HostPort, ListenOn, UnixListenOn, UnixName};
use sockeye::frame::{Framing, Order, Width};
use sockeye::proxy::{Hop, Kind, Route};
use sockeye::tls::{Client, ClientOptions, Server, ServerOptions, Trust};
use sockeye::transport::binding::Place;
use sockeye::transport::listener::Backlog;
use sockeye::transport::multicast::{Joins, Outward};
use sockeye::transport::sockets::Options;
use sockeye::transport::ws::{self, Answers, Manners};
use sockeye::transport::{Bind, Dial, Handed, Network, On, To, tcp, udp, unix};
use sockeye::ws::extension::Config;
use sockeye::http::{Protocol, Target};
use sockeye::ws::handshake::{Ask, Rules};
use sockeye::ws::speaking::Masking;
use tempfile::TempDir;

use crate::proxy::{apache, dante};
use crate::{Boundaries, Column, Delivery, Empty, Farewell, HalfClose, Largest, Pings, Promise, Vanished};

/// Longer than any test.
const EXPIRY: Duration = Duration::from_secs(600);
const TIMEOUT: Duration = Duration::from_secs(10);

/// A place of a test's own, gone with it.
pub(crate) struct Scratch(TempDir);

impl Scratch {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().expect("a temporary folder"))
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("socket")
    }
}

const fn framing(name: &str) -> Framing {
    match name.as_bytes() {
        b"chunks" => Framing::Chunks,
        b"lines" => Framing::Lines,
        b"length4" => Framing::Length { width: Width::Four, order: Order::Big },
        _ => panic!("no such framing"),
    }
}

fn network() -> Network {
    Network { timeout: TIMEOUT, ..Network::default() }
}

/// What a byte stream promises depends on its framing.
const fn stream(framing: Framing, vanished: Vanished) -> Promise {
    let chunks = matches!(framing, Framing::Chunks);
    Promise {
        half_close: HalfClose::Heard,
        farewell: Farewell::Said,
        pings: Pings::Unsaid,
        boundaries: if chunks { Boundaries::Lost } else { Boundaries::Kept },
        empty: if chunks { Empty::Unsaid } else { Empty::Heard },
        delivery: Delivery::Reliable,
        largest: Largest::Tried(8 * 1024 * 1024),
        vanished,
    }
}

fn place() -> Place {
    Place { family: Family::V4, ..Place::from(ListenOn::Loopback(0)) }
}

pub(crate) const fn tcp(name: &str) -> Column {
    let framing = framing(name);
    Column {
        bind: |_| On::Tcp(tcp::Bind { place: place(), backlog: Backlog::default() }).into(),
        dial: |endpoint| {
            let target = HostPort::parse("tcp", &[endpoint.to_owned()]).expect("an endpoint");
            To::Tcp(tcp::Dial { target, network: network() }).into()
        },
        framing,
        promise: stream(framing, Vanished::Reset { acknowledged: true }),
    }
}

pub(crate) const fn unix_stream(name: &str) -> Column {
    let framing = framing(name);
    Column {
        bind: |scratch| unix_bind(scratch, UnixType::Stream),
        dial: |endpoint| unix_dial(endpoint, UnixType::Stream),
        framing,
        promise: stream(framing, Vanished::Reset { acknowledged: false }),
    }
}

/// TCP by a proxy, which has connections of its own to both ends: what becomes of one is told to the other.
pub(crate) const fn proxied(name: &str, kind: Kind) -> Column {
    let framing = framing(name);
    Column {
        bind: tcp("chunks").bind,
        dial: match kind {
            Kind::Socks4 | Kind::Socks4a => |endpoint| by_proxy(endpoint, Kind::Socks4a, dante()),
            Kind::Socks5 | Kind::Socks5h => |endpoint| by_proxy(endpoint, Kind::Socks5h, dante()),
            Kind::Http => |endpoint| by_proxy(endpoint, Kind::Http, &apache().plain.to_string()),
            Kind::Https => |endpoint| by_proxy(endpoint, Kind::Https, &apache().secure.to_string()),
        },
        framing,
        promise: Promise {
            farewell: match kind {
                Kind::Https => Farewell::Unsaid,
                _ => Farewell::Said,
            },
            ..stream(framing, Vanished::Ended)
        },
    }
}

fn by_proxy(endpoint: &str, kind: Kind, at: &str) -> Dial {
    let target = HostPort::parse("tcp", &[endpoint.to_owned()]).expect("an endpoint");
    let at = HostPort::parse("tcp", &[at.to_owned()]).expect("an address");
    let tls = (kind == Kind::Https).then(client);
    let route = Route { hops: vec![Hop { kind, at, login: None }], tls, ..Route::default() };
    To::Tcp(tcp::Dial { target, network: Network { route, ..network() } }).into()
}

/// TLS over TCP.
pub(crate) const fn tls(name: &str) -> Column {
    let framing = framing(name);
    Column {
        bind: |scratch| Bind { tls: Some(server()), ..(tcp("chunks").bind)(scratch) },
        dial: |endpoint| Dial { tls: Some(client()), ..(tcp("chunks").dial)(&endpoint.replace("tls://", "tcp://")) },
        framing,
        promise: stream(framing, Vanished::Cut),
    }
}

/// TLS over a Unix stream.
pub(crate) const fn tls_unix(name: &str) -> Column {
    let framing = framing(name);
    Column {
        bind: |scratch| Bind { tls: Some(server()), ..unix_bind(scratch, UnixType::Stream) },
        dial: |endpoint| Dial { tls: Some(client()), ..unix_dial(endpoint, UnixType::Stream) },
        framing,
        promise: stream(framing, Vanished::Cut),
    }
}

/// WebSocket over TCP, or over TLS.
pub(crate) const fn ws(carrier: Carrier, compression: Compression) -> Column {
    use {
        Carrier::{Plain, Secure},
        Compression::{Deflate, None},
    };
    Column {
        bind: match (carrier, compression) {
            (Plain, None) => |scratch| ws_bind((tcp("chunks").bind)(scratch), None),
            (Plain, Deflate) => |scratch| ws_bind((tcp("chunks").bind)(scratch), Deflate),
            (Secure, None) => |scratch| ws_bind((tls("chunks").bind)(scratch), None),
            (Secure, Deflate) => |scratch| ws_bind((tls("chunks").bind)(scratch), Deflate),
        },
        dial: match (carrier, compression) {
            (Plain, None) => |endpoint| ws_dial(endpoint, (tcp("chunks").dial)(&carried(endpoint)), None),
            (Plain, Deflate) => |endpoint| ws_dial(endpoint, (tcp("chunks").dial)(&carried(endpoint)), Deflate),
            (Secure, None) => |endpoint| ws_dial(endpoint, (tls("chunks").dial)(&carried(endpoint)), None),
            (Secure, Deflate) => |endpoint| ws_dial(endpoint, (tls("chunks").dial)(&carried(endpoint)), Deflate),
        },
        framing: Framing::Chunks,
        promise: Promise {
            half_close: HalfClose::Unheard,
            farewell: Farewell::Said,
            pings: Pings::Answered,
            boundaries: Boundaries::Kept,
            empty: Empty::Heard,
            delivery: Delivery::Reliable,
            largest: Largest::Tried(8 * 1024 * 1024),
            vanished: Vanished::Cut,
        },
    }
}

/// What carries a WebSocket.
#[derive(Clone, Copy)]
pub(crate) enum Carrier {
    Plain,
    Secure,
}

/// Whether messages are compressed.
#[derive(Clone, Copy)]
pub(crate) enum Compression {
    Deflate,
    None,
}

fn config(compression: Compression) -> Option<Config> {
    match compression {
        Compression::Deflate => Some(Config { threshold: 0, level: 1, ..Config::default() }),
        Compression::None => None,
    }
}

fn manners() -> Manners {
    Manners {
        limit: 64 * 1024 * 1024,
        masking: Masking::ByRole,
        pongs: Answers::Given,
        closes: Answers::Given,
        level: 1,
        threshold: 0,
        pings: None,
    }
}

fn ws_bind(bind: Bind, compression: Compression) -> Bind {
    let rules = Rules { deflate: config(compression), ..Rules::default() };
    Bind { ws: Some(ws::Server { rules: Arc::new(rules), manners: manners(), limit: TIMEOUT }), ..bind }
}

fn ws_dial(endpoint: &str, dial: Dial, compression: Compression) -> Dial {
    let target = Target::parse(Protocol::WebSocket, endpoint).expect("an endpoint");
    let ask = Ask { deflate: config(compression), ..Ask::new(target) };
    Dial { ws: Some(Box::new(ws::Client { tls: None, ask, manners: manners(), limit: TIMEOUT })), ..dial }
}

/// `ws://` is carried by `tcp://`, and `wss://` by `tls://`.
fn carried(endpoint: &str) -> String {
    endpoint.replace("wss://", "tls://").replace("ws://", "tcp://")
}

fn server() -> Server {
    Server::new(ServerOptions {
        identity: None,
        address: None,
        clients: Vec::new(),
        revoked: Vec::new(),
        alpn: Vec::new(),
        limit: TIMEOUT,
        key_log: None,
    })
}

fn client() -> Client {
    Client::new(ClientOptions {
        name: None,
        trust: Trust::Anyone,
        revoked: Vec::new(),
        identity: None,
        alpn: Vec::new(),
        limit: TIMEOUT,
        key_log: None,
    })
}

pub(crate) const UNIX_SEQPACKET: Column = Column {
    bind: |scratch| unix_bind(scratch, UnixType::Seqpacket),
    dial: |endpoint| unix_dial(endpoint, UnixType::Seqpacket),
    framing: Framing::Chunks,
    promise: Promise {
        half_close: HalfClose::Heard,
        farewell: Farewell::Said,
        pings: Pings::Unsaid,
        boundaries: Boundaries::Kept,
        empty: Empty::Unsaid,
        delivery: Delivery::Reliable,
        largest: Largest::Bytes(unix_packet),
        vanished: Vanished::Reset { acknowledged: false },
    },
};

pub(crate) const UNIX_DATAGRAM: Column = Column {
    bind: |scratch| unix_bind(scratch, UnixType::Datagram),
    dial: |endpoint| unix_dial(endpoint, UnixType::Datagram),
    framing: Framing::Chunks,
    promise: Promise {
        half_close: HalfClose::Unheard,
        farewell: Farewell::Said,
        pings: Pings::Unsaid,
        boundaries: Boundaries::Kept,
        empty: Empty::Unsaid,
        delivery: Delivery::Reliable,
        largest: Largest::Bytes(unix_packet),
        vanished: Vanished::Refused,
    },
};

pub(crate) const UDP: Column = Column {
    bind: |_| On::Udp(udp::Bind { place: place(), expiry: EXPIRY, limit: usize::MAX, joins: Joins::default() }).into(),
    dial: |endpoint| {
        let target = HostPort::parse("udp", &[endpoint.to_owned()]).expect("an endpoint");
        To::Udp(udp::Dial {
            target,
            network: network(),
            limit: usize::MAX,
            joins: Joins::default(),
            outward: Outward::default(),
        })
        .into()
    },
    framing: Framing::Chunks,
    promise: Promise {
        half_close: HalfClose::Unheard,
        farewell: Farewell::Said,
        pings: Pings::Unsaid,
        boundaries: Boundaries::Kept,
        empty: Empty::Unsaid,
        delivery: Delivery::Lossy,
        largest: Largest::Bytes(|| 65_507), // 65,535 less the headers of IPv4 and UDP
        vanished: Vanished::Refused,
    },
};

fn unix_bind(scratch: &Scratch, kind: UnixType) -> Bind {
    let bind = unix::Bind {
        on: UnixListenOn::Name(UnixName::Path(scratch.path())),
        kind,
        expiry: EXPIRY,
        limit: usize::MAX,
        backlog: Backlog::default(),
        options: Options::default(),
        handed: Handed::default(),
    };
    On::Unix(bind).into()
}

fn unix_dial(endpoint: &str, kind: UnixType) -> Dial {
    let target = UnixName::parse(endpoint).expect("an endpoint");
    To::Unix(unix::Dial { target, kind, bind: None, limit: usize::MAX, options: Options::default() }).into()
}

/// A packet must fit into the send buffer with 32 bytes of the kernel's own (`unix_dgram_sendmsg`).
fn unix_packet() -> usize {
    let (socket, _) = std::os::unix::net::UnixDatagram::pair().expect("sockets");
    socket2::SockRef::from(&socket).send_buffer_size().expect("its buffer") - 32
}
