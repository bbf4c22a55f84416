//! What the reference programs share: reading arguments, percentiles, waiting with an end.

pub mod sio;
pub mod ws;

use std::fmt::Display;
use std::io;
use std::os::fd::AsFd;
use std::str::FromStr;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// Nothing here waits longer than this for a peer that is silent.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// The argument at `index`, or a message that says what was missing.
pub fn argument<T: FromStr<Err: Display>>(index: usize, name: &str) -> io::Result<T> {
    let text = std::env::args().nth(index).ok_or_else(|| io::Error::other(format!("missing argument {name}")))?;
    text.parse().map_err(|error| io::Error::other(format!("{name} {text}: {error}")))
}

/// The value of `--name`, if it is there.
pub fn option<T: FromStr<Err: Display>>(name: &str) -> io::Result<Option<T>> {
    std::env::args().position(|argument| argument == name).map(|at| self::argument(at + 1, name)).transpose()
}

/// Waits until `fd` is readable (or at its end); an error when it is not within `patience`.
pub fn readable(fd: impl AsFd, patience: Duration) -> io::Result<()> {
    let timeout = Timespec { tv_sec: patience.as_secs().cast_signed(), tv_nsec: patience.subsec_nanos().into() };
    let mut fds = [PollFd::new(&fd, PollFlags::IN)];
    match poll(&mut fds, Some(&timeout))? {
        0 => Err(io::Error::from(io::ErrorKind::TimedOut)),
        _ => Ok(()),
    }
}

/// The `p`-th percentile of sorted samples.
pub fn percentile(sorted: &[Duration], p: usize) -> Duration {
    sorted[(sorted.len() - 1) * p / 100]
}

/// Round trips as one JSON object, in microseconds.
pub fn print_round_trips(mut samples: Vec<Duration>) {
    samples.sort_unstable();
    let micros = |p| percentile(&samples, p).as_secs_f64() * 1e6;
    println!(r#"{{"round_trips": {}, "p50_us": {:.2}, "p99_us": {:.2}}}"#, samples.len(), micros(50), micros(99));
}
