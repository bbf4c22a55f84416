//! What is measured.

use clap::Args;

/// What is measured and shown.
#[derive(Debug, Default, Args)]
pub struct Measure {}
