//! Messages in, bytes out.

use bytes::{BufMut as _, BytesMut};

use super::{FrameError, Framing, length, newline, tagged};
use crate::cli::Newline;
use crate::event::{Extent, Message};

/// Puts messages into one direction of one stream: the inverse of a [`Decoder`](super::Decoder).
///
/// A message that itself holds the terminator is sent as it is; whoever decodes it hears more than one.
pub struct Encoder {
    framing: Framing,
    newline: Newline,
    /// The last byte was a CR that an LF may still follow.
    after_cr: bool,
}

impl Encoder {
    /// An encoder for one direction of one stream. `newline` concerns text: JSON and what follows a length prefix are
    /// sent as they are.
    #[must_use]
    pub fn new(framing: Framing, newline: Newline) -> Self {
        Self { framing, newline, after_cr: false }
    }

    /// Appends a message with its terminator or prefix; a piece has no terminator. Appends nothing after an error.
    pub fn encode(&mut self, message: &Message, out: &mut BytesMut) -> Result<(), FrameError> {
        let end: &[u8] = match (self.framing, self.newline) {
            (Framing::Length { .. }, _) => return self.prefixed(message, out),
            (Framing::Tagged, _) => return self.tagged(message, out),
            (Framing::Chunks | Framing::File, _) => b"",
            (Framing::Nul, _) => b"\0",
            (Framing::Json, _) | (Framing::Lines, Newline::AsIs) => b"\n",
            (Framing::Lines, Newline::Crlf) => b"\r\n",
            (Framing::Blank, Newline::AsIs) => b"\n\n",
            (Framing::Blank, Newline::Crlf) => b"\r\n\r\n",
        };
        let end = if message.extent == Extent::Piece { b"" } else { end };
        out.reserve(message.data.len() + end.len());
        match self.newline {
            Newline::Crlf if self.framing != Framing::Json => newline::to_crlf(&message.data, self.after_cr, out),
            Newline::AsIs | Newline::Crlf => out.put_slice(&message.data),
        }
        out.put_slice(end);
        if let Some(last) = end.last().or(message.data.last()) {
            self.after_cr = *last == b'\r';
        }
        Ok(())
    }

    fn tagged(&self, message: &Message, out: &mut BytesMut) -> Result<(), FrameError> {
        let length = message.data.len();
        match message.extent {
            Extent::Piece => Err(FrameError::Piece(self.framing)),
            _ if length as u64 > tagged::MOST => {
                Err(FrameError::Unprefixable { length, framing: self.framing, most: tagged::MOST })
            }
            _ => {
                tagged::put(message, out);
                Ok(())
            }
        }
    }

    fn prefixed(&self, message: &Message, out: &mut BytesMut) -> Result<(), FrameError> {
        let Framing::Length { width, order } = self.framing else { return Ok(()) };
        if message.extent == Extent::Piece {
            return Err(FrameError::Piece(self.framing));
        }
        let (length, most) = (message.data.len(), width.most());
        if length as u64 > most {
            return Err(FrameError::Unprefixable { length, framing: self.framing, most });
        }
        out.reserve(width.bytes() + length);
        length::put(length as u64, width, order, out);
        out.put_slice(&message.data);
        Ok(())
    }
}
