//! Vsock: streams between a virtual machine and its host, without a network.
//!
//! The runtime has no type for these sockets, and needs none: a connected one reads and writes like any other, so it is
//! given out as a Unix stream. Only its addresses are its own.

use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::time::{Duration, Instant};

use nix::sys::socket::{getsockopt, setsockopt};
use nix::{getsockopt_impl, libc, setsockopt_impl, sockopt_impl};
use rustix::io::Errno;
use socket2::{Domain, SockAddr, SockRef, Socket, Type};
use tokio::io::Interest;
use tokio::net::UnixStream;

use super::listener::{Backlog, Incoming, Pause};
use super::sockets::put;
use super::{ByteStream, Channel, Listener, Opened};
use crate::access::Visitor;
use crate::endpoint::VsockAddress;
use crate::event::{Peer, Reach};
use crate::exit::{Exit, Failure, Remedied, words};
use crate::link::{Journal, Reporter};
use crate::quantity::nanos;
use crate::step::{Stage, Step};

sockopt_impl!(
    /// `struct __kernel_sock_timeval`: how long the kernel tries to connect, in seconds and microseconds.
    ConnectTimeout, Both, libc::AF_VSOCK, SO_VM_SOCKETS_CONNECT_TIMEOUT, [i64; 2]
);
const SO_VM_SOCKETS_CONNECT_TIMEOUT: libc::c_int = 8;

/// `vsock connect`
#[derive(Clone)]
pub struct Dial {
    /// Where to.
    pub target: VsockAddress,
    /// How long the kernel may try.
    pub timeout: Duration,
}

impl Dial {
    pub(super) async fn connect(&self, report: Reporter) -> Result<Opened, Failure> {
        let remote = self.target.to_string();
        let mut started = Instant::now();
        let (stream, local) = self.open(&mut started, &report).await.map_err(|error| {
            report.step(|| Step::ConnectFailed {
                remote: remote.clone(),
                error: words(&error),
                took_ns: nanos(started.elapsed()),
            });
            self.failure(&error)
        })?;
        report.step(|| Step::Connected {
            local: local.clone(),
            remote: remote.clone(),
            took_ns: nanos(started.elapsed()),
        });
        Ok(Opened { channel: Channel::Bytes(ByteStream::Unix(stream), Peer { remote, local }), report })
    }

    async fn open(&self, started: &mut Instant, report: &Reporter) -> io::Result<(UnixStream, String)> {
        report.gate(Stage::Socket).await;
        let socket = new_socket(report)?;
        // Otherwise it gives up after 2 seconds.
        let micros = i64::from(self.timeout.subsec_micros());
        let limit = [i64::try_from(self.timeout.as_secs()).unwrap_or(i64::MAX), micros];
        let set = || Ok(setsockopt(&socket, ConnectTimeout, &limit)?);
        put(report, "SO_VM_SOCKETS_CONNECT_TIMEOUT", show(limit), set, || {
            Ok(show(getsockopt(&socket, ConnectTimeout)?))
        })?;
        report.gate(Stage::Connect).await;
        report.step(|| Step::Connect { remote: self.target.to_string() });
        *started = Instant::now();
        let stream = connect(socket, &SockAddr::vsock(self.target.cid, self.target.port)).await?;
        let local = SockRef::from(&stream).local_addr().map_or_else(|error| words(&error), |local| name(&local));
        Ok((stream, local))
    }

    fn failure(&self, error: &io::Error) -> Failure {
        let failure = Failure::system("connect to", &self.target.to_string(), error);
        let here = self.target.cid == VsockAddress::LOCAL;
        match error.kind() {
            // There is no other answer to a connection that nobody wants.
            io::ErrorKind::ConnectionReset => Failure::new(
                Exit::Refused,
                format!("connect to {}: connection refused", self.target),
            )
            .hint("nothing listens at that port there"),
            _ if failure.hint.is_some() => failure,
            _ if here => failure.hint("this machine reaches itself only with the module vsock_loopback: `modprobe vsock_loopback`"),
            _ => failure.hint(
                "is there such a machine? a guest needs a virtio-vsock device, and its host the module vhost_vsock; the host is 2",
            ),
        }
    }
}

fn show([seconds, micros]: [i64; 2]) -> String {
    let whole = u64::try_from(seconds).unwrap_or_default();
    format!("{:?}", Duration::from_secs(whole) + Duration::from_micros(u64::try_from(micros).unwrap_or_default()))
}

/// An address as an endpoint that can be typed.
fn name(address: &SockAddr) -> String {
    match address.as_vsock_address() {
        Some((cid, port)) => VsockAddress { cid, port }.to_string(),
        None => "vsock:?".to_owned(),
    }
}

fn new_socket(report: &Reporter) -> io::Result<Socket> {
    let socket = Socket::new(Domain::VSOCK, Type::STREAM.nonblocking(), None).map_err(|error| {
        if error.raw_os_error() == Some(Errno::AFNOSUPPORT.raw_os_error()) {
            return Remedied::wrap(&error, words(&error), "this kernel has no vsock; it is a module: `modprobe vsock`");
        }
        error
    })?;
    report.step(|| Step::Socket { family: "vsock".into(), kind: "stream".into(), fd: socket.as_raw_fd() });
    Ok(socket)
}

/// Connects a non-blocking socket of any family.
async fn connect(socket: Socket, to: &SockAddr) -> io::Result<UnixStream> {
    let connected = socket.connect(to);
    let stream = known(socket)?;
    match connected {
        Err(error) if error.raw_os_error() == Some(Errno::INPROGRESS.raw_os_error()) => {
            stream.writable().await?;
            stream.take_error()?.map_or(Ok(stream), Err)
        }
        connected => connected.map(|()| stream),
    }
}

/// A socket as the runtime knows it, which only waits for it and moves its bytes.
fn known(socket: Socket) -> io::Result<UnixStream> {
    UnixStream::from_std(std::os::unix::net::UnixStream::from(OwnedFd::from(socket)))
}

/// `vsock listen`
pub struct Bind {
    /// Where.
    pub on: VsockAddress,
    /// How many may wait.
    pub backlog: Backlog,
}

impl Bind {
    pub(super) async fn listen(
        &self,
        journal: &Journal,
        mut listener: Listener,
        incoming: Incoming,
    ) -> Result<Listener, Failure> {
        let report = journal.program();
        let (socket, local) = self.open(&report).await.map_err(|error| {
            let failure = Failure::system("listen on", &self.on.to_string(), &error);
            match error.kind() {
                io::ErrorKind::AddrNotAvailable if self.on.cid == VsockAddress::LOCAL => {
                    failure.hint("this machine is local to itself only with the module vsock_loopback")
                }
                io::ErrorKind::AddrNotAvailable => failure.hint("that is another machine; leave out the number"),
                _ => failure,
            }
        })?;
        listener.reach = if self.on.cid == VsockAddress::LOCAL { Reach::Loopback } else { Reach::Address };
        listener.endpoints.push(local.clone());
        listener.spawn(accept_all(socket, local, journal.clone(), incoming));
        Ok(listener)
    }

    async fn open(&self, report: &Reporter) -> io::Result<(UnixStream, String)> {
        report.gate(Stage::Socket).await;
        let socket = new_socket(report)?;
        report.gate(Stage::Bind).await;
        socket.bind(&SockAddr::vsock(self.on.cid, self.on.port))?;
        let local = name(&socket.local_addr()?);
        report.step(|| Step::Bound { local: local.clone() });
        self.backlog.listen(&socket, &local, report).await?;
        Ok((known(socket)?, local))
    }
}

/// The next connection of a non-blocking listener of any family, and its peer's address. Cancel-safe.
async fn accept(listener: &UnixStream) -> io::Result<(UnixStream, SockAddr)> {
    let accept = || SockRef::from(listener).accept();
    let (socket, from) = listener.async_io(Interest::READABLE, accept).await?;
    socket.set_nonblocking(true)?;
    Ok((known(socket)?, from))
}

async fn accept_all(listener: UnixStream, local: String, journal: Journal, incoming: Incoming) {
    let mut pause = Pause::new(journal.program());
    loop {
        journal.program().gate(Stage::Accept).await;
        match accept(&listener).await {
            Ok((stream, from)) => {
                pause.over().await;
                let peer = Peer { remote: name(&from), local: local.clone() };
                if let Some(refusal) = incoming.door().refusal(Visitor::Unknown) {
                    incoming.door().turn_away(ByteStream::Unix(stream), &peer.remote, refusal);
                    continue;
                }
                let report = journal.open();
                report.step(|| Step::Accepted {
                    local: peer.local.clone(),
                    remote: peer.remote.clone(),
                    fd: stream.as_raw_fd(),
                });
                let opened = Opened { channel: Channel::Bytes(ByteStream::Unix(stream), peer), report };
                if incoming.admit(opened).await.is_err() {
                    return;
                }
            }
            Err(error) if Pause::needed(&error) => pause.after("accepting", &error).await,
            Err(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    /// Few machines can reach themselves by vsock; the kernel's calls are the same in every family.
    #[tokio::test]
    async fn a_socket_of_another_family_is_connected_accepted_and_half_closed() {
        let new = || Socket::new(Domain::IPV4, Type::STREAM.nonblocking(), None).expect("a socket");
        let listening = new();
        listening.bind(&std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into()).expect("a free port");
        listening.listen(1).expect("listen");
        let at = listening.local_addr().expect("an address");
        let listener = known(listening).expect("a listener");
        let (client, server) = tokio::join!(connect(new(), &at), accept(&listener));
        let (mut client, (mut server, from)) = (client.expect("connected"), server.expect("accepted"));
        assert_eq!(Some(from.as_socket()), SockRef::from(&client).local_addr().ok().map(|ours| ours.as_socket()));
        client.write_all(b"hello").await.expect("written");
        client.shutdown().await.expect("half-closed");
        let mut heard = String::new();
        server.read_to_string(&mut heard).await.expect("read to the end");
        server.write_all(b"answer").await.expect("written");
        drop(server);
        client.read_to_string(&mut heard).await.expect("read to the end");
        assert_eq!(heard, "helloanswer");
        drop(listener);
        let refused = connect(new(), &at).await.expect_err("nobody listens");
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
    }
}
