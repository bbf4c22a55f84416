//! Who may come, and how the port is used.

use ipnet::IpNet;

use crate::access::{Limits, Policy, Rules, parse_network};
use crate::cli::{self, AcceptRate, Access, Queue, TcpOptions, UnixType, Users};
use crate::endpoint::ListenOn;
use crate::exit::Failure;
use crate::transport::binding::Port;
use crate::transport::listener::Backlog;

/// By their addresses.
pub(super) fn addresses(options: Access, rate: &AcceptRate) -> Result<Policy, Failure> {
    let Access { allow, deny, access_file, accept_rate_per_address } = options;
    let rules = Rules { allow: networks("--allow", &allow)?, deny: networks("--deny", &deny)? };
    let limits = Limits { all: rate.accept_rate, each: accept_rate_per_address };
    Ok(Policy { rules, file: access_file, users: Vec::new(), limits })
}

fn networks(option: &str, texts: &[String]) -> Result<Vec<IpNet>, Failure> {
    let network = |text: &String| {
        parse_network(text).map_err(|why| {
            let hint = "deny wins over allow; if anybody is allowed, everybody else is turned away";
            Failure::usage(format!("{option} {why}"), hint)
        })
    };
    texts.iter().map(network).collect()
}

/// By their users.
pub(super) fn users(options: Users, rate: &AcceptRate, kind: UnixType) -> Result<Policy, Failure> {
    let Users { allow_uid: users } = options;
    if kind == UnixType::Datagram && !users.is_empty() {
        return Err(Failure::usage(
            "--allow-uid: a datagram does not tell whose it is",
            "--type stream or seqpacket do; or let the file's permissions decide",
        ));
    }
    Ok(Policy { users, limits: Limits { all: rate.accept_rate, each: None }, ..Policy::default() })
}

/// Whoever comes.
pub(super) fn anybody(rate: &AcceptRate) -> Policy {
    Policy { limits: Limits { all: rate.accept_rate, each: None }, ..Policy::default() }
}

/// Who may listen on the port.
pub(super) fn port(options: &cli::Port) -> Port {
    if options.reuse_port { Port::Shared } else { Port::Own }
}

/// How many may wait.
pub(super) fn backlog(options: &Queue) -> Backlog {
    options.backlog.map_or_else(Backlog::default, Backlog)
}

/// The same of a listener over TCP.
pub(super) fn tcp_opened_by_us(
    on: &ListenOn,
    ipv4: bool,
    ipv6: bool,
    port: &cli::Port,
    queue: &Queue,
    tcp: &TcpOptions,
) -> Result<(), Failure> {
    let asked = [
        ("-4", ipv4),
        ("-6", ipv6),
        ("--reuse-port", port.reuse_port),
        ("--backlog", queue.backlog.is_some()),
        ("--mptcp", tcp.mptcp),
    ];
    opened_by_us(matches!(on, ListenOn::Handed(_)), &asked)
}

/// What cannot be asked of sockets that were handed over.
pub(super) fn opened_by_us(handed: bool, asked: &[(&str, bool)]) -> Result<(), Failure> {
    match asked.iter().find(|(_, asked)| handed && *asked) {
        Some((option, _)) => Err(Failure::usage(
            format!("{option}: sockets that are handed over were opened before"),
            "BindIPv6Only=, ReusePort= and Backlog= in the .socket unit decide that",
        )),
        None => Ok(()),
    }
}
