//! Requests and answers of HTTP: the first line beside the other side's, the headers below it.

use super::calls::{Call, Crossing};
use crate::learn::{Cost, Detail, Side};
use crate::quantity::show_nanos;
use crate::step::http::{Http, Until};
use crate::step::ws::Way;

/// What fits beside the other side's column.
const LONG: usize = 37;

/// A request or an answer. Where it arrives its first line says which it is.
pub(super) fn head(side: Side, way: Way, head: &[String], detail: Detail) -> Call {
    let (first, headers) = head.split_first().map_or(("", &[][..]), |(first, headers)| (first.as_str(), headers));
    let is_answer = first.starts_with("HTTP/");
    let shown = match (way, detail) {
        (_, Detail::Lines | Detail::Queries) | (Way::Heard, Detail::Headers) => false,
        (Way::Said, Detail::Headers | Detail::Whole) => true,
        (Way::Heard, Detail::Whole) => !is_answer,
    };
    // A query that says much has a line of its own.
    let (first, query) = match first.split_once('?') {
        Some((path, query)) if first.len() > LONG => {
            let query = query.split(' ').next().unwrap_or_default();
            (path, Some(format!("?{query}")))
        }
        _ => (first, None),
    };
    let query = query.filter(|_| way == Way::Said && detail != Detail::Lines);
    let headers = if shown { headers } else { &[] };
    Call {
        crossing: if way == Way::Said { Crossing::Sends } else { Crossing::None },
        below: query.into_iter().chain(headers.iter().cloned()).collect(),
        ..Call::new(side, first.to_owned())
    }
}

/// A step of HTTP as a line, and the lines below it; `None` if it says nothing that is not there already.
pub(super) fn call(side: Side, step: &Http, detail: Detail) -> Option<Call> {
    let text = match step {
        Http::Request { way, head: lines, .. } | Http::Answer { way, head: lines, .. } => {
            return Some(head(side, *way, lines, detail));
        }
        Http::Wait { until: Until::Interval, .. } | Http::Unchanged { .. } | Http::Body { .. } => return None,
        Http::Redirected { status, to } => format!("{status}, to {to}"),
        Http::Wait { wait_ns, .. } => format!("waits {}", show_nanos(*wait_ns)),
        Http::Resume { id } => format!("goes on after event {id}"),
        Http::Retry { millis } => format!("retry: {millis}"),
        Http::Comment { text } => format!(": {text}"),
        Http::Ignored { field } => format!("ignored: {field}"),
        Http::Missed { count } => format!("missed: {count}"),
        Http::Refused { why } => format!("refused: {why}"),
    };
    Some(Call::new(side, text))
}

/// `polling       requests 3, messages 1; bytes: 255 ->, 461 <-`
pub(super) fn cost(cost: &Cost) -> String {
    let Cost { style, requests, messages, sent, received } = cost;
    format!("{style:13} requests {requests}, messages {messages}; bytes: {sent:4} ->, {received:4} <-")
}
