//! What this process was started with: the only place that asks the environment.

use std::env;
use std::io::IsTerminal as _;

use rustix::fs::{FileType, fstat};
use rustix::termios::tcgetwinsize;

use crate::plan::Terminal;

/// Looks.
#[must_use]
pub fn here() -> Terminal {
    let (stdin, stdout, stderr) = (std::io::stdin(), std::io::stdout(), std::io::stderr());
    let dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
    // https://no-color.org: set and not empty.
    let no_color = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    Terminal {
        stdin: stdin.is_terminal(),
        stdin_is_file: fstat(&stdin).is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile),
        stdout: stdout.is_terminal(),
        stderr: stderr.is_terminal(),
        color: !no_color && !dumb,
        editing: !dumb,
        width: tcgetwinsize(&stdout).or_else(|_| tcgetwinsize(&stderr)).ok().map(|size| size.ws_col).filter(|&n| n > 0),
    }
}
