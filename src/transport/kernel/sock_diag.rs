//! The questions to `sock_diag(7)`: one socket by its two ends, and the announcements of sockets that end.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use netlink_packet_core::{NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload};
use netlink_packet_sock_diag::constants::{AF_INET, AF_INET6, IPPROTO_TCP, IPPROTO_UDP};
use netlink_packet_sock_diag::inet::nlas::Nla;
use netlink_packet_sock_diag::inet::{self, ExtensionFlags, InetRequest, InetResponse, SocketId, StateFlags};
use netlink_packet_sock_diag::message::SockDiagMessage;
use netlink_packet_sock_diag::unix::{self, ShowFlags, UnixRequest};
use netlink_sys::{Socket, protocols::NETLINK_SOCK_DIAG};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::{AcceptQueue, Connection, Sending, TcpState, Timer, UdpPeer, UdpState, UnixState};
use crate::stats::TcpInfo;

/// Multicast groups of `NETLINK_SOCK_DIAG`: `SKNLGRP_INET_TCP_DESTROY` and `SKNLGRP_INET6_TCP_DESTROY`.
/// A dual-stack socket belongs to the second, even when its peer speaks IPv4.
const TCP_DESTROY: [u32; 2] = [1, 3];
/// `INET_DIAG_NOCOOKIE`: any socket with these ends, not only the one we asked for before.
const ANY_COOKIE: [u8; 8] = [0xff; 8];
/// States of Unix sockets, which have the numbers of TCP's.
const ESTABLISHED: u8 = 1;
const LISTEN: u8 = 10;
/// `INET_DIAG_SKMEMINFO`, which has the drops. The bit of an extension is its number less one.
const MEMORY: ExtensionFlags = ExtensionFlags::SKMEMINFO;
/// The kernel answers at once; this only bounds what should not happen.
const ANSWER: Duration = Duration::from_secs(1);

pub(super) type Subscription = Socket;

pub(super) fn state(connection: Connection) -> Option<TcpState> {
    let response = ask(&request(connection, IPPROTO_TCP, ExtensionFlags::INFO))?;
    // Of a connection that is gone it finds the listener at our end.
    is_between(&response.header.socket_id, connection).then(|| tcp_state(&response))
}

pub(super) fn udp(connection: Connection) -> Option<UdpState> {
    // The kernel's question is of the packet that the socket would get, "for historical reasons".
    let turned = Connection { local: connection.remote, remote: connection.local };
    let response = ask(&request(turned, IPPROTO_UDP, MEMORY))?;
    is_between(&response.header.socket_id, connection).then(|| UdpState {
        peer: if response.header.state == 1 { UdpPeer::One } else { UdpPeer::Anybody },
        unread: response.header.recv_queue,
        dropped: response.nlas.iter().find_map(|nla| match nla {
            Nla::MemInfo(memory) => Some(memory.drops),
            _ => None,
        }),
    })
}

pub(super) fn unix(inode: u32) -> Option<UnixState> {
    let SockDiagMessage::UnixResponse(response) = answer(&message(SockDiagMessage::UnixRequest(UnixRequest {
        state_flags: unix::StateFlags::all(),
        inode,
        show_flags: ShowFlags::RQLEN,
        cookie: ANY_COOKIE,
    })))?
    else {
        return None;
    };
    let queue = response.nlas.iter().find_map(|nla| match nla {
        unix::nlas::Nla::ReceiveQueueLength(received, second) => Some((*received, *second)),
        _ => None,
    });
    let (received, second) = queue.unwrap_or_default();
    Some(match response.header.state {
        LISTEN => UnixState::Listen(AcceptQueue { waiting: received, backlog: second }),
        ESTABLISHED => UnixState::Connected { unread: received },
        _ => UnixState::Unconnected { unread: received },
    })
}

/// The answer to a question about one socket of IP.
fn ask(request: &[u8]) -> Option<Box<InetResponse>> {
    match answer(request)? {
        SockDiagMessage::InetResponse(response) => Some(response),
        _ => None,
    }
}

fn answer(request: &[u8]) -> Option<SockDiagMessage> {
    let socket = Socket::new(NETLINK_SOCK_DIAG).ok()?;
    socket.send(request, 0).ok()?;
    receive(&socket, Instant::now() + ANSWER).ok()?
}

pub(super) fn subscribe() -> Option<Subscription> {
    let mut socket = Socket::new(NETLINK_SOCK_DIAG).ok()?;
    socket.bind_auto().ok()?;
    for group in TCP_DESTROY {
        socket.add_membership(group).ok()?;
    }
    Some(socket)
}

pub(super) fn last_state(subscription: &Subscription, connection: Connection, timeout: Duration) -> Option<TcpState> {
    let deadline = Instant::now() + timeout;
    loop {
        match receive(subscription, deadline) {
            Ok(Some(SockDiagMessage::InetResponse(response))) if is_between(&response.header.socket_id, connection) => {
                return Some(tcp_state(&response));
            }
            Err(error) if error.kind() == io::ErrorKind::TimedOut => return None,
            // Another connection of this machine ended; or so many did that announcements were dropped (ENOBUFS).
            _ => {}
        }
    }
}

/// One message, or `None` when it is an error or nothing that we understand.
fn receive(socket: &Socket, deadline: Instant) -> io::Result<Option<SockDiagMessage>> {
    let left = deadline.saturating_duration_since(Instant::now());
    let left = Timespec::try_from(left).unwrap_or_default();
    match poll(&mut [PollFd::new(socket, PollFlags::IN)], Some(&left)) {
        Ok(0) => return Err(io::ErrorKind::TimedOut.into()),
        Ok(_) => {}
        Err(error) => return Err(error.into()),
    }
    let mut buffer = Vec::with_capacity(8192);
    socket.recv(&mut buffer, 0)?;
    let payload = NetlinkMessage::<SockDiagMessage>::deserialize(&buffer).map(|message| message.payload);
    Ok(match payload {
        Ok(NetlinkPayload::InnerMessage(message)) => Some(message),
        _ => None,
    })
}

fn request(connection: Connection, protocol: u8, extensions: ExtensionFlags) -> Vec<u8> {
    let (local, remote) = (connection.local, connection.remote);
    let (source_address, destination_address) = (local.ip().to_canonical(), remote.ip().to_canonical());
    message(SockDiagMessage::InetRequest(InetRequest {
        family: if source_address.is_ipv4() { AF_INET } else { AF_INET6 },
        protocol,
        extensions,
        states: StateFlags::all(),
        socket_id: SocketId {
            source_port: local.port(),
            destination_port: remote.port(),
            source_address,
            destination_address,
            interface_id: interface(local).max(interface(remote)),
            cookie: ANY_COOKIE,
        },
    }))
}

fn message(message: SockDiagMessage) -> Vec<u8> {
    let mut header = NetlinkHeader::default();
    header.flags = NLM_F_REQUEST;
    let mut packet = NetlinkMessage::new(header, message.into());
    packet.finalize();
    let mut bytes = vec![0; packet.buffer_len()];
    packet.serialize(&mut bytes);
    bytes
}

/// A link-local address means something only together with its interface.
fn interface(address: SocketAddr) -> u32 {
    match address {
        SocketAddr::V4(_) => 0,
        SocketAddr::V6(address) => address.scope_id(),
    }
}

fn is_between(id: &SocketId, connection: Connection) -> bool {
    let same = |address: IpAddr, port, end: SocketAddr| {
        port == end.port() && address.to_canonical() == end.ip().to_canonical()
    };
    same(id.source_address, id.source_port, connection.local)
        && same(id.destination_address, id.destination_port, connection.remote)
}

/// RFC 9293's names for `TCP_ESTABLISHED` and so on; `SYN_RECV` answers a request that has no full socket yet.
pub(super) fn state_name(state: u8) -> Option<&'static str> {
    Some(match state {
        1 => "ESTABLISHED",
        2 => "SYN-SENT",
        3 | 12 => "SYN-RECEIVED",
        4 => "FIN-WAIT-1",
        5 => "FIN-WAIT-2",
        6 => "TIME-WAIT",
        7 => "CLOSED",
        8 => "CLOSE-WAIT",
        9 => "LAST-ACK",
        10 => "LISTEN",
        11 => "CLOSING",
        _ => return None,
    })
}

fn tcp_state(response: &InetResponse) -> TcpState {
    let raw = response.nlas.iter().find_map(|nla| match nla {
        Nla::TcpInfo(raw) => Some(raw),
        _ => None,
    });
    TcpState {
        name: state_name(response.header.state).unwrap_or("UNKNOWN"),
        unacknowledged: response.header.send_queue,
        unread: response.header.recv_queue,
        timer: response.header.timer.as_ref().map(|timer| match timer {
            inet::Timer::Retransmit(left, _) => Timer::Retransmission(*left),
            inet::Timer::KeepAlive(left) => Timer::Keepalive(*left),
            inet::Timer::Probe(left) => Timer::WindowProbe(*left),
            inet::Timer::TimeWait => Timer::TimeWait,
        }),
        info: raw.and_then(|raw| tcp_info(raw)),
        sending: raw.and_then(|raw| sending(raw)),
    }
}

fn u32_at(raw: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(*raw.get(at..)?.first_chunk()?))
}

fn sending(raw: &[u8]) -> Option<Sending> {
    /// `TCP_INFINITE_SSTHRESH`: nothing was lost yet.
    const INFINITE: u32 = 0x7fff_ffff;
    Some(Sending {
        slow_start_threshold: u32_at(raw, 76).filter(|threshold| *threshold < INFINITE),
        peer_window: u32_at(raw, 228),
        data_segments: u32_at(raw, 156)?,
        unanswered: (*raw.get(3)?).into(),
    })
}

/// Reads `struct tcp_info` at its fixed offsets; kernels append to it and never move a field. All of these are there
/// since Linux 4.19.
fn tcp_info(raw: &[u8]) -> Option<TcpInfo> {
    let u32_at = |at: usize| u32_at(raw, at);
    let u64_at = |at: usize| Some(u64::from_ne_bytes(*raw.get(at..)?.first_chunk()?));
    let micros = |micros: u64| micros * 1_000;
    // All ones: there was no sample yet. Zero: the rate is not known.
    let min_rtt = u32_at(148)?;
    let delivery_rate = u64_at(160)?;
    Some(TcpInfo {
        segment_size: u32_at(16)?,
        lost: u32_at(32)?,
        rtt_ns: micros(u32_at(68)?.into()),
        rtt_var_ns: micros(u32_at(72)?.into()),
        min_rtt_ns: (min_rtt != u32::MAX).then(|| micros(min_rtt.into())),
        congestion_window: u32_at(80)?,
        retransmissions: u32_at(100)?,
        bytes_acked: u64_at(120)?,
        bytes_received: u64_at(128)?,
        delivery_rate: (delivery_rate > 0).then_some(delivery_rate),
        busy_ns: micros(u64_at(168)?),
        peer_limited_ns: micros(u64_at(176)?),
        buffer_limited_ns: micros(u64_at(184)?),
        bytes_sent: u64_at(200)?,
        bytes_retransmitted: u64_at(208)?,
    })
}
