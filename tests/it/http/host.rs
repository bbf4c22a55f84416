//! The server of every style: what each client hears, and what is kept for whom.

use std::io::Read as _;

use super::{curl, each, listener, python};
use crate::net::{Peer as _, connect};
use crate::program::{Program, Start as _, sockeye};

fn numbered(count: usize) -> String {
    each(count, |n| format!("event {n}\n"))
}

/// The same as lines of JSON.
fn told(count: usize) -> String {
    each(count, |n| format!("{{\"id\":{n},\"data\":\"event {n}\"}}\n"))
}

/// curl, which listens once the head of its answer is there.
fn listening(port: u16, path: &str) -> Program {
    let client = curl(port, path, "-N -v").start();
    client.wait_stderr("< Transfer-Encoding: chunked");
    client
}

#[test]
fn curl_hears_streams_as_they_happen_and_publishes() {
    let (mut server, port) = listener("");
    let (stream, events) = (listening(port, "/stream"), listening(port, "/sse"));
    stream.wait_stderr("< Content-Type: application/x-ndjson\r\n");
    events.wait_stderr("< Content-Type: text/event-stream\r\n");
    server.say("hello\n");
    stream.wait_stdout("{\"id\":1,\"data\":\"hello\"}\n");
    events.wait_stdout("data: hello\nid: 1\n\n");
    let ended = curl(port, "/publish", "-i -d over").start_mute().wait_code(0);
    assert!(ended.text().starts_with("HTTP/1.1 204 "), "{}", ended.text());
    server.wait_stdout("over\n");
    stream.wait_stdout("{\"id\":2,\"data\":\"over\"}\n");
    events.wait_stdout("data: over\nid: 2\n\n");
}

#[test]
fn a_poll_tells_what_came_after_a_cursor() {
    let (mut server, port) = listener("");
    let ask = |path: &str, words: &str| curl(port, path, &format!("-i {words}")).start_mute().wait_code(0).text();
    assert!(ask("/poll", "").starts_with("HTTP/1.1 204 "));
    server.say("a\nb\n");
    // It is published before it is told.
    let stream = listening(port, "/stream?since=1");
    stream.wait_stdout("\"b\"");
    let all = ask("/poll", "");
    assert!(all.ends_with("\r\n\r\n{\"id\":1,\"data\":\"a\"}\n{\"id\":2,\"data\":\"b\"}\n"), "{all}");
    for header in ["Etag: \"2\"", "Link: <?since=2>; rel=\"next\"", "Content-Type: application/x-ndjson"] {
        assert!(all.contains(&format!("{header}\r\n")), "{header}: {all}");
    }
    assert!(ask("/poll?since=1", "").ends_with("\r\n\r\n{\"id\":2,\"data\":\"b\"}\n"));
    assert!(ask("/poll?since=2", "").starts_with("HTTP/1.1 204 "));
    assert!(ask("/poll", "-H If-None-Match:\"2\"").starts_with("HTTP/1.1 304 "));
    assert!(ask("/poll", "-H If-None-Match:\"1\"").starts_with("HTTP/1.1 200 "));
    // Of a run before this one.
    assert!(ask("/poll?since=77", "").ends_with("{\"id\":1,\"data\":\"a\"}\n{\"id\":2,\"data\":\"b\"}\n"));
}

#[test]
fn a_long_poll_is_held_until_something_happens_or_its_time_is_over() {
    let (mut server, port) = listener("-v");
    let mut client = curl(port, "/long-poll", "").start();
    server.wait_stderr("GET /long-poll");
    assert!(client.runs());
    server.say("news\n");
    assert_eq!(client.wait_code(0).text(), "{\"id\":1,\"data\":\"news\"}\n");
    let (_server, port) = listener("--hold 20ms");
    let answer = curl(port, "/long-poll", "-i").start_mute().wait_code(0).text();
    assert!(answer.starts_with("HTTP/1.1 204 "), "{answer}");
}

#[test]
fn a_silent_stream_says_that_it_is_alive_and_events_when_to_come_back() {
    let (_server, port) = listener("--heartbeat 20ms --sse-retry 7s");
    let (stream, events) = (listening(port, "/stream"), listening(port, "/sse"));
    stream.wait_stdout("\n\n");
    events.wait_stdout("retry: 7000\n\n:\n\n:\n\n");
}

#[test]
fn every_style_hears_every_event_once_and_in_order() {
    const COUNT: usize = 500;
    let (mut server, port) = listener("");
    let url = format!("http://localhost:{port}");
    let styles = [("poll", "--interval 10ms"), ("long-poll", ""), ("stream", "")];
    let mut clients: Vec<Program> = styles
        .iter()
        .map(|(style, words)| {
            let since = if *style == "stream" { "?since=0" } else { "" };
            sockeye(&format!("http {style} {url}/{style}{since} --count {COUNT} {words}")).start()
        })
        .collect();
    let mut events = sockeye(&format!("http sse {url}/sse?since=0 --count {COUNT}")).start();
    let mut pythons: Vec<Program> = ["poll", "long-poll", "stream", "sse"]
        .map(|style| python("hear.py", &format!("{style} {url}/{style} {COUNT} steady")).start())
        .into();
    let ws = sockeye(&format!("ws connect localhost:{port}/ws -v")).start();
    let streams = (listening(port, "/stream?since=0"), listening(port, "/sse?since=0"));
    ws.wait_stderr("ws open");
    server.say(numbered(COUNT));
    for client in &mut clients {
        assert_eq!(client.wait_code(0).text(), told(COUNT));
    }
    assert_eq!(events.wait_code(0).text(), numbered(COUNT));
    let expected = each(COUNT, |n| format!("{n} event {n}\n"));
    for client in &mut pythons {
        assert_eq!(client.wait_code(0).text(), expected);
    }
    streams.0.wait_stdout(&told(COUNT));
    let as_events = each(COUNT, |n| format!("data: event {n}\nid: {n}\n\n"));
    streams.1.wait_stdout(&as_events);
    ws.wait_stdout(&numbered(COUNT));
}

#[test]
fn who_hangs_up_at_random_loses_nothing_and_hears_nothing_twice() {
    const COUNT: usize = 300;
    let (mut server, port) = listener("");
    let url = format!("http://localhost:{port}");
    let mut clients = ["poll", "long-poll", "stream", "sse"]
        .map(|style| python("hear.py", &format!("{style} {url}/{style} {COUNT}")).start());
    // What they wait for comes in the middle of their hanging up: none is left behind until all is there.
    for n in 1..=COUNT {
        server.say(format!("event {n}\n"));
        if n % 10 == 0 {
            clients[n / 10 % 4].wait_stdout(&format!("\n{} ", n - 5));
        }
    }
    let expected = each(COUNT, |n| format!("{n} event {n}\n"));
    for client in &mut clients {
        let ended = client.wait_code(0);
        assert_eq!(ended.text(), expected);
        let times: usize = ended.stderr.split_whitespace().nth(1).and_then(|n| n.parse().ok()).expect("a number");
        assert!(times > 1, "it never hung up: {}", ended.stderr);
    }
}

#[test]
fn a_websocket_hears_and_publishes() {
    let (mut server, port) = listener("");
    let (stream, mut other) =
        (listening(port, "/stream"), sockeye(&format!("ws connect localhost:{port}/ws -v")).start());
    other.wait_stderr("ws open");
    other.say("from the socket\n");
    stream.wait_stdout("{\"id\":1,\"data\":\"from the socket\"}\n");
    server.wait_stdout("from the socket\n");
    server.say("from the server\n");
    other.wait_stdout("from the server\n");
}

#[test]
fn what_a_post_says_comes_to_who_waits_and_to_who_serves() {
    let (server, port) = listener("--output json");
    let mut client = sockeye(&format!("http long-poll http://localhost:{port}/long-poll --count 2")).start();
    client.say("one\ntwo\n");
    assert_eq!(client.wait_code(0).text(), "{\"id\":1,\"data\":\"one\"}\n{\"id\":2,\"data\":\"two\"}\n");
    server.wait_stdout("\"text\":\"two\"");
    let records = String::from_utf8_lossy(&server.stdout()).into_owned();
    let heard: Vec<&str> = records.lines().filter(|line| line.contains("\"what\":\"heard\"")).collect();
    assert_eq!(heard.len(), 2, "{records}");
    assert!(heard.iter().all(|line| line.contains("\"from\":\"http://127.0.0.1:")), "{records}");
}

#[test]
fn what_was_said_last_is_heard_by_all_before_the_end() {
    for _ in 0..10 {
        let (mut server, port) = listener("--count 1");
        let mut clients = [listening(port, "/stream"), listening(port, "/sse")];
        curl(port, "/publish", "-d last").start_mute().wait_code(0);
        server.wait_code(0);
        for client in &mut clients {
            let ended = client.wait_code(0);
            assert!(ended.text().contains("last"), "{}", ended.text());
        }
    }
}

#[test]
fn who_does_not_read_misses_something_is_told_so_and_takes_no_memory() {
    let (mut server, port) = listener("-v --output none");
    let slow = connect(port);
    slow.say("GET /stream HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    server.wait_stderr("GET /stream");
    // More than is kept, and than the kernel takes.
    let line = format!("{}\n", "x".repeat(1 << 20));
    for _ in 0..80 {
        server.say(&line);
    }
    server.say("the last\n");
    let quick = curl(port, "/poll?since=80", "").start();
    quick.wait_stdout("\"the last\"");
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.id())).expect("/proc");
    let peak = status.lines().find(|line| line.starts_with("VmHWM:")).expect("a peak");
    let kib: u64 = peak.split_whitespace().nth(1).and_then(|n| n.parse().ok()).expect("a number");
    assert!(kib < 150 << 10, "{peak}");
    // It reads at last.
    let (mut slow, mut heard, mut piece) = (slow, Vec::new(), vec![0; 1 << 20]);
    while memchr::memmem::find(&heard, b"\"the last\"").is_none() {
        let count = slow.read(&mut piece).expect("more of the stream");
        assert!(count > 0, "it ended");
        heard.extend_from_slice(&piece[..count]);
    }
    assert!(memchr::memmem::find(&heard, b"{\"missed\":").is_some(), "{} bytes", heard.len());
    server.wait_stderr("events that are not kept any more");
}

#[test]
fn what_is_too_large_to_post_is_too_large_for_a_websocket() {
    let (_server, port) = listener("--max-message 10");
    let ended = sockeye(&format!("ws connect localhost:{port}/ws --deflate off --say 01234567890 --recv-only"))
        .start_mute()
        .wait_code(6);
    assert!(ended.stderr.contains("1009"), "{}", ended.stderr);
    let answer = curl(port, "/publish", "-i -d 01234567890").start_mute().wait_code(0).text();
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    sockeye(&format!("ws connect localhost:{port}/ws --say 0123456789 --count 1 --recv-only"))
        .start_mute()
        .wait_code(0);
}
