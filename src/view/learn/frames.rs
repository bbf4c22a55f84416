//! What a side did inside a WebSocket, and the bits of a frame as far as two columns have room for them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::calls::{Call, Cargo, Crossing, hex};
use crate::learn::{Detail, Side};
use crate::step::ws::{Way, Ws};
use crate::ws::frame::{Header, LengthForm, mask};

/// What the server puts behind the key (RFC 6455 §1.3).
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/// No more of a payload is shown in bytes.
const SHOWN: usize = 12;

/// A step of WebSocket as a line, and the lines below it.
pub(super) fn call(side: Side, step: &Ws, detail: Detail) -> Call {
    let line = |text: String, below: Vec<String>| Call { below, ..Call::new(side, text) };
    match step {
        Ws::Request { way, head } | Ws::Answer { way, head, .. } => super::heads::head(side, *way, head, detail),
        Ws::Accept { key, accept } => line("SHA-1 of key and GUID, in base64:".to_owned(), computed(key, accept)),
        Ws::Upgraded { deflate, .. } => {
            line(format!("WebSocket: {}", deflate.as_deref().unwrap_or("open")), Vec::new())
        }
        Ws::Frame { way, header, wire, inflated } => Call {
            crossing: if *way == Way::Said { Crossing::Sends } else { Crossing::None },
            cargo: Cargo::Frame(*way, *header),
            ..line(summary(*header, *wire, *inflated), if detail == Detail::Whole { bits(*header) } else { Vec::new() })
        },
        Ws::Redirected { status, to } => line(format!("{status}, to {to}"), Vec::new()),
        Ws::Refused { why } => line(format!("refused: {why}"), Vec::new()),
        Ws::RoundTrip { took_ns } => line(format!("round trip {}", crate::quantity::show_nanos(*took_ns)), Vec::new()),
    }
}

/// How the answer comes from the key.
fn computed(key: &str, accept: &str) -> Vec<String> {
    let digest = STANDARD.decode(accept).unwrap_or_default();
    vec![key.to_owned(), format!("+ {GUID}"), format!("SHA-1  {}", hex(&digest)), format!("base64 {accept}")]
}

/// `text, FIN 0, 11 bytes`
fn summary(header: Header, wire: u64, inflated: Option<u64>) -> String {
    let more = if header.fin { "" } else { ", FIN 0" };
    let deflated = inflated.map(|inflated| format!(", RSV1, {inflated} to {}", header.length)).unwrap_or_default();
    format!("{}{more}{deflated}, {wire} bytes", header.opcode.name())
}

/// The header, a field a line (RFC 6455 §5.2).
fn bits(header: Header) -> Vec<String> {
    let mut bytes = Vec::new();
    header.encode(&mut bytes);
    let [first, second, ..] = bytes[..] else { return Vec::new() };
    let length = match header.form {
        LengthForm::Seven => format!("length {}", header.length),
        LengthForm::Sixteen => "length 126: in 16 bits".to_owned(),
        LengthForm::SixtyFour => "length 127: in 64 bits".to_owned(),
    };
    let masked = if header.mask.is_some() { "MASK, " } else { "" };
    let fin = if header.fin { "FIN, " } else { "" };
    let rsv = if header.rsv1() { "RSV1, " } else { "" };
    let mut lines = vec![
        format!("{}.{:03b}.{:04b}  {fin}{rsv}{}", first >> 7, first >> 4 & 7, first & 15, header.opcode.name()),
        format!("{}.{:07b}   {masked}{length}", second >> 7, second & 127),
    ];
    let extended = &bytes[2..header.size() - if header.mask.is_some() { 4 } else { 0 }];
    if !extended.is_empty() {
        lines.push(format!("{:10}  length {}", hex(extended), header.length));
    }
    if let Some(key) = header.mask {
        lines.push(format!("{:10}  masking key", hex(&key)));
    }
    lines
}

/// The first bytes of a payload as they are on the wire; `None` if only its length is known.
pub(super) fn payload(header: Header, data: &[u8]) -> Option<String> {
    if data.len() as u64 != header.length {
        return None;
    }
    let mut wire = data[..data.len().min(SHOWN)].to_vec();
    if let Some(key) = header.mask {
        mask(&mut wire, key, 0);
    }
    let rest = if data.len() > SHOWN { "..." } else { "" };
    let what = if header.mask.is_some() { "payload, masked" } else { "payload" };
    Some(format!("{:10}  {what}", hex(&wire) + rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ws::frame::Opcode;

    /// RFC 6455 §5.7 and §1.3: the examples of the standard.
    #[test]
    fn the_bits_of_a_frame_and_the_answer_to_a_key() {
        let header = Header { mask: Some([0x37, 0xfa, 0x21, 0x3d]), ..Header::new(Opcode::TEXT, 5) };
        let lines = ["1.000.0001  FIN, text", "1.0000101   MASK, length 5", "37fa213d    masking key"];
        assert_eq!(bits(header), lines);
        assert_eq!(payload(header, b"Hello").as_deref(), Some("7f9f4d5158  payload, masked"));
        assert_eq!(payload(header, b"Hel"), None);
        let long = Header { rsv: Header::RSV1, fin: false, ..Header::new(Opcode::BINARY, 256) };
        assert_eq!(
            bits(long),
            ["0.100.0010  RSV1, binary", "0.1111110   length 126: in 16 bits", "0100        length 256"]
        );
        assert_eq!(
            computed("dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")[2..],
            ["SHA-1  b37a4f2cc0624f1690f64606cf385945b2bec4ea", "base64 s3pPLMBiTxaQ9kYGzzhZRbK+xOo="]
        );
    }
}
