//! Names to addresses, in the order in which they are tried.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use super::Network;
use crate::cli::Family;
use crate::endpoint::HostPort;
use crate::exit::{Exit, Failure, words};
use crate::link::Reporter;
use crate::quantity::nanos;
use crate::step::{Stage, Step};

/// Names whose addresses are known, so that nobody is asked: `--resolve`, or looked up for an earlier connection.
#[derive(Clone, Debug, Default)]
pub struct Overrides(HashMap<String, Vec<SocketAddr>>);

impl Overrides {
    /// The host has these addresses, at any port, in the order in which they are to be tried.
    pub fn set(&mut self, host: &str, addresses: Vec<SocketAddr>) {
        self.0.insert(host.to_lowercase(), addresses);
    }

    /// The host has this address, besides those that were added before.
    pub fn add(&mut self, host: &str, address: IpAddr) {
        self.0.entry(host.to_lowercase()).or_default().push(SocketAddr::new(address, 0));
    }

    /// Whether the host's addresses are known.
    #[must_use]
    pub fn has(&self, host: &str) -> bool {
        self.0.contains_key(&host.to_lowercase())
    }

    /// The addresses of a target: those that are known, or those of [`resolve`].
    pub async fn resolve(
        &self,
        target: &HostPort,
        family: Family,
        report: &Reporter,
    ) -> Result<Vec<SocketAddr>, Failure> {
        let HostPort { host, port } = target;
        let Some(known) = self.0.get(&host.to_lowercase()) else {
            return resolve(target, family, report).await;
        };
        report.step(|| Step::Known { host: host.clone(), addresses: known.iter().map(SocketAddr::ip).collect() });
        let mut addresses = known.clone();
        for address in &mut addresses {
            address.set_port(*port);
        }
        admitted(host, addresses, family)
    }
}

impl Network {
    /// The addresses of a target.
    pub async fn resolve(&self, target: &HostPort, report: &Reporter) -> Result<Vec<SocketAddr>, Failure> {
        self.names.resolve(target, self.family, report).await
    }
}

/// Looks a host up. An address needs no lookup.
///
/// The resolver's order (RFC 6724) is kept within a family; families alternate, starting with that of the first
/// address (RFC 8305 §4), so that one broken family costs one attempt.
pub async fn resolve(target: &HostPort, family: Family, report: &Reporter) -> Result<Vec<SocketAddr>, Failure> {
    let HostPort { host, port } = target;
    let found: Vec<SocketAddr> = if let Ok(address) = host.parse::<IpAddr>() {
        vec![SocketAddr::new(address, *port)]
    } else {
        report.gate(Stage::Resolve).await;
        look_up(host, *port, report).await?
    };
    admitted(host, found, family)
}

/// The addresses that may be used, in the order in which they are tried.
fn admitted(host: &str, found: Vec<SocketAddr>, family: Family) -> Result<Vec<SocketAddr>, Failure> {
    let addresses = interleave(found.into_iter().filter(|address| family.admits(address.ip())));
    if addresses.is_empty() {
        let (wanted, option) = if family == Family::V4 { ("IPv4", "-4") } else { ("IPv6", "-6") };
        return Err(Failure::new(Exit::Resolve, format!("resolve {host}: it has no {wanted} address"))
            .hint(format!("leave out {option} to use the addresses it has")));
    }
    Ok(addresses)
}

async fn look_up(host: &str, port: u16, report: &Reporter) -> Result<Vec<SocketAddr>, Failure> {
    report.step(|| Step::Resolve { host: host.to_owned() });
    let started = Instant::now();
    let found = tokio::net::lookup_host((host, port)).await.map_err(|error| unresolved(host, &error))?;
    let found: Vec<SocketAddr> = found.collect();
    report.step(|| Step::Resolved {
        host: host.to_owned(),
        addresses: interleave(found.iter().copied()).iter().map(SocketAddr::ip).collect(),
        took_ns: nanos(started.elapsed()),
    });
    Ok(found)
}

fn unresolved(host: &str, error: &io::Error) -> Failure {
    let text = words(error);
    let text = text.strip_prefix("failed to lookup address information: ").unwrap_or(&text);
    let text = text.to_lowercase();
    Failure::new(Exit::Resolve, format!("resolve {host}: {text}"))
        .hint(format!("check the spelling; `getent ahosts {host}` asks the same resolver"))
}

fn interleave(addresses: impl Iterator<Item = SocketAddr>) -> Vec<SocketAddr> {
    let mut queues: [VecDeque<SocketAddr>; 2] = Default::default();
    let mut leading = None;
    for address in addresses {
        let queue = usize::from(*leading.get_or_insert(address.is_ipv6()) != address.is_ipv6());
        if !queues[queue].contains(&address) {
            queues[queue].push_back(address);
        }
    }
    let [mut first, mut second] = queues;
    let mut order = Vec::new();
    while !(first.is_empty() && second.is_empty()) {
        order.extend(first.pop_front());
        order.extend(second.pop_front());
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_alternate_and_order_is_kept() {
        let address = |text: &str| text.parse::<SocketAddr>().expect(text);
        let found = ["[2::1]:1", "[2::2]:1", "[2::2]:1", "[2::3]:1", "1.0.0.1:1"].map(address);
        let order = ["[2::1]:1", "1.0.0.1:1", "[2::2]:1", "[2::3]:1"].map(address);
        assert_eq!(interleave(found.into_iter()), order);
    }
}
