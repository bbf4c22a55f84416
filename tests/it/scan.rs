//! Which ports are open, and that asking harms nobody.
//!
//! Scans of many ports have an address of their own, or a network namespace, so that they meet no listener of another
//! test.

use std::net::SocketAddr;
use std::process::Command;

use rustix::process::Signal;
use serde_json::Value;

use crate::names::Named;
use crate::net::{Blackhole, Listener, Peer as _, Refusing, connect_to};
use crate::program::{Ended, Program, Start as _, peer, python, sockeye};
use crate::terminal::{self, Terminal};

/// The fields of each line of the raw view.
fn rows(ended: &Ended) -> Vec<Vec<String>> {
    ended.text().lines().map(|line| line.split(' ').map(str::to_owned).collect()).collect()
}

/// The state of a port in the raw view.
fn state(ended: &Ended, port: u16) -> String {
    let port = port.to_string();
    let rows = rows(ended);
    let states: Vec<_> = rows.iter().filter(|row| row[0] == port).map(|row| row[1].clone()).collect();
    assert_eq!(states.len(), 1, "each port once: {rows:?}");
    states[0].clone()
}

fn objects(ended: &Ended) -> Vec<Value> {
    ended.text().lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

/// In a network namespace of its own, with loopback only.
fn alone(script: &str) -> Command {
    let mut command = peer("unshare", "--map-root-user --net sh -ec");
    command.arg(format!("ip link set lo up\n{script}")).arg(env!("CARGO_BIN_EXE_sockeye"));
    command
}

#[test]
fn open_closed_and_filtered_are_told_apart() {
    let (open, closed, filtered) = (Listener::new(), Refusing::new(), Blackhole::new());
    let (open, closed, filtered) = (open.port(), closed.port(), filtered.port());
    let words = format!("scan 127.0.0.1 {open},{closed},{filtered} --connect-timeout 500ms");
    let ended = sockeye(&words).start_mute().wait_code(4);
    for (port, expected) in [(open, "open"), (closed, "closed"), (filtered, "filtered")] {
        assert_eq!(state(&ended, port), expected);
    }
    for row in rows(&ended) {
        let [_, state, millis, address] = &row[..] else { panic!("{row:?}") };
        let millis: f64 = millis.parse().expect("milliseconds");
        assert_eq!(address, "127.0.0.1");
        assert_eq!(millis >= 500.0, state == "filtered", "{row:?}");
    }
    let sentence = format!("1 of 3 ports open; not open: {closed} (closed), {filtered} (filtered: no answer)");
    assert!(ended.stderr.contains(&sentence), "{}", ended.stderr);
    assert_eq!(ended.stderr.lines().count(), 2, "{}", ended.stderr);

    let ended = sockeye(&format!("{words} --output json")).start_mute().wait_code(4);
    let objects = objects(&ended);
    assert_eq!(objects.len(), 5, "{}", ended.text());
    assert_eq!(objects[0]["what"], "scanning");
    for (port, expected) in [(open, "open"), (closed, "closed"), (filtered, "filtered")] {
        let found =
            objects.iter().find(|object| object["what"] == "port" && object["port"] == port).expect("each port");
        assert_eq!((found["state"].as_str(), found["probes"].as_u64()), (Some(expected), Some(1)));
        assert!(found["took_ns"].is_u64());
    }
    let summary = &objects[4];
    for (field, value) in [("asked", 3), ("open", 1), ("closed", 1), ("filtered", 1)] {
        assert_eq!(summary[field], value, "{summary}");
    }
    assert_eq!((summary["what"].as_str(), summary["end"].as_str()), (Some("summary"), Some("complete")));
}

#[test]
fn success_only_if_every_port_is_open() {
    let listeners: Vec<Listener> = (0..3).map(|_| Listener::new()).collect();
    let ports: Vec<String> = listeners.iter().map(|listener| listener.port().to_string()).collect();
    let ended = sockeye(&format!("scan 127.0.0.1 {}", ports.join(" "))).start_mute().wait_code(0);
    assert_eq!(ended.stderr, "", "a script hears nothing of success");
    assert_eq!(rows(&ended).len(), 3);
    let closed = Refusing::new();
    let words = format!("scan 127.0.0.1 {} {} --quiet --output none", ports.join(" "), closed.port());
    let ended = sockeye(&words).start_mute().wait_code(4);
    assert_eq!(ended.text(), "");
}

#[test]
fn a_thousand_ports_and_a_few_that_are_open() {
    const ADDRESS: &str = "127.0.7.7";
    let listeners: Vec<Listener> = (0..3).map(|_| Listener::on(&format!("{ADDRESS}:0"))).collect();
    let ports: Vec<u16> = listeners.iter().map(Listener::port).collect();
    let asked = format!("1-1000,{},{},{}", ports[0], ports[1], ports[2]);
    let ended = sockeye(&format!("scan {ADDRESS} {asked}")).start_mute().wait_code(4);
    let open = |rows: Vec<Vec<String>>| {
        let mut open: Vec<u16> =
            rows.iter().filter(|row| row[1] == "open").map(|row| row[0].parse().expect("a port")).collect();
        open.sort_unstable();
        open
    };
    assert_eq!(rows(&ended).len(), 1003);
    let mut expected = ports;
    expected.sort_unstable();
    assert_eq!(open(rows(&ended)), expected);
    assert!(ended.stderr.contains("3 of 1003 ports open, 1000 closed"), "{}", ended.stderr);
    // To a person only the open ones are shown, unless all are asked for.
    let ended = sockeye(&format!("scan {ADDRESS} {asked} --output human")).start_mute().wait_code(4);
    assert_eq!(ended.text().lines().count(), 3, "{}", ended.text());
    let ended = sockeye(&format!("scan {ADDRESS} {asked} --output human -v")).start_mute().wait_code(4);
    assert_eq!(ended.text().lines().count(), 1003);
}

#[test]
fn a_scan_of_the_ports_that_the_kernel_gives_out_does_not_find_itself() {
    // Ten ports for our own ends, and each of them is probed: now and then the kernel chooses the very one.
    let script = "echo 40000 40009 >/proc/sys/net/ipv4/ip_local_port_range
        for round in $(seq 100); do \"$0\" scan 127.0.0.1 40000-40009 && exit 9 || test $? = 4; done
        nstat -asz TcpActiveOpens TcpPassiveOpens TcpAttemptFails
        ss -tanH | wc -l";
    let ended = alone(script).start_mute().wait_code(0);
    let (rows, after) =
        ended.text().split_once('#').map(|(rows, after)| (rows.to_owned(), after.to_owned())).expect("nstat");
    assert_eq!(rows.lines().count(), 1000);
    assert!(rows.lines().all(|row| row.contains(" closed ")), "{rows}");
    let count = |name: &str| -> u64 {
        let line = after.lines().find_map(|line| line.strip_prefix(name)).expect(name);
        line.split_whitespace().next().expect("a number").parse().expect("a number")
    };
    // Otherwise nothing was tested: a connect that did not fail is one to itself.
    assert!(count("TcpActiveOpens") > count("TcpAttemptFails"), "{after}");
    assert_eq!(after.lines().last(), Some("0"), "no port is kept in TIME-WAIT: {after}");
}

#[test]
fn an_address_that_cannot_be_reached_is_filtered_and_the_reason_is_told() {
    let script = "ip route add unreachable 192.0.2.1
        ip route add prohibit 192.0.2.2
        for host in 192.0.2.1 192.0.2.2 192.0.2.3; do
            \"$0\" scan $host 80 --output json && exit 9 || test $? = 4
        done";
    let ended = alone(script).start_mute().wait_code(0);
    let objects = objects(&ended);
    let ports: Vec<&Value> = objects.iter().filter(|object| object["what"] == "port").collect();
    assert!(ports.iter().all(|port| port["state"] == "filtered"), "{ports:?}");
    let whys: Vec<_> = ports.iter().filter_map(|port| port["why"].as_str()).collect();
    assert_eq!(whys, ["no route to host", "permission denied", "network is unreachable"]);
    assert!(ended.stderr.contains("80 (filtered: no route to host)"), "{}", ended.stderr);
}

#[test]
fn a_server_sees_an_end_and_no_reset_whether_it_speaks_or_not() {
    for banner in ["", "--banner"] {
        for says in [Vec::new(), b"220 hello\r\n".to_vec(), vec![b'x'; 100_000]] {
            let listener = Listener::new();
            let mut scan = sockeye(&format!("scan 127.0.0.1 {} {banner}", listener.port())).start_mute();
            let server = listener.accept();
            server.say(says);
            assert_eq!(server.hear_end(), b"", "nothing is said to it");
            drop(server);
            scan.wait_code(0);
        }
    }
}

#[test]
fn a_server_that_does_not_close_is_not_waited_for_long() {
    let listener = Listener::new();
    let mut scan = sockeye(&format!("scan 127.0.0.1 {}", listener.port())).start_mute();
    let server = listener.accept();
    scan.wait_code(0);
    assert_eq!(server.hear_end(), b"");
}

#[test]
fn what_a_server_says_first_is_shown_escaped_on_one_line() {
    let (talks, silent) = (Listener::new(), Listener::new());
    let (talking, mute) = (talks.port(), silent.port());
    for (output, shown) in [
        ("raw", " SSH-2.0 \\x1b[2J\\r\\n"),
        ("human", "SSH-2.0 \\x1b[2J\\r\\n"),
        ("json", r#""banner":{"text":"SSH-2.0 \u001b[2J\r\n"}"#),
    ] {
        let words = format!("scan 127.0.0.1 {talking},{mute} --banner=5s --output {output}");
        let mut scan = sockeye(&words).start_mute();
        // One ends without a word; the other's second line is not waited for.
        drop(silent.accept());
        let server = talks.accept();
        server.say("SSH-2.0 \x1b[2J\r\n");
        let ended = scan.wait_code(0);
        let line = ended.text().lines().find(|line| line.contains(&talking.to_string())).expect("its line").to_owned();
        assert!(ended.text().contains(shown) && line.contains("SSH"), "{}", ended.text());
        assert_eq!(ended.text().matches("SSH").count(), 1);
    }
    let mut scan = sockeye(&format!("scan 127.0.0.1 {talking} --banner=10ms --output json")).start_mute();
    let silence = talks.accept();
    let ended = scan.wait_code(0);
    assert!(!ended.text().contains("banner"), "{}", ended.text());
    drop(silence);
}

#[test]
fn retrying_waits_for_a_port_that_opens_later() {
    for options in ["", "--output json"] {
        let (early, late) = (Listener::new(), Refusing::new());
        let words = format!("scan 127.0.0.1 {},{} --retry 30s {options}", early.port(), late.port());
        let mut scan = sockeye(&words).start_mute();
        scan.wait_stderr(&format!("waiting for tcp://127.0.0.1:{}: closed", late.port()));
        late.open();
        let ended = scan.wait_code(0);
        assert_eq!(ended.stderr.matches("waiting").count(), 1, "{}", ended.stderr);
        if options.is_empty() {
            assert_eq!(rows(&ended).len(), 2, "{}", ended.text());
        } else {
            let objects = objects(&ended);
            let whats: Vec<_> = objects.iter().filter_map(|object| object["what"].as_str()).collect();
            assert_eq!(whats, ["scanning", "port", "waiting", "port", "summary"]);
            assert!(objects[3]["probes"].as_u64() > Some(1), "{}", objects[3]);
        }
    }
}

#[test]
fn retrying_ends_with_5_when_its_time_is_over() {
    let (open, closed, filtered) = (Listener::new(), Refusing::new(), Blackhole::new());
    let words = format!("scan 127.0.0.1 {},{},{}", open.port(), closed.port(), filtered.port());
    // The probe of the one that does not answer would take two seconds.
    let ended = sockeye(&format!("{words} --retry 300ms")).start_mute().wait_code(5);
    for (port, expected) in [(open.port(), "open"), (closed.port(), "closed"), (filtered.port(), "filtered")] {
        assert_eq!(state(&ended, port), expected);
    }
    assert!(rows(&ended).iter().all(|row| row[2].parse().is_ok_and(|millis: f64| millis < 1500.0)), "{}", ended.text());
    assert!(ended.stderr.contains("1 of 3 ports open"), "{}", ended.stderr);
    // What is open is not asked again.
    open.accept();
    assert!(open.is_idle());
}

#[test]
fn a_name_that_does_not_resolve_is_3_and_with_retry_it_is_waited_for() {
    let ended = sockeye("scan nobody.invalid 80").start_mute().wait_code(3);
    assert!(ended.stderr.contains("resolve nobody.invalid") && ended.stderr.contains("hint: "), "{}", ended.stderr);
    let ended = sockeye("scan nobody.invalid 80 --retry 10ms").start_mute().wait_code(5);
    assert!(ended.stderr.contains("resolve nobody.invalid"), "{}", ended.stderr);

    let named = Named::new(&["127.0.0.1"]);
    let listener = Listener::new();
    let words = format!("scan later.test {} --retry 30s", listener.port());
    let mut scan = named.sockeye(&words).start_mute();
    scan.wait_stderr("trying again");
    named.add("127.0.0.1 later.test");
    scan.wait_code(0);
}

#[test]
fn a_port_of_a_name_is_open_if_it_is_at_one_of_its_families() {
    let named = Named::new(&["::1", "127.0.0.1"]);
    for (on, family, other) in [("127.0.0.1:0", "-4", "-6"), ("[::1]:0", "-6", "-4")] {
        let listener = Listener::on(on);
        let words = format!("scan several.test {}", listener.port());
        named.sockeye(&words).start_mute().wait_code(0);
        named.sockeye(&format!("{words} {family}")).start_mute().wait_code(0);
        named.sockeye(&format!("{words} {other}")).start_mute().wait_code(4);
        let ended = named.sockeye(&format!("{words} --all-addresses")).start_mute().wait_code(4);
        let rows = rows(&ended);
        let at = |address: &str| rows.iter().find(|row| row[3] == address).map(|row| row[1].as_str());
        let (v4, v6) = if family == "-4" { ("open", "closed") } else { ("closed", "open") };
        assert_eq!((at("127.0.0.1"), at("::1")), (Some(v4), Some(v6)), "{rows:?}");
    }
}

#[test]
fn a_wrong_command_line_is_2_and_says_what_was_expected() {
    for (words, why) in [
        ("scan localhost", "PORTS"),
        ("scan localhost http", "`http` is not a port"),
        ("scan localhost 0", "port 0"),
        ("scan localhost 90-80", "backwards"),
        ("scan localhost 70000", "not a port"),
        ("scan localhost:80 80", "not a host"),
        ("scan tcp://localhost 80", "not a host"),
        ("scan localhost 80 --connect-rate 0", "10/s"),
        ("scan localhost 80 --connect-rate often", "10/s"),
        ("scan localhost 80 --parallel 0", "0"),
        ("scan localhost 80 --output hex", "hex"),
        ("scan localhost 80 --retry soon", "500ms"),
    ] {
        let ended = sockeye(words).start_mute().wait_code(2);
        let lines: Vec<&str> = ended.stderr.lines().collect();
        let [line, hint] = lines[..] else { panic!("{words}: {}", ended.stderr) };
        assert!(line.starts_with("sockeye: ") && hint.starts_with("hint: "), "{words}: {}", ended.stderr);
        assert!(ended.stderr.contains(why), "{words}: {}", ended.stderr);
    }
}

#[test]
fn an_interrupt_tells_what_is_known_so_far() {
    let (open, filtered) = (Listener::new(), Blackhole::new());
    let words = format!("scan 127.0.0.1 {},{} --connect-timeout 60s", open.port(), filtered.port());
    for signal in [Signal::INT, Signal::TERM] {
        for options in ["", "--output json", "--retry 60s"] {
            let scan = sockeye(&format!("{words} {options}")).start_mute();
            interrupt(scan, &open.port().to_string(), signal, options);
        }
    }
}

fn interrupt(mut scan: Program, seen: &str, signal: Signal, options: &str) {
    scan.wait_stdout("open");
    scan.signal(signal);
    let ended = scan.wait_code(130);
    assert!(ended.text().contains(seen), "{}", ended.text());
    if options.contains("json") {
        let summary = objects(&ended).pop().expect("a summary");
        assert_eq!((summary["end"].as_str(), summary["open"].as_u64()), (Some("interrupted"), Some(1)), "{summary}");
    }
    assert!(ended.stderr.contains("1 of 2 ports open, 1 not known"), "{}", ended.stderr);
}

#[test]
fn with_few_descriptors_probes_wait_for_one_another() {
    let binary = env!("CARGO_BIN_EXE_sockeye");
    let listener = Listener::on("127.0.7.8:0");
    for limit in [14, 40] {
        let words = format!("--nofile={limit}:{limit} {binary} scan 127.0.7.8 1-300,{}", listener.port());
        let ended = peer("prlimit", &words).start_mute().wait_code(4);
        assert_eq!(rows(&ended).len(), 301, "{limit}");
        assert!(ended.stderr.contains("1 of 301 ports open, 300 closed"), "{limit}: {}", ended.stderr);
    }
}

#[test]
fn when_others_have_taken_the_descriptors_probes_wait_too() {
    // More are taken than a scan counts with. Nobody accepts, so each open port keeps its descriptor for a while.
    let script = "for number in {20..60}; do eval \"exec $number</dev/null\"; done; ulimit -n 80; exec \"$@\"";
    let listeners: Vec<Listener> = (0..100).map(|_| Listener::new()).collect();
    let ports: Vec<String> = listeners.iter().map(|listener| listener.port().to_string()).collect();
    let mut bash = peer("bash", "-c");
    bash.args([
        script,
        "bash",
        "strace",
        "-f",
        "-qq",
        "-e",
        "trace=socket",
        "-e",
        "status=failed",
        "-o",
        "/dev/stderr",
    ]);
    bash.args([env!("CARGO_BIN_EXE_sockeye"), "scan", "127.0.0.1", &ports.join(",")]);
    let ended = bash.start_mute().wait_code(0);
    assert_eq!(rows(&ended).len(), 100);
    assert!(ended.stderr.contains("EMFILE"), "otherwise nothing was tested: {}", ended.stderr);
}

#[test]
fn a_closed_stdout_ends_it_silently() {
    let script = "\"$0\" scan 127.0.7.9 1-20000 | head -n 1 >/dev/null; echo ${PIPESTATUS[0]}";
    let mut bash = peer("bash", "-c");
    let ended = bash.arg(script).arg(env!("CARGO_BIN_EXE_sockeye")).start_mute().wait_code(0);
    assert_eq!((ended.text().trim(), ended.stderr.as_str()), ("141", ""));
}

#[test]
fn on_a_terminal_there_is_a_table_and_progress_that_goes_away() {
    let (open, silent) = (Listener::new(), Blackhole::new());
    let (listens, gone) = (open.port(), silent.port());
    let mut command = sockeye(&format!("scan 127.0.0.1 {listens} {gone} --connect-timeout 60s"));
    command.env("TERM", "xterm");
    let mut terminal = Terminal::start(command, 24, 100);
    terminal.wait_row("scanning 2 ports of 127.0.0.1");
    terminal.wait_row("1 of 2 ports");
    // The next repetition of the SYN is refused.
    drop(silent);
    assert_eq!(terminal.wait_end(), terminal::Ended::Code(4));
    terminal.wait_text("1 of 2 ports open; not open");
    let rows = terminal.rows();
    let row = |port: u16| rows.iter().find(|row| row.starts_with(&port.to_string())).expect("a row").clone();
    assert!(row(listens).contains("  open ") && row(gone).contains("  closed "), "{rows:?}");
    assert!(row(listens).ends_with(" ms"), "{rows:?}");
    assert!(!rows.iter().any(|row| row == "1 of 2 ports"), "{rows:?}");
}

#[test]
fn servers_of_others_are_found() {
    let socat = peer("socat", "-d -d TCP4-LISTEN:0,bind=127.0.0.1 PIPE").start();
    socat.wait_stderr("listening on");
    let line = socat.stderr().lines().find(|line| line.contains("listening on")).expect("a line").to_owned();
    let socat_port: u16 = line.rsplit(':').next().and_then(|digits| digits.trim().parse().ok()).expect("a port");
    let python = python("tcp.py", "listen hear-end").start();
    let (nc, nc_port) = on_a_free_port("nc", "-l -v 127.0.0.1", "Listening on");
    let (ncat, ncat_port) = on_a_free_port("ncat", "-l -k -v 127.0.0.1", "Listening on 127.0.0.1");
    let words = format!("scan 127.0.0.1 {socat_port},{},{nc_port},{ncat_port}", python.port());
    sockeye(&words).start_mute().wait_code(0);
    for mut server in [socat, python, nc] {
        // Each took it for a client that said nothing, and ends with it.
        server.finish();
        let ended = server.wait_code(0);
        assert!(!ended.stderr.contains("reset"), "{}", ended.stderr);
    }
    assert!(!ncat.stderr().contains("reset"), "{}", ncat.stderr());
}

/// These report no port of their own choice; another program may take this one, and then another is tried.
fn on_a_free_port(program: &str, words: &str, ready: &str) -> (Program, u16) {
    (0..20)
        .find_map(|_| {
            let port = Listener::new().port();
            let server = peer(program, &format!("{words} {port}")).start();
            server.wait_stderr_or_end(ready).then_some((server, port))
        })
        .expect("a free port")
}

#[test]
fn the_rate_holds_for_what_a_server_sees() {
    // Ten probes at ten a second take nine tenths of one; the bound is that they are not all there at once.
    let listeners: Vec<Listener> = (0..10).map(|_| Listener::new()).collect();
    let ports: Vec<String> = listeners.iter().map(|listener| listener.port().to_string()).collect();
    let started = std::time::Instant::now();
    let mut scan = sockeye(&format!("scan 127.0.0.1 {} --connect-rate 10/s", ports.join(","))).start_mute();
    let ends: Vec<_> = listeners.iter().map(Listener::accept).collect();
    let took = started.elapsed();
    assert!(took >= std::time::Duration::from_millis(880), "{took:?}");
    drop(ends);
    scan.wait_code(0);
}

#[test]
fn a_listener_of_ours_is_not_disturbed() {
    let server = sockeye("tcp listen 127.0.0.1:0 --reply echo").start();
    let port = server.port();
    let client = connect_to(SocketAddr::from(([127, 0, 0, 1], port)));
    sockeye(&format!("scan 127.0.0.1 {port}")).start_mute().wait_code(0);
    client.say("still");
    client.hear("still");
}
