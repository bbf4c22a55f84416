//! Peer → frames → reporter.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Poll, ready};

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead as _, AsyncReadExt as _, ReadBuf};

use super::super::stream::ReadHalf;
use super::Answers;
use super::conversation::{Answer, Listened, Shared};
use super::desk::Desk;
use crate::event::{CloseReason, Event};
use crate::step::Step;
use crate::step::ws::{Way, Ws};
use crate::ws::hearing::{Heard, Hearer, Seen};

/// One read takes at most so many bytes.
const READ: usize = 64 * 1024;

thread_local! {
    /// Where one read goes, on its way to one hearer: idle connections need no buffers of their own.
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; READ]);
}

/// Peer → reporter, until its Close.
pub(super) async fn listen(read: &mut ReadHalf, mut hearer: Hearer, early: Bytes, shared: Shared<'_>) -> Listened {
    let Shared { pulse, desk, .. } = shared;
    let Desk { wanted, report, .. } = desk;
    let mut ear = Ear { events: Vec::new(), closed: Closed::NotYet, shared };
    let mut early = Some(BytesMut::from(early)).filter(|early| !early.is_empty());
    loop {
        let taken = match early.take() {
            Some(mut early) => Ok((early.len(), hearer.hear(&mut early, &mut |heard| ear.take(heard)))),
            None => match hearer.room() {
                Some(mut room) => {
                    let read = read.read_buf(&mut room).await;
                    read.map(|n| (n, hearer.arrived(&mut |heard| ear.take(heard))))
                }
                None => {
                    poll_fn(|cx| {
                        SCRATCH.with_borrow_mut(|scratch| {
                            let mut buffer = ReadBuf::new(scratch);
                            ready!(Pin::new(&mut *read).poll_read(cx, &mut buffer))?;
                            let bytes = buffer.filled_mut();
                            Poll::Ready(Ok((bytes.len(), hearer.hear(bytes, &mut |heard| ear.take(heard)))))
                        })
                    })
                    .await
                }
            },
        };
        let (n, result) = match taken {
            Ok(taken) => taken,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Listened::Ended, // TLS without its end
            Err(error) => return Listened::Failed(error),
        };
        report.meter().received_unseen(n as u64);
        pulse.beat();
        if !ear.events.is_empty() {
            // Boxed: an idle conversation carries no room for it, and a batch pays for one allocation.
            Box::pin(report.heard(std::mem::take(&mut ear.events))).await;
        }
        if let Closed::With(why) = ear.closed {
            wanted.end(Answer::Close(why.clone()));
            return Listened::Closed(why);
        }
        if let Err(refusal) = result {
            report.step(|| Step::Ws(Ws::Refused { why: refusal.what.clone() }));
            let why = CloseReason { code: refusal.code, reason: refusal.what.clone() };
            wanted.end(Answer::Refuse(why));
            return Listened::Refused(refusal);
        }
        if n == 0 {
            report.step(|| Step::EndOfStream);
            return Listened::Ended;
        }
    }
}

/// Whether the peer's Close has come, and why.
enum Closed {
    NotYet,
    With(Option<CloseReason>),
}

/// Takes what one read amounts to.
struct Ear<'a> {
    events: Vec<Event>,
    closed: Closed,
    shared: Shared<'a>,
}

impl Ear<'_> {
    fn take(&mut self, heard: Heard) {
        let Shared { manners, pulse, desk: Desk { ledger, wanted, report, .. }, .. } = self.shared;
        let event = match heard {
            Heard::Frame(Seen { header, inflated }) => {
                let wire = header.size() as u64 + header.length;
                return report.step(|| Step::Ws(Ws::Frame { way: Way::Heard, header, wire, inflated }));
            }
            Heard::Event(event) => event,
        };
        match &event {
            Event::Ping(ping) if manners.pongs == Answers::Given => wanted.offer(ping.data.clone()),
            Event::Pong(pong) => {
                if let Some(took_ns) = pulse.answered(&pong.data) {
                    report.step(|| Step::Ws(Ws::RoundTrip { took_ns }));
                }
            }
            Event::Close { why } => self.closed = Closed::With(why.clone()),
            Event::Message(message) => {
                report.digest_heard(&message.data);
                ledger.heard(message.data.len());
            }
            _ => {}
        }
        self.events.push(event);
    }
}
