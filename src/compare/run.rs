//! The run of a comparison: the phases, one after the other, for all lanes at once.

use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::time::{sleep, sleep_until, timeout};

use super::delay::Crossed;
use super::lane::{End, Lane, Remote, lock};
use super::ledger::{Latency, Ledger};
use super::schedule::{payload, times};
use super::style::Style;
use super::theory::{self, Setting};
use super::{Burst, Idle, LaneProgress, LaneReport, Phase, Progress, Report, Rules, Upward, What, advice};
use crate::event::{Clock, Timed};
use crate::exit::{Exit, Failure};
use crate::quantity::nanos;

/// What has not come so long after it could have is lost.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often it is told how far it is.
const TOLD: Duration = Duration::from_millis(250);
/// From one look to the next whether all has come.
const LOOK: Duration = Duration::from_millis(5);
/// Messages the other way come so far apart, beside a round trip.
const APART: Duration = Duration::from_millis(20);
/// The first event is there before anybody asks; its number.
const FIRST: u64 = 0;
/// Those that come at once are numbered from here.
const BURST: u64 = 1_000_000;

/// A comparison under way.
pub struct Comparison {
    rules: Rules,
    clock: Clock,
    start: Instant,
    lanes: Vec<Lane>,
    /// Whoever posts the events to a server that is not ours.
    publisher: Option<End>,
    told: mpsc::Sender<Vec<Timed<What>>>,
}

/// How a lane stood at a moment.
#[derive(Clone, Copy, Default)]
struct Mark {
    crossed: Crossed,
    client: Duration,
    server: Duration,
}

impl Comparison {
    /// Opens the servers.
    pub async fn open(rules: Rules, told: mpsc::Sender<Vec<Timed<What>>>) -> Result<Self, Failure> {
        let (clock, start) = (Clock::start(), Instant::now());
        let mut lanes = Vec::with_capacity(rules.styles.len());
        let remote = match &rules.target {
            Some(target) => Some(Remote::find(target).await?),
            None => None,
        };
        for style in &rules.styles {
            lanes.push(match &remote {
                Some(remote) => Lane::toward(*style, remote, rules.rtt, clock, start)?,
                None => Lane::open(*style, rules.rtt, clock, start).await?,
            });
        }
        let publisher = match (&remote, lanes.first()) {
            (Some(remote), Some(first)) => {
                let said_in = lanes.iter().map(|lane| lane.down.clone()).collect();
                Some(remote.publisher(clock, said_in, first.failed.clone())?)
            }
            _ => None,
        };
        Ok(Self { rules, clock, start, lanes, publisher, told })
    }

    /// Measures, and tells.
    pub async fn run(mut self) -> Result<Exit, Failure> {
        let opened = self.opening().await?;
        let first: Vec<_> = self.lanes.iter().map(first).collect();
        self.forget();
        let began = self.start.elapsed();
        self.events().await?;
        let events = self.start.elapsed().saturating_sub(began);
        let talked = self.marks().await;
        let told: Vec<_> = self.lanes.iter().map(|lane| lock(&lane.down).clone()).collect();
        self.forget();
        self.burst().await?;
        let burst: Vec<_> = self.lanes.iter().map(|lane| lock(&lane.down).clone()).collect();
        let burst_marks = self.marks().await;
        self.upward().await?;
        let upward_marks = self.marks().await;
        self.idle().await?;
        let idle_marks = self.marks().await;
        let lanes = self.lanes.iter().enumerate().map(|(at, lane)| {
            let mut report = self.report(lane, &told[at], opened[at], talked[at]);
            report.first_ns = first[at];
            report.burst = (self.rules.burst > 0).then(|| Burst {
                counts: burst[at].counts(),
                took_ns: burst[at].is_complete().then(|| burst[at].span()).flatten().map(nanos),
                crossed: burst_marks[at].crossed.since(talked[at].crossed),
            });
            report.upward = (self.rules.upward > 0)
                .then(|| self.went_up(lane, upward_marks[at].crossed.since(burst_marks[at].crossed)));
            report.idle = (!self.rules.idle.is_zero())
                .then(|| self.idled(idle_marks[at].crossed.since(upward_marks[at].crossed)));
            report
        });
        let report = Report {
            rtt_ns: nanos(self.rules.rtt),
            rate: self.rules.rate,
            payload: self.rules.payload,
            events_ns: nanos(events),
            idle_ns: nanos(self.rules.idle),
            lanes: lanes.collect(),
        };
        self.tell(What::Report(Box::new(report))).await;
        Ok(Exit::Complete)
    }

    async fn tell(&self, what: What) {
        // Fails only when nobody looks any more.
        let _ = self.told.send(vec![Timed { time: self.clock.now(), what }]).await;
    }

    async fn progress(&self, phase: Phase) -> Result<(), Failure> {
        for lane in &self.lanes {
            if let Some(failure) = lock(&lane.failed).take() {
                return Err(failure);
            }
        }
        let lanes = self.lanes.iter().map(|lane| {
            let ledger = lock(&lane.down);
            let (counts, last_ns) = (ledger.counts(), ledger.last_latency());
            LaneProgress { style: lane.style, counts, last_ns, crossed: lane.line.crossed() }
        });
        let lanes = lanes.collect();
        self.tell(What::Progress(Progress { phase, lanes })).await;
        Ok(())
    }

    async fn marks(&self) -> Vec<Mark> {
        let mut marks = Vec::with_capacity(self.lanes.len());
        for lane in &self.lanes {
            let client = match &lane.client {
                Some(client) => client.processor().await,
                None => Duration::ZERO,
            };
            let server = match &lane.server {
                Some(server) => server.processor().await,
                None => Duration::ZERO,
            };
            marks.push(Mark { crossed: lane.line.crossed(), client, server });
        }
        marks
    }

    fn forget(&self) {
        for lane in &self.lanes {
            *lock(&lane.down) = Ledger::default();
        }
    }

    /// Clients come to an event that is already there.
    async fn opening(&mut self) -> Result<Vec<Mark>, Failure> {
        self.say(&[FIRST]);
        self.wait(Phase::Opening, |lane| lock(&lane.down).counts().said > 0).await?;
        for lane in &mut self.lanes {
            lane.connect()?;
        }
        self.all_heard(Phase::Opening, 1).await?;
        Ok(self.marks().await)
    }

    /// Events, one by one, to all lanes at the same moment.
    async fn events(&self) -> Result<(), Failure> {
        let begin = Instant::now();
        let schedule = times(self.rules.events, self.rules.rate, self.rules.seed);
        let mut told = Instant::now();
        for (number, at) in (1..).zip(schedule) {
            let due = begin + at;
            while Instant::now() < due {
                sleep_until((due.min(told + TOLD)).into()).await;
                if told.elapsed() >= TOLD {
                    told = Instant::now();
                    self.progress(Phase::Events).await?;
                }
            }
            self.say(&[number]);
        }
        self.all_heard(Phase::Events, self.rules.events).await
    }

    /// Has every server tell these, or one server all.
    fn say(&self, numbers: &[u64]) {
        let events: Vec<_> = numbers.iter().map(|number| (*number, payload(*number, self.rules.payload))).collect();
        for end in self.lanes.iter().filter_map(|lane| lane.server.as_ref()).chain(&self.publisher) {
            end.say(events.clone());
        }
    }

    async fn burst(&self) -> Result<(), Failure> {
        if self.rules.burst == 0 {
            return Ok(());
        }
        self.say(&(BURST..BURST + self.rules.burst as u64).collect::<Vec<_>>());
        self.all_heard(Phase::Burst, self.rules.burst).await
    }

    async fn upward(&self) -> Result<(), Failure> {
        for number in 1..=self.rules.upward as u64 {
            for client in self.lanes.iter().filter_map(|lane| lane.client.as_ref()) {
                client.say(vec![(number, payload(number, self.rules.payload))]);
            }
            sleep(APART + self.rules.rtt).await;
        }
        let most = self.rules.upward as u64;
        self.wait(Phase::Upward, |lane| lock(&lane.up).counts().heard >= most).await
    }

    async fn idle(&self) -> Result<(), Failure> {
        let until = Instant::now() + self.rules.idle;
        while Instant::now() < until {
            sleep_until(until.min(Instant::now() + TOLD).into()).await;
            self.progress(Phase::Idle).await?;
        }
        Ok(())
    }

    /// Until every client has heard so many.
    async fn all_heard(&self, phase: Phase, count: usize) -> Result<(), Failure> {
        self.wait(phase, |lane| lock(&lane.down).counts().heard >= count as u64).await
    }

    /// Until every lane has what it should, or is past hope.
    async fn wait(&self, phase: Phase, done: impl Fn(&Lane) -> bool) -> Result<(), Failure> {
        let slowest = self.rules.styles.iter().map(|style| match style {
            Style::Polling(interval) => *interval,
            _ => Duration::ZERO,
        });
        let limit = PATIENCE + slowest.max().unwrap_or_default() + self.rules.rtt * 4;
        let waiting = async {
            let mut told = Instant::now();
            loop {
                if told.elapsed() >= TOLD {
                    told = Instant::now();
                    self.progress(phase).await?;
                }
                if self.lanes.iter().all(&done) {
                    return self.progress(phase).await;
                }
                sleep(LOOK).await;
            }
        };
        // What is missing then is lost, and the report says so.
        timeout(limit, waiting).await.unwrap_or(Ok(()))
    }

    #[expect(clippy::cast_precision_loss, reason = "means of counts")]
    fn report(&self, lane: &Lane, told: &Ledger, before: Mark, after: Mark) -> LaneReport {
        let counts = told.counts();
        let crossed = after.crossed.since(before.crossed);
        let size = |number| payload(number, self.rules.payload).len() as u64;
        let payload_bytes: u64 =
            (1..=self.rules.events as u64).filter(|number| told.heard_at(*number).is_some()).map(size).sum();
        let total = crossed.up.total + crossed.down.total;
        let heard = counts.heard.max(1);
        let each = |after: Duration, before: Duration| nanos(after.saturating_sub(before)) / heard;
        let latencies_ns = told.latencies();
        LaneReport {
            style: lane.style,
            counts,
            latency: Latency::of(&latencies_ns),
            first_ns: None,
            opening: before.crossed,
            crossed,
            payload_bytes,
            overhead_per_event: total.saturating_sub(payload_bytes) as f64 / heard as f64,
            efficiency: payload_bytes as f64 / total.max(1) as f64,
            client_cpu_ns: each(after.client, before.client),
            server_cpu_ns: each(after.server, before.server),
            burst: None,
            upward: None,
            idle: None,
            theory: theory::of(lane.style, Setting { rtt: self.rules.rtt, rate: self.rules.rate }),
            when: advice::when(lane.style),
            latencies_ns,
            exchanges: lane.line.exchanges(),
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "means of counts")]
    fn went_up(&self, lane: &Lane, crossed: Crossed) -> Upward {
        let ledger = lock(&lane.up);
        let counts = ledger.counts();
        let payload: u64 =
            (1..=self.rules.upward as u64).map(|number| payload(number, self.rules.payload).len() as u64).sum();
        Upward {
            counts,
            latency: Latency::of(&ledger.latencies()),
            overhead_per_message: crossed.up.total.saturating_sub(payload) as f64 / counts.said.max(1) as f64,
            connections: crossed.connections,
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "rates of counts")]
    fn idled(&self, crossed: Crossed) -> Idle {
        let minutes = self.rules.idle.as_secs_f64() / 60.0;
        let rate = |count: u64| count as f64 / minutes;
        Idle {
            up_bytes: rate(crossed.up.total),
            down_bytes: rate(crossed.down.total),
            requests: rate(crossed.requests),
        }
    }
}

/// From the client's start until it heard the event that was there.
fn first(lane: &Lane) -> Option<u64> {
    let heard = lock(&lane.down).heard_at(FIRST)?;
    Some(nanos(heard.saturating_sub(lane.began)))
}
