//! A proxy that knows no WebSocket: it takes out what concerned only the way to it, as it must (RFC 9110 §7.6.1).

use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::{self, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::exit::Failure;

/// No longer head is read, in bytes.
const LONGEST: u64 = 16 * 1024;

/// A proxy for one connection. It ends when it is dropped.
pub(super) struct Proxy {
    /// Where it listens.
    pub(super) at: SocketAddr,
    _task: JoinSet<io::Result<()>>,
}

impl Proxy {
    /// One that leads to a server.
    pub(super) async fn before(server: SocketAddr) -> Result<Self, Failure> {
        let failed = |error: io::Error| Failure::system("listen on", "127.0.0.1:0", &error);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(failed)?;
        let at = listener.local_addr().map_err(failed)?;
        let mut task = JoinSet::new();
        task.spawn(async move {
            let (mut client, _) = listener.accept().await?;
            let mut server = TcpStream::connect(server).await?;
            let head = head(&mut client).await?;
            server.write_all(passed_on(&head).as_bytes()).await?;
            io::copy_bidirectional(&mut client, &mut server).await?;
            Ok(())
        });
        Ok(Self { at, _task: task })
    }
}

/// What comes up to the empty line.
async fn head(client: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    let mut reader = client.take(LONGEST);
    while !head.ends_with(b"\r\n\r\n") {
        head.push(reader.read_u8().await?);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

/// Without `Connection` and the headers that it names, and with a word of our own.
fn passed_on(head: &str) -> String {
    let name = |line: &str| line.split(':').next().unwrap_or_default().trim().to_ascii_lowercase();
    let named = |line: &&str| name(line) == "connection";
    let values = head.lines().filter(named).filter_map(|line| line.split_once(':'));
    let mut taken: Vec<String> =
        values.flat_map(|(_, names)| names.split(',')).map(|name| name.trim().to_ascii_lowercase()).collect();
    taken.push("connection".to_owned());
    let kept = head.trim_end().lines().filter(|line| !taken.contains(&name(line)));
    kept.chain(["Via: 1.1 proxy", "", ""]).collect::<Vec<_>>().join("\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_connection_names_goes_no_further() {
        let head = "GET / HTTP/1.1\r\nHost: a\r\nconnection: Upgrade, x\r\nUpgrade: websocket\r\nX: 1\r\nY: 2\r\n\r\n";
        assert_eq!(passed_on(head), "GET / HTTP/1.1\r\nHost: a\r\nY: 2\r\nVia: 1.1 proxy\r\n\r\n");
    }
}
