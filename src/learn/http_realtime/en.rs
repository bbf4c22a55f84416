//! The texts of the lesson `http-realtime` in English.

use super::{ACTS, Act};
use crate::learn::Code;
use crate::learn::Term as T;

pub(in crate::learn) const ABOUT: &str = "news over HTTP: polling, long polling, streaming, SSE";

pub(in crate::learn) static PLAYBILL: [Act; ACTS] = [
    Act {
        title: "Polling: a question, and nothing new",
        text: "In HTTP the client asks and the server answers. A server that has news cannot call; the client must ask whether \
               there are any. Here there are none: 204, No Content. Look at how many lines it took to say nothing.",
        source: "RFC 9110 §3.4 and §15.3.5 (204)",
        see: "sockeye http poll --demo --interval 1s -v",
        terms: &[T::Polling, T::Header, T::Client, T::Server],
        ..Act::EMPTY
    },
    Act {
        title: "Again, and again nothing",
        text: "Every question carries all its headers, and so does every answer: HTTP has no memory between two requests. A \
               thousand clients that ask once a second are a thousand requests a second, also at night.",
        source: "RFC 9110 §3.3 (stateless), RFC 9112 §9.3 (persistence)",
        see: "sockeye compare --styles polling,sse --duration 10s",
        terms: &[T::Polling, T::Header, T::Connection],
        question: Some((
            "Would asking half as often be better?",
            "It costs half, and news come twice as late: on average half an interval, at worst all of it.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "News, and the client knows nothing",
        text: "Something has happened at the server. The connection is open, and still the server may not say a word: an answer \
               needs a question. That the client will ask soon does not help it now.",
        source: "RFC 9112 §9.2 (an answer belongs to a request)",
        see: "sockeye http listen 9000  # and type something",
        terms: &[T::Polling, T::Latency],
        question: Some((
            "When is polling the right choice?",
            "When news are frequent or may be late, and when anything else would not pass: it is only HTTP.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "Only the next question brings it",
        text: "A few bytes of news, and hundreds of bytes of heads around them. The answer says what it is (ETag) and where to \
               go on (Link), so that the next question can be \"has it changed?\" and the next answer an empty 304. That \
               saves bytes, and no requests.",
        source: "RFC 9110 §8.8.3 (ETag) and §15.4.5 (304), RFC 8288",
        see: "sockeye http poll --demo --interval 1s -v --say hello",
        terms: &[T::Polling, T::Latency, T::Header],
        ..Act::EMPTY
    },
    Act {
        title: "Long polling: the server keeps the question",
        text: "The same request, but the server has no news and does not answer. It keeps the question until it has something to \
               say, or until a time is up. Nothing is wrong with the connection: it is quiet. For each client that waits the \
               server keeps one open.",
        source: "RFC 6202 §2.1 and §2.2",
        see: "sockeye http long-poll --demo -v",
        terms: &[T::LongPolling, T::Connection],
        question: Some((
            "For how long may a server keep a question?",
            "For less than the shortest time limit of a proxy on the way: 30 seconds are usual.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "The answer comes with the news",
        text: "The moment something happens the answer goes out: half a round trip, and no interval to wait for. Then the client \
               must ask again, with all its headers, before it can hear more. Each piece of news still costs a request and \
               an answer.",
        source: "RFC 6202 §2.2 and §5.5 (timeouts)",
        see: "sockeye http long-poll --demo -v --say hello",
        terms: &[T::LongPolling, T::Latency, T::RoundTrip],
        ..Act::EMPTY
    },
    Act {
        title: "What happens between two questions",
        text: "Two things happened before the client asked again. They are not lost, because the question says what it has seen \
               (since), and the server keeps what came after: one answer brings both. Without such a cursor every long poll \
               would lose news between two questions.",
        source: "RFC 6202 §2.1 and §2.2",
        see: "sockeye http long-poll --demo --say one --say two -v",
        terms: &[T::LongPolling, T::Queue],
        question: Some((
            "News come faster and faster. What becomes of long polling?",
            "Polling without a pause. It groups what came meanwhile, as here, or drowns in requests.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "Streaming: an answer without an end",
        text: "The server answers with a head and does not end the body. Nobody knows how long that will be, so HTTP/1.1 sends it \
               in chunks, each with its length. The client has asked for the last time.",
        source: "RFC 6202 §3, RFC 9112 §7.1 (chunked)",
        see: "sockeye http stream --demo -v",
        terms: &[T::Streaming, T::Header],
        ..Act::EMPTY
    },
    Act {
        title: "News as pieces of the same answer",
        text: "Two pieces of news, and no request. Each costs itself and its chunk's length, a few bytes. But it is a stream: where \
               one message ends is a matter of agreement, here a line of JSON each. And a proxy may collect the answer \
               before it passes it on, and make it late.",
        source: "RFC 6202 §3.2 (buffering by proxies)",
        see: "curl -N http://localhost:9000/stream  # of sockeye http listen 9000",
        terms: &[T::Streaming, T::Boundary, T::Proxy],
        question: Some((
            "How does the client answer?",
            "By a request of its own, a POST beside the stream: this way leads only from server to client.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "Server-sent events: a stream with rules",
        text: "The same, and agreed upon for all: text/event-stream, lines with a field each, an empty line at the end of an \
               event. data is the news, id its number. What you see on the way is a chunk: its length, the event, the end of a line. Browsers \
               have it built in: EventSource.",
        source: "HTML §9.2 (server-sent events), RFC 9112 §7.1",
        see: "sockeye http sse --demo --say hello -v",
        terms: &[T::ServerSentEvents, T::Streaming, T::Boundary],
        question: Some((
            "Does the server have to keep all events for ever?",
            "No, as long as it likes; but then it must tell who comes late that something is missing.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "The connection is cut, and nothing is lost",
        text: "The network has cut the stream. The client waits as long as retry says, connects again and says \
               Last-Event-ID: the server goes on after that, with what happened meanwhile. A stream of your own would \
               have to invent this.",
        source: "HTML §9.2.3 and §9.2.4 (Last-Event-ID)",
        see: "sockeye http sse --demo --last-event-id 0 -v",
        terms: &[T::ServerSentEvents, T::Connection],
        ..Act::EMPTY
    },
    Act {
        title: "The bill",
        text: "Every byte that crossed, heads and all. Polling pays for every question, long polling for every answer, the \
               streams once for each connection. What all four lack is the way back on the same connection: that is where \
               WebSocket begins, in the next lesson.",
        source: "RFC 6202 §2.2 and §3.2, RFC 6455 §1.1",
        see: "sockeye compare",
        terms: &[T::Polling, T::LongPolling, T::Streaming, T::ServerSentEvents],
        question: Some((
            "Only the server has news, and browsers are the clients. Which one?",
            "SSE: it reconnects by itself, loses nothing, and is plain HTTP. Over HTTP/2, for its limit of connections.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "The same in a browser, and in Python",
        text: "EventSource reconnects and resumes; with fetch, or another language, that is your work.",
        source: "HTML §9.2.2 (EventSource)",
        see: "sockeye http listen 9000  # a browser at http://localhost:9000/ gets a page",
        terms: &[T::ServerSentEvents, T::Streaming],
        code: &[
            Code {
                language: "JavaScript: SSE",
                lines: "const events = new EventSource(\"/sse\");\n\
                        events.onmessage = event => console.log(event.lastEventId, event.data);",
            },
            Code {
                language: "JavaScript: long polling",
                lines: "for (let url = \"/long-poll\"; ; ) {\n  const answer = await fetch(url);\n  \
                        const [, next] = answer.headers.get(\"Link\").match(/<(.*?)>/);\n  \
                        url = new URL(next, answer.url);\n  console.log(await answer.text());\n}",
            },
            Code {
                language: "Python: streaming",
                lines: "with urllib.request.urlopen(\"http://localhost:9000/stream\") as answer:\n    \
                        for line in answer:\n        print(json.loads(line)[\"data\"])",
            },
        ],
        ..Act::EMPTY
    },
];
