//! The lesson `tls`: who reads along, what the handshake changes, and whom a client speaks with.

pub(super) mod en;
mod papers;

use std::net::SocketAddr;
use std::time::Duration;

use super::director::Director;
use super::moves::{defect, hears, is_step, said, say, start};
use super::opening::{self, Opening};
use super::tap::Tap;
use super::{Act, Peers, Side};
use crate::event::{Event, What};
use crate::exit::Failure;
use crate::link::Link;
use crate::step::tls::Tls;
use crate::step::{Stage, Step};
use crate::tls::{ClientOptions, Server, ServerOptions, Trust};
use crate::transport::{Bind, Dial, Listener, kernel};
use papers::Papers;

/// Every language has as many.
const ACTS: usize = 12;

const SECRET: &str = "user ann, password trout";
const ANSWER: &str = "welcome, ann";
/// Whom the client means to reach.
const NAME: &str = "localhost";
const OTHER_NAME: &str = "bank.example";
/// A reader may take long.
const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Plays it.
pub(super) async fn play(mut play: Director) -> Result<(), Failure> {
    use Side::{Client, Server};
    play.peers = Peers::One;
    let papers = Papers::new("Honest Authority", NAME)?;

    // 1: without TLS, and somebody reads along.
    let (mut listener, at) = opening::listens(&mut play, opening::bind()).await?;
    let tap = Tap::before(at).await?;
    play.port = Some(tap.at.port());
    let (opening, _) = opening::connects(&mut play, opening::dial(tap.at), tap.at).await?;
    opening::accepts(&mut play).await?;
    play.pass(Client, Stage::Talk).await?;
    let (client, server) = talk(opening, &mut listener).await?;
    play.clear();
    say(&client, SECRET)?;
    said(&mut play, Client).await?;
    hears(&mut play, Server, SECRET).await?;
    play.overheard = tap.take();
    play.curtain(&[]).await?;
    ends(&mut play, &client, &server).await?;
    drop((client, server, listener, tap));

    // 2: the same with TLS: the client's first words.
    let (mut listener, at) = opening::listens(&mut play, bind(&papers)).await?;
    let tap = Tap::before(at).await?;
    play.port = Some(tap.at.port());
    let trusting = Trust::Only(vec![papers.authority()]);
    let (opening, ends_of) = opening::connects(&mut play, dial(tap.at, NAME, trusting.clone()), tap.at).await?;
    opening::accepts(&mut play).await?;
    play.clear();
    play.pass(Client, Stage::Tls).await?;
    play.until(Client, "a hello", |what| is_tls(what, |step| matches!(step, Tls::Begin { .. }))).await?;
    play.settled(|| tap.has(Client)).await?;
    play.overheard = tap.take();
    play.curtain(&[]).await?;

    // 3: the server's answer.
    play.pass(Server, Stage::Tls).await?;
    play.until(Server, "a hello", |what| is_tls(what, |step| matches!(step, Tls::Hello { .. }))).await?;
    play.until(Server, "keys", established).await?;
    // What the server said last lies there: tickets for another time, which the client has not read.
    play.settled(|| kernel::state(ends_of.near()).is_some_and(|state| state.unread > 0)).await?;
    play.overheard = tap.take();
    play.curtain(&[]).await?;

    // 4: what the client has checked.
    play.until(Client, "keys", established).await?;
    play.curtain(&[]).await?;

    // 5: the same words.
    play.pass(Client, Stage::Talk).await?;
    let (client, server) = talk(opening, &mut listener).await?;
    say(&client, SECRET)?;
    said(&mut play, Client).await?;
    hears(&mut play, Server, SECRET).await?;
    say(&server, ANSWER)?;
    said(&mut play, Server).await?;
    hears(&mut play, Client, ANSWER).await?;
    play.overheard = tap.take();
    play.curtain(&[]).await?;

    // 6: an end that cannot be forged.
    offer(&client, Event::Finish)?;
    play.pass(Client, Stage::Shutdown).await?;
    said(&mut play, Client).await?;
    play.until(Server, "the end", |what| matches!(what, What::Heard(Event::Finish)).then_some(())).await?;
    play.overheard = tap.take();
    play.curtain(&[]).await?;
    offer(&server, Event::Finish)?;
    play.pass(Server, Stage::Shutdown).await?;
    closes(&mut play).await?;

    // 7: another name.
    fails(&mut play, dial(at, OTHER_NAME, trusting.clone()), at).await?;
    play.curtain(&[]).await?;

    // 8: exactly this certificate.
    let pinned = Trust::Pinned(vec![papers.fingerprint]);
    succeeds(&mut play, dial(at, NAME, pinned.clone()), at, &mut listener).await?;
    play.curtain(&[]).await?;
    drop(listener);

    // 9: somebody else, with a certificate that an unknown authority has signed.
    let forged = Papers::new("Nobody's Authority", NAME)?;
    let (mut listener, at) = opening::listens(&mut play, bind(&forged)).await?;
    play.port = Some(at.port());
    play.clear();
    fails(&mut play, dial(at, NAME, trusting), at).await?;
    play.curtain(&[]).await?;

    // 10: the pin finds out too.
    fails(&mut play, dial(at, NAME, pinned), at).await?;
    play.curtain(&[]).await?;

    // 11: who does not look does not.
    succeeds(&mut play, dial(at, NAME, Trust::Anyone), at, &mut listener).await?;
    play.curtain(&[]).await?;

    // 12: the same in other words.
    play.clear();
    play.curtain(&[]).await
}

/// A server with these papers.
fn bind(papers: &Papers) -> Bind {
    let server = Server::new(ServerOptions {
        identity: Some(papers.identity()),
        address: None,
        clients: Vec::new(),
        revoked: Vec::new(),
        alpn: Vec::new(),
        limit: A_DAY,
        key_log: None,
    });
    Bind { tls: Some(server), ..opening::bind() }
}

/// A client that means to reach this name.
fn dial(at: SocketAddr, name: &str, trust: Trust) -> Dial {
    let client = crate::tls::Client::new(ClientOptions {
        name: Some(name.to_owned()),
        trust,
        revoked: Vec::new(),
        identity: None,
        alpn: Vec::new(),
        limit: A_DAY,
        key_log: None,
    });
    Dial { tls: Some(client), ..opening::dial(at) }
}

/// Both ends of what is open.
async fn talk(opening: Opening, listener: &mut Listener) -> Result<(Link, Link), Failure> {
    let client = start(opening.await.map_err(|_| defect())??);
    let server = start(listener.accept().await.ok_or_else(defect)??);
    Ok((client, server))
}

/// A handshake that is refused, and both sides know it.
async fn fails(play: &mut Director, dial: Dial, at: SocketAddr) -> Result<(), Failure> {
    let opening = shakes_hands(play, dial, at).await?;
    for side in [Side::Client, Side::Server] {
        play.until(side, "a refusal", |what| is_tls(what, |step| matches!(step, Tls::Failed { .. }))).await?;
    }
    match opening.await {
        Ok(Err(_)) => Ok(()),
        _ => Err(defect()),
    }
}

/// A handshake that comes to its end, and no word after it.
async fn succeeds(play: &mut Director, dial: Dial, at: SocketAddr, listener: &mut Listener) -> Result<(), Failure> {
    let opening = shakes_hands(play, dial, at).await?;
    for side in [Side::Client, Side::Server] {
        play.until(side, "keys", established).await?;
    }
    play.pass(Side::Client, Stage::Talk).await?;
    let client = opening.await.map_err(|_| defect())??;
    let server = listener.accept().await.ok_or_else(defect)??;
    drop((client, server));
    Ok(())
}

async fn shakes_hands(play: &mut Director, dial: Dial, at: SocketAddr) -> Result<Opening, Failure> {
    let (opening, _) = opening::connects(play, dial, at).await?;
    opening::accepts(play).await?;
    play.clear();
    play.pass(Side::Client, Stage::Tls).await?;
    play.pass(Side::Server, Stage::Tls).await?;
    Ok(opening)
}

/// Ends a conversation, first the client's direction.
async fn ends(play: &mut Director, client: &Link, server: &Link) -> Result<(), Failure> {
    for (side, link) in [(Side::Client, client), (Side::Server, server)] {
        offer(link, Event::Finish)?;
        play.pass(side, Stage::Shutdown).await?;
        said(play, side).await?;
    }
    closes(play).await
}

/// Both directions are over.
async fn closes(play: &mut Director) -> Result<(), Failure> {
    for side in [Side::Client, Side::Server] {
        play.pass(side, Stage::Close).await?;
        play.until(side, "close", |what| matches!(what, What::Closed(_)).then_some(())).await?;
    }
    play.clear();
    Ok(())
}

fn offer(link: &Link, event: Event) -> Result<(), Failure> {
    link.offer(vec![event]).map_err(|_| defect())
}

fn is_tls(what: &What, kind: impl Fn(&Tls) -> bool) -> Option<()> {
    is_step(what, |step| matches!(step, Step::Tls(step) if kind(step)))
}

fn established(what: &What) -> Option<()> {
    is_tls(what, |step| matches!(step, Tls::Established { .. }))
}
