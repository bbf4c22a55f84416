//! TLS, in either role.

use clap::Args;

/// TLS towards a server.
#[derive(Debug, Default, Args)]
pub struct TlsClient {}

/// TLS towards clients.
#[derive(Debug, Default, Args)]
pub struct TlsServer {}
