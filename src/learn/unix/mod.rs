//! The lesson `unix`: sockets inside one machine.

pub(super) mod en;

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use socket2::{Socket, Type};
use tokio::task::spawn_blocking;

use super::bare::{Bare, Received, failed};
use super::director::{Count, Director, Watched};
use super::local::{Folder, Taken, at};
use super::moves::{defect, millis};
use super::pair::{Door, Pair};
use super::{Act, Code, Side};
use crate::exit::Failure;

/// Every language has as many.
const ACTS: usize = 11;

/// Linux lets one more wait.
const BACKLOG: u32 = 1;
const GREETING: [&str; 2] = ["Hello, ", "server!"];
/// Round trips that are measured together.
const ROUNDS: u32 = 1000;

/// Plays it.
pub(super) async fn play(mut play: Director) -> Result<(), Failure> {
    use Side::{Client, Server};
    // 1: an address that is a file.
    let folder = Folder::new()?;
    let door = folder.path("door");
    let listener = Bare::unix(play.server.journal.program(), Type::STREAM)?;
    let of_listener = listener.inode()?;
    expect(listener.bind_at(&at(&door)?, "\"door\"")?, Taken::Yes)?;
    play.act(&[Watched::unix(Server, "door", of_listener, "UNCONNECTED")]).await?;

    // 2: it listens.
    listener.socket.listen(i32::try_from(BACKLOG).unwrap_or(i32::MAX)).map_err(failed("listen"))?;
    listener.tell(&format!("listen({BACKLOG}) = 0"))?;
    let listens = |waiting| Watched::unix(Server, "door", of_listener, "LISTEN").unread(Count::Exactly(waiting));
    play.act(&[listens(0)]).await?;

    // 3: a client connects.
    let client = Bare::unix(play.client.journal.open(), Type::STREAM)?;
    expect(client.connect_at(&door, "\"door\"")?, Taken::Yes)?;
    let near = client.inode()?;
    let of_client = || Watched::unix(Client, "(no name)", near, "CONNECTED");
    play.act(&[of_client(), listens(1)]).await?;

    // 4: who is it?
    let server = listener.accept_local(&play.server.journal)?;
    let far = server.inode()?;
    let of_server = || Watched::unix(Server, "door", far, "CONNECTED");
    let ours = (rustix::process::getpid().as_raw_nonzero().get(), rustix::process::geteuid().as_raw());
    if server.peer()? != ours {
        return Err(defect());
    }
    server.tell("getsockopt(SO_PEERCRED) = 0")?;
    server.tell("  this process, this user")?;
    play.act(&[of_client(), listens(0), of_server()]).await?;

    // 5: a stream, as TCP is.
    for part in GREETING {
        client.send(part)?;
    }
    play.act(&[of_client(), of_server().unread(Count::Exactly(14))]).await?;

    // 6: an open file travels.
    server.hears(&Received::Text(GREETING.concat()))?;
    let (read, mut write) = io::pipe().map_err(failed("pipe"))?;
    client.tell(&format!("pipe() = {}", std::os::fd::AsRawFd::as_raw_fd(&read)))?;
    client.pass(&read)?;
    let mut taken = File::from(server.take()?);
    drop(read);
    write.write_all(b"psst").map_err(failed("write"))?;
    client.tell("write(pipe, \"psst\") = 4")?;
    let mut heard = [0; 4];
    taken.read_exact(&mut heard).map_err(failed("read"))?;
    server.tell(&format!("read(pipe) = 4 \"{}\"", String::from_utf8_lossy(&heard)))?;
    play.act(&[of_client(), of_server()]).await?;

    // 7: the queue is full.
    let mut waiting = Vec::new();
    for wanted in [Taken::Yes, Taken::Yes, Taken::Full] {
        let next = Bare::unix(play.client.journal.open(), Type::STREAM)?;
        expect(next.connect_at(&door, "\"door\"")?, wanted)?;
        waiting.push(next);
    }
    play.act(&[listens(2)]).await?;

    // 8: boundaries, and no loss.
    let reports = (play.client.journal.program(), play.server.journal.program());
    let (one, other) = Bare::unix_pair(Type::SEQPACKET, reports.0, reports.1)?;
    one.tell("socketpair(Unix, seqpacket) = 0")?;
    for part in GREETING {
        one.send(part)?;
    }
    for part in GREETING {
        other.hears(&Received::Text(part.to_owned()))?;
    }
    let pair = [(Client, one.inode()?), (Server, other.inode()?)];
    play.act(&pair.map(|(side, inode)| Watched::unix(side, "(no name)", inode, "CONNECTED"))).await?;

    // 9: gone at once, and the name stays.
    drop((waiting, one, other));
    client.close();
    server.close();
    listener.close();
    let late = Bare::unix(play.client.journal.program(), Type::STREAM)?;
    expect(late.connect_at(&door, "\"door\"")?, Taken::Refused)?;
    let again = Bare::unix(play.server.journal.program(), Type::STREAM)?;
    expect(again.bind_at(&at(&door)?, "\"door\"")?, Taken::InUse)?;
    std::fs::remove_file(&door).map_err(failed("unlink"))?;
    again.tell("unlink(\"door\") = 0")?;
    expect(again.bind_at(&at(&door)?, "\"door\"")?, Taken::Yes)?;
    let gone = [(Client, "(no name)", near), (Server, "door", far)];
    play.act(&gone.map(|(side, name, inode)| Watched::unix(side, name, inode, "none"))).await?;

    // 10: a name that is no file.
    drop((late, again));
    let name = format!("\0sockeye-{}", fastrand::u32(100_000..));
    for _ in 0..2 {
        let hidden = Bare::unix(play.server.journal.program(), Type::STREAM)?;
        expect(hidden.bind_at(&at(Path::new(&name))?, "\"@door\"")?, Taken::Yes)?;
        hidden.close();
    }
    play.act(&[]).await?;

    // 11: compared with TCP on loopback.
    let (near, far) = Bare::unix_pair(Type::STREAM, play.client.journal.open(), play.server.journal.open())?;
    let over_tcp = Door::open(&mut play, 1)?.pair(&play)?;
    play.forget();
    let inside = rounds(near, far, "Unix").await?;
    let Pair { client, server, .. } = over_tcp;
    let over_tcp = rounds(client, server, "TCP").await?;
    drop((inside, over_tcp));
    play.act(&[]).await
}

/// A byte there and a byte back, many times.
async fn rounds(client: Bare, server: Bare, over: &str) -> Result<(Bare, Bare), Failure> {
    let echoing = spawn_blocking(move || echo(server.raw()).map(|()| server));
    let asking = spawn_blocking(move || ask(client.raw()).map(|took| (client, took)));
    let (client, took) = asking.await.map_err(|_| defect())?.map_err(failed("recv"))?;
    let server = echoing.await.map_err(|_| defect())?.map_err(failed("recv"))?;
    client.tell(&format!("{ROUNDS} rounds over {over}: {}", millis(took)))?;
    Ok((client, server))
}

fn ask(mut socket: &Socket) -> io::Result<Duration> {
    let began = Instant::now();
    let mut byte = [0];
    for _ in 0..ROUNDS {
        socket.write_all(&byte)?;
        socket.read_exact(&mut byte)?;
    }
    Ok(began.elapsed())
}

fn echo(mut socket: &Socket) -> io::Result<()> {
    let mut byte = [0];
    for _ in 0..ROUNDS {
        socket.read_exact(&mut byte)?;
        socket.write_all(&byte)?;
    }
    Ok(())
}

fn expect(came: Taken, wanted: Taken) -> Result<(), Failure> {
    if came == wanted { Ok(()) } else { Err(defect()) }
}
