//! `SSLKEYLOGFILE`: the secrets of each connection, so that Wireshark can show what was said.

use std::fmt::{self, Write as _};
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rustls::KeyLog;

use crate::exit::{Exit, Failure, words};

/// Appends to a file in the format that NSS began.
pub(super) struct KeyLogFile(Mutex<File>);

impl KeyLogFile {
    /// Opens it; ours alone may read it, if we make it.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path).map_err(|error| {
            Failure::new(Exit::Io, format!("SSLKEYLOGFILE {}: {}", path.display(), words(&error)))
                .hint("without the variable nothing is logged: `env -u SSLKEYLOGFILE sockeye …`")
        })?;
        Ok(Self(Mutex::new(file)))
    }
}

impl KeyLog for KeyLogFile {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let mut line = label.to_owned();
        for bytes in [client_random, secret] {
            line.push(' ');
            for byte in bytes {
                let _ = write!(line, "{byte:02x}"); // cannot fail: it is a string
            }
        }
        line.push('\n');
        // One write a line, so that programs can share the file. A full disk must not end the conversation.
        let _ = self.0.lock().unwrap_or_else(PoisonError::into_inner).write_all(line.as_bytes());
    }
}

impl fmt::Debug for KeyLogFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyLogFile")
    }
}
