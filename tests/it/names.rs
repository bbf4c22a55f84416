//! Names with several addresses, and our own end of a connection.

use std::fs;
use std::io::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::net::{Blackhole, Listener, Peer as _};
use crate::program::{Start as _, peer, sockeye};

/// sockeye where `several.test` is these addresses, in a mount namespace with an `/etc/hosts` of its own.
pub(crate) struct Named(TempDir);

impl Named {
    pub(crate) fn new(addresses: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let hosts = addresses.join(" several.test\n") + " several.test\n";
        fs::write(folder.path().join("hosts"), hosts).expect("a file");
        Self(folder)
    }

    /// Adds a line to the file that is read now.
    pub(crate) fn add(&self, line: &str) {
        let mut file = fs::File::options().append(true).open(self.0.path().join("hosts")).expect("a file");
        writeln!(file, "{line}").expect("a line");
    }

    pub(crate) fn sockeye(&self, words: &str) -> Command {
        let mut command = peer("unshare", "--map-root-user --mount sh -c");
        command.arg("mount --bind \"$0\" /etc/hosts && exec \"$@\"").arg(self.0.path().join("hosts"));
        command.arg(env!("CARGO_BIN_EXE_sockeye")).args(words.split_whitespace());
        command
    }
}

#[test]
fn a_name_is_tried_at_every_address() {
    let named = Named::new(&["::1", "127.0.0.1"]);
    // A listener of one family is found, whichever is tried first.
    for on in ["127.0.0.1:0", "[::1]:0"] {
        for options in ["", "-v"] {
            let listener = Listener::on(on);
            let mut client =
                named.sockeye(&format!("tcp connect several.test:{} {options}", listener.port())).start_mute();
            let server = listener.accept();
            server.say("found");
            drop(server);
            assert_eq!(client.wait_code(0).text(), "found", "{on}");
        }
    }
}

#[test]
fn an_address_that_does_not_answer_does_not_delay_the_next() {
    let named = Named::new(&["::1", "127.0.0.1"]);
    // One that answers nobody at one address, and a listener at the other, on the same port.
    let (blackhole, listener) = (0..100)
        .find_map(|_| {
            let blackhole = Blackhole::on("[::1]:0");
            Listener::try_on(&format!("127.0.0.1:{}", blackhole.port())).map(|listener| (blackhole, listener))
        })
        .expect("a port that is free in both families");
    // Ten seconds would be over before the first address is given up.
    let words = format!("tcp connect several.test:{} -v --connect-timeout 20s", blackhole.port());
    let started = Instant::now();
    let mut client = named.sockeye(&words).start_mute();
    let server = listener.accept();
    let took = started.elapsed();
    drop(server);
    let ended = client.wait_code(0);
    assert!(ended.stderr.contains("abandoned"), "{}", ended.stderr);
    assert!(took < Duration::from_secs(10), "{took:?}");
}

#[test]
fn when_every_address_refuses_all_are_named() {
    let named = Named::new(&["::1", "127.0.0.1", "127.0.0.2"]);
    let port = Listener::new().port();
    let ended = named.sockeye(&format!("tcp connect several.test:{port}")).start().wait_code(4);
    for address in ["127.0.0.1", "127.0.0.2", "::1"] {
        assert!(ended.stderr.contains(address), "{}", ended.stderr);
    }
    assert!(ended.stderr.contains("hint: "), "{}", ended.stderr);
}

#[test]
fn one_family_only() {
    let named = Named::new(&["::1", "127.0.0.1"]);
    for (on, option, other) in [("127.0.0.1:0", "-4", "-6"), ("[::1]:0", "-6", "-4")] {
        let listener = Listener::on(on);
        let words = format!("tcp connect several.test:{}", listener.port());
        let mut client = named.sockeye(&format!("{words} {option}")).start_mute();
        drop(listener.accept());
        client.wait_code(0);
        named.sockeye(&format!("{words} {other}")).start().wait_code(4);
    }
    let named = Named::new(&["127.0.0.1"]);
    let ended = named.sockeye("tcp connect several.test:9 -6").start().wait_code(3);
    assert!(ended.stderr.contains("no IPv6 address"), "{}", ended.stderr);
}

#[test]
fn a_name_has_the_address_that_is_given() {
    let listener = Listener::new();
    let port = listener.port();
    // The resolver knows neither of the first two, and is not asked for the third.
    for (name, resolve) in [
        ("example.invalid", "example.invalid:127.0.0.1".to_owned()),
        ("Example.Invalid", "example.invalid:127.0.0.9 --resolve example.invalid:127.0.0.1".to_owned()),
        ("localhost", "localhost:127.0.0.1".to_owned()),
    ] {
        for command in [format!("tcp connect {name}:{port} -v"), format!("tcp ping {name}:{port} --count 1 -v")] {
            let mut client = sockeye(&format!("{command} --resolve {resolve}")).start_mute();
            drop(listener.accept());
            let ended = client.wait_code(0);
            assert!(ended.stderr.contains("nobody was asked"), "{command}: {}", ended.stderr);
            assert!(!ended.stderr.contains("resolved "), "{command}: {}", ended.stderr);
        }
        sockeye(&format!("scan {name} {port} --all-addresses --resolve {name}:127.0.0.1")).start_mute().wait_code(0);
        drop(listener.accept());
    }
    let udp = crate::net::udp();
    let port = udp.local_addr().expect("an address").port();
    let words = format!("udp connect example.invalid:{port} --say hello --resolve example.invalid:127.0.0.1");
    sockeye(&words).start_mute().wait_code(0);
    assert_eq!(crate::net::datagram(&udp).0, b"hello");
    let ended = sockeye("tcp connect example.invalid:9 --resolve example.invalid:127.0.0.1 -6").start().wait_code(3);
    assert!(ended.stderr.contains("no IPv6 address"), "{}", ended.stderr);
    for wrong in ["example.org", "example.org:localhost", ":127.0.0.1"] {
        let ended = sockeye(&format!("tcp connect example.org:9 --resolve {wrong}")).start().wait_code(2);
        assert!(ended.stderr.contains("example.org:127.0.0.1"), "{}", ended.stderr);
    }
}

#[test]
fn a_datagram_client_goes_to_the_first_address() {
    let named = Named::new(&["127.0.0.2"]);
    let server = std::net::UdpSocket::bind("127.0.0.2:0").expect("a free port");
    server.set_read_timeout(Some(crate::program::DEADLINE)).expect("a time limit");
    let port = server.local_addr().expect("an address").port();
    let mut client = named.sockeye(&format!("udp connect several.test:{port} --say hello")).start_mute();
    assert_eq!(crate::net::datagram(&server).0, b"hello");
    client.wait_code(0);
}

#[test]
fn an_address_of_the_other_family_is_said() {
    let ended = sockeye("tcp connect 127.0.0.1:9 -6").start().wait_end();
    assert!(matches!(ended.code, 2 | 3), "{}: {}", ended.code, ended.stderr);
    assert!(ended.stderr.contains("127.0.0.1"), "{}", ended.stderr);
}

#[test]
fn our_own_end_is_bound() {
    let listener = Listener::new();
    let address: IpAddr = "127.0.0.3".parse().expect("an address");
    let mut client = sockeye(&format!("tcp connect 127.0.0.1:{} --bind {address}", listener.port())).start_mute();
    let (server, from) = listener.accept_from();
    assert_eq!(from.ip(), address);
    drop(server);
    client.wait_code(0);
    // A port that was free a moment ago: another program may take it, and then another is tried.
    let bound = (0..20).any(|_| {
        let free = Listener::new();
        let port = free.port();
        drop(free);
        let words = format!("tcp connect 127.0.0.1:{} --bind 127.0.0.1:{port}", listener.port());
        let mut client = sockeye(&words).start_mute();
        let (server, from) = listener.accept_from();
        drop(server);
        client.wait_code(0);
        from == SocketAddr::from(([127, 0, 0, 1], port))
    });
    assert!(bound);
}

#[test]
fn an_own_end_that_is_not_ours_is_said() {
    let listener = Listener::new();
    let words = format!("tcp connect 127.0.0.1:{} --bind 192.0.2.1", listener.port());
    let ended = sockeye(&words).start().wait_code(1);
    assert!(ended.stderr.contains("bind") && ended.stderr.contains("hint: "), "{}", ended.stderr);
    sockeye(&format!("udp connect 127.0.0.1:{} --bind 192.0.2.1", listener.port())).start().wait_code(1);
}

#[test]
fn every_way_to_write_an_address_works() {
    let v4 = sockeye("tcp listen 127.0.0.1:0 --reply echo").start_mute();
    let v6 = sockeye("tcp listen [::1]:0 --reply echo").start_mute();
    let (p4, p6) = (v4.port(), v6.port());
    for words in [
        format!("127.0.0.1:{p4}"),
        format!("127.0.0.1 {p4}"),
        format!("tcp://127.0.0.1:{p4}"),
        format!("[::1]:{p6}"),
        format!("::1 {p6}"),
        format!("tcp://[::1]:{p6}/"),
    ] {
        let mut client = sockeye(&format!("tcp connect {words}")).start();
        client.say_all("hello");
        assert_eq!(client.wait_code(0).text(), "hello", "{words}");
    }
}

#[test]
fn socat_and_ncat_listen_and_are_found() {
    let server = peer("socat", "-d -d TCP6-LISTEN:0,bind=[::1] PIPE").start();
    server.wait_stderr("listening on");
    let line = server.stderr().lines().find(|line| line.contains("listening on")).expect("a line").to_owned();
    let port: u16 = line.rsplit(':').next().and_then(|digits| digits.trim().parse().ok()).expect("a port");
    let mut client = sockeye(&format!("tcp connect [::1]:{port}")).start();
    client.say_all("hello");
    assert_eq!(client.wait_code(0).text(), "hello");

    for (program, words, ready) in
        [("nc", "-l -v 127.0.0.1 PORT", "Listening on"), ("ncat", "-l -v 127.0.0.1 PORT", "Listening on 127.0.0.1")]
    {
        // They report no port of their own choice; another program may take this one, and then another is tried.
        let (mut server, port) = (0..20)
            .find_map(|_| {
                let port = Listener::new().port();
                let server = peer(program, &words.replace("PORT", &port.to_string())).start();
                server.wait_stderr_or_end(ready).then_some((server, port))
            })
            .expect("a free port");
        let mut client = sockeye(&format!("tcp connect 127.0.0.1:{port}")).start();
        client.say("hello");
        server.wait_stdout("hello");
        server.say("answer");
        client.wait_stdout("answer");
        // Not before: nc ends with its peer, whatever it still has to say.
        client.finish();
        server.finish();
        client.wait_code(0);
        server.wait_code(0);
    }
}
