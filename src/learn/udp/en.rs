//! The texts of the lesson `udp` in English.

use super::{ACTS, Act};
use crate::learn::{Code, Term as T};

pub(in crate::learn) const ABOUT: &str = "datagrams: boundaries, no connection, and no promise";

pub(in crate::learn) static PLAYBILL: [Act; ACTS] = [
    Act {
        title: "The server has an address, and that is all",
        text: "socket() and bind(), and the server is ready: there is no listen() and no accept(), because there will be no \
               connections. Whatever comes to port {port} goes into this one socket's queue, from whomever it is.",
        source: "socket(2), bind(2), udp(7), RFC 768",
        see: "ss -uanp 'sport = :{port}'",
        terms: &[T::Datagram, T::Socket, T::Port],
        ..Act::EMPTY
    },
    Act {
        title: "The client connects, and nothing is sent",
        text: "connect() on a UDP socket asks nobody. It only notes in our own kernel where send() goes, and that datagrams \
               of others are not to be heard. So it succeeds whether or not anybody is there; the server has seen nothing.",
        source: "connect(2), udp(7)",
        see: "sockeye udp connect 127.0.0.1:9 -v  # connects, though nobody is there",
        terms: &[T::Connection, T::Datagram, T::Kernel],
        question: Some((
            "TCP's connect() takes a round trip. How long does this one take?",
            "As long as a system call, some microseconds: no packet travels.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "Two sends, two receives",
        text: "Each send() is one datagram, and each recv() takes one: boundaries are kept, and never do two become one. \
               The price is that a datagram may be lost, may come twice, or after one that was sent later; on loopback that \
               is rare, on a network it is not.",
        source: "send(2), recv(2), RFC 768",
        see: "sudo tcpdump -i lo -nX 'udp port {port}'",
        terms: &[T::Boundary, T::Datagram, T::Stream],
        ..Act::EMPTY
    },
    Act {
        title: "The server answers the address it came from",
        text: "Every datagram brings the address of its sender, and that is where the server answers (recvfrom, sendto). It \
               keeps no more than that about the client. A sender's address can be forged, so an answer should not be much \
               larger than its question.",
        source: "recvfrom(2), sendto(2), RFC 8085 §3.1, §6",
        see: "ss -uan 'dport = :{port} or sport = :{port}'",
        terms: &[T::Datagram, T::Server],
        ..Act::EMPTY
    },
    Act {
        title: "One socket, many peers",
        text: "A second client sends, and it comes to the same socket: there is no accept() that would make another. \
               Telling peers apart is the program's own work, by their addresses; here they are #1 and #2.",
        source: "udp(7)",
        see: "ss -uanp 'sport = :{port}'  # still one line",
        terms: &[T::Port, T::Connection],
        question: Some((
            "How many sockets does a UDP server have with a thousand clients?",
            "One. A TCP server would have a thousand and one.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "Too long for the buffer: the rest is lost",
        text: "The client's buffer has room for 16 bytes, and the datagram has 41. recv() gives the first 16; the rest is \
               thrown away and does not come with the next recv(). A stream would have kept it. sockeye says that a message \
               was cut; many programs do not notice.",
        source: "recv(2), MSG_TRUNC",
        see: "sockeye udp listen 0 --max-message 16",
        terms: &[T::Truncation, T::Boundary],
        ..Act::EMPTY
    },
    Act {
        title: "A client leaves, and nobody is told",
        text: "close() of a UDP socket sends nothing: there is no FIN, and no state that waits. The server cannot know that \
               #2 is gone; it can only forget whom it has not heard for a while. That is why programs over UDP send \
               heartbeats.",
        source: "close(2), RFC 8085 §3.5",
        see: "sockeye udp listen 0 --expiry 10s",
        terms: &[T::Fin, T::State],
        ..Act::EMPTY
    },
    Act {
        title: "The server leaves: an ICMP answer",
        text: "Nobody has port {port} any more. The send succeeds, since the kernel took the datagram; then the machine's \
               answer comes by ICMP, port unreachable, and the next call fails with \"connection refused\". Only a connected \
               socket is told, and a firewall may keep even that from it.",
        source: "udp(7), RFC 1122 §4.1.3.3, RFC 792",
        see: "sockeye udp connect 127.0.0.1:{port} --say anybody?",
        terms: &[T::Icmp, T::Rst],
        ..Act::EMPTY
    },
    Act {
        title: "The same in Python",
        text: "Everything else that a program needs, acknowledging, repeating, ordering, slowing down, it does itself, or it \
               takes TCP, or QUIC, which does all of that over UDP.",
        source: "socket(7), RFC 8085",
        see: "sockeye udp connect --demo --say hello -v",
        terms: &[T::Datagram],
        code: &[
            Code {
                language: "server",
                lines: "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n\
                        s.bind((\"127.0.0.1\", 9000))\n\
                        while True:\n    data, peer = s.recvfrom(65535)\n    s.sendto(data, peer)",
            },
            Code {
                language: "client",
                lines: "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n\
                        s.settimeout(1)  # an answer may never come\n\
                        s.sendto(b\"hello\", (\"127.0.0.1\", 9000))\n\
                        print(s.recv(65535))",
            },
        ],
        ..Act::EMPTY
    },
];
