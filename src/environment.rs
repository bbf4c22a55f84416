//! What the environment says, looked up once. [`crate::plan`] gets it as a value, so tests need no environment.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::proxy;

/// Variables that others set for us.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// `SSLKEYLOGFILE`: where the secrets of TLS connections are written.
    pub key_log: Option<PathBuf>,
    /// `PATH`: where programs are looked for.
    pub path: Option<OsString>,
    /// `ALL_PROXY`, `HTTPS_PROXY`, `NO_PROXY`.
    pub proxies: proxy::Variables,
}

/// The process's own.
#[must_use]
pub fn here() -> Environment {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    Environment {
        key_log: set("SSLKEYLOGFILE").map(PathBuf::from),
        path: set("PATH"),
        proxies: proxy::Variables::of(|name| std::env::var(name).ok()),
    }
}
