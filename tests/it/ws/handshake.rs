//! Handshakes that fail, and why: what is shown, and what the other side hears.

use super::{head, listener, listening, npm_ws};
use crate::net::{Listener, Peer as _, connect};
use crate::program::{Start as _, shell, sockeye};

#[test]
fn a_refusal_is_shown_whole_with_a_remedy() {
    for (status, hint) in [
        (401, "--auth"),
        (403, "--origin"),
        (404, "nothing is at /chat"),
        (426, "a proxy"),
        (429, "too many"),
        (302, "--location"),
        (500, "its answer is above"),
    ] {
        let (_server, port) = listening(npm_ws(&format!("listen refuse={status}")));
        let ended = sockeye(&format!("ws connect localhost:{port}/chat")).start_mute().wait_code(6);
        assert!(ended.stdout.is_empty());
        let what = format!("sockeye: connect to ws://localhost:{port}/chat: the server answered {status}");
        for told in ["the server's answer: HTTP/1.1", "no cats here", &what, "hint: ", hint] {
            assert!(ended.stderr.contains(told), "{told}: {}", ended.stderr);
        }
    }
}

#[test]
fn an_ordinary_web_server_is_recognised() {
    let page = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 21\r\n\r\n<h1>\x1b[31mHello</h1>\r\n";
    let front = Listener::new();
    let mut client = sockeye(&format!("ws connect localhost:{}", front.port())).start_mute();
    let mut server = front.accept();
    head(&mut server);
    server.say(page);
    let ended = client.wait_code(6);
    assert!(ended.stderr.contains("ordinary web page") && ended.stderr.contains("<h1>"), "{}", ended.stderr);
    assert!(!ended.stderr.contains('\x1b'), "{}", ended.stderr);
}

#[test]
fn what_is_no_http_is_quoted_and_tls_is_recognised() {
    for (says, told) in [
        ("SSH-2.0-OpenSSH_9.6\r\n", "no HTTP: \"SSH-2.0-OpenSSH_9.6\""),
        ("\x15\x03\x01\0\x02\x02\x46", "the server answered with TLS"),
        ("", "closed the connection and did not answer"),
        ("HTTP/1.1 101 Sw", "closed the connection and did not answer"),
    ] {
        let front = Listener::new();
        let mut client = sockeye(&format!("ws connect localhost:{}", front.port())).start_mute();
        let mut server = front.accept();
        if says.starts_with("HTTP") {
            head(&mut server);
        }
        server.say(says);
        server.finish();
        let ended = client.wait_code(6);
        assert!(ended.stderr.contains(told) && ended.stderr.contains("hint: "), "{told}: {}", ended.stderr);
        drop(server);
    }
}

#[test]
fn a_wrong_accept_is_refused() {
    let front = Listener::new();
    let mut client = sockeye(&format!("ws connect localhost:{}", front.port())).start_mute();
    let mut server = front.accept();
    head(&mut server);
    server.say("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: AAAA\r\n\r\n");
    let ended = client.wait_code(6);
    assert!(ended.stderr.contains("Sec-WebSocket-Accept is AAAA, and "), "{}", ended.stderr);
}

#[test]
fn a_server_that_stalls_is_given_up_in_time() {
    for says in ["", "HTTP/1.1 101 Switching Protocols\r\nUpgr"] {
        let front = Listener::new();
        let words = format!("ws connect localhost:{} --handshake-timeout 300ms", front.port());
        let mut client = sockeye(&words).start_mute();
        let mut server = front.accept();
        if says.starts_with("HTTP") {
            head(&mut server);
        }
        server.say(says);
        assert!(client.wait_code(5).stderr.contains("no answer to the handshake within 300ms"));
        drop(server);
    }
}

#[test]
fn a_redirection_is_followed_if_asked_and_takes_no_secrets_elsewhere() {
    let (_echo, port) = listener("--reply echo -v");
    let front = Listener::new();
    let words = format!("ws connect localhost:{} --location --auth alice:secret --say hi --count 1 -v", front.port());
    let mut client = sockeye(&words).start_mute();
    let mut server = front.accept();
    head(&mut server);
    server.say(format!("HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:{port}/there\r\nContent-Length: 0\r\n\r\n"));
    let ended = client.wait_code(0);
    assert_eq!(ended.text(), "hi\n");
    assert!(ended.stderr.contains(&format!("redirected  302, to ws://127.0.0.1:{port}/there")), "{}", ended.stderr);
    assert_eq!(ended.stderr.matches("Authorization: (hidden)").count(), 1, "{}", ended.stderr);
    assert!(!ended.stderr.contains("secret") && !ended.stderr.contains("YWxpY2U"), "{}", ended.stderr);
}

#[test]
fn each_bad_request_gets_an_answer_that_says_what_is_wrong() {
    let (server, port) = listener("--no-page");
    for (request, status, body) in [
        ("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "426", "WebSocket is spoken here"),
        ("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc", "405", "with GET"),
        ("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", "403", "--host"),
        (
            "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\r\n",
            "400",
            "Sec-WebSocket-Key",
        ),
    ] {
        let stranger = connect(port);
        stranger.say(request);
        let heard = String::from_utf8_lossy(&stranger.hear_end()).into_owned();
        assert!(heard.starts_with(&format!("HTTP/1.1 {status} ")) && heard.contains(body), "{heard}");
        server.wait_stderr(body);
    }
    // A head without end, and what is no HTTP at all.
    for (request, status) in
        [(format!("GET / HTTP/1.1\r\nX: {}\r\n", "x".repeat(80_000)), "431"), ("\x16\x03\x01".to_owned(), "400")]
    {
        let stranger = connect(port);
        stranger.say(request);
        stranger.finish();
        let heard = String::from_utf8_lossy(&stranger.hear_end()).into_owned();
        assert!(heard.is_empty() || heard.starts_with(&format!("HTTP/1.1 {status} ")), "{heard}");
    }
}

#[test]
fn a_page_of_another_origin_may_not_connect_unless_it_is_allowed() {
    let ask = |port: u16, origin: &str| {
        let words = format!("ws connect localhost:{port} --origin {origin} --say hi --count 1");
        sockeye(&words).start_mute().wait_end().code
    };
    let (_server, port) = listener("--reply echo --allow-origin https://friend.example");
    assert_eq!(ask(port, "https://evil.example"), 6);
    assert_eq!(ask(port, "https://friend.example"), 0);
    assert_eq!(ask(port, &format!("http://localhost:{port}")), 0);
}

#[test]
fn a_path_a_login_and_a_client_that_says_nothing() {
    let (server, port) = listener("--reply echo --auth alice:secret --handshake-timeout 500ms");
    let silent = connect(port);
    let url = format!("localhost:{port}");
    assert_eq!(sockeye(&format!("ws connect {url}")).start_mute().wait_end().code, 6);
    let ended = sockeye(&format!("ws connect ws://alice:secret@{url} --say hi --count 1")).start_mute().wait_code(0);
    assert_eq!(ended.text(), "hi\n");
    server.wait_stderr("no request within 500ms");
    drop(silent);
    let server = sockeye("ws listen 0/chat -4 --reply echo").start();
    server.wait_stderr("/chat");
    let line = server.stderr();
    let url = line.split_whitespace().find(|word| word.starts_with("ws://")).expect("a URL").to_owned();
    assert!(url.ends_with("/chat"), "{url}");
    assert_eq!(sockeye(&format!("ws connect {url} --say hi --count 1")).start_mute().wait_code(0).text(), "hi\n");
    assert_eq!(sockeye(&format!("ws connect {}", url.replace("/chat", "/other"))).start_mute().wait_end().code, 6);
}

#[test]
fn a_program_serves_each_and_broadcast_reaches_the_others() {
    let (_server, port) = listener("--exec cat");
    let ended = sockeye(&format!("ws connect localhost:{port} --say one --count 1")).start_mute().wait_code(0);
    assert_eq!(ended.text(), "one\n");
    let (server, port) = listener("--reply broadcast");
    let mut first = sockeye(&format!("ws connect localhost:{port} --count 1")).start();
    let mut second = sockeye(&format!("ws connect localhost:{port}")).start();
    server.wait_stderr_times("127.0.0.1", 1);
    // Until both are there what is said may reach nobody.
    let mut third = shell(&format!(
        "while :; do {} ws connect localhost:{port} --say hello --at-eof close </dev/null; done",
        env!("CARGO_BIN_EXE_sockeye")
    ))
    .start_mute();
    first.wait_stdout("hello\n");
    first.wait_code(0);
    second.wait_stdout("hello\n");
    second.finish();
    third.signal(rustix::process::Signal::TERM);
    third.wait_end();
}
