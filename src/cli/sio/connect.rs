//! `sio connect`.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::super::patience::{Delays, parse_delays};
use super::super::{Exec, IpOptions, NETWORK, Network, Retry, Talk, TcpOptions, TlsClient};
use super::SioParser;
use crate::quantity::parse_duration;

/// The heading of its options.
const SOCKET_IO: &str = "Socket.IO";

/// Connect to a Socket.IO server and talk
///
/// A line is an event: its name and its arguments, as in `chat hi 1 {a:true}`, or a JSON array, as in `["chat","hi"]`.
/// What is heard is the JSON as the peer wrote it. `hex:…`, `base64:…` and `@FILE` are attachments. At the end of stdin what is
/// still answered is heard, until the peer has been silent for 5 s or as --linger says; then the namespaces are left. A lost
/// connection is opened again; what stdin says meanwhile waits, and from 16 MiB on stdin does.
///
/// An attachment is shown below its event. `--output raw`, which a pipe gets, shows a placeholder where it belongs, as the
/// peer wrote it, and not its bytes; those are in `--output json` and `hex`.
#[derive(Debug, Args)]
pub struct SioConnect {
    /// `http://HOST:PORT`, `https://…`, `ws://…`, `wss://…` or `HOST:PORT`. A path names a namespace, as the official
    /// client has it, and the query is sent with every request
    #[arg(value_name = "URL", required_unless_present = "demo", conflicts_with = "demo")]
    pub url: Option<String>,
    /// Start a server of the same protocol in this process that echoes events and acknowledges them, and connect to it
    #[arg(long, conflicts_with_all = ["bind", "ipv4", "ipv6", "proxies"])]
    pub demo: bool,
    #[command(flatten)]
    pub ask: SioAsk,
    #[command(flatten)]
    pub again: SioAgain,
    #[command(flatten)]
    pub network: Network,
    #[command(flatten)]
    pub tls: TlsClient,
    #[command(flatten)]
    pub ip: IpOptions,
    #[command(flatten)]
    pub tcp: TcpOptions,
    #[command(flatten)]
    pub retry: Retry,
    #[command(flatten)]
    pub exec: Exec,
    #[command(flatten)]
    pub talk: Talk,
}

/// What a client asks for.
#[derive(Debug, Args)]
#[command(next_help_heading = SOCKET_IO)]
pub struct SioAsk {
    /// The version of Engine.IO: 4 is of Socket.IO 3 and 4, 3 of Socket.IO 1 and 2; auto tries 4, then 3
    #[arg(long, value_name = "VERSION", value_enum, default_value_t = EioVersion::Auto)]
    pub eio: EioVersion,
    /// What carries it: polling that moves to a WebSocket where the server offers it, or only one of the two
    #[arg(long, value_name = "TRANSPORT", value_enum, default_value_t = SioTransport::Auto)]
    pub transport: SioTransport,
    /// Where the server has Socket.IO
    #[arg(long, value_name = "PATH", default_value = "/socket.io/")]
    pub path: String,
    /// Enter this namespace; may be repeated. Events go to the first [default: /]
    #[arg(long, value_name = "NAME")]
    pub namespace: Vec<String>,
    /// Say this when entering a namespace: a JSON object
    #[arg(long, value_name = "JSON")]
    pub auth: Option<String>,
    /// How packets are written, which both ends must know
    #[arg(long, value_name = "PARSER", value_enum, default_value_t = SioParser::Json)]
    pub parser: SioParser,
    /// Add this header to each request; may be repeated. One that is sent anyway is replaced
    #[arg(long, short = 'H', value_name = "NAME: VALUE")]
    pub header: Vec<String>,
    /// Send this cookie; may be repeated. Those that the server sets are sent too
    #[arg(long, value_name = "NAME=VALUE")]
    pub cookie: Vec<String>,
    /// Acknowledge events of this name at once; may be repeated. An array has the arguments, anything else is the only one
    #[arg(long, value_name = "EVENT=JSON")]
    pub ack: Vec<String>,
    /// How long an acknowledgement may take that /ask waits for [default: for ever]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub ask_timeout: Option<Duration>,
    /// Ask for an acknowledgement of each event, and say it again up to N times until it comes; each may take --ask-timeout
    #[arg(long, value_name = "N", requires = "ask_timeout")]
    pub retries: Option<u32>,
}

/// Connecting again, by the formula of the official client.
#[derive(Debug, Args)]
#[command(next_help_heading = NETWORK)]
pub struct SioAgain {
    /// Do not connect again after the connection was lost
    #[arg(long)]
    pub no_reconnect: bool,
    /// Give up connecting again after N failed attempts in a row [default: no limit]
    #[arg(long, value_name = "N", conflicts_with = "no_reconnect", value_parser = clap::value_parser!(u32).range(1..))]
    pub reconnect_attempts: Option<u32>,
    /// The first wait before connecting again and the longest; it doubles from one to the other, and luck makes it up to a
    /// half longer or shorter
    #[arg(long, value_name = "FIRST..LONGEST", value_parser = parse_delays, default_value = "1s..5s",
          conflicts_with = "no_reconnect")]
    pub reconnect_delay: Delays,
}

/// Versions of Engine.IO that are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EioVersion {
    /// 4, and 3 where that is not understood
    Auto,
    /// Socket.IO 3 and 4
    #[value(name = "4")]
    V4,
    /// Socket.IO 1 and 2
    #[value(name = "3")]
    V3,
}

/// What may carry a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SioTransport {
    /// Polling, then a WebSocket
    Auto,
    /// Requests of HTTP only
    Polling,
    /// A WebSocket from the start
    Websocket,
}
