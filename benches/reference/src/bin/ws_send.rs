//! `ws_send COUNT SIZE [HOST PORT]`: sends COUNT messages over a WebSocket, as the server of one connection or, with HOST
//! and PORT, as a client; then says Close and waits for the other end.
//!
//! Messages of 16 bytes are numbered text, others binary. Everything is made beforehand: while it is measured, it writes.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener};

use reference::ws::{BINARY, CLOSE, DIGITS, Masks, Numbers, TEXT, accept, connect, put_frame, put_header};
use reference::{PATIENCE, argument, readable};

const PIECE: usize = 256 << 10;

fn main() -> io::Result<()> {
    let (count, size): (usize, usize) = (argument(1, "COUNT")?, argument(2, "SIZE")?);
    let is_client = std::env::args().len() > 3;
    let mut masks = Masks::default();
    let mut mask = || is_client.then(|| masks.key());

    // Frames of one size; so many of them in the block, which is sent again and again.
    let mut block = Vec::new();
    let frames;
    if size == DIGITS {
        frames = count;
        let mut numbers = Numbers::default();
        for _ in 0..count {
            put_frame(&mut block, TEXT, numbers.current(), mask());
            numbers.advance();
        }
    } else {
        frames = (PIECE / size).clamp(1, count);
        for _ in 0..frames {
            put_header(&mut block, BINARY, size, mask());
            block.extend((b'a'..=b'z').cycle().take(size)); // masked or not, they are bytes
        }
    }
    let frame = block.len() / frames;

    let mut stream = if is_client {
        connect(SocketAddr::new(argument(3, "HOST")?, argument(4, "PORT")?), false)?.stream
    } else {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        readable(&listener, PATIENCE)?;
        let (mut stream, _) = listener.accept()?;
        accept(&mut stream)?;
        stream
    };
    let mut left = count;
    while left > 0 {
        let now = left.min(frames);
        for piece in block[..now * frame].chunks(PIECE) {
            stream.write_all(piece)?;
        }
        left -= now;
    }
    let mut goodbye = Vec::new();
    put_frame(&mut goodbye, CLOSE, &[], mask()); // without a code, which websocat 4 would write to stdout
    stream.write_all(&goodbye)?;
    readable(&stream, PATIENCE)?;
    let mut rest = [0; 4096];
    while stream.read(&mut rest).is_ok_and(|n| n > 0) {}
    Ok(())
}
