//! What may be said. What the official decoders refuse closes the connection of whoever hears it, and what the official
//! `emit` refuses no application means: neither is said.

use super::hearing::{Limits, Parser, are_there, is_reserved};
use super::json::{Json, Shape};

/// Why something may not be said.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsayable {
    /// It has no name, or is no array.
    #[error("an event is an array that begins with its name, a string or a number: [\"chat\",\"hi\"]")]
    Nameless,
    /// Libraries have this name for themselves.
    #[error("{0:?} is no name for an event: libraries have it for themselves, and close the connection that says it")]
    Reserved(String),
    /// More attachments than a packet may have.
    #[error("{count} attachments are too many: peers close the connection at more than {limit} in one packet")]
    TooMany {
        /// As given.
        count: usize,
        /// As allowed.
        limit: usize,
    },
    /// A placeholder stands for an attachment that there is not.
    #[error("a placeholder stands for an attachment that is not there, and peers close the connection at it")]
    Attachments,
}

/// Whether an event may be said: its name and arguments as an array, and how many attachments it has.
pub fn event(parser: Parser, event: &Json, attachments: usize) -> Result<(), Unsayable> {
    match event.name() {
        None => Err(Unsayable::Nameless),
        Some(name) if is_reserved(&name) => Err(Unsayable::Reserved(name.as_string().unwrap_or_default())),
        Some(_) => answer(parser, event, attachments),
    }
}

/// Whether an acknowledgement may be said: its arguments as an array, and how many attachments it has.
pub fn answer(parser: Parser, arguments: &Json, attachments: usize) -> Result<(), Unsayable> {
    let limit = Limits::default().attachments;
    match parser {
        _ if arguments.shape() != Shape::Array => Err(Unsayable::Nameless),
        // Bytes are bytes there, and may be as many as one likes.
        Parser::Json(_) if attachments > limit => Err(Unsayable::TooMany { count: attachments, limit }),
        // Without attachments nobody looks for placeholders.
        Parser::Json(_) if attachments > 0 && !are_there(arguments, attachments) => Err(Unsayable::Attachments),
        Parser::Json(_) | Parser::Msgpack => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Json {
        Json::parse(text.into()).expect("JSON")
    }

    #[test]
    fn what_peers_close_the_connection_at_may_not_be_said() {
        let reserved = |name: &str| Err(Unsayable::Reserved(name.to_owned()));
        let place = r#"["x",{"_placeholder":true,"num":1}]"#;
        for (text, attachments, verdict) in [
            (r#"["chat",1]"#, 0, Ok(())),
            ("[7]", 0, Ok(())),
            (r#"["Connect"]"#, 0, Ok(())),
            (r#"["connection","connect"]"#, 0, Ok(())),
            (r#"["connect",1]"#, 0, reserved("connect")),
            (r#" [ "connect_error" ]"#, 0, reserved("connect_error")),
            (r#"["disconnect"]"#, 0, reserved("disconnect")),
            (r#"["disconnecting"]"#, 0, reserved("disconnecting")),
            (r#"["newListener"]"#, 0, reserved("newListener")),
            (r#"["removeListener"]"#, 0, reserved("removeListener")),
            (r#"["\u0063onnect"]"#, 0, reserved("connect")),
            ("[]", 0, Err(Unsayable::Nameless)),
            ("[null]", 0, Err(Unsayable::Nameless)),
            ("{}", 0, Err(Unsayable::Nameless)),
            (r#"["x"]"#, 10, Ok(())),
            (r#"["x"]"#, 11, Err(Unsayable::TooMany { count: 11, limit: 10 })),
            (place, 0, Ok(())),
            (place, 1, Err(Unsayable::Attachments)),
            (place, 2, Ok(())),
        ] {
            assert_eq!(event(Parser::default(), &json(text), attachments), verdict, "{text}");
        }
        assert_eq!(event(Parser::Msgpack, &json(r#"["x"]"#), 11), Ok(()));
        assert_eq!(event(Parser::Msgpack, &json(r#"["connect"]"#), 0), reserved("connect"));
    }

    #[test]
    fn an_answer_has_no_name() {
        for text in ["[]", r#"["connect"]"#, "[null]"] {
            assert_eq!(answer(Parser::default(), &json(text), 0), Ok(()), "{text}");
        }
        let too_many = Err(Unsayable::TooMany { count: 11, limit: 10 });
        assert_eq!(answer(Parser::default(), &json("[]"), 11), too_many);
    }
}
