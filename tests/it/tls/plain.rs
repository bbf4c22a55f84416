//! Plain text where TLS is spoken, and TLS where plain text is: both sides say what they met.

use super::listener;
use crate::net::{Listener, Peer as _, connect};
use crate::program::{Start as _, peer, shell, sockeye};

#[test]
fn a_server_that_speaks_no_tls_is_quoted() {
    for (says, code, what) in [
        ("HTTP/1.1 400 Bad Request\r\n\r\n", 6, "the server answered in plain text: \"HTTP/1.1 400 Bad Request\""),
        ("SSH-2.0-OpenSSH_9.6\r\n", 6, "the server answered in plain text: \"SSH-2.0-OpenSSH_9.6\""),
        ("220 mail.example ESMTP\r\n", 6, "the server answered in plain text: \"220 mail.example ESMTP\""),
        ("\x1b[2J\n", 6, "the server answered in plain text: \"\\x1b[2J\""),
        ("hi", 6, "the server answered in plain text: \"hi\""),
        ("", 5, "the server said nothing within 300ms"),
    ] {
        for options in ["", "-v", "--output json"] {
            let front = Listener::new();
            let words = format!("tcp connect tls://localhost:{} --handshake-timeout 300ms {options}", front.port());
            let mut client = sockeye(&words).start_mute();
            let server = front.accept();
            server.say(says);
            let ended = client.wait_code(code);
            assert!(
                ended.stderr.contains(&format!("sockeye: TLS with tcp://127.0.0.1:{}: {what}\n", front.port())),
                "{}",
                ended.stderr
            );
            assert!(ended.stderr.contains("\nhint: ") && ended.stderr.contains("without --tls"), "{}", ended.stderr);
        }
    }
    // Closed, or thrown away.
    for reset in [false, true] {
        let front = Listener::new();
        let mut client = sockeye(&format!("tcp connect tls://localhost:{}", front.port())).start_mute();
        let server = front.accept();
        // Before its ClientHello it may not have noticed yet that it is connected.
        let mut hello = [0; 8192];
        std::io::Read::read(&mut &server, &mut hello).expect("a ClientHello");
        if reset {
            server.reset();
        } else {
            drop(server);
        }
        let what = if reset { "threw the connection away in the handshake" } else { "before it said anything" };
        let ended = client.wait_code(6);
        assert!(ended.stderr.contains(what), "{}", ended.stderr);
    }
}

#[test]
fn a_client_that_speaks_no_tls_is_quoted_and_the_next_is_served() {
    for options in ["--reply echo", "--reply echo --output none", "--once", "--once -v"] {
        let (server, port) = listener(options);
        let stranger = connect(port);
        stranger.say("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        let address = stranger.local_addr().expect("an address");
        server
            .wait_stderr(&format!("TLS with tcp://{address} failed: the client spoke plain text: \"GET / HTTP/1.1\""));
        // It hears an alert and not a reset.
        assert!(stranger.hear_end().starts_with(b"\x15\x03"), "{options}");
        let mut client = sockeye(&format!("tcp connect tls://localhost:{port} --insecure")).start();
        client.say("hello\n");
        if options.contains("--once") {
            server.wait_stdout("hello\n");
        } else {
            client.wait_stdout("hello\n");
        }
        client.finish();
    }
}

#[test]
fn a_listener_for_one_waits_for_one_that_can_shake_hands_and_no_longer_than_it_may() {
    for options in ["", "-v"] {
        let (mut server, port) = listener(&format!("--once --accept-timeout 1s {options}"));
        for _ in 0..3 {
            connect(port).say("no TLS\n");
        }
        server.wait_stderr_times("spoke plain text: \"no TLS\"", 3);
        let ended = server.wait_code(5);
        assert!(ended.stderr.contains("nobody came within 1s"), "{}", ended.stderr);
    }
}

#[test]
fn a_client_that_does_not_trust_the_listener_is_told_of() {
    let (server, port) = listener("--reply echo");
    sockeye(&format!("tcp connect tls://localhost:{port}")).start_mute().wait_code(6);
    server.wait_stderr("failed: the client does not trust our certificate (alert unknown ca)");
    let words = format!("s_client -connect 127.0.0.1:{port} -verify_return_error -tls1_2");
    peer("openssl", &words).start_mute().wait_code(1);
    server.wait_stderr_times("the client does not trust our certificate (alert unknown ca)", 2);
}

#[test]
fn a_plain_listener_says_when_it_hears_tls() {
    for options in ["", "-v", "--once", "--once --output none", "--once -v"] {
        let server = sockeye(&format!("tcp listen 0 -4 {options}")).start();
        let words = format!("tcp connect tls://127.0.0.1:{} --handshake-timeout 200ms", server.port());
        sockeye(&words).start_mute().wait_code(5);
        server.wait_stderr("the peer begins a TLS handshake, and we speak plain text; --tls speaks TLS");
    }
}

#[test]
fn a_plain_client_says_when_it_hears_tls() {
    for options in ["", "-v", "--output json"] {
        let (_server, port) = listener("--reply echo");
        let mut client = sockeye(&format!("tcp connect localhost:{port} {options}")).start();
        client.say("hello, is anybody there?\n");
        client.wait_stderr("the peer answered with a TLS alert: it expects TLS, and we speak plain text");
        client.finish();
        client.wait_end();
        // What servers say that know HTTP.
        let front = Listener::new();
        let mut client = sockeye(&format!("tcp connect localhost:{} {options}", front.port())).start();
        let server = front.accept();
        server.say("HTTP/1.1 400 Bad Request\r\n\r\n<h1>The plain HTTP request was sent to HTTPS port</h1>");
        client.wait_stderr("the peer expects TLS, and we speak plain HTTP; --tls speaks TLS");
        drop(server);
        client.finish();
        client.wait_end();
    }
}

#[test]
fn other_beginnings_are_nobodys_business() {
    for options in ["", "-v"] {
        let front = Listener::new();
        let mut client = sockeye(&format!("tcp connect localhost:{} {options}", front.port())).start_mute();
        let server = front.accept();
        server.say("\x16 is no handshake, and \x15 no alert");
        drop(server);
        let ended = client.wait_end();
        assert!(!ended.stderr.contains("TLS"), "{}", ended.stderr);
        assert!(ended.text().starts_with('\x16'), "what was looked at is still heard");
    }
}

#[test]
fn the_scheme_and_the_option_are_the_same() {
    let (server, port) = listener("--reply echo");
    drop(connect(port));
    server.wait_stderr("the client closed the connection before it said anything");
    for target in [
        format!("tls://localhost:{port}"),
        format!("localhost:{port} --tls"),
        format!("localhost {port} --tls"),
        format!("tcp://localhost:{port} --tls"),
    ] {
        let mut client = sockeye(&format!("tcp connect {target} --insecure --output json --say hello"));
        let ended = client.start_mute().wait_code(0);
        assert!(
            ended.text().contains(&format!("\"remote\":\"tls://127.0.0.1:{port}\",\"local\":\"tls://127.0.0.1:")),
            "{}",
            ended.text()
        );
    }
    let other = sockeye("tcp listen tls://127.0.0.1:0 --reply echo").start();
    let line = format!(
        "{} tcp connect tls://localhost:{} --insecure --say hello </dev/null",
        env!("CARGO_BIN_EXE_sockeye"),
        other.port()
    );
    assert_eq!(shell(&line).start().wait_code(0).text(), "hello\n");
}
