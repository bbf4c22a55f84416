//! A page of its own in the place of the one that documents the paths, and what it may ask for.

use std::sync::Arc;

/// What stands before a topic.
#[derive(Clone)]
pub struct Front {
    /// The page at `/`.
    pub page: &'static str,
    /// Who is asked by what is posted to `/control`.
    pub control: Arc<dyn Control>,
}

/// Does what a page asks for.
pub trait Control: Send + Sync {
    /// Does what is wanted, which is JSON; how everything is set then, as JSON too, or why it cannot be.
    fn control(&self, wanted: &[u8]) -> Result<String, String>;
}
