//! The terminal's mode while lines are edited, and that it is always put back: however the program ends, a shell that
//! nobody can type into is not what it leaves behind.

use std::fs::File;
use std::io;
use std::os::fd::AsFd as _;
use std::sync::Arc;
use std::thread::{self, ThreadId};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{InputModes, LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};

use super::printer::{Closed, Printer};
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

    /// Switches bracketed paste off, which `rustyline` switches on for every line, and does what is left to do.
    fn leave(&self, left: &str) {
        let wait = Timespec::try_from(PATIENCE).ok();
        if poll(&mut [PollFd::new(&self.tty, PollFlags::OUT)], wait.as_ref()).is_ok_and(|ready| ready > 0) {
            let _ = write_all(&self.tty, format!("\x1b[?2004l{left}").as_bytes());
        }
    }
}

/// Ends the prompt and puts the terminal back when it is dropped. Keep it until nothing more is shown.
#[must_use = "the terminal is put back when this is dropped"]
pub struct Guard {
    terminal: Arc<Terminal>,
    printer: Printer,
}

impl Guard {
    pub(super) fn new(terminal: Arc<Terminal>, printer: Printer) -> Self {
        restore_on_panic(&terminal);
        Self { terminal, printer }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // A line may be half typed. From here on `rustyline` finds the end of input at descriptor 0, and no terminal
        // whose mode it could set once more.
        if let Ok(null) = File::open("/dev/null") {
            let _ = rustix::stdio::dup2_stdin(null);
        }
        let left = match self.printer.close(PATIENCE) {
            Closed::NothingUp => "",
            // A prompt that nobody has typed at is taken away; what was typed stays to be seen.
            Closed::AfterBlank => "\x1b[A\r\x1b[J",
            Closed::AfterText => "\r\x1b[J",
            Closed::NotInTime => "\r\n\x1b[J",
        };
        self.terminal.restore();
        self.terminal.leave(left);
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
            terminal.leave("\r\n\x1b[J");
        }
        report(panic);
    }));
}
