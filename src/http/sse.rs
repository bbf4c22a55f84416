//! Server-sent events: the stream's grammar as the HTML standard has it (§9.2.5, §9.2.6), read and written.
//!
//! ```text
//! event: price        the event's name; `message` without
//! data: first line    more lines of data are joined by LF
//! data: second line
//! id: 7               kept for a reconnection (Last-Event-ID)
//! retry: 3000         how long to wait before one, in milliseconds
//! : a comment
//!                     an empty line ends the event
//! ```

use bytes::{Bytes, BytesMut};
use memchr::memchr2;

/// What a stream says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// An event.
    Event(Event),
    /// How long to wait before a reconnection, in milliseconds.
    Retry(u64),
    /// A comment: the stream is alive.
    Comment(Bytes),
    /// A line that has a meaning to nobody, with its field's name.
    Ignored(Bytes),
}

/// One event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// Its name, if it has one; without it is a `message`.
    pub name: Option<Box<str>>,
    /// The last id that the stream has said until now; empty if none.
    pub id: Box<str>,
    /// Its data, the lines joined by LF.
    pub data: Bytes,
}

/// An event that grows too large, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong {
    /// The limit.
    pub limit: usize,
}

/// Reads a stream, in any pieces.
#[derive(Debug)]
pub struct Parser {
    limit: usize,
    /// What has come of a line whose end has not.
    line: BytesMut,
    start: Start,
    data: BytesMut,
    /// The event has data, perhaps an empty line of it.
    has_data: bool,
    name: Option<Box<str>>,
    id: Box<str>,
}

/// How the stream, or a line, begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Start {
    /// Of the stream: a byte order mark is left out.
    Mark,
    /// After CR: an LF belongs to it.
    Return,
    Plain,
}

impl Parser {
    /// A stream begins. `limit`: of an event's data, and of a line, in bytes.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            line: BytesMut::new(),
            start: Start::Mark,
            data: BytesMut::new(),
            has_data: false,
            name: None,
            id: Box::default(),
        }
    }

    /// Another stream that goes on after this id.
    #[must_use]
    pub fn resumed(limit: usize, id: Box<str>) -> Self {
        Self { id, ..Self::new(limit) }
    }

    /// The last id that was said; empty if none.
    #[must_use]
    pub fn last_id(&self) -> &str {
        &self.id
    }

    /// Reads on. What a stream leaves unfinished at its end is no event.
    pub fn read(&mut self, mut bytes: &[u8], items: &mut Vec<Item>) -> Result<(), TooLong> {
        while !bytes.is_empty() {
            if self.start == Start::Return {
                self.start = Start::Plain;
                if bytes[0] == b'\n' {
                    bytes = &bytes[1..];
                    continue;
                }
            }
            let Some(end) = memchr2(b'\r', b'\n', bytes) else {
                self.line.extend_from_slice(bytes);
                return self.within(self.line.len());
            };
            let ended_by = bytes[end];
            if self.line.is_empty() && self.start == Start::Plain {
                self.line_ended(&bytes[..end], items)?;
            } else {
                self.line.extend_from_slice(&bytes[..end]);
                let line = self.line.split();
                let line = match line.strip_prefix(b"\xef\xbb\xbf") {
                    Some(rest) if self.start == Start::Mark => rest,
                    _ => &line,
                };
                self.line_ended(line, items)?;
            }
            self.start = if ended_by == b'\r' { Start::Return } else { Start::Plain };
            bytes = &bytes[end + 1..];
        }
        Ok(())
    }

    fn within(&self, length: usize) -> Result<(), TooLong> {
        if length > self.limit { Err(TooLong { limit: self.limit }) } else { Ok(()) }
    }

    fn line_ended(&mut self, line: &[u8], items: &mut Vec<Item>) -> Result<(), TooLong> {
        if line.is_empty() {
            self.event_ended(items);
            return Ok(());
        }
        let (field, value) = match memchr::memchr(b':', line) {
            Some(at) => (&line[..at], line[at + 1..].strip_prefix(b" ").unwrap_or(&line[at + 1..])),
            None => (line, &b""[..]),
        };
        match field {
            b"" => items.push(Item::Comment(Bytes::copy_from_slice(value))),
            b"data" => {
                self.within(self.data.len() + value.len())?;
                if self.has_data {
                    self.data.extend_from_slice(b"\n");
                }
                self.has_data = true;
                self.data.extend_from_slice(value);
            }
            b"event" => self.name = Some(text(value)).filter(|name| !name.is_empty()),
            // An id with NUL is ignored, so that it can be a header.
            b"id" if !value.contains(&0) => self.id = text(value),
            b"retry" if !value.is_empty() && value.iter().all(u8::is_ascii_digit) => {
                let millis = std::str::from_utf8(value).ok().and_then(|digits| digits.parse().ok());
                items.push(Item::Retry(millis.unwrap_or(u64::MAX)));
            }
            _ => items.push(Item::Ignored(Bytes::copy_from_slice(field))),
        }
        Ok(())
    }

    fn event_ended(&mut self, items: &mut Vec<Item>) {
        let name = self.name.take();
        // Without data there is no event; an id before it counts all the same.
        if std::mem::take(&mut self.has_data) {
            let data = lossless(self.data.split().freeze());
            items.push(Item::Event(Event { name, id: self.id.clone(), data }));
        }
    }
}

/// The stream is UTF-8; what is not is replaced, as the standard says.
fn text(value: &[u8]) -> Box<str> {
    String::from_utf8_lossy(value).into()
}

fn lossless(data: Bytes) -> Bytes {
    match std::str::from_utf8(&data) {
        Ok(_) => data,
        Err(_) => Bytes::from(String::from_utf8_lossy(&data).into_owned()),
    }
}

/// Writes an event: its id, its name unless it is a plain message, and each line of its data.
pub fn write(id: Option<u64>, name: Option<&str>, data: &[u8], out: &mut Vec<u8>) {
    if let Some(name) = name {
        out.extend_from_slice(b"event: ");
        out.extend_from_slice(name.as_bytes());
        out.push(b'\n');
    }
    // CR ends a line too: as data it cannot be said, and becomes what it means.
    let mut rest = data;
    loop {
        out.extend_from_slice(b"data: ");
        let Some(end) = memchr2(b'\r', b'\n', rest) else {
            out.extend_from_slice(rest);
            out.push(b'\n');
            break;
        };
        out.extend_from_slice(&rest[..end]);
        out.push(b'\n');
        rest = rest[end..].strip_prefix(b"\r\n").unwrap_or(&rest[end + 1..]);
    }
    if let Some(id) = id {
        out.extend_from_slice(format!("id: {id}\n").as_bytes());
    }
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn items(pieces: &[&[u8]]) -> Vec<Item> {
        let (mut parser, mut items) = (Parser::new(1024), Vec::new());
        for piece in pieces {
            parser.read(piece, &mut items).expect("within the limit");
        }
        items
    }

    fn event(name: &str, id: &str, data: &str) -> Item {
        let name = Some(name.into()).filter(|_| !name.is_empty());
        Item::Event(Event { name, id: id.into(), data: Bytes::copy_from_slice(data.as_bytes()) })
    }

    fn comment(text: &str) -> Item {
        Item::Comment(Bytes::copy_from_slice(text.as_bytes()))
    }

    fn ignored(field: &str) -> Item {
        Item::Ignored(Bytes::copy_from_slice(field.as_bytes()))
    }

    /// The examples of HTML §9.2.6, and the cases of the web platform's tests by what they are about.
    fn vectors() -> Vec<(&'static [u8], Vec<Item>)> {
        vec![
            (b"", vec![]),
            (b"\n\n\r\r\n", vec![]),
            // The standard's four.
            (b"data: YHOO\ndata: +2\ndata: 10\n\n", vec![event("", "", "YHOO\n+2\n10")]),
            (
                b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n",
                vec![comment("test stream"), event("", "1", "first event"), event("", "", "second event")],
            ),
            (b"data\n\ndata\ndata\n\ndata:\n", vec![event("", "", ""), event("", "", "\n")]),
            (b"data:test\n\ndata: test\n\n", vec![event("", "", "test"), event("", "", "test")]),
            // Line ends, and their mixtures.
            (b"data:a\r\rdata:b\r\n\r\ndata:c\n\n", vec![event("", "", "a"), event("", "", "b"), event("", "", "c")]),
            (b"data:a\r\ndata:b\rdata:c\n\r\n", vec![event("", "", "a\nb\nc")]),
            (b"data:a\n\r\n\r\ndata:b\n\n", vec![event("", "", "a"), event("", "", "b")]),
            // One mark at the start is left out, and no other.
            (b"\xef\xbb\xbfdata:1\n\n", vec![event("", "", "1")]),
            (b"\xef\xbb\xbf\xef\xbb\xbfdata:1\n\n", vec![ignored("\u{feff}data")]),
            (b"data:1\n\n\xef\xbb\xbfdata:2\n\n", vec![event("", "", "1"), ignored("\u{feff}data")]),
            // Names are for one event; without data there is none.
            (b"event: a\ndata:1\n\ndata:2\n\n", vec![event("a", "", "1"), event("", "", "2")]),
            (b"event: a\n\ndata:1\n\n", vec![event("", "", "1")]),
            (b"event: a\nevent: b\ndata:1\n\n", vec![event("b", "", "1")]),
            (b"event: a\nevent\ndata:1\n\n", vec![event("", "", "1")]),
            // An id stays, also that of an event without data; an empty one unsays it; one with NUL is none.
            (b"id: 1\n\ndata:x\n\n", vec![event("", "1", "x")]),
            (
                b"id: 1\ndata:x\n\ndata:y\n\nid\ndata:z\n\n",
                vec![event("", "1", "x"), event("", "1", "y"), event("", "", "z")],
            ),
            (b"id: 1\nid: 2\0\ndata:x\n\n", vec![ignored("id"), event("", "1", "x")]),
            // Retry is digits.
            (b"retry: 10\n", vec![Item::Retry(10)]),
            (b"retry:03000\n", vec![Item::Retry(3000)]),
            (b"retry:99999999999999999999999\n", vec![Item::Retry(u64::MAX)]),
            (b"retry: -1\nretry: 1s\nretry:\nretry\nretry: 1.5\n", vec![ignored("retry"); 5]),
            // Fields are exact; one space is taken away.
            (b"Data:x\n data:y\ndata :z\n\n", vec![ignored("Data"), ignored(" data"), ignored("data ")]),
            (b"data:  x\ndata:\ty\n\n", vec![event("", "", " x\n\ty")]),
            (b"data:a:b\n\n", vec![event("", "", "a:b")]),
            (b":\n:x\n: y\n", vec![comment(""), comment("x"), comment("y")]),
            (b"data:\0\n\n", vec![event("", "", "\0")]),
            (b"data:\xff\n\n", vec![event("", "", "\u{fffd}")]),
            // What is not ended is no event.
            (b"data:x\n\ndata:y\n", vec![event("", "", "x")]),
            (b"data:x", vec![]),
        ]
    }

    #[test]
    fn the_standards_rules() {
        for (stream, expected) in vectors() {
            assert_eq!(items(&[stream]), expected, "{}", stream.escape_ascii());
        }
    }

    #[test]
    fn pieces_of_any_size_are_the_same_stream() {
        for (stream, expected) in vectors() {
            for at in 0..=stream.len() {
                assert_eq!(items(&[&stream[..at], &stream[at..]]), expected, "{} at {at}", stream.escape_ascii());
            }
            let bytes: Vec<&[u8]> = stream.chunks(1).collect();
            assert_eq!(items(&bytes), expected, "{} byte by byte", stream.escape_ascii());
        }
    }

    #[test]
    fn an_event_has_a_limit_however_it_comes() {
        for stream in ["data: 12345678901\n\n", "data: 123456\ndata: 123456\n\n", "data: 12345678901"] {
            for pieces in [stream.as_bytes().chunks(stream.len()), stream.as_bytes().chunks(1)] {
                let mut parser = Parser::new(10);
                let read = pieces.into_iter().try_for_each(|piece| parser.read(piece, &mut Vec::new()));
                assert_eq!(read, Err(TooLong { limit: 10 }), "{stream:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            id in proptest::option::of(any::<u64>()),
            name in proptest::option::of("[^\r\n\0]{1,10}"),
            data in "[^\r]{0,40}",
        ) {
            let mut stream = Vec::new();
            write(id, name.as_deref(), data.as_bytes(), &mut stream);
            let id = id.map(|id| id.to_string()).unwrap_or_default();
            let name = name.unwrap_or_default();
            prop_assert_eq!(items(&[&stream]), vec![event(&name, &id, &data)]);
        }

        #[test]
        fn any_bytes_in_any_pieces_are_read_alike(stream in proptest::collection::vec(
            prop_oneof![Just(b'\r'), Just(b'\n'), Just(b':'), Just(b'd'), any::<u8>()], 0..80), at in 0usize..80) {
            let at = at.min(stream.len());
            prop_assert_eq!(items(&[&stream]), items(&[&stream[..at], &stream[at..]]));
        }
    }
}
