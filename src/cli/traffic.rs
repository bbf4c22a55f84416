//! Generated input, its pace, and digests.

use clap::Args;

/// Generated input, its pace, and digests.
#[derive(Debug, Default, Args)]
pub struct Traffic {}
