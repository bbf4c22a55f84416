//! The connection is cut at every packet boundary between two real ends, once in each run, until a run has no such boundary.

mod ends;
mod exchange;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use ends::Troupe;
use exchange::{Pair, Promise, Run};

use super::proxy::{Cut, Extent, Side};

/// So many runs at a time.
const AT_ONCE: usize = 16;
/// An exchange has more boundaries than the first, whatever carries it, and fewer than the second.
const BOUNDARIES: (usize, usize) = (15, 150);

const LOST: &[(Side, Extent)] = &[(Side::Before, Extent::Cable)];
const SOME: &[(Side, Extent)] = &[(Side::Before, Extent::Cable), (Side::After, Extent::Connection)];
const EVERY: &[(Side, Extent)] = &[
    (Side::Before, Extent::Cable),
    (Side::After, Extent::Cable),
    (Side::Before, Extent::Connection),
    (Side::After, Extent::Connection),
];

/// Cuts at each boundary of an exchange, by each transport. Our client waits for the pause before it comes back.
fn cut_everywhere(pair: Pair<'_>, promise: Promise, pause: &'static str, cuts: &[(Side, Extent)]) {
    for carrier in ["websocket", "polling", "auto"] {
        for &(side, extent) in cuts {
            // Only while a session moves is one connection not the session.
            if carrier == "auto" || extent == Extent::Cable {
                let found =
                    boundaries(|at| Run { pair, promise, carrier, cut: Cut { at, side, extent }, pause }.play());
                let (least, most) = BOUNDARIES;
                assert!((least..most).contains(&found), "{carrier} {side:?} {extent:?}: {found} boundaries");
            }
        }
    }
}

/// Plays runs that are cut at one boundary after the other, until one has no such boundary.
fn boundaries(play: impl Fn(usize) -> bool + Sync) -> usize {
    let (next, end) = (AtomicUsize::new(0), AtomicUsize::new(BOUNDARIES.1));
    let work = || {
        loop {
            let at = next.fetch_add(1, Ordering::SeqCst);
            if at >= end.load(Ordering::SeqCst) {
                return;
            }
            if !play(at) {
                end.fetch_min(at, Ordering::SeqCst);
            }
        }
    };
    thread::scope(|scope| (0..AT_ONCE).for_each(|_| drop(scope.spawn(work))));
    end.into_inner()
}

#[test]
fn our_ends_recover() {
    cut_everywhere(Pair::Ours, Promise::Recovery, "50ms", EVERY);
}

#[test]
fn our_ends_say_nothing_twice() {
    cut_everywhere(Pair::Ours, Promise::AtMostOnce, "50ms", LOST);
}

#[test]
fn our_client_says_again_what_is_not_acknowledged() {
    cut_everywhere(Pair::Ours, Promise::AtLeastOnce, "50ms", LOST);
}

#[test]
fn our_client_recovers_from_the_official_server() {
    // Where nothing was under way it notices a loss only by its heart-beat, and recovers nobody before.
    let (troupe, port) = Troupe::serving("recovery ping=900");
    cut_everywhere(Pair::Client(&troupe, port), Promise::Recovery, "4s", LOST);
}

#[test]
fn our_client_says_nothing_twice_to_the_official_server() {
    let (troupe, port) = Troupe::serving("");
    cut_everywhere(Pair::Client(&troupe, port), Promise::AtMostOnce, "50ms", LOST);
}

#[test]
fn the_official_client_recovers_from_our_server() {
    cut_everywhere(Pair::Server(&Troupe::coming()), Promise::Recovery, "", SOME);
}

#[test]
fn the_official_client_says_nothing_twice_to_our_server() {
    cut_everywhere(Pair::Server(&Troupe::coming()), Promise::AtMostOnce, "", LOST);
}
