//! Who may come, and how many in a time.

use std::path::PathBuf;

use clap::Args;

use super::{ACCESS, LISTENING};
use crate::access::Rate;

/// Whether the port is ours alone.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = LISTENING)]
pub struct Port {
    /// Share the port with others that say so too; the kernel gives each peer to one of them
    #[arg(long)]
    pub reuse_port: bool,
}

/// How many may wait.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = LISTENING)]
pub struct Queue {
    /// So many connections may wait to be accepted; the kernel makes it `net.core.somaxconn` at most [default: 4096]
    #[arg(long, value_name = "N")]
    pub backlog: Option<u32>,
}

/// Addresses that may come.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = ACCESS)]
pub struct Access {
    /// Only these addresses may come: `192.0.2.7`, `10.0.0.0/8`, `2001:db8::/32`; may be repeated
    #[arg(long, value_name = "CIDR", value_delimiter = ',')]
    pub allow: Vec<String>,
    /// These may not, even if they are allowed; may be repeated
    #[arg(long, value_name = "CIDR", value_delimiter = ',')]
    pub deny: Vec<String>,
    /// More of them, `allow CIDR` or `deny CIDR` a line; read again at SIGHUP, for those that come from then on
    #[arg(long, value_name = "FILE")]
    pub access_file: Option<PathBuf>,
    /// So many new peers from one address (of IPv6, one /64): `5/s`, `60/m`, `100/h`, and as many at once
    #[arg(long, value_name = "RATE")]
    pub accept_rate_per_address: Option<Rate>,
}

/// Users that may come: processes in this machine have no addresses.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = ACCESS)]
pub struct Users {
    /// Only processes of these users may come, by their numbers; may be repeated
    #[arg(long, value_name = "UID", value_delimiter = ',')]
    pub allow_uid: Vec<u32>,
}

/// How many may come in a time.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = ACCESS)]
pub struct AcceptRate {
    /// So many new peers a second, a minute or an hour: `10/s`, `600/m`, `100/h`, and as many at once; the rest are turned
    /// away
    #[arg(long, value_name = "RATE")]
    pub accept_rate: Option<Rate>,
}
