//! Binding: the sockets that a listener over IP needs, one or one per family.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::AsRawFd as _;

use socket2::{Domain, Socket, Type};

use super::handed::{self, Handed, Kind};
use super::sockets::{Options, Role, on_off, put};
use super::tcp::{family, local};
use crate::cli::Family;
use crate::endpoint::{ListenOn, Which};
use crate::event::Reach;
use crate::exit::{Exit, Failure};
use crate::link::Reporter;
use crate::step::{Stage, Step};

/// Who may listen on the port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Port {
    /// We alone.
    #[default]
    Own,
    /// Whoever of the same user asks for it the same way: the kernel shares the peers out.
    Shared,
    /// Whoever asks for it the same way: each hears what is sent to a group.
    Joint,
}

/// Where to listen: what every protocol over IP has.
#[derive(Clone)]
pub struct Place {
    /// The addresses.
    pub on: ListenOn,
    /// Which families.
    pub family: Family,
    /// Who may listen there.
    pub port: Port,
    /// Options of the sockets.
    pub options: Options,
    /// Sockets that were handed over, for when that is where.
    pub handed: Handed,
}

impl From<ListenOn> for Place {
    fn from(on: ListenOn) -> Self {
        Self { on, family: Family::Any, port: Port::Own, options: Options::default(), handed: Handed::default() }
    }
}

impl Place {
    /// Binds sockets of this kind, stream or datagram, or takes those that were handed over. Says who can reach them.
    pub(super) async fn bind(
        &self,
        kind: Type,
        scheme: &'static str,
        report: &Reporter,
    ) -> Result<(Vec<Socket>, Reach), Failure> {
        Binding { place: self, kind, scheme, report }.all(&self.on, self.family).await
    }
}

struct Binding<'a> {
    place: &'a Place,
    kind: Type,
    scheme: &'static str,
    report: &'a Reporter,
}

impl Binding<'_> {
    /// Binds the sockets a listener needs: one, or one per family on loopback.
    ///
    /// The sockets are non-blocking. Steps are reported; who can reach them is returned.
    async fn all(&self, on: &ListenOn, family: Family) -> Result<(Vec<Socket>, Reach), Failure> {
        const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
        const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);
        let scheme = self.scheme;
        let one = |address: SocketAddr, dual: Dual| async move {
            self.one(address, dual)
                .await
                .map_err(|error| Failure::system("listen on", &format!("{scheme}://{address}"), &error))
        };
        match (on, family) {
            (ListenOn::Handed(which), _) => self.take(which),
            (ListenOn::Address(address), _) => {
                let reach = if address.ip().is_loopback() { Reach::Loopback } else { Reach::Address };
                let reach = if address.ip().is_unspecified() { Reach::Everyone } else { reach };
                Ok((vec![one(*address, Dual::Single).await?], reach))
            }
            (ListenOn::Everyone(port), Family::V4) => {
                Ok((vec![one((Ipv4Addr::UNSPECIFIED, *port).into(), Dual::Single).await?], Reach::Everyone))
            }
            (ListenOn::Everyone(port), Family::V6) => {
                Ok((vec![one((Ipv6Addr::UNSPECIFIED, *port).into(), Dual::Single).await?], Reach::Everyone))
            }
            (ListenOn::Everyone(port), Family::Any) => {
                let v6 = self.one((Ipv6Addr::UNSPECIFIED, *port).into(), Dual::Both).await;
                match v6 {
                    Ok(socket) => Ok((vec![socket], Reach::Everyone)),
                    Err(error) if no_ipv6(&error) => {
                        Ok((vec![one((Ipv4Addr::UNSPECIFIED, *port).into(), Dual::Single).await?], Reach::Everyone))
                    }
                    Err(error) => Err(Failure::system("listen on", &format!("{scheme}://*:{port}"), &error)),
                }
            }
            (ListenOn::Loopback(port), Family::V4) => {
                Ok((vec![one((V4, *port).into(), Dual::Single).await?], Reach::Loopback))
            }
            (ListenOn::Loopback(port), Family::V6) => {
                Ok((vec![one((V6, *port).into(), Dual::Single).await?], Reach::Loopback))
            }
            (ListenOn::Loopback(port), Family::Any) => {
                // With port 0 the second socket must get the port of the first; another process may hold it, then both are new.
                const TRIES: u32 = 16;
                for _ in 0..TRIES {
                    let first = one((V4, *port).into(), Dual::Single).await?;
                    let got = first
                        .local_addr()
                        .ok()
                        .and_then(|address| address.as_socket())
                        .map_or(*port, |address| address.port());
                    match self.one((V6, got).into(), Dual::Single).await {
                        Ok(second) => return Ok((vec![first, second], Reach::Loopback)),
                        Err(error) if no_ipv6(&error) => return Ok((vec![first], Reach::Loopback)),
                        Err(error) if *port == 0 && error.kind() == io::ErrorKind::AddrInUse => {}
                        Err(error) => {
                            return Err(Failure::system("listen on", &format!("{scheme}://[::1]:{got}"), &error));
                        }
                    }
                }
                Err(Failure::new(
                    Exit::Io,
                    format!("listen on {scheme}://localhost:0: no port is free in both families"),
                ))
            }
        }
    }

    fn take(&self, which: &Which) -> Result<(Vec<Socket>, Reach), Failure> {
        let kind = if self.kind == Type::STREAM { Kind::Tcp } else { Kind::Udp };
        let sockets = self.place.handed.take(which, kind, self.report)?;
        for socket in &sockets {
            let applied = self.place.options.apply(socket, Role::Listener, self.report);
            applied.map_err(|error| Failure::system("listen on", &local(socket, self.scheme), &error))?;
        }
        let reach = handed::reach(&sockets);
        Ok((sockets, reach))
    }

    async fn one(&self, address: SocketAddr, dual: Dual) -> io::Result<Socket> {
        let Self { place, kind, scheme, report } = *self;
        report.gate(Stage::Socket).await;
        let socket = place.options.socket(Domain::for_address(address), kind)?;
        let kind_name = if kind == Type::STREAM { "stream" } else { "datagram" };
        report.step(|| Step::Socket { family: family(address.ip()), kind: kind_name.into(), fd: socket.as_raw_fd() });
        // A restarted server must not wait for TIME-WAIT of its last connections.
        if kind == Type::STREAM || place.port == Port::Joint {
            let got = || socket.reuse_address().map(on_off);
            put(report, "SO_REUSEADDR", "on", || socket.set_reuse_address(true), got)?;
        }
        if place.port == Port::Shared {
            put(report, "SO_REUSEPORT", "on", || socket.set_reuse_port(true), || socket.reuse_port().map(on_off))?;
        }
        if address.is_ipv6() {
            let only = dual == Dual::Single;
            let got = || socket.only_v6().map(on_off);
            put(report, "IPV6_V6ONLY", on_off(only), || socket.set_only_v6(only), got)?;
        }
        place.options.apply(&socket, Role::Listener, report)?;
        report.gate(Stage::Bind).await;
        socket.bind(&address.into())?;
        report.step(|| Step::Bound { local: local(&socket, scheme) });
        Ok(socket)
    }
}

/// Whether an IPv6 wildcard socket takes IPv4 too.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dual {
    Single,
    Both,
}

fn no_ipv6(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::AddrNotAvailable | io::ErrorKind::Unsupported)
        || error.raw_os_error().is_some_and(|code| code == rustix::io::Errno::AFNOSUPPORT.raw_os_error())
}
