//! The lesson `slow-reader`: who does not read slows down who sends.

pub(super) mod en;

use tokio::task::spawn_blocking;

use super::bare::is_stuck;
use super::director::{Aspect, Count, Director};
use super::moves::defect;
use super::pair::{Door, Pair};
use super::{Act, Code};
use crate::exit::Failure;
use crate::quantity::show_nanos;
use crate::transport::kernel;

/// Every language has as many.
const ACTS: usize = 8;

const BACKLOG: u32 = 16;
/// What is asked for as the size of a buffer; the kernel doubles it.
const BUFFER: usize = 64 * 1024;
/// Fits into the server's buffer.
const FEW: usize = 20_000;
/// Less than the kernel finds worth telling.
const LITTLE: u64 = 1000;
/// More than both buffers hold.
const MUCH: usize = 400_000;

/// Plays it.
pub(super) async fn play(mut play: Director) -> Result<(), Failure> {
    // 1: two buffers.
    let buffer = BUFFER.to_string();
    let door = Door::open_with(&mut play, BACKLOG, |listener| {
        listener.set("SO_RCVBUF", &buffer, |socket| socket.set_recv_buffer_size(BUFFER))
    })?;
    let pair =
        door.pair_with(&play, |client| client.set("SO_SNDBUF", &buffer, |socket| socket.set_send_buffer_size(BUFFER)))?;
    let both = |pair: &Pair| (pair.near("ESTABLISHED").with(Aspect::Room), pair.far("ESTABLISHED"));
    let (near, far) = both(&pair);
    play.act(&[near, far]).await?;

    // 2: sent, and not read.
    let returned = pair.client.send_all(FEW)?;
    pair.client.tell(&returned)?;
    let (near, far) = both(&pair);
    play.act(&[near, far.unread(exactly(FEW as u64)?)]).await?;

    // 3: no more room, anywhere.
    let sent = FEW as u64 + pair.client.fill(pair.near).await?;
    let (near, far) = both(&pair);
    let stuck = near.unacknowledged(Count::Some).with(Aspect::Timer);
    play.act(&[stuck, far.unread(Count::Some)]).await?;

    // 4: a little is read, and nothing follows.
    let unread = |pair: &Pair| kernel::state(pair.far).map_or(0, |state| u64::from(state.unread));
    let before = unread(&pair);
    pair.server.read(LITTLE)?;
    let (near, far) = both(&pair);
    let stuck = near.unacknowledged(Count::Some).with(Aspect::Timer);
    play.act(&[stuck, far.unread(exactly(before - LITTLE)?)]).await?;

    // 5: much is read, and the rest comes.
    pair.server.read(before - LITTLE)?;
    let rest = sent - before;
    let came = || unread(&pair) == rest || unread(&pair) > 0 && is_stuck(pair.near);
    play.settled(came).await?;
    let (near, far) = both(&pair);
    play.act(&[near.unacknowledged(Count::Any), far.unread(Count::Some)]).await?;

    // 6: a send that waits for its reader.
    let Pair { client, server, near, far } = pair;
    let sending = spawn_blocking(move || client.send_all(MUCH).map(|returned| (client, returned)));
    play.settled(|| is_stuck(near)).await?;
    server.read(rest + MUCH as u64)?;
    let (client, returned) = sending.await.map_err(|_| defect())??;
    client.tell(&returned)?;
    let pair = Pair { client, server, near, far };
    let (near, far) = both(&pair);
    play.act(&[near, far]).await?;

    // 7: who was slow.
    let info = kernel::state(pair.near).and_then(|state| state.info).ok_or_else(defect)?;
    pair.client.tell("getsockopt(TCP_INFO) = 0")?;
    pair.client.tell(&format!("  busy for {}", show_nanos(info.busy_ns)))?;
    pair.client.tell(&format!("  rwnd_limited for {}", show_nanos(info.peer_limited_ns)))?;
    play.act(&[pair.near("ESTABLISHED"), pair.far("ESTABLISHED")]).await?;

    // 8: in other words.
    drop((door, pair));
    play.act(&[]).await
}

fn exactly(bytes: u64) -> Result<Count, Failure> {
    u32::try_from(bytes).map(Count::Exactly).map_err(|_| defect())
}
