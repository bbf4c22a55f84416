//! Connects, and connects again.

use std::pin::pin;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::{Lost, Reply, Stages, Tally, What};
use crate::event::{self, Clock, Record, Timed};
use crate::exit::{Exit, Failure};
use crate::link::Journal;
use crate::quantity::nanos;
use crate::step::Step;
use crate::transport::goodbye::part;
use crate::transport::{Channel, Dial, Opened, To};

/// How often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// So many; `None` until interrupted.
    pub count: Option<u64>,
    /// From the start of one to the start of the next; a ping that takes longer delays the next.
    pub interval: Duration,
}

/// Pings under way.
pub struct Pinger<'a> {
    rules: Rules,
    endpoint: String,
    clock: Clock,
    journal: Journal,
    records: mpsc::Receiver<Vec<Record>>,
    screen: mpsc::Sender<Vec<Timed<What>>>,
    interrupts: &'a mut mpsc::Receiver<()>,
    untold: Vec<Timed<What>>,
    /// Of the ping that is under way.
    stages: Stages,
    tally: Tally,
    last_failure: Option<Failure>,
    /// Connections that are being closed.
    partings: JoinSet<()>,
}

impl<'a> Pinger<'a> {
    /// The journal must record steps: the times of the stages are theirs.
    #[must_use]
    pub fn new(
        rules: Rules,
        endpoint: String,
        (journal, records): (Journal, mpsc::Receiver<Vec<Record>>),
        screen: mpsc::Sender<Vec<Timed<What>>>,
        interrupts: &'a mut mpsc::Receiver<()>,
    ) -> Self {
        Self {
            rules,
            endpoint,
            clock: journal.clock(),
            journal,
            records,
            screen,
            interrupts,
            untold: Vec::new(),
            stages: Stages::default(),
            tally: Tally::default(),
            last_failure: None,
            partings: JoinSet::new(),
        }
    }

    /// Pings until there were enough, or an interrupt comes. Success is at least one connection.
    pub async fn run(mut self, mut dial: Dial) -> Result<Exit, Failure> {
        let end = self.ping(&mut dial).await;
        let end = match end {
            Ok(Ok(())) | Err(Exit::Interrupted) => {
                let summary = self.tally.summary(&self.endpoint);
                self.tell(What::Summary(summary));
                let mut partings = std::mem::take(&mut self.partings);
                let parted = async { while partings.join_next().await.is_some() {} };
                match end {
                    // Whoever interrupts has no time for goodbyes, but wants the summary; the second one not even that.
                    Err(_) => self.meanwhile(async {}).await.and(end),
                    Ok(_) => self.meanwhile(parted).await.and(end),
                }
            }
            _ => end,
        };
        match end {
            Err(exit) => Ok(exit),
            Ok(Err(failure)) => Err(failure),
            Ok(Ok(())) if self.tally.connected > 0 => Ok(Exit::Complete),
            Ok(Ok(())) => self.last_failure.map_or(Ok(Exit::Complete), Err),
        }
    }

    /// The outer error ends the program at once; the inner one is of the name, and ends it before the first ping.
    async fn ping(&mut self, dial: &mut Dial) -> Result<Result<(), Failure>, Exit> {
        if let Err(failure) = self.look_up(dial).await? {
            return Ok(Err(failure));
        }
        let mut due = Instant::now();
        let mut seq = 0;
        while self.rules.count.is_none_or(|count| seq < count) {
            self.meanwhile(sleep_until(due)).await?;
            due = Instant::now() + self.rules.interval;
            seq += 1;
            self.stages = Stages::default();
            let started = Instant::now();
            let opened = self.meanwhile(Box::pin(dial.connect(self.journal.open()))).await?;
            let took_ns = nanos(started.elapsed());
            match opened {
                Ok(opened) => self.connected(seq, opened, took_ns),
                Err(failure) => {
                    self.tally.failed += 1;
                    self.tell(What::Lost(Lost { seq, error: failure.what.clone(), took_ns }));
                    self.last_failure = Some(failure);
                }
            }
        }
        Ok(Ok(()))
    }

    /// Looks the name up once. A proxy may know names that we do not.
    async fn look_up(&mut self, dial: &mut Dial) -> Result<Result<(), Failure>, Exit> {
        let To::Tcp(tcp) = &mut dial.to else { return Ok(Ok(())) };
        if !tcp.network.route.is_direct() {
            return Ok(Ok(()));
        }
        let report = self.journal.program();
        let found = tcp.network.resolve(&tcp.target, &report);
        let found = self.meanwhile(tokio::time::timeout(tcp.network.timeout, found)).await?;
        let found = found.unwrap_or_else(|_| {
            let what = format!("resolve {}: no answer within {:?}", tcp.target.host, tcp.network.timeout);
            Err(Failure::new(Exit::Timeout, what).hint("--connect-timeout waits longer"))
        });
        Ok(found.map(|addresses| tcp.network.names.set(&tcp.target.host, addresses)))
    }

    fn connected(&mut self, seq: u64, opened: Opened, total_ns: u64) {
        let Channel::Bytes(stream, peer) = opened.channel else { return };
        let stages = std::mem::take(&mut self.stages);
        self.tally.connected(&stages);
        self.tell(What::Reply(Reply { seq, remote: peer.remote, local: peer.local, stages, total_ns }));
        opened.report.step(|| Step::Shutdown);
        self.partings.spawn(part(stream));
    }

    /// Does something while steps are taken note of, and what is told is shown.
    async fn meanwhile<T>(&mut self, task: impl Future<Output = T>) -> Result<T, Exit> {
        let mut task = pin!(task);
        let mut done = None;
        let screen = self.screen.clone();
        loop {
            // Nothing that has been told is left behind.
            if self.untold.is_empty()
                && self.records.is_empty()
                && let Some(done) = done
            {
                return Ok(done);
            }
            tokio::select! {
                biased;
                _ = self.interrupts.recv() => return Err(Exit::Interrupted),
                permit = screen.reserve(), if !self.untold.is_empty() => match permit {
                    Ok(permit) => permit.send(std::mem::take(&mut self.untold)),
                    Err(_) => return Err(Exit::BrokenStdout),
                },
                () = screen.closed() => return Err(Exit::BrokenStdout),
                Some(batch) = self.records.recv() => self.happened(batch),
                result = &mut task, if done.is_none() => done = Some(result),
            }
        }
    }

    fn happened(&mut self, batch: Vec<Record>) {
        for record in batch {
            if let event::What::Step(step) = &record.what {
                self.stages.take(step);
                if let Step::Resolved { host, addresses, took_ns } = &**step {
                    let (host, addresses) = (host.clone(), addresses.clone());
                    self.tell(What::Resolved { host, addresses, took_ns: *took_ns });
                }
            }
            self.tell(What::Record(record));
        }
    }

    fn tell(&mut self, what: What) {
        self.untold.push(Timed { time: self.clock.now(), what });
    }
}
