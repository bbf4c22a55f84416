//! UDP: a connected socket for a client, one unconnected socket for a listener.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::AsRawFd as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use quinn_udp::{UdpSockRef, UdpSocketState};
use rustix::net::sockopt::{Ipv4PathMtuDiscovery, Ipv6PathMtuDiscovery, set_ip_mtu_discover, set_ipv6_mtu_discover};
use socket2::{Domain, Socket, Type};

use super::binding::Place;
use super::demux::Demux;
use super::listener::Incoming;
use super::multicast::{Joins, Outward};
use super::packet_socket::{Address, PacketSocket};
use super::packets::{Ending, Packets};
use super::relay;
use super::sockets::{Role, on_off, put};
use super::tcp::{family, local, named, own_end};
use super::{Channel, Listener, Network, Opened};
use crate::endpoint::{HostPort, ListenOn};
use crate::event::Peer;
use crate::exit::{Exit, Failure, Remedied, words};
use crate::link::{Journal, Reporter};
use crate::quantity::nanos;
use crate::step::{Stage, Step};

/// Asked of the kernel for a listener, which grants at most `net.core.rmem_max`: datagrams that find no room are lost.
const RECEIVE_BUFFER: usize = 8 * 1024 * 1024;

/// `udp connect`
#[derive(Clone)]
pub struct Dial {
    /// Where to.
    pub target: HostPort,
    /// How to reach it.
    pub network: Network,
    /// Longer datagrams are cut, and said to be.
    pub limit: usize,
    /// Groups that are heard too.
    pub joins: Joins,
    /// How datagrams go to many.
    pub outward: Outward,
}

impl Dial {
    pub(super) async fn connect(&self, report: Reporter) -> Result<Opened, Failure> {
        if !self.network.route.is_direct() {
            return relay::connect(self, report).await;
        }
        let lookup = self.network.resolve(&self.target, &report);
        let addresses = if report.stepping() {
            lookup.await?
        } else {
            tokio::time::timeout(self.network.timeout, lookup).await.map_err(|_| {
                Failure::new(
                    Exit::Timeout,
                    format!("resolve {}: no answer within {:?}", self.target.host, self.network.timeout),
                )
                .hint("is the name server reachable? an address needs no lookup")
            })??
        };
        // connect() sends nothing: it fails only where there is no route, and then the next address may have one.
        let mut failure = None;
        for address in addresses {
            let many = address.ip().is_multicast() || self.outward.broadcast || !self.joins.groups.is_empty();
            let (opened, to) = if many {
                (self.open_to_many(address, &report).await, Some(Address::Inet(address, None)))
            } else {
                (self.open(address, &report).await, None)
            };
            match opened {
                Ok((socket, local)) => {
                    let peer = Peer { remote: format!("udp://{address}"), local };
                    let socket =
                        client_socket(socket).map_err(|error| Failure::system("connect to", &peer.remote, &error))?;
                    let packets = Packets { socket, peer, to, ending: Ending::Never, limit: self.limit };
                    return Ok(Opened { channel: Channel::Messages(Box::new(packets)), report });
                }
                Err(error) => {
                    report.step(|| Step::ConnectFailed {
                        remote: format!("udp://{address}"),
                        error: words(&error),
                        took_ns: 0,
                    });
                    failure.get_or_insert(error);
                }
            }
        }
        let error = failure.unwrap_or_else(|| io::ErrorKind::NotFound.into());
        Err(Failure::system("connect to", &format!("udp://{}", self.target), &error))
    }

    /// A socket with one peer, and its own end.
    pub(super) async fn open(&self, address: SocketAddr, report: &Reporter) -> io::Result<(Socket, String)> {
        let socket = self.socket(address, report).await?;
        if let Some(bind) = self.network.bind {
            bind_to(&socket, own_end(bind, address), report).await?;
        }
        report.gate(Stage::Connect).await;
        report.step(|| Step::Connect { remote: format!("udp://{address}") });
        let started = Instant::now();
        socket.connect(&address.into()).map_err(|error| match error.kind() {
            io::ErrorKind::PermissionDenied => {
                Remedied::wrap(&error, words(&error), "if it is a broadcast address, --broadcast sends there")
            }
            _ => error,
        })?;
        let local = local(&socket, "udp");
        report.step(|| Step::Connected {
            local: local.clone(),
            remote: format!("udp://{address}"),
            took_ns: nanos(started.elapsed()),
        });
        Ok((socket, local))
    }

    /// A socket that sends to many and hears whoever answers, and its own end.
    async fn open_to_many(&self, address: SocketAddr, report: &Reporter) -> io::Result<(Socket, String)> {
        let socket = self.socket(address, report).await?;
        self.outward.apply(&socket, report)?;
        let source = self.outward.route(address, &self.network.options)?;
        if !self.joins.groups.is_empty() {
            // Other members on this machine have the port too.
            put(
                report,
                "SO_REUSEADDR",
                "on",
                || socket.set_reuse_address(true),
                || socket.reuse_address().map(on_off),
            )?;
        }
        bind_to(&socket, own_end(self.network.bind.unwrap_or_default(), address), report).await?;
        self.joins.join_all(&socket, report)?;
        report.gate(Stage::Connect).await;
        let port = socket.local_addr()?.as_socket().map_or(0, |bound| bound.port());
        let local = format!("udp://{}", SocketAddr::new(source, port));
        report.step(|| Step::ToMany { local: local.clone(), remote: format!("udp://{address}") });
        Ok((socket, local))
    }

    async fn socket(&self, address: SocketAddr, report: &Reporter) -> io::Result<Socket> {
        report.gate(Stage::Socket).await;
        let options = &self.network.options;
        let socket = options.socket(Domain::for_address(address), Type::DGRAM)?;
        report.step(|| Step::Socket { family: family(address.ip()), kind: "datagram".into(), fd: socket.as_raw_fd() });
        options.apply(&socket, Role::Client, report)?;
        Ok(socket)
    }
}

async fn bind_to(socket: &Socket, own: SocketAddr, report: &Reporter) -> io::Result<()> {
    report.gate(Stage::Bind).await;
    socket.bind(&own.into()).map_err(|error| named("bind", &error))?;
    report.step(|| Step::Bound { local: local(socket, "udp") });
    Ok(())
}

pub(super) fn client_socket(socket: Socket) -> io::Result<PacketSocket> {
    // The state's constructor forbids fragmentation on the socket it is given, and then a large datagram would fail
    // where the path is narrower. A client batches only what it sends, which needs no option, so a scratch socket serves.
    // A network namespace may be without loopback.
    let any: [SocketAddr; 3] =
        [(Ipv4Addr::LOCALHOST, 0).into(), (Ipv6Addr::LOCALHOST, 0).into(), (Ipv4Addr::UNSPECIFIED, 0).into()];
    let scratch = std::net::UdpSocket::bind(&any[..])?;
    let state = UdpSocketState::new(UdpSockRef::from(&scratch))?;
    PacketSocket::udp(socket, state)
}

/// `udp listen`
pub struct Bind {
    /// Where.
    pub place: Place,
    /// A peer is forgotten after so much silence.
    pub expiry: Duration,
    /// Longer datagrams are cut, and said to be.
    pub limit: usize,
    /// Groups that are heard.
    pub joins: Joins,
}

impl Bind {
    fn joins_a_group(&self) -> bool {
        let on_a_group = matches!(self.place.on, ListenOn::Address(address) if address.ip().is_multicast());
        on_a_group || !self.joins.groups.is_empty()
    }

    pub(super) async fn listen(
        &self,
        journal: &Journal,
        mut listener: Listener,
        incoming: Incoming,
    ) -> Result<Listener, Failure> {
        let report = journal.program();
        let (sockets, reach) = if self.joins_a_group() {
            Box::pin(self.joins.bind(&self.place, &report)).await?
        } else {
            self.place.bind(Type::DGRAM, "udp", &report).await?
        };
        let mut opened = Vec::new();
        for socket in sockets {
            let local = local(&socket, "udp");
            let socket = listening_socket(socket, self.place.options.rcvbuf, &report)
                .map_err(|error| Failure::system("listen on", &local, &error))?;
            opened.push((Arc::new(socket), local));
        }
        listener.reach = reach;
        for (socket, local) in opened {
            listener.endpoints.push(local.clone());
            let demux = Demux { socket, local, scheme: "udp", expiry: self.expiry, limit: self.limit, file: None };
            demux.start(&mut listener, journal.clone(), incoming.clone());
        }
        Ok(listener)
    }
}

fn listening_socket(socket: Socket, rcvbuf: Option<usize>, report: &Reporter) -> io::Result<PacketSocket> {
    if rcvbuf.is_none() {
        // Granted up to a limit without an error.
        let set = || socket.set_recv_buffer_size(RECEIVE_BUFFER);
        put(report, "SO_RCVBUF", RECEIVE_BUFFER, set, || socket.recv_buffer_size())?;
    }
    let state = UdpSocketState::new(UdpSockRef::from(&socket))?;
    // It forbids fragmentation, for its own protocol's path discovery; an answer here may be larger than the path.
    let _ = set_ip_mtu_discover(&socket, Ipv4PathMtuDiscovery::WANT);
    let _ = set_ipv6_mtu_discover(&socket, Ipv6PathMtuDiscovery::WANT);
    PacketSocket::udp(socket, state)
}
