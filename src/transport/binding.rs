//! Binding: the sockets that a listener over IP needs, one or one per family.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::AsRawFd as _;

use socket2::{Domain, SockRef, Socket, Type};

use super::sockets::Options;
use super::tcp::{family, local};
use crate::cli::Family;
use crate::endpoint::ListenOn;
use crate::event::Reach;
use crate::exit::{Exit, Failure, words};
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
}

impl From<ListenOn> for Place {
    fn from(on: ListenOn) -> Self {
        Self { on, family: Family::Any, port: Port::Own, options: Options::default() }
    }
}

impl Place {
    /// Binds sockets of this kind, stream or datagram. Says who can reach them.
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

    async fn one(&self, address: SocketAddr, dual: Dual) -> io::Result<Socket> {
        let Self { place, kind, scheme, report } = *self;
        report.gate(Stage::Socket).await;
        let socket = Socket::new(Domain::for_address(address), kind.nonblocking(), None)?;
        let kind_name = if kind == Type::STREAM { "stream" } else { "datagram" };
        report.step(|| Step::Socket { family: family(address.ip()), kind: kind_name.into(), fd: socket.as_raw_fd() });
        if kind == Type::STREAM {
            // A restarted server must not wait for TIME-WAIT of its last connections.
            socket.set_reuse_address(true)?;
            report.step(|| option("SO_REUSEADDR", "on", SockRef::from(&socket).reuse_address()));
        }
        if place.port == Port::Shared {
            socket.set_reuse_port(true)?;
            report.step(|| option("SO_REUSEPORT", "on", SockRef::from(&socket).reuse_port()));
        }
        if address.is_ipv6() {
            let only = dual == Dual::Single;
            socket.set_only_v6(only)?;
            report.step(|| option("IPV6_V6ONLY", if only { "on" } else { "off" }, SockRef::from(&socket).only_v6()));
        }
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

fn option(name: &str, asked: &str, got: io::Result<bool>) -> Step {
    let got = got.map_or_else(|error| words(&error), |on| if on { "on" } else { "off" }.to_owned());
    Step::SocketOption { name: name.to_owned(), asked: asked.to_owned(), got }
}

fn no_ipv6(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::AddrNotAvailable | io::ErrorKind::Unsupported)
        || error.raw_os_error().is_some_and(|code| code == rustix::io::Errno::AFNOSUPPORT.raw_os_error())
}
