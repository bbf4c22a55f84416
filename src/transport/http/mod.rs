//! HTTP as a conversation: what a server has to say, however it says it, and what we say to it by POST.
//!
//! ```text
//! polling       GET … answer, wait, GET … answer            the body that has changed is a message
//! long polling  GET ………… answer, GET ………… answer            the server answers when there is something
//! streaming     GET … head, piece, piece, piece …           a framing makes messages of the body
//! SSE           the same, and the pieces are events         resumed after the last event's id
//! ```

pub(super) mod agent;
mod conversation;
mod front;
mod hear;
mod host;
mod member;
mod metered;
mod post;
pub(super) mod trouble;

use std::time::Duration;

use bytes::Bytes;
use hyper::Method;

pub use front::{Control, Front};
pub use host::{Host, Posts, Server};
pub(super) use metered::Metered;

use super::{Channel, Dial, Opened};
use crate::backoff::Backoff;
use crate::cli::Newline;
use crate::event::Peer;
use crate::exit::Failure;
use crate::frame::Framing;
use crate::http::Asking;
use crate::link::Reporter;
use agent::Agent;
use conversation::Conversation;
use hear::Listener;

/// A conversation with a server.
#[derive(Clone)]
pub struct Client {
    /// For https, also after a redirection.
    pub tls: Option<crate::tls::Client>,
    /// What is asked for, and how.
    pub style: Style,
    /// Where, and who asks.
    pub asking: Asking,
    /// What a request is.
    pub request: Request,
    /// Where what we say is posted to.
    pub post: Post,
    /// How messages are told apart in an answer, if that was said.
    pub framing: Option<Framing>,
    /// Line ends.
    pub newline: Newline,
    /// The largest message, in bytes.
    pub largest: usize,
    /// How long the head of an answer may take.
    pub limit: Duration,
    /// Waits after failures.
    pub backoff: Backoff,
    /// So many failures in a row are the end.
    pub attempts: u32,
}

/// How a server is listened to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Style {
    /// It is asked again and again.
    Poll {
        /// From one request to the next.
        interval: Duration,
        /// It is longer or shorter by up to this part, in percent.
        jitter: u32,
        /// What of the answers is news.
        news: News,
    },
    /// It answers when there is something.
    LongPoll {
        /// What of the answers is news.
        news: News,
    },
    /// Its answer has no end.
    Stream,
    /// The same, and it consists of events.
    Sse {
        /// What becomes of the end of a stream.
        end: StreamEnd,
        /// The event to go on after.
        after: Option<String>,
    },
}

/// What of the answers to polls is news.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum News {
    /// What differs from the answer before it. The server is told what we have.
    #[default]
    Changes,
    /// Every answer, and the server is told nothing.
    All,
}

/// What becomes of the end of an event stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StreamEnd {
    /// It is asked for again, as browsers do.
    #[default]
    Resume,
    /// It is the end.
    Over,
}

/// What a request is.
#[derive(Clone, Debug)]
pub struct Request {
    /// `GET`, unless something is sent with it.
    pub method: Method,
    /// What is sent with it.
    pub body: Bytes,
    /// Its type, if it was said.
    pub content_type: Option<String>,
    /// Whether answers may be compressed.
    pub codings: Codings,
}

/// Whether answers may be compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Codings {
    /// They may.
    #[default]
    Accepted,
    /// They may not.
    Refused,
}

/// Where what we say goes.
#[derive(Clone, Debug, Default)]
pub struct Post {
    /// To here; to where we listen if nothing is said.
    pub to: Option<Asking>,
    /// What it is called; by its kind if nothing is said.
    pub content_type: Option<String>,
}

/// Opens what carries it, and asks for the first time.
pub(super) async fn connect(dial: &Dial, client: &Client, report: Reporter) -> Result<Opened, Failure> {
    let carrier = Dial { http: None, retry: None, ..dial.clone() };
    let mut agent = Agent::new(carrier.clone(), client, client.asking.clone(), report.clone());
    agent.open().await?;
    let local = agent.local().unwrap_or_default();
    let mut listener = Listener::new(agent, client);
    listener.first().await?;
    let peer = Peer { remote: client.asking.target.to_string(), local };
    let mut elsewhere = client.post.to.clone().unwrap_or_else(|| client.asking.clone());
    listener.share_cookies(&mut elsewhere);
    let speaker = Agent::new(carrier, client, elsewhere, report.clone());
    let conversation = Conversation { listener, poster: speaker, post: client.post.clone(), peer };
    Ok(Opened { channel: Channel::Messages(Box::new(conversation)), report })
}
