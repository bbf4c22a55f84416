//! The rules of a conversation that the user sets: what is said first, what is waited for, when it has been too quiet.

use crate::net::{Listener, Peer as _, connect, udp_to};
use crate::program::{Start as _, peer, python, sockeye};

#[test]
fn say_is_said_first_in_order_and_then_stdin() {
    for options in ["", "-v"] {
        let mut server = python("tcp.py", "listen hear-end").start();
        let mut client =
            sockeye(&format!("tcp connect 127.0.0.1:{} {options} --say one --say two", server.port())).start();
        client.say_all("three");
        client.wait_code(0);
        assert_eq!(server.wait_code(0).text(), "one\ntwo\nthree");
    }
}

#[test]
fn a_listener_says_it_to_every_peer() {
    let server = sockeye("tcp listen 0 --say welcome").start();
    let port = server.port();
    let clients = [connect(port), connect(port)];
    for client in clients {
        client.hear("welcome\n");
    }
}

#[test]
fn count_ends_with_success_after_so_many_messages() {
    let server = sockeye("tcp listen 0 --say one --say two --say three --framing lines").start();
    let mut client = sockeye(&format!("tcp connect 127.0.0.1:{} --framing lines --count 2", server.port())).start();
    assert_eq!(client.wait_code(0).text(), "one\ntwo\n");
    let mut server = python("tcp.py", "listen say:one\n").start();
    let mut client =
        sockeye(&format!("tcp connect 127.0.0.1:{} --framing lines --count 2", server.port())).start_mute();
    let ended = client.wait_code(8);
    assert!(ended.stderr.contains("1 of 2"), "{}", ended.stderr);
    server.wait_code(0);
}

#[test]
fn expect_ends_with_success_once_it_is_heard_and_with_8_if_it_never_is() {
    let server = python("tcp.py", "listen say:hello wait").start();
    let mut client = sockeye(&format!("tcp connect 127.0.0.1:{} --expect ell", server.port())).start();
    assert_eq!(client.wait_code(0).text(), "hello");
    for path in ["", "-v"] {
        let server = python("tcp.py", "listen say:hello").start();
        let mut client = sockeye(&format!("tcp connect 127.0.0.1:{} --expect bye {path}", server.port())).start_mute();
        let ended = client.wait_code(8);
        assert!(ended.stderr.contains("bye"), "{}", ended.stderr);
        assert_eq!(ended.text(), "hello", "what was heard is shown all the same");
    }
}

#[test]
fn expect_is_heard_also_when_it_falls_into_two_messages() {
    let listener = Listener::new();
    let mut client = sockeye(&format!("tcp connect 127.0.0.1:{} --expect needle", listener.port())).start();
    let server = listener.accept();
    for piece in ["hay nee", "d", "le hay"] {
        server.say(piece);
        if piece != "le hay" {
            client.wait_stdout(piece);
        }
    }
    client.wait_code(0);
}

#[test]
fn what_two_peers_say_together_is_not_what_is_expected() {
    let mut server = sockeye("tcp listen 0 --expect needle").start();
    let port = server.port();
    let (one, two) = (connect(port), connect(port));
    one.say("nee");
    server.wait_stdout("nee");
    two.say("dle");
    server.wait_stdout("dle");
    assert!(server.runs());
    one.say("dle");
    server.wait_code(0);
}

#[test]
fn send_only_shows_nothing_and_the_peer_is_not_blocked() {
    for options in ["", "-v"] {
        let mut server = python("tcp.py", "listen flood:8388608 finish hear-end").start();
        let mut client = sockeye(&format!("tcp connect 127.0.0.1:{} --send-only {options}", server.port())).start();
        client.say_all("data");
        assert_eq!(client.wait_code(0).text(), "");
        assert_eq!(server.wait_code(0).text(), "data");
    }
}

#[test]
fn recv_only_does_not_read_stdin_nor_end_our_direction() {
    for options in ["", "-v"] {
        let listener = Listener::new();
        let mut client =
            sockeye(&format!("tcp connect 127.0.0.1:{} --recv-only {options}", listener.port())).start_mute();
        let server = listener.accept();
        server.say("data");
        client.wait_stdout("data");
        assert!(client.runs());
        server.finish();
        assert_eq!(server.hear_end(), b"");
        client.wait_code(0);
    }
}

#[test]
fn idle_ends_a_silent_conversation_with_5() {
    for options in ["", "-v"] {
        let listener = Listener::new();
        let mut client = sockeye(&format!("tcp connect 127.0.0.1:{} --idle 200ms {options}", listener.port())).start();
        let server = listener.accept();
        let ended = client.wait_code(5);
        assert!(ended.stderr.contains("200ms"), "{}", ended.stderr);
        assert_eq!(server.hear_end(), b"");
    }
    let listener = Listener::new();
    let mut client = sockeye(&format!("udp connect 127.0.0.1:{} --idle 200ms", listener.port())).start();
    client.wait_code(5);
}

#[test]
fn idle_dismisses_one_peer_of_a_listener_and_keeps_the_others() {
    let mut server = sockeye("tcp listen 0 --idle 1s --reply echo").start_mute();
    let port = server.port();
    let (silent, talker) = (connect(port), connect(port));
    talker.set_nodelay(true).expect("an option");
    silent.set_nonblocking(true).expect("non-blocking");
    let dismissed = || !matches!(silent.peek(&mut [0]), Err(error) if error.kind() == std::io::ErrorKind::WouldBlock);
    let deadline = std::time::Instant::now() + crate::program::DEADLINE;
    while !dismissed() {
        talker.say("x");
        talker.hear("x");
        assert!(std::time::Instant::now() < deadline, "the silent one stays");
    }
    talker.say("still here");
    talker.hear("still here");
    assert!(server.runs());
    server.wait_stderr("idle for 1s");
}

#[test]
fn accept_timeout_is_5_and_said() {
    for options in [
        "tcp listen 0",
        "tcp listen 0 --once",
        "tcp listen 0 --once -v",
        "udp listen 0",
        "unix listen @sockeye-nobody-comes",
    ] {
        let mut server = sockeye(&format!("{options} --accept-timeout 100ms")).start();
        let ended = server.wait_code(5);
        assert!(ended.stderr.contains("--accept-timeout"), "{options}: {}", ended.stderr);
    }
}

#[test]
fn accept_timeout_means_nothing_once_somebody_came() {
    let mut server = sockeye("tcp listen 0 --accept-timeout 300ms -v").start_mute();
    let client = connect(server.port());
    client.say("hello");
    server.wait_stdout("hello");
    drop(client);
    server.wait_stderr("closed: ");
    // It listens on, and another peer finds it.
    let mut nc = peer("nc", &format!("-N 127.0.0.1 {}", server.port())).start();
    nc.say_all("again");
    server.wait_stdout("again");
    assert!(server.runs());
}

#[test]
fn udp_once_hears_one_peer() {
    let mut server = sockeye("udp listen 0 --once --count 2 --framing lines").start();
    let port = server.port();
    let (one, two) = (udp_to(port), udp_to(port));
    one.send(b"one").expect("sent");
    server.wait_stdout("one");
    two.send(b"two").expect("sent");
    one.send(b"three").expect("sent");
    assert_eq!(server.wait_code(0).text(), "one\nthree\n");
}
