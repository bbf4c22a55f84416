//! One direction of the raw path: bytes from one descriptor to another, on a thread of its own.
//!
//! The socket is non-blocking and every wait is a `poll(2)`. A blocking `splice()` would wait for the socket with
//! the pipe locked, and whoever is at the other end of the pipe would hang with it.

use std::io;
use std::net::{Shutdown, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, read, retry_on_intr, write};
use rustix::net::{RecvFlags, recv};
use rustix::termios::isatty;
use tokio::sync::oneshot;

use super::secure::Session;
#[cfg(target_os = "linux")]
use super::zero_copy::{self, ZeroCopy};
use crate::meter::Meter;
use crate::quantity::nanos;
use crate::tls::recognise::FIRST;
use crate::traffic::pace::Limits;
use crate::traffic::source::Supply;
use crate::transport::kernel::Opener;

/// The buffer of a copy, in bytes. Only pages that are used cost memory.
const BUFFER: usize = 256 << 10;
/// A terminal never gives or takes more than this at once, in bytes.
const TERMINAL_BUFFER: usize = 64 << 10;

/// A stream socket that no runtime has a hand on.
#[derive(Debug)]
pub enum Socket {
    /// TCP, and who opened the connection.
    Tcp(TcpStream, Opener),
    /// A Unix stream.
    Unix(UnixStream),
}

impl Socket {
    pub(super) fn set_nonblocking(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream, _) => stream.set_nonblocking(true),
            Self::Unix(stream) => stream.set_nonblocking(true),
        }
    }

    pub(super) fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        match self {
            Self::Tcp(stream, _) => stream.shutdown(how),
            Self::Unix(stream) => stream.shutdown(how),
        }
    }

    /// The error that no call has reported yet, which is then forgotten.
    pub(super) fn take_error(&self) -> Option<io::Error> {
        match self {
            Self::Tcp(stream, _) => stream.take_error(),
            Self::Unix(stream) => stream.take_error(),
        }
        .unwrap_or_else(Some)
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(stream, _) => stream.as_fd(),
            Self::Unix(stream) => stream.as_fd(),
        }
    }
}

/// What carries a conversation: a socket, or TLS over one.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) socket: Socket,
    pub(super) tls: Option<Session>,
}

impl Stream {
    /// Says some of this, once there is room.
    fn put_some(&self, bytes: &[u8]) -> io::Result<usize> {
        match &self.tls {
            Some(session) => session.put_some(&self.socket, bytes),
            None => put_some(self.socket.as_fd(), bytes),
        }
    }

    /// Whether the end of our direction is still on its way.
    pub(super) fn is_ending(&self) -> bool {
        self.tls.as_ref().is_some_and(Session::is_ending)
    }

    /// The error that no call has reported yet, which is then forgotten.
    pub(super) fn take_error(&self) -> Option<io::Error> {
        self.socket.take_error().or_else(|| self.tls.as_ref().and_then(Session::take_error))
    }

    /// Hears what there is, once there is something; 0 when the peer has ended its direction.
    fn take(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match &self.tls {
            Some(session) => session.take(&self.socket, buffer),
            None => take(self.socket.as_fd(), buffer),
        }
    }
}

/// Why a direction ended before its source did.
#[derive(Debug)]
pub(super) enum Broken {
    /// stdin or stdout failed.
    Local(io::Error),
    /// The socket failed.
    Peer(io::Error),
}

/// What both directions and [`join`](super::join) tell each other while they work.
#[derive(Debug)]
pub(super) struct Shared {
    meter: Arc<Meter>,
    start: Instant,
    last: AtomicU64,
    discard: AtomicBool,
    stop: AtomicBool,
}

impl Shared {
    pub(super) fn new(meter: Arc<Meter>) -> Self {
        Self {
            meter,
            start: Instant::now(),
            last: AtomicU64::new(0),
            discard: AtomicBool::new(false),
            stop: AtomicBool::new(false),
        }
    }

    /// When bytes last moved, in either direction.
    pub(super) fn last_moved(&self) -> Instant {
        self.start + Duration::from_nanos(self.last.load(Ordering::Relaxed))
    }

    /// What was given to the socket and taken from it.
    pub(super) fn meter(&self) -> &Arc<Meter> {
        &self.meter
    }

    /// What the peer still says is read, so that closing sends no reset, and thrown away.
    pub(super) fn discard(&self) {
        self.discard.store(true, Ordering::Relaxed);
    }

    /// Where what the peer says goes, if it still goes anywhere.
    fn wanted<'fd>(&self, target: Option<BorrowedFd<'fd>>) -> Option<BorrowedFd<'fd>> {
        target.filter(|_| !self.discard.load(Ordering::Relaxed))
    }

    /// Ends both directions at their next wait for the socket.
    pub(super) fn stop(&self, socket: &Socket) {
        self.stop.store(true, Ordering::Relaxed);
        // Wakes whoever polls the socket. Fails on one that was reset, and then they are awake already.
        let _ = socket.shutdown(Shutdown::Both);
    }

    /// Something moved.
    fn moved(&self) {
        let now = nanos(self.start.elapsed());
        self.last.store(now, Ordering::Relaxed);
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// How bytes get from one descriptor to the other.
enum Way {
    #[cfg(target_os = "linux")]
    InKernel(ZeroCopy),
    Copy(Box<[u8]>),
}

impl Way {
    fn out_of(source: BorrowedFd<'_>) -> Self {
        #[cfg(target_os = "linux")]
        if let Some(way) = ZeroCopy::from(source) {
            return Self::InKernel(way);
        }
        Self::copy(isatty(source))
    }

    fn into(target: BorrowedFd<'_>) -> Self {
        #[cfg(target_os = "linux")]
        if let Some(way) = ZeroCopy::to(target) {
            return Self::InKernel(way);
        }
        Self::copy(isatty(target))
    }

    /// For TLS: what is encrypted has no way inside the kernel, but its pipe can be large.
    fn encrypted(local: BorrowedFd<'_>) -> Self {
        #[cfg(target_os = "linux")]
        zero_copy::widen(local);
        Self::copy(isatty(local))
    }

    fn copy(terminal: bool) -> Self {
        let size = if terminal { TERMINAL_BUFFER } else { BUFFER };
        Self::Copy(vec![0; size].into())
    }
}

/// Writes `before` to the socket, and then what the source says, no faster than it may, until its end.
pub(super) fn outward(
    stream: &Stream,
    before: &[u8],
    source: Option<Supply>,
    limits: Limits,
    shared: &Shared,
) -> Result<(), Broken> {
    send(stream, before, shared)?;
    let Stream { socket, tls } = stream;
    let Some(mut source) = source else { return Ok(()) };
    let mut way = match source.descriptor() {
        Some(fd) if tls.is_some() => Way::encrypted(fd),
        Some(fd) if !limits.any() && !shared.meter.looks() => Way::out_of(fd),
        _ => Way::copy(source.is_terminal()),
    };
    let mut pace = limits.start(Instant::now());
    let mut hung_up = false;
    loop {
        let pause = pace.wait(Instant::now());
        match wait_to_send(source.descriptor(), (!hung_up).then_some(socket), pause)? {
            SocketIs::Alive => {}
            SocketIs::HungUp if shared.stopped() => return Ok(()),
            // Both directions of TCP are over although we have not ended ours: a reset that the inward
            // direction reported.
            SocketIs::HungUp if matches!(socket, Socket::Tcp(..)) => {
                return Err(Broken::Peer(io::ErrorKind::ConnectionReset.into()));
            }
            // The peer of a Unix socket is gone. That is an error only if there is more to say to it.
            SocketIs::HungUp => hung_up = true,
        }
        if !pause.is_zero() {
            continue;
        }
        let moved = match (&mut way, source.descriptor()) {
            #[cfg(target_os = "linux")]
            (Way::InKernel(zero_copy), Some(source)) => match zero_copy.step(source, socket.as_fd()) {
                Ok(moved) => {
                    shared.moved();
                    shared.meter.sent_unseen(moved as u64);
                    moved
                }
                Err(Errno::AGAIN) => {
                    // The socket is full; or somebody else emptied the source, and the loop waits for that.
                    wait(socket.as_fd(), PollFlags::OUT).map_err(Broken::Peer)?;
                    continue;
                }
                Err(Errno::INTR) => continue,
                Err(Errno::INVAL | Errno::NOSYS) => {
                    way = Way::copy(isatty(source));
                    continue;
                }
                Err(Errno::IO) => return Err(Broken::Local(Errno::IO.into())),
                Err(error) => return Err(Broken::Peer(error.into())),
            },
            (Way::Copy(buffer), _) => {
                let room = limits.read(buffer.len());
                let read = source.read(&mut buffer[..room]).map_err(Broken::Local)?;
                send(stream, &buffer[..read], shared)?;
                pace.said(read, Instant::now());
                read
            }
            #[cfg(target_os = "linux")]
            (Way::InKernel(_), None) => unreachable!("only a descriptor is moved inside the kernel"),
        };
        if moved == 0 {
            return Ok(());
        }
    }
}

/// Writes what comes out of the socket to `target`, until the peer ends its direction.
///
/// `first` is told the first bytes of a plain stream, which may show that the peer speaks something else.
pub(super) fn inward(
    stream: &Stream,
    target: Option<BorrowedFd<'_>>,
    first: Option<oneshot::Sender<Vec<u8>>>,
    shared: &Shared,
) -> Result<(), Broken> {
    let Stream { socket, tls } = stream;
    if let Some(first) = first
        && tls.is_none()
    {
        wait(socket.as_fd(), PollFlags::IN).map_err(Broken::Peer)?;
        let mut bytes = vec![0; FIRST];
        match retry_on_intr(|| recv(socket, &mut bytes[..], RecvFlags::PEEK)) {
            Ok((_, count)) => {
                bytes.truncate(count);
                let _ = first.send(bytes);
            }
            Err(Errno::AGAIN) => {}
            // Looking takes the socket's error away as reading does: nobody else is told.
            Err(error) => return Err(Broken::Peer(error.into())),
        }
    }
    let mut way = match target {
        Some(target) if tls.is_some() => Way::encrypted(target),
        Some(target) if !shared.meter.looks() => Way::into(target),
        _ => Way::copy(target.is_some_and(isatty)),
    };
    loop {
        if let Way::InKernel(_) = way {
            wait(socket.as_fd(), PollFlags::IN).map_err(Broken::Peer)?;
        }
        let moved = match (&mut way, shared.wanted(target)) {
            #[cfg(target_os = "linux")]
            (Way::InKernel(zero_copy), Some(target)) => match zero_copy.step(socket.as_fd(), target) {
                Ok(moved) => {
                    shared.meter.received_unseen(moved as u64);
                    moved
                }
                Err(Errno::AGAIN) => {
                    // The target is full: the socket had something a moment ago, and nobody else reads it.
                    wait(target, PollFlags::OUT).map_err(Broken::Local)?;
                    continue;
                }
                Err(Errno::INTR) => continue,
                Err(Errno::INVAL | Errno::NOSYS) => {
                    way = Way::copy(isatty(target));
                    continue;
                }
                Err(error @ (Errno::PIPE | Errno::IO)) => return Err(Broken::Local(error.into())),
                Err(error) => return Err(Broken::Peer(error.into())),
            },
            (Way::Copy(buffer), _) => {
                let read = stream.take(buffer).map_err(Broken::Peer)?;
                shared.meter.received(&buffer[..read]);
                if let Some(target) = shared.wanted(target) {
                    put(target, &buffer[..read]).map_err(Broken::Local)?;
                }
                read
            }
            #[cfg(target_os = "linux")]
            (Way::InKernel(_), None) => {
                way = Way::copy(false);
                continue;
            }
        };
        if moved == 0 {
            return Ok(());
        }
        shared.moved();
    }
}

fn send(stream: &Stream, mut bytes: &[u8], shared: &Shared) -> Result<(), Broken> {
    while !bytes.is_empty() {
        let written = stream.put_some(bytes).map_err(Broken::Peer)?;
        shared.moved();
        shared.meter.sent(&bytes[..written]);
        bytes = &bytes[written..];
    }
    Ok(())
}

pub(super) fn put(target: BorrowedFd<'_>, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = put_some(target, bytes)?;
        bytes = &bytes[written..];
    }
    Ok(())
}

/// Writes some of this, once there is room.
fn put_some(target: BorrowedFd<'_>, bytes: &[u8]) -> io::Result<usize> {
    loop {
        match retry_on_intr(|| write(target, bytes)) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => return Ok(written),
            Err(Errno::AGAIN) => wait(target, PollFlags::OUT)?,
            Err(error) => return Err(error.into()),
        }
    }
}

/// Reads what there is, once there is something; 0 at the end.
pub(super) fn take(source: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match retry_on_intr(|| read(source, &mut *buffer)) {
            Err(Errno::AGAIN) => wait(source, PollFlags::IN)?,
            Ok(read) => return Ok(read),
            Err(error) => return Err(error.into()),
        }
    }
}

pub(super) fn wait(fd: BorrowedFd<'_>, events: PollFlags) -> io::Result<()> {
    retry_on_intr(|| poll(&mut [PollFd::from_borrowed_fd(fd, events)], None))?;
    Ok(())
}

enum SocketIs {
    Alive,
    HungUp,
}

/// Waits until there is something to read, or until the pause is over; or for the socket to die meanwhile, unless it is
/// dead already.
fn wait_to_send(source: Option<BorrowedFd<'_>>, socket: Option<&Socket>, pause: Duration) -> Result<SocketIs, Broken> {
    // What is made here is always there.
    let limit = (!pause.is_zero() || source.is_none()).then(|| Timespec::try_from(pause).unwrap_or_default());
    let source = source.filter(|_| pause.is_zero()).map(|source| PollFd::from_borrowed_fd(source, PollFlags::IN));
    // Errors and hang-up are reported unasked.
    let watched = socket.map(|socket| PollFd::new(socket, PollFlags::empty()));
    let (mut one, mut both);
    let polled: &mut [PollFd<'_>] = match (watched, source) {
        (Some(watched), Some(source)) => {
            both = [watched, source];
            &mut both
        }
        (Some(only), None) | (None, Some(only)) => {
            one = [only];
            &mut one
        }
        (None, None) => &mut [],
    };
    retry_on_intr(|| poll(&mut *polled, limit.as_ref())).map_err(|error| Broken::Local(error.into()))?;
    let Some((socket, watched)) = socket.zip(polled.first()) else { return Ok(SocketIs::Alive) };
    let socket_has = watched.revents();
    if socket_has.contains(PollFlags::ERR)
        && let Some(error) = socket.take_error()
    {
        return Err(Broken::Peer(error));
    }
    Ok(if socket_has.intersects(PollFlags::ERR | PollFlags::HUP) { SocketIs::HungUp } else { SocketIs::Alive })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::ConnId;
    use crate::meter::Roll;

    #[test]
    fn whatever_moves_puts_idleness_off() {
        let shared = Shared::new(Roll::new(false, None).enter(ConnId(1)));
        let last = shared.last_moved();
        while Instant::now() == last {}
        shared.moved();
        assert!(shared.last_moved() > last);
    }
}
