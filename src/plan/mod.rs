//! What is to be done, decided: the command line and the terminal in, a [`Plan`] out. Pure; reads no environment.

mod access;
mod asking;
mod compare;
mod diagram;
mod exec;
mod http;
mod learn;
mod measure;
mod ping;
mod proxy;
mod scan;
pub mod sio;
mod sockets;
mod talk;
mod tls;
mod traffic;
mod ws;

use std::path::PathBuf;
use std::time::Duration;

use crate::backoff::Backoff;
use crate::cli::{
    self, Cli, Command, Exec, Family, Feed, Http, IpOptions, Names, Network, Offline, Output, Reconnect, ReplyMode,
    ReplyTo, Serve, Shell, Slow, StdinTo, Talk as TalkOptions, Tcp, TcpConnect, TcpListen, TcpOptions, Udp, UdpConnect,
    UdpListen, Unix, UnixConnect, UnixListen, UnixType, Vsock, VsockConnect, VsockListen, Ws,
};
use crate::endpoint::{HostPort, ListenOn, NameAddress, UnixListenOn, UnixName, VsockAddress};
use crate::environment::Environment;
use crate::event::{Event, Message};
use crate::exit::Failure;
use crate::frame::Framing;
use crate::input::Reading;
use crate::link::Reply;
use crate::proxy::Route;
use crate::repl::Dialect;
use crate::session::{Audience, Hangup, Linger, Rules};
use crate::tls::Client;
use crate::traffic::digest::Algorithm;
use crate::traffic::source::Source;
use crate::transport::binding::Place;
use crate::transport::framed::Frames;
use crate::transport::multicast::{Joins, Outward};
use crate::transport::resolve::Overrides;
use crate::transport::sockets::{Groups, Options};
use crate::transport::{self, Bind, Dial, On, To, tcp, udp, unix, vsock};
use crate::view::{Company, Look, Talk as Talkativeness};
pub use compare::{Compare, Look as CompareLook, Web};
pub use diagram::Diagram;
pub use learn::{Learn, Subject};
pub use measure::Measure;
pub use ping::Ping;
pub use scan::{Addresses, Scan};
use sockets::First;
use talk::{decide, look, talk};
use tls::Over;

/// What stdin, stdout and stderr are, and what the environment says about them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terminal {
    /// Where we read.
    pub stdin: Stdio,
    /// Where data goes.
    pub stdout: Stdio,
    /// Where talk goes.
    pub stderr: Stdio,
    /// Colour is wanted where there is a terminal: `NO_COLOR` is not set and `TERM` is not `dumb`.
    pub color: bool,
    /// Lines can be edited: `TERM` is not `dumb`.
    pub editing: bool,
    /// Columns.
    pub width: Option<u16>,
}

/// What one of the three standard descriptors is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stdio {
    /// A person.
    Terminal,
    /// A regular file.
    File,
    /// A pipe, a socket, `/dev/null`.
    Other,
}

impl Stdio {
    /// A person is there.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        self == Self::Terminal
    }
}

/// What is to be done.
pub enum Plan {
    /// Talk to one peer.
    Connect(Connection, Box<Talk>),
    /// Serve peers.
    Listen(Bind, Box<Service>),
    /// Tell how long connecting takes.
    Ping(Box<Ping>),
    /// Tell which ports are open.
    Scan(Box<Scan>),
    /// Measure styles side by side.
    Compare(Box<Compare>),
    /// The same in a browser.
    CompareWeb(Box<Web>),
    /// Teach.
    Learn(Box<Learn>),
    /// Tell what packets of Socket.IO mean.
    Decode(Box<sio::Decode>),
    /// Make a packet of Socket.IO.
    Encode(Box<sio::Encode>),
    /// Show a record again.
    Replay(PathBuf, Look, Option<Diagram>),
    /// Print a completion script.
    Completions(Shell),
}

/// A conversation to open.
pub struct Connection {
    /// With whom.
    pub to: Target,
    /// What is done by itself.
    pub reply: Reply,
    /// What happens when it is lost.
    pub again: Option<Again>,
}

/// How a lost conversation is opened again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Again {
    /// The waits before each attempt.
    pub backoff: Backoff,
    /// So many failed attempts in a row are the end.
    pub attempts: u32,
    /// What becomes of input meanwhile.
    pub offline: Offline,
}

/// Whom to talk to.
pub enum Target {
    /// Somebody.
    Endpoint(Dial),
    /// An echo server of our own.
    Demo(Demo),
}

/// The protocols that `--demo` can show.
#[expect(missing_docs, reason = "names of protocols")]
pub enum Demo {
    Tcp { network: transport::Network, tls: Option<Client> },
    Udp { network: transport::Network, limit: usize, joins: Joins, outward: Outward },
    Unix { kind: UnixType, limit: usize, options: Options, tls: Option<Client> },
    Ws { network: transport::Network, tls: Option<Client>, client: Box<transport::ws::Client> },
    Http { network: transport::Network, tls: Option<Client>, client: Box<transport::http::Client> },
    Sio { network: transport::Network, tls: Option<Client>, client: Box<transport::sio::connect::Client> },
}

/// A conversation.
pub struct Talk {
    /// How it is shown.
    pub look: Look,
    /// Where records are written.
    pub record: Option<PathBuf>,
    /// Where the sequence is drawn.
    pub diagram: Option<Diagram>,
    /// Whether stages wait for Enter.
    pub pace: Pace,
    /// Where what we say comes from.
    pub input: InputFrom,
    /// What is read instead of a prompt.
    pub source: Source,
    /// How that becomes messages.
    pub reading: Reading,
    /// How a stream's bytes become messages.
    pub frames: Frames,
    /// What is said first.
    pub say: Vec<Message>,
    /// When it is over.
    pub rules: Rules,
    /// What the protocol makes of the prompt.
    pub dialect: &'static Dialect,
    /// Digests that are to be made of what is said and heard.
    pub digest: Option<Algorithm>,
    /// What is measured and shown.
    pub measure: Measure,
    /// Whether bytes can go straight through.
    pub path: Path,
}

/// Peers and what is done with them.
pub struct Service {
    /// Each conversation.
    pub talk: Talk,
    /// What is done by itself.
    pub reply: Reply,
    /// Who hears stdin.
    pub audience: Audience,
    /// One peer, or so many at a time.
    pub peers: Peers,
    /// What becomes of those that do not read.
    pub slow: Slow,
}

/// How many peers are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peers {
    /// The first, and then it is over.
    Once,
    /// At most so many at a time.
    Most(usize),
}

/// Whether stages wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// They do not.
    Free,
    /// For Enter.
    Stepped,
}

/// Where what we say comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputFrom {
    /// Nothing is read.
    Nothing,
    /// The source, as it is: stdin or what --input says.
    Source,
    /// Lines edited at a prompt.
    Prompt,
    /// The source, from its start for each peer.
    Replay,
}

/// How bytes get from one end to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// Nobody looks at them: from descriptor to descriptor.
    Raw,
    /// As messages and records.
    Messages,
}

/// What the protocol carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Carries {
    Bytes,
    /// With boundaries; the peer's end is seen.
    Packets,
    /// With boundaries and without an end.
    Datagrams,
    /// Messages of any size, text or binary, and an end of both directions at once.
    Messages,
}

/// Decides.
pub fn resolve(cli: Cli, terminal: Terminal, environment: &Environment) -> Result<Plan, Failure> {
    match cli.command {
        Command::Tcp(Tcp::Connect(options)) => tcp_connect(options, terminal, environment),
        Command::Tcp(Tcp::Listen(options)) => tcp_listen(options, terminal, environment),
        Command::Tcp(Tcp::Ping(options)) => ping::ping(options, terminal, environment),
        Command::Udp(Udp::Connect(options)) => udp_connect(options, terminal, environment),
        Command::Udp(Udp::Listen(options)) => udp_listen(options, terminal, environment),
        Command::Unix(Unix::Connect(options)) => unix_connect(options, terminal, environment),
        Command::Unix(Unix::Listen(options)) => unix_listen(options, terminal, environment),
        Command::Vsock(Vsock::Connect(options)) => vsock_connect(options, terminal, environment),
        Command::Vsock(Vsock::Listen(options)) => vsock_listen(options, terminal, environment),
        Command::Ws(Ws::Connect(options)) => ws::ws_connect(*options, terminal, environment),
        Command::Ws(Ws::Listen(options)) => ws::ws_listen(*options, terminal, environment),
        Command::Http(Http::Poll(options)) => http::poll(*options, terminal, environment),
        Command::Http(Http::LongPoll(options)) => http::long_poll(*options, terminal, environment),
        Command::Http(Http::Stream(options)) => http::stream(*options, terminal, environment),
        Command::Http(Http::Sse(options)) => http::sse(*options, terminal, environment),
        Command::Http(Http::Listen(options)) => http::http_listen(*options, terminal, environment),
        Command::Compare(options) => compare::compare(options, terminal),
        Command::Sio(cli::Sio::Connect(options)) => sio::connect::sio_connect(*options, terminal, environment),
        Command::Sio(cli::Sio::Decode(options)) => sio::decode(options, terminal),
        Command::Sio(cli::Sio::Encode(options)) => sio::encode(options, terminal),
        Command::Sio(cli::Sio::Listen(options)) => sio::listen::sio_listen(*options, terminal, environment),
        Command::Scan(options) => scan::scan(options, terminal),
        Command::Learn(options) => Ok(Plan::Learn(Box::new(learn::learn(&options, terminal, environment)?))),
        Command::Replay(options) => {
            let look = look(&options.show, Framing::Lines, Talkativeness::Normal, terminal);
            let diagram = options.diagram.map(Diagram::at).transpose()?;
            Ok(Plan::Replay(options.file, Look { show_said: true, ..look }, diagram))
        }
        Command::Completions { shell } => Ok(Plan::Completions(shell)),
    }
}

fn tcp_connect(options: TcpConnect, terminal: Terminal, environment: &Environment) -> Result<Plan, Failure> {
    let TcpConnect { target, network, tls, ip, tcp, retry, reconnect, exec, talk } = options;
    let by_scheme = tls::is_asked_by(target.address.first());
    let tls = tls::client(tls, by_scheme, Over::Host, environment)?;
    let (target, route) = destination(&target, &network, tls.is_some(), environment)?;
    let network = self::network(network, ip, &tcp, route)?;
    let asks = tls.is_some() || !network.route.is_direct() || !talk.messages.say.is_empty();
    sockets::speaks_first(&network.options, if asks { First::Us } else { First::Whoever })?;
    let to = match target {
        None => Target::Demo(Demo::Tcp { network, tls }),
        Some(target) => {
            let to = To::Tcp(tcp::Dial { target, network });
            Target::Endpoint(Dial { tls, retry: retry.retry, ..Dial::from(to) })
        }
    };
    connect(to, Some(&reconnect), exec, talk, Carries::Bytes, terminal, environment)
}

/// Whom a stream goes to, and by which way; nobody is the demo.
fn destination(
    target: &cli::Target,
    network: &Network,
    tls: bool,
    environment: &Environment,
) -> Result<(Option<HostPort>, Route), Failure> {
    if target.demo {
        return Ok((None, Route::default()));
    }
    let target = HostPort::parse("tcp", &target.address)?;
    let route = proxy::for_stream(&network.proxy, &target, tls, environment)?;
    Ok((Some(target), route))
}

fn udp_connect(options: UdpConnect, terminal: Terminal, environment: &Environment) -> Result<Plan, Failure> {
    let UdpConnect { target, mut network, ip, multicast, to_many, exec, talk } = options;
    let limit = talk.messages.max_message;
    let proxy = std::mem::take(&mut network.proxy);
    let mut network = self::network(network, ip, &TcpOptions::default(), Route::default())?;
    let joins = sockets::joins(multicast, network.family)?;
    sockets::hears_groups(&joins, network.bind)?;
    if !joins.groups.is_empty() {
        network.options.groups = Groups::Joined;
    }
    let outward = sockets::outward(to_many);
    let to = if target.demo {
        Target::Demo(Demo::Udp { network, limit, joins, outward })
    } else {
        let target = HostPort::parse("udp", &target.address)?;
        network.route = proxy::for_datagrams(&proxy, &target)?;
        if !(network.route.is_direct() || joins.groups.is_empty()) {
            return Err(Failure::usage("--proxy: a proxy joins no groups", "leave out one of the two"));
        }
        Target::Endpoint(To::Udp(udp::Dial { target, network, limit, joins, outward }).into())
    };
    connect(to, None, exec, talk, Carries::Datagrams, terminal, environment)
}

fn unix_connect(options: UnixConnect, terminal: Terminal, environment: &Environment) -> Result<Plan, Failure> {
    let UnixConnect { path, kind, bind, demo, tls, retry, reconnect, buffers, exec, talk } = options;
    let limit = talk.messages.max_message;
    let options = sockets::buffers(&buffers)?;
    let over = match (kind, demo) {
        (UnixType::Stream, false) => Over::Local,
        (UnixType::Stream, true) => Over::Host, // its certificate is known
        (UnixType::Datagram | UnixType::Seqpacket, _) => Over::Packets,
    };
    let tls = tls::client(tls, false, over, environment)?;
    let to = match path {
        Some(path) if !demo => {
            let bind = bind.as_deref().map(UnixName::parse).transpose()?;
            let dial = unix::Dial { target: UnixName::parse(&path)?, kind, bind, limit, options };
            Target::Endpoint(Dial { tls, retry: retry.retry, ..Dial::from(To::Unix(dial)) })
        }
        _ => Target::Demo(Demo::Unix { kind, limit, options, tls }),
    };
    connect(to, Some(&reconnect), exec, talk, carried(kind), terminal, environment)
}

fn vsock_connect(options: VsockConnect, terminal: Terminal, environment: &Environment) -> Result<Plan, Failure> {
    let VsockConnect { address, connect_timeout: timeout, tls, retry, reconnect, exec, talk } = options;
    let dial = vsock::Dial { target: VsockAddress::parse(&address)?, timeout };
    let tls = tls::client(tls, false, Over::Local, environment)?;
    let to = Target::Endpoint(Dial { tls, retry: retry.retry, ..Dial::from(To::Vsock(dial)) });
    connect(to, Some(&reconnect), exec, talk, Carries::Bytes, terminal, environment)
}

fn connect(
    to: Target,
    reconnect: Option<&Reconnect>,
    exec: Exec,
    options: TalkOptions,
    carries: Carries,
    terminal: Terminal,
    environment: &Environment,
) -> Result<Plan, Failure> {
    let reply = exec::reply(ReplyMode::None, exec, &options.messages, carries, environment)?;
    connect_as(to, reconnect.and_then(again), reply, options, carries, terminal)
}

fn connect_as(
    to: Target,
    again: Option<Again>,
    reply: Reply,
    options: TalkOptions,
    carries: Carries,
    terminal: Terminal,
) -> Result<Plan, Failure> {
    let mut talk = talk(options, carries, &reply, terminal)?;
    if reply != Reply::None || again.is_some() {
        talk.path = Path::Messages;
    }
    Ok(Plan::Connect(Connection { to, reply, again }, Box::new(talk)))
}

fn again(options: &Reconnect) -> Option<Again> {
    let &Reconnect { reconnect, reconnect_delay, offline } = options;
    let backoff = Backoff::new(reconnect_delay.first, reconnect_delay.longest);
    reconnect.map(|attempts| Again { backoff, attempts, offline })
}

/// How an address is reached.
fn network(options: Network, ip: IpOptions, tcp: &TcpOptions, route: Route) -> Result<transport::Network, Failure> {
    let Network { ipv4, ipv6, bind, connect_timeout, names, proxy: _ } = options;
    Ok(transport::Network {
        family: Family::from_options(ipv4, ipv6),
        bind,
        timeout: connect_timeout,
        names: overrides(names),
        options: sockets::options(ip, tcp)?,
        route,
    })
}

fn overrides(options: Names) -> Overrides {
    let mut overrides = Overrides::default();
    for NameAddress { host, address } in options.resolve {
        overrides.add(&host, address);
    }
    overrides
}

fn carried(kind: UnixType) -> Carries {
    match kind {
        UnixType::Stream => Carries::Bytes,
        UnixType::Datagram => Carries::Datagrams,
        UnixType::Seqpacket => Carries::Packets,
    }
}

fn tcp_listen(options: TcpListen, terminal: Terminal, environment: &Environment) -> Result<Plan, Failure> {
    let TcpListen { address, ipv4, ipv6, serve, feed, port, queue, tls, access, rate, ip, tcp, exec, talk } = options;
    let Environment { handed, manager, .. } = environment.clone();
    let on = ListenOn::parse("tcp", &address)?;
    access::tcp_opened_by_us(&on, ipv4, ipv6, &port, &queue, &tcp)?;
    let family = Family::from_options(ipv4, ipv6);
    let tls = tls::server(tls, tls::is_asked_by(Some(&address)), Over::Host, Some(&on), environment)?;
    let place = Place { on, family, port: access::port(&port), options: sockets::options(ip, &tcp)?, handed };
    let on = On::Tcp(tcp::Bind { place, backlog: access::backlog(&queue) });
    let bind = Bind { manager, access: access::addresses(access, &rate)?, tls, ..Bind::from(on) };
    listen(bind, &serve, &Hearers::Fed(feed), exec, talk, Carries::Bytes, terminal, environment)
}

fn udp_listen(options: UdpListen, terminal: Terminal, environment: &Environment) -> Result<Plan, Failure> {
    let UdpListen { address, ipv4, ipv6, reply_to, expiry, serve, port, access, rate, ip, multicast, exec, talk } =
        options;
    let Environment { handed, manager, .. } = environment.clone();
    let on = ListenOn::parse("udp", &address)?;
    let asked = [("-4", ipv4), ("-6", ipv6), ("--reuse-port", port.reuse_port)];
    access::opened_by_us(matches!(on, ListenOn::Handed(_)), &asked)?;
    let limit = talk.messages.max_message;
    let family = Family::from_options(ipv4, ipv6);
    let options = sockets::options(ip, &TcpOptions::default())?;
    let place = Place { on, family, port: access::port(&port), options, handed };
    let joins = sockets::joins(multicast, family)?;
    let on = On::Udp(udp::Bind { place, expiry, limit, joins });
    let bind = Bind { manager, access: access::addresses(access, &rate)?, ..Bind::from(on) };
    listen(bind, &serve, &Hearers::Answered(reply_to), exec, talk, Carries::Datagrams, terminal, environment)
}

fn unix_listen(options: UnixListen, terminal: Terminal, environment: &Environment) -> Result<Plan, Failure> {
    /// As `udp listen --expiry` has by default.
    const EXPIRY: Duration = Duration::from_secs(60);
    let UnixListen { path, kind, serve, feed, queue, tls, users, rate, buffers, exec, talk } = options;
    let Environment { handed, manager, .. } = environment.clone();
    let limit = talk.messages.max_message;
    let over = if kind == UnixType::Stream { Over::Local } else { Over::Packets };
    let tls = tls::server(tls, false, over, None, environment)?;
    let on = UnixListenOn::parse(&path)?;
    let asked = [("--backlog", queue.backlog.is_some())];
    access::opened_by_us(matches!(on, UnixListenOn::Handed(_)), &asked)?;
    let (backlog, options) = (access::backlog(&queue), sockets::buffers(&buffers)?);
    let on = On::Unix(unix::Bind { on, kind, expiry: EXPIRY, limit, backlog, options, handed });
    let bind = Bind { manager, access: access::users(users, &rate, kind)?, tls, ..Bind::from(on) };
    listen(bind, &serve, &Hearers::Fed(feed), exec, talk, carried(kind), terminal, environment)
}

fn vsock_listen(options: VsockListen, terminal: Terminal, environment: &Environment) -> Result<Plan, Failure> {
    let VsockListen { address, serve, feed, queue, tls, rate, exec, talk } = options;
    let on = VsockAddress::parse_listen(&address)?;
    let on = On::Vsock(vsock::Bind { on, backlog: access::backlog(&queue) });
    let tls = tls::server(tls, false, Over::Local, None, environment)?;
    let bind = Bind { manager: environment.manager.clone(), access: access::anybody(&rate), tls, ..Bind::from(on) };
    listen(bind, &serve, &Hearers::Fed(feed), exec, talk, Carries::Bytes, terminal, environment)
}

#[expect(clippy::too_many_arguments, reason = "the parts that every listener has")]
fn listen(
    bind: Bind,
    serve: &Serve,
    hearers: &Hearers,
    exec: Exec,
    options: TalkOptions,
    carries: Carries,
    terminal: Terminal,
    environment: &Environment,
) -> Result<Plan, Failure> {
    let reply = exec::reply(serve.reply, exec, &options.messages, carries, environment)?;
    let mut service = service(serve, hearers, reply, options, carries, terminal)?;
    if bind.access.file.is_some() {
        service.talk.rules.hangup = Hangup::Leave; // it is for the door
    }
    Ok(Plan::Listen(bind, Box::new(service)))
}

/// Who hears stdin, as it is asked for.
enum Hearers {
    /// `--stdin`, of connections.
    Fed(Feed),
    /// `--reply-to`, of datagrams.
    Answered(ReplyTo),
}

fn service(
    serve: &Serve,
    hearers: &Hearers,
    reply: Reply,
    options: TalkOptions,
    carries: Carries,
    terminal: Terminal,
) -> Result<Service, Failure> {
    // A server that answers by itself and is fed by nobody should not end its answers because stdin is /dev/null.
    let unattended = reply != Reply::None && !terminal.stdin.is_terminal() && options.traffic.input.is_none();
    let audience = match hearers {
        Hearers::Fed(Feed { stdin: Some(StdinTo::None) }) => Audience::Nobody,
        Hearers::Fed(Feed { stdin: Some(StdinTo::Broadcast) }) => Audience::All,
        Hearers::Fed(Feed { stdin: Some(StdinTo::First) }) => Audience::First,
        Hearers::Fed(Feed { stdin: Some(StdinTo::Each) }) => Audience::Each,
        _ if matches!(reply, Reply::Exec(_)) || unattended || options.messages.recv_only => Audience::Nobody,
        Hearers::Fed(Feed { stdin: None }) | Hearers::Answered(ReplyTo::All) => Audience::All,
        Hearers::Answered(ReplyTo::Last) => Audience::Last,
        Hearers::Answered(ReplyTo::First) => Audience::First,
    };
    let peers =
        if serve.once { Peers::Once } else { Peers::Most(usize::try_from(serve.max_peers).unwrap_or(usize::MAX)) };
    let stdin = match hearers {
        Hearers::Fed(feed) => feed.stdin,
        Hearers::Answered(_) => None,
    };
    traffic::check(&options.traffic, stdin, audience, peers, terminal)?;
    let company = if serve.once { Company::One } else { Company::Many };
    let mut talk = decide(options, carries, audience, company, &reply, terminal)?;
    talk.rules.accept_timeout = serve.accept_timeout;
    let unseen = talk.look.output == Output::None && audience == Audience::Nobody;
    let simple = talk.say.is_empty()
        && talk.rules.idle.is_none()
        && talk.rules.linger == Linger::Forever
        && talk.digest.is_none();
    talk.path = match (talk.path, peers, &reply) {
        (Path::Raw, Peers::Once, Reply::None) if audience != Audience::Each => Path::Raw,
        (Path::Raw, Peers::Most(_), Reply::Echo) if unseen && simple => Path::Raw,
        _ => Path::Messages,
    };
    Ok(Service { talk, reply, audience, peers, slow: serve.slow })
}

impl Talk {
    /// What is said first, as events.
    #[must_use]
    pub fn greeting(&self) -> Vec<Event> {
        self.say.iter().cloned().map(Event::Message).collect()
    }
}

#[cfg(test)]
mod tests;
