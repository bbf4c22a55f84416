//! The server's side: one topic that many hear, each in a style of its own, and that all may post to.
//!
//! To the session it is one conversation: what is said in it is published, and what is posted is heard. Members come and
//! go beside it. What each has heard is a number, and events are kept for a while, so nobody waits for anybody.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use hyper::header::{HeaderName, HeaderValue};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::time::timeout;

use super::super::ws;
use super::super::{Channel, Opened};
use super::front::Front;
use super::member;
use crate::event::{Event, Message, Outcome, Peer};
use crate::http::topic::{News, Topic};
use crate::http::{Login, Strangers};
use crate::link::{CLOSE_LIMIT, Journal, Port, Transport};
use crate::ws::extension::Config;
use crate::ws::handshake::{Page, Rules};

/// Posts that may wait for the session.
const POSTED: usize = 64;
/// So many events are taken at a time.
const BATCH: usize = 256;

/// The largest message, in bytes, unless another is chosen.
const LARGEST: usize = 64 * 1024 * 1024;

/// What a server offers, and to whom.
#[derive(Clone)]
pub struct Server {
    /// Whose pages may ask, and how we are called.
    pub strangers: Strangers,
    /// Only who logs in so is let in.
    pub login: Option<Login>,
    /// More headers of the answers, in order.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Whether there is a page.
    pub page: Page,
    /// What is there instead of the page that documents the paths.
    pub front: Option<Front>,
    /// A long poll is answered after so long, with nothing.
    pub hold: Duration,
    /// A stream on which nothing happens says so this often.
    pub heartbeat: Duration,
    /// How long an event stream's client should wait before it comes back, if it is to be told.
    pub retry: Option<Duration>,
    /// The largest post, and message of a WebSocket, in bytes.
    pub largest: usize,
    /// How long a request's head may take.
    pub limit: Duration,
    /// So many connections at a time.
    pub most: usize,
    /// What becomes of posts.
    pub posts: Posts,
    /// Of WebSocket: who may have it.
    pub ws: Arc<Rules>,
    /// Of WebSocket: how we behave.
    pub manners: ws::Manners,
}

/// What becomes of what a member says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Posts {
    /// It is an event, and everybody is told.
    #[default]
    Published,
    /// The session hears it, and nobody else.
    Heard,
}

impl Server {
    /// With the rest as it mostly is.
    #[must_use]
    pub fn new(strangers: Strangers) -> Self {
        let deflate = Some(Config::default());
        let rules = Rules { strangers: strangers.clone(), page: Page::Hidden, deflate, ..Rules::default() };
        Self {
            strangers,
            login: None,
            headers: Vec::new(),
            page: Page::Shown,
            front: None,
            hold: Duration::from_secs(30),
            heartbeat: Duration::from_secs(15),
            retry: None,
            largest: LARGEST,
            limit: Duration::from_secs(10),
            most: 10_000,
            posts: Posts::Published,
            ws: Arc::new(rules),
            manners: ws::Manners::new(LARGEST),
        }
    }
}

/// A topic and what its members share.
pub struct Host {
    pub(super) server: Server,
    topic: Mutex<Topic>,
    /// The number of the newest event.
    news: watch::Sender<u64>,
    posted: mpsc::Sender<Message>,
    places: Arc<Semaphore>,
    over: watch::Sender<bool>,
}

impl Host {
    /// A topic, and the conversation that is held about it.
    pub(in crate::transport) fn new(mut server: Server) -> (Arc<Self>, Gathering) {
        server.manners.limit = server.largest;
        let (posted, posts) = mpsc::channel(POSTED);
        let host = Arc::new(Self {
            places: Arc::new(Semaphore::new(server.most.min(Semaphore::MAX_PERMITS))),
            server,
            topic: Mutex::default(),
            news: watch::Sender::new(0),
            posted,
            over: watch::Sender::new(false),
        });
        (host.clone(), Gathering { host, posts })
    }

    /// Serves a connection for as long as it lasts.
    pub(in crate::transport) fn serve(self: &Arc<Self>, opened: Opened) {
        tokio::spawn(member::serve(self.clone(), opened));
    }

    fn topic(&self) -> MutexGuard<'_, Topic> {
        self.topic.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says something to everybody; its number.
    pub(super) fn publish(&self, message: Message) -> u64 {
        let id = self.topic().publish(message);
        self.news.send_replace(id);
        id
    }

    /// A member says something.
    pub(super) fn say(&self, message: &Message) {
        if self.server.posts == Posts::Published {
            self.publish(message.clone());
        }
    }

    /// Tells the session what a member has posted. Waits for room.
    pub(super) async fn hear(&self, message: Message) {
        // Fails only when the session is over.
        let _ = self.posted.send(message).await;
    }

    /// What came after a cursor.
    pub(super) fn since(&self, cursor: u64) -> News {
        self.topic().since(cursor, BATCH)
    }

    /// The same for whoever has listened since before the first event: it misses what is not kept, too.
    pub(super) fn since_live(&self, cursor: u64) -> News {
        let news = self.since(cursor);
        let before = news.entries.first().map_or(0, |entry| entry.id - 1);
        News { missed: if cursor == 0 { before } else { news.missed }, ..news }
    }

    /// The number of the newest event.
    pub(super) fn last(&self) -> u64 {
        self.topic().last()
    }

    /// A place for one more, if there is one.
    pub(super) fn place(&self) -> Option<OwnedSemaphorePermit> {
        self.places.clone().try_acquire_owned().ok()
    }

    /// Returns when there is something newer than a cursor; `false` when everything is over. Cancel-safe.
    pub(super) async fn newer_than(&self, cursor: u64) -> bool {
        let mut news = self.news.subscribe();
        let mut over = self.over.subscribe();
        tokio::select! {
            // What is new is told before the end is.
            biased;
            // A cursor that lies ahead is of another run: any event is news to it.
            newer = news.wait_for(|last| *last > cursor || (*last > 0 && cursor > *last)) => newer.is_ok(),
            _ = over.wait_for(|over| *over) => false,
        }
    }

    /// Returns when everything is over. Cancel-safe.
    pub(super) async fn over(&self) {
        let _ = self.over.subscribe().wait_for(|over| *over).await;
    }

    /// Everybody is told goodbye, unless that takes too long.
    async fn end(&self) {
        self.over.send_replace(true);
        let most = u32::try_from(self.server.most.min(Semaphore::MAX_PERMITS)).unwrap_or(u32::MAX);
        let _ = timeout(CLOSE_LIMIT, self.places.acquire_many(most)).await;
    }
}

/// The conversation about a topic, before it is known where it is held.
pub(in crate::transport) struct Gathering {
    host: Arc<Host>,
    posts: mpsc::Receiver<Message>,
}

/// The same, and where.
struct Opening {
    gathering: Gathering,
    peer: Peer,
}

impl Gathering {
    /// Opens it, for whoever listens at these endpoints.
    pub(in crate::transport) fn open(self, endpoint: &str, journal: &Journal) -> Opened {
        let peer = Peer { remote: format!("everybody at {endpoint}"), local: endpoint.to_owned() };
        let opening = Opening { gathering: self, peer };
        Opened { channel: Channel::Messages(Box::new(opening)), report: journal.open() }
    }
}

impl Transport for Opening {
    fn peer(&self) -> &Peer {
        &self.peer
    }

    fn run(self: Box<Self>, port: Port) -> BoxFuture<'static, Outcome> {
        gather(self.gathering, port).boxed()
    }
}

async fn gather(Gathering { host, mut posts }: Gathering, port: Port) -> Outcome {
    let Port { mut outbox, report, mut closing } = port;
    let meter = report.meter().clone();
    let mut heard = Vec::new();
    loop {
        tokio::select! {
            batch = outbox.next() => {
                let Some(events) = batch else { break };
                let is_last = events.iter().any(|event| matches!(event, Event::Close { .. }));
                let mut said = Vec::with_capacity(events.len());
                for event in events {
                    // There is no half-close: those who come later are told what was said.
                    if let Event::Message(message) = &event {
                        meter.sent(&message.data);
                        meter.said(1);
                        host.publish(message.clone());
                        said.push(event);
                    }
                }
                report.said(said).await;
                if is_last {
                    break;
                }
            }
            1.. = posts.recv_many(&mut heard, POSTED) => {
                for message in &heard {
                    meter.received(&message.data);
                }
                report.heard(heard.drain(..).map(Event::Message).collect()).await;
            }
        }
    }
    tokio::select! {
        () = host.end() => {}
        () = closing.overdue(&report) => {}
    }
    let (sent, received) = (meter.bytes_sent(), meter.bytes_received());
    Outcome { sent, received, digest: meter.digests(), ..Outcome::default() }
}
