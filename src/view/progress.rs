//! The progress line: rewritten in place on stderr while much is carried. A thread looks at counters that are kept
//! anyway, so what is carried is no slower for it.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::os::fd::AsFd as _;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::tcgetwinsize;

use super::screen::write_all;
use crate::meter::{Moved, Roll, rate};
use crate::quantity::{show_bytes, show_clock, show_rate};

/// How often the line is rewritten.
const REWRITTEN: Duration = Duration::from_millis(150);
/// How often a line of its own is written, where none can be rewritten.
const REPEATED: Duration = Duration::from_secs(1);
/// What is over sooner needs no line.
const PATIENCE: Duration = Duration::from_secs(1);
/// What carries less is a chat: a line under it would only be in the way. In bytes.
const BULK: u64 = 64 << 10;
/// The rate of now is that of so long.
const NOW: Duration = Duration::from_secs(1);
/// How long the end of the program waits for a terminal that takes no output.
const LAST_PATIENCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 200_000_000 };

/// How progress is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// Not.
    #[default]
    None,
    /// On the last line of stderr's terminal, when much is carried.
    Bulk,
    /// On the last line of stderr's terminal, from the first byte on.
    Line,
    /// In lines one after the other: stderr is no terminal, or one that cannot rewrite a line.
    Lines,
}

/// The line, for as long as this lives.
pub struct Progress {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    stderr: File,
    form: Form,
    /// A line stands there, and the cursor behind it.
    drawn: bool,
    over: bool,
}

impl Progress {
    /// Shows what all conversations of a roll carry, if at all; `expected` is what there is to be sent, in bytes.
    pub fn start(form: Form, roll: Arc<Roll>, expected: Option<u64>) -> io::Result<Option<Self>> {
        if form == Form::None {
            return Ok(None);
        }
        let stderr = File::from(io::stderr().as_fd().try_clone_to_owned()?);
        let state = State { stderr, form, drawn: false, over: false };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() });
        let watched = shared.clone();
        thread::Builder::new()
            .name("progress".to_owned())
            .spawn(move || watched.run(form, &roll, &mut Samples::new(expected)))?;
        Ok(Some(Self { shared }))
    }

    /// Takes the line away until what is returned is dropped: something else is written to the terminal.
    #[must_use = "the line comes back when this is dropped"]
    pub fn lift(&self) -> Lifted<'_> {
        let mut state = self.shared.lock();
        state.erase();
        Lifted { _state: state }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.over = true;
        if state.drawn && !state.takes_output(LAST_PATIENCE) {
            return; // it was stopped with Ctrl-S, or has gone
        }
        state.erase();
        self.shared.changed.notify_all();
    }
}

/// The terminal without the line.
pub struct Lifted<'a> {
    _state: MutexGuard<'a, State>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, form: Form, roll: &Roll, samples: &mut Samples) {
        let every = if form == Form::Lines { REPEATED } else { REWRITTEN };
        let mut state = self.lock();
        while !state.over {
            let due = Instant::now() + every;
            while let left = due.saturating_duration_since(Instant::now())
                && !state.over
                && !left.is_zero()
            {
                state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
            }
            if state.over {
                return;
            }
            if let Some(moved) = roll.moved() {
                samples.take(moved);
                if is_due(form, moved) {
                    let width = match form {
                        Form::Lines => usize::MAX,
                        _ => tcgetwinsize(&state.stderr).map_or(80, |size| usize::from(size.ws_col)),
                    };
                    state.draw(&samples.line(width.saturating_sub(1)));
                }
            }
        }
    }
}

fn is_due(form: Form, moved: Moved) -> bool {
    match form {
        Form::None => false,
        Form::Bulk => moved.time >= PATIENCE && moved.sent.max(moved.received) >= BULK,
        Form::Line => moved.time >= PATIENCE,
        Form::Lines => true,
    }
}

impl State {
    /// Never waits: whoever wants to write something that matters may be waiting for us.
    fn draw(&mut self, line: &str) {
        if !self.takes_output(Timespec { tv_sec: 0, tv_nsec: 0 }) {
            return;
        }
        let text = match self.form {
            Form::Lines => format!("{line}\n"),
            // To the margin, the text, and nothing of a longer one behind it.
            _ => format!("\r{line}\x1b[K"),
        };
        // Nobody can do anything about a terminal that is gone.
        let _ = write_all(&self.stderr, text.as_bytes());
        self.drawn = self.form != Form::Lines;
    }

    fn erase(&mut self) {
        if std::mem::take(&mut self.drawn) {
            let _ = write_all(&self.stderr, b"\r\x1b[K");
        }
    }

    fn takes_output(&self, patience: Timespec) -> bool {
        poll(&mut [PollFd::new(&self.stderr, PollFlags::OUT)], Some(&patience)).is_ok_and(|ready| ready > 0)
    }
}

/// What was carried in the last moments.
struct Samples {
    expected: Option<u64>,
    recent: VecDeque<Moved>,
}

impl Samples {
    fn new(expected: Option<u64>) -> Self {
        Self { expected, recent: VecDeque::new() }
    }

    fn take(&mut self, moved: Moved) {
        self.recent.push_back(moved);
        // One that is older than the moment stays: rates are of what lies between.
        while self.recent.len() > 2 && self.recent[1].time + NOW <= moved.time {
            self.recent.pop_front();
        }
    }

    /// At most so many columns. What matters least is left out first.
    fn line(&self, width: usize) -> String {
        let (Some(then), Some(now)) = (self.recent.front(), self.recent.back()) else { return String::new() };
        let sending = now.sent >= now.received;
        let count = |moved: &Moved| if sending { moved.sent } else { moved.received };
        let (bytes, other) = (count(now), now.sent.min(now.received));
        let (verb, other_verb) = if sending { ("sent", "received") } else { ("received", "sent") };
        let mean = rate(bytes, now.time);
        let recent = match now.time.saturating_sub(then.time) {
            Duration::ZERO => mean,
            between => rate(bytes - count(then).min(bytes), between),
        };
        let mut parts = vec![
            (9, format!("{verb} {}", show_bytes(bytes))),
            (7, format!("{} now", show_rate(recent))),
            (2, format!("{} mean", show_rate(mean))),
            (4, show_clock(now.time.as_secs())),
        ];
        if let Some(expected) = self.expected.filter(|&expected| sending && expected > 0) {
            let percent = u128::from(bytes.min(expected)) * 100 / u128::from(expected);
            parts.insert(1, (8, format!("{percent} %")));
            let left = expected.saturating_sub(bytes);
            if left > 0 && mean > 0 {
                parts.push((5, format!("{} left", show_clock(left.div_ceil(mean)))));
            }
        }
        if other > 0 {
            parts.push((3, format!("{other_verb} {}", show_bytes(other))));
        }
        while parts.len() > 1 && columns(&parts) > width {
            let least = (0..parts.len()).min_by_key(|&at| parts[at].0).unwrap_or_default();
            parts.remove(least);
        }
        let mut line = parts.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(", ");
        line.truncate(width); // it is ASCII
        line
    }
}

fn columns(parts: &[(u8, String)]) -> usize {
    parts.iter().map(|(_, text)| text.len() + 2).sum::<usize>() - 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved(millis: u64, sent: u64, received: u64) -> Moved {
        Moved { time: Duration::from_millis(millis), sent, received }
    }

    fn samples(expected: Option<u64>, moments: &[Moved]) -> Samples {
        let mut samples = Samples::new(expected);
        for moment in moments {
            samples.take(*moment);
        }
        samples
    }

    #[test]
    fn the_line_says_how_much_how_fast_and_how_long() {
        const MB: u64 = 1_000_000;
        let steady: Vec<_> = (1..=30).map(|tenth| moved(tenth * 100, tenth * 40 * MB, 0)).collect();
        assert_eq!(samples(None, &steady).line(79), "sent 1.20 GB, 400 MB/s now, 400 MB/s mean, 0:03");
        let file = samples(Some(2400 * MB), &steady);
        assert_eq!(file.line(79), "sent 1.20 GB, 50 %, 400 MB/s now, 400 MB/s mean, 0:03, 0:03 left");
        let all = samples(Some(1200 * MB), &steady);
        assert_eq!(all.line(79), "sent 1.20 GB, 100 %, 400 MB/s now, 400 MB/s mean, 0:03");
        let heard = [moved(1000, 5, 10 * MB), moved(2000, 5, 10 * MB)];
        assert_eq!(samples(Some(10), &heard).line(79), "received 10.0 MB, 0 B/s now, 5.00 MB/s mean, 0:02, sent 5 B");
        assert_eq!(samples(None, &[moved(0, 7, 0)]).line(79).split(',').next(), Some("sent 7 B"));
        assert_eq!(samples(None, &[]).line(79), "");
    }

    #[test]
    fn the_rate_of_now_is_that_of_the_last_second() {
        let stalled: Vec<_> = (0..=40).map(|tenth| moved(tenth * 100, (tenth * 10).min(200), 0)).collect();
        let samples = samples(None, &stalled);
        assert!(samples.line(79).contains(", 0 B/s now, 50 B/s mean, "), "{}", samples.line(79));
        assert!(samples.recent.len() <= 12, "{}", samples.recent.len());
    }

    #[test]
    fn a_narrow_terminal_gets_what_matters() {
        let both = samples(Some(4_000_000), &[moved(0, 0, 0), moved(2000, 2_000_000, 1000)]);
        let mut widths = Vec::new();
        for width in (0..=90).rev() {
            let line = both.line(width);
            assert!(line.len() <= width, "{width}: {line}");
            if widths.last() != Some(&line) {
                widths.push(line);
            }
        }
        assert_eq!(
            widths[..7],
            [
                "sent 2.00 MB, 50 %, 1.00 MB/s now, 1.00 MB/s mean, 0:02, 0:02 left, received 1.00 kB",
                "sent 2.00 MB, 50 %, 1.00 MB/s now, 0:02, 0:02 left, received 1.00 kB",
                "sent 2.00 MB, 50 %, 1.00 MB/s now, 0:02, 0:02 left",
                "sent 2.00 MB, 50 %, 1.00 MB/s now, 0:02 left",
                "sent 2.00 MB, 50 %, 1.00 MB/s now",
                "sent 2.00 MB, 50 %",
                "sent 2.00 MB",
            ]
        );
    }

    #[test]
    fn a_chat_and_what_is_over_soon_get_no_line() {
        let due = |form, millis, bytes| is_due(form, moved(millis, 0, bytes));
        assert!(!due(Form::Bulk, 999, 1 << 30) && !due(Form::Bulk, 60_000, 1 << 10) && due(Form::Bulk, 1000, 1 << 16));
        assert!(!due(Form::Line, 999, 1 << 30) && due(Form::Line, 1000, 0));
    }
}
