//! Outbox → server: what we say is posted, one message a request, in order.

use hyper::header::{self, HeaderValue};
use hyper::{HeaderMap, Method, StatusCode};

use super::Post;
use super::agent::{Agent, Ask};
use crate::event::{Event, Kind, Message, What};
use crate::exit::Failure;
use crate::http::refusal;
use crate::link::Outbox;

/// How our direction ended.
pub(super) enum Spoken {
    /// Nothing more is said; the server may go on.
    Finished(Outbox),
    /// The session wants no more of it.
    Closed,
}

/// Posts what is said; returns with how many messages were not taken.
pub(super) async fn speak(mut agent: Agent, post: &Post, mut outbox: Outbox, refused: &mut u64) -> Spoken {
    let report = agent.report.clone();
    while let Some(events) = outbox.next().await {
        let mut said = Vec::new();
        let mut last = None;
        for event in events {
            match event {
                Event::Message(message) => {
                    if deliver(&mut agent, post, &message).await {
                        report.meter().said(1);
                        said.push(Event::Message(message));
                    } else {
                        *refused += 1;
                    }
                }
                Event::Finish => last = Some(Event::Finish),
                Event::Close { why } => last = Some(Event::Close { why }),
                // HTTP has none of these.
                Event::Ping(_) | Event::Pong(_) | Event::Wire(_) | Event::Order(_) => {}
            }
            if last.is_some() {
                break;
            }
        }
        report.said(said).await;
        match last {
            Some(Event::Finish) => return Spoken::Finished(outbox),
            Some(_) => return Spoken::Closed,
            None => {}
        }
    }
    Spoken::Closed
}

/// Whether a message was taken. What the server answers is heard.
async fn deliver(agent: &mut Agent, post: &Post, message: &Message) -> bool {
    let report = agent.report.clone();
    let mut headers = HeaderMap::new();
    let kind = match (&post.content_type, message.kind) {
        (Some(kind), _) => kind.as_str(),
        (None, Kind::Text) => "text/plain; charset=utf-8",
        (None, Kind::Binary) => "application/octet-stream",
    };
    if let Ok(kind) = HeaderValue::from_str(kind) {
        headers.insert(header::CONTENT_TYPE, kind);
    }
    let asked = agent.ask(&Ask { method: Method::POST, body: message.data.clone(), headers }).await;
    let answer = match asked {
        Ok(answer) => answer,
        Err(failure) => {
            notice(&report, &failure).await;
            return false;
        }
    };
    let (parts, body) = answer.into_parts();
    let body = agent.short(body).await.unwrap_or_default();
    if !parts.status.is_success() {
        let trouble = refusal::of_status(parts.status, &parts.headers, &agent.asking.target);
        let hint = match parts.status {
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
                Some("it takes no messages there; --post URL says where it does".to_owned())
            }
            _ => trouble.hint,
        };
        let what = format!("POST {}: {}", agent.name(), trouble.what);
        notice(&report, &Failure { hint, ..Failure::new(crate::exit::Exit::Protocol, what) }).await;
        return false;
    }
    report.meter().digest_said(&message.data);
    if !body.is_empty() {
        report.heard(vec![Event::Message(Message::seen(body))]).await;
    }
    true
}

async fn notice(report: &crate::link::Reporter, failure: &Failure) {
    let hint = failure.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
    report.tell(What::Notice { text: format!("not delivered: {failure}{hint}") }).await;
}
