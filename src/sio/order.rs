//! What can be asked of an end of Socket.IO beyond saying events. An order holds for what is said after it.

use super::json::Json;
use crate::eio::{Data, Text};

/// An order, in the sequence of what is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// From now on events belong to this namespace; a client enters it first.
    Namespace {
        /// With its slash.
        name: Text,
        /// What a client says of itself; as before if nothing is given.
        auth: Option<Json>,
    },
    /// A client leaves a namespace; a server sends whoever was named out of it. The current one if none is named.
    Disconnect(Option<Text>),
    /// A server's events go to whoever is in one of these rooms; to everybody if there are none.
    To(Vec<Text>),
    /// But to nobody who is in one of these.
    Except(Vec<Text>),
    /// A socket enters a room.
    Join(Text, Text),
    /// A socket leaves a room.
    Leave(Text, Text),
    /// The connection below is cut as if a cable were; all of a server's.
    Drop,
    /// A client's session moves from polling to a WebSocket.
    Upgrade,
    /// An Engine.IO message that goes out as it is, right or wrong: `2["x"]`.
    Raw(Data),
}
