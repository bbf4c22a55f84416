//! Groups and broadcast: one datagram, many who hear it.
//!
//! A socket hears a group once it has joined it at an interface. Linux would also hand it what other programs of the
//! machine have joined, which is turned off: only what was asked for is heard.

mod interface;

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, SocketAddrV6};
use std::str::FromStr;

use nix::libc;
use nix::sys::socket::setsockopt;
use nix::{setsockopt_impl, sockopt_impl};
use rustix::io::Errno;
use rustix::net::AddressFamily;
use rustix::net::sockopt::{ip_multicast_ttl, ipv6_multicast_hops, set_ip_multicast_ttl, set_ipv6_multicast_hops};
use socket2::{Domain, Socket, Type};

pub use interface::Interface;

use super::binding::{Place, Port};
use super::sockets::{Groups, Options, on_off, put};
use crate::endpoint::ListenOn;
use crate::event::Reach;
use crate::exit::{Failure, Remedied, words};
use crate::link::Reporter;
use crate::step::Step;

/// A group to hear, and at which interface: `239.1.2.3`, `ff02::fb%eth0`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its address.
    pub address: IpAddr,
    /// The routes choose if there is none.
    pub interface: Option<Interface>,
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.interface {
            Some(interface) => write!(f, "{}%{interface}", self.address),
            None => self.address.fmt(f),
        }
    }
}

impl FromStr for Group {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const EXPECTED: &str = "expected a group and perhaps an interface: 239.1.2.3, 239.1.2.3%eth0, ff02::fb%eth0";
        let (address, interface) = match text.split_once('%') {
            Some((address, interface)) => (address, Some(interface.parse()?)),
            None => (text, None),
        };
        let address: IpAddr = address.trim_matches(['[', ']']).parse().map_err(|_| EXPECTED.to_owned())?;
        if !address.is_multicast() {
            return Err(format!("{address} is not a group: those are 224.0.0.0 to 239.255.255.255, and ff00::/8"));
        }
        Ok(Self { address, interface })
    }
}

/// What a socket hears beside what is sent to itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Joins {
    /// The groups.
    pub groups: Vec<Group>,
    /// Of those, what comes from these alone; from anybody if there are none.
    pub sources: Vec<IpAddr>,
}

/// How datagrams go to many.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outward {
    /// Through here; the routes choose if there is none.
    pub interface: Option<Interface>,
    /// How many routers they may pass. The kernel lets them pass none.
    pub ttl: Option<u8>,
    /// Whether the members on this machine hear them too. The kernel lets them.
    pub looped: Option<bool>,
    /// They may go to everybody in a network.
    pub broadcast: bool,
}

sockopt_impl!(
    /// `struct group_req`: joins a group of either family at an interface.
    JoinGroupV4, SetOnly, libc::IPPROTO_IP, MCAST_JOIN_GROUP, [u8; 136]
);
sockopt_impl!(
    /// The same for IPv6.
    JoinGroupV6, SetOnly, libc::IPPROTO_IPV6, MCAST_JOIN_GROUP, [u8; 136]
);
sockopt_impl!(
    /// `struct group_source_req`: the same for one source (RFC 4607).
    JoinSourceV4, SetOnly, libc::IPPROTO_IP, MCAST_JOIN_SOURCE_GROUP, [u8; 264]
);
sockopt_impl!(
    /// The same for IPv6.
    JoinSourceV6, SetOnly, libc::IPPROTO_IPV6, MCAST_JOIN_SOURCE_GROUP, [u8; 264]
);
const MCAST_JOIN_GROUP: libc::c_int = 42;
const MCAST_JOIN_SOURCE_GROUP: libc::c_int = 46;

impl Joins {
    /// The sockets of a listener, and who can reach them.
    ///
    /// Each group has a socket of its own, bound to the group's address: what is sent to this machine alone stays unheard.
    /// Where every interface is listened to anyway, that socket joins the groups. A port alone means only the groups.
    pub(super) async fn bind(&self, place: &Place, report: &Reporter) -> Result<(Vec<Socket>, Reach), Failure> {
        let joint = if place.port == Port::Own { Port::Joint } else { place.port };
        let options = Options { groups: Groups::Joined, ..place.options.clone() };
        let joint = Place { port: joint, options, ..place.clone() };
        let mut groups = self.groups.clone();
        let (mut sockets, reach, mut port) = match place.on {
            ListenOn::Loopback(port) => (Vec::new(), Reach::Address, port),
            ListenOn::Address(address) if address.ip().is_multicast() => {
                groups.push(Group { address: address.ip(), interface: None });
                (Vec::new(), Reach::Address, address.port())
            }
            ListenOn::Address(address) if !address.ip().is_unspecified() => {
                let (sockets, reach) = place.bind(Type::DGRAM, "udp", report).await?;
                (sockets, if reach == Reach::Loopback { Reach::Address } else { reach }, address.port())
            }
            ListenOn::Everyone(_) | ListenOn::Address(_) | ListenOn::Handed(_) => {
                let (sockets, reach) = joint.bind(Type::DGRAM, "udp", report).await?;
                for (socket, group) in sockets.iter().flat_map(|socket| groups.iter().map(move |group| (socket, group)))
                {
                    self.join(socket, group, report).map_err(|error| group.failure(&error))?;
                }
                return Ok((sockets, reach));
            }
        };
        let bound = |socket: &Socket| socket.local_addr().ok().and_then(|address| address.as_socket());
        for group in &groups {
            if port == 0 {
                port = sockets.first().and_then(bound).map_or(0, |address| address.port());
            }
            let address = group.at(port).map_err(|error| group.failure(&error))?;
            let known = sockets.iter().position(|socket| bound(socket) == Some(address));
            let index = known.unwrap_or(sockets.len());
            if known.is_none() {
                let place = Place { on: ListenOn::Address(address), ..joint.clone() };
                sockets.extend(place.bind(Type::DGRAM, "udp", report).await?.0);
            }
            self.join(&sockets[index], group, report).map_err(|error| group.failure(&error))?;
        }
        Ok((sockets, reach))
    }

    /// Joins every group on one socket.
    pub(super) fn join_all(&self, socket: &Socket, report: &Reporter) -> io::Result<()> {
        self.groups.iter().try_for_each(|group| self.join(socket, group, report))
    }

    fn join(&self, socket: &Socket, group: &Group, report: &Reporter) -> io::Result<()> {
        let found = group.interface.as_ref().map(Interface::find).transpose()?;
        let index = found.as_ref().map_or(0, |found| found.index);
        let v4 = group.address.is_ipv4();
        let tell = |source| {
            let interface = found.as_ref().map(|found| found.name.clone());
            report.step(|| Step::Joined { group: group.address, interface, source });
        };
        let mut sources = self.sources.iter().filter(|source| source.is_ipv4() == v4).peekable();
        if sources.peek().is_none() {
            let mut request = [0; 136];
            request[..4].copy_from_slice(&index.to_ne_bytes());
            request[8..].copy_from_slice(&storage(group.address));
            let result =
                if v4 { setsockopt(socket, JoinGroupV4, &request) } else { setsockopt(socket, JoinGroupV6, &request) };
            result.map_err(|error| unjoined(group, &io::Error::from(error)))?;
            tell(None);
        }
        for source in sources {
            let mut request = [0; 264];
            request[..4].copy_from_slice(&index.to_ne_bytes());
            request[8..136].copy_from_slice(&storage(group.address));
            request[136..].copy_from_slice(&storage(*source));
            let result = if v4 {
                setsockopt(socket, JoinSourceV4, &request)
            } else {
                setsockopt(socket, JoinSourceV6, &request)
            };
            result.map_err(|error| unjoined(group, &io::Error::from(error)))?;
            tell(Some(*source));
        }
        Ok(())
    }
}

impl Group {
    /// Where a socket of its own is bound. A group of one link is named together with its interface.
    fn at(&self, port: u16) -> io::Result<SocketAddr> {
        let IpAddr::V6(address) = self.address else { return Ok(SocketAddr::new(self.address, port)) };
        // Interface-local and link-local scope (RFC 4291 §2.7).
        let scope = match (address.octets()[1] & 0xf, &self.interface) {
            (1 | 2, Some(interface)) => interface.find()?.index,
            (1 | 2, None) => {
                let hint = format!("every link has such a group; name the interface: --join {self}%eth0");
                return Err(Remedied::wrap(&io::ErrorKind::InvalidInput.into(), "no interface is named", hint));
            }
            _ => 0,
        };
        Ok(SocketAddrV6::new(address, port, 0, scope).into())
    }

    fn failure(&self, error: &io::Error) -> Failure {
        Failure::system("join", &self.to_string(), error)
    }
}

impl Outward {
    /// Which address of ours datagrams will come from. Fails if no route leads there.
    pub(super) fn route(&self, to: SocketAddr, options: &Options) -> io::Result<IpAddr> {
        // Connecting sends nothing and tells both; another socket does it, because the kernel does not let go of an IPv6
        // group that one was connected to.
        let scratch = Socket::new(Domain::for_address(to), Type::DGRAM, None)?;
        scratch.set_broadcast(true)?;
        if let Some(device) = &options.device {
            scratch.bind_device(Some(device.as_bytes()))?;
        }
        if let Some(mark) = options.mark {
            scratch.set_mark(mark)?;
        }
        match (&self.interface, to) {
            (Some(interface), SocketAddr::V4(_)) => scratch.set_multicast_if_v4(&interface.find()?.v4()?)?,
            (Some(interface), SocketAddr::V6(_)) => scratch.set_multicast_if_v6(interface.find()?.index)?,
            (None, _) => {}
        }
        scratch.connect(&to.into()).map_err(|error| match error.kind() {
            io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable if to.ip().is_multicast() => {
                Remedied::wrap(&error, words(&error), "no route leads to this group; --interface NAME chooses the way")
            }
            _ => error,
        })?;
        let source = scratch.local_addr()?.as_socket();
        Ok(source.map_or(to.ip(), |source| source.ip()))
    }

    /// Sets what was asked for, on a socket that will send to many.
    pub(super) fn apply(&self, socket: &Socket, report: &Reporter) -> io::Result<()> {
        let v4 = socket.domain()? == Domain::IPV4;
        if self.broadcast && v4 {
            put(report, "SO_BROADCAST", "on", || socket.set_broadcast(true), || socket.broadcast().map(on_off))?;
        }
        if let Some(interface) = &self.interface {
            let found = interface.find()?;
            if v4 {
                let asked = found.v4()?;
                let set = || socket.set_multicast_if_v4(&asked);
                put(report, "IP_MULTICAST_IF", format!("{asked} ({})", found.name), set, || {
                    Ok(format!("{} ({})", socket.multicast_if_v4()?, found.name))
                })?;
            } else {
                let set = || socket.set_multicast_if_v6(found.index);
                put(report, "IPV6_MULTICAST_IF", &found.name, set, || interface::name(socket.multicast_if_v6()?))?;
            }
        }
        if let Some(ttl) = self.ttl {
            if v4 {
                let set = || Ok(set_ip_multicast_ttl(socket, ttl.into())?);
                put(report, "IP_MULTICAST_TTL", ttl, set, || Ok(ip_multicast_ttl(socket)?))?;
            } else {
                let set = || Ok(set_ipv6_multicast_hops(socket, ttl.into())?);
                put(report, "IPV6_MULTICAST_HOPS", ttl, set, || Ok(ipv6_multicast_hops(socket)?))?;
            }
        }
        if let Some(on) = self.looped {
            if v4 {
                let got = || socket.multicast_loop_v4().map(on_off);
                put(report, "IP_MULTICAST_LOOP", on_off(on), || socket.set_multicast_loop_v4(on), got)?;
            } else {
                let got = || socket.multicast_loop_v6().map(on_off);
                put(report, "IPV6_MULTICAST_LOOP", on_off(on), || socket.set_multicast_loop_v6(on), got)?;
            }
        }
        Ok(())
    }
}

/// The error of a group that cannot be joined.
fn unjoined(group: &Group, error: &io::Error) -> io::Error {
    let hint = match Errno::from_io_error(error) {
        Some(Errno::NODEV) if group.interface.is_none() => {
            format!("no route leads to it; name the interface: --join {}%eth0", group.address)
        }
        Some(Errno::NOBUFS) => {
            "a socket joins so many groups at most: `sysctl net.ipv4.igmp_max_memberships`".to_owned()
        }
        Some(Errno::ADDRINUSE) => "it is joined there already; leave out one --join".to_owned(),
        _ => return io::Error::new(error.kind(), words(error)),
    };
    Remedied::wrap(error, words(error), hint)
}

/// `struct sockaddr_storage` of an address without a port.
fn storage(address: IpAddr) -> [u8; 128] {
    let mut raw = [0; 128];
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    raw[..2].copy_from_slice(&family.as_raw().to_ne_bytes());
    match address {
        IpAddr::V4(address) => raw[4..8].copy_from_slice(&address.octets()),
        IpAddr::V6(address) => raw[8..24].copy_from_slice(&address.octets()),
    }
    raw
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_and_where_it_is_joined() {
        for text in ["239.1.2.3", "239.1.2.3%eth0", "ff02::fb%eth0", "232.1.1.1%10.0.0.1", "ff15::1"] {
            let group: Group = text.parse().expect(text);
            assert_eq!(group.to_string(), text);
        }
        assert_eq!("[ff15::1]%eth0".parse::<Group>().map(|group| group.to_string()).as_deref(), Ok("ff15::1%eth0"));
        for text in ["", "10.0.0.1", "239.1.2.3%", "239.1.2.3:9000", "::1%lo", "eth0", "239.1.2.3%a b"] {
            assert!(text.parse::<Group>().is_err(), "{text}");
        }
    }
}
