//! Many Socket.IO clients over WebSocket.
//!
//! `sio_crowd hold HOST PORT COUNT`: COUNT are let in and stay, a step at each line of stdin: at the first each asks
//! (`420["ask","…"]`) and hears the acknowledgement; at the second, or at the end of stdin, it ends. After each step it prints
//! how many are open.
//!
//! `sio_crowd broadcast HOST PORT COUNT MESSAGES SIZE`: one more says MESSAGES (`42["say","…"]`), one when the one before has
//! come to all COUNT; each must hear every one, whole and in order. Prints how many were heard in how many seconds.
//!
//! `sio_crowd ask HOST PORT COUNT IN_FLIGHT`: one asks COUNT times after a tenth as warm-up, so many at a time. With one in
//! flight it prints round trips; with more, messages and seconds.

use std::io;
use std::mem::MaybeUninit;
use std::net::SocketAddr;
use std::time::Instant;

use reference::sio::{Client, enter_many};
use reference::ws::Numbers;
use reference::{PATIENCE, argument, print_round_trips};
use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};

fn main() -> io::Result<()> {
    let mode: String = argument(1, "MODE")?;
    let target = SocketAddr::new(argument(2, "HOST")?, argument(3, "PORT")?);
    let count = argument(4, "COUNT")?;
    match mode.as_str() {
        "hold" => hold(count, target),
        "broadcast" => broadcast(count, target, argument(5, "MESSAGES")?, argument(6, "SIZE")?),
        "ask" => ask(count, target, argument(5, "IN_FLIGHT")?),
        _ => Err(io::Error::other("expected hold, broadcast or ask")),
    }
}

/// Waits for a line of stdin; false at its end.
fn next_line() -> io::Result<bool> {
    Ok(io::stdin().read_line(&mut String::new())? > 0)
}

fn hold(count: usize, target: SocketAddr) -> io::Result<()> {
    let mut all = enter_many(count, target)?;
    let report = |count| println!(r#"{{"open": {count}}}"#);
    report(all.len());
    if next_line()? {
        let mut asker = Asker::default();
        for client in &mut all {
            asker = Asker::default();
            asker.put(client);
            client.send()?;
            while asker.hear(client)? == 0 {}
        }
        drop(asker);
        report(all.len());
        next_line()?;
    }
    Ok(())
}

fn broadcast(count: usize, target: SocketAddr, messages: usize, size: usize) -> io::Result<()> {
    let mut all = enter_many(count + 1, target)?;
    let epoll = epoll::create(CreateFlags::CLOEXEC)?;
    for (index, client) in all.iter().enumerate() {
        client.stream.set_nonblocking(true)?;
        epoll::add(&epoll, &client.stream, EventData::new_u64(index as u64), EventFlags::IN)?;
    }
    let mut heard = vec![0; count + 1];
    let mut number = Numbers::default();
    let filler = "x".repeat(size);
    let mut total = 0;
    let start = Instant::now();
    let mut last = start;
    for message in 1..=messages {
        let digits = String::from_utf8_lossy(number.current()).into_owned();
        number.advance();
        let packet = format!(r#"42["say","{digits}{filler}"]"#);
        all[count].put(packet.as_bytes());
        all[count].send()?;
        let mut left = count;
        let mut events = [MaybeUninit::<Event>::uninit(); 1024];
        while left > 0 {
            let patience = Timespec { tv_sec: PATIENCE.as_secs().cast_signed(), tv_nsec: 0 };
            let (ready, _) = epoll::wait(&epoll, &mut events, Some(&patience))?;
            if ready.is_empty() {
                return Err(io::Error::other(format!("message {message} did not come to {left} of {count}")));
            }
            for event in ready {
                let index = event.data.u64() as usize;
                let mut wrong = None;
                all[index].hear(|told| {
                    heard[index] += 1;
                    if told != packet.as_bytes() || heard[index] != message {
                        wrong = Some(String::from_utf8_lossy(told).into_owned());
                    }
                    left -= usize::from(index < count);
                })?;
                if let Some(told) = wrong {
                    return Err(io::Error::other(format!("receiver {index}: not what was said: {told}")));
                }
            }
        }
        last = Instant::now();
        total += count;
    }
    println!(r#"{{"heard": {total}, "seconds": {:.6}}}"#, (last - start).as_secs_f64());
    Ok(())
}

/// Questions with their numbers, and the answers, which must be theirs.
#[derive(Default)]
struct Asker {
    said: usize,
    heard: usize,
}

impl Asker {
    fn put(&mut self, client: &mut Client) {
        client.put(format!(r#"42{}["ask","{:016}"]"#, self.said, self.said).as_bytes());
        self.said += 1;
    }

    /// How many answers came.
    fn hear(&mut self, client: &mut Client) -> io::Result<usize> {
        let before = self.heard;
        let mut wrong = None;
        client.hear(|told| {
            if told != format!(r#"43{}["{:016}"]"#, self.heard, self.heard).as_bytes() {
                wrong = Some(String::from_utf8_lossy(told).into_owned());
            }
            self.heard += 1;
        })?;
        match wrong {
            Some(told) => Err(io::Error::other(format!("not the answer: {told}"))),
            None => Ok(self.heard - before),
        }
    }

    fn ask(&mut self, client: &mut Client, count: usize, in_flight: usize) -> io::Result<()> {
        let end = self.said + count;
        while self.heard < end {
            while self.said < end && self.said - self.heard < in_flight {
                self.put(client);
            }
            client.send()?;
            self.hear(client)?;
        }
        Ok(())
    }
}

fn ask(count: usize, target: SocketAddr, in_flight: usize) -> io::Result<()> {
    let mut client = enter_many(1, target)?.remove(0);
    client.buffer = reference::ws::Buffer::new(64 << 10, client.buffer.get());
    let mut asker = Asker::default();
    asker.ask(&mut client, count / 10, in_flight)?;
    if in_flight == 1 {
        let mut samples = Vec::with_capacity(count);
        for _ in 0..count {
            let start = Instant::now();
            asker.ask(&mut client, 1, 1)?;
            samples.push(start.elapsed());
        }
        print_round_trips(samples);
    } else {
        let start = Instant::now();
        asker.ask(&mut client, count, in_flight)?;
        println!(r#"{{"messages": {count}, "seconds": {:.6}}}"#, start.elapsed().as_secs_f64());
    }
    Ok(())
}
