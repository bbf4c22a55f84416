//! The server of Socket.IO.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::{SioParser, SioTransport};
use crate::cli::{AcceptRate, Access, Exec, IpOptions, LISTENING, NETWORK, Port, Queue, Talk, TcpOptions, TlsServer};
use crate::quantity::parse_duration;
use crate::transport::sio::listen::Fault;

/// The headings of its options.
const SOCKET_IO: &str = "Socket.IO";
const RULES: &str = "Rules";

/// Serve Socket.IO clients of every version
///
/// What stdin says are events, a line each: a name and its arguments (`chat hi 1.50 {a:1}`) or a JSON array, and everybody in
/// the namespace hears them; at a prompt /to and /except choose rooms, /ask waits for acknowledgements, /sockets lists who is
/// there. What clients say is shown as JSON, as they wrote it. Clients that disappear are noticed by the heart-beat.
///
/// An attachment is shown below its event. `--output raw`, which a pipe gets, shows a placeholder where it belongs, as the
/// peer wrote it, and not its bytes; those are in `--output json` and `hex`.
#[derive(Debug, Args)]
#[command(next_help_heading = SOCKET_IO)]
pub struct SioListen {
    /// Where to listen: `3000` for this machine only, `:3000` for every interface, `ADDR:PORT`; port 0 takes a free
    /// one; `systemd` or `systemd:NAME` for sockets that a .socket unit hands over
    #[arg(value_name = "[ADDR:]PORT")]
    pub address: String,
    /// Only IPv4
    #[arg(short = '4', conflicts_with = "ipv6", help_heading = NETWORK)]
    pub ipv4: bool,
    /// Only IPv6
    #[arg(short = '6', help_heading = NETWORK)]
    pub ipv6: bool,
    /// So many connections at a time; one more is answered 503
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..),
          help_heading = LISTENING)]
    pub max_peers: u32,
    /// What the path of requests begins with
    #[arg(long, value_name = "PATH", default_value = "/socket.io/")]
    pub path: String,
    /// What may carry sessions
    #[arg(long, value_name = "TRANSPORT", value_enum, default_value_t = SioTransport::Auto)]
    pub transport: SioTransport,
    /// Take clients of Socket.IO 1 and 2 (Engine.IO 3) too
    #[arg(long)]
    pub eio3: bool,
    /// How packets are written, which both ends must know
    #[arg(long, value_name = "PARSER", value_enum, default_value_t = SioParser::Json)]
    pub parser: SioParser,
    /// From one ping to the next
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "25s")]
    pub ping_interval: Duration,
    /// A client that does not answer a ping for so long is gone
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "20s")]
    pub ping_timeout: Duration,
    /// The largest body and WebSocket message, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = 1_000_000)]
    pub max_payload: usize,
    /// How long the move to a WebSocket may take
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "10s")]
    pub upgrade_timeout: Duration,
    /// How long a client may take to enter its first namespace
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "45s")]
    pub connect_timeout: Duration,
    /// How long an acknowledgement that we ask for may take
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "10s")]
    pub ack_timeout: Duration,
    /// Clients that come back within this time get what they missed. Each event then has an offset as its last argument
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub recovery: Option<Duration>,
    /// Have this namespace beside the main one; may be repeated, and `*` stands for anything
    #[arg(long, value_name = "PATTERN", help_heading = RULES)]
    pub namespace: Vec<String>,
    /// Let in only who says this: `auth: { token: "TOKEN" }`
    #[arg(long, value_name = "TOKEN", help_heading = RULES)]
    pub auth_token: Option<String>,
    /// Pass over events of this name; may be repeated
    #[arg(long, value_name = "EVENT", help_heading = RULES)]
    pub deny_event: Vec<String>,
    /// Answer events of this name with another: `hello=["welcome",1]`; may be repeated
    #[arg(long, value_name = "EVENT=JSON", help_heading = RULES)]
    pub on: Vec<String>,
    /// Acknowledge events of this name with these arguments, if they ask for it: `save=[{"ok":true}]`; may be repeated
    #[arg(long, value_name = "EVENT=JSON", help_heading = RULES)]
    pub ack: Vec<String>,
    /// Run a program for each event of this name: `save=./save.sh`; may be repeated
    ///
    /// Its stdin is the event's arguments, one line with a JSON array, and a line of base64 for each attachment. If the
    /// event asks for an acknowledgement, the program's first line is that: an array has the arguments, and what is none is
    /// read as at the prompt. Every other line is an event that is said to whoever said this one. The words of CMD are split
    /// as a shell splits them; several programs may run at a time.
    #[arg(long, value_name = "EVENT=CMD", help_heading = RULES)]
    pub on_exec: Vec<String>,
    /// How long such a program may run; then it is ended, and whatever it has started in its group
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "1m", help_heading = RULES)]
    pub on_exec_timeout: Duration,
    /// What becomes of every other event
    #[arg(long, value_name = "WHAT", value_enum, default_value_t = SioReply::None, help_heading = RULES)]
    pub reply: SioReply,
    /// Let something go wrong, to see what clients do about it; may be repeated
    ///
    /// `no-pong`: nothing is pinged, and no ping is answered. `delay=DURATION`: every answer and every message is so late.
    /// `drop=N`: after N messages of a client its connection is cut as if a cable were. `bad-sid`: no session is known again,
    /// as by another server behind the same balancer. `no-connect`: who wants to enter a namespace is not told whether it
    /// may. `no-upgrade`: the probe of a WebSocket is not answered. A status, such as `413`: what is posted is answered so.
    #[arg(long, value_name = "FAULT", value_parser = str::parse::<Fault>, help_heading = RULES)]
    pub fault: Vec<Fault>,
    /// Pages of this origin may ask too; may be repeated, `*` is any
    #[arg(long, value_name = "ORIGIN", help_heading = LISTENING)]
    pub allow_origin: Vec<String>,
    /// We are called by this name too; may be repeated. Without, a name must be localhost or an address
    #[arg(long, value_name = "NAME", help_heading = LISTENING)]
    pub host: Vec<String>,
    #[command(flatten)]
    pub port: Port,
    #[command(flatten)]
    pub queue: Queue,
    #[command(flatten)]
    pub tls: TlsServer,
    #[command(flatten)]
    pub access: Access,
    #[command(flatten)]
    pub rate: AcceptRate,
    #[command(flatten)]
    pub ip: IpOptions,
    #[command(flatten)]
    pub tcp: TcpOptions,
    #[command(flatten)]
    pub exec: Exec,
    #[command(flatten)]
    pub talk: Talk,
}

/// What becomes of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SioReply {
    /// Nothing
    None,
    /// It is said back; one that asks is acknowledged with its own arguments
    Echo,
    /// Everybody else in its namespace hears it
    Broadcast,
}
