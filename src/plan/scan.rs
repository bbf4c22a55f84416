//! Which ports are asked about, and how hard.

use super::talk::look;
use super::{Plan, Terminal, overrides};
use crate::access::Rate;
use crate::cli::{Family, Output, Scan as Options};
use crate::endpoint::parse_host;
use crate::exit::Failure;
use crate::frame::Framing;
use crate::scan::{Ports, Rules};
use crate::transport::resolve::Overrides;
use crate::view::{Look, Talk as Talkativeness};

/// A scan.
pub struct Scan {
    /// A name or an address.
    pub host: String,
    /// Which of its addresses.
    pub family: Family,
    /// Names that need no lookup.
    pub names: Overrides,
    /// How many of them.
    pub addresses: Addresses,
    /// What is asked about.
    pub ports: Ports,
    /// How hard; without a rate, what suits the addresses.
    pub rules: Rules,
    /// How it is shown.
    pub look: Look,
}

/// Which addresses of a name are scanned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Addresses {
    /// The first of each family, and a port is open if it is at one of them.
    Any,
    /// All, each by itself.
    Each,
}

pub(super) fn scan(options: Options, terminal: Terminal) -> Result<Plan, Failure> {
    let Options {
        host,
        ports,
        ipv4,
        ipv6,
        connect_timeout,
        all_addresses,
        parallel,
        connect_rate,
        banner,
        names,
        retry,
        show,
    } = options;
    let host = parse_host(&host).map_err(|why| {
        let hint = "expected a name or an address, and then the ports: `sockeye scan localhost 22,80,8000-8010`";
        Failure::usage(format!("`{host}` is not a host: {why}"), hint)
    })?;
    let normal = if terminal.stdout.is_terminal() { Talkativeness::Normal } else { Talkativeness::Terse };
    let look = look(&show, Framing::Chunks, normal, terminal);
    if look.output == Output::Hex {
        return Err(Failure::usage("--output hex: a scan hears no messages", "use human, raw, json or none"));
    }
    let rules = Rules {
        parallel: usize::from(parallel),
        interval: connect_rate.map(Rate::interval),
        timeout: connect_timeout,
        banner,
        retry: retry.retry,
        progress: terminal.stderr.is_terminal() && terminal.editing && look.talk >= Talkativeness::Terse,
    };
    Ok(Plan::Scan(Box::new(Scan {
        host: host.to_owned(),
        family: Family::from_options(ipv4, ipv6),
        names: overrides(names),
        addresses: if all_addresses { Addresses::Each } else { Addresses::Any },
        ports: Ports::parse(&ports)?,
        rules,
        look,
    })))
}
