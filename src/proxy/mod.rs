//! Proxies, spoken: bytes in, bytes out. No sockets.

/// One proxy on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {}
