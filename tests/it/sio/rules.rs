//! What the official server does with what no client of its own would send, case by case.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use super::listen::serving;
use super::told;
use crate::program::{Program, Start as _};
use crate::ws::node;

const POLLING: &str = "EIO=4&transport=polling";

/// A request under way.
fn ask(port: u16, method: &str, query: &str, body: &str) -> TcpStream {
    with(port, method, query, "Content-Type: text/plain;charset=UTF-8\r\n", body)
}

fn with(port: u16, method: &str, query: &str, headers: &str, body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("a server");
    stream.set_read_timeout(Some(Duration::from_secs(25))).expect("a limit");
    let length = body.len();
    let head = format!(
        "{method} /socket.io/?{query} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).expect("sent");
    stream.write_all(body.as_bytes()).expect("sent");
    stream
}

/// Its status, its type and its body.
fn answer(mut stream: TcpStream) -> (u16, String, String) {
    let mut said = String::new();
    stream.read_to_string(&mut said).expect("an answer");
    let (head, body) = said.split_once("\r\n\r\n").expect("a head");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    let kind = head.lines().find_map(|line| line.strip_prefix("Content-Type: ")).unwrap_or_default().to_owned();
    (status, kind, body.to_owned())
}

fn get(port: u16, sid: &str) -> (u16, String) {
    let (status, _, body) = answer(ask(port, "GET", &format!("{POLLING}&sid={sid}"), ""));
    (status, body)
}

fn post(port: u16, sid: &str, body: &str) -> (u16, String) {
    let (status, _, body) = answer(ask(port, "POST", &format!("{POLLING}&sid={sid}"), body));
    (status, body)
}

/// A session that polls, and its id.
fn session(port: u16) -> String {
    let (status, kind, body) = answer(ask(port, "GET", POLLING, ""));
    assert_eq!((status, kind.as_str()), (200, "text/plain; charset=UTF-8"));
    let open: serde_json::Value = serde_json::from_str(body.strip_prefix('0').expect("a handshake")).expect("JSON");
    assert_eq!(open["upgrades"], serde_json::json!(["websocket"]));
    assert_eq!(
        (&open["pingInterval"], &open["pingTimeout"], &open["maxPayload"]),
        (&25000.into(), &20000.into(), &1_000_000.into())
    );
    open["sid"].as_str().expect("an id").to_owned()
}

/// One that has entered the main namespace.
fn entered(port: u16) -> String {
    let sid = session(port);
    assert_eq!(post(port, &sid, "40"), (200, "ok".to_owned()));
    let (status, body) = get(port, &sid);
    assert!(status == 200 && body.starts_with("40{\"sid\":\""), "{body}");
    sid
}

const UNKNOWN: (u16, &str) = (400, r#"{"code":1,"message":"Session ID unknown"}"#);

fn is_gone(port: u16, sid: &str) {
    let (status, body) = get(port, sid);
    assert_eq!((status, body.as_str()), UNKNOWN);
}

#[test]
fn refusals_are_the_official_ones() {
    let (_server, port) = serving(&[]);
    let sid = session(port);
    for (method, query, status, kind, body) in [
        ("GET", "EIO=4", 400, "application/json", r#"{"code":0,"message":"Transport unknown"}"#),
        ("GET", "EIO=4&transport=tin", 400, "application/json", r#"{"code":0,"message":"Transport unknown"}"#),
        ("GET", "EIO=4&transport=polling&sid=abc", 400, "application/json", UNKNOWN.1),
        ("POST", POLLING, 400, "application/json", r#"{"code":2,"message":"Bad handshake method"}"#),
        ("PUT", POLLING, 400, "application/json", r#"{"code":2,"message":"Bad handshake method"}"#),
        ("GET", "EIO=4&transport=websocket", 400, "application/json", r#"{"code":3,"message":"Bad request"}"#),
        (
            "GET",
            "EIO=3&transport=polling",
            400,
            "application/json",
            r#"{"code":5,"message":"Unsupported protocol version"}"#,
        ),
        ("GET", "transport=polling", 400, "application/json", r#"{"code":5,"message":"Unsupported protocol version"}"#),
        ("PUT", &format!("{POLLING}&sid={sid}"), 500, "", ""),
    ] {
        let reply = answer(ask(port, method, query, ""));
        assert_eq!((reply.0, reply.1.as_str(), reply.2.as_str()), (status, kind, body), "{method} {query}");
    }
    let upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let reply = answer(with(port, "GET", "EIO=4&transport=websocket&sid=abc", upgrade, ""));
    assert_eq!((reply.0, reply.1.as_str(), reply.2.as_str()), (400, "text/html", "Session ID unknown"));
}

#[test]
fn what_is_posted_ends_a_session_or_does_not() {
    let (_server, port) = serving(&[]);
    let large = format!("42[\"{}\"]", "x".repeat(1_000_000));
    // It survives what is too large.
    let sid = entered(port);
    assert_eq!(post(port, &sid, &large), (413, String::new()));
    assert_eq!(post(port, &sid, "42[\"x\"]"), (200, "ok".to_owned()));
    // Binary bodies are version 3's.
    let kind = "Content-Type: application/octet-stream\r\n";
    let reply = answer(with(port, "POST", &format!("{POLLING}&sid={sid}"), kind, "x"));
    assert_eq!(reply.0, 400);
    is_gone(port, &sid);
    for body in [
        "",                                                           // no packet
        "1",                                                          // it leaves
        "2",                                                          // only servers ping
        "40",                                                         // it is in already
        "44{\"message\":\"no\"}",                                     // only servers refuse
        "42/admin,[\"x\"]",                                           // it is not in there
        "9",                                                          // no type
        "42{}",                                                       // no event
        "450-[\"x\"]",                                                // attachments that are none
        "bAQID",                                                      // an attachment of nothing
        "451-[\"x\",{\"_placeholder\":true,\"num\":0}]\x1e42[\"y\"]", // text for an attachment
        "451-[\"x\",{\"_placeholder\":true,\"num\":7}]\x1ebAQID",     // one that there is not
        "42[\"connect\"]",                                            // a name that libraries have for themselves
    ] {
        let sid = entered(port);
        assert_eq!(post(port, &sid, body), (200, "ok".to_owned()), "{body}");
        // Over polling the end is told by a poll, if the session waits for one.
        let (status, told) = get(port, &sid);
        assert!((status, told.as_str()) == UNKNOWN || (status, told.as_str()) == (200, "1"), "{body}: {status} {told}");
        is_gone(port, &sid);
    }
    // Before it is in.
    for body in ["42[\"x\"]", "40\x1e42[\"x\"]"] {
        let sid = session(port);
        assert_eq!(post(port, &sid, body), (200, "ok".to_owned()));
        let _ = get(port, &sid);
        is_gone(port, &sid);
    }
}

#[test]
fn a_namespace_that_is_not_there_is_said_so_and_the_session_goes_on() {
    let (_server, port) = serving(&[]);
    let sid = entered(port);
    assert_eq!(post(port, &sid, "40/nowhere,"), (200, "ok".to_owned()));
    assert_eq!(get(port, &sid), (200, "44/nowhere,{\"message\":\"Invalid namespace\"}".to_owned()));
    // It may leave, and come again.
    assert_eq!(post(port, &sid, "41"), (200, "ok".to_owned()));
    assert_eq!(post(port, &sid, "40"), (200, "ok".to_owned()));
    assert!(get(port, &sid).1.starts_with("40{\"sid\":"));
}

#[test]
fn polls_that_overlap_or_are_given_up_end_a_session() {
    let (server, port) = serving(&["-v"]);
    let sid = entered(port);
    let first = ask(port, "GET", &format!("{POLLING}&sid={sid}"), "");
    server.wait_stderr_times(&format!("sid={sid} HTTP/1.1"), 3);
    assert_eq!(get(port, &sid), (400, String::new()));
    let reply = answer(first);
    assert_eq!((reply.0, reply.2.as_str()), (200, "1"));
    is_gone(port, &sid);

    let sid = entered(port);
    let given_up = ask(port, "GET", &format!("{POLLING}&sid={sid}"), "");
    server.wait_stderr_times(&format!("sid={sid} HTTP/1.1"), 3);
    given_up.shutdown(Shutdown::Both).expect("closed");
    server.wait_stderr("transport error");
    drop(given_up);

    // It leaves while it polls.
    let sid = entered(port);
    let waiting = ask(port, "GET", &format!("{POLLING}&sid={sid}"), "");
    server.wait_stderr_times(&format!("sid={sid} HTTP/1.1"), 3);
    assert_eq!(post(port, &sid, "1"), (200, "ok".to_owned()));
    assert_eq!(answer(waiting).2, "6");
    is_gone(port, &sid);
}

/// npm's ws, which says what stdin says.
fn socket(port: u16, query: &str) -> Program {
    asking(port, &format!("EIO=4&transport=websocket{query}"))
}

fn asking(port: u16, query: &str) -> Program {
    let mut command = node("ws.js");
    command.arg("connect").arg(format!("ws://127.0.0.1:{port}/socket.io/?{query}"));
    command.start()
}

#[test]
fn a_websocket_of_polling_is_closed_at_once() {
    let (server, port) = serving(&["--upgrade-timeout", "1h", "-v"]);
    asking(port, POLLING).wait_stderr("closed ");
    // No session is left of it, and one that is there goes on.
    assert!(!server.stderr().contains("sid"), "{}", server.stderr());
    let sid = entered(port);
    asking(port, &format!("{POLLING}&sid={sid}")).wait_stderr("closed ");
    assert_eq!(post(port, &sid, "42[\"x\"]"), (200, "ok".to_owned()));
}

#[test]
fn a_query_is_decoded() {
    let (_server, port) = serving(&[]);
    let sid = session(port);
    let (first, rest) = sid.split_at(1);
    let query = format!("%45IO=%34&transport=poll%69ng&s%69d=%{:02x}{rest}", first.as_bytes()[0]);
    let (status, _, body) = answer(ask(port, "POST", &query, "40"));
    assert_eq!((status, body.as_str()), (200, "ok"));
}

#[test]
fn an_old_client_that_says_a_reserved_name_is_closed_and_nobody_else() {
    for reply in ["broadcast", "echo"] {
        let (_server, port) = serving(&["--eio3", "--recovery", "1m", "--reply", reply]);
        let mut good = socket(port, "");
        good.say("40\n");
        good.wait_stdout("40{\"sid\":\"");
        for line in ["42[\"connect\",1]", "42[]", "42[null]"] {
            let mut old = asking(port, "EIO=3&transport=websocket");
            old.wait_stdout("40\n");
            old.say(format!("{line}\n"));
            old.wait_stderr("closed ");
        }
        let mut old = asking(port, "EIO=3&transport=websocket");
        old.wait_stdout("40\n");
        old.say("42[\"fine\"]\n");
        let hearer = if reply == "echo" { &old } else { &good };
        hearer.wait_stdout("42[\"fine\",");
        assert!(!told(&good).contains("connect") && !good.stderr().contains("closed"), "{}", told(&good));
    }
}

#[test]
fn a_websocket_is_closed_for_the_same_reasons() {
    let (_server, port) = serving(&[]);
    for line in ["42[\"x\"]", "2", "9", "44{}"] {
        let mut socket = socket(port, "");
        socket.wait_stdout("0{\"sid\":\"");
        assert!(told(&socket).contains("\"upgrades\":[]"), "{}", told(&socket));
        socket.say(format!("{line}\n"));
        socket.wait_stderr("closed ");
    }
    let mut socket = socket(port, "");
    socket.say("40\n");
    socket.wait_stdout("40{\"sid\":\"");
    socket.say("40\n");
    socket.wait_stderr("closed ");
}

#[test]
fn a_session_moves_to_a_websocket_that_is_probed() {
    let (server, port) = serving(&["-v"]);
    let sid = entered(port);
    let waiting = ask(port, "GET", &format!("{POLLING}&sid={sid}"), "");
    server.wait_stderr_times(&format!("sid={sid} HTTP/1.1"), 3);
    let mut candidate = socket(port, &format!("&sid={sid}"));
    candidate.say("2probe\n");
    candidate.wait_stdout("3probe\n");
    assert_eq!(answer(waiting).2, "6");
    // Another is closed, and this one goes on.
    socket(port, &format!("&sid={sid}")).wait_stderr("closed ");
    candidate.say("5\n");
    candidate.say("42[\"moved\"]\n");
    server.wait_stdout("[\"moved\"]");
    let (status, body) = get(port, &sid);
    assert_eq!((status, body.as_str()), (400, r#"{"code":3,"message":"Bad request"}"#));
}

#[test]
fn who_enters_nothing_or_answers_no_ping_is_closed() {
    let (_server, port) = serving(&["--connect-timeout", "200ms"]);
    let silent = socket(port, "");
    silent.wait_stderr("closed ");
    let (_server, port) = serving(&["--ping-interval", "100ms", "--ping-timeout", "100ms"]);
    let mut deaf = socket(port, "");
    deaf.say("40\n");
    deaf.wait_stdout("2\n");
    deaf.wait_stderr("closed ");
}
