//! `--retry`: an endpoint that is not there yet is tried again until it opens.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

use super::{Dial, Opened};
use crate::backoff::Backoff;
use crate::event::What;
use crate::exit::{Exit, Failure};
use crate::link::Reporter;

/// The first wait between attempts, and the longest: a service that comes up is noticed within a second.
const WAITS: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(1));

/// Opens it within the limit, trying again whenever it fails in a way that may pass.
pub(super) async fn connect(dial: &Dial, limit: Duration, report: Reporter) -> Result<Opened, Failure> {
    let deadline = Instant::now() + limit;
    let mut backoff = Backoff::new(WAITS.0, WAITS.1);
    let mut attempts = 0_u32;
    let mut last: Option<Failure> = None;
    loop {
        attempts += 1;
        let failure = match timeout_at(deadline, dial.attempt(report.clone())).await {
            Ok(Ok(opened)) => return Ok(opened),
            Ok(Err(failure)) if may_pass(&failure) => failure,
            Ok(Err(failure)) => return Err(failure),
            Err(_) => return Err(never_opened(dial, last, limit, attempts)),
        };
        if last.is_none() {
            let text = format!("{failure}; trying again for {limit:?}");
            report.tell(What::Notice { text }).await;
        }
        last = Some(failure);
        let wait = backoff.wait(fastrand::f64());
        if Instant::now() + wait >= deadline {
            return Err(never_opened(dial, last, limit, attempts));
        }
        sleep(wait).await;
    }
}

/// Whether the same attempt may succeed later. A wrong option, and a peer that refused our TLS, stay wrong.
fn may_pass(failure: &Failure) -> bool {
    match failure.exit {
        Exit::Resolve | Exit::Refused | Exit::Timeout | Exit::Partial => true,
        Exit::Complete
        | Exit::Io
        | Exit::Usage
        | Exit::Protocol
        | Exit::Unmet
        | Exit::Interrupted
        | Exit::BrokenStdout => false,
    }
}

fn never_opened(dial: &Dial, last: Option<Failure>, limit: Duration, attempts: u32) -> Failure {
    let times = if attempts == 1 { "1 attempt".to_owned() } else { format!("{attempts} attempts") };
    let what = last.map_or_else(|| format!("connect to {}: no answer", dial.to), |failure| failure.what);
    Failure::new(Exit::Timeout, format!("{what}; it did not open within {limit:?} ({times})"))
        .hint("--retry waits longer")
}
