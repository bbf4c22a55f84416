//! Opening, speaking, listening: a file a transport.

pub mod kernel;
