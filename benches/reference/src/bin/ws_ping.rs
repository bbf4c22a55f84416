//! `ws_ping HOST PORT COUNT SIZE [--in-flight N]`: binary messages there and back over one WebSocket, COUNT of them after a
//! tenth as warm-up. Each echo must be the message it answers.
//!
//! One at a time it prints round trips; with N in flight, as many as came back are sent again in one write, and it prints
//! messages and seconds.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Instant;

use reference::ws::{BINARY, Buffer, DIGITS, Masks, Numbers, Opened, connect, put_frame};
use reference::{argument, option, print_round_trips};

fn main() -> io::Result<()> {
    let target = SocketAddr::new(argument(1, "HOST")?, argument(2, "PORT")?);
    let (count, size): (usize, usize) = (argument(3, "COUNT")?, argument(4, "SIZE")?);
    if size < DIGITS {
        return Err(io::Error::other("SIZE: a message begins with 16 digits"));
    }
    let Opened { stream, rest, .. } = connect(target, false)?;
    let mut echo = Echo {
        stream,
        buffer: Buffer::new(size.max(64 << 10) + 14, &rest),
        masks: Masks::default(),
        out: Vec::new(),
        said: Message::new(size),
        heard: Message::new(size),
        fragments: Vec::new(),
    };
    let warm_up = count / 10;
    match option::<usize>("--in-flight")? {
        None => {
            let mut samples = Vec::with_capacity(count);
            for round in 0..warm_up + count {
                echo.say();
                let start = Instant::now();
                echo.send()?;
                while echo.hear()? == 0 {}
                if round >= warm_up {
                    samples.push(start.elapsed());
                }
            }
            print_round_trips(samples);
        }
        Some(in_flight) => {
            echo.pipeline(warm_up, in_flight)?;
            let start = Instant::now();
            echo.pipeline(count, in_flight)?;
            println!(r#"{{"messages": {count}, "seconds": {:.6}}}"#, start.elapsed().as_secs_f64());
        }
    }
    Ok(())
}

/// A message that begins with its number.
struct Message {
    number: Numbers,
    bytes: Vec<u8>,
}

impl Message {
    fn new(size: usize) -> Self {
        Self { number: Numbers::default(), bytes: vec![b'x'; size] }
    }

    fn next(&mut self) -> &[u8] {
        self.bytes[..DIGITS].copy_from_slice(self.number.current());
        self.number.advance();
        &self.bytes
    }
}

struct Echo {
    stream: TcpStream,
    buffer: Buffer,
    masks: Masks,
    out: Vec<u8>,
    said: Message,
    heard: Message,
    fragments: Vec<u8>,
}

impl Echo {
    /// Puts the next message behind what is to be sent.
    fn say(&mut self) {
        put_frame(&mut self.out, BINARY, self.said.next(), Some(self.masks.key()));
    }

    fn send(&mut self) -> io::Result<()> {
        self.stream.write_all(&self.out)?;
        self.out.clear();
        Ok(())
    }

    /// Reads once; how many messages that completed.
    fn hear(&mut self) -> io::Result<usize> {
        if self.buffer.fill(|space| self.stream.read(space))? == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
        }
        let mut messages = 0;
        while let Some((header, payload)) = self.buffer.frame() {
            if header.is_control() {
                continue;
            }
            // websocat 4 answers large messages in fragments, and other tools may make text of them: as good.
            let mut payload = payload;
            if !header.fin || !self.fragments.is_empty() {
                self.fragments.extend_from_slice(payload);
                if !header.fin {
                    continue;
                }
                payload = &self.fragments;
            }
            if payload != self.heard.next() {
                let start = String::from_utf8_lossy(&payload[..payload.len().min(40)]);
                return Err(io::Error::other(format!("not what was said: {} B, {start}", payload.len())));
            }
            self.fragments.clear();
            messages += 1;
        }
        Ok(messages)
    }

    fn pipeline(&mut self, count: usize, in_flight: usize) -> io::Result<()> {
        let (mut said, mut heard) = (0, 0);
        while heard < count {
            while said < count && said - heard < in_flight {
                self.say();
                said += 1;
            }
            self.send()?;
            heard += self.hear()?;
        }
        Ok(())
    }
}
