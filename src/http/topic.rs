//! What has been said to everybody, kept for a while: whoever asks later is told what came after what it has.
//!
//! Events are numbered from 1. A cursor is the number of the last event that somebody has.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;

use super::sse;
use crate::event::Message;

/// The most events that are kept.
const MOST: usize = 10_000;
/// The most bytes of them, as they are written for all.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// One event, written once for all who hear it.
#[derive(Debug)]
pub struct Entry {
    /// Its number.
    pub id: u64,
    /// What was said.
    pub message: Message,
    /// As a line of JSON: `{"id":7,"data":"hello"}`, and LF.
    pub line: Bytes,
    /// As a server-sent event.
    pub sse: Bytes,
}

/// Events in the order of their numbers; the oldest go when there are too many.
#[derive(Debug)]
pub struct Topic {
    kept: VecDeque<Arc<Entry>>,
    bytes: usize,
    last: u64,
}

/// What came after a cursor.
#[derive(Debug, Default)]
pub struct News {
    /// So many are not kept any more.
    pub missed: u64,
    /// The others, in order.
    pub entries: Vec<Arc<Entry>>,
}

impl Entry {
    fn new(id: u64, message: Message) -> Self {
        let mut line = Vec::with_capacity(message.data.len() + 32);
        json(id, &message, &mut line);
        let mut event = Vec::with_capacity(message.data.len() + 32);
        match std::str::from_utf8(&message.data) {
            Ok(_) => sse::write(Some(id), None, &message.data, &mut event),
            // The stream is UTF-8: what is not goes as the line of JSON does.
            Err(_) => sse::write(Some(id), Some("base64"), base64(&message.data).as_bytes(), &mut event),
        }
        Self { id, message, line: line.into(), sse: event.into() }
    }

    fn size(&self) -> usize {
        self.message.data.len() + self.line.len() + self.sse.len()
    }
}

fn base64(data: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(data)
}

fn json(id: u64, message: &Message, out: &mut Vec<u8>) {
    let (name, text) = match std::str::from_utf8(&message.data) {
        Ok(text) => ("data", serde_json::Value::from(text)),
        Err(_) => ("base64", base64(&message.data).into()),
    };
    out.extend_from_slice(format!("{{\"id\":{id},\"{name}\":{text}}}\n").as_bytes());
}

impl Default for Topic {
    fn default() -> Self {
        Self { kept: VecDeque::new(), bytes: 0, last: 0 }
    }
}

impl Topic {
    /// The number of the newest event; 0 before the first.
    #[must_use]
    pub fn last(&self) -> u64 {
        self.last
    }

    /// Numbers an event and keeps it.
    pub fn publish(&mut self, message: Message) -> u64 {
        self.last += 1;
        let entry = Entry::new(self.last, message);
        self.bytes += entry.size();
        self.kept.push_back(Arc::new(entry));
        // The newest is kept, however large.
        while self.kept.len() > 1 && (self.kept.len() > MOST || self.bytes > MOST_BYTES) {
            self.bytes -= self.kept.pop_front().map_or(0, |entry| entry.size());
        }
        self.last
    }

    /// What came after a cursor, at most so many. A cursor that lies ahead is of another run: all that is kept is news
    /// to it.
    #[must_use]
    pub fn since(&self, cursor: u64, most: usize) -> News {
        let cursor = if cursor > self.last { 0 } else { cursor };
        let first = self.kept.front().map_or(self.last + 1, |entry| entry.id);
        // Whoever asks for everything asks for what is there.
        let missed = if cursor == 0 { 0 } else { (first - 1).saturating_sub(cursor) };
        let skip = usize::try_from((cursor + 1).saturating_sub(first)).unwrap_or(usize::MAX);
        News { missed, entries: self.kept.iter().skip(skip).take(most).cloned().collect() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ids(news: &News) -> Vec<u64> {
        news.entries.iter().map(|entry| entry.id).collect()
    }

    #[test]
    fn an_event_is_a_line_of_json_and_a_server_sent_event() {
        for (data, line, event) in [
            (&b"hello"[..], "{\"id\":1,\"data\":\"hello\"}\n", "data: hello\nid: 1\n\n"),
            (b"a\nb\"", "{\"id\":1,\"data\":\"a\\nb\\\"\"}\n", "data: a\ndata: b\"\nid: 1\n\n"),
            (b"\xff", "{\"id\":1,\"base64\":\"/w==\"}\n", "event: base64\ndata: /w==\nid: 1\n\n"),
            (b"", "{\"id\":1,\"data\":\"\"}\n", "data: \nid: 1\n\n"),
        ] {
            let entry = Entry::new(1, Message::seen(Bytes::copy_from_slice(data)));
            assert_eq!((&entry.line[..], &entry.sse[..]), (line.as_bytes(), event.as_bytes()));
        }
    }

    #[test]
    fn a_cursor_gets_what_came_after_it() {
        let mut topic = Topic::default();
        assert_eq!((ids(&topic.since(0, 9)), topic.last()), (vec![], 0));
        for text in ["a", "b", "c"] {
            topic.publish(Message::text(text));
        }
        for (cursor, most, expected) in [
            (0, 9, &[1, 2, 3][..]),
            (1, 9, &[2, 3]),
            (1, 1, &[2]),
            (3, 9, &[]),
            (4, 9, &[1, 2, 3]),
            (u64::MAX, 9, &[1, 2, 3]),
        ] {
            let news = topic.since(cursor, most);
            assert_eq!((ids(&news).as_slice(), news.missed), (expected, 0), "since {cursor}, at most {most}");
        }
    }

    #[test]
    fn what_is_gone_is_counted() {
        let mut topic = Topic::default();
        for _ in 0..MOST + 5 {
            topic.publish(Message::text("x"));
        }
        assert_eq!(topic.since(2, 1).missed, 3);
        assert_eq!(ids(&topic.since(2, 1)), [6]);
        assert_eq!(topic.since(5, 1).missed, 0);
        assert_eq!(topic.since(0, 1).missed, 0, "whoever is new has missed nothing");
        let large = Bytes::from(vec![b'x'; MOST_BYTES]);
        topic.publish(Message::seen(large));
        assert_eq!(ids(&topic.since(0, 9)), [MOST as u64 + 6], "the newest is kept");
    }

    proptest! {
        /// Whoever asks again with the last number gets everything once and in order.
        #[test]
        fn nothing_is_lost_or_doubled(steps in proptest::collection::vec((0usize..4, 1usize..3), 1..40)) {
            let (mut topic, mut cursor, mut heard) = (Topic::default(), 0, Vec::new());
            for (published, most) in steps {
                for _ in 0..published {
                    topic.publish(Message::text("x"));
                }
                let news = topic.since(cursor, most);
                cursor = news.entries.last().map_or(cursor, |entry| entry.id);
                heard.extend(ids(&news));
            }
            heard.extend(ids(&topic.since(cursor, usize::MAX)));
            prop_assert_eq!(heard, (1..=topic.last()).collect::<Vec<_>>());
        }
    }
}
