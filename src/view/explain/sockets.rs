//! What options, groups and the handshakes they change mean.

use std::net::IpAddr;

use super::{Explanation, VSOCKETS, options, quoted};
use crate::step::FastOpen;

pub(super) fn fast_open(outcome: FastOpen) -> Explanation {
    let (title, text) = match outcome {
        FastOpen::Asked => (
            "Fast open begins with the next connection.",
            "Data may go with a SYN only to a peer that has given us a cookie: it proves that our address is not forged. \
             This SYN has asked for one, and the data follow the handshake as always. The kernel keeps the cookie, so the \
             next connection to this address saves a round trip.",
        ),
        FastOpen::Waiting => (
            "The SYN waits for the first bytes.",
            "The kernel has a cookie of this peer from an earlier connection. connect() has therefore sent nothing yet: the \
             first write sends the SYN, the cookie and the data in one segment. Whether anybody listens shows only then.",
        ),
        FastOpen::Taken => (
            "Data came with the SYN.",
            "The listener's kernel checked the cookie and handed the data over before the handshake was complete. That \
             saves one round trip. A SYN can arrive twice, and its data with it: only what may be said twice should be \
             said this way.",
        ),
        FastOpen::Refused => (
            "The data of the SYN went again.",
            "The peer's kernel took the SYN and not its data: fast open is off there, or the cookie is too old, or something \
             on the way removed the data. They were sent again after the handshake, so nothing is lost but time.",
        ),
    };
    Explanation { title, text, source: "tcp(7), RFC 7413", see: "nstat -az 'TcpExtTCPFastOpen*'".to_owned() }
}

pub(super) fn multipath(spoken: bool) -> Explanation {
    let (title, text) = if spoken {
        (
            "The connection can use several paths.",
            "Both SYNs carried the option MP_CAPABLE, so both kernels speak Multipath TCP. More paths, over another \
             interface for example, can join the connection while it lives, and when one breaks the others go on. \
             Which are made is for the kernel's path manager to decide.",
        )
    } else {
        (
            "This is plain TCP after all.",
            "Our kernel speaks Multipath TCP, and the answer to the handshake lacked the option MP_CAPABLE. The peer does \
             not speak it, or something on the way removed the option. Everything works as with any TCP connection, \
             over one path.",
        )
    };
    Explanation { title, text, source: "RFC 8684 §3.1 and §3.7", see: "ss -Mn; ip mptcp endpoint show".to_owned() }
}

pub(super) fn option(name: &str) -> Explanation {
    let (text, source) = options::meaning(name);
    Explanation {
        title: "An option was set.",
        text,
        source,
        see: "strace -e trace=setsockopt,getsockopt sockeye ...".to_owned(),
    }
}

pub(super) fn joined(interface: Option<&str>, source: Option<IpAddr>) -> Explanation {
    let text = match source {
        None => {
            "A group is an address that nobody has and many hear. Our kernel now takes its datagrams at this interface, and \
             has told the routers of the network (IGMP, or MLD in IPv6) that somebody here wants them. Where no interface is \
             named the routes choose one, and that may be another than you think."
        }
        Some(_) => {
            "A group is an address that nobody has and many hear. Our kernel now takes those of its datagrams that come from \
             this one sender, and has told the routers of the network so (IGMPv3, or MLDv2 in IPv6). Others who send to the \
             same address are not heard."
        }
    };
    Explanation {
        title: "We are a member of the group.",
        text,
        source: "ip(7), ipv6(7), RFC 1112 §7, RFC 3376, RFC 3810, RFC 4607 §1",
        see: interface.map_or_else(|| "ip maddr".to_owned(), |name| format!("ip maddr show dev {}", quoted(name))),
    }
}

pub(super) fn to_many(remote: &str) -> Explanation {
    let address = remote.strip_prefix("udp://").unwrap_or(remote);
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host).trim_matches(['[', ']']);
    Explanation {
        title: "What we say goes to many.",
        text: "Those who hear it answer from addresses of their own. A connected socket would hear only the address it \
               sends to, so this one is not connected: whatever comes to our port is heard, from strangers too, and each \
               message says who sent it. No ICMP error comes back: silence may mean that nobody is there.",
        source: "udp(7), ip(7), RFC 1112 §6, RFC 919 §7",
        see: format!("ip route get {}", quoted(host)),
    }
}

pub(super) fn vsock_connect() -> Explanation {
    Explanation {
        title: "The hypervisor is asked for a stream.",
        text: "The number is the machine: 2 is the host, its virtual machines count from 3 on, 1 is this machine itself. The \
               request goes through a queue in memory that the two share, so no network has to be set up, and none can \
               get in the way. The port is one of vsock's own and has nothing to do with TCP's.",
        source: "connect(2), vsock(7)",
        see: "strace -f -e trace=connect sockeye ...".to_owned(),
    }
}

pub(super) fn vsock_connected() -> Explanation {
    Explanation {
        title: "The stream is open.",
        text: "The other machine's kernel has found a listener and put the connection into its queue. Bytes now go through \
               shared memory, and each side says how much room it has, as in TCP. Nothing is lost or reordered on the way.",
        source: "connect(2), vsock(7)",
        see: VSOCKETS.to_owned(),
    }
}

pub(super) fn vsock_failed() -> Explanation {
    Explanation {
        title: "No stream was opened.",
        text: "\"Connection reset\" is an answer: the machine is there, and nothing listens at the port. \"No such device\" \
               means that this kernel has nobody to ask: no virtio device in a guest, no module vhost_vsock on a host, no \
               vsock_loopback for itself. A timeout is no answer: no machine has that number.",
        source: "connect(2), vsock(7)",
        see: "lsmod | grep vsock; ls -l /dev/vsock".to_owned(),
    }
}
