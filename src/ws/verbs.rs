//! What can be said at the prompt of a WebSocket, beyond what every protocol has.

use bytes::Bytes;
use ring::rand::{SecureRandom as _, SystemRandom};

use super::close;
use super::frame::{CONTROL_LIMIT, Header, LengthForm, Opcode};
use super::speaking::{LONGEST_REASON, verbatim};
use crate::event::{CloseReason, Event, Extent, Message};
use crate::repl::{self, Command, Dialect, Verb};

/// What it makes of the prompt.
pub static DIALECT: Dialect = Dialect::of(&VERBS);

/// Its commands.
pub static VERBS: [Verb; 9] = [
    Verb { name: "text", arguments: "TEXT", help: "say it as text", make: |given| Ok(say(Message::text(given))) },
    Verb {
        name: "binary",
        arguments: "HEX|base64:…|@FILE",
        help: "say bytes as a binary message",
        make: |given| bytes(given).map(|data| say(Message::binary(data))),
    },
    Verb {
        name: "ping",
        arguments: "[DATA]",
        help: "ask whether the peer is there; -v shows how long its pong takes",
        make: |given| control(given).map(|message| Command::Send(vec![Event::Ping(message)])),
    },
    Verb {
        name: "pong",
        arguments: "[DATA]",
        help: "say a pong that nobody asked for",
        make: |given| control(given).map(|message| Command::Send(vec![Event::Pong(message)])),
    },
    Verb { name: "close", arguments: "[CODE [REASON]]", help: "close the conversation, and say why", make: closing },
    Verb { name: "fragment", arguments: "N TEXT", help: "say TEXT as one message in N frames", make: fragments },
    Verb {
        name: "frame",
        arguments: "FIN RSV OPCODE MASK PAYLOAD",
        help: "say one frame, right or wrong: /frame 1 000 text random hi, /frame 0 111 0x3 - hex:00ff (RSV: three bits, RSV1 \
               first, or 0 to 7)",
        make: frame,
    },
    Verb {
        name: "raw",
        arguments: "HEX",
        help: "say bytes as they are, between frames",
        make: |given| repl::hex(given).map(wire),
    },
    Verb {
        name: "deflate",
        arguments: "",
        help: "what compression was agreed upon, and what it saved",
        make: |given| repl::alone(given, Command::Account),
    },
];

fn say(message: Message) -> Command {
    Command::Send(vec![Event::Message(message)])
}

fn wire(data: Vec<u8>) -> Command {
    Command::Send(vec![Event::Wire(Message::binary(data))])
}

/// `DEADBEEF`, `base64:3q2+7w==`, `@FILE`.
fn bytes(given: &str) -> Result<Vec<u8>, String> {
    if let Some(path) = given.strip_prefix('@') {
        return repl::file(path);
    }
    match given.strip_prefix("base64:") {
        Some(code) => repl::base64(code),
        None => repl::hex(given.strip_prefix("hex:").unwrap_or(given)),
    }
}

fn control(given: &str) -> Result<Message, String> {
    if given.len() > CONTROL_LIMIT {
        return Err(format!("its data is at most {CONTROL_LIMIT} bytes (RFC 6455 §5.5); /frame sends longer ones"));
    }
    Ok(Message::text(given))
}

fn closing(given: &str) -> Result<Command, String> {
    const EXPECTED: &str = "expected a code such as 1000, or from 4000 to 4999, and perhaps a reason";
    if given.is_empty() {
        return Ok(Command::Close(None));
    }
    let (code, reason) = given.split_once(char::is_whitespace).unwrap_or((given, ""));
    let reason = reason.trim();
    let code = code.parse().map_err(|_| EXPECTED.to_owned())?;
    if !close::may_be_said(code) {
        let name = close::name(code);
        return Err(format!("{code} ({name}) is never said; {EXPECTED}. /frame 1 0 close says anything"));
    }
    if reason.len() > LONGEST_REASON {
        return Err(format!("a reason is at most {LONGEST_REASON} bytes"));
    }
    Ok(Command::Close(Some(CloseReason { code, reason: reason.to_owned() })))
}

/// Cut between characters, as evenly as that goes.
fn fragments(given: &str) -> Result<Command, String> {
    const EXPECTED: &str = "expected N TEXT, such as: /fragment 3 hello";
    let (count, text) = given.split_once(char::is_whitespace).ok_or(EXPECTED)?;
    let count: usize = count.parse().ok().filter(|count| *count > 0).ok_or(EXPECTED)?;
    let starts: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let length = starts.len() - 1;
    if count > length {
        return Err(format!("{length} characters cannot be cut into {count} parts"));
    }
    let text = Bytes::from(text.to_owned());
    let part = |n: usize| {
        let data = text.slice(starts[n * length / count]..starts[(n + 1) * length / count]);
        let extent = if n + 1 == count { Extent::Whole } else { Extent::Piece };
        Event::Message(Message { extent, data, ..Message::text("") })
    };
    Ok(Command::Send((0..count).map(part).collect()))
}

/// RSV1 to RSV3 as three bits, `100`, or as their number, `4`.
fn reserved(given: &str) -> Option<u8> {
    let radix = match given.len() {
        1 => 8,
        3 => 2,
        _ => return None,
    };
    u8::from_str_radix(given, radix).ok().filter(|_| given.bytes().all(|digit| digit.is_ascii_digit()))
}

fn frame(given: &str) -> Result<Command, String> {
    const EXPECTED: &str = "expected FIN (0|1) RSV (three bits such as 100, or 0 to 7) OPCODE (a name or 0 to 15) \
                            MASK (-, random, or 8 hex digits) PAYLOAD (text, hex:…, base64:…, @FILE)";
    let mut rest = given;
    let mut word = || -> Result<&str, String> {
        let (word, after) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        rest = after.trim_start();
        if word.is_empty() { Err(EXPECTED.to_owned()) } else { Ok(word) }
    };
    let (fin, rsv, opcode, mask) = (word()?, word()?, word()?, word()?);
    let expected = |what: &str| format!("{what} is not what stands there; {EXPECTED}");
    let fin = match fin {
        "0" => false,
        "1" => true,
        other => return Err(expected(other)),
    };
    let rsv = reserved(rsv).ok_or_else(|| expected(rsv))?;
    let named = (0..16).map(Opcode::new).find(|named| named.name() == opcode && opcode != "reserved");
    let numbered = || {
        let bits = opcode.strip_prefix("0x").map_or_else(|| opcode.parse(), |hex| u8::from_str_radix(hex, 16));
        bits.ok().filter(|bits| *bits < 16).map(Opcode::new)
    };
    let opcode = named.or_else(numbered).ok_or_else(|| expected(opcode))?;
    let mask = match mask {
        "-" => None,
        "random" => {
            let mut key = [0; 4];
            let _ = SystemRandom::new().fill(&mut key); // without it zeros are a mask too
            Some(key)
        }
        hex => Some(repl::hex(hex).ok().and_then(|key| key.try_into().ok()).ok_or_else(|| expected(hex))?),
    };
    let payload = match rest {
        "" => Vec::new(),
        coded if ["hex:", "base64:", "@"].iter().any(|start| coded.starts_with(start)) => bytes(coded)?,
        text => text.as_bytes().to_vec(),
    };
    let length = payload.len() as u64;
    let header = Header { fin, rsv, opcode, mask, length, form: LengthForm::of(length) };
    Ok(wire(verbatim(header, &payload)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(line: &str) -> Result<Command, String> {
        repl::parse(line, &DIALECT)
    }

    fn events(line: &str) -> Vec<Event> {
        match read(line) {
            Ok(Command::Send(events)) => events,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn what_can_be_said() {
        let wire = |bytes: &'static [u8]| Event::Wire(Message::binary(bytes));
        for (line, event) in [
            ("/text /x", Event::Message(Message::text("/x"))),
            ("/binary de:ad", Event::Message(Message::binary(&[0xde, 0xad][..]))),
            ("/binary base64:3q0=", Event::Message(Message::binary(&[0xde, 0xad][..]))),
            ("/ping", Event::Ping(Message::text(""))),
            ("/ping a b", Event::Ping(Message::text("a b"))),
            ("/pong x", Event::Pong(Message::text("x"))),
            ("/raw 81 00", wire(&[0x81, 0x00])),
            ("/frame 1 0 text - hi", wire(b"\x81\x02hi")),
            ("/frame 0 7 0xb 37fa213d Hello", wire(b"\x7b\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58")),
            ("/frame 1 100 text - hi", wire(b"\xc1\x02hi")),
            ("/frame 1 010 text - hi", wire(b"\xa1\x02hi")),
            ("/frame 1 001 text - hi", wire(b"\x91\x02hi")),
            ("/frame 1 4 text - hi", wire(b"\xc1\x02hi")),
            ("/frame 1 0 8 - hex:03e8", wire(b"\x88\x02\x03\xe8")),
            ("/frame 1 0 ping -", wire(b"\x89\x00")),
        ] {
            assert_eq!(events(line), [event], "{line}");
        }
        let bye = CloseReason { code: 4001, reason: "bye bye".to_owned() };
        assert_eq!(read("/close 4001 bye bye"), Ok(Command::Close(Some(bye))));
        assert_eq!(read("/close"), Ok(Command::Close(None)));
        assert_eq!(read("/deflate"), Ok(Command::Account));
    }

    #[test]
    fn what_cannot_says_what_was_expected() {
        for line in [
            "/binary xyz",
            "/close x",
            "/close 1005",
            "/close 70000",
            "/fragment 3",
            "/fragment 0 abc",
            "/fragment 4 abc",
            "/frame",
            "/frame 2 0 text - x",
            "/frame 1 8 text - x",
            "/frame 1 10 text - x",
            "/frame 1 1000 text - x",
            "/frame 1 102 text - x",
            "/frame 1 +10 text - x",
            "/frame 1 0 16 - x",
            "/frame 1 0 nonsense - x",
            "/frame 1 0 text 12 x",
            "/frame 1 0 text - hex:1",
            "/raw",
            "/deflate now",
        ] {
            assert!(read(line).is_err(), "{line}");
        }
        assert!(read(&format!("/ping {}", "x".repeat(126))).is_err());
        assert!(read(&format!("/close 1000 {}", "x".repeat(124))).is_err());
    }

    #[test]
    fn the_protocols_own_close_is_the_one_that_is_listed() {
        let help = repl::help(&DIALECT);
        assert_eq!(help.matches("/close").count(), 1, "{help}");
        assert!(help.contains("/close [CODE [REASON]]"), "{help}");
    }

    proptest! {
        #[test]
        fn fragments_are_the_text(text in "[a-z\u{e9}\u{4e2d}\u{1f300}]{1,20}", count in 1..20usize) {
            let Ok(Command::Send(events)) = read(&format!("/fragment {count} {text}")) else {
                prop_assert!(count > text.chars().count());
                return Ok(());
            };
            prop_assert_eq!(events.len(), count);
            let mut whole = Vec::new();
            for event in &events {
                let Event::Message(message) = event else { panic!("a message") };
                prop_assert!(!message.data.is_empty() && std::str::from_utf8(&message.data).is_ok());
                whole.extend_from_slice(&message.data);
            }
            prop_assert_eq!(String::from_utf8(whole).expect("UTF-8"), text);
        }

        #[test]
        fn no_line_is_too_strange(line in "/(close|frame|fragment|ping|binary|raw) .{0,30}") {
            let _ = read(&line);
        }
    }
}
