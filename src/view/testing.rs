//! Records for the tests of views.

use super::View;
use crate::event::{ConnId, Event, Message, Record, What};
use crate::step::{Stage, Step};

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
    vec![
        Step::Waiting { next: Stage::Connect },
        Step::Resolve { host: "localhost".into() },
        Step::Resolved { host: "localhost".into(), addresses: vec![[127, 0, 0, 1].into()], took_ns },
        Step::Socket { family: "IPv4".into(), kind: "stream".into(), fd: 3 },
        Step::SocketOption { name: "SO_RCVBUF".into(), asked: "4096".into(), got: "8192".into() },
        Step::Bound { local: local() },
        Step::Connect { remote: remote() },
        Step::ConnectFailed { remote: remote(), error: error(), took_ns },
        Step::ConnectAbandoned { remote: remote() },
        Step::Connected { local: local(), remote: remote(), took_ns },
        Step::Listen { local: local(), backlog: 4096 },
        Step::Accepted { local: local(), remote: remote(), fd: 4 },
        Step::StaleRemoved { path: "/run/x".into() },
        Step::Sent { bytes: 6 },
        Step::Received { bytes: 1536 },
        Step::Shutdown,
        Step::EndOfStream,
        Step::Drained { bytes: 1 },
        Step::Reset,
        Step::Unreachable { error: error() },
        Step::Closed { state: Some("TIME-WAIT".into()) },
        Step::Skipped { count: 3 },
    ]
}
