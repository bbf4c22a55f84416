//! Messages behind a length in binary.

use bytes::{Buf as _, BufMut as _, BytesMut};

use super::{FrameError, Order, Width, piece};
use crate::event::Message;

impl Width {
    /// Its number of bytes.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::Two => 2,
            Self::Four => 4,
            Self::Eight => 8,
        }
    }

    /// The highest length it can say.
    #[must_use]
    pub const fn most(self) -> u64 {
        u64::MAX >> (64 - 8 * self.bytes())
    }
}

/// Appends a length that is at most [`Width::most`].
pub(super) fn put(length: u64, width: Width, order: Order, out: &mut BytesMut) {
    match order {
        Order::Big => out.put_uint(length, width.bytes()),
        Order::Little => out.put_uint_le(length, width.bytes()),
    }
}

pub(super) struct Decoder {
    width: Width,
    order: Order,
    limit: usize,
}

impl Decoder {
    pub(super) fn new(width: Width, order: Order, limit: usize) -> Self {
        Self { width, order, limit }
    }

    pub(super) fn decode(&self, buffer: &mut BytesMut, messages: &mut Vec<Message>) -> Result<(), FrameError> {
        let width = self.width.bytes();
        while let Some(length) = self.announced(buffer) {
            let too_long = FrameError::TooLong { length, limit: self.limit };
            let length = usize::try_from(length).ok().filter(|&length| length <= self.limit).ok_or(too_long)?;
            if buffer.len() - width < length {
                break;
            }
            buffer.advance(width);
            messages.push(Message::binary(buffer.split_to(length).freeze()));
        }
        Ok(())
    }

    /// The length at the front.
    fn announced(&self, buffer: &BytesMut) -> Option<u64> {
        let width = self.width.bytes();
        let mut prefix = buffer.get(..width)?;
        Some(match self.order {
            Order::Big => prefix.get_uint(width),
            Order::Little => prefix.get_uint_le(width),
        })
    }

    pub(super) fn missing(&self, buffer: &BytesMut) -> usize {
        let length = self.announced(buffer).and_then(|length| usize::try_from(length).ok()).unwrap_or_default();
        (self.width.bytes() + length.min(self.limit)).saturating_sub(buffer.len())
    }

    /// A cut payload comes as a piece, even an empty one; so does a cut prefix, as it is.
    pub(super) fn finish(&self, buffer: &mut BytesMut, messages: &mut Vec<Message>) -> Result<(), FrameError> {
        self.decode(buffer, messages)?;
        if !buffer.is_empty() {
            if buffer.len() >= self.width.bytes() {
                buffer.advance(self.width.bytes());
            }
            messages.push(piece(buffer.split().freeze()));
        }
        Ok(())
    }
}
