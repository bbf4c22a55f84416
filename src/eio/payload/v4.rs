//! The payload of version 4: packets separated by U+001E, bytes as `b` and base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::of_base64;
use crate::eio::packet::{Fault, Packet, of_text};
use crate::eio::text::Text;

/// What is between two packets.
pub const SEPARATOR: char = '\u{1e}';

/// The packets as one text. A text packet that holds the separator is heard as two, which JSON never does.
#[must_use]
pub fn encode(packets: &[Packet]) -> String {
    let mut payload = String::new();
    for (index, packet) in packets.iter().enumerate() {
        if index > 0 {
            payload.push(SEPARATOR);
        }
        match packet {
            Packet::Text(kind, text) => {
                payload.push(kind.digit());
                payload.push_str(text);
            }
            Packet::Binary(bytes) => {
                payload.push('b');
                STANDARD.encode_string(bytes, &mut payload);
            }
        }
    }
    payload
}

/// Appends the packets, up to the first that is none.
pub fn decode(payload: &Text, out: &mut Vec<Packet>) -> Result<(), Fault> {
    for part in payload.as_str().split(SEPARATOR) {
        out.push(match part.strip_prefix('b') {
            Some(base64) => Packet::Binary(of_base64(base64).into()),
            None => of_text(&payload.part_of(part))?,
        });
    }
    Ok(())
}
