//! What a side did, as the calls that a program would write.

use crate::event::{Event, Extent, Message, What};
use crate::learn::{Happened, Side};
use crate::quantity::show_nanos;
use crate::step::Step;
use crate::view::escape;
use crate::view::steps::Line;

/// A call, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) side: Side,
    /// Escaped.
    pub(super) text: String,
    /// Whether something goes to the other side.
    pub(super) crossing: Crossing,
}

/// Whether a call sends something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Crossing {
    None,
    Sends,
}

/// The calls of an act. Where there are several clients, each has its number.
pub(super) fn calls(happened: &[Happened]) -> Vec<Call> {
    let many = happened.iter().any(|happened| happened.record.conn.0 > 1);
    let mut calls: Vec<Call> = Vec::new();
    for Happened { side, record } in happened {
        let number = if many && record.conn.0 > 0 { format!("{} ", record.conn) } else { String::new() };
        let (text, crossing) = match &record.what {
            What::Step(step) => match call(step) {
                Some(called) => called,
                None => continue,
            },
            What::Said(Event::Message(message)) | What::Heard(Event::Message(message)) => {
                // The call is told first, and then what it carried.
                let verb = if matches!(record.what, What::Said(_)) { "send(" } else { "recv(" };
                let carrier = calls.iter_mut().rev().find(|call| call.side == *side);
                if let Some(call) = carrier.filter(|call| call.text.contains(verb)) {
                    call.text = carry(&call.text, message);
                    continue;
                }
                (quoted(message), Crossing::None)
            }
            // Of a call that no step has words for.
            What::Notice { text } => (text.clone(), Crossing::None),
            _ => continue,
        };
        calls.push(Call { side: *side, text: format!("{number}{}", escape::line(text)), crossing });
    }
    calls
}

/// `send("hello") = 5`, `recv() = 5 "hello"`
fn carry(call: &str, message: &Message) -> String {
    let quoted = quoted(message);
    match call.split_once("send()") {
        Some((before, after)) => format!("{before}send({quoted}){after}"),
        None => format!("{call} {quoted}"),
    }
}

fn quoted(message: &Message) -> String {
    let cut = if message.extent == Extent::Truncated { ", cut" } else { "" };
    format!("\"{}\"{cut}", escape::line(&message.data))
}

/// A step as the call it was; `None` if it was none.
fn call(step: &Step) -> Option<(String, Crossing)> {
    let address =
        |endpoint: &str| endpoint.split_once("://").map_or_else(|| endpoint.to_owned(), |(_, at)| at.to_owned());
    let none = |text: String| (text, Crossing::None);
    let sends = |text: String| (text, Crossing::Sends);
    Some(match step {
        Step::Waiting { .. } => return None,
        Step::Socket { family, kind, fd } => none(format!("socket({family}, {kind}) = {fd}")),
        Step::SocketOption { name, got, .. } => none(format!("setsockopt({name}, {got}) = 0")),
        Step::Bound { local } => none(format!("bind() = 0: {}", address(local))),
        Step::Listen { backlog, .. } => none(format!("listen({backlog}) = 0")),
        Step::Connect { remote } if remote.starts_with("udp:") => none(format!("connect({})", address(remote))),
        Step::Connect { remote } => sends(format!("connect({})", address(remote))),
        Step::Connected { local, took_ns, .. } => {
            none(format!("  = 0 after {}, at {}", show_nanos(*took_ns), address(local).replace("127.0.0.1:", ":")))
        }
        Step::Accepted { remote, fd, .. } => {
            none(format!("accept() = {fd}: from {}", address(remote).replace("127.0.0.1:", ":")))
        }
        Step::Sent { bytes } => sends(format!("send() = {bytes}")),
        Step::Received { bytes } => none(format!("recv() = {bytes}")),
        Step::Shutdown => sends("shutdown(SHUT_WR) = 0: FIN".to_owned()),
        Step::EndOfStream => none("recv() = 0: the end".to_owned()),
        Step::Reset => none("recv() = -1: connection reset".to_owned()),
        Step::Unreachable { error } => none(format!("recv() = -1: {error}")),
        Step::Closed { .. } => none("close() = 0".to_owned()),
        other => none(Line::of(other).detail),
    })
}
