//! Socket options.

use std::time::Duration;

use crate::cli::{Buffers, Family, IpOptions, Multicast, Switch, TcpOptions, ToMany};
use crate::endpoint::BindAddress;
use crate::exit::Failure;
use crate::transport::multicast::{Joins, Outward};
use crate::transport::sockets::Options;

pub(super) fn options(ip: IpOptions, tcp: &TcpOptions) -> Result<Options, Failure> {
    let IpOptions { buffers, ttl, tos, device, mark } = ip;
    let TcpOptions { nodelay, keepalive, mss, user_timeout, fastopen, mptcp } = *tcp;
    if let Some(limit) = user_timeout.filter(|limit| !(MILLISECOND..=LONGEST).contains(limit)) {
        return Err(Failure::usage(
            format!("--user-timeout {limit:?}: the kernel counts it in milliseconds, up to {LONGEST:?}"),
            "for example --user-timeout 30s",
        ));
    }
    let sizes = self::buffers(&buffers)?;
    Ok(Options { device, mark, ttl, tos, nodelay, keepalive, mss, user_timeout, fastopen, mptcp, ..sizes })
}

const MILLISECOND: Duration = Duration::from_millis(1);
const LONGEST: Duration = Duration::from_millis(i32::MAX as u64);

/// The options of sockets inside this machine.
pub(super) fn buffers(&Buffers { sndbuf, rcvbuf }: &Buffers) -> Result<Options, Failure> {
    /// The kernel keeps twice the size in an `int`.
    const LARGEST: usize = i32::MAX as usize / 2;
    for (option, size) in [("--sndbuf", sndbuf), ("--rcvbuf", rcvbuf)] {
        if let Some(size) = size.filter(|&size| size > LARGEST) {
            return Err(Failure::usage(format!("{option} {size}: at most {LARGEST} bytes"), "for example 4MiB"));
        }
    }
    Ok(Options { sndbuf, rcvbuf, ..Options::default() })
}

/// Fast open sends what is said first, so something must be.
pub(super) fn speaks_first(options: &Options, first: First) -> Result<(), Failure> {
    if options.fastopen && first == First::Whoever {
        return Err(Failure::usage(
            "--fastopen: nothing is known to be said first that could go with the SYN",
            "--say TEXT or --tls says something first; without --fastopen either side may begin",
        ));
    }
    Ok(())
}

/// Who speaks first on a new connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum First {
    /// We do: `--say`, TLS, or a proxy that is asked.
    Us,
    /// Nobody knows.
    Whoever,
}

/// The groups that are heard.
pub(super) fn joins(options: Multicast, family: Family) -> Result<Joins, Failure> {
    let Multicast { join: groups, source: sources } = options;
    let other = |address: std::net::IpAddr| !family.admits(address);
    if let Some(group) = groups.iter().find(|group| other(group.address)) {
        return Err(Failure::usage(format!("--join {group}: its family is excluded"), "leave out -4 or -6"));
    }
    let has = |v4: bool| groups.iter().any(|group| group.address.is_ipv4() == v4);
    match sources.iter().find(|source| !has(source.is_ipv4())) {
        Some(source) => Err(Failure::usage(
            format!("--source {source}: no group of its family is joined"),
            "for example --join 232.1.1.1%eth0 --source 10.0.0.1",
        )),
        None => Ok(Joins { groups, sources }),
    }
}

/// A client's end that can hear groups.
pub(super) fn hears_groups(joins: &Joins, bind: Option<BindAddress>) -> Result<(), Failure> {
    match bind.and_then(|bind| bind.address) {
        Some(address) if !joins.groups.is_empty() && !address.is_unspecified() => Err(Failure::usage(
            format!("--join: a socket that is bound to {address} hears only what is sent to that address"),
            "bind the port alone: --bind :9000",
        )),
        _ => Ok(()),
    }
}

/// How datagrams go to many.
pub(super) fn outward(options: ToMany) -> Outward {
    let ToMany { interface, multicast_ttl: ttl, multicast_loop, broadcast } = options;
    Outward { interface, ttl, looped: multicast_loop.map(|switch| switch == Switch::On), broadcast }
}
