//! The way between a client and its server: it counts what passes, and it can fall silent or be cut.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{self, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::exit::Failure;

/// What becomes of what is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passing {
    /// It passes.
    Open,
    /// Nothing passes to the server, and nobody is told.
    Deaf,
    /// Nothing passes, and nobody is told: a machine sleeps, a cable is out.
    Silent,
    /// The client's end of every connection is cut, and whoever comes is.
    Cut,
    /// The server's end is too.
    Gone,
}

/// A way to a server. It ends when it is dropped.
pub(super) struct Way {
    /// Where it begins.
    pub(super) at: SocketAddr,
    passing: watch::Sender<Passing>,
    passed: Arc<Passed>,
    _task: JoinSet<io::Result<()>>,
}

/// So many bytes have passed, there and back.
#[derive(Default)]
struct Passed {
    there: AtomicU64,
    back: AtomicU64,
}

impl Way {
    /// One to a server.
    pub(super) async fn to(server: SocketAddr) -> Result<Self, Failure> {
        let failed = |error: io::Error| Failure::system("listen on", "127.0.0.1:0", &error);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(failed)?;
        let at = listener.local_addr().map_err(failed)?;
        let (passing, state) = watch::channel(Passing::Open);
        let passed = Arc::new(Passed::default());
        let count = passed.clone();
        let mut task = JoinSet::new();
        task.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (client, _) = listener.accept().await?;
                if !is_cut(*state.borrow()) {
                    connections.spawn(carry(client, server, state.clone(), count.clone()));
                }
                while connections.try_join_next().is_some() {}
            }
        });
        Ok(Self { at, passing, passed, _task: task })
    }

    /// From now on.
    pub(super) fn set(&self, passing: Passing) {
        self.passing.send_replace(passing);
    }

    /// How many bytes have passed, there and back.
    pub(super) fn passed(&self) -> (u64, u64) {
        (self.passed.there.load(Ordering::SeqCst), self.passed.back.load(Ordering::SeqCst))
    }
}

fn is_cut(passing: Passing) -> bool {
    matches!(passing, Passing::Cut | Passing::Gone)
}

/// One connection, for as long as it is not cut.
async fn carry(
    client: TcpStream,
    server: SocketAddr,
    mut state: watch::Receiver<Passing>,
    passed: Arc<Passed>,
) -> io::Result<()> {
    let server = TcpStream::connect(server).await?;
    // Whoever waits for small answers does not wait for us.
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (mut client, mut server) = (client.into_split(), server.into_split());
    let (there, back) = (state.clone(), state.clone());
    let is_heard = |passing| !matches!(passing, Passing::Deaf | Passing::Silent);
    let is_told = |passing| passing != Passing::Silent;
    let over = {
        let both = async {
            tokio::try_join!(
                pass_on(&mut client.0, &mut server.1, there, is_heard, &passed.there),
                pass_on(&mut server.0, &mut client.1, back, is_told, &passed.back)
            )
        };
        tokio::select! {
            ended = both => Some(ended),
            _ = state.wait_for(|passing| is_cut(*passing)) => None,
        }
    };
    drop(client);
    if over.is_none() {
        // Fails only when the way is gone.
        let _ = state.wait_for(|passing| *passing != Passing::Cut).await;
    }
    over.map_or(Ok(()), |ended| ended.map(drop))
}

/// One direction, until its end.
async fn pass_on(
    from: &mut OwnedReadHalf,
    to: &mut OwnedWriteHalf,
    mut state: watch::Receiver<Passing>,
    passes: impl Fn(Passing) -> bool,
    count: &AtomicU64,
) -> io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let n = from.read(&mut buffer).await?;
        if state.wait_for(|passing| passes(*passing)).await.is_err() {
            return Ok(()); // the way is gone
        }
        if n == 0 {
            return to.shutdown().await;
        }
        count.fetch_add(n as u64, Ordering::SeqCst);
        to.write_all(&buffer[..n]).await?;
    }
}
