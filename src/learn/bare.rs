//! Sockets as a program has them: each call is made when the play says so, and told.
//!
//! Our transports read what comes and close politely. What happens to a program that does not is played with these.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd};
use std::time::{Duration, Instant};

use nix::sys::socket::setsockopt;
use nix::{libc, setsockopt_impl, sockopt_impl};
use socket2::{Domain, SockAddr, SockFilter, Socket, Type};
use tokio::time::sleep;

use super::moves::defect;
use crate::event::{Event, Message, What};
use crate::exit::{Exit, Failure, words};
use crate::link::{Journal, Reporter};
use crate::quantity::{nanos, show_nanos};
use crate::step::Step;
use crate::transport::kernel::{self, Connection, Timer};

/// No call of a play takes so long. A defect must not hold a thread for ever.
const PATIENCE: Duration = Duration::from_secs(10);
/// What one read may take.
const ROOM: usize = 64 * 1024;
/// An instruction of socket filters: `BPF_RET | BPF_K`, keep so many bytes.
const BPF_RET_K: u16 = 6;
/// Between two looks at a sender that may have come to a stop.
const STILL: Duration = Duration::from_millis(2);

/// No packet has more.
const HIGHEST_TTL: u8 = 255;

sockopt_impl!(
    /// `IP_MINTTL`
    MinTtl,
    SetOnly,
    libc::IPPROTO_IP,
    libc::IP_MINTTL,
    u8
);

/// A socket of one side.
pub(super) struct Bare {
    pub(super) socket: Socket,
    pub(super) report: Reporter,
}

impl AsFd for Bare {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Bare {
    /// `socket()`, over IPv4.
    pub(super) fn tcp(report: Reporter) -> Result<Self, Failure> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).map_err(failed("socket"))?;
        report.step(|| Step::Socket { family: "IPv4".to_owned(), kind: "stream".to_owned(), fd: socket.as_raw_fd() });
        Self::patient(socket, report)
    }

    /// With a limit for calls that wait.
    pub(super) fn patient(socket: Socket, report: Reporter) -> Result<Self, Failure> {
        socket.set_read_timeout(Some(PATIENCE)).map_err(failed("setsockopt"))?;
        socket.set_write_timeout(Some(PATIENCE)).map_err(failed("setsockopt"))?;
        Ok(Self { socket, report })
    }

    /// Its descriptor's number.
    pub(super) fn fd(&self) -> i32 {
        self.socket.as_raw_fd()
    }

    /// `setsockopt()`
    pub(super) fn set(
        &self,
        name: &str,
        value: &str,
        set: impl FnOnce(&Socket) -> io::Result<()>,
    ) -> Result<(), Failure> {
        set(&self.socket).map_err(failed(name))?;
        let value = value.to_owned();
        self.report.step(|| Step::SocketOption { name: name.to_owned(), asked: value.clone(), got: value });
        Ok(())
    }

    /// From now on nothing that is sent to this socket reaches it: the peer sees a machine that has vanished.
    pub(super) fn vanish(&self) -> Result<(), Failure> {
        /// Of whatever comes, keep no byte.
        const DROP: SockFilter = SockFilter::new(BPF_RET_K, 0, 0, 0);
        match self.socket.attach_filter(&[DROP]) {
            // Some kernels let only root filter what comes by IP; but what has passed a router, or might have, anybody may
            // refuse, and nothing on this machine has the highest TTL.
            Err(error) if error.kind() == ErrorKind::PermissionDenied => self.refuse_below(HIGHEST_TTL),
            attached => {
                attached.map_err(failed("SO_ATTACH_FILTER"))?;
                self.tell("setsockopt(SO_ATTACH_FILTER) = 0")
            }
        }
    }

    /// It can be reached again.
    pub(super) fn come_back(&self) -> Result<(), Failure> {
        match self.socket.detach_filter() {
            // There was none.
            Err(error) if error.kind() == ErrorKind::NotFound => self.refuse_below(0),
            detached => {
                detached.map_err(failed("SO_DETACH_FILTER"))?;
                self.tell("setsockopt(SO_DETACH_FILTER) = 0")
            }
        }
    }

    /// Packets with a smaller TTL do not come in.
    fn refuse_below(&self, ttl: u8) -> Result<(), Failure> {
        setsockopt(&self.socket, MinTtl, &ttl).map_err(|error| failed("IP_MINTTL")(error.into()))?;
        self.tell(&format!("setsockopt(IP_MINTTL, {ttl}) = 0"))
    }

    /// `bind()` to a free port of loopback.
    pub(super) fn bind(&self) -> Result<SocketAddr, Failure> {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        self.socket.bind(&any.into()).map_err(failed("bind"))?;
        let local = internet(self.socket.local_addr())?;
        self.report.step(|| Step::Bound { local: format!("tcp://{local}") });
        Ok(local)
    }

    /// `listen()`
    pub(super) fn listen(&self, backlog: u32) -> Result<(), Failure> {
        self.socket.listen(i32::try_from(backlog).unwrap_or(i32::MAX)).map_err(failed("listen"))?;
        self.report.step(|| Step::Listen { local: String::new(), backlog, asked: None });
        Ok(())
    }

    /// `connect()`
    pub(super) fn connect(&self, at: SocketAddr) -> Result<Connection, Failure> {
        let remote = format!("tcp://{at}");
        self.report.step(|| Step::Connect { remote: remote.clone() });
        let began = Instant::now();
        self.socket.connect(&at.into()).map_err(failed("connect"))?;
        let local = internet(self.socket.local_addr())?;
        let took_ns = nanos(began.elapsed());
        self.report.step(|| Step::Connected { local: format!("tcp://{local}"), remote, took_ns });
        Ok(Connection { local, remote: at })
    }

    /// `connect()` that does not wait, and is not answered.
    pub(super) fn begin_to_connect(&self, at: SocketAddr) -> Result<Connection, Failure> {
        self.socket.set_nonblocking(true).map_err(failed("fcntl"))?;
        self.report.step(|| Step::Connect { remote: format!("tcp://{at}") });
        match self.socket.connect(&at.into()) {
            Err(error) if error.raw_os_error() == Some(libc::EINPROGRESS) => {}
            _ => return Err(defect()),
        }
        self.tell("  = -1: in progress")?;
        Ok(Connection { local: internet(self.socket.local_addr())?, remote: at })
    }

    /// `accept()` of one that waits; the new socket is told in this journal.
    pub(super) fn accept(&self, journal: &Journal) -> Result<(Self, Connection), Failure> {
        let (socket, from) = self.socket.accept().map_err(failed("accept"))?;
        let (local, remote) = (internet(socket.local_addr())?, internet(Ok(from))?);
        let report = journal.open();
        report.step(|| Step::Accepted {
            local: format!("tcp://{local}"),
            remote: format!("tcp://{remote}"),
            fd: socket.as_raw_fd(),
        });
        Ok((Self::patient(socket, report)?, Connection { local, remote }))
    }

    /// `send()`, told before it is called: what comes of it at the other side is told after that.
    pub(super) fn send(&self, text: &str) -> Result<(), Failure> {
        self.report.step(|| Step::Sent { bytes: text.len() as u64 });
        self.show(What::Said(Event::Message(Message::binary(text.to_owned()))))?;
        self.write(text)
    }

    /// `send()` that was told.
    pub(super) fn write(&self, text: &str) -> Result<(), Failure> {
        let sent = (&self.socket).write(text.as_bytes()).map_err(failed("send"))?;
        if sent == text.len() { Ok(()) } else { Err(defect()) }
    }

    /// `send()` of so many bytes, which waits for room. Gives back what is to be told when it has returned.
    pub(super) fn send_all(&self, bytes: usize) -> Result<String, Failure> {
        let began = Instant::now();
        self.tell(&format!("send({bytes} bytes) ..."))?;
        (&self.socket).write_all(&vec![0; bytes]).map_err(failed("send"))?;
        Ok(format!("  = {bytes} after {}", show_nanos(nanos(began.elapsed()))))
    }

    /// `send()` until there is no more room: here, on its way, and at the peer. Gives the number of bytes back.
    pub(super) async fn fill(&self, connection: Connection) -> Result<u64, Failure> {
        let block = vec![0; ROOM];
        let mut sent = 0;
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.socket.send_with_flags(&block, libc::MSG_DONTWAIT) {
                Ok(bytes) => sent += bytes as u64,
                // What is on its way arrives, and then there may be room again.
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if is_stuck(connection) {
                        break;
                    }
                    if Instant::now() > deadline {
                        return Err(defect());
                    }
                    sleep(STILL).await;
                }
                Err(error) => return Err(failed("send")(error)),
            }
        }
        self.tell(&format!("send(), again and again = {sent}"))?;
        self.tell("send() = -1: no more room")?;
        Ok(sent)
    }

    /// `recv()` of so many bytes, or of all up to the end.
    pub(super) fn recv(&self) -> Result<Received, Failure> {
        let mut room = vec![0; ROOM];
        match (&self.socket).read(&mut room) {
            Ok(0) => {
                self.report.step(|| Step::EndOfStream);
                Ok(Received::End)
            }
            Ok(bytes) => {
                self.report.step(|| Step::Received { bytes: bytes as u64 });
                let text = String::from_utf8_lossy(&room[..bytes]).into_owned();
                self.show(What::Heard(Event::Message(Message::binary(text.clone()))))?;
                Ok(Received::Text(text))
            }
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {
                self.report.step(|| Step::Reset);
                Ok(Received::Reset)
            }
            Err(error) if error.kind() == ErrorKind::TimedOut => {
                self.tell("recv() = -1: connection timed out")?;
                Ok(Received::TimedOut)
            }
            Err(error) => Err(failed("recv")(error)),
        }
    }

    /// `recv()`, whose result is known.
    pub(super) fn hears(&self, wanted: &Received) -> Result<(), Failure> {
        if self.recv()? == *wanted { Ok(()) } else { Err(defect()) }
    }

    /// `recv()` until so many bytes have come. What they are is not told.
    pub(super) fn read(&self, bytes: u64) -> Result<(), Failure> {
        let mut room = vec![0; ROOM];
        let mut left = usize::try_from(bytes).map_err(|_| defect())?;
        while left > 0 {
            let most = left.min(ROOM);
            match (&self.socket).read(&mut room[..most]).map_err(failed("recv"))? {
                0 => return Err(defect()),
                read => left -= read,
            }
        }
        self.tell(&format!("recv(), again and again = {bytes}"))
    }

    /// `shutdown(SHUT_WR)`
    pub(super) fn shutdown(&self) -> Result<(), Failure> {
        self.socket.shutdown(std::net::Shutdown::Write).map_err(failed("shutdown"))?;
        self.report.step(|| Step::Shutdown);
        Ok(())
    }

    /// `close()`, told before it is called.
    pub(super) fn close(self) {
        self.report.step(|| Step::Closed { state: None });
    }

    /// For what would be too much to tell.
    pub(super) fn raw(&self) -> &Socket {
        &self.socket
    }

    /// Tells a call that no step has words for.
    pub(super) fn tell(&self, text: &str) -> Result<(), Failure> {
        self.show(What::Notice { text: text.to_owned() })
    }

    fn show(&self, what: What) -> Result<(), Failure> {
        if self.report.offer(vec![what]) { Ok(()) } else { Err(defect()) }
    }
}

/// What came of `recv()`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Received {
    /// Bytes.
    Text(String),
    /// The peer has said all.
    End,
    /// The peer threw the connection away.
    Reset,
    /// The kernel has given the peer up.
    TimedOut,
}

/// Whether the peer has no room at all, and the kernel only asks now and then.
pub(super) fn is_stuck(connection: Connection) -> bool {
    kernel::state(connection).is_some_and(|state| {
        let window = state.sending.and_then(|sending| sending.peer_window).unwrap_or_default();
        matches!(state.timer, Some(Timer::WindowProbe(_))) && window == 0
    })
}

/// An address of IP, which it is.
pub(super) fn internet(address: io::Result<SockAddr>) -> Result<SocketAddr, Failure> {
    address.map_err(failed("getsockname"))?.as_socket().ok_or_else(defect)
}

/// A call that cannot fail has failed.
pub(super) fn failed(call: &str) -> impl FnOnce(io::Error) -> Failure {
    move |error| Failure::new(Exit::Io, format!("lesson: {call}: {}", words(&error)))
}
