//! Seqpacket peers that do what ours never would.

use std::sync::Arc;

use socket2::{Domain, Socket, Type};
use tokio::sync::mpsc;

use super::{Ending, PacketSocket, Packets};
use crate::event::{End, Event, Outcome, Peer, Record, What};
use crate::link::{self, Journal, Link, Reply, Watch};

/// A conversation, its records, and the peer's socket.
fn pair() -> (Link, mpsc::Receiver<Vec<Record>>, Socket) {
    let (ours, theirs) = Socket::pair(Domain::UNIX, Type::SEQPACKET, None).expect("sockets");
    ours.set_nonblocking(true).expect("a mode");
    let socket = PacketSocket::unix(ours, None).expect("a socket");
    let peer = Peer { remote: "unix:them".to_owned(), local: "unix:us".to_owned() };
    let packets = Packets { socket, peer, to: None, ending: Ending::Stream, limit: usize::MAX };
    let (journal, records) = Journal::new(Watch::default(), None);
    theirs.set_nonblocking(true).expect("a mode");
    (link::start(Box::new(packets), journal.open(), Reply::None, Vec::new(), Arc::default()), records, theirs)
}

/// Messages until the end of the peer, or of the conversation, which has an outcome.
async fn heard(records: &mut mpsc::Receiver<Vec<Record>>) -> (Vec<String>, Option<Outcome>) {
    let mut heard = Vec::new();
    while let Some(batch) = records.recv().await {
        for record in batch {
            match record.what {
                What::Heard(Event::Message(message)) => {
                    heard.push(String::from_utf8_lossy(&message.data).into_owned());
                }
                What::Heard(Event::Finish) => return (heard, None),
                What::Closed(outcome) => return (heard, Some(*outcome)),
                _ => {}
            }
        }
    }
    (heard, None)
}

#[tokio::test]
async fn an_empty_packet_is_not_the_end() {
    let (_link, mut records, peer) = pair();
    for packet in ["one", "", "two"] {
        peer.send(packet.as_bytes()).expect("sent");
    }
    peer.shutdown(std::net::Shutdown::Write).expect("an end");
    assert_eq!(heard(&mut records).await, (["one", "", "two"].map(str::to_owned).to_vec(), None));
}

#[tokio::test]
async fn what_was_said_before_a_reset_is_heard() {
    let (link, mut records, peer) = pair();
    let message = Event::Message(crate::event::Message::text("unread"));
    link.sender().send(vec![message]).await.expect("room");
    // The packet is there, and stays unread: that makes the close a reset.
    while peer.peek(&mut [std::mem::MaybeUninit::uninit(); 16]).is_err() {
        tokio::task::yield_now().await;
    }
    for packet in ["one", "two"] {
        peer.send(packet.as_bytes()).expect("sent");
    }
    drop(peer);
    let (messages, outcome) = heard(&mut records).await;
    assert_eq!(messages, ["one", "two"]);
    assert_eq!(outcome.map(|outcome| outcome.end), Some(End::Reset));
}
