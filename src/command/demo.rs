//! `--demo`: an echo server in this process, so that a newcomer needs no endpoint.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use crate::eio::Version;
use crate::eio::admission::{self, Versions};
use crate::endpoint::{HostPort, ListenOn, UnixListenOn, UnixName};
use crate::exit::{Exit, Failure};
use crate::frame::Framing;
use crate::http::{Asking, Carrier, Protocol, Strangers, Target};
use crate::link::{self, Journal, Reply, Watch};
use crate::plan::Demo;
use crate::sio::server;
use crate::tls::{Client, ClientOptions, Fingerprint, Server, ServerOptions, Trust};
use crate::transport::binding::Place;
use crate::transport::framed::Frames;
use crate::transport::listener::Backlog;
use crate::transport::multicast::Joins;
use crate::transport::sio::listen::Pattern;
use crate::transport::sockets::Options;
use crate::transport::{Bind, Dial, Handed, Listener, On, Opened, To, http, sio, tcp, udp, unix, ws};
use crate::ws::handshake::Rules;

/// Starts the server and says how to reach it. It lives as long as the runtime.
pub(super) async fn start(demo: &Demo) -> Result<Dial, Failure> {
    let (journal, mut records) = Journal::new(Watch::default(), None);
    let client = match demo {
        Demo::Tcp { tls, .. }
        | Demo::Unix { tls, .. }
        | Demo::Ws { tls, .. }
        | Demo::Http { tls, .. }
        | Demo::Sio { tls, .. } => tls.as_ref(),
        Demo::Udp { .. } => None,
    };
    let server = client.map(|client| server(client.options()));
    let mut bind = bind(demo);
    bind.tls.clone_from(&server);
    let listener = bind.listen(&journal).await?;
    let mut dial = dial(demo, &listener)?;
    if let (Some(client), Some(server)) = (client, server) {
        dial.tls = Some(knowing(client.options(), server.made()?));
    }
    // What is posted to a topic comes back to whoever listens by itself, and a Socket.IO server has a rule for it.
    let reply = if matches!(demo, Demo::Http { .. } | Demo::Sio { .. }) { Reply::None } else { Reply::Echo };
    tokio::spawn(serve(listener, reply));
    // Nobody looks at the server's own records.
    tokio::spawn(async move { while records.recv().await.is_some() {} });
    Ok(dial)
}

/// A server with a certificate of its own that speaks what the client offers.
fn server(client: &ClientOptions) -> Server {
    Server::new(ServerOptions {
        identity: None,
        address: None,
        clients: Vec::new(),
        revoked: Vec::new(),
        alpn: client.alpn.clone(),
        limit: client.limit,
        key_log: None, // the client writes the same secrets
    })
}

/// A client that knows the server's certificate, unless it is to trust something else.
fn knowing(client: &ClientOptions, certificate: Option<Fingerprint>) -> Client {
    let trust = match (&client.trust, certificate) {
        (Trust::System, Some(certificate)) => Trust::Pinned(vec![certificate]),
        (trust, _) => trust.clone(),
    };
    Client::new(ClientOptions { trust, ..client.clone() })
}

fn bind(demo: &Demo) -> Bind {
    let expiry = Duration::from_secs(3600);
    let bind = Bind::from(match demo {
        Demo::Tcp { .. } | Demo::Ws { .. } | Demo::Http { .. } | Demo::Sio { .. } => {
            On::Tcp(tcp::Bind { place: Place::from(ListenOn::Loopback(0)), backlog: Backlog::default() })
        }
        Demo::Udp { limit, .. } => On::Udp(udp::Bind {
            place: Place::from(ListenOn::Loopback(0)),
            expiry,
            limit: *limit,
            joins: Joins::default(),
        }),
        Demo::Unix { kind, limit, .. } => {
            let name = UnixName::Abstract(format!("sockeye-demo-{}", std::process::id()));
            let (on, backlog, options) = (UnixListenOn::Name(name), Backlog::default(), Options::default());
            On::Unix(unix::Bind { on, kind: *kind, expiry, limit: *limit, backlog, options, handed: Handed::default() })
        }
    });
    match demo {
        Demo::Ws { client, .. } => Bind { ws: Some(upgrades(client)), ..bind },
        Demo::Http { .. } => Bind { http: Some(Box::new(http::Server::new(Strangers::default()))), ..bind },
        Demo::Sio { client, .. } => Bind { sio: Some(Box::new(sockets(client))), ..bind },
        _ => bind,
    }
}

/// A server of Socket.IO that has what the client asks for.
fn sockets(client: &sio::connect::Client) -> sio::listen::Server {
    let config = server::Config { parser: client.format.parser(Version::V4), ..server::Config::default() };
    let admission = admission::Rules { versions: Versions::ThreeAndFour, ..admission::Rules::default() };
    let rules = sio::listen::Rules {
        namespaces: vec![Pattern::new("*")],
        reply: sio::listen::Reply::Echo,
        ..Default::default()
    };
    sio::listen::Server { path: client.path.clone(), admission, config, rules, ..sio::listen::Server::default() }
}

/// A server that takes what the client asks for.
fn upgrades(client: &ws::Client) -> ws::Server {
    let rules = Rules { subprotocols: client.ask.offered.clone(), deflate: client.ask.deflate, ..Rules::default() };
    let manners = ws::Manners { pings: None, ..client.manners.clone() };
    ws::Server { rules: Arc::new(rules), manners, limit: client.limit }
}

fn dial(demo: &Demo, listener: &Listener) -> Result<Dial, Failure> {
    let endpoint = listener.endpoints.first().ok_or_else(|| Failure::new(Exit::Io, "demo: it listens nowhere"))?;
    let words = [endpoint.clone()];
    if let Demo::Ws { network, tls, client } = demo {
        let mut client = client.clone();
        let (target, at) = reached(Protocol::WebSocket, endpoint)?;
        client.ask.asking = Asking { target, ..client.ask.asking };
        let to = To::Tcp(tcp::Dial { target: at, network: network.clone() });
        return Ok(Dial { tls: tls.clone(), ws: Some(client), ..Dial::from(to) });
    }
    if let Demo::Http { network, tls, client } = demo {
        let mut client = client.clone();
        let endpoint = format!("{endpoint}{}", path(&client.style));
        let (target, at) = reached(Protocol::Http, &endpoint)?;
        client.asking = Asking { target, ..client.asking };
        let to = To::Tcp(tcp::Dial { target: at, network: network.clone() });
        return Ok(Dial { tls: tls.clone(), http: Some(client), ..Dial::from(to) });
    }
    if let Demo::Sio { network, tls, client } = demo {
        let mut client = client.clone();
        let (target, at) = reached(Protocol::Http, endpoint)?;
        client.asking = Asking { target, ..client.asking };
        let to = To::Tcp(tcp::Dial { target: at, network: network.clone() });
        return Ok(Dial { tls: tls.clone(), sio: Some(client), ..Dial::from(to) });
    }
    Ok(Dial::from(match demo {
        Demo::Tcp { network, .. }
        | Demo::Ws { network, .. }
        | Demo::Http { network, .. }
        | Demo::Sio { network, .. } => {
            To::Tcp(tcp::Dial { target: HostPort::parse("tcp", &words)?, network: network.clone() })
        }
        Demo::Udp { network, limit, joins, outward } => To::Udp(udp::Dial {
            target: HostPort::parse("udp", &words)?,
            network: network.clone(),
            limit: *limit,
            joins: joins.clone(),
            outward: outward.clone(),
        }),
        Demo::Unix { kind, limit, options, .. } => To::Unix(unix::Dial {
            target: UnixName::parse(endpoint)?,
            kind: *kind,
            bind: None,
            limit: *limit,
            options: options.clone(),
        }),
    }))
}

/// Where the server of every style has a client's.
fn path(style: &http::Style) -> &'static str {
    match style {
        http::Style::Poll { .. } => "/poll",
        http::Style::LongPoll { .. } => "/long-poll",
        http::Style::Stream => "/stream",
        http::Style::Sse { .. } => "/sse",
    }
}

fn reached(protocol: Protocol, endpoint: &str) -> Result<(Target, HostPort), Failure> {
    let target =
        Target::parse(protocol, endpoint).map_err(|why| Failure::new(Exit::Io, format!("demo: {endpoint}: {why}")))?;
    match target.carrier.clone() {
        Carrier::Host(at) | Carrier::Secure(at) => Ok((target, at)),
        Carrier::Unix(_) => Err(Failure::new(Exit::Io, format!("demo: {endpoint} is no address"))),
    }
}

async fn serve(mut listener: Listener, reply: Reply) {
    let frames = Frames::plain(Framing::Chunks, usize::MAX);
    let room = Arc::new(Notify::new());
    let mut links = Vec::new(); // dropping a link would close it
    while let Some(accepted) = listener.accept().await {
        let Ok(Opened { channel, report }) = accepted else { return };
        links.push(link::start(channel.framed(frames), report, reply.clone(), Vec::new(), room.clone()));
    }
}
