//! How a program ended, in words.

use std::fmt;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;

use rustix::process::Signal;

/// The signals that programs die of, by the names that `kill -l` knows.
const NAMES: [(Signal, &str); 20] = [
    (Signal::HUP, "SIGHUP"),
    (Signal::INT, "SIGINT"),
    (Signal::QUIT, "SIGQUIT"),
    (Signal::ILL, "SIGILL"),
    (Signal::TRAP, "SIGTRAP"),
    (Signal::ABORT, "SIGABRT"),
    (Signal::BUS, "SIGBUS"),
    (Signal::FPE, "SIGFPE"),
    (Signal::KILL, "SIGKILL"),
    (Signal::USR1, "SIGUSR1"),
    (Signal::SEGV, "SIGSEGV"),
    (Signal::USR2, "SIGUSR2"),
    (Signal::PIPE, "SIGPIPE"),
    (Signal::ALARM, "SIGALRM"),
    (Signal::TERM, "SIGTERM"),
    (Signal::XCPU, "SIGXCPU"),
    (Signal::XFSZ, "SIGXFSZ"),
    (Signal::VTALARM, "SIGVTALRM"),
    (Signal::PROF, "SIGPROF"),
    (Signal::SYS, "SIGSYS"),
];

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    /// It called `exit`.
    Exited(i32),
    /// A signal ended it.
    Killed(i32),
}

impl Status {
    pub(super) fn of(status: ExitStatus) -> Self {
        match (status.code(), status.signal()) {
            (Some(code), _) => Self::Exited(code),
            (None, signal) => Self::Killed(signal.unwrap_or_default()),
        }
    }

    pub(super) fn is_success(self) -> bool {
        self == Self::Exited(0)
    }

    pub(super) fn is_signal(self) -> bool {
        matches!(self, Self::Killed(_))
    }

    /// It wrote to where nobody reads any more.
    pub(super) fn is_broken_pipe(self) -> bool {
        self == Self::Killed(Signal::PIPE.as_raw())
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(code) => write!(f, "exited with {code}"),
            Self::Killed(raw) => match NAMES.iter().find(|(signal, _)| signal.as_raw() == *raw) {
                Some((_, name)) => write!(f, "was killed by {name}"),
                None => write!(f, "was killed by signal {raw}"),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_words() {
        // As waitpid() packs them.
        let words = |raw| Status::of(ExitStatus::from_raw(raw)).to_string();
        assert_eq!(words(0), "exited with 0");
        assert_eq!(words(3 << 8), "exited with 3");
        assert_eq!(words(11), "was killed by SIGSEGV");
        assert_eq!(words(6 | 0x80), "was killed by SIGABRT", "with a core");
        assert_eq!(words(40), "was killed by signal 40");
        assert!(Status::of(ExitStatus::from_raw(13)).is_broken_pipe());
    }
}
