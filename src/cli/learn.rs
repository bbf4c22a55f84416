//! Lessons.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::RangedI64ValueParser;
use clap::{Args, ValueEnum};

use super::{Color, INPUT_OUTPUT};
use crate::quantity::parse_duration;

const WIRE: &str = "The wire";

fn number() -> RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(1..)
}

/// Lessons: a real client and a real server, one step at a time
///
/// Without a name, the lessons are listed, and which of them you have read. In a lesson Enter goes on, b goes back, ?
/// explains the words, and q leaves. Between two acts everything stands still: look at it from another terminal.
///
/// `tcp --wire` and `udp --wire` go to a network of their own, where each packet waits until you have seen it: Enter lets
/// it go as the lesson wants, p passes it, d drops it, r puts it behind the next one, g lets all go, one after another.
#[derive(Debug, Args)]
pub struct Learn {
    /// The lesson
    pub lesson: Option<Lesson>,
    /// Begin with this act
    #[arg(long, value_name = "N", requires = "lesson", value_parser = clap::value_parser!(u8).range(1..))]
    pub act: Option<u8>,
    /// Wait for no key
    #[arg(long, requires = "lesson")]
    pub no_pause: bool,
    /// Show each packet on a wire that is slow, and may lose it (`tcp`, `udp`)
    #[arg(long, requires = "lesson")]
    pub wire: bool,
    /// How long each packet takes [default: no time, or 300ms after g]
    #[arg(long, value_name = "DURATION", requires = "wire", value_parser = parse_duration, help_heading = WIRE)]
    pub wire_delay: Option<Duration>,
    /// The wire loses this packet; the first has number 1
    #[arg(long, value_name = "N", requires = "wire", value_delimiter = ',', value_parser = number(), help_heading = WIRE)]
    pub drop: Vec<u32>,
    /// The wire lets this packet go behind the next one of its side
    #[arg(long, value_name = "N", requires = "wire", value_delimiter = ',', value_parser = number(), help_heading = WIRE)]
    pub reorder: Vec<u32>,
    /// Write the lesson as it ran to this file, as a page
    #[arg(long, value_name = "FILE.html", requires = "lesson")]
    pub report: Option<PathBuf>,
    /// Explain the words that the lessons use
    #[arg(long, conflicts_with = "lesson")]
    pub glossary: bool,
    /// The form of what is shown
    #[arg(long, short, value_name = "FORM", value_enum, default_value_t = LearnOutput::Human, help_heading = INPUT_OUTPUT)]
    pub output: LearnOutput,
    /// The language [default: that of LANG, if it is one of these, or en]
    #[arg(long, value_name = "LANGUAGE", value_enum, help_heading = INPUT_OUTPUT)]
    pub lang: Option<Language>,
    /// When to use colour
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = Color::Auto, help_heading = INPUT_OUTPUT)]
    pub color: Color,
}

/// The lessons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Lesson {
    /// A TCP connection from its first call to its last
    Tcp,
    /// Each state of a TCP socket, and what goes wrong in it
    TcpStates,
    /// Datagrams
    Udp,
    /// TLS: who reads along, and with whom you speak
    Tls,
    /// News over HTTP: polling, long polling, streaming, SSE
    HttpRealtime,
    /// WebSocket, from an HTTP request to frames
    Websocket,
    /// One thread and many clients
    Blocking,
    /// Sockets inside one machine
    Unix,
    /// Small segments that wait
    Nagle,
    /// How much may be under way
    Congestion,
    /// Back-pressure: who does not read slows down who sends
    SlowReader,
    /// A peer that vanishes
    HalfOpen,
}

impl Lesson {
    /// All, in the order in which they are best read.
    pub const ALL: [Self; 12] = [
        Self::Tcp,
        Self::TcpStates,
        Self::Udp,
        Self::Tls,
        Self::HttpRealtime,
        Self::Websocket,
        Self::Blocking,
        Self::Unix,
        Self::Nagle,
        Self::Congestion,
        Self::SlowReader,
        Self::HalfOpen,
    ];

    /// As it is typed.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::TcpStates => "tcp-states",
            Self::Udp => "udp",
            Self::Tls => "tls",
            Self::HttpRealtime => "http-realtime",
            Self::Websocket => "websocket",
            Self::Blocking => "blocking",
            Self::Unix => "unix",
            Self::Nagle => "nagle",
            Self::Congestion => "congestion",
            Self::SlowReader => "slow-reader",
            Self::HalfOpen => "half-open",
        }
    }
}

/// What lessons look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LearnOutput {
    /// Two columns, client and server
    Human,
    /// One JSON object per act
    Json,
    /// Markdown, to be kept
    Markdown,
}

/// The languages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// English
    #[default]
    #[value(name = "en")]
    English,
    /// Korean, where it is translated
    #[value(name = "ko")]
    Korean,
}
