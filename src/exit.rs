//! How the program ends: exit codes, and errors that carry their code and their remedy.

use std::fmt;
use std::io;
use std::process::ExitCode;

/// The exit codes. Scripts rely on them; `man sockeye` lists them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Exit {
    /// 0: everything asked for was done.
    #[default]
    Complete,
    /// 1: any other failure of input or output.
    Io,
    /// 2: the command line is wrong.
    Usage,
    /// 3: the name could not be resolved.
    Resolve,
    /// 4: refused or unreachable.
    Refused,
    /// 5: a time limit: connect, handshake, idle, linger, accept.
    Timeout,
    /// 6: TLS, a handshake or the protocol was refused or broken.
    Protocol,
    /// 7: reset, or not everything was delivered.
    Partial,
    /// 8: `--expect`, `--expect-digest` or `--count` was not met.
    Unmet,
    /// 130: interrupted.
    Interrupted,
    /// 141: stdout was closed early.
    BrokenStdout,
}

impl Exit {
    /// Every code, in the order of the numbers.
    pub const ALL: [Self; 11] = [
        Self::Complete,
        Self::Io,
        Self::Usage,
        Self::Resolve,
        Self::Refused,
        Self::Timeout,
        Self::Protocol,
        Self::Partial,
        Self::Unmet,
        Self::Interrupted,
        Self::BrokenStdout,
    ];

    /// What it means, in the words of the man pages and of the README.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Complete => "Everything asked for was done.",
            Self::Io => "Any other failure of input or output.",
            Self::Usage => "The command line is wrong.",
            Self::Resolve => "The name could not be resolved.",
            Self::Refused => "Refused or unreachable.",
            Self::Timeout => "A time limit was reached: connect, handshake, idle, linger or accept.",
            Self::Protocol => "The peer refused or broke the protocol, or went past a limit.",
            Self::Partial => "The connection was reset, or not everything was delivered.",
            Self::Unmet => "What --expect, --expect-digest or --count asks for was not heard.",
            Self::Interrupted => "Interrupted by a signal.",
            Self::BrokenStdout => "Standard output was closed early.",
        }
    }

    /// The number that the shell sees.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Complete => 0,
            Self::Io => 1,
            Self::Usage => 2,
            Self::Resolve => 3,
            Self::Refused => 4,
            Self::Timeout => 5,
            Self::Protocol => 6,
            Self::Partial => 7,
            Self::Unmet => 8,
            Self::Interrupted => 130,
            Self::BrokenStdout => 141,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// A failure that ends the program: one line that names the operation and the address, and a remedy if there is one.
#[derive(Debug, thiserror::Error)]
pub struct Failure {
    /// The code to exit with.
    pub exit: Exit,
    /// `connect to tcp://127.0.0.1:80: connection refused`
    pub what: String,
    /// What the reader can do about it.
    pub hint: Option<String>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl Failure {
    /// A failure with its code.
    pub fn new(exit: Exit, what: impl Into<String>) -> Self {
        Self { exit, what: what.into(), hint: None }
    }

    /// The command line is wrong.
    pub fn usage(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(Exit::Usage, what).hint(hint)
    }

    /// Adds a remedy.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// An operation of the system that failed: `connect`, `bind`, at an address. Knows the usual remedies.
    #[must_use]
    pub fn system(operation: &str, address: &str, error: &io::Error) -> Self {
        use io::ErrorKind as Kind;
        let exit = match error.kind() {
            Kind::ConnectionRefused | Kind::HostUnreachable | Kind::NetworkUnreachable | Kind::NotFound => {
                Exit::Refused
            }
            Kind::TimedOut => Exit::Timeout,
            Kind::ConnectionReset | Kind::ConnectionAborted | Kind::BrokenPipe => Exit::Partial,
            _ => Exit::Io,
        };
        let failure = Self::new(exit, format!("{operation} {address}: {}", words(error)));
        if let Some(Remedied { hint, .. }) = error.get_ref().and_then(|inner| inner.downcast_ref()) {
            return failure.hint(hint);
        }
        match error.kind() {
            Kind::ConnectionRefused => failure
                .hint("nothing listens there, or a firewall answers for it; `ss -ltn` on that machine lists listeners"),
            Kind::AddrInUse => failure.hint("another process has it; `ss -lpn` shows which. Port 0 takes a free one"),
            Kind::AddrNotAvailable => {
                failure.hint("no interface of this machine has that address; `ip addr` lists them")
            }
            Kind::PermissionDenied => {
                failure.hint("ports below 1024 and foreign files need more rights; try a port above 1023")
            }
            Kind::HostUnreachable | Kind::NetworkUnreachable => {
                failure.hint("this machine has no route there; `ip route get ADDRESS` shows what it would do")
            }
            _ => failure,
        }
    }
}

/// An error that knows its remedy, on its way through [`io::Error`]. [`Failure::system`] finds it there.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct Remedied {
    what: String,
    hint: String,
}

impl Remedied {
    /// Says an error in other words and what can be done about it; its kind stays.
    pub fn wrap(error: &io::Error, what: impl Into<String>, hint: impl Into<String>) -> io::Error {
        io::Error::new(error.kind(), Self { what: what.into(), hint: hint.into() })
    }
}

/// The system's words for an error, in lower case and without Rust's "(os error 111)".
#[must_use]
pub fn words(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    let mut letters = text.chars();
    match (letters.next(), letters.clone().next()) {
        // "Connection refused", but not "I/O error".
        (Some(first), Some(second)) if second.is_lowercase() => first.to_lowercase().chain(letters).collect(),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_listed_once_in_the_order_of_the_numbers() {
        // `ALL` is written by hand: a variant missing from it would be a code missing from every man page.
        let codes = Exit::ALL.map(Exit::code);
        assert_eq!(codes, [0, 1, 2, 3, 4, 5, 6, 7, 8, 130, 141]);
        let meanings: std::collections::BTreeSet<_> = Exit::ALL.map(Exit::meaning).into_iter().collect();
        assert_eq!(meanings.len(), Exit::ALL.len());
    }

    #[test]
    fn the_kind_of_a_system_error_decides_the_code() {
        use io::ErrorKind as Kind;
        for (kind, exit) in [
            (Kind::ConnectionRefused, Exit::Refused),
            (Kind::HostUnreachable, Exit::Refused),
            (Kind::NetworkUnreachable, Exit::Refused),
            (Kind::NotFound, Exit::Refused),
            (Kind::TimedOut, Exit::Timeout),
            (Kind::ConnectionReset, Exit::Partial),
            (Kind::BrokenPipe, Exit::Partial),
            (Kind::AddrInUse, Exit::Io),
            (Kind::PermissionDenied, Exit::Io),
        ] {
            assert_eq!(Failure::system("connect to", "tcp://127.0.0.1:1", &kind.into()).exit, exit, "{kind:?}");
        }
    }

    #[test]
    fn a_failure_names_operation_and_address_in_the_systems_words() {
        let refused = io::Error::from(rustix::io::Errno::CONNREFUSED);
        let failure = Failure::system("connect to", "tcp://127.0.0.1:1", &refused);
        assert_eq!(failure.to_string(), "connect to tcp://127.0.0.1:1: connection refused");
        assert!(failure.hint.is_some());
    }

    #[test]
    fn the_systems_words_lose_their_number_and_their_capital_unless_it_is_a_name() {
        assert_eq!(words(&io::Error::from(rustix::io::Errno::CONNREFUSED)), "connection refused");
        assert_eq!(words(&io::Error::other("I/O error")), "I/O error");
        assert_eq!(words(&io::Error::other("")), "");
    }
}
