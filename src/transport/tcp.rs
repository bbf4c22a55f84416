//! TCP: connecting to the first address that answers (RFC 8305), and listening.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::AsRawFd as _;
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use socket2::{Domain, Socket, Type};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use super::binding::Place;
use super::kernel::Opener;
use super::listener::{Backlog, Incoming, Pause};
use super::proxy::{self, Way};
use super::sockets::{self, Options, Role};
use super::{ByteStream, Channel, Listener, Network, Opened};
use crate::access::Visitor;
use crate::endpoint::{BindAddress, HostPort};
use crate::event::{Peer, What};
use crate::exit::{Exit, Failure, words};
use crate::link::{Journal, Reporter};
use crate::quantity::nanos;
use crate::step::{Stage, Step};

/// The next address is tried when this one has not answered for so long (RFC 8305 §5).
const STAGGER: Duration = Duration::from_millis(250);

/// `tcp connect`
#[derive(Clone)]
pub struct Dial {
    /// Where to.
    pub target: HostPort,
    /// How to reach it.
    pub network: Network,
}

impl Dial {
    pub(super) async fn connect(&self, report: Reporter) -> Result<Opened, Failure> {
        let (stream, peer) = if self.network.route.is_direct() {
            proxy::report_route(&self.network.route, &report);
            self.straight(&report).await?
        } else {
            let target = format!("tcp://{}", self.target);
            let stream = Way::new(target.clone(), &self.network, &report).connect(&self.target).await?;
            let local =
                stream.connection().map_or_else(String::new, |(ends, _)| format!("tcp://{}", unmap(ends.local)));
            (stream, Peer { remote: target, local })
        };
        Ok(Opened { channel: Channel::Bytes(stream, peer), report })
    }

    /// Without proxies.
    async fn straight(&self, report: &Reporter) -> Result<(ByteStream, Peer), Failure> {
        let (stream, remote) = if report.stepping() {
            self.open(report).await?
        } else {
            tokio::time::timeout(self.network.timeout, self.open(report)).await.map_err(|_| {
                Failure::new(
                    Exit::Timeout,
                    format!("connect to tcp://{}: no answer within {:?}", self.target, self.network.timeout),
                )
                .hint("a firewall may drop the packets; --connect-timeout waits longer")
            })??
        };
        // Not asked of the socket: one that is reset already has no peer any more, and that is for the talk to find out.
        let local =
            stream.local_addr().map_err(|error| Failure::system("connect to", &format!("tcp://{remote}"), &error))?;
        let peer = Peer { remote: format!("tcp://{}", unmap(remote)), local: format!("tcp://{}", unmap(local)) };
        let opener = if sockets::waits_for_data(&stream) { Opener::Early } else { Opener::Us };
        Ok((ByteStream::Tcp(stream, opener), peer))
    }

    /// A connection to the first address that answers, however long that takes.
    pub(super) async fn open(&self, report: &Reporter) -> Result<(TcpStream, SocketAddr), Failure> {
        let addresses = self.network.resolve(&self.target, report).await?;
        self.race(&addresses, report).await
    }

    /// Happy Eyeballs: attempts start one after the other, each gets a head start, and the first to succeed wins.
    async fn race(&self, addresses: &[SocketAddr], report: &Reporter) -> Result<(TcpStream, SocketAddr), Failure> {
        let mut attempts = FuturesUnordered::new();
        let mut waiting = addresses.iter().copied();
        let mut under_way: Vec<SocketAddr> = Vec::new();
        let mut failures: Vec<(SocketAddr, io::Error)> = Vec::new();
        loop {
            if let Some(address) = waiting.next() {
                under_way.push(address);
                attempts.push(self.attempt(address, report));
            }
            let head_start = async {
                if waiting.len() == 0 || report.stepping() {
                    std::future::pending::<()>().await;
                }
                tokio::time::sleep(STAGGER).await;
            };
            tokio::select! {
                Some((address, result)) = attempts.next() => {
                    under_way.retain(|other| *other != address);
                    match result {
                        Ok(stream) => {
                            for remote in under_way {
                                report.step(|| Step::ConnectAbandoned { remote: format!("tcp://{remote}") });
                            }
                            return Ok((stream, address));
                        }
                        Err(error) => failures.push((address, error)),
                    }
                }
                () = head_start => {}
            }
            if attempts.is_empty() && waiting.len() == 0 {
                return Err(self.all_failed(&failures));
            }
        }
    }

    async fn attempt(&self, address: SocketAddr, report: &Reporter) -> (SocketAddr, io::Result<TcpStream>) {
        let remote = format!("tcp://{address}");
        let mut started = Instant::now();
        let result = async {
            let socket = self.socket(address, report).await?;
            report.gate(Stage::Connect).await;
            report.step(|| Step::Connect { remote: remote.clone() });
            started = Instant::now();
            socket.connect(address).await
        }
        .await;
        let took_ns = nanos(started.elapsed());
        match &result {
            Ok(stream) => {
                // Under fast open the handshake may not even have begun.
                if !sockets::waits_for_data(stream) {
                    report.step(|| Step::Connected {
                        local: stream.local_addr().map_or_else(|error| words(&error), |local| format!("tcp://{local}")),
                        remote,
                        took_ns,
                    });
                }
                self.network.options.established(stream, Role::Client, report);
            }
            Err(error) => report.step(|| Step::ConnectFailed { remote, error: words(error), took_ns }),
        }
        (address, result)
    }

    /// A socket that is ready to connect to this address, bound if that was asked for.
    async fn socket(&self, address: SocketAddr, report: &Reporter) -> io::Result<TcpSocket> {
        report.gate(Stage::Socket).await;
        let socket = self.network.options.socket(Domain::for_address(address), Type::STREAM)?;
        report.step(|| Step::Socket { family: family(address.ip()), kind: "stream".into(), fd: socket.as_raw_fd() });
        self.network.options.apply(&socket, Role::Client, report)?;
        if let Some(bind) = self.network.bind {
            report.gate(Stage::Bind).await;
            // A fixed source port must not wait for TIME-WAIT of the last run.
            socket.set_reuse_address(true)?;
            socket.bind(&own_end(bind, address).into()).map_err(|error| named("bind", &error))?;
            report.step(|| Step::Bound { local: local(&socket, "tcp") });
        }
        Ok(TcpSocket::from_std_stream(socket.into()))
    }

    fn all_failed(&self, failures: &[(SocketAddr, io::Error)]) -> Failure {
        let target = format!("tcp://{}", self.target);
        // Every address counts as refused only if all were: the most telling error is one that is not a refusal.
        let telling = failures
            .iter()
            .find(|(_, error)| !matches!(error.kind(), io::ErrorKind::ConnectionRefused))
            .or(failures.first());
        let Some((_, error)) = telling else {
            return Failure::new(Exit::Resolve, format!("connect to {target}: it has no address"));
        };
        let mut failure = Failure::system("connect to", &target, error);
        if failures.len() > 1 || failures.iter().any(|(address, _)| address.ip().to_string() != self.target.host) {
            let tried: Vec<String> = failures.iter().map(|(address, _)| address.ip().to_string()).collect();
            failure.what = format!("{} (tried {})", failure.what, tried.join(", "));
        }
        failure
    }
}

/// Puts the operation's name before an error, keeping its kind.
pub(super) fn named(operation: &str, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{operation}: {}", words(error)))
}

/// Our own end for a socket that will connect to `remote`.
pub(super) fn own_end(bind: BindAddress, remote: SocketAddr) -> SocketAddr {
    let any = if remote.is_ipv4() { IpAddr::V4(Ipv4Addr::UNSPECIFIED) } else { IpAddr::V6(Ipv6Addr::UNSPECIFIED) };
    SocketAddr::new(bind.address.unwrap_or(any), bind.port)
}

/// `IPv4` or `IPv6`.
pub(super) fn family(address: IpAddr) -> String {
    if address.is_ipv4() { "IPv4" } else { "IPv6" }.to_owned()
}

fn ends(stream: &TcpStream) -> io::Result<Peer> {
    Ok(Peer {
        remote: format!("tcp://{}", unmap(stream.peer_addr()?)),
        local: format!("tcp://{}", unmap(stream.local_addr()?)),
    })
}

/// An IPv4 peer of a dual-stack socket looks like `::ffff:10.0.0.1`; people and scripts know it as `10.0.0.1`.
pub(super) fn unmap(address: SocketAddr) -> SocketAddr {
    match address.ip().to_canonical() {
        IpAddr::V4(v4) => SocketAddr::new(v4.into(), address.port()),
        // A link-local one means something only together with its interface.
        IpAddr::V6(_) => address,
    }
}

/// `tcp listen`
pub struct Bind {
    /// Where.
    pub place: Place,
    /// How many may wait.
    pub backlog: Backlog,
}

impl Bind {
    pub(super) async fn listen(
        &self,
        journal: &Journal,
        mut listener: Listener,
        incoming: Incoming,
    ) -> Result<Listener, Failure> {
        let report = journal.program();
        let (sockets, reach) = self.place.bind(Type::STREAM, "tcp", &report).await?;
        if self.place.options.fastopen && !sockets::listeners_take_data() {
            let text = "fast open is off for listeners; `sysctl -w net.ipv4.tcp_fastopen=3` turns it on".to_owned();
            report.tell(What::Notice { text }).await;
        }
        let mut listeners = Vec::new();
        for socket in sockets {
            let local = local(&socket, "tcp");
            let fail = |error: io::Error| Failure::system("listen on", &local, &error);
            self.backlog.listen(&socket, &local, &report).await.map_err(fail)?;
            listeners.push((TcpListener::from_std(socket.into()).map_err(fail)?, local));
        }
        listener.reach = reach;
        for (socket, local) in listeners {
            listener.endpoints.push(local);
            listener.spawn(accept(socket, self.place.options.clone(), journal.clone(), incoming.clone()));
        }
        Ok(listener)
    }
}

async fn accept(socket: TcpListener, options: Options, journal: Journal, incoming: Incoming) {
    let mut pause = Pause::new(journal.program());
    loop {
        journal.program().gate(Stage::Accept).await;
        match socket.accept().await {
            Ok((stream, from)) => {
                pause.over().await;
                if let Some(refusal) = incoming.door().refusal(Visitor::Address(from.ip())) {
                    let stream = ByteStream::Tcp(stream, Opener::Peer);
                    incoming.door().turn_away(stream, &format!("tcp://{}", unmap(from)), refusal);
                    continue;
                }
                // A peer may be gone before we look at it.
                let Ok(peer) = ends(&stream) else { continue };
                let report = journal.open();
                report.step(|| Step::Accepted {
                    local: peer.local.clone(),
                    remote: peer.remote.clone(),
                    fd: stream.as_raw_fd(),
                });
                options.established(&stream, Role::Listener, &report);
                let opened = Opened { channel: Channel::Bytes(ByteStream::Tcp(stream, Opener::Peer), peer), report };
                if incoming.admit(opened).await.is_err() {
                    return;
                }
            }
            Err(error) if Pause::needed(&error) => pause.after("accepting", &error).await,
            Err(_) => {}
        }
    }
}

/// A socket's own address, as an endpoint that can be typed.
pub(super) fn local(socket: &Socket, scheme: &str) -> String {
    match socket.local_addr().map(|address| address.as_socket()) {
        Ok(Some(address)) => format!("{scheme}://{address}"),
        Ok(None) => format!("{scheme}:?"),
        Err(error) => words(&error),
    }
}
