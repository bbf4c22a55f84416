//! `--diagram`: real sessions, drawn, however they end.

use std::fs;
use std::path::Path;

use rustix::process::Signal;
use tempfile::TempDir;

use crate::program::{Start as _, shell, sockeye};

fn folder() -> (TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().display().to_string();
    (folder, path)
}

fn drawn(path: impl AsRef<Path>) -> String {
    fs::read_to_string(path).expect("a drawing")
}

/// Another reader of XML than ours takes it.
fn assert_well_formed(path: &str) {
    let line = format!("python3 -c 'import sys, xml.dom.minidom as xml; xml.parse(sys.argv[1])' {path}");
    shell(&line).start_mute().wait_code(0);
}

/// What is drawn, in this order, whatever stands between.
fn assert_in_order(drawing: &str, texts: &[&str]) {
    let mut rest = drawing;
    for text in texts {
        let at = rest.find(text).unwrap_or_else(|| panic!("not drawn, or not in this order: {text}\n{drawing}"));
        rest = &rest[at + text.len()..];
    }
}

#[test]
fn a_session_with_calls_segments_messages_and_times() {
    let (_folder, path) = folder();
    let ended = sockeye(&format!("tcp connect --demo --say hello --diagram {path}/a.txt")).start_mute().wait_code(0);
    assert_eq!((ended.text().as_str(), ended.stderr.as_str()), ("hello\n", ""), "stdout is as without");
    let drawing = drawn(format!("{path}/a.txt"));
    assert_in_order(
        &drawing,
        &[
            "The sequence between client tcp://127.0.0.1:",
            "socket IPv4 stream, descriptor",
            "SYN: connect() tcp://",
            "<.",
            "SYN, ACK: connected (",
            " send() 6 B: hello ",
            "->|",
            "|<-",
            " recv() 6 B: hello ",
            "FIN: recv() gives 0",
            "close()",
            "over: 6 B sent, 6 B received",
        ],
    );
    assert!(drawing.lines().all(|line| line.chars().count() <= 100), "{drawing}");
    let times = drawing.lines().skip(6).map(|line| line.split_whitespace().next().expect("a time"));
    let times: Vec<f64> = times.map(|time| time.parse().expect(time)).collect();
    assert!(times.is_sorted() && times.len() > 8, "{times:?}");
}

#[test]
fn replay_draws_what_was_recorded() {
    let (_folder, path) = folder();
    let words = format!("tcp connect --demo --say hello --record {path}/r --diagram {path}/live.txt");
    sockeye(&words).start_mute().wait_code(0);
    for form in ["txt", "svg", "mmd"] {
        let words = format!("replay {path}/r --output none --quiet --diagram {path}/again.{form}");
        let ended = sockeye(&words).start_mute().wait_code(0);
        assert_eq!((ended.text().as_str(), ended.stderr.as_str()), ("", ""));
    }
    assert_eq!(drawn(format!("{path}/again.txt")), drawn(format!("{path}/live.txt")));
    assert!(drawn(format!("{path}/again.mmd")).starts_with("sequenceDiagram\n"));
    assert_well_formed(&format!("{path}/again.svg"));
}

#[test]
fn a_listener_that_is_interrupted_has_drawn_its_peers() {
    let (_folder, path) = folder();
    let mut server = sockeye(&format!("tcp listen 127.0.0.1:0 --reply echo --diagram {path}/a.svg")).start_mute();
    let port = server.port();
    sockeye(&format!("tcp connect 127.0.0.1:{port} --say <one&two>")).start_mute().wait_code(0);
    server.signal(Signal::INT);
    server.wait_code(130);
    let drawing = drawn(format!("{path}/a.svg"));
    assert_in_order(&drawing, &["<desc", "accept() makes descriptor", "recv() 10 B: &lt;one&amp;two&gt;", "</svg>"]);
    assert_well_formed(&format!("{path}/a.svg"));
}

#[test]
fn one_that_fails_is_drawn_too() {
    let (_folder, path) = folder();
    // Port 1 of the loopback is nobody's.
    sockeye(&format!("tcp connect 127.0.0.1:1 --diagram {path}/a.txt")).start_mute().wait_code(4);
    assert_in_order(&drawn(format!("{path}/a.txt")), &["SYN: connect() tcp://127.0.0.1:1", "! RST: tcp://127.0.0.1:1"]);
}

#[test]
fn one_whose_stdout_is_broken_is_drawn_too() {
    let (_folder, path) = folder();
    let program = env!("CARGO_BIN_EXE_sockeye");
    let line = format!(
        "{{ {program} tcp connect --demo --input zero:4MB --diagram {path}/a.txt; echo $? >{path}/code; }} | head -c 1 >/dev/null"
    );
    shell(&line).start_mute().wait_code(0);
    assert_eq!(drawn(format!("{path}/code")), "141\n");
    assert_in_order(&drawn(format!("{path}/a.txt")), &["client", "SYN, ACK", "send() "]);
}

#[test]
fn a_name_that_says_no_form_and_a_place_that_cannot_be_written() {
    let ended = sockeye("tcp connect --demo --diagram a.png").start_mute().wait_code(2);
    assert!(ended.stderr.contains("--diagram a.png: its name says no form\nhint: "), "{}", ended.stderr);
    let ended = sockeye("tcp connect --demo --diagram /nonexistent/a.svg").start_mute().wait_code(4);
    assert!(ended.stderr.contains("write /nonexistent/a.svg: no such file"), "{}", ended.stderr);
}
