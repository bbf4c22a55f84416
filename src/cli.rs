//! The command line as clap sees it: types and help texts, nothing else. [`crate::plan`] decides what they mean.
//!
//! House rules: long options are words; one option has one meaning whatever the protocol; a mode is one option with
//! named values; groups are flattened with their own help heading; each command ends with runnable examples.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::endpoint::BindAddress;
use crate::frame::Framing;
use crate::quantity::{parse_duration, parse_size};

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
  sockeye tcp connect --explain --step localhost:8080")]
    Connect(TcpConnect),
    /// Listen for TCP connections
    #[command(after_long_help = "\
Examples:
  sockeye tcp listen 9000
  sockeye tcp listen :9000 --reply echo
  sockeye tcp listen 9000 --once </dev/null >received.bin
  sockeye tcp listen 9000 --stdin each <page.html")]
    Listen(TcpListen),
}

/// Verbs of UDP.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum Udp {
    /// Send datagrams to a UDP endpoint and hear its answers
    #[command(after_long_help = "\
Examples:
  sockeye udp connect --demo --say hello </dev/null
  echo '<13>hello' | sockeye udp connect 127.0.0.1:514 --framing lines")]
    Connect(UdpConnect),
    /// Hear datagrams from any peer and answer
    #[command(after_long_help = "\
Examples:
  sockeye udp listen 9000
  sockeye udp listen :514 --recv-only >syslog.txt
  sockeye udp listen 9000 --reply-to all")]
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

/// Connect to a TCP endpoint and talk
///
/// Every address of the name is tried, IPv6 and IPv4 in turn, each 250 ms after the one before it, and the first to
/// answer is taken (RFC 8305). The end of stdin ends our direction; the peer is heard until it ends its own.
#[derive(Debug, Args)]
pub struct TcpConnect {
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would show it as help")]
    pub target: Target,
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would show it as help")]
    pub network: Network,
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would show it as help")]
    pub talk: Talk,
}

/// Listen for TCP connections
///
/// Many peers are served until it is interrupted. The first line on stderr begins with "listening on" and names the
/// real address. Without an address, only this machine can connect; with a colon in front of the port, everybody.
#[derive(Debug, Args)]
pub struct TcpListen {
    /// Where to listen: `9000` for this machine only, `:9000` for every interface, `ADDR:PORT`; port 0 takes a free one
    #[arg(value_name = "[ADDR:]PORT")]
    pub address: String,
    /// Only IPv4
    #[arg(short = '4', conflicts_with = "ipv6", help_heading = NETWORK)]
    pub ipv4: bool,
    /// Only IPv6
    #[arg(short = '6', help_heading = NETWORK)]
    pub ipv6: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would show it as help")]
    pub serve: Serve,
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would show it as help")]
    pub feed: Feed,
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would show it as help")]
    pub talk: Talk,
}

/// Send datagrams to a UDP endpoint and hear its answers
///
/// One message is one datagram. After the end of stdin, answers are awaited until none came for a second. A port
/// where nobody listens is an error, if its machine says so.
#[derive(Debug, Args)]
pub struct UdpConnect {
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would show it as help")]
    pub target: Target,
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would show it as help")]
    pub network: Network,
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would show it as help")]
    pub talk: Talk,
}

/// Hear datagrams from any peer and answer
///
/// Every peer is heard at one socket. What stdin says goes to the peer heard last, or as --reply-to says.
#[derive(Debug, Args)]
pub struct UdpListen {
    /// Where to listen: `9000` for this machine only, `:9000` for every interface, `ADDR:PORT`; port 0 takes a free one
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
    #[expect(missing_docs, reason = "clap would show it as help")]
    pub serve: Serve,
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would show it as help")]
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
    #[expect(missing_docs, reason = "clap would show it as help")]
    pub talk: Talk,
}

/// Listen on a Unix socket
///
/// A file that a dead listener left behind is removed, one that is in use never; ours is removed at the end.
#[derive(Debug, Args)]
pub struct UnixListen {
    /// A path, or `@name` in the abstract namespace
    #[arg(value_name = "PATH")]
    pub path: String,
    /// The type of socket
    #[arg(long = "type", value_name = "TYPE", value_enum, default_value_t = UnixType::Stream, help_heading = NETWORK)]
    pub kind: UnixType,
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would show it as help")]
    pub serve: Serve,
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would show it as help")]
    pub feed: Feed,
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would show it as help")]
    pub talk: Talk,
}

/// Show a recorded session again, in any view
///
/// Records are what --record writes, one JSON object a line; `--output json` of any command is the same.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  sockeye tcp connect --demo --say hello --record session.jsonl </dev/null
  sockeye replay session.jsonl --output human --explain")]
pub struct Replay {
    /// A file written by --record, or `-` for stdin
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would show it as help")]
    pub show: Show,
}

const INPUT_OUTPUT: &str = "Input and output";
const WATCHING: &str = "Watching";
const ENDING: &str = "Ending";
const NETWORK: &str = "Network";
const LISTENING: &str = "Listening";

/// Where to connect.
#[derive(Debug, Args)]
pub struct Target {
    /// `HOST:PORT`, `HOST PORT` or a URL such as `tcp://HOST:PORT`; IPv6 as `[::1]:80`
    #[arg(value_name = "HOST:PORT", num_args = 1..=2, required_unless_present = "demo", conflicts_with = "demo")]
    pub address: Vec<String>,
    /// Start an echo server of the same protocol in this process and connect to it
    #[arg(long, conflicts_with_all = ["bind", "ipv4", "ipv6"])]
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
}

/// Every conversation, client or server, has these.
#[derive(Debug, Args)]
pub struct Talk {
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would show it as help")]
    pub messages: Messages,
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would show it as help")]
    pub show: Show,
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would show it as help")]
    pub ending: Ending,
    /// Write every record to this file, one JSON object a line
    #[arg(long, value_name = "FILE", help_heading = WATCHING)]
    pub record: Option<PathBuf>,
    /// Wait for Enter between the stages of opening and closing; implies -v
    #[arg(long, help_heading = WATCHING)]
    pub step: bool,
}

/// What is said and heard.
#[derive(Debug, Args)]
#[command(next_help_heading = INPUT_OUTPUT)]
pub struct Messages {
    /// Where a message ends: lines, chunks, nul, blank, json, file, length2, length4, length8 (big endian; -le for
    /// little) [default: lines on a terminal, chunks on a pipe]
    #[arg(long, value_name = "FRAMING", value_parser = PossibleValuesParser::new(Framing::ALL.map(Framing::name))
          .try_map(|name| name.parse::<Framing>()), hide_possible_values = true)]
    pub framing: Option<Framing>,
    /// Line ends on the wire
    #[arg(long, value_name = "STYLE", value_enum, default_value_t = Newline::AsIs)]
    pub newline: Newline,
    /// Say this after opening, before stdin; may be repeated. A stream without --framing gets a newline after it
    #[arg(long, value_name = "TEXT")]
    pub say: Vec<String>,
    /// End with success after hearing this many messages, with exit code 8 if the conversation ends first
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub count: Option<u64>,
    /// End with success once this text was heard, with exit code 8 if the conversation ends first
    #[arg(long, value_name = "TEXT", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub expect: Option<String>,
    /// Say what stdin says and show nothing of what is heard
    #[arg(long, conflicts_with_all = ["recv_only", "count", "expect"])]
    pub send_only: bool,
    /// Do not read stdin
    #[arg(long)]
    pub recv_only: bool,
    /// The largest message that is heard whole
    #[arg(long, value_name = "SIZE", value_parser = parse_size, default_value = "64MiB")]
    pub max_message: usize,
}

/// How it is shown.
#[derive(Debug, Args)]
pub struct Show {
    /// The form of what is heard [default: human on a terminal, raw on a pipe]
    #[arg(long, short, value_name = "VIEW", value_enum, help_heading = INPUT_OUTPUT)]
    pub output: Option<Output>,
    /// When to use colour
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = Color::Auto, help_heading = INPUT_OUTPUT)]
    pub color: Color,
    /// Put the time before each line of the human view
    #[arg(long, value_name = "FORM", value_enum, default_value_t = Timestamps::Off, num_args = 0..=1,
          default_missing_value = "clock", require_equals = true, help_heading = INPUT_OUTPUT)]
    pub timestamps: Timestamps,
    /// Say nothing on stderr but errors
    #[arg(long, short, conflicts_with_all = ["verbose", "explain"], help_heading = INPUT_OUTPUT)]
    pub quiet: bool,
    /// Show the steps below the messages
    #[arg(long, short, help_heading = WATCHING)]
    pub verbose: bool,
    /// Explain each step; implies -v
    #[arg(long, help_heading = WATCHING)]
    pub explain: bool,
}

/// When it is over.
#[derive(Debug, Args)]
#[command(next_help_heading = ENDING)]
pub struct Ending {
    /// What to do at the end of stdin
    #[arg(long, value_name = "WHAT", value_enum, default_value_t = AtEof::HalfClose)]
    pub at_eof: AtEof,
    /// How long to wait for the peer after the end of stdin [default: for ever; datagrams: until 1s of silence]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub linger: Option<Duration>,
    /// End when nothing was said or heard for this long
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub idle: Option<Duration>,
}

/// How peers are served.
#[derive(Debug, Args)]
#[command(next_help_heading = LISTENING)]
pub struct Serve {
    /// Take one peer and end with it
    #[arg(long)]
    pub once: bool,
    /// So many peers at a time; one more is turned away
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub max_peers: u32,
    /// What to do by itself with what a peer says
    #[arg(long, value_name = "HOW", value_enum, default_value_t = ReplyMode::None)]
    pub reply: ReplyMode,
    /// End with exit code 5 if no peer comes within this time
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub accept_timeout: Option<Duration>,
}

/// What becomes of stdin when there can be many peers.
#[derive(Debug, Args)]
#[command(next_help_heading = LISTENING)]
pub struct Feed {
    /// Who gets what stdin says; `each` replays a regular file to every peer [default: broadcast; none with --reply
    /// when stdin is not a terminal]
    #[arg(long, value_name = "WHO", value_enum, conflicts_with = "recv_only")]
    pub stdin: Option<StdinTo>,
}

/// The views.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people: direction, size, colour; control characters escaped
    Human,
    /// The payload and nothing else
    Raw,
    /// Offsets, bytes and characters, both directions
    Hex,
    /// One JSON object per record
    Json,
    /// Nothing
    None,
}

/// Line ends on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Newline {
    /// Bytes are left alone
    #[default]
    AsIs,
    /// A lone LF is sent as CRLF, and CRLF is heard as LF
    Crlf,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The time before each line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Timestamps {
    /// None
    #[default]
    Off,
    /// Local time of day
    Clock,
    /// Since the start
    Relative,
}

/// What to do at the end of stdin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AtEof {
    /// End our direction (FIN), go on hearing
    HalfClose,
    /// Close both directions once everything is sent
    Close,
    /// Nothing: stay until the peer ends
    Stay,
}

/// What a listener does by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReplyMode {
    /// Nothing
    None,
    /// Say it back
    Echo,
    /// Say it to every other peer
    Broadcast,
}

/// Who gets what stdin says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StdinTo {
    /// Nobody; stdin is not read
    None,
    /// Every peer
    Broadcast,
    /// The first peer only
    First,
    /// Every peer gets all of it (a regular file)
    Each,
}

/// Whom a datagram listener answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReplyTo {
    /// The peer heard last
    Last,
    /// Every peer heard and not expired
    All,
    /// The peer heard first
    First,
}

/// The types of Unix socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum UnixType {
    /// A byte stream
    Stream,
    /// Datagrams, no connection
    Datagram,
    /// A connection that keeps message boundaries
    Seqpacket,
}

/// The shells with a completion script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[expect(missing_docs, reason = "names of shells")]
pub enum Shell {
    Bash,
    Elvish,
    Fish,
    #[value(name = "powershell")]
    PowerShell,
    Zsh,
}

/// Which address families may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Family {
    /// Both.
    #[default]
    Any,
    /// `-4`
    V4,
    /// `-6`
    V6,
}

impl Family {
    /// From the two options, of which clap admits one.
    #[must_use]
    pub fn from_options(ipv4: bool, ipv6: bool) -> Self {
        match (ipv4, ipv6) {
            (true, _) => Self::V4,
            (_, true) => Self::V6,
            _ => Self::Any,
        }
    }

    /// Whether an address may be used.
    #[must_use]
    pub fn admits(self, address: IpAddr) -> bool {
        match self {
            Self::Any => true,
            Self::V4 => address.is_ipv4(),
            Self::V6 => address.is_ipv6(),
        }
    }
}
