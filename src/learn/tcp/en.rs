//! The texts of the lesson `tcp` in English.

use super::{ACTS, Act};
use crate::learn::Code;
use crate::learn::Term as T;

pub(in crate::learn) const ABOUT: &str = "a TCP connection, from its first call to its last";

pub(in crate::learn) static PLAYBILL: [Act; ACTS] = [
    Act {
        title: "The server makes a socket",
        text: "A program cannot touch the network; it asks the kernel. socket() makes one end of a conversation and gives \
               back a descriptor, a small number, as for an open file. It has no address yet, so nobody can reach it, and \
               ss does not list it.",
        source: "socket(2)",
        see: "ls -l /proc/$(pgrep -n sockeye)/fd",
        terms: &[T::Socket, T::Descriptor, T::Kernel, T::SystemCall],
        ..Act::EMPTY
    },
    Act {
        title: "It gets an address: bind",
        text: "bind() gives the socket the address and the port at which it is to be found. We asked for port 0, which \
               means any that is free: the kernel chose {port}. Other programs cannot have this port now, and still nobody \
               can connect.",
        source: "bind(2), ip(7)",
        see: "nc -v 127.0.0.1 {port}  # refused: bound, but it does not listen",
        terms: &[T::Port, T::Loopback],
        question: Some((
            "Why does a server choose its port, and a client mostly not?",
            "A client must know where the server is; the server learns where the client is when it comes.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "It listens",
        text: "listen() makes it a listener: from now on the kernel answers whoever wants to connect, by itself, and keeps \
               finished connections in a queue for accept(). How long that may be is the backlog, here 16. A listener \
               carries no data, now or later.",
        source: "listen(2), RFC 9293 §3.9.1.1 (passive OPEN)",
        see: "ss -ltn 'sport = :{port}'  # Recv-Q: waiting, Send-Q: the backlog",
        terms: &[T::Backlog, T::AcceptQueue, T::State],
        ..Act::EMPTY
    },
    Act {
        title: "The client makes a socket too",
        text: "Both sides begin with the same call. The client needs no bind(): when it connects, the kernel gives it an \
               address and a free port. Its descriptor has another number, because both of our sides are one process.",
        source: "socket(2)",
        see: "ls -l /proc/$(pgrep -n sockeye)/fd",
        terms: &[T::Client, T::Server, T::Descriptor],
        ..Act::EMPTY
    },
    Act {
        title: "It connects, and nobody has accepted yet",
        text: "connect() sends SYN, the server's kernel answers SYN-ACK, and ACK completes the handshake: one round trip. \
               The connection stands on both sides, though the server's program did nothing: it waits in the accept queue, \
               and has no descriptor there.",
        source: "connect(2), RFC 9293 §3.5",
        see: "ss -tn 'dport = :{port} or sport = :{port}'",
        terms: &[T::Handshake, T::Syn, T::Ack, T::AcceptQueue, T::RoundTrip],
        ..Act::EMPTY
    },
    Act {
        title: "The server accepts: a new socket",
        text: "accept() takes the connection out of the queue and gives it a descriptor of its own. The listener is not \
               the connection: it stays as it was, for the next client. All connections share port {port}; they are told \
               apart by the client's address and port.",
        source: "accept(2), RFC 9293 §3.4.1",
        see: "ss -tanp 'sport = :{port}'  # the listener and the connection",
        terms: &[T::Connection, T::AcceptQueue, T::Port],
        question: Some((
            "A thousand clients are connected. How many ports does the server need?",
            "One. The four numbers of each connection differ in the client's address or port.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "The client sends twice, and the server does not read",
        text: "send() copies bytes into the kernel and returns; TCP takes them to the other kernel, which acknowledges \
               them. So 14 bytes are there, unread, and the server's program knows nothing of them. That send() has \
               returned does not mean that anybody has read.",
        source: "send(2), RFC 9293 §3.8",
        see: "ss -tn 'sport = :{port}'  # Recv-Q: 14",
        terms: &[T::Queue, T::Ack, T::Segment],
        ..Act::EMPTY
    },
    Act {
        title: "The server receives once",
        text: "Two sends, one receive: TCP carries a stream of bytes and knows no messages. It could as well have been 3 \
               bytes and then 11. Whoever needs messages must mark where they end: with a newline, or a length in front. \
               That is what --framing does.",
        source: "recv(2), RFC 9293 §2.2",
        see: "sockeye tcp listen 0 --framing chunks -v",
        terms: &[T::Stream, T::Boundary],
        question: Some((
            "A program sends \"ab\" and then \"cd\". What may the first recv() of the peer give?",
            "\"a\", \"ab\", \"abc\" or \"abcd\": at least one byte, in order, up to what has come by then.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "The server answers",
        text: "A connection has two directions, and each is a stream of its own: both sides may send at any time, without \
               taking turns. The server knows where the answer goes, because its socket is one end of this connection.",
        source: "send(2), RFC 9293 §3.4",
        see: "ss -tin 'sport = :{port}'  # rtt, cwnd, bytes_acked",
        terms: &[T::Stream, T::RoundTrip, T::CongestionWindow],
        ..Act::EMPTY
    },
    Act {
        title: "The client has said all: half-close",
        text: "shutdown(SHUT_WR) sends FIN behind the last byte. The server's recv() returns 0: no more will come from the \
               client. That is no error and no hang-up: only one direction is over. Their states are named after what each \
               waits for now.",
        source: "shutdown(2), RFC 9293 §3.6",
        see: "ss -tan 'dport = :{port} or sport = :{port}'",
        terms: &[T::Fin, T::HalfClose, T::EndOfStream],
        ..Act::EMPTY
    },
    Act {
        title: "The other direction goes on",
        text: "The server may go on sending for as long as it likes. Many protocols need this: the end of the question is \
               what the answer waits for. A server that never closes leaves CLOSE-WAIT behind: if ss shows many of those, \
               a program forgets close().",
        source: "RFC 9293 §3.6.1 (half-closed connections)",
        see: "ss -tan state close-wait",
        terms: &[T::HalfClose, T::State],
        ..Act::EMPTY
    },
    Act {
        title: "Both directions are over: close",
        text: "The server's FIN ends the other direction, and each side closes its descriptor. The server's socket is gone \
               at once. The client's kernel remembers the connection, although no program has it any more: the side whose \
               FIN came first keeps TIME-WAIT.",
        source: "close(2), RFC 9293 §3.6",
        see: "ss -tano state time-wait 'dport = :{port}'  # how long it stays",
        terms: &[T::Fin, T::TimeWait],
        question: Some((
            "What if a program closes while bytes that came are unread?",
            "The kernel sends RST instead of FIN, and what was on its way to the peer may be lost.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "What is left: TIME-WAIT",
        text: "A late segment of this connection could be taken for one of a new connection with the same four numbers, \
               and the last ACK may have to be sent again. So the name is kept for a minute. Had the server closed first, \
               it would be here for the server's port; that is why it set SO_REUSEADDR in act 1.",
        source: "RFC 9293 §3.6, RFC 1337",
        see: "ss -tan state time-wait",
        terms: &[T::TimeWait, T::Segment],
        ..Act::EMPTY
    },
    Act {
        title: "The client in seven lines of C, and of Python",
        text: "The calls are the same in every language; only their names are dressed differently.",
        source: "socket(2), connect(2), send(2), recv(2)",
        see: "strace -e trace=network,close nc 127.0.0.1 {port}",
        terms: &[T::SystemCall],
        code: &[
            Code {
                language: "C",
                lines: "int s = socket(AF_INET, SOCK_STREAM, 0);\n\
                        struct sockaddr_in a = {AF_INET, htons(9000), {htonl(INADDR_LOOPBACK)}};\n\
                        connect(s, (struct sockaddr *)&a, sizeof a);\n\
                        send(s, \"hello\\n\", 6, 0);\n\
                        shutdown(s, SHUT_WR);\n\
                        while ((n = recv(s, b, sizeof b, 0)) > 0) write(1, b, n);\n\
                        close(s);",
            },
            Code {
                language: "Python",
                lines: "import socket\n\
                        s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)\n\
                        s.connect((\"127.0.0.1\", 9000))\n\
                        s.sendall(b\"hello\\n\")\n\
                        s.shutdown(socket.SHUT_WR)\n\
                        while data := s.recv(4096): print(data)\n\
                        s.close()",
            },
        ],
        ..Act::EMPTY
    },
    Act {
        title: "And of Rust; the server too",
        text: "TcpStream::connect is socket() and connect(); TcpListener::bind is socket(), bind() and listen(); dropping \
               either is close(). You have seen every call that a TCP program makes.",
        source: "std::net",
        see: "sockeye tcp connect --explain --step localhost:8080",
        terms: &[T::Socket],
        code: &[
            Code {
                language: "Rust, client",
                lines: "let mut stream = TcpStream::connect(\"127.0.0.1:9000\")?;\n\
                        stream.write_all(b\"hello\\n\")?;\n\
                        stream.shutdown(Shutdown::Write)?;\n\
                        io::copy(&mut stream, &mut io::stdout())?;",
            },
            Code {
                language: "Rust, server",
                lines: "let listener = TcpListener::bind(\"127.0.0.1:9000\")?;\n\
                        let (mut stream, peer) = listener.accept()?;\n\
                        io::copy(&mut stream.try_clone()?, &mut stream)?;",
            },
        ],
        ..Act::EMPTY
    },
];
