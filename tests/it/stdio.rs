//! stdout is data and nothing else, stderr is talk, and what a peer sends does not act on the terminal.

use base64::Engine as _;
use serde_json::Value;

use crate::net::{Listener, Peer as _, connect};
use crate::program::{Start as _, peer, python, shell, sockeye};
use crate::terminal::Terminal;

fn every_byte() -> Vec<u8> {
    (0..=255).collect()
}

#[test]
fn stdout_is_exactly_the_payload() {
    for options in ["", "-v", "--explain", "--output raw", "--quiet", "--color always", "--timestamps"] {
        let listener = Listener::new();
        let mut client = sockeye(&format!("tcp connect 127.0.0.1:{} {options}", listener.port())).start_mute();
        let server = listener.accept();
        server.say(every_byte());
        drop(server);
        assert_eq!(client.wait_code(0).stdout, every_byte(), "{options}");
    }
}

#[test]
fn what_is_sent_is_exactly_stdin() {
    for options in ["", "-v", "--output hex", "--framing lines"] {
        let mut server = python("tcp.py", "listen hear-end").start();
        let mut client = sockeye(&format!("tcp connect 127.0.0.1:{} {options}", server.port())).start();
        let data: Vec<u8> = every_byte().into_iter().chain(*b"\r\n\r\nx\n").collect();
        client.say_all(&data);
        client.wait_code(0);
        assert_eq!(server.wait_code(0).stdout, data, "{options}");
    }
}

#[test]
fn json_is_one_object_a_line_and_holds_every_byte() {
    let listener = Listener::new();
    let mut client = sockeye(&format!("tcp connect 127.0.0.1:{} --output json -v", listener.port())).start();
    let server = listener.accept();
    client.say("said");
    server.hear("said");
    server.say(every_byte());
    drop(server);
    client.finish();
    let text = client.wait_code(0).text();
    let records: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let heard: Vec<u8> = records
        .iter()
        .filter(|record| record["what"] == "heard" && record["event"] == "message")
        .flat_map(|record| match (&record["text"], &record["base64"]) {
            (Value::String(text), _) => text.clone().into_bytes(),
            (_, Value::String(code)) => base64::engine::general_purpose::STANDARD.decode(code).expect(code),
            _ => panic!("{record}"),
        })
        .collect();
    assert_eq!(heard, every_byte());
    assert!(records.iter().any(|record| record["what"] == "said" && record["text"] == "said"), "{text}");
    assert!(records.iter().any(|record| record["what"] == "closed" && record["end"] == "complete"), "{text}");
}

#[test]
fn quiet_says_nothing_but_errors() {
    let server = python("tcp.py", "listen say:hello").start();
    let ended = sockeye(&format!("tcp connect 127.0.0.1:{} --quiet", server.port())).start_mute().wait_code(0);
    assert_eq!((ended.text().as_str(), ended.stderr.as_str()), ("hello", ""));
    let port = Listener::new().port();
    let ended = sockeye(&format!("tcp connect 127.0.0.1:{port} --quiet")).start_mute().wait_code(4);
    assert!(ended.stderr.starts_with("sockeye: "), "{}", ended.stderr);
}

#[test]
fn the_line_of_a_listener_is_read_by_a_script() {
    let sockeye = env!("CARGO_BIN_EXE_sockeye");
    // As the manual says it.
    let mut script = shell(&format!(
        "{sockeye} tcp listen 0 --once </dev/null 2>&1 >/dev/null | sed -nu 's/^listening on \\([^ ]*\\).*/\\1/p'"
    ))
    .start_mute();
    script.wait_stdout("\n");
    let line = String::from_utf8(script.stdout()).expect("UTF-8");
    let port = line.trim().rsplit(':').next().and_then(|digits| digits.parse().ok()).expect("a port");
    assert!(line.starts_with("tcp://127.0.0.1:"), "{line}");
    drop(connect(port));
    script.wait_code(0);
}

const HOSTILE: &str = "\x1b]0;evil\x07\x1b[2J\x1b[31mred\u{9b}31m\u{202e}gnp\x08\x08";

#[test]
fn escape_sequences_are_shown_and_not_executed() {
    for (output, options) in [("human", ""), ("hex", ""), ("json", ""), ("human", "--explain --color never")] {
        let listener = Listener::new();
        let mut client =
            sockeye(&format!("tcp connect 127.0.0.1:{} --output {output} {options}", listener.port())).start_mute();
        let server = listener.accept();
        server.say(format!("{HOSTILE}\n"));
        drop(server);
        let ended = client.wait_code(0);
        for text in [ended.text(), ended.stderr] {
            let acts = |c: char| (c.is_control() && c != '\n' && c != '\t') || c == '\u{202e}';
            assert!(!text.contains(acts), "{output} {options}: {text:?}");
        }
    }
}

#[test]
fn a_terminal_is_not_touched_by_what_a_peer_sends() {
    let listener = Listener::new();
    let mut command = sockeye(&format!("tcp connect 127.0.0.1:{}", listener.port()));
    let state = tempfile::tempdir().expect("a folder");
    command.env("TERM", "xterm").env("XDG_STATE_HOME", state.path()).env("NO_COLOR", "1");
    let mut terminal = Terminal::start(command, 24, 80);
    let server = listener.accept();
    server.say("before\n");
    terminal.wait_text("before");
    server.say(format!("\x1b[2J\x1b[31mred\n{HOSTILE}\nafter\n"));
    terminal.wait_text("after");
    terminal.wait_text("< \\x1b[2J\\x1b[31mred");
    terminal.wait_text("before"); // still there: nothing has cleared the screen
    drop(server);
    terminal.wait_end();
    terminal.assert_as_before();
}

#[test]
fn invalid_utf8_is_shown_as_bytes_and_passed_as_it_is() {
    let bad = b"\xff\xfe\xc3\x28\xed\xa0\x80\xf5";
    for (output, expected) in [("human", "ff fe c3 28 ed a0 80 f5"), ("hex", "ff fe c3 28 ed a0 80 f5")] {
        let listener = Listener::new();
        let mut client = sockeye(&format!("tcp connect 127.0.0.1:{} --output {output}", listener.port())).start_mute();
        let server = listener.accept();
        server.say(bad);
        drop(server);
        let text = String::from_utf8(client.wait_code(0).stdout).expect("UTF-8");
        // Dumps are in two columns of eight.
        assert!(text.replace("  ", " ").contains(expected), "{text}");
    }
    let mut echo = sockeye("tcp listen 0 --reply echo --framing lines").start_mute();
    let mut nc = peer("nc", &format!("-N 127.0.0.1 {}", echo.port())).start();
    nc.say_all([&bad[..], b"\n"].concat());
    assert_eq!(nc.wait_code(0).stdout, [&bad[..], b"\n"].concat());
    assert!(echo.runs());
}
