//! A terminal for the tests: a program on a real pseudo-terminal, a screen that shows what a person would see.

use std::io::{Read as _, Write as _};
use std::num::NonZeroU16;
use std::os::fd::AsFd as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use pty_process::Size;
use pty_process::blocking::{self, Pts, Pty};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};
use rustix::termios::{LocalModes, Termios, tcgetattr};

/// How long anything may take. Reached only by a failure.
const DEADLINE: Duration = Duration::from_secs(30);

/// A program on a terminal.
pub(crate) struct Terminal {
    pty: Arc<Pty>,
    /// Kept open: a terminal outlives the program that ran on it.
    slave: Pts,
    before: Termios,
    child: Child,
    display: Arc<Display>,
}

#[derive(Default)]
struct Display {
    parser: Mutex<Option<vt100::Parser>>,
    printed: AtomicUsize,
    changed: Condvar,
}

/// How a program ended: its exit code, or the number of the signal.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    Code(i32),
    Signal(i32),
}

impl Terminal {
    /// Starts a program on a terminal of so many rows and columns.
    pub(crate) fn start(command: Command, rows: u16, columns: u16) -> Self {
        let (pty, slave) = blocking::open().expect("a pseudo-terminal");
        pty.resize(Size::new(rows, columns)).expect("a size");
        let before = tcgetattr(slave.as_fd()).expect("a mode");
        let mut command = blocking::Command::from(command);
        let child = command.spawn_borrowed(&slave).expect("the program starts");
        let pty = Arc::new(pty);
        let display = Arc::new(Display::default());
        let parser = vt100::Parser::new(size(rows), size(columns), 100_000);
        *display.parser.lock().expect("the screen") = Some(parser);
        let (master, shown) = (pty.clone(), display.clone());
        thread::spawn(move || {
            let mut buffer = vec![0; 64 << 10];
            // Ends with an error when nobody has the slave any more.
            while let Ok(count) = (&*master).read(&mut buffer) {
                shown.printed.fetch_add(count, Ordering::SeqCst);
                shown.parser.lock().expect("the screen").as_mut().expect("a parser").process(&buffer[..count]);
                shown.changed.notify_all();
            }
        });
        Self { pty, slave, before, child, display }
    }

    /// Types.
    pub(crate) fn press(&self, keys: &str) {
        (&*self.pty).write_all(keys.as_bytes()).expect("keys");
    }

    /// Makes the window another size; the program hears SIGWINCH.
    pub(crate) fn resize(&self, rows: u16, columns: u16) {
        self.with_parser(|parser| parser.screen_mut().set_size(size(rows), size(columns)));
        self.pty.resize(Size::new(rows, columns)).expect("a size");
    }

    /// Waits until the screen is as it should be.
    pub(crate) fn wait(&self, what: &str, is_so: impl Fn(&[String]) -> bool) {
        let deadline = Instant::now() + DEADLINE;
        let mut parser = self.display.parser.lock().expect("the screen");
        loop {
            let rows = rows(parser.as_mut().expect("a parser"));
            if is_so(&rows) {
                return;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "never seen: {what}\n--- the screen:\n{}\n---", rows.join("\n"));
            parser = self.display.changed.wait_timeout(parser, left).expect("the screen").0;
        }
    }

    /// Waits until a row reads so, from its beginning to its end.
    pub(crate) fn wait_row(&self, row: &str) {
        self.wait(row, |rows| rows.iter().any(|shown| shown == row));
    }

    /// Waits until a row has this in it.
    pub(crate) fn wait_text(&self, text: &str) {
        self.wait(text, |rows| rows.iter().any(|shown| shown.contains(text)));
    }

    /// Waits until the lowest row that is not empty reads so: the line that is being typed.
    pub(crate) fn wait_line(&self, line: &str) {
        self.wait(line, |rows| rows.last().is_some_and(|shown| shown == line));
    }

    /// Waits until what is typed is not shown: a password is asked for.
    pub(crate) fn wait_hidden(&self) {
        let deadline = Instant::now() + DEADLINE;
        while tcgetattr(self.slave.as_fd()).expect("a mode").local_modes.contains(LocalModes::ECHO) {
            assert!(Instant::now() < deadline, "what is typed stays visible");
            thread::yield_now(); // a change of the mode tells nobody
        }
    }

    /// What is on the screen and above it, row by row, without the empty rows below.
    pub(crate) fn rows(&self) -> Vec<String> {
        self.with_parser(rows)
    }

    /// How many bytes the program has printed, those that nobody can see any more too.
    pub(crate) fn printed(&self) -> usize {
        self.display.printed.load(Ordering::SeqCst)
    }

    /// Sends a signal to the program.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("a signal");
    }

    /// Waits until the program ends and all it printed is on the screen.
    pub(crate) fn wait_end(&mut self) -> Ended {
        let pidfd = pidfd_open(Pid::from_child(&self.child), PidfdFlags::empty()).expect("a pidfd");
        let limit = Timespec::try_from(DEADLINE).expect("a time");
        let ready = poll(&mut [PollFd::new(&pidfd, PollFlags::IN)], Some(&limit)).expect("poll");
        assert!(ready > 0, "the program does not end\n--- the screen:\n{}\n---", self.rows().join("\n"));
        let status = self.child.wait().expect("a status");
        match (status.code(), status.signal()) {
            (Some(code), _) => Ended::Code(code),
            (_, Some(signal)) => Ended::Signal(signal),
            _ => panic!("{status:?}"),
        }
    }

    /// Fails unless the terminal's mode is what it was before the program started.
    pub(crate) fn assert_as_before(&self) {
        let now = tcgetattr(self.slave.as_fd()).expect("a mode");
        let parts = |mode: &Termios| {
            (mode.input_modes, mode.output_modes, mode.control_modes, mode.local_modes, mode.special_codes.clone())
        };
        assert_eq!(format!("{:?}", parts(&self.before)), format!("{:?}", parts(&now)), "the terminal's mode");
        self.wait_mode("bracketed paste off", |screen| !screen.bracketed_paste());
        self.wait_mode("the cursor visible", |screen| !screen.hide_cursor());
    }

    fn wait_mode(&self, what: &str, is_so: impl Fn(&vt100::Screen) -> bool) {
        let deadline = Instant::now() + DEADLINE;
        let mut parser = self.display.parser.lock().expect("the screen");
        while !is_so(parser.as_ref().expect("a parser").screen()) {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "never so: {what}");
            parser = self.display.changed.wait_timeout(parser, left).expect("the screen").0;
        }
    }

    fn with_parser<T>(&self, with: impl FnOnce(&mut vt100::Parser) -> T) -> T {
        with(self.display.parser.lock().expect("the screen").as_mut().expect("a parser"))
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Fails when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn size(cells: u16) -> NonZeroU16 {
    NonZeroU16::new(cells).expect("not none")
}

fn rows(parser: &mut vt100::Parser) -> Vec<String> {
    let screen = parser.screen_mut();
    let (height, width) = screen.size();
    let above = screen.scrollback_len();
    let mut rows: Vec<String> = Vec::new();
    let mut left = above;
    // A window of one screen's height is moved down over everything.
    while left > 0 {
        screen.set_scrollback(left);
        let take = left.min(usize::from(height.get()));
        rows.extend(screen.rows(0, width.get()).take(take));
        left -= take;
    }
    screen.set_scrollback(0);
    rows.extend(screen.rows(0, width.get()));
    for row in &mut rows {
        row.truncate(row.trim_end().len());
    }
    while rows.last().is_some_and(String::is_empty) {
        rows.pop();
    }
    rows
}
