//! HTTP without I/O and without a clock: what is asked for, and what it means. hyper speaks it.

pub(crate) mod answers;
pub mod asking;
pub mod content;
pub mod headers;
pub mod later;
pub mod refusal;
pub mod sse;
pub mod strangers;
pub mod target;
pub mod topic;

pub use asking::Asking;
pub use headers::Login;
pub use refusal::Trouble;
pub use strangers::Strangers;
pub use target::{Carrier, Protocol, Target};
