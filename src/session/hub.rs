//! The live conversations, and what is on its way to them.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::cli::{Offline, Slow};
use crate::event::{CloseReason, ConnId, Event, Message};
use crate::link::{Link, Refused};

/// When many are to hear the same, a slow one is waited for so long; after that it misses what it has no room for.
const PATIENCE: Duration = Duration::from_secs(1);

/// Who hears what the user says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Nobody: stdin is not read.
    Nobody,
    /// Every peer.
    All,
    /// The first peer there ever was.
    First,
    /// The peer heard last.
    Last,
    /// Every peer by itself, from the start of a file.
    Each,
    /// The one chosen with `/to`.
    One(ConnId),
}

/// Who hears what a peer has said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Circle {
    /// Everyone else.
    Others,
    /// Whoever said it too.
    Everyone,
}

struct Entry {
    link: Link,
    last_active: Instant,
    /// When we ended our direction.
    finished: Option<Instant>,
    /// It has ended its direction.
    peer_finished: bool,
    /// It had no room for longer than the patience, and is not waited for until it has.
    lagging: Option<Lag>,
}

/// What a slow peer has missed.
#[derive(Clone, Copy, Default)]
struct Lag {
    missed: u64,
}

/// One batch on its way to some peers.
struct Delivery {
    events: Vec<Event>,
    owed: Vec<ConnId>,
    since: Instant,
}

pub(super) struct Hub {
    entries: BTreeMap<ConnId, Entry>,
    /// Links let go of, whose transports are still ending.
    closing: BTreeMap<ConnId, crate::event::Peer>,
    pub(super) audience: Audience,
    first: Option<ConnId>,
    last_heard: Option<ConnId>,
    deliveries: VecDeque<Delivery>,
    notices: Vec<String>,
    slow: Slow,
    /// Under `--reconnect`, what becomes of what is said while nobody is there.
    offline: Option<Offline>,
    held: Vec<Event>,
    dropped: usize,
}

impl Hub {
    pub(super) fn new(audience: Audience, slow: Slow, offline: Option<Offline>) -> Self {
        Self {
            entries: BTreeMap::new(),
            closing: BTreeMap::new(),
            audience,
            first: None,
            last_heard: None,
            deliveries: VecDeque::new(),
            notices: Vec::new(),
            slow,
            offline,
            held: Vec::new(),
            dropped: 0,
        }
    }

    pub(super) fn add(&mut self, link: Link) {
        self.first.get_or_insert(link.id);
        let entry = Entry { link, last_active: Instant::now(), finished: None, peer_finished: false, lagging: None };
        self.entries.insert(entry.link.id, entry);
        self.deliver(Instant::now()); // one that was alone and waited for may now keep another waiting
    }

    /// Forgets a conversation whose transport has ended.
    pub(super) fn remove(&mut self, id: ConnId) -> Option<Gone> {
        for delivery in &mut self.deliveries {
            if self.offline == Some(Offline::Keep) && delivery.owed.contains(&id) {
                self.held.extend(messages(&delivery.events).cloned().map(Event::Message));
            }
            delivery.owed.retain(|other| *other != id);
        }
        self.deliver(Instant::now());
        if let Some(entry) = self.entries.remove(&id) {
            self.say_what_was_missed(&entry);
            return Some(Gone { peer: entry.link.peer.clone(), by: Ended::ByPeer });
        }
        self.closing.remove(&id).map(|peer| Gone { peer, by: Ended::ByUs })
    }

    /// Says what was kept while nobody was there, or how much was dropped.
    pub(super) fn say_held(&mut self, id: ConnId) {
        if self.dropped > 0 {
            let dropped = std::mem::take(&mut self.dropped);
            self.notices
                .push(format!("{dropped} messages were dropped while there was no connection (--offline drop)"));
        }
        if !self.held.is_empty() {
            let held = std::mem::take(&mut self.held);
            self.queue(held, vec![id]);
        }
    }

    /// Lets go of a conversation: its transport says what is queued and ends.
    pub(super) fn close(&mut self, id: ConnId) {
        drop(self.let_go(id));
        self.deliver(Instant::now());
    }

    /// Nothing more is meant for it; whoever drops the entry ends the conversation.
    fn let_go(&mut self, id: ConnId) -> Option<Entry> {
        let entry = self.entries.remove(&id);
        if let Some(entry) = &entry {
            self.say_what_was_missed(entry);
            self.closing.insert(id, entry.link.peer.clone());
        }
        for delivery in &mut self.deliveries {
            delivery.owed.retain(|other| *other != id);
        }
        entry
    }

    pub(super) fn close_all(&mut self) {
        for id in self.ids() {
            self.close(id);
        }
    }

    /// The same, and says why where the protocol has words for it.
    pub(super) fn close_all_saying(&mut self, why: &CloseReason) {
        for id in self.ids() {
            self.close_saying(id, why.clone());
        }
    }

    fn close_saying(&mut self, id: ConnId, why: CloseReason) {
        if let Some(entry) = self.let_go(id) {
            entry.link.close(why);
        }
    }

    /// Ends our direction once everything before it is on its way.
    pub(super) fn finish(&mut self, id: ConnId) {
        if let Some(entry) = self.entries.get_mut(&id)
            && entry.finished.is_none()
        {
            entry.finished = Some(Instant::now());
            self.queue(vec![Event::Finish], vec![id]);
        }
    }

    /// The peer says no more.
    pub(super) fn peer_finished(&mut self, id: ConnId) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.peer_finished = true;
        }
    }

    /// Whether the peer says no more.
    pub(super) fn has_heard_all(&self, id: ConnId) -> bool {
        self.entries.get(&id).is_some_and(|entry| entry.peer_finished)
    }

    /// Closes both directions once everything before it is on its way.
    pub(super) fn close_after(&mut self, id: ConnId) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.finished.get_or_insert_with(Instant::now);
            self.queue(vec![Event::Close { why: None }], vec![id]);
        }
    }

    pub(super) fn ids(&self) -> Vec<ConnId> {
        self.entries.keys().copied().collect()
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Nobody is left, the closing ones counted.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.closing.is_empty()
    }

    pub(super) fn name(&self, id: ConnId) -> String {
        self.entries.get(&id).map_or_else(|| id.to_string(), |entry| format!("{id} {}", entry.link.peer.remote))
    }

    pub(super) fn sender(&self, id: ConnId) -> Option<mpsc::Sender<Vec<Event>>> {
        self.entries.get(&id).map(|entry| entry.link.sender())
    }

    pub(super) fn heard(&mut self, id: ConnId, event: &Event, now: Instant) {
        let Some(entry) = self.entries.get_mut(&id) else { return };
        entry.last_active = now;
        if let Event::Message(_) = event {
            self.last_heard = Some(id);
        }
    }

    pub(super) fn active(&mut self, id: ConnId, now: Instant) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.last_active = now;
        }
    }

    /// Whether what the user says goes to this peer.
    pub(super) fn hears_input(&self, id: ConnId) -> bool {
        self.is_audience(id) && self.audience != Audience::Each
    }

    /// Whether this peer belongs to those whom stdin, and its end, are meant for.
    pub(super) fn is_audience(&self, id: ConnId) -> bool {
        match self.audience {
            Audience::Nobody | Audience::Each => false,
            Audience::All | Audience::Last => true,
            Audience::First => self.first == Some(id),
            Audience::One(one) => one == id,
        }
    }

    /// The peers that hear the user now.
    fn listeners(&self) -> impl Iterator<Item = ConnId> {
        let (all, only) = match self.audience {
            Audience::Nobody | Audience::Each => (false, None),
            Audience::All => (true, None),
            Audience::First => (false, self.first),
            Audience::Last => (false, self.last_heard.or(self.first)),
            Audience::One(id) => (false, Some(id)),
        };
        let all = all.then(|| self.entries.values()).into_iter().flatten();
        let only = only.and_then(|id| self.entries.get(&id));
        all.chain(only).filter(|entry| entry.finished.is_none()).map(|entry| entry.link.id)
    }

    pub(super) fn has_audience(&self) -> bool {
        self.listeners().next().is_some()
    }

    /// No message waits for room. (An end may wait for ever for a peer that does not read, and keeps nobody waiting.)
    pub(super) fn is_idle(&self) -> bool {
        self.waiting() == 0
    }

    fn waiting(&self) -> usize {
        self.deliveries.iter().filter(|delivery| messages(&delivery.events).next().is_some()).count()
    }

    /// More may be heard: under `--reply broadcast` what is heard must first find room.
    pub(super) fn may_hear(&self) -> bool {
        const RELAYED: usize = 64;
        self.waiting() < RELAYED
    }

    /// Says something to whoever hears the user. Nobody is a notice.
    pub(super) fn say(&mut self, events: Vec<Event>) {
        let listeners: Vec<ConnId> = self.listeners().collect();
        match self.offline {
            Some(Offline::Keep) if self.entries.is_empty() => return self.held.extend(events),
            Some(Offline::Drop) if self.entries.is_empty() => {
                self.dropped += messages(&events).count();
                return;
            }
            _ => {}
        }
        if listeners.is_empty() {
            self.notices.push("nobody is connected: that was not sent".to_owned());
            return;
        }
        self.queue(events, listeners);
    }

    /// Says to everyone else what each has said, or to everyone.
    pub(super) fn broadcast(&mut self, said: Vec<(ConnId, Event)>, circle: Circle) {
        let mut said = said.into_iter().peekable();
        while let Some((from, event)) = said.next() {
            let mut events = vec![event];
            while let Some((_, event)) = said.next_if(|(other, _)| *other == from) {
                events.push(event);
            }
            let open = |(id, entry): (&ConnId, &Entry)| {
                ((circle == Circle::Everyone || *id != from) && entry.finished.is_none()).then_some(*id)
            };
            let others: Vec<ConnId> = self.entries.iter().filter_map(open).collect();
            if !others.is_empty() {
                self.queue(events, others);
            }
        }
    }

    fn queue(&mut self, events: Vec<Event>, owed: Vec<ConnId>) {
        self.deliveries.push_back(Delivery { events, owed, since: Instant::now() });
        self.deliver(Instant::now());
    }

    /// Puts as much as possible into the peers' queues, in order; gives up on the slow when others would wait for them.
    pub(super) fn deliver(&mut self, now: Instant) {
        // A peer that had no room for an earlier batch must not get a later one first.
        let mut behind: Vec<ConnId> = Vec::new();
        let mut too_slow: Vec<ConnId> = Vec::new();
        for delivery in &mut self.deliveries {
            let impatient = self.entries.len() > 1 && now.duration_since(delivery.since) >= PATIENCE;
            let Delivery { events, owed, .. } = delivery;
            let alone = owed.len() == 1;
            owed.retain(|id| {
                let Some(entry) = self.entries.get_mut(id) else { return false };
                if behind.contains(id) {
                    return true;
                }
                // For one alone no copy is needed; what it has no room for comes back.
                let batch = if alone { std::mem::take(events) } else { events.clone() };
                let mut offered = entry.link.offer(batch);
                if let Err(Refused::Full(back)) = &mut offered
                    && alone
                {
                    *events = std::mem::take(back);
                }
                match offered {
                    Ok(()) => {
                        entry.last_active = now;
                        if let Some(lag) = entry.lagging.take() {
                            self.notices.push(missed(&entry.link, lag));
                        }
                        false
                    }
                    Err(Refused::Gone) => false,
                    Err(Refused::Full(_)) if messages(events).next().is_none() => {
                        // An end is never dropped.
                        behind.push(*id);
                        true
                    }
                    Err(Refused::Full(_)) if impatient && self.slow == Slow::Close => {
                        too_slow.push(*id);
                        false
                    }
                    Err(Refused::Full(_)) if entry.lagging.is_some() || impatient => {
                        entry.lagging.get_or_insert_default().missed += messages(events).count() as u64;
                        false
                    }
                    Err(Refused::Full(_)) => {
                        behind.push(*id);
                        true
                    }
                }
            });
        }
        self.deliveries.retain(|delivery| !delivery.owed.is_empty());
        for id in too_slow {
            let name = self.name(id);
            self.notices.push(format!("{name} is slow: closed (--slow close)"));
            self.close_saying(id, CloseReason::too_slow());
        }
    }

    /// When patience with the slow ends.
    pub(super) fn deadline(&self, now: Instant) -> Option<Instant> {
        let waits =
            |delivery: &&Delivery| delivery.since + PATIENCE > now && messages(&delivery.events).next().is_some();
        let waiting = self.deliveries.iter().find(waits)?;
        (self.entries.len() > 1).then(|| waiting.since + PATIENCE)
    }

    fn say_what_was_missed(&mut self, entry: &Entry) {
        if let Some(lag) = entry.lagging {
            self.notices.push(missed(&entry.link, lag));
        }
    }

    pub(super) fn take_notices(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notices)
    }

    pub(super) fn links(&self) -> impl Iterator<Item = &Link> {
        self.entries.values().map(|entry| &entry.link)
    }

    /// When each peer was last active, and when we ended our direction towards it.
    pub(super) fn times(&self) -> impl Iterator<Item = (ConnId, Instant, Option<Instant>)> {
        self.entries.values().map(|entry| (entry.link.id, entry.last_active, entry.finished))
    }
}

/// A conversation that has ended.
pub(super) struct Gone {
    pub peer: crate::event::Peer,
    pub by: Ended,
}

/// Who let go first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// The session had closed it.
    ByUs,
    /// It was under way.
    ByPeer,
}

fn messages(events: &[Event]) -> impl Iterator<Item = &Message> {
    events.iter().filter_map(|event| match event {
        Event::Message(message) => Some(message),
        _ => None,
    })
}

fn missed(link: &Link, lag: Lag) -> String {
    format!("{} {} is slow: {} messages were dropped for it", link.id, link.peer.remote, lag.missed)
}
