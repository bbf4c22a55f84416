//! Socket options.

use crate::cli::{IpOptions, TcpOptions};
use crate::exit::Failure;
use crate::transport::sockets::Options;

pub(super) fn options(ip: IpOptions, tcp: TcpOptions) -> Result<Options, Failure> {
    let (IpOptions {}, TcpOptions {}) = (ip, tcp);
    Ok(Options::default())
}
