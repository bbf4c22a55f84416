//! The handshake: what the server's first packet says about the session.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};

use super::packet::{Kind, Packet};

/// The data of an open packet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Open {
    /// The session's name, which whoever knows can speak for it.
    pub sid: String,
    /// What the client may move to: `websocket`, or nothing.
    #[serde(default, deserialize_with = "names")]
    pub upgrades: Vec<String>,
    /// From one ping to the next.
    #[serde(with = "millis")]
    pub ping_interval: Duration,
    /// So long an answer may take.
    #[serde(with = "millis")]
    pub ping_timeout: Duration,
    /// The largest body and frame that the server takes, in bytes; old servers do not say.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "limit")]
    pub max_payload: Option<u64>,
}

impl Open {
    /// Reads what follows the type of an open packet. Unknown fields are passed over.
    pub fn parse(data: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(data)
    }

    /// The packet, its fields in the order of the official server.
    #[must_use]
    pub fn packet(&self) -> Packet {
        // Strings and numbers always serialise.
        Packet::Text(Kind::Open, serde_json::to_string(self).unwrap_or_default().into())
    }

    /// The server offers to move to a WebSocket.
    #[must_use]
    pub fn offers_websocket(&self) -> bool {
        self.upgrades.iter().any(|upgrade| upgrade == "websocket")
    }
}

/// What is no name is passed over, as the official client does it.
fn names<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    let given = Vec::<serde_json::Value>::deserialize(from)?;
    Ok(given.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect())
}

/// What is no size limits nothing.
fn limit<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    Ok(serde_json::Value::deserialize(from)?.as_u64().filter(|most| *most > 0))
}

/// Durations in milliseconds, and none so long that an instant could not be reached.
mod millis {
    use super::{Deserialize, Duration};
    use serde::de::Error as _;
    use serde::{Deserializer, Serializer};

    /// A year.
    const LONGEST: u64 = 365 * 24 * 60 * 60 * 1000;

    pub(super) fn serialize<S: Serializer>(duration: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(LONGEST))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        // Some servers write whole numbers as 25000.0.
        let given = serde_json::Number::deserialize(from)?;
        let whole = given.as_u64().map(Duration::from_millis);
        let time = whole.or_else(|| Duration::try_from_secs_f64(given.as_f64()? / 1000.0).ok());
        let time = time.ok_or_else(|| D::Error::custom(format!("{given} is no time in milliseconds")))?;
        Ok(time.min(Duration::from_millis(LONGEST)))
    }
}
