//! Events in JSON, a line each, as `--output json` shows them: what one conversation heard another can say.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::event::{Event, Message, Record, What};

/// What a line is to be.
pub(super) const EXPECTED: &str =
    r#"expected an event such as {"event":"message","kind":"text","text":"hi"} or {"text":"hi"}"#;

/// The event of a line; `None` for what is no event: a blank line, or a record of something else. The error says what is
/// wrong with it.
pub(super) fn read(line: &[u8]) -> Result<Option<Event>, String> {
    if line.trim_ascii().is_empty() {
        return Ok(None);
    }
    let value: Value = serde_json::from_slice(line).map_err(|error| words(&error))?;
    if value.get("what").is_some() {
        let record: Record = serde_json::from_value(value).map_err(|error| words(&error))?;
        return Ok(match record.what {
            What::Said(event) | What::Heard(event) => Some(event),
            _ => None,
        });
    }
    if value.get("event").is_some() {
        return serde_json::from_value(value).map(Some).map_err(|error| words(&error));
    }
    let text = |name| value.get(name).and_then(Value::as_str);
    let message = match (text("text"), text("base64")) {
        (Some(text), None) => Message::text(text),
        (None, Some(code)) => {
            Message::binary(STANDARD.decode(code).map_err(|error| format!("it is not base64: {error}"))?)
        }
        _ => return Err("it is not an event".to_owned()),
    };
    Ok(Some(Event::Message(message)))
}

/// `expected value at byte 3`: for `serde_json` each line is the first.
fn words(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.split_once(" at line ") {
        Some((what, _)) => format!("{what} at byte {}", error.column()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::CloseReason;

    #[test]
    fn what_json_shows_can_be_said() {
        let bye = CloseReason { code: 1000, reason: "bye".to_owned() };
        for (line, event) in [
            (r#"{"event":"message","kind":"text","text":"hi"}"#, Event::Message(Message::text("hi"))),
            (
                r#"{"event":"message","kind":"binary","base64":"3q0="}"#,
                Event::Message(Message::binary(&[0xde, 0xad][..])),
            ),
            (r#"{"text":"hi"}"#, Event::Message(Message::text("hi"))),
            (r#"{"base64":"3q0="}"#, Event::Message(Message::binary(&[0xde, 0xad][..]))),
            (r#"{"event":"ping","text":"x"}"#, Event::Ping(Message::binary(&b"x"[..]))),
            (r#"{"event":"close","why":{"code":1000,"reason":"bye"}}"#, Event::Close { why: Some(bye) }),
            (r#"{"event":"finish"}"#, Event::Finish),
            (
                r#"{"time":"2026-11-27T18:13:50.647762745Z","conn":1,"what":"heard","event":"message","kind":"text","text":"a"}"#,
                Event::Message(Message::text("a")),
            ),
        ] {
            assert_eq!(read(line.as_bytes()), Ok(Some(event)), "{line}");
        }
        for line in [" ", r#"{"time":"2026-11-27T18:13:50Z","conn":1,"what":"notice","notice":"x"}"#] {
            assert_eq!(read(line.as_bytes()), Ok(None), "{line}");
        }
        for line in
            ["hi", "{}", "[]", r#"{"event":"nonsense"}"#, r#"{"text":1}"#, r#"{"base64":"%"}"#, r#"{"what":"said"}"#]
        {
            assert!(read(line.as_bytes()).is_err(), "{line}");
        }
    }
}
