//! Engine.IO, versions 4 and 3, without I/O and without a clock: what Socket.IO travels in.
//!
//! ```text
//! WebSocket frame ─┐                            ┌▶ Client ─┐
//! polling payload ─┴▶ payload, packet ─▶ Packet ┤          ├▶ messages heard, what is to be sent, the reason of the end
//!                                               └▶ Session ┘   (time comes in as instants)
//! ```

pub mod admission;
pub mod client;
pub mod open;
pub mod packet;
pub mod payload;
pub mod reason;
pub mod session;
pub mod sid;
pub mod text;
pub mod yeast;

#[cfg(test)]
mod machines;
#[cfg(test)]
mod tests;

pub use open::Open;
pub use packet::{Fault, Kind, Packet};
pub use reason::Reason;
pub use text::{Data, Text};

/// The version of the protocol, as the query's `EIO` says it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Version {
    /// Socket.IO 1 and 2: clients ping, payloads are length-prefixed.
    V3,
    /// Socket.IO 3 and 4: servers ping, payloads are separated.
    #[default]
    V4,
}

impl Version {
    /// As the query has it. Whatever is not `4` counts as 3, as with the official server.
    #[must_use]
    pub fn of_query(eio: Option<&str>) -> Self {
        if eio == Some("4") { Self::V4 } else { Self::V3 }
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::V3 => 3,
            Self::V4 => 4,
        }
    }
}
