//! Why a namespace was left, in the official words.

use std::fmt;

use crate::eio;

/// Why a namespace was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The session below ended.
    Engine(eio::Reason),
    /// What came was no packet, or none that may come then.
    ParseError,
    /// A client was told to leave.
    ServerDisconnect,
    /// A client leaves.
    ClientDisconnect,
    /// A server hears that a client leaves.
    ClientNamespaceDisconnect,
    /// A server tells a client to leave.
    ServerNamespaceDisconnect,
    /// A server closes the connection of a client that does what it must not.
    ForcedServerClose,
    /// A server ends.
    ServerShuttingDown,
}

impl Reason {
    /// The words of the official libraries.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Engine(reason) => reason.words(),
            Self::ParseError => "parse error",
            Self::ServerDisconnect => "io server disconnect",
            Self::ClientDisconnect => "io client disconnect",
            Self::ClientNamespaceDisconnect => "client namespace disconnect",
            Self::ServerNamespaceDisconnect => "server namespace disconnect",
            Self::ForcedServerClose => "forced server close",
            Self::ServerShuttingDown => "server shutting down",
        }
    }

    /// Whether a server keeps what is needed to recover the connection.
    #[must_use]
    pub const fn is_recoverable(self) -> bool {
        match self {
            Self::Engine(reason) => matches!(
                reason,
                eio::Reason::TransportError
                    | eio::Reason::TransportClose
                    | eio::Reason::ForcedClose
                    | eio::Reason::PingTimeout
            ),
            Self::ServerShuttingDown | Self::ForcedServerClose => true,
            Self::ParseError
            | Self::ServerDisconnect
            | Self::ClientDisconnect
            | Self::ClientNamespaceDisconnect
            | Self::ServerNamespaceDisconnect => false,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}
