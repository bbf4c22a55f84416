//! The texts of the lesson `nagle` in English.

use super::{ACTS, Act, Code};
use crate::learn::Term as T;

pub(in crate::learn) const ABOUT: &str = "two delays of small segments that add up to 40 ms, measured";

pub(in crate::learn) static PLAYBILL: [Act; ACTS] = [
    Act {
        title: "Connected: who decides what a segment is?",
        text: "A program sends bytes, and the kernel decides when they go and how many make a segment. That is free for large \
               amounts: segments are full. It matters when little is sent at a time, as in questions and answers. We will \
               ask the same small question in several ways and take the time.",
        source: "send(2), RFC 9293 §3.7",
        see: "sockeye tcp ping 127.0.0.1:{port}  # the time that a round trip takes",
        terms: &[T::Stream, T::Segment, T::RoundTrip],
        ..Act::EMPTY
    },
    Act {
        title: "A request in two sends",
        text: "A program sends what it has, when it has it: here a request of 9 bytes in two sends. On a new connection all is \
               fast: the server's kernel acknowledges each segment at once, both parts are there, and the answer comes \
               within microseconds.",
        source: "send(2), RFC 9293 §3.7.4",
        see: "ss -tni 'dport = :{port}'  # rtt, ato",
        terms: &[T::Segment, T::Ack],
        ..Act::EMPTY
    },
    Act {
        title: "The same again, and it takes 40 ms",
        text: "Both sides wait. Nagle's algorithm, here: a small segment waits while an earlier one is not acknowledged. Delayed \
               acknowledgement, there: an ACK waits for an answer that could take it along. But the answer wants the \
               second part. So nothing moves until the server's kernel gives in, after 40 ms.",
        source: "RFC 896, RFC 9293 §3.7.4, §3.8.6.3",
        see: "sudo tcpdump -i lo -n -ttt 'tcp port {port}'  # the gap of 0.04",
        terms: &[T::Nagle, T::DelayedAck],
        ..Act::EMPTY
    },
    Act {
        title: "Ten requests",
        text: "Nothing is lost, nobody is busy, and on any network it is the same 40 ms on top of each request. So it is found \
               by its number: if requests take 40 ms more than the round trip (on other systems up to 200), look for two \
               small sends and then a receive.",
        source: "RFC 1122 §4.2.3.2 (at most 500 ms)",
        see: "strace -f -r -e trace=network -p PID  # send, send, recv",
        terms: &[T::Nagle, T::DelayedAck, T::RoundTrip],
        question: Some((
            "One side alone waits, and the other does not. Is there still a stall?",
            "No. Take away either wait and the request is fast; the next acts do both.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "TCP_NODELAY: no waiting for acknowledgements",
        text: "With this option every send() goes out at once. That is right for whatever asks and waits for an answer, and so \
               most HTTP, SSH and database programs set it. The price: each small send is a segment of its own, \
               with 40 bytes of headers and more.",
        source: "tcp(7) (TCP_NODELAY)",
        see: "sockeye tcp connect --nodelay HOST:PORT",
        terms: &[T::Nagle, T::Segment],
        ..Act::EMPTY
    },
    Act {
        title: "Better: one send",
        text: "TCP_NODELAY is off again, and the whole request goes in one send(). Nothing is unacknowledged when it comes, so it \
               need not wait, and one segment does. Collect what belongs together (a buffered writer, writev()), and flush \
               where you begin to wait.",
        source: "writev(2), RFC 9293 §3.7.4",
        see: "strace -e trace=write,writev,sendto curl -s http://localhost:8080/",
        terms: &[T::Nagle, T::Segment],
        question: Some((
            "Two requests, each in one send, the second before the first is answered. Does the second wait?",
            "If it is small, yes, for the ACK of the first: pipelining wants TCP_NODELAY.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "The other end: TCP_QUICKACK",
        text: "Two sends again, and the server's program asks its kernel to acknowledge at once, after each recv(): the option \
               does not stay. It helps where the client cannot be changed, and only on Linux.",
        source: "tcp(7) (TCP_QUICKACK), RFC 9293 §3.8.6.3",
        see: "nstat -az TcpExtDelayedACKs",
        terms: &[T::DelayedAck],
        ..Act::EMPTY
    },
    Act {
        title: "TCP_CORK: hold it back, I am not done",
        text: "The opposite of TCP_NODELAY: what is not a full segment stays, at most 200 ms, until the cork is out. Two sends, \
               and 0 bytes have come; then both come as one. For a header and then a file by sendfile(). For a single \
               send, the flag MSG_MORE does the same.",
        source: "tcp(7) (TCP_CORK), send(2) (MSG_MORE)",
        see: "strace -f -e trace=setsockopt,sendfile nginx",
        terms: &[T::Segment, T::Stream],
        ..Act::EMPTY
    },
    Act {
        title: "What Nagle's algorithm is good for",
        text: "A program sends eight times one byte: a naive one, or somebody who types over a slow line. With the algorithm \
               the bytes that come while an ACK is awaited gather into few segments; without it, each travels alone: a byte \
               of payload, and 40 of headers or more.",
        source: "RFC 896, RFC 9293 §3.7.4",
        see: "ss -tni 'dport = :{port}'  # data_segs_out",
        terms: &[T::Nagle, T::Segment],
        ..Act::EMPTY
    },
    Act {
        title: "In a program",
        text: "One send where you can; TCP_NODELAY where you ask and wait; neither for bulk data, which fill segments anyway.",
        source: "tcp(7)",
        see: "strace -c -e trace=network PROGRAM  # many small sends?",
        terms: &[T::Nagle, T::DelayedAck],
        code: &[
            Code {
                language: "C",
                lines: "int on = 1;\n\
                        setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);\n\
                        struct iovec parts[] = {{head, head_length}, {body, body_length}};\n\
                        writev(s, parts, 2);  // both in one call",
            },
            Code {
                language: "Python",
                lines: "s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)\ns.sendmsg([head, body])",
            },
            Code {
                language: "Rust",
                lines: "stream.set_nodelay(true)?;\nlet mut out = BufWriter::new(&stream);  // and out.flush()? where you wait",
            },
        ],
        ..Act::EMPTY
    },
];
