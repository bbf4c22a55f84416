//! Interfaces of this machine, by name or by address.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

use nix::ifaddrs::{InterfaceAddress, getifaddrs};
use nix::net::if_::{if_indextoname, if_nametoindex};
use nix::sys::socket::SockaddrStorage;

use crate::exit::Remedied;

/// An interface as it is typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Interface {
    /// `eth0`, or its number.
    Name(String),
    /// The one with this address.
    Address(IpAddr),
}

impl fmt::Display for Interface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Address(address) => address.fmt(f),
        }
    }
}

impl FromStr for Interface {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        /// `IFNAMSIZ`, with its NUL.
        const LONGEST: usize = 15;
        if let Ok(address) = text.parse() {
            return Ok(Self::Address(address));
        }
        // What the kernel admits as a name.
        let odd = |c: char| c == '/' || c == ':' || c.is_whitespace() || c.is_control();
        if text.is_empty() || text.len() > LONGEST || text.contains(odd) {
            return Err(format!(
                "`{text}` is no interface: expected a name such as eth0, or an address of this machine"
            ));
        }
        Ok(Self::Name(text.to_owned()))
    }
}

/// An interface that is there.
pub(super) struct Found {
    pub index: u32,
    pub name: String,
    address: Option<Ipv4Addr>,
}

impl Interface {
    /// Looks it up.
    pub(super) fn find(&self) -> io::Result<Found> {
        let found = match self {
            Self::Name(name) => {
                let index = if_nametoindex(name.as_str()).ok().or_else(|| name.parse().ok());
                index.and_then(|index| Some((index, self::name(index).ok()?, None)))
            }
            Self::Address(address) => {
                addresses()?.into_iter().find(|(_, other)| other == address).and_then(|(name, _)| {
                    let v4 = if let IpAddr::V4(address) = address { Some(*address) } else { None };
                    Some((if_nametoindex(name.as_str()).ok()?, name, v4))
                })
            }
        };
        let Some((index, name, address)) = found else {
            let (kind, what) = (io::ErrorKind::InvalidInput.into(), format!("this machine has no interface {self}"));
            return Err(Remedied::wrap(&kind, what, "`ip addr` lists the interfaces and their addresses"));
        };
        Ok(Found { index, name, address })
    }
}

impl Found {
    /// The address that tells it to the kernel in IPv4.
    pub(super) fn v4(&self) -> io::Result<Ipv4Addr> {
        let first = || {
            addresses().ok()?.into_iter().find_map(|(name, address)| match address {
                IpAddr::V4(address) if name == self.name => Some(address),
                _ => None,
            })
        };
        self.address.or_else(first).ok_or_else(|| {
            let what = format!("the interface {} has no IPv4 address", self.name);
            Remedied::wrap(&io::ErrorKind::AddrNotAvailable.into(), what, "`ip addr add` gives it one")
        })
    }
}

/// An interface's name.
pub(super) fn name(index: u32) -> io::Result<String> {
    Ok(if_indextoname(index)?.to_string_lossy().into_owned())
}

/// The addresses of this machine and their interfaces.
fn addresses() -> io::Result<Vec<(String, IpAddr)>> {
    let ip = |address: SockaddrStorage| {
        let v4 = address.as_sockaddr_in().map(|address| IpAddr::V4(address.ip()));
        v4.or_else(|| address.as_sockaddr_in6().map(|address| IpAddr::V6(address.ip())))
    };
    let one = |found: InterfaceAddress| Some((found.interface_name, ip(found.address?)?));
    Ok(getifaddrs()?.filter_map(one).collect())
}
