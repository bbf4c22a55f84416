//! One WebSocket of a client: its messages to the machines, and what they queue for it.

use std::sync::Arc;

use tokio::sync::{Notify, mpsc};
use tokio::time::timeout;

use super::host::Host;
use super::state::Work;
use super::wire::{Due, End, Wire};
use crate::eio::client::Hangup;
use crate::eio::session::Input;
use crate::eio::{Data, Text};
use crate::event::{self, CloseReason, Event, Kind, Message, Outcome};
use crate::link::{self, CLOSE_LIMIT, Carried};
use crate::sio::server::ClientId;
use crate::transport::{Channel, Opened};

/// Batches of messages that may wait for the machines.
const HEARD: usize = 16;

/// Carries a client's packets for as long as the socket lasts.
pub(super) async fn carry(host: &Arc<Host>, id: ClientId, Opened { channel, report }: Opened) {
    let Channel::Messages(transport) = channel else { return };
    let (heard, events) = mpsc::channel(HEARD);
    let (carried, run) = link::carry(transport, &report, heard);
    let wire = Arc::new(Wire::default());
    let ((), effects) = host.act(|state, now, effects| state.connected(id, wire.clone(), now, effects));
    if effects.is_refused {
        wire.end(End::Closing);
    }
    host.tell(effects).await;
    let gone = Notify::new();
    // All in one expression: each name that a future is given first is another place for it in this one.
    let outcome = tokio::select! {
        (outcome, (), ()) = async {
            tokio::join!(
                async {
                    let outcome = tokio::select! {
                        outcome = run => outcome,
                        // Whoever does not take what it is told does not take our goodbye either; who is cut gets none.
                        () = gone.notified() => Outcome { end: event::End::Partial, ..Outcome::default() },
                    };
                    wire.end(End::Gone);
                    outcome
                },
                async {
                    if speak(host, carried, &wire).await == Spoken::InVain {
                        gone.notify_one();
                    }
                },
                hear(host, id, events, &wire),
            )
        } => outcome,
        () = host.cut() => Outcome { end: event::End::Reset, ..Outcome::default() },
    };
    let hangup = match outcome.end {
        event::End::Complete | event::End::Dismissed { .. } | event::End::Unclosed => Hangup::Closed,
        _ => Hangup::Failed,
    };
    let ((), effects) = host.act(|state, now, effects| {
        if state.has(id, &wire) {
            state.drive(Work::Engine(id, Input::Hungup(hangup)), now, effects);
        }
    });
    host.tell(effects).await;
}

/// Tells the machines what comes, while the socket is the client's.
async fn hear(host: &Arc<Host>, id: ClientId, mut events: mpsc::Receiver<Vec<Event>>, wire: &Arc<Wire>) {
    while let Some(events) = events.recv().await {
        for event in events {
            let Event::Message(message) = event else { continue };
            let (is_taken, effects) = host.act(|state, now, effects| {
                let is_taken = state.has(id, wire);
                if let (true, Some(frame)) = (is_taken && !state.swallows(id), data(message)) {
                    state.drive(Work::Engine(id, Input::Frame(frame)), now, effects);
                }
                is_taken
            });
            host.tell(effects).await;
            if !is_taken {
                break;
            }
        }
    }
}

/// A message as Engine.IO has it.
fn data(Message { kind, data, .. }: Message) -> Option<Data> {
    match kind {
        Kind::Text => Text::of_bytes(data).map(Data::Text),
        Kind::Binary => Some(Data::Binary(data)),
    }
}

/// How speaking ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spoken {
    /// All is said, or the other end is gone.
    Out,
    /// What was said was not taken, or is not to be.
    InVain,
}

/// Says what is queued until that ends.
async fn speak(host: &Host, carried: Carried, wire: &Wire) -> Spoken {
    let end = loop {
        match wire.due().await {
            Due::Frames(frames) => {
                let events = frames.into_iter().map(event).collect();
                host.server.faults.delay().await;
                tokio::select! {
                    said = carried.say(events) => if said.is_err() { return Spoken::Out },
                    () = wire.given_up() => {}
                }
            }
            Due::End(end) => break end,
        }
    };
    let why = match end {
        End::Gone => return Spoken::Out,
        End::Cut => return Spoken::InVain,
        End::Open | End::Closing => None,
        End::TooSlow => Some(CloseReason::too_slow()),
    };
    // Dropping it afterwards limits how long the rest may take.
    match timeout(CLOSE_LIMIT, carried.say(vec![Event::Close { why }])).await {
        Ok(_) => Spoken::Out,
        Err(_) => Spoken::InVain,
    }
}

fn event(frame: Data) -> Event {
    Event::Message(match frame {
        Data::Text(text) => Message { data: text.bytes(), ..Message::text("") },
        Data::Binary(bytes) => Message::binary(bytes),
    })
}
