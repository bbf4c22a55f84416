//! What happens in HTTP: requests, answers, and what is waited for between them.

use serde::{Deserialize, Serialize};

use super::ws::Way;

/// A step of HTTP. Times are nanoseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "http", rename_all = "kebab-case")]
pub enum Http {
    /// A request: ours, or the peer's.
    Request {
        /// Whose.
        way: Way,
        /// Its lines, without the empty one at the end. What is secret is hidden.
        head: Vec<String>,
        /// What follows them, in bytes.
        body: u64,
    },
    /// The head of an answer.
    Answer {
        /// Whose.
        way: Way,
        /// Its status.
        status: u16,
        /// Its lines, without the empty one at the end.
        head: Vec<String>,
        /// From the request; nothing when we answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        took_ns: Option<u64>,
    },
    /// An answer's body is over.
    Body {
        /// Its size as it came, in bytes.
        bytes: u64,
        /// Its size without its coding, if it had one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        decoded: Option<u64>,
    },
    /// The answer has nothing new.
    Unchanged {
        /// How that is known: the status, or that the body is the same.
        because: Because,
    },
    /// The server sends us elsewhere, and we go there (`--location`).
    Redirected {
        /// 301, 302, 303, 307 or 308.
        status: u16,
        /// Where to.
        to: String,
    },
    /// Nothing is asked for so long.
    Wait {
        /// How long.
        wait_ns: u64,
        /// What for.
        until: Until,
    },
    /// A stream goes on after this event (`Last-Event-ID`).
    Resume {
        /// The last event's id.
        id: String,
    },
    /// The stream says how long to wait before a reconnection.
    Retry {
        /// In milliseconds.
        millis: u64,
    },
    /// The stream says that it is there, and nothing else.
    Comment {
        /// Its text.
        text: String,
    },
    /// The stream has a line with a field that nobody knows.
    Ignored {
        /// The field's name.
        field: String,
    },
    /// A slow client has missed events that are not kept any more.
    Missed {
        /// How many.
        count: u64,
    },
    /// What came cannot be taken.
    Refused {
        /// Why, in words.
        why: String,
    },
}

/// How it is known that an answer has nothing new.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Because {
    /// 304: the server compared what we have with what there is.
    NotModified,
    /// 204: there is nothing.
    NoContent,
    /// The body is the one we have.
    SameBody,
    /// The body is empty.
    Empty,
}

/// What a wait is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Until {
    /// The interval between polls.
    Interval,
    /// The server said when to come back (`Retry-After`).
    RetryAfter,
    /// Waits grow from failure to failure.
    Backoff,
    /// The stream's `retry`.
    Reconnect,
}
