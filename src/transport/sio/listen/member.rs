//! One HTTP connection: its requests, each judged, and answered byte for byte as the official server does.

use std::borrow::Cow;
use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use hyper::header::{self, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode, http};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio::time::{sleep, timeout};
use url::form_urlencoded;

use super::Fault;
use super::host::Host;
use super::socket;
use super::state::{Answer, NOBODY, Work};
use crate::eio::admission::{self, Admitted, Carrier, Context, Refusal};
use crate::eio::payload::Binary;
use crate::eio::session::Input;
use crate::eio::{Data, Text, Version};
use crate::event::Peer;
use crate::http::headers::{lines, lists, text};
use crate::http::{Protocol, answers};
use crate::link::{self, Reporter};
use crate::sio::server::ClientId;
use crate::step::Step;
use crate::step::http::Http;
use crate::step::ws::Way;
use crate::transport::http::Metered;
use crate::transport::tls::Overheard;
use crate::transport::ws::{self, Upgraded};
use crate::transport::{Channel, Opened};
use crate::ws::Role;
use crate::ws::handshake::server::Sense;
use crate::ws::handshake::{Page, Rules};

/// The longest head of a request, in bytes.
const LONGEST_HEAD: usize = 64 * 1024;

type Body = Full<Bytes>;
type Carried = Metered<Overheard>;

/// Instead of an answer the connection is closed.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the connection is cut")]
struct Cut;

fn cut() -> http::Result<Response<Body>> {
    Response::builder().extension(Cut).body(Full::default())
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
        async move {
            let answer = member.answer(request).await;
            if answer.extensions().get::<Cut>().is_some() { Err(Cut) } else { Ok(answer) }
        }
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
        () = host.cut() => {}
        () = host.over() => {
            connection.as_mut().graceful_shutdown();
            let _ = timeout(link::CLOSE_LIMIT, connection).await;
        }
    }
}

/// What a query says.
#[derive(Debug, Default, PartialEq, Eq)]
struct Query<'a> {
    transport: Option<Cow<'a, str>>,
    sid: Option<Cow<'a, str>>,
    eio: Option<Cow<'a, str>>,
    binary: Binary,
    wants_script: bool,
}

impl<'a> Query<'a> {
    fn of(query: &'a str) -> Self {
        let mut said = Self { binary: Binary::Raw, ..Self::default() };
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*key {
                "transport" => said.transport = Some(value),
                "sid" => said.sid = Some(value),
                "EIO" => said.eio = Some(value),
                "b64" => said.binary = if value.is_empty() { Binary::Raw } else { Binary::Base64 },
                "j" => said.wants_script = true,
                _ => {}
            }
        }
        said
    }
}

impl Member {
    async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        self.report.step(|| {
            let first = format!("{} {} {:?}", request.method(), request.uri(), request.version());
            let body = text(request.headers(), header::CONTENT_LENGTH).and_then(|length| length.parse().ok());
            let head = lines(first, request.headers());
            Step::Http(Http::Request { way: Way::Heard, head, body: body.unwrap_or(0) })
        });
        let origin = request.headers().get(header::ORIGIN).cloned();
        let turned_away = self.host.server.strangers.turned_away(request.headers());
        let is_welcome = turned_away.is_none();
        let answered = match (&self.place, turned_away) {
            (None, _) => answers::refusal(
                StatusCode::SERVICE_UNAVAILABLE,
                "no room for another",
                &[(header::RETRY_AFTER, "5"), (header::CONNECTION, "close")],
            ),
            (Some(_), Some(why)) => self.refuse(method(&request), Refusal::Forbidden, Some(&why)),
            (Some(_), None) => self.judged(request).await,
        };
        let mut response = answered.unwrap_or_default();
        self.host.server.faults.delay().await;
        if let Some(origin) = origin.filter(|_| is_welcome) {
            let headers = response.headers_mut();
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
            headers.insert(header::VARY, HeaderValue::from_static("Origin"));
        }
        self.report.step(|| {
            let head = lines(format!("HTTP/1.1 {}", response.status()), response.headers());
            Step::Http(Http::Answer { way: Way::Said, status: response.status().as_u16(), head, took_ns: None })
        });
        response
    }

    async fn judged(&self, request: Request<Incoming>) -> http::Result<Response<Body>> {
        let server = &self.host.server;
        if !request.uri().path().starts_with(&server.path) {
            let why = format!("nothing is at {}; Socket.IO is at {}", request.uri().path(), server.path);
            self.told(&why);
            return answers::refusal(StatusCode::NOT_FOUND, &why, &[]);
        }
        if request.method() == Method::OPTIONS {
            return Response::builder()
                .status(StatusCode::NO_CONTENT)
                .header(header::ACCESS_CONTROL_ALLOW_METHODS, "GET,HEAD,PUT,PATCH,POST,DELETE")
                .header(header::ACCESS_CONTROL_ALLOW_HEADERS, "Authorization, Content-Type")
                .body(Full::default());
        }
        let uri = request.uri().clone();
        let query = Query::of(uri.query().unwrap_or_default());
        let method = method(&request);
        let asked = admission::Request {
            method,
            transport: query.transport.as_deref(),
            sid: query.sid.as_deref(),
            eio: query.eio.as_deref(),
        };
        // Another server behind the same balancer knows none of ours.
        let forgets = server.faults.has(Fault::BadSid);
        let known = |sid: &str| self.host.look(|state| state.known(sid)).filter(|_| !forgets);
        let admitted = match admission::admit(&server.admission, &asked, known) {
            Ok(_) if query.wants_script => {
                self.told("JSONP (j=…) is not spoken here");
                Err(Refusal::BadRequest(Context::TransportHandshakeError))
            }
            admitted => admitted,
        };
        let admitted = match admitted {
            Ok(admitted) => admitted,
            Err(refusal) => return self.refuse(method, refusal, None),
        };
        if method == admission::Method::Upgrade {
            return self.websocket(request, admitted, &query);
        }
        let id = match admitted {
            Admitted::New(version, carrier) => self.open(version, carrier, query.binary, uri.query()).await,
            Admitted::Known => match query.sid.as_deref().and_then(|sid| self.host.look(|state| state.client(sid))) {
                Some(id) => id,
                // It ended just now.
                None => return self.refuse(method, Refusal::UnknownSid, None),
            },
        };
        match method {
            admission::Method::Post if let Some(code) = server.faults.status() => closing(code),
            // Boxed, so that those who wait carry no room for the other.
            admission::Method::Post => Box::pin(self.post(id, request)).await,
            admission::Method::Get => {
                drop(request); // it may be long
                self.poll(id).await
            }
            admission::Method::Upgrade | admission::Method::Other => status(500),
        }
    }

    fn told(&self, why: &str) {
        self.report.step(|| Step::Http(Http::Refused { why: format!("{}: {why}", self.peer.remote) }));
    }

    /// A refusal as the official server writes it.
    fn refuse(
        &self,
        method: admission::Method,
        refusal: Refusal,
        message: Option<&str>,
    ) -> http::Result<Response<Body>> {
        let context = match refusal {
            Refusal::BadRequest(context) => format!(" ({})", context.name()),
            _ => String::new(),
        };
        self.told(&format!("{}{context}", message.unwrap_or(refusal.message())));
        let response = Response::builder().status(refusal.status(method));
        let response = match method {
            admission::Method::Upgrade => {
                response.header(header::CONTENT_TYPE, "text/html").header(header::CONNECTION, "close")
            }
            _ => response.header(header::CONTENT_TYPE, "application/json"),
        };
        response.body(Full::from(refusal.body(method, message)))
    }

    /// A new session, which is a conversation of its own to whoever watches.
    async fn open(&self, version: Version, carrier: Carrier, binary: Binary, whole: Option<&str>) -> ClientId {
        let report = self.host.journal.open();
        let whole = whole.filter(|_| version == Version::V3).map(str::to_owned);
        let (id, effects) = self.host.act(|state, now, effects| {
            state.open(version, carrier, binary, whole, (report, self.peer.clone()), now, effects)
        });
        self.host.tell(effects).await;
        id
    }

    /// Waits for packets.
    async fn poll(&self, id: ClientId) -> http::Result<Response<Body>> {
        let (sender, answer) = oneshot::channel();
        let ((), effects) = self.host.act(|state, now, effects| state.poll(id, sender, now, effects));
        // From here on, because its client may give it up while this is told.
        let mut waiting = Waiting { host: self.host.clone(), id, until: Until::Answered };
        self.host.tell(effects).await;
        let answer = answer.await;
        waiting.until = Until::Gone;
        match answer {
            Ok(Answer::Packets(body)) => {
                let (kind, bytes) = match body {
                    Data::Text(text) => ("text/plain; charset=UTF-8", text.bytes()),
                    Data::Binary(bytes) => ("application/octet-stream", bytes),
                };
                Response::builder()
                    .header(header::CONTENT_TYPE, kind)
                    .header(header::CACHE_CONTROL, "no-store")
                    .body(Full::from(bytes))
            }
            Ok(Answer::Refused(code)) => status(code),
            Ok(Answer::Cut) => cut(),
            Ok(Answer::Taken) | Err(_) => status(400),
        }
    }

    async fn post(&self, id: ClientId, request: Request<Incoming>) -> http::Result<Response<Body>> {
        let (begun, effects) = self.host.act(|state, now, effects| state.post_begins(id, now, effects));
        let until = if begun.is_some() { Until::Posted } else { Until::Gone };
        let mut underway = Waiting { host: self.host.clone(), id, until };
        self.host.tell(effects).await;
        let Some(ended) = begun else { return status(400) };
        let most = self.host.server.session.max_payload;
        let is_binary = text(request.headers(), header::CONTENT_TYPE) == Some("application/octet-stream");
        let is_large = request.body().size_hint().lower() > most as u64;
        let body = if is_large {
            None
        } else {
            let limit = self.host.server.body_limit;
            let body = Limited::new(request.into_body(), most).collect();
            let collected = tokio::select! {
                collected = body => collected,
                // Either way its session is over, and nothing more is heard on this connection.
                () = sleep(limit) => {
                    self.told(&format!("its body did not come within {limit:?}"));
                    return closing(408);
                }
                _ = ended => return closing(400),
            };
            match collected {
                Ok(collected) => Some(collected.to_bytes()),
                Err(error) if error.is::<LengthLimitError>() => None,
                Err(_) => return status(400), // nobody hears it
            }
        };
        underway.until = Until::Gone;
        let body = body.map(|bytes| {
            if is_binary {
                return Data::Binary(bytes);
            }
            // As browsers' and Node's decoders do it.
            let lossy = || String::from_utf8_lossy(&bytes).into_owned().into();
            Data::Text(Text::of_bytes(bytes.clone()).unwrap_or_else(lossy))
        });
        let is_too_large = body.is_none();
        let ((), mut effects) = self.host.act(|state, now, effects| state.post_ends(id, body, now, effects));
        let posted = effects.posted.take();
        self.host.tell(effects).await;
        match posted {
            _ if is_too_large => closing(413),
            Some(Answer::Taken) => Response::builder().header(header::CONTENT_TYPE, "text/html").body(Full::from("ok")),
            Some(Answer::Refused(code)) => status(code),
            Some(Answer::Cut) => cut(),
            Some(Answer::Packets(_)) | None => status(400),
        }
    }

    /// A WebSocket, of a session that is there or of a new one.
    fn websocket(
        &self,
        request: Request<Incoming>,
        admitted: Admitted,
        query: &Query<'_>,
    ) -> http::Result<Response<Body>> {
        let (parts, body) = request.into_parts();
        let server = &self.host.server;
        let rules = Rules { strangers: server.strangers.clone(), page: Page::Hidden, ..Rules::default() };
        let answer = rules.answer(&parts);
        let agreed = match answer.sense {
            Sense::Upgrade(agreed) => agreed,
            Sense::Served => return status(404),
            Sense::Refused(why) => {
                self.told(&why);
                return Ok(answer.response);
            }
        };
        let manners = ws::Manners::new(server.session.max_payload);
        let known = query.sid.as_deref().and_then(|sid| self.host.look(|state| state.client(sid)));
        let is_of_polling = query.transport.as_deref() == Some(Carrier::Polling.name());
        let (binary, whole) = (query.binary, parts.uri.query().map(str::to_owned));
        let upgrade = hyper::upgrade::on(Request::from_parts(parts, body));
        let member = self.clone();
        tokio::spawn(async move {
            let Ok(upgraded) = upgrade.await else { return };
            let Ok(parts) = upgraded.downcast::<TokioIo<Carried>>() else { return };
            let stream = parts.io.into_inner().into_inner().into_stream();
            let id = match (admitted, known) {
                // It opens for a transport that needs none, and is closed, as by the official server.
                _ if is_of_polling => NOBODY,
                (Admitted::New(version, carrier), _) => member.open(version, carrier, binary, whole.as_deref()).await,
                (Admitted::Known, Some(id)) => id,
                (Admitted::Known, None) => return,
            };
            // A session that ended meanwhile has no pen; its socket is refused, and told with the connection's.
            let Member { host, peer, report, place } = member;
            let report = host.look(|state| state.pen(id)).unwrap_or(report);
            let upgraded = Upgraded { stream, early: parts.read_buf, agreed };
            let opened = ws::conversation(upgraded, Role::Server, peer, manners, report);
            socket::carry(&host, id, binary, opened).await;
            drop(place);
        });
        Ok(answer.response)
    }
}

/// What a request does.
fn method(request: &Request<Incoming>) -> admission::Method {
    match *request.method() {
        Method::GET if lists(request.headers(), header::UPGRADE, "websocket") => admission::Method::Upgrade,
        Method::GET => admission::Method::Get,
        Method::POST => admission::Method::Post,
        _ => admission::Method::Other,
    }
}

fn status(code: u16) -> http::Result<Response<Body>> {
    Response::builder().status(code).body(Full::default())
}

/// The same, and the connection ends.
fn closing(code: u16) -> http::Result<Response<Body>> {
    Response::builder().status(code).header(header::CONNECTION, "close").body(Full::default())
}

/// A request that is not answered yet. If it is dropped, its client has given it up, which its session hears.
struct Waiting {
    host: Arc<Host>,
    id: ClientId,
    until: Until,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Until {
    /// It is a GET.
    Answered,
    /// It is a POST, whose body is not there.
    Posted,
    /// It is over.
    Gone,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let input = match self.until {
            Until::Answered => Input::Aborted,
            Until::Posted => Input::Failed,
            Until::Gone => return,
        };
        let effects = self.host.drive(Work::Engine(self.id, input));
        self.host.tell_later(effects);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_decoded() {
        let plain = Query::of("EIO=4&transport=polling&sid=a-b+c&b64=1");
        let said = |text: &'static str| Some(Cow::Borrowed(text));
        let wanted = Query {
            transport: said("polling"),
            sid: said("a-b c"),
            eio: said("4"),
            binary: Binary::Base64,
            wants_script: false,
        };
        assert_eq!(plain, wanted);
        assert_eq!(Query::of("%45IO=%34&transport=poll%69ng&s%69d=%61-b%20c&b6%34=1"), wanted);
        assert_eq!(Query::of("b64=").binary, Binary::Raw);
    }
}
