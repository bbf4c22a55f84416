//! Who may come, how many, how fast.

use clap::Args;

/// Who may come, how many, how fast.
#[derive(Debug, Default, Args)]
pub struct Access {}
