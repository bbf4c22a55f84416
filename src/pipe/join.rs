//! When the raw path ends, and what is said about it: the rules, the timers and the interrupts.

use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout};

use super::flow::{self, Broken, Shared, Socket, Stream};
use super::secure::{self, Session};
use crate::cli::AtEof;
use crate::event::{End, Outcome};
use crate::exit::{Exit, Failure, words};
use crate::meter::{LastWords, Meter, Unit};
use crate::session::judge;
use crate::tls::failure::{self, Trouble};
use crate::traffic::digest::Digests;
use crate::traffic::pace::Limits;
use crate::traffic::source::Supply;
use crate::transport::kernel::{self, Connection};

/// How long the peer may go on after we are done with it: after `--at-eof close`, a failure of stdin, an interrupt.
/// Until then its bytes are read, because closing with unread input destroys what is still on its way to it.
const DRAIN: Duration = Duration::from_secs(2);
/// How long a dead connection's threads may take to let go of it.
const LET_GO: Duration = Duration::from_millis(200);
/// How often we ask whether everything is acknowledged: at first, and at the longest.
const SETTLE: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(100));

/// Where the bytes that are sent come from.
#[derive(Debug)]
pub enum Outward {
    /// This source, no faster than this.
    From(Supply, Limits),
    /// Nowhere (`--recv-only`): our direction is never ended by us.
    Nothing,
}

/// Where the bytes that are received go.
#[derive(Debug)]
pub enum Inward {
    /// This descriptor: stdout.
    To(OwnedFd),
    /// Nowhere (`--send-only`): they are read and thrown away.
    Discard,
}

/// What is to be joined.
#[derive(Debug)]
pub struct Raw {
    /// The stream. Only this may hold it: it becomes non-blocking, and its end is its close.
    pub socket: Socket,
    /// TLS over it, whose handshake is done.
    pub tls: Option<rustls::Connection>,
    /// Is told the first bytes that are heard, if they are not TLS.
    pub first: Option<oneshot::Sender<Vec<u8>>>,
    /// The peer's endpoint, for messages.
    pub remote: String,
    /// Sent first: what `--say` says.
    pub before: Vec<u8>,
    /// Our direction.
    pub outward: Outward,
    /// The peer's direction.
    pub inward: Inward,
    /// Counts what moves.
    pub meter: Arc<Meter>,
}

/// When it ends.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// What to do at the end of stdin.
    pub at_eof: AtEof,
    /// How long to wait for the peer after the end of stdin.
    pub linger: Option<Duration>,
    /// How long nothing may move.
    pub idle: Option<Duration>,
}

/// How it ended.
#[derive(Debug)]
pub struct Finished {
    /// The code to exit with, or what to say before exiting with the failure's code.
    pub end: Result<Exit, Failure>,
    /// Bytes given to the kernel.
    pub sent: u64,
    /// Bytes taken from the kernel.
    pub received: u64,
    /// After a reset: how many of `sent` the peer's kernel acknowledged, if ours knew.
    pub acknowledged: Option<u64>,
    /// Of these bytes, if it was asked for.
    pub digest: Option<Digests>,
}

/// stdout as a descriptor of its own.
///
/// stdout itself becomes `/dev/null`, and nothing else may write to it afterwards: once the last descriptor of a pipe is dropped its reader learns that the peer
/// has ended, even while we still send.
pub fn take_stdout() -> io::Result<OwnedFd> {
    let stdout = io::stdout().as_fd().try_clone_to_owned()?;
    rustix::stdio::dup2_stdout(std::fs::File::options().write(true).open("/dev/null")?)?;
    Ok(stdout)
}

/// Carries bytes both ways until the conversation is over. Each interrupt is one message; the first ends politely,
/// the second at once.
///
/// When it returns, a thread that still waits for stdin is left behind; it ends with the process.
pub async fn join(raw: Raw, rules: Rules, interrupts: &mut mpsc::Receiver<()>) -> Finished {
    let remote = raw.remote.clone();
    match Conversation::start(raw, rules) {
        Ok(conversation) => conversation.run(interrupts).await,
        Err(error) => {
            let end = Err(Failure::system("talk to", &remote, &error));
            Finished { end, sent: 0, received: 0, acknowledged: None, digest: None }
        }
    }
}

/// A thread's last words: its direction is over.
enum Ended {
    Outward(Result<(), Broken>),
    Inward(Result<(), Broken>),
}

/// The conversation is over.
enum Over {
    /// This is how.
    As(Result<Exit, Failure>),
    /// The connection died of this.
    Died(io::Error),
}

/// What we send from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Nothing,
    Terminal,
    Stream,
}

/// Our direction.
#[derive(Debug)]
enum Ours {
    /// stdin may have more.
    Open,
    /// stdin has ended, or there is none.
    Ended,
    /// The peer no longer takes what we send.
    Refused(io::Error),
}

/// The peer's direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Theirs {
    Open,
    Ended,
    /// TLS was not told that it would end.
    Truncated,
}

/// What we wait for.
#[derive(Debug)]
enum Stage {
    /// The conversation.
    Talk,
    /// The peer's end, until this instant; how it ends is decided.
    Drain(Result<Exit, Failure>, Instant),
    /// The acknowledgement of everything we sent; we ask again after this long.
    Settle(Duration),
}

struct Conversation {
    stream: Arc<Stream>,
    connection: Option<Connection>,
    remote: String,
    shared: Arc<Shared>,
    ended: mpsc::UnboundedReceiver<Ended>,
    rules: Rules,
    source: Source,
    ours: Ours,
    theirs: Theirs,
    stage: Stage,
    /// When the peer must have ended.
    linger: Option<Instant>,
}

impl Conversation {
    fn start(raw: Raw, rules: Rules) -> io::Result<Self> {
        let Raw { socket, tls, first, remote, before, outward, inward, meter } = raw;
        socket.set_nonblocking()?;
        let connection = match &socket {
            // Fails on one that is reset already: then nothing can be asked about it.
            Socket::Tcp(stream, _) => Connection::of(stream).ok(),
            Socket::Unix(_) => None,
        };
        if let (Some(connection), Socket::Tcp(_, opener)) = (connection, &socket) {
            meter.carried_by(Some((connection, *opener)));
        }
        meter.open(&remote, Unit::Bytes);
        let (supply, limits, source) = match outward {
            Outward::From(supply, limits) => {
                let source = if supply.is_terminal() { Source::Terminal } else { Source::Stream };
                (Some(supply), limits, source)
            }
            Outward::Nothing => (None, Limits::default(), Source::Nothing),
        };
        let stdout = match inward {
            Inward::To(stdout) => Some(stdout),
            Inward::Discard => None,
        };
        let ours = if supply.is_none() && before.is_empty() { Ours::Ended } else { Ours::Open };
        let (sender, ended) = mpsc::unbounded_channel();
        let stream = Arc::new(Stream { socket, tls: tls.map(Session::new) });
        let shared = Arc::new(Shared::new(meter));
        if matches!(ours, Ours::Open) {
            let (stream, shared, sender) = (stream.clone(), shared.clone(), sender.clone());
            thread::Builder::new().name("outward".into()).spawn(move || {
                let result = flow::outward(&stream, &before, supply, limits, &shared);
                drop(stream); // before the message, whose receiver may want to close the last one
                let _ = sender.send(Ended::Outward(result));
            })?;
        }
        let thread = (stream.clone(), shared.clone());
        thread::Builder::new().name("inward".into()).spawn(move || {
            let (stream, shared) = thread;
            let result = flow::inward(&stream, stdout.as_ref().map(OwnedFd::as_fd), first, &shared);
            drop((stream, stdout));
            let _ = sender.send(Ended::Inward(result));
        })?;
        Ok(Self {
            stream,
            connection,
            remote,
            shared,
            ended,
            rules,
            source,
            ours,
            theirs: Theirs::Open,
            stage: Stage::Talk,
            linger: None,
        })
    }

    async fn run(mut self, interrupts: &mut mpsc::Receiver<()>) -> Finished {
        loop {
            let (drain, settle) = match self.stage {
                Stage::Talk => (None, None),
                Stage::Drain(_, until) => (Some(until), None),
                Stage::Settle(wait) => (None, Some(Instant::now() + wait)),
            };
            let idle = self.rules.idle.filter(|_| drain.is_none());
            let idle = idle.map(|idle| Instant::from_std(self.shared.last_moved()) + idle);
            let over = tokio::select! {
                biased;
                Some(()) = interrupts.recv() => self.interrupted(),
                Some(ended) = self.ended.recv() => match ended {
                    Ended::Outward(result) => self.outward_ended(result),
                    Ended::Inward(result) => self.inward_ended(result),
                },
                () = at(settle) => self.settle(),
                () = at(drain) => self.drained(),
                () = at(self.linger) => Some(self.lingered()),
                () = at(idle) => self.idled(),
            };
            match over {
                None => {}
                Some(Over::As(end)) => return self.finished(end),
                Some(Over::Died(error)) => return self.died(&error).await,
            }
        }
    }

    fn outward_ended(&mut self, result: Result<(), Broken>) -> Option<Over> {
        if let Stage::Drain(..) = self.stage {
            return None; // we ended it ourselves
        }
        let ended_by = match result {
            Ok(()) if self.source == Source::Nothing => {
                self.ours = Ours::Ended;
                return self.peer_ended().then(|| self.conclude()).flatten();
            }
            Ok(()) => Ok(self.rules.at_eof),
            Err(Broken::Local(error)) => Err(Failure::system("read", "stdin", &error)),
            Err(Broken::Peer(error)) => {
                self.ours = Ours::Refused(error);
                self.start_linger();
                // What the peer still says is heard to its end; a reset ends that at once.
                return self.peer_ended().then(|| self.conclude()).flatten();
            }
        };
        self.ours = Ours::Ended;
        self.start_linger();
        match ended_by {
            Ok(AtEof::HalfClose) => self.half_close(),
            Ok(AtEof::Stay) => {}
            Ok(AtEof::Close) => {
                self.shared.discard();
                self.half_close();
                self.drain(Ok(Exit::Complete));
            }
            Err(failure) => {
                self.half_close();
                self.drain(Err(failure));
            }
        }
        self.peer_ended().then(|| self.conclude()).flatten()
    }

    fn inward_ended(&mut self, result: Result<(), Broken>) -> Option<Over> {
        self.theirs = Theirs::Ended;
        let result = match result {
            Err(Broken::Peer(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
                self.theirs = Theirs::Truncated;
                Ok(())
            }
            other => other,
        };
        match (&self.stage, result) {
            (Stage::Talk | Stage::Drain(Ok(Exit::Complete), _), Err(Broken::Peer(error))) => Some(Over::Died(error)),
            (Stage::Talk, Err(Broken::Local(error))) if error.kind() == io::ErrorKind::BrokenPipe => {
                Some(Over::As(Ok(Exit::BrokenStdout)))
            }
            (Stage::Talk, Err(Broken::Local(error))) => Some(Over::As(Err(Failure::system("write", "stdout", &error)))),
            // There may be more to send, and the peer may still want it. A person sees that the peer has ended.
            (Stage::Talk, Ok(())) if matches!(self.ours, Ours::Open) && self.source != Source::Terminal => None,
            _ => self.conclude(),
        }
    }

    /// Both directions are over, or as good as.
    fn conclude(&mut self) -> Option<Over> {
        match std::mem::replace(&mut self.stage, Stage::Settle(SETTLE.0)) {
            Stage::Drain(Ok(Exit::Complete), _) | Stage::Talk | Stage::Settle(_) => {}
            Stage::Drain(end, _) => return Some(Over::As(end)),
        }
        match std::mem::replace(&mut self.ours, Ours::Ended) {
            Ours::Refused(error) => Some(Over::Died(error)),
            Ours::Open | Ours::Ended => self.settle(),
        }
    }

    /// Ends once everything sent is acknowledged. The peer may have closed before it arrived, and then a reset is on
    /// its way to us: to leave now would be to lose bytes and call it success.
    fn settle(&mut self) -> Option<Over> {
        let unacknowledged = self.unacknowledged();
        // Asked for last: a reset takes the socket out of the kernel's tables first.
        if let Some(error) = self.stream.take_error() {
            return Some(Over::Died(error));
        }
        match self.stage {
            Stage::Settle(wait) if unacknowledged > 0 || self.stream.is_ending() => {
                self.stage = Stage::Settle((wait * 2).min(SETTLE.1));
                None
            }
            _ => Some(Over::As(self.complete())),
        }
    }

    /// Both directions are over and everything arrived, unless the peer's was cut.
    fn complete(&self) -> Result<Exit, Failure> {
        if self.theirs == Theirs::Truncated {
            let outcome = Outcome {
                end: End::Truncated,
                sent: self.meter().bytes_sent(),
                received: self.meter().bytes_received(),
                ..Outcome::default()
            };
            return judge(&self.remote, &outcome);
        }
        Ok(Exit::Complete)
    }

    fn unacknowledged(&self) -> u32 {
        let connection = self.connection.filter(|_| self.meter().bytes_sent() > 0);
        connection.and_then(kernel::state).map_or(0, |state| state.unacknowledged)
    }

    fn half_close(&self) {
        // Fails only on a connection that is reset, which the inward direction reports.
        let _ = secure::finish(&self.stream);
    }

    fn peer_ended(&self) -> bool {
        self.theirs != Theirs::Open
    }

    fn start_linger(&mut self) {
        self.linger = self.rules.linger.map(|linger| Instant::now() + linger);
    }

    fn drain(&mut self, end: Result<Exit, Failure>) {
        if !matches!(end, Ok(Exit::Complete)) {
            self.linger = None; // it ends with something else to say
        }
        self.stage = Stage::Drain(end, Instant::now() + DRAIN);
    }

    fn drained(&mut self) -> Option<Over> {
        match std::mem::replace(&mut self.stage, Stage::Talk) {
            Stage::Drain(Ok(Exit::Complete), _) => {
                // A slow peer is still taking what we sent.
                if self.unacknowledged() > 0 {
                    self.drain(Ok(Exit::Complete));
                    return None;
                }
                Some(Over::As(Ok(Exit::Complete)))
            }
            Stage::Drain(end, _) => Some(Over::As(end)),
            Stage::Talk | Stage::Settle(_) => None,
        }
    }

    fn interrupted(&mut self) -> Option<Over> {
        let again = matches!(self.stage, Stage::Drain(Ok(Exit::Interrupted), _));
        if again || self.peer_ended() {
            return Some(Over::As(Ok(Exit::Interrupted)));
        }
        self.half_close();
        self.drain(Ok(Exit::Interrupted));
        None
    }

    fn lingered(&self) -> Over {
        if matches!(self.stage, Stage::Drain(Ok(Exit::Complete), _)) && self.unacknowledged() == 0 {
            return Over::As(Ok(Exit::Complete));
        }
        let linger = self.rules.linger.unwrap_or_default();
        let what = format!("{}: the peer did not end within {linger:?} of the end of stdin", self.remote);
        Over::As(Err(Failure::new(Exit::Timeout, what).hint("a longer --linger waits longer, none for ever")))
    }

    fn idled(&self) -> Option<Over> {
        let idle = self.rules.idle?;
        if self.shared.last_moved().elapsed() < idle {
            return None;
        }
        let what = format!("{}: nothing was said or heard for {idle:?}", self.remote);
        Some(Over::As(Err(Failure::new(Exit::Timeout, what).hint("a longer --idle waits longer, none for ever"))))
    }

    /// Finds out how much of what we sent arrived. The inward direction is over.
    async fn died(mut self, error: &io::Error) -> Finished {
        self.shared.stop(&self.stream.socket);
        while Arc::strong_count(&self.stream) > 1 {
            // Our direction may wait for stdin, and the hang-up wakes it.
            if !matches!(timeout(LET_GO, self.ended.recv()).await, Ok(Some(_))) {
                break;
            }
        }
        let remote = self.remote.clone();
        if let Some(Trouble { what, hint }) = failure::conversation(error) {
            let failure = Failure { hint, ..Failure::new(Exit::Protocol, format!("{remote}: {what}")) };
            return self.finished(Err(failure));
        }
        let what = match (error.kind(), &self.stream.socket) {
            (io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe, Socket::Tcp(..)) => {
                format!("{remote}: the peer reset the connection")
            }
            (io::ErrorKind::ConnectionReset, Socket::Unix(_)) => {
                format!("{remote}: the peer closed without reading everything")
            }
            (io::ErrorKind::BrokenPipe, Socket::Unix(_)) => format!("{remote}: the peer closed and takes no more"),
            // The kernel gave it up: a limit of --user-timeout or --keepalive, or its own.
            (io::ErrorKind::TimedOut, _) => format!("{remote}: the peer acknowledges nothing any more"),
            _ => format!("{remote}: {}", words(error)),
        };
        let exit = if error.kind() == io::ErrorKind::TimedOut { Exit::Timeout } else { Exit::Partial };
        let meter = self.meter().clone();
        if let Some(farewell) = self.stream.tls.as_ref().and_then(Session::farewell)
            && self.theirs == Theirs::Ended
        {
            return self.parted(what, farewell);
        }
        let acknowledged = self.close(true).and_then(LastWords::acknowledged);
        let (sent, received, digest) = (meter.bytes_sent(), meter.bytes_received(), meter.digests());
        let failure = match acknowledged {
            // The answer to a SYN that took data along.
            _ if error.kind() == io::ErrorKind::ConnectionRefused => Failure::system("connect to", &remote, error),
            Some(bytes) => Failure::new(exit, format!("{what}; {bytes} of {sent} bytes sent were acknowledged"))
                .hint("acknowledged bytes reached the peer's system; whether its program read them, only it knows"),
            None => Failure::new(exit, what),
        };
        Finished { end: Err(failure), sent, received, acknowledged, digest }
    }

    /// Both sides had said that they say nothing more, and then the connection died: the peer closed at once, and had no
    /// ears for our farewell. What matters is whether it had all that came before.
    fn parted(self, what: String, farewell: u32) -> Finished {
        let (meter, verdict) = (self.meter().clone(), self.complete());
        let unacknowledged = self.close(true).and_then(LastWords::unacknowledged);
        let end = match unacknowledged {
            Some(bytes) if bytes > farewell => Err(Failure::new(Exit::Partial, what)),
            _ => verdict,
        };
        let (sent, received, digest) = (meter.bytes_sent(), meter.bytes_received(), meter.digests());
        Finished { end, sent, received, acknowledged: None, digest }
    }

    /// Closes the connection. If it died, learns how much of what was sent the peer's kernel acknowledged.
    fn close(self, died: bool) -> Option<LastWords> {
        let meter = self.meter().clone();
        let last_words = meter.last_look(died);
        meter.close();
        // A thread that holds on to the socket keeps the kernel from announcing its end.
        drop(Arc::try_unwrap(self.stream).ok()?);
        last_words
    }

    fn finished(self, end: Result<Exit, Failure>) -> Finished {
        let meter = self.meter().clone();
        let _ = self.close(false).map(LastWords::acknowledged); // for whoever asks the meter
        let (sent, received, digest) = (meter.bytes_sent(), meter.bytes_received(), meter.digests());
        Finished { end, sent, received, acknowledged: None, digest }
    }

    fn meter(&self) -> &Arc<Meter> {
        self.shared.meter()
    }
}

/// Never, if there is no such instant.
async fn at(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant).await,
        None => std::future::pending().await,
    }
}
