//! The client's end: namespaces over one connection, which is opened again when it is lost.
//!
//! Whoever drives it opens an Engine.IO session at [`Output::Open`] and passes on what that says. At [`Output::Close`] the
//! session is closed, and what it still says is no longer passed on.

mod namespace;
mod pile;
mod reconnection;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::fault::Fault;
use super::hearing::{Decoder, Limits, Parser, Protocol};
use super::json::Json;
use super::packet::{Kind, MAIN, Packet};
use super::reason::Reason;
use crate::eio::client::Delivery;
use crate::eio::{self, Data, Text};
use namespace::{Namespace, Stage};
pub use reconnection::Reconnection;

/// How a client behaves.
#[derive(Clone, Copy, Debug, Default)]
pub struct Config {
    /// How packets are written.
    pub parser: Parser,
    /// What a packet may have.
    pub limits: Limits,
    /// Whether a lost connection is opened again.
    pub reconnection: Option<Reconnection>,
    /// Whether events are said again that nobody acknowledges.
    pub retries: Option<Retries>,
}

/// Events are said again, one at a time and each with a new number, until they are acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retries {
    /// So often after the first time.
    pub count: u32,
    /// So long each acknowledgement may take.
    pub timeout: Duration,
}

/// What happens.
#[derive(Clone, Debug)]
pub enum Input {
    /// The session opened.
    Opened,
    /// It brought a message.
    Heard(Data),
    /// It ended, or did not open.
    Closed(eio::Reason),
    /// A namespace is wanted. In protocol 4 its query is part of its name.
    Connect {
        /// Its name, with its slash.
        namespace: Text,
        /// An object.
        auth: Option<Json>,
    },
    /// An event is to be said.
    Emit(Text, Emission),
    /// An event is to be acknowledged.
    Ack {
        /// Where it came from.
        namespace: Text,
        /// Its number.
        id: u64,
        /// An array.
        arguments: Json,
        /// What its placeholders stand for.
        attachments: Vec<Bytes>,
    },
    /// A namespace is to be left.
    Disconnect(Text),
    /// All are.
    Close,
    /// The time has come.
    Tick,
}

/// An event to be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emission {
    /// An array of its name and its arguments.
    pub arguments: Json,
    /// What its placeholders stand for.
    pub attachments: Vec<Bytes>,
    /// Whether it waits for a connection.
    pub delivery: Delivery,
    /// Whether an answer is.
    pub answer: Answer,
}

/// Whether an event is to be acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It need not be.
    None,
    /// It is.
    Wanted {
        /// The caller's own number, which comes back with the answer.
        ticket: u64,
        /// So long it may take.
        timeout: Option<Duration>,
    },
}

/// What is to be done, and what happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Open a session.
    Open,
    /// Close it when all is said, and forget it.
    Close,
    /// Say these messages, which belong together.
    Say(Vec<Data>, Delivery),
    /// A namespace let us in.
    Connected {
        /// Which.
        namespace: Text,
        /// Our name there; protocol 4 does not say it.
        sid: Option<Json>,
        /// Whether it is the connection that was lost.
        recovery: Recovery,
    },
    /// A namespace did not let us in, and will not be asked again by itself. An object with a `message`, or a string.
    Refused(Text, Option<Json>),
    /// The server speaks protocol 4, and we 5: it let us in unasked.
    OldServer,
    /// An event; with a number if it is to be acknowledged.
    Event(Packet),
    /// An answer: the ticket, and a packet with the arguments.
    Acked(u64, Packet),
    /// An answer that will not come.
    Unanswered(u64, Unanswered),
    /// An event of this namespace was said as often as it may be, and nobody has acknowledged it.
    Exhausted(Text),
    /// An event was not said: it is volatile, or the namespace is not wanted.
    Dropped(Text),
    /// A namespace is left, and so many of its events that want no answer were not said, or not acknowledged.
    Undelivered(Text, usize),
    /// A namespace was left.
    Disconnected(Text, Reason),
    /// The connection will be opened again after this long.
    Reconnecting {
        /// Counted from 1.
        attempt: u32,
        /// From now.
        delay: Duration,
    },
    /// It was opened again, at this attempt.
    Reconnected(u32),
    /// It will not be.
    GaveUp,
    /// What came was no packet; the connection ends.
    Wrong(Fault),
}

/// Whether what was missed came after a connection was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// It is a new connection.
    Fresh,
    /// It did.
    Recovered,
}

/// Why an answer will not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unanswered {
    /// "operation has timed out".
    TimedOut,
    /// "socket has been disconnected".
    Disconnected,
}

/// The machine.
#[derive(Debug)]
pub struct Client {
    config: Config,
    line: Line,
    decoder: Decoder,
    namespaces: BTreeMap<Text, Namespace>,
    /// Failed attempts in a row.
    attempts: u32,
    /// The main namespace of protocol 4 is open, wanted or not.
    main: Implicit,
    rng: fastrand::Rng,
}

/// The connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    /// Nobody wants it.
    Down,
    Opening,
    Up,
    /// It will be opened then.
    Waiting(Instant),
}

/// What protocol 4's server says of the main namespace by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Implicit {
    Unsaid,
    Said,
}

impl Client {
    /// A client that wants nothing yet. `seed` makes the luck of its waits.
    #[must_use]
    pub fn new(config: Config, seed: u64) -> Self {
        Self {
            config,
            line: Line::Down,
            decoder: Decoder::new(config.parser, config.limits),
            namespaces: BTreeMap::new(),
            attempts: 0,
            main: Implicit::Unsaid,
            rng: fastrand::Rng::with_seed(seed),
        }
    }

    /// When it wants an [`Input::Tick`].
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let line = if let Line::Waiting(until) = self.line { Some(until) } else { None };
        self.namespaces.values().filter_map(Namespace::deadline).chain(line).min()
    }

    /// Whether this namespace is wanted.
    #[must_use]
    pub fn wants(&self, name: &Text) -> bool {
        self.namespaces.get(name).is_some_and(|namespace| namespace.stage != Stage::Left)
    }

    /// Whether it wants no connection.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.line == Line::Down
    }

    /// How many bytes wait to be said. Whoever says things should wait while they are many.
    #[must_use]
    pub fn unsaid(&self) -> usize {
        self.namespaces.values().map(Namespace::unsaid).sum()
    }

    /// Takes what happened, appends what follows from it.
    pub fn handle(&mut self, input: Input, now: Instant, out: &mut Vec<Output>) {
        match input {
            Input::Opened => self.opened(now, out),
            Input::Heard(message) if self.line == Line::Up => match self.decoder.hear(&message) {
                Ok(None) => {}
                Ok(Some(packet)) => self.packet(packet, now, out),
                Err(fault) => {
                    out.push(Output::Wrong(fault));
                    out.push(Output::Close);
                    self.lost(Reason::ParseError, now, out);
                }
            },
            Input::Closed(reason) => match self.line {
                Line::Opening => self.again(now, out),
                Line::Up => self.lost(Reason::Engine(reason), now, out),
                Line::Down | Line::Waiting(_) => {}
            },
            Input::Connect { namespace, auth } => self.connect(namespace, auth, now, out),
            Input::Emit(name, emission) => {
                if let Some(namespace) = self.namespaces.get_mut(&name) {
                    namespace.emit(emission, &self.config, now, out);
                } else {
                    namespace::dropped(&name, emission.answer, out);
                }
            }
            Input::Ack { namespace, id, arguments, attachments } => {
                let is_in = self.namespaces.get(&namespace).is_some_and(|known| known.stage == Stage::Connected);
                if is_in {
                    let packet = Packet::new(Kind::Ack, namespace).with(arguments);
                    say(self.config.parser, &Packet { id: Some(id), attachments, ..packet }, Delivery::Kept, out);
                }
            }
            Input::Disconnect(name) => {
                self.leave(&name, out);
                self.close_if_unwanted(out);
            }
            Input::Close => {
                let names: Vec<Text> = self.namespaces.keys().cloned().collect();
                for name in names {
                    self.leave(&name, out);
                }
                self.close_if_unwanted(out);
            }
            Input::Tick => {
                for namespace in self.namespaces.values_mut() {
                    namespace.tick(&self.config, now, out);
                }
                if matches!(self.line, Line::Waiting(until) if until <= now) {
                    self.line = Line::Opening;
                    out.push(Output::Open);
                }
            }
            Input::Heard(_) => {}
        }
    }

    fn protocol(&self) -> Protocol {
        match self.config.parser {
            Parser::Json(protocol) => protocol,
            Parser::Msgpack => Protocol::V5,
        }
    }

    fn connect(&mut self, name: Text, auth: Option<Json>, now: Instant, out: &mut Vec<Output>) {
        let namespace = self.namespaces.entry(name.clone()).or_insert_with(|| Namespace::new(name));
        namespace.auth = auth;
        if namespace.stage != Stage::Left {
            return; // it is wanted already
        }
        namespace.stage = Stage::Offline;
        match self.line {
            Line::Down => {
                self.line = Line::Opening;
                out.push(Output::Open);
            }
            Line::Up => self.ask(now, out),
            Line::Opening | Line::Waiting(_) => {}
        }
    }

    fn opened(&mut self, now: Instant, out: &mut Vec<Output>) {
        if self.line != Line::Opening {
            return;
        }
        self.line = Line::Up;
        self.decoder = Decoder::new(self.config.parser, self.config.limits);
        self.main = Implicit::Unsaid;
        if self.attempts > 0 {
            out.push(Output::Reconnected(self.attempts));
        }
        self.attempts = 0;
        self.ask(now, out);
    }

    /// Asks for every namespace that is wanted and was not asked for.
    fn ask(&mut self, now: Instant, out: &mut Vec<Output>) {
        let protocol = self.protocol();
        for (name, namespace) in &mut self.namespaces {
            if namespace.stage != Stage::Offline {
                continue;
            }
            namespace.stage = Stage::Asked;
            match protocol {
                Protocol::V5 => {
                    let packet = Packet::new(Kind::Connect, name.clone()).with(namespace.auth_with_recovery());
                    say(self.config.parser, &packet, Delivery::Kept, out);
                }
                Protocol::V4 if name == MAIN && self.main == Implicit::Said => {
                    namespace.connected(None, &self.config, now, out);
                }
                Protocol::V4 if name == MAIN => {}
                Protocol::V4 => {
                    say(self.config.parser, &Packet::new(Kind::Connect, name.clone()), Delivery::Kept, out);
                }
            }
        }
    }

    fn packet(&mut self, packet: Packet, now: Instant, out: &mut Vec<Output>) {
        let protocol = self.protocol();
        let known = match protocol {
            Protocol::V5 => self.namespaces.get_mut(&packet.namespace),
            // Asked for as `/x?token=1`, answered as `/x`.
            Protocol::V4 => {
                let is_it = |name: &Text| name.split('?').next() == Some(packet.namespace.as_str());
                self.namespaces.iter_mut().find(|(name, _)| is_it(name)).map(|(_, known)| known)
            }
        };
        if protocol == Protocol::V4 && packet.kind == Kind::Connect && packet.namespace == MAIN {
            self.main = Implicit::Said;
        }
        let Some(namespace) = known.filter(|known| known.stage != Stage::Left) else { return };
        match packet.kind {
            Kind::Connect if namespace.stage == Stage::Asked => {
                let sid = packet.data.as_ref().and_then(|data| data.field("sid"));
                if protocol == Protocol::V5 && sid.is_none() {
                    out.push(Output::OldServer);
                }
                namespace.connected(packet.data.as_ref(), &self.config, now, out);
            }
            Kind::Connect => {}
            Kind::ConnectError => {
                let name = namespace.left();
                out.push(Output::Refused(name, packet.data));
                self.close_if_unwanted(out);
            }
            Kind::Disconnect => {
                let name = namespace.disconnected(&self.config, now, out);
                namespace.left();
                out.push(Output::Disconnected(name, Reason::ServerDisconnect));
                self.close_if_unwanted(out);
            }
            Kind::Event => namespace.event(packet, out),
            Kind::Ack => namespace.acked(packet, &self.config, now, out),
        }
    }

    /// Leaves a namespace; says so where that is known.
    fn leave(&mut self, name: &Text, out: &mut Vec<Output>) {
        let Some(namespace) = self.namespaces.get_mut(name) else { return };
        let stage = namespace.stage;
        if stage == Stage::Connected {
            say(self.config.parser, &Packet::new(Kind::Disconnect, name.clone()), Delivery::Kept, out);
            out.push(Output::Disconnected(name.clone(), Reason::ClientDisconnect));
        }
        namespace.forget(out);
        self.namespaces.remove(name);
    }

    fn close_if_unwanted(&mut self, out: &mut Vec<Output>) {
        if self.line != Line::Down && self.namespaces.values().all(|namespace| namespace.stage == Stage::Left) {
            if matches!(self.line, Line::Up | Line::Opening) {
                out.push(Output::Close);
            }
            self.line = Line::Down;
            self.attempts = 0;
        }
    }

    fn lost(&mut self, reason: Reason, now: Instant, out: &mut Vec<Output>) {
        self.line = Line::Down;
        for namespace in self.namespaces.values_mut() {
            let stage = namespace.stage;
            if matches!(stage, Stage::Connected | Stage::Asked) {
                let name = namespace.disconnected(&self.config, now, out);
                if stage == Stage::Connected {
                    out.push(Output::Disconnected(name, reason));
                }
            }
        }
        self.attempts = 0;
        self.again(now, out);
    }

    /// Waits for the next attempt, or gives up.
    fn again(&mut self, now: Instant, out: &mut Vec<Output>) {
        self.line = Line::Down;
        match self.config.reconnection {
            Some(reconnection) if reconnection.attempts.is_none_or(|most| self.attempts < most) => {
                let delay = reconnection.wait(self.attempts, self.rng.f64());
                self.attempts += 1;
                self.line = Line::Waiting(now + delay);
                out.push(Output::Reconnecting { attempt: self.attempts, delay });
            }
            _ => {
                self.attempts = 0;
                out.push(Output::GaveUp);
            }
        }
    }
}

/// Says a packet. One that its parser cannot write is not said: a number in its JSON is beyond all numbers.
fn say(parser: Parser, packet: &Packet, delivery: Delivery, out: &mut Vec<Output>) {
    out.push(match parser.encode(packet) {
        Ok(messages) => Output::Say(messages, delivery),
        Err(_) => Output::Dropped(packet.namespace.clone()),
    });
}
