//! What the kernel knows of a TCP socket: its state, its queues, and how much the peer's kernel acknowledged.
//!
//! Linux answers through `sock_diag`, without privileges and for any socket of the network namespace. Elsewhere
//! nothing is known, and every question is answered with `None`.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::AsFd;
use std::time::Duration;

use socket2::{SockAddr, SockRef};

use super::sockets::peer_name;
use crate::stats::TcpInfo;

#[cfg(target_os = "linux")]
#[path = "kernel/sock_diag.rs"]
mod imp;
#[cfg(not(target_os = "linux"))]
mod imp {
    use std::convert::Infallible;

    pub(super) type Subscription = Infallible;

    pub(super) fn state(_: super::Connection) -> Option<super::TcpState> {
        None
    }

    pub(super) fn udp(_: super::Connection) -> Option<super::UdpState> {
        None
    }

    pub(super) fn unix(_: u32) -> Option<super::UnixState> {
        None
    }

    pub(super) fn state_name(_: u8) -> Option<&'static str> {
        None
    }

    pub(super) fn subscribe() -> Option<Subscription> {
        None
    }

    pub(super) fn last_state(
        subscription: &Subscription,
        _: super::Connection,
        _: std::time::Duration,
    ) -> Option<super::TcpState> {
        match *subscription {}
    }
}

/// The two ends that name a TCP connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connection {
    /// Our end.
    pub local: SocketAddr,
    /// The peer's end.
    pub remote: SocketAddr,
}

impl Connection {
    /// The ends of a stream that is connected or, under fast open, will be; after a reset they can no longer be asked for.
    pub fn of(stream: impl AsFd) -> io::Result<Self> {
        let socket = SockRef::from(&stream);
        let address = |address: SockAddr| address.as_socket().ok_or(io::ErrorKind::Unsupported.into());
        let remote = match socket.peer_addr() {
            Ok(remote) => address(remote),
            Err(error) => peer_name(&stream).ok_or(error),
        };
        Ok(Self { local: address(socket.local_addr()?)?, remote: remote? })
    }
}

/// Which side opened the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opener {
    /// We did, with `connect()`.
    Us,
    /// We did, and under fast open the first bytes go with the SYN.
    Early,
    /// The peer did, and we accepted.
    Peer,
}

/// A TCP socket as the kernel sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TcpState {
    /// RFC 9293's name of the state, with its hyphens: `ESTABLISHED`, `TIME-WAIT`.
    pub name: &'static str,
    /// Bytes that were sent or wait to be, and that the peer's kernel has not acknowledged. A FIN counts as one.
    pub unacknowledged: u32,
    /// Bytes that arrived and that nobody has read.
    pub unread: u32,
    /// What happens next by itself.
    pub timer: Option<Timer>,
    /// The measurements; a socket in `TIME-WAIT` has none.
    pub info: Option<TcpInfo>,
    /// What holds it back; a socket in `TIME-WAIT` sends nothing.
    pub sending: Option<Sending>,
}

/// A timer of a TCP socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timer {
    /// What is not acknowledged goes again after so long.
    Retransmission(Duration),
    /// A silent peer is asked whether it is there after so long.
    Keepalive(Duration),
    /// A peer that has no room is asked whether it has after so long.
    WindowProbe(Duration),
    /// The name of the connection is given up.
    TimeWait,
}

/// How far a TCP socket may send, and has sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sending {
    /// Where the congestion window grows slowly, in segments; not known before the first loss.
    pub slow_start_threshold: Option<u32>,
    /// Bytes that the peer has room for; known since Linux 5.4.
    pub peer_window: Option<u32>,
    /// Segments with data that were sent, again or for the first time.
    pub data_segments: u32,
    /// Probes and keepalives that were not answered.
    pub unanswered: u32,
}

/// The socket with these two ends, if the kernel still has one. Costs some 10 µs.
#[must_use]
pub fn state(connection: Connection) -> Option<TcpState> {
    imp::state(connection)
}

/// The state of a socket of ours, which may have no name yet and none any more.
pub fn own_state(socket: impl AsFd) -> Option<&'static str> {
    super::sockets::tcp_state(socket).and_then(imp::state_name)
}

/// A TCP socket that listens, as the kernel sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AcceptQueue {
    /// Finished handshakes that wait for `accept()`.
    pub waiting: u32,
    /// How many may.
    pub backlog: u32,
}

/// The socket that listens at this address, if there is one.
#[must_use]
pub fn listener(local: SocketAddr) -> Option<AcceptQueue> {
    // In its answer the kernel puts the queue where other sockets have theirs.
    let state = imp::state(Connection { local, remote: nobody(local) })?;
    (state.name == "LISTEN").then_some(AcceptQueue { waiting: state.unread, backlog: state.unacknowledged })
}

/// A UDP socket as the kernel sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UdpState {
    /// Whether `connect()` gave it a peer.
    pub peer: UdpPeer,
    /// What waits to be read, in bytes of the kernel's memory: more than the payload.
    pub unread: u32,
    /// Datagrams that came and found no room.
    pub dropped: Option<u32>,
}

/// Whom a UDP socket hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UdpPeer {
    /// Everybody.
    Anybody,
    /// Only the peer that was given to `connect()`.
    One,
}

/// The UDP socket at this address, and with this peer if it is connected.
#[must_use]
pub fn udp(local: SocketAddr, remote: Option<SocketAddr>) -> Option<UdpState> {
    imp::udp(Connection { local, remote: remote.unwrap_or_else(|| nobody(local)) })
}

/// A Unix socket as the kernel sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnixState {
    /// It listens.
    Listen(AcceptQueue),
    /// It belongs together with another.
    Connected {
        /// Bytes, or the bytes of the first packet, that nobody has read.
        unread: u32,
    },
    /// It belongs to none, or takes datagrams of all.
    Unconnected {
        /// The same.
        unread: u32,
    },
}

/// The Unix socket with this inode: mostly it has no name by which it could be asked for.
#[must_use]
pub fn unix(inode: u32) -> Option<UnixState> {
    imp::unix(inode)
}

/// What stands for a peer where there is none.
fn nobody(local: SocketAddr) -> SocketAddr {
    let ip = if local.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { IpAddr::from(Ipv6Addr::UNSPECIFIED) };
    SocketAddr::new(ip, 0)
}

/// Finds out what became of the bytes of a connection that is over.
///
/// A reset takes a socket out of the kernel's tables, so that it can no longer be asked for, and in `TIME-WAIT` its
/// measurements are gone. When it ends, which is not before its last descriptor is closed, the kernel announces that,
/// with its last measurements, to whoever subscribed before.
#[derive(Debug)]
pub struct Autopsy {
    subscription: imp::Subscription,
    connection: Connection,
}

impl Autopsy {
    /// Subscribes. After this the caller closes every descriptor of the socket.
    #[must_use]
    pub fn begin(connection: Connection) -> Option<Self> {
        Some(Self { subscription: imp::subscribe()?, connection })
    }

    /// The socket as it ended. Waits at most this long for the announcement: a peer that has not acknowledged our end
    /// keeps it from ending.
    #[must_use]
    pub fn last_state(&self, timeout: Duration) -> Option<TcpState> {
        imp::last_state(&self.subscription, self.connection, timeout)
    }
}

impl TcpInfo {
    /// How many of the `sent` bytes that were given to the kernel the peer's kernel acknowledged.
    #[must_use]
    pub fn acknowledged(&self, sent: u64, opener: Opener) -> u64 {
        let syn = match opener {
            Opener::Us | Opener::Early => 1,
            Opener::Peer => 0,
        };
        // What is above `sent` is the FIN: it is acknowledged only after all of the payload.
        self.bytes_acked.saturating_sub(syn).min(sent)
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::{Shutdown, TcpListener, TcpStream, UdpSocket};
    use std::os::unix::net::UnixStream;

    use super::*;

    const SOON: Duration = Duration::from_secs(5);

    fn pair(address: &str) -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind(address).expect("bind");
        let target = SocketAddr::new(address.parse::<SocketAddr>().expect("address").ip(), port(&listener));
        let target =
            if target.ip().is_unspecified() { SocketAddr::new([127, 0, 0, 1].into(), target.port()) } else { target };
        let connecting = TcpStream::connect(target).expect("connect");
        (connecting, listener.accept().expect("accept").0)
    }

    fn port(listener: &TcpListener) -> u16 {
        listener.local_addr().expect("address").port()
    }

    /// Closes with RST instead of FIN.
    fn reset(stream: TcpStream) {
        socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).expect("SO_LINGER");
        drop(stream);
    }

    /// Asks until the answer satisfies; acknowledgements take the kernel a moment even on loopback.
    fn wait_for(connection: Connection, wanted: impl Fn(Option<&TcpState>) -> bool) -> Option<TcpState> {
        let deadline = std::time::Instant::now() + SOON;
        loop {
            let now = state(connection);
            if wanted(now.as_ref()) || std::time::Instant::now() > deadline {
                return now;
            }
            std::thread::yield_now();
        }
    }

    fn acknowledged(autopsy: &Autopsy, sent: u64, opener: Opener) -> u64 {
        let last = autopsy.last_state(SOON).expect("announced");
        last.info.expect("measurements").acknowledged(sent, opener)
    }

    #[test]
    fn the_state_of_both_ends_as_they_close() {
        for address in ["127.0.0.1:0", "[::1]:0", "[::]:0"] {
            let (mut near, far) = pair(address);
            let (of_near, of_far) = (Connection::of(&near).expect("ends"), Connection::of(&far).expect("ends"));
            near.write_all(b"hello").expect("write");
            let state = wait_for(of_near, |state| state.is_some_and(|state| state.unacknowledged == 0)).expect(address);
            assert_eq!((state.name, state.unacknowledged, state.unread), ("ESTABLISHED", 0, 0), "{address}");
            let info = state.info.expect("info");
            assert_eq!((info.bytes_acked, info.retransmissions), (5 + 1, 0), "{address}");
            assert!(info.segment_size >= 536 && info.congestion_window > 0, "{address}: {info:?}");
            let state = super::state(of_far).expect(address);
            assert_eq!((state.name, state.unread), ("ESTABLISHED", 5), "{address}");
            assert_eq!(state.info.map(|info| (info.bytes_acked, info.bytes_received)), Some((0, 5)), "{address}");

            near.shutdown(Shutdown::Write).expect("shutdown");
            let name = |state: Option<TcpState>| state.map(|state| state.name);
            assert_eq!(name(wait_for(of_near, |s| s.is_some_and(|s| s.name == "FIN-WAIT-2"))), Some("FIN-WAIT-2"));
            assert_eq!(name(wait_for(of_far, |s| s.is_some_and(|s| s.name == "CLOSE-WAIT"))), Some("CLOSE-WAIT"));
            far.shutdown(Shutdown::Write).expect("shutdown");
            let state = wait_for(of_near, |s| s.is_some_and(|s| s.name == "TIME-WAIT")).expect(address);
            assert_eq!((state.name, state.info), ("TIME-WAIT", None), "{address}");
            assert_eq!(wait_for(of_far, |s| s.is_none()), None, "{address}");
        }
    }

    #[test]
    fn a_listener_and_those_that_wait_for_it() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let listener = TcpListener::bind(address).expect("bind");
            let local = listener.local_addr().expect("address");
            let before = super::listener(local).expect(address);
            assert_eq!(before.waiting, 0, "{address}");
            let _client = TcpStream::connect(local).expect("connect");
            let waits = wait_until(|| super::listener(local), |queue| queue.is_some_and(|queue| queue.waiting == 1));
            assert_eq!(waits, Some(AcceptQueue { waiting: 1, ..before }), "{address}");
            drop(listener);
            assert_eq!(super::listener(local), None, "{address}");
        }
    }

    #[test]
    fn a_udp_socket_with_and_without_a_peer() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let (server, client) = (UdpSocket::bind(address).expect("bind"), UdpSocket::bind(address).expect("bind"));
            let (at, from) = (server.local_addr().expect("address"), client.local_addr().expect("address"));
            let state = udp(at, None).expect(address);
            assert_eq!((state.peer, state.unread), (UdpPeer::Anybody, 0), "{address}");
            assert_eq!(udp(from, Some(at)), None, "{address}: not connected yet");
            client.connect(at).expect("connect");
            assert_eq!(udp(from, Some(at)).map(|state| state.peer), Some(UdpPeer::One), "{address}");
            client.send(b"hello").expect("send");
            let state = wait_until(|| udp(at, None), |state| state.is_some_and(|state| state.unread >= 5));
            assert!(state.is_some_and(|state| state.unread >= 5), "{address}: {state:?}");
            drop(server);
            assert_eq!(udp(at, None), None, "{address}");
        }
    }

    /// Asks until the answer satisfies.
    fn wait_until<T>(ask: impl Fn() -> T, wanted: impl Fn(&T) -> bool) -> T {
        let deadline = std::time::Instant::now() + SOON;
        loop {
            let now = ask();
            if wanted(&now) || std::time::Instant::now() > deadline {
                return now;
            }
            std::thread::yield_now();
        }
    }

    #[test]
    fn a_unix_socket_is_asked_for_by_its_inode() {
        let inode =
            |socket: &UnixStream| u32::try_from(rustix::fs::fstat(socket).expect("stat").st_ino).expect("32 bits");
        let (mut near, far) = UnixStream::pair().expect("a pair");
        near.write_all(b"hello").expect("write");
        assert_eq!(unix(inode(&near)), Some(UnixState::Connected { unread: 0 }));
        assert_eq!(unix(inode(&far)), Some(UnixState::Connected { unread: 5 }));
        let of_far = inode(&far);
        drop((near, far));
        assert_eq!(unix(of_far), None);
    }

    #[test]
    fn nobody_knows_a_connection_that_never_was() {
        let (near, _far) = pair("127.0.0.1:0");
        let real = Connection::of(&near).expect("ends");
        let remote = SocketAddr::new([127, 9, 9, 9].into(), 9);
        assert_eq!(state(Connection { remote, ..real }), None);
        let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
        let local = listener.local_addr().expect("address");
        assert_eq!(state(Connection { local, remote }), None, "the listener is no connection");
    }

    #[test]
    fn after_a_reset_the_acknowledged_payload_is_known_exactly() {
        // The peer's kernel has all of it, and no FIN was sent, whoever opened and in either family.
        for address in ["127.0.0.1:0", "[::1]:0", "[::]:0"] {
            for opener in [Opener::Us, Opener::Peer] {
                let (connecting, accepted) = pair(address);
                let (mut ours, mut theirs) = match opener {
                    Opener::Us | Opener::Early => (connecting, accepted),
                    Opener::Peer => (accepted, connecting),
                };
                let connection = Connection::of(&ours).expect("ends");
                ours.write_all(&[7; 1000]).expect("write");
                theirs.read_exact(&mut [0; 1000]).expect("read");
                reset(theirs);
                ours.read(&mut [0]).expect_err("reset");
                let autopsy = Autopsy::begin(connection).expect("subscribe");
                drop(ours);
                assert_eq!(acknowledged(&autopsy, 1000, opener), 1000, "{address} {opener:?}");
            }
        }
    }

    #[test]
    fn an_acknowledged_fin_is_no_payload() {
        let (mut ours, mut theirs) = pair("127.0.0.1:0");
        let connection = Connection::of(&ours).expect("ends");
        ours.write_all(b"hello").expect("write");
        ours.shutdown(Shutdown::Write).expect("shutdown");
        theirs.read_to_end(&mut Vec::new()).expect("read");
        wait_for(connection, |state| state.is_some_and(|state| state.name == "FIN-WAIT-2"));
        reset(theirs);
        ours.read(&mut [0]).expect_err("reset");
        let autopsy = Autopsy::begin(connection).expect("subscribe");
        drop(ours);
        assert_eq!(acknowledged(&autopsy, 5, Opener::Us), 5);
    }

    #[test]
    fn what_a_peer_never_took_is_not_acknowledged() {
        let (mut ours, mut theirs) = pair("127.0.0.1:0");
        let connection = Connection::of(&ours).expect("ends");
        let reader = std::thread::spawn(move || {
            theirs.read_exact(&mut vec![0; 100_000]).expect("read");
            reset(theirs);
        });
        let mut sent = 0;
        while let Ok(n) = ours.write(&[7; 8192]) {
            sent += n as u64;
        }
        reader.join().expect("reader");
        let autopsy = Autopsy::begin(connection).expect("subscribe");
        drop(ours);
        let acked = acknowledged(&autopsy, sent, Opener::Us);
        assert!((100_000..=sent).contains(&acked), "{acked} of {sent}");
    }
}
