//! The lesson `nagle`: small segments that wait, and acknowledgements that wait too, measured.

pub(super) mod en;

use std::io::{self, Read as _, Write as _};
use std::time::{Duration, Instant};

use tokio::task::spawn_blocking;

use super::bare::{Bare, Received};
use super::director::{Count, Director};
use super::moves::{defect, millis};
use super::pair::{Door, Pair};
use super::{Act, Code};
use crate::exit::Failure;
use crate::transport::kernel;

/// Every language has as many.
const ACTS: usize = 10;

const BACKLOG: u32 = 16;
/// A request in two parts: what it wants, and of what.
const REQUEST: [&str; 2] = ["GET ", "/time"];
const ANSWER: &str = "noon";
/// Requests that are measured together.
const REQUESTS: u32 = 10;
/// Far less than an acknowledgement is delayed, and far more than an exchange takes.
const STALL: Duration = Duration::from_millis(20);
/// Bytes that are sent one at a time: fewer segments than a new connection may have under way.
const DROPS: u32 = 8;

/// Plays it.
pub(super) async fn play(mut play: Director) -> Result<(), Failure> {
    // 1: a new connection.
    let door = Door::open(&mut play, BACKLOG)?;
    let mut pair = door.pair(&play)?;
    let both = |pair: &Pair| [pair.near("ESTABLISHED"), pair.far("ESTABLISHED")];
    play.act(&both(&pair)).await?;

    // 2: a request in two parts.
    exchange(&pair)?;
    play.act(&both(&pair)).await?;

    // 3: the same again, until it waits.
    while quietly(&pair.client, &pair.server, Sends::Two, Acknowledges::Later).map_err(failed)? < STALL {}
    exchange(&pair)?;
    play.act(&both(&pair)).await?;

    // 4: ten.
    pair = measure(pair, Sends::Two, Acknowledges::Later).await?;
    play.act(&both(&pair)).await?;

    // 5: no waiting for acknowledgements.
    pair.client.set("TCP_NODELAY", "on", |socket| socket.set_tcp_nodelay(true))?;
    pair = measure(pair, Sends::Two, Acknowledges::Later).await?;
    pair.client.set("TCP_NODELAY", "off", |socket| socket.set_tcp_nodelay(false))?;
    play.act(&both(&pair)).await?;

    // 6: one send.
    pair = measure(pair, Sends::One, Acknowledges::Later).await?;
    play.act(&both(&pair)).await?;

    // 7: acknowledged at once.
    pair.server.tell("setsockopt(TCP_QUICKACK), each time")?;
    pair = measure(pair, Sends::Two, Acknowledges::AtOnce).await?;
    play.act(&both(&pair)).await?;

    // 8: held back on purpose.
    pair.client.set("TCP_CORK", "on", |socket| socket.set_tcp_cork(true))?;
    for part in REQUEST {
        pair.client.send(part)?;
    }
    let unread = kernel::state(pair.far).map_or(0, |state| state.unread);
    pair.server.tell(&format!("  there are {unread} bytes"))?;
    pair.client.set("TCP_CORK", "off", |socket| socket.set_tcp_cork(false))?;
    pair.server.hears(&Received::Text(REQUEST.concat()))?;
    play.act(&both(&pair)).await?;

    // 9: what it is good for.
    for (name, nodelay) in [("off", false), ("on", true)] {
        pair.client.set("TCP_NODELAY", name, |socket| socket.set_tcp_nodelay(nodelay))?;
        let before = segments(&pair)?;
        for _ in 0..DROPS {
            pair.client.raw().write_all(b".").map_err(failed)?;
        }
        play.settled(|| kernel::state(pair.near).is_some_and(|state| state.unacknowledged == 0)).await?;
        pair.client.tell(&format!("  {DROPS} sends: {} segments", segments(&pair)? - before))?;
    }
    let drops = Count::Exactly(2 * DROPS);
    play.act(&[pair.near("ESTABLISHED"), pair.far("ESTABLISHED").unread(drops)]).await?;

    // 10: in other words.
    drop((door, pair));
    play.act(&[]).await
}

/// A request and its answer, each call told.
fn exchange(pair: &Pair) -> Result<(), Failure> {
    let Pair { client, server, near, far } = pair;
    let began = Instant::now();
    for part in REQUEST {
        client.send(part)?;
    }
    let waits = kernel::state(*near).map_or(0, |state| state.unacknowledged);
    let came = kernel::state(*far).map_or(0, |state| state.unread);
    client.tell(&format!("  {waits} bytes wait here, {came} are there"))?;
    let mut heard = String::new();
    while heard != REQUEST.concat() {
        match server.recv()? {
            Received::Text(text) => heard += &text,
            _ => return Err(defect()),
        }
    }
    server.send(ANSWER)?;
    client.hears(&Received::Text(ANSWER.to_owned()))?;
    client.tell(&format!("  answered after {}", millis(began.elapsed())))
}

/// How the client says what it wants.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sends {
    One,
    Two,
}

/// When the server's kernel acknowledges.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Acknowledges {
    AtOnce,
    /// Together with an answer, if one comes soon.
    Later,
}

/// Some requests, one after the other, and the time of all.
async fn measure(pair: Pair, sends: Sends, acknowledges: Acknowledges) -> Result<Pair, Failure> {
    let Pair { client, server, near, far } = pair;
    let exchanges = spawn_blocking(move || {
        let took = (0..REQUESTS).map(|_| quietly(&client, &server, sends, acknowledges)).sum::<io::Result<Duration>>();
        took.map(|took| (client, server, took))
    });
    let (client, server, took) = exchanges.await.map_err(|_| defect())?.map_err(failed)?;
    let how = if sends == Sends::Two { "in two sends" } else { "in one send" };
    client.tell(&format!("{REQUESTS} requests {how}: {}", millis(took)))?;
    Ok(Pair { client, server, near, far })
}

/// A request and its answer, and how long they took.
fn quietly(client: &Bare, server: &Bare, sends: Sends, acknowledges: Acknowledges) -> io::Result<Duration> {
    let (mut client, mut server) = (client.raw(), server.raw());
    let began = Instant::now();
    match sends {
        Sends::One => client.write_all(REQUEST.concat().as_bytes())?,
        Sends::Two => {
            for part in REQUEST {
                client.write_all(part.as_bytes())?;
            }
        }
    }
    let mut room = [0; 16];
    let mut heard = 0;
    while heard < REQUEST.concat().len() {
        heard += server.read(&mut room)?;
        if acknowledges == Acknowledges::AtOnce {
            // Not a promise for later: the kernel may fall back to waiting.
            server.set_tcp_quickack(true)?;
        }
    }
    server.write_all(ANSWER.as_bytes())?;
    client.read_exact(&mut room[..ANSWER.len()])?;
    Ok(began.elapsed())
}

fn segments(pair: &Pair) -> Result<u32, Failure> {
    kernel::state(pair.near).and_then(|state| state.sending).map(|sending| sending.data_segments).ok_or_else(defect)
}

fn failed(_: io::Error) -> Failure {
    defect()
}
