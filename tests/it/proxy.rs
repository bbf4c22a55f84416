//! Through proxies: microsocks, Dante, tinyproxy, squid, ncat, and chains of them.

use std::fs;
use std::process::Command;

use crate::net::{Listener, Peer as _, counted};
use crate::program::{Ended, Start as _, python, sockeye};
use crate::proxies::{Proxy, place};
use crate::tls::authority::Authority;

/// A conversation both ways with a server, and how the client ended it.
fn talks(options: &str) -> Ended {
    talks_by(|port| sockeye(&format!("tcp connect 127.0.0.1:{port} {options}")))
}

/// The server ends it: many proxies end both directions when one ends.
fn talks_by(client: impl Fn(u16) -> Command) -> Ended {
    let listener = Listener::new();
    let mut client = client(listener.port()).start();
    let server = listener.accept();
    client.say("hello");
    server.hear("hello");
    server.say("welcome");
    client.wait_stdout("welcome");
    drop(server);
    client.finish();
    let ended = client.wait_code(0);
    assert_eq!(ended.text(), "welcome");
    ended
}

/// It has no way through.
fn fails(target: &str, options: &str, code: i32, words: &str) -> Ended {
    let ended = sockeye(&format!("tcp connect {target} {options}")).start_mute().wait_code(code);
    let mut lines = ended.stderr.lines().filter(|line| line.starts_with("sockeye: "));
    let line = lines.next().unwrap_or_default();
    assert!(line.starts_with(&format!("sockeye: connect to tcp://{target}: ")), "{}", ended.stderr);
    assert!(line.contains(words) && lines.next().is_none(), "{words}: {}", ended.stderr);
    ended
}

/// A port at which nobody listens.
fn closed() -> String {
    let (host, port) = place();
    format!("{host}:{port}")
}

/// Both ways of carrying bytes.
const PATHS: [&str; 2] = ["", "-v"];

#[test]
fn microsocks_with_and_without_a_login() {
    let (open, guarded) = (Proxy::microsocks(None), Proxy::microsocks(Some(("user", "p@ss"))));
    for path in PATHS {
        talks(&format!("--proxy socks5://{} {path}", open.at));
        talks(&format!("--proxy socks5h://user:ignored@{} {path}", open.at));
        let ended = talks(&format!("--proxy socks5h://user:p%40ss@{} {path}", guarded.at));
        assert!(!ended.stderr.contains("p@ss") && !ended.stderr.contains("70 40 73 73"), "{}", ended.stderr);
    }
    let ended = fails("127.0.0.1:9", &format!("--proxy socks5h://user:wrong@{}", guarded.at), 6, "password is wrong");
    assert!(!ended.stderr.contains(":wrong"), "{}", ended.stderr);
    let ended = fails("127.0.0.1:9", &format!("--proxy socks5h://{}", guarded.at), 6, "without a login");
    assert!(ended.stderr.contains("hint: give it one: socks5h://USER:PASSWORD@"), "{}", ended.stderr);
    fails(&closed(), &format!("--proxy socks5h://{}", open.at), 4, "connection refused by the target (reply 5)");
}

#[test]
fn each_exchange_is_a_step() {
    let proxy = Proxy::microsocks(Some(("user", "secret")));
    let ended = talks(&format!("--proxy socks5h://user:secret@{} -v", proxy.at));
    let steps: Vec<&str> =
        ended.stderr.lines().filter(|line| line.starts_with("proxy ") || line.starts_with("route ")).collect();
    let at = format!("socks5h://{}", proxy.at);
    for (step, said) in steps.iter().zip([
        format!("route       by {at} (--proxy)"),
        format!("proxy asked {at}: SOCKS5, without login or with user and password [05 02 00 02]"),
        format!("proxy said  {at}: log in with user and password [05 02]"),
        format!("proxy asked {at}: user user, and the password [01 04 75 73 65 72 [password]]"),
        format!("proxy said  {at}: welcome [01 00]"),
        format!("proxy asked {at}: connect to 127.0.0.1:"),
        format!("proxy said  {at}: connected, from "),
    ]) {
        assert!(step.starts_with(&said), "{step}\n{said}");
    }
    assert_eq!(steps.len(), 7, "{steps:?}");
    assert!(ended.stderr.contains("[05 01 00 01 7f 00 00 01 "), "{}", ended.stderr);
    let ended = talks(&format!("--proxy socks5h://user:secret@{} --explain", proxy.at));
    assert!(ended.stderr.contains("RFC 1928 §4") && ended.stderr.contains("RFC 1929 §2"), "{}", ended.stderr);
}

#[test]
fn the_peer_is_the_target_and_the_password_is_in_no_record() {
    let (proxy, folder) = (Proxy::microsocks(Some(("user", "secret"))), tempfile::tempdir().expect("a folder"));
    let file = folder.path().join("record");
    let ended = talks_by(|port| {
        let words = format!("tcp connect localhost:{port} -4 --proxy socks5h://user:secret@{} --record", proxy.at);
        let mut command = sockeye(&words);
        command.arg(&file);
        command
    });
    let record = fs::read_to_string(&file).expect("a record");
    assert!(record.contains(r#""remote":"tcp://localhost:"#), "{record}");
    assert!(record.contains(r#""step":"proxy-answered""#) && !record.contains("secret"), "{record}");
    assert!(!ended.stderr.contains("secret"), "{}", ended.stderr);
}

#[test]
fn dante_speaks_both_versions_and_passes_the_end_of_each_direction_on() {
    let proxy = Proxy::dante();
    for kind in ["socks5", "socks5h", "socks4", "socks4a"] {
        for path in PATHS {
            let listener = Listener::new();
            let words = format!("tcp connect 127.0.0.1:{} --proxy {kind}://{} {path}", listener.port(), proxy.at);
            let mut client = sockeye(&words).start();
            let server = listener.accept();
            client.say_all("the question");
            assert_eq!(server.hear_end(), b"the question", "{kind}");
            server.say("the answer");
            drop(server);
            assert_eq!(client.wait_code(0).text(), "the answer", "{kind}");
        }
    }
    for kind in ["socks5", "socks5h"] {
        let way = format!("--proxy {kind}://{}", proxy.at);
        fails("127.0.0.66:9", &way, 6, "its rules do not allow this (reply 2)");
        fails(&closed(), &way, 4, "connection refused by the target (reply 5)");
    }
    fails("nobody.invalid:9", &format!("--proxy socks5h://{}", proxy.at), 4, "host unreachable");
    fails("nobody.invalid:9", &format!("--proxy socks5h://{} --retry 1ms", proxy.at), 5, "");
    let ended =
        sockeye(&format!("tcp connect nobody.invalid:9 --proxy socks5://{}", proxy.at)).start_mute().wait_code(3);
    assert!(ended.stderr.contains("resolve nobody.invalid"), "{}", ended.stderr);
    fails(&closed(), &format!("--proxy socks4://{}", proxy.at), 4, "rejected or failed (reply 91)");
}

#[test]
fn much_passes_a_proxy_whole_in_both_directions() {
    let proxy = Proxy::dante();
    for path in PATHS {
        let mut server = sockeye("tcp listen 127.0.0.1:0 --reply echo").start_mute();
        let words = format!("tcp connect 127.0.0.1:{} --proxy socks5h://{} {path}", server.port(), proxy.at);
        let mut client = sockeye(&words).start();
        let bytes = counted(8 << 20);
        client.say_all(&bytes);
        assert!(client.wait_code(0).stdout == bytes, "{path}");
        assert!(server.runs());
    }
}

#[test]
fn tinyproxy_ends_the_connection_on_which_it_asks_who_we_are() {
    let proxy = Proxy::tinyproxy();
    let url = |password: &str| format!("--proxy http://user:{password}@{}", proxy.at);
    talks(&url("secret"));
    let ended = talks(&format!("{} -v", url("secret")));
    for said in ["407 Proxy", "proxy again", "Basic [user and password]", "200 Connection established"] {
        assert!(ended.stderr.contains(said), "{said}: {}", ended.stderr);
    }
    assert!(!ended.stderr.contains("dXNlcjpzZWNyZXQ="), "{}", ended.stderr);
    fails("127.0.0.1:9", &url("wrong"), 6, "401 Unauthorized: user or password is wrong");
    let ended = fails("127.0.0.1:9", &format!("--proxy {}", proxy.at), 6, "407 Proxy Authentication Required");
    assert!(ended.stderr.contains("hint: tell it: http://USER:PASSWORD@HOST:PORT"), "{}", ended.stderr);
    fails(&closed(), &url("secret"), 4, "500 Unable to connect");
}

#[test]
fn squid_is_answered_by_digest_on_the_same_connection() {
    let proxy = Proxy::squid(None);
    let url = |password: &str| format!("--proxy http://user:{password}@{}", proxy.at);
    talks(&url("secret"));
    let ended = talks(&format!("{} -v", url("secret")));
    assert!(ended.stderr.contains("Proxy-Authorization: Digest username=\"user\""), "{}", ended.stderr);
    assert!(!ended.stderr.contains("proxy again"), "{}", ended.stderr);
    fails("127.0.0.1:9", &url("wrong"), 6, "user or password is wrong");
    fails("127.0.0.66:9", &url("secret"), 6, "403 Forbidden (ERR_ACCESS_DENIED 0)");
    fails(&closed(), &url("secret"), 4, "503 Service Unavailable (ERR_CONNECT_FAIL 111)");
}

#[test]
fn squid_over_tls() {
    let authority = Authority::new("proxies");
    let proxy = Proxy::squid(Some(&authority));
    let url = format!("--proxy https://user:secret@{}", proxy.at);
    let trusted = format!("{url} --proxy-ca {}", authority.file());
    for path in PATHS {
        talks(&format!("{trusted} {path}"));
    }
    let ended = fails("127.0.0.1:9", &url, 6, &format!("TLS with proxy https://{}: ", proxy.at));
    assert!(ended.stderr.contains("hint: --proxy-ca FILE"), "{}", ended.stderr);
    // Whoever speaks no TLS to it is told.
    let ended = fails("127.0.0.1:9", &format!("--proxy http://{}", proxy.at), 6, "");
    assert!(ended.stderr.contains("hint: "), "{}", ended.stderr);
    // TLS with a server within TLS with a proxy.
    let server = sockeye("tcp listen 127.0.0.1:0 --tls --reply echo").start_mute();
    server.wait_stderr("connect with: ");
    let said = server.stderr();
    let pin = said.lines().find_map(|line| line.strip_prefix("certificate sha256 ")).expect("a fingerprint").to_owned();
    for path in PATHS {
        let words = format!("tcp connect 127.0.0.1:{} --tls --pin {pin} {trusted} {path}", server.port());
        let mut client = sockeye(&format!("{words} --at-eof stay --expect hello")).start();
        client.say_all("hello");
        assert_eq!(client.wait_code(0).text(), "hello");
    }
}

#[test]
fn ncat_with_and_without_a_login() {
    let (open, guarded) = (Proxy::ncat(None), Proxy::ncat(Some("user:secret")));
    for path in PATHS {
        talks(&format!("--proxy http://{} {path}", open.at));
        talks(&format!("--proxy http://user:secret@{} {path}", guarded.at));
    }
    fails("127.0.0.1:9", &format!("--proxy http://user:wrong@{}", guarded.at), 6, "407");
}

#[test]
fn every_digest_that_we_know_is_computed_as_others_compute_it() {
    for words in ["MD5", "MD5-sess", "SHA-256", "SHA-256-sess", "SHA-256 stale"] {
        let mut proxy = python("digest.py", words).start_mute();
        let options = format!("--proxy http://user:secret@127.0.0.1:{} -v", proxy.port());
        let mut client = sockeye(&format!("tcp connect [2001:db8::1]:443 {options}")).start();
        client.say_all("hello");
        let ended = client.wait_code(0);
        assert_eq!(ended.text(), "hello", "{words}");
        let asked = ended.stderr.matches("proxy asked").count();
        assert_eq!(asked, if words.ends_with("stale") { 3 } else { 2 }, "{words}: {}", ended.stderr);
        proxy.wait_code(0);
    }
}

#[test]
fn proxies_are_gone_through_in_order() {
    let authority = Authority::new("proxies");
    let (tls, login, last) = (Proxy::squid(Some(&authority)), Proxy::tinyproxy(), Proxy::dante());
    let ways = format!(
        "--proxy https://user:secret@{} --proxy http://user:secret@{} --proxy socks5h://{}",
        tls.at, login.at, last.at
    );
    for path in PATHS {
        let ended = talks(&format!("{ways} --proxy-ca {} {path}", authority.file()));
        if path == "-v" {
            let route =
                format!("route       by https://{}, then http://{}, then socks5h://{}", tls.at, login.at, last.at);
            assert!(ended.stderr.contains(&route), "{}", ended.stderr);
        }
    }
    // The one that fails is named.
    let (first, second) = (Proxy::microsocks(None), closed());
    let ways = format!("--proxy socks5://{} --proxy http://{second}", first.at);
    fails("127.0.0.1:9", &ways, 4, &format!("proxy socks5://{}: connection refused by the target", first.at));
    let ways = format!("--proxy socks5://{second} --proxy http://{}", first.at);
    fails("127.0.0.1:9", &ways, 4, &format!("proxy socks5://{second}: connection refused"));
}

#[test]
fn the_environment_names_a_proxy() {
    let (proxy, dead) = (Proxy::microsocks(None), closed());
    let with = |pairs: &[(&'static str, &str)], options: &str| {
        let pairs: Vec<(&str, String)> = pairs.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let options = options.to_owned();
        move |port: u16| {
            let mut command = sockeye(&format!("tcp connect 127.0.0.1:{port} {options}"));
            command.envs(pairs.iter().map(|(name, value)| (*name, value)));
            command
        }
    };
    let url = format!("socks5h://{}", proxy.at);
    let ended = talks_by(with(&[("ALL_PROXY", &url)], "-v"));
    assert!(ended.stderr.contains(&format!("by {url} (ALL_PROXY in the environment)")), "{}", ended.stderr);
    let ended = talks_by(with(&[("ALL_PROXY", &dead), ("NO_PROXY", "10.0.0.0/8,127.0.0.0/8")], "-v"));
    assert!(ended.stderr.contains("direct (NO_PROXY has 127.0.0.0/8, so not by ALL_PROXY)"), "{}", ended.stderr);
    talks_by(with(&[("ALL_PROXY", &dead)], "--proxy none"));
    talks_by(with(&[("ALL_PROXY", &dead)], &format!("--proxy {url}")));
    talks_by(with(&[("HTTPS_PROXY", &dead), ("HTTP_PROXY", &dead), ("http_proxy", &dead)], ""));
    // Whose proxy it is that fails is said, and how to do without.
    let failed = |name: &'static str, value: &str, options: &str, code| {
        with(&[(name, value)], options)(9).start_mute().wait_code(code).stderr
    };
    let said = failed("all_proxy", &dead, "", 4);
    assert!(said.contains(&format!("proxy http://{dead}: connection refused")), "{said}");
    assert!(said.contains("the proxy is from all_proxy in the environment; --proxy none goes without"), "{said}");
    let said = failed("HTTPS_PROXY", &dead, "--tls", 4);
    assert!(said.contains("HTTPS_PROXY in the environment"), "{said}");
    let said = failed("ALL_PROXY", "gopher://user:secret@x", "", 2);
    assert!(said.contains("ALL_PROXY") && said.contains("hint: --proxy none") && !said.contains("secret"), "{said}");
}

#[test]
fn who_resolves_a_name_is_the_schemes_to_say() {
    let granted: [(&str, &[u8], &[u8]); 4] = [
        ("socks5h", b"\x05\x01\x00\x03\x09some.test\x00\x50", b"\x05\x00\x00\x01\0\0\0\0\0\0"),
        ("socks5", b"\x05\x01\x00\x01\x7f\0\0\x01\x00\x50", b"\x05\x00\x00\x01\0\0\0\0\0\0"),
        ("socks4a", b"\x04\x01\x00\x50\0\0\0\x01me\0some.test\0", b"\x00\x5a\0\0\0\0\0\0"),
        ("socks4", b"\x04\x01\x00\x50\x7f\0\0\x01me\0", b"\x00\x5a\0\0\0\0\0\0"),
    ];
    for (kind, request, answer) in granted {
        let proxy = Listener::new();
        // A name that nobody else knows.
        let known =
            if kind.ends_with(['h', 'a']) { "" } else { "--resolve some.test:::1 --resolve some.test:127.0.0.1 -4" };
        let words = format!("tcp connect some.test:80 --proxy {kind}://me@127.0.0.1:{} {known}", proxy.port());
        let mut client = sockeye(&words).start_mute();
        let server = proxy.accept();
        if kind.starts_with("socks5") {
            server.hear(b"\x05\x02\x00\x02");
            server.say(b"\x05\x00");
        }
        server.hear(request);
        server.say(answer);
        server.say("here");
        drop(server);
        assert_eq!(client.wait_code(0).text(), "here", "{kind}");
    }
}

#[test]
fn an_address_that_the_proxy_cannot_reach_is_not_the_last() {
    let proxy = Listener::new();
    let words = format!("tcp connect some.test:80 --proxy socks5://127.0.0.1:{}", proxy.port());
    let names = "--resolve some.test:192.0.2.1 --resolve some.test:192.0.2.2";
    let mut client = sockeye(&format!("{words} {names}")).start_mute();
    for (address, reply) in [(1, 4), (2, 0)] {
        let server = proxy.accept();
        server.hear(b"\x05\x01\x00");
        server.say(b"\x05\x00");
        server.hear([5, 1, 0, 1, 192, 0, 2, address, 0, 80]);
        server.say([5, reply, 0, 1, 0, 0, 0, 0, 0, 0]);
        if reply == 0 {
            server.say("here");
        }
    }
    assert_eq!(client.wait_code(0).text(), "here");
}

#[test]
fn a_target_that_speaks_first_loses_nothing() {
    #[expect(clippy::type_complexity, reason = "a table")]
    let heads: [(&str, &[u8], &[&[u8]]); 3] = [
        ("socks5", b"\x05\x01\x00", &[b"\x05\x00", b"\x05\x00\x00\x01\0\0\0\0\0\0"]),
        ("socks4", b"", &[b"\x00\x5a\0\0\0\0\0\0"]),
        ("http", b"", &[b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"]),
    ];
    for (kind, hears, says) in heads {
        for path in PATHS {
            let proxy = Listener::new();
            let words = format!("tcp connect 127.0.0.1:80 --proxy {kind}://127.0.0.1:{} {path}", proxy.port());
            let mut client = sockeye(&words).start_mute();
            let server = proxy.accept();
            if let [first, _] = says {
                server.hear(hears);
                server.say(first);
            }
            let last = says.last().expect("an answer");
            server.say([last, &b"220 ready\r\n"[..]].concat());
            server.finish();
            assert_eq!(client.wait_code(0).text(), "220 ready\r\n", "{kind} {path}");
        }
    }
}

#[test]
fn a_target_that_speaks_first_loses_nothing_within_a_proxys_tls() {
    let authority = Authority::new("proxies");
    let issued = authority.server();
    for path in PATHS {
        let mut proxy = python("tls.py", &format!("listen cert={} key={}", issued.cert, issued.key));
        let mut proxy = proxy.args(["say:HTTP/1.1 200 OK\r\n\r\n220 ready\r\n", "finish", "hear-end"]).start_mute();
        let words = format!("tcp connect target.test:80 --proxy https://localhost:{} -4", proxy.port());
        let mut client = sockeye(&format!("{words} --proxy-ca {} {path}", authority.file())).start_mute();
        assert_eq!(client.wait_code(0).text(), "220 ready\r\n", "{path}");
        proxy.wait_code(0);
    }
}

#[test]
fn what_makes_no_sense_is_wrong_usage() {
    for (words, said) in [
        ("tcp connect x:80 --proxy gopher://x", "no kind of proxy"),
        ("tcp connect x:80 --proxy none --proxy x", "another --proxy"),
        ("tcp connect [::1]:80 --proxy socks4://x", "no IPv6"),
        ("tcp connect [fe80::1%lo]:80 --proxy x", "zone"),
        ("tcp connect x:80 --proxy http://x --proxy-ca /dev/null", "no proxy speaks TLS"),
        ("tcp connect --demo --proxy x", "--demo"),
        ("udp connect x:80 --proxy http://x", "no datagrams"),
        ("udp connect x:80 --proxy socks5://x --proxy socks5://y", "one proxy"),
        ("unix connect x --proxy x", "--proxy"),
    ] {
        let ended = sockeye(words).start_mute().wait_code(2);
        assert!(ended.stderr.contains(said), "{words}: {}", ended.stderr);
    }
}
