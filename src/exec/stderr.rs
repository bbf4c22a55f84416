//! What a program complains of: its stderr, a line a notice, for us and not for the peer.

use bytes::BytesMut;
use tokio::net::unix::pipe;
use tokio::sync::watch;
use tokio::time::{Duration, Instant};

use super::attend::{Output, Silent, read};
use crate::cli::Newline;
use crate::event::{Message, What};
use crate::frame::{Decoder, Framing};
use crate::link::Reporter;

/// The most that one read returns, in bytes.
const BLOCK: usize = 16 * 1024;
/// A longer line comes in pieces, in bytes.
const LINE: usize = 4 * 1024;
/// So many lines of one program are shown in a second. It is never made to wait, and never keeps others waiting.
const LINES: usize = 1000;

/// The program's stderr → notices, until it ends. A terminal has none apart.
pub(super) async fn complain(
    stderr: Option<pipe::Receiver>,
    name: &str,
    report: &Reporter,
    mut exited: watch::Receiver<bool>,
) -> Output {
    let Some(mut stderr) = stderr else { return Output::Closed };
    let mut decoder = Decoder::new(Framing::Lines, Newline::Crlf, LINE);
    let mut buffer = BytesMut::new();
    let mut lines: Vec<Message> = Vec::new();
    let mut allowance = Allowance::new(Instant::now());
    loop {
        let end = match read(&mut stderr, &mut buffer, BLOCK, &mut exited).await {
            Ok(0) => Some(Output::Closed),
            Ok(_) => None,
            Err(Silent) => Some(Output::Silent),
        };
        // Lines have no errors.
        let _ = match end {
            None => decoder.decode(&mut buffer, &mut lines),
            Some(_) => decoder.finish(&mut buffer, &mut lines),
        };
        let mut missed = allowance.renew(Instant::now());
        let shown = allowance.take(lines.len());
        let notices: Vec<What> = lines.drain(..).take(shown).map(|line| notice(name, &line)).collect();
        if !report.offer(notices) {
            allowance.missed += shown;
        }
        if end.is_some() {
            missed += allowance.missed;
        }
        if missed > 0 {
            let text = format!("stderr of `{name}`: {missed} more lines came too fast to be shown");
            report.tell(What::Notice { text }).await;
        }
        if let Some(end) = end {
            return end;
        }
    }
}

fn notice(name: &str, line: &Message) -> What {
    What::Notice { text: format!("stderr of `{name}`: {}", String::from_utf8_lossy(&line.data)) }
}

/// How many lines may be shown in this second.
struct Allowance {
    since: Instant,
    left: usize,
    /// Not shown, and not yet told of.
    missed: usize,
}

impl Allowance {
    fn new(now: Instant) -> Self {
        Self { since: now, left: LINES, missed: 0 }
    }

    /// Begins a new second if it is time; returns how many lines were missed in the last.
    fn renew(&mut self, now: Instant) -> usize {
        if now < self.since + Duration::from_secs(1) {
            return 0;
        }
        std::mem::replace(self, Self::new(now)).missed
    }

    /// How many of these may be shown; the rest are missed.
    fn take(&mut self, lines: usize) -> usize {
        let shown = lines.min(self.left);
        self.left -= shown;
        self.missed += lines - shown;
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_bounded_by_the_second_and_counted() {
        let start = Instant::now();
        let mut allowance = Allowance::new(start);
        assert_eq!(allowance.take(LINES - 1), LINES - 1);
        assert_eq!(allowance.take(10), 1);
        assert_eq!(allowance.renew(start + Duration::from_millis(999)), 0);
        assert_eq!(allowance.take(5), 0);
        assert_eq!(allowance.renew(start + Duration::from_secs(1)), 14);
        assert_eq!(allowance.take(5), 5);
        assert_eq!(allowance.missed, 0);
    }
}
