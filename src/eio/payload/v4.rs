//! The payload of version 4: packets separated by U+001E, bytes as `b` and base64.

use super::{of_base64_packet, to_base64};
use crate::eio::Version;
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
            Packet::Binary(bytes) => to_base64(Version::V4, bytes, &mut payload),
        }
    }
    payload
}

/// Appends the packets, up to the first that is none.
pub fn decode(payload: &Text, out: &mut Vec<Packet>) -> Result<(), Fault> {
    for part in payload.as_str().split(SEPARATOR) {
        out.push(match part.strip_prefix('b') {
            Some(base64) => of_base64_packet(Version::V4, base64)?,
            None => of_text(&payload.part_of(part))?,
        });
    }
    Ok(())
}
