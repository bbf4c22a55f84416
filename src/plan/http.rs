//! HTTP: the styles of a client, and the server that has them all.

use std::time::Duration;

use bytes::Bytes;
use hyper::Method;
use hyper::header::HeaderValue;

use super::asking::{Asker, carrier, headers, login, without_scheme};
use super::tls::{self, Over};
use super::{Carries, Hearers, Plan, Terminal, access, again, connect_as, exec, listen, network, sockets};
use super::{Demo, Target as Whom};
use crate::backoff::Backoff;
use crate::cli::{
    AtEof, Family, Feed, HttpAsk, HttpListen, HttpLongPoll, HttpPoll, HttpSse, HttpStream, ReplyMode, Serve, Slow,
    Switch,
};
use crate::endpoint::ListenOn;
use crate::environment::Environment;
use crate::exit::Failure;
use crate::http::{Carrier, Protocol, Strangers, Target};
use crate::input::Kinds;
use crate::proxy::Route;
use crate::session::Linger;
use crate::transport::binding::Place;
use crate::transport::http::{Client, Codings, News, Post, Posts, Request, Server, StreamEnd, Style};
use crate::transport::sockets::Options;
use crate::transport::{Bind, Dial, On, tcp};
use crate::ws::handshake::Page;

/// How long the head of an answer may take.
const LIMIT: Duration = Duration::from_secs(10);
/// The same where a server holds it back: longer than any is advised to (RFC 6202 §5.5).
const HELD: Duration = Duration::from_secs(120);
/// After a failure, and at most after many.
const WAITS: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));

pub(super) fn poll(options: HttpPoll, terminal: Terminal, environment: &Environment) -> Result<Plan, Failure> {
    let HttpPoll { ask, interval, jitter, all } = options;
    connect(ask, Style::Poll { interval, jitter, news: news(all) }, terminal, environment)
}

pub(super) fn long_poll(options: HttpLongPoll, terminal: Terminal, environment: &Environment) -> Result<Plan, Failure> {
    let HttpLongPoll { ask, all } = options;
    connect(ask, Style::LongPoll { news: news(all) }, terminal, environment)
}

pub(super) fn stream(options: HttpStream, terminal: Terminal, environment: &Environment) -> Result<Plan, Failure> {
    connect(options.ask, Style::Stream, terminal, environment)
}

pub(super) fn sse(options: HttpSse, terminal: Terminal, environment: &Environment) -> Result<Plan, Failure> {
    let HttpSse { ask, last_event_id: after, no_resume } = options;
    if let Some(id) = after.as_ref().filter(|id| HeaderValue::from_str(id).is_err()) {
        return Err(Failure::usage(format!("--last-event-id {id:?}: it cannot be in a header"), "--last-event-id 7"));
    }
    let end = if no_resume { StreamEnd::Over } else { StreamEnd::Resume };
    connect(ask, Style::Sse { end, after }, terminal, environment)
}

fn news(all: bool) -> News {
    if all { News::All } else { News::Changes }
}

fn verb(style: &Style) -> &'static str {
    match style {
        Style::Poll { .. } => "poll",
        Style::LongPoll { .. } => "long-poll",
        Style::Stream => "stream",
        Style::Sse { .. } => "sse",
    }
}

fn connect(options: HttpAsk, style: Style, terminal: Terminal, environment: &Environment) -> Result<Plan, Failure> {
    let HttpAsk {
        url,
        demo: _,
        header,
        method,
        data,
        content_type,
        post,
        auth,
        cookie,
        location,
        compression,
        answer_timeout,
        attempts,
        network: reach,
        tls,
        ip,
        tcp,
        retry,
        reconnect,
        exec,
        talk,
    } = options;
    let verb = verb(&style);
    let target = |text: &str| {
        Target::parse(Protocol::Http, text).map_err(|why| {
            Failure::usage(format!("http {verb} {text}: {why}"), format!("sockeye http {verb} --help has examples"))
        })
    };
    let asked = url.as_deref().map(target).transpose()?;
    let posted = post.as_deref().map(target).transpose()?;
    let who = Asker::new(header, auth.as_deref(), cookie, location)?;
    let secure = asked.as_ref().is_some_and(Target::is_secure);
    let carries_tls = secure || tls.tls;
    let is_local = matches!(&asked, Some(Target { carrier: Carrier::Unix(_), .. }));
    if carries_tls && is_local {
        return Err(Failure::usage("--tls: no TLS is spoken over a Unix socket here", "http+unix: is plain"));
    }
    // Also a plain one may be redirected to one with TLS, or what is said go to one.
    let may_speak_tls = carries_tls || location.is_some() || posted.as_ref().is_some_and(Target::is_secure);
    let elsewhere = tls::client(tls, may_speak_tls, Over::Host, environment)?;
    let tls = elsewhere.clone().filter(|_| carries_tls);
    let request = request(method, data, content_type.clone(), compression)?;
    let held = if matches!(style, Style::LongPoll { .. }) { HELD } else { LIMIT };
    let client = Client {
        tls: elsewhere,
        style,
        asking: who.asks(asked.clone().unwrap_or_else(|| Target::nowhere(Protocol::Http))),
        request,
        post: Post { to: posted.map(|target| who.asks(target)), content_type },
        framing: talk.messages.framing,
        newline: talk.messages.newline,
        largest: talk.messages.max_message,
        limit: answer_timeout.unwrap_or(held),
        backoff: Backoff::new(WAITS.0, WAITS.1),
        attempts,
    };
    let to = match asked.map(|target| target.carrier) {
        None => {
            let network = network(reach, ip, &tcp, Route::default())?;
            Whom::Demo(Demo::Http { network, tls, client: Box::new(client) })
        }
        Some(to) => {
            let dial = carrier(to, tls, reach, ip, &tcp, environment)?;
            Whom::Endpoint(Dial { http: Some(Box::new(client)), retry: retry.retry, ..dial })
        }
    };
    let linger = talk.ending.linger.filter(|_| talk.ending.at_eof != AtEof::Stay);
    let reply = exec::reply(ReplyMode::None, exec, &talk.messages, Carries::Messages, environment)?;
    let Plan::Connect(connection, mut talk) =
        connect_as(to, again(&reconnect), reply, talk, Carries::Messages, terminal)?
    else {
        unreachable!("a connection was planned")
    };
    talk.rules.linger = linger.map_or(Linger::Forever, Linger::UntilSilent);
    if talk.reading.kinds != Kinds::Events {
        talk.reading.kinds = Kinds::Seen;
    }
    Ok(Plan::Connect(connection, talk))
}

/// What every request is.
fn request(
    method: Option<String>,
    data: Option<String>,
    content_type: Option<String>,
    compression: Switch,
) -> Result<Request, Failure> {
    let default = if data.is_some() { Method::POST } else { Method::GET };
    let method = method.map_or(Ok(default), |name| {
        Method::from_bytes(name.as_bytes())
            .map_err(|_| Failure::usage(format!("--method {name:?}: it is no method"), "--method GET"))
    })?;
    if let Some(kind) = content_type.as_ref().filter(|kind| HeaderValue::from_str(kind).is_err()) {
        return Err(Failure::usage(
            format!("--content-type {kind:?}: it cannot be in a header"),
            "--content-type application/json",
        ));
    }
    let seen = |text: &String| {
        let is_json = serde_json::from_str::<&serde_json::value::RawValue>(text).is_ok();
        if is_json { "application/json" } else { "text/plain; charset=utf-8" }.to_owned()
    };
    let content_type = match &data {
        Some(text) => content_type.or_else(|| Some(seen(text))),
        None => None,
    };
    let codings = if compression == Switch::On { Codings::Accepted } else { Codings::Refused };
    Ok(Request { method, body: data.map(Bytes::from).unwrap_or_default(), content_type, codings })
}

pub(super) fn http_listen(options: HttpListen, terminal: Terminal, environment: &Environment) -> Result<Plan, Failure> {
    let HttpListen {
        address,
        ipv4,
        ipv6,
        max_peers,
        hold,
        heartbeat,
        sse_retry,
        header,
        allow_origin,
        host,
        auth,
        no_page,
        no_publish,
        port,
        queue,
        mut tls,
        access,
        rate,
        ip,
        tcp,
        exec,
        talk,
    } = options;
    let Environment { handed, manager, .. } = environment.clone();
    let (by_scheme, place) = without_scheme(&address, Protocol::Http.schemes());
    let on = ListenOn::parse("http", place.trim_end_matches('/'))?;
    access::tcp_opened_by_us(&on, ipv4, ipv6, &port, &queue, &tcp)?;
    let family = Family::from_options(ipv4, ipv6);
    let limit = tls.handshake.handshake_timeout.unwrap_or(LIMIT);
    if !(tls.tls || by_scheme) {
        tls.handshake.handshake_timeout = None; // it is for the heads of requests too
    }
    let tls = tls::server(tls, by_scheme, Over::Host, Some(&on), environment)?;
    // An event that waits for the acknowledgement of the one before it would be late.
    let options = Options { nodelay: true, ..sockets::options(ip, &tcp)? };
    let place = Place { on, family, port: access::port(&port), options, handed };
    let on = On::Tcp(tcp::Bind { place, backlog: access::backlog(&queue) });
    let strangers = Strangers { origins: allow_origin, hosts: host };
    let server = Server {
        login: auth.as_deref().map(login).transpose()?,
        headers: headers(header)?,
        page: if no_page { Page::Hidden } else { Page::Shown },
        hold,
        heartbeat,
        retry: sse_retry,
        largest: talk.messages.max_message,
        limit,
        most: usize::try_from(max_peers).unwrap_or(usize::MAX),
        posts: if no_publish { Posts::Heard } else { Posts::Published },
        ..Server::new(strangers)
    };
    let access = access::addresses(access, &rate)?;
    let bind = Bind { manager, access, tls, http: Some(Box::new(server)), ..Bind::from(on) };
    let serve =
        Serve { once: false, max_peers: u32::MAX, reply: ReplyMode::None, slow: Slow::Drop, accept_timeout: None };
    let hearers = Hearers::Fed(Feed { stdin: None });
    let plan = listen(bind, &serve, &hearers, exec, talk, Carries::Messages, terminal, environment)?;
    let Plan::Listen(bind, mut service) = plan else { unreachable!("a listener was planned") };
    if service.talk.reading.kinds != Kinds::Events {
        service.talk.reading.kinds = Kinds::Seen;
    }
    Ok(Plan::Listen(bind, service))
}
