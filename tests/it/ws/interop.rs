//! What is said is heard, whatever is at the other end.

use std::fmt::Write as _;
use std::process::Command;

use super::{listener, listening, npm_ws, python_ws};
use crate::nginx::Nginx;
use crate::program::{Start as _, peer, shell, sockeye};
use crate::tls::authority::Authority;

fn lines(count: usize) -> String {
    (0..count).fold(String::new(), |mut text, n| {
        let _ = writeln!(text, "message {n}");
        text
    })
}

const SERVERS: [fn(&str) -> Command; 2] =
    [|words| npm_ws(&format!("listen {words}")), |words| python_ws(&format!("listen {words}"))];

#[test]
fn ten_thousand_messages_come_back_from_each_server_and_none_is_lost() {
    let many = lines(10_000);
    for server in SERVERS {
        for deflate in ["on", "off"] {
            let (_server, port) = listening(server(&format!("deflate={deflate}")));
            let mut client = sockeye(&format!("ws connect localhost:{port} --count 10000 --deflate {deflate}")).start();
            client.say_all(&many);
            assert!(client.wait_code(0).text() == many);
        }
    }
}

#[test]
fn ten_thousand_messages_of_each_client_are_echoed() {
    let many = lines(10_000);
    let clients: [fn(&str) -> Command; 2] =
        [|words| npm_ws(&format!("connect {words}")), |words| python_ws(&format!("connect {words}"))];
    for client in clients {
        for deflate in ["on", "off"] {
            let (_server, port) = listener("--reply echo");
            let mut client = client(&format!("ws://localhost:{port}/ deflate={deflate}")).start();
            client.say_all(&many);
            let ended = client.wait_code(0);
            assert!(ended.text() == many, "{}", ended.stderr);
            assert_eq!(ended.stderr.contains("permessage-deflate"), deflate == "on", "{}", ended.stderr);
            assert!(ended.stderr.contains("closed 1000"), "{}", ended.stderr);
        }
    }
}

#[test]
fn messages_of_every_size_are_whole_and_keep_their_kind() {
    for server in SERVERS {
        let (_server, port) = listening(server(""));
        for size in [1, 125, 126, 65_535, 65_536, 1 << 20, 16 << 20] {
            let data: Vec<u8> = (0..size).map(|at| b'a' + u8::try_from(at % 26).expect("a letter")).collect();
            for kind in ["text", "binary"] {
                let words = format!("ws connect localhost:{port} --framing file --kind {kind} --count 1 --output json");
                let mut client = sockeye(&words).start();
                client.say_all(&data);
                let told = client.wait_code(0).text();
                let heard: serde_json::Value = told
                    .lines()
                    .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
                    .find(|record| record["what"] == "heard")
                    .expect("a message");
                assert_eq!(heard["kind"], kind);
                assert!(heard["text"].as_str().is_some_and(|text| text.as_bytes() == data), "{size} bytes");
            }
        }
    }
}

#[test]
fn an_empty_message_is_a_message() {
    for server in SERVERS {
        let (_server, port) = listening(server(""));
        let mut client = sockeye(&format!("ws connect localhost:{port} --count 2")).start();
        client.say_all("\n\n");
        assert_eq!(client.wait_code(0).text(), "\n\n");
    }
}

#[test]
fn what_a_peer_cuts_into_fragments_is_one_message() {
    let (_server, port) = listening(npm_ws("listen fragments=7"));
    let mut client = sockeye(&format!("ws connect localhost:{port} --count 2 -v")).start();
    client.say_all("a message that is cut\nanother one\n");
    let ended = client.wait_code(0);
    assert_eq!(ended.text(), "a message that is cut\nanother one\n");
    assert!(ended.stderr.matches("< continuation").count() == 11, "{}", ended.stderr);
}

#[test]
fn compression_is_agreed_upon_with_each_and_what_it_saves_is_seen() {
    for server in SERVERS {
        let (server, port) = listening(server(""));
        let mut client = sockeye(&format!("ws connect localhost:{port} --count 1 -v")).start();
        client.say_all("z".repeat(5000) + "\n");
        let ended = client.wait_code(0);
        assert_eq!(ended.stdout.len(), 5001);
        for told in ["permessage-deflate", "> text, RSV1, 4.9 KiB deflated to", "< text, RSV1, 4.9 KiB deflated to"] {
            assert!(ended.stderr.contains(told), "{told}: {}", ended.stderr);
        }
        server.wait_stdout("permessage-deflate");
    }
}

#[test]
fn every_parameter_of_compression_holds_between_two_of_us() {
    for (server, client) in [
        ("--deflate-window 9 --deflate-reset", "--deflate-window 10"),
        ("--deflate-peer-window 9 --deflate-peer-reset", ""),
        ("", "--deflate-peer-window 9 --deflate-peer-reset --deflate-level 9"),
        ("", "--deflate-window 12 --deflate-reset --deflate-threshold 1"),
    ] {
        let (_server, port) = listener(&format!("--reply echo {server}"));
        let mut client = sockeye(&format!("ws connect localhost:{port} --count 300 -v {client}")).start();
        let many = lines(300).replace("message", &"message ".repeat(50));
        client.say_all(&many);
        let ended = client.wait_code(0);
        assert!(ended.text() == many, "{server} {}", ended.stderr);
        let agreed = ["no_context_takeover", "max_window_bits"];
        assert!(agreed.iter().any(|parameter| ended.stderr.contains(parameter)), "{}", ended.stderr);
    }
}

#[test]
fn a_subprotocol_is_agreed_upon_with_each() {
    for server in SERVERS {
        let (server, port) = listening(server("subprotocol=chat"));
        let words = format!(
            "ws connect localhost:{port}/room?x=1 --subprotocol other --subprotocol chat --say hi --count 1 -v"
        );
        let ended = sockeye(&words).start_mute().wait_code(0);
        assert!(ended.stderr.contains("subprotocol chat"), "{}", ended.stderr);
        server.wait_stdout("open /room?x=1 protocol=chat");
    }
    for client in [npm_ws, python_ws] {
        let (server, port) = listener("--reply echo --subprotocol chat --subprotocol superchat -v");
        let mut client = client(&format!("connect ws://127.0.0.1:{port}/ subprotocol=superchat")).start();
        client.say_all("hi\n");
        assert!(client.wait_code(0).stderr.contains("protocol=superchat"));
        server.wait_stderr("subprotocol superchat");
    }
}

#[test]
fn a_header_arrives_and_a_missing_subprotocol_is_a_warning_or_an_error() {
    let (server, port) = listening(npm_ws("listen header=x-token"));
    let words = format!("ws connect localhost:{port} --say hi --count 1 -H X-Token:abc --subprotocol chat");
    let ended = sockeye(&words).start_mute().wait_code(0);
    assert!(ended.stderr.contains("none of the subprotocols chat"), "{}", ended.stderr);
    server.wait_stdout("header abc");
    let ended = sockeye(&format!("{words} --strict")).start_mute().wait_code(6);
    assert!(
        ended.stderr.contains("none of the subprotocols chat") && ended.stderr.contains("hint: "),
        "{}",
        ended.stderr
    );
}

#[test]
fn over_tls_in_both_roles() {
    let authority = Authority::new("tests");
    let issued = authority.server();
    let server =
        sockeye(&format!("ws listen 0 -4 --reply echo --tls --cert {} --key {}", issued.cert, issued.key)).start();
    server.wait_stderr("listening on wss://127.0.0.1:");
    let port = server.port();
    let words = format!("ws connect wss://localhost:{port}/ --ca {} --say hello --count 1", authority.file());
    assert_eq!(sockeye(&words).start_mute().wait_code(0).text(), "hello\n");
    let mut client = npm_ws(&format!("connect wss://localhost:{port}/")).start();
    client.say_all("hello\n");
    assert_eq!(client.wait_code(0).text(), "hello\n");
    // Without trust it is TLS that fails, and not WebSocket.
    let ended = sockeye(&format!("ws connect wss://localhost:{port}/")).start_mute().wait_code(6);
    assert!(ended.stderr.contains("TLS with "), "{}", ended.stderr);
}

#[test]
fn over_a_unix_socket() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("socket");
    let (_server, port) = listening(npm_ws("listen"));
    let path = path.display();
    let relay = peer("socat", &format!("-d -d UNIX-LISTEN:{path} TCP:127.0.0.1:{port}")).start();
    relay.wait_stderr("listening on");
    let ended = sockeye(&format!("ws connect ws+unix:{path}:/chat --say hi --count 1")).start_mute().wait_code(0);
    assert_eq!(ended.text(), "hi\n");
}

#[test]
fn nginx_stands_between_as_it_does_everywhere() {
    let (_server, port) = listener("--reply echo --host backend");
    let nginx = Nginx::start(&format!(
        "location / {{ proxy_pass http://127.0.0.1:{port}; proxy_http_version 1.1; proxy_set_header Host backend;
           proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; }}
         location /stripped {{ proxy_pass http://127.0.0.1:{port}/; proxy_set_header Host backend; }}"
    ));
    let url = |resource: &str| format!("ws+unix:{}:{resource}", nginx.socket());
    let many = lines(1000);
    let mut client = sockeye(&format!("ws connect {} --count 1000", url("/"))).start();
    client.say_all(&many);
    assert!(client.wait_code(0).text() == many);
    // One that takes the Upgrade header out is recognised.
    let ended = sockeye(&format!("ws connect {}", url("/stripped"))).start_mute().wait_code(6);
    assert!(ended.stderr.contains("the server answered 200 OK"), "{}", ended.stderr);
    assert!(ended.stderr.contains("a proxy takes the Upgrade header out"), "{}", ended.stderr);
}

#[test]
fn curl_gets_a_page_and_an_upgrade() {
    let (_server, port) = listener("--reply echo");
    let page = shell(&format!("curl -s --max-time 20 http://127.0.0.1:{port}/")).start_mute().wait_code(0).text();
    assert!(page.contains("id=\"log\"") && page.contains("new WebSocket"), "{page}");
    let upgrade = "curl -s -i -N --max-time 20 -H 'Connection: Upgrade' -H 'Upgrade: websocket' \
                   -H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='";
    let curl = shell(&format!("exec {upgrade} http://127.0.0.1:{port}/")).start_mute();
    curl.wait_stdout("HTTP/1.1 101 Switching Protocols");
    curl.wait_stdout("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

#[test]
fn a_digest_is_of_the_payloads() {
    let (_server, port) = listener("--reply echo");
    let words = format!("ws connect localhost:{port} --input random:1MiB --framing chunks --output none --digest");
    let ended = sockeye(&format!("{words} --linger 1s")).start_mute().wait_code(0);
    let digest = "bc9d1d01517351f3e2c02d32495b3bfbcba5ec54e5f1a44b06f51755d0086a01";
    assert_eq!(ended.stderr.matches(digest).count(), 2, "{}", ended.stderr);
}
