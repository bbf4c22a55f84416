//! Lessons: a real client and a real server on loopback, through our own transports, both watched, one act at a time.
//!
//! A lesson is a play ([`tcp::play`]) that says what is done, and texts ([`tcp::en`]) that say what it means: a
//! translation is one more file of texts. What a text states the play waits for, so that a lesson cannot tell what is
//! not so; between two acts everything stands still, and the reader can look at it from another terminal.

mod bare;
mod blocking;
mod congestion;
mod director;
pub mod glossary;
mod half_open;
mod http_realtime;
mod local;
mod moves;
mod nagle;
mod opening;
mod pair;
pub mod progress;
mod slow_reader;
mod tap;
mod tcp;
mod tcp_states;
mod tls;
mod udp;
mod unix;
mod websocket;
pub mod wire;
pub mod words;

use std::future::Future;
use std::pin::Pin;

use serde::Serialize;

use crate::cli::{Language, Lesson};
use crate::event::Record;
use crate::exit::Failure;
pub use director::{Director, Reader};
pub use glossary::Term;

/// One of the two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// Who asks.
    Client,
    /// Who is asked.
    Server,
}

impl Side {
    /// Who is at the other end.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

/// The texts of a lesson, in one language.
#[derive(Clone, Copy, Debug)]
pub struct Texts {
    /// What it is about, in a line.
    pub about: &'static str,
    /// In order.
    pub acts: &'static [Act],
}

/// The texts of an act. `{port}` is the server's port, `{key}` the client's `Sec-WebSocket-Key`.
#[derive(Clone, Copy, Debug)]
pub struct Act {
    /// What happens, in a few words.
    pub title: &'static str,
    /// What happens and why.
    pub text: &'static str,
    /// The system call and the section of the standard.
    pub source: &'static str,
    /// A command that shows it.
    pub see: &'static str,
    /// What may want an explanation.
    pub terms: &'static [Term],
    /// Something to think about, and the answer.
    pub question: Option<(&'static str, &'static str)>,
    /// Programs that do the same.
    pub code: &'static [Code],
}

impl Act {
    /// An act without words, to be filled.
    const EMPTY: Self = Self { title: "", text: "", source: "", see: "", terms: &[], question: None, code: &[] };
}

/// A few lines of a program.
#[derive(Clone, Copy, Debug)]
pub struct Code {
    /// `Python`
    pub language: &'static str,
    /// The lines.
    pub lines: &'static str,
}

/// An act as it was played.
#[derive(Clone, Debug)]
pub struct Played {
    /// From 1.
    pub number: usize,
    /// The server's port, once it has one.
    pub port: Option<u16>,
    /// Whether conversations are told apart.
    pub peers: Peers,
    /// How much of it is shown.
    pub detail: Detail,
    /// In the order of time.
    pub happened: Vec<Happened>,
    /// What somebody on the way saw, if there is one.
    pub overheard: Vec<Overheard>,
    /// What it has cost so far.
    pub costs: Vec<Cost>,
    /// What the kernel says afterwards.
    pub kernel: Vec<Socket>,
    /// Whether that is all as it should be: the states, and what is in the queues.
    pub settled: bool,
}

/// Whether conversations are numbered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Peers {
    /// They are, from the second on.
    #[default]
    Many,
    /// There is one at a time.
    One,
}

/// What the news have cost, told one way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cost {
    /// `long polling`
    pub style: &'static str,
    /// How often the client has asked.
    pub requests: u32,
    /// What it has learned.
    pub messages: u32,
    /// From the client, in bytes, heads and all.
    pub sent: u64,
    /// To the client, in bytes, heads and all.
    pub received: u64,
}

/// How much is shown of what happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// A line for each thing.
    Lines,
    /// And the headers that are sent.
    #[default]
    Headers,
    /// And frames bit by bit, and the headers of a request also where it arrives.
    Whole,
}

/// What one side did or saw.
#[derive(Clone, Debug, Serialize)]
pub struct Happened {
    /// Whose doing.
    pub side: Side,
    /// What.
    #[serde(flatten)]
    pub record: Record,
}

/// What somebody between the two sees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Overheard {
    /// Who said it.
    pub from: Side,
    /// What can be seen of it.
    #[serde(flatten)]
    pub what: Seen,
}

/// What can be seen of what passes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "seen", rename_all = "kebab-case")]
pub enum Seen {
    /// Words.
    Text {
        /// All of them.
        text: String,
    },
    /// A packet on the slow wire.
    Packet(wire::Passed),
    /// Records of TLS of one kind, one after another.
    Records {
        /// `application data`
        kind: &'static str,
        /// How many.
        records: u32,
        /// With their headers.
        bytes: u64,
        /// The name that the client asks for (SNI).
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    },
}

/// A socket as the kernel sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Socket {
    /// Whose it is.
    pub side: Side,
    /// Its own address, and after an arrow its peer's.
    pub name: String,
    /// What the lesson says it is in; `none` if it says that the kernel knows it no more.
    pub expected: &'static str,
    /// What it is in.
    #[serde(flatten)]
    pub view: Kernel,
}

/// What the kernel says of a socket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state")]
pub enum Kernel {
    /// It is in none of its tables.
    #[serde(rename = "none")]
    Unknown,
    /// It listens.
    #[serde(rename = "LISTEN")]
    Listen {
        /// Connections that wait for `accept()`.
        waiting: u32,
        /// How many may.
        backlog: u32,
    },
    /// It is one end of a TCP connection.
    #[serde(untagged)]
    Tcp {
        /// RFC 9293's name.
        state: &'static str,
        /// Bytes that came and were not read.
        unread: u32,
        /// Bytes that went and were not acknowledged.
        unacknowledged: u32,
        /// The round-trip time, while it is measured.
        #[serde(skip_serializing_if = "Option::is_none")]
        rtt_ns: Option<u64>,
        /// The congestion window, in segments.
        #[serde(skip_serializing_if = "Option::is_none")]
        window: Option<u32>,
        /// What it does next by itself, where the lesson speaks of it.
        #[serde(skip_serializing_if = "Option::is_none")]
        timer: Option<TimerView>,
        /// Bytes that the peer has room for, where the lesson speaks of it.
        #[serde(skip_serializing_if = "Option::is_none")]
        room: Option<u32>,
        /// Up to where the congestion window grows fast, where the lesson speaks of it.
        #[serde(skip_serializing_if = "Option::is_none")]
        threshold: Option<u32>,
        /// Segments that went again, where the lesson speaks of it.
        #[serde(skip_serializing_if = "Option::is_none")]
        retransmissions: Option<u32>,
    },
    /// It stays inside this machine.
    #[serde(untagged)]
    Unix {
        /// `UNCONNECTED` or `CONNECTED`.
        state: &'static str,
        /// Bytes that wait to be read.
        unread: u32,
    },
    /// Nothing more is known of it.
    #[serde(untagged)]
    Bare {
        /// RFC 9293's name.
        state: &'static str,
    },
    /// It takes datagrams.
    #[serde(untagged)]
    Udp {
        /// `UNCONNECTED` or `CONNECTED`.
        state: &'static str,
        /// Bytes of memory that wait to be read.
        unread: u32,
        /// Datagrams that found no room.
        #[serde(skip_serializing_if = "Option::is_none")]
        dropped: Option<u32>,
    },
}

impl Kernel {
    /// The name of the state; `none` if there is no socket.
    #[must_use]
    pub fn state(&self) -> &'static str {
        match self {
            Self::Unknown => "none",
            Self::Listen { .. } => "LISTEN",
            Self::Tcp { state, .. } | Self::Udp { state, .. } | Self::Unix { state, .. } | Self::Bare { state } => {
                state
            }
        }
    }
}

/// What a socket does next by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TimerView {
    /// As `ss -o` calls it: `on`, `keepalive`, `persist`, `timewait`.
    pub name: &'static str,
    /// How long until then, where that is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_ns: Option<u64>,
}

/// A play under way.
pub type Play = Pin<Box<dyn Future<Output = Result<(), Failure>> + Send>>;

impl Lesson {
    /// What is said, in this language, or in English if it is not translated.
    #[must_use]
    pub fn texts(self, language: Language) -> Texts {
        match (self, language) {
            (Self::Tcp, Language::English) => Texts { about: tcp::en::ABOUT, acts: &tcp::en::PLAYBILL },
            (Self::Tcp, Language::Korean) => Texts { about: tcp::ko::ABOUT, acts: &tcp::ko::PLAYBILL },
            (Self::TcpStates, _) => Texts { about: tcp_states::en::ABOUT, acts: &tcp_states::en::PLAYBILL },
            (Self::Websocket, Language::English) => {
                Texts { about: websocket::en::ABOUT, acts: &websocket::en::PLAYBILL }
            }
            (Self::Websocket, Language::Korean) => {
                Texts { about: websocket::ko::ABOUT, acts: &websocket::ko::PLAYBILL }
            }
            (Self::Tls, _) => Texts { about: tls::en::ABOUT, acts: &tls::en::PLAYBILL },
            (Self::HttpRealtime, _) => Texts { about: http_realtime::en::ABOUT, acts: &http_realtime::en::PLAYBILL },
            (Self::Udp, _) => Texts { about: udp::en::ABOUT, acts: &udp::en::PLAYBILL },
            (Self::Blocking, _) => Texts { about: blocking::en::ABOUT, acts: &blocking::en::PLAYBILL },
            (Self::Unix, _) => Texts { about: unix::en::ABOUT, acts: &unix::en::PLAYBILL },
            (Self::Nagle, _) => Texts { about: nagle::en::ABOUT, acts: &nagle::en::PLAYBILL },
            (Self::Congestion, _) => Texts { about: congestion::en::ABOUT, acts: &congestion::en::PLAYBILL },
            (Self::SlowReader, _) => Texts { about: slow_reader::en::ABOUT, acts: &slow_reader::en::PLAYBILL },
            (Self::HalfOpen, _) => Texts { about: half_open::en::ABOUT, acts: &half_open::en::PLAYBILL },
        }
    }

    /// Plays it; the reader says when an act may end.
    #[must_use]
    pub fn play(self) -> (Play, Reader) {
        let (director, reader) = Director::new();
        let play: Play = match self {
            Self::Tcp => Box::pin(tcp::play(director)),
            Self::TcpStates => Box::pin(tcp_states::play(director)),
            Self::Udp => Box::pin(udp::play(director)),
            Self::Blocking => Box::pin(blocking::play(director)),
            Self::Unix => Box::pin(unix::play(director)),
            Self::Nagle => Box::pin(nagle::play(director)),
            Self::Congestion => Box::pin(congestion::play(director)),
            Self::SlowReader => Box::pin(slow_reader::play(director)),
            Self::HalfOpen => Box::pin(half_open::play(director)),
            Self::HttpRealtime => Box::pin(http_realtime::play(director)),
            Self::Tls => Box::pin(tls::play(director)),
            Self::Websocket => Box::pin(websocket::play(director)),
        };
        (play, reader)
    }
}

#[cfg(test)]
pub(crate) mod tests;
