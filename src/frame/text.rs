//! Messages that end at a byte, at an empty line, with a read or with the stream.

use bytes::{Buf as _, Bytes, BytesMut};
use memchr::{memchr_iter, memmem, memrchr};

use super::{newline, piece};
use crate::cli::Newline;
use crate::event::Message;

const EMPTY_LINE: &[u8] = b"\n\n";

/// What ends a message.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Byte(u8),
    EmptyLine,
    Read,
    Stream,
}

pub(super) struct Decoder {
    end: End,
    newline: Newline,
    limit: usize,
    /// How much of the front of the buffer has its line ends settled and holds no end of a message.
    seen: usize,
    /// A piece of the current message has been handed over.
    begun: bool,
}

impl Decoder {
    pub(super) fn new(end: End, newline: Newline, limit: usize) -> Self {
        Self { end, newline, limit, seen: 0, begun: false }
    }

    pub(super) fn decode(&mut self, buffer: &mut BytesMut, messages: &mut Vec<Message>) {
        let from = self.seen;
        self.seen = match self.newline {
            Newline::AsIs => buffer.len(),
            Newline::Crlf => newline::to_lf(buffer, from),
        };
        match self.end {
            End::Byte(end) => self.until_byte(end, from, buffer, messages),
            End::EmptyLine => self.until_empty_line(from, buffer, messages),
            End::Read if self.seen > 0 => {
                let read = self.take(self.seen, buffer);
                self.whole(read, messages);
            }
            End::Read | End::Stream => {}
        }
        // The first LF of an empty line is not yet payload.
        let open = self.end == End::EmptyLine && self.seen > 0 && buffer[self.seen - 1] == b'\n';
        while self.seen - usize::from(open) > self.limit {
            messages.push(piece(self.take(self.limit, buffer)));
            self.begun = true;
        }
    }

    pub(super) fn piece(&mut self, buffer: &mut BytesMut) -> Option<Message> {
        if self.end != End::Byte(b'\n') || self.seen == 0 {
            return None;
        }
        self.begun = true;
        Some(piece(self.take(self.seen, buffer)))
    }

    pub(super) fn finish(&mut self, buffer: &mut BytesMut, messages: &mut Vec<Message>) {
        self.decode(buffer, messages);
        // A CR that waited for its LF is payload.
        self.seen = buffer.len();
        let mut rest = self.take(self.seen, buffer);
        if self.end == End::EmptyLine && rest.ends_with(b"\n") {
            rest.truncate(rest.len() - 1);
        }
        if !rest.is_empty() {
            self.whole(rest, messages);
        }
    }

    /// Everything up to the last end is taken as one block that its messages share.
    fn until_byte(&mut self, end: u8, from: usize, buffer: &mut BytesMut, messages: &mut Vec<Message>) {
        let Some(last) = memrchr(end, &buffer[from..self.seen]) else { return };
        let block = self.take(from + last + 1, buffer);
        let mut start = 0;
        for at in memchr_iter(end, &block[from..]) {
            self.whole(block.slice(start..from + at), messages);
            start = from + at + 1;
        }
    }

    fn until_empty_line(&mut self, from: usize, buffer: &mut BytesMut, messages: &mut Vec<Message>) {
        if !self.begun {
            let blank = line_feeds(&buffer[..self.seen]);
            buffer.advance(blank);
            self.seen -= blank;
        }
        // The last byte seen before may be the first LF of an empty line.
        let from = from.min(self.seen).saturating_sub(1);
        let Some(last) = memmem::rfind(&buffer[from..self.seen], EMPTY_LINE) else { return };
        let block = self.take(from + last + EMPTY_LINE.len(), buffer);
        let mut start = 0;
        for at in memmem::find_iter(&block[from..], EMPTY_LINE) {
            // The second pair of four LFs is before the start: no message lies between.
            if from + at >= start {
                self.whole(block.slice(start..from + at), messages);
                start = from + at + line_feeds(&block[from + at..]);
            }
        }
    }

    /// Hands over the end of a message: in pieces and a rest if it is over the limit.
    fn whole(&mut self, mut data: Bytes, messages: &mut Vec<Message>) {
        while data.len() > self.limit {
            messages.push(piece(data.split_to(self.limit)));
        }
        messages.push(Message::binary(data));
        self.begun = false;
    }

    fn take(&mut self, length: usize, buffer: &mut BytesMut) -> Bytes {
        self.seen -= length;
        buffer.split_to(length).freeze()
    }
}

/// How many line feeds it begins with.
fn line_feeds(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|&&byte| byte == b'\n').count()
}
