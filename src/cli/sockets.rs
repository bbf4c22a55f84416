//! Socket options.

use clap::Args;

/// Options of IP sockets.
#[derive(Debug, Default, Args)]
pub struct IpOptions {}

/// Options of TCP sockets.
#[derive(Debug, Default, Args)]
pub struct TcpOptions {}

/// Groups and broadcast.
#[derive(Debug, Default, Args)]
pub struct Multicast {}
