//! A program for each conversation.

use clap::Args;

use super::PROGRAM;

/// A program for each conversation.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = PROGRAM)]
pub struct Exec {
    /// Run this program for each conversation: it reads what is heard and says what it writes
    ///
    /// The words are split as a shell splits them, and nothing else that a shell does is done. The end of the peer's
    /// direction is the end of the program's stdin; its exit closes the conversation. Its stderr is shown here, a line
    /// at a time, and not to the peer. stdin is not read.
    #[arg(long, value_name = "CMD", conflicts_with = "step")]
    pub exec: Option<String>,
    /// Give CMD to `/bin/sh -c`, with pipes, redirections and variables
    #[arg(long, requires = "exec")]
    pub shell: bool,
    /// Give the program a terminal of its own instead of pipes: for shells, editors, and what asks for passwords
    #[arg(long, requires = "exec")]
    pub pty: bool,
}
