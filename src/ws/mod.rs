//! WebSocket (RFC 6455) and permessage-deflate (RFC 7692) without I/O and without a clock: bytes and values in, values
//! and bytes out. What carries it is in [`transport::ws`](crate::transport).
//!
//! ```text
//! request ─▶ handshake ─▶ Agreed                      who speaks what
//! messages ─▶ Speaker ─▶ bytes                        frames are made, masked, deflated, fragmented
//! bytes ─▶ Hearer ─▶ frames seen, events              frames are read, inflated; the messages in them judged
//! ```

pub mod close;
pub mod deflate;
pub mod extension;
pub mod frame;
pub mod handshake;
pub mod hearing;
pub mod speaking;
pub mod verbs;

#[cfg(test)]
mod tests;

/// Which end of the connection we are. Frames of a client are masked, those of a server are not (RFC 6455 §5.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// We connected.
    Client,
    /// The peer connected to us.
    Server,
}
