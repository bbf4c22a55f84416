//! What every conversation has: messages, views and ends.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};

use super::{AtEof, Color, ENDING, INPUT_OUTPUT, Measure, Newline, Output, Timestamps, Traffic, WATCHING};
use crate::frame::Framing;
use crate::quantity::{parse_duration, parse_size};

/// Every conversation, client or server, has these.
#[derive(Debug, Args)]
pub struct Talk {
    #[command(flatten)]
    pub messages: Messages,
    #[command(flatten)]
    pub show: Show,
    #[command(flatten)]
    pub ending: Ending,
    #[command(flatten)]
    pub traffic: Traffic,
    #[command(flatten)]
    pub measure: Measure,
    /// Write every record to this file, one JSON object a line
    #[arg(long, value_name = "FILE", help_heading = WATCHING)]
    pub record: Option<PathBuf>,
    /// Draw the sequence of what happened into this file when it is over: .svg, .txt, or .mmd for Mermaid
    #[arg(long, value_name = "FILE", help_heading = WATCHING)]
    pub diagram: Option<PathBuf>,
    /// Wait for Enter between the stages of opening and closing; implies -v
    #[arg(long, help_heading = WATCHING)]
    pub step: bool,
}

/// What is said and heard.
#[derive(Debug, Args)]
#[command(next_help_heading = INPUT_OUTPUT)]
pub struct Messages {
    /// Where a message ends: lines, chunks, nul, blank, json, file, length2, length4, length8 (big endian; -le for
    /// little), tagged (t or b for text or binary, then as length4) [default: lines on a terminal and for WebSocket, chunks
    /// on a pipe]
    #[arg(long, value_name = "FRAMING", value_parser = PossibleValuesParser::new(Framing::ALL.map(Framing::name))
          .try_map(|name| name.parse::<Framing>()), hide_possible_values = true)]
    pub framing: Option<Framing>,
    /// Lines of stdin are events as --output json shows them, whatever --framing says of what is heard: messages, pings,
    /// a close
    #[arg(long, conflicts_with_all = ["recv_only", "exec", "message_size", "input"])]
    pub events: bool,
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
    #[arg(long, conflicts_with_all = ["recv_only", "count", "expect", "exec"])]
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
    /// How long to wait for the peer after the end of stdin [default: for ever; datagrams: until 1s of silence; WebSocket:
    /// until 5s of silence]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub linger: Option<Duration>,
    /// End when nothing was said or heard for this long
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub idle: Option<Duration>,
}
