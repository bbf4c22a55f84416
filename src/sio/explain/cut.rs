//! Where the stretches of a text begin and end.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::{Field, Part, Span};
use crate::eio::packet::PROBE;
use crate::eio::payload::v4::SEPARATOR;
use crate::eio::{self, Data, Packet, Text, Version, payload, sid, yeast};
use crate::sio::fault::Fault;
use crate::sio::hearing::{Decoder, Limits, Parser, Protocol, parts};
use crate::sio::json::{Json, Shape};
use crate::sio::packet::{Form, Kind};

/// What one text packet of Engine.IO means, such as `452-/admin,12["x",…]`: the text of a WebSocket message, or one of a
/// polling body's.
#[must_use]
pub fn explain(version: Version, packet: &str) -> Vec<Span> {
    let mut spans = Spans::new(version);
    spans.packet(packet);
    spans.done
}

/// What one text packet of Socket.IO means, without Engine.IO's digit.
#[must_use]
pub fn explain_socket(version: Version, packet: &str) -> Vec<Span> {
    let mut spans = Spans::new(version);
    spans.socket(&packet.into());
    spans.done
}

/// What a whole polling body means, which may be a single packet.
#[must_use]
pub fn explain_payload(version: Version, body: &str) -> Vec<Span> {
    let mut spans = Spans::new(version);
    match version {
        Version::V4 => {
            for (index, part) in body.split(SEPARATOR).enumerate() {
                if index > 0 {
                    spans.push(1, Part::Separator);
                }
                spans.packet(part);
            }
        }
        Version::V3 if payload::v3::is_counted(body) => spans.counted(body),
        Version::V3 => spans.packet(body),
    }
    spans.done
}

/// What a binary WebSocket message is, all of it.
#[must_use]
pub fn explain_binary(bytes: &Bytes) -> Part {
    Part::Bytes(bytes.len())
}

struct Spans {
    version: Version,
    /// Where the next stretch begins.
    at: usize,
    done: Vec<Span>,
}

impl Spans {
    fn new(version: Version) -> Self {
        Self { version, at: 0, done: Vec::new() }
    }

    /// The next `length` bytes are this.
    fn push(&mut self, length: usize, part: Part) {
        if length > 0 || matches!(part, Part::Wrong(_)) {
            self.done.push(Span { range: self.at..self.at + length, depth: 0, part });
        }
        self.at += length;
    }

    /// Bytes of the stretch that comes next are this.
    fn within(&mut self, from: usize, range: std::ops::Range<usize>, depth: u8, part: Part) {
        self.done.push(Span { range: from + range.start..from + range.end, depth, part });
    }

    /// Packets after their lengths.
    fn counted(&mut self, body: &str) {
        let mut rest = Text::from(body);
        while !rest.is_empty() {
            let mut packets = Vec::new();
            let length =
                rest.find(':').and_then(|colon| rest.as_str()[..colon].parse::<usize>().ok().map(|n| (colon, n)));
            let Some((colon, units)) = length else {
                return self.push(rest.len(), Part::Wrong(eio::Fault::Length(rest.to_string()).to_string()));
            };
            let after = rest.after(colon + 1);
            let end = after
                .char_indices()
                .scan(0, |taken, (at, c)| {
                    let before = *taken;
                    *taken += c.len_utf16();
                    Some((at, before))
                })
                .find_map(|(at, before)| (before >= units).then_some(at))
                .unwrap_or(after.len());
            let one = rest.part(0..colon + 1 + end).unwrap_or_default();
            if let Err(fault @ eio::Fault::Short { .. }) = payload::decode(Version::V3, &Data::Text(one), &mut packets)
            {
                return self.push(rest.len(), Part::Wrong(fault.to_string()));
            }
            self.push(colon + 1, Part::Length(units));
            if end > 0 {
                self.packet(&after.as_str()[..end]);
            }
            rest = after.after(end);
        }
    }

    fn packet(&mut self, packet: &str) {
        if let Some(base64) = packet.strip_prefix('b') {
            let base64 = if self.version == Version::V3 { base64.get(1..).unwrap_or_default() } else { base64 };
            return match STANDARD.decode(base64) {
                Ok(bytes) => self.push(packet.len(), Part::Base64(bytes.len())),
                Err(error) => self.push(packet.len(), Part::Wrong(format!("not base64: {error}"))),
            };
        }
        let text = Text::from(packet);
        let (kind, rest) = match Packet::of_frame(self.version, &Data::Text(text.clone())) {
            Ok(Packet::Text(kind, rest)) => (kind, rest),
            Ok(Packet::Binary(_)) => return,
            Err(fault) => return self.push(packet.len(), Part::Wrong(fault.to_string())),
        };
        // `2["x"]` is a ping with odd data for Engine.IO; who asks wants to know about the event.
        let data = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        if kind != eio::Kind::Message
            && kind != eio::Kind::Open
            && (data.starts_with(['[', '/']) || data.contains("-["))
        {
            self.done.push(Span { range: self.at..self.at, depth: 0, part: Part::Bare });
            return self.socket(&text);
        }
        self.push(1, Part::Engine(kind));
        match kind {
            eio::Kind::Message => self.socket(&rest),
            eio::Kind::Open => self.handshake(&rest),
            eio::Kind::Ping | eio::Kind::Pong if rest == PROBE => self.push(rest.len(), Part::Probe),
            _ => self.push(rest.len(), Part::Ignored),
        }
    }

    fn handshake(&mut self, data: &Text) {
        let from = self.at;
        let Some(json) = Json::parse(data.clone()).filter(|json| json.shape() == Shape::Object) else {
            return self.push(data.len(), Part::Wrong("the handshake is no JSON object".to_owned()));
        };
        self.push(data.len(), Part::Handshake);
        for (field, range) in fields(&json, 0) {
            self.within(from, range, 1, Part::Field(field));
        }
        if let Err(error) = eio::Open::parse(data) {
            self.push(0, Part::Wrong(format!("no handshake: {error}")));
        }
    }

    /// A packet of Socket.IO.
    fn socket(&mut self, text: &Text) {
        let cut = match parts(text) {
            Ok(cut) => cut,
            Err(fault) => return self.push(text.len(), Part::Wrong(fault.to_string())),
        };
        let end = self.at + text.len();
        self.push(text.chars().next().map_or(0, char::len_utf8), Part::Type(cut.kind, cut.form));
        if cut.form == Form::Binary {
            self.push(text.find('-').unwrap_or(1), Part::Attachments(cut.count));
        }
        if !cut.namespace.is_empty() {
            let comma = end - self.at - cut.namespace.len() - cut.after_namespace;
            self.push(cut.namespace.len() + comma, Part::Namespace);
            if comma == 0
                && let Some(at) = cut.namespace.find(['[', '{', '"'])
            {
                let name = &cut.namespace.as_str()[..at];
                let why =
                    format!("the name of a namespace ends with a comma, and all this is one name: {name},… is meant");
                self.push(0, Part::Wrong(why));
            }
        }
        if let Some(id) = cut.id {
            self.push(end - self.at - cut.data.len(), Part::Id(cut.kind, id));
        }
        if !cut.data.is_empty() {
            self.data(cut.kind, &cut.data);
        } else if cut.kind == Kind::Event {
            // The official parsers let it pass, and whoever hears it can do nothing with it.
            self.push(
                0,
                Part::Wrong("an event needs an array that begins with its name: without one it is nothing".to_owned()),
            );
        }
        let judged =
            Decoder::new(Parser::Json(Protocol::from(self.version)), Limits::default()).hear(&Data::Text(text.clone()));
        match judged {
            // Told at the JSON already.
            Err(Fault::Payload) | Ok(_) => {}
            Err(fault) => self.push(0, Part::Wrong(fault.to_string())),
        }
    }

    fn data(&mut self, kind: Kind, data: &Text) {
        let from = self.at;
        let Some(json) = Json::parse(data.clone()) else {
            return self.push(data.len(), Part::Wrong(format!("{}: this is not JSON", Fault::Payload)));
        };
        let protocol = Protocol::from(self.version);
        if !crate::sio::hearing::fits(protocol, kind, &json) {
            return self.push(data.len(), Part::Wrong(unfit(kind, &json)));
        }
        self.push(data.len(), Part::Data(kind));
        match kind {
            Kind::Event | Kind::Ack => self.arguments(from, kind, &json),
            Kind::Connect | Kind::ConnectError => {
                for (field, range) in fields(&json, 0) {
                    self.within(from, range, 1, Part::Field(field));
                }
            }
            Kind::Disconnect => {}
        }
    }

    fn arguments(&mut self, from: usize, kind: Kind, json: &Json) {
        let children = json.children();
        let placeholders = json.placeholders();
        let last = children.len().saturating_sub(1);
        for (index, child) in children.into_iter().enumerate() {
            let part = match (kind, index) {
                (Kind::Event, 0) => Part::Name,
                (Kind::Event, index) => match offset(json, &child.value).filter(|_| index == last) {
                    Some(millis) => Part::Offset(millis),
                    None => Part::Argument(index),
                },
                (_, index) => Part::Argument(index + 1),
            };
            self.within(from, child.value.clone(), 1, part);
            for placeholder in &placeholders {
                if child.value.start <= placeholder.range.start && placeholder.range.end <= child.value.end {
                    self.within(from, placeholder.range.clone(), 2, Part::Placeholder(placeholder.number));
                }
            }
        }
    }
}

/// Why JSON is no data of this type.
fn unfit(kind: Kind, json: &Json) -> String {
    let why = match kind {
        Kind::Connect => "a CONNECT has an object, or nothing",
        Kind::Disconnect => "a DISCONNECT has no data",
        Kind::Ack => "an ACK has an array",
        Kind::ConnectError => "a CONNECT_ERROR has an object or a string",
        Kind::Event if json.shape() != Shape::Array => "an event is an array",
        Kind::Event if json.name().is_some() => "this name is reserved for what libraries tell by themselves",
        Kind::Event => "an event's first element is its name, a string or a number",
    };
    format!("{}: {why}", Fault::Payload)
}

/// The fields of an object that mean something, and where.
fn fields(json: &Json, from: usize) -> Vec<(Field, std::ops::Range<usize>)> {
    let known = |child: crate::sio::json::Child| {
        let key = json.text().get(child.key?)?.trim_matches('"').to_owned();
        let value = json.text().get(child.value.clone())?;
        let number = || value.parse().ok();
        let field = match key.as_str() {
            "sid" => Field::Sid(sid::sequence(value.trim_matches('"'))),
            "upgrades" => Field::Upgrades,
            "pingInterval" => Field::PingInterval(number()?),
            "pingTimeout" => Field::PingTimeout(number()?),
            "maxPayload" => Field::MaxPayload(number()?),
            "pid" => Field::Pid,
            "offset" => Field::Offset,
            "message" => Field::Message,
            "data" => Field::Details,
            _ => return None,
        };
        Some((field, from + child.value.start..from + child.value.end))
    };
    json.children().into_iter().filter_map(known).collect()
}

/// The time of an offset of the in-memory adapter: seven characters of yeast, from 2011 to 2149 (`Q83FEv1`, `Q83FEv1.0`).
fn offset(json: &Json, value: &std::ops::Range<usize>) -> Option<u64> {
    const YEARS: std::ops::Range<u64> = 1_300_000_000_000..5_650_000_000_000;
    let text = json.text().get(value.clone())?.strip_prefix('"')?.strip_suffix('"')?;
    let (time, _) = yeast::decode(text)?;
    // A word of seven letters is in this time too: of those nobody would write one with a digit and a capital.
    let is_mixed = text.bytes().any(|byte| byte.is_ascii_digit()) && text.bytes().any(|byte| byte.is_ascii_uppercase());
    (YEARS.contains(&time) && is_mixed).then_some(time)
}
