//! Unix sockets as a program has them: each call is made when the play says so, and told.

use std::io::{self, ErrorKind, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd as _, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::net::sockopt::socket_peercred;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
    recvmsg, sendmsg,
};
use socket2::{Domain, SockAddr, Socket, Type};

use super::bare::{Bare, failed};
use super::moves::defect;
use crate::exit::Failure;
use crate::link::{Journal, Reporter};
use crate::step::Step;

/// A folder of the play's own, which goes when the play does.
pub(super) struct Folder(PathBuf);

impl Folder {
    /// Makes one that only this user may enter.
    pub(super) fn new() -> Result<Self, Failure> {
        use std::os::unix::fs::DirBuilderExt as _;
        let folder = std::env::temp_dir().join(format!("sockeye-{}", fastrand::u32(100_000..)));
        std::fs::DirBuilder::new().mode(0o700).create(&folder).map_err(failed("mkdir"))?;
        Ok(Self(folder))
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What came of `connect()` or `bind()`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    Yes,
    /// The accept queue is full.
    Full,
    /// Nobody listens there any more.
    Refused,
    /// The name is taken.
    InUse,
}

impl Bare {
    /// `socket()`, inside this machine.
    pub(super) fn unix(report: Reporter, kind: Type) -> Result<Self, Failure> {
        let socket = Socket::new(Domain::UNIX, kind, None).map_err(failed("socket"))?;
        let kind = if kind == Type::SEQPACKET { "seqpacket" } else { "stream" };
        report.step(|| Step::Socket { family: "Unix".to_owned(), kind: kind.to_owned(), fd: socket.as_raw_fd() });
        Self::patient(socket, report)
    }

    /// `socketpair()`, one end for each side.
    pub(super) fn unix_pair(kind: Type, client: Reporter, server: Reporter) -> Result<(Self, Self), Failure> {
        let (near, far) = Socket::pair(Domain::UNIX, kind, None).map_err(failed("socketpair"))?;
        Ok((Self::patient(near, client)?, Self::patient(far, server)?))
    }

    /// `bind()` to a name, shown as its last part.
    pub(super) fn bind_at(&self, address: &SockAddr, shown: &str) -> Result<Taken, Failure> {
        self.taken("bind", shown, self.socket.bind(address))
    }

    /// `connect()` to one.
    pub(super) fn connect_at(&self, path: &Path, shown: &str) -> Result<Taken, Failure> {
        self.socket.set_nonblocking(true).map_err(failed("fcntl"))?;
        let connected = self.socket.connect(&at(path)?);
        self.socket.set_nonblocking(false).map_err(failed("fcntl"))?;
        self.taken("connect", shown, connected)
    }

    fn taken(&self, call: &str, shown: &str, result: io::Result<()>) -> Result<Taken, Failure> {
        let (taken, words) = match result {
            Ok(()) => (Taken::Yes, "0"),
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock => (Taken::Full, "-1: EAGAIN"),
                ErrorKind::ConnectionRefused => (Taken::Refused, "-1: ECONNREFUSED"),
                ErrorKind::AddrInUse => (Taken::InUse, "-1: EADDRINUSE"),
                _ => return Err(defect()),
            },
        };
        self.tell(&format!("{call}({shown}) = {words}"))?;
        Ok(taken)
    }

    /// `accept()` of one that waits.
    pub(super) fn accept_local(&self, journal: &Journal) -> Result<Self, Failure> {
        let (socket, _) = self.socket.accept().map_err(failed("accept"))?;
        let report = journal.open();
        let accepted = Self::patient(socket, report)?;
        accepted.tell(&format!("accept() = {}", accepted.fd()))?;
        Ok(accepted)
    }

    /// Its number in the kernel's table of files.
    pub(super) fn inode(&self) -> Result<u32, Failure> {
        let inode = rustix::fs::fstat(&self.socket).map_err(|error| failed("fstat")(error.into()))?.st_ino;
        u32::try_from(inode).map_err(|_| defect())
    }

    /// Asks the kernel who is at the other end: the process and the user.
    pub(super) fn peer(&self) -> Result<(i32, u32), Failure> {
        let of = socket_peercred(&self.socket).map_err(|error| failed("SO_PEERCRED")(error.into()))?;
        Ok((of.pid.as_raw_nonzero().get(), of.uid.as_raw()))
    }

    /// Sends an open file along with a byte.
    pub(super) fn pass(&self, file: impl AsFd) -> Result<(), Failure> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        let files = [file.as_fd()];
        if !control.push(SendAncillaryMessage::ScmRights(&files)) {
            return Err(defect());
        }
        sendmsg(&self.socket, &[IoSlice::new(b"!")], &mut control, SendFlags::empty())
            .map_err(|error| failed("sendmsg")(error.into()))?;
        self.tell(&format!("sendmsg(SCM_RIGHTS: {})", files[0].as_raw_fd()))
    }

    /// Receives one: the same file, by another number.
    pub(super) fn take(&self) -> Result<OwnedFd, Failure> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let mut byte = [0];
        recvmsg(&self.socket, &mut [IoSliceMut::new(&mut byte)], &mut control, RecvFlags::CMSG_CLOEXEC)
            .map_err(|error| failed("recvmsg")(error.into()))?;
        let mut files = control.drain().filter_map(|message| match message {
            RecvAncillaryMessage::ScmRights(mut files) => files.next(),
            _ => None,
        });
        let file = files.next().ok_or_else(defect)?;
        self.tell(&format!("recvmsg(SCM_RIGHTS: {})", file.as_raw_fd()))?;
        Ok(file)
    }
}

/// A path as an address.
pub(super) fn at(path: &Path) -> Result<SockAddr, Failure> {
    SockAddr::unix(path).map_err(failed("bind"))
}
