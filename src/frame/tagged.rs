//! Messages behind a tag, `t` for text or `b` for binary, and a length of four bytes, big endian: both kinds in one pipe.

use bytes::{Buf as _, BufMut as _, BytesMut};

use super::{FrameError, piece};
use crate::event::{Kind, Message};

/// The tag and the length, in bytes.
const PREFIX: usize = 5;
/// The highest length it can say.
pub(super) const MOST: u64 = u32::MAX as u64;

/// Appends a message whose length is at most [`MOST`].
pub(super) fn put(message: &Message, out: &mut BytesMut) {
    let length = u32::try_from(message.data.len()).unwrap_or(u32::MAX);
    out.reserve(PREFIX + message.data.len());
    out.put_u8(match message.kind {
        Kind::Text => b't',
        Kind::Binary => b'b',
    });
    out.put_u32(length);
    out.put_slice(&message.data);
}

/// The length behind the tag at the front.
fn announced(buffer: &BytesMut) -> Option<u32> {
    Some(buffer.get(1..PREFIX)?.get_u32())
}

pub(super) struct Decoder {
    limit: usize,
}

impl Decoder {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit }
    }

    pub(super) fn decode(&self, buffer: &mut BytesMut, messages: &mut Vec<Message>) -> Result<(), FrameError> {
        while let Some(&tag) = buffer.first() {
            let kind = match tag {
                b't' => Kind::Text,
                b'b' => Kind::Binary,
                other => return Err(FrameError::Untagged(other)),
            };
            let Some(length) = announced(buffer) else { break };
            let length = match usize::try_from(length) {
                Ok(length) if length <= self.limit => length,
                _ => return Err(FrameError::TooLong { length: length.into(), limit: self.limit }),
            };
            if buffer.len() - PREFIX < length {
                break;
            }
            let data = &buffer[PREFIX..PREFIX + length];
            if kind == Kind::Text && std::str::from_utf8(data).is_err() {
                return Err(FrameError::NotText);
            }
            buffer.advance(PREFIX);
            messages.push(Message { kind, ..Message::binary(buffer.split_to(length).freeze()) });
        }
        Ok(())
    }

    pub(super) fn missing(&self, buffer: &BytesMut) -> usize {
        let length = announced(buffer).and_then(|length| usize::try_from(length).ok()).unwrap_or_default();
        (PREFIX + length.min(self.limit)).saturating_sub(buffer.len())
    }

    /// A cut payload comes as a piece; so does a cut prefix, as it is.
    pub(super) fn finish(&self, buffer: &mut BytesMut, messages: &mut Vec<Message>) -> Result<(), FrameError> {
        self.decode(buffer, messages)?;
        if !buffer.is_empty() {
            if buffer.len() >= PREFIX {
                buffer.advance(PREFIX);
            }
            messages.push(piece(buffer.split().freeze()));
        }
        Ok(())
    }
}
