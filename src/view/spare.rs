//! Low descriptors, kept for `rustyline`. It opens a pair of sockets for every line and waits for them with `select`,
//! which cannot take a number above 1023; a listener with a thousand peers has no lower ones left.

use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustyline::Prompt;

/// How many are kept.
const COUNT: usize = 32;
/// How many are let go for a line: more than a pair, in case somebody else is quicker.
const SHARE: usize = 8;
/// The first number that `select` cannot take.
const LIMIT: i32 = 1024;

/// What is kept.
#[derive(Default)]
pub(super) struct Spare(Mutex<State>);

#[derive(Default)]
struct State {
    kept: Vec<OwnedFd>,
    /// The next look at the prompt's text is the one that comes before the pair is opened.
    armed: bool,
}

impl Spare {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A line will be read.
    pub(super) fn arm(&self) {
        self.lock().armed = true;
    }

    /// Takes the lowest that are free.
    pub(super) fn take(&self) {
        let mut state = self.lock();
        while state.kept.len() < COUNT {
            match rustix::io::fcntl_dupfd_cloexec(io::stdin(), 0) {
                Ok(fd) if fd.as_raw_fd() < LIMIT => state.kept.push(fd),
                // What is there must do.
                _ => break,
            }
        }
    }

    fn release(&self) {
        let mut state = self.lock();
        if std::mem::take(&mut state.armed) {
            let share = state.kept.len().min(SHARE);
            state.kept.drain(..share);
        }
    }
}

/// A prompt's text. `rustyline` measures it just before it opens the pair: no better moment to let go.
pub(super) struct Sign {
    pub(super) text: &'static str,
    pub(super) spare: Arc<Spare>,
}

impl Prompt for Sign {
    fn raw(&self) -> &str {
        self.spare.release();
        self.text
    }
}
