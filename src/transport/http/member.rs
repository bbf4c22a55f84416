//! One connection to a topic: its requests, each in a style.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::stream;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Empty, Full, LengthLimitError, Limited, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode, http};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::{Notify, OwnedSemaphorePermit, mpsc};
use tokio::time::timeout;

use super::super::tls::Overheard;
use super::super::ws::{self, Upgraded};
use super::super::{Channel, Opened};
use super::host::Host;
use super::metered::Metered;
use crate::event::{CloseReason, Event, Message, Outcome, Peer, What};
use crate::http::Protocol;
use crate::http::answers;
use crate::http::headers::{lines, text};
use crate::http::topic::News;
use crate::link::{self, Reporter};
use crate::step::Step;
use crate::step::http::Http;
use crate::step::ws::Way;
use crate::ws::Role;
use crate::ws::handshake::Page;
use crate::ws::handshake::server::{Answer, Sense};

/// The longest head of a request, in bytes.
const LONGEST_HEAD: usize = 64 * 1024;
/// The page that shows every style, and documents the paths.
const PAGE: &str = include_str!("page.html");
/// A stream says that it is alive with an empty line, an event stream with a comment.
const ALIVE: [&[u8]; 2] = [b"\n", b":\n\n"];

type Body = BoxBody<Bytes, Infallible>;
type Carried = Metered<Overheard>;

/// What a path is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Path {
    Page,
    Poll,
    LongPoll,
    Stream,
    Sse,
    WebSocket,
    Publish,
    Control,
}

impl Path {
    const ALL: [Self; 8] = [
        Self::Page,
        Self::Poll,
        Self::LongPoll,
        Self::Stream,
        Self::Sse,
        Self::WebSocket,
        Self::Publish,
        Self::Control,
    ];

    fn of(path: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == path)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Page => "/",
            Self::Poll => "/poll",
            Self::LongPoll => "/long-poll",
            Self::Stream => "/stream",
            Self::Sse => "/sse",
            Self::WebSocket => "/ws",
            Self::Publish => "/publish",
            Self::Control => "/control",
        }
    }
}

/// Who asks.
#[derive(Clone)]
struct Member {
    host: Arc<Host>,
    peer: Peer,
    report: Reporter,
    /// Given back when the last that is done for it has ended; `None` if there was none left.
    place: Option<Arc<OwnedSemaphorePermit>>,
}

/// Answers requests for as long as the connection lasts.
pub(super) async fn serve(host: Arc<Host>, opened: Opened) {
    let Opened { channel: Channel::Bytes(stream, peer), report } = opened else { return };
    let secure = stream.is_secure();
    let peer =
        Peer { remote: Protocol::Http.over(&peer.remote, secure), local: Protocol::Http.over(&peer.local, secure) };
    report.meter().carried_by(stream.connection());
    let place = host.place().map(Arc::new);
    let (stream, _) = Overheard::new(stream);
    let stream = Metered::new(stream, Arc::clone(report.meter()));
    let member = Member { host: host.clone(), peer, report, place };
    let service = service_fn(move |request| {
        let member = member.clone();
        async move { Ok::<_, Infallible>(member.answer(request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .title_case_headers(true)
        .header_read_timeout(host.server.limit)
        .max_buf_size(LONGEST_HEAD)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    tokio::select! {
        // How a connection ends is nobody's business: what is asked on it is told.
        _ = connection.as_mut() => {}
        () = host.over() => {
            connection.as_mut().graceful_shutdown();
            let _ = timeout(link::CLOSE_LIMIT, connection).await;
        }
    }
}

impl Member {
    async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        self.report.step(|| {
            let first = format!("{} {} {:?}", request.method(), request.uri(), request.version());
            let body = text(request.headers(), header::CONTENT_LENGTH).and_then(|length| length.parse().ok());
            Step::Http(Http::Request {
                way: Way::Heard,
                head: lines(first, request.headers()),
                body: body.unwrap_or(0),
            })
        });
        let origin = request.headers().get(header::ORIGIN).cloned();
        let answered = if self.place.is_none() { Self::full() } else { self.judged(request).await };
        let mut response = answered.unwrap_or_else(|_| Response::new(Empty::new().boxed()));
        for (name, value) in &self.host.server.headers {
            response.headers_mut().append(name, value.clone());
        }
        // Strangers were turned away before: who is answered may read it.
        if let Some(origin) = origin
            && response.status() != StatusCode::FORBIDDEN
        {
            let headers = response.headers_mut();
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(header::VARY, HeaderValue::from_static("Origin"));
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("ETag, Link"));
        }
        self.report.step(|| {
            let head = lines(format!("HTTP/1.1 {}", response.status()), response.headers());
            Step::Http(Http::Answer { way: Way::Said, status: response.status().as_u16(), head, took_ns: None })
        });
        response
    }

    fn full() -> http::Result<Response<Body>> {
        refuse(
            StatusCode::SERVICE_UNAVAILABLE,
            "no room for another",
            &[(header::RETRY_AFTER, "5"), (header::CONNECTION, "close")],
        )
    }

    async fn judged(&self, request: Request<Incoming>) -> http::Result<Response<Body>> {
        let server = &self.host.server;
        if let Some(why) = server.strangers.turned_away(request.headers()) {
            return self.refuse(StatusCode::FORBIDDEN, &why, &[]);
        }
        let is_there = |path: &Path| *path != Path::Control || server.front.is_some();
        let Some(path) = Path::of(request.uri().path()).filter(is_there) else {
            return self.refuse(StatusCode::NOT_FOUND, &format!("nothing is at {}", request.uri().path()), &[]);
        };
        if request.method() == Method::OPTIONS {
            return Response::builder()
                .status(StatusCode::NO_CONTENT)
                .header(header::ALLOW, "GET, POST, OPTIONS")
                .header(header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, OPTIONS")
                .header(
                    header::ACCESS_CONTROL_ALLOW_HEADERS,
                    "Authorization, Content-Type, If-None-Match, Last-Event-ID",
                )
                .body(Empty::new().boxed());
        }
        if let Some(login) = &server.login
            && text(request.headers(), header::AUTHORIZATION) != Some(&login.basic())
        {
            let challenge = [(header::WWW_AUTHENTICATE, "Basic realm=\"sockeye\"")];
            return self.refuse(StatusCode::UNAUTHORIZED, "a login is needed", &challenge);
        }
        match (request.method(), path) {
            // Boxed, so that ten thousand who wait carry no room for it.
            (&Method::POST, path) => Box::pin(self.post(path, request)).await,
            (&Method::GET, Path::WebSocket) => self.websocket(request),
            (&Method::GET | &Method::HEAD, Path::Page) => match server.page {
                Page::Shown => {
                    let page = server.front.as_ref().map_or(PAGE, |front| front.page);
                    answers::page(page, "'self' ws: wss:").map(|response| response.map(BodyExt::boxed))
                }
                Page::Hidden => self.refuse(StatusCode::NOT_FOUND, "no page is here", &[]),
            },
            (&Method::GET, path) => {
                let (parts, _) = request.into_parts();
                let cursor = match since(&parts) {
                    Ok(cursor) => cursor,
                    Err(why) => return self.refuse(StatusCode::BAD_REQUEST, &why, &[]),
                };
                match path {
                    Path::Poll => self.poll(&parts, cursor.unwrap_or(0)),
                    Path::LongPoll => {
                        drop(parts); // it may be long
                        self.long_poll(cursor.unwrap_or(0)).await
                    }
                    Path::Stream | Path::Sse => self.stream(path, cursor).await,
                    Path::Page | Path::WebSocket | Path::Publish | Path::Control => self.refuse(
                        StatusCode::METHOD_NOT_ALLOWED,
                        "what is posted here is published",
                        &[(header::ALLOW, "POST")],
                    ),
                }
            }
            (method, _) => {
                let why = format!("{method} is not understood here");
                self.refuse(StatusCode::METHOD_NOT_ALLOWED, &why, &[(header::ALLOW, "GET, POST, OPTIONS")])
            }
        }
    }

    fn refuse(
        &self,
        status: StatusCode,
        why: &str,
        headers: &[(HeaderName, &'static str)],
    ) -> http::Result<Response<Body>> {
        self.report.step(|| Step::Http(Http::Refused { why: format!("{}: {status}: {why}", self.peer.remote) }));
        refuse(status, why, headers)
    }

    /// What came after a cursor, now.
    fn poll(&self, parts: &Parts, cursor: u64) -> http::Result<Response<Body>> {
        let last = self.host.last();
        let same = text(&parts.headers, header::IF_NONE_MATCH).is_some_and(|tags| matches_tag(tags, last));
        if same {
            let answer = Response::builder().status(StatusCode::NOT_MODIFIED);
            return told(answer, last).body(Empty::new().boxed());
        }
        self.news(cursor)
    }

    fn news(&self, cursor: u64) -> http::Result<Response<Body>> {
        let news = self.host.since(cursor);
        let reached = news.entries.last().map_or_else(|| cursor.min(self.host.last()), |entry| entry.id);
        if news.entries.is_empty() {
            let answer = told(Response::builder().status(StatusCode::NO_CONTENT), reached);
            return answer.body(Empty::new().boxed());
        }
        let body = self.written(&news, Path::Stream);
        told(Response::builder(), reached)
            .header(header::CONTENT_TYPE, "application/x-ndjson")
            .body(Full::new(body).boxed())
    }

    /// The same, and waits for it.
    async fn long_poll(&self, cursor: u64) -> http::Result<Response<Body>> {
        let _ = timeout(self.host.server.hold, self.host.newer_than(cursor)).await;
        self.news(cursor)
    }

    /// Events in the form of a style.
    fn written(&self, news: &News, path: Path) -> Bytes {
        let form = |entry: &crate::http::topic::Entry| match path {
            Path::Sse => entry.sse.clone(),
            _ => entry.line.clone(),
        };
        if news.missed == 0
            && let [only] = &news.entries[..]
        {
            return form(only);
        }
        let mut out = BytesMut::new();
        if news.missed > 0 {
            let count = news.missed;
            self.report.step(|| Step::Http(Http::Missed { count }));
            let words = match path {
                Path::Sse => format!("event: missed\ndata: {count}\n\n"),
                _ => format!("{{\"missed\":{count}}}\n"),
            };
            out.extend_from_slice(words.as_bytes());
        }
        for entry in &news.entries {
            out.extend_from_slice(&form(entry));
        }
        out.freeze()
    }

    /// An answer that goes on. Without a cursor it begins now.
    async fn stream(&self, path: Path, cursor: Option<u64>) -> http::Result<Response<Body>> {
        let is_live = cursor.is_none();
        let cursor = cursor.unwrap_or_else(|| self.host.last());
        let kind = if path == Path::Sse { "text/event-stream" } else { "application/x-ndjson" };
        let streaming = Streaming::begin(self.clone(), path, cursor, is_live).await;
        let frames = stream::unfold(streaming, |mut streaming| async move {
            let data = streaming.next().await?;
            Some((Ok::<_, Infallible>(Frame::data(data)), streaming))
        });
        Response::builder()
            .header(header::CONTENT_TYPE, kind)
            .header(header::CACHE_CONTROL, "no-store")
            // A proxy that collects an answer before it passes it on would make a poll of it.
            .header(HeaderName::from_static("x-accel-buffering"), "no")
            .body(StreamBody::new(frames).boxed())
    }

    /// What is posted is published, and heard by the session, unless it is for whoever controls the server.
    async fn post(&self, path: Path, request: Request<Incoming>) -> http::Result<Response<Body>> {
        let largest = self.host.server.largest;
        let whole = match Limited::new(request.into_body(), largest).collect().await {
            Ok(collected) => collected.to_bytes(),
            Err(error) if error.is::<LengthLimitError>() => {
                let why = format!("more than {largest} bytes (--max-message)");
                return self.refuse(StatusCode::PAYLOAD_TOO_LARGE, &why, &[(header::CONNECTION, "close")]);
            }
            Err(_) => {
                return self.refuse(
                    StatusCode::BAD_REQUEST,
                    "the body did not come to its end",
                    &[(header::CONNECTION, "close")],
                );
            }
        };
        if let (Path::Control, Some(front)) = (path, &self.host.server.front) {
            return match front.control.control(&whole) {
                Ok(set) => Response::builder()
                    .header(header::CONTENT_TYPE, "application/json")
                    .header(header::CACHE_CONTROL, "no-store")
                    .body(Full::from(set).boxed()),
                Err(why) => self.refuse(StatusCode::BAD_REQUEST, &why, &[]),
            };
        }
        let message = Message::seen(whole);
        self.host.say(&message);
        self.host.hear(message.from(&self.peer.remote)).await;
        Response::builder().status(StatusCode::NO_CONTENT).body(Empty::new().boxed())
    }

    /// A WebSocket hears everything from now on, or after its cursor, and what it says is published.
    fn websocket(&self, request: Request<Incoming>) -> http::Result<Response<Body>> {
        let (parts, body) = request.into_parts();
        let cursor = match since(&parts) {
            Ok(cursor) => cursor.unwrap_or_else(|| self.host.last()),
            Err(why) => return self.refuse(StatusCode::BAD_REQUEST, &why, &[]),
        };
        let Answer { response, sense } = self.host.server.ws.answer(&parts);
        let (head, bytes) = response.into_parts();
        let agreed = match sense {
            Sense::Upgrade(agreed) => agreed,
            Sense::Served => return self.refuse(StatusCode::NOT_FOUND, "no page is here", &[]),
            Sense::Refused(why) => {
                self.report.step(|| Step::Http(Http::Refused { why }));
                return Ok(Response::from_parts(head, bytes.boxed()));
            }
        };
        let upgrade = hyper::upgrade::on(Request::from_parts(parts, body));
        let member = self.clone();
        tokio::spawn(async move {
            let Ok(upgraded) = upgrade.await else { return };
            let Ok(parts) = upgraded.downcast::<TokioIo<Carried>>() else { return };
            let stream = parts.io.into_inner().into_inner().into_stream();
            let Member { host, peer, report, place: _place } = member;
            let peer = Peer { remote: http_to_ws(&peer.remote), local: http_to_ws(&peer.local) };
            let upgraded = Upgraded { stream, early: parts.read_buf, agreed };
            let opened = ws::conversation(upgraded, Role::Server, peer, host.server.manners.clone(), report);
            talk(&host, opened, cursor).await;
        });
        Ok(Response::from_parts(head, bytes.boxed()))
    }
}

/// `http://…` is `ws://…` once it has left HTTP.
fn http_to_ws(endpoint: &str) -> String {
    endpoint.strip_prefix("http").map_or_else(|| endpoint.to_owned(), |rest| format!("ws{rest}"))
}

/// Carries events between a WebSocket and the topic.
async fn talk(host: &Host, Opened { channel, report }: Opened, mut cursor: u64) {
    let Channel::Messages(transport) = channel else { return };
    let (heard, mut published) = mpsc::channel(16);
    let link = link::attend(transport, report.clone(), heard, Arc::new(Notify::new()));
    let outbox = link.sender();
    loop {
        tokio::select! {
            biased;
            events = published.recv() => match events {
                Some(events) => {
                    for event in events {
                        if let Event::Message(message) = event {
                            host.say(&message);
                        }
                    }
                }
                None => return, // it has ended
            },
            newer = host.newer_than(cursor) => {
                if !newer {
                    break;
                }
                let News { missed, entries } = host.since_live(cursor);
                if missed > 0 {
                    report.step(|| Step::Http(Http::Missed { count: missed }));
                }
                cursor = entries.last().map_or(cursor, |entry| entry.id);
                let events = entries.iter().map(|entry| Event::Message(entry.message.clone())).collect();
                let sent = tokio::select! {
                    biased;
                    sent = outbox.send(events) => sent.is_ok(),
                    () = host.over() => false,
                };
                if !sent {
                    break;
                }
            }
        }
    }
    link.close(CloseReason::going_away());
    while published.recv().await.is_some() {}
}

/// An answer that goes on, for whom it is told that it began and ended.
struct Streaming {
    member: Member,
    path: Path,
    cursor: u64,
    /// It asked for nothing that was before it.
    is_live: bool,
    greeting: Option<Bytes>,
}

impl Streaming {
    async fn begin(member: Member, path: Path, cursor: u64, is_live: bool) -> Self {
        let Member { peer, report, host, place: _ } = &member;
        report.meter().open(&peer.remote, crate::meter::Unit::Messages);
        report.tell(What::Opened(peer.clone())).await;
        let greeting = match (path, host.server.retry) {
            (Path::Sse, Some(retry)) => Some(Bytes::from(format!("retry: {}\n\n", retry.as_millis()))),
            _ => None,
        };
        Self { member, path, cursor, is_live, greeting }
    }

    /// What is to be sent next; `None` at the end.
    async fn next(&mut self) -> Option<Bytes> {
        if let Some(greeting) = self.greeting.take() {
            return Some(greeting);
        }
        let host = &self.member.host;
        loop {
            let [line, comment] = ALIVE;
            match timeout(host.server.heartbeat, host.newer_than(self.cursor)).await {
                Err(_) => return Some(Bytes::from_static(if self.path == Path::Sse { comment } else { line })),
                Ok(false) => return None,
                Ok(true) => {}
            }
            let news = if self.is_live { host.since_live(self.cursor) } else { host.since(self.cursor) };
            let Some(last) = news.entries.last() else { continue };
            self.cursor = last.id;
            self.member.report.meter().said(news.entries.len() as u64);
            return Some(self.member.written(&news, self.path));
        }
    }
}

impl Drop for Streaming {
    fn drop(&mut self) {
        let report = self.member.report.clone();
        let meter = report.meter().clone();
        let (sent, received) = (meter.bytes_sent(), meter.bytes_received());
        // Told by a task of its own: a connection that is dropped waits for nobody.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                report.measured().await;
                report.tell(What::Closed(Box::new(Outcome { sent, received, ..Outcome::default() }))).await;
            });
        }
    }
}

/// The cursor that a request names: `?since=7`, or `Last-Event-ID: 7`, which is the newer one.
fn since(parts: &Parts) -> Result<Option<u64>, String> {
    let expected = |name: &str, value: &str| format!("{name} is the number of an event, and not {value:?}");
    if let Some(id) = text(&parts.headers, HeaderName::from_static("last-event-id")) {
        return id.trim().parse().map(Some).map_err(|_| expected("Last-Event-ID", id));
    }
    let query = parts.uri.query().unwrap_or_default();
    let value = query.split('&').find_map(|pair| pair.strip_prefix("since="));
    value.map(|value| value.parse().map_err(|_| expected("since", value))).transpose()
}

/// Whether a list of tags names this state of the topic.
fn matches_tag(tags: &str, last: u64) -> bool {
    tags.split(',')
        .map(str::trim)
        .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == format!("\"{last}\""))
}

/// What every answer to a poll says: the state that it tells, and which question comes next. The link is relative, because a
/// proxy may have us at another path.
fn told(answer: http::response::Builder, reached: u64) -> http::response::Builder {
    answer
        .header(header::CACHE_CONTROL, "no-cache")
        .header(header::ETAG, format!("\"{reached}\""))
        .header(header::LINK, format!("<?since={reached}>; rel=\"next\""))
}

fn refuse(status: StatusCode, why: &str, headers: &[(HeaderName, &'static str)]) -> http::Result<Response<Body>> {
    answers::refusal(status, why, headers).map(|response| response.map(BodyExt::boxed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(uri: &str, headers: &[(&str, &str)]) -> Parts {
        let mut request = Request::builder().uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).expect("a request").into_parts().0
    }

    #[test]
    fn a_cursor_is_in_the_query_or_in_a_header() {
        for (uri, headers, cursor) in [
            ("/poll", &[][..], Ok(None)),
            ("/poll?since=7", &[], Ok(Some(7))),
            ("/poll?x=1&since=7&y", &[], Ok(Some(7))),
            ("/sse?since=7", &[("last-event-id", "9")], Ok(Some(9))),
            ("/sse", &[("last-event-id", "x")], Err(())),
            ("/poll?since=", &[], Err(())),
            ("/poll?since=-1", &[], Err(())),
        ] {
            assert_eq!(since(&parts(uri, headers)).map_err(|_| ()), cursor, "{uri}");
        }
    }

    #[test]
    fn a_tag_names_a_state() {
        for (tags, matches) in
            [("\"7\"", true), ("W/\"7\"", true), ("\"6\", \"7\"", true), ("*", true), ("\"77\"", false), ("7", false)]
        {
            assert_eq!(matches_tag(tags, 7), matches, "{tags}");
        }
    }
}
