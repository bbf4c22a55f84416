//! The other end of the bulk and start-up cases.
//!
//! `tcp_peer sink` accepts one connection and discards what comes, without copying it (MSG_TRUNC), then prints bytes
//! and seconds from the first byte to the end. `tcp_peer source BYTES [HOST PORT]` accepts (or connects), writes
//! 256 KiB at a time, as peers do (sendfile would be cheaper, and make packets of small pages, dear to splice), ends its
//! direction and waits for the other's end. `tcp_peer answer` serves one connection
//! after the other: reads what comes first, sends it back, closes; until it is killed.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::time::Instant;

use reference::{PATIENCE, argument, readable};
use rustix::net::{RecvFlags, recv};

fn main() -> io::Result<()> {
    let mode: String = argument(1, "MODE")?;
    if mode == "source" && std::env::args().len() > 3 {
        let target = (argument::<String>(3, "HOST")?, argument::<u16>(4, "PORT")?);
        return source(TcpStream::connect((target.0.as_str(), target.1))?, argument(2, "BYTES")?);
    }
    let listener = TcpListener::bind("127.0.0.1:0")?;
    match mode.as_str() {
        "sink" => sink(accept(&listener)?),
        "source" => source(accept(&listener)?, argument(2, "BYTES")?),
        "answer" => loop {
            // A peer that went away is not our failure.
            let _ = answer(listener.accept()?.0);
        },
        _ => Err(io::Error::other("sink, source or answer")),
    }
}

fn accept(listener: &TcpListener) -> io::Result<TcpStream> {
    readable(listener, PATIENCE)?;
    Ok(listener.accept()?.0)
}

fn sink(stream: TcpStream) -> io::Result<()> {
    readable(&stream, PATIENCE)?;
    let start = Instant::now();
    let mut buffer = vec![0; 1 << 20];
    let mut bytes = 0u64;
    loop {
        match recv(&stream, buffer.as_mut_slice(), RecvFlags::TRUNC)?.1 {
            0 => break,
            n => bytes += n as u64,
        }
    }
    println!(r#"{{"bytes": {bytes}, "seconds": {:.6}}}"#, start.elapsed().as_secs_f64());
    Ok(())
}

fn source(mut stream: TcpStream, total: u64) -> io::Result<()> {
    let block: Vec<u8> = (b'a'..=b'z').cycle().take(256 << 10).collect();
    let mut left = total;
    while left > 0 {
        left -= stream.write(&block[..left.min(block.len() as u64) as usize])? as u64;
    }
    stream.shutdown(Shutdown::Write)?;
    readable(&stream, PATIENCE)?;
    let _ = stream.read(&mut [0; 64]);
    Ok(())
}

fn answer(mut stream: TcpStream) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut buffer = [0; 4096];
    let n = stream.read(&mut buffer)?;
    stream.write_all(&buffer[..n])?;
    stream.shutdown(Shutdown::Write)?;
    while stream.read(&mut buffer)? > 0 {}
    Ok(())
}
