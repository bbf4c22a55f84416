//! The lesson `tcp --wire`: each segment of a connection, and what becomes of it when the wire is not perfect.

pub(super) mod en;
pub(super) mod ko;

use std::io::ErrorKind;

use super::{A_DAY, Kind, PORTS, Verdict, Wire, defect, here, there};
use crate::endpoint::HostPort;
use crate::event::{Event, What};
use crate::exit::Failure;
use crate::learn::bare::Bare;
use crate::learn::director::{Aspect, Director, Watched};
use crate::learn::moves::{said, say, start};
use crate::learn::opening::{self, accepts, connects};
use crate::learn::{Act, Peers, Side};
use crate::link::Link;
use crate::step::Stage;
use crate::transport::kernel::Connection;
use crate::transport::sockets::Options;
use crate::transport::{Dial, Network, To, tcp};

/// Every language has as many.
const ACTS: usize = 9;

const GREETING: &str = "Hello, ";
const PARTS: [&str; 2] = ["dear ", "server, "];
const REST: &str = "how are you?";
const ANSWER: &str = "Fine!";

/// Plays it.
pub(super) async fn play(mut play: Director, wire: Wire) -> Result<(), Failure> {
    use Side::{Client, Server};
    play.peers = Peers::One;
    // 1: a wire of its own, and a server.
    let (mut listener, at) = opening::listens(&mut play, opening::bind_to(here(PORTS[0]))).await?;
    wire.act(&mut play, &[Watched::listener(at, 0)]).await?;

    // 2: the handshake.
    let (opening, ends) = connects(&mut play, dial(PORTS[0]), there(PORTS[0])).await?;
    let near = ends.near();
    // Each takes the other one to be beyond the wire.
    let far = Connection { local: at, remote: there(near.local.port()) };
    let both = |client, server| [Watched::tcp(Client, near, client), Watched::tcp(Server, far, server)];
    wire.settles(&play, &[Watched::listener(at, 1)]).await;
    wire.act(&mut play, &both("ESTABLISHED", "ESTABLISHED")).await?;

    // 3: data, and their acknowledgement.
    accepts(&mut play).await?;
    let server = start(listener.accept().await.ok_or_else(defect)??);
    play.pass(Client, Stage::Talk).await?;
    let client = start(opening.await.map_err(|_| defect())??);
    says(&mut play, &client, Client, GREETING).await?;
    hears(&mut play, Server, GREETING).await?;
    wire.act(&mut play, &both("ESTABLISHED", "ESTABLISHED")).await?;

    // 4: the second comes first.
    wire.next(Client, Kind::Data, Verdict::Hold);
    for part in PARTS {
        says(&mut play, &client, Client, part).await?;
    }
    hears(&mut play, Server, &PARTS.concat()).await?;
    wire.settles(&play, &both("ESTABLISHED", "ESTABLISHED")).await;
    wire.act(&mut play, &[]).await?;

    // 5: lost, and sent again.
    wire.next(Client, Kind::Data, Verdict::Lose);
    says(&mut play, &client, Client, REST).await?;
    hears(&mut play, Server, REST).await?;
    let [ours, theirs] = both("ESTABLISHED", "ESTABLISHED");
    wire.act(&mut play, &[ours.with(Aspect::Retransmissions), theirs]).await?;

    // 6: the acknowledgement is lost.
    wire.next(Client, Kind::Acknowledgement, Verdict::Lose);
    says(&mut play, &server, Server, ANSWER).await?;
    hears(&mut play, Client, ANSWER).await?;
    let [ours, theirs] = both("ESTABLISHED", "ESTABLISHED");
    wire.act(&mut play, &[ours, theirs.with(Aspect::Retransmissions)]).await?;

    // 7: the client has no more to say.
    finishes(&mut play, &client, Client).await?;
    wire.act(&mut play, &both("FIN-WAIT-2", "CLOSE-WAIT")).await?;

    // 8: nor has the server.
    finishes(&mut play, &server, Server).await?;
    for side in [Server, Client] {
        play.pass(side, Stage::Close).await?;
        play.until(side, "close", |what| matches!(what, What::Closed(_)).then_some(())).await?;
    }
    wire.act(&mut play, &both("TIME-WAIT", "none")).await?;

    // 9: nobody is there.
    let stranger = Bare::tcp(play.client.journal.open())?;
    let near = stranger.begin_to_connect(there(PORTS[1]))?;
    let refused =
        || stranger.raw().take_error().ok().flatten().is_some_and(|why| why.kind() == ErrorKind::ConnectionRefused);
    play.settled(refused).await?;
    stranger.tell("SO_ERROR: connection refused")?;
    play.gather();
    wire.act(&mut play, &[Watched::tcp(Client, near, "none"), Watched::listener(at, 0)]).await
}

/// The way to a port beyond the wire. Each send is a segment of its own, and nobody hurries.
fn dial(port: u16) -> Dial {
    let at = there(port);
    let options = Options { nodelay: true, ..Options::default() };
    let network = Network { timeout: A_DAY, options, ..Network::default() };
    Dial::from(To::Tcp(tcp::Dial { target: HostPort { host: at.ip().to_string(), port }, network }))
}

async fn says(play: &mut Director, link: &Link, side: Side, text: &str) -> Result<(), Failure> {
    say(link, text)?;
    said(play, side).await
}

/// Waits until this side has heard all of this, in however many pieces.
async fn hears(play: &mut Director, side: Side, text: &str) -> Result<(), Failure> {
    let mut heard = Vec::new();
    let is_all = |what: &What| {
        if let What::Heard(Event::Message(message)) = what {
            heard.extend_from_slice(&message.data);
        }
        (heard == text.as_bytes()).then_some(())
    };
    play.until(side, text, is_all).await
}

/// This side has said all, and the other one hears that.
async fn finishes(play: &mut Director, link: &Link, side: Side) -> Result<(), Failure> {
    link.offer(vec![Event::Finish]).map_err(|_| defect())?;
    play.pass(side, Stage::Shutdown).await?;
    said(play, side).await?;
    play.until(side.other(), "recv", |what| matches!(what, What::Heard(Event::Finish)).then_some(())).await
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers of the texts: the first byte of each part, after the SYN's 0.
    #[test]
    fn what_the_texts_say_of_numbers_is_so() {
        let mut next = 1;
        let starts = [GREETING, PARTS[0], PARTS[1], REST].map(|text| {
            let start = next;
            next += text.len();
            start
        });
        assert_eq!((starts, next, ANSWER.len()), ([1, 8, 13, 21], 33, 5));
    }
}
