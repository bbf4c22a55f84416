//! A Socket.IO client.

use std::time::Duration;

use super::super::asking::{Asker, carrier};
use super::super::talk::until_silent;
use super::super::tls::{self, Over};
use super::super::{Carries, Demo, Plan, Target as Whom, Terminal, connect_as, exec, network};
use crate::cli::{EioVersion, ReplyMode, SioAgain, SioAsk, SioConnect, SioParser, SioTransport};
use crate::eio::admission::Carrier;
use crate::eio::client::Upgrade;
use crate::eio::{Text, Version};
use crate::environment::Environment;
use crate::exit::Failure;
use crate::http::{Protocol, Target};
use crate::input::Kinds;
use crate::proxy::Route;
use crate::sio::client::{Reconnection, Retries};
use crate::sio::json::Shape;
use crate::sio::packet::MAIN;
use crate::sio::{Json, verbs};
use crate::transport::Dial;
use crate::transport::sio::connect::{Client, Format, LIMIT, NamedBy, Versions};

pub(crate) fn sio_connect(options: SioConnect, terminal: Terminal, environment: &Environment) -> Result<Plan, Failure> {
    let SioConnect { url, demo: _, ask, again, network: reach, mut tls, ip, tcp, retry, exec, talk } = options;
    let asked = url.as_deref().map(|url| {
        Target::parse(Protocol::Http, url).map_err(|why| {
            Failure::usage(format!("sio connect {url}: {why}"), "sockeye sio connect --help has examples")
        })
    });
    let asked = asked.transpose()?;
    let target = asked.clone().unwrap_or_else(|| Target::nowhere(Protocol::Http));
    let limit = tls.handshake.handshake_timeout.unwrap_or(LIMIT);
    let carries_tls = target.is_secure() || tls.tls;
    if !carries_tls {
        tls.handshake.handshake_timeout = None; // it is for Socket.IO's too
    }
    let over = if matches!(target.carrier, crate::http::Carrier::Unix(_)) { Over::Local } else { Over::Host };
    if carries_tls && over == Over::Local {
        return Err(Failure::usage("--tls: no TLS is spoken over a Unix socket here", "http+unix: is plain"));
    }
    let tls = tls::client(tls, carries_tls, Over::Host, environment)?;
    let client = Box::new(client(ask, &again, target, limit, talk.messages.max_message)?);
    let to = match asked.map(|target| target.carrier) {
        None => Whom::Demo(Demo::Sio { network: network(reach, ip, &tcp, Route::default())?, tls, client }),
        Some(to) => {
            let dial = carrier(to, tls, reach, ip, &tcp, environment)?;
            Whom::Endpoint(Dial { sio: Some(client), retry: retry.retry, ..dial })
        }
    };
    let linger = until_silent(&talk);
    let reply = exec::reply(ReplyMode::None, exec, &talk.messages, Carries::Messages, environment)?;
    let Plan::Connect(connection, mut talk) = connect_as(to, None, reply, talk, Carries::Messages, terminal)? else {
        unreachable!("a connection was planned")
    };
    talk.rules.linger = linger;
    if talk.reading.kinds != Kinds::Events {
        talk.reading.kinds = Kinds::Seen;
    }
    talk.dialect = &verbs::CLIENT;
    Ok(Plan::Connect(connection, talk))
}

fn client(ask: SioAsk, again: &SioAgain, target: Target, limit: Duration, largest: usize) -> Result<Client, Failure> {
    let SioAsk { eio, transport, path, namespace, auth, parser, header, cookie, ack, ask_timeout, retries } = ask;
    let mut namespaces = Vec::new();
    let by_path = target.resource.split('?').next().unwrap_or(MAIN).to_owned();
    let named_by = if by_path == MAIN { NamedBy::Option } else { NamedBy::Url };
    if named_by == NamedBy::Url {
        namespaces.push(Text::from(by_path));
    }
    for name in &namespace {
        let name = super::namespace_of(name)?;
        if !namespaces.contains(&name) {
            namespaces.push(name);
        }
    }
    if namespaces.is_empty() {
        namespaces.push(Text::from_static(MAIN));
    }
    let auth = auth.map(|text| {
        Json::parse(text.as_str().into()).filter(|json| json.shape() == Shape::Object).ok_or_else(|| {
            // What was given may be a secret, and so it is not shown.
            Failure::usage("--auth: expected a JSON object", "--auth '{\"token\":\"abc\"}'")
        })
    });
    let acks = ack.iter().map(|text| self::ack(text)).collect::<Result<_, _>>()?;
    let (carrier, upgrade) = match transport {
        SioTransport::Auto => (Carrier::Polling, Upgrade::Wanted),
        SioTransport::Polling => (Carrier::Polling, Upgrade::Unwanted),
        SioTransport::Websocket => (Carrier::WebSocket, Upgrade::Unwanted),
    };
    let &SioAgain { no_reconnect, reconnect_attempts: attempts, reconnect_delay: delays } = again;
    let reconnection =
        Reconnection { delay: delays.first, longest: delays.longest, attempts, ..Reconnection::default() };
    Ok(Client {
        asking: Asker::new(header, None, cookie, None)?.asks(target),
        path: format!("/{}/", path.trim_matches('/')).replace("//", "/"),
        versions: match eio {
            EioVersion::Auto => Versions::Auto,
            EioVersion::V4 => Versions::Only(Version::V4),
            EioVersion::V3 => Versions::Only(Version::V3),
        },
        carrier,
        upgrade,
        format: if parser == SioParser::Msgpack { Format::Msgpack } else { Format::Json },
        namespaces,
        named_by,
        auth: auth.transpose()?,
        reconnection: (!no_reconnect).then_some(reconnection),
        retries: retries.zip(ask_timeout).map(|(count, timeout)| Retries { count, timeout }),
        patience: ask_timeout,
        acks,
        limit,
        largest,
    })
}

/// `EVENT=JSON`: the arguments as an array, or the only one.
fn ack(text: &str) -> Result<(String, Json), Failure> {
    let wrong = || Failure::usage(format!("--ack {text}: expected EVENT=JSON"), "--ack 'hello={\"ok\":true}'");
    let (event, json) = text.split_once('=').ok_or_else(wrong)?;
    let json = Json::parse(json.into()).ok_or_else(wrong)?;
    let arguments = if json.shape() == Shape::Array { json } else { Json::array([&json]) };
    Ok((event.to_owned(), arguments))
}
