//! What carries a session: requests that poll, requests that say, and a WebSocket; each its own task, which is told what to
//! do and tells what came of it.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http_body_util::{BodyExt as _, Limited};
use hyper::header::{self, HeaderValue};
use hyper::{HeaderMap, Method, StatusCode};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use url::form_urlencoded;

use super::super::super::http::agent::{Agent, Ask};
use super::super::super::{Channel, Dial, Opened, ws};
use super::super::{BATCH, message};
use super::Client;
use super::opening::{Trouble, of_answer};
use crate::eio::admission::Carrier;
use crate::eio::client::{Hangup, Input};
use crate::eio::{Data, Text, Version, yeast};
use crate::event::{End, Event, Kind, Message};
use crate::exit::Failure;
use crate::http::{Asking, Protocol};
use crate::link::{Above, CLOSE_LIMIT, Reporter, carry};
use crate::ws::handshake;

/// Frames that may wait on their way.
const QUEUE: usize = 64;

/// What came of an order.
pub(super) struct News {
    pub(super) input: Input,
    /// Why it failed, if it did.
    pub(super) why: Option<Trouble>,
}

impl News {
    fn good(input: Input) -> Self {
        Self { input, why: None }
    }

    fn bad(input: Input, why: Trouble) -> Self {
        Self { input, why: Some(why) }
    }
}

/// The tasks of one session.
pub(super) struct Wires {
    make: Make,
    news: mpsc::Sender<News>,
    gets: Option<Wire<String>>,
    posts: Option<Wire<(String, Data)>>,
    socket: Option<Wire<Data>>,
}

/// A task, and what it is to do.
struct Wire<T> {
    orders: mpsc::UnboundedSender<T>,
    task: JoinHandle<()>,
}

/// What the tasks are made of.
#[derive(Clone)]
struct Make {
    dial: Dial,
    client: Client,
    version: Version,
    report: Reporter,
    /// Cookies that the server has set: whoever balances loads knows a session by them.
    cookies: Arc<Mutex<Vec<String>>>,
    /// Our end of a connection.
    local: Arc<OnceLock<String>>,
    backlog: Arc<Backlog>,
}

/// Frames on their way to the WebSocket.
#[derive(Default)]
struct Backlog {
    count: AtomicUsize,
    made: Notify,
}

impl Backlog {
    fn left(&self, count: usize) {
        self.count.fetch_sub(count, Ordering::SeqCst);
        self.made.notify_one();
    }

    fn has_room(&self) -> bool {
        self.count.load(Ordering::SeqCst) < QUEUE
    }
}

impl Wires {
    pub(super) fn new(
        dial: &Dial,
        client: &Client,
        version: Version,
        report: Reporter,
    ) -> (Self, mpsc::Receiver<News>) {
        let (news, heard) = mpsc::channel(QUEUE);
        let cookies = Arc::new(Mutex::new(client.asking.cookies.clone()));
        let (dial, client) = (dial.clone(), client.clone());
        let make = Make { dial, client, version, report, cookies, local: Arc::default(), backlog: Arc::default() };
        (Self { make, news, gets: None, posts: None, socket: None }, heard)
    }

    /// From now on steps are told here.
    pub(super) fn reports_to(&mut self, report: Reporter) {
        self.make.report = report;
    }

    pub(super) fn get(&mut self, sid: Option<&str>) {
        let (make, news) = (&self.make, &self.news);
        let wire = self.gets.get_or_insert_with(|| wire(|orders| poll(make.clone(), orders, news.clone())));
        let _ = wire.orders.send(make.resource(Carrier::Polling, sid));
    }

    pub(super) fn post(&mut self, sid: Option<&str>, body: Data) {
        let (make, news) = (&self.make, &self.news);
        let wire = self.posts.get_or_insert_with(|| wire(|orders| say(make.clone(), orders, news.clone())));
        let _ = wire.orders.send((make.resource(Carrier::Polling, sid), body));
    }

    pub(super) fn connect(&mut self, sid: Option<&str>) {
        let resource = self.make.resource(Carrier::WebSocket, sid);
        // What an earlier one did not take any more is gone.
        self.make.backlog.count.store(0, Ordering::SeqCst);
        let (make, news) = (&self.make, &self.news);
        self.socket = Some(wire(|orders| websocket(make.clone(), resource, orders, news.clone())));
    }

    pub(super) fn frame(&self, frame: Data) {
        if let Some(wire) = &self.socket {
            self.make.backlog.count.fetch_add(1, Ordering::SeqCst);
            let _ = wire.orders.send(frame);
        }
    }

    /// Our end of the first connection.
    pub(super) fn local(&self) -> Option<String> {
        self.make.local.get().cloned()
    }

    /// Whether the WebSocket keeps up.
    pub(super) fn has_room(&self) -> bool {
        self.make.backlog.has_room()
    }

    /// Returns when it does. Cancel-safe.
    pub(super) async fn room(&self) {
        while !self.has_room() {
            self.make.backlog.made.notified().await;
        }
    }

    /// The WebSocket is closed when all is said.
    pub(super) fn hang_up(&mut self) {
        if let Some(wire) = self.socket.take() {
            tokio::spawn(wire.end());
        }
    }

    /// Says what is left to be said.
    pub(super) async fn end(mut self) {
        if let Some(wire) = self.posts.take() {
            wire.end().await;
        }
        if let Some(wire) = self.gets.take() {
            wire.task.abort();
        }
        if let Some(wire) = self.socket.take() {
            wire.end().await;
        }
    }
}

impl<T> Wire<T> {
    async fn end(self) {
        let Self { orders, mut task } = self;
        drop(orders);
        if timeout(CLOSE_LIMIT, &mut task).await.is_err() {
            task.abort();
        }
    }
}

/// What is dropped is cut, as if a cable were.
impl Drop for Wires {
    fn drop(&mut self) {
        let tasks = [
            self.gets.as_ref().map(|wire| &wire.task),
            self.posts.as_ref().map(|wire| &wire.task),
            self.socket.as_ref().map(|wire| &wire.task),
        ];
        tasks.into_iter().flatten().for_each(JoinHandle::abort);
    }
}

fn wire<T, F>(run: impl FnOnce(mpsc::UnboundedReceiver<T>) -> F) -> Wire<T>
where
    F: Future<Output = ()> + Send + 'static,
{
    let (orders, taken) = mpsc::unbounded_channel();
    Wire { orders, task: tokio::spawn(run(taken)) }
}

impl Make {
    fn resource(&self, carrier: Carrier, sid: Option<&str>) -> String {
        let mut query = format!("EIO={}&transport={}", self.version.number(), carrier.name());
        if carrier == Carrier::Polling {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            let millis = u64::try_from(now.as_millis()).unwrap_or_default();
            query += "&t=";
            query += &yeast::cache_buster(millis, fastrand::u64(..));
            if self.version == Version::V3 {
                query.push_str("&b64=1"); // bytes come as text
            }
        }
        if let Some(sid) = sid {
            query += "&sid=";
            query.extend(form_urlencoded::byte_serialize(sid.as_bytes()));
        }
        if let Some((_, own)) = self.client.asking.target.resource.split_once('?') {
            query.push('&');
            query += own;
        }
        format!("{}?{query}", self.client.path)
    }

    fn asking(&self, protocol: Protocol) -> Asking {
        let mut asking = self.client.asking.clone();
        asking.target.protocol = protocol;
        asking.cookies = self.known();
        asking
    }

    fn known(&self) -> Vec<String> {
        self.cookies.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn agent(&self, limit: Duration) -> Agent {
        let dial = self.dial.clone();
        Agent::plain(dial, self.asking(Protocol::Http), limit, self.report.clone())
    }

    /// One request and its answer.
    async fn ask(&self, agent: &mut Agent, resource: String, ask: &Ask) -> Result<(StatusCode, Bytes), Trouble> {
        agent.asking.cookies = self.known();
        agent.asking.target.resource = resource;
        let answer = agent.ask(ask).await.map_err(Trouble::Other)?;
        self.cookies.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&agent.asking.cookies);
        if let Some(local) = agent.local() {
            self.local.get_or_init(|| local);
        }
        let status = answer.status();
        let body = Limited::new(answer.into_body(), self.client.largest.saturating_mul(2).max(1 << 16)).collect().await;
        let body = body.map_err(|error| {
            Trouble::Other(Failure::new(
                crate::exit::Exit::Protocol,
                format!("{}: an answer did not come to its end: {error}", agent.name()),
            ))
        })?;
        Ok((status, body.to_bytes()))
    }
}

async fn poll(make: Make, mut orders: mpsc::UnboundedReceiver<String>, news: mpsc::Sender<News>) {
    // A poll is held until there is something, at most until the next ping: the machine knows when that is too late.
    const HELD: Duration = Duration::from_secs(24 * 60 * 60);
    let mut agent = make.agent(make.client.limit);
    let mut is_first = true;
    while let Some(resource) = orders.recv().await {
        let ask = Ask { method: Method::GET, body: Bytes::new(), headers: HeaderMap::new() };
        let told = match make.ask(&mut agent, resource, &ask).await {
            Err(why) => News::bad(Input::Lost, why),
            Ok((status, body)) => match of_answer(&make.client, make.version, status, &body, is_first) {
                Some(why) => News::bad(Input::Lost, why),
                None => News::good(Input::Polled(data(body))),
            },
        };
        agent.limit = HELD;
        is_first = false;
        if news.send(told).await.is_err() {
            return;
        }
    }
}

async fn say(make: Make, mut orders: mpsc::UnboundedReceiver<(String, Data)>, news: mpsc::Sender<News>) {
    let mut agent = make.agent(make.client.limit);
    while let Some((resource, body)) = orders.recv().await {
        let (kind, body) = match body {
            Data::Text(text) => ("text/plain;charset=UTF-8", text.bytes()),
            Data::Binary(bytes) => ("application/octet-stream", bytes),
        };
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(kind))]);
        let told = match make.ask(&mut agent, resource, &Ask { method: Method::POST, body, headers }).await {
            Err(why) => News::bad(Input::Lost, why),
            Ok((status, _)) if status.is_success() => News::good(Input::Posted),
            Ok((status, body)) => match of_answer(&make.client, make.version, status, &body, false) {
                Some(why) => News::bad(Input::Lost, why),
                None => News::good(Input::Posted),
            },
        };
        // At the end nobody listens, and what is left is said all the same.
        let _ = news.send(told).await;
    }
}

async fn websocket(make: Make, resource: String, mut orders: mpsc::UnboundedReceiver<Data>, news: mpsc::Sender<News>) {
    let mut asking = make.asking(Protocol::WebSocket);
    asking.target.resource = resource;
    let ask = handshake::Ask { asking: asking.clone(), deflate: None, ..handshake::Ask::new(asking.target) };
    let manners = ws::Manners::new(make.client.largest);
    let client = ws::Client { tls: make.dial.tls.clone(), ask, manners, limit: make.client.limit };
    let opened = ws::connect(&make.dial, &client, make.report.clone()).await;
    let transport = match opened {
        Ok(Opened { channel: Channel::Messages(transport), .. }) => transport,
        Ok(_) => return,
        Err(failure) => {
            let failed = News::bad(Input::Hungup(Hangup::Failed), Trouble::of_upgrade(failure, &make.client));
            let _ = news.send(failed).await;
            return;
        }
    };
    make.local.get_or_init(|| transport.peer().local.clone());
    if news.send(News::good(Input::Connected)).await.is_err() {
        return;
    }
    let is_wanted = Arc::new(AtomicBool::new(true));
    let ear = Ear { news: news.clone(), is_wanted: is_wanted.clone() };
    let (carried, mut run) = carry(transport, &make.report, Arc::new(ear));
    let mut carried = Some(carried);
    let outcome = loop {
        tokio::select! {
            biased;
            outcome = &mut run => break outcome,
            order = orders.recv(), if carried.is_some() => {
                if let (Some(frame), Some(speaker)) = (order, &carried) {
                    let batch = batch(frame, &mut orders);
                    let count = batch.len();
                    tokio::select! {
                        // A full queue empties only while the transport runs.
                        _ = speaker.say(batch) => make.backlog.left(count),
                        outcome = &mut run => break outcome,
                    }
                } else {
                    is_wanted.store(false, Ordering::Relaxed);
                    carried = None;
                }
            }
        }
    };
    if carried.is_none() {
        return; // we hung up, and the next WebSocket is not to be taken for this one
    }
    let hangup = match outcome.end {
        End::Complete | End::Unclosed | End::Dismissed { .. } => Hangup::Closed,
        _ => Hangup::Failed,
    };
    let _ = news.send(News { input: Input::Hungup(hangup), why: Trouble::of_end(&outcome.end, &make.client) }).await;
}

/// A frame and those that wait behind it, as far as it is not much.
fn batch(frame: Data, more: &mut mpsc::UnboundedReceiver<Data>) -> Vec<Event> {
    let mut bytes = frame.len();
    let mut batch = vec![Event::Message(message(frame))];
    while bytes < BATCH
        && let Ok(frame) = more.try_recv()
    {
        bytes += frame.len();
        batch.push(Event::Message(message(frame)));
    }
    batch
}

/// What the WebSocket hears is news, until we hang up: then another may be the session's.
struct Ear {
    news: mpsc::Sender<News>,
    is_wanted: Arc<AtomicBool>,
}

impl Above for Ear {
    fn hear(&self, events: Vec<Event>) -> BoxFuture<'_, ()> {
        async move {
            for event in events {
                if let Event::Message(message) = event
                    && self.is_wanted.load(Ordering::Relaxed)
                {
                    // At the end nobody listens, and the close goes on all the same.
                    let _ = self.news.send(News::good(Input::Frame(of_message(message)))).await;
                }
            }
        }
        .boxed()
    }
}

fn of_message(message: Message) -> Data {
    match message.kind {
        Kind::Text => data(message.data),
        Kind::Binary => Data::Binary(message.data),
    }
}

/// Text, if it is.
fn data(bytes: Bytes) -> Data {
    Text::of_bytes(bytes.clone()).map_or(Data::Binary(bytes), Data::Text)
}
