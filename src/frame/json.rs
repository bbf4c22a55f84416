//! JSON values one after another: concatenated, on lines, or as a sequence of records (RFC 7464).
//!
//! A scanner finds where a value ends, from where it stopped before, so that each byte is scanned once however the reads
//! fall; then `serde_json` decides whether it is one. Depth is only counted: the limit on bytes bounds it too.

use bytes::{Buf as _, BytesMut};
use memchr::memchr3;
use serde_json::value::RawValue;

use super::{FrameError, piece};
use crate::event::{Kind, Message};

/// Record separator. It never occurs within a value: whatever it interrupts was cut (RFC 7464 §2.3).
const RS: u8 = 0x1E;

pub(super) struct Decoder {
    limit: usize,
    scanner: Scanner,
    /// Bytes of the stream before the buffer, to tell where an error is.
    passed: u64,
}

impl Decoder {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, scanner: Scanner::default(), passed: 0 }
    }

    pub(super) fn decode(&mut self, buffer: &mut BytesMut, messages: &mut Vec<Message>) -> Result<(), FrameError> {
        loop {
            if self.scanner.place == Place::Before {
                let between = buffer.iter().take_while(|&&byte| separates(byte)).count();
                buffer.advance(between);
                self.passed += between as u64;
            }
            match self.scanner.scan(buffer) {
                Some((length, end)) => self.take(length, end, buffer, messages)?,
                None => return self.within_limit(buffer.len()),
            }
        }
    }

    pub(super) fn finish(&mut self, buffer: &mut BytesMut, messages: &mut Vec<Message>) -> Result<(), FrameError> {
        self.decode(buffer, messages)?;
        if buffer.is_empty() { Ok(()) } else { self.take(buffer.len(), End::Interrupted, buffer, messages) }
    }

    /// Takes a value out of the front of the buffer.
    fn take(
        &mut self,
        length: usize,
        end: End,
        buffer: &mut BytesMut,
        messages: &mut Vec<Message>,
    ) -> Result<(), FrameError> {
        self.scanner = Scanner::default();
        self.within_limit(length)?;
        let value = &buffer[..length];
        let whole = match check(value) {
            Ok(()) => true,
            Err(_) if end == End::Interrupted && is_cut(value) => false,
            Err(error) => return Err(FrameError::NotJson(self.explain(value, &error))),
        };
        self.passed += length as u64;
        let data = buffer.split_to(length).freeze();
        messages.push(if whole { Message { kind: Kind::Text, ..Message::binary(data) } } else { piece(data) });
        Ok(())
    }

    fn within_limit(&self, length: usize) -> Result<(), FrameError> {
        if length > self.limit {
            return Err(FrameError::TooLong { length: length as u64, limit: self.limit });
        }
        Ok(())
    }

    /// `expected value at byte 17` of the stream, which need not have lines.
    fn explain(&self, value: &[u8], error: &serde_json::Error) -> String {
        let text = error.to_string();
        let what = if error.is_eof() { "unfinished value" } else { text.split(" at line ").next().unwrap_or(&text) };
        let lines = value.split_inclusive(|&byte| byte == b'\n').take(error.line().saturating_sub(1));
        let at = lines.map(<[u8]>::len).sum::<usize>() + error.column();
        format!("{what} at byte {}", self.passed + at as u64)
    }
}

/// `RawValue`, unlike `IgnoredAny`, also checks that strings are UTF-8.
fn check(value: &[u8]) -> Result<(), serde_json::Error> {
    serde_json::from_slice::<&RawValue>(value).map(drop)
}

/// Whether nothing but its end is wrong; the line end after a cut record is no part of it. For `serde_json` a number that
/// lacks its last digit (`-`, `1.`, `1e`) is as wrong as any other, so one is lent to it.
fn is_cut(value: &[u8]) -> bool {
    let value = value.trim_ascii_end();
    let could_go_on = |value| check(value).map_or_else(|error| error.is_eof(), |()| true);
    could_go_on(value) || could_go_on(&[value, b"0"].concat())
}

/// How a value ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// By its own last byte, or by what can only be after it.
    Known,
    /// By a record separator or the end of the stream: perhaps there should have been more.
    Interrupted,
}

/// Finds the end of the value that the buffer begins with: nothing that separates values is before it.
#[derive(Default)]
struct Scanner {
    at: usize,
    depth: usize,
    place: Place,
}

/// Where in a value the scanner is.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Before,
    /// In a number, `true`, `false` or `null`, or what is none of them.
    Scalar,
    /// In an array or object, not in a string.
    Nested,
    String,
    /// After the backslash.
    Escape,
}

impl Scanner {
    /// The value's length and how it ended; `None` while its end is not in the buffer.
    fn scan(&mut self, bytes: &[u8]) -> Option<(usize, End)> {
        while let Some(&byte) = bytes.get(self.at) {
            match self.place {
                Place::String => {
                    let rest = &bytes[self.at..];
                    let Some(next) = memchr3(b'"', b'\\', RS, rest) else {
                        self.at = bytes.len();
                        return None;
                    };
                    self.at += next;
                    match rest[next] {
                        RS => return Some((self.at, End::Interrupted)),
                        b'"' if self.depth == 0 => return Some((self.at + 1, End::Known)),
                        b'"' => self.place = Place::Nested,
                        _ => self.place = Place::Escape,
                    }
                }
                _ if byte == RS => return Some((self.at, End::Interrupted)),
                // The digits of \u1234 are like any others.
                Place::Escape => self.place = Place::String,
                Place::Scalar if separates(byte) || matches!(byte, b'{' | b'[' | b'"') => {
                    return Some((self.at, End::Known));
                }
                Place::Scalar => {}
                Place::Before | Place::Nested => match byte {
                    b'"' => self.place = Place::String,
                    b'{' | b'[' => {
                        self.depth += 1;
                        self.place = Place::Nested;
                    }
                    // Whether the brackets match is for serde_json to say.
                    b'}' | b']' if self.depth > 0 => {
                        self.depth -= 1;
                        if self.depth == 0 {
                            return Some((self.at + 1, End::Known));
                        }
                    }
                    _ if self.depth == 0 => self.place = Place::Scalar,
                    _ => {}
                },
            }
            self.at += 1;
        }
        None
    }
}

/// White space (RFC 8259 §2), or a record separator.
fn separates(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | RS)
}
