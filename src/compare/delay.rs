//! The line between a client and its server: it takes its time, and counts what crosses it.
//!
//! On loopback every style that pushes looks alike; a delay shows what a round trip costs each. A connection takes a round
//! trip to open: the kernel opens ours at once, so the first bytes of the client are held back that much longer.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::sleep_until;

use super::wire::{Exchange, Reader, Shares, Spoken, Way};

/// One read takes at most so many bytes.
const READ: usize = 64 * 1024;
/// Pieces that may be on their way.
const ON_ITS_WAY: usize = 1024;
/// So many exchanges are kept for the drawing.
const KEPT: usize = 5000;

/// What crossed a line, and when.
#[derive(Debug)]
pub struct Line {
    rtt: Duration,
    start: Instant,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    connections: Vec<Reader>,
    /// Those that are over, summed up.
    past: [Shares; 2],
    opened: u64,
    open: u64,
    most_open: u64,
    exchanges: Vec<Exchange>,
    requests: u64,
    empty: u64,
    datagrams: u64,
}

/// What crossed it until now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Crossed {
    /// Client to server.
    pub up: Shares,
    /// Server to client.
    pub down: Shares,
    /// Requests whose answers have begun.
    pub requests: u64,
    /// Of these, those whose answers brought nothing.
    pub empty: u64,
    /// TCP connections that were opened.
    pub connections: u64,
    /// The most that were open at a time.
    pub most_open: u64,
    /// Datagrams, both ways.
    pub datagrams: u64,
}

impl Crossed {
    /// What was added since.
    #[must_use]
    pub fn since(self, before: Self) -> Self {
        Self {
            up: self.up.since(before.up),
            down: self.down.since(before.down),
            requests: self.requests - before.requests,
            empty: self.empty - before.empty,
            connections: self.connections - before.connections,
            most_open: self.most_open,
            datagrams: self.datagrams - before.datagrams,
        }
    }
}

impl State {
    fn take(&mut self) {
        for reader in &mut self.connections {
            let (done, _) = reader.exchanges();
            for exchange in done {
                self.requests += 1;
                self.empty += u64::from(exchange.is_empty());
                if self.exchanges.len() < KEPT {
                    self.exchanges.push(exchange);
                }
            }
        }
    }
}

impl Line {
    /// A line that takes its time from a start.
    #[must_use]
    pub fn new(rtt: Duration, start: Instant) -> Arc<Self> {
        Arc::new(Self { rtt, start, state: Mutex::default() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What crossed it until now.
    #[must_use]
    pub fn crossed(&self) -> Crossed {
        let mut state = self.state();
        state.take();
        let under_way = state.connections.iter_mut().filter_map(|reader| reader.exchanges().1).count() as u64;
        let sum =
            |way: usize| state.connections.iter().fold(state.past[way], |sum, reader| sum.plus(reader.shares()[way]));
        Crossed {
            up: sum(0),
            down: sum(1),
            requests: state.requests + under_way,
            empty: state.empty,
            connections: state.opened,
            most_open: state.most_open,
            datagrams: state.datagrams,
        }
    }

    /// The requests, for a drawing: the first few thousand, and those that go on.
    #[must_use]
    pub fn exchanges(&self) -> Vec<Exchange> {
        let mut state = self.state();
        state.take();
        let under_way: Vec<_> = state.connections.iter_mut().filter_map(|reader| reader.exchanges().1).collect();
        let mut all = state.exchanges.clone();
        all.extend(under_way);
        all.sort_unstable_by_key(|exchange| exchange.began_ns);
        all
    }

    /// Carries connections to a server, until it is dropped.
    pub async fn carry(self: Arc<Self>, listener: TcpListener, server: SocketAddr, spoken: Spoken) -> io::Result<()> {
        let mut connections = JoinSet::new();
        loop {
            let (client, _) = listener.accept().await?;
            let number = {
                let mut state = self.state();
                state.connections.push(Reader::new(spoken));
                state.opened += 1;
                state.open += 1;
                state.most_open = state.most_open.max(state.open);
                state.connections.len() - 1
            };
            let line = self.clone();
            connections.spawn(async move {
                // Whoever closes first, the other is told.
                let _ = line.join(client, server, number).await;
                line.state().open -= 1;
            });
            while connections.try_join_next().is_some() {}
        }
    }

    async fn join(&self, client: TcpStream, server: SocketAddr, number: usize) -> io::Result<()> {
        let server = TcpStream::connect(server).await?;
        // The line adds no waits of its own.
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let opened = Instant::now() + self.rtt;
        let ((client_read, client_write), (server_read, server_write)) = (client.into_split(), server.into_split());
        tokio::try_join!(
            self.pass(client_read, server_write, Way::Up, number, opened),
            self.pass(server_read, client_write, Way::Down, number, opened),
        )?;
        Ok(())
    }

    async fn pass(
        &self,
        mut from: OwnedReadHalf,
        mut to: OwnedWriteHalf,
        way: Way,
        number: usize,
        opened: Instant,
    ) -> io::Result<()> {
        let (sender, mut on_its_way) = mpsc::channel::<(Instant, Bytes)>(ON_ITS_WAY);
        let read = async {
            let mut buffer = vec![0; READ];
            loop {
                let n = from.read(&mut buffer).await?;
                let now = Instant::now();
                if let Some(reader) = self.state().connections.get_mut(number) {
                    reader.read(way, &buffer[..n], now.saturating_duration_since(self.start));
                }
                let arrives = now.max(opened) + self.rtt / 2;
                // An empty piece is the end.
                if sender.send((arrives, Bytes::copy_from_slice(&buffer[..n]))).await.is_err() || n == 0 {
                    return io::Result::Ok(());
                }
            }
        };
        let write = async {
            while let Some((arrives, piece)) = on_its_way.recv().await {
                self.arrive(arrives).await;
                if piece.is_empty() {
                    return to.shutdown().await;
                }
                to.write_all(&piece).await?;
            }
            Ok(())
        };
        tokio::try_join!(read, write)?;
        Ok(())
    }

    /// Carries datagrams between one client and a server. They stay in order.
    pub async fn carry_datagrams(self: Arc<Self>, near: UdpSocket, server: SocketAddr) -> io::Result<()> {
        let far = UdpSocket::bind((server.ip(), 0)).await?;
        far.connect(server).await?;
        let (upward, mut ups) = mpsc::channel::<(Instant, Bytes)>(ON_ITS_WAY);
        let (downward, mut downs) = mpsc::channel::<(Instant, Bytes)>(ON_ITS_WAY);
        let client = Mutex::new(None);
        let known = || *client.lock().unwrap_or_else(PoisonError::into_inner);
        let receive = async {
            let (mut up, mut down) = (vec![0; READ], vec![0; READ]);
            loop {
                tokio::select! {
                    received = near.recv_from(&mut up) => {
                        let (n, from) = match received {
                            Ok(received) => received,
                            Err(error) => break io::Result::<()>::Err(error),
                        };
                        *client.lock().unwrap_or_else(PoisonError::into_inner) = Some(from);
                        self.datagram(Way::Up, n);
                        let _ = upward.send((Instant::now() + self.rtt / 2, Bytes::copy_from_slice(&up[..n]))).await;
                    }
                    received = far.recv(&mut down) => {
                        let n = match received {
                            Ok(n) => n,
                            Err(error) => break Err(error),
                        };
                        self.datagram(Way::Down, n);
                        let _ = downward.send((Instant::now() + self.rtt / 2, Bytes::copy_from_slice(&down[..n]))).await;
                    }
                }
            }
        };
        // A datagram that cannot be sent is lost, as datagrams are.
        let up = async {
            while let Some((arrives, piece)) = ups.recv().await {
                self.arrive(arrives).await;
                let _ = far.send(&piece).await;
            }
            io::Result::Ok(())
        };
        let down = async {
            while let Some((arrives, piece)) = downs.recv().await {
                self.arrive(arrives).await;
                if let Some(client) = known() {
                    let _ = near.send_to(&piece, client).await;
                }
            }
            Ok(())
        };
        let ended: io::Result<((), (), ())> = tokio::try_join!(receive, up, down);
        ended.map(drop)
    }

    fn datagram(&self, way: Way, bytes: usize) {
        let mut state = self.state();
        state.datagrams += 1;
        state.past[usize::from(way == Way::Down)].total += bytes as u64;
    }

    async fn arrive(&self, at: Instant) {
        if !self.rtt.is_zero() {
            sleep_until(at.into()).await;
        }
    }
}
