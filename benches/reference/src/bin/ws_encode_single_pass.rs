//! `ws_encode_single_pass HOST PORT SIZE`: a client that says what stdin says: each line is a text message if SIZE is 0,
//! every SIZE bytes are a binary one otherwise. One pass, one buffer, one write a read: what the machine can do.

use std::io::{self, Read, Write};
use std::net::SocketAddr;

use reference::ws::{BINARY, CLOSE, Masks, TEXT, apply_mask, connect, put_frame, put_header};
use reference::{PATIENCE, argument, readable};

const PIECE: usize = 256 << 10;

fn main() -> io::Result<()> {
    let target = SocketAddr::new(argument(1, "HOST")?, argument(2, "PORT")?);
    let size: usize = argument(3, "SIZE")?;
    let mut stream = connect(target, false)?.stream;
    if size == 0 {
        lines(&mut stream)?
    } else {
        blocks(&mut stream, size)?
    }
    let mut goodbye = Vec::new();
    put_frame(&mut goodbye, CLOSE, &1000u16.to_be_bytes(), Some([0; 4]));
    stream.write_all(&goodbye)?;
    readable(&stream, PATIENCE)?;
    let mut rest = [0; 4096];
    while stream.read(&mut rest).is_ok_and(|n| n > 0) {}
    Ok(())
}

fn lines(stream: &mut impl Write) -> io::Result<()> {
    let mut masks = Masks::default();
    let mut buffer = vec![0; PIECE];
    let mut out = Vec::with_capacity(2 * PIECE);
    let mut kept = 0;
    loop {
        let n = rustix::io::read(rustix::stdio::stdin(), &mut buffer[kept..])?;
        if n == 0 {
            break;
        }
        let end = kept + n;
        let mut start = 0;
        out.clear();
        for at in memchr::memchr_iter(b'\n', &buffer[..end]) {
            put_frame(&mut out, TEXT, &buffer[start..at], Some(masks.key()));
            start = at + 1;
        }
        stream.write_all(&out)?;
        buffer.copy_within(start..end, 0);
        kept = end - start;
    }
    if kept > 0 {
        out.clear();
        put_frame(&mut out, TEXT, &buffer[..kept], Some(masks.key()));
        stream.write_all(&out)?;
    }
    Ok(())
}

fn blocks(stream: &mut impl Write, size: usize) -> io::Result<()> {
    let mut masks = Masks::default();
    let mut mask = [0; 4];
    let mut left = 0; // of the message that is under way
    let mut buffer = vec![0; PIECE];
    let mut header = Vec::new();
    loop {
        if left == 0 {
            mask = masks.key();
            header.clear();
            put_header(&mut header, BINARY, size, Some(mask));
            left = size;
        }
        // Whole words of the mask, so that every piece begins with its first byte.
        let want = left.min(PIECE);
        let mut got = 0;
        while got < want {
            match rustix::io::read(rustix::stdio::stdin(), &mut buffer[got..want])? {
                0 if got == 0 && left == size => return Ok(()),
                0 => return Err(io::Error::other("stdin ends within a message")),
                n => got += n,
            }
        }
        apply_mask(&mut buffer[..want], mask);
        stream.write_all(&header)?;
        header.clear();
        stream.write_all(&buffer[..want])?;
        left -= want;
    }
}
