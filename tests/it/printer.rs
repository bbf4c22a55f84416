//! What the prompt is made of, on a real terminal: this test binary plays the program.

use std::fs::File;
use std::process::Command;
use std::thread;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use sockeye::glossary::Glossary;
use sockeye::input::Input;
use sockeye::view::prompt::{Guard, Printer, Prompt};
use sockeye::view::style::Style;
use tempfile::TempDir;
use tokio::sync::mpsc;

use crate::terminal::{Ended, Terminal};

/// Which part of [`actor`] is to be played.
const PART: &str = "SOCKEYE_TEST_PART";

/// This test binary again, as a program on a terminal that plays one of the parts below.
fn play(part: &str) -> (Terminal, TempDir) {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    let state = tempfile::tempdir().expect("a folder");
    command.args(["--exact", "printer::actor", "--nocapture", "--test-threads=1"]).env(PART, part);
    command.env("TERM", "xterm").env("XDG_STATE_HOME", state.path()).env("NO_COLOR", "1");
    (Terminal::start(command, 24, 80), state)
}

/// Not a test by itself: what [`play`] starts.
#[test]
fn actor() {
    let Ok(part) = std::env::var(PART) else { return };
    let (prompt, printer) = Prompt::new(&Style::plain(), &sockeye::repl::PLAIN, Glossary::default()).expect("a prompt");
    // The test runner has begun a line.
    printer.print(b"\n").expect("printed");
    let (sender, mut inputs) = mpsc::channel(1);
    // Before a line is read: what is kept for reading must do.
    let crowd = if part == "crowd" { crowd() } else { Vec::new() };
    let guard = prompt.start(sender).expect("a prompt");
    match part.as_str() {
        "chatter" => chatter(&printer, &mut inputs),
        "crowd" => crowded(crowd, &printer, &mut inputs),
        "panic" => panic_at(&mut inputs),
        "abort" => abort_at(guard, &mut inputs),
        other => panic!("no such part: {other}"),
    }
}

/// Prints numbered lines as fast as it can, and every line it reads, until the end of input.
fn chatter(printer: &Printer, inputs: &mut mpsc::Receiver<Input>) {
    thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..5_000 {
                printer.print(format!("line {number}\n").as_bytes()).expect("printed");
            }
            printer.print(b"no more\n").expect("printed");
            printer.flush();
        });
        while let Some(input) = inputs.blocking_recv() {
            match input {
                Input::Line(line) => printer.print(format!("read {line}\n").as_bytes()).expect("printed"),
                Input::Eof => break,
                other => panic!("{other:?}"),
            }
        }
    });
    printer.flush();
}

/// More descriptors than `select` can watch.
fn crowd() -> Vec<File> {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(1500), ..limit }).expect("more descriptors");
    (0..1200).map(|_| File::open("/dev/null").expect("a descriptor")).collect()
}

/// Prints every line it reads; opens a few files after each.
fn crowded(mut crowd: Vec<File>, printer: &Printer, inputs: &mut mpsc::Receiver<Input>) {
    printer.print(b"crowded\n").expect("printed");
    while let Some(Input::Line(line)) = inputs.blocking_recv() {
        crowd.extend((0..3).map(|_| File::open("/dev/null").expect("a descriptor")));
        printer.print(format!("read {line}\n").as_bytes()).expect("printed");
    }
}

fn panic_at(inputs: &mut mpsc::Receiver<Input>) {
    inputs.blocking_recv().expect("a line");
    panic!("as the test wants");
}

/// Panics while it panics: the program aborts, and nothing is dropped.
fn abort_at(_guard: Guard, inputs: &mut mpsc::Receiver<Input>) {
    struct Bad;
    impl Drop for Bad {
        fn drop(&mut self) {
            panic!("twice");
        }
    }
    let _bad = Bad;
    panic_at(inputs);
}

#[test]
fn nothing_printed_is_lost_or_overtaken_while_lines_are_typed() {
    let (mut terminal, _state) = play("chatter");
    terminal.wait_text("line 0");
    for number in 0..100 {
        terminal.press(&format!("typed {number}\r"));
    }
    terminal.wait_row("read typed 99");
    terminal.wait_row("no more");
    terminal.press("\x04");
    assert_eq!(terminal.wait_end(), Ended::Code(0));
    let rows = terminal.rows();
    let numbers = |start: &str| -> Vec<u32> {
        rows.iter().filter_map(|row| row.strip_prefix(start)).map(|number| number.parse().expect(number)).collect()
    };
    assert!(numbers("line ").into_iter().eq(0..5_000), "{rows:#?}");
    assert!(numbers("read typed ").into_iter().eq(0..100), "{rows:#?}");
    assert!(numbers("> typed ").into_iter().eq(0..100), "{rows:#?}");
    terminal.assert_as_before();
}

#[test]
fn lines_are_read_with_more_than_a_thousand_descriptors_open() {
    let (mut terminal, _state) = play("crowd");
    terminal.wait_row("crowded");
    for word in ["one", "two", "three"] {
        terminal.press(&format!("{word}\r"));
        terminal.wait_row(&format!("read {word}"));
    }
    terminal.press("\x04");
    assert_eq!(terminal.wait_end(), Ended::Code(0));
    terminal.assert_as_before();
}

#[test]
fn the_terminal_is_put_back_after_a_panic() {
    for part in ["panic", "abort"] {
        let (mut terminal, _state) = play(part);
        terminal.wait_line(">");
        terminal.press("now\r");
        let end = terminal.wait_end();
        assert!(matches!((part, end), ("panic", Ended::Code(101)) | ("abort", Ended::Signal(6))), "{part}");
        terminal.wait_text("as the test wants");
        terminal.assert_as_before();
    }
}
