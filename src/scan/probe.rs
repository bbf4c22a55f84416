//! One probe: a TCP connect with a time limit.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use rustix::io::Errno;
use socket2::SockRef;
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use super::{NO_ANSWER, State};
use crate::exit::words;

/// So much of what a server says first is shown.
const BANNER: usize = 256;
/// What a server says first may come in pieces: after so much silence it is taken as it is.
const SILENCE: Duration = Duration::from_millis(100);

/// What became of a probe.
pub(super) enum Outcome {
    /// The port is in this state.
    Answer {
        state: State,
        /// From `connect()` to the answer, or to the end of patience.
        took: Duration,
        /// The connection, if there is one, to be closed politely.
        stream: Option<TcpStream>,
    },
    /// This machine had no descriptor or memory for another socket.
    NoRoom(io::Error),
}

/// Connects to an address, for so long at most, and listens for `banner` to what the server says by itself.
pub(super) async fn probe(address: SocketAddr, limit: Duration, banner: Option<Duration>) -> Outcome {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() };
    let started = Instant::now();
    let connected = match socket {
        Ok(socket) => timeout(limit, socket.connect(address)).await.unwrap_or_else(|_| Err(ErrorKind::TimedOut.into())),
        Err(error) => Err(error),
    };
    let took = started.elapsed();
    let mut stream = match connected {
        Ok(stream) => stream,
        Err(error) if is_no_room(&error) => return Outcome::NoRoom(error),
        Err(error) => return Outcome::Answer { state: state(&error), took, stream: None },
    };
    if is_own_echo(&stream) {
        // A reset, for a polite end would keep the port in TIME-WAIT, and from whoever wants to listen there.
        let _ = SockRef::from(&stream).set_linger(Some(Duration::ZERO));
        return Outcome::Answer { state: State::Closed, took, stream: None };
    }
    let banner = match banner {
        Some(limit) => hear(&mut stream, limit).await,
        None => None,
    };
    Outcome::Answer { state: State::Open { banner }, took, stream: Some(stream) }
}

/// The kernel may choose as our own port the very one that is probed. The connection's two ends are then one socket
/// (RFC 9293 §3.5, simultaneous open), and nobody listens there.
fn is_own_echo(stream: &TcpStream) -> bool {
    matches!((stream.local_addr(), stream.peer_addr()), (Ok(local), Ok(remote)) if local == remote)
}

/// What an error says of the port.
fn state(error: &io::Error) -> State {
    match error.kind() {
        ErrorKind::ConnectionRefused => State::Closed,
        // Only an established connection is reset: the server accepted it and threw it away.
        ErrorKind::ConnectionReset => State::Open { banner: None },
        ErrorKind::TimedOut => State::Filtered { why: NO_ANSWER.to_owned() },
        _ => State::Filtered { why: words(error) },
    }
}

/// It is about us and not about the port, and it passes.
fn is_no_room(error: &io::Error) -> bool {
    [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM]
        .iter()
        .any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

/// The server's first bytes: up to the end of a line, [`BANNER`] bytes, a pause, or the limit. `None` if it is silent.
async fn hear(stream: &mut TcpStream, limit: Duration) -> Option<Bytes> {
    let mut heard = BytesMut::with_capacity(BANNER);
    let line = async {
        let mut patience = limit;
        while heard.len() < BANNER
            && let Ok(Ok(1..)) =
                timeout(patience, (&mut *stream).take((BANNER - heard.len()) as u64).read_buf(&mut heard)).await
        {
            if heard.ends_with(b"\n") {
                break;
            }
            patience = SILENCE;
        }
    };
    // Running out of time is no failure: what has come is the banner.
    let _ = timeout(limit, line).await;
    (!heard.is_empty()).then(|| heard.freeze())
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use tokio::io::AsyncWriteExt as _;
    use tokio::net::TcpListener;

    use super::*;

    const LONG: Duration = Duration::from_secs(30);

    async fn listener() -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        (listener, address)
    }

    /// What a server that says these pieces is heard to say.
    async fn banner(pieces: Vec<&'static [u8]>, limit: Duration) -> Option<Bytes> {
        let (listener, address) = listener().await;
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            for piece in pieces {
                stream.write_all(piece).await.expect("it reads");
                tokio::task::yield_now().await;
            }
            stream // open until the test is over
        });
        let outcome = probe(address, LONG, Some(limit)).await;
        drop(server.await);
        let Outcome::Answer { state: State::Open { banner }, .. } = outcome else { panic!("it is open") };
        banner
    }

    #[tokio::test]
    async fn a_banner_ends_with_its_line_or_a_pause_or_the_limit() {
        assert_eq!(banner(vec![b"SSH-2.0", b"-x\r\n"], LONG).await.as_deref(), Some(&b"SSH-2.0-x\r\n"[..]));
        assert_eq!(banner(vec![b"login: "], LONG).await.as_deref(), Some(&b"login: "[..]));
        assert_eq!(banner(vec![&[b'x'; 1000]], LONG).await.map(|banner| banner.len()), Some(BANNER));
        assert_eq!(banner(vec![], Duration::from_millis(1)).await, None);
    }

    #[tokio::test]
    async fn a_listener_is_open_and_one_that_is_gone_is_closed() {
        let (listener, address) = listener().await;
        let Outcome::Answer { state: State::Open { banner: None }, stream: Some(_), .. } =
            probe(address, LONG, None).await
        else {
            panic!("it listens")
        };
        drop(listener);
        let Outcome::Answer { state: State::Closed, stream: None, .. } = probe(address, LONG, None).await else {
            panic!("nobody listens")
        };
    }

    #[tokio::test]
    async fn a_connection_to_itself_is_recognised() {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind((Ipv4Addr::LOCALHOST, 0).into()).expect("a free port");
        let own = socket.local_addr().expect("an address");
        let stream = socket.connect(own).await.expect("a simultaneous open");
        assert!(is_own_echo(&stream));
    }

    #[test]
    fn what_errors_say_of_a_port() {
        let error = |errno: Errno| io::Error::from(errno);
        assert_eq!(state(&error(Errno::CONNREFUSED)), State::Closed);
        assert_eq!(state(&error(Errno::CONNRESET)), State::Open { banner: None });
        assert_eq!(state(&error(Errno::HOSTUNREACH)), State::Filtered { why: "no route to host".into() });
        assert_eq!(state(&error(Errno::TIMEDOUT)), State::Filtered { why: "no answer".into() });
        assert!(is_no_room(&error(Errno::MFILE)) && !is_no_room(&error(Errno::CONNREFUSED)));
    }
}
