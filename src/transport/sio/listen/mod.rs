//! The server's side: many clients, over polling and WebSocket, and one conversation with all of them.
//!
//! ```text
//! member (an HTTP connection) ─▶ Host ─▶ State: eio::Session of each client ⇄ sio::Server
//!          ▲  answers, frames ◀───┘  └──▶ Gathering: what was heard, to the session, and what that says
//! ```

mod fault;
mod gathering;
mod host;
mod member;
mod pattern;
mod programs;
mod rules;
mod shown;
mod socket;
mod state;
mod wire;

use std::time::Duration;

pub use fault::{Fault, Faults};
pub use host::Host;
pub use pattern::Pattern;
pub use rules::{Reply, Rules};

use crate::eio::{admission, session};
use crate::http::Strangers;
use crate::sio::server;

/// What a server offers, and to whom.
#[derive(Clone)]
pub struct Server {
    /// What its path begins with.
    pub path: String,
    /// Which transports and versions are taken.
    pub admission: admission::Rules,
    /// How sessions of Engine.IO are kept.
    pub session: session::Config,
    /// How Socket.IO behaves.
    pub config: server::Config,
    /// Who is let in where, and what is answered by itself.
    pub rules: Rules,
    /// Whose pages may ask, and how we are called.
    pub strangers: Strangers,
    /// How long a request's head may take.
    pub limit: Duration,
    /// How long the body of a POST may take.
    pub body_limit: Duration,
    /// So many connections at a time.
    pub most: usize,
    /// So long an acknowledgement that we ask for may take.
    pub ack_timeout: Duration,
    /// So long the program of an event may run.
    pub program_timeout: Duration,
    /// What goes wrong on purpose.
    pub faults: Faults,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            path: "/socket.io/".to_owned(),
            admission: admission::Rules::default(),
            session: session::Config::default(),
            config: server::Config::default(),
            rules: Rules::default(),
            strangers: Strangers::default(),
            limit: Duration::from_secs(10),
            // As the official server's.
            body_limit: Duration::from_secs(30),
            most: 10_000,
            ack_timeout: Duration::from_secs(10),
            program_timeout: Duration::from_secs(60),
            faults: Faults::default(),
        }
    }
}
