//! WebSocket, in either role.

use std::sync::Arc;
use std::time::Duration;

use hyper::header::HeaderValue;

use super::asking::{Asker, carrier, headers, login, without_scheme};
use super::talk::until_silent;
use super::tls::{self, Over};
use super::{Carries, Hearers, Plan, Terminal, access, again, connect_as, exec, listen, network, sockets};
use super::{Demo, Target as Whom};
use crate::cli::{Family, MessageKind, Switch, WsAsk, WsCommon, WsConnect, WsDeflate, WsListen, WsOffer};
use crate::endpoint::ListenOn;
use crate::environment::Environment;
use crate::exit::Failure;
use crate::frame::Framing;
use crate::http::{Carrier, Protocol, Strangers, Target};
use crate::input::{Kinds, Reading};
use crate::proxy::Route;
use crate::transport::binding::Place;
use crate::transport::ws::{Answers, Client, Manners, Pings, Server};
use crate::transport::{Bind, Dial, On, tcp};
use crate::ws::deflate::{Takeover, Window};
use crate::ws::extension::Config;
use crate::ws::handshake::{Ask, Page, Rules, Subprotocols};
use crate::ws::speaking::Masking;
use crate::ws::verbs::DIALECT;

/// As long as connecting may take.
const LIMIT: Duration = Duration::from_secs(10);

pub(super) fn ws_connect(options: WsConnect, terminal: Terminal, environment: &Environment) -> Result<Plan, Failure> {
    let WsConnect {
        url,
        demo: _,
        ask,
        deflate,
        common,
        no_mask,
        reply,
        network: reach,
        mut tls,
        ip,
        tcp,
        retry,
        reconnect,
        exec,
        talk,
    } = options;
    let target = url.as_deref().map(|url| {
        Target::parse(Protocol::WebSocket, url)
            .map_err(|why| Failure::usage(format!("ws connect {url}: {why}"), "sockeye ws connect --help has examples"))
    });
    let target = target.transpose()?;
    let limit = tls.handshake.handshake_timeout.unwrap_or(LIMIT);
    let masking = if no_mask { Masking::Never } else { Masking::ByRole };
    let deflate = self::deflate(&deflate);
    let manners = manners(&common, deflate, masking, talk.messages.max_message);
    let secure = target.as_ref().is_some_and(Target::is_secure);
    let carries_tls = secure || tls.tls;
    let over = match &target {
        Some(Target { carrier: Carrier::Unix(_), .. }) => Over::Local,
        _ => Over::Host,
    };
    // Also a plain one may be redirected to one with TLS.
    let may_speak_tls = carries_tls || ask.location.is_some();
    if !may_speak_tls {
        tls.handshake.handshake_timeout = None; // it is for WebSocket's too
    }
    let elsewhere = tls::client(tls, may_speak_tls, Over::Host, environment)?;
    let tls = elsewhere.clone().filter(|_| carries_tls);
    if carries_tls && over == Over::Local {
        return Err(Failure::usage("--tls: no TLS is spoken over a Unix socket here", "ws+unix: is plain"));
    }
    let ask = self::ask(ask, target.clone(), deflate)?;
    let client = Client { tls: elsewhere, ask, manners, limit };
    let to = match target.map(|target| target.carrier) {
        None => {
            Whom::Demo(Demo::Ws { network: network(reach, ip, &tcp, Route::default())?, tls, client: Box::new(client) })
        }
        Some(to) => {
            let dial = carrier(to, tls, reach, ip, &tcp, environment)?;
            Whom::Endpoint(Dial { ws: Some(Box::new(client)), retry: retry.retry, ..dial })
        }
    };
    let linger = until_silent(&talk);
    let reply = exec::reply(reply, exec, &talk.messages, Carries::Messages, environment)?;
    let Plan::Connect(connection, mut talk) =
        connect_as(to, again(&reconnect), reply, talk, Carries::Messages, terminal)?
    else {
        unreachable!("a connection was planned")
    };
    talk.rules.linger = linger;
    talk.reading.kinds = kinds(common.kind, &talk.reading);
    talk.dialect = &DIALECT;
    Ok(Plan::Connect(connection, talk))
}

pub(super) fn ws_listen(options: WsListen, terminal: Terminal, environment: &Environment) -> Result<Plan, Failure> {
    let WsListen {
        address,
        ipv4,
        ipv6,
        offer,
        deflate,
        common,
        serve,
        feed,
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
    // `tls://` names are for tcp; a scheme may stand here too.
    let (by_scheme, rest) = without_scheme(&address, Protocol::WebSocket.schemes());
    let (place, path) = match rest.split_once('/') {
        Some((place, path)) => (place, Some(format!("/{path}")).filter(|path| path != "/")),
        None => (rest, None),
    };
    let on = ListenOn::parse("ws", place)?;
    access::tcp_opened_by_us(&on, ipv4, ipv6, &port, &queue, &tcp)?;
    let family = Family::from_options(ipv4, ipv6);
    let limit = tls.handshake.handshake_timeout.unwrap_or(LIMIT);
    if !(tls.tls || by_scheme) {
        tls.handshake.handshake_timeout = None; // it is for WebSocket's too
    }
    let tls = tls::server(tls, by_scheme, Over::Host, Some(&on), environment)?;
    let place = Place { on, family, port: access::port(&port), options: sockets::options(ip, &tcp)?, handed };
    let on = On::Tcp(tcp::Bind { place, backlog: access::backlog(&queue) });
    let deflate = self::deflate(&deflate);
    let manners = manners(&common, deflate, Masking::ByRole, talk.messages.max_message);
    let ws = Some(Server { rules: Arc::new(rules(offer, path, deflate)?), manners, limit });
    let bind = Bind { manager, access: access::addresses(access, &rate)?, tls, ws, ..Bind::from(on) };
    let plan = listen(bind, &serve, &Hearers::Fed(feed), exec, talk, Carries::Messages, terminal, environment)?;
    let Plan::Listen(bind, mut service) = plan else { unreachable!("a listener was planned") };
    service.talk.reading.kinds = kinds(common.kind, &service.talk.reading);
    service.talk.dialect = &DIALECT;
    Ok(Plan::Listen(bind, service))
}

fn kinds(kind: MessageKind, reading: &Reading) -> Kinds {
    match kind {
        _ if reading.kinds == Kinds::Events || reading.framing == Framing::Tagged => reading.kinds,
        // What one read returns may end within a character.
        MessageKind::Auto if reading.framing == Framing::Chunks => Kinds::Binary,
        MessageKind::Auto => Kinds::Seen,
        MessageKind::Text => Kinds::Text,
        MessageKind::Binary => Kinds::Binary,
    }
}

fn manners(common: &WsCommon, deflate: Option<Config>, masking: Masking, limit: usize) -> Manners {
    let answers = |withheld: bool| if withheld { Answers::Withheld } else { Answers::Given };
    let config = deflate.unwrap_or_default();
    Manners {
        limit,
        masking,
        pongs: answers(common.no_pong),
        closes: answers(common.no_close_reply),
        level: config.level,
        threshold: config.threshold,
        pings: common.ping_interval.map(|every| Pings { every, patience: common.ping_timeout }),
    }
}

fn deflate(options: &WsDeflate) -> Option<Config> {
    let takeover = |reset: bool| if reset { Takeover::Reset } else { Takeover::Kept };
    (options.deflate == Switch::On).then(|| Config {
        ours: Window { bits: options.deflate_window, takeover: takeover(options.deflate_reset) },
        theirs: Window { bits: options.deflate_peer_window, takeover: takeover(options.deflate_peer_reset) },
        level: options.deflate_level,
        threshold: options.deflate_threshold.unwrap_or(Config::THRESHOLD),
    })
}

fn ask(options: WsAsk, target: Option<Target>, deflate: Option<Config>) -> Result<Ask, Failure> {
    let WsAsk { header, origin, subprotocol, strict, auth, cookie, location } = options;
    // The demo fills its address in when it has one.
    let target = target.unwrap_or_else(|| Target::nowhere(Protocol::WebSocket));
    let origin = origin.map(|text| {
        HeaderValue::from_str(&text).map_err(|_| {
            Failure::usage(format!("--origin {text:?}: it cannot be in a header"), "https://example.org is one")
        })
    });
    let asking = Asker::new(header, auth.as_deref(), cookie, location)?.asks(target);
    Ok(Ask {
        asking,
        origin: origin.transpose()?,
        offered: subprotocols(subprotocol)?,
        subprotocols: if strict { Subprotocols::Strict } else { Subprotocols::Lenient },
        deflate,
    })
}

fn rules(options: WsOffer, path: Option<String>, deflate: Option<Config>) -> Result<Rules, Failure> {
    let WsOffer { subprotocol, header, allow_origin, host, auth, no_page } = options;
    Ok(Rules {
        path,
        subprotocols: subprotocols(subprotocol)?,
        headers: headers(header)?,
        strangers: Strangers { origins: allow_origin, hosts: host },
        page: if no_page { Page::Hidden } else { Page::Shown },
        deflate,
        login: auth.as_deref().map(login).transpose()?,
    })
}

/// Each is a token, and offered once (RFC 6455 §4.1).
fn subprotocols(given: Vec<String>) -> Result<Vec<String>, Failure> {
    for (at, name) in given.iter().enumerate() {
        let is_token =
            !name.is_empty() && name.bytes().all(|c| c.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&c));
        if !is_token || given[..at].contains(name) {
            let why = if is_token { "it is given twice" } else { "expected one name without spaces and commas" };
            return Err(Failure::usage(
                format!("--subprotocol {name:?}: {why}"),
                "--subprotocol chat --subprotocol superchat",
            ));
        }
    }
    Ok(given)
}
