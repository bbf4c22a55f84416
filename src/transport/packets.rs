//! Sockets that keep message boundaries, talking to one peer: UDP and Unix datagrams, and Unix seqpacket.

use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use quinn_udp::{RecvMeta, Transmit, UdpSockRef, UdpSocketState};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, SocketAddrAny, SocketAddrUnix};
use socket2::SockRef;
use tokio::io::Interest;
use tokio::net::{UdpSocket, UnixDatagram};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

use super::unix::SocketFile;
use crate::event::{End, Event, Extent, Message, Outcome, Peer, What};
use crate::exit::words;
use crate::link::{CLOSE_LIMIT, Outbox, Port, Reporter, Transport};
use crate::step::{Stage, Step};

/// The largest datagram that UDP can carry, and more than a GRO batch holds.
const UDP_BUFFER: usize = 64 * 1024;
/// Linux's default `SO_SNDBUF` bounds a Unix datagram to about 208 KiB; raised ones to more.
const UNIX_BUFFER: usize = 1024 * 1024;
/// How often a full queue of an unconnected peer is tried again.
const FULL_QUEUE_RETRY: Duration = Duration::from_millis(5);
/// A GSO batch is one UDP datagram until the last moment: its length field bounds it.
const GSO_BYTES: usize = 65_000;

/// A closing connection waits for so much silence of its peer.
const SILENCE: Duration = Duration::from_millis(10);

/// A socket that sends and receives packets.
pub(super) enum PacketSocket {
    /// UDP; the state knows what the kernel can batch.
    Udp(UdpSocket, UdpSocketState),
    /// Unix datagram or seqpacket (the runtime's type only waits for it), and the file of our own end if it has one.
    Unix(UnixDatagram, #[expect(dead_code, reason = "held for its drop")] Option<SocketFile>),
}

/// The address of a packet's sender.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Address {
    /// With the address of ours that it was sent to, where the kernel says: the answer must come from there, or a
    /// connected peer does not hear it.
    Inet(SocketAddr, Option<IpAddr>),
    Unix(SocketAddrUnix),
    /// A Unix socket that was never bound: nobody can answer it.
    Nameless,
}

/// Packets that came with one call.
pub(super) struct Received {
    pub from: Address,
    pub messages: Vec<Message>,
    /// Of all packets together, as they were on the wire.
    pub bytes: u64,
}

impl PacketSocket {
    /// A Unix socket of either type, non-blocking. `file` is removed with it.
    pub(super) fn unix(socket: impl Into<OwnedFd>, file: Option<SocketFile>) -> io::Result<Self> {
        let socket = std::os::unix::net::UnixDatagram::from(socket.into());
        Ok(Self::Unix(UnixDatagram::from_std(socket)?, file))
    }

    /// A buffer that no packet of this kind outgrows.
    pub(super) fn buffer(&self) -> Vec<u8> {
        vec![0; if matches!(self, Self::Udp(..)) { UDP_BUFFER } else { UNIX_BUFFER }]
    }

    /// Waits for packets. Those longer than `limit` are cut and marked so. Cancel-safe.
    pub(super) async fn receive(&self, buffer: &mut [u8], limit: usize) -> io::Result<Received> {
        // An ICMP error makes a socket ready for errors and not for reading.
        let ready = Interest::READABLE | Interest::ERROR;
        match self {
            Self::Udp(socket, _) => socket.async_io(ready, || self.try_receive(buffer, limit)).await,
            Self::Unix(socket, _) => socket.async_io(ready, || self.try_receive(buffer, limit)).await,
        }
    }

    /// Packets that are already there, or `WouldBlock`.
    pub(super) fn try_receive(&self, buffer: &mut [u8], limit: usize) -> io::Result<Received> {
        match self {
            Self::Udp(socket, state) => {
                let mut meta = [RecvMeta::default()];
                state.recv(UdpSockRef::from(socket), &mut [IoSliceMut::new(buffer)], &mut meta)?;
                let [RecvMeta { addr, len, stride, dst_ip, .. }] = meta;
                let batch = Bytes::copy_from_slice(&buffer[..len]);
                let mut messages = Vec::with_capacity(len / stride.max(1) + 1);
                for start in (0..len.max(1)).step_by(stride.max(1)) {
                    messages.push(packet(
                        &batch.slice(start.min(len)..(start + stride).min(len)),
                        stride.min(len - start.min(len)),
                        limit,
                    ));
                }
                Ok(Received { from: Address::Inet(addr, dst_ip), messages, bytes: len as u64 })
            }
            Self::Unix(socket, _) => {
                let (len, from) = recv_unix(socket, buffer)?;
                let data = Bytes::copy_from_slice(&buffer[..len.min(buffer.len())]);
                Ok(Received { from, messages: vec![packet(&data, len, limit)], bytes: len as u64 })
            }
        }
    }

    /// After an empty read of seqpacket: whether it was the end, which reads like an empty packet.
    fn is_at_end(&self) -> bool {
        let Self::Unix(socket, _) = self else { return false };
        let mut ends = [PollFd::new(socket, PollFlags::RDHUP)];
        let told = poll(&mut ends, Some(&Timespec::default()));
        let ended = told.is_err() || ends[0].revents().intersects(PollFlags::RDHUP | PollFlags::HUP);
        ended && rustix::io::ioctl_fionread(socket).unwrap_or(0) == 0
    }

    /// Sends messages in order, one packet each; batches those of equal size where the kernel can (UDP GSO).
    ///
    /// Returns how many went out. An error belongs to the message after those.
    pub(super) async fn send(&self, to: Option<&Address>, messages: &[Message]) -> (usize, io::Result<()>) {
        let mut done = 0;
        while done < messages.len() {
            let rest = &messages[done..];
            let batch = self.batch(to, rest);
            let result = if batch > 1 {
                match self.send_batch(to, &rest[..batch]).await {
                    // The route's MTU is smaller than these: the kernel fragments single ones, batches never.
                    Err(error) if !matches!(error.kind(), io::ErrorKind::ConnectionRefused) => {
                        match self.send_one(to, &rest[0].data).await {
                            Ok(()) => Ok(1),
                            Err(error) => Err(error),
                        }
                    }
                    other => other.map(|()| batch),
                }
            } else {
                self.send_one(to, &rest[0].data).await.map(|()| 1)
            };
            match result {
                Ok(n) => done += n,
                Err(error) => return (done, Err(error)),
            }
        }
        (done, Ok(()))
    }

    /// How many messages from the front can go out as one GSO batch: all of one size, the last may be shorter.
    fn batch(&self, to: Option<&Address>, messages: &[Message]) -> usize {
        let Self::Udp(socket, state) = self else { return 1 };
        if !matches!(to, Some(Address::Inet(..))) && socket.peer_addr().is_err() {
            return 1;
        }
        let size = messages[0].data.len();
        let (mut count, mut bytes) = (0, 0);
        for message in messages.iter().take(state.max_gso_segments()) {
            let len = message.data.len();
            if len == 0 || len > size || bytes + len > GSO_BYTES {
                break;
            }
            count += 1;
            bytes += len;
            if len < size {
                break;
            }
        }
        count.max(1)
    }

    async fn send_batch(&self, to: Option<&Address>, messages: &[Message]) -> io::Result<()> {
        let Self::Udp(socket, state) = self else { return Err(io::ErrorKind::Unsupported.into()) };
        let (destination, src_ip) = match to {
            Some(Address::Inet(address, ours)) => (*address, *ours),
            _ => (socket.peer_addr()?, None),
        };
        let size = messages[0].data.len();
        let mut contents = Vec::with_capacity(size * messages.len());
        for message in messages {
            contents.extend_from_slice(&message.data);
        }
        let transmit = Transmit { destination, ecn: None, contents: &contents, segment_size: Some(size), src_ip };
        socket.async_io(Interest::WRITABLE, || state.try_send(UdpSockRef::from(socket), &transmit)).await
    }

    async fn send_one(&self, to: Option<&Address>, data: &[u8]) -> io::Result<()> {
        match (self, to) {
            (Self::Udp(socket, state), Some(Address::Inet(address, src_ip @ Some(_)))) => {
                let transmit =
                    Transmit { destination: *address, ecn: None, contents: data, segment_size: None, src_ip: *src_ip };
                let send = || state.try_send(UdpSockRef::from(socket), &transmit);
                match socket.async_io(Interest::WRITABLE, send).await {
                    // It was sent to a broadcast or multicast address, which nothing can come from.
                    Err(error) if cannot_be_source(&error) => socket.send_to(data, *address).await.map(drop),
                    result => result,
                }
            }
            (Self::Udp(socket, _), Some(Address::Inet(address, None))) => {
                socket.send_to(data, *address).await.map(drop)
            }
            (Self::Udp(socket, _), _) => socket.send(data).await.map(drop),
            // Whether another socket's queue has room is no readiness of ours: the kernel tells of it only when they are
            // connected. To wait as if it were would also stop what is for others.
            (Self::Unix(socket, _), Some(to)) => loop {
                match send_unix(socket, data, Some(to)) {
                    Err(Errno::AGAIN) => tokio::time::sleep(FULL_QUEUE_RETRY).await,
                    result => return Ok(result?),
                }
            },
            (Self::Unix(socket, _), to) => {
                socket.async_io(Interest::WRITABLE, || Ok(send_unix(socket, data, to)?)).await
            }
        }
    }
}

fn cannot_be_source(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::InvalidInput | io::ErrorKind::AddrNotAvailable | io::ErrorKind::NetworkUnreachable
    )
}

fn recv_unix(socket: &UnixDatagram, buffer: &mut [u8]) -> io::Result<(usize, Address)> {
    let (_, len, from) = rustix::net::recvfrom(socket, buffer, RecvFlags::TRUNC | RecvFlags::DONTWAIT)?;
    let named = |any: SocketAddrAny| SocketAddrUnix::try_from(any).ok().filter(|address| !address.is_unnamed());
    Ok((len, from.and_then(named).map_or(Address::Nameless, Address::Unix)))
}

fn send_unix(socket: &UnixDatagram, data: &[u8], to: Option<&Address>) -> rustix::io::Result<()> {
    let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
    match to {
        Some(Address::Unix(address)) => rustix::net::sendto(socket, data, flags, address).map(drop),
        Some(Address::Nameless) => Err(Errno::DESTADDRREQ),
        _ => rustix::net::send(socket, data, flags).map(drop),
    }
}

/// A packet of `len` bytes of which `data` fitted into the buffer.
fn packet(data: &Bytes, len: usize, limit: usize) -> Message {
    let kept = data.len().min(limit);
    let extent = if kept < len { Extent::Truncated } else { Extent::Whole };
    Message { extent, data: data.slice(..kept), ..Message::default() }
}

/// Whether the peer's direction can end.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// Datagrams: silence is all there is.
    Never,
    /// Seqpacket: an empty read is the end, as in a stream.
    Stream,
}

/// A packet socket with one peer.
pub(super) struct Packets {
    pub socket: PacketSocket,
    pub peer: Peer,
    pub ending: Ending,
    /// Longer packets are cut to so many bytes, and said to be.
    pub limit: usize,
}

impl Transport for Packets {
    fn peer(&self) -> &Peer {
        &self.peer
    }

    fn run(self: Box<Self>, port: Port) -> BoxFuture<'static, Outcome> {
        converse(*self, port).boxed()
    }
}

/// What was carried so far.
#[derive(Default)]
pub(super) struct Tally {
    pub sent: AtomicU64,
    /// Messages sent.
    pub said: AtomicU64,
    pub received: AtomicU64,
    /// Messages that could not be sent.
    pub undelivered: AtomicU64,
}

impl Tally {
    /// The outcome, unless there is a worse end than that something was not sent.
    pub(super) fn outcome(&self, end: End) -> Outcome {
        let end = match (end, self.undelivered.load(Ordering::Relaxed)) {
            (End::Complete, 1..) => End::Partial,
            (end, _) => end,
        };
        Outcome {
            end,
            sent: self.sent.load(Ordering::Relaxed),
            received: self.received.load(Ordering::Relaxed),
            acknowledged: None,
        }
    }
}

/// Why speaking stopped.
enum Spoken {
    Finished(Outbox),
    Closed,
    Failed(io::Error),
}

async fn converse(packets: Packets, port: Port) -> Outcome {
    let Packets { socket, ending, limit, peer } = packets;
    let Port { outbox, report, mut closing } = port;
    let tally = Tally::default();
    let end = {
        let mut speaking = std::pin::pin!(speak(&socket, None, &peer.remote, outbox, &report, &tally));
        let gone = Notify::new();
        let mut listening = std::pin::pin!(listen(&socket, ending, limit, &gone, &report, &tally));
        let mut limit = std::pin::pin!(closing.overdue(&report));
        let mut peer_finished = false;
        let mut outbox: Option<Outbox> = None;
        let mut failed = None;
        loop {
            tokio::select! {
                spoken = &mut speaking, if outbox.is_none() && failed.is_none() => match spoken {
                    Spoken::Closed => break Ok(()),
                    Spoken::Failed(error) if peer_finished => break Err(error),
                    Spoken::Failed(error) => {
                        failed = Some(error);
                        gone.notify_one();
                    }
                    Spoken::Finished(rest) => {
                        if ending == Ending::Stream {
                            report.gate(Stage::Shutdown).await;
                            if let Err(error) = shut_down(&socket) {
                                break Err(error);
                            }
                            report.step(|| Step::Shutdown);
                            if peer_finished {
                                break Ok(());
                            }
                        }
                        outbox = Some(rest);
                    }
                },
                ended = &mut listening, if !peer_finished => match failed.take().map_or(ended, Err) {
                    Ok(()) if outbox.is_some() => break Ok(()),
                    Ok(()) => peer_finished = true,
                    Err(error) => break Err(error),
                },
                () = closed(&mut outbox), if outbox.is_some() => break Ok(()),
                () = &mut limit => {
                    tally.undelivered.fetch_add(1, Ordering::Relaxed);
                    break Ok(());
                }
            }
        }
    };
    if end.is_ok() && ending == Ending::Stream {
        drain(&socket, &report).await;
    }
    if let Err(error) = &end {
        report.step(|| Step::Unreachable { error: words(error) });
    }
    report.gate(Stage::Close).await;
    drop(socket);
    report.step(|| Step::Closed { state: None });
    tally.outcome(match end {
        Ok(()) => End::Complete,
        Err(error) => match error.kind() {
            io::ErrorKind::ConnectionRefused => End::Refused,
            io::ErrorKind::ConnectionReset => End::Reset,
            io::ErrorKind::BrokenPipe => End::Partial,
            _ => End::Failed { error: words(&error) },
        },
    })
}

/// After Finish the only thing left to say is that it is over; echoes of what still comes are not said.
async fn closed(outbox: &mut Option<Outbox>) {
    let Some(outbox) = outbox else { return std::future::pending().await };
    while let Some(events) = outbox.next().await {
        if events.iter().any(|event| matches!(event, Event::Close { .. })) {
            return;
        }
    }
}

fn shut_down(socket: &PacketSocket) -> io::Result<()> {
    match socket {
        PacketSocket::Unix(socket, _) => SockRef::from(socket).shutdown(std::net::Shutdown::Write),
        PacketSocket::Udp(..) => Ok(()),
    }
}

async fn speak(
    socket: &PacketSocket,
    to: Option<&Address>,
    remote: &str,
    mut outbox: Outbox,
    report: &Reporter,
    tally: &Tally,
) -> Spoken {
    loop {
        let Some(events) = outbox.next().await else { return Spoken::Closed };
        match say(socket, to, remote, events, report, tally).await {
            Ok(None) => {}
            Ok(Some(Event::Finish)) => return Spoken::Finished(outbox),
            Ok(Some(_)) => return Spoken::Closed,
            Err(error) => return Spoken::Failed(error),
        }
    }
}

/// Says one batch. A message that the kernel will not carry is said to be lost, and the rest go on; only what tells that
/// the peer is gone is an error. Returns the event that ends our direction, if it was among them.
pub(super) async fn say(
    socket: &PacketSocket,
    to: Option<&Address>,
    remote: &str,
    mut events: Vec<Event>,
    report: &Reporter,
    tally: &Tally,
) -> io::Result<Option<Event>> {
    let last = events.iter().position(|event| matches!(event, Event::Finish | Event::Close { .. }));
    events.truncate(last.map_or(events.len(), |at| at + 1));
    // An empty packet would be noise to a datagram peer and the end to a seqpacket one.
    let messages: Vec<Message> = events
        .iter()
        .filter_map(|event| match event {
            Event::Message(message) if !message.data.is_empty() => Some(message.clone()),
            _ => None,
        })
        .collect();
    let mut rest = &messages[..];
    let mut refusals = 0;
    while !rest.is_empty() {
        // One by one where a full queue makes us wait: whoever stops waiting knows what was sent.
        let part = if matches!(socket, PacketSocket::Unix(..)) { &rest[..1] } else { rest };
        let (done, result) = socket.send(to, part).await;
        let bytes: u64 = rest[..done].iter().map(|message| message.data.len() as u64).sum();
        if done > 0 {
            tally.sent.fetch_add(bytes, Ordering::Relaxed);
            tally.said.fetch_add(done as u64, Ordering::Relaxed);
            report.step(|| Step::Sent { bytes });
        }
        rest = &rest[done..];
        let Err(error) = result else { continue };
        match error.kind() {
            // On an unconnected socket it is the answer to an earlier packet, perhaps another peer's; send again.
            io::ErrorKind::ConnectionRefused if matches!(to, Some(Address::Inet(..))) && refusals == 0 => refusals += 1,
            io::ErrorKind::ConnectionRefused | io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset
                if !matches!(to, Some(Address::Inet(..))) =>
            {
                return Err(error);
            }
            _ => {
                let text =
                    format!("{remote}: a message of {} bytes was not sent: {}", rest[0].data.len(), words(&error));
                report.tell(What::Notice { text }).await;
                tally.undelivered.fetch_add(1, Ordering::Relaxed);
                rest = &rest[1..];
            }
        }
    }
    let ending = last.and_then(|at| events.get(at).cloned());
    report.said(events).await;
    Ok(ending)
}

/// Reads and throws away what the peer still sends, for a while: a connection that is closed with unread input tells the
/// peer of a reset before it hands over what we said last.
async fn drain(socket: &PacketSocket, report: &Reporter) {
    let _ = shut_down(socket);
    let mut buffer = socket.buffer();
    let deadline = Instant::now() + CLOSE_LIMIT / 2;
    let mut drained = 0;
    while Instant::now() < deadline
        && let Ok(Ok(Received { bytes: bytes @ 1.., .. })) = timeout(SILENCE, socket.receive(&mut buffer, 0)).await
    {
        drained += bytes;
    }
    if drained > 0 {
        report.step(|| Step::Drained { bytes: drained });
    }
}

/// Hears the peer until it ends, or fails, or speaking has found it gone.
async fn listen(
    socket: &PacketSocket,
    ending: Ending,
    limit: usize,
    gone: &Notify,
    report: &Reporter,
    tally: &Tally,
) -> io::Result<()> {
    let mut buffer = socket.buffer();
    let mut over = None;
    loop {
        let received = match over {
            None => tokio::select! {
                received = socket.receive(&mut buffer, limit) => received,
                () = gone.notified() => Err(io::ErrorKind::BrokenPipe.into()),
            },
            // The kernel tells of an error before it hands over what the peer said until then.
            Some(_) => socket.try_receive(&mut buffer, limit),
        };
        let Received { messages, bytes, .. } = match received {
            Ok(received) => received,
            Err(error) if over.is_none() => {
                over = Some(error);
                continue;
            }
            Err(error) => return Err(over.unwrap_or(error)),
        };
        if ending == Ending::Stream && bytes == 0 && socket.is_at_end() {
            report.step(|| Step::EndOfStream);
            if let Some(error) = over {
                return Err(error);
            }
            report.heard(vec![Event::Finish]).await;
            return Ok(());
        }
        tally.received.fetch_add(bytes, Ordering::Relaxed);
        report.step(|| Step::Received { bytes });
        report.heard(messages.into_iter().map(Event::Message).collect()).await;
    }
}

#[cfg(test)]
mod tests;
