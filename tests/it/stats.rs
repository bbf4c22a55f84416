//! What is measured is right, and is said when it was asked for.

use std::process::Command;
use std::thread;

use rustix::process::Signal;
use serde_json::Value;

use crate::net::{Blackhole, Listener, Peer as _, connect, connect_to, udp_to};
use crate::program::{Program, Start as _, peer, sockeye};
use crate::terminal::{Ended, Terminal};

/// The records of one kind that a program has written as JSON.
fn records(json: &[u8], what: &str) -> Vec<Value> {
    let text = std::str::from_utf8(json).expect("UTF-8");
    let all = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("a whole JSON object"));
    all.filter(|record| record["what"] == what).collect()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is not a number"))
}

/// The rest of the first line that begins so.
fn line<'a>(text: &'a str, label: &str) -> &'a str {
    let found = text.lines().find_map(|line| line.strip_prefix(label));
    found.unwrap_or_else(|| panic!("no line begins with {label:?}:\n{text}"))
}

/// Asks for what was measured, and waits until this was said so many times.
fn ask(program: &Program, answer: &str, times: usize) {
    program.signal(Signal::USR1);
    program.wait_stderr_times(answer, times);
}

// ---- numbers ----

#[test]
fn bytes_that_nobody_sees_are_counted_exactly_in_both_roles() {
    let listener = Listener::new();
    let port = listener.port();
    let mut client = sockeye(&format!("tcp connect 127.0.0.1:{port} --stats --input zero:3000000")).start();
    let server = listener.accept();
    assert_eq!(server.hear_end().len(), 3_000_000);
    server.say("bytes");
    drop(server);
    let ended = client.wait_code(0);
    assert_eq!(ended.text(), "bytes");
    let said = &ended.stderr;
    assert!(said.starts_with(&format!("tcp://127.0.0.1:{port}  ")), "{said}");
    assert!(
        line(said, "  sent      ").starts_with("3,000,000 bytes, ") && said.contains("; all acknowledged\n"),
        "{said}"
    );
    assert!(line(said, "  received  ").starts_with("5 bytes, "), "{said}");
    assert!(line(said, "  connect ").contains(" · first byte "), "{said}");
    assert!(line(said, "  round trip ").contains(" · window "), "{said}");
    assert_eq!(said.lines().count(), 5, "{said}");

    // A name is looked up, and that takes its time too.
    let listener = Listener::new();
    let mut client = sockeye(&format!("tcp connect -4 localhost:{} --stats", listener.port())).start_mute();
    drop(listener.accept());
    let said = client.wait_code(0).stderr;
    assert!(said.contains("\n  resolve ") && said.contains(" · connect "), "{said}");

    let mut server = sockeye("tcp listen 0 --once --stats --input zero:70000").start();
    let client = connect(server.port());
    assert_eq!(client.hear_end().len(), 70_000);
    client.say("and back");
    drop(client);
    let said = server.wait_code(0).stderr;
    assert!(said.contains("  sent      70,000 bytes, ") && said.contains("; all acknowledged\n"), "{said}");
    assert!(said.contains("  received  8 bytes, "), "{said}");
    assert!(!said.contains("  connect "), "it did not connect: {said}");
}

#[test]
fn messages_are_counted_exactly_in_both_roles() {
    // A line feed ends each: it is counted with the bytes, as in the record of the end.
    let said = ["one", "two", "three"];
    let options = "--framing lines --output json --stats";
    let check = |json: &[u8], sent: (u64, u64), received: (u64, u64)| {
        let stats = records(json, "stats");
        let closed = records(json, "closed");
        assert_eq!(stats.len(), 1, "{stats:?}");
        for (way, flow, (bytes, messages)) in
            [("sent", &stats[0]["sent"], sent), ("received", &stats[0]["received"], received)]
        {
            assert_eq!((number(&flow["bytes"]), number(&flow["messages"])), (bytes, messages), "{way}: {flow}");
            assert_eq!(number(&closed[0][way]), bytes);
        }
        assert_eq!(stats[0]["stage"], "close");
        assert_eq!(number(&stats[0]["tcp"]["acknowledged"]), sent.0, "{stats:?}");
        assert!(number(&stats[0]["elapsed_ns"]) > 0);
        let text = String::from_utf8_lossy(json);
        assert!(text.find("\"stats\"") < text.find("\"closed\""), "{text}");
    };
    let mut server = sockeye(&format!("tcp listen 0 --once {options} --say welcome")).start_mute();
    let port = server.port();
    let mut client = sockeye(&format!("tcp connect 127.0.0.1:{port} {options}")).start();
    client.say_all(said.join("\n") + "\n");
    check(&client.wait_code(0).stdout, (14, 3), (8, 1));
    check(&server.wait_code(0).stdout, (8, 1), (14, 3));
}

#[test]
fn a_listener_says_it_of_each_and_at_last_of_all() {
    let mut server = sockeye("tcp listen 0 --stats --output json --reply echo").start_mute();
    let port = server.port();
    let said = ["a", "bb", "cccc"];
    for text in said {
        let client = connect(port);
        client.say(text);
        client.finish();
        assert_eq!(client.hear_end(), text.as_bytes());
    }
    server.wait_stderr_times("  received  ", 3);
    server.signal(Signal::INT);
    let ended = server.wait_code(130);
    let stats = records(&ended.stdout, "stats");
    let counts =
        |stats: &Value| (number(&stats["conn"]), number(&stats["sent"]["bytes"]), number(&stats["received"]["bytes"]));
    let mut all: Vec<_> = stats.iter().map(counts).collect();
    assert_eq!(all.pop(), Some((0, 7, 7)), "the sum is the last");
    all.sort_unstable();
    assert_eq!(all, [(1, 1, 1), (2, 2, 2), (3, 4, 4)]);
    assert_eq!(stats[3]["conversations"], serde_json::json!({ "open": 0, "closed": 3 }));
    assert!(ended.stderr.contains("\nall together  ") && ended.stderr.contains(", 3 conversations, 0 of them open\n"));
    assert!(ended.stderr.contains("\n#2 tcp://127.0.0.1:"), "{}", ended.stderr);

    // The same where nobody sees the bytes; a peer that is still there when it ends is counted too.
    let mut server = sockeye("tcp listen 0 --stats --output none --reply echo").start_mute();
    let port = server.port();
    let clients: Vec<_> = said
        .map(|text| {
            let client = connect(port);
            client.say(text);
            client.hear(text);
            client
        })
        .into();
    server.signal(Signal::INT);
    for client in clients {
        assert_eq!(client.hear_end(), b"");
    }
    let ended = server.wait_code(130).stderr;
    for bytes in ["1 byte,", "2 bytes,", "4 bytes,"] {
        assert!(
            ended.contains(&format!("  sent      {bytes}")) && ended.contains(&format!("  received  {bytes}")),
            "{ended}"
        );
    }
    let sum = ended.split("all together  ").nth(1).expect("a sum");
    assert!(sum.contains(", 3 conversations, 0 of them open\n  sent      7 bytes, "), "{sum}");
}

#[test]
fn datagrams_and_unix_sockets_are_measured_without_tcp() {
    let server = sockeye("udp listen 0 --reply echo").start_mute();
    let json = "--framing lines --output json --stats";
    let mut client = sockeye(&format!("udp connect 127.0.0.1:{} {json}", server.port())).start();
    client.say_all("one\ntwo\n");
    let stats = records(&client.wait_code(0).stdout, "stats");
    for way in ["sent", "received"] {
        assert_eq!((number(&stats[0][way]["bytes"]), number(&stats[0][way]["messages"])), (6, 2), "{stats:?}");
    }
    assert_eq!(stats[0].get("tcp"), None);
    let name = format!("@sockeye-stats-{}", std::process::id());
    let mut server = sockeye(&format!("unix listen {name} --once --stats")).start();
    server.wait_stderr("listening on");
    let mut client = sockeye(&format!("unix connect {name} --stats --input zero:100000")).start();
    server.finish();
    let (client, server) = (client.wait_code(0).stderr, server.wait_code(0).stderr);
    assert!(line(&client, "  sent      ").starts_with("100,000 bytes, "), "{client}");
    assert!(line(&server, "#1 ").starts_with("unix:") && server.contains("  received  100,000 bytes, "), "{server}");
    assert!(!client.contains("round trip"), "{client}");
}

#[test]
fn what_tls_adds_is_told_apart() {
    let mut server = sockeye("tcp listen 0 --tls --once --output json --stats").start_mute();
    let words =
        format!("tcp connect 127.0.0.1:{} --tls --insecure --output json --stats --framing lines", server.port());
    let mut client = sockeye(&words).start();
    client.say_all("hello\n");
    let (client, server) = (client.wait_code(0), server.wait_code(0));
    let of_client = records(&client.stdout, "stats").remove(0);
    let of_server = records(&server.stdout, "stats").remove(0);
    assert_eq!((number(&of_client["sent"]["bytes"]), number(&of_server["received"]["bytes"])), (6, 6));
    for stats in [&of_client, &of_server] {
        assert!(number(&stats["tls_ns"]) > 0, "{stats}");
        let tcp = &stats["tcp"];
        // Handshake, record and close_notify; all of it arrived.
        assert!(number(&tcp["acknowledged"]) > 100, "{tcp}");
        assert_eq!(
            number(&tcp["acknowledged"]),
            number(&tcp["bytes_sent"]) - number(&tcp["bytes_retransmitted"]),
            "{tcp}"
        );
    }
    assert_eq!(of_client["tcp"]["bytes_received"], of_server["tcp"]["bytes_acked"], "{of_client} {of_server}");
    assert!(
        line(&client.stderr, "  sent      6 bytes in 1 message, ").contains(" on the wire; all acknowledged"),
        "{}",
        client.stderr
    );
    assert!(client.stderr.contains(" · TLS "), "{}", client.stderr);
}

#[test]
fn a_record_has_it_and_replay_shows_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("record");
    let file = file.display();
    let words = format!("tcp connect --demo --say hello --stats --quiet --record {file}");
    let shown = sockeye(&words).start_mute().wait_code(0).stderr;
    assert!(shown.contains("  sent      6 bytes in 1 message, "), "quiet is no reason not to say it: {shown}");
    let replayed = sockeye(&format!("replay {file} --quiet --output none")).start_mute().wait_code(0).stderr;
    assert_eq!(replayed, shown);
}

// ---- SIGUSR1 ----

#[test]
fn usr1_asks_a_conversation_that_goes_on() {
    for options in ["", "-v", "--quiet", "--framing lines --output raw"] {
        let listener = Listener::new();
        let mut client = sockeye(&format!("tcp connect 127.0.0.1:{} {options}", listener.port())).start();
        let server = listener.accept();
        client.say("hello\n");
        server.hear("hello\n");
        // The peer may have it before it is counted here.
        let asked = (1..10_000).find(|time| {
            ask(&client, ", ESTABLISHED\n", *time);
            client.wait_stderr_times("  round trip ", *time);
            client.stderr().contains("; all acknowledged")
        });
        ask(&client, "(0 B/s since the last report)", 2);
        assert!(asked.is_some());
        assert!(client.stderr().contains("  sent      6 bytes"), "{options}: {}", client.stderr());
        // It goes on as if nothing had been.
        server.say("bye\n");
        drop(server);
        client.finish();
        assert_eq!(client.wait_code(0).text(), "bye\n", "{options}");
    }
}

#[test]
fn usr1_asks_what_is_in_the_way_of_a_transfer() {
    let size = 30_000_000;
    let listener = Listener::new();
    let words = format!("tcp connect 127.0.0.1:{} --input zero:{size}", listener.port());
    let mut client = sockeye(&words).start();
    let server = listener.accept();
    // Nobody reads on: in the end the peer's window is full, and is so for most of the time.
    server.hear([0]);
    let said = (1..10_000).find_map(|time| {
        ask(&client, ", ESTABLISHED\n", time);
        client.wait_stderr_times("  round trip ", time);
        client.stderr().contains(" · the peer's window was full ").then_some(())
    });
    assert!(said.is_some(), "{}", client.stderr());
    assert_eq!(server.hear_end().len(), size - 1);
    drop(server);
    client.wait_code(0);
}

#[test]
fn usr1_asks_a_listener_of_everyone() {
    for options in ["--reply echo", "--reply echo --output none", "--reply echo -v"] {
        let server = sockeye(&format!("tcp listen 0 {options}")).start_mute();
        let port = server.port();
        ask(&server, ", 0 conversations, 0 of them open\n", 1);
        let clients: Vec<_> = ["a", "bb", "ccc"]
            .map(|text| {
                let client = connect(port);
                client.say(text);
                client.hear(text);
                client
            })
            .into();
        ask(&server, "all together  ", 2);
        server.wait_stderr(", 3 conversations, 3 of them open\n");
        let said = server.stderr();
        let peers = clients
            .iter()
            .enumerate()
            .map(|(at, client)| format!("#{} tcp://{}  ", at + 1, client.local_addr().expect("an address")));
        for peer in peers {
            assert_eq!(said.matches(&peer).count(), 1, "{options}: {peer}\n{said}");
        }
        drop(clients);
    }
}

#[test]
fn usr1_asks_other_sockets() {
    let name = format!("@sockeye-usr1-{}", std::process::id());
    for (words, kind) in [
        ("udp listen 0".to_owned(), "udp"),
        ("udp listen 0 --once".to_owned(), "udp"),
        (format!("unix listen {name}-1"), "unix"),
        (format!("unix listen {name}-2 --type datagram"), "unix"),
        ("tcp listen 0 --once".to_owned(), "tcp"),
        ("tcp listen 0 --once -v".to_owned(), "tcp"),
    ] {
        let server = sockeye(&words).start();
        server.wait_stderr("listening on");
        ask(&server, "all together  ", 1);
        if kind == "udp" {
            let client = udp_to(server.port());
            client.send(b"hello").expect("sent");
            server.wait_stdout("hello");
            ask(&server, "  received  5 bytes in 1 message, ", 1);
        }
    }
    let server = sockeye("udp listen 0 --reply echo").start_mute();
    let mut client = sockeye(&format!("udp connect 127.0.0.1:{}", server.port())).start();
    client.say("hello");
    client.wait_stdout("hello");
    ask(&client, "  received  5 bytes in 1 message, ", 1);
}

#[test]
fn usr1_says_what_a_slow_connection_waits_for() {
    for options in ["", "-v", "--output json"] {
        let blackhole = Blackhole::new();
        let mut client = sockeye(&format!("tcp connect 127.0.0.1:{} {options}", blackhole.port())).start();
        blackhole.wait_for(&client);
        ask(&client, ", connecting\n", 1);
        let said = client.stderr();
        assert!(said.contains(&format!("tcp://127.0.0.1:{}  ", blackhole.port())), "{said}");
        assert!(!said.contains("  sent "), "{said}");
        client.signal(Signal::INT);
        let ended = client.wait_code(130);
        if options == "--output json" {
            let stats = records(&ended.stdout, "stats");
            assert_eq!(stats[0]["stage"], "connect");
            assert!(number(&stats[0]["connect_ns"]) > 0);
        }
    }
}

#[test]
fn usr1_leaves_the_prompt_as_it_is() {
    let listener = Listener::new();
    let mut terminal = on_terminal(&format!("tcp connect 127.0.0.1:{}", listener.port()), "");
    let server = listener.accept();
    terminal.wait_text("connected to ");
    terminal.press("half a li");
    terminal.wait_line("> half a li");
    terminal.signal(Signal::USR1);
    terminal.wait("the answer above the line", |rows| {
        rows.iter().any(|row| row.starts_with("  round trip ")) && rows.last().is_some_and(|row| row == "> half a li")
    });
    terminal.press("ne\r");
    server.hear("half a line\n");
    terminal.press("/stats\r");
    terminal.wait_text("  sent      12 bytes in 1 message, ");
    terminal.press("\x04");
    assert_eq!(server.hear_end(), b"");
    drop(server);
    assert_eq!(terminal.wait_end(), Ended::Code(0));
    terminal.assert_as_before();
}

// ---- the kernel ----

/// What `ss` says of a number: `rtt:0.035/0.017` has the name `rtt`.
fn ss(text: &str, name: &str) -> Option<String> {
    text.split_whitespace().find_map(|word| Some(word.strip_prefix(name)?.strip_prefix(':')?.to_owned()))
}

#[test]
fn the_kernels_numbers_are_those_of_ss() {
    let listener = Listener::new();
    let words = format!("tcp connect 127.0.0.1:{} --output json --framing lines", listener.port());
    let mut client = sockeye(&words).start();
    let (server, from) = listener.accept_from();
    for _ in 0..10 {
        client.say("question\n");
        server.hear("question\n");
        server.say("answer\n");
    }
    client.wait_stdout("\"answer\"");
    let look = || {
        let ended =
            peer("ss", &format!("-tinHO src {from} dst 127.0.0.1:{}", listener.port())).start_mute().wait_code(0);
        ended.text()
    };
    // While nothing happens the numbers stay; an acknowledgement may still be under way.
    let (seen, stats) = (1..100)
        .find_map(|time| {
            let before = look();
            client.signal(Signal::USR1);
            client.wait_stderr_times("  round trip ", time);
            let after = look();
            let stats = records(&client.stdout(), "stats").pop()?;
            let same = ["rtt", "minrtt", "cwnd", "mss", "bytes_acked", "bytes_received", "bytes_sent"]
                .iter()
                .all(|name| ss(&before, name) == ss(&after, name));
            same.then_some((after, stats))
        })
        .expect("a moment in which nothing changes");
    let tcp = &stats["tcp"];
    let value = |name: &str| ss(&seen, name).unwrap_or_else(|| panic!("ss does not say {name}: {seen}"));
    // In milliseconds, to the microsecond.
    let is = |name: &str, millis: &str| {
        let micros = u32::try_from(number(&tcp[name]) / 1000).expect("not long");
        (f64::from(micros) - millis.parse::<f64>().expect("milliseconds") * 1e3).abs() < 0.5
    };
    let rtt = value("rtt");
    let (rtt, var) = rtt.split_once('/').expect("rtt/var");
    assert!(is("rtt_ns", rtt) && is("rtt_var_ns", var) && is("min_rtt_ns", &value("minrtt")), "{tcp}\n{seen}");
    for (ours, theirs) in [
        ("congestion_window", "cwnd"),
        ("segment_size", "mss"),
        ("bytes_acked", "bytes_acked"),
        ("bytes_received", "bytes_received"),
        ("bytes_sent", "bytes_sent"),
    ] {
        assert_eq!(tcp[ours].to_string(), value(theirs), "{ours}: {tcp}\n{seen}");
    }
    assert_eq!(number(&tcp["retransmissions"]), 0, "{tcp}");
}

#[test]
fn segments_that_are_lost_are_counted() {
    // A network of its own, in which a queue is too short for what is sent: what finds no room is dropped.
    let script = r#"
        set -e
        export PATH="$PATH:/usr/sbin:/sbin"
        ip link set lo mtu 1500 up
        tc qdisc add dev lo root tbf rate 80mbit burst 10kb limit 20kb
        # It ends only when it has heard all: then all is acknowledged.
        "$SOCKEYE" tcp listen 127.0.0.1:7 --once --quiet --output none --recv-only & server=$!
        # It is quiet so that stderr has nothing else.
        "$SOCKEYE" tcp connect 127.0.0.1:7 --retry 30s --quiet --input zero:3000000 --stats --output json --record "$RECORD"
        wait $server
        awk '$1 == "Tcp:" && $13 ~ /^[0-9]+$/ { print "RetransSegs", $13 }' /proc/net/snmp
    "#;
    let folder = tempfile::tempdir().expect("a folder");
    let record = folder.path().join("record");
    let mut command = peer("unshare", "--map-root-user --net sh -c");
    command.arg(script).env("SOCKEYE", env!("CARGO_BIN_EXE_sockeye")).env("RECORD", &record);
    let ended = command.start_mute().wait_code(0);
    let json = std::fs::read(record).expect("a record");
    let stats = records(&json, "stats").remove(0);
    let again = number(&stats["tcp"]["retransmissions"]);
    assert!(again > 0, "nothing was lost: {stats}");
    let text = ended.text();
    let total: u64 = line(&text, "RetransSegs ").parse().expect("a number");
    // The network's counter has both ends of the connection, and what came after the look at ours.
    assert!(again <= total, "{again} of {total} in the whole network: {stats}");
    assert!(number(&stats["tcp"]["bytes_retransmitted"]) > 0, "{stats}");
    assert_eq!(number(&stats["tcp"]["acknowledged"]), 3_000_000, "{stats}");
    assert!(ended.stderr.contains(" sent again ("), "{}", ended.stderr);
}

// ---- progress ----

/// sockeye on a terminal, of which some descriptors are redirected.
fn on_terminal(words: &str, redirections: &str) -> Terminal {
    on_terminal_called("xterm", words, redirections)
}

fn on_terminal_called(term: &str, words: &str, redirections: &str) -> Terminal {
    let mut command = Command::new("sh");
    let state = std::env::temp_dir();
    command.args(["-c", &format!("exec {} {words} {redirections}", env!("CARGO_BIN_EXE_sockeye"))]);
    command.env("TERM", term).env("NO_COLOR", "1").env("XDG_STATE_HOME", state.join("sockeye-stats-no-history"));
    Terminal::start(command, 24, 80)
}

fn is_progress(row: &str) -> bool {
    row.starts_with("sent ") || row.starts_with("received ")
}

#[test]
fn progress_is_rewritten_in_place_and_erased() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("large");
    std::fs::File::create(&file).and_then(|file| file.set_len(50_000_000)).expect("a large file");
    let listener = Listener::new();
    let words = format!("tcp connect 127.0.0.1:{} --stats", listener.port());
    let mut terminal = on_terminal(&words, &format!("<{} >{}", file.display(), folder.path().join("out").display()));
    let server = listener.accept();
    // Nobody reads: it stands still, which takes it longer than a second.
    terminal.wait("a line that stands still", |rows| {
        rows.last().is_some_and(|row| is_progress(row) && row.contains(" %, 0 B/s now, ") && row.contains(" mean, 0:0"))
    });
    assert_eq!(terminal.rows().len(), 1, "{:?}", terminal.rows());
    // What is said meanwhile stands above it, whole.
    terminal.signal(Signal::USR1);
    terminal.wait("the answer, and the line below", |rows| {
        rows.iter().filter(|row| row.starts_with("tcp://") && row.ends_with(", ESTABLISHED")).count() == 1
            && rows.last().is_some_and(|row| is_progress(row))
            && rows.iter().filter(|row| is_progress(row)).count() == 1
    });
    // Narrower: less is said.
    terminal.resize(24, 40);
    terminal.wait("a shorter line", |rows| {
        rows.last().is_some_and(|row| is_progress(row) && row.contains(" %, 0 B/s now") && !row.contains("mean"))
    });
    terminal.resize(24, 80);
    let reader = thread::spawn(move || server.hear_end().len());
    assert_eq!(reader.join().expect("a reader"), 50_000_000);
    assert_eq!(terminal.wait_end(), Ended::Code(0));
    terminal.wait("nothing of the line", |rows| !rows.iter().any(|row| is_progress(row)));
    terminal.wait_text("  sent      50,000,000 bytes, ");
    terminal.assert_as_before();
}

#[test]
fn progress_of_what_is_received_while_messages_are_made() {
    // stdin is the terminal, and so lines are made of what is typed: as `nc -l >file` is used.
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let mut terminal = on_terminal("tcp listen 0 --once", &format!(">{}", out.display()));
    terminal.wait_text("listening on tcp://127.0.0.1:");
    let rows = terminal.rows();
    let address = line(&rows[0], "listening on tcp://").split(' ').next().expect("an address");
    let client = connect_to(address.parse().expect("an address"));
    client.say(vec![0; 300_000]);
    terminal.wait("progress", |rows| rows.last().is_some_and(|row| row.starts_with("received 300 kB, ")));
    client.finish();
    assert_eq!(client.hear_end(), b"");
    assert_eq!(terminal.wait_end(), Ended::Code(0));
    terminal.wait("nothing of the line", |rows| !rows.iter().any(|row| is_progress(row)));
    assert_eq!(std::fs::read(out).expect("a file").len(), 300_000);
}

#[test]
fn what_is_heard_on_the_same_terminal_is_not_torn_by_progress() {
    let listener = Listener::new();
    let mut terminal =
        on_terminal(&format!("tcp connect 127.0.0.1:{} --input zero:10000000", listener.port()), "</dev/null");
    let server = listener.accept();
    terminal.wait("progress", |rows| rows.last().is_some_and(|row| is_progress(row)));
    server.say("first\nsecond\n");
    terminal.wait("both lines, and progress below", |rows| {
        rows.iter().any(|row| row == "< first")
            && rows.iter().any(|row| row == "< second")
            && rows.last().is_some_and(|row| is_progress(row))
    });
    assert_eq!(server.hear_end().len(), 10_000_000);
    drop(server);
    assert_eq!(terminal.wait_end(), Ended::Code(0));
    terminal.wait("nothing of the line", |rows| !rows.iter().any(|row| is_progress(row)));
    terminal.wait_text("closed: ");
}

#[test]
fn an_error_and_an_interrupt_find_the_terminal_clean() {
    for (how, code) in [("reset", 7), ("interrupt", 130)] {
        let listener = Listener::new();
        let words = format!("tcp connect 127.0.0.1:{} --send-only --input zero", listener.port());
        let mut terminal = on_terminal(&words, "</dev/null");
        let server = listener.accept();
        terminal.wait("progress", |rows| rows.last().is_some_and(|row| is_progress(row)));
        if how == "reset" {
            server.reset();
        } else {
            terminal.signal(Signal::INT);
            terminal.signal(Signal::INT);
        }
        assert_eq!(terminal.wait_end(), Ended::Code(code), "{how}");
        terminal.wait("nothing of the line", |rows| !rows.iter().any(|row| is_progress(row)));
        if how == "reset" {
            terminal.wait("the error", |rows| rows.first().is_some_and(|row| row.starts_with("sockeye: tcp://")));
        }
        terminal.assert_as_before();
    }
}

#[test]
fn there_is_no_progress_where_nobody_can_see_it_or_nobody_wants_it() {
    // Takes more than a second by itself.
    let listener = Listener::new();
    let words = format!("tcp connect 127.0.0.1:{} --input zero:200k --rate 100k", listener.port());
    let mut client = sockeye(&words).start_mute();
    let mut terminals = [("dumb", ""), ("xterm", "--progress never"), ("xterm", "--quiet"), ("xterm", "--output raw")]
        .map(|(term, options)| {
            let redirections = if options == "--output raw" { "</dev/null" } else { "</dev/null >/dev/null" };
            (on_terminal_called(term, &format!("{words} {options}"), redirections), term, options)
        });
    let readers: Vec<_> = (0..=terminals.len())
        .map(|_| {
            let server = listener.accept();
            thread::spawn(move || server.hear_end().len())
        })
        .collect();
    for reader in readers {
        assert_eq!(reader.join().expect("a reader"), 200 << 10);
    }
    assert_eq!(client.wait_code(0).stderr, "");
    for (terminal, term, options) in &mut terminals {
        assert_eq!(terminal.wait_end(), Ended::Code(0));
        assert_eq!(terminal.printed(), 0, "{term} {options}");
    }
    // And it is there otherwise.
    let mut terminal = on_terminal(&words, "</dev/null >/dev/null");
    let server = listener.accept();
    terminal.wait("progress", |rows| rows.last().is_some_and(|row| is_progress(row) && row.contains(" left")));
    assert_eq!(server.hear_end().len(), 200 << 10);
    drop(server);
    assert_eq!(terminal.wait_end(), Ended::Code(0));
    assert!(terminal.printed() > 0);
}

#[test]
fn progress_always_is_in_lines_where_none_can_be_rewritten() {
    let listener = Listener::new();
    let words = format!("tcp connect 127.0.0.1:{} --input zero:200k --rate 100k --progress always", listener.port());
    let mut client = sockeye(&words).start_mute();
    let server = listener.accept();
    assert_eq!(server.hear_end().len(), 200 << 10);
    drop(server);
    let said = client.wait_code(0).stderr;
    assert!(!said.contains(['\r', '\x1b']), "{said:?}");
    assert!(said.lines().count() >= 1 && said.lines().all(|line| is_progress(line) && line.contains(" %, ")), "{said}");
    let refused = on_terminal("tcp connect --demo --progress always", "").wait_end();
    assert_eq!(refused, Ended::Code(2), "lines are typed there");
}
