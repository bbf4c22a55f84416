//! The server's end: clients, the namespaces they enter, and what is said to whom.
//!
//! Whoever drives it keeps an Engine.IO session for each client and passes on what that says. [`Output::Asked`] is answered
//! by [`Input::Admit`] or [`Input::Refuse`], which is where an application's rules are.

mod namespace;
mod recovery;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::client::{Answer, Emission, Recovery};
use super::fault::Fault;
use super::hearing::{Decoder, Limits, Parser, Protocol};
use super::json::Json;
use super::packet::{Kind, MAIN, Packet};
use super::reason::Reason;
use crate::eio::client::Delivery;
use crate::eio::{self, Data, Text, Version};
use namespace::{Gathering, Namespace, Occupancy};
use recovery::Missed;

/// How a server behaves.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// Msgpack, or each client's own JSON.
    pub parser: Parser,
    /// What a packet may have.
    pub limits: Limits,
    /// So long a client may take to enter its first namespace.
    pub connect_timeout: Duration,
    /// So long a lost connection can be recovered, if it can.
    pub recovery: Option<Duration>,
    /// The time when the server was made, in milliseconds since 1970: offsets tell the time.
    pub started: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            parser: Parser::default(),
            limits: Limits::default(),
            connect_timeout: Duration::from_secs(45),
            recovery: None,
            started: 0,
        }
    }
}

/// A client: one session, however many namespaces. Its driver numbers them, none twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientId(pub u64);

/// A client in a namespace.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Socket {
    /// Where.
    pub namespace: Text,
    /// Its name there, which is also a room of its own.
    pub sid: Text,
}

/// Who is to hear something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audience {
    /// Where.
    pub namespace: Text,
    /// Whoever is in one of these; everybody if there are none.
    pub rooms: Vec<Text>,
    /// But nobody who is in one of these.
    pub except: Vec<Text>,
}

/// What happens.
#[derive(Clone, Debug)]
pub enum Input {
    /// A session opened.
    Opened(ClientId, Version),
    /// It brought a message.
    Heard(ClientId, Data),
    /// It ended.
    Closed(ClientId, eio::Reason),
    /// Who asked for a namespace is let in.
    Admit {
        /// Who.
        client: ClientId,
        /// Where.
        namespace: Text,
        /// Its name there, new and not to be guessed.
        sid: Text,
        /// The secret with which it can recover, if that is on.
        pid: Text,
    },
    /// Who asked is not let in.
    Refuse {
        /// Who.
        client: ClientId,
        /// Where.
        namespace: Text,
        /// Why.
        message: String,
        /// What else is said of it.
        data: Option<Json>,
    },
    /// An event is to be said.
    Emit(Audience, Emission),
    /// An event is to be acknowledged.
    Ack {
        /// Whose.
        socket: Socket,
        /// Its number.
        id: u64,
        /// An array.
        arguments: Json,
        /// What its placeholders stand for.
        attachments: Vec<Bytes>,
    },
    /// Enters a room.
    Join(Socket, Text),
    /// Leaves one.
    Leave(Socket, Text),
    /// Is to leave.
    Disconnect(Socket, Farewell),
    /// The server ends.
    Shutdown,
    /// The time has come.
    Tick,
}

/// What of a client ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Farewell {
    /// That it is in this namespace.
    Namespace,
    /// Its connection.
    Connection,
}

/// What is to be done, and what happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Say these messages, which belong together, to each of these.
    Say(Vec<ClientId>, Vec<Data>, Delivery),
    /// Close this session when all is said. What it still says need not be passed on.
    Close(ClientId),
    /// A client asks for a namespace.
    Asked {
        /// Who.
        client: ClientId,
        /// Where.
        namespace: Text,
        /// What it says of itself.
        auth: Option<Json>,
        /// What protocol 4 has instead of it.
        query: Option<Text>,
    },
    /// A client is in.
    Connected {
        /// Its name.
        socket: Socket,
        /// Which it is.
        client: ClientId,
        /// Whether it was in before.
        recovery: Recovery,
    },
    /// An event; with a number if it is to be acknowledged.
    Event(Socket, Packet),
    /// An answer to the event of this ticket.
    Answered(u64, Socket, Packet),
    /// No more answers will come to the event of this ticket; so many are missing.
    Complete(u64, usize),
    /// A client has left.
    Disconnected(Socket, Reason),
    /// A client did what it must not, and is closed.
    Wrong(ClientId, Wrong),
}

/// What a client must not do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// What came was no packet.
    #[error("{0}")]
    Fault(#[from] Fault),
    /// It is in that namespace already, or has asked.
    #[error("it asked twice for a namespace")]
    Twice,
    /// It is not in that namespace.
    #[error("it said something in a namespace that it is not in")]
    NotIn,
    /// Only servers say that.
    #[error("it said that it refuses")]
    Refusal,
    /// It entered no namespace in time.
    #[error("it entered no namespace in time")]
    Silent,
}

/// The machine.
#[derive(Debug)]
pub struct Server {
    config: Config,
    clients: HashMap<ClientId, Client>,
    namespaces: BTreeMap<Text, Namespace>,
    timers: BTreeSet<(Instant, Timer)>,
    started: Instant,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    Connect(ClientId),
    Gathering(Text, u64),
    /// A namespace that nobody is in may be forgotten.
    Forget(Text),
}

#[derive(Debug)]
struct Client {
    protocol: Protocol,
    decoder: Decoder,
    places: Places,
    /// It must have entered a namespace by then.
    patience: Option<Instant>,
}

/// How far a client is in a namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    Asked,
    In(Text),
}

/// Where a client is, in the order of the names: nearly always in one place, for which a tree has too much room.
#[derive(Debug, Default)]
struct Places(Vec<(Text, Place)>);

impl Places {
    fn at(&self, name: &Text) -> Result<usize, usize> {
        self.0.binary_search_by(|(known, _)| known.cmp(name))
    }

    fn get(&self, name: &Text) -> Option<&Place> {
        self.at(name).ok().map(|at| &self.0[at].1)
    }

    fn insert(&mut self, name: Text, place: Place) {
        match self.at(&name) {
            Ok(at) => self.0[at].1 = place,
            Err(at) => {
                if self.0.is_empty() {
                    self.0.reserve_exact(1);
                }
                self.0.insert(at, (name, place));
            }
        }
    }

    fn remove(&mut self, name: &Text) {
        if let Ok(at) = self.at(name) {
            self.0.remove(at);
        }
    }
}

impl Server {
    /// A server without clients.
    #[must_use]
    pub fn new(config: Config, now: Instant) -> Self {
        Self { config, clients: HashMap::new(), namespaces: BTreeMap::new(), timers: BTreeSet::new(), started: now }
    }

    /// When it wants an [`Input::Tick`].
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.timers.first().map(|(at, _)| *at)
    }

    /// The namespaces that somebody is in, or may come back to, and the main one once it was entered.
    pub fn namespaces(&self) -> impl Iterator<Item = &Text> {
        self.namespaces.keys()
    }

    /// Who is in a namespace.
    pub fn sockets(&self, namespace: &str) -> impl Iterator<Item = &Text> {
        self.namespaces.get(namespace).into_iter().flat_map(Namespace::sids)
    }

    /// The rooms of a namespace and how many are in each, without those that are sockets' own.
    #[must_use]
    pub fn rooms(&self, namespace: &str) -> Vec<(Text, usize)> {
        self.namespaces.get(namespace).map(Namespace::rooms).unwrap_or_default()
    }

    /// Takes what happened, appends what follows from it.
    pub fn handle(&mut self, input: Input, now: Instant, out: &mut Vec<Output>) {
        match input {
            Input::Opened(id, version) => self.opened(id, version, now, out),
            Input::Heard(id, message) => {
                let Some(client) = self.clients.get_mut(&id) else { return };
                match client.decoder.hear(&message) {
                    Ok(None) => {}
                    Ok(Some(packet)) => self.packet(id, packet, now, out),
                    Err(fault) => self.wrong(id, fault.into(), Reason::ParseError, now, out),
                }
            }
            Input::Closed(id, reason) => self.closed(id, Reason::Engine(reason), now, out),
            Input::Admit { client, namespace, sid, pid } => {
                if self.is_asking(client, &namespace) {
                    let pid = self.config.recovery.map(|_| pid);
                    self.enter(client, Socket { namespace, sid }, pid, None, now, out);
                }
            }
            Input::Refuse { client, namespace, message, data } => {
                if self.is_asking(client, &namespace) {
                    self.refuse(client, &namespace, &message, data.as_ref(), out);
                }
            }
            Input::Emit(audience, emission) => self.emit(&audience, emission, now, out),
            Input::Ack { socket, id, arguments, attachments } => {
                if let Some(client) = self.client_of(&socket) {
                    let packet = Packet::new(Kind::Ack, socket.namespace).with(arguments);
                    self.say(vec![client], &Packet { id: Some(id), attachments, ..packet }, Delivery::Kept, out);
                }
            }
            Input::Join(socket, room) => {
                if let Some(namespace) = self.namespaces.get_mut(&socket.namespace) {
                    namespace.join(&socket.sid, room);
                }
            }
            Input::Leave(socket, room) => {
                if let Some(namespace) = self.namespaces.get_mut(&socket.namespace) {
                    namespace.leave(&socket.sid, &room);
                }
            }
            Input::Disconnect(socket, farewell) => self.disconnect(&socket, farewell, now, out),
            Input::Shutdown => {
                let mut ids: Vec<ClientId> = self.clients.keys().copied().collect();
                ids.sort_unstable();
                for id in ids {
                    self.closed(id, Reason::ServerShuttingDown, now, out);
                    out.push(Output::Close(id));
                }
            }
            Input::Tick => self.tick(now, out),
        }
    }

    fn opened(&mut self, id: ClientId, version: Version, now: Instant, out: &mut Vec<Output>) {
        let protocol = Protocol::from(version);
        let parser = match self.config.parser {
            // The official server has one decoder for both: no name that one protocol refuses reaches the other's clients.
            Parser::Json(_) => Parser::Json(Protocol::V5),
            Parser::Msgpack => Parser::Msgpack,
        };
        let decoder = Decoder::new(parser, self.config.limits);
        let patience = now + self.config.connect_timeout;
        self.timers.insert((patience, Timer::Connect(id)));
        let client = Client { protocol, decoder, places: Places::default(), patience: Some(patience) };
        self.clients.insert(id, client);
        // Protocol 4 enters the main namespace unasked.
        if protocol == Protocol::V4 {
            self.ask(id, Text::from_static(MAIN), None, None, now, out);
        }
    }

    fn packet(&mut self, id: ClientId, packet: Packet, now: Instant, out: &mut Vec<Output>) {
        let Some(client) = self.clients.get(&id) else { return };
        let (name, query) = match (client.protocol, packet.namespace.find('?')) {
            (Protocol::V4, Some(mark)) => {
                (packet.namespace.part(0..mark).unwrap_or_default(), Some(packet.namespace.after(mark + 1)))
            }
            _ => (packet.namespace.clone(), None),
        };
        let place = client.places.get(&name).cloned();
        let forced = Reason::ForcedServerClose;
        match (packet.kind, place) {
            (Kind::ConnectError, _) => self.wrong(id, Wrong::Refusal, forced, now, out),
            (Kind::Connect, None) => self.ask(id, name, packet.data, query, now, out),
            (Kind::Connect, Some(_)) => self.wrong(id, Wrong::Twice, forced, now, out),
            (_, None | Some(Place::Asked)) => self.wrong(id, Wrong::NotIn, forced, now, out),
            (Kind::Disconnect, Some(Place::In(sid))) => {
                self.leave(&Socket { namespace: name, sid }, Reason::ClientNamespaceDisconnect, now, out);
            }
            (Kind::Event, Some(Place::In(sid))) => out.push(Output::Event(Socket { namespace: name, sid }, packet)),
            (Kind::Ack, Some(Place::In(sid))) => self.answered(Socket { namespace: name, sid }, packet, out),
        }
    }

    /// A client asks to enter. One that was in, and can prove it, is in again.
    fn ask(
        &mut self,
        id: ClientId,
        name: Text,
        auth: Option<Json>,
        query: Option<Text>,
        now: Instant,
        out: &mut Vec<Output>,
    ) {
        if let Some(client) = self.clients.get_mut(&id) {
            client.places.insert(name.clone(), Place::Asked);
        }
        let said = |field| auth.as_ref().and_then(|auth| auth.field(field)).and_then(|value| value.as_string());
        if let (Some(pid), Some(offset)) = (said("pid"), said("offset")) {
            // A client knows of its loss before we do, if nothing of it was under way.
            if let Some(before) = self.namespaces.get(&name).and_then(|namespace| namespace.owner(&pid)) {
                self.closed(before, Reason::Engine(eio::Reason::TransportClose), now, out);
                out.push(Output::Close(before));
            }
            let recovered = self.namespaces.get_mut(&name).and_then(|known| known.recover(&pid, &offset, now));
            if let Some((sid, missed)) = recovered {
                let socket = Socket { namespace: name, sid };
                return self.enter(id, socket, Some(pid.into()), Some(missed), now, out);
            }
        }
        out.push(Output::Asked { client: id, namespace: name, auth, query });
    }

    fn is_asking(&self, id: ClientId, namespace: &Text) -> bool {
        self.clients.get(&id).and_then(|client| client.places.get(namespace)) == Some(&Place::Asked)
    }

    /// What was missed is said first, and then that the client is in, as the official server does it.
    fn enter(
        &mut self,
        id: ClientId,
        socket: Socket,
        pid: Option<Text>,
        missed: Option<Missed>,
        now: Instant,
        out: &mut Vec<Output>,
    ) {
        let Some(client) = self.clients.get_mut(&id) else { return };
        client.places.insert(socket.namespace.clone(), Place::In(socket.sid.clone()));
        if let Some(at) = client.patience.take() {
            self.timers.remove(&(at, Timer::Connect(id)));
        }
        let protocol = client.protocol;
        let namespace = self.namespaces.entry(socket.namespace.clone()).or_insert_with(|| {
            let elapsed = now.saturating_duration_since(self.started).as_millis();
            let millis = self.config.started.saturating_add(u64::try_from(elapsed).unwrap_or(u64::MAX));
            Namespace::new(self.config.recovery, now, millis)
        });
        namespace.enter(socket.sid.clone(), id, pid.clone());
        let recovery = if missed.is_some() { Recovery::Recovered } else { Recovery::Fresh };
        if let Some(Missed { rooms, packets }) = missed {
            for room in rooms {
                namespace.join(&socket.sid, room);
            }
            for (arguments, attachments) in packets {
                let packet = Packet::new(Kind::Event, socket.namespace.clone()).with(arguments);
                self.say(vec![id], &Packet { attachments, ..packet }, Delivery::Kept, out);
            }
        }
        let data = match protocol {
            Protocol::V4 => None,
            Protocol::V5 => {
                let quoted = |text: &Text| Json::string(text).text().clone();
                let pid = pid.map(|pid| format!(",\"pid\":{}", quoted(&pid))).unwrap_or_default();
                Json::parse(format!("{{\"sid\":{}{pid}}}", quoted(&socket.sid)).into())
            }
        };
        let packet = Packet::new(Kind::Connect, socket.namespace.clone()).with(data);
        self.say(vec![id], &packet, Delivery::Kept, out);
        out.push(Output::Connected { socket, client: id, recovery });
    }

    fn refuse(&mut self, id: ClientId, name: &Text, message: &str, data: Option<&Json>, out: &mut Vec<Output>) {
        let Some(client) = self.clients.get_mut(&id) else { return };
        client.places.remove(name);
        let message = Json::string(message);
        let why = match client.protocol {
            // An error's text, or what is said of it instead.
            Protocol::V4 => Some(data.cloned().unwrap_or(message)),
            Protocol::V5 => {
                let data = data.map(|data| format!(",\"data\":{}", data.text())).unwrap_or_default();
                Json::parse(format!("{{\"message\":{}{data}}}", message.text()).into())
            }
        };
        let packet = Packet::new(Kind::ConnectError, name.clone()).with(why);
        self.say(vec![id], &packet, Delivery::Kept, out);
    }

    /// Whether anybody would hear an event, now or when a connection is recovered.
    #[must_use]
    pub fn reaches(&self, audience: &Audience) -> bool {
        let namespace = self.namespaces.get(&audience.namespace);
        namespace.is_some_and(|namespace| self.config.recovery.is_some() || !namespace.hearers(audience).is_empty())
    }

    fn emit(&mut self, audience: &Audience, emission: Emission, now: Instant, out: &mut Vec<Output>) {
        let Emission { mut arguments, attachments, delivery, answer } = emission;
        let Some(namespace) = self.namespaces.get_mut(&audience.namespace) else {
            if let Answer::Wanted { ticket, .. } = answer {
                out.push(Output::Complete(ticket, 0));
            }
            return;
        };
        if delivery == Delivery::Kept && answer == Answer::None {
            arguments = namespace.remember(arguments, &attachments, audience, now);
        }
        let hearers = namespace.hearers(audience);
        let clients: Vec<ClientId> = hearers.iter().map(|(_, client)| *client).collect();
        let mut packet = Packet::new(Kind::Event, audience.namespace.clone()).with(arguments);
        packet.attachments = attachments;
        if let Answer::Wanted { ticket, timeout } = answer {
            if clients.is_empty() {
                return out.push(Output::Complete(ticket, 0));
            }
            let sids = hearers.into_iter().map(|(sid, _)| sid.clone()).collect();
            let until = timeout.map(|timeout| now + timeout);
            let id = namespace.gather(Gathering { ticket, waiting: sids, missing: 0, until });
            if let Some(until) = until {
                self.timers.insert((until, Timer::Gathering(audience.namespace.clone(), id)));
            }
            packet.id = Some(id);
        }
        if !clients.is_empty() {
            self.say(clients, &packet, delivery, out);
        }
    }

    /// An answer that nobody waits for is passed over.
    fn answered(&mut self, socket: Socket, packet: Packet, out: &mut Vec<Output>) {
        let Some(namespace) = self.namespaces.get_mut(&socket.namespace) else { return };
        let Some(id) = packet.id else { return };
        let Some((ticket, complete)) = namespace.answered(id, &socket.sid) else { return };
        let name = socket.namespace.clone();
        out.push(Output::Answered(ticket, socket, packet));
        if let Some(gathering) = complete {
            self.complete(&name, id, &gathering, out);
        }
    }

    fn complete(&mut self, name: &Text, id: u64, gathering: &Gathering, out: &mut Vec<Output>) {
        if let Some(until) = gathering.until {
            self.timers.remove(&(until, Timer::Gathering(name.clone(), id)));
        }
        out.push(Output::Complete(gathering.ticket, gathering.missing + gathering.waiting.len()));
    }

    fn client_of(&self, socket: &Socket) -> Option<ClientId> {
        self.namespaces.get(&socket.namespace)?.client(&socket.sid)
    }

    fn disconnect(&mut self, socket: &Socket, farewell: Farewell, now: Instant, out: &mut Vec<Output>) {
        let Some(id) = self.client_of(socket) else { return };
        let places = match farewell {
            Farewell::Namespace => vec![socket.clone()],
            Farewell::Connection => self.places_of(id),
        };
        for socket in places {
            let packet = Packet::new(Kind::Disconnect, socket.namespace.clone());
            self.say(vec![id], &packet, Delivery::Kept, out);
            self.leave(&socket, Reason::ServerNamespaceDisconnect, now, out);
        }
        if farewell == Farewell::Connection {
            self.closed(id, Reason::ForcedServerClose, now, out);
            out.push(Output::Close(id));
        }
    }

    fn places_of(&self, id: ClientId) -> Vec<Socket> {
        let places = self.clients.get(&id).map(|client| client.places.0.iter());
        let is_in = |(namespace, place): &(Text, Place)| match place {
            Place::In(sid) => Some(Socket { namespace: namespace.clone(), sid: sid.clone() }),
            Place::Asked => None,
        };
        places.into_iter().flatten().filter_map(is_in).collect()
    }

    /// Takes a client out of a namespace.
    fn leave(&mut self, socket: &Socket, reason: Reason, now: Instant, out: &mut Vec<Output>) {
        let Some(namespace) = self.namespaces.get_mut(&socket.namespace) else { return };
        let Some(id) = namespace.exit(&socket.sid, reason, now) else { return };
        let complete = namespace.complete();
        if let Some(client) = self.clients.get_mut(&id) {
            client.places.remove(&socket.namespace);
        }
        out.push(Output::Disconnected(socket.clone(), reason));
        for (id, gathering) in complete {
            self.complete(&socket.namespace, id, &gathering, out);
        }
        self.forget(&socket.namespace, now);
    }

    /// Forgets a namespace that nobody is in or may come back to: where any name is let in, clients could make us remember
    /// names without end.
    fn forget(&mut self, name: &Text, now: Instant) {
        let Some(namespace) = self.namespaces.get_mut(name).filter(|_| name != MAIN) else { return };
        match namespace.occupancy(now) {
            Occupancy::Occupied => {}
            Occupancy::Awaiting(until) => {
                self.timers.insert((until, Timer::Forget(name.clone())));
            }
            Occupancy::Deserted => {
                self.namespaces.remove(name);
            }
        }
    }

    /// Takes a client out of everything.
    fn closed(&mut self, id: ClientId, reason: Reason, now: Instant, out: &mut Vec<Output>) {
        for socket in self.places_of(id) {
            self.leave(&socket, reason, now, out);
        }
        if let Some(at) = self.clients.remove(&id).and_then(|client| client.patience) {
            self.timers.remove(&(at, Timer::Connect(id)));
        }
    }

    fn wrong(&mut self, id: ClientId, wrong: Wrong, reason: Reason, now: Instant, out: &mut Vec<Output>) {
        out.push(Output::Wrong(id, wrong));
        self.closed(id, reason, now, out);
        out.push(Output::Close(id));
    }

    fn tick(&mut self, now: Instant, out: &mut Vec<Output>) {
        while let Some((at, timer)) = self.timers.pop_first() {
            if at > now {
                self.timers.insert((at, timer));
                return;
            }
            match timer {
                Timer::Connect(id) => self.wrong(id, Wrong::Silent, Reason::ForcedServerClose, now, out),
                Timer::Gathering(name, id) => {
                    if let Some(gathering) = self.namespaces.get_mut(&name).and_then(|known| known.give_up(id)) {
                        self.complete(&name, id, &gathering, out);
                    }
                }
                Timer::Forget(name) => self.forget(&name, now),
            }
        }
    }

    /// Says a packet, which is written once for all. One that its parser cannot write is not said.
    fn say(&self, clients: Vec<ClientId>, packet: &Packet, delivery: Delivery, out: &mut Vec<Output>) {
        if let Ok(messages) = self.config.parser.encode(packet) {
            out.push(Output::Say(clients, messages, delivery));
        }
    }
}
