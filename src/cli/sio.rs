//! Socket.IO.

mod connect;
mod listen;

use clap::{Args, Subcommand, ValueEnum};

use super::{Color, INPUT_OUTPUT, Output};
pub use connect::{EioVersion, SioAgain, SioAsk, SioConnect, SioTransport};
pub use listen::{SioListen, SioReply};

const PACKET: &str = "Packet";

/// Verbs of Socket.IO.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum Sio {
    /// Connect to a Socket.IO server and talk
    #[command(after_long_help = "\
Examples:
  sockeye sio connect --demo --say 'chat hi' --count 1 </dev/null
  sockeye sio connect localhost:3000
  echo 'chat hi' | sockeye sio connect localhost:3000 --count 1
  sockeye sio connect https://example.org --namespace /admin --auth '{\"token\":\"123\"}'
  sockeye sio connect localhost:3000 --transport websocket -v
  sockeye sio connect localhost:3000 --eio 3 --ack 'hello={\"ok\":true}'")]
    Connect(Box<SioConnect>),
    /// Tell what each character of a packet means
    #[command(after_long_help = "\
Examples:
  sockeye sio decode '42/admin,12[\"hello\",{\"a\":1.50}]'
  sockeye sio decode '451-[\"upload\",{\"_placeholder\":true,\"num\":0}]' bAQIDBA==
  sockeye sio decode --eio 3 '2:4011:42[\"hello\"]'
  sockeye sio decode --output json 2probe | jq -r '.spans[].means'")]
    Decode(SioDecode),
    /// Make a packet, and tell what each character means
    #[command(after_long_help = "\
Examples:
  sockeye sio encode hello world 1.50 '{\"a\":[true]}'
  sockeye sio encode --namespace /admin --id 12 upload photo hex:01020304
  sockeye sio encode --type connect --namespace /admin '{\"token\":\"123\"}'
  sockeye sio encode --type ack --id 12 done | cat")]
    Encode(SioEncode),
    /// Serve Socket.IO clients of every version
    #[command(after_long_help = "\
Examples:
  sockeye sio listen 3000
  sockeye sio listen 3000 --reply echo -v
  sockeye sio listen 3000 --namespace '/room-*' --auth-token abc --recovery 2m
  sockeye sio listen 3000 --on 'hello=[\"welcome\",1]' --ack 'save=[{\"ok\":true}]'
  sockeye sio listen 3000 --on-exec 'sum=jq -c [add]'
  sockeye sio listen 3000 --reply echo --fault drop=5 -v")]
    Listen(Box<SioListen>),
}

/// Tell what each character of a packet means
///
/// A packet is what a browser's developer tools show: the text of a WebSocket message, or a polling body. Several are
/// heard as one peer's, one after the other, so attachments can follow their packet. Nothing is sent anywhere. A packet
/// that an official peer would not take is explained as far as it can be read, and the exit code is 6.
#[derive(Debug, Args)]
pub struct SioDecode {
    /// The text of a packet; `b` and base64, or `hex:` and digits, for a binary message
    #[arg(value_name = "PACKET", required = true, allow_hyphen_values = true)]
    pub packets: Vec<String>,
    #[command(flatten)]
    pub dialect: SioDialect,
    #[command(flatten)]
    pub show: SioShow,
}

/// Make a packet, and tell what each character means
///
/// What is given after the event's name are its arguments, read as at the prompt of `sio connect`: JSON as it is, `{a:1}` made
/// JSON, and whatever is neither is a string. `hex:0102`, `base64:AQI=` and `@FILE` are attachments. On a pipe each message is
/// a line, a binary one as `b` and base64, which is its form in a polling body too.
#[derive(Debug, Args)]
pub struct SioEncode {
    /// The event's name and arguments; what an acknowledgement or a connect says; the message and data of a
    /// refusal
    #[arg(value_names = ["EVENT", "ARGUMENT"], num_args = 0.., allow_negative_numbers = true)]
    pub words: Vec<String>,
    /// What the packet is
    #[arg(long = "type", value_name = "TYPE", value_enum, default_value_t = SioType::Event, help_heading = PACKET)]
    pub kind: SioType,
    /// Where
    #[arg(long, value_name = "NAME", default_value = "/", help_heading = PACKET)]
    pub namespace: String,
    /// Ask for an acknowledgement with this number, or answer the event that had it
    #[arg(long, value_name = "N", help_heading = PACKET)]
    pub id: Option<u64>,
    /// What carries it
    #[arg(long, value_name = "TRANSPORT", value_enum, default_value_t = SioCarrier::Websocket, help_heading = PACKET)]
    pub transport: SioCarrier,
    #[command(flatten)]
    pub dialect: SioDialect,
    #[command(flatten)]
    pub show: SioShow,
}

/// Which of the dialects is spoken.
#[derive(Debug, Args)]
pub struct SioDialect {
    /// The version of Engine.IO: 4 is of Socket.IO 3 and 4, 3 of Socket.IO 1 and 2
    #[arg(long, value_name = "VERSION", value_enum, default_value_t = Eio::V4, help_heading = PACKET)]
    pub eio: Eio,
    /// How packets are written, which both ends must know
    #[arg(long, value_name = "PARSER", value_enum, default_value_t = SioParser::Json, help_heading = PACKET)]
    pub parser: SioParser,
}

/// How it is shown.
#[derive(Debug, Args)]
pub struct SioShow {
    /// The form: human, raw, json or none [default: human; of encode on a pipe, raw]
    #[arg(long, short, value_name = "VIEW", value_enum, help_heading = INPUT_OUTPUT)]
    pub output: Option<Output>,
    /// When to use colour
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = Color::Auto, help_heading = INPUT_OUTPUT)]
    pub color: Color,
}

/// Versions of Engine.IO.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Eio {
    /// Servers ping, packets of a body are separated
    #[value(name = "4")]
    V4,
    /// Clients ping, packets of a body are counted
    #[value(name = "3")]
    V3,
}

/// Parsers of Socket.IO.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SioParser {
    /// Text, and attachments beside it
    Json,
    /// One binary message: socket.io-msgpack-parser
    Msgpack,
}

/// Types of packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SioType {
    /// A name and arguments
    Event,
    /// The answer to an event
    Ack,
    /// Enter a namespace
    Connect,
    /// Leave one
    Disconnect,
    /// Not let in
    ConnectError,
}

/// What carries packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SioCarrier {
    /// One packet a message
    Websocket,
    /// All in one body
    Polling,
}
