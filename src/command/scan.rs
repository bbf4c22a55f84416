//! `scan`: which ports are open.

use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::stage;
use super::talk::interrupts;
use crate::cli::Family;
use crate::endpoint::HostPort;
use crate::event::{Clock, Timed};
use crate::exit::{Exit, Failure};
use crate::link::{Journal, Watch};
use crate::plan::{Addresses, Scan};
use crate::scan::{AGAIN, SERVICES, Services, Sweep, What};
use crate::transport::resolve::Overrides;
use crate::view;
use crate::view::screen::{Cast, Screen};

/// From one probe to the next where no rate was asked for, 500 a second: a home router remembers each for a minute or
/// two, and not many.
const INTERVAL: Duration = Duration::from_millis(2);
/// Descriptors that are not for probes.
const SPARE: u64 = 32;

pub(super) async fn scan(scan: Scan) -> Result<Exit, Failure> {
    let (payload, talk) = (view::scan::payload(&scan.look), Some(view::scan::talk(&scan.look)));
    let cast = Cast { payload, talk, ..Cast::default() };
    let screen = Screen::start(cast).map_err(|error| Failure::system("write to", "the terminal", &error))?;
    let verdict = sweep(scan, screen.records()).await;
    stage::close(screen, verdict).await
}

async fn sweep(scan: Scan, screen: mpsc::Sender<Vec<Timed<What>>>) -> Result<Exit, Failure> {
    let Scan { host, family, names, addresses, ports, mut rules, look: _ } = scan;
    let mut interrupts = interrupts()?;
    let started = Instant::now();
    let found = tokio::select! {
        found = look_up(&host, family, &names, rules.retry, &screen) => found?,
        _ = interrupts.recv() => return Ok(Exit::Interrupted),
    };
    rules.retry = rules.retry.map(|limit| limit.saturating_sub(started.elapsed()));
    if rules.interval.is_none() && !found.iter().all(|address| address.ip().to_canonical().is_loopback()) {
        rules.interval = Some(INTERVAL);
    }
    if let Some(limit) = super::raise_descriptor_limit() {
        let most = usize::try_from(limit.saturating_sub(SPARE)).unwrap_or(usize::MAX);
        rules.parallel = rules.parallel.min(most).max(1);
    }
    // Without the file no port has a name, and nothing else is amiss.
    let services = Services::parse(&fs::read_to_string(SERVICES).unwrap_or_default());
    Sweep::new(host, groups(&found, addresses), &ports, rules, services).run(screen, &mut interrupts).await
}

/// The host's addresses. A name that is not known yet is looked up again under `--retry`.
async fn look_up(
    host: &str,
    family: Family,
    names: &Overrides,
    retry: Option<Duration>,
    screen: &mpsc::Sender<Vec<Timed<What>>>,
) -> Result<Vec<SocketAddr>, Failure> {
    let (journal, _) = Journal::new(Watch::default(), None);
    // The port is each probe's own.
    let target = HostPort { host: host.to_owned(), port: 0 };
    let looked_up = async || names.resolve(&target, family, &journal.program()).await;
    let Some(limit) = retry else { return looked_up().await };
    let deadline = Instant::now() + limit;
    let mut told = false;
    loop {
        let failure = match looked_up().await {
            Err(failure) if failure.exit == Exit::Resolve => failure,
            settled => return settled,
        };
        if Instant::now() + AGAIN > deadline {
            return Err(Failure {
                exit: Exit::Timeout,
                what: format!("{failure}; it was tried for {limit:?}"),
                ..failure
            });
        }
        if !std::mem::replace(&mut told, true) {
            let notice = format!("{failure}; trying again for {limit:?}");
            // Fails only if nobody looks.
            let _ = screen.send(vec![Timed { time: Clock::start().now(), what: What::Notice { notice } }]).await;
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// The addresses at which a port is asked about, as one or each by itself.
fn groups(found: &[SocketAddr], addresses: Addresses) -> Vec<Arc<[SocketAddr]>> {
    match addresses {
        Addresses::Each => found.iter().map(|address| Arc::from([*address])).collect(),
        Addresses::Any => {
            let first = |v4: bool| found.iter().position(|address| address.is_ipv4() == v4);
            let mut firsts: Vec<usize> = [first(true), first(false)].into_iter().flatten().collect();
            firsts.sort_unstable();
            vec![firsts.into_iter().map(|index| found[index]).collect()]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_each_family_or_each_by_itself() {
        let found: Vec<SocketAddr> =
            ["[2::1]:0", "1.0.0.1:0", "[2::2]:0"].iter().map(|text| text.parse().expect("an address")).collect();
        assert_eq!(groups(&found, Addresses::Any), [Arc::from(&found[..2])]);
        assert_eq!(groups(&found[1..], Addresses::Any), [Arc::from(&found[1..])]);
        assert_eq!(groups(&found[..1], Addresses::Any), [Arc::from(&found[..1])]);
        assert_eq!(groups(&found, Addresses::Each).len(), 3);
    }
}
