//! TLS on the raw path: two threads drive the two directions of one session, and neither waits for the other's peer.
//!
//! Whoever speaks holds `speaking`, so that records go out whole and in order. The session is locked only while bytes are
//! encrypted or decrypted, and never while anybody waits for the socket.

use std::fmt;
use std::io::{self, IoSlice, Read as _, Write};
use std::net::Shutdown;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use rustix::event::PollFlags;
use rustix::io::{Errno, retry_on_intr, writev};
use rustls::Connection;

use super::flow::{Socket, Stream, put, take, wait};

/// So much is taken from the socket at once, in bytes: some sixteen records.
const HEARD: usize = 256 << 10;
/// So much is encrypted before it goes to the socket, in bytes. More at once makes the allocator give memory back and
/// take it again for each batch.
const SAID: usize = 64 << 10;

/// A session whose handshake is done.
pub(super) struct Session {
    tls: Mutex<Connection>,
    /// Held while records go out: by whoever sends, or ends our direction.
    speaking: Mutex<Ours>,
    heard: Mutex<Heard>,
    ending: Mutex<Ending>,
}

/// Our direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ours {
    Open,
    /// `close_notify` is on its way.
    Ended,
}

/// How far the end of our direction is.
#[derive(Debug)]
enum Ending {
    /// Nobody ends it.
    No,
    /// A thread does; it may wait for the socket.
    UnderWay,
    /// The kernel has `close_notify`, which took so many bytes.
    Said(u32),
    /// It could not be said any more.
    Failed(Option<io::Error>),
}

/// What was taken from the socket and is not yet decrypted: `start..end` of the bytes.
struct Heard {
    bytes: Box<[u8]>,
    start: usize,
    end: usize,
    /// Why what follows cannot be decrypted; told after what could.
    broken: Option<io::Error>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Session {
    pub(super) fn new(mut tls: Connection) -> Self {
        tls.set_buffer_limit(Some(SAID));
        Self {
            tls: Mutex::new(tls),
            speaking: Mutex::new(Ours::Open),
            heard: Mutex::new(Heard { bytes: vec![0; HEARD].into(), start: 0, end: 0, broken: None }),
            ending: Mutex::new(Ending::No),
        }
    }

    /// Whether the end of our direction is still on its way.
    pub(super) fn is_ending(&self) -> bool {
        matches!(*lock(&self.ending), Ending::UnderWay)
    }

    /// Why the end of our direction could not be said; told once.
    pub(super) fn take_error(&self) -> Option<io::Error> {
        match &mut *lock(&self.ending) {
            Ending::Failed(error) => error.take(),
            Ending::No | Ending::UnderWay | Ending::Said(_) => None,
        }
    }

    /// How many bytes ended our direction, if the kernel has them: `close_notify` and FIN. Whatever else was said is
    /// before them.
    pub(super) fn farewell(&self) -> Option<u32> {
        match *lock(&self.ending) {
            Ending::Said(bytes) => Some(bytes + 1),
            Ending::No | Ending::UnderWay | Ending::Failed(_) => None,
        }
    }

    /// Encrypts some of this and gives it to the socket, once there is room.
    pub(super) fn put_some(&self, socket: &Socket, bytes: &[u8]) -> io::Result<usize> {
        let speaking = lock(&self.speaking);
        if *speaking == Ours::Ended {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let written = lock(&self.tls).writer().write(bytes)?;
        self.flush(socket)?;
        Ok(written)
    }

    /// Decrypts what there is, once there is something; 0 when the peer has said that nothing more comes. If the bytes
    /// stop before, that is [`io::ErrorKind::UnexpectedEof`].
    pub(super) fn take(&self, socket: &Socket, buffer: &mut [u8]) -> io::Result<usize> {
        let mut heard = lock(&self.heard);
        loop {
            match self.decrypt(socket, &mut heard, buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                other => return other,
            }
            (heard.start, heard.end) = (0, take(socket.as_fd(), &mut heard.bytes)?);
            if heard.end == 0 {
                lock(&self.tls).read_tls(&mut io::empty())?; // the reader knows whether that was to be expected
            }
        }
    }

    fn decrypt(&self, socket: &Socket, heard: &mut Heard, buffer: &mut [u8]) -> io::Result<usize> {
        let mut tls = lock(&self.tls);
        let mut filled = 0;
        loop {
            let nothing = match tls.reader().read(&mut buffer[filled..]) {
                Ok(0) => return Ok(filled), // the end, or no room
                Ok(read) => {
                    filled += read;
                    continue;
                }
                Err(error) => error,
            };
            let wanting = nothing.kind() == io::ErrorKind::WouldBlock && heard.broken.is_none();
            if wanting && heard.start < heard.end {
                heard.start += tls.read_tls(&mut &heard.bytes[heard.start..heard.end])?;
                if let Err(error) = tls.process_new_packets() {
                    heard.broken = Some(io::Error::new(io::ErrorKind::InvalidData, error));
                    self.refuse(socket, &mut tls);
                }
            } else if filled > 0 {
                return Ok(filled);
            } else {
                return Err(heard.broken.take().unwrap_or(nothing));
            }
        }
    }

    /// Gives what is encrypted to the socket. The caller speaks.
    fn flush(&self, socket: &Socket) -> io::Result<()> {
        while self.flush_some(socket)? {
            wait(socket.as_fd(), PollFlags::OUT)?;
        }
        Ok(())
    }

    /// Gives to the socket what it has room for; `true` if there is more.
    fn flush_some(&self, socket: &Socket) -> io::Result<bool> {
        let mut tls = lock(&self.tls);
        while tls.wants_write() {
            match tls.write_tls(&mut Unwaiting(socket.as_fd())) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(true),
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    /// Tells the peer why what it said is refused, unless somebody is in the middle of saying something.
    fn refuse(&self, socket: &Socket, tls: &mut Connection) {
        if let Ok(mut speaking) = self.speaking.try_lock() {
            *speaking = Ours::Ended;
            let _ = tls.write_tls(&mut Unwaiting(socket.as_fd()));
        }
    }

    /// Ends our direction: `close_notify`, and FIN after it. Whoever is saying something is waited for.
    fn finish(&self, socket: &Socket) {
        let mut speaking = lock(&self.speaking);
        let said = if *speaking == Ours::Open {
            *speaking = Ours::Ended;
            self.say_farewell(socket)
        } else {
            Ok(0) // an alert has ended it
        };
        let _ = socket.shutdown(Shutdown::Write);
        *lock(&self.ending) = match said {
            Ok(bytes) => Ending::Said(bytes),
            Err(error) => Ending::Failed(Some(error)),
        };
    }

    /// The caller speaks, so nothing else waits to be sent.
    fn say_farewell(&self, socket: &Socket) -> io::Result<u32> {
        let mut record = Vec::new();
        {
            let mut tls = lock(&self.tls);
            tls.send_close_notify();
            while tls.wants_write() {
                tls.write_tls(&mut record)?;
            }
        }
        put(socket.as_fd(), &record)?;
        Ok(u32::try_from(record.len()).unwrap_or(u32::MAX))
    }
}

/// Ends our direction of a stream with TLS, on a thread of its own: the socket may have no room for the last words.
pub(super) fn finish(stream: &Arc<Stream>) -> io::Result<()> {
    let Some(session) = &stream.tls else { return stream.socket.shutdown(Shutdown::Write) };
    *lock(&session.ending) = Ending::UnderWay;
    let ending = stream.clone();
    let thread = thread::Builder::new().name("ending".into()).spawn(move || {
        if let Some(session) = &ending.tls {
            session.finish(&ending.socket);
        }
    });
    if thread.is_err() {
        *lock(&session.ending) = Ending::No;
    }
    thread.map(drop)
}

/// A socket that is not waited for.
struct Unwaiting<'a>(BorrowedFd<'a>);

impl Write for Unwaiting<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        retry_on_intr(|| writev(self.0, slices)).map_err(|error| match error {
            Errno::AGAIN => io::ErrorKind::WouldBlock.into(),
            other => other.into(),
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Session")
    }
}
