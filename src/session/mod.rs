//! The pump: carries what the user says to the peers, and what the peers say to the screen, until a rule ends it.
//!
//! It knows no protocol. No arm of its `select!` awaits: what has no room yet waits in a field, and its source is not
//! read meanwhile; that is the back-pressure. So a blocked direction never stops the other.

mod again;
mod commands;
mod ending;
mod hub;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;

pub use again::Again;
pub(crate) use ending::judge;
pub use ending::{Ending, Hangup, Linger, Rules};
pub use hub::Audience;

use crate::access::Refusal;
use crate::cli::{Offline, Slow};
use crate::event::{CloseReason, ConnId, Event, Record, What};
use crate::exit::{Exit, Failure};
use crate::input::{Broken, Input, Inputs};
use crate::link::{self, Gate, Journal, Reply};
use crate::repl::Dialect;
use crate::transport::framed::Frames;
use crate::transport::{Listener, Opened};
use again::Reconnecting;
use hub::{Circle, Ended, Hub};

/// Where conversations come from.
pub enum Source {
    /// One, which is still being opened, and how it is opened again when it is lost.
    One(Opening<Opened>, Option<Again>),
    /// Many, as they come to a listener, at most so many at a time.
    Many(Opening<Listener>, usize),
    /// The first of a listener.
    First(Opening<Listener>),
}

/// Something that is being opened, stage by stage.
pub type Opening<T> = BoxFuture<'static, Result<T, Failure>>;

/// Everything a session needs, decided beforehand.
pub struct Session {
    /// Numbers conversations and takes their records.
    pub journal: Journal,
    /// The other end of the journal.
    pub records: mpsc::Receiver<Vec<Record>>,
    /// Where records are shown.
    pub screen: mpsc::Sender<Vec<Record>>,
    /// What the user says.
    pub inputs: Inputs,
    /// How byte streams become messages.
    pub frames: Frames,
    /// What is done by itself with what is heard.
    pub reply: Reply,
    /// Who hears the user.
    pub audience: Audience,
    /// What becomes of peers that do not read.
    pub slow: Slow,
    /// What is said first to each peer.
    pub say: Vec<Event>,
    /// When it is over.
    pub rules: Rules,
    /// Releases stages under `--step`.
    pub gate: Option<Gate>,
    /// What the protocol makes of lines that are typed.
    pub dialect: &'static Dialect,
}

/// A session under way.
struct Pump {
    journal: Journal,
    inputs: Inputs,
    frames: Frames,
    reply: Reply,
    say: Vec<Event>,
    hub: Hub,
    ending: Ending,
    gate: Option<Gate>,
    dialect: &'static Dialect,
    room: Arc<Notify>,
    /// Hears why what each peer gets from its start could not be sent to its end.
    broken: mpsc::Sender<Broken>,
    /// Records that wait for the screen.
    unshown: Vec<Record>,
    /// Commands that repeat: `/repeat`.
    repeats: Vec<commands::Repeat>,
    capacity: Capacity,
    again: Option<Reconnecting>,
    /// The only conversation was lost just now, and is to be opened again.
    lost: Option<Failure>,
}

/// How many conversations there may be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Capacity {
    /// One, and the session ends with it.
    One,
    /// So many at a time.
    Many(usize),
}

impl Session {
    /// Runs until a rule, the peer or the user ends it.
    pub async fn run(self, source: Source) -> Result<Exit, Failure> {
        let Self { journal, mut records, screen, inputs, frames, reply, audience, slow, say, rules, gate, dialect } =
            self;
        // Before the prompt is up, which turns Ctrl-C into a signal.
        let mut signals = Signals::with(rules.hangup)?;
        let (mut connecting, mut binding, capacity, again) = match source {
            Source::One(connecting, again) => (Some(connecting), None, Capacity::One, again),
            Source::First(binding) => (None, Some(binding), Capacity::One, None),
            Source::Many(binding, most) => (None, Some(binding), Capacity::Many(most), None),
        };
        let mut listener: Option<Listener> = None;
        let room = Arc::new(Notify::new());
        let (broken, mut replays_broken) = mpsc::channel(1);
        let mut pump = Pump {
            hub: Hub::new(audience, slow, again.as_ref().map(|again| again.offline)),
            ending: Ending::new(rules, capacity),
            journal,
            inputs,
            frames,
            reply,
            say,
            gate,
            dialect,
            room: room.clone(),
            broken,
            unshown: Vec::new(),
            repeats: Vec::new(),
            capacity,
            again: again.map(Reconnecting::new),
            lost: None,
        };
        if pump.gate.is_some() {
            pump.inputs.start(); // Enter is needed from the first stage on
        }
        loop {
            if let Some(verdict) =
                pump.verdict(connecting.is_none() && binding.is_none() && listener.is_none() && records.is_empty())
            {
                return pump.show_rest(&mut records, &screen, &mut signals).await.unwrap_or(verdict);
            }
            let deadline = pump.deadline();
            tokio::select! {
                biased;
                () = signals.next() => {
                    if pump.ending.interrupt() {
                        return Ok(Exit::Interrupted);
                    }
                    pump.hub.close_all_saying(&CloseReason::going_away());
                }
                permit = screen.reserve(), if !pump.unshown.is_empty() => match permit {
                    Ok(permit) => permit.send(std::mem::take(&mut pump.unshown)),
                    Err(_) => return Ok(Exit::BrokenStdout),
                },
                // A broken stdout is noticed also while nothing is to be shown.
                () = screen.closed() => return Ok(Exit::BrokenStdout),
                // Before the records, among which is the end of the conversation.
                Some(broken) = replays_broken.recv() => pump.input_broken(broken),
                Some(batch) = records.recv(), if pump.unshown.is_empty() && pump.hub.may_hear() => pump.happened(batch),
                opened = next(&mut connecting) => {
                    connecting = None;
                    match opened {
                        Ok(opened) => pump.opened(opened),
                        Err(failure) => pump.not_opened(failure),
                    }
                }
                bound = next(&mut binding) => {
                    binding = None;
                    match bound {
                        Ok(bound) => {
                            pump.listening(&bound);
                            listener = Some(bound);
                        }
                        Err(failure) => pump.ending.fail(failure),
                    }
                }
                accepted = accept(&mut listener), if pump.unshown.is_empty() => match (accepted, pump.refusal()) {
                    (Some(Ok(opened)), Some(refusal)) => dismiss(listener.as_ref(), opened, refusal),
                    (Some(Ok(opened)), None) => {
                        pump.opened(opened);
                        if capacity == Capacity::One {
                            pump.leave(&mut listener);
                        }
                    }
                    (Some(Err(failure)), _) => pump.ending.fail(failure),
                    (None, _) => pump.leave(&mut listener),
                },
                () = room.notified() => {
                    pump.hub.deliver(Instant::now());
                    pump.notices();
                }
                input = pump.inputs.next(), if pump.may_say() => pump.said(input),
                () = sleep_until(deadline) => pump.tick(),
            }
            if let Some(failure) = pump.lost.take() {
                connecting = pump.open_again(failure);
            }
            if pump.ending.is_closing() {
                (connecting, binding) = (None, None);
                pump.leave(&mut listener);
            }
        }
    }
}

impl Pump {
    /// Says where peers can come to, and begins to read what the user says.
    fn listening(&mut self, listener: &Listener) {
        self.note(listener.announcement());
        self.ending.listening();
        self.inputs.start();
    }

    /// Lets nobody come any more, and says who was turned away last.
    fn leave(&mut self, listener: &mut Option<Listener>) {
        if let Some(notice) = listener.take().and_then(|listener| listener.door.unsaid()) {
            self.note(notice);
        }
    }

    /// Why one more cannot be served; `None` if it can.
    fn refusal(&self) -> Option<Refusal> {
        match self.capacity {
            Capacity::Many(most) if self.hub.len() >= most => Some(Refusal::Full(most)),
            _ => None,
        }
    }

    /// The only conversation could not be opened.
    fn not_opened(&mut self, failure: Failure) {
        match &self.again {
            Some(again) if again.had_one() => self.lost = Some(failure),
            _ => self.ending.fail(failure),
        }
    }

    /// Begins the next attempt, unless that was the last.
    fn open_again(&mut self, failure: Failure) -> Option<Opening<Opened>> {
        match self.again.as_mut()?.next(failure) {
            Ok((opening, text)) => {
                self.note(What::Notice { text });
                Some(opening)
            }
            Err(failure) => {
                self.ending.fail(failure);
                None
            }
        }
    }

    /// Starts a conversation.
    fn opened(&mut self, opened: Opened) {
        let Opened { channel, report } = opened;
        let transport = channel.framed(self.frames);
        let link = link::start(transport, report, self.reply.clone(), self.say.clone(), self.room.clone());
        let id = link.id;
        self.hub.add(link);
        self.ending.opened();
        if let Some(again) = &mut self.again {
            again.opened();
        }
        self.inputs.start();
        self.hub.say_held(id);
        self.notices();
        if let Some(replay) = self.inputs.replay()
            && let Some(sender) = self.hub.sender(id)
        {
            let broken = self.broken.clone();
            tokio::spawn(async move {
                if let Err(why) = replay.send(&sender).await {
                    let _ = broken.send(why).await; // fails only when the session is over
                }
                // Also where it is broken: the peer is not to wait for the rest. Fails only when the peer is gone.
                let _ = sender.send(vec![Event::Finish]).await;
            });
        }
        self.inputs.peers_changed(|| self.hub.ids());
        if self.ending.input_is_over() {
            self.finish(id);
        }
    }

    /// Looks at what happened before it is shown.
    fn happened(&mut self, mut batch: Vec<Record>) {
        let mut over = None;
        let now = Instant::now();
        let mut broadcast: Vec<(ConnId, Event)> = Vec::new();
        for (at, record) in batch.iter().enumerate() {
            match &record.what {
                What::Heard(event) => {
                    self.hub.heard(record.conn, event, now);
                    match event {
                        Event::Message(message) => {
                            if matches!(self.reply, Reply::Broadcast | Reply::Everyone) {
                                broadcast.push((record.conn, event.clone()));
                            }
                            if self.ending.heard(record.conn, message) {
                                over = Some(at + 1);
                                break;
                            }
                        }
                        Event::Finish => self.peer_finished(record.conn),
                        _ => {}
                    }
                }
                What::Said(Event::Message(_)) => self.hub.active(record.conn, now),
                What::Closed(outcome) => {
                    if let Some(gone) = self.hub.remove(record.conn) {
                        match &self.again {
                            Some(_) if gone.by == Ended::ByPeer && !self.ending.is_done(outcome) => {
                                self.lost = Some(ending::lost(&gone.peer, outcome));
                            }
                            _ => self.ending.closed(record.conn, &gone.peer, outcome),
                        }
                        self.inputs.peers_changed(|| self.hub.ids());
                    }
                }
                _ => {}
            }
        }
        if let Some(kept) = over {
            batch.truncate(kept); // `--count 2` shows two messages, whatever came with them
            self.hub.close_all();
        } else if self.ending.is_satisfied() {
            batch.retain(|record| !matches!(record.what, What::Heard(_)));
        }
        if self.unshown.is_empty() {
            self.unshown = batch;
        } else {
            self.unshown.append(&mut batch);
        }
        let circle = if self.reply == Reply::Everyone { Circle::Everyone } else { Circle::Others };
        self.hub.broadcast(broadcast, circle);
        self.notices();
    }

    /// The peer says no more. With nothing left to say to it either, the conversation ends.
    fn peer_finished(&mut self, id: ConnId) {
        self.hub.peer_finished(id);
        let replaying = self.inputs.replay().is_some(); // it ends with our Finish
        let more = self.reply == Reply::None
            && self.again.is_none() // what is still to be said is for the next conversation
            && !self.inputs.is_interactive()
            && !self.ending.input_is_over()
            && (replaying || self.hub.hears_input(id));
        // Whoever answers by itself has put our Finish behind its last answer.
        if !more && !self.reply.answers() {
            self.hub.finish(id);
        }
    }

    /// Whether input may be read: there is somebody to hear it, and room.
    fn may_say(&self) -> bool {
        let enter_counts = self.gate.as_ref().is_some_and(Gate::is_waiting);
        // Lines typed while the only conversation is being opened wait for it; a listener's have nobody to wait for.
        let somebody = match self.capacity {
            Capacity::One => self.hub.has_audience() || (self.ending.anyone_came() && !self.waits_for_connection()),
            // Last, because with ten thousand peers it takes time.
            Capacity::Many(_) => {
                self.inputs.is_interactive() || (!self.ending.input_is_over() && self.hub.has_audience())
            }
        };
        enter_counts || self.ending.is_closing() || (self.hub.is_idle() && somebody)
    }

    /// There is no connection, and what is piped in is to wait for the next. A person may go on typing.
    fn waits_for_connection(&self) -> bool {
        let keeps = self.again.as_ref().is_some_and(|again| again.offline() == Offline::Keep);
        keeps && self.hub.is_empty() && !self.inputs.is_interactive()
    }

    fn said(&mut self, input: Input) {
        match input {
            // It is over: what is still piped in is read, so that its end or the user is noticed, and said to nobody.
            Input::Said(_) if self.ending.is_closing() => {}
            Input::Said(events) => {
                self.hub.say(events);
                self.notices();
            }
            Input::Line(line) => self.line(&line),
            Input::Pasted(text) => self.pasted(&text),
            Input::Broken(broken) => {
                self.input_broken(broken);
                self.input_over();
            }
            Input::Eof => self.input_over(),
        }
    }

    /// Said now, because what is still heard may take long, and again as the failure that it is.
    fn input_broken(&mut self, broken: Broken) {
        self.note(What::Notice { text: broken.why.clone() });
        self.ending.input_broken(broken);
    }

    /// Nothing more comes from stdin: end our direction towards everybody it was meant for.
    fn input_over(&mut self) {
        self.ending.input_over();
        for id in self.hub.ids() {
            self.finish(id);
        }
    }

    fn finish(&mut self, id: ConnId) {
        use crate::cli::AtEof;
        if self.reply != Reply::None || !self.hub.is_audience(id) {
            return;
        }
        match self.ending.at_eof() {
            AtEof::HalfClose => self.hub.finish(id),
            AtEof::Close => self.hub.close_after(id),
            // Until the peer ends, which it may have done before stdin.
            AtEof::Stay if self.hub.has_heard_all(id) => self.hub.finish(id),
            AtEof::Stay => {}
        }
    }

    /// Shows something of the session's own.
    fn note(&mut self, what: What) {
        let record = self.journal.program().record_now(what);
        self.unshown.push(record);
    }

    fn notices(&mut self) {
        for text in self.hub.take_notices() {
            self.note(What::Notice { text });
        }
    }

    fn deadline(&self) -> Option<Instant> {
        let repeats = self.repeats.iter().map(|repeat| repeat.next).min().filter(|_| self.hub.is_idle());
        [self.ending.deadline(&self.hub), self.hub.deadline(Instant::now()), repeats].into_iter().flatten().min()
    }

    fn tick(&mut self) {
        let now = Instant::now();
        self.hub.deliver(now);
        if self.hub.is_idle() {
            self.repeat(now);
        }
        for (id, limit) in self.ending.expired(&mut self.hub, now) {
            let remote = self.hub.name(id);
            self.note(What::Notice { text: format!("{remote}: closed, {limit}") });
            self.hub.close(id);
        }
        self.notices();
    }

    /// A slow reader of stdout gets everything; an impatient user does not have to wait for it.
    async fn show_rest(
        &mut self,
        records: &mut mpsc::Receiver<Vec<Record>>,
        screen: &mpsc::Sender<Vec<Record>>,
        signals: &mut Signals,
    ) -> Option<Result<Exit, Failure>> {
        for _ in 0..records.len() {
            records.try_recv().map(|batch| self.happened(batch)).ok();
        }
        if self.unshown.is_empty() {
            return None;
        }
        tokio::select! {
            sent = screen.send(std::mem::take(&mut self.unshown)) => sent.err().map(|_| Ok(Exit::BrokenStdout)),
            () = signals.next() => Some(Ok(Exit::Interrupted)),
        }
    }

    /// How it ended, if it has: the last record is shown, or will be.
    fn verdict(&mut self, no_more: bool) -> Option<Result<Exit, Failure>> {
        self.ending.verdict(no_more && self.hub.is_empty() && self.unshown.is_empty(), Instant::now())
    }
}

async fn next<T>(opening: &mut Option<Opening<T>>) -> Result<T, Failure> {
    match opening {
        Some(opening) => opening.await,
        None => std::future::pending().await,
    }
}

async fn accept(listener: &mut Option<Listener>) -> Option<Result<Opened, Failure>> {
    match listener {
        Some(listener) => listener.accept().await,
        None => std::future::pending().await,
    }
}

/// Turns a peer away.
fn dismiss(listener: Option<&Listener>, opened: Opened, refusal: Refusal) {
    if let Some(listener) = listener {
        listener.door.dismiss(opened, refusal);
    }
}

async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

/// SIGINT and SIGTERM.
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
    /// SIGHUP too, if that was asked for.
    hangup: Option<Signal>,
}

impl Signals {
    /// From now on the signals no longer end the process by themselves.
    pub fn new() -> Result<Self, Failure> {
        Self::with(Hangup::Leave)
    }

    fn with(hangup: Hangup) -> Result<Self, Failure> {
        let fail = |error: std::io::Error| Failure::system("watch", "signals", &error);
        Ok(Self {
            interrupt: signal(SignalKind::interrupt()).map_err(fail)?,
            terminate: signal(SignalKind::terminate()).map_err(fail)?,
            hangup: match hangup {
                Hangup::End => Some(signal(SignalKind::hangup()).map_err(fail)?),
                Hangup::Leave => None,
            },
        })
    }

    /// The next of either. Cancel-safe.
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            Some(()) = heard(&mut self.hangup) => {}
        }
    }
}

async fn heard(signal: &mut Option<Signal>) -> Option<()> {
    match signal {
        Some(signal) => signal.recv().await,
        None => std::future::pending().await,
    }
}
