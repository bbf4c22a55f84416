//! What happens below the messages: one variant a step, in the order a socket lives.
//!
//! `view::explain` has one exhaustive match over these, so that a step without an explanation does not compile.

pub mod http;
pub mod sio;
pub mod tls;
pub mod ws;

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// A step of a socket's life. Times are nanoseconds; addresses are endpoints that can be typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "kebab-case")]
pub enum Step {
    /// `--step` waits for Enter before this stage.
    Waiting {
        /// What comes next.
        next: Stage,
    },
    /// A name is being looked up.
    Resolve {
        /// The name.
        host: String,
    },
    /// The name's addresses, in the order they will be tried.
    Resolved {
        /// The name.
        host: String,
        /// RFC 6724 order from the resolver, families interleaved (RFC 8305 §4).
        addresses: Vec<IpAddr>,
        /// How long it took.
        took_ns: u64,
    },
    /// The name's addresses were known: nobody was asked.
    Known {
        /// The name.
        host: String,
        /// In the order in which they were given.
        addresses: Vec<IpAddr>,
    },
    /// `socket()` made a file descriptor.
    Socket {
        /// `IPv4`, `IPv6` or `Unix`.
        family: String,
        /// `stream`, `datagram` or `seqpacket`.
        #[serde(rename = "type")]
        kind: String,
        /// The descriptor's number.
        fd: i32,
    },
    /// A socket option was set and read back.
    SocketOption {
        /// Its name: `SO_REUSEADDR`.
        name: String,
        /// What was asked for.
        asked: String,
        /// What the kernel made of it.
        got: String,
    },
    /// `bind()` gave the socket a local address.
    Bound {
        /// The address, with the real port.
        local: String,
    },
    /// Whoever started us had opened this socket.
    HandedOver {
        /// Its descriptor.
        fd: i32,
        /// What it is called there.
        name: String,
        /// The address.
        local: String,
    },
    /// The service manager was told something.
    Told {
        /// Where it listens.
        manager: String,
        /// `READY=1`
        state: String,
    },
    /// `connect()` was called.
    Connect {
        /// Where to.
        remote: String,
    },
    /// An attempt failed; others may be under way.
    ConnectFailed {
        /// Where to.
        remote: String,
        /// The system's words.
        error: String,
        /// How long it took to fail.
        took_ns: u64,
    },
    /// An attempt was given up because another won the race (RFC 8305 §5).
    ConnectAbandoned {
        /// Where to.
        remote: String,
    },
    /// The handshake is complete.
    Connected {
        /// Our end.
        local: String,
        /// The other end.
        remote: String,
        /// From `connect()` to established: one round trip for TCP.
        took_ns: u64,
    },
    /// Which way to the target was chosen, and who said so.
    Route {
        /// The proxies, the nearest first; none is the direct way.
        proxies: Vec<String>,
        /// `--proxy`, a variable, or the entry of `NO_PROXY` that exempts the target.
        reason: String,
    },
    /// A proxy was asked for something.
    ProxyAsked {
        /// Which: `socks5h://127.0.0.1:1080`.
        proxy: String,
        /// For what.
        exchange: Exchange,
        /// What was said.
        words: String,
        /// The bytes, as digits or as the lines of a head. What is secret is hidden.
        bytes: String,
    },
    /// A proxy has answered.
    ProxyAnswered {
        /// Which.
        proxy: String,
        /// What it had been asked for.
        exchange: Exchange,
        /// What it said.
        words: String,
        /// The bytes.
        bytes: String,
        /// How long it took: for a way to the target, the proxy's own connecting too.
        took_ns: u64,
    },
    /// The proxy wants what was said again, on a new connection.
    ProxyAgain {
        /// Which.
        proxy: String,
    },
    /// A datagram from a relay was thrown away.
    RelayDropped {
        /// Why.
        reason: String,
    },
    /// Something happened inside TLS.
    Tls(tls::Tls),
    /// Something happened inside a WebSocket.
    Ws(ws::Ws),
    /// Something happened in HTTP.
    Http(http::Http),
    /// Something happened in Socket.IO.
    Sio(sio::Sio),
    /// What became of fast open (RFC 7413).
    FastOpen {
        /// What.
        outcome: FastOpen,
    },
    /// Multipath TCP was asked for (RFC 8684), and the handshake has told what the peer speaks.
    Multipath {
        /// The peer speaks it too; otherwise this is plain TCP.
        spoken: bool,
    },
    /// A group was joined: what is sent to it is heard.
    Joined {
        /// Its address.
        group: IpAddr,
        /// At this interface; where the routes lead if none was named.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        interface: Option<String>,
        /// Only what comes from here, if that was asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source: Option<IpAddr>,
    },
    /// Datagrams will go to a group or to everybody; whoever answers is heard.
    ToMany {
        /// Where they come from.
        local: String,
        /// Where they go.
        remote: String,
    },
    /// `listen()` was called: the kernel now completes handshakes by itself.
    Listen {
        /// Where.
        local: String,
        /// How many finished handshakes may wait for `accept()`.
        backlog: u32,
        /// What was asked for, if the kernel made it less.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        asked: Option<u32>,
    },
    /// `accept()` made a new socket for one peer.
    Accepted {
        /// Our end.
        local: String,
        /// The other end.
        remote: String,
        /// The new socket's descriptor.
        fd: i32,
    },
    /// A peer came that may not, or not now, and was not served.
    TurnedAway {
        /// The other end.
        remote: String,
        /// In words.
        why: String,
    },
    /// A stale Unix socket file, whose owner is gone, was removed.
    StaleRemoved {
        /// Its path.
        path: String,
    },
    /// Bytes were handed to the kernel.
    Sent {
        /// How many.
        bytes: u64,
    },
    /// Bytes were taken from the kernel.
    Received {
        /// How many.
        bytes: u64,
    },
    /// `shutdown(SHUT_WR)`: our direction is over (FIN).
    Shutdown,
    /// `recv()` returned 0: the peer's direction is over.
    EndOfStream,
    /// Input that arrived after our close was read and thrown away, so that close sends no reset.
    Drained {
        /// How many bytes.
        bytes: u64,
    },
    /// The peer reset the connection (RST).
    Reset,
    /// An ICMP error came back for a datagram.
    Unreachable {
        /// The system's words.
        error: String,
    },
    /// `close()`: the descriptor is gone.
    Closed {
        /// What the kernel said of the socket just before, where it can be asked: `TIME-WAIT`, `CLOSE`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        state: Option<String>,
    },
    /// A program was started for the conversation.
    Spawned {
        /// Its name.
        program: String,
        /// The number of its process and of its process group.
        pid: u32,
    },
    /// A program whose conversation is over was sent a signal, with its whole group.
    Signalled {
        /// The number of its process.
        pid: u32,
        /// `SIGHUP`, `SIGKILL`.
        signal: String,
    },
    /// A program has ended and was reaped.
    Exited {
        /// Its name.
        program: String,
        /// The number that its process had.
        pid: u32,
        /// `exited with 0`, `was killed by SIGSEGV`.
        how: String,
    },
    /// So many steps were not recorded because nobody read them fast enough.
    Skipped {
        /// How many.
        count: u64,
    },
}

/// What can be exchanged with a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exchange {
    /// How to log in (RFC 1928 §3).
    Socks5Method,
    /// A user and a password (RFC 1929).
    Socks5Login,
    /// A way to the target (RFC 1928 §4, §6).
    Socks5Connect,
    /// A relay for datagrams (RFC 1928 §4, §7).
    Socks5Associate,
    /// A way to the target, by SOCKS 4 or 4a.
    Socks4Connect,
    /// A way to the target (RFC 9110 §9.3.6).
    HttpConnect,
}
/// What can become of fast open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FastOpen {
    /// The peer was never met: our SYN asked it for a cookie, and the data follow the handshake.
    Asked,
    /// A cookie is there: the SYN waits for the first bytes and takes them along.
    Waiting,
    /// The bytes that came with the SYN were taken.
    Taken,
    /// They were not, and went again after the handshake.
    Refused,
}

/// The stages between which `--step` pauses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Look the name up.
    Resolve,
    /// Make the socket.
    Socket,
    /// Give it a local address.
    Bind,
    /// Start listening.
    Listen,
    /// Connect to the peer.
    Connect,
    /// Ask a proxy for something.
    Proxy,
    /// Take a peer that has connected.
    Accept,
    /// Agree on keys.
    Tls,
    /// Ask for another protocol than HTTP.
    Upgrade,
    /// Ask for something by HTTP.
    Request,
    /// Begin the conversation.
    Talk,
    /// End our direction.
    Shutdown,
    /// Close the socket.
    Close,
}
