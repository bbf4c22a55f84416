//! HTTP, in the styles in which a server can tell news, and a server that has them all.

use std::time::Duration;

use clap::{Args, Subcommand};

use super::{
    AcceptRate, Access, Exec, IpOptions, LISTENING, NETWORK, Network, Port, Queue, Reconnect, Retry, Switch, Talk,
    TcpOptions, TlsClient, TlsServer,
};
use crate::quantity::parse_duration;

/// The heading of its options.
const HTTP: &str = "HTTP";

/// Styles of HTTP.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum Http {
    /// Ask again and again, and tell what has changed
    #[command(after_long_help = "\
Examples:
  sockeye http poll --demo --say hello --count 1 </dev/null
  sockeye http poll http://localhost:8080/status --interval 5s --jitter 20
  sockeye http poll https://example.org/ --count 1 -v </dev/null")]
    Poll(Box<HttpPoll>),
    /// Ask, and be answered when there is something
    #[command(after_long_help = "\
Examples:
  sockeye http long-poll --demo --say hello --count 1 </dev/null
  sockeye http long-poll http://localhost:9000/long-poll")]
    LongPoll(Box<HttpLongPoll>),
    /// Hear an answer that goes on
    #[command(after_long_help = "\
Examples:
  sockeye http stream --demo --say hello --count 1 </dev/null
  sockeye http stream http://localhost:9000/stream
  sockeye http stream https://example.org/generate --data '{\"stream\":true}' </dev/null")]
    Stream(Box<HttpStream>),
    /// Hear server-sent events
    #[command(after_long_help = "\
Examples:
  sockeye http sse --demo --say hello --count 1 </dev/null
  sockeye http sse https://example.org/events -H 'Authorization: Bearer abc'
  sockeye http sse http://localhost:9000/sse --last-event-id 7 --output json")]
    Sse(Box<HttpSse>),
    /// Serve news in every style: polling, long polling, streaming, SSE and WebSocket
    #[command(after_long_help = "\
Examples:
  sockeye http listen 9000
  ping localhost | sockeye http listen 9000
  curl -d hello http://localhost:9000/publish
  curl -N http://localhost:9000/sse")]
    Listen(Box<HttpListen>),
}

/// Ask again and again, and tell what has changed
///
/// Each answer that differs from the one before it is a message. The server is told what we have (If-None-Match,
/// If-Modified-Since), so that it can answer 304. What stdin says is sent by POST, a message each.
#[derive(Debug, Args)]
pub struct HttpPoll {
    #[command(flatten)]
    pub ask: HttpAsk,
    /// From the start of one request to the start of the next
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "1s", help_heading = HTTP)]
    pub interval: Duration,
    /// Make each interval longer or shorter by up to this many percent
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=100),
          help_heading = HTTP)]
    pub jitter: u32,
    /// Each answer is a message, also one that is the same as before
    #[arg(long, help_heading = HTTP)]
    pub all: bool,
}

/// Ask, and be answered when there is something
///
/// The server holds each request back until it has news, or until its patience ends; then we ask again at once.
#[derive(Debug, Args)]
pub struct HttpLongPoll {
    #[command(flatten)]
    pub ask: HttpAsk,
    /// Each answer is a message, also one that is the same as before
    #[arg(long, help_heading = HTTP)]
    pub all: bool,
}

/// Hear an answer that goes on
///
/// The answer's body is cut into messages as it comes: into lines, or as --framing says.
#[derive(Debug, Args)]
pub struct HttpStream {
    #[command(flatten)]
    pub ask: HttpAsk,
}

/// Hear server-sent events
///
/// When the stream ends it is asked for again, after the event heard last, as browsers do: after 3 s, or as the stream
/// says.
#[derive(Debug, Args)]
pub struct HttpSse {
    #[command(flatten)]
    pub ask: HttpAsk,
    /// Begin after the event with this id
    #[arg(long, value_name = "ID", help_heading = HTTP)]
    pub last_event_id: Option<String>,
    /// End when the stream does
    #[arg(long, help_heading = HTTP)]
    pub no_resume: bool,
}

/// What every client asks.
#[derive(Debug, Args)]
#[command(next_help_heading = HTTP)]
pub struct HttpAsk {
    /// `http://HOST:PORT/PATH`, `https://…`, `HOST:PORT/PATH`, or `http+unix:/PATH/OF/SOCKET:/PATH`
    #[arg(value_name = "URL", required_unless_present = "demo", conflicts_with = "demo")]
    pub url: Option<String>,
    /// Start a server of every style in this process and connect to it
    #[arg(long, conflicts_with_all = ["bind", "ipv4", "ipv6", "proxies", "post"])]
    pub demo: bool,
    /// Add this header to each request; may be repeated. One that is sent anyway is replaced
    #[arg(long, short = 'H', value_name = "NAME: VALUE")]
    pub header: Vec<String>,
    /// Ask with this method [default: GET; with --data, POST]
    #[arg(long, short = 'X', value_name = "METHOD")]
    pub method: Option<String>,
    /// Send this with each request
    #[arg(long, short = 'd', value_name = "TEXT")]
    pub data: Option<String>,
    /// The type of what is sent [default: application/json if it is that, text/plain if it is text]
    #[arg(long, value_name = "TYPE")]
    pub content_type: Option<String>,
    /// Post what stdin says to this URL [default: to the one that is listened to]
    #[arg(long, value_name = "URL")]
    pub post: Option<String>,
    /// Log in (Basic), as `http://USER:PASSWORD@HOST` does
    #[arg(long, value_name = "USER:PASSWORD")]
    pub auth: Option<String>,
    /// Send this cookie; may be repeated. Those that the server sets are sent too
    #[arg(long, value_name = "NAME=VALUE")]
    pub cookie: Vec<String>,
    /// Go where a redirection leads, at most so many times. Logins and cookies do not go to another host
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true, default_missing_value = "5")]
    pub location: Option<u32>,
    /// Let the server compress its answers (gzip, br, zstd)
    #[arg(long, value_name = "SWITCH", value_enum, default_value_t = Switch::On)]
    pub compression: Switch,
    /// How long the head of an answer may take [default: 10s; long-poll: 2m]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub answer_timeout: Option<Duration>,
    /// Give up after so many failures in a row: no connection, no answer, 429, 503
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    pub attempts: u32,
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

/// Serve news in every style: polling, long polling, streaming, SSE and WebSocket
///
/// What stdin says is an event, and so is what is posted. Each client hears every event in the style of the path that it
/// asks for: /poll, /long-poll, /stream, /sse, /ws; the page at / shows them all. Events are numbered and kept for a while:
/// ?since=N, or Last-Event-ID, tells what came after the event N.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "they are switches of the command line")]
pub struct HttpListen {
    /// Where to listen: `9000` for this machine only, `:9000` for every interface, `ADDR:PORT`; port 0 takes a free
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
    /// Answer a long poll after this long, if nothing has happened
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "30s", help_heading = HTTP)]
    pub hold: Duration,
    /// Say on a stream this often that it is alive, if nothing has happened
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "15s", help_heading = HTTP)]
    pub heartbeat: Duration,
    /// Tell the clients of /sse to come back after this long when the stream ends [default: they choose, 3s mostly]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, help_heading = HTTP)]
    pub sse_retry: Option<Duration>,
    /// Add this header to each answer; may be repeated
    #[arg(long, short = 'H', value_name = "NAME: VALUE", help_heading = HTTP)]
    pub header: Vec<String>,
    /// Pages of this origin may ask too; may be repeated, `*` is any
    #[arg(long, value_name = "ORIGIN", help_heading = LISTENING)]
    pub allow_origin: Vec<String>,
    /// We are called by this name too; may be repeated. Without, a name must be localhost or an address
    #[arg(long, value_name = "NAME", help_heading = LISTENING)]
    pub host: Vec<String>,
    /// Take only who logs in so (Basic)
    #[arg(long, value_name = "USER:PASSWORD", help_heading = HTTP)]
    pub auth: Option<String>,
    /// What is posted is heard here, and not told to the others
    #[arg(long, help_heading = HTTP)]
    pub no_publish: bool,
    /// Serve no page
    #[arg(long, help_heading = HTTP)]
    pub no_page: bool,
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
