//! Who speaks: the conversation's task in its turn, and between its turns whoever has something to say at once.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use futures_util::FutureExt as _;
use tokio::io::AsyncWrite as _;
use tokio::task::unconstrained;

use super::super::stream::WriteHalf;
use super::conversation::{Answer, KEPT, Wanted};
use super::ledger::Ledger;
use crate::event::Message;
use crate::link::{Reporter, Shortcut};
use crate::step::Step;
use crate::step::ws::{Way, Ws};
use crate::ws::Role;
use crate::ws::frame::LONGEST_HEADER;
use crate::ws::speaking::{Made, Masking, Payload, Speaker};

/// Makes frames, and writes them.
pub(super) struct Voice {
    pub(super) write: WriteHalf,
    pub(super) speaker: Speaker,
    /// Frames that are to be written.
    pub(super) buffer: Vec<u8>,
    /// So much of that is written.
    written: usize,
    /// So many messages end in there.
    messages: u64,
    direction: Direction,
}

/// Whether more may be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    Open,
    /// Nothing follows a Close (RFC 6455 §5.5.1), or a failure.
    Over,
}

impl Voice {
    pub(super) fn new(write: WriteHalf, speaker: Speaker) -> Self {
        Self { write, speaker, buffer: Vec::new(), written: 0, messages: 0, direction: Direction::Open }
    }

    /// In the place of one that was given back: it says nothing to nobody.
    pub(super) fn mute() -> Self {
        Self::new(Box::new(tokio::io::sink()), Speaker::new(Role::Server, Masking::Never, None))
    }

    /// Nothing more is said.
    pub(super) fn end(&mut self) {
        self.direction = Direction::Over;
    }

    /// What is left of it, if it is large.
    pub(super) fn message(&mut self, message: &Message, desk: &Desk) -> Option<Payload> {
        desk.report.digest_said(&message.data);
        let made = self.speaker.message(message, &mut self.buffer);
        desk.ledger.said(message.data.len(), made.header.length);
        desk.note(&made);
        self.messages += 1;
        made.rest
    }

    /// Writes all that is made.
    pub(super) fn poll_flush(&mut self, report: &Reporter, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let is_nothing = self.buffer.is_empty();
        while self.written < self.buffer.len() {
            match ready!(Pin::new(&mut self.write).poll_write(cx, &self.buffer[self.written..]))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                n => {
                    report.meter().sent_unseen(n as u64);
                    self.written += n;
                }
            }
        }
        if !is_nothing {
            // TLS may hold back what the kernel had no room for.
            ready!(Pin::new(&mut self.write).poll_flush(cx))?;
        }
        self.buffer.clear();
        self.written = 0;
        report.count_said(std::mem::take(&mut self.messages));
        Poll::Ready(Ok(()))
    }
}

/// Where the voice lies while the conversation's task waits, and what belongs to it.
pub(super) struct Desk {
    /// `None`: it is somebody's turn, or all is over.
    voice: Mutex<Option<Voice>>,
    pub(super) wanted: Wanted,
    pub(super) ledger: Arc<Ledger>,
    pub(super) report: Reporter,
}

impl Desk {
    pub(super) fn new(voice: Voice, ledger: Arc<Ledger>, report: Reporter) -> Self {
        Self { voice: Mutex::new(Some(voice)), wanted: Wanted::default(), ledger, report }
    }

    fn voice(&self) -> MutexGuard<'_, Option<Voice>> {
        self.voice.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for what is next, and takes the voice with it: nobody else speaks between the two.
    pub(super) async fn turn<T>(&self, next: impl Future<Output = T>) -> (T, Option<Voice>) {
        let mut next = pin!(next);
        poll_fn(|cx| {
            let mut voice = self.voice();
            next.as_mut().poll(cx).map(|next| (next, voice.take()))
        })
        .await
    }

    /// The turn is over.
    pub(super) fn give_back(&self, voice: Voice) {
        *self.voice() = Some(voice);
    }

    /// The conversation is over.
    pub(super) fn leave(&self) -> Option<WriteHalf> {
        self.voice().take().map(|voice| voice.write)
    }

    pub(super) fn note(&self, made: &Made) {
        let Made { header, inflated, .. } = *made;
        let wire = header.size() as u64 + header.length;
        self.report.step(|| Step::Ws(Ws::Frame { way: Way::Said, header, wire, inflated }));
    }
}

impl Shortcut for Desk {
    fn say(&self, messages: &mut VecDeque<Message>, is_first: &dyn Fn() -> bool) {
        let mut place = self.voice();
        let size: usize = messages.iter().map(|message| LONGEST_HEADER + message.data.len()).sum();
        let is_small = size <= KEPT && !self.report.watch().said;
        let is_free = |voice: &Voice| voice.direction == Direction::Open && voice.buffer.is_empty();
        let voice = place.as_mut().filter(|voice| is_small && is_free(voice) && is_first());
        let Some(voice) = voice else { return };
        voice.buffer.reserve_exact(size);
        for message in messages.drain(..) {
            // So small that nothing is left of it.
            let _ = voice.message(&message, self);
        }
        // Who speaks for thousands in one turn of its task is not to be held back for that.
        let flushed = unconstrained(poll_fn(|cx| voice.poll_flush(&self.report, cx))).now_or_never();
        if !matches!(flushed, Some(Ok(()))) {
            // The task waits for room, or meets the error.
            self.wanted.end(Answer::Rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Weak;

    use bytes::Bytes;
    use futures_util::future::BoxFuture;
    use tokio::io::AsyncReadExt as _;
    use tokio::net::UnixStream;
    use tokio::sync::mpsc;

    use super::*;
    use crate::event::{Event, Peer};
    use crate::link::{self, Above, Journal, Watch};
    use crate::transport::ByteStream;
    use crate::transport::ws::{Conversation, Manners};
    use crate::ws::handshake::Agreed;

    type Way = (Weak<dyn Shortcut>, mpsc::Sender<Vec<Event>>);

    #[derive(Default)]
    struct Opened(Mutex<Option<Way>>);

    impl Above for Opened {
        fn hear(&self, _: Vec<Event>) -> BoxFuture<'_, ()> {
            std::future::ready(()).boxed()
        }

        fn opens(&self, shortcut: Weak<dyn Shortcut>, queue: mpsc::Sender<Vec<Event>>) {
            *self.0.lock().expect("ours") = Some((shortcut, queue));
        }
    }

    fn numbered(number: usize) -> Message {
        Message::binary(format!("{number:0100}").into_bytes())
    }

    /// The payloads of frames, and that of the Close.
    async fn payloads(mut stream: UnixStream) -> (Vec<Vec<u8>>, Vec<u8>) {
        let mut payloads = Vec::new();
        loop {
            let [first, length] = [stream.read_u8().await.expect("more"), stream.read_u8().await.expect("more")];
            let mut payload = vec![0; length.into()];
            stream.read_exact(&mut payload).await.expect("a payload");
            if first == 0x88 {
                return (payloads, payload);
            }
            payloads.push(payload);
        }
    }

    #[tokio::test]
    async fn what_is_said_at_once_keeps_its_order_with_what_is_queued_and_nothing_follows_a_close() {
        let (ours, theirs) = UnixStream::pair().expect("a pair");
        let conversation = Conversation {
            stream: ByteStream::Unix(ours),
            early: Bytes::new(),
            peer: Peer { remote: String::new(), local: String::new() },
            role: Role::Server,
            agreed: Agreed::default(),
            manners: Manners::new(1 << 20),
        };
        let (journal, _records) = Journal::new(Watch { heard: link::Messages::Unseen, ..Watch::default() }, None);
        let opened = Arc::new(Opened::default());
        let (carried, run) = link::carry(Box::new(conversation), &journal.open(), opened.clone());
        let running = tokio::spawn(run);
        while opened.0.lock().expect("ours").is_none() {
            tokio::task::yield_now().await;
        }
        let (shortcut, queue) = opened.0.lock().expect("ours").clone().expect("just looked");
        let say = |number| {
            let mut messages = VecDeque::from([numbered(number)]);
            let shortcut = shortcut.upgrade()?;
            shortcut.say(&mut messages, &|| queue.capacity() == queue.max_capacity());
            messages.is_empty().then_some(())
        };
        // Nobody reads, so the socket is full in the end, and what is said at once ends in the queue.
        let mut count = 0;
        while say(count).is_some() {
            count += 1;
        }
        assert!(count > 100, "most of it was said at once: {count}");
        let mut full = 0;
        while queue.try_send(vec![Event::Message(numbered(count + full))]).is_ok() {
            full += 1;
        }
        assert!(say(count + full).is_none(), "others are first");
        let read = tokio::spawn(payloads(theirs));
        carried.say(vec![Event::Message(numbered(count + full)), Event::Close { why: None }]).await.expect("taken");
        drop(carried);
        while shortcut.strong_count() > 0 {
            assert!(say(0).is_none(), "nothing is said after the Close");
            tokio::task::yield_now().await;
        }
        let _ = running.await.expect("no panic");
        let (messages, close) = read.await.expect("no panic");
        assert_eq!(close, 1000u16.to_be_bytes());
        assert!(messages.iter().eq((0..=count + full).map(|number| numbered(number).data).collect::<Vec<_>>().iter()));
    }
}
