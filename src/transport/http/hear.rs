//! Server → reporter: asking in one of the styles, again and again, and what becomes of the answers.

use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::header::{self, HeaderValue};
use hyper::{HeaderMap, Response};
use tokio::time::{Instant, sleep, timeout};

use super::agent::{Agent, Ask};
use super::{Client, News, StreamEnd, Style, trouble};
use crate::backoff::Backoff;
use crate::event::{About, End, Event, Message, What};
use crate::exit::{Exit, Failure, words};
use crate::frame::{Decoder as Framer, Framing};
use crate::http::headers::text;
use crate::http::{Asking, Trouble, content, later, refusal, sse};
use crate::link::Reporter;
use crate::quantity::nanos;
use crate::step::Step;
use crate::step::http::{Because, Http, Until};

/// A reconnection waits so long unless the stream says otherwise, as in browsers.
const RECONNECT: Duration = Duration::from_secs(3);

/// A long poll that is answered at once with nothing is asked again after this: its server holds nothing back.
const HELD_AT_LEAST: Duration = Duration::from_millis(200);

/// The side that listens.
pub(super) struct Listener {
    agent: Agent,
    client: Client,
    known: Known,
    backoff: Backoff,
    failures: u32,
    /// Answers that were taken.
    answers: u64,
    /// The first answer, which opened the conversation.
    first: Option<Response<Incoming>>,
    /// When the last poll began.
    polled: Instant,
    reconnect: Duration,
    /// Of the last event.
    last_id: Box<str>,
}

/// What we have of what is polled.
#[derive(Default)]
struct Known {
    etag: Option<HeaderValue>,
    modified: Option<HeaderValue>,
    body: Option<Bytes>,
}

/// What an answer is good for.
enum Verdict {
    Take,
    Unchanged(Because),
    /// There will be nothing.
    Over,
    /// Not now.
    Later(Option<Duration>),
    Refused(Trouble),
}

/// What was in an answer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Read {
    News,
    Nothing,
}

/// Why an answer's body was not read to its end.
enum Stopped {
    /// It was cut, or too slow.
    Cut(String),
    /// It breaks a rule.
    Broken(Trouble),
}

impl Listener {
    pub(super) fn new(agent: Agent, client: &Client) -> Self {
        let last_id = match &client.style {
            Style::Sse { after: Some(id), .. } => id.as_str().into(),
            _ => Box::default(),
        };
        Self {
            agent,
            known: Known::default(),
            backoff: client.backoff,
            client: client.clone(),
            failures: 0,
            answers: 0,
            first: None,
            polled: Instant::now(),
            reconnect: RECONNECT,
            last_id,
        }
    }

    /// Whoever posts to the server that we listen to sends the cookies that it has set.
    pub(super) fn share_cookies(&self, with: &mut Asking) {
        if with.target.may_know_what_is_told_to(&self.agent.home().target) {
            with.cookies.clone_from(&self.agent.home().cookies);
        }
    }

    /// Where what is heard goes from now on.
    pub(super) fn reports_to(&mut self, report: Reporter) {
        self.agent.report = report;
    }

    fn report(&self) -> &Reporter {
        &self.agent.report
    }

    /// Asks for the first time, where an answer is to be expected soon: what is wrong is said before there is a
    /// conversation.
    pub(super) async fn first(&mut self) -> Result<(), Failure> {
        if matches!(self.client.style, Style::LongPoll { .. }) {
            return Ok(());
        }
        let answer = self.ask().await?;
        if let Verdict::Refused(trouble) = self.judge(&answer) {
            self.show(answer).await;
            return Err(trouble::failed(&self.agent.name(), trouble, self.report()));
        }
        self.first = Some(answer);
        Ok(())
    }

    /// Shows an answer that is refused.
    async fn show(&self, answer: Response<Incoming>) {
        let (parts, body) = answer.into_parts();
        let shown = timeout(self.agent.limit, trouble::body(Response::new(body))).await.unwrap_or_default();
        trouble::show(parts.status, &parts.headers, &shown, self.report()).await;
    }

    /// Until the server, or a rule, ends it.
    pub(super) async fn listen(mut self) -> End {
        loop {
            let answer = match self.first.take() {
                Some(answer) => answer,
                None => match self.ask().await {
                    Ok(answer) => answer,
                    Err(failure) => match self.failed(failure).await {
                        Some(end) => return end,
                        None => continue,
                    },
                },
            };
            let read = match self.judge(&answer) {
                Verdict::Take => self.read(answer).await,
                Verdict::Over => return End::Complete,
                Verdict::Unchanged(because) => {
                    self.report().step(|| Step::Http(Http::Unchanged { because }));
                    self.agent.short(answer.into_body()).await;
                    Ok(Read::Nothing)
                }
                Verdict::Later(after) => {
                    let what = format!("{}: the server answered {}", self.agent.name(), answer.status());
                    self.agent.short(answer.into_body()).await;
                    match self.later(Failure::new(Exit::Protocol, what), after).await {
                        Some(end) => return end,
                        None => continue,
                    }
                }
                Verdict::Refused(Trouble { what, hint }) => {
                    self.show(answer).await;
                    self.report().step(|| Step::Http(Http::Refused { why: what.clone() }));
                    return End::Violation { what, hint };
                }
            };
            let read = match read {
                Ok(read) => {
                    self.succeeded();
                    read
                }
                Err(Stopped::Broken(Trouble { what, hint })) => {
                    self.report().step(|| Step::Http(Http::Refused { why: what.clone() }));
                    return End::Violation { what, hint };
                }
                Err(Stopped::Cut(what)) => {
                    self.agent.hang_up();
                    match &self.client.style {
                        Style::Stream | Style::Sse { end: StreamEnd::Over, .. } => return End::Unfinished { what },
                        // It comes back anyway.
                        Style::Sse { .. } => Read::News,
                        Style::Poll { .. } | Style::LongPoll { .. } => {
                            let what = format!("{}: {what}", self.agent.name());
                            match self.failed(Failure::new(Exit::Partial, what)).await {
                                Some(end) => return end,
                                None => continue,
                            }
                        }
                    }
                }
            };
            match &self.client.style {
                Style::Stream | Style::Sse { end: StreamEnd::Over, .. } => return End::Complete,
                Style::Poll { interval, jitter, .. } => {
                    let next = self.polled + spread(*interval, *jitter, fastrand::f64());
                    self.wait(next.saturating_duration_since(Instant::now()), Until::Interval).await;
                }
                Style::LongPoll { .. } if read == Read::Nothing => {
                    let next = self.polled + HELD_AT_LEAST;
                    let wait = next.saturating_duration_since(Instant::now());
                    if !wait.is_zero() {
                        self.wait(wait, Until::Interval).await;
                    }
                }
                Style::LongPoll { .. } => {}
                Style::Sse { .. } => self.wait(self.reconnect, Until::Reconnect).await,
            }
        }
    }

    async fn wait(&self, wait: Duration, until: Until) {
        let wait_ns = nanos(wait);
        self.report().step(|| Step::Http(Http::Wait { wait_ns, until }));
        sleep(wait).await;
    }

    async fn ask(&mut self) -> Result<Response<Incoming>, Failure> {
        let mut headers = HeaderMap::new();
        let accept = match &self.client.style {
            Style::Sse { .. } => "text/event-stream",
            Style::Poll { .. } | Style::LongPoll { .. } | Style::Stream => "*/*",
        };
        headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
        match &self.client.style {
            Style::Poll { news: News::Changes, .. } | Style::LongPoll { news: News::Changes } => {
                if let Some(etag) = &self.known.etag {
                    headers.insert(header::IF_NONE_MATCH, etag.clone());
                }
                if let Some(modified) = &self.known.modified {
                    headers.insert(header::IF_MODIFIED_SINCE, modified.clone());
                }
            }
            Style::Sse { .. } => {
                headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
                if let Ok(id) = HeaderValue::from_str(&self.last_id)
                    && !self.last_id.is_empty()
                {
                    self.report().step(|| Step::Http(Http::Resume { id: self.last_id.to_string() }));
                    headers.insert(header::HeaderName::from_static("last-event-id"), id);
                }
            }
            _ => {}
        }
        let request = &self.client.request;
        if let Some(kind) = request.content_type.as_deref().and_then(|kind| HeaderValue::from_str(kind).ok()) {
            headers.insert(header::CONTENT_TYPE, kind);
        }
        self.polled = Instant::now();
        let ask = Ask { method: request.method.clone(), body: request.body.clone(), headers };
        self.agent.ask(&ask).await
    }

    fn judge(&self, response: &Response<Incoming>) -> Verdict {
        let (status, headers) = (response.status(), response.headers());
        let polls = matches!(self.client.style, Style::Poll { .. } | Style::LongPoll { .. });
        match status.as_u16() {
            304 if polls => Verdict::Unchanged(Because::NotModified),
            204 | 205 if polls => Verdict::Unchanged(Because::NoContent),
            // An event stream that is answered so is not to be asked for again (HTML §9.2.3).
            204 | 205 => Verdict::Over,
            200..=299 => match (&self.client.style, text(headers, header::CONTENT_TYPE)) {
                (Style::Sse { .. }, kind) if !kind.is_some_and(is_event_stream) => {
                    let what = format!("the answer is no event stream: its type is {}", kind.unwrap_or("not said"));
                    let hint = "is it the right path? `sockeye http stream` shows any answer as it comes";
                    Verdict::Refused(Trouble { what, hint: Some(hint.to_owned()) })
                }
                _ => Verdict::Take,
            },
            429 | 503 => {
                let after = text(headers, header::RETRY_AFTER);
                Verdict::Later(after.and_then(|after| later::retry_after(after, SystemTime::now())))
            }
            408 | 500..=599 if self.answers > 0 => Verdict::Later(None),
            _ => Verdict::Refused(refusal::of_status(status, headers, &self.agent.asking.target)),
        }
    }

    fn succeeded(&mut self) {
        self.answers += 1;
        self.failures = 0;
        self.backoff.reset();
    }

    /// What failed may succeed later: waits, unless that was the last attempt or it will stay so.
    async fn failed(&mut self, failure: Failure) -> Option<End> {
        match failure.exit {
            Exit::Resolve | Exit::Refused | Exit::Timeout | Exit::Partial => self.later(failure, None).await,
            _ => Some(self.over(failure)),
        }
    }

    async fn later(&mut self, failure: Failure, after: Option<Duration>) -> Option<End> {
        self.failures += 1;
        if self.failures >= self.client.attempts {
            return Some(self.over(failure));
        }
        let wait = after.unwrap_or_else(|| self.backoff.wait(fastrand::f64()));
        let text = format!("{failure}; asking again in {wait:.1?}");
        self.report().tell(What::Notice { text }).await;
        self.wait(wait, if after.is_some() { Until::RetryAfter } else { Until::Backoff }).await;
        None
    }

    /// How a failure ends the conversation, whose name is told with its end anyway.
    fn over(&self, failure: Failure) -> End {
        let what = match failure.what.strip_prefix(&format!("{}: ", self.client.asking.target)) {
            Some(rest) => rest.to_owned(),
            None => failure.what,
        };
        end(Failure { what, ..failure })
    }

    async fn read(&mut self, response: Response<Incoming>) -> Result<Read, Stopped> {
        match self.client.style {
            Style::Poll { news, .. } | Style::LongPoll { news } => self.read_whole(response, news).await,
            Style::Stream => self.read_stream(response).await,
            Style::Sse { .. } => self.read_events(response).await,
        }
    }

    /// A body that is one answer.
    async fn read_whole(&mut self, response: Response<Incoming>, news: News) -> Result<Read, Stopped> {
        let (parts, body) = response.into_parts();
        let largest = self.client.largest;
        let mut body = Body::new(&parts.headers, body, Some(self.agent.limit))?;
        let announced = text(&parts.headers, header::CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
        if announced.is_some_and(|length| length > largest as u64) {
            return Err(too_long(largest));
        }
        let mut whole = BytesMut::new();
        while let Some(piece) = body.next().await? {
            if whole.len() + piece.len() > largest {
                return Err(too_long(largest));
            }
            whole.extend_from_slice(&piece);
        }
        self.report().step(|| body.step());
        let whole = whole.freeze();
        let is_lines = text(&parts.headers, header::CONTENT_TYPE).is_some_and(is_lines);
        let advanced = is_lines && self.advance(&parts.headers);
        self.known.etag = parts.headers.get(header::ETAG).cloned();
        self.known.modified = parts.headers.get(header::LAST_MODIFIED).cloned();
        let because = match &self.known.body {
            _ if whole.is_empty() => Some(Because::Empty),
            Some(before) if *before == whole && news == News::Changes && !advanced => Some(Because::SameBody),
            _ => None,
        };
        if let Some(because) = because {
            self.report().step(|| Step::Http(Http::Unchanged { because }));
            return Ok(Read::Nothing);
        }
        self.known.body = Some(whole.clone());
        let framing = self.client.framing.or(is_lines.then_some(Framing::Lines)).unwrap_or(Framing::File);
        let mut framer = Framer::new(framing, self.client.newline, largest);
        let (mut buffer, mut messages) = (BytesMut::from(whole), Vec::new());
        framer.finish(&mut buffer, &mut messages).map_err(|error| unframed(&error))?;
        self.heard(messages).await;
        Ok(Read::News)
    }

    /// Answers of lines may say which question comes next (RFC 8288): so a cursor moves on.
    fn advance(&mut self, headers: &HeaderMap) -> bool {
        let next = headers.get_all(header::LINK).iter().find_map(|link| next_link(link.to_str().ok()?));
        let Some(next) = next.and_then(|to| self.agent.asking.redirected(to).ok()) else { return false };
        let here = &self.agent.asking.target;
        if next.target.carrier != here.carrier {
            return false; // it is a cursor, and no way elsewhere
        }
        self.agent.asking.target = next.target;
        true
    }

    /// A body that goes on.
    async fn read_stream(&mut self, response: Response<Incoming>) -> Result<Read, Stopped> {
        let (parts, body) = response.into_parts();
        let mut body = Body::new(&parts.headers, body, None)?;
        let framing = self.client.framing.unwrap_or(Framing::Lines);
        let mut framer = Framer::new(framing, self.client.newline, self.client.largest);
        let mut buffer = BytesMut::new();
        loop {
            let (mut messages, piece) = (Vec::new(), body.next().await);
            // What came before a cut is heard.
            if let Ok(Some(piece)) = &piece {
                buffer.extend_from_slice(piece);
                framer.decode(&mut buffer, &mut messages).map_err(|error| unframed(&error))?;
            } else {
                framer.finish(&mut buffer, &mut messages).map_err(|error| unframed(&error))?;
            }
            self.heard(messages).await;
            if piece?.is_none() {
                self.report().step(|| body.step());
                return Ok(Read::News);
            }
        }
    }

    /// A body of events.
    async fn read_events(&mut self, response: Response<Incoming>) -> Result<Read, Stopped> {
        let (parts, body) = response.into_parts();
        let mut body = Body::new(&parts.headers, body, None)?;
        let mut parser = sse::Parser::resumed(self.client.largest, std::mem::take(&mut self.last_id));
        self.succeeded();
        loop {
            let (mut items, mut messages) = (Vec::new(), Vec::new());
            let piece = body.next().await;
            let read = match &piece {
                Ok(Some(piece)) => parser.read(piece, &mut items),
                _ => Ok(()),
            };
            for item in items {
                match item {
                    sse::Item::Event(sse::Event { name, id, data }) => {
                        let about = About { name, id: Some(id).filter(|id| !id.is_empty()), ..About::default() };
                        let about = (about != About::default()).then(|| Box::new(about));
                        messages.push(Message { about, ..Message::seen(data) });
                    }
                    sse::Item::Retry(millis) => {
                        self.reconnect = Duration::from_millis(millis.min(LONGEST_RECONNECT));
                        self.report().step(|| Step::Http(Http::Retry { millis }));
                    }
                    sse::Item::Comment(text) => {
                        let text = String::from_utf8_lossy(&text).into_owned();
                        self.report().step(|| Step::Http(Http::Comment { text }));
                    }
                    sse::Item::Ignored(field) => {
                        let field = String::from_utf8_lossy(&field).into_owned();
                        self.report().step(|| Step::Http(Http::Ignored { field }));
                    }
                }
            }
            self.last_id = parser.last_id().into();
            self.heard(messages).await;
            read.map_err(|sse::TooLong { limit }| too_long(limit))?;
            if piece?.is_none() {
                self.report().step(|| body.step());
                return Ok(Read::News);
            }
        }
    }

    async fn heard(&self, messages: Vec<Message>) {
        if messages.is_empty() {
            return;
        }
        let meter = self.report().meter();
        let events = messages.into_iter().map(|message| {
            meter.digest_heard(&message.data);
            Event::Message(message.told())
        });
        let events = events.collect();
        self.report().heard(events).await;
    }
}

/// A stream that asks for more is asked for again after this all the same, in milliseconds: a day.
const LONGEST_RECONNECT: u64 = 24 * 60 * 60 * 1000;

/// A body, without its coding.
struct Body {
    incoming: Incoming,
    decoder: content::Decoder,
    waiting: Bytes,
    /// A piece that does not come within this time is the end.
    limit: Option<Duration>,
    bytes: u64,
    decoded: u64,
    ended: bool,
}

impl Body {
    fn new(headers: &HeaderMap, incoming: Incoming, limit: Option<Duration>) -> Result<Self, Stopped> {
        let decoder = content::Decoder::new(text(headers, header::CONTENT_ENCODING)).map_err(|what| {
            Stopped::Broken(Trouble { what, hint: Some("--compression off asks for plain answers".to_owned()) })
        })?;
        Ok(Self { incoming, decoder, waiting: Bytes::new(), limit, bytes: 0, decoded: 0, ended: false })
    }

    /// The next piece; `None` at the end.
    async fn next(&mut self) -> Result<Option<Bytes>, Stopped> {
        loop {
            match self.decoder.read(&mut self.waiting) {
                Ok(Some(piece)) if piece.is_empty() => continue,
                Ok(Some(piece)) => {
                    self.decoded += piece.len() as u64;
                    return Ok(Some(piece));
                }
                Ok(None) if self.ended => return Ok(None),
                Ok(None) => {}
                Err(error) => return Err(miscoded(&error)),
            }
            let frame = match self.limit {
                None => self.incoming.frame().await,
                Some(limit) => timeout(limit, self.incoming.frame()).await.map_err(|_| Stopped::Cut(stalled(limit)))?,
            };
            match frame {
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        self.bytes += data.len() as u64;
                        self.waiting = data;
                    }
                }
                Some(Err(error)) => return Err(Stopped::Cut(cut(&error))),
                None => {
                    self.ended = true;
                    let half = |_| Stopped::Cut(HALF_CODED.to_owned());
                    let rest = self.decoder.finish().map_err(half)?;
                    if !rest.is_empty() {
                        self.decoded += rest.len() as u64;
                        return Ok(Some(rest));
                    }
                }
            }
        }
    }

    fn step(&self) -> Step {
        let decoded = (!self.decoder.is_identity()).then_some(self.decoded);
        Step::Http(Http::Body { bytes: self.bytes, decoded })
    }
}

/// What is not whole when everything has come.
const HALF_CODED: &str = "the compressed answer stopped before its end";

fn miscoded(error: &std::io::Error) -> Stopped {
    if error.kind() == std::io::ErrorKind::UnexpectedEof {
        return Stopped::Cut(HALF_CODED.to_owned());
    }
    let what = format!("the answer's Content-Encoding is broken: {}", words(error));
    Stopped::Broken(Trouble { what, hint: Some("--compression off asks for plain answers".to_owned()) })
}

fn too_long(limit: usize) -> Stopped {
    let what = format!("more than {limit} bytes came for one message");
    Stopped::Broken(Trouble { what, hint: Some("--max-message allows more".to_owned()) })
}

fn unframed(error: &crate::frame::FrameError) -> Stopped {
    Stopped::Broken(Trouble {
        what: error.to_string(),
        hint: Some("--framing says how messages are told apart".to_owned()),
    })
}

fn stalled(limit: Duration) -> String {
    format!("the answer stopped: nothing came for {limit:?}")
}

/// What it means that a body does not come to its end.
fn cut(error: &hyper::Error) -> String {
    let cause = std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<std::io::Error>());
    match cause {
        Some(cause) if cause.kind() != std::io::ErrorKind::UnexpectedEof => {
            format!("the answer was cut: {}", words(cause))
        }
        _ => "the answer was cut: the connection ended before its end".to_owned(),
    }
}

/// How a failure ends a conversation that was open.
fn end(Failure { exit, what, hint }: Failure) -> End {
    match exit {
        Exit::Timeout => End::Timeout { limit: what },
        Exit::Partial => End::Unfinished { what },
        Exit::Protocol | Exit::Usage => End::Violation { what, hint },
        Exit::Refused => End::Refused,
        _ => End::Failed { error: what },
    }
}

fn is_event_stream(kind: &str) -> bool {
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("text/event-stream"))
}

/// Types of content whose lines are messages.
fn is_lines(kind: &str) -> bool {
    const LINES: [&str; 4] =
        ["application/x-ndjson", "application/ndjson", "application/jsonl", "application/json-lines"];
    let kind = kind.split(';').next().unwrap_or_default().trim();
    LINES.iter().any(|lines| lines.eq_ignore_ascii_case(kind))
}

/// `<TARGET>; rel="next"`
fn next_link(link: &str) -> Option<&str> {
    link.split(',').find_map(|link| {
        let (target, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
        let is_next = parameters.split(';').any(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or_default();
            name.trim().eq_ignore_ascii_case("rel") && value.trim().trim_matches('"').eq_ignore_ascii_case("next")
        });
        is_next.then_some(target)
    })
}

/// An interval, longer or shorter by up to so many percent, as luck (from 0 to 1) will have it.
fn spread(interval: Duration, percent: u32, luck: f64) -> Duration {
    let part = f64::from(percent.min(100)) / 100.0;
    interval.mul_f64(1.0 - part + 2.0 * part * luck.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_to_what_comes_next() {
        for (link, next) in [
            ("</poll?since=7>; rel=\"next\"", Some("/poll?since=7")),
            ("</a>; rel=prev, </b>; title=x; rel=next", Some("/b")),
            ("</a>; rel=\"prev\"", None),
            ("</a>", None),
            ("", None),
        ] {
            assert_eq!(next_link(link), next, "{link}");
        }
    }

    #[test]
    fn an_interval_is_spread_around_itself() {
        let second = Duration::from_secs(1);
        for (percent, luck, millis) in [(0, 0.3, 1000), (20, 0.0, 800), (20, 0.5, 1000), (20, 1.0, 1200), (900, 0.0, 0)]
        {
            assert_eq!(spread(second, percent, luck), Duration::from_millis(millis), "{percent} % with {luck}");
        }
    }

    #[test]
    fn types_of_content() {
        assert!(is_event_stream("text/event-stream; charset=utf-8") && is_event_stream("Text/Event-Stream"));
        assert!(!is_event_stream("text/html") && !is_event_stream("text/event-streams"));
        assert!(is_lines("application/x-ndjson") && !is_lines("application/json"));
    }
}
