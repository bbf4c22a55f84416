//! A program for an event: it reads the arguments, and what it writes acknowledges the event or is said to who said it.

use std::pin::pin;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::sleep;

use super::host::Host;
use super::state::Work;
use crate::eio::Text;
use crate::eio::client::Delivery;
use crate::event::{Event, Message, Outcome, Peer, What};
use crate::exec::{self, Program};
use crate::link::{self, Reporter};
use crate::repl;
use crate::sio::client::{Answer, Emission};
use crate::sio::server::{Audience, Input, Socket};
use crate::sio::words::{self, Words};
use crate::sio::{Json, Packet, Parser, sayable};

/// So many may run at a time; who says more waits.
pub(super) const MOST: usize = 64;

/// Lines of a program that may wait.
const SAID: usize = 4;

/// One of them.
pub(super) struct Run {
    pub(super) program: Arc<Program>,
    pub(super) report: Reporter,
    pub(super) peer: Peer,
    pub(super) socket: Socket,
    /// The number of the acknowledgement that its first line is.
    pub(super) asks: Option<u64>,
    /// The event.
    pub(super) packet: Packet,
}

impl Run {
    /// What it reads: the arguments, and attachments in base64 after them.
    fn lines(&self) -> Vec<Event> {
        let elements = self.packet.data.as_ref().map(Json::elements).unwrap_or_default();
        let arguments = Json::array(elements.get(1..).unwrap_or_default());
        // What is written over several lines is one here.
        let line = arguments.text().replace(['\n', '\r'], " ");
        let attachments = self.packet.attachments.iter().map(|bytes| STANDARD.encode(bytes));
        std::iter::once(line).chain(attachments).map(|line| Event::Message(Message::text(line))).collect()
    }

    /// What a line of it says.
    fn said(&self, line: &Bytes, asks: &mut Option<u64>, parser: Parser) -> Result<Option<Input>, String> {
        let text = Text::of_bytes(line.clone()).ok_or("it is not UTF-8")?;
        if text.trim().is_empty() {
            return Ok(None);
        }
        let read = if asks.is_some() { words::answer } else { words::event };
        let Words { json: arguments, attachments } =
            read(&text, &|path| repl::file(path)).map_err(|wrong| wrong.to_string())?;
        let judge = if asks.is_some() { sayable::answer } else { sayable::event };
        judge(parser, &arguments, attachments.len()).map_err(|why| why.to_string())?;
        let socket = self.socket.clone();
        Ok(Some(match asks.take() {
            Some(id) => Input::Ack { socket, id, arguments, attachments },
            None => Input::Emit(
                Audience { namespace: socket.namespace, rooms: vec![socket.sid], except: Vec::new() },
                Emission { arguments, attachments, delivery: Delivery::Kept, answer: Answer::None },
            ),
        }))
    }
}

/// Runs it until it has ended, or everything has, or its time is over.
pub(super) fn start(host: Arc<Host>, run: Run, place: OwnedSemaphorePermit) -> BoxFuture<'static, ()> {
    // Boxed, because what it says may start others.
    attend(host, run, place).boxed()
}

async fn attend(host: Arc<Host>, run: Run, place: OwnedSemaphorePermit) {
    let (held, closing) = link::closing();
    let (outbox, mut said) = mpsc::channel(SAID);
    let (program, report) = (run.program.clone(), run.report.clone());
    let (attendant, heard) = exec::spawn(program, run.peer.clone(), outbox, closing, report);
    // It may have ended without reading anything.
    let _ = heard.send(run.lines()).await;
    drop(heard);
    let mut asks = run.asks;
    let limit = host.server.program_timeout;
    let mut time = pin!(sleep(limit));
    loop {
        let events = tokio::select! {
            events = said.recv() => events,
            () = host.over() => None,
            () = &mut time => {
                let text = format!("`{}` is ended: it ran for {limit:?} (--on-exec-timeout)", run.program.command);
                run.report.tell(What::Notice { text }).await;
                None
            }
        };
        let Some(events) = events else { break };
        let is_last = events.iter().any(|event| matches!(event, Event::Close { .. }));
        for event in events {
            let Event::Message(message) = event else { continue };
            match run.said(&message.data, &mut asks, host.server.config.parser) {
                Ok(Some(input)) => {
                    let effects = host.drive(Work::Server(input));
                    host.tell(effects).await;
                }
                Ok(None) => {}
                Err(why) => {
                    let text = format!("not said for `{}`: {why}", run.program.command);
                    run.report.tell(What::Notice { text }).await;
                }
            }
        }
        if is_last {
            break;
        }
    }
    drop((said, held));
    attendant.end(&Outcome::default()).await;
    drop(place);
}
