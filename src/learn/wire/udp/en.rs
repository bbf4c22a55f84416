//! The texts of the lesson `udp --wire` in English.

use super::{ACTS, Act};
use crate::learn::Term as T;

pub(in crate::learn) const ABOUT: &str = "each datagram on a wire that loses and reorders";

pub(in crate::learn) static PLAYBILL: [Act; ACTS] = [
    Act {
        title: "A network of our own, and a slow wire",
        text: "This process is alone in a network namespace: here nothing is but one wire, and sockeye is its other end. \
               Both sides have 10.9.0.1 and take each other to be 10.9.0.2. Each packet is read off the wire, shown, and \
               put back with its addresses exchanged. What sends them is the real kernel.",
        source: "network_namespaces(7), the kernel's tuntap documentation",
        see: "sudo nsenter --net --target $(pgrep -n sockeye) ss -uan",
        terms: &[T::Namespace, T::Kernel, T::Datagram],
        ..Act::EMPTY
    },
    Act {
        title: "connect(), and the wire is quiet",
        text: "Nothing passes. connect() on a UDP socket only notes where send() goes: there is no handshake, and so there \
               is nobody who could say that the server is there.",
        source: "connect(2), udp(7)",
        see: "sudo nsenter --net --target $(pgrep -n sockeye) tcpdump -ni wire0",
        terms: &[T::Connection, T::Handshake],
        question: Some((
            "And where would you see whether the server is there?",
            "Only in an answer of its program, or in its machine's ICMP, as in the last act.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "A datagram is a packet",
        text: "Three bytes of data, eight of UDP's header, twenty of IP's. No number, no acknowledgement: compare it with the \
               five segments that TCP takes for its first word (`learn tcp --wire`).",
        source: "RFC 768",
        see: "sockeye learn tcp --wire",
        terms: &[T::Datagram, T::Header],
        ..Act::EMPTY
    },
    Act {
        title: "One is lost, and nobody knows",
        text: "\"two\" is lost. send() has returned 3, the client goes on with \"three\", and the server hears that. Neither \
               kernel keeps anything, so nothing is sent again. A program that needs every message numbers them, waits for \
               answers, and has a timer: it builds what TCP has.",
        source: "RFC 8085 §3.3",
        see: "sockeye learn udp --wire --no-pause --drop 1",
        terms: &[T::Datagram, T::Retransmission],
        ..Act::EMPTY
    },
    Act {
        title: "The second one comes first",
        text: "\"five\" overtakes \"four\", and the program is given them so: there is no order that could be kept. For a \
               voice or a game that is right: what is late is worth nothing, and nobody waits for it.",
        source: "RFC 8085 §3.3",
        see: "sockeye learn udp --wire --no-pause --reorder 1",
        terms: &[T::Datagram, T::Stream],
        question: Some((
            "How does a program know which of two datagrams is the newer one?",
            "It puts a number or a time into each. RTP, DNS and QUIC all do.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "Too long for one packet: fragments",
        text: "2000 bytes, and the wire takes packets of 1500 at most. IP cuts the datagram into two; only the first one has \
               ports. The second is lost, and with it all of it: the server's kernel waits half a minute for the rest and \
               throws the first part away. Keep datagrams below 1200 bytes.",
        source: "RFC 791, RFC 8085 §3.2, RFC 8900",
        see: "nstat -az IpReasmReqds IpReasmFails",
        terms: &[T::Datagram, T::Boundary],
        ..Act::EMPTY
    },
    Act {
        title: "The answer is just another datagram",
        text: "The server answers the address that the last datagram came from. To the network this has nothing to do with \
               what went the other way: a router or a firewall that wants to know has to remember both directions itself, \
               and forgets them after some seconds of silence.",
        source: "recvfrom(2), RFC 8085 §3.5",
        see: "sockeye udp listen 0 --reply echo",
        terms: &[T::Datagram, T::Server],
        ..Act::EMPTY
    },
    Act {
        title: "The server is gone: ICMP",
        text: "Nobody has the port any more, so the server's kernel says so: ICMP, port unreachable, with the beginning of \
               what was sent. From that the client's kernel sees whose it was, and recv() fails with \"connection refused\". \
               This answer may be lost too: silence means nothing.",
        source: "RFC 792, RFC 1122 §4.1.3.3",
        see: "sockeye udp connect 127.0.0.1:9 --say 'anybody?'",
        terms: &[T::Icmp, T::Rst],
        ..Act::EMPTY
    },
];
