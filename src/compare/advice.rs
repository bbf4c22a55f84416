//! When to use which, in a sentence each.

use super::style::Style;

/// A plain sentence on when to use a style.
#[must_use]
pub fn when(style: Style) -> &'static str {
    match style {
        Style::Polling(_) => {
            "when news may be late by the interval, or comes at least that often: it needs nothing but plain requests, and \
             caches and 304 keep it cheap"
        }
        Style::LongPolling => {
            "when news is rare and should come at once, and something on the way breaks streams: each event costs a whole \
             request"
        }
        Style::Streaming => {
            "when a program of yours reads one answer to its end: the least there is over HTTP, and no browser API"
        }
        Style::Sse => {
            "when news goes one way, to browsers too: it is plain HTTP, comes back by itself and loses nothing over the gap; \
             what is said goes by POST"
        }
        Style::WebSocket => {
            "when both sides speak often: a few bytes a message either way; reconnecting and catching up are yours to do, and \
             old proxies may break it"
        }
        Style::SocketIo => {
            "when it should also come through where WebSocket does not, come back by itself, and be answered: some 15 bytes \
             an event, both sides must speak it, and what was missed is kept only if both ask for that"
        }
        Style::Tcp => "as the floor: no browser can, and message boundaries are yours to do",
        Style::Udp => "as the floor below: datagrams may be lost, doubled and reordered, and nobody tells you",
    }
}
