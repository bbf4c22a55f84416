//! What the user, or the script, says: one channel of it, whatever it comes from.

mod events;
mod kinds;

use std::collections::VecDeque;
use std::io;
use std::thread;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use tokio::sync::mpsc;

use crate::cli::Newline;
use crate::event::{ConnId, Event, Message};
use crate::exit::words;
use crate::frame::{Decoder, FrameError, Framing};
use crate::traffic::pace::{Limits, Pace};
use crate::traffic::source::{Original, Supply};
pub use kinds::Kinds;
use kinds::Teller;

/// One thing that came from stdin or from the prompt.
#[derive(Debug)]
pub enum Input {
    /// What was framed out of stdin, in order.
    Said(Vec<Event>),
    /// A line typed at the prompt, without its end; it may be a command.
    Line(String),
    /// Lines that were put in at once, and not typed one by one.
    Pasted(String),
    /// Nothing more can be said of stdin, after all that was said before.
    Broken(Broken),
    /// The end of stdin, or Ctrl-D.
    Eof,
}

/// Why input cannot be read, framed or said any further.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// One line: `stdin: line 3: byte 2 is not UTF-8; it and all after it were not sent`
    pub why: String,
    /// What can be done about it.
    pub hint: Option<&'static str>,
}

impl Broken {
    /// Without a remedy.
    pub fn new(why: impl Into<String>) -> Self {
        Self { why: why.into(), hint: None }
    }

    fn hint(self, hint: &'static str) -> Self {
        Self { hint: Some(hint), ..self }
    }

    /// It happened to this input.
    fn of(self, name: &str) -> Self {
        Self { why: format!("{name}: {}", self.why), ..self }
    }

    fn unreadable(error: &io::Error, unsent: usize) -> Self {
        let lost = if unsent > 0 { format!("; {unsent} bytes read were not sent") } else { String::new() };
        Self::new(words(error) + &lost)
    }

    fn unframed(error: &FrameError, unsent: usize) -> Self {
        let hint = match error {
            FrameError::TooLong { .. } => "a larger --max-message takes it",
            _ => "--framing chunks sends any bytes as they are",
        };
        Self::new(format!("{error}; {unsent} bytes read and all after them were not sent")).hint(hint)
    }
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
    pub fn replayed(name: String, original: Original, reading: Reading) -> Self {
        Self::new(Kind::Replay(Replay { name, original, reading }), None, None)
    }

    /// Begins to read, the first time it is called.
    pub fn start(&mut self) {
        let Some((start, sender)) = self.start.take() else { return };
        if let Err(error) = start(sender.clone()) {
            // The channel is new, so there is room.
            let _ = sender.try_send(Input::Broken(Broken::unreadable(&error, 0).of("read the input")));
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
fn read(name: &str, supply: Supply, reading: Reading, inputs: &mpsc::Sender<Input>) {
    let last = match read_all(supply, reading, |said| inputs.blocking_send(Input::Said(said)).is_ok()) {
        Ok(()) => Input::Eof,
        Err(broken) => Input::Broken(broken.of(name)),
    };
    // Fails only when nobody listens any more.
    let _ = inputs.blocking_send(last);
}

/// Hands over what is said as it becomes due, until the end, an error, or nobody wants more.
fn read_all(mut supply: Supply, reading: Reading, mut say: impl FnMut(Vec<Event>) -> bool) -> Result<(), Broken> {
    let mut script = Script::new(reading);
    let mut block = vec![0; reading.block];
    loop {
        let read = supply.read(&mut block).map_err(|error| Broken::unreadable(&error, script.buffer.len()))?;
        let mut broken = script.take(&block[..read]).err();
        while let Some(wait) = script.wait() {
            thread::sleep(wait);
            let (said, result) = script.due();
            if !said.is_empty() && !say(said) {
                return Ok(());
            }
            if let Err(bad) = result {
                broken = Some(bad);
                break;
            }
        }
        match broken {
            Some(broken) => return Err(broken),
            None if read == 0 => return Ok(()),
            None => {}
        }
    }
}

/// What was read and is still to be said: framed, told, and paced. Neither reads nor waits.
struct Script {
    decoder: Decoder,
    teller: Teller,
    pace: Pace,
    buffer: BytesMut,
    waiting: VecDeque<Message>,
}

impl Script {
    fn new(reading: Reading) -> Self {
        Self {
            decoder: reading.decoder(),
            teller: Teller::new(&reading),
            pace: reading.pace.start(Instant::now()),
            buffer: BytesMut::new(),
            waiting: VecDeque::new(),
        }
    }

    /// Takes what one read returned; nothing is the end. After an error the messages before it still wait.
    fn take(&mut self, read: &[u8]) -> Result<(), Broken> {
        let mut messages = Vec::new();
        let result = if read.is_empty() {
            self.decoder.finish(&mut self.buffer, &mut messages)
        } else {
            // A long message needs one allocation, and is not moved while it grows.
            self.buffer.reserve(self.decoder.missing(&self.buffer).max(read.len()));
            self.buffer.extend_from_slice(read);
            self.decoder.decode(&mut self.buffer, &mut messages)
        };
        self.waiting.extend(messages);
        result.map_err(|error| Broken::unframed(&error, self.buffer.len()))
    }

    /// How long the next message has to wait; `None` if none is left.
    fn wait(&self) -> Option<Duration> {
        (!self.waiting.is_empty()).then(|| self.pace.wait(Instant::now()))
    }

    /// What may be said now, and why no more can be.
    fn due(&mut self) -> (Vec<Event>, Result<(), Broken>) {
        let mut said = Vec::new();
        let due = self.pace.due(&mut self.waiting, Instant::now());
        let result = self.teller.tell(due, &mut said);
        (said, result)
    }
}

/// A source that is read again for each peer, at its own pace.
#[derive(Clone)]
pub struct Replay {
    name: String,
    original: Original,
    reading: Reading,
}

impl Replay {
    /// Sends all of it, or what comes before something broken.
    pub async fn send(self, link: &mpsc::Sender<Vec<Event>>) -> Result<(), Broken> {
        self.send_all(link).await.map_err(|broken| broken.of(&self.name))
    }

    async fn send_all(&self, link: &mpsc::Sender<Vec<Event>>) -> Result<(), Broken> {
        let mut script = Script::new(self.reading);
        let mut supply = self.original.copy();
        let mut block = vec![0; self.reading.block];
        loop {
            let read = tokio::task::spawn_blocking(move || {
                let n = supply.read(&mut block);
                (n, block, supply)
            });
            let (n, same_block, same_supply) = read.await.map_err(|error| Broken::new(format!("read: {error}")))?;
            (block, supply) = (same_block, same_supply);
            let n = n.map_err(|error| Broken::unreadable(&error, script.buffer.len()))?;
            let mut broken = script.take(&block[..n]).err();
            while let Some(wait) = script.wait() {
                if !wait.is_zero() {
                    tokio::time::sleep(wait).await;
                }
                let (said, result) = script.due();
                if !said.is_empty() && link.send(said).await.is_err() {
                    return Ok(());
                }
                if let Err(bad) = result {
                    broken = Some(bad);
                    break;
                }
            }
            match broken {
                Some(broken) => return Err(broken),
                None if n == 0 => return Ok(()),
                None => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// All that a script says of these reads and the end, and why no more.
    fn said(framing: Framing, kinds: Kinds, reads: &[&[u8]]) -> (Vec<Event>, Result<(), Broken>) {
        let (newline, pace) = (Newline::AsIs, Limits::default());
        let reading = Reading { framing, message_size: None, newline, block: 1, limit: 1000, pace, kinds };
        let mut script = Script::new(reading);
        let mut all = Vec::new();
        for read in reads.iter().copied().chain([&b""[..]]) {
            let taken = script.take(read);
            while script.wait().is_some() {
                let (said, told) = script.due();
                all.extend(said);
                if told.is_err() {
                    return (all, told);
                }
            }
            if taken.is_err() {
                return (all, taken);
            }
        }
        (all, Ok(()))
    }

    #[test]
    fn what_cannot_be_framed_leaves_what_comes_before_it() {
        let tagged = |bytes: &[u8]| said(Framing::Tagged, Kinds::Told, &[bytes]);
        let (all, result) = tagged(b"t\0\0\0\x01ax");
        assert_eq!(all, [Event::Message(Message::text("a"))]);
        let broken = result.expect_err("no tag");
        assert!(broken.why.ends_with("; 1 bytes read and all after them were not sent"), "{}", broken.why);
        let (_, result) = tagged(b"b\xff\xff\xff\xff");
        assert_eq!(result.expect_err("too long").hint, Some("a larger --max-message takes it"));
    }

    /// A line that is good, and the text that it says.
    fn good() -> impl Strategy<Value = String> {
        "[a-z\u{e9}\u{1f300}]{0,12}"
    }

    proptest! {
        #[test]
        fn all_that_is_good_before_a_bad_line_is_said(
            lines in vec(good(), 0..8),
            after in vec(good(), 0..3),
            events in any::<bool>(),
            size in 1..200_usize,
        ) {
            let line = |text: &String| if events { format!("{}\n", serde_json::json!({ "text": text })) } else { format!("{text}\n") };
            let kinds = if events { Kinds::Events } else { Kinds::Text };
            let mut bytes: Vec<u8> = lines.iter().flat_map(|text| line(text).into_bytes()).collect();
            bytes.extend_from_slice(b"a\xff\n");
            bytes.extend(after.iter().flat_map(|text| line(text).into_bytes()));
            let reads: Vec<&[u8]> = bytes.chunks(size).collect();
            let (all, result) = said(Framing::Lines, kinds, &reads);
            let expected: Vec<Event> = lines.iter().map(|text| Event::Message(Message::text(text.clone()))).collect();
            prop_assert_eq!(all, expected);
            let broken = result.expect_err("a bad line");
            prop_assert!(broken.why.starts_with(&format!("line {}: ", lines.len() + 1)), "{}", broken.why);
        }
    }
}
