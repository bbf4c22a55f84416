//! The command line as clap sees it: types and help texts, nothing else. [`crate::plan`] decides what they mean.
//!
//! House rules: long options are words; one option has one meaning whatever the protocol; a mode is one option with
//! named values; groups are flattened with their own help heading, one file each; each command ends with runnable
//! examples.

#![allow(missing_docs, reason = "clap would show a flattened group's comment as help; everything else has help")]

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::quantity::parse_duration;

mod access;
mod compare;
mod exec;
mod http;
mod learn;
mod listen;
mod measure;
mod network;
mod patience;
mod ping;
mod proxy;
mod scan;
mod sio;
mod sockets;
mod talk;
mod tls;
mod traffic;
mod values;
mod ws;

pub use access::{AcceptRate, Access, Port, Queue, Users};
pub use compare::Compare;
pub use exec::Exec;
pub use http::{Http, HttpAsk, HttpListen, HttpLongPoll, HttpPoll, HttpSse, HttpStream};
pub use learn::{Language, Learn, LearnOutput, Lesson};
pub use listen::{Feed, Serve};
pub use measure::{Measure, Progress};
pub use network::{Names, Network, Target};
pub use patience::{Offline, Reconnect, Retry};
pub use ping::TcpPing;
pub use proxy::Proxy;
pub use scan::Scan;
pub use sio::{
    Eio, EioVersion, Sio, SioAgain, SioAsk, SioCarrier, SioConnect, SioDecode, SioDialect, SioEncode, SioListen,
    SioParser, SioReply, SioShow, SioTransport, SioType,
};
pub use sockets::{Buffers, IpOptions, Multicast, TcpOptions, ToMany};
pub use talk::{Ending, Messages, Show, Talk};
pub use tls::{TlsClient, TlsHandshake, TlsIdentity, TlsServer};
pub use traffic::Traffic;
pub use values::{
    AtEof, Color, CompareOutput, Family, Newline, Output, ReplyMode, ReplyTo, Shell, Slow, StdinTo, Switch, Timestamps,
    UnixType,
};
pub use ws::{MessageKind, Ws, WsAsk, WsCommon, WsConnect, WsDeflate, WsListen, WsOffer};

const INPUT_OUTPUT: &str = "Input and output";
const WATCHING: &str = "Watching";
const ENDING: &str = "Ending";
const TRAFFIC: &str = "Traffic";
const NETWORK: &str = "Network";
const LISTENING: &str = "Listening";
const ACCESS: &str = "Access";
const SCANNING: &str = "Scanning";
const PROGRAM: &str = "A program for each conversation";

/// A socket swiss-army knife that you can see through.
///
/// Talks to any endpoint, listens as any, and shows and explains every step. stdout carries data and nothing else;
/// talk goes to stderr.
#[derive(Debug, Parser)]
#[command(
    name = "sockeye",
    version,
    max_term_width = 100,
    after_long_help = "\
Examples:
  sockeye tcp connect --demo"
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Protocol first, then verb, so that each help page shows only what applies.
#[derive(Debug, Subcommand)]
#[command(defer = true)] // builds only what is used, which halves the start-up; then the arguments' comment is the help
pub enum Command {
    /// A byte stream over the network
    #[command(subcommand)]
    Tcp(Tcp),
    /// Datagrams over the network
    #[command(subcommand)]
    Udp(Udp),
    /// Sockets inside this machine
    #[command(subcommand)]
    Unix(Unix),
    /// A byte stream between a virtual machine and its host
    #[command(subcommand)]
    Vsock(Vsock),
    /// Messages over the web's own sockets
    #[command(subcommand)]
    Ws(Ws),
    /// News by HTTP: polling, long polling, streaming, server-sent events
    #[command(subcommand)]
    Http(Http),
    /// Tell news in every style, side by side, and measure what each costs
    #[command(after_long_help = "\
Examples:
  sockeye compare
  sockeye compare --rtt 50ms --events 100
  sockeye compare --styles polling,long-polling,sse --interval 500ms --events 20
  sockeye compare --rtt 30ms --report compare.html
  sockeye compare --web
  sockeye compare --output json | jq '.lanes[] | [.style, .latency.mean_ns / 1e6]'")]
    Compare(Compare),
    /// Events over WebSocket or HTTP polling
    #[command(subcommand)]
    Sio(Sio),
    /// Tell which TCP ports of a host are open
    #[command(after_long_help = "\
Examples:
  sockeye scan localhost 22,80,8000-8010
  sockeye scan localhost 5432 6379 --retry 30s && echo both are there
  sockeye scan 127.0.0.1 - | awk '$2 == \"open\" { print $1 }'
  sockeye scan localhost 22 --banner --output json")]
    Scan(Scan),
    /// Lessons: a real client and a real server, one step at a time
    #[command(after_long_help = "\
Examples:
  sockeye learn
  sockeye learn tcp
  sockeye learn tcp --act 5
  sockeye learn udp --no-pause --output markdown >udp.md
  sockeye learn tcp --wire
  sockeye learn udp --wire --no-pause --drop 1
  sockeye learn websocket --no-pause --report websocket.html
  sockeye learn --glossary")]
    Learn(Learn),
    /// Show a recorded session again, in any view
    Replay(Replay),
    /// Print the completion script for a shell
    ///
    /// The script goes where the shell looks for it, and is read when the shell starts.
    #[command(after_long_help = "\
Examples:
  sockeye completions bash >~/.local/share/bash-completion/completions/sockeye
  sockeye completions fish >~/.config/fish/completions/sockeye.fish")]
    Completions {
        /// The shell
        shell: Shell,
    },
}

/// Verbs of TCP.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum Tcp {
    /// Connect to a TCP endpoint and talk
    #[command(after_long_help = "\
Examples:
  sockeye tcp connect --demo --say hello </dev/null
  sockeye tcp connect localhost 8080
  printf 'GET / HTTP/1.0\\r\\n\\r\\n' | sockeye tcp connect localhost:8080
  sockeye tcp connect localhost:8080 --framing lines --say ping --expect pong </dev/null
  sockeye tcp connect --demo --say hello --keepalive=60s,10s,5 --tos af41 -v </dev/null
  sockeye tcp connect --explain --step localhost:8080
  sockeye tcp connect localhost:9000 --input random:100MiB --digest")]
    Connect(TcpConnect),
    /// Listen for TCP connections
    #[command(after_long_help = "\
Examples:
  sockeye tcp listen 9000
  sockeye tcp listen :9000 --reply echo
  sockeye tcp listen 9000 --once </dev/null >received.bin
  sockeye tcp listen 9000 --stdin each <page.html
  sockeye tcp listen 9000 --once --output none --digest")]
    Listen(TcpListen),
    /// Connect again and again, and tell how long it takes
    #[command(after_long_help = "\
Examples:
  sockeye tcp ping --demo --count 3
  sockeye tcp ping localhost:8080 --count 5 --interval 200ms
  sockeye tcp ping tls://localhost:8443 --insecure --count 2
  sockeye tcp ping localhost:8080 --count 5 --output json | jq 'select(.what==\"summary\").connect.p95_ns'")]
    Ping(TcpPing),
}

/// Verbs of UDP.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum Udp {
    /// Send datagrams to a UDP endpoint and hear its answers
    #[command(after_long_help = "\
Examples:
  sockeye udp connect --demo --say hello </dev/null
  echo '<13>hello' | sockeye udp connect 127.0.0.1:514 --framing lines
  sockeye udp connect 239.1.2.3:9000 --interface lo --say 'who is there?' </dev/null
  sockeye udp connect localhost:9000 --input random:100kB --message-size 100 --delay 20ms")]
    Connect(UdpConnect),
    /// Hear datagrams from any peer and answer
    #[command(after_long_help = "\
Examples:
  sockeye udp listen 9000
  sockeye udp listen :514 --recv-only >syslog.txt
  sockeye udp listen 9000 --reply-to all
  sockeye udp listen 9000 --join 239.1.2.3%lo")]
    Listen(UdpListen),
}

/// Verbs of Unix sockets.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum Unix {
    /// Connect to a Unix socket and talk
    #[command(after_long_help = "\
Examples:
  sockeye unix connect --demo --say hello </dev/null
  sockeye unix connect /run/app.sock
  sockeye unix connect @abstract-name --type seqpacket")]
    Connect(UnixConnect),
    /// Listen on a Unix socket
    #[command(after_long_help = "\
Examples:
  sockeye unix listen /tmp/app.sock
  sockeye unix listen @name --type datagram")]
    Listen(UnixListen),
}

/// Verbs of vsock.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum Vsock {
    /// Connect to a virtual machine, or from one to its host, and talk
    #[command(after_long_help = "\
Examples:
  sockeye vsock connect host:9000
  sockeye vsock connect 3:22 --reconnect")]
    Connect(VsockConnect),
    /// Listen for connections from the host, or from its virtual machines
    #[command(after_long_help = "\
Examples:
  sockeye vsock listen 9000
  sockeye vsock listen local:9000 --reply echo")]
    Listen(VsockListen),
}

/// Connect to a TCP endpoint and talk
///
/// Every address of the name is tried, IPv6 and IPv4 in turn, each 250 ms after the one before it, and the first to
/// answer is taken (RFC 8305). The end of stdin ends our direction; the peer is heard until it ends its own.
#[derive(Debug, Args)]
pub struct TcpConnect {
    #[command(flatten)]
    pub target: Target,
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

/// Listen for TCP connections
///
/// Many peers are served until it is interrupted. The first line on stderr begins with "listening on" and names the
/// real address. Without an address, only this machine can connect; with a colon in front of the port, everybody.
#[derive(Debug, Args)]
pub struct TcpListen {
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

/// Send datagrams to a UDP endpoint and hear its answers
///
/// One message is one datagram. After the end of stdin, answers are awaited until none came for a second. A port
/// where nobody listens is an error, if its machine says so.
#[derive(Debug, Args)]
pub struct UdpConnect {
    #[command(flatten)]
    pub target: Target,
    #[command(flatten)]
    pub network: Network,
    #[command(flatten)]
    pub ip: IpOptions,
    #[command(flatten)]
    pub multicast: Multicast,
    #[command(flatten)]
    pub to_many: ToMany,
    #[command(flatten)]
    pub exec: Exec,
    #[command(flatten)]
    pub talk: Talk,
}

/// Hear datagrams from any peer and answer
///
/// Every peer is heard at one socket. What stdin says goes to the peer heard last, or as --reply-to says.
#[derive(Debug, Args)]
pub struct UdpListen {
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
    /// Who gets what stdin says
    #[arg(long, value_name = "WHO", value_enum, default_value_t = ReplyTo::Last, help_heading = LISTENING)]
    pub reply_to: ReplyTo,
    /// Forget a peer that has been silent this long
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "60s", help_heading = LISTENING)]
    pub expiry: Duration,
    #[command(flatten)]
    pub serve: Serve,
    #[command(flatten)]
    pub port: Port,
    #[command(flatten)]
    pub access: Access,
    #[command(flatten)]
    pub rate: AcceptRate,
    #[command(flatten)]
    pub ip: IpOptions,
    #[command(flatten)]
    pub multicast: Multicast,
    #[command(flatten)]
    pub exec: Exec,
    #[command(flatten)]
    pub talk: Talk,
}

/// Connect to a Unix socket and talk
///
/// The end of stdin ends our direction; the peer is heard until it ends its own. Datagrams have no such end: answers
/// are awaited until none came for a second.
#[derive(Debug, Args)]
pub struct UnixConnect {
    /// A path, or `@name` in the abstract namespace
    #[arg(value_name = "PATH", required_unless_present = "demo", conflicts_with = "demo")]
    pub path: Option<String>,
    /// The type of socket
    #[arg(long = "type", value_name = "TYPE", value_enum, default_value_t = UnixType::Stream, help_heading = NETWORK)]
    pub kind: UnixType,
    /// Bind our end to this path, so that a datagram peer can answer [default for datagram: an abstract name]
    #[arg(long, value_name = "PATH", help_heading = NETWORK)]
    pub bind: Option<String>,
    /// Start an echo server of the same protocol in this process and connect to it
    #[arg(long, conflicts_with = "bind")]
    pub demo: bool,
    #[command(flatten)]
    pub tls: TlsClient,
    #[command(flatten)]
    pub retry: Retry,
    #[command(flatten)]
    pub reconnect: Reconnect,
    #[command(flatten)]
    pub buffers: Buffers,
    #[command(flatten)]
    pub exec: Exec,
    #[command(flatten)]
    pub talk: Talk,
}

/// Listen on a Unix socket
///
/// A file that a dead listener left behind is removed, one that is in use never; ours is removed at the end.
#[derive(Debug, Args)]
pub struct UnixListen {
    /// A path, or `@name` in the abstract namespace; `systemd` or `systemd:NAME` for sockets that a .socket unit hands
    /// over
    #[arg(value_name = "PATH")]
    pub path: String,
    /// The type of socket
    #[arg(long = "type", value_name = "TYPE", value_enum, default_value_t = UnixType::Stream, help_heading = NETWORK)]
    pub kind: UnixType,
    #[command(flatten)]
    pub serve: Serve,
    #[command(flatten)]
    pub feed: Feed,
    #[command(flatten)]
    pub queue: Queue,
    #[command(flatten)]
    pub tls: TlsServer,
    #[command(flatten)]
    pub users: Users,
    #[command(flatten)]
    pub rate: AcceptRate,
    #[command(flatten)]
    pub buffers: Buffers,
    #[command(flatten)]
    pub exec: Exec,
    #[command(flatten)]
    pub talk: Talk,
}

/// Connect to a virtual machine, or from one to its host, and talk
///
/// No network is needed: the hypervisor carries the stream. The end of stdin ends our direction; the peer is heard until
/// it ends its own.
#[derive(Debug, Args)]
pub struct VsockConnect {
    /// `CID:PORT`, `CID PORT` or `vsock://CID:PORT`; a virtual machine's number from 3 on, or `host`, `local`, `hypervisor`
    #[arg(value_name = "CID:PORT", num_args = 1..=2, required = true)]
    pub address: Vec<String>,
    /// Give up connecting after this long
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "10s", help_heading = NETWORK)]
    pub connect_timeout: Duration,
    #[command(flatten)]
    pub tls: TlsClient,
    #[command(flatten)]
    pub retry: Retry,
    #[command(flatten)]
    pub reconnect: Reconnect,
    #[command(flatten)]
    pub exec: Exec,
    #[command(flatten)]
    pub talk: Talk,
}

/// Listen for connections from the host, or from its virtual machines
///
/// Whoever the hypervisor lets through can connect: of a virtual machine its host, of the host all of its machines.
/// `local:PORT` is for this machine only.
#[derive(Debug, Args)]
pub struct VsockListen {
    /// Where to listen: `9000`, `CID:PORT`; port 0 takes a free one
    #[arg(value_name = "[CID:]PORT")]
    pub address: String,
    #[command(flatten)]
    pub serve: Serve,
    #[command(flatten)]
    pub feed: Feed,
    #[command(flatten)]
    pub queue: Queue,
    #[command(flatten)]
    pub tls: TlsServer,
    #[command(flatten)]
    pub rate: AcceptRate,
    #[command(flatten)]
    pub exec: Exec,
    #[command(flatten)]
    pub talk: Talk,
}

/// Show a recorded session again, in any view
///
/// Records are what --record writes, one JSON object a line; `--output json` of any command is the same.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  sockeye tcp connect --demo --say hello --record session.jsonl </dev/null
  sockeye replay session.jsonl --output human --explain
  sockeye replay session.jsonl --output none --diagram session.svg")]
pub struct Replay {
    /// A file written by --record, or `-` for stdin
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Draw the sequence of what happened into this file: .svg, .txt, or .mmd for Mermaid
    #[arg(long, value_name = "FILE", help_heading = WATCHING)]
    pub diagram: Option<PathBuf>,
    #[command(flatten)]
    pub show: Show,
}
