//! Where to connect, and how to reach it.

use std::time::Duration;

use clap::Args;

use super::{NETWORK, Proxy};
use crate::endpoint::{BindAddress, NameAddress};
use crate::quantity::parse_duration;

/// Where to connect.
#[derive(Debug, Args)]
pub struct Target {
    /// `HOST:PORT`, `HOST PORT` or a URL such as `tcp://HOST:PORT`; IPv6 as `[::1]:80`
    #[arg(value_name = "HOST:PORT", num_args = 1..=2, required_unless_present = "demo", conflicts_with = "demo")]
    pub address: Vec<String>,
    /// Start an echo server of the same protocol in this process and connect to it
    #[arg(long, conflicts_with_all = ["bind", "ipv4", "ipv6", "proxies"])]
    pub demo: bool,
}

/// How to reach it.
#[derive(Debug, Args)]
#[command(next_help_heading = NETWORK)]
pub struct Network {
    /// Only IPv4
    #[arg(short = '4', conflicts_with = "ipv6")]
    pub ipv4: bool,
    /// Only IPv6
    #[arg(short = '6')]
    pub ipv6: bool,
    /// Our own address, port or both: `127.0.0.1`, `:4000`, `[::1]:4000`
    #[arg(long, value_name = "ADDR[:PORT]")]
    pub bind: Option<BindAddress>,
    /// Give up connecting after this long, all addresses together
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "10s")]
    pub connect_timeout: Duration,
    #[command(flatten)]
    pub names: Names,
    #[command(flatten)]
    pub proxy: Proxy,
}

/// Names that need no lookup.
#[derive(Debug, Args)]
#[command(next_help_heading = NETWORK)]
pub struct Names {
    /// The name has this address, whatever the resolver says; may be repeated
    #[arg(long, value_name = "HOST:IP")]
    pub resolve: Vec<NameAddress>,
}
