//! The texts of the lesson `tcp-states` in English.

use super::{ACTS, Act, Code};
use crate::learn::Term as T;

pub(in crate::learn) const ABOUT: &str = "the eleven states of a socket, and what goes wrong in each";

pub(in crate::learn) static PLAYBILL: [Act; ACTS] = [
    Act {
        title: "CLOSED: a socket, and no connection",
        text: "Every TCP socket is in one of eleven states, which say what it waits for. We bring a socket into each and \
               let it stand still there. The first is none at all: the standard calls CLOSED fictional, because there is \
               nothing to remember. ss does not list it.",
        source: "socket(2), RFC 9293 §3.3.2",
        see: "ss -tan  # it is not among them",
        terms: &[T::Socket, T::State, T::Descriptor],
        ..Act::EMPTY
    },
    Act {
        title: "LISTEN: waiting for anybody",
        text: "listen() with a backlog of 1. A listener stays in LISTEN for life: every connection gets a socket and states \
               of its own. If clients are refused, look here first: no LISTEN, or at another address, means RST to whoever \
               knocks.",
        source: "listen(2), RFC 9293 §3.3.2, §3.10.7.1 (RST where nobody listens)",
        see: "ss -ltn 'sport = :{port}'",
        terms: &[T::Backlog, T::Rst, T::Loopback],
        ..Act::EMPTY
    },
    Act {
        title: "Two connect, nobody accepts, and the queue is full",
        text: "The kernel finishes both handshakes by itself, so both clients are ESTABLISHED. Linux lets one more wait \
               than the backlog says: two here. A server that is too busy for accept() looks healthy from outside until \
               this queue is full.",
        source: "listen(2), accept(2)",
        see: "ss -ltn 'sport = :{port}'  # Recv-Q 2 is more than Send-Q 1: full",
        terms: &[T::AcceptQueue, T::Backlog, T::Handshake],
        ..Act::EMPTY
    },
    Act {
        title: "SYN-SENT: a third knocks, and nobody answers",
        text: "The queue is full, so the server's kernel drops the SYN without a word. The client sends it again after a \
               second, and gives up after some two minutes. A firewall that drops looks the same. Connects that take 1 s or \
               3 s instead of none tell of lost SYNs.",
        source: "connect(2), tcp(7) (tcp_syn_retries), RFC 9293 §3.8.3, RFC 6298 §2",
        see: "nstat -az TcpExtListenOverflows TcpExtListenDrops",
        terms: &[T::Syn, T::AcceptQueue, T::Retransmission],
        question: Some((
            "Why does the kernel not answer RST, so that the client knows at once?",
            "It may be over in a moment, and the next SYN finds room. RST would tell that nobody is there.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "The server accepts, and there is room again",
        text: "The third client had lost its patience and closed. From SYN-SENT that sends nothing, because there was no \
               connection: its socket is just gone, and the server never knew. accept() took the two others out of the \
               queue. The cure is to accept faster, or more backlog.",
        source: "accept(2), RFC 9293 §3.10.4 (CLOSE in SYN-SENT)",
        see: "sysctl net.core.somaxconn  # no backlog is longer",
        terms: &[T::AcceptQueue, T::Backlog],
        ..Act::EMPTY
    },
    Act {
        title: "SYN-RECEIVED: answered, and not confirmed",
        text: "SYN has come, SYN-ACK went back, and the ACK is missing. To hold it there we set TCP_DEFER_ACCEPT: the kernel \
               ignores the ACK until data come. Note that the ends differ: the client is ESTABLISHED. Whoever sends \
               SYNs from forged addresses fills a server with this: a SYN flood. Its cure is SYN cookies.",
        source: "tcp(7), RFC 9293 §3.5, RFC 4987",
        see: "ss -tano state syn-recv",
        terms: &[T::Handshake, T::Syn, T::Ack],
        ..Act::EMPTY
    },
    Act {
        title: "ESTABLISHED: both agree",
        text: "The first bytes bring the ACK along, and accept() returns. In this state a connection spends its life, and \
               nothing has to be sent to stay in it. So it can be a lie: if the peer's machine lost its power, we stay \
               ESTABLISHED until we send something or keepalive asks.",
        source: "RFC 9293 §3.3.2, §3.5.1 (half-open connections)",
        see: "ss -tno state established '( sport = :{port} or dport = :{port} )'",
        terms: &[T::Connection, T::Keepalive],
        ..Act::EMPTY
    },
    Act {
        title: "FIN-WAIT-2 and CLOSE-WAIT: one side has said all",
        text: "The client's FIN was acknowledged: FIN-WAIT-2, it waits for ours. The server is in CLOSE-WAIT: the kernel \
               waits for its program to close, for as long as it takes. CLOSE-WAITs that pile up are the classic leak: a \
               program that got recv() = 0 and forgot close(). No setting of the kernel helps.",
        source: "shutdown(2), RFC 9293 §3.6",
        see: "ss -tanp state close-wait  # with the program that forgets",
        terms: &[T::Fin, T::EndOfStream, T::Leak],
        question: Some((
            "And many FIN-WAIT-2?",
            "The leak is at the peer. After close() Linux keeps ours for a minute (tcp_fin_timeout); after shutdown(), for ever.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "LAST-ACK: the last word is not confirmed yet",
        text: "The server sends until nothing more goes in, because the client does not read, and then ends its direction. \
               Its FIN waits behind those bytes; so does the last ACK. After close() it would be the same: the kernel keeps \
               socket and bytes, and no program has them.",
        source: "close(2), RFC 9293 §3.6, §3.8.6.1 (zero window)",
        see: "ss -tan state last-ack 'sport = :{port}'  # Send-Q: what waits",
        terms: &[T::Fin, T::Ack, T::Queue],
        ..Act::EMPTY
    },
    Act {
        title: "TIME-WAIT: over, and remembered for a minute",
        text: "The client has read all, and both are done. Who sent the first FIN keeps the name of the connection, so that \
               a late segment does no harm. A name is a port: a client that opens and closes more than some 470 connections a \
               second to one address uses up its 28,232 ports, and connect() fails.",
        source: "RFC 9293 §3.6, RFC 6191, ip(7) (ip_local_port_range)",
        see: "ss -tano state time-wait 'dport = :{port}'; ss -s",
        terms: &[T::TimeWait, T::Port, T::Segment],
        question: Some((
            "What helps a client that runs out of ports?",
            "Keep connections open and use them again. TIME-WAIT itself costs next to nothing.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "FIN-WAIT-1: our end is said, and not heard",
        text: "On the first connection the client sends until nothing more goes in, and then shutdown(). The FIN has its \
               place behind the last byte, and the server has no room. So the kernel asks now and then whether there is room: \
               the persist timer. Many of these: peers that do not read, or have vanished.",
        source: "shutdown(2), RFC 9293 §3.6, §3.8.6.1",
        see: "ss -tano state fin-wait-1  # timer:(persist,...)",
        terms: &[T::Fin, T::ReceiveWindow, T::Queue],
        ..Act::EMPTY
    },
    Act {
        title: "CLOSING: both ended at the same time",
        text: "Now the server ends too, and its FIN (the 1 unread) arrives before ours is acknowledged. The client knows: both \
               have said their last, and only its own FIN is not confirmed. That is CLOSING, the rarest of all: it takes two \
               FINs that cross, or, as here, one that is stuck.",
        source: "RFC 9293 §3.6 (simultaneous close)",
        see: "ss -tan state closing",
        terms: &[T::Fin, T::Ack],
        question: Some((
            "The server has closed first in time. Why is it in FIN-WAIT-2 and not in CLOSE-WAIT?",
            "The client's FIN is still behind the unread bytes: the server has not seen it.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "TIME-WAIT, twice",
        text: "The server reads all, our FIN gets through, and everything is confirmed. Each side sent its FIN before it saw \
               the other's, so each is the one that closed first: both keep TIME-WAIT. Had the server been the only one, its \
               port would be held; hence SO_REUSEADDR.",
        source: "RFC 9293 §3.6, socket(7) (SO_REUSEADDR)",
        see: "ss -tan state time-wait 'dport = :{port} or sport = :{port}'",
        terms: &[T::TimeWait, T::Fin],
        ..Act::EMPTY
    },
    Act {
        title: "CLOSED by a reset: unread bytes",
        text: "The server closes the second connection and has not read the 5 bytes that came. So they are lost, and TCP \
               says so: RST instead of FIN. Both ends are CLOSED at once, without TIME-WAIT, and whatever was on its way \
               to the client goes too: an answer that was sent may never be read.",
        source: "close(2), RFC 9293 §3.6.1, RFC 2525 §2.17",
        see: "nstat -az TcpExtTCPAbortOnClose",
        terms: &[T::Rst, T::Queue],
        question: Some((
            "How does a server close and lose nothing?",
            "shutdown(), then recv() until it gives 0, then close(). That is what sockeye does.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "All eleven",
        text: "You have seen each of them. When something hangs, the state tells whose turn it is.",
        source: "RFC 9293 §3.3.2",
        see: "ss -tan | cut -d' ' -f1 | sort | uniq -c",
        terms: &[T::State],
        code: &[Code {
            language: "state, what it waits for, what many of them mean",
            lines: "CLOSED        nothing\n\
                    LISTEN        anybody\n\
                    SYN-SENT      SYN-ACK        a firewall, a full accept queue\n\
                    SYN-RECEIVED  ACK            a SYN flood\n\
                    ESTABLISHED   data           perhaps peers that have vanished\n\
                    FIN-WAIT-1    ACK of FIN     peers that do not read\n\
                    FIN-WAIT-2    peer's FIN     peers that forget close()\n\
                    CLOSE-WAIT    our close()    we forget close()\n\
                    CLOSING       ACK of FIN     both closed at once\n\
                    LAST-ACK      ACK of FIN     peers that do not read\n\
                    TIME-WAIT     a minute       many short connections",
        }],
        ..Act::EMPTY
    },
];
