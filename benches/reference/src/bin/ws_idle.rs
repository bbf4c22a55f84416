//! `ws_idle HOST PORT COUNT [--deflate]`: opens COUNT WebSockets and keeps them, a step at each line of stdin.
//!
//! First they are opened, from several addresses of loopback so that ports suffice, offering permessage-deflate if told so.
//! At the first line each says 16 bytes and hears them again (of an answer that is compressed, only that it came is
//! checked). At the second, or at the end of stdin, it ends. After
//! each step it prints how many are open, and in how many deflate was taken.

use std::io::{self, Read, Write};
use std::net::SocketAddr;

use reference::argument;
use reference::ws::{BINARY, Buffer, DIGITS, Masks, Opened, connect_many, put_frame};

fn main() -> io::Result<()> {
    let target = SocketAddr::new(argument(1, "HOST")?, argument(2, "PORT")?);
    let count: usize = argument(3, "COUNT")?;
    let deflate = std::env::args().any(|argument| argument == "--deflate");
    let all = connect_many(count, target, deflate)?;
    let taken = all.iter().filter(|opened| opened.deflate).count();
    let report = || println!(r#"{{"open": {}, "deflate": {taken}}}"#, all.len());
    report();
    if next_line()? {
        let mut masks = Masks::default();
        for opened in &all {
            once(opened, masks.key())?;
        }
        report();
        next_line()?;
    }
    Ok(())
}

fn once(opened: &Opened, mask: [u8; 4]) -> io::Result<()> {
    let mut stream = &opened.stream;
    let message = [b'x'; DIGITS];
    let mut frame = Vec::new();
    put_frame(&mut frame, BINARY, &message, Some(mask));
    stream.write_all(&frame)?;
    let mut buffer = Buffer::new(256, &opened.rest);
    loop {
        if let Some((header, payload)) = buffer.frame() {
            match header.is_control() {
                true => continue,
                false if payload == message || header.rsv1 && opened.deflate => return Ok(()),
                false => return Err(io::Error::other("not what was said")),
            }
        }
        if buffer.fill(|space| stream.read(space))? == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
        }
    }
}

/// Waits for a line of stdin; false at its end.
fn next_line() -> io::Result<bool> {
    Ok(io::stdin().read_line(&mut String::new())? > 0)
}
