//! Streams of bytes, whatever carries them.

use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};

use super::kernel::{Connection, Opener};
use super::tls;

/// An ordered stream of bytes whose two directions end separately.
pub enum ByteStream {
    /// A TCP connection, and who opened it.
    Tcp(TcpStream, Opener),
    /// A Unix stream connection.
    Unix(UnixStream),
    /// TLS over another.
    Tls(Box<tls::Stream>),
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
            Self::Tls(stream) => {
                let (read, write) = tokio::io::split(*stream);
                (Box::new(read), Box::new(write))
            }
        }
    }

    /// A descriptor to ask what became of the bytes that go with the SYN, if some do.
    pub(super) fn early(&self) -> Option<OwnedFd> {
        match self {
            Self::Tcp(stream, Opener::Early) => stream.as_fd().try_clone_to_owned().ok(),
            Self::Tcp(..) | Self::Unix(_) => None,
            Self::Tls(stream) => stream.get_ref().0.stream().early(),
        }
    }

    /// Whether it is TLS.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        matches!(self, Self::Tls(_))
    }

    /// Whether it is TLS over a proxy's TLS.
    #[must_use]
    pub fn is_nested(&self) -> bool {
        matches!(self, Self::Tls(stream) if matches!(stream.get_ref().0.stream(), Self::Tls(_)))
    }

    /// How the kernel can be asked about the TCP connection below, if there is one.
    #[must_use]
    pub fn connection(&self) -> Option<(Connection, Opener)> {
        match self {
            Self::Tcp(stream, opener) => Some((Connection::of(stream).ok()?, *opener)),
            Self::Unix(_) => None,
            Self::Tls(stream) => stream.get_ref().0.stream().connection(),
        }
    }
}

impl AsyncRead for ByteStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream, _) => Pin::new(stream).poll_read(cx, buffer),
            Self::Unix(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for ByteStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream, _) => Pin::new(stream).poll_write(cx, bytes),
            Self::Unix(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream, _) => Pin::new(stream).poll_write_vectored(cx, slices),
            Self::Unix(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_write_vectored(cx, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream, _) => Pin::new(stream).poll_flush(cx),
            Self::Unix(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_flush(cx),
        }
    }

    /// Ends our direction; the other goes on.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream, _) => Pin::new(stream).poll_shutdown(cx),
            Self::Unix(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_shutdown(cx),
        }
    }
}
