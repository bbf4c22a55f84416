//! The glossary in English.

use super::Term;

#[expect(clippy::too_many_lines, reason = "one text a word, and all in one place")]
pub(super) fn entry(term: Term) -> (&'static str, &'static str) {
    match term {
        Term::AcceptQueue => (
            "accept queue",
            "Connections whose handshake the kernel has finished and that wait until the program takes them with accept().",
        ),
        Term::Ack => (
            "ACK",
            "A bit in a segment's header: \"I have everything up to this number\". What is not acknowledged is sent again.",
        ),
        Term::Alert => (
            "alert",
            "What TLS says when something is wrong, before it ends the connection: unknown_ca, bad_certificate.",
        ),
        Term::Authority => (
            "certificate authority",
            "Who signs certificates, after checking that a name belongs to whoever asks. Clients trust a list of them.",
        ),
        Term::Backlog => ("backlog", "How many connections may wait in a listener's accept queue."),
        Term::BackPressure => (
            "back-pressure",
            "A reader that is slow makes the sender wait, so that what is between them stays within bounds.",
        ),
        Term::Blocking => {
            ("blocking", "A call that does not return until there is something to return: the thread sleeps meanwhile.")
        }
        Term::Boundary => (
            "boundary",
            "Where one message ends and the next begins. Datagrams have boundaries; a stream has none, and so a protocol \
             over it must say where its messages end.",
        ),
        Term::Certificate => ("certificate", "A signed statement that a public key belongs to a name, for some time."),
        Term::Cipher => {
            ("cipher", "How bytes are made unreadable for all who lack the key, and how a change to them is noticed.")
        }
        Term::Client => ("client", "The side that opens the conversation. It must know the server's address."),
        Term::Close => (
            "Close",
            "What ends a WebSocket: a frame with a code and a reason, which the other side answers with its own.",
        ),
        Term::Compression => (
            "compression",
            "Saying the same with fewer bytes. WebSocket's is permessage-deflate: each message may refer to those before it.",
        ),
        Term::CongestionWindow => (
            "congestion window",
            "How many segments TCP lets be under way without an acknowledgement, so that the network is not flooded.",
        ),
        Term::Connection => (
            "connection",
            "Two sockets that belong together, told apart from all others by four numbers: the addresses and the ports of \
             both ends.",
        ),
        Term::Datagram => (
            "datagram",
            "A message that travels alone: it arrives whole or not at all, perhaps twice, perhaps after a later one.",
        ),
        Term::DelayedAck => (
            "delayed ACK",
            "A kernel waits a little with an acknowledgement, in case there is an answer that can take it along.",
        ),
        Term::Descriptor => {
            ("descriptor", "A small number by which a program names an open file or socket to the kernel.")
        }
        Term::EndOfStream => {
            ("end of stream", "recv() returns 0: the peer's FIN has come, and all bytes before it were read.")
        }
        Term::Epoll => (
            "epoll",
            "A list of sockets in the kernel, and a call that waits until one of them is ready, and says which.",
        ),
        Term::Fin => ("FIN", "A bit in a segment's header: \"after these bytes I say nothing more\"."),
        Term::Fingerprint => ("fingerprint", "The SHA-256 of a certificate: no other has the same."),
        Term::Fragment => ("fragment", "A frame that carries a piece of a message. The last one has FIN."),
        Term::Frame => (
            "frame",
            "What WebSocket puts on the stream: a header that says what follows and how long it is, and a payload.",
        ),
        Term::HalfClose => (
            "half-close",
            "One direction of a connection is over and the other goes on. shutdown() does it; close() ends both.",
        ),
        Term::HalfOpen => (
            "half-open",
            "One end remembers the connection and the other does not: its machine crashed, or something between them forgot.",
        ),
        Term::Handshake => (
            "handshake",
            "What both ends exchange before the first byte of data. TCP's is three segments: SYN, SYN-ACK, ACK.",
        ),
        Term::Header => (
            "header",
            "What stands before the data and speaks about it. HTTP's are lines, a name and a value each; a frame's are bits.",
        ),
        Term::Icmp => (
            "ICMP",
            "The messages by which machines tell each other that something could not be delivered: nothing listens at that \
             port, there is no route.",
        ),
        Term::Keepalive => (
            "keepalive",
            "A question without data that the kernel sends on a silent connection, so that it learns whether the peer is still there.",
        ),
        Term::Kernel => (
            "kernel",
            "The part of the operating system that owns the network. A program only asks it, by system calls.",
        ),
        Term::KeyExchange => (
            "key exchange",
            "Two sides send each other a half, and both compute the same key, which nobody who saw the halves can.",
        ),
        Term::Latency => ("latency", "How long something takes to be known where it is wanted."),
        Term::Leak => {
            ("leak", "What a program takes and never gives back, such as a descriptor, until there are none left.")
        }
        Term::LongPolling => {
            ("long polling", "The client asks, and the server keeps the question until there is something to answer.")
        }
        Term::Loopback => (
            "loopback",
            "A network inside one machine, 127.0.0.1 and ::1: what is sent there comes back to the same kernel.",
        ),
        Term::Masking => (
            "masking",
            "A client's payloads are XORed with a random key that stands before them, so that no page chooses the bytes on the wire.",
        ),
        Term::Nagle => (
            "Nagle's algorithm",
            "A small segment waits while an earlier one is not acknowledged, so that small sends gather into fewer segments.",
        ),
        Term::Namespace => (
            "network namespace",
            "Interfaces, addresses, routes and sockets that only some processes see: a network of their own.",
        ),
        Term::NonBlocking => ("non-blocking", "A call that has nothing to return fails at once with EAGAIN: not now."),
        Term::Opcode => {
            ("opcode", "Four bits that say what a frame is: text, binary, continuation, close, ping or pong.")
        }
        Term::Ping => (
            "ping",
            "A frame that asks whether the other side is there. It must be answered with a pong that brings its payload back.",
        ),
        Term::Polling => ("polling", "Asking again and again whether there is anything new."),
        Term::Port => (
            "port",
            "A number from 1 to 65535 that tells which socket of a machine is meant. Servers have known ones; a client is \
             given a free one.",
        ),
        Term::Proxy => (
            "proxy",
            "A program between client and server that passes on what they say, and may read it, change it or store it.",
        ),
        Term::Queue => (
            "queue",
            "The kernel keeps bytes that were sent and not acknowledged, and bytes that came and were not read.",
        ),
        Term::ReceiveWindow => (
            "receive window",
            "How many more bytes a side has room for. It tells its peer with every segment; zero means: stop.",
        ),
        Term::Retransmission => (
            "retransmission",
            "A segment that was not acknowledged in time is sent again; each time the kernel waits twice as long.",
        ),
        Term::RoundTrip => ("round trip", "The time until an answer can be there: to the peer and back."),
        Term::Rst => (
            "RST",
            "A bit in a segment's header: \"there is no such connection\". Nothing listens, or it was thrown away.",
        ),
        Term::Sack => (
            "SACK",
            "An option of an ACK: which bytes are there already beyond those that are missing. Only those are sent again.",
        ),
        Term::Segment => {
            ("segment", "What TCP puts into one packet: a header and a piece of the stream, perhaps none.")
        }
        Term::Server => ("server", "The side that waits to be asked. It can serve many clients at one port."),
        Term::SequenceNumber => (
            "sequence number",
            "The place of a segment's first byte in the stream. SYN and FIN take a number each, as a byte does.",
        ),
        Term::ServerName => (
            "server name",
            "The name that a client tells a server when TLS begins (SNI), so that it shows the right certificate.",
        ),
        Term::ServerSentEvents => (
            "server-sent events",
            "An answer of HTTP without an end, in a form for events that browsers read and resume (SSE).",
        ),
        Term::SlowStartThreshold => (
            "slow-start threshold",
            "Up to this congestion window TCP grows fast, above it slowly: half of what it was at the last loss.",
        ),
        Term::Socket => (
            "socket",
            "The end of a conversation, kept by the kernel. A program makes it with socket() and names it by a descriptor.",
        ),
        Term::State => {
            ("state", "Where a TCP socket is in its life. There are eleven, from LISTEN by ESTABLISHED to TIME-WAIT.")
        }
        Term::Stream => (
            "stream",
            "Bytes in order, without gaps and without boundaries: what was sent at once may be received in parts, and two \
             sends as one.",
        ),
        Term::Streaming => ("streaming", "An answer whose body goes on while there is something to say."),
        Term::Syn => ("SYN", "A bit in a segment's header: \"let us begin; I count my bytes from this number\"."),
        Term::SystemCall => ("system call", "A program's request to the kernel: socket(), bind(), send()."),
        Term::Thread => (
            "thread",
            "One of the things that a program does at the same time. It has a stack of its own, and can wait alone.",
        ),
        Term::TimeWait => (
            "TIME-WAIT",
            "For a minute the kernel of the side that closed first keeps the connection's name, so that a late segment \
             disturbs no new connection.",
        ),
        Term::Truncation => (
            "truncation",
            "A datagram that is longer than the buffer it is read into loses its end, and what is lost does not come later.",
        ),
        Term::UnixSocket => (
            "Unix socket",
            "A socket inside one machine, whose address is a path or a name, and whose other end the kernel knows.",
        ),
        Term::Upgrade => (
            "upgrade",
            "A client of HTTP asks to speak another protocol on the same connection; 101 is the server's yes.",
        ),
    }
}
