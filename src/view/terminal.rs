//! The terminal's mode while lines are edited, and that it is always put back: however the program ends, a shell that
//! nobody can type into is not what it leaves behind.

use std::fs::File;
use std::io;
use std::os::fd::AsFd as _;
use std::sync::Arc;
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{InputModes, LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};

use super::printer::Desk;
use super::screen::write_all;

/// How long the end of the program waits for a terminal that takes no output.
const PATIENCE: Duration = Duration::from_millis(200);

/// The terminal of stdin and its mode as it was found.
pub(super) struct Terminal {
    tty: File,
    found: Termios,
}

impl Terminal {
    /// Remembers the mode as it is now.
    pub(super) fn capture() -> io::Result<Self> {
        let tty = File::from(io::stdin().as_fd().try_clone_to_owned()?);
        let found = tcgetattr(&tty)?;
        Ok(Self { tty, found })
    }

    /// Sets the mode that holds between two lines: no echo and no line editing, so that what is typed or pasted early
    /// is neither shown twice nor changed, and Ctrl-C sends its signal. While a line is edited `rustyline` changes
    /// more, and comes back to this.
    pub(super) fn prepare(&self) -> io::Result<()> {
        let mut mode = self.found.clone();
        mode.local_modes -= LocalModes::ICANON | LocalModes::ECHO;
        mode.input_modes -= InputModes::ICRNL;
        mode.special_codes[SpecialCodeIndex::VMIN] = 1;
        mode.special_codes[SpecialCodeIndex::VTIME] = 0;
        Ok(tcsetattr(&self.tty, OptionalActions::Now, &mode)?)
    }

    /// Puts the mode back.
    pub(super) fn restore(&self) {
        // An error means that the terminal is gone.
        let _ = tcsetattr(&self.tty, OptionalActions::Now, &self.found);
    }
}

/// Puts the terminal back when it is dropped. Keep it until nothing more is shown.
#[must_use = "the terminal is put back when this is dropped"]
pub struct Guard {
    terminal: Arc<Terminal>,
    desk: Arc<Desk>,
}

impl Guard {
    pub(super) fn new(terminal: Arc<Terminal>, desk: Arc<Desk>) -> Self {
        restore_on_panic(&terminal);
        Self { terminal, desk }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // The prompt's thread may be in the middle of a line, and `rustyline` would set a mode once more when Enter is
        // pressed just now. It does so through descriptor 0, which from here on is no terminal.
        if let Ok(null) = File::options().read(true).open("/dev/null") {
            let _ = rustix::stdio::dup2_stdin(null);
        }
        let deadline = Instant::now() + PATIENCE;
        let line_is_up = loop {
            match self.desk.line_is_up() {
                Some(up) => break up,
                None if Instant::now() >= deadline => break true,
                None => thread::yield_now(),
            }
        };
        self.terminal.restore();
        if line_is_up {
            // Take the prompt away, leave bracketed paste.
            leave_line(&self.terminal.tty);
        }
    }
}

/// Ends the line that is being edited: bracketed paste off, prompt gone.
fn leave_line(tty: &File) {
    let wait = Timespec::try_from(PATIENCE).ok();
    if poll(&mut [PollFd::new(tty, PollFlags::OUT)], wait.as_ref()).is_ok_and(|ready| ready > 0) {
        let _ = write_all(tty, b"\x1b[?2004l\r\x1b[J");
    }
}

/// A panic of the thread that owns the guard may end in an abort, where nothing is dropped, and its message should be
/// legible. Panics elsewhere are caught, and the conversation goes on.
fn restore_on_panic(terminal: &Arc<Terminal>) {
    let terminal = Arc::downgrade(terminal);
    let owner: ThreadId = thread::current().id();
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if thread::current().id() == owner
            && let Some(terminal) = terminal.upgrade()
        {
            terminal.restore();
            leave_line(&terminal.tty);
        }
        report(panic);
    }));
}
