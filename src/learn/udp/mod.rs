//! The lesson `udp`: datagrams, and everything that a connection would have taken care of.

pub(super) mod en;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::director::{Director, Watched};
use super::moves::{address, defect, hears, is_step, said, say, start};
use super::opening::{Opening, dials};
use super::{Act, Side};
use crate::endpoint::{HostPort, ListenOn};
use crate::event::{Event, Extent, What};
use crate::exit::Failure;
use crate::step::{Stage, Step};
use crate::transport::binding::Place;
use crate::transport::multicast::{Joins, Outward};
use crate::transport::{Bind, Dial, Network, On, To, udp};

/// Every language has as many.
const ACTS: usize = 9;

/// The client takes no more of a datagram.
const ROOM: usize = 16;
const TOO_LONG: &str = "sixteen bytes or more: this one has 41...";

/// Plays it.
pub(super) async fn play(mut play: Director) -> Result<(), Failure> {
    use Side::{Client, Server};
    // 1: the server's socket and its address.
    let bind = Bind::from(On::Udp(udp::Bind {
        place: Place::from(ListenOn::Address(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))),
        expiry: Duration::from_secs(24 * 60 * 60),
        limit: usize::MAX,
        joins: Joins::default(),
    }));
    let journal = play.server.journal.clone();
    let listening = tokio::spawn(async move { bind.listen(&journal).await });
    play.before(Server, Stage::Socket).await?;
    play.go(Server).await?;
    play.before(Server, Stage::Bind).await?;
    play.go(Server).await?;
    let at = play
        .until(Server, "bind", |what| {
            address(what, |step| match step {
                Step::Bound { local } => Some(local),
                _ => None,
            })
        })
        .await?;
    play.port = Some(at.port());
    let buffer =
        |what: &What| is_step(what, |step| matches!(step, Step::SocketOption { name, .. } if name == "SO_RCVBUF"));
    play.until(Server, "setsockopt", buffer).await?;
    let mut listener = listening.await.map_err(|_| defect())??;
    let server = || Watched::udp(Server, at, None, "UNCONNECTED");
    play.curtain(&[server()]).await?;

    // 2: the client's, and connect() that sends nothing.
    let (connecting, from) = connect(&mut play, at).await?;
    let client = |state| Watched::udp(Client, from, Some(at), state);
    play.curtain(&[client("CONNECTED"), server()]).await?;

    // 3: two datagrams, two messages.
    play.go(Client).await?;
    let near = start(connecting.await.map_err(|_| defect())??);
    say(&near, "one")?;
    said(&mut play, Client).await?;
    let far = start(listener.accept().await.ok_or_else(defect)??);
    hears(&mut play, Server, "one").await?;
    say(&near, "three")?;
    said(&mut play, Client).await?;
    hears(&mut play, Server, "three").await?;
    play.curtain(&[client("CONNECTED"), server()]).await?;

    // 4: the answer.
    say(&far, "two!")?;
    said(&mut play, Server).await?;
    hears(&mut play, Client, "two!").await?;
    play.curtain(&[client("CONNECTED"), server()]).await?;

    // 5: another client, the same socket.
    let (connecting, other) = connect(&mut play, at).await?;
    play.go(Client).await?;
    let second = start(connecting.await.map_err(|_| defect())??);
    say(&second, "me too")?;
    said(&mut play, Client).await?;
    let far_second = start(listener.accept().await.ok_or_else(defect)??);
    hears(&mut play, Server, "me too").await?;
    let clients = |state| [client("CONNECTED"), Watched::udp(Client, other, Some(at), state)];
    play.curtain(&clients("CONNECTED").into_iter().chain([server()]).collect::<Vec<_>>()).await?;

    // 6: one that is longer than there is room for.
    say(&far, TOO_LONG)?;
    said(&mut play, Server).await?;
    let cut = play
        .until(Client, "a datagram that is cut", |what| match what {
            What::Heard(Event::Message(message)) => Some(message.clone()),
            _ => None,
        })
        .await?;
    if cut.extent != Extent::Truncated || cut.data != TOO_LONG[..ROOM] {
        return Err(defect());
    }
    play.curtain(&[client("CONNECTED"), server()]).await?;

    // 7: one leaves, and nobody is told.
    drop(second);
    play.before(Client, Stage::Close).await?;
    play.go(Client).await?;
    play.until(Client, "close", |what| matches!(what, What::Closed(_)).then_some(())).await?;
    play.curtain(&clients("none").into_iter().chain([server()]).collect::<Vec<_>>()).await?;

    // 8: the server leaves, and the next datagram is refused.
    for link in [far, far_second] {
        drop(link);
        play.until(Server, "close", |what| matches!(what, What::Closed(_)).then_some(())).await?;
    }
    drop(listener);
    play.settled(|| crate::transport::kernel::udp(at, None).is_none()).await?;
    say(&near, "anybody?")?;
    play.until(Client, "recv", |what| is_step(what, |step| matches!(step, Step::Unreachable { .. }))).await?;
    play.before(Client, Stage::Close).await?;
    play.curtain(&[client("CONNECTED"), Watched::udp(Server, at, None, "none")]).await?;
    play.go(Client).await?;
    play.until(Client, "close", |what| matches!(what, What::Closed(_)).then_some(())).await?;

    // 9: the same in other words.
    play.clear();
    play.curtain(&[]).await
}

/// A client up to the moment before it talks, and its address.
async fn connect(play: &mut Director, at: SocketAddr) -> Result<(Opening, SocketAddr), Failure> {
    let dial = Dial::from(To::Udp(udp::Dial {
        target: HostPort { host: at.ip().to_string(), port: at.port() },
        network: Network { timeout: Duration::from_secs(10), ..Network::default() },
        limit: ROOM,
        joins: Joins::default(),
        outward: Outward::default(),
    }));
    let (connecting, from) = dials(play, dial).await?;
    play.before(Side::Client, Stage::Talk).await?;
    Ok((connecting, from))
}
