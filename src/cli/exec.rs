//! A program for each conversation.

use clap::Args;

/// A program for each conversation.
#[derive(Debug, Default, Args)]
pub struct Exec {}
