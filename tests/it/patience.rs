//! `--retry` and `--reconnect`: endpoints that are not there yet, and conversations that are lost.

use std::io::Write as _;

use tempfile::TempDir;

use crate::net::{Blackhole, Listener, Peer as _};
use crate::program::{Start as _, shell, sockeye};
use crate::terminal::Terminal;

/// An address of loopback that only one test uses, so that its port stays free while nobody listens.
fn closed(host: &str) -> String {
    format!("{host}:{}", Listener::on(&format!("{host}:0")).port())
}

#[test]
fn retry_waits_until_the_endpoint_opens() {
    let address = closed("127.0.91.1");
    let mut program = sockeye(&format!("tcp connect {address} --retry 60s")).start();
    program.wait_stderr("connection refused; trying again for 60s");
    let listener = Listener::on(&address);
    let stream = listener.accept();
    program.say_all("hello");
    stream.hear("hello");
    stream.say("welcome");
    drop(stream);
    let ended = program.wait_code(0);
    assert_eq!(ended.text(), "welcome");
    assert_eq!(ended.stderr.lines().count(), 1, "the failure is said once: {}", ended.stderr);
}

#[test]
fn retry_waits_for_a_unix_socket_too() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("late.sock");
    let mut program = sockeye(&format!("unix connect {} --retry 60s", path.display())).start();
    program.wait_stderr("trying again");
    let listener = std::os::unix::net::UnixListener::bind(&path).expect("listen");
    let (mut stream, _) = listener.accept().expect("accept");
    stream.write_all(b"here").expect("write");
    drop(stream);
    program.finish();
    assert_eq!(program.wait_code(0).text(), "here");
}

#[test]
fn retry_gives_up_and_says_so() {
    let address = closed("127.0.91.2");
    let ended = sockeye(&format!("tcp connect {address} --retry 300ms")).start_mute().wait_code(5);
    let last = ended.stderr.lines().rev().nth(1).expect("a line and its hint");
    assert!(last.contains("connection refused; it did not open within 300ms ("), "{}", ended.stderr);
    // An attempt that gets no answer at all is cut at the limit, not at its own time-out.
    let hole = Blackhole::new();
    let ended = sockeye(&format!("tcp connect 127.0.0.1:{} --retry 300ms", hole.port())).start_mute().wait_code(5);
    assert!(ended.stderr.contains("it did not open within 300ms (1 attempt)"), "{}", ended.stderr);
}

#[test]
fn what_cannot_pass_is_not_tried_again() {
    // No interface has it: that is about us, not about the endpoint.
    let ended = sockeye("tcp connect 127.0.0.1:1 --bind 192.0.2.1 --retry 60s").start_mute().wait_code(1);
    assert!(!ended.stderr.contains("trying again"), "{}", ended.stderr);
}

#[test]
fn reconnect_says_the_greeting_again_and_keeps_what_was_piped_meanwhile() {
    let address = closed("127.0.91.3");
    let listener = Listener::on(&address);
    let mut program =
        sockeye(&format!("tcp connect {address} --reconnect --reconnect-delay 10ms..50ms --framing lines --say hi"))
            .start();
    let first = listener.accept();
    first.hear("hi\n");
    program.say("one\n");
    first.hear("one\n");
    drop(listener); // nobody is there for a while
    first.reset();
    program.wait_stderr("reset by the peer");
    program.wait_stderr("(attempt 2)");
    program.say("two\n");
    program.finish();
    let second = Listener::on(&address).accept();
    second.hear("hi\ntwo\n");
    assert_eq!(second.hear_end(), b"");
    second.say("bye\n");
    drop(second);
    assert_eq!(program.wait_code(0).text(), "bye\n", "stdin is over and the peer ended in good order");
}

#[test]
fn a_polite_end_is_reconnected_too_while_stdin_goes_on() {
    let listener = Listener::new();
    let mut program = sockeye(&format!(
        "tcp connect 127.0.0.1:{} --reconnect --reconnect-delay 1ms --framing lines --count 3",
        listener.port()
    ))
    .start();
    for line in ["1\n", "2\n", "3\n"] {
        listener.accept().say(line);
    }
    assert_eq!(program.wait_code(0).text(), "1\n2\n3\n");
}

#[test]
fn offline_drop_reads_on_and_says_how_much_was_dropped() {
    let address = closed("127.0.91.4");
    let listener = Listener::on(&address);
    let mut program = sockeye(&format!(
        "tcp connect {address} --reconnect --reconnect-delay 10ms..50ms --offline drop --framing lines"
    ))
    .start();
    let first = listener.accept();
    drop(listener);
    drop(first);
    program.wait_stderr("(attempt 2)");
    // More than any buffer on the way holds, so writing it shows that it is read.
    for _ in 0..20_000 {
        program.say("0123456789\n");
    }
    let second = Listener::on(&address).accept();
    program.wait_stderr("messages were dropped while there was no connection (--offline drop)");
    program.say("after\n");
    program.finish();
    let heard = String::from_utf8(second.hear_end()).expect("text");
    assert!(heard.ends_with("after\n") && heard.len() < 20_000 * 11, "{} bytes", heard.len());
    drop(second);
    program.wait_code(0);
}

#[test]
fn attempts_in_a_row_are_counted_and_the_last_failure_decides_the_code() {
    let address = closed("127.0.91.5");
    let listener = Listener::on(&address);
    let mut program =
        sockeye(&format!("tcp connect {address} --reconnect=2 --reconnect-delay 1ms --recv-only")).start_mute();
    let stream = listener.accept();
    drop(listener);
    drop(stream);
    let ended = program.wait_code(4);
    for text in ["(attempt 1 of 2)", "(attempt 2 of 2)", "connection refused", "attempts failed in a row"] {
        assert!(ended.stderr.contains(text), "{text}: {}", ended.stderr);
    }
    assert!(!ended.stderr.contains("attempt 3"), "{}", ended.stderr);
}

#[test]
fn the_first_attempt_of_all_is_not_repeated() {
    let ended = sockeye(&format!("tcp connect {} --reconnect", closed("127.0.91.6"))).start_mute().wait_code(4);
    assert!(!ended.stderr.contains("again"), "{}", ended.stderr);
}

#[test]
fn an_interrupt_ends_the_wait() {
    let address = closed("127.0.91.7");
    let listener = Listener::on(&address);
    let mut program =
        sockeye(&format!("tcp connect {address} --reconnect --reconnect-delay 1h --recv-only")).start_mute();
    let stream = listener.accept();
    drop((listener, stream));
    program.wait_stderr("(attempt 1)");
    program.signal(rustix::process::Signal::INT);
    program.wait_code(130);
}

#[test]
fn a_person_may_type_and_command_while_there_is_no_connection() {
    let address = closed("127.0.91.8");
    let listener = Listener::on(&address);
    let command = sockeye(&format!("tcp connect {address} --reconnect --reconnect-delay 10ms..50ms"));
    let mut terminal = Terminal::start(command, 24, 100);
    let stream = listener.accept();
    terminal.wait_text("connected");
    drop((listener, stream));
    terminal.wait_text("(attempt 2)");
    terminal.press("kept\r");
    terminal.press("/help\r");
    terminal.wait_text("/quit");
    let stream = Listener::on(&address).accept();
    stream.hear("kept\n");
    terminal.press("/quit\r");
    terminal.wait_end();
    terminal.assert_as_before();
}

#[test]
fn it_replaces_wait_for_it() {
    let address = closed("127.0.91.9");
    let binary = env!("CARGO_BIN_EXE_sockeye");
    let line = format!("{binary} tcp connect {address} --retry 60s --at-eof close </dev/null && echo open");
    let mut waiting = shell(&line).start_mute();
    waiting.wait_stderr("trying again");
    let listener = Listener::on(&address);
    drop(listener.accept());
    assert_eq!(waiting.wait_code(0).text(), "open\n");
}
