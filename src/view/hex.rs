//! Every byte of both directions: offset in its direction, sixteen bytes, their characters. The form of `hexdump -C`.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io;

use super::View;
use super::escape;
use super::style::{Clock, Ink, Style};
use crate::event::{About, ConnId, Event, Extent, Record, What};

const ROW: usize = 16;

pub(super) struct Hex {
    style: Style,
    clock: Clock,
    /// Bytes so far, heard and said.
    offsets: HashMap<ConnId, [u64; 2]>,
}

impl Hex {
    pub(super) fn new(style: Style) -> Self {
        Self { clock: style.clock(), style, offsets: HashMap::new() }
    }
}

impl View for Hex {
    fn show(&mut self, record: &Record, out: &mut Vec<u8>) -> io::Result<()> {
        self.clock.tick(record.time);
        let (message, way, arrow) = match &record.what {
            What::Heard(Event::Message(message)) => (message, 0, self.style.paint(Ink::Heard, "<")),
            What::Said(Event::Message(message)) => (message, 1, self.style.paint(Ink::Said, ">")),
            What::Closed(_) => {
                self.offsets.remove(&record.conn);
                return Ok(());
            }
            _ => return Ok(()),
        };
        let offset = &mut self.offsets.entry(record.conn).or_default()[way];
        let number = self.style.paint(Ink::Peer(record.conn), &record.conn.to_string());
        let extent = match message.extent {
            Extent::Whole => "",
            Extent::Piece => ", unfinished",
            Extent::Truncated => ", truncated, the rest is lost",
        };
        let time = self.clock.always(record.time);
        let mut about = String::new();
        if let Some(About { from, name, id, namespace, .. }) = message.about.as_deref() {
            for (word, said) in [("from", from), ("event", name), ("id", id), ("in", namespace)] {
                if let Some(said) = said {
                    let _ = write!(about, ", {word} {}", escape::line(&**said));
                }
            }
        }
        let head = self.style.paint(Ink::Aside, &format!("{}{extent}{about}", size(&message.data)));
        let margin = format!("{number} {arrow} ");
        out.extend_from_slice(format!("{margin}{time}{head}\n").as_bytes());
        rows(&message.data, *offset, &self.style, out, |out| out.extend_from_slice(margin.as_bytes()));
        *offset += message.data.len() as u64;
        // Bytes beside the messages: each has offsets of its own.
        let attachments = message.about.iter().flat_map(|about| &about.attachments);
        for (number, bytes) in attachments.enumerate() {
            let head = self.style.paint(Ink::Aside, &format!("attachment {number}, {}", size(bytes)));
            out.extend_from_slice(format!("{margin}{head}\n").as_bytes());
            rows(bytes, 0, &self.style, out, |out| out.extend_from_slice(margin.as_bytes()));
        }
        Ok(())
    }
}

fn size(bytes: &[u8]) -> String {
    let plural = if bytes.len() == 1 { "" } else { "s" };
    format!("{} byte{plural}", bytes.len())
}

/// Dumps bytes, the first of which is at `offset`, each row after what `margin` writes.
pub(super) fn rows(bytes: &[u8], offset: u64, style: &Style, out: &mut Vec<u8>, margin: impl Fn(&mut Vec<u8>)) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for (row, bytes) in (0_u64..).zip(bytes.chunks(ROW)) {
        margin(out);
        let offset = format!("{:08x}", offset + row * ROW as u64);
        out.extend_from_slice(style.paint(Ink::Aside, &offset).as_bytes());
        for column in 0..ROW {
            out.extend_from_slice(if column % 8 == 0 { b"  " } else { b" " });
            match bytes.get(column) {
                Some(byte) => out.extend([DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]),
                None => out.extend_from_slice(b"  "),
            }
        }
        out.extend_from_slice(b"  |");
        out.extend(bytes.iter().map(|&byte| if byte.is_ascii_graphic() || byte == b' ' { byte } else { b'.' }));
        out.extend_from_slice(b"|\n");
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{heard, record, said, shown};
    use super::*;
    use crate::cli::Timestamps;
    use crate::event::Message;

    #[test]
    fn offsets_go_on_in_each_direction_and_end_with_the_conversation() {
        let style = Style::new(false, Timestamps::Relative, None);
        let records = [
            heard(1, b"0123456789abcdef\x1b\xff"),
            said(1, b"x"),
            heard(1, b"yz"),
            record(1, What::Closed(Box::default())),
            heard(1, b""),
        ];
        let text = String::from_utf8(shown(&mut Hex::new(style), &records)).expect("UTF-8");
        let expected = "\
#1 < +0.000000 18 bytes
#1 < 00000000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  |0123456789abcdef|
#1 < 00000010  1b ff                                             |..|
#1 > +0.000000 1 byte
#1 > 00000000  78                                                |x|
#1 < +0.000000 2 bytes
#1 < 00000012  79 7a                                             |yz|
#1 < +0.000000 0 bytes
";
        assert_eq!(text, expected);
    }

    #[test]
    fn attachments_follow_their_event_with_offsets_of_their_own() {
        let style = Style::new(false, Timestamps::Relative, None);
        let about = About { attachments: vec![(&b"\x01\x1b"[..]).into(), (&b"x"[..]).into()], ..About::default() };
        let event = Event::Message(Message { about: Some(Box::new(about)), ..Message::text("[0]") });
        let records = [record(1, What::Said(event)), said(1, b"y")];
        let text = String::from_utf8(shown(&mut Hex::new(style), &records)).expect("UTF-8");
        let expected = "\
#1 > +0.000000 3 bytes
#1 > 00000000  5b 30 5d                                          |[0]|
#1 > attachment 0, 2 bytes
#1 > 00000000  01 1b                                             |..|
#1 > attachment 1, 1 byte
#1 > 00000000  78                                                |x|
#1 > +0.000000 1 byte
#1 > 00000003  79                                                |y|
";
        assert_eq!(text, expected);
    }

    #[test]
    fn the_time_is_shown_even_if_nobody_asked() {
        let style = Style::plain().in_zone(jiff::tz::TimeZone::UTC);
        let text = String::from_utf8(shown(&mut Hex::new(style), &[heard(1, b"x")])).expect("UTF-8");
        assert!(text.starts_with("#1 < 15:06:41.000 1 byte\n"), "{text}");
    }
}
