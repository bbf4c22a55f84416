//! The drawing as Mermaid's `sequenceDiagram`, which forges and wikis draw.

use std::fmt::Write as _;

use super::scene::{Stroke, Tone};
use super::sequence::{Drawn, Figure, Sequence};
use crate::view::columns::cut;

/// Longer texts make a drawing too wide to be read.
const LONGEST: usize = 90;

pub(super) fn draw(sequence: &Sequence) -> String {
    let mut out = "sequenceDiagram\n".to_owned();
    let _ = writeln!(out, "    accTitle: {}", text(&sequence.title()));
    for (at, head) in sequence.lanes.iter().enumerate() {
        let address = if head.address.is_empty() { String::new() } else { format!("<br/>{}", text(&head.address)) };
        let _ = writeln!(out, "    participant L{at} as {}{address}", text(&head.name));
    }
    let last = sequence.lanes.len() - 1;
    for row in &sequence.rows {
        let shown = shown(row);
        let _ = match row.figure {
            Figure::Note(at) => writeln!(out, "    Note over L{at}: {shown}"),
            Figure::Arrow(from, to, Stroke::Solid) => writeln!(out, "    L{from}->>L{to}: {shown}"),
            Figure::Arrow(from, to, Stroke::Dashed) => writeln!(out, "    L{from}-->>L{to}: {shown}"),
            Figure::Across | Figure::Gap => writeln!(out, "    Note over L0,L{last}: {shown}"),
        };
    }
    out
}

fn shown(row: &Drawn) -> String {
    let mark = match row.tone {
        Tone::Plain => "",
        Tone::Alarm => "! ",
    };
    let time = row.since_ns.map(|_| format!("{} ms: ", row.time())).unwrap_or_default();
    text(&format!("{time}{mark}{}", row.text))
}

/// Whatever could mean something to Mermaid is written as the number of its character.
fn text(text: &str) -> String {
    let mut out = String::new();
    for c in cut(text, LONGEST).chars() {
        match c {
            ' ' | '.' | ',' | '-' | '/' | '(' | ')' | '=' | '+' | '!' | '?' | '\'' | '_' | ':' => out.push(c),
            _ if c.is_alphanumeric() => out.push(c),
            _ => {
                let _ = write!(out, "#{};", u32::from(c));
            }
        }
    }
    out
}
