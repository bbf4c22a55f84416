//! Leads the two sides through a play: lets one stage pass, waits for what must come of it, and lets the curtain fall.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};

use super::{Cost, Detail, Happened, Kernel, Overheard, Peers, Played, Side, Socket, TimerView};
use crate::event::{Clock, Record, What};
use crate::exit::{Exit, Failure};
use crate::link::{Gate, Journal, Watch};
use crate::quantity::nanos;
use crate::step::{Stage, Step};
use crate::transport::kernel::{self, AcceptQueue, Connection, Sending, TcpState, Timer, UdpPeer, UnixState};

/// How long anything on this machine may take. Reached only by a failure.
const PATIENCE: Duration = Duration::from_secs(10);
/// For so long the kernel may get where it should be.
const SETTLING: Duration = Duration::from_secs(2);
/// How often it is asked.
const ASKED: Duration = Duration::from_millis(2);

/// One side: what it does next is held back, and what it did is looked at.
pub struct Actor {
    /// For whatever opens conversations.
    pub journal: Journal,
    gate: Gate,
    records: mpsc::Receiver<Vec<Record>>,
    /// Came, and was not waited for yet.
    next: VecDeque<Record>,
    /// What it was seen to be about to do, and nobody has waited for yet.
    about_to: Vec<Stage>,
}

impl Actor {
    fn new(clock: Clock) -> Self {
        let gate = Gate::default();
        let watch = Watch { said: true, steps: true, ..Watch::default() };
        let (journal, records) = Journal::new(watch, Some(gate.clone()));
        Self { journal: journal.on(clock), gate, records, next: VecDeque::new(), about_to: Vec::new() }
    }
}

/// A socket that is looked at when the curtain falls.
pub struct Watched {
    side: Side,
    /// What the texts say of it.
    expected: &'static str,
    what: Kind,
}

enum Kind {
    Listener(SocketAddr, u32),
    Tcp(Connection, Queues, Vec<Aspect>),
    Udp(SocketAddr, Option<SocketAddr>),
    Unix(String, u32, Count),
    /// The kernel has said it already, of a socket that cannot be asked for by its name.
    Known(String, Option<&'static str>),
}

/// What is in the queues of a TCP socket.
#[derive(Clone, Copy)]
struct Queues {
    unread: Count,
    unacknowledged: Count,
}

/// How many bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// As many as this.
    Exactly(u32),
    /// Not none.
    Some,
    /// Whatever it is.
    Any,
}

impl Count {
    fn holds(self, count: u32) -> bool {
        match self {
            Self::Exactly(wanted) => count == wanted,
            Self::Some => count > 0,
            Self::Any => true,
        }
    }
}

/// What else is shown of a TCP socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aspect {
    /// What it will do by itself.
    Timer,
    /// How much more its peer takes.
    Room,
    /// Up to where the congestion window grows fast.
    Threshold,
    /// Segments that went again.
    Retransmissions,
}

impl Watched {
    /// A listener with so many connections that wait.
    pub fn listener(at: SocketAddr, waiting: u32) -> Self {
        Self { side: Side::Server, expected: "LISTEN", what: Kind::Listener(at, waiting) }
    }

    /// An end of a TCP connection, in this state.
    pub fn tcp(side: Side, connection: Connection, expected: &'static str) -> Self {
        let none = Count::Exactly(0);
        let queues = Queues { unread: none, unacknowledged: none };
        Self { side, expected, what: Kind::Tcp(connection, queues, Vec::new()) }
    }

    /// With so many bytes that were not read.
    pub fn unread(mut self, unread: Count) -> Self {
        match &mut self.what {
            Kind::Tcp(_, queues, _) => queues.unread = unread,
            Kind::Unix(_, _, queue) => *queue = unread,
            _ => {}
        }
        self
    }

    /// With so many bytes that were not acknowledged.
    pub fn unacknowledged(mut self, unacknowledged: Count) -> Self {
        if let Kind::Tcp(_, queues, _) = &mut self.what {
            queues.unacknowledged = unacknowledged;
        }
        self
    }

    /// Shows this too.
    pub fn with(mut self, aspect: Aspect) -> Self {
        if let Kind::Tcp(_, _, aspects) = &mut self.what {
            aspects.push(aspect);
        }
        self
    }

    /// A Unix socket, known by its inode; if it listens, `unread` are those who wait.
    pub fn unix(side: Side, name: &str, inode: u32, expected: &'static str) -> Self {
        Self { side, expected, what: Kind::Unix(name.to_owned(), inode, Count::Exactly(0)) }
    }

    /// A socket of which the kernel has said this.
    pub fn known(side: Side, name: String, state: Option<&'static str>, expected: &'static str) -> Self {
        Self { side, expected, what: Kind::Known(name, state) }
    }

    /// A UDP socket, in this state.
    pub fn udp(side: Side, local: SocketAddr, remote: Option<SocketAddr>, expected: &'static str) -> Self {
        Self { side, expected, what: Kind::Udp(local, remote) }
    }

    /// The kernel, asked once; and whether it is as expected.
    fn ask(&self) -> (Socket, bool) {
        let (name, view, counts) = match &self.what {
            Kind::Listener(local, waiting) => {
                let queue = kernel::listener(*local);
                let view = queue
                    .map_or(Kernel::Unknown, |queue| Kernel::Listen { waiting: queue.waiting, backlog: queue.backlog });
                (local.to_string(), view, queue.is_some_and(|queue| queue.waiting == *waiting))
            }
            Kind::Tcp(connection, queues, aspects) => {
                let state = kernel::state(*connection);
                let (unread, unacknowledged) =
                    state.as_ref().map_or((0, 0), |state| (state.unread, state.unacknowledged));
                let is_so =
                    state.is_none() || queues.unread.holds(unread) && queues.unacknowledged.holds(unacknowledged);
                let view = state.map_or(Kernel::Unknown, |state| tcp(&state, aspects));
                (format!("{} -> {}", connection.local, connection.remote), view, is_so)
            }
            Kind::Unix(name, inode, queue) => {
                let (view, unread) = match kernel::unix(*inode) {
                    None => (Kernel::Unknown, None),
                    Some(UnixState::Listen(AcceptQueue { waiting, backlog })) => {
                        (Kernel::Listen { waiting, backlog }, Some(waiting))
                    }
                    Some(UnixState::Connected { unread }) => {
                        (Kernel::Unix { state: "CONNECTED", unread }, Some(unread))
                    }
                    Some(UnixState::Unconnected { unread }) => {
                        (Kernel::Unix { state: "UNCONNECTED", unread }, Some(unread))
                    }
                };
                (name.clone(), view, unread.is_none_or(|unread| queue.holds(unread)))
            }
            Kind::Known(name, state) => {
                let view = state.map_or(Kernel::Unknown, |state| Kernel::Bare { state });
                (name.clone(), view, true)
            }
            Kind::Udp(local, remote) => {
                let view = kernel::udp(*local, *remote).map_or(Kernel::Unknown, |state| Kernel::Udp {
                    state: match state.peer {
                        UdpPeer::Anybody => "UNCONNECTED",
                        UdpPeer::One => "CONNECTED",
                    },
                    unread: state.unread,
                    dropped: state.dropped,
                });
                let name = match remote {
                    Some(remote) => format!("{local} -> {remote}"),
                    None => local.to_string(),
                };
                (name, view, true)
            }
        };
        let is_so = counts && view.state() == self.expected;
        (Socket { side: self.side, name, expected: self.expected, view }, is_so)
    }
}

fn tcp(state: &TcpState, aspects: &[Aspect]) -> Kernel {
    let shown = |aspect| aspects.contains(&aspect).then_some(());
    let sending = |of: fn(&Sending) -> Option<u32>| state.sending.as_ref().and_then(of);
    Kernel::Tcp {
        state: state.name,
        unread: state.unread,
        unacknowledged: state.unacknowledged,
        rtt_ns: state.info.map(|info| info.rtt_ns),
        window: state.info.map(|info| info.congestion_window),
        timer: shown(Aspect::Timer).and(state.timer).map(timer),
        room: shown(Aspect::Room).and(sending(|sending| sending.peer_window)),
        threshold: shown(Aspect::Threshold).and(sending(|sending| sending.slow_start_threshold)),
        retransmissions: shown(Aspect::Retransmissions).and(state.info).map(|info| info.retransmissions),
    }
}

/// With the names that ss has for them.
fn timer(timer: Timer) -> TimerView {
    let (name, left) = match timer {
        Timer::Retransmission(left) => ("on", Some(left)),
        Timer::Keepalive(left) => ("keepalive", Some(left)),
        Timer::WindowProbe(left) => ("persist", Some(left)),
        Timer::TimeWait => ("timewait", None),
    };
    TimerView { name, left_ns: left.map(nanos) }
}

/// Leads a play.
pub struct Director {
    /// The client.
    pub client: Actor,
    /// The server.
    pub server: Actor,
    /// The server's port, once it has one.
    pub port: Option<u16>,
    /// How much is shown of this act.
    pub detail: Detail,
    /// What somebody on the way saw in this act.
    pub overheard: Vec<Overheard>,
    /// What is counted in this act.
    pub costs: Vec<Cost>,
    /// Whether conversations are numbered from now on.
    pub peers: Peers,
    /// How long anything may take, and then the kernel.
    patience: (Duration, Duration),
    number: usize,
    happened: Vec<Happened>,
    curtain: mpsc::Sender<Played>,
    go_on: mpsc::Receiver<()>,
}

/// The reader's end of a play.
pub struct Reader {
    played: mpsc::Receiver<Played>,
    go_on: mpsc::Sender<()>,
}

impl Reader {
    /// The next act, once it was played; `None` after the last.
    pub async fn next(&mut self) -> Option<Played> {
        self.played.recv().await
    }

    /// Lets the play go on. Until then everything stands still.
    pub async fn go_on(&self) {
        // Fails only after the last act.
        let _ = self.go_on.send(()).await;
    }
}

impl Director {
    pub(super) fn new() -> (Self, Reader) {
        let (curtain, played) = mpsc::channel(1);
        let (reader, go_on) = mpsc::channel(1);
        // One clock, so that what each side did can be put in order.
        let clock = Clock::start();
        let director = Self {
            client: Actor::new(clock),
            server: Actor::new(clock),
            port: None,
            detail: Detail::default(),
            overheard: Vec::new(),
            costs: Vec::new(),
            peers: Peers::default(),
            patience: (PATIENCE, SETTLING),
            number: 0,
            happened: Vec::new(),
            curtain,
            go_on,
        };
        (director, Reader { played, go_on: reader })
    }

    /// Waits longer for everything: somebody else decides how long it takes.
    pub fn wait_for(&mut self, limit: Duration) {
        self.patience = (limit, limit);
    }

    fn actor(&mut self, side: Side) -> &mut Actor {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }

    /// Waits until this side has done something, and gives it back.
    pub async fn until<T>(
        &mut self,
        side: Side,
        what: &str,
        mut is_it: impl FnMut(&What) -> Option<T>,
    ) -> Result<T, Failure> {
        let deadline = Instant::now() + self.patience.0;
        loop {
            let actor = self.actor(side);
            let Some(record) = actor.next.pop_front() else {
                let left = deadline.saturating_duration_since(Instant::now());
                match timeout(left, actor.records.recv()).await {
                    Ok(Some(batch)) => actor.next.extend(batch),
                    _ => return Err(not_so(side, what)),
                }
                continue;
            };
            let found = is_it(&record.what);
            if let (None, What::Step(step)) = (&found, &record.what)
                && let Step::Waiting { next } = **step
            {
                actor.about_to.push(next);
            }
            self.happened.push(Happened { side, record });
            if let Some(found) = found {
                return Ok(found);
            }
        }
    }

    /// Waits until this side is about to do something.
    pub async fn before(&mut self, side: Side, stage: Stage) -> Result<(), Failure> {
        let about_to = &mut self.actor(side).about_to;
        if let Some(at) = about_to.iter().position(|next| *next == stage) {
            about_to.remove(at);
            return Ok(());
        }
        let is_it = |what: &What| match what {
            What::Step(step) => matches!(**step, Step::Waiting { next } if next == stage).then_some(()),
            _ => None,
        };
        self.until(side, "the next stage", is_it).await
    }

    /// Lets this side do what it is about to do.
    pub async fn go(&mut self, side: Side) -> Result<(), Failure> {
        let deadline = Instant::now() + self.patience.0;
        // It says that it waits a moment before it does.
        while !self.actor(side).gate.release() {
            if Instant::now() > deadline {
                return Err(not_so(side, "a stage that waits"));
            }
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    /// Waits until this side is about to do something, and lets it; whatever else it is about to do waits on.
    pub async fn pass(&mut self, side: Side, stage: Stage) -> Result<(), Failure> {
        self.before(side, stage).await?;
        let deadline = Instant::now() + self.patience.0;
        while !self.actor(side).gate.release_only(stage) {
            if Instant::now() > deadline {
                return Err(not_so(side, "a stage that waits"));
            }
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    /// Waits until it is so.
    pub async fn settled(&mut self, is_so: impl Fn() -> bool) -> Result<(), Failure> {
        let deadline = Instant::now() + self.patience.0;
        while !is_so() {
            if Instant::now() > deadline {
                return Err(not_so(Side::Server, "the socket is gone"));
            }
            sleep(ASKED).await;
        }
        Ok(())
    }

    /// Takes what both sides have told by now. For plays that make every call themselves.
    pub fn gather(&mut self) {
        for side in [Side::Client, Side::Server] {
            let actor = self.actor(side);
            while let Ok(batch) = actor.records.try_recv() {
                actor.next.extend(batch);
            }
            let records = std::mem::take(&mut actor.next);
            self.happened.extend(records.into_iter().map(|record| Happened { side, record }));
        }
    }

    /// An act is over in which the play itself made every call.
    pub async fn act(&mut self, sockets: &[Watched]) -> Result<(), Failure> {
        self.gather();
        self.curtain(sockets).await
    }

    /// Takes that and forgets it: it is known by now, or too much to tell.
    pub fn forget(&mut self) {
        self.gather();
        self.clear();
    }

    /// Forgets what belongs to no act.
    pub fn clear(&mut self) {
        self.happened.clear();
    }

    /// The kernel, asked until it is where it should be, or for too long; and whether it is.
    pub async fn ask(&self, sockets: &[Watched]) -> (Vec<Socket>, bool) {
        let deadline = Instant::now() + self.patience.1;
        loop {
            let (kernel, are_so): (Vec<Socket>, Vec<bool>) = sockets.iter().map(Watched::ask).unzip();
            let settled = are_so.iter().all(|is_so| *is_so);
            if settled || Instant::now() > deadline {
                return (kernel, settled);
            }
            sleep(ASKED).await;
        }
    }

    /// The act is over: the kernel is asked, and then everything stands still until the reader wants to go on.
    pub async fn curtain(&mut self, sockets: &[Watched]) -> Result<(), Failure> {
        self.number += 1;
        let (kernel, settled) = self.ask(sockets).await;
        let mut happened = std::mem::take(&mut self.happened);
        happened.sort_by_key(|happened| happened.record.time);
        let detail = std::mem::take(&mut self.detail);
        let overheard = std::mem::take(&mut self.overheard);
        let costs = std::mem::take(&mut self.costs);
        let (number, port, peers) = (self.number, self.port, self.peers);
        let played = Played { number, port, peers, detail, happened, overheard, costs, kernel, settled };
        let over = || Failure::new(Exit::Interrupted, "the reader has left");
        self.curtain.send(played).await.map_err(|_| over())?;
        self.go_on.recv().await.ok_or_else(over)
    }
}

/// What a lesson says did not come.
fn not_so(side: Side, what: &str) -> Failure {
    let side = match side {
        Side::Client => "client",
        Side::Server => "server",
    };
    Failure::new(Exit::Io, format!("lesson: the {side} was to do this, and did not: {what}"))
}
