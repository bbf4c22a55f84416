//! Answers that cannot be taken.

use hyper::header;
use hyper::{HeaderMap, StatusCode};

use super::headers::text;
use super::target::Target;

/// An answer that cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What it is, to be put behind the address: `the server answered 404 Not Found`.
    pub what: String,
    /// What can be done about it.
    pub hint: Option<String>,
}

impl Trouble {
    pub(crate) fn new(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { what: what.into(), hint: Some(hint.into()) }
    }
}

/// What a status that is no success means for whoever listens, and what can be done about it.
#[must_use]
pub fn of_status(status: StatusCode, headers: &HeaderMap, target: &Target) -> Trouble {
    let what = format!("the server answered {status}");
    let hint = match status.as_u16() {
        300..=399 => match text(headers, header::LOCATION) {
            Some(to) => format!("it is at {to}; --location follows"),
            None => "it is elsewhere, and the server does not say where".to_owned(),
        },
        400 => "the server, or a proxy before it, did not like the request; -v shows it".to_owned(),
        401 => login(headers),
        403 => "the server lets only some in: perhaps pages of its own (-H 'Origin: …'), or those who log in (--auth, \
                --cookie)"
            .to_owned(),
        404 | 410 => format!("nothing is at {}", target.resource),
        405 => match text(headers, header::ALLOW) {
            Some(methods) => format!("this path takes {methods}; --method says another"),
            None => "this path takes another method; --method says which".to_owned(),
        },
        406 => "the server has nothing of the kind that this style wants; -v shows what was asked for".to_owned(),
        407 => "a proxy wants to know who we are: --proxy http://USER:PASSWORD@…".to_owned(),
        413 => "that was too large for the server".to_owned(),
        415 => "the server takes another type of content; --content-type says which".to_owned(),
        426 => "the server wants another protocol; `sockeye ws connect` speaks WebSocket".to_owned(),
        429 | 503 => match text(headers, header::RETRY_AFTER) {
            Some(after) => format!("too many for now; try again after {after} (seconds, if it is a number)"),
            None => "too many for now".to_owned(),
        },
        502 | 504 => "a proxy did not reach the server behind it".to_owned(),
        500..=599 => "the server failed; its answer is above".to_owned(),
        _ => "its answer is above".to_owned(),
    };
    Trouble::new(what, hint)
}

/// What to do about 401.
pub(crate) fn login(headers: &HeaderMap) -> String {
    let scheme = text(headers, header::WWW_AUTHENTICATE).and_then(|value| value.split(' ').next());
    match scheme {
        Some(scheme) if !scheme.eq_ignore_ascii_case("basic") => {
            format!("it wants to know who we are, by {scheme}: -H 'Authorization: {scheme} …'")
        }
        _ => "it wants to know who we are: --auth USER:PASSWORD".to_owned(),
    }
}
