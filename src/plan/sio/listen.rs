//! `sio listen`.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use super::super::talk::STREAM_BLOCK;
use super::super::tls::{self, Over};
use super::super::{Carries, Hearers, Plan, Terminal, access, asking, listen, sockets};
use crate::cli::{Family, Feed, ReplyMode, Serve, SioListen, SioParser, SioReply, SioTransport, Slow};
use crate::eio::admission::{self, Carrier, Carriers, Versions};
use crate::eio::client::Upgrade;
use crate::eio::session::{self, Heart};
use crate::endpoint::ListenOn;
use crate::environment::Environment;
use crate::exec::{CommandLine, Frames, Program, Streams};
use crate::exit::Failure;
use crate::frame::Framing;
use crate::http::{Protocol, Strangers};
use crate::input::Kinds;
use crate::sio::json::Shape;
use crate::sio::{Json, Limits, Parser, sayable, server, verbs};
use crate::transport::binding::Place;
use crate::transport::sio::listen::{Fault, Faults, Pattern, Reply, Rules, Server};
use crate::transport::sockets::Options;
use crate::transport::{Bind, On, tcp};

pub(crate) fn sio_listen(options: SioListen, terminal: Terminal, environment: &Environment) -> Result<Plan, Failure> {
    let server = server(&options, environment)?;
    let SioListen { address, ipv4, ipv6, port, queue, mut tls, access, rate, ip, tcp, exec, talk, .. } = options;
    let Environment { handed, manager, .. } = environment.clone();
    let (by_scheme, place) = asking::without_scheme(&address, Protocol::Http.schemes());
    let on = ListenOn::parse("sio", place.trim_end_matches('/'))?;
    access::tcp_opened_by_us(&on, ipv4, ipv6, &port, &queue, &tcp)?;
    let family = Family::from_options(ipv4, ipv6);
    let given = tls.handshake.handshake_timeout;
    let (limit, body_limit) = (given.unwrap_or(server.limit), given.unwrap_or(server.body_limit));
    if !(tls.tls || by_scheme) {
        tls.handshake.handshake_timeout = None; // it is for requests too
    }
    let server = Server { limit, body_limit, ..server };
    let tls = tls::server(tls, by_scheme, Over::Host, Some(&on), environment)?;
    // An event that waits for the acknowledgement of the one before it would be late.
    let options = Options { nodelay: true, ..sockets::options(ip, &tcp)? };
    let place = Place { on, family, port: access::port(&port), options, handed };
    let on = On::Tcp(tcp::Bind { place, backlog: access::backlog(&queue) });
    let access = access::addresses(access, &rate)?;
    let bind = Bind { manager, access, tls, sio: Some(Box::new(server)), ..Bind::from(on) };
    let serve =
        Serve { once: false, max_peers: u32::MAX, reply: ReplyMode::None, slow: Slow::Drop, accept_timeout: None };
    let hearers = Hearers::Fed(Feed { stdin: None });
    let plan = listen(bind, &serve, &hearers, exec, talk, Carries::Messages, terminal, environment)?;
    let Plan::Listen(bind, mut service) = plan else { unreachable!("a listener was planned") };
    if service.talk.reading.kinds != Kinds::Events {
        service.talk.reading.kinds = Kinds::Seen;
    }
    service.talk.dialect = &verbs::SERVER;
    Ok(Plan::Listen(bind, service))
}

fn server(options: &SioListen, environment: &Environment) -> Result<Server, Failure> {
    if !options.path.starts_with('/') {
        return Err(Failure::usage(
            format!("--path {}: a path begins with a slash", options.path),
            "--path /socket.io/",
        ));
    }
    let carriers = match options.transport {
        SioTransport::Auto => Carriers::Both,
        SioTransport::Polling => Carriers::Only(Carrier::Polling),
        SioTransport::Websocket => Carriers::Only(Carrier::WebSocket),
    };
    let started = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let named = |name: &String| {
        let name = if name.starts_with(['/', '*']) { name.clone() } else { format!("/{name}") };
        Pattern::new(&name)
    };
    Ok(Server {
        path: options.path.clone(),
        admission: admission::Rules {
            versions: if options.eio3 { Versions::ThreeAndFour } else { Versions::Four },
            carriers,
        },
        session: session::Config {
            ping_interval: options.ping_interval,
            ping_timeout: options.ping_timeout,
            upgrade_timeout: options.upgrade_timeout,
            max_payload: options.max_payload,
            upgrade: if carriers == Carriers::Both { Upgrade::Wanted } else { Upgrade::Unwanted },
            heart: if options.fault.contains(&Fault::NoPong) { Heart::Still } else { Heart::Beating },
        },
        config: server::Config {
            parser: match options.parser {
                SioParser::Json => Parser::default(),
                SioParser::Msgpack => Parser::Msgpack,
            },
            limits: Limits::default(),
            connect_timeout: options.connect_timeout,
            recovery: options.recovery,
            started: u64::try_from(started).unwrap_or(u64::MAX),
        },
        rules: Rules {
            namespaces: options.namespace.iter().map(named).collect(),
            token: options.auth_token.clone(),
            denied: options.deny_event.clone(),
            on: options.on.iter().map(|given| answering(given.as_ref())).collect::<Result<_, _>>()?,
            acks: options.ack.iter().map(|given| rule("--ack", given, is_array)).collect::<Result<_, _>>()?,
            programs: options
                .on_exec
                .iter()
                .map(|given| program(given, options.talk.messages.max_message, environment))
                .collect::<Result<_, _>>()?,
            reply: match options.reply {
                SioReply::None => Reply::None,
                SioReply::Echo => Reply::Echo,
                SioReply::Broadcast => Reply::Broadcast,
            },
        },
        strangers: Strangers { origins: options.allow_origin.clone(), hosts: options.host.clone() },
        most: usize::try_from(options.max_peers).unwrap_or(usize::MAX),
        ack_timeout: options.ack_timeout,
        program_timeout: options.on_exec_timeout,
        faults: Faults(options.fault.clone()),
        ..Server::default()
    })
}

/// `save=./save.sh`
fn program(given: &str, limit: usize, environment: &Environment) -> Result<(String, Arc<Program>), Failure> {
    let wrong = || {
        let what = format!("--on-exec {given}: expected an event and a program with its arguments");
        Failure::usage(what, "--on-exec 'save=./save.sh --fast'")
    };
    let (event, line) = given.split_once('=').ok_or_else(wrong)?;
    let command = CommandLine::words(line).map_err(|_| wrong())?;
    let frames = Frames { framing: Framing::Lines, kinds: Kinds::Seen, block: STREAM_BLOCK, limit };
    let program = Program::new(command, Streams::Pipes, frames, environment.path.clone());
    Ok((event.to_owned(), Arc::new(program)))
}

fn is_array(json: &Json) -> bool {
    json.shape() == Shape::Array
}

fn is_event(json: &Json) -> bool {
    json.name().is_some()
}

/// `hello=["welcome",1]`, which is an event that may be said.
fn answering(given: &str) -> Result<(String, Json), Failure> {
    let (event, answer) = rule("--on", given, is_event)?;
    sayable::event(Parser::default(), &answer, 0)
        .map_err(|why| Failure::usage(format!("--on {given}: {why}"), "--on 'hello=[\"welcome\",1]'"))?;
    Ok((event, answer))
}

/// `hello=["welcome",1]`
fn rule(option: &str, given: &str, fits: fn(&Json) -> bool) -> Result<(String, Json), Failure> {
    let parts = given.split_once('=');
    let rule = parts.and_then(|(event, json)| Some((event.to_owned(), Json::parse(json.into()).filter(fits)?)));
    rule.ok_or_else(|| match option {
        "--on" => Failure::usage(
            format!("--on {given}: expected an event and the event that answers it, as an array"),
            "--on 'hello=[\"welcome\",1]'",
        ),
        _ => Failure::usage(
            format!("{option} {given}: expected an event and the arguments of its acknowledgement, as an array"),
            format!("{option} 'save=[{{\"ok\":true}}]'"),
        ),
    })
}
