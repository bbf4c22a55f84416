//! Unix sockets: stream, datagram and seqpacket, by path or by abstract name.

use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::net::UCred;
use rustix::net::sockopt::socket_peercred;
use socket2::{Domain, SockAddr, SockRef, Socket, Type};
use tokio::net::{UnixListener, UnixStream};

use super::demux::Demux;
use super::handed::{Handed, Kind};
use super::listener::{Backlog, Incoming, Pause};
use super::packet_socket::PacketSocket;
use super::packets::{Ending, Packets};
use super::sockets::{Options, put};
use super::tcp::named;
use super::{ByteStream, Channel, Listener, Opened};
use crate::access::Visitor;
use crate::cli::UnixType;
use crate::endpoint::{UnixListenOn, UnixName, printable};
use crate::event::Peer;
use crate::exit::{Failure, words};
use crate::link::{Journal, Reporter};
use crate::quantity::nanos;
use crate::step::{Stage, Step};

/// Asked of the kernel for a datagram listener, which grants at most `net.core.wmem_max`.
const SEND_BUFFER: usize = 8 * 1024 * 1024;
/// How often a full backlog is tried again: unlike TCP's, the kernel says so at once.
const FULL_BACKLOG_RETRY: Duration = Duration::from_millis(10);
/// For how long.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// `unix connect`
#[derive(Clone)]
pub struct Dial {
    /// Where to.
    pub target: UnixName,
    /// Stream, datagram or seqpacket.
    pub kind: UnixType,
    /// Our own end; a datagram peer can answer only a socket that has one.
    pub bind: Option<UnixName>,
    /// Longer packets are cut, and said to be.
    pub limit: usize,
    /// The sizes of the buffers.
    pub options: Options,
}

impl Dial {
    pub(super) async fn connect(&self, report: Reporter) -> Result<Opened, Failure> {
        let remote = self.target.to_string();
        let (socket, file) = self.open(&report).await.map_err(|error| {
            let failure = Failure::system("connect to", &remote, &error);
            match error.kind() {
                io::ErrorKind::NotFound => {
                    failure.hint("no such file; `ss -xl` lists the sockets that are listened on")
                }
                io::ErrorKind::ConnectionRefused => {
                    failure.hint("the file is there, but nobody listens on it any more")
                }
                _ if error.raw_os_error() == Some(rustix::io::Errno::PROTOTYPE.raw_os_error()) => {
                    failure.hint("it is a socket of another type; try --type datagram or --type seqpacket")
                }
                _ => failure,
            }
        })?;
        let peer = Peer { remote: remote.clone(), local: own_name(&socket) };
        let fail = |error: io::Error| Failure::system("connect to", &remote, &error);
        let channel = match self.kind {
            UnixType::Stream => {
                Channel::Bytes(ByteStream::Unix(UnixStream::from_std(socket.into()).map_err(fail)?), peer)
            }
            UnixType::Datagram | UnixType::Seqpacket => {
                let ending = if self.kind == UnixType::Seqpacket { Ending::Stream } else { Ending::Never };
                let socket = PacketSocket::unix(socket, file).map_err(fail)?;
                Channel::Messages(Box::new(Packets { socket, peer, to: None, ending, limit: self.limit }))
            }
        };
        Ok(Opened { channel, report })
    }

    async fn open(&self, report: &Reporter) -> io::Result<(Socket, Option<SocketFile>)> {
        report.gate(Stage::Socket).await;
        let socket = new_socket(self.kind, report)?;
        self.options.buffers(&socket, report)?;
        let mut file = None;
        let bind = match (&self.bind, self.kind) {
            (Some(name), _) => Some(name.clone()),
            (None, UnixType::Datagram) => {
                Some(UnixName::Abstract(format!("sockeye-{}-{}", std::process::id(), socket.as_raw_fd())))
            }
            (None, _) => None,
        };
        if let Some(name) = bind {
            report.gate(Stage::Bind).await;
            socket.bind(&address(&name)?).map_err(|error| named(&format!("bind {name}"), &error))?;
            file = SocketFile::of(&name);
            report.step(|| Step::Bound { local: name.to_string() });
        }
        report.gate(Stage::Connect).await;
        report.step(|| Step::Connect { remote: self.target.to_string() });
        let started = Instant::now();
        while let Err(error) = socket.connect(&address(&self.target)?) {
            if error.kind() != io::ErrorKind::WouldBlock {
                report.step(|| Step::ConnectFailed {
                    remote: self.target.to_string(),
                    error: words(&error),
                    took_ns: nanos(started.elapsed()),
                });
                return Err(error);
            }
            if started.elapsed() > CONNECT_TIMEOUT {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "its backlog stays full: it accepts nobody"));
            }
            tokio::time::sleep(FULL_BACKLOG_RETRY).await;
        }
        report.step(|| Step::Connected {
            local: own_name(&socket),
            remote: self.target.to_string(),
            took_ns: nanos(started.elapsed()),
        });
        Ok((socket, file))
    }
}

fn new_socket(kind: UnixType, report: &Reporter) -> io::Result<Socket> {
    let (kind, name) = socket_type(kind);
    let socket = Socket::new(Domain::UNIX, kind.nonblocking(), None)?;
    report.step(|| Step::Socket { family: "Unix".into(), kind: name.into(), fd: socket.as_raw_fd() });
    Ok(socket)
}

fn socket_type(kind: UnixType) -> (Type, &'static str) {
    match kind {
        UnixType::Stream => (Type::STREAM, "stream"),
        UnixType::Datagram => (Type::DGRAM, "datagram"),
        UnixType::Seqpacket => (Type::SEQPACKET, "seqpacket"),
    }
}

/// The kernel's form of a name: an abstract one begins with a NUL.
pub(crate) fn address(name: &UnixName) -> io::Result<SockAddr> {
    match name {
        UnixName::Path(path) => SockAddr::unix(path),
        UnixName::Abstract(name) => SockAddr::unix(format!("\0{name}")),
    }
}

pub(super) fn own_name(socket: &Socket) -> String {
    show(socket.local_addr().ok())
}

fn show(address: Option<SockAddr>) -> String {
    let Some(address) = address else { return "unix:(nameless)".to_owned() };
    if let Some(path) = address.as_pathname() {
        return format!("unix:{}", printable(path.as_os_str().as_encoded_bytes()));
    }
    match address.as_abstract_namespace() {
        Some(name) => format!("unix:@{}", printable(name)),
        None => "unix:(nameless)".to_owned(),
    }
}

/// `unix listen`
pub struct Bind {
    /// Where.
    pub on: UnixListenOn,
    /// Stream, datagram or seqpacket.
    pub kind: UnixType,
    /// A datagram peer is forgotten after so much silence.
    pub expiry: Duration,
    /// Longer packets are cut, and said to be.
    pub limit: usize,
    /// How many may wait.
    pub backlog: Backlog,
    /// The sizes of the buffers.
    pub options: Options,
    /// Sockets that were handed over, for when that is where.
    pub handed: Handed,
}

impl Bind {
    pub(super) async fn listen(
        &self,
        journal: &Journal,
        mut listener: Listener,
        incoming: Incoming,
    ) -> Result<Listener, Failure> {
        let report = journal.program();
        let sockets = match &self.on {
            UnixListenOn::Name(name) => vec![self.bind(name, &report).await?],
            UnixListenOn::Handed(which) => {
                let sockets = self.handed.take(which, Kind::Unix(socket_type(self.kind).0), &report)?;
                for socket in &sockets {
                    let applied = self.options.buffers(socket, &report);
                    applied.map_err(|error| Failure::system("listen on", &own_name(socket), &error))?;
                }
                sockets.into_iter().map(|socket| Bound { local: own_name(&socket), socket, file: None }).collect()
            }
        };
        for bound in sockets {
            let local = bound.local.clone();
            self.serve(bound, journal, &mut listener, incoming.clone())
                .await
                .map_err(|error| Failure::system("listen on", &local, &error))?;
            listener.endpoints.push(local);
        }
        Ok(listener)
    }

    async fn bind(&self, name: &UnixName, report: &Reporter) -> Result<Bound, Failure> {
        let fail = |error: io::Error| Failure::system("listen on", &name.to_string(), &error);
        report.gate(Stage::Socket).await;
        let socket = new_socket(self.kind, report).map_err(fail)?;
        self.options.buffers(&socket, report).map_err(fail)?;
        report.gate(Stage::Bind).await;
        bind(&socket, name, report)?;
        report.step(|| Step::Bound { local: name.to_string() });
        Ok(Bound { local: name.to_string(), socket, file: SocketFile::of(name) })
    }

    async fn serve(
        &self,
        Bound { socket, local, file }: Bound,
        journal: &Journal,
        listener: &mut Listener,
        incoming: Incoming,
    ) -> io::Result<()> {
        let report = journal.program();
        if self.kind == UnixType::Datagram {
            if self.options.sndbuf.is_none() {
                // What a peer has not read counts against our buffer: one that never reads must not use it up for all.
                let set = || socket.set_send_buffer_size(SEND_BUFFER);
                put(&report, "SO_SNDBUF", SEND_BUFFER, set, || socket.send_buffer_size())?;
            }
            let socket = Arc::new(PacketSocket::unix(socket, None)?);
            let (expiry, limit) = (self.expiry, self.limit);
            let demux = Demux { socket, local, scheme: "unix", expiry, limit, file };
            demux.start(listener, journal.clone(), incoming);
        } else {
            self.backlog.listen(&socket, &local, &report).await?;
            // It takes both types: what it accepts is told apart by ours.
            let socket = UnixListener::from_std(socket.into())?;
            listener.spawn(accept(socket, local, self.kind, self.limit, journal.clone(), incoming));
            listener.keep(file);
        }
        Ok(())
    }
}

/// A socket to listen on.
struct Bound {
    socket: Socket,
    local: String,
    /// Ours, to be removed.
    file: Option<SocketFile>,
}

/// Binds a socket to a name; a file that a dead listener left behind is removed.
fn bind(socket: &Socket, name: &UnixName, report: &Reporter) -> Result<(), Failure> {
    let fail = |error: &io::Error| Failure::system("listen on", &name.to_string(), error);
    let address = address(name).map_err(|error| fail(&error))?;
    let in_use = match socket.bind(&address) {
        Ok(()) => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => error,
        Err(error) => return Err(fail(&error)),
    };
    let UnixName::Path(path) = name else { return Err(fail(&in_use)) };
    if !std::fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket()) {
        return Err(fail(&in_use).hint("a file that is no socket has that name; sockeye will not remove it"));
    }
    if !is_stale(&address) {
        return Err(fail(&in_use).hint("another process listens there; `ss -xlp` shows which"));
    }
    std::fs::remove_file(path).map_err(|error| Failure::system("remove stale", &name.to_string(), &error))?;
    report.step(|| Step::StaleRemoved { path: path.display().to_string() });
    socket.bind(&address).map_err(|error| fail(&error))
}

/// A socket file outlives its socket; connecting tells whether somebody still listens, whatever the type.
fn is_stale(address: &SockAddr) -> bool {
    [Type::STREAM, Type::DGRAM, Type::SEQPACKET].into_iter().all(|kind| {
        Socket::new(Domain::UNIX, kind.nonblocking(), None)
            .and_then(|probe| probe.connect(address))
            .is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
    })
}

async fn accept(
    socket: UnixListener,
    local: String,
    kind: UnixType,
    limit: usize,
    journal: Journal,
    incoming: Incoming,
) {
    let mut pause = Pause::new(journal.program());
    loop {
        journal.program().gate(Stage::Accept).await;
        let opened = socket.accept().await.and_then(|(stream, _)| {
            let credentials = socket_peercred(&stream).ok();
            let peer = Peer { remote: name(&stream, credentials), local: local.clone() };
            let visitor = credentials.map_or(Visitor::Unknown, |of| Visitor::User(of.uid.as_raw()));
            if let Some(refusal) = incoming.door().refusal(visitor) {
                incoming.door().turn_away(ByteStream::Unix(stream), &peer.remote, refusal);
                return Ok(None);
            }
            let report = journal.open();
            report.step(|| Step::Accepted {
                local: peer.local.clone(),
                remote: peer.remote.clone(),
                fd: stream.as_raw_fd(),
            });
            let channel = if kind == UnixType::Stream {
                Channel::Bytes(ByteStream::Unix(stream), peer)
            } else {
                let socket = PacketSocket::unix(stream.into_std()?, None)?;
                Channel::Messages(Box::new(Packets { socket, peer, to: None, ending: Ending::Stream, limit }))
            };
            Ok(Some(Opened { channel, report }))
        });
        match opened {
            Ok(opened) => {
                pause.over().await;
                if let Some(opened) = opened
                    && incoming.admit(opened).await.is_err()
                {
                    return;
                }
            }
            Err(error) if Pause::needed(&error) => pause.after("accepting", &error).await,
            Err(_) => {}
        }
    }
}

/// A client's name: most have none, and then its process tells them apart.
fn name(stream: &UnixStream, credentials: Option<UCred>) -> String {
    let Ok(address) = SockRef::from(stream).peer_addr() else { return "unix:(nameless)".to_owned() };
    if address.as_pathname().is_some() || address.as_abstract_namespace().is_some() {
        return show(Some(address));
    }
    credentials.map_or_else(
        || "unix:(nameless)".to_owned(),
        |credentials| format!("unix:(process {})", credentials.pid.as_raw_nonzero()),
    )
}

/// A socket file of ours, removed when dropped, unless another has taken its place.
pub(super) struct SocketFile {
    path: PathBuf,
    identity: (u64, u64),
}

impl SocketFile {
    fn of(name: &UnixName) -> Option<Self> {
        let UnixName::Path(path) = name else { return None };
        Some(Self { path: path.clone(), identity: identity(path)? })
    }
}

fn identity(path: &Path) -> Option<(u64, u64)> {
    let file = std::fs::symlink_metadata(path).ok()?;
    Some((file.dev(), file.ino()))
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if identity(&self.path) == Some(self.identity) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}
