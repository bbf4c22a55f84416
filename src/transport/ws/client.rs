//! The client's side of the handshake: one request and its answer, over a stream that then is the WebSocket's.

use std::pin::pin;
use std::time::{Duration, Instant};

use bytes::Bytes;
use hyper::client::conn::http1;
use hyper::header;
use hyper_util::rt::TokioIo;

use super::super::ByteStream;
use super::super::http::trouble;
use super::super::tls::Overheard;
use super::Upgraded;
use crate::event::What;
use crate::exit::{Exit, Failure};
use crate::http::Trouble;
use crate::http::headers::lines;
use crate::link::Reporter;
use crate::quantity::nanos;
use crate::step::ws::{Way, Ws};
use crate::step::{Stage, Step};
use crate::tls::recognise;
use crate::ws::extension;
use crate::ws::handshake::Ask;
use crate::ws::handshake::client::Key;

/// The longest head of an answer, in bytes.
const LONGEST_HEAD: usize = 64 * 1024;

/// Why there is no WebSocket.
pub(crate) enum Stopped {
    /// There will be none.
    Failed(Failure),
    /// It is elsewhere.
    Redirected { status: u16, to: String, headers: hyper::HeaderMap },
}

impl From<Failure> for Stopped {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// Asks for a WebSocket.
pub(super) async fn upgrade(
    ask: &Ask,
    stream: ByteStream,
    remote: &str,
    limit: Duration,
    report: &Reporter,
) -> Result<Upgraded, Stopped> {
    report.gate(Stage::Upgrade).await;
    let exchange = exchange(ask, stream, remote, report);
    if report.stepping() {
        return exchange.await;
    }
    tokio::time::timeout(limit, exchange).await.unwrap_or_else(|_| {
        let failure =
            Failure::new(Exit::Timeout, format!("connect to {remote}: no answer to the handshake within {limit:?}"))
                .hint("is WebSocket spoken at that port? --handshake-timeout waits longer");
        Err(failure.into())
    })
}

async fn exchange(ask: &Ask, stream: ByteStream, remote: &str, report: &Reporter) -> Result<Upgraded, Stopped> {
    let failed = |trouble: Trouble| {
        report.step(|| Step::Ws(Ws::Refused { why: trouble.what.clone() }));
        Failure { hint: trouble.hint, ..Failure::new(Exit::Protocol, format!("connect to {remote}: {}", trouble.what)) }
    };
    let (stream, first) = Overheard::new(stream);
    let lost = |error: &hyper::Error| failed(trouble::no_answer(error, &first.bytes(), &ask.asking));
    let key = Key::random();
    let request = ask.request(&key).map_err(|error| {
        Failure::usage(
            format!("{remote}: the request cannot be made: {error}"),
            "a header or a path has a character that may not be there",
        )
    })?;
    report.step(|| {
        let first = format!("GET {} HTTP/1.1", ask.asking.target.resource);
        Step::Ws(Ws::Request { way: Way::Said, head: lines(first, request.headers()) })
    });
    let started = Instant::now();
    let (mut sender, connection) = http1::Builder::new()
        .title_case_headers(true)
        .max_buf_size(LONGEST_HEAD)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| lost(&error))?;
    let mut connection = pin!(connection.without_shutdown());
    let mut sending = pin!(sender.send_request(request));
    // The connection must be driven for the answer to come; it may end with it.
    let (response, mut ended) = tokio::select! {
        biased;
        response = &mut sending => (response, None),
        ended = &mut connection => (sending.await, Some(ended)),
    };
    let response = response.map_err(|error| lost(&error))?;
    let (status, headers) = (response.status(), response.headers().clone());
    report.step(|| {
        let first = format!("HTTP/1.1 {status}");
        let took_ns = Some(nanos(started.elapsed()));
        Step::Ws(Ws::Answer { way: Way::Heard, status: status.as_u16(), head: lines(first, &headers), took_ns })
    });
    let (agreed, warning) = match ask.judge(&key, status, &headers) {
        Ok(taken) => taken,
        Err(trouble) => {
            let to = headers.get(header::LOCATION).and_then(|to| to.to_str().ok());
            if status.is_redirection()
                && ask.asking.redirects > 0
                && let Some(to) = to
            {
                return Err(Stopped::Redirected {
                    status: status.as_u16(),
                    to: to.to_owned(),
                    headers: headers.clone(),
                });
            }
            let body = async {
                let body = trouble::body(response);
                tokio::select! {
                    body = body => body,
                    // Driven until the body is there.
                    () = async { if ended.is_none() { let _ = connection.await; } std::future::pending().await } => Bytes::new(),
                }
            };
            trouble::show(status, &headers, &body.await, report).await;
            let tls = recognise::tls_on_plain(&first.bytes()).is_some();
            let trouble = if tls { Trouble { hint: Some(trouble::secure(&ask.asking)), ..trouble } } else { trouble };
            return Err(failed(trouble).into());
        }
    };
    let parts = match ended.take() {
        Some(ended) => ended,
        None => connection.await,
    };
    let parts = parts.map_err(|error| lost(&error))?;
    if let Some(text) = warning {
        report.tell(What::Notice { text }).await;
    }
    report.step(|| Step::Ws(Ws::Accept { accept: key.accept(), key: key.0.clone() }));
    report.step(|| {
        let deflate = agreed.deflate.as_ref().map(extension::words);
        Step::Ws(Ws::Upgraded { subprotocol: agreed.subprotocol.clone(), deflate })
    });
    Ok(Upgraded { stream: parts.io.into_inner().into_stream(), early: parts.read_buf, agreed })
}
