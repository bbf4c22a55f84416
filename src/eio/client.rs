//! The client's end of a session: what is heard and said, over polling and WebSocket, and when.
//!
//! Whoever drives it does the requests: after [`Output::Get`] exactly one of [`Input::Polled`] and [`Input::Lost`] comes,
//! after [`Output::Post`] one of [`Input::Posted`] and [`Input::Lost`]; after [`Output::Connect`] an [`Input::Connected`]
//! or [`Input::Hungup`]. It calls with [`Input::Tick`] when [`Client::deadline`] has come.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::admission::Carrier;
use super::packet::{Fault, Kind, Packet};
use super::payload::{self, Binary};
use super::reason::Reason;
use super::text::Data;
use super::{Open, Version};
pub use crate::event::Delivery;

/// What kind of session is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// The version that is spoken.
    pub version: Version,
    /// What it begins with.
    pub carrier: Carrier,
    /// Whether a polling session moves.
    pub upgrade: Upgrade,
    /// How bytes are polled in version 3.
    pub binary: Binary,
    /// So long may opening take.
    pub timeout: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            version: Version::V4,
            carrier: Carrier::Polling,
            upgrade: Upgrade::Wanted,
            binary: Binary::Base64,
            timeout: Duration::from_secs(20),
        }
    }
}

/// Whether a polling session moves to a WebSocket where the server offers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upgrade {
    /// It does.
    Wanted,
    /// It stays.
    Unwanted,
}

/// What happens to a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// It is to open.
    Start,
    /// A GET was answered with success.
    Polled(Data),
    /// A POST was answered with success.
    Posted,
    /// A request failed, or was answered with a refusal.
    Lost,
    /// The WebSocket is open.
    Connected,
    /// The WebSocket brought a message.
    Frame(Data),
    /// The WebSocket closed, or did not open.
    Hungup(Hangup),
    /// It is to move to a WebSocket, whatever its [`Config::upgrade`].
    Upgrade,
    /// Messages to say, which belong together.
    Say(Vec<Data>, Delivery),
    /// It is to end when all is said.
    Close,
    /// The time has come.
    Tick,
}

/// How a WebSocket ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hangup {
    /// With a Close.
    Closed,
    /// Otherwise.
    Failed,
}

/// What is to be done, and what happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Poll.
    Get,
    /// Say this by POST.
    Post(Data),
    /// Open a WebSocket; with the session's id if it has one.
    Connect,
    /// Say this on the WebSocket.
    Frame(Data),
    /// Close the WebSocket.
    Hangup,
    /// The server let us in.
    Opened(Open),
    /// A message.
    Heard(Data),
    /// A heart-beat of the server, or its answer to ours.
    Beat,
    /// The WebSocket carries the session now.
    Upgraded,
    /// The WebSocket cannot: polling goes on.
    NotUpgraded,
    /// Nothing moves.
    Stays(Stay),
    /// Volatile messages were dropped, or messages came after the end.
    Dropped,
    /// What came was no packet; the end follows.
    Wrong(Fault),
    /// It is over.
    Closed(Reason),
}

/// Why nothing moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stay {
    /// There is no session.
    #[error("there is no connection")]
    NotOpen,
    /// A WebSocket carries it.
    #[error("a WebSocket carries it already")]
    Moved,
    /// The move has begun.
    #[error("it is moving to a WebSocket already")]
    Moving,
    /// The server has no WebSocket for it.
    #[error("the server offers no WebSocket")]
    NotOffered,
}

/// The machine.
#[derive(Debug)]
pub struct Client {
    config: Config,
    stage: Stage,
    open: Option<Open>,
    queue: VecDeque<Packet>,
    /// No later than this something must have come.
    patience: Option<Instant>,
    /// The next ping of ours (version 3).
    ping: Option<Instant>,
    ending: Ending,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Idle,
    Opening(Carrier),
    Polling { get: Request, post: Request, moving: Move },
    WebSocket,
    Closed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Request {
    Idle,
    Running,
}

/// How far the move to a WebSocket is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Move {
    None,
    Connecting,
    Probing,
    /// The probe was answered: running requests end, none begin.
    Pausing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    No,
    /// When all is said.
    Asked,
}

impl Client {
    /// A session that has not begun.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            config,
            stage: Stage::Idle,
            open: None,
            queue: VecDeque::new(),
            patience: None,
            ping: None,
            ending: Ending::No,
        }
    }

    /// What the server said of the session.
    #[must_use]
    pub fn open(&self) -> Option<&Open> {
        self.open.as_ref()
    }

    /// What carries it now; `None` before and after.
    #[must_use]
    pub fn carrier(&self) -> Option<Carrier> {
        match self.stage {
            Stage::Opening(carrier) => Some(carrier),
            Stage::Polling { .. } => Some(Carrier::Polling),
            Stage::WebSocket => Some(Carrier::WebSocket),
            Stage::Idle | Stage::Closed => None,
        }
    }

    /// How many bytes a message has on the wire, and how many the server takes, if those are fewer.
    #[must_use]
    pub fn excess(&self, message: &Data) -> Option<(u64, u64)> {
        let most = self.open.as_ref()?.max_payload?;
        let bytes = match (message, self.carrier()?, self.config.version) {
            (Data::Text(text), ..) => text.len() + 1,
            (Data::Binary(bytes), Carrier::Polling, _) => bytes.len().div_ceil(3) * 4 + 1,
            (Data::Binary(bytes), Carrier::WebSocket, Version::V4) => bytes.len(),
            (Data::Binary(bytes), Carrier::WebSocket, Version::V3) => bytes.len() + 1,
        };
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        (bytes > most).then_some((bytes, most))
    }

    /// A message would go out at once.
    #[must_use]
    pub fn is_writable(&self) -> bool {
        match self.stage {
            Stage::WebSocket => true,
            Stage::Polling { post: Request::Idle, moving, .. } => moving != Move::Pausing && self.queue.is_empty(),
            _ => false,
        }
    }

    /// When it wants an [`Input::Tick`].
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.patience.into_iter().chain(self.ping).min()
    }

    /// Takes what happened, appends what follows from it.
    pub fn handle(&mut self, input: Input, now: Instant, out: &mut Vec<Output>) {
        match (input, self.stage) {
            (Input::Say(..), Stage::Closed) => out.push(Output::Dropped),
            (_, Stage::Closed) => {}
            (Input::Start, Stage::Idle) => {
                self.stage = Stage::Opening(self.config.carrier);
                self.patience = Some(now + self.config.timeout);
                out.push(match self.config.carrier {
                    Carrier::Polling => Output::Get,
                    Carrier::WebSocket => Output::Connect,
                });
            }
            (Input::Tick, _) => self.tick(now, out),
            (Input::Say(messages, delivery), _) => self.say(messages, delivery, now, out),
            (Input::Upgrade, stage) => self.upgrade(stage, out),
            (Input::Close, _) => {
                self.ending = Ending::Asked;
                self.end_if_said(out);
            }
            (Input::Polled(body), _) => self.polled(&body, now, out),
            (Input::Posted, Stage::Polling { get, moving, .. }) => {
                self.stage = Stage::Polling { get, post: Request::Idle, moving };
                self.go_on(out);
            }
            (Input::Lost, Stage::Opening(Carrier::Polling) | Stage::Polling { .. }) => {
                self.close(Reason::TransportError, out);
            }
            (Input::Connected, Stage::Polling { get, post, moving: Move::Connecting }) => {
                self.stage = Stage::Polling { get, post, moving: Move::Probing };
                out.push(Output::Frame(Packet::probe(Kind::Ping).to_frame(self.config.version, Binary::Raw)));
            }
            (Input::Frame(frame), _) => self.frame(&frame, now, out),
            (Input::Hungup(hangup), stage) => self.hungup(hangup, stage, out),
            (Input::Start | Input::Posted | Input::Lost | Input::Connected, _) => {}
        }
    }

    fn upgrade(&mut self, stage: Stage, out: &mut Vec<Output>) {
        let is_offered = self.open.as_ref().is_some_and(Open::offers_websocket);
        out.push(match stage {
            Stage::Polling { get, post, moving: Move::None } if is_offered => {
                self.stage = Stage::Polling { get, post, moving: Move::Connecting };
                Output::Connect
            }
            Stage::Polling { moving: Move::None, .. } => Output::Stays(Stay::NotOffered),
            Stage::Polling { .. } => Output::Stays(Stay::Moving),
            Stage::WebSocket => Output::Stays(Stay::Moved),
            Stage::Idle | Stage::Opening(_) | Stage::Closed => Output::Stays(Stay::NotOpen),
        });
    }

    fn tick(&mut self, now: Instant, out: &mut Vec<Output>) {
        if self.patience.is_some_and(|at| at <= now) {
            let opening = matches!(self.stage, Stage::Opening(_));
            self.close(if opening { Reason::Timeout } else { Reason::PingTimeout }, out);
        } else if self.ping.is_some_and(|at| at <= now) {
            self.ping = None;
            self.patience = self.open.as_ref().map(|open| now + open.ping_timeout);
            self.queue.push_back(Packet::bare(Kind::Ping));
            self.flush(out);
        }
    }

    fn say(&mut self, messages: Vec<Data>, delivery: Delivery, now: Instant, out: &mut Vec<Output>) {
        // A timer may be late, on a machine that slept: then nothing is said into a dead connection.
        if self.patience.is_some_and(|at| at <= now) {
            self.tick(now, out);
        }
        if self.stage == Stage::Closed || (delivery == Delivery::Volatile && !self.is_writable()) {
            out.push(Output::Dropped);
            return;
        }
        self.queue.extend(messages.into_iter().map(Packet::message));
        self.flush(out);
    }

    fn polled(&mut self, body: &Data, now: Instant, out: &mut Vec<Output>) {
        match &mut self.stage {
            Stage::Polling { get, .. } if *get == Request::Running => *get = Request::Idle,
            Stage::Opening(Carrier::Polling) => {}
            _ => return,
        }
        let mut packets = Vec::new();
        let result = payload::decode(self.config.version, body, &mut packets);
        for packet in packets {
            self.packet(packet, now, out);
        }
        if let Err(fault) = result {
            self.wrong(fault, out);
        }
        if matches!(self.stage, Stage::Opening(_)) {
            self.close(Reason::TransportError, out); // whatever answered, it was no handshake
        }
        self.go_on(out);
    }

    fn frame(&mut self, frame: &Data, now: Instant, out: &mut Vec<Output>) {
        let packet = match Packet::of_frame(self.config.version, frame) {
            Ok(packet) => packet,
            Err(fault) => return self.wrong(fault, out),
        };
        match self.stage {
            Stage::Polling { get, post, moving: Move::Probing } => {
                if packet.is_probe(Kind::Pong) {
                    self.stage = Stage::Polling { get, post, moving: Move::Pausing };
                    self.go_on(out);
                } else {
                    out.push(Output::Hangup);
                    self.not_upgraded(out);
                }
            }
            Stage::Opening(Carrier::WebSocket) | Stage::WebSocket => {
                self.packet(packet, now, out);
                if self.stage == Stage::Opening(Carrier::WebSocket) {
                    self.close(Reason::TransportError, out);
                }
                self.flush(out);
            }
            _ => {}
        }
    }

    fn packet(&mut self, packet: Packet, now: Instant, out: &mut Vec<Output>) {
        if self.stage == Stage::Closed {
            return;
        }
        // Version 3 takes any packet for a sign of life; version 4 only the server's ping.
        if let (Version::V3, Some(open)) = (self.config.version, &self.open) {
            self.patience = Some(now + open.ping_interval + open.ping_timeout);
        }
        match (packet, self.stage) {
            (Packet::Text(Kind::Open, data), Stage::Opening(carrier)) => match Open::parse(&data) {
                Ok(open) => self.opened(open, carrier, now, out),
                Err(error) => self.wrong(Fault::Handshake(error.to_string()), out),
            },
            (_, Stage::Opening(_)) => {}
            (Packet::Text(Kind::Message, text), _) => out.push(Output::Heard(Data::Text(text))),
            (Packet::Binary(bytes), _) => out.push(Output::Heard(Data::Binary(bytes))),
            (Packet::Text(Kind::Ping, data), _) if self.config.version == Version::V4 => {
                self.patience = self.open.as_ref().map(|open| now + open.ping_interval + open.ping_timeout);
                out.push(Output::Beat);
                self.queue.push_back(Packet::Text(Kind::Pong, data));
            }
            (Packet::Text(Kind::Pong, _), _) if self.config.version == Version::V3 => {
                self.ping = self.open.as_ref().map(|open| now + open.ping_interval);
                out.push(Output::Beat);
            }
            (Packet::Text(Kind::Close, _), _) => self.close(Reason::TransportClose, out),
            // A noop has done its work by ending the poll; the rest has no meaning from a server.
            (Packet::Text(Kind::Open | Kind::Ping | Kind::Pong | Kind::Upgrade | Kind::Noop, _), _) => {}
        }
    }

    fn opened(&mut self, open: Open, carrier: Carrier, now: Instant, out: &mut Vec<Output>) {
        self.patience = Some(now + open.ping_interval + open.ping_timeout);
        if self.config.version == Version::V3 {
            self.ping = Some(now + open.ping_interval);
        }
        let is_wanted = open.offers_websocket() && self.config.upgrade == Upgrade::Wanted;
        out.push(Output::Opened(open.clone()));
        self.open = Some(open);
        self.stage = match carrier {
            Carrier::WebSocket => Stage::WebSocket,
            Carrier::Polling => {
                let moving = if is_wanted { Move::Connecting } else { Move::None };
                Stage::Polling { get: Request::Idle, post: Request::Idle, moving }
            }
        };
        if carrier == Carrier::Polling && is_wanted {
            out.push(Output::Connect);
        }
    }

    /// A WebSocket that is lost is the end if it carries the session, and otherwise only of the move.
    fn hungup(&mut self, hangup: Hangup, stage: Stage, out: &mut Vec<Output>) {
        match stage {
            Stage::Polling { moving: Move::Connecting | Move::Probing | Move::Pausing, .. } => self.not_upgraded(out),
            Stage::Opening(Carrier::WebSocket) | Stage::WebSocket => {
                // Its WebSocket is gone and needs no hangup.
                self.stage = Stage::Closed;
                self.patience = None;
                self.ping = None;
                out.push(Output::Closed(match hangup {
                    Hangup::Closed => Reason::TransportClose,
                    Hangup::Failed => Reason::TransportError,
                }));
            }
            _ => {}
        }
    }

    fn not_upgraded(&mut self, out: &mut Vec<Output>) {
        if let Stage::Polling { moving, .. } = &mut self.stage {
            *moving = Move::None;
            out.push(Output::NotUpgraded);
            self.go_on(out);
        }
    }

    /// What polling does next, when a request or the move has come further.
    fn go_on(&mut self, out: &mut Vec<Output>) {
        match &mut self.stage {
            Stage::Polling { get: Request::Idle, post: Request::Idle, moving: Move::Pausing } => {
                self.stage = Stage::WebSocket;
                out.push(Output::Frame(Packet::bare(Kind::Upgrade).to_frame(self.config.version, Binary::Raw)));
                out.push(Output::Upgraded);
            }
            Stage::Polling { get, moving: Move::None | Move::Connecting | Move::Probing, .. }
                if *get == Request::Idle =>
            {
                *get = Request::Running;
                out.push(Output::Get);
            }
            _ => {}
        }
        self.flush(out);
    }

    fn flush(&mut self, out: &mut Vec<Output>) {
        let version = self.config.version;
        match &mut self.stage {
            Stage::WebSocket => {
                out.extend(self.queue.drain(..).map(|packet| Output::Frame(packet.to_frame(version, Binary::Raw))));
            }
            Stage::Polling { post, moving, .. } if *post == Request::Idle && *moving != Move::Pausing => {
                let limit = self.open.as_ref().and_then(|open| open.max_payload);
                let limit = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
                let packets = self.queue.make_contiguous();
                let count = payload::fitting(version, packets, limit);
                if count > 0 {
                    *post = Request::Running;
                    out.push(Output::Post(payload::encode(version, self.config.binary, &packets[..count])));
                    self.queue.drain(..count);
                }
            }
            _ => {}
        }
        self.end_if_said(out);
    }

    fn end_if_said(&mut self, out: &mut Vec<Output>) {
        if self.ending == Ending::No || self.stage == Stage::Closed {
            return;
        }
        match self.stage {
            Stage::Polling { post: Request::Running, .. } | Stage::Polling { moving: Move::Pausing, .. } => return,
            _ if !self.queue.is_empty() && !matches!(self.stage, Stage::Idle | Stage::Opening(_)) => return,
            Stage::Polling { .. } => {
                let end = [Packet::bare(Kind::Close)];
                out.push(Output::Post(payload::encode(self.config.version, self.config.binary, &end)));
            }
            _ => {}
        }
        self.close(Reason::ForcedClose, out);
    }

    fn wrong(&mut self, fault: Fault, out: &mut Vec<Output>) {
        if self.stage != Stage::Closed {
            out.push(Output::Wrong(fault));
            self.close(Reason::TransportError, out);
        }
    }

    fn close(&mut self, reason: Reason, out: &mut Vec<Output>) {
        let has_socket = match self.stage {
            Stage::Opening(carrier) => carrier == Carrier::WebSocket,
            Stage::Polling { moving, .. } => moving != Move::None,
            Stage::WebSocket => true,
            Stage::Idle => false,
            Stage::Closed => return,
        };
        self.stage = Stage::Closed;
        self.patience = None;
        self.ping = None;
        if has_socket {
            out.push(Output::Hangup);
        }
        out.push(Output::Closed(reason));
    }
}
