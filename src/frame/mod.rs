//! Framing: where a message begins and ends in a stream of bytes. Bytes in, messages out; no I/O, no clock.
//!
//! ```text
//! peer ──bytes──▶ Decoder ──messages──▶ session
//! peer ◀──bytes── Encoder ◀──messages── session
//! ```
//!
//! Memory is bounded: a decoder leaves at most one message's limit in the buffer, and hands over what is longer in
//! pieces, or refuses it where a piece would mean nothing. It drops nothing but terminators, prefixes and the blank
//! space between messages. Messages share the block they were read into; none is copied.

mod encode;
mod json;
mod length;
mod newline;
mod tagged;
mod text;

#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use bytes::BytesMut;

use crate::cli::Newline;
use crate::event::{Extent, Message};

pub use encode::Encoder;

/// How messages are told apart in a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// A line is a message; LF ends it.
    Lines,
    /// What one read returned is a message: no boundaries.
    Chunks,
    /// A NUL byte ends a message.
    Nul,
    /// An empty line ends a message; several in a row count as one.
    Blank,
    /// A JSON value is a message; white space or RS (RFC 7464) may stand between.
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
    /// A tag, `t` for text or `b` for binary, a length of four bytes, then so many bytes.
    Tagged,
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

impl Framing {
    /// Every framing, in the order that help lists them.
    pub const ALL: [Self; 13] = [
        Self::Lines,
        Self::Chunks,
        Self::Nul,
        Self::Blank,
        Self::Json,
        Self::File,
        Self::Length { width: Width::Two, order: Order::Big },
        Self::Length { width: Width::Four, order: Order::Big },
        Self::Length { width: Width::Eight, order: Order::Big },
        Self::Length { width: Width::Two, order: Order::Little },
        Self::Length { width: Width::Four, order: Order::Little },
        Self::Length { width: Width::Eight, order: Order::Little },
        Self::Tagged,
    ];

    /// Its name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lines => "lines",
            Self::Chunks => "chunks",
            Self::Nul => "nul",
            Self::Blank => "blank",
            Self::Json => "json",
            Self::File => "file",
            Self::Length { width: Width::Two, order: Order::Big } => "length2",
            Self::Length { width: Width::Four, order: Order::Big } => "length4",
            Self::Length { width: Width::Eight, order: Order::Big } => "length8",
            Self::Length { width: Width::Two, order: Order::Little } => "length2-le",
            Self::Length { width: Width::Four, order: Order::Little } => "length4-le",
            Self::Length { width: Width::Eight, order: Order::Little } => "length8-le",
            Self::Tagged => "tagged",
        }
    }
}

impl FromStr for Framing {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|framing| framing.name() == text).ok_or_else(|| {
            let [names @ .., last] = Self::ALL.map(Self::name);
            format!("expected {} or {last}", names.join(", "))
        })
    }
}

impl fmt::Display for Framing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Why bytes cannot be framed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// A length prefix or a JSON value is over the limit.
    #[error("a message of {length} bytes is over the limit of {limit} (--max-message)")]
    TooLong {
        /// What was announced, or what was reached.
        length: u64,
        /// The limit.
        limit: usize,
    },
    /// Not JSON: what is wrong and at which byte of the stream, from 1.
    #[error("not JSON: {0}")]
    NotJson(String),
    /// What stands before a message is no tag.
    #[error("a message begins with the byte {0:#04x}; --framing tagged expects t (text) or b (binary)")]
    Untagged(u8),
    /// A message that is tagged as text is none.
    #[error("a message that is tagged t (text) is not UTF-8; b is for binary")]
    NotText,
    /// A message to send is longer than its length prefix can say.
    #[error("a message of {length} bytes does not fit --framing {framing}, which counts to {most}")]
    Unprefixable {
        /// Its length.
        length: usize,
        /// The framing with the prefix.
        framing: Framing,
        /// The highest number that the prefix holds.
        most: u64,
    },
    /// A message to send is a piece, and a length prefix must tell the length of the whole.
    #[error("a piece of a message cannot be sent with --framing {0}: the length of the whole is not known")]
    Piece(Framing),
}

/// Takes messages out of one direction of one stream.
///
/// Between calls the caller only appends to the buffer. After an error the bytes that could not be framed are still in
/// it, and the stream has no boundaries any more.
pub struct Decoder(State);

enum State {
    Text(text::Decoder),
    Json(json::Decoder),
    Length(length::Decoder),
    Tagged(tagged::Decoder),
    /// So many bytes are a message.
    Size(usize),
}

impl Decoder {
    /// A decoder that cuts the stream into messages of one size; the last may be shorter.
    #[must_use]
    pub fn of_size(size: usize) -> Self {
        Self(State::Size(size.max(1)))
    }

    /// A decoder for one direction of one stream. No message is longer than `limit` bytes, which is at least 1;
    /// `newline` concerns text, so JSON and what follows a length prefix are left as they are.
    #[must_use]
    pub fn new(framing: Framing, newline: Newline, limit: usize) -> Self {
        let limit = limit.max(1);
        let text = |end| State::Text(text::Decoder::new(end, newline, limit));
        Self(match framing {
            Framing::Lines => text(text::End::Byte(b'\n')),
            Framing::Chunks => text(text::End::Read),
            Framing::Nul => text(text::End::Byte(0)),
            Framing::Blank => text(text::End::EmptyLine),
            Framing::File => text(text::End::Stream),
            Framing::Json => State::Json(json::Decoder::new(limit)),
            Framing::Length { width, order } => State::Length(length::Decoder::new(width, order, limit)),
            Framing::Tagged => State::Tagged(tagged::Decoder::new(limit)),
        })
    }

    /// Takes every complete message out of the front of `buffer`, in order. What is left is the start of the next.
    pub fn decode(&mut self, buffer: &mut BytesMut, messages: &mut Vec<Message>) -> Result<(), FrameError> {
        match &mut self.0 {
            State::Text(text) => text.decode(buffer, messages),
            State::Json(json) => json.decode(buffer, messages)?,
            State::Length(length) => length.decode(buffer, messages)?,
            State::Tagged(tagged) => tagged.decode(buffer, messages)?,
            State::Size(size) => {
                while buffer.len() >= *size {
                    messages.push(Message::binary(buffer.split_to(*size)));
                }
            }
        }
        Ok(())
    }

    /// How many bytes the message at the front of `buffer` still needs, as far as they are counted beforehand.
    #[must_use]
    pub fn missing(&self, buffer: &BytesMut) -> usize {
        match &self.0 {
            State::Length(length) => length.missing(buffer),
            State::Tagged(tagged) => tagged.missing(buffer),
            State::Size(size) => size.saturating_sub(buffer.len()),
            State::Text(_) | State::Json(_) => 0,
        }
    }

    /// The unfinished line so far, as a piece, for a reader who should not wait for its end (`login: `); the rest comes
    /// as a message of its own. `None` if there is nothing, and in framings other than `lines`.
    pub fn piece(&mut self, buffer: &mut BytesMut) -> Option<Message> {
        match &mut self.0 {
            State::Text(text) => text.piece(buffer),
            State::Json(_) | State::Length(_) | State::Tagged(_) | State::Size(_) => None,
        }
    }

    /// The stream has ended: what is left becomes the last message, or a piece if it was plainly cut.
    pub fn finish(&mut self, buffer: &mut BytesMut, messages: &mut Vec<Message>) -> Result<(), FrameError> {
        match &mut self.0 {
            State::Text(text) => text.finish(buffer, messages),
            State::Json(json) => json.finish(buffer, messages)?,
            State::Length(length) => length.finish(buffer, messages)?,
            State::Tagged(tagged) => tagged.finish(buffer, messages)?,
            State::Size(_) => {
                self.decode(buffer, messages)?;
                if !buffer.is_empty() {
                    messages.push(Message::binary(buffer.split()));
                }
            }
        }
        Ok(())
    }
}

/// A part of a message that is not its end.
fn piece(data: bytes::Bytes) -> Message {
    Message { extent: Extent::Piece, ..Message::binary(data) }
}
