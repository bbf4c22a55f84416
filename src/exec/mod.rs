//! `--exec`: a program of its own for each conversation.
//!
//! ```text
//! peer ──▶ listen ──heard──▶ feed ──▶ stdin  ┐
//!                                            │ the program, a process group of its own
//! peer ◀── speak ◀──outbox── answer ◀─ stdout│
//! session ◀──notices────── complain ◀─ stderr┘
//! ```
//!
//! It works on messages, so every transport has it. The program reads and writes messages in the framing of the
//! conversation: with `chunks` bytes pass as they are, and over datagrams one read of its stdout is one datagram.
//!
//! The peer's end is the end of the program's stdin and no signal; what it answers afterwards arrives whole. The end of
//! its stdout is our end, and its exit closes the conversation. A conversation that ends otherwise gives the program half
//! a second to notice, then hangs its group up (SIGHUP), and at last kills it. A conversation is over only when its
//! program is reaped: so `--max-peers` bounds programs too.

mod attend;
mod command_line;
mod environment;
mod process;
mod status;
mod stderr;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::ffi::OsString;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use rustix::process::{Pid, Signal, kill_process_group};

pub use attend::{Attendant, spawn};
pub use command_line::CommandLine;

use crate::exit::Failure;
use crate::frame::Framing;
use crate::input::Kinds;

/// What is run for each conversation, and what runs of it.
#[derive(Debug)]
pub struct Program {
    /// What to run.
    pub command: CommandLine,
    /// What it gets as stdin, stdout and stderr.
    pub streams: Streams,
    /// How its stdin and stdout are framed, and how much is read at once.
    pub frames: Frames,
    /// Where programs are looked for, `PATH`.
    pub path: Option<OsString>,
    /// The groups whose leader is not reaped yet, so that their numbers are still theirs.
    groups: Mutex<HashSet<Pid>>,
    /// Held while one is started: alone if it gets a terminal, whose descriptor another would inherit for a moment.
    gate: RwLock<Gate>,
}

/// Whether programs may be started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Gate {
    #[default]
    Open,
    /// Everything is over.
    Shut,
}

/// What a program's standard descriptors are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Streams {
    /// Three pipes; stderr is told apart.
    #[default]
    Pipes,
    /// A pseudo-terminal, its controlling one.
    Terminal,
}

/// How messages become bytes for the program and its bytes become messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frames {
    /// Both ways.
    pub framing: Framing,
    /// Which messages are text.
    pub kinds: Kinds,
    /// The most that one read of its stdout returns, in bytes; with `chunks`, the largest message.
    pub block: usize,
    /// The largest message of other framings, in bytes.
    pub limit: usize,
}

impl PartialEq for Program {
    fn eq(&self, other: &Self) -> bool {
        (&self.command, self.streams, self.frames) == (&other.command, other.streams, other.frames)
    }
}

impl Eq for Program {}

impl Program {
    /// A program that does not run yet.
    #[must_use]
    pub fn new(command: CommandLine, streams: Streams, frames: Frames, path: Option<OsString>) -> Self {
        Self { command, streams, frames, path, groups: Mutex::default(), gate: RwLock::default() }
    }

    /// Kills what still runs, and lets nothing start any more.
    fn kill_all(&self) {
        *self.gate.write().unwrap_or_else(PoisonError::into_inner) = Gate::Shut;
        for group in &*self.groups() {
            // Fails when nothing of the group is left.
            let _ = kill_process_group(*group, Signal::KILL);
        }
    }

    fn groups(&self) -> MutexGuard<'_, HashSet<Pid>> {
        self.groups.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps programs for as long as conversations may come. Dropped at the end, also one that waits for nobody, it leaves
/// none behind: tasks that are thrown away with the runtime may not get to it.
#[derive(Debug)]
pub struct Keeper(Arc<Program>);

impl Keeper {
    /// Fails at once when the program plainly cannot be run, and not for each peer.
    pub fn new(program: &Arc<Program>) -> Result<Self, Failure> {
        program.command.check(program.path.as_deref())?;
        Ok(Self(program.clone()))
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.0.kill_all();
    }
}
