//! One WebSocket of a client: its messages to the machines, and what they queue for it.

use std::sync::{Arc, Weak};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::{Mutex, mpsc};
use tokio::task::yield_now;
use tokio::time::timeout;

use super::host::Host;
use super::state::{Effects, Work};
use super::wire::{Due, End, Wire};
use crate::eio::client::Hangup;
use crate::eio::payload::Binary;
use crate::eio::session::Input;
use crate::eio::{Data, Text};
use crate::event::{self, CloseReason, Event, Kind, Message, Outcome};
use crate::link::{self, Above, CLOSE_LIMIT, Carried, Shortcut};
use crate::sio::server::ClientId;
use crate::transport::{Channel, Opened};

/// So many messages are heard before somebody else has a turn.
const TURN: usize = 16;

/// Carries a client's packets for as long as the socket lasts.
pub(super) async fn carry(host: &Arc<Host>, id: ClientId, binary: Binary, Opened { channel, report }: Opened) {
    let Channel::Messages(transport) = channel else { return };
    let wire = Arc::new(Wire::default());
    let ear = Arc::new(Ear { host: host.clone(), id, wire: wire.clone(), heard: Mutex::default() });
    let (carried, mut run) = link::carry(transport, &report, ear.clone());
    let ((), effects) = host.act(|state, now, effects| state.connected(id, wire.clone(), binary, now, effects));
    if effects.is_refused {
        wire.end(End::Closing);
    }
    host.tell(effects).await;
    let ended = tokio::select! {
        outcome = &mut run => Err(outcome),
        spoken = speak(host, carried, &wire) => Ok(spoken),
    };
    let outcome = match ended {
        Err(outcome) => outcome,
        Ok(Spoken::Out) => run.await,
        // Whoever does not take what it is told does not take our goodbye either; who is cut gets none.
        Ok(Spoken::InVain) => {
            drop(run);
            Outcome { end: event::End::Partial, ..Outcome::default() }
        }
    };
    host.tell_from(&mut ear.heard.lock().await.untold).await;
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
struct Ear {
    host: Arc<Host>,
    id: ClientId,
    wire: Arc<Wire>,
    heard: Mutex<Heard>,
}

#[derive(Default)]
struct Heard {
    /// What follows from it, and is told even if the socket ends meanwhile.
    untold: Effects,
    /// Messages of this turn.
    count: usize,
}

impl Above for Ear {
    fn opens(&self, shortcut: Weak<dyn Shortcut>, socket: mpsc::Sender<Vec<Event>>) {
        if self.host.server.faults.lateness().is_none() {
            self.wire.opens(shortcut, socket);
        }
    }

    fn hear(&self, events: Vec<Event>) -> BoxFuture<'_, ()> {
        let Self { host, id, wire, heard } = self;
        async move {
            let mut heard = heard.lock().await;
            let Heard { untold, count } = &mut *heard;
            let mut messages = events.into_iter().filter_map(message).peekable();
            while messages.peek().is_some() {
                host.act_into(untold, |state, now, effects| {
                    for message in messages.by_ref().take(TURN - *count) {
                        *count += 1;
                        if let (true, Some(frame)) = (state.has(*id, wire) && !state.swallows(*id), data(message)) {
                            state.drive(Work::Engine(*id, Input::Frame(frame)), now, effects);
                        }
                    }
                });
                host.tell_from(untold).await;
                if *count == TURN {
                    *count = 0;
                    // A flood would leave nothing of the task's budget to who speaks in it.
                    yield_now().await;
                }
            }
        }
        .boxed()
    }
}

fn message(event: Event) -> Option<Message> {
    match event {
        Event::Message(message) => Some(message),
        _ => None,
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
            Due::Frames(events) => {
                host.server.faults.delay().await;
                tokio::select! {
                    said = carried.say(events) => if said.is_err() { return Spoken::Out },
                    end = wire.given_up() => if end == End::Closing { return Spoken::InVain },
                }
            }
            Due::End(end) => break end,
        }
    };
    let why = match end {
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
