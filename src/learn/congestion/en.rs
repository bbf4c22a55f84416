//! The texts of the lesson `congestion` in English.

use super::{ACTS, Act, Code};
use crate::learn::Term as T;

pub(in crate::learn) const ABOUT: &str = "how much may be under way, seen growing and falling";

pub(in crate::learn) static PLAYBILL: [Act; ACTS] = [
    Act {
        title: "The first window",
        text: "How fast may one send? The receiver tells its room; what the network between has room for nobody tells. So TCP \
               finds it out, with a congestion window: so many segments may be unacknowledged. It begins with 10. We made the \
               segments small, and chose the textbook's algorithm, reno.",
        source: "RFC 5681 §3, RFC 6928 (the first window), tcp(7) (TCP_CONGESTION)",
        see: "ss -tni 'dport = :{port}'  # reno ... cwnd:10",
        terms: &[T::CongestionWindow, T::Segment, T::ReceiveWindow],
        ..Act::EMPTY
    },
    Act {
        title: "A window is sent, and acknowledged",
        text: "A whole window goes at once; then the sender must wait for acknowledgements, a round trip. Each one that comes says: \
               what you sent has left the network, there is room. So for each acknowledged segment the window grows by one: it \
               has doubled.",
        source: "RFC 5681 §3.1 (slow start)",
        see: "ss -tni 'dport = :{port}'  # cwnd, rtt",
        terms: &[T::CongestionWindow, T::Ack, T::RoundTrip],
        question: Some((
            "A page of 100 kB, segments of 1,460 bytes, no loss. How many round trips, after the handshake?",
            "Three: 10 segments, 20, and the remaining 39 of 40. So short transfers are bound by the round trip.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "Slow start is fast",
        text: "Two windows more, and each time it doubles. It is called slow because before 1988 everybody sent at once what the \
               receiver had room for, and the Internet collapsed under it. Speed is window by round trip: 80 segments of 1,460 \
               bytes each 50 ms are 2.3 MB a second.",
        source: "RFC 5681 §3.1",
        see: "sockeye tcp connect --input random:100MiB --stats HOST:PORT",
        terms: &[T::CongestionWindow, T::RoundTrip],
        ..Act::EMPTY
    },
    Act {
        title: "All is lost, and the window falls to one",
        text: "From now on nothing reaches the server. No acknowledgement comes, and after 200 ms the kernel gives up waiting: all \
               is taken for lost. To TCP loss means that the network is too full. So the window is 1, and half of what it was is \
               noted as the threshold: up to there it went well.",
        source: "RFC 5681 §3.1, RFC 6298 §5",
        see: "ss -tnoi 'dport = :{port}'  # cwnd:1 ssthresh:, lost:",
        terms: &[T::CongestionWindow, T::Retransmission, T::SlowStartThreshold],
        ..Act::EMPTY
    },
    Act {
        title: "The way is free again",
        text: "The same on a second connection, and then the server can be reached. The next retransmission gets through, its ACK \
               lets two go, and so on: slow start again, until all that was lost has been sent again and is there. \
               The threshold stays.",
        source: "RFC 5681 §3.1",
        see: "nstat -az TcpRetransSegs TcpExtTCPSlowStartRetrans",
        terms: &[T::Retransmission, T::SlowStartThreshold],
        ..Act::EMPTY
    },
    Act {
        title: "Above the threshold it grows slowly",
        text: "Where it was too much before, TCP feels its way: congestion avoidance. A whole window must be acknowledged for one \
               segment more. Slowly up, and down by half: this saw shares a line among all fairly, without anybody who \
               distributes it.",
        source: "RFC 5681 §3.1 (congestion avoidance)",
        see: "ss -tni 'dport = :{port}'  # cwnd and ssthresh",
        terms: &[T::CongestionWindow, T::SlowStartThreshold],
        question: Some((
            "A download on a radio link that loses 1% by noise is slow. Why?",
            "Reno takes each loss for congestion and halves. Other algorithms (BBR) look at rate and delay instead.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "One is lost, and those behind it tell",
        text: "One segment is lost, the six behind it arrive. Each makes the receiver acknowledge again what it is waiting for, and \
               tell what it has (SACK). That is enough: the segment goes again at once, no timer of 200 ms is waited for, and \
               the window falls by half, not to one.",
        source: "RFC 5681 §3.2 (fast retransmit), RFC 2018, RFC 6675",
        see: "nstat -az TcpExtTCPFastRetrans TcpExtTCPSackRecovery",
        terms: &[T::Retransmission, T::Ack, T::CongestionWindow],
        ..Act::EMPTY
    },
    Act {
        title: "In a program",
        text: "Keep connections open: a new one begins with ten segments, and so does one that was idle (see tcp_slow_start_after_idle). \
               Linux prefers cubic, which grows faster after a loss; BBR measures rate and delay and does not wait for loss.",
        source: "RFC 9438 (CUBIC), tcp(7) (tcp_congestion_control)",
        see: "sysctl net.ipv4.tcp_congestion_control net.ipv4.tcp_available_congestion_control",
        terms: &[T::CongestionWindow],
        code: &[Code {
            language: "Python",
            lines: "s.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, b\"cubic\")\n\
                    info = s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)\n\
                    threshold, window = struct.unpack_from(\"II\", info, 76)",
        }],
        ..Act::EMPTY
    },
];
