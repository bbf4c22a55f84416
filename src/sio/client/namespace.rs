//! One namespace of a client: what waits to be said, what waits for an answer, and what is needed to recover.

use std::collections::{BTreeSet, HashMap};
use std::mem;
use std::time::Instant;

use super::pile::{Pile, Weight};
use super::{Answer, Config, Emission, Output, Recovery, Unanswered, say};
use crate::eio::Text;
use crate::eio::client::Delivery;
use crate::sio::json::{Json, Shape};
use crate::sio::packet::{Kind, Packet};

/// How far a namespace is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// It is not wanted.
    Left,
    /// It is wanted, and there is no connection.
    Offline,
    /// It was asked for.
    Asked,
    Connected,
}

#[derive(Debug)]
pub(super) struct Namespace {
    name: Text,
    pub(super) stage: Stage,
    pub(super) auth: Option<Json>,
    next_id: u64,
    /// Events that wait for an answer, by their number.
    answers: HashMap<u64, Owner>,
    /// When they have waited long enough.
    deadlines: BTreeSet<(Instant, u64)>,
    /// What came before we were let in.
    early: Vec<Packet>,
    /// What is to be said when we are.
    waiting: Pile<Packet>,
    /// What is said until it is answered; the first is being said.
    queue: Pile<Queued>,
    /// The name under which the connection can be recovered, and the last event that was seen.
    pid: Option<Json>,
    offset: Option<Json>,
}

/// Whose answer it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    Ticket(u64, Option<Instant>),
    /// The first of the queue.
    Queue(Instant),
}

impl Owner {
    fn deadline(self) -> Option<Instant> {
        match self {
            Self::Ticket(_, at) => at,
            Self::Queue(at) => Some(at),
        }
    }
}

/// An event is not said, so no answer will come either.
pub(super) fn dropped(name: &Text, answer: Answer, out: &mut Vec<Output>) {
    out.push(Output::Dropped(name.clone()));
    if let Answer::Wanted { ticket, .. } = answer {
        out.push(Output::Unanswered(ticket, Unanswered::Disconnected));
    }
}

/// An event that is said again.
#[derive(Debug)]
struct Queued {
    emission: Emission,
    tries: u32,
    flight: Flight,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flight {
    Grounded,
    /// Under this number.
    Said(u64),
}

impl Weight for Packet {
    fn weight(&self) -> usize {
        let data = self.data.as_ref().map_or(0, |data| data.text().len());
        data + self.attachments.iter().map(bytes::Bytes::len).sum::<usize>()
    }
}

impl Weight for Queued {
    fn weight(&self) -> usize {
        let Emission { arguments, attachments, .. } = &self.emission;
        arguments.text().len() + attachments.iter().map(bytes::Bytes::len).sum::<usize>()
    }
}

impl Namespace {
    pub(super) fn new(name: Text) -> Self {
        Self {
            name,
            stage: Stage::Left,
            auth: None,
            next_id: 0,
            answers: HashMap::new(),
            deadlines: BTreeSet::new(),
            early: Vec::new(),
            waiting: Pile::default(),
            queue: Pile::default(),
            pid: None,
            offset: None,
        }
    }

    /// How many bytes wait to be said; what is not wanted any more waits for nothing.
    pub(super) fn unsaid(&self) -> usize {
        if self.stage == Stage::Left { 0 } else { self.waiting.bytes() + self.queue.bytes() }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|(at, _)| *at)
    }

    /// What a CONNECT says: what recovers the connection, then the auth, whose fields win.
    pub(super) fn auth_with_recovery(&self) -> Option<Json> {
        let Some(pid) = &self.pid else { return self.auth.clone() };
        let mut text = format!("{{\"pid\":{}", pid.text());
        if let Some(offset) = &self.offset {
            text.push_str(",\"offset\":");
            text.push_str(offset.text());
        }
        let auth = self.auth.as_ref().filter(|auth| auth.shape() == Shape::Object);
        let fields = auth.and_then(|auth| auth.text().trim().strip_prefix('{').map(str::trim_start)).unwrap_or("}");
        if !fields.starts_with('}') {
            text.push(',');
        }
        text.push_str(fields);
        Json::parse(text.into())
    }

    /// We were let in: what came early is heard, what waited is said, and then it is told.
    pub(super) fn connected(&mut self, data: Option<&Json>, config: &Config, now: Instant, out: &mut Vec<Output>) {
        let pid = data.and_then(|data| data.field("pid"));
        let recovery = if pid.is_some() && pid == self.pid { Recovery::Recovered } else { Recovery::Fresh };
        if pid != self.pid {
            self.offset = None;
        }
        self.pid = pid;
        self.stage = Stage::Connected;
        for packet in mem::take(&mut self.early) {
            self.event(packet, out);
        }
        for packet in self.waiting.take() {
            say(config.parser, &packet, Delivery::Kept, out);
        }
        self.drain(config, now, out);
        let sid = data.and_then(|data| data.field("sid"));
        out.push(Output::Connected { namespace: self.name.clone(), sid, recovery });
    }

    pub(super) fn event(&mut self, packet: Packet, out: &mut Vec<Output>) {
        if self.stage != Stage::Connected {
            self.early.push(packet);
            return;
        }
        // What asks has no offset.
        if self.pid.is_some() && packet.id.is_none() {
            // The server's offset is the last argument; a client cannot tell it from another string.
            let last = packet.arguments().into_iter().skip(1).next_back();
            if let Some(offset) = last.filter(|last| last.shape() == Shape::String) {
                self.offset = Some(offset);
            }
        }
        out.push(Output::Event(packet));
    }

    pub(super) fn emit(&mut self, emission: Emission, config: &Config, now: Instant, out: &mut Vec<Output>) {
        if self.stage == Stage::Left {
            return dropped(&self.name, emission.answer, out);
        }
        if config.retries.is_some() && emission.delivery == Delivery::Kept {
            self.queue.push(Queued { emission, tries: 0, flight: Flight::Grounded });
            return self.drain(config, now, out);
        }
        if emission.delivery == Delivery::Volatile && self.stage != Stage::Connected {
            return dropped(&self.name, emission.answer, out);
        }
        let owner = match emission.answer {
            Answer::None => None,
            Answer::Wanted { ticket, timeout } => Some(Owner::Ticket(ticket, timeout.map(|timeout| now + timeout))),
        };
        let delivery = emission.delivery;
        let packet = self.numbered(emission, owner);
        if self.stage == Stage::Connected {
            say(config.parser, &packet, delivery, out);
        } else {
            self.waiting.push(packet);
        }
    }

    fn numbered(&mut self, emission: Emission, owner: Option<Owner>) -> Packet {
        let packet = Packet::new(Kind::Event, self.name.clone()).with(emission.arguments);
        let id = owner.map(|owner| {
            let id = self.next_id;
            self.next_id += 1;
            self.answers.insert(id, owner);
            self.deadlines.extend(owner.deadline().map(|at| (at, id)));
            id
        });
        Packet { id, attachments: emission.attachments, ..packet }
    }

    /// Says the first of the queue, unless it is being said.
    fn drain(&mut self, config: &Config, now: Instant, out: &mut Vec<Output>) {
        let (Some(retries), Stage::Connected) = (config.retries, self.stage) else { return };
        let Some(first) = self.queue.first_mut().filter(|first| first.flight == Flight::Grounded) else { return };
        first.tries += 1;
        first.flight = Flight::Said(self.next_id);
        let emission = first.emission.clone();
        let packet = self.numbered(emission, Some(Owner::Queue(now + retries.timeout)));
        say(config.parser, &packet, Delivery::Kept, out);
    }

    pub(super) fn acked(&mut self, packet: Packet, config: &Config, now: Instant, out: &mut Vec<Output>) {
        let Some(id) = packet.id else { return };
        let Some(owner) = self.answers.remove(&id) else { return }; // nobody waits for it any more
        if let Some(at) = owner.deadline() {
            self.deadlines.remove(&(at, id));
        }
        match owner {
            Owner::Ticket(ticket, _) => out.push(Output::Acked(ticket, packet)),
            Owner::Queue(_) => {
                if let Some(Answer::Wanted { ticket, .. }) = self.queue.pop().map(|first| first.emission.answer) {
                    out.push(Output::Acked(ticket, packet));
                }
                self.drain(config, now, out);
            }
        }
    }

    /// Tells of those that have waited long enough.
    pub(super) fn tick(&mut self, config: &Config, now: Instant, out: &mut Vec<Output>) {
        let mut due = BTreeSet::new();
        while let Some((at, id)) = self.deadlines.first().copied().filter(|(at, _)| *at <= now) {
            self.deadlines.remove(&(at, id));
            due.insert(id);
        }
        if !due.is_empty() {
            self.waiting.retain(|packet| packet.id.is_none_or(|id| !due.contains(&id)));
        }
        for id in due {
            self.unanswered(id, Unanswered::TimedOut, config, now, out);
        }
    }

    fn unanswered(&mut self, id: u64, why: Unanswered, config: &Config, now: Instant, out: &mut Vec<Output>) {
        match self.answers.remove(&id) {
            Some(Owner::Ticket(ticket, _)) => out.push(Output::Unanswered(ticket, why)),
            Some(Owner::Queue(_)) => {
                let most = config.retries.map_or(0, |retries| retries.count);
                if let Some(first) = self.queue.first_mut() {
                    first.flight = Flight::Grounded;
                    if first.tries > most {
                        out.push(match self.queue.pop().map(|first| first.emission.answer) {
                            Some(Answer::Wanted { ticket, .. }) => Output::Unanswered(ticket, why),
                            Some(Answer::None) | None => Output::Exhausted(self.name.clone()),
                        });
                    }
                }
                self.drain(config, now, out);
            }
            None => {}
        }
    }

    /// The connection is gone: what was said and not answered will not be, and what waits goes on waiting.
    pub(super) fn disconnected(&mut self, config: &Config, now: Instant, out: &mut Vec<Output>) -> Text {
        self.stage = Stage::Offline;
        self.early.clear();
        let waiting: BTreeSet<u64> = self.waiting.iter().filter_map(|packet| packet.id).collect();
        let mut said: Vec<u64> = self.answers.keys().copied().filter(|id| !waiting.contains(id)).collect();
        said.sort_unstable();
        self.deadlines.retain(|(_, id)| waiting.contains(id));
        for id in said {
            self.unanswered(id, Unanswered::Disconnected, config, now, out);
        }
        self.name.clone()
    }

    /// It is not wanted any more.
    pub(super) fn left(&mut self) -> Text {
        self.stage = Stage::Left;
        self.pid = None;
        self.offset = None;
        self.name.clone()
    }

    /// Nothing waits any more; each event that is not delivered is told of, one by one if an answer was wanted.
    pub(super) fn forget(&mut self, out: &mut Vec<Output>) {
        let mut tickets: Vec<u64> = self
            .answers
            .drain()
            .filter_map(|(_, owner)| match owner {
                Owner::Ticket(ticket, _) => Some(ticket),
                Owner::Queue(_) => None,
            })
            .collect();
        let mut undelivered = self.waiting.take().iter().filter(|packet| packet.id.is_none()).count();
        for queued in self.queue.take() {
            match queued.emission.answer {
                Answer::Wanted { ticket, .. } => tickets.push(ticket),
                Answer::None => undelivered += 1,
            }
        }
        tickets.sort_unstable();
        if undelivered > 0 {
            out.push(Output::Undelivered(self.name.clone(), undelivered));
        }
        out.extend(tickets.into_iter().map(|ticket| Output::Unanswered(ticket, Unanswered::Disconnected)));
        self.deadlines.clear();
    }
}
