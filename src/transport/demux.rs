//! One unconnected socket, many peers: a datagram listener.
//!
//! Each address that sends something becomes a conversation of its own, with a table entry that expires after silence;
//! so the session sees peers, as with connections, and can answer, list and dismiss them.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::mpsc;

use super::packets::{Address, PacketSocket, Received, Tally, say};
use super::tcp::unmap;
use super::{Channel, Opened};
use crate::endpoint::printable;
use crate::event::{End, Event, Message, Outcome, Peer, What};
use crate::exit::{Failure, words};
use crate::link::{Journal, Port, Transport};
use crate::step::Step;

/// Batches of one peer that may wait for its conversation.
const INBOX: usize = 64;
/// Messages of one peer are handed on together up to so many.
const BATCH: usize = 1024;

/// What a datagram listener needs to know.
pub(super) struct Demux {
    pub socket: Arc<PacketSocket>,
    /// The listener, as an endpoint that can be typed.
    pub local: String,
    pub scheme: &'static str,
    pub expiry: Duration,
    /// Longer packets are cut, and said to be.
    pub limit: usize,
}

type Inbox = mpsc::Sender<(Vec<Message>, u64)>;

impl Demux {
    /// Hears every peer, for as long as the listener lives.
    pub(super) async fn run(self, journal: Journal, incoming: mpsc::Sender<Result<Opened, Failure>>) {
        let mut buffer = self.socket.buffer();
        let mut peers: HashMap<Address, Inbox> = HashMap::new();
        let mut waiting: Option<Received> = None;
        loop {
            let received = match waiting.take() {
                Some(received) => received,
                None => match self.socket.receive(&mut buffer, self.limit).await {
                    Ok(received) => received,
                    Err(error) => {
                        // An ICMP error about one peer is no reason to stop hearing the others.
                        journal.program().step(|| Step::Unreachable { error: words(&error) });
                        tokio::task::yield_now().await;
                        continue;
                    }
                },
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
            // A new peer, or one whose conversation has ended.
            peers.retain(|_, inbox| !inbox.is_closed());
            let (inbox, heard) = mpsc::channel(INBOX);
            let peer = Peer { remote: self.name(&from), local: self.local.clone() };
            let conversation =
                Conversation { socket: self.socket.clone(), to: from.clone(), peer, expiry: self.expiry, heard };
            // The inbox is empty, so there is room.
            let _ = inbox.try_send(batch);
            peers.insert(from, inbox);
            let opened = Opened { channel: Channel::Messages(Box::new(conversation)), report: journal.open() };
            if incoming.send(Ok(opened)).await.is_err() {
                return;
            }
        }
    }

    fn name(&self, from: &Address) -> String {
        match from {
            Address::Inet(address) => format!("{}://{}", self.scheme, unmap(*address)),
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
    let Conversation { socket, to, peer, expiry, mut heard } = conversation;
    let Port { mut outbox, report, .. } = port;
    let tally = Tally::default();
    let speak = async {
        let mut mute = false;
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
            // `say` fails only on connected sockets; what this one could not send it has said.
            if let Ok(Some(Event::Close { .. })) = say(&socket, Some(&to), &peer.remote, events, &report, &tally).await
            {
                return;
            }
        }
    };
    let listen = async {
        while let Ok(Some((messages, bytes))) = tokio::time::timeout(expiry, heard.recv()).await {
            tally.received.fetch_add(bytes, Ordering::Relaxed);
            report.step(|| Step::Received { bytes });
            report.heard(messages.into_iter().map(Event::Message).collect()).await;
        }
    };
    tokio::select! {
        () = speak => {}
        () = listen => {}
    }
    tally.outcome(End::Complete)
}
