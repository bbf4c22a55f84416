//! Traffic to try a connection with: what is said is made here, at a pace, and both ends can compare digests.

pub mod digest;
pub mod pace;
pub mod source;
