//! Somebody between client and server, who passes on what both say, and reads along: a router, an access point.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::server::Acceptor;
use tokio::io::{self, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::{Overheard, Seen, Side};
use crate::exit::Failure;

/// The header of a record: its kind, a version, its length (RFC 8446 §5.1).
const HEADER: usize = 5;

/// Reads along, on one connection at a time. It ends when it is dropped.
pub(super) struct Tap {
    /// Where it listens.
    pub(super) at: SocketAddr,
    cut: Arc<Notify>,
    heard: Arc<Mutex<Heard>>,
    _task: JoinSet<io::Result<()>>,
}

/// What passed.
#[derive(Default)]
struct Heard {
    /// Of each side, what is not whole.
    rest: [Vec<u8>; 2],
    all: Vec<Overheard>,
}

impl Tap {
    /// One before a server.
    pub(super) async fn before(server: SocketAddr) -> Result<Self, Failure> {
        let failed = |error: io::Error| Failure::system("listen on", "127.0.0.1:0", &error);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(failed)?;
        let at = listener.local_addr().map_err(failed)?;
        let heard = Arc::new(Mutex::new(Heard::default()));
        let mut task = JoinSet::new();
        let (notes, cut) = (heard.clone(), Arc::new(Notify::new()));
        let scissors = cut.clone();
        task.spawn(async move {
            loop {
                let (client, _) = listener.accept().await?;
                let (near, far) = (client.into_split(), TcpStream::connect(server).await?.into_split());
                let there = pass_on(Side::Client, near.0, far.1, &notes);
                let back = pass_on(Side::Server, far.0, near.1, &notes);
                tokio::select! {
                    ended = async { tokio::try_join!(there, back) } => drop(ended),
                    () = scissors.notified() => {}
                }
            }
        });
        Ok(Self { at, cut, heard, _task: task })
    }

    /// Ends the connection, in the middle of whatever is said.
    pub(super) fn cut(&self) {
        self.cut.notify_one();
    }

    /// What passed since it was asked last.
    pub(super) fn take(&self) -> Vec<Overheard> {
        std::mem::take(&mut lock(&self.heard).all)
    }

    /// Whether something has passed since then from this side.
    pub(super) fn has(&self, from: Side) -> bool {
        lock(&self.heard).all.iter().any(|overheard| overheard.from == from)
    }
}

fn lock(heard: &Mutex<Heard>) -> MutexGuard<'_, Heard> {
    heard.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One direction, until its end.
async fn pass_on(
    from: Side,
    mut read: OwnedReadHalf,
    mut write: OwnedWriteHalf,
    heard: &Mutex<Heard>,
) -> io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let n = read.read(&mut buffer).await?;
        if n == 0 {
            return write.shutdown().await;
        }
        lock(heard).hear(from, &buffer[..n]);
        write.write_all(&buffer[..n]).await?;
    }
}

impl Heard {
    fn hear(&mut self, from: Side, bytes: &[u8]) {
        let rest = &mut self.rest[usize::from(from == Side::Server)];
        rest.extend_from_slice(bytes);
        while !rest.is_empty() {
            let (seen, size) = match kind(rest[0]) {
                None => (Seen::Text { text: String::from_utf8_lossy(rest).into_owned() }, rest.len()),
                Some(kind) => match length(rest) {
                    Some(size) if rest.len() >= size => {
                        let name = name(&rest[..size]);
                        (Seen::Records { kind, records: 1, bytes: size as u64, name }, size)
                    }
                    _ => return,
                },
            };
            rest.drain(..size);
            let last = self.all.last_mut().filter(|last| last.from == from);
            match (last.map(|last| &mut last.what), &seen) {
                (Some(Seen::Records { kind, records, bytes, .. }), Seen::Records { kind: same, bytes: more, .. })
                    if kind == same =>
                {
                    *records += 1;
                    *bytes += more;
                }
                _ => self.all.push(Overheard { from, what: seen }),
            }
        }
    }
}

/// The kinds of records (RFC 8446 §5.1).
fn kind(byte: u8) -> Option<&'static str> {
    Some(match byte {
        20 => "change cipher spec",
        21 => "alert",
        22 => "handshake",
        23 => "application data",
        _ => return None,
    })
}

/// Of a record with its header, if that is there.
fn length(record: &[u8]) -> Option<usize> {
    let [_, _, _, high, low, ..] = record else { return None };
    Some(HEADER + usize::from(u16::from_be_bytes([*high, *low])))
}

/// The name that a client asks for (SNI), if this is its first record.
fn name(record: &[u8]) -> Option<String> {
    let mut acceptor = Acceptor::default();
    acceptor.read_tls(&mut &*record).ok()?;
    let accepted = acceptor.accept().ok()??;
    accepted.client_hello().server_name().map(ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_and_records_are_counted() {
        let mut heard = Heard::default();
        heard.hear(Side::Client, b"hello");
        for byte in [23, 3, 3, 0, 1, 255, 23, 3, 3, 0, 2, 0, 0, 21, 3, 3, 0, 1, 7] {
            heard.hear(Side::Server, &[byte]);
        }
        let records = |kind, records, bytes| Seen::Records { kind, records, bytes, name: None };
        let server = |what| Overheard { from: Side::Server, what };
        assert_eq!(
            heard.all,
            [
                Overheard { from: Side::Client, what: Seen::Text { text: "hello".to_owned() } },
                server(records("application data", 2, 13)),
                server(records("alert", 1, 6)),
            ]
        );
    }
}
