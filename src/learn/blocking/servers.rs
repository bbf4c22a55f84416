//! The same server three times: it says back what each client says.

use std::collections::HashMap;
use std::io::{self, Read as _, Write as _};
use std::net::Shutdown;
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::thread;
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::event::epoll;
use socket2::Socket;

use super::super::bare::Bare;
use crate::link::Journal;

/// A client that says this wants something that takes long.
pub(super) const WORK: &str = "work";
/// So long.
pub(super) const LONG: Duration = Duration::from_millis(50);

/// Whether a server tells what it does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Voice {
    Told,
    Quiet,
}

impl Voice {
    fn tell(self, socket: &Bare, text: &str) {
        if self == Self::Told {
            // Whoever misses it says so.
            let _ = socket.tell(text);
        }
    }
}

/// A way to serve several clients.
pub(super) type Serve = fn(&Bare, &Journal, Voice) -> io::Result<()>;

/// A server in a thread of its own, which ends when this is dropped.
pub(super) struct Running(Socket);

impl Running {
    pub(super) fn start(serve: Serve, listener: Bare, journal: Journal, voice: Voice) -> io::Result<Self> {
        let running = Self(listener.raw().try_clone()?);
        thread::Builder::new().spawn(move || serve(&listener, &journal, voice))?;
        Ok(running)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Whoever waits in accept() is woken, and fails.
        let _ = self.0.shutdown(Shutdown::Both);
    }
}

/// One thread: one client after the other.
pub(super) fn one_thread(listener: &Bare, journal: &Journal, voice: Voice) -> io::Result<()> {
    loop {
        voice.tell(listener, "accept() ...");
        let client = accept(listener, journal, voice)?;
        voice.tell(&client, &format!("accept() = {}", client.fd()));
        loop {
            voice.tell(&client, "recv() ...");
            if answer(&client, voice)? == Says::End {
                voice.tell(&client, "close() = 0");
                break;
            }
        }
    }
}

/// A thread for each client.
pub(super) fn thread_each(listener: &Bare, journal: &Journal, voice: Voice) -> io::Result<()> {
    loop {
        let client = accept(listener, journal, voice)?;
        voice.tell(&client, &format!("accept() = {}: a new thread", client.fd()));
        thread::Builder::new().spawn(move || -> io::Result<()> {
            while answer(&client, voice)? == Says::Something {}
            Ok(())
        })?;
    }
}

/// One thread, which asks the kernel who has something to say.
pub(super) fn by_epoll(listener: &Bare, journal: &Journal, voice: Voice) -> io::Result<()> {
    let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
    let add = |socket: &Bare, number| {
        epoll::add(&epoll, socket.as_fd(), epoll::EventData::new_u64(number), epoll::EventFlags::IN)
    };
    add(listener, u64::MAX)?;
    let mut clients = HashMap::new();
    let mut ready = Vec::with_capacity(16);
    loop {
        ready.clear();
        epoll::wait(&epoll, spare_capacity(&mut ready), None)?;
        for event in &ready {
            let number = event.data.u64();
            let flags = event.flags;
            let Some(client) = clients.get(&number) else {
                if flags.contains(epoll::EventFlags::HUP) {
                    return Ok(()); // it listens no more
                }
                voice.tell(listener, "epoll_wait() = 1: the listener");
                let client = accept(listener, journal, voice)?;
                voice.tell(&client, &format!("accept() = {}", client.fd()));
                let number = u64::try_from(client.raw().as_raw_fd()).unwrap_or_default();
                add(&client, number)?;
                clients.insert(number, client);
                continue;
            };
            voice.tell(client, "epoll_wait() = 1: this client");
            if answer(client, voice)? == Says::End {
                clients.remove(&number);
            }
        }
    }
}

/// What a client says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Says {
    Something,
    End,
}

/// `recv()`, and `send()` of the same.
fn answer(client: &Bare, voice: Voice) -> io::Result<Says> {
    let mut room = [0; 64];
    let read = client.raw().read(&mut room)?;
    let text = String::from_utf8_lossy(&room[..read]).into_owned();
    if read == 0 {
        voice.tell(client, "recv() = 0: the end");
        return Ok(Says::End);
    }
    voice.tell(client, &format!("recv() = {read} \"{text}\""));
    if text == WORK {
        voice.tell(client, &format!("  works for {} ms", LONG.as_millis()));
        let began = Instant::now();
        while began.elapsed() < LONG {
            std::hint::spin_loop();
        }
    }
    // Told first: what comes of it is told by the client.
    voice.tell(client, &format!("send(\"{text}\") = {read}"));
    client.raw().write_all(&room[..read])?;
    Ok(Says::Something)
}

/// Without a limit of time: a client may think for as long as its reader does.
fn accept(listener: &Bare, journal: &Journal, voice: Voice) -> io::Result<Bare> {
    let (socket, _) = listener.raw().accept()?;
    // Clients that nobody hears of have no number.
    let report = if voice == Voice::Told { journal.open() } else { journal.program() };
    Ok(Bare { socket, report })
}
