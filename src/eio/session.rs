//! The server's end of a session: what is heard and said, over polling and WebSocket, and when. The requests that may
//! reach it are judged before, by [`admission`](super::admission).
//!
//! Whoever drives it answers: each [`Input::Get`] is answered by one [`Output::Answer`] or [`Output::RejectGet`], each
//! [`Input::Post`] by one [`Output::Accept`] or [`Output::RejectPost`]. The first input is the first GET or, of a session
//! that begins with a WebSocket, [`Input::Connected`]; what was said before goes out with the handshake.

use std::time::{Duration, Instant};

use super::admission::Carrier;
use super::client::{Delivery, Hangup, Upgrade};
use super::packet::{Fault, Kind, Packet};
use super::payload::{self, Binary};
use super::reason::Reason;
use super::text::Data;
use super::{Open, Version};

/// How sessions are kept; the defaults are the official server's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// From one ping to the next.
    pub ping_interval: Duration,
    /// So long an answer may take.
    pub ping_timeout: Duration,
    /// So long a WebSocket may take to become the session's.
    pub upgrade_timeout: Duration,
    /// The largest body, in bytes.
    pub max_payload: usize,
    /// Whether polling sessions may move.
    pub upgrade: Upgrade,
    /// Whether the heart beats.
    pub heart: Heart,
}

/// A heart that stands still shows what a client does about it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Heart {
    /// It beats.
    #[default]
    Beating,
    /// Nothing is pinged, no ping is answered, and nobody is missed.
    Still,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            ping_interval: Duration::from_secs(25),
            ping_timeout: Duration::from_secs(20),
            upgrade_timeout: Duration::from_secs(10),
            max_payload: 1_000_000,
            upgrade: Upgrade::Wanted,
            heart: Heart::Beating,
        }
    }
}

/// While a client moves, a poll that waits is ended this often.
const NOOP_INTERVAL: Duration = Duration::from_millis(100);

/// What happens to a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A GET, which waits for its answer.
    Get,
    /// A GET that waited was given up by its client.
    Aborted,
    /// A POST, with its body.
    Post(Data),
    /// A POST began while another had not ended.
    PostOverlap,
    /// What carries it has failed: a POST was given up, or what was said is not taken.
    Failed,
    /// A WebSocket opened for this session, on which bytes go like this.
    Connected(Binary),
    /// The WebSocket that was taken brought a message.
    Frame(Data),
    /// The WebSocket that was taken closed.
    Hungup(Hangup),
    /// Messages to say, which belong together.
    Say(Vec<Data>, Delivery),
    /// It is to end when all is said.
    Close,
    /// The time has come.
    Tick,
}

/// What is to be done, and what happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Answer the GET that waits: 200, `text/plain; charset=UTF-8`, or `application/octet-stream` if it is binary.
    Answer(Data),
    /// Refuse the newest GET with this status and nothing else.
    RejectGet(u16),
    /// Answer the POST: 200, `text/html`, `ok`.
    Accept,
    /// Refuse the POST with this status and nothing else.
    RejectPost(u16),
    /// Close the WebSocket that just opened; it was not taken.
    RefuseSocket,
    /// Say this on the WebSocket.
    Frame(Data),
    /// Close the WebSocket that was taken.
    Hangup,
    /// A message.
    Heard(Data),
    /// A heart-beat was answered, or asked for.
    Beat,
    /// The WebSocket carries the session now.
    Upgraded,
    /// The WebSocket was given up: polling goes on.
    NotUpgraded,
    /// Volatile messages were dropped, or messages came after the end.
    Dropped,
    /// What came was no packet; the end follows.
    Wrong(Fault),
    /// It is over.
    Closed(Reason),
}

/// The machine.
#[derive(Debug)]
pub struct Session {
    config: Config,
    version: Version,
    /// How payloads carry bytes.
    binary: Binary,
    /// How the WebSocket does.
    frames: Binary,
    stage: Stage,
    queue: Vec<Packet>,
    beat: Beat,
    ending: Ending,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// It begins with a WebSocket, which has not opened.
    Awaiting,
    Polling {
        get: Poll,
        candidate: Candidate,
    },
    WebSocket,
    Closed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Poll {
    None,
    Waiting,
}

/// A WebSocket that the client may move to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Candidate {
    None,
    /// It must be the session's by then.
    Silent {
        until: Instant,
    },
    /// It was probed: polls end at `noop`.
    Probed {
        until: Instant,
        noop: Instant,
    },
}

/// The heart-beat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Beat {
    /// Nothing went out yet.
    None,
    /// Our next ping (version 4).
    Next(Instant),
    /// We pinged, and wait so long. One other packet is a sign of life, once.
    Asked(Instant, Grace),
    /// A ping must come by then (version 3).
    Theirs(Instant),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grace {
    Unused,
    Used,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    No,
    /// When all is said.
    Asked,
}

impl Session {
    /// A session of this version that begins with this carrier; its handshake goes out with the first input. `binary`:
    /// how its client wants bytes.
    #[must_use]
    pub fn new(config: Config, version: Version, carrier: Carrier, binary: Binary, sid: &str) -> Self {
        let stage = match carrier {
            Carrier::Polling => Stage::Polling { get: Poll::None, candidate: Candidate::None },
            Carrier::WebSocket => Stage::Awaiting,
        };
        let moves = carrier == Carrier::Polling && config.upgrade == Upgrade::Wanted;
        let open = Open {
            sid: sid.to_owned(),
            upgrades: if moves { vec![Carrier::WebSocket.name().to_owned()] } else { Vec::new() },
            ping_interval: config.ping_interval,
            ping_timeout: config.ping_timeout,
            max_payload: (version == Version::V4).then_some(config.max_payload as u64),
        };
        let queue = vec![open.packet()];
        Self { config, version, binary, frames: binary, stage, queue, beat: Beat::None, ending: Ending::No }
    }

    /// Its version.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    /// What carries it now; `None` after the end.
    #[must_use]
    pub fn carrier(&self) -> Option<Carrier> {
        match self.stage {
            Stage::Polling { .. } => Some(Carrier::Polling),
            Stage::Awaiting | Stage::WebSocket => Some(Carrier::WebSocket),
            Stage::Closed => None,
        }
    }

    /// A message would go out at once.
    #[must_use]
    pub fn is_writable(&self) -> bool {
        matches!(self.stage, Stage::WebSocket | Stage::Polling { get: Poll::Waiting, .. })
    }

    /// When it wants an [`Input::Tick`].
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let beat = match self.beat {
            Beat::None => None,
            Beat::Next(at) | Beat::Asked(at, _) | Beat::Theirs(at) => Some(at),
        };
        let candidate = match self.stage {
            Stage::Polling { candidate: Candidate::Silent { until }, .. }
            | Stage::Polling { candidate: Candidate::Probed { until, .. }, get: Poll::None } => Some(until),
            Stage::Polling { candidate: Candidate::Probed { until, noop }, get: Poll::Waiting } => {
                Some(until.min(noop))
            }
            _ => None,
        };
        beat.into_iter().chain(candidate).min()
    }

    /// Takes what happened, appends what follows from it.
    pub fn handle(&mut self, input: Input, now: Instant, out: &mut Vec<Output>) {
        if self.beat == Beat::None && self.stage != Stage::Closed && self.config.heart == Heart::Beating {
            self.beat = self.next_beat(now);
        }
        match (input, &mut self.stage) {
            (Input::Get, Stage::Polling { get, .. }) if *get == Poll::None => {
                *get = Poll::Waiting;
                self.flush(out);
            }
            (Input::Get, Stage::Polling { .. }) => {
                out.push(Output::RejectGet(400));
                self.close(Reason::TransportError, Kind::Close, out);
            }
            (Input::Get, _) => out.push(Output::RejectGet(400)),
            (Input::Aborted, Stage::Polling { get, .. }) if *get == Poll::Waiting => {
                *get = Poll::None;
                self.close(Reason::TransportError, Kind::Close, out);
            }
            (Input::Post(body), Stage::Polling { .. }) => self.post(&body, now, out),
            (Input::PostOverlap, Stage::Polling { .. }) => {
                out.push(Output::RejectPost(400));
                self.close(Reason::TransportError, Kind::Close, out);
            }
            (Input::Post(_) | Input::PostOverlap, _) => out.push(Output::RejectPost(400)),
            (Input::Failed, _) => self.close(Reason::TransportError, Kind::Close, out),
            (Input::Connected(binary), _) => self.connected(binary, now, out),
            (Input::Frame(frame), _) => self.frame(&frame, now, out),
            (Input::Hungup(hangup), Stage::WebSocket) => {
                // Its WebSocket is gone and needs no hangup.
                self.stage = Stage::Closed;
                self.beat = Beat::None;
                out.push(Output::Closed(match hangup {
                    Hangup::Closed => Reason::TransportClose,
                    Hangup::Failed => Reason::TransportError,
                }));
            }
            (Input::Hungup(_), Stage::Polling { candidate, .. }) if *candidate != Candidate::None => {
                *candidate = Candidate::None;
                out.push(Output::NotUpgraded);
            }
            (Input::Say(..), Stage::Closed) => out.push(Output::Dropped),
            (Input::Say(messages, delivery), _) => {
                if delivery == Delivery::Volatile && !self.is_writable() {
                    out.push(Output::Dropped);
                } else {
                    self.queue.extend(messages.into_iter().map(Packet::message));
                    // The handshake waits for the first request, and takes this with it.
                    self.flush(out);
                }
            }
            (Input::Close, _) => {
                self.ending = Ending::Asked;
                self.end_if_said(out);
            }
            (Input::Tick, _) => self.tick(now, out),
            (Input::Aborted | Input::Hungup(_), _) => {}
        }
    }

    fn next_beat(&self, now: Instant) -> Beat {
        match self.version {
            Version::V4 => Beat::Next(now + self.config.ping_interval),
            Version::V3 => Beat::Theirs(now + self.config.ping_interval + self.config.ping_timeout),
        }
    }

    fn post(&mut self, body: &Data, now: Instant, out: &mut Vec<Output>) {
        if body.len() > self.config.max_payload {
            return out.push(Output::RejectPost(413)); // the session goes on
        }
        let mut packets = Vec::new();
        let result = payload::decode(self.version, body, &mut packets);
        if result == Err(Fault::BinaryPayload) {
            out.push(Output::RejectPost(400));
            out.push(Output::Wrong(Fault::BinaryPayload));
            return self.close(Reason::TransportError, Kind::Close, out);
        }
        for packet in packets {
            if packet.kind() == Kind::Close {
                self.close(Reason::TransportClose, Kind::Noop, out);
            }
            self.packet(packet, now, out);
        }
        if let Err(fault) = result {
            self.wrong(fault, out);
        }
        out.push(Output::Accept);
    }

    fn connected(&mut self, binary: Binary, now: Instant, out: &mut Vec<Output>) {
        match self.stage {
            Stage::Awaiting => {
                self.frames = binary;
                self.stage = Stage::WebSocket;
                self.flush(out);
            }
            Stage::Polling { get, candidate: Candidate::None } if self.config.upgrade == Upgrade::Wanted => {
                self.frames = binary;
                let until = now + self.config.upgrade_timeout;
                self.stage = Stage::Polling { get, candidate: Candidate::Silent { until } };
            }
            _ => out.push(Output::RefuseSocket),
        }
    }

    fn frame(&mut self, frame: &Data, now: Instant, out: &mut Vec<Output>) {
        let packet = Packet::of_frame(self.version, frame);
        match (self.stage, packet) {
            (Stage::WebSocket, Ok(packet)) => {
                self.packet(packet, now, out);
                self.flush(out);
            }
            (Stage::WebSocket, Err(fault)) => self.wrong(fault, out),
            (Stage::Polling { candidate: Candidate::None, .. } | Stage::Awaiting | Stage::Closed, _) => {}
            (
                Stage::Polling { get, candidate: Candidate::Silent { until } | Candidate::Probed { until, .. } },
                Ok(packet),
            ) if packet.is_probe(Kind::Ping) => {
                let noop = now + NOOP_INTERVAL;
                self.stage = Stage::Polling { get, candidate: Candidate::Probed { until, noop } };
                out.push(Output::Frame(Packet::probe(Kind::Pong).to_frame(self.version, self.frames)));
            }
            (Stage::Polling { get, candidate: Candidate::Probed { .. } }, Ok(packet))
                if packet.kind() == Kind::Upgrade =>
            {
                // A client that moves before its poll has ended loses nothing by this.
                if get == Poll::Waiting {
                    self.answer(&[Packet::bare(Kind::Noop)], out);
                }
                self.stage = Stage::WebSocket;
                out.push(Output::Upgraded);
                self.flush(out);
            }
            (Stage::Polling { .. }, _) => self.not_upgraded(out),
        }
    }

    fn not_upgraded(&mut self, out: &mut Vec<Output>) {
        if let Stage::Polling { candidate, .. } = &mut self.stage {
            *candidate = Candidate::None;
            out.push(Output::Hangup);
            out.push(Output::NotUpgraded);
        }
    }

    fn packet(&mut self, packet: Packet, now: Instant, out: &mut Vec<Output>) {
        if self.stage == Stage::Closed {
            return;
        }
        if let (Beat::Asked(_, Grace::Unused), false) = (self.beat, packet.kind() == Kind::Pong) {
            self.beat = Beat::Asked(now + self.config.ping_timeout, Grace::Used);
        }
        match (self.version, packet) {
            (_, Packet::Text(Kind::Message, text)) => out.push(Output::Heard(Data::Text(text))),
            (_, Packet::Binary(bytes)) => out.push(Output::Heard(Data::Binary(bytes))),
            (Version::V4, Packet::Text(Kind::Pong, _)) | (Version::V3, Packet::Text(Kind::Ping, _))
                if self.config.heart == Heart::Still => {}
            (Version::V4, Packet::Text(Kind::Pong, _)) => {
                self.beat = self.next_beat(now);
                out.push(Output::Beat);
            }
            (Version::V3, Packet::Text(Kind::Ping, _)) => {
                self.beat = self.next_beat(now);
                out.push(Output::Beat);
                self.queue.push(Packet::bare(Kind::Pong));
                self.flush(out);
            }
            // The official server calls these an invalid heart-beat direction.
            (Version::V4, Packet::Text(Kind::Ping, _)) | (Version::V3, Packet::Text(Kind::Pong, _)) => {
                self.close(Reason::TransportError, Kind::Close, out);
            }
            (_, Packet::Text(Kind::Close, _)) => self.close(Reason::TransportClose, Kind::Noop, out),
            (_, Packet::Text(Kind::Open | Kind::Upgrade | Kind::Noop, _)) => {}
        }
    }

    fn tick(&mut self, now: Instant, out: &mut Vec<Output>) {
        match self.beat {
            Beat::Asked(at, _) | Beat::Theirs(at) if at <= now => {
                return self.close(Reason::PingTimeout, Kind::Close, out);
            }
            Beat::Next(at) if at <= now => {
                self.beat = Beat::Asked(now + self.config.ping_timeout, Grace::Unused);
                self.queue.push(Packet::bare(Kind::Ping));
                self.flush(out);
            }
            _ => {}
        }
        match &mut self.stage {
            Stage::Polling { candidate: Candidate::Silent { until } | Candidate::Probed { until, .. }, .. }
                if *until <= now =>
            {
                self.not_upgraded(out);
            }
            Stage::Polling { get: Poll::Waiting, candidate: Candidate::Probed { noop, .. } } if *noop <= now => {
                *noop = now + NOOP_INTERVAL;
                self.answer(&[Packet::bare(Kind::Noop)], out);
            }
            _ => {}
        }
    }

    fn answer(&mut self, packets: &[Packet], out: &mut Vec<Output>) {
        if let Stage::Polling { get, .. } = &mut self.stage {
            *get = Poll::None;
            out.push(Output::Answer(payload::encode(self.version, self.binary, packets)));
        }
    }

    fn flush(&mut self, out: &mut Vec<Output>) {
        match self.stage {
            Stage::WebSocket => {
                let (version, binary) = (self.version, self.frames);
                out.extend(self.queue.drain(..).map(|packet| Output::Frame(packet.to_frame(version, binary))));
            }
            Stage::Polling { get: Poll::Waiting, .. } if !self.queue.is_empty() => {
                let packets = std::mem::take(&mut self.queue);
                self.answer(&packets, out);
            }
            _ => {}
        }
        self.end_if_said(out);
    }

    /// Over polling the end is told by a poll, so one must wait.
    fn end_if_said(&mut self, out: &mut Vec<Output>) {
        let can = matches!(self.stage, Stage::WebSocket | Stage::Polling { get: Poll::Waiting, .. });
        if self.ending == Ending::Asked && self.queue.is_empty() && can {
            self.close(Reason::ForcedClose, Kind::Close, out);
        }
    }

    fn wrong(&mut self, fault: Fault, out: &mut Vec<Output>) {
        if self.stage != Stage::Closed {
            out.push(Output::Wrong(fault));
            self.close(Reason::ParseError, Kind::Close, out);
        }
    }

    /// Ends it; `last` is what a poll that waits is told.
    fn close(&mut self, reason: Reason, last: Kind, out: &mut Vec<Output>) {
        match self.stage {
            Stage::Closed => return,
            Stage::Awaiting => {}
            Stage::WebSocket => out.push(Output::Hangup),
            Stage::Polling { get, candidate } => {
                if get == Poll::Waiting {
                    self.answer(&[Packet::bare(last)], out);
                }
                if candidate != Candidate::None {
                    out.push(Output::Hangup);
                }
            }
        }
        self.stage = Stage::Closed;
        self.beat = Beat::None;
        out.push(Output::Closed(reason));
    }
}
