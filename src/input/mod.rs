//! What the user, or the script, says: one channel of it, whatever it comes from.

mod events;

use std::collections::VecDeque;
use std::io;
use std::thread;
use std::time::Instant;

use bytes::BytesMut;
use tokio::sync::mpsc;

use crate::cli::Newline;
use crate::event::{ConnId, Event, Extent, Kind as MessageKind, Message};
use crate::exit::words;
use crate::frame::{Decoder, Framing};
use crate::traffic::pace::Limits;
use crate::traffic::source::{Original, Supply};

/// One thing that came from stdin or from the prompt.
#[derive(Debug)]
pub enum Input {
    /// What was framed out of stdin, in order.
    Said(Vec<Event>),
    /// A line typed at the prompt, without its end; it may be a command.
    Line(String),
    /// Why stdin cannot be framed or read any further, in words.
    Broken(String),
    /// The end of stdin, or Ctrl-D.
    Eof,
}

/// Batches of input that may wait for the session.
const WAITING: usize = 4;

/// How stdin, or what is read instead, becomes messages.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// Where a message ends.
    pub framing: Framing,
    /// It ends after so many bytes instead, whatever the framing.
    pub message_size: Option<usize>,
    /// What the ends of lines in it are.
    pub newline: Newline,
    /// The most that one read returns, in bytes; with `chunks`, the largest message.
    pub block: usize,
    /// The largest message of other framings, in bytes.
    pub limit: usize,
    /// How fast they are said.
    pub pace: Limits,
    /// Which are text, where the protocol tells.
    pub kinds: Kinds,
}

/// What the messages of input are: which are text, where the protocol tells text from binary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kinds {
    /// As they come.
    #[default]
    Told,
    /// What is UTF-8 is text.
    Seen,
    /// All are text, and must be UTF-8.
    Text,
    /// All are binary.
    Binary,
    /// Each is an event in JSON.
    Events,
}

impl Kinds {
    /// The events that say these messages; what is no text is binary.
    pub(crate) fn lenient(self, messages: Vec<Message>) -> Vec<Event> {
        let seen = if self == Self::Text { Self::Seen } else { self };
        seen.events(messages).unwrap_or_default()
    }

    /// The events that say these messages; why not, if one cannot be said.
    fn events(self, messages: Vec<Message>) -> Result<Vec<Event>, String> {
        let mut events = Vec::with_capacity(messages.len());
        for message in messages {
            let kind = match self {
                Self::Events => {
                    events.extend(events::read(&message.data)?);
                    continue;
                }
                Self::Told => message.kind,
                Self::Binary => MessageKind::Binary,
                Self::Seen | Self::Text => match std::str::from_utf8(&message.data) {
                    Ok(_) => MessageKind::Text,
                    Err(_) if self == Self::Seen => MessageKind::Binary,
                    Err(error) => {
                        return Err(format!("a message is no text: byte {} is not UTF-8", error.valid_up_to() + 1));
                    }
                },
            };
            events.push(Event::Message(Message { kind, ..message }));
        }
        Ok(events)
    }
}

impl Reading {
    fn decoder(&self) -> Decoder {
        match self.message_size {
            Some(size) => Decoder::of_size(size),
            None => Decoder::new(self.framing, self.newline, self.limit),
        }
    }
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

    /// stdin, or what is read instead, framed, by a thread of its own: a read that blocks cannot be cancelled.
    #[must_use]
    pub fn read(name: String, supply: Supply, reading: Reading) -> Self {
        let kind = if supply.is_terminal() { Kind::Terminal } else { Kind::Stream };
        let start = move |sender| {
            thread::Builder::new()
                .name("input".to_owned())
                .spawn(move || read(&name, supply, reading, &sender))
                .map(drop)
        };
        Self::new(kind, Some(Box::new(start)), None)
    }

    /// Lines that a person types. `peers` is told who can be named in commands.
    #[must_use]
    pub fn prompt(start: Start, peers: Audience) -> Self {
        Self::new(Kind::Terminal, Some(start), Some(peers))
    }

    /// What each peer gets from its start.
    #[must_use]
    pub fn replayed(original: Original, reading: Reading) -> Self {
        Self::new(Kind::Replay(Replay { original, reading }), None, None)
    }

    /// Begins to read, the first time it is called.
    pub fn start(&mut self) {
        let Some((start, sender)) = self.start.take() else { return };
        if let Err(error) = start(sender.clone()) {
            // The channel is new, so there is room.
            let _ = sender.try_send(Input::Broken(format!("read the input: {}", words(&error))));
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
fn read(name: &str, mut supply: Supply, reading: Reading, inputs: &mpsc::Sender<Input>) {
    let mut decoder = reading.decoder();
    let mut pace = reading.pace.start(Instant::now());
    let mut block = vec![0; reading.block];
    let mut buffer = BytesMut::new();
    let mut messages = Vec::new();
    loop {
        let (n, result) = match supply.read(&mut block) {
            Ok(0) => (0, decoder.finish(&mut buffer, &mut messages)),
            Ok(n) => {
                // A long message needs one allocation, and is not moved while it grows.
                buffer.reserve(decoder.missing(&buffer).max(n));
                buffer.extend_from_slice(&block[..n]);
                (n, decoder.decode(&mut buffer, &mut messages))
            }
            Err(error) => {
                let _ = inputs.blocking_send(Input::Broken(format!("{name}: {}", words(&error))));
                return;
            }
        };
        let mut waiting = VecDeque::from(std::mem::take(&mut messages));
        while !waiting.is_empty() {
            let due = pace.due(&mut waiting, Instant::now());
            let due = match reading.kinds.events(due) {
                Ok(due) => due,
                Err(why) => {
                    let why = format!("{name}: {why}; it and all after it were not sent");
                    let _ = inputs.blocking_send(Input::Broken(why));
                    return;
                }
            };
            if !due.is_empty() && inputs.blocking_send(Input::Said(due)).is_err() {
                return;
            }
            if !waiting.is_empty() {
                thread::sleep(pace.wait(Instant::now()));
            }
        }
        if let Err(error) = result {
            let why = format!("{name}: {error}; {} bytes read and all after them were not sent", buffer.len());
            let _ = inputs.blocking_send(Input::Broken(why));
            return;
        }
        if n == 0 {
            let _ = inputs.blocking_send(Input::Eof);
            return;
        }
    }
}

/// A source that is read again for each peer, at its own pace.
#[derive(Clone)]
pub struct Replay {
    original: Original,
    reading: Reading,
}

impl Replay {
    /// Sends all of it and then the end of our direction.
    pub async fn send(self, link: mpsc::Sender<Vec<Event>>) {
        let mut decoder = self.reading.decoder();
        let mut pace = self.reading.pace.start(Instant::now());
        let mut supply = self.original.copy();
        let mut block = vec![0; self.reading.block];
        let mut buffer = BytesMut::new();
        loop {
            let read = tokio::task::spawn_blocking(move || {
                let n = supply.read(&mut block);
                (n, block, supply)
            });
            let Ok((Ok(n), same_block, same_supply)) = read.await else {
                // What is left of the file cannot be had; the peer is not to wait for it.
                let _ = link.send(vec![Event::Finish]).await;
                return;
            };
            (block, supply) = (same_block, same_supply);
            let mut messages = Vec::new();
            buffer.extend_from_slice(&block[..n]);
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
            let mut waiting = VecDeque::from(messages);
            while !waiting.is_empty() {
                let due = pace.due(&mut waiting, Instant::now());
                // What is no text ends it, as what cannot be read does.
                let Ok(due) = self.reading.kinds.events(due) else {
                    let _ = link.send(vec![Event::Finish]).await;
                    return;
                };
                if !due.is_empty() && link.send(due).await.is_err() {
                    return;
                }
                if !waiting.is_empty() {
                    tokio::time::sleep(pace.wait(Instant::now())).await;
                }
            }
            if n == 0 || result.is_err() {
                let _ = link.send(vec![Event::Finish]).await;
                return;
            }
        }
    }
}
