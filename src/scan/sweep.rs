//! A scan under way: which probe is next, how many at a time, and what is known so far.
//!
//! As in a session, no arm of the `select!` awaits: a display that takes nothing stops new probes, and not the clock of
//! those under way.

use std::collections::VecDeque;
use std::io;
use std::iter::Peekable;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio::sync::mpsc;
use tokio::time::{Instant, Interval, interval_at, sleep_until};

use super::attempt::Attempt;
use super::pace::Pace;
use super::probe::{Outcome, probe};
use super::{End, Finding, Ports, Services, Summary, What};
use crate::event::{Clock, Timed};
use crate::exit::{Exit, Failure};
use crate::quantity::nanos;
use crate::transport::goodbye::part;

/// Findings that may wait for the display before no new probe starts.
const UNTOLD: usize = 1024;
/// A port that is not open is tried again after so long (`--retry`).
pub const AGAIN: Duration = Duration::from_millis(250);
/// Without room for a socket and with none under way that could make some, it is tried again after so long,
const CROWDED: Duration = Duration::from_millis(50);
/// and given up after so long.
const TOO_CROWDED: Duration = Duration::from_secs(10);
/// Progress is told after so long, and then at this interval.
const PROGRESS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_millis(250));

/// How a scan is done.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Sockets at a time, those that are being closed included.
    pub parallel: usize,
    /// From one probe to the next at the rate that is kept; `None` for as many as can be.
    pub interval: Option<Duration>,
    /// How long a probe waits for an answer.
    pub timeout: Duration,
    /// How long an open port's server may take to say something first, if that is wanted.
    pub banner: Option<Duration>,
    /// For so long ports that are not open are tried again.
    pub retry: Option<Duration>,
    /// Whether progress is told.
    pub progress: bool,
}

/// A scan.
pub struct Sweep {
    rules: Rules,
    clock: Clock,
    services: Services,
    started: Instant,
    pace: Pace,
    /// Never tried.
    fresh: Peekable<Attempts>,
    /// To be tried now: at the next address, or once more because there was no room.
    next: VecDeque<Attempt>,
    /// To be tried again later, the first due first.
    later: VecDeque<(Instant, Attempt)>,
    probes: FuturesUnordered<BoxFuture<'static, (Attempt, Outcome)>>,
    /// Open ports that are being closed.
    partings: FuturesUnordered<BoxFuture<'static, ()>>,
    /// There was no room for a socket: since when, and until when nothing starts.
    crowded: Option<(Instant, Instant)>,
    untold: Vec<Timed<What>>,
    ticks: Option<Interval>,
    summary: Summary,
}

type Attempts = Box<dyn Iterator<Item = Attempt>>;

fn none() -> Attempts {
    Box::new(std::iter::empty())
}

impl Sweep {
    /// A scan of these ports: of each group of addresses, one after the other. A port is open when it is open at one
    /// address of the group.
    #[must_use]
    pub fn new(host: String, groups: Vec<Arc<[SocketAddr]>>, ports: &Ports, rules: Rules, services: Services) -> Self {
        let clock = Clock::start();
        let addresses = groups.iter().flat_map(|group| group.iter().map(SocketAddr::ip)).collect();
        let asked = groups.len() * ports.len();
        let numbers: Arc<[u16]> = ports.iter().collect();
        let fresh: Attempts = Box::new(groups.into_iter().flat_map(move |addresses| {
            let numbers = numbers.clone();
            (0..numbers.len()).map(move |index| Attempt::new(numbers[index], addresses.clone()))
        }));
        let started = Instant::now();
        let scanning = What::Scanning { host: host.clone(), addresses, ports: ports.len() };
        Self {
            started,
            pace: Pace::new(rules.interval),
            fresh: fresh.peekable(),
            next: VecDeque::new(),
            later: VecDeque::new(),
            probes: FuturesUnordered::new(),
            partings: FuturesUnordered::new(),
            crowded: None,
            untold: vec![Timed { time: clock.now(), what: scanning }],
            ticks: rules.progress.then(|| interval_at(started + PROGRESS.0, PROGRESS.1)),
            summary: Summary::new(host, asked),
            rules,
            clock,
            services,
        }
    }

    /// Scans until every port is known, time runs out, or an interrupt comes; a second interrupt ends at once.
    /// Everything is told to `screen`.
    pub async fn run(
        mut self,
        screen: mpsc::Sender<Vec<Timed<What>>>,
        interrupts: &mut mpsc::Receiver<()>,
    ) -> Result<Exit, Failure> {
        let mut over = false;
        while !(over && self.partings.is_empty() && self.untold.is_empty()) {
            let (start, deadline) = (self.next_start(), self.deadline());
            tokio::select! {
                biased;
                _ = interrupts.recv() => {
                    if self.summary.end == End::Interrupted {
                        return Ok(Exit::Interrupted);
                    }
                    self.summary.end = End::Interrupted;
                    self.give_up();
                    self.probes.clear();
                    self.partings.clear();
                }
                permit = screen.reserve(), if !self.untold.is_empty() => match permit {
                    Ok(permit) => permit.send(std::mem::take(&mut self.untold)),
                    Err(_) => return Ok(Exit::BrokenStdout),
                },
                () = screen.closed() => return Ok(Exit::BrokenStdout),
                Some((attempt, outcome)) = self.probes.next() => self.came(attempt, outcome)?,
                Some(()) = self.partings.next() => self.made_room(),
                () = at(start) => self.start(),
                () = at(deadline), if !over && self.summary.end == End::Complete => {
                    // Probes under way end at the same time, by themselves.
                    self.summary.end = End::Timeout;
                    self.give_up();
                }
                () = tick(&mut self.ticks), if !over => {
                    let known = self.summary.known();
                    self.tell(What::Progress { known, asked: self.summary.asked });
                }
            }
            if !over && self.is_over() {
                over = true;
                self.summary.took_ns = nanos(self.started.elapsed());
                self.tell(What::Summary(self.summary.clone()));
            }
        }
        self.summary.verdict()
    }

    fn is_over(&mut self) -> bool {
        self.probes.is_empty() && self.next.is_empty() && self.later.is_empty() && self.fresh.peek().is_none()
    }

    /// When `--retry` ends.
    fn deadline(&self) -> Option<Instant> {
        self.started.checked_add(self.rules.retry?)
    }

    /// When the next probe may start; `None` while there is none, or no place for it.
    fn next_start(&mut self) -> Option<Instant> {
        let under_way = self.probes.len() + self.partings.len();
        if under_way >= self.rules.parallel || self.untold.len() >= UNTOLD {
            return None;
        }
        let there_is = !self.next.is_empty() || self.fresh.peek().is_some();
        let from = if there_is { self.started } else { self.later.front()?.0 };
        let crowded = self.crowded.map(|(_, until)| until);
        [Some(from), self.pace.due(), crowded].into_iter().flatten().max()
    }

    /// Starts the next probe, which is due.
    fn start(&mut self) {
        let attempt = self.next.pop_front().or_else(|| self.fresh.next());
        let Some(mut attempt) = attempt.or_else(|| self.later.pop_front().map(|(_, attempt)| attempt)) else { return };
        let now = Instant::now();
        self.pace.start(now);
        let left = self.deadline().map_or(Duration::MAX, |deadline| deadline - now);
        let (limit, banner) = (self.rules.timeout.min(left), self.rules.banner);
        attempt.probes += 1;
        self.probes.push(Box::pin(async move {
            let outcome = probe(attempt.address(), limit, banner).await;
            (attempt, outcome)
        }));
    }

    /// A probe has ended.
    fn came(&mut self, mut attempt: Attempt, outcome: Outcome) -> Result<(), Failure> {
        let (state, took, stream) = match outcome {
            Outcome::Answer { state, took, stream } => (state, took, stream),
            Outcome::NoRoom(error) => return self.no_room(attempt, &error),
        };
        self.made_room();
        if let Some(stream) = stream {
            self.partings.push(Box::pin(part(stream)));
        }
        attempt.answered(state, took);
        let gives_up = self.summary.end != End::Complete;
        if attempt.has_more() && !gives_up {
            self.next.push_back(attempt);
            return Ok(());
        }
        let Some((mut finding, changed)) = attempt.end_round() else { return Ok(()) };
        finding.service = self.services.name(finding.port).map(str::to_owned);
        if finding.state.is_open() || self.rules.retry.is_none() || gives_up {
            self.found(finding);
        } else {
            if changed {
                self.tell(What::Waiting(finding));
            }
            self.later.push_back((Instant::now() + AGAIN, attempt));
        }
        Ok(())
    }

    fn found(&mut self, finding: Finding) {
        self.summary.count(&finding);
        self.tell(What::Port(finding));
    }

    /// The probe waits until another one has ended, or a while if there is no other.
    fn no_room(&mut self, mut attempt: Attempt, error: &io::Error) -> Result<(), Failure> {
        let now = Instant::now();
        let (since, _) = *self.crowded.get_or_insert((now, now));
        let alone = self.probes.is_empty() && self.partings.is_empty();
        if alone && now - since > TOO_CROWDED {
            let at = format!("tcp://{}", attempt.address());
            return Err(Failure::system("scan", &at, error).hint("`ulimit -n` tells how many descriptors there may be"));
        }
        self.crowded = Some((since, now + CROWDED));
        attempt.probes -= 1;
        self.next.push_front(attempt);
        Ok(())
    }

    fn made_room(&mut self) {
        self.crowded = None;
    }

    /// No new probe starts, and what is known of the ports that wait is told.
    fn give_up(&mut self) {
        self.fresh = none().peekable();
        let waiting: Vec<Attempt> =
            self.next.drain(..).chain(self.later.drain(..).map(|(_, attempt)| attempt)).collect();
        for mut attempt in waiting {
            if let Some((finding, _)) = attempt.end_round() {
                self.found(finding);
            }
        }
    }

    fn tell(&mut self, what: What) {
        self.untold.push(Timed { time: self.clock.now(), what });
    }
}

async fn at(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant).await,
        None => std::future::pending().await,
    }
}

async fn tick(ticks: &mut Option<Interval>) {
    match ticks {
        Some(ticks) => {
            ticks.tick().await;
        }
        None => std::future::pending().await,
    }
}
