//! One style under way: a real server, a line and a real client, each in a thread of its own, so that the processor's time
//! can be told apart.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use hyper::Method;
use hyper::header::{self, HeaderValue};
use rustix::time::{ClockId, clock_gettime};
use serde::Deserialize;
use tokio::net::{TcpListener, UdpSocket};
use tokio::runtime::Builder;
use tokio::sync::{Notify, mpsc, oneshot};

use super::delay::Line;
use super::ledger::Ledger;
use super::schedule::number;
use super::style::Style;
use super::wire::Spoken;
use crate::backoff::Backoff;
use crate::cli::Newline;
use crate::eio::admission;
use crate::endpoint::{HostPort, ListenOn};
use crate::event::{Clock, Event, Message, Record, What};
use crate::exit::{Exit, Failure, words};
use crate::frame::Framing;
use crate::http::{Asking, Carrier, Protocol, Strangers, Target};
use crate::link::{self, Journal, Link, Reply, Watch};
use crate::step::Step;
use crate::step::http::Http;
use crate::transport::binding::Place;
use crate::transport::framed::Frames;
use crate::transport::http::{self, Codings, News, Post, Posts, Request, StreamEnd};
use crate::transport::listener::Backlog;
use crate::transport::multicast::{Joins, Outward};
use crate::transport::sockets::Options;
use crate::transport::{Bind, Dial, Listener, Network, On, Opened, To, sio, tcp, udp, ws};
use crate::ws::handshake::Ask;

/// The largest message, in bytes.
const LARGEST: usize = 1024 * 1024;
/// How long anything may take to open.
const LIMIT: Duration = Duration::from_secs(20);

/// What a thread is told to do.
enum Order {
    /// Say these, which have numbers.
    Say(Vec<(u64, Bytes)>),
    /// Tell how much of the processor's time it has used.
    Processor(oneshot::Sender<Duration>),
}

/// Someone who says and hears: a thread.
pub(super) struct End {
    orders: mpsc::UnboundedSender<Order>,
}

impl End {
    /// Has something said.
    pub(super) fn say(&self, messages: Vec<(u64, Bytes)>) {
        let _ = self.orders.send(Order::Say(messages));
    }

    /// The processor's time that it has used; nothing if it has ended.
    pub(super) async fn processor(&self) -> Duration {
        let (reply, answer) = oneshot::channel();
        let _ = self.orders.send(Order::Processor(reply));
        answer.await.unwrap_or_default()
    }
}

/// A style under way.
pub(super) struct Lane {
    /// Which.
    pub(super) style: Style,
    /// The server, if it is ours.
    pub(super) server: Option<End>,
    /// The client, once it was started.
    pub(super) client: Option<End>,
    /// What crosses between them.
    pub(super) line: Arc<Line>,
    /// What the server says and the client hears.
    pub(super) down: Arc<Mutex<Ledger>>,
    /// What the client says and the server hears.
    pub(super) up: Arc<Mutex<Ledger>>,
    /// Why something ended that should not.
    pub(super) failed: Arc<Mutex<Option<Failure>>>,
    clock: Clock,
    near: SocketAddr,
    site: Site,
    start: Instant,
    /// When the client was started, from the start of the run.
    pub(super) began: Duration,
}

/// Where the styles are at a server.
#[derive(Clone, Debug, Default)]
pub(super) struct Site {
    /// How it is called, if not by the address that is connected to.
    authority: Option<String>,
    /// What stands before the paths.
    prefix: String,
    /// What happened before is no news.
    since: u64,
}

/// Somebody else's server.
pub(super) struct Remote {
    address: SocketAddr,
    site: Site,
}

impl Remote {
    /// Finds it, and asks what its newest event is.
    pub(super) async fn find(target: &Target) -> Result<Self, Failure> {
        let fail = |why: &str| Failure::new(Exit::Protocol, format!("compare: {target}: {why}"));
        let Carrier::Host(at) = &target.carrier else {
            return Err(fail("it is not http://, and could not be read along"));
        };
        let mut found = tokio::net::lookup_host((at.host.as_str(), at.port))
            .await
            .map_err(|error| Failure::new(Exit::Resolve, format!("compare: {target}: {}", words(&error))))?;
        let address =
            found.next().ok_or_else(|| Failure::new(Exit::Resolve, format!("compare: {target}: no address")))?;
        let prefix = target.resource.trim_end_matches('/').to_owned();
        let site = Site { authority: Some(target.authority()), prefix, since: 0 };
        let since = newest(address, &site).await.map_err(|failure| match failure.exit {
            Exit::Protocol => failure
                .hint("the paths of `sockeye http listen` are wanted: /poll, /long-poll, /stream, /sse, /ws, /publish"),
            _ => failure,
        })?;
        Ok(Self { address, site: Site { since, ..site } })
    }

    /// Starts whoever posts the events; they count as said in all of these.
    pub(super) fn publisher(
        &self,
        clock: Clock,
        said_in: Vec<Arc<Mutex<Ledger>>>,
        failed: Arc<Mutex<Option<Failure>>>,
    ) -> Result<End, Failure> {
        let (orders, ordered) = mpsc::unbounded_channel();
        let (near, site) = (self.address, self.site.clone());
        let calling =
            Calling { style: Style::Streaming, clock, near, site, down: Arc::default(), up: Arc::default(), said_in };
        thread("publisher", calling.run(ordered), failed)?;
        Ok(End { orders })
    }
}

/// The number of the newest event, by the link that a poll is answered with.
async fn newest(address: SocketAddr, site: &Site) -> Result<u64, Failure> {
    let calling = Calling {
        style: Style::Polling(LIMIT),
        clock: Clock::start(),
        near: address,
        site: site.clone(),
        down: Arc::default(),
        up: Arc::default(),
        said_in: Vec::new(),
    };
    let dial = calling.dial()?;
    let (journal, mut records) = Journal::new(Watch { steps: true, ..Watch::default() }, None);
    let silent = |_| Failure::new(Exit::Timeout, format!("compare: {address}: no answer within {LIMIT:?}"));
    drop(tokio::time::timeout(LIMIT, dial.connect(journal.open())).await.map_err(silent)??);
    drop(journal);
    let mut newest = None;
    while let Ok(batch) = records.try_recv() {
        for record in batch {
            if let What::Step(step) = record.what
                && let Step::Http(Http::Answer { head, .. }) = *step
            {
                let link = head.iter().find_map(|line| line.split_once("?since=")?.1.split('>').next()?.parse().ok());
                newest = link.or(newest);
            }
        }
    }
    newest.ok_or_else(|| {
        Failure::new(Exit::Protocol, format!("compare: {address}: its answer to /poll names no next question (Link)"))
    })
}

/// What a panic left behind is as good as ever: numbers and times.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Lane {
    /// A server, and a line to it.
    pub(super) async fn open(style: Style, rtt: Duration, clock: Clock, start: Instant) -> Result<Self, Failure> {
        let (down, up, failed) = (Arc::<Mutex<Ledger>>::default(), Arc::<Mutex<Ledger>>::default(), Arc::default());
        let (orders, ordered) = mpsc::unbounded_channel();
        let (ready, opened) = oneshot::channel();
        let serving = Serving { style, clock, down: down.clone(), up: up.clone() };
        thread(&format!("{style} server"), serving.run(ordered, ready), Arc::clone(&failed))?;
        let opened = opened
            .await
            .unwrap_or_else(|_| Err(Failure::new(Exit::Io, format!("compare: the server of {style} did not start"))))?;
        let line = Line::new(rtt, start);
        let near = carry(style, line.clone(), opened, Arc::clone(&failed))?;
        let (server, site, began) = (Some(End { orders }), Site::default(), Duration::ZERO);
        Ok(Self { style, server, client: None, line, down, up, failed, clock, near, site, start, began })
    }

    /// A line to somebody else's server.
    pub(super) fn toward(
        style: Style,
        remote: &Remote,
        rtt: Duration,
        clock: Clock,
        start: Instant,
    ) -> Result<Self, Failure> {
        let failed = Arc::default();
        let line = Line::new(rtt, start);
        let near = carry(style, line.clone(), remote.address, Arc::clone(&failed))?;
        let site = remote.site.clone();
        let (down, up, began) = (Arc::default(), Arc::default(), Duration::ZERO);
        Ok(Self { style, server: None, client: None, line, down, up, failed, clock, near, site, start, began })
    }

    /// Starts the client.
    pub(super) fn connect(&mut self) -> Result<(), Failure> {
        let (orders, ordered) = mpsc::unbounded_channel();
        let (clock, near, style) = (self.clock, self.near, self.style);
        let (down, up, site) = (self.down.clone(), self.up.clone(), self.site.clone());
        let calling = Calling { style, clock, near, site, down, up, said_in: Vec::new() };
        self.began = self.start.elapsed();
        thread(&format!("{style} client"), calling.run(ordered), Arc::clone(&self.failed))?;
        self.client = Some(End { orders });
        Ok(())
    }
}

/// A thread with a runtime of its own.
fn thread(
    name: &str,
    task: impl Future<Output = Result<(), Failure>> + Send + 'static,
    failed: Arc<Mutex<Option<Failure>>>,
) -> Result<(), Failure> {
    let fail = |error: std::io::Error| Failure::new(Exit::Io, format!("compare: start a thread: {}", words(&error)));
    let runtime = Builder::new_current_thread().enable_all().build().map_err(fail)?;
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || {
            if let Err(failure) = runtime.block_on(task) {
                lock(&failed).get_or_insert(failure);
            }
            runtime.shutdown_background();
        })
        .map_err(fail)?;
    Ok(())
}

/// The processor's time of this thread.
fn processor() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or_default(), u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// Starts the line to a server; its near end.
fn carry(
    style: Style,
    line: Arc<Line>,
    server: SocketAddr,
    failed: Arc<Mutex<Option<Failure>>>,
) -> Result<SocketAddr, Failure> {
    let fail = |error: std::io::Error| Failure::system("bind", "the line of compare", &error);
    let local = SocketAddr::from(([127, 0, 0, 1], 0));
    let name = format!("{style} line");
    if style == Style::Udp {
        let near = std::net::UdpSocket::bind(local).map_err(fail)?;
        near.set_nonblocking(true).map_err(fail)?;
        let address = near.local_addr().map_err(fail)?;
        let task =
            async move { line.carry_datagrams(UdpSocket::from_std(near).map_err(fail)?, server).await.map_err(fail) };
        thread(&name, task, failed)?;
        return Ok(address);
    }
    let near = std::net::TcpListener::bind(local).map_err(fail)?;
    near.set_nonblocking(true).map_err(fail)?;
    let address = near.local_addr().map_err(fail)?;
    let spoken = if style.is_http() { Spoken::Http } else { Spoken::Raw };
    let task =
        async move { line.carry(TcpListener::from_std(near).map_err(fail)?, server, spoken).await.map_err(fail) };
    thread(&name, task, failed)?;
    Ok(address)
}

/// The server's thread.
struct Serving {
    style: Style,
    clock: Clock,
    down: Arc<Mutex<Ledger>>,
    up: Arc<Mutex<Ledger>>,
}

impl Serving {
    fn bind(&self) -> Bind {
        let place = Place { options: quick(self.style), ..Place::from(ListenOn::Loopback(0)) };
        let bind = match self.style {
            Style::Udp => {
                let joins = Joins::default();
                Bind::from(On::Udp(udp::Bind { place, expiry: Duration::from_secs(3600), limit: LARGEST, joins }))
            }
            _ => Bind::from(On::Tcp(tcp::Bind { place, backlog: Backlog::default() })),
        };
        if self.style == Style::SocketIo {
            return Bind { sio: Some(Box::default()), ..bind };
        }
        if self.style.is_http() {
            // Posts go to the server alone: they would come back to each client as events.
            let server = http::Server { posts: Posts::Heard, ..http::Server::new(Strangers::default()) };
            return Bind { http: Some(Box::new(server)), ..bind };
        }
        bind
    }

    async fn run(
        self,
        mut orders: mpsc::UnboundedReceiver<Order>,
        ready: oneshot::Sender<Result<SocketAddr, Failure>>,
    ) -> Result<(), Failure> {
        let (journal, mut records) = Journal::new(Watch::default(), None);
        let journal = journal.on(self.clock);
        let opened = self.bind().listen(&journal).await.and_then(|listener| Ok((address(&listener)?, listener)));
        let mut listener = match opened {
            Ok((address, listener)) => {
                let _ = ready.send(Ok(address));
                listener
            }
            Err(failure) => {
                let _ = ready.send(Err(failure));
                return Ok(());
            }
        };
        let mut links: Vec<Link> = Vec::new();
        // For whoever comes first: a topic keeps it by itself.
        let mut waiting = Some(Vec::new());
        loop {
            tokio::select! {
                accepted = listener.accept() => {
                    let Some(Ok(opened)) = accepted else { return Ok(()) };
                    // A server of Socket.IO is one conversation from the start, and what is said to nobody is gone.
                    let first = if self.style == Style::SocketIo { None } else { waiting.take() };
                    links.push(start(opened, first.unwrap_or_default()));
                }
                Some(batch) = records.recv() => {
                    let said = if self.style == Style::SocketIo { Style::SocketIo } else { Style::Tcp };
                    hear(&batch, &self.clock, &self.up, said);
                    let greeted = |record: &Record| matches!(record.what, What::Heard(Event::Message(_)));
                    if batch.iter().any(greeted) && let Some(events) = waiting.take() {
                        offer(&links, &events);
                    }
                }
                order = orders.recv() => match order {
                    None => return Ok(()),
                    Some(Order::Processor(reply)) => drop(reply.send(processor())),
                    Some(Order::Say(messages)) => {
                        let events = self.said(messages);
                        match &mut waiting {
                            Some(waiting) => waiting.extend(events),
                            None => offer(&links, &events),
                        }
                    }
                },
            }
        }
    }

    fn said(&self, messages: Vec<(u64, Bytes)>) -> Vec<Event> {
        let now = self.clock.since_start(self.clock.now());
        let mut ledger = lock(&self.down);
        let each = messages.into_iter().map(|(number, data)| {
            ledger.say(number, now);
            Event::Message(written(self.style, data))
        });
        each.collect()
    }
}

fn offer(links: &[Link], events: &[Event]) {
    for link in links {
        // There is room: they come one by one, or in one batch.
        let _ = link.offer(events.to_vec());
    }
}

/// An event in the form of a style.
fn written(style: Style, data: Bytes) -> Message {
    match style {
        // Digits and letters, which JSON writes as they are.
        Style::SocketIo => Message::text(format!("[\"news\",\"{}\"]", String::from_utf8_lossy(&data))),
        _ => Message::seen(data),
    }
}

/// Where it listens.
fn address(listener: &Listener) -> Result<SocketAddr, Failure> {
    let endpoint = listener.endpoints.first().map_or("", String::as_str);
    let address = endpoint.rsplit('/').next().and_then(|address| address.parse().ok());
    address.ok_or_else(|| Failure::new(Exit::Io, format!("compare: {endpoint:?} is no address")))
}

/// What was heard, by its number.
fn hear(batch: &[Record], clock: &Clock, ledger: &Mutex<Ledger>, style: Style) {
    for record in batch {
        if let What::Heard(Event::Message(message)) = &record.what
            && let Some(number) = numbered(style, &message.data)
        {
            lock(ledger).hear(number, clock.since_start(record.time));
        }
    }
}

/// The number of an event, in the form of a style.
fn numbered(style: Style, data: &[u8]) -> Option<u64> {
    #[derive(Deserialize)]
    struct Line {
        data: String,
    }
    match style {
        Style::Polling(_) | Style::LongPolling | Style::Streaming => {
            number(serde_json::from_slice::<Line>(data).ok()?.data.as_bytes())
        }
        Style::SocketIo => {
            let (_, data): (String, String) = serde_json::from_slice(data).ok()?;
            number(data.as_bytes())
        }
        Style::Sse | Style::WebSocket | Style::Tcp | Style::Udp => number(data),
    }
}

/// No waits of the kernel's own.
fn quick(style: Style) -> Options {
    Options { nodelay: style != Style::Udp, ..Options::default() }
}

fn start(opened: Opened, say: Vec<Event>) -> Link {
    let Opened { channel, report } = opened;
    let transport = channel.framed(Frames::plain(Framing::Lines, LARGEST));
    link::start(transport, report, Reply::None, say, Arc::new(Notify::new()))
}

/// The client's thread.
struct Calling {
    style: Style,
    clock: Clock,
    near: SocketAddr,
    site: Site,
    down: Arc<Mutex<Ledger>>,
    up: Arc<Mutex<Ledger>>,
    /// What it says counts as said in these too.
    said_in: Vec<Arc<Mutex<Ledger>>>,
}

impl Calling {
    fn dial(&self) -> Result<Dial, Failure> {
        let at = HostPort { host: self.near.ip().to_string(), port: self.near.port() };
        let network = Network { timeout: LIMIT, options: quick(self.style), ..Network::default() };
        let Site { authority, prefix, since } = &self.site;
        let asking = |protocol: Protocol, path: &str| {
            let [scheme, _] = protocol.schemes();
            let url = format!("{scheme}://{}{prefix}/{path}", self.near);
            let target = Target::parse(protocol, &url)
                .map_err(|why| Failure::new(Exit::Io, format!("compare: {url}: {why}")))?;
            let host = authority.as_deref().and_then(|authority| HeaderValue::from_str(authority).ok());
            let headers = host.map(|host| (header::HOST, host)).into_iter().collect();
            Ok::<_, Failure>(Asking { headers, ..Asking::new(target) })
        };
        let dial = Dial::from(match self.style {
            Style::Udp => {
                let (joins, outward) = (Joins::default(), Outward::default());
                To::Udp(udp::Dial { target: at, network, limit: LARGEST, joins, outward })
            }
            _ => To::Tcp(tcp::Dial { target: at, network }),
        });
        let (style, path) = match self.style {
            Style::Tcp | Style::Udp => return Ok(dial),
            Style::WebSocket => {
                let asking = asking(Protocol::WebSocket, &format!("ws?since={since}"))?;
                let ask = Ask { deflate: None, asking: asking.clone(), ..Ask::new(asking.target) };
                let http::Server { manners, .. } = http::Server::new(Strangers::default());
                let client = ws::Client { tls: None, ask, manners, limit: LIMIT };
                return Ok(Dial { ws: Some(Box::new(client)), ..dial });
            }
            Style::SocketIo => {
                let Asking { target, .. } = asking(Protocol::Http, "")?;
                // Moving from polls to a WebSocket is no part of what an event costs.
                let client = sio::connect::Client {
                    carrier: admission::Carrier::WebSocket,
                    ..sio::connect::Client::new(target)
                };
                return Ok(Dial { sio: Some(Box::new(client)), ..dial });
            }
            Style::Polling(interval) => (http::Style::Poll { interval, jitter: 0, news: News::Changes }, "poll"),
            Style::LongPolling => (http::Style::LongPoll { news: News::Changes }, "long-poll"),
            Style::Streaming => (http::Style::Stream, "stream"),
            Style::Sse => (http::Style::Sse { end: StreamEnd::Resume, after: None }, "sse"),
        };
        let client = http::Client {
            tls: None,
            style,
            asking: asking(Protocol::Http, &format!("{path}?since={since}"))?,
            request: Request { method: Method::GET, body: Bytes::new(), content_type: None, codings: Codings::Refused },
            post: Post { to: Some(asking(Protocol::Http, "publish")?), content_type: None },
            framing: None,
            newline: Newline::AsIs,
            largest: LARGEST,
            limit: Duration::from_secs(120),
            backoff: Backoff::new(Duration::from_millis(100), Duration::from_secs(1)),
            attempts: 5,
        };
        Ok(Dial { http: Some(Box::new(client)), ..dial })
    }

    async fn run(self, mut orders: mpsc::UnboundedReceiver<Order>) -> Result<(), Failure> {
        let (journal, mut records) = Journal::new(Watch::default(), None);
        let journal = journal.on(self.clock);
        let dial = self.dial()?;
        let connecting = dial.connect(journal.open());
        // Whoever speaks UDP must say something before there is a peer, and whoever is told nothing before that, too.
        let greets = matches!(self.style, Style::Udp | Style::SocketIo);
        let hello = if greets { vec![Event::Message(Message::text("hello"))] } else { Vec::new() };
        let link = start(connecting.await?, hello);
        loop {
            tokio::select! {
                Some(batch) = records.recv() => {
                    hear(&batch, &self.clock, &self.down, self.style);
                    if let Some(what) = batch.iter().find_map(ended) {
                        let what = format!("compare: {}: {what}", self.style);
                        return Err(Failure::new(Exit::Protocol, what));
                    }
                }
                order = orders.recv() => match order {
                    None => return Ok(()),
                    Some(Order::Processor(reply)) => drop(reply.send(processor())),
                    Some(Order::Say(messages)) => {
                        let now = self.clock.since_start(self.clock.now());
                        let mut events = Vec::with_capacity(messages.len());
                        for (number, data) in messages {
                            for ledger in self.said_in.iter().chain([&self.up]) {
                                lock(ledger).say(number, now);
                            }
                            events.push(Event::Message(written(self.style, data)));
                        }
                        let _ = link.offer(events);
                    }
                },
            }
        }
    }
}

/// The conversation is over, and should not be.
fn ended(record: &Record) -> Option<String> {
    match &record.what {
        What::Closed(outcome) => Some(format!("the conversation ended: {:?}", outcome.end)),
        What::Notice { text } => Some(text.clone()),
        _ => None,
    }
}
