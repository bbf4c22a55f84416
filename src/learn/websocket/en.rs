//! The texts of the lesson `websocket` in English.

use super::{ACTS, Act};
use crate::learn::Code;
use crate::learn::Term as T;

pub(in crate::learn) const ABOUT: &str = "WebSocket: an HTTP request, then frames, and two goodbyes";

pub(in crate::learn) static PLAYBILL: [Act; ACTS] = [
    Act {
        title: "It begins with a TCP connection",
        text: "A WebSocket is carried by one TCP connection, from its first byte to its last. So far nothing has been said: \
               TCP gives both sides a stream of bytes, without boundaries and without a word about what the bytes mean. \
               The lesson tcp shows how it came to be.",
        source: "RFC 6455 §1.2 and §4.1",
        see: "ss -tn 'dport = :{port} or sport = :{port}'",
        terms: &[T::Connection, T::Stream, T::Boundary],
        ..Act::EMPTY
    },
    Act {
        title: "The client asks in HTTP",
        text: "The first words are an ordinary GET request, so that a WebSocket can live at a web server's port and pass what \
               expects HTTP. Upgrade names what the client would rather speak, Connection says that this concerns the next \
               hop only, and the key is 16 random bytes. The server has not read it yet.",
        source: "RFC 6455 §4.1, RFC 9110 §7.8 (Upgrade)",
        see: "sockeye ws connect --demo -v",
        terms: &[T::Upgrade, T::Header, T::Proxy, T::Queue],
        ..Act::EMPTY
    },
    Act {
        title: "101: the server agrees",
        text: "The server takes what it wants of the offers and answers 101, Switching Protocols. The empty line after this \
               head ends HTTP on this connection; the very next byte belongs to a frame. Any other status means that \
               there will be no WebSocket, and its body may say why.",
        source: "RFC 6455 §4.2.2, RFC 9110 §15.2.2 (101)",
        see: "sockeye ws listen 0 -v  # and connect to it",
        terms: &[T::Upgrade, T::Header, T::Compression],
        question: Some((
            "Why does a server look at Origin before it agrees?",
            "A browser lets any page ask for a WebSocket, with the user's cookies. Only the server can refuse.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "The answer fits the key",
        text: "The server has put a text from the standard behind the key, taken the SHA-1 of both, and sent that in base64. \
               The client computes the same and compares. That is no secret and proves no identity: it shows that the \
               server knows WebSocket, and that no cache has answered.",
        source: "RFC 6455 §1.3 and §4.2.2",
        see: "printf %s {key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11 | openssl sha1 -binary | base64",
        terms: &[T::Upgrade, T::Handshake, T::Compression],
        question: Some((
            "Could a server that knows no WebSocket answer so by accident?",
            "No. It may repeat what it is told, but not compute this from it.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "A frame, bit by bit",
        text: "What TCP lacks is here: where a message begins, what it is and how long. FIN: it is the last frame of its \
               message. Opcode 1: text. MASK: a key follows the length. Eleven bytes for five, and no head as HTTP has it. \
               TCP may cut this anywhere; the length puts it together.",
        source: "RFC 6455 §5.2",
        see: "sockeye ws connect --demo --say Hello --explain",
        terms: &[T::Frame, T::Opcode, T::Boundary, T::Masking],
        ..Act::EMPTY
    },
    Act {
        title: "The same again, and other bytes: masking",
        text: "A client XORs every payload with a new random key. Otherwise a page could choose the bytes that its visitor's \
               browser sends, and write in a frame what looks like a request: a proxy that knows no WebSocket might take it \
               for one, and store an answer for others. A server must refuse frames that are not masked.",
        source: "RFC 6455 §5.3 and §10.3",
        see: "sockeye ws connect --demo --no-mask --say Hello  # refused: 1002",
        terms: &[T::Masking, T::Frame, T::Proxy],
        question: Some((
            "Does masking keep a secret?",
            "No: the key stands in front of what it masks. TLS keeps secrets, and that is wss://.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "The server says it without a mask",
        text: "Two bytes, and then the text as it is: seven bytes for five. Servers must not mask, since no page chooses what \
               they send. Nobody asked for this message: on a WebSocket both sides speak whenever they like, and that is \
               why it exists.",
        source: "RFC 6455 §5.1 and §5.6",
        see: "sudo tcpdump -i lo -nX 'tcp port {port}'",
        terms: &[T::Frame, T::Masking, T::Opcode],
        question: Some((
            "What would the same five bytes cost as an answer of HTTP?",
            "A request and a head, some hundreds of bytes. `sockeye compare` measures it.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "A longer one: the length in 16 bits",
        text: "Up to 125 the length fits into seven bits. 126 says that the next two bytes hold it, and 127 that the next eight \
               do: a header has 2, 4 or 10 bytes, and 4 more with a mask. The shortest form that fits is the only right one.",
        source: "RFC 6455 §5.2",
        see: "sockeye ws connect --demo --deflate off --say \"$(printf %300s)\" --explain",
        terms: &[T::Frame, T::Boundary],
        ..Act::EMPTY
    },
    Act {
        title: "One message in two frames",
        text: "Who does not know yet how long a message will be sends it in fragments. The first says what it is, the others \
               have opcode 0, continuation, and FIN marks the last. The server hears one message: where it was cut means \
               nothing, and a proxy may cut it elsewhere.",
        source: "RFC 6455 §5.4",
        see: "sockeye ws connect --demo -v  # type /fragment 3 hello",
        terms: &[T::Fragment, T::Frame, T::Opcode],
        ..Act::EMPTY
    },
    Act {
        title: "A ping between the pieces",
        text: "\"Are you there?\" Whoever gets a ping must answer soon with a pong that brings its payload back, even in the \
               middle of a message: control frames may stand between fragments. It measures the way there and back, keeps \
               proxies from closing what is idle, and finds out who is gone.",
        source: "RFC 6455 §5.4, §5.5.2 and §5.5.3",
        see: "sockeye ws connect --demo --ping-interval 1s -v",
        terms: &[T::Ping, T::Fragment, T::RoundTrip],
        question: Some((
            "How does a page send a ping?",
            "It cannot: browsers answer pings by themselves, and give pages no way to send one.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "Compression: the second time it is nearly free",
        text: "Both agreed on permessage-deflate. RSV1 in the first frame of a message says that it is deflated. The second is \
               the same text, and costs a few bytes: both sides remember up to 32 KiB of what was said, and \"as before\" is \
               short. That memory is the price, for each connection.",
        source: "RFC 7692 §6, §7.1.1 and §7.2.1",
        see: "sockeye ws connect --demo --deflate off -v",
        terms: &[T::Compression, T::Frame],
        question: Some((
            "When should a message not be compressed?",
            "When a secret and what a stranger chose are in it: the length tells the stranger how alike they are.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "The client says Close",
        text: "A Close frame carries a code, here 1000 for a normal end, and a reason. After it the client sends no more data. \
               There is no half-close in WebSocket: the server should answer with a Close of its own and be done. It has \
               not answered yet, and TCP knows nothing of all this.",
        source: "RFC 6455 §5.5.1, §7.1.2 and §7.4",
        see: "sockeye ws connect --demo  # type /close 4000 bye",
        terms: &[T::Close, T::HalfClose],
        ..Act::EMPTY
    },
    Act {
        title: "The server answers, and closes TCP first",
        text: "Now both have said Close, and each knows that the other heard all it wanted to hear. The server ends the TCP \
               connection first, so that TIME-WAIT is its: a client could not use the same port again so soon. An end \
               without a Close is called 1006, a number that is never sent.",
        source: "RFC 6455 §1.4, §7.1.1 and §7.1.5",
        see: "ss -tano state time-wait 'sport = :{port}'",
        terms: &[T::Close, T::Fin, T::TimeWait],
        question: Some((
            "A page sees 1006. What has happened?",
            "The connection ended without a Close: the network, a proxy's time limit, or a server that died.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "What a proxy can break",
        text: "A proxy stands between, and must take out Connection and what that names: the server gets a plain GET and \
               says 426. It must be told to pass the upgrade on (nginx: proxy_set_header Upgrade); wss:// passes it unseen.",
        source: "RFC 9110 §7.6.1 (Connection) and §15.5.22 (426)",
        see: "sockeye ws connect wss://example.org/ --explain",
        terms: &[T::Proxy, T::Upgrade, T::Header],
        ..Act::EMPTY
    },
    Act {
        title: "The same in a browser, and in Python",
        text: "Handshake, frames, masks and pongs are the library's work. Yours is to reconnect after a 1006, to say again what \
               was lost, and not to send faster than the other side reads.",
        source: "RFC 6455 §1.5 and §7.2.3",
        see: "sockeye ws listen 9000 --reply echo -v  # a browser at http://localhost:9000/ gets a page",
        terms: &[T::Close, T::Client, T::Server],
        code: &[
            Code {
                language: "JavaScript, in a page",
                lines: "const ws = new WebSocket(\"ws://localhost:9000/\");\n\
                        ws.onopen = () => ws.send(\"Hello\");\n\
                        ws.onmessage = event => console.log(event.data);\n\
                        ws.onclose = event => console.log(event.code, event.reason);",
            },
            Code {
                language: "Python, with the package websockets",
                lines: "async with websockets.connect(\"ws://localhost:9000/\") as ws:\n    \
                        await ws.send(\"Hello\")\n    print(await ws.recv())",
            },
        ],
        ..Act::EMPTY
    },
];
