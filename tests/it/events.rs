//! A bad line of input takes no good one with it: all before it arrive, and the line is named.

use std::fs;

use crate::net::{Listener, Peer as _, connect};
use crate::program::{Ended, Start as _, sockeye};

const BAD: &[u8] = b"no event\n";

/// `{"text":"one"}` and so on, a line each.
fn events(texts: &[&str]) -> Vec<u8> {
    texts.iter().flat_map(|text| format!("{{\"text\":\"{text}\"}}\n").into_bytes()).collect()
}

/// One line says which line is bad and why, the next what to do.
fn assert_told(ended: &Ended, why: &str, hint: &str) {
    let told = format!("sockeye: stdin: {why}; it and all after it were not sent\nhint: {hint}");
    assert!(ended.stderr.contains(&told), "{}", ended.stderr);
}

#[test]
fn the_events_before_a_bad_one_arrive_however_they_are_read() {
    let one_read = [events(&["one", "two"]), BAD.to_vec(), events(&["four"])].concat();
    let (half, rest) = one_read.split_at(20);
    for reads in [vec![&one_read[..]], vec![half, rest], one_read.split_inclusive(|&byte| byte == b'\n').collect()] {
        let listener = Listener::new();
        let mut client =
            sockeye(&format!("tcp connect 127.0.0.1:{} --events --framing lines", listener.port())).start();
        let server = listener.accept();
        for (at, read) in reads.iter().enumerate() {
            client.say(read);
            if at == 0 && reads.len() > 1 {
                server.hear("one\n"); // it has been read by itself
            }
        }
        let heard = if reads.len() > 1 { "two\n" } else { "one\ntwo\n" };
        assert_eq!(String::from_utf8_lossy(&server.hear_end()), heard);
        drop(server);
        assert_told(&client.wait_code(1), "line 3: expected ident at byte 2", "expected an event such as {");
    }
}

#[test]
fn the_texts_before_one_that_is_none_arrive() {
    let server = sockeye("ws listen 0 -4 --framing tagged -v").start();
    let mut client = sockeye(&format!("ws connect localhost:{} --kind text", server.port())).start();
    client.say_all(b"one\ntw\xc3\xb6\nthr\xffee\nfour\n");
    assert_told(&client.wait_code(1), "line 3: byte 4 is not UTF-8", "--kind auto ");
    server.wait_stderr("closed: ");
    assert_eq!(server.stdout(), b"t\0\0\0\x03onet\0\0\0\x04tw\xc3\xb6");
}

#[test]
fn everybody_hears_what_a_listener_could_say() {
    let mut server = sockeye("tcp listen 0 --events --framing lines --once").start();
    let client = connect(server.port());
    server.say([&events(&["one", "two"]), BAD].concat());
    client.hear("one\ntwo\n");
    assert_eq!(client.hear_end(), b"");
    drop(client);
    assert_told(&server.wait_code(1), "line 3: expected ident at byte 2", "expected an event such as {");
}

#[test]
fn a_file_for_each_is_said_up_to_its_bad_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("events");
    fs::write(&path, [&events(&["one", "two"]), BAD, &events(&["four"])].concat()).expect("a file");
    let listening = |options| {
        let words = format!("tcp listen 0 --events --framing lines --stdin each {options}");
        sockeye(&words).stdin(fs::File::open(&path).expect("a file")).start()
    };
    let server = listening("");
    for times in 1..=2 {
        assert_eq!(connect(server.port()).hear_end(), b"one\ntwo\n");
        server.wait_stderr_times("stdin: line 3: expected ident at byte 2; it and all after it were not sent", times);
    }
    let mut once = listening("--once");
    assert_eq!(connect(once.port()).hear_end(), b"one\ntwo\n");
    assert_told(&once.wait_code(1), "line 3: expected ident at byte 2", "expected an event such as {");
}
