//! `ws_read_tungstenite`: what `ws_decode_single_pass` does, with tokio-tungstenite as it is: one write to stdout for all the
//! messages that are there.

use std::io;

use futures_util::{FutureExt as _, StreamExt as _};
use tokio::net::TcpListener;
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::{Error, Message};

const PIECE: usize = 256 << 10;

fn main() -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(run()).map_err(io::Error::other)
}

async fn run() -> Result<(), Error> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let (stream, _) = listener.accept().await?;
    let mut socket = accept_async(stream).await?;
    let mut out = Vec::with_capacity(2 * PIECE);
    while let Some(message) = socket.next().await {
        let mut next = Some(message?);
        while let Some(message) = next {
            match message {
                Message::Text(text) => {
                    out.extend_from_slice(text.as_bytes());
                    out.push(b'\n');
                }
                // Stdout may block: nothing else is to be done meanwhile.
                Message::Binary(payload) if payload.len() >= PIECE => {
                    write_out(&mut out)?;
                    write_all(&payload)?;
                }
                Message::Binary(payload) => out.extend_from_slice(&payload),
                _ => {}
            }
            if out.len() >= PIECE {
                write_out(&mut out)?;
            }
            next = socket.next().now_or_never().flatten().transpose()?;
        }
        write_out(&mut out)?;
    }
    Ok(())
}

fn write_out(out: &mut Vec<u8>) -> io::Result<()> {
    write_all(out)?;
    out.clear();
    Ok(())
}

fn write_all(mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        bytes = &bytes[rustix::io::write(rustix::stdio::stdout(), bytes)?..];
    }
    Ok(())
}
