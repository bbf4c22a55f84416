//! What asks: one connection that requests go over, one after the other; opened again when it is gone.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{self, HeaderValue};
use hyper::{HeaderMap, Method, Response, http};
use hyper_util::rt::TokioIo;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::super::tls::{First, Overheard};
use super::super::{Channel, Dial, Opened};
use super::metered::Metered;
use super::trouble;
use super::{Client, Codings};
use crate::exit::{Exit, Failure};
use crate::http::headers::lines;
use crate::http::{Asking, Protocol, content};
use crate::link::Reporter;
use crate::quantity::nanos;
use crate::step::http::Http;
use crate::step::ws::Way;
use crate::step::{Stage, Step};

/// The longest head of an answer, in bytes.
const LONGEST_HEAD: usize = 64 * 1024;
/// A body that nobody waits for is read up to here, in bytes.
const SHORT: usize = 64 * 1024;

/// Asks one server, or where it leads.
pub(in crate::transport) struct Agent {
    carrier: Dial,
    tls: Option<crate::tls::Client>,
    pub(in crate::transport) asking: Asking,
    /// Where it asks next, if a redirection was only for now.
    home: Option<Asking>,
    codings: Codings,
    repetition: Repetition,
    /// How long the head of an answer may take.
    pub(in crate::transport) limit: Duration,
    line: Option<Line>,
    pub(super) report: Reporter,
    local: Option<String>,
}

/// What is asked again when its connection ends before an answer begins. What was surely not asked always is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Repetition {
    /// What may be, by its method.
    Idempotent,
    /// Nothing: an answer may have been lost, and there is none like it.
    Never,
}

/// A connection.
struct Line {
    sender: SendRequest<Full<Bytes>>,
    first: First,
    driver: JoinHandle<()>,
    /// Something was answered on it: it may since have been closed.
    used: bool,
}

impl Drop for Line {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// What is asked.
pub(in crate::transport) struct Ask {
    pub(in crate::transport) method: Method,
    pub(in crate::transport) body: Bytes,
    /// More headers.
    pub(in crate::transport) headers: HeaderMap,
}

impl Agent {
    pub(super) fn new(carrier: Dial, client: &Client, asking: Asking, report: Reporter) -> Self {
        let plain = Self::plain(carrier, asking, client.limit, report);
        Self { tls: client.tls.clone(), codings: client.request.codings, repetition: Repetition::Idempotent, ..plain }
    }

    /// Of what is asked itself, without compression; nothing is asked twice.
    pub(in crate::transport) fn plain(carrier: Dial, asking: Asking, limit: Duration, report: Reporter) -> Self {
        Self {
            tls: carrier.tls.clone(),
            carrier,
            asking,
            home: None,
            codings: Codings::Refused,
            repetition: Repetition::Never,
            limit,
            line: None,
            report,
            local: None,
        }
    }

    /// Where it asks, to be told.
    pub(in crate::transport) fn name(&self) -> String {
        self.asking.target.to_string()
    }

    /// Where it asks, wherever the last redirection has led.
    pub(super) fn home(&self) -> &Asking {
        self.home.as_ref().unwrap_or(&self.asking)
    }

    /// Our end of the last connection.
    pub(in crate::transport) fn local(&self) -> Option<String> {
        self.local.clone()
    }

    /// Has a connection, a new one if need be.
    pub(super) async fn open(&mut self) -> Result<(), Failure> {
        if self.line.as_ref().is_some_and(|line| !line.sender.is_closed()) {
            return Ok(());
        }
        self.line = None;
        let remote = self.name();
        let dial = self
            .carrier
            .elsewhere(&self.asking.target.carrier, self.tls.as_ref())
            .map_err(|why| Failure::new(Exit::Protocol, format!("connect to {remote}: {why}")))?;
        let Opened { channel, report } = dial.carrier(self.report.clone()).await?;
        let Channel::Bytes(stream, peer) = channel else {
            return Err(Failure::new(Exit::Protocol, format!("connect to {remote}: HTTP needs a stream of bytes")));
        };
        self.local = Some(Protocol::Http.over(&peer.local, stream.is_secure()));
        report.meter().carried_by(stream.connection());
        let (stream, first) = Overheard::new(stream);
        let metered = Metered::new(stream, Arc::clone(report.meter()));
        let (sender, connection) = http1::Builder::new()
            .title_case_headers(true)
            .max_buf_size(LONGEST_HEAD)
            .handshake(TokioIo::new(metered))
            .await
            .map_err(|error| {
                trouble::failed(&remote, trouble::no_answer(&error, &first.bytes(), &self.asking), &self.report)
            })?;
        // Its end is seen by whoever asks next, and by whoever reads a body.
        let driver = tokio::spawn(async move {
            let _ = connection.await;
        });
        self.line = Some(Line { sender, first, driver, used: false });
        Ok(())
    }

    /// Asks, and follows where that leads. A connection that was closed meanwhile is opened again, once.
    pub(in crate::transport) async fn ask(&mut self, ask: &Ask) -> Result<Response<Incoming>, Failure> {
        if let Some(mut home) = self.home.take() {
            if home.target.carrier == self.asking.target.carrier {
                home.cookies = std::mem::take(&mut self.asking.cookies);
            } else {
                self.line = None;
            }
            self.asking = home;
        }
        let mut ask_here = Ask { method: ask.method.clone(), body: ask.body.clone(), headers: ask.headers.clone() };
        loop {
            let answer = self.once(&ask_here).await?;
            let (status, headers) = (answer.status(), answer.headers());
            self.asking.remember(headers);
            let to = headers.get(header::LOCATION).and_then(|to| to.to_str().ok());
            let leads = matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308);
            let (true, Some(to), 1..) = (leads, to, self.asking.redirects) else { return Ok(answer) };
            let from = self.name();
            let next = self
                .asking
                .redirected(to)
                .map_err(|why| Failure::new(Exit::Protocol, format!("{from}: redirected, but {why}")))?;
            // Every client makes a GET of a POST that is answered so (RFC 9110 §15.4.2 to §15.4.4).
            if matches!(status.as_u16(), 301..=303) && ask_here.method == Method::POST {
                ask_here = Ask { method: Method::GET, body: Bytes::new(), headers: ask_here.headers };
            }
            self.report.step(|| Step::Http(Http::Redirected { status: status.as_u16(), to: next.target.to_string() }));
            // Only for now (RFC 9110 §15.4.3, §15.4.8), unless it is said to be for ever.
            if matches!(status.as_u16(), 302 | 303 | 307) && self.home.is_none() {
                self.home = Some(self.asking.clone());
            }
            let moved = next.target.carrier != self.asking.target.carrier;
            self.asking = next;
            if moved {
                self.line = None;
            }
        }
    }

    async fn once(&mut self, ask: &Ask) -> Result<Response<Incoming>, Failure> {
        loop {
            self.open().await?;
            self.report.gate(Stage::Request).await;
            let request = self.request(ask).map_err(|error| {
                Failure::usage(
                    format!("{}: the request cannot be made: {error}", self.name()),
                    "a header or a path has a character that may not be there",
                )
            })?;
            let Some(line) = &mut self.line else { continue };
            self.report.step(|| {
                let first = format!("{} {} HTTP/1.1", request.method(), request.uri());
                let head = lines(first, request.headers());
                Step::Http(Http::Request { way: Way::Said, head, body: ask.body.len() as u64 })
            });
            let started = Instant::now();
            let sending = line.sender.send_request(request);
            let sent = if self.report.stepping() { Ok(sending.await) } else { timeout(self.limit, sending).await };
            let Ok(sent) = sent else {
                self.line = None;
                let what = format!("{}: no answer within {:?}", self.name(), self.limit);
                return Err(Failure::new(Exit::Timeout, what).hint("--answer-timeout waits longer"));
            };
            match sent {
                Ok(response) => {
                    line.used = true;
                    self.report.step(|| {
                        let first = format!("{:?} {}", response.version(), response.status());
                        let head = lines(first, response.headers());
                        let took_ns = Some(nanos(started.elapsed()));
                        let status = response.status().as_u16();
                        Step::Http(Http::Answer { way: Way::Heard, status, head, took_ns })
                    });
                    return Ok(response);
                }
                // A server may close a connection that it has kept open, just when we ask (RFC 9112 §9.3.1).
                Err(error) if line.used && self.repetition.allows(&ask.method, &error) => self.line = None,
                Err(error) => {
                    let first = line.first.bytes();
                    let first = if line.used { &b"HTTP/"[..] } else { &first };
                    let trouble = trouble::no_answer(&error, first, &self.asking);
                    self.line = None;
                    return Err(trouble::failed(&self.name(), trouble, &self.report));
                }
            }
        }
    }

    fn request(&self, ask: &Ask) -> http::Result<hyper::Request<Full<Bytes>>> {
        let mut headers = self.asking.begin()?;
        headers.extend(ask.headers.clone());
        if self.codings == Codings::Accepted {
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(content::ACCEPTED));
        }
        self.asking.end(&mut headers)?;
        let request = hyper::Request::builder().method(ask.method.clone()).uri(&self.asking.target.resource);
        let mut request = request.body(Full::new(ask.body.clone()))?;
        *request.headers_mut() = headers;
        Ok(request)
    }

    /// An answer's body, if it is short and comes soon. If not, another connection is cheaper than the rest of it.
    pub(super) async fn short(&mut self, answer: Incoming) -> Option<Bytes> {
        let whole = timeout(self.limit, Limited::new(answer, SHORT).collect()).await;
        if let Ok(Ok(whole)) = whole {
            return Some(whole.to_bytes());
        }
        self.hang_up();
        None
    }

    /// The next request goes over a new connection.
    pub(super) fn hang_up(&mut self) {
        self.line = None;
    }
}

impl Repetition {
    fn allows(self, method: &Method, error: &hyper::Error) -> bool {
        let has_ended = error.is_incomplete_message() || error.is_closed();
        error.is_canceled() || (self == Self::Idempotent && method.is_idempotent() && has_ended)
    }
}
