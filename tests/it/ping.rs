//! How long connecting takes, told truly, and without harm to whoever is pinged.

use std::net::SocketAddr;

use rustix::process::Signal;
use serde_json::Value;

use crate::names::Named;
use crate::net::{Blackhole, Listener, Peer as _, Refusing};
use crate::program::{Ended, Start as _, peer, sockeye};
use crate::terminal::{self, Terminal};

fn objects(ended: &Ended) -> Vec<Value> {
    ended.text().lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

/// The objects of one kind.
fn of<'a>(objects: &'a [Value], what: &str) -> Vec<&'a Value> {
    objects.iter().filter(|object| object["what"] == what).collect()
}

#[test]
fn each_ping_is_a_line_and_the_summary_is_beside_them() {
    let listener = Listener::new();
    let endpoint = format!("tcp://127.0.0.1:{}", listener.port());
    let mut ping = sockeye(&format!("tcp ping {endpoint} --count 3 --interval 1ms")).start_mute();
    for _ in 0..3 {
        assert_eq!(listener.accept().hear_end(), b"", "nothing is said, and there is no reset");
    }
    let ended = ping.wait_code(0);
    let lines: Vec<Vec<String>> =
        ended.text().lines().map(|line| line.split(' ').map(str::to_owned).collect()).collect();
    assert_eq!(lines.len(), 3);
    for (line, seq) in lines.iter().zip(1..) {
        assert_eq!(line[..2], [seq.to_string(), "ok".into()]);
        assert!(line[2].parse().is_ok_and(|millis: f64| millis < 30_000.0), "{line:?}");
        assert_eq!(line[3..], std::slice::from_ref(&endpoint)[..]);
    }
    let stderr: Vec<&str> = ended.stderr.lines().collect();
    let [counts, spread] = stderr[..] else { panic!("{}", ended.stderr) };
    assert_eq!(counts, format!("3 pings of {endpoint}: 3 connected, 0 failed"));
    assert!(spread.starts_with("connect min ") && spread.contains("  median "), "{spread}");
    let ended = sockeye(&format!("tcp ping {endpoint} --count 1 --quiet")).start_mute().wait_code(0);
    assert_eq!(ended.stderr, "");
}

#[test]
fn the_numbers_of_the_summary_are_those_of_the_pings() {
    let listener = Listener::new();
    let words = format!("tcp ping 127.0.0.1:{} --count 20 --interval 0 --output json", listener.port());
    let mut ping = sockeye(&words).start_mute();
    for _ in 0..20 {
        listener.accept();
    }
    let objects = objects(&ping.wait_code(0));
    let replies = of(&objects, "reply");
    let mut times: Vec<u64> = replies.iter().map(|reply| reply["connect_ns"].as_u64().expect("a time")).collect();
    assert!(replies.iter().all(|reply| reply["total_ns"].as_u64() >= reply["connect_ns"].as_u64()), "{replies:?}");
    times.sort_unstable();
    let summary = objects.last().expect("a summary");
    assert_eq!((summary["sent"].as_u64(), summary["connected"].as_u64()), (Some(20), Some(20)));
    let spread = &summary["connect"];
    for (name, rank) in [("min_ns", 0), ("median_ns", 9), ("p95_ns", 18), ("max_ns", 19)] {
        assert_eq!(spread[name], times[rank], "{name}: {times:?}");
    }
    assert_eq!(summary.get("tls"), None);
}

#[test]
fn when_nothing_connects_the_last_failure_is_the_result() {
    let (refusing, silent) = (Refusing::new(), Blackhole::new());
    for (port, code, why) in [(refusing.port(), 4, "connection refused"), (silent.port(), 5, "no answer within 100ms")]
    {
        let words = format!("tcp ping 127.0.0.1:{port} --count 2 --interval 1ms --connect-timeout 100ms");
        let ended = sockeye(&words).start_mute().wait_code(code);
        assert_eq!(ended.text().matches(" failed ").count(), 2, "{}", ended.text());
        assert_eq!(ended.text().matches(why).count(), 2, "{}", ended.text());
        assert!(ended.stderr.contains("0 connected, 2 failed (100.0 %)"), "{}", ended.stderr);
        assert!(ended.stderr.contains("sockeye: connect to ") && ended.stderr.contains("hint: "), "{}", ended.stderr);
        let objects = objects(&sockeye(&format!("{words} --output json")).start_mute().wait_code(code));
        assert_eq!((of(&objects, "lost").len(), objects.len()), (2, 3), "{objects:?}");
        assert_eq!(objects[2].get("connect"), None);
    }
}

#[test]
fn one_connection_is_success() {
    let late = Refusing::new();
    // Time enough to open the port between the two.
    let words = format!("tcp ping 127.0.0.1:{} --count 2 --interval 3s", late.port());
    let mut ping = sockeye(&words).start_mute();
    ping.wait_stdout("1 failed");
    late.open();
    let ended = ping.wait_code(0);
    assert!(ended.text().contains("\n2 ok "), "{}", ended.text());
    assert!(ended.stderr.contains("1 connected, 1 failed (50.0 %)"), "{}", ended.stderr);
}

#[test]
fn tls_has_its_own_time_and_is_resumed() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (key, certificate) = (path("key.pem"), path("cert.pem"));
    let words = format!(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -keyout {key} -out {certificate}"
    );
    peer("openssl", &words).start_mute().wait_code(0);
    let ours = sockeye("tcp listen 127.0.0.1:0 --tls").start_mute();
    // It tells the port it took.
    let openssl = peer("openssl", &format!("s_server -accept 127.0.0.1:0 -cert {certificate} -key {key}")).start();
    openssl.wait_stdout("ACCEPT 127.0.0.1:");
    let text = String::from_utf8(openssl.stdout()).expect("text");
    let line = text.lines().find_map(|line| line.strip_prefix("ACCEPT 127.0.0.1:")).expect("its port").to_owned();
    for port in [ours.port(), line.trim().parse().expect("a port")] {
        let endpoint = format!("tls://127.0.0.1:{port}");
        let words = format!("tcp ping {endpoint} --insecure --count 3 --interval 700ms");
        let objects = objects(&sockeye(&format!("{words} --output json")).start_mute().wait_code(0));
        let replies = of(&objects, "reply");
        let handshakes: Vec<_> = replies.iter().filter_map(|reply| reply["tls"]["handshake"].as_str()).collect();
        assert_eq!(handshakes, ["full", "resumed", "resumed"], "{endpoint}");
        for reply in &replies {
            assert_eq!(reply["tls"]["version"], "TLS 1.3");
            let (connect, tls, total) = (&reply["connect_ns"], &reply["tls"]["took_ns"], &reply["total_ns"]);
            assert!(
                total.as_u64() >= Some(connect.as_u64().expect("a time") + tls.as_u64().expect("a time")),
                "{reply}"
            );
            assert!(reply["remote"] == endpoint);
        }
        assert!(objects.last().expect("a summary")["tls"]["median_ns"].is_u64());
        let ended = sockeye(&format!("tcp ping 127.0.0.1:{port} --tls --insecure --count 1")).start_mute().wait_code(0);
        assert!(ended.text().contains(" tls="), "{}", ended.text());
        assert!(ended.stderr.contains("\nTLS     min "), "{}", ended.stderr);
        // Its certificate is nobody's whom we trust.
        sockeye(&format!("tcp ping {endpoint} --count 1")).start_mute().wait_code(6);
    }
}

#[test]
fn tls_where_none_is_spoken_is_6() {
    let plain = sockeye("tcp listen 127.0.0.1:0 --reply echo").start_mute();
    let ended = sockeye(&format!("tcp ping tls://127.0.0.1:{} --count 1", plain.port())).start_mute().wait_code(6);
    assert!(ended.text().starts_with("1 failed "), "{}", ended.text());
}

#[test]
fn a_name_is_looked_up_once() {
    let named = Named::new(&["127.0.0.1"]);
    let listener = Listener::new();
    let words = format!("tcp ping several.test:{} --count 3 --interval 1ms --output json", listener.port());
    let mut command = peer("strace", "-f -qq -e trace=openat -o /dev/stderr");
    let inner = named.sockeye(&words);
    command.arg(inner.get_program()).args(inner.get_args());
    let ended = command.start_mute().wait_code(0);
    let objects = objects(&ended);
    let resolved = of(&objects, "resolved");
    assert_eq!((resolved.len(), of(&objects, "reply").len()), (1, 3), "{objects:?}");
    assert_eq!((&resolved[0]["host"], &resolved[0]["addresses"][0]), (&"several.test".into(), &"127.0.0.1".into()));
    let lookups = ended.stderr.lines().filter(|line| line.contains("\"/etc/hosts\"")).count();
    assert!((1..=2).contains(&lookups), "it was read {lookups} times: {}", ended.stderr);
}

#[test]
fn a_name_that_does_not_resolve_is_3_and_nothing_is_pinged() {
    let ended = sockeye("tcp ping nobody.invalid:80").start_mute().wait_code(3);
    assert_eq!(ended.text(), "");
    assert!(ended.stderr.contains("resolve nobody.invalid") && ended.stderr.contains("hint: "), "{}", ended.stderr);
}

#[test]
fn an_interrupt_shows_the_summary_and_is_130() {
    let silent = Blackhole::new();
    for signal in [Signal::INT, Signal::TERM] {
        for options in ["", "--output json"] {
            let listener = Listener::new();
            let mut ping = sockeye(&format!("tcp ping 127.0.0.1:{} {options}", listener.port())).start_mute();
            drop(listener.accept());
            ping.wait_stdout(if options.is_empty() { "1 ok" } else { "reply" });
            ping.signal(signal);
            let ended = ping.wait_code(130);
            assert!(ended.stderr.contains(": 1 connected, 0 failed"), "{}", ended.stderr);
            assert_eq!(ended.text().contains("summary"), !options.is_empty(), "{}", ended.text());
        }
        // One that is interrupted has neither connected nor failed.
        let mut ping = sockeye(&format!("tcp ping 127.0.0.1:{}", silent.port())).start_mute();
        silent.wait_for(&ping);
        ping.signal(signal);
        let ended = ping.wait_code(130);
        assert!(ended.stderr.contains("0 pings of "), "{}", ended.stderr);
    }
}

#[test]
fn a_closed_stdout_ends_it_silently() {
    let listener = Listener::new();
    let script = "\"$0\" tcp ping \"$1\" --interval 1ms | head -n 1 >/dev/null; echo ${PIPESTATUS[0]}";
    let mut bash = peer("bash", "-c");
    bash.arg(script).arg(env!("CARGO_BIN_EXE_sockeye")).arg(format!("127.0.0.1:{}", listener.port()));
    let ended = bash.start_mute().wait_code(0);
    assert_eq!((ended.text().trim(), ended.stderr.as_str()), ("141", ""));
}

#[test]
fn steps_are_shown_beside_the_pings() {
    let listener = Listener::new();
    let words = format!("tcp ping 127.0.0.1:{} --count 1 -v", listener.port());
    let ended = sockeye(&words).start_mute().wait_code(0);
    for step in ["socket ", "connect ", "connected ", "shutdown "] {
        assert!(ended.stderr.contains(step), "{step}: {}", ended.stderr);
    }
    assert_eq!(ended.text().lines().count(), 1);
    let ended = sockeye(&format!("{words} --output json")).start_mute().wait_code(0);
    assert!(of(&objects(&ended), "step").len() >= 3, "{}", ended.text());
}

#[test]
fn options_of_the_network_apply() {
    let listener = Listener::new();
    let words = format!("tcp ping 127.0.0.1:{} --count 1 --bind 127.0.0.3", listener.port());
    let mut ping = sockeye(&words).start_mute();
    let (_server, from) = listener.accept_from();
    assert_eq!(from.ip(), SocketAddr::from(([127, 0, 0, 3], 0)).ip());
    ping.wait_code(0);
    let ended = sockeye(&format!("tcp ping 127.0.0.1:{} --count 1 -6", listener.port())).start_mute().wait_code(3);
    assert!(ended.text().is_empty() && ended.stderr.contains("no IPv6 address"), "{}", ended.stderr);
}

#[test]
fn a_wrong_command_line_is_2() {
    for (words, why) in [
        ("tcp ping", "HOST:PORT"),
        ("tcp ping localhost", "port is missing"),
        ("tcp ping localhost:80 --count 0", "0"),
        ("tcp ping localhost:80 --interval soon", "500ms"),
        ("tcp ping localhost:80 --output hex", "hex"),
        ("tcp ping localhost:80 --insecure", "--tls"),
        ("tcp ping udp://localhost:80", "tcp"),
    ] {
        let ended = sockeye(words).start_mute().wait_code(2);
        assert!(ended.stderr.contains(why) && ended.stderr.contains("\nhint: "), "{words}: {}", ended.stderr);
    }
}

#[test]
fn a_person_sees_the_ends_and_the_summary() {
    let listener = Listener::new();
    let mut command = sockeye(&format!("tcp ping 127.0.0.1:{} --interval 1ms --count 2", listener.port()));
    command.env("TERM", "xterm");
    let mut terminal = Terminal::start(command, 24, 120);
    assert_eq!(terminal.wait_end(), terminal::Ended::Code(0));
    terminal.wait_text("connect min ");
    let rows = terminal.rows();
    let row = rows.iter().find(|row| row.trim_start().starts_with("2  connect ")).expect("the second ping");
    assert!(row.contains(&format!(" ms  tcp://127.0.0.1:{} from tcp://127.0.0.1:", listener.port())), "{rows:?}");
    assert!(rows.iter().any(|row| row.ends_with(": 2 connected, 0 failed")), "{rows:?}");
}
