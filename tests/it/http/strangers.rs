//! Who is refused by the server of every style, and how.

use super::{curl, listener};
use crate::net::{Peer as _, connect};
use crate::program::{Start as _, sockeye};

const PATHS: [&str; 5] = ["/poll", "/long-poll", "/stream", "/sse", "/"];

#[test]
fn pages_of_others_and_names_that_are_not_ours_are_refused() {
    let (server, port) = listener("-v");
    let ask = |path: &str, words: &str| curl(port, path, &format!("-i {words}")).start_mute().wait_code(0).text();
    for path in PATHS {
        let answer = ask(path, "-H Origin:http://evil.example");
        assert!(answer.starts_with("HTTP/1.1 403 "), "{path}: {answer}");
        assert!(
            answer.contains("pages of http://evil.example may not connect; --allow-origin says which may"),
            "{answer}"
        );
        assert!(!answer.contains("Access-Control-Allow-Origin"), "{answer}");
        let answer = ask(path, "-H Host:evil.example");
        assert!(answer.starts_with("HTTP/1.1 403 "), "{path}: {answer}");
        assert!(answer.contains("we are not called \"evil.example\""), "{answer}");
    }
    assert!(ask("/publish", "-d x -H Origin:null").starts_with("HTTP/1.1 403 "));
    server.wait_stderr("may not connect");
    assert!(ask("/poll", "").starts_with("HTTP/1.1 204 "), "nothing was published");
    assert!(ask("/poll", &format!("-H Origin:http://127.0.0.1:{port}")).starts_with("HTTP/1.1 204 "));
}

#[test]
fn an_origin_that_is_allowed_may_read_the_answer() {
    let (_server, port) = listener("--allow-origin http://ours.example --host backend");
    let ask = |path: &str, words: &str| curl(port, path, &format!("-i {words}")).start_mute().wait_code(0).text();
    let answer = ask("/poll", "-H Origin:http://ours.example -H Host:backend");
    assert!(answer.starts_with("HTTP/1.1 204 "), "{answer}");
    assert!(answer.contains("Access-Control-Allow-Origin: http://ours.example\r\n"), "{answer}");
    assert!(ask("/poll", "-H Origin:http://theirs.example").starts_with("HTTP/1.1 403 "));
    let words = "-X OPTIONS -H Origin:http://ours.example -H Access-Control-Request-Method:POST";
    let preflight = ask("/publish", words);
    assert!(preflight.starts_with("HTTP/1.1 204 "), "{preflight}");
    for header in ["Access-Control-Allow-Methods: GET, POST, OPTIONS", "Access-Control-Allow-Headers: Authorization"] {
        assert!(preflight.contains(header), "{preflight}");
    }
}

#[test]
fn what_cannot_be_answered_says_why() {
    let (_server, port) = listener("--max-message 1000 --no-page");
    let large = "x".repeat(1001);
    let larger = "x".repeat(300_000);
    let body = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(body.path(), larger).expect("a file");
    let larger = format!("--data-binary @{} -H Expect:", body.path().display());
    for (path, words, status, told) in [
        ("/nowhere", "", 404, "nothing is at /nowhere"),
        ("/", "", 404, "no page is here"),
        ("/publish", "", 405, "Allow: POST\r\n"),
        ("/poll", "-X DELETE", 405, "Allow: GET, POST, OPTIONS\r\n"),
        ("/publish", &format!("-d {large}"), 413, "more than 1000 bytes (--max-message)"),
        ("/publish", &larger, 413, "more than 1000 bytes (--max-message)"),
        ("/poll?since=x", "", 400, "since is the number of an event, and not \"x\""),
        ("/sse", "-H Last-Event-ID:x", 400, "Last-Event-ID is the number of an event"),
        ("/ws", "", 426, "Upgrade: websocket\r\n"),
    ] {
        let answer = curl(port, path, &format!("-i {words}")).start_mute().wait_code(0).text();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{path}: {answer}");
        assert!(answer.contains(told), "{path}: {answer}");
    }
    for (request, status) in [
        ("nonsense\r\n\r\n".to_owned(), 400),
        (format!("GET /poll HTTP/1.1\r\nHost: localhost\r\n{}\r\n", "X: y\r\n".repeat(200)), 431),
    ] {
        let stranger = connect(port);
        stranger.say(&request);
        let heard = String::from_utf8_lossy(&stranger.hear_end()).into_owned();
        assert!(heard.starts_with(&format!("HTTP/1.1 {status} ")), "{heard}");
    }
    // Half a body is not published.
    let stranger = connect(port);
    stranger.say("POST /publish HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf");
    stranger.finish();
    stranger.hear_end();
    let answer = curl(port, "/poll", "-i").start_mute().wait_code(0).text();
    assert!(answer.starts_with("HTTP/1.1 204 "), "{answer}");
}

#[test]
fn who_does_not_log_in_is_not_let_in() {
    let (_server, port) = listener("--auth alice:secret");
    for path in PATHS.into_iter().chain(["/ws"]) {
        for words in ["", "-u alice:wrong"] {
            let answer = curl(port, path, &format!("-i {words}")).start_mute().wait_code(0).text();
            assert!(answer.starts_with("HTTP/1.1 401 "), "{path}: {answer}");
            assert!(answer.contains("Www-Authenticate: Basic realm=\"sockeye\"\r\n"), "{answer}");
        }
    }
    let answer = curl(port, "/poll", "-i -u alice:secret").start_mute().wait_code(0).text();
    assert!(answer.starts_with("HTTP/1.1 204 "), "{answer}");
    let words = format!("http sse http://alice:secret@localhost:{port}/sse --say hello --count 1");
    assert_eq!(sockeye(&words).start_mute().wait_code(0).text(), "hello\n");
}

#[test]
fn who_says_half_a_head_is_not_waited_for_for_ever() {
    let (_server, port) = listener("--handshake-timeout 100ms");
    let stranger = connect(port);
    stranger.say("GET /poll HTTP/1.1\r\nHo");
    stranger.hear_end();
}

#[test]
fn one_too_many_is_told_so_and_there_is_room_when_somebody_has_gone() {
    let (_server, port) = listener("--max-peers 1");
    let mut first = curl(port, "/stream", "-N -v").start();
    first.wait_stderr("< Transfer-Encoding: chunked");
    let ask = || curl(port, "/poll", "-i").start_mute().wait_code(0).text();
    let refused = ask();
    assert!(refused.starts_with("HTTP/1.1 503 ") && refused.contains("Retry-After: "), "{refused}");
    assert!(refused.ends_with("no room for another\n"), "{refused}");
    first.signal(rustix::process::Signal::TERM);
    first.wait_end();
    let deadline = std::time::Instant::now() + crate::program::DEADLINE;
    while !ask().starts_with("HTTP/1.1 204 ") {
        assert!(std::time::Instant::now() < deadline, "its place is not given back");
    }
}

#[test]
fn the_only_place_is_enough_for_a_websocket() {
    let (_server, port) = listener("--max-peers 1");
    for _ in 0..5 {
        let words = format!("ws connect localhost:{port}/ws --say hi --count 1 --retry=9");
        assert_eq!(sockeye(&words).start_mute().wait_code(0).text(), "hi\n");
    }
}
