//! The drawing as a picture: legible in light and dark, and read aloud by a screen reader.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr as _;

use super::scene::{Stroke, Tone};
use super::sequence::{Drawn, Figure, Sequence};
use crate::view::columns::cut;

/// The width of a character, in pixels.
const CHARACTER: usize = 8;
/// The height of a row.
const ROW: usize = 30;
/// Where the first lane stands; times are left of it.
const FIRST: usize = 110;
/// From one lane to the next.
const SPAN: usize = 720;
/// The same where there are proxies.
const NARROW_SPAN: usize = 480;
/// Right of the last lane.
const MARGIN: usize = 40;
/// Where the first row stands.
const TOP: usize = 84;

const STYLE: &str = "\
text { font: 13px ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace; fill: #1c1e21 }
.ground { fill: #ffffff }
.time, .address { fill: #5c636e }
.name { font-weight: bold; font-size: 15px }
.lane { stroke: #b4bac4 }
.solid { stroke: #0a58ca; stroke-width: 1.6 }
.dashed { stroke: #5c636e; stroke-width: 1.2; stroke-dasharray: 5 4 }
.head-solid { fill: #0a58ca }
.head-dashed { fill: #5c636e }
.note { fill: #f3f5f8; stroke: #c9ced6 }
.band { fill: #e4edfb; stroke: #a9c3ee }
text.alarm { fill: #b3261e }
.gap { font-style: italic }
@media (prefers-color-scheme: dark) {
  text { fill: #e6e8eb }
  .ground { fill: #16181c }
  .time, .address { fill: #a0a8b4 }
  .lane { stroke: #4a515c }
  .solid { stroke: #7db0ff }
  .dashed { stroke: #a0a8b4 }
  .head-solid { fill: #7db0ff }
  .head-dashed { fill: #a0a8b4 }
  .note { fill: #23272e; stroke: #444b56 }
  .band { fill: #1d2b45; stroke: #3d5c94 }
  text.alarm { fill: #ff8a80 }
}";

pub(super) fn draw(sequence: &Sequence) -> String {
    let lanes = sequence.lanes.len();
    let span = if lanes == 2 { SPAN } else { NARROW_SPAN };
    let place = |lane: usize| FIRST + lane * span;
    let (width, height) = (place(lanes - 1) + MARGIN, TOP + ROW * (sequence.rows.len() + 1));
    let title = xml(&sequence.title());
    let words: Vec<String> = sequence.rows.iter().map(|row| xml(&row.words(&sequence.lanes))).collect();
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" role=\"img\" aria-labelledby=\"title desc\">\n\
         <title id=\"title\">{title}</title>\n\
         <desc id=\"desc\">Times are milliseconds since {:.3}.\n{}</desc>\n\
         <style>\n{STYLE}\n</style>\n\
         <rect class=\"ground\" width=\"{width}\" height=\"{height}\"/>\n",
        sequence.start,
        words.join("\n"),
    );
    write(&mut out, FIRST - 22, 48, "class=\"time\" text-anchor=\"end\"", "ms");
    let room = span / CHARACTER;
    for (at, head) in sequence.lanes.iter().enumerate() {
        let x = place(at);
        let (anchor, x_text) = match at {
            0 => ("start", x.saturating_sub(20)),
            _ if at + 1 == lanes => ("end", x + 20),
            _ => ("middle", x),
        };
        let room = if lanes == 2 { room / 2 } else { room * 2 / 3 };
        write(&mut out, x_text, 28, &format!("class=\"name\" text-anchor=\"{anchor}\""), &head.name);
        let address = cut(&head.address, room);
        write(&mut out, x_text, 48, &format!("class=\"address\" text-anchor=\"{anchor}\""), &address);
        let _ = writeln!(out, "<path class=\"lane\" d=\"M{x} 58V{}\"/>", height - ROW / 2);
    }
    for (number, row) in sequence.rows.iter().enumerate() {
        drawn(&mut out, row, TOP + ROW * number, lanes, span, place);
    }
    out += "</svg>\n";
    out
}

fn drawn(out: &mut String, row: &Drawn, y: usize, lanes: usize, span: usize, place: impl Fn(usize) -> usize) {
    let alarm = match row.tone {
        Tone::Plain => "",
        Tone::Alarm => " alarm",
    };
    write(out, FIRST - 22, y + 4, "class=\"time\" text-anchor=\"end\"", &row.time());
    match row.figure {
        Figure::Note(at) => {
            let text = cut(&row.text, ((lanes - 1) * span - 40) / CHARACTER);
            let width = text.width() * CHARACTER + 16;
            let x = if at + 1 < lanes { place(at) + 8 } else { place(at) - 8 - width };
            boxed(out, "note", x, y, width);
            write(out, x + 8, y + 4, &format!("class=\"label{alarm}\""), &text);
        }
        Figure::Arrow(from, to, stroke) => {
            let class = match stroke {
                Stroke::Solid => "solid",
                Stroke::Dashed => "dashed",
            };
            let (start, end) = (place(from), place(to));
            let (back, y_line) = (if end > start { end - 9 } else { end + 9 }, y + 8);
            let _ = writeln!(out, "<path class=\"{class}\" d=\"M{start} {y_line}H{end}\"/>");
            let (above, below) = (y_line - 4, y_line + 4);
            let _ = writeln!(out, "<path class=\"head-{class}\" d=\"M{end} {y_line}L{back} {above}V{below}Z\"/>");
            let text = cut(&row.text, (start.abs_diff(end) - 30) / CHARACTER);
            write(
                out,
                usize::midpoint(start, end),
                y + 3,
                &format!("class=\"label{alarm}\" text-anchor=\"middle\""),
                &text,
            );
        }
        Figure::Across => {
            let (left, right) = (place(0), place(lanes - 1));
            boxed(out, "band", left - 12, y, right - left + 24);
            let text = cut(&row.text, (right - left) / CHARACTER);
            write(
                out,
                usize::midpoint(left, right),
                y + 4,
                &format!("class=\"label{alarm}\" text-anchor=\"middle\""),
                &text,
            );
        }
        Figure::Gap => {
            let (left, right) = (place(0), place(lanes - 1));
            let _ = writeln!(
                out,
                "<rect class=\"ground\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"20\"/>",
                left - 4,
                y - 10,
                right - left + 8
            );
            write(
                out,
                usize::midpoint(left, right),
                y + 4,
                "class=\"gap\" text-anchor=\"middle\"",
                &format!("… {} …", row.text),
            );
        }
    }
}

fn boxed(out: &mut String, class: &str, x: usize, y: usize, width: usize) {
    let y = y - 11;
    let _ = writeln!(out, "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"22\" rx=\"4\"/>");
}

fn write(out: &mut String, x: usize, y: usize, attributes: &str, text: &str) {
    if !text.is_empty() {
        let _ = writeln!(out, "<text x=\"{x}\" y=\"{y}\" {attributes}>{}</text>", xml(text));
    }
}

/// Text as XML's: what would be markup is escaped, and what XML cannot hold is written as we write it elsewhere.
pub(in crate::view) fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\'' => out += "&#39;",
            '\u{fffe}' | '\u{ffff}' => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}
