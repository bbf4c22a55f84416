//! What is said and heard, for a person. Left of the arrow (`<` heard, `>` said) is ours; right of it, and indented
//! below it, is the peer's: nothing in there can pass for ours, nor act on the terminal.

use std::io;

use super::View;
use super::escape;
use super::hex;
use super::pretty;
use super::style::{Clock, Ink, Style};
use crate::event::{About, ConnId, Event, Extent, Message, Record, What};
use crate::quantity::show_size;

/// Longer messages have their size shown.
const LONG: usize = 1024;
/// So much of a binary message is dumped.
const DUMPED: usize = 256;

pub(super) struct Human {
    style: Style,
    clock: Clock,
    show_said: bool,
    peers: Peers,
}

/// Whether a number is needed to tell who speaks.
pub(super) enum Peers {
    None,
    One(ConnId),
    Many,
}

impl Peers {
    /// Takes note of a record. A listener's peers are many from the start.
    pub(super) fn see(&mut self, record: &Record) {
        *self = match (&*self, &record.what, record.conn) {
            (Self::None, What::Listening { .. }, _) => Self::Many,
            (Self::None, _, conn) if conn != ConnId::PROGRAM => Self::One(conn),
            (Self::One(first), _, conn) if conn != *first && conn != ConnId::PROGRAM => Self::Many,
            _ => return,
        };
    }

    /// `#2 `, if it is needed, and its columns.
    pub(super) fn label(&self, conn: ConnId, style: &Style) -> (String, usize) {
        if !matches!(self, Self::Many) || conn == ConnId::PROGRAM {
            return (String::new(), 0);
        }
        let number = conn.to_string();
        (format!("{} ", style.paint(Ink::Peer(conn), &number)), number.len() + 1)
    }
}

impl Human {
    pub(super) fn new(style: Style, show_said: bool) -> Self {
        Self { clock: style.clock(), style, show_said, peers: Peers::None }
    }

    fn message(&self, message: &Message, margin: usize, arrow: &str, out: &mut Vec<u8>) {
        let data = &message.data[..];
        let indent = margin + 2;
        let binary = !escape::is_text(data);
        let mut notes = Vec::new();
        match message.extent {
            Extent::Whole => {}
            Extent::Piece => notes.push("unfinished".to_owned()),
            Extent::Truncated => notes.push("truncated, the rest is lost".to_owned()),
        }
        if binary || data.len() > LONG {
            notes.push(show_size(data.len() as u64));
        }
        if !notes.is_empty() {
            let notes = format!("({}) ", notes.join(", "));
            out.extend_from_slice(self.style.paint(Ink::Aside, &notes).as_bytes());
        }
        out.extend_from_slice(arrow.as_bytes());
        if binary {
            out.push(b'\n');
            self.dump(data, indent, out);
            return;
        }
        if !data.is_empty() {
            out.push(b' ');
            match pretty::json(data, &self.style, indent) {
                Some(json) => out.extend_from_slice(&json),
                None => escape::bytes(data, &self.style, Some(indent), out),
            }
        }
        out.push(b'\n');
    }

    /// The bytes that belong into a message, each with the number that its placeholder has.
    fn attachment(&self, number: usize, bytes: &[u8], margin: usize, out: &mut Vec<u8>) {
        let indent = margin + 2;
        let label = format!("attachment {number} ({})", show_size(bytes.len() as u64));
        self.aside(&label, indent, out);
        self.dump(bytes, indent, out);
    }

    fn dump(&self, bytes: &[u8], indent: usize, out: &mut Vec<u8>) {
        let dumped = &bytes[..bytes.len().min(DUMPED)];
        hex::rows(dumped, 0, &self.style, out, |out| out.resize(out.len() + indent, b' '));
        if bytes.len() > DUMPED {
            let more = format!("… {} more bytes (use --output hex)", bytes.len() - DUMPED);
            self.aside(&more, indent, out);
        }
    }

    fn aside(&self, text: &str, indent: usize, out: &mut Vec<u8>) {
        out.resize(out.len() + indent, b' ');
        out.extend_from_slice(self.style.paint(Ink::Aside, text).as_bytes());
        out.push(b'\n');
    }
}

impl View for Human {
    fn show(&mut self, record: &Record, out: &mut Vec<u8>) -> io::Result<()> {
        self.peers.see(record);
        self.clock.tick(record.time);
        let (message, arrow) = match &record.what {
            What::Heard(Event::Message(message)) => (message, self.style.paint(Ink::Heard, "<")),
            What::Said(Event::Message(message)) if self.show_said => (message, self.style.paint(Ink::Said, ">")),
            _ => return Ok(()),
        };
        let (label, mut columns) = self.peers.label(record.conn, &self.style);
        out.extend_from_slice(self.clock.stamp(record.time).as_bytes());
        out.extend_from_slice(label.as_bytes());
        if let Some(About { from, name, namespace, asks, answers, attachments, .. }) = message.about.as_deref() {
            let number = |word: &str, number: &Option<u64>| number.map(|number| format!("{word} {number}").into());
            let count = Some(attachments.len()).filter(|count| *count > 0);
            let extra = [number("ask", asks), number("answer", answers), count.map(|count| format!("+{count}").into())];
            for said in [from.clone(), name.clone(), namespace.clone()].into_iter().chain(extra).flatten() {
                let said = escape::line(&*said);
                out.extend_from_slice(format!("{} ", self.style.paint(Ink::Aside, &said)).as_bytes());
                columns += said.chars().count() + 1;
            }
        }
        self.message(message, columns, &arrow, out);
        let attachments = message.about.iter().flat_map(|about| &about.attachments);
        for (number, bytes) in attachments.enumerate() {
            self.attachment(number, bytes, columns, out);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::{heard, record, said, shown};
    use super::*;
    use crate::cli::Timestamps;
    use crate::event::Reach;

    fn plain(records: &[Record]) -> String {
        String::from_utf8(shown(&mut Human::new(Style::plain(), true), records)).expect("UTF-8")
    }

    fn with_extent(extent: Extent) -> Record {
        record(1, What::Heard(Event::Message(Message { extent, ..Message::binary(&b"x"[..]) })))
    }

    fn from(from: &str, data: &'static [u8]) -> Record {
        record(1, What::Heard(Event::Message(Message::binary(data).from(from))))
    }

    #[test]
    fn a_conversation() {
        let listening = record(0, What::Listening { endpoints: vec![], reach: Reach::Loopback, certificate: None });
        for (records, text) in [
            (vec![heard(1, b"hello"), said(1, b"hi")], "< hello\n> hi\n"),
            (vec![heard(1, b""), heard(1, b"a\nb\n")], "<\n< a\n  b\\n\n"),
            (vec![heard(1, b"a"), heard(2, b"b\nc"), heard(1, b"d")], "< a\n#2 < b\n     c\n#1 < d\n"),
            (vec![listening, heard(1, b"a")], "#1 < a\n"),
            (vec![heard(1, b"\x1b[2Jx")], "< \\x1b[2Jx\n"),
            (vec![with_extent(Extent::Piece)], "(unfinished) < x\n"),
            (vec![with_extent(Extent::Truncated)], "(truncated, the rest is lost) < x\n"),
            (vec![heard(1, br#"{"b":1.50,"a":[]}"#)], "< {\"b\": 1.50, \"a\": []}\n"),
            (vec![record(1, What::Heard(Event::Finish))], ""),
            (vec![from("udp://10.0.0.2:9", b"a\nb")], "udp://10.0.0.2:9 < a\n                   b\n"),
            (vec![from("x\x1b[2J", b"a")], "x\\x1b[2J < a\n"),
        ] {
            assert_eq!(plain(&records), text);
        }
    }

    #[test]
    fn what_was_typed_at_the_prompt_is_not_repeated() {
        assert_eq!(shown(&mut Human::new(Style::plain(), false), &[said(1, b"hi"), heard(1, b"a")]), b"< a\n");
    }

    #[test]
    fn binary_is_dumped_and_the_dump_is_bounded() {
        let text = plain(&[heard(1, b"\0\x01\x02")]);
        assert_eq!(text, "(3 B) <\n  00000000  00 01 02                                          |...|\n");
        let text = plain(&[heard(1, &[0; 300])]);
        assert_eq!(text.lines().count(), 1 + 16 + 1);
        assert!(text.ends_with("  … 44 more bytes (use --output hex)\n"), "{text}");
    }

    #[test]
    fn attachments_are_dumped_below_their_event() {
        let event = |attachments: Vec<bytes::Bytes>| {
            let about = About { attachments, ..About::default() };
            Event::Message(Message { about: Some(Box::new(about)), ..Message::text("[\"up\"]") })
        };
        let text = plain(&[record(1, What::Heard(event(vec![(&b"\x01\x1b[2J"[..]).into(), bytes::Bytes::new()])))]);
        let expected = "\
+2 < [\"up\"]
     attachment 0 (5 B)
     00000000  01 1b 5b 32 4a                                    |..[2J|
     attachment 1 (0 B)
";
        assert_eq!(text, expected);
        let text = plain(&[record(1, What::Said(event(vec![vec![7; 300].into()])))]);
        assert_eq!(text.lines().count(), 1 + 1 + 16 + 1);
        assert!(text.ends_with("     … 44 more bytes (use --output hex)\n"), "{text}");
    }

    #[test]
    fn a_long_text_is_whole_and_has_its_size() {
        let text = plain(&[heard(1, &[b'a'; 2048])]);
        assert_eq!(text, format!("(2.0 KiB) < {}\n", "a".repeat(2048)));
    }

    /// Takes out what `colored` writes.
    fn without_color(text: &str) -> String {
        let mut parts = text.split("\x1b[");
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |text, part| {
            let (codes, rest) = part.split_once('m').expect("a colour");
            assert!(codes.bytes().all(|b| b.is_ascii_digit() || b == b';'), "{codes:?}");
            text + rest
        })
    }

    fn payload() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            any::<Vec<u8>>(),
            any::<String>().prop_map(String::into_bytes),
            "[\\[{\":,0-9a\u{1b}\u{9b}\u{202e}\r\n\t\\\\]{0,30}[\\]}]".prop_map(String::into_bytes),
            "\\{\"[^\"\\\\\u{0}-\u{1f}]{0,20}\":\\[[0-9]{1,3}\\]\\}".prop_map(String::into_bytes),
        ]
    }

    proptest! {
        #[test]
        fn no_control_character_of_the_peer_comes_through(payloads in prop::collection::vec(payload(), 1..4)) {
            let records: Vec<Record> = payloads
                .into_iter()
                .map(|data| record(1, What::Heard(Event::Message(Message::binary(data)))))
                .collect();
            let dangerous = |c: char| (c.is_control() && c != '\n' && c != '\t') || escape::is_hidden(c);
            let text = plain(&records);
            prop_assert!(!text.contains(dangerous), "{text:?}");
            let colored = Style::new(true, Timestamps::Off, None);
            let colored = String::from_utf8(shown(&mut Human::new(colored, true), &records)).expect("UTF-8");
            prop_assert_eq!(without_color(&colored), text);
        }

        #[test]
        fn only_the_view_writes_an_arrow_at_the_start_of_a_line(data in "[<>#2 \n\r]{0,20}") {
            let text = plain(&[record(1, What::Heard(Event::Message(Message::text(data))))]);
            prop_assert!(text.lines().skip(1).all(|line| line.starts_with("  ")), "{text:?}");
        }
    }
}
