//! What the environment says, looked up once. [`crate::plan`] gets it as a value, so tests need no environment.

/// Variables that others set for us.
#[derive(Clone, Debug, Default)]
pub struct Environment {}

/// The process's own.
#[must_use]
pub fn here() -> Environment {
    Environment::default()
}
