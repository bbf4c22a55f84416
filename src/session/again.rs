//! `--reconnect`: the only conversation was lost, and is opened again.

use tokio::time::{Instant, sleep};

use super::Opening;
use crate::backoff::Backoff;
use crate::cli::Offline;
use crate::exit::Failure;
use crate::transport::Opened;

/// How a lost conversation is opened again.
pub struct Again {
    /// Opens it.
    pub open: Box<dyn FnMut() -> Opening<Opened> + Send>,
    /// The waits before each attempt.
    pub backoff: Backoff,
    /// So many failed attempts in a row are the end.
    pub attempts: u32,
    /// What becomes of input meanwhile.
    pub offline: Offline,
}

/// [`Again`] under way.
pub(super) struct Reconnecting {
    again: Again,
    /// Failed in a row, and the one under way.
    attempt: u32,
    /// When the wait for the last attempt began.
    since: Option<Instant>,
}

impl Reconnecting {
    pub(super) fn new(again: Again) -> Self {
        Self { again, attempt: 0, since: None }
    }

    pub(super) fn offline(&self) -> Offline {
        self.again.offline
    }

    /// Whether there was a conversation before: the first attempt of all is not repeated, a wrong address stays wrong.
    pub(super) fn had_one(&self) -> bool {
        self.since.is_some()
    }

    pub(super) fn opened(&mut self) {
        self.attempt = 0;
        self.since = Some(Instant::now());
    }

    /// The next attempt, after its wait, and the words for it; gives the failure back when it was the last.
    pub(super) fn next(&mut self, failure: Failure) -> Result<(Opening<Opened>, String), Failure> {
        if self.attempt >= self.again.attempts {
            return Err(failure.hint(format!("--reconnect={} attempts failed in a row", self.attempt)));
        }
        self.attempt += 1;
        // A peer that takes us and drops us at once must not be called at full speed: only a conversation that lasted
        // begins the waits anew.
        if self.attempt == 1 && self.since.is_some_and(|since| since.elapsed() >= self.again.backoff.next()) {
            self.again.backoff.reset();
        }
        let wait = self.again.backoff.wait(fastrand::f64());
        let of = if self.again.attempts == u32::MAX { String::new() } else { format!(" of {}", self.again.attempts) };
        let text = format!("{failure}; connecting again in {:.1}s (attempt {}{of})", wait.as_secs_f64(), self.attempt);
        let opening = (self.again.open)();
        let opening = Box::pin(async move {
            sleep(wait).await;
            opening.await
        });
        Ok((opening, text))
    }
}
