//! `ws_drain COUNT SIZE`: a server of one WebSocket connection that reads and drops messages.
//!
//! Looks at each: messages of 16 bytes must be numbered text, in order (a newline behind is no error: websocat 1 leaves it
//! there); others must be binary and SIZE bytes long. After
//! COUNT of them it says Close, and reads on until the other end has ended, so that what is one too many is seen. Prints
//! how many came, how many of them were wrong, and the seconds from the first byte to the last message.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use reference::ws::{BINARY, Buffer, CLOSE, DIGITS, Header, Numbers, TEXT, accept, put_frame};
use reference::{PATIENCE, argument, readable};
use rustix::net::{RecvFlags, recv};

/// How long the other end has for its Close once it has said everything.
const GOODBYE: Duration = Duration::from_secs(2);

fn main() -> io::Result<()> {
    let (count, size): (u64, usize) = (argument(1, "COUNT")?, argument(2, "SIZE")?);
    let listener = TcpListener::bind("127.0.0.1:0")?;
    readable(&listener, PATIENCE)?;
    let (mut stream, _) = listener.accept()?;
    let rest = accept(&mut stream)?;
    let mut drain = Drain {
        buffer: Buffer::new(1 << 20, &rest),
        nowhere: vec![0; 1 << 20],
        stream,
        size,
        expected: Numbers::default(),
        fragments: Vec::new(),
        first: 0,
        message: 0,
        messages: 0,
        wrong: 0,
        bytes: 0,
    };
    if rest.is_empty() {
        readable(&drain.stream, PATIENCE)?;
    }
    let start = Instant::now();
    let mut last = start;
    let mut said_close = false;
    loop {
        let before = drain.messages;
        let ended = drain.take();
        if drain.messages != before {
            last = Instant::now();
        }
        if ended? {
            break;
        }
        if drain.messages >= count && !said_close {
            said_close = true;
            drain.say_close();
            drain.stream.set_read_timeout(Some(GOODBYE))?;
        }
        match drain.buffer.fill(|space| drain.stream.read(space)) {
            Ok(0) => break,
            Ok(_) => {}
            // Silence, or an end without a goodbye: what is missing is seen in the figures.
            Err(_) => break,
        }
    }
    if !said_close {
        drain.say_close();
    }
    let Drain { messages, wrong, bytes, .. } = drain;
    let seconds = (last - start).as_secs_f64();
    println!(r#"{{"messages": {messages}, "wrong": {wrong}, "bytes": {bytes}, "seconds": {seconds:.6}}}"#);
    Ok(())
}

struct Drain {
    buffer: Buffer,
    nowhere: Vec<u8>,
    stream: TcpStream,
    size: usize,
    expected: Numbers,
    /// A numbered message so far, and its opcode.
    fragments: Vec<u8>,
    first: u8,
    /// Bytes of a large message so far.
    message: usize,
    messages: u64,
    wrong: u64,
    bytes: u64,
}

impl Drain {
    /// Takes what is there; true at a Close.
    fn take(&mut self) -> io::Result<bool> {
        while let Some(header) = Header::parse(self.buffer.get()) {
            if header.mask.is_none() {
                return Err(io::Error::other("a client that does not mask"));
            }
            if self.size == DIGITS || header.is_control() {
                let Some(payload) = self.buffer.payload(header) else { return Ok(false) };
                if header.opcode == CLOSE {
                    return Ok(true);
                }
                if header.is_control() {
                    continue;
                }
                let mut payload = payload;
                let mut opcode = header.opcode;
                if !header.fin || !self.fragments.is_empty() {
                    if self.fragments.is_empty() {
                        self.first = opcode;
                    }
                    self.fragments.extend_from_slice(payload);
                    if !header.fin {
                        continue;
                    }
                    (opcode, payload) = (self.first, &self.fragments);
                }
                let digits = payload.strip_suffix(b"\n").unwrap_or(payload);
                let right = opcode == TEXT && digits == self.expected.current();
                self.wrong += u64::from(!right);
                self.bytes += payload.len() as u64;
                self.messages += 1;
                self.expected.advance();
                self.fragments.clear();
            } else {
                self.skip(header)?;
            }
        }
        Ok(false)
    }

    /// Drops a large payload without copying what is not in the buffer yet (MSG_TRUNC).
    fn skip(&mut self, header: Header) -> io::Result<()> {
        self.buffer.consume(header.size);
        let here = header.length.min(self.buffer.get().len());
        self.buffer.consume(here);
        let mut left = header.length - here;
        while left > 0 {
            let most = left.min(self.nowhere.len());
            match recv(&self.stream, &mut self.nowhere[..most], RecvFlags::TRUNC)?.1 {
                0 => return Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
                n => left -= n,
            }
        }
        if self.message == 0 && header.opcode != BINARY {
            self.wrong += 1;
        }
        self.message += header.length;
        if header.fin {
            self.wrong += u64::from(self.message != self.size);
            self.bytes += self.message as u64;
            self.messages += 1;
            self.message = 0;
        }
        Ok(())
    }

    fn say_close(&mut self) {
        let mut frame = Vec::new();
        put_frame(&mut frame, CLOSE, &1000u16.to_be_bytes(), None);
        // Who has gone already needs none.
        let _ = self.stream.write_all(&frame);
    }
}
