//! Which ports answer.

use std::time::Duration;

use clap::Args;

use super::{NETWORK, Names, Retry, SCANNING, Show};
use crate::access::Rate;
use crate::quantity::parse_duration;

/// Tell which TCP ports of a host are open
///
/// Each port is connected to, and closed again without a byte. It is open when that works, closed when it is refused,
/// filtered when nothing answers. Success means that all ports asked for are open, so a script can ask before it goes on.
///
/// Of a name the first IPv6 and the first IPv4 address are scanned, as `tcp connect` would try them: a port is open
/// when it is open at one of them. Proxies are not used.
///
/// On a pipe each port is one line: PORT STATE MILLISECONDS ADDRESS, and the banner to the end of the line. Lines come in
/// the order in which ports become known.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  sockeye scan localhost 22,80,8000-8010
  sockeye scan localhost 5432 6379 --retry 30s && echo both are there
  sockeye scan 127.0.0.1 - | awk '$2 == \"open\" { print $1 }'
  sockeye scan localhost 22 --banner --output json")]
pub struct Scan {
    /// A name or an address
    #[arg(value_name = "HOST")]
    pub host: String,
    /// Ports, lists and ranges: `22`, `22,80,8000-8010`; `-` for all
    #[arg(value_name = "PORTS", required = true, num_args = 1..)]
    pub ports: Vec<String>,
    /// Only IPv4
    #[arg(short = '4', conflicts_with = "ipv6", help_heading = NETWORK)]
    pub ipv4: bool,
    /// Only IPv6
    #[arg(short = '6', help_heading = NETWORK)]
    pub ipv6: bool,
    /// Give a port up that has not answered for so long; the kernel asks again after 1s, for a packet may be lost
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "2s", help_heading = NETWORK)]
    pub connect_timeout: Duration,
    /// Scan every address of the name, and tell of each by itself
    #[arg(long, help_heading = SCANNING)]
    pub all_addresses: bool,
    /// So many connections at a time; never more than this process may have
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..), help_heading = SCANNING)]
    pub parallel: u16,
    /// Connect so often: 100/s, 600/m [default: 500/s, which a home router bears; this machine's own loopback at will]
    #[arg(long, value_name = "RATE", help_heading = SCANNING)]
    pub connect_rate: Option<Rate>,
    /// Wait so long for what an open port's server says by itself, and show it; nothing is said to it
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, num_args = 0..=1, require_equals = true,
          default_missing_value = "1s", help_heading = SCANNING)]
    pub banner: Option<Duration>,
    #[command(flatten)]
    pub names: Names,
    #[command(flatten)]
    pub retry: Retry,
    #[command(flatten)]
    pub show: Show,
}
