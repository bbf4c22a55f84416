//! Answers that do not come, or that are not what was hoped for, in words.

use bytes::Bytes;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::Response;
use hyper::body::Incoming;

use crate::event::What;
use crate::exit::{Exit, Failure, words};
use crate::http::headers::lines;
use crate::http::{Asking, Trouble};
use crate::link::Reporter;
use crate::step::Step;
use crate::step::http::Http;
use crate::tls::recognise;

/// So much of a refusal's body is read, in bytes, and this many lines of it are shown.
const LONGEST_BODY: usize = 64 * 1024;
const SHOWN: usize = 20;

/// What ends the attempt, after it was shown as a step.
pub(super) fn failed(remote: &str, trouble: Trouble, report: &Reporter) -> Failure {
    report.step(|| Step::Http(Http::Refused { why: trouble.what.clone() }));
    Failure { hint: trouble.hint, ..Failure::new(Exit::Protocol, format!("{remote}: {}", trouble.what)) }
}

pub(in crate::transport) async fn body(response: Response<Incoming>) -> Bytes {
    match Limited::new(response.into_body(), LONGEST_BODY).collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => Bytes::from_static(b"(a long body)"),
        Err(_) => Bytes::from_static(b"(a body that did not come to its end)"),
    }
}

/// Shows an answer that is no upgrade, whole: it says why better than we can.
pub(in crate::transport) async fn show(
    status: hyper::StatusCode,
    headers: &hyper::HeaderMap,
    body: &[u8],
    report: &Reporter,
) {
    let mut shown = lines(format!("the server's answer: HTTP/1.1 {status}"), headers);
    let body = String::from_utf8_lossy(body);
    let mut rest = body.lines();
    if !body.trim().is_empty() {
        shown.push(String::new());
        shown.extend(rest.by_ref().take(SHOWN).map(|line| line.chars().take(200).collect()));
    }
    let more = rest.count();
    if more > 0 {
        shown.push(format!("({more} more lines)"));
    }
    report.tell(What::List { lines: shown }).await;
}

/// For a server that shows that it expects TLS.
pub(in crate::transport) fn secure(asking: &Asking) -> String {
    let [_, scheme] = asking.target.protocol.schemes();
    format!("the server expects TLS: {scheme}://")
}

/// What it means that no answer can be read. `first`: what the server said first.
pub(in crate::transport) fn no_answer(error: &hyper::Error, first: &[u8], asking: &Asking) -> Trouble {
    if recognise::tls_on_plain(first).is_some() {
        return Trouble { what: "the server answered with TLS".to_owned(), hint: Some(secure(asking)) };
    }
    let trouble = |what: &str, hint: &str| Trouble { what: what.to_owned(), hint: Some(hint.to_owned()) };
    if !first.is_empty() && !b"HTTP/".starts_with(&first[..first.len().min(5)]) {
        let what = match recognise::plain_on_tls(first) {
            Some(line) => format!("the server's answer is no HTTP: {line}"),
            None => "the server's answer is no HTTP".to_owned(),
        };
        return trouble(&what, "it speaks another protocol; `sockeye tcp connect` shows what it says");
    }
    if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
        let [_, scheme] = asking.target.protocol.schemes();
        let hint = format!(
            "it may speak TLS ({scheme}://), no HTTP at all, or have dropped us on purpose; -v shows what was asked"
        );
        return trouble("the server closed the connection and did not answer", &hint);
    }
    if error.is_parse() {
        return trouble("the server's answer is no HTTP", "`sockeye tcp connect` shows what it says");
    }
    let cause = std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<std::io::Error>());
    match cause {
        Some(error) => {
            let [_, scheme] = asking.target.protocol.schemes();
            let hint = format!("the connection broke before an answer came; the server may expect TLS ({scheme}://)");
            trouble(&words(error), &hint)
        }
        None => trouble(&error.to_string(), "`sockeye tcp connect` shows what the server says"),
    }
}
