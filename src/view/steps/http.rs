//! One line for each step of HTTP.

use super::{Ink, Line};
use crate::quantity::{show_nanos, show_size};
use crate::step::http::{Because, Http, Until};

impl Line {
    pub(super) fn of_http(step: &Http) -> Self {
        let line = |ink, name, detail: String| Self { ink, name, detail, took_ns: None, below: Vec::new() };
        match step {
            Http::Request { way, head, body } => {
                let body = if *body == 0 { String::new() } else { format!(", and {}", show_size(*body)) };
                let first = format!("{}{body}", super::ws::first(head));
                Self { below: super::ws::rest(head), ..line(super::ws::ink(*way), "request", first) }
            }
            Http::Answer { way, head, took_ns, .. } => Self {
                took_ns: *took_ns,
                below: super::ws::rest(head),
                ..line(super::ws::ink(*way), "answer", super::ws::first(head))
            },
            Http::Body { bytes, decoded: Some(decoded) } => line(
                Ink::Bytes,
                "body",
                format!("{}, which are {} without their coding", show_size(*bytes), show_size(*decoded)),
            ),
            Http::Body { bytes, decoded: None } => line(Ink::Bytes, "body", show_size(*bytes)),
            Http::Unchanged { because } => line(Ink::Aside, "unchanged", unchanged(*because).into()),
            Http::Redirected { status, to } => line(Ink::Connection, "redirected", format!("{status}, to {to}")),
            Http::Wait { wait_ns, until } => {
                line(Ink::Aside, "wait", format!("{} {}", show_nanos(*wait_ns), until_words(*until)))
            }
            Http::Resume { id } => line(Ink::Connection, "resume", format!("after the event {id} (Last-Event-ID)")),
            Http::Retry { millis } => line(Ink::Heard, "retry", format!("{millis} ms before a reconnection")),
            Http::Comment { text } => line(Ink::Heard, "comment", text.clone()),
            Http::Ignored { field } => line(Ink::Aside, "ignored", format!("a line with the field {field:?}")),
            Http::Missed { count } => line(Ink::Alarm, "missed", format!("{count} events that are not kept any more")),
            Http::Refused { why } => line(Ink::Alarm, "refused", why.clone()),
        }
    }
}

fn unchanged(because: Because) -> &'static str {
    match because {
        Because::NotModified => "304: what we have is what there is",
        Because::NoContent => "204: there is nothing",
        Because::SameBody => "the body is the one we have",
        Because::Empty => "the body is empty",
    }
}

fn until_words(until: Until) -> &'static str {
    match until {
        Until::Interval => "until the next poll",
        Until::RetryAfter => "because the server says so (Retry-After)",
        Until::Backoff => "before the next try",
        Until::Reconnect => "before the stream is asked for again",
    }
}

#[cfg(test)]
mod tests {
    use super::super::NAME;
    use super::*;
    use crate::step::ws::Way;

    #[test]
    fn names_fit_their_column() {
        let head = vec!["GET / HTTP/1.1".to_owned(), "Host: x".to_owned()];
        for step in [
            Http::Request { way: Way::Said, head: head.clone(), body: 5 },
            Http::Answer { way: Way::Heard, status: 200, head, took_ns: None },
            Http::Unchanged { because: Because::NotModified },
            Http::Redirected { status: 302, to: "/".to_owned() },
        ] {
            let line = Line::of_http(&step);
            assert!(line.name.len() <= NAME && !line.detail.is_empty(), "{}", line.name);
        }
    }
}
