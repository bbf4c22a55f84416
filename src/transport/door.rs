//! The door of a listener: asked about each peer before anything is done for it, and counting those it turns away.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{Notify, Semaphore};

use super::goodbye::part;
use super::{ByteStream, Channel, Opened};
use crate::access::{Limiter, List, Policy, Refusal, Rules, Tally, Visitor, parse_file};
use crate::event::{CloseReason, What};
use crate::exit::{Exit, Failure, words};
use crate::link::Reporter;
use crate::step::Step;

/// How long those turned away are counted before they are said together; twice as long each time while more come.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// And no longer than this.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// So many are parted from politely at a time; one more is closed at once.
const GOODBYES: usize = 256;

/// Who may come, and how fast.
#[derive(Clone)]
pub struct Door(Arc<Inner>);

struct Inner {
    policy: Policy,
    /// What is counted: `connections`, `datagrams`.
    noun: &'static str,
    list: Mutex<List>,
    limiter: Mutex<Limiter>,
    away: Mutex<Tally>,
    /// Somebody was turned away.
    anybody: Notify,
    goodbyes: Arc<Semaphore>,
    report: Reporter,
}

impl Door {
    /// Reads the file if there is one.
    pub(super) fn open(policy: &Policy, noun: &'static str, report: Reporter) -> Result<Self, Failure> {
        let from_file = policy.file.as_deref().map(read).transpose()?.unwrap_or_default();
        Ok(Self(Arc::new(Inner {
            noun,
            list: Mutex::new(List::new([&policy.rules, &from_file])),
            limiter: Mutex::new(Limiter::new(policy.limits)),
            away: Mutex::default(),
            anybody: Notify::new(),
            goodbyes: Arc::new(Semaphore::new(GOODBYES)),
            report,
            policy: policy.clone(),
        })))
    }

    /// Why this peer may not come; `None` if it may, and then it counts.
    pub(super) fn refusal(&self, visitor: Visitor) -> Option<Refusal> {
        let users = &self.0.policy.users;
        let refusal = match visitor {
            Visitor::Address(address) => lock(&self.0.list).refusal(address),
            Visitor::User(user) if users.is_empty() || users.contains(&user) => None,
            Visitor::User(user) => Some(Refusal::NotAllowedUser(user)),
            Visitor::Unknown => None,
        };
        refusal.or_else(|| lock(&self.0.limiter).refusal(visitor, Instant::now()))
    }

    /// Counts what a peer wanted and did not get.
    pub(super) fn count(&self, remote: &str, refusal: Refusal, times: usize) {
        self.0.report.step(|| Step::TurnedAway { remote: remote.to_owned(), why: refusal.words() });
        lock(&self.0.away).add(remote, refusal, times as u64);
        self.0.anybody.notify_one();
    }

    /// Closes a connection that may not come in, politely, and counts it.
    pub(super) fn turn_away(&self, stream: ByteStream, remote: &str, refusal: Refusal) {
        self.count(remote, refusal, 1);
        let Ok(place) = self.0.goodbyes.clone().try_acquire_owned() else { return };
        tokio::spawn(async move {
            part(stream).await;
            drop(place);
        });
    }

    /// Dismisses a peer that was let in and cannot be served.
    pub fn dismiss(&self, opened: Opened, refusal: Refusal) {
        match opened.channel {
            Channel::Bytes(stream, peer) => self.turn_away(stream, &peer.remote, refusal),
            Channel::Messages(transport) => {
                self.count(&transport.peer().remote, refusal, 1);
                let Ok(place) = self.0.goodbyes.clone().try_acquire_owned() else { return };
                tokio::spawn(async move {
                    transport.dismiss(CloseReason::full()).await;
                    drop(place);
                });
            }
        }
    }

    /// Those turned away that were not said yet.
    #[must_use]
    pub fn unsaid(&self) -> Option<What> {
        lock(&self.0.away).take(self.0.noun).map(|text| What::Notice { text })
    }

    /// Says how many were turned away: the first at once, then seldom.
    pub(super) async fn tell(self) {
        let mut pause = FIRST_PAUSE;
        loop {
            self.0.anybody.notified().await;
            if let Some(notice) = self.unsaid() {
                self.0.report.tell(notice).await;
            }
            tokio::time::sleep(pause).await;
            let quiet = lock(&self.0.away).is_empty();
            pause = if quiet { FIRST_PAUSE } else { (pause * 2).min(LONGEST_PAUSE) };
        }
    }

    /// SIGHUP, if there is a file to be read again at it: otherwise it ends the program, as it does by itself.
    pub(super) fn hangups(&self) -> Result<Option<(Signal, PathBuf)>, Failure> {
        let Some(file) = self.0.policy.file.clone() else { return Ok(None) };
        let hangups = signal(SignalKind::hangup()).map_err(|error| Failure::system("watch", "SIGHUP", &error))?;
        Ok(Some((hangups, file)))
    }

    /// Reads the file again at each SIGHUP. What is wrong changes nothing; peers that are served stay.
    pub(super) async fn read_again(self, mut hangups: Signal, file: PathBuf) {
        while hangups.recv().await.is_some() {
            let path = file.clone();
            // Not here: the file may be a pipe.
            let text = match tokio::task::spawn_blocking(move || read(&path)).await {
                Ok(Ok(rules)) => self.replace(&rules, &file),
                Ok(Err(failure)) => format!("{failure}; the rules stay as they were"),
                Err(_) => continue,
            };
            self.0.report.tell(What::Notice { text }).await;
        }
    }

    fn replace(&self, rules: &Rules, file: &Path) -> String {
        let options = &self.0.policy.rules;
        *lock(&self.0.list) = List::new([options, rules]);
        let nobody_named = options.allow.is_empty() && rules.allow.is_empty();
        let others = if nobody_named { "may come" } else { "is turned away" };
        let (allowed, denied) = (rules.allow.len(), rules.deny.len());
        format!("{} read again: {allowed} allowed, {denied} denied, everybody else {others}", file.display())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads the rules in a file.
fn read(file: &Path) -> Result<Rules, Failure> {
    let path = file.display();
    let bytes = std::fs::read(file)
        .map_err(|error| Failure::new(Exit::Io, format!("read the rules in {path}: {}", words(&error))))?;
    parse_file(&String::from_utf8_lossy(&bytes)).map_err(|why| {
        let hint = "a line is `allow CIDR` or `deny CIDR`; `#` begins a comment";
        Failure::usage(format!("{path}:{why}"), hint)
    })
}
