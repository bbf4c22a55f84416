//! Sessions, drawn. The drawings in characters are compared with those of `snapshots/`; `UPDATE=1` rewrites them.

use std::fs;
use std::path::Path;

use jiff::Timestamp;
use proptest::prelude::*;
use unicode_width::UnicodeWidthStr as _;

use super::*;
use crate::event::{CloseReason, ConnId, End, Event, Message, Outcome, Peer, Reach, What};
use crate::step::ws::{Way, Ws};
use crate::step::{Exchange, Step};
use crate::view::testing::{any_record, every_step, shown};
use crate::ws::frame::{Header, Opcode};

/// Records a tenth of a millisecond apart.
fn session(happened: Vec<(u32, What)>) -> Vec<Record> {
    let start = 1_750_000_000_000_000_000_i128;
    let record = |(at, (conn, what)): (usize, (u32, What))| {
        let time = Timestamp::from_nanosecond(start + 100_000 * at as i128).expect("a time");
        Record { time, conn: ConnId(conn), what }
    };
    happened.into_iter().enumerate().map(record).collect()
}

fn drawn(form: Form, records: &[Record]) -> String {
    String::from_utf8(shown(&mut Diagram::new(form), records)).expect("UTF-8")
}

fn snapshot(name: &str, records: &[Record]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/view/diagram/snapshots").join(name);
    let drawing = drawn(Form::Text, records);
    if std::env::var_os("UPDATE").is_some_and(|value| value == "1") {
        fs::write(&path, &drawing).expect("the snapshot can be written");
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(drawing, expected, "{name}: `UPDATE=1 cargo test --lib diagram` rewrites it");
}

fn said(text: &str) -> What {
    What::Said(Event::Message(Message::text(text)))
}

fn heard(text: &str) -> What {
    What::Heard(Event::Message(Message::text(text)))
}

fn peer() -> Peer {
    Peer { remote: "tcp://127.0.0.1:9000".into(), local: "tcp://127.0.0.1:50000".into() }
}

/// A client that asks twice and is answered.
fn client() -> Vec<(u32, What)> {
    let (local, remote) = (peer().local, peer().remote);
    let step = |step| (1, What::Step(step));
    vec![
        step(Step::Socket { family: "IPv4".into(), kind: "stream".into(), fd: 9 }),
        step(Step::Connect { remote: remote.clone() }),
        step(Step::Connected { local, remote, took_ns: 61_000 }),
        (1, What::Opened(peer())),
        step(Step::Sent { bytes: 12 }),
        (1, said("hello\n")),
        (1, said("again\n")),
        step(Step::Received { bytes: 12 }),
        (1, heard("hello\nagain\n")),
        step(Step::Shutdown),
        (1, What::Said(Event::Finish)),
        step(Step::EndOfStream),
        (1, What::Heard(Event::Finish)),
        step(Step::Closed { state: Some("TIME-WAIT".into()) }),
        (1, What::Closed(Outcome { sent: 12, received: 12, ..Outcome::default() })),
    ]
}

fn listening() -> (u32, What) {
    let endpoints = vec!["tcp://127.0.0.1:9000".into()];
    (0, What::Listening { endpoints, reach: Reach::Loopback, certificate: None })
}

#[test]
fn a_client_its_calls_segments_and_messages() {
    snapshot("client.txt", &session(client()));
}

#[test]
fn five_events_without_steps() {
    let events = vec![
        (1, What::Opened(peer())),
        (1, said("ping")),
        (1, heard("pong")),
        (1, What::Heard(Event::Finish)),
        (1, What::Closed(Outcome { end: End::Reset, sent: 4, received: 4, ..Outcome::default() })),
    ];
    snapshot("five.txt", &session(events));
}

#[test]
fn five_hundred_events_are_left_out_in_the_middle_and_counted() {
    let messages = (0..498).map(|number| (1, if number % 2 == 0 { said("tick") } else { heard("tock") }));
    let last = What::Closed(Outcome { sent: 996, received: 996, ..Outcome::default() });
    let records = session(std::iter::once((1, What::Opened(peer()))).chain(messages).chain([(1, last)]).collect());
    let drawing = drawn(Form::Text, &records);
    // Two lines of title, an empty one, two of heads, one of lanes; 40 rows, the gap, 40 rows.
    assert_eq!(drawing.lines().count(), 6 + 40 + 1 + 40, "{drawing}");
    assert!(drawing.contains("... 420 more are not drawn ..."), "{drawing}");
    assert!(drawing.lines().last().is_some_and(|line| line.contains("over: 996 B sent")), "{drawing}");
    for form in [Form::Svg, Form::Mermaid] {
        let drawing = drawn(form, &records);
        assert!(drawing.contains("420 more are not drawn"), "{form:?}");
        assert!(drawing.matches("tick").count() + drawing.matches("tock").count() >= 78, "{form:?}");
    }
}

#[test]
fn a_listener_stands_on_the_right_and_tells_its_peers_apart() {
    let accepted = |fd| {
        let (local, remote) = ("tcp://127.0.0.1:9000".into(), format!("tcp://127.0.0.1:5000{fd}"));
        What::Step(Step::Accepted { local, remote, fd })
    };
    let opened = |conn: u32| {
        let (remote, local) = (format!("tcp://127.0.0.1:5000{conn}"), "tcp://127.0.0.1:9000".into());
        (conn, What::Opened(Peer { remote, local }))
    };
    let events = vec![
        (0, What::Step(Step::Bound { local: "tcp://127.0.0.1:9000".into() })),
        (0, What::Step(Step::Listen { local: "tcp://127.0.0.1:9000".into(), backlog: 4096, asked: None })),
        listening(),
        (1, accepted(10)),
        opened(1),
        (2, accepted(11)),
        opened(2),
        (2, What::Step(Step::Received { bytes: 3 })),
        (2, heard("hi\n")),
        (1, What::Step(Step::Reset)),
        (1, What::Closed(Outcome { end: End::Reset, ..Outcome::default() })),
    ];
    snapshot("listener.txt", &session(events));
}

#[test]
fn a_proxy_has_a_lane_of_its_own() {
    let proxy = || "socks5h://127.0.0.1:1080".to_owned();
    let step = |step| (1, What::Step(step));
    let (words, bytes) = ("connect to example.org:80".into(), "05 01".into());
    let exchange = Exchange::Socks5Connect;
    let events = vec![
        step(Step::Route { proxies: vec![proxy()], reason: "--proxy".into() }),
        step(Step::Connect { remote: "tcp://127.0.0.1:1080".into() }),
        step(Step::Connected {
            local: "tcp://127.0.0.1:50000".into(),
            remote: "tcp://127.0.0.1:1080".into(),
            took_ns: 40_000,
        }),
        step(Step::ProxyAsked { proxy: proxy(), exchange, words, bytes }),
        step(Step::ProxyAnswered {
            proxy: proxy(),
            exchange,
            words: "connected".into(),
            bytes: "05 00".into(),
            took_ns: 1_200_000,
        }),
        (1, What::Opened(Peer { remote: "tcp://example.org:80".into(), local: "tcp://127.0.0.1:50000".into() })),
        step(Step::Sent { bytes: 2 }),
        (1, said("hi")),
    ];
    snapshot("proxy.txt", &session(events));
}

#[test]
fn what_frames_carry_stands_with_them() {
    let frame = |way, header: Header| {
        let wire = header.size() as u64 + header.length;
        (1, What::Step(Step::Ws(Ws::Frame { way, header, wire, inflated: None })))
    };
    let text = |length| Header { mask: Some([1, 2, 3, 4]), ..Header::new(Opcode::TEXT, length) };
    let why = || Some(CloseReason { code: 1000, reason: "bye".into() });
    let events = vec![
        (1, What::Step(Step::Ws(Ws::Request { way: Way::Said, head: vec!["GET /chat HTTP/1.1".into()] }))),
        (
            1,
            What::Step(Step::Ws(Ws::Answer {
                way: Way::Heard,
                status: 101,
                head: vec!["HTTP/1.1 101 Switching Protocols".into()],
                took_ns: Some(300_000),
            })),
        ),
        (1, What::Step(Step::Ws(Ws::Upgraded { subprotocol: None, deflate: None }))),
        // Two frames in one write, and then their messages.
        frame(Way::Said, text(3)),
        frame(Way::Said, text(3)),
        (1, said("one")),
        (1, said("two")),
        // A message of two frames, and a ping between them.
        frame(Way::Heard, Header { fin: false, ..Header::new(Opcode::TEXT, 2) }),
        frame(Way::Heard, Header::new(Opcode::PING, 4)),
        frame(Way::Heard, Header::new(Opcode::CONTINUATION, 2)),
        (1, What::Heard(Event::Ping(Message::text("beat")))),
        (1, heard("four")),
        frame(Way::Heard, Header::new(Opcode::CLOSE, 5)),
        (1, What::Heard(Event::Close { why: why() })),
    ];
    snapshot("websocket.txt", &session(events));
}

#[test]
fn mermaid_is_written_as_it_wants() {
    let mut events = client();
    events.truncate(6);
    let expected = "\
sequenceDiagram
    accTitle: The sequence between client tcp://127.0.0.1:50000 and server tcp://127.0.0.1:9000
    participant L0 as client<br/>tcp://127.0.0.1:50000
    participant L1 as server<br/>tcp://127.0.0.1:9000
    Note over L0: 0.000 ms: socket IPv4 stream, descriptor 9
    L0-->>L1: 0.100 ms: SYN: connect() tcp://127.0.0.1:9000
    L1-->>L0: 0.200 ms: SYN, ACK: connected (61.0 µs)
    L0->>L1: 0.400 ms: send() 12 B: hello
";
    assert_eq!(drawn(Form::Mermaid, &session(events)), expected);
    // A directive of Mermaid's, an entity of its own, and a statement.
    let evil = drawn(Form::Mermaid, &session(vec![(1, heard("%%{init: {}}%%; #35;\nend"))]));
    let last = evil.lines().last().expect("a row");
    assert!(!last.contains(['%', '{', '}', '\\']) && last.contains("#37;#37;#123;init"), "{last}");
}

#[test]
fn a_picture_says_what_it_shows_and_what_peers_said_is_no_markup() {
    let events = vec![(1, What::Opened(peer())), (1, heard("</text><script>alert('&\u{ffff}')</script>"))];
    let picture = drawn(Form::Svg, &session(events));
    assert!(picture.contains("role=\"img\" aria-labelledby=\"title desc\""), "{picture}");
    assert!(picture.contains("<title id=\"title\">The sequence between client"), "{picture}");
    assert!(picture.contains("0.100 ms, server to client: 37 B: &lt;/text&gt;"), "{picture}");
    assert!(picture.contains("prefers-color-scheme: dark"), "{picture}");
    assert!(!picture.contains("<script"), "{picture}");
    assert_well_formed(&picture);
}

/// Every element is closed in its order, what is between is no markup, and every character may stand in XML.
fn assert_well_formed(xml: &str) {
    let allowed = |c: char| matches!(c, '\t' | '\n' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    assert!(xml.chars().all(allowed), "{xml}");
    let mut open: Vec<&str> = Vec::new();
    let mut rest = xml;
    while let Some(at) = rest.find(['<', '&']) {
        assert!(at == 0 || !open.is_empty() || rest[..at].trim().is_empty(), "text outside: {rest:.60}");
        rest = &rest[at..];
        if rest.starts_with('&') {
            let end = rest.find(';').expect("an entity ends");
            assert!(["&amp;", "&lt;", "&gt;", "&quot;", "&#39;"].contains(&&rest[..=end]), "{rest:.60}");
            rest = &rest[end..];
            continue;
        }
        let end = rest.find('>').expect("a tag ends");
        let tag = &rest[1..end];
        assert!(!tag.contains('<') && tag.matches('"').count().is_multiple_of(2), "{tag}");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{xml}");
        } else if !tag.ends_with('/') {
            open.push(tag.split(' ').next().unwrap_or(tag));
        }
        rest = &rest[end + 1..];
    }
    assert!(open.is_empty() && rest.trim().is_empty(), "{open:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn whatever_happens_the_drawings_are_sound(records in prop::collection::vec(any_record(), 0..120)) {
        let text = drawn(Form::Text, &records);
        for line in text.lines() {
            prop_assert!(line.width() <= 100, "{} columns: {line}", line.width());
        }
        prop_assert!(text.chars().all(|c| c == '\n' || c == '\t' || !c.is_control()));
        assert_well_formed(&drawn(Form::Svg, &records));
        let mermaid = drawn(Form::Mermaid, &records);
        for line in mermaid.lines().skip(1) {
            let known = ["accTitle: ", "participant L", "Note over L", "L"].iter().any(|word| line.trim_start().starts_with(word));
            prop_assert!(line.starts_with("    ") && known, "{line}");
        }
    }
}

#[test]
fn every_step_can_be_drawn() {
    let steps = every_step();
    let count = steps.len();
    let records = session(steps.into_iter().map(|step| (1, What::Step(step))).collect());
    // Those that are waited for, or said by the step before them, are no rows.
    let rows = drawn(Form::Mermaid, &records).lines().filter(|line| !line.contains("participant")).count();
    assert!(rows > count.min(80) / 2, "{rows} of {count}");
}
