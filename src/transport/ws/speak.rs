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
use crate::ws::speaking::{Made, Speaker};

/// One write takes at most about so many bytes of queued messages.
const LARGEST_WRITE: usize = 256 * 1024;

/// Outbox and answers → peer, until our Close. Queued batches share one write.
pub(super) async fn speak(write: &mut WriteHalf, speaker: Speaker, mut outbox: Outbox, shared: Shared<'_>) -> Spoken {
    let report = shared.report;
    let mut mouth = Mouth { speaker, buffer: Vec::new(), messages: 0, shared };
    loop {
        let mut said = Vec::new();
        let mut last = None;
        tokio::select! {
            biased;
            answer = shared.wanted.next() => last = mouth.answer(answer, &mut outbox, &mut said),
            ping = shared.pulse.due() => mouth.event(&Event::Ping(ping)),
            batch = outbox.next() => match batch {
                None => {
                    let why = shared.closing.why();
                    last = Some(Last::Close(Some(why.unwrap_or(CloseReason { code: close::NORMAL, reason: String::new() }))));
                }
                Some(mut events) => loop {
                    last = mouth.events(events, &mut said);
                    if last.is_some() || mouth.buffer.len() >= LARGEST_WRITE {
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
            mouth.close(why.as_ref());
        }
        if let Err(error) = mouth.flush(write).await {
            return Spoken::Failed(error);
        }
        report.meter().said(std::mem::take(&mut mouth.messages));
        if !said.is_empty() {
            Box::pin(report.said(said)).await;
        }
        if last.is_some() {
            return Spoken::Closed;
        }
    }
}

/// What ends our direction.
enum Last {
    Close(Option<CloseReason>),
    /// `--no-close-reply`
    Nothing,
}

/// Makes frames of what is said, for one write.
struct Mouth<'a> {
    speaker: Speaker,
    buffer: Vec<u8>,
    /// Of the messages in there, how many.
    messages: u64,
    shared: Shared<'a>,
}

impl Mouth<'_> {
    /// Events in order; what follows a Close is not said.
    fn events(&mut self, events: Vec<Event>, said: &mut Vec<Event>) -> Option<Last> {
        for event in events {
            if let Event::Close { why } = event {
                let why = why.unwrap_or(CloseReason { code: close::NORMAL, reason: String::new() });
                return Some(Last::Close(Some(why)));
            }
            self.event(&event);
            if self.shared.report.watch().said {
                said.push(event);
            }
        }
        None
    }

    fn event(&mut self, event: &Event) {
        let made = match event {
            Event::Message(message) => {
                self.shared.report.meter().digest_said(&message.data);
                let made = self.speaker.message(message, &mut self.buffer);
                self.messages += 1;
                self.shared.ledger.said(message.data.len(), made.header.length);
                made
            }
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
            Event::Finish | Event::Close { .. } => return,
        };
        self.made(made);
    }

    fn made(&self, Made { header, inflated }: Made) {
        let wire = header.size() as u64 + header.length;
        self.shared.report.step(|| Step::Ws(Ws::Frame { way: Way::Said, header, wire, inflated }));
    }

    fn answer(&mut self, answer: Answer, outbox: &mut Outbox, said: &mut Vec<Event>) -> Option<Last> {
        match answer {
            Answer::Pong(data) => {
                let made = self.speaker.pong(&data, &mut self.buffer);
                self.made(made);
                None
            }
            Answer::Close(_) if self.shared.manners.closes == Answers::Withheld => Some(Last::Nothing),
            Answer::Close(why) => {
                self.rest(outbox, said);
                Some(Last::Close(why))
            }
            Answer::Refuse(why) => {
                self.rest(outbox, said);
                Some(Last::Close(Some(why)))
            }
        }
    }

    /// What was to be said before a Close is said before it: an echo waits in the outbox.
    fn rest(&mut self, outbox: &mut Outbox, said: &mut Vec<Event>) {
        while let Some(events) = outbox.ready() {
            if self.events(events, said).is_some() {
                return;
            }
        }
    }

    fn close(&mut self, why: Option<&CloseReason>) {
        let made = self.speaker.close(why, &mut self.buffer);
        self.made(made);
    }

    async fn flush(&mut self, write: &mut WriteHalf) -> io::Result<()> {
        let mut at = 0;
        while at < self.buffer.len() {
            match write.write(&self.buffer[at..]).await? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                n => {
                    self.shared.report.meter().sent_unseen(n as u64);
                    at += n;
                }
            }
        }
        // TLS may hold back what the kernel had no room for.
        if at > 0 {
            write.flush().await?;
        }
        self.buffer.clear();
        if self.buffer.capacity() > KEPT {
            self.buffer = Vec::new();
        }
        Ok(())
    }
}
