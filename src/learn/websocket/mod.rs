//! The lesson `websocket`: HTTP until both sides agree, and then frames.

pub(super) mod en;
pub(super) mod ko;
mod proxy;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::director::{Count, Director};
use super::moves::{defect, hears, is_step, said, start};
use super::opening::{self, Opening};
use super::{Act, Detail, Peers, Side};
use crate::event::{CloseReason, Event, Extent, Message, What};
use crate::exit::Failure;
use crate::http::{Protocol, Target};
use crate::link::Link;
use crate::step::ws::{Way, Ws};
use crate::step::{Stage, Step};
use crate::transport::ws::{Client, Manners, Server};
use crate::transport::{Bind, Dial};
use crate::ws::close::NORMAL;
use crate::ws::extension::Config;
use crate::ws::frame::Opcode;
use crate::ws::handshake::{Ask, Page, Rules};
use proxy::Proxy;

/// Every language has as many.
const ACTS: usize = 15;

const HELLO: &str = "Hello";
/// More than seven bits can say.
const LONG: usize = 300;
const PIECES: [&str; 2] = ["Hel", "lo!"];
const PING: &str = "there?";
/// Said so often a message is worth compressing.
const READING: &str = r#"{"room":"kitchen","celsius":21.5}"#;
const READINGS: usize = 16;
/// More than is ever said, in bytes.
const LONGEST: usize = 1 << 20;
/// A reader may take long.
const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Shorter messages go as they are: what is sent before act 11.
const THRESHOLD: usize = 400;

/// Plays it.
pub(super) async fn play(mut play: Director) -> Result<(), Failure> {
    use Side::{Client, Server};
    play.peers = Peers::One;
    // Everything that the lesson `tcp` is about.
    let (mut listener, at) = opening::listens(&mut play, bind()).await?;
    play.port = Some(at.port());
    play.clear();

    // 1: a connection.
    let (opening, ends) = opening::connects(&mut play, dial(at, at)?, at).await?;
    opening::accepts(&mut play).await?;
    play.curtain(&ends.are("ESTABLISHED", "ESTABLISHED")).await?;

    // 2: the request, which the server has not read.
    play.pass(Client, Stage::Upgrade).await?;
    play.until(Client, "a request", request(Way::Said)).await?;
    let [ours, theirs] = ends.are("ESTABLISHED", "ESTABLISHED");
    play.curtain(&[ours, theirs.unread(Count::Some)]).await?;

    // 3: the answer.
    play.pass(Server, Stage::Upgrade).await?;
    play.until(Server, "a request", request(Way::Heard)).await?;
    play.until(Server, "101", answer(101)).await?;
    play.curtain(&[]).await?;

    // 4: what the client makes of it.
    play.until(Server, "frames", upgraded).await?;
    play.until(Client, "101", answer(101)).await?;
    play.until(Client, "an answer to the key", |what| is_ws(what, |step| matches!(step, Ws::Accept { .. }))).await?;
    play.until(Client, "frames", upgraded).await?;
    play.curtain(&[]).await?;

    // 5 and 6: the same twice.
    play.pass(Client, Stage::Talk).await?;
    let client = start(opening.await.map_err(|_| defect())??);
    let server = start(listener.accept().await.ok_or_else(defect)??);
    for _ in [5, 6] {
        say(&mut play, Client, &client, HELLO).await?;
        play.detail = Detail::Whole;
        play.curtain(&[]).await?;
    }

    // 7: the other way.
    say(&mut play, Server, &server, HELLO).await?;
    play.detail = Detail::Whole;
    play.curtain(&[]).await?;

    // 8: a longer one.
    say(&mut play, Server, &server, &".".repeat(LONG)).await?;
    play.detail = Detail::Whole;
    play.curtain(&[]).await?;

    // 9: one in pieces.
    let [first, last] = PIECES;
    offer(&client, piece(first))?;
    said(&mut play, Client).await?;
    play.until(Server, "a piece", frame(Way::Heard, Opcode::TEXT)).await?;
    offer(&client, Event::Message(Message::text(last)))?;
    said(&mut play, Client).await?;
    hears(&mut play, Server, &PIECES.concat()).await?;
    play.curtain(&[]).await?;

    // 10: a ping between two pieces.
    offer(&client, piece(first))?;
    said(&mut play, Client).await?;
    play.until(Server, "a piece", frame(Way::Heard, Opcode::TEXT)).await?;
    offer(&client, Event::Ping(Message::text(PING)))?;
    said(&mut play, Client).await?;
    play.until(Server, "a pong", frame(Way::Said, Opcode::PONG)).await?;
    play.until(Client, "a round trip", |what| is_ws(what, |step| matches!(step, Ws::RoundTrip { .. }))).await?;
    play.until(Client, "a pong", |what| matches!(what, What::Heard(Event::Pong(_))).then_some(())).await?;
    offer(&client, Event::Message(Message::text(last)))?;
    said(&mut play, Client).await?;
    hears(&mut play, Server, &PIECES.concat()).await?;
    play.curtain(&[]).await?;

    // 11: compression.
    for _ in 0..2 {
        say(&mut play, Client, &client, &READING.repeat(READINGS)).await?;
    }
    play.curtain(&[]).await?;

    // 12: the client closes.
    let why = CloseReason { code: NORMAL, reason: "bye".to_owned() };
    offer(&client, Event::Close { why: Some(why) })?;
    play.pass(Client, Stage::Shutdown).await?;
    play.until(Client, "a close", frame(Way::Said, Opcode::CLOSE)).await?;
    play.until(Server, "a close", |what| matches!(what, What::Heard(Event::Close { .. })).then_some(())).await?;
    play.curtain(&ends.are("ESTABLISHED", "ESTABLISHED")).await?;

    // 13: the server too, and ends TCP first.
    play.pass(Server, Stage::Shutdown).await?;
    play.until(Server, "a close", frame(Way::Said, Opcode::CLOSE)).await?;
    play.until(Client, "a close", |what| matches!(what, What::Heard(Event::Close { .. })).then_some(())).await?;
    for side in [Server, Client] {
        play.pass(side, Stage::Close).await?;
        play.until(side, "close", |what| matches!(what, What::Closed(_)).then_some(())).await?;
    }
    play.curtain(&ends.are("none", "TIME-WAIT")).await?;

    // 14: the same through a proxy that does its duty.
    let proxy = Proxy::before(at).await?;
    let (opening, _) = opening::connects(&mut play, dial(at, proxy.at)?, proxy.at).await?;
    opening::accepts(&mut play).await?;
    play.pass(Client, Stage::Upgrade).await?;
    play.until(Client, "a request", request(Way::Said)).await?;
    play.clear();
    play.pass(Server, Stage::Upgrade).await?;
    play.until(Server, "426", answer(426)).await?;
    play.until(Client, "426", answer(426)).await?;
    play.until(Client, "a refusal", |what| is_ws(what, |step| matches!(step, Ws::Refused { .. }))).await?;
    refused(opening).await?;
    play.detail = Detail::Whole;
    play.curtain(&[]).await?;

    // 15: the same in other words.
    play.clear();
    play.curtain(&[]).await
}

/// WebSocket, and no page beside it.
fn bind() -> Bind {
    let rules = Rules { page: Page::Hidden, deflate: Some(compression()), ..Rules::default() };
    let server = Server { rules: Arc::new(rules), manners: manners(), limit: A_DAY };
    Bind { ws: Some(server), ..opening::bind() }
}

/// To the server, by way of an address.
fn dial(server: SocketAddr, by: SocketAddr) -> Result<Dial, Failure> {
    let target = Target::parse(Protocol::WebSocket, &format!("ws://{server}/")).map_err(|_| defect())?;
    let ask = Ask { deflate: Some(compression()), ..Ask::new(target) };
    let client = Client { tls: None, ask, manners: manners(), limit: A_DAY };
    Ok(Dial { ws: Some(Box::new(client)), ..opening::dial(by) })
}

fn compression() -> Config {
    Config { threshold: THRESHOLD, ..Config::default() }
}

fn manners() -> Manners {
    let Config { level, threshold, .. } = compression();
    Manners { level, threshold, ..Manners::new(LONGEST) }
}

/// One side says a text, and the other hears it.
async fn say(play: &mut Director, side: Side, link: &Link, text: &str) -> Result<(), Failure> {
    offer(link, Event::Message(Message::text(text)))?;
    said(play, side).await?;
    let other = if side == Side::Client { Side::Server } else { Side::Client };
    hears(play, other, text).await
}

fn piece(text: &str) -> Event {
    Event::Message(Message { extent: Extent::Piece, ..Message::text(text) })
}

fn offer(link: &Link, event: Event) -> Result<(), Failure> {
    link.offer(vec![event]).map_err(|_| defect())
}

/// It must have failed: it is what the texts say.
async fn refused(opening: Opening) -> Result<(), Failure> {
    match opening.await {
        Ok(Err(_)) => Ok(()),
        _ => Err(defect()),
    }
}

fn is_ws(what: &What, kind: impl Fn(&Ws) -> bool) -> Option<()> {
    is_step(what, |step| matches!(step, Step::Ws(step) if kind(step)))
}

fn request(whose: Way) -> impl Fn(&What) -> Option<()> {
    move |what| is_ws(what, |step| matches!(step, Ws::Request { way, .. } if *way == whose))
}

fn answer(expected: u16) -> impl Fn(&What) -> Option<()> {
    move |what| is_ws(what, |step| matches!(step, Ws::Answer { status, .. } if *status == expected))
}

fn upgraded(what: &What) -> Option<()> {
    is_ws(what, |step| matches!(step, Ws::Upgraded { .. }))
}

fn frame(whose: Way, opcode: Opcode) -> impl Fn(&What) -> Option<()> {
    move |what| {
        is_ws(what, |step| matches!(step, Ws::Frame { way, header, .. } if *way == whose && header.opcode == opcode))
    }
}
