//! Outbox → frames → peer.

use std::io;

use tokio::io::AsyncWriteExt as _;

use super::super::stream::WriteHalf;
use super::Answers;
use super::conversation::{Answer, KEPT, Shared, Spoken};
use crate::event::{CloseReason, Event, Message};
use crate::link::Outbox;
use crate::step::ws::{Way, Ws};
use crate::step::{Stage, Step};
use crate::ws::close;
use crate::ws::frame::{CONTROL_LIMIT, LONGEST_HEADER};
use crate::ws::speaking::{Made, Payload, Speaker};

/// One write takes about so many bytes of queued messages, and a portion of a large one.
const WRITE: usize = 128 * 1024;

/// Outbox and answers → peer, until our Close. Queued batches share one write.
pub(super) async fn speak(write: &mut WriteHalf, speaker: Speaker, mut outbox: Outbox, shared: Shared<'_>) -> Spoken {
    let mut mouth = Mouth { write, speaker, buffer: Vec::new(), messages: 0, said: Vec::new(), shared };
    // By reference: what is moved from one future into another has room in both, and ten thousand may be idle.
    match mouth.speak(&mut outbox).await {
        Ok(()) => Spoken::Closed,
        Err(error) => Spoken::Failed(error),
    }
}

/// What ends our direction.
enum Last {
    Close(Option<CloseReason>),
    /// `--no-close-reply`
    Nothing,
}

/// Makes frames of what is said, and writes them.
struct Mouth<'a> {
    write: &'a mut WriteHalf,
    speaker: Speaker,
    /// Frames that are to be written.
    buffer: Vec<u8>,
    /// So many messages end in there.
    messages: u64,
    /// The events in there, if somebody looks at them.
    said: Vec<Event>,
    shared: Shared<'a>,
}

impl Mouth<'_> {
    async fn speak(&mut self, outbox: &mut Outbox) -> io::Result<()> {
        let Shared { wanted, pulse, closing, report, .. } = self.shared;
        loop {
            let mut last = None;
            tokio::select! {
                biased;
                answer = wanted.next() => last = Box::pin(self.answer(answer, outbox)).await?, // boxed: few come
                ping = pulse.due() => self.control(&Event::Ping(ping)),
                batch = outbox.next() => match batch {
                    None => last = Some(Last::Close(Some(closing.why().unwrap_or_else(normal)))),
                    Some(mut events) => loop {
                        last = self.events(events).await?;
                        if last.is_some() || self.buffer.len() >= WRITE {
                            break;
                        }
                        match outbox.ready() {
                            Some(more) => events = more,
                            None => break,
                        }
                    },
                },
            }
            if let Some(Last::Close(why)) = &last {
                report.gate(Stage::Shutdown).await;
                let made = self.speaker.close(why.as_ref(), &mut self.buffer);
                self.note(&made);
            }
            self.flush().await?;
            if self.buffer.capacity() > KEPT {
                self.buffer = Vec::new();
            }
            if !self.said.is_empty() {
                Box::pin(report.said(std::mem::take(&mut self.said))).await;
            }
            if last.is_some() {
                return Ok(());
            }
        }
    }

    /// Events in order; what follows a Close is not said.
    async fn events(&mut self, events: Vec<Event>) -> io::Result<Option<Last>> {
        self.buffer.reserve(events.iter().map(size).sum::<usize>().min(WRITE));
        for event in events {
            match &event {
                Event::Message(message) => {
                    if let Some(payload) = self.message(message) {
                        self.payload(payload).await?;
                    }
                    self.messages += 1;
                }
                Event::Close { why } => return Ok(Some(Last::Close(Some(why.clone().unwrap_or_else(normal))))),
                other => self.control(other),
            }
            if self.shared.report.watch().said {
                self.said.push(event);
            }
            if self.buffer.len() >= WRITE {
                self.flush().await?;
            }
        }
        Ok(None)
    }

    /// What is left of it, if it is large.
    fn message(&mut self, message: &Message) -> Option<Payload> {
        self.shared.report.digest_said(&message.data);
        let made = self.speaker.message(message, &mut self.buffer);
        self.shared.ledger.said(message.data.len(), made.header.length);
        self.note(&made);
        made.rest
    }

    async fn payload(&mut self, mut payload: Payload) -> io::Result<()> {
        while !payload.is_over() {
            payload.portion(WRITE, &mut self.buffer);
            if !payload.is_over() {
                self.flush().await?;
            }
        }
        Ok(())
    }

    fn control(&mut self, event: &Event) {
        let made = match event {
            Event::Ping(Message { data, .. }) => {
                self.shared.pulse.asked(data);
                self.speaker.ping(data, &mut self.buffer)
            }
            Event::Pong(Message { data, .. }) => self.speaker.pong(data, &mut self.buffer),
            Event::Wire(bytes) => {
                self.buffer.extend_from_slice(&bytes.data);
                return;
            }
            // There is no half-close: our direction ends with our Close, and that is said later (RFC 6455 §5.5.1).
            Event::Finish | Event::Message(_) | Event::Order(_) | Event::Close { .. } => return,
        };
        self.note(&made);
    }

    fn note(&self, made: &Made) {
        let Made { header, inflated, .. } = *made;
        let wire = header.size() as u64 + header.length;
        self.shared.report.step(|| Step::Ws(Ws::Frame { way: Way::Said, header, wire, inflated }));
    }

    async fn answer(&mut self, answer: Answer, outbox: &mut Outbox) -> io::Result<Option<Last>> {
        let why = match answer {
            Answer::Pong(data) => {
                let made = self.speaker.pong(&data, &mut self.buffer);
                self.note(&made);
                return Ok(None);
            }
            Answer::Close(_) if self.shared.manners.closes == Answers::Withheld => return Ok(Some(Last::Nothing)),
            Answer::Close(why) => why,
            Answer::Refuse(why) => Some(why),
        };
        // What was to be said before a Close is said before it: an echo waits in the outbox.
        while let Some(events) = outbox.ready() {
            if self.events(events).await?.is_some() {
                break;
            }
        }
        Ok(Some(Last::Close(why)))
    }

    async fn flush(&mut self) -> io::Result<()> {
        let mut at = 0;
        while at < self.buffer.len() {
            match self.write.write(&self.buffer[at..]).await? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                n => {
                    self.shared.report.meter().sent_unseen(n as u64);
                    at += n;
                }
            }
        }
        // TLS may hold back what the kernel had no room for.
        if at > 0 {
            self.write.flush().await?;
        }
        self.buffer.clear();
        self.shared.report.count_said(std::mem::take(&mut self.messages));
        Ok(())
    }
}

/// About the size of its frame.
fn size(event: &Event) -> usize {
    match event {
        Event::Message(message) => LONGEST_HEADER + message.data.len(),
        _ => LONGEST_HEADER + CONTROL_LIMIT,
    }
}

fn normal() -> CloseReason {
    CloseReason { code: close::NORMAL, reason: String::new() }
}
