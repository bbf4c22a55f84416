//! What the environment says, looked up once. [`crate::plan`] gets it as a value, so tests need no environment.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::endpoint::UnixName;
use crate::proxy;
use crate::transport::Handed;

/// Variables that others set for us.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// `SSLKEYLOGFILE`: where the secrets of TLS connections are written.
    pub key_log: Option<PathBuf>,
    /// `PATH`: where programs are looked for.
    pub path: Option<OsString>,
    /// `ALL_PROXY`, `HTTPS_PROXY`, `NO_PROXY`.
    pub proxies: proxy::Variables,
    /// Sockets that whoever started us has opened.
    pub handed: Handed,
    /// `NOTIFY_SOCKET`: where the service manager hears how far we are.
    pub manager: Option<UnixName>,
    /// `XDG_DATA_HOME`, or where it is by default: what is kept between runs.
    pub data: Option<PathBuf>,
    /// `LC_ALL`, `LC_MESSAGES` or `LANG`: what people want to read.
    pub locale: Option<String>,
}

/// The process's own. To be called once, before there are threads: it takes sockets over.
#[must_use]
pub fn here() -> Environment {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let manager = set("NOTIFY_SOCKET").and_then(|name| name.into_string().ok());
    // The XDG specification: a relative path is to be ignored.
    let data = set("XDG_DATA_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    Environment {
        key_log: set("SSLKEYLOGFILE").map(PathBuf::from),
        path: set("PATH"),
        proxies: proxy::Variables::of(|name| std::env::var(name).ok()),
        handed: Handed::here(),
        manager: manager.filter(|name| name.starts_with(['/', '@'])).and_then(|name| UnixName::parse(&name).ok()),
        data: data.or_else(|| Some(std::env::home_dir()?.join(".local/share"))),
        locale: ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(set).and_then(|name| name.into_string().ok()),
    }
}
