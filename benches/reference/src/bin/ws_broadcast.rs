//! `ws_broadcast HOST PORT RECEIVERS MESSAGES SIZE`: one more WebSocket says MESSAGES, one when the one before has come to
//! all RECEIVERS; each of them must hear every message, whole and in order. Prints how many were heard in how many seconds.
//!
//! One at a time: so that nobody gains by dropping for a receiver that is behind, and every message is a write each.

use std::io::{self, Write};
use std::mem::MaybeUninit;
use std::net::{SocketAddr, TcpStream};
use std::time::Instant;

use reference::ws::{BINARY, DIGITS, Header, Masks, Numbers, TEXT, connect_many, put_frame};
use reference::{PATIENCE, argument};
use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;
use rustix::net::{RecvFlags, recv};

fn main() -> io::Result<()> {
    let target = SocketAddr::new(argument(1, "HOST")?, argument(2, "PORT")?);
    let (receivers, messages): (usize, usize) = (argument(3, "RECEIVERS")?, argument(4, "MESSAGES")?);
    let size: usize = argument(5, "SIZE")?;
    let epoll = epoll::create(CreateFlags::CLOEXEC)?;
    let mut all = Vec::with_capacity(receivers + 1);
    // The last is the sender, who may hear or not what it said itself.
    for (index, opened) in connect_many(receivers + 1, target, false)?.into_iter().enumerate() {
        if !opened.rest.is_empty() {
            return Err(io::Error::other("a message before any was sent"));
        }
        let stream = opened.stream;
        stream.set_nonblocking(true)?;
        epoll::add(&epoll, &stream, EventData::new_u64(index as u64), EventFlags::IN)?;
        all.push(Receiver { stream, partial: Vec::new(), heard: 0 });
    }

    let mut payload = vec![b'x'; size.max(DIGITS)];
    let (mut number, mut masks) = (Numbers::default(), Masks::default());
    let mut frame = Vec::new();
    let mut total = 0;
    let mut last = Instant::now();
    let start = last;
    for message in 1..=messages {
        payload[..DIGITS].copy_from_slice(number.current());
        number.advance();
        frame.clear();
        put_frame(&mut frame, BINARY, &payload, Some(masks.key()));
        (&all[receivers].stream).write_all(&frame)?;
        let mut left = receivers;
        let mut events = [MaybeUninit::<Event>::uninit(); 1024];
        while left > 0 {
            let patience = Timespec { tv_sec: PATIENCE.as_secs().cast_signed(), tv_nsec: 0 };
            let (ready, _) = epoll::wait(&epoll, &mut events, Some(&patience))?;
            if ready.is_empty() {
                return Err(io::Error::other(format!("message {message} did not come to {left} of {receivers}")));
            }
            for event in ready {
                let index = event.data.u64() as usize;
                let heard = all[index].hear(&payload)?;
                if index < receivers && heard {
                    if all[index].heard != message {
                        return Err(io::Error::other(format!("receiver {index}: message {message} came twice")));
                    }
                    left -= 1;
                }
            }
        }
        last = Instant::now();
        total += receivers;
    }
    println!(r#"{{"heard": {total}, "seconds": {:.6}}}"#, (last - start).as_secs_f64());
    Ok(())
}

struct Receiver {
    stream: TcpStream,
    /// The beginning of a frame that is not all there.
    partial: Vec<u8>,
    heard: usize,
}

impl Receiver {
    /// Reads once; whether that completed a message, which must be `expected`.
    fn hear(&mut self, expected: &[u8]) -> io::Result<bool> {
        let mut space = [0; 4096];
        let n = match recv(&self.stream, &mut space, RecvFlags::empty()) {
            Ok((0, _)) => return Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
            Ok((n, _)) => n,
            Err(Errno::AGAIN) => return Ok(false),
            Err(error) => return Err(error.into()),
        };
        let mut bytes = &space[..n];
        if !self.partial.is_empty() {
            self.partial.extend_from_slice(bytes);
            bytes = &self.partial;
        }
        let mut heard = 0;
        while let Some(header) = Header::parse(bytes).filter(|header| bytes.len() >= header.total()) {
            let payload = &bytes[header.size..header.total()];
            bytes = &bytes[header.total()..];
            if header.is_control() {
                continue;
            }
            if !header.fin || !matches!(header.opcode, BINARY | TEXT) || payload != expected {
                return Err(io::Error::other(format!("not what was said: {}", String::from_utf8_lossy(payload))));
            }
            heard += 1;
        }
        self.partial = bytes.to_vec();
        self.heard += heard;
        Ok(heard > 0)
    }
}
