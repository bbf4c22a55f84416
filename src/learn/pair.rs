//! Connections between two sockets of a play.

use std::net::SocketAddr;

use super::Side;
use super::bare::Bare;
use super::director::{Director, Watched};
use crate::exit::Failure;
use crate::transport::kernel::Connection;

/// The server's listener.
pub(super) struct Door {
    pub(super) listener: Bare,
    pub(super) at: SocketAddr,
}

impl Door {
    /// Opens it at a free port.
    pub(super) fn open(play: &mut Director, backlog: u32) -> Result<Self, Failure> {
        Self::open_with(play, backlog, |_| Ok(()))
    }

    /// The same after something was done to the socket; what comes out of `accept()` inherits it.
    pub(super) fn open_with(
        play: &mut Director,
        backlog: u32,
        prepare: impl FnOnce(&Bare) -> Result<(), Failure>,
    ) -> Result<Self, Failure> {
        let listener = Bare::tcp(play.server.journal.program())?;
        prepare(&listener)?;
        let at = listener.bind()?;
        play.port = Some(at.port());
        listener.listen(backlog)?;
        Ok(Self { listener, at })
    }

    /// A client connects, and the server accepts.
    pub(super) fn pair(&self, play: &Director) -> Result<Pair, Failure> {
        self.pair_with(play, |_| Ok(()))
    }

    /// The same after something was done to the client's socket.
    pub(super) fn pair_with(
        &self,
        play: &Director,
        prepare: impl FnOnce(&Bare) -> Result<(), Failure>,
    ) -> Result<Pair, Failure> {
        let client = Bare::tcp(play.client.journal.open())?;
        prepare(&client)?;
        let near = client.connect(self.at)?;
        let (server, far) = self.listener.accept(&play.server.journal)?;
        Ok(Pair { client, server, near, far })
    }
}

/// A connection, and both its sockets.
pub(super) struct Pair {
    pub(super) client: Bare,
    pub(super) server: Bare,
    /// As the client names it.
    pub(super) near: Connection,
    /// As the server names it.
    pub(super) far: Connection,
}

impl Pair {
    /// The client's end, in this state.
    pub(super) fn near(&self, state: &'static str) -> Watched {
        Watched::tcp(Side::Client, self.near, state)
    }

    /// The server's end, in this state.
    pub(super) fn far(&self, state: &'static str) -> Watched {
        Watched::tcp(Side::Server, self.far, state)
    }
}

/// The same connection, as the other end names it.
pub(super) fn turned(connection: Connection) -> Connection {
    Connection { local: connection.remote, remote: connection.local }
}
