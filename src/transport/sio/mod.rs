//! Socket.IO as a transport.

pub mod listen;
