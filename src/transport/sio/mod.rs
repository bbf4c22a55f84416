//! Socket.IO over HTTP and WebSocket.

pub mod connect;
pub mod listen;

use crate::eio::Data;
use crate::event::Message;

/// So many bytes of frames go to a WebSocket at once; one frame may be larger.
const BATCH: usize = 64 << 10;

/// A frame as a WebSocket says it.
fn message(frame: Data) -> Message {
    match frame {
        Data::Text(text) => Message { data: text.bytes(), ..Message::text("") },
        Data::Binary(bytes) => Message::binary(bytes),
    }
}
