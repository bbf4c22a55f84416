//! What can be asked of an end of Socket.IO beyond saying events. An order holds for what is said after it.

use super::json::Json;
use crate::eio::{Data, Text};

/// An order, in the sequence of what is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// From now on events belong to this namespace, which is entered first.
    Namespace {
        /// With its slash.
        name: Text,
        /// What we say of ourselves; as before if nothing is given.
        auth: Option<Json>,
    },
    /// A namespace is left; the current one if none is named.
    Disconnect(Option<Text>),
    /// The connection below is cut as if a cable were.
    Drop,
    /// An Engine.IO message that goes out as it is, right or wrong: `2["x"]`.
    Raw(Data),
}
