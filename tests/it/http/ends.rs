//! How the server of every style ends: politely, and in time.

use rustix::process::Signal;

use super::{curl, listener};
use crate::program::{Start as _, sockeye};

#[test]
fn ctrl_c_ends_streams_and_long_polls_politely() {
    let (mut server, port) = listener("-v");
    let mut streams = ["/stream", "/sse"].map(|path| curl(port, path, "-N -v").start());
    for stream in &streams {
        stream.wait_stderr("< Transfer-Encoding: chunked");
    }
    let mut held = curl(port, "/long-poll", "-i").start();
    server.wait_stderr("GET /long-poll");
    let mut socket = sockeye(&format!("ws connect localhost:{port}/ws -v")).start();
    socket.wait_stderr("ws open");
    server.signal(Signal::INT);
    // A stream's last chunk came: curl would complain without it.
    for stream in &mut streams {
        stream.wait_code(0);
    }
    let answer = held.wait_code(0).text();
    assert!(answer.starts_with("HTTP/1.1 204 "), "{answer}");
    assert!(socket.wait_end().stderr.contains("1001"), "{}", socket.stderr());
    server.wait_code(130);
}

#[test]
fn who_does_not_read_does_not_hold_the_end_up() {
    let (mut server, port) = listener("-v --output none");
    let stuck = crate::net::connect(port);
    crate::net::Peer::say(&stuck, "GET /sse HTTP/1.1\r\nHost: localhost\r\n\r\n");
    server.wait_stderr("GET /sse");
    let line = format!("{}\n", "x".repeat(1 << 20));
    for _ in 0..20 {
        server.say(&line);
    }
    server.say("the last\n");
    curl(port, "/poll?since=20", "").start().wait_stdout("the last");
    server.signal(Signal::INT);
    server.wait_code(130);
    drop(stuck);
}
