//! A server's.

use super::{dialect, event, order, raw, said};
use crate::eio::Text;
use crate::event::{About, Delivery};
use crate::repl::{self, Command, Dialect, Verb};
use crate::sio::{Order, packet, words};

/// What a server makes of the prompt.
pub static SERVER: Dialect = dialect(&VERBS);

static VERBS: [Verb; 12] = [
    Verb {
        name: "ask",
        arguments: "EVENT ARGS…",
        help: "say an event to be acknowledged by everybody who hears it",
        make: |given| event(given, About { asks: Some(0), ..About::default() }),
    },
    Verb {
        name: "volatile",
        arguments: "EVENT ARGS…",
        help: "say an event that is dropped where it cannot be sent now",
        make: |given| event(given, About { delivery: Delivery::Volatile, ..About::default() }),
    },
    Verb {
        name: "ack",
        arguments: "SID ID ARGS…",
        help: "acknowledge the event that a socket has asked about under this number",
        make: ack,
    },
    Verb {
        name: "join",
        arguments: "SID ROOM",
        help: "put a socket into a room",
        make: |given| two(given).map(|(sid, room)| order(Order::Join(sid, room))),
    },
    Verb {
        name: "leave",
        arguments: "SID ROOM",
        help: "take a socket out of a room",
        make: |given| two(given).map(|(sid, room)| order(Order::Leave(sid, room))),
    },
    Verb {
        name: "to",
        arguments: "ROOM…|SID…|all",
        help: "who hears the next events: rooms or sockets, or everybody",
        make: |given| match given {
            "" => Err("expected rooms, sockets, or all; /sockets lists them".to_owned()),
            "all" => Ok(order(Order::To(Vec::new()))),
            rooms => Ok(order(Order::To(names(rooms)))),
        },
    },
    Verb {
        name: "except",
        arguments: "[ROOM…|SID…]",
        help: "but who is in one of these does not hear them",
        make: |given| Ok(order(Order::Except(names(given)))),
    },
    Verb {
        name: "ns",
        arguments: "NAME",
        help: "the namespace of what follows, and everybody in it",
        make: |given| match given {
            "" => Err("expected the name of a namespace, such as /admin".to_owned()),
            name => Ok(order(Order::Namespace { name: packet::namespace(name), auth: None })),
        },
    },
    Verb {
        name: "disconnect",
        arguments: "SID",
        help: "send a socket out of its namespace",
        make: |given| match given {
            "" => Err("expected a socket; /sockets lists them".to_owned()),
            sid => Ok(order(Order::Disconnect(Some(sid.into())))),
        },
    },
    Verb {
        name: "drop",
        arguments: "",
        help: "cut every connection as if a cable were, to see who recovers",
        make: |given| repl::alone(given, order(Order::Drop)),
    },
    Verb {
        name: "raw",
        arguments: "42[\"x\"]",
        help: "say an Engine.IO message to every client as it is, right or wrong",
        make: raw,
    },
    Verb {
        name: "sockets",
        arguments: "",
        help: "who is in which namespace and room",
        make: |given| repl::alone(given, Command::Account),
    },
];

fn names(given: &str) -> Vec<Text> {
    given.split_whitespace().map(Text::from).collect()
}

fn two(given: &str) -> Result<(Text, Text), String> {
    match given.split_whitespace().collect::<Vec<_>>()[..] {
        [sid, room] => Ok((sid.into(), room.into())),
        _ => Err("expected a socket and a room; /sockets lists them".to_owned()),
    }
}

fn ack(given: &str) -> Result<Command, String> {
    const EXPECTED: &str = "expected a socket, the number that it asked under, and arguments: /ack SID 0 ok";
    let (sid, rest) = given.split_once(char::is_whitespace).ok_or(EXPECTED)?;
    let rest = rest.trim_start();
    let (id, arguments) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let id = id.parse().map_err(|_| EXPECTED.to_owned())?;
    let words = words::arguments(arguments, &repl::file).map_err(|wrong| wrong.to_string())?;
    let about = About { from: Some(sid.into()), answers: Some(id), attachments: words.attachments, ..About::default() };
    Ok(said(words.json.text(), about))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Event;

    #[test]
    fn each_verb_makes_what_it_says() {
        let orders = |line: &str| match repl::parse(line, &SERVER) {
            Ok(Command::Send(events)) => match events.as_slice() {
                [Event::Order(order)] => (**order).clone(),
                other => panic!("{line}: {other:?}"),
            },
            other => panic!("{line}: {other:?}"),
        };
        for (line, expected) in [
            ("/join abc blue", Order::Join("abc".into(), "blue".into())),
            ("/leave abc blue", Order::Leave("abc".into(), "blue".into())),
            ("/to all", Order::To(vec![])),
            ("/to blue red", Order::To(vec!["blue".into(), "red".into()])),
            ("/except", Order::Except(vec![])),
            ("/ns admin", Order::Namespace { name: "/admin".into(), auth: None }),
            ("/disconnect abc", Order::Disconnect(Some("abc".into()))),
            ("/drop", Order::Drop),
            ("/raw 42[\"x\"]", Order::Raw("2[\"x\"]".into())),
        ] {
            assert_eq!(orders(line), expected, "{line}");
        }
        for line in ["/join abc", "/to", "/ns", "/disconnect", "/drop x", "/raw", "/ask", "/ack abc", "/ack abc x"] {
            assert!(repl::parse(line, &SERVER).is_err(), "{line}");
        }
    }
}
