//! Socket options: set, read back, shown.
//!
//! They are set before `bind()`, `connect()` and `listen()`. What `accept()` returns has inherited them from its listener.

mod values;

use std::fmt::Display;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::os::fd::AsFd;
use std::time::Duration;

use nix::libc;
use nix::sys::socket::{getsockopt, setsockopt, sockopt::TcpFastOpenConnect};
use nix::{getsockopt_impl, setsockopt_impl, sockopt_impl};
use rustix::io::Errno;
use rustix::net::sockopt::{ip_tos, ipv6_tclass, set_ip_tos, set_ipv6_tclass};
use rustix::net::sockopt::{ip_ttl, ipv6_unicast_hops, set_ip_ttl, set_ipv6_unicast_hops};
use socket2::{Domain, Protocol, Socket, TcpKeepalive, Type};

pub use values::{KeepAlive, TrafficClass};

use crate::exit::{Remedied, words};
use crate::link::Reporter;
use crate::step::{FastOpen, Step};

/// What was asked for; the kernel decides the rest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Use this interface and no other.
    pub device: Option<String>,
    /// For the routes and firewall rules of this machine.
    pub mark: Option<u32>,
    /// Bytes that may wait to be sent.
    pub sndbuf: Option<usize>,
    /// Bytes that may wait to be read.
    pub rcvbuf: Option<usize>,
    /// Routers a packet may pass.
    pub ttl: Option<u8>,
    /// How routers may treat packets.
    pub tos: Option<TrafficClass>,
    /// UDP: the groups that are heard.
    pub groups: Groups,
    /// TCP: small segments wait for nothing.
    pub nodelay: bool,
    /// TCP: ask a silent peer whether it is still there.
    pub keepalive: Option<KeepAlive>,
    /// TCP: the largest segment, in bytes.
    pub mss: Option<u32>,
    /// TCP: how long what we send may stay unacknowledged.
    pub user_timeout: Option<Duration>,
    /// TCP: data travel with the SYN.
    pub fastopen: bool,
    /// TCP over several paths, where the peer can.
    pub mptcp: bool,
}

/// Which groups a UDP socket hears.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Groups {
    /// Whatever any program of this machine has joined: the kernel's way.
    #[default]
    Any,
    /// Those that it has joined itself.
    Joined,
}

/// What a socket is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It will connect.
    Client,
    /// It will listen.
    Listener,
}

/// Handshakes that carried data and are not complete; the kernel cuts it to `net.core.somaxconn`.
const FAST_OPEN_QUEUE: u32 = 1024;

sockopt_impl!(
    /// How many of a listener's unfinished handshakes may have carried data.
    TcpFastOpen, Both, libc::IPPROTO_TCP, libc::TCP_FASTOPEN, u32
);
sockopt_impl!(
    /// The beginning of `struct tcp_info`: state, four more bytes, options.
    TcpInfoHead, GetOnly, libc::IPPROTO_TCP, libc::TCP_INFO, [u8; 8]
);
sockopt_impl!(
    /// The beginning of `struct mptcp_info`: six counters, padding, flags.
    MptcpInfoHead, GetOnly, SOL_MPTCP, MPTCP_INFO, [u8; 12]
);
sockopt_impl!(
    /// `struct sockaddr_in`.
    PeerNameV4, GetOnly, libc::SOL_SOCKET, libc::SO_PEERNAME, [u8; 16]
);
sockopt_impl!(
    /// `struct sockaddr_in6`; the kernel refuses if the address is shorter.
    PeerNameV6, GetOnly, libc::SOL_SOCKET, libc::SO_PEERNAME, [u8; 28]
);
const SOL_MPTCP: libc::c_int = 284;
const MPTCP_INFO: libc::c_int = 1;
/// In the flags of `struct mptcp_info`: plain TCP is spoken after all.
const MPTCP_INFO_FLAG_FALLBACK: u32 = 1;
/// `tcpi_state`: the SYN has not been answered; under fast open it may not even have been sent.
const TCP_SYN_SENT: u8 = 2;
/// In `tcpi_options`: data came with the SYN, and were taken.
const TCPI_OPT_SYN_DATA: u8 = 0x20;

impl Options {
    /// A socket without its options yet. Non-blocking.
    pub(super) fn socket(&self, domain: Domain, kind: Type) -> io::Result<Socket> {
        let protocol = (self.mptcp && kind == Type::STREAM).then_some(Protocol::MPTCP);
        Socket::new(domain, kind.nonblocking(), protocol).map_err(|error| {
            if protocol.is_none() || domain == Domain::IPV6 && is(&error, Errno::AFNOSUPPORT) {
                return error;
            }
            let hint = "this kernel has no Multipath TCP, or it is turned off: `sysctl net.mptcp.enabled` tells";
            Remedied::wrap(&error, format!("MPTCP: {}", words(&error)), hint)
        })
    }

    /// Sets what was asked for and reports what the kernel made of it.
    ///
    /// An option that the kernel refuses is an error that names it.
    pub(super) fn apply(&self, socket: &Socket, role: Role, report: &Reporter) -> io::Result<()> {
        let v6 = socket.domain()? == Domain::IPV6;
        // A socket that takes both families has the options of both.
        let v4 = !v6 || role == Role::Listener && !socket.only_v6()?;
        if self.mptcp {
            report.step(|| {
                let got = socket.protocol().map(|got| if got == Some(Protocol::MPTCP) { "MPTCP" } else { "TCP" });
                option("SO_PROTOCOL", "MPTCP", got)
            });
        }
        if let Some(device) = &self.device {
            put(
                report,
                "SO_BINDTODEVICE",
                device,
                || socket.bind_device(Some(device.as_bytes())),
                || device_of(socket),
            )?;
        }
        if let Some(mark) = self.mark {
            let hex = |mark: u32| format!("{mark:#x}");
            put(report, "SO_MARK", hex(mark), || socket.set_mark(mark), || socket.mark().map(hex))?;
        }
        self.buffers(socket, report)?;
        if let Some(ttl) = self.ttl {
            if v4 {
                put(report, "IP_TTL", ttl, || Ok(set_ip_ttl(socket, ttl.into())?), || Ok(ip_ttl(socket)?))?;
            }
            if v6 {
                let set = || Ok(set_ipv6_unicast_hops(socket, Some(ttl))?);
                put(report, "IPV6_UNICAST_HOPS", ttl, set, || Ok(ipv6_unicast_hops(socket)?))?;
            }
        }
        if let Some(tos) = self.tos {
            let class = |class| TrafficClass(class).to_string();
            if v4 {
                put(report, "IP_TOS", tos, || Ok(set_ip_tos(socket, tos.0)?), || Ok(class(ip_tos(socket)?)))?;
            }
            if v6 {
                let got = || Ok(u8::try_from(ipv6_tclass(socket)?).map_or_else(|_| "?".to_owned(), class));
                put(report, "IPV6_TCLASS", tos, || Ok(set_ipv6_tclass(socket, tos.0.into())?), got)?;
            }
        }
        if self.groups == Groups::Joined {
            if v4 {
                let got = || socket.multicast_all_v4().map(on_off);
                put(report, "IP_MULTICAST_ALL", "off", || socket.set_multicast_all_v4(false), got)?;
            }
            if v6 {
                let got = || socket.multicast_all_v6().map(on_off);
                put(report, "IPV6_MULTICAST_ALL", "off", || socket.set_multicast_all_v6(false), got)?;
            }
        }
        self.apply_tcp(socket, role, report)
    }

    fn apply_tcp(&self, socket: &Socket, role: Role, report: &Reporter) -> io::Result<()> {
        if self.nodelay {
            put(report, "TCP_NODELAY", "on", || socket.set_tcp_nodelay(true), || socket.tcp_nodelay().map(on_off))?;
        }
        if let Some(KeepAlive { idle, interval, count }) = self.keepalive {
            put(report, "SO_KEEPALIVE", "on", || socket.set_keepalive(true), || socket.keepalive().map(on_off))?;
            let set = |part: TcpKeepalive| socket.set_tcp_keepalive(&part);
            if let Some(idle) = idle {
                let got = || socket.tcp_keepalive_time().map(show);
                put(report, "TCP_KEEPIDLE", show(idle), || set(TcpKeepalive::new().with_time(idle)), got)?;
            }
            if let Some(interval) = interval {
                let got = || socket.tcp_keepalive_interval().map(show);
                put(report, "TCP_KEEPINTVL", show(interval), || set(TcpKeepalive::new().with_interval(interval)), got)?;
            }
            if let Some(count) = count {
                let got = || socket.tcp_keepalive_retries();
                put(report, "TCP_KEEPCNT", count, || set(TcpKeepalive::new().with_retries(count)), got)?;
            }
        }
        if let Some(mss) = self.mss {
            put(report, "TCP_MAXSEG", mss, || socket.set_tcp_mss(mss), || socket.tcp_mss())?;
        }
        if let Some(limit) = self.user_timeout {
            let got = || Ok(socket.tcp_user_timeout()?.map_or_else(|| "off".to_owned(), show));
            put(report, "TCP_USER_TIMEOUT", show(limit), || socket.set_tcp_user_timeout(Some(limit)), got)?;
        }
        match role {
            Role::Client if self.fastopen => {
                let got = || Ok(on_off(getsockopt(socket, TcpFastOpenConnect)?));
                put(report, "TCP_FASTOPEN_CONNECT", "on", || Ok(setsockopt(socket, TcpFastOpenConnect, &true)?), got)?;
            }
            Role::Listener if self.fastopen => {
                let set = || Ok(setsockopt(socket, TcpFastOpen, &FAST_OPEN_QUEUE)?);
                put(report, "TCP_FASTOPEN", FAST_OPEN_QUEUE, set, || Ok(getsockopt(socket, TcpFastOpen)?))?;
            }
            _ => {}
        }
        Ok(())
    }

    /// The sizes of the buffers alone: sockets inside the machine have no more.
    pub(super) fn buffers(&self, socket: &Socket, report: &Reporter) -> io::Result<()> {
        if let Some(size) = self.sndbuf {
            put(report, "SO_SNDBUF", size, || socket.set_send_buffer_size(size), || socket.send_buffer_size())?;
        }
        if let Some(size) = self.rcvbuf {
            put(report, "SO_RCVBUF", size, || socket.set_recv_buffer_size(size), || socket.recv_buffer_size())?;
        }
        Ok(())
    }

    /// Reports what came of options that the peer has a say in, once the handshake is over.
    pub(super) fn established(&self, socket: impl AsFd, role: Role, report: &Reporter) {
        if self.mptcp {
            report.step(|| Step::Multipath { spoken: speaks_mptcp(&socket) });
        }
        if let Some(mss) = self.mss {
            report.step(|| option("TCP_MAXSEG", mss, socket2::SockRef::from(&socket).tcp_mss()));
        }
        if self.fastopen {
            let outcome = match role {
                Role::Client if waits_for_data(&socket) => FastOpen::Waiting,
                Role::Client => FastOpen::Asked,
                Role::Listener => match fast_open(&socket) {
                    FastOpen::Taken => FastOpen::Taken,
                    _ => return, // perhaps there were none
                },
            };
            report.step(|| Step::FastOpen { outcome });
        }
    }
}

/// The number of a TCP socket's state.
pub(super) fn tcp_state(socket: impl AsFd) -> Option<u8> {
    getsockopt(&socket, TcpInfoHead).ok().map(|head| head[0])
}

/// Whether `connect()` returned before the SYN was sent, because the first bytes shall go with it.
pub(super) fn waits_for_data(socket: impl AsFd) -> bool {
    tcp_state(socket) == Some(TCP_SYN_SENT)
}

/// What became of bytes that went with the SYN, once it was answered.
pub(super) fn fast_open(socket: impl AsFd) -> FastOpen {
    let taken = getsockopt(&socket, TcpInfoHead).is_ok_and(|head| head[5] & TCPI_OPT_SYN_DATA != 0);
    if taken { FastOpen::Taken } else { FastOpen::Refused }
}

/// The address a socket connects to. Unlike `getpeername()` the kernel tells it before the SYN is sent.
pub(super) fn peer_name(socket: &impl AsFd) -> Option<SocketAddr> {
    if let Ok(raw) = getsockopt(socket, PeerNameV6) {
        let address = Ipv6Addr::from(*raw[8..].first_chunk::<16>()?);
        let scope = u32::from_ne_bytes(*raw[24..].first_chunk()?);
        return Some(SocketAddrV6::new(address, u16::from_be_bytes([raw[2], raw[3]]), 0, scope).into());
    }
    let [_, _, p0, p1, a, b, c, d, ..] = getsockopt(socket, PeerNameV4).ok()?;
    Some((Ipv4Addr::new(a, b, c, d), u16::from_be_bytes([p0, p1])).into())
}

/// Whether this kernel lets data that come with a SYN through to listeners.
pub(super) fn listeners_take_data() -> bool {
    /// `TFO_SERVER_ENABLE` of `net.ipv4.tcp_fastopen`.
    const LISTENERS: u32 = 2;
    let setting = std::fs::read_to_string("/proc/sys/net/ipv4/tcp_fastopen").ok();
    // Where it cannot be read nothing is known, and nothing is said.
    setting.and_then(|text| text.trim().parse::<u32>().ok()).is_none_or(|bits| bits & LISTENERS != 0)
}

/// Plain TCP has no such information, and a connection that fell back to it says so or has none.
fn speaks_mptcp(socket: &impl AsFd) -> bool {
    getsockopt(socket, MptcpInfoHead).is_ok_and(|head| {
        let flags = head[8..].first_chunk().map_or(0, |flags| u32::from_ne_bytes(*flags));
        flags & MPTCP_INFO_FLAG_FALLBACK == 0
    })
}

/// Sets an option and reports it.
pub(super) fn put<T: Display>(
    report: &Reporter,
    name: &'static str,
    asked: impl Display,
    set: impl FnOnce() -> io::Result<()>,
    got: impl FnOnce() -> io::Result<T>,
) -> io::Result<()> {
    set().map_err(|error| refused(name, &asked, &error))?;
    report.step(|| option(name, asked, got()));
    Ok(())
}

/// The step of an option that was set and read back.
pub(super) fn option<T: Display>(name: &str, asked: impl Display, got: io::Result<T>) -> Step {
    let got = got.map_or_else(|error| words(&error), |got| got.to_string());
    Step::SocketOption { name: name.to_owned(), asked: asked.to_string(), got }
}

/// The error of an option that the kernel refuses.
pub(super) fn refused(name: &str, asked: &impl Display, error: &io::Error) -> io::Error {
    let what = format!("{name} {asked}: {}", words(error));
    let hint = match name {
        "TCP_FASTOPEN_CONNECT" if is(error, Errno::OPNOTSUPP) => {
            "fast open is off for clients; `sysctl -w net.ipv4.tcp_fastopen=1` turns it on"
        }
        _ if is(error, Errno::NOPROTOOPT) || is(error, Errno::OPNOTSUPP) => {
            "sockets of this kind do not have this option; Multipath TCP has fewer than TCP"
        }
        "SO_BINDTODEVICE" if is(error, Errno::NODEV) => "this machine has no such interface; `ip link` lists them",
        "SO_BINDTODEVICE" if is(error, Errno::PERM) => "it needs the right CAP_NET_RAW; root has it",
        "SO_MARK" if is(error, Errno::PERM) => "it needs the right CAP_NET_ADMIN (or CAP_NET_RAW); root has it",
        _ => return io::Error::new(error.kind(), what),
    };
    Remedied::wrap(error, what, hint)
}

fn is(error: &io::Error, errno: Errno) -> bool {
    error.raw_os_error() == Some(errno.raw_os_error())
}

fn device_of(socket: &Socket) -> io::Result<String> {
    Ok(socket.device()?.map_or_else(|| "none".to_owned(), |name| String::from_utf8_lossy(&name).into_owned()))
}

/// `on` or `off`.
pub(super) fn on_off(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

/// As it is typed: `30s`, `500ms`.
fn show(duration: Duration) -> String {
    format!("{duration:?}")
}
