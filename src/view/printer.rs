//! Output while a line is being typed: it appears above the line, and the line stays.
//!
//! `rustyline` can be asked to print (`ExternalPrinter`), but what it has been given when Enter or Ctrl-D is pressed
//! waits for the next line, or is lost with the last, and what is printed meanwhile overtakes it. Therefore the text
//! waits here, and `rustyline` is only woken. It then draws the line again, beginning with the prompt, and the prompt
//! that it is handed is the text followed by the prompt. Whatever is left when a line is done is printed before the
//! next one begins, in order.

use std::fs::File;
use std::io;
use std::os::fd::AsFd as _;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread;
use std::time::{Duration, Instant};

use rustyline::ExternalPrinter;

use super::screen::write_all;

/// So many bytes may wait for `rustyline`; one print more waits for it too.
const QUEUE: usize = 256 << 10;

/// `rustyline` clears its line, prints this and draws the line again. It adds a line feed if there is none; the
/// cursor goes up first, so that no empty line stays behind.
const WAKE: &str = "\x1b[A\n";

/// Prints to the terminal on which a line may be being typed.
#[derive(Clone)]
pub struct Printer {
    desk: Arc<Desk>,
    wake: SyncSender<()>,
}

/// What the printer and the prompt's thread share.
pub(super) struct Desk {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    terminal: File,
    phase: Phase,
    /// What `rustyline` has not taken yet.
    waiting: Vec<u8>,
    /// `rustyline` has taken text and is drawing it, or has drawn it.
    drawing: bool,
    /// No line is to be read any more.
    closed: bool,
    /// Nothing stands behind the prompt.
    blank: bool,
}

/// What the end of the prompt left on the screen. The cursor is below it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Closed {
    /// No line was being read.
    NothingUp,
    /// A prompt with nothing behind it.
    AfterBlank,
    /// A line that was not sent.
    AfterText,
    /// It is still there, and the cursor in it.
    NotInTime,
}

/// Where the prompt's thread is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Not in `rustyline`; the terminal may be written to.
    Away,
    /// In `rustyline`, which has not drawn its line yet.
    Entering,
    /// In `rustyline`, a line is on the screen.
    Editing,
}

impl Printer {
    /// A printer to stdout's terminal, and what the prompt's thread needs.
    pub(super) fn new(mut rustyline: impl ExternalPrinter + Send + 'static) -> io::Result<(Self, Arc<Desk>)> {
        let terminal = File::from(io::stdout().as_fd().try_clone_to_owned()?);
        let state =
            State { terminal, phase: Phase::Away, waiting: Vec::new(), drawing: false, closed: false, blank: true };
        let desk = Arc::new(Desk { state: Mutex::new(state), changed: Condvar::new() });
        // A thread of its own, because waking waits for `rustyline` while an earlier call is not yet answered. It ends
        // with the last printer.
        let (wake, calls) = sync_channel(1);
        thread::Builder::new().name("wake".to_owned()).spawn(move || {
            for () in calls {
                if rustyline.print(WAKE.to_owned()).is_err() {
                    break;
                }
            }
        })?;
        Ok((Self { desk: desk.clone(), wake }, desk))
    }

    /// Prints whole lines; a line feed is added if the last has none. While a line is being typed, bytes that are not
    /// UTF-8 become U+FFFD, as which a terminal shows them anyway. Waits while too much is waiting already.
    pub fn print(&self, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        let mut state = self.desk.lock();
        while state.phase != Phase::Away && state.waiting.len() >= QUEUE {
            self.wake();
            state = self.desk.wait(state);
        }
        state.waiting.extend_from_slice(bytes);
        if !bytes.ends_with(b"\n") {
            state.waiting.push(b'\n');
        }
        if state.phase == Phase::Away {
            return state.write();
        }
        drop(state);
        self.wake();
        Ok(())
    }

    /// Waits until everything is on the terminal.
    pub fn flush(&self) {
        let mut state = self.desk.lock();
        while state.phase != Phase::Away && (state.drawing || !state.waiting.is_empty()) {
            // Only the next drawing tells that the last one is complete.
            self.wake();
            state = self.desk.wait(state);
        }
    }

    /// Ends the prompt: stdin must be at its end. Gives up after a while, for `rustyline` does not look up from a search
    /// through the history, and a terminal may take no output.
    pub(super) fn close(&self, patience: Duration) -> Closed {
        let deadline = Instant::now() + patience;
        let mut was_up = false;
        while let left = deadline.saturating_duration_since(Instant::now())
            && !left.is_zero()
        {
            // Not to wait here: whoever prints may be stuck.
            let Some(mut state) = self.desk.try_lock() else {
                thread::yield_now();
                continue;
            };
            state.closed = true;
            if state.phase == Phase::Away {
                return match (was_up, state.blank) {
                    (false, _) => Closed::NothingUp,
                    (true, true) => Closed::AfterBlank,
                    (true, false) => Closed::AfterText,
                };
            }
            was_up = true;
            self.wake();
            // Released, and taken again, before the deadline: nobody holds it for long while a line is up.
            let _ = self.desk.changed.wait_timeout(state, left);
        }
        Closed::NotInTime
    }

    fn wake(&self) {
        // Full: a call is under way, and what it finds includes what was queued before it. Gone: nobody types.
        let _ = self.wake.try_send(());
    }
}

impl Desk {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn try_lock(&self) -> Option<MutexGuard<'_, State>> {
        match self.state.try_lock() {
            Ok(state) => Some(state),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    /// The prompt's thread is about to read a line; `false` if it should not.
    pub(super) fn enter(&self) -> bool {
        let mut state = self.lock();
        if !state.closed {
            state.phase = Phase::Entering;
            state.blank = true;
        }
        !state.closed
    }

    /// The line being typed has changed.
    pub(super) fn typed(&self, blank: bool) {
        self.lock().blank = blank;
    }

    /// `rustyline` is about to draw its line; what is returned belongs in front of it.
    pub(super) fn draw(&self) -> String {
        let mut state = self.lock();
        state.phase = Phase::Editing;
        let text = std::mem::take(&mut state.waiting);
        state.drawing = !text.is_empty();
        self.changed.notify_all();
        match String::from_utf8(text) {
            Ok(text) => text,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        }
    }

    /// The line is done. An error of the terminal is left to the next print.
    pub(super) fn leave(&self) {
        let mut state = self.lock();
        state.phase = Phase::Away;
        state.drawing = false;
        let _ = state.write();
        self.changed.notify_all();
    }
}

impl State {
    fn write(&mut self) -> io::Result<()> {
        let bytes = std::mem::take(&mut self.waiting);
        write_all(&self.terminal, &bytes)
    }
}
