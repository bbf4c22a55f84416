//! What a client asks for, and what it makes of the answer.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::Empty;
use hyper::header::{self, HeaderValue};
use hyper::{HeaderMap, Request, StatusCode};
use ring::rand::{SecureRandom as _, SystemRandom};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::Agreed;
use crate::http::headers::{lists, text};
use crate::http::{Asking, Target, Trouble, refusal};
use crate::ws::extension::{self, Config};

/// What a client asks for.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Where, and who asks.
    pub asking: Asking,
    /// The page that asks.
    pub origin: Option<HeaderValue>,
    /// The subprotocols that are offered, the best first.
    pub offered: Vec<String>,
    /// What becomes of an answer without one.
    pub subprotocols: Subprotocols,
    /// What we want of compression, if we do.
    pub deflate: Option<Config>,
}

/// What becomes of an answer that chooses no subprotocol, although some were offered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Subprotocols {
    /// It is said, and the conversation begins: many servers answer so.
    #[default]
    Lenient,
    /// It is refused, as browsers do.
    Strict,
}

/// `Sec-WebSocket-Key`: 16 random bytes in base64.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key(pub String);

impl Key {
    /// A new one.
    #[must_use]
    pub fn random() -> Self {
        let mut bytes = [0; 16];
        // It only shows that the answer is to this request (RFC 6455 §1.3): it need not be secret.
        let _ = SystemRandom::new().fill(&mut bytes);
        Self(STANDARD.encode(bytes))
    }

    /// What a server that understood makes of it.
    #[must_use]
    pub fn accept(&self) -> String {
        derive_accept_key(self.0.as_bytes())
    }
}

impl Ask {
    /// For a target, with nothing else.
    #[must_use]
    pub fn new(target: Target) -> Self {
        Self {
            asking: Asking::new(target),
            origin: None,
            offered: Vec::new(),
            subprotocols: Subprotocols::default(),
            deflate: Some(Config::default()),
        }
    }

    /// The request (RFC 6455 §4.1).
    pub fn request(&self, key: &Key) -> hyper::http::Result<Request<Empty<Bytes>>> {
        let mut headers = self.asking.begin()?;
        let value = |text: &str| HeaderValue::from_str(text);
        headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        headers.insert(header::SEC_WEBSOCKET_KEY, value(&key.0)?);
        if let Some(config) = &self.deflate {
            headers.insert(header::SEC_WEBSOCKET_EXTENSIONS, value(&extension::offer(config))?);
        }
        if !self.offered.is_empty() {
            headers.insert(header::SEC_WEBSOCKET_PROTOCOL, value(&self.offered.join(", "))?);
        }
        if let Some(origin) = &self.origin {
            headers.insert(header::ORIGIN, origin.clone());
        }
        self.asking.end(&mut headers)?;
        let mut request = Request::get(&self.asking.target.resource).body(Empty::new())?;
        *request.headers_mut() = headers;
        Ok(request)
    }

    /// Judges the head of an answer (RFC 6455 §4.1, what a client must check). With a warning, if it is taken in spite of
    /// something.
    pub fn judge(
        &self,
        key: &Key,
        status: StatusCode,
        headers: &HeaderMap,
    ) -> Result<(Agreed, Option<String>), Trouble> {
        if status != StatusCode::SWITCHING_PROTOCOLS {
            return Err(self.refused(status, headers));
        }
        let proxy = "something between here and the server may have changed the answer";
        if !lists(headers, header::UPGRADE, "websocket") {
            return Err(Trouble::new("the server switches to another protocol than WebSocket", proxy));
        }
        if !lists(headers, header::CONNECTION, "upgrade") {
            return Err(Trouble::new("the answer has no Connection: Upgrade", proxy));
        }
        match text(headers, header::SEC_WEBSOCKET_ACCEPT) {
            Some(accept) if accept.trim() == key.accept() => {}
            Some(accept) => {
                let what = format!("Sec-WebSocket-Accept is {accept}, and {} answers our key", key.accept());
                let hint = "the server does not know WebSocket, or something between answered with what it had stored";
                return Err(Trouble::new(what, hint));
            }
            None => {
                return Err(Trouble::new(
                    "the answer has no Sec-WebSocket-Accept",
                    "the server does not know WebSocket",
                ));
            }
        }
        let extensions = headers.get_all(header::SEC_WEBSOCKET_EXTENSIONS).iter();
        let extensions = extensions.map(|value| value.to_str().unwrap_or("?"));
        let deflate = extension::confirm(extensions, self.deflate.as_ref())
            .map_err(|why| Trouble::new(why, "--deflate off offers no compression"))?;
        let (subprotocol, warning) = self.subprotocol(headers)?;
        Ok((Agreed { subprotocol, deflate }, warning))
    }

    fn subprotocol(&self, headers: &HeaderMap) -> Result<(Option<String>, Option<String>), Trouble> {
        let offered = || self.offered.join(", ");
        match text(headers, header::SEC_WEBSOCKET_PROTOCOL).map(str::trim) {
            Some(chosen) if self.offered.iter().any(|offered| offered == chosen) => Ok((Some(chosen.to_owned()), None)),
            Some(chosen) if self.offered.is_empty() => {
                let hint = format!("--subprotocol {chosen} offers it");
                Err(Trouble::new(format!("the server chose the subprotocol {chosen}, and none was offered"), hint))
            }
            Some(chosen) => {
                let what = format!("the server chose the subprotocol {chosen}, which was not offered ({})", offered());
                Err(Trouble::new(what, format!("--subprotocol {chosen} offers it")))
            }
            None if self.offered.is_empty() => Ok((None, None)),
            None => match self.subprotocols {
                Subprotocols::Lenient => {
                    let warning =
                        format!("the server chose none of the subprotocols {}; a browser would leave", offered());
                    Ok((None, Some(warning)))
                }
                Subprotocols::Strict => Err(Trouble::new(
                    format!("the server chose none of the subprotocols {}", offered()),
                    "without --strict that is only a warning",
                )),
            },
        }
    }

    /// What an answer other than 101 may mean.
    fn refused(&self, status: StatusCode, headers: &HeaderMap) -> Trouble {
        let what = format!("the server answered {status}");
        let hint = match status.as_u16() {
            200..=299 if text(headers, header::CONTENT_TYPE).is_some_and(|kind| kind.starts_with("text/html")) => {
                "an ordinary web page is there; the WebSocket is at another path, or a proxy takes the Upgrade header out"
                    .to_owned()
            }
            200..=299 => "it took this for an ordinary request: is it the right path? A proxy may take the Upgrade \
                          header out"
                .to_owned(),
            300..=399 => match text(headers, header::LOCATION) {
                Some(to) => format!("it is at {to}; --location follows"),
                None => "it is elsewhere, and the server does not say where".to_owned(),
            },
            400 => match text(headers, header::SEC_WEBSOCKET_VERSION) {
                Some(versions) => format!("the server speaks version {versions} of WebSocket, and we speak 13"),
                None => "the server, or a proxy before it, did not like the request; a Socket.IO server wants its own client"
                    .to_owned(),
            },
            401 => refusal::login(headers),
            403 if self.origin.is_none() => {
                "the server lets only some in: perhaps pages of its own (--origin), or those who log in (--auth, --cookie)"
                    .to_owned()
            }
            403 => "the server lets only some in: it may not like this --origin, or want a login (--auth, --cookie)"
                .to_owned(),
            404 => format!("nothing is at {}; which path is the WebSocket's?", self.asking.target.resource),
            405 => "this path takes no GET; which path is the WebSocket's?".to_owned(),
            407 => "a proxy wants to know who we are: --proxy http://USER:PASSWORD@…".to_owned(),
            426 => match (text(headers, header::UPGRADE), text(headers, header::SEC_WEBSOCKET_VERSION)) {
                (_, Some(versions)) if versions != "13" => {
                    format!("the server speaks version {versions} of WebSocket, and we speak 13")
                }
                (Some(upgrade), _) if !upgrade.eq_ignore_ascii_case("websocket") => {
                    format!("the server wants {upgrade}")
                }
                _ => "the server did not see our Upgrade header: a proxy before it may take it out".to_owned(),
            },
            429 | 503 => match text(headers, header::RETRY_AFTER) {
                Some(after) => format!("too many for now; try again after {after} (seconds, if it is a number)"),
                None => "too many for now; --retry tries again".to_owned(),
            },
            502 | 504 => "a proxy did not reach the server behind it".to_owned(),
            _ => "its answer is above".to_owned(),
        };
        Trouble::new(what, hint)
    }
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderName;

    use super::*;
    use crate::http::{Login, Protocol};
    use crate::ws::deflate::{Takeover, Window};

    fn ask() -> Ask {
        Ask::new(Target::parse(Protocol::WebSocket, "ws://example.org/chat").expect("a target"))
    }

    /// RFC 6455 §1.3
    fn key() -> Key {
        Key("dGhlIHNhbXBsZSBub25jZQ==".to_owned())
    }

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        lines.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    const GOOD: [(&str, &str); 3] = [
        ("upgrade", "WebSocket"),
        ("connection", "keep-alive, Upgrade"),
        ("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
    ];

    fn judge(ask: &Ask, more: &[(&'static str, &'static str)]) -> Result<(Agreed, Option<String>), Trouble> {
        let mut headers = headers(&GOOD);
        headers.extend(self::headers(more));
        ask.judge(&key(), StatusCode::SWITCHING_PROTOCOLS, &headers)
    }

    #[test]
    fn the_key_and_its_answer_are_the_standards() {
        assert_eq!(key().accept(), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert_eq!(STANDARD.decode(Key::random().0).map(|bytes| bytes.len()), Ok(16));
        assert_ne!(Key::random(), Key::random());
    }

    #[test]
    fn the_request_says_what_is_asked_for_and_what_is_given_replaces_ours() {
        let header = |text: &str| crate::http::headers::header(text).expect("a header");
        let asking = Asking {
            headers: vec![header("Host: other"), header("X-A: 1"), header("x-a: 2")],
            login: Some(Login::parse("Aladdin:open sesame").expect("a login")),
            cookies: vec!["x=1".to_owned(), "y=2".to_owned()],
            ..ask().asking
        };
        let ask = Ask {
            asking,
            origin: Some(HeaderValue::from_static("https://example.org")),
            offered: vec!["a".to_owned(), "b".to_owned()],
            ..ask()
        };
        let request = ask.request(&key()).expect("a request");
        assert_eq!(request.uri(), "/chat");
        let all = |name: &str| -> Vec<_> {
            request.headers().get_all(name).iter().map(|value| value.to_str().expect("text")).collect()
        };
        for (name, values) in [
            ("host", &["other"][..]),
            ("upgrade", &["websocket"]),
            ("connection", &["Upgrade"]),
            ("sec-websocket-version", &["13"]),
            ("sec-websocket-key", &["dGhlIHNhbXBsZSBub25jZQ=="]),
            ("sec-websocket-protocol", &["a, b"]),
            ("sec-websocket-extensions", &["permessage-deflate; client_max_window_bits"]),
            ("origin", &["https://example.org"]),
            ("authorization", &["Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="]), // RFC 7617 §2
            ("cookie", &["x=1; y=2"]),
            ("x-a", &["1", "2"]),
        ] {
            assert_eq!(all(name), values, "{name}");
        }
    }

    #[test]
    fn what_is_taken() {
        assert_eq!(judge(&ask(), &[]), Ok((Agreed::default(), None)));
        let full = Window { bits: 15, takeover: Takeover::Kept };
        let (agreed, _) = judge(&ask(), &[("sec-websocket-extensions", "permessage-deflate")]).expect("taken");
        assert_eq!(agreed.deflate, Some(crate::ws::deflate::Agreed { client: full, server: full }));
        let chat = Ask { offered: vec!["chat".to_owned(), "superchat".to_owned()], ..ask() };
        let (agreed, warning) = judge(&chat, &[("sec-websocket-protocol", "superchat")]).expect("taken");
        assert_eq!((agreed.subprotocol.as_deref(), warning), (Some("superchat"), None));
        let (agreed, warning) = judge(&chat, &[]).expect("taken");
        assert!(agreed.subprotocol.is_none() && warning.expect("a warning").contains("chat, superchat"));
    }

    #[test]
    fn what_is_not_taken() {
        let strict = Ask { offered: vec!["chat".to_owned()], subprotocols: Subprotocols::Strict, ..ask() };
        let plain = Ask { deflate: None, ..ask() };
        for (ask, more, what) in [
            (ask(), &[("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOO=")][..], "answers our key"),
            (ask(), &[("upgrade", "h2c")], "another protocol"),
            (ask(), &[("connection", "keep-alive")], "Connection: Upgrade"),
            (ask(), &[("sec-websocket-protocol", "chat")], "none was offered"),
            (strict.clone(), &[("sec-websocket-protocol", "Chat")], "was not offered"),
            (strict, &[], "chose none"),
            (plain, &[("sec-websocket-extensions", "permessage-deflate")], "was not offered"),
        ] {
            let trouble = judge(&ask, more).expect_err(what);
            assert!(trouble.what.contains(what) && trouble.hint.is_some(), "{what}: {trouble:?}");
        }
        let mut lacking = headers(&GOOD);
        lacking.remove("sec-websocket-accept");
        let trouble = ask().judge(&key(), StatusCode::SWITCHING_PROTOCOLS, &lacking).expect_err("no accept");
        assert!(trouble.what.contains("no Sec-WebSocket-Accept"));
    }

    #[test]
    fn each_status_has_a_remedy() {
        for (status, lines, hint) in [
            (200, &[("content-type", "text/html; charset=utf-8")][..], "ordinary web page"),
            (200, &[], "ordinary request"),
            (302, &[("location", "/elsewhere")], "/elsewhere; --location"),
            (400, &[("sec-websocket-version", "8")], "version 8"),
            (401, &[("www-authenticate", "Basic realm=x")], "--auth"),
            (401, &[("www-authenticate", "Bearer")], "Authorization: Bearer"),
            (403, &[], "--origin"),
            (404, &[], "nothing is at /chat"),
            (426, &[("upgrade", "websocket")], "a proxy"),
            (426, &[("upgrade", "h2c")], "wants h2c"),
            (429, &[("retry-after", "30")], "after 30"),
            (502, &[], "did not reach"),
        ] {
            let status = StatusCode::from_u16(status).expect("a status");
            let trouble = ask().judge(&key(), status, &headers(lines)).expect_err("refused");
            assert!(trouble.what.contains(status.as_str()), "{trouble:?}");
            assert!(trouble.hint.as_ref().is_some_and(|told| told.contains(hint)), "{hint}: {trouble:?}");
        }
    }
}
