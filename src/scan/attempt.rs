//! One port being asked about, address after address, and again.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use super::{Finding, NO_ANSWER, State};
use crate::quantity::nanos;

/// A port that is being asked about.
pub(super) struct Attempt {
    port: u16,
    /// It is open if it is at one of these.
    addresses: Arc<[SocketAddr]>,
    /// The one whose turn it is.
    turn: usize,
    /// Connects so far.
    pub(super) probes: u32,
    /// The most telling state of this round.
    round: Option<(IpAddr, State, Duration)>,
    /// What is known from the round before.
    known: Option<Finding>,
}

impl Attempt {
    pub(super) fn new(port: u16, addresses: Arc<[SocketAddr]>) -> Self {
        Self { port, addresses, turn: 0, probes: 0, round: None, known: None }
    }

    pub(super) fn address(&self) -> SocketAddr {
        let mut address = self.addresses[self.turn];
        address.set_port(self.port);
        address
    }

    /// Takes an answer of the address whose turn it was.
    pub(super) fn answered(&mut self, state: State, took: Duration) {
        let weight = |state: &State| match state {
            State::Open { .. } => 3,
            // It may be open behind the firewall: a refusal by another address does not outweigh that.
            State::Filtered { why } if why == NO_ANSWER => 2,
            State::Closed => 1,
            // This machine may have no way to the one family; the other's answer counts.
            State::Filtered { .. } => 0,
        };
        if self.round.as_ref().is_none_or(|(_, known, _)| weight(known) < weight(&state)) {
            self.round = Some((self.address().ip(), state, took));
        }
        self.turn += 1;
    }

    /// Whether another address is to be asked.
    pub(super) fn has_more(&self) -> bool {
        let is_open = self.round.as_ref().is_some_and(|(_, state, _)| state.is_open());
        self.turn < self.addresses.len() && !is_open
    }

    /// What is known now, and whether it is another state than before; `None` if nothing is. The next round begins.
    pub(super) fn end_round(&mut self) -> Option<(Finding, bool)> {
        self.turn = 0;
        let Some((address, state, took)) = self.round.take() else {
            return self.known.clone().map(|known| (known, false));
        };
        let finding =
            Finding { port: self.port, service: None, address, state, took_ns: nanos(took), probes: self.probes };
        let before = self.known.replace(finding.clone());
        let changed = before.is_none_or(|before| before.state != finding.state);
        Some((finding, changed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESSES: [([u8; 4], u16); 2] = [([10, 0, 0, 1], 0), ([10, 0, 0, 2], 0)];

    fn attempt() -> Attempt {
        Attempt::new(80, ADDRESSES.map(SocketAddr::from).into())
    }

    /// What is found when the addresses answer so.
    fn found(states: &[State]) -> (IpAddr, State) {
        let mut attempt = attempt();
        for (turn, state) in states.iter().enumerate() {
            assert_eq!(attempt.address(), SocketAddr::from((ADDRESSES[turn].0, 80)));
            attempt.answered(state.clone(), Duration::ZERO);
        }
        assert!(!attempt.has_more());
        let (finding, _) = attempt.end_round().expect("an answer");
        (finding.address, finding.state)
    }

    #[test]
    fn the_most_telling_answer_is_that_of_the_port() {
        let open = || State::Open { banner: None };
        let silent = || State::Filtered { why: NO_ANSWER.to_owned() };
        let no_way = || State::Filtered { why: "network is unreachable".to_owned() };
        let [first, second] = ADDRESSES.map(|(address, _)| IpAddr::from(address));
        for (states, expected) in [
            (vec![open()], (first, open())), // the second is not asked
            (vec![State::Closed, open()], (second, open())),
            (vec![silent(), State::Closed], (first, silent())),
            (vec![State::Closed, silent()], (second, silent())),
            (vec![no_way(), State::Closed], (second, State::Closed)),
            (vec![State::Closed, no_way()], (first, State::Closed)),
            (vec![no_way(), silent()], (second, silent())),
            (vec![State::Closed, State::Closed], (first, State::Closed)),
        ] {
            assert_eq!(found(&states), expected, "{states:?}");
        }
    }

    #[test]
    fn another_round_tells_what_has_changed() {
        let mut attempt = attempt();
        assert!(attempt.end_round().is_none(), "nothing is known");
        let round = |attempt: &mut Attempt, state: State| {
            attempt.answered(state.clone(), Duration::ZERO);
            attempt.answered(state, Duration::ZERO);
            attempt.end_round().map(|(_, changed)| changed)
        };
        assert_eq!(round(&mut attempt, State::Closed), Some(true));
        assert_eq!(round(&mut attempt, State::Closed), Some(false));
        assert_eq!(round(&mut attempt, State::Filtered { why: NO_ANSWER.to_owned() }), Some(true));
        // Given up in the middle of a round, the last one counts.
        assert_eq!(attempt.end_round().map(|(_, changed)| changed), Some(false));
    }
}
