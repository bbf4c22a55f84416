//! Socket options.

use std::net::IpAddr;
use std::time::Duration;

use clap::Args;

use super::Switch;
use crate::quantity::{parse_duration, parse_number, parse_size};
use crate::transport::multicast::{Group, Interface};
use crate::transport::sockets::{KeepAlive, TrafficClass};

const SOCKET: &str = "Socket";
const GROUPS: &str = "Groups and broadcast";

/// Options of every socket.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = SOCKET)]
pub struct Buffers {
    /// The size of the send buffer; the kernel doubles it, within its limits, and -v shows what it granted
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub sndbuf: Option<usize>,
    /// The size of the receive buffer
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub rcvbuf: Option<usize>,
}

/// Options of IP sockets.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = SOCKET)]
pub struct IpOptions {
    #[command(flatten)]
    pub buffers: Buffers,
    /// How many routers a packet may pass [default: the kernel's, 64]
    #[arg(long, value_name = "HOPS", value_parser = clap::value_parser!(u8).range(1..))]
    pub ttl: Option<u8>,
    /// How routers may treat the packets: a DSCP class such as ef, cs1, af41 or le, lowdelay, or the byte as a number
    #[arg(long, value_name = "CLASS")]
    pub tos: Option<TrafficClass>,
    /// Send and hear through this interface only
    #[arg(long, value_name = "INTERFACE", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub device: Option<String>,
    /// Mark the packets with this number for the routes and firewall rules of this machine
    #[arg(long, value_name = "NUMBER", value_parser = parse_number)]
    pub mark: Option<u32>,
}

/// Options of TCP sockets.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = SOCKET)]
pub struct TcpOptions {
    /// Send small segments at once, though earlier ones are not acknowledged yet [default: they wait, up to a round trip]
    #[arg(long)]
    pub nodelay: bool,
    /// Ask a silent peer whether it is still there: after IDLE, again after each INTERVAL, and give up after COUNT
    /// unanswered questions; what is left out is the kernel's choice
    #[arg(long, value_name = "IDLE[,INTERVAL[,COUNT]]", num_args = 0..=1, default_missing_value = "",
          require_equals = true)]
    pub keepalive: Option<KeepAlive>,
    /// The largest segment, in bytes, each way
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u32).range(88..=32_767))]
    pub mss: Option<u32>,
    /// Give up when what was sent stays unacknowledged for this long [default: the kernel's, about 15 minutes]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub user_timeout: Option<Duration>,
    /// Let data go with the SYN: of a client, what --say or TLS says first
    #[arg(long)]
    pub fastopen: bool,
    /// Speak Multipath TCP with peers that do, and plain TCP with others
    #[arg(long)]
    pub mptcp: bool,
}

/// Groups that are heard.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = GROUPS)]
pub struct Multicast {
    /// Hear this group, at this interface or where the routes lead: 239.1.2.3, 239.1.2.3%eth0, `ff02::fb%eth0`; may be
    /// repeated
    #[arg(long, value_name = "GROUP[%INTERFACE]")]
    pub join: Vec<Group>,
    /// Of these groups, hear only what this address sends; may be repeated
    #[arg(long, value_name = "ADDR")]
    pub source: Vec<IpAddr>,
}

/// How datagrams go to groups and networks.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = GROUPS)]
pub struct ToMany {
    /// Send to the group through this interface, by its name or its address
    #[arg(long, value_name = "INTERFACE")]
    pub interface: Option<Interface>,
    /// How many routers a datagram to a group may pass [default: none, 1 stays in the network]
    #[arg(long, value_name = "HOPS")]
    pub multicast_ttl: Option<u8>,
    /// Whether members of the group on this machine hear it too [default: on]
    #[arg(long, value_name = "SWITCH", value_enum)]
    pub multicast_loop: Option<Switch>,
    /// Send to everybody in a network: 255.255.255.255 or the last address of one
    #[arg(long)]
    pub broadcast: bool,
}
