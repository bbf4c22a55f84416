//! What one HTTP body of the polling transport carries: several packets. Version 4 separates them, version 3 counts them.

pub mod v3;
pub mod v4;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::Version;
use super::packet::{Fault, Kind, Packet};
use super::text::Data;

/// How bytes are carried: in a payload of version 3, and on a WebSocket. A payload of version 4 knows only base64.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Binary {
    /// As text: the query said `b64=1`.
    #[default]
    Base64,
    /// As they are, which makes a whole payload binary.
    Raw,
}

/// The body that carries these packets.
#[must_use]
pub fn encode(version: Version, binary: Binary, packets: &[Packet]) -> Data {
    match version {
        Version::V4 => Data::Text(v4::encode(packets).into()),
        Version::V3 => v3::encode(binary, packets),
    }
}

/// Appends the packets that a body carries; those before one that is wrong were heard.
pub fn decode(version: Version, body: &Data, out: &mut Vec<Packet>) -> Result<(), Fault> {
    match (version, body) {
        (Version::V4, Data::Text(text)) => v4::decode(text, out),
        (Version::V4, Data::Binary(_)) => Err(Fault::BinaryPayload),
        (Version::V3, body) => v3::decode(body, out),
    }
}

/// How many of these packets, from the first, fit into a body of `limit` bytes. One that does not fit alone goes alone,
/// and the server says what it thinks of it.
#[must_use]
pub fn fitting(version: Version, packets: &[Packet], limit: usize) -> usize {
    let mut size = 0usize;
    for (count, packet) in packets.iter().enumerate() {
        let inner = match packet {
            Packet::Text(_, text) => 1 + text.len(),
            Packet::Binary(bytes) => 1 + base64::encoded_len(bytes.len(), true).unwrap_or(usize::MAX),
        };
        let around = match version {
            Version::V4 => usize::from(count > 0),
            Version::V3 => LONGEST_PREFIX,
        };
        size = size.saturating_add(inner).saturating_add(around);
        if count > 0 && size > limit {
            return count;
        }
    }
    packets.len()
}

/// The digits of a length below a gigabyte, the colon, and the type of a binary packet.
const LONGEST_PREFIX: usize = 11;

/// Base64 with or without padding, as all decoders take it.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// A message of bytes as text: `b`, in version 3 its type, and base64.
pub(super) fn to_base64(version: Version, bytes: &[u8], to: &mut String) {
    to.push('b');
    if version == Version::V3 {
        to.push(Kind::Message.digit());
    }
    STANDARD.encode_string(bytes, to);
}

/// What such a text says behind its `b`.
pub(super) fn of_base64_packet(version: Version, packet: &str) -> Result<Packet, Fault> {
    if version == Version::V4 {
        return Ok(Packet::Binary(of_base64(packet).into()));
    }
    let first = packet.chars().next().ok_or(Fault::Empty)?;
    match Kind::of_digit(first) {
        Some(Kind::Message) => Ok(Packet::Binary(of_base64(&packet[1..]).into())),
        Some(kind) => Err(Fault::BinaryType(kind as u8)),
        None => Err(Fault::Type(first)),
    }
}

/// Base64 as the official decoders read it: both alphabets, up to the first `=`, and what is no base64 is passed over.
fn of_base64(text: &str) -> Vec<u8> {
    LENIENT.decode(text).unwrap_or_else(|_| {
        let mut characters: Vec<u8> = text
            .bytes()
            .take_while(|byte| *byte != b'=')
            .filter_map(|byte| match byte {
                b'-' => Some(b'+'),
                b'_' => Some(b'/'),
                b'+' | b'/' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => Some(byte),
                _ => None,
            })
            .collect();
        if characters.len() % 4 == 1 {
            characters.pop(); // six bits are no byte
        }
        LENIENT.decode(characters).unwrap_or_default()
    })
}
