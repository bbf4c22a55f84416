//! Servers that are strange or rude, and what our client says of them. They are made by hand: each poll has its answer.

use std::collections::VecDeque;
use std::io::Read as _;
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::thread;

use super::listen::serving;
use crate::net::{Listener, Peer as _};
use crate::program::{Ended, Start as _, sockeye};
use crate::terminal::{Ended as Closed, Terminal};
use crate::ws::head;

const OPEN: &str = r#"0{"sid":"a","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#;
const LET_IN: &str = r#"40{"sid":"s"}"#;

/// A server whose sessions are these: their polls have these answers, and then none; every other request has "ok".
struct Server {
    port: u16,
    sessions: Sessions,
}

#[derive(Default)]
struct State {
    answers: Vec<VecDeque<String>>,
    opened: usize,
    asked: Vec<String>,
}

#[derive(Clone, Default)]
struct Sessions(Arc<Mutex<State>>);

impl Sessions {
    /// The answer to a request, if there is one.
    fn answer(&self, first: &str) -> Option<String> {
        let State { answers, opened, asked } = &mut *self.0.lock().expect("sessions");
        asked.push(first.to_owned());
        if !first.starts_with("GET") {
            return Some("ok".to_owned());
        }
        let number = match first.split("&sid=").nth(1) {
            None => {
                *opened += 1;
                *opened - 1
            }
            // Those that are named otherwise are the last.
            Some(sid) => {
                sid.strip_prefix('a').and_then(|rest| rest.split(' ').next()?.parse().ok()).unwrap_or(*opened - 1)
            }
        };
        let answer = answers.get_mut(number)?.pop_front()?;
        Some(answer.replace("\"sid\":\"a\"", &format!("\"sid\":\"a{number}\"")))
    }
}

impl Server {
    fn with(given: &[&[&str]]) -> Self {
        let listener = Listener::new();
        let port = listener.port();
        let sessions = Sessions::default();
        sessions.0.lock().expect("sessions").answers =
            given.iter().map(|answers| answers.iter().map(ToString::to_string).collect()).collect();
        let shared = sessions.clone();
        thread::spawn(move || {
            loop {
                let (stream, sessions) = (listener.accept(), shared.clone());
                thread::spawn(move || converse(stream, &sessions));
            }
        });
        Self { port, sessions }
    }

    fn answering<const N: usize>(answers: [&str; N]) -> Self {
        Self::with(&[&answers])
    }

    /// What becomes of a client that says nothing.
    fn verdict(&self, options: &str, code: i32) -> Ended {
        sockeye(&format!("sio connect 127.0.0.1:{} --transport polling {options}", self.port)).start().wait_code(code)
    }

    fn asked(&self) -> String {
        self.sessions.0.lock().expect("sessions").asked.join("\n")
    }
}

fn converse(mut stream: TcpStream, sessions: &Sessions) {
    while matches!(stream.peek(&mut [0]), Ok(1)) {
        let request = head(&mut stream);
        let lower = request.to_ascii_lowercase();
        let length = lower.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.parse().ok());
        stream.read_exact(&mut vec![0; length.unwrap_or(0)]).expect("a body");
        let Some(answer) = sessions.answer(request.lines().next().unwrap_or_default()) else {
            // This poll is held until its client gives it up.
            let _ = stream.read(&mut [0]);
            return;
        };
        stream.say(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{answer}", answer.len()));
    }
}

#[test]
fn what_comes_together_with_the_end_is_heard() {
    let all = format!("{LET_IN}\x1e42[\"a\",1]\x1e42[\"b\",2]\x1e41");
    let ended = Server::answering([OPEN, &all]).verdict("", 0);
    assert_eq!(ended.text(), "[\"a\",1]\n[\"b\",2]\n");
    assert!(ended.stderr.contains("/ disconnected: io server disconnect"), "{}", ended.stderr);
    // The end may be the session's.
    let all = format!("{LET_IN}\x1e42[\"a\",1]\x1e1");
    let ended = Server::answering([OPEN, &all]).verdict("--no-reconnect", 7);
    assert_eq!(ended.text(), "[\"a\",1]\n");
}

#[test]
fn who_is_sent_out_before_being_let_in_is_told_so() {
    let ended = Server::answering([OPEN, "41"]).verdict("", 6);
    assert!(ended.stderr.contains("the server sent us out of / and did not let us in"), "{}", ended.stderr);
}

#[test]
fn after_what_is_no_packet_a_client_connects_again_or_says_who_broke_the_protocol() {
    for wrong in ["42{", "42[\"connect\"]", "9"] {
        let broken = format!("{LET_IN}\x1e{wrong}");
        let server = Server::with(&[&[OPEN, &broken], &[OPEN, LET_IN, "42[\"again\",1]"]]);
        let ended = server.verdict("--reconnect-delay 1ms --count 1", 0);
        assert_eq!(ended.text(), "[\"again\",1]\n", "{wrong}");
        let ended = Server::answering([OPEN, &broken]).verdict("--no-reconnect", 6);
        assert!(ended.stderr.contains(": what came is no packet: "), "{wrong}: {}", ended.stderr);
        assert!(!ended.stderr.contains("proxy"), "{wrong}: {}", ended.stderr);
    }
}

#[test]
fn who_is_not_let_in_again_fails_as_who_never_was() {
    let cut = format!("{LET_IN}\x1e1");
    let server = Server::with(&[&[OPEN, &cut], &[OPEN, r#"44{"message":"Not authorized"}"#]]);
    let ended = server.verdict("--reconnect-delay 1ms", 6);
    assert!(ended.stderr.contains("does not let us into /: Not authorized"), "{}", ended.stderr);
    assert!(ended.stderr.contains("hint: --auth JSON"), "{}", ended.stderr);
}

#[test]
fn handshakes_that_the_official_client_takes_are_taken_and_others_named() {
    for open in [
        OPEN.replace("25000", "25000.0"),
        OPEN.replace("1000000", "-1"),
        OPEN.replace("[]", "[\"other\",1,null]"),
        OPEN.replace("\"upgrades\":[],", ""),
    ] {
        let server = Server::answering([&open, &format!("{LET_IN}\x1e42[\"in\"]")]);
        assert_eq!(server.verdict("--count 1", 0).text(), "[\"in\"]\n", "{open}");
    }
    for (wrong, words) in [
        (OPEN.replace("25000", "-1"), "-1 is no time in milliseconds"),
        (OPEN.replace("\"sid\":\"a\",", ""), "missing field `sid`"),
    ] {
        let ended = Server::answering([&wrong]).verdict("", 6);
        assert!(ended.stderr.contains("the handshake is wrong: "), "{}", ended.stderr);
        assert!(ended.stderr.contains(words), "{}", ended.stderr);
    }
}

#[test]
fn the_name_of_a_session_may_have_any_characters() {
    let open = OPEN.replace("\"a\"", "\"a+b/c= d&transport=x\"");
    let server = Server::answering([&open, &format!("{LET_IN}\x1e42[\"in\"]")]);
    server.verdict("--count 1", 0);
    assert!(server.asked().contains("&sid=a%2Bb%2Fc%3D+d%26transport%3Dx"), "{}", server.asked());
}

#[test]
fn what_is_larger_than_the_server_takes_is_not_said_and_the_rest_is() {
    for transport in ["polling", "websocket", "auto"] {
        let (_server, port) = serving(&["--reply", "echo", "--max-payload", "1000"]);
        let mut client = sockeye(&format!("sio connect 127.0.0.1:{port} --transport {transport} --count 1")).start();
        // A binary attachment is a third larger when it is polled.
        client.say_all(format!("large {}\nlarge hex:{}\nafter 1\n", "x".repeat(1000), "00".repeat(1001)));
        let ended = client.wait_code(0);
        assert_eq!(ended.text(), "[\"after\",1]\n", "{transport}");
        assert!(ended.stderr.contains("not said: it has 1014 bytes, and the server takes 1000"), "{}", ended.stderr);
        assert_eq!(ended.stderr.matches("not said: ").count(), 2, "{transport}: {}", ended.stderr);
    }
}

#[test]
fn what_would_close_the_connection_is_not_said_and_the_rest_is() {
    for transport in ["polling", "websocket", "auto"] {
        let (server, port) = super::server("");
        let options = format!("--transport {transport} --count 1");
        let mut client = sockeye(&format!("sio connect 127.0.0.1:{port} {options}")).start();
        let many = "hex:00 ".repeat(11);
        client.say_all(format!("connect x\ndisconnecting 1\n[\"newListener\"]\n[]\nmany {many}\necho after\n"));
        let ended = client.wait_code(0);
        assert_eq!(ended.text(), "[\"echo\",\"after\"]\n", "{transport}");
        assert_eq!(ended.stderr.matches("not said: ").count(), 5, "{transport}: {}", ended.stderr);
        assert!(ended.stderr.contains("not said: \"connect\" is no name for an event"), "{}", ended.stderr);
        assert!(!super::told(&server).contains("parse error"), "{}", super::told(&server));
    }
    // Not everything was said.
    let (_server, port) = super::server("");
    let mut client = sockeye(&format!("sio connect 127.0.0.1:{port} --send-only")).start();
    client.say_all("connect x\n");
    client.wait_code(7);
}

#[test]
fn a_status_in_an_open_session_is_not_said_to_be_no_socket_io() {
    let (_server, port) = serving(&["--fault", "413"]);
    let ended = sockeye(&format!("sio connect 127.0.0.1:{port} --transport polling")).start().wait_code(6);
    assert!(ended.stderr.contains("/socket.io/: the server answered 413 Payload Too Large"), "{}", ended.stderr);
    assert!(ended.stderr.contains("hint: that was too large for the server"), "{}", ended.stderr);
}

#[test]
fn why_a_server_closed_the_websocket_is_told() {
    let (_server, port) = serving(&["--max-payload", "100"]);
    let connect = format!("sio connect 127.0.0.1:{port} --transport websocket --no-reconnect");
    let mut terminal = Terminal::start(sockeye(&connect), 40, 200);
    terminal.wait_text("connected");
    terminal.press(&format!("/raw 42[\"{}\"]\r", "x".repeat(100)));
    terminal.wait_text("the server closed the WebSocket with 1009");
    assert_eq!(terminal.wait_end(), Closed::Code(7));
}

#[test]
fn who_is_refused_closes_the_session() {
    for transport in ["polling", "websocket", "auto"] {
        let (server, port) = serving(&["-v", "--ping-interval", "1h"]);
        sockeye(&format!("sio connect 127.0.0.1:{port} --namespace /nope --transport {transport}"))
            .start_mute()
            .wait_code(6);
        server.wait_stderr("transport close");
    }
}

#[test]
fn a_namespace_can_be_left_and_entered_again() {
    let (_server, port) = serving(&["--reply", "echo"]);
    let mut terminal = Terminal::start(sockeye(&format!("sio connect 127.0.0.1:{port}")), 40, 100);
    terminal.press("hello 1\r");
    terminal.wait_text("< [\"hello\", 1]");
    terminal.press("/disconnect /nope\r");
    terminal.wait_text("we are not in /nope");
    terminal.press("/disconnect\r");
    terminal.wait_text("left /; nothing is open");
    terminal.press("/ns /\r");
    terminal.press("hello 2\r");
    terminal.wait_text("< [\"hello\", 2]");
    terminal.press("/quit\r");
    assert_eq!(terminal.wait_end(), Closed::Code(0));
}
