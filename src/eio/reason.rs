//! Why a session ended, in the official words.

use std::fmt;

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The other end, or what carries it, closed.
    TransportClose,
    /// A request or a connection failed, or the peer did what it must not.
    TransportError,
    /// The heart-beat was missed.
    PingTimeout,
    /// What came was no packet.
    ParseError,
    /// We closed.
    ForcedClose,
    /// It did not open in time.
    Timeout,
}

impl Reason {
    /// The words of the official libraries.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::TransportClose => "transport close",
            Self::TransportError => "transport error",
            Self::PingTimeout => "ping timeout",
            Self::ParseError => "parse error",
            Self::ForcedClose => "forced close",
            Self::Timeout => "timeout",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}
