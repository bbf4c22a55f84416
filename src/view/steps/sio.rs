//! One line for each step of Socket.IO.

use super::ws::{arrow, ink};
use super::{Ink, Line};
use crate::quantity::show_nanos;
use crate::step::sio::Sio;

impl Line {
    pub(super) fn of_sio(step: &Sio) -> Self {
        let line = |ink, name, detail: String| Self { ink, name, detail, took_ns: None, below: Vec::new() };
        match step {
            Sio::Engine { way, carrier, packet, text } => {
                line(ink(*way), "eio", format!("{} {packet} by {carrier}: {text}", arrow(*way)))
            }
            Sio::Packet { way, packet, namespace, id, attachments, data } => {
                let id = id.map(|id| format!(", number {id}")).unwrap_or_default();
                let more = match attachments {
                    0 => String::new(),
                    1 => ", 1 attachment".to_owned(),
                    count => format!(", {count} attachments"),
                };
                let data = if data.is_empty() { String::new() } else { format!(": {data}") };
                line(ink(*way), "sio", format!("{} {packet} in {namespace}{id}{more}{data}", arrow(*way)))
            }
            Sio::Open { sid, upgrades, ping_interval_ms, ping_timeout_ms, max_payload } => {
                let upgrades = if upgrades.is_empty() { "nothing".to_owned() } else { upgrades.join(", ") };
                let most = max_payload.map(|most| format!(", at most {most} bytes at a time")).unwrap_or_default();
                let detail = format!(
                    "session {sid}, a ping every {ping_interval_ms} ms and {ping_timeout_ms} ms for its answer{most}, can move to \
                     {upgrades}"
                );
                line(Ink::Connection, "eio open", detail)
            }
            Sio::Upgraded => line(Ink::Connection, "upgraded", "a WebSocket carries the session from now on".into()),
            Sio::NotUpgraded => line(Ink::Aside, "not upgraded", "polling goes on".into()),
            Sio::Beat => line(Ink::Aside, "heart-beat", "a ping was answered".into()),
            Sio::Entered { namespace, sid, recovered } => {
                let sid = sid.as_ref().map(|sid| format!(" as {sid}")).unwrap_or_default();
                let again = if *recovered { ", recovered: what was missed has come" } else { "" };
                line(Ink::Connection, "entered", format!("{namespace}{sid}{again}"))
            }
            Sio::Refused { namespace, why } => line(Ink::Alarm, "not let in", format!("{namespace}: {why}")),
            Sio::Left { namespace, sid, reason } => {
                let sid = sid.as_ref().map(|sid| format!(" {sid}")).unwrap_or_default();
                line(Ink::Connection, "left", format!("{namespace}{sid}: {reason}"))
            }
            Sio::Closed { reason } => line(Ink::Connection, "eio closed", reason.clone()),
            Sio::Reconnecting { attempt, wait_ns } => {
                line(Ink::Connection, "again", format!("attempt {attempt} after {}", show_nanos(*wait_ns)))
            }
            Sio::Dropped { namespace } => line(Ink::Alarm, "dropped", format!("a volatile event in {namespace}")),
            Sio::Unanswered { id, why } => line(Ink::Alarm, "unanswered", format!("{id}: {why}")),
            Sio::Wrong { why } => line(Ink::Alarm, "wrong", why.clone()),
        }
    }
}
