//! `drain`: reads stdin, a pipe, to its end at next to no cost and prints how many bytes came, and the seconds from the
//! first to the last of them.

use std::fs::OpenOptions;
use std::io;
use std::time::Instant;

use reference::readable;
use rustix::pipe::{SpliceFlags, splice};

fn main() -> io::Result<()> {
    let stdin = rustix::stdio::stdin();
    let nowhere = OpenOptions::new().write(true).open("/dev/null")?;
    let mut bytes = 0u64;
    readable(stdin, std::time::Duration::from_secs(120))?;
    let start = Instant::now();
    let mut last = start;
    loop {
        match splice(stdin, None, &nowhere, None, 1 << 20, SpliceFlags::MOVE)? {
            0 => break,
            n => bytes += n as u64,
        }
        last = Instant::now();
    }
    println!(r#"{{"bytes": {bytes}, "seconds": {:.6}}}"#, (last - start).as_secs_f64());
    Ok(())
}
