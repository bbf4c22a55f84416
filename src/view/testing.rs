//! Records for the tests of views.

use super::View;
use crate::event::{ConnId, Event, Message, Record, What};

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
