//! One conversation's program, from its start until it is reaped.

use std::sync::Arc;
use std::time::Duration;

use bytes::{BufMut as _, BytesMut};
use rustix::process::Signal;
use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until};

use super::process::{Process, Running, Stdin, start};
use super::status::Status;
use super::stderr::complain;
use super::{Frames, Program};
use crate::cli::Newline;
use crate::event::{End, Event, Message, Outcome, Peer, What};
use crate::exit::words;
use crate::frame::{Decoder, Encoder};
use crate::link::{Closing, Reporter};
use crate::step::Step;

/// How long a program whose conversation is over may take to end by itself, and again after SIGHUP. Both and a polite
/// close fit into the time that the end of a session may take.
const GRACE: Duration = Duration::from_millis(500);
/// Once a program has ended, whoever else holds its stdout is heard until silent for so long.
const SILENCE: Duration = Duration::from_secs(1);
/// Batches of messages that may wait for the program to read.
const UNREAD: usize = 4;
/// One write to the program takes at most about so many bytes of waiting messages.
const LARGEST_WRITE: usize = 256 * 1024;

/// Whoever attends to a conversation's program.
pub struct Attendant {
    over: oneshot::Sender<Conversation>,
    task: JoinHandle<()>,
}

/// How the conversation ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Conversation {
    /// Both directions finished.
    Complete,
    /// Otherwise.
    Broken,
}

impl Attendant {
    /// The conversation is over. Returns once the program is reaped, whatever that takes.
    pub async fn end(self, outcome: &Outcome) {
        let over = if outcome.end == End::Complete { Conversation::Complete } else { Conversation::Broken };
        // Fails when the program has ended already.
        let _ = self.over.send(over);
        let _ = self.task.await;
    }
}

/// Starts the program for one conversation. What is heard is sent to the returned end, which is dropped when the
/// conversation is over; what the program writes goes to `outbox`.
#[must_use]
pub fn spawn(
    program: Arc<Program>,
    peer: Peer,
    outbox: mpsc::Sender<Vec<Event>>,
    closing: Closing,
    report: Reporter,
) -> (Attendant, mpsc::Sender<Vec<Event>>) {
    let (heard_sender, heard) = mpsc::channel(UNREAD);
    let (over_sender, mut over) = oneshot::channel();
    let task = tokio::spawn(async move {
        match start(&program, &peer, report.conn()) {
            Ok(running) => attend(&program, running, heard, &outbox, over, closing, &report).await,
            Err(error) => {
                let text = format!("start `{}` for {}: {}", program.command, peer.remote, words(&error));
                report.tell(What::Notice { text }).await;
                close(&outbox, &mut over).await;
            }
        }
    });
    (Attendant { over: over_sender, task }, heard_sender)
}

/// Ends the conversation after everything that was said before.
async fn close(outbox: &mpsc::Sender<Vec<Event>>, over: &mut oneshot::Receiver<Conversation>) {
    tokio::select! {
        _ = outbox.send(vec![Event::Close { why: None }]) => {}
        _ = over => {}
    }
}

/// How far we have gone in parting from a program whose conversation is over.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Parting {
    /// We have not.
    Together,
    /// Its stdin has ended, and it has until then to notice.
    Noticing(Instant),
    /// It was sent SIGHUP, and has until then to end.
    HungUp(Instant),
    /// It was sent SIGKILL.
    Killed,
}

impl Parting {
    /// Returns when it is time for the next step.
    async fn wait(self) {
        match self {
            Self::Noticing(until) | Self::HungUp(until) => sleep_until(until).await,
            Self::Together | Self::Killed => std::future::pending().await,
        }
    }

    fn next(self, process: &Process, report: &Reporter) -> Self {
        match self {
            Self::Together => Self::Noticing(Instant::now() + GRACE),
            Self::Noticing(_) => {
                report.step(|| Step::Signalled { pid: process.id(), signal: "SIGHUP".to_owned() });
                hang_up(process);
                Self::HungUp(Instant::now() + GRACE)
            }
            Self::HungUp(_) | Self::Killed => {
                report.step(|| Step::Signalled { pid: process.id(), signal: "SIGKILL".to_owned() });
                process.signal(Signal::KILL);
                Self::Killed
            }
        }
    }
}

/// As the kernel does it when a terminal goes: a stopped process is woken to hear of it.
fn hang_up(process: &Process) {
    process.signal(Signal::HUP);
    process.signal(Signal::CONT);
}

/// How one of the program's outputs ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Output {
    /// Nobody holds its other end.
    Closed,
    /// The program has ended, and whoever else holds its other end was silent.
    Silent,
    /// Nobody wants more of it.
    Unwanted,
}

async fn attend(
    program: &Program,
    running: Running,
    heard: mpsc::Receiver<Vec<Event>>,
    outbox: &mpsc::Sender<Vec<Event>>,
    mut over: oneshot::Receiver<Conversation>,
    mut closing: Closing,
    report: &Reporter,
) {
    let Running { process, stdin, stdout, stderr } = running;
    let name = program.command.to_string();
    report.step(|| Step::Spawned { program: name.clone(), pid: process.id() });
    let (exit, exited) = watch::channel(false);
    let mut has_exited = false;
    let (mut conversation, mut is_closing, mut parting) = (None, false, Parting::Together);
    let (mut fed, mut answered, mut complained) = (false, None, None);
    {
        let mut feeding = std::pin::pin!(feed(stdin, heard, program.frames, &name, report));
        let mut answering = std::pin::pin!(answer(stdout, outbox, program.frames, &name, report, exited.clone()));
        let mut complaining = std::pin::pin!(complain(stderr, &name, report, exited));
        while !has_exited || (parting != Parting::Killed && (answered.is_none() || complained.is_none())) {
            tokio::select! {
                () = &mut feeding, if !fed => fed = true,
                end = &mut answering, if answered.is_none() => answered = Some(end),
                end = &mut complaining, if complained.is_none() => complained = Some(end),
                () = process.ended(), if !has_exited => {
                    has_exited = true;
                    exit.send_replace(true);
                }
                how = &mut over, if conversation.is_none() => conversation = Some(how.unwrap_or(Conversation::Broken)),
                () = closing.wait(), if !is_closing => is_closing = true,
                () = parting.wait() => parting = parting.next(&process, report),
            }
            // One that has said all it has to say, to a peer that has too, may go on with its own affairs.
            let at_peace = conversation == Some(Conversation::Complete) && answered == Some(Output::Closed);
            if parting == Parting::Together && (is_closing || (conversation.is_some() && !at_peace)) {
                parting = parting.next(&process, report);
            }
        }
    }
    if (answered, complained) != (Some(Output::Closed), Some(Output::Closed)) {
        hang_up(&process); // whoever it has left behind with our pipes; the zombie keeps the group's number
    }
    let pid = process.id();
    if let Ok(status) = process.reap() {
        let status = Status::of(status);
        report.step(|| Step::Exited { program: name.clone(), pid, how: status.to_string() });
        // What we brought about ourselves is no news: a signal, or nobody who reads.
        let ours = match parting {
            Parting::HungUp(_) | Parting::Killed => status.is_signal(),
            Parting::Together | Parting::Noticing(_) => status.is_broken_pipe() && outbox.is_closed(),
        };
        if !status.is_success() && !ours {
            report.tell(What::Notice { text: format!("`{name}` {status}") }).await;
        }
    }
    if conversation.is_none() {
        close(outbox, &mut over).await;
    }
}

/// What was heard → the program's stdin, until the conversation is over. When the program reads no more, what comes is
/// thrown away.
async fn feed(stdin: Stdin, mut heard: mpsc::Receiver<Vec<Event>>, frames: Frames, name: &str, report: &Reporter) {
    let mut stdin = Some(stdin);
    let mut encoder = Encoder::new(frames.framing, Newline::AsIs);
    let mut buffer = BytesMut::new();
    while let Some(mut events) = heard.recv().await {
        let mut finished = false;
        while stdin.is_some() {
            for event in events {
                match event {
                    Event::Message(message) => {
                        if let Err(error) = encoder.encode(&message, &mut buffer) {
                            report.tell(What::Notice { text: format!("not given to `{name}`: {error}") }).await;
                        }
                    }
                    Event::Finish | Event::Close { .. } => finished = true,
                    Event::Ping(_) | Event::Pong(_) | Event::Wire(_) | Event::Order(_) => {}
                }
            }
            if finished || buffer.len() >= LARGEST_WRITE {
                break;
            }
            match heard.try_recv() {
                Ok(more) => events = more,
                Err(_) => break,
            }
        }
        if let Some(open) = &mut stdin
            && (open.write(&buffer).await.is_err())
        {
            stdin = None;
        }
        buffer.clear();
        if finished && let Some(open) = stdin.take() {
            open.finish().await;
        }
    }
    if let Some(open) = stdin {
        open.finish().await;
    }
}

/// The program's stdout → outbox, until it ends, and then our end.
async fn answer(
    mut stdout: pipe::Receiver,
    outbox: &mpsc::Sender<Vec<Event>>,
    frames: Frames,
    name: &str,
    report: &Reporter,
    mut exited: watch::Receiver<bool>,
) -> Output {
    let mut decoder = Decoder::new(frames.framing, Newline::AsIs, frames.limit);
    let mut buffer = BytesMut::new();
    let mut messages: Vec<Message> = Vec::new();
    loop {
        let read = tokio::select! {
            read = read(&mut stdout, &mut buffer, frames.block, &mut exited) => read,
            () = outbox.closed() => return Output::Unwanted,
        };
        let (result, mut end) = match read {
            Ok(0) => (decoder.finish(&mut buffer, &mut messages), Some(Output::Closed)),
            Ok(_) => (decoder.decode(&mut buffer, &mut messages), None),
            Err(Silent) => (decoder.finish(&mut buffer, &mut messages), Some(Output::Silent)),
        };
        let mut events = frames.kinds.lenient(std::mem::take(&mut messages));
        if let Err(error) = result {
            report.tell(What::Notice { text: format!("`{name}` is heard no further: {error}") }).await;
            end = Some(Output::Unwanted);
        }
        if end.is_some() {
            events.push(Event::Finish);
        }
        if !events.is_empty() && outbox.send(events).await.is_err() {
            return Output::Unwanted;
        }
        if let Some(end) = end {
            return end;
        }
    }
}

/// The program has ended, and nothing came for [`SILENCE`].
pub(super) struct Silent;

/// Reads once, at most `block` bytes; 0 is the end.
pub(super) async fn read(
    from: &mut pipe::Receiver,
    into: &mut BytesMut,
    block: usize,
    exited: &mut watch::Receiver<bool>,
) -> Result<usize, Silent> {
    into.reserve(block);
    let mut room = into.limit(block);
    tokio::select! {
        biased;
        // A terminal that nobody has open any more says so with an error (EIO).
        read = from.read_buf(&mut room) => Ok(read.unwrap_or(0)),
        () = silence(exited) => Err(Silent),
    }
}

async fn silence(exited: &mut watch::Receiver<bool>) {
    if exited.wait_for(|exited| *exited).await.is_ok() {
        sleep(SILENCE).await;
    } else {
        std::future::pending::<()>().await;
    }
}
