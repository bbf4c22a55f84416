//! TLS over a byte stream, in both roles: the handshake, its time limit, and what is told about it.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rustls::{CommonState, HandshakeKind, ProtocolVersion};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio_rustls::{LazyConfigAcceptor, TlsConnector};

use super::{ByteStream, Channel, Opened};
use crate::event::{Peer, What};
use crate::exit::{Exit, Failure};
use crate::link::Reporter;
use crate::quantity::nanos;
use crate::step::tls::{Handshake, Tls};
use crate::step::{Stage, Step};
use crate::tls::certificate::Certificate;
use crate::tls::failure::{self, Ours, Role, Scene, Trouble};
use crate::tls::{Client, Server, recognise};

/// TLS over a byte stream, which may itself be TLS to a proxy.
pub type Stream = tokio_rustls::TlsStream<Overheard>;

/// Encrypted bytes that may wait for the stream below, in bytes.
const WAITING: usize = 256 * 1024;
/// After a failed handshake the peer's bytes are read for so long, because closing with unread input destroys the
/// alert that tells it why.
const DRAIN: Duration = Duration::from_secs(1);

/// The handshake with a server. `host` is whom we meant to reach.
pub(super) async fn connect(client: &Client, host: Option<&str>, opened: Opened) -> Result<Opened, Failure> {
    let Opened { channel: Channel::Bytes(stream, peer), report } = opened else { return Ok(opened) };
    let stream = secure(client, host, stream, &peer.remote, &report).await?;
    Ok(Opened { channel: Channel::Bytes(stream, renamed(&peer)), report })
}

/// Layers TLS on a stream to a server, or to a proxy.
pub(crate) async fn secure(
    client: &Client,
    host: Option<&str>,
    stream: ByteStream,
    remote: &str,
    report: &Reporter,
) -> Result<ByteStream, Failure> {
    let ready = client.ready()?;
    let options = client.options();
    let (name, told) = client.name(host)?;
    report.gate(Stage::Tls).await;
    report.step(|| Step::Tls(Tls::Begin { name: told, alpn: options.alpn.clone() }));
    let (stream, first) = Overheard::new(stream);
    let wanted = name.to_str().into_owned();
    let started = Instant::now();
    let connecting = TlsConnector::from(ready.config.clone())
        .connect_with(name, stream, |session| session.set_buffer_limit(Some(WAITING)))
        .into_fallible();
    let result = limited(options.limit, report, connecting).await;
    let now = Timestamp::now();
    let presented = ready.presented.take();
    let ours = match (ready.asked.take(), &ready.shown) {
        (None, _) => Ours::Unasked,
        (Some(authorities), shown) => {
            report.step(|| Step::Tls(Tls::Asked { authorities, shown: shown.clone() }));
            if shown.is_some() { Ours::Shown } else { Ours::Missing }
        }
    };
    let failed = |exit: Exit, trouble: Trouble| {
        tell_chain(report, &presented, now);
        report.step(|| Step::Tls(Tls::Failed { error: trouble.what.clone(), took_ns: nanos(started.elapsed()) }));
        let failure = Failure::new(exit, format!("TLS with {remote}: {}", trouble.what));
        match trouble.hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    };
    match result {
        Some(Ok(mut stream)) => {
            tell_session(report, stream.get_ref().1, options.trust.words(), now, started);
            stream.get_mut().0.first = None;
            Ok(ByteStream::Tls(Box::new(stream.into())))
        }
        Some(Err((error, stream))) => {
            let first = first.bytes();
            let scene = Scene {
                role: Role::Client,
                first: &first,
                chain: &presented,
                name: Some(&wanted),
                alpn: &options.alpn,
                ours,
                now,
            };
            let failure = failed(Exit::Protocol, failure::handshake(&error, &scene));
            let _ = tokio::time::timeout(DRAIN, farewell(stream)).await;
            Err(failure)
        }
        None => Err(failed(Exit::Timeout, failure::stalled(Role::Client, &first.bytes(), options.limit))),
    }
}

/// What carries it, and the session, for whoever drives the two without a runtime.
pub(crate) fn part(stream: Stream) -> (ByteStream, rustls::Connection) {
    let (Overheard { stream, .. }, session) = match stream {
        Stream::Client(stream) => {
            let (stream, session) = stream.into_inner();
            (stream, rustls::Connection::from(session))
        }
        Stream::Server(stream) => {
            let (stream, session) = stream.into_inner();
            (stream, rustls::Connection::from(session))
        }
    };
    (stream, session)
}

/// The handshake with a client; `None` if it failed, which has been said.
pub(super) async fn accept(server: &Server, opened: Opened) -> Option<Opened> {
    let Opened { channel: Channel::Bytes(stream, peer), report } = opened else { return Some(opened) };
    match serve(server, stream, &report).await {
        Ok(stream) => Some(Opened { channel: Channel::Bytes(stream, renamed(&peer)), report }),
        Err(Trouble { what, hint }) => {
            let hint = hint.map(|hint| format!("; {hint}")).unwrap_or_default();
            report.tell(What::Notice { text: format!("TLS with {} failed: {what}{hint}", peer.remote) }).await;
            None
        }
    }
}

async fn serve(server: &Server, stream: ByteStream, report: &Reporter) -> Result<ByteStream, Trouble> {
    // A listener has read its files before it began.
    let ready = server.ready().map_err(|failure| Trouble { what: failure.what, hint: failure.hint })?;
    let limit = server.options().limit;
    report.gate(Stage::Tls).await;
    let (config, presented) = ready.config().map_err(|error| Trouble { what: error.to_string(), hint: None })?;
    let (stream, first) = Overheard::new(stream);
    let offered = Mutex::new(Vec::new());
    let started = Instant::now();
    let handshake = async {
        let mut acceptor = Box::pin(LazyConfigAcceptor::new(rustls::server::Acceptor::default(), stream));
        let start = match acceptor.as_mut().await {
            Ok(start) => start,
            Err(error) => return Err((error, acceptor.take_io())),
        };
        let hello = start.client_hello();
        let alpn: Vec<String> = hello
            .alpn()
            .map(|protocols| protocols.map(|protocol| String::from_utf8_lossy(protocol).into_owned()).collect())
            .unwrap_or_default();
        report.step(|| Step::Tls(Tls::Hello { name: hello.server_name().map(ToOwned::to_owned), alpn: alpn.clone() }));
        *offered.lock().unwrap_or_else(PoisonError::into_inner) = alpn;
        start
            .into_stream_with(config, |session| session.set_buffer_limit(Some(WAITING)))
            .into_fallible()
            .await
            .map_err(|(error, stream)| (error, Some(stream)))
    };
    let result = limited(limit, report, handshake).await;
    let now = Timestamp::now();
    let presented = presented.take();
    let alpn = offered.into_inner().unwrap_or_else(PoisonError::into_inner);
    let trouble = match result {
        Some(Ok(mut stream)) => {
            let session = stream.get_ref().1;
            let checked = match session.peer_certificates() {
                Some(_) => "verified by --ca",
                None => "the client is not asked who it is",
            };
            tell_session(report, session, checked, now, started);
            stream.get_mut().0.first = None;
            return Ok(ByteStream::Tls(Box::new(stream.into())));
        }
        Some(Err((error, stream))) => {
            let bytes = first.bytes();
            let scene = Scene {
                role: Role::Server,
                first: &bytes,
                chain: &presented,
                name: None,
                alpn: &alpn,
                ours: Ours::Unasked,
                now,
            };
            let trouble = failure::handshake(&error, &scene);
            if let Some(stream) = stream {
                let _ = tokio::time::timeout(DRAIN, farewell(stream)).await;
            }
            trouble
        }
        None => failure::stalled(Role::Server, &first.bytes(), limit),
    };
    tell_chain(report, &presented, now);
    report.step(|| Step::Tls(Tls::Failed { error: trouble.what.clone(), took_ns: nanos(started.elapsed()) }));
    Err(trouble)
}

/// `None` when the time is up; under `--step` there is no limit.
async fn limited<T>(limit: Duration, report: &Reporter, handshake: impl Future<Output = T>) -> Option<T> {
    if report.stepping() { Some(handshake.await) } else { tokio::time::timeout(limit, handshake).await.ok() }
}

/// Ends our direction, and reads until the peer ends its own.
async fn farewell(mut stream: Overheard) {
    let _ = stream.shutdown().await;
    let mut scrap = [0; 4096];
    while let Ok(1..) = stream.read(&mut scrap).await {}
}

fn tell_chain(report: &Reporter, chain: &[Certificate], now: Timestamp) {
    for (place, certificate) in chain.iter().enumerate() {
        report.step(|| {
            let validity = certificate.validity(now);
            Step::Tls(Tls::Certificate { place, certificate: Box::new(certificate.clone()), validity })
        });
    }
}

fn tell_session(report: &Reporter, session: &CommonState, checked: &str, now: Timestamp, started: Instant) {
    if !report.watch().steps {
        return;
    }
    tell_chain(report, &Certificate::read_all(session.peer_certificates().unwrap_or_default()), now);
    report.step(|| {
        Step::Tls(Tls::Established {
            version: match session.protocol_version() {
                Some(ProtocolVersion::TLSv1_3) => "TLS 1.3".to_owned(),
                Some(ProtocolVersion::TLSv1_2) => "TLS 1.2".to_owned(),
                other => format!("{other:?}"),
            },
            cipher: session
                .negotiated_cipher_suite()
                .and_then(|suite| suite.suite().as_str())
                .map_or_else(|| "an unknown cipher".to_owned(), |name| name.replacen("TLS13_", "TLS_", 1)),
            group: session.negotiated_key_exchange_group().map(|group| format!("{:?}", group.name())),
            alpn: session.alpn_protocol().map(|protocol| String::from_utf8_lossy(protocol).into_owned()),
            handshake: match session.handshake_kind() {
                Some(HandshakeKind::Resumed) => Handshake::Resumed,
                Some(HandshakeKind::FullWithHelloRetryRequest) => Handshake::Retried,
                _ => Handshake::Full,
            },
            checked: checked.to_owned(),
            took_ns: nanos(started.elapsed()),
        })
    });
}

/// `tcp://` over TLS is `tls://`; a Unix socket's path stays as it is typed.
fn renamed(peer: &Peer) -> Peer {
    Peer { remote: endpoint(&peer.remote), local: endpoint(&peer.local) }
}

/// An endpoint with TLS on it.
pub(super) fn endpoint(endpoint: &str) -> String {
    match endpoint.strip_prefix("tcp://") {
        Some(address) => format!("tls://{address}"),
        None => endpoint.to_owned(),
    }
}

/// A byte stream whose first bytes are remembered until the handshake is done, to tell what was said instead of TLS.
pub struct Overheard {
    stream: ByteStream,
    first: Option<First>,
}

/// The first bytes that a peer said.
#[derive(Clone, Default)]
pub(super) struct First(Arc<Mutex<Vec<u8>>>);

impl First {
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn hear(&self, bytes: &[u8]) {
        let mut first = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let room = recognise::FIRST - first.len().min(recognise::FIRST);
        first.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
}

impl Overheard {
    pub(super) fn new(stream: ByteStream) -> (Self, First) {
        let first = First::default();
        (Self { stream, first: Some(first.clone()) }, first)
    }

    /// The stream.
    pub(super) fn stream(&self) -> &ByteStream {
        &self.stream
    }

    /// The stream, from now on by itself.
    pub(super) fn into_stream(self) -> ByteStream {
        self.stream
    }
}

impl AsyncRead for Overheard {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(cx, buffer))?;
        if let Some(first) = &this.first {
            first.hear(&buffer.filled()[before..]);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Overheard {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
