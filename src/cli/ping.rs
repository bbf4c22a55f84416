//! How long connecting takes.

use std::time::Duration;

use clap::Args;

use super::{IpOptions, Network, Show, Target, TcpOptions, TlsClient};
use crate::quantity::parse_duration;

/// Connect again and again, and tell how long it takes
///
/// The time is that of TCP's handshake, one round trip, and with --tls that of TLS' handshake too. The name is looked up
/// once. Each connection is closed politely, without a byte. Success means that at least one connection was made;
/// otherwise the last failure is the result. An interrupt shows the summary and ends with 130.
///
/// On a pipe each ping is one line: SEQ ok MILLISECONDS ENDPOINT, then proxy=MILLISECONDS and tls=MILLISECONDS where
/// there are such; or SEQ failed MILLISECONDS and why.
#[derive(Debug, Args)]
pub struct TcpPing {
    #[command(flatten)]
    pub target: Target,
    /// End after so many [default: until it is interrupted]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub count: Option<u64>,
    /// From the start of one to the start of the next
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "1s")]
    pub interval: Duration,
    #[command(flatten)]
    pub network: Network,
    #[command(flatten)]
    pub tls: TlsClient,
    #[command(flatten)]
    pub ip: IpOptions,
    #[command(flatten)]
    pub tcp: TcpOptions,
    #[command(flatten)]
    pub show: Show,
}
