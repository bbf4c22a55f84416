//! A server listened to, and posted to, until either side has had enough.

use std::pin::pin;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::Post;
use super::agent::Agent;
use super::hear::Listener;
use super::post::{Spoken, speak};
use crate::event::{End, Event, Outcome, Peer};
use crate::link::{Outbox, Port, Transport};

/// A conversation that is open.
pub(super) struct Conversation {
    pub(super) listener: Listener,
    pub(super) poster: Agent,
    pub(super) post: Post,
    pub(super) peer: Peer,
}

impl Transport for Conversation {
    fn peer(&self) -> &Peer {
        &self.peer
    }

    fn run(self: Box<Self>, port: Port) -> BoxFuture<'static, Outcome> {
        converse(self, port).boxed()
    }
}

async fn converse(conversation: Box<Conversation>, port: Port) -> Outcome {
    let Conversation { mut listener, mut poster, post, peer: _ } = *conversation;
    let Port { outbox, report, mut closing } = port;
    // From now on what is heard may also be answered.
    listener.reports_to(report.clone());
    poster.report = report.clone();
    let mut refused = 0;
    let end = {
        let mut listening = pin!(listener.listen());
        let mut speaking = pin!(speak(poster, &post, outbox, &mut refused));
        let mut heard: Option<End> = None;
        let mut finished: Option<Outbox> = None;
        loop {
            tokio::select! {
                biased;
                end = &mut listening, if heard.is_none() => match end {
                    End::Complete if finished.is_none() => {
                        // It says no more, and may still be posted to.
                        report.heard(vec![Event::Finish]).await;
                        heard = Some(End::Complete);
                    }
                    end => break end,
                },
                spoken = &mut speaking, if finished.is_none() => match spoken {
                    Spoken::Closed => break End::Complete,
                    Spoken::Finished(_) if heard.is_some() => break End::Complete,
                    Spoken::Finished(outbox) => finished = Some(outbox),
                },
                () = Outbox::closed_if(&mut finished), if finished.is_some() => break End::Complete,
                () = closing.overdue(&report) => break End::Partial,
            }
        }
    };
    let end = match end {
        End::Complete if refused > 0 => End::Partial,
        end => end,
    };
    let meter = report.meter();
    let (sent, received) = (meter.bytes_sent(), meter.bytes_received());
    Outcome { end, sent, received, acknowledged: None, digest: meter.digests() }
}
