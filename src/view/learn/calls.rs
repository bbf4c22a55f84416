//! What a side did, as the calls that a program would write.

use std::fmt::Write as _;

use super::{frames, heads, sio, tls};
use crate::event::{Event, Extent, Message, What};
use crate::learn::{Detail, Happened, Peers, Played, Side};
use crate::quantity::show_nanos;
use crate::step::Step;
use crate::step::ws::Way;
use crate::view::escape;
use crate::view::steps::Line;
use crate::ws::frame::{Header, Opcode};

/// A call, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) side: Side,
    /// Escaped.
    pub(super) text: String,
    /// What belongs to it and needs lines of its own. Escaped.
    pub(super) below: Vec<String>,
    /// Whether something goes to the other side.
    pub(super) crossing: Crossing,
    /// What it carries, until that is told.
    pub(super) cargo: Cargo,
}

impl Call {
    pub(super) fn new(side: Side, text: String) -> Self {
        Self { side, text, below: Vec::new(), crossing: Crossing::None, cargo: Cargo::None }
    }
}

/// Whether a call sends something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Crossing {
    None,
    Sends,
}

/// A call is told first, and then what it carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cargo {
    None,
    /// What `send()` or `recv()` carried.
    Bytes(Way),
    /// The payload of a frame.
    Frame(Way, Header),
}

impl Cargo {
    /// Whether it is what was said or heard so. Of a message in pieces the last frame that comes is not all.
    fn is(self, way: Way) -> bool {
        match self {
            Self::None => false,
            Self::Bytes(own) => own == way,
            Self::Frame(own, header) => own == way && (way == Way::Said || !is_piece(header)),
        }
    }
}

fn is_piece(header: Header) -> bool {
    !header.fin || header.opcode == Opcode::CONTINUATION
}

/// The calls of an act. Where there are several clients, each has its number.
pub(super) fn calls(played: &Played) -> Vec<Call> {
    let Played { happened, detail, .. } = played;
    let several = happened.iter().any(|happened| happened.record.conn.0 > 1);
    let (many, detail) = (several && played.peers == Peers::Many, *detail);
    let mut calls: Vec<Call> = Vec::new();
    for Happened { side, record } in happened {
        let number = if many && record.conn.0 > 0 { format!("{} ", record.conn) } else { String::new() };
        let mut call = match &record.what {
            What::Step(step) => match call(*side, step, detail) {
                Some(called) => called,
                None => continue,
            },
            What::Said(event) | What::Heard(event) => {
                let way = if matches!(record.what, What::Said(_)) { Way::Said } else { Way::Heard };
                let Some((quoted, data)) = payload(event) else { continue };
                let carrier = calls.iter_mut().rev().find(|call| call.side == *side && call.cargo != Cargo::None);
                match carrier.filter(|call| call.cargo.is(way)) {
                    Some(call) => {
                        load(call, &quoted, data, detail);
                        continue;
                    }
                    None => Call::new(*side, quoted),
                }
            }
            // Of a call that no step has words for.
            What::Notice { text } => Call::new(*side, text.clone()),
            What::List { lines } => Call::new(*side, lines.join("\n")),
            _ => continue,
        };
        call.text = format!("{number}{}", escape::line(call.text));
        call.below.iter_mut().for_each(|line| *line = escape::line(&*line));
        calls.push(call);
    }
    calls
}

/// What an event carried, quoted, and its bytes. Escaped.
fn payload(event: &Event) -> Option<(String, &[u8])> {
    match event {
        Event::Message(message) | Event::Ping(message) | Event::Pong(message) => Some((quoted(message), &message.data)),
        Event::Close { why: Some(why) } => Some((format!("{} {}", why.code, escape::line(&why.reason)), &[])),
        _ => None,
    }
}

/// `send("hello") = 5`, `recv() = 5 "hello"`, `text, 11 bytes: "hello"`
fn load(call: &mut Call, quoted: &str, data: &[u8], detail: Detail) {
    call.text = match (std::mem::replace(&mut call.cargo, Cargo::None), call.text.split_once("send()")) {
        (Cargo::Frame(_, header), _) => {
            if detail == Detail::Whole {
                call.below.extend(frames::payload(header, data));
            }
            format!("{}: {quoted}", call.text)
        }
        (_, Some((before, after))) => format!("{before}send({quoted}){after}"),
        (_, None) => format!("{} {quoted}", call.text),
    };
}

fn quoted(message: &Message) -> String {
    let cut = if message.extent == Extent::Truncated { ", cut" } else { "" };
    format!("\"{}\"{cut}", escape::line(&message.data))
}

/// Bytes in digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

/// A step on its side; `None` if it was nobody's doing.
fn call(side: Side, step: &Step, detail: Detail) -> Option<Call> {
    if let Step::Ws(step) = step {
        return Some(frames::call(side, step, detail));
    }
    if let Step::Tls(step) = step {
        return Some(tls::call(side, step));
    }
    if let Step::Http(step) = step {
        return heads::call(side, step, detail);
    }
    if let Step::Sio(step) = step {
        return sio::call(side, step);
    }
    let (text, crossing) = system_call(step)?;
    let cargo = match step {
        Step::Sent { .. } => Cargo::Bytes(Way::Said),
        Step::Received { .. } => Cargo::Bytes(Way::Heard),
        _ => Cargo::None,
    };
    Some(Call { crossing, cargo, ..Call::new(side, text) })
}

/// A step as the system call it was; `None` if it was none.
fn system_call(step: &Step) -> Option<(String, Crossing)> {
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
