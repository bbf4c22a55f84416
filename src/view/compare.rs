//! A comparison: how far it is on stderr, and the report on stdout, for people, for programs, and as a page.

mod page;

use std::fmt::Write as _;
use std::io;

use rustix::termios::tcgetwinsize;

use super::View;
use super::json::Json;
use super::style::{Ink, Style};
use crate::cli::CompareOutput;
use crate::compare::{LaneReport, Progress, Report, What};
use crate::event::Timed;
use crate::plan::CompareLook;
use crate::quantity::show_nanos;

pub use page::{WEB, page};

/// The fields of a report, for the man page.
pub const SCHEMA: &str = "\
One JSON object, the report:

  time, what: report
  rtt_ns, rate (events a second), payload (bytes of an event), events_ns
  (how long they took), idle_ns
  lanes: one object a style:
    style; said, heard, lost, doubled, reordered: events
    latency: mean_ns, stddev_ns, p50_ns, p90_ns, p95_ns, p99_ns, max_ns
    first_ns: from the client's start until it heard an event that was there
    opening, crossed: until then, and while the events came:
      up, down: total and heads, in bytes of TCP's stream; requests, empty:
      those in vain; connections, most_open; datagrams
    payload_bytes, overhead_per_event (bytes), efficiency (0 to 1)
    client_cpu_ns, server_cpu_ns: for each event
    burst: said, heard, ..., took_ns, crossed
    upward: said, heard, ..., latency, overhead_per_message, connections
    idle: up_bytes, down_bytes, requests: in a minute
    theory: mean_ns, max_ns, requests_per_s, empty_part, first_ns, and the
      formula of each
    when: when to use it; latencies_ns: of each event; exchanges: began_ns,
      ended_ns, status, body: the first few thousand requests

The means in ms:  jq '.lanes[] | [.style, .latency.mean_ns / 1e6]'";

/// The view for stdout.
#[must_use]
pub fn payload(look: &CompareLook) -> Box<dyn View<Timed<What>>> {
    match look.output {
        CompareOutput::Human => Box::new(Tables(look.stdout.clone())),
        CompareOutput::Json => Box::new(Object),
    }
}

/// The view for stderr; none if nobody looks.
#[must_use]
pub fn talk(look: &CompareLook) -> Option<Box<dyn View<Timed<What>>>> {
    let style = look.progress.clone()?;
    Some(Box::new(Live { style, lines: 0 }))
}

/// For programs: the report, and nothing on the way to it.
struct Object;

impl View<Timed<What>> for Object {
    fn show(&mut self, told: &Timed<What>, out: &mut Vec<u8>) -> io::Result<()> {
        match told.what {
            What::Report(_) => Json.show(told, out),
            What::Progress(_) => Ok(()),
        }
    }
}

/// A table that is drawn over itself.
struct Live {
    style: Style,
    /// So many lines stand there.
    lines: usize,
}

impl Live {
    /// Takes away what stands there, and what was typed beside it.
    fn erase(&mut self, out: &mut Vec<u8>) {
        if self.lines > 0 {
            out.extend_from_slice(format!("\r\x1b[{}A\x1b[J", self.lines).as_bytes());
            self.lines = 0;
        }
    }
}

impl View<Timed<What>> for Live {
    fn show(&mut self, told: &Timed<What>, out: &mut Vec<u8>) -> io::Result<()> {
        self.erase(out);
        if let What::Progress(progress) = &told.what {
            // Asked each time: windows change their size. A line that wraps could not be drawn over.
            let (columns, rows) = tcgetwinsize(io::stderr()).map_or((80, 24), |size| (size.ws_col, size.ws_row));
            let lines = live(progress, usize::from(columns), usize::from(rows), &self.style);
            self.lines = lines.len();
            for line in lines {
                out.extend_from_slice(line.as_bytes());
                out.push(b'\n');
            }
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        self.erase(out);
        Ok(())
    }
}

/// Lines that fit a terminal.
fn live(Progress { phase, lanes }: &Progress, columns: usize, rows: usize, style: &Style) -> Vec<String> {
    let mut cells = vec![heads(&["", "heard", "of", "last", "requests", "in vain", "up", "down"])];
    for lane in lanes {
        let last = lane.last_ns.map_or_else(String::new, short);
        let crossed = &lane.crossed;
        let mut row = vec![lane.style.to_string(), lane.counts.heard.to_string(), lane.counts.said.to_string(), last];
        row.extend([crossed.requests, crossed.empty, crossed.up.total, crossed.down.total].map(number));
        cells.push(row);
    }
    let title = format!("comparing: {}", phase.words());
    let inks = [Some(Ink::Title), Some(Ink::Aside)].into_iter().chain(std::iter::repeat(None));
    let lines = std::iter::once(title).chain(aligned(&cells)).zip(inks);
    // The cursor stands below them.
    let fitting = lines.take(rows.saturating_sub(1)).map(|(line, ink)| {
        let line: String = line.chars().take(columns).collect();
        ink.map_or(line.clone(), |ink| style.paint(ink, &line))
    });
    fitting.collect()
}

/// For people.
struct Tables(Style);

impl View<Timed<What>> for Tables {
    fn show(&mut self, told: &Timed<What>, out: &mut Vec<u8>) -> io::Result<()> {
        if let What::Report(report) = &told.what {
            out.extend_from_slice(tables(report, &self.0).as_bytes());
        }
        Ok(())
    }
}

/// The widest that a line may be, in columns.
const WIDTH: usize = 100;
/// Of a bar, in columns.
const BAR: f64 = 50.0;

fn tables(report: &Report, style: &Style) -> String {
    let Report { rtt_ns, rate, payload, lanes, .. } = report;
    let title = |text: &str| style.paint(Ink::Title, text);
    let mut text = format!(
        "{} events a second of {payload} B, a round trip of {}\n\n{}\n",
        rate,
        if *rtt_ns == 0 { "nothing (loopback)".to_owned() } else { show_nanos(*rtt_ns) },
        title("How late an event is")
    );
    text += &table(&latencies(lanes), style);
    let _ = write!(text, "\n{}\n", title("What the events cost, in bytes of TCP's stream"));
    text += &table(&costs(lanes), style);
    let _ = write!(text, "\n{}\n", title("A burst, the other way, and nothing at all"));
    text += &table(&others(lanes), style);
    for (name, value, unit) in BARS {
        let _ = write!(text, "\n{}\n", title(name));
        let values: Vec<_> = lanes.iter().map(|lane| (lane.style.to_string(), value(lane))).collect();
        text += &bars(&values, unit, style);
    }
    let _ = write!(text, "\n{}\n", title("What theory says, and when to use which"));
    for (at, lane) in lanes.iter().enumerate() {
        // Polling is one style, however often.
        if lanes[..at].iter().any(|before| before.when == lane.when) {
            continue;
        }
        let words = format!(
            "mean {}, at most {}, first event {}, requests {}, beyond the payload {}. Use it {}.",
            lane.theory.mean_formula,
            lane.theory.max_formula,
            lane.theory.first_formula,
            lane.theory.requests_formula,
            lane.theory.overhead_formula,
            lane.when
        );
        text += &wrapped(&lane.style.to_string(), &words, style);
    }
    text + "I: interval, R: round trip, d = R/2, λ: events a second, T: time, H: heads of request and answer\n"
}

type Bar = (&'static str, fn(&LaneReport) -> f64, fn(f64) -> String);

const BARS: [Bar; 2] = [
    ("Mean latency (logarithmic)", mean_ms, ms),
    ("Bytes beyond the payload, for each event (logarithmic)", |lane| lane.overhead_per_event, bytes),
];

#[expect(clippy::cast_precision_loss, reason = "milliseconds to look at")]
fn mean_ms(lane: &LaneReport) -> f64 {
    lane.latency.map_or(0.0, |latency| latency.mean_ns as f64 / 1e6)
}

fn ms(ms: f64) -> String {
    format!("{ms:.1} ms")
}

fn bytes(bytes: f64) -> String {
    format!("{bytes:.0} B")
}

fn heads(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn latencies(lanes: &[LaneReport]) -> Vec<Vec<String>> {
    let mut rows = vec![heads(&["", "heard", "mean", "theory", "p50", "p95", "p99", "max", "first"])];
    let time = |nanos: u64| short(nanos);
    for lane in lanes {
        let counts = &lane.counts;
        let mut heard = format!("{}/{}", counts.heard, counts.said);
        if counts.doubled > 0 || counts.reordered > 0 {
            let _ = write!(heard, " ({} twice, {} late)", counts.doubled, counts.reordered);
        }
        let mut row = vec![lane.style.to_string(), heard];
        match &lane.latency {
            Some(latency) => {
                let theory = short(lane.theory.mean_ns);
                let rest = [latency.p50_ns, latency.p95_ns, latency.p99_ns, latency.max_ns].map(time);
                row.extend([time(latency.mean_ns), theory].into_iter().chain(rest));
            }
            None => row.extend(std::iter::repeat_n("-".to_owned(), 6)),
        }
        row.push(lane.first_ns.map_or_else(|| "-".to_owned(), time));
        rows.push(row);
    }
    rows
}

fn costs(lanes: &[LaneReport]) -> Vec<Vec<String>> {
    let mut rows = vec![heads(&[
        "", "requests", "in vain", "TCP", "up", "heads", "down", "heads", "framing", "payload", "an event",
    ])];
    for lane in lanes {
        let crossed = &lane.crossed;
        let framing = (crossed.down.total - crossed.down.heads).saturating_sub(lane.payload_bytes);
        let numbers = [
            crossed.requests,
            crossed.empty,
            lane.opening.connections + crossed.connections,
            crossed.up.total,
            crossed.up.heads,
            crossed.down.total,
            crossed.down.heads,
            framing,
            lane.payload_bytes,
        ];
        let mut row = vec![lane.style.to_string()];
        row.extend(numbers.map(number));
        row.push(format!("+{:.0}", lane.overhead_per_event));
        rows.push(row);
    }
    rows
}

fn others(lanes: &[LaneReport]) -> Vec<Vec<String>> {
    let mut rows = vec![heads(&[
        "",
        "burst",
        "requests",
        "up: mean",
        "an event",
        "TCP",
        "idle: B/min",
        "req/min",
        "CPU",
        "server's",
    ])];
    let none = || "-".to_owned();
    for lane in lanes {
        let burst = lane.burst.as_ref();
        let up = lane.upward.as_ref();
        let idle = lane.idle.as_ref();
        rows.push(vec![
            lane.style.to_string(),
            burst.map_or_else(none, |burst| match burst.took_ns {
                Some(took_ns) => short(took_ns),
                None => format!("{} lost", burst.counts.lost),
            }),
            burst.map_or_else(none, |burst| number(burst.crossed.requests)),
            up.map_or_else(none, |up| match up.latency {
                Some(latency) if up.counts.lost == 0 => short(latency.mean_ns),
                _ => format!("{} lost", up.counts.lost),
            }),
            up.map_or_else(none, |up| format!("+{:.0}", up.overhead_per_message)),
            up.map_or_else(none, |up| up.connections.to_string()),
            idle.map_or_else(none, |idle| format!("{:.0}", idle.up_bytes + idle.down_bytes)),
            idle.map_or_else(none, |idle| format!("{:.0}", idle.requests)),
            short(lane.client_cpu_ns),
            if lane.server_cpu_ns == 0 { none() } else { short(lane.server_cpu_ns) },
        ]);
    }
    rows
}

/// A number in six columns or so: `123456`, `1.2M`.
#[expect(clippy::cast_precision_loss, reason = "a number to look at")]
fn number(number: u64) -> String {
    match number {
        0..1_000_000 => number.to_string(),
        _ => format!("{:.1}M", number as f64 / 1e6),
    }
}

/// A time in six columns or so: `12.3 ms`, `85 µs`.
#[expect(clippy::cast_precision_loss, reason = "a time to look at")]
fn short(nanos: u64) -> String {
    match nanos {
        0 => "0".to_owned(),
        1..1_000_000 => format!("{} µs", nanos.div_ceil(1000)),
        1_000_000..1_000_000_000 => format!("{:.1} ms", nanos as f64 / 1e6),
        _ => format!("{:.2} s", nanos as f64 / 1e9),
    }
}

/// The first row is the heads.
fn table(rows: &[Vec<String>], style: &Style) -> String {
    let mut text = String::new();
    for (at, line) in aligned(rows).into_iter().enumerate() {
        text += &if at == 0 { style.paint(Ink::Aside, &line) } else { line };
        text.push('\n');
    }
    text
}

/// The first column to the left, the others to the right.
fn aligned(rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let line = |row: &Vec<String>| {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let pad = " ".repeat(widths[column] - cell.chars().count());
            let _ = if column == 0 { write!(line, "{cell}{pad}") } else { write!(line, "  {pad}{cell}") };
        }
        line.trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

/// Bars on a logarithmic scale, from the least to the most.
fn bars(values: &[(String, f64)], unit: fn(f64) -> String, style: &Style) -> String {
    let name = values.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let positive = || values.iter().map(|(_, value)| *value).filter(|value| *value > 0.0);
    let (least, most) = (positive().fold(f64::MAX, f64::min), positive().fold(0.0, f64::max));
    let mut text = String::new();
    for (label, value) in values {
        let part = if *value <= 0.0 || most <= 0.0 {
            0.0
        } else {
            // The least has a column of its own.
            ((value / least).ln() + 1.0) / ((most / least).ln() + 1.0)
        };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "columns")]
        let columns = (part * BAR).round() as usize;
        let bar = style.paint(Ink::Bytes, &"█".repeat(columns));
        let pad = " ".repeat(name - label.chars().count());
        let _ = writeln!(text, "{label}{pad}  {bar} {}", unit(*value));
    }
    text
}

fn wrapped(name: &str, words: &str, style: &Style) -> String {
    let mut text = style.paint(Ink::Key, name);
    let mut column = name.chars().count() + 1;
    text.push(':');
    for word in words.split_whitespace() {
        let length = word.chars().count();
        if column + 1 + length > WIDTH.min(style.width()) {
            text += "\n   ";
            column = 3;
        }
        text.push(' ');
        text += word;
        column += 1 + length;
    }
    text + "\n"
}
