//! How a scan ended, and what the shell is told of it.

use std::fmt;
use std::net::SocketAddr;

use serde::Serialize;

use super::{Finding, State};
use crate::exit::{Exit, Failure};
use crate::quantity::show_nanos;

/// So many ports that are not open are named.
const NAMED: usize = 5;

/// How a scan ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// The state of every port is known.
    Complete,
    /// The time for trying again ran out.
    Timeout,
    /// By a signal.
    Interrupted,
}

/// How many ports are in which state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// As it was typed.
    pub host: String,
    /// Ports asked for; where each address is told by itself, once for each.
    pub asked: usize,
    /// Of these.
    pub open: usize,
    /// Of these.
    pub closed: usize,
    /// Of these.
    pub filtered: usize,
    /// From the first probe to the last answer.
    pub took_ns: u64,
    /// How it ended.
    pub end: End,
    /// The first that are not open, to be named.
    #[serde(skip)]
    missing: Vec<Finding>,
}

impl Summary {
    pub(super) fn new(host: String, asked: usize) -> Self {
        Self { host, asked, open: 0, closed: 0, filtered: 0, took_ns: 0, end: End::Complete, missing: Vec::new() }
    }

    pub(super) fn count(&mut self, finding: &Finding) {
        *match finding.state {
            State::Open { .. } => &mut self.open,
            State::Closed => &mut self.closed,
            State::Filtered { .. } => &mut self.filtered,
        } += 1;
        // One more than are named: then none is.
        if !finding.state.is_open() && self.missing.len() <= NAMED {
            self.missing.push(finding.clone());
        }
    }

    /// Ports whose state is known.
    #[must_use]
    pub fn known(&self) -> usize {
        self.open + self.closed + self.filtered
    }

    /// Whether what was asked for is so.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.open == self.asked
    }

    /// Success if all ports are open; otherwise the sentence is the program's last.
    pub fn verdict(&self) -> Result<Exit, Failure> {
        let exit = match self.end {
            _ if self.is_success() => return Ok(Exit::Complete),
            End::Interrupted => return Ok(Exit::Interrupted),
            End::Timeout => Exit::Timeout,
            End::Complete => Exit::Refused,
        };
        let hint = match (self.end, self.filtered) {
            (End::Timeout, _) => {
                "closed: nothing listens there yet; filtered: nothing answers at all, a firewall perhaps"
            }
            (_, 0) => "nothing listens at a closed port; --retry 30s waits until all are open",
            _ => "filtered: a firewall drops the packets, or no machine is there; --connect-timeout waits longer",
        };
        Err(Failure::new(exit, self.to_string()).hint(hint))
    }

    /// `81 (closed), 82 (filtered: no answer)`
    fn named(&self) -> String {
        let addresses = self.missing.iter().any(|finding| finding.address != self.missing[0].address);
        let name = |Finding { address, port, state, .. }: &Finding| {
            let at = if addresses { SocketAddr::new(*address, *port).to_string() } else { port.to_string() };
            match state {
                State::Filtered { why } => format!("{at} (filtered: {why})"),
                state => format!("{at} ({})", state.name()),
            }
        };
        self.missing.iter().map(name).collect::<Vec<_>>().join(", ")
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, asked, open, closed, filtered, .. } = self;
        let took = show_nanos(self.took_ns);
        write!(f, "scan {host}: ")?;
        if self.end == End::Interrupted {
            write!(f, "interrupted after {took}, ")?;
        }
        let ports = if *asked == 1 { "port" } else { "ports" };
        match (self.is_success(), self.end) {
            (true, _) if *asked == 1 => return write!(f, "the port is open ({took})"),
            (true, _) => return write!(f, "all {asked} ports are open ({took})"),
            (false, End::Timeout) => write!(f, "after {took} {open} of {asked} {ports} open")?,
            (false, _) => write!(f, "{open} of {asked} {ports} open")?,
        }
        let unknown = asked - self.known();
        if (1..=NAMED).contains(&self.missing.len()) && unknown == 0 {
            return write!(f, "; not open: {}", self.named());
        }
        for (many, state) in [(*closed, "closed"), (*filtered, "filtered"), (unknown, "not known")] {
            if many > 0 {
                write!(f, ", {many} {state}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(port: u16, state: State) -> Finding {
        Finding { port, service: None, address: [127, 0, 0, 1].into(), state, took_ns: 1, probes: 1 }
    }

    fn summary(asked: usize, end: End, states: Vec<State>) -> Summary {
        let mut summary = Summary { end, took_ns: 1_240_000, ..Summary::new("h".into(), asked) };
        for (port, state) in (80..).zip(states) {
            summary.count(&finding(port, state));
        }
        summary
    }

    #[test]
    fn the_sentence_and_the_code() {
        let open = || State::Open { banner: None };
        let filtered = || State::Filtered { why: "no answer".into() };
        for (summary, sentence, code) in [
            (summary(1, End::Complete, vec![open()]), "scan h: the port is open (1.24 ms)", 0),
            (summary(2, End::Complete, vec![open(), open()]), "scan h: all 2 ports are open (1.24 ms)", 0),
            (summary(1, End::Complete, vec![State::Closed]), "scan h: 0 of 1 port open; not open: 80 (closed)", 4),
            (
                summary(3, End::Complete, vec![open(), State::Closed, filtered()]),
                "scan h: 1 of 3 ports open; not open: 81 (closed), 82 (filtered: no answer)",
                4,
            ),
            (summary(7, End::Complete, vec![State::Closed; 7]), "scan h: 0 of 7 ports open, 7 closed", 4),
            (
                summary(2, End::Timeout, vec![open(), State::Closed]),
                "scan h: after 1.24 ms 1 of 2 ports open; not open: 81 (closed)",
                5,
            ),
            // It became open with the last probe.
            (summary(1, End::Timeout, vec![open()]), "scan h: the port is open (1.24 ms)", 0),
            (
                summary(9, End::Interrupted, vec![open(), filtered()]),
                "scan h: interrupted after 1.24 ms, 1 of 9 ports open, 1 filtered, 7 not known",
                130,
            ),
        ] {
            assert_eq!(summary.to_string(), sentence);
            let verdict = summary.verdict();
            let exit = verdict.as_ref().map_or_else(|failure| failure.exit, |exit| *exit);
            assert_eq!(exit.code(), code, "{sentence}");
            assert!(verdict.err().is_none_or(|failure| failure.hint.is_some()), "{sentence}");
        }
    }

    #[test]
    fn ports_of_several_addresses_are_named_with_theirs() {
        let mut summary = summary(2, End::Complete, vec![State::Closed]);
        summary.count(&Finding { address: [127, 0, 0, 2].into(), ..finding(80, State::Closed) });
        assert_eq!(
            summary.to_string(),
            "scan h: 0 of 2 ports open; not open: 127.0.0.1:80 (closed), 127.0.0.2:80 (closed)"
        );
    }
}
