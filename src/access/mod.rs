//! Who may come, and how many: decided before a peer costs anything. No I/O and no clock here; `transport::door` asks.
//!
//! The rules are few. A denied address is turned away, also when it is allowed. If anybody is allowed, everybody else is
//! turned away. An IPv4 peer of a dual-stack socket (`::ffff:192.0.2.1`) is an IPv4 peer.

mod file;
mod list;
mod rate;
mod turned;

pub use file::parse as parse_file;
pub use list::{List, Rules, parse_network};
pub use rate::{Limiter, Limits, Rate};
pub use turned::Tally;

use std::net::IpAddr;
use std::path::PathBuf;

use ipnet::IpNet;

/// What was asked for.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Addresses, from the command line.
    pub rules: Rules,
    /// More of them, in a file that may change.
    pub file: Option<PathBuf>,
    /// Users of this machine that may come, by their numbers; nobody here means everybody.
    pub users: Vec<u32>,
    /// How many may come in a time.
    pub limits: Limits,
}

/// Who comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visitor {
    /// From an address.
    Address(IpAddr),
    /// From inside this machine, a process of this user.
    User(u32),
    /// From inside this machine, and no more is known.
    Unknown,
}

/// Why a peer is turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Its address is in this network, which is denied.
    Denied(IpNet),
    /// Others are allowed, and it is not.
    NotAllowed,
    /// Other users are allowed, and this one is not.
    NotAllowedUser(u32),
    /// More came than may, all together.
    TooMany(Rate),
    /// More came than may from its address.
    TooManyOfOne(Rate),
    /// So many are served already.
    Full(usize),
}

impl Refusal {
    /// The reason, for this peer.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Denied(network) => format!("{network} is denied"),
            Self::NotAllowedUser(user) => format!("user {user} is not allowed"),
            _ => self.kind(),
        }
    }

    /// The reason that it shares with others.
    fn kind(&self) -> String {
        match self {
            Self::Denied(_) => "denied".to_owned(),
            Self::NotAllowed | Self::NotAllowedUser(_) => "not allowed".to_owned(),
            Self::TooMany(rate) => format!("more than {rate}"),
            Self::TooManyOfOne(rate) => format!("more than {rate} from one address"),
            Self::Full(most) => format!("--max-peers {most} is reached"),
        }
    }
}
