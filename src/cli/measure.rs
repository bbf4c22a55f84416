//! What is measured, and shown while it goes on.

use clap::{Args, ValueEnum};

use super::WATCHING;

/// What is measured and shown.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = WATCHING)]
pub struct Measure {
    /// At the end of each conversation, say what was measured: bytes, rates, how long each stage took, and what the
    /// kernel knows of TCP; a listener adds the sum of all. The signal USR1 asks for it at any time
    #[arg(long)]
    pub stats: bool,
    /// When to show how much was carried on the last line of stderr; auto: if that is a terminal, much is carried for
    /// more than a second, and nothing else is shown there meanwhile
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = Progress::Auto)]
    pub progress: Progress,
}

/// When progress is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Progress {
    /// On a terminal, for a single conversation that carries much
    #[default]
    Auto,
    /// From the first second on; in lines of their own where stderr is no terminal
    Always,
    /// Never
    Never,
}
