//! What each record looks like in a sequence: a note at one end, or an arrow between two.

use super::scene::{Freight, Load, Place, Shape, Stroke, Tone};
use crate::event::{CloseReason, End, Event, Extent, Message, Outcome, What};
use crate::quantity::{show_nanos, show_size};
use crate::step::Step;
use crate::step::http::Http;
use crate::step::sio::Sio;
use crate::step::tls::Tls;
use crate::step::ws::{Way, Ws};
use crate::view::escape;
use crate::view::steps::Line;
use crate::view::style::Ink;
use crate::ws::frame::{Header, Opcode};

/// So many characters of a message are drawn at most.
const SHOWN: usize = 80;
/// So many bytes of one that is no text.
const DUMPED: usize = 12;

/// A row without its time. The text is to be escaped.
pub(super) struct Doing {
    pub(super) shape: Shape,
    pub(super) tone: Tone,
    pub(super) text: String,
    pub(super) load: Load,
}

fn arrow(way: Way, stroke: Stroke, text: String) -> Doing {
    let (from, to) = match way {
        Way::Said => (Place::Us, Place::Peer),
        Way::Heard => (Place::Peer, Place::Us),
    };
    Doing { shape: Shape::Arrow(from, to, stroke), tone: Tone::Plain, text, load: Load::Nothing }
}

fn control(way: Way, text: impl Into<String>) -> Doing {
    arrow(way, Stroke::Dashed, text.into())
}

fn note(text: impl Into<String>) -> Doing {
    Doing { shape: Shape::Note(Place::Us), tone: Tone::Plain, text: text.into(), load: Load::Nothing }
}

fn across(text: impl Into<String>) -> Doing {
    Doing { shape: Shape::Across, ..note(text) }
}

/// A step as the other views have it, at our end.
fn plain(step: &Step) -> Doing {
    let Line { ink, name, detail, took_ns, .. } = Line::of(step);
    let took = took_ns.map(|took_ns| format!(" ({})", show_nanos(took_ns))).unwrap_or_default();
    let tone = if ink == Ink::Alarm { Tone::Alarm } else { Tone::Plain };
    Doing { tone, ..note(format!("{name} {detail}{took}").trim_end()) }
}

/// A record that is no step.
pub(super) fn of(what: &What) -> Option<Doing> {
    Some(match what {
        What::Listening { endpoints, .. } => note(format!("listens on {}", endpoints.join(" "))),
        What::Opened(peer) => across(format!("connected: {}", peer.remote)),
        What::Said(event) => of_event(Way::Said, event),
        What::Heard(event) => of_event(Way::Heard, event),
        What::Notice { text } => note(text.clone()),
        What::List { lines } => note(lines.join("\n")),
        What::Closed(outcome) => closed(outcome),
        What::Step(_) | What::Stats(_) => return None,
    })
}

fn of_event(way: Way, event: &Event) -> Doing {
    let text = payload(event);
    match event {
        Event::Message(message) | Event::Wire(message) => {
            arrow(way, Stroke::Solid, format!("{}: {text}", show_size(message.data.len() as u64)))
        }
        Event::Ping(_) => control(way, with("ping", &text)),
        Event::Pong(_) => control(way, with("pong", &text)),
        Event::Order(_) => control(way, "an order"),
        Event::Finish => control(way, "the end of this direction"),
        Event::Close { .. } => control(way, with("close", &text)),
    }
}

fn with(what: &str, text: &str) -> String {
    if text.is_empty() { what.to_owned() } else { format!("{what}: {text}") }
}

/// What an event carries, as much of it as is drawn.
pub(super) fn payload(event: &Event) -> String {
    match event {
        Event::Message(message) | Event::Wire(message) | Event::Ping(message) | Event::Pong(message) => bytes(message),
        Event::Close { why: Some(CloseReason { code, reason }) } => format!("{code} {reason}").trim_end().to_owned(),
        Event::Close { why: None } | Event::Finish | Event::Order(_) => String::new(),
    }
}

fn bytes(message: &Message) -> String {
    let data = &message.data[..];
    let (shown, more) = if escape::is_text(data) {
        let text = String::from_utf8_lossy(data);
        let shown: String = text.trim_end_matches(['\r', '\n']).chars().take(SHOWN).collect();
        let more = text.chars().count() > SHOWN + 2;
        (shown, more)
    } else {
        let digits: Vec<String> = data.iter().take(DUMPED).map(|byte| format!("{byte:02x}")).collect();
        (digits.join(" "), data.len() > DUMPED)
    };
    let cut = match message.extent {
        Extent::Truncated => " (cut)",
        Extent::Whole | Extent::Piece => "",
    };
    format!("{shown}{}{cut}", if more { "..." } else { "" })
}

fn closed(outcome: &Outcome) -> Doing {
    let bytes = format!("{} sent, {} received", show_size(outcome.sent), show_size(outcome.received));
    let how = match &outcome.end {
        End::Complete => return across(format!("over: {bytes}")),
        End::Reset => "reset by the peer".to_owned(),
        End::Partial => "the peer closed before it took everything".to_owned(),
        End::Truncated => "cut without close_notify".to_owned(),
        End::Dismissed { why: CloseReason { code, reason } } => format!("the peer closed with {code} {reason}"),
        End::Unclosed => "no Close frame came".to_owned(),
        End::Lost { why } => format!("lost: {why}"),
        End::Refused => "refused".to_owned(),
        End::Timeout { limit } => format!("timed out, {limit}"),
        End::Unfinished { what } | End::Violation { what, .. } => what.clone(),
        End::Failed { error } => error.clone(),
    };
    Doing { tone: Tone::Alarm, ..across(format!("{how}: {bytes}")) }
}

/// A step: an arrow where something crosses, a note where it does not; nothing where it is no event of its own.
pub(super) fn of_step(step: &Step, proxies: &[String]) -> Option<Doing> {
    let first = if proxies.is_empty() { Place::Peer } else { Place::Proxy(0) };
    let proxy = |name: &String| Place::Proxy(proxies.iter().position(|known| known == name).unwrap_or(0));
    Some(match step {
        Step::Waiting { .. } => return None,
        Step::Connect { remote } => match remote.split_once(':') {
            Some(("tcp", _)) => Doing { shape: out(first), ..control(Way::Said, format!("SYN: connect() {remote}")) },
            Some(("udp", _)) => note(format!("connect() {remote}: nothing is sent")),
            _ => Doing { shape: out(first), ..control(Way::Said, format!("connect() {remote}")) },
        },
        Step::Connected { remote, took_ns, .. } => match remote.split_once(':') {
            Some(("tcp", _)) => Doing {
                shape: back(first),
                ..control(Way::Heard, format!("SYN, ACK: connected ({})", show_nanos(*took_ns)))
            },
            Some(("udp", _)) => return None,
            _ => Doing { shape: back(first), ..control(Way::Heard, format!("connected ({})", show_nanos(*took_ns))) },
        },
        Step::ConnectFailed { remote, error, .. } if error == "connection refused" && remote.starts_with("tcp:") => {
            Doing { shape: back(first), tone: Tone::Alarm, ..control(Way::Heard, format!("RST: {remote} {error}")) }
        }
        Step::Accepted { remote, fd, .. } if remote.starts_with("tcp:") => {
            control(Way::Heard, format!("SYN, SYN ACK, ACK by the kernel; accept() makes descriptor {fd}"))
        }
        Step::Accepted { fd, .. } => control(Way::Heard, format!("connects; accept() makes descriptor {fd}")),
        Step::ProxyAsked { proxy: name, words, .. } => {
            Doing { shape: out(proxy(name)), ..control(Way::Said, words.clone()) }
        }
        Step::ProxyAnswered { proxy: name, words, took_ns, .. } => {
            Doing { shape: back(proxy(name)), ..control(Way::Heard, format!("{words} ({})", show_nanos(*took_ns))) }
        }
        Step::Sent { bytes } => carrier(Way::Said, format!("send() {}", show_size(*bytes))),
        Step::Received { bytes } => carrier(Way::Heard, format!("recv() {}", show_size(*bytes))),
        Step::Shutdown => control(Way::Said, "FIN: shutdown()"),
        Step::EndOfStream => control(Way::Heard, "FIN: recv() gives 0"),
        Step::Reset => Doing { tone: Tone::Alarm, ..control(Way::Heard, "RST") },
        Step::Unreachable { error } => Doing { tone: Tone::Alarm, ..control(Way::Heard, format!("ICMP: {error}")) },
        Step::Closed { state: Some(state) } => note(format!("close(): the kernel keeps it in {state}")),
        Step::Closed { state: None } => note("close()"),
        Step::Tls(tls) => of_tls(tls, step),
        Step::Ws(ws) => of_ws(ws, step)?,
        Step::Http(http) => of_http(http, step)?,
        Step::Sio(sio) => of_sio(sio, step)?,
        Step::Resolve { .. }
        | Step::Resolved { .. }
        | Step::Known { .. }
        | Step::Socket { .. }
        | Step::SocketOption { .. }
        | Step::Bound { .. }
        | Step::HandedOver { .. }
        | Step::Told { .. }
        | Step::ConnectFailed { .. }
        | Step::ConnectAbandoned { .. }
        | Step::Route { .. }
        | Step::ProxyAgain { .. }
        | Step::RelayDropped { .. }
        | Step::FastOpen { .. }
        | Step::Multipath { .. }
        | Step::Joined { .. }
        | Step::ToMany { .. }
        | Step::Listen { .. }
        | Step::TurnedAway { .. }
        | Step::StaleRemoved { .. }
        | Step::Drained { .. }
        | Step::Spawned { .. }
        | Step::Signalled { .. }
        | Step::Exited { .. }
        | Step::Skipped { .. } => plain(step),
    })
}

fn out(to: Place) -> Shape {
    Shape::Arrow(Place::Us, to, Stroke::Dashed)
}

fn back(from: Place) -> Shape {
    Shape::Arrow(from, Place::Us, Stroke::Dashed)
}

fn carrier(way: Way, text: String) -> Doing {
    Doing { load: Load::Messages(way), ..arrow(way, Stroke::Solid, text) }
}

fn of_tls(tls: &Tls, step: &Step) -> Doing {
    let line = plain(step);
    match tls {
        Tls::Begin { .. } => control(Way::Said, format!("ClientHello: {}", line.text)),
        Tls::Hello { .. } => control(Way::Heard, format!("ClientHello: {}", line.text)),
        Tls::Asked { .. } | Tls::Certificate { .. } => control(Way::Heard, line.text),
        Tls::Established { .. } => across(line.text),
        Tls::Failed { .. } | Tls::Truncated => line,
        Tls::CloseNotifySent => control(Way::Said, "close_notify"),
        Tls::CloseNotifyHeard => control(Way::Heard, "close_notify"),
    }
}

fn of_ws(ws: &Ws, step: &Step) -> Option<Doing> {
    Some(match ws {
        Ws::Request { way, head } | Ws::Answer { way, head, .. } => {
            control(*way, head.first().cloned().unwrap_or_default())
        }
        Ws::Upgraded { .. } => across(plain(step).text),
        Ws::Frame { way, header, wire, .. } => frame(*way, *header, *wire),
        Ws::RoundTrip { .. } => return None,
        Ws::Accept { .. } | Ws::Redirected { .. } | Ws::Refused { .. } => plain(step),
    })
}

fn of_http(http: &Http, step: &Step) -> Option<Doing> {
    Some(match http {
        Http::Request { way, head, .. } | Http::Answer { way, head, .. } => {
            control(*way, head.first().cloned().unwrap_or_default())
        }
        Http::Ignored { .. } | Http::Comment { .. } => return None,
        Http::Body { .. }
        | Http::Unchanged { .. }
        | Http::Redirected { .. }
        | Http::Wait { .. }
        | Http::Resume { .. }
        | Http::Retry { .. }
        | Http::Missed { .. }
        | Http::Refused { .. } => plain(step),
    })
}

/// A packet is drawn once: what carries it, and what it carries, have rows of their own.
fn of_sio(sio: &Sio, step: &Step) -> Option<Doing> {
    match sio {
        Sio::Packet { .. } | Sio::Beat => None,
        Sio::Engine { way, .. } => Some(control(*way, plain(step).text)),
        _ => Some(plain(step)),
    }
}

fn frame(way: Way, header: Header, wire: u64) -> Doing {
    let freight = match header.opcode {
        Opcode::PING => Some(Freight::Ping),
        Opcode::PONG => Some(Freight::Pong),
        Opcode::CLOSE => Some(Freight::Close),
        Opcode::TEXT | Opcode::BINARY | Opcode::CONTINUATION => header.fin.then_some(Freight::Message),
        _ => None,
    };
    let is_control = matches!(freight, Some(Freight::Ping | Freight::Pong | Freight::Close));
    let stroke = if is_control { Stroke::Dashed } else { Stroke::Solid };
    let masked = if header.mask.is_some() { ", masked" } else { "" };
    let more = if header.fin { "" } else { ", more follows" };
    let text = format!("{} frame, {} on the wire{masked}{more}", header.opcode.name(), show_size(wire));
    let load = freight.map_or(Load::Nothing, |freight| Load::Frame(way, freight));
    Doing { load, ..arrow(way, stroke, text) }
}
