//! A connection that is lost and not opened again: how our client says so, and with which exit code.

use rustix::process::Signal;

use super::listen::serving;
use super::server;
use crate::program::{Ended, Program, Start as _, sockeye};

/// A client over this transport that has heard something.
fn client(port: u16, transport: &str, options: &str) -> Program {
    let mut client = sockeye(&format!("sio connect 127.0.0.1:{port} --transport {transport} {options}")).start();
    client.say("echo there\n");
    client.wait_stdout("[\"echo\",\"there\"]\n");
    client
}

/// In Socket.IO's words, and in nobody else's.
fn is_told(ended: &Ended, reason: &str) {
    assert!(ended.stderr.contains(&format!("/ disconnected: {reason}\n")), "{}", ended.stderr);
    let last = ended.stderr.lines().find(|line| line.starts_with("sockeye: ")).expect("a failure");
    assert!(last.contains(&format!("/socket.io/: the connection was lost: {reason}")), "{last}");
    for strange in ["1006", "Close frame"] {
        assert!(!ended.stderr.contains(strange), "{}", ended.stderr);
    }
}

#[test]
fn a_server_that_disappears_is_a_transport_that_closed_or_failed() {
    for (transport, reason) in [("polling", "transport error"), ("websocket", "transport close")] {
        let (server, port) = server("");
        let mut client = client(port, transport, "--no-reconnect");
        drop(server);
        is_told(&client.wait_code(7), reason);
    }
}

#[test]
fn a_server_that_says_goodbye_has_closed_the_transport() {
    for transport in ["polling", "websocket"] {
        let (server, port) = serving(&["--reply", "echo", "-v"]);
        let mut client = client(port, transport, "--no-reconnect");
        if transport == "polling" {
            // Its POSTs, the polls that let it in and brought the echo, and the one that waits.
            server.wait_stderr_times("&sid=", 5);
        }
        server.signal(Signal::INT);
        is_told(&client.wait_code(7), "transport close");
    }
}

#[test]
fn who_gives_up_connecting_again_says_what_came_of_the_last_attempt() {
    for transport in ["polling", "websocket"] {
        let (server, port) = server("");
        let mut client = client(port, transport, "--reconnect-attempts 1 --reconnect-delay 1ms");
        drop(server);
        let ended = client.wait_code(7);
        let last = ended.stderr.lines().find(|line| line.starts_with("sockeye: ")).expect("a failure");
        assert!(last.contains("the connection was lost: transport error"), "{last}");
        assert!(last.contains("connection refused"), "{last}");
    }
}

#[test]
fn a_heart_that_stands_still_is_a_ping_timeout() {
    for transport in ["polling", "websocket"] {
        let beats = ["--ping-interval", "100ms", "--ping-timeout", "2s"];
        let (_server, port) = serving(&[&beats[..], &["--reply", "echo", "--fault", "no-pong"]].concat());
        let ended = client(port, transport, "--no-reconnect").wait_code(5);
        assert!(ended.stderr.contains("/ disconnected: ping timeout\n"), "{}", ended.stderr);
    }
}
