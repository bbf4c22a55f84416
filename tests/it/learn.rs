//! `learn` on a real terminal, and without one.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::Path;
use std::process::Command;

use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

use crate::program::{Start as _, peer, shell, sockeye};
use crate::terminal::{Ended, Terminal};

/// A lesson on a terminal; what is remembered goes below `home`.
fn lesson(words: &str, home: &Path, rows: u16, columns: u16) -> Terminal {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sockeye"));
    command.arg("learn").args(words.split_whitespace()).env("TERM", "xterm").env("NO_COLOR", "1");
    command.env("XDG_DATA_HOME", home).env("LC_ALL", "C.UTF-8");
    Terminal::start(command, rows, columns)
}

fn home() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

const KEYS: &str = "Enter: go on   b: back   ?: the words   q: leave";
const TO_ANSWER: &str = "Enter: the answer   b: back   ?: the words   q: leave";

#[test]
fn enter_goes_on_b_goes_back_a_question_mark_explains_and_q_leaves() {
    let home = home();
    let mut terminal = lesson("tcp", home.path(), 24, 80);
    terminal.wait_row("tcp 1/15  The server makes a socket");
    terminal.wait_line(KEYS);
    terminal.press("?");
    terminal.wait_row("descriptor");
    terminal.wait_line(KEYS);
    terminal.press("\r");
    terminal.wait_row("tcp 2/15  It gets an address: bind");
    terminal.wait_line(TO_ANSWER);
    terminal.press("\r");
    terminal.wait_text("answer: A client must know where the server is");
    terminal.wait_line(KEYS);
    terminal.press("b");
    terminal.wait("act 1 again", |rows| {
        let last = rows.iter().rev().find(|row| row.starts_with("tcp "));
        last.is_some_and(|row| row.starts_with("tcp 1/15"))
    });
    terminal.wait_line(KEYS);
    terminal.press("q");
    assert_eq!(terminal.wait_end(), Ended::Code(0));
    terminal.assert_as_before();
    assert!(!home.path().join("sockeye/lessons").exists(), "it was not read to its end");
}

#[test]
fn a_page_fits_and_the_kernel_is_shown_under_its_side() {
    let home = home();
    let mut terminal = lesson("tcp --act 7", home.path(), 24, 80);
    terminal.wait_line(KEYS);
    let rows = terminal.rows();
    assert!(rows[0].starts_with("tcp 7/15  The client sends twice"), "{rows:#?}");
    let (left, right) = (rows.iter().position(|row| row.starts_with("send(\"Hello, \") = 7")), 42);
    assert!(left.is_some_and(|at| rows[at].ends_with("-->")), "{rows:#?}");
    assert!(
        rows.iter().any(|row| row.get(right..).is_some_and(|row| row == "  14 unread, 0 unacknowledged")),
        "{rows:#?}"
    );
    // A narrower window from the next page on.
    terminal.resize(40, 50);
    terminal.press("\r");
    terminal.wait_text("server: recv() = 14");
    terminal.press("q");
    assert_eq!(terminal.wait_end(), Ended::Code(0));
    terminal.assert_as_before();
}

#[test]
fn what_is_read_to_its_end_is_remembered() {
    let home = home();
    let mut terminal = lesson("udp --act 9", home.path(), 24, 80);
    terminal.wait_line("Enter: the end   b: back   ?: the words   q: leave");
    terminal.press("\r");
    assert_eq!(terminal.wait_end(), Ended::Code(0));
    terminal.assert_as_before();
    assert_eq!(fs::read_to_string(home.path().join("sockeye/lessons")).expect("remembered"), "udp\n");
    let list = sockeye("learn").env("XDG_DATA_HOME", home.path()).env("LC_ALL", "C").start_mute().wait_code(0);
    assert!(list.text().contains("[ ] tcp") && list.text().contains("[x] udp"), "{}", list.text());
}

#[test]
fn an_interrupt_leaves_the_terminal_as_it_was() {
    let home = home();
    let mut terminal = lesson("udp", home.path(), 24, 80);
    terminal.wait_line(KEYS);
    terminal.press("\x03");
    assert_eq!(terminal.wait_end(), Ended::Code(130));
    terminal.assert_as_before();
}

#[test]
fn without_a_terminal_it_goes_through() {
    let list = sockeye("learn --output json").start_mute().wait_code(0).text();
    let lessons = list.lines().map(|line| serde_json::from_str::<Value>(line).expect(line));
    for lesson in lessons {
        let lesson = lesson["lesson"].as_str().expect("a name");
        let home = home();
        let ended = sockeye(&format!("learn {lesson} --output json"))
            .env("XDG_DATA_HOME", home.path())
            .start_mute()
            .wait_code(0);
        let text = ended.text();
        let acts: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
        assert_eq!(acts.len() as u64, acts[0]["acts"].as_u64().expect("a number"), "{lesson}");
        for socket in acts.iter().flat_map(|act| act["kernel"].as_array().expect("a list")) {
            assert_eq!(socket["state"], socket["expected"], "{lesson}: {socket}");
        }
        assert!(!home.path().join("sockeye/lessons").exists(), "nobody has read it");
    }
    let ended = sockeye("learn tcp --no-pause --act 15").start_mute().wait_code(0);
    assert!(ended.text().starts_with("tcp 15/15  "), "{}", ended.text());
    let ended = sockeye("learn tcp --act 16").start_mute().wait_code(2);
    assert!(ended.stderr.contains("--act 16: tcp has 15 acts"), "{}", ended.stderr);
}

/// Nothing in a lesson needs to be root: root plays them as nobody.
#[test]
fn every_user_can_play_every_lesson() {
    const NOBODY: u32 = 65534;
    let home = home();
    // What is below it is for anybody.
    fs::set_permissions(home.path(), Permissions::from_mode(0o755)).expect("a mode");
    let program = home.path().join("sockeye");
    fs::copy(env!("CARGO_BIN_EXE_sockeye"), &program).expect("a copy that anybody can run");
    fs::set_permissions(&program, Permissions::from_mode(0o755)).expect("a mode");
    let own = home.path().join("own");
    fs::create_dir(&own).expect("a folder");
    let list = sockeye("learn --output json").start_mute().wait_code(0).text();
    for lesson in list.lines().map(|line| serde_json::from_str::<Value>(line).expect(line)) {
        let lesson = lesson["lesson"].as_str().expect("a name");
        let words = format!("{} learn {lesson} --no-pause", program.display());
        let mut command = if rustix::process::geteuid().is_root() {
            chown(&own, Some(NOBODY), Some(NOBODY)).expect("root may");
            peer("setpriv", &format!("--reuid={NOBODY} --regid={NOBODY} --clear-groups {words}"))
        } else {
            shell(&format!("exec {words}"))
        };
        command.env("HOME", &own).env("XDG_DATA_HOME", own.join("data")).env("LC_ALL", "C").current_dir(&own);
        let ended = command.start_mute().wait_code(0);
        assert!(
            ended.text().starts_with(&format!("{lesson} 1/")) && ended.stderr.is_empty(),
            "{lesson}: {}",
            ended.stderr
        );
    }
}

#[test]
fn a_lesson_is_kept_as_a_page() {
    let home = home();
    let path = home.path().join("udp.html");
    sockeye(&format!("learn udp --no-pause --report {}", path.display())).start_mute().wait_code(0);
    let page = fs::read_to_string(&path).expect("a page");
    assert!(page.contains("<h2 id=\"act-9\">") && page.contains("send(&quot;one&quot;) = 3"), "{page}");
    let ended = sockeye("learn udp --no-pause --report /nowhere/udp.html").start_mute().wait_code(1);
    assert!(ended.stderr.contains("/nowhere/udp.html"), "{}", ended.stderr);
}

#[test]
fn the_language_is_that_of_the_locale_or_the_one_that_is_asked_for() {
    let run = |words: &str, locale: &str| {
        let ended = sockeye(words).env("LC_ALL", locale).start_mute().wait_code(0);
        ended.text()
    };
    for (words, locale, title) in [
        ("learn tcp --no-pause", "ko_KR.UTF-8", "서버가 소켓을 만듭니다"),
        ("learn tcp --no-pause --lang ko", "C", "서버가 소켓을 만듭니다"),
        ("learn tcp --no-pause --lang en", "ko_KR.UTF-8", "The server makes a socket"),
        ("learn --glossary", "ko_KR.UTF-8", "데이터그램(datagram)"),
    ] {
        assert!(run(words, locale).contains(title), "{words} {locale}");
    }
}

#[test]
fn a_lesson_that_is_killed_leaves_nothing_behind() {
    let home = home();
    let mut terminal = lesson("tcp", home.path(), 24, 80);
    terminal.wait_line(KEYS);
    terminal.signal(Signal::TERM);
    assert_eq!(terminal.wait_end(), Ended::Code(130));
    terminal.assert_as_before();
}
