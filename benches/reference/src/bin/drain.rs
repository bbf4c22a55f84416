//! `drain [--bytes N] [--numbers N]`: reads stdin, a pipe, to its end at next to no cost and prints how many bytes came,
//! and the seconds from the first to the last of them.
//!
//! With `--bytes` it ends once so many have come, and with `--numbers` once so many lines have, which must be those that
//! `feed --unit numbers` makes; the first that is not ends it with an error.

use std::fs::OpenOptions;
use std::io;
use std::time::{Duration, Instant};

use reference::ws::{DIGITS, Numbers};
use reference::{PATIENCE, option, readable};
use rustix::pipe::{SpliceFlags, splice};

const LINE: usize = DIGITS + 1;

fn main() -> io::Result<()> {
    let stdin = rustix::stdio::stdin();
    let most = option("--bytes")?.unwrap_or(u64::MAX);
    let numbers = option::<u64>("--numbers")?;
    readable(stdin, Duration::from_secs(120))?;
    let (bytes, time) = match numbers {
        Some(count) => lines(count)?,
        None => drop_all(most)?,
    };
    println!(r#"{{"bytes": {bytes}, "seconds": {:.6}}}"#, time.as_secs_f64());
    Ok(())
}

fn drop_all(most: u64) -> io::Result<(u64, Duration)> {
    let stdin = rustix::stdio::stdin();
    let nowhere = OpenOptions::new().write(true).open("/dev/null")?;
    let mut bytes = 0u64;
    let start = Instant::now();
    let mut last = start;
    while bytes < most {
        match splice(stdin, None, &nowhere, None, 1 << 20, SpliceFlags::MOVE)? {
            0 => break,
            n => bytes += n as u64,
        }
        last = Instant::now();
    }
    Ok((bytes, last - start))
}

/// Reads and compares; silence ends it, so that it is seen how many came.
fn lines(count: u64) -> io::Result<(u64, Duration)> {
    let stdin = rustix::stdio::stdin();
    let mut expected = Numbers::default();
    let mut buffer = vec![0; 256 << 10];
    let (mut bytes, mut kept) = (0u64, 0);
    let start = Instant::now();
    let mut last = start;
    while bytes < count * LINE as u64 && readable(stdin, PATIENCE).is_ok() {
        let n = rustix::io::read(stdin, &mut buffer[kept..])?;
        if n == 0 {
            break;
        }
        last = Instant::now();
        bytes += n as u64;
        let end = kept + n;
        let mut lines = buffer[..end].chunks_exact(LINE);
        for line in &mut lines {
            if &line[..DIGITS] != expected.current() || line[DIGITS] != b'\n' {
                let (is, should) = (String::from_utf8_lossy(line), String::from_utf8_lossy(expected.current()));
                return Err(io::Error::other(format!("after {bytes} B: {is:?} instead of {should}")));
            }
            expected.advance();
        }
        kept = lines.remainder().len();
        buffer.copy_within(end - kept..end, 0);
    }
    Ok((bytes, last - start))
}
