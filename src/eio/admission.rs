//! Which requests a server takes, and what it says to the others: byte for byte as the official server (engine.io 6.6.12).

use super::Version;

/// What carries a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Carrier {
    /// Requests of HTTP.
    Polling,
    /// A WebSocket.
    WebSocket,
}

impl Carrier {
    /// As the query's `transport` has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Polling => "polling",
            Self::WebSocket => "websocket",
        }
    }

    /// What a query's `transport` names.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        [Self::Polling, Self::WebSocket].into_iter().find(|carrier| carrier.name() == name)
    }
}

/// A request, as far as it is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// What it does.
    pub method: Method,
    /// `transport` of the query.
    pub transport: Option<&'a str>,
    /// `sid` of the query.
    pub sid: Option<&'a str>,
    /// `EIO` of the query.
    pub eio: Option<&'a str>,
}

/// What a request does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Hears.
    Get,
    /// Says.
    Post,
    /// Asks for a WebSocket.
    Upgrade,
    /// Nothing that Engine.IO knows.
    Other,
}

/// What a server allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// Sessions of version 3 too.
    pub versions: Versions,
    /// What may carry sessions.
    pub carriers: Carriers,
}

/// Which versions are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Versions {
    /// Only 4.
    #[default]
    Four,
    /// Both: `allowEIO3`.
    ThreeAndFour,
}

/// What may carry sessions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Carriers {
    /// Either.
    #[default]
    Both,
    /// Only one.
    Only(Carrier),
}

impl Carriers {
    /// Whether this one may.
    #[must_use]
    pub fn has(self, carrier: Carrier) -> bool {
        self == Self::Both || self == Self::Only(carrier)
    }
}

/// What is known of the session that a request names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// What carries it now.
    pub carrier: Carrier,
    /// Its version.
    pub version: Version,
}

/// What a request is let in for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admitted {
    /// A new session.
    New(Version, Carrier),
    /// Its session.
    Known,
}

/// Why a request is refused: the number that the answer has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No such transport, or one that is not allowed.
    UnknownTransport,
    /// No such session.
    UnknownSid,
    /// Sessions begin with GET.
    BadHandshakeMethod,
    /// Something does not go together.
    BadRequest(Context),
    /// A rule of the application.
    Forbidden,
    /// Version 3 where only 4 is taken.
    UnsupportedVersion,
}

/// What does not go together. It is told in the log, not in the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// A poll of a session that a WebSocket carries.
    TransportMismatch,
    /// `transport=websocket` without an upgrade, as a proxy makes it.
    TransportHandshakeError,
    /// Another version than the session's.
    ProtocolMismatch,
}

impl Context {
    /// The official name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TransportMismatch => "TRANSPORT_MISMATCH",
            Self::TransportHandshakeError => "TRANSPORT_HANDSHAKE_ERROR",
            Self::ProtocolMismatch => "PROTOCOL_MISMATCH",
        }
    }
}

impl Refusal {
    /// The number.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::UnknownTransport => 0,
            Self::UnknownSid => 1,
            Self::BadHandshakeMethod => 2,
            Self::BadRequest(_) => 3,
            Self::Forbidden => 4,
            Self::UnsupportedVersion => 5,
        }
    }

    /// The text.
    #[must_use]
    pub const fn message(self) -> &'static str {
        match self {
            Self::UnknownTransport => "Transport unknown",
            Self::UnknownSid => "Session ID unknown",
            Self::BadHandshakeMethod => "Bad handshake method",
            Self::BadRequest(_) => "Bad request",
            Self::Forbidden => "Forbidden",
            Self::UnsupportedVersion => "Unsupported protocol version",
        }
    }

    /// The answer's status. To a WebSocket's request it is always 400, with the message as its body.
    #[must_use]
    pub const fn status(self, method: Method) -> u16 {
        match (self, method) {
            (_, Method::Upgrade) => 400,
            (Self::Forbidden, _) => 403,
            _ => 400,
        }
    }

    /// The answer's body, `application/json`; `text/html` to a WebSocket's request. A refusal by the application may
    /// have its own message.
    #[must_use]
    pub fn body(self, method: Method, message: Option<&str>) -> String {
        let message = message.unwrap_or(self.message());
        match method {
            Method::Upgrade => message.to_owned(),
            _ => format!("{{\"code\":{},\"message\":{}}}", self.code(), serde_json::Value::from(message)),
        }
    }
}

/// Judges a request. `known` finds the session of an id.
pub fn admit(
    rules: &Rules,
    request: &Request<'_>,
    known: impl FnOnce(&str) -> Option<Known>,
) -> Result<Admitted, Refusal> {
    let carrier = request.transport.and_then(Carrier::of_name).filter(|carrier| rules.carriers.has(*carrier));
    let carrier = carrier.ok_or(Refusal::UnknownTransport)?;
    let is_upgrade = request.method == Method::Upgrade;
    let version = Version::of_query(request.eio);
    if let Some(sid) = request.sid.filter(|sid| !sid.is_empty()) {
        let known = known(sid).ok_or(Refusal::UnknownSid)?;
        if !is_upgrade && known.carrier != carrier {
            return Err(Refusal::BadRequest(Context::TransportMismatch));
        }
        if version != known.version {
            return Err(Refusal::BadRequest(Context::ProtocolMismatch));
        }
        return Ok(Admitted::Known);
    }
    match (request.method, carrier) {
        (Method::Post | Method::Other, _) => return Err(Refusal::BadHandshakeMethod),
        (Method::Get, Carrier::WebSocket) => return Err(Refusal::BadRequest(Context::TransportHandshakeError)),
        (Method::Get | Method::Upgrade, _) => {}
    }
    if version == Version::V3 && rules.versions == Versions::Four {
        return Err(Refusal::UnsupportedVersion);
    }
    Ok(Admitted::New(version, carrier))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request<'a>(method: Method, transport: Option<&'a str>, sid: Option<&'a str>, eio: &'a str) -> Request<'a> {
        Request { method, transport, sid, eio: (!eio.is_empty()).then_some(eio) }
    }

    #[test]
    fn each_request_and_its_verdict() {
        use Method::{Get, Other, Post, Upgrade};
        let known = |sid: &str| match sid {
            "p" => Some(Known { carrier: Carrier::Polling, version: Version::V4 }),
            "w" => Some(Known { carrier: Carrier::WebSocket, version: Version::V4 }),
            _ => None,
        };
        let four = Rules { versions: Versions::Four, carriers: Carriers::Both };
        let polling = Ok(Admitted::New(Version::V4, Carrier::Polling));
        for (request, verdict) in [
            (request(Get, Some("polling"), None, "4"), polling),
            (request(Get, Some("polling"), Some(""), "4"), polling),
            (request(Upgrade, Some("websocket"), None, "4"), Ok(Admitted::New(Version::V4, Carrier::WebSocket))),
            (request(Get, Some("polling"), Some("p"), "4"), Ok(Admitted::Known)),
            (request(Post, Some("polling"), Some("p"), "4"), Ok(Admitted::Known)),
            (request(Upgrade, Some("websocket"), Some("p"), "4"), Ok(Admitted::Known)),
            (request(Get, None, None, "4"), Err(Refusal::UnknownTransport)),
            (request(Get, Some("webtransport"), None, "4"), Err(Refusal::UnknownTransport)),
            (request(Get, Some("polling"), Some("x"), "4"), Err(Refusal::UnknownSid)),
            (request(Post, Some("polling"), None, "4"), Err(Refusal::BadHandshakeMethod)),
            (request(Other, Some("polling"), None, "4"), Err(Refusal::BadHandshakeMethod)),
            (request(Get, Some("polling"), Some("w"), "4"), Err(Refusal::BadRequest(Context::TransportMismatch))),
            (request(Get, Some("websocket"), Some("p"), "4"), Err(Refusal::BadRequest(Context::TransportMismatch))),
            (request(Get, Some("websocket"), None, "4"), Err(Refusal::BadRequest(Context::TransportHandshakeError))),
            (request(Get, Some("polling"), Some("p"), "3"), Err(Refusal::BadRequest(Context::ProtocolMismatch))),
            (request(Get, Some("polling"), None, "3"), Err(Refusal::UnsupportedVersion)),
            (request(Get, Some("polling"), None, ""), Err(Refusal::UnsupportedVersion)),
        ] {
            assert_eq!(admit(&four, &request, known), verdict, "{request:?}");
        }
        let both = Rules { versions: Versions::ThreeAndFour, carriers: Carriers::Only(Carrier::Polling) };
        let old = admit(&both, &request(Get, Some("polling"), None, "3"), known);
        assert_eq!(old, Ok(Admitted::New(Version::V3, Carrier::Polling)));
        let socket = admit(&both, &request(Upgrade, Some("websocket"), None, "4"), known);
        assert_eq!(socket, Err(Refusal::UnknownTransport));
    }

    #[test]
    fn answers_are_the_official_ones() {
        let bad = Refusal::BadRequest(Context::TransportMismatch);
        for (refusal, status, body) in [
            (Refusal::UnknownTransport, 400, r#"{"code":0,"message":"Transport unknown"}"#),
            (Refusal::UnknownSid, 400, r#"{"code":1,"message":"Session ID unknown"}"#),
            (Refusal::BadHandshakeMethod, 400, r#"{"code":2,"message":"Bad handshake method"}"#),
            (bad, 400, r#"{"code":3,"message":"Bad request"}"#),
            (Refusal::Forbidden, 403, r#"{"code":4,"message":"Forbidden"}"#),
            (Refusal::UnsupportedVersion, 400, r#"{"code":5,"message":"Unsupported protocol version"}"#),
        ] {
            assert_eq!((refusal.status(Method::Get), refusal.body(Method::Get, None).as_str()), (status, body));
            assert_eq!(
                (refusal.status(Method::Upgrade), refusal.body(Method::Upgrade, None)),
                (400, refusal.message().to_owned())
            );
        }
        assert_eq!(Refusal::Forbidden.body(Method::Get, Some("no \"way\"")), r#"{"code":4,"message":"no \"way\""}"#);
    }
}
