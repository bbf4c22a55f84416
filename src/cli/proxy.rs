//! Proxies on the way.

use clap::Args;

/// Proxies on the way to an endpoint.
#[derive(Debug, Default, Args)]
pub struct Proxy {}
