//! What happened, as rows of a drawing: the first and the last of them, and how many there were between.

use std::collections::VecDeque;

use jiff::Timestamp;

use super::rows::{self, Doing};
use super::sequence::{Drawn, Figure, Head, Sequence};
use crate::event::{ConnId, Event, Peer, Record, What};
use crate::quantity::show_count;
use crate::step::Step;
use crate::step::ws::Way;
use crate::view::escape;

/// So many of the first rows are drawn, and so many of the last.
const KEPT: usize = 40;
/// A message is looked for the row that carries it in so many of the last rows.
const NEAR: usize = 64;

/// Who does something, or to whom it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Us,
    Peer,
    /// By its number, the nearest first.
    Proxy(usize),
}

/// What a row shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Something that concerns one place.
    Note(Place),
    /// Something that goes from one place to another.
    Arrow(Place, Place, Stroke),
    /// Something that concerns all.
    Across,
}

/// How an arrow is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stroke {
    /// What carries messages.
    Solid,
    /// What opens, closes and keeps the conversation.
    Dashed,
}

/// Whether something went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    Alarm,
}

/// What a later record may add to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Load {
    /// Nothing.
    Nothing,
    /// The messages of a read or a write.
    Messages(Way),
    /// What one frame carries.
    Frame(Way, Freight),
}

/// What a frame can carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Freight {
    Message,
    Ping,
    Pong,
    Close,
}

/// One row.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) time: Timestamp,
    pub(super) conn: ConnId,
    pub(super) shape: Shape,
    pub(super) tone: Tone,
    /// Escaped.
    pub(super) text: String,
    pub(super) load: Load,
}

/// Whether we are the client or the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Role {
    #[default]
    Client,
    Server,
}

/// Gathers rows.
#[derive(Default)]
pub(super) struct Scene {
    start: Option<Timestamp>,
    role: Role,
    ends: Option<Peer>,
    proxies: Vec<String>,
    conversations: u32,
    steps: Steps,
    first: Vec<Row>,
    last: VecDeque<Row>,
    left_out: u64,
}

/// Whether steps were recorded: they say more than the records above them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Steps {
    #[default]
    Unseen,
    Seen,
}

impl Scene {
    /// Takes note of a record.
    pub(super) fn see(&mut self, record: &Record) {
        self.start.get_or_insert(record.time);
        self.conversations = self.conversations.max(record.conn.0);
        match &record.what {
            What::Listening { endpoints, .. } => {
                self.role = Role::Server;
                let local = endpoints.first().cloned().unwrap_or_default();
                self.ends.get_or_insert_with(|| Peer { remote: String::new(), local });
            }
            What::Opened(peer) if self.ends.as_ref().is_none_or(|ends| ends.remote.is_empty()) => {
                self.ends = Some(peer.clone());
            }
            What::Step(Step::Accepted { .. } | Step::Listen { .. }) => self.role = Role::Server,
            What::Step(Step::Route { proxies, .. }) => proxies.iter().for_each(|proxy| self.meet(proxy)),
            What::Step(Step::ProxyAsked { proxy, .. } | Step::ProxyAnswered { proxy, .. }) => self.meet(proxy),
            _ => {}
        }
        if let What::Step(_) = record.what {
            self.steps = Steps::Seen;
        }
        let doing = match &record.what {
            What::Step(step) => rows::of_step(step, self.proxies.as_slice()),
            // Steps say more of both ends of a conversation.
            What::Listening { .. } | What::Opened(_) | What::Said(Event::Finish) | What::Heard(Event::Finish)
                if self.steps == Steps::Seen =>
            {
                None
            }
            What::Said(event) if self.is_carried(record.conn, Way::Said, event) => None,
            What::Heard(event) if self.is_carried(record.conn, Way::Heard, event) => None,
            what => rows::of(what),
        };
        if let Some(Doing { shape, tone, text, load }) = doing {
            let text = line(text);
            self.push(Row { time: record.time, conn: record.conn, shape, tone, text, load });
        }
    }

    /// A lane for a proxy, if it has none.
    fn meet(&mut self, proxy: &String) {
        if !self.proxies.contains(proxy) {
            self.proxies.push(proxy.clone());
        }
    }

    fn push(&mut self, row: Row) {
        if self.first.len() < KEPT {
            self.first.push(row);
            return;
        }
        self.last.push_back(row);
        // What may still be added to is not forgotten yet.
        if self.last.len() > KEPT + NEAR {
            self.last.pop_front();
            self.left_out += 1;
        }
    }

    /// Adds an event to the row that carried it, if there is one.
    fn is_carried(&mut self, conn: ConnId, way: Way, event: &Event) -> bool {
        let near = self.first.iter_mut().chain(&mut self.last).rev().take(NEAR).filter(|row| row.conn == conn);
        let (mut bytes, mut frame) = (None, None);
        for row in near {
            match row.load {
                Load::Messages(of) if of == way && bytes.is_none() => bytes = Some(row),
                // Messages are told in the order of their frames; a ping of ours may never be told, and so the last.
                Load::Frame(of, freight)
                    if of == way && freight.fits(event) && (freight == Freight::Message || frame.is_none()) =>
                {
                    frame = Some(row);
                }
                _ => {}
            }
        }
        let row = match (frame, bytes) {
            (Some(row), _) => {
                row.load = Load::Nothing;
                row
            }
            (None, Some(row)) if matches!(event, Event::Message(_) | Event::Wire(_)) => row,
            _ => return false,
        };
        // A row can be drawn so far; what is added to it beyond that is not seen.
        if row.text.len() < 200 {
            let payload = line(rows::payload(event));
            if !payload.is_empty() {
                row.text += if row.text.contains(": ") { " | " } else { ": " };
                row.text += &payload;
            }
        }
        true
    }

    /// All of it, laid out.
    pub(super) fn sequence(mut self) -> Sequence {
        while self.last.len() > KEPT {
            self.last.pop_front();
            self.left_out += 1;
        }
        let start = self.start.unwrap_or_default();
        let proxies = self.proxies.len();
        // Client, proxies, server: from the left to the right.
        let lane = |place| match (place, self.role) {
            (Place::Us, Role::Client) | (Place::Peer, Role::Server) => 0,
            (Place::Proxy(number), _) => 1 + number,
            (Place::Us, Role::Server) | (Place::Peer, Role::Client) => proxies + 1,
        };
        let many = self.conversations > 1;
        let draw = |row: Row| {
            let figure = match row.shape {
                Shape::Note(place) => Figure::Note(lane(place)),
                Shape::Arrow(from, to, stroke) => Figure::Arrow(lane(from), lane(to), stroke),
                Shape::Across => Figure::Across,
            };
            let text =
                if many && row.conn != ConnId::PROGRAM { format!("{} {}", row.conn, row.text) } else { row.text };
            let since = row.time.duration_since(start).max(jiff::SignedDuration::ZERO);
            let since_ns = u64::try_from(since.as_nanos()).unwrap_or(u64::MAX);
            Drawn { since_ns: Some(since_ns), figure, tone: row.tone, text }
        };
        let gap = (self.left_out > 0).then(|| Drawn {
            since_ns: None,
            figure: Figure::Gap,
            tone: Tone::Plain,
            text: format!("{} more are not drawn", show_count(self.left_out)),
        });
        let rows = self.first.into_iter().map(draw).chain(gap).chain(self.last.into_iter().map(draw)).collect();
        let ends = self.ends.unwrap_or(Peer { remote: String::new(), local: String::new() });
        let (local, remote) = (escape::line(ends.local), escape::line(ends.remote));
        let remote = if many { format!("{} conversations", self.conversations) } else { remote };
        let (client, server) = match self.role {
            Role::Client => (local, remote),
            Role::Server => (remote, local),
        };
        let head = |name: &str, address: String| Head { name: name.to_owned(), address };
        let proxies = self.proxies.iter().map(|proxy| head("proxy", escape::line(proxy)));
        let lanes = std::iter::once(head("client", client)).chain(proxies).chain([head("server", server)]).collect();
        Sequence { start, lanes, rows }
    }
}

/// Escaped, and without tabs: a drawing has columns of its own.
fn line(text: impl AsRef<[u8]>) -> String {
    escape::line(text).replace('\t', " ")
}

impl Freight {
    fn fits(self, event: &Event) -> bool {
        matches!(
            (self, event),
            (Self::Message, Event::Message(_))
                | (Self::Ping, Event::Ping(_))
                | (Self::Pong, Event::Pong(_))
                | (Self::Close, Event::Close { .. })
        )
    }
}
