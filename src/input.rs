//! What the user, or the script, says: one channel of it, whatever it comes from.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;
use std::thread;

use bytes::BytesMut;
use rustix::event::{PollFd, PollFlags, poll};
use tokio::sync::mpsc;

use crate::cli::Newline;
use crate::event::{ConnId, Event, Extent, Message};
use crate::exit::words;
use crate::frame::{Decoder, Framing};

/// One thing that came from stdin or from the prompt.
#[derive(Debug)]
pub enum Input {
    /// Messages framed out of stdin, in order.
    Said(Vec<Message>),
    /// A line typed at the prompt, without its end; it may be a command.
    Line(String),
    /// Why stdin cannot be framed or read any further, in words.
    Broken(String),
    /// The end of stdin, or Ctrl-D.
    Eof,
}

/// Batches of input that may wait for the session.
const WAITING: usize = 4;

/// How stdin becomes messages.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// Where a message ends.
    pub framing: Framing,
    /// What the ends of lines in it are.
    pub newline: Newline,
    /// The most that one read returns, in bytes; with `chunks`, the largest message.
    pub block: usize,
    /// The largest message of other framings, in bytes.
    pub limit: usize,
}

/// Starts the source.
pub type Start = Box<dyn FnOnce(mpsc::Sender<Input>) -> io::Result<()> + Send>;
/// Hears the names of the peers whenever they change.
pub type Audience = Box<dyn Fn(Vec<String>) + Send>;

/// Whatever the user says comes out of here.
pub struct Inputs {
    receiver: mpsc::Receiver<Input>,
    start: Option<(Start, mpsc::Sender<Input>)>,
    kind: Kind,
    peers: Option<Audience>,
}

enum Kind {
    Nothing,
    Stream,
    /// A person, at the prompt or not.
    Terminal,
    Replay(Replay),
}

impl Inputs {
    fn new(kind: Kind, start: Option<Start>, peers: Option<Audience>) -> Self {
        let (sender, receiver) = mpsc::channel(WAITING);
        Self { receiver, start: start.map(|start| (start, sender)), kind, peers }
    }

    /// Nothing is read, and so nothing ends.
    #[must_use]
    pub fn nothing() -> Self {
        Self::new(Kind::Nothing, None, None)
    }

    /// stdin, framed, by a thread of its own: a read that blocks cannot be cancelled.
    #[must_use]
    pub fn stdin(stdin: OwnedFd, reading: Reading) -> Self {
        let kind = if rustix::termios::isatty(&stdin) { Kind::Terminal } else { Kind::Stream };
        let start = move |sender| {
            thread::Builder::new().name("stdin".to_owned()).spawn(move || read(&stdin, reading, &sender)).map(drop)
        };
        Self::new(kind, Some(Box::new(start)), None)
    }

    /// Lines that a person types. `peers` is told who can be named in commands.
    #[must_use]
    pub fn prompt(start: Start, peers: Audience) -> Self {
        Self::new(Kind::Terminal, Some(start), Some(peers))
    }

    /// A file that each peer gets from its start.
    #[must_use]
    pub fn replayed(file: OwnedFd, reading: Reading) -> Self {
        Self::new(Kind::Replay(Replay { file: Arc::new(file.into()), reading }), None, None)
    }

    /// Begins to read, the first time it is called.
    pub fn start(&mut self) {
        let Some((start, sender)) = self.start.take() else { return };
        if let Err(error) = start(sender.clone()) {
            // The channel is new, so there is room.
            let _ = sender.try_send(Input::Broken(words(&error)));
        }
    }

    /// The next thing said; never returns once all was. Cancel-safe.
    pub async fn next(&mut self) -> Input {
        match self.receiver.recv().await {
            Some(input) => input,
            None => std::future::pending().await,
        }
    }

    /// Whether a person types it.
    #[must_use]
    pub fn is_interactive(&self) -> bool {
        matches!(self.kind, Kind::Terminal)
    }

    /// What each new peer is to be sent.
    #[must_use]
    pub fn replay(&self) -> Option<Replay> {
        match &self.kind {
            Kind::Replay(replay) => Some(replay.clone()),
            _ => None,
        }
    }

    /// Tells the prompt which peers commands can name.
    pub fn peers_changed(&self, ids: impl FnOnce() -> Vec<ConnId>) {
        if let Some(peers) = &self.peers {
            peers(ids().iter().map(|id| id.0.to_string()).collect());
        }
    }
}

/// Reads until the end, an error, or nobody listens.
fn read(stdin: &OwnedFd, reading: Reading, inputs: &mpsc::Sender<Input>) {
    let mut decoder = Decoder::new(reading.framing, reading.newline, reading.limit);
    let mut block = vec![0; reading.block];
    let mut buffer = BytesMut::new();
    let mut messages = Vec::new();
    loop {
        let (n, result) = match rustix::io::read(stdin, &mut block[..]).map_err(io::Error::from) {
            Ok(0) => (0, decoder.finish(&mut buffer, &mut messages)),
            Ok(n) => {
                buffer.extend_from_slice(&block[..n]);
                (n, decoder.decode(&mut buffer, &mut messages))
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                // Another program that shares the descriptor has made it non-blocking.
                let _ = poll(&mut [PollFd::from_borrowed_fd(stdin.as_fd(), PollFlags::IN)], None);
                continue;
            }
            Err(error) => {
                let _ = inputs.blocking_send(Input::Broken(words(&error)));
                return;
            }
        };
        if !messages.is_empty() && inputs.blocking_send(Input::Said(std::mem::take(&mut messages))).is_err() {
            return;
        }
        if let Err(error) = result {
            let why = format!("{error}; {} bytes read and all after them were not sent", buffer.len());
            let _ = inputs.blocking_send(Input::Broken(why));
            return;
        }
        if n == 0 {
            let _ = inputs.blocking_send(Input::Eof);
            return;
        }
    }
}

/// A regular file that is read again for each peer, at its own pace.
#[derive(Clone)]
pub struct Replay {
    file: Arc<File>,
    reading: Reading,
}

impl Replay {
    /// Sends all of it and then the end of our direction.
    pub async fn send(self, link: mpsc::Sender<Vec<Event>>) {
        let Reading { framing, newline, block, limit } = self.reading;
        let mut decoder = Decoder::new(framing, newline, limit);
        let mut buffer = BytesMut::new();
        let mut at = 0;
        loop {
            let file = self.file.clone();
            let read = tokio::task::spawn_blocking(move || {
                let mut bytes = vec![0; block];
                file.read_at(&mut bytes, at).map(|n| (bytes, n))
            });
            let Ok(Ok((bytes, n))) = read.await else {
                // What is left of the file cannot be had; the peer is not to wait for it.
                let _ = link.send(vec![Event::Finish]).await;
                return;
            };
            let mut messages = Vec::new();
            buffer.extend_from_slice(&bytes[..n]);
            at += n as u64;
            let result = if n == 0 {
                decoder.finish(&mut buffer, &mut messages)
            } else {
                decoder.decode(&mut buffer, &mut messages)
            };
            if result.is_err() {
                // The transport says what it cannot say.
                let data = buffer.split().freeze();
                messages.push(Message { extent: Extent::Piece, data, ..Message::default() });
            }
            let mut events: Vec<Event> = messages.into_iter().map(Event::Message).collect();
            let over = n == 0 || result.is_err();
            if over {
                events.push(Event::Finish);
            }
            if (!events.is_empty() && link.send(events).await.is_err()) || over {
                return;
            }
        }
    }
}
