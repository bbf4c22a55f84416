//! `connections HOST PORT PARALLEL SECONDS`: connect, send 64 bytes, read 64 back, close; so many at a time, again and
//! again. Prints how many were completed, how many failed and why the first did.

use std::io;
use std::mem::MaybeUninit;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use reference::argument;
use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, connect, recv, send, socket_with};

const MESSAGE: [u8; 64] = [b'x'; 64];

struct Connection {
    socket: OwnedFd,
    sent: bool,
    heard: usize,
}

fn open(epoll: &OwnedFd, target: SocketAddr, slot: usize) -> rustix::io::Result<Connection> {
    let socket =
        socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::NONBLOCK | SocketFlags::CLOEXEC, None)?;
    match connect(&socket, &target) {
        Ok(()) | Err(Errno::INPROGRESS) => {}
        Err(error) => return Err(error),
    }
    epoll::add(epoll, &socket, EventData::new_u64(slot as u64), EventFlags::IN | EventFlags::OUT | EventFlags::ET)?;
    Ok(Connection { socket, sent: false, heard: 0 })
}

/// Goes on as far as it can; true once all came back.
fn advance(connection: &mut Connection, buffer: &mut [u8]) -> rustix::io::Result<bool> {
    if !connection.sent {
        match send(&connection.socket, &MESSAGE, SendFlags::NOSIGNAL) {
            Ok(64) => connection.sent = true,
            Ok(_) => return Err(Errno::NOBUFS),
            Err(Errno::AGAIN | Errno::NOTCONN) => return Ok(false),
            Err(error) => return Err(error),
        }
    }
    loop {
        match recv(&connection.socket, &mut *buffer, RecvFlags::empty()) {
            Ok((0, _)) => return Err(Errno::CONNRESET), // ended too early
            Ok((n, _)) => connection.heard += n,
            Err(Errno::AGAIN) => return Ok(false),
            Err(error) => return Err(error),
        }
        if connection.heard >= MESSAGE.len() {
            return Ok(true);
        }
    }
}

fn main() -> io::Result<()> {
    let host: std::net::IpAddr = argument(1, "HOST")?;
    let target = SocketAddr::new(host, argument(2, "PORT")?);
    let parallel: usize = argument(3, "PARALLEL")?;
    let length = Duration::from_secs_f64(argument(4, "SECONDS")?);

    let epoll = epoll::create(CreateFlags::CLOEXEC)?;
    let mut slots: Vec<Option<Connection>> = (0..parallel).map(|_| None).collect();
    let mut events = [MaybeUninit::<Event>::uninit(); 256];
    let mut buffer = [0; 256];
    let (mut completed, mut failed, mut first_error) = (0u64, 0u64, None);
    let start = Instant::now();
    while start.elapsed() < length {
        for (slot, place) in slots.iter_mut().enumerate().filter(|(_, place)| place.is_none()) {
            match open(&epoll, target, slot) {
                Ok(connection) => *place = Some(connection),
                Err(error) => {
                    failed += 1;
                    first_error.get_or_insert(error);
                }
            }
        }
        let tick = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };
        let (ready, _) = epoll::wait(&epoll, &mut events, Some(&tick))?;
        for event in ready {
            let place = &mut slots[event.data.u64() as usize];
            let Some(connection) = place else { continue };
            match advance(connection, &mut buffer) {
                Ok(false) => continue,
                Ok(true) => completed += 1,
                Err(error) => {
                    failed += 1;
                    first_error.get_or_insert(error);
                }
            }
            *place = None; // closes it
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    let error = first_error.map(|error| error.to_string()).unwrap_or_default();
    println!(r#"{{"completed": {completed}, "failed": {failed}, "error": "{error}", "seconds": {seconds:.6}}}"#);
    Ok(())
}
