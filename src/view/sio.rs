//! Packets of Socket.IO, stretch by stretch.

use std::fmt::Write as _;

use serde_json::json;

use super::escape;
use super::style::{Ink, Style};
use crate::sio::explain::{Part, Span};

/// One message and what its characters mean.
pub struct Page {
    /// As it was typed, or would be.
    pub typed: String,
    /// The text that the stretches are of, which is another if the message is binary.
    pub text: String,
    /// The stretches.
    pub spans: Vec<Span>,
}

/// The fields of what is told of a packet, for the man page.
pub const SCHEMA: &str = "\
Each line is one JSON object, of one packet:

  packet   as it was typed, or would be
  text     what the positions are in: the packet, or what a binary one
           would be as text
  spans    a list, in the order of the text:
           start, end   in characters, from 0
           depth        0, or how deep within those before it
           part         what it is, in a word
           text         the characters
           means        what they mean, in a sentence

Every character is in one span of depth 0.";

/// A longer stretch is cut, in characters.
const WIDEST: usize = 24;

/// For people: each message, and below it a line for each stretch.
#[must_use]
pub fn human(pages: &[Page], style: &Style) -> String {
    let mut out = String::new();
    for (index, page) in pages.iter().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        // A String takes whatever is written to it.
        let _ = writeln!(out, "{}", style.paint(Ink::Title, &escape::visible(&page.typed)));
        if page.text != page.typed {
            let _ = writeln!(out, "{} {}", style.paint(Ink::Aside, "the same as text:"), escape::visible(&page.text));
        }
        let stretches: Vec<String> = page.spans.iter().map(|span| stretch(&page.text, span)).collect();
        let width = stretches.iter().map(|stretch| stretch.chars().count()).max().unwrap_or_default();
        for (span, stretch) in page.spans.iter().zip(&stretches) {
            let ink = if matches!(span.part, Part::Wrong(_)) { Ink::Alarm } else { Ink::Heard };
            let gap = width - stretch.chars().count() + 2;
            let words = escape::visible(&span.part.words());
            let _ = writeln!(out, "{}{:gap$}{words}", style.paint(ink, stretch), "");
        }
    }
    out
}

/// A stretch of the text, indented by its depth and cut if it is long.
fn stretch(text: &str, span: &Span) -> String {
    let indent = " ".repeat(2 * usize::from(span.depth));
    let stretch = escape::visible(text.get(span.range.clone()).unwrap_or_default());
    if stretch.chars().count() <= WIDEST {
        return indent + &stretch;
    }
    let cut: String = stretch.chars().take(WIDEST - 1).collect();
    format!("{indent}{cut}\u{2026}")
}

/// For programs: each message one JSON object. Positions count characters.
#[must_use]
pub fn json(pages: &[Page]) -> String {
    let mut out = String::new();
    for page in pages {
        let position = |at: usize| page.text.get(..at).map_or(0, |before| before.chars().count());
        let spans: Vec<_> = page
            .spans
            .iter()
            .map(|span| {
                json!({
                    "start": position(span.range.start),
                    "end": position(span.range.end),
                    "depth": span.depth,
                    "part": span.part.name(),
                    "text": page.text.get(span.range.clone()).unwrap_or_default(),
                    "means": span.part.words(),
                })
            })
            .collect();
        let _ = writeln!(out, "{}", json!({"packet": page.typed, "text": page.text, "spans": spans}));
    }
    out
}
