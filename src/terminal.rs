//! What this process was started with: the only place that asks the environment.

use std::env;
use std::os::fd::AsFd;

use rustix::fs::{FileType, fstat};
use rustix::termios::{isatty, tcgetwinsize};

use crate::plan::{Stdio, Terminal};

/// Looks.
#[must_use]
pub fn here() -> Terminal {
    let (stdin, stdout, stderr) = (std::io::stdin(), std::io::stdout(), std::io::stderr());
    let dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
    // https://no-color.org: set and not empty.
    let no_color = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    Terminal {
        stdin: kind(&stdin),
        stdout: kind(&stdout),
        stderr: kind(&stderr),
        color: !no_color && !dumb,
        editing: !dumb,
        width: tcgetwinsize(&stdout).or_else(|_| tcgetwinsize(&stderr)).ok().map(|size| size.ws_col).filter(|&n| n > 0),
    }
}

/// How many columns the terminal of stdout has now: a window may be made another size.
#[must_use]
pub fn columns() -> Option<u16> {
    tcgetwinsize(std::io::stdout()).ok().map(|size| size.ws_col).filter(|&columns| columns > 0)
}

fn kind(descriptor: impl AsFd) -> Stdio {
    if isatty(&descriptor) {
        return Stdio::Terminal;
    }
    match fstat(&descriptor) {
        Ok(stat) if FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile => Stdio::File,
        _ => Stdio::Other,
    }
}
