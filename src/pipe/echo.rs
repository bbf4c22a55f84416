//! Bytes back to their sender, for an unwatched `listen --reply echo`.

use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::time::timeout;

use crate::meter::Meter;

/// The first buffer, in bytes: most peers of an echo never fill more.
const SMALL: usize = 8 << 10;
/// The largest, in bytes: it grows when a peer fills it at once, or is this far ahead of its own reading.
const LARGE: usize = 64 << 10;

/// After `closing`, what the peer still sends is read and thrown away until it has been silent for so long.
const SILENCE: Duration = Duration::from_millis(20);
/// And no longer than this.
const DRAIN: Duration = Duration::from_secs(1);

/// Says everything back until the peer ends its direction, or `closing` is ready, and then ends ours.
///
/// Reading goes on while writing waits, until the buffer is full: then a peer that does not read is not read either.
pub async fn echo(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    closing: impl Future<Output = ()>,
    meter: &Meter,
) -> io::Result<()> {
    let mut buffer = Buffer { bytes: vec![0; SMALL], start: 0, end: 0, meter, finished: false };
    let mut closing = pin!(closing);
    let mut closed = false;
    poll_fn(|cx| {
        if !closed && closing.as_mut().poll(cx).is_ready() {
            (closed, buffer.finished) = (true, true);
        }
        buffer.poll(Pin::new(&mut stream), cx)
    })
    .await?;
    stream.shutdown().await?;
    if closed {
        // Closing with unread input would reset the connection, and what is on its way with it.
        let drain = async { while let Ok(Ok(1..)) = timeout(SILENCE, stream.read(&mut buffer.bytes)).await {} };
        let _ = timeout(DRAIN, drain).await;
    }
    Ok(())
}

struct Buffer<'a> {
    bytes: Vec<u8>,
    /// What is read and not yet written is `start..end`.
    start: usize,
    end: usize,
    meter: &'a Meter,
    /// Nothing more is read: the peer has ended its direction, or we are closing.
    finished: bool,
}

impl Buffer<'_> {
    /// Ready when the peer has ended and everything is written.
    fn poll<S: AsyncRead + AsyncWrite>(
        &mut self,
        mut stream: Pin<&mut S>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            let written = self.poll_write(stream.as_mut(), cx)?;
            if self.finished && self.start == self.end {
                return Poll::Ready(Ok(()));
            }
            if self.start == self.end {
                // TLS holds back what the socket had no room for; then it wakes us when there is.
                let _ = stream.as_mut().poll_flush(cx)?;
            }
            let read = self.poll_read(stream.as_mut(), cx)?;
            if written.is_pending() && read.is_pending() {
                return Poll::Pending;
            }
        }
    }

    /// Pending when there is nothing to write, too: only a read can change that.
    fn poll_write<S: AsyncWrite>(&mut self, stream: Pin<&mut S>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.start == self.end {
            return Poll::Pending;
        }
        let written = ready!(stream.poll_write(cx, &self.bytes[self.start..self.end]))?;
        if written == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        self.meter.sent(&self.bytes[self.start..self.start + written]);
        self.start += written;
        if self.start == self.end {
            if self.end == self.bytes.len() {
                self.grow();
            }
            (self.start, self.end) = (0, 0);
        }
        Poll::Ready(Ok(()))
    }

    /// Pending when there is no room, too: only a write can change that.
    fn poll_read<S: AsyncRead>(&mut self, stream: Pin<&mut S>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.end == self.bytes.len() {
            self.make_room();
        }
        if self.finished || self.end == self.bytes.len() {
            return Poll::Pending;
        }
        let mut room = ReadBuf::new(&mut self.bytes[self.end..]);
        match ready!(stream.poll_read(cx, &mut room)) {
            // TLS whose bytes stop without close_notify: what came is said back all the same.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {}
            other => other?,
        }
        let read = room.filled().len();
        self.meter.received(room.filled());
        self.end += read;
        self.finished = read == 0;
        Poll::Ready(Ok(()))
    }

    fn make_room(&mut self) {
        if self.start > 0 {
            self.bytes.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        } else {
            self.grow();
        }
    }

    fn grow(&mut self) {
        self.bytes.resize((self.bytes.len() * 2).min(LARGE), 0);
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use tokio::io::duplex;
    use tokio::sync::oneshot;

    use super::*;
    use crate::event::ConnId;
    use crate::meter::Roll;

    /// Echoes on a task of its own; yields what was received and sent.
    fn spawn(
        stream: tokio::io::DuplexStream,
        closing: impl Future<Output = ()> + Send + 'static,
    ) -> tokio::task::JoinHandle<(u64, u64)> {
        tokio::spawn(async move {
            let meter = Roll::new(false, None).enter(ConnId(1));
            echo(stream, closing, &meter).await.expect("no error");
            (meter.bytes_received(), meter.bytes_sent())
        })
    }

    const SOON: Duration = Duration::from_secs(20);

    /// Bytes that tell where they were in the stream.
    fn pattern(length: usize) -> Vec<u8> {
        (0..=250).cycle().take(length).collect()
    }

    #[tokio::test]
    async fn everything_comes_back_and_the_half_close_too() {
        for length in [0, 1, SMALL - 1, SMALL, SMALL + 1, 1_000_000] {
            let (near, far) = duplex(1000);
            let echo = spawn(far, pending());
            let (mut reader, mut writer) = tokio::io::split(near);
            let said = pattern(length);
            let speaker = tokio::spawn(async move {
                writer.write_all(&said).await.expect("write");
                writer.shutdown().await.expect("shutdown");
            });
            let mut heard = Vec::new();
            timeout(SOON, reader.read_to_end(&mut heard)).await.expect("in time").expect("read");
            speaker.await.expect("speaker");
            assert!(heard == pattern(length), "{length}");
            assert_eq!(echo.await.expect("echo"), (length as u64, length as u64));
        }
    }

    #[tokio::test]
    async fn closing_says_back_what_was_read_and_ends() {
        let (mut near, far) = duplex(1000);
        let (close, closing) = oneshot::channel::<()>();
        let echo = spawn(far, async move { drop(closing.await) });
        near.write_all(b"hello").await.expect("write");
        let mut heard = [0; 5];
        timeout(SOON, near.read_exact(&mut heard)).await.expect("in time").expect("read");
        drop(close);
        let mut rest = Vec::new();
        timeout(SOON, near.read_to_end(&mut rest)).await.expect("in time").expect("the end");
        assert_eq!((&heard, &rest[..]), (b"hello", &b""[..]));
        assert_eq!(timeout(SOON, echo).await.expect("in time").expect("echo"), (5, 5));
    }

    #[tokio::test]
    async fn a_peer_that_reads_late_may_be_ahead_by_a_whole_buffer() {
        let (mut near, far) = duplex(1000);
        let echo = spawn(far, pending());
        // 1,000 bytes wait in each direction of the stream, the rest in the buffer.
        let said = pattern(LARGE + 2000);
        timeout(SOON, near.write_all(&said)).await.expect("echo reads on while it cannot write").expect("write");
        assert!(timeout(Duration::from_millis(20), near.write_u8(0)).await.is_err(), "but not for ever");
        near.shutdown().await.expect("shutdown");
        let mut heard = Vec::new();
        timeout(SOON, near.read_to_end(&mut heard)).await.expect("in time").expect("read");
        assert!(heard == said);
        echo.await.expect("echo");
    }
}
