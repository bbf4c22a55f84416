//! Measuring: what each conversation carries, and how long its stages take. Nothing is asked of the kernel, and no rate
//! is computed, until somebody wants [`Stats`].
//!
//! A conversation's [`Meter`] is on the [`Roll`] from before it opens until it is over. The roll keeps what those counted
//! that are gone.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

use crate::event::ConnId;
use crate::quantity::nanos;
use crate::stats::{Conversations, Flow, Stats, Tcp, Took};
use crate::step::Stage;
use crate::traffic::digest::{Algorithm, Counters, Digests};
use crate::transport::kernel::{self, Autopsy, Connection, Opener, TcpState};

/// How long the kernel may take to announce the end of a socket.
const ANNOUNCEMENT: Duration = Duration::from_millis(200);

/// Every conversation's meter, and the sum of those that are gone.
#[derive(Debug)]
pub struct Roll {
    started: Instant,
    /// Whether the last state of a connection is worth a question to the kernel.
    to_the_end: bool,
    digest: Option<Algorithm>,
    /// When the first conversation opened, and what all are counted in.
    first_opened: OnceLock<(Instant, Unit)>,
    state: Mutex<Total>,
}

/// What was carried until a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The moment.
    pub time: Duration,
    /// Bytes.
    pub sent: u64,
    /// Bytes.
    pub received: u64,
}

#[derive(Debug)]
struct Total {
    living: BTreeMap<ConnId, Weak<Meter>>,
    gone: Counts,
    closed: u64,
    reported: Option<(Instant, Counts)>,
}

/// What a conversation counts while it goes on.
#[derive(Debug)]
pub struct Meter {
    conn: ConnId,
    roll: Arc<Roll>,
    started: Instant,
    bytes: Counters,
    said: AtomicU64,
    heard: AtomicU64,
    /// Nanoseconds since `started`; 0 while nothing was heard.
    first_byte: AtomicU64,
    course: Mutex<Course>,
    account: OnceLock<Account>,
}

/// What a protocol says of itself, when it is asked.
struct Account(Box<dyn Fn() -> Vec<String> + Send + Sync>);

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Account")
    }
}

/// What changes seldom in a conversation.
#[derive(Debug, Default)]
struct Course {
    remote: Option<String>,
    stage: Option<Stage>,
    /// The stage of opening that is under way, since when.
    under_way: Option<(Stage, Instant)>,
    took: Took,
    unit: Option<Unit>,
    opened: Option<Instant>,
    closed: Option<Instant>,
    connection: Option<(Connection, Opener)>,
    /// What the kernel said last, once the connection is about to be closed. Boxed: ten thousand may be far from that.
    last: Option<Box<TcpState>>,
    reported: Option<(Instant, Counts)>,
}

/// What a conversation is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Bytes, that nobody makes messages of.
    Bytes,
    /// Messages, and their bytes.
    Messages,
}

/// What was carried until a moment.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Bytes given to the kernel.
    pub sent: u64,
    /// Bytes taken from the kernel.
    pub received: u64,
    /// Messages sent.
    pub said: u64,
    /// Messages heard.
    pub heard: u64,
}

impl Roll {
    /// A roll of nobody. `to_the_end`: somebody will want the measurements of each conversation when it is over.
    #[must_use]
    pub fn new(to_the_end: bool, digest: Option<Algorithm>) -> Arc<Self> {
        let state = Total { living: BTreeMap::new(), gone: Counts::default(), closed: 0, reported: None };
        let first_opened = OnceLock::new();
        Arc::new(Self { started: Instant::now(), to_the_end, digest, first_opened, state: Mutex::new(state) })
    }

    /// A meter for a new conversation.
    #[must_use]
    pub fn enter(self: &Arc<Self>, conn: ConnId) -> Arc<Meter> {
        let meter = Arc::new(Meter::new(conn, self.clone()));
        lock(&self.state).living.insert(conn, Arc::downgrade(&meter));
        meter
    }

    /// The measurements of every conversation that is not over, in the order in which they came.
    ///
    /// Asks the kernel about each: some 10 µs.
    #[must_use]
    pub fn each(&self) -> Vec<(ConnId, Stats)> {
        let mut living = Vec::new();
        lock(&self.state).upgrade(&mut living);
        living.iter().map(|meter| (meter.conn, meter.stats())).collect()
    }

    /// The sum of all that there were.
    #[must_use]
    pub fn total(&self) -> Stats {
        let mut living = Vec::new();
        let mut state = lock(&self.state);
        let (open, counts) = state.sum(&mut living);
        let now = Instant::now();
        let elapsed = now - self.started;
        let unit = self.first_opened.get().map_or(Unit::Bytes, |(_, unit)| *unit);
        let (sent, received) = counts.flows(elapsed, unit, state.reported, now);
        state.reported = Some((now, counts));
        Stats {
            conversations: Some(Conversations { open, closed: state.closed }),
            elapsed_ns: nanos(elapsed),
            sent,
            received,
            ..Stats::default()
        }
    }

    /// What was carried since the first conversation opened; `None` before it does.
    #[must_use]
    pub fn moved(&self) -> Option<Moved> {
        let time = self.first_opened.get()?.0.elapsed();
        let mut living = Vec::new();
        let (_, sum) = lock(&self.state).sum(&mut living);
        Some(Moved { time, sent: sum.sent, received: sum.received })
    }
}

impl Total {
    /// Those that are not over. Whoever is the last to hold one counts it among the gone, for which the lock must be
    /// free: so the caller keeps them for longer than the lock.
    fn upgrade(&self, living: &mut Vec<Arc<Meter>>) {
        living.extend(self.living.values().filter_map(Weak::upgrade));
    }

    /// How many are open, and what they and the gone have carried.
    fn sum(&self, living: &mut Vec<Arc<Meter>>) -> (u64, Counts) {
        self.upgrade(living);
        living
            .iter()
            .filter(|meter| meter.is_open())
            .fold((0, self.gone), |(open, sum), meter| (open + 1, sum.plus(meter.counts())))
    }

    /// Nothing more is counted there.
    fn leave(&mut self, meter: &Meter) {
        if self.living.remove(&meter.conn).is_some() && meter.is_open() {
            self.gone = self.gone.plus(meter.counts());
            self.closed += 1;
        }
    }
}

impl Meter {
    fn new(conn: ConnId, roll: Arc<Roll>) -> Self {
        Self {
            conn,
            bytes: Counters::new(roll.digest),
            roll,
            started: Instant::now(),
            said: AtomicU64::new(0),
            heard: AtomicU64::new(0),
            first_byte: AtomicU64::new(0),
            course: Mutex::default(),
            account: OnceLock::new(),
        }
    }

    /// A meter that is on no roll: what belongs to no conversation is counted nowhere.
    #[must_use]
    pub fn unlisted(roll: &Arc<Roll>) -> Arc<Self> {
        Arc::new(Self::new(ConnId::PROGRAM, roll.clone()))
    }

    /// Counts bytes given to the kernel.
    pub fn sent(&self, bytes: &[u8]) {
        self.bytes.sent.add(bytes);
    }

    /// Counts bytes given to the kernel, that were moved inside it.
    pub fn sent_unseen(&self, count: u64) {
        self.bytes.sent.count_only(count);
    }

    /// Counts bytes taken from the kernel.
    pub fn received(&self, bytes: &[u8]) {
        self.bytes.received.digest_only(bytes);
        self.received_unseen(bytes.len() as u64);
    }

    /// Counts bytes taken from the kernel, of which these pieces are left.
    pub fn received_cut<'a>(&self, pieces: impl Iterator<Item = &'a [u8]>, count: u64) {
        pieces.for_each(|piece| self.bytes.received.digest_only(piece));
        self.received_unseen(count);
    }

    /// Counts bytes taken from the kernel, that were moved inside it.
    pub fn received_unseen(&self, count: u64) {
        self.bytes.received.count_only(count);
        if count > 0 && self.first_byte.load(Ordering::Relaxed) == 0 {
            self.first_byte.store(nanos(self.started.elapsed()).max(1), Ordering::Relaxed);
        }
    }

    /// Counts messages sent.
    pub fn said(&self, messages: u64) {
        self.said.fetch_add(messages, Ordering::Relaxed);
    }

    /// Counts messages heard.
    pub fn heard(&self, messages: u64) {
        self.heard.fetch_add(messages, Ordering::Relaxed);
    }

    /// Bytes given to the kernel until now.
    #[must_use]
    pub fn bytes_sent(&self) -> u64 {
        self.bytes.sent.bytes()
    }

    /// Bytes taken from the kernel until now.
    #[must_use]
    pub fn bytes_received(&self) -> u64 {
        self.bytes.received.bytes()
    }

    /// Whether the bytes must be seen.
    #[must_use]
    pub fn looks(&self) -> bool {
        self.bytes.look()
    }

    /// The digests of what was counted, if they were asked for.
    #[must_use]
    pub fn digests(&self) -> Option<Digests> {
        self.bytes.digests()
    }

    /// Messages sent until now.
    #[must_use]
    pub fn messages_said(&self) -> u64 {
        self.said.load(Ordering::Relaxed)
    }

    /// Names the peer before there is one.
    pub fn toward(&self, remote: String) {
        lock(&self.course).remote = Some(remote);
    }

    /// A stage begins, and the one before it is over.
    pub fn enter(&self, stage: Stage) {
        let counts = matches!(
            stage,
            Stage::Resolve | Stage::Connect | Stage::Proxy | Stage::Tls | Stage::Upgrade | Stage::Request | Stage::Talk
        );
        if !counts {
            return; // they take no time, or follow the talk
        }
        let mut course = lock(&self.course);
        course.leave();
        course.stage = Some(stage);
        course.under_way = (stage != Stage::Talk).then(|| (stage, Instant::now()));
    }

    /// No stage is under way: somebody waits for Enter.
    pub fn pause(&self) {
        lock(&self.course).leave();
    }

    /// The conversation is open.
    pub fn open(&self, remote: &str, unit: Unit) {
        let mut course = lock(&self.course);
        course.leave();
        course.remote = Some(remote.to_owned());
        course.stage = Some(Stage::Talk);
        course.unit = Some(unit);
        let now = Instant::now();
        course.opened = Some(now);
        self.roll.first_opened.get_or_init(|| (now, unit));
    }

    /// The kernel can be asked about it.
    pub fn carried_by(&self, connection: Option<(Connection, Opener)>) {
        lock(&self.course).connection = connection;
    }

    /// The protocol has something to say of itself; the first that speaks is asked.
    pub fn accounts(&self, words: impl Fn() -> Vec<String> + Send + Sync + 'static) {
        let _ = self.account.set(Account(Box::new(words)));
    }

    /// What the protocol says of itself, in lines.
    #[must_use]
    pub fn account(&self) -> Option<Vec<String>> {
        self.account.get().map(|Account(words)| words())
    }

    /// Makes bytes that are said part of the digest.
    pub fn digest_said(&self, bytes: &[u8]) {
        self.bytes.sent.digest_only(bytes);
    }

    /// Makes bytes that are heard part of the digest.
    pub fn digest_heard(&self, bytes: &[u8]) {
        self.bytes.received.digest_only(bytes);
    }

    /// The conversation is over: nothing more is counted.
    pub fn close(&self) {
        lock(&self.roll.state).leave(self);
        let mut course = lock(&self.course);
        course.stage = Some(Stage::Close);
        course.closed.get_or_insert_with(Instant::now);
    }

    fn is_open(&self) -> bool {
        lock(&self.course).opened.is_some()
    }

    /// Asks the kernel about the connection, which is about to be closed, if it died or somebody will want to know. What
    /// the kernel has still to tell comes when the last descriptor is closed.
    #[must_use]
    pub fn last_look(self: &Arc<Self>, died: bool) -> Option<LastWords> {
        let (connection, _) = lock(&self.course).connection.filter(|_| died || self.roll.to_the_end)?;
        let state = kernel::state(connection);
        let is_all = state.as_ref().is_some_and(|state| state.info.is_some() && state.unacknowledged == 0);
        lock(&self.course).last = state.map(Box::new);
        // The subscription comes before the close, and most need none.
        let autopsy = if is_all { None } else { Autopsy::begin(connection) };
        Some(LastWords { meter: self.clone(), autopsy })
    }

    /// What was carried until now.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let now = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let (sent, received) = (self.bytes_sent(), self.bytes_received());
        Counts { sent, received, said: now(&self.said), heard: now(&self.heard) }
    }

    /// The measurements now.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let mut course = lock(&self.course);
        let counts = self.counts();
        let now = course.closed.unwrap_or_else(Instant::now);
        let elapsed = now.saturating_duration_since(course.opened.unwrap_or(self.started));
        let unit = course.unit.unwrap_or(Unit::Bytes);
        let (sent, received) = counts.flows(elapsed, unit, course.reported, now);
        course.reported = Some((now, counts));
        Stats {
            remote: course.remote.clone(),
            stage: Some(course.stage.unwrap_or(Stage::Socket)),
            conversations: None,
            elapsed_ns: nanos(elapsed),
            sent,
            received,
            took: course.took(self.started, self.first_byte.load(Ordering::Relaxed)),
            tcp: course.tcp(counts.sent),
        }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        lock(&self.roll.state).leave(self);
    }
}

/// What the kernel says of a socket that it is rid of.
#[must_use = "the kernel is listened to"]
pub struct LastWords {
    meter: Arc<Meter>,
    autopsy: Option<Autopsy>,
}

impl LastWords {
    /// Waits a moment for the kernel; blocks. Returns how many of the bytes that the kernel was given, whatever they were,
    /// the peer's kernel did not acknowledge, if that is known; a FIN counts as one.
    ///
    /// Nothing may hold the socket any more.
    #[must_use]
    pub fn unacknowledged(self) -> Option<u32> {
        let state = self.autopsy.and_then(|autopsy| autopsy.last_state(ANNOUNCEMENT));
        state.map(Box::new).or_else(|| lock(&self.meter.course).last.take()).map(|state| state.unacknowledged)
    }

    /// Waits a moment for the kernel; blocks. Returns how many of the bytes that were sent the peer's kernel
    /// acknowledged, if that is known: what TLS and proxies add is counted with them, and nobody can tell it apart.
    ///
    /// Nothing may hold the socket any more.
    #[must_use]
    pub fn acknowledged(self) -> Option<u64> {
        let state = self.autopsy.and_then(|autopsy| autopsy.last_state(ANNOUNCEMENT));
        let mut course = lock(&self.meter.course);
        if state.is_some() {
            course.last = state.map(Box::new);
        }
        let sent = self.meter.bytes_sent();
        if course.is_wrapped() || sent == 0 { None } else { course.tcp(sent).map(|tcp| tcp.acknowledged) }
    }
}

impl Course {
    /// Adds the time of the stage that is under way to what it took.
    fn leave(&mut self) {
        if let Some((stage, since)) = self.under_way.take() {
            self.took.add(stage, since.elapsed());
        }
    }

    /// With the stage that is under way, and the first byte, which came so many nanoseconds after the start.
    fn took(&self, started: Instant, first_byte: u64) -> Took {
        let mut took = self.took;
        if let Some((stage, since)) = self.under_way {
            took.add(stage, since.elapsed());
        }
        let opening = self.opened.map_or(0, |opened| nanos(opened - started));
        // What came while it opened is no first byte of what it is for.
        took.first_byte_ns = first_byte.checked_sub(opening).filter(|&after| after > 0);
        took
    }

    /// What is sent is more than the payload.
    fn is_wrapped(&self) -> bool {
        self.took.proxy_ns.is_some() || self.took.tls_ns.is_some() || self.took.upgrade_ns.is_some()
    }

    fn tcp(&self, sent: u64) -> Option<Tcp> {
        let (connection, opener) = self.connection?;
        let state = match (&self.last, self.closed) {
            (Some(last), _) => (**last).clone(),
            (None, None) => kernel::state(connection)?,
            // Somebody else may have its ends by now.
            (None, Some(_)) => return None,
        };
        let info = state.info?;
        let sent = if self.is_wrapped() { info.bytes_sent.saturating_sub(info.bytes_retransmitted) } else { sent };
        Some(Tcp {
            state: state.name.to_owned(),
            acknowledged: info.acknowledged(sent, opener),
            unread: state.unread.into(),
            info,
        })
    }
}

impl Took {
    fn add(&mut self, stage: Stage, time: Duration) {
        let sum = match stage {
            Stage::Resolve => &mut self.resolve_ns,
            Stage::Connect => &mut self.connect_ns,
            Stage::Proxy => &mut self.proxy_ns,
            Stage::Tls => &mut self.tls_ns,
            Stage::Upgrade => &mut self.upgrade_ns,
            _ => return,
        };
        *sum = Some(sum.unwrap_or(0).saturating_add(nanos(time)));
    }
}

impl Counts {
    fn plus(self, other: Self) -> Self {
        Self {
            sent: self.sent + other.sent,
            received: self.received + other.received,
            said: self.said + other.said,
            heard: self.heard + other.heard,
        }
    }

    /// Both directions, with their rates over the whole time and since the last report.
    fn flows(self, elapsed: Duration, unit: Unit, last: Option<(Instant, Self)>, now: Instant) -> (Flow, Flow) {
        let recent = |count: fn(Self) -> u64| {
            last.map(|(then, counts)| rate(count(self) - count(counts), now.saturating_duration_since(then)))
        };
        let flow = |bytes, messages, recent_rate| Flow {
            bytes,
            messages: (unit == Unit::Messages).then_some(messages),
            rate: rate(bytes, elapsed),
            recent_rate,
        };
        (
            flow(self.sent, self.said, recent(|counts| counts.sent)),
            flow(self.received, self.heard, recent(|counts| counts.received)),
        )
    }
}

/// Bytes in a second.
#[must_use]
pub fn rate(bytes: u64, time: Duration) -> u64 {
    let nanos = time.as_nanos().max(1);
    u64::try_from(u128::from(bytes) * 1_000_000_000 / nanos).unwrap_or(u64::MAX)
}

/// What a panic left behind is as good as ever: counts and times.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLI: Duration = Duration::from_millis(1);

    /// Waits until the clock has moved on.
    fn a_while() -> Duration {
        let start = Instant::now();
        while start.elapsed() < MILLI {}
        start.elapsed()
    }

    #[test]
    fn each_stage_takes_its_own_time_and_waiting_for_enter_none() {
        let roll = Roll::new(false, None);
        let meter = roll.enter(ConnId(1));
        meter.toward("tcp://example.org:80".to_owned());
        assert_eq!((meter.stats().stage, meter.stats().took), (Some(Stage::Socket), Took::default()));
        let before = Instant::now();
        meter.enter(Stage::Resolve);
        a_while();
        meter.enter(Stage::Connect);
        a_while();
        meter.enter(Stage::Socket); // another address is tried at the same time
        meter.enter(Stage::Connect);
        let so_far = meter.stats();
        assert_eq!((so_far.stage, so_far.remote.as_deref()), (Some(Stage::Connect), Some("tcp://example.org:80")));
        assert!(so_far.took.connect_ns.is_some_and(|took| took >= nanos(MILLI)), "{so_far:?}");
        let connected = Instant::now();
        meter.pause();
        let paused = a_while();
        meter.enter(Stage::Tls);
        a_while();
        let since = Instant::now();
        meter.open("tcp://127.0.0.1:80", Unit::Bytes);
        let opened = before.elapsed();
        a_while();
        meter.received(b"x");
        let heard = since.elapsed();
        a_while();
        meter.received(b"y");
        let Took { resolve_ns, connect_ns, proxy_ns, tls_ns, first_byte_ns, .. } = meter.stats().took;
        let took = [resolve_ns, connect_ns, tls_ns].map(|took| Duration::from_nanos(took.expect("a time")));
        assert!(took.iter().all(|took| *took >= MILLI), "{took:?}");
        assert!(took[0] + took[1] <= connected - before, "{took:?}");
        assert!(took.iter().sum::<Duration>() + paused <= opened, "{took:?} in {opened:?} without {paused:?}");
        assert_eq!(proxy_ns, None);
        let first_byte = Duration::from_nanos(first_byte_ns.expect("a time"));
        assert!((MILLI..=heard).contains(&first_byte), "{first_byte:?} of {heard:?}");
        assert_eq!(meter.stats().stage, Some(Stage::Talk));
    }

    #[test]
    fn what_came_while_it_opened_is_not_its_first_byte() {
        let meter = Roll::new(false, None).enter(ConnId(1));
        meter.enter(Stage::Connect);
        meter.received(b"x");
        a_while();
        meter.open("test:", Unit::Messages);
        meter.received(b"y");
        assert_eq!(meter.stats().took.first_byte_ns, None);
    }

    #[test]
    fn the_sum_is_of_those_that_opened_whether_they_are_gone_or_not() {
        let roll = Roll::new(false, None);
        let [one, two, three] = [1, 2, 3].map(|number| roll.enter(ConnId(number)));
        assert_eq!((roll.each().len(), roll.moved()), (3, None));
        for meter in [&one, &two] {
            meter.open("test:", Unit::Messages);
            meter.sent(b"abc");
            meter.said(1);
            meter.received_unseen(4);
            meter.heard(2);
        }
        one.close();
        drop(three); // it could not be opened
        let total = roll.total();
        assert_eq!(total.conversations, Some(Conversations { open: 1, closed: 1 }));
        assert_eq!((total.sent.bytes, total.sent.messages), (6, Some(2)));
        assert_eq!((total.received.bytes, total.received.messages), (8, Some(4)));
        assert_eq!(total.sent.recent_rate, None, "there was no report before");
        assert_eq!(roll.each().into_iter().map(|(conn, _)| conn).collect::<Vec<_>>(), [ConnId(2)]);
        drop((one, two));
        let total = roll.total();
        assert_eq!(total.conversations, Some(Conversations { open: 0, closed: 2 }));
        assert_eq!((total.sent.bytes, total.sent.recent_rate), (6, Some(0)));
        assert!(roll.moved().is_some_and(|moved| (moved.sent, moved.received) == (6, 8)));
    }

    #[test]
    fn rates_are_bytes_in_a_second() {
        for (bytes, millis, expected) in
            [(0, 1000, 0), (1000, 500, 2000), (u64::MAX, 1000, u64::MAX), (5, 0, 5_000_000_000)]
        {
            assert_eq!(rate(bytes, Duration::from_millis(millis)), expected);
        }
    }
}
