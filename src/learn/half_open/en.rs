//! The texts of the lesson `half-open` in English.

use super::{ACTS, Act, Code};
use crate::learn::Term as T;

pub(in crate::learn) const ABOUT: &str = "a peer that vanishes, and how that is noticed";

pub(in crate::learn) static PLAYBILL: [Act; ACTS] = [
    Act {
        title: "Connected, and nothing is said",
        text: "Client and server are connected and silent. Nothing travels: no timer runs at either end. You could pull the \
               cable, wait an hour, put it back, and nobody would know. A connection is no wire; it is two kernels that \
               remember each other.",
        source: "RFC 9293 §3.3.1, §3.3.2",
        see: "sudo tcpdump -i lo -n 'tcp port {port}'  # silence",
        terms: &[T::Connection, T::Kernel, T::State],
        ..Act::EMPTY
    },
    Act {
        title: "The server loses its power",
        text: "What a crash does, without one: a filter drops all that comes to the client, and behind it the server's socket \
               is thrown away. One end remembers the connection and the other does not: it is half-open. The client is \
               ESTABLISHED, and has no reason to doubt it.",
        source: "RFC 9293 §3.5.1 (half-open connections), socket(7) (SO_ATTACH_FILTER)",
        see: "ss -tano 'dport = :{port} or sport = :{port}'  # one end only",
        terms: &[T::HalfOpen, T::Connection],
        question: Some((
            "The server's program crashes, and its machine does not. Is that the same?",
            "No. The kernel closes the dead program's sockets: the client gets FIN, or RST, at once.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "The power is back, and the client speaks",
        text: "The bytes reach a kernel that knows no such connection, and it says so: RST. The client's next recv() fails: \
               connection reset. So after a restart of the peer the first send tells; and note that the send itself had \
               succeeded.",
        source: "RFC 9293 §3.5.1, §3.10.7.1",
        see: "sudo tcpdump -i lo -n 'tcp port {port} and tcp[tcpflags] & tcp-rst != 0'",
        terms: &[T::Rst, T::Segment],
        ..Act::EMPTY
    },
    Act {
        title: "A cable is out for a moment",
        text: "A new connection, and a filter drops all that comes to the server. The client's kernel misses the ACK and \
               sends again, each time later; the program need not care. When the way is free again, the bytes arrive, as if \
               nothing had been. Short interruptions are TCP's own work.",
        source: "RFC 9293 §3.8.1, RFC 6298 §5",
        see: "nstat -az TcpRetransSegs TcpExtTCPTimeouts",
        terms: &[T::Retransmission, T::Ack],
        ..Act::EMPTY
    },
    Act {
        title: "The server vanishes for good, and the client only listens",
        text: "A NAT router that forgot the connection, a laptop that was closed, a cloud machine that is no more. Whoever \
               only waits in recv() waits for ever: nothing was sent, so nothing is missing. No timer runs. This is how \
               servers collect dead clients over months.",
        source: "RFC 9293 §3.5.1, RFC 5382 §5 (NAT may forget after two hours)",
        see: "ss -tno state established 'dport = :{port}'  # no timer",
        terms: &[T::HalfOpen, T::State],
        question: Some((
            "Can recv() with a time limit (SO_RCVTIMEO) tell a dead peer from a silent one?",
            "No. It tells that nothing came; only a question that should be answered can tell more.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "The client speaks into the void",
        text: "send() succeeds: the bytes are in the kernel, unacknowledged, and go again and again, each time twice as late, up \
               to two minutes. Only after some 15 minutes (tcp_retries2) the kernel gives up, and recv() fails with \
               ETIMEDOUT. So much can be lost and be called sent.",
        source: "tcp(7) (tcp_retries2), RFC 9293 §3.8.3, RFC 6298 §5.5",
        see: "ss -tnoi 'dport = :{port}'  # timer:(on,...), backoff, unacked",
        terms: &[T::Retransmission, T::Queue],
        ..Act::EMPTY
    },
    Act {
        title: "A limit: TCP_USER_TIMEOUT",
        text: "The same with TCP_USER_TIMEOUT: what stays unacknowledged for longer than one second ends the connection. The \
               limit is looked at when a retransmission is due, so it takes somewhat longer. It needs bytes that are \
               under way; an idle connection it does not test.",
        source: "tcp(7) (TCP_USER_TIMEOUT), RFC 5482",
        see: "sockeye tcp connect --user-timeout 10s HOST:PORT",
        terms: &[T::Retransmission, T::Connection],
        ..Act::EMPTY
    },
    Act {
        title: "Keepalive: the kernel asks",
        text: "SO_KEEPALIVE makes the kernel ask on a silent connection; the peer's kernel answers, its program sees \
               nothing. Here: after 1 s, each second, 2 times. The defaults are 2 hours, 75 s and 9.",
        source: "tcp(7) (tcp_keepalive_time), RFC 9293 §3.8.4",
        see: "ss -tno 'dport = :{port}'  # timer:(keepalive,...)",
        terms: &[T::Keepalive],
        ..Act::EMPTY
    },
    Act {
        title: "Keepalive, and nobody answers",
        text: "The server vanishes again. This time somebody asks, and after two questions without an answer the connection \
               is over: recv() fails with ETIMEDOUT. The server's end knows nothing of it, and is now the half-open one: \
               each side must ask for itself.",
        source: "RFC 9293 §3.8.4",
        see: "nstat -az TcpExtTCPKeepAlive TcpExtTCPAbortOnTimeout",
        terms: &[T::Keepalive, T::HalfOpen],
        question: Some((
            "What does keepalive not notice?",
            "A program that hangs: its kernel still answers. Pings of the protocol (WebSocket, HTTP/2) ask the program.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "In a program",
        text: "Who waits for a peer asks now and then; who sends sets a limit. Servers need both, or a time limit of their own.",
        source: "tcp(7), socket(7)",
        see: "sockeye tcp connect --keepalive=60s,10s,5 --user-timeout 30s HOST:PORT",
        terms: &[T::Keepalive, T::HalfOpen],
        code: &[
            Code {
                language: "Python",
                lines: "s.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)\n\
                        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 60)\n\
                        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10)\n\
                        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 5)\n\
                        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 30000)",
            },
            Code {
                language: "Rust, with socket2",
                lines: "let every = TcpKeepalive::new().with_time(MINUTE).with_retries(5);\n\
                        socket.set_tcp_keepalive(&every.with_interval(TEN_SECONDS))?;\n\
                        socket.set_tcp_user_timeout(Some(HALF_A_MINUTE))?;",
            },
        ],
        ..Act::EMPTY
    },
];
