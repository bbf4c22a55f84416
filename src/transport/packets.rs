//! Conversations over sockets that keep message boundaries, with one peer: UDP and Unix datagrams, and Unix seqpacket.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use socket2::SockRef;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

use super::packet_socket::{Address, PacketSocket, Received};
use super::tcp::unmap;
use crate::event::{End, Event, Message, Outcome, Peer, What};
use crate::exit::words;
use crate::link::{CLOSE_LIMIT, Outbox, Port, Reporter, Transport};
use crate::meter::Meter;
use crate::step::{Stage, Step};

/// A closing connection waits for so much silence of its peer.
const SILENCE: Duration = Duration::from_millis(10);

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
    /// Where packets go if the socket has no peer: to many. Then whoever answers is heard, and each message has its sender.
    pub to: Option<Address>,
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

/// What was carried so far, and what not.
pub(super) struct Tally {
    pub meter: Arc<Meter>,
    /// Messages that could not be sent.
    pub undelivered: AtomicU64,
}

impl Tally {
    pub(super) fn of(report: &Reporter) -> Self {
        Self { meter: report.meter().clone(), undelivered: AtomicU64::new(0) }
    }

    /// Counts messages that were heard; some may be cut, and so of fewer bytes than came.
    pub(super) fn heard(&self, messages: &[Message], bytes: u64) {
        self.meter.received_cut(messages.iter().map(|message| &message.data[..]), bytes);
    }

    /// The outcome, unless there is a worse end than that something was not sent.
    pub(super) fn outcome(&self, end: End) -> Outcome {
        let end = match (end, self.undelivered.load(Ordering::Relaxed)) {
            (End::Complete, 1..) => End::Partial,
            (end, _) => end,
        };
        Outcome {
            end,
            sent: self.meter.bytes_sent(),
            received: self.meter.bytes_received(),
            acknowledged: None,
            digest: self.meter.digests(),
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
    let Packets { socket, to, ending, limit, peer } = packets;
    let Port { outbox, report, mut closing } = port;
    let tally = Tally::of(&report);
    let end = {
        let mut speaking = std::pin::pin!(speak(&socket, to.as_ref(), &peer.remote, outbox, &report, &tally));
        let gone = Notify::new();
        let mut listening = std::pin::pin!(listen(&socket, to.is_some(), ending, limit, &gone, &report, &tally));
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
                () = Outbox::closed_if(&mut outbox), if outbox.is_some() => break Ok(()),
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
    if let PacketSocket::Relayed(relay) = &socket {
        relay.account().await;
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

fn shut_down(socket: &PacketSocket) -> io::Result<()> {
    match socket {
        PacketSocket::Unix(socket, _) => SockRef::from(socket).shutdown(std::net::Shutdown::Write),
        PacketSocket::Udp(..) | PacketSocket::Relayed(_) => Ok(()),
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
            rest[..done].iter().for_each(|message| tally.meter.sent(&message.data));
            tally.meter.said(done as u64);
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
    many: bool,
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
        let Received { from, mut messages, bytes } = match received {
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
        tally.heard(&messages, bytes);
        report.step(|| Step::Received { bytes });
        if let (true, Address::Inet(from, _)) = (many, &from) {
            let from = format!("udp://{}", unmap(*from));
            messages = messages.into_iter().map(|message| message.from(&from)).collect();
        }
        report.heard(messages.into_iter().map(Event::Message).collect()).await;
    }
}

#[cfg(test)]
mod tests;
