//! The lesson `tcp`: a connection from its first call to its last.

pub(super) mod en;
pub(super) mod ko;

use std::net::{Ipv4Addr, SocketAddr};

use super::director::{Count, Director, Watched};
use super::moves::{address, defect, hears, said, say, start};
use super::{Act, Side};
use crate::endpoint::{HostPort, ListenOn};
use crate::event::{Event, What};
use crate::exit::Failure;
use crate::link::Link;
use crate::step::{Stage, Step};
use crate::transport::binding::Place;
use crate::transport::kernel::Connection;
use crate::transport::listener::Backlog;
use crate::transport::{Bind, Dial, Network, On, To, tcp};

/// Every language has as many.
const ACTS: usize = 15;

const GREETING: [&str; 2] = ["Hello, ", "server!"];
const ANSWER: &str = "Hello, client!";
const GOODBYE: &str = "Goodbye.";

/// Plays it.
pub(super) async fn play(mut play: Director) -> Result<(), Failure> {
    use Side::{Client, Server};
    // 1: the server's socket.
    let bind = Bind::from(On::Tcp(tcp::Bind {
        place: Place::from(ListenOn::Address(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))),
        backlog: Backlog(16),
    }));
    let journal = play.server.journal.clone();
    let listening = tokio::spawn(async move { bind.listen(&journal).await });
    play.before(Server, Stage::Socket).await?;
    play.go(Server).await?;
    play.before(Server, Stage::Bind).await?;
    play.curtain(&[]).await?;

    // 2: its address.
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
    play.before(Server, Stage::Listen).await?;
    play.curtain(&[]).await?;

    // 3: it listens.
    play.go(Server).await?;
    play.before(Server, Stage::Accept).await?;
    let mut listener = listening.await.map_err(|_| defect())??;
    play.curtain(&[Watched::listener(at, 0)]).await?;

    // 4: the client's socket.
    let target = HostPort { host: at.ip().to_string(), port: at.port() };
    let report = play.client.journal.open();
    let dial = Dial::from(To::Tcp(tcp::Dial { target, network: Network::default() }));
    let connecting = tokio::spawn(async move { dial.connect(report).await });
    play.before(Client, Stage::Socket).await?;
    play.go(Client).await?;
    play.before(Client, Stage::Connect).await?;
    play.curtain(&[Watched::listener(at, 0)]).await?;

    // 5: it connects, and nobody has accepted yet.
    play.go(Client).await?;
    let from = play
        .until(Client, "connect", |what| {
            address(what, |step| match step {
                Step::Connected { local, .. } => Some(local),
                _ => None,
            })
        })
        .await?;
    play.before(Client, Stage::Talk).await?;
    let (near, far) = (Connection { local: from, remote: at }, Connection { local: at, remote: from });
    let both = |client, server| [Watched::tcp(Client, near, client), Watched::tcp(Server, far, server)];
    let with_listener = |waiting, client, server| {
        let [client, server] = both(client, server);
        [client, Watched::listener(at, waiting), server]
    };
    play.curtain(&with_listener(1, "ESTABLISHED", "ESTABLISHED")).await?;

    // 6: the server accepts.
    play.go(Server).await?;
    play.before(Server, Stage::Accept).await?;
    let accepted = listener.accept().await.ok_or_else(defect)??;
    // It accepts again, and nobody comes: from here on what waits at the server is the conversation.
    play.go(Server).await?;
    play.curtain(&with_listener(0, "ESTABLISHED", "ESTABLISHED")).await?;

    // 7: the client sends twice; the server does not read.
    play.go(Client).await?;
    let client = start(connecting.await.map_err(|_| defect())??);
    for part in GREETING {
        say(&client, part)?;
        play.until(Client, "send", |what| matches!(what, What::Said(_)).then_some(())).await?;
    }
    let [ours, theirs] = both("ESTABLISHED", "ESTABLISHED");
    let sent = GREETING.iter().map(|part| part.len()).sum::<usize>();
    play.curtain(&[ours, theirs.unread(Count::Exactly(u32::try_from(sent).unwrap_or_default()))]).await?;

    // 8: the server reads once, and has it all.
    let server = start(accepted);
    hears(&mut play, Server, &GREETING.concat()).await?;
    play.curtain(&both("ESTABLISHED", "ESTABLISHED")).await?;

    // 9: the other way.
    say(&server, ANSWER)?;
    hears(&mut play, Client, ANSWER).await?;
    said(&mut play, Server).await?;
    play.curtain(&both("ESTABLISHED", "ESTABLISHED")).await?;

    // 10: the client has no more to say.
    offer(&client, Event::Finish)?;
    play.before(Client, Stage::Shutdown).await?;
    play.go(Client).await?;
    said(&mut play, Client).await?;
    play.until(Server, "recv", |what| matches!(what, What::Heard(Event::Finish)).then_some(())).await?;
    play.curtain(&both("FIN-WAIT-2", "CLOSE-WAIT")).await?;

    // 11: the server still has.
    say(&server, GOODBYE)?;
    hears(&mut play, Client, GOODBYE).await?;
    said(&mut play, Server).await?;
    play.curtain(&both("FIN-WAIT-2", "CLOSE-WAIT")).await?;

    // 12: both ends are over.
    offer(&server, Event::Finish)?;
    play.before(Server, Stage::Shutdown).await?;
    play.go(Server).await?;
    play.before(Server, Stage::Close).await?;
    play.go(Server).await?;
    let closed = |what: &What| matches!(what, What::Closed(_)).then_some(());
    play.until(Server, "close", closed).await?;
    play.before(Client, Stage::Close).await?;
    play.go(Client).await?;
    play.until(Client, "close", closed).await?;
    play.curtain(&both("TIME-WAIT", "none")).await?;

    // 13: what is left.
    play.curtain(&with_listener(0, "TIME-WAIT", "none")).await?;

    // 14 and 15: the same in other words.
    play.curtain(&[]).await?;
    play.curtain(&[]).await
}

fn offer(link: &Link, event: Event) -> Result<(), Failure> {
    link.offer(vec![event]).map_err(|_| defect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_texts_say_of_lengths_is_so() {
        assert_eq!((GREETING.map(str::len), ANSWER.len(), GOODBYE.len()), ([7, 7], 14, 8));
    }
}
