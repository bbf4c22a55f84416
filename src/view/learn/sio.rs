//! What a side did in Socket.IO: a packet as it is on the wire where it leaves, and what it means where it comes.

use unicode_width::UnicodeWidthStr as _;

use super::calls::{Call, Crossing};
use crate::learn::Side;
use crate::quantity::show_nanos;
use crate::sio::packet::MAIN;
use crate::step::sio::Sio;
use crate::step::ws::Way;

/// What fits beside the other side's column.
const SHORT: usize = 34;
/// What is longer goes on in the next line.
const LONG: usize = 64;

/// A step of Socket.IO as a line, and the lines below it; `None` if it says nothing that is not there already.
pub(super) fn call(side: Side, step: &Sio) -> Option<Call> {
    let line = |text: String| Some(Call::new(side, text));
    match step {
        Sio::Engine { way: Way::Said, carrier, text, .. } => Some(Call {
            // A request or its answer carries it.
            crossing: if carrier == "websocket" { Crossing::Sends } else { Crossing::None },
            ..split(side, text)
        }),
        Sio::Packet { way: Way::Heard, packet, namespace, id, data, .. }
            if packet.ends_with("EVENT") || packet.ends_with("ACK") =>
        {
            let namespace = if namespace == MAIN { String::new() } else { format!(" {namespace}") };
            let id = id.map(|id| format!(" {id}")).unwrap_or_default();
            Some(split(side, &format!("{packet}{namespace}{id} {data}")))
        }
        Sio::Engine { .. } | Sio::Packet { .. } => None,
        Sio::Open { sid, .. } => line(format!("session {sid}")),
        Sio::Upgraded => line("a WebSocket carries it now".to_owned()),
        Sio::NotUpgraded => line("polling goes on".to_owned()),
        Sio::Beat => line("the ping was answered".to_owned()),
        Sio::Entered { namespace, sid, recovered } => {
            let sid = sid.as_ref().map(|sid| format!(" as {sid}")).unwrap_or_default();
            line(format!("{}in {namespace}{sid}", if *recovered { "again " } else { "" }))
        }
        Sio::Refused { namespace, why } => line(format!("not in {namespace}: {why}")),
        Sio::Left { namespace, reason, .. } => line(format!("left {namespace}: {reason}")),
        Sio::Closed { reason } => line(format!("closed: {reason}")),
        Sio::Reconnecting { attempt, wait_ns } => line(format!("attempt {attempt} after {}", show_nanos(*wait_ns))),
        Sio::Dropped { .. } => line("dropped".to_owned()),
        Sio::Unanswered { id, why } => line(format!("no ACK {id}: {why}")),
        Sio::Wrong { why } => Some(Call { below: vec![why.clone()], ..Call::new(side, "wrong:".to_owned()) }),
    }
}

/// A packet; its JSON has lines of its own if there is no room beside.
fn split(side: Side, text: &str) -> Call {
    let at = text.find(['{', '[']).filter(|at| *at > 0 && text.width() > SHORT);
    let (first, json) = text.split_at(at.unwrap_or(text.len()));
    Call { below: folded(json), ..Call::new(side, first.trim_end().to_owned()) }
}

/// In lines that end with a comma.
fn folded(json: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for part in json.split_inclusive(',') {
        match lines.last_mut().filter(|line| line.width() + part.width() <= LONG) {
            Some(line) => *line += part,
            None => lines.push(part.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_long_has_lines_of_its_own() {
        let call = |text: &str| split(Side::Server, text);
        assert_eq!(call("42[\"chat\",\"hi\"]"), Call::new(Side::Server, "42[\"chat\",\"hi\"]".to_owned()));
        let sid = "x".repeat(20);
        let open = call(&format!("0{{\"sid\":\"{sid}\",\"upgrades\":[\"websocket\"],\"pingInterval\":25000}}"));
        assert_eq!(open.text, "0");
        assert_eq!(
            open.below,
            [format!("{{\"sid\":\"{sid}\",\"upgrades\":[\"websocket\"],"), "\"pingInterval\":25000}".to_owned()]
        );
        assert!(folded("").is_empty());
    }
}
