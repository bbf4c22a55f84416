//! A conversation under way: the channels between the session and a transport.
//!
//! ```text
//! session ── Link ──events──▶ Outbox ── speak ──▶ peer
//! session ◀── Journal ◀──records── Reporter ◀── listen ── peer
//! ```
//!
//! Events and records travel in batches: a hop costs a wake-up, and hundreds of small messages share one.

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::{Notify, mpsc, oneshot, watch};

use crate::event::{Clock, CloseReason, ConnId, End, Event, Message, Outcome, Peer, Record, What};
use crate::exec::{self, Program};
use crate::glossary::{Glossary, Noun};
use crate::meter::{Meter, Roll, Unit};
use crate::step::{Stage, Step};
use crate::traffic::digest::Algorithm;

/// Batches a peer may owe us before its queue counts as full.
const OUTBOX: usize = 16;
/// Batches of records that may wait for the session.
const RECORDS: usize = 64;

/// How long a polite close may take before it becomes an impolite one.
pub const CLOSE_LIMIT: Duration = Duration::from_secs(2);

/// What somebody looks at, and therefore what is worth recording.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Watch {
    /// Record messages that are heard.
    pub heard: Messages,
    /// Record what we say.
    pub said: bool,
    /// Record steps.
    pub steps: bool,
    /// Make digests of what is said and heard.
    pub digest: Option<Algorithm>,
    /// Record the measurements of each conversation at its end.
    pub stats: bool,
}

/// Whether the messages that are heard matter to anybody but the one who answers them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Messages {
    /// They are shown, or looked at.
    #[default]
    Recorded,
    /// They are only counted.
    Unseen,
}

/// Takes records from every conversation; numbers conversations; keeps the clock.
#[derive(Clone)]
pub struct Journal {
    records: mpsc::Sender<Vec<Record>>,
    watch: Watch,
    ids: Arc<AtomicU32>,
    skipped: Arc<AtomicU64>,
    clock: Clock,
    gate: Option<Gate>,
    /// What can be named, if somebody types.
    glossary: Option<Glossary>,
    roll: Arc<Roll>,
    /// For what belongs to no conversation.
    unlisted: Arc<Meter>,
}

impl Journal {
    /// A journal and the end its records come out of, oldest first.
    #[must_use]
    pub fn new(watch: Watch, gate: Option<Gate>) -> (Self, mpsc::Receiver<Vec<Record>>) {
        let (records, receiver) = mpsc::channel(RECORDS);
        let roll = Roll::new(watch.stats, watch.digest);
        let journal = Self {
            records,
            watch,
            ids: Arc::new(AtomicU32::new(1)),
            skipped: Arc::default(),
            clock: Clock::start(),
            gate,
            glossary: None,
            unlisted: Meter::unlisted(&roll),
            roll,
        };
        (journal, receiver)
    }

    /// The same with another's clock, so that the times of both can be compared.
    #[must_use]
    pub fn on(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// The same, and what is named is heard by whoever types.
    #[must_use]
    pub fn teaching(self, glossary: Glossary) -> Self {
        Self { glossary: Some(glossary), ..self }
    }

    /// The clock of the records.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// A reporter for what belongs to no conversation.
    #[must_use]
    pub fn program(&self) -> Reporter {
        let (conn, meter) = (ConnId::PROGRAM, self.unlisted.clone());
        Reporter { journal: self.clone(), conn, answerer: None, meter, role: Role::Whole }
    }

    /// A reporter for a new conversation.
    #[must_use]
    pub fn open(&self) -> Reporter {
        let conn = ConnId(self.ids.fetch_add(1, Ordering::Relaxed));
        let meter = self.roll.enter(conn);
        Reporter { journal: self.clone(), conn, answerer: None, meter, role: Role::Whole }
    }

    /// What all conversations count.
    #[must_use]
    pub fn roll(&self) -> &Arc<Roll> {
        &self.roll
    }

    /// Reports records that are complete. Waits for room.
    pub async fn pass(&self, records: Vec<Record>) {
        if !records.is_empty() {
            // Fails only when the session is over, and then nobody looks.
            let _ = self.records.send(records).await;
        }
    }

    /// A record of now, for whoever shows it without the journal.
    #[must_use]
    pub fn record_now(&self, conn: ConnId, what: What) -> Record {
        Record { time: self.clock.now(), conn, what }
    }
}

/// Holds stages back under `--step` until Enter releases them, one at a time.
#[derive(Clone, Default)]
pub struct Gate(Arc<Mutex<VecDeque<Held>>>);

/// A stage that waits. It is given up when nobody listens any more: an attempt that lost the race, a listener gone.
struct Held {
    next: Stage,
    release: oneshot::Sender<()>,
}

impl Gate {
    async fn pass(&self, next: Stage) {
        let (release, released) = oneshot::channel();
        self.held().push_back(Held { next, release });
        let _ = released.await; // the gate holds the sender for as long as we do
    }

    fn held(&self) -> MutexGuard<'_, VecDeque<Held>> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|stage| !stage.release.is_closed());
        held
    }

    /// Whether a stage waits.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        !self.held().is_empty()
    }

    /// Lets the stage go on that has waited longest; `false` if none waits, and then Enter means something else.
    #[must_use]
    pub fn release(&self) -> bool {
        self.held().pop_front().is_some_and(|stage| stage.release.send(()).is_ok())
    }

    /// The same of stages of one kind; the others wait on.
    #[must_use]
    pub fn release_only(&self, next: Stage) -> bool {
        let mut held = self.held();
        let at = held.iter().position(|stage| stage.next == next);
        at.and_then(|at| held.remove(at)).is_some_and(|stage| stage.release.send(()).is_ok())
    }

    /// The same of all stages that wait, but not of those of these kinds.
    pub fn release_but(&self, kept: &[Stage]) {
        let mut held = self.held();
        let (stay, go) = std::mem::take(&mut *held).into_iter().partition(|stage| kept.contains(&stage.next));
        *held = stay;
        let go: VecDeque<Held> = go;
        for stage in go {
            // Fails only if it was given up just now.
            let _ = stage.release.send(());
        }
    }
}

/// A conversation's pen: what its transport hears and does goes through it to the session.
#[derive(Clone)]
pub struct Reporter {
    journal: Journal,
    conn: ConnId,
    /// What is heard also goes to whoever answers: under `--reply echo` that is the conversation's own outbox.
    answerer: Option<mpsc::Sender<Vec<Event>>>,
    meter: Arc<Meter>,
    role: Role,
}

/// What a transport is to the session.
#[derive(Clone)]
enum Role {
    /// What it says and hears is the conversation.
    Whole,
    /// It carries another, and what it says and hears is a part of that: only its bytes are counted, and what it hears goes
    /// there and is not recorded, no ping and no goodbye.
    Carrier(Arc<dyn Above>, mpsc::WeakSender<Vec<Event>>),
}

/// What another transport carries.
pub trait Above: Send + Sync {
    /// Takes what was heard, in order. That it waits is the back-pressure towards the peer.
    fn hear(&self, events: Vec<Event>) -> BoxFuture<'_, ()>;

    /// What is said may go this way from now on, past the queue.
    fn opens(&self, shortcut: Weak<dyn Shortcut>, queue: mpsc::Sender<Vec<Event>>) {
        let _ = (shortcut, queue);
    }
}

/// A way past a transport's queue: whoever has something for thousands need not wake the task of each.
pub trait Shortcut: Send + Sync {
    /// Says messages now if the transport says nothing else, nothing waits in its queue (`is_first`), and they are small:
    /// then none are left. Otherwise all are. Never waits.
    fn say(&self, messages: &mut VecDeque<Message>, is_first: &dyn Fn() -> bool);
}

impl Reporter {
    /// The conversation it writes about.
    #[must_use]
    pub fn conn(&self) -> ConnId {
        self.conn
    }

    /// Where the conversation is counted and timed.
    #[must_use]
    pub fn meter(&self) -> &Arc<Meter> {
        &self.meter
    }

    /// Counts messages that were said, unless they are parts of somebody else's.
    pub fn count_said(&self, messages: u64) {
        if self.is_whole() {
            self.meter.said(messages);
        }
    }

    /// Makes a message that is said part of the digest, unless it is a part of somebody else's.
    pub fn digest_said(&self, bytes: &[u8]) {
        if self.is_whole() {
            self.meter.digest_said(bytes);
        }
    }

    /// The same of one that is heard.
    pub fn digest_heard(&self, bytes: &[u8]) {
        if self.is_whole() {
            self.meter.digest_heard(bytes);
        }
    }

    /// Opens a way past the queue to what is carried.
    pub fn opens<S: Shortcut + 'static>(&self, shortcut: &Arc<S>) {
        if let Role::Carrier(above, queue) = &self.role
            && let Some(queue) = queue.upgrade()
        {
            let shortcut: Weak<S> = Arc::downgrade(shortcut);
            above.opens(shortcut, queue);
        }
    }

    fn is_whole(&self) -> bool {
        matches!(self.role, Role::Whole)
    }

    /// What is recorded.
    #[must_use]
    pub fn watch(&self) -> Watch {
        self.journal.watch
    }

    /// Reports what the peer did, in order. Waits for room: that is the back-pressure towards the peer.
    pub async fn heard(&self, mut events: Vec<Event>) {
        if events.is_empty() {
            return;
        }
        if let Role::Carrier(above, _) = &self.role {
            return above.hear(events).await;
        }
        self.meter.heard(messages(&events));
        let (time, conn) = (self.journal.clock.now(), self.conn);
        let record = |event: Event| Record { time, conn, what: What::Heard(event) };
        let seen = |event: &Event| match self.journal.watch.heard {
            Messages::Recorded => true,
            Messages::Unseen => !matches!(event, Event::Message(_)),
        };
        let mut records: Vec<Record> = match self.journal.watch.heard {
            Messages::Recorded => Vec::with_capacity(events.len()),
            Messages::Unseen => Vec::new(),
        };
        match &self.answerer {
            None => records.extend(events.drain(..).filter(seen).map(record)),
            Some(_) => records.extend(events.iter().filter(|event| seen(event)).cloned().map(record)),
        }
        if let Some(answerer) = &self.answerer {
            // The transport answers a Ping by itself.
            events.retain(|event| !matches!(event, Event::Ping(_) | Event::Pong(_)));
            // Fails only when nobody answers any more: speak is over, or the program has ended.
            let _ = answerer.send(events).await;
        }
        self.journal.pass(records).await;
    }

    /// Reports what was said, if someone watches. Waits for room: a record of what was sent is never dropped.
    pub async fn said(&self, events: Vec<Event>) {
        if self.journal.watch.said {
            self.record(events.into_iter().map(What::Said)).await;
        }
    }

    /// Reports one thing that must not be missed. Waits for room.
    pub async fn tell(&self, what: What) {
        self.record(std::iter::once(what)).await;
    }

    /// Reports what may be missed. Never waits; `false` when there is no room, and then nothing is reported.
    #[must_use]
    pub fn offer(&self, what: Vec<What>) -> bool {
        let (time, conn) = (self.journal.clock.now(), self.conn);
        let batch: Vec<Record> = what.into_iter().map(|what| Record { time, conn, what }).collect();
        batch.is_empty() || self.journal.records.try_send(batch).is_ok()
    }

    /// Reports what was measured, at the end, if somebody wants to know.
    pub async fn measured(&self) {
        self.meter.close();
        if self.journal.watch.stats {
            self.tell(What::Stats(Box::new(self.meter.stats()))).await;
        }
    }

    /// Under `--step`, says what comes next and waits until it may; returns at once otherwise.
    pub async fn gate(&self, next: Stage) {
        if let Some(gate) = &self.journal.gate {
            // Boxed, so that whoever does not wait carries no room for it: ten thousand idle conversations would.
            Box::pin(async {
                self.meter.pause();
                self.tell(What::Step(Box::new(Step::Waiting { next }))).await;
                gate.pass(next).await;
            })
            .await;
        }
        self.meter.enter(next);
    }

    /// Whether stages wait for someone, so that time limits mean nothing.
    #[must_use]
    pub fn stepping(&self) -> bool {
        self.journal.gate.is_some()
    }

    /// Reports a step, if someone watches; the closure is not called otherwise. Never waits: when there is no
    /// room the step is counted, and the next one that fits says how many are missing.
    pub fn step(&self, step: impl FnOnce() -> Step) {
        if !self.journal.watch.steps {
            return;
        }
        let time = self.journal.clock.now();
        let record = |step| Record { time, conn: self.conn, what: What::Step(Box::new(step)) };
        let skipped = self.journal.skipped.swap(0, Ordering::Relaxed);
        let mut batch = Vec::with_capacity(2);
        if skipped > 0 {
            batch.push(record(Step::Skipped { count: skipped }));
        }
        batch.push(record(step()));
        if self.journal.records.try_send(batch).is_err() {
            self.journal.skipped.fetch_add(skipped + 1, Ordering::Relaxed);
        }
    }

    /// Something was named that commands can name; if nobody types, the closure is not called.
    pub fn named(&self, noun: Noun, word: impl FnOnce() -> Option<String>) {
        if let Some(glossary) = &self.journal.glossary
            && let Some(word) = word()
        {
            glossary.learn(noun, &word);
        }
    }

    /// It is no more.
    pub fn gone(&self, noun: Noun, word: &str) {
        if let Some(glossary) = &self.journal.glossary {
            glossary.forget(noun, word);
        }
    }

    /// A record of now, for whoever shows it without the journal.
    #[must_use]
    pub fn record_now(&self, what: What) -> Record {
        self.journal.record_now(self.conn, what)
    }

    async fn record(&self, what: impl Iterator<Item = What>) {
        let (time, conn) = (self.journal.clock.now(), self.conn);
        let batch: Vec<Record> = what.map(|what| Record { time, conn, what }).collect();
        self.journal.pass(batch).await;
    }
}

/// What the listening side does by itself with what it hears.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Reply {
    /// Nothing.
    #[default]
    None,
    /// Says it back to whoever said it.
    Echo,
    /// Says it to everyone else.
    Broadcast,
    /// Says it to everyone.
    Everyone,
    /// Gives it to a program, and says what that writes.
    Exec(Arc<Program>),
}

impl Reply {
    /// Whether each conversation is answered by itself, and ended by its answerer.
    #[must_use]
    pub fn answers(&self) -> bool {
        matches!(self, Self::Echo | Self::Exec(_))
    }
}

/// A conversation that is open and not yet started.
pub trait Transport: Send {
    /// The two ends.
    fn peer(&self) -> &Peer;

    /// Carries events both ways until both directions are over. An outbox that ends means `Close`.
    fn run(self: Box<Self>, port: Port) -> BoxFuture<'static, Outcome>;

    /// Ends it before it has begun, and says why where the protocol has words for it.
    #[must_use = "nothing is said until it is polled"]
    fn dismiss(self: Box<Self>, why: CloseReason) -> BoxFuture<'static, ()> {
        let _ = why;
        Box::pin(std::future::ready(()))
    }
}

/// A transport's end of the channels.
pub struct Port {
    /// What the session wants said.
    pub outbox: Outbox,
    /// Where what was heard goes.
    pub report: Reporter,
    /// When to end politely and soon.
    pub closing: Closing,
}

/// Tells a transport that the session has let go of the link.
#[derive(Clone)]
pub struct Closing(watch::Receiver<Option<CloseReason>>);

impl Closing {
    /// Returns once the link is dropped. Cancel-safe.
    pub async fn wait(&mut self) {
        while self.0.changed().await.is_ok() {}
    }

    /// Why, if the session has said so.
    #[must_use]
    pub fn why(&self) -> Option<CloseReason> {
        self.0.borrow().clone()
    }

    /// Returns when the polite close has taken too long; never under `--step`, where it takes as long as it takes.
    pub async fn overdue(&mut self, report: &Reporter) {
        self.wait().await;
        if report.stepping() {
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(CLOSE_LIMIT).await;
    }
}

/// What tells whoever is no session's, and what it is told by: it is closing once the first is dropped.
#[must_use]
pub fn closing() -> (KeptOpen, Closing) {
    let (held, closing) = watch::channel(None);
    (KeptOpen { _held: held }, Closing(closing))
}

/// Keeps something from closing.
pub struct KeptOpen {
    _held: watch::Sender<Option<CloseReason>>,
}

/// Room in an outbox. Waking the session costs more than an echo: it is woken only if it waits.
#[derive(Clone)]
struct Room {
    wanted: Arc<AtomicBool>,
    made: Arc<Notify>,
}

impl Room {
    /// A batch has left the outbox.
    fn made(&self) {
        if self.wanted.swap(false, Ordering::AcqRel) {
            self.made.notify_one();
        }
    }
}

/// Events to say, in order.
pub struct Outbox {
    events: mpsc::Receiver<Vec<Event>>,
    room: Room,
    closing: Closing,
    is_closing: bool,
}

impl Outbox {
    /// The next batch; `None` once the session has let go of the link and the queue is empty. Cancel-safe.
    pub async fn next(&mut self) -> Option<Vec<Event>> {
        let batch = tokio::select! {
            biased;
            () = self.closing.wait(), if !self.is_closing => {
                // The queue may have other senders, an echo or a file, which would keep it full for ever.
                self.is_closing = true;
                self.events.close();
                self.events.recv().await
            }
            batch = self.events.recv() => batch,
        };
        self.room.made();
        batch
    }

    /// After our direction has finished the only thing left to say is that both are over: returns when that is said, or
    /// the session has let go of the link. What else is said meanwhile, such as echoes, goes nowhere. Cancel-safe.
    pub async fn closed(&mut self) {
        while let Some(events) = self.next().await {
            if events.iter().any(|event| matches!(event, Event::Close { .. })) {
                return;
            }
        }
    }

    /// The same of one that may not be there yet: until then it waits. Cancel-safe.
    pub async fn closed_if(outbox: &mut Option<Self>) {
        match outbox {
            Some(outbox) => outbox.closed().await,
            None => std::future::pending().await,
        }
    }

    /// Another batch if one is already waiting, so that several can share one write.
    pub fn ready(&mut self) -> Option<Vec<Event>> {
        let batch = self.events.try_recv().ok();
        self.room.made();
        batch
    }
}

/// The session's end of a conversation. Dropping it closes the conversation politely.
pub struct Link {
    /// Its number.
    pub id: ConnId,
    /// Its two ends.
    pub peer: Peer,
    /// What it has carried.
    pub meter: Arc<Meter>,
    outbox: mpsc::Sender<Vec<Event>>,
    room: Room,
    held: watch::Sender<Option<CloseReason>>,
}

/// Why a batch was not taken; it is handed back.
pub enum Refused {
    /// The queue is full: the peer, or the network, is slow.
    Full(Vec<Event>),
    /// The transport has stopped speaking.
    Gone,
}

impl Link {
    /// Queues events if there is room. Never waits; [`Notify`] given to [`start`] tells when to try again.
    pub fn offer(&self, events: Vec<Event>) -> Result<(), Refused> {
        let offer = |events| {
            self.outbox.try_send(events).map_err(|refused| match refused {
                mpsc::error::TrySendError::Full(events) => Refused::Full(events),
                mpsc::error::TrySendError::Closed(_) => Refused::Gone,
            })
        };
        match offer(events) {
            Err(Refused::Full(events)) => {
                self.room.wanted.swap(true, Ordering::AcqRel);
                // What left the outbox before that has told nobody.
                offer(events)
            }
            offered => offered,
        }
    }

    /// Lets go of the conversation, and says why where the protocol has words for it.
    pub fn close(self, why: CloseReason) {
        self.held.send_replace(Some(why));
    }

    /// A way to queue events from another task, waiting for room.
    #[must_use]
    pub fn sender(&self) -> mpsc::Sender<Vec<Event>> {
        self.outbox.clone()
    }
}

/// Spawns a transport. `say` is said first, before what any answerer says. `room` is notified when a batch has left
/// the outbox after one was refused, and at the end.
///
/// Whatever happens to the transport, a panic too, its last record is `Closed`.
#[must_use]
pub fn start(
    transport: Box<dyn Transport>,
    report: Reporter,
    reply: Reply,
    say: Vec<Event>,
    room: Arc<Notify>,
) -> Link {
    let answerer = match reply {
        Reply::None | Reply::Broadcast | Reply::Everyone => Answerer::Nobody,
        Reply::Echo => Answerer::Outbox,
        Reply::Exec(program) => Answerer::Program(program),
    };
    begin(transport, report, answerer, say, room)
}

/// Spawns a transport for whoever is told all that is heard, and waits for that.
#[must_use]
pub fn attend(
    transport: Box<dyn Transport>,
    report: Reporter,
    heard: mpsc::Sender<Vec<Event>>,
    room: Arc<Notify>,
) -> Link {
    begin(transport, report, Answerer::Attendant(heard), Vec::new(), room)
}

/// A transport that carries another: a WebSocket below Socket.IO. Of its messages nothing is recorded, of its steps all.
pub struct Carried {
    outbox: mpsc::Sender<Vec<Event>>,
    /// Dropping it closes the transport politely.
    _held: KeptOpen,
}

impl Carried {
    /// Queues events; waits for room. Fails when it has stopped speaking.
    pub async fn say(&self, events: Vec<Event>) -> Result<(), Stopped> {
        self.outbox.send(events).await.map_err(|_| Stopped)
    }
}

/// A transport speaks no more.
#[derive(Clone, Copy, Debug)]
pub struct Stopped;

/// Carries what is `above`: a future that does it until both directions are over, and the end that speaks.
#[must_use]
pub fn carry(
    transport: Box<dyn Transport>,
    report: &Reporter,
    above: Arc<dyn Above>,
) -> (Carried, BoxFuture<'static, Outcome>) {
    let (outbox, events) = mpsc::channel(OUTBOX);
    let (held, closing) = self::closing();
    let watch = Watch { said: false, ..report.journal.watch };
    let journal = Journal { watch, ..report.journal.clone() };
    let report = Reporter { journal, answerer: None, role: Role::Carrier(above, outbox.downgrade()), ..report.clone() };
    let room = Room { wanted: Arc::default(), made: Arc::default() };
    let outbox_of = Outbox { events, room, closing: closing.clone(), is_closing: false };
    let run = until_its_end(transport.run(Port { outbox: outbox_of, report, closing }));
    (Carried { outbox, _held: held }, run.boxed())
}

/// Whatever happens to a transport, a panic too, it has an outcome.
async fn until_its_end(run: BoxFuture<'static, Outcome>) -> Outcome {
    AssertUnwindSafe(run).catch_unwind().await.unwrap_or_else(|_| Outcome {
        end: End::Failed { error: "the transport panicked; this is a defect in sockeye".into() },
        ..Outcome::default()
    })
}

/// Who is told what is heard, beside the session.
enum Answerer {
    Nobody,
    /// The conversation's own outbox.
    Outbox,
    Program(Arc<Program>),
    Attendant(mpsc::Sender<Vec<Event>>),
}

fn begin(
    transport: Box<dyn Transport>,
    report: Reporter,
    answerer: Answerer,
    say: Vec<Event>,
    room: Arc<Notify>,
) -> Link {
    let (sender, events) = mpsc::channel(OUTBOX);
    if !say.is_empty() {
        // The channel is new, so there is room.
        let _ = sender.try_send(say);
    }
    let (held, closing) = watch::channel(None);
    let closing = Closing(closing);
    let peer = transport.peer().clone();
    let room = Room { wanted: Arc::default(), made: room };
    let link = Link {
        id: report.conn,
        peer: peer.clone(),
        meter: report.meter.clone(),
        outbox: sender.clone(),
        room: room.clone(),
        held,
    };
    tokio::spawn(async move {
        report.meter.open(&peer.remote, Unit::Messages);
        report.tell(What::Opened(peer)).await;
        let outbox = Outbox { events, room: room.clone(), closing: closing.clone(), is_closing: false };
        let mut attendant = None;
        let answerer = match answerer {
            Answerer::Nobody => None,
            Answerer::Outbox => Some(sender),
            Answerer::Attendant(heard) => Some(heard),
            Answerer::Program(program) => {
                let peer = transport.peer().clone();
                let (started, heard) = exec::spawn(program, peer, sender, closing.clone(), report.clone());
                attendant = Some(started);
                Some(heard)
            }
        };
        let port = Port { outbox, report: Reporter { answerer, ..report.clone() }, closing };
        let outcome = until_its_end(transport.run(port)).await;
        if let Some(attendant) = attendant {
            attendant.end(&outcome).await;
        }
        report.measured().await;
        report.tell(What::Closed(Box::new(outcome))).await;
        room.made.notify_one();
    });
    link
}

fn messages(events: &[Event]) -> u64 {
    events.iter().filter(|event| matches!(event, Event::Message(_))).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_stage_that_was_given_up_waits_for_no_enter() {
        let gate = Gate::default();
        assert!(!gate.release(), "nothing waits");
        assert!(gate.pass(Stage::Connect).now_or_never().is_none(), "it waits, and is given up");
        assert!(!gate.release(), "Enter means something else again");
        let mut waits = Box::pin(gate.pass(Stage::Connect));
        assert!(waits.as_mut().now_or_never().is_none());
        assert!(gate.release());
        assert!(waits.now_or_never().is_some());
    }

    #[tokio::test]
    async fn stages_go_in_the_order_they_came_or_one_of_a_kind_before_the_others() {
        let gate = Gate::default();
        let stages = [Stage::Accept, Stage::Upgrade, Stage::Close];
        let mut waits = stages.map(|stage| Box::pin(gate.pass(stage)));
        for waits in &mut waits {
            assert!(waits.as_mut().now_or_never().is_none());
        }
        assert!(!gate.release_only(Stage::Talk));
        assert!(gate.release_only(Stage::Upgrade));
        assert!(gate.release() && gate.is_waiting());
        let [accept, upgrade, close] = waits;
        assert!(accept.now_or_never().is_some() && upgrade.now_or_never().is_some());
        assert!(close.now_or_never().is_none());
    }
}
