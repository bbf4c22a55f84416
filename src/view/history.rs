//! Where the prompt's history is kept: `$XDG_STATE_HOME/sockeye/history`, by default under `~/.local/state`.

use std::fs::{DirBuilder, File};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::PathBuf;

/// The history's file; made, with its folder, for its owner alone, if it is not there. `None` when there is no home.
pub(super) fn open() -> io::Result<Option<PathBuf>> {
    // The XDG specification: a relative path is to be ignored.
    let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let Some(state) = state.or_else(|| Some(std::env::home_dir()?.join(".local/state"))) else {
        return Ok(None);
    };
    let folder = state.join("sockeye");
    let told = |error: io::Error| {
        io::Error::new(error.kind(), format!("{}: {}", folder.display(), crate::exit::words(&error)))
    };
    DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(told)?;
    let path = folder.join("history");
    match File::options().write(true).create_new(true).mode(0o600).open(&path) {
        // The first line tells `rustyline` the format in which an entry may have several lines.
        Ok(mut file) => file.write_all(b"#V2\n").map_err(told)?,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(told(error)),
    }
    Ok(Some(path))
}
