//! Socket.IO over HTTP and WebSocket.

pub mod connect;
pub mod listen;
