//! UDP: a connected socket for a client, one unconnected socket for a listener.

use std::io;
use std::os::fd::AsRawFd as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use quinn_udp::{UdpSockRef, UdpSocketState};
use rustix::net::sockopt::{Ipv4PathMtuDiscovery, Ipv6PathMtuDiscovery, set_ip_mtu_discover, set_ipv6_mtu_discover};
use socket2::{Domain, Socket, Type};

use super::binding::Place;
use super::demux::Demux;
use super::listener::Incoming;
use super::packet_socket::PacketSocket;
use super::packets::{Ending, Packets};
use super::sockets::{Role, put};
use super::tcp::{family, local, named, own_end};
use super::{Channel, Listener, Network, Opened};
use crate::endpoint::HostPort;
use crate::event::Peer;
use crate::exit::{Exit, Failure, words};
use crate::link::{Journal, Reporter};
use crate::step::{Stage, Step};

/// Asked of the kernel for a listener, which grants at most `net.core.rmem_max`: datagrams that find no room are lost.
const RECEIVE_BUFFER: usize = 8 * 1024 * 1024;

/// `udp connect`
pub struct Dial {
    /// Where to.
    pub target: HostPort,
    /// How to reach it.
    pub network: Network,
    /// Longer datagrams are cut, and said to be.
    pub limit: usize,
}

impl Dial {
    pub(super) async fn connect(&self, report: Reporter) -> Result<Opened, Failure> {
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
            match self.open(address, &report).await {
                Ok(socket) => {
                    let peer = Peer { remote: format!("udp://{address}"), local: local(&socket, "udp") };
                    let socket =
                        client_socket(socket).map_err(|error| Failure::system("connect to", &peer.remote, &error))?;
                    report.gate(Stage::Talk).await;
                    let packets = Packets { socket, peer, ending: Ending::Never, limit: self.limit };
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

    async fn open(&self, address: std::net::SocketAddr, report: &Reporter) -> io::Result<Socket> {
        report.gate(Stage::Socket).await;
        let options = &self.network.options;
        let socket = options.socket(Domain::for_address(address), Type::DGRAM)?;
        report.step(|| Step::Socket { family: family(address.ip()), kind: "datagram".into(), fd: socket.as_raw_fd() });
        options.apply(&socket, Role::Client, report)?;
        if let Some(bind) = self.network.bind {
            report.gate(Stage::Bind).await;
            socket.bind(&own_end(bind, address).into()).map_err(|error| named("bind", &error))?;
            report.step(|| Step::Bound { local: local(&socket, "udp") });
        }
        report.gate(Stage::Connect).await;
        report.step(|| Step::Connect { remote: format!("udp://{address}") });
        let started = Instant::now();
        socket.connect(&address.into())?;
        report.step(|| Step::Connected {
            local: local(&socket, "udp"),
            remote: format!("udp://{address}"),
            took_ns: u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX),
        });
        Ok(socket)
    }
}

fn client_socket(socket: Socket) -> io::Result<PacketSocket> {
    // The state's constructor forbids fragmentation on the socket it is given, and then a large datagram would fail
    // where the path is narrower. A client batches only what it sends, which needs no option, so a scratch socket serves.
    let scratch = std::net::UdpSocket::bind(("127.0.0.1", 0)).or_else(|_| std::net::UdpSocket::bind(("::1", 0)))?;
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
}

impl Bind {
    pub(super) async fn listen(
        &self,
        journal: &Journal,
        mut listener: Listener,
        incoming: Incoming,
    ) -> Result<Listener, Failure> {
        let report = journal.program();
        let (sockets, reach) = self.place.bind(Type::DGRAM, "udp", &report).await?;
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
