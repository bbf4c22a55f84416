//! What a program is told of its conversation.

use crate::event::{ConnId, Peer};

/// What belongs to us and not to our programs: a socket's activation, and who awaits our readiness.
const OURS: [&str; 4] = ["LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PID", "NOTIFY_SOCKET"];
/// The names that scripts written for ncat know.
const NCAT: [&str; 5] = ["NCAT_REMOTE_ADDR", "NCAT_REMOTE_PORT", "NCAT_LOCAL_ADDR", "NCAT_LOCAL_PORT", "NCAT_PROTO"];

/// The variables that differ from our own; those without a value are unset.
pub(super) fn variables(peer: &Peer, conn: ConnId) -> Vec<(&'static str, Option<String>)> {
    let (remote, local) = (End::of(&peer.remote), End::of(&peer.local));
    let ncat = match remote.protocol {
        "udp" => Some("UDP"),
        "tcp" | "tls" => Some("TCP"),
        _ => None,
    };
    let owned = |text: &str| Some(text.to_owned());
    let inet = |text: Option<&str>| ncat.and(text).map(ToOwned::to_owned);
    let mut variables = vec![
        ("SOCKEYE_CONN", Some(conn.0.to_string())),
        ("SOCKEYE_PROTOCOL", owned(remote.protocol)),
        ("SOCKEYE_REMOTE", owned(&peer.remote)),
        ("SOCKEYE_REMOTE_ADDR", owned(remote.address)),
        ("SOCKEYE_REMOTE_PORT", remote.port.map(ToOwned::to_owned)),
        ("SOCKEYE_LOCAL", owned(&peer.local)),
        ("SOCKEYE_LOCAL_ADDR", owned(local.address)),
        ("SOCKEYE_LOCAL_PORT", local.port.map(ToOwned::to_owned)),
    ];
    let values =
        [inet(Some(remote.address)), inet(remote.port), inet(Some(local.address)), inet(local.port), inet(ncat)];
    variables.extend(NCAT.into_iter().zip(values));
    variables.extend(OURS.map(|name| (name, None)));
    variables
}

/// One end, taken apart: `tcp://[::1]:80`, `unix:/run/x`.
struct End<'a> {
    protocol: &'a str,
    /// Without brackets; of a Unix socket, its path or `@name`.
    address: &'a str,
    port: Option<&'a str>,
}

impl<'a> End<'a> {
    fn of(endpoint: &'a str) -> Self {
        let (protocol, rest) = endpoint.split_once(':').unwrap_or(("", endpoint));
        let (address, port) = match rest.strip_prefix("//").and_then(|rest| rest.rsplit_once(':')) {
            Some((address, port)) => (address, Some(port)),
            None => (rest, None),
        };
        let address = address.strip_prefix('[').and_then(|bare| bare.strip_suffix(']')).unwrap_or(address);
        Self { protocol, address, port }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(remote: &str, local: &str) -> Vec<String> {
        let peer = Peer { remote: remote.into(), local: local.into() };
        let set = |(name, value): (&str, Option<String>)| value.map(|value| format!("{name}={value}"));
        variables(&peer, ConnId(7)).into_iter().filter_map(set).collect()
    }

    #[test]
    fn a_network_peer() {
        assert_eq!(
            told("tcp://[::1]:50000", "tcp://[fe80::1%2]:80"),
            [
                "SOCKEYE_CONN=7",
                "SOCKEYE_PROTOCOL=tcp",
                "SOCKEYE_REMOTE=tcp://[::1]:50000",
                "SOCKEYE_REMOTE_ADDR=::1",
                "SOCKEYE_REMOTE_PORT=50000",
                "SOCKEYE_LOCAL=tcp://[fe80::1%2]:80",
                "SOCKEYE_LOCAL_ADDR=fe80::1%2",
                "SOCKEYE_LOCAL_PORT=80",
                "NCAT_REMOTE_ADDR=::1",
                "NCAT_REMOTE_PORT=50000",
                "NCAT_LOCAL_ADDR=fe80::1%2",
                "NCAT_LOCAL_PORT=80",
                "NCAT_PROTO=TCP",
            ]
        );
        assert!(told("udp://10.0.0.1:5", "udp://10.0.0.2:6").contains(&"NCAT_PROTO=UDP".to_owned()));
        assert!(told("tls://10.0.0.1:5", "tls://10.0.0.2:6").contains(&"NCAT_PROTO=TCP".to_owned()));
    }

    #[test]
    fn a_peer_without_a_port() {
        assert_eq!(
            told("unix:(nameless)", "unix:@a:b"),
            [
                "SOCKEYE_CONN=7",
                "SOCKEYE_PROTOCOL=unix",
                "SOCKEYE_REMOTE=unix:(nameless)",
                "SOCKEYE_REMOTE_ADDR=(nameless)",
                "SOCKEYE_LOCAL=unix:@a:b",
                "SOCKEYE_LOCAL_ADDR=@a:b",
            ]
        );
    }

    #[test]
    fn what_is_not_theirs_is_unset() {
        let peer = Peer { remote: "unix:/a".into(), local: "unix:/b".into() };
        let unset: Vec<_> = variables(&peer, ConnId(1))
            .into_iter()
            .filter_map(|(name, value)| value.is_none().then_some(name))
            .collect();
        assert!(unset.contains(&"NOTIFY_SOCKET") && unset.contains(&"NCAT_PROTO"), "{unset:?}");
        assert!(unset.contains(&"SOCKEYE_REMOTE_PORT"), "one that we inherited would be a lie: {unset:?}");
    }
}
