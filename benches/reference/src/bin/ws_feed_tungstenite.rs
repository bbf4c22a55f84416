//! `ws_feed_tungstenite HOST PORT SIZE`: what `ws_encode_single_pass` does, with tokio-tungstenite: `feed` for each message,
//! one flush for all that one read of stdin gave.

use std::io;
use std::net::SocketAddr;

use futures_util::{SinkExt as _, StreamExt as _};
use reference::argument;
use tokio::net::TcpStream;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::{Bytes, Message};

fn main() -> io::Result<()> {
    let target = SocketAddr::new(argument(1, "HOST")?, argument(2, "PORT")?);
    let size: usize = argument(3, "SIZE")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(run(target, size)).map_err(io::Error::other)
}

async fn run(target: SocketAddr, size: usize) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let stream = TcpStream::connect(target).await?;
    stream.set_nodelay(true)?;
    let (mut socket, _) = client_async(format!("ws://{target}/"), stream).await?;
    let mut buffer = vec![0; if size == 0 { 64 << 10 } else { size }];
    let mut kept = 0;
    loop {
        // Nothing else is to be done meanwhile, so stdin may block.
        let n = rustix::io::read(rustix::stdio::stdin(), &mut buffer[kept..])?;
        if n == 0 {
            break;
        }
        let end = kept + n;
        let mut start = 0;
        if size == 0 {
            for at in memchr::memchr_iter(b'\n', &buffer[..end]) {
                socket.feed(Message::text(std::str::from_utf8(&buffer[start..at])?)).await?;
                start = at + 1;
            }
        } else if end == size {
            socket.feed(Message::Binary(Bytes::copy_from_slice(&buffer))).await?;
            start = end;
        }
        socket.flush().await?;
        buffer.copy_within(start..end, 0);
        kept = end - start;
    }
    socket.close(None).await?;
    while let Some(Ok(_)) = socket.next().await {}
    Ok(())
}
