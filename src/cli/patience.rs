//! Trying again: before a conversation, and after it.

use clap::Args;

/// Trying again until the endpoint opens.
#[derive(Debug, Default, Args)]
pub struct Retry {}

/// Connecting again after the conversation was lost.
#[derive(Debug, Default, Args)]
pub struct Reconnect {}
