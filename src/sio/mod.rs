//! Socket.IO, protocols 5 and 4, without I/O and without a clock: events, acknowledgements and namespaces within
//! Engine.IO's messages ([`eio`](crate::eio)). JSON is kept as its writer wrote it.
//!
//! ```text
//! message ─▶ Decoder ─▶ Packet ─▶ Client | Server ─▶ what happened, and packets to send
//! Packet ─▶ Parser::encode ─▶ messages
//! ```

pub mod client;
pub mod explain;
pub mod fault;
pub mod hearing;
pub mod json;
pub mod msgpack;
pub mod order;
pub mod packet;
pub mod reason;
pub mod sayable;
pub mod server;
pub mod verbs;
pub mod words;

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) mod vectors;

pub use fault::Fault;
pub use hearing::{Decoder, Limits, Parser, Protocol};
pub use json::Json;
pub use order::Order;
pub use packet::{Kind, Packet};
pub use reason::Reason;
