//! Proxies, spoken: what a client says to each kind, and what the answers mean. Bytes in, bytes out; no sockets, no clock.
//!
//! ```text
//! driver ── Next::Say(bytes) ──▶ proxy          SOCKS5   RFC 1928, RFC 1929
//! driver ◀─ Client::hear ─────── proxy          SOCKS4   and 4a, by convention
//!        Next::Open: the stream is the target's HTTP     CONNECT, RFC 9110 §9.3.6
//! ```
//!
//! A machine never asks for more bytes than belong to the proxy's answer: what follows is the target's, and stays in the
//! socket for whoever talks to it.

mod auth;
pub mod connect;
pub mod datagram;
mod digest;
mod hop;
mod rules;
pub mod socks4;
pub mod socks5;

use std::fmt::Write as _;

pub use hop::{Hop, Kind, Login};
pub use rules::{Route, Variables};

use crate::exit::Exit;
use crate::step::Exchange;

/// A machine that opens a way through one proxy.
pub trait Client: Send {
    /// What it wants done next.
    fn next(&mut self) -> Result<Next, Refusal>;

    /// Takes what was read: at most as much as [`Next::Hear`] asked for. Yields the answer once it is whole, also one
    /// that refuses us; then [`Client::next`] says so.
    fn hear(&mut self, bytes: &[u8]) -> Option<Line>;

    /// The proxy has ended the connection, in these words: "it closed the connection".
    fn ended(&mut self, how: &str);
}

/// What a machine wants done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Send these bytes.
    Say(Vec<u8>, Line),
    /// Read at least one byte and at most so many.
    Hear(usize),
    /// Connect to the proxy again, and go on with the new connection.
    Again,
    /// The way is open. With the address that the proxy uses for it, where it tells: the relay's, for datagrams.
    Open(Option<crate::endpoint::HostPort>),
}

/// One half of an exchange, for people to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Which exchange.
    pub exchange: Exchange,
    /// What was said.
    pub words: String,
    /// The bytes, as hexadecimal digits or as the lines of a head. What is secret is hidden.
    pub bytes: String,
}

impl Line {
    fn new(exchange: Exchange, words: impl Into<String>, bytes: impl Into<String>) -> Self {
        Self { exchange, words: words.into(), bytes: bytes.into() }
    }
}

/// Why there is no way through a proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// 3: it could not resolve; 4: it could not reach; 5: it waited too long; 6: it refused us or broke the protocol.
    pub exit: Exit,
    /// What it said, or did.
    pub words: String,
    /// The remedy.
    pub hint: Option<String>,
}

impl Refusal {
    fn new(exit: Exit, words: impl Into<String>) -> Self {
        Self { exit, words: words.into(), hint: None }
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// An answer that is not of this protocol, up to the byte that shows it; knows what some others begin with.
    fn strange(protocol: &str, heard: &[u8]) -> Self {
        let refusal = Self::new(Exit::Protocol, format!("its answer is not {protocol}: it begins with {}", hex(heard)));
        match heard.first() {
            Some(b'H') => refusal.hint("it begins as HTTP does: is it an http:// proxy?"),
            Some(0x15 | 0x16) => refusal.hint("it begins as TLS does: an HTTP proxy that speaks TLS is https://"),
            Some(b'S') => refusal.hint("it may be another kind of server, as SSH is; are host and port the proxy's?"),
            Some(0 | 4 | 5) => refusal.hint("it begins as SOCKS does: is it a socks5:// or a socks4:// proxy?"),
            _ => refusal.hint("are host and port the proxy's, and is it of this kind?"),
        }
    }

    /// The connection ended after so many bytes of an answer.
    fn broken_off(how: &str, heard: usize) -> Self {
        let words = match heard {
            0 => format!("{how} without an answer"),
            1 => format!("{how} after 1 byte of its answer"),
            _ => format!("{how} after {heard} bytes of its answer"),
        };
        Self::new(Exit::Protocol, words).hint("is it a proxy of this kind? its log may say why")
    }
}

/// Bytes as people read them: `05 01 00`.
fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 3);
    for (at, byte) in bytes.iter().enumerate() {
        let space = if at == 0 { "" } else { " " };
        let _ = write!(text, "{space}{byte:02x}");
    }
    text
}

#[cfg(test)]
mod testing;
