//! TLS, configured: what we trust, who we are. No sockets.

/// Towards a server.
#[derive(Clone)]
pub struct Client {}

/// Towards clients.
#[derive(Clone)]
pub struct Server {}
