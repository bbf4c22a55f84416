//! The texts of the lesson `blocking` in English.

use super::{ACTS, Act, Code};
use crate::learn::Term as T;

pub(in crate::learn) const ABOUT: &str = "one thread and many clients: waiting, threads, epoll";

pub(in crate::learn) static PLAYBILL: [Act; ACTS] = [
    Act {
        title: "A server with one thread, which waits",
        text: "This server says back what each client says. It calls accept(), and nobody is there: the call does not return, and \
               the kernel lets the thread sleep until somebody comes. To block costs no processor time. It is the \
               simplest way to write a server, and all is well.",
        source: "accept(2)",
        see: "ps -L -o tid,stat,wchan:24 -p $(pgrep -n sockeye)  # inet_csk_accept",
        terms: &[T::Blocking, T::Thread, T::SystemCall],
        ..Act::EMPTY
    },
    Act {
        title: "A client is served",
        text: "accept() returns; recv() waits for the client's words, returns them, and they go back. Then the server is in recv() \
               again, because the client may say more. All of this is one thread, and it does one thing after the other.",
        source: "accept(2), recv(2), send(2)",
        see: "strace -f -p $(pgrep -n sockeye)  # recvfrom(..., unfinished",
        terms: &[T::Blocking, T::Connection],
        ..Act::EMPTY
    },
    Act {
        title: "A second client waits, and nobody does anything",
        text: "The kernel has finished its handshake, its 3 bytes are there, unread: it lies in the accept queue. The only thread is \
               in recv(), waiting for the first client, who is silent. Nothing is broken, no processor is busy, and the second \
               client hears nothing, for as long as the first one likes.",
        source: "accept(2), RFC 9293 §3.9.1.1",
        see: "ss -ltn 'sport = :{port}'  # Recv-Q 1: waits for accept()",
        terms: &[T::AcceptQueue, T::Blocking],
        question: Some((
            "How does an attacker use that?",
            "He connects and says nothing. One connection, no traffic, and the server is gone.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "Until the first one leaves",
        text: "The first closes; recv() returns 0; the thread comes to accept() at last. The answer to the second took as long as \
               you have been reading. A limit of time (SO_RCVTIMEO) makes it shorter; it is no cure.",
        source: "recv(2), socket(7) (SO_RCVTIMEO)",
        see: "ss -ltn 'sport = :{port}'  # Recv-Q 0",
        terms: &[T::EndOfStream, T::AcceptQueue],
        ..Act::EMPTY
    },
    Act {
        title: "A thread for each client",
        text: "The first cure: accept() in one thread, and for each client another one that may wait as long as it likes. The first \
               client is silent again, and the second is answered at once. The code stays as simple as it was.",
        source: "pthread_create(3), accept(2)",
        see: "ls /proc/$(pgrep -n sockeye)/task | wc -l",
        terms: &[T::Thread, T::Blocking],
        ..Act::EMPTY
    },
    Act {
        title: "Fifty silent clients, fifty threads",
        text: "They do not disturb. But each has a stack (megabytes of addresses, some 10 KiB of memory), and the kernel has to switch \
               between them. For hundreds that is fine; for ten thousand that mostly say nothing, it is ten thousand \
               threads that wait.",
        source: "pthreads(7), RLIMIT_NPROC in getrlimit(2)",
        see: "grep -E 'Threads|VmSize' /proc/$(pgrep -n sockeye)/status",
        terms: &[T::Thread],
        question: Some((
            "Two threads change the same list of clients. What does that cost?",
            "A lock, and the care that none is forgotten and none waits for another in a circle.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "Asking without waiting: EAGAIN",
        text: "A socket can be told never to block. recv() that finds nothing then fails at once with EAGAIN: not an error, only \
               \"not now\". So one thread could ask all its clients in turn; but asking again and again \
               keeps a processor busy with nothing, as measured here.",
        source: "fcntl(2) (O_NONBLOCK), recv(2) (EAGAIN)",
        see: "strace -c -p PID  # thousands of EAGAIN: a busy loop",
        terms: &[T::NonBlocking, T::SystemCall],
        ..Act::EMPTY
    },
    Act {
        title: "epoll: ask the kernel who has something",
        text: "The second cure: one thread waits for all at once. epoll_wait() sleeps until one of the sockets is ready, and says \
               which. Then accept() or recv() is called, and need not wait. The first client is silent, the second \
               is answered, and there is one thread.",
        source: "epoll(7), poll(2)",
        see: "ls -l /proc/$(pgrep -n sockeye)/fd | grep eventpoll",
        terms: &[T::Epoll, T::Blocking],
        ..Act::EMPTY
    },
    Act {
        title: "Fifty silent clients, one thread",
        text: "The silent ones cost a socket each and no thread, and epoll_wait() costs nothing for those who are silent: it need not \
               look at all, as poll() and select() do. So ten thousand clients are no trouble, which was new in its day (C10k).",
        source: "epoll(7), select(2)",
        see: "grep Threads /proc/$(pgrep -n sockeye)/status",
        terms: &[T::Epoll, T::Thread],
        ..Act::EMPTY
    },
    Act {
        title: "But this thread must never wait for anything else",
        text: "One client wants work of 50 ms, and another asks at the same time: it waits until the work is done, although its bytes \
               are there. A look-up of a name, a slow disk, a long computation: each stops all clients. Such things go to other \
               threads.",
        source: "epoll(7)",
        see: "perf trace -p PID  # what does the loop wait for?",
        terms: &[T::Epoll, T::Blocking],
        question: Some((
            "Must one thread do it all?",
            "No. Real servers have a loop for each processor, and threads beside them for what blocks.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "In a program: async is epoll, well dressed",
        text: "await gives the thread back until the socket is ready; below it is epoll_wait(). sockeye is written so.",
        source: "epoll(7), asyncio, tokio",
        see: "strace -f -e trace=epoll_wait sockeye tcp listen 0",
        terms: &[T::Epoll, T::NonBlocking],
        code: &[
            Code {
                language: "Python, asyncio",
                lines: "async def serve(reader, writer):\n\
                        \u{20}   while data := await reader.read(4096):\n\
                        \u{20}       writer.write(data)\n\
                        \u{20}       await writer.drain()",
            },
            Code {
                language: "Rust, tokio",
                lines: "loop {\n\
                        \u{20}   let (mut stream, _) = listener.accept().await?;\n\
                        \u{20}   tokio::spawn(async move { let (mut r, mut w) = stream.split();\n\
                        \u{20}       io::copy(&mut r, &mut w).await });\n\
                        }",
            },
        ],
        ..Act::EMPTY
    },
];
