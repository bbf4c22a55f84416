//! The raw path: stdin and stdout joined with one stream socket, when nobody watches.
//!
//! ```text
//! stdin ── outward thread ── splice | sendfile | copy ──▶ socket
//! stdout ◀─ inward thread ── splice | copy ─────────────── socket
//!                 └──── Ended ────▶ join: rules, timers, signals
//! ```
//!
//! No runtime is on the data path: two threads move bytes, and [`join`] only learns that a direction ended.

mod echo;
#[cfg(unix)]
mod flow;
#[cfg(unix)]
mod join;
#[cfg(unix)]
mod secure;
#[cfg(all(test, unix))]
mod tests;
#[cfg(target_os = "linux")]
mod zero_copy;

pub use echo::echo;
#[cfg(unix)]
pub use flow::Socket;
#[cfg(unix)]
pub use join::{Finished, Inward, Outward, Raw, Rules, join, take_stdout};
