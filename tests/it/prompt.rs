//! The prompt: the program on a real terminal, real peers at the other end.

use std::fs;
use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::Signal;
use tempfile::TempDir;

use crate::terminal::{Ended, Terminal};

/// How long a peer waits. Reached only by a failure.
const DEADLINE: Duration = Duration::from_secs(30);

const UP: &str = "\x1b[A";
const CTRL_C: &str = "\x03";
const CTRL_D: &str = "\x04";

/// The program on a terminal; what it keeps goes below `home`.
fn sockeye(arguments: &[&str], home: &Path) -> Terminal {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sockeye"));
    command.args(arguments).env("TERM", "xterm").env("NO_COLOR", "1");
    command.env("HOME", home).env("XDG_STATE_HOME", home.join("state"));
    Terminal::start(command, 24, 80)
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

/// `sockeye tcp connect` with its prompt up, and the peer.
struct Pair {
    terminal: Terminal,
    peer: BufReader<TcpStream>,
    home: TempDir,
}

impl Pair {
    fn new() -> Self {
        Self::with_home(folder())
    }

    fn with_home(home: TempDir) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port().to_string();
        let terminal = sockeye(&["tcp", "connect", "127.0.0.1", &port], home.path());
        let limit = Timespec::try_from(DEADLINE).expect("a time");
        let ready = poll(&mut [PollFd::new(&listener, PollFlags::IN)], Some(&limit)).expect("poll");
        assert!(ready > 0, "nobody connects\n{}", terminal.rows().join("\n"));
        let (peer, _) = listener.accept().expect("a peer");
        terminal.wait_row(&format!("connected to tcp://127.0.0.1:{port}"));
        terminal.wait_line(">");
        Self { terminal, peer: patient(peer), home }
    }

    fn say(&mut self, text: &str) {
        self.peer.get_mut().write_all(text.as_bytes()).expect("said");
    }

    /// What the peer hears next must be this.
    fn hears(&mut self, expected: impl AsRef<[u8]>) {
        let expected = expected.as_ref();
        let mut heard = vec![0; expected.len()];
        self.peer.read_exact(&mut heard).expect("heard");
        assert_eq!(heard.escape_ascii().to_string(), expected.escape_ascii().to_string());
    }

    /// The peer hears our end, in good order, and nothing before it.
    fn hears_end(&mut self) {
        let mut rest = Vec::new();
        self.peer.read_to_end(&mut rest).expect("an end in good order");
        assert_eq!(rest.escape_ascii().to_string(), "");
    }

    fn finish(&mut self) {
        self.peer.get_mut().shutdown(Shutdown::Write).expect("shutdown");
    }

    /// Ctrl-D on both sides.
    fn end(mut self) -> TempDir {
        self.terminal.press(CTRL_D);
        self.hears_end();
        drop(self.peer);
        assert_eq!(self.terminal.wait_end(), Ended::Code(0));
        self.terminal.assert_as_before();
        self.home
    }
}

fn patient(peer: TcpStream) -> BufReader<TcpStream> {
    peer.set_read_timeout(Some(DEADLINE)).expect("a timeout");
    BufReader::new(peer)
}

#[test]
fn the_line_being_typed_survives_what_is_heard() {
    let mut pair = Pair::new();
    pair.terminal.press("half a li");
    pair.terminal.wait_line("> half a li");
    pair.say("first\nsecond\n");
    pair.terminal.wait_row("< second");
    pair.terminal.wait_line("> half a li");
    pair.terminal.press("ne\r");
    pair.hears("half a line\n");
    pair.terminal.wait_line(">");
    let rows = pair.terminal.rows();
    assert!(rows.ends_with(&["< first", "< second", "> half a line", ">"].map(str::to_owned)), "{rows:#?}");
    pair.end();
}

#[test]
fn a_line_longer_than_the_window_survives_too() {
    let mut pair = Pair::new();
    let long = (0..30).map(|number| format!("word{number}")).collect::<Vec<_>>().join(" ");
    pair.terminal.press(&long);
    pair.terminal.wait_text("word29");
    pair.say("heard\n");
    pair.terminal.wait_row("< heard");
    pair.terminal.wait("the line below", |rows| rows.last().is_some_and(|row| row.ends_with("word29")));
    pair.terminal.press(" end\r");
    pair.hears(format!("{long} end\n"));
    pair.end();
}

#[test]
fn a_line_survives_another_size_of_the_window() {
    let mut pair = Pair::new();
    let text = "a line of forty-four characters, that is so";
    pair.terminal.press(text);
    pair.terminal.wait_line(&format!("> {text}"));
    pair.terminal.resize(24, 30);
    // What a narrower window makes of rows that were wider is the terminal's affair: the next drawing is ours.
    pair.terminal.press("!");
    pair.terminal.wait("the end of the line", |rows| rows.last().is_some_and(|row| row.ends_with("that is so!")));
    pair.say("heard\n");
    pair.terminal.wait_row("< heard");
    pair.terminal.wait("the line in two rows", |rows| {
        rows.ends_with(&["> a line of forty-four charact", "ers, that is so!"].map(str::to_owned))
    });
    pair.terminal.press("\r");
    pair.hears(format!("{text}!\n"));
    pair.end();
}

#[test]
fn history_is_recalled_and_kept_across_runs() {
    let mut pair = Pair::new();
    for line in ["first", "first", " secret", "two\\\rlines", "/nonsense"] {
        pair.terminal.press(&format!("{line}\r"));
    }
    pair.hears("first\nfirst\n secret\ntwo\nlines\n");
    pair.terminal.wait_text("unknown command /nonsense");
    pair.terminal.press(UP);
    pair.terminal.wait_line("> /nonsense");
    pair.terminal.press(CTRL_C);
    assert_eq!(pair.terminal.wait_end(), Ended::Code(130));

    let mut pair = Pair::with_home(pair.home);
    pair.terminal.press(UP);
    pair.terminal.wait_line("> /nonsense");
    pair.terminal.press(UP);
    pair.terminal.wait("both lines", |rows| rows.ends_with(&["> two", "lines"].map(str::to_owned)));
    pair.terminal.press("\r");
    pair.hears("two\nlines\n");
    // Back over what was just said again, /nonsense, and the first time it was said.
    pair.terminal.press(&UP.repeat(6));
    pair.terminal.wait_line("> first");
    pair.terminal.press("\r");
    pair.hears("first\n");
    let home = pair.end();

    let kept = home.path().join("state/sockeye");
    let mode = |path: &Path| fs::metadata(path).expect("kept").permissions().mode() & 0o777;
    assert_eq!((mode(&kept), mode(&kept.join("history"))), (0o700, 0o600));
    let text = fs::read_to_string(kept.join("history")).expect("kept");
    assert_eq!(text, "#V2\nfirst\ntwo\\nlines\n/nonsense\ntwo\\nlines\nfirst\n");
}

#[test]
fn a_history_that_cannot_be_kept_is_said_once() {
    let home = folder();
    fs::write(home.path().join("state"), "not a folder").expect("a file");
    let mut pair = Pair::with_home(home);
    pair.terminal.press("one\rtwo\r");
    pair.hears("one\ntwo\n");
    pair.terminal.press(UP);
    pair.terminal.wait_line("> two");
    let rows = pair.terminal.rows();
    assert_eq!(rows.iter().filter(|row| row.contains("history is not kept")).count(), 1, "{rows:#?}");
    pair.terminal.press("\r");
    pair.hears("two\n");
    pair.end();
}

#[test]
fn tab_completes_commands_and_paths_and_the_rest_is_shown() {
    let mut pair = Pair::new();
    pair.terminal.press("/hel\t");
    pair.terminal.wait_line("> /help");
    pair.terminal.press("\r");
    pair.terminal.wait_text("/half-close");
    pair.terminal.wait_line(">");
    // `/help` and `/hex`: two that are possible.
    pair.terminal.press("/he\t\t");
    pair.terminal.wait_row("/help  /hex");
    pair.terminal.press("x\t");
    pair.terminal.wait_line("> /hex DEADBEEF");
    pair.terminal.press("41\r");
    pair.hears("A\n");

    fs::write(pair.home.path().join("a file"), "its text").expect("a file");
    pair.terminal.press(&format!("/file {}/a f\t\r", pair.home.path().display()));
    pair.hears("its text\n");
    pair.end();
}

#[test]
fn ctrl_c_closes_in_good_order() {
    let mut pair = Pair::new();
    pair.terminal.press("not sent");
    pair.terminal.wait_line("> not sent");
    pair.terminal.press(CTRL_C);
    pair.hears_end();
    drop(pair.peer);
    assert_eq!(pair.terminal.wait_end(), Ended::Code(130));
    pair.terminal.assert_as_before();
}

#[test]
fn ctrl_c_is_heard_while_the_peer_takes_nothing() {
    let mut pair = Pair::new();
    let file = pair.home.path().join("large");
    fs::File::create(&file).and_then(|file| file.set_len(32 << 20)).expect("a large file");
    // The first fills the peer's buffers and ours, the others wait.
    for _ in 0..3 {
        pair.terminal.press(&format!("/file {}\r", file.display()));
    }
    pair.terminal.wait("three lines", |rows| rows.iter().filter(|row| row.contains("/file")).count() == 3);
    pair.terminal.press(CTRL_C);
    pair.terminal.press(CTRL_C);
    assert_eq!(pair.terminal.wait_end(), Ended::Code(130));
    pair.terminal.assert_as_before();
}

#[test]
fn ctrl_d_half_closes_and_a_late_answer_is_shown() {
    let mut pair = Pair::new();
    pair.terminal.press("question\r");
    pair.hears("question\n");
    pair.terminal.press(CTRL_D);
    pair.hears_end();
    pair.say("late answer\n");
    pair.terminal.wait_row("< late answer");
    drop(pair.peer);
    assert_eq!(pair.terminal.wait_end(), Ended::Code(0));
    pair.terminal.assert_as_before();
}

#[test]
fn ctrl_d_in_a_line_does_not_end_it() {
    let mut pair = Pair::new();
    pair.terminal.press("text");
    pair.terminal.wait_line("> text");
    pair.terminal.press(CTRL_D);
    pair.terminal.press(" goes on\r");
    pair.hears("text goes on\n");
    pair.end();
}

#[test]
fn what_is_pasted_is_one_message() {
    let mut pair = Pair::new();
    pair.terminal.press("\x1b[200~one\ntwo\x1b[201~");
    pair.terminal.wait("both lines", |rows| rows.ends_with(&["> one", "two"].map(str::to_owned)));
    pair.terminal.press("\r");
    pair.hears("one\ntwo\n");
    pair.end();
}

#[test]
fn a_backslash_continues_and_a_double_slash_is_said() {
    let mut pair = Pair::new();
    pair.terminal.press("one\\\r");
    pair.terminal.wait_line("…");
    pair.say("meanwhile\n");
    pair.terminal.wait_row("< meanwhile");
    pair.terminal.wait_line("…");
    pair.terminal.press("two\r");
    pair.hears("one\ntwo\n");
    pair.terminal.press("//etc\r");
    pair.hears("/etc\n");
    pair.terminal.press("ends in one\\\\\r");
    pair.hears("ends in one\\\n");
    pair.end();
}

#[test]
fn commands_say_bytes_and_files() {
    let mut pair = Pair::new();
    pair.terminal.press("/hex 00 ff:41\r/base64 3q2+7w==\r");
    pair.hears(b"\x00\xffA\n\xde\xad\xbe\xef\n");
    let file = pair.home.path().join("a file");
    fs::write(&file, "two\nlines").expect("a file");
    pair.terminal.press("/file ~/a file\r");
    pair.hears("two\nlines\n");
    pair.terminal.press("/file ~/none\r");
    pair.terminal.wait_text("none: no such file or directory");
    pair.terminal.press("/repeat 3 10ms ping\r");
    pair.hears("ping\nping\nping\n");
    pair.terminal.press("/stats\r");
    pair.terminal.wait_text("bytes in 6 messages");
    pair.terminal.press("/hepl\r");
    pair.terminal.wait_text("unknown command /hepl; did you mean /help?");
    pair.terminal.press("/quit\r");
    pair.hears_end();
    drop(pair.peer);
    assert_eq!(pair.terminal.wait_end(), Ended::Code(0));
    pair.terminal.assert_as_before();
}

#[test]
fn the_terminal_is_put_back_when_the_peer_ends_in_the_middle_of_a_line() {
    let mut pair = Pair::new();
    pair.terminal.press("half a li");
    pair.terminal.wait_line("> half a li");
    pair.say("goodbye\n");
    pair.finish();
    pair.hears_end();
    drop(pair.peer);
    assert_eq!(pair.terminal.wait_end(), Ended::Code(0));
    pair.terminal.assert_as_before();
    pair.terminal.wait_text("closed: ");
    // What was typed and not sent stays to be seen.
    pair.terminal.wait_line("> half a li");
    assert!(pair.terminal.rows().contains(&"< goodbye".to_owned()));
}

#[test]
fn a_prompt_that_nobody_typed_at_is_taken_away() {
    let mut pair = Pair::new();
    pair.finish();
    pair.hears_end();
    drop(pair.peer);
    assert_eq!(pair.terminal.wait_end(), Ended::Code(0));
    pair.terminal.assert_as_before();
    pair.terminal.wait("no prompt", |rows| rows.last().is_some_and(|row| row.starts_with("closed: ")));
}

#[test]
fn the_terminal_is_put_back_after_sigterm() {
    let mut pair = Pair::new();
    pair.terminal.press("half a li");
    pair.terminal.wait_line("> half a li");
    pair.terminal.signal(Signal::TERM);
    pair.hears_end();
    drop(pair.peer);
    assert_eq!(pair.terminal.wait_end(), Ended::Code(130));
    pair.terminal.assert_as_before();
}

#[test]
fn a_listener_talks_to_the_peers_that_were_chosen() {
    let home = folder();
    let mut terminal = sockeye(&["tcp", "listen", "-4", "0"], home.path());
    terminal.wait_text("listening on tcp://127.0.0.1:");
    let rows = terminal.rows();
    let address = rows.iter().find_map(|row| row.strip_prefix("listening on tcp://")?.split(' ').next());
    let address = address.expect("an address");
    let connect = |number: u32| {
        let peer = TcpStream::connect(address).expect("a listener");
        terminal.wait_text(&format!("{} connected", peer.local_addr().expect("an address")));
        terminal.wait_text(&format!("#{number}"));
        patient(peer)
    };
    let (mut one, mut two) = (connect(1), connect(2));
    let line = |peer: &mut BufReader<TcpStream>| {
        let mut line = String::new();
        peer.read_line(&mut line).expect("a line");
        line
    };
    terminal.press("to both\r");
    assert_eq!((line(&mut one), line(&mut two)), ("to both\n".to_owned(), "to both\n".to_owned()));
    terminal.press("/to 2\rto two\r/to all\rto all\r");
    assert_eq!((line(&mut one), line(&mut two)), ("to all\n".to_owned(), "to two\n".to_owned()));
    assert_eq!(line(&mut two), "to all\n");
    two.get_mut().write_all(b"from two\n").expect("said");
    terminal
        .wait("what the second said", |rows| rows.iter().any(|row| row.contains("#2") && row.ends_with("from two")));
    terminal.press("/peers\r");
    terminal.wait("both peers", |rows| {
        let list = |number: &str| rows.iter().any(|row| row.starts_with(number) && row.contains("said"));
        list("#1 tcp://") && list("#2 tcp://")
    });
    // Completed from the list of peers: there is one that begins so.
    terminal.press("/kick 1\t\r");
    let end = one.read(&mut [0]).map_err(|error| error.kind());
    assert!(matches!(end, Ok(0) | Err(ErrorKind::ConnectionReset)), "{end:?}");
    drop(one);
    terminal.press("/kick 7\r");
    terminal.wait_text("there is no peer #7");
    terminal.press("still here\r");
    assert_eq!(line(&mut two), "still here\n");
    terminal.press("/quit\r");
    assert_eq!(line(&mut two), "");
    drop(two);
    assert_eq!(terminal.wait_end(), Ended::Code(0));
    terminal.assert_as_before();
}
