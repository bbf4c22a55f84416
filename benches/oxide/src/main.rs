//! socketioxide's server, until it is killed. `ask` is acknowledged with its argument, `say` goes to everybody but who said it.

use socketioxide::SocketIo;
use socketioxide::extract::{AckSender, Data, SocketRef};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let (layer, io) = SocketIo::new_layer();
    io.ns("/", async |socket: SocketRef| {
        socket.on("ask", async |Data::<String>(text), answer: AckSender| {
            let _ = answer.send(&text);
        });
        socket.on("say", async |socket: SocketRef, Data::<String>(text)| {
            let _ = socket.broadcast().emit("say", &text).await;
        });
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    axum::serve(listener, axum::Router::new().layer(layer)).await
}
