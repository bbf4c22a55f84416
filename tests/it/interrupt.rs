//! The first interrupt ends politely, the second at once.

use std::time::{Duration, Instant};

use rustix::event::PollFlags;
use rustix::process::Signal;

use crate::net::{Blackhole, Listener, Peer as _, connect};
use crate::program::{Start as _, python, ready, sockeye};
use crate::terminal::{Ended, Terminal};

#[test]
fn an_interrupt_ends_politely_with_130() {
    for signal in [Signal::INT, Signal::TERM] {
        for options in ["", "-v"] {
            let listener = Listener::new();
            let mut client = sockeye(&format!("tcp connect 127.0.0.1:{} {options}", listener.port())).start();
            let server = listener.accept();
            client.say("hello");
            server.hear("hello");
            client.signal(signal);
            assert_eq!(server.hear_end(), b"", "a FIN and no reset");
            drop(server);
            client.wait_code(130);
        }
    }
}

#[test]
fn a_listener_says_goodbye_to_every_peer() {
    for signal in [Signal::INT, Signal::TERM] {
        let mut server = sockeye("tcp listen 0").start();
        let port = server.port();
        let clients: Vec<_> = (0..5).map(|_| connect(port)).collect();
        for (number, client) in clients.iter().enumerate() {
            client.say(format!("<{number}>"));
            server.wait_stdout(&format!("<{number}>"));
        }
        server.signal(signal);
        for client in clients {
            assert_eq!(client.hear_end(), b"");
        }
        server.wait_code(130);
    }
}

#[test]
fn a_second_interrupt_ends_at_once() {
    // A peer that neither reads nor ends: a polite end takes two seconds. A machine may be busy for one, but not always.
    let ends_at_once = |options: &str| {
        let listener = Listener::new();
        let mut client = sockeye(&format!("tcp connect 127.0.0.1:{} {options}", listener.port())).start();
        let server = listener.accept();
        client.say("hello");
        server.hear("hello");
        client.signal(Signal::INT);
        assert_eq!(server.hear_end(), b"");
        let second = Instant::now();
        client.signal(Signal::INT);
        client.wait_code(130);
        second.elapsed() < Duration::from_secs(1)
    };
    assert!((0..10).any(|_| ends_at_once("")));
    assert!((0..10).any(|_| ends_at_once("-v")));
}

#[test]
fn a_second_interrupt_does_not_wait_for_a_stdout_that_takes_nothing() {
    let server = python("tcp.py", "listen flood:100000000").start();
    let (stdout, writer) = std::io::pipe().expect("a pipe");
    let mut client = sockeye(&format!("tcp connect 127.0.0.1:{} -v", server.port())).stdout(writer).start();
    assert!(ready(&stdout, PollFlags::IN));
    while client.runs() {
        client.signal(Signal::INT);
        std::thread::yield_now();
    }
    client.wait_code(130);
}

#[test]
fn an_interrupt_ends_what_has_not_begun() {
    let blackhole = Blackhole::new();
    for command in [
        "tcp listen 0".to_owned(),
        "tcp listen 0 --once".to_owned(),
        "udp listen 0".to_owned(),
        "unix listen @sockeye-interrupted".to_owned(),
        format!("tcp connect 127.0.0.1:{}", blackhole.port()),
        format!("tcp connect 127.0.0.1:{} -v", blackhole.port()),
    ] {
        let mut program = sockeye(&command).start();
        if command.contains("listen") {
            program.wait_stderr("listening on");
        } else {
            blackhole.wait_for(&program);
        }
        program.signal(Signal::INT);
        program.wait_code(130);
    }
}

#[test]
fn the_terminal_is_as_before_after_a_signal() {
    for signal in [Signal::INT, Signal::TERM] {
        let listener = Listener::new();
        let mut command = sockeye(&format!("tcp connect 127.0.0.1:{}", listener.port()));
        let state = tempfile::tempdir().expect("a folder");
        command.env("TERM", "xterm").env("XDG_STATE_HOME", state.path());
        let mut terminal = Terminal::start(command, 24, 80);
        let server = listener.accept();
        server.say("hello\n");
        terminal.wait_text("hello");
        terminal.signal(signal);
        assert_eq!(server.hear_end(), b"");
        drop(server);
        assert_eq!(terminal.wait_end(), Ended::Code(130));
        terminal.assert_as_before();
    }
}
