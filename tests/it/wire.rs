//! `learn --wire`: what passes on the wire is what the kernel sent, and what the texts say of it is so.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::program::{Start as _, peer, sockeye};
use crate::terminal::{Ended, Terminal};

/// At no delay the round trip is so short that the kernel's probes for lost ends are a matter of microseconds.
const UNHURRIED: &str = "--wire-delay 40ms";

/// Why there can be no wire here.
fn refusal() -> Option<&'static str> {
    static REFUSAL: OnceLock<Option<String>> = OnceLock::new();
    let refusal = REFUSAL.get_or_init(|| {
        let ended = sockeye("learn udp --wire --no-pause").start_mute().wait_code(0);
        ended.stderr.lines().next().filter(|line| line.contains("without a wire")).map(str::to_owned)
    });
    refusal.as_deref()
}

/// Whether there can be one. If not, that is said past the test runner, which would swallow it.
fn is_possible(test: &str) -> bool {
    let Some(why) = refusal() else { return true };
    let _ = writeln!(std::io::stderr(), "SKIPPED wire::{test}: {why}");
    false
}

/// The acts of a lesson.
fn acts(words: &str) -> Vec<Value> {
    let ended = sockeye(&format!("learn {words} --no-pause --output json")).start_mute().wait_code(0);
    assert_eq!(ended.stderr, "", "{words}");
    let acts: Vec<Value> = ended.text().lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    for socket in acts.iter().flat_map(|act| act["kernel"].as_array().expect("a list")) {
        assert_eq!(socket["state"], socket["expected"], "{words}: {socket}");
    }
    acts
}

fn packets(acts: &[Value]) -> Vec<Value> {
    let packets: Vec<Value> = acts.iter().filter_map(|act| act["overheard"].as_array()).flatten().cloned().collect();
    let numbers: Vec<u64> = packets.iter().map(|packet| packet["number"].as_u64().expect("a number")).collect();
    assert_eq!(numbers, (1..=packets.len() as u64).collect::<Vec<_>>(), "each is told once, in order");
    packets
}

/// `[from, flags, seq, ack, bytes, fate, mark]`
fn shape(packet: &Value) -> Value {
    let field = |name: &str| packet.get(name).cloned().unwrap_or_default();
    let flags = field("flags");
    let flags: Vec<&str> = flags.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mark = match field("mark").as_str() {
        Some("again") => format!("again {}", field("of")),
        Some(mark) => mark.to_owned(),
        None => String::new(),
    };
    json!([field("from"), flags.join(" "), field("seq"), field("ack"), field("bytes"), field("fate"), mark])
}

#[test]
fn the_facts_of_tcp_on_a_wire() {
    if !is_possible("the_facts_of_tcp_on_a_wire") {
        return;
    }
    let acts = acts(&format!("tcp --wire {UNHURRIED}"));
    assert_eq!(acts.len(), 9);
    let shapes = |act: usize| packets_of(&acts[act - 1]).iter().map(shape).collect::<Vec<_>>();
    assert_eq!(shapes(1), Vec::<Value>::new());
    assert_eq!(
        shapes(2),
        [
            json!(["client", "SYN", 0, null, 0, "passed", ""]),
            json!(["server", "SYN ACK", 0, 1, 0, "passed", ""]),
            json!(["client", "ACK", 1, 1, 0, "passed", ""]),
        ]
    );
    assert_eq!(
        shapes(3),
        [json!(["client", "PSH ACK", 1, 1, 7, "passed", ""]), json!(["server", "ACK", 1, 8, 0, "passed", ""])]
    );
    // The second first: a duplicate with what is beyond the hole, and the sender takes the part for lost.
    assert_eq!(
        shapes(4),
        [
            json!(["client", "PSH ACK", 8, 1, 5, "late", ""]),
            json!(["client", "PSH ACK", 13, 1, 8, "passed", ""]),
            json!(["server", "ACK", 1, 8, 0, "passed", "duplicate-ack"]),
            json!(["server", "ACK", 1, 21, 0, "passed", ""]),
            json!(["client", "PSH ACK", 8, 1, 5, "passed", "again 6"]),
            json!(["server", "ACK", 1, 21, 0, "passed", ""]),
        ]
    );
    let late = packets_of(&acts[3]);
    assert_eq!(
        (&late[0]["behind"], &late[2]["sack"], &late[5]["sack"]),
        (&json!(7), &json!([[13, 21]]), &json!([[8, 13]]))
    );
    // Lost, and again by itself: not before the least time that the kernel waits.
    let lost = packets_of(&acts[4]);
    let first = lost[0]["number"].as_u64().expect("a number");
    assert_eq!(
        shapes(5),
        [
            json!(["client", "PSH ACK", 21, 1, 12, "lost", ""]),
            json!(["client", "PSH ACK", 21, 1, 12, "passed", format!("again {first}")]),
            json!(["server", "ACK", 1, 33, 0, "passed", ""]),
        ]
    );
    assert!(lost[1]["after_ns"].as_u64().is_some_and(|after| after >= 190_000_000), "{lost:?}");
    assert!(acts[4]["kernel"][0]["retransmissions"].as_u64().is_some_and(|times| times > 0), "{}", acts[4]["kernel"]);
    // The acknowledgement is lost, and what was heard comes again.
    let again = packets_of(&acts[5]);
    let first = again[0]["number"].as_u64().expect("a number");
    assert_eq!(
        shapes(6),
        [
            json!(["server", "PSH ACK", 1, 33, 5, "passed", ""]),
            json!(["client", "ACK", 33, 6, 0, "lost", ""]),
            json!(["server", "PSH ACK", 1, 33, 5, "passed", format!("again {first}")]),
            json!(["client", "ACK", 33, 6, 0, "passed", ""]),
        ]
    );
    assert_eq!(again[3]["sack"], json!([[1, 6]]), "twice");
    assert_eq!(
        shapes(7),
        [json!(["client", "FIN ACK", 33, 6, 0, "passed", ""]), json!(["server", "ACK", 6, 34, 0, "passed", ""])]
    );
    assert_eq!(
        shapes(8),
        [json!(["server", "FIN ACK", 6, 34, 0, "passed", ""]), json!(["client", "ACK", 34, 7, 0, "passed", ""])]
    );
    assert_eq!(
        shapes(9),
        [json!(["client", "SYN", 0, null, 0, "passed", ""]), json!(["server", "RST ACK", 0, 1, 0, "passed", ""])]
    );
    packets(&acts);
}

fn packets_of(act: &Value) -> Vec<Value> {
    act["overheard"].as_array().cloned().unwrap_or_default()
}

#[test]
fn the_facts_of_udp_on_a_wire() {
    if !is_possible("the_facts_of_udp_on_a_wire") {
        return;
    }
    let acts = acts("udp --wire");
    assert_eq!(acts.len(), 8);
    let shapes = |act: usize| packets_of(&acts[act - 1]).iter().map(shape).collect::<Vec<_>>();
    let udp = |from: &str, bytes: u32, fate: &str| json!([from, "", null, null, bytes, fate, ""]);
    assert_eq!((shapes(1), shapes(2)), (vec![], vec![]));
    assert_eq!(shapes(3), [udp("client", 3, "passed")]);
    assert_eq!(shapes(4), [udp("client", 3, "lost"), udp("client", 5, "passed")]);
    assert_eq!(shapes(5), [udp("client", 4, "late"), udp("client", 4, "passed")]);
    assert_eq!(shapes(6), [udp("client", 2000, "passed"), udp("client", 528, "lost")]);
    assert_eq!(shapes(7), [udp("server", 20, "passed")]);
    let last = packets_of(&acts[7]);
    assert_eq!((&last[1]["from"], &last[1]["says"]), (&json!("server"), &json!("port unreachable")));
    packets(&acts);
}

#[test]
fn what_a_script_loses_is_sent_again_and_the_lesson_goes_on() {
    if !is_possible("what_a_script_loses_is_sent_again_and_the_lesson_goes_on") {
        return;
    }
    // The SYN-ACK, the data, and the acknowledgement of them: which of the last two it was the sender cannot know.
    for (lost, flags, again) in [(2, "SYN ACK", 2), (4, "PSH ACK", 4), (5, "ACK", 4)] {
        let all = packets(&acts(&format!("tcp --wire --drop {lost}")));
        let shape = shape(&all[lost - 1]);
        assert_eq!((&shape[1], &shape[5]), (&json!(flags), &json!("lost")), "{shape}");
        let is_again = |packet: &Value| packet["of"] == again && packet["mark"] == "again";
        assert!(all[lost..].iter().any(is_again), "{lost}: {all:#?}");
    }
    // Nobody says a datagram again but the program: it is another one.
    let all = packets(&acts("udp --wire --drop 1"));
    assert_eq!((&all[0]["fate"], &all[0]["text"]), (&json!("lost"), &json!("one")));
    assert_eq!((&all[1]["fate"], &all[1]["text"], all[1].get("mark")), (&json!("passed"), &json!("one"), None));
    let all = packets(&acts("tcp --wire --reorder 4"));
    assert_eq!((&all[3]["fate"], &all[3]["bytes"]), (&json!("late"), &json!(7)), "{}", all[3]);
    let ended = sockeye("learn tcp --wire --no-pause --drop 999").start_mute().wait_code(8);
    assert!(ended.stderr.starts_with("sockeye: lose or reorder packet 999: only "), "{}", ended.stderr);
}

/// Without what is different in every run: ports, descriptors, times.
fn masked(text: &str) -> String {
    let mut masked = String::new();
    for line in text.lines() {
        let mut words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        for at in 0..words.len() {
            let before = at.checked_sub(1).map(|before| words[before].clone()).unwrap_or_default();
            let after = words.get(at + 1).map(|after| after.trim_end_matches(',').to_owned()).unwrap_or_default();
            let is_number = words[at].starts_with(|c: char| c.is_ascii_digit());
            if is_number && ["ns", "µs", "ms", "s"].contains(&after.as_str()) && !line.contains("200 ms") {
                words[at] = String::from("T");
                words[at + 1] = words[at + 1].replace(['n', 'µ', 'm'], "");
            } else if is_number && ["window", "윈도우"].contains(&before.as_str()) {
                words[at] = String::from("W");
            } else if before == "=" && at >= 2 && ["accept()", "stream)", "datagram)"].contains(&words[at - 2].as_str())
            {
                words[at] = "FD".to_owned() + words[at].trim_start_matches(|c: char| c.is_ascii_digit());
            } else if let Some((address, port)) = words[at].rsplit_once(':')
                && port.len() > 4
                && port.bytes().all(|byte| byte.is_ascii_digit())
            {
                words[at] = format!("{address}:PORT");
            } else if words[at].contains("SO_RCVBUF") && !is_number && after.ends_with(')') {
                words[at + 1] = String::from("N)");
            }
        }
        masked += words.join(" ").trim_end_matches('-').trim_end();
        masked.push('\n');
    }
    // Cut, where a port of one digit more is not.
    masked.replace(":4...", ":PORT").replace(":3...", ":PORT").replace(":5...", ":PORT").replace(":6...", ":PORT")
}

#[test]
fn transcripts() {
    if !is_possible("transcripts") {
        return;
    }
    for (words, name) in [("tcp --wire", "tcp.txt"), ("tcp --wire --lang ko", "tcp.ko.txt"), ("udp --wire", "udp.txt")]
    {
        let words = format!("learn {words} --no-pause {UNHURRIED}");
        let text = sockeye(&words).env("LC_ALL", "C.UTF-8").start_mute().wait_code(0).text();
        for page in text.split_terminator("\n\n") {
            assert!(page.lines().count() < 24, "{} rows, and the keys:\n{page}", page.lines().count());
        }
        let transcript = masked(&text);
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/wire").join(name);
        if std::env::var_os("UPDATE").is_some_and(|value| value == "1") {
            fs::write(&path, &transcript).expect("the snapshot can be written");
        }
        let expected = fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(transcript, expected, "{name}: `UPDATE=1 cargo test --test it wire` rewrites it");
    }
}

#[test]
fn the_wire_is_on_the_page_that_is_kept() {
    if !is_possible("the_wire_is_on_the_page_that_is_kept") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("wire.html");
    let words = format!("learn udp --wire --no-pause --output markdown --report {}", path.display());
    let notes = sockeye(&words).start_mute().wait_code(0).text();
    assert!(notes.starts_with("# udp --wire: ") && notes.contains(" #2 --> UDP "), "{notes}");
    let page = fs::read_to_string(&path).expect("a page");
    assert!(page.contains("<h1>udp --wire: ") && page.contains("3 bytes &quot;two&quot;, LOST"), "{page}");
}

/// sockeye where the root of another user namespace has done this before.
fn where_it_is_so(setup: &str, words: &str) -> Command {
    let mut command = peer("unshare", "--map-root-user --mount sh -ec");
    command.arg(format!("{setup}; exec \"$@\"")).arg("sh").arg(env!("CARGO_BIN_EXE_sockeye"));
    command.args(words.split_whitespace());
    command
}

#[test]
fn where_there_is_no_wire_that_is_said_and_the_lesson_goes_on() {
    const CLOSED: &str = "mount -t tmpfs none /dev/net; : >/dev/net/tun; chmod 0 /dev/net/tun";
    const NO_RIGHTS: &str = "exec setpriv --bounding-set -all --inh-caps -all -- \"$@\"";
    // It can be opened, and so namespaces are the next thing to be tried.
    const OPEN: &str = "mount -t tmpfs none /dev/net; : >/dev/net/tun";
    const NO_NAMESPACES: &str = "echo 0 >/proc/sys/user/max_net_namespaces; echo 0 >/proc/sys/user/max_user_namespaces";
    for (setup, why, hint) in [
        (
            "mount -t tmpfs none /dev/net".to_owned(),
            "open /dev/net/tun: no such file or directory",
            "`sudo modprobe tun` makes it",
        ),
        (format!("{CLOSED}; {NO_RIGHTS}"), "open /dev/net/tun: permission denied", "`sudo chmod 666 /dev/net/tun`"),
        (
            format!("{OPEN}; {NO_NAMESPACES}"),
            "make a network namespace: no space left on device",
            "`sudo sysctl user.max_user_namespaces=",
        ),
    ] {
        let ended = where_it_is_so(&setup, "learn tcp --wire --no-pause --act 9").start_mute().wait_code(0);
        let lines: Vec<&str> = ended.stderr.lines().collect();
        assert_eq!(lines[0], format!("sockeye: without a wire: {why}"), "{}", ended.stderr);
        assert!(lines[1].starts_with(&format!("hint: {hint}")), "{}", ended.stderr);
        assert_eq!(lines.len(), 2, "{}", ended.stderr);
        assert!(ended.text().starts_with("tcp 9/15  "), "{}", ended.text());
    }
    // Where it is something else there is no way back: the lesson ends.
    let ended = where_it_is_so(OPEN, "learn tcp --wire --no-pause").start_mute().wait_code(1);
    assert!(ended.stderr.starts_with("sockeye: lay a wire with /dev/net/tun: "), "{}", ended.stderr);
    assert!(ended.stderr.contains("\nhint: without --wire "), "{}", ended.stderr);
}

#[test]
fn only_lessons_with_packets_have_a_wire() {
    let ended = sockeye("learn tls --wire").start_mute().wait_code(2);
    assert!(ended.stderr.starts_with("sockeye: --wire: tls has no wire"), "{}", ended.stderr);
    for words in ["learn tcp --drop 1", "learn --wire", "learn tcp --wire --drop 0"] {
        sockeye(words).start_mute().wait_code(2);
    }
    let ended = sockeye("learn tcp --wire --act 10").start_mute().wait_code(2);
    assert!(ended.stderr.contains("--act 10: tcp --wire has 9 acts"), "{}", ended.stderr);
}

const PASSES: &str = "Enter: it passes   p: pass   d: drop   r: later   g: all   q: leave";
const IS_LATE: &str = "Enter: it is held back   p: pass   d: drop   r: later   g: all   q: leave";
const KEYS: &str = "Enter: go on   b: back   ?: the words   q: leave";
const TO_ANSWER: &str = "Enter: the answer   b: back   ?: the words   q: leave";

#[test]
fn each_packet_waits_for_a_key() {
    if !is_possible("each_packet_waits_for_a_key") {
        return;
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_sockeye"));
    command.args(["learn", "tcp", "--wire", "--wire-delay", "1ms"]).env("TERM", "xterm").env("NO_COLOR", "1");
    command.env("LC_ALL", "C.UTF-8");
    let mut terminal = Terminal::start(command, 24, 80);
    terminal.wait_row("tcp --wire 1/9  A network of our own, and a slow wire");
    terminal.wait_line(KEYS);
    terminal.press("\r");
    // Lost by the reader, and sent again.
    terminal.wait_row(" #1 --> SYN     seq 0           my numbers begin here");
    terminal.wait_line(PASSES);
    terminal.press("d");
    terminal.wait_row("   LOST");
    terminal.wait_text(" #2 --> SYN     seq 0           my numbers begin here, #1 again after ");
    terminal.wait_line(PASSES);
    terminal.press("\r");
    terminal.wait_row(" #3 <-- SYN ACK seq 0, ack 1    I heard you, and mine begin here");
    terminal.wait_line(PASSES);
    terminal.press("p");
    terminal.wait_row(" #4 --> ACK     seq 1, ack 1    I have all before 1");
    terminal.wait_line(PASSES);
    terminal.press("\r");
    // The page of the act, with all of them.
    terminal.wait_line(TO_ANSWER);
    let rows = terminal.rows();
    assert!(rows.iter().any(|row| row.ends_with("my numbers begin here, LOST")), "{rows:#?}");
    terminal.press("\r");
    terminal.wait_line(KEYS);
    terminal.press("\r");
    terminal.wait_row("tcp --wire 3/9  Data, and their acknowledgement");
    terminal.wait_line(PASSES);
    terminal.press("\r");
    terminal.wait_text(" #6 <-- ACK     seq 1, ack 8 ");
    terminal.wait_line(PASSES);
    terminal.press("\r");
    terminal.wait_line(KEYS);
    terminal.press("\r");
    // The lesson's own wish, and then all of them at once.
    terminal.wait_line(IS_LATE);
    terminal.press("g");
    terminal.wait_line(TO_ANSWER);
    terminal.wait_text("5 bytes \"dear \", goes behind #8");
    terminal.press("q");
    assert_eq!(terminal.wait_end(), Ended::Code(0));
    terminal.assert_as_before();
}

#[test]
fn a_reader_leaves_in_front_of_a_packet() {
    if !is_possible("a_reader_leaves_in_front_of_a_packet") {
        return;
    }
    for (key, code) in [("q", 0), ("\x03", 130)] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sockeye"));
        command.args("learn udp --wire --act 3".split(' ')).env("TERM", "xterm").env("NO_COLOR", "1");
        command.env("LC_ALL", "C.UTF-8");
        let mut terminal = Terminal::start(command, 24, 80);
        terminal.wait_row(" #1 --> UDP                     3 bytes \"one\"");
        terminal.wait_line(PASSES);
        terminal.press(key);
        assert_eq!(terminal.wait_end(), Ended::Code(code));
        terminal.assert_as_before();
    }
}
