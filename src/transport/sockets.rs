//! Socket options: set, read back, shown.

/// What was asked for.
#[derive(Clone, Debug, Default)]
pub struct Options {}
