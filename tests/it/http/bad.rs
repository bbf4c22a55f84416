//! Servers that behave badly: a clear line, the right exit code, bounded memory.

use std::fs;

use super::web;
use crate::net::{Listener, Peer as _, Refusing};
use crate::program::{Ended, Program, Start as _, sockeye};
use crate::tls::authority::Authority;
use crate::ws::{head, listening};

/// Every style but that of event streams.
const STYLES: [&str; 3] = ["poll", "long-poll", "stream"];

/// The line that says why, which names the address, and its hint.
fn line(ended: &Ended, port: u16) -> &str {
    let line = ended.stderr.lines().find(|line| line.starts_with("sockeye: ")).unwrap_or_default();
    assert!(line.contains(&format!("localhost:{port}")), "{}", ended.stderr);
    line
}

#[test]
fn what_is_no_event_stream_is_6() {
    let (_server, port) = web();
    let ended = sockeye(&format!("http sse http://localhost:{port}/lines")).start_mute().wait_code(6);
    assert!(line(&ended, port).contains("no event stream: its type is application/x-ndjson"), "{}", ended.stderr);
    assert!(ended.stderr.contains("hint: is it the right path?"), "{}", ended.stderr);
}

#[test]
fn a_status_that_is_no_success_is_6() {
    for (status, hint) in [(500, "the server failed"), (404, "nothing is at /refuse"), (403, "lets only some in")] {
        let (_server, port) = web();
        for style in ["poll", "long-poll", "stream", "sse"] {
            let words = format!("http {style} http://localhost:{port}/refuse?status={status}");
            let ended = sockeye(&words).start_mute().wait_code(6);
            assert!(line(&ended, port).contains(&format!("the server answered {status}")), "{style}: {}", ended.stderr);
            for told in ["no cats here", "hint: ", hint] {
                assert!(ended.stderr.contains(told), "{style}, {told}: {}", ended.stderr);
            }
        }
    }
}

#[test]
fn what_is_cut_is_7_and_what_came_before_is_heard() {
    let (_server, port) = web();
    for path in ["cut-chunks", "cut-length"] {
        let ended = sockeye(&format!("http stream http://localhost:{port}/{path}")).start_mute().wait_code(7);
        assert_eq!(ended.text(), "data: before\n\n", "{path}");
        assert!(line(&ended, port).contains("the answer was cut"), "{}", ended.stderr);
        let words = format!("http sse http://localhost:{port}/{path}?type=text/event-stream --no-resume");
        assert_eq!(sockeye(&words).start_mute().wait_code(7).text(), "before\n", "{path}");
        // A part of an answer is no answer.
        for style in ["poll", "long-poll"] {
            let words = format!("http {style} http://localhost:{port}/{path} --attempts 2");
            let ended = sockeye(&words).start_mute().wait_code(7);
            assert_eq!(ended.text(), "");
            assert!(line(&ended, port).contains("the answer was cut"), "{}", ended.stderr);
            assert_eq!(ended.stderr.matches("asking again").count(), 1, "{}", ended.stderr);
        }
    }
}

#[test]
fn who_never_answers_is_given_up_with_5() {
    for style in ["poll", "long-poll", "stream", "sse"] {
        let (_server, port) = web();
        let words = format!("http {style} http://localhost:{port}/never --answer-timeout 200ms --attempts 1");
        let ended = sockeye(&words).start_mute().wait_code(5);
        assert!(line(&ended, port).contains("no answer within 200ms"), "{}", ended.stderr);
        assert_eq!(ended.stderr.matches("http://").count(), 1, "{}", ended.stderr);
    }
}

#[test]
fn an_answer_that_stops_is_given_up() {
    let (_server, port) = web();
    for style in ["poll", "long-poll"] {
        let words = format!("http {style} http://localhost:{port}/stall --answer-timeout 200ms --attempts 1");
        let ended = sockeye(&words).start_mute().wait_code(7);
        assert!(line(&ended, port).contains("nothing came for 200ms"), "{}", ended.stderr);
    }
    // And so is a refusal that never comes to its end.
    for style in ["poll", "long-poll", "stream", "sse"] {
        let words = format!("http {style} http://localhost:{port}/stall?status=404 --answer-timeout 200ms");
        let ended = sockeye(&words).start_mute().wait_code(6);
        assert!(line(&ended, port).contains("the server answered 404"), "{}", ended.stderr);
    }
}

#[test]
fn nobody_there_is_4() {
    let nobody = Refusing::new();
    for style in ["poll", "long-poll", "stream", "sse"] {
        let words = format!("http {style} http://localhost:{} --attempts 1", nobody.port());
        let ended = sockeye(&words).start_mute().wait_code(4);
        assert!(line(&ended, nobody.port()).contains("refused"), "{}", ended.stderr);
    }
}

/// The most memory that a program has used, in KiB.
fn peak(program: &Program) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", program.id())).expect("/proc");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    peak.trim().trim_end_matches(" kB").parse().expect("a number")
}

#[test]
fn ten_gigabytes_do_not_fit_and_do_not_hurt() {
    for (style, query) in [("poll", ""), ("poll", "length=1"), ("sse", "type=text/event-stream")] {
        let (server, port) = web();
        let words = format!("http {style} http://localhost:{port}/huge?{query} --max-message 4MiB");
        // It stays until it may write its last line, so that it can be looked at.
        let mut client = sockeye(&words).start();
        client.wait_stderr("sockeye: ");
        let ended = client.wait_code(6);
        assert!(line(&ended, port).contains("more than 4194304 bytes came for one message"), "{}", ended.stderr);
        assert!(ended.stderr.contains("hint: --max-message"), "{}", ended.stderr);
        server.wait_stdout("gone");
    }
}

#[test]
fn what_goes_by_unread_takes_no_memory() {
    let (server, port) = web();
    // 10 GB, in chunks that are not kept.
    let words = format!("http stream http://localhost:{port}/huge --framing chunks --output none");
    let mut client = sockeye(&words).start();
    server.wait_stdout("much was sent");
    assert!(peak(&client) < 100 << 10, "{} KiB", peak(&client));
    client.signal(rustix::process::Signal::INT);
    client.wait_code(130);
    // A refusal of 10 GB is not read to its end.
    let words = format!("http poll http://localhost:{port}/huge?status=503&length=1 --attempts 2");
    assert!(sockeye(&words).start_mute().wait_code(6).stderr.contains("the server answered 503"));
}

#[test]
fn a_bomb_goes_off_in_a_small_room() {
    for coding in ["gzip", "br", "zstd"] {
        let (server, port) = web();
        let words = format!(
            "http poll http://localhost:{port}/bomb?coding={coding} --max-message 1MiB --reconnect=9 --reconnect-delay 1h..1h"
        );
        let client = sockeye(&words).start();
        client.wait_stderr("more than 1048576 bytes came for one message");
        assert!(peak(&client) < 150 << 10, "{coding}: {} KiB", peak(&client));
        server.wait_stdout("bomb");
    }
}

#[test]
fn what_is_badly_encoded_is_6_and_half_of_it_7() {
    let (_server, port) = web();
    for coding in ["gzip", "br", "zstd", "deflate"] {
        for style in STYLES {
            let words = format!("http {style} http://localhost:{port}/broken?coding={coding}");
            let ended = sockeye(&words).start_mute().wait_code(6);
            assert!(line(&ended, port).contains("Content-Encoding is broken"), "{}", ended.stderr);
            assert!(ended.stderr.contains("hint: --compression off"), "{}", ended.stderr);
            let words = format!("http {style} http://localhost:{port}/broken?coding={coding}&cut=1 --attempts 1");
            let ended = sockeye(&words).start_mute().wait_code(7);
            assert!(line(&ended, port).contains("stopped before its end"), "{style} {coding}: {}", ended.stderr);
        }
    }
    let ended = sockeye(&format!("http poll http://localhost:{port}/odd")).start_mute().wait_code(6);
    assert!(line(&ended, port).contains("Content-Encoding is rot13"), "{}", ended.stderr);
}

#[test]
fn more_than_was_announced_is_not_taken_for_the_next_answer() {
    let (mut server, port) = web();
    server.say("second\n");
    let words = format!("http poll http://localhost:{port}/surplus --interval 10ms --all --count 3");
    assert_eq!(sockeye(&words).start_mute().wait_code(0).text(), "four\n".repeat(3));
}

#[test]
fn what_is_no_http_is_quoted_and_tls_is_recognised() {
    for (says, told) in [
        ("SSH-2.0-OpenSSH_9.6\r\n", "no HTTP: \"SSH-2.0-OpenSSH_9.6\""),
        ("\x15\x03\x01\0\x02\x02\x46", "the server answered with TLS"),
        ("", "closed the connection and did not answer"),
        ("HTTP/1.1 200 O", "closed the connection and did not answer"),
        ("HTTP/9.9 what\r\n\r\n", "the server's answer is no HTTP"),
    ] {
        for style in ["poll", "long-poll", "stream", "sse"] {
            let front = Listener::new();
            let mut client = sockeye(&format!("http {style} http://localhost:{}", front.port())).start_mute();
            let mut server = front.accept();
            head(&mut server);
            server.say(says);
            server.finish();
            let ended = client.wait_code(6);
            assert!(line(&ended, front.port()).contains(told), "{style} {told}: {}", ended.stderr);
            assert!(ended.stderr.contains("hint: "), "{style}: {}", ended.stderr);
            drop(server);
        }
    }
}

#[test]
fn tls_where_plain_is_expected_and_the_other_way_round() {
    let (_server, port) = web();
    let ended = sockeye(&format!("http poll https://localhost:{port}/")).start_mute().wait_code(6);
    assert!(ended.stderr.contains("TLS"), "{}", ended.stderr);
    let authority = Authority::new("tests");
    let issued = authority.server();
    let (_server, port) = listening(super::python("web.py", &format!("cert={} key={}", issued.cert, issued.key)));
    let ended = sockeye(&format!("http poll http://localhost:{port}/value")).start_mute().wait_code(6);
    assert!(line(&ended, port).contains("http://") && ended.stderr.contains("TLS"), "{}", ended.stderr);
}
