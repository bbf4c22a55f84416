//! `feed BYTES [--unit raw|length2|length4|packets|numbers] [--size N]`: a source on stdout that costs next to nothing.
//!
//! Pages of an in-memory file are spliced into the pipe, not copied. `length2` and `length4` make frames of a big-endian
//! length and N bytes; `packets` makes a packet pipe (O_DIRECT), where every read of the other side returns one N-byte
//! packet; `numbers` makes lines of sixteen digits, each saying which one it is. BYTES counts payload.

use std::fs::File;
use std::io::{self, BufWriter, Write};

use reference::ws::{DIGITS, Numbers};
use reference::{argument, option};
use rustix::fs::{MemfdFlags, OFlags, fcntl_getfl, fcntl_setfl, memfd_create};
use rustix::io::Errno;
use rustix::pipe::{SpliceFlags, fcntl_setpipe_size, splice};

const BLOCK: usize = 8 << 20;

fn main() -> io::Result<()> {
    let total: u64 = argument(1, "BYTES")?;
    let unit: String = option("--unit")?.unwrap_or_else(|| "raw".to_owned());
    let size: usize = option("--size")?.unwrap_or(1400);
    let result = match unit.as_str() {
        "raw" => flow(&pattern(BLOCK), total),
        "length2" => frames(&u16::try_from(size).map_err(io::Error::other)?.to_be_bytes(), size, total),
        "length4" => frames(&u32::try_from(size).map_err(io::Error::other)?.to_be_bytes(), size, total),
        "numbers" => numbers(total / DIGITS as u64),
        "packets" => packets(&pattern(size), total / size as u64),
        _ => Err(io::Error::other("--unit: raw, length2, length4, packets or numbers")),
    };
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()), // the reader has had enough
        other => other,
    }
}

/// `total` bytes in frames of `length` and `size` bytes.
fn frames(length: &[u8], size: usize, total: u64) -> io::Result<()> {
    let frame = [length, &pattern(size)].concat();
    flow(&frame.repeat((BLOCK / frame.len()).max(1)), total / size as u64 * frame.len() as u64)
}

fn numbers(count: u64) -> io::Result<()> {
    let _ = fcntl_setpipe_size(rustix::stdio::stdout(), 1 << 20);
    let mut stdout = BufWriter::with_capacity(256 << 10, File::from(rustix::stdio::stdout().try_clone_to_owned()?));
    let mut numbers = Numbers::default();
    for _ in 0..count {
        stdout.write_all(numbers.current())?;
        stdout.write_all(b"\n")?;
        numbers.advance();
    }
    stdout.flush()
}

fn pattern(size: usize) -> Vec<u8> {
    (b'a'..=b'z').cycle().take(size).collect()
}

/// Repeats `block` until `total` bytes are out.
fn flow(block: &[u8], total: u64) -> io::Result<()> {
    let memory = memfd_create("feed", MemfdFlags::CLOEXEC)?;
    let mut file = File::from(memory);
    file.write_all(block)?;
    let stdout = rustix::stdio::stdout();
    let _ = fcntl_setpipe_size(stdout, 1 << 20); // what is no pipe has no size
    let mut left = total;
    let mut at = 0u64;
    while left > 0 {
        let want = left.min(block.len() as u64 - at);
        let sent = match splice(&file, Some(&mut at), stdout, None, want as usize, SpliceFlags::empty()) {
            Ok(n) => n as u64,
            Err(Errno::INVAL) => {
                let n = rustix::io::write(stdout, &block[at as usize..(at + want) as usize])? as u64;
                at += n;
                n
            }
            Err(error) => return Err(error.into()),
        };
        left -= sent;
        at %= block.len() as u64;
    }
    Ok(())
}

fn packets(packet: &[u8], count: u64) -> io::Result<()> {
    let stdout = rustix::stdio::stdout();
    fcntl_setfl(stdout, fcntl_getfl(stdout)? | OFlags::DIRECT)?;
    for _ in 0..count {
        rustix::io::write(stdout, packet)?;
    }
    Ok(())
}
