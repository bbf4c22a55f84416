//! Transports: opening endpoints, and speaking and listening through them. Nothing here knows how it is shown.

pub mod demux;
pub mod framed;
pub mod kernel;
pub mod packet_socket;
pub mod packets;
pub mod resolve;
pub mod tcp;
pub mod udp;
pub mod unix;

use std::future::Future;
use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::event::{Peer, Reach, What};
use crate::exit::{Failure, words};
use crate::link::{Journal, Reporter, Transport};
use kernel::{Connection, Opener};

/// What to connect to. `connect` and [`Bind::listen`] are the only two matches on the protocol.
pub enum Dial {
    /// `tcp connect`
    Tcp(tcp::Dial),
    /// `udp connect`
    Udp(udp::Dial),
    /// `unix connect`
    Unix(unix::Dial),
}

impl Dial {
    /// Opens a conversation, stage by stage.
    pub async fn connect(&self, report: Reporter) -> Result<Opened, Failure> {
        match self {
            Self::Tcp(dial) => dial.connect(report).await,
            Self::Udp(dial) => dial.connect(report).await,
            Self::Unix(dial) => dial.connect(report).await,
        }
    }
}

/// Where to listen.
pub enum Bind {
    /// `tcp listen`
    Tcp(tcp::Bind),
    /// `udp listen`
    Udp(udp::Bind),
    /// `unix listen`
    Unix(unix::Bind),
}

impl Bind {
    /// Opens a listener, stage by stage.
    pub async fn listen(&self, journal: &Journal) -> Result<Listener, Failure> {
        match self {
            Self::Tcp(bind) => bind.listen(journal).await,
            Self::Udp(bind) => bind.listen(journal).await,
            Self::Unix(bind) => bind.listen(journal).await,
        }
    }
}

/// A conversation that is open.
pub struct Opened {
    /// Bytes or messages.
    pub channel: Channel,
    /// Its pen.
    pub report: Reporter,
}

/// What opening an endpoint yields.
pub enum Channel {
    /// Bytes without boundaries: TCP, Unix streams. A framing makes messages of them.
    Bytes(ByteStream, Peer),
    /// Whole messages: datagrams, seqpacket.
    Messages(Box<dyn Transport>),
}

/// An ordered stream of bytes whose two directions end separately.
pub enum ByteStream {
    /// A TCP connection, and who opened it.
    Tcp(TcpStream, Opener),
    /// A Unix stream connection.
    Unix(UnixStream),
}

/// The hearing half of a byte stream.
pub type ReadHalf = Box<dyn AsyncRead + Send + Unpin>;
/// The speaking half.
pub type WriteHalf = Box<dyn AsyncWrite + Send + Unpin>;

impl ByteStream {
    /// The two directions, to be driven separately.
    #[must_use]
    pub fn split(self) -> (ReadHalf, WriteHalf) {
        match self {
            Self::Tcp(stream, _) => {
                let (read, write) = stream.into_split();
                (Box::new(read), Box::new(write))
            }
            Self::Unix(stream) => {
                let (read, write) = stream.into_split();
                (Box::new(read), Box::new(write))
            }
        }
    }

    /// How the kernel can be asked about a TCP connection.
    #[must_use]
    pub fn connection(&self) -> Option<(Connection, Opener)> {
        match self {
            Self::Tcp(stream, opener) => {
                Some((Connection { local: stream.local_addr().ok()?, remote: stream.peer_addr().ok()? }, *opener))
            }
            Self::Unix(_) => None,
        }
    }
}

/// Peers that have connected and finished their handshakes.
pub struct Listener {
    /// Where it listens, as endpoints that can be typed.
    pub endpoints: Vec<String>,
    /// Who can reach it.
    pub reach: Reach,
    incoming: mpsc::Receiver<Result<Opened, Failure>>,
    /// The accepting tasks; they end when the listener is dropped.
    tasks: JoinSet<()>,
    /// What must go when the listener goes: a Unix socket's file.
    kept: Vec<Box<dyn Send>>,
}

/// The end of a listener that its accepting tasks write to.
pub(crate) type Incoming = mpsc::Sender<Result<Opened, Failure>>;

/// Peers that may have been accepted and not yet been served.
const ACCEPTED: usize = 64;

impl Listener {
    /// A listener and the end that its accepting tasks write to.
    pub(crate) fn new(endpoints: Vec<String>, reach: Reach) -> (Self, Incoming) {
        let (sender, incoming) = mpsc::channel(ACCEPTED);
        (Self { endpoints, reach, incoming, tasks: JoinSet::new(), kept: Vec::new() }, sender)
    }

    /// Runs an accepting task for as long as the listener lives.
    pub(crate) fn spawn(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(task);
    }

    /// Keeps something for as long as the listener lives.
    pub(crate) fn keep(&mut self, kept: impl Send + 'static) {
        self.kept.push(Box::new(kept));
    }

    /// The next peer; `None` when the listener cannot go on. Cancel-safe.
    pub async fn accept(&mut self) -> Option<Result<Opened, Failure>> {
        self.incoming.recv().await
    }
}

/// Waits out a failure of `accept()` that is about us and not about one peer, such as no more file descriptors.
///
/// The connection stays in the backlog, so trying again at once would spin.
pub(crate) struct Pause {
    report: Reporter,
    next: Duration,
}

impl Pause {
    const FIRST: Duration = Duration::from_millis(50);
    const LONGEST: Duration = Duration::from_secs(1);

    pub(crate) fn new(report: Reporter) -> Self {
        Self { report, next: Self::FIRST }
    }

    /// Says once that accepting pauses, then waits a little longer each time.
    pub(crate) async fn after(&mut self, operation: &str, error: &io::Error) {
        if self.next == Self::FIRST {
            let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
            let limit =
                limit.map_or_else(String::new, |limit| format!("; this process may have {limit} (`ulimit -n`)"));
            let text = format!("{operation} pauses: {}{limit}. Peers wait in the backlog", words(error));
            self.report.tell(What::Notice { text }).await;
        }
        tokio::time::sleep(self.next).await;
        self.next = (self.next * 2).min(Self::LONGEST);
    }

    /// Says once that it goes on.
    pub(crate) async fn over(&mut self) {
        if self.next != Self::FIRST {
            self.next = Self::FIRST;
            self.report.tell(What::Notice { text: "accepting again".to_owned() }).await;
        }
    }

    /// Whether the error is about us: the peer's own (aborted before it was accepted) are no reason to wait.
    pub(crate) fn needed(error: &io::Error) -> bool {
        !matches!(
            error.kind(),
            io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::Interrupted
        )
    }
}
