//! The prompts of both sides, on real terminals.

use rustix::process::Signal;

use super::{asked, curl, web};
use crate::program::{Start as _, sockeye};
use crate::terminal::Terminal;

#[test]
fn what_is_typed_is_posted_and_heard() {
    let (server, port) = web();
    let mut terminal = Terminal::start(sockeye(&format!("http sse http://localhost:{port}/chat")), 24, 100);
    terminal.wait_text("< welcome");
    for text in ["hello", "and again"] {
        terminal.press(&format!("{text}\r"));
        terminal.wait_text(&format!("> {text}"));
        terminal.wait_text(&format!("< {text}"));
    }
    assert_eq!(asked(&server, "POST /chat").len(), 2);
    terminal.press("\x03");
    terminal.wait_end();
    terminal.assert_as_before();
}

#[test]
fn what_is_not_taken_is_said_at_the_prompt() {
    let (_server, port) = web();
    let words = format!("http long-poll http://localhost:{port}/hold --post http://localhost:{port}/refuse?status=403");
    let mut terminal = Terminal::start(sockeye(&words), 24, 100);
    terminal.wait_text("< first");
    terminal.press("hello\r");
    terminal.wait_text("not delivered: POST");
    terminal.press("\x03");
    terminal.wait_end();
}

#[test]
fn what_is_typed_at_the_server_is_an_event_and_what_is_posted_is_shown() {
    let mut terminal = Terminal::start(sockeye("http listen 0 -4"), 24, 120);
    terminal.wait_text("listening on http://127.0.0.1:");
    let rows = terminal.rows().join("\n");
    let port = rows.split("127.0.0.1:").nth(1).and_then(|rest| rest.split(|c: char| !c.is_ascii_digit()).next());
    let port = port.and_then(|port| port.parse().ok()).expect("a port");
    let stream = curl(port, "/stream", "-N -v").start();
    stream.wait_stderr("< Transfer-Encoding: chunked");
    terminal.press("typed\r");
    stream.wait_stdout("{\"id\":1,\"data\":\"typed\"}\n");
    curl(port, "/publish", "-d posted").start_mute().wait_code(0);
    terminal.wait_text("posted");
    stream.signal(Signal::TERM);
    terminal.press("\x03");
    terminal.wait_end();
}
