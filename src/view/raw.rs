//! The payload of what is heard and nothing else, each message ended as its framing says.

use std::io;

use bytes::BytesMut;

use super::View;
use crate::cli::Newline;
use crate::event::{Event, Extent, Record, What};
use crate::frame::{Encoder, Framing};

pub(super) struct Raw {
    framing: Framing,
    encoder: Encoder,
    framed: BytesMut,
}

impl Raw {
    pub(super) fn new(framing: Framing) -> Self {
        // Line ends were converted on the way in; stdout gets what was heard.
        Self { framing, encoder: Encoder::new(framing, Newline::AsIs), framed: BytesMut::new() }
    }
}

impl View for Raw {
    fn show(&mut self, record: &Record, out: &mut Vec<u8>) -> io::Result<()> {
        if let Some(bytes) = self.verbatim(record) {
            out.extend_from_slice(bytes);
        } else if let What::Heard(Event::Message(message)) = &record.what {
            self.framed.clear();
            self.encoder.encode(message, &mut self.framed).map_err(io::Error::other)?;
            out.extend_from_slice(&self.framed);
        }
        Ok(())
    }

    fn verbatim<'r>(&self, record: &'r Record) -> Option<&'r [u8]> {
        let What::Heard(Event::Message(message)) = &record.what else { return None };
        let whole = message.extent == Extent::Piece || matches!(self.framing, Framing::Chunks | Framing::File);
        whole.then_some(&message.data)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{heard, said, shown};
    use super::*;
    use crate::event::Message;

    #[test]
    fn only_what_is_heard_as_it_is() {
        let records = [heard(1, b"a\0\x1b"), said(1, b"no"), heard(2, b"\xff")];
        assert_eq!(shown(&mut Raw::new(Framing::Chunks), &records), b"a\0\x1b\xff");
    }

    #[test]
    fn a_message_gets_its_end_back_and_a_piece_does_not() {
        let mut piece = heard(1, b"login: ");
        piece.what = What::Heard(Event::Message(Message { extent: Extent::Piece, ..Message::binary(&b"login: "[..]) }));
        assert_eq!(shown(&mut Raw::new(Framing::Lines), &[heard(1, b"hello"), piece]), b"hello\nlogin: ");
    }
}
