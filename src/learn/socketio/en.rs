//! The texts of the lesson `socketio` in English.

use super::{ACTS, Act};
use crate::learn::Code;
use crate::learn::Term as T;

pub(in crate::learn) const ABOUT: &str = "Socket.IO: packets in packets, over HTTP or WebSocket";

pub(in crate::learn) static PLAYBILL: [Act; ACTS] = [
    Act {
        title: "A Socket.IO client at a WebSocket server",
        text: "Socket.IO is not WebSocket. Its client begins with a plain GET, and a WebSocket server says 426: it wants an \
               upgrade. Told to begin with a WebSocket the client gets one, and expects a packet that begins with 0. The \
               server, which knows nothing of that, says Hello: H begins no packet, and the client leaves.",
        source: "RFC 9110 §15.5.22 (426), Engine.IO protocol, v4 (Handshake)",
        see: "sockeye sio connect localhost:3000  # beside it: sockeye ws listen 3000 --no-page",
        terms: &[T::Upgrade, T::Handshake, T::Packet],
        question: Some((
            "What has Socket.IO to do with WebSocket, then?",
            "It uses one where it can, as it uses HTTP: to carry packets of its own.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "A WebSocket client at a Socket.IO server",
        text: "The other way round it is no better. Asked at the right path the server opens a WebSocket, and says unasked what \
               a session begins with. A client that does not know this says Hello, and breaks a rule; or it says nothing, \
               and is closed later, since it enters no namespace and answers no ping.",
        source: "Engine.IO protocol, v4 (Handshake, Packet encoding)",
        see: "sockeye ws connect 'ws://localhost:3000/socket.io/?EIO=4&transport=websocket'  # beside it: sockeye sio listen 3000",
        terms: &[T::Session, T::Packet, T::SioNamespace],
        question: Some((
            "Could a person speak Socket.IO with this client?",
            "Yes: say 40, then 42[\"chat\",\"hi\"], and 3 after each 2. It is text.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "The handshake: a GET",
        text: "A session begins with what passes everywhere. EIO=4 is the version of Engine.IO, the layer below Socket.IO; t \
               keeps caches from answering. The answer is a packet: 0, open, and JSON. The sid is the session's secret \
               name, which every further request bears. The server will ping that often (mostly 25 s, here a day), and \
               takes no larger body than this.",
        source: "Engine.IO protocol, v4 (Handshake)",
        see: "curl 'http://localhost:3000/socket.io/?EIO=4&transport=polling'  # beside it: sockeye sio listen 3000",
        terms: &[T::Session, T::Packet, T::Polling],
        question: Some((
            "Why not a WebSocket at once?",
            "Some proxies break it, and users would wait in vain. The option transports begins with one.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "Into a namespace: 40",
        text: "Before anything is said a namespace is entered; / is the main one. 4 is Engine.IO's message, and the 0 in it \
               Socket.IO's CONNECT. What a client says of itself, such as a token, would follow as JSON. That goes by POST, \
               and the answer comes by the GET that was waiting: long polling. The name in it is not the session's, and no \
               secret.",
        source: "Socket.IO protocol, v5 (Connection to a namespace)",
        see: "sockeye sio decode 40 '40/news,'",
        terms: &[T::SioNamespace, T::LongPolling, T::Session],
        ..Act::EMPTY
    },
    Act {
        title: "An event: a packet in a packet",
        text: "emit makes [\"chat\",\"hi\"] of a name and arguments. Socket.IO puts 2 before it, EVENT; Engine.IO puts 4 before \
               that, message; and HTTP puts a head before all of it. Several packets can share a body, with the byte 1e \
               between them. What the server says comes as the answer to a waiting GET.",
        source: "Socket.IO protocol, v5 (Packet encoding), Engine.IO protocol, v4 (Packet encoding)",
        see: "sockeye sio decode '42[\"chat\",\"hi\"]'",
        terms: &[T::Event, T::Packet, T::Header],
        question: Some(("How much of all this is the event?", "13 bytes of some hundreds. The last act counts them.")),
        ..Act::EMPTY
    },
    Act {
        title: "The upgrade: the session moves",
        text: "Beside the polls a WebSocket opens, with the session's sid. 2probe and 3probe show that it carries. The client \
               asks no more, and the server ends the GET that waits with 6, noop, so that no packet overtakes another. 5 \
               makes the move. If no WebSocket opens, polling goes on, and nothing is lost.",
        source: "Engine.IO protocol, v4 (Upgrade)",
        see: "sockeye sio connect localhost:3000 -v  # beside it: sockeye sio listen 3000",
        terms: &[T::Upgrade, T::LongPolling, T::Session],
        ..Act::EMPTY
    },
    Act {
        title: "An acknowledgement, and none",
        text: "An event that wants an answer has a number: 420 is number 0, and 430 answers it: 4 message, 3 ACK, 0. The second \
               event arrives as well, but nobody answers, and after a time-out, here a second, the client stops waiting. It \
               cannot know whether the event was heard: who says it again must bear that it is heard twice.",
        source: "Socket.IO protocol, v5 (Acknowledgement)",
        see: "sockeye sio listen 3000 --ack 'save=[\"done\"]' -v  # in a client: /ask save 1",
        terms: &[T::Acknowledgement, T::Event],
        question: Some((
            "Does TCP not acknowledge everything?",
            "Its ACK says that the kernel has it, and not what the program made of it.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "Bytes: attachments",
        text: "JSON has no bytes. 451- says: an event (5) with one attachment. Where the bytes belong stands a placeholder with \
               their number, and they follow by themselves: on a WebSocket in a binary frame, by polling as base64, a third \
               longer. No other packet of Socket.IO may come between.",
        source: "Socket.IO protocol, v5 (Packet encoding)",
        see: "sockeye sio encode upload hex:89504e47",
        terms: &[T::Attachment, T::Event, T::Frame],
        ..Act::EMPTY
    },
    Act {
        title: "Namespaces: several on one connection",
        text: "Each namespace has its own events, its own rules of who may enter, and its own name for the same client. /news \
               needs no further connection: what belongs to it bears its name. /secret does not exist: 44, CONNECT_ERROR. \
               The client does not try again by itself, since the same question would have the same answer.",
        source: "Socket.IO protocol, v5 (Connection to a namespace)",
        see: "sockeye sio connect localhost:3000/news -v  # beside it: sockeye sio listen 3000 --namespace /news",
        terms: &[T::SioNamespace, T::Event],
        ..Act::EMPTY
    },
    Act {
        title: "Rooms, and everybody but the sender",
        text: "A room is a list that the server keeps; clients are put into it and cannot see it. What is said to the room goes \
               to whoever is in it, here #2. Then #1 says something, and the server broadcasts it: to all but #1. Each \
               hears a packet of its own; the wire knows no rooms.",
        source: "Socket.IO documentation, v4 (Rooms, Broadcasting events)",
        see: "sockeye sio listen 3000  # /sockets, /join and /to, with clients there",
        terms: &[T::Room, T::Broadcast, T::Event],
        question: Some((
            "Who is in the room that has a client's id as its name?",
            "That client: it is put there when it enters. So one can speak to one.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "The heart-beat",
        text: "The server says 2, ping, and the client answers 3, pong. Then the way between them falls silent, as if a cable \
               were out, and TCP tells nobody. The second pong does not arrive, and a second later (mostly 20 s) the server \
               closes: ping timeout. The client hears no ping any more, and ends so too when interval and time-out are over.",
        source: "Engine.IO protocol, v4 (Heartbeat)",
        see: "sockeye sio listen 3000 --ping-interval 1s --ping-timeout 1s -v",
        terms: &[T::HeartBeat, T::HalfOpen, T::Keepalive],
        question: Some((
            "Why does the server ask, and not the client?",
            "Browsers slow down the timers of hidden pages. To answer needs no timer.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "Cut off: why, and how it comes back",
        text: "Both sides see an end without a goodbye: transport close. After that, transport error or ping timeout a client \
               comes back by itself; not after io server disconnect, which somebody meant. Before try n, from 0, it waits 1 s \
               times 2 to the n, up to half of that more or less, at most 5 s. Here all is a tenth.",
        source: "Socket.IO documentation, v4 (Client options)",
        see: "sockeye sio connect localhost:3000 -v  # /drop cuts it; beside it: sockeye sio listen 3000",
        terms: &[T::BackOff, T::Jitter, T::Session],
        question: Some((
            "What if all clients waited exactly 1, 2 and 4 seconds?",
            "A server that comes back would have all of them at the same moments.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "What is said while nobody hears",
        text: "What #1 says now waits in its memory, and goes out after the next CONNECT, in order. What is volatile does not \
               wait: a position is worth nothing later. But the server's news went to #2 alone: nothing is kept for whoever \
               is away. And #1 comes back as somebody new: another id, and no rooms.",
        source: "Socket.IO documentation, v4 (Delivery guarantees, Offline behavior)",
        see: "sockeye sio connect localhost:3000  # end the server, say `note kept`, start it again",
        terms: &[T::Volatile, T::Room, T::Recovery],
        ..Act::EMPTY
    },
    Act {
        title: "Recovery: pid and offset",
        text: "A server that remembers its events gives a client a pid, which is secret, and with each event an offset, one \
               argument more, which programs see too. Who was cut off comes back with both; what was missed comes, and the \
               id and the rooms are as before. After two minutes, or a restart, it is a new client.",
        source: "Socket.IO documentation, v4 (Connection state recovery)",
        see: "sockeye sio listen 3000 --recovery 2m -v  # in a client: /drop",
        terms: &[T::Recovery, T::Session, T::Event],
        ..Act::EMPTY
    },
    Act {
        title: "The bill, and what is not promised",
        text: "On a WebSocket an event costs two bytes more than bare: 42. What costs is to open, and to poll. An event comes at \
               most once; with retries at least once. In order on one connection, not across two. And behind several servers \
               all requests of a session must reach the same.",
        source: "Socket.IO documentation, v4 (Delivery guarantees)",
        see: "sockeye sio connect localhost:3000 --transport websocket -v  # opens with fewer bytes",
        terms: &[T::Acknowledgement, T::Session, T::Proxy],
        code: &[Code {
            language: "JavaScript, with the package socket.io-client",
            lines: "const socket = io(\"http://localhost:3000\", { retries: 3, ackTimeout: 10000 });\n\
                    socket.on(\"connect\", () => console.log(socket.id, socket.recovered));\n\
                    socket.on(\"disconnect\", reason => console.log(reason));\n\
                    socket.emit(\"save\", 1, (error, answer) => console.log(error, answer));",
        }],
        ..Act::EMPTY
    },
];
