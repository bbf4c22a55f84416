//! Outbox → frames → peer.

use std::future::poll_fn;
use std::io;

use super::Answers;
use super::conversation::{Answer, KEPT, Shared, Spoken};
use super::desk::Voice;
use crate::event::{CloseReason, Event, Message};
use crate::link::Outbox;
use crate::step::Stage;
use crate::ws::close;
use crate::ws::frame::{CONTROL_LIMIT, LONGEST_HEADER};
use crate::ws::speaking::Payload;

/// One write takes about so many bytes of queued messages, and a portion of a large one.
const WRITE: usize = 128 * 1024;

/// Outbox and answers → peer, until our Close. Queued batches share one write.
pub(super) async fn speak(mut outbox: Outbox, shared: Shared<'_>) -> Spoken {
    loop {
        // By reference: what is moved from one future into another has room in both, and ten thousand may be idle.
        let (next, voice) = shared.desk.turn(next(&mut outbox, shared)).await;
        // Whose turn it is gives the voice back, and there is no other task.
        let Some(voice) = voice else { return Spoken::Closed };
        let mut mouth = Mouth { voice, said: Vec::new(), shared };
        let spoken = match mouth.say(next, &mut outbox).await {
            Ok(None) => continue,
            Ok(Some(_)) => Spoken::Closed,
            Err(error) => Spoken::Failed(error),
        };
        mouth.voice.end();
        return spoken;
    }
}

/// What is to be said.
enum Next {
    Answer(Answer),
    Ping(Message),
    /// `None`: nothing more.
    Batch(Option<Vec<Event>>),
}

async fn next(outbox: &mut Outbox, Shared { desk, pulse, .. }: Shared<'_>) -> Next {
    tokio::select! {
        biased;
        answer = desk.wanted.next() => Next::Answer(answer),
        ping = pulse.due() => Next::Ping(ping),
        batch = outbox.next() => Next::Batch(batch),
    }
}

/// What ends our direction.
enum Last {
    Close(Option<CloseReason>),
    /// `--no-close-reply`
    Nothing,
}

/// One turn: makes frames of what is said, and writes them.
struct Mouth<'a> {
    voice: Voice,
    /// The events that are to be written, if somebody looks at them.
    said: Vec<Event>,
    shared: Shared<'a>,
}

/// Also when it is given up: the stream below is closed after it.
impl Drop for Mouth<'_> {
    fn drop(&mut self) {
        let voice = std::mem::replace(&mut self.voice, Voice::mute());
        self.shared.desk.give_back(voice);
    }
}

impl Mouth<'_> {
    async fn say(&mut self, next: Next, outbox: &mut Outbox) -> io::Result<Option<Last>> {
        let Shared { closing, desk, .. } = self.shared;
        let mut last = None;
        match next {
            Next::Answer(answer) => last = Box::pin(self.answer(answer, outbox)).await?, // boxed: few come
            Next::Ping(ping) => self.control(&Event::Ping(ping)),
            Next::Batch(None) => last = Some(Last::Close(Some(closing.why().unwrap_or_else(normal)))),
            Next::Batch(Some(mut events)) => loop {
                last = self.events(events).await?;
                if last.is_some() || self.voice.buffer.len() >= WRITE {
                    break;
                }
                match outbox.ready() {
                    Some(more) => events = more,
                    None => break,
                }
            },
        }
        if let Some(Last::Close(why)) = &last {
            desk.report.gate(Stage::Shutdown).await;
            let made = self.voice.speaker.close(why.as_ref(), &mut self.voice.buffer);
            desk.note(&made);
        }
        self.flush().await?;
        if self.voice.buffer.capacity() > KEPT {
            self.voice.buffer = Vec::new();
        }
        if !self.said.is_empty() {
            Box::pin(desk.report.said(std::mem::take(&mut self.said))).await;
        }
        Ok(last)
    }

    /// Events in order; what follows a Close is not said.
    async fn events(&mut self, events: Vec<Event>) -> io::Result<Option<Last>> {
        self.voice.buffer.reserve(events.iter().map(size).sum::<usize>().min(WRITE));
        for event in events {
            match &event {
                Event::Message(message) => {
                    if let Some(payload) = self.voice.message(message, self.shared.desk) {
                        self.payload(payload).await?;
                    }
                }
                Event::Close { why } => return Ok(Some(Last::Close(Some(why.clone().unwrap_or_else(normal))))),
                other => self.control(other),
            }
            if self.shared.desk.report.watch().said {
                self.said.push(event);
            }
            if self.voice.buffer.len() >= WRITE {
                self.flush().await?;
            }
        }
        Ok(None)
    }

    async fn payload(&mut self, mut payload: Payload) -> io::Result<()> {
        while !payload.is_over() {
            payload.portion(WRITE, &mut self.voice.buffer);
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
                self.voice.speaker.ping(data, &mut self.voice.buffer)
            }
            Event::Pong(Message { data, .. }) => self.voice.speaker.pong(data, &mut self.voice.buffer),
            Event::Wire(bytes) => {
                self.voice.buffer.extend_from_slice(&bytes.data);
                return;
            }
            // There is no half-close: our direction ends with our Close, and that is said later (RFC 6455 §5.5.1).
            Event::Finish | Event::Message(_) | Event::Order(_) | Event::Close { .. } => return,
        };
        self.shared.desk.note(&made);
    }

    async fn answer(&mut self, answer: Answer, outbox: &mut Outbox) -> io::Result<Option<Last>> {
        let why = match answer {
            Answer::Pong(data) => {
                let made = self.voice.speaker.pong(&data, &mut self.voice.buffer);
                self.shared.desk.note(&made);
                return Ok(None);
            }
            Answer::Close(_) if self.shared.manners.closes == Answers::Withheld => return Ok(Some(Last::Nothing)),
            Answer::Rest => return Ok(None),
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
        poll_fn(|cx| self.voice.poll_flush(&self.shared.desk.report, cx)).await
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
