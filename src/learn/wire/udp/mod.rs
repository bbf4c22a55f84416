//! The lesson `udp --wire`: each datagram, and nobody who cares what becomes of it.

pub(super) mod en;

use std::time::Duration;

use tokio::time::timeout;

use super::{A_DAY, Kind, PORTS, Verdict, Wire, defect, here, there};
use crate::endpoint::{HostPort, ListenOn};
use crate::event::{Event, What};
use crate::exit::Failure;
use crate::learn::director::{Director, Watched};
use crate::learn::moves::{address, is_step, said, say, start};
use crate::learn::{Act, Side};
use crate::link::Link;
use crate::step::{Stage, Step};
use crate::transport::binding::Place;
use crate::transport::multicast::{Joins, Outward};
use crate::transport::{Bind, Dial, Network, On, To, kernel, udp};

/// Every language has as many.
const ACTS: usize = 8;

/// More than one packet has room for, and less than two have.
const LONG: usize = 2000;
/// What is on no wire any more is heard within this, or never.
const HEARD: Duration = Duration::from_secs(1);

/// Plays it.
pub(super) async fn play(mut play: Director, wire: Wire) -> Result<(), Failure> {
    use Side::{Client, Server};
    // 1: a wire of its own, and a server.
    let bind = Bind::from(On::Udp(udp::Bind {
        place: Place::from(ListenOn::Address(here(PORTS[0]))),
        expiry: A_DAY,
        limit: usize::MAX,
        joins: Joins::default(),
    }));
    let journal = play.server.journal.clone();
    let listening = tokio::spawn(async move { bind.listen(&journal).await });
    for stage in [Stage::Socket, Stage::Bind] {
        play.pass(Server, stage).await?;
    }
    let buffer =
        |what: &What| is_step(what, |step| matches!(step, Step::SocketOption { name, .. } if name == "SO_RCVBUF"));
    play.until(Server, "setsockopt", buffer).await?;
    let mut listener = listening.await.map_err(|_| defect())??;
    let at = here(PORTS[0]);
    let server = |state| Watched::udp(Server, at, None, state);
    wire.act(&mut play, &[server("UNCONNECTED")]).await?;

    // 2: connect() sends nothing.
    let report = play.client.journal.open();
    let dial = Dial::from(To::Udp(udp::Dial {
        target: HostPort { host: there(0).ip().to_string(), port: PORTS[0] },
        network: Network { timeout: A_DAY, ..Network::default() },
        limit: usize::MAX,
        joins: Joins::default(),
        outward: Outward::default(),
    }));
    let connecting = tokio::spawn(async move { dial.connect(report).await });
    for stage in [Stage::Socket, Stage::Connect] {
        play.pass(Client, stage).await?;
    }
    let connected = |step: &Step| match step {
        Step::Connected { local, .. } => Some(local.clone()),
        _ => None,
    };
    let is_connected = |what: &What| match what {
        What::Step(step) if connected(step).is_some() => address(what, |step| match step {
            Step::Connected { local, .. } => Some(local),
            _ => None,
        }),
        _ => None,
    };
    let from = play.until(Client, "connect", is_connected).await?;
    let both = || [Watched::udp(Client, from, Some(there(PORTS[0])), "CONNECTED"), server("UNCONNECTED")];
    wire.act(&mut play, &both()).await?;

    // 3: a datagram is a packet.
    play.pass(Client, Stage::Talk).await?;
    let near = start(connecting.await.map_err(|_| defect())??);
    let mut first = Box::pin(listener.accept());
    // The listener hands over a conversation when its first datagram has come.
    let far = loop {
        say(&near, "one")?;
        said(&mut play, Client).await?;
        wire.is_quiet().await;
        if let Ok(opened) = timeout(HEARD, &mut first).await {
            break start(opened.ok_or_else(defect)??);
        }
    };
    hears(&mut play, Server, "one").await?;
    wire.act(&mut play, &both()).await?;

    // 4: one is lost, and nobody knows it.
    wire.next(Client, Kind::Data, Verdict::Lose);
    say(&near, "two")?;
    said(&mut play, Client).await?;
    wire.is_quiet().await;
    delivers(&mut play, &wire, (&near, Client), "three").await?;
    wire.act(&mut play, &both()).await?;

    // 5: the second comes first.
    wire.next(Client, Kind::Data, Verdict::Hold);
    say(&near, "four")?;
    said(&mut play, Client).await?;
    delivers(&mut play, &wire, (&near, Client), "five").await?;
    // It may have come already, or never: that is the reader's.
    wire.is_quiet().await;
    let _ = timeout(HEARD, hears(&mut play, Server, "four")).await;
    wire.act(&mut play, &both()).await?;

    // 6: too long for a packet, and a part is lost.
    wire.next(Client, Kind::Rest, Verdict::Lose);
    say(&near, &"x".repeat(LONG))?;
    said(&mut play, Client).await?;
    wire.is_quiet().await;
    wire.act(&mut play, &both()).await?;

    // 7: the answer.
    delivers(&mut play, &wire, (&far, Server), "I heard some of that").await?;
    wire.act(&mut play, &both()).await?;

    // 8: the server leaves.
    drop(first);
    drop(far);
    play.until(Server, "close", |what| matches!(what, What::Closed(_)).then_some(())).await?;
    drop(listener);
    play.settled(|| kernel::udp(at, None).is_none()).await?;
    let refused = |what: &What| is_step(what, |step| matches!(step, Step::Unreachable { .. }));
    loop {
        say(&near, "anybody?")?;
        said(&mut play, Client).await?;
        wire.is_quiet().await;
        if timeout(HEARD, play.until(Client, "recv", refused)).await.is_ok_and(|refused| refused.is_ok()) {
            break;
        }
    }
    let [client, _] = both();
    wire.act(&mut play, &[client, server("none")]).await
}

/// Says this until it is heard: if the reader loses it, it has to be said again, by nobody else but us.
async fn delivers(play: &mut Director, wire: &Wire, (link, from): (&Link, Side), text: &str) -> Result<(), Failure> {
    loop {
        say(link, text)?;
        said(play, from).await?;
        wire.is_quiet().await;
        if let Ok(heard) = timeout(HEARD, hears(play, from.other(), text)).await {
            return heard;
        }
    }
}

async fn hears(play: &mut Director, side: Side, text: &str) -> Result<(), Failure> {
    let is_it = |what: &What| match what {
        What::Heard(Event::Message(message)) => (message.data == text).then_some(()),
        _ => None,
    };
    play.until(side, text, is_it).await
}
