//! What passes, told as steps of both layers; only while somebody looks.

use crate::eio::admission::Carrier;
use crate::eio::client::{Input, Output};
use crate::eio::{self, Data, Packet, Version, payload};
use crate::link::Reporter;
use crate::sio::{Decoder, Limits, Parser};
use crate::step::Step;
use crate::step::sio::Sio;
use crate::step::ws::Way;

/// So much of a packet is shown, in characters.
const SHOWN: usize = 256;

/// Watches one session.
pub(super) struct Watch {
    version: Version,
    said: Decoder,
    heard: Decoder,
}

impl Watch {
    pub(super) fn new(version: Version, parser: Parser) -> Self {
        let decoder = || Decoder::new(parser, Limits::default());
        Self { version, said: decoder(), heard: decoder() }
    }

    /// What comes.
    pub(super) fn input(&mut self, input: &Input, report: &Reporter) {
        if !report.watch().steps {
            return;
        }
        match input {
            Input::Polled(body) => self.body(Way::Heard, body, report),
            Input::Frame(frame) => self.frame(Way::Heard, frame, report),
            _ => {}
        }
    }

    /// What goes.
    pub(super) fn output(&mut self, output: &Output, report: &Reporter) {
        if !report.watch().steps {
            return;
        }
        match output {
            Output::Post(body) => self.body(Way::Said, body, report),
            Output::Frame(frame) => self.frame(Way::Said, frame, report),
            Output::Opened(open) => report.step(|| {
                let millis = |duration: std::time::Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
                Step::Sio(Sio::Open {
                    sid: open.sid.clone(),
                    upgrades: open.upgrades.clone(),
                    ping_interval_ms: millis(open.ping_interval),
                    ping_timeout_ms: millis(open.ping_timeout),
                    max_payload: open.max_payload,
                })
            }),
            Output::Beat => report.step(|| Step::Sio(Sio::Beat)),
            Output::Upgraded => report.step(|| Step::Sio(Sio::Upgraded)),
            Output::NotUpgraded => report.step(|| Step::Sio(Sio::NotUpgraded)),
            Output::Wrong(fault) => report.step(|| Step::Sio(Sio::Wrong { why: fault.to_string() })),
            Output::Closed(reason) => report.step(|| Step::Sio(Sio::Closed { reason: reason.to_string() })),
            Output::Get | Output::Connect | Output::Hangup | Output::Heard(_) | Output::Stays(_) | Output::Dropped => {}
        }
    }

    fn body(&mut self, way: Way, body: &Data, report: &Reporter) {
        let mut packets = Vec::new();
        // What is wrong with it the machine says.
        let _ = payload::decode(self.version, body, &mut packets);
        for packet in &packets {
            self.packet(way, Carrier::Polling, packet, report);
        }
    }

    fn frame(&mut self, way: Way, frame: &Data, report: &Reporter) {
        if let Ok(packet) = Packet::of_frame(self.version, frame) {
            self.packet(way, Carrier::WebSocket, &packet, report);
        }
    }

    fn packet(&mut self, way: Way, carrier: Carrier, packet: &Packet, report: &Reporter) {
        report.step(|| {
            Step::Sio(Sio::Engine {
                way,
                carrier: carrier.name().to_owned(),
                packet: packet.kind().name().to_owned(),
                text: match packet {
                    Packet::Text(kind, text) => format!("{}{}", kind.digit(), shown(text)),
                    Packet::Binary(bytes) => format!("{} bytes", bytes.len()),
                },
            })
        });
        let message = match packet {
            Packet::Text(eio::Kind::Message, text) => Data::Text(text.clone()),
            Packet::Text(..) => return,
            Packet::Binary(bytes) => Data::Binary(bytes.clone()),
        };
        let decoder = match way {
            Way::Said => &mut self.said,
            Way::Heard => &mut self.heard,
        };
        if let Ok(Some(packet)) = decoder.hear(&message) {
            report.step(|| {
                Step::Sio(Sio::Packet {
                    way,
                    packet: packet.kind.name(packet.form()).to_owned(),
                    namespace: shown(&packet.namespace),
                    id: packet.id,
                    attachments: packet.attachments.len() as u64,
                    data: packet.data.as_ref().map_or_else(String::new, |data| shown(data.text())),
                })
            });
        }
    }
}

/// As far as it is shown.
fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
