//! The styles of the client, against a server of Python's.

use super::{asked, each, python, web};
use crate::program::{Start as _, sockeye};

#[test]
fn polls_tell_what_has_changed_and_the_server_what_has_not() {
    for (path, known, unchanged) in [
        ("etag", "if-none-match=\"v1\"", "304: what we have"),
        ("modified", "if-modified-since=Sun, 09 Sep 2001 01:46:41 GMT", "304: what we have"),
        ("value", "", "the body is the one we have"),
    ] {
        let (mut server, port) = web();
        let words = format!("http poll http://localhost:{port}/{path} --interval 10ms --count 2 -v");
        let mut client = sockeye(&words).start();
        client.wait_stderr_times(unchanged, 2);
        server.say("second\n");
        let ended = client.wait_code(0);
        assert_eq!(ended.text(), "first\nsecond\n", "{path}");
        server.wait_stdout(known);
    }
}

#[test]
fn a_poll_can_tell_every_answer() {
    let (server, port) = web();
    let words = format!("http poll http://localhost:{port}/etag --interval 10ms --all --count 3");
    assert_eq!(sockeye(&words).start_mute().wait_code(0).text(), "first\n".repeat(3));
    assert!(!asked(&server, "GET").concat().contains("if-none-match"));
}

#[test]
fn no_content_is_nothing_and_what_comes_later_is_heard() {
    let (mut server, port) = web();
    let words = format!("http poll http://localhost:{port}/nothing --interval 10ms --count 1 -v");
    let mut client = sockeye(&words).start();
    client.wait_stderr("204: there is nothing");
    server.say("something\n");
    assert_eq!(client.wait_code(0).text(), "something\n");
}

#[test]
fn an_interval_passes_between_polls() {
    let (server, port) = web();
    let words = format!("http poll http://localhost:{port}/value --interval 1h --jitter 50 -v");
    let client = sockeye(&words).start();
    client.wait_stderr("until the next poll");
    assert_eq!(asked(&server, "GET").len(), 1);
}

#[test]
fn a_long_poll_is_asked_again_at_once() {
    let (mut server, port) = web();
    // One that has nothing to say for a moment says so, and is asked again.
    let words = format!("http long-poll http://localhost:{port}/hold?hold=0.05 --count 3 -v");
    let mut client = sockeye(&words).start();
    for (text, heard) in [("second\n", "first\n"), ("third\n", "second\n")] {
        client.wait_stdout(heard);
        client.wait_stderr("204: there is nothing");
        server.say(text);
    }
    assert_eq!(client.wait_code(0).text(), "first\nsecond\nthird\n");
}

#[test]
fn a_server_that_holds_nothing_back_is_not_stormed() {
    let (server, port) = web();
    let mut client = sockeye(&format!("http long-poll http://localhost:{port}/value -v")).start();
    client.wait_stderr_times("the body is the one we have", 3);
    client.wait_stderr_times("until the next poll", 3);
    client.signal(rustix::process::Signal::INT);
    client.wait_code(130);
    assert!(asked(&server, "GET").len() < 100);
}

#[test]
fn a_stream_is_cut_into_lines_and_its_end_is_the_end() {
    let (_server, port) = web();
    let ended = sockeye(&format!("http stream http://localhost:{port}/lines")).start_mute().wait_code(0);
    assert_eq!(ended.text(), "{\"n\":0}\n{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n");
    // Lines that are polled are messages too.
    let words = format!("http poll http://localhost:{port}/lines --output json --count 4");
    let ended = sockeye(&words).start_mute().wait_code(0);
    assert_eq!(ended.text().matches("\"what\":\"heard\"").count(), 4, "{}", ended.text());
}

#[test]
fn what_is_compressed_is_read_as_it_comes() {
    for coding in ["gzip", "br", "zstd"] {
        let (mut server, port) = web();
        let mut client = sockeye(&format!("http stream http://localhost:{port}/coded-lines?coding={coding}")).start();
        client.wait_stdout("first\n");
        server.say("go on\n");
        client.finish();
        assert_eq!(client.wait_code(0).text(), "first\nsecond\n", "{coding}");
    }
    for coding in ["gzip", "br", "zstd", "deflate"] {
        let (_server, port) = web();
        let words = format!("http poll http://localhost:{port}/coded?coding={coding} --count 1 -v");
        let ended = sockeye(&words).start_mute().wait_code(0);
        assert_eq!(ended.text(), "first\n", "{coding}");
        assert!(ended.stderr.contains("which are 5 B without their coding"), "{}", ended.stderr);
    }
    let (_server, port) = web();
    let words = format!("http poll http://localhost:{port}/plain --compression off --count 1");
    assert_eq!(sockeye(&words).start_mute().wait_code(0).text(), "nothing is accepted\n");
}

#[test]
fn an_event_stream_that_is_cut_goes_on_after_what_was_heard() {
    let (server, port) = web();
    let words = format!("http sse http://localhost:{port}/sse --output json -v");
    let ended = sockeye(&words).start_mute().wait_code(0);
    let records =
        ended.text().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect::<Vec<serde_json::Value>>();
    let heard: Vec<String> = records
        .iter()
        .filter(|record| record["what"] == "heard" && record["event"] == "message")
        .map(|record| format!("{} {} {}", record["id"], record["name"], record["text"]))
        .collect();
    let expected = [
        r#""1" null "one""#,
        r#""2" "price" "two\nlines""#,
        r#""3" null "three""#,
        r#""4" null "four""#,
        r#""5" null "five""#,
        r#""6" null "six""#,
    ];
    assert_eq!(heard, expected, "{}", ended.text());
    // 204 said that there will be no more.
    let ids: Vec<bool> = asked(&server, "GET")
        .iter()
        .zip(["", "last-event-id=3 ", "last-event-id=6 "])
        .map(|(line, id)| line.contains("last-event-id") != id.is_empty() && line.contains(id))
        .collect();
    assert_eq!(ids, [true; 3], "{:?}", asked(&server, "GET"));
}

#[test]
fn an_event_stream_begins_after_an_id_and_can_end_with_the_stream() {
    let (_server, port) = web();
    let words = format!("http sse http://localhost:{port}/sse --last-event-id 4 --no-resume");
    assert_eq!(sockeye(&words).start_mute().wait_code(0).text(), "five\nsix\n");
    let words = format!("http sse http://localhost:{port}/sse --no-resume");
    let ended = sockeye(&words).start_mute().wait_code(7);
    assert_eq!(ended.text(), "one\ntwo\nlines\nthree\n");
    assert!(ended.stderr.contains("the answer was cut"), "{}", ended.stderr);
}

#[test]
fn a_busy_server_is_asked_again_when_it_says_so() {
    for style in ["poll", "long-poll", "stream", "sse"] {
        for status in [429, 503] {
            let (_server, port) = web();
            let words = format!("http {style} http://localhost:{port}/busy?status={status}&times=2 --count 1");
            let mut client = sockeye(&words).start_mute();
            if style == "sse" {
                assert!(client.wait_code(6).stderr.contains("no event stream: its type is not said"));
                continue;
            }
            let ended = client.wait_code(0);
            assert_eq!(ended.text(), "done\n", "{style} {status}");
            assert_eq!(ended.stderr.matches("asking again in 0.0").count(), 2, "{}", ended.stderr);
        }
    }
    let (server, port) = web();
    let words = format!("http poll http://localhost:{port}/busy?status=429&times=9 --attempts 3");
    let ended = sockeye(&words).start_mute().wait_code(6);
    assert!(ended.stderr.contains("the server answered 429 Too Many Requests"), "{}", ended.stderr);
    assert_eq!(asked(&server, "GET").len(), 3);
    // An hour is waited for if it is said to be one.
    let (server, port) = web();
    let words = format!("http poll http://localhost:{port}/busy?status=503&times=1&after=3600 -v");
    let client = sockeye(&words).start();
    client.wait_stderr("asking again in 3600.0s");
    client.wait_stderr("(Retry-After)");
    assert_eq!(asked(&server, "GET").len(), 1);
}

#[test]
fn what_is_said_is_posted_in_order_and_heard() {
    let (server, port) = web();
    let mut client = sockeye(&format!("http sse http://localhost:{port}/chat --count 101")).start();
    let many = each(100, |n| format!("message {n}\n"));
    client.say(&many);
    assert_eq!(client.wait_code(0).text(), format!("welcome\n{many}"));
    let posts = asked(&server, "POST /chat");
    assert_eq!(posts.len(), 100);
    // The cookie that the stream has set is sent by who posts.
    assert!(posts.iter().all(|line| line.contains("cookie=room=7") && line.contains("text/plain")), "{}", posts[0]);
}

#[test]
fn what_is_said_can_be_posted_elsewhere_and_the_answer_is_heard() {
    let (_server, port) = web();
    let words = format!(
        "http long-poll http://localhost:{port}/hold --post http://localhost:{port}/echo --content-type a/b --count 2"
    );
    let mut client = sockeye(&words).start();
    client.wait_stdout("first\n");
    client.say("hello\n");
    assert_eq!(client.wait_code(0).text(), "first\nPOST hello\n");
}

#[test]
fn what_is_not_taken_is_said_and_is_a_failure() {
    for (path, why) in [
        (
            "refuse?status=404",
            "the server answered 404 Not Found (it takes no messages there; --post URL says where it does)",
        ),
        ("refuse?status=500", "the server answered 500"),
        ("stall?status=500", "the server answered 500"),
    ] {
        let (_server, port) = web();
        let taker = format!("http://localhost:{port}/{path}");
        let words =
            format!("http poll http://localhost:{port}/value --post {taker} --linger 50ms --answer-timeout 300ms");
        let mut client = sockeye(&words).start();
        client.say_all("hello\n");
        let ended = client.wait_code(7);
        assert!(ended.stderr.contains(&format!("not delivered: POST {taker}: {why}")), "{}", ended.stderr);
    }
}

#[test]
fn it_listens_at_a_unix_socket_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("socket");
    let path = path.display();
    let server = python("web.py", &format!("unix={path}")).start();
    server.wait_stdout("listening on");
    let mut client = sockeye(&format!("http sse http+unix:{path}:/chat --count 2")).start();
    client.say("hello\n");
    assert_eq!(client.wait_code(0).text(), "welcome\nhello\n");
    server.wait_stdout("POST /chat host=localhost");
}
