//! The transports, and what their protocols promise.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sockeye::cli::{Family, UnixType};
use sockeye::eio::admission::Carrier as Way;
use sockeye::eio::client::Upgrade;
use sockeye::eio::session;
use sockeye::endpoint::{HostPort, ListenOn, UnixListenOn, UnixName};
use sockeye::frame::{Framing, Order, Width};
use sockeye::http::{Protocol, Target};
use sockeye::proxy::{Hop, Kind, Route};
use sockeye::sio::Parser;
use sockeye::tls::{Client, ClientOptions, Server, ServerOptions, Trust};
use sockeye::transport::binding::Place;
use sockeye::transport::listener::Backlog;
use sockeye::transport::multicast::{Joins, Outward};
use sockeye::transport::sio::connect::Format;
use sockeye::transport::sockets::Options;
use sockeye::transport::ws::{self, Answers, Manners};
use sockeye::transport::{Bind, Dial, Handed, Network, On, To, sio, tcp, udp, unix};
use sockeye::ws::extension::Config;
use sockeye::ws::handshake::{Ask, Rules};
use sockeye::ws::speaking::Masking;
use tempfile::TempDir;

use crate::proxy::{apache, dante};
use crate::{Boundaries, Column, Company, Delivery, Empty, Farewell, HalfClose, Largest, Pings, Promise, Vanished};

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
        company: Company::One,
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
        heard: <[u8]>::to_vec,
        promise: stream(framing, Vanished::Reset { acknowledged: true }),
    }
}

pub(crate) const fn unix_stream(name: &str) -> Column {
    let framing = framing(name);
    Column {
        bind: |scratch| unix_bind(scratch, UnixType::Stream),
        dial: |endpoint| unix_dial(endpoint, UnixType::Stream),
        framing,
        heard: <[u8]>::to_vec,
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
        heard: <[u8]>::to_vec,
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
        heard: <[u8]>::to_vec,
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
        heard: <[u8]>::to_vec,
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
        heard: <[u8]>::to_vec,
        promise: Promise {
            half_close: HalfClose::Unheard,
            farewell: Farewell::Said,
            pings: Pings::Answered,
            boundaries: Boundaries::Kept,
            empty: Empty::Heard,
            delivery: Delivery::Reliable,
            largest: Largest::Tried(8 * 1024 * 1024),
            vanished: Vanished::Cut,
            company: Company::One,
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
    heard: <[u8]>::to_vec,
    promise: Promise {
        half_close: HalfClose::Heard,
        farewell: Farewell::Said,
        pings: Pings::Unsaid,
        boundaries: Boundaries::Kept,
        empty: Empty::Unsaid,
        delivery: Delivery::Reliable,
        largest: Largest::Bytes(unix_packet),
        vanished: Vanished::Reset { acknowledged: false },
        company: Company::One,
    },
};

pub(crate) const UNIX_DATAGRAM: Column = Column {
    bind: |scratch| unix_bind(scratch, UnixType::Datagram),
    dial: |endpoint| unix_dial(endpoint, UnixType::Datagram),
    framing: Framing::Chunks,
    heard: <[u8]>::to_vec,
    promise: Promise {
        half_close: HalfClose::Unheard,
        farewell: Farewell::Said,
        pings: Pings::Unsaid,
        boundaries: Boundaries::Kept,
        empty: Empty::Unsaid,
        delivery: Delivery::Reliable,
        largest: Largest::Bytes(unix_packet),
        vanished: Vanished::Refused,
        company: Company::One,
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
    heard: <[u8]>::to_vec,
    promise: Promise {
        half_close: HalfClose::Unheard,
        farewell: Farewell::Said,
        pings: Pings::Unsaid,
        boundaries: Boundaries::Kept,
        empty: Empty::Unsaid,
        delivery: Delivery::Lossy,
        largest: Largest::Bytes(|| 65_507), // 65,535 less the headers of IPv4 and UDP
        vanished: Vanished::Refused,
        company: Company::One,
    },
};

/// How a session of Socket.IO goes.
#[derive(Clone, Copy)]
pub(crate) enum Session {
    Polling,
    WebSocket,
    /// From the one to the other.
    Upgraded,
    /// From the one to the other, in msgpack.
    Msgpack,
}

/// Socket.IO: what is said is an event of that name.
pub(crate) const fn sio(session: Session) -> Column {
    Column {
        bind: match session {
            Session::Polling | Session::WebSocket | Session::Upgraded => |_| sio_bind(Parser::default()),
            Session::Msgpack => |_| sio_bind(Parser::Msgpack),
        },
        dial: match session {
            Session::Polling => |endpoint| sio_dial(endpoint, Way::Polling, Upgrade::Unwanted, Format::Json),
            Session::WebSocket => |endpoint| sio_dial(endpoint, Way::WebSocket, Upgrade::Unwanted, Format::Json),
            Session::Upgraded => |endpoint| sio_dial(endpoint, Way::Polling, Upgrade::Wanted, Format::Json),
            Session::Msgpack => |endpoint| sio_dial(endpoint, Way::Polling, Upgrade::Wanted, Format::Msgpack),
        },
        framing: Framing::Chunks,
        heard: |said| {
            let words: Vec<String> = String::from_utf8_lossy(said).split(' ').map(|word| format!("{word:?}")).collect();
            format!("[{}]", words.join(",")).into_bytes()
        },
        promise: Promise {
            half_close: HalfClose::Unheard,
            farewell: Farewell::Lost,
            pings: Pings::Unsaid,
            boundaries: Boundaries::Kept,
            empty: Empty::Unsaid,
            delivery: Delivery::Reliable,
            largest: Largest::Tried(8 * 1024 * 1024),
            vanished: Vanished::Cut,
            company: Company::Everybody,
        },
    }
}

fn sio_bind(parser: Parser) -> Bind {
    let session = session::Config { max_payload: 64 << 20, ..session::Config::default() };
    let config = sockeye::sio::server::Config { parser, ..sockeye::sio::server::Config::default() };
    let server = sio::listen::Server { session, config, ..sio::listen::Server::default() };
    Bind { sio: Some(Box::new(server)), ..On::Tcp(tcp::Bind { place: place(), backlog: Backlog::default() }).into() }
}

fn sio_dial(endpoint: &str, carrier: Way, upgrade: Upgrade, format: Format) -> Dial {
    let target = Target::parse(Protocol::Http, endpoint).expect("an endpoint");
    let client =
        sio::connect::Client { carrier, upgrade, format, reconnection: None, ..sio::connect::Client::new(target) };
    Dial { sio: Some(Box::new(client)), ..(tcp("chunks").dial)(&endpoint.replace("http://", "tcp://")) }
}

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
