//! Packets as steps: each is looked at again, because only who watches wants to know.

use crate::eio::admission::Carrier;
use crate::eio::payload;
use crate::eio::{self, Data, Version};
use crate::link::Reporter;
use crate::sio::{Packet, Protocol};
use crate::step::Step;
use crate::step::sio::Sio;
use crate::step::ws::Way;

/// So much of a packet is shown, in bytes.
const LONGEST: usize = 1000;

/// A text as far as it is shown.
pub(super) fn cut(text: &str) -> String {
    if text.len() <= LONGEST {
        return text.to_owned();
    }
    let end = (0..=LONGEST).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
    format!("{}…", &text[..end])
}

/// The packets of a poll's body, or of a frame.
pub(super) fn engine(report: &Reporter, way: Way, version: Version, carrier: Carrier, data: &Data) {
    if !report.watch().steps {
        return;
    }
    let mut packets = Vec::new();
    match carrier {
        // What is wrong is told as such.
        Carrier::Polling => drop(payload::decode(version, data, &mut packets)),
        Carrier::WebSocket => packets.extend(eio::Packet::of_frame(version, data)),
    }
    for packet in packets {
        let text = match &packet {
            eio::Packet::Text(kind, text) => cut(&format!("{}{text}", kind.digit())),
            eio::Packet::Binary(bytes) => format!("{} bytes", bytes.len()),
        };
        let (carrier, packet) = (carrier.name().to_owned(), packet.kind().name().to_owned());
        report.step(|| Step::Sio(Sio::Engine { way, carrier, packet, text }));
    }
}

/// A packet of Socket.IO.
pub(super) fn packet(report: &Reporter, way: Way, packet: &Packet) {
    report.step(|| {
        Step::Sio(Sio::Packet {
            way,
            packet: packet.kind.name(packet.form()).to_owned(),
            namespace: cut(&packet.namespace),
            id: packet.id,
            attachments: packet.attachments.len() as u64,
            data: packet.data.as_ref().map(|data| cut(data.text())).unwrap_or_default(),
        })
    });
}

/// The parser that a session of this version has.
pub(super) fn parser(parser: crate::sio::Parser, version: Version) -> crate::sio::Parser {
    match parser {
        crate::sio::Parser::Json(_) => crate::sio::Parser::Json(Protocol::from(version)),
        crate::sio::Parser::Msgpack => parser,
    }
}
