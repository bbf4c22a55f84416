//! One unconnected socket, many peers: a datagram listener.
//!
//! Each address that sends something becomes a conversation of its own, with a table entry that expires after silence;
//! so the session sees peers, as with connections, and can answer, list and dismiss them.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::mpsc;

use super::listener::Incoming;
use super::packet_socket::{Address, PacketSocket, Received};
use super::packets::{Tally, say};
use super::tcp::unmap;
use super::unix::SocketFile;
use super::{Channel, Listener, Opened};
use crate::access::Visitor;
use crate::endpoint::printable;
use crate::event::{End, Event, Message, Outcome, Peer, What};
use crate::exit::words;
use crate::link::{Journal, Port, Transport};
use crate::step::Step;

/// Batches of one peer that may wait for its conversation.
const INBOX: usize = 64;
/// Messages of one peer are handed on together up to so many.
const BATCH: usize = 1024;

/// A Unix peer that takes nothing for so long misses what it has no room for, so that the others do not wait for it.
const PATIENCE: Duration = Duration::from_secs(1);

/// What a datagram listener needs to know.
pub(super) struct Demux {
    pub socket: Arc<PacketSocket>,
    /// The listener, as an endpoint that can be typed.
    pub local: String,
    pub scheme: &'static str,
    pub expiry: Duration,
    /// Longer packets are cut, and said to be.
    pub limit: usize,
    /// A Unix socket's file.
    pub file: Option<SocketFile>,
}

type Inbox = mpsc::Sender<(Vec<Message>, u64)>;

/// The socket is needed for as long as anybody holds this. Its file goes with the last of them and not with the task,
/// which nobody waits for.
struct Need {
    /// Nothing is sent through it.
    _open: mpsc::Sender<Infallible>,
    _file: Option<SocketFile>,
}

impl Demux {
    /// Hears every peer, for as long as the listener or one of the conversations lives.
    pub(super) fn start(mut self, listener: &mut Listener, journal: Journal, incoming: Incoming) {
        let (open, unneeded) = mpsc::channel(1);
        let need = Arc::new(Need { _open: open, _file: self.file.take() });
        tokio::spawn(self.run(journal, incoming, Arc::downgrade(&need), unneeded));
        listener.keep(need);
    }

    async fn run(
        self,
        journal: Journal,
        incoming: Incoming,
        need: Weak<Need>,
        mut unneeded: mpsc::Receiver<Infallible>,
    ) {
        let mut buffer = self.socket.buffer();
        let mut peers: HashMap<Address, Inbox> = HashMap::new();
        let mut waiting: Option<Received> = None;
        loop {
            let received = if let Some(received) = waiting.take() {
                received
            } else {
                let received = tokio::select! {
                    received = self.socket.receive(&mut buffer, self.limit) => received,
                    _ = unneeded.recv() => return,
                };
                match received {
                    Ok(received) => received,
                    Err(error) => {
                        // An ICMP error about one peer is no reason to stop hearing the others.
                        journal.program().step(|| Step::Unreachable { error: words(&error) });
                        tokio::task::yield_now().await;
                        continue;
                    }
                }
            };
            let Received { from, mut messages, mut bytes } = received;
            // What is already there from the same peer shares the hop.
            while messages.len() < BATCH {
                match self.socket.try_receive(&mut buffer, self.limit) {
                    Ok(next) if next.from == from => {
                        messages.extend(next.messages);
                        bytes += next.bytes;
                    }
                    Ok(other) => {
                        waiting = Some(other);
                        break;
                    }
                    Err(_) => break,
                }
            }
            let refused = match peers.get(&from) {
                Some(inbox) => inbox.send((messages, bytes)).await.err().map(|refused| refused.0),
                None => Some((messages, bytes)),
            };
            let Some(batch) = refused else { continue };
            // A new peer, or one whose conversation has ended. Without the listener there are no new conversations.
            let Some(need) = need.upgrade().filter(|_| !incoming.is_closed()) else { continue };
            if let Some(refusal) = incoming.door().refusal(from.ip().map_or(Visitor::Unknown, Visitor::Address)) {
                incoming.door().count(&self.name(&from), refusal, batch.0.len());
                continue;
            }
            peers.retain(|_, inbox| !inbox.is_closed());
            let (inbox, heard) = mpsc::channel(INBOX);
            let peer = Peer { remote: self.name(&from), local: self.local.clone() };
            let conversation = Conversation {
                socket: self.socket.clone(),
                to: from.clone(),
                peer,
                expiry: self.expiry,
                heard,
                _need: need,
            };
            // The inbox is empty, so there is room.
            let _ = inbox.try_send(batch);
            peers.insert(from, inbox);
            let opened = Opened { channel: Channel::Messages(Box::new(conversation)), report: journal.open() };
            // Fails when the listener is gone meanwhile, and then the peer is none of its.
            let _ = incoming.admit(opened).await;
        }
    }

    fn name(&self, from: &Address) -> String {
        match from {
            Address::Inet(address, _) => format!("{}://{}", self.scheme, unmap(*address)),
            Address::Unix(address) => match (address.path_bytes(), address.abstract_name()) {
                (Some(path), _) => format!("unix:{}", printable(path)),
                (_, Some(name)) => format!("unix:@{}", printable(name)),
                _ => "unix:(nameless)".to_owned(),
            },
            Address::Nameless => "unix:(nameless)".to_owned(),
        }
    }
}

/// One peer of a datagram listener.
struct Conversation {
    socket: Arc<PacketSocket>,
    to: Address,
    peer: Peer,
    expiry: Duration,
    heard: mpsc::Receiver<(Vec<Message>, u64)>,
    _need: Arc<Need>,
}

impl Transport for Conversation {
    fn peer(&self) -> &Peer {
        &self.peer
    }

    fn run(self: Box<Self>, port: Port) -> BoxFuture<'static, Outcome> {
        converse(*self, port).boxed()
    }
}

async fn converse(conversation: Conversation, port: Port) -> Outcome {
    let Conversation { socket, to, peer, expiry, mut heard, _need } = conversation;
    let Port { mut outbox, report, mut closing } = port;
    let mut speaker_closing = closing.clone();
    let tally = Tally::of(&report);
    let speak = async {
        let mut mute = false;
        let mut missed = 0;
        while let Some(events) = outbox.next().await {
            if to == Address::Nameless {
                if !mute && events.iter().any(|event| matches!(event, Event::Message(_))) {
                    mute = true;
                    let text =
                        format!("{} cannot be answered: its socket has no address (the peer must bind)", peer.remote);
                    report.tell(What::Notice { text }).await;
                }
                continue;
            }
            let offered = events.iter().filter(|event| matches!(event, Event::Message(_))).count() as u64;
            let before = tally.meter.messages_said();
            let patience = if missed == 0 { PATIENCE } else { Duration::ZERO };
            let say = say(&socket, Some(&to), &peer.remote, events, &report, &tally);
            let Ok(said) = tokio::time::timeout(patience, say).await else {
                missed += offered - (tally.meter.messages_said() - before);
                continue;
            };
            if missed > 0 {
                report.tell(slow(&peer.remote, missed)).await;
                tally.undelivered.fetch_add(std::mem::take(&mut missed), Ordering::Relaxed);
            }
            match said {
                Ok(Some(Event::Close { .. })) => break,
                Ok(_) => {}
                Err(error) => {
                    tally.undelivered.fetch_add(1, Ordering::Relaxed);
                    let text = format!("{} can no longer be answered: {}", peer.remote, words(&error));
                    report.tell(What::Notice { text }).await;
                    // What it said before it went may still be on its way.
                    drop(outbox);
                    return speaker_closing.wait().await;
                }
            }
        }
        if missed > 0 {
            report.tell(slow(&peer.remote, missed)).await;
            tally.undelivered.fetch_add(missed, Ordering::Relaxed);
        }
    };
    let listen = async {
        loop {
            match tokio::time::timeout(expiry, heard.recv()).await {
                Ok(Some((messages, bytes))) => {
                    tally.heard(&messages, bytes);
                    report.step(|| Step::Received { bytes });
                    report.heard(messages.into_iter().map(Event::Message).collect()).await;
                }
                Ok(None) => return,
                // What comes from now on opens a new conversation; what came just now is still heard here.
                Err(_) => heard.close(),
            }
        }
    };
    let limit = async {
        closing.overdue(&report).await;
        tally.undelivered.fetch_add(1, Ordering::Relaxed);
    };
    tokio::select! {
        () = speak => {}
        () = listen => {}
        () = limit => {}
    }
    tally.outcome(End::Complete)
}

fn slow(remote: &str, missed: u64) -> What {
    What::Notice { text: format!("{remote} does not read: {missed} messages were not sent to it") }
}
