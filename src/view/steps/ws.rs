//! One line for each step of WebSocket.

use super::{Ink, Line};
use crate::quantity::show_size;
use crate::step::ws::{Way, Ws};
use crate::ws::frame::{Header, LengthForm};

impl Line {
    pub(super) fn of_ws(step: &Ws) -> Self {
        let line = |ink, name, detail: String| Self { ink, name, detail, took_ns: None, below: Vec::new() };
        match step {
            Ws::Request { way, head } => Self { below: rest(head), ..line(ink(*way), "ws request", first(head)) },
            Ws::Answer { way, head, took_ns, .. } => {
                Self { took_ns: *took_ns, below: rest(head), ..line(ink(*way), "ws answer", first(head)) }
            }
            Ws::Accept { accept, .. } => {
                line(Ink::Connection, "ws accept", format!("{accept} is the answer to our key"))
            }
            Ws::Upgraded { subprotocol, deflate } => {
                let subprotocol = subprotocol.as_ref().map(|name| format!("subprotocol {name}"));
                let subprotocol = subprotocol.as_deref().unwrap_or("no subprotocol");
                let deflate = deflate.as_deref().unwrap_or("no compression");
                line(Ink::Connection, "ws open", format!("{subprotocol}, {deflate}"))
            }
            Ws::Redirected { status, to } => line(Ink::Connection, "redirected", format!("{status}, to {to}")),
            Ws::Frame { way, header, wire, inflated } => {
                line(ink(*way), "frame", frame(*way, *header, *wire, *inflated))
            }
            Ws::Refused { why } => line(Ink::Alarm, "refused", why.clone()),
            Ws::RoundTrip { took_ns } => {
                let detail = "from our ping to its pong".to_owned();
                Self { took_ns: Some(*took_ns), ..line(Ink::Connection, "round trip", detail) }
            }
        }
    }
}

pub(super) fn ink(way: Way) -> Ink {
    match way {
        Way::Said => Ink::Said,
        Way::Heard => Ink::Heard,
    }
}

/// Who it comes from, as before the messages.
pub(super) fn arrow(way: Way) -> char {
    match way {
        Way::Said => '>',
        Way::Heard => '<',
    }
}

pub(super) fn first(head: &[String]) -> String {
    head.first().cloned().unwrap_or_default()
}

pub(super) fn rest(head: &[String]) -> Vec<String> {
    head.get(1..).unwrap_or_default().to_vec()
}

/// `> text, 5 B, mask 37fa213d; 11 B on the wire`
fn frame(way: Way, header: Header, wire: u64, inflated: Option<u64>) -> String {
    let arrow = arrow(way);
    let name = match header.opcode.name() {
        "reserved" => format!("reserved opcode {:#x}", header.opcode.bits()),
        name => name.to_owned(),
    };
    let mut parts = vec![format!("{arrow} {name}")];
    if !header.fin {
        parts.push("more follows (FIN 0)".to_owned());
    }
    if header.rsv != 0 {
        let bits = [(4, "RSV1"), (2, "RSV2"), (1, "RSV3")].into_iter().filter(|(bit, _)| header.rsv & bit != 0);
        parts.push(bits.map(|(_, name)| name).collect::<Vec<_>>().join("+"));
    }
    parts.push(match inflated {
        Some(inflated) => format!("{} deflated to {}", show_size(inflated), show_size(header.length)),
        None => show_size(header.length),
    });
    if header.form != LengthForm::of(header.length) {
        parts.push(format!("length in {} bits for no need", header.form.bits()));
    } else if header.form != LengthForm::Seven {
        parts.push(format!("length in {} bits", header.form.bits()));
    }
    if let Some([a, b, c, d]) = header.mask {
        parts.push(format!("mask {a:02x}{b:02x}{c:02x}{d:02x}"));
    }
    format!("{}; {} on the wire", parts.join(", "), show_size(wire))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ws::frame::Opcode;

    #[test]
    fn a_frame_in_a_line() {
        let mask = Some([0x37, 0xfa, 0x21, 0x3d]);
        let text = Header { mask, ..Header::new(Opcode::TEXT, 5) };
        for (way, header, inflated, shown) in [
            (Way::Said, text, None, "> text, 5 B, mask 37fa213d; 11 B on the wire"),
            (
                Way::Heard,
                Header::new(Opcode::BINARY, 256),
                None,
                "< binary, 256 B, length in 16 bits; 260 B on the wire",
            ),
            (
                Way::Heard,
                Header { fin: false, rsv: 4, ..Header::new(Opcode::TEXT, 20) },
                Some(600),
                "< text, more follows (FIN 0), RSV1, 600 B deflated to 20 B; 22 B on the wire",
            ),
            (
                Way::Heard,
                Header { rsv: 3, form: LengthForm::SixtyFour, ..Header::new(Opcode::new(5), 1) },
                None,
                "< reserved opcode 0x5, RSV2+RSV3, 1 B, length in 64 bits for no need; 11 B on the wire",
            ),
        ] {
            let wire = header.size() as u64 + header.length;
            assert_eq!(Line::of_ws(&Ws::Frame { way, header, wire, inflated }).detail, shown);
        }
    }
}
