//! The texts of the lesson `unix` in English.

use super::{ACTS, Act, Code};
use crate::learn::Term as T;

pub(in crate::learn) const ABOUT: &str = "sockets inside one machine: files, users, descriptors";

pub(in crate::learn) static PLAYBILL: [Act; ACTS] = [
    Act {
        title: "An address that is a file",
        text: "Where both ends are on one machine there need be no port and no IP. A Unix socket's address is a path: bind() \
               makes a file there, of a type of its own. Who may connect is who may write to that file: permissions do what a \
               firewall does elsewhere.",
        source: "unix(7), bind(2)",
        see: "ls -l /tmp/sockeye-*/  # srwxr-xr-x",
        terms: &[T::Socket, T::UnixSocket],
        ..Act::EMPTY
    },
    Act {
        title: "It listens",
        text: "listen() and the accept queue are as in TCP, and everything else above the address too: a program written for \
               one mostly runs over the other. This is how databases, containers and desktops are talked to: look how many \
               listen on your machine.",
        source: "unix(7), listen(2)",
        see: "ss -xl",
        terms: &[T::AcceptQueue, T::Backlog],
        ..Act::EMPTY
    },
    Act {
        title: "A client connects: no handshake",
        text: "There is nobody to exchange segments with: the kernel ties two of its own sockets together and is done. No \
               SYN, no window, no retransmission, no states but connected or not. The client has no name: the connection \
               is known by both sockets alone.",
        source: "unix(7), connect(2)",
        see: "ss -xp | grep sockeye",
        terms: &[T::Handshake, T::Connection],
        question: Some((
            "What is the source port of a Unix client?",
            "It has none. If it wants a name, to be answered by datagrams, it must bind() too.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "Who is it? The kernel knows",
        text: "After accept() the server asks the kernel who connected: SO_PEERCRED gives the process, the user and the group. \
               No password, and it cannot be forged: this is how a database lets user x be its user x.",
        source: "unix(7) (SO_PEERCRED)",
        see: "sockeye unix listen /tmp/door --allow-uid $(id -u)",
        terms: &[T::Kernel, T::Server],
        ..Act::EMPTY
    },
    Act {
        title: "A stream, as TCP is",
        text: "Two sends, and 14 bytes lie in the server's queue: no boundaries here either. They went there at once: a send is \
               a copy into the receiver's queue. There is nothing to be acknowledged, and a full queue makes the sender \
               wait.",
        source: "unix(7) (SOCK_STREAM), send(2)",
        see: "ss -x  # Recv-Q",
        terms: &[T::Stream, T::Boundary, T::Queue],
        ..Act::EMPTY
    },
    Act {
        title: "An open file travels",
        text: "No other socket can do this: the client sends one of its descriptors, here of a pipe, and the server receives the \
               same open file by a number of its own. What is written at one end is read at the other. So a process with rights \
               opens a file or a port, and gives it to one without.",
        source: "unix(7) (SCM_RIGHTS), cmsg(3)",
        see: "ls -l /proc/$(pgrep -n sockeye)/fd  # pipe:[...]",
        terms: &[T::Descriptor, T::Kernel],
        question: Some((
            "The client closes its descriptor before the server has received. Is the file closed?",
            "No. What is on its way counts as open.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "The queue is full, and that is said at once",
        text: "Three more connect, and nobody accepts; the backlog is 1, and Linux lets one more wait. The third is not left \
               waiting for an answer to its SYN, as in TCP: connect() waits, or, if it must not, fails with EAGAIN.",
        source: "connect(2) (EAGAIN), unix(7)",
        see: "ss -xl  # Recv-Q 2, Send-Q 1",
        terms: &[T::AcceptQueue, T::Backlog],
        ..Act::EMPTY
    },
    Act {
        title: "Boundaries, and nothing is lost: seqpacket",
        text: "socketpair() makes both ends at once, without any name: for a parent and its child. Of type seqpacket they keep \
               boundaries: two sends, two receives, in order and none lost. Datagrams over Unix sockets do that too: a sender \
               that is too fast waits. TCP has no boundaries, and UDP loses.",
        source: "socketpair(2), unix(7) (SOCK_SEQPACKET)",
        see: "sockeye unix listen /tmp/door --type seqpacket",
        terms: &[T::Boundary, T::Datagram],
        ..Act::EMPTY
    },
    Act {
        title: "Gone at once, and the name stays",
        text: "close() leaves nothing: no TIME-WAIT. But the file is still there. Who connects is refused, and a new server \
               cannot bind: EADDRINUSE, although nobody listens. It must remove the file first, and be sure that it is dead. \
               sockeye connects to find that out.",
        source: "unix(7), bind(2) (EADDRINUSE)",
        see: "sockeye unix listen /tmp/door -v  # removes a stale one, and says so",
        terms: &[T::TimeWait, T::UnixSocket],
        ..Act::EMPTY
    },
    Act {
        title: "A name that is no file",
        text: "On Linux a name that begins with a zero byte, written @door, is in no folder: it goes with its socket, so that the \
               same can be bound again at once. The price: no permissions guard it. Whoever is in the same network \
               namespace may connect, or take the name first.",
        source: "unix(7) (abstract)",
        see: "ss -xl | grep @",
        terms: &[T::UnixSocket],
        question: Some((
            "A container has a network namespace of its own. Which of our Unix sockets can it reach?",
            "Those whose file it sees (a volume), and no abstract ones.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "Measured, and in a program",
        text: "A byte there and a byte back, a thousand times. Most of it is waking the other side; what TCP adds \
               on loopback is the difference.",
        source: "unix(7)",
        see: "sockeye compare",
        terms: &[T::RoundTrip, T::UnixSocket],
        code: &[
            Code {
                language: "Python",
                lines: "s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)\n\
                        s.connect(\"/tmp/door\")\n\
                        socket.send_fds(s, [b\"!\"], [open(\"log\").fileno()])",
            },
            Code {
                language: "Rust",
                lines: "let stream = UnixStream::connect(\"/tmp/door\")?;\n\
                        let (ours, the_childs) = UnixStream::pair()?;",
            },
        ],
        ..Act::EMPTY
    },
];
