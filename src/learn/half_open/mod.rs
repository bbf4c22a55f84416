//! The lesson `half-open`: a peer that vanishes, and who notices.

pub(super) mod en;

use std::time::{Duration, Instant};

use socket2::TcpKeepalive;

use super::bare::Received;
use super::director::{Aspect, Count, Director, Watched};
use super::pair::{Door, Pair};
use super::{Act, Code, Side};
use crate::exit::Failure;
use crate::quantity::{nanos, show_nanos};
use crate::transport::kernel::{self, Sending, TcpState};

/// Every language has as many.
const ACTS: usize = 10;

const GREETING: &str = "hello";
const QUESTION: &str = "are you there?";
const BACKLOG: u32 = 16;
/// The least that the kernel takes for keepalive.
const SECOND: Duration = Duration::from_secs(1);
/// Keepalives that may stay unanswered.
const KEEPALIVES: u32 = 2;

/// Plays it.
pub(super) async fn play(mut play: Director) -> Result<(), Failure> {
    // 1: connected, and nothing is sent.
    let door = Door::open(&mut play, BACKLOG)?;
    let first = door.pair(&play)?;
    let calm = |pair: &Pair| [pair.near("ESTABLISHED").with(Aspect::Timer), pair.far("ESTABLISHED")];
    play.act(&calm(&first)).await?;

    // 2: the server loses its power. The client hears nothing of it.
    let Pair { client, server, near, far } = first;
    client.vanish()?;
    server.set("SO_LINGER", "0 s", |socket| socket.set_linger(Some(Duration::ZERO)))?;
    server.close();
    let watched = |client| [Watched::tcp(Side::Client, near, client), Watched::tcp(Side::Server, far, "none")];
    play.act(&watched("ESTABLISHED")).await?;

    // 3: the power is back, the client speaks, and is told.
    client.come_back()?;
    client.send(GREETING)?;
    play.settled(|| kernel::state(near).is_none()).await?;
    client.hears(&Received::Reset)?;
    client.close();
    play.act(&watched("none")).await?;

    // 4: a cable is out for a moment.
    let pair = door.pair(&play)?;
    pair.server.vanish()?;
    pair.client.send(QUESTION)?;
    let began = Instant::now();
    for times in 1..=2 {
        retransmitted(&mut play, &pair, times).await?;
        pair.client.tell(&format!("  sent again after {}", since(began)))?;
    }
    pair.server.come_back()?;
    play.settled(|| kernel::state(pair.far).is_some_and(|state| state.unread > 0)).await?;
    pair.server.hears(&Received::Text(QUESTION.to_owned()))?;
    play.act(&[pair.near("ESTABLISHED"), pair.far("ESTABLISHED")]).await?;

    // 5: it vanishes for good, and the client only listens.
    pair.server.vanish()?;
    play.act(&calm(&pair)).await?;

    // 6: the client speaks.
    pair.client.send(QUESTION)?;
    retransmitted(&mut play, &pair, 3).await?;
    let near = pair.near("ESTABLISHED").unacknowledged(Count::Some).with(Aspect::Timer).with(Aspect::Retransmissions);
    play.act(&[near, pair.far("ESTABLISHED")]).await?;

    // 7: with a limit.
    let limited = door.pair_with(&play, |client| {
        client.set("TCP_USER_TIMEOUT", "1 s", |socket| socket.set_tcp_user_timeout(Some(SECOND)))
    })?;
    limited.server.vanish()?;
    limited.client.send(QUESTION)?;
    let began = Instant::now();
    play.settled(|| kernel::state(limited.near).is_none()).await?;
    limited.client.tell(&format!("  given up after {}", since(began)))?;
    limited.client.hears(&Received::TimedOut)?;
    play.act(&[limited.near("none"), limited.far("ESTABLISHED")]).await?;

    // 8: keepalive, answered.
    let asking = door.pair_with(&play, |client| {
        client.set("SO_KEEPALIVE", "on", |socket| socket.set_keepalive(true))?;
        let times = TcpKeepalive::new;
        for (name, value, times) in [
            ("TCP_KEEPIDLE", "1 s", times().with_time(SECOND)),
            ("TCP_KEEPINTVL", "1 s", times().with_interval(SECOND)),
            ("TCP_KEEPCNT", "2", times().with_retries(KEEPALIVES)),
        ] {
            client.set(name, value, |socket| socket.set_tcp_keepalive(&times))?;
        }
        Ok(())
    })?;
    play.act(&calm(&asking)).await?;

    // 9: keepalive, and nobody answers.
    asking.server.vanish()?;
    let began = Instant::now();
    for count in 1..=KEEPALIVES {
        let asked = |state: TcpState| state.sending.is_some_and(|Sending { unanswered, .. }| unanswered >= count);
        play.settled(|| kernel::state(asking.near).is_some_and(asked)).await?;
        asking.client.tell(&format!("  the kernel asks, after {}", since(began)))?;
    }
    play.settled(|| kernel::state(asking.near).is_none()).await?;
    asking.client.tell(&format!("  given up after {}", since(began)))?;
    asking.client.hears(&Received::TimedOut)?;
    play.act(&[asking.near("none"), asking.far("ESTABLISHED")]).await?;

    // 10: in other words.
    drop((door, pair, limited, asking));
    play.act(&[]).await
}

/// Waits until the client's kernel has sent something again so many times.
async fn retransmitted(play: &mut Director, pair: &Pair, times: u32) -> Result<(), Failure> {
    let again = |state: TcpState| state.info.is_some_and(|info| info.retransmissions >= times);
    play.settled(|| kernel::state(pair.near).is_some_and(again)).await
}

fn since(began: Instant) -> String {
    show_nanos(nanos(began.elapsed()))
}
