//! Proxies that break: answers that are cut, wrong, endless or never come.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use crate::net::{Blackhole, Listener, Peer as _};
use crate::program::{Ended, Start as _, sockeye};

const METHOD: &[u8] = b"\x05\x00";
const SOCKS5_OPEN: &[u8] = b"\x05\x00\x00\x03\x04host\x00\x50";
const SOCKS4_OPEN: &[u8] = b"\x00\x5a\x00\x50\x7f\x00\x00\x01";
const HTTP_OPEN: &[u8] = b"HTTP/1.1 200 OK\r\nVia: x\r\n\r\n";

/// A proxy that says these answers, one a request, then ends; and how the client ended.
fn answered(kind: &str, answers: &[&[u8]]) -> Ended {
    let proxy = Listener::new();
    let words = format!("tcp connect target.test:80 --proxy {kind}://127.0.0.1:{}", proxy.port());
    let mut client = sockeye(&words).start_mute();
    let stream = proxy.accept();
    for (number, answer) in answers.iter().enumerate() {
        hear_request(kind, number, &stream);
        stream.say(answer);
    }
    stream.finish();
    let ended = client.wait_end();
    let hop = format!("proxy {kind}://127.0.0.1:{}: ", proxy.port());
    if ended.code != 0 {
        let first = ended.stderr.lines().next().unwrap_or_default();
        assert!(first.starts_with(&format!("sockeye: connect to tcp://target.test:80: {hop}")), "{}", ended.stderr);
    }
    ended
}

/// Reads one request, of which this is the first, or the second, and no more.
fn hear_request(kind: &str, number: usize, stream: &TcpStream) {
    let mut heard = Vec::new();
    let whole = |heard: &[u8]| match (kind, number, heard) {
        ("http", _, heard) => heard.ends_with(b"\r\n\r\n"),
        ("socks4a", _, heard) => heard.ends_with(b"target.test\0"),
        (_, 0, heard) => heard == b"\x05\x01\x00",
        (_, _, heard) => heard == b"\x05\x01\x00\x03\x0btarget.test\x00\x50",
    };
    while !whole(&heard) {
        let mut byte = [0];
        (&*stream).read_exact(&mut byte).expect("a request");
        heard.push(byte[0]);
    }
}

#[test]
fn each_reply_has_its_code_and_words() {
    for (reply, code, words) in [
        (1, 4, "general failure"),
        (2, 6, "its rules do not allow this"),
        (3, 4, "network unreachable from there"),
        (4, 4, "host unreachable from there"),
        (5, 4, "connection refused by the target"),
        (6, 4, "TTL expired on the way to the target"),
        (7, 6, "does not know this command"),
        (8, 6, "does not know this kind of address"),
        (9, 6, "an answer that RFC 1928 does not know"),
    ] {
        let ended = answered("socks5h", &[METHOD, &[5, reply, 0, 1, 0, 0, 0, 0, 0, 0]]);
        assert_eq!(ended.code, code, "{}", ended.stderr);
        assert!(ended.stderr.contains(&format!("{words} (reply {reply})")), "{}", ended.stderr);
    }
    for (reply, code, words) in
        [(91, 4, "rejected or failed"), (92, 6, "identd"), (93, 6, "another user"), (1, 6, "know")]
    {
        let ended = answered("socks4a", &[&[0, reply, 0, 0, 0, 0, 0, 0]]);
        assert_eq!(ended.code, code, "{}", ended.stderr);
        assert!(ended.stderr.contains(words) && ended.stderr.contains(&format!("(reply {reply})")), "{}", ended.stderr);
    }
    for (status, code) in [
        ("302 Found", 6),
        ("400 Bad Request", 6),
        ("403 Forbidden", 6),
        ("405 Method Not Allowed", 6),
        ("500 Unable to connect", 4),
        ("502 Bad Gateway", 4),
        ("503 Service Unavailable", 4),
        ("504 Gateway Timeout", 5),
    ] {
        let ended = answered("http", &[format!("HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\nno").as_bytes()]);
        assert_eq!(ended.code, code, "{}", ended.stderr);
        assert!(ended.stderr.contains(status), "{}", ended.stderr);
    }
    let unknown = b"HTTP/1.1 502 Bad\r\nProxy-Status: p; error=dns_error\r\n\r\n";
    assert_eq!(answered("http", &[unknown]).code, 3);
}

#[test]
fn an_answer_may_be_cut_at_any_byte() {
    let cut = |kind: &str, before: &[&[u8]], answer: &[u8]| {
        for at in 0..=answer.len() {
            let answers = [before, &[&answer[..at]]].concat();
            let ended = answered(kind, &answers);
            if at == answer.len() {
                assert_eq!(ended.code, 0, "{kind}: {}", ended.stderr);
                continue;
            }
            assert_eq!(ended.code, 6, "{kind} at {at}: {}", ended.stderr);
            assert!(ended.stderr.contains("it closed the connection "), "{kind} at {at}: {}", ended.stderr);
        }
    };
    cut("socks5h", &[METHOD], SOCKS5_OPEN);
    cut("socks4a", &[], SOCKS4_OPEN);
    cut("http", &[], HTTP_OPEN);
    assert_eq!(answered("socks5h", &[&METHOD[..1]]).code, 6);
    assert_eq!(answered("socks5h", &[b""]).code, 6);
}

#[test]
fn what_is_no_answer_is_told_at_once_and_what_it_may_be() {
    for (kind, answer, words, hint) in [
        ("socks5h", &b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], "is not SOCKS5: it begins with 48", "an http:// proxy"),
        ("socks5h", b"\x15\x03\x01\x00\x02\x02\x32", "is not SOCKS5: it begins with 15", "https://"),
        ("socks4a", b"SSH-2.0-OpenSSH\r\n", "is not SOCKS4: it begins with 53", "another kind of server"),
        ("http", b"SSH-2.0-OpenSSH\r\n", "is not HTTP/1: it begins with 53", "another kind of server"),
        ("http", b"\x05\xff", "is not HTTP/1: it begins with 05", "a socks5:// or a socks4:// proxy"),
        ("http", b"HTTP/1.1 what?\r\n\r\n", "its answer has no status: HTTP/1.1 what?", ""),
    ] {
        // It says so and then waits, as a server of another kind would.
        let proxy = Listener::new();
        let words_of = format!("tcp connect target.test:80 --proxy {kind}://127.0.0.1:{}", proxy.port());
        let mut client = sockeye(&words_of).start_mute();
        let stream = proxy.accept();
        hear_request(kind, 0, &stream);
        stream.say(answer);
        let ended = client.wait_code(6);
        assert!(ended.stderr.contains(words), "{}", ended.stderr);
        assert!(ended.stderr.contains(hint), "{}", ended.stderr);
    }
}

#[test]
fn a_head_has_an_end() {
    let endless = [b"HTTP/1.1 200 OK\r\nX: ", &b"x".repeat(64 << 10)[..]].concat();
    let ended = answered_by_flood(&endless);
    assert_eq!(ended.code, 6, "{}", ended.stderr);
    assert!(ended.stderr.contains("longer than 64 KiB"), "{}", ended.stderr);
    let interim = b"HTTP/1.1 100 Continue\r\n\r\n".repeat(3000);
    let ended = answered_by_flood(&interim);
    assert_eq!(ended.code, 6, "{}", ended.stderr);
}

/// The client may end before it has heard it all.
fn answered_by_flood(answer: &[u8]) -> Ended {
    let proxy = Listener::new();
    let mut client =
        sockeye(&format!("tcp connect target.test:80 --proxy http://127.0.0.1:{}", proxy.port())).start_mute();
    let stream = proxy.accept();
    hear_request("http", 0, &stream);
    let _ = (&stream).write_all(answer);
    client.wait_end()
}

#[test]
fn a_reset_is_no_answer() {
    for kind in ["socks5h", "socks4a", "http"] {
        let proxy = Listener::new();
        let words = format!("tcp connect target.test:80 --proxy {kind}://127.0.0.1:{}", proxy.port());
        let mut client = sockeye(&words).start_mute();
        let stream = proxy.accept();
        hear_request(kind, 0, &stream);
        stream.reset();
        let ended = client.wait_code(6);
        assert!(ended.stderr.contains("connection reset by peer without an answer"), "{}", ended.stderr);
    }
}

#[test]
fn a_proxy_that_says_nothing_or_stops_is_given_up_in_time() {
    for (kind, said) in
        [("socks5h", &b""[..]), ("socks5h", b"\x05"), ("socks4a", b"\x00\x5a"), ("http", b"HTTP/1.1 200 OK\r\n")]
    {
        let proxy = Listener::new();
        let words =
            format!("tcp connect target.test:80 --connect-timeout 300ms --proxy {kind}://127.0.0.1:{}", proxy.port());
        let mut client = sockeye(&words).start_mute();
        let stream = proxy.accept();
        hear_request(kind, 0, &stream);
        stream.say(said);
        let ended = client.wait_code(5);
        let expected = format!("proxy {kind}://127.0.0.1:{}: no answer within 300ms", proxy.port());
        assert!(ended.stderr.contains(&expected), "{}", ended.stderr);
        assert!(ended.stderr.contains("hint: ") && ended.stderr.contains("--connect-timeout"), "{}", ended.stderr);
    }
    let blackhole = Blackhole::new();
    let words = format!("tcp connect target.test:80 --connect-timeout 300ms --proxy 127.0.0.1:{}", blackhole.port());
    let ended = sockeye(&words).start_mute().wait_code(5);
    assert!(ended.stderr.contains("proxy http://127.0.0.1:"), "{}", ended.stderr);
}

#[test]
fn a_proxy_that_asks_for_ever_is_not_answered_for_ever() {
    let proxy = Listener::new();
    let words = format!("tcp connect target.test:80 --proxy http://u:p@127.0.0.1:{}", proxy.port());
    let mut client = sockeye(&words).start_mute();
    let stream = proxy.accept();
    let mut asked = 0;
    let challenge =
        "HTTP/1.1 407 No\r\nProxy-Authenticate: Digest realm=r, nonce=n, stale=true\r\nContent-Length: 0\r\n\r\n";
    while client.runs() && asked < 10 {
        let mut first = [0];
        if !matches!((&stream).read(&mut first), Ok(1)) {
            break;
        }
        hear_request("http", 0, &stream);
        asked += 1;
        stream.say(challenge);
    }
    let ended = client.wait_code(6);
    assert!(ended.stderr.contains("407 No: user or password is wrong"), "{}", ended.stderr);
    assert_eq!(asked, 4);
}
