//! The payload of version 3: each packet after its length. As text (`6:4hello10:b4AQIDBA==`), where a length is in
//! UTF-16 code units; or binary, where it is in bytes: `00` or `01` for text or binary, a byte for each digit, `ff`.

use bytes::Bytes;

use super::{Binary, of_base64_packet, to_base64};
use crate::eio::Version;
use crate::eio::packet::{Fault, Kind, Packet, of_text, of_typed};
use crate::eio::text::{Data, Text};

/// Marks a text packet of a binary payload.
const TEXT: u8 = 0;
/// Marks a binary packet of a binary payload.
const BINARY: u8 = 1;
/// Ends the digits of a length in a binary payload.
const END: u8 = 0xFF;

/// Whether a text is such a payload, rather than one packet: a number and a colon begin it.
#[must_use]
pub fn is_counted(text: &str) -> bool {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    digits > 0 && text.as_bytes().get(digits) == Some(&b':')
}

/// The packets as one body, which is binary only if one of them is and bytes go raw.
#[must_use]
pub fn encode(binary: Binary, packets: &[Packet]) -> Data {
    let has_bytes = packets.iter().any(|packet| matches!(packet, Packet::Binary(_)));
    match binary {
        Binary::Raw if has_bytes => Data::Binary(encode_binary(packets).into()),
        Binary::Raw | Binary::Base64 => Data::Text(encode_text(packets).into()),
    }
}

fn encode_text(packets: &[Packet]) -> String {
    if packets.is_empty() {
        return "0:".to_owned();
    }
    let mut payload = String::new();
    for packet in packets {
        let mut one = String::new();
        match packet {
            Packet::Text(kind, text) => {
                one.push(kind.digit());
                one.push_str(text);
            }
            Packet::Binary(bytes) => to_base64(Version::V3, bytes, &mut one),
        }
        payload.push_str(&units(&one).to_string());
        payload.push(':');
        payload.push_str(&one);
    }
    payload
}

fn encode_binary(packets: &[Packet]) -> Vec<u8> {
    let mut payload = Vec::new();
    for packet in packets {
        let (marker, kind, data) = match packet {
            Packet::Text(kind, text) => (TEXT, kind.digit() as u8, text.as_bytes()),
            Packet::Binary(bytes) => (BINARY, Kind::Message as u8, &bytes[..]),
        };
        payload.push(marker);
        payload.extend((1 + data.len()).to_string().bytes().map(|digit| digit - b'0'));
        payload.push(END);
        payload.push(kind);
        payload.extend_from_slice(data);
    }
    payload
}

fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// Appends the packets, up to the first that is none.
pub fn decode(body: &Data, out: &mut Vec<Packet>) -> Result<(), Fault> {
    match body {
        Data::Text(text) => decode_text(text, out),
        Data::Binary(bytes) => decode_binary(bytes, out),
    }
}

fn decode_text(payload: &Text, out: &mut Vec<Packet>) -> Result<(), Fault> {
    let mut rest = payload.clone();
    if rest.is_empty() {
        return Err(Fault::Empty);
    }
    while !rest.is_empty() {
        let wrong = |length: &str| Fault::Length(length.chars().take(SHOWN).collect());
        let colon = rest.find(':').ok_or_else(|| wrong(&rest))?;
        let digits = &rest.as_str()[..colon];
        let length = number(digits.bytes().map(|byte| byte.wrapping_sub(b'0'))).ok_or_else(|| wrong(digits))?;
        let packet = take_units(&rest.after(colon + 1), length)?;
        rest = rest.after(colon + 1 + packet.len());
        if packet.is_empty() {
            continue; // `0:` is how nothing at all is said
        }
        out.push(match packet.strip_prefix('b') {
            Some(base64) => of_base64_packet(Version::V3, base64)?,
            None => of_text(&packet)?,
        });
    }
    Ok(())
}

/// So much of what should have been a length is shown, in characters.
const SHOWN: usize = 20;

/// The first `length` UTF-16 code units; a character that would be cut is missing.
fn take_units(text: &Text, length: usize) -> Result<Text, Fault> {
    let mut taken = 0;
    let mut end = 0;
    for c in text.chars() {
        if taken + c.len_utf16() > length {
            break;
        }
        taken += c.len_utf16();
        end += c.len_utf8();
    }
    let part = text.part(0..end).filter(|_| taken == length);
    part.ok_or(Fault::Short { length, missing: length - taken })
}

fn decode_binary(payload: &Bytes, out: &mut Vec<Packet>) -> Result<(), Fault> {
    let mut rest = payload.clone();
    if rest.is_empty() {
        return Err(Fault::Empty);
    }
    while let Some(&marker) = rest.first() {
        if marker != TEXT && marker != BINARY {
            return Err(Fault::Marker(marker));
        }
        let wrong = |digits: &[u8]| Fault::Length(format!("{:02x?}", &digits[..digits.len().min(SHOWN)]));
        let end = memchr::memchr(END, &rest).ok_or_else(|| wrong(&rest[1..]))?;
        let digits = &rest[1..end];
        let length = number(digits.iter().copied()).ok_or_else(|| wrong(digits))?;
        let mut packet = rest.slice(end + 1..);
        if packet.len() < length {
            return Err(Fault::Short { length, missing: length - packet.len() });
        }
        rest = packet.split_off(length);
        out.push(match marker {
            TEXT => of_text(&Text::of_bytes(packet).ok_or(Fault::Utf8)?)?,
            _ => of_typed(&packet)?,
        });
    }
    Ok(())
}

/// The number of these digits, if they are such and not too many.
fn number(digits: impl ExactSizeIterator<Item = u8>) -> Option<usize> {
    if digits.len() == 0 {
        return None;
    }
    digits.into_iter().try_fold(0usize, |number, digit| {
        let digit = (digit < 10).then_some(digit)?;
        number.checked_mul(10)?.checked_add(digit.into())
    })
}
