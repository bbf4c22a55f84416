//! A program that runs: started, signalled as a group, and always reaped.

use std::io;
use std::ops::Deref;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, PoisonError};

use pty_process::blocking as pty;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};
use rustix::termios::{LocalModes, SpecialCodeIndex, tcgetattr};
use tokio::io::AsyncWriteExt as _;
use tokio::net::unix::pipe;

use super::environment::variables;
use super::{Gate, Program, Streams};
use crate::event::{ConnId, Peer};

/// Lines and columns of a terminal of its own.
const SIZE: (u16, u16) = (24, 80);
/// The terminal's type where we have none ourselves: what most emulators understand.
const TERM: &str = "xterm";

/// A program and our ends of its descriptors.
pub(super) struct Running {
    pub(super) process: Process,
    pub(super) stdin: Stdin,
    pub(super) stdout: pipe::Receiver,
    /// A terminal has none apart.
    pub(super) stderr: Option<pipe::Receiver>,
}

/// Starts the program for one conversation.
pub(super) fn start(program: &Arc<Program>, peer: &Peer, conn: ConnId) -> io::Result<Running> {
    let mut command = program.command.command();
    for (name, value) in variables(peer, conn) {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    match program.streams {
        Streams::Pipes => with_pipes(program, command),
        Streams::Terminal => with_terminal(program, command),
    }
}

/// What is started after the end would outlive us.
fn pass(gate: &impl Deref<Target = Gate>) -> io::Result<()> {
    match **gate {
        Gate::Open => Ok(()),
        Gate::Shut => Err(io::ErrorKind::Interrupted.into()),
    }
}

fn with_pipes(program: &Arc<Program>, mut command: Command) -> io::Result<Running> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let gate = program.gate.read().unwrap_or_else(PoisonError::into_inner);
    pass(&gate)?;
    let mut leader = Leader::new(program, command.process_group(0).spawn()?);
    drop(gate);
    let missing = || io::Error::other("a pipe is missing");
    let stdin: OwnedFd = leader.child.stdin.take().ok_or_else(missing)?.into();
    let stdout: OwnedFd = leader.child.stdout.take().ok_or_else(missing)?.into();
    let stderr: OwnedFd = leader.child.stderr.take().ok_or_else(missing)?.into();
    Ok(Running {
        process: Process::new(leader)?,
        stdin: Stdin { to: pipe::Sender::from_owned_fd(stdin)?, end: EndOfInput::Close },
        stdout: pipe::Receiver::from_owned_fd(stdout)?,
        stderr: Some(pipe::Receiver::from_owned_fd(stderr)?),
    })
}

fn with_terminal(program: &Arc<Program>, mut command: Command) -> io::Result<Running> {
    if std::env::var_os("TERM").is_none() {
        command.env("TERM", TERM);
    }
    command.env_remove("LINES").env_remove("COLUMNS");
    let gate = program.gate.write().unwrap_or_else(PoisonError::into_inner);
    pass(&gate)?;
    let (master, slave) = pty::open().map_err(system)?;
    master.resize(pty_process::Size::new(SIZE.0, SIZE.1)).map_err(system)?;
    // It leads a session of its own, and so a group too.
    let leader = Leader::new(program, pty::Command::from(command).spawn(slave).map_err(system)?);
    drop(gate);
    let master: OwnedFd = master.into();
    rustix::io::ioctl_fionbio(&master, true)?;
    // No pipe, but read and written like two.
    let (read, write) = (master.try_clone()?, master);
    Ok(Running {
        process: Process::new(leader)?,
        stdin: Stdin { to: pipe::Sender::from_owned_fd_unchecked(write)?, end: EndOfInput::Typed { in_line: false } },
        stdout: pipe::Receiver::from_owned_fd_unchecked(read)?,
        stderr: None,
    })
}

fn system(error: pty_process::Error) -> io::Error {
    match error {
        pty_process::Error::Io(error) => error,
        pty_process::Error::Rustix(error) => error.into(),
        other => io::Error::other(other.to_string()),
    }
}

/// What the program reads.
pub(super) struct Stdin {
    to: pipe::Sender,
    end: EndOfInput,
}

/// How the end of input is told.
enum EndOfInput {
    /// By closing it.
    Close,
    /// By the terminal's character for it (Ctrl-D), which ends a line first if it stands in one.
    Typed { in_line: bool },
}

impl Stdin {
    /// Hands bytes over; waits until the program has room. Not cancel-safe.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.to.write_all(bytes).await?;
        if let (EndOfInput::Typed { in_line }, Some(last)) = (&mut self.end, bytes.last()) {
            *in_line = !matches!(last, b'\n' | b'\r');
        }
        Ok(())
    }

    /// Nothing more comes. Returns without a word if the program reads no more.
    pub(super) async fn finish(mut self) {
        let EndOfInput::Typed { in_line } = self.end else { return };
        // The master's end knows what the program has made of its terminal.
        let Ok(modes) = tcgetattr(&self.to) else { return };
        let end = modes.special_codes[SpecialCodeIndex::VEOF];
        let lines = modes.local_modes.contains(LocalModes::ICANON);
        let typed: &[u8] = if lines && in_line { &[end, end] } else { &[end] };
        let _ = self.to.write_all(typed).await;
    }
}

/// A process group whose leader is ours.
pub(super) struct Process {
    leader: Leader,
    /// Readable once the leader has ended; it stays a zombie, and the group's number its own, until it is reaped. (No pipe either, but waited for as for one; `AsyncFd` cannot be had without `unsafe`.)
    pidfd: pipe::Receiver,
}

impl Process {
    fn new(leader: Leader) -> io::Result<Self> {
        let pidfd = pidfd_open(leader.pid, PidfdFlags::empty())?;
        Ok(Self { leader, pidfd: pipe::Receiver::from_owned_fd_unchecked(pidfd)? })
    }

    /// The number of the process.
    pub(super) fn id(&self) -> u32 {
        self.leader.child.id()
    }

    /// Returns once the leader has ended. Cancel-safe.
    pub(super) async fn ended(&self) {
        // Fails only without a runtime, and then there is no tomorrow.
        let _ = self.pidfd.readable().await;
    }

    /// Sends a signal to the whole group.
    pub(super) fn signal(&self, signal: Signal) {
        self.leader.signal(signal);
    }

    /// How the leader ended. Waits for that, so [`ended`](Self::ended) comes first.
    pub(super) fn reap(mut self) -> io::Result<ExitStatus> {
        self.leader.reap()
    }
}

/// Killed, with its group, and reaped when dropped.
struct Leader {
    child: Child,
    pid: Pid,
    program: Arc<Program>,
    reaped: bool,
}

impl Leader {
    fn new(program: &Arc<Program>, child: Child) -> Self {
        let pid = Pid::from_child(&child);
        program.groups().insert(pid);
        Self { child, pid, program: program.clone(), reaped: false }
    }

    fn signal(&self, signal: Signal) {
        // Fails when nobody is left but the zombie.
        let _ = kill_process_group(self.pid, signal);
    }

    fn reap(&mut self) -> io::Result<ExitStatus> {
        let mut groups = self.program.groups();
        let status = self.child.wait();
        groups.remove(&self.pid);
        self.reaped = true;
        status
    }
}

impl Drop for Leader {
    fn drop(&mut self) {
        if !self.reaped {
            self.signal(Signal::KILL);
            let _ = self.reap();
        }
    }
}
