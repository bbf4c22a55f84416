//! WebSocket, in either role.

use std::time::Duration;

use clap::{Args, Subcommand};

use super::{
    AcceptRate, Access, Exec, Feed, IpOptions, LISTENING, NETWORK, Network, Port, Queue, Reconnect, ReplyMode, Retry,
    Serve, Switch, Talk, TcpOptions, TlsClient, TlsServer,
};
use crate::quantity::{parse_duration, parse_size};

/// The heading of its options.
const WEBSOCKET: &str = "WebSocket";
/// The heading of those that break the rules.
const TESTING: &str = "Testing the other side";

/// Verbs of WebSocket.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum Ws {
    /// Connect to a WebSocket and talk
    #[command(after_long_help = "\
Examples:
  sockeye ws connect --demo --say hello --count 1 </dev/null
  sockeye ws connect wss://example.org/chat --subprotocol chat -v
  echo '{\"op\":\"ping\"}' | sockeye ws connect localhost:8080/ws --count 1
  sockeye ws connect localhost:8080 -H 'X-Token: abc' --origin https://example.org
  sockeye ws connect --explain --step localhost:8080
  sockeye ws connect ws+unix:/run/app.sock:/chat")]
    Connect(Box<WsConnect>),
    /// Listen for WebSocket connections
    #[command(after_long_help = "\
Examples:
  sockeye ws listen 9000
  sockeye ws listen 9000/chat --reply broadcast
  sockeye ws listen :9443 --tls --cert server.pem --key server.key --allow-origin https://example.org
  sockeye ws listen 9000 --reply echo --deflate off -v
  sockeye ws listen 9000 --exec 'sed -u s/^/sed:/'")]
    Listen(Box<WsListen>),
}

/// Connect to a WebSocket and talk
///
/// A line is a message, said as text if it is UTF-8. At the end of stdin what is still answered is heard, until the peer
/// has been silent for 5 s or as --linger says, and then the conversation is closed.
#[derive(Debug, Args)]
pub struct WsConnect {
    /// `ws://HOST:PORT/PATH`, `wss://…`, `HOST:PORT/PATH`, or `ws+unix:/PATH/OF/SOCKET:/PATH`
    #[arg(value_name = "URL", required_unless_present = "demo", conflicts_with = "demo")]
    pub url: Option<String>,
    /// Start an echo server of the same protocol in this process and connect to it
    #[arg(long, conflicts_with_all = ["bind", "ipv4", "ipv6", "proxies"])]
    pub demo: bool,
    #[command(flatten)]
    pub ask: WsAsk,
    #[command(flatten)]
    pub deflate: WsDeflate,
    #[command(flatten)]
    pub common: WsCommon,
    /// Do not mask what is said
    #[arg(long, help_heading = TESTING)]
    pub no_mask: bool,
    /// What to do by itself with what the peer says
    #[arg(long, value_name = "HOW", value_enum, default_value_t = ReplyMode::None, conflicts_with = "exec",
          help_heading = WEBSOCKET)]
    pub reply: ReplyMode,
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
    pub reconnect: Reconnect,
    #[command(flatten)]
    pub exec: Exec,
    #[command(flatten)]
    pub talk: Talk,
}

/// What a client asks for.
#[derive(Debug, Args)]
#[command(next_help_heading = WEBSOCKET)]
pub struct WsAsk {
    /// Add this header to the request; may be repeated. One that is sent anyway is replaced
    #[arg(long, short = 'H', value_name = "NAME: VALUE")]
    pub header: Vec<String>,
    /// Say that the page of this origin asks
    #[arg(long, value_name = "ORIGIN")]
    pub origin: Option<String>,
    /// Offer this subprotocol; may be repeated, the best first
    #[arg(long, value_name = "NAME")]
    pub subprotocol: Vec<String>,
    /// A server that chooses none of the subprotocols is an error
    #[arg(long, requires = "subprotocol")]
    pub strict: bool,
    /// Log in (Basic), as `ws://USER:PASSWORD@HOST` does
    #[arg(long, value_name = "USER:PASSWORD")]
    pub auth: Option<String>,
    /// Send this cookie; may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    pub cookie: Vec<String>,
    /// Go where a redirection leads, at most so many times. Logins and cookies do not go to another host
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true, default_missing_value = "5")]
    pub location: Option<u32>,
}

/// Listen for WebSocket connections
///
/// Many peers are served until it is interrupted. The first line on stderr begins with "listening on" and names the real
/// address. A browser that opens it as a page gets one that connects and chats. Pages of other origins are refused.
#[derive(Debug, Args)]
pub struct WsListen {
    /// Where to listen: `9000` for this machine only, `:9000` for every interface, `ADDR:PORT`; port 0 takes a free
    /// one; `systemd` or `systemd:NAME` for sockets that a .socket unit hands over. With a path, only that is served
    #[arg(value_name = "[ADDR:]PORT[/PATH]")]
    pub address: String,
    /// Only IPv4
    #[arg(short = '4', conflicts_with = "ipv6", help_heading = NETWORK)]
    pub ipv4: bool,
    /// Only IPv6
    #[arg(short = '6', help_heading = NETWORK)]
    pub ipv6: bool,
    #[command(flatten)]
    pub offer: WsOffer,
    #[command(flatten)]
    pub deflate: WsDeflate,
    #[command(flatten)]
    pub common: WsCommon,
    #[command(flatten)]
    pub serve: Serve,
    #[command(flatten)]
    pub feed: Feed,
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

/// What a server offers, and to whom.
#[derive(Debug, Args)]
#[command(next_help_heading = WEBSOCKET)]
pub struct WsOffer {
    /// Speak this subprotocol if the client offers it; may be repeated, the best first
    #[arg(long, value_name = "NAME")]
    pub subprotocol: Vec<String>,
    /// Add this header to the answer; may be repeated
    #[arg(long, short = 'H', value_name = "NAME: VALUE")]
    pub header: Vec<String>,
    /// Pages of this origin may connect too; may be repeated, `*` is any
    #[arg(long, value_name = "ORIGIN", help_heading = LISTENING)]
    pub allow_origin: Vec<String>,
    /// We are called by this name too; may be repeated. Without, a name must be localhost or an address
    #[arg(long, value_name = "NAME", help_heading = LISTENING)]
    pub host: Vec<String>,
    /// Take only who logs in so (Basic)
    #[arg(long, value_name = "USER:PASSWORD")]
    pub auth: Option<String>,
    /// Serve no page
    #[arg(long)]
    pub no_page: bool,
}

/// Compression.
#[derive(Debug, Args)]
#[command(next_help_heading = WEBSOCKET)]
pub struct WsDeflate {
    /// Compress messages, if the other side does it too (permessage-deflate)
    #[arg(long, value_name = "SWITCH", value_enum, default_value_t = Switch::On)]
    pub deflate: Switch,
    /// How hard, from 1 to 9
    #[arg(long, value_name = "LEVEL", default_value_t = 6, value_parser = clap::value_parser!(u32).range(1..=9))]
    pub deflate_level: u32,
    /// Smaller messages are not compressed
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub deflate_threshold: Option<usize>,
    /// The window that we compress with is 2 to this power, 9 to 15
    #[arg(long, value_name = "BITS", default_value_t = 15, value_parser = clap::value_parser!(u8).range(9..=15))]
    pub deflate_window: u8,
    /// The window that the other side is to compress with
    #[arg(long, value_name = "BITS", default_value_t = 15, value_parser = clap::value_parser!(u8).range(9..=15))]
    pub deflate_peer_window: u8,
    /// Compress each message by itself
    #[arg(long)]
    pub deflate_reset: bool,
    /// The other side is to compress each message by itself
    #[arg(long)]
    pub deflate_peer_reset: bool,
}

/// What both roles have.
#[derive(Debug, Args)]
#[command(next_help_heading = WEBSOCKET)]
pub struct WsCommon {
    /// What stdin's messages are: text if they are UTF-8, or always one of the two
    #[arg(long, value_name = "KIND", value_enum, default_value_t = MessageKind::Auto)]
    pub kind: MessageKind,
    /// Ask the peer this often whether it is there, and how far
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub ping_interval: Option<Duration>,
    /// End if nothing at all comes for this long after a ping
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, requires = "ping_interval")]
    pub ping_timeout: Option<Duration>,
    /// Answer no ping
    #[arg(long, help_heading = TESTING)]
    pub no_pong: bool,
    /// Answer no Close
    #[arg(long, help_heading = TESTING)]
    pub no_close_reply: bool,
}

/// What a message is said as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum MessageKind {
    /// Text if it is UTF-8, binary otherwise
    #[default]
    Auto,
    /// Text
    Text,
    /// Binary
    Binary,
}
