//! The lesson `socketio`: packets in packets, carried by whatever passes, and what is done when nothing does.

mod bill;
pub(super) mod en;
mod ends;
pub(super) mod ko;
mod lost;
mod way;

use std::net::SocketAddr;
use std::time::Duration;

use super::director::{Director, Want};
use super::moves::{defect, start};
use super::opening;
use super::{Act, Cost, Detail, Happened, Peers, Side};
use crate::eio::admission::Carrier;
use crate::eio::client::Upgrade;
use crate::event::{About, ConnId, Event, Message, What};
use crate::exit::Failure;
use crate::link::Link;
use crate::sio::Order;
use crate::step::sio::Sio;
use crate::step::ws::{Way as Whose, Ws};
use crate::step::{Stage, Step};
use crate::transport::Listener;
use ends::{Opens, bare_bind, bare_dial, bind, calls, dial, emits, opens, order, says};
use way::Way;

/// Every language has as many.
const ACTS: usize = 15;

/// More than is ever said, in bytes.
const LONGEST: usize = 1 << 20;
/// A reader may take long.
const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// From one ping to the next, where the heart is looked at.
const BEAT: Duration = Duration::from_millis(200);
/// So long its answer may take.
const ANSWER: Duration = Duration::from_secs(1);
/// So long an acknowledgement may take.
const PATIENCE: Duration = Duration::from_secs(1);
/// The first wait before a connection is opened again, and the longest: a tenth of the official ones.
const AGAIN: [Duration; 2] = [Duration::from_millis(100), Duration::from_millis(500)];
/// What is said in several ways, to compare what they cost.
const CHAT: &str = r#"["chat","hi"]"#;

/// Plays it.
pub(super) async fn play(mut play: Director) -> Result<(), Failure> {
    play.peers = Peers::One;
    let (bare, bare_at) = opening::listens(&mut play, bare_bind()).await?;
    let bare = in_vain(&mut play, bare, bare_at).await?;
    let (mut listener, at) = opening::listens(&mut play, bind(A_DAY, None)).await?;
    play.port = Some(at.port());
    let host = start(listener.accept().await.ok_or_else(defect)??);
    unasked(&mut play, at).await?;

    let way = Way::to(at).await?;
    let ann = enters(&mut play, &way).await?;
    let by_post = by_post(&mut play, &way, &ann.link).await?;
    upgrade(&mut play).await?;
    acknowledgements(&mut play, &ann.link).await?;
    attachments(&mut play, &ann.link).await?;
    namespaces(&mut play, &ann.link).await?;
    let bob = rooms(&mut play, at, &host, &ann).await?;
    lost::heart(&mut play).await?;
    lost::cut(&mut play, &way).await?;
    lost::offline(&mut play, &way, &host, &ann, &bob).await?;
    drop((ann, bob));
    play.flow(&[], &[Want::of(Side::Server, "the end of both", ends::is_closed).times(2)]).await?;
    lost::recovery(&mut play).await?;

    // 15: the bill, and the same in a program.
    play.costs = bill::bill(&mut play, at, (bare, bare_at), by_post).await?;
    play.clear();
    play.curtain(&[]).await
}

/// Somebody who has entered.
struct Party {
    link: Link,
    /// Its conversation, among the client's and among the server's.
    numbers: [ConnId; 2],
    /// Its name in the main namespace.
    sid: String,
}

/// A conversation is over.
fn is_over(what: &What) -> bool {
    matches!(what, What::Closed(_))
}

/// 1: a client of Socket.IO at a WebSocket server.
async fn in_vain(play: &mut Director, mut bare: Listener, at: SocketAddr) -> Result<Listener, Failure> {
    use Side::{Client, Server};
    play.clear();
    let Opens { opening, .. } = opens(play, dial(at, Carrier::Polling, Upgrade::Wanted)?);
    ends::failed(&play.flow_until(&[], opening).await?)?;
    play.flow(&[], &[Want::of(Server, "426", |what| ends::is_answer(what, 426))]).await?;
    let Opens { opening, .. } = opens(play, dial(at, Carrier::WebSocket, Upgrade::Unwanted)?);
    play.flow(&[], &[Client, Server].map(|side| Want::of(side, "frames", ends::is_open))).await?;
    let accepted = tokio::spawn(async move {
        let accepted = bare.accept().await;
        (bare, accepted)
    });
    let (bare, accepted) = play.flow_until(&[], accepted).await?;
    let server = start(accepted.ok_or_else(defect)??);
    says(&server, Message::text("Hello"))?;
    let said = |what: &What| matches!(what, What::Said(Event::Message(_)));
    play.flow(&[], &[Want::of(Client, "a fault", ends::is_wrong), Want::of(Server, "a word", said)]).await?;
    ends::failed(&play.flow_until(&[], opening).await?)?;
    // What is still said is no longer of this lesson, and is not to be taken for what comes next.
    let wants = [Want::of(Client, "a close", ends::is_close), Want::of(Server, "the end", is_over)];
    play.flow(&[], &wants).await?;
    play.keep(|Happened { side, record }| {
        let what = &record.what;
        match side {
            Client => ends::is_request(what, Whose::Said, "GET") || ends::is_wrong(what),
            Server => {
                [426, 101].iter().any(|status| ends::is_answer(what, *status)) || ends::is_frame(what) || said(what)
            }
        }
    });
    play.detail = Detail::Queries;
    play.curtain(&[]).await?;
    Ok(bare)
}

/// 2: a WebSocket client at a server of Socket.IO.
async fn unasked(play: &mut Director, at: SocketAddr) -> Result<(), Failure> {
    use Side::{Client, Server};
    play.clear();
    let Opens { opening, .. } = opens(play, bare_dial(at, "/socket.io/?EIO=4&transport=websocket")?);
    let client = start(play.flow_until(&[], opening).await??);
    let open = |what: &What| matches!(what, What::Heard(Event::Message(message)) if message.data.starts_with(b"0{"));
    play.flow(&[], &[Want::of(Client, "a handshake", open)]).await?;
    says(&client, Message::text("Hello"))?;
    play.flow(&[], &[Want::of(Server, "the end", ends::is_closed), Want::of(Client, "a close", ends::is_close)])
        .await?;
    let said = |what: &What| matches!(what, What::Said(Event::Message(_)));
    play.keep(|Happened { side, record }| {
        let what = &record.what;
        match side {
            Client => {
                ends::is_request(what, Whose::Said, "GET") || ends::is_frame(what) || said(what) || ends::is_close(what)
            }
            Server => {
                ends::is_answer(what, 101)
                    || ends::is_packet(what, "0")
                    || ends::is_wrong(what)
                    || ends::is_closed(what)
            }
        }
    });
    play.detail = Detail::Lines;
    play.curtain(&[]).await
}

/// 3 and 4: the handshake, and the main namespace.
async fn enters(play: &mut Director, way: &Way) -> Result<Party, Failure> {
    use Side::{Client, Server};
    let stays = [Stage::Request, Stage::Upgrade];
    play.clear();
    let Opens { opening, number } = opens(play, dial(way.at, Carrier::Polling, Upgrade::Wanted)?);
    let connected = |what: &What| matches!(what, What::Step(step) if matches!(**step, Step::Connected { .. }));
    play.flow(&stays, &[Want::of(Client, "connect", connected)]).await?;
    play.clear();
    play.let_one(Client, Stage::Request).await?;
    let open = |what: &What| ends::is_sio(what, |step| matches!(step, Sio::Open { .. }));
    let stays = [stays.as_slice(), &[Stage::Socket, Stage::Connect]].concat();
    play.flow(&stays, &[Client, Server].map(|side| Want::of(side, "a session", open))).await?;
    // What it says first is made at once, and waits.
    let early = play.set_aside(|happened| ends::is_packet(&happened.record.what, "40"));
    play.keep(|Happened { side, record }| {
        let what = &record.what;
        match side {
            Client => ends::is_request(what, Whose::Said, "GET") || open(what),
            Server => ends::is_packet(what, "0") || ends::is_answer(what, 200),
        }
    });
    play.detail = Detail::Queries;
    play.curtain(&[]).await?;

    // 4: by POST, and answered by the GET that waits.
    play.add(early);
    let link = start(play.flow_until(&[Stage::Upgrade], opening).await??);
    let poll = |what: &What| ends::is_request(what, Whose::Heard, "GET");
    let wants = [Client, Server].map(|side| Want::of(side, "the namespace", ends::is_entered));
    let wants: Vec<Want> = wants.into_iter().chain([Want::of(Server, "the next poll", poll).times(2)]).collect();
    play.flow(&[Stage::Upgrade], &wants).await?;
    let (session, sid) = entered(play)?;
    let mut polls = 0;
    play.keep(|Happened { side, record }| {
        let what = &record.what;
        if ends::is_request(what, Whose::Said, "GET") {
            polls += 1;
        }
        match side {
            Client => {
                ends::is_packet(what, "4")
                    || ends::is_request(what, Whose::Said, "POST")
                    || polls == 1 && ends::is_request(what, Whose::Said, "GET")
                    || ends::is_entered(what)
            }
            Server => ends::is_packet(what, "4") || ends::is_answer(what, 200),
        }
    });
    play.detail = Detail::Lines;
    play.curtain(&[]).await?;
    Ok(Party { link, numbers: [number, session], sid })
}

/// Who has entered last, as the server calls the session and the client.
fn entered(play: &Director) -> Result<(ConnId, String), Failure> {
    let of = |Happened { side, record }: &Happened| match &record.what {
        What::Step(step) => match &**step {
            Step::Sio(Sio::Entered { sid: Some(sid), .. }) if *side == Side::Server => Some((record.conn, sid.clone())),
            _ => None,
        },
        _ => None,
    };
    play.happened().iter().rev().find_map(of).ok_or_else(defect)
}

/// 5: an event; and what it has cost.
async fn by_post(play: &mut Director, way: &Way, ann: &Link) -> Result<Cost, Failure> {
    use Side::{Client, Server};
    play.clear();
    let before = way.passed();
    emits(play, Client, ann, "emit(\"chat\", \"hi\")", Message::text(CHAT)).await?;
    let answered = |what: &What| matches!(what, What::Step(step) if matches!(**step, Step::Http(crate::step::http::Http::Answer { way: Whose::Heard, .. })));
    let wants = [
        Want::of(Server, "an event", |what| ends::is_event(what, "chat")),
        Want::of(Client, "the answer to its POST", answered),
    ];
    play.flow(&[Stage::Upgrade], &wants).await?;
    let cost = bill::cost("by POST", 1, 1, before, way.passed());
    play.keep(|happened| {
        let what = &happened.record.what;
        ends::is_call(happened)
            || ends::is_packet(what, "42")
            || ends::is_request(what, Whose::Said, "POST")
            || ends::is_event(what, "chat")
    });
    play.detail = Detail::Headers;
    play.curtain(&[]).await?;
    Ok(cost)
}

/// 6: the session moves.
async fn upgrade(play: &mut Director) -> Result<(), Failure> {
    use Side::{Client, Server};
    play.clear();
    let upgraded = |what: &What| ends::is_sio(what, |step| matches!(step, Sio::Upgraded));
    play.flow(&[], &[Client, Server].map(|side| Want::of(side, "the move", upgraded))).await?;
    play.keep(|Happened { side, record }| {
        let what = &record.what;
        ends::is_sio(what, |step| matches!(step, Sio::Engine { way: Whose::Said, .. }))
            || upgraded(what)
            || *side == Client && ends::is_request(what, Whose::Said, "GET")
            || *side == Server && (ends::is_answer(what, 101) || ends::is_answer(what, 200))
    });
    play.detail = Detail::Queries;
    play.curtain(&[]).await
}

/// 7: an answer, and one that does not come.
async fn acknowledgements(play: &mut Director, ann: &Link) -> Result<(), Failure> {
    use Side::{Client, Server};
    play.clear();
    let asks = |text: &str| Message {
        about: Some(Box::new(About { asks: Some(0), ..About::default() })),
        ..Message::text(text.to_owned())
    };
    emits(play, Client, ann, "emit(\"save\", 1, done)", asks("[\"save\",1]")).await?;
    play.flow(&[], &[Want::of(Client, "an acknowledgement", ends::is_ack)]).await?;
    emits(play, Client, ann, "emit(\"forget\", 2, done)", asks("[\"forget\",2]")).await?;
    let unanswered = |what: &What| ends::is_sio(what, |step| matches!(step, Sio::Unanswered { .. }));
    let wants = [
        Want::of(Server, "an event", |what| ends::is_event(what, "forget")),
        Want::of(Client, "no answer", unanswered),
    ];
    play.flow(&[], &wants).await?;
    play.keep(|happened| {
        let what = &happened.record.what;
        ends::is_call(happened)
            || ends::is_packet(what, "4")
            || ends::is_event(what, "")
            || ends::is_ack(what)
            || unanswered(what)
    });
    play.curtain(&[]).await
}

/// 8: bytes.
async fn attachments(play: &mut Director, ann: &Link) -> Result<(), Failure> {
    use Side::{Client, Server};
    play.clear();
    emits(play, Client, ann, "emit(\"upload\", <89 50 4e 47>)", Message::text("upload hex:89504e47")).await?;
    let wants = [
        Want::of(Server, "an event", |what| ends::is_event(what, "upload")),
        Want::of(Client, "its frames", ends::is_frame).times(2),
    ];
    play.flow(&[], &wants).await?;
    let is_text = |what: &What| {
        ends::is_ws(
            what,
            |step| matches!(step, Ws::Frame { header, .. } if header.opcode == crate::ws::frame::Opcode::TEXT),
        )
    };
    play.keep(|happened| {
        let what = &happened.record.what;
        ends::is_call(happened)
            || ends::is_packet(what, "45")
            || ends::is_event(what, "upload")
            || ends::is_frame(what) && !is_text(what)
    });
    play.curtain(&[]).await
}

/// 9: several on one connection.
async fn namespaces(play: &mut Director, ann: &Link) -> Result<(), Failure> {
    use Side::{Client, Server};
    play.clear();
    order(ann, Order::Namespace { name: "/news".into(), auth: None })?;
    play.flow(&[], &[Want::of(Client, "the namespace", ends::is_entered)]).await?;
    says(ann, Message::text(CHAT))?;
    play.flow(&[], &[Want::of(Server, "an event", |what| ends::is_event(what, "chat"))]).await?;
    order(ann, Order::Namespace { name: "/secret".into(), auth: None })?;
    let refused = |what: &What| ends::is_sio(what, |step| matches!(step, Sio::Refused { .. }));
    play.flow(&[], &[Want::of(Client, "a refusal", refused)]).await?;
    order(ann, Order::Namespace { name: "/".into(), auth: None })?;
    play.keep(|Happened { side, record }| {
        let what = &record.what;
        ends::is_packet(what, "4")
            || ends::is_event(what, "")
            || *side == Client && (ends::is_entered(what) || refused(what))
    });
    play.curtain(&[]).await
}

/// 10: to some, and to all others.
async fn rooms(play: &mut Director, at: SocketAddr, host: &Link, ann: &Party) -> Result<Party, Failure> {
    use Side::{Client, Server};
    play.clear();
    let Opens { opening, number } = opens(play, dial(at, Carrier::WebSocket, Upgrade::Unwanted)?);
    let link = start(play.flow_until(&[], opening).await??);
    play.flow(&[], &[Want::of(Server, "the namespace", ends::is_entered)]).await?;
    let (session, sid) = entered(play)?;
    let bob = Party { link, numbers: [number, session], sid };
    play.clear();
    calls(play, Server, "#2 join(\"cooks\")").await;
    order(host, Order::Join(bob.sid.as_str().into(), "cooks".into()))?;
    order(host, Order::To(vec!["cooks".into()]))?;
    emits(play, Server, host, "to(\"cooks\").emit(\"chat\", \"soup\")", Message::text("[\"chat\",\"soup\"]")).await?;
    order(host, Order::To(Vec::new()))?;
    play.flow(&[], &[Want::of(Client, "an event for a room", |what| ends::is_event(what, "soup"))]).await?;
    emits(play, Client, &ann.link, "#1 emit(\"chat\", \"hi\")", Message::text(CHAT)).await?;
    let chat = |what: &What| ends::is_event(what, "hi");
    play.flow(&[], &[Client, Server].map(|side| Want::of(side, "an event", chat))).await?;
    play.keep(|happened| {
        let what = &happened.record.what;
        ends::is_call(happened) || ends::is_packet(what, "42") || ends::is_event(what, "")
    });
    numbered(play, ann, &bob);
    play.curtain(&[]).await?;
    play.peers = Peers::One;
    Ok(bob)
}

/// Tells them apart in this act: the first, and the second. Who has come since is the first again.
fn numbered(play: &mut Director, _ann: &Party, bob: &Party) {
    play.peers = Peers::Many;
    let [client, server] = bob.numbers;
    play.number(|side, conn| {
        let bobs = if side == Side::Client { client } else { server };
        match conn {
            ConnId::PROGRAM => None,
            conn if conn == bobs => Some(2),
            _ => Some(1),
        }
    });
}
