//! The drawing in characters: ASCII but for what was said, at most 100 columns.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::scene::{Stroke, Tone};
use super::sequence::{Drawn, Figure, Sequence};
use crate::view::columns::cut;

/// Columns of a line.
const WIDTH: usize = 100;
/// The column of the first lane; times stand left of it.
const FIRST: usize = 13;
/// The column of the last lane.
const LAST: usize = WIDTH - 1;

pub(super) fn draw(sequence: &Sequence) -> String {
    let lanes = sequence.lanes.len();
    let column = |lane: usize| FIRST + lane * (LAST - FIRST) / (lanes - 1);
    let mut out = String::new();
    let mut push = |line: Line| {
        out += line.text().trim_end();
        out.push('\n');
    };
    push(Line::of(&cut(&sequence.title(), WIDTH)));
    push(Line::of(&format!("Times are milliseconds since {:.3}", sequence.start)));
    push(Line::default());
    for part in [0, 1] {
        let mut line = Line::default();
        for (at, head) in sequence.lanes.iter().enumerate() {
            let text = if part == 0 { &head.name } else { &head.address };
            let text = cut(text, (LAST - FIRST) / lanes - 2);
            let width = text.width();
            let start = match at {
                0 => column(at),
                _ if at + 1 == lanes => (column(at) + 1).saturating_sub(width),
                _ => column(at).saturating_sub(width / 2),
            };
            line.put(start, &text);
        }
        push(line);
    }
    push(Line::with_lanes((0..lanes).map(column), '|'));
    for row in &sequence.rows {
        push(drawn(row, lanes, column));
    }
    out
}

fn drawn(row: &Drawn, lanes: usize, column: impl Fn(usize) -> usize) -> Line {
    let mut line = Line::with_lanes((0..lanes).map(&column), if row.figure == Figure::Gap { ':' } else { '|' });
    let time = row.time();
    line.put((FIRST - 2).saturating_sub(time.len()), &time);
    let mark = match row.tone {
        Tone::Plain => "",
        Tone::Alarm => "! ",
    };
    match row.figure {
        Figure::Note(at) => {
            // Towards the other lanes, and over those of proxies.
            let room = LAST - FIRST - 4;
            let text = cut(&format!("{mark}{}", row.text), room);
            let start = if at + 1 < lanes { column(at) + 2 } else { column(at) - 1 - text.width() };
            line.put(start, &text);
        }
        Figure::Arrow(from, to, stroke) => {
            let (left, right) = (column(from.min(to)), column(from.max(to)));
            let text = cut(&format!("{mark}{}", row.text), right - left - 9);
            line.rule(left + 1, right, if stroke == Stroke::Solid { '-' } else { '.' }, &text);
            if from < to { line.put(right - 1, ">") } else { line.put(left + 1, "<") }
        }
        Figure::Across => {
            let (left, right) = (column(0), column(lanes - 1));
            line.rule(left + 1, right, '=', &cut(&format!("{mark}{}", row.text), right - left - 9));
        }
        Figure::Gap => line.center(column(0), column(lanes - 1), &format!("  ... {} ...  ", row.text)),
    }
    line
}

/// A line that is written in any order. A character that needs two columns leaves the second empty.
#[derive(Default)]
struct Line(Vec<Option<char>>);

impl Line {
    fn of(text: &str) -> Self {
        let mut line = Self::default();
        line.put(0, text);
        line
    }

    fn with_lanes(columns: impl Iterator<Item = usize>, stroke: char) -> Self {
        let mut line = Self::default();
        for column in columns {
            line.put(column, stroke.encode_utf8(&mut [0; 4]));
        }
        line
    }

    fn put(&mut self, mut column: usize, text: &str) {
        for c in text.chars() {
            let width = c.width().unwrap_or(0);
            if self.0.len() < column + width {
                self.0.resize(column + width, Some(' '));
            }
            if width > 0 {
                self.0[column] = Some(c);
                self.0[column + 1..column + width].fill(None);
            }
            column += width;
        }
    }

    fn center(&mut self, left: usize, right: usize, text: &str) {
        self.put(left + (right - left).saturating_sub(text.width()) / 2, text);
    }

    /// A rule from one column up to another, with a text in its middle.
    fn rule(&mut self, left: usize, right: usize, dash: char, text: &str) {
        self.put(left, &dash.to_string().repeat(right - left));
        self.center(left, right, &format!(" {text} "));
    }

    fn text(&self) -> String {
        self.0.iter().flatten().collect()
    }
}
