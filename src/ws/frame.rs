//! Frames (RFC 6455 §5.2): the header before each payload, read and written bit by bit, wrong ones too.

use bytes::BufMut;
use serde::{Deserialize, Serialize};

/// The largest payload of a control frame, in bytes (RFC 6455 §5.5).
pub const CONTROL_LIMIT: usize = 125;

/// The longest header, in bytes: two, eight of length, four of mask.
pub const LONGEST_HEADER: usize = 14;

/// What a frame is: the low four bits of its first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Opcode(u8);

#[expect(missing_docs, reason = "names of RFC 6455 §11.8")]
impl Opcode {
    pub const CONTINUATION: Self = Self(0x0);
    pub const TEXT: Self = Self(0x1);
    pub const BINARY: Self = Self(0x2);
    pub const CLOSE: Self = Self(0x8);
    pub const PING: Self = Self(0x9);
    pub const PONG: Self = Self(0xA);

    /// The low four bits count.
    #[must_use]
    pub const fn new(bits: u8) -> Self {
        Self(bits & 0x0F)
    }

    /// As it is on the wire.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Control frames stand between the fragments of a message and are never fragmented (RFC 6455 §5.5).
    #[must_use]
    pub const fn is_control(self) -> bool {
        self.0 & 0x8 != 0
    }

    /// Its name, or that it has none.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CONTINUATION => "continuation",
            Self::TEXT => "text",
            Self::BINARY => "binary",
            Self::CLOSE => "close",
            Self::PING => "ping",
            Self::PONG => "pong",
            _ => "reserved",
        }
    }
}

/// In how many bits a length was written. The shortest that holds it is the only right one (RFC 6455 §5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LengthForm {
    /// In the second byte.
    Seven,
    /// In two bytes after it, which it announces with 126.
    Sixteen,
    /// In eight bytes after it, which it announces with 127.
    SixtyFour,
}

impl LengthForm {
    /// The shortest that holds a length.
    #[must_use]
    pub const fn of(length: u64) -> Self {
        match length {
            0..=125 => Self::Seven,
            126..=0xFFFF => Self::Sixteen,
            _ => Self::SixtyFour,
        }
    }

    /// Its bits.
    #[must_use]
    pub const fn bits(self) -> u8 {
        match self {
            Self::Seven => 7,
            Self::Sixteen => 16,
            Self::SixtyFour => 64,
        }
    }
}

/// What stands before a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The last fragment of its message.
    pub fin: bool,
    /// The three reserved bits, RSV1 the highest: 4, 2, 1. RSV1 says that a message is deflated (RFC 7692 §6).
    pub rsv: u8,
    /// What it is.
    pub opcode: Opcode,
    /// The key that the payload is masked with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mask: Option<[u8; 4]>,
    /// The payload, in bytes.
    pub length: u64,
    /// How that was written.
    pub form: LengthForm,
}

impl Header {
    /// RSV1 in [`rsv`](Self::rsv).
    pub const RSV1: u8 = 0b100;

    /// A frame that is whole, or the last of its message, without reserved bits.
    #[must_use]
    pub const fn new(opcode: Opcode, length: u64) -> Self {
        Self { fin: true, rsv: 0, opcode, mask: None, length, form: LengthForm::of(length) }
    }

    /// RSV1 is set.
    #[must_use]
    pub const fn rsv1(self) -> bool {
        self.rsv & Self::RSV1 != 0
    }

    /// Its own size, in bytes.
    #[must_use]
    pub const fn size(self) -> usize {
        let length = match self.form {
            LengthForm::Seven => 0,
            LengthForm::Sixteen => 2,
            LengthForm::SixtyFour => 8,
        };
        2 + length + if self.mask.is_some() { 4 } else { 0 }
    }

    /// Reads a header from the start of `bytes`; `None` while it is not whole. Nothing is judged: any two bytes begin
    /// a header.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let [first, second, rest @ ..] = bytes else { return None };
        let (form, length, rest) = match second & 0x7F {
            126 => {
                let (length, rest) = rest.split_first_chunk::<2>()?;
                (LengthForm::Sixteen, u16::from_be_bytes(*length).into(), rest)
            }
            127 => {
                let (length, rest) = rest.split_first_chunk::<8>()?;
                (LengthForm::SixtyFour, u64::from_be_bytes(*length), rest)
            }
            length => (LengthForm::Seven, length.into(), rest),
        };
        let mask = if second & 0x80 == 0 { None } else { Some(*rest.first_chunk::<4>()?) };
        Some(Self { fin: first & 0x80 != 0, rsv: first >> 4 & 0b111, opcode: Opcode::new(*first), mask, length, form })
    }

    /// Writes it. A length that its form cannot hold loses its high bits, which is a wrong frame, as it can be wanted.
    pub fn encode(self, out: &mut impl BufMut) {
        out.put_u8(u8::from(self.fin) << 7 | (self.rsv & 0b111) << 4 | self.opcode.bits());
        let masked = if self.mask.is_some() { 0x80 } else { 0 };
        #[expect(clippy::cast_possible_truncation, reason = "as the comment says")]
        match self.form {
            LengthForm::Seven => out.put_u8(masked | self.length as u8 & 0x7F),
            LengthForm::Sixteen => {
                out.put_u8(masked + 126);
                out.put_u16(self.length as u16);
            }
            LengthForm::SixtyFour => {
                out.put_u8(masked + 127);
                out.put_u64(self.length);
            }
        }
        if let Some(key) = self.mask {
            out.put_slice(&key);
        }
    }
}

/// Masks a payload, or takes its mask off, which is the same (RFC 6455 §5.3). `at`: how much of the payload went before.
pub fn mask(bytes: &mut [u8], key: [u8; 4], at: u64) {
    let mut key = key;
    key.rotate_left((at % 4) as usize);
    let word = u64::from_ne_bytes([key[0], key[1], key[2], key[3], key[0], key[1], key[2], key[3]]);
    let (words, rest) = bytes.as_chunks_mut::<8>();
    for bytes in words {
        *bytes = (u64::from_ne_bytes(*bytes) ^ word).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(key.into_iter().cycle()) {
        *byte ^= key;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bytes(header: Header) -> Vec<u8> {
        let mut bytes = Vec::new();
        header.encode(&mut bytes);
        bytes
    }

    /// RFC 6455 §5.7, the headers of its examples.
    #[test]
    fn the_examples_of_the_standard() {
        let key = [0x37, 0xfa, 0x21, 0x3d];
        let text = Header::new(Opcode::TEXT, 5);
        for (header, wire) in [
            (text, &[0x81, 0x05][..]),
            (Header { mask: Some(key), ..text }, &[0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d]),
            (Header { fin: false, ..Header::new(Opcode::TEXT, 3) }, &[0x01, 0x03]),
            (Header::new(Opcode::CONTINUATION, 2), &[0x80, 0x02]),
            (Header::new(Opcode::PING, 5), &[0x89, 0x05]),
            (Header { mask: Some(key), ..Header::new(Opcode::PONG, 5) }, &[0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d]),
            (Header::new(Opcode::BINARY, 256), &[0x82, 0x7E, 0x01, 0x00]),
            (Header::new(Opcode::BINARY, 65536), &[0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            assert_eq!(bytes(header), wire);
            assert_eq!(Header::parse(wire), Some(header));
        }
        let mut hello = *b"Hello";
        mask(&mut hello, key, 0);
        assert_eq!(hello, [0x7f, 0x9f, 0x4d, 0x51, 0x58]);
    }

    fn any_header() -> impl Strategy<Value = Header> {
        (any::<bool>(), 0..8u8, 0..16u8, any::<Option<[u8; 4]>>(), any::<u64>(), 0..3).prop_map(
            |(fin, rsv, opcode, mask, length, form)| {
                let (form, length) = match form {
                    0 => (LengthForm::Seven, length % 126),
                    1 => (LengthForm::Sixteen, length % 0x1_0000),
                    _ => (LengthForm::SixtyFour, length),
                };
                Header { fin, rsv, opcode: Opcode::new(opcode), mask, length, form }
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_and_a_part_of_it_is_not_enough(header in any_header()) {
            let bytes = bytes(header);
            prop_assert_eq!(bytes.len(), header.size());
            prop_assert_eq!(Header::parse(&bytes), Some(header));
            for end in 0..bytes.len() {
                prop_assert_eq!(Header::parse(&bytes[..end]), None);
            }
        }

        #[test]
        fn a_mask_comes_off_in_any_pieces(data: Vec<u8>, key: [u8; 4], cut in 0..64usize) {
            let cut = cut.min(data.len());
            let mut whole = data.clone();
            mask(&mut whole, key, 0);
            for (at, byte) in whole.iter().enumerate() {
                prop_assert_eq!(*byte, data[at] ^ key[at % 4]);
            }
            let (first, second) = whole.split_at_mut(cut);
            mask(first, key, 0);
            mask(second, key, cut as u64);
            prop_assert_eq!(whole, data);
        }
    }
}
