//! A client's.

use super::{dialect, event, order, raw, said};
use crate::event::{About, Delivery};
use crate::repl::{self, Command, Dialect, Verb};
use crate::sio::json::{Json, Shape};
use crate::sio::{Order, packet, words};

/// What a client makes of the prompt.
pub static CLIENT: Dialect = dialect(&VERBS);

static VERBS: [Verb; 8] = [
    Verb {
        name: "ask",
        arguments: "EVENT ARGS…",
        help: "say an event that is to be acknowledged, and show the answer",
        make: |given| event(given, About { asks: Some(0), ..About::default() }),
    },
    Verb { name: "ack", arguments: "N ARGS…", help: "acknowledge the event that asked with the number N", make: ack },
    Verb {
        name: "volatile",
        arguments: "EVENT ARGS…",
        help: "say an event that is dropped if it cannot be sent now",
        make: |given| event(given, About { delivery: Delivery::Volatile, ..About::default() }),
    },
    Verb {
        name: "ns",
        arguments: "NAME [AUTH]",
        help: "enter a namespace, and say events there from now on: /ns /admin {token:'x'}",
        make: namespace,
    },
    Verb {
        name: "disconnect",
        arguments: "[NAME]",
        help: "leave a namespace, the current one if none is named",
        make: |given| Ok(order(Order::Disconnect((!given.is_empty()).then(|| packet::namespace(given))))),
    },
    Verb {
        name: "drop",
        arguments: "",
        help: "cut the connection as if a cable were, to see what becomes of it",
        make: |given| repl::alone(given, order(Order::Drop)),
    },
    Verb {
        name: "upgrade",
        arguments: "",
        help: "move from polling to a WebSocket, which --transport auto does by itself",
        make: |given| repl::alone(given, order(Order::Upgrade)),
    },
    Verb { name: "raw", arguments: "42[\"x\"]", help: "say an Engine.IO message as it is, right or wrong", make: raw },
];

fn ack(given: &str) -> Result<Command, String> {
    const EXPECTED: &str = "expected N ARGS…, such as: /ack 3 ok {a:1}";
    let (number, rest) = given.split_once(char::is_whitespace).unwrap_or((given, ""));
    let number = number.parse().map_err(|_| EXPECTED)?;
    let words = words::arguments(rest, &repl::file).map_err(|wrong| wrong.to_string())?;
    let about = About { answers: Some(number), attachments: words.attachments, ..About::default() };
    Ok(said(words.json.text(), about))
}

fn namespace(given: &str) -> Result<Command, String> {
    let (name, auth) = given.split_once(char::is_whitespace).unwrap_or((given, ""));
    if name.is_empty() || name.contains(',') {
        return Err(
            "expected the name of a namespace, without a comma, and perhaps an object: /ns /admin {a:1}".to_owned()
        );
    }
    let words = words::arguments(auth, &repl::file).map_err(|wrong| wrong.to_string())?;
    let auth: Vec<Json> = words.json.elements();
    let auth = match auth.as_slice() {
        [] => None,
        [auth] if auth.shape() == Shape::Object => Some(auth.clone()),
        _ => return Err("expected one object behind the name: /ns /admin {token:'x'}".to_owned()),
    };
    Ok(order(Order::Namespace { name: packet::namespace(name), auth }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Message;

    #[test]
    fn what_can_be_said() {
        let read = |line| repl::parse(line, &CLIENT);
        assert_eq!(read("chat hi"), Ok(Command::Say(Message::text("chat hi"))));
        for (line, wanted) in [
            ("/ns admin {a:1}", Order::Namespace { name: "/admin".into(), auth: Json::parse("{\"a\":1}".into()) }),
            ("/ns /x", Order::Namespace { name: "/x".into(), auth: None }),
            ("/disconnect", Order::Disconnect(None)),
            ("/disconnect /x", Order::Disconnect(Some("/x".into()))),
            ("/drop", Order::Drop),
            ("/upgrade", Order::Upgrade),
            ("/raw 42[\"x\"]", Order::Raw("2[\"x\"]".into())),
        ] {
            assert_eq!(read(line), Ok(order(wanted)), "{line}");
        }
        // As a line is, and once for all times.
        for line in ["chat {a", "//a {", "/repeat 2 1s chat {a"] {
            assert!(read(line).is_err_and(|error| error.starts_with("not said: column ")), "{line}");
        }
        assert!(read("/repeat 2 1s chat hi").is_ok());
        let about = About { answers: Some(3), ..About::default() };
        assert_eq!(read("/ack 3 ok {a:1}"), Ok(said("[\"ok\",{\"a\":1}]", about)));
        assert_eq!(read("/ask chat hi"), Ok(said("chat hi", About { asks: Some(0), ..About::default() })));
        for line in
            ["/ack", "/ack x", "/ask", "/ask chat {", "/ns", "/ns /x 7", "/ns a,b", "/drop now", "/upgrade x", "/raw 2"]
        {
            assert!(read(line).is_err(), "{line}");
        }
    }

    #[test]
    fn bytes_are_no_event_and_it_is_said_how_they_are_typed() {
        for line in ["/hex 00ff", "/base64 AP8=", "/file Cargo.toml"] {
            assert!(repl::parse(line, &CLIENT).is_err_and(|error| error.contains("upload hex:")), "{line}");
        }
        let help = repl::help(&CLIENT);
        assert!(!["/hex", "/base64", "/file"].iter().any(|name| help.contains(name)), "{help}");
    }

    #[test]
    fn lines_that_are_put_in_at_once_are_events_if_the_first_is_whole() {
        for (text, lines) in [
            ("chat 1\nchat 2\r\n\n  chat 3\n", &["chat 1", "chat 2", "  chat 3"][..]),
            ("/ns /admin\nchat {a", &["/ns /admin", "chat {a"]),
            ("chat {\n  a: 1\n}", &["chat {\n  a: 1\n}"]),
            ("[\"chat\",\n1]", &["[\"chat\",\n1]"]),
        ] {
            assert_eq!(repl::pasted(text, &CLIENT), lines);
        }
        assert_eq!(repl::pasted("a\nb", &repl::PLAIN), ["a\nb"]);
        assert!(repl::parse("chat {\n  a: 1\n}", &CLIENT).is_ok());
    }
}
