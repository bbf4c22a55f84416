//! TLS, configured: what we trust, who we are, and what went wrong, in words. No sockets.

pub mod certificate;
mod client;
pub mod failure;
mod fingerprint;
mod key;
mod key_log;
pub mod pem;
pub mod recognise;
mod server;
mod verify;

use std::path::PathBuf;

pub use client::{Client, ClientOptions, Trust};
pub use fingerprint::Fingerprint;
pub(crate) use server::valid_from_now;
pub use server::{Server, ServerOptions};
pub use verify::Presented;

/// Who we are: files that are read when the command runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// `--cert`: our certificate and those that lead to its root, PEM.
    pub certificate: PathBuf,
    /// `--key`: its private key; without, it is in the certificate's file.
    pub key: Option<PathBuf>,
    /// `--key-password-file`: its password is the first line; without, it is asked for.
    pub password: Option<PathBuf>,
}
