//! The ends of the conversations, and what is looked for in what they do.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::task::JoinHandle;

use super::super::director::Director;
use super::super::moves::{defect, is_step};
use super::super::opening;
use super::super::{Happened, Side};
use super::{A_DAY, AGAIN, ANSWER, LONGEST, PATIENCE};
use crate::eio::admission::Carrier;
use crate::eio::client::Upgrade;
use crate::eio::{Version, session};
use crate::event::{ConnId, Event, Message, What};
use crate::exit::Failure;
use crate::http::{Protocol, Target};
use crate::link::Link;
use crate::sio::client::Reconnection;
use crate::sio::{Json, Order, server};
use crate::step::Step;
use crate::step::http::Http;
use crate::step::sio::Sio;
use crate::step::ws::{Way, Ws};
use crate::transport::sio::connect::{Client, Versions};
use crate::transport::sio::listen::{Pattern, Reply, Rules, Server};
use crate::transport::{Bind, Dial, Opened, ws};
use crate::ws::frame::Opcode;
use crate::ws::handshake::{self, Page};

/// A server of Socket.IO whose heart beats so often, and which can recover connections for so long.
pub(super) fn bind(ping_interval: Duration, recovery: Option<Duration>) -> Bind {
    let started = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let rules = Rules {
        namespaces: vec![Pattern::new("/news")],
        acks: vec![("save".to_owned(), Json::array(&[Json::string("done")]))],
        reply: Reply::Broadcast,
        ..Rules::default()
    };
    let config = server::Config {
        recovery,
        started: u64::try_from(started).unwrap_or(u64::MAX),
        connect_timeout: A_DAY,
        ..server::Config::default()
    };
    let session =
        session::Config { ping_interval, ping_timeout: ANSWER, upgrade_timeout: A_DAY, ..session::Config::default() };
    let server = Server { session, config, rules, limit: A_DAY, ack_timeout: A_DAY, ..Server::default() };
    Bind { sio: Some(Box::new(server)), ..opening::bind() }
}

/// A WebSocket server that knows nothing of Socket.IO.
pub(super) fn bare_bind() -> Bind {
    let rules = handshake::Rules { page: Page::Hidden, ..handshake::Rules::default() };
    let server = ws::Server { rules: Arc::new(rules), manners: ws::Manners::new(LONGEST), limit: A_DAY };
    Bind { ws: Some(server), ..opening::bind() }
}

/// A client of Socket.IO.
pub(super) fn dial(by: SocketAddr, carrier: Carrier, upgrade: Upgrade) -> Result<Dial, Failure> {
    let target = Target::parse(Protocol::Http, &format!("http://{by}/")).map_err(|_| defect())?;
    let [delay, longest] = AGAIN;
    let client = Client {
        versions: Versions::Only(Version::V4),
        carrier,
        upgrade,
        reconnection: Some(Reconnection { delay, longest, ..Reconnection::default() }),
        patience: Some(PATIENCE),
        limit: A_DAY,
        largest: LONGEST,
        ..Client::new(target)
    };
    Ok(Dial { sio: Some(Box::new(client)), ..opening::dial(by) })
}

/// A client of WebSocket.
pub(super) fn bare_dial(by: SocketAddr, resource: &str) -> Result<Dial, Failure> {
    let target = Target::parse(Protocol::WebSocket, &format!("ws://{by}{resource}")).map_err(|_| defect())?;
    let ask = handshake::Ask { deflate: None, ..handshake::Ask::new(target) };
    let client = ws::Client { tls: None, ask, manners: ws::Manners::new(LONGEST), limit: A_DAY };
    Ok(Dial { ws: Some(Box::new(client)), ..opening::dial(by) })
}

/// A conversation that opens.
pub(super) struct Opens {
    pub(super) opening: JoinHandle<Result<Opened, Failure>>,
    /// Its number among the client's.
    pub(super) number: ConnId,
}

pub(super) fn opens(play: &Director, dial: Dial) -> Opens {
    let report = play.client.journal.open();
    let number = report.conn();
    Opens { opening: tokio::spawn(async move { dial.connect(report).await }), number }
}

/// It must have failed: it is what the texts say.
pub(super) fn failed(opened: &Result<Opened, Failure>) -> Result<(), Failure> {
    match opened {
        Err(_) => Ok(()),
        Ok(_) => Err(defect()),
    }
}

pub(super) fn says(link: &Link, message: Message) -> Result<(), Failure> {
    link.offer(vec![Event::Message(message)]).map_err(|_| defect())
}

pub(super) fn order(link: &Link, order: Order) -> Result<(), Failure> {
    link.offer(vec![Event::Order(Box::new(order))]).map_err(|_| defect())
}

/// Tells the call that a program would make.
pub(super) async fn calls(play: &Director, side: Side, call: &str) {
    let actor = match side {
        Side::Client => &play.client,
        Side::Server => &play.server,
    };
    actor.journal.program().tell(What::Notice { text: call.to_owned() }).await;
}

/// The same, and makes it.
pub(super) async fn emits(
    play: &Director,
    side: Side,
    link: &Link,
    call: &str,
    message: Message,
) -> Result<(), Failure> {
    calls(play, side, call).await;
    says(link, message)
}

/// A call that was told.
pub(super) fn is_call(happened: &Happened) -> bool {
    happened.record.conn == ConnId::PROGRAM && matches!(happened.record.what, What::Notice { .. })
}

pub(super) fn is_sio(what: &What, kind: impl Fn(&Sio) -> bool) -> bool {
    is_step(what, |step| matches!(step, Step::Sio(step) if kind(step))).is_some()
}

/// A packet of Engine.IO that leaves, by this and with such a beginning.
pub(super) fn is_packet(what: &What, begins: &str) -> bool {
    is_sio(what, |step| matches!(step, Sio::Engine { way: Way::Said, text, .. } if text.starts_with(begins)))
}

/// An event that has come, with this in it.
pub(super) fn is_event(what: &What, with: &str) -> bool {
    is_sio(
        what,
        |step| matches!(step, Sio::Packet { way: Way::Heard, packet, data, .. } if packet.ends_with("EVENT") && data.contains(with)),
    )
}

/// An acknowledgement that has come.
pub(super) fn is_ack(what: &What) -> bool {
    is_sio(what, |step| matches!(step, Sio::Packet { way: Way::Heard, packet, .. } if packet == "ACK"))
}

pub(super) fn is_entered(what: &What) -> bool {
    is_sio(what, |step| matches!(step, Sio::Entered { .. }))
}

pub(super) fn is_closed(what: &What) -> bool {
    is_sio(what, |step| matches!(step, Sio::Closed { .. }))
}

pub(super) fn is_wrong(what: &What) -> bool {
    is_sio(what, |step| matches!(step, Sio::Wrong { .. }))
}

pub(super) fn is_ws(what: &What, kind: impl Fn(&Ws) -> bool) -> bool {
    is_step(what, |step| matches!(step, Step::Ws(step) if kind(step))).is_some()
}

/// A frame with data that leaves.
pub(super) fn is_frame(what: &What) -> bool {
    is_ws(what, |step| matches!(step, Ws::Frame { way: Way::Said, header, .. } if !header.opcode.is_control()))
}

/// A Close that has come.
pub(super) fn is_close(what: &What) -> bool {
    is_ws(what, |step| matches!(step, Ws::Frame { way: Way::Heard, header, .. } if header.opcode == Opcode::CLOSE))
}

/// A WebSocket is open.
pub(super) fn is_open(what: &What) -> bool {
    is_ws(what, |step| matches!(step, Ws::Upgraded { .. }))
}

/// A request with this method, of HTTP or for a WebSocket.
pub(super) fn is_request(what: &What, whose: Way, method: &str) -> bool {
    let head = |step: &Step| match step {
        Step::Http(Http::Request { way, head, .. }) | Step::Ws(Ws::Request { way, head }) if *way == whose => {
            head.first().is_some_and(|first| first.starts_with(method))
        }
        _ => false,
    };
    is_step(what, head).is_some()
}

/// A server's answer with packets, or what else this is the status of.
pub(super) fn is_answer(what: &What, expected: u16) -> bool {
    let says = |step: &Step| match step {
        Step::Http(Http::Answer { way: Way::Said, status, head, .. }) => {
            // A POST is answered with the word "ok".
            *status == expected && !head.iter().any(|line| line.eq_ignore_ascii_case("content-type: text/html"))
        }
        Step::Ws(Ws::Answer { way: Way::Said, status, .. }) => *status == expected,
        _ => false,
    };
    is_step(what, says).is_some()
}
