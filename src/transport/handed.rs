//! Sockets that whoever started us has opened: systemd's socket activation, `sd_listen_fds(3)`.

use std::env;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::sync::{Arc, Mutex, PoisonError};

use listenfd::ListenFd;
use socket2::{Domain, Socket, Type};

use super::unix;
use crate::endpoint::Which;
use crate::event::Reach;
use crate::exit::{Exit, Failure};
use crate::link::Reporter;
use crate::step::Step;

/// The first of them; the others follow.
const FIRST: i32 = 3;

/// Every kind that can be listened on.
const KINDS: [Kind; 5] =
    [Kind::Tcp, Kind::Udp, Kind::Unix(Type::STREAM), Kind::Unix(Type::DGRAM), Kind::Unix(Type::SEQPACKET)];

/// The sockets that were handed over and are not taken yet.
#[derive(Clone, Debug, Default)]
pub struct Handed(Arc<Mutex<Vec<Item>>>);

#[derive(Debug)]
struct Item {
    fd: i32,
    /// `FileDescriptorName=`
    name: String,
    /// `None` if nobody can listen on it.
    socket: Option<(Kind, Socket)>,
}

/// What is listened on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Tcp,
    Udp,
    Unix(Type),
}

impl Kind {
    fn domain_and_type(self) -> (Domain, Type) {
        match self {
            // IPv6 as well, for the crate that looks.
            Self::Tcp => (Domain::IPV4, Type::STREAM),
            Self::Udp => (Domain::IPV4, Type::DGRAM),
            Self::Unix(kind) => (Domain::UNIX, kind),
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
            Self::Unix(Type::DGRAM) => "Unix datagrams",
            Self::Unix(Type::SEQPACKET) => "Unix seqpacket",
            Self::Unix(_) => "Unix streams",
        }
    }

    /// The command that serves it.
    fn command(self) -> &'static str {
        match self {
            Self::Tcp => "tcp listen systemd",
            Self::Udp => "udp listen systemd",
            Self::Unix(Type::DGRAM) => "unix listen systemd --type datagram",
            Self::Unix(Type::SEQPACKET) => "unix listen systemd --type seqpacket",
            Self::Unix(_) => "unix listen systemd",
        }
    }

    fn show(self, socket: &Socket) -> String {
        match self {
            Self::Tcp => super::tcp::local(socket, "tcp"),
            Self::Udp => super::tcp::local(socket, "udp"),
            Self::Unix(_) => unix::own_name(socket),
        }
    }
}

impl Handed {
    /// Those of this process. They are closed in the programs that it starts.
    ///
    /// Takes `LISTEN_PID` and `LISTEN_FDS` out of the environment: to be called once, before there are threads.
    #[must_use]
    pub fn here() -> Self {
        let names = env::var("LISTEN_FDNAMES").unwrap_or_default();
        let mut names = names.split(':');
        let mut all = ListenFd::from_env();
        let count = all.len();
        let item = |index: usize| {
            let name = names.next().filter(|name| !name.is_empty()).unwrap_or("unknown").to_owned();
            let socket = KINDS.into_iter().find_map(|kind| {
                let (domain, socket_type) = kind.domain_and_type();
                let fd: OwnedFd = all.take_custom(index, domain.into(), socket_type.into(), "").ok()??;
                Some((kind, Socket::from(fd)))
            });
            let fd = match &socket {
                Some((_, socket)) => socket.as_raw_fd(),
                None => i32::try_from(index).map_or(-1, |index| FIRST + index),
            };
            Item { fd, name, socket }
        };
        Self(Arc::new(Mutex::new((0..count).map(item).collect())))
    }

    /// Takes those of this name, or all; each must be of this kind and listened on, or ready to be.
    pub(super) fn take(&self, which: &Which, wanted: Kind, report: &Reporter) -> Result<Vec<Socket>, Failure> {
        let fail = |why: String, hint: &str| Failure::new(Exit::Usage, format!("listen on {which}: {why}")).hint(hint);
        let mut items = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if items.is_empty() {
            let why = "no sockets were handed over (LISTEN_FDS is not set for this process)";
            let hint =
                "a .socket unit hands them over, or `systemd-socket-activate -l 9000 sockeye tcp listen systemd`";
            return Err(fail(why.to_owned(), hint));
        }
        let mut taken = Vec::new();
        for item in items.extract_if(.., |item| match which {
            Which::All => true,
            Which::Named(name) => item.name == *name,
        }) {
            let Item { fd, name, socket } = item;
            let item = format!("descriptor {fd} ({name})");
            let Some((kind, socket)) = socket else {
                let hint = "ListenStream=, ListenDatagram= and ListenSequentialPacket= make sockets";
                return Err(fail(format!("{item} is no socket that sockeye serves"), hint));
            };
            if kind != wanted {
                let why = format!("{item} is for {}, and this command is for {}", kind.words(), wanted.words());
                let hint = format!("`sockeye {}` serves it; systemd:NAME takes only those of a name", kind.command());
                return Err(fail(why, &hint));
            }
            if socket.peer_addr().is_ok() {
                let hint = "Accept=no hands the listener over: sockeye accepts connections itself";
                return Err(fail(format!("{item} is a connection, and not where they come in"), hint));
            }
            socket.set_nonblocking(true).map_err(|error| Failure::system("listen on", &which.to_string(), &error))?;
            report.step(|| Step::HandedOver { fd, name, local: kind.show(&socket) });
            taken.push(socket);
        }
        if taken.is_empty() {
            let names: Vec<&str> = items.iter().map(|item| item.name.as_str()).collect();
            let hint =
                "FileDescriptorName= in the .socket unit names them; with systemd-socket-activate it is --fdname";
            return Err(fail(format!("no socket has that name; there is {}", names.join(", ")), hint));
        }
        Ok(taken)
    }
}

/// Who can reach these sockets.
pub(super) fn reach(sockets: &[Socket]) -> Reach {
    let addresses = || sockets.iter().filter_map(|socket| socket.local_addr().ok()?.as_socket());
    if addresses().all(|address| address.ip().to_canonical().is_loopback()) {
        Reach::Loopback
    } else if addresses().any(|address| address.ip().to_canonical().is_unspecified()) {
        Reach::Everyone
    } else {
        Reach::Address
    }
}
