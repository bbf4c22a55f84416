//! What our server is told by options, and what it does when clients are strange, slow or many.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Stdio;
use std::sync::mpsc;
use std::time::Instant;

use socket2::SockRef;

use super::listen::{CARRIERS, client, come, serving};
use super::told;
use crate::limits::{peak, ticks};
use crate::net::{Peer as _, connect};
use crate::program::{DEADLINE, Start as _, sockeye};
use crate::tls::authority::Authority;
use crate::ws::node;

/// A request as it is, and the whole answer.
fn request(port: u16, method: &str, query: &str, headers: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("a server");
    stream.set_read_timeout(Some(DEADLINE)).expect("a limit");
    let head =
        format!("{method} /socket.io/?{query} HTTP/1.1\r\nHost: localhost\r\n{headers}Connection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

const OPEN: &str = "EIO=4&transport=polling";

#[test]
fn tls_is_spoken_with_the_official_client() {
    let authority = Authority::new("ours");
    let issued = authority.server();
    let (ca, stranger) = (authority.file(), Authority::new("theirs"));
    for options in [&["--tls"][..], &[]] {
        let scheme = if options.is_empty() { "https://" } else { "" };
        let mut command = sockeye(&format!("sio listen {scheme}127.0.0.1:0 --reply echo"));
        command.args(["--cert", &issued.cert, "--key", &issued.key]).args(options);
        let server = command.start();
        let port = server.port();
        for carrier in CARRIERS {
            let (mut safe, _) = come(port, &format!("{carrier} ca={ca}"));
            safe.say("ask [\"save\",7]\n");
            safe.wait_stdout("ack [7]\n");
            client(port, &format!("{carrier} ca={}", stranger.file())).wait_stdout("error ");
        }
    }
}

#[test]
fn pages_are_told_whether_they_may_read() {
    let (_server, port) = serving(&["--allow-origin", "http://page.example"]);
    let origin = "Origin: http://page.example\r\n";
    let answer = request(port, "GET", OPEN, origin);
    for header in [
        "Access-Control-Allow-Origin: http://page.example\r\n",
        "Access-Control-Allow-Credentials: true\r\n",
        "Vary: Origin\r\n",
    ] {
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains(header), "{answer}");
    }
    let asked = "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: content-type\r\n";
    let answer = request(port, "OPTIONS", OPEN, &format!("{origin}{asked}"));
    assert!(answer.starts_with("HTTP/1.1 204 ") && answer.contains("Access-Control-Allow-Methods: "), "{answer}");
    assert!(answer.contains("Access-Control-Allow-Origin: http://page.example\r\n"), "{answer}");
    let answer = request(port, "GET", OPEN, "Origin: http://other.example\r\n");
    assert!(answer.starts_with("HTTP/1.1 403 ") && !answer.contains("Access-Control-Allow-Origin"), "{answer}");
    let answer = request(port, "GET", OPEN, "");
    assert!(answer.starts_with("HTTP/1.1 200 ") && !answer.contains("Access-Control"), "{answer}");
    // Whatever is refused to a page that may, it may read why.
    let answer = request(port, "GET", "EIO=3&transport=polling", origin);
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("Access-Control-Allow-Origin: "), "{answer}");
}

#[test]
fn one_too_many_is_told_to_come_later() {
    let (server, port) = serving(&["--max-peers", "1"]);
    let (mut first, _) = come(port, "transport=websocket");
    let answer = request(port, "GET", OPEN, "");
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("Retry-After: 5\r\n"), "{answer}");
    client(port, "transport=polling").wait_stdout("error xhr poll error\n");
    client(port, "transport=websocket").wait_stdout("error websocket error\n");
    // The place is free again.
    first.say("end\n");
    first.wait_code(0);
    come(port, "transport=websocket");
    drop(server);
}

#[test]
fn only_one_transport_is_offered_if_that_is_asked_for() {
    let (_server, port) = serving(&["--transport", "polling", "--reply", "echo"]);
    let answer = request(port, "GET", OPEN, "");
    assert!(answer.contains("\"upgrades\":[]"), "{answer}");
    client(port, "transport=websocket").wait_stdout("error websocket error\n");
    let stays = client(port, "");
    stays.wait_stdout("connect ");
    let ended = sockeye(&format!("sio connect 127.0.0.1:{port} --transport websocket")).start().wait_code(6);
    assert!(ended.stderr.contains("--transport polling"), "{}", ended.stderr);
    let mut ours = sockeye(&format!("sio connect 127.0.0.1:{port} --count 1")).start();
    ours.say_all("chat hi\n");
    ours.wait_code(0);

    let (_server, port) = serving(&["--transport", "websocket", "--reply", "echo"]);
    let answer = request(port, "GET", OPEN, "");
    assert!(answer.contains("Transport unknown"), "{answer}");
    client(port, "transport=polling").wait_stdout("error xhr poll error\n");
    come(port, "transport=websocket");
    let ended = sockeye(&format!("sio connect 127.0.0.1:{port}")).start().wait_code(6);
    assert!(ended.stderr.contains("--transport websocket"), "{}", ended.stderr);
}

#[test]
fn acknowledgements_are_gathered_and_those_that_do_not_come_are_counted() {
    for carrier in CARRIERS {
        let (mut server, port) = serving(&["--events", "--ack-timeout", "500ms"]);
        let (_first, _) = come(port, carrier);
        let (_second, _) = come(port, &format!("{carrier} deaf"));
        let asks = |text: &str| format!("{{\"event\":\"message\",\"kind\":\"text\",\"text\":\"{text}\",\"asks\":0}}\n");
        server.say(asks("what 7"));
        server.wait_stdout("[7]\n");
        server.wait_stderr("1 acknowledgement of the event 1 will not come");
        // One that leaves is waited for no longer.
        let (mut third, _) = come(port, &format!("{carrier} deaf"));
        server.say(asks("what 8"));
        third.wait_stdout("heard [\"what\",8]");
        third.say("end\n");
        server.wait_stderr("2 acknowledgements of the event 2 will not come");
        server.wait_stdout("[8]\n");
    }
}

/// A POST of which a part is sent, and the rest never.
fn stalled(port: u16, sid: &str) -> TcpStream {
    let stream = connect(port);
    stream.set_read_timeout(Some(DEADLINE)).expect("a limit");
    let head =
        format!("POST /socket.io/?{OPEN}&sid={sid} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n42[");
    stream.say(head);
    stream
}

/// A session that polls.
fn opened(port: u16) -> String {
    let open = request(port, "GET", OPEN, "");
    open.split_once("\"sid\":\"").and_then(|(_, rest)| rest.split('"').next()).expect("an id").to_owned()
}

#[test]
fn a_body_that_does_not_come_ends_its_session_and_leaves_its_place() {
    let (server, port) = serving(&["--handshake-timeout", "300ms", "--max-peers", "1", "-v"]);
    let sid = opened(port);
    // The place of the request before is free a little after its answer.
    let limit = Instant::now() + DEADLINE;
    let with_room = |ask: &dyn Fn() -> String| loop {
        let answer = ask();
        if !answer.is_empty() && !answer.starts_with("HTTP/1.1 503 ") {
            return answer;
        }
        assert!(Instant::now() < limit, "its place stays taken: {}", server.stderr());
    };
    let answer = with_room(&|| {
        let mut answer = String::new();
        // Who is turned away with a body unread may be reset before it has the answer.
        let _ = stalled(port, &sid).read_to_string(&mut answer);
        answer
    });
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("Connection: close\r\n"), "{answer}");
    server.wait_stderr("transport error");
    let answer = with_room(&|| request(port, "GET", &format!("{OPEN}&sid={sid}"), ""));
    assert!(answer.contains("Session ID unknown"), "{answer}");
}

#[test]
fn a_body_is_waited_for_no_longer_than_its_session_lasts() {
    let (server, port) = serving(&["--handshake-timeout", "1h", "-v"]);
    let sid = opened(port);
    let mut first = stalled(port, &sid);
    server.wait_stderr("POST /socket.io/");
    // Two at a time are the end of the session.
    let mut answer = String::new();
    request(port, "POST", &format!("{OPEN}&sid={sid}"), "Content-Length: 0\r\n");
    first.read_to_string(&mut answer).expect("an answer and the end");
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
}

/// Reads until this was heard.
fn hear(stream: &mut TcpStream, text: &str) {
    stream.set_read_timeout(Some(DEADLINE)).expect("a limit");
    let mut heard = Vec::new();
    while memchr::memmem::find(&heard, text.as_bytes()).is_none() {
        let mut byte = [0];
        stream.read_exact(&mut byte).expect("more");
        heard.push(byte[0]);
    }
}

/// A masked text frame, short.
fn frame(text: &str) -> Vec<u8> {
    let length = u8::try_from(text.len()).ok().filter(|length| *length < 126).expect("a short text");
    [&[0x81, 0x80 | length, 0, 0, 0, 0], text.as_bytes()].concat()
}

/// A WebSocket in the first namespace, which does not read unless it is told to.
fn entered(port: u16) -> TcpStream {
    let mut stream = connect(port);
    let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
    let upgrade = format!("Host: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{key}\r\n");
    stream.say(format!("GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n{upgrade}"));
    stream.say(frame("40"));
    hear(&mut stream, "40{\"sid\":");
    stream
}

#[test]
fn who_does_not_take_what_it_is_told_is_let_go_and_costs_little() {
    let (mut server, port) = serving(&["--ping-timeout", "1h"]);
    let (healthy, _) = come(port, "transport=websocket");
    // One that has a WebSocket and does not read it.
    let _deaf = entered(port);
    // And one that does not poll.
    let open = request(port, "GET", OPEN, "");
    let sid = open.split_once("\"sid\":\"").and_then(|(_, rest)| rest.split('"').next()).expect("an id").to_owned();
    let mut entering = TcpStream::connect(("127.0.0.1", port)).expect("a server");
    let head = format!("POST /socket.io/?{OPEN}&sid={sid} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n40");
    entering.write_all(head.as_bytes()).expect("sent");
    hear(&mut entering, "ok");
    // Many small ones, which cost more than their bytes, and then large ones.
    let small = "small 1\n".repeat(1000);
    let large = format!("large {}\n", "x".repeat(100_000));
    let mut say = |text: &str, mark: usize| {
        server.say(text);
        server.say(format!("mark {mark}\n"));
        // Who reads is not hurried.
        healthy.wait_stdout(&format!("heard [\"mark\",{mark}]\n"));
    };
    (0..3).for_each(|mark| say(&small, mark));
    (3..70).for_each(|mark| say(&large.repeat(4), mark));
    server.wait_stderr_times("it does not take what it is told", 2);
    server.say("last\n");
    healthy.wait_stdout("heard [\"last\"]\n");
    let used = peak(&server);
    assert!(used < 200_000, "{used} KiB");
}

#[test]
fn who_takes_nothing_does_not_keep_its_place() {
    let options = ["--max-peers", "1", "--ping-interval", "500ms", "--ping-timeout", "500ms", "--reply", "echo"];
    let (server, port) = serving(&[&options[..], &["--sndbuf", "8KiB"]].concat());
    let deaf = entered(port);
    SockRef::from(&deaf).set_recv_buffer_size(8 << 10).expect("a buffer");
    let question = frame(&format!("42[\"x\",\"{}\"]", "x".repeat(100))).repeat(1000);
    // Its echoes fill what is between us, and then nothing is said any more, a Close neither.
    let flooding = std::thread::spawn(move || while (&deaf).write_all(&question).is_ok() {});
    let limit = Instant::now() + DEADLINE;
    while request(port, "GET", OPEN, "").starts_with("HTTP/1.1 503 ") {
        assert!(Instant::now() < limit, "its place stays taken: {}", server.stderr());
    }
    flooding.join().expect("no panic");
}

#[test]
fn who_floods_hears_what_is_said_meanwhile() {
    let mut command = sockeye("sio listen 0 -4");
    let mut server = command.stdout(Stdio::null()).start();
    let mut noisy = entered(server.port());
    let mut writer = noisy.try_clone().expect("a socket");
    let flood = frame("42[\"noise\",1]").repeat(1000);
    let (heard, is_heard) = mpsc::channel::<()>();
    let flooding = std::thread::spawn(move || {
        while is_heard.try_recv() != Err(mpsc::TryRecvError::Disconnected) {
            writer.write_all(&flood).expect("sent");
        }
    });
    for mark in 0..100 {
        server.say(format!("mark {mark}\n"));
        hear(&mut noisy, &format!("42[\"mark\",{mark}]"));
    }
    drop(heard);
    flooding.join().expect("no panic");
    assert!(!server.stderr().contains("it does not take what it is told"), "{}", server.stderr());
}

#[test]
fn nothing_is_done_while_nothing_happens() {
    let options =
        ["--ping-interval", "100ms", "--ping-timeout", "20s", "-v", "--recovery", "1m", "--ack-timeout", "100ms"];
    let (mut server, port) = serving(&options);
    // Clients of each kind; some were cut, left a namespace, or never came in; a WebSocket that never moves.
    let clients: Vec<_> = CARRIERS.iter().map(|carrier| come(port, carrier).0).collect();
    for mut gone in CARRIERS.iter().map(|carrier| come(port, carrier).0) {
        gone.say("end\n");
        gone.wait_code(0);
    }
    drop(come(port, "transport=polling"));
    drop(come(port, "transport=websocket"));
    let open = request(port, "GET", OPEN, "");
    let sid = open.split_once("\"sid\":\"").and_then(|(_, rest)| rest.split('"').next()).expect("an id");
    let mut candidate = node("ws.js");
    candidate.arg("connect").arg(format!("ws://127.0.0.1:{port}/socket.io/?EIO=4&transport=websocket&sid={sid}"));
    let mut candidate = candidate.start();
    candidate.say("2probe\n");
    candidate.wait_stdout("3probe\n");
    server.say("[\"all\"]\n");
    for client in &clients {
        client.wait_stdout("heard [\"all\",");
    }
    let beats = || server.stderr().matches("heart-beat").count();
    let (started, before, first) = (Instant::now(), ticks(&server), beats());
    server.wait_stderr_times("heart-beat", first + 30);
    // A tick is a hundredth of a second; one that spins has as many as there are.
    let (took, used) = (started.elapsed().as_millis() / 10, u128::from(ticks(&server) - before));
    assert!(used < took / 2, "{used} of {took}");
    assert!(!told(&clients[0]).contains("disconnect"), "{}", told(&clients[0]));
}
