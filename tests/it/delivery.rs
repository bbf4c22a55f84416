//! Nothing is lost: we never close with unread input, and after a reset we say how much arrived.

use crate::net::{Listener, Peer as _, connect};
use crate::program::{Start as _, python, sockeye};

#[test]
fn a_reset_is_exit_code_7_and_says_how_much_was_acknowledged() {
    for options in ["", "-v", "--output json"] {
        let listener = Listener::new();
        let mut client = sockeye(&format!("tcp connect 127.0.0.1:{} {options}", listener.port())).start();
        let server = listener.accept();
        client.say("hello");
        server.hear("hello");
        server.reset();
        let ended = client.wait_code(7);
        assert!(ended.stderr.contains("5 of 5 bytes sent were acknowledged"), "{options}: {}", ended.stderr);
        assert_eq!(ended.stderr.lines().filter(|line| line.starts_with("sockeye: ")).count(), 1, "{}", ended.stderr);
    }
}

#[test]
fn a_reset_by_python_with_much_under_way_says_less_than_was_sent() {
    for options in ["", "-v"] {
        let server = python("tcp.py", "listen hear:1000 wait reset").start();
        let mut client = sockeye(&format!("tcp connect 127.0.0.1:{} {options}", server.port()));
        let mut client = client.stdin(std::fs::File::open("/dev/zero").expect("/dev/zero")).start();
        server.wait_stdout_bytes(1000);
        let mut server = server;
        server.say_all("\n");
        let ended = client.wait_code(7);
        let line = ended.stderr.lines().find(|line| line.starts_with("sockeye: ")).expect("a line");
        let numbers: Vec<u64> =
            line.split(|c: char| !c.is_ascii_digit()).rev().filter_map(|digits| digits.parse().ok()).take(2).collect();
        let [sent, acknowledged] = numbers[..] else { panic!("{line}") };
        assert!(line.contains("bytes sent were acknowledged"), "{line}");
        assert!((1000..=sent).contains(&acknowledged), "{line}");
    }
}

#[test]
fn a_listener_of_many_says_how_much_of_a_reset_conversation_was_acknowledged_and_goes_on() {
    let mut server = sockeye("tcp listen 0").start();
    let port = server.port();
    let first = connect(port);
    first.say("first");
    server.wait_stdout("first");
    server.say("hello");
    first.hear("hello");
    first.reset();
    server.wait_stderr("5 B acknowledged");
    let second = connect(port);
    second.say("second");
    server.wait_stdout("second");
    server.say("again");
    second.hear("again");
}

#[test]
fn a_listener_for_one_ends_with_7_after_a_reset() {
    for options in ["--once", "--once -v"] {
        let mut server = sockeye(&format!("tcp listen 0 {options}")).start();
        let client = connect(server.port());
        server.say("hello");
        client.hear("hello");
        client.reset();
        let ended = server.wait_code(7);
        assert!(ended.stderr.contains("5 of 5 bytes sent were acknowledged"), "{options}: {}", ended.stderr);
    }
}

#[test]
fn what_came_before_a_reset_is_heard() {
    for options in ["", "-v"] {
        let listener = Listener::new();
        let mut client = sockeye(&format!("tcp connect 127.0.0.1:{} {options}", listener.port())).start();
        let server = listener.accept();
        server.say("before");
        client.wait_stdout("before");
        server.reset();
        assert_eq!(client.wait_code(7).text(), "before");
    }
}

#[test]
fn a_peer_that_closes_before_it_took_everything_is_exit_code_7() {
    for options in ["", "-v"] {
        let listener = Listener::new();
        let mut client = sockeye(&format!("tcp connect 127.0.0.1:{} {options}", listener.port())).start();
        let server = listener.accept();
        client.say_all("a request that is never read");
        // Closing with unread input resets.
        assert!(crate::program::ready(&server, rustix::event::PollFlags::IN));
        drop(server);
        client.wait_code(7);
    }
}

#[test]
fn our_close_does_not_reset_what_we_sent() {
    // The listener ends in the middle of what the client says; the client must still get all that was said to it.
    let answer = "an answer ".repeat(10_000);
    let mut server = sockeye("tcp listen 0 --once --expect enough");
    let mut server = server.args(["--say", &answer]).start();
    let client = connect(server.port());
    client.say("enough, and much that is never read ".repeat(5000));
    assert!(client.hear_end() == format!("{answer}\n").as_bytes());
    server.wait_code(0);
}
