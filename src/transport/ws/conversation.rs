//! A WebSocket under way: events become frames and frames become events, until both sides have said Close.

use std::collections::VecDeque;
use std::io;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::Notify;
use tokio::time::timeout;

use super::super::framed::{Counted, Until};
use super::super::kernel::{Connection, Opener};
use super::super::stream::{ReadHalf, WriteHalf};
use super::super::{ByteStream, framed, goodbye};
use super::desk::{Desk, Voice};
use super::ledger::Ledger;
use super::listen::listen;
use super::pulse::{Pulse, watch_over};
use super::speak::speak;
use crate::event::{CloseReason, End, Outcome, Peer};
use crate::link::{CLOSE_LIMIT, Closing, Port, Reporter, Transport};
use crate::ws::Role;
use crate::ws::close::{self, Sense};
use crate::ws::deflate::{Deflater, Inflater, Window};
use crate::ws::extension::Config;
use crate::ws::handshake::Agreed;
use crate::ws::hearing::{Frames, Hearer, Refusal};
use crate::ws::speaking::{Masking, Speaker};

/// A larger buffer is not kept, in bytes: ten thousand peers may be idle.
pub(super) const KEPT: usize = 16 * 1024;
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

impl Manners {
    /// By the rules, and with the rest as it mostly is.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        let Config { level, threshold, .. } = Config::default();
        Self {
            limit,
            masking: Masking::ByRole,
            pongs: Answers::Given,
            closes: Answers::Given,
            level,
            threshold,
            pings: None,
        }
    }
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
        converse(self, port).boxed()
    }

    fn dismiss(self: Box<Self>, why: CloseReason) -> BoxFuture<'static, ()> {
        let (mut speaker, mut stream, mut close) = (self.speaker(), self.stream, Vec::new());
        let _ = speaker.close(Some(&why), &mut close);
        async move {
            // Whoever does not take it is gone, or is not served anyway.
            let _ = timeout(CLOSE_LIMIT, stream.write_all(&close)).await;
            goodbye::part(stream).await;
        }
        .boxed()
    }
}

/// What both directions need.
#[derive(Clone, Copy)]
pub(super) struct Shared<'a> {
    pub(super) manners: &'a Manners,
    pub(super) pulse: &'a Pulse,
    pub(super) closing: &'a Closing,
    pub(super) desk: &'a Desk,
}

/// What the listening side wants said.
pub(super) enum Answer {
    Pong(Bytes),
    /// The peer has said Close.
    Close(Option<CloseReason>),
    /// The peer broke a rule.
    Refuse(CloseReason),
    /// Some of what was said at once is not written yet.
    Rest,
}

/// What the listening side wants said, in order.
#[derive(Default)]
pub(super) struct Wanted {
    queue: Mutex<VecDeque<Answer>>,
    more: Notify,
}

impl Wanted {
    /// A pong; of too many that wait the new ones are left out.
    pub(super) fn offer(&self, data: Bytes) {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.len() < ANSWERS {
            queue.push_back(Answer::Pong(data));
            self.more.notify_one();
        }
    }

    /// What ends our direction.
    pub(super) fn end(&self, answer: Answer) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).push_back(answer);
        self.more.notify_one();
    }

    /// The next. Cancel-safe.
    pub(super) async fn next(&self) -> Answer {
        loop {
            if let Some(answer) = self.queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front() {
                return answer;
            }
            self.more.notified().await;
        }
    }
}

/// How our direction ended.
pub(super) enum Spoken {
    /// With our Close.
    Closed,
    /// The peer takes no more.
    Failed(io::Error),
}

/// How the peer's direction ended.
pub(super) enum Listened {
    /// With its Close.
    Closed(Option<CloseReason>),
    /// With the answer to ours.
    Answered,
    /// Without.
    Ended,
    /// It was cut off.
    Failed(io::Error),
    /// It broke a rule.
    Refused(Refusal),
    /// We stopped hearing.
    Given,
}

async fn converse(conversation: Box<Conversation>, port: Port) -> Outcome {
    let Port { outbox, report, mut closing } = port;
    let connection = conversation.stream.connection();
    report.meter().carried_by(connection);
    let (speaker, hearer) = (conversation.speaker(), conversation.hearer(&report));
    let Conversation { stream, early, role, manners, agreed, .. } = *conversation;
    let (mut read, write) = stream.split();
    let pulse = Pulse::new();
    let ledger = Arc::new(Ledger::default());
    report.meter().accounts({
        let (ledger, agreed, meter) = (ledger.clone(), agreed.deflate, Arc::downgrade(report.meter()));
        move || vec![ledger.words(agreed.as_ref(), meter.upgrade().map_or(0, |meter| meter.bytes_received()))]
    });
    let why = closing.clone();
    let desk = Arc::new(Desk::new(Voice::new(write, speaker), ledger, report));
    let report = &desk.report;
    report.opens(&desk);
    let end = {
        let shared = Shared { manners: &manners, pulse: &pulse, closing: &why, desk: &desk };
        let speaking = pin!(speak(outbox, shared));
        let listening = pin!(listen(&mut read, hearer, early, shared));
        let watching = pin!(watch_over(manners.pings, &pulse, report));
        tokio::select! {
            end = both_ways(speaking, listening, watching, report) => end,
            () = closing.overdue(report) => End::Partial,
        }
    };
    // All turns are over, so it is there.
    let Some(write) = desk.leave() else { return Outcome::default() };
    // Boxed, so that a conversation that goes on carries no room for its end.
    Box::pin(part(end, role, (read, write), connection, report)).await
}

/// Ends the stream below.
async fn part(
    end: End,
    role: Role,
    (mut read, mut write): (ReadHalf, WriteHalf),
    connection: Option<(Connection, Opener)>,
    report: &Reporter,
) -> Outcome {
    if matches!(end, End::Complete | End::Dismissed { .. } | End::Violation { .. } | End::Timeout { .. }) {
        // The server ends TCP first, so that TIME-WAIT is its (RFC 6455 §7.1.1).
        if role == Role::Client && !matches!(end, End::Violation { .. } | End::Timeout { .. }) {
            framed::drain(&mut read, connection, Until::Ended, report).await;
        }
        let _ = timeout(CLOSE_LIMIT / 2, write.shutdown()).await;
        framed::drain(&mut read, connection, Until::Acknowledged, report).await;
    }
    let (end, acknowledged) = framed::close(end, (read, write), Counted::WithOthers, connection, report).await;
    let meter = report.meter();
    let (sent, received) = (meter.bytes_sent(), meter.bytes_received());
    Outcome { end, sent, received, acknowledged, digest: meter.digests() }
}

/// Both loops, until the end of both.
async fn both_ways(
    mut speaking: Pin<&mut impl Future<Output = Spoken>>,
    mut listening: Pin<&mut impl Future<Output = Listened>>,
    mut watching: Pin<&mut impl Future<Output = Duration>>,
    report: &Reporter,
) -> End {
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
            ended = &mut listening, if listened.is_none() => {
                // What answers our Close repeats its code: that says nothing of us.
                let answers = spoken.is_some();
                listened = Some(match ended {
                    Listened::Closed(_) if answers => Listened::Answered,
                    other => other,
                });
            }
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
        (_, Listened::Closed(_) | Listened::Answered) => End::Complete,
        // It owed us no more than its own Close.
        (_, Listened::Ended | Listened::Given) if closed => End::Complete,
        (_, Listened::Failed(error)) if closed && error.kind() == io::ErrorKind::ConnectionReset => End::Complete,
        (_, Listened::Failed(error)) | (Some(Spoken::Failed(error)), Listened::Given) => framed::failed(&error, report),
        (_, Listened::Ended) => End::Unclosed,
        (_, Listened::Given) => End::Partial,
    }
}
