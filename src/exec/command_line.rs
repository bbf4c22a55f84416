//! What to run, as it was typed.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::fs::{Access, access};

use crate::exit::{Exit, Failure, words};

/// The shell of `--shell`.
const SHELL: &str = "/bin/sh";
/// Where programs are looked for when nothing says where.
const DEFAULT_PATH: &str = "/bin:/usr/bin";
/// A longer line of shell is cut where it is only a name, in characters.
const NAME: usize = 40;

/// A command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommandLine {
    /// A program and its arguments.
    Words {
        /// Its name, which is looked up in `PATH`, or its path.
        program: String,
        /// Its arguments.
        arguments: Vec<String>,
    },
    /// A line that `/bin/sh -c` reads.
    Shell(String),
}

impl CommandLine {
    /// Splits a line into words as a shell does, without everything else that a shell does.
    pub fn words(line: &str) -> Result<Self, Failure> {
        let wrong = |why: &str| {
            Failure::usage(
                format!("--exec `{line}`: {why}"),
                "expected a program and its arguments, for example --exec 'grep -i \"two words\"'",
            )
        };
        let mut words = shell_words::split(line).map_err(|_| wrong("a quote is not closed"))?.into_iter();
        match words.next() {
            Some(program) if !program.is_empty() => Ok(Self::Words { program, arguments: words.collect() }),
            _ => Err(wrong("it names no program")),
        }
    }

    /// Takes a line for the shell, as it is.
    pub fn shell(line: &str) -> Result<Self, Failure> {
        if line.trim().is_empty() {
            return Err(Failure::usage(
                "--exec: the line for the shell is empty",
                "for example --shell --exec 'ls | wc -l'",
            ));
        }
        Ok(Self::Shell(line.to_owned()))
    }

    /// Fails when it plainly cannot be run, so that it is said once, at the start, and not for each peer.
    pub fn check(&self, path: Option<&OsStr>) -> Result<(), Failure> {
        let program = match self {
            Self::Words { program, .. } => program.as_str(),
            Self::Shell(_) => SHELL,
        };
        let fail =
            |why: String, hint: &str| Err(Failure::new(Exit::Usage, format!("exec `{program}`: {why}")).hint(hint));
        if program.contains('/') {
            return match runnable(Path::new(program)) {
                Ok(()) => Ok(()),
                Err(error) => fail(words(&error), "the path of a program: a file with the right to execute (chmod +x)"),
            };
        }
        let path = path.unwrap_or(OsStr::new(DEFAULT_PATH));
        let found = std::env::split_paths(path).any(|directory| runnable(&directory.join(program)).is_ok());
        if found {
            Ok(())
        } else {
            fail("not found in PATH".to_owned(), "what only a shell knows, it runs with --shell")
        }
    }

    /// The process to be.
    pub(super) fn command(&self) -> Command {
        match self {
            Self::Words { program, arguments } => {
                let mut command = Command::new(program);
                command.args(arguments);
                command
            }
            Self::Shell(line) => {
                let mut command = Command::new(SHELL);
                command.args(["-c", line]);
                command
            }
        }
    }
}

fn runnable(path: &Path) -> std::io::Result<()> {
    access(path, Access::EXEC_OK)?;
    if path.is_dir() { Err(rustix::io::Errno::ISDIR.into()) } else { Ok(()) }
}

/// What it is called in what is told of it.
impl fmt::Display for CommandLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Words { program, .. } => {
                let name = PathBuf::from(program);
                write!(f, "{}", name.file_name().unwrap_or(OsStr::new(program)).to_string_lossy())
            }
            Self::Shell(line) => match line.char_indices().nth(NAME) {
                None => f.write_str(line),
                Some((cut, _)) => write!(f, "{}…", &line[..cut]),
            },
        }
    }
}
