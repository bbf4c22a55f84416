//! How peers are served.

use std::time::Duration;

use clap::Args;

use super::{LISTENING, ReplyMode, Slow, StdinTo};
use crate::quantity::parse_duration;

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
    #[arg(long, value_name = "HOW", value_enum, default_value_t = ReplyMode::None, conflicts_with = "exec")]
    pub reply: ReplyMode,
    /// What becomes of a peer that has not read for a second what all are told
    #[arg(long, value_name = "WHAT", value_enum, default_value_t = Slow::Drop)]
    pub slow: Slow,
    /// End with exit code 5 if no peer comes within this time
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub accept_timeout: Option<Duration>,
}

/// What becomes of stdin when there can be many peers.
#[derive(Debug, Args)]
#[command(next_help_heading = LISTENING)]
pub struct Feed {
    /// Who gets what stdin or --input says; `each` gives every peer all of a regular file or of generated input
    /// [default: broadcast; none with --reply when stdin is not a terminal]
    #[arg(long, value_name = "WHO", value_enum, conflicts_with_all = ["recv_only", "exec"])]
    pub stdin: Option<StdinTo>,
}
