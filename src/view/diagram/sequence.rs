//! The layout that every form draws: lanes from the left to the right, rows from the top to the bottom.

use jiff::Timestamp;

use super::scene::{Stroke, Tone};
use crate::view::millis;

/// A session, laid out.
pub(super) struct Sequence {
    /// Times are since then.
    pub(super) start: Timestamp,
    /// Client, proxies, server.
    pub(super) lanes: Vec<Head>,
    /// In the order of time.
    pub(super) rows: Vec<Drawn>,
}

/// What stands above a lane.
pub(super) struct Head {
    pub(super) name: String,
    pub(super) address: String,
}

/// One row.
pub(super) struct Drawn {
    /// Nothing where rows are left out.
    pub(super) since_ns: Option<u64>,
    pub(super) figure: Figure,
    pub(super) tone: Tone,
    pub(super) text: String,
}

/// What is drawn, by the numbers of the lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Figure {
    Note(usize),
    Arrow(usize, usize, Stroke),
    Across,
    /// Rows are left out here.
    Gap,
}

impl Sequence {
    /// What the drawing shows, in a line.
    pub(super) fn title(&self) -> String {
        let named = |at: usize| match &self.lanes[at] {
            Head { name, address } if address.is_empty() => name.clone(),
            Head { name, address } => format!("{name} {address}"),
        };
        format!("The sequence between {} and {}", named(0), named(self.lanes.len() - 1))
    }
}

impl Drawn {
    /// Milliseconds since the start.
    pub(super) fn time(&self) -> String {
        self.since_ns.map(millis).unwrap_or_default()
    }

    /// The row in words, for whoever does not see it.
    pub(super) fn words(&self, lanes: &[Head]) -> String {
        let name = |at: usize| lanes[at].name.as_str();
        let (time, text) = (self.time(), &self.text);
        match self.figure {
            Figure::Note(at) => format!("{time} ms, {}: {text}", name(at)),
            Figure::Arrow(from, to, _) => format!("{time} ms, {} to {}: {text}", name(from), name(to)),
            Figure::Across => format!("{time} ms, both: {text}"),
            Figure::Gap => text.clone(),
        }
    }
}
