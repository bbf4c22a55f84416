//! `http_hold HOST PORT COUNT PATH`: COUNT clients ask for PATH and wait for an event, a step at each line of stdin.
//!
//! First they ask, from several addresses of loopback so that ports suffice; a stream's head is read. At each line one
//! event is posted to /publish, and each of them must hear it: in a stream, or as the answer, and then asks again from where
//! it is told (`Link`). After each step it prints how many there are, and for an event how long it took until the last
//! had it. It ends with stdin.

use std::io::{self, Read, Write};
use std::mem::MaybeUninit;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use memchr::memmem::find;
use reference::{PATIENCE, argument};
use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;
use rustix::net::{RecvFlags, recv};
use socket2::{Domain, Socket, Type};

struct Client {
    stream: TcpStream,
    heard: Vec<u8>,
}

fn main() -> io::Result<()> {
    let target = SocketAddr::new(argument(1, "HOST")?, argument(2, "PORT")?);
    let (count, path): (usize, String) = (argument(3, "COUNT")?, argument(4, "PATH")?);
    let streams = path == "/sse" || path == "/stream";
    let epoll = epoll::create(CreateFlags::CLOEXEC)?;
    let mut clients = Vec::with_capacity(count);
    for index in 0..count {
        let mut stream = connect(index, target)?;
        ask(&mut stream, target, &path)?;
        let heard = if streams { head(&mut stream)? } else { Vec::new() };
        stream.set_nonblocking(true)?;
        epoll::add(&epoll, &stream, EventData::new_u64(index as u64), EventFlags::IN)?;
        clients.push(Client { stream, heard });
    }
    println!(r#"{{"open": {count}}}"#);
    let mut number = 0;
    while io::stdin().read_line(&mut String::new())? > 0 {
        number += 1;
        let event = format!("event {number:010}");
        let mut poster = TcpStream::connect(target)?;
        let start = Instant::now();
        let length = event.len();
        write!(poster, "POST /publish HTTP/1.1\r\nHost: {target}\r\nContent-Length: {length}\r\n\r\n{event}")?;
        let took = hear(&epoll, &mut clients, event.as_bytes(), streams, target, &path, start)?;
        println!(r#"{{"open": {count}, "seconds": {:.6}}}"#, took.as_secs_f64());
    }
    Ok(())
}

fn connect(index: usize, target: SocketAddr) -> io::Result<TcpStream> {
    const PER_ADDRESS: usize = 4_000;
    let [_, _, high, low] = std::process::id().to_be_bytes();
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    let source = Ipv4Addr::new(127, high, low, 2 + (index / PER_ADDRESS) as u8);
    socket.bind(&SocketAddr::from((source, 0)).into())?;
    socket.connect(&target.into())?;
    Ok(TcpStream::from(socket))
}

fn ask(stream: &mut TcpStream, target: SocketAddr, path: &str) -> io::Result<()> {
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: {target}\r\n\r\n").as_bytes())
}

/// Reads the head of an answer; what came behind it.
fn head(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let (mut bytes, mut space) = (Vec::new(), [0; 1024]);
    loop {
        let n = stream.read(&mut space)?;
        if n == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
        }
        bytes.extend_from_slice(&space[..n]);
        if let Some(end) = find(&bytes, b"\r\n\r\n") {
            if !bytes.starts_with(b"HTTP/1.1 200") {
                return Err(io::Error::other(String::from_utf8_lossy(&bytes).into_owned()));
            }
            return Ok(bytes.split_off(end + 4));
        }
    }
}

/// Until everybody has the event. Those whose answer it was ask again, which is not part of the time.
fn hear(
    epoll: &impl std::os::fd::AsFd,
    clients: &mut [Client],
    event: &[u8],
    streams: bool,
    target: SocketAddr,
    path: &str,
    start: Instant,
) -> io::Result<Duration> {
    let mut left = clients.len();
    let mut again = Vec::new();
    let mut events = [MaybeUninit::<Event>::uninit(); 1024];
    while left > 0 {
        let patience = Timespec { tv_sec: PATIENCE.as_secs().cast_signed(), tv_nsec: 0 };
        let (ready, _) = epoll::wait(epoll, &mut events, Some(&patience))?;
        if ready.is_empty() {
            return Err(io::Error::other(format!("an event did not come to {left}")));
        }
        for ready in ready {
            let index = ready.data.u64() as usize;
            let client = &mut clients[index];
            let mut space = [0; 4096];
            match recv(&client.stream, &mut space, RecvFlags::empty()) {
                Ok((0, _)) => return Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
                Ok((n, _)) => client.heard.extend_from_slice(&space[..n]),
                Err(Errno::AGAIN) => continue,
                Err(error) => return Err(error.into()),
            }
            if find(&client.heard, event).is_some() && client.heard.ends_with(b"\n") {
                left -= 1;
                if !streams {
                    let heard = String::from_utf8_lossy(&client.heard).into_owned();
                    let next = heard.split_once("Link: <").and_then(|(_, rest)| rest.split_once('>'));
                    let next = next.map_or(path, |(next, _)| next);
                    let (base, _) = path.split_once('?').unwrap_or((path, ""));
                    again.push((index, if next.starts_with('?') { format!("{base}{next}") } else { next.to_owned() }));
                }
                client.heard.clear();
            }
        }
    }
    let took = start.elapsed();
    for (index, path) in again {
        ask(&mut clients[index].stream, target, &path)?;
    }
    Ok(took)
}
