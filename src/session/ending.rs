//! When a session is over, and how well it went.

use std::collections::HashMap;
use std::time::Duration;

use memchr::memmem;
use tokio::time::Instant;

use super::Capacity;
use super::hub::Hub;
use crate::cli::AtEof;
use crate::event::{ConnId, End, Message, Outcome, Peer};
use crate::exit::{Exit, Failure};
use crate::input::Broken;
use crate::quantity::show_size;
use crate::traffic::digest::Expected;
use crate::ws::close;

/// The rules that end a session.
#[derive(Clone, Debug)]
pub struct Rules {
    /// At the end of stdin.
    pub at_eof: AtEof,
    /// How long the peer may go on after the end of stdin.
    pub linger: Linger,
    /// A conversation ends when nothing was said or heard for so long.
    pub idle: Option<Duration>,
    /// A listener ends when nobody has come within this time.
    pub accept_timeout: Option<Duration>,
    /// Success after so many messages.
    pub count: Option<u64>,
    /// Success once this was heard; failure if it never is.
    pub expect: Option<String>,
    /// What was heard has this digest, or it is a failure.
    pub expect_digest: Option<Expected>,
    /// How long the conversations may take to close; under `--step` as long as they want.
    pub close_limit: Option<Duration>,
    /// What SIGHUP does.
    pub hangup: Hangup,
}

/// What a session does at SIGHUP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hangup {
    /// Nothing: the signal does what it does by itself, or tells somebody else to read a file again.
    Leave,
    /// It ends as at an interrupt, so that the prompt's terminal is put back as it was.
    End,
}

/// What happens after the end of stdin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Linger {
    /// Wait for the peer to end.
    Forever,
    /// At most so long, and running into that is a failure.
    AtMost(Duration),
    /// Datagrams have no end: until it has been silent for so long.
    UntilSilent(Duration),
}

/// Where a session stands.
pub struct Ending {
    rules: Rules,
    capacity: Capacity,
    listening_since: Option<Instant>,
    anyone_came: bool,
    input_over: Option<Instant>,
    input_broken: Option<Broken>,
    heard: u64,
    /// The last bytes heard from each peer, in case the expected text falls into two messages.
    tails: HashMap<ConnId, Vec<u8>>,
    /// What was asked for was heard, and nothing after it is to be shown.
    satisfied: bool,
    /// Set once it is to end; the conversations are being closed.
    closing: Option<(Instant, Result<Exit, Failure>)>,
    /// How the only conversation ended.
    outcome: Option<Result<Exit, Failure>>,
    /// Whether what it heard has the digest that was expected.
    digest: Option<Result<(), Failure>>,
}

impl Ending {
    pub(super) fn new(rules: Rules, capacity: Capacity) -> Self {
        Self {
            rules,
            capacity,
            listening_since: None,
            anyone_came: false,
            input_over: None,
            input_broken: None,
            heard: 0,
            tails: HashMap::new(),
            satisfied: false,
            closing: None,
            outcome: None,
            digest: None,
        }
    }

    /// `--accept-timeout` has run out.
    #[must_use]
    pub fn nobody_came(limit: Duration) -> Failure {
        Failure::new(Exit::Timeout, format!("listen: nobody came within {limit:?} (--accept-timeout)"))
    }

    pub(super) fn listening(&mut self) {
        self.listening_since = Some(Instant::now());
    }

    pub(super) fn opened(&mut self) {
        self.anyone_came = true;
    }

    pub(super) fn anyone_came(&self) -> bool {
        self.anyone_came
    }

    pub(super) fn at_eof(&self) -> AtEof {
        self.rules.at_eof
    }

    pub(super) fn input_over(&mut self) {
        self.input_over.get_or_insert_with(Instant::now);
    }

    pub(super) fn input_broken(&mut self, broken: Broken) {
        self.input_broken = Some(broken);
    }

    pub(super) fn input_is_over(&self) -> bool {
        self.input_over.is_some()
    }

    pub(super) fn is_closing(&self) -> bool {
        self.closing.is_some()
    }

    /// A signal came; `true` if it is the second, and there is nothing to wait for.
    pub(super) fn interrupt(&mut self) -> bool {
        let second = self.closing.is_some();
        self.close(Ok(Exit::Interrupted));
        second
    }

    fn close(&mut self, verdict: Result<Exit, Failure>) {
        self.closing.get_or_insert_with(|| (Instant::now(), verdict));
    }

    /// Nothing can be opened.
    pub(super) fn fail(&mut self, failure: Failure) {
        self.close(Err(failure));
    }

    /// The user has had enough: `/quit`.
    pub(super) fn quit(&mut self) {
        self.close(Ok(Exit::Complete));
    }

    /// A message was heard; `true` if it completes what was asked for.
    pub(super) fn heard(&mut self, conn: ConnId, message: &Message) -> bool {
        if self.closing.is_some() {
            return false;
        }
        self.heard += 1;
        let counted = self.rules.count.is_some_and(|count| self.heard >= count);
        let met = self.rules.expect.as_ref().is_some_and(|expected| {
            let tail = self.tails.entry(conn).or_default();
            let keep = expected.len() - 1;
            tail.extend_from_slice(&message.data);
            let met = memmem::find(tail, expected.as_bytes()).is_some();
            let cut = tail.len().saturating_sub(keep);
            tail.drain(..cut);
            met
        });
        self.satisfied = met || counted;
        if met || (counted && self.rules.expect.is_none()) {
            self.close(Ok(Exit::Complete));
        } else if counted {
            let verdict = self.unmet_or(Ok(Exit::Unmet));
            self.close(verdict);
        }
        self.satisfied
    }

    /// Whether all that was asked for has been heard.
    pub(super) fn is_satisfied(&self) -> bool {
        self.satisfied
    }

    /// Whether nothing more is to be said or heard after this end of the only conversation.
    pub(super) fn is_done(&self, outcome: &Outcome) -> bool {
        let stays = self.rules.at_eof == AtEof::Stay;
        self.closing.is_some() || (outcome.end == End::Complete && self.input_over.is_some() && !stays)
    }

    /// A conversation ended.
    pub(super) fn closed(&mut self, conn: ConnId, peer: &Peer, outcome: &Outcome) {
        self.tails.remove(&conn);
        if self.capacity == Capacity::One {
            self.outcome = Some(judge(&peer.remote, outcome));
            self.digest = self.rules.expect_digest.as_ref().map(|expected| expected.check(peer, outcome));
        }
    }

    /// The earliest time at which a rule may apply.
    pub(super) fn deadline(&self, hub: &Hub) -> Option<Instant> {
        if let Some((since, _)) = &self.closing {
            return self.rules.close_limit.map(|limit| *since + limit);
        }
        let accept = match (self.rules.accept_timeout, self.listening_since) {
            (Some(timeout), Some(since)) if !self.anyone_came => Some(since + timeout),
            _ => None,
        };
        // Asked at every turn: with ten thousand peers and no such rule they are not looked at.
        let lingers = match self.rules.linger {
            Linger::Forever => false,
            Linger::AtMost(_) => true,
            Linger::UntilSilent(_) => self.capacity == Capacity::One,
        };
        let timed = (lingers || self.rules.idle.is_some()).then(|| hub.times());
        let peers = timed.into_iter().flatten().filter_map(|(_, active, finished)| {
            let idle = self.rules.idle.map(|idle| active + idle);
            [idle, self.lingers_until(active, finished)].into_iter().flatten().min()
        });
        accept.into_iter().chain(peers).min()
    }

    fn lingers_until(&self, active: Instant, finished: Option<Instant>) -> Option<Instant> {
        // Counted from the end of stdin, also while something before it still waits to be sent.
        let over = match self.capacity {
            Capacity::One => self.input_over,
            Capacity::Many(_) => finished,
        }?;
        match self.rules.linger {
            Linger::Forever => None,
            Linger::AtMost(limit) => Some(over + limit),
            Linger::UntilSilent(limit) => match self.capacity {
                Capacity::One => Some(over.max(active) + limit),
                Capacity::Many(_) => None, // the table's expiry does it
            },
        }
    }

    /// Conversations over a time limit, and which. If there can be only one it is the session's end.
    pub(super) fn expired(&mut self, hub: &mut Hub, now: Instant) -> Vec<(ConnId, String)> {
        if self.closing.is_some() {
            return Vec::new();
        }
        if let (Some(timeout), Some(since)) = (self.rules.accept_timeout, self.listening_since)
            && !self.anyone_came
            && now >= since + timeout
        {
            self.close(Err(Self::nobody_came(timeout)));
        }
        let mut over = Vec::new();
        for (id, active, finished) in hub.times() {
            if self.rules.idle.is_some_and(|idle| now >= active + idle) {
                over.push((id, format!("idle for {:?}", self.rules.idle.unwrap_or_default()), Exit::Timeout));
            } else if self.lingers_until(active, finished).is_some_and(|until| now >= until) {
                match self.rules.linger {
                    Linger::AtMost(limit) => over.push((
                        id,
                        format!("the peer did not end within {limit:?} of the end of stdin (--linger)"),
                        Exit::Timeout,
                    )),
                    _ => over.push((id, "silent".to_owned(), Exit::Complete)),
                }
            }
        }
        if self.capacity == Capacity::One {
            if let Some((id, limit, exit)) = over.pop() {
                // After silence how it went is for the transport to say: something may not have been delivered.
                if exit != Exit::Complete {
                    self.close(Err(Failure::new(exit, format!("{}: {limit}", hub.name(id)))));
                }
                hub.close_all();
            }
            return Vec::new();
        }
        over.into_iter().map(|(id, limit, _)| (id, limit)).collect()
    }

    /// How it ended, if it has. `nobody`: no conversation is left and none can come.
    pub(super) fn verdict(&mut self, nobody: bool, now: Instant) -> Option<Result<Exit, Failure>> {
        if let Some((since, _)) = &self.closing {
            let over = nobody || self.rules.close_limit.is_some_and(|limit| now >= *since + limit);
            let (_, verdict) = self.closing.take_if(|_| over)?;
            return Some(self.checked(verdict));
        }
        if !nobody {
            return None;
        }
        let verdict = self.outcome.take().unwrap_or(Ok(Exit::Complete));
        if let (Ok(Exit::Complete), Some(Broken { why, hint })) = (&verdict, self.input_broken.take()) {
            return Some(Err(Failure { hint: hint.map(str::to_owned), ..Failure::new(Exit::Io, why) }));
        }
        let verdict = self.unmet_or(verdict);
        Some(self.checked(verdict))
    }

    /// Success is success only with the digest that was expected.
    fn checked(&mut self, verdict: Result<Exit, Failure>) -> Result<Exit, Failure> {
        match (verdict, &self.rules.expect_digest) {
            (Ok(Exit::Complete), Some(expected)) => {
                let checked = self.digest.take().unwrap_or_else(|| Err(expected.unknown()));
                checked.map(|()| Exit::Complete)
            }
            (verdict, _) => verdict,
        }
    }

    fn unmet_or(&self, verdict: Result<Exit, Failure>) -> Result<Exit, Failure> {
        match (&self.rules.expect, self.rules.count) {
            (Some(expected), _) => {
                let ended = verdict.err().map_or_else(|| "the conversation ended".to_owned(), |failure| failure.what);
                Err(Failure::new(Exit::Unmet, format!("{ended}; {expected:?} was not heard (--expect)")))
            }
            (None, Some(count)) if self.heard < count && verdict.is_ok() => Err(Failure::new(
                Exit::Unmet,
                format!("the conversation ended after {} of {count} messages", self.heard),
            )),
            _ => verdict,
        }
    }
}

/// Why there is no conversation any more.
pub(super) fn lost(peer: &Peer, outcome: &Outcome) -> Failure {
    judge(&peer.remote, outcome)
        .err()
        .unwrap_or_else(|| Failure::new(Exit::Partial, format!("{}: the peer ended", peer.remote)))
}

/// The exit code and the line for how the only conversation ended.
pub(crate) fn judge(remote: &str, outcome: &Outcome) -> Result<Exit, Failure> {
    let delivered = match outcome.acknowledged {
        Some(acknowledged) => format!("{} of {} bytes sent were acknowledged", acknowledged, outcome.sent),
        None => format!("{} sent, {} received", show_size(outcome.sent), show_size(outcome.received)),
    };
    match &outcome.end {
        End::Complete => Ok(Exit::Complete),
        End::Reset => Err(Failure::new(Exit::Partial, format!("{remote}: reset by the peer; {delivered}")).hint(
            "the peer, or its machine, threw the connection away: a crash, unread data at its close, or a refusal",
        )),
        End::Partial => {
            Err(Failure::new(Exit::Partial, format!("{remote}: not everything was delivered; {delivered}")))
        }
        End::Truncated => Err(Failure::new(
            Exit::Partial,
            format!("{remote}: the stream was cut: no close_notify; {delivered}"),
        )
        .hint("what came may not be all; some servers always end so, and then a length in the data, such as HTTP's, tells")),
        End::Dismissed { why } => Err(Failure {
            hint: close::hint(why.code).map(str::to_owned),
            ..Failure::new(Exit::Protocol, format!("{remote}: the peer closed with {}", close::words(why)))
        }),
        End::Unfinished { what } => Err(Failure::new(Exit::Partial, format!("{remote}: {what}; {delivered}"))
            .hint("what came may not be all: the server, or a proxy before it, stopped")),
        End::Unclosed => Err(Failure::new(
            Exit::Partial,
            format!("{remote}: the connection ended without a Close frame (1006); {delivered}"),
        )
        .hint("the peer, or something between such as a proxy's time limit, dropped the connection; 1006 is only a name for that")),
        End::Lost { why } => {
            Err(Failure::new(Exit::Partial, format!("{remote}: the connection was lost: {why}; {delivered}"))
                .hint("the server, or something between such as a proxy's time limit, dropped the connection"))
        }
        End::Refused => Err(Failure::new(Exit::Refused, format!("{remote}: connection refused"))
            .hint("nothing listens at that port there; for localhost try -4 or -6")),
        End::Timeout { limit } => Err(Failure::new(Exit::Timeout, format!("{remote}: {limit}"))),
        End::Violation { what, hint } => {
            Err(Failure { hint: hint.clone(), ..Failure::new(Exit::Protocol, format!("{remote}: {what}")) })
        }
        End::Failed { error } => Err(Failure::new(Exit::Io, format!("{remote}: {error}"))),
    }
}
