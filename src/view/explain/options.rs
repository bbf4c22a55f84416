//! What each socket option means, by the kernel's name for it.

/// What it does and why, in two or three sentences, and where it is described.
#[expect(clippy::too_many_lines, reason = "one text an option, and all in one place")]
pub(super) fn meaning(name: &str) -> (&'static str, &'static str) {
    match name {
        "SO_REUSEADDR" => (
            "It lets a listener take a port again while connections of the one before it are still in TIME-WAIT; \
             without it a restarted server would have to wait. Two TCP listeners still cannot share a port; UDP \
             sockets that all have it can, and each then hears what is sent to a group.",
            "setsockopt(2), socket(7)",
        ),
        "SO_REUSEPORT" => (
            "It lets several programs of one user listen on the same port, if each of them asks for it. The kernel \
             shares the peers out by their addresses, so that one peer's packets go to one program. That is how \
             several processes serve one port, or one replaces another without a gap.",
            "setsockopt(2), socket(7)",
        ),
        "IPV6_V6ONLY" => (
            "It says whether an IPv6 socket leaves IPv4 alone. Off, one socket serves both families, and an IPv4 peer \
             shows up as ::ffff:192.0.2.1. On, IPv4 needs a socket of its own.",
            "setsockopt(2), ipv6(7), RFC 3493 §5.3",
        ),
        "TCP_NODELAY" => (
            "It turns Nagle's algorithm off, which holds a small segment back until the one before is acknowledged. \
             Small messages then leave at once, at the price of more packets.",
            "setsockopt(2), tcp(7), RFC 9293 §3.7.4",
        ),
        "SO_SNDBUF" | "SO_RCVBUF" => (
            "A buffer holds what waits to be acknowledged, or to be read. The kernel doubles the size that is asked for, \
             to have room for its own records, and grants at most twice net.core.wmem_max or rmem_max. A size of its \
             own also ends the kernel's tuning: it would have let a TCP buffer grow as the path needs.",
            "setsockopt(2), socket(7), tcp(7)",
        ),
        "IP_TTL" | "IPV6_UNICAST_HOPS" => (
            "Each router on the way takes one from this number, and the one that makes it 0 throws the packet away and \
             says so with an ICMP message. A small number keeps packets near; traceroute finds the routers with it. \
             Packets to a group have a number of their own.",
            "setsockopt(2), ip(7), ipv6(7), RFC 1122 §3.2.1.7",
        ),
        "IP_TOS" | "IPV6_TCLASS" => (
            "Six bits of this byte, the DSCP, ask routers for a treatment: ef for voice, cs1 or le for what can wait. \
             Networks may change or ignore them. The last two bits belong to TCP, which tells of congestion with them, \
             so the kernel keeps them out of our hands there.",
            "setsockopt(2), ip(7), ipv6(7), RFC 2474 §3, RFC 3168 §5",
        ),
        "SO_BINDTODEVICE" => (
            "The socket now sends and hears through this interface alone, whatever the routing table says. It is stronger \
             than an address of our own: a machine takes packets for any of its addresses at any interface.",
            "setsockopt(2), socket(7)",
        ),
        "SO_MARK" => (
            "The mark is a number that the kernel keeps with each packet of the socket while it is inside this machine; \
             it is not sent. Routing rules and firewalls can ask for it, so that some traffic takes a route of its own.",
            "setsockopt(2), socket(7), ip-rule(8)",
        ),
        "SO_KEEPALIVE" => (
            "TCP sends nothing while nobody says anything, so a peer that has vanished is not noticed. With this option \
             the kernel asks after a silence, 2 hours by default, and gives the connection up if several questions stay \
             unanswered. It also keeps firewalls on the way from forgetting the connection.",
            "setsockopt(2), tcp(7), RFC 9293 §3.8.4",
        ),
        "TCP_KEEPIDLE" | "TCP_KEEPINTVL" | "TCP_KEEPCNT" => (
            "These say when a silent peer is asked: after how much silence, how long after an unanswered question the \
             next follows, and after how many the connection is given up. Reading then fails with \
             \"connection timed out\".",
            "setsockopt(2), tcp(7)",
        ),
        "TCP_MAXSEG" => (
            "It is the most data that one segment carries, each way: we tell the peer in our SYN, and send no larger ones \
             ourselves. The path may allow less. Once connected the number is that of our segments, smaller by the \
             options that each carries: 12 bytes for time stamps.",
            "setsockopt(2), tcp(7), RFC 9293 §3.7.1",
        ),
        "TCP_USER_TIMEOUT" => (
            "It limits how long what we send may stay unacknowledged; then the connection is given up. Without it the \
             kernel sends again for about 15 minutes. While nothing is sent it only matters to keepalive, where it takes \
             the place of the number of questions.",
            "setsockopt(2), tcp(7), RFC 5482 §3",
        ),
        "TCP_FASTOPEN_CONNECT" => (
            "The first bytes may travel with the SYN, which saves a round trip. It needs a cookie from an earlier \
             connection to the same address; without one the kernel asks for it and connects as always.",
            "setsockopt(2), tcp(7), RFC 7413 §4.2",
        ),
        "TCP_FASTOPEN" => (
            "The listener gives out cookies and takes data that come with a SYN. The number is how many such handshakes \
             may be incomplete at a time; beyond it they are plain ones. The kernel must allow it: \
             net.ipv4.tcp_fastopen is 2 for listeners, 1 for clients, 3 for both.",
            "setsockopt(2), tcp(7), RFC 7413 §4.2",
        ),
        "SO_PROTOCOL" => (
            "A socket of Multipath TCP is made as such: no option changes one of TCP into it later. It begins with an \
             ordinary handshake in which both ends say that they speak it, and is plain TCP if one does not.",
            "socket(2), RFC 8684 §2.1",
        ),
        "IP_MULTICAST_ALL" | "IPV6_MULTICAST_ALL" => (
            "A socket that is bound to a port hears, by Linux's default, every group that any program of this machine has \
             joined. Off, it hears only the groups that it has joined itself.",
            "setsockopt(2), ip(7), ipv6(7)",
        ),
        "IP_MULTICAST_IF" | "IPV6_MULTICAST_IF" => (
            "It says through which interface datagrams to groups leave, and so which network hears them. Without it the \
             routes decide, by the group's address: often the default route, or an error if there is none.",
            "setsockopt(2), ip(7), ipv6(7)",
        ),
        "IP_MULTICAST_TTL" | "IPV6_MULTICAST_HOPS" => (
            "It says how many routers a datagram to a group may pass. The default is 1: it stays in the network where it is \
             sent. 0 keeps it inside this machine. Unicast datagrams have a number of their own, --ttl.",
            "setsockopt(2), ip(7), ipv6(7), RFC 1112 §6.1",
        ),
        "IP_MULTICAST_LOOP" | "IPV6_MULTICAST_LOOP" => (
            "It says whether members of the group on this very machine hear what we send, ourselves among them if we have \
             joined. On Linux the sender decides, for all of them.",
            "setsockopt(2), ip(7), ipv6(7), RFC 1112 §6.1",
        ),
        "SO_VM_SOCKETS_CONNECT_TIMEOUT" => (
            "It says how long the kernel waits for the other machine to answer. By itself it gives up after 2 seconds, \
             whatever a program would wait for.",
            "setsockopt(2), vsock(7)",
        ),
        "SO_BROADCAST" => (
            "A broadcast goes to every machine of a network, and each must look at it. So the kernel lets only those send \
             one who say that they mean to. IPv6 has no broadcast: ff02::1 is the group of all its machines.",
            "setsockopt(2), socket(7), RFC 919 §7",
        ),
        _ => (
            "An option changes how the kernel treats a socket. The value is read back, because the kernel may change \
             what was asked for: it doubles the sizes of buffers, for example, to have room for its own records.",
            "setsockopt(2), socket(7)",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::meaning;

    /// The names that `transport` reports, as they are in its sources.
    const NAMES: [&str; 25] = [
        "IPV6_MULTICAST_HOPS",
        "IPV6_TCLASS",
        "IPV6_UNICAST_HOPS",
        "IPV6_V6ONLY",
        "IP_MULTICAST_ALL",
        "IP_MULTICAST_IF",
        "IP_MULTICAST_LOOP",
        "IP_TOS",
        "IP_TTL",
        "SO_BINDTODEVICE",
        "SO_BROADCAST",
        "SO_KEEPALIVE",
        "SO_MARK",
        "SO_PROTOCOL",
        "SO_RCVBUF",
        "SO_REUSEADDR",
        "SO_REUSEPORT",
        "SO_SNDBUF",
        "SO_VM_SOCKETS_CONNECT_TIMEOUT",
        "TCP_FASTOPEN",
        "TCP_FASTOPEN_CONNECT",
        "TCP_KEEPIDLE",
        "TCP_MAXSEG",
        "TCP_NODELAY",
        "TCP_USER_TIMEOUT",
    ];

    #[test]
    fn every_option_has_a_meaning_of_its_own_and_it_is_short() {
        for name in NAMES {
            let (text, source) = meaning(name);
            assert_ne!(text, meaning("?").0, "{name}");
            assert!(text.len() < 480 && text.ends_with('.') && !text.contains("  "), "{name}: {}", text.len());
            let sentences = text.split_inclusive(['.', '?']).filter(|part| part.len() > 20).count();
            assert!((2..=5).contains(&sentences), "{name}: {sentences} sentences");
            assert!(source.contains('('), "{name}");
        }
    }
}
