//! The texts of the lesson `slow-reader` in English.

use super::{ACTS, Act, Code};
use crate::learn::Term as T;

pub(in crate::learn) const ABOUT: &str = "back-pressure: who does not read slows down who sends";

pub(in crate::learn) static PLAYBILL: [Act; ACTS] = [
    Act {
        title: "Two buffers lie between two programs",
        text: "send() puts bytes into a buffer of our kernel, recv() takes them out of one of the peer's kernel; TCP moves them \
               from the one to the other. With every segment each side tells how much room it has left: its receive \
               window. We made both buffers small, 64 KiB, to see their ends.",
        source: "socket(7) (SO_SNDBUF, SO_RCVBUF), RFC 9293 §3.8.6",
        see: "ss -tim 'dport = :{port}'  # skmem, snd_wnd",
        terms: &[T::ReceiveWindow, T::Queue, T::Kernel],
        ..Act::EMPTY
    },
    Act {
        title: "The client sends, and the server does not read",
        text: "send() returned in a moment: all 20,000 bytes crossed and were acknowledged. That is the promise of the peer's \
               kernel, not of its program, which has read nothing. The window that the server tells now is what its buffer has left; in the first moment a \
               kernel tells less than it has.",
        source: "send(2), RFC 9293 §3.8.6",
        see: "ss -tn 'sport = :{port}'  # Recv-Q: what the program has not read",
        terms: &[T::Ack, T::Queue, T::ReceiveWindow],
        ..Act::EMPTY
    },
    Act {
        title: "Nothing more goes in",
        text: "First the server's buffer is full, and its window zero: stop. Then what the client sends stays in its own, until \
               that is full too: a send() that must not wait fails with EAGAIN, another one waits. Nothing is lost. The \
               kernel asks now and then whether there is room again: the persist timer.",
        source: "send(2) (EAGAIN), RFC 9293 §3.8.6.1 (zero-window probes)",
        see: "ss -tno 'dport = :{port}'  # Send-Q, timer:(persist,...)",
        terms: &[T::ReceiveWindow, T::Queue, T::BackPressure],
        question: Some((
            "Recv-Q at one end and Send-Q at the other are full. Whose program is to blame?",
            "The one with the Recv-Q: it does not read. The other only shows it.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "The server reads a little, and nothing follows",
        text: "The server has read 1,000 bytes and could tell so. Its kernel does not: a window that opens by small pieces would \
               draw small segments, each with a header of its own, for ever (the silly window syndrome). It waits until half \
               of the buffer, or a full segment, is free.",
        source: "RFC 9293 §3.8.6.2.2, RFC 1122 §4.2.3.3",
        see: "ss -tin 'dport = :{port}'  # snd_wnd is not there: zero",
        terms: &[T::ReceiveWindow, T::Segment],
        ..Act::EMPTY
    },
    Act {
        title: "It reads on, and the rest comes by itself",
        text: "Enough room: the server's kernel sends a window update, and the client's sends at once of what it had kept, as \
               much as fits. The client's program took no part in that. What was unacknowledged here now lies there, unread.",
        source: "RFC 9293 §3.8.6",
        see: "sudo tcpdump -i lo -n 'tcp port {port}'  # win 0, and then win ...",
        terms: &[T::ReceiveWindow, T::Ack],
        ..Act::EMPTY
    },
    Act {
        title: "A send() that waits for its reader",
        text: "400,000 bytes do not fit into both buffers. The send() began, got stuck, and returned only after the server had \
               read: so the slowness of a reader reaches the program that sends. This is back-pressure, and it needs no \
               protocol of ours: it holds the memory of both sides within bounds.",
        source: "send(2), RFC 9293 §3.8.6",
        see: "sockeye tcp connect --input random:100MiB --progress HOST:PORT",
        terms: &[T::BackPressure, T::SystemCall],
        question: Some((
            "Both sides send much and read only when their send() has returned. What happens?",
            "Each waits for the other to read: a deadlock. Read and send must not wait for each other.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "Who was slow? The kernel has measured it",
        text: "TCP_INFO tells for how long the connection had something to send (busy), and for how much of that the \
               peer's window was what held it back (rwnd_limited). Much of that, and the reader is slow; little, and it is the \
               network, or we had nothing to send.",
        source: "tcp(7) (TCP_INFO)",
        see: "ss -tin 'dport = :{port}'  # busy, rwnd_limited, sndbuf_limited",
        terms: &[T::ReceiveWindow, T::BackPressure],
        ..Act::EMPTY
    },
    Act {
        title: "In a program: do not break the chain",
        text: "A program that reads as fast as it can and queues without limit swallows back-pressure, until its memory is \
               full. Bound every queue; when it is full, stop reading, or drop and count, or part from the slow peer.",
        source: "send(2), asyncio (drain), tokio (mpsc::channel)",
        see: "sockeye tcp listen 0 --reply broadcast  # what a slow peer misses is counted",
        terms: &[T::BackPressure, T::Queue],
        code: &[
            Code {
                language: "Python, asyncio",
                lines: "writer.write(data)\nawait writer.drain()  # waits while the peer is slow",
            },
            Code {
                language: "Rust, tokio",
                lines: "let (queue, waiting) = mpsc::channel(64);  // not unbounded_channel()\n\
                        queue.send(message).await?;                // waits for room",
            },
            Code { language: "JavaScript, Node", lines: "source.pipe(socket)  // heeds write() === false and 'drain'" },
        ],
        ..Act::EMPTY
    },
];
