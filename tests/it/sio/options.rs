//! What our client is told by options: how it reaches a server, what it says of itself, and how long it waits.

use std::fs;

use super::connect::TRANSPORTS;
use super::{server, told};
use crate::program::{Program, Start as _, sockeye};
use crate::proxies::Proxy;
use crate::tls::authority::Authority;

fn client(port: u16, options: &[&str]) -> Program {
    let mut command = sockeye(&format!("sio connect 127.0.0.1:{port}"));
    command.args(options).start()
}

/// An event that is to be acknowledged, as `--events` reads it.
pub(super) fn asks(text: &str) -> String {
    format!("{{\"event\":\"message\",\"kind\":\"text\",\"text\":\"{text}\",\"asks\":0}}\n")
}

#[test]
fn what_is_not_acknowledged_in_time_is_told() {
    for transport in TRANSPORTS {
        let (_server, port) = server("");
        let mut client = client(port, &["--transport", transport, "--events", "--ask-timeout", "200ms"]);
        client.say(asks("silence now"));
        client.wait_stderr("no acknowledgement of 0: operation has timed out");
        client.say(asks("echo later"));
        client.wait_stdout("[\"later\"]\n");
        client.finish();
        client.wait_end();
    }
}

#[test]
fn what_is_not_acknowledged_is_said_again() {
    for transport in TRANSPORTS {
        let (server, port) = server("");
        let options = ["--transport", transport, "--retries", "3", "--ask-timeout", "300ms", "--linger", "1s"];
        let mut client = client(port, &options);
        client.say_all("stubborn 7\n");
        let ended = client.wait_code(0);
        assert!(!ended.stderr.contains("no acknowledgement"), "{transport}: {}", ended.stderr);
        assert_eq!(told(&server).matches("stubborn [7]").count(), 2, "{transport}: {}", told(&server));
    }
    // And given up in the end, and so is the exit code.
    let (_server, port) = server("");
    let mut client = client(port, &["--retries", "1", "--ask-timeout", "100ms"]);
    client.say_all("silence\n");
    let ended = client.wait_end();
    assert!(
        ended.stderr.contains("was not acknowledged, and is not said again") && ended.code != 0,
        "{} {}",
        ended.code,
        ended.stderr
    );
}

#[test]
fn a_file_is_an_attachment() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("photo");
    fs::write(&path, [0, 255, 16]).expect("a file");
    let path = path.to_str().expect("a path");
    for transport in TRANSPORTS {
        let (server, port) = server("");
        let mut client = client(port, &["--transport", transport, "--count", "1"]);
        client.say(format!("binary @{path}\n"));
        client.wait_code(0);
        server.wait_stdout("binary 00ff10");
    }
    let (_server, port) = server("");
    let mut client = client(port, &[]);
    client.say_all(format!("binary @{path}.none\n"));
    client.wait_stderr("not said: column 8");
    client.wait_end();
}

#[test]
fn headers_cookies_and_what_is_said_at_the_entrance_arrive() {
    for transport in TRANSPORTS {
        let (server, port) = server("cookie");
        let options = [
            "--transport",
            transport,
            "--count",
            "1",
            "-H",
            "X-Test: yes",
            "-H",
            "User-Agent: me",
            "--cookie",
            "a=1",
            "--auth",
            "{\"token\":\"abc\"}",
        ];
        let mut client = client(port, &options);
        client.say_all("who\n");
        client.wait_code(0);
        server.wait_stdout("who auth={\"token\":\"abc\"} x-test=yes agent=me cookie=a=1");
    }
    // Whoever balances loads knows a session by the cookie that it has set.
    let (server, port) = server("cookie");
    let mut client = client(port, &["--transport", "polling", "--count", "1", "--cookie", "a=1"]);
    client.say_all("who\n");
    client.wait_code(0);
    server.wait_stdout("cookie=a=1; io=");
    let wrong = self::client(port, &["--auth", "secret"]).wait_code(2);
    assert!(!wrong.stderr.contains("secret"), "{}", wrong.stderr);
}

#[test]
fn a_certificate_is_looked_at_over_each_transport() {
    let authority = Authority::new("ours");
    let issued = authority.server();
    let ca = authority.file();
    let (server, port) = server(&format!("cert={} key={}", issued.cert, issued.key));
    for transport in TRANSPORTS {
        for scheme in ["https", "wss"] {
            let options =
                format!("sio connect {scheme}://127.0.0.1:{port} --transport {transport} --count 1 --ca {ca}");
            let mut client = sockeye(&options).start();
            client.say_all("echo safe\n");
            assert_eq!(client.wait_code(0).text(), "[\"echo\",\"safe\"]\n", "{transport}");
        }
        let stranger = Authority::new("theirs");
        for refused in [String::new(), format!("--ca {}", stranger.file())] {
            let connect = format!("sio connect https://127.0.0.1:{port} --transport {transport} {refused}");
            let ended = sockeye(&connect).start().wait_end();
            assert!(ended.code != 0 && ended.stderr.contains("certificate"), "{transport}: {}", ended.stderr);
        }
        // Plain where TLS is spoken.
        let ended = client(port, &["--transport", transport, "--handshake-timeout", "5s"]).wait_end();
        assert_ne!(ended.code, 0, "{}", ended.stderr);
    }
    assert_eq!(told(&server).matches("entered / ").count(), 2 * TRANSPORTS.len());
}

#[test]
fn a_proxy_takes_us_there_over_each_transport() {
    let (server, port) = server("");
    let (http, socks) = (Proxy::ncat(None), Proxy::microsocks(None));
    for transport in TRANSPORTS {
        for proxy in [format!("http://{}", http.at), format!("socks5://{}", socks.at)] {
            let mut client = client(port, &["--transport", transport, "--proxy", &proxy, "--count", "1"]);
            client.say_all("echo far\n");
            assert_eq!(client.wait_code(0).text(), "[\"echo\",\"far\"]\n", "{transport} {proxy}");
        }
    }
    drop(server);
}

#[test]
fn events_are_counted_and_not_the_frames_that_carry_them() {
    for transport in TRANSPORTS {
        let (_server, port) = server("");
        let options = ["--transport", transport, "--count", "2", "--stats", "--output", "json"];
        let mut client = client(port, &options);
        client.say_all("echo one\necho two\n");
        let told = client.wait_code(0).text();
        let stats = told.lines().rfind(|line| line.contains("\"what\":\"stats\"")).expect("measurements");
        let stats: serde_json::Value = serde_json::from_str(stats).expect("JSON");
        let messages = |way: &str| stats[way]["messages"].as_u64().or_else(|| stats["stats"][way]["messages"].as_u64());
        assert_eq!((messages("sent"), messages("received")), (Some(2), Some(2)), "{transport}: {stats}");
    }
}
