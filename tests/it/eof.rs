//! The end of stdin and the end of the peer, and nothing that was on its way is lost.

use std::fs::File;

use crate::net::{Listener, Peer as _, connect};
use crate::program::{Start as _, peer, python, sockeye};
use crate::terminal::{Ended, Terminal};

/// From descriptor to descriptor, and as messages.
const BOTH_PATHS: [&str; 2] = ["", "-v"];

#[test]
fn the_answer_two_seconds_after_the_end_of_stdin_is_not_lost() {
    let talks = BOTH_PATHS.map(|path| {
        let server = python("tcp.py", "listen hear-end pause:2 say:late").start();
        let mut client = sockeye(&format!("tcp connect 127.0.0.1:{} {path}", server.port())).start();
        client.say_all("request");
        (server, client)
    });
    for (mut server, mut client) in talks {
        assert_eq!(client.wait_code(0).text(), "late");
        assert_eq!(server.wait_code(0).text(), "request");
    }
}

#[test]
fn a_client_that_half_closes_gets_the_late_response_of_a_listener() {
    for options in ["--once", "--once -v", ""] {
        let mut server = sockeye(&format!("tcp listen 0 {options}")).start();
        let client = connect(server.port());
        client.say("request");
        client.finish();
        server.wait_stdout("request");
        server.say_all("late");
        assert_eq!(client.hear_end(), b"late", "{options}");
        if options.contains("--once") {
            server.wait_code(0);
        }
    }
}

#[test]
fn nc_and_ncat_half_close_and_get_the_late_response_of_a_listener() {
    for (program, options) in [("nc", "-N"), ("ncat", "")] {
        let mut server = sockeye("tcp listen 0 --once").start();
        let mut client = peer(program, &format!("{options} 127.0.0.1 {}", server.port())).start();
        client.say_all("request");
        server.wait_stdout("request");
        server.say_all("late");
        assert_eq!(client.wait_code(0).text(), "late", "{program}");
        assert_eq!(server.wait_code(0).text(), "request", "{program}");
    }
}

#[test]
fn the_end_of_stdin_half_closes_and_the_answer_is_heard() {
    for path in BOTH_PATHS {
        let listener = Listener::new();
        let mut client =
            sockeye(&format!("tcp connect 127.0.0.1:{} {path} --at-eof half-close", listener.port())).start();
        client.say_all("x");
        let server = listener.accept();
        assert_eq!(server.hear_end(), b"x", "the FIN comes before we end");
        server.say("answer");
        drop(server);
        assert_eq!(client.wait_code(0).text(), "answer");
    }
}

#[test]
fn at_eof_close_ends_also_if_the_peer_does_not() {
    for path in BOTH_PATHS {
        let listener = Listener::new();
        let mut client = sockeye(&format!("tcp connect 127.0.0.1:{} {path} --at-eof close", listener.port())).start();
        client.say_all("x");
        let server = listener.accept();
        client.wait_code(0);
        assert_eq!(server.hear_end(), b"x");
    }
}

#[test]
fn at_eof_stay_keeps_our_direction_open_until_the_peer_ends() {
    let listener = Listener::new();
    let mut client = sockeye(&format!("tcp connect 127.0.0.1:{} -v --at-eof stay", listener.port())).start();
    client.say_all("x");
    let server = listener.accept();
    server.hear("x");
    server.say("bye");
    server.finish();
    assert_eq!(server.hear_end(), b"");
    let ended = client.wait_code(0);
    assert_eq!(ended.text(), "bye");
    let at = |step: &str| ended.stderr.find(step).unwrap_or_else(|| panic!("no {step}: {}", ended.stderr));
    assert!(at("the peer's direction") < at("our direction"), "{}", ended.stderr);
}

#[test]
fn at_eof_stay_ends_also_when_stdin_ends_after_the_peer() {
    for path in BOTH_PATHS {
        let listener = Listener::new();
        let words = format!("tcp connect 127.0.0.1:{} {path} --at-eof stay", listener.port());
        let mut client = sockeye(&words).start();
        let server = listener.accept();
        server.say("bye");
        server.finish();
        client.wait_stdout("bye");
        // What comes from stdin is still for the peer, and after that there is nothing to stay for.
        client.say("x");
        server.hear("x");
        client.finish();
        assert_eq!(server.hear_end(), b"");
        client.wait_code(0);
    }
}

#[test]
fn linger_counts_from_the_end_of_stdin_and_ends_with_a_message() {
    for path in BOTH_PATHS {
        let listener = Listener::new();
        let mut client = sockeye(&format!("tcp connect 127.0.0.1:{} {path} --linger 200ms", listener.port())).start();
        let server = listener.accept();
        client.say("x");
        server.hear("x");
        assert!(client.runs(), "it does not count before the end of stdin");
        client.finish();
        let ended = client.wait_code(5);
        assert!(ended.stderr.contains("200ms"), "{}", ended.stderr);
        assert!(ended.stderr.contains("linger"), "{}", ended.stderr);
    }
}

#[test]
fn linger_is_not_put_off_by_a_peer_that_talks() {
    for path in BOTH_PATHS {
        let server = python("tcp.py", "listen flood:4000000000").start();
        let null = File::options().write(true).open("/dev/null").expect("/dev/null");
        let mut client = sockeye(&format!("tcp connect 127.0.0.1:{} {path} --linger 300ms", server.port()));
        client.stdout(null).start_mute().wait_code(5);
    }
}

#[test]
fn when_the_peer_ends_a_pipe_with_more_to_come_goes_on() {
    for path in BOTH_PATHS {
        let listener = Listener::new();
        let mut client = sockeye(&format!("tcp connect 127.0.0.1:{} {path}", listener.port())).start();
        let server = listener.accept();
        server.say("done");
        server.finish();
        client.wait_stdout("done");
        if path.is_empty() {
            client.wait_stdout_end(); // whoever reads our stdout learns of it at once
        } else {
            client.wait_stderr("the peer's direction is over");
        }
        client.say("more");
        server.hear("more");
        client.say_all("still");
        assert_eq!(server.hear_end(), b"still");
        client.wait_code(0);
    }
}

#[test]
fn when_the_peer_ends_and_stdin_has_ended_it_is_over() {
    for path in BOTH_PATHS {
        let server = python("tcp.py", "listen say:hello").start();
        let mut client = sockeye(&format!("tcp connect 127.0.0.1:{} {path}", server.port())).start_mute();
        assert_eq!(client.wait_code(0).text(), "hello");
    }
}

#[test]
fn when_the_peer_ends_and_a_person_types_it_is_over() {
    let listener = Listener::new();
    let mut command = sockeye(&format!("tcp connect 127.0.0.1:{}", listener.port()));
    let state = tempfile::tempdir().expect("a folder");
    command.env("TERM", "xterm").env("XDG_STATE_HOME", state.path());
    let mut terminal = Terminal::start(command, 24, 80);
    let server = listener.accept();
    server.say("hello\n");
    terminal.wait_text("hello");
    drop(server);
    assert_eq!(terminal.wait_end(), Ended::Code(0));
    terminal.assert_as_before();
}
