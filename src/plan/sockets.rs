//! Socket options.

use std::time::Duration;

use crate::cli::{Buffers, IpOptions, TcpOptions};
use crate::exit::Failure;
use crate::transport::sockets::Options;

pub(super) fn options(ip: IpOptions, tcp: &TcpOptions) -> Result<Options, Failure> {
    let IpOptions { buffers, ttl, tos, device, mark } = ip;
    let TcpOptions { nodelay, keepalive, mss, user_timeout, fastopen, mptcp } = *tcp;
    if let Some(limit) = user_timeout.filter(|limit| !(MILLISECOND..=LONGEST).contains(limit)) {
        return Err(Failure::usage(
            format!("--user-timeout {limit:?}: the kernel counts it in milliseconds, up to {LONGEST:?}"),
            "for example --user-timeout 30s",
        ));
    }
    let sizes = self::buffers(&buffers)?;
    Ok(Options { device, mark, ttl, tos, nodelay, keepalive, mss, user_timeout, fastopen, mptcp, ..sizes })
}

const MILLISECOND: Duration = Duration::from_millis(1);
const LONGEST: Duration = Duration::from_millis(i32::MAX as u64);

/// The options of sockets inside this machine.
pub(super) fn buffers(&Buffers { sndbuf, rcvbuf }: &Buffers) -> Result<Options, Failure> {
    /// The kernel keeps twice the size in an `int`.
    const LARGEST: usize = i32::MAX as usize / 2;
    for (option, size) in [("--sndbuf", sndbuf), ("--rcvbuf", rcvbuf)] {
        if let Some(size) = size.filter(|&size| size > LARGEST) {
            return Err(Failure::usage(format!("{option} {size}: at most {LARGEST} bytes"), "for example 4MiB"));
        }
    }
    Ok(Options { sndbuf, rcvbuf, ..Options::default() })
}

/// Fast open sends what is said first, so something must be.
pub(super) fn speaks_first(options: &Options, first: First) -> Result<(), Failure> {
    if options.fastopen && first == First::Whoever {
        return Err(Failure::usage(
            "--fastopen: nothing is known to be said first that could go with the SYN",
            "--say TEXT or --tls says something first; without --fastopen either side may begin",
        ));
    }
    Ok(())
}

/// Who speaks first on a new connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum First {
    /// We do: `--say`, TLS, or a proxy that is asked.
    Us,
    /// Nobody knows.
    Whoever,
}
