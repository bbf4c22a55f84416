//! `ws_echo_fast`: an echo server with fastwebsockets, of one thread. Until it is killed.

use std::io;

use fastwebsockets::{Frame, OpCode, Role, WebSocket, WebSocketError};
use reference::ws::answer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::LocalSet;

fn main() -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, async {
        let socket = TcpSocket::new_v4()?;
        socket.bind(([127, 0, 0, 1], 0).into())?;
        let listener = socket.listen(1024)?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            tokio::task::spawn_local(async { echo(open(stream).await?).await });
        }
    })
}

/// The handshake. Nothing comes behind a client's head before it is answered: none of the loads here is so forward.
async fn open(mut stream: TcpStream) -> Result<TcpStream, WebSocketError> {
    let mut head = Vec::with_capacity(512);
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut head).await? == 0 {
            return Err(WebSocketError::UnexpectedEOF);
        }
    }
    let answer = answer(&String::from_utf8_lossy(&head))?;
    stream.write_all(answer.as_bytes()).await?;
    Ok(stream)
}

async fn echo(stream: TcpStream) -> Result<(), WebSocketError> {
    let mut socket = WebSocket::after_handshake(stream, Role::Server);
    socket.set_auto_close(true);
    socket.set_auto_pong(true);
    loop {
        let frame = socket.read_frame().await?;
        match frame.opcode {
            OpCode::Close => return Ok(()),
            OpCode::Text | OpCode::Binary => {
                // A new frame: the one that was heard would be said with the mask bit still set.
                socket.write_frame(Frame::new(frame.fin, frame.opcode, None, frame.payload)).await?;
            }
            _ => {}
        }
    }
}
