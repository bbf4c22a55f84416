//! TLS over a byte stream, in both roles.

use super::{ByteStream, Opened};
use crate::exit::Failure;
use crate::tls::{Client, Server};

/// TLS over a byte stream, which may itself be TLS to a proxy.
pub type Stream = tokio_rustls::TlsStream<ByteStream>;

/// The handshake with a server.
pub(super) async fn connect(client: &Client, opened: Opened) -> Result<Opened, Failure> {
    let Client {} = client;
    Ok(opened)
}

/// The handshake with a client; `None` if it failed, which has been said.
pub(super) async fn accept(server: &Server, opened: Opened) -> Option<Opened> {
    let Server {} = server;
    Some(opened)
}
