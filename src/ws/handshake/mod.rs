//! The handshake (RFC 6455 §4): an HTTP request to speak WebSocket, and its answer, judged by both ends.

pub mod client;
pub mod server;

pub use client::{Ask, Subprotocols};
pub use server::{Page, Rules};

use super::deflate;

/// What both ends agreed upon.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agreed {
    /// The subprotocol that is spoken inside.
    pub subprotocol: Option<String>,
    /// How messages are deflated, if they are.
    pub deflate: Option<deflate::Agreed>,
}
