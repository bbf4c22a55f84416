//! The lesson `tcp-states`: each of the eleven states made to stand still.

pub(super) mod en;

use std::time::Duration;

use nix::libc;
use nix::sys::socket::setsockopt;
use nix::{setsockopt_impl, sockopt_impl};

use super::bare::{Bare, Received};
use super::director::{Aspect, Count, Director, Watched};
use super::moves::defect;
use super::pair::turned;
use super::{Act, Code, Side};
use crate::exit::Failure;
use crate::transport::kernel::{self, Autopsy};

/// Every language has as many.
const ACTS: usize = 15;

/// Linux lets one more wait.
const BACKLOG: u32 = 1;
/// For so long the kernel may wait for the first byte.
const DEFERRED: u32 = 60;
const GREETING: &str = "hello";
/// The kernel announces the end of a socket at once.
const ANNOUNCED: Duration = Duration::from_secs(2);

sockopt_impl!(
    /// For how many seconds a connection is kept from its program until the first byte has come.
    DeferAccept, SetOnly, libc::IPPROTO_TCP, libc::TCP_DEFER_ACCEPT, u32
);

/// Plays it.
pub(super) async fn play(mut play: Director) -> Result<(), Failure> {
    use Side::{Client, Server};
    let client = |play: &Director| Bare::tcp(play.client.journal.open());
    // 1: CLOSED.
    let listener = Bare::tcp(play.server.journal.program())?;
    let name = format!("descriptor {}", listener.fd());
    play.act(&[Watched::known(Server, name, kernel::own_state(&listener), "CLOSED")]).await?;

    // 2: LISTEN.
    let at = listener.bind()?;
    play.port = Some(at.port());
    listener.listen(BACKLOG)?;
    play.act(&[Watched::listener(at, 0)]).await?;

    // 3: two connect, and the accept queue is full.
    let (first, second) = (client(&play)?, client(&play)?);
    let (of_first, of_second) = (first.connect(at)?, second.connect(at)?);
    play.act(&[Watched::tcp(Client, of_second, "ESTABLISHED"), Watched::listener(at, 2)]).await?;

    // 4: SYN-SENT.
    let third = client(&play)?;
    let of_third = third.begin_to_connect(at)?;
    let waits = Watched::tcp(Client, of_third, "SYN-SENT").unacknowledged(Count::Exactly(1)).with(Aspect::Timer);
    play.act(&[waits, Watched::listener(at, 2)]).await?;

    // 5: the server accepts, and the third has given up.
    third.close();
    let (server_of_first, _) = listener.accept(&play.server.journal)?;
    let (server_of_second, _) = listener.accept(&play.server.journal)?;
    play.act(&[Watched::tcp(Client, of_third, "none"), Watched::listener(at, 0)]).await?;

    // 6: SYN-RECEIVED.
    listener
        .set("TCP_DEFER_ACCEPT", &DEFERRED.to_string(), |socket| Ok(setsockopt(socket, DeferAccept, &DEFERRED)?))?;
    let fourth = client(&play)?;
    // The third was nobody for the server: it has number 4 there too.
    drop(play.server.journal.open());
    let near = fourth.connect(at)?;
    let far = turned(near);
    let answered = Watched::tcp(Server, far, "SYN-RECEIVED").with(Aspect::Timer);
    play.act(&[Watched::tcp(Client, near, "ESTABLISHED"), Watched::listener(at, 0), answered]).await?;

    // 7: ESTABLISHED, on both sides.
    fourth.send(GREETING)?;
    play.settled(|| kernel::listener(at).is_some_and(|queue| queue.waiting == 1)).await?;
    let (server_of_fourth, _) = listener.accept(&play.server.journal)?;
    let both = |client, server| (Watched::tcp(Client, near, client), Watched::tcp(Server, far, server));
    let (ours, theirs) = both("ESTABLISHED", "ESTABLISHED");
    play.act(&[ours, theirs.unread(Count::Exactly(5))]).await?;

    // 8: FIN-WAIT-2 and CLOSE-WAIT.
    fourth.shutdown()?;
    server_of_fourth.hears(&Received::Text(GREETING.to_owned()))?;
    server_of_fourth.hears(&Received::End)?;
    let (ours, theirs) = both("FIN-WAIT-2", "CLOSE-WAIT");
    play.act(&[ours, theirs]).await?;

    // 9: LAST-ACK.
    let sent = server_of_fourth.fill(far).await?;
    server_of_fourth.shutdown()?;
    let (ours, theirs) = both("FIN-WAIT-2", "LAST-ACK");
    play.act(&[ours.unread(Count::Some), theirs.unacknowledged(Count::Some)]).await?;

    // 10: TIME-WAIT.
    fourth.read(sent)?;
    fourth.hears(&Received::End)?;
    fourth.close();
    server_of_fourth.close();
    let (ours, theirs) = both("TIME-WAIT", "none");
    play.act(&[ours.with(Aspect::Timer), theirs]).await?;

    // 11: FIN-WAIT-1.
    let (near, far) = (of_first, turned(of_first));
    let both = |client, server| (Watched::tcp(Client, near, client), Watched::tcp(Server, far, server));
    let sent = first.fill(near).await?;
    first.shutdown()?;
    let (ours, theirs) = both("FIN-WAIT-1", "ESTABLISHED");
    play.act(&[ours.unacknowledged(Count::Some).with(Aspect::Timer), theirs.unread(Count::Some)]).await?;

    // 12: CLOSING.
    server_of_first.shutdown()?;
    let (ours, theirs) = both("CLOSING", "FIN-WAIT-2");
    let fin = Count::Exactly(1);
    play.act(&[ours.unread(fin).unacknowledged(Count::Some), theirs.unread(Count::Some)]).await?;

    // 13: TIME-WAIT, on both sides.
    server_of_first.read(sent)?;
    server_of_first.hears(&Received::End)?;
    server_of_first.close();
    first.close();
    let (ours, theirs) = both("TIME-WAIT", "TIME-WAIT");
    play.act(&[ours, theirs]).await?;

    // 14: reset, because something was unread.
    let name = format!("{} -> {}", of_second.local, of_second.remote);
    second.send(GREETING)?;
    play.settled(|| kernel::state(turned(of_second)).is_some_and(|state| state.unread == 5)).await?;
    server_of_second.close();
    second.hears(&Received::Reset)?;
    let autopsy = Autopsy::begin(of_second).ok_or_else(defect)?;
    second.close();
    let ended = autopsy.last_state(ANNOUNCED).map(|state| state.name);
    play.act(&[Watched::known(Client, name, ended, "CLOSED"), Watched::tcp(Server, turned(of_second), "none")]).await?;

    // 15: all of them.
    listener.close();
    play.forget();
    play.act(&[]).await
}
