//! The lesson `congestion`: how much TCP lets be under way, seen growing and falling.

pub(super) mod en;

use std::io::{Read as _, Write as _};
use std::time::Instant;

use super::bare::{Bare, failed};
use super::director::{Aspect, Count, Director};
use super::moves::{defect, millis};
use super::pair::{Door, Pair};
use super::{Act, Code};
use crate::exit::Failure;
use crate::stats::TcpInfo;
use crate::transport::kernel;

/// Every language has as many.
const ACTS: usize = 8;

const BACKLOG: u32 = 16;
/// Small segments, so that there are many.
const SEGMENT: u32 = 1000;
/// The textbook's algorithm (RFC 5681), whatever this machine prefers.
const ALGORITHM: &str = "reno";
/// Windows in one act.
const BURSTS: u32 = 2;
/// Segments that are lost together: fewer than any window here.
const LOST: u32 = 20;
/// So large that no buffer is the limit.
const BUFFER: usize = 1_000_000;
/// So many segments after a lost one tell that it was lost, and more.
const LATER: u32 = 6;

/// Plays it.
pub(super) async fn play(mut play: Director) -> Result<(), Failure> {
    // 1: the first window.
    let door = Door::open_with(&mut play, BACKLOG, small_segments)?;
    let first = connect(&door, &play)?;
    play.act(&[first.near("ESTABLISHED"), first.far("ESTABLISHED")]).await?;

    // 2: one window, acknowledged.
    burst(&mut play, &first).await?;
    play.act(&[first.near("ESTABLISHED"), first.far("ESTABLISHED")]).await?;

    // 3: more of them.
    for _ in 0..BURSTS {
        burst(&mut play, &first).await?;
    }
    play.act(&[first.near("ESTABLISHED"), first.far("ESTABLISHED")]).await?;

    // 4: all is lost. After a pause the window is small again: it is used first.
    burst(&mut play, &first).await?;
    lose(&mut play, &first).await?;
    let fallen = first.near("ESTABLISHED").unacknowledged(Count::Some).with(Aspect::Threshold).with(Aspect::Timer);
    play.act(&[fallen, first.far("ESTABLISHED")]).await?;

    // 5: and mended. The first connection waits ever longer: another one is brought as far.
    let pair = connect(&door, &play)?;
    for _ in 0..=BURSTS {
        burst(&mut play, &pair).await?;
    }
    play.forget();
    let lost = lose(&mut play, &pair).await?;
    pair.server.come_back()?;
    pair.server.read(lost)?;
    acknowledged(&mut play, &pair).await?;
    let mended = |pair: &Pair| pair.near("ESTABLISHED").with(Aspect::Threshold);
    play.act(&[mended(&pair).with(Aspect::Retransmissions), pair.far("ESTABLISHED")]).await?;

    // 6: above the threshold.
    rise(&mut play, &pair).await?;
    for _ in 0..BURSTS {
        burst(&mut play, &pair).await?;
    }
    play.act(&[mended(&pair), pair.far("ESTABLISHED")]).await?;

    // 7: one is lost, and those behind it tell.
    rise(&mut play, &pair).await?;
    pair.client.set("TCP_NODELAY", "on", |socket| socket.set_tcp_nodelay(true))?;
    pair.client.tell(&format!("  window {}", window(&pair)?))?;
    let began = Instant::now();
    pair.server.vanish()?;
    pair.client.tell("send() of one segment")?;
    let mut sent = segments(&pair, 1)?;
    pair.server.come_back()?;
    pair.client.tell(&format!("send() of {LATER} more"))?;
    for _ in 0..LATER {
        sent += segments(&pair, 1)?;
    }
    pair.server.read(sent)?;
    let took = millis(began.elapsed());
    acknowledged(&mut play, &pair).await?;
    pair.client.tell(&format!("  all there after {took}"))?;
    pair.client.tell(&format!("  window {}", window(&pair)?))?;
    play.act(&[mended(&pair), pair.far("ESTABLISHED")]).await?;

    // 8: in other words.
    drop((door, first, pair));
    play.act(&[]).await
}

fn small_segments(socket: &Bare) -> Result<(), Failure> {
    socket.raw().set_recv_buffer_size(BUFFER).map_err(failed("setsockopt"))?;
    socket.raw().set_send_buffer_size(BUFFER).map_err(failed("setsockopt"))?;
    socket.set("TCP_MAXSEG", &SEGMENT.to_string(), |socket| socket.set_tcp_mss(SEGMENT))
}

fn connect(door: &Door, play: &Director) -> Result<Pair, Failure> {
    door.pair_with(play, |client| {
        small_segments(client)?;
        client.set("TCP_CONGESTION", ALGORITHM, |socket| socket.set_tcp_congestion(ALGORITHM.as_bytes()))
    })
}

/// Sends as much as may be under way, and waits until it is acknowledged.
async fn burst(play: &mut Director, pair: &Pair) -> Result<(), Failure> {
    let before = window(pair)?;
    let mut left = usize::try_from(segments(pair, before)?).map_err(|_| defect())?;
    let mut room = vec![0; left];
    while left > 0 {
        left -= pair.server.raw().read(&mut room[..left]).map_err(failed("recv"))?;
    }
    acknowledged(play, pair).await?;
    pair.client.tell(&format!("window {before}, acknowledged: window {}", window(pair)?))
}

/// Brings the window above the threshold, whatever a pause has made of it; that is known by now, and not told.
async fn rise(play: &mut Director, pair: &Pair) -> Result<(), Failure> {
    loop {
        burst(play, pair).await?;
        if window(pair)? > threshold(pair)? {
            break;
        }
    }
    play.forget();
    Ok(())
}

/// Some segments are sent and lost, until the kernel has noticed. Gives the number of bytes back.
async fn lose(play: &mut Director, pair: &Pair) -> Result<u64, Failure> {
    let before = window(pair)?;
    pair.server.vanish()?;
    let began = Instant::now();
    let lost = segments(pair, LOST)?;
    pair.client.tell(&format!("send() = {lost}, window {before}"))?;
    play.settled(|| info(pair).is_some_and(|info| info.congestion_window == 1)).await?;
    pair.client.tell(&format!("  after {}, window {}", millis(began.elapsed()), window(pair)?))?;
    Ok(lost)
}

/// Sends so many full segments.
fn segments(pair: &Pair, count: u32) -> Result<u64, Failure> {
    let bytes = count * info(pair).ok_or_else(defect)?.segment_size;
    let block = vec![0; usize::try_from(bytes).map_err(|_| defect())?];
    pair.client.raw().write_all(&block).map_err(failed("send"))?;
    Ok(bytes.into())
}

async fn acknowledged(play: &mut Director, pair: &Pair) -> Result<(), Failure> {
    play.settled(|| kernel::state(pair.near).is_some_and(|state| state.unacknowledged == 0)).await
}

fn info(pair: &Pair) -> Option<TcpInfo> {
    kernel::state(pair.near)?.info
}

fn window(pair: &Pair) -> Result<u32, Failure> {
    info(pair).map(|info| info.congestion_window).ok_or_else(defect)
}

fn threshold(pair: &Pair) -> Result<u32, Failure> {
    kernel::state(pair.near).and_then(|state| state.sending?.slow_start_threshold).ok_or_else(defect)
}
