//! The prompt of a WebSocket, on a real terminal.

use super::listener;
use crate::program::sockeye;
use crate::terminal::{Ended, Terminal};

#[test]
fn what_is_typed_is_said_and_every_command_does_what_it_says() {
    let (server, port) = listener("--reply echo -v");
    let mut terminal = Terminal::start(sockeye(&format!("ws connect localhost:{port} -v")), 40, 100);
    terminal.wait_text("ws open");
    for (typed, at_server) in [
        ("hello", "< text, 5 B"),
        ("/binary 00ff", "< binary, 2 B"),
        ("/ping are you there", "< ping, 13 B"),
        ("/fragment 2 abcd", "< continuation, 2 B"),
        ("/text /slash", "< text, 6 B"),
    ] {
        terminal.press(&format!("{typed}\r"));
        server.wait_stderr(at_server);
    }
    terminal.wait_text("round trip");
    terminal.press("/deflate\r");
    terminal.wait_text("permessage-deflate; said");
    terminal.press("/nonsense\r");
    terminal.wait_text("unknown command /nonsense");
    terminal.press("/close 4000 bye\r");
    server.wait_stderr("4000 (the application's own): bye");
    // It was us who closed.
    assert_eq!(terminal.wait_end(), Ended::Code(0));
    terminal.assert_as_before();
}

#[test]
fn a_wrong_frame_is_refused_by_the_other_side_and_both_say_why() {
    let (server, port) = listener("--reply echo");
    let mut terminal = Terminal::start(sockeye(&format!("ws connect localhost:{port} -v")), 40, 100);
    terminal.wait_text("ws open");
    terminal.press("/frame 1 010 text 01020304 hello\r");
    server.wait_stderr("reserved bits");
    terminal.wait_text("1002 (protocol error)");
    assert_eq!(terminal.wait_end(), Ended::Code(6));
}
