//! The texts of the lesson `tcp --wire` in English.

use super::{ACTS, Act};
use crate::learn::Term as T;

pub(in crate::learn) const ABOUT: &str = "each segment of a TCP connection, lost, late or as it should be";

pub(in crate::learn) static PLAYBILL: [Act; ACTS] = [
    Act {
        title: "A network of our own, and a slow wire",
        text: "This process is alone in a network namespace: here nothing is but one wire, and sockeye is its other end. \
               Both sides have 10.9.0.1 and take each other to be 10.9.0.2. Each packet is read off the wire, shown, and \
               put back with its addresses exchanged. What sends them is the real kernel.",
        source: "network_namespaces(7), the kernel's tuntap documentation",
        see: "sudo nsenter --net --target $(pgrep -n sockeye) ss -tanoi",
        terms: &[T::Namespace, T::Kernel, T::Segment],
        ..Act::EMPTY
    },
    Act {
        title: "Three segments: the handshake",
        text: "SYN: each side says from where it counts its bytes. That is drawn at random, and shown here as 0. A SYN takes \
               a number itself, so the first byte has 1. An ACK names the number that is expected next. connect() returns \
               with the second segment; the server's side stands with the third.",
        source: "RFC 9293 §3.4, §3.5",
        see: "sudo nsenter --net --target $(pgrep -n sockeye) tcpdump -ni wire0",
        terms: &[T::Syn, T::Ack, T::SequenceNumber, T::Handshake],
        question: Some((
            "Why are two segments not enough?",
            "The server could not know whether the client has heard it, and is there.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "Data, and their acknowledgement",
        text: "Seven bytes, the numbers 1 to 7, and the answer ACK 8: \"I have everything before 8\". PSH says that a send() \
               ended here. The receiver's kernel acknowledges; whether its program has read is another matter. Every \
               segment but the first carries an ACK, so one that carries data needs no other.",
        source: "RFC 9293 §3.4, §3.8",
        see: "sockeye learn tcp --wire --no-pause --output json | jq .overheard",
        terms: &[T::SequenceNumber, T::Ack, T::Segment],
        ..Act::EMPTY
    },
    Act {
        title: "The second one comes first",
        text: "The wire lets the second segment go first. 13 and up have come, 8 to 12 are missing: so the server says ACK 8 \
               again, a duplicate, and with SACK what it has beyond the hole. Its program gets nothing before the hole is \
               filled. The sender, told of a hole, does not wait long and sends that part again: here it was only late, and \
               D-SACK says so.",
        source: "RFC 2018 (SACK), RFC 5681 §3.2, RFC 8985 (RACK)",
        see: "nstat -az TcpExtTCPOFOQueue",
        terms: &[T::Sack, T::SequenceNumber, T::Stream],
        question: Some((
            "How many duplicates make a sender send again at once?",
            "Three (fast retransmit). Linux takes the time instead: RACK, a fraction of the round trip.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "A segment is lost",
        text: "Nobody tells the sender. It keeps what was not acknowledged, and a timer runs: when the time is over it sends \
               the same numbers again. The least of that is 200 ms on Linux, and it grows with the round trips that were \
               measured; each time in vain doubles it. send() had returned long before.",
        source: "RFC 6298 §2, §5, RFC 8985 (tail loss probe)",
        see: "ss -tino  # rto, retrans; timer:(on,…)",
        terms: &[T::Retransmission, T::RoundTrip, T::Queue],
        ..Act::EMPTY
    },
    Act {
        title: "An acknowledgement is lost",
        text: "The client has the answer, and its ACK is lost. For the server that looks as if the answer had been: it sends \
               it again. The client knows the numbers, throws the bytes away and says so: ACK once more, and in SACK what \
               came twice. So nothing is heard twice, and the server learns that it need not have.",
        source: "RFC 9293 §3.8.1, RFC 2883 (D-SACK)",
        see: "nstat -az TcpExtTCPDSACKOldSent",
        terms: &[T::Ack, T::Retransmission, T::Sack],
        question: Some((
            "A request over TCP got no answer. Was it carried out?",
            "Nobody can know. Whoever asks again must make that harmless.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "The client has said all: FIN",
        text: "FIN takes a number too, behind the last byte: so it cannot be lost unnoticed, and nothing behind it can come. \
               Its ACK says that it was heard. One direction is over; the server may go on for as long as it likes.",
        source: "RFC 9293 §3.6",
        see: "ss -tan state fin-wait-2",
        terms: &[T::Fin, T::HalfClose, T::EndOfStream],
        ..Act::EMPTY
    },
    Act {
        title: "The last ACK, and TIME-WAIT",
        text: "The server's FIN, and the last segment of all: an ACK that nobody acknowledges. If it is lost, the server \
               sends its FIN again, and somebody must be there to answer: that is why the client's kernel stays in \
               TIME-WAIT for a minute. `--drop` with the number of that ACK shows it.",
        source: "RFC 9293 §3.6, §3.3.2",
        see: "ss -tano state time-wait",
        terms: &[T::Fin, T::TimeWait, T::Ack],
        ..Act::EMPTY
    },
    Act {
        title: "Nobody listens there: RST",
        text: "A SYN to port 8081. There is no socket that it could be for, so the kernel itself answers: RST, and connect() \
               fails at once with \"connection refused\". A firewall that drops would answer nothing: then the SYN goes \
               again and again, for two minutes, until \"timed out\". That is how the two are told apart.",
        source: "RFC 9293 §3.10.7.1",
        see: "sockeye scan localhost 8081",
        terms: &[T::Rst, T::Syn, T::Port],
        ..Act::EMPTY
    },
];
