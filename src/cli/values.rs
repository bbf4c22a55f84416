//! The values that options take by name.

use std::net::IpAddr;

use clap::ValueEnum;

/// The views.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people: direction, size, colour; control characters escaped
    Human,
    /// The payload and nothing else
    Raw,
    /// Offsets, bytes and characters, both directions
    Hex,
    /// One JSON object per record
    Json,
    /// Nothing
    None,
}

/// The views of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CompareOutput {
    /// Tables, bars and sentences
    Human,
    /// One JSON object
    Json,
}

/// Line ends on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Newline {
    /// Bytes are left alone
    #[default]
    AsIs,
    /// A lone LF is sent as CRLF, and CRLF is heard as LF
    Crlf,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Whether something is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// It is
    On,
    /// It is not
    Off,
}

/// The time before each line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Timestamps {
    /// None
    #[default]
    Off,
    /// Local time of day
    Clock,
    /// Since the start
    Relative,
}

/// What to do at the end of stdin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AtEof {
    /// End our direction (FIN), go on hearing
    HalfClose,
    /// Close both directions once everything is sent
    Close,
    /// Nothing: stay until the peer ends
    Stay,
}

/// What a listener does by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReplyMode {
    /// Nothing
    None,
    /// Say it back
    Echo,
    /// Say it to every other peer
    Broadcast,
    /// Say it to every peer, also back
    Everyone,
}

/// What becomes of a peer that does not read fast enough what all are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Slow {
    /// It misses what it has no room for
    #[default]
    Drop,
    /// It is closed
    Close,
}

/// Who gets what stdin says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StdinTo {
    /// Nobody; stdin is not read
    None,
    /// Every peer
    Broadcast,
    /// The first peer only
    First,
    /// Every peer gets all of it (a regular file, or generated)
    Each,
}

/// Whom a datagram listener answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReplyTo {
    /// The peer heard last
    Last,
    /// Every peer heard and not expired
    All,
    /// The peer heard first
    First,
}

/// The types of Unix socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum UnixType {
    /// A byte stream
    Stream,
    /// Datagrams, no connection
    Datagram,
    /// A connection that keeps message boundaries
    Seqpacket,
}

/// The shells with a completion script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    Bash,
    Elvish,
    Fish,
    #[value(name = "powershell")]
    PowerShell,
    Zsh,
}

/// Which address families may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Family {
    /// Both.
    #[default]
    Any,
    /// `-4`
    V4,
    /// `-6`
    V6,
}

impl Family {
    /// From the two options, of which clap admits one.
    #[must_use]
    pub fn from_options(ipv4: bool, ipv6: bool) -> Self {
        match (ipv4, ipv6) {
            (true, _) => Self::V4,
            (_, true) => Self::V6,
            _ => Self::Any,
        }
    }

    /// Whether an address may be used.
    #[must_use]
    pub fn admits(self, address: IpAddr) -> bool {
        match self {
            Self::Any => true,
            Self::V4 => address.is_ipv4(),
            Self::V6 => address.is_ipv6(),
        }
    }
}
