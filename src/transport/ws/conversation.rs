//! A WebSocket under way: events become frames and frames become events, until both sides have said Close.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::ready;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::io::{AsyncRead as _, AsyncWriteExt as _, ReadBuf};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use super::super::framed::{Counted, Until};
use super::super::stream::{ReadHalf, WriteHalf};
use super::super::{ByteStream, framed};
use crate::event::{CloseReason, End, Event, Message, Outcome, Peer};
use crate::link::{CLOSE_LIMIT, Outbox, Port, Reporter, Transport};
use crate::step::ws::{Way, Ws};
use crate::step::{Stage, Step};
use crate::ws::Role;
use crate::ws::close::{self, Sense};
use crate::ws::deflate::{Deflater, Inflater, Window};
use crate::ws::handshake::Agreed;
use crate::ws::hearing::{Frames, Heard, Hearer, Refusal, Seen};
use crate::ws::speaking::{Made, Masking, Speaker};

/// One read takes at most so many bytes.
const READ: usize = 64 * 1024;
/// One write takes at most about so many bytes of queued messages.
const LARGEST_WRITE: usize = 256 * 1024;
/// A larger buffer is not kept, in bytes: ten thousand peers may be idle.
const KEPT: usize = 16 * 1024;
/// Answers that may wait to be said. Of more pings than so the last need no pong of their own (RFC 6455 §5.5.3).
const ANSWERS: usize = 64;

/// How we behave.
#[derive(Clone, Debug)]
pub struct Manners {
    /// The largest message heard, in bytes.
    pub limit: usize,
    /// Whether our payloads are masked.
    pub masking: Masking,
    /// What becomes of a Ping.
    pub pongs: Answers,
    /// What becomes of a Close.
    pub closes: Answers,
    /// How hard messages are deflated, 1 to 9.
    pub level: u32,
    /// Smaller messages are not deflated, in bytes.
    pub threshold: usize,
    /// Whether the peer is asked if it is there.
    pub pings: Option<Pings>,
}

/// Whether something is answered as the standard demands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answers {
    /// It is.
    Given,
    /// It is not, to see what the other side makes of that.
    Withheld,
}

/// Asking whether the peer is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pings {
    /// So often.
    pub every: Duration,
    /// A peer that has sent nothing for so long after a Ping is gone.
    pub patience: Option<Duration>,
}

/// A WebSocket that is open.
pub(super) struct Conversation {
    pub(super) stream: ByteStream,
    /// What came with the handshake.
    pub(super) early: Bytes,
    pub(super) peer: Peer,
    pub(super) role: Role,
    pub(super) agreed: Agreed,
    pub(super) manners: Manners,
}

impl Conversation {
    fn speaker(&self) -> Speaker {
        let (ours, _) = self.windows();
        let deflater = ours
            .filter(|window| Deflater::can(*window))
            .map(|window| (Deflater::new(window, self.manners.level), self.manners.threshold));
        Speaker::new(self.role, self.manners.masking, deflater)
    }

    fn hearer(&self, report: &Reporter) -> Hearer {
        let (_, theirs) = self.windows();
        let frames = if report.watch().steps { Frames::Watched } else { Frames::Unseen };
        Hearer::new(self.role, theirs.map(Inflater::new), self.manners.limit, frames)
    }

    /// Ours and theirs.
    fn windows(&self) -> (Option<Window>, Option<Window>) {
        let agreed = self.agreed.deflate;
        let (client, server) = (agreed.map(|agreed| agreed.client), agreed.map(|agreed| agreed.server));
        match self.role {
            Role::Client => (client, server),
            Role::Server => (server, client),
        }
    }
}

impl Transport for Conversation {
    fn peer(&self) -> &Peer {
        &self.peer
    }

    fn run(self: Box<Self>, port: Port) -> BoxFuture<'static, Outcome> {
        converse(*self, port).boxed()
    }
}

/// What the listening side wants said.
enum Answer {
    Pong(Bytes),
    /// The peer has said Close.
    Close(Option<CloseReason>),
    /// The peer broke a rule.
    Refuse(CloseReason),
}

/// How our direction ended.
enum Spoken {
    /// With our Close.
    Closed,
    /// The peer takes no more.
    Failed(io::Error),
}

/// How the peer's direction ended.
enum Listened {
    /// With its Close.
    Closed(Option<CloseReason>),
    /// Without.
    Ended,
    /// It was cut off.
    Failed(io::Error),
    /// It broke a rule.
    Refused(Refusal),
    /// We stopped hearing.
    Given,
}

async fn converse(conversation: Conversation, port: Port) -> Outcome {
    let Port { outbox, report, mut closing } = port;
    let connection = conversation.stream.connection();
    report.meter().carried_by(connection);
    let (speaker, hearer) = (conversation.speaker(), conversation.hearer(&report));
    let Conversation { stream, early, role, manners, .. } = conversation;
    let (mut read, mut write) = stream.split();
    let pulse = Pulse::new();
    let (answers, wanted) = mpsc::channel(ANSWERS);
    let talk = async {
        let speaking = speak(&mut write, speaker, outbox, wanted, &manners, &pulse, &report);
        let listening = listen(&mut read, hearer, early, &manners, answers, &pulse, &report);
        let watching = watch_over(manners.pings, &pulse, &report);
        both_ways(speaking, listening, watching, &report).await
    };
    let end = tokio::select! {
        end = talk => end,
        () = closing.overdue(&report) => End::Partial,
    };
    if matches!(end, End::Complete | End::Dismissed { .. } | End::Violation { .. } | End::Timeout { .. }) {
        // The server ends TCP first, so that TIME-WAIT is its (RFC 6455 §7.1.1).
        if role == Role::Client && !matches!(end, End::Violation { .. } | End::Timeout { .. }) {
            framed::drain(&mut read, connection, Until::Ended, &report).await;
        }
        let _ = timeout(CLOSE_LIMIT / 2, write.shutdown()).await;
        framed::drain(&mut read, connection, Until::Acknowledged, &report).await;
    }
    let (end, acknowledged) = framed::close(end, (read, write), Counted::WithOthers, connection, &report).await;
    let meter = report.meter();
    let (sent, received) = (meter.bytes_sent(), meter.bytes_received());
    Outcome { end, sent, received, acknowledged, digest: meter.digests() }
}

/// Both loops, until the end of both.
async fn both_ways(
    speaking: impl Future<Output = Spoken>,
    listening: impl Future<Output = Listened>,
    watching: impl Future<Output = Duration>,
    report: &Reporter,
) -> End {
    let mut speaking = std::pin::pin!(speaking);
    let mut listening = std::pin::pin!(listening);
    let mut watching = std::pin::pin!(watching);
    let (mut spoken, mut listened) = (None, None);
    loop {
        if matches!((&spoken, &listened), (Some(_), Some(_)) | (_, Some(Listened::Ended | Listened::Failed(_)))) {
            break;
        }
        let patience = spoken.is_some() || listened.is_some();
        let limit = async {
            if !patience || report.stepping() {
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(CLOSE_LIMIT).await;
        };
        tokio::select! {
            biased;
            ended = &mut listening, if listened.is_none() => listened = Some(ended),
            ended = &mut speaking, if spoken.is_none() => spoken = Some(ended),
            silence = &mut watching, if !patience => {
                let limit = format!("the peer has sent nothing since a ping {silence:?} ago (--ping-timeout)");
                return End::Timeout { limit };
            }
            () = limit => {
                listened.get_or_insert(Listened::Given);
                break;
            }
        }
    }
    end(spoken, listened.unwrap_or(Listened::Given), report)
}

fn end(spoken: Option<Spoken>, listened: Listened, report: &Reporter) -> End {
    let closed = matches!(spoken, Some(Spoken::Closed));
    match (spoken, listened) {
        (_, Listened::Refused(Refusal { what, hint, .. })) => End::Violation { what, hint },
        (_, Listened::Closed(Some(why))) if close::sense(why.code) == Sense::Refused => End::Dismissed { why },
        (_, Listened::Closed(_)) => End::Complete,
        // It owed us no more than its own Close.
        (_, Listened::Ended | Listened::Given) if closed => End::Complete,
        (_, Listened::Failed(error)) if closed && error.kind() == io::ErrorKind::ConnectionReset => End::Complete,
        (_, Listened::Failed(error)) | (Some(Spoken::Failed(error)), Listened::Given) => framed::failed(&error, report),
        (_, Listened::Ended) => End::Unclosed,
        (_, Listened::Given) => End::Partial,
    }
}

/// Outbox and answers → peer, until our Close. Queued batches share one write.
async fn speak(
    write: &mut WriteHalf,
    speaker: Speaker,
    mut outbox: Outbox,
    mut wanted: mpsc::Receiver<Answer>,
    manners: &Manners,
    pulse: &Pulse,
    report: &Reporter,
) -> Spoken {
    let mut mouth = Mouth { speaker, buffer: Vec::new(), pulse, report };
    loop {
        let mut said = Vec::new();
        let mut last = None;
        tokio::select! {
            biased;
            Some(answer) = wanted.recv() => last = mouth.answer(answer, manners, &mut outbox, &mut said),
            ping = pulse.due() => mouth.event(&Event::Ping(ping)),
            batch = outbox.next() => match batch {
                None => last = Some(Last::Close(Some(CloseReason { code: close::NORMAL, reason: String::new() }))),
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
        let messages = said.iter().filter(|event| matches!(event, Event::Message(_))).count();
        report.meter().said(messages as u64);
        report.said(said).await;
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
    pulse: &'a Pulse,
    report: &'a Reporter,
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
            said.push(event);
        }
        None
    }

    fn event(&mut self, event: &Event) {
        let made = match event {
            Event::Message(message) => self.speaker.message(message, &mut self.buffer),
            Event::Ping(Message { data, .. }) => {
                self.pulse.asked(data);
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
        self.report.step(|| Step::Ws(Ws::Frame { way: Way::Said, header, wire, inflated }));
    }

    fn answer(
        &mut self,
        answer: Answer,
        manners: &Manners,
        outbox: &mut Outbox,
        said: &mut Vec<Event>,
    ) -> Option<Last> {
        match answer {
            Answer::Pong(data) => {
                let made = self.speaker.pong(&data, &mut self.buffer);
                self.made(made);
                None
            }
            Answer::Close(_) if manners.closes == Answers::Withheld => Some(Last::Nothing),
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
                    self.report.meter().sent(&self.buffer[at..at + n]);
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

thread_local! {
    /// Where one read goes, on its way to one hearer: idle connections need no buffers of their own.
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; READ]);
}

/// Peer → reporter, until its Close.
async fn listen(
    read: &mut ReadHalf,
    mut hearer: Hearer,
    early: Bytes,
    manners: &Manners,
    answers: mpsc::Sender<Answer>,
    pulse: &Pulse,
    report: &Reporter,
) -> Listened {
    let mut heard = Vec::new();
    let mut early = Some(BytesMut::from(early)).filter(|early| !early.is_empty());
    loop {
        let taken = match early.take() {
            Some(mut early) => {
                report.meter().received(&early);
                Ok((early.len(), hearer.hear(&mut early, &mut heard)))
            }
            None => {
                poll_fn(|cx| {
                    SCRATCH.with_borrow_mut(|scratch| {
                        let mut buffer = ReadBuf::new(scratch);
                        ready!(Pin::new(&mut *read).poll_read(cx, &mut buffer))?;
                        let bytes = buffer.filled_mut();
                        report.meter().received(bytes);
                        let n = bytes.len();
                        std::task::Poll::Ready(io::Result::Ok((n, hearer.hear(bytes, &mut heard))))
                    })
                })
                .await
            }
        };
        let (n, result) = match taken {
            Ok(taken) => taken,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Listened::Ended, // TLS without its end
            Err(error) => return Listened::Failed(error),
        };
        pulse.beat();
        let mut closed = None;
        let mut events = Vec::with_capacity(heard.len());
        for heard in heard.drain(..) {
            let event = match heard {
                Heard::Frame(Seen { header, inflated }) => {
                    let wire = header.size() as u64 + header.length;
                    report.step(|| Step::Ws(Ws::Frame { way: Way::Heard, header, wire, inflated }));
                    continue;
                }
                Heard::Event(event) => event,
            };
            match &event {
                Event::Ping(ping) if manners.pongs == Answers::Given => {
                    let _ = answers.try_send(Answer::Pong(ping.data.clone()));
                }
                Event::Pong(pong) => {
                    if let Some(took_ns) = pulse.answered(&pong.data) {
                        report.step(|| Step::Ws(Ws::RoundTrip { took_ns }));
                    }
                }
                Event::Close { why } => closed = Some(why.clone()),
                _ => {}
            }
            events.push(event);
        }
        if heard.capacity() * size_of::<Heard>() > KEPT {
            heard = Vec::new();
        }
        if !events.is_empty() {
            report.heard(events).await;
        }
        if let Some(why) = closed {
            let _ = answers.send(Answer::Close(why.clone())).await;
            return Listened::Closed(why);
        }
        if let Err(refusal) = result {
            report.step(|| Step::Ws(Ws::Refused { why: refusal.what.clone() }));
            let why = CloseReason { code: refusal.code, reason: refusal.what.clone() };
            let _ = answers.send(Answer::Refuse(why)).await;
            return Listened::Refused(refusal);
        }
        if n == 0 {
            report.step(|| Step::EndOfStream);
            return Listened::Ended;
        }
    }
}

/// Whether the peer lives.
struct Pulse {
    state: Mutex<Beats>,
    ping: tokio::sync::Notify,
}

struct Beats {
    last: Instant,
    /// The Ping that waits for its Pong.
    asked: Option<(Bytes, Instant)>,
    /// Numbers our own.
    count: u64,
}

impl Pulse {
    fn new() -> Self {
        let state = Beats { last: Instant::now(), asked: None, count: 0 };
        Self { state: Mutex::new(state), ping: tokio::sync::Notify::new() }
    }

    fn state(&self) -> MutexGuard<'_, Beats> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something has come.
    fn beat(&self) {
        self.state().last = Instant::now();
    }

    /// A Ping goes out.
    fn asked(&self, payload: &Bytes) {
        self.state().asked = Some((payload.clone(), Instant::now()));
    }

    /// How long that took, if it is the answer to the last Ping.
    fn answered(&self, payload: &Bytes) -> Option<u64> {
        let (_, since) = self.state().asked.take_if(|(asked, _)| asked == payload)?;
        Some(u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }

    /// A Ping that is to be said now. Cancel-safe.
    async fn due(&self) -> Message {
        self.ping.notified().await;
        let mut state = self.state();
        state.count += 1;
        Message::binary(format!("sockeye {}", state.count).into_bytes())
    }
}

/// Has pings said, and returns when the peer has not moved for too long after one. Any byte counts as life.
async fn watch_over(pings: Option<Pings>, pulse: &Pulse, report: &Reporter) -> Duration {
    let Some(Pings { every, patience }) = pings else { return std::future::pending().await };
    loop {
        tokio::time::sleep(every).await;
        let asked = Instant::now();
        pulse.ping.notify_one();
        let Some(patience) = patience.filter(|_| !report.stepping()) else { continue };
        tokio::time::sleep(patience).await;
        if pulse.state().last < asked {
            return patience;
        }
    }
}
