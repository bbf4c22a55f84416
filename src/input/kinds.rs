//! What the messages of input are. They are told one after another, so that a bad one costs none before it.

use super::{Broken, Reading, events};
use crate::event::{Event, Extent, Kind, Message};
use crate::frame::Framing;

/// What the messages of input are: which are text, where the protocol tells text from binary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kinds {
    /// As they come.
    #[default]
    Told,
    /// What is UTF-8 is text.
    Seen,
    /// All are text, and must be UTF-8.
    Text,
    /// All are binary.
    Binary,
    /// Each is an event in JSON.
    Events,
}

impl Kinds {
    /// The events that say these messages; what is no text is binary.
    pub(crate) fn lenient(self, messages: Vec<Message>) -> Vec<Event> {
        let say = |message: Message| {
            let kind = match self {
                Self::Told => message.kind,
                Self::Binary => Kind::Binary,
                Self::Seen | Self::Text | Self::Events => seen(&message.data),
            };
            Event::Message(Message { kind, ..message })
        };
        messages.into_iter().map(say).collect()
    }
}

fn seen(data: &[u8]) -> Kind {
    if std::str::from_utf8(data).is_ok() { Kind::Text } else { Kind::Binary }
}

/// Makes events of the messages of one input, and counts them.
pub(super) struct Teller {
    kinds: Kinds,
    /// What a message is called where one is wrong.
    unit: &'static str,
    /// Whole messages before this one.
    before: u64,
    text: Text,
}

impl Teller {
    pub(super) fn new(reading: &Reading) -> Self {
        let of_lines = reading.framing == Framing::Lines && reading.message_size.is_none();
        let unit = if of_lines { "line" } else { "message" };
        Self { kinds: reading.kinds, unit, before: 0, text: Text::default() }
    }

    /// Appends the events that say these messages, up to the first that cannot be said.
    pub(super) fn tell(&mut self, messages: Vec<Message>, events: &mut Vec<Event>) -> Result<(), Broken> {
        for message in messages {
            let extent = message.extent;
            let told = self.event(message).map_err(|Broken { why, hint }| Broken {
                why: format!("{} {}: {why}; it and all after it were not sent", self.unit, self.before + 1),
                hint,
            })?;
            events.extend(told);
            self.before += u64::from(extent != Extent::Piece);
        }
        Ok(())
    }

    fn event(&mut self, message: Message) -> Result<Option<Event>, Broken> {
        let kind = match self.kinds {
            Kinds::Events if message.extent == Extent::Piece => {
                return Err(Broken::new("it is longer than --max-message").hint("a larger --max-message takes it"));
            }
            Kinds::Events => return events::read(&message.data).map_err(|why| Broken::new(why).hint(events::EXPECTED)),
            Kinds::Text => {
                self.text.goes_on(&message).map_err(|byte| {
                    Broken::new(format!("byte {byte} is not UTF-8"))
                        .hint("--kind auto says what is not UTF-8 as binary, --kind binary everything")
                })?;
                Kind::Text
            }
            Kinds::Told => message.kind,
            Kinds::Binary => Kind::Binary,
            Kinds::Seen => seen(&message.data),
        };
        Ok(Some(Event::Message(Message { kind, ..message })))
    }
}

/// Text that comes in pieces, which may be cut within a character.
#[derive(Default)]
struct Text {
    /// The beginning of a character.
    cut: Vec<u8>,
    /// Bytes of this message in earlier pieces, less the cut ones.
    passed: usize,
}

impl Text {
    /// The number of the byte, from 1, with which what is no UTF-8 begins.
    fn goes_on(&mut self, message: &Message) -> Result<(), usize> {
        let joined;
        let text = if self.cut.is_empty() {
            &message.data[..]
        } else {
            joined = [&self.cut, &message.data[..]].concat();
            &joined
        };
        let is_piece = message.extent == Extent::Piece;
        let settled = match std::str::from_utf8(text) {
            Ok(_) => text.len(),
            Err(error) if is_piece && error.error_len().is_none() => error.valid_up_to(),
            Err(error) => return Err(self.passed + error.valid_up_to() + 1),
        };
        *self = if is_piece {
            Self { cut: text[settled..].to_vec(), passed: self.passed + settled }
        } else {
            Self::default()
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cli::Newline;

    fn teller(framing: Framing, kinds: Kinds) -> Teller {
        Teller::new(&Reading {
            framing,
            message_size: None,
            newline: Newline::AsIs,
            block: 1,
            limit: 100,
            pace: crate::traffic::pace::Limits::default(),
            kinds,
        })
    }

    fn bytes(data: &'static [u8]) -> Message {
        Message::binary(data)
    }

    fn piece(data: &'static [u8]) -> Message {
        Message { extent: Extent::Piece, ..bytes(data) }
    }

    /// What of these messages is said, as text, and what is wrong with the next.
    fn told(mut teller: Teller, messages: Vec<Message>) -> (Vec<String>, Option<Broken>) {
        let mut events = Vec::new();
        let broken = teller.tell(messages, &mut events).err();
        let text = |event| match event {
            Event::Message(message) => String::from_utf8_lossy(&message.data).into_owned(),
            other => format!("{other:?}"),
        };
        (events.into_iter().map(text).collect(), broken)
    }

    #[test]
    fn what_comes_before_a_bad_one_is_said_and_the_bad_one_named() {
        for (framing, kinds, messages, said, why) in [
            (
                Framing::Lines,
                Kinds::Events,
                vec![
                    bytes(br#"{"text":"a"}"#),
                    bytes(b""),
                    bytes(br#"{"text":"b"}"#),
                    bytes(b"nonsense"),
                    bytes(b"{}"),
                ],
                &["a", "b"][..],
                "line 4: expected ident at byte 2",
            ),
            (
                Framing::Lines,
                Kinds::Events,
                vec![bytes(br#"{"text":"a"}"#), piece(b"{\"text\":")],
                &["a"],
                "line 2: it is longer than --max-message",
            ),
            (
                Framing::Lines,
                Kinds::Text,
                vec![bytes(b"a"), bytes(b"b"), bytes(b"c\xff"), bytes(b"d")],
                &["a", "b"],
                "line 3: byte 2 is not UTF-8",
            ),
            (Framing::Nul, Kinds::Text, vec![bytes(b"\xff"), bytes(b"a")], &[], "message 1: byte 1 is not UTF-8"),
            (
                Framing::Lines,
                Kinds::Text,
                vec![piece(b"gr\xc3"), piece(b"\xbcn"), bytes(b"\xc3\xbc"), bytes(b"\xbc")],
                &["gr\u{fffd}", "\u{fffd}n", "\u{fc}"],
                "line 2: byte 1 is not UTF-8",
            ),
            (
                Framing::Lines,
                Kinds::Text,
                vec![piece(b"gr\xc3"), bytes(b"n")],
                &["gr\u{fffd}"],
                "line 1: byte 3 is not UTF-8",
            ),
        ] {
            let (heard, broken) = told(teller(framing, kinds), messages);
            assert_eq!(heard, said, "{why}");
            let broken = broken.expect(why);
            assert_eq!(broken.why, format!("{why}; it and all after it were not sent"));
            assert!(broken.hint.is_some(), "{why}");
        }
    }

    #[test]
    fn what_need_not_be_text_is_never_bad() {
        let messages = || vec![bytes(b"a"), bytes(b"\xff")];
        for (kinds, expected) in [
            (Kinds::Told, [Kind::Binary, Kind::Binary]),
            (Kinds::Seen, [Kind::Text, Kind::Binary]),
            (Kinds::Binary, [Kind::Binary, Kind::Binary]),
        ] {
            let mut events = Vec::new();
            assert_eq!(teller(Framing::Lines, kinds).tell(messages(), &mut events), Ok(()));
            assert_eq!(events, kinds.lenient(messages()));
            let kinds: Vec<_> = events
                .iter()
                .map(|event| match event {
                    Event::Message(message) => message.kind,
                    other => panic!("{other:?}"),
                })
                .collect();
            assert_eq!(kinds, expected);
        }
    }

    proptest! {
        #[test]
        fn text_may_be_cut_anywhere(text in "[a\u{e9}\u{4e2d}\u{1f300}]{1,20}", size in 1..9_usize, wrong in any::<bool>()) {
            let mut whole = text.clone().into_bytes();
            if wrong {
                whole.push(0xff);
            }
            let last = whole.len().div_ceil(size) - 1;
            let messages = whole.chunks(size).enumerate().map(|(at, data)| Message {
                extent: if at == last { Extent::Whole } else { Extent::Piece },
                ..Message::binary(data.to_vec())
            });
            let result = teller(Framing::Lines, Kinds::Text).tell(messages.collect(), &mut Vec::new());
            prop_assert_eq!(result.is_err(), wrong);
            if let Err(broken) = result {
                let at = format!("line 1: byte {} is not", text.len() + 1);
                prop_assert!(broken.why.starts_with(&at), "{}", broken.why);
            }
        }
    }
}
