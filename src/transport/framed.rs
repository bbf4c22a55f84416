//! A byte stream and a framing make a transport: TCP, Unix streams, and whatever is layered on them.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use bytes::{Buf as _, BytesMut};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::Instant;

use super::ByteStream;
use super::kernel::{self, Connection, Opener};
use super::sockets;
use super::stream::{ReadHalf, WriteHalf};
use crate::cli::Newline;
use crate::event::{End, Event, Extent, Message, Outcome, Peer, What};
use crate::exit::words;
use crate::frame::{Decoder, Encoder, Framing};
use crate::link::{CLOSE_LIMIT, Closing, Outbox, Port, Reporter, Transport};
use crate::step::tls::Tls;
use crate::step::{Stage, Step};
use crate::tls::failure::{self, Trouble};
use crate::tls::recognise;

/// The first read's buffer: small, because ten thousand peers may be idle.
const FIRST_READ: usize = 4 * 1024;
/// It doubles whenever a read fills it, up to this.
const LARGEST_READ: usize = 256 * 1024;
/// One write takes at most about so many bytes of queued messages.
const LARGEST_WRITE: usize = 256 * 1024;
/// How often a closing connection asks whether the peer has acknowledged everything.
const ACKNOWLEDGED_POLL: Duration = Duration::from_millis(10);

/// How messages are told apart in a stream, each way.
#[derive(Clone, Copy, Debug)]
pub struct Frames {
    /// In what is heard.
    pub heard: Framing,
    /// In what is said.
    pub said: Framing,
    /// Line ends, both ways.
    pub newline: Newline,
    /// The largest message heard whole, in bytes.
    pub limit: usize,
    /// For a reader who should not wait for the end of a line: what has come is shown after this much silence.
    pub patience: Option<Duration>,
}

impl Frames {
    /// The same framing both ways, and nothing else done to the bytes.
    #[must_use]
    pub fn plain(framing: Framing, limit: usize) -> Self {
        Self { heard: framing, said: framing, newline: Newline::AsIs, limit, patience: None }
    }
}

/// A byte stream with a framing.
pub struct Framed {
    stream: ByteStream,
    peer: Peer,
    frames: Frames,
}

impl Framed {
    /// Makes messages of a byte stream.
    #[must_use]
    pub fn new(stream: ByteStream, peer: Peer, frames: Frames) -> Self {
        Self { stream, peer, frames }
    }
}

impl Transport for Framed {
    fn peer(&self) -> &Peer {
        &self.peer
    }

    fn run(self: Box<Self>, port: Port) -> BoxFuture<'static, Outcome> {
        converse(self.stream, self.frames, port).boxed()
    }
}

/// How a direction of the stream ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layer {
    /// With a FIN.
    Plain,
    /// With TLS's `close_notify`, and a FIN after it.
    Tls,
    /// The same over a Unix socket, where a peer that has closed takes no `close_notify`.
    LocalTls,
}

impl Layer {
    fn of(stream: &ByteStream) -> Self {
        match stream {
            ByteStream::Tcp(..) | ByteStream::Unix(_) => Self::Plain,
            ByteStream::Tls(_) if stream.connection().is_some() => Self::Tls,
            ByteStream::Tls(_) => Self::LocalTls,
        }
    }

    fn counted(self) -> Counted {
        if self == Self::Plain { Counted::AsOurs } else { Counted::WithOthers }
    }
}

/// What the kernel counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counted {
    /// The bytes that we count.
    AsOurs,
    /// TLS's records, or a handshake too.
    WithOthers,
}

/// How our direction ended.
enum Spoken {
    /// `shutdown(SHUT_WR)`: the peer may go on, until it is to be closed all the same.
    Finished(Outbox),
    /// The session wants the end of both directions; ours is shut down.
    Closed,
    /// The peer takes no more.
    Failed(io::Error),
    /// A message could not be framed.
    Unsayable(String),
}

/// How the peer's direction ended.
enum Listened {
    /// It finished.
    Finished,
    /// Its bytes stopped, and it had not said that they would.
    Truncated,
    /// It was cut off.
    Failed(io::Error),
    /// It broke the framing.
    Violation(String),
    /// We stopped hearing: the session closed the conversation.
    Closed,
}

async fn converse(stream: ByteStream, frames: Frames, port: Port) -> Outcome {
    let Port { outbox, report, mut closing } = port;
    let connection = stream.connection();
    let layer = Layer::of(&stream);
    report.meter().carried_by(connection);
    let early = stream.early();
    let (read, write) = stream.split();
    let talk = both_ways(read, write, early, layer, frames, outbox, &report, closing.clone(), connection);
    // Dropping `talk` drops both halves, and that closes the socket.
    let (end, acknowledged) = tokio::select! {
        (end, halves) = talk => close(end, halves, layer.counted(), connection, &report).await,
        () = closing.overdue(&report) => (End::Partial, None),
    };
    let meter = report.meter();
    let (sent, received) = (meter.bytes_sent(), meter.bytes_received());
    Outcome { end, sent, received, acknowledged, digest: meter.digests() }
}

/// Closes the descriptor; after a failure finds out how much the peer's kernel acknowledged.
pub(super) async fn close(
    end: End,
    halves: (ReadHalf, WriteHalf),
    counted: Counted,
    connection: Option<(Connection, Opener)>,
    report: &Reporter,
) -> (End, Option<u64>) {
    report.gate(Stage::Close).await;
    let died = matches!(end, End::Reset | End::Partial) && counted == Counted::AsOurs;
    let last_words = report.meter().last_look(died);
    drop(halves);
    report.step(|| Step::Closed {
        state: connection.and_then(|(connection, _)| kernel::state(connection)).map(|tcp| tcp.name.to_owned()),
    });
    let Some(last_words) = last_words else { return (end, None) };
    let acknowledged = tokio::task::spawn_blocking(move || last_words.acknowledged()).await.ok().flatten();
    (end, acknowledged.filter(|_| died))
}

#[expect(clippy::too_many_arguments, reason = "one conversation's parts, used once")]
async fn both_ways(
    mut read: ReadHalf,
    mut write: WriteHalf,
    early: Option<OwnedFd>,
    layer: Layer,
    frames: Frames,
    outbox: Outbox,
    report: &Reporter,
    mut closing: Closing,
    connection: Option<(Connection, Opener)>,
) -> (End, (ReadHalf, WriteHalf)) {
    let mut listened = None;
    let spoken = {
        let mut speaking = std::pin::pin!(speak(&mut write, layer, outbox, frames, report));
        let mut listening = std::pin::pin!(listen(&mut read, layer, frames, early, report));
        let mut spoken = loop {
            tokio::select! {
                spoken = &mut speaking => break Some(spoken),
                ended = &mut listening, if listened.is_none() => {
                    let over = !matches!(ended, Listened::Finished | Listened::Truncated);
                    listened = Some(ended);
                    if over {
                        break None; // after a reset, or a broken frame, there is nobody to say anything to
                    }
                }
            }
        };
        if listened.is_none() {
            listened = Some(match &mut spoken {
                Some(Spoken::Finished(outbox)) => tokio::select! {
                    ended = &mut listening => ended,
                    () = outbox.closed() => Listened::Closed,
                },
                Some(Spoken::Failed(_)) => tokio::select! {
                    ended = &mut listening => ended,
                    () = closing.wait() => Listened::Closed,
                },
                Some(Spoken::Closed | Spoken::Unsayable(_)) | None => Listened::Closed,
            });
        }
        spoken
    };
    let listened = listened.unwrap_or(Listened::Closed);
    if matches!(listened, Listened::Closed) {
        // Nothing is lost: input that is unread when we close makes the kernel answer with a reset, and a reset
        // destroys what is still on its way to the peer (RFC 1122 §4.2.2.13).
        let _ = write.shutdown().await;
        drain(&mut read, connection, Until::Acknowledged, report).await;
    }
    let end = match (spoken, listened) {
        (_, Listened::Violation(what)) => End::Violation { what, hint: None },
        (Some(Spoken::Unsayable(what)), _) => End::Failed { error: what },
        (_, Listened::Failed(error)) => failed(&error, report),
        (Some(Spoken::Failed(error)), _) => match error.kind() {
            // The peer had closed and took no more. (A reset is told once, to whoever asks first: reader or writer.)
            io::ErrorKind::BrokenPipe => {
                report.step(|| Step::Reset);
                End::Partial
            }
            _ => failed(&error, report),
        },
        (_, Listened::Truncated) => End::Truncated,
        (_, Listened::Finished | Listened::Closed) => End::Complete,
    };
    (end, (read, write))
}

pub(super) fn failed(error: &io::Error, report: &Reporter) -> End {
    if let Some(Trouble { what, hint }) = failure::conversation(error) {
        return End::Violation { what, hint };
    }
    match error.kind() {
        io::ErrorKind::ConnectionReset => {
            report.step(|| Step::Reset);
            End::Reset
        }
        // The answer to a SYN that took data along.
        io::ErrorKind::ConnectionRefused => End::Refused,
        // The kernel gave it up: a limit of --user-timeout or --keepalive, or its own.
        io::ErrorKind::TimedOut => End::Timeout { limit: "the peer acknowledges nothing any more".to_owned() },
        _ => End::Failed { error: words(error) },
    }
}

/// Outbox → peer, until our direction ends. Queued batches share one write.
async fn speak(write: &mut WriteHalf, layer: Layer, mut outbox: Outbox, frames: Frames, report: &Reporter) -> Spoken {
    let mut encoder = Encoder::new(frames.said, frames.newline);
    let mut buffer = BytesMut::new();
    loop {
        let Some(mut events) = outbox.next().await else {
            return match finish(write, layer, report).await {
                Ok(()) => Spoken::Closed,
                Err(error) => Spoken::Failed(error),
            };
        };
        let mut last = None;
        let mut unsayable = None;
        let mut at = 0;
        'batch: loop {
            for event in &events[at..] {
                at += 1;
                match event {
                    Event::Message(message) => {
                        if let Err(error) = encoder.encode(message, &mut buffer) {
                            unsayable = Some(error.to_string());
                            break 'batch;
                        }
                    }
                    Event::Wire(message) => buffer.extend_from_slice(&message.data),
                    Event::Ping(_) | Event::Pong(_) | Event::Order(_) => {} // a byte stream has none
                    Event::Finish | Event::Close { .. } => {
                        last = Some(event.clone());
                        break 'batch;
                    }
                }
            }
            if buffer.len() >= LARGEST_WRITE {
                break;
            }
            match outbox.ready() {
                Some(more) => events.extend(more),
                None => break,
            }
        }
        events.truncate(at);
        if !buffer.is_empty() {
            let bytes = buffer.len() as u64;
            while !buffer.is_empty() {
                match write.write(&buffer).await {
                    Ok(0) => return Spoken::Failed(io::ErrorKind::WriteZero.into()),
                    Ok(n) => {
                        report.meter().sent(&buffer[..n]);
                        buffer.advance(n);
                    }
                    Err(error) => return Spoken::Failed(error),
                }
            }
            // TLS may hold back what the kernel had no room for.
            if let Err(error) = write.flush().await {
                return Spoken::Failed(error);
            }
            report.step(|| Step::Sent { bytes });
            if buffer.capacity() > LARGEST_WRITE {
                buffer = BytesMut::new(); // one large message must not hold its memory for ever
            }
        }
        let messages = events.iter().filter(|event| matches!(event, Event::Message(_))).count();
        report.meter().said((messages - usize::from(unsayable.is_some())) as u64);
        if let Some(last) = &last {
            if let Err(error) = finish(write, layer, report).await {
                return Spoken::Failed(error);
            }
            let closed = matches!(last, Event::Close { .. });
            report.said(events).await;
            return if closed { Spoken::Closed } else { Spoken::Finished(outbox) };
        }
        report.said(events).await;
        if let Some(what) = unsayable {
            return Spoken::Unsayable(what);
        }
    }
}

/// Ends our direction.
async fn finish(write: &mut WriteHalf, layer: Layer, report: &Reporter) -> io::Result<()> {
    report.gate(Stage::Shutdown).await;
    match write.shutdown().await {
        // Who ends both directions need not wait for our close_notify (RFC 8446 §6.1). The kernel says that what came
        // before was not read with another error, and to whoever reads.
        Err(error) if layer == Layer::LocalTls && error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
        ended => ended?,
    }
    if layer != Layer::Plain {
        report.step(|| Step::Tls(Tls::CloseNotifySent));
    }
    report.step(|| Step::Shutdown);
    Ok(())
}

/// Peer → reporter, until the peer's direction ends.
async fn listen(
    read: &mut ReadHalf,
    layer: Layer,
    frames: Frames,
    mut early: Option<OwnedFd>,
    report: &Reporter,
) -> Listened {
    let mut decoder = Decoder::new(frames.heard, frames.newline, frames.limit);
    let mut buffer = BytesMut::new();
    let mut room = FIRST_READ;
    let mut messages: Vec<Message> = Vec::new();
    loop {
        buffer.reserve(room);
        let reading = read.read_buf(&mut buffer);
        let result = match frames.patience {
            None => reading.await,
            Some(patience) => {
                if let Ok(result) = tokio::time::timeout(patience, reading).await {
                    result
                } else {
                    if let Some(piece) = decoder.piece(&mut buffer) {
                        report.heard(vec![Event::Message(piece)]).await;
                    }
                    read.read_buf(&mut buffer).await
                }
            }
        };
        if layer == Layer::Plain
            && report.meter().bytes_received() == 0
            && let Some(text) = recognise::tls_on_plain(&buffer)
        {
            report.tell(What::Notice { text: text.to_owned() }).await;
        }
        // Whoever says something has answered the SYN.
        if let Some(socket) = early.take_if(|_| result.is_ok()) {
            report.step(|| Step::FastOpen { outcome: sockets::fast_open(socket) });
        }
        let (n, result) = match result {
            Ok(0) => (0, decoder.finish(&mut buffer, &mut messages)),
            Ok(n) => {
                report.meter().received(&buffer[buffer.len() - n..]);
                (n, decoder.decode(&mut buffer, &mut messages))
            }
            // Only a stream that says its end can be seen to end without saying it.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof && layer != Layer::Plain => {
                let _ = decoder.finish(&mut buffer, &mut messages);
                report.step(|| Step::Tls(Tls::Truncated));
                let heard = messages.drain(..).map(Event::Message).chain(std::iter::once(Event::Finish));
                report.heard(heard.collect()).await;
                return Listened::Truncated;
            }
            Err(error) => {
                let _ = decoder.finish(&mut buffer, &mut messages);
                report.heard(messages.drain(..).map(Event::Message).collect()).await;
                return Listened::Failed(error);
            }
        };
        if n > 0 {
            report.step(|| Step::Received { bytes: n as u64 });
        }
        let mut heard: Vec<Event> = messages.drain(..).map(Event::Message).collect();
        if let Err(error) = result {
            if !buffer.is_empty() {
                // What cannot be framed was heard all the same.
                let data = buffer.split().freeze();
                heard.push(Event::Message(Message { extent: Extent::Piece, data, ..Message::default() }));
            }
            report.heard(heard).await;
            return Listened::Violation(error.to_string());
        }
        if n == 0 {
            if layer != Layer::Plain {
                report.step(|| Step::Tls(Tls::CloseNotifyHeard));
            }
            report.step(|| Step::EndOfStream);
            heard.push(Event::Finish);
            report.heard(heard).await;
            return Listened::Finished;
        }
        if !heard.is_empty() {
            report.heard(heard).await;
        }
        // Ten thousand peers that were busy once must not hold large buffers for ever.
        room = match n {
            n if n == room => (room * 2).min(LARGEST_READ),
            n if n < room / 4 => (room / 2).max(FIRST_READ),
            _ => room,
        };
    }
}

/// For how long the peer is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Until {
    /// Until it ends, or has acknowledged all of ours.
    Acknowledged,
    /// Until it ends.
    Ended,
}

/// Reads and throws away what the peer still sends.
pub(super) async fn drain(
    read: &mut ReadHalf,
    connection: Option<(Connection, Opener)>,
    until: Until,
    report: &Reporter,
) {
    let mut scrap = vec![0; 16 * 1024];
    let mut bytes = 0;
    let deadline = Instant::now() + CLOSE_LIMIT / 2;
    loop {
        match tokio::time::timeout(ACKNOWLEDGED_POLL, read.read(&mut scrap)).await {
            Ok(Ok(0) | Err(_)) => break,
            Ok(Ok(n)) => bytes += n as u64,
            Err(_) if until == Until::Ended => {}
            Err(_) => {
                let unacknowledged = connection
                    .and_then(|(connection, _)| kernel::state(connection))
                    .map_or(0, |tcp| tcp.unacknowledged);
                if unacknowledged == 0 {
                    break;
                }
            }
        }
        if Instant::now() > deadline {
            break;
        }
    }
    if bytes > 0 {
        report.step(|| Step::Drained { bytes });
    }
}
