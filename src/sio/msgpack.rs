//! The parser `socket.io-msgpack-parser`: a packet is one msgpack map `{type, nsp, data?, id?}`, and bytes are bytes.
//! Here its data becomes JSON with placeholders and attachments, as the other parser has it; extensions, which JSON
//! does not have, become `{"_ext":type,"base64":"…"}`, and become themselves again.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{BufMut as _, Bytes, BytesMut};
use serde_json::Value;

use super::fault::Fault;
use super::hearing::{Protocol, fits};
use super::json::Json;
use super::packet::{Form, Kind, Packet};
use crate::eio::Text;

/// Arrays and maps within each other, as `serde_json` has it.
const DEEPEST: usize = 128;

/// The one message that says a packet.
pub fn encode(packet: &Packet) -> Result<Bytes, Fault> {
    let mut out = BytesMut::new();
    let fields = 2 + u8::from(packet.data.is_some()) + u8::from(packet.id.is_some());
    out.put_u8(0x80 | fields);
    put_string(&mut out, "type");
    out.put_u8(packet.kind.digit(Form::Plain));
    put_string(&mut out, "nsp");
    put_string(&mut out, &packet.namespace);
    if let Some(data) = &packet.data {
        put_string(&mut out, "data");
        let value: Value = serde_json::from_str(data.text()).map_err(|_| Fault::Payload)?;
        put_value(&mut out, &value, &packet.attachments)?;
    }
    if let Some(id) = packet.id {
        put_string(&mut out, "id");
        put_unsigned(&mut out, id);
    }
    Ok(out.freeze())
}

fn put_value(out: &mut BytesMut, value: &Value, attachments: &[Bytes]) -> Result<(), Fault> {
    match value {
        Value::Null => out.put_u8(0xC0),
        Value::Bool(value) => out.put_u8(if *value { 0xC3 } else { 0xC2 }),
        Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
            (Some(number), _, _) => put_unsigned(out, number),
            (_, Some(number), _) => put_negative(out, number),
            (_, _, Some(number)) => put_float(out, number),
            _ => return Err(Fault::Payload),
        },
        Value::String(text) => put_string(out, text),
        Value::Array(elements) => {
            put_length(out, elements.len(), (0x90, 15), [0xDC, 0xDC, 0xDD]);
            elements.iter().try_for_each(|element| put_value(out, element, attachments))?;
        }
        Value::Object(fields) => {
            // Where there are no attachments it is what somebody said.
            if fields.get("_placeholder") == Some(&Value::Bool(true)) && !attachments.is_empty() {
                let number = fields.get("num").and_then(Value::as_u64).and_then(|number| usize::try_from(number).ok());
                let attachment = number.and_then(|number| attachments.get(number)).ok_or(Fault::Attachments)?;
                put_length(out, attachment.len(), (0, 0), [0xC4, 0xC5, 0xC6]);
                out.put_slice(attachment);
            } else if let Some((kind, data)) = extension(fields) {
                put_extension(out, kind, &data);
            } else {
                put_length(out, fields.len(), (0x80, 15), [0xDE, 0xDE, 0xDF]);
                for (name, value) in fields {
                    put_string(out, name);
                    put_value(out, value, attachments)?;
                }
            }
        }
    }
    Ok(())
}

/// A length in the fewest bytes: within the first byte from `fixed.0` on up to `fixed.1`, or after one of these three.
/// Where there is no form of one byte the first two are the same.
#[expect(clippy::cast_possible_truncation, reason = "each is matched to its size")]
fn put_length(out: &mut BytesMut, length: usize, fixed: (u8, usize), [eight, sixteen, more]: [u8; 3]) {
    match length {
        length if fixed.1 > 0 && length <= fixed.1 => out.put_u8(fixed.0 | length as u8),
        0..=0xFF if eight != sixteen => {
            out.put_u8(eight);
            out.put_u8(length as u8);
        }
        0..=0xFFFF => {
            out.put_u8(sixteen);
            out.put_u16(length as u16);
        }
        _ => {
            out.put_u8(more);
            out.put_u32(length as u32);
        }
    }
}

fn put_string(out: &mut BytesMut, text: &str) {
    put_length(out, text.len(), (0xA0, 31), [0xD9, 0xDA, 0xDB]);
    out.put_slice(text.as_bytes());
}

#[expect(clippy::cast_possible_truncation, reason = "each is matched to its size")]
fn put_unsigned(out: &mut BytesMut, number: u64) {
    match number {
        0..=0x7F => out.put_u8(number as u8),
        0x80..=0xFF => {
            out.put_u8(0xCC);
            out.put_u8(number as u8);
        }
        0x100..=0xFFFF => {
            out.put_u8(0xCD);
            out.put_u16(number as u16);
        }
        0x1_0000..=0xFFFF_FFFF => {
            out.put_u8(0xCE);
            out.put_u32(number as u32);
        }
        _ => {
            out.put_u8(0xCF);
            out.put_u64(number);
        }
    }
}

fn put_negative(out: &mut BytesMut, number: i64) {
    if let Ok(number) = i8::try_from(number) {
        if number < -32 {
            out.put_u8(0xD0);
        }
        out.put_i8(number);
    } else if let Ok(number) = i16::try_from(number) {
        out.put_u8(0xD1);
        out.put_i16(number);
    } else if let Ok(number) = i32::try_from(number) {
        out.put_u8(0xD2);
        out.put_i32(number);
    } else {
        out.put_u8(0xD3);
        out.put_i64(number);
    }
}

/// From here on not every whole number is a float.
const WHOLE: f64 = 9_007_199_254_740_992.0;

/// JavaScript has one kind of number: 1.0 is 1.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is whole and within 2^53")]
fn put_float(out: &mut BytesMut, number: f64) {
    if number.fract() == 0.0 && (0.0..WHOLE).contains(&number) && number.is_sign_positive() {
        put_unsigned(out, number as u64);
    } else if number.fract() == 0.0 && -WHOLE < number && number < 0.0 {
        put_negative(out, number as i64);
    } else {
        out.put_u8(0xCB);
        out.put_f64(number);
    }
}

fn extension(fields: &serde_json::Map<String, Value>) -> Option<(i8, Vec<u8>)> {
    let (kind, data) = (fields.get("_ext")?, fields.get("base64")?);
    (fields.len() == 2).then_some(())?;
    Some((i8::try_from(kind.as_i64()?).ok()?, STANDARD.decode(data.as_str()?).ok()?))
}

fn put_extension(out: &mut BytesMut, kind: i8, data: &[u8]) {
    match data.len() {
        1 => out.put_u8(0xD4),
        2 => out.put_u8(0xD5),
        4 => out.put_u8(0xD6),
        8 => out.put_u8(0xD7),
        16 => out.put_u8(0xD8),
        length => put_length(out, length, (0, 0), [0xC7, 0xC8, 0xC9]),
    }
    out.put_i8(kind);
    out.put_slice(data);
}

/// The packet that a message is.
pub fn decode(bytes: &Bytes) -> Result<Packet, Fault> {
    let mut reader = Reader { rest: bytes.clone(), attachments: Vec::new() };
    let (mut kind, mut namespace, mut id, mut data) = (None, None, None, None);
    let Item::Map(fields) = reader.item()? else { return Err(Fault::Msgpack("a packet is a map")) };
    for _ in 0..fields {
        let name = reader.item()?;
        let Item::Text(name) = name else { return Err(Fault::Msgpack("a packet's fields have names")) };
        match name.as_str() {
            "type" => match whole(reader.item()?) {
                Item::Unsigned(digit) => kind = Some(digit),
                _ => return Err(Fault::Type("no number".to_owned())),
            },
            "nsp" => match reader.item()? {
                Item::Text(text) => namespace = Some(text),
                _ => return Err(Fault::Namespace),
            },
            "id" => match whole(reader.item()?) {
                Item::Unsigned(number) => id = Some(number),
                Item::Undefined => id = None,
                _ => return Err(Fault::Id),
            },
            "data" => {
                let mut json = String::new();
                data = match reader.value(&mut json, 0)? {
                    Valued::Defined => Some(json),
                    Valued::Undefined => None,
                };
            }
            _ => {
                // `options` says whether to compress, which is nobody's business here.
                reader.value(&mut String::new(), 0)?;
            }
        }
    }
    if !reader.rest.is_empty() {
        return Err(Fault::Msgpack("bytes follow the packet"));
    }
    let digit = kind.ok_or_else(|| Fault::Type(String::new()))?;
    let kind = usize::try_from(digit).ok().and_then(|digit| Kind::ALL.get(digit)).copied();
    let kind = kind.ok_or_else(|| Fault::Type(digit.to_string()))?;
    let namespace = namespace.ok_or(Fault::Namespace)?;
    let data = match data {
        Some(json) => Some(Json::parse(json.into()).filter(|data| has_shape(kind, data)).ok_or(Fault::Payload)?),
        None if matches!(kind, Kind::Event | Kind::Ack) => return Err(Fault::Payload),
        None => None,
    };
    Ok(Packet { kind, namespace, id, data, attachments: reader.attachments })
}

/// JavaScript has one kind of number, and other languages may write 2.0 where 2 is meant.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is whole and within 2^53")]
fn whole(item: Item) -> Item {
    match item {
        Item::Float(number) if number.fract() == 0.0 && (0.0..WHOLE).contains(&number) => Item::Unsigned(number as u64),
        item => item,
    }
}

/// This parser does not look at names of events.
fn has_shape(kind: Kind, data: &Json) -> bool {
    match kind {
        Kind::Event => fits(Protocol::V5, Kind::Ack, data),
        kind => fits(Protocol::V5, kind, data),
    }
}

/// One item, as its first byte says it.
enum Item {
    Nil,
    Bool(bool),
    Unsigned(u64),
    Negative(i64),
    Float(f64),
    Text(Text),
    Bytes(Bytes),
    Array(usize),
    Map(usize),
    Undefined,
    Extension(i8, Bytes),
}

/// JavaScript's `undefined` is left out of objects, and null elsewhere.
#[derive(PartialEq, Eq)]
enum Valued {
    Defined,
    Undefined,
}

struct Reader {
    rest: Bytes,
    attachments: Vec<Bytes>,
}

impl Reader {
    fn take(&mut self, count: usize) -> Result<Bytes, Fault> {
        if count > self.rest.len() {
            return Err(Fault::Msgpack("it ends too early"));
        }
        Ok(self.rest.split_to(count))
    }

    /// A number of so many bytes, the highest first.
    fn number(&mut self, size: usize) -> Result<u64, Fault> {
        Ok(self.take(size)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn length(&mut self, size: usize) -> Result<usize, Fault> {
        usize::try_from(self.number(size)?).map_err(|_| Fault::Msgpack("it ends too early"))
    }

    fn text(&mut self, length: usize) -> Result<Item, Fault> {
        Text::of_bytes(self.take(length)?).map(Item::Text).ok_or(Fault::Msgpack("a string is not UTF-8"))
    }

    fn extension(&mut self, length: usize) -> Result<Item, Fault> {
        let kind = self.take(1)?[0].cast_signed();
        let data = self.take(length)?;
        Ok(if kind == 0 && data[..] == [0] { Item::Undefined } else { Item::Extension(kind, data) })
    }

    #[expect(clippy::cast_possible_truncation, reason = "each number is as large as its type")]
    fn item(&mut self) -> Result<Item, Fault> {
        let first = self.take(1)?[0];
        let nibble = usize::from(first & 0x0F);
        let signed = |number: i64| match u64::try_from(number) {
            Ok(number) => Item::Unsigned(number),
            Err(_) => Item::Negative(number),
        };
        Ok(match first {
            0x00..=0x7F => Item::Unsigned(first.into()),
            0x80..=0x8F => Item::Map(nibble),
            0x90..=0x9F => Item::Array(nibble),
            0xA0..=0xBF => self.text(usize::from(first & 0x1F))?,
            0xC0 => Item::Nil,
            0xC1 => return Err(Fault::Msgpack("c1 means nothing")),
            0xC2 => Item::Bool(false),
            0xC3 => Item::Bool(true),
            0xC4..=0xC6 => {
                let length = self.length(1 << (first - 0xC4))?;
                Item::Bytes(self.take(length)?)
            }
            0xC7..=0xC9 => {
                let length = self.length(1 << (first - 0xC7))?;
                self.extension(length)?
            }
            0xCA => Item::Float(f32::from_bits(self.number(4)? as u32).into()),
            0xCB => Item::Float(f64::from_bits(self.number(8)?)),
            0xCC..=0xCF => Item::Unsigned(self.number(1 << (first - 0xCC))?),
            0xD0 => signed((self.number(1)? as i8).into()),
            0xD1 => signed((self.number(2)? as i16).into()),
            0xD2 => signed((self.number(4)? as i32).into()),
            0xD3 => signed(self.number(8)?.cast_signed()),
            0xD4..=0xD8 => self.extension(1 << (first - 0xD4))?,
            0xD9..=0xDB => {
                let length = self.length(1 << (first - 0xD9))?;
                self.text(length)?
            }
            0xDC | 0xDD => Item::Array(self.length(2 << (first - 0xDC))?),
            0xDE | 0xDF => Item::Map(self.length(2 << (first - 0xDE))?),
            0xE0..=0xFF => Item::Negative(first.cast_signed().into()),
        })
    }

    /// Appends the next item as JSON. `undefined` is written as null; its reader may take that back.
    fn value(&mut self, json: &mut String, depth: usize) -> Result<Valued, Fault> {
        if depth > DEEPEST {
            return Err(Fault::Msgpack("it is nested too deep"));
        }
        match self.item()? {
            Item::Nil => json.push_str("null"),
            Item::Bool(value) => json.push_str(if value { "true" } else { "false" }),
            Item::Unsigned(number) => json.push_str(&number.to_string()),
            Item::Negative(number) => json.push_str(&number.to_string()),
            // As JSON.stringify has it: what is no number is null.
            Item::Float(number) => json.push_str(&Value::from(number).to_string()),
            Item::Text(text) => push_string(json, &text),
            Item::Bytes(bytes) => {
                json.push_str(Json::placeholder(self.attachments.len()).text());
                self.attachments.push(bytes);
            }
            Item::Extension(kind, data) => {
                let ext = format!(r#"{{"_ext":{kind},"base64":"{}"}}"#, STANDARD.encode(data));
                json.push_str(&ext);
            }
            Item::Undefined => {
                json.push_str("null");
                return Ok(Valued::Undefined);
            }
            Item::Array(length) => {
                json.push('[');
                for index in 0..length {
                    if index > 0 {
                        json.push(',');
                    }
                    self.value(json, depth + 1)?;
                }
                json.push(']');
            }
            Item::Map(length) => self.map(length, json, depth)?,
        }
        Ok(Valued::Defined)
    }

    fn map(&mut self, length: usize, json: &mut String, depth: usize) -> Result<(), Fault> {
        json.push('{');
        let empty = json.len();
        for _ in 0..length {
            let before = json.len();
            if before > empty {
                json.push(',');
            }
            match self.item()? {
                Item::Text(name) => push_string(json, &name),
                Item::Unsigned(number) => push_string(json, &number.to_string()),
                Item::Negative(number) => push_string(json, &number.to_string()),
                _ => return Err(Fault::Msgpack("a key is neither string nor number")),
            }
            json.push(':');
            if self.value(json, depth + 1)? == Valued::Undefined {
                json.truncate(before);
            }
        }
        json.push('}');
        Ok(())
    }
}

fn push_string(json: &mut String, text: &str) {
    json.push_str(&Value::from(text).to_string());
}
