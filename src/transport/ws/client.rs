//! The client's side of the handshake: one request and its answer, over a stream that then is the WebSocket's.

use std::pin::pin;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Limited};
use hyper::Response;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header;
use hyper_util::rt::TokioIo;

use super::super::ByteStream;
use super::super::tls::Overheard;
use super::Upgraded;
use crate::event::What;
use crate::exit::{Exit, Failure, words};
use crate::link::Reporter;
use crate::step::ws::{Way, Ws};
use crate::step::{Stage, Step};
use crate::tls::recognise;
use crate::ws::extension;
use crate::ws::handshake::client::{Key, Trouble};
use crate::ws::handshake::{Ask, lines};

/// The longest head of an answer, in bytes.
const LONGEST_HEAD: usize = 64 * 1024;
/// So much of a refusal's body is read, in bytes, and this many lines of it are shown.
const LONGEST_BODY: usize = 64 * 1024;
const SHOWN: usize = 20;

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
    let lost = |error: &hyper::Error| failed(no_answer(error, &first.bytes()));
    let key = Key::random();
    let request = ask.request(&key).map_err(|error| {
        Failure::usage(
            format!("{remote}: the request cannot be made: {error}"),
            "a header or a path has a character that may not be there",
        )
    })?;
    report.step(|| {
        let first = format!("GET {} HTTP/1.1", ask.target.resource);
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
        let took_ns = Some(u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX));
        Step::Ws(Ws::Answer { way: Way::Heard, status: status.as_u16(), head: lines(first, &headers), took_ns })
    });
    let (agreed, warning) = match ask.judge(&key, status, &headers) {
        Ok(taken) => taken,
        Err(trouble) => {
            let to = headers.get(header::LOCATION).and_then(|to| to.to_str().ok());
            if status.is_redirection()
                && ask.redirects > 0
                && let Some(to) = to
            {
                return Err(Stopped::Redirected {
                    status: status.as_u16(),
                    to: to.to_owned(),
                    headers: headers.clone(),
                });
            }
            let body = async {
                let body = body(response);
                tokio::select! {
                    body = body => body,
                    // Driven until the body is there.
                    () = async { if ended.is_none() { let _ = connection.await; } std::future::pending().await } => Bytes::new(),
                }
            };
            show(status, &headers, &body.await, report).await;
            let tls = recognise::tls_on_plain(&first.bytes()).is_some();
            let trouble = if tls { Trouble { hint: Some(SECURE.to_owned()), ..trouble } } else { trouble };
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

async fn body(response: Response<Incoming>) -> Bytes {
    match Limited::new(response.into_body(), LONGEST_BODY).collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(_) => Bytes::from_static(b"(a long body)"),
    }
}

/// Shows an answer that is no upgrade, whole: it says why better than we can.
async fn show(status: hyper::StatusCode, headers: &hyper::HeaderMap, body: &[u8], report: &Reporter) {
    let mut shown = lines(format!("the server's answer: HTTP/1.1 {status}"), headers);
    let body = String::from_utf8_lossy(body);
    let mut rest = body.lines();
    if !body.trim().is_empty() {
        shown.push(String::new());
        shown.extend(rest.by_ref().take(SHOWN).map(|line| line.chars().take(200).collect()));
    }
    let more = rest.count();
    if more > 0 {
        shown.push(format!("({more} more lines)"));
    }
    report.tell(What::Notice { text: shown.join("\n") }).await;
}

/// For a server that shows that it expects TLS.
const SECURE: &str = "the server expects TLS: wss://";

/// What it means that no answer can be read. `first`: what the server said first.
fn no_answer(error: &hyper::Error, first: &[u8]) -> Trouble {
    if recognise::tls_on_plain(first).is_some() {
        return Trouble { what: "the server answered with TLS".to_owned(), hint: Some(SECURE.to_owned()) };
    }
    let trouble = |what: &str, hint: &str| Trouble { what: what.to_owned(), hint: Some(hint.to_owned()) };
    if !first.is_empty() && !b"HTTP/".starts_with(&first[..first.len().min(5)]) {
        let what = match recognise::plain_on_tls(first) {
            Some(line) => format!("the server's answer is no HTTP: {line}"),
            None => "the server's answer is no HTTP".to_owned(),
        };
        return trouble(&what, "it speaks another protocol; `sockeye tcp connect` shows what it says");
    }
    if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
        let hint = "it may speak TLS (wss://), no HTTP at all, or have dropped us on purpose; -v shows what was asked";
        return trouble("the server closed the connection and did not answer", hint);
    }
    if error.is_parse() {
        return trouble("the server's answer is no HTTP", "`sockeye tcp connect` shows what it says");
    }
    let cause = std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<std::io::Error>());
    match cause {
        Some(error) => trouble(&words(error), "the connection broke during the handshake"),
        None => trouble(&error.to_string(), "`sockeye tcp connect` shows what the server says"),
    }
}
