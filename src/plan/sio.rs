//! Packets of Socket.IO that are told about, or made.

pub(super) mod connect;
pub(super) mod listen;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::{Plan, Terminal};
use crate::cli::{
    Color, Eio, Output, SioCarrier, SioDecode, SioDialect, SioEncode, SioParser, SioShow, SioType, Timestamps,
};
use crate::eio::{Data, Text, Version};
use crate::exit::Failure;
use crate::repl;
use crate::sio::words::{self, List, Words};
use crate::sio::{Json, Kind, Packet, Parser, Protocol, packet};
use crate::view::Style;

/// Messages to be explained.
pub struct Decode {
    /// As they were given.
    pub messages: Vec<Given>,
    /// The version of Engine.IO.
    pub version: Version,
    /// How packets are written.
    pub parser: Parser,
    /// How it is shown.
    pub sheet: Sheet,
}

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// As it was typed.
    pub typed: String,
    /// What it is: text, which may be a polling body, or a binary message.
    pub data: Data,
}

/// A packet to be made.
pub struct Encode {
    /// The packet.
    pub packet: Packet,
    /// The version of Engine.IO.
    pub version: Version,
    /// How it is written.
    pub parser: Parser,
    /// What carries it.
    pub carrier: SioCarrier,
    /// How it is shown.
    pub sheet: Sheet,
}

/// How explanations are shown.
pub struct Sheet {
    /// The form.
    pub output: Output,
    /// Colour and width.
    pub style: Style,
}

pub(super) fn decode(options: SioDecode, terminal: Terminal) -> Result<Plan, Failure> {
    let SioDecode { packets, dialect, show } = options;
    let (version, parser) = dialect_of(&dialect);
    let sheet = sheet(&show, Output::Human, terminal)?;
    let messages = packets.into_iter().map(|typed| given(typed, version)).collect::<Result<_, _>>()?;
    Ok(Plan::Decode(Box::new(Decode { messages, version, parser, sheet })))
}

pub(super) fn encode(options: SioEncode, terminal: Terminal) -> Result<Plan, Failure> {
    let SioEncode { words, kind, namespace, id, transport: carrier, dialect, show } = options;
    let (version, parser) = dialect_of(&dialect);
    let unseen = if terminal.stdout.is_terminal() { Output::Human } else { Output::Raw };
    let sheet = sheet(&show, unseen, terminal)?;
    let mut packet = Packet::new(self::kind(kind), namespace_of(&namespace)?);
    packet.id = id;
    let read = |words: &[String], of| {
        let read = words::list(words, of, &|path| repl::file(path));
        read.map_err(|wrong| Failure::usage(wrong.to_string(), "`sockeye sio encode --help` has examples"))
    };
    let mut rest = &[][..];
    let one = |word: Option<&String>| {
        let Some(word) = word else { return Ok(None) };
        let Words { json, attachments } = read(std::slice::from_ref(word), List::Arguments)?;
        if attachments.is_empty() {
            return Ok(json.elements().into_iter().next());
        }
        Err(Failure::usage(format!("`{word}` is an attachment"), "only events and acknowledgements have those"))
    };
    let data = match packet.kind {
        Kind::Event => {
            if words.is_empty() {
                let hint = "give it, and then its arguments: `sockeye sio encode hello 1 2`";
                return Err(Failure::usage("an event has a name", hint));
            }
            let Words { json, attachments } = read(&words, List::Event)?;
            packet.attachments = attachments;
            Some(json)
        }
        Kind::Ack => {
            if id.is_none() {
                return Err(Failure::usage("an acknowledgement answers an event", "say which one with --id"));
            }
            let Words { json, attachments } = read(&words, List::Arguments)?;
            packet.attachments = attachments;
            Some(json)
        }
        Kind::Connect => {
            rest = words.get(1..).unwrap_or_default();
            one(words.first())?
        }
        Kind::Disconnect => {
            rest = &words;
            None
        }
        Kind::ConnectError => {
            rest = words.get(2..).unwrap_or_default();
            let message = Json::string(words.first().map_or("Not authorized", String::as_str));
            let data = one(words.get(1))?;
            let data = data.map_or(String::new(), |data| format!(",\"data\":{}", data.text()));
            Json::parse(format!("{{\"message\":{}{data}}}", message.text()).into())
        }
    };
    if let Some(word) = rest.first() {
        return Err(Failure::usage(
            format!("`{word}` has no place in this packet"),
            "`sockeye sio encode --help` tells what has",
        ));
    }
    let packet = packet.with(data);
    Ok(Plan::Encode(Box::new(Encode { packet, version, parser, carrier, sheet })))
}

fn dialect_of(dialect: &SioDialect) -> (Version, Parser) {
    let version = match dialect.eio {
        Eio::V4 => Version::V4,
        Eio::V3 => Version::V3,
    };
    let parser = match dialect.parser {
        SioParser::Json => Parser::Json(Protocol::from(version)),
        SioParser::Msgpack => Parser::Msgpack,
    };
    (version, parser)
}

fn kind(kind: SioType) -> Kind {
    match kind {
        SioType::Event => Kind::Event,
        SioType::Ack => Kind::Ack,
        SioType::Connect => Kind::Connect,
        SioType::Disconnect => Kind::Disconnect,
        SioType::ConnectError => Kind::ConnectError,
    }
}

fn sheet(show: &SioShow, unasked: Output, terminal: Terminal) -> Result<Sheet, Failure> {
    let output = show.output.unwrap_or(unasked);
    if output == Output::Hex {
        return Err(Failure::usage("--output hex: a packet is explained as text", "use human, raw, json or none"));
    }
    let is_terminal = terminal.stdout.is_terminal();
    let color = match show.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => is_terminal && terminal.color,
    };
    Ok(Sheet { output, style: Style::new(color, Timestamps::Off, terminal.width.filter(|_| is_terminal)) })
}

/// A message as it was typed. Nothing of Engine.IO's begins with `hex:` or, but in a polling body, with `b`.
fn given(typed: String, version: Version) -> Result<Given, Failure> {
    let hint = "write a binary message as `b` and base64, or as `hex:` and digits";
    let data = if let Some(digits) = typed.strip_prefix("hex:") {
        hex(digits).map(Data::Binary).ok_or_else(|| Failure::usage(format!("`{typed}` is not hexadecimal"), hint))?
    } else if let Some(base64) = typed.strip_prefix('b').filter(|rest| !rest.contains('\u{1e}')) {
        // Version 3 has the type between.
        let base64 = if version == Version::V3 { base64.strip_prefix('4').unwrap_or(base64) } else { base64 };
        let bytes = STANDARD
            .decode(base64)
            .map_err(|error| Failure::usage(format!("`{typed}` is not base64: {error}"), hint))?;
        Data::Binary(bytes.into())
    } else {
        Data::from(typed.as_str())
    };
    Ok(Given { typed, data })
}

/// Pairs of digits; space between them is passed over.
fn hex(text: &str) -> Option<Bytes> {
    let digits: Option<Vec<u8>> = text
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect();
    let (pairs, []) = digits.as_deref()?.as_chunks::<2>() else { return None };
    Some(pairs.iter().map(|[high, low]| high << 4 | low).collect::<Vec<_>>().into())
}

/// A namespace, whose slash need not be typed.
pub(super) fn namespace_of(name: &str) -> Result<Text, Failure> {
    if name.contains(',') {
        let hint = "a comma ends a namespace on the wire, and has no other way to be written";
        return Err(Failure::usage(format!("--namespace {name}: there is a comma in it"), hint));
    }
    Ok(packet::namespace(name))
}
