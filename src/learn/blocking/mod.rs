//! The lesson `blocking`: one thread waits for one client, and the others for that; threads; epoll.

pub(super) mod en;
mod servers;

use std::io::{self, ErrorKind, Read as _};
use std::net::SocketAddr;
use std::time::Instant;

use servers::{Running, Serve, Voice, WORK, by_epoll, one_thread, thread_each};

use super::bare::{Bare, Received, failed, internet};
use super::director::{Count, Director, Watched};
use super::moves::millis;
use super::pair::{Door, turned};
use super::{Act, Code, Side};
use crate::event::What;
use crate::exit::Failure;
use crate::transport::kernel::{self, Connection};

/// Every language has as many.
const ACTS: usize = 11;

const BACKLOG: u32 = 256;
/// Clients that only sit there.
const SILENT: usize = 50;
/// How often a socket is asked that has nothing.
const QUESTIONS: u32 = 10_000;

/// Plays it.
pub(super) async fn play(mut play: Director) -> Result<(), Failure> {
    use Side::{Client, Server};
    // 1: one thread, which waits.
    let (running, at) = served_by(&mut play, one_thread, Voice::Told)?;
    told(&mut play, "accept() ...").await?;
    play.act(&[Watched::listener(at, 0)]).await?;

    // 2: a client is served.
    let first = Bare::tcp(play.client.journal.open())?;
    let of_first = arrive(&first, at)?;
    told(&mut play, "recv() ...").await?;
    ask(&mut play, &first, "one", &["recv() ..."]).await?;
    let served =
        |of: Connection| [Watched::tcp(Client, of, "ESTABLISHED"), Watched::tcp(Server, turned(of), "ESTABLISHED")];
    play.act(&served(of_first)).await?;

    // 3: a second one waits.
    let second = Bare::tcp(play.client.journal.open())?;
    let of_second = arrive(&second, at)?;
    let began = Instant::now();
    second.send("two")?;
    let [ours, theirs] = served(of_second);
    play.act(&[ours, Watched::listener(at, 1), theirs.unread(Count::Exactly(3))]).await?;

    // 4: until the first leaves.
    first.close();
    for call in ["send(\"two\") = 3", "recv() ..."] {
        told(&mut play, call).await?;
    }
    second.hears(&Received::Text("two".to_owned()))?;
    second.tell(&format!("  answered after {}", millis(began.elapsed())))?;
    play.act(&[Watched::listener(at, 0)]).await?;
    drop(second);
    told(&mut play, "accept() ...").await?;
    drop(running);

    // 5: a thread for each.
    let (running, at) = served_by(&mut play, thread_each, Voice::Told)?;
    let threads = two_clients(&mut play, at).await?;
    play.act(&[Watched::listener(at, 0)]).await?;
    leave(&mut play, threads).await?;
    drop(running);

    // 6: a hundred threads.
    let (running, at) = served_by(&mut play, thread_each, Voice::Quiet)?;
    let crowd = crowd(&mut play, at, "as many threads").await?;
    play.act(&[Watched::listener(at, 0)]).await?;
    drop((running, crowd));

    // 7: asking without waiting.
    let door = Door::open(&mut play, BACKLOG)?;
    let pair = door.pair(&play)?;
    play.forget();
    pair.server.tell("fcntl(O_NONBLOCK) = 0")?;
    let began = Instant::now();
    asked(&pair.server).map_err(failed("recv"))?;
    pair.server.tell("recv() = -1: EAGAIN")?;
    pair.server.tell(&format!("  {QUESTIONS} times: {}", millis(began.elapsed())))?;
    play.act(&[pair.near("ESTABLISHED"), pair.far("ESTABLISHED")]).await?;
    drop((pair, door));

    // 8: one thread that asks the kernel.
    let (running, at) = served_by(&mut play, by_epoll, Voice::Told)?;
    let polled = two_clients(&mut play, at).await?;
    play.act(&[]).await?;
    leave(&mut play, polled).await?;
    drop(running);

    // 9: a hundred clients, and still one.
    let (running, at) = served_by(&mut play, by_epoll, Voice::Quiet)?;
    let crowd = self::crowd(&mut play, at, "1 thread").await?;
    play.act(&[Watched::listener(at, 0)]).await?;
    drop((running, crowd));

    // 10: the thread is busy.
    let (running, at) = served_by(&mut play, by_epoll, Voice::Told)?;
    let (busy, patient) = (Bare::tcp(play.client.journal.open())?, Bare::tcp(play.client.journal.open())?);
    for client in [&busy, &patient] {
        arrive(client, at)?;
        told(&mut play, "accept() = ").await?;
    }
    play.forget();
    for (client, text) in [(&busy, WORK), (&patient, "me")] {
        client.tell(&format!("send(\"{text}\") = {}", text.len()))?;
    }
    busy.write(WORK)?;
    told(&mut play, "recv() = 4").await?;
    let began = Instant::now();
    patient.write("me")?;
    told(&mut play, "send(\"me\")").await?;
    patient.hears(&Received::Text("me".to_owned()))?;
    patient.tell(&format!("  answered after {}", millis(began.elapsed())))?;
    play.act(&[]).await?;
    drop((running, busy, patient));

    // 11: in other words.
    play.act(&[]).await
}

/// A server at a port of its own. How it came to be is known by now.
fn served_by(play: &mut Director, serve: Serve, voice: Voice) -> Result<(Running, SocketAddr), Failure> {
    let Door { listener, at } = Door::open(play, BACKLOG)?;
    listener.raw().set_read_timeout(None).map_err(failed("setsockopt"))?;
    let running = Running::start(serve, listener, play.server.journal.clone(), voice).map_err(failed("thread"))?;
    Ok((running, at))
}

/// One client that connects and is silent, and another one that asks.
async fn two_clients(play: &mut Director, at: SocketAddr) -> Result<[Bare; 2], Failure> {
    let (first, second) = (Bare::tcp(play.client.journal.open())?, Bare::tcp(play.client.journal.open())?);
    play.forget();
    for client in [&first, &second] {
        arrive(client, at)?;
        told(play, "accept() = ").await?;
    }
    ask(play, &second, "two", &[]).await?;
    Ok([first, second])
}

/// Many that are silent, and one that asks; how long its answer took.
async fn crowd(play: &mut Director, at: SocketAddr, by: &str) -> Result<Vec<Bare>, Failure> {
    let mut crowd = Vec::new();
    let quiet = play.client.journal.program();
    for _ in 0..SILENT {
        let socket =
            socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).map_err(failed("socket"))?;
        socket.connect(&at.into()).map_err(failed("connect"))?;
        crowd.push(Bare { socket, report: quiet.clone() });
    }
    let asking = Bare::tcp(quiet)?;
    asking.raw().connect(&at.into()).map_err(failed("connect"))?;
    play.settled(|| kernel::listener(at).is_some_and(|queue| queue.waiting == 0)).await?;
    play.forget();
    asking.tell(&format!("{SILENT} others are silent: {by}"))?;
    let began = Instant::now();
    asking.send("me")?;
    asking.hears(&Received::Text("me".to_owned()))?;
    asking.tell(&format!("  answered after {}", millis(began.elapsed())))?;
    crowd.push(asking);
    Ok(crowd)
}

/// `connect()`, told before it is called: what comes of it is told by the server.
fn arrive(client: &Bare, at: SocketAddr) -> Result<Connection, Failure> {
    client.tell("connect() = 0")?;
    client.raw().connect(&at.into()).map_err(failed("connect"))?;
    let local = internet(client.raw().local_addr())?;
    Ok(Connection { local, remote: at })
}

/// They go, and the server has seen it.
async fn leave(play: &mut Director, clients: [Bare; 2]) -> Result<(), Failure> {
    for client in clients {
        drop(client);
        told(play, "recv() = 0").await?;
    }
    Ok(())
}

/// A question and its answer, and what the server calls next.
async fn ask(play: &mut Director, client: &Bare, text: &str, next: &[&str]) -> Result<(), Failure> {
    let began = Instant::now();
    client.send(text)?;
    told(play, &format!("send(\"{text}\") = ")).await?;
    for call in next {
        told(play, call).await?;
    }
    client.hears(&Received::Text(text.to_owned()))?;
    client.tell(&format!("  answered after {}", millis(began.elapsed())))
}

/// Waits until the server has told a call that begins like this.
async fn told(play: &mut Director, call: &str) -> Result<(), Failure> {
    let is_it = |what: &What| match what {
        What::Notice { text } => text.starts_with(call).then_some(()),
        _ => None,
    };
    play.until(Side::Server, call, is_it).await
}

/// Asks a socket that has nothing, and does not wait.
fn asked(socket: &Bare) -> io::Result<()> {
    socket.raw().set_nonblocking(true)?;
    let mut room = [0];
    for _ in 0..QUESTIONS {
        match socket.raw().read(&mut room) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            _ => return Err(ErrorKind::InvalidData.into()),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_the_texts_say_of_the_work_is_so() {
        assert_eq!(super::servers::LONG.as_millis(), 50);
    }
}
