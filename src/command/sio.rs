//! `sio decode` and `sio encode`: one packet, offline.

use crate::cli::{Output, SioCarrier};
use crate::eio::payload::{self, Binary};
use crate::eio::{Data, Packet, Version};
use crate::exit::{Exit, Failure, words};
use crate::plan::sio::{Decode, Encode, Given, Sheet};
use crate::sio::explain::{Part, Span, explain_binary, explain_payload};
use crate::sio::{Decoder, Limits, Parser, msgpack};
use crate::view::screen;
use crate::view::sio::{Page, human, json};

pub(super) fn decode(decode: &Decode) -> Result<Exit, Failure> {
    let Decode { messages, version, parser, sheet } = decode;
    let pages: Vec<Page> = messages.iter().map(|message| page(*version, *parser, message)).collect();
    show(&pages, sheet)?;
    match fault(*version, *parser, messages, &pages) {
        Some(why) => Err(Failure::new(Exit::Protocol, why)),
        None => Ok(Exit::Complete),
    }
}

pub(super) fn encode(encode: &Encode) -> Result<Exit, Failure> {
    let Encode { packet, version, parser, carrier, sheet } = encode;
    let refused = |fault| Failure::new(Exit::Protocol, format!("make the packet: {fault}"));
    let packets: Vec<Packet> = parser.encode(packet).map_err(refused)?.into_iter().map(Packet::message).collect();
    let messages: Vec<Given> = match carrier {
        // A body is text, so that it can be shown; version 3 may send bytes raw.
        SioCarrier::Polling => vec![given(payload::encode(*version, Binary::Base64, &packets))],
        SioCarrier::Websocket => packets.iter().map(|packet| given(packet.to_frame(*version, Binary::Raw))).collect(),
    };
    let pages: Vec<Page> = messages.iter().map(|message| page(*version, *parser, message)).collect();
    show(&pages, sheet)?;
    // What we made is judged as what is heard: a reserved name can be wanted, but not unknowingly.
    match fault(*version, *parser, &messages, &pages) {
        Some(why) => Err(Failure::new(Exit::Protocol, format!("an official peer would not take this: {why}"))),
        None => Ok(Exit::Complete),
    }
}

/// A message as it would be typed.
fn given(data: Data) -> Given {
    let typed = match &data {
        Data::Text(text) => text.to_string(),
        Data::Binary(bytes) => payload::v4::encode(&[Packet::Binary(bytes.clone())]),
    };
    Given { typed, data }
}

/// One message and its explanation.
fn page(version: Version, parser: Parser, message: &Given) -> Page {
    let whole = |text: &str, part| vec![Span { range: 0..text.len(), depth: 0, part }];
    let typed = message.typed.clone();
    match (&message.data, parser) {
        (Data::Text(text), _) => Page { spans: explain_payload(version, text), text: text.to_string(), typed },
        (Data::Binary(bytes), Parser::Msgpack) => match msgpack::decode(&unframed(version, bytes)) {
            Ok(packet) => {
                let text = packet.to_text().to_string();
                Page { spans: crate::sio::explain::explain_socket(version, &text), text, typed }
            }
            Err(fault) => Page { spans: whole(&typed, Part::Wrong(fault.to_string())), text: typed.clone(), typed },
        },
        (Data::Binary(bytes), Parser::Json(_)) => {
            Page { spans: whole(&typed, explain_binary(bytes)), text: typed.clone(), typed }
        }
    }
}

/// What is wrong with any of them, or with all of them as one peer's.
fn fault(version: Version, parser: Parser, messages: &[Given], pages: &[Page]) -> Option<String> {
    for (index, page) in pages.iter().enumerate() {
        if let Some(Part::Wrong(why)) =
            page.spans.iter().map(|span| &span.part).find(|part| matches!(part, Part::Wrong(_)))
        {
            return Some(format!("packet {}: {why}", index + 1));
        }
    }
    let mut decoder = Decoder::new(parser, Limits::default());
    for (index, message) in messages.iter().enumerate() {
        for data in carried(version, &message.data) {
            if let Err(fault) = decoder.hear(&data) {
                return Some(format!("packet {}: {fault}", index + 1));
            }
        }
    }
    None
}

/// Engine.IO's messages in one that was typed: a frame, or a polling body of several packets.
fn carried(version: Version, data: &Data) -> Vec<Data> {
    let mut packets = Vec::new();
    match data {
        Data::Text(text) if version == Version::V3 && !payload::v3::is_counted(text) => {
            packets.extend(Packet::of_frame(version, data).ok());
        }
        Data::Text(_) => {
            // What is wrong with it was told by its explanation.
            let _ = payload::decode(version, data, &mut packets);
        }
        Data::Binary(bytes) => packets.push(Packet::Binary(bytes.clone())),
    }
    let messages = packets.into_iter().filter_map(|packet| match packet {
        Packet::Text(crate::eio::Kind::Message, text) => Some(Data::Text(text)),
        Packet::Text(..) => None,
        Packet::Binary(bytes) => Some(Data::Binary(bytes)),
    });
    messages.collect()
}

/// The bytes of a binary message, which version 3 puts its type before.
fn unframed(version: Version, bytes: &bytes::Bytes) -> bytes::Bytes {
    match version {
        Version::V3 if bytes.first() == Some(&(crate::eio::Kind::Message as u8)) => bytes.slice(1..),
        _ => bytes.clone(),
    }
}

fn show(pages: &[Page], sheet: &Sheet) -> Result<(), Failure> {
    let text = match sheet.output {
        Output::Human => human(pages, &sheet.style),
        Output::Json => json(pages),
        Output::Raw => pages.iter().flat_map(|page| [&page.typed, "\n"]).collect(),
        Output::Hex | Output::None => String::new(),
    };
    screen::print(&text).map_err(|error| match error.kind() {
        std::io::ErrorKind::BrokenPipe => Failure::new(Exit::BrokenStdout, "write stdout: nobody reads it"),
        _ => Failure::new(Exit::Io, format!("write stdout: {}", words(&error))),
    })
}
