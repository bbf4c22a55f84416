//! Records for the tests of views.

use proptest::prelude::*;

use super::View;
use crate::event::{
    About, CloseReason, ConnId, Delivery, End, Event, Extent, Kind, Message, Outcome, Peer, Reach, Record, What,
};
use crate::stats::{Conversations, Flow, Stats, Tcp, TcpInfo, Took};
use crate::step::tls::{Handshake, Tls};
use crate::step::ws::{Way, Ws};
use crate::step::{Exchange, FastOpen, Stage, Step};
use crate::tls::Fingerprint;
use crate::tls::certificate::Certificate;
use crate::traffic::digest::{Algorithm, Digests};
use crate::ws::frame::{Header, Opcode};

/// A record in conversation `conn`, `conn` seconds after an hour that is the same for all.
pub(super) fn record(conn: u32, what: What) -> Record {
    let time = jiff::Timestamp::from_second(1_750_000_000 + i64::from(conn)).expect("a time");
    Record { time, conn: ConnId(conn), what }
}

pub(super) fn heard(conn: u32, bytes: &'static [u8]) -> Record {
    record(conn, What::Heard(Event::Message(Message::binary(bytes))))
}

pub(super) fn said(conn: u32, bytes: &'static [u8]) -> Record {
    record(conn, What::Said(Event::Message(Message::binary(bytes))))
}

/// What a view makes of records, to the end.
pub(super) fn shown(view: &mut dyn View, records: &[Record]) -> Vec<u8> {
    let mut out = Vec::new();
    for record in records {
        view.show(record, &mut out).expect("a view of these records");
    }
    view.finish(&mut out).expect("an end");
    out
}

/// One step of each kind.
pub(super) fn every_step() -> Vec<Step> {
    let (local, remote) = (|| "tcp://127.0.0.1:50000".to_owned(), || "tcp://[::1]:80".to_owned());
    let error = || "connection refused".to_owned();
    let took_ns = 1_240_000;
    let exchanges = [
        Exchange::Socks5Method,
        Exchange::Socks5Login,
        Exchange::Socks5Connect,
        Exchange::Socks5Associate,
        Exchange::Socks4Connect,
        Exchange::HttpConnect,
    ];
    let proxy = || "http://[::1]:3128".to_owned();
    let asked = exchanges.map(|exchange| Step::ProxyAsked {
        proxy: proxy(),
        exchange,
        words: "connect to x:80".into(),
        bytes: "CONNECT x:80\nHost: x:80".into(),
    });
    let answered = exchanges.map(|exchange| Step::ProxyAnswered {
        proxy: proxy(),
        exchange,
        words: "connected".into(),
        bytes: "05 00".into(),
        took_ns,
    });
    let mut steps = vec![
        Step::Waiting { next: Stage::Connect },
        Step::Resolve { host: "localhost".into() },
        Step::Resolved { host: "localhost".into(), addresses: vec![[127, 0, 0, 1].into()], took_ns },
        Step::Known { host: "localhost".into(), addresses: vec![[127, 0, 0, 1].into()] },
        Step::Socket { family: "IPv4".into(), kind: "stream".into(), fd: 3 },
        Step::SocketOption { name: "SO_RCVBUF".into(), asked: "4096".into(), got: "8192".into() },
        Step::Bound { local: local() },
        Step::Connect { remote: remote() },
        Step::ConnectFailed { remote: remote(), error: error(), took_ns },
        Step::ConnectAbandoned { remote: remote() },
        Step::Connected { local: local(), remote: remote(), took_ns },
        Step::Tls(Tls::Begin { name: Some("example.org".into()), alpn: vec!["h2".into()] }),
        Step::Tls(Tls::Hello { name: None, alpn: vec![] }),
        Step::Tls(Tls::Asked { authorities: vec!["R3".into()], shown: None }),
        Step::Tls(Tls::Certificate { place: 0, certificate: Box::new(certificate()), validity: "valid".into() }),
        Step::Tls(Tls::Certificate { place: 1, certificate: Box::new(certificate()), validity: "valid".into() }),
        Step::Tls(established(Handshake::Full)),
        Step::Tls(established(Handshake::Resumed)),
        Step::Tls(Tls::Failed { error: error(), took_ns }),
        Step::Tls(Tls::CloseNotifySent),
        Step::Tls(Tls::CloseNotifyHeard),
        Step::Tls(Tls::Truncated),
        Step::FastOpen { outcome: FastOpen::Asked },
        Step::FastOpen { outcome: FastOpen::Waiting },
        Step::FastOpen { outcome: FastOpen::Taken },
        Step::FastOpen { outcome: FastOpen::Refused },
        Step::Multipath { spoken: true },
        Step::Multipath { spoken: false },
        Step::Joined { group: [239, 1, 2, 3].into(), interface: None, source: None },
        Step::Joined {
            group: [232, 1, 1, 1].into(),
            interface: Some("eth0".into()),
            source: Some([10, 0, 0, 1].into()),
        },
        Step::ToMany { local: "udp://10.0.0.2:4000".into(), remote: "udp://239.1.2.3:9000".into() },
        Step::Listen { local: local(), backlog: 4096, asked: Some(5000) },
        Step::Accepted { local: local(), remote: remote(), fd: 4 },
        Step::HandedOver { fd: 3, name: "web".into(), local: local() },
        Step::Told { manager: "unix:/run/systemd/notify".into(), state: "READY=1".into() },
        Step::TurnedAway { remote: remote(), why: "10.0.0.0/8 is denied".into() },
        Step::StaleRemoved { path: "/run/x".into() },
        Step::Sent { bytes: 6 },
        Step::Received { bytes: 1536 },
        Step::Shutdown,
        Step::EndOfStream,
        Step::Drained { bytes: 1 },
        Step::Reset,
        Step::Unreachable { error: error() },
        Step::Closed { state: Some("TIME-WAIT".into()) },
        Step::Spawned { program: "cat".into(), pid: 4711 },
        Step::Signalled { pid: 4711, signal: "SIGHUP".into() },
        Step::Exited { program: "cat".into(), pid: 4711, how: "exited with 0".into() },
        Step::Skipped { count: 3 },
        Step::Route { proxies: Vec::new(), reason: "NO_PROXY".into() },
        Step::Route { proxies: vec![proxy()], reason: "--proxy".into() },
        Step::ProxyAgain { proxy: proxy() },
        Step::RelayDropped { reason: "a fragment".into() },
    ];
    steps.extend(steps_of_ws(took_ns));
    steps.extend(asked.into_iter().chain(answered));
    steps
}

fn steps_of_ws(took_ns: u64) -> Vec<Step> {
    let mut steps = vec![
        Step::Ws(Ws::Request { way: Way::Said, head: vec!["GET / HTTP/1.1".into(), "Host: x".into()] }),
        Step::Ws(Ws::Request { way: Way::Heard, head: vec!["GET / HTTP/1.1".into()] }),
        Step::Ws(Ws::Answer {
            way: Way::Heard,
            status: 101,
            head: vec!["HTTP/1.1 101".into()],
            took_ns: Some(took_ns),
        }),
        Step::Ws(Ws::Answer { way: Way::Said, status: 404, head: vec!["HTTP/1.1 404".into()], took_ns: None }),
        Step::Ws(Ws::Accept { key: "dGhl".into(), accept: "s3pP".into() }),
        Step::Ws(Ws::Upgraded { subprotocol: Some("chat".into()), deflate: Some("permessage-deflate".into()) }),
        Step::Ws(Ws::Upgraded { subprotocol: None, deflate: None }),
        Step::Ws(Ws::Redirected { status: 302, to: "ws://x:80/".into() }),
        Step::Ws(Ws::Refused { why: "a frame with reserved bits".into() }),
        Step::Ws(Ws::RoundTrip { took_ns }),
    ];
    let frames = [Opcode::TEXT, Opcode::CONTINUATION, Opcode::CLOSE, Opcode::PING, Opcode::PONG, Opcode::new(3)];
    let masked = Header { mask: Some([1, 2, 3, 4]), ..Header::new(Opcode::BINARY, 70_000) };
    let deflated = Header { rsv: 4, ..Header::new(Opcode::TEXT, 9) };
    let frames = frames.map(|opcode| Header::new(opcode, 5)).into_iter().chain([masked, deflated]);
    steps.extend(frames.map(|header| {
        let wire = header.size() as u64 + header.length;
        let way = if header.mask.is_some() { Way::Said } else { Way::Heard };
        Step::Ws(Ws::Frame { way, header, wire, inflated: header.rsv1().then_some(90) })
    }));
    steps
}

fn certificate() -> Certificate {
    let time = jiff::Timestamp::from_second(1_750_000_000).expect("a time");
    Certificate {
        subject: "CN=example.org".into(),
        issuer: "CN=R3".into(),
        names: vec!["example.org".into()],
        not_before: time,
        not_after: time,
        key: "EC P-256".into(),
        sha256: Fingerprint::of(b""),
    }
}

fn established(handshake: Handshake) -> Tls {
    Tls::Established {
        version: "TLS 1.3".into(),
        cipher: "TLS_AES_256_GCM_SHA384".into(),
        group: (handshake == Handshake::Full).then(|| "X25519".into()),
        alpn: Some("h2".into()),
        handshake,
        checked: "not verified (--insecure)".into(),
        took_ns: 1_240_000,
    }
}

/// Boxed: whatever is made of it lies on the stack, many times over.
fn message() -> BoxedStrategy<Message> {
    let kind = prop_oneof![Just(Kind::Text), Just(Kind::Binary)];
    let extent = prop_oneof![Just(Extent::Whole), Just(Extent::Piece), Just(Extent::Truncated)];
    let data = prop_oneof![any::<Vec<u8>>(), any::<String>().prop_map(String::into_bytes)];
    let numbers = any::<([Option<u64>; 2], Vec<Vec<u8>>)>();
    let about = (any::<[Option<String>; 4]>(), numbers).prop_map(|(said, ([asks, answers], attachments))| {
        let [from, name, id, namespace] = said.map(|said| said.map(String::into_boxed_str));
        let attachments = attachments.into_iter().map(Into::into).collect();
        let about = About { from, name, id, namespace, asks, answers, attachments, delivery: Delivery::Kept };
        Some(Box::new(about)).filter(|about| **about != About::default())
    });
    (kind, extent, about, data)
        .prop_map(|(kind, extent, about, data)| Message { kind, extent, about, data: data.into() })
        .boxed()
}

fn event() -> impl Strategy<Value = Event> {
    let why = any::<Option<(u16, String)>>().prop_map(|why| why.map(|(code, reason)| CloseReason { code, reason }));
    prop_oneof![
        message().prop_map(Event::Message),
        message().prop_map(Event::Ping),
        message().prop_map(Event::Pong),
        Just(Event::Finish),
        why.prop_map(|why| Event::Close { why }),
    ]
}

fn outcome() -> impl Strategy<Value = Outcome> {
    let end = prop_oneof![
        Just(End::Complete),
        Just(End::Reset),
        Just(End::Partial),
        Just(End::Truncated),
        Just(End::Unclosed),
        any::<String>().prop_map(|why| End::Lost { why }),
        any::<String>().prop_map(|what| End::Unfinished { what }),
        any::<(u16, String)>().prop_map(|(code, reason)| End::Dismissed { why: CloseReason { code, reason } }),
        Just(End::Refused),
        any::<String>().prop_map(|limit| End::Timeout { limit }),
        any::<(String, Option<String>)>().prop_map(|(what, hint)| End::Violation { what, hint }),
        any::<String>().prop_map(|error| End::Failed { error }),
    ];
    let digest = any::<(String, String)>().prop_map(|(said, heard)| {
        let algorithm = Algorithm::Sha256;
        Digests { algorithm, said, heard }
    });
    (end, any::<(u64, u64, Option<u64>)>(), prop::option::of(digest))
        .prop_map(|(end, (sent, received, acknowledged), digest)| Outcome { end, sent, received, acknowledged, digest })
}

fn step() -> impl Strategy<Value = Step> {
    let text = any::<String>;
    prop_oneof![
        prop::sample::select(every_step()),
        (text(), any::<Vec<std::net::IpAddr>>(), any::<u64>()).prop_map(|(host, addresses, took_ns)| Step::Resolved {
            host,
            addresses,
            took_ns
        }),
        (text(), text(), any::<i32>()).prop_map(|(family, kind, fd)| Step::Socket { family, kind, fd }),
        (text(), text(), any::<u64>()).prop_map(|(remote, error, took_ns)| Step::ConnectFailed {
            remote,
            error,
            took_ns
        }),
        any::<Option<String>>().prop_map(|state| Step::Closed { state }),
    ]
}

fn stats() -> impl Strategy<Value = Stats> {
    let flow = any::<(u64, Option<u64>, u64, Option<u64>)>().prop_map(|(bytes, messages, rate, recent_rate)| Flow {
        bytes,
        messages,
        rate,
        recent_rate,
    });
    let stage = prop::sample::select(vec![None, Some(Stage::Connect), Some(Stage::Talk), Some(Stage::Close)]);
    let conversations = any::<Option<(u32, u32)>>()
        .prop_map(|counts| counts.map(|(open, closed)| Conversations { open: open.into(), closed: closed.into() }));
    let took =
        any::<[Option<u64>; 6]>().prop_map(|[resolve_ns, connect_ns, proxy_ns, tls_ns, upgrade_ns, first_byte_ns]| {
            Took { resolve_ns, connect_ns, proxy_ns, tls_ns, upgrade_ns, first_byte_ns }
        });
    let tcp = any::<Option<(String, [u64; 4], u32)>>().prop_map(|tcp| {
        tcp.map(|(state, [acknowledged, unread, bytes_sent, rtt_ns], retransmissions)| Tcp {
            state,
            acknowledged,
            unread,
            info: TcpInfo { rtt_ns, retransmissions, bytes_sent, ..TcpInfo::default() },
        })
    });
    (any::<(Option<String>, u64)>(), stage, conversations, (flow.clone(), flow), took, tcp).prop_map(
        |((remote, elapsed_ns), stage, conversations, (sent, received), took, tcp)| Stats {
            remote,
            stage,
            conversations,
            elapsed_ns,
            sent,
            received,
            took,
            tcp,
        },
    )
}

/// Records of every kind, with anything in them.
pub(super) fn any_record() -> impl Strategy<Value = Record> {
    let reach = prop_oneof![Just(Reach::Loopback), Just(Reach::Address), Just(Reach::Everyone)];
    let what = prop_oneof![
        (any::<Vec<String>>(), reach, any::<Option<Vec<u8>>>()).prop_map(|(endpoints, reach, certificate)| {
            What::Listening { endpoints, reach, certificate: certificate.map(|der| Fingerprint::of(&der)) }
        }),
        any::<(String, String)>().prop_map(|(remote, local)| What::Opened(Peer { remote, local })),
        event().prop_map(What::Heard),
        event().prop_map(What::Said),
        step().prop_map(|step| What::Step(Box::new(step))),
        any::<String>().prop_map(|text| What::Notice { text }),
        any::<Vec<String>>().prop_map(|lines| What::List { lines }),
        stats().prop_map(|stats| What::Stats(Box::new(stats))),
        outcome().prop_map(|outcome| What::Closed(Box::new(outcome))),
    ];
    (0..4_000_000_000_i64, 0..1_000_000_000_i32, any::<u32>(), what).prop_map(|(second, nano, conn, what)| Record {
        time: jiff::Timestamp::new(second, nano).expect("a time"),
        conn: ConnId(conn),
        what,
    })
}
